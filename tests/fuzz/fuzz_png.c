/*
 * Any bytes as a PNG file, as they are and with each chunk's check sum made right: a fuzzer does not
 * guess those, and what lies behind them must hold for whoever computes them.
 */
#include "../unit/png_writer.h"
#include "check.h"

static void mend(uint8_t *bytes, size_t size)
{
    for (size_t at = 8, length; at < size && size - at >= 12; at += length + 12) {
        length = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 |
                 (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (length > size - at - 12)
            return;
        png sum = {.size = 0};
        png_put32(&sum, png_crc(bytes + at + 4, length + 4));
        memcpy(bytes + at + 8 + length, sum.bytes, 4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    check_done(check_decode(bytes, size));
    uint8_t *mended = malloc(size + 1);
    CHECK(mended);
    if (size)
        memcpy(mended, bytes, size);
    mend(mended, size);
    check_done(check_decode(mended, size));
    free(mended);
    return 0;
}
