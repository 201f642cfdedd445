/*
 * Dense layers by products of bytes: four products and their sum added to a lane, in one instruction where
 * the processor has it (VNNI, SDOT). That is at least twice the work of i32x4_dot. All of it is integers,
 * so that whichever way a layer takes, its bits are the same.
 *
 * Pixels under the filter are gathered as bytes, tap after tap, into the unit's scratch.
 */
#include "bytes.h"

#ifdef PLEURA_BYTES

#include "../memory.h"

#define SCRATCH_BYTES 49152 /* of gathered pixels, part of the second cache; see cut() */
#define STORE_BYTES 16      /* a tap's last store may reach so far past it */

bool pleura_qconv_takes_bytes(const pleura_qconv_spec *spec)
{
    return spec->groups == 1 && pleura_bytes_kind() != PLEURA_PIXELS_OTHER;
}

/* ---- Packing ---- */

/* [block][depth / 4][BYTE_COLUMNS][4], and what raising the pixels adds to a sum taken off its bias. */
static bool pack(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t area = (size_t)s->kernel[0] * s->kernel[1], panel = conv->depth * BYTE_COLUMNS;
    int32_t raised = pleura_bytes_raise(s);
    if (pleura_bytes_kind() == PLEURA_PIXELS_SIGNED)
        raised -= PLEURA_BYTES_MIDDLE;
    conv->bytes = pleura_alloc_zero(conv->blocks, panel);
    if (!conv->bytes ||
        !pleura_qconv_make_columns(conv, 1, conv->blocks * (BYTE_COLUMNS / TILE_COLUMNS)))
        return false;
    for (size_t o = 0; o < s->out_channels; o++) {
        const int8_t *from = s->weights + o * s->channels * area;
        int8_t *to = conv->bytes + o / BYTE_COLUMNS * panel + o % BYTE_COLUMNS * 4;
        int32_t sum = 0;
        for (size_t t = 0; t < area; t++)
            for (size_t c = 0; c < s->channels; c++) {
                size_t k = t * s->channels + c;
                to[k / 4 * 4 * BYTE_COLUMNS + k % 4] = from[c * area + t];
                sum += from[c * area + t];
            }
        conv->bias[o] = (int32_t)((uint32_t)conv->bias[o] - (uint32_t)(raised * sum));
    }
    return true;
}

static size_t parts(size_t whole, size_t part)
{
    return (whole + part - 1) / part;
}

/* Units of as many pixels as the scratch takes, or fewer, so that every thread has as many of them; a
 * small image is cut across its output channels too. */
static void cut(pleura_qconv *conv)
{
    size_t pixels = (size_t)conv->spec.out_height * conv->spec.out_width;
    size_t most = SCRATCH_BYTES / conv->depth, threads = conv->spec.threads;
    most = most > BYTE_ROWS ? most : BYTE_ROWS;
    size_t units = parts(pixels, most);
    if (threads > 1 && pixels >= threads * BYTE_ROWS)
        units = parts(units, threads) * threads;
    size_t each = parts(pixels, units), whole_tiles = parts(each, BYTE_ROWS) * BYTE_ROWS;
    conv->pixels_per_unit = each < 4 * BYTE_ROWS || whole_tiles > most ? each : whole_tiles;
    pleura_qconv_cut(conv, pixels, conv->blocks);
    conv->scratch = (conv->pixels_per_unit * conv->depth / STORE_BYTES + 2) * STORE_BYTES;
}

/* ---- Running ---- */

static void run_bytes(const pleura_qconv *conv, const int16_t *input, void *output, void *scratch,
                      size_t unit)
{
    size_t pixels = (size_t)conv->spec.out_height * conv->spec.out_width;
    size_t across = (conv->blocks + conv->blocks_per_unit - 1) / conv->blocks_per_unit;
    size_t begin = unit / across * conv->pixels_per_unit, end = begin + conv->pixels_per_unit;
    size_t first = unit % across * conv->blocks_per_unit, last = first + conv->blocks_per_unit;
    if (end > pixels)
        end = pixels;
    if (last > conv->blocks)
        last = conv->blocks;
    pleura_bytes_gather(conv, input, begin, end, scratch);
    pleura_bytes_run(conv, scratch, first, last, begin, end - begin, output);
}

static bool is_in_a_row(const pleura_qconv_spec *s)
{
    return s->kernel[0] == 1 && s->kernel[1] == 1 && s->stride[0] == 1 && s->stride[1] == 1 &&
           s->pad[0] == 0 && s->pad[1] == 0 && s->out_width == s->width && !s->framed;
}

bool pleura_qconv_make_bytes(pleura_qconv *conv)
{
    const pleura_qconv_spec *s = &conv->spec;
    size_t taps = (size_t)s->kernel[0] * s->kernel[1];
    pleura_qconv_lay_out(conv);
    conv->blocks = (s->out_channels + BYTE_COLUMNS - 1) / BYTE_COLUMNS;
    conv->taps = s->framed ? s->kernel[0] : taps;
    conv->in_a_row = is_in_a_row(s);
    conv->depth = conv->in_a_row ? conv->in_stride : (taps * s->channels + 3) / 4 * 4;
    conv->run = run_bytes;
    conv->cost = (uint64_t)s->out_height * s->out_width * conv->blocks * BYTE_COLUMNS * conv->depth;
    cut(conv);
    return pack(conv);
}

#endif
