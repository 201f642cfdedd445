/* The gate: what is let through, what is stopped, and by which reason. Needs core/src to include. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>

#include "decide/gate.h"
#include "png_writer.h"

#include <string.h>

static uint16_t samples[700 * 700];

/* A ramp from left to right between two levels. */
static pleura_image *ramp(uint32_t width, uint32_t height, uint32_t low, uint32_t high)
{
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            samples[y * width + x] = (uint16_t)(low + (high - low) * x / width);
    pleura_image *image;
    assert_int_equal(pleura_image_from_grey16(samples, width, height, NULL, &image, NULL),
                     PLEURA_OK);
    return image;
}

static void expect(pleura_image *image, uint32_t min_side, unsigned wanted)
{
    pleura_reasons reasons = {0};
    pleura_gate(image, &(pleura_gate_limits){.min_side = min_side}, &reasons);
    assert_int_equal(reasons.set, wanted);
    assert_int_equal(pleura_reasons_refuse(&reasons), wanted != 0);
    for (unsigned bit = 1; bit < 64; bit <<= 1) {
        const char *text = pleura_reasons_text(&reasons, (pleura_reason)bit);
        assert_int_equal(text != NULL, (wanted & bit) != 0);
        if (text)
            assert_int_equal(text[strlen(text) - 1], '.');
    }
    pleura_image_free(image);
}

static void films_pass(void **state)
{
    (void)state;
    expect(ramp(224, 224, 0, 65535), 64, 0);
    expect(ramp(445, 140, 20000, 40000), 128, 0); /* the narrowest film of the training set */
    expect(ramp(64, 64, 0, 65535), 64, 0);
    expect(ramp(1, 1, 0, 0), 0, PLEURA_REASON_BLANK);
}

static void small_images(void **state)
{
    (void)state;
    expect(ramp(64, 63, 0, 65535), 64, PLEURA_REASON_TOO_SMALL);
    expect(ramp(20, 600, 0, 65535), 64, PLEURA_REASON_TOO_SMALL | PLEURA_REASON_PROPORTIONS);
}

static void strips(void **state)
{
    (void)state;
    expect(ramp(400, 100, 0, 65535), 0, 0);
    expect(ramp(401, 100, 0, 65535), 0, PLEURA_REASON_PROPORTIONS);
    expect(ramp(100, 401, 0, 65535), 0, PLEURA_REASON_PROPORTIONS);
}

static void blank_images(void **state)
{
    (void)state;
    expect(ramp(300, 300, 1000, 1000), 0, PLEURA_REASON_BLANK);
    expect(ramp(300, 300, 0, 4095), 0, PLEURA_REASON_BLANK); /* 12 bits, not scaled */
    expect(ramp(300, 300, 30000, 40000), 0, 0);
    /* A few white pixels (a letter, a speck) are no contrast. */
    pleura_image *image = ramp(300, 300, 500, 700);
    pleura_image_free(image);
    for (size_t i = 0; i < 500; i++)
        samples[i] = 65535;
    assert_int_equal(pleura_image_from_grey16(samples, 300, 300, NULL, &image, NULL), PLEURA_OK);
    expect(image, 0, PLEURA_REASON_BLANK);
}

/* 16 x 16 pixels of grey 16 x, with `tint` taken off the blue. */
static pleura_image *tinted(unsigned tint)
{
    unsigned char rows[16 * 48];
    for (unsigned i = 0; i < 256; i++) {
        unsigned grey = 16 * (i % 16), blue = grey > tint ? grey - tint : 0;
        rows[3 * i] = rows[3 * i + 1] = (unsigned char)grey;
        rows[3 * i + 2] = (unsigned char)blue;
    }
    png p = png_make(16, 16, 8, 2, rows, 48);
    pleura_image *image;
    assert_int_equal(pleura_image_decode(p.bytes, p.size, NULL, &image, NULL), PLEURA_OK);
    return image;
}

static void colours(void **state)
{
    (void)state;
    expect(tinted(0), 0, 0);
    expect(tinted(10), 0, 0); /* a faint tint */
    expect(tinted(60), 0, PLEURA_REASON_COLOUR);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(pleura_reason_name(PLEURA_REASON_BLANK), "blank");
    assert_string_equal(pleura_reason_name(PLEURA_REASON_NO_FINDING_DEFINED), "no_finding_defined");
    assert_string_equal(pleura_reason_name((pleura_reason)4096), "unknown");
}

static unsigned reasons_of(const char *modality, const char *part, const char *view,
                           const char *orientation)
{
    const pleura_dicom_info dicom = {.modality = modality,
                                     .body_part = part,
                                     .view_position = view,
                                     .patient_orientation = orientation,
                                     .age_years = NAN};
    pleura_reasons reasons = {0};
    pleura_gate_dicom(&dicom, &(pleura_gate_limits){.max_age = 18}, &reasons);
    return reasons.set;
}

static void what_a_dicom_file_says(void **state)
{
    (void)state;
    assert_int_equal(reasons_of("DX", "CHEST", "PA", "L\\F"), 0);
    assert_int_equal(reasons_of("", "", "", ""), 0);
    assert_int_equal(reasons_of("CR", "TORAX", "", ""), 0); /* a word that is not known */
    assert_int_equal(reasons_of("CT", "CHEST", "", ""), PLEURA_REASON_NOT_CHEST);
    assert_int_equal(reasons_of("DX", "HAND", "PA", ""), PLEURA_REASON_NOT_CHEST);
    assert_int_equal(reasons_of("DX", "CHEST", "LL", ""), PLEURA_REASON_LATERAL);
    assert_int_equal(reasons_of("DX", "CHEST", "", "A\\F"), PLEURA_REASON_LATERAL);
    assert_int_equal(reasons_of("DX", "SKULL", "RL", ""),
                     PLEURA_REASON_NOT_CHEST | PLEURA_REASON_LATERAL);
}

static void adults(void **state)
{
    (void)state;
    static const struct {
        double age, most;
        bool refused;
    } cases[] = {{45, 18, true}, {18, 18, true}, {17.9, 18, false},
                 {4, 18, false}, {45, 0, false}, {NAN, 18, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const pleura_dicom_info dicom = {.modality = "DX",
                                         .body_part = "",
                                         .view_position = "",
                                         .patient_orientation = "",
                                         .age_years = cases[i].age};
        pleura_reasons reasons = {0};
        pleura_gate_dicom(&dicom, &(pleura_gate_limits){.max_age = cases[i].most}, &reasons);
        assert_int_equal(reasons.set, cases[i].refused ? PLEURA_REASON_ADULT : 0);
        if (i == 0)
            assert_string_equal(pleura_reasons_text(&reasons, PLEURA_REASON_ADULT),
                                "The file says that the patient is 45 years old, and the model is "
                                "for patients under 18.");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_dicom_file_says),
        cmocka_unit_test(adults),
        cmocka_unit_test(films_pass),
        cmocka_unit_test(small_images),
        cmocka_unit_test(strips),
        cmocka_unit_test(blank_images),
        cmocka_unit_test(colours),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
