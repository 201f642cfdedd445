/*
 * Any bytes as a DICOM data set, in the encoding that the first byte chooses: every element visited
 * lies in the bytes, behind the one before it and within the limits, and a second walk visits the
 * same.
 */
#include "image/dicom/dataset.h"

#include "check.h"

#include <string.h>

typedef struct trail {
    const uint8_t *bytes;
    size_t size, end, elements;
    uint64_t hash;
} trail;

static bool enter(uint32_t tag)
{
    return tag % 3 == 0;
}

static pleura_code visit(void *context, const pleura_dicom_path *path,
                         const pleura_dicom_element *e, pleura_error *error)
{
    trail *t = context;
    (void)error;
    CHECK(e->at >= t->end && e->value > t->bytes + e->at && e->value <= t->bytes + t->size);
    CHECK(e->length <= (size_t)(t->bytes + t->size - e->value));
    CHECK(path->depth <= PLEURA_DICOM_MAX_DEPTH && ++t->elements <= PLEURA_DICOM_MAX_ELEMENTS);
    for (unsigned i = 0; i < path->depth; i++)
        CHECK(path->item[i] > 0);
    if (e->tag == PLEURA_TAG_PIXEL_DATA && !path->depth)
        CHECK(e->encapsulated || e->cut || e->length == e->declared);
    else
        CHECK(!e->encapsulated && !e->cut && e->length == e->declared);
    t->end = (size_t)(e->value - t->bytes) + e->length;
    const uint64_t seen[] = {t->hash, e->tag, e->at, e->length, path->depth};
    t->hash = check_hash(seen, sizeof seen);
    return PLEURA_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (!size)
        return 0;
    const pleura_dicom_encoding encoding = {.explicit_vr = bytes[0] & 1,
                                            .big_endian = bytes[0] & 2};
    trail trails[2];
    pleura_code codes[2];
    for (int i = 0; i < 2; i++) {
        pleura_error error = {0};
        trails[i] = (trail){.bytes = bytes + 1, .size = size - 1};
        const pleura_dicom_visitor visitor = {
            .visit = visit, .enter = enter, .context = &trails[i]};
        codes[i] = pleura_dicom_walk(bytes + 1, size - 1, encoding, &visitor, &error);
        if (codes[i] != PLEURA_OK)
            check_refusal(codes[i], &error);
    }
    CHECK(codes[0] == codes[1] && trails[0].hash == trails[1].hash);
    return 0;
}
