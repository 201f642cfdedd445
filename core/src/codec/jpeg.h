/* JPEG by sample size: each is one of the IJG libraries. */
#ifndef PLEURA_CODEC_JPEG_H
#define PLEURA_CODEC_JPEG_H

#include "codec.h"

pleura_code pleura_jpeg_decode_8(const pleura_codec_job *job, pleura_error *error);
pleura_code pleura_jpeg_decode_12(const pleura_codec_job *job, pleura_error *error);
pleura_code pleura_jpeg_decode_16(const pleura_codec_job *job, pleura_error *error); /* lossless */

pleura_code pleura_jpeg_ls_decode(const pleura_codec_job *job, pleura_error *error);
pleura_code pleura_jpeg_2000_decode(const pleura_codec_job *job, pleura_error *error);

#endif
