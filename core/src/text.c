#include "text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void pleura_text_bytes(pleura_text *text, const char *bytes, size_t count)
{
    if (text->length < text->capacity) {
        size_t room = text->capacity - text->length;
        memcpy(text->buffer + text->length, bytes, count < room ? count : room);
    }
    text->length += count;
}

void pleura_text_add(pleura_text *text, const char *string)
{
    pleura_text_bytes(text, string, strlen(string));
}

size_t pleura_text_end(pleura_text *text)
{
    if (text->capacity)
        text->buffer[text->length < text->capacity ? text->length : text->capacity - 1] = '\0';
    return text->length;
}

/* printf writes the locale's decimal sign, which may be several bytes: it becomes one point. */
static void set_point(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if ((*from >= '0' && *from <= '9') || *from == '-' || *from == '+' || *from == 'e')
            *to++ = *from;
        else if (to == text || to[-1] != '.')
            *to++ = '.';
    }
    *to = '\0';
}

static const char *format(pleura_number *out, const char *pattern, int precision, double value)
{
    if (!isfinite(value))
        return strcpy(out->text, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    snprintf(out->text, sizeof out->text, pattern, precision, value);
    set_point(out->text);
    return out->text;
}

const char *pleura_number_text(pleura_number *out, double value, int digits)
{
    return format(out, "%.*g", digits, value);
}

const char *pleura_fixed_text(pleura_number *out, double value, int places)
{
    /* Past this size "%f" would not fit, and nobody counts the places. */
    return fabs(value) < 1e20 ? format(out, "%.*f", places, value) : format(out, "%.*g", 7, value);
}

/* The first byte gives the length and the range of the second, which excludes overlong forms,
 * surrogates and what lies past U+10FFFF (Unicode, table 3-7). */
static size_t expected_length(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    *high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (first < 0x80)
        return 1;
    if (first < 0xC2)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
}

size_t pleura_utf8_length(const char *bytes, size_t count, size_t *invalid)
{
    unsigned char low, high;
    size_t length = count ? expected_length((unsigned char)bytes[0], &low, &high) : 0;
    *invalid = 1;
    for (size_t i = 1; i < length; i++) {
        unsigned char byte = i < count ? (unsigned char)bytes[i] : 0;
        if (byte < low || byte > high) {
            *invalid = i;
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static double read_digits(const char **at, int *places)
{
    double value = 0;
    for (; is_digit(**at); (*at)++, ++*places)
        value = value * 10 + (**at - '0');
    return value;
}

/* Exact up to 10^22. Not pow: its tables are 5 KB of the module. */
static double power_of_ten(int exponent)
{
    double power = 1;
    for (double square = 10; exponent > 0; exponent /= 2, square *= square)
        if (exponent % 2)
            power *= square;
    return power;
}

/* Not strtod, which reads a decimal comma in some locales. */
double pleura_number_read(const char **at)
{
    int whole = 0, fraction = 0, digits = 0, exponent = 0;
    bool negative = **at == '-';
    if (negative)
        (*at)++;
    double value = read_digits(at, &whole);
    if (**at == '.') {
        (*at)++;
        double part = read_digits(at, &fraction);
        value += part / power_of_ten(fraction);
    }
    if (whole + fraction == 0)
        return NAN;
    if (**at == 'e' || **at == 'E') {
        (*at)++;
        bool small = **at == '-';
        if (small || **at == '+')
            (*at)++;
        double power = read_digits(at, &digits);
        exponent = power > 400 ? 400 : (int)power;
        value = small ? value / power_of_ten(exponent) : value * power_of_ten(exponent);
        if (digits == 0)
            return NAN;
    }
    return negative ? -value : value;
}
