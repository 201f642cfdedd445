#include "picture.h"

#include "../error.h"
#include "../image/resize.h"
#include "../memory.h"

#include <math.h>
#include <string.h>

/* Viridis, by the polynomials of web/src/heat.ts. */
static const double viridis[3][7] = {
    {0.27449, 0.09668, -0.18419, -5.24226, 7.48115, 3.59661, -5.04395},
    {0.00589, 1.39073, 0.26874, -5.93663, 14.42461, -13.94459, 4.69626},
    {0.33319, 1.38022, 0.14583, -19.53894, 57.1867, -65.83839, 26.45909},
};

static double colour(const double terms[7], double value)
{
    double sum = 0;
    for (int i = 6; i >= 0; i--)
        sum = sum * value + terms[i];
    return sum < 0 ? 0 : sum > 1 ? 1 : sum;
}

static double at(const pleura_heatmap *map, double x, double y)
{
    double right = map->width - 1.0, bottom = map->height - 1.0;
    size_t i = (size_t)(x < 0 ? 0 : x > right ? right : x);
    size_t j = (size_t)(y < 0 ? 0 : y > bottom ? bottom : y);
    return (double)map->values[j * map->width + i];
}

/* The map's value at a place of the film, in shares of its sides; negative outside of the map. */
static double value_at(const pleura_heatmap *map, double x, double y)
{
    double u = (x - (double)map->region.left) / (double)map->region.width;
    double v = (y - (double)map->region.top) / (double)map->region.height;
    if (!(u >= 0 && u <= 1 && v >= 0 && v <= 1))
        return -1;
    u = u * map->width - 0.5;
    v = v * map->height - 0.5;
    double left = floor(u), top = floor(v), fx = u - left, fy = v - top;
    return (at(map, left, top) * (1 - fx) + at(map, left + 1, top) * fx) * (1 - fy) +
           (at(map, left, top + 1) * (1 - fx) + at(map, left + 1, top + 1) * fx) * fy;
}

static void paint(const float *greys, const pleura_heatmap *map, pleura_picture *picture)
{
    for (uint32_t y = 0; y < picture->height; y++)
        for (uint32_t x = 0; x < picture->width; x++) {
            size_t i = (size_t)y * picture->width + x;
            double value = value_at(map, (x + 0.5) / picture->width, (y + 0.5) / picture->height);
            double alpha = value <= 0 ? 0 : value >= 1 / 1.6 ? 1 : 1.6 * value;
            for (int c = 0; c < 3; c++) {
                double mixed = (double)greys[i] * (1 - alpha);
                if (alpha > 0)
                    mixed += colour(viridis[c], value) * alpha;
                picture->rgb[3 * i + (size_t)c] = (uint8_t)(255 * mixed + 0.5);
            }
        }
}

static uint32_t shrunk(uint32_t side, uint32_t longest)
{
    if (longest <= PLEURA_PICTURE_MAX_SIDE)
        return side;
    uint32_t to = (uint32_t)((uint64_t)side * PLEURA_PICTURE_MAX_SIDE / longest);
    return to ? to : 1;
}

pleura_code pleura_picture_make(const pleura_image *film, bool show_film, const pleura_heatmap *map,
                                pleura_picture *picture, pleura_error *error)
{
    pleura_image_info info;
    pleura_image_get_info(film, &info);
    uint32_t longest = info.width > info.height ? info.width : info.height;
    *picture = (pleura_picture){.width = shrunk(info.width, longest),
                                .height = shrunk(info.height, longest)};
    size_t count = (size_t)picture->width * picture->height;
    float *greys = pleura_alloc(count * sizeof *greys);
    picture->rgb = pleura_alloc(count * 3);
    pleura_code code = PLEURA_OK;
    if (greys && picture->rgb) {
        const pleura_grey_view from = pleura_grey_view_of(film);
        const pleura_plane to = {greys, picture->width, picture->height, picture->width};
        code = pleura_resize(&from, &to, error);
        if (!show_film)
            memset(greys, 0, count * sizeof *greys);
        if (code == PLEURA_OK)
            paint(greys, map, picture);
    } else {
        code = pleura_fail_memory(error, count * (3 + sizeof *greys), "the heatmap's picture");
    }
    pleura_free(greys);
    if (code != PLEURA_OK) {
        pleura_free(picture->rgb);
        picture->rgb = NULL;
    }
    return code;
}
