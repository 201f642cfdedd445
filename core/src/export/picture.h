/* The heatmap over its film, as people see it. */
#ifndef PLEURA_EXPORT_PICTURE_H
#define PLEURA_EXPORT_PICTURE_H

#include "pleura/pleura.h"

/* The map has some dozen places a side: more pixels than these would show nothing more. */
#define PLEURA_PICTURE_MAX_SIDE 1024

typedef struct pleura_picture {
    uint8_t *rgb; /* the caller's, to give back with pleura_free */
    uint32_t width, height;
} pleura_picture;

/* The film in grey, shrunk to the largest side where it is larger, with the map's colours over it:
 * the page's, and as it does clear where the evidence is weak. Without `show_film` it is black. */
pleura_code pleura_picture_make(const pleura_image *film, bool show_film, const pleura_heatmap *map,
                                pleura_picture *picture, pleura_error *error);

#endif
