/* SPDX-License-Identifier: Apache-2.0 */
/* A picture or a feature map in memory: planes of floats, one a channel. */
#ifndef FVI_BASE_PLANES_H
#define FVI_BASE_PLANES_H

#include <stdint.h>

/* Small, and passed by value. The pixels are borrowed. */
typedef struct fvi_planes {
    int channels, h, w;
    float *data; /* [channels][h][w] */
} fvi_planes;

static inline fvi_planes fvi_planes_of(int channels, int h, int w, float *data) {
    return (fvi_planes){channels, h, w, data};
}

/* The same over pixels that must not be written: for arguments that a function only reads. */
static inline fvi_planes fvi_planes_view(int channels, int h, int w, const float *data) {
    return (fvi_planes){channels, h, w, (float *)data};
}

/* Pixels of one plane; numbers of all planes. */
static inline int64_t fvi_planes_area(fvi_planes p) { return (int64_t)p.h * p.w; }
static inline int64_t fvi_planes_count(fvi_planes p) { return p.channels * fvi_planes_area(p); }

#endif
