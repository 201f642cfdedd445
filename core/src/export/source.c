#include "source.h"

#include "../error.h"
#include "../image/image.h"
#include "../sha256.h"
#include "../text.h"

#include <string.h>

#define UTF8 "ISO_IR 192"

/* ---- Reading ---- */

static bool enters_nothing(uint32_t tag)
{
    (void)tag;
    return false;
}

static void keep(const pleura_dicom_element *e, pleura_source *source)
{
    static const uint32_t tags[] = {
#define X(name, tag, vr) tag,
        PLEURA_IDENTITY(X)
#undef X
    };
    for (size_t i = 0; i < PLEURA_KEPT_COUNT; i++)
        if (tags[i] == e->tag)
            source->kept[i] = (pleura_kept){e->value, e->length};
}

static pleura_code read_charset(const pleura_dicom_element *e, pleura_source *source,
                                pleura_error *error)
{
    size_t length = e->length;
    while (length && (!e->value[length - 1] || e->value[length - 1] == ' '))
        length--;
    if (!source->identity)
        return PLEURA_OK;
    if (length >= sizeof source->charset)
        return pleura_fail(error, PLEURA_ERROR_UNSUPPORTED_IMAGE,
                           "DICOM: a list of character sets of %zu bytes; at most %zu are read.",
                           length, sizeof source->charset - 1);
    memcpy(source->charset, e->value, length);
    source->charset[length] = '\0';
    return PLEURA_OK;
}

static pleura_code visit(void *context, const pleura_dicom_path *path,
                         const pleura_dicom_element *e, pleura_error *error)
{
    pleura_source *source = context;
    pleura_dicom_text text;
    if (path->depth)
        return PLEURA_OK;
    if (source->identity)
        keep(e, source);
    switch (e->tag) {
    case PLEURA_TAG(0x0008, 0x0005):
        return read_charset(e, source, error);
    case PLEURA_TAG(0x0008, 0x0016):
        pleura_dicom_read_text(e, source->sop_class);
        break;
    case PLEURA_TAG(0x0008, 0x0018):
        pleura_dicom_read_text(e, source->sop_instance);
        break;
    case PLEURA_TAG(0x0020, 0x000D):
        pleura_dicom_read_text(e, source->study);
        break;
    case PLEURA_TAG(0x0020, 0x000E):
        pleura_dicom_read_text(e, source->series);
        break;
    case PLEURA_TAG(0x0020, 0x0020):
        pleura_dicom_read_text(e, source->orientation);
        break;
    case PLEURA_TAG(0x0028, 0x0301):
        pleura_dicom_read_text(e, source->burned_in);
        break;
    case PLEURA_TAG(0x0028, 0x2110):
        pleura_dicom_read_text(e, text);
        source->lossy |= strcmp(text, "01") == 0;
        break;
    default:
        break;
    }
    return PLEURA_OK;
}

static bool only(const pleura_kept *kept, const char *letters)
{
    for (size_t i = 0; i < kept->length; i++)
        if (!kept->value[i] || !strchr(letters, kept->value[i]))
            return false;
    return true;
}

/* Values that would make our file wrong too are left out. */
static void drop_unsound(pleura_source *s)
{
    for (size_t i = 0; i < PLEURA_KEPT_COUNT; i++) {
        pleura_kept *kept = &s->kept[i];
        bool date = i == PLEURA_KEPT_STUDY_DATE || i == PLEURA_KEPT_BIRTH_DATE;
        while (kept->length &&
               (!kept->value[kept->length - 1] || kept->value[kept->length - 1] == ' '))
            kept->length--;
        if (kept->length > 65534 || (date && (kept->length != 8 || !only(kept, "0123456789"))) ||
            (i == PLEURA_KEPT_STUDY_TIME && !only(kept, "0123456789.")) ||
            (i == PLEURA_KEPT_SEX && (kept->length != 1 || !only(kept, "MFO"))))
            kept->length = 0;
    }
    if (strspn(s->orientation, "ABDFHLPRTV\\") != strlen(s->orientation))
        s->orientation[0] = '\0';
}

static void drop_unsound_uids(pleura_source *s)
{
    pleura_dicom_text *uids[] = {&s->study, &s->series, &s->sop_class, &s->sop_instance};
    for (size_t i = 0; i < 4; i++)
        if (!pleura_uid_is_sound(*uids[i]))
            (*uids[i])[0] = '\0';
}

/* Of a film without a study: one that is always the same for it. */
static void make_study(pleura_source *s)
{
    char words[80] = "study of ", hex[65];
    pleura_uid uid;
    memcpy(words + 9, s->sha256, 65);
    pleura_sha256_hex(words, strlen(words), hex);
    pleura_uid_from_sha256(hex, uid);
    memcpy(s->study, uid, sizeof uid);
}

static pleura_code read_dicom(const unsigned char *bytes, size_t size, pleura_source *source,
                              pleura_error *error)
{
    const pleura_limits limits = pleura_limits_resolve(NULL);
    const pleura_dicom_visitor visitor = {visit, enters_nothing, source};
    pleura_code code = pleura_dicom_open(bytes, size, &limits, &source->file, error);
    if (code == PLEURA_OK)
        code = pleura_dicom_walk(source->file.bytes, source->file.size, source->file.encoding,
                                 &visitor, error);
    if (code == PLEURA_OK && source->file.syntax)
        source->lossy |= strcmp(source->file.syntax->uid, "1.2.840.10008.1.2.4.50") == 0 ||
                         strcmp(source->file.syntax->uid, "1.2.840.10008.1.2.4.51") == 0;
    return code;
}

pleura_code pleura_source_open(const void *bytes, size_t size, bool identity, pleura_source *source,
                               pleura_error *error)
{
    *source = (pleura_source){.identity = identity};
    pleura_code code = PLEURA_OK;
    bool dicom = pleura_dicom_detect(bytes, size);
    pleura_sha256_hex(bytes, size, source->sha256);
    if (dicom)
        code = read_dicom(bytes, size, source, error);
    else
        source->lossy = size && *(const unsigned char *)bytes == 0xFF; /* a JPEG */
    drop_unsound(source);
    drop_unsound_uids(source);
    /* Without one the film's texts are ASCII, which is UTF-8 as well. */
    if (!source->charset[0])
        strcpy(source->charset, UTF8);
    if (!source->study[0])
        make_study(source);
    return code;
}

void pleura_source_close(pleura_source *source)
{
    pleura_dicom_close(&source->file);
}

bool pleura_source_has_film(const pleura_source *source)
{
    return source->series[0] && source->sop_class[0] && source->sop_instance[0];
}

bool pleura_source_shows_film(const pleura_source *source)
{
    return source->identity || strcmp(source->burned_in, "YES") != 0;
}

/* ---- Writing ---- */

void pleura_write_kept(pleura_writer *w, const pleura_source *source, int which)
{
    static const struct {
        uint32_t tag;
        const char *vr;
    } elements[] = {
#define X(name, tag, vr) {tag, vr},
        PLEURA_IDENTITY(X)
#undef X
    };
    pleura_write_value(w, elements[which].tag, elements[which].vr, source->kept[which].value,
                       source->kept[which].length);
}

/* One character of `words` to `out`: as it is, or '?'. Returns how many bytes of `words` it took. */
static size_t take(const char *words, size_t left, bool utf8, bool single, char *out, size_t *count)
{
    size_t invalid = 1, length = pleura_utf8_length(words, left, &invalid);
    unsigned char c = (unsigned char)words[0];
    bool good = length > 1 ? utf8 : length == 1 && c >= 32 && c != 127 && !(single && c == '\\');
    *count = good ? length : 1;
    memcpy(out, good ? words : "?", *count);
    return length ? length : invalid;
}

void pleura_write_words(pleura_writer *w, const pleura_source *source, uint32_t tag, const char *vr,
                        const char *words)
{
    bool utf8 = strcmp(source->charset, UTF8) == 0, lo = strcmp(vr, "LO") == 0;
    bool single = lo || strcmp(vr, "SH") == 0;
    char value[1024];
    size_t size = 0, characters = 0, left = strlen(words), most = lo ? 64 : single ? 16 : SIZE_MAX;
    while (left && characters++ < most && size < sizeof value - 4) {
        size_t count, took = take(words, left, utf8, single, value + size, &count);
        size += count;
        words += took;
        left -= took;
    }
    if (strcmp(vr, "UT") == 0)
        pleura_write_long(w, tag, vr, value, size);
    else
        pleura_write_value(w, tag, vr, value, size);
}
