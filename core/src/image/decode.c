#include "image.h"

#include "../error.h"
#include "dicom/dicom.h"
#include "dicom/file.h"

#include <limits.h>
#include <string.h>

static bool has(const unsigned char *bytes, size_t size, size_t at, const char *magic, size_t count)
{
    return size >= at + count && memcmp(bytes + at, magic, count) == 0;
}

/* What people really drop here, by its first bytes, for a sentence that helps. */
static const char *known_kind(const unsigned char *bytes, size_t size)
{
    static const struct {
        unsigned char at, count;
        const char *magic, *name;
    } kinds[] = {
        {0, 4, "GIF8", "a GIF"},
        {0, 4, "II*\0", "a TIFF"},
        {0, 4, "MM\0*", "a TIFF"},
        {0, 4, "II+\0", "a BigTIFF"},
        {0, 4, "MM\0+", "a BigTIFF"},
        {8, 4, "WEBP", "a WebP"},
        {4, 8, "ftypavif", "an AVIF"},
        {4, 7, "ftyphei", "a HEIC photo"},
        {4, 8, "ftypmif1", "a HEIF photo"},
        {0, 12, "\0\0\0\x0CjP  \r\n\x87\n", "a JPEG 2000"},
        {0, 4, "\xFF\x4F\xFF\x51", "a JPEG 2000 codestream"},
        {0, 12, "\0\0\0\x0CJXL \r\n\x87\n", "a JPEG XL"},
        {0, 2, "\xFF\x0A", "a JPEG XL"},
        {0, 5, "%PDF-", "a PDF"},
        {0, 4, "PK\3\4", "a ZIP archive (or an Office document)"},
        {0, 2, "\x1F\x8B", "a gzip archive"},
        {0, 4, "n+1\0", "a NIfTI volume"},
        {0, 2, "BM", "a BMP"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (has(bytes, size, kinds[i].at, kinds[i].magic, kinds[i].count))
            return kinds[i].name;
    return NULL;
}

/* Text, by the rule that its first bytes hold no control characters but white space. */
static const char *text_kind(const unsigned char *bytes, size_t size)
{
    size_t count = size < 512 ? size : 512, start = 0;
    for (size_t i = 0; i < count; i++)
        if ((bytes[i] < 32 && !strchr("\t\n\f\r", bytes[i])) || bytes[i] == 127 || !bytes[i])
            return NULL;
    while (start < count && strchr(" \t\n\f\r", bytes[start]))
        start++;
    if (has(bytes, size, start, "<!", 2) || has(bytes, size, start, "<html", 5) ||
        has(bytes, size, start, "<HTML", 5))
        return "a web page (HTML)";
    return start < count && bytes[start] == '<' ? "an XML or SVG text" : "a text file";
}

static pleura_code refuse_kind(const unsigned char *bytes, size_t size, pleura_error *error)
{
    const char *kind = known_kind(bytes, size);
    if (!kind)
        kind = text_kind(bytes, size);
    if (kind)
        return pleura_fail(error, PLEURA_ERROR_FORMAT, "This is %s, not a DICOM file, JPEG or PNG.",
                           kind);
    return pleura_fail(error, PLEURA_ERROR_FORMAT,
                       "This is no DICOM file, JPEG or PNG: it begins with the bytes "
                       "%02x %02x %02x %02x.",
                       bytes[0], size > 1 ? bytes[1] : 0, size > 2 ? bytes[2] : 0,
                       size > 3 ? bytes[3] : 0);
}

static pleura_code check_container(const unsigned char *bytes, size_t size,
                                   const pleura_limits *limits, pleura_container *found,
                                   pleura_error *error)
{
    static const char png[] = "\x89PNG\r\n\x1A\n";
    if (has(bytes, size, 0, "\xFF\xD8\xFF", 3))
        return pleura_jpeg_check(bytes, size, limits, found, error);
    if (has(bytes, size, 0, png, 8))
        return pleura_png_check(bytes, size, limits, found, error);
    if (memcmp(bytes, "\xFF\xD8\xFF", size < 3 ? size : 3) == 0 ||
        memcmp(bytes, png, size < 8 ? size : 8) == 0)
        return pleura_fail(error, PLEURA_ERROR_TRUNCATED, "The file ends after %zu bytes.", size);
    if (has(bytes, size, 1, "PNG", 3))
        return pleura_fail(error, PLEURA_ERROR_FORMAT,
                           "This began as a PNG, but its signature is damaged, as happens when a "
                           "file is sent as text.");
    return refuse_kind(bytes, size, error);
}

pleura_code pleura_image_decode(const void *bytes, size_t size, const pleura_limits *limits,
                                pleura_image **image, pleura_error *error)
{
    if (image)
        *image = NULL;
    if (!image || (!bytes && size))
        return pleura_fail(error, PLEURA_ERROR_ARGUMENT,
                           "pleura_image_decode: `bytes` or `image` is NULL.");
    if (!size)
        return pleura_fail(error, PLEURA_ERROR_EMPTY, "The file is empty.");
    pleura_limits used = pleura_limits_resolve(limits);
    /* stb_image takes the size as an int, whatever the caller allows. */
    if (size > used.max_bytes || size > INT_MAX)
        return pleura_fail(error, PLEURA_ERROR_TOO_LARGE,
                           "The file has %zu bytes; at most %zu are read.", size,
                           used.max_bytes < INT_MAX ? used.max_bytes : (size_t)INT_MAX);
    if (pleura_dicom_detect(bytes, size))
        return pleura_dicom_decode(bytes, size, &used, image, error);
    pleura_container found = {0};
    pleura_code code = check_container(bytes, size, &used, &found, error);
    if (code != PLEURA_OK)
        return code;
    return pleura_stb_decode(bytes, size, &found, image, error);
}
