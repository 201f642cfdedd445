#include "dataset.h"

#include "../../error.h"

#include <string.h>

#define ITEM PLEURA_TAG(0xFFFE, 0xE000)
#define ITEM_END PLEURA_TAG(0xFFFE, 0xE00D)
#define SEQUENCE_END PLEURA_TAG(0xFFFE, 0xE0DD)

#define OPEN SIZE_MAX /* ends with a delimiter, not at a stated place */

/* A data set or a sequence's item; `sequence_end` is that of the sequence around it. */
typedef struct level {
    pleura_dicom_encoding encoding;
    bool in_item;
    size_t sequence_end, item_end;
} level;

typedef struct walk {
    const unsigned char *bytes;
    size_t size, at;
    const pleura_dicom_visitor *visitor;
    pleura_error *error;
    pleura_dicom_path path;
    level levels[PLEURA_DICOM_MAX_DEPTH + 1];
    uint32_t elements;
    size_t ended; /* where a sequence of a stated length did */
    bool done;
} walk;

uint16_t pleura_read16(const unsigned char *bytes, bool big_endian)
{
    return (uint16_t)(big_endian ? bytes[0] << 8 | bytes[1] : bytes[1] << 8 | bytes[0]);
}

uint32_t pleura_read32(const unsigned char *bytes, bool big_endian)
{
    uint32_t first = pleura_read16(bytes, big_endian),
             second = pleura_read16(bytes + 2, big_endian);
    return big_endian ? first << 16 | second : second << 16 | first;
}

static bool is_letter(unsigned char c)
{
    return c >= 'A' && c <= 'Z';
}

/* 4-byte lengths behind two reserved bytes (PS3.5, 7.1.2); 0 for a VR that is not known. */
static int is_long_vr(const char *vr)
{
    static const char longs[] = "OB OD OF OL OV OW SQ SV UC UN UR UT UV";
    static const char shorts[] = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US";
    if (strstr(longs, vr))
        return 1;
    return strstr(shorts, vr) ? -1 : 0;
}

bool pleura_dicom_names_vr(const unsigned char *bytes, size_t size)
{
    if (size < 8 || !is_letter(bytes[4]) || !is_letter(bytes[5]))
        return false;
    return is_long_vr((char[]){(char)bytes[4], (char)bytes[5], '\0'}) != 0;
}

bool pleura_dicom_read_header(const unsigned char *bytes, size_t size, size_t at,
                              pleura_dicom_encoding encoding, pleura_dicom_element *element)
{
    if (at > size || size - at < 8)
        return false;
    const unsigned char *p = bytes + at;
    bool big = encoding.big_endian;
    *element = (pleura_dicom_element){.at = at, .big_endian = big};
    element->tag = PLEURA_TAG(pleura_read16(p, big), pleura_read16(p + 2, big));
    size_t head = 8;
    /* Delimiters have no VR; nor have single elements in some files that say that all have one. */
    if (encoding.explicit_vr && element->tag >> 16 != 0xFFFE && is_letter(p[4]) &&
        is_letter(p[5])) {
        memcpy(element->vr, p + 4, 2);
        int kind = is_long_vr(element->vr);
        if (kind > 0 || (kind == 0 && !p[6] && !p[7])) {
            if (size - at < 12)
                return false;
            head = 12;
            element->declared = pleura_read32(p + 8, big);
        } else {
            element->declared = pleura_read16(p + 6, big);
        }
    } else {
        element->declared = pleura_read32(p + 4, big);
    }
    element->value = p + head;
    element->length = element->declared;
    return true;
}

static pleura_code truncated(const walk *w, size_t at)
{
    return pleura_fail(w->error, PLEURA_ERROR_TRUNCATED,
                       "DICOM: the file ends at byte %zu, inside the element at byte %zu.", w->size,
                       at);
}

static pleura_code corrupt(const walk *w, const char *what, uint32_t tag, size_t at)
{
    return pleura_fail(w->error, PLEURA_ERROR_CORRUPT, "DICOM: %s (%04X,%04X) at byte %zu.", what,
                       (unsigned)(tag >> 16), (unsigned)(tag & 0xFFFF), at);
}

/* Whether the elements at `at` name their VRs, whatever the file says. */
static bool names_vr(const walk *w, size_t at)
{
    return at <= w->size && pleura_dicom_names_vr(w->bytes + at, w->size - at);
}

static pleura_code push(walk *w, const pleura_dicom_element *e)
{
    if (w->path.depth == PLEURA_DICOM_MAX_DEPTH)
        return pleura_fail(w->error, PLEURA_ERROR_TOO_LARGE,
                           "DICOM: sequences are nested deeper than %d at byte %zu.",
                           PLEURA_DICOM_MAX_DEPTH, e->at);
    level *outer = &w->levels[w->path.depth], *inner = outer + 1;
    w->path.sequence[w->path.depth] = e->tag;
    w->path.item[w->path.depth++] = 0;
    *inner = (level){.encoding = outer->encoding, .sequence_end = OPEN, .item_end = OPEN};
    if (e->length != PLEURA_DICOM_UNDEFINED)
        inner->sequence_end = w->at + e->length;
    /*
     * A sequence that somebody copied without knowing it is little endian without VRs (CP-246), or
     * should be: behind the head of its first item, some have them.
     */
    if (strcmp(e->vr, "UN") == 0)
        inner->encoding = (pleura_dicom_encoding){.explicit_vr = names_vr(w, w->at + 8)};
    return PLEURA_OK;
}

/* The nearest stated end around the current place. */
static size_t limit_of(const walk *w)
{
    size_t limit = w->size;
    for (unsigned i = 0; i <= w->path.depth; i++) {
        const level *l = &w->levels[i];
        limit = l->sequence_end < limit ? l->sequence_end : limit;
        limit = l->in_item && l->item_end < limit ? l->item_end : limit;
    }
    return limit;
}

static pleura_code visit_pixels(walk *w, pleura_dicom_element *e)
{
    size_t there = w->size - w->at;
    e->encapsulated = e->length == PLEURA_DICOM_UNDEFINED;
    e->cut = !e->encapsulated && e->length > there;
    if (e->encapsulated || e->cut)
        e->length = there;
    w->done = true;
    return w->visitor->visit(w->visitor->context, &w->path, e, w->error);
}

/* Items that hold no elements: compressed pixels of an icon, or what a maker put into such. */
static bool has_fragments(const pleura_dicom_element *e)
{
    return e->tag == PLEURA_TAG_PIXEL_DATA || (e->vr[0] == 'O' && e->vr[1]);
}

static pleura_code skip_fragments(walk *w, const pleura_dicom_element *pixels)
{
    size_t limit = limit_of(w);
    pleura_dicom_element e;
    for (;;) {
        size_t at = w->at;
        if (!pleura_dicom_read_header(w->bytes, limit, at, w->levels[w->path.depth].encoding, &e))
            break;
        w->at = (size_t)(e.value - w->bytes);
        if (e.tag == SEQUENCE_END)
            return PLEURA_OK;
        if (e.tag != ITEM)
            return corrupt(w, "no fragment where one is expected, but", e.tag, at);
        if (e.length > limit - w->at)
            break;
        w->at += e.length;
    }
    return limit == w->size
               ? truncated(w, pixels->at)
               : corrupt(w, "longer than the item around it is", pixels->tag, pixels->at);
}

/* A delimiter where the length is stated, too: the last in an item, or behind a sequence. */
static bool is_needless(const walk *w, const pleura_dicom_element *e)
{
    const level *l = &w->levels[w->path.depth];
    if (e->declared || l->item_end == OPEN)
        return false;
    return e->tag == ITEM_END ? w->at == l->item_end : e->tag == SEQUENCE_END && e->at == w->ended;
}

static pleura_code read_element(walk *w)
{
    const level *l = &w->levels[w->path.depth];
    pleura_dicom_element e;
    size_t at = w->at, limit = limit_of(w);
    if (!pleura_dicom_read_header(w->bytes, limit, at, l->encoding, &e))
        return limit == w->size ? truncated(w, at)
                                : corrupt(w, "an item ends inside an element of",
                                          w->path.sequence[w->path.depth - 1], at);
    if (++w->elements > PLEURA_DICOM_MAX_ELEMENTS)
        return pleura_fail(w->error, PLEURA_ERROR_TOO_LARGE, "DICOM: it has more than %d elements.",
                           PLEURA_DICOM_MAX_ELEMENTS);
    w->at = (size_t)(e.value - w->bytes);
    if (e.tag == ITEM_END && w->path.depth && l->item_end == OPEN) {
        w->levels[w->path.depth].in_item = false;
        return PLEURA_OK;
    }
    if (e.tag >> 16 == 0xFFFE)
        return is_needless(w, &e) ? PLEURA_OK
                                  : corrupt(w, "a delimiter that delimits nothing,", e.tag, at);
    if (e.tag == PLEURA_TAG_PIXEL_DATA && !w->path.depth)
        return visit_pixels(w, &e);
    if (e.length == PLEURA_DICOM_UNDEFINED)
        return has_fragments(&e) ? skip_fragments(w, &e) : push(w, &e);
    if (e.length > limit - w->at)
        return limit == w->size ? truncated(w, at)
                                : corrupt(w, "longer than the item around it is", e.tag, at);
    if (w->visitor->enter(e.tag))
        return push(w, &e);
    w->at += e.length;
    if (!e.vr[0] || strcmp(e.vr, "SQ") == 0)
        w->ended = w->at;
    if (strcmp(e.vr, "SQ") == 0)
        return PLEURA_OK;
    return w->visitor->visit(w->visitor->context, &w->path, &e, w->error);
}

static pleura_code read_item(walk *w)
{
    level *l = &w->levels[w->path.depth];
    pleura_dicom_element e;
    size_t at = w->at, limit = limit_of(w);
    uint32_t sequence = w->path.sequence[w->path.depth - 1];
    if (!pleura_dicom_read_header(w->bytes, limit, at, l->encoding, &e))
        return limit == w->size ? truncated(w, at)
                                : corrupt(w, "a piece of an item in", sequence, at);
    w->at = (size_t)(e.value - w->bytes);
    if (e.tag == SEQUENCE_END && l->sequence_end == OPEN) {
        w->path.depth--;
        return PLEURA_OK;
    }
    if (e.tag == ITEM_END && !e.declared && at == l->item_end)
        return PLEURA_OK; /* needless: behind an item of a stated length */
    if (e.tag != ITEM)
        return corrupt(w, "no item where one is expected, in the sequence", sequence, at);
    if (++w->elements > PLEURA_DICOM_MAX_ELEMENTS)
        return pleura_fail(w->error, PLEURA_ERROR_TOO_LARGE, "DICOM: it has more than %d elements.",
                           PLEURA_DICOM_MAX_ELEMENTS);
    if (e.length != PLEURA_DICOM_UNDEFINED && e.length > limit - w->at)
        return limit == w->size ? truncated(w, at)
                                : corrupt(w, "an item is longer than its sequence", sequence, at);
    l->in_item = true;
    l->item_end = e.length == PLEURA_DICOM_UNDEFINED ? OPEN : w->at + e.length;
    w->path.item[w->path.depth - 1]++;
    return PLEURA_OK;
}

/* One step: the end of what is open, an item, or an element. */
static pleura_code step(walk *w)
{
    level *l = &w->levels[w->path.depth];
    if (l->in_item && w->at == l->item_end) {
        w->done = !w->path.depth;
        l->in_item = false;
        return PLEURA_OK;
    }
    if (l->in_item)
        return read_element(w);
    if (w->at == l->sequence_end) {
        w->ended = w->at;
        w->path.depth--;
        return PLEURA_OK;
    }
    return read_item(w);
}

pleura_code pleura_dicom_walk(const unsigned char *bytes, size_t size,
                              pleura_dicom_encoding encoding, const pleura_dicom_visitor *visitor,
                              pleura_error *error)
{
    walk w = {.bytes = bytes, .size = size, .visitor = visitor, .error = error};
    w.levels[0] =
        (level){.encoding = encoding, .in_item = true, .sequence_end = OPEN, .item_end = size};
    pleura_code code = PLEURA_OK;
    while (code == PLEURA_OK && !w.done)
        code = step(&w);
    return code;
}
