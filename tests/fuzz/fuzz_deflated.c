/* Any bytes as the deflated data set of a DICOM file. */
#include "../unit/dicom_writer.h"
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    dicom d;
    if (size > 60000)
        return 0;
    dicom_begin(&d, "1.2.840.10008.1.2.1.99");
    dicom_bytes(&d, bytes, size);
    check_done(check_decode(d.bytes, d.size));
    return 0;
}
