/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files param*.c alone: the object, and what each kind of parametrisation does. A
 * kind makes a "raw" picture of the parameters; colour and output activation, the same for all
 * kinds, make the picture of that (param.c). z are the parameters, dz their gradient. */
#ifndef FVI_VIS_PARAM_PARAM_KIND_H
#define FVI_VIS_PARAM_PARAM_KIND_H

#include "base/parallel.h"
#include "graph/build/compose.h"
#include "signal/fft.h"
#include "vis/param/param.h"

#define FVI_PARAM_ROOMS 8

typedef struct fvi_param_entry {
    /* Sets p->count and allocates all buffers of the kind.  errors  ARG; SHAPE; NOMEM */
    fv_status (*prepare)(fvi_param *p, fv_error *err);
    /* z -> raw [channels][h][w]; keeps what the adjoint needs. */
    void (*raw)(fvi_param *p, const float *z, float *raw);
    /* Gradient at raw (may be overwritten) -> dz. */
    void (*adjoint)(fvi_param *p, const float *z, float *draw, float *dz);
    /* Finds the z whose raw picture is nearest (raw may be overwritten).  errors  NOMEM */
    fv_status (*invert)(fvi_param *p, float *raw, float *z, fv_error *err);
    /* The same in a graph (fvi_param_emit): z [n][count] -> raw [n][channels][h][w]. */
    int (*emit)(const fvi_param *p, fvi_given_list *given, fvi_builder *b, int64_t n, int z);
    /* Whether `raw` and `adjoint` call fvi_param_finish and fvi_param_finish_adjoint themselves,
     * on the rows that are in the cache, and leave `raw` and `draw` alone. */
    int by_pieces;
} fvi_param_entry;

/* Prefetches what is 16 rows below p: rows of frequencies are too far apart for the processor to do
 * so by itself.  row  floats of a row */
FVI_INLINE void fvi_param_fetch(const float *p, int64_t row) {
    __builtin_prefetch(p + 16 * row);
    __builtin_prefetch(p + 16 * row + 15);
}

/* Colour and output activation of raw pixels from..from + n - 1, rows [channels][n] that are
 * overwritten, into p->picture; and back, from p->dpicture to the gradient at raw.  user  the
 * fvi_param */
void fvi_param_finish(void *user, int64_t from, int64_t n, float *rows);
void fvi_param_finish_adjoint(void *user, int64_t from, int64_t n, float *rows);
/* The same of whole planes: raw [channels][h][w], overwritten, into p->picture; p->dpicture into
 * draw. */
void fvi_param_finish_all(fvi_param *p, float *raw);
void fvi_param_finish_all_adjoint(fvi_param *p, float *draw);
/* Computes the raw picture of a picture; a sigmoid makes it approximate near low and high. */
void fvi_param_finish_inverse(fvi_param *p, const float *picture, float *raw);

extern const fvi_param_entry fvi_param_pixels, fvi_param_fourier, fvi_param_laplacian,
    fvi_param_phase, fvi_param_bounded;

struct fvi_param {
    fvi_param_settings desc; /* its colour is FV_COLOR_RGB unless there are 3 channels */
    const fvi_param_entry *kind;
    int channels, h, w, columns; /* columns: of a half spectrum, w / 2 + 1 */
    int64_t plane, pixels, count;
    float middle[3]; /* what raw 0 is between low 0 and high 1, without a sigmoid */
    float *sigmoid;  /* [channels][h][w] of the last picture, 0..1; SIGMOID only */
    float *draw;     /* [channels][h][w] gradient at raw; also room of fvi_param_from_picture */
    /* of the call that runs: the parameters, the picture, and their gradients */
    const float *z, *dpicture;
    float *picture, *dz;
    float *cut;       /* [channels][h][w] a picture being cut off; CLIP only */
    fvi_fft *fft;     /* FOURIER, PHASE, BOUNDED */
    float *scale;     /* FOURIER: [h][columns]; PHASE, BOUNDED: magnitudes
                         [channels][h][columns] */
    float *spectrum;  /* PHASE: (re, im) of [channels][h][columns] */
    float *dspectrum; /* PHASE: [h][columns] of (re, im) */
    float *centred;   /* PHASE: [channels][h][w] the picture minus its mean; LAPLACIAN: one level */
    double mean, sd;  /* PHASE: of the last parameters */
    double picture_sd;             /* PHASE: of the last picture before it was standardised */
    float *rooms[FVI_PARAM_ROOMS]; /* everything above that was allocated */
};

/* z [n][count] of frequencies as [n][channels][h][columns][each]. */
int fvi_param_emit_waves(const fvi_param *p, fvi_builder *b, int64_t n, int z, int64_t each);
/* An input that is given the magnitudes p->scale, as [channels, or 1][h][columns][1].
 *   channels  that they are there for: p->channels or 1 */
int fvi_param_emit_scale(const fvi_param *p, fvi_given_list *given, fvi_builder *b, int channels);

/* Allocates n floats, freed with p.  errors  NOMEM */
fv_status fvi_param_room(fvi_param *p, int64_t n, float **out, fv_error *err);

#endif
