/* What a learning shall answer: labels, groups and the finding, and which answers of the model they are. */
#include "state.h"

#include "../error.h"

#include <string.h>

static size_t find_answer(const pleura_decision_spec *d, const char *name, size_t length)
{
    for (size_t i = 0; i < d->label_count + d->group_count; i++)
        if (strlen(d->answer_names[i]) == length && memcmp(d->answer_names[i], name, length) == 0)
            return i;
    return PLEURA_NO_ANSWER;
}

/* "a,b,c"; every one of them valid and new. */
static pleura_code split_labels(pleura_learning *l, const char *text, const char **names,
                                pleura_error *error)
{
    pleura_decision_spec *d = &l->decision;
    d->answer_names = names;
    for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        size_t length = strcspn(at, ",");
        const char *name = pleura_arena_text(&l->arena, at, length);
        if (!name)
            return pleura_fail_memory(error, length, "the labels");
        if (!pleura_label_is_valid(name) || find_answer(d, name, length) != PLEURA_NO_ANSWER ||
            d->label_count == PLEURA_PROFILE_MAX_LABELS)
            return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                               "'%.80s' is no list of 2 to %d different labels, without the "
                               "characters ; + = and of at most %d bytes each.",
                               text, PLEURA_PROFILE_MAX_LABELS, PLEURA_LABEL_MAX_BYTES);
        names[d->label_count++] = name;
    }
    return PLEURA_OK;
}

/* The model's groups, of those of their labels that are learnt. */
static pleura_code keep_groups(pleura_learning *l, const char **names, pleura_group *groups,
                               pleura_error *error)
{
    const pleura_decision_spec *base = &l->base->decision;
    pleura_decision_spec *d = &l->decision;
    d->groups = groups;
    for (size_t g = 0; g < base->group_count; g++) {
        const char *name = base->answer_names[base->label_count + g];
        const pleura_group *from = &base->groups[g];
        uint32_t *members = pleura_arena_alloc(&l->arena, from->count * sizeof *members);
        size_t count = 0;
        if (!members)
            return pleura_fail_memory(error, from->count * sizeof *members, "the labels");
        for (size_t i = 0; i < from->count; i++) {
            const char *label = base->answer_names[from->labels[i]];
            size_t at = find_answer(d, label, strlen(label));
            if (at < d->label_count)
                members[count++] = (uint32_t)at;
        }
        if (!count || find_answer(d, name, strlen(name)) != PLEURA_NO_ANSWER)
            continue;
        names[d->label_count + d->group_count] = name;
        groups[d->group_count++] = (pleura_group){members, count};
    }
    return PLEURA_OK;
}

/* By which of the model's answers it can be compared, if it has them all. */
static void find_base_answers(pleura_learning *l)
{
    const pleura_profile *base = l->base;
    const pleura_decision_spec *d = &l->decision;
    const char *finding = d->answer_names[d->finding];
    l->base_finding = find_answer(&base->decision, finding, strlen(finding));
    l->comparable = l->base_finding != PLEURA_NO_ANSWER;
    bool labels = true;
    for (size_t k = 0; k < d->label_count; k++) {
        const char *name = d->answer_names[k];
        l->base_answer[k] = find_answer(&base->decision, name, strlen(name));
        l->comparable &= l->base_answer[k] != PLEURA_NO_ANSWER;
        labels &= l->base_answer[k] < base->decision.label_count;
    }
    bool exclusive = base->decision.activation != PLEURA_ACTIVATION_SIGMOID;
    l->has_start = labels && exclusive && base->weights && !l->options.from_zero;
}

static pleura_code set_labels(pleura_learning *l, pleura_error *error)
{
    const pleura_decision_spec *base = &l->base->decision;
    pleura_decision_spec *d = &l->decision;
    size_t most = PLEURA_PROFILE_MAX_LABELS + base->group_count;
    const char **names = pleura_arena_alloc(&l->arena, most * sizeof *names);
    pleura_group *groups = pleura_arena_alloc(&l->arena, (base->group_count + 1) * sizeof *groups);
    if (!names || !groups)
        return pleura_fail_memory(error, most * sizeof *names, "the labels");
    *d = (pleura_decision_spec){.activation = PLEURA_ACTIVATION_SOFTMAX,
                                .temperature = 1,
                                .margin = base->margin,
                                .threshold = 0.5f};
    d->finding = PLEURA_NO_ANSWER;
    if (l->options.labels) {
        pleura_code code = split_labels(l, l->options.labels, names, error);
        if (code != PLEURA_OK)
            return code;
    } else {
        d->answer_names = names;
        for (; d->label_count < base->label_count; d->label_count++)
            names[d->label_count] = base->answer_names[d->label_count];
    }
    return keep_groups(l, names, groups, error);
}

static pleura_code set_finding(pleura_learning *l, pleura_error *error)
{
    pleura_decision_spec *d = &l->decision;
    const pleura_decision_spec *base = &l->base->decision;
    const char *name = l->options.finding;
    if (!name && base->finding != PLEURA_NO_ANSWER)
        name = base->answer_names[base->finding];
    d->finding = name ? find_answer(d, name, strlen(name)) : PLEURA_NO_ANSWER;
    if (d->finding == PLEURA_NO_ANSWER)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           name ? "The finding '%.80s' is none of the labels: say which of them "
                                  "the threshold is about."
                                : "The model names no finding: say which label the threshold is "
                                  "about.%s",
                           name ? name : "");
    size_t inside = 0;
    for (size_t k = 0; k < d->label_count; k++)
        inside += pleura_label_is_finding(d, k);
    if (inside == d->label_count && d->label_count > 1)
        return pleura_fail(error, PLEURA_ERROR_ONE_CLASS,
                           "The finding '%.80s' is all of the labels: there is nothing to tell "
                           "apart.",
                           name);
    find_base_answers(l);
    return PLEURA_OK;
}

pleura_code pleura_learning_set_answers(pleura_learning *l, pleura_error *error)
{
    pleura_code code = set_labels(l, error);
    return code == PLEURA_OK ? set_finding(l, error) : code;
}
