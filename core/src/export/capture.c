/* The heatmap as a Secondary Capture Image (PS3.3, A.8.1). */
#include "export.h"

#include <stdio.h>
#include <string.h>

static void write_derivation(pleura_writer *w, const pleura_export_job *job)
{
    const pleura_source *source = job->source;
    const pleura_heatmap *map = pleura_result_heatmap(job->result);
    char words[400];
    snprintf(words, sizeof words,
             "%s with a class activation map of %.200s over it. Research result, not a diagnosis.",
             pleura_source_shows_film(source)
                 ? "Film"
                 : "Black, in place of a film whose picture names the patient,",
             pleura_model_answer_name(job->model, map->answer));
    pleura_write_words(w, source, PLEURA_TAG(0x0008, 0x2111), "ST", words);
    if (!pleura_source_has_film(source))
        return;
    pleura_write_sequence(w, PLEURA_TAG(0x0008, 0x2112));
    pleura_write_item(w);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x1150), "UI", source->sop_class);
    pleura_write_text(w, PLEURA_TAG(0x0008, 0x1155), "UI", source->sop_instance);
    pleura_write_code(
        w, PLEURA_TAG(0x0040, 0xA170),
        &(pleura_code_value){"121322", "DCM", "Source image for image processing operation"});
    pleura_write_item_end(w);
    pleura_write_sequence_end(w);
}

static void write_pixels(pleura_writer *w, const pleura_export_job *job)
{
    const pleura_picture *picture = job->picture;
    pleura_write_us(w, PLEURA_TAG(0x0028, 0x0002), 3);
    pleura_write_text(w, PLEURA_TAG(0x0028, 0x0004), "CS", "RGB");
    pleura_write_us(w, PLEURA_TAG(0x0028, 0x0006), 0);
    pleura_write_us(w, PLEURA_TAG(0x0028, 0x0010), picture->height);
    pleura_write_us(w, PLEURA_TAG(0x0028, 0x0011), picture->width);
    pleura_write_us(w, PLEURA_TAG(0x0028, 0x0100), 8);
    pleura_write_us(w, PLEURA_TAG(0x0028, 0x0101), 8);
    pleura_write_us(w, PLEURA_TAG(0x0028, 0x0102), 7);
    pleura_write_us(w, PLEURA_TAG(0x0028, 0x0103), 0);
    const char *burned_in = pleura_source_shows_film(job->source) ? job->source->burned_in : "NO";
    if (strcmp(burned_in, "YES") == 0 || strcmp(burned_in, "NO") == 0)
        pleura_write_text(w, PLEURA_TAG(0x0028, 0x0301), "CS", burned_in);
    if (job->source->lossy)
        pleura_write_text(w, PLEURA_TAG(0x0028, 0x2110), "CS", "01");
    pleura_write_long(w, PLEURA_TAG_PIXEL_DATA, "OB", picture->rgb,
                      (size_t)picture->width * picture->height * 3);
}

void pleura_write_capture(pleura_writer *w, const pleura_export_job *job,
                          const pleura_identifiers *own)
{
    const pleura_source *source = job->source;
    const pleura_object object = {
        .sop_class = PLEURA_SECONDARY_CAPTURE,
        .modality = "OT",
        .image_type = "DERIVED\\SECONDARY",
        .conversion = "WSD",
        .description = "Research heatmap, not a diagnosis",
        .series_number = "9801",
        .body_part = "CHEST", /* the gate let it pass as one */
        /* A film that does not say whether there are letters in its picture may have some. */
        .no_patient = !source->identity &&
                      (strcmp(source->burned_in, "NO") == 0 || !pleura_source_shows_film(source)),
    };
    pleura_write_general(w, job, &object, own);
    write_derivation(w, job);
    pleura_write_patient_and_study(w, job, &object, own);
    pleura_write_text(w, PLEURA_TAG(0x0020, 0x0020), "CS", source->orientation);
    pleura_write_text(w, PLEURA_TAG(0x0020, 0x4000), "LT",
                      "Research result. Not a medical device, not a diagnosis.");
    write_pixels(w, job);
}
