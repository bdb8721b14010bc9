/* SPDX-License-Identifier: Apache-2.0 */
/* A picture or a feature map in memory: planes of floats, one a channel. */
#ifndef FVI_BASE_PLANES_H
#define FVI_BASE_PLANES_H

#include <stdint.h>
#include <string.h>

/* Small, and passed by value. The pixels are borrowed. */
typedef struct fvi_planes {
    int channels, h, w;
    float *data; /* [channels][h][w] */
} fvi_planes;

static inline fvi_planes fvi_planes_of(int channels, int h, int w, float *data) {
    return (fvi_planes){channels, h, w, data};
}

/* The same over const pixels: for arguments that a function only reads. */
static inline fvi_planes fvi_planes_view(int channels, int h, int w, const float *data) {
    return (fvi_planes){channels, h, w, (float *)data};
}

/* Pixels of one plane; numbers of all planes. */
static inline int64_t fvi_planes_area(fvi_planes p) { return (int64_t)p.h * p.w; }
static inline int64_t fvi_planes_count(fvi_planes p) { return p.channels * fvi_planes_area(p); }

/* Row y of channel c. */
static inline float *fvi_planes_row(fvi_planes p, int c, int y) {
    return p.data + ((int64_t)c * p.h + y) * p.w;
}

/* Copies the rectangle of `whole` at (y, x), which must be inside it, to `part`; and back from
 * `part`.
 */
static inline void fvi_planes_crop(fvi_planes whole, int y, int x, fvi_planes part) {
    for (int c = 0; c < part.channels; c++)
        for (int i = 0; i < part.h; i++)
            memcpy(fvi_planes_row(part, c, i), fvi_planes_row(whole, c, y + i) + x,
                   (size_t)part.w * sizeof *part.data);
}
static inline void fvi_planes_paste(fvi_planes part, fvi_planes whole, int y, int x) {
    for (int c = 0; c < part.channels; c++)
        for (int i = 0; i < part.h; i++)
            memcpy(fvi_planes_row(whole, c, y + i) + x, fvi_planes_row(part, c, i),
                   (size_t)part.w * sizeof *part.data);
}

#endif
