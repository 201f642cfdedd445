/* The answer as a Comprehensive SR Document (PS3.3, A.35.3), which is the least that has numbers. */
#include "export.h"

#include "../sha256.h"
#include "../text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Codes of our own (PS3.16, 8.2: "99" begins private schemes), which docs/dicom.md lists. */
#define OURS "99PLEURA"

static const pleura_code_value title = {"research", OURS,
                                        "Research classification of a chest radiograph"};

typedef struct document {
    pleura_writer *w;
    const pleura_export_job *job;
} document;

/* ---- Content items (PS3.3, C.17.3) ---- */

static void begin_item(const document *d, const char *relation, const char *type,
                       const pleura_code_value *name)
{
    pleura_write_item(d->w);
    pleura_write_text(d->w, PLEURA_TAG(0x0040, 0xA010), "CS", relation);
    pleura_write_text(d->w, PLEURA_TAG(0x0040, 0xA040), "CS", type);
    pleura_write_code(d->w, PLEURA_TAG(0x0040, 0xA043), name);
}

static void add_text(const document *d, const char *relation, const pleura_code_value *name,
                     const char *words)
{
    if (!words || !words[0])
        return;
    begin_item(d, relation, "TEXT", name);
    pleura_write_words(d->w, d->job->source, PLEURA_TAG(0x0040, 0xA160), "UT", words);
    pleura_write_item_end(d->w);
}

static void add_code(const document *d, const char *relation, const pleura_code_value *name,
                     const pleura_code_value *value)
{
    begin_item(d, relation, "CODE", name);
    pleura_write_code(d->w, PLEURA_TAG(0x0040, 0xA168), value);
    pleura_write_item_end(d->w);
}

/* A share from 0 to 1; `of`: what it is the share of, or NULL. */
static void add_number(const document *d, const pleura_code_value *name, double value,
                       const char *of)
{
    static const pleura_code_value unit = {"1", "UCUM", "no units"};
    pleura_number number;
    begin_item(d, "CONTAINS", "NUM", name);
    pleura_write_sequence(d->w, PLEURA_TAG(0x0040, 0xA300));
    pleura_write_item(d->w);
    pleura_write_code(d->w, PLEURA_TAG(0x0040, 0x08EA), &unit);
    pleura_write_text(d->w, PLEURA_TAG(0x0040, 0xA30A), "DS",
                      pleura_number_text(&number, value, 7));
    pleura_write_item_end(d->w);
    pleura_write_sequence_end(d->w);
    if (of) {
        pleura_write_sequence(d->w, PLEURA_TAG(0x0040, 0xA730));
        add_text(d, "HAS CONCEPT MOD", &(pleura_code_value){"answer", OURS, "Answer"}, of);
        pleura_write_sequence_end(d->w);
    }
    pleura_write_item_end(d->w);
}

static void add_image(const document *d, const pleura_code_value *name, const char *sop_class,
                      const char *instance)
{
    pleura_write_item(d->w);
    pleura_write_sequence(d->w, PLEURA_TAG(0x0008, 0x1199));
    pleura_write_reference(d->w, sop_class, instance);
    pleura_write_sequence_end(d->w);
    pleura_write_text(d->w, PLEURA_TAG(0x0040, 0xA010), "CS", "CONTAINS");
    pleura_write_text(d->w, PLEURA_TAG(0x0040, 0xA040), "CS", "IMAGE");
    pleura_write_code(d->w, PLEURA_TAG(0x0040, 0xA043), name);
    pleura_write_item_end(d->w);
}

/* ---- What the document says ---- */

static void add_language(const document *d)
{
    add_code(d, "HAS CONCEPT MOD",
             &(pleura_code_value){"121049", "DCM", "Language of Content Item and Descendants"},
             &(pleura_code_value){"en", "RFC5646", "English"});
}

/* Who observed: this program with this model (PS3.16, TID 1004). */
static void add_observer(const document *d)
{
    char hex[65];
    pleura_uid uid;
    const char *sha256 = pleura_model_sha256(d->job->model);
    add_code(d, "HAS OBS CONTEXT", &(pleura_code_value){"121005", "DCM", "Observer Type"},
             &(pleura_code_value){"121007", "DCM", "Device"});
    pleura_sha256_hex(sha256, strlen(sha256), hex);
    pleura_uid_from_sha256(hex, uid);
    begin_item(d, "HAS OBS CONTEXT", "UIDREF",
               &(pleura_code_value){"121012", "DCM", "Device Observer UID"});
    pleura_write_text(d->w, PLEURA_TAG(0x0040, 0xA124), "UI", uid);
    pleura_write_item_end(d->w);
    add_text(d, "HAS OBS CONTEXT", &(pleura_code_value){"121013", "DCM", "Device Observer Name"},
             PLEURA_PRODUCT " " PLEURA_VERSION);
}

static void add_outcome(const document *d)
{
    static const char *const meanings[] = {"Cannot say", "Below the threshold",
                                           "At or above the threshold"};
    pleura_outcome outcome = pleura_result_outcome(d->job->result);
    add_code(d, "CONTAINS", &(pleura_code_value){"outcome", OURS, "Outcome"},
             &(pleura_code_value){pleura_outcome_name(outcome), OURS, meanings[outcome]});
    add_text(d, "CONTAINS", &(pleura_code_value){"question", OURS, "What the threshold is about"},
             pleura_model_finding(d->job->model));
    for (unsigned bit = 1; bit; bit <<= 1)
        if (pleura_result_reasons(d->job->result) & bit)
            add_text(d, "CONTAINS", &(pleura_code_value){"reason", OURS, "Reason"},
                     pleura_result_reason_text(d->job->result, (pleura_reason)bit));
}

static void add_probabilities(const document *d)
{
    const float *values = pleura_result_probabilities(d->job->result);
    double threshold = (double)pleura_result_threshold(d->job->result);
    size_t count = pleura_result_probability_count(d->job->result);
    for (size_t i = 0; i < count; i++)
        add_number(d, &(pleura_code_value){"probability", OURS, "Model output, 0 to 1"},
                   (double)values[i], pleura_model_answer_name(d->job->model, i));
    size_t framings = pleura_result_framings(d->job->result);
    if (framings > 1)
        add_number(d,
                   &(pleura_code_value){"framings", OURS,
                                        "Framings of the film that outputs are the mean of"},
                   (double)framings, NULL);
    if (isfinite(threshold))
        add_number(d, &(pleura_code_value){"threshold", OURS, "Threshold"}, threshold,
                   pleura_model_finding(d->job->model));
}

static void add_where(const document *d)
{
    const pleura_heatmap *map = pleura_result_heatmap(d->job->result);
    if (map && map->zones[map->zone] > 0)
        add_text(d, "CONTAINS",
                 &(pleura_code_value){"zone", OURS, "Zone with most of the model's evidence"},
                 pleura_zone_name(map->zone));
    if (d->job->heatmap)
        add_image(d, &(pleura_code_value){"heatmap", OURS, "Heatmap"}, PLEURA_SECONDARY_CAPTURE,
                  d->job->heatmap->instance);
}

static void add_model(const document *d)
{
    const pleura_model *model = d->job->model;
    add_text(d, "CONTAINS", &(pleura_code_value){"model", OURS, "Model"},
             pleura_model_property(model, "pleura.name"));
    add_text(d, "CONTAINS", &(pleura_code_value){"model_version", OURS, "Version of the model"},
             pleura_model_property(model, "pleura.version"));
    add_text(d, "CONTAINS", &(pleura_code_value){"model_sha256", OURS, "SHA-256 of the model"},
             pleura_model_sha256(model));
    add_text(d, "CONTAINS", &(pleura_code_value){"film_sha256", OURS, "SHA-256 of the film's file"},
             d->job->source->sha256);
}

static void write_content(const document *d)
{
    pleura_write_text(d->w, PLEURA_TAG(0x0040, 0xA040), "CS", "CONTAINER");
    pleura_write_code(d->w, PLEURA_TAG(0x0040, 0xA043), &title);
    pleura_write_text(d->w, PLEURA_TAG(0x0040, 0xA050), "CS", "SEPARATE");
}

static void write_items(const document *d)
{
    const pleura_source *source = d->job->source;
    pleura_write_sequence(d->w, PLEURA_TAG(0x0040, 0xA730));
    add_language(d);
    add_observer(d);
    add_text(d, "CONTAINS", &(pleura_code_value){"notice", OURS, "Notice"},
             "Research result. Not a medical device; nothing in here is a diagnosis.");
    add_outcome(d);
    add_probabilities(d);
    if (pleura_source_has_film(source))
        add_image(d, &(pleura_code_value){"film", OURS, "Film"}, source->sop_class,
                  source->sop_instance);
    add_where(d);
    add_model(d);
    pleura_write_sequence_end(d->w);
}

/* ---- The modules ---- */

static void add_series(pleura_writer *w, const char *sop_class, const char *instance,
                       const char *series)
{
    pleura_write_item(w);
    pleura_write_sequence(w, PLEURA_TAG(0x0008, 0x1199));
    pleura_write_reference(w, sop_class, instance);
    pleura_write_sequence_end(w);
    pleura_write_text(w, PLEURA_TAG(0x0020, 0x000E), "UI", series);
    pleura_write_item_end(w);
}

/* Every instance that the content refers to (PS3.3, C.17.2). */
static void write_evidence(pleura_writer *w, const pleura_export_job *job)
{
    const pleura_source *source = job->source;
    if (!pleura_source_has_film(source) && !job->heatmap)
        return;
    pleura_write_sequence(w, PLEURA_TAG(0x0040, 0xA375));
    pleura_write_item(w);
    pleura_write_sequence(w, PLEURA_TAG(0x0008, 0x1115));
    if (pleura_source_has_film(source))
        add_series(w, source->sop_class, source->sop_instance, source->series);
    if (job->heatmap)
        add_series(w, PLEURA_SECONDARY_CAPTURE, job->heatmap->instance, job->heatmap->series);
    pleura_write_sequence_end(w);
    pleura_write_text(w, PLEURA_TAG(0x0020, 0x000D), "UI", source->study);
    pleura_write_item_end(w);
    pleura_write_sequence_end(w);
}

void pleura_write_report(pleura_writer *w, const pleura_export_job *job,
                         const pleura_identifiers *own)
{
    const document d = {w, job};
    const pleura_object object = {
        .sop_class = PLEURA_COMPREHENSIVE_SR,
        .modality = "SR",
        .description = "Research classification, not a diagnosis",
        .series_number = "9802",
        .no_patient = !job->source->identity,
    };
    pleura_write_general(w, job, &object, own);
    pleura_write_empty_sequence(w, PLEURA_TAG(0x0008, 0x1111));
    pleura_write_patient_and_study(w, job, &object, own);
    write_content(&d);
    pleura_write_empty_sequence(w, PLEURA_TAG(0x0040, 0xA372));
    write_evidence(w, job);
    pleura_write_text(w, PLEURA_TAG(0x0040, 0xA491), "CS", "COMPLETE");
    pleura_write_text(w, PLEURA_TAG(0x0040, 0xA492), "LO", "Research result, not a diagnosis");
    pleura_write_text(w, PLEURA_TAG(0x0040, 0xA493), "CS", "UNVERIFIED");
    write_items(&d);
}
