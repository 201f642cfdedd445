/* Rows for people: the answer first, the name last, the reasons below. */
#include "cli.h"

#include <math.h>
#include <string.h>

/* The place of the finding among the answers; their number if there is none. */
static size_t finding_index(const pleura_model *model)
{
    const char *finding = pleura_model_finding(model);
    size_t i = 0, count = pleura_model_answer_count(model);
    while (finding && i < count && strcmp(pleura_model_answer_name(model, i), finding) != 0)
        i++;
    return finding ? i : count;
}

void cli_people_head(cli_output *output, const pleura_model *model, const cli_options *options)
{
    static const char columns[] = "outcome          P        ms  file";
    const char *finding = pleura_model_finding(model);
    fputs("Research tool, not a medical device: nothing here is a diagnosis.\n", stderr);
    if (finding)
        fprintf(stderr, "P is the probability of %s; from %.4g on it is a finding.\n", finding,
                options->has_threshold ? (double)options->threshold
                                       : (double)pleura_model_threshold(model));
    cli_output_line(output, columns, sizeof columns - 1);
}

static bool reason_rows(cli_output *output, const pleura_result *result)
{
    char line[400];
    unsigned left = pleura_result_reasons(result);
    for (unsigned bit = 1; left; bit <<= 1) {
        const char *text = pleura_result_reason_text(result, (pleura_reason)bit);
        left &= ~bit;
        if (!text)
            continue;
        snprintf(line, sizeof line, "            %s", text);
        if (!cli_output_line(output, line, strlen(line)))
            return false;
    }
    return true;
}

/* A model without a finding: every label's probability, a row each. */
static bool label_rows(cli_output *output, const pleura_model *model, const pleura_result *result)
{
    bool good = true;
    char line[400];
    const float *values = pleura_result_probabilities(result);
    for (size_t i = 0; good && i < pleura_result_probability_count(result); i++) {
        snprintf(line, sizeof line, "            %.4f  %s", (double)values[i],
                 pleura_model_answer_name(model, i));
        good = cli_output_words(output, line, strlen(line));
    }
    return good;
}

static bool fault_row(cli_output *output, const char *name, const pleura_error *fault)
{
    char line[8192];
    snprintf(line, sizeof line, "%-10s  %6s  %8s  %s", "error", "-", "-", name);
    if (!cli_output_words(output, line, strlen(line)))
        return false;
    snprintf(line, sizeof line, "            %s", fault->message);
    return cli_output_words(output, line, strlen(line));
}

static const char *outcome_words(const pleura_result *result)
{
    switch (pleura_result_outcome(result)) {
    case PLEURA_FINDING:
        return "finding";
    case PLEURA_NO_FINDING:
        return "no finding";
    default:
        return "cannot say";
    }
}

bool cli_people_row(cli_output *output, const pleura_model *model, const char *path,
                    const pleura_result *result, const pleura_error *fault)
{
    char line[8192], probability[16] = "-";
    if (fault)
        return fault_row(output, path, fault);
    size_t index = finding_index(model);
    if (index < pleura_result_probability_count(result))
        snprintf(probability, sizeof probability, "%.4f",
                 (double)pleura_result_probabilities(result)[index]);
    pleura_times times;
    pleura_result_times(result, &times);
    snprintf(line, sizeof line, "%-10s  %6s  %8.1f  %s", outcome_words(result), probability,
             times.total, path);
    return cli_output_words(output, line, strlen(line)) && reason_rows(output, result) &&
           (pleura_model_finding(model) || label_rows(output, model, result));
}
