/*
 * The integer kernels, layer by layer as MobileNetV2 and ResNet-18 have them at 224 x 224, beside
 * XNNPACK's float and int8 operators on the same shapes: interleaved, one thread, the least and the
 * median time of many rounds. Built natively (bench_kernels) and for Node (bench_kernels.mjs).
 */
#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xnnpack.h>

typedef struct layer {
    unsigned size, in, out, kernel, stride, depthwise, count;
} layer;

typedef struct net {
    const char *name;
    size_t count;
    layer layers[40];
} net;

static const net nets[] = {
    {"MobileNetV2",
     31,
     {
         {224, 3, 32, 3, 2, 0, 1},    {112, 32, 32, 3, 1, 1, 1},  {112, 32, 16, 1, 1, 0, 1},
         {112, 16, 96, 1, 1, 0, 1},   {112, 96, 96, 3, 2, 1, 1},  {56, 96, 24, 1, 1, 0, 1},
         {56, 24, 144, 1, 1, 0, 2},   {56, 144, 144, 3, 1, 1, 1}, {56, 144, 24, 1, 1, 0, 1},
         {56, 144, 144, 3, 2, 1, 1},  {28, 144, 32, 1, 1, 0, 1},  {28, 32, 192, 1, 1, 0, 3},
         {28, 192, 192, 3, 1, 1, 2},  {28, 192, 32, 1, 1, 0, 2},  {28, 192, 192, 3, 2, 1, 1},
         {14, 192, 64, 1, 1, 0, 1},   {14, 64, 384, 1, 1, 0, 4},  {14, 384, 384, 3, 1, 1, 4},
         {14, 384, 64, 1, 1, 0, 3},   {14, 384, 96, 1, 1, 0, 1},  {14, 96, 576, 1, 1, 0, 3},
         {14, 576, 576, 3, 1, 1, 2},  {14, 576, 96, 1, 1, 0, 2},  {14, 576, 576, 3, 2, 1, 1},
         {7, 576, 160, 1, 1, 0, 1},   {7, 160, 960, 1, 1, 0, 3},  {7, 960, 960, 3, 1, 1, 3},
         {7, 960, 160, 1, 1, 0, 2},   {7, 960, 320, 1, 1, 0, 1},  {7, 320, 1280, 1, 1, 0, 1},
         {1, 1280, 1000, 1, 1, 0, 1},
     }},
    {"ResNet-18",
     12,
     {
         {224, 3, 64, 7, 2, 0, 1},
         {56, 64, 64, 3, 1, 0, 4},
         {56, 64, 128, 3, 2, 0, 1},
         {56, 64, 128, 1, 2, 0, 1},
         {28, 128, 128, 3, 1, 0, 3},
         {28, 128, 256, 3, 2, 0, 1},
         {28, 128, 256, 1, 2, 0, 1},
         {14, 256, 256, 3, 1, 0, 3},
         {14, 256, 512, 3, 2, 0, 1},
         {14, 256, 512, 1, 2, 0, 1},
         {7, 512, 512, 3, 1, 0, 3},
         {1, 512, 1000, 1, 1, 0, 1},
     }},
};

enum { OURS, FLOAT, INT8, ENGINES };
#define ROUNDS 25
#define ROUND_MS 4.0

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static uint32_t seed = 1;

static uint32_t pseudo(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * below) >> 32);
}

typedef struct subject {
    pleura_qconv *conv;
    xnn_operator_t operators[ENGINES];
    void *input[ENGINES], *output[ENGINES], *scratch;
} subject;

static void *buffer(size_t count, size_t size)
{
    void *block = calloc(count * size + 256, 1);
    if (!block)
        abort();
    return block;
}

static void must(enum xnn_status status)
{
    if (status != xnn_status_success) {
        printf("XNNPACK: status %d\n", (int)status);
        exit(1);
    }
}

/* XNNPACK's order of a filter, from ours (OIHW). */
static void reorder(const layer *l, const int8_t *from, int8_t *to)
{
    size_t in = l->depthwise ? 1 : l->in, area = (size_t)l->kernel * l->kernel;
    for (size_t o = 0; o < l->out; o++)
        for (size_t c = 0; c < in; c++)
            for (size_t t = 0; t < area; t++)
                to[(o * area + t) * in + c] = from[(o * in + c) * area + t];
}

static void make_peers(const layer *l, subject *s, const int8_t *weights, size_t filter)
{
    unsigned pad = l->kernel / 2, groups = l->depthwise ? l->in : 1;
    size_t in = l->in / groups, out = l->out / groups, size, alignment, h, w;
    int8_t *ordered = buffer(l->out * filter, 1);
    float *floats = buffer(l->out * filter, sizeof *floats);
    float *scales = buffer(l->out, sizeof *scales), *bias = buffer(l->out, sizeof *bias);
    int32_t *ints = buffer(l->out, sizeof *ints);
    reorder(l, weights, ordered);
    for (size_t i = 0; i < l->out * filter; i++)
        floats[i] = (float)ordered[i] * 0.01f;
    for (size_t o = 0; o < l->out; o++)
        scales[o] = 0.001f;
    xnn_operator_t *f = &s->operators[FLOAT], *q = &s->operators[INT8];
    must(xnn_create_convolution2d_nhwc_f32(pad, pad, pad, pad, l->kernel, l->kernel, l->stride,
                                           l->stride, 1, 1, groups, in, out, l->in, l->out, floats,
                                           bias, 0, 6, 0, NULL, NULL, f));
    must(xnn_reshape_convolution2d_nhwc_f32(*f, 1, l->size, l->size, &size, &alignment, &h, &w,
                                            NULL));
    must(xnn_setup_convolution2d_nhwc_f32(*f, buffer(size, 1), s->input[FLOAT], s->output[FLOAT]));
    must(xnn_create_convolution2d_nhwc_qs8_qc8w(
        pad, pad, pad, pad, l->kernel, l->kernel, l->stride, l->stride, 1, 1, groups, in, out,
        l->in, l->out, 3, 0.05f, scales, ordered, ints, -3, 0.05f, -128, 127, 0, NULL, NULL, q));
    must(xnn_reshape_convolution2d_nhwc_qs8_qc8w(*q, 1, l->size, l->size, &size, &alignment, &h, &w,
                                                 NULL));
    must(xnn_setup_convolution2d_nhwc_qs8_qc8w(*q, buffer(size, 1), s->input[INT8],
                                               s->output[INT8]));
    free(ordered);
    free(floats);
    free(scales);
    free(bias);
    free(ints);
}

static void make_ours(const layer *l, subject *s, const int8_t *weights)
{
    unsigned pad = l->kernel / 2, after = (l->size + 2 * pad - l->kernel) / l->stride + 1;
    float *scales = buffer(l->out, sizeof *scales);
    pleura_qconv_spec spec = {.height = l->size,
                              .width = l->size,
                              .channels = l->in,
                              .out_height = after,
                              .out_width = after,
                              .out_channels = l->out,
                              .groups = l->depthwise ? l->in : 1,
                              .kernel = {l->kernel, l->kernel},
                              .stride = {l->stride, l->stride},
                              .dilation = {1, 1},
                              .pad = {pad, pad},
                              .framed = l->in == 3,
                              .weights = weights,
                              .scale = scales,
                              .in_low = -128,
                              .low = -125,
                              .high = 130};
    for (size_t o = 0; o < l->out; o++)
        scales[o] = 0.001f;
    if (!pleura_qconv_fits(&spec) || pleura_qconv_create(&spec, &s->conv, NULL) != PLEURA_OK)
        abort();
    s->scratch = buffer(pleura_qconv_scratch(s->conv), 1);
    free(scales);
}

static void make(const layer *l, subject *s)
{
    size_t filter = (size_t)(l->depthwise ? 1 : l->in) * l->kernel * l->kernel;
    size_t framed = (size_t)(l->size + 8) * (l->size + 8) * pleura_q_stride(l->in);
    size_t after = (size_t)(l->size + 1) * (l->size + 1) * pleura_q_stride(l->out);
    int8_t *weights = buffer(l->out * filter, 1);
    for (size_t i = 0; i < l->out * filter; i++)
        weights[i] = (int8_t)((int)pseudo(255) - 127);
    for (int e = 0; e < ENGINES; e++) {
        s->input[e] = buffer(framed, sizeof(float));
        s->output[e] = buffer(after, sizeof(float));
    }
    for (size_t i = 0; i < framed; i++) {
        int value = (int)pseudo(256) - 128;
        ((int16_t *)s->input[OURS])[i] = (int16_t)value;
        ((float *)s->input[FLOAT])[i] = (float)value * 0.05f;
        ((int8_t *)s->input[INT8])[i] = (int8_t)value;
    }
    make_ours(l, s, weights);
    make_peers(l, s, weights, filter);
    free(weights);
}

static void once(const subject *s, int engine)
{
    if (engine != OURS) {
        must(xnn_run_operator(s->operators[engine], NULL));
        return;
    }
    for (size_t unit = 0; unit < pleura_qconv_units(s->conv); unit++)
        pleura_qconv_run(s->conv, s->input[OURS], s->output[OURS], s->scratch, unit);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const subject *s, double least[ENGINES], double median[ENGINES])
{
    static double times[ENGINES][ROUNDS];
    int runs[ENGINES];
    for (int e = 0; e < ENGINES; e++) { /* long enough for an optimising compiler to come in */
        double begin = now(), spent = 0;
        for (runs[e] = 0; spent < 40 || runs[e] < 3; spent = now() - begin, runs[e]++)
            once(s, e);
        runs[e] = (int)(runs[e] * ROUND_MS / spent) + 1;
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int e = 0; e < ENGINES; e++) {
            double begin = now();
            for (int i = 0; i < runs[e]; i++)
                once(s, e);
            times[e][round] = (now() - begin) / runs[e];
        }
    for (int e = 0; e < ENGINES; e++) {
        qsort(times[e], ROUNDS, sizeof(double), ascending);
        least[e] = times[e][0];
        median[e] = times[e][ROUNDS / 2];
    }
}

static void clear(subject *s)
{
    pleura_qconv_free(s->conv);
    for (int e = 0; e < ENGINES; e++) {
        if (s->operators[e])
            xnn_delete_operator(s->operators[e]);
        free(s->input[e]);
        free(s->output[e]);
    }
    free(s->scratch);
}

static void bench(const net *n)
{
    double total[ENGINES] = {0}, middle[ENGINES] = {0};
    printf("%s\n%-34s x  %27s   %20s\n", n->name, "", "ms: ours, f32, int8 (least)", "GMAC/s");
    for (size_t i = 0; i < n->count; i++) {
        const layer *l = &n->layers[i];
        subject s = {0};
        double least[ENGINES], median[ENGINES];
        make(l, &s);
        measure(&s, least, median);
        unsigned after = (l->size - 1) / l->stride + 1;
        double macs = (double)after * after * l->out * (l->depthwise ? 1 : l->in) * l->kernel *
                      l->kernel * 1e-6;
        printf("%3u x %3u %4u to %4u, %u x %u%s%s %*u  %8.3f %8.3f %8.3f   %6.1f %6.1f %6.1f\n",
               l->size, l->size, l->in, l->out, l->kernel, l->kernel,
               l->stride > 1 ? " by 2" : "     ", l->depthwise ? " dw" : "   ", 2, l->count,
               least[OURS], least[FLOAT], least[INT8], macs / least[OURS], macs / least[FLOAT],
               macs / least[INT8]);
        for (int e = 0; e < ENGINES; e++) {
            total[e] += l->count * least[e];
            middle[e] += l->count * median[e];
        }
        clear(&s);
    }
    printf("convolutions of the net, ms: ours %.2f, XNNPACK f32 %.2f, XNNPACK int8 %.2f (medians: "
           "%.2f %.2f %.2f)\n",
           total[OURS], total[FLOAT], total[INT8], middle[OURS], middle[FLOAT], middle[INT8]);
    printf("ours: %.2f of f32, %.2f of int8\n\n", total[OURS] / total[FLOAT],
           total[OURS] / total[INT8]);
}

int main(void)
{
    must(xnn_initialize(NULL));
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        bench(&nets[i]);
    return 0;
}
