/*
 * Products of bytes by relaxed SIMD: four of them and their sum added to a lane. What the instruction
 * makes of a pixel of 128 and more is the browser's choice: it is asked first, and only the two exact
 * answers are taken, a byte with a sign or without one.
 */
#include "bytes.h"

#ifdef __wasm_relaxed_simd__

#include "requantise.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- What the instruction does ---- */

static int32_t expected(pleura_pixel_kind kind, const int8_t *weights, const uint8_t *pixels)
{
    int32_t sum = 0;
    for (size_t i = 0; i < 4; i++)
        sum += weights[i] * (kind == PLEURA_PIXELS_SIGNED ? (int8_t)pixels[i] : (int)pixels[i]);
    return sum;
}

/* Sixteen bytes that are all the same, and sixteen that differ from one another. */
static bool answers_as(pleura_pixel_kind kind, int8_t weight, uint8_t pixel, int spread)
{
    int8_t weights[16];
    uint8_t pixels[16];
    int32_t sums[4];
    for (int i = 0; i < 16; i++) {
        weights[i] = (int8_t)(weight + 37 * i * spread);
        pixels[i] = (uint8_t)(pixel + 59 * i * spread);
    }
    /* Constants would be multiplied by the compiler's tools, which do not know how. */
    __asm__ volatile("" : : "r"(weights), "r"(pixels) : "memory");
    i32x4_store(sums, wasm_i32x4_relaxed_dot_i8x16_i7x16_add(
                          wasm_v128_load(weights), wasm_v128_load(pixels), i32x4_splat(spread)));
    for (size_t i = 0; i < 4; i++)
        if (sums[i] != spread + expected(kind, weights + 4 * i, pixels + 4 * i))
            return false;
    return true;
}

/* Every weight with pixels from end to end, all the same (where sums of two would saturate) and mixed. */
static bool is(pleura_pixel_kind kind)
{
    for (int weight = INT8_MIN; weight <= INT8_MAX; weight++)
        for (int pixel = 0; pixel <= UINT8_MAX; pixel += 17)
            for (int spread = 0; spread < 2; spread++)
                if (!answers_as(kind, (int8_t)weight, (uint8_t)pixel, spread))
                    return false;
    return true;
}

pleura_pixel_kind pleura_bytes_kind(void)
{
    static pleura_pixel_kind known;
    if (!known)
        known = is(PLEURA_PIXELS_UNSIGNED) ? PLEURA_PIXELS_UNSIGNED
                : is(PLEURA_PIXELS_SIGNED) ? PLEURA_PIXELS_SIGNED
                                           : PLEURA_PIXELS_OTHER;
    return known;
}

/* ---- Pixels as bytes ---- */

/* Up to 15 bytes are written past them, and no more than 8 lanes read. */
INLINE void narrow(const int16_t *from, size_t count, i16x8 raised, v128_t flip, uint8_t *to)
{
    for (size_t i = 0; i < count; i += 16) {
        i16x8 low = i16x8_load(from + i), high = count - i > 8 ? i16x8_load(from + i + 8) : low;
        v128_t bytes = wasm_u8x16_narrow_i16x8(i16x8_add(low, raised), i16x8_add(high, raised));
        wasm_v128_store(to + i, wasm_v128_xor(bytes, flip));
    }
}

void pleura_bytes_gather(const pleura_qconv *conv, const int16_t *input, size_t begin, size_t end,
                         uint8_t *to)
{
    const pleura_qconv_spec *s = &conv->spec;
    const int16_t *pixels[PLEURA_Q_MAX_TAPS];
    size_t length = (size_t)s->channels * (s->framed ? s->kernel[1] : 1);
    bool is_signed = pleura_bytes_kind() == PLEURA_PIXELS_SIGNED;
    i16x8 raised = i16x8_splat(pleura_bytes_raise(s));
    v128_t flip = wasm_i8x16_splat((int8_t)(is_signed ? PLEURA_BYTES_MIDDLE : 0));
    if (conv->in_a_row) {
        narrow(input + begin * conv->depth, (end - begin) * conv->depth, raised, flip, to);
        return;
    }
    size_t oy = begin / s->out_width, ox = begin % s->out_width;
    for (size_t p = begin; p < end; p++, to += conv->depth) {
        pleura_qconv_point(conv, input, oy, ox, pixels, 1);
        for (size_t t = 0; t < conv->taps; t++)
            narrow(pixels[t], length, raised, flip, to + t * length);
        if (++ox == s->out_width) {
            ox = 0;
            oy++;
        }
    }
}

/* ---- Tiles ---- */

typedef struct sums {
    i32x4 low[TILE_ROWS], high[TILE_ROWS];
} sums;

/* What a tile needs of the layer, for TILE_COLUMNS output channels. */
typedef struct columns {
    size_t depth;
    const int8_t *weights;
    const int32_t *bias;
    const float *scale;
    int16_t least[8], most[8];
    float magic[4];
} columns;

INLINE sums sum(const columns *c, const uint8_t *pixels, size_t rows)
{
    sums s;
    const uint8_t *a[TILE_ROWS];
    size_t depth = c->depth;
    for (size_t r = 0; r < rows; r++) {
        a[r] = pixels + r * depth;
        s.low[r] = i32x4_load(c->bias);
        s.high[r] = i32x4_load(c->bias + 4);
    }
    const int8_t *w = c->weights;
    for (size_t d = depth / 4; d > 0; d--, w += 4 * TILE_COLUMNS) {
        v128_t low = wasm_v128_load(w), high = wasm_v128_load(w + 16);
        for (size_t r = 0; r < rows; r++) {
            v128_t four = wasm_v128_load32_splat(a[r]);
            s.low[r] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(low, four, s.low[r]);
            s.high[r] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(high, four, s.high[r]);
            a[r] += 4;
        }
    }
    return s;
}

INLINE i32x4 round_sum(i32x4 sum, f32x4 scale, f32x4 magic)
{
    return i32x4_sub(f32x4_add(f32x4_mul(f32x4_convert(sum), scale), magic), magic);
}

/* As requantise_sum. Its constants are read again for each tile: kept over the loop they take registers
 * that the sums need. */
INLINE void put_steps(const columns *c, const uint8_t *pixels, size_t rows, int16_t *output,
                      size_t stride)
{
    sums s = sum(c, pixels, rows);
    __asm__ volatile("" : "+r"(c) : : "memory");
    f32x4 low = f32x4_load(c->scale), high = f32x4_load(c->scale + 4), magic = f32x4_load(c->magic);
    i16x8 least = i16x8_load(c->least), most = i16x8_load(c->most);
    for (size_t r = 0; r < rows; r++) {
        i16x8 steps =
            i16x8_narrow(round_sum(s.low[r], low, magic), round_sum(s.high[r], high, magic));
        i16x8_store(output + r * stride, i16x8_min(i16x8_max(steps, least), most));
    }
}

/* The last tile begins early enough to be whole: what it computes again is the same. */
static void run_steps(const columns *c, const uint8_t *pixels, size_t count, int16_t *output,
                      size_t stride)
{
    size_t p = 0;
    for (; count >= TILE_ROWS && p < count; p += TILE_ROWS) {
        size_t at = p + TILE_ROWS <= count ? p : count - TILE_ROWS;
        put_steps(c, pixels + at * c->depth, TILE_ROWS, output + at * stride, stride);
    }
    for (; p < count; p++)
        put_steps(c, pixels + p * c->depth, 1, output + p * stride, stride);
}

/* A network's last layer, most often: of one pixel. */
static void run_floats(const columns *c, const uint8_t *pixels, size_t count, float *output,
                       size_t stride, size_t channels)
{
    for (; count > 0; count--, output += stride, pixels += c->depth) {
        sums s = sum(c, pixels, 1);
        float values[TILE_COLUMNS];
        f32x4_store(values, f32x4_mul(f32x4_convert(s.low[0]), f32x4_load(c->scale)));
        f32x4_store(values + 4, f32x4_mul(f32x4_convert(s.high[0]), f32x4_load(c->scale + 4)));
        for (size_t i = 0; i < channels && i < TILE_COLUMNS; i++)
            output[i] = values[i];
    }
}

static void run_block(const pleura_qconv *conv, const uint8_t *pixels, size_t block, size_t begin,
                      size_t count, void *output)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t channel = block * TILE_COLUMNS, stride = pleura_q_stride(s->out_channels);
    columns c = {.depth = conv->depth,
                 .weights = conv->bytes + channel * conv->depth,
                 .bias = conv->bias + channel,
                 .scale = conv->scale + channel};
    i16x8_store(c.least, i16x8_splat(s->low));
    i16x8_store(c.most, i16x8_splat(s->high));
    f32x4_store(c.magic, f32x4_splat(SIMD_MAGIC));
    if (s->float_stride)
        run_floats(&c, pixels, count, (float *)output + begin * s->float_stride + channel,
                   s->float_stride, s->out_channels - channel);
    else
        run_steps(&c, pixels, count, (int16_t *)output + begin * stride + channel, stride);
}

void pleura_bytes_run(const pleura_qconv *conv, const uint8_t *pixels, size_t first, size_t last,
                      size_t begin, size_t count, void *output)
{
    for (size_t block = first; block < last; block++)
        run_block(conv, pixels, block, begin, count, output);
}

#endif
