/* What an evaluation holds once it is computed; shared by evaluation.c and its report. */
#ifndef PLEURA_EVALUATION_H
#define PLEURA_EVALUATION_H

#include "decide/metrics.h"
#include "decide/reasons.h"
#include "memory.h"

#define PLEURA_UNKNOWN (-1) /* neither positive nor negative, or no label of the model's */

typedef struct pleura_judged {
    const char *patient, *group; /* "": none */
    int truth;                   /* of the finding: 0, 1 or PLEURA_UNKNOWN */
    int label;                   /* or PLEURA_UNKNOWN */
    int called;                  /* the likeliest label; PLEURA_UNKNOWN where the gate refused */
    bool failed;                 /* the file: no result at all */
    pleura_outcome outcome;
    unsigned reasons;
    float score;                /* the finding's probability */
    const float *probabilities; /* of the labels; NULL where the gate refused */
    uint32_t patient_number;
} pleura_judged;

/* One ROC question: the films that can answer it, in the order of their scores. */
typedef struct pleura_question {
    pleura_scored *films;
    size_t count;
    char name[128]; /* "auc", or "auc a : b" for two labels */
} pleura_question;

typedef struct pleura_group_figures {
    const char *name;
    size_t films, cannot_say;
    double auc;
    pleura_rates rates;
} pleura_group_figures;

struct pleura_evaluation {
    pleura_arena arena;
    const pleura_model *model;
    pleura_evaluation_options options;
    float threshold;
    pleura_judged *films;
    size_t count, room;

    /* from pleura_evaluation_compute() on */
    pleura_question *questions; /* the finding's first, then pairs of labels */
    size_t question_count;
    size_t labelled, patients;
    pleura_figure *figures;
    size_t figure_count;
    pleura_group_figures *groups;
    size_t group_count;
    size_t failed, refused[PLEURA_REASON_COUNT];
    size_t *confusion; /* label by called */
};

#endif
