#include "../text.h"
#include "metadata.h"

#include <math.h>

static const char key[] = "pleura.framings", range_key[] = "pleura.framings.range";

/* Numbers between commas up to the text's end; how many, or 0 where they are none or too many. */
static size_t read_numbers(const char *text, double *numbers, size_t room)
{
    for (size_t count = 0; count < room; text++) {
        numbers[count++] = pleura_number_read(&text);
        if (!*text)
            return count;
        if (*text != ',')
            break;
    }
    return 0;
}

static bool are_cuts(const pleura_framings *framings)
{
    for (size_t i = 0; i < framings->count; i++) {
        double size = fabs(framings->cuts[i]);
        if (!(size > 0 && size < 0.5))
            return false;
    }
    return framings->count > 0;
}

pleura_code pleura_metadata_framings(const pleura_property *properties, size_t count,
                                     const pleura_input_spec *input, pleura_framings *framings,
                                     pleura_error *error)
{
    const char *cuts = pleura_property_find(properties, count, key);
    const char *range = pleura_property_find(properties, count, range_key);
    double ends[2] = {0, 1};
    *framings = (pleura_framings){0};
    if (!cuts)
        return range ? pleura_metadata_refuse(range_key, range, "pleura.framings is missing", error)
                     : PLEURA_OK;
    framings->count = read_numbers(cuts, framings->cuts, PLEURA_MAX_FRAMINGS);
    if (!are_cuts(framings))
        return pleura_metadata_refuse(
            key, cuts, "from 1 to 8 numbers between -0.5 and 0.5, none of them 0, are expected",
            error);
    if (input->fit != PLEURA_FIT_SQUASH)
        return pleura_metadata_refuse(key, cuts, "only pleura.input.fit squash has framings",
                                      error);
    bool ordered = !range || read_numbers(range, ends, 2) == 2;
    if (!(ordered && ends[0] >= 0 && ends[0] <= ends[1] && ends[1] <= 1))
        return pleura_metadata_refuse(
            range_key, range, "two numbers from 0 to 1, the lower first, are expected", error);
    framings->low = (float)ends[0];
    framings->high = (float)ends[1];
    return PLEURA_OK;
}
