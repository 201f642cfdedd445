#include <stdio.h>
#include <stdlib.h>

#include <libijg8/jpeglib8.h>

#include <libijg8/jerror8.h>

#define IJG_NAME pleura_jpeg_decode_8
#include "jpeg_ijg.h"
