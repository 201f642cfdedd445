/* Any bytes as a JPEG file. */
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    check_done(check_decode(bytes, size));
    return 0;
}
