#include "metrics_json.h"

#include <math.h>

#define ROC_POINTS 100

void pleura_json_put_figure(pleura_json *json, const char *key, const pleura_figure *figure,
                            int digits)
{
    pleura_json_put_open(json, key, '[');
    pleura_json_number(json, figure->value, digits);
    pleura_json_number(json, figure->low, digits);
    pleura_json_number(json, figure->high, digits);
    pleura_json_close(json, ']');
}

void pleura_json_roc(pleura_json *json, const pleura_scored *films, size_t count, int digits)
{
    size_t points = count < ROC_POINTS ? count : ROC_POINTS;
    float before = NAN;
    pleura_json_open(json, '[');
    for (size_t i = 0; i < points; i++) {
        pleura_rates rates;
        float threshold = films[i * (count - 1) / (points > 1 ? points - 1 : 1)].score;
        if (threshold == before)
            continue;
        before = threshold;
        pleura_metrics_rates(films, count, NULL, threshold, &rates);
        pleura_json_open(json, '[');
        pleura_json_number(json, (double)threshold, digits);
        pleura_json_number(json, rates.sensitivity, digits);
        pleura_json_number(json, rates.specificity, digits);
        pleura_json_close(json, ']');
    }
    pleura_json_close(json, ']');
}
