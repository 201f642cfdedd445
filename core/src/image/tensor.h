/* From the image to the network's input. */
#ifndef PLEURA_IMAGE_TENSOR_H
#define PLEURA_IMAGE_TENSOR_H

#include "pleura/pleura.h"

/* How an image of other proportions comes into the network's frame. */
typedef enum pleura_fit {
    PLEURA_FIT_SQUASH, /* stretched to fill it */
    PLEURA_FIT_CROP,   /* its middle, of the frame's proportions */
    PLEURA_FIT_PAD     /* whole, in the middle, black around */
} pleura_fit;

typedef enum pleura_normalise {
    PLEURA_NORMALISE_FIXED,    /* (x - mean[c]) / std[c] */
    PLEURA_NORMALISE_PER_IMAGE /* (x - mean(x)) / max(std(x), std_floor), over the resized image */
} pleura_normalise;

typedef struct pleura_input_spec {
    uint32_t channels, height, width; /* channels: 1, or 3 with the grey in each */
    pleura_fit fit;
    bool in_bytes; /* the network was taught films of 256 greys: others become the nearest of them */
    pleura_normalise normalise;
    float range_low, range_high; /* black and white, before normalising: 0, 1 or 0, 255, ... */
    float mean[3], std[3];       /* FIXED; std is not 0 */
    float std_floor;             /* PER_IMAGE; above 0 */
    /* Another framing of the image (SQUASH): this share of its side is cut off at each edge, or, below
     * 0, stands there in black. To the nearest pixel, ties to even. */
    double cut;
} pleura_input_spec;

/* `count` is channels x height x width; the floats are in that order (NCHW). */
pleura_code pleura_tensor_from_image(const pleura_input_spec *spec, const pleura_image *image,
                                     float *tensor, size_t count, pleura_error *error);

/* Which part of the image the network's frame covers. */
void pleura_tensor_region(const pleura_input_spec *spec, const pleura_image *image,
                          pleura_region *region);

#endif
