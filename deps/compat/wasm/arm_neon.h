/* Two of XNNPACK's WebAssembly kernels include <arm_neon.h> by mistake, and it alone. */
#include <wasm_simd128.h>
