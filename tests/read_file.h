/* A whole file, for tests and benchmarks. */
#ifndef PLEURA_TESTS_READ_FILE_H
#define PLEURA_TESTS_READ_FILE_H

#include <stdio.h>
#include <stdlib.h>

/* The caller frees the bytes; NULL if there is no such file. */
static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    void *bytes = length >= 0 ? malloc((size_t)length + 1) : NULL;
    *size = bytes ? fread(bytes, 1, (size_t)length, file) : 0;
    fclose(file);
    return bytes;
}

#endif
