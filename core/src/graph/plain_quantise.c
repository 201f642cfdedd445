/* QuantizeLinear and DequantizeLinear that quantise.c left: between numbers and integers, which are
 * held as floats. */
#include "plain_loops.h"

#include "constant.h"
#include "fold.h"

#include <math.h>

typedef struct quantisation {
    size_t run, period; /* the scale of number i is (i / run) % period */
    float low, high;
} quantisation;

static void run_quantise(const pleura_plain *plain)
{
    const quantisation *q = plain->plan;
    const float *x = plain->inputs[0], *scales = plain->inputs[1];
    const float *zeros = plain->input_count > 2 ? plain->inputs[2] : NULL;
    for (size_t i = 0; i < plain->output_count; i++) {
        size_t at = i / q->run % q->period;
        float stored = rintf(x[i] / scales[at]) + (zeros ? zeros[at] : 0);
        ((float *)plain->output)[i] = stored < q->low    ? q->low
                                      : stored > q->high ? q->high
                                                         : stored;
    }
}

static void run_dequantise(const pleura_plain *plain)
{
    const quantisation *q = plain->plan;
    const float *x = plain->inputs[0], *scales = plain->inputs[1];
    const float *zeros = plain->input_count > 2 ? plain->inputs[2] : NULL;
    for (size_t i = 0; i < plain->output_count; i++) {
        size_t at = i / q->run % q->period;
        ((float *)plain->output)[i] = (x[i] - (zeros ? zeros[at] : 0)) * scales[at];
    }
}

pleura_code pleura_plain_quantise(const pleura_plain_request *request, pleura_plain *plain,
                                  pleura_error *error)
{
    const pleura_node *node = request->node;
    bool forth = node->op == PLEURA_OP_QuantizeLinear;
    quantisation *q =
        pleura_plain_plan(request, plain, sizeof *q, forth ? run_quantise : run_dequantise, error);
    if (!q)
        return PLEURA_ERROR_MEMORY;
    const pleura_value *scale = &request->graph->values[node->inputs[1]];
    pleura_strided in = pleura_plain_tensor(request, 0);
    int axis = pleura_axis(pleura_node_int(node, "axis", 1), in.rank);
    q->period = (size_t)pleura_value_elements(scale);
    q->run = 1;
    for (int i = axis < 0 ? in.rank : axis + 1; i < in.rank; i++)
        q->run *= (size_t)in.dims[i];
    pleura_element type;
    if (pleura_grid_element(pleura_quantised_type(request->graph, node), &type))
        pleura_grid_range(type, &q->low, &q->high);
    return PLEURA_OK;
}
