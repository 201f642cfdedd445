/* The part of pytorch/cpuinfo that XNNPACK asks at run time, from what the compiler's own runtime
 * and the kernel say: one dependency less. clang's __builtin_cpu_supports also asks whether the
 * operating system saves the AVX and AVX-512 registers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Microarchitectures that XNNPACK treats specially; the values are only compared. */
enum cpuinfo_uarch {
    cpuinfo_uarch_unknown,
    cpuinfo_uarch_zen,
    cpuinfo_uarch_zen4,
    cpuinfo_uarch_dhyana,
    cpuinfo_uarch_cortex_a53,
    cpuinfo_uarch_cortex_a55,
    cpuinfo_uarch_cortex_a55r0,
    cpuinfo_uarch_kryo,
};

struct cpuinfo_core {
    enum cpuinfo_uarch uarch;
};

static inline bool cpuinfo_initialize(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
    return true;
}

#if defined(__x86_64__)

static inline const struct cpuinfo_core *cpuinfo_get_core(uint32_t index)
{
    static const struct cpuinfo_core zen = {cpuinfo_uarch_zen}, zen4 = {cpuinfo_uarch_zen4},
                                     other = {cpuinfo_uarch_unknown};
    (void)index;
    __builtin_cpu_init();
    if (__builtin_cpu_is("znver1")) {
        return &zen;
    }
    return __builtin_cpu_is("znver4") ? &zen4 : &other;
}

#define PLEURA_X86_FEATURE(name, feature)                                                          \
    static inline bool cpuinfo_has_x86_##name(void)                                                \
    {                                                                                              \
        return __builtin_cpu_supports(feature) != 0;                                               \
    }
PLEURA_X86_FEATURE(ssse3, "ssse3")
PLEURA_X86_FEATURE(sse4_1, "sse4.1")
PLEURA_X86_FEATURE(avx, "avx")
PLEURA_X86_FEATURE(f16c, "f16c")
PLEURA_X86_FEATURE(fma3, "fma")
PLEURA_X86_FEATURE(avx2, "avx2")
PLEURA_X86_FEATURE(avx512f, "avx512f")
PLEURA_X86_FEATURE(avx512bw, "avx512bw")
PLEURA_X86_FEATURE(avx512dq, "avx512dq")
PLEURA_X86_FEATURE(avx512vl, "avx512vl")
PLEURA_X86_FEATURE(avx512vbmi, "avx512vbmi")
PLEURA_X86_FEATURE(avx512vnni, "avx512vnni")
#undef PLEURA_X86_FEATURE

#elif defined(__aarch64__)

#include <sys/auxv.h>

/* XNNPACK's tuning for single Arm cores needs the cores named one by one; its general choice is
 * what every unknown core gets. */
static inline const struct cpuinfo_core *cpuinfo_get_core(uint32_t index)
{
    static const struct cpuinfo_core unknown = {cpuinfo_uarch_unknown};
    (void)index;
    return &unknown;
}

/* HWCAP bits of the Linux kernel's ABI (arch/arm64/include/uapi/asm/hwcap.h). */
static inline bool cpuinfo_has_arm_neon_dot(void)
{
    return getauxval(AT_HWCAP) >> 20 & 1;
}
static inline bool cpuinfo_has_arm_i8mm(void)
{
    return getauxval(AT_HWCAP2) >> 13 & 1;
}

/* Every 64-bit Arm core has these ... */
static inline bool cpuinfo_has_arm_vfpv3(void)
{
    return true;
}
static inline bool cpuinfo_has_arm_neon(void)
{
    return true;
}
static inline bool cpuinfo_has_arm_neon_fp16(void)
{
    return true;
}
static inline bool cpuinfo_has_arm_neon_fma(void)
{
    return true;
}
static inline bool cpuinfo_has_arm_neon_v8(void)
{
    return true;
}
/* ... and we compile no kernel for these. */
static inline bool cpuinfo_has_arm_fp16_arith(void)
{
    return false;
}
static inline bool cpuinfo_has_arm_neon_fp16_arith(void)
{
    return false;
}
static inline bool cpuinfo_has_arm_neon_bf16(void)
{
    return false;
}
static inline bool cpuinfo_has_arm_sve(void)
{
    return false;
}
static inline bool cpuinfo_has_arm_sve2(void)
{
    return false;
}
static inline bool cpuinfo_has_arm_sme(void)
{
    return false;
}
static inline bool cpuinfo_has_arm_sme2(void)
{
    return false;
}

#else
#error "Pleura runs natively on x86-64 and 64-bit Arm"
#endif
