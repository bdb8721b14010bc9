/* SPDX-License-Identifier: Apache-2.0 */
/* A picture or a feature map in memory: planes of floats, one a channel. */
#ifndef FVI_BASE_PLANES_H
#define FVI_BASE_PLANES_H

#include <stdint.h>

/* Functions that only read take a `const fvi_planes *` or get their planes from fvi_planes_view. */
typedef struct fvi_planes {
    int channels, h, w;
    float *data; /* [channels][h][w], borrowed */
} fvi_planes;

static inline fvi_planes fvi_planes_of(int channels, int h, int w, float *data) {
    return (fvi_planes){channels, h, w, data};
}

/* The same over numbers that must not be written: pass it where planes are only read. */
static inline fvi_planes fvi_planes_view(int channels, int h, int w, const float *data) {
    return (fvi_planes){channels, h, w, (float *)data};
}

/* Pixels of one plane, and numbers of all planes. */
static inline int64_t fvi_planes_area(const fvi_planes *p) { return (int64_t)p->h * p->w; }
static inline int64_t fvi_planes_count(const fvi_planes *p) {
    return p->channels * fvi_planes_area(p);
}

/* Channel c, its first pixel. */
static inline float *fvi_planes_channel(const fvi_planes *p, int c) {
    return p->data + c * fvi_planes_area(p);
}

#endif
