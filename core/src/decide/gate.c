#include "gate.h"

#include "../text.h"

static void check_size(const pleura_image_info *info, uint32_t min_side, pleura_reasons *reasons)
{
    uint32_t side = info->width < info->height ? info->width : info->height;
    if (side < min_side)
        pleura_reasons_add(reasons, PLEURA_REASON_TOO_SMALL,
                           "The image has %u x %u pixels; each side needs at least %u.",
                           (unsigned)info->width, (unsigned)info->height, (unsigned)min_side);
}

static void check_proportions(const pleura_image_info *info, pleura_reasons *reasons)
{
    double w = info->width, h = info->height, ratio = w > h ? w / h : h / w;
    pleura_number number;
    if (ratio > PLEURA_GATE_MAX_ASPECT)
        pleura_reasons_add(reasons, PLEURA_REASON_PROPORTIONS,
                           "The image is %u x %u pixels, %s times as %s: a strip, not a film.",
                           (unsigned)info->width, (unsigned)info->height,
                           pleura_fixed_text(&number, ratio, 1),
                           w > h ? "wide as high" : "high as wide");
}

static void check_colour(const pleura_image_info *info, pleura_reasons *reasons)
{
    pleura_number mean, most;
    if (info->chroma > (float)PLEURA_GATE_MAX_CHROMA)
        pleura_reasons_add(reasons, PLEURA_REASON_COLOUR,
                           "The image is coloured as no radiograph is (mean difference of the "
                           "colours %s, at most %s).",
                           pleura_fixed_text(&mean, (double)info->chroma, 3),
                           pleura_fixed_text(&most, PLEURA_GATE_MAX_CHROMA, 3));
}

enum { BINS = 1024, GRID = 256 };

/* Counts at most 256 x 256 samples, spread evenly; returns how many. */
static uint32_t histogram(const pleura_image *image, const pleura_image_info *info,
                          uint32_t bins[BINS])
{
    const uint16_t *samples = pleura_image_samples(image);
    uint32_t columns = info->width < GRID ? info->width : GRID;
    uint32_t rows = info->height < GRID ? info->height : GRID;
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < columns; j++) {
            size_t y = (size_t)((uint64_t)i * info->height / rows);
            size_t x = (size_t)((uint64_t)j * info->width / columns);
            bins[samples[y * info->width + x] * (uint32_t)BINS >> 16]++;
        }
    return rows * columns;
}

/* The first bin at which more than `share` of the samples are counted. */
static uint32_t quantile(const uint32_t bins[BINS], uint32_t count, double share)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < BINS; i++) {
        sum += bins[i];
        if (sum > share * count)
            return i;
    }
    return BINS - 1;
}

static void check_contrast(const pleura_image *image, const pleura_image_info *info,
                           pleura_reasons *reasons)
{
    uint32_t bins[BINS] = {0};
    uint32_t count = histogram(image, info, bins);
    double spread = (quantile(bins, count, 0.99) - quantile(bins, count, 0.01)) / (double)BINS;
    pleura_number found, least;
    if (spread < PLEURA_GATE_MIN_CONTRAST)
        pleura_reasons_add(reasons, PLEURA_REASON_BLANK,
                           "The image has next to no contrast: its greys span %s %% of the range, "
                           "%s %% are needed%s.",
                           pleura_fixed_text(&found, 100 * spread, 1),
                           pleura_fixed_text(&least, 100 * PLEURA_GATE_MIN_CONTRAST, 0),
                           info->bits == 16 && !info->dicom
                               ? " (12-bit samples in a 16-bit file must be scaled "
                                 "to its range)"
                               : "");
}

void pleura_gate(const pleura_image *image, const pleura_gate_limits *limits,
                 pleura_reasons *reasons)
{
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    check_size(&info, limits->min_side, reasons);
    check_proportions(&info, reasons);
    check_colour(&info, reasons);
    check_contrast(image, &info, reasons);
    if (info.dicom)
        pleura_gate_dicom(info.dicom, limits, reasons);
}
