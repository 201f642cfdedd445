#include "jpeg_scan.h"

#include "../error.h"
#include "../memory.h"
#include "jpeg_blocks.h"

#include <string.h>

#define NOTHING_YET 255 /* of a coefficient */

/* ---- Segments ---- */

static pleura_code bad(pleura_error *error, const char *what)
{
    return pleura_fail(error, PLEURA_ERROR_CORRUPT, "JPEG: %s.", what);
}

pleura_code pleura_jpeg_scans_frame(pleura_jpeg_scans *s, bool progressive,
                                    const unsigned char *data, size_t size, pleura_error *error)
{
    s->progressive = progressive;
    memset(s->missing, NOTHING_YET, sizeof s->missing);
    s->height = (uint32_t)data[1] << 8 | data[2];
    s->width = (uint32_t)data[3] << 8 | data[4];
    s->components = data[5];
    if (s->components < 1 || s->components > 4 || size < 6 + 3 * (size_t)s->components)
        return bad(error, "a frame header that contradicts itself");
    for (unsigned i = 0; i < s->components; i++) {
        const unsigned char *p = data + 6 + 3 * i;
        s->component[i].id = p[0];
        s->component[i].across = p[1] >> 4;
        s->component[i].down = p[1] & 15;
        if (p[1] >> 4 < 1 || p[1] >> 4 > 4 || (p[1] & 15) < 1 || (p[1] & 15) > 4)
            return bad(error, "a component that is sampled more or less often than 1 to 4 times");
    }
    return PLEURA_OK;
}

pleura_code pleura_jpeg_scans_tables(pleura_jpeg_scans *s, const unsigned char *data, size_t size,
                                     pleura_error *error)
{
    while (size) {
        size_t count = 0;
        if (size < 17 || (data[0] & 15) > 3 || data[0] >> 4 > 1)
            return bad(error, "a segment of Huffman tables (DHT) that is damaged");
        for (int i = 1; i <= 16; i++)
            count += data[i];
        if (count > 256 || count > size - 17)
            return bad(error, "a Huffman table (DHT) of more codes than it has room for");
        pleura_huffman *table = &(data[0] >> 4 ? s->ac : s->dc)[data[0] & 15];
        *table = (pleura_huffman){data + 1, data + 17};
        data += 17 + count;
        size -= 17 + count;
    }
    return PLEURA_OK;
}

void pleura_jpeg_scans_interval(pleura_jpeg_scans *s, const unsigned char *data, size_t size)
{
    if (size >= 2)
        s->interval = (uint32_t)data[0] << 8 | data[1];
}

/* ---- How many blocks ---- */

static uint32_t parts(uint32_t whole, uint32_t part)
{
    return (whole + part - 1) / part;
}

static uint32_t most_across(const pleura_jpeg_scans *s)
{
    uint32_t most = 1;
    for (unsigned i = 0; i < s->components; i++)
        most = s->component[i].across > most ? s->component[i].across : most;
    return most;
}

static uint32_t most_down(const pleura_jpeg_scans *s)
{
    uint32_t most = 1;
    for (unsigned i = 0; i < s->components; i++)
        most = s->component[i].down > most ? s->component[i].down : most;
    return most;
}

/* A scan of one component has a block for an MCU, and no more of them than the picture needs. */
static uint32_t count_mcus(const pleura_jpeg_scans *s)
{
    uint32_t across = most_across(s), down = most_down(s);
    if (s->members > 1)
        return parts(s->width, 8 * across) * parts(s->height, 8 * down);
    unsigned c = s->member[0].component;
    return parts(parts(s->width * s->component[c].across, across), 8) *
           parts(parts(s->height * s->component[c].down, down), 8);
}

/* The data up to a restart marker, or to the scan's end. */
static pleura_code check_piece(const pleura_jpeg_scans *s, const unsigned char *bytes, size_t end,
                               pleura_error *error)
{
    uint32_t first = s->pieces * s->interval, count = count_mcus(s) - first, at;
    if (s->interval && count > s->interval)
        count = s->interval;
    pleura_jpeg_data found =
        pleura_jpeg_skip_mcus(s, bytes + s->piece, bytes + end, first, count, &at);
    if (found == PLEURA_JPEG_WHOLE)
        return PLEURA_OK;
    bool ends = found == PLEURA_JPEG_ENDS;
    return pleura_fail(error, ends ? PLEURA_ERROR_TRUNCATED : PLEURA_ERROR_CORRUPT,
                       "JPEG: the %s at byte %zu %s block %u of %u.",
                       s->interval ? "restart interval" : "scan", s->piece,
                       ends ? "ends in" : "is damaged in", (unsigned)at + 1, (unsigned)count);
}

/* ---- A scan ---- */

static bool add_member(pleura_jpeg_scans *s, unsigned i, const unsigned char *p)
{
    for (unsigned c = 0; c < s->components; c++)
        if (s->component[c].id == p[0]) {
            s->member[i].component = c;
            s->member[i].dc = p[1] >> 4 & 3;
            s->member[i].ac = p[1] & 3;
            return true;
        }
    return false;
}

/*
 * What a progressive scan brings, and whether it may (annex G, 1.1.1): a component's DC before its AC, each
 * coefficient's high bits once, then one bit more in every scan. Decoders pass over what is in no
 * order, and make another picture of it.
 */
static bool note_bits(pleura_jpeg_scans *s, unsigned component)
{
    unsigned char *missing = s->missing[component];
    if (!s->progressive) {
        memset(missing, 0, 64);
        return true;
    }
    if (s->first > s->last || s->last > 63 || (s->first ? s->members > 1 : s->last > 0) ||
        (s->first && missing[0] == NOTHING_YET) || (s->high && s->low + 1 != s->high))
        return false;
    for (unsigned k = s->first; k <= s->last; k++) {
        if (missing[k] != (s->high ? s->high : NOTHING_YET))
            return false;
        missing[k] = (unsigned char)s->low;
    }
    return true;
}

static pleura_code make_known(pleura_jpeg_scans *s, pleura_error *error)
{
    uint64_t **known = &s->known[s->member[0].component];
    size_t blocks = count_mcus(s);
    if (!*known)
        *known = pleura_alloc_zero(blocks, sizeof **known);
    return *known
               ? PLEURA_OK
               : pleura_fail_memory(error, blocks * sizeof **known, "a progressive JPEG's scans");
}

pleura_code pleura_jpeg_scans_begin(pleura_jpeg_scans *s, const unsigned char *data, size_t size,
                                    size_t at, pleura_error *error)
{
    s->members = size ? data[0] : 0;
    if (s->members < 1 || s->members > s->components || size < 4 + 2 * (size_t)s->members)
        return bad(error, "a scan header that is damaged");
    const unsigned char *band = data + 1 + 2 * s->members;
    s->first = s->progressive ? band[0] : 0;
    s->last = s->progressive ? band[1] : 63;
    s->high = s->progressive ? band[2] >> 4 : 0;
    s->low = s->progressive ? band[2] & 15 : 0;
    for (unsigned i = 0; i < s->members; i++) {
        if (!add_member(s, i, data + 1 + 2 * i))
            return bad(error, "a scan of a component that the frame does not have");
        if (!note_bits(s, s->member[i].component))
            return bad(error, "a progressive scan that is not the next one");
    }
    s->data = s->piece = at;
    s->pieces = 0;
    s->expected = s->interval ? parts(count_mcus(s), s->interval) - 1 : 0;
    return s->first ? make_known(s, error) : PLEURA_OK;
}

pleura_code pleura_jpeg_scans_restart(pleura_jpeg_scans *s, const unsigned char *bytes, size_t at,
                                      unsigned number, pleura_error *error)
{
    /* Some files end a scan with one more. */
    if (s->pieces == s->expected && s->interval)
        return PLEURA_OK;
    if (s->pieces >= s->expected || number != s->pieces % 8)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "JPEG: the restart marker %u at byte %zu is not the one expected there.",
                           number, at);
    pleura_code code = check_piece(s, bytes, at, error);
    s->pieces++;
    s->piece = at + 2;
    return code;
}

pleura_code pleura_jpeg_scans_end(pleura_jpeg_scans *s, const unsigned char *bytes, size_t at,
                                  pleura_error *error)
{
    if (s->pieces < s->expected)
        return pleura_fail(error, PLEURA_ERROR_TRUNCATED,
                           "JPEG: the scan at byte %zu ends after %u of %u restart intervals.",
                           s->data, (unsigned)s->pieces + 1, (unsigned)s->expected + 1);
    return s->interval || s->progressive ? check_piece(s, bytes, at, error) : PLEURA_OK;
}

bool pleura_jpeg_scans_all(const pleura_jpeg_scans *s)
{
    for (unsigned c = 0; c < s->components; c++)
        for (unsigned k = 0; k < 64; k++)
            if (s->missing[c][k])
                return false;
    return true;
}

void pleura_jpeg_scans_free(pleura_jpeg_scans *s)
{
    for (unsigned c = 0; c < 4; c++)
        pleura_free(s->known[c]);
}
