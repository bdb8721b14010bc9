/* SPDX-License-Identifier: Apache-2.0 */
/* Inside transform*.c: what one kind of transform is. Each has one table entry with its text, its
 * ranges, the sizes it can make, its draw, and its two directions. */
#ifndef FVI_VIS_TRANSFORM_TRANSFORM_KIND_H
#define FVI_VIS_TRANSFORM_TRANSFORM_KIND_H

#include "signal/sample.h"
#include "vis/transform/transform.h"
#include "vis/transform/transform_form.h"

/* One transform of a chain with its random choices made. */
typedef struct fvi_drawn {
    fvi_transform t;
    const fvi_chain_frame *frame;
    const struct fvi_drawn *before; /* a shift that is merged into this one; or NULL */
    float grey;                     /* the middle of low and high */
    int h, w, oh, ow;               /* of what goes in, and of what comes out */
    int dy, dx; /* shifts down and right; JITTER, FIT: minus what is cut off above, left */
    int flip;
    uint32_t evaluation;
    int side;             /* CROP: samples a side of each pixel */
    float value;          /* BLUR: sigma; COLOR: contrast */
    fvi_affine map, back; /* from output to input coordinates; `back`: its inverse */
    fvi_random random;    /* NOISE, COLOR: the stream as it was after the draw */
    int *index;           /* [oh + ow] buffer */
    float *work;          /* [h * w] buffer (BLUR) */
} fvi_drawn;

/* One argument. Arguments left out are 0. */
typedef struct fvi_argument {
    const char *name;
    float low, high;
    int whole;
    const char *words; /* "exact|lucid|lucent" for 0, 1, 2; or NULL */
} fvi_argument;

typedef struct fvi_transform_entry {
    const char *name;
    int least, most; /* how many arguments */
    fvi_argument argument[FVI_TRANSFORM_ARGUMENTS];
    int ordered; /* argument 0 <= argument 1 (crop: 2 <= 3 too) */
    int takes_edge;
    int moves;       /* an integer shift: can be merged with a following never_out one */
    int never_out;   /* never samples outside its input */
    int one_for_all; /* decides a size: all pictures of an evaluation draw the same */
    /* Checks what ranges do not express; NULL: nothing. */
    fv_status (*check)(const fvi_transform *t, fv_error *err);
    /* Sizes before -> sizes after; NULL: unchanged. */
    void (*resize)(const fvi_transform *t, const fvi_chain_frame *frame, fvi_sizes *sizes);
    /* Makes the random choices; oh, ow are h, w unless it says otherwise. NULL: there are none. */
    void (*draw)(fvi_drawn *d, fvi_random *r, float progress);
    void (*apply)(const fvi_drawn *d, const float *in, float *out);
    /* NULL: din is dout. */
    void (*adjoint)(const fvi_drawn *d, const float *dout, float *din);
    /* Its graph form: x [samples][channels][h][w] of the canvas that goes in -> that which comes
     * out. Of d, nothing drawn counts. */
    int (*emit)(const fvi_drawn *d, const fvi_form_site *site, fvi_form *f, int x);
    /* Writes the random choices of one sample, [f->numbers], for the graph form. */
    void (*fill)(const fvi_drawn *d, const fvi_form *f, float *to);
} fvi_transform_entry;

/* The words of the argument `compat`, and their values. */
#define FVI_COMPAT_WORDS "exact|lucid|lucent"
typedef enum fvi_compat { FVI_COMPAT_EXACT, FVI_COMPAT_LUCID, FVI_COMPAT_LUCENT } fvi_compat;

extern const fvi_transform_entry fvi_transform_pad, fvi_transform_jitter, fvi_transform_roll,
    fvi_transform_translate, fvi_transform_flip, fvi_transform_fit; /* transform_shift.c */
extern const fvi_transform_entry fvi_transform_scale, fvi_transform_zoom, fvi_transform_rotate,
    fvi_transform_crop, fvi_transform_resize, fvi_transform_octave; /* transform_resample.c */
extern const fvi_transform_entry fvi_transform_noise, fvi_transform_blur,
    fvi_transform_color; /* transform_pixels.c */

/* The entry of a kind, NULL where there is none; kinds count from 1. */
const fvi_transform_entry *fvi_transform_find(int kind);

/* Whether t's numbers and edge are allowed; in *out with what was left out filled in.
 *   errors  ARG names the transform, the number, the value and the range */
fv_status fvi_transform_check(const fvi_transform *t, fvi_transform *out, fv_error *err);

/* low + (high - low) u. */
static inline double fvi_between(double low, double high, double u) {
    return low + (high - low) * u;
}

#endif
