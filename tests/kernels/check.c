#include "check.h"

#include "plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t seed;
static uint64_t hash;
static char message[400];

static uint32_t pseudo(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * below) >> 32);
}

static void *allocate(size_t count, size_t size)
{
    void *block = calloc(count * size + PLEURA_Q_SLACK, 1);
    if (!block)
        abort();
    return block;
}

static void digest_of(const int16_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ (uint16_t)values[i]) * 0x100000001b3u;
}

/* ---- Data: ordinary, or all at one of the ends ---- */

static int16_t *activations(size_t count, bool extreme)
{
    int16_t *values = allocate(count, sizeof *values);
    int zero = (int)pseudo(256);
    for (size_t i = 0; i < count; i++)
        values[i] = (int16_t)((extreme ? (int)pseudo(2) * 255 : (int)pseudo(256)) - zero);
    return values;
}

/* As the kernels want it: channels padded to a multiple of 8, here with values that must not matter. */
static int16_t *padded(const int16_t *values, size_t pixels, size_t channels)
{
    size_t stride = pleura_q_stride(channels);
    int16_t *out = activations(pixels * stride + PLEURA_Q_SLACK / 2, true);
    for (size_t p = 0; p < pixels; p++)
        memcpy(out + p * stride, values + p * channels, channels * sizeof *out);
    return out;
}

/* Takes a kernel's output out of its padding and compares. */
static bool same(const int16_t *found, const int16_t *wanted, size_t pixels, size_t channels,
                 const char *what)
{
    size_t stride = pleura_q_stride(channels);
    for (size_t p = 0; p < pixels; p++) {
        digest_of(found + p * stride, channels);
        for (size_t c = 0; c < channels && !*message; c++)
            if (found[p * stride + c] != wanted[p * channels + c])
                snprintf(message, sizeof message, "%s: pixel %zu, channel %zu is %d, not %d", what,
                         p, c, found[p * stride + c], wanted[p * channels + c]);
    }
    return !*message;
}

/* ---- Convolution ---- */

typedef struct conv_case {
    uint32_t size[2], channels, out_channels, groups, kernel[2], stride[2], dilation[2], pad[4];
} conv_case;

static uint32_t reach(const conv_case *c, int axis)
{
    uint32_t padded_size = c->size[axis] + c->pad[axis] + c->pad[2 + axis];
    uint32_t window = (c->kernel[axis] - 1) * c->dilation[axis] + 1;
    return padded_size < window ? 0 : (padded_size - window) / c->stride[axis] + 1;
}

static void describe_conv(const pleura_qconv_spec *s, char text[200])
{
    snprintf(text, 200,
             "conv %ux%ux%u to %ux%ux%u, groups %u, kernel %ux%u, stride %ux%u, dilation %ux%u, "
             "pad %u %u%s",
             s->height, s->width, s->channels, s->out_height, s->out_width, s->out_channels,
             s->groups, s->kernel[0], s->kernel[1], s->stride[0], s->stride[1], s->dilation[0],
             s->dilation[1], s->pad[0], s->pad[1], s->framed ? ", framed" : "");
}

static void fill_filter(const pleura_qconv_spec *s, int8_t *weights, int32_t *bias, float *scale,
                        bool extreme)
{
    size_t filter = (size_t)s->channels / s->groups * s->kernel[0] * s->kernel[1];
    float largest = 1; /* of the scales that are taken, a power of two: ties are frequent */
    while (largest * (255 * 128 * (float)filter + 10000) >= 1 << 21)
        largest /= 2;
    for (size_t i = 0; i < s->out_channels * filter; i++)
        weights[i] = (int8_t)(extreme ? (int)pseudo(2) * 255 - 128 : (int)pseudo(256) - 128);
    for (size_t o = 0; o < s->out_channels; o++) {
        static const float odd[] = {0.5f, 0.25f, 1, 1e-10f, 0};
        bias[o] = (int32_t)pseudo(20001) - 10000;
        scale[o] = extreme ? odd[pseudo(5)] * largest
                           : (float)(1 + pseudo(1000)) * 1e-5f / (1 + (float)filter * 0.1f);
    }
}

static int16_t *framed(const pleura_qconv_spec *s, const int16_t *input)
{
    pleura_qframe frame = pleura_qconv_frame(s);
    size_t count = (size_t)s->height * s->width * s->channels;
    float *values = allocate(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)input[i] * 0.25f;
    int16_t *out = allocate((frame.top + s->height + frame.bottom) *
                                (size_t)(frame.left + s->width + frame.right) * frame.stride,
                            sizeof *out);
    pleura_qimage image = {values, s->height, s->width, s->channels, false};
    pleura_q_quantise(&image, 0.25f, -255, 255, &frame, out);
    free(values);
    return out;
}

static bool run_conv(const pleura_qconv_spec *s, const int16_t *input, const int16_t *wanted)
{
    size_t pixels = (size_t)s->out_height * s->out_width;
    int16_t *in =
        s->framed ? framed(s, input) : padded(input, (size_t)s->height * s->width, s->channels);
    int16_t *out = allocate(pixels * pleura_q_stride(s->out_channels), sizeof *out);
    pleura_qconv *conv;
    char text[200];
    describe_conv(s, text);
    if (!pleura_qconv_fits(s) || pleura_qconv_create(s, &conv, NULL) != PLEURA_OK) {
        snprintf(message, sizeof message, "%s: not taken", text);
        return false;
    }
    void *scratch = allocate(pleura_qconv_scratch(conv), 1);
    for (size_t unit = pleura_qconv_units(conv); unit-- > 0;) /* in any order */
        pleura_qconv_run(conv, in, out, scratch, unit);
    bool ok = same(out, wanted, pixels, s->out_channels, text);
    pleura_qconv_free(conv);
    free(scratch);
    free(in);
    free(out);
    return ok;
}

/* The same layer without rounding: sums times the scale. */
static bool run_conv_to_floats(const pleura_qconv_spec *spec, const int16_t *input)
{
    pleura_qconv_spec s = *spec;
    size_t pixels = (size_t)s.out_height * s.out_width;
    s.float_stride = s.out_channels + 3;
    s.framed = false;
    int16_t *in = padded(input, (size_t)s.height * s.width, s.channels);
    float *found = allocate(pixels * s.float_stride, sizeof *found);
    float *wanted = allocate(pixels * s.out_channels, sizeof *wanted);
    pleura_qconv *conv;
    if (pleura_qconv_create(&s, &conv, NULL) != PLEURA_OK)
        abort();
    void *scratch = allocate(pleura_qconv_scratch(conv), 1);
    for (size_t unit = 0; unit < pleura_qconv_units(conv); unit++)
        pleura_qconv_run(conv, in, found, scratch, unit);
    plain_conv_to_floats(&s, input, wanted);
    for (size_t i = 0; i < pixels * s.out_channels && !*message; i++) {
        float value = found[i / s.out_channels * s.float_stride + i % s.out_channels];
        if (value != wanted[i])
            snprintf(message, sizeof message, "conv to floats: %g, not %g", (double)value,
                     (double)wanted[i]);
    }
    pleura_qconv_free(conv);
    free(scratch);
    free(in);
    free(found);
    free(wanted);
    return !*message;
}

static bool check_conv(const conv_case *c, bool extreme)
{
    pleura_qconv_spec s = {.height = c->size[0],
                           .width = c->size[1],
                           .channels = c->channels,
                           .out_height = reach(c, 0),
                           .out_width = reach(c, 1),
                           .out_channels = c->out_channels,
                           .groups = c->groups,
                           .threads = 1 + c->size[0] % 2,
                           .low = extreme ? -255 : (int16_t)-pseudo(256),
                           .high = extreme ? 255 : (int16_t)pseudo(256)};
    memcpy(s.kernel, c->kernel, sizeof s.kernel);
    memcpy(s.stride, c->stride, sizeof s.stride);
    memcpy(s.dilation, c->dilation, sizeof s.dilation);
    memcpy(s.pad, c->pad, sizeof s.pad);
    if (!s.out_height || !s.out_width)
        return true;
    size_t filter = (size_t)c->channels / c->groups * c->kernel[0] * c->kernel[1];
    int8_t *weights = allocate(c->out_channels * filter, 1);
    int32_t *bias = allocate(c->out_channels, sizeof *bias);
    float *scale = allocate(c->out_channels, sizeof *scale);
    fill_filter(&s, weights, bias, scale, extreme);
    s.weights = weights;
    s.bias = pseudo(4) ? bias : NULL;
    s.scale = scale;
    int16_t *input = activations((size_t)s.height * s.width * s.channels, extreme);
    for (size_t i = 0; i < (size_t)s.height * s.width * s.channels; i++)
        s.in_low = input[i] < s.in_low ? input[i] : s.in_low;
    int16_t *wanted = allocate((size_t)s.out_height * s.out_width * s.out_channels, sizeof *wanted);
    plain_conv(&s, input, wanted);
    bool ok = run_conv(&s, input, wanted) && (extreme || run_conv_to_floats(&s, input));
    s.framed = true;
    if (ok && pleura_qconv_may_frame(&s))
        ok = run_conv(&s, input, wanted);
    free(weights);
    free(bias);
    free(scale);
    free(input);
    free(wanted);
    return ok;
}

/* Layers as networks have them: each way through the kernels at least once. */
static const conv_case layers[] = {
    {{14, 14}, 16, 24, 1, {1, 1}, {1, 1}, {1, 1}, {0}},
    {{15, 13}, 3, 32, 1, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
    {{17, 19}, 1, 8, 1, {7, 7}, {2, 2}, {1, 1}, {3, 3, 3, 3}},
    {{14, 14}, 64, 64, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {{7, 7}, 128, 40, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {{9, 10}, 32, 24, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {{9, 9}, 40, 72, 1, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
    {{56, 56}, 64, 16, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {{1, 1}, 1280, 100, 1, {1, 1}, {1, 1}, {1, 1}, {0}},
    {{7, 7}, 32, 10, 1, {7, 7}, {1, 1}, {1, 1}, {0}},
    {{14, 14}, 96, 96, 96, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {{15, 15}, 20, 20, 20, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
    {{16, 16}, 24, 24, 24, {5, 5}, {2, 2}, {1, 1}, {2, 2, 2, 2}},
    {{11, 11}, 8, 8, 8, {3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2}},
    {{6, 6}, 12, 24, 12, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {{9, 7}, 32, 64, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {{9, 7}, 15, 25, 5, {1, 1}, {1, 1}, {1, 1}, {0}},
    {{12, 10}, 17, 17, 1, {1, 7}, {1, 1}, {1, 1}, {0, 3, 0, 3}},
    {{30, 30}, 4, 5, 1, {22, 23}, {1, 1}, {1, 1}, {1, 2, 3, 4}},
    {{31, 29}, 144, 144, 144, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {{16, 16}, 72, 72, 72, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
    {{12, 12}, 104, 104, 104, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}},
    {{13, 13}, 100, 200, 1, {1, 1}, {1, 1}, {1, 1}, {0}},
    {{13, 13}, 64, 136, 1, {1, 1}, {2, 2}, {1, 1}, {0}},
};

static conv_case random_case(void)
{
    uint32_t groups = pseudo(3) ? 1 : 1 + pseudo(6);
    conv_case c = {.size = {1 + pseudo(14), 1 + pseudo(14)},
                   .channels = groups * (1 + pseudo(groups > 1 ? 7 : 40)),
                   .out_channels = groups * (1 + pseudo(groups > 1 ? 12 : 40)),
                   .groups = groups};
    if (!pseudo(4))
        c.groups = c.out_channels = c.channels;
    for (int axis = 0; axis < 2; axis++) {
        c.kernel[axis] = 1 + pseudo(5);
        c.stride[axis] = 1 + pseudo(3);
        c.dilation[axis] = pseudo(3) ? 1 : 1 + pseudo(3);
        c.pad[axis] = pseudo(4);
        c.pad[2 + axis] = pseudo(4);
    }
    if (!pseudo(3)) { /* the commonest filter, at any size */
        c.kernel[0] = c.kernel[1] = 3;
        c.stride[0] = c.stride[1] = c.dilation[0] = c.dilation[1] = 1;
    }
    return c;
}

static bool check_convs(void)
{
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        if (!check_conv(&layers[i], false) || !check_conv(&layers[i], true))
            return false;
    for (int i = 0; i < 400; i++) {
        conv_case c = random_case();
        if (!check_conv(&c, i % 4 == 0))
            return false;
    }
    return true;
}

/* ---- Pooling ---- */

static bool check_pool(void)
{
    pleura_qpool p = {.height = 1 + pseudo(14),
                      .width = 1 + pseudo(14),
                      .channels = 1 + pseudo(30),
                      .average = pseudo(2),
                      .count_padding = pseudo(2),
                      .ratio = pseudo(2) ? 1 : 0.5f + (float)pseudo(100) * 0.01f,
                      .low = (int16_t)-pseudo(256),
                      .high = (int16_t)pseudo(256)};
    uint32_t size[2] = {p.height, p.width}, after, out[2];
    for (int axis = 0; axis < 2; axis++) {
        p.kernel[axis] = 1 + pseudo(4);
        p.stride[axis] = 1 + pseudo(3);
        p.dilation[axis] = p.average || pseudo(3) ? 1 : 2;
        p.pad[axis] = pseudo(p.kernel[axis]);
        after = pseudo(p.kernel[axis]);
        (axis ? &p.padded_width : &p.padded_height)[0] = size[axis] + after;
        conv_case c = {.size = {size[axis]},
                       .kernel = {p.kernel[axis]},
                       .stride = {p.stride[axis]},
                       .dilation = {p.dilation[axis]},
                       .pad = {p.pad[axis], 0, after}};
        out[axis] = reach(&c, 0);
        bool another = out[axis] * p.stride[axis] < size[axis] + p.pad[axis];
        out[axis] += another && pseudo(2); /* ceil_mode */
    }
    p.out_height = out[0];
    p.out_width = out[1];
    size_t pixels = (size_t)p.out_height * p.out_width;
    int16_t *input = activations((size_t)p.height * p.width * p.channels, false);
    int16_t *in = padded(input, (size_t)p.height * p.width, p.channels);
    int16_t *wanted = allocate(pixels * p.channels, sizeof *wanted);
    int16_t *found = allocate(pixels * pleura_q_stride(p.channels), sizeof *found);
    plain_pool(&p, input, wanted);
    for (size_t row = 0; row < p.out_height; row++)
        pleura_qpool_row(&p, in, found, row);
    bool ok = same(found, wanted, pixels, p.channels, p.average ? "average" : "maximum");
    free(input);
    free(in);
    free(wanted);
    free(found);
    return ok;
}

/* ---- Element by element ---- */

static bool check_add(void)
{
    size_t count = 8 * (1 + pseudo(40));
    int16_t *a = activations(count, false), *b = activations(count, !pseudo(4));
    int16_t *found = allocate(count, sizeof *found), *wanted = allocate(count, sizeof *wanted);
    float ra = (float)(1 + pseudo(300)) * 0.01f, rb = pseudo(3) ? (float)pseudo(300) * 0.01f : 0.5f;
    int16_t low = (int16_t)-pseudo(256), high = (int16_t)pseudo(256);
    for (size_t i = 0; i < count; i++) {
        float x = (float)a[i] * ra, y = (float)b[i] * rb;
        wanted[i] = plain_steps(x + y, low, high);
    }
    pleura_q_add(a, b, count, ra, rb, low, high, found);
    bool ok = same(found, wanted, 1, count, "sum");
    for (size_t i = 0; i < count; i++)
        wanted[i] = plain_steps((float)a[i] * ra, low, high);
    pleura_q_rescale(a, count, ra, low, high, found);
    ok = ok && same(found, wanted, 1, count, "change of scale");
    free(a);
    free(b);
    free(found);
    free(wanted);
    return ok;
}

static bool check_place(void)
{
    size_t pixels = 1 + pseudo(20), channels = 1 + pseudo(30), before = pseudo(20);
    size_t all = before + channels + pseudo(20);
    int16_t *input = activations(pixels * channels, false), *in = padded(input, pixels, channels);
    int16_t *wanted = activations(pixels * all, false), *out = padded(wanted, pixels, all);
    float ratio = pseudo(2) ? 1 : (float)(1 + pseudo(300)) * 0.01f;
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++)
            wanted[p * all + before + c] =
                plain_steps((float)input[p * channels + c] * ratio, -128, 127);
    pleura_q_place(in, pixels, channels, ratio, -128, 127, out, all, before);
    bool ok = same(out, wanted, pixels, all, "place among channels");
    free(input);
    free(in);
    free(wanted);
    free(out);
    return ok;
}

static float any_float(void)
{
    static const float odd[] = {0.0f, -0.0f, 0.5f, 1.5f, -2.5f, 1e30f, -1e30f, 1e-40f};
    switch (pseudo(4)) {
    case 0:
        return odd[pseudo(8)];
    case 1: /* every tie */
        return (float)((int)pseudo(1200) - 600) * 0.5f;
    default:
        return ((float)pseudo(1 << 20) - (1 << 19)) * 1e-3f;
    }
}

static bool check_floats(void)
{
    uint32_t height = 1 + pseudo(5), width = 1 + pseudo(9), channels = 1 + pseudo(19);
    size_t pixels = (size_t)height * width, stride = pleura_q_stride(channels);
    float step = pseudo(2) ? 1 : (float)(1 + pseudo(1000)) * 0.003f;
    float *values = allocate(pixels * channels, sizeof *values), *back;
    int16_t *wanted = allocate(pixels * channels, sizeof *wanted);
    int16_t *found = allocate(pixels * stride, sizeof *found);
    for (size_t i = 0; i < pixels * channels; i++) {
        values[i] = any_float();
        wanted[i] = plain_steps(values[i] / step, -100, 155);
    }
    pleura_qframe frame = {.stride = (uint32_t)stride};
    pleura_qimage image = {values, height, width, channels, false};
    pleura_q_quantise(&image, step, -100, 155, &frame, found);
    bool ok = same(found, wanted, pixels, channels, "quantise");
    float *planes = allocate(pixels * channels, sizeof *planes);
    for (size_t i = 0; i < pixels * channels; i++)
        planes[i % channels * pixels + i / channels] = values[i];
    image = (pleura_qimage){planes, height, width, channels, true};
    pleura_q_quantise(&image, step, -100, 155, &frame, found);
    ok = ok && same(found, wanted, pixels, channels, "quantise planes");
    free(planes);
    back = allocate(pixels * channels, sizeof *back);
    pleura_q_dequantise(found, pixels, channels, step, back, channels);
    for (size_t i = 0; ok && i < pixels * channels; i++)
        if (back[i] != (float)wanted[i] * step) {
            snprintf(message, sizeof message, "dequantise: %g, not %g", (double)back[i],
                     (double)((float)wanted[i] * step));
            ok = false;
        }
    free(values);
    free(back);
    free(wanted);
    free(found);
    return ok;
}

const char *check_kernels(uint64_t *digest)
{
    seed = 1;
    hash = 0xcbf29ce484222325u;
    *message = 0;
    bool ok = check_convs();
    for (int i = 0; ok && i < 200; i++)
        ok = check_pool() && check_add() && check_place() && check_floats();
    *digest = hash;
    return ok ? NULL : message;
}
