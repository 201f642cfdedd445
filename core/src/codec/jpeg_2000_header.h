/* What a JPEG 2000 codestream's markers ask for, looked at before OpenJPEG allocates it. */
#ifndef PLEURA_CODEC_JPEG_2000_HEADER_H
#define PLEURA_CODEC_JPEG_2000_HEADER_H

#include "codec.h"

/*
 * OpenJPEG makes its tables of tiles before it decodes anything: 5.6 KB a tile, 65,535 tiles at
 * most. Films have one tile, or some hundred.
 */
#define PLEURA_J2K_MAX_TILES 4096

/*
 * Of one tile, with all of its components and resolutions, it has the precincts (some 200 bytes
 * each), the code-blocks (some 600), and two bytes for each layer of each precinct that there could
 * be. Films have a precinct for each resolution, blocks of 64 x 64 or 32 x 32, and some layers:
 * 50 million pixels in blocks of 32 x 32 are 65,000.
 */
#define PLEURA_J2K_MAX_PRECINCTS 65536
#define PLEURA_J2K_MAX_BLOCKS 262144
#define PLEURA_J2K_MAX_PACKETS (1 << 24)

/* The size agrees with the job, and what the markers ask for is within the limits. */
pleura_code pleura_j2k_check(const pleura_codec_job *job, pleura_error *error);

#endif
