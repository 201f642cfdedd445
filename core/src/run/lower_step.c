/* Adding steps to the plan, the memory that they want, and what XNNPACK says to them. */
#include "lower.h"

#include "../error.h"

#include <string.h>

void *pleura_lower_no_memory(pleura_lowering *l)
{
    l->code =
        pleura_fail(l->error, PLEURA_ERROR_MEMORY, "Out of memory while planning the network.");
    return NULL;
}

void *pleura_lower_keep(pleura_lowering *l, size_t size)
{
    if (l->code != PLEURA_OK)
        return NULL;
    void *kept = pleura_arena_alloc(&l->plan->keep, size);
    return kept ? kept : pleura_lower_no_memory(l);
}

void *pleura_lower_scratch(pleura_lowering *l, size_t size)
{
    if (l->code != PLEURA_OK)
        return NULL;
    void *scratch = pleura_arena_alloc_raw(&l->scratch, size);
    return scratch ? scratch : pleura_lower_no_memory(l);
}

const float *pleura_lower_floats(pleura_lowering *l, const pleura_value *value)
{
    if (l->code != PLEURA_OK)
        return NULL;
    const float *floats = pleura_constant_floats(value, &l->scratch);
    return floats ? floats : pleura_lower_no_memory(l);
}

pleura_code pleura_lower_check(pleura_lowering *l, const pleura_step *step, enum xnn_status status)
{
    if (l->code != PLEURA_OK || status == xnn_status_success)
        return l->code;
    if (status == xnn_status_out_of_memory)
        return l->code = pleura_fail(l->error, PLEURA_ERROR_MEMORY,
                                     "Out of memory while preparing %s.", step->label);
    return l->code = pleura_fail(l->error, PLEURA_ERROR_OPERATOR,
                                 "%s is used in a way that XNNPACK does not run (status %d).",
                                 step->label, (int)status);
}

static const char *keep_label(pleura_lowering *l, const pleura_node *node)
{
    pleura_node_label label;
    const char *text = node ? pleura_node_describe(node, &label) : "conversion of layout";
    return pleura_arena_text(&l->plan->keep, text, strlen(text));
}

pleura_step *pleura_lower_step(pleura_lowering *l, const pleura_node *node,
                               const pleura_step_kind *kind, pleura_tensor *first,
                               pleura_tensor *second, pleura_tensor *output)
{
    if (l->code != PLEURA_OK)
        return NULL;
    pleura_step *step = pleura_plan_step(l->plan, kind, first, second, output);
    const char *label = keep_label(l, node);
    if (!step || !label)
        return pleura_lower_no_memory(l);
    step->node = node;
    step->label = label;
    return step;
}

pleura_step *pleura_lower_copy(pleura_lowering *l, const pleura_node *node, pleura_tensor *from,
                               pleura_tensor *to)
{
    if (l->code == PLEURA_OK && from->rows != to->rows) {
        from->packed = from->packed || !from->within;
        to->packed = to->packed || !to->within;
    }
    return pleura_lower_step(l, node, &pleura_copy, from, NULL, to);
}
