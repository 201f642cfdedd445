/* One result as a row of CSV (RFC 4180). */
#include "pleura/learn.h"
#include "text.h"

#include <math.h>
#include <string.h>

static void add_comma(pleura_text *row)
{
    pleura_text_add(row, ",");
}

/* Quoted only where it must be, so that the usual row stays easy to read. */
static void add_field(pleura_text *row, const char *field)
{
    if (!field)
        return;
    bool plain = !strpbrk(field, "\",\r\n") && field[0] != ' ';
    if (plain) {
        pleura_text_add(row, field);
        return;
    }
    pleura_text_add(row, "\"");
    for (const char *quote; (quote = strchr(field, '"')) != NULL; field = quote + 1) {
        pleura_text_bytes(row, field, (size_t)(quote - field));
        pleura_text_add(row, "\"\"");
    }
    pleura_text_add(row, field);
    pleura_text_add(row, "\"");
}

static void add_number(pleura_text *row, double value, int digits)
{
    pleura_number number;
    if (isfinite(value))
        pleura_text_add(row, pleura_number_text(&number, value, digits));
}

/* "too_small blank": codes are words without spaces. */
static void add_reasons(pleura_text *row, const pleura_result *result)
{
    unsigned left = pleura_result_reasons(result);
    for (unsigned bit = 1; left; bit <<= 1) {
        if (!(left & bit))
            continue;
        left &= ~bit;
        pleura_text_add(row, pleura_reason_name((pleura_reason)bit));
        if (left)
            pleura_text_add(row, " ");
    }
}

/* A label may hold a comma or a quote; its column is "p_" and the label. */
static void add_answer_column(pleura_text *row, const char *label)
{
    if (!strpbrk(label, "\",\r\n")) {
        pleura_text_add(row, "p_");
        pleura_text_add(row, label);
        return;
    }
    pleura_text_add(row, "\"p_");
    for (; *label; label++)
        pleura_text_bytes(row, *label == '"' ? "\"\"" : label, *label == '"' ? 2 : 1);
    pleura_text_add(row, "\"");
}

static bool has_framings(const pleura_model *model)
{
    return model && pleura_model_property(model, "pleura.framings");
}

size_t pleura_report_csv_header(const pleura_model *model, char *buffer, size_t capacity)
{
    pleura_text row = {.buffer = buffer, .capacity = capacity};
    pleura_text_add(&row, "file,outcome,finding");
    for (size_t i = 0; model && i < pleura_model_answer_count(model); i++) {
        add_comma(&row);
        add_answer_column(&row, pleura_model_answer_name(model, i));
    }
    pleura_text_add(&row, ",threshold,reasons,error,message,model_sha256,ms");
    if (has_framings(model))
        pleura_text_add(&row, ",framings");
    if (model && pleura_model_applied(model))
        pleura_text_add(&row, ",profile_sha256");
    return pleura_text_end(&row);
}

static void add_answers(pleura_text *row, const pleura_model *model, const pleura_result *result)
{
    size_t count = model ? pleura_model_answer_count(model) : 0;
    size_t known = result ? pleura_result_probability_count(result) : 0;
    const float *values = known ? pleura_result_probabilities(result) : NULL;
    for (size_t i = 0; i < count; i++) {
        add_comma(row);
        if (i < known)
            add_number(row, (double)values[i], 7);
    }
}

/* From "threshold" to "message". */
static void add_explanation(pleura_text *row, const pleura_result *result,
                            const pleura_error *fault)
{
    add_comma(row);
    if (result)
        add_number(row, (double)pleura_result_threshold(result), 7);
    add_comma(row);
    if (result)
        add_reasons(row, result);
    add_comma(row);
    if (fault)
        add_field(row, pleura_code_name(fault->code));
    add_comma(row);
    if (fault)
        add_field(row, fault->message);
}

size_t pleura_report_csv(const pleura_model *model, const char *file, const pleura_result *result,
                         const pleura_error *fault, char *buffer, size_t capacity)
{
    pleura_text row = {.buffer = buffer, .capacity = capacity};
    if (fault)
        result = NULL;
    add_field(&row, file);
    add_comma(&row);
    if (result)
        add_field(&row, pleura_outcome_name(pleura_result_outcome(result)));
    add_comma(&row);
    if (model)
        add_field(&row, pleura_model_finding(model));
    add_answers(&row, model, result);
    add_explanation(&row, result, fault);
    add_comma(&row);
    if (model)
        add_field(&row, pleura_model_sha256(model));
    add_comma(&row);
    if (result) {
        pleura_times times;
        pleura_result_times(result, &times);
        add_number(&row, times.total, 4);
    }
    if (has_framings(model)) {
        add_comma(&row);
        if (result)
            add_number(&row, (double)pleura_result_framings(result), 4);
    }
    if (model && pleura_model_applied(model)) {
        add_comma(&row);
        add_field(&row, pleura_model_applied(model));
    }
    return pleura_text_end(&row);
}
