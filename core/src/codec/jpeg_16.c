#include <stdio.h>
#include <stdlib.h>

#include <libijg16/jpeglib16.h>

#include <libijg16/jerror16.h>

#define IJG_NAME pleura_jpeg_decode_16
#include "jpeg_ijg.h"
