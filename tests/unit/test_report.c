/* Reports, to the letter, with a stand-in for the model. Needs core/src to include. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fixture_jpeg.h"
#include "model_double.h"

typedef size_t report(const pleura_model *, const char *, const pleura_result *,
                      const pleura_error *, char *, size_t);

static pleura_result *classified(pleura_model *model)
{
    pleura_result *result;
    assert_int_equal(pleura_classify(model, jpeg_grey, sizeof jpeg_grey, NULL, &result, NULL),
                     PLEURA_OK);
    return result;
}

/* Times differ from run to run: the report must be `head`, then them. */
static void expect_start(report *write, pleura_model *model, const char *file,
                         const pleura_result *result, const pleura_error *fault, const char *head)
{
    char buffer[2048];
    size_t length = write(model, file, result, fault, NULL, 0);
    assert_true(length < sizeof buffer);
    memset(buffer, '~', sizeof buffer);
    assert_int_equal(write(model, file, result, fault, buffer, length + 1), length);
    assert_int_equal(strlen(buffer), length);
    assert_int_equal(buffer[length + 1], '~');
    if (strncmp(buffer, head, strlen(head)) != 0)
        fail_msg("%s\nis not\n%s", buffer, head);
}

static void json_of_a_finding(void **state)
{
    (void)state;
    pleura_model model = model_double();
    pleura_result *result = classified(&model);
    expect_start(pleura_report_json, &model, "a \"b\".png\xFF", result, NULL,
                 "{\"schema\":\"pleura.result/1\",\"file\":\"a \\\"b\\\".png\xEF\xBF\xBD\","
                 "\"outcome\":\"finding\",\"finding\":\"pneumonia\",\"probabilities\":{"
                 "\"normal\":0.125,\"bac\\\"terial, x\":0.25,\"viral\":0.625,\"pneumonia\":0.875},"
                 "\"threshold\":0.5,\"reasons\":[],"
                 "\"model\":{\"name\":\"double\",\"version\":null,\"sha256\":\"00ff\"},\"ms\":");
    char buffer[2048];
    pleura_report_json(&model, "f", result, NULL, buffer, sizeof buffer);
    assert_non_null(strstr(buffer, ",\"ms_steps\":{\"decode\":"));
    assert_int_equal(buffer[strlen(buffer) - 1], '}');
    pleura_result_free(result);
}

static void json_of_a_refusal(void **state)
{
    (void)state;
    pleura_model model = model_double();
    model.decision.limits.min_side = 100;
    pleura_result *result = classified(&model);
    expect_start(pleura_report_json, &model, "f", result, NULL,
                 "{\"schema\":\"pleura.result/1\",\"file\":\"f\",\"outcome\":\"cannot_say\","
                 "\"finding\":\"pneumonia\",\"probabilities\":null,\"threshold\":0.5,\"reasons\":["
                 "{\"code\":\"too_small\",\"message\":\"The image has 24 x 16 pixels; each side "
                 "needs at least 100.\"}],\"model\":{");
    pleura_result_free(result);
}

static void json_without_a_finding(void **state)
{
    (void)state;
    pleura_model model = model_double();
    model.decision.finding = PLEURA_NO_ANSWER;
    model.finding = NULL;
    pleura_result *result = classified(&model);
    expect_start(pleura_report_json, &model, "f", result, NULL,
                 "{\"schema\":\"pleura.result/1\",\"file\":\"f\",\"outcome\":\"cannot_say\","
                 "\"finding\":null,\"probabilities\":{\"normal\":0.125,\"bac\\\"terial, x\":0.25,"
                 "\"viral\":0.625,\"pneumonia\":0.875},\"threshold\":null,\"reasons\":[{\"code\":"
                 "\"no_finding_defined\",");
    pleura_result_free(result);
}

static const pleura_error fault = {PLEURA_ERROR_TRUNCATED, "It ends, \"early\"."};

static void json_of_a_fault(void **state)
{
    (void)state;
    expect_start(pleura_report_json, NULL, "f", NULL, &fault,
                 "{\"schema\":\"pleura.result/1\",\"file\":\"f\",\"outcome\":null,"
                 "\"finding\":null,\"probabilities\":null,\"threshold\":null,\"reasons\":[],"
                 "\"error\":{\"code\":\"truncated\",\"message\":\"It ends, \\\"early\\\".\"},"
                 "\"model\":null,\"ms\":null,\"ms_steps\":null}");
    pleura_model model = model_double();
    expect_start(pleura_report_json, &model, "f", NULL, &fault,
                 "{\"schema\":\"pleura.result/1\",\"file\":\"f\",\"outcome\":null,"
                 "\"finding\":\"pneumonia\",\"probabilities\":null,");
}

static void csv_rows(void **state)
{
    (void)state;
    pleura_model model = model_double();
    char header[400];
    pleura_report_csv_header(&model, header, sizeof header);
    assert_string_equal(header, "file,outcome,finding,p_normal,\"p_bac\"\"terial, x\",p_viral,"
                                "p_pneumonia,threshold,reasons,error,message,model_sha256,ms");
    pleura_result *result = classified(&model);
    expect_start(pleura_report_csv, &model, "a,\"b\"\n.png", result, NULL,
                 "\"a,\"\"b\"\"\n.png\",finding,pneumonia,0.125,0.25,0.625,0.875,0.5,,,,00ff,");
    pleura_result_free(result);
    expect_start(pleura_report_csv, &model, "=1+1", NULL, &fault,
                 "=1+1,,pneumonia,,,,,,,truncated,\"It ends, \"\"early\"\".\",00ff,");
}

static void csv_of_a_refusal(void **state)
{
    (void)state;
    pleura_model model = model_double();
    model.decision.limits.min_side = 100;
    pleura_result *result = classified(&model);
    expect_start(pleura_report_csv, &model, "f", result, NULL,
                 "f,cannot_say,pneumonia,,,,,0.5,too_small,,,00ff,");
    pleura_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_of_a_finding),
        cmocka_unit_test(json_of_a_refusal),
        cmocka_unit_test(json_without_a_finding),
        cmocka_unit_test(json_of_a_fault),
        cmocka_unit_test(csv_rows),
        cmocka_unit_test(csv_of_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
