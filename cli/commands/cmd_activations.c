/* SPDX-License-Identifier: Apache-2.0 */
/* fovea activations: what layers make of photos, as tiles, over the photo, and as numbers. */
#include <glib.h>
#include <string.h>

#include "activations.h"
#include "commands.h"
#include "inputs.h"
#include "lists.h"
#include "models.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "sessions.h"

#define STACKED_MAX 4
#define GAP         12 /* pixels between the pictures of several layers and photos */

typedef struct activations_args {
    cli_args common;
    cli_model_args model;
    char *output, *channels, *npy, *title;
    int top, by, overlay, tile_scale, palette, tile_size, columns, json;
} activations_args;

/* The work. Everything made is in order: photo by photo, layer by layer. */
typedef struct job {
    const activations_args *args;
    const fv_model *model;
    cli_session session;
    char **layer; /* [n_layers] */
    int n_layers;
    int bad;                   /* whether an input could not be read */
    int *channels, n_channels; /* NULL: all */
    GArray *made;              /* of cli_activation */
    GPtrArray *pictures;       /* of fv_image */
    JsonBuilder *json;         /* or NULL */
} job;

/* ---- layers --------------------------------------------------------------------------------- */

/* LAYER, or LAYER,LAYER: a name may hold a comma itself. */
static int split_layers(job *j, const char *word) {
    int index;
    if (!fv_model_find_layer(j->model, word, &index, NULL) || !strchr(word, ',')) {
        j->layer = g_new0(char *, 2);
        j->layer[0] = g_strdup(word);
    } else {
        j->layer = g_strsplit(word, ",", -1);
    }
    j->n_layers = (int)g_strv_length(j->layer);
    for (int i = 0; i < j->n_layers; i++) {
        fv_error err = {0};
        if (!fv_model_find_layer(j->model, j->layer[i], &index, &err)) continue;
        if (!g_file_test(j->layer[i], G_FILE_TEST_IS_REGULAR)) return cli_fail_error(&err);
        return cli_usage(j->args->common.command,
                         "'%s' is a file, and stands where a layer is named: activations %s",
                         j->layer[i], j->args->common.command->operands);
    }
    return CLI_DONE;
}

/* ---- one input ------------------------------------------------------------------------------ */

/* Reads a photo, or an NPY file as it is.
 *   seen  what the network sees of the photo, or NULL */
static fv_status read_input(const job *j, const char *path, fv_tensor **input, fv_image **seen,
                            fv_rect *window, fv_error *err) {
    fv_image *photo = NULL;
    if (cli_is_array(path)) return cli_array_load(&j->args->common, j->model, path, input, err);
    fv_status st = cli_photo_load(j->model, path, &photo, err);
    if (!st) st = fv_input_from_image(j->model, photo, input, err);
    if (!st) st = fv_input_picture(j->model, photo, seen, err);
    if (!st) st = fv_input_rect(j->model, photo->height, photo->width, window, err);
    fv_image_free(photo);
    return st;
}

static fv_activations_desc desc_of(const job *j, const fv_image *seen, const char *title) {
    const activations_args *a = j->args;
    return *FV_DESC(fv_activations_desc, .channels = j->channels, .n_channels = j->n_channels,
                    .top = a->top, .by = (fv_score)a->by, .palette = (fv_palette)a->palette,
                    .scale_tile = a->tile_scale == 2, .photo = a->overlay ? seen : NULL,
                    .columns = a->columns, .tile = a->tile_size, .title = title);
}

/* The picture's title; it names the photo if there are several. Caller frees. */
static char *title_of(const job *j, const cli_activation *a) {
    const activations_args *args = j->args;
    if (args->title) return cli_clean(args->title);
    if (args->common.n_operands < 4 && a->samples < 2) return NULL;
    char *base = g_path_get_basename(a->image);
    char *text = a->samples > 1 ? g_strdup_printf("%s of %s #%d", a->maps->layer, base, a->sample)
                                : g_strdup_printf("%s of %s", a->maps->layer, base);
    char *clean = cli_clean(text);
    g_free(text);
    g_free(base);
    return clean;
}

/* Chooses the channels, and draws them if a picture is wanted. */
static fv_status show_layer(job *j, cli_activation *a, const fv_image *seen, fv_error *err) {
    char *title = title_of(j, a);
    const fv_activations_desc d = desc_of(j, seen, title);
    fv_image *picture = NULL;
    a->channel = g_new0(fv_channel, (gsize)a->maps->channels);
    fv_status st = fv_activations_choose(a->maps, &d, a->channel, &a->count, err);
    if (!st && j->args->output) {
        a->scale.struct_size = sizeof a->scale;
        st = fv_activations_draw(a->maps, &d, &a->scale, &picture, err);
        if (!st) g_ptr_array_add(j->pictures, picture);
    }
    g_free(title);
    return st;
}

static int run_input(job *j, const char *path) {
    fv_tensor *input = NULL;
    fv_image *seen = NULL;
    fv_rect window = {0};
    fv_error err = {0};
    fv_activations **made = NULL;
    fv_status st = read_input(j, path, &input, &seen, &window, &err);
    if (st) {
        cli_progress_clear(&j->session.progress);
        cli_fail_file(&j->args->common, path, &err);
        fv_image_free(seen);
        fv_tensor_free(input);
        j->bad = 1;
        return j->args->json ? CLI_FAILED : CLI_DONE;
    }
    int64_t total = 0;
    int code = CLI_DONE;
    if (j->args->overlay && !seen)
        code = cli_usage(j->args->common.command, "--overlay needs photos; %s is none", path);
    if (!code) {
        const int samples = (int)MAX(fv_input_samples(j->model, input), 1);
        total = (int64_t)samples * j->n_layers;
        made = g_try_new0(fv_activations *, MAX(total, 1));
        if (!made) {
            fv_tensor_free(input);
            return cli_fail("%s: no memory for the activations of %d samples", path, samples);
        }
        st = fv_activations_run(j->session.session, input, (const char *const *)j->layer,
                                j->n_layers, made, &err);
        for (int64_t i = 0; i < total && made[i]; i++) {
            cli_activation a = {.image = path,
                                .sample = (int)(i / j->n_layers),
                                .samples = samples,
                                .maps = made[i],
                                .window = window};
            if (!st) st = show_layer(j, &a, seen, &err);
            g_array_append_val(j->made, a);
        }
    }
    if (st && !cli_progress_interrupted(st)) {
        cli_progress_clear(&j->session.progress);
        code = cli_fail_input(path, &err);
    }
    g_free(made);
    fv_image_free(seen);
    fv_tensor_free(input);
    return code;
}

/* ---- results -------------------------------------------------------------------------------- */

static const cli_activation *made_at(const job *j, guint i) {
    return &g_array_index(j->made, cli_activation, i);
}

static fv_status set_texts(const job *j, fv_image *image, fv_error *err) {
    char *layers = g_strjoinv(" ", j->layer), *valid = g_utf8_make_valid(layers, -1);
    const char *texts[][2] = {{"fovea.layers", valid},
                              {"fovea.model", fv_model_name(j->model)},
                              {"fovea.model-sha256", fv_model_sha256(j->model)},
                              {"fovea.version", fv_version()}};
    fv_status st = cli_set_command(&j->args->common, image, err);
    if (!st) st = cli_set_device(j->session.session, image, err);
    for (size_t i = 0; !st && i < G_N_ELEMENTS(texts); i++)
        st = fv_image_set_text(image, texts[i][0], texts[i][1], err);
    if (!st && cli_progress_signal()) st = cli_progress_mark(&j->session.progress, image, err);
    g_free(valid);
    g_free(layers);
    return st;
}

/* One under the other; of many that are of one size, as several vectors are, a grid. */
static fv_status join(const job *j, fv_image **out, fv_error *err) {
    const fv_image *const *pictures = (const fv_image *const *)(void *)j->pictures->pdata;
    const int n = (int)j->pictures->len;
    int alike = n > STACKED_MAX;
    for (int i = 1; i < n; i++)
        alike = alike && pictures[i]->height == pictures[0]->height &&
                pictures[i]->width == pictures[0]->width;
    return alike ? fv_montage(pictures, NULL, n, NULL, out, err)
                 : fv_stack(pictures, n, 0, GAP, out, err);
}

static int save_picture(const job *j) {
    fv_image *whole = NULL;
    fv_error err = {0};
    fv_status st = j->pictures->len > 1 ? join(j, &whole, &err) : FV_OK;
    fv_image *picture = whole ? whole : j->pictures->pdata[0];
    if (!st) st = set_texts(j, picture, &err);
    if (!st) st = fv_image_save(picture, j->args->output, &err);
    if (!st && !j->args->common.quiet && !j->json) {
        char *clean = cli_clean(j->args->output);
        cli_putf("%s: %dx%d\n", clean, picture->width, picture->height);
        g_free(clean);
    }
    fv_image_free(whole);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* One layer of all inputs as [inputs][channels][height][width], of volumes with [depth] before. */
static fv_status save_layer(const job *j, int layer, const char *path, fv_error *err) {
    const fv_activations *first = made_at(j, (guint)layer)->maps;
    const int64_t n = j->made->len / (guint)j->n_layers;
    const int deep = first->kind == FV_ACTIVATION_VOLUMES;
    const int64_t flat[] = {n, first->channels, first->height, first->width};
    const int64_t volume[] = {n, first->channels, first->depth, first->height, first->width};
    const int64_t count = volume[1] * volume[2] * volume[3] * volume[4];
    fv_tensor *all = NULL;
    for (int64_t i = 0; i < n; i++) {
        const cli_activation *a = made_at(j, (guint)(i * j->n_layers + layer));
        if (a->maps->height == first->height && a->maps->width == first->width &&
            a->maps->depth == first->depth)
            continue;
        err->status = FV_SHAPE;
        g_snprintf(err->text, sizeof err->text,
                   "--npy: %s gives maps of %dx%d, %s of %dx%d; they do not go into one file",
                   made_at(j, 0)->image, first->height, first->width, a->image, a->maps->height,
                   a->maps->width);
        return FV_SHAPE;
    }
    fv_status st = fv_tensor_new(deep ? 5 : 4, deep ? volume : flat, &all, err);
    for (int64_t i = 0; !st && i < n; i++)
        memcpy(all->data + i * count, made_at(j, (guint)(i * j->n_layers + layer))->maps->data,
               (size_t)count * sizeof(float));
    if (!st) st = fv_tensor_save(all, path, err);
    fv_tensor_free(all);
    return st;
}

/* --npy FILE.npy for one layer, a folder with a file each for several. */
static int save_numbers(const job *j) {
    const char *where = j->args->npy;
    fv_error err = {0};
    fv_status st = FV_OK;
    GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; !st && i < j->n_layers; i++) {
        char *stem = cli_stem(made_at(j, (guint)i)->maps->layer);
        char *path =
            cli_has_ending(where, "npy") ? g_strdup(where) : cli_path_in(where, stem, "npy", taken);
        st = save_layer(j, i, path, &err);
        g_free(path);
        g_free(stem);
    }
    g_hash_table_unref(taken);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* Prints how many of the shown numbers are not finite. */
static void note_not_finite(const job *j, const cli_activation *a) {
    int64_t count = 0;
    for (int i = 0; i < a->count; i++) count += a->channel[i].not_finite;
    if (!count) return;
    char *image = cli_clean(a->image), *layer = cli_clean(a->maps->layer);
    char *sample = a->samples > 1 ? g_strdup_printf(" #%d", a->sample) : g_strdup("");
    cli_note(&j->args->common, "%s%s: %" G_GINT64_FORMAT " activation%s of %s %s not finite", image,
             sample, (gint64)count, count == 1 ? "" : "s", layer, count == 1 ? "is" : "are");
    g_free(sample);
    g_free(layer);
    g_free(image);
}

/* Prints one, with what is to be said of it. */
static void put(const job *j, const cli_activation *a, int table) {
    note_not_finite(j, a);
    if (j->json)
        cli_activation_json(a, j->json);
    else if (!j->args->common.quiet || !j->args->output)
        cli_activation_print(a, table);
}

/* Says which options are for maps, where every layer is drawn as bars or lines. */
static void note_unused(const job *j) {
    const activations_args *a = j->args;
    const struct {
        int given;
        const char *name;
    } words[] = {{a->columns, "columns"},
                 {a->tile_size, "tile-size"},
                 {a->palette, "palette"},
                 {a->tile_scale, "scale"}};
    for (guint i = 0; i < j->made->len; i++) {
        const fv_activation_kind kind = made_at(j, i)->maps->kind;
        if (kind != FV_ACTIVATION_VECTOR && kind != FV_ACTIVATION_SIGNALS) return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (words[i].given)
            cli_note(&a->common, "--%s is for maps, and has no effect on the bars and lines here",
                     words[i].name);
}

static int report(job *j) {
    const activations_args *a = j->args;
    note_unused(j);
    const int table = !a->output || a->top || a->channels;
    if (a->json) j->json = json_builder_new();
    int code = a->output ? save_picture(j) : CLI_DONE;
    if (!code && a->npy) code = save_numbers(j);
    if (j->json) json_builder_begin_array(j->json);
    for (guint i = 0; !code && i < j->made->len; i++) put(j, made_at(j, i), table);
    if (!j->json) return code;
    json_builder_end_array(j->json);
    if (code)
        g_object_unref(j->json);
    else
        cli_json_print(j->json);
    return code;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int check_words(const activations_args *a) {
    int code = cli_path_check(&a->common, "output", a->output, CLI_PICTURES);
    if (!code && a->overlay && a->palette == FV_PALETTE_GREY)
        code =
            cli_usage(a->common.command, "--overlay: grey cannot be told from the photo; allowed: "
                                         "--palette diverging and sequential");
    return code ? code : cli_npy_check(&a->common, a->npy);
}

/* All files, those before Ctrl-C. */
static int run_inputs(job *j) {
    const cli_args *a = &j->args->common;
    const int first = 2, total = a->n_operands - first;
    int code = CLI_DONE;
    cli_progress_start(&j->session.progress, a, "files", FV_MONITOR_CANCEL);
    for (int i = 0; !code && i < total; i++) {
        if (cli_progress_next(&j->session.progress, a->operands[first + i], i, total)) break;
        code = run_input(j, a->operands[first + i]);
    }
    cli_progress_stop(&j->session.progress);
    if (!code && cli_progress_signal() && !j->made->len)
        cli_progress_die(&j->session.progress, "nothing is shown");
    return code ? code : j->made->len ? CLI_DONE : CLI_FAILED;
}

static int run_model(job *j) {
    const activations_args *a = j->args;
    int code = split_layers(j, a->common.operands[1]);
    if (!code && a->npy && cli_has_ending(a->npy, "npy") && j->n_layers > 1)
        code = cli_usage(a->common.command, "--npy: %d layers need a folder, '%s' is a file's name",
                         j->n_layers, a->npy);
    if (!code) code = cli_npy_make_folder(a->npy);
    if (!code)
        code = cli_list_parse(&a->common, "channels", a->channels, &j->channels, &j->n_channels);
    if (!code) code = cli_session_open(&a->common, j->model, &a->model, &j->session);
    if (!code) code = run_inputs(j);
    if (!code) code = report(j);
    if (!code && cli_progress_signal())
        cli_progress_die(&j->session.progress,
                         "what is shown is of these files; run again for all");
    return code ? code : j->bad ? CLI_FAILED : CLI_DONE;
}

static void free_activation(void *data) {
    cli_activation *a = data;
    fv_activations_free(a->maps);
    g_free(a->channel);
}

static void free_image(void *data) { fv_image_free(data); }

static int run(const cli_args *common) {
    const activations_args *args = (const activations_args *)common;
    fv_model *model = NULL;
    int code = check_words(args);
    if (!code) code = cli_model_load(&args->common, &args->model, &model);
    if (code) return code;
    cli_model_note(&args->common, model);
    job j = {.args = args,
             .model = model,
             .made = g_array_new(FALSE, FALSE, sizeof(cli_activation)),
             .pictures = g_ptr_array_new_with_free_func(free_image)};
    g_array_set_clear_func(j.made, free_activation);
    code = run_model(&j);
    g_ptr_array_free(j.pictures, TRUE);
    g_array_free(j.made, TRUE);
    g_free(j.channels);
    g_strfreev(j.layer);
    cli_session_close(&j.session);
    fv_model_free(model);
    return code;
}

static const char *palette_name(int n) { return fv_palette_name((fv_palette)n); }

/* clang-format off */
static const cli_option options[] = {
    {"output", 'o', CLI_OUTPUT, offsetof(activations_args, output), 0, 0, "OUT.png", "none: only numbers",
     "the picture to write: .png, .jpg, .jpeg, .webp, .tif or .tiff"},
    {"channels", 'c', CLI_TEXT, offsetof(activations_args, channels), 0, 0, "0-15,40", "all",
     "which channels, counted from 0, in this order"},
    {"top", 'k', CLI_INT, offsetof(activations_args, top), 1, 1000000, "K", "all, in order",
     "only the K strongest channels, strongest first"},
    {"by", 0, CLI_CHOICE, offsetof(activations_args, by), 0, 0, "max|mean", "max",
     "how channels are ranked: by their largest value or by their mean", .with = "top"},
    {"overlay", 0, CLI_FLAG, offsetof(activations_args, overlay), 0, 0, NULL, NULL,
     "blend every tile with the network's input picture, which is the first tile", .with = "output"},
    {"scale", 0, CLI_CHOICE, offsetof(activations_args, tile_scale), 0, 0, "all|tile", "all",
     "one scale of colours for all tiles of a layer, or one for each tile", .with = "output"},
    {"palette", 0, CLI_CHOICE, offsetof(activations_args, palette), 0, 0, NULL,
     "diverging where a value is below 0, else grey; sequential over a photo",
     "grey: low is black, high white; diverging: below 0 blue, above red; sequential: dark blue to yellow",
     .with = "output", .choice = palette_name, .former = "signed=diverging|heat=sequential"},
    {"npy", 0, CLI_OUTPUT, offsetof(activations_args, npy), 0, 0, "FILE.npy|DIR", "none",
     "write all channels as numbers, [inputs][channels][height][width]; of several layers one file each, into DIR"},
    {"tile-size", 0, CLI_INT, offsetof(activations_args, tile_size), 1, 8192, "N",
     "up to 224, smaller where they are many", "side of a tile, in pixels",
     .with = "output"},
    {"columns", 0, CLI_INT, offsetof(activations_args, columns), 1, 4096, "N", "near-square",
     "tiles in a row", .with = "output"},
    {"title", 0, CLI_TEXT, offsetof(activations_args, title), 0, 0, "TEXT", "the layer and its size",
     "above the tiles; '' for none", .with = "output"},
    CLI_OPTION_JSON(activations_args),
    CLI_OPTION_SIZE(activations_args),
    CLI_OPTION_SHAPE(activations_args),
    CLI_OPTION_ON_NAN(activations_args),
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea activations efficientnet-lite0 stem/conv photo.jpg -o first.png",
     "All channels of the first layer"},
    {"fovea activations efficientnet-lite0 block_5/expand/relu6 photo.jpg --top 9 --overlay "
     "-o strongest.png",
     "The nine strongest channels of a deeper layer, over the photo"},
    {"fovea activations efficientnet-lite0 stem/relu6,block_5/expand/relu6 photo.jpg other.png "
     "--top 4 --columns 4 -o both.png",
     "Two layers on two photos"},
    {"fovea activations efficientnet-lite0 head/conv photo.jpg --channels 0-3 --json",
     "Numbers for a program, without a picture"},
    {0},
};

const cli_command cli_command_activations = {
    .name = "activations",
    .operands = "MODEL LAYER IMAGE...",
    .min_operands = 3,
    .max_operands = G_MAXINT,
    .summary = "Show a layer's activations on a photo",
    .details =
        "Every channel of the layer is a tile. LAYER may be several layers with commas between. "
        "IMAGE is a photo, whose centre is the network's input (as for `classify`), or an NPY "
        "file with the raw input, samples along dimension 0; vectors and signals are given so.\n\n"
        "All tiles of a layer are on one scale, whose ends are printed and drawn as a bar, so that "
        "strong and weak channels can be told apart; --scale tile stretches every tile to its own "
        "ends. (So --scale is not the model's multiplier here; --std says the same.) Layers that "
        "keep channels last are shown alike. A transformer's tokens are shown as the rows and "
        "columns of patches that the graph makes them of, without class tokens and registers; "
        "attention's heads and weights are no maps. Layers that give one number a channel are "
        "drawn as bars, signals as lines, volumes slice by slice.\n\n"
        "A file that cannot be read is named and the exit code is 1; the others are still shown, "
        "except with --json, which prints all or nothing.\n\n"
        "For each layer and photo its size and the scale are printed; with --top or --channels, "
        "or without -o, also a row a channel: largest value, mean, smallest value, and where the "
        "largest is: row and column in the map, and in the pixels of the photo.\n\n"
        "JSON: an array of `{\"image\", \"sample\", \"layer\", \"kind\", \"shape\", \"scale\", "
        "\"channels\": [{\"channel\", \"max\", \"mean\", \"min\", \"at\", \"not_finite\", "
        "\"photo\"}]}`; `kind` is maps, tokens, signals, volumes or vector; `scale` is null "
        "without a "
        "picture of maps, its ends are null where every tile has its own; `photo` is missing where "
        "there are no positions; a "
        "channel of which no number is finite has null for its values, and comes last among the "
        "strongest.",
    .size = sizeof(activations_args),
    .options = options,
    .model = offsetof(activations_args, model),
    .examples = examples,
    .run = run,
};
