/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: feature visualisation, the pictures that excite a unit; dreams. Include fovea/fovea.h. */
#ifndef FOVEA_RENDER_H
#define FOVEA_RENDER_H

#include "fovea/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- feature visualisation ------------------------------------------------------------------ */

/* A picture that excites a unit is made by a loop: numbers -> picture -> transforms -> network ->
 * objective, and the gradient all the way back. Each part below is described by a small struct; a
 * recipe is one complete set of them. In fv_render_desc a part whose `kind` is 0 is the recipe's;
 * a part that is given is taken as it stands, number by number. To change one number of a recipe,
 * resolve it first (fv_render_desc_resolve) or set it by its name (fv_render_desc_set). */

/* How the picture is written as numbers that are optimised. */
typedef enum fv_param_kind {
    FV_PARAM_PIXELS = 1, /* the pixels themselves */
    FV_PARAM_FOURIER,    /* spatial frequencies, scaled by 1/f^decay (Olah et al. 2017) */
    FV_PARAM_LAPLACIAN,  /* a sum of pictures of 1, 1/2, 1/4, ... the size, enlarged */
    FV_PARAM_PHASE,      /* phases alone, under fixed magnitudes (MACO, Fel et al. 2023) */
    FV_PARAM_BOUNDED     /* spatial frequencies, at most as strong as in photographs */
} fv_param_kind;

/* Linear maps from decorrelated to RGB colour; pictures of other than 3 channels take none. */
typedef enum fv_color {
    FV_COLOR_RGB = 1, /* none */
    FV_COLOR_LUCID,   /* Lucid's square root of ImageNet's colour covariance, largest column 1 */
    FV_COLOR_MACO     /* Horama's and Xplique's matrix */
} fv_color;

/* How the numbers are kept where pictures are. */
typedef enum fv_output_activation {
    FV_OUTPUT_NONE = 1,
    FV_OUTPUT_SIGMOID, /* low + (high - low) * sigmoid */
    FV_OUTPUT_CLIP     /* cut off after every update */
} fv_output_activation;

typedef struct fv_param_desc {
    fv_param_kind kind;
    fv_color color;
    fv_output_activation output_activation;
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
} fv_param_desc;

/* The numbers before the first update. Means and deviations are those of the numbers optimised
 * (Fourier coefficients, phases, pixels between low and high). */
typedef enum fv_start_kind {
    FV_START_SCALES = 1, /* noise of equal strength in every octave of frequency */
    FV_START_NORMAL,     /* independent normal numbers: mean, sd */
    FV_START_UNIFORM,    /* independent uniform numbers in mean +- sd */
    FV_START_GREY,       /* `mean` everywhere */
    FV_START_IMAGE       /* a picture, plus normal noise of deviation sd */
} fv_start_kind;

typedef struct fv_start_desc {
    fv_start_kind kind;
    float mean, sd;
    const fv_image *image; /* IMAGE: resized to the picture's size. Borrowed */
    const fv_image *mask;  /* where the picture may change: 1 yes .. 0 no (grey, resized); NULL:
                              everywhere. Elsewhere it stays the start. Borrowed */
} fv_start_desc;

/* What the picture must survive. v[] in the order given here; degrees, pixels, standard deviations
 * in units of high - low. Every one is linear in the picture, but for what it adds, and goes
 * back by its adjoint where nothing else is said. A number in brackets may be left out: it is 0. */
typedef enum fv_transform_kind {
    FV_TRANSFORM_PAD = 1,   /* pad(pixels): around all edges, with `edge` */
    FV_TRANSFORM_JITTER,    /* jitter(n): crops n rows and columns off, at a random place */
    FV_TRANSFORM_ROLL,      /* roll(n[,more[,lap]]): shifts by -n..n+more, around the edges. lap 1:
                               the first and last row and column are taken for one, as scipy's shift
                               does for keras-vis */
    FV_TRANSFORM_TRANSLATE, /* translate(n[,more[,back]]): shifts by -n..n+more; what comes in is
                               `edge`. back 1: the gradient is shifted back the same way, as Darknet
                               does, instead of the adjoint */
    FV_TRANSFORM_SCALE,     /* scale(low,high[,step[,like]]): resizes, so the size changes. like 0:
                               sizes rounded, grid as PyTorch's align_corners=False; 1: as Lucid
                               (sizes cut off, TensorFlow 1's grid); 2: as Lucent (sizes rounded up,
                               align_corners=True, padded back with zeros) */
    FV_TRANSFORM_ZOOM,      /* zoom(low,high[,step]): enlarges about the centre; the size stays */
    FV_TRANSFORM_ROTATE,    /* rotate(low,high[,zeros[,like]]): counter-clockwise about the centre,
                               the size stays; whole degrees; 0 counts `zeros` more times. Without
                               `zeros` (or 0): any angle in between. like 1: as Lucid (nearest
                               pixel, 3.14 for pi, the gradient turned back, not the adjoint) */
    FV_TRANSFORM_FLIP,      /* flip(p): left to right with probability p */
    FV_TRANSFORM_CROP,      /* crop(low,high[,low2,high2[,degrees[,flip[,sd[,turns]]]]]): a random
                               window of low..high of the sides (of low2..high2 at the last
                               update), turned by up to +-degrees, flipped with probability
                               flip, resampled to the network's size. Anywhere it fits; with sd
                               around the centre, normal with that deviation in sides, kept inside.
                               A window larger than the picture lies anywhere that keeps the
                               picture inside.
                               turns 1: the two ranges take turns, evaluation by evaluation */
    FV_TRANSFORM_NOISE,     /* noise(sd[,range]): normal, plus uniform in +-range */
    FV_TRANSFORM_BLUR,      /* blur(low,high): Gaussian, sigma random in between, in pixels */
    FV_TRANSFORM_COLOR,     /* color(contrast,shift): (x-grey)*exp(+-contrast)+grey, plus normal
                               shifts of each channel */
    FV_TRANSFORM_RESIZE,    /* resize(n[,like]): to n x n, bilinear; n 0: the network's size. like:
                               whose grid, as in scale */
    FV_TRANSFORM_FIT,       /* fit(): crops or pads around the centre to the network's size */
    FV_TRANSFORM_OCTAVE     /* octave(n,factor): resizes by factor^-k, k random in 0..n-1; the
                               gradient comes back by resizing, as Darknet does, not by the
                               adjoint */
} fv_transform_kind;

typedef enum fv_edge {
    FV_EDGE_ZERO = 0, /* 0 in the picture's numbers */
    FV_EDGE_GREY,     /* the middle of low and high */
    FV_EDGE_REFLECT,  /* a mirror on the border: 1 0 | 0 1 2 */
    FV_EDGE_WRAP,
    FV_EDGE_REPEAT /* the nearest pixel */
} fv_edge;

#define FV_MAX_TRANSFORMS 16
typedef struct fv_transform {
    fv_transform_kind kind;
    float v[8];
    fv_edge edge;
} fv_transform;

typedef struct fv_transforms {
    int kind;  /* 1: given; 0: the recipe's */
    int count; /* 0..FV_MAX_TRANSFORMS, applied in order */
    fv_transform list[FV_MAX_TRANSFORMS];
} fv_transforms;

/* What becomes of the picture besides the objective. */
typedef struct fv_regularizer_desc {
    int kind;        /* 1: given */
    char terms[256]; /* added to every objective: "-10*tv(2) - 10*lp(6)"; "" for none */
    float decay;     /* after every `every` updates: numbers *= 1 - decay */
    float blur;      /* after every `every` updates: pixels blurred with this sigma */
    float norm;      /* after every update: scaled to this L2 norm; 0: not */
    int every;       /* 0: 1 */
} fv_regularizer_desc;

/* What is done to the gradient before the optimiser sees it, for each picture by itself. */
typedef enum fv_gradient_kind {
    FV_GRADIENT_NONE = 1,
    FV_GRADIENT_MAX,      /* divided by its largest magnitude */
    FV_GRADIENT_MEAN,     /* divided by its mean magnitude */
    FV_GRADIENT_L2,       /* divided by its L2 norm */
    FV_GRADIENT_RMS,      /* divided by its root mean square */
    FV_GRADIENT_STANDARD, /* mean 0, deviation 1 (Darknet) */
    FV_GRADIENT_LAPLACIAN /* each level of its Laplacian pyramid divided by its root mean square */
} fv_gradient_kind;

typedef struct fv_gradient_desc {
    fv_gradient_kind kind;
    int levels; /* LAPLACIAN: levels, the lowest included */
    float clip; /* then cut off at +-clip; 0: not */
} fv_gradient_desc;

typedef enum fv_optimizer_kind {
    FV_OPTIMIZER_ASCENT = 1, /* numbers += rate * gradient */
    FV_OPTIMIZER_MOMENTUM,   /* v = beta1 v + g; numbers += rate * v */
    FV_OPTIMIZER_ADAM,       /* Kingma and Ba 2015 */
    FV_OPTIMIZER_NADAM,      /* Dozat 2016, as PyTorch has it (momentum decay 0.004) */
    FV_OPTIMIZER_ADAMW,      /* Loshchilov and Hutter 2019 */
    FV_OPTIMIZER_RMSPROP,    /* beta2 is its rho */
    FV_OPTIMIZER_LBFGS       /* libLBFGS; random choices are those of the first update throughout */
} fv_optimizer_kind;

typedef struct fv_optimizer_desc {
    fv_optimizer_kind kind;
    float rate;
    float rate_end; /* share of `rate` left at the last update, along a cosine; 0: 1 */
    float beta1, beta2;
    float epsilon;      /* added to the root */
    float weight_decay; /* of the numbers; decoupled in ADAMW, added to the gradient elsewhere */
    int epsilon_under_root; /* 1: it is added under the root (keras-vis, Keras 3) */
} fv_optimizer_desc;

typedef enum fv_octave_carry {
    FV_OCTAVE_CARRY_PICTURE = 1,
    FV_OCTAVE_CARRY_DETAIL
} fv_octave_carry;

/* Which of the sizes a picture goes through is the asked one. */
typedef enum fv_octave_order {
    FV_OCTAVES_FROM_SIZE = 1, /* the first: it grows from there (MATLAB) */
    FV_OCTAVES_TO_SIZE        /* the last: it begins smaller */
} fv_octave_order;

typedef struct fv_schedule_desc {
    int steps;         /* updates at each level; 0: the recipe's */
    int copies;        /* differently transformed copies of a picture in each update; 0: recipe's */
    int levels;        /* sizes the picture goes through (octaves); 0: the recipe's */
    float level_scale; /* from one to the next, > 1; 0: the recipe's */
    fv_octave_order octave_order; /* which level has the asked size; 0: the recipe's */
    fv_octave_carry
        octave_carry; /* what goes on to the next size: the picture, resized; or the start at that
              size plus what was added so far, resized (DeepDream). 0: the recipe's */
    int tile;         /* pictures larger than this are evaluated in tiles of it; 0: the recipe's,
                         -1: never */
    int patience;     /* stops a picture whose best value is that many updates old;
                         0: the recipe's, -1: never */
    int keep_best;    /* 1: the picture of the highest value is the result; -1: the last; 0:
                         recipe's */
} fv_schedule_desc;

/* How numbers become a picture file, at the end. */
typedef enum fv_display_kind {
    FV_DISPLAY_CLIP = 1,  /* low..high, cut off */
    FV_DISPLAY_LINEAR,    /* min..max */
    FV_DISPLAY_STANDARD,  /* mean 0.5, standard deviation 0.1, cut off (keras-vis) */
    FV_DISPLAY_PERCENTILE /* percentiles 1..99 of all its numbers (Horama) */
} fv_display_kind;

typedef struct fv_display_desc {
    fv_display_kind kind;
    int alpha;    /* 1: transparent where little gradient arrived (MACO): 4 channels */
    float margin; /* the picture is made larger by this share of its sides, all round, and cut
                     at the end: what lies at the edge is seen less, and comes out worse */
} fv_display_desc;

/* How bare units are read: LAYER:C, and LAYER. */
typedef enum fv_reduction {
    FV_REDUCTION_MEAN = 1, /* mean over positions; a layer: mean of squares (Lucid) */
    FV_REDUCTION_ENERGY,   /* sum of squares (Wolfram) */
    FV_REDUCTION_STRONG    /* half the sum of squares of what exceeds mean + sd (Darknet) */
} fv_reduction;

/* What size a picture is brought to by the transforms that resample it for the network: crop, fit,
 * resize(0). */
typedef enum fv_view {
    FV_VIEW_MODEL = 1, /* the network's own input size */
    FV_VIEW_PICTURE    /* the picture's, so that its pixels are the network's */
} fv_view;

/* A picture's width and height: three times what the units of the call see of the input along that
 * direction (their receptive fields; the largest of all units), in steps of 32 from 96 on. More of
 * an early layer's picture is the same texture again. The model's own size where that is not much
 * larger, where units are asked for at given places, where a photo is compared with or started
 * from, and where the network cannot be run at that size. Both sides are, or none; a picture that
 * is smaller for it is seen at its own size (FV_VIEW_PICTURE). */
#define FV_SIZE_RECEPTIVE (-1)

/* Takes a picture on its way; `image` is borrowed for the call. */
typedef void (*fv_snapshot_fn)(void *user, int picture, int step, const fv_image *image);

/* The parts an update's time goes to. */
typedef enum fv_stage {
    FV_STAGE_PARAM,     /* numbers -> pixels, and their gradient back */
    FV_STAGE_TRANSFORM, /* transforms, tiles, mean and scale; there and back */
    FV_STAGE_PLAN,      /* making the network ready for a size it has not had yet */
    FV_STAGE_NETWORK,   /* forward and backward */
    FV_STAGE_OBJECTIVE, /* values and their gradients, terms of the picture included */
    FV_STAGE_OPTIMIZER, /* normalised gradients, the step, regularisers */
    FV_STAGE_OTHER,     /* between updates: snapshots, progress */
    FV_STAGE_COUNT
} fv_stage;

/* Seconds of all updates so far. */
typedef struct fv_render_times {
    double seconds[FV_STAGE_COUNT];
    double mark; /* the library's own */
} fv_render_times;

struct fv_rendering;
/* Takes a picture that is done, borrowed for the call, while others are still to be made.
 *   picture  its place in `out`
 *   returns  FV_OK; anything else, with err filled, ends the whole call with that */
typedef fv_status (*fv_finished_fn)(void *user, int picture, const struct fv_rendering *rendering,
                                    fv_error *err);

typedef struct fv_render_desc {
    char recipe[32];   /* "": fv_recipe_default of the first objective */
    int width, height; /* of the picture at the asked size; 0: the recipe's, or else the
                          model's own; FV_SIZE_RECEPTIVE: as the units need it */
    int channels;      /* of inputs that are no pictures: a sample's elements are seen as
                          [channels][height][width]; 0: [1][1][elements] */
    uint64_t seed;     /* of every random choice; 0 is a seed like any other */
    int restarts;      /* pictures of each objective, from different starts; 0: 1 */
    fv_reduction reduction;
    fv_view view;
    fv_param_desc param;
    fv_start_desc start;
    fv_transforms transforms;          /* inside the differentiated graph */
    fv_transforms in_place_transforms; /* on the picture itself before each update, never undone */
    fv_regularizer_desc regularizer;
    fv_gradient_desc gradient;
    fv_optimizer_desc optimizer;
    fv_schedule_desc schedule;
    fv_display_desc display;
    int relu_redirect_steps; /* updates in which ReLUs without any gradient let it through, for
                                units that have none at the start; 0: 16; -1: never */
    int batch;               /* pictures at a time, at most: fewer where fv_model_desc.memory
                                says so; 0: of many pictures what a short trial finds fastest.
                                Never changes the pictures */
    int threads;             /* 0: all processors */
    fv_on_nan on_nan;        /* where an objective or gradient is not finite; 0: STOP */
    int snapshot_every;      /* updates; 0: no snapshots */
    fv_snapshot_fn snapshot;
    fv_finished_fn finished; /* or NULL */
    fv_progress_fn progress; /* or NULL */
    void *user;
    fv_render_times *times; /* where the time went is added here; NULL: it is not measured */
} fv_render_desc;

/* Recipes: their number; name and one line of one of them. */
FV_API int fv_recipe_count(void);
FV_API const char *fv_recipe_name(int index);
FV_API const char *fv_recipe_summary(int index);

/* The recipe an objective gets where none is named: "fovea" where it asks for classes (or anything
 * that is one number a channel), "fovea-layer" for the maps of inner layers, "erhan" for inputs
 * that are no pictures. objective: NULL for "fovea" or "erhan". */
FV_API const char *fv_recipe_default(const fv_model *model, const char *objective);

/* Fills every zero field of *desc from its recipe and for this model: the one place where defaults
 * are. NULL desc: the default recipe. A size that depends on the units (FV_SIZE_RECEPTIVE) stays:
 * see fv_render_desc_settle. errors  NOTFOUND no such recipe, with the names; ARG a value out of
 * its range, named
 */
FV_API fv_status fv_render_desc_resolve(const fv_model *model, const fv_render_desc *desc,
                                        fv_render_desc *out, fv_error *err);

/* Settles what depends on the units of a call: where *desc has FV_SIZE_RECEPTIVE, width, height and
 * view. Rendering does it by itself; it is for those who want to know, or who make the units of one
 * call in several.
 *   desc    resolved; untouched on failure
 *   errors  ARG count is below 1; as fv_objective_describe
 */
FV_API fv_status fv_render_desc_settle(const fv_model *model, const char *const *objectives,
                                       int count, fv_render_desc *desc, fv_error *err);

/* The options of a recipe by name, as the command has them: "rate", "transforms", ... */
typedef struct fv_render_option {
    const char *name;  /* "level-scale" */
    const char *value; /* what stands for its value: "N", "pixels|fourier|laplacian|phase" */
    const char *help;
} fv_render_option;
FV_API int fv_render_option_count(void);
FV_API const fv_render_option *fv_render_option_at(int index);

/* Sets one option of a resolved desc from text.
 *   errors  NOTFOUND no such option; ARG a value it does not allow, with what it allows
 */
FV_API fv_status fv_render_desc_set(fv_render_desc *desc, const char *name, const char *value,
                                    fv_error *err);
/* Writes one option of a resolved desc as the text that sets it; cut to `size` bytes.
 *   errors  NOTFOUND no such option */
FV_API fv_status fv_render_desc_get(const fv_render_desc *desc, const char *name, char *text,
                                    size_t size, fv_error *err);

/* A gradient whose norm is beyond this counts as exploding, and no picture is made of it: its
 * square does not fit a float, so optimisers that square it divide by infinity. One all of whose
 * numbers are below 1.2e-38, the smallest normal float, has vanished. */
#define FV_GRADIENT_MOST 1.8e19

/* One optimised picture and what is known about it. */
typedef struct fv_rendering {
    fv_image *image;       /* with its texts: objective, seed, every option, model SHA-256, version.
                              [3][h][w], [1][h][w] where the input has one channel; n channels side
                              by side in grey. NULL if the call was stopped before it was begun */
    fv_tensor *input;      /* the network's input that was reached: [1][...] */
    char *objective;       /* in one spelling */
    int start;             /* which of its starts: 0.. */
    double first, reached; /* objective before the first and at the last update (the best, where
                              that is kept), each on the transformed picture of that update */
    int steps;             /* updates made */
    int batch;             /* pictures that were made side by side, this one among them */
    int redirected;        /* its gradient was zero at the start; ReLUs were redirected */
    int dead;              /* its gradient vanished or exploded, or it met NaN: the picture says
                              nothing */
    int unfinished; /* stopped: by the progress callback, or (FV_ON_NAN_KEEP) where it met NaN
                       or its gradient exploded; it is the last good picture */
    char *why;      /* NULL, or why it is dead, or is unfinished: "its gradient is zero",
                       "layer \"exp1\" (Exp) makes infinity of finite numbers, ..." */
} fv_rendering;
FV_API void fv_rendering_free(fv_rendering *rendering);

/* Makes the picture that excites one unit.
 *   objective  terms to raise, with weights: "mixed4a:3 - 0.1*tv"; see docs/objectives.md
 *   out        [3][height][width] (1 channel where the input has one), with texts; yours to free
 *   errors     as fv_session_gradient; SHAPE the network's input is no picture; CANCELLED; NOTFOUND
 *              the unit is dead: its gradient is zero whatever was tried, or explodes; NONFINITE
 */
FV_API fv_status fv_render(const fv_model *model, const char *objective, const fv_render_desc *desc,
                           fv_image **out, fv_error *err);

/* Makes desc->starts pictures for each objective, in batches of one layer where it can.
 *   out     [count * starts], objective by objective; all filled on success,
 *           all untouched on failure. Where the callback stopped the call, pictures not begun are
 *           NULL
 */
FV_API fv_status fv_render_many(const fv_model *model, const char *const *objectives, int count,
                                const fv_render_desc *desc, fv_rendering **out, fv_error *err);

/* Reads an objective and says what it was taken for: "class:hen" -> "logits:8".
 *   text, size  the objective in one spelling
 *   note        one sentence worth saying ("optimised before the softmax"), or ""; 256 bytes
 */
FV_API fv_status fv_objective_describe(const fv_model *model, const char *objective, char *text,
                                       size_t size, char note[256], fv_error *err);

/* Writes an objective that compares with a photo: "match(LAYER, PHOTO)" (feature inversion) or
 * "caricature(LAYER, PHOTO, POWER)"; docs/objectives.md. Recipes of these names go with them.
 *   term    "match" or "caricature"    photo  path of a picture file
 *   power   of a caricature's cosine, 0..1000; < 0: 1
 *   errors  ARG a name with both kinds of quotes, or a text longer than `size`; as
 *           fv_objective_describe */
FV_API fv_status fv_photo_objective(const fv_model *model, const char *term, const char *layer,
                                    const char *photo, double power, char *text, size_t size,
                                    fv_error *err);

/* Writes the objective of feature accentuation (Hamblin et al. 2024), to be climbed from the photo
 * itself (FV_START_IMAGE, fv_input_picture) with the recipe "accentuate": OBJECTIVE +
 * W*match(NEAR, PHOTO). W is measured, on the photo with some noise, so that both terms' gradients
 * have the same mean magnitude, times `strength`.
 *   objective  what to bring out: terms of the network
 *   near       the layer in which the picture stays near the photo; NULL: the last whose maps have
 *              at least 1/8 of the input's side
 *   strength   0: no nearness; the more, the nearer
 *   errors     ARG as fv_photo_objective, a strength that is no number >= 0, or an objective that
 *              looks at the picture; NOTFOUND no layer to stay near, or its gradient is zero */
FV_API fv_status fv_accentuation_objective(const fv_model *model, const char *objective,
                                           const char *photo, const char *near, double strength,
                                           char *text, size_t size, fv_error *err);

/* Groups pictures of one unit that are the same up to a shift.
 *   shifts     1: compared over all circular shifts; 0: as they lie (vectors)
 *   groups     [count] group of each, counted from 0 in order of appearance; caller's array
 *   distances  [count * count] 1 - the largest correlation over all shifts, 0..2; caller's, or NULL
 *   threshold  distance below which two are the same; 0: 0.5, without shifts 0.1
 *   returns through `distinct` the number of groups
 */
FV_API fv_status fv_images_group(const fv_image *const *images, int count, int shifts,
                                 double threshold, int *groups, double *distances, int *distinct,
                                 fv_error *err);

/* Mean magnitudes of the spatial frequencies of photographs, for FV_PARAM_PHASE.
 *   paths     [count] picture files; what cannot be read is skipped and counted in *skipped
 *   size      side of the squares they are brought to; 0: 512
 *   color     in whose decorrelated colours; 0: FV_COLOR_MACO
 *   channels  3, or 1 for grey
 *   out       [channels][size][size/2+1]
 */
FV_API fv_status fv_spectrum(const char *const *paths, int count, int size, fv_color color,
                             int channels, fv_progress_fn progress, void *user, fv_tensor **out,
                             int *skipped, fv_error *err);

/* ---- dreams --------------------------------------------------------------------------------- */

typedef struct fv_dream_desc {
    int steps;             /* updates at each octave; 0: 10 */
    int octaves;           /* 0: 4 */
    float octave_scale;    /* > 1; 0: 1.4 */
    float rate;            /* mean change of a pixel in an update, 0..1; 0: 1.5/255 */
    int jitter;            /* tiles are laid from a random corner; 0: a tile's side; -1: none */
    int tile;              /* side of the pieces the gradient is computed on; 0: 512 */
    int original_colors;   /* 1: only the lightness changes */
    const fv_image *guide; /* a picture whose features are to be brought out, or NULL */
    uint64_t seed;
    int threads;
    fv_on_nan on_nan; /* where an objective or gradient is not finite; 0: STOP */
    int snapshot_every;
    fv_snapshot_fn snapshot;
    fv_progress_fn progress;
    void *user;
} fv_dream_desc;

/* Brings out in a picture what a layer sees in it (DeepDream, Mordvintsev et al. 2015).
 *   image      any size; it is changed: the result replaces it, with texts as fv_render's
 *   objective  as fv_render; a guide takes a plain LAYER only
 *   memory     the picture, its change, 3 bytes a pixel, and one tile's plan
 *   errors     as fv_render. With FV_ON_NAN_KEEP a dream that meets NaN ends there, is marked
 *              unfinished, and FV_OK
 */
FV_API fv_status fv_dream(const fv_model *model, fv_image *image, const char *objective,
                          const fv_dream_desc *desc, fv_error *err);

/* Saves pictures of one size and one number of channels as an animation: .webp (with the texts of
 * the first) or .gif (256 colours a frame, alpha on or off, no texts). The file appears whole or
 * not at all.
 *   delay_ms  between frames, 10..60000; GIF counts in hundredths of a second
 *   loop      1: for ever; 0: once
 *   errors    ARG no frames, frames that differ in size or channels, another ending, a delay out of
 *             range, a frame larger than the format holds (WebP 16383, GIF 65535 a side);
 *             UNSUPPORTED this libvips does not write the format; NOMEM; IO
 */
FV_API fv_status fv_animation_save(const fv_image *const *frames, int count, int delay_ms, int loop,
                                   const char *path, fv_error *err);

#ifdef __cplusplus
}
#endif
#endif
