/* The two DICOM files of an export, and what they have in common. */
#ifndef PLEURA_EXPORT_EXPORT_H
#define PLEURA_EXPORT_EXPORT_H

#include "picture.h"
#include "source.h"

#define PLEURA_SECONDARY_CAPTURE "1.2.840.10008.5.1.4.1.1.7"
#define PLEURA_COMPREHENSIVE_SR "1.2.840.10008.5.1.4.1.1.88.33"

#define PLEURA_PRODUCT "Pleura"

/* The file's own UIDs. While they are not known yet, what they follow from is written with others. */
typedef struct pleura_identifiers {
    pleura_uid instance, series;
} pleura_identifiers;

typedef struct pleura_export_job {
    const pleura_model *model;
    const pleura_result *result;
    const pleura_source *source;
    const char *date, *time;           /* of the export: YYYYMMDD, hhmmss */
    const pleura_picture *picture;     /* the heatmap's, or NULL */
    const pleura_identifiers *heatmap; /* the file that it is in, once there is one, or NULL */
} pleura_export_job;

/* What differs between the two in the modules that both have (PS3.3, C.7.1 to C.7.5, C.12). */
typedef struct pleura_object {
    const char *sop_class, *modality, *image_type, *conversion, *description, *body_part,
        *series_number;
    bool no_patient; /* nothing in it, its pixels included, says who the patient is */
} pleura_object;

/* The elements of group 0008 up to the description of the series; then those of 0010 to 0020. */
void pleura_write_general(pleura_writer *w, const pleura_export_job *job,
                          const pleura_object *object, const pleura_identifiers *own);
void pleura_write_patient_and_study(pleura_writer *w, const pleura_export_job *job,
                                    const pleura_object *object, const pleura_identifiers *own);

/* Data sets, whole. */
void pleura_write_capture(pleura_writer *w, const pleura_export_job *job,
                          const pleura_identifiers *own);
void pleura_write_report(pleura_writer *w, const pleura_export_job *job,
                         const pleura_identifiers *own);

/* One item of a sequence: what class an instance is of, and which. */
void pleura_write_reference(pleura_writer *w, const char *sop_class, const char *instance);

#endif
