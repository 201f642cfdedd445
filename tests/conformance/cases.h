/* One case of the ONNX backend tests. */
#ifndef PLEURA_TEST_CASES_H
#define PLEURA_TEST_CASES_H

typedef enum case_outcome { CASE_PASSED, CASE_REFUSED, CASE_FAILED } case_outcome;

typedef struct case_result {
    case_outcome outcome;
    char operators[200]; /* of the model's nodes, each once, joined by '+' */
    const char *how;     /* passed: "run" by a network, or "folded" at load */
    char message[1500];  /* why not */
} case_result;

case_result run_case(const char *folder, const char *name);

#endif
