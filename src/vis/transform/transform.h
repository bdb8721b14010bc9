/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms: random changes under which the picture is to stay good. A chain is a list of
 * transforms with every random choice of one evaluation made; it is linear (but for borders, noise
 * and colour shifts, which are added), and has its adjoint: that of the linear part.
 *
 * Random choices: transform i of a chain draws from fvi_random_stream(seed, unit, evaluation,
 * FVI_DRAW_TRANSFORM + i) (FVI_DRAW_IN_PLACE + i of in-place transforms); `evaluation` is update *
 * copies + copy. What decides a size (SCALE, OCTAVE) draws with unit 0, so that all pictures of an
 * evaluation stay of one size. Draws within a transform, in order (u: fvi_random_uniform, k:
 * fvi_random_int, n: fvi_random_normals):
 *   JITTER k(0,n) rows, k(0,n) columns, cut off above and left; the rest of n below and right
 *   ROLL, TRANSLATE k(-n,n+more) down, k(-n,n+more) right
 *   SCALE, ZOOM  with step k(0,round((high-low)/step)): low + k step; else low + (high-low) u
 *   ROTATE  with zeros k(0,high-low+zeros): low + k, or 0 beyond high; else low + (high-low) u
 *   FLIP u < p
 *   CROP u window, u angle (2u-1), u flip, then y and x: u each, or with sd one call for two n
 *   NOISE where sd > 0 one n an element, then where range > 0 one u an element (2u-1)
 *   BLUR u    COLOR u contrast (2u-1), then one n a channel    OCTAVE k(0,n-1)
 *   PAD, RESIZE, FIT none
 * Formulas, sizes and the sampling grids of `compat`: at the top of transform_resample.c.
 */
#ifndef FVI_VIS_TRANSFORM_TRANSFORM_H
#define FVI_VIS_TRANSFORM_TRANSFORM_H

#include "base/random.h"
#include "fovea/fovea.h"
#include "signal/sample.h"

/* The kinds, with their arguments in the order of v[]: degrees, pixels, standard deviations in
 * units of high - low. Each is linear in the picture, but for what it adds, and its gradient is
 * that of the adjoint where nothing else is said. An argument in brackets may be left out: it is 0.
 */
typedef enum fvi_transform_kind {
    /* pad(pixels): around all edges, with `edge` */
    FVI_TRANSFORM_PAD = 1,
    /* jitter(pixels): crops so many rows and columns off, at a random position */
    FVI_TRANSFORM_JITTER,
    /* roll(pixels[,extra[,overlap]]): shifts by -pixels..pixels+extra, around the edges. overlap 1:
     * the first and last row and column count as one, as scipy's shift does for keras-vis */
    FVI_TRANSFORM_ROLL,
    /* translate(pixels[,extra[,same_way]]): shifts by -pixels..pixels+extra; what comes in is
     * `edge`. same_way 1: the gradient is shifted the same way again, as Darknet does, instead of
     * by the adjoint */
    FVI_TRANSFORM_TRANSLATE,
    /* scale(low,high[,step[,compat]]): resizes, so the size changes. compat exact: sizes rounded,
     * grid as PyTorch's align_corners=False; lucid: sizes cut off, TensorFlow 1's grid; lucent:
     * sizes rounded up, align_corners=True, padded back with zeros */
    FVI_TRANSFORM_SCALE,
    /* zoom(low,high[,step]): enlarges about the centre; the size stays */
    FVI_TRANSFORM_ZOOM,
    /* rotate(low,high[,zeros[,compat]]): counter-clockwise about the centre, the size stays; whole
     * degrees; 0 counts `zeros` more times. Without `zeros` (or 0): any angle in between. compat
     * lucid: nearest pixel, 3.14 for pi, the gradient turned back, not the adjoint */
    FVI_TRANSFORM_ROTATE,
    /* flip(probability): left to right */
    FVI_TRANSFORM_FLIP,
    /* crop(low,high[,low_end,high_end[,degrees[,flip[,sd[,alternate]]]]]): a random window of
     * low..high of the sides (of low_end..high_end at the last update), turned by up to +-degrees,
     * flipped with probability flip, resampled to the network's size. Anywhere it fits; with sd
     * around the centre, normal with that deviation in sides, kept inside. A window larger than the
     * picture lies anywhere that keeps the picture inside. alternate 1: the two ranges alternate,
     * evaluation by evaluation */
    FVI_TRANSFORM_CROP,
    /* noise(sd[,range]): normal, plus uniform in +-range */
    FVI_TRANSFORM_NOISE,
    /* blur(low,high): Gaussian, sigma random in between, in pixels */
    FVI_TRANSFORM_BLUR,
    /* color(contrast,shift): (x-grey)*exp(+-contrast)+grey, plus normal shifts of each channel */
    FVI_TRANSFORM_COLOR,
    /* resize(side[,compat]): to side x side, bilinear; 0: the network's size. compat: as scale's */
    FVI_TRANSFORM_RESIZE,
    /* fit(): crops or pads around the centre to the network's size */
    FVI_TRANSFORM_FIT,
    /* octave(count,factor): resizes by factor^-k, k random in 0..count-1; the gradient comes back
     * by resizing, as Darknet does, not by the adjoint */
    FVI_TRANSFORM_OCTAVE
} fvi_transform_kind;

#define FVI_TRANSFORM_ARGUMENTS 8
#define FVI_MAX_TRANSFORMS      16
typedef struct fvi_transform {
    fvi_transform_kind kind;
    float v[FVI_TRANSFORM_ARGUMENTS]; /* in the order above */
    fvi_edge edge;
} fvi_transform;

typedef struct fvi_transforms {
    int count; /* 0..FVI_MAX_TRANSFORMS, applied in order */
    fvi_transform list[FVI_MAX_TRANSFORMS];
} fvi_transforms;

/* One evaluation of one picture. */
typedef struct fvi_draw_key {
    uint64_t seed, unit;
    uint32_t evaluation;
    fvi_draw use;   /* FVI_DRAW_TRANSFORM or FVI_DRAW_IN_PLACE */
    float progress; /* 0 at the first update, 1 at the last: of schedules */
} fvi_draw_key;

/* What is the same for all chains of a run. */
typedef struct fvi_chain_frame {
    int channels, h, w; /* the picture's */
    int net_h, net_w;   /* what the picture is resampled to for the network: fvi_view */
    float low, high;    /* picture values of black and white */
} fvi_chain_frame;

/* Whether what comes out is of a size that is drawn. */
int fvi_transforms_draw_size(const fvi_transforms *t);
/* The side that a square of that side has after transforms that change it by whole pixels, scaled
 * by 1: what drawn sizes lie around. */
int fvi_transforms_usual_side(const fvi_transforms *t, int side);

typedef struct fvi_chain fvi_chain;

/* Makes a chain for `transforms` with room for every draw; the first has been made (all keys 0).
 *   errors  ARG a number out of its range, or a size that is impossible (less than 1 x 1, more than
 *           2^28 pixels) or might be; NOMEM */
fv_status fvi_chain_new(const fvi_transforms *transforms, const fvi_chain_frame *frame,
                        fvi_chain **out, fv_error *err);
void fvi_chain_free(fvi_chain *c);

/* Makes all random choices; size of what comes out in *h, *w. */
void fvi_chain_draw(fvi_chain *c, const fvi_draw_key *key, int *h, int *w);
/* Largest h * w any draw can end with or pass through: for buffers. */
int64_t fvi_chain_max_plane(const fvi_chain *c);
/* Largest height and width any draw can end with. */
void fvi_chain_largest(const fvi_chain *c, int *h, int *w);
/* Bytes of its own memory. */
size_t fvi_chain_bytes(const fvi_chain *c);
/* Whether every draw ends with the picture's own size, as in-place transforms must. */
int fvi_chain_keeps_size(const fvi_chain *c);

/* in [channels][frame h][frame w] -> out [channels][h][w]; not the same memory. */
void fvi_chain_apply(fvi_chain *c, const float *in, float *out);
/* Gradient at out -> gradient at in (written, not added). */
void fvi_chain_adjoint(fvi_chain *c, const float *dout, float *din);

#endif
