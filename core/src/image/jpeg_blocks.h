/* A scan's blocks, decoded without keeping their values (ITU-T T.81, F.2.2 and G.2). */
#ifndef PLEURA_IMAGE_JPEG_BLOCKS_H
#define PLEURA_IMAGE_JPEG_BLOCKS_H

#include "jpeg_scan.h"

typedef enum pleura_jpeg_data {
    PLEURA_JPEG_WHOLE,
    PLEURA_JPEG_ENDS, /* more bits are asked for than there are */
    PLEURA_JPEG_DAMAGED
} pleura_jpeg_data;

/* `count` MCUs of the open scan, from its MCU `first` on, which begins a restart interval. Elsewhere than in
 * whole data, *at of them are good. */
pleura_jpeg_data pleura_jpeg_skip_mcus(const pleura_jpeg_scans *s, const unsigned char *from,
                                       const unsigned char *end, uint32_t first, uint32_t count,
                                       uint32_t *at);

#endif
