/* What there is for processors with wider registers, found at run time: AVX2, and AVX-512's VNNI. */
#ifndef PLEURA_TILE_X86_H
#define PLEURA_TILE_X86_H

#include "qconv.h"

#if defined(__x86_64__) && !defined(PLEURA_PORTABLE)
#define PLEURA_WIDE_TILES 1

#ifdef PLEURA_TEST_ALLOCATION
extern bool pleura_test_narrow, pleura_test_no_vnni; /* as if the processor had none of it */
#endif

/* Whether there are 512-bit registers with products of bytes. */
bool pleura_has_vnni(void);

/* pleura_q_add with them. */
void pleura_q_add_wide(const int16_t *a, const int16_t *b, size_t count, float ratio_a,
                       float ratio_b, int16_t low, int16_t high, int16_t *output);

/* Either does the tiles, to whichever output is not NULL, or says false: not on this processor. */
bool pleura_tile_wide(const pleura_tile *tile, size_t count, int16_t *output, size_t stride,
                      int32_t *sums);

#endif
#endif
