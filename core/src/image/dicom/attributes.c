#include "attributes.h"

#include "../../text.h"

#include <math.h>
#include <string.h>

#define MODALITY_LUT PLEURA_TAG(0x0028, 0x3000)
#define VOI_LUT PLEURA_TAG(0x0028, 0x3010)
#define SHARED_GROUPS PLEURA_TAG(0x5200, 0x9229)
#define FRAME_GROUPS PLEURA_TAG(0x5200, 0x9230)
#define FRAME_VOI PLEURA_TAG(0x0028, 0x9132)
#define FRAME_RESCALE PLEURA_TAG(0x0028, 0x9145)
#define FRAME_MEASURES PLEURA_TAG(0x0028, 0x9110)

static bool enter(uint32_t tag)
{
    return tag == MODALITY_LUT || tag == VOI_LUT || tag == SHARED_GROUPS || tag == FRAME_GROUPS ||
           tag == FRAME_VOI || tag == FRAME_RESCALE || tag == FRAME_MEASURES;
}

static bool is_padding(unsigned char c)
{
    return c == ' ' || c == '\0';
}

void pleura_dicom_read_text(const pleura_dicom_element *element, pleura_dicom_text text)
{
    const unsigned char *from = element->value, *to = from + element->length;
    while (from < to && is_padding(*from))
        from++;
    while (to > from && is_padding(to[-1]))
        to--;
    size_t length = (size_t)(to - from);
    if (length > sizeof(pleura_dicom_text) - 1)
        length = sizeof(pleura_dicom_text) - 1;
    memcpy(text, from, length);
    text[length] = '\0';
}

/* One value of a text of several; false if it is no number. */
static bool read_decimal(const pleura_dicom_element *e, double *value)
{
    pleura_dicom_text text;
    pleura_dicom_read_text(e, text);
    const char *at = text[0] == '+' ? text + 1 : text;
    double read = pleura_number_read(&at);
    while (*at == ' ')
        at++;
    if ((*at && *at != '\\') || !isfinite(read))
        return false;
    *value = read;
    return true;
}

static void read_short(const pleura_dicom_element *e, uint32_t *value)
{
    if (e->length >= 2)
        *value = pleura_read16(e->value, e->big_endian);
}

static void read_frames(const pleura_dicom_element *e, uint32_t *frames)
{
    double value;
    if (read_decimal(e, &value) && value >= 1 && value < 4294967296.0)
        *frames = (uint32_t)value;
}

/* "1\2": a pixel is twice as wide as high. Spacings are given as decimals, ratios as integers. */
static void read_aspect(const pleura_dicom_element *e, double *aspect)
{
    pleura_dicom_text text;
    pleura_dicom_read_text(e, text);
    const char *at = text;
    double rows = pleura_number_read(&at);
    while (*at == ' ')
        at++;
    if (*at++ != '\\')
        return;
    while (*at == ' ')
        at++;
    double columns = pleura_number_read(&at);
    if (rows > 0 && columns > 0 && isfinite(rows / columns) && rows / columns > 0)
        *aspect = rows / columns;
}

/* "045Y", "018M", "003W", "010D". */
static void read_age(const pleura_dicom_element *e, double *years)
{
    pleura_dicom_text text;
    pleura_dicom_read_text(e, text);
    const char *at = text;
    double count = pleura_number_read(&at);
    double unit = *at == 'Y'   ? 1
                  : *at == 'M' ? 1 / 12.0
                  : *at == 'W' ? 7 / 365.25
                  : *at == 'D' ? 1 / 365.25
                               : NAN;
    if (count >= 0 && isfinite(unit) && !at[1])
        *years = count * unit;
}

static void read_voi_function(const pleura_dicom_element *e, pleura_dicom_voi *voi)
{
    pleura_dicom_text text;
    pleura_dicom_read_text(e, text);
    *voi = strcmp(text, "SIGMOID") == 0        ? PLEURA_VOI_SIGMOID
           : strcmp(text, "LINEAR_EXACT") == 0 ? PLEURA_VOI_LINEAR_EXACT
                                               : PLEURA_VOI_LINEAR;
}

/* A width that no function allows is as good as none. */
static void read_width(const pleura_dicom_element *e, pleura_dicom_attributes *a)
{
    a->has_window = read_decimal(e, &a->width) && a->width > 0;
}

static void read_descriptor(const pleura_dicom_element *e, pleura_dicom_lut *lut)
{
    if (e->length < 6)
        return;
    for (int i = 0; i < 3; i++)
        lut->descriptor[i] = pleura_read16(e->value + 2 * i, e->big_endian);
    lut->has_descriptor = true;
}

static void read_table(const pleura_dicom_element *e, pleura_dicom_lut *lut)
{
    lut->data = e->value;
    lut->length = e->length;
    lut->big_endian = e->big_endian;
}

static void read_padding(const pleura_dicom_element *e, bool *has, uint16_t *padding)
{
    *has = e->length >= 2;
    if (*has)
        *padding = pleura_read16(e->value, e->big_endian);
}

/* Of the first frame, whether they stand in the data set or in its functional groups. */
static void read_tones(const pleura_dicom_element *e, pleura_dicom_attributes *a)
{
    switch (e->tag) {
    case PLEURA_TAG(0x0028, 0x1050):
        if (!read_decimal(e, &a->center))
            a->center = NAN;
        break;
    case PLEURA_TAG(0x0028, 0x1051):
        read_width(e, a);
        break;
    case PLEURA_TAG(0x0028, 0x1052):
        a->has_intercept = read_decimal(e, &a->intercept);
        break;
    case PLEURA_TAG(0x0028, 0x1053):
        a->has_slope = read_decimal(e, &a->slope) && a->slope != 0;
        break;
    case PLEURA_TAG(0x0028, 0x1056):
        read_voi_function(e, &a->voi);
        break;
    default:
        break;
    }
}

static void read_lut(const pleura_dicom_element *e, pleura_dicom_lut *lut)
{
    if (e->tag == PLEURA_TAG(0x0028, 0x3002))
        read_descriptor(e, lut);
    else if (e->tag == PLEURA_TAG(0x0028, 0x3006))
        read_table(e, lut);
}

static void read_words(const pleura_dicom_element *e, pleura_dicom_attributes *a)
{
    switch (e->tag) {
    case PLEURA_TAG(0x0008, 0x0016):
        pleura_dicom_read_text(e, a->sop_class);
        break;
    case PLEURA_TAG(0x0008, 0x0060):
        pleura_dicom_read_text(e, a->modality);
        break;
    case PLEURA_TAG(0x0008, 0x0068):
        pleura_dicom_read_text(e, a->presentation_intent);
        break;
    case PLEURA_TAG(0x0010, 0x1010):
        read_age(e, &a->age_years);
        break;
    case PLEURA_TAG(0x0018, 0x0015):
        pleura_dicom_read_text(e, a->body_part);
        break;
    case PLEURA_TAG(0x0018, 0x5101):
        pleura_dicom_read_text(e, a->view_position);
        break;
    case PLEURA_TAG(0x0020, 0x0020):
        pleura_dicom_read_text(e, a->patient_orientation);
        break;
    case PLEURA_TAG(0x0028, 0x0004):
        pleura_dicom_read_text(e, a->photometric);
        break;
    default:
        break;
    }
}

static void read_layout(const pleura_dicom_element *e, pleura_dicom_attributes *a)
{
    uint32_t representation = 0;
    switch (e->tag) {
    case PLEURA_TAG(0x0028, 0x0002):
        read_short(e, &a->samples);
        break;
    case PLEURA_TAG(0x0028, 0x0006):
        read_short(e, &a->planar);
        break;
    case PLEURA_TAG(0x0028, 0x0008):
        read_frames(e, &a->frames);
        break;
    case PLEURA_TAG(0x0028, 0x0010):
        read_short(e, &a->rows);
        break;
    case PLEURA_TAG(0x0028, 0x0011):
        read_short(e, &a->columns);
        break;
    case PLEURA_TAG(0x0028, 0x0030): /* Pixel Spacing */
    case PLEURA_TAG(0x0028, 0x0034): /* Pixel Aspect Ratio */
    case PLEURA_TAG(0x0018, 0x1164): /* Imager Pixel Spacing */
    case PLEURA_TAG(0x0018, 0x2010): /* Nominal Scanned Pixel Spacing */
        read_aspect(e, &a->aspect);
        break;
    case PLEURA_TAG(0x0028, 0x0100):
        read_short(e, &a->bits_allocated);
        break;
    case PLEURA_TAG(0x0028, 0x0101):
        read_short(e, &a->bits_stored);
        a->has_bits_stored = true;
        break;
    case PLEURA_TAG(0x0028, 0x0102):
        read_short(e, &a->high_bit);
        a->has_high_bit = true;
        break;
    case PLEURA_TAG(0x0028, 0x0103):
        read_short(e, &representation);
        a->is_signed = representation == 1;
        break;
    case PLEURA_TAG(0x0028, 0x0120):
        read_padding(e, &a->has_padding, &a->padding);
        break;
    case PLEURA_TAG(0x0028, 0x0121):
        read_padding(e, &a->has_padding_limit, &a->padding_limit);
        break;
    default:
        break;
    }
}

static void read_palette(const pleura_dicom_element *e, pleura_dicom_attributes *a)
{
    uint32_t element = e->tag & 0xFFFF;
    if (element >= 0x1101 && element <= 0x1103)
        read_descriptor(e, &a->palette[element - 0x1101]);
    else if (element >= 0x1201 && element <= 0x1203)
        read_table(e, &a->palette[element - 0x1201]);
    else if (element >= 0x1221 && element <= 0x1223)
        a->segmented_palette = true;
}

static void read_top(const pleura_dicom_element *e, pleura_dicom_attributes *a)
{
    read_words(e, a);
    read_layout(e, a);
    read_tones(e, a);
    if (e->tag >> 16 == 0x0028)
        read_palette(e, a);
    if (e->tag == PLEURA_TAG(0x7FE0, 0x0008) || e->tag == PLEURA_TAG(0x7FE0, 0x0009))
        a->other_pixels = true;
    if (e->tag == PLEURA_TAG_PIXEL_DATA)
        a->pixels = *e;
}

static bool in_first_items(const pleura_dicom_path *path)
{
    for (unsigned i = 0; i < path->depth; i++)
        if (path->item[i] != 1)
            return false;
    return true;
}

/* What the functional groups of enhanced files say (PS3.3, C.7.6.16). */
static void read_group(const pleura_dicom_path *path, const pleura_dicom_element *e,
                       pleura_dicom_attributes *a)
{
    uint32_t group = path->sequence[1];
    if (path->depth == 3 && group == FRAME_VOI && path->sequence[2] == VOI_LUT)
        read_lut(e, &a->voi_lut);
    else if (path->depth == 2 && (group == FRAME_VOI || group == FRAME_RESCALE))
        read_tones(e, a);
    else if (path->depth == 2 && group == FRAME_MEASURES && e->tag == PLEURA_TAG(0x0028, 0x0030))
        read_aspect(e, &a->aspect);
}

static pleura_code visit(void *context, const pleura_dicom_path *path,
                         const pleura_dicom_element *e, pleura_error *error)
{
    (void)error;
    pleura_dicom_attributes *a = context;
    if (!path->depth)
        read_top(e, a);
    else if (!in_first_items(path))
        return PLEURA_OK;
    else if (path->depth == 1 && path->sequence[0] == MODALITY_LUT)
        read_lut(e, &a->modality_lut);
    else if (path->depth == 1 && path->sequence[0] == VOI_LUT)
        read_lut(e, &a->voi_lut);
    else if (path->depth > 1 &&
             (path->sequence[0] == SHARED_GROUPS || path->sequence[0] == FRAME_GROUPS))
        read_group(path, e, a);
    return PLEURA_OK;
}

pleura_code pleura_dicom_read_attributes(const unsigned char *bytes, size_t size,
                                         pleura_dicom_encoding encoding,
                                         pleura_dicom_attributes *attributes, pleura_error *error)
{
    attributes->samples = 1;
    attributes->frames = 1;
    attributes->slope = 1;
    attributes->aspect = 1;
    attributes->center = NAN;
    attributes->age_years = NAN;
    pleura_dicom_visitor visitor = {.visit = visit, .enter = enter, .context = attributes};
    pleura_code code = pleura_dicom_walk(bytes, size, encoding, &visitor, error);
    if (!attributes->has_slope)
        attributes->slope = 1;
    if (!attributes->has_intercept)
        attributes->intercept = 0;
    attributes->has_window = attributes->has_window && isfinite(attributes->center);
    return code;
}
