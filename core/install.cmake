# What `cmake --install` puts in place: libpleura.so with its header, for CMake and for pkg-config, the
# command line, and the shipped model where that looks for it. docs/library.md is the manual.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The symbols that the library exports are its ABI: pleura.symbols lists them, and
# tests/library/test_symbols.sh holds the list to the header.
set(symbols "${CMAKE_CURRENT_SOURCE_DIR}/pleura.symbols")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${symbols}")
file(STRINGS "${symbols}" exported REGEX "^pleura_")
list(JOIN exported "; " exported)
set(map "${CMAKE_CURRENT_BINARY_DIR}/pleura.map")
file(CONFIGURE OUTPUT "${map}" CONTENT "PLEURA_0 { global: @exported@; local: *; };\n" @ONLY)

# From the objects of the static library, in which the tests see inside.
file(GENERATE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/empty.c" CONTENT "typedef int nothing;\n")
add_library(pleura_shared SHARED "${CMAKE_CURRENT_BINARY_DIR}/empty.c")
set_target_properties(pleura_shared PROPERTIES OUTPUT_NAME pleura EXPORT_NAME pleura
  VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS "${map}" LINKER_LANGUAGE CXX)
target_link_libraries(pleura_shared PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,pleura>)
target_link_options(pleura_shared PRIVATE "LINKER:--version-script=${map}" LINKER:--no-undefined
  LINKER:--gc-sections)
target_include_directories(pleura_shared INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")

set(package "${CMAKE_INSTALL_LIBDIR}/cmake/pleura")
install(TARGETS pleura_shared EXPORT pleura)
install(TARGETS pleura_cli)
install(DIRECTORY include/ TYPE INCLUDE)
install(EXPORT pleura NAMESPACE pleura:: FILE pleura-config.cmake DESTINATION "${package}")
write_basic_package_version_file(pleura-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/pleura-config-version.cmake" DESTINATION "${package}")

file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/") # wherever the tree is moved to
string(REGEX REPLACE "/$" "" up "${up}")
file(CONFIGURE OUTPUT pleura.pc @ONLY CONTENT [[
prefix=${pcfiledir}/@up@
Name: pleura
Description: Chest X-ray classification: a research tool, not a medical device
Version: @PROJECT_VERSION@
Cflags: -I${prefix}/@CMAKE_INSTALL_INCLUDEDIR@
Libs: -L${prefix}/@CMAKE_INSTALL_LIBDIR@ -lpleura

]])
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/pleura.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

set(shipped models/child-pneumonia)
install(FILES "${PROJECT_SOURCE_DIR}/${shipped}/model.onnx" "${PROJECT_SOURCE_DIR}/${shipped}/card.md"
  "${PROJECT_SOURCE_DIR}/${shipped}/reference.bin"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/pleura/${shipped}")

# The licences of what is linked in go with it.
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" TYPE DOC)
foreach(part xnnpack:LICENSE pthreadpool:LICENSE fxdiv:LICENSE fp16:LICENSE nanopb:LICENSE.txt
    onnx:LICENSE libstb:LICENSE dcmtk:COPYRIGHT openjpeg2:LICENSE charls:LICENSE.md)
  string(REPLACE ":" ";" part "${part}")
  list(GET part 0 name)
  list(GET part 1 file)
  install(FILES "${${name}_SOURCE}/${file}" RENAME "LICENSE.${name}" TYPE DOC)
endforeach()
