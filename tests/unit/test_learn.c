/* Learning from made-up embeddings whose truth is known, and what it must say of bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "learn/state.h"
#include "model/profile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

enum { FEATURES = 6, LABELS = 3, WIDTH = FEATURES + LABELS };

static uint64_t seed;

static double uniform(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static double normal(void)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += uniform();
    return sum;
}

/* A model whose label k is told by feature k, and the last features are noise. */
static pleura_profile *make_base(void)
{
    static const char *const names[] = {"normal", "bacterial", "viral", "pneumonia"};
    static const uint32_t ill[] = {1, 2};
    static const pleura_group groups[] = {{ill, 2}};
    const pleura_decision_spec decision = {.activation = PLEURA_ACTIVATION_SOFTMAX,
                                           .temperature = 1,
                                           .label_count = LABELS,
                                           .group_count = 1,
                                           .groups = groups,
                                           .answer_names = names,
                                           .finding = 3,
                                           .threshold = 0.5f,
                                           .margin = 0.05f};
    pleura_profile *p = pleura_profile_new(NULL);
    assert_non_null(p);
    float *weights = pleura_arena_alloc(&p->arena, LABELS * FEATURES * sizeof *weights);
    float *bias = pleura_arena_alloc(&p->arena, LABELS * sizeof *bias);
    assert_true(weights && bias);
    for (size_t k = 0; k < LABELS; k++)
        weights[k * FEATURES + k] = 2;
    p->features = FEATURES;
    p->outputs = LABELS;
    p->weights = weights;
    p->bias = bias;
    memset(p->model_sha256, 'a', 64);
    assert_int_equal(pleura_decision_copy(&decision, &p->arena, &p->decision, NULL), PLEURA_OK);
    assert_int_equal(pleura_profile_seal(p, NULL), PLEURA_OK);
    return p;
}

/* How a site's films differ from those that the model knows. */
typedef struct site {
    double scale; /* of the outputs, which is what a temperature undoes */
    double shift; /* of the features of ill films, which a bias undoes */
    double turn;  /* how much of a label shows in another feature than the model's */
} site;

static void make_film(const site *s, size_t label, float *x)
{
    for (size_t c = 0; c < FEATURES; c++)
        x[c] = (float)normal();
    x[label] += (float)(1.6 * (1 - s->turn));
    x[LABELS + label] += (float)(1.6 * s->turn);
    x[0] += (float)s->shift;
    for (size_t k = 0; k < LABELS; k++)
        x[FEATURES + k] = (float)(s->scale * 2 * (double)x[k]);
}

static const char *const words[] = {"normal", "pneumonia;bacterial", "viral;pneumonia"};

static pleura_code add_films(pleura_learning *l, const site *s, size_t films, bool patients,
                             pleura_error *error)
{
    float x[WIDTH];
    pleura_code code = PLEURA_OK;
    for (size_t i = 0; code == PLEURA_OK && i < films; i++) {
        char patient[24];
        snprintf(patient, sizeof patient, "p%zu", i / 2 * 3 + i % 3);
        make_film(s, i % LABELS, x);
        code =
            pleura_learning_add(l, x, WIDTH, words[i % LABELS], patients ? patient : NULL, error);
    }
    return code;
}

static const site same = {1, 0, 0}, sharper = {4, 0, 0}, darker = {1, 2.5, 0}, other = {1, 0, 0.9};

static pleura_learning *learnt(const site *s, const pleura_learn_options *options, size_t films)
{
    pleura_profile *base = make_base();
    pleura_learning *l;
    pleura_error error = {0};
    seed = 11;
    assert_int_equal(pleura_learning_create(base, options, &l, &error), PLEURA_OK);
    pleura_profile_free(base);
    assert_int_equal(add_films(l, s, films, true, &error), PLEURA_OK);
    if (pleura_learning_compute(l, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    return l;
}

static const pleura_comparison *figure(const pleura_learning *l, const char *name)
{
    const pleura_comparison *found;
    for (size_t i = 0; (found = pleura_learning_figure(l, i)); i++)
        if (strcmp(found->name, name) == 0)
            return found;
    fail_msg("no figure %s", name);
    return NULL;
}

static bool says(const pleura_learning *l, pleura_learn_note wanted)
{
    pleura_learn_note note;
    for (size_t i = 0; pleura_learning_note(l, i, &note); i++)
        if (note == wanted)
            return true;
    return false;
}

/* ---- What it finds ---- */

static void calibration_finds_the_temperature(void **state)
{
    (void)state;
    const pleura_learn_options options = {.draws = 200};
    pleura_learning *l = learnt(&sharper, &options, 900);
    /* The films were made with odds of exp(1.6 x): the outputs are 4 x 2 x. */
    assert_true(fabs(l->temperature - 8 / 1.6) < 0.9);
    assert_int_equal(pleura_learning_verdict(l), PLEURA_BETTER);
    assert_true(figure(l, "brier")->gain.low > 0);
    assert_true(figure(l, "calibration_error")->after.value < 0.04);
    assert_false(says(l, PLEURA_NOTE_NO_BETTER));
    assert_true(says(l, PLEURA_NOTE_NO_REFERENCE));
    pleura_learning_free(l);
}

static void calibration_undoes_a_shift(void **state)
{
    (void)state;
    const pleura_learn_options options = {.draws = 200};
    pleura_learning *l = learnt(&darker, &options, 600);
    assert_true(figure(l, "balanced_accuracy")->gain.low > 0.05);
    assert_true(l->shift > 1);
    pleura_learning_free(l);
    const pleura_learn_options only = {.draws = 50, .temperature_only = true};
    l = learnt(&darker, &only, 600);
    assert_true(l->shift == 0);
    pleura_learning_free(l);
}

static void a_target_is_reached(void **state)
{
    (void)state;
    const pleura_learn_options options = {.draws = 50, .target_sensitivity = 0.95};
    pleura_learning *l = learnt(&same, &options, 900);
    const pleura_comparison *c = figure(l, "sensitivity");
    assert_true(fabs(c->after.value - 0.95) < 0.02);
    assert_true((c->after.value < 0.95) == says(l, PLEURA_NOTE_TARGET_MISSED));
    pleura_learning_free(l);
}

static void prevalence_moves_the_threshold(void **state)
{
    (void)state;
    const pleura_learn_options rare = {.draws = 50, .prevalence = 0.05};
    const pleura_learn_options often = {.draws = 50, .prevalence = 0.9};
    pleura_learning *few = learnt(&same, &rare, 900), *many = learnt(&same, &often, 900);
    assert_true(figure(few, "specificity")->after.value >
                figure(many, "specificity")->after.value + 0.2);
    assert_true(few->shift < many->shift - 2);
    pleura_learning_free(few);
    pleura_learning_free(many);
}

/* ---- Thresholds ---- */

enum { SCORED = 100 };

/* Half-way below the film after which most are right, whatever lies around it. */
static double plain_best(const float *scores, const uint8_t *truths)
{
    double best = -1, found = 0;
    for (size_t i = 0; i < SCORED; i++) {
        double right = 0, below = 0;
        for (size_t k = 0; k < SCORED; k++) {
            right += (scores[k] >= scores[i]) == truths[k];
            below = scores[k] < scores[i] ? fmax(below, (double)scores[k]) : below;
        }
        if (right > best) {
            best = right;
            found = ((double)scores[i] + below) / 2;
        }
    }
    return log(found / (1 - found));
}

/* Both kinds as many and as wide, so that even odds divide them best. */
static void thresholds_depend_on_no_single_film(void **state)
{
    (void)state;
    float scores[SCORED], threshold;
    uint8_t truths[SCORED];
    uint32_t patients[SCORED], folds[SCORED] = {0};
    const pleura_cases cases = {
        .count = SCORED, .patient_count = SCORED, .truths = truths, .patients = patients};
    const pleura_aim balanced = {0}, reach = {.sensitivity = 0.9};
    double off[2] = {0, 0};
    seed = 5;
    for (int repeat = 0; repeat < 40; repeat++) {
        for (uint32_t i = 0; i < SCORED; i++) {
            truths[i] = i % 2;
            patients[i] = i;
            scores[i] = (float)(1 / (1 + exp(-2 * normal() - (truths[i] ? 2.5 : -2.5))));
        }
        assert_int_equal(
            pleura_threshold_choose(&cases, scores, folds, UINT32_MAX, &balanced, &threshold, NULL),
            PLEURA_OK);
        off[0] += pow(log((double)threshold / (1 - (double)threshold)), 2);
        off[1] += pow(plain_best(scores, truths), 2);
        assert_int_equal(
            pleura_threshold_choose(&cases, scores, folds, UINT32_MAX, &reach, &threshold, NULL),
            PLEURA_OK);
        size_t calls[2] = {0, 0};
        for (size_t i = 0; i < SCORED; i++)
            calls[truths[i]] += scores[i] >= threshold;
        assert_true(calls[1] >= SCORED / 2 * 9 / 10);
        for (size_t i = 0; i < SCORED;
             i++) { /* none of the ill films would do with fewer false calls */
            size_t other[2] = {0, 0};
            for (size_t k = 0; k < SCORED; k++)
                other[truths[k]] += scores[k] >= scores[i];
            assert_true(other[1] < SCORED / 2 * 9 / 10 || other[0] >= calls[0]);
        }
    }
    assert_true(off[0] < 0.5 * off[1]);
}

static void adapting_finds_other_features(void **state)
{
    (void)state;
    const pleura_learn_options options = {.task = PLEURA_ADAPT, .draws = 200};
    pleura_learning *l = learnt(&other, &options, 300);
    assert_int_equal(pleura_learning_verdict(l), PLEURA_BETTER);
    assert_true(figure(l, "auc")->gain.low > 0.1);
    assert_true(l->has_start && l->path_count >= 3 && l->curve_count >= 3);
    assert_true(l->curve[l->curve_count - 1].label_accuracy.value >
                l->curve[0].label_accuracy.value);
    assert_true(l->made->weights[LABELS] > 0.5f); /* normal, by its feature there */
    pleura_learning_free(l);
}

/* On films like those that the model knows it stays near to it, and says that it is no better. */
static void nothing_to_gain_is_said(void **state)
{
    (void)state;
    const pleura_learn_options options = {.task = PLEURA_ADAPT, .draws = 200};
    pleura_learning *l = learnt(&same, &options, 300);
    pleura_profile *profile;
    pleura_error error = {0};
    assert_int_not_equal(pleura_learning_verdict(l), PLEURA_BETTER);
    assert_true(says(l, PLEURA_NOTE_NO_BETTER) || says(l, PLEURA_NOTE_WORSE));
    assert_int_equal(pleura_learning_take(l, false, &profile, &error), PLEURA_ERROR_NO_BETTER);
    assert_null(profile);
    assert_non_null(strstr(error.message, "than before"));
    assert_int_equal(pleura_learning_take(l, true, &profile, NULL), PLEURA_OK);
    pleura_profile_free(profile);
    pleura_learning_free(l);
}

static void labels_of_ones_own(void **state)
{
    (void)state;
    const pleura_learn_options options = {
        .task = PLEURA_ADAPT, .draws = 100, .labels = "nodule,none", .finding = "nodule"};
    pleura_profile *base = make_base();
    pleura_learning *l;
    float x[WIDTH];
    seed = 5;
    assert_int_equal(pleura_learning_create(base, &options, &l, NULL), PLEURA_OK);
    for (size_t i = 0; i < 80; i++) {
        make_film(&same, 0, x);
        x[4] += i % 2 ? 1.5f : -1.5f; /* of no use to the model */
        assert_int_equal(pleura_learning_add(l, x, WIDTH, i % 2 ? "nodule" : "none", NULL, NULL),
                         PLEURA_OK);
    }
    assert_int_equal(pleura_learning_add(l, x, WIDTH, "fracture", NULL, NULL), PLEURA_OK);
    assert_int_equal(pleura_learning_compute(l, NULL), PLEURA_OK);
    assert_int_equal(pleura_learning_verdict(l), PLEURA_BETTER); /* than chance */
    assert_true(figure(l, "auc")->before.value == 0.5);
    assert_true(figure(l, "auc")->after.value > 0.9);
    assert_true(isnan(figure(l, "brier")->before.value));
    assert_true(says(l, PLEURA_NOTE_NO_PATIENTS) && says(l, PLEURA_NOTE_UNLABELLED));
    pleura_profile *p;
    assert_int_equal(pleura_learning_take(l, false, &p, NULL), PLEURA_OK);
    assert_string_equal(p->decision.answer_names[0], "nodule");
    assert_int_equal(p->decision.finding, 0);
    assert_int_equal(p->decision.group_count, 0);
    x[4] += 10;
    float scores[2];
    pleura_profile_scores(p, x, x + FEATURES, scores);
    assert_true(scores[0] > scores[1] + 3);
    pleura_profile_free(p);
    pleura_learning_free(l);
    pleura_profile_free(base);
}

/* The profile's scores are those of the fit: for the model's own rows with no strength, the model's. */
static void with_no_strength_the_model_stays(void **state)
{
    (void)state;
    const pleura_learn_options options = {.task = PLEURA_ADAPT, .draws = 10, .c = 1e-9};
    pleura_learning *l = learnt(&same, &options, 300);
    for (size_t i = 0; i < LABELS * FEATURES; i++)
        assert_true(fabsf(l->made->weights[i] - l->base->weights[i]) < 1e-3f);
    pleura_learning_free(l);
}

static void everything_is_repeatable(void **state)
{
    (void)state;
    const pleura_learn_options options = {.task = PLEURA_ADAPT, .draws = 50};
    static char first[65536], second[65536];
    pleura_learning *l = learnt(&other, &options, 120);
    size_t length = pleura_learning_json(l, first, sizeof first);
    assert_true(length < sizeof first && strlen(first) == length);
    pleura_learning_free(l);
    l = learnt(&other, &options, 120);
    pleura_learning_json(l, second, sizeof second);
    pleura_learning_free(l);
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "\"schema\":\"pleura.learning/1\",\"task\":\"adapt\""));
    assert_non_null(strstr(first, "\"verdict\":\"better\""));
}

/* ---- What it refuses ---- */

static pleura_code learn_words(const pleura_learn_options *options, size_t films,
                               const char *const *labels, size_t kinds, const char *patient,
                               pleura_error *error)
{
    pleura_profile *base = make_base();
    pleura_learning *l;
    float x[WIDTH];
    pleura_code code = pleura_learning_create(base, options, &l, error);
    for (size_t i = 0; code == PLEURA_OK && i < films; i++) {
        make_film(&same, i % LABELS, x);
        code = pleura_learning_add(l, x, WIDTH, labels[i % kinds], patient, error);
    }
    if (code == PLEURA_OK)
        code = pleura_learning_compute(l, error);
    pleura_learning_free(l);
    pleura_profile_free(base);
    return code;
}

static void refuses_what_cannot_be_learnt(void **state)
{
    (void)state;
    const pleura_learn_options calibrate = {0}, adapt = {.task = PLEURA_ADAPT};
    const char *const one[] = {"pneumonia"}, *const two[] = {"normal", "pneumonia"};
    pleura_error error = {0};
    assert_int_equal(learn_words(&calibrate, 60, one, 1, NULL, &error), PLEURA_ERROR_ONE_CLASS);
    assert_string_equal(error.message, "The films that can be learnt from (60) have one label: "
                                       "there is nothing to tell apart.");
    const char *const misspelt[] = {"pnuemonia", "normal"};
    error = (pleura_error){0};
    assert_int_equal(learn_words(&calibrate, 60, misspelt, 2, NULL, &error),
                     PLEURA_ERROR_ONE_CLASS);
    assert_non_null(strstr(error.message, "(30) have one label"));
    assert_non_null(strstr(error.message, "not known, such as 'pnuemonia'."));
    error = (pleura_error){0};
    assert_int_equal(learn_words(&calibrate, 60, misspelt, 1, NULL, &error),
                     PLEURA_ERROR_ONE_CLASS);
    assert_string_equal(error.message,
                        "No film has one of the labels, such as 'normal': the first has "
                        "'pnuemonia'.");
    error = (pleura_error){0};
    assert_int_equal(learn_words(&calibrate, 0, one, 1, NULL, &error), PLEURA_ERROR_ONE_CLASS);
    assert_non_null(strstr(error.message, "There is no film to learn from"));
    error = (pleura_error){0};
    assert_int_equal(learn_words(&calibrate, 39, two, 2, NULL, &error), PLEURA_ERROR_TOO_FEW_FILMS);
    assert_non_null(strstr(error.message, "'pneumonia' has 19 films; at least 20"));
    assert_int_equal(learn_words(&calibrate, 40, two, 2, NULL, NULL), PLEURA_OK);
    error = (pleura_error){0};
    assert_int_equal(learn_words(&calibrate, 80, two, 2, "only one", &error),
                     PLEURA_ERROR_TOO_FEW_FILMS);
    assert_non_null(strstr(error.message, "of one patient"));
    error = (pleura_error){0};
    assert_int_equal(learn_words(&adapt, 59, words, 3, NULL, &error), PLEURA_ERROR_TOO_FEW_FILMS);
    assert_non_null(strstr(error.message, "'viral' has 19 films"));
}

static void refuses_wrong_options(void **state)
{
    (void)state;
    pleura_profile *base = make_base();
    pleura_learning *l;
    const pleura_learn_options wrong[] = {
        {.task = (pleura_learn_task)7},
        {.folds = 1},
        {.folds = 21},
        {.draws = 1000000},
        {.prevalence = 1},
        {.prevalence = NAN},
        {.target_sensitivity = -1},
        {.c = -1},
        {.labels = "a,b"}, /* calibrating */
        {.finding = "nodule"},
        {.task = PLEURA_ADAPT, .labels = "a,b"}, /* of which none is the finding */
        {.task = PLEURA_ADAPT, .labels = "a,a", .finding = "a"},
        {.task = PLEURA_ADAPT, .labels = "a,", .finding = "a"},
        {.task = PLEURA_ADAPT, .labels = "a;b,c", .finding = "c"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        pleura_error error = {0};
        assert_int_equal(pleura_learning_create(base, &wrong[i], &l, &error),
                         PLEURA_ERROR_ARGUMENT);
        assert_null(l);
        assert_true(error.message[0] != 0);
    }
    const pleura_learn_options all = {
        .task = PLEURA_ADAPT, .labels = "bacterial,viral", .finding = "pneumonia"};
    assert_int_equal(pleura_learning_create(base, &all, &l, NULL), PLEURA_ERROR_ONE_CLASS);
    base->features = 0;
    base->weights = NULL;
    const pleura_learn_options adapt = {.task = PLEURA_ADAPT};
    assert_int_equal(pleura_learning_create(base, &adapt, &l, NULL), PLEURA_ERROR_NO_EMBEDDING);
    assert_int_equal(pleura_learning_create(NULL, NULL, &l, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_learning_create(base, NULL, NULL, NULL), PLEURA_ERROR_ARGUMENT);
    pleura_profile_free(base);
    pleura_learning_free(NULL);
}

static void refuses_wrong_embeddings(void **state)
{
    (void)state;
    pleura_profile *base = make_base();
    pleura_learning *l;
    float x[WIDTH] = {0};
    assert_int_equal(pleura_learning_create(base, NULL, &l, NULL), PLEURA_OK);
    assert_int_equal(pleura_learning_add(l, x, WIDTH - 1, "normal", NULL, NULL),
                     PLEURA_ERROR_ARGUMENT);
    x[3] = NAN;
    assert_int_equal(pleura_learning_add(l, x, WIDTH, "normal", NULL, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_learning_add(l, x, WIDTH, NULL, NULL, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_learning_add(l, NULL, 0, "normal", NULL, NULL), PLEURA_OK);
    pleura_learning_compute(l, NULL);
    assert_int_equal(pleura_learning_add(l, NULL, 0, "normal", NULL, NULL), PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_learning_compute(l, NULL), PLEURA_ERROR_ARGUMENT);
    pleura_learning_free(l);
    pleura_profile_free(base);
}

static void few_patients_make_fewer_folds(void **state)
{
    (void)state;
    pleura_profile *base = make_base();
    pleura_learning *l;
    float x[WIDTH];
    const pleura_learn_options options = {.draws = 50};
    assert_int_equal(pleura_learning_create(base, &options, &l, NULL), PLEURA_OK);
    for (size_t i = 0; i < 90; i++) {
        char patient[16];
        snprintf(patient, sizeof patient, "%zu", i % 6); /* two of each label */
        make_film(&same, i % 3, x);
        assert_int_equal(pleura_learning_add(l, x, WIDTH, words[i % 3], patient, NULL), PLEURA_OK);
    }
    assert_int_equal(pleura_learning_add(l, NULL, 0, "normal", NULL, NULL), PLEURA_OK);
    assert_int_equal(pleura_learning_compute(l, NULL), PLEURA_OK);
    assert_int_equal(l->folds, 2);
    assert_true(says(l, PLEURA_NOTE_FEW_PATIENTS) && says(l, PLEURA_NOTE_LEFT_OUT));
    assert_false(says(l, PLEURA_NOTE_NO_PATIENTS));
    pleura_learning_free(l);
    pleura_profile_free(base);
}

/* ---- Reference films ---- */

static size_t make_reference(uint8_t *bytes, size_t room)
{
    pleura_profile *base = make_base();
    pleura_learning *l;
    size_t length;
    seed = 99;
    assert_int_equal(pleura_learning_create(base, NULL, &l, NULL), PLEURA_OK);
    assert_int_equal(add_films(l, &same, 120, true, NULL), PLEURA_OK);
    assert_int_equal(pleura_reference_write(l, NULL, 0, &length, NULL), PLEURA_OK);
    assert_true(length < room);
    assert_int_equal(pleura_reference_write(l, bytes, room, &length, NULL), PLEURA_OK);
    pleura_learning_free(l);
    pleura_profile_free(base);
    return length;
}

static void what_is_forgotten_is_said(void **state)
{
    (void)state;
    static uint8_t bytes[16384];
    size_t length = make_reference(bytes, sizeof bytes);
    for (int forgets = 0; forgets < 2; forgets++) {
        const site *where = forgets ? &other : &same;
        const pleura_learn_options options = {
            .task = PLEURA_ADAPT, .draws = 200, .from_zero = forgets};
        pleura_profile *base = make_base();
        pleura_learning *l;
        pleura_error error = {0};
        assert_int_equal(pleura_learning_create(base, &options, &l, NULL), PLEURA_OK);
        if (pleura_learning_reference(l, bytes, length, &error) != PLEURA_OK)
            fail_msg("%s", error.message);
        assert_int_equal(pleura_learning_reference(l, bytes, length, NULL), PLEURA_ERROR_ARGUMENT);
        assert_int_equal(add_films(l, where, 300, true, NULL), PLEURA_OK);
        assert_int_equal(pleura_learning_compute(l, NULL), PLEURA_OK);
        assert_false(says(l, PLEURA_NOTE_NO_REFERENCE));
        assert_int_equal(says(l, PLEURA_NOTE_FORGETS), forgets);
        /* Half floats have 11 bits: the answers before are those of the films. */
        assert_true(l->reference->figures[PLEURA_FIGURE_AUC].before.value > 0.85);
        pleura_learning_free(l);
        pleura_profile_free(base);
    }
}

static void a_damaged_reference_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[16384], copy[16384];
    size_t length = make_reference(bytes, sizeof bytes);
    pleura_profile *base = make_base();
    pleura_learning *l;
    assert_int_equal(pleura_learning_create(base, NULL, &l, NULL), PLEURA_OK);
    for (size_t cut = 0; cut < length; cut += cut < 200 ? 1 : 211)
        assert_int_not_equal(pleura_learning_reference(l, bytes, cut, NULL), PLEURA_OK);
    for (size_t at = 0; at < 140; at++) { /* whatever a byte becomes: refused or read */
        memcpy(copy, bytes, length);
        copy[at] ^= 0x80;
        pleura_learning *one;
        assert_int_equal(pleura_learning_create(base, NULL, &one, NULL), PLEURA_OK);
        pleura_learning_reference(one, copy, length, NULL);
        pleura_learning_free(one);
    }
    memcpy(copy, bytes, length);
    copy[10] = 'b';
    assert_int_equal(pleura_learning_reference(l, copy, length, NULL), PLEURA_ERROR_OTHER_MODEL);
    memcpy(copy, bytes, length);
    copy[72] = PLEURA_LEARN_MAX_FILMS % 256 + 1; /* films, little-endian: one too many */
    copy[73] = PLEURA_LEARN_MAX_FILMS / 256;
    assert_int_equal(pleura_learning_reference(l, copy, length, NULL), PLEURA_ERROR_CORRUPT);
    pleura_learning_free(l);
    pleura_profile_free(base);
}

/* ---- Memory ---- */

static void any_allocation_may_fail(void **state)
{
    (void)state;
    static uint8_t bytes[16384];
    size_t length = make_reference(bytes, sizeof bytes);
    for (int task = 0; task < 2; task++) {
        const pleura_learn_options options = {.task = (pleura_learn_task)task, .draws = 2};
        pleura_profile *base = make_base();
        size_t live = pleura_test_live;
        for (size_t fail_at = 1;; fail_at++) {
            pleura_learning *l = NULL;
            pleura_profile *made = NULL;
            pleura_error error = {0};
            seed = 3;
            pleura_test_allocations = 0;
            pleura_test_fail_at = fail_at;
            pleura_code code = pleura_learning_create(base, &options, &l, &error);
            if (code == PLEURA_OK)
                code = pleura_learning_reference(l, bytes, length, &error);
            if (code == PLEURA_OK)
                code = add_films(l, &other, 66, true, &error);
            if (code == PLEURA_OK)
                code = pleura_learning_compute(l, &error);
            if (code == PLEURA_OK)
                code = pleura_learning_take(l, true, &made, &error);
            bool failed = pleura_test_allocations >= fail_at;
            pleura_test_fail_at = 0;
            pleura_profile_free(made);
            pleura_learning_free(l);
            assert_int_equal(pleura_test_live, live);
            assert_int_equal(code, failed ? PLEURA_ERROR_MEMORY : PLEURA_OK);
            assert_int_equal(error.code, code);
            if (!failed)
                break;
        }
        pleura_profile_free(base);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calibration_finds_the_temperature),
        cmocka_unit_test(calibration_undoes_a_shift),
        cmocka_unit_test(a_target_is_reached),
        cmocka_unit_test(prevalence_moves_the_threshold),
        cmocka_unit_test(thresholds_depend_on_no_single_film),
        cmocka_unit_test(adapting_finds_other_features),
        cmocka_unit_test(nothing_to_gain_is_said),
        cmocka_unit_test(labels_of_ones_own),
        cmocka_unit_test(with_no_strength_the_model_stays),
        cmocka_unit_test(everything_is_repeatable),
        cmocka_unit_test(refuses_what_cannot_be_learnt),
        cmocka_unit_test(refuses_wrong_options),
        cmocka_unit_test(refuses_wrong_embeddings),
        cmocka_unit_test(few_patients_make_fewer_folds),
        cmocka_unit_test(what_is_forgotten_is_said),
        cmocka_unit_test(a_damaged_reference_is_refused),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
