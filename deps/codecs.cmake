# The decoders of compressed DICOM frames, from the sources that toolchain/setup.sh fetched:
#   deps::codecs   DCMTK's IJG libraries (JPEG of 8 and 12 bits, lossless), OpenJPEG, CharLS
# DCMTK's, and not libjpeg-turbo: only version 3 of that decodes lossless JPEG, and no stable
# Debian keeps its sources.
set(codecs_HERE "${CMAKE_CURRENT_LIST_DIR}/codecs")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${codecs_HERE}/sources.txt")
file(STRINGS "${codecs_HERE}/sources.txt" lines REGEX "^[^#]")
foreach(line IN LISTS lines)
  string(REGEX MATCH "^([^ ]+) +[^ ]+ +(............)" line "${line}")
  set(${CMAKE_MATCH_1}_SOURCE "${PLEURA_SOURCES}/${CMAKE_MATCH_1}-${CMAKE_MATCH_2}")
  if(NOT IS_DIRECTORY "${${CMAKE_MATCH_1}_SOURCE}")
    message(FATAL_ERROR "The sources of ${CMAKE_MATCH_1} are not there yet: run toolchain/setup.sh")
  endif()
endforeach()

set(ijg_FILES jcodec jcomapi jdapimin jdapistd jdarith jdatasrc jdcoefct jdcolor jddctmgr jddiffct jdhuff
  jdinput jdlhuff jdlossls jdlossy jdmainct jdmarker jdmaster jdmerge jdphuff jdpostct jdpred
  jdsample jdscale jdshuff jerror jidctflt jidctfst jidctint jidctred jmemmgr jmemnobs jquant1
  jquant2 jutils)
set(openjpeg_FILES thread bio cio dwt event function_list ht_dec image invert j2k jp2 mct mqc openjpeg
  opj_clock opj_malloc pi sparse_array t1 t2 tcd tgt)
set(charls_FILES charls_jpegls_decoder jpeg_stream_reader jpeg_stream_writer jpegls jpegls_error
  validate_spiff_header version charls_jpegls_encoder)

set(codecs_SOURCES "${codecs_HERE}/no_encoder.c")
foreach(bits 8 12 16)
  foreach(file IN LISTS ijg_FILES)
    list(APPEND codecs_SOURCES "${dcmtk_SOURCE}/dcmjpeg/libijg${bits}/${file}.c")
  endforeach()
  set_source_files_properties("${dcmtk_SOURCE}/dcmjpeg/libijg${bits}/jmemnobs.c" PROPERTIES
    COMPILE_DEFINITIONS "malloc=pleura_alloc;free=pleura_free")
endforeach()
foreach(file IN LISTS openjpeg_FILES)
  list(APPEND codecs_SOURCES "${openjpeg2_SOURCE}/src/lib/openjp2/${file}.c")
endforeach()
set_source_files_properties("${openjpeg2_SOURCE}/src/lib/openjp2/opj_malloc.c" PROPERTIES
  COMPILE_DEFINITIONS
    "malloc=pleura_jpeg_2000_alloc;calloc=pleura_jpeg_2000_alloc_zero;realloc=pleura_jpeg_2000_realloc;free=pleura_jpeg_2000_free")
foreach(file IN LISTS charls_FILES)
  list(APPEND codecs_SOURCES "${charls_SOURCE}/src/${file}.cpp")
endforeach()
set_source_files_properties("${charls_SOURCE}/src/jpegls.cpp" PROPERTIES
  INCLUDE_DIRECTORIES "${charls_SOURCE}/src"
  COMPILE_OPTIONS "-include;${codecs_HERE}/charls/run_mode.h")

add_library(pleura_codec_libraries STATIC ${codecs_SOURCES})
add_library(deps::codecs ALIAS pleura_codec_libraries)
set_target_properties(pleura_codec_libraries PROPERTIES
  ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/deps")
target_include_directories(pleura_codec_libraries SYSTEM PUBLIC "${dcmtk_SOURCE}/dcmjpeg"
  "${openjpeg2_SOURCE}/src/lib/openjp2" "${charls_SOURCE}/include" "${codecs_HERE}"
  "${codecs_HERE}/openjpeg")
target_compile_definitions(pleura_codec_libraries PUBLIC CHARLS_STATIC OPJ_STATIC
  PRIVATE CHARLS_LIBRARY_BUILD)
target_compile_features(pleura_codec_libraries PRIVATE cxx_std_17)
target_compile_options(pleura_codec_libraries PRIVATE -ffunction-sections -fdata-sections -w)
if(PLEURA_SANITIZE) # reads and writes are checked; shifts and overflows are upstream's affair
  target_compile_options(pleura_codec_libraries PRIVATE -fno-sanitize=undefined
    -fsanitize=fuzzer-no-link) # tests/fuzz/ is led by the edges covered in there, too
endif()
if(EMSCRIPTEN) # CharLS, our only C++, throws; emcc's flags allow longjmp already
  string(REPLACE "-fignore-exceptions" "-fexceptions -mllvm -enable-emscripten-cxx-exceptions"
    CMAKE_CXX_FLAGS "${CMAKE_CXX_FLAGS}")
  set_target_properties(pleura_codec_libraries PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
