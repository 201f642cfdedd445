#include "resize.h"

#include "../error.h"
#include "../memory.h"

pleura_grey_view pleura_grey_view_of(const pleura_image *image)
{
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    return (pleura_grey_view){.samples = pleura_image_samples(image),
                              .width = info.width,
                              .height = info.height,
                              .stride = info.width};
}

/* What one target pixel takes from an axis: `count` source pixels from `first`, of which the first
 * and the last are weighted and those between count 1. */
typedef struct span {
    uint32_t first, count;
    float head, tail;
} span;

static span area_span(uint32_t i, double scale, uint32_t source)
{
    double begin = i * scale, end = (i + 1) * scale;
    if (end > source)
        end = source;
    uint32_t first = (uint32_t)begin, last = (uint32_t)end;
    /* An end on a pixel's edge takes nothing of the pixel behind it. */
    if (last > first && (last == source || end == last))
        last--;
    span s = {.first = first, .count = last - first + 1};
    s.head = (float)(s.count > 1 ? first + 1 - begin : end - begin);
    s.tail = (float)(end - last);
    return s;
}

static span linear_span(uint32_t i, double scale, uint32_t source)
{
    double centre = (i + 0.5) * scale - 0.5;
    if (centre < 0)
        centre = 0;
    uint32_t first = (uint32_t)centre;
    if (first >= source - 1)
        return (span){.first = source - 1, .count = 1, .head = 1};
    float part = (float)(centre - first);
    return (span){.first = first, .count = 2, .head = 1 - part, .tail = part};
}

/* What is left of a span without the black pixels before and behind the source. */
static span without_border(span s, uint32_t border, uint32_t source)
{
    uint32_t begin = s.first > border ? s.first : border;
    uint32_t end = s.first + s.count < border + source ? s.first + s.count : border + source;
    if (begin >= end)
        return (span){.count = 1};
    float last = s.count > 1 ? s.tail : s.head;
    float head = begin == s.first ? s.head : begin + 1 == s.first + s.count ? last : 1;
    float tail = end == s.first + s.count ? last : 1;
    return (span){.first = begin - border, .count = end - begin, .head = head, .tail = tail};
}

/* The spans of one axis; *scale is what their sums are to be divided by. */
static void fill_spans(span *spans, uint32_t source, uint32_t border, uint32_t target,
                       double *scale)
{
    uint32_t whole = source + 2 * border;
    double ratio = (double)whole / target;
    *scale = target > whole ? 1 : ratio;
    for (uint32_t i = 0; i < target; i++) {
        span s = target > whole ? linear_span(i, ratio, whole) : area_span(i, ratio, whole);
        spans[i] = border ? without_border(s, border, source) : s;
    }
}

static void set_row(float *restrict sums, const uint16_t *restrict row, size_t count, float weight)
{
    for (size_t x = 0; x < count; x++)
        sums[x] = weight * (float)row[x];
}

static void add_row(float *restrict sums, const uint16_t *restrict row, size_t count, float weight)
{
    for (size_t x = 0; x < count; x++)
        sums[x] += weight * (float)row[x];
}

/* The nearest of the greys of an 8-bit file, which are v x 257; no sample lies in the middle of two. */
static uint16_t to_byte(uint16_t sample)
{
    return (uint16_t)((sample * 255u + 32767u) / 65535u * 257u);
}

static const uint16_t *row_at(const pleura_grey_view *source, uint32_t y, uint16_t *bytes)
{
    const uint16_t *row = source->samples + y * source->stride;
    if (!source->in_bytes)
        return row;
    for (uint32_t x = 0; x < source->width; x++)
        bytes[x] = to_byte(row[x]);
    return bytes;
}

/* Adds whole rows first up, in one contiguous loop each, which compilers turn into vectors. */
static void sum_rows(float *sums, const pleura_grey_view *source, span rows, uint16_t *bytes)
{
    set_row(sums, row_at(source, rows.first, bytes), source->width, rows.head);
    for (uint32_t i = 1; i < rows.count; i++)
        add_row(sums, row_at(source, rows.first + i, bytes), source->width,
                i + 1 == rows.count ? rows.tail : 1.0f);
}

static void sum_columns(float *out, const float *sums, const span *columns, uint32_t width,
                        double factor)
{
    for (uint32_t x = 0; x < width; x++) {
        span s = columns[x];
        const float *p = sums + s.first;
        double sum = (double)s.head * p[0];
        for (uint32_t i = 1; i + 1 < s.count; i++)
            sum += p[i];
        if (s.count > 1)
            sum += (double)s.tail * p[s.count - 1];
        out[x] = (float)(sum * factor);
    }
}

pleura_code pleura_resize(const pleura_grey_view *source, const pleura_plane *target,
                          pleura_error *error)
{
    size_t axis = (size_t)target->width + target->height;
    size_t size = axis * sizeof(span) + source->width * (sizeof(float) + sizeof(uint16_t));
    span *columns = pleura_alloc(size);
    if (!columns)
        return pleura_fail_memory(error, size, "resizing");
    span *rows = columns + target->width;
    float *sums = (float *)(void *)(columns + axis);
    uint16_t *bytes = (uint16_t *)(void *)(sums + source->width);
    double across, down;
    fill_spans(columns, source->width, source->beside, target->width, &across);
    fill_spans(rows, source->height, source->above, target->height, &down);
    double factor = 1 / (across * down * 65535.0);
    for (uint32_t y = 0; y < target->height; y++) {
        sum_rows(sums, source, rows[y], bytes);
        sum_columns(target->values + y * target->stride, sums, columns, target->width, factor);
    }
    pleura_free(columns);
    return PLEURA_OK;
}
