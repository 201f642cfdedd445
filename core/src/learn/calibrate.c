/* Temperature and shift of the finding's log-odds, by maximum likelihood (Platt 1999; Guo et al. 2017). */
#include "state.h"

#include "../error.h"

#include <math.h>

/*
 * The finding's log-odds at scale a = exp(t) are, of a softmax, the difference of two log-sums
 *
 *     log sum over its labels of exp(a z) - log sum over the others of exp(a z),
 *
 * and of a sigmoid a z; the shift b is added. One of a is fitted by its logarithm, so that it stays
 * above 0: t = log a.
 */
typedef struct fit {
    const pleura_learning *learning;
    const double *weights;
    double
        target[2]; /* Platt's: a little short of 0 and 1, so that separable films end somewhere */
    uint32_t without; /* a fold that is held back, or UINT32_MAX */
    bool shifts;
} fit;

typedef struct odds {
    double value, slope; /* by a */
} odds;

static odds log_sum(const pleura_decision_spec *d, const float *z, double a, bool of_finding)
{
    double largest = -INFINITY, sum = 0, weighted = 0;
    for (size_t k = 0; k < d->label_count; k++)
        if (pleura_label_is_finding(d, k) == of_finding)
            largest = fmax(largest, a * (double)z[k]);
    for (size_t k = 0; k < d->label_count; k++) {
        if (pleura_label_is_finding(d, k) != of_finding)
            continue;
        double part = exp(a * (double)z[k] - largest);
        sum += part;
        weighted += part * (double)z[k];
    }
    // cppcheck-suppress invalidFunctionArg ; films of both kinds are there, so there are labels of both
    return (odds){largest + log(sum), weighted / sum};
}

static odds log_odds(const pleura_learning *l, size_t film, double a)
{
    const pleura_decision_spec *d = &l->decision;
    const float *outputs = l->embeddings + film * l->width + l->base->features;
    float z[PLEURA_PROFILE_MAX_LABELS];
    for (size_t k = 0; k < d->label_count; k++)
        z[k] = l->made->from_probabilities ? pleura_profile_logit(l->made, outputs[k]) : outputs[k];
    if (d->activation == PLEURA_ACTIVATION_SIGMOID)
        return (odds){a * (double)z[d->finding], (double)z[d->finding]};
    odds inside = log_sum(d, z, a, true), outside = log_sum(d, z, a, false);
    return (odds){inside.value - outside.value, inside.slope - outside.slope};
}

/* Loss at (t, b), its gradient and Gauss and Newton's approximation of its curvature. */
static double look(const fit *f, double t, double b, double g[2], double h[3])
{
    double loss = 0, a = exp(t);
    g[0] = g[1] = h[0] = h[1] = h[2] = 0;
    for (size_t i = 0; i < f->learning->count; i++) {
        if (f->learning->fold[i] == f->without)
            continue;
        odds at = log_odds(f->learning, i, a);
        double x = at.value + b, slope = at.slope * a, weight = f->weights[i];
        double target = f->target[f->learning->truths[i]], p = 1 / (1 + exp(-x));
        /* log(1 + e^x) - target x, without overflow */
        loss += weight * (fmax(x, 0) + log1p(exp(-fabs(x))) - target * x);
        g[0] += weight * (p - target) * slope;
        g[1] += weight * (p - target);
        double curve = weight * p * (1 - p);
        h[0] += curve * slope * slope;
        h[1] += curve * slope;
        h[2] += curve;
    }
    return loss;
}

#define LEAST_T (-3.0) /* a from 0.05 to 20: temperatures beyond are no calibration */
#define MOST_T 3.0

/* Levenberg and Marquardt's steps, which shorten until the loss falls. */
static void minimise(const fit *f, double *t, double *b)
{
    double g[2], h[3], damping = 1e-3;
    double loss = look(f, *t, *b, g, h);
    for (int step = 0; step < 100 && damping < 1e9; step++) {
        double h00 = h[0] * (1 + damping) + 1e-9, h11 = h[2] * (1 + damping) + 1e-9;
        double h01 = f->shifts ? h[1] : 0, g1 = f->shifts ? g[1] : 0;
        double det = h00 * h11 - h01 * h01;
        double dt = -(h11 * g[0] - h01 * g1) / det, db = -(h00 * g1 - h01 * g[0]) / det;
        double next_t = fmin(fmax(*t + dt, LEAST_T), MOST_T), next_b = *b + db, g2[2], h2[3];
        double next = look(f, next_t, next_b, g2, h2);
        if (!(next < loss)) {
            damping *= 8;
            continue;
        }
        bool done = fabs(next_t - *t) < 1e-9 && fabs(next_b - *b) < 1e-9;
        *t = next_t;
        *b = next_b;
        loss = next;
        damping = fmax(damping / 8, 1e-9);
        for (int i = 0; i < 3; i++)
            h[i] = h2[i];
        g[0] = g2[0];
        g[1] = g2[1];
        if (done)
            break;
    }
}

static void fit_films(const pleura_learning *l, const double *weights, uint32_t without, double *t,
                      double *b)
{
    double films[2] = {0, 0};
    for (size_t i = 0; i < l->count; i++)
        if (l->fold[i] != without)
            films[l->truths[i]]++;
    fit f = {.learning = l,
             .weights = weights,
             .target = {1 / (films[0] + 2), (films[1] + 1) / (films[1] + 2)},
             .without = without,
             .shifts = !l->options.temperature_only};
    *t = l->base->decision.activation == PLEURA_ACTIVATION_NONE
             ? 0
             : -log((double)l->base->decision.temperature);
    *t = fmin(fmax(*t, LEAST_T), MOST_T);
    *b = 0;
    minimise(&f, t, b);
}

/* Of a softmax, one temperature for all; of a sigmoid, a scale for the finding alone. */
static void set_profile(pleura_learning *l, float *scale, float *shift, double t, double b)
{
    pleura_decision_spec *d = &l->made->decision;
    bool softmax = d->activation == PLEURA_ACTIVATION_SOFTMAX;
    double temperature = softmax ? exp(-t) : (double)d->temperature;
    d->temperature = (float)temperature;
    for (size_t k = 0; k < d->label_count; k++) {
        bool finding = pleura_label_is_finding(d, k);
        scale[k] = finding && !softmax ? (float)(exp(t) * temperature) : 1;
        shift[k] = finding ? (float)(b * temperature) : 0;
    }
}

static pleura_code answer_fold(pleura_learning *l, uint32_t fold, pleura_error *error)
{
    size_t classes = l->decision.label_count;
    for (size_t i = 0; i < l->count; i++) {
        if (l->fold[i] != fold)
            continue;
        float *p = l->after.probabilities + i * classes;
        const float *embedding = l->embeddings + i * l->width;
        float all[2 * PLEURA_PROFILE_MAX_LABELS];
        pleura_profile_scores(l->made, embedding, embedding + l->base->features, all);
        pleura_code code = pleura_decide_answers(&l->made->decision, all, all, error);
        if (code != PLEURA_OK)
            return code;
        for (size_t k = 0; k < classes; k++)
            p[k] = all[k];
        l->after.scores[i] = all[l->decision.finding];
    }
    return PLEURA_OK;
}

/* Networks that end in an activation of their own: whether it was a softmax shows in the sums. */
static void resolve_activation(pleura_learning *l)
{
    bool softmax = l->decision.label_count > 1;
    if (l->base->decision.activation != PLEURA_ACTIVATION_NONE)
        return;
    for (size_t i = 0; softmax && i < l->count; i++) {
        double sum = 0;
        for (size_t k = 0; k < l->decision.label_count; k++)
            sum += (double)l->embeddings[i * l->width + l->base->features + k];
        softmax = fabs(sum - 1) < 1e-2;
    }
    l->made->from_probabilities = true;
    l->decision.activation = softmax ? PLEURA_ACTIVATION_SOFTMAX : PLEURA_ACTIVATION_SIGMOID;
    l->decision.temperature = 1;
    l->made->decision.activation = l->decision.activation;
    l->made->decision.temperature = 1;
}

static pleura_code check_finding(const pleura_learning *l, pleura_error *error)
{
    size_t inside = 0, labels = l->decision.label_count;
    for (size_t k = 0; k < labels; k++)
        inside += pleura_label_is_finding(&l->decision, k);
    bool sigmoid = l->decision.activation == PLEURA_ACTIVATION_SIGMOID;
    if (sigmoid ? l->decision.finding < labels : inside < labels)
        return PLEURA_OK;
    return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                       sigmoid
                           ? "The finding '%s' is a group of labels that hold by themselves: it "
                             "has no log-odds to calibrate; name one of its labels."
                           : "The finding '%s' is all of the labels: there is nothing to "
                             "calibrate.",
                       l->decision.answer_names[l->decision.finding]);
}

pleura_code pleura_learn_calibrate(pleura_learning *l, pleura_error *error)
{
    l->made = pleura_learn_new_profile(l, PLEURA_PROFILE_CALIBRATE, error);
    if (!l->made)
        return PLEURA_ERROR_MEMORY;
    resolve_activation(l);
    pleura_code code = check_finding(l, error);
    if (code != PLEURA_OK)
        return code;
    size_t outputs = l->base->outputs;
    float *scale = pleura_arena_alloc(&l->made->arena, outputs * sizeof *scale);
    float *shift = pleura_arena_alloc(&l->made->arena, outputs * sizeof *shift);
    double *weights = pleura_arena_alloc(&l->arena, l->count * sizeof *weights), t, b;
    if (!scale || !shift || !weights)
        return pleura_fail_memory(error, l->count * sizeof *weights, "the calibration");
    l->made->scale = scale;
    l->made->shift = shift;
    pleura_cases_weights(&l->cases, l->options.prevalence, weights);
    for (uint32_t fold = 0; code == PLEURA_OK && fold < l->folds; fold++) {
        fit_films(l, weights, fold, &t, &b);
        set_profile(l, scale, shift, t, b);
        code = answer_fold(l, fold, error);
    }
    fit_films(l, weights, UINT32_MAX, &t, &b);
    set_profile(l, scale, shift, t, b);
    l->temperature = exp(-t);
    l->shift = b;
    return code;
}
