#include "uid.h"

#include <stdint.h>
#include <string.h>

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Divides a number of four words, the highest first, by ten; returns the remainder. */
static unsigned divide(uint32_t words[4])
{
    uint64_t rest = 0;
    for (int i = 0; i < 4; i++) {
        rest = rest << 32 | words[i];
        words[i] = (uint32_t)(rest / 10);
        rest %= 10;
    }
    return (unsigned)rest;
}

void pleura_uid_from_sha256(const char *hex, pleura_uid uid)
{
    uint32_t words[4] = {0};
    for (int i = 0; i < 32; i++)
        words[i / 8] = words[i / 8] << 4 | digit(hex[i]);
    words[1] = (words[1] & 0xFFFF0FFF) | 0x8000;
    words[2] = (words[2] & 0x3FFFFFFF) | 0x80000000;
    char digits[40];
    size_t count = 0;
    while (words[0] || words[1] || words[2] || words[3])
        digits[count++] = (char)('0' + divide(words));
    memcpy(uid, "2.25.", 5);
    for (size_t i = 0; i < count; i++)
        uid[5 + i] = digits[count - 1 - i];
    uid[5 + count] = '\0';
}

bool pleura_uid_is_sound(const char *uid)
{
    size_t length = strlen(uid);
    return length > 0 && length <= 64 && strspn(uid, "0123456789.") == length;
}
