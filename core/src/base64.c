#include "base64.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t pleura_base64_length(size_t count)
{
    return (count * 4 + 2) / 3 * 4;
}

static unsigned byte_of(const float *values, size_t index)
{
    uint32_t bits;
    memcpy(&bits, &values[index / 4], sizeof bits);
    return bits >> (index % 4 * 8) & 255;
}

void pleura_base64_add(pleura_text *text, const float *values, size_t count)
{
    size_t size = count * 4;
    for (size_t i = 0; i < size; i += 3) {
        size_t have = size - i < 3 ? size - i : 3;
        unsigned bits = byte_of(values, i) << 16;
        bits |= have > 1 ? byte_of(values, i + 1) << 8 : 0;
        bits |= have > 2 ? byte_of(values, i + 2) : 0;
        char four[4];
        for (size_t k = 0; k < 4; k++)
            four[k] = k <= have ? digits[bits >> (18 - 6 * k) & 63] : '=';
        pleura_text_bytes(text, four, 4);
    }
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool pleura_base64_read(const char *at, size_t length, float *values, size_t count)
{
    size_t size = count * 4, made = 0;
    uint32_t word = 0;
    if (length != pleura_base64_length(count))
        return false;
    for (size_t i = 0; i < length; i += 4) {
        size_t have = size - made < 3 ? size - made : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            int value = k <= have ? value_of(at[i + k]) : at[i + k] == '=' ? 0 : -1;
            if (value < 0)
                return false;
            bits = bits << 6 | (uint32_t)value;
        }
        for (size_t k = 0; k < 3 && made < size; k++) {
            word |= (bits >> (16 - 8 * k) & 255) << (made % 4 * 8);
            if (++made % 4)
                continue;
            memcpy(&values[made / 4 - 1], &word, sizeof word);
            if (!isfinite(values[made / 4 - 1]))
                return false;
            word = 0;
        }
    }
    return true;
}
