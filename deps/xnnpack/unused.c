/*
 * Kernels that Pleura never asks for, in place of XNNPACK's tables of them. An operator names the kernels
 * of every type and function that it could be made for, so that no linker can tell which are dead: here
 * they end. CMakeLists.txt reads the names: in XNNPACK's own tables they are called something else.
 *
 * What is left is what core/src/run/ creates: operators on 32-bit floats, and of functions of one or two
 * arguments those of lower_elementwise.c. Making any other says that it is not supported.
 */
#include <stddef.h>

#include "xnnpack/config.h"
#include "xnnpack/reference-config.h"

#define UNUSED(kind, name)                                                                         \
    const struct xnn_##kind##_config *xnn_init_##name##_config(void)                               \
    {                                                                                              \
        return NULL;                                                                               \
    }
#define UNARY(name) UNUSED(unary_elementwise, name)
#define BINARY(name) UNUSED(binary_elementwise, name)
#define REDUCE(name) UNUSED(reduce, name)

// clang-format off
UNARY(f16_abs) UNARY(f16_clamp) UNARY(f16_elu) UNARY(f16_hswish) UNARY(f16_lrelu) UNARY(f16_neg)
UNARY(f16_rndd) UNARY(f16_rndne) UNARY(f16_rndu) UNARY(f16_rsqrt) UNARY(f16_sigmoid) UNARY(f16_sqr)
UNARY(f16_sqrt) UNARY(f16_tanh) UNARY(f16_to_f32_cvt) UNARY(f16_to_qs8_cvt) UNARY(f32_abs)
UNARY(f32_exp) UNARY(f32_log) UNARY(f32_neg) UNARY(f32_rndd) UNARY(f32_rndne) UNARY(f32_rndu)
UNARY(f32_rsqrt) UNARY(f32_sqr) UNARY(f32_sqrt) UNARY(f32_to_f16_cvt) UNARY(f32_to_qs8_cvt)
UNARY(f32_to_qu8_cvt) UNARY(qs8_cvt) UNARY(qs8_lrelu) UNARY(qs8_to_f16_cvt) UNARY(qs8_to_f32_cvt)
UNARY(qu8_cvt) UNARY(qu8_lrelu) UNARY(qu8_to_f32_cvt) UNARY(s32_to_f32_cvt) UNARY(s8_clamp)
UNARY(u8_clamp)
BINARY(f16_vadd) BINARY(f16_vdiv) BINARY(f16_vmax) BINARY(f16_vmin) BINARY(f16_vmul)
BINARY(f16_vprelu) BINARY(f16_vsqrdiff) BINARY(f16_vsub) BINARY(f32_vcopysign) BINARY(f32_vmax)
BINARY(f32_vmin) BINARY(f32_vsqrdiff) BINARY(qs8_vadd) BINARY(qs8_vmul) BINARY(qu8_vadd)
BINARY(qu8_vmul)
REDUCE(f16_f32acc_rdsum) REDUCE(f16_f32acc_rsum) REDUCE(qs8_rdsum) REDUCE(qs8_rsum)
REDUCE(qu8_rdsum) REDUCE(qu8_rsum)
UNUSED(x8_lut, x8_lut)
// clang-format on

/* Plain loops, for whatever has no kernel. */
const struct xnn_unary_elementwise_config *
xnn_init_unary_reference_config(enum xnn_unary_operator function, enum xnn_datatype input,
                                enum xnn_datatype output)
{
    (void)function, (void)input, (void)output;
    return NULL;
}

const struct xnn_binary_elementwise_config *
xnn_init_binary_reference_config(enum xnn_binary_operator function, enum xnn_datatype type)
{
    (void)function, (void)type;
    return NULL;
}
