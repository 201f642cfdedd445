#include <stdio.h>
#include <stdlib.h>

#include <libijg12/jpeglib12.h>

#include <libijg12/jerror12.h>

#define IJG_NAME pleura_jpeg_decode_12
#include "jpeg_ijg.h"
