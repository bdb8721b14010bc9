/* SPDX-License-Identifier: Apache-2.0 */
/* fovea weights: what a layer's weights look like, as pictures and as numbers. */
#include <glib.h>

#include "commands.h"
#include "lists.h"
#include "models.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "weights.h"

typedef struct weights_args {
    cli_args common;
    cli_model_args model;
    char *output, *channels, *inputs, *shape, *histogram, *npy, *title;
    int top, tile_scale, min_max, grey, form, json, tile_size, columns;
} weights_args;

/* One run of the command. */
typedef struct job {
    const weights_args *args;
    const fv_model *model;
    fv_weights_desc desc;
    int *channels, *inputs; /* what desc points to */
    cli_weights *layers;    /* [n] */
    int n;
} job;

static int check_words(const weights_args *a) {
    const int several = a->common.n_operands > 2;
    if (several && (a->npy || a->histogram))
        return cli_usage(a->common.command, "--%s is for one LAYER; there are %d",
                         a->npy ? "npy" : "histogram", a->common.n_operands - 1);
    if (several && a->shape)
        return cli_usage(a->common.command, "--shape is for one LAYER; there are %d",
                         a->common.n_operands - 1);
    int code = cli_path_check(&a->common, "output", a->output, CLI_PICTURES);
    if (!code) code = cli_path_check(&a->common, "histogram", a->histogram, CLI_PICTURES);
    if (!code) code = cli_path_check(&a->common, "npy", a->npy, "npy");
    return code;
}

/* The options as the library has them. */
static int read_desc(job *j) {
    const weights_args *a = j->args;
    fv_weights_desc *d = &j->desc;
    d->struct_size = sizeof *d;
    int code = cli_list_parse(&a->common, "channels", a->channels, &j->channels, &d->n_channels);
    if (!code) code = cli_list_parse(&a->common, "inputs", a->inputs, &j->inputs, &d->n_inputs);
    d->channels = j->channels;
    d->inputs = j->inputs;
    d->top = a->top;
    d->form = (fv_weights_form)a->form;
    d->each = a->tile_scale == 2;
    d->min_max = a->min_max;
    d->grey = a->grey;
    if (!code && a->shape && cli_shape_parse(a->shape, d->shape, &d->channels_last))
        code = cli_usage(a->common.command,
                         "--shape: '%s' is not CxHxW, HxW or HxWxC, each 1..32768", a->shape);
    return code;
}

/* Finds a layer, measures and, if a picture is asked for, draws it. */
static fv_status measure_layer(const job *j, const char *name, cli_weights *w, fv_error *err) {
    int index = -1;
    fv_status st = fv_model_find_layer(j->model, name, &index, err);
    if (!st) st = fv_model_weight_stats(j->model, index, &w->stats, err);
    if (st) return st;
    w->layer = fv_model_layer(j->model, index);
    st = fv_filters_measure(j->model, index, &w->filters, err);
    if (st == FV_SHAPE) st = FV_OK; /* weights that are no filters' */
    if (!st && j->args->output) st = fv_weights_render(j->model, index, &j->desc, &w->drawn, err);
    return st;
}

/* Side of a tile: kernels are enlarged to about this many pixels, the fewer tiles the more. */
static int tile_side(const job *j, int count) {
    const int least = j->n > 1        ? (count <= 16 ? 168 : 96)
                      : count <= 256  ? 72
                      : count <= 1024 ? 48
                                      : 24;
    int side = 0;
    if (j->args->tile_size) return j->args->tile_size;
    for (int i = 0; i < j->n; i++) {
        const fv_image *p = j->layers[i].drawn->tiles[0].image;
        const int own = MAX(p->height, p->width);
        const int wanted = j->layers[i].drawn->form == FV_WEIGHTS_MATRIX ? 512 : least;
        side = MAX(side, own * MAX(1, (wanted + own / 2) / own));
    }
    return side;
}

static char *title_of(const job *j) {
    const weights_args *a = j->args;
    char *text = a->title   ? g_strdup(a->title)
                 : j->n > 1 ? g_strdup_printf("Weights of %s", fv_model_name(j->model))
                            : g_strdup_printf("Weights of %s", j->layers[0].layer->name);
    char *clean = cli_clean(text);
    g_free(text);
    return clean;
}

/* Lays all tiles of all layers out in one grid. */
static fv_status lay_out(const job *j, fv_image **out, int *count, fv_error *err) {
    GPtrArray *images = g_ptr_array_new(), *labels = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < j->n; i++)
        for (int k = 0; k < j->layers[i].drawn->count; k++) {
            const fv_weights_tile *t = &j->layers[i].drawn->tiles[k];
            char *text = j->n > 1 ? g_strdup_printf("%s%s%s", j->layers[i].layer->name,
                                                    *t->label ? " " : "", t->label)
                                  : g_strdup(t->label);
            g_ptr_array_add(images, t->image);
            g_ptr_array_add(labels, cli_clean(text));
            g_free(text);
        }
    *count = (int)images->len;
    char *title = title_of(j);
    const int columns = j->n == 1 ? j->layers[0].drawn->columns : 0;
    const fv_montage_desc m = {.struct_size = sizeof m,
                               .columns = j->args->columns ? j->args->columns : columns,
                               .tile = tile_side(j, *count),
                               .title = *title ? title : NULL};
    fv_status st = fv_montage((const fv_image *const *)images->pdata,
                              (const char *const *)labels->pdata, *count, &m, out, err);
    g_free(title);
    g_ptr_array_free(images, TRUE);
    g_ptr_array_free(labels, TRUE);
    return st;
}

/* The montage with its scale below, where one scale holds for all of it. */
static fv_status add_scale(const job *j, fv_image **picture, fv_error *err) {
    const fv_weights *d = j->layers[0].drawn;
    if (j->n > 1 || d->form == FV_WEIGHTS_BARS || j->desc.each) return FV_OK;
    const fv_paint_desc scale = {.struct_size = sizeof scale,
                                 .palette = d->palette,
                                 .low = d->tiles[0].low,
                                 .high = d->tiles[0].high};
    fv_image *bar = NULL, *framed = NULL, *both = NULL;
    fv_status st = fv_paint_bar(&scale, CLAMP((*picture)->width - 16, 64, 256), &bar, err);
    if (!st) /* for its margins */
        st = fv_montage((const fv_image *const[]){bar}, NULL, 1,
                        FV_DESC(fv_montage_desc, .tile = bar->width), &framed, err);
    if (!st) st = fv_stack((const fv_image *const[]){*picture, framed}, 2, 0, 0, &both, err);
    fv_image_free(framed);
    fv_image_free(bar);
    if (st) return st;
    fv_image_free(*picture);
    *picture = both;
    return FV_OK;
}

/* Writes a picture with what made it, and says so. */
static fv_status save(const job *j, fv_image *picture, const char *path, const char *what,
                      fv_error *err) {
    fv_status st = cli_set_command(&j->args->common, picture, err);
    if (!st) st = fv_image_set_text(picture, "fovea.model", fv_model_name(j->model), err);
    if (!st) st = fv_image_set_text(picture, "fovea.model-sha256", fv_model_sha256(j->model), err);
    if (!st) st = fv_image_set_text(picture, "fovea.version", fv_version(), err);
    if (!st) st = fv_image_save(picture, path, err);
    if (st || j->args->common.quiet || j->args->json) return st;
    char *clean = cli_clean(path);
    cli_putf("%s: %dx%d, %s\n", clean, picture->width, picture->height, what);
    g_free(clean);
    return FV_OK;
}

static fv_status save_tiles(const job *j, fv_error *err) {
    fv_image *picture = NULL;
    int count = 0;
    fv_status st = lay_out(j, &picture, &count, err);
    if (!st) st = add_scale(j, &picture, err);
    char *what = g_strdup_printf("%d tile%s", count, count == 1 ? "" : "s");
    if (!st) st = save(j, picture, j->args->output, what, err);
    g_free(what);
    fv_image_free(picture);
    return st;
}

/* The raw numbers, as a histogram and as a file. */
static fv_status save_numbers(const job *j, fv_error *err) {
    const weights_args *a = j->args;
    const cli_weights *w = &j->layers[0];
    fv_tensor *weights = NULL;
    fv_image *plot = NULL;
    int index = -1;
    fv_status st = fv_model_find_layer(j->model, a->common.operands[1], &index, err);
    if (!st) st = fv_model_weights(j->model, index, &weights, NULL, err);
    if (!st && a->histogram) {
        char *title = g_strdup_printf("Weights of %s", w->layer->name), *clean = cli_clean(title);
        const fv_plot_desc d = {.struct_size = sizeof d, .title = a->title ? a->title : clean};
        const float zero = 0;
        st = fv_plot_histogram(weights->data, fv_tensor_count(weights), &zero, 1, &d, &plot, err);
        g_free(clean);
        g_free(title);
        if (!st) st = save(j, plot, a->histogram, "a histogram", err);
    }
    if (!st && a->npy) st = fv_tensor_save(weights, a->npy, err);
    if (!st && a->npy && !a->common.quiet && !a->json) {
        char *shape = cli_shape_text(weights->ndim, weights->dim, 0), *path = cli_clean(a->npy);
        cli_putf("%s: %s\n", path, shape);
        g_free(path);
        g_free(shape);
    }
    fv_image_free(plot);
    fv_tensor_free(weights);
    return st;
}

/* Says what was found, as text or as JSON. */
static void report(const job *j) {
    JsonBuilder *b = j->args->json ? json_builder_new() : NULL;
    if (b) json_builder_begin_array(b);
    for (int i = 0; i < j->n; i++) {
        if (b)
            cli_weights_json(b, &j->layers[i]);
        else if (!j->args->common.quiet)
            cli_weights_print(&j->desc, &j->layers[i]);
    }
    if (!b) return;
    json_builder_end_array(b);
    cli_json_print(b);
}

/* Says which options have no effect on any of the drawings. */
static void note_unused(const job *j) {
    const weights_args *a = j->args;
    int tiles = 0, reds = 0, several = j->n > 1;
    for (int i = 0; i < j->n; i++) {
        const fv_weights *drawn = j->layers[i].drawn;
        tiles = tiles || drawn->form != FV_WEIGHTS_BARS;
        reds = reds || (drawn->form != FV_WEIGHTS_BARS && !drawn->rgb);
        several = several || drawn->count > 1;
    }
    if (a->grey && !reds)
        cli_note(&a->common, "--grey is for what is drawn in red and blue, and has no effect here");
    if (a->tile_scale && !tiles)
        cli_note(&a->common, "--scale is for colours, and has no effect on bars");
    if (a->columns && !several)
        cli_note(&a->common, "--columns is for several tiles, and has no effect on one");
}

static int work(job *j) {
    fv_error err = {0};
    fv_status st = FV_OK;
    const weights_args *a = j->args;
    j->layers = g_new0(cli_weights, a->common.n_operands);
    for (int i = 1; i < a->common.n_operands && !st; i++)
        st = measure_layer(j, a->common.operands[i], &j->layers[j->n++], &err);
    if (!st && !a->json) report(j);
    if (!st && a->output) note_unused(j);
    if (!st && a->output) st = save_tiles(j, &err);
    if (!st && (a->histogram || a->npy)) st = save_numbers(j, &err);
    if (!st && a->json) report(j);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

static int run(const cli_args *common) {
    const weights_args *args = (const weights_args *)common;
    job j = {.args = args};
    fv_model *model = NULL;
    int code = check_words(args);
    if (!code) code = read_desc(&j);
    if (!code) code = cli_model_load(&args->common, &args->model, &model);
    j.model = model;
    if (!code) code = work(&j);
    for (int i = 0; i < j.n; i++) {
        fv_filter_stats_free(j.layers[i].filters);
        fv_weights_free(j.layers[i].drawn);
    }
    g_free(j.layers);
    g_free(j.channels);
    g_free(j.inputs);
    fv_model_free(model);
    return code;
}

static const char *form_name(int n) { return fv_weights_form_name((fv_weights_form)n); }

/* clang-format off */
static const cli_option options[] = {
    {"output", 'o', CLI_OUTPUT, offsetof(weights_args, output), 0, 0, "OUT.png", "none",
     "the picture to write: .png, .jpg, .jpeg, .webp, .tif or .tiff"},
    {"channels", 0, CLI_TEXT, offsetof(weights_args, channels), 0, 0, "0-15,40", "all",
     "outputs to show, in this order", .with = "output"},
    {"inputs", 0, CLI_TEXT, offsetof(weights_args, inputs), 0, 0, "0-15,40", "all",
     "inputs to show of each output", .with = "output"},
    {"top", 'k', CLI_INT, offsetof(weights_args, top), 1, 65536, "N", "all",
     "of these inputs only the strongest of each output, by the L2 norm of their kernels", .with = "output"},
    {"scale", 0, CLI_CHOICE, offsetof(weights_args, tile_scale), 0, 0, "all|tile", "all",
     "one scale of colours for all tiles of a layer, or one for each tile", .with = "output"},
    {"min-max", 0, CLI_FLAG, offsetof(weights_args, min_max), 0, 0, NULL, NULL,
     "black is the least value and white the greatest, wherever zero is", .with = "output"},
    {"grey", 0, CLI_FLAG, offsetof(weights_args, grey), 0, 0, NULL, NULL,
     "pairs of input and output in grey instead of red and blue; colours each by itself", .with = "output"},
    {"as", 0, CLI_CHOICE, offsetof(weights_args, form), 0, 0, NULL, "what suits the layer",
     "a picture a kernel, a plot a kernel, or one picture of the whole layer", .choice = form_name, .with = "output"},
    {"shape", 0, CLI_TEXT, offsetof(weights_args, shape), 0, 0, "CxHxW", "the flattened map, if the layer reads one",
     "shape in which a row of a dense layer is drawn; also HxW, and HxWxC for channels last", .with = "output"},
    {"histogram", 0, CLI_OUTPUT, offsetof(weights_args, histogram), 0, 0, "FILE", "none",
     "write how often each value occurs, as a picture"},
    {"npy", 0, CLI_OUTPUT, offsetof(weights_args, npy), 0, 0, "FILE.npy", "none",
     "write all weights of the layer as numbers, an output a row"},
    CLI_OPTION_JSON(weights_args),
    {"tile-size", 0, CLI_INT, offsetof(weights_args, tile_size), 1, 8192, "N", "about 72; 48 or 24 where there are many tiles",
     "side of a tile of the montage, in pixels", .with = "output"},
    {"columns", 0, CLI_INT, offsetof(weights_args, columns), 1, 4096, "N", "near-square; for pairs a row an output",
     "tiles in a row of the montage", .with = "output"},
    {"title", 0, CLI_TEXT, offsetof(weights_args, title), 0, 0, "TEXT", "Weights of LAYER",
     "above the montage; '' for none", .with = "output|histogram"},
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea weights efficientnet-lite0 stem/conv -o stem.png",
     "The 32 filters of the first convolution, in colours"},
    {"fovea weights efficientnet-lite0 head/conv --channels 0-7 --top 4 --scale tile -o head.png",
     "The four strongest inputs of eight filters, each on a scale of its own"},
    {"fovea weights digits.onnx dense1 --shape 1x28x28 -o dense1.png",
     "Each row of a dense layer as the picture it is compared with"},
    {"fovea weights efficientnet-lite0 stem/conv head/conv --channels 0 --inputs 0 --grey -o "
     "first.png",
     "The first filter of two layers, its first input, in grey"},
    {"fovea weights efficientnet-lite0 stem/conv --histogram stem.png --npy stem.npy --json",
     "The same as numbers"},
    {0},
};

const cli_command cli_command_weights = {
    .name = "weights",
    .operands = "MODEL LAYER...",
    .min_operands = 2,
    .max_operands = G_MAXINT,
    .summary = "Draw a layer's weights; name dead and duplicate filters",
    .details =
        "Kernels of layers that read the input picture are drawn in its colours, a tile a filter, "
        "in grey "
        "where it is grey. All others, those of depthwise convolutions too, are drawn pair by pair "
        "of input and output (`17 > 3` is input 17 of output 3), blue below zero and red above. "
        "Dense layers are drawn row by row as the picture each row is compared with, if --shape or "
        "the network says how large that is. 1-D kernels and vectors become bars; many rows of "
        "single numbers, as of 1x1 convolutions, one matrix. Kernels are enlarged without "
        "blurring.\n\n"
        "Zero is the middle of the scale, mid grey or white: the scale runs from -m to m, m the "
        "largest magnitude shown. The command prints the scale. Weights are shown as the file "
        "has them: a batch normalisation that follows is a layer of its own. See "
        "docs/weights.md.\n\n"
        "A filter is dead if its norm is at most 0.001 of the layer's largest, and a duplicate if "
        "its cosine with an earlier one is at least 0.999. Several layers are tiled into one "
        "montage, each on its own scale. Without -o only numbers are printed.\n\n"
        "JSON: an array of `{\"layer\", \"kind\", \"shape\", \"min\", \"max\", \"mean\", "
        "\"stddev\", \"zero_fraction\", \"filters\": {\"count\", \"norms\", \"norm_median\", "
        "\"dead_norm\", \"dead\", \"not_finite\", \"duplicate_cosine\", \"duplicates\": "
        "[{\"filter\", \"like\", "
        "\"cosine\"}]} or null, \"picture\": {\"form\", \"colours\", \"kernel\", \"tiles\": "
        "[{\"output\", \"input\", \"low\", \"high\"}]} or null}`, one for each LAYER.",
    .size = sizeof(weights_args),
    .options = options,
    .model = offsetof(weights_args, model),
    .useless = "device|execution-environment|mean|scale|std|range|channel-order|fit|crop-ratio|pad-"
               "color|labels",
    .examples = examples,
    .run = run,
};
