#include "jpeg_scan.h"

#include "../error.h"

#include <string.h>

/* ---- Segments ---- */

static pleura_code bad(pleura_error *error, const char *what)
{
    return pleura_fail(error, PLEURA_ERROR_CORRUPT, "JPEG: %s.", what);
}

pleura_code pleura_jpeg_scans_frame(pleura_jpeg_scans *s, bool progressive,
                                    const unsigned char *data, size_t size, pleura_error *error)
{
    s->progressive = progressive;
    memset(s->missing, 255, sizeof s->missing);
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

/* ---- Decoding without keeping anything (ITU-T T.81, F.2.2) ---- */

typedef struct bits {
    const unsigned char *at, *end;
    unsigned buffer, left;
    bool over; /* more was asked for than there is */
} bits;

static unsigned next_bit(bits *b)
{
    if (!b->left) {
        if (b->at >= b->end) {
            b->over = true;
            return 0;
        }
        b->buffer = *b->at++;
        b->left = 8;
        if (b->buffer == 0xFF && b->at < b->end) /* a stuffed zero */
            b->at++;
    }
    return b->buffer >> --b->left & 1;
}

/* A symbol, or -1. */
static int next_symbol(bits *b, const pleura_huffman *table)
{
    unsigned code = 0, first = 0, index = 0;
    for (int length = 0; length < 16 && table->counts && !b->over; length++) {
        unsigned count = table->counts[length];
        code |= next_bit(b);
        if (code < first + count)
            return b->over ? -1 : table->symbols[index + code - first];
        index += count;
        first = (first + count) << 1;
        code <<= 1;
    }
    return -1;
}

static bool skip_block(bits *b, const pleura_huffman *dc, const pleura_huffman *ac)
{
    int symbol = next_symbol(b, dc);
    if (symbol < 0)
        return false;
    for (int i = 0; i < symbol; i++)
        next_bit(b);
    for (int k = 1; k < 64; k++) {
        symbol = next_symbol(b, ac);
        if (symbol < 0)
            return false;
        if (symbol == 0)
            break;
        k += symbol >> 4;
        for (int i = 0; i < (symbol & 15); i++)
            next_bit(b);
    }
    return !b->over;
}

static bool skip_mcu(const pleura_jpeg_scans *s, bits *b)
{
    for (unsigned i = 0; i < s->members; i++) {
        unsigned c = s->member[i].component;
        unsigned blocks = s->members > 1 ? s->component[c].across * s->component[c].down : 1;
        while (blocks--)
            if (!skip_block(b, &s->dc[s->member[i].dc], &s->ac[s->member[i].ac]))
                return false;
    }
    return true;
}

/* The data up to a restart marker, or to the scan's end. Progressive files' would have to be decoded
 * in earnest: of those only the markers are counted. */
static pleura_code check_piece(const pleura_jpeg_scans *s, const unsigned char *bytes, size_t end,
                               pleura_error *error)
{
    bits b = {.at = bytes + s->piece, .end = bytes + end};
    uint32_t left = count_mcus(s) - s->pieces * s->interval;
    left = left < s->interval ? left : s->interval;
    for (uint32_t i = 0; i < left && !s->progressive; i++)
        if (!skip_mcu(s, &b))
            return pleura_fail(error, b.over ? PLEURA_ERROR_TRUNCATED : PLEURA_ERROR_CORRUPT,
                               "JPEG: the restart interval at byte %zu %s block %u of %u.",
                               s->piece, b.over ? "ends in" : "is damaged in", (unsigned)i + 1,
                               (unsigned)left);
    return PLEURA_OK;
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

/* `band`: the first and last coefficient of the scan and its lowest bit; of progressive files alone. */
static void note_bits(pleura_jpeg_scans *s, unsigned component, const unsigned char *band)
{
    unsigned first = s->progressive ? band[0] : 0, last = s->progressive ? band[1] : 63;
    for (unsigned k = first; k <= last && k < 64; k++)
        s->missing[component][k] = s->progressive ? band[2] & 15 : 0;
}

pleura_code pleura_jpeg_scans_begin(pleura_jpeg_scans *s, const unsigned char *data, size_t size,
                                    size_t at, pleura_error *error)
{
    s->members = size ? data[0] : 0;
    if (s->members < 1 || s->members > s->components || size < 4 + 2 * (size_t)s->members)
        return bad(error, "a scan header that is damaged");
    const unsigned char *band = data + 1 + 2 * s->members;
    for (unsigned i = 0; i < s->members; i++) {
        if (!add_member(s, i, data + 1 + 2 * i))
            return bad(error, "a scan of a component that the frame does not have");
        note_bits(s, s->member[i].component, band);
    }
    s->data = s->piece = at;
    s->pieces = 0;
    s->expected = s->interval ? parts(count_mcus(s), s->interval) - 1 : 0;
    return PLEURA_OK;
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
    return s->interval ? check_piece(s, bytes, at, error) : PLEURA_OK;
}

bool pleura_jpeg_scans_all(const pleura_jpeg_scans *s)
{
    for (unsigned c = 0; c < s->components; c++)
        for (unsigned k = 0; k < 64; k++)
            if (s->missing[c][k])
                return false;
    return true;
}
