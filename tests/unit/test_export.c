/* Results as DICOM files, with a stand-in for the model: order, UIDs, odd films, failing memory.
 * That others read them is tests/dicom/test_export.py. Needs core/src to include. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dicom_writer.h"
#include "export/uid.h"
#include "image/dicom/dataset.h"
#include "model_double.h"

extern size_t pleura_test_fail_at, pleura_test_allocations, pleura_test_live;

static const float head_features[3 * 4] = {1, 2, 3, 4, 0, 0, 8, 0, 0, 0, 0, 0};
static const pleura_heatmap_head double_head = {
    .labels = 3, .channels = 3, .width = 2, .height = 2, .features = head_features};

static const pleura_export_options noon = {.when = "20261125120000"},
                                   noon_named = {.when = "20261125120000", .identity = true};

static pleura_model with_heatmap(void)
{
    pleura_model model = model_double();
    model.head = &double_head;
    return model;
}

/* A film of 24 x 16 pixels that says who it is of. */
static dicom film(void)
{
    dicom d;
    uint16_t values[24 * 16];
    dicom_begin(&d, "1.2.840.10008.1.2.1");
    dicom_text(&d, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1.1");
    dicom_text(&d, 0x00080018, "UI", "1.2.3.4");
    dicom_text(&d, 0x00100010, "PN", "Zzyzx^Quentin");
    dicom_text(&d, 0x0020000D, "UI", "1.2.3");
    dicom_text(&d, 0x0020000E, "UI", "1.2.3.5");
    dicom_layout(&d, &(layout){.columns = 24,
                               .rows = 16,
                               .samples = 1,
                               .allocated = 16,
                               .stored = 12,
                               .photometric = "MONOCHROME2"});
    for (size_t i = 0; i < 24 * 16; i++)
        values[i] = (uint16_t)(i * 10);
    dicom_words(&d, 0x7FE00010, "OW", values, 24 * 16);
    return d;
}

static pleura_result *classified(pleura_model *model, const dicom *d)
{
    pleura_error error = {0};
    pleura_result *result;
    const pleura_classify_options options = {.heatmap = true};
    if (pleura_classify(model, d->bytes, d->size, &options, &result, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    return result;
}

static pleura_export *exported(const pleura_model *model, const dicom *d,
                               const pleura_result *result, const pleura_export_options *options)
{
    pleura_error error = {0};
    pleura_export *made;
    if (pleura_export_create(model, d->bytes, d->size, result, options, &made, &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    return made;
}

/* A film, judged, and its two files. */
typedef struct judged {
    pleura_model model;
    dicom film;
    pleura_result *result;
    pleura_export *made;
} judged;

static void begin(judged *j, pleura_model model, dicom d, const pleura_export_options *options)
{
    *j = (judged){.model = model, .film = d};
    j->result = classified(&j->model, &j->film);
    j->made = exported(&j->model, &j->film, j->result, options);
}

static void end(judged *j)
{
    pleura_export_free(j->made);
    pleura_result_free(j->result);
}

static bool holds(const void *bytes, size_t size, const char *words)
{
    size_t length = strlen(words);
    for (size_t i = 0; i + length <= size; i++)
        if (memcmp((const char *)bytes + i, words, length) == 0)
            return true;
    return false;
}

/* ---- The files ---- */

typedef struct order {
    uint32_t last; /* tag of the data set itself */
    size_t elements;
} order;

static bool enter(uint32_t tag)
{
    (void)tag;
    return false;
}

/* Lengths are even, and the tags of the data set rise. */
static pleura_code rises(void *context, const pleura_dicom_path *path,
                         const pleura_dicom_element *e, pleura_error *error)
{
    (void)error;
    order *o = context;
    assert_int_equal(e->length % 2, 0);
    if (path->depth == 0 && e->tag <= o->last)
        fail_msg("(%04X,%04X) stands behind (%04X,%04X)", (unsigned)(e->tag >> 16),
                 (unsigned)(e->tag & 0xFFFF), (unsigned)(o->last >> 16),
                 (unsigned)(o->last & 0xFFFF));
    if (path->depth == 0)
        o->last = e->tag;
    o->elements++;
    return PLEURA_OK;
}

static void walk(const void *bytes, size_t size)
{
    order o = {0};
    pleura_error error = {0};
    const pleura_dicom_visitor visitor = {rises, enter, &o};
    const pleura_dicom_encoding encoding = {.explicit_vr = true};
    if (pleura_dicom_walk((const unsigned char *)bytes + 132, size - 132, encoding, &visitor,
                          &error) != PLEURA_OK)
        fail_msg("%s", error.message);
    assert_true(o.elements > 30);
}

static void two_files(void **state)
{
    (void)state;
    judged j;
    begin(&j, with_heatmap(), film(), &noon);
    size_t size;
    const void *bytes = pleura_export_report(j.made, &size);
    walk(bytes, size);
    assert_true(holds(bytes, size, pleura_export_report_uid(j.made)));
    assert_true(holds(bytes, size, pleura_export_heatmap_uid(j.made)));
    assert_true(holds(bytes, size, "1.2.3.4"));
    assert_true(holds(bytes, size, "bac\"terial, x"));
    assert_true(holds(bytes, size, "20261125"));
    assert_false(holds(bytes, size, "Zzyzx"));
    bytes = pleura_export_heatmap(j.made, &size);
    walk(bytes, size);
    assert_true(holds(bytes, size, "1.2.3.4"));
    assert_false(holds(bytes, size, "Zzyzx"));
    /* What is written is read. */
    pleura_image *image;
    pleura_image_info info;
    assert_int_equal(pleura_image_decode(bytes, size, NULL, &image, NULL), PLEURA_OK);
    pleura_image_get_info(image, &info);
    assert_true(info.width == 24 && info.height == 16 && info.channels == 3 && info.chroma > 0);
    pleura_image_free(image);
    end(&j);
}

static void no_heatmap(void **state)
{
    (void)state;
    judged j;
    begin(&j, model_double(), film(), &noon);
    size_t size = 1;
    assert_null(pleura_export_heatmap(j.made, &size));
    assert_int_equal(size, 0);
    assert_null(pleura_export_heatmap_uid(j.made));
    walk(pleura_export_report(j.made, &size), size);
    pleura_export_free(NULL);
    end(&j);
}

static void uids_follow_from_the_content(void **state)
{
    (void)state;
    judged j;
    begin(&j, with_heatmap(), film(), &noon);
    const pleura_export_options others[] = {noon, {.when = "20261125120001"}, noon_named};
    for (size_t i = 0; i < 3; i++) {
        pleura_export *other = exported(&j.model, &j.film, j.result, &others[i]);
        const char *(*const uids[])(const pleura_export *) = {pleura_export_report_uid,
                                                              pleura_export_heatmap_uid};
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(strcmp(uids[k](j.made), uids[k](other)) == 0, i == 0);
            assert_int_equal(strncmp(uids[k](other), "2.25.", 5), 0);
            assert_true(pleura_uid_is_sound(uids[k](other)));
        }
        pleura_export_free(other);
    }
    end(&j);
}

static void uuids_are_decimal(void **state)
{
    (void)state;
    pleura_uid uid;
    /* 00000000-0000-8000-8000-000000000000 and ffffffff-ffff-8fff-bfff-ffffffffffff */
    pleura_uid_from_sha256("0000000000000000000000000000000000000000000000000000000000000000", uid);
    assert_string_equal(uid, "2.25.604472133179351442128896");
    pleura_uid_from_sha256("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", uid);
    assert_string_equal(uid, "2.25.340282366920937934553716840013076889599");
    assert_false(pleura_uid_is_sound(""));
    assert_false(pleura_uid_is_sound("1.2.x"));
    assert_false(pleura_uid_is_sound(
        "1.2.34567890123456789012345678901234567890123456789012345678901234567890"));
}

/* ---- Odd films ---- */

static void names_are_kept_when_asked(void **state)
{
    (void)state;
    judged j;
    begin(&j, with_heatmap(), film(), &noon_named);
    size_t size;
    assert_true(holds(pleura_export_report(j.made, &size), size, "Zzyzx^Quentin"));
    assert_true(holds(pleura_export_heatmap(j.made, &size), size, "Zzyzx^Quentin"));
    end(&j);
}

/* What would make our files wrong is not taken over. */
static void odd_values_are_dropped(void **state)
{
    (void)state;
    judged j;
    dicom d, head, tail = film();
    dicom_begin(&head, "1.2.840.10008.1.2.1");
    d = head;
    dicom_text(&d, 0x00080005, "CS", "ISO_IR 100");
    dicom_text(&d, 0x00080020, "DA", "2026.01.31");
    dicom_text(&d, 0x00080030, "TM", "noon");
    dicom_text(&d, 0x00100030, "DA", "20261x31");
    dicom_text(&d, 0x00100040, "CS", "FEMALE");
    dicom_text(&d, 0x0020000D, "UI", "1.2.abc");
    dicom_bytes(&d, tail.bytes + head.size, tail.size - head.size);
    /* The study that is named last is the sound one; make it unsound, too. */
    for (size_t i = 0; i + 6 < d.size; i++)
        if (memcmp(d.bytes + i, "\x20\0\x0D\0UI", 6) == 0)
            d.bytes[i + 8] = 'x';
    begin(&j, with_heatmap(), d, &noon_named);
    size_t size;
    const void *bytes = pleura_export_report(j.made, &size);
    walk(bytes, size);
    const char *const odd[] = {"2026.01", "noon", "1x31", "FEMALE", "abc", "x.2.3"};
    for (size_t i = 0; i < 6; i++)
        assert_false(holds(bytes, size, odd[i]));
    assert_true(holds(bytes, size, "ISO_IR 100"));
    end(&j);
}

static void words_of_the_model_keep_to_the_character_set(void **state)
{
    (void)state;
    double_names[2] = "L\xC3\xBC\x07\xFFnge";
    judged j;
    begin(&j, with_heatmap(), film(), &noon);
    size_t size;
    const void *bytes = pleura_export_report(j.made, &size);
    assert_true(holds(bytes, size, "L\xC3\xBC??nge"));
    end(&j);
    double_names[2] = "viral";
}

/* ---- Wrong use ---- */

static void wrong_arguments(void **state)
{
    (void)state;
    pleura_model model = with_heatmap();
    dicom d = film();
    pleura_result *result = classified(&model, &d);
    pleura_export *made;
    const char *const moments[] = {"",
                                   "2026112512000",
                                   "202611251200000",
                                   "20261325120000",
                                   "20261100120000",
                                   "20261125240000",
                                   "20261125126000",
                                   "20261125120060",
                                   "2026112512000x"};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        const pleura_export_options options = {.when = moments[i]};
        made = (pleura_export *)&d;
        assert_int_equal(
            pleura_export_create(&model, d.bytes, d.size, result, &options, &made, NULL),
            PLEURA_ERROR_ARGUMENT);
        assert_null(made);
    }
    assert_int_equal(pleura_export_create(NULL, d.bytes, d.size, result, &noon, &made, NULL),
                     PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_export_create(&model, NULL, 0, result, &noon, &made, NULL),
                     PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_export_create(&model, d.bytes, d.size, NULL, &noon, &made, NULL),
                     PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_export_create(&model, d.bytes, d.size, result, NULL, &made, NULL),
                     PLEURA_ERROR_ARGUMENT);
    assert_int_equal(pleura_export_create(&model, d.bytes, d.size, result, &noon, NULL, NULL),
                     PLEURA_ERROR_ARGUMENT);
    /* Another file than the result's: refused as it would be anywhere. */
    assert_int_equal(pleura_export_create(&model, d.bytes, d.size / 2, result, &noon, &made, NULL),
                     PLEURA_ERROR_TRUNCATED);
    pleura_result_free(result);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    pleura_model model = with_heatmap();
    dicom d = film();
    pleura_result *result = classified(&model, &d);
    size_t live = pleura_test_live, failed = 0;
    for (size_t at = 1;; at++, failed++) {
        pleura_error error = {0};
        pleura_export *made;
        pleura_test_allocations = 0;
        pleura_test_fail_at = at;
        pleura_code code =
            pleura_export_create(&model, d.bytes, d.size, result, &noon, &made, &error);
        pleura_test_fail_at = 0;
        if (code == PLEURA_OK) {
            pleura_export_free(made);
            break;
        }
        assert_int_equal(code, PLEURA_ERROR_MEMORY);
        assert_null(made);
        assert_int_equal(pleura_test_live, live);
    }
    assert_true(failed > 20);
    assert_int_equal(pleura_test_live, live);
    pleura_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_files),
        cmocka_unit_test(no_heatmap),
        cmocka_unit_test(uids_follow_from_the_content),
        cmocka_unit_test(uuids_are_decimal),
        cmocka_unit_test(names_are_kept_when_asked),
        cmocka_unit_test(odd_values_are_dropped),
        cmocka_unit_test(words_of_the_model_keep_to_the_character_set),
        cmocka_unit_test(wrong_arguments),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
