/* The metadata of the file with another end. */
#include "onnx_end.h"

#include "../error.h"
#include "../text.h"

#include <stdio.h>
#include <string.h>

bool pleura_onnx_is_replaced(pleura_wire entry)
{
    static const char *const keys[] = {"labels",  "groups",    "activation", "temperature",
                                       "finding", "threshold", "margin",     "operating_points",
                                       "metrics", "card",      "profile",    "profile_of",
                                       "version"};
    pleura_wire key;
    if (!pleura_wire_find(entry, 1, &key) || key.end - key.begin < 7 ||
        memcmp(key.begin, "pleura.", 7) != 0)
        return false;
    key.begin += 7;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (pleura_wire_equal(key, pleura_wire_text(keys[i])))
            return true;
    return false;
}

static void put_property(pleura_wire_out *out, const char *name, const char *value)
{
    char key[40];
    snprintf(key, sizeof key, "pleura.%s", name);
    for (int pass = 0; pass < 2; pass++) {
        pleura_wire_out measure = {0}, *to = pass ? out : &measure;
        pleura_wire_string(to, 1, key);
        pleura_wire_string(to, 2, value);
        if (!pass)
            pleura_wire_head(out, ONNX_MODEL_METADATA, measure.length);
    }
}

/* Labels and groups as docs/model-format.md has them. */
static void list_answers(const pleura_decision_spec *d, pleura_text *labels, pleura_text *groups)
{
    for (size_t k = 0; k < d->label_count; k++) {
        pleura_text_add(labels, k ? "," : "");
        pleura_text_add(labels, d->answer_names[k]);
    }
    for (size_t g = 0; g < d->group_count; g++) {
        pleura_text_add(groups, g ? ";" : "");
        pleura_text_add(groups, d->answer_names[d->label_count + g]);
        for (size_t i = 0; i < d->groups[g].count; i++) {
            pleura_text_add(groups, i ? "+" : "=");
            pleura_text_add(groups, d->answer_names[d->groups[g].labels[i]]);
        }
    }
    pleura_text_end(labels);
    pleura_text_end(groups);
}

static pleura_code put_answers(pleura_wire_out *out, const pleura_decision_spec *d,
                               pleura_error *error)
{
    pleura_text labels = {0}, groups = {0};
    list_answers(d, &labels, &groups);
    size_t room = labels.length + groups.length + 2;
    char *texts = pleura_alloc(room);
    if (!texts)
        return pleura_fail_memory(error, room, "the metadata");
    size_t first = labels.length + 1;
    labels = (pleura_text){texts, first, 0};
    groups = (pleura_text){texts + first, room - first, 0};
    list_answers(d, &labels, &groups);
    put_property(out, "labels", texts);
    if (d->group_count)
        put_property(out, "groups", texts + first);
    pleura_free(texts);
    return PLEURA_OK;
}

pleura_code pleura_onnx_put_metadata(pleura_wire_out *out, const pleura_profile *p,
                                     pleura_error *error)
{
    static const char *const activations[] = {"softmax", "sigmoid", "none"};
    const pleura_decision_spec *d = &p->decision;
    pleura_number number;
    char version[320];
    snprintf(version, sizeof version, "%s%s%.12s", p->model_version ? p->model_version : "",
             p->model_version ? "+" : "", p->sha256);
    pleura_code code = put_answers(out, d, error);
    put_property(out, "activation", activations[d->activation]);
    put_property(out, "temperature", pleura_number_text(&number, (double)d->temperature, 9));
    if (d->finding != PLEURA_NO_ANSWER)
        put_property(out, "finding", d->answer_names[d->finding]);
    put_property(out, "threshold", pleura_number_text(&number, (double)d->threshold, 9));
    put_property(out, "margin", pleura_number_text(&number, (double)d->margin, 9));
    put_property(out, "version", version);
    put_property(out, "profile", p->sha256);
    put_property(out, "profile_of", p->model_sha256);
    return code;
}
