/*
 * Any bytes as an image. Beyond not crashing: a refusal has a code and a sentence, an image has the
 * size that it says and decodes the same twice, and the gate and the tensor take whatever came out.
 */
#include "decide/gate.h"
#include "image/tensor.h"
#include "pleura/pleura.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* Small enough that no input is slow; the limits themselves are under test, too. */
static const pleura_limits limits = {.max_pixels = 1 << 20, .max_side = 4096};

static void check_tensor(const pleura_image *image)
{
    const pleura_input_spec spec = {.channels = 1,
                                    .height = 16,
                                    .width = 12,
                                    .fit = PLEURA_FIT_PAD,
                                    .normalise = PLEURA_NORMALISE_PER_IMAGE,
                                    .range_high = 1,
                                    .std_floor = 0.02f};
    float tensor[16 * 12];
    CHECK(pleura_tensor_from_image(&spec, image, tensor, 16 * 12, NULL) == PLEURA_OK);
    for (int i = 0; i < 16 * 12; i++)
        CHECK(isfinite(tensor[i]));
    pleura_reasons reasons = {0};
    pleura_gate(image, 100, &reasons);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    pleura_image *image, *again;
    pleura_error error = {0};
    if (pleura_image_decode(bytes, size, &limits, &image, &error) != PLEURA_OK) {
        CHECK(!image && error.code != PLEURA_OK && error.message[0]);
        return 0;
    }
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    CHECK(info.width > 0 && info.height > 0 && info.width <= limits.max_side);
    CHECK((uint64_t)info.width * info.height <= limits.max_pixels);
    CHECK(pleura_image_decode(bytes, size, &limits, &again, NULL) == PLEURA_OK);
    CHECK(memcmp(pleura_image_samples(image), pleura_image_samples(again),
                 (size_t)info.width * info.height * sizeof(uint16_t)) == 0);
    check_tensor(image);
    pleura_image_free(again);
    pleura_image_free(image);
    return 0;
}
