#include "check.h"

#include "../unit/png_writer.h"

#include "decide/gate.h"
#include "image/tensor.h"
#include "text.h"

#include <math.h>

const pleura_limits check_limits = {.max_pixels = 1 << 18, .max_side = 4096};

uint64_t check_hash(const void *bytes, size_t size)
{
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001B3u;
    return hash;
}

void check_refusal(pleura_code code, const pleura_error *error)
{
    CHECK(code != PLEURA_OK && error->code == code && code != PLEURA_ERROR_INTERNAL);
    CHECK(strcmp(pleura_code_name(code), "unknown") != 0);
    const char *message = error->message;
    size_t length = strlen(message), wrong;
    CHECK(length > 1 && message[length - 1] == '.');
    for (size_t at = 0, count; at < length; at += count) {
        count = pleura_utf8_length(message + at, length - at, &wrong);
        CHECK(count > 0 && (unsigned char)message[at] >= ' ' && message[at] != 127);
    }
}

/* ---- Images ---- */

static size_t bytes_of(const pleura_image_info *info)
{
    return (size_t)info->width * info->height * sizeof(uint16_t);
}

/* As it was decoded before; `hash` 0: as it was refused before, with `code`. */
static void check_again(const uint8_t *bytes, size_t size, pleura_code code, uint64_t hash)
{
    pleura_image *image;
    pleura_error error = {0};
    pleura_code again = pleura_image_decode(bytes, size, &check_limits, &image, &error);
    if (again != code && again != PLEURA_ERROR_MEMORY)
        fprintf(stderr, "%s: %s\n", pleura_code_name(again), error.message);
    CHECK(again == code || again == PLEURA_ERROR_MEMORY);
    if (again != PLEURA_OK) {
        CHECK(!image);
        check_refusal(again, &error);
        return;
    }
    pleura_image_info info;
    pleura_image_get_info(image, &info);
    CHECK(check_hash(pleura_image_samples(image), bytes_of(&info)) == hash);
    pleura_image_free(image);
}

/* 16 bits, grey, in one stored deflate block: `count` samples at most 16,384. */
static size_t write_png(const uint16_t *samples, uint32_t width, uint32_t height, uint8_t *to)
{
    png p;
    png_begin(&p, width, height, 16, 0);
    memcpy(to, p.bytes, p.size);
    size_t stride = 1 + 2 * (size_t)width, length = height * stride, at = p.size;
    uint8_t *chunk = to + at + 4, *raw = chunk + 4 + 7;
    const uint8_t head[] = {(uint8_t)((length + 11) >> 24),
                            (uint8_t)((length + 11) >> 16),
                            (uint8_t)((length + 11) >> 8),
                            (uint8_t)(length + 11),
                            'I',
                            'D',
                            'A',
                            'T',
                            0x78,
                            1,
                            1,
                            (uint8_t)length,
                            (uint8_t)(length >> 8),
                            (uint8_t)~length,
                            (uint8_t)(~length >> 8)};
    memcpy(to + at, head, sizeof head);
    for (size_t y = 0; y < height; y++) {
        raw[y * stride] = 0;
        for (size_t x = 0; x < width; x++) {
            raw[y * stride + 1 + 2 * x] = (uint8_t)(samples[y * width + x] >> 8);
            raw[y * stride + 2 + 2 * x] = (uint8_t)samples[y * width + x];
        }
    }
    p.size = 0;
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < length; i++) {
        a = (a + raw[i]) % 65521;
        b = (b + a) % 65521;
    }
    png_put32(&p, b << 16 | a);
    memcpy(raw + length, p.bytes, 4);
    p.size = 0;
    png_put32(&p, png_crc(chunk, 4 + length + 11));
    png_end(&p);
    memcpy(raw + length + 4, p.bytes, p.size);
    return (size_t)(raw + length + 4 + p.size - to);
}

static void check_round_trip(const pleura_image *image, const pleura_image_info *info)
{
    if ((size_t)info->height * (1 + 2 * (size_t)info->width) > 65535)
        return;
    static uint8_t file[66000];
    size_t size = write_png(pleura_image_samples(image), info->width, info->height, file);
    pleura_image *read;
    CHECK(pleura_image_decode(file, size, &check_limits, &read, NULL) == PLEURA_OK);
    pleura_image_info found;
    pleura_image_get_info(read, &found);
    CHECK(found.width == info->width && found.height == info->height);
    CHECK(memcmp(pleura_image_samples(read), pleura_image_samples(image), bytes_of(info)) == 0);
    pleura_image_free(read);
}

static void check_use(const pleura_image *image)
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
    pleura_gate(image, &(pleura_gate_limits){.min_side = 100, .max_age = 18}, &reasons);
    char text[8192];
    size_t length = pleura_image_json(image, "f", text, sizeof text);
    CHECK(length < sizeof text && strlen(text) == length && text[0] == '{');
    CHECK(pleura_image_json(image, "f", NULL, 0) == length);
}

pleura_image *check_decode(const uint8_t *bytes, size_t size)
{
    pleura_image *image;
    pleura_error error = {0};
    CHECK(pleura_test_live == 0);
    pleura_test_allocations = 0;
    pleura_code code = pleura_image_decode(bytes, size, &check_limits, &image, &error);
    size_t allocations = pleura_test_allocations;
    uint64_t hash = 0;
    pleura_image_info info;
    if (code != PLEURA_OK) {
        CHECK(!image && pleura_test_live == 0);
        check_refusal(code, &error);
    } else {
        pleura_image_get_info(image, &info);
        CHECK(info.width > 0 && info.height > 0);
        CHECK(info.width <= check_limits.max_side && info.height <= check_limits.max_side);
        CHECK((uint64_t)info.width * info.height <= check_limits.max_pixels);
        hash = check_hash(pleura_image_samples(image), bytes_of(&info));
        check_use(image);
        check_round_trip(image, &info);
    }
    size_t live = pleura_test_live;
    check_again(bytes, size, code, hash);
    if (allocations) {
        pleura_test_allocations = 0;
        pleura_test_fail_at = 1 + check_hash(bytes, size) % allocations;
        check_again(bytes, size, code, hash);
        pleura_test_fail_at = 0;
    }
    CHECK(pleura_test_live == live);
    return image;
}

void check_done(pleura_image *image)
{
    pleura_image_free(image);
    CHECK(pleura_test_live == 0);
}
