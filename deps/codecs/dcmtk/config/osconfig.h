/* What DCMTK's IJG code asks of its configuration: nothing but the usual headers. */
#define HAVE_SYS_TYPES_H 1
