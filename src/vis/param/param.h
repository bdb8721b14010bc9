/* SPDX-License-Identifier: Apache-2.0 */
/* Parametrisations: the parameters that a picture is made of, which the optimiser changes (param.c
 * has the formulas). Each picture has an object of its own with its own buffers, so that threads
 * can work on the pictures of a batch at the same time.
 *
 * A "picture" in this folder is planar [channels][h][w] with values in low..high
 * (fvi_param_settings).
 */
#ifndef FVI_VIS_PARAM_PARAM_H
#define FVI_VIS_PARAM_PARAM_H

#include "base/random.h"
#include "fovea/fovea.h"
#include "graph/build/given.h"

/* What the parameters are. */
typedef enum fvi_param_kind {
    FVI_PARAM_PIXELS = 1, /* the pixels themselves */
    FVI_PARAM_FOURIER,    /* spatial frequencies, scaled by 1/f^decay (Olah et al. 2017) */
    FVI_PARAM_LAPLACIAN,  /* a sum of pictures of 1, 1/2, 1/4, ... the size, enlarged */
    FVI_PARAM_PHASE,      /* phases alone, under fixed magnitudes (MACO, Fel et al. 2023) */
    FVI_PARAM_BOUNDED     /* spatial frequencies, at most as strong as in photographs */
} fvi_param_kind;

/* What keeps the picture in low..high. */
typedef enum fvi_output_activation {
    FVI_OUTPUT_NONE = 1,
    FVI_OUTPUT_SIGMOID, /* low + (high - low) * sigmoid */
    FVI_OUTPUT_CLIP     /* cut off after every update */
} fvi_output_activation;

typedef struct fvi_param_settings {
    fvi_param_kind kind;
    fv_color color;
    fvi_output_activation output_activation;
    float low, high; /* picture values of black and white (0,1 or 0,255), on which regularisers,
                        clipping and step sizes work */
    float decay;     /* FOURIER: power of 1/f; PHASE, BOUNDED: of the built-in spectrum */
    float gain;      /* FOURIER: multiplies the inverse transform (Lucid: 1/4); PHASE: standard
                        deviation of the raw picture; BOUNDED: of photographs */
    int levels;      /* LAPLACIAN: pictures, 1..10 */
    const fv_tensor *spectrum; /* PHASE, BOUNDED: magnitudes [channels][h][w/2+1] of any h, w, as
                                  fv_spectrum makes them; NULL: built in. Borrowed */
    float bias;                /* added to the raw picture before a sigmoid: above 0 is brighter */
    float phase_std; /* PHASE: standard deviation the phases are brought to; 0: 1 (MACO). From about
                        1.8 on they can be anything; below, part of every frequency stays in phase
                        at the corners, which glow */
} fvi_param_settings;

/* The parameters before the first update. Means and deviations are those of the parameters (Fourier
 * coefficients, phases, pixels between low and high). */
typedef enum fvi_start_kind {
    FVI_START_SCALES = 1, /* noise of equal strength in every octave of frequency */
    FVI_START_NORMAL,     /* independent normal parameters: mean, sd */
    FVI_START_UNIFORM,    /* independent uniform parameters in mean +- sd */
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

/* The number of parameters. */
int64_t fvi_param_count(const fvi_param *p);

/* Upper bounds, before an object is made: of the number of its parameters, and of the bytes of its
 * buffers, which the parameters are not in. */
int64_t fvi_param_count_max(const fvi_param_settings *desc, int channels, int h, int w);
size_t fvi_param_bytes(const fvi_param_settings *desc, int channels, int h, int w);

/* Sets the parameters before the first update, for every kind but FVI_START_IMAGE (an ARG error).
 *   NORMAL   mean + sd * n, n of fvi_random_normals over all parameters in order
 *   UNIFORM  mean + sd * (2 u - 1), u of fvi_random_uniform, drawn for each parameter in order
 *   SCALES   those of a picture that fvi_start_all_scales draws with `mean` and `sd`
 *   GREY     those of a picture of `mean` everywhere
 * Order of the parameters: PIXELS [c][h][w]; FOURIER [c][h][w/2+1] of (re, im); LAPLACIAN level 0
 * [c][h][w], then level 1 [c][h/2][w/2], ...; PHASE [c][h][w/2+1].
 *   errors  ARG; NOMEM */
fv_status fvi_param_start(fvi_param *p, const fvi_start_settings *desc, fvi_random *r,
                          float *parameters, fv_error *err);

/* Where a sigmoid's picture is inverted, values are first kept this share of high - low away from
 * low and high: half a level of 8-bit pictures. */
#define FVI_PARAM_EDGE (1.0f / 512)

/* Finds the parameters of a picture: a start, or the result of a smaller octave. They make it as
 * nearly as the kind can: phases keep their magnitudes and standard deviation, a sigmoid cannot
 * reach low or high.
 *   errors  NOMEM */
fv_status fvi_param_from_picture(fvi_param *p, const float *picture, float *parameters,
                                 fv_error *err);

/* Makes the picture [channels][h][w] of parameters [count]; keeps what the adjoint needs. */
void fvi_param_picture(fvi_param *p, const float *parameters, float *picture);
/* Turns the gradient at the picture into that at the parameters, which must be those of the last
 * fvi_param_picture. */
void fvi_param_adjoint(fvi_param *p, const float *parameters, const float *dpicture,
                       float *dparameters);

/* After an update, for CLIP: changes the parameters so that their picture is in low..high; phases
 * are left alone. Call fvi_param_picture before the next adjoint. */
void fvi_param_constrain(fvi_param *p, float *parameters);

/* fvi_param_picture in a graph, whose backward run is fvi_param_adjoint.
 *   n        pictures
 *   z        their parameters, [n][count]
 *   returns  their pictures [n][channels][h][w]; -1 with the builder's status set */
int fvi_param_emit(const fvi_param *p, fvi_given_list *given, fvi_builder *b, int64_t n, int z);
/* fvi_param_constrain in a graph, of z [n][count]; likewise, and UNSUPPORTED where parameters that
 * are not the picture itself are to be clipped. */
int fvi_param_emit_constrain(const fvi_param *p, fvi_builder *b, int z);

#endif
