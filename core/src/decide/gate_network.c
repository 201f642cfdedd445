/* The gate's learned part: one logistic output of the network for each reason to refuse. */
#include "../text.h"
#include "gate.h"

#include <math.h>
#include <string.h>

/* What each reason is said with, before the probability. */
static const struct {
    pleura_reason reason;
    const char *sentence;
} sentences[] = {
    {PLEURA_REASON_NOT_CHEST, "The picture does not look like a chest X-ray"},
    {PLEURA_REASON_LATERAL,
     "The film looks as if taken from the side; the model reads frontal films"},
    {PLEURA_REASON_INVERTED,
     "The greys look inverted, bone dark and air light: invert the picture and classify it again"},
    {PLEURA_REASON_ROTATED,
     "The film looks turned on a side or upside down: turn it upright and classify it again"},
    {PLEURA_REASON_CROPPED, "Most of the lungs seem to lie outside the picture"},
    {PLEURA_REASON_ADULT, "The film looks like an adult's, and the model is for children"},
};
enum { SENTENCES = sizeof sentences / sizeof sentences[0] };

unsigned pleura_gate_reason(const char *name, size_t length)
{
    for (size_t i = 0; i < SENTENCES; i++) {
        const char *known = pleura_reason_name(sentences[i].reason);
        if (strlen(known) == length && memcmp(known, name, length) == 0)
            return (unsigned)sentences[i].reason;
    }
    return 0;
}

static void add(const pleura_gate_rule *rule, double probability, pleura_reasons *reasons)
{
    pleura_number found, most;
    for (size_t i = 0; i < SENTENCES; i++)
        if (sentences[i].reason == rule->reason)
            pleura_reasons_add(reasons, rule->reason, "%s (%s; refused from %s on).",
                               sentences[i].sentence, pleura_fixed_text(&found, probability, 3),
                               pleura_fixed_text(&most, (double)rule->threshold, 3));
}

pleura_code pleura_gate_network(const pleura_gate_spec *spec, const float *outputs,
                                pleura_reasons *reasons, pleura_error *error)
{
    pleura_number number;
    for (size_t i = 0; i < spec->count; i++) {
        if (!isfinite(outputs[i]))
            return pleura_fail(error, PLEURA_ERROR_NETWORK,
                               "The gate's output %zu (%s) is %s, which is no number.", i,
                               pleura_reason_name(spec->rules[i].reason),
                               pleura_number_text(&number, (double)outputs[i], 6));
        double probability = 1 / (1 + exp(-(double)outputs[i]));
        if ((float)probability >= spec->rules[i].threshold)
            add(&spec->rules[i], probability, reasons);
    }
    return PLEURA_OK;
}
