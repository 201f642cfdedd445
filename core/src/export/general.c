/* The modules that every composite object has: patient, study, series, equipment, SOP common. */
#include "export.h"

void pleura_write_general(pleura_writer *w, const pleura_export_job *job,
                          const pleura_object *object, const pleura_identifiers *own)
{
    const pleura_source *source = job->source;
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x0005), "CS", source->charset);
    if (object->image_type)
        pleura_write_text(w, PLEURA_TAG(0x0008, 0x0008), "CS", object->image_type);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x0016), "UI", object->sop_class);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x0018), "UI", own->instance);
    pleura_write_kept(w, source, PLEURA_KEPT_STUDY_DATE);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x0023), "DA", job->date);
    pleura_write_kept(w, source, PLEURA_KEPT_STUDY_TIME);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x0033), "TM", job->time);
    pleura_write_kept(w, source, PLEURA_KEPT_ACCESSION);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x0060), "CS", object->modality);
    if (object->conversion)
        pleura_write_text(w, PLEURA_TAG(0x0008, 0x0064), "CS", object->conversion);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x0070), "LO", PLEURA_PRODUCT);
    pleura_write_kept(w, source, PLEURA_KEPT_REFERRING);
    if (source->identity)
        pleura_write_kept(w, source, PLEURA_KEPT_STUDY_DESCRIPTION);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x103E), "LO", object->description);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x1090), "LO", PLEURA_PRODUCT);
}

void pleura_write_patient_and_study(pleura_writer *w, const pleura_export_job *job,
                                    const pleura_object *object, const pleura_identifiers *own)
{
    const pleura_source *source = job->source;
    pleura_write_kept(w, source, PLEURA_KEPT_NAME);
    pleura_write_kept(w, source, PLEURA_KEPT_ID);
    if (source->kept[PLEURA_KEPT_ID_ISSUER].length)
        pleura_write_kept(w, source, PLEURA_KEPT_ID_ISSUER);
    pleura_write_kept(w, source, PLEURA_KEPT_BIRTH_DATE);
    pleura_write_kept(w, source, PLEURA_KEPT_SEX);
    if (object->no_patient) {
        pleura_write_text(w, PLEURA_TAG(0x0012, 0x0062), "CS", "YES");
        pleura_write_text(w, PLEURA_TAG(0x0012, 0x0063), "LO",
                          "Made without patient data; UIDs of study and film kept");
    }
    if (object->body_part)
        pleura_write_text(w, PLEURA_TAG(0x0018, 0x0015), "CS", object->body_part);
    pleura_write_text(w, PLEURA_TAG(0x0018, 0x1020), "LO", PLEURA_VERSION);
    pleura_write_text(w, PLEURA_TAG(0x0020, 0x000D), "UI", source->study);
    pleura_write_text(w, PLEURA_TAG(0x0020, 0x000E), "UI", own->series);
    pleura_write_kept(w, source, PLEURA_KEPT_STUDY_ID);
    pleura_write_text(w, PLEURA_TAG(0x0020, 0x0011), "IS", object->series_number);
    pleura_write_text(w, PLEURA_TAG(0x0020, 0x0013), "IS", "1");
}

void pleura_write_reference(pleura_writer *w, const char *sop_class, const char *instance)
{
    pleura_write_item(w);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x1150), "UI", sop_class);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x1155), "UI", instance);
    pleura_write_item_end(w);
}
