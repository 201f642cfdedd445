# CMake toolchain of the WebAssembly builds. clang is called directly with emcc's flags, since
# emcc's start-up per file makes a build three times slower; only linking goes through emcc.
include("${CMAKE_CURRENT_LIST_DIR}/../build/toolchain/wasm.cmake" OPTIONAL RESULT_VARIABLE facts)
if(NOT facts)
  message(FATAL_ERROR "There is no WebAssembly toolchain yet: run toolchain/setup.sh wasm")
endif()

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(EMSCRIPTEN TRUE) # as its own toolchain file says
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # nothing here can run what it links
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PLEURA_RELAXED_SIMD PLEURA_THREADS)

set(CMAKE_C_COMPILER "${PLEURA_CLANG_BIN}/clang")
set(CMAKE_CXX_COMPILER "${PLEURA_CLANG_BIN}/clang++")
set(CMAKE_AR "${PLEURA_CLANG_BIN}/llvm-ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${PLEURA_CLANG_BIN}/llvm-ranlib" CACHE FILEPATH "")

# One module per tier: an engine refuses a module that holds a single unknown instruction.
set(flags "${PLEURA_WASM_FLAGS} -msimd128")
if(PLEURA_RELAXED_SIMD)
  string(APPEND flags " -mrelaxed-simd")
endif()
if(PLEURA_THREADS)
  string(APPEND flags " -pthread")
endif()
foreach(language C CXX)
  set(CMAKE_${language}_FLAGS_INIT "${flags}")
  set(CMAKE_${language}_LINK_EXECUTABLE
    "${PLEURA_EMCC} <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
  set(CMAKE_EXECUTABLE_SUFFIX_${language} .mjs) # emcc writes the .wasm beside it
endforeach()
set(CMAKE_EXE_LINKER_FLAGS_RELEASE_INIT -O3)
