/* SPDX-License-Identifier: Apache-2.0 */
/* Between pictures (planar RGB in [0,1]) and a network's input, both ways. */
#ifndef FVI_RUNTIME_PREPROCESS_H
#define FVI_RUNTIME_PREPROCESS_H

#include "graph/build/compose.h"
#include "model/network/network.h"

/* Network input of one sample from planar pixels:
 *   pixels  [channels][h][w] in [0,1], RGB
 *   x       [c][h][w] or [h][w][c], as in->channels_last says */
void fvi_encode(const fv_input *in, const float *pixels, int h, int w, float *x);

/* The adjoint: gradient with respect to x -> gradient with respect to the pixels. */
void fvi_encode_adjoint(const fv_input *in, const float *dx, int h, int w, float *dpixels);

/* Both for pixels from low (black) to high (white) instead of 0 and 1. */
void fvi_encode_range(const fv_input *in, const float *pixels, float low, float high, int h, int w,
                      float *x);
void fvi_encode_range_adjoint(const fv_input *in, const float *dx, float low, float high, int h,
                              int w, float *dpixels);

/* fvi_encode_range in a graph, of any number of samples at once: [n][channels][h][w] -> what the
 * network takes; -1 with the builder's status set. */
int fvi_encode_emit(const fv_input *in, fvi_builder *b, int pixels, float low, float high);

/* Whether a photograph can be given to an input: it is a picture, grey, of colours, or of colours
 * with alpha. */
int fvi_is_photo(const fv_input *in);

/* fv_input_picture of a network. */
fv_status fvi_input_picture(const fvi_network *net, const fv_image *image, fv_image **out,
                            fv_error *err);

/* The network's crop: the picture is resized to height x width, and the input is the rectangle at
 * (y, x). */
typedef struct fvi_crop {
    int64_t height, width, y, x;
} fvi_crop;
fvi_crop fvi_input_crop(const fv_input *in, int height, int width);

#endif
