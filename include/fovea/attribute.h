/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: which part of a picture does it. Include fovea/fovea.h. */
#ifndef FOVEA_ATTRIBUTE_H
#define FOVEA_ATTRIBUTE_H

#include "fovea/render.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- which part of a picture ---------------------------------------------------------------- */

/* Attribution methods: which parts of a picture an objective is due to. docs/attribution.md has the
 * formula, the source and the limits of each. */
typedef enum fv_method {
    FV_METHOD_GRADIENT = 1,   /* magnitude of the gradient, the largest of the channels */
    FV_METHOD_INPUT_GRADIENT, /* input times gradient, summed over the channels */
    FV_METHOD_SMOOTHGRAD,     /* the gradient's mean over noisy copies of the picture */
    FV_METHOD_INTEGRATED,     /* gradients integrated from a baseline to the picture */
    FV_METHOD_GUIDED,         /* a gradient of which ReLUs pass only positive numbers */
    FV_METHOD_GRADCAM,        /* a layer's channels weighed by their mean gradients */
    FV_METHOD_GRADCAM_PLUS,   /* the same, but positions weigh differently (alpha) */
    FV_METHOD_OCCLUSION,      /* the objective's fall when a window is covered */
    FV_METHOD_RISE            /* the mean of random masks, weighed by the objective */
} fv_method;

#define FV_METHOD_DEFAULT FV_METHOD_GRADCAM /* where none is named, here and in the command */

/* Baselines: what a picture looks like in which nothing is shown. */
typedef enum fv_baseline {
    FV_BASELINE_BLACK = 1,
    FV_BASELINE_WHITE,
    FV_BASELINE_GREY,   /* 0.5 everywhere */
    FV_BASELINE_MEAN,   /* the picture's own mean colour */
    FV_BASELINE_BLUR,   /* the picture under a Gaussian of 10 pixels at 224, in proportion else */
    FV_BASELINE_NOISE,  /* uniform in 0..1, each number independent */
    FV_BASELINE_PICTURE /* baseline_input */
} fv_baseline;

/* Returns "black", ..., "noise"; static. NULL for FV_BASELINE_PICTURE and for numbers that are no
 * baseline. */
FV_API const char *fv_baseline_name(fv_baseline baseline);

/* What a method takes and what its maps are. The library's own; fields may be added at the end. */
typedef struct fv_method_info {
    fv_method method;
    const char *name;     /* "gradcam++" */
    const char *title;    /* "Grad-CAM++" */
    const char *summary;  /* one line: what the map is */
    const char *options;  /* the fields of fv_attribute_desc that it reads, with blanks between, as
                             "window stride baseline"; "" for none */
    const char *steps;    /* what `steps` of its maps counts: "masks"; NULL: nothing */
    fv_baseline baseline; /* the default; 0: the method uses none */
    int is_signed;        /* below zero: speaks against the objective */
    int is_fine;          /* one number a pixel, of which few are large */
    int is_gradient;      /* zero everywhere means that the gradient vanishes */
    int is_rectified;     /* never below zero; zero is the low end of its scale */
    int is_complete;      /* sums to the objective's change from a baseline, but for `gap` */
    int has_parts;        /* its maps have `parts` */
    int of_probability;   /* defined for probabilities: explain prob:C rather than class:C */
} fv_method_info;

/* Returns the number of methods. */
FV_API int fv_method_count(void);
/* Returns method `index`, 0..count-1, in the order of fv_method; static. NULL beyond. */
FV_API const fv_method_info *fv_method_at(int index);

/* Options of fv_attribute. A method reads those that its fv_method_info names; 0 is the default of
 * each. */
typedef struct fv_attribute_desc {
    size_t struct_size;     /* FV_DESC */
    fv_method method;       /* 0: FV_METHOD_DEFAULT */
    fv_baseline baseline;   /* INTEGRATED: 0: BLACK; OCCLUSION, RISE: what covers, 0: MEAN */
    const fv_tensor *baseline_input; /* FV_BASELINE_PICTURE: a raw input of the input's shape;
                                        borrowed for the call */
    const char *layer;      /* GRADCAM: whose maps; NULL: the last one the objective needs that has
                               image shape: of an objective with maps, its own layer */
    int samples;            /* SMOOTHGRAD: noisy copies, 1..1000000; 0: 50 */
    float sd;               /* SMOOTHGRAD: of the noise, in units of the input's largest minus its
                               smallest number, up to 100; 0: 0.15 */
    int steps;              /* INTEGRATED: points of the path, by the Gauss-Legendre rule, 1..10000;
                               0: chosen adaptively, up to 1000 gradients */
    int window;             /* OCCLUSION: side of the window in pixels, up to the picture's shorter
                               side; 0: a seventh of that */
    int stride;             /* OCCLUSION: pixels between windows, 1..window; 0: a quarter of it */
    int masks;              /* RISE: how many, 1..1000000; 0: 2000 */
    int cells;              /* RISE: a mask is cells x cells before it is enlarged; 1..the shorter
                               side; 0: 7 */
    float keep;             /* RISE: probability that a cell is shown, 0.001..1; 0: 0.5 */
    uint64_t seed;          /* of every random choice */
} fv_attribute_desc;

/* One map, and what is known about it. The library's own; fields may be added at the end. */
typedef struct fv_attribution {
    fv_method method;
    fv_tensor *map;    /* [h][w] of the network's input; [length] of a signal, [depth][h][w] of a
                          volume */
    fv_tensor *parts;  /* [channels] and the map's axes, signed, what the map is made of: gradients,
                          their products, in the order of the network's channels; NULL: CAM,
                          OCCLUSION, RISE */
    fv_tensor *cells;  /* GRADCAM, GRADCAM_PLUS: the map at its layer's size; else NULL */
    char *objective;   /* its text, in one spelling */
    char *layer;       /* GRADCAM, GRADCAM_PLUS: whose channels were weighed; else NULL */
    double value;      /* the objective at the picture */
    double baseline;   /* INTEGRATED: at the baseline; else 0 */
    double gap;        /* INTEGRATED: |sum of the map - (value - baseline)| / |value - baseline| */
    int evaluations;   /* pictures run through the network */
    int steps;         /* INTEGRATED: points of the path; SMOOTHGRAD, RISE: copies; else 0 */
    int unfinished;    /* a monitor said STOP: of fewer copies than were asked for */
} fv_attribution;
/* Frees an attribution and its tensors and texts. */
FV_API void fv_attribution_free(fv_attribution *attribution);

/* Finds which parts of a picture an objective is due to. Returns when the method has run all its
 * copies of the picture: 1 (GRADIENT) to thousands (RISE).
 *   session    its monitor's done and total are pictures run; where the objective is NULL, it sees
 *              the run that finds the class first. STOP: SMOOTHGRAD and RISE give the map of the
 *              copies run so far, marked unfinished; INTEGRATED and OCCLUSION end with CANCELLED;
 *              the others need one run, and give their map
 *   input      one picture as fv_input_from_image makes it, of any size the network takes; or one
 *              signal or volume. What is said of pixels and sides here is said of its positions
 *              and its axes
 *   objective  as fv_session_gradient takes it; NULL: the class the network puts first
 *   desc       or NULL
 *   out        yours to free with fv_attribution_free
 *   errors     as fv_session_gradient; SHAPE the input is no single picture, a layer without image
 *              shape, a baseline of another shape; ARG a field out of its range; NOTFOUND no such
 *              layer; CANCELLED
 *   threads    one call per session at a time; callbacks run on the calling thread
 */
FV_API fv_status fv_attribute(fv_session *session, const fv_tensor *input,
                              const fv_objective *objective, const fv_attribute_desc *desc,
                              fv_attribution **out, fv_error *err);

/* Options of fv_attribute_scores. */
typedef struct fv_scores_desc {
    size_t struct_size;    /* FV_DESC */
    int steps;             /* points of a curve after the first, 1..100000; 0: 100 */
    fv_baseline deletion;  /* replaces deleted pixels; not PICTURE; 0: MEAN */
    fv_baseline insertion; /* the picture into which pixels are inserted; not PICTURE; 0: BLUR */
    uint64_t seed;         /* of the random order, and of FV_BASELINE_NOISE */
} fv_scores_desc;

/* Deletion and insertion curves (Petsiuk, Das and Saenko 2018, arXiv:1806.07421). */
typedef struct fv_scores {
    int count;                  /* points */
    float *deletion;            /* [count] objective when the first k/(count-1) of the pixels, most
                                   important first, are deleted */
    float *insertion;           /* [count] when only they are there */
    double deletion_area, insertion_area; /* under the curves, by trapezoids, over 0..1 */
} fv_scores;
/* Frees curves. */
FV_API void fv_scores_free(fv_scores *scores);

/* Measures a map by what its most important pixels do to the objective. Runs 2 (steps + 1) pictures
 * and returns when they are run.
 *   session    of the objective's model; its monitor's done and total are pictures run
 *   input      one picture as fv_attribute takes it
 *   objective  as fv_attribute; NULL: the class the network puts first
 *   map        [h][w] of the input, largest most important; equal ones in reading order. NULL: a
 *              random order, to compare with
 *   desc       or NULL
 *   out        yours to free with fv_scores_free
 *   errors     as fv_attribute; SHAPE a map of another size; CANCELLED (also for STOP: half a curve
 *              is none)
 *   threads    as fv_attribute
 */
FV_API fv_status fv_attribute_scores(fv_session *session, const fv_tensor *input,
                                     const fv_objective *objective, const fv_tensor *map,
                                     const fv_scores_desc *desc, fv_scores **out, fv_error *err);

/* Makes a model whose weights in some layers are shuffled: every constant of such a layer (kernel,
 * bias, scale, shift) keeps its numbers in another order. Layers without weights stay as they are.
 *   model   borrowed: must outlive *out
 *   layers  [count] indices, in any order; may be NULL where count is 0
 *   seed    of the orders; the same seed gives the same model
 *   out     yours to free with fv_model_free; its file's name, SHA-256, classes and layers are the
 *           model's
 *   errors  ARG no such index, or a model that is shuffled already; NOMEM
 *   threads any
 */
FV_API fv_status fv_model_shuffle(const fv_model *model, const int *layers, int count,
                                  uint64_t seed, fv_model **out, fv_error *err);

/* One stage of a sanity check. */
typedef struct fv_sanity_stage {
    int layer;                   /* index of the first shuffled layer: all with weights after it are
                                    shuffled too; -1: none */
    int shuffled;                /* how many layers have shuffled weights */
    fv_attribution *attribution; /* of that network */
    double correlation;          /* of ranks, of its map with the trained network's; NaN where a map
                                    is the same everywhere */
    double correlation_magnitude; /* the same of the maps' magnitudes */
} fv_sanity_stage;

/* A sanity check. The library's own; fields may be added at the end, also of a stage. */
typedef struct fv_sanity {
    int count;                /* stages that are done, that of the trained network included */
    fv_sanity_stage **stages; /* [count] the first is the trained network */
    int unfinished;           /* 1: a monitor's STOP ended the check before its last stage */
} fv_sanity;
/* Frees a check, its stages and their attributions. */
FV_API void fv_sanity_free(fv_sanity *sanity);

/* Options of fv_attribute_sanity. */
typedef struct fv_sanity_desc {
    size_t struct_size; /* FV_DESC */
    int stages;         /* after the trained network, 1..1000: the first has the last layer
                           shuffled, the last one all; 0: 8; at most as many as there are layers
                           with weights */
    const fv_attribute_desc *attribute; /* the method and its options, of which seed is also that of
                                           the shuffles; NULL: defaults */
} fv_sanity_desc;

/* The cascading randomisation of Adebayo et al. 2018 (arXiv:1810.03292): shuffles the weights of
 * the network from the output downwards, in stages, and compares the maps. A method whose maps stay
 * alike does not show what the network has learned. Returns when all stages are done.
 *   session    of the trained network. Each shuffled network is run by a session of its own with
 *              this one's settings, and this one's monitor sees them all: done and total count the
 *              pictures run at all stages. STOP: the result has the stages done so far and is
 *              marked unfinished; without any the call ends with CANCELLED
 *   objective  as fv_attribute; NULL: the trained network's first class, at all stages
 *   desc       or NULL
 *   out        yours to free with fv_sanity_free
 *   errors     as fv_attribute; ARG stages out of range; SHAPE no layer before the objective has
 *              weights; CANCELLED
 *   threads    as fv_attribute
 */
FV_API fv_status fv_attribute_sanity(fv_session *session, const fv_tensor *input,
                                     const fv_objective *objective, const fv_sanity_desc *desc,
                                     fv_sanity **out, fv_error *err);

#ifdef __cplusplus
}
#endif
#endif
