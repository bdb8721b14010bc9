/* SPDX-License-Identifier: Apache-2.0 */
/* Parametrisations: how the picture is written as numbers (param.c has the formulas). One object a
 * picture: it has its own room to work in, so pictures of a batch can be worked on side by side.
 *
 * A "picture" in this folder is planar [channels][h][w] with values in low..high
 * (fvi_param_settings).
 */
#ifndef FVI_VIS_PARAM_PARAM_H
#define FVI_VIS_PARAM_PARAM_H

#include "base/random.h"
#include "fovea/fovea.h"

/* How the picture is written as numbers that are optimised. */
typedef enum fvi_param_kind {
    FVI_PARAM_PIXELS = 1, /* the pixels themselves */
    FVI_PARAM_FOURIER,    /* spatial frequencies, scaled by 1/f^decay (Olah et al. 2017) */
    FVI_PARAM_LAPLACIAN,  /* a sum of pictures of 1, 1/2, 1/4, ... the size, enlarged */
    FVI_PARAM_PHASE,      /* phases alone, under fixed magnitudes (MACO, Fel et al. 2023) */
    FVI_PARAM_BOUNDED     /* spatial frequencies, at most as strong as in photographs */
} fvi_param_kind;

/* How the numbers are kept where pictures are. */
typedef enum fvi_output_activation {
    FVI_OUTPUT_NONE = 1,
    FVI_OUTPUT_SIGMOID, /* low + (high - low) * sigmoid */
    FVI_OUTPUT_CLIP     /* cut off after every update */
} fvi_output_activation;

typedef struct fvi_param_settings {
    fvi_param_kind kind;
    fv_color color;
    fvi_output_activation output_activation;
    float low, high; /* what picture values of 0 and 1 are in the numbers regularisers, clipping and
                        step sizes see (0,1 or 0,255) */
    float decay;     /* FOURIER: power of 1/f; PHASE, BOUNDED: of the built-in spectrum */
    float gain;      /* FOURIER: multiplies the inverse transform (Lucid: 1/4); PHASE: standard
                        deviation of the picture before the squash; BOUNDED: of photographs */
    int levels;      /* LAPLACIAN: pictures, 1..10 */
    const fv_tensor *spectrum; /* PHASE, BOUNDED: magnitudes [channels][h][w/2+1] of any h, w, as
                                  fv_spectrum makes them; NULL: built in. Borrowed */
    float bias;                /* added to the raw picture before a sigmoid: above 0 is brighter */
    float phase_std; /* PHASE: standard deviation the phases are brought to; 0: 1 (MACO). From about
                        1.8 on they can be anything; below, part of every frequency stays in phase
                        at the corners, which glow */
} fvi_param_settings;

/* The numbers before the first update. Means and deviations are those of the numbers optimised
 * (Fourier coefficients, phases, pixels between low and high). */
typedef enum fvi_start_kind {
    FVI_START_SCALES = 1, /* noise of equal strength in every octave of frequency */
    FVI_START_NORMAL,     /* independent normal numbers: mean, sd */
    FVI_START_UNIFORM,    /* independent uniform numbers in mean +- sd */
    FVI_START_GREY,       /* `mean` everywhere */
    FVI_START_IMAGE       /* a picture, plus normal noise of deviation sd */
} fvi_start_kind;

typedef struct fvi_start_settings {
    fvi_start_kind kind;
    float mean, sd;
    const fv_image *image; /* IMAGE: resized to the picture's size. Borrowed */
    const fv_image *mask;  /* where the picture may change: 1 yes .. 0 no (grey, resized); NULL:
                              everywhere. Elsewhere it stays the start. Borrowed */
} fvi_start_settings;

typedef struct fvi_param fvi_param;

/* errors  ARG; NOMEM */
fv_status fvi_param_new(const fvi_param_settings *desc, int channels, int h, int w, fvi_param **out,
                        fv_error *err);
void fvi_param_free(fvi_param *p);

/* How many numbers there are. */
int64_t fvi_param_count(const fvi_param *p);

/* Before one is made, at most: how many numbers there will be, and bytes it takes besides them. */
int64_t fvi_param_most_numbers(const fvi_param_settings *desc, int channels, int h, int w);
size_t fvi_param_bytes(const fvi_param_settings *desc, int channels, int h, int w);

/* The numbers before the first update, for every kind but FVI_START_IMAGE (an ARG error).
 *   NORMAL   z[i] = mean + sd * n, n of fvi_random_normals over all numbers in order
 *   UNIFORM  z[i] = mean + sd * (2 u - 1), u of fvi_random_uniform, a draw a number in order
 *   SCALES   the numbers of a picture that fvi_start_all_scales draws with `mean` and `sd`
 *   GREY     the numbers of a picture of `mean` everywhere
 * Order of the numbers: PIXELS [c][h][w]; FOURIER [c][h][w/2+1] of (re, im); LAPLACIAN level 0
 * [c][h][w], then level 1 [c][h/2][w/2], ...; PHASE [c][h][w/2+1].
 *   errors  ARG; NOMEM */
fv_status fvi_param_start(fvi_param *p, const fvi_start_settings *desc, fvi_random *r, float *z,
                          fv_error *err);

/* A sigmoid's picture is taken to lie this share of high - low inside low and high: half a level of
 * 8-bit pictures. */
#define FVI_PARAM_EDGE (1.0f / 512)

/* The numbers whose picture is (as near as the kind can: phases keep their magnitudes and their
 * spread, a sigmoid cannot reach low or high) the one given: of a start picture, and of the one
 * carried on from a smaller size.
 *   errors  NOMEM */
fv_status fvi_param_from_picture(fvi_param *p, const float *picture, float *z, fv_error *err);

/* numbers [count] -> picture [channels][h][w]; remembers what the adjoint needs. */
void fvi_param_picture(fvi_param *p, const float *z, float *picture);
/* Gradient at the picture -> gradient at the numbers, around the z of the last fvi_param_picture.
 */
void fvi_param_adjoint(fvi_param *p, const float *z, const float *dpicture, float *dz);

/* After an update: brings the numbers back where their picture lies in low..high, for CLIP; phases
 * stay as they are. Call fvi_param_picture before the next adjoint. */
void fvi_param_constrain(fvi_param *p, float *z);

#endif
