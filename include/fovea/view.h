/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: pictures of networks and of numbers: montages, plots, maps. Include fovea/fovea.h. */
#ifndef FOVEA_VIEW_H
#define FOVEA_VIEW_H

#include "fovea/render.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- montage -------------------------------------------------------------------------------- */

/* Options of fv_montage. */
typedef struct fv_montage_desc {
    size_t struct_size; /* FV_DESC */
    int columns;        /* 0: near-square */
    int tile;           /* side of a tile in pixels; 0: as the first picture */
    const char *title;  /* above all tiles, or NULL */
} fv_montage_desc;

/* Lays pictures out in a grid, each with its label underneath.
 *   labels  [count] UTF-8, or NULL; an entry may be NULL
 *   out     takes the first picture's texts along; yours to free
 *   errors  ARG count < 1, columns or tile < 0; NOMEM
 */
FV_API fv_status fv_montage(const fv_image *const *images, const char *const *labels, int count,
                            const fv_montage_desc *desc, fv_image **out, fv_error *err);

/* Options of all plots. */
typedef struct fv_plot_desc {
    size_t struct_size;     /* FV_DESC */
    int width, height;      /* in pixels; 0: 640 x 320 */
    const char *title;      /* above the bars, or NULL */
    const char *low, *high; /* under the first and the last bar; NULL: their numbers, from 0 */
    const fv_image *like;   /* the plot takes its texts along; or NULL */
} fv_plot_desc;

/* Draws numbers as bars up from zero, in red, and down, in blue, with an axis and its values. Where
 * there are more bars than columns of pixels, a column shows the range of its bars.
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
    FV_PALETTE_DIVERGING,   /* below zero blue, zero white, above zero red, equally strong */
    FV_PALETTE_SEQUENTIAL      /* dark blue over red to light yellow, lightness in even steps */
} fv_palette;

/* "grey", "diverging", "sequential"; NULL for another number. */
FV_API const char *fv_palette_name(fv_palette palette);

/* What colours mean: a palette and its scale. */
typedef struct fv_paint_desc {
    size_t struct_size; /* FV_DESC */
    fv_palette palette; /* 0: GREY; of fv_overlay with a NULL desc:
                           SEQUENTIAL */
    float low, high;    /* the values of the palette's ends, low < high; both 0: found. DIVERGING:
                           -m and m, the largest magnitude; else the least and the largest value */
    float strength;     /* fv_overlay: of the colours, above 0 to 1; 0: 0.6. Others ignore it */
} fv_paint_desc;

/* Fills the fields of a desc that are 0, for numbers to be painted on one scale.
 *   values  [count]; numbers that are not finite are passed over
 *   errors  ARG low >= high, an unknown palette; DIVERGING whose low is not -high */
FV_API fv_status fv_paint_scale(const float *values, int64_t count, fv_paint_desc *desc,
                                fv_error *err);

/* Paints a map of numbers, a pixel a number. What is not finite is painted mid grey (in GREY: red).
 *   values  [height][width]
 *   out     [1][height][width] for GREY, else [3]; yours to free   errors  as fv_paint_scale; NOMEM
 */
FV_API fv_status fv_paint(const float *values, int height, int width, const fv_paint_desc *desc,
                          fv_image **out, fv_error *err);

/* Draws a palette as a bar with the values of its ends (and of zero) beneath: a scale's legend.
 *   desc    low and high must be given
 *   width   in pixels, 64..16384; 0: 256    errors  ARG; NOMEM */
FV_API fv_status fv_paint_bar(const fv_paint_desc *desc, int width, fv_image **out, fv_error *err);

/* Lays a map over a photograph: the map is resized (bilinear) to the photograph, painted, and mixed
 * with the photograph's lightness.
 *   values  [height][width]
 *   desc    its strength is scaled by |value| as a share of the scale's end, so that what matters
 *           little leaves the photograph as it is
 *   out     [3], the photograph's size    errors  ARG GREY; as fv_paint
 */
FV_API fv_status fv_overlay(const fv_image *photo, const float *values, int height, int width,
                            const fv_paint_desc *desc, fv_image **out, fv_error *err);

/* Draws how often values occur, in bars of equal width, blue below zero and red above, with marks
 * at some values.
 *   values  [count], those that are not finite are passed over
 *   marks   [n_marks] values to be marked by a line from top to bottom, or NULL
 *   desc    low and high: texts of the ends of the horizontal axis; NULL: their values
 *   out     [3][height][width]; yours to free
 *   errors  ARG no finite value, a size outside 64..16384; NOMEM
 */
FV_API fv_status fv_plot_histogram(const float *values, int64_t count, const float *marks,
                                   int n_marks, const fv_plot_desc *desc, fv_image **out,
                                   fv_error *err);

/* Draws series of numbers as lines over one axis, with their names in their colours. A single one
 * is red above zero and blue below.
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

/* ---- weights as pictures -------------------------------------------------------------------- */

/* What a layer's weights are drawn as. */
typedef enum fv_weights_form {
    FV_WEIGHTS_TILES = 1, /* a picture for each filter, or for each pair of output and input */
    FV_WEIGHTS_BARS,      /* a plot for each */
    FV_WEIGHTS_MATRIX     /* one picture: a row for each output, a column for each of its numbers */
} fv_weights_form;

/* "tiles", "bars", "matrix"; NULL for another number. */
FV_API const char *fv_weights_form_name(fv_weights_form form);

/* Options of fv_weights_render. */
typedef struct fv_weights_desc {
    size_t struct_size;  /* FV_DESC */
    const int *channels; /* [n_channels] outputs to show, in this order; NULL: all */
    int n_channels;
    const int *inputs; /* [n_inputs] inputs to show of each output; NULL: all */
    int n_inputs;
    int top;              /* of these only the strongest (L2 norm), strongest first; 0: all */
    fv_weights_form form; /* 0: TILES where a kernel has a height and a width, or inputs are ranked;
                             BARS for 1-D kernels and vectors, and for up to 16 outputs whose
                             kernels are single numbers; MATRIX for more */
    int each;             /* 1: every tile on a scale of its own; 0: all on one */
    int min_max;          /* 1: grey and colours run from the least to the greatest value;
                             0: from -m to m, m the largest magnitude: zero is mid grey */
    int grey;             /* 1: pairs in grey, not in red and blue; colours apart */
    int shape[3];         /* channels, height, width in which a row of a matrix product is drawn;
                             0: those of its input before it was flattened, if it was */
    int channels_last;    /* 1: a row's order is [height][width][channels] */
} fv_weights_desc;

/* One picture: a pixel a weight, or a plot. */
typedef struct fv_weights_tile {
    fv_image *image;
    char *label;     /* "3"; for pairs the input and the output, "17 > 3" */
    int output;      /* -1: all */
    int input;       /* -1: all */
    float low, high; /* values drawn as black and white, or as blue and red */
} fv_weights_tile;

typedef struct fv_weights {
    int count;
    fv_weights_tile *tiles; /* [count] in the order asked for */
    fv_weights_form form;
    fv_palette palette; /* GREY, which for RGB tiles holds of each colour; or DIVERGING */
    int rgb;            /* the tiles have colours */
    int outputs, inputs; /* what the layer has; the inputs are those of one group */
    int height, width;  /* of a kernel */
    int channels_last;  /* rows were read [height][width][channels] */
    int found;          /* the shape of rows was found, not given */
    int columns;        /* tiles in a row that suit them: a row for each output; 0: near-square */
} fv_weights;

/* Draws the weights of a layer.
 *   Kernels that see the network's picture are drawn in its colours (BGR is turned round), in grey
 *   where it is grey. All others, depthwise ones too, are drawn pair by pair, blue below zero and
 *   red above. A 3-D kernel counts as depth times as many inputs.
 *   out     yours to free with fv_weights_free
 *   errors  ARG no such layer, channel or input; inputs ranked in another form than TILES; more
 *           than 4096 tiles or 256 plots; NOTFOUND a layer without weights; SHAPE a shape that is
 *           not the length of a row, or for a layer that is no matrix product; NOMEM
 */
FV_API fv_status fv_weights_render(const fv_model *model, int layer, const fv_weights_desc *desc,
                                   fv_weights **out, fv_error *err);
/* Frees pictures of weights. */
FV_API void fv_weights_free(fv_weights *weights);

/* A filter that is nearly the same as an earlier one. */
typedef struct fv_filter_pair {
    int filter, like; /* like < filter */
    double cosine;
} fv_filter_pair;

/* The filters of a layer, one an output. */
typedef struct fv_filter_stats {
    int count;
    double *norm; /* [count] L2 norm; NaN or infinite where one of the filter's numbers is */
    double norm_min, norm_median, norm_max; /* of the finite ones; NaN where there is none */
    double dead_norm; /* at most this norm is dead: 0.001 of the largest */
    int n_dead;
    int *dead; /* [n_dead] */
    double pair_cosine; /* at least this cosine is a duplicate: 0.999 */
    int n_pairs;        /* each filter that is like an earlier one, once, with the first of these */
    fv_filter_pair *pairs; /* [n_pairs]; none are looked for in filters of less than 4 numbers */
    int n_not_finite;
    int *not_finite; /* [n_not_finite] filters with numbers that are NaN or infinite */
} fv_filter_stats;

/* Measures a layer's filters: norms, and which are dead or duplicates.
 *   out     yours to free    errors  as fv_model_weights; SHAPE a layer with no filters: its
 *           weights are no convolution's and no matrix product's
 */
FV_API fv_status fv_filters_measure(const fv_model *model, int layer, fv_filter_stats **out,
                                    fv_error *err);
/* Frees statistics of filters. */
FV_API void fv_filter_stats_free(fv_filter_stats *filters);

/* ---- two checkpoints of one architecture ---------------------------------------------------- */

/* How one channel differs between networks A and B. */
typedef struct fv_channel_change {
    int channel;
    double change;      /* of its activations: 1 - their concordance, 0..2; 0 the same, 1 unrelated
                           or constant in one of the two, 2 opposite; NaN, as are means and
                           deviations, where no activation is finite in both */
    double pattern;     /* 1 - their correlation, 0..2, blind to scale and offset; NaN where one
                           of the two is constant */
    double mean[2], stddev[2]; /* of its activations in A and B, over all positions and samples */
    double weights;     /* of its weights: |a - b|^2 / (|a|^2 + |b|^2), 0..2 with the same meaning;
                           NaN where no weights are known for it, or one is not finite */
    int sample;         /* on which the activations differ most, counted as they were added */
} fv_channel_change;

/* The channels of a layer by how much they changed. The library's own; fields may be added at the
 * end. */
typedef struct fv_changes {
    int count;
    fv_channel_change *change; /* [count] most changed first, NaN last; of equal ones the lower
                                  channel */
    int samples;
    int64_t not_finite;  /* activations left out, since they were not finite in A or B */
    const char *weights; /* the layer whose weights were compared: the one asked for, or the one
                            that feeds it channel by channel; NULL: none. Lives as long as A's
                            model */
} fv_changes;
/* Frees a ranking. */
FV_API void fv_changes_free(fv_changes *changes);

/* A comparison under way: running sums over the samples added so far. */
typedef struct fv_comparison fv_comparison;

/* Begins a comparison of a layer in two networks. Runs neither of them yet.
 *   a, b    sessions of the two networks; borrowed: must outlive the comparison. With
 *           FV_ON_NAN_KEEP activations that are not finite are left out and counted; else they end
 *           the call with NONFINITE. The monitor of each session sees the runs of its own network:
 *           done and total are samples. STOP and CANCEL of either end a call with CANCELLED, and
 *           the comparison is as before
 *   layer   is looked for in both
 *   errors  NOTFOUND no such layer in one of them; SHAPE the layer's outputs or weights have other
 *           shapes in B than in A: both are named; NOMEM
 */
FV_API fv_status fv_comparison_new(fv_session *a, fv_session *b, const char *layer,
                                   fv_comparison **out, fv_error *err);
/* Frees a comparison; its sessions stay. */
FV_API void fv_comparison_free(fv_comparison *comparison);

/* Runs both networks on a photograph, each as its own input wants it, and counts the activations
 * in; or on a batch of raw inputs, a sample a row. Returns when both have run. After an error the
 * comparison is as before.
 *   photo   as fv_input_from_image takes it
 *   input   [n][...] as fv_session_run takes it, the same for both networks
 *   errors  as fv_input_from_image and fv_session_run; SHAPE the layer's maps differ in size;
 *           CANCELLED
 *   threads one call per session at a time */
FV_API fv_status fv_comparison_add(fv_comparison *comparison, const fv_image *photo,
                                   fv_error *err);
FV_API fv_status fv_comparison_add_input(fv_comparison *comparison, const fv_tensor *input,
                                         fv_error *err);

/* Ranks the channels by how much they changed. The change is 1 - Lin's concordance (1989), which
 * falls with a lost correlation, another scale and another mean alike:
 *   E(a-b)^2 / (var a + var b + (mean a - mean b)^2)
 *   out     yours to free with fv_changes_free    errors  ARG nothing was added; NOMEM */
FV_API fv_status fv_comparison_rank(const fv_comparison *comparison, fv_changes **out,
                                    fv_error *err);

/* Draws one sample and a channel's activations on it: the input as A sees it (a vector as bars),
 * the map in A, the map in B, both on one scale.
 *   photo, input  one of them; input [1][...]
 *   peaks   [2] the value of largest magnitude in each map; or NULL. The scale ends at the larger
 *           of the two: GREY from 0 (SEQUENTIAL for a single number), or DIVERGING where a value is
 *           below 0
 *   channel 0..channels-1
 *   out     [3] yours to free with fv_image_free
 *   errors  ARG no such channel, or not one of photo and input; as fv_comparison_add */
FV_API fv_status fv_comparison_draw(fv_comparison *comparison, const fv_image *photo,
                                    const fv_tensor *input, int channel, float peaks[2],
                                    fv_image *out[3], fv_error *err);

/* ---- activations ---------------------------------------------------------------------------- */

typedef enum fv_activation_kind {
    FV_ACTIVATION_MAPS = 1, /* a map a channel */
    FV_ACTIVATION_TOKENS,   /* the same, from a transformer's sequence, whose tokens lie over the
                               picture as the graph says; `skipped` of them do not */
    FV_ACTIVATION_SIGNALS,  /* a row of numbers a channel: height is 1 */
    FV_ACTIVATION_VECTOR,   /* a number a channel: height and width are 1 */
    FV_ACTIVATION_VOLUMES   /* `depth` slices a channel */
} fv_activation_kind;

/* A layer's activations for one input. */
typedef struct fv_activations {
    const char *layer; /* its name; borrowed from the model */
    fv_activation_kind kind;
    int channels, height, width;
    int skipped; /* TOKENS: class tokens and registers, which are left out */
    float *data; /* [channels][height][width], of volumes [channels][depth][height][width],
                    wherever the network keeps its channels */
    int depth;   /* 1 but of VOLUMES; 0 is read as 1 */
    /* MAPS and TOKENS: top, left, bottom and right, as parts of the input's height and width, of
       what the map lies over, which is not all of an input that the network crops or pads; and of
       what is not cropped off before. All 0 is read as 0, 0, 1, 1 */
    double over[4], seen[4];
} fv_activations;

/* Runs inputs through the network, once, and returns the activations of layers.
 *   input   [n][...] raw, as fv_input_from_image makes them; each sample by itself
 *   layers  [count] names as fv_model_find_layer takes them, 1..256
 *   out     [n * count], all layers of the first sample first; each yours to free with
 *           fv_activations_free
 *   errors  SHAPE the layer has more than three axes besides its channels; as fv_session_run
 */
FV_API fv_status fv_activations_run(fv_session *session, const fv_tensor *input,
                                    const char *const *layers, int count, fv_activations **out,
                                    fv_error *err);
/* Frees activations. */
FV_API void fv_activations_free(fv_activations *activations);

/* Compares two inputs' activations at one layer, a with b.
 *   error   |a - b| / |b|: 0 where they are alike; over all channels and positions
 *   cosine  of the angle between them, -1..1
 *   errors  SHAPE they are not of one size */
FV_API fv_status fv_activations_compare(const fv_activations *a, const fv_activations *b,
                                        double *error, double *cosine, fv_error *err);

/* One channel in numbers: those that are finite. */
typedef struct fv_channel {
    int channel;
    float mean, min, max; /* NaN where no number is finite */
    int y, x;             /* where the largest value is, the first of equals; 0, 0 without one */
    int64_t not_finite;   /* numbers left out */
    int z;                /* of volumes: the slice of the largest value */
} fv_channel;

/* Options of fv_activations_choose, which reads the first four, and of fv_activations_draw. */
typedef struct fv_activations_desc {
    size_t struct_size;   /* FV_DESC */
    const int *channels;  /* [n_channels] which, in this order; NULL: all */
    int n_channels;
    int top;              /* only the strongest so many of them, strongest first, of equals the
                             one that is stronger the other way; 0: all */
    fv_score by;       /* what strong means: the largest value, or the mean; 0: MAX */
    fv_palette palette;   /* 0: DIVERGING where a value is below zero; else GREY, over a photo
                             SEQUENTIAL */
    int scale_tile;       /* 1: every tile has a scale of its own; 0: all have one */
    const fv_image *photo; /* tiles are laid over it (fv_input_picture's); NULL: they stand alone */
    int columns, tile;    /* as fv_montage_desc; tile 0: up to 224, smaller where they are many */
    const char *title;    /* NULL: "LAYER: 32 channels of 112x112"; "": none */
} fv_activations_desc;

/* Chooses channels and says what is in them.
 *   out     [a->channels], of which *count are filled
 *   errors  ARG no such channel, named with those there are; top < 0 or more than are chosen */
FV_API fv_status fv_activations_choose(const fv_activations *a, const fv_activations_desc *desc,
                                       fv_channel *out, int *count, fv_error *err);

/* Draws activations: maps as tiles with their channel and, where there is room, its strength
 * beneath, and the one scale they are on as a bar; volumes as such tiles of their slices, row by
 * row; signals as lines; a vector as bars.
 *   scale   its palette, low and high are set to what the tiles' colours mean; low and high are 0
 *           where there is no one scale. Its struct_size must be filled in; or NULL
 *   out     yours to free    errors  ARG as fv_activations_choose; a photo and no maps; NOMEM
 */
FV_API fv_status fv_activations_draw(const fv_activations *a, const fv_activations_desc *desc,
                                     fv_paint_desc *scale, fv_image **out, fv_error *err);

#ifdef __cplusplus
}
#endif
#endif
