/* Text, numbers and JSON into a caller's buffer. Needs core/src to include. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "error.h"
#include "json.h"

#include <locale.h>
#include <math.h>
#include <string.h>

static void expect_number(double value, int digits, const char *wanted)
{
    pleura_number number;
    assert_string_equal(pleura_number_text(&number, value, digits), wanted);
}

static void numbers(void **state)
{
    (void)state;
    expect_number(0, 7, "0");
    expect_number(0.5, 7, "0.5");
    expect_number(-1.25e-7, 7, "-1.25e-07");
    expect_number(1e300, 17, "1.0000000000000001e+300");
    expect_number(-1.7976931348623157e308, 17, "-1.7976931348623157e+308");
    expect_number((double)0.1f, 7, "0.1");
    expect_number(NAN, 7, "nan");
    expect_number(-INFINITY, 7, "-inf");
    pleura_number number;
    assert_string_equal(pleura_fixed_text(&number, 2.0 / 3, 2), "0.67");
    assert_string_equal(pleura_fixed_text(&number, -1e300, 2), "-1e+300");
    assert_string_equal(pleura_fixed_text(&number, 99999999999999999999.0, 9), "1e+20");
    assert_string_equal(pleura_fixed_text(&number, -72057594037927936.0, 9),
                        "-72057594037927936.000000000");
}

static void numbers_in_other_locales(void **state)
{
    (void)state;
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8", "de_DE"};
    size_t found = 0;
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++)
        if (setlocale(LC_ALL, locales[i])) {
            found++;
            expect_number(-0.5, 7, "-0.5");
        }
    setlocale(LC_ALL, "C");
    if (!found)
        skip();
}

static void expect_text(const char *text, const char *wanted)
{
    char buffer[256];
    pleura_json json = pleura_json_into(buffer, sizeof buffer);
    pleura_json_text(&json, text);
    assert_int_equal(pleura_json_end(&json), strlen(wanted));
    assert_string_equal(buffer, wanted);
}

static void escapes(void **state)
{
    (void)state;
    expect_text("", "\"\"");
    expect_text(NULL, "null");
    expect_text("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    expect_text("\n\r\t\b\x1f\x7f", "\"\\n\\r\\t\\u0008\\u001f\\u007f\"");
    expect_text("\xC3\xA4\xE2\x82\xAC\xF0\x9F\xAB\x81", "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\xAB\x81\"");
}

#define R "\xEF\xBF\xBD"

/* As bytes.decode("utf-8", "replace") and TextDecoder do. */
static void bad_utf8(void **state)
{
    (void)state;
    expect_text("\xFF", "\"" R "\"");
    expect_text("a\x80"
                "b",
                "\"a" R "b\"");
    expect_text("\xC0\xAF", "\"" R R "\"");             /* overlong */
    expect_text("\xE0\x80\xAF", "\"" R R R "\"");       /* overlong */
    expect_text("\xED\xA0\x80", "\"" R R R "\"");       /* a surrogate */
    expect_text("\xF4\x90\x80\x80", "\"" R R R R "\""); /* past U+10FFFF */
    expect_text("\xE2\x82", "\"" R "\"");               /* cut */
    expect_text("\xE2\x82\"", "\"" R "\\\"\"");         /* cut by a quote */
    expect_text("\xF0\x9F\xAB\xF0\x9F\xAB\x81", "\"" R "\xF0\x9F\xAB\x81\"");
}

static size_t write_all(char *buffer, size_t capacity)
{
    pleura_json json = pleura_json_into(buffer, capacity);
    pleura_json_open(&json, '{');
    pleura_json_key(&json, "a");
    pleura_json_open(&json, '[');
    pleura_json_integer(&json, INT64_MIN);
    pleura_json_number(&json, 0.25, 7);
    pleura_json_number(&json, NAN, 7);
    pleura_json_number(&json, INFINITY, 7);
    pleura_json_bool(&json, true);
    pleura_json_bool(&json, false);
    pleura_json_open(&json, '{');
    pleura_json_close(&json, '}');
    pleura_json_open(&json, '[');
    pleura_json_close(&json, ']');
    pleura_json_close(&json, ']');
    pleura_json_key(&json, "b\"");
    pleura_json_null(&json);
    pleura_json_key(&json, "c");
    pleura_json_raw(&json, "{\"x\":1}", 7);
    pleura_json_close(&json, '}');
    return pleura_json_end(&json);
}

static const char whole[] = "{\"a\":[-9223372036854775808,0.25,null,null,true,false,{},[]],"
                            "\"b\\\"\":null,\"c\":{\"x\":1}}";

static void structure(void **state)
{
    (void)state;
    char buffer[200];
    assert_int_equal(write_all(buffer, sizeof buffer), strlen(whole));
    assert_string_equal(buffer, whole);
}

/* As snprintf: the whole length always, and nothing past the capacity. */
static void every_capacity(void **state)
{
    (void)state;
    assert_int_equal(write_all(NULL, 0), strlen(whole));
    for (size_t capacity = 1; capacity < sizeof whole + 3; capacity++) {
        char buffer[sizeof whole + 8];
        memset(buffer, '~', sizeof buffer);
        assert_int_equal(write_all(buffer, capacity), strlen(whole));
        size_t kept = capacity - 1 < strlen(whole) ? capacity - 1 : strlen(whole);
        assert_memory_equal(buffer, whole, kept);
        assert_int_equal(buffer[kept], '\0');
        for (size_t i = kept + 1; i < sizeof buffer; i++)
            assert_int_equal(buffer[i], '~');
    }
}

/* What a sentence quotes may be anything; the sentence is text, and shows where it was cut. */
static void sentences(void **state)
{
    (void)state;
    pleura_error error = {0};
    assert_int_equal(pleura_fail(&error, PLEURA_ERROR_ONNX, "Node '%s' has %d.",
                                 "\xC3\xA9\n\x1B[31m\x7F\xFF\xC2\x9B\xE2\x82", 7),
                     PLEURA_ERROR_ONNX);
    assert_string_equal(error.message, "Node '\xC3\xA9??"
                                       "[31m??????"
                                       "' has 7.");
    pleura_fail(&error, PLEURA_ERROR_FILE, "The first fault stays.");
    assert_int_equal(error.code, PLEURA_ERROR_ONNX);
    char name[2 * sizeof error.message + 1] = "";
    for (size_t i = 0; i + 1 < sizeof name; i += 2)
        memcpy(name + i, "\xC3\xA9", 2);
    for (int shift = 0; shift < 2; shift++) {
        error = (pleura_error){0};
        pleura_fail(&error, PLEURA_ERROR_ONNX, "%s%s.", shift ? "x" : "", name);
        size_t length = strlen(error.message), invalid;
        assert_int_equal(length, sizeof error.message - 1);
        assert_string_equal(error.message + length - 3, "...");
        for (size_t at = 0, count; at < length; at += count)
            assert_true((count = pleura_utf8_length(error.message + at, length - at, &invalid)) >
                        0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),   cmocka_unit_test(numbers_in_other_locales),
        cmocka_unit_test(escapes),   cmocka_unit_test(bad_utf8),
        cmocka_unit_test(structure), cmocka_unit_test(every_capacity),
        cmocka_unit_test(sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
