# The libraries that the engine stands on, from the sources that toolchain/setup.sh fetched:
#   deps::xnnpack  network arithmetic, with pthreadpool (threads natively and in wasm-threads)
#   deps::onnx     ONNX's protobuf messages in C, with nanopb's decoder
#   deps::stb      stb_image.h
include("${CMAKE_CURRENT_LIST_DIR}/sources.cmake")
set(deps "${CMAKE_CURRENT_LIST_DIR}")

# --- XNNPACK: built once into the cache for everything that its code depends on ---

set(compat native)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "wasm32")
  set(compat wasm)
endif()
file(GLOB inputs "${deps}/xnnpack/*" "${deps}/compat/${compat}/*" "${deps}/sources.*")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${inputs})
set(key "${CMAKE_C_COMPILER} ${CMAKE_C_COMPILER_VERSION} ${PLEURA_WASM_FLAGS}")
foreach(file IN LISTS inputs)
  file(SHA256 "${file}" sum)
  string(APPEND key " ${sum}")
endforeach()
string(SHA256 key "${key}")
string(SUBSTRING "${key}" 0 12 key)
set(variant "${CMAKE_SYSTEM_PROCESSOR}")
if(PLEURA_RELAXED_SIMD)
  string(APPEND variant -relaxed)
endif()
if(PLEURA_THREADS)
  string(APPEND variant -threads)
endif()
set(xnnpack_BUILD "${PLEURA_CACHE}/build/xnnpack-${variant}-${key}")

file(LOCK "${xnnpack_BUILD}.lock")
if(NOT EXISTS "${xnnpack_BUILD}/ready")
  message(STATUS "Building XNNPACK for ${variant}, once for this machine (a minute or two) ...")
  # --fresh: another checkout may have begun this and been interrupted.
  execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET
    COMMAND "${CMAKE_COMMAND}" --fresh -S "${deps}/xnnpack" -B "${xnnpack_BUILD}" -G Ninja
      --no-warn-unused-cli -DCMAKE_BUILD_TYPE=Release
      "-DCMAKE_TOOLCHAIN_FILE=${CMAKE_TOOLCHAIN_FILE}"
      "-DPLEURA_SOURCES=${PLEURA_SOURCES}" "-DPLEURA_RELAXED_SIMD=${PLEURA_RELAXED_SIMD}"
      "-DPLEURA_THREADS=${PLEURA_THREADS}")
  execute_process(COMMAND_ERROR_IS_FATAL ANY
    COMMAND "${CMAKE_COMMAND}" --build "${xnnpack_BUILD}")
  file(TOUCH "${xnnpack_BUILD}/ready")
endif()
file(LOCK "${xnnpack_BUILD}.lock" RELEASE)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${xnnpack_BUILD}/ready")

find_package(Threads)
add_library(deps::xnnpack STATIC IMPORTED)
set_target_properties(deps::xnnpack PROPERTIES IMPORTED_LOCATION "${xnnpack_BUILD}/libxnnpack.a")
target_include_directories(deps::xnnpack SYSTEM INTERFACE
  "${xnnpack_SOURCE}/include" "${pthreadpool_SOURCE}/include")
if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "wasm32")
  target_link_libraries(deps::xnnpack INTERFACE Threads::Threads m)
endif()

# --- ONNX: its .proto compiled by nanopb's generator, at build time ---

find_program(PLEURA_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
set(generated "${CMAKE_BINARY_DIR}/deps/onnx")
file(MAKE_DIRECTORY "${generated}")
add_custom_command(
  OUTPUT "${generated}/onnx.pb.c" "${generated}/onnx.pb.h"
  COMMAND "${CMAKE_COMMAND}" -E env NANOPB_PB2_TEMP_DIR=
    "${PLEURA_PYTHON}" -B "${nanopb_SOURCE}/generator/nanopb_generator.py" --quiet
    --strip-path -f "${deps}/onnx.options" -I "${onnx_SOURCE}/onnx" -D "${generated}"
    "${onnx_SOURCE}/onnx/onnx.proto"
  DEPENDS "${deps}/onnx.options"
  COMMENT "Generating the ONNX messages" VERBATIM)

add_library(pleura_onnx STATIC "${generated}/onnx.pb.c"
  "${nanopb_SOURCE}/pb_common.c" "${nanopb_SOURCE}/pb_decode.c")
add_library(deps::onnx ALIAS pleura_onnx)
set_target_properties(pleura_onnx PROPERTIES ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/deps")
target_include_directories(pleura_onnx SYSTEM PUBLIC "${generated}" "${nanopb_SOURCE}")
# 32-bit: a model's fields are longer than 64 KB. No messages: errors are our own sentences.
target_compile_definitions(pleura_onnx PUBLIC PB_FIELD_32BIT PB_NO_ERRMSG)
target_compile_options(pleura_onnx PRIVATE -ffunction-sections -fdata-sections -w
  $<$<BOOL:${EMSCRIPTEN}>:-Oz>)

# --- stb ---

add_library(pleura_stb INTERFACE)
add_library(deps::stb ALIAS pleura_stb)
target_include_directories(pleura_stb SYSTEM INTERFACE "${libstb_SOURCE}")
