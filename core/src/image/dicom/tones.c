#include "tones.h"

#include "../../error.h"
#include "../../memory.h"
#include "../../text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CELLS 65536

int32_t pleura_dicom_stored_value(const pleura_dicom_attributes *a, uint16_t cell)
{
    uint32_t mask = (1u << a->bits_stored) - 1, sign = 1u << (a->bits_stored - 1);
    uint32_t bits = (uint32_t)cell >> (a->high_bit + 1 - a->bits_stored) & mask;
    if (a->is_signed && (bits & sign))
        return (int32_t)bits - (int32_t)mask - 1;
    return (int32_t)bits;
}

/* ---- Lookup tables ---- */

static uint32_t entry_count(const pleura_dicom_lut *lut)
{
    return lut->descriptor[0] ? lut->descriptor[0] : CELLS;
}

/* Entries of 8 bits may be packed, two in a word, or take a word each. */
static bool packed(const pleura_dicom_lut *lut)
{
    return lut->descriptor[2] <= 8 && lut->length < 2 * (size_t)entry_count(lut);
}

pleura_code pleura_dicom_check_lut(const pleura_dicom_lut *lut, const char *name,
                                   pleura_error *error)
{
    uint32_t count = entry_count(lut);
    if (!lut->has_descriptor || !lut->descriptor[2] || lut->descriptor[2] > 16)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: the %s has no descriptor, or one of %u bits.", name,
                           lut->descriptor[2]);
    size_t needed = packed(lut) ? count + count % 2 : 2 * (size_t)count;
    if (lut->length < needed)
        return pleura_fail(error, PLEURA_ERROR_CORRUPT,
                           "DICOM: the %s has %zu bytes; its %u entries of %u bits take %zu.", name,
                           lut->length, (unsigned)count, lut->descriptor[2], needed);
    return PLEURA_OK;
}

uint32_t pleura_dicom_lut_entry(const pleura_dicom_lut *lut, int32_t first, int64_t value)
{
    int64_t last = (int64_t)entry_count(lut) - 1, index = value - first;
    size_t at = (size_t)(index < 0 ? 0 : index > last ? last : index);
    if (packed(lut))
        return lut->data[lut->big_endian ? at ^ 1 : at];
    return pleura_read16(lut->data + 2 * at, lut->big_endian);
}

/* The first value mapped has the sign of the values that come in. */
static int32_t first_mapped(const pleura_dicom_lut *lut, bool is_signed)
{
    return is_signed ? (int16_t)lut->descriptor[1] : lut->descriptor[1];
}

/* By the bits of an entry, or by more where one needs more: descriptors are wrong there. */
double pleura_dicom_lut_range(const pleura_dicom_lut *lut)
{
    uint32_t range = (1u << lut->descriptor[2]) - 1;
    for (uint32_t i = 0; i < entry_count(lut); i++)
        while (pleura_dicom_lut_entry(lut, 0, i) > range)
            range = 2 * range + 1;
    return range;
}

/* ---- The steps ---- */

typedef struct maker {
    const pleura_dicom_attributes *a;
    pleura_dicom_tones *tones;
    bool modality_signed; /* whether values behind the modality LUT may be negative */
    double voi_range;     /* the largest entry that a VOI LUT can have */
    pleura_text words;
} maker;

static double modality_value(const pleura_dicom_attributes *a, int32_t stored)
{
    if (a->modality_lut.data)
        return pleura_dicom_lut_entry(&a->modality_lut,
                                      first_mapped(&a->modality_lut, a->is_signed), stored);
    return a->slope * stored + a->intercept;
}

static bool is_pad(const pleura_dicom_attributes *a, int32_t stored)
{
    if (!a->has_padding)
        return false;
    int32_t one = a->is_signed ? (int16_t)a->padding : a->padding;
    int32_t other = !a->has_padding_limit ? one
                    : a->is_signed        ? (int16_t)a->padding_limit
                                          : a->padding_limit;
    return one < other ? stored >= one && stored <= other : stored >= other && stored <= one;
}

static void find_range(const pleura_dicom_attributes *a, const uint16_t *cells, size_t count,
                       pleura_dicom_tones *tones)
{
    /* Which cells occur, in the table that will hold their greys. */
    memset(tones->table, 0, CELLS * sizeof *tones->table);
    for (size_t i = 0; i < count; i++)
        tones->table[cells[i]] = 1;
    bool any = false;
    for (uint32_t cell = 0; cell < CELLS; cell++) {
        int32_t value = pleura_dicom_stored_value(a, (uint16_t)cell);
        if (!tones->table[cell] || is_pad(a, value))
            continue;
        tones->lowest = !any || value < tones->lowest ? value : tones->lowest;
        tones->highest = !any || value > tones->highest ? value : tones->highest;
        any = true;
    }
}

/*
 * Without a window: the range of the fewest bits (8 at least) that hold the values that occur. A
 * film of 12 bits looks the same whether 12 or 16 are said to be stored, and one of 8 bits as it
 * does in a JPEG.
 */
static void range_without_window(const maker *m, double *low, double *high)
{
    const pleura_dicom_attributes *a = m->a;
    unsigned bits = a->bits_stored < 8 ? a->bits_stored : 8;
    bool negative = m->tones->lowest < 0;
    int32_t from = 0, to = 0;
    for (; bits <= 16; bits++) {
        from = negative ? -(1 << (bits - 1)) : 0;
        to = negative ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
        if (m->tones->lowest >= from && m->tones->highest <= to)
            break;
    }
    double one = a->slope * from + a->intercept, other = a->slope * to + a->intercept;
    *low = one < other ? one : other;
    *high = one < other ? other : one;
}

static void add_number(maker *m, const char *before, double value)
{
    pleura_number number;
    pleura_text_add(&m->words, before);
    pleura_text_add(&m->words, pleura_number_text(&number, value, 7));
}

static void choose_without_window(maker *m)
{
    pleura_dicom_tones *t = m->tones;
    if (m->a->modality_lut.data) {
        t->black = 0;
        t->white = pleura_dicom_lut_range(&m->a->modality_lut);
    } else {
        range_without_window(m, &t->black, &t->white);
    }
    add_number(m, "no window given: ", t->black);
    add_number(m, " to ", t->white);
}

/* The values that the window takes to black and to white (PS3.3, C.11.2.1.2 and .3). */
static void choose_window(maker *m)
{
    const pleura_dicom_attributes *a = m->a;
    pleura_dicom_tones *t = m->tones;
    double half = a->width / 2;
    static const char *const names[] = {"linear", "linear exact", "sigmoid"};
    t->black = a->center - half;
    t->white = a->center + half;
    if (a->voi == PLEURA_VOI_LINEAR) {
        t->black = a->center - 0.5 - (a->width - 1) / 2;
        t->white = a->center - 0.5 + (a->width - 1) / 2;
    }
    add_number(m, "window center ", a->center);
    add_number(m, ", width ", a->width);
    pleura_text_add(&m->words, ", ");
    pleura_text_add(&m->words, names[a->voi]);
}

static void choose_voi_lut(maker *m)
{
    const pleura_dicom_lut *lut = &m->a->voi_lut;
    int32_t first = first_mapped(lut, m->modality_signed);
    m->voi_range = pleura_dicom_lut_range(lut);
    m->tones->black = first;
    m->tones->white = first + (double)entry_count(lut) - 1;
    add_number(m, "VOI LUT of ", entry_count(lut));
    add_number(m, " entries from ", first);
}

static int64_t rounded(double value)
{
    value = value > -1e9 ? value : -1e9; /* NaN, too */
    return (int64_t)floor((value < 1e9 ? value : 1e9) + 0.5);
}

/* 0 to 1; NaN or beyond only where a table or a rescaling makes no sense. */
static double tone_of(const maker *m, double value)
{
    const pleura_dicom_attributes *a = m->a;
    const pleura_dicom_tones *t = m->tones;
    if (a->voi_lut.data)
        return pleura_dicom_lut_entry(&a->voi_lut, first_mapped(&a->voi_lut, m->modality_signed),
                                      rounded(value)) /
               m->voi_range;
    if (a->has_window && a->voi == PLEURA_VOI_SIGMOID)
        return 1 / (1 + exp(-4 * (value - a->center) / a->width));
    if (value <= t->black)
        return 0;
    return value >= t->white ? 1 : (value - t->black) / (t->white - t->black);
}

static void fill_table(const maker *m)
{
    const pleura_dicom_attributes *a = m->a;
    bool inverted = strcmp(a->photometric, "MONOCHROME1") == 0;
    for (uint32_t cell = 0; cell < CELLS; cell++) {
        int32_t stored = pleura_dicom_stored_value(a, (uint16_t)cell);
        double tone = tone_of(m, modality_value(a, stored));
        tone = tone > 0 ? tone : 0;
        tone = tone < 1 ? tone : 1;
        if (inverted)
            tone = 1 - tone;
        /* Padding is not picture, and black in either interpretation. */
        m->tones->table[cell] = is_pad(a, stored) ? 0 : (uint16_t)(tone * 65535 + 0.5);
    }
}

static void describe_modality(maker *m)
{
    const pleura_dicom_attributes *a = m->a;
    if (a->modality_lut.data) {
        add_number(m, "modality LUT of ", entry_count(&a->modality_lut));
        pleura_text_add(&m->words, " entries; ");
    } else if (a->slope != 1 || a->intercept != 0) {
        add_number(m, "rescaled by ", a->slope);
        add_number(m, " x + ", a->intercept);
        pleura_text_add(&m->words, "; ");
    }
}

static pleura_code check_luts(const pleura_dicom_attributes *a, pleura_error *error)
{
    pleura_code code = PLEURA_OK;
    if (a->modality_lut.data)
        code = pleura_dicom_check_lut(&a->modality_lut, "modality LUT", error);
    if (code == PLEURA_OK && a->voi_lut.data)
        code = pleura_dicom_check_lut(&a->voi_lut, "VOI LUT", error);
    return code;
}

pleura_code pleura_dicom_make_tones(const pleura_dicom_attributes *a, const uint16_t *cells,
                                    size_t count, pleura_dicom_tones *tones, pleura_error *error)
{
    *tones = (pleura_dicom_tones){0};
    pleura_code code = check_luts(a, error);
    if (code != PLEURA_OK)
        return code;
    tones->table = pleura_alloc(CELLS * sizeof *tones->table);
    if (!tones->table)
        return pleura_fail_memory(error, CELLS * sizeof *tones->table, "the table of greys");
    find_range(a, cells, count, tones);
    maker m = {.a = a,
               .tones = tones,
               .modality_signed = !a->modality_lut.data && (a->is_signed || a->intercept < 0),
               .words = {.buffer = tones->words, .capacity = sizeof tones->words}};
    describe_modality(&m);
    if (a->voi_lut.data)
        choose_voi_lut(&m);
    else if (a->has_window && (a->voi != PLEURA_VOI_LINEAR || a->width >= 1))
        choose_window(&m);
    else
        choose_without_window(&m);
    if (strcmp(a->photometric, "MONOCHROME1") == 0)
        pleura_text_add(&m.words, "; inverted (MONOCHROME1)");
    if (a->has_padding)
        pleura_text_add(&m.words, "; padding is black");
    pleura_text_end(&m.words);
    fill_table(&m);
    return PLEURA_OK;
}
