/* DCMTK silences compilers here by including a file: an empty one. */
#define DCMTK_DIAGNOSTIC_PUSH "dcmtk/ofstd/diag/none.h"
#define DCMTK_DIAGNOSTIC_POP "dcmtk/ofstd/diag/none.h"
#define DCMTK_DIAGNOSTIC_IGNORE_CONST_EXPRESSION_WARNING "dcmtk/ofstd/diag/none.h"
