#include "jpeg_blocks.h"

typedef struct bits {
    const unsigned char *at, *end;
    unsigned buffer, left;
    bool over;    /* more was asked for than there is */
    uint32_t run; /* blocks of a progressive scan that have nothing more (EOBRUN) */
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

static uint32_t next_bits(bits *b, int count)
{
    uint32_t value = 0;
    while (count--)
        value = value << 1 | next_bit(b);
    return value;
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

static bool skip_dc(bits *b, const pleura_huffman *dc)
{
    int symbol = next_symbol(b, dc);
    if (symbol > 0)
        next_bits(b, symbol);
    return symbol >= 0;
}

static bool skip_block(bits *b, const pleura_huffman *dc, const pleura_huffman *ac)
{
    if (!skip_dc(b, dc))
        return false;
    for (int k = 1; k < 64; k++) {
        int symbol = next_symbol(b, ac);
        if (symbol < 0)
            return false;
        if (symbol == 0)
            break;
        k += symbol >> 4;
        next_bits(b, symbol & 15);
    }
    return true;
}

/* ---- Progressive ---- */

/* The blocks from this one on that end here. */
static void begin_run(bits *b, int length)
{
    b->run = (1u << length) + next_bits(b, length);
}

static bool skip_first(const pleura_jpeg_scans *s, bits *b, const pleura_huffman *ac,
                       uint64_t *known)
{
    for (unsigned k = s->first; k <= s->last && !b->run; k++) {
        int symbol = next_symbol(b, ac);
        if (symbol < 0)
            return false;
        if ((symbol & 15) == 0 && symbol < 0xF0) {
            begin_run(b, symbol >> 4);
            break;
        }
        k += (unsigned)symbol >> 4;
        next_bits(b, symbol & 15);
        if (symbol & 15)
            *known |= (uint64_t)1 << (k < 63 ? k : 63); /* where decoders put what is beyond */
    }
    return true;
}

/* One bit for each coefficient that is known, up to the zero behind `zeros` others: where that is. */
static unsigned skip_known(const pleura_jpeg_scans *s, bits *b, uint64_t known, unsigned k,
                           unsigned zeros)
{
    for (; k <= s->last; k++)
        if (known >> k & 1)
            next_bit(b);
        else if (!zeros--)
            break;
    return k;
}

static bool skip_refinement(const pleura_jpeg_scans *s, bits *b, const pleura_huffman *ac,
                            uint64_t *known)
{
    unsigned k = s->first;
    while (k <= s->last && !b->run) {
        int symbol = next_symbol(b, ac), size = symbol & 15;
        if (symbol < 0 || size > 1)
            return false;
        if (!size && symbol < 0xF0) {
            begin_run(b, symbol >> 4);
            break;
        }
        next_bits(b, size); /* the sign */
        k = skip_known(s, b, *known, k, (unsigned)symbol >> 4);
        if (size && k <= s->last)
            *known |= (uint64_t)1 << k;
        k++;
    }
    if (b->run)
        skip_known(s, b, *known, k, 64);
    return true;
}

static bool skip_progressive(const pleura_jpeg_scans *s, bits *b, unsigned member, uint32_t number)
{
    unsigned component = s->member[member].component;
    const pleura_huffman *ac = &s->ac[s->member[member].ac];
    bool good = true;
    if (s->first) {
        uint64_t *known = &s->known[component][number];
        good = s->high ? skip_refinement(s, b, ac, known) : skip_first(s, b, ac, known);
        b->run -= b->run > 0;
    } else if (s->high) {
        next_bit(b);
    } else {
        good = skip_dc(b, &s->dc[s->member[member].dc]);
    }
    return good;
}

/* ---- Both ---- */

static bool skip_mcu(const pleura_jpeg_scans *s, bits *b, uint32_t number)
{
    for (unsigned i = 0; i < s->members; i++) {
        unsigned c = s->member[i].component;
        unsigned blocks = s->members > 1 ? s->component[c].across * s->component[c].down : 1;
        while (blocks--)
            if (!(s->progressive ? skip_progressive(s, b, i, number)
                                 : skip_block(b, &s->dc[s->member[i].dc], &s->ac[s->member[i].ac])))
                return false;
    }
    return !b->over;
}

pleura_jpeg_data pleura_jpeg_skip_mcus(const pleura_jpeg_scans *s, const unsigned char *from,
                                       const unsigned char *end, uint32_t first, uint32_t count,
                                       uint32_t *at)
{
    bits b = {.at = from, .end = end};
    for (*at = 0; *at < count; ++*at)
        if (!skip_mcu(s, &b, first + *at))
            return b.over ? PLEURA_JPEG_ENDS : PLEURA_JPEG_DAMAGED;
    return PLEURA_JPEG_WHOLE;
}
