/* Linked statically: nothing is exported. */
#define DCMTK_DECL_EXPORT
#define DCMTK_DECL_IMPORT
