#include "file.h"

#include "../../error.h"
#include "../../memory.h"
#include "../image.h"

#include <string.h>

#define DICOMDIR "1.2.840.10008.1.3.10"

static bool letters(const unsigned char *p)
{
    return p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'A' && p[1] <= 'Z';
}

/* Where the data begins, with the meta information if there is some. */
static size_t skip_preamble(const unsigned char *bytes, size_t size)
{
    if (size >= 132 && memcmp(bytes + 128, "DICM", 4) == 0)
        return 132;
    return size >= 4 && memcmp(bytes, "DICM", 4) == 0 ? 4 : 0;
}

bool pleura_dicom_detect(const unsigned char *bytes, size_t size)
{
    if (skip_preamble(bytes, size))
        return true;
    if (size < 16)
        return false;
    bool little = (bytes[0] == 8 || bytes[0] == 2) && !bytes[1] && !bytes[3];
    bool big = !bytes[0] && bytes[1] == 8 && !bytes[2];
    uint32_t length = pleura_read32(bytes + 4, false);
    if (letters(bytes + 4))
        return little || big;
    return little && length <= 1024 && length <= size - 8;
}

static pleura_dicom_encoding guess(const unsigned char *bytes, size_t size)
{
    bool room = size >= 6;
    return (pleura_dicom_encoding){.explicit_vr = room && letters(bytes + 4),
                                   .big_endian =
                                       room && !bytes[0] && bytes[1] && letters(bytes + 4)};
}

typedef struct meta {
    pleura_dicom_text syntax, media_class;
} meta;

/* Group 0002, always explicit little endian; *at moves behind it. */
static pleura_code read_meta(const unsigned char *bytes, size_t size, size_t *at, meta *found,
                             pleura_error *error)
{
    const pleura_dicom_encoding encoding = {.explicit_vr = true};
    pleura_dicom_element e;
    while (pleura_dicom_read_header(bytes, size, *at, encoding, &e) && e.tag >> 16 == 2) {
        size_t start = (size_t)(e.value - bytes);
        if (e.length > size - start)
            return pleura_fail(error, PLEURA_ERROR_TRUNCATED,
                               "DICOM: the file ends at byte %zu, inside its meta information.",
                               size);
        if (e.tag == PLEURA_TAG(0x0002, 0x0010))
            pleura_dicom_read_text(&e, found->syntax);
        else if (e.tag == PLEURA_TAG(0x0002, 0x0002))
            pleura_dicom_read_text(&e, found->media_class);
        *at = start + e.length;
    }
    return PLEURA_OK;
}

/* What the syntax says of the data set, or else its first element, whose group is a small number. */
static pleura_dicom_encoding choose_encoding(const pleura_dicom_file *file)
{
    const unsigned char *bytes = file->bytes;
    pleura_dicom_form form = file->syntax->form;
    bool implicit = form == PLEURA_DICOM_IMPLICIT_LITTLE || form == PLEURA_DICOM_BIG_PIXELS;
    pleura_dicom_encoding encoding = {.explicit_vr =
                                          !implicit || pleura_dicom_names_vr(bytes, file->size),
                                      .big_endian = form == PLEURA_DICOM_EXPLICIT_BIG};
    if (form != PLEURA_DICOM_DEFLATED && file->size >= 2 && !bytes[0] != !bytes[1])
        encoding.big_endian = !bytes[0];
    return encoding;
}

static pleura_code choose_syntax(pleura_dicom_file *file, const meta *found, pleura_error *error)
{
    file->guessed = !found->syntax[0];
    if (file->guessed) {
        file->encoding = guess(file->bytes, file->size);
        file->syntax = pleura_dicom_syntax_find(file->encoding.big_endian    ? "1.2.840.10008.1.2.2"
                                                : file->encoding.explicit_vr ? "1.2.840.10008.1.2.1"
                                                                             : "1.2.840.10008.1.2");
        return PLEURA_OK;
    }
    file->syntax = pleura_dicom_syntax_find(found->syntax);
    if (!file->syntax || file->syntax->compression == PLEURA_COMPRESSION_UNREAD)
        return pleura_fail(error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "DICOM: the transfer syntax %s%s%s%s is not read here.", found->syntax,
                           file->syntax ? " (" : "", file->syntax ? file->syntax->name : "",
                           file->syntax ? ")" : "");
    file->encoding = choose_encoding(file);
    return PLEURA_OK;
}

static pleura_code inflate(pleura_dicom_file *file, const pleura_limits *limits,
                           pleura_error *error)
{
    size_t size = 0;
    pleura_code code =
        pleura_inflate(file->bytes, file->size, limits->max_bytes, &file->inflated, &size, error);
    file->bytes = file->inflated;
    file->size = size;
    return code;
}

pleura_code pleura_dicom_open(const unsigned char *bytes, size_t size, const pleura_limits *limits,
                              pleura_dicom_file *file, pleura_error *error)
{
    meta found = {0};
    *file = (pleura_dicom_file){0};
    size_t at = skip_preamble(bytes, size);
    pleura_code code = read_meta(bytes, size, &at, &found, error);
    if (code != PLEURA_OK)
        return code;
    if (strcmp(found.media_class, DICOMDIR) == 0)
        return pleura_fail(error, PLEURA_ERROR_FORMAT,
                           "This is a DICOMDIR, the index of a disc: the images are beside it.");
    file->bytes = bytes + at;
    file->size = size - at;
    code = choose_syntax(file, &found, error);
    if (code == PLEURA_OK && file->syntax->form == PLEURA_DICOM_DEFLATED)
        code = inflate(file, limits, error);
    return code;
}

void pleura_dicom_close(pleura_dicom_file *file)
{
    pleura_free(file->inflated);
    file->inflated = NULL;
}
