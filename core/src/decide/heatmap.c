#include "heatmap.h"

#include "../memory.h"

static bool has_label(const pleura_decision_spec *spec, size_t answer, size_t label)
{
    if (answer < spec->label_count)
        return answer == label;
    const pleura_group *group = &spec->groups[answer - spec->label_count];
    for (size_t i = 0; i < group->count; i++)
        if (group->labels[i] == label)
            return true;
    return false;
}

/* How much each label's score moves the answer's log-odds, at these probabilities. */
static void label_pulls(const pleura_decision_spec *spec, const float *answers, size_t answer,
                        double *pulls)
{
    double inside = 0, outside = 0;
    size_t members = 0;
    for (size_t k = 0; k < spec->label_count; k++)
        if (has_label(spec, answer, k)) {
            inside += answers[k];
            members++;
        } else {
            outside += answers[k];
        }
    bool rivals = spec->activation == PLEURA_ACTIVATION_SOFTMAX;
    for (size_t k = 0; k < spec->label_count; k++) {
        bool member = has_label(spec, answer, k);
        if (member)
            pulls[k] = members == 1 ? 1 : inside > 0 ? answers[k] / inside : 1.0 / (double)members;
        else if (rivals && outside > 0)
            pulls[k] = -answers[k] / outside;
        else
            pulls[k] = rivals ? -1.0 / (double)(spec->label_count - members) : 0;
        pulls[k] /= spec->temperature;
    }
}

/* One weight for each channel: of all labels, by their pulls. */
static void channel_weights(const pleura_heatmap_head *head, const double *pulls, double *weights)
{
    for (size_t c = 0; c < head->channels; c++) {
        weights[c] = head->weights ? 0 : pulls[c];
        for (size_t k = 0; head->weights && k < head->labels; k++)
            weights[c] += pulls[k] * (double)head->weights[k * head->channels + c];
    }
}

static void add_up(const pleura_heatmap_head *head, const double *weights, float *values)
{
    size_t area = (size_t)head->width * head->height;
    for (size_t i = 0; i < area; i++)
        values[i] = 0;
    for (size_t c = 0; c < head->channels; c++) {
        const float *feature = head->features + c * area;
        float weight = (float)weights[c];
        for (size_t i = 0; i < area; i++)
            values[i] += weight * feature[i];
    }
}

static void scale(float *values, size_t area)
{
    float most = (float)PLEURA_HEATMAP_FULL;
    for (size_t i = 0; i < area; i++)
        most = values[i] > most ? values[i] : most;
    for (size_t i = 0; i < area; i++)
        values[i] = values[i] > 0 ? values[i] / most : 0;
}

pleura_code pleura_heatmap_make(const pleura_heatmap_head *head, const pleura_decision_spec *spec,
                                const float *answers, size_t answer, float *values,
                                pleura_error *error)
{
    size_t count = head->labels + head->channels;
    double *pulls = pleura_alloc(count * sizeof *pulls);
    if (!pulls)
        return pleura_fail_memory(error, count * sizeof *pulls, "the heatmap");
    double *weights = pulls + head->labels;
    label_pulls(spec, answers, answer, pulls);
    channel_weights(head, pulls, weights);
    add_up(head, weights, values);
    scale(values, (size_t)head->width * head->height);
    pleura_free(pulls);
    return PLEURA_OK;
}

/* How much of [from, to] lies between low and high. */
static double overlap(double from, double to, double low, double high)
{
    double a = from > low ? from : low, b = to < high ? to : high;
    return b > a ? b - a : 0;
}

void pleura_heatmap_zones(const float *values, uint32_t width, uint32_t height,
                          const pleura_region *region, float shares[PLEURA_ZONE_COUNT])
{
    const double far = 1e6, third = 1.0 / 3;
    const double rows[4] = {-far, third, 2 * third, far}, columns[3] = {-far, 0.5, far};
    double sums[PLEURA_ZONE_COUNT] = {0}, whole = 0;
    double step_x = (double)region->width / width, step_y = (double)region->height / height;
    for (uint32_t i = 0; i < width * height; i++) {
        uint32_t line = i / width;
        double x = (double)region->left + (i % width) * step_x;
        double y = (double)region->top + line * step_y;
        for (int zone = 0; zone < PLEURA_ZONE_COUNT; zone++) {
            int row = zone % 3, column = zone / 3;
            double part = overlap(x, x + step_x, columns[column], columns[column + 1]) *
                          overlap(y, y + step_y, rows[row], rows[row + 1]) * (double)values[i];
            sums[zone] += part;
            whole += part;
        }
    }
    for (int zone = 0; zone < PLEURA_ZONE_COUNT; zone++)
        shares[zone] = whole > 0 ? (float)(sums[zone] / whole) : 0;
}
