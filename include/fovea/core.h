/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: errors, tensors, images and models. Include fovea/fovea.h. */
#ifndef FOVEA_CORE_H
#define FOVEA_CORE_H

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
    FV_BACKEND = 8,     /* the library that computes refused or failed */
    FV_CANCELLED = 9,   /* a monitor asked to end the call */
    FV_NONFINITE = 10   /* NaN or infinity, in a network's weights or input or made by a layer: the
                           text names it */
} fv_status;

/* What went wrong. It is the caller's, is filled in where a call fails, and is untouched where it
 * does not. */
typedef struct fv_error {
    fv_status status;
    char text[512]; /* one line, no newline: the thing, the value found, what was allowed */
} fv_error;

/* ---- descs ---------------------------------------------------------------------------------- */

/* Options of a call are a desc. Its first field, struct_size, is the desc's size in the header that
 * the program was compiled with: by it a newer library tells which fields there are, and takes the
 * others as 0, their default.
 *
 *   C    fv_session_new(m, FV_DESC(fv_session_desc, .threads = 2), &s, &err)
 *   C++  fv_session_desc d = fv_desc<fv_session_desc>();  d.threads = 2;
 *        fv_session_new(m, &d, &s, &err)
 */
#ifdef __cplusplus
} /* templates have no C linkage */
template <typename type> inline type fv_desc() {
    type desc = type();
    desc.struct_size = sizeof desc;
    return desc;
}
extern "C" {
#else
#define FV_DESC(type, ...) (&(type){.struct_size = sizeof(type), __VA_ARGS__})
#endif

/* ---- tensors -------------------------------------------------------------------------------- */

#define FV_MAX_DIMS 8

/* A dense f32 array, row-major, dim[0] outermost; images in networks are [n][c][h][w]. A caller may
 * fill one in with a buffer of its own, and pass it wherever a const fv_tensor * is taken; it is
 * then not to be freed with fv_tensor_free. */
typedef struct fv_tensor {
    int ndim;                 /* 0..FV_MAX_DIMS; 0 is a scalar */
    int64_t dim[FV_MAX_DIMS]; /* each >= 0; their product at most 2^31 */
    float *data;              /* [dim[0]][dim[1]]... */
} fv_tensor;

/* Makes a tensor of zeros.
 *   dim     [ndim] sizes, each >= 0; NULL where ndim is 0
 *   out     yours to free with fv_tensor_free
 *   errors  ARG ndim outside 0..8, or a negative size; NOMEM also for more than 2^31 elements
 */
FV_API fv_status fv_tensor_new(int ndim, const int64_t *dim, fv_tensor **out, fv_error *err);

/* Loads an array as f32: an NPY file (format 1.0, 2.0 or 3.0, C or Fortran order, any real dtype),
 * or one array of a safetensors, NPZ or HDF5 file.
 *   path    FILE, or FILE:NAME of a file that holds several; of HDF5 NAME is a dataset's path
 *   out     yours to free with fv_tensor_free
 *   errors  IO; NOTFOUND no array of that name, or several and no name; FORMAT none of these
 *           formats, truncated, an unknown dtype, more than 8 dimensions, or an integer that f32
 *           does not hold (all up to 2^24 are held); UNSUPPORTED; NOMEM
 */
FV_API fv_status fv_tensor_load(const char *path, fv_tensor **out, fv_error *err);

/* Saves a tensor as NPY 1.0, '<f4'. The file appears whole or not at all.
 *   errors  ARG no tensor; IO; NOMEM */
FV_API fv_status fv_tensor_save(const fv_tensor *tensor, const char *path, fv_error *err);

/* Returns the number of elements, the product of the sizes; 0 where `tensor` is none. */
FV_API int64_t fv_tensor_count(const fv_tensor *tensor);

/* Frees a tensor that the library made, and its data. */
FV_API void fv_tensor_free(fv_tensor *tensor);

/* ---- images --------------------------------------------------------------------------------- */

typedef struct fv_text fv_text; /* key/value texts a picture carries into its file */

/* A picture: planar, values in 0..1, sRGB. As with tensors, a caller may fill one in, `text` being
 * NULL. Alpha, where there is one, is the last channel, and colours are not multiplied by it. */
typedef struct fv_image {
    int channels;      /* 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha */
    int height, width; /* at least 1; height * width at most 2^28 */
    float *data;       /* [channels][height][width] */
    fv_text *text;     /* its texts, or NULL */
} fv_image;

/* Makes a black picture, which with an alpha channel is transparent.
 *   out     yours to free with fv_image_free
 *   errors  ARG channels not 1..4, or a size < 1; NOMEM
 */
FV_API fv_status fv_image_new(int channels, int height, int width, fv_image **out, fv_error *err);

/* Loads a picture (JPEG, PNG, WebP, TIFF, ...: what libvips reads), turned upright by its EXIF tag,
 * converted to sRGB; alpha is laid over mid grey.
 *   out     [3][height][width]; yours to free with fv_image_free
 *   errors  IO; FORMAT not a picture, or cut short; NOMEM more than 2^28 pixels
 */
FV_API fv_status fv_image_load(const char *path, fv_image **out, fv_error *err);

/* The same, with the file's alpha where it has one.
 *   out  [4][height][width] where it has one, else [3][height][width] */
FV_API fv_status fv_image_load_alpha(const char *path, fv_image **out, fv_error *err);

/* Saves a picture in the format of the path's ending (.png .jpg .jpeg .webp .tif .tiff), with its
 * texts (PNG: one tEXt/zTXt chunk a key). Alpha is kept; in JPEG, which has none, the picture is
 * laid over mid grey. The file appears whole or not at all.
 *   errors  ARG no picture, NaN in one without alpha, an ending that is none of these; IO; NOMEM;
 *           BACKEND the encoder failed
 */
FV_API fv_status fv_image_save(const fv_image *image, const char *path, fv_error *err);

/* Loads a picture from the bytes of a file, as fv_image_load does from a path.
 *   bytes   [size]; borrowed for the call
 *   out     [3][height][width]; yours to free with fv_image_free
 *   errors  ARG; FORMAT not a picture, or damaged; UNSUPPORTED a format libvips does not read here;
 *           NOMEM */
FV_API fv_status fv_image_load_memory(const void *bytes, size_t size, fv_image **out,
                                      fv_error *err);

/* Makes the bytes that fv_image_save writes.
 *   format  "png", "jpeg" ("jpg"), "webp" or "tiff" ("tif")
 *   bytes   yours to free with fv_bytes_free
 *   errors  ARG another format; NOMEM; BACKEND, IO the encoder failed
 */
FV_API fv_status fv_image_encode(const fv_image *image, const char *format, void **bytes,
                                 size_t *size, fv_error *err);
/* Frees what fv_image_encode made. */
FV_API void fv_bytes_free(void *bytes);

/* Sets (or replaces) a text the picture carries into its file. Pictures that the library makes
 * carry, where they apply: fovea.version, fovea.model, fovea.model-sha256, fovea.objective,
 * fovea.options (the recipe's, all of them), fovea.seed, fovea.start, fovea.other-start (what it
 * begins with in words, where its own start had no gradient; options and seed are those of that
 * start), fovea.size, fovea.reached, fovea.unfinished (steps done), fovea.dead (why); the command
 * adds fovea.command.
 *   key     letters, digits, '-', '_' and '.'; 1..60 characters
 *   value   copied
 *   errors  ARG another key; NOMEM
 */
FV_API fv_status fv_image_set_text(fv_image *image, const char *key, const char *value,
                                   fv_error *err);

/* Returns the text of that key, or NULL; borrowed until it is set again. Loaded pictures carry the
 * texts that the library wrote. */
FV_API const char *fv_image_text(const fv_image *image, const char *key);

/* Makes a picture of another size (bicubic, antialiased when it shrinks), without texts.
 *   out     [channels][height][width]; yours to free with fv_image_free
 *   errors  ARG a size < 1; NOMEM also for more than 2^28 pixels */
FV_API fv_status fv_image_resize(const fv_image *image, int height, int width, fv_image **out,
                                 fv_error *err);

/* Copies the rectangle whose upper left pixel is (y, x), without texts.
 *   out     [channels][height][width]; yours to free with fv_image_free
 *   errors  ARG it is not inside the picture; NOMEM */
FV_API fv_status fv_image_crop(const fv_image *image, int y, int x, int height, int width,
                               fv_image **out, fv_error *err);

/* Frees a picture that the library made, with its data and texts. */
FV_API void fv_image_free(fv_image *image);

/* ---- models --------------------------------------------------------------------------------- */

/* A network and its weights, read only. Threads may share one. */
typedef struct fv_model fv_model;
typedef struct fv_monitor fv_monitor; /* monitor.h */

#define FV_RGB 1
#define FV_BGR 2

/* How a photograph of another shape becomes the network's picture. */
typedef enum fv_fit {
    FV_FIT_CROP = 1, /* the short side becomes size / crop_ratio, and the centre is cut out */
    FV_FIT_STRETCH,  /* the whole photo, its sides stretched to the network's */
    FV_FIT_PAD       /* the whole photo, with pad_color around it, as detectors have it */
} fv_fit;

/* What a network's input is. */
typedef enum fv_input_kind {
    FV_INPUT_OTHER = 1, /* words of a text, a sequence of unknown order, a scalar, ... */
    FV_INPUT_ROW,       /* a row of numbers */
    FV_INPUT_PICTURE,
    FV_INPUT_SIGNAL, /* numbers along one axis: sound, measurements, vectors in a sequence */
    FV_INPUT_VOLUME  /* along three axes: depth, height, width */
} fv_input_kind;

/* How a picture becomes the network's input: x[c] = (pixel01[c] * range - mean[c]) * scale[c]. */
typedef struct fv_input {
    const char *name;        /* of the graph's picture input */
    int is_image;            /* 0: the input is no picture; the fields below are 0, but for kind and
                                channels_last */
    int channels;            /* 1 grey, 3 colours; or another number, which no picture file has */
    int height, width;       /* in pixels: what the network was trained on */
    int channels_last;       /* 1: the file wants [n][h][w][c] */
    int channel_order;       /* FV_RGB or FV_BGR */
    float range;             /* 1, 255 or another: what white is before mean and scale */
    float mean[4], scale[4]; /* [channels], in channel_order */
    int ndim;                /* the raw input's shape as the file says it; -1 where it is free */
    int64_t dim[FV_MAX_DIMS];
    const char *assumed; /* NULL, or one sentence: what no file or option said, and was read off
                               the graph or assumed */
    fv_fit fit;
    float crop_ratio;   /* of FV_FIT_CROP */
    float pad_color[3]; /* of FV_FIT_PAD: red, green, blue in 0..1 */
    fv_input_kind kind; /* FV_INPUT_PICTURE where is_image is 1. Pictures are given to a network as
                           [n][channels][height][width], or [n][height][width][channels] where
                           channels_last is 1, or as the file has them: it may lack the samples,
                           or the channels, or have a row of all elements */
} fv_input;

/* The type that convolutions and matrix products multiply in. Sums, all other operators and stored
 * activations are f32 in any case. */
typedef enum fv_precision {
    FV_PRECISION_F32 = 1, /* the default */
    FV_PRECISION_BF16, /* bfloat16 (8 bits of fraction) on accelerators, and where oneDNN has that
                          for this processor (AMX, AVX512-BF16): faster there. Elsewhere f32 */
    FV_PRECISION_AUTO, /* BF16 where the processor has it, and on accelerators; else F32; no note
                          is given */
    FV_PRECISION_TF32  /* TensorFloat-32 (10 bits of fraction), of accelerators: one without it
                          multiplies at least as exactly. A session on the processor is refused */
} fv_precision;

/* Numbers for an input of a model. */
typedef struct fv_named_tensor {
    const char *name;       /* of the input, as the file calls it */
    const fv_tensor *value; /* of the input's shape, or one number for all of it */
} fv_named_tensor;

/* Options of loading. The input fields override what the file and its sidecar say. */
typedef struct fv_model_desc {
    size_t struct_size;     /* FV_DESC */
    int size;               /* height and width of the input picture in pixels, 1..32768; 0: as the
                               file says */
    int channel_order;      /* FV_RGB, FV_BGR; 0: as the file says */
    float range;            /* above 0; 0: as the file says */
    const float *mean;      /* [channels], copied; NULL: as the file says */
    const float *scale;     /* [channels] multipliers, copied; NULL: as the file says */
    const char *labels;     /* path of a text file, one class name a line, or NULL */
    int64_t max_file_bytes; /* 0: 8 GiB */
    /* What the file may make us spend (docs/limits.md). */
    int64_t max_memory;     /* bytes of one plan and of the weights rearranged for it; 0: 4 GiB */
    int64_t max_work;       /* of a plan at the model's own input size, in multiply-adds; 0: 2^40,
                               and 2^13 for each byte of the file */
    int64_t max_elements;   /* of one tensor; 0: 2^31, which is also the most */
    int64_t max_nodes;      /* of the file, and of what it becomes; 0: 2^17; at most 2^20 */
    int64_t memory;         /* bytes that all work with this model may take: batches and tiles are
                               made small enough, and what needs more is refused (NOMEM, with what
                               it needs); 0: no limit */
    fv_precision precision; /* 0: FV_PRECISION_F32 */
    int class_count;        /* of class_names, 0..1000000; 0: as `labels`, or the file, says */
    const char *const *class_names; /* [class_count] UTF-8, instead of `labels`; copied */
    fv_monitor *monitor; /* is told how many parts of the loading are done. STOP ends it with
                            CANCELLED, as CANCEL does. Borrowed for the call; or NULL */
    const char *input; /* name of the input that pictures and arrays are given to, and gradients are
                          taken at; NULL: the first that is a picture, else the first that a layer
                          reads, of floating-point numbers rather than of integers */
    int input_count;   /* of inputs, 0 and more */
    const fv_named_tensor *inputs; /* [input_count] numbers for the other inputs; copied. Of inputs
                          not named here masks and scales are 1, sizes those of the picture, and all
                          else 0; sessions note it where a result depends on it */
    const char *output; /* name of the output (or of another value, or a layer) that is a row with a
                           number for each class, and that runs give by default. NULL: the first
                           output that is as long as there are class names, else the last that is
                           one row of numbers; runs give the first output */
    fv_fit fit;         /* 0: as the file says, else FV_FIT_CROP */
    float crop_ratio;   /* of FV_FIT_CROP: 0.01 to 1; 0: as the file says, else 0.875 */
    const fv_tensor *sample; /* an array as the main input will be given: sizes that the file leaves
                                open are its own in the layer table and for objectives, instead of
                                guessed. Only its shape is read, in the call; NULL: none */
    const char *pad_color; /* of FV_FIT_PAD: a colour's name, "#rrggbb", a grey of "0" to "255", or
                              "R,G,B"; NULL: as the file says, else "114" */
    int shape[3]; /* channels, height, width: the input is a picture of that shape, whatever
                     its axes are in the file, where its elements come in that order; 0: as the
                     file's shape and what reads it say */
    int shape_channels_last; /* 1: they come in the order height, width, channels */
    const char *weights; /* path of the file with the weights, of formats that keep them apart from
                            the network (Darknet's .cfg, Caffe's .prototxt); NULL: the file beside
                            it that is called as it is */
} fv_model_desc;

/* Returns an ending of the names of files that hold models, with the dot (".onnx"); static.
 *   index   0..; NULL beyond the last */
FV_API const char *fv_model_ending(int index);

/* Loads a network from a file of a format that is read (docs/formats.md), which its bytes tell,
 * with its sidecar `MODEL.fovea.json` where there is one. Large files stay mapped as long as the
 * model lives, and must not be changed.
 *   path    of the file (ONNX: opset 7..28), or of a SavedModel's folder
 *   desc    NULL: all defaults
 *   out     yours to free with fv_model_free, after everything that was made from it
 *   errors  ARG a field of desc out of its range; IO; FORMAT of none of the formats, truncated,
 *           cyclic, or inconsistent; UNSUPPORTED its version; NOTFOUND the file of its weights;
 *           NOMEM beyond a limit; CANCELLED
 * Operators that are not known, and what does not fit, are no reason to refuse a file: they are
 * listed as layers, and calls that need their results fail with UNSUPPORTED or SHAPE, naming
 * operator, node and the last layer before it.
 */
FV_API fv_status fv_model_load(const char *path, const fv_model_desc *desc, fv_model **out,
                               fv_error *err);
/* Loads a network from bytes in memory, as fv_model_load does from a file; no sidecar is looked
 * for, and weights must be inside, or in desc->weights.
 *   bytes   [size] of a model file; copied
 *   name    what messages call it, and fv_model_name is made from; its folders are cut off.
 *           NULL: "model"
 *   errors  as fv_model_load
 */
FV_API fv_status fv_model_load_memory(const void *bytes, size_t size, const char *name,
                                      const fv_model_desc *desc, fv_model **out, fv_error *err);
/* Frees a model. Sessions, objectives and recipes made from it must be freed before. */
FV_API void fv_model_free(fv_model *model);

/* Returns what its sessions on the processor multiply in: FV_PRECISION_BF16 where that was asked
 * for and can be had here, else FV_PRECISION_F32. On an accelerator: fv_session_precision. */
FV_API fv_precision fv_model_precision(const fv_model *model);

/* Returns the base name of the file it came from, without `.onnx`. */
FV_API const char *fv_model_name(const fv_model *model);

/* Returns the SHA-256 of the model's file, 64 hex digits; computed at the first call. NULL: out of
 * memory. */
FV_API const char *fv_model_sha256(const fv_model *model);

/* Returns the text that the model's file keeps under a key, as "fovea.license" (docs/models.md);
 * borrowed. NULL: there is none.
 *   key  of the file's metadata, as written there */
FV_API const char *fv_model_metadata(const fv_model *model, const char *key);

/* Describes the model's input; borrowed. */
FV_API const fv_input *fv_model_input(const fv_model *model);

/* Returns how many samples a raw input is for a model; 0 where it does not fit its input. */
FV_API int64_t fv_input_samples(const fv_model *model, const fv_tensor *input);

/* One thing that is known about a model's input, as texts, and where it was found. */
typedef struct fv_input_part {
    const char *part;   /* "size", "range", "mean", "channel order", "classes", ... */
    const char *value;  /* "32x32", "0..255" */
    const char *source; /* "option", "net.fovea.json", "metadata", "the file's input", a layer's
                           name in quotes, "assumed" */
} fv_input_part;

/* Returns the number of such things, and one of them, NULL where there is none of that index.
 * Borrowed. */
FV_API int fv_model_input_part_count(const fv_model *model);
FV_API const fv_input_part *fv_model_input_part(const fv_model *model, int index);

/* Returns the number of class names, 0 when neither file nor caller gave any; and one of them, NULL
 * where there is none of that index. Borrowed. */
FV_API int fv_model_class_count(const fv_model *model);
FV_API const char *fv_model_class_name(const fv_model *model, int index);

/* Returns the name of the value that classes are read from, NULL where the network has no output;
 * borrowed. It is an output; or, where that ranks (TopK, ArgMax), rounds or scales a row, that row.
 *   note  where a sentence is put on what was chosen among several outputs, and what was read of
 *         it, or NULL where there is nothing to say; borrowed. NULL: not wanted */
FV_API const char *fv_model_output(const fv_model *model, const char **note);
/* Returns the length of the row of numbers that classes are read from; 0 where that value is no
 * such row, or its shape is not known before it is run. */
FV_API int64_t fv_model_output_length(const fv_model *model);

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
    const char *name;        /* unique in the model */
    const char *output;      /* name of the value it computes, as in the file */
    const char *kind;        /* "convolution", "relu", "max pooling", ...; of a layer that cannot be
                                computed "unknown: com.example.Foo", or "not computed: Conv" where
                                the operator is known */
    const char *description; /* "64 3x3x3 convolutions with stride [1 1] and padding [1 1 1 1]"; or
                                why it cannot be computed */
    const char *source_op;   /* "Conv": the operator, as the file calls it */
    int ndim;                /* output shape at the model's own input size, batch 1; -1: not known,
                                behind an operator that is not */
    int64_t dim[FV_MAX_DIMS];
    int64_t parameters;         /* weights and biases, each element counted */
    int64_t multiply_adds;      /* for one picture */
    int64_t receptive_field[2]; /* height, width in input pixels; 0 where the input is no image */
    int attr_count;
    const fv_attr *attrs;    /* [attr_count] */
    const char *source_name; /* of its node in the file; "": none. `name` is another where the file
                                knows the module it comes from: "layer1.0.conv1" */
    int64_t channels; /* LAYER:0 to LAYER:channels-1 are its units; on whichever axis they are */
} fv_layer;

/* Returns the number of layers; and one of them, borrowed, NULL where there is none of that
 * index. */
FV_API int fv_model_layer_count(const fv_model *model);
FV_API const fv_layer *fv_model_layer(const fv_model *model, int index);

/* Finds a layer by its name, the name of its node in the file, the name of its output, `#index`, or
 * a unique ending of these (the part after a '/' or '.').
 *   index   where it is put
 *   errors  NOTFOUND none, with the nearest names; or the ending fits several, which are named
 */
FV_API fv_status fv_model_find_layer(const fv_model *model, const char *name, int *index,
                                     fv_error *err);

/* What a layer's weights look like as numbers. */
typedef struct fv_weight_stats {
    int64_t count; /* of the kernel, without the bias; 0 for a layer without weights */
    int ndim;
    int64_t dim[FV_MAX_DIMS];
    double min, max, mean, stddev;
    double zero_fraction; /* 0..1, of `count` */
    int64_t bias_count;   /* 0 for a layer without a bias */
    double bias_min, bias_max, bias_mean, bias_stddev;
} fv_weight_stats;

/* Computes the statistics of a layer's weights.  errors  ARG no such index; NOMEM */
FV_API fv_status fv_model_weight_stats(const fv_model *model, int layer, fv_weight_stats *out,
                                       fv_error *err);

/* Reads a layer's weights as the file has them (batch normalisation is a layer of its own and is
 * not multiplied in), one unit after the other.
 *   weights  convolutions [out][in/groups][h][w], transposed ones too, whatever the file's order;
 *            1-D and 3-D ones with 1 or 3 sizes in the place of [h][w]. Matrix products [out][in],
 *            whichever operand is the constant and however the file transposes it. Batch
 *            normalisation [channels]: gamma / sqrt(variance + epsilon). Others as in the file.
 *            Yours to free
 *   bias     [out]; set to NULL where the layer has none. NULL: not wanted. Yours to free
 *   errors   ARG no such index; NOTFOUND the layer has no weights; NOMEM
 */
FV_API fv_status fv_model_weights(const fv_model *model, int layer, fv_tensor **weights,
                                  fv_tensor **bias, fv_error *err);

/* ---- a model's input ------------------------------------------------------------------------ */

/* Makes the picture that a network gets of a photograph, resized (bicubic) as fv_input.fit says:
 * cropped, stretched or padded. A layer's maps cover this picture, not the whole photo.
 *   image   1 to 4 channels; alpha is laid over mid grey, colours become grey for a grey network
 *   out     [channels][h][w] of the network's input, RGB in 0..1, before mean and scale, without
 *           texts; yours to free
 *   errors  SHAPE the network's input is no picture of 1, 3 or 4 channels, the fourth of which is
 *           alpha, 1 where the image has none; ARG a grey picture for a
 *           network of colours, or NaN in it; NOMEM
 */
FV_API fv_status fv_input_picture(const fv_model *model, const fv_image *image, fv_image **out,
                                  fv_error *err);

/* A rectangle of a photograph, in its own pixels, not all of them whole. */
typedef struct fv_rect {
    double y, x, height, width;
} fv_rect;

/* Says which rectangle of a photograph of that size fv_input_picture shows. Of FV_FIT_PAD it is
 * larger than the photo.
 *   errors  ARG a size < 1; SHAPE as above */
FV_API fv_status fv_input_rect(const fv_model *model, int height, int width, fv_rect *out,
                               fv_error *err);

/* Turns a picture into a network's input: fv_input_picture, then mean, scale and channel order.
 *   out     [1][c][h][w], or [1][h][w][c] where the input is channels-last
 *   errors  as fv_input_picture
 */
FV_API fv_status fv_input_from_image(const fv_model *model, const fv_image *image, fv_tensor **out,
                                     fv_error *err);

/* The one number that a unit's map comes to. Units that are one number (a class, a neuron, any sum
 * of terms) are that number. */
typedef enum fv_score {
    FV_SCORE_MAX = 1, /* at its strongest position; for the lowest examples at its weakest: a thing
                         counts once, wherever it is and however small */
    FV_SCORE_MEAN     /* the mean over all positions, which is what LAYER:C is elsewhere */
} fv_score;

#ifdef __cplusplus
}
#endif
#endif
