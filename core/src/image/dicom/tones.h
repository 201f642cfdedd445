/* From stored values to greys: modality LUT, VOI LUT or window, MONOCHROME1 (PS3.3, C.11). */
#ifndef PLEURA_IMAGE_DICOM_TONES_H
#define PLEURA_IMAGE_DICOM_TONES_H

#include "attributes.h"

/* What a stored value is, out of a cell: its bits taken down and its sign spread. */
int32_t pleura_dicom_stored_value(const pleura_dicom_attributes *a, uint16_t cell);

typedef struct pleura_dicom_tones {
    uint16_t *table;         /* the grey of each of the 65,536 cells there can be */
    int32_t lowest, highest; /* stored values that occur, padding aside */
    double black, white;     /* values behind the modality LUT that become 0 and 65,535 */
    char words[320];         /* all of it in a sentence, for people */
} pleura_dicom_tones;

/* `cells`, `count` of them, are looked at where no window is given. Give the table back with
 * pleura_free. */
pleura_code pleura_dicom_make_tones(const pleura_dicom_attributes *a, const uint16_t *cells,
                                    size_t count, pleura_dicom_tones *tones, pleura_error *error);

/* One entry of a lookup table, the first or last where `value` is outside; and what the largest is. */
uint32_t pleura_dicom_lut_entry(const pleura_dicom_lut *lut, int32_t first, int64_t value);
double pleura_dicom_lut_range(const pleura_dicom_lut *lut);
pleura_code pleura_dicom_check_lut(const pleura_dicom_lut *lut, const char *name,
                                   pleura_error *error);

#endif
