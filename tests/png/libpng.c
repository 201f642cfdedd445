/* What libpng makes of a PNG, for compare.py: "WIDTH CHANNELS BITS" and a line's end, then the
 * samples as they are, palettes and transparent colours made samples; status 1 if it refuses. */
#include <png.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    if (!file || setjmp(png_jmpbuf(png)))
        return 1;
    png_init_io(png, file);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t stride = png_get_rowbytes(png, info), height = png_get_image_height(png, info);
    png_bytep all = malloc(stride * height);
    png_bytepp rows = malloc(height * sizeof *rows);
    for (size_t y = 0; y < height; y++)
        rows[y] = all + y * stride;
    png_read_image(png, rows);
    png_read_end(png, NULL);
    printf("%u %u %u\n", (unsigned)png_get_image_width(png, info),
           (unsigned)png_get_channels(png, info), (unsigned)png_get_bit_depth(png, info));
    return fwrite(all, stride, height, stdout) == height ? 0 : 1;
}
