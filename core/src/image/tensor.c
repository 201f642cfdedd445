#include "tensor.h"

#include "../error.h"
#include "resize.h"

#include <math.h>
#include <string.h>

/* round(a * b / c), at least 1: a side that keeps proportions. */
static uint32_t proportional(uint32_t a, uint32_t b, uint32_t c)
{
    uint64_t side = ((uint64_t)a * b + c / 2) / c;
    return side ? (uint32_t)side : 1;
}

/* The middle of the image with the frame's proportions, to the nearest pixel; on odd differences
 * half / 2 - side / 2, as TorchXRayVision's centre crop does. */
static void crop(pleura_grey_view *view, uint32_t width, uint32_t height)
{
    uint32_t w = view->width, h = view->height;
    if ((uint64_t)w * height > (uint64_t)h * width)
        w = proportional(h, width, height);
    else
        h = proportional(w, height, width);
    w = w < view->width ? w : view->width;
    h = h < view->height ? h : view->height;
    view->samples += (view->height / 2 - h / 2) * view->stride + (view->width / 2 - w / 2);
    view->width = w;
    view->height = h;
}

/* Pixels to cut off, or to add in black, at each end of a side of which at least one pixel stays. */
static uint32_t edge(uint32_t side, double cut)
{
    uint32_t pixels = (uint32_t)rint(fabs(cut) * side);
    return cut > 0 && pixels > (side - 1) / 2 ? (side - 1) / 2 : pixels;
}

static void reframe(pleura_grey_view *view, double cut)
{
    uint32_t x = edge(view->width, cut), y = edge(view->height, cut);
    if (cut < 0) {
        view->beside = x;
        view->above = y;
    } else {
        view->samples += y * view->stride + x;
        view->width -= 2 * x;
        view->height -= 2 * y;
    }
}

typedef struct pleura_frame {
    uint32_t left, top, width, height;
} pleura_frame;

/* The part of a frame that the whole image fills, in its middle. */
static pleura_frame padded(uint32_t frame_width, uint32_t frame_height, uint32_t width,
                           uint32_t height)
{
    uint32_t w = frame_width, h = frame_height;
    if ((uint64_t)width * h > (uint64_t)height * w)
        h = proportional(w, height, width);
    else
        w = proportional(h, width, height);
    w = w < frame_width ? w : frame_width;
    h = h < frame_height ? h : frame_height;
    return (pleura_frame){(frame_width - w) / 2, (frame_height - h) / 2, w, h};
}

/* Narrows the plane to that part; the rest is set to black. */
static void pad(pleura_plane *plane, uint32_t width, uint32_t height)
{
    pleura_frame part = padded(plane->width, plane->height, width, height);
    memset(plane->values, 0, plane->stride * plane->height * sizeof(float));
    plane->values += part.top * plane->stride + part.left;
    plane->width = part.width;
    plane->height = part.height;
}

static void scale_to_range(float *values, size_t count, float low, float high)
{
    if (low == 0 && high == 1)
        return;
    for (size_t i = 0; i < count; i++)
        values[i] = low + values[i] * (high - low);
}

static void mean_and_std(const float *values, size_t count, double *mean, double *std)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    *mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - *mean) * (values[i] - *mean);
    *std = sqrt(squares / (double)count);
}

static void normalise(float *out, const float *values, size_t count, double mean, double std)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (float)((values[i] - mean) / std);
}

/* The grey plane stands in the first channel: it is replaced last. */
static void fill_channels(const pleura_input_spec *spec, float *tensor, size_t plane)
{
    double mean = 0, std = 0;
    bool per_image = spec->normalise == PLEURA_NORMALISE_PER_IMAGE;
    if (per_image)
        mean_and_std(tensor, plane, &mean, &std);
    if (std < spec->std_floor)
        std = spec->std_floor;
    for (uint32_t c = spec->channels; c-- > 0;)
        if (per_image)
            normalise(tensor + c * plane, tensor, plane, mean, std);
        else
            normalise(tensor + c * plane, tensor, plane, spec->mean[c], spec->std[c]);
}

static bool legal(const pleura_input_spec *spec)
{
    return (spec->channels == 1 || spec->channels == 3) && spec->width && spec->height;
}

pleura_code pleura_tensor_from_image(const pleura_input_spec *spec, const pleura_image *image,
                                     float *tensor, size_t count, pleura_error *error)
{
    if (!spec || !image || !tensor || !legal(spec))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "Preprocessing: a NULL argument, or an input that is not 1 or 3 "
                           "channels of at least 1 x 1.");
    size_t plane = (size_t)spec->width * spec->height;
    if (count != plane * spec->channels)
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "Preprocessing: room for %zu floats, %u x %u x %u = %zu needed.", count,
                           (unsigned)spec->channels, (unsigned)spec->height, (unsigned)spec->width,
                           plane * spec->channels);
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    pleura_grey_view source = pleura_grey_view_of(image);
    source.in_bytes = spec->in_bytes;
    pleura_plane target = {tensor, spec->width, spec->height, spec->width};
    if (spec->fit == PLEURA_FIT_CROP)
        crop(&source, spec->width, spec->height);
    else if (spec->fit == PLEURA_FIT_PAD)
        pad(&target, info.width, info.height);
    else
        reframe(&source, spec->cut);
    pleura_code code = pleura_resize(&source, &target, error);
    if (code != PLEURA_OK)
        return code;
    scale_to_range(tensor, plane, spec->range_low, spec->range_high);
    fill_channels(spec, tensor, plane);
    return PLEURA_OK;
}

void pleura_tensor_region(const pleura_input_spec *spec, const pleura_image *image,
                          pleura_region *region)
{
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    *region = (pleura_region){0, 0, 1, 1};
    if (spec->fit == PLEURA_FIT_CROP) {
        pleura_grey_view view = pleura_grey_view_of(image);
        crop(&view, spec->width, spec->height);
        size_t first = (size_t)(view.samples - pleura_image_samples(image));
        size_t top = first / info.width;
        *region = (pleura_region){
            (float)(first % info.width) / (float)info.width, (float)top / (float)info.height,
            (float)view.width / (float)info.width, (float)view.height / (float)info.height};
    } else if (spec->fit == PLEURA_FIT_PAD) {
        pleura_frame frame = padded(spec->width, spec->height, info.width, info.height);
        *region = (pleura_region){
            -(float)frame.left / (float)frame.width, -(float)frame.top / (float)frame.height,
            (float)spec->width / (float)frame.width, (float)spec->height / (float)frame.height};
    }
}
