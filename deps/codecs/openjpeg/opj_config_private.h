/* What OpenJPEG's own CMake would write: every machine of ours is little endian, and memory comes
 * through plain malloc, which deps/codecs.cmake turns into the core's. */
#define OPJ_PACKAGE_VERSION "2.5.3"
