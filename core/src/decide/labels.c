#include "labels.h"

#include <string.h>

bool pleura_words_have(const char *words, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = words; at; at = strchr(at, ';') ? strchr(at, ';') + 1 : NULL)
        if (strncmp(at, name, length) == 0 && (at[length] == ';' || at[length] == 0))
            return true;
    return false;
}

size_t pleura_words_label(const pleura_decision_spec *spec, const char *words)
{
    for (size_t i = 0; i < spec->label_count; i++)
        if (pleura_words_have(words, spec->answer_names[i]))
            return i;
    return PLEURA_NO_ANSWER;
}

bool pleura_label_is_finding(const pleura_decision_spec *spec, size_t label)
{
    if (spec->finding < spec->label_count)
        return spec->finding == label;
    const pleura_group *group = &spec->groups[spec->finding - spec->label_count];
    for (size_t i = 0; i < group->count; i++)
        if (group->labels[i] == label)
            return true;
    return false;
}

size_t pleura_likeliest(const float *values, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        best = values[i] > values[best] ? i : best;
    return best;
}
