/* RLE: one segment for each byte of a sample, each packed by itself (PS3.5, annex G). */
#include "frame.h"

#include "../../error.h"

#define HEADER 64
#define MAX_SEGMENTS 15

typedef struct segment {
    const unsigned char *at, *end;
    unsigned number;
} segment;

/* Where a segment's bytes go: every `step`-th cell from `first`, `shift` bits up. */
typedef struct target {
    uint16_t *first;
    size_t step, count;
    unsigned shift;
} target;

static void put(const target *t, size_t index, unsigned char byte)
{
    t->first[index * t->step] |= (uint16_t)(byte << t->shift);
}

static pleura_code unpack(segment s, const target *t, pleura_error *error)
{
    size_t done = 0;
    while (done < t->count) {
        if (s.end - s.at < 2)
            return pleura_fail(error, PLEURA_ERROR_TRUNCATED,
                               "DICOM: RLE segment %u ends after %zu of %zu samples.", s.number,
                               done, t->count);
        unsigned code = *s.at++;
        if (code == 128)
            continue;
        size_t count = code < 128 ? code + 1 : 257 - code;
        size_t there = code < 128 ? (size_t)(s.end - s.at) : count;
        if (count > there)
            return pleura_fail(error, PLEURA_ERROR_TRUNCATED,
                               "DICOM: RLE segment %u ends inside a run.", s.number);
        for (size_t i = 0; i < count && done < t->count; i++)
            put(t, done++, code < 128 ? s.at[i] : *s.at);
        s.at += code < 128 ? count : 1;
    }
    return PLEURA_OK;
}

/* A segment goes from its offset to the next one's, or to the end. */
static pleura_code find_segment(const unsigned char *bytes, size_t size, unsigned number,
                                unsigned count, segment *s, pleura_error *error)
{
    uint32_t from = pleura_read32(bytes + 4 + 4 * (size_t)number, false);
    uint32_t next =
        number + 1 < count ? pleura_read32(bytes + 8 + 4 * (size_t)number, false) : (uint32_t)size;
    if (from < HEADER || from > size || next < from || next > size)
        return pleura_fail(
            error, from > size || next > size ? PLEURA_ERROR_TRUNCATED : PLEURA_ERROR_CORRUPT,
            "DICOM: RLE segment %u reaches from byte %u to %u of %zu.", number, (unsigned)from,
            (unsigned)next, size);
    *s = (segment){.at = bytes + from, .end = bytes + next, .number = number};
    return PLEURA_OK;
}

pleura_code pleura_dicom_unpack_rle(const unsigned char *bytes, size_t size,
                                    const pleura_dicom_attributes *a, uint16_t *cells,
                                    pleura_error *error)
{
    unsigned sample_bytes = a->bits_allocated / 8, wanted = a->samples * sample_bytes;
    if (size < HEADER)
        return pleura_fail(error, PLEURA_ERROR_TRUNCATED,
                           "DICOM: RLE data of %zu bytes; its header alone has %d.", size, HEADER);
    uint32_t count = pleura_read32(bytes, false);
    if (count != wanted || count > MAX_SEGMENTS)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: RLE data in %u segments; %u samples of %u bits take %u.",
                           (unsigned)count, (unsigned)a->samples, (unsigned)a->bits_allocated,
                           wanted);
    size_t pixels = (size_t)a->rows * a->columns;
    for (unsigned i = 0; i < count; i++) {
        segment s;
        target t = {.first = cells + i / sample_bytes,
                    .step = a->samples,
                    .count = pixels,
                    .shift = 8 * (sample_bytes - 1 - i % sample_bytes)};
        pleura_code code = find_segment(bytes, size, i, count, &s, error);
        if (code == PLEURA_OK)
            code = unpack(s, &t, error);
        if (code != PLEURA_OK)
            return code;
    }
    return PLEURA_OK;
}
