/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: open a trained neural network's file and see what the network has learned.
 *
 *   fv_error err;
 *   fv_model *m = NULL;
 *   fv_image *pic = NULL;
 *   if (fv_model_load("googlenet.onnx", NULL, &m, &err) ||
 *       fv_render(m, "inception_4d:11", NULL, &pic, &err) ||
 *       fv_image_save(pic, "unit.png", &err))
 *       fprintf(stderr, "%s\n", err.text);
 *   fv_image_free(pic);
 *   fv_model_free(m);
 *
 * The order of this file is the order in which data flows: error, tensor, image, model, session,
 * render, montage, bench.
 *
 * Ownership: you free what a `_load`, `_new`, `_copy` or `_render` function gave you, with its own
 * `_free`; every other pointer is borrowed and lives as long as the object you got it from.
 * Every `_free` takes NULL.
 *
 * Errors: a function that can fail returns a status, FV_OK being 0, and fills `err` if that is not
 * NULL. On failure its outputs are untouched.
 *
 * Descs: zero in any field means the default; a NULL desc means all defaults.
 *
 * Threads: a model is immutable once loaded and may be shared. A session belongs to one thread at
 * a time. The library never prints, exits, reads the environment, or keeps global state of its own.
 */
#ifndef FOVEA_H
#define FOVEA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define FV_API __attribute__((visibility("default")))
#else
#define FV_API
#endif

/* ---- version and errors --------------------------------------------------------------------- */

#define FV_VERSION_MAJOR 0
#define FV_VERSION_MINOR 1
#define FV_VERSION_PATCH 0

/* Returns the library's version, "0.1.0". */
FV_API const char *fv_version(void);

/* Returns the versions of the libraries underneath, "oneDNN 2.6.3, libvips 8.14.1, ...". */
FV_API const char *fv_version_libraries(void);

typedef enum fv_status {
    FV_OK = 0,
    FV_ARG = 1,         /* an argument is out of its range */
    FV_IO = 2,          /* a file cannot be read or written */
    FV_FORMAT = 3,      /* a file's bytes are not what its format says */
    FV_UNSUPPORTED = 4, /* valid, but fovea does not do it: named */
    FV_NOTFOUND = 5,    /* no such layer, class, value or file of that name */
    FV_SHAPE = 6,       /* shapes that do not fit together */
    FV_NOMEM = 7,       /* memory, or a stated limit of it, is exhausted */
    FV_BACKEND = 8,     /* oneDNN refused or failed */
    FV_CANCELLED = 9    /* the progress callback asked to stop */
} fv_status;

typedef struct fv_error {
    fv_status status;
    char text[512]; /* one line, no newline: the thing, the value found, what was allowed */
} fv_error;

/* ---- tensors -------------------------------------------------------------------------------- */

#define FV_MAX_DIMS 8

/* A dense f32 array, row-major, dim[0] outermost; images in networks are [n][c][h][w]. */
typedef struct fv_tensor {
    int ndim; /* 0..FV_MAX_DIMS; 0 is a scalar */
    int64_t dim[FV_MAX_DIMS];
    float *data;
} fv_tensor;

/* Makes a tensor of zeros.
 *   dim     ndim sizes, each >= 0
 *   out     yours to free with fv_tensor_free
 *   errors  ARG ndim outside 0..8 or a negative size; NOMEM
 */
FV_API fv_status fv_tensor_new(int ndim, const int64_t *dim, fv_tensor **out, fv_error *err);

/* Loads an NPY file (format 1.0, 2.0 or 3.0, C or Fortran order, any real dtype) as f32.
 *   errors  IO; FORMAT not an NPY file, truncated, an unknown dtype or more than 8 dimensions
 */
FV_API fv_status fv_tensor_load(const char *path, fv_tensor **out, fv_error *err);

/* Saves a tensor as NPY 1.0, '<f4'. The file appears whole or not at all.  errors  IO */
FV_API fv_status fv_tensor_save(const fv_tensor *tensor, const char *path, fv_error *err);

/* Returns the number of elements. */
FV_API int64_t fv_tensor_count(const fv_tensor *tensor);

FV_API void fv_tensor_free(fv_tensor *tensor);

/* ---- images --------------------------------------------------------------------------------- */

typedef struct fv_text fv_text; /* key/value texts a picture carries into its file */

/* A picture: planar, values in [0,1], sRGB. Alpha, where there is one, is the last channel, and the
 * colours are not multiplied by it. */
typedef struct fv_image {
    int channels; /* 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha */
    int height, width;
    float *data; /* [channels][height][width] */
    fv_text *text;
} fv_image;

/* Makes a black picture, which with an alpha channel is transparent.
 *   errors  ARG channels not 1..4, or a size < 1; NOMEM
 */
FV_API fv_status fv_image_new(int channels, int height, int width, fv_image **out, fv_error *err);

/* Loads a picture (JPEG, PNG, WebP, TIFF, ...: what libvips reads), turned upright by its EXIF tag,
 * converted to sRGB; alpha is laid over mid grey. Always 3 channels.
 *   errors  IO; FORMAT not a picture, or cut short; NOMEM more than 2^28 pixels
 */
FV_API fv_status fv_image_load(const char *path, fv_image **out, fv_error *err);

/* Saves a picture in the format of the path's ending (.png .jpg .jpeg .webp .tif .tiff), with its
 * texts (PNG: one tEXt/zTXt chunk a key). Alpha is kept; in JPEG, which has none, the picture is
 * laid over mid grey. The file appears whole or not at all.
 *   errors  ARG an ending we do not write; IO
 */
FV_API fv_status fv_image_save(const fv_image *image, const char *path, fv_error *err);

/* Sets (or replaces) a text the picture carries into its file.
 *   key     letters, digits, '-', '_' and '.'; 1..60 characters    errors  ARG; NOMEM
 */
FV_API fv_status fv_image_set_text(fv_image *image, const char *key, const char *value,
                                   fv_error *err);

/* Returns the text of that key, or NULL. Loaded pictures carry the texts we wrote. */
FV_API const char *fv_image_text(const fv_image *image, const char *key);

/* Makes a picture of another size (bicubic, antialiased when it shrinks), without texts.
 *   errors  ARG a size < 1; NOMEM */
FV_API fv_status fv_image_resize(const fv_image *image, int height, int width, fv_image **out,
                                 fv_error *err);

/* Copies the rectangle at (y, x), without texts.  errors  ARG outside the picture; NOMEM */
FV_API fv_status fv_image_crop(const fv_image *image, int y, int x, int height, int width,
                               fv_image **out, fv_error *err);

FV_API void fv_image_free(fv_image *image);

/* ---- models --------------------------------------------------------------------------------- */

typedef struct fv_model fv_model;

#define FV_RGB 1
#define FV_BGR 2

/* How a picture becomes the network's input: x[c] = (pixel01[c] * range - mean[c]) * scale[c]. */
typedef struct fv_input {
    const char *name;      /* of the graph's picture input */
    int is_image;          /* 0: the input is a vector or a signal; the fields below are 0 */
    int channels;          /* 1 or 3, or n */
    int height, width;     /* what the network was trained on */
    int channels_last;     /* 1: the file wants [n][h][w][c] */
    int channel_order;     /* FV_RGB or FV_BGR */
    float range;           /* 1 or 255 */
    float mean[4], scale[4];
    int ndim;              /* the raw input's shape as the file says it; -1 where it is free */
    int64_t dim[FV_MAX_DIMS];
    const char *assumed;   /* NULL, or one sentence: what no file or option said and we assumed */
} fv_input;

/* Options of loading. The input fields override what the file and its sidecar say. */
typedef struct fv_model_desc {
    int size;               /* height and width of the input picture; 0: as the file says */
    int channel_order;      /* FV_RGB, FV_BGR; 0: as the file says */
    float range;            /* 0: as the file says */
    const float *mean;      /* [channels] or NULL */
    const float *scale;     /* [channels] or NULL: multipliers */
    const char *labels;     /* path of a text file, one class name a line, or NULL */
    int64_t max_file_bytes; /* 0: 8 GiB */
} fv_model_desc;

/* Loads a network from an ONNX file, with its sidecar `MODEL.fovea.json` where there is one.
 *   path    of a .onnx file, opset 7..22
 *   errors  IO; FORMAT not ONNX, truncated, cyclic, or inconsistent; UNSUPPORTED an operator,
 *           named with its node and opset; NOMEM beyond a limit
 */
FV_API fv_status fv_model_load(const char *path, const fv_model_desc *desc, fv_model **out,
                               fv_error *err);
FV_API void fv_model_free(fv_model *model);

/* Returns the base name of the file it came from, without `.onnx`. */
FV_API const char *fv_model_name(const fv_model *model);

/* Returns the SHA-256 of the model's file, 64 hex digits; computed when first asked for. */
FV_API const char *fv_model_sha256(const fv_model *model);

FV_API const fv_input *fv_model_input(const fv_model *model);

/* Class names: their number (0 when the file has none), and one of them. */
FV_API int fv_model_class_count(const fv_model *model);
FV_API const char *fv_model_class_name(const fv_model *model, int index);

/* Finds a class by its name: letters and digits are compared without case, all else is ignored;
 * each of the names of "tench, Tinca tinca" finds it; a plain number is an index.
 *   index   where it is put
 *   errors  NOTFOUND, with the nearest names
 */
FV_API fv_status fv_model_find_class(const fv_model *model, const char *name, int *index,
                                     fv_error *err);

/* One thing a layer is configured by, as `get_config` in Keras: a key and a JSON value. */
typedef struct fv_attr {
    const char *key;
    const char *json;
} fv_attr;

/* One layer, in the order in which data flows. Counted from 0. */
typedef struct fv_layer {
    const char *name;         /* unique in the model */
    const char *output;       /* name of the value it computes, as in the file */
    const char *kind;         /* "convolution", "relu", "max pooling", ... */
    const char *description;  /* "64 3x3x3 convolutions with stride [1 1] and padding [1 1 1 1]" */
    const char *onnx_op;      /* "Conv" */
    int ndim;                 /* output shape at the model's own input size, batch 1 */
    int64_t dim[FV_MAX_DIMS];
    int64_t parameters;       /* trained numbers */
    int64_t multiply_adds;    /* for one picture */
    int64_t receptive_field[2]; /* height, width in input pixels; 0 where the input is no image */
    int attr_count;
    const fv_attr *attrs;
} fv_layer;

FV_API int fv_model_layer_count(const fv_model *model);
FV_API const fv_layer *fv_model_layer(const fv_model *model, int index);

/* Finds a layer by its name, the name of its output, `#index`, or a unique ending of either (the
 * part after a '/' or '.').
 *   index   where it is put
 *   errors  NOTFOUND none, with the nearest names; or the ending fits several, which are named
 */
FV_API fv_status fv_model_find_layer(const fv_model *model, const char *name, int *index,
                                     fv_error *err);

/* What a layer's weights look like as numbers. */
typedef struct fv_weight_stats {
    int64_t count;   /* of the kernel, without the bias; 0 for a layer without weights */
    int ndim;
    int64_t dim[FV_MAX_DIMS];
    double min, max, mean, stddev, zero_fraction;
    int64_t bias_count;
    double bias_min, bias_max, bias_mean, bias_stddev;
} fv_weight_stats;

/* Computes the statistics of a layer's weights.  errors  ARG no such index; NOMEM */
FV_API fv_status fv_model_weight_stats(const fv_model *model, int layer, fv_weight_stats *out,
                                       fv_error *err);

/* ---- sessions: run a model, and its gradient at the input ----------------------------------- */

typedef struct fv_session fv_session;

typedef struct fv_session_desc {
    int threads; /* 0: all processors */
} fv_session_desc;

/* Makes a session. It keeps its plans (one a shape, batch and set of targets) and their memory.
 *   model   borrowed: must outlive the session
 */
FV_API fv_status fv_session_new(const fv_model *model, const fv_session_desc *desc,
                                fv_session **out, fv_error *err);
FV_API void fv_session_free(fv_session *session);

/* Turns a picture into a network's input: resizes the short side to size/0.875 (bicubic), crops the
 * centre, applies mean, scale and channel order.
 *   out     [1][c][h][w], or [1][h][w][c] where the input is channels-last
 *   errors  SHAPE the network's input is no picture of 1 or 3 channels
 */
FV_API fv_status fv_input_from_image(const fv_model *model, const fv_image *image, fv_tensor **out,
                                     fv_error *err);

/* Runs the network on a raw input and returns one value of its graph.
 *   input   as the graph's input, dim[0] the batch; nothing is preprocessed
 *   value   name of a layer or of any value of the graph; NULL: the first output
 *   out     yours to free
 *   errors  NOTFOUND; SHAPE the input does not fit; NOMEM; BACKEND
 */
FV_API fv_status fv_session_run(fv_session *session, const fv_tensor *input, const char *value,
                                fv_tensor **out, fv_error *err);

/* Computes an objective and its gradient with respect to the raw input.
 *   objective  `LAYER:C` mean over the positions of channel C; `LAYER:C@y,x` one neuron; `LAYER`
 *              mean of squares of the whole layer; each per sample of the batch. Sums, classes and
 *              more: docs/objectives.md, without terms of the picture or of several pictures (ARG)
 *              Channels are on axis 1 of what convolutions make, on the last axis of what matrix
 *              products and layer norms make; what moves or maps elements keeps them. `@` takes a
 *              coordinate for each other axis of one sample, outermost first
 *   values     [input->dim[0]] objective of each sample; caller's array, or NULL
 *   gradient   shaped like the input; yours to free. Samples do not influence each other
 *   errors     as fv_session_run; ARG an objective that cannot be read; NOTFOUND no such channel
 */
FV_API fv_status fv_session_gradient(fv_session *session, const fv_tensor *input,
                                     const char *objective, double *values, fv_tensor **gradient,
                                     fv_error *err);

typedef struct fv_prediction {
    int index;
    float probability;
} fv_prediction;

/* Classifies a batch of inputs.
 *   input   [n][...] as fv_input_from_image makes them, joined
 *   top     how many per sample, 1..classes
 *   out     [n][top], most probable first; caller's array
 *   errors  SHAPE the network's output is not [n][classes]; as fv_session_run
 * A network whose output is no distribution (it has no softmax) gets a softmax here.
 */
FV_API fv_status fv_session_classify(fv_session *session, const fv_tensor *input, int top,
                                     fv_prediction *out, fv_error *err);

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
typedef enum fv_squash {
    FV_SQUASH_NONE = 1,
    FV_SQUASH_SIGMOID, /* low + (high - low) * sigmoid */
    FV_SQUASH_CLIP     /* cut off after every update */
} fv_squash;

typedef struct fv_param_desc {
    fv_param_kind kind;
    fv_color color;
    fv_squash squash;
    float low, high; /* what picture values of 0 and 1 are in the numbers regularisers, clipping and
                        step sizes see (0,1 or 0,255) */
    float decay;     /* FOURIER: power of 1/f; PHASE, BOUNDED: of the built-in spectrum */
    float gain;      /* FOURIER: multiplies the inverse transform (Lucid: 1/4); PHASE: standard
                        deviation of the picture before the squash; BOUNDED: of photographs */
    int levels;      /* LAPLACIAN: pictures, 1..10 */
    const fv_tensor *spectrum; /* PHASE, BOUNDED: magnitudes [channels][h][w/2+1] of any h, w, as
                                  fv_spectrum makes them; NULL: built in. Borrowed */
    float bias;      /* added to the raw picture before a sigmoid: above 0 is brighter */
    float spread;    /* PHASE: standard deviation the phases are brought to; 0: 1 (MACO). From about
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
    FV_EDGE_REPEAT    /* the nearest pixel */
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
    int kind;            /* 1: given */
    char terms[256];     /* added to every objective: "-10*tv(2) - 10*lp(6)"; "" for none */
    float decay;         /* after every `every` updates: numbers *= 1 - decay */
    float blur;          /* after every `every` updates: pixels blurred with this sigma */
    float norm;          /* after every update: scaled to this L2 norm; 0: not */
    int every;           /* 0: 1 */
} fv_regularizer_desc;

/* What is done to the gradient before the optimiser sees it, for each picture by itself. */
typedef enum fv_gradient_kind {
    FV_GRADIENT_NONE = 1,
    FV_GRADIENT_MAX,       /* divided by its largest magnitude */
    FV_GRADIENT_MEAN,      /* divided by its mean magnitude */
    FV_GRADIENT_L2,        /* divided by its L2 norm */
    FV_GRADIENT_RMS,       /* divided by its root mean square */
    FV_GRADIENT_STANDARD,  /* mean 0, deviation 1 (Darknet) */
    FV_GRADIENT_LAPLACIAN  /* each level of its Laplacian pyramid divided by its root mean square */
} fv_gradient_kind;

typedef struct fv_gradient_desc {
    fv_gradient_kind kind;
    int levels;  /* LAPLACIAN: levels, the lowest included */
    float clip;  /* then cut off at +-clip; 0: not */
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
    float rate_end;       /* share of `rate` left at the last update, along a cosine; 0: 1 */
    float beta1, beta2;
    float epsilon;        /* added to the root */
    float weight_decay;   /* of the numbers; decoupled in ADAMW, added to the gradient elsewhere */
    int epsilon_under_root; /* 1: it is added under the root (keras-vis, Keras 3) */
} fv_optimizer_desc;

typedef enum fv_carry { FV_CARRY_PICTURE = 1, FV_CARRY_DETAIL } fv_carry;

typedef struct fv_schedule_desc {
    int steps;         /* updates at each level; 0: the recipe's */
    int copies;        /* differently transformed copies of a picture in each update; 0: recipe's */
    int levels;        /* sizes the picture goes through (octaves); 0: the recipe's */
    float level_scale; /* from one to the next, > 1; 0: the recipe's */
    int grow;          /* 1: starts at the asked size and grows (MATLAB); 2: ends there;
                          0: the recipe's */
    fv_carry carry;    /* what goes on to the next size: the picture, resized; or the start at that
                          size plus what was added so far, resized (DeepDream). 0: the recipe's */
    int tile;          /* pictures larger than this are evaluated in tiles of it; 0: the recipe's,
                          -1: never */
    int patience;      /* stops a picture whose best value is that many updates old;
                          0: the recipe's, -1: never */
    int keep_best;     /* 1: the picture of the highest value is the result; -1: the last; 0:
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
    int alpha; /* 1: transparent where little gradient arrived (MACO): 4 channels */
    float margin; /* the picture is made larger by this share of its sides, all round, and cut
                     at the end: what lies at the edge is seen less, and comes out worse */
} fv_display_desc;

/* How bare units are read: LAYER:C, and LAYER. */
typedef enum fv_reading {
    FV_READING_MEAN = 1, /* mean over positions; a layer: mean of squares (Lucid) */
    FV_READING_ENERGY,   /* sum of squares (Wolfram) */
    FV_READING_STRONG    /* half the sum of squares of what exceeds mean + sd (Darknet) */
} fv_reading;

/* Where a long call stands. Return 0 to go on; FV_PROGRESS_STOP to get what is there, marked
 * unfinished; FV_PROGRESS_CANCEL to get nothing and FV_CANCELLED. */
#define FV_PROGRESS_STOP   1
#define FV_PROGRESS_CANCEL 2
typedef struct fv_progress {
    int done, total;        /* updates, over all batches */
    double objective;       /* mean of the batch's objectives now */
    const char *what;       /* the batch's units: "conv1:0 and 7 more" */
    int iteration, level;   /* update and level of this batch, counted from 1 */
    int count;              /* pictures of the batch, and the values of their objectives */
    const double *objectives; /* [count] */
    const int *pictures;      /* [count] their places in `out` */
} fv_progress;
typedef int (*fv_progress_fn)(void *user, const fv_progress *progress);

/* Takes a picture on its way; `image` is borrowed for the call. */
typedef void (*fv_snapshot_fn)(void *user, int picture, int step, const fv_image *image);

typedef struct fv_render_desc {
    char recipe[32];            /* "": fv_recipe_default of the first objective */
    int width, height;          /* of the picture at the asked size; 0: the model's own */
    int channels;               /* of inputs that are no pictures: a sample's elements are seen as
                                   [channels][height][width]; 0: [1][1][elements] */
    uint64_t seed;              /* of every random choice; 0 is a seed like any other */
    int starts;                 /* pictures of each objective, from different starts; 0: 1 */
    fv_reading reading;
    fv_param_desc param;
    fv_start_desc start;
    fv_transforms transforms;   /* inside the differentiated graph */
    fv_transforms walk;         /* on the picture itself before each update, never undone */
    fv_regularizer_desc regularizer;
    fv_gradient_desc gradient;
    fv_optimizer_desc optimizer;
    fv_schedule_desc schedule;
    fv_display_desc display;
    int redirect;               /* updates in which ReLUs without any gradient let it through, for
                                   units that have none at the start; 0: 16; -1: never */
    int batch;                  /* pictures at a time; 0: our choice. Never changes the pictures */
    int threads;                /* 0: all processors */
    int snapshot_every;         /* updates; 0: no snapshots */
    fv_snapshot_fn snapshot;
    fv_progress_fn progress;    /* or NULL */
    void *user;
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
 * are. NULL desc: the default recipe.
 *   errors  NOTFOUND no such recipe, with the names; ARG a value out of its range, named
 */
FV_API fv_status fv_render_desc_resolve(const fv_model *model, const fv_render_desc *desc,
                                        fv_render_desc *out, fv_error *err);

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

/* One optimised picture and what is known about it. */
typedef struct fv_rendering {
    fv_image *image;      /* with its texts: objective, seed, every option, model SHA-256, version.
                             [3][h][w], [1][h][w] where the input has one channel; n channels side
                             by side in grey. NULL if the call was stopped before it was begun */
    fv_tensor *input;     /* the network's input that was reached: [1][...] */
    char *objective;      /* in one spelling */
    int start;            /* which of its starts: 0.. */
    double first, reached; /* objective before the first and at the last update (the best, where
                              that is kept), each on the transformed picture of that update */
    int steps;            /* updates made */
    int redirected;       /* its gradient was zero at the start; ReLUs were redirected */
    int dead;             /* its gradient stayed zero: the picture says nothing */
    int unfinished;       /* stopped by the progress callback */
} fv_rendering;
FV_API void fv_rendering_free(fv_rendering *rendering);

/* Makes the picture that excites one unit.
 *   objective  terms to raise, with weights: "mixed4a:3 - 0.1*tv"; see docs/objectives.md
 *   out        [3][height][width] (1 channel where the input has one), with texts; yours to free
 *   errors     as fv_session_gradient; SHAPE the network's input is no picture; CANCELLED; NOTFOUND
 *              the unit is dead: its gradient is zero whatever was tried
 */
FV_API fv_status fv_render(const fv_model *model, const char *objective,
                           const fv_render_desc *desc, fv_image **out, fv_error *err);

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

/* Groups pictures of one unit that are the same up to a shift.
 *   shifts     1: compared over all circular shifts; 0: as they lie (vectors)
 *   groups     [count] group of each, counted from 0 in order of appearance; caller's array
 *   distances  [count * count] 1 - the largest correlation over all shifts, 0..2; caller's, or NULL
 *   threshold  distance below which two are the same; 0: 0.5, without shifts 0.1
 *   returns through `distinct` the number of groups
 */
FV_API fv_status fv_group_pictures(const fv_image *const *images, int count, int shifts,
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
    int steps;              /* updates at each octave; 0: 10 */
    int octaves;            /* 0: 4 */
    float octave_scale;     /* > 1; 0: 1.4 */
    float rate;             /* mean change of a pixel in an update, 0..1; 0: 1.5/255 */
    int jitter;             /* tiles are laid from a random corner; 0: a tile's side; -1: none */
    int tile;               /* side of the pieces the gradient is computed on; 0: 512 */
    int original_colors;    /* 1: only the lightness changes */
    const fv_image *guide;  /* a picture whose features are to be brought out, or NULL */
    uint64_t seed;
    int threads;
    int snapshot_every;
    fv_snapshot_fn snapshot;
    fv_progress_fn progress;
    void *user;
} fv_dream_desc;

/* Brings out in a picture what a layer sees in it (DeepDream, Mordvintsev et al. 2015).
 *   image      any size; it is changed: the result replaces it, with texts as fv_render's
 *   objective  as fv_render; a guide takes a plain LAYER only
 *   memory     the picture, its change, 3 bytes a pixel, and one tile's plan
 *   errors     as fv_render
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

/* ---- montage -------------------------------------------------------------------------------- */

typedef struct fv_montage_desc {
    int columns;       /* 0: near-square */
    int tile;          /* side of a tile in pixels; 0: as the first picture */
    const char *title; /* above all tiles, or NULL */
} fv_montage_desc;

/* Lays pictures out in a grid, each with its label underneath.
 *   labels  [count] UTF-8, or NULL; an entry may be NULL
 *   out     takes the first picture's texts along; yours to free
 *   errors  ARG count < 1, columns or tile < 0; NOMEM
 */
FV_API fv_status fv_montage(const fv_image *const *images, const char *const *labels, int count,
                            const fv_montage_desc *desc, fv_image **out, fv_error *err);

typedef struct fv_plot_desc {
    int width, height;      /* in pixels; 0: 640 x 320 */
    const char *title;      /* above the bars, or NULL */
    const char *low, *high; /* under the first and the last bar; NULL: their numbers, from 0 */
    const fv_image *like;   /* the plot takes its texts along; or NULL */
} fv_plot_desc;

/* Draws numbers as bars up and down from zero, with an axis and its values. Where there are more
 * bars than columns of pixels, a column shows the range of its bars.
 *   values  [count], finite
 *   out     [3][height][width]; yours to free
 *   errors  ARG count < 1, a size outside 64..16384, a value that is not finite; NOMEM
 */
FV_API fv_status fv_plot_bars(const float *values, int count, const fv_plot_desc *desc,
                              fv_image **out, fv_error *err);

/* ---- numbers as pictures -------------------------------------------------------------------- */

/* How numbers become colours. All three can be told apart by colour-blind people. */
typedef enum fv_palette {
    FV_PALETTE_GREY = 1, /* low black, high white */
    FV_PALETTE_SIGNED,   /* below zero blue, zero white, above zero red, equally strong */
    FV_PALETTE_HEAT      /* dark blue over red to light yellow, lightness in even steps */
} fv_palette;

typedef struct fv_paint_desc {
    fv_palette palette; /* 0: GREY */
    float low, high;    /* the values of the palette's ends, low < high; both 0: found. SIGNED: -m, m
                           with m the largest magnitude; else the least and the largest value */
} fv_paint_desc;

/* Fills the fields of a desc that are 0, for numbers to be painted on one scale.
 *   values  [count]; numbers that are not finite are passed over
 *   errors  ARG low >= high, an unknown palette; SIGNED whose low is not -high */
FV_API fv_status fv_paint_scale(const float *values, int64_t count, fv_paint_desc *desc,
                                fv_error *err);

/* Paints a map of numbers, a pixel a number. What is not finite is painted mid grey (in GREY: red).
 *   values  [height][width]
 *   out     [1][height][width] for GREY, else [3]; yours to free   errors  as fv_paint_scale; NOMEM
 */
FV_API fv_status fv_paint(const float *values, int height, int width, const fv_paint_desc *desc,
                          fv_image **out, fv_error *err);

/* Draws a palette as a bar with the values of its ends (and of zero) beneath: a scale's legend.
 *   width   in pixels, 64..16384; 0: 256    desc  low and high must be given    errors  ARG; NOMEM */
FV_API fv_status fv_paint_bar(const fv_paint_desc *desc, int width, fv_image **out, fv_error *err);

/* Lays a map over a photograph: the map is resized (bilinear) to the photograph, painted, and mixed
 * with the photograph's lightness.
 *   values    [height][width]
 *   strength  of the colours, 0..1; 0: 0.6. SIGNED and HEAT are mixed in by |value|'s place between
 *             zero and the end, so that what matters little leaves the photograph as it is
 *   out       [3], the photograph's size    errors  ARG GREY; as fv_paint
 */
FV_API fv_status fv_overlay(const fv_image *photo, const float *values, int height, int width,
                            const fv_paint_desc *desc, float strength, fv_image **out,
                            fv_error *err);

/* Draws how often values occur, in bars of equal width, with marks at some values.
 *   values  [count], those that are not finite are passed over
 *   marks   [n_marks] values to be marked by a line from top to bottom, or NULL
 *   desc    low and high: texts of the ends of the horizontal axis; NULL: their values
 *   out     [3][height][width]; yours to free
 *   errors  ARG no finite value, a size outside 64..16384; NOMEM
 */
FV_API fv_status fv_plot_histogram(const float *values, int64_t count, const float *marks,
                                   int n_marks, const fv_plot_desc *desc, fv_image **out,
                                   fv_error *err);

/* Draws series of numbers as lines over one axis, with their names in their colours.
 *   values  [series][count], finite; count >= 2    names  [series] or NULL    series  1..8
 *   out     [3][height][width]; yours to free
 *   errors  ARG as above; NOMEM
 */
FV_API fv_status fv_plot_lines(const float *const *values, const char *const *names, int series,
                               int count, const fv_plot_desc *desc, fv_image **out,
                               fv_error *err);

/* Lays pictures under each other, or side by side, as they are, on white.
 *   across  1: side by side    gap  pixels between them
 *   out     takes the first picture's texts along    errors  ARG; NOMEM
 */
FV_API fv_status fv_stack(const fv_image *const *images, int count, int across, int gap,
                          fv_image **out, fv_error *err);

/* ---- measuring ------------------------------------------------------------------------------ */

typedef struct fv_bench_desc {
    int size;    /* 0: the model's own */
    int batch;   /* 0: 1 */
    int threads; /* 0: all processors */
    int repeats; /* 0: 20 */
} fv_bench_desc;

typedef struct fv_bench_result {
    double step_ms;      /* median of one forward + backward step to the input */
    double gflop;        /* of that step: 2 per multiply-add, of convolutions and matrix products */
    double gflops;       /* gflop / step */
    double primitive_ms; /* of the step, inside oneDNN primitives */
    double peak_rss_mb;  /* of this process */
    int batch, threads;
} fv_bench_result;

/* Times forward to a layer and backward to the input.  errors  as fv_session_run */
FV_API fv_status fv_bench(const fv_model *model, const char *layer, const fv_bench_desc *desc,
                          fv_bench_result *out, fv_error *err);

#ifdef __cplusplus
}
#endif
#endif
