/* What a DICOM file says of itself against judging it. */
#include "../text.h"
#include "gate.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* Modalities that make no projection radiographs of a chest (PS3.3, C.7.3.1.1.1). What is not here
 * may: CR and DX do, and OT and SC may be anything. */
static void check_modality(const pleura_dicom_info *dicom, pleura_reasons *reasons)
{
    static const char *const others[] = {"CT",    "MR",     "US",      "NM",  "PT",   "MG",  "IO",
                                         "PX",    "ES",     "GM",      "SM",  "OP",   "OPT", "XC",
                                         "DG",    "TG",     "BMD",     "XA",  "IVUS", "BI",  "BDUS",
                                         "IVOCT", "RTDOSE", "RTIMAGE", "SEG", "OCT"};
    if (is_one_of(dicom->modality, others, COUNT(others)))
        pleura_reasons_add(reasons, PLEURA_REASON_NOT_CHEST,
                           "The file says that it is no chest X-ray: its modality is %s.",
                           dicom->modality);
}

/* Other parts of the body (PS3.16, annex L). The attribute is typed by hand in many places, so that
 * a word that is not known says nothing. */
static void check_body_part(const pleura_dicom_info *dicom, pleura_reasons *reasons)
{
    static const char *const others[] = {
        "ABDOMEN",  "ANKLE",         "ARM",       "BLADDER",  "BRAIN",   "BREAST", "CALCANEUS",
        "CSPINE",   "ELBOW",         "EXTREMITY", "EYE",      "FEMUR",   "FINGER", "FOOT",
        "FOREARM",  "HAND",          "HEAD",      "HIP",      "HUMERUS", "JAW",    "KNEE",
        "LEG",      "LSPINE",        "LSSPINE",   "MAXILLA",  "NECK",    "ORBIT",  "PELVIS",
        "SHOULDER", "SINUS",         "SKULL",     "SPINE",    "SSPINE",  "TIBIA",  "TOE",
        "WRIST",    "ABDOMENPELVIS", "THIGH",     "MANDIBLE", "COCCYX"};
    if (is_one_of(dicom->body_part, others, COUNT(others)))
        pleura_reasons_add(reasons, PLEURA_REASON_NOT_CHEST,
                           "The file says that it is no chest X-ray: the part of the body is %s.",
                           dicom->body_part);
}

/* Rows that run to the front or the back are seen from the side. */
static void check_view(const pleura_dicom_info *dicom, pleura_reasons *reasons)
{
    static const char *const sides[] = {"LL", "RL", "LATERAL", "LAT", "LLO", "RLO"};
    char row = dicom->patient_orientation[0];
    if (is_one_of(dicom->view_position, sides, COUNT(sides)))
        pleura_reasons_add(reasons, PLEURA_REASON_LATERAL,
                           "The file says that it is seen from the side: its view is %s.",
                           dicom->view_position);
    else if (row == 'A' || row == 'P')
        pleura_reasons_add(reasons, PLEURA_REASON_LATERAL,
                           "The file says that it is seen from the side: its patient orientation "
                           "is %s.",
                           dicom->patient_orientation);
}

/* At the limit itself a patient is too old: "018Y" is somebody of 18. */
static void check_age(const pleura_dicom_info *dicom, double max_age, pleura_reasons *reasons)
{
    pleura_number age, most;
    if (max_age > 0 && dicom->age_years >= max_age)
        pleura_reasons_add(reasons, PLEURA_REASON_ADULT,
                           "The file says that the patient is %s years old, and the model is for "
                           "patients under %s.",
                           pleura_fixed_text(&age, dicom->age_years, 0),
                           pleura_number_text(&most, max_age, 3));
}

void pleura_gate_dicom(const pleura_dicom_info *dicom, const pleura_gate_limits *limits,
                       pleura_reasons *reasons)
{
    check_modality(dicom, reasons);
    check_body_part(dicom, reasons);
    check_view(dicom, reasons);
    check_age(dicom, limits->max_age, reasons);
}
