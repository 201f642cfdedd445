#include "named.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    const pleura_named_film *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order ? order : left->film < right->film ? -1 : left->film > right->film;
}

void pleura_named_sort(pleura_named_film *films, size_t count)
{
    if (count)
        qsort(films, count, sizeof *films, by_name);
}

size_t pleura_named_number(pleura_named_film *films, size_t count, uint32_t *numbers)
{
    size_t names = 0;
    pleura_named_sort(films, count);
    for (size_t i = 0; i < count; i++) {
        bool same = i && films[i].name[0] && strcmp(films[i].name, films[i - 1].name) == 0;
        names += !same;
        numbers[films[i].film] = (uint32_t)(names - 1);
    }
    return names;
}
