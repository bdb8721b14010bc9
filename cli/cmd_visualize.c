/* SPDX-License-Identifier: Apache-2.0 */
/* fovea visualize: pictures that excite units of a network, one bare or many as a montage. */
#include <glib.h>

#include "models.h"
#include "objectives.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "report.h"

#define LARGEST_DEFAULT_TILE 224

/* The pictures, and what becomes of them. */
typedef struct job {
    const cli_args *args;
    const fv_model *model;
    cli_objectives units;
    fv_render_desc desc; /* resolved */
    fv_image **pictures; /* [units.count] */
    fv_image *result;    /* what is saved */
    double seconds;
} job;

static fv_render_desc desc_of(const cli_args *args, const fv_model *model) {
    const fv_render_desc asked = {
        .size = args->size,
        .steps = args->steps,
        .seed = args->seed,
        .jitter = args->jitter == 0  ? -1
                  : args->jitter > 0 ? args->jitter
                                     : 0,
        .batch = args->batch,
        .threads = args->threads,
    };
    return fv_render_desc_resolve(model, &asked);
}

/* Makes the pictures; Ctrl-C ends the program from here, with nothing written. */
static int render(job *j) {
    cli_progress progress;
    fv_error err = {0};
    fv_render_desc desc = j->desc;
    desc.progress = cli_progress_step;
    desc.user = &progress;
    cli_progress_start(&progress, j->args);
    fv_status st = fv_render_many(j->model, (const char *const *)j->units.text, j->units.count,
                                  &desc, j->pictures, &err);
    j->seconds = cli_progress_stop(&progress);
    if (cli_progress_signal()) cli_progress_die(&progress, j->args->output);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* The texts of all pictures under one key, separated by blanks; caller frees. */
static char *all_texts(const job *j, const char *key) {
    GString *text = g_string_new(NULL);
    for (int i = 0; i < j->units.count; i++) {
        const char *one = fv_image_text(j->pictures[i], key);
        g_string_append_printf(text, "%s%s", i ? " " : "", one ? one : "?");
    }
    return g_string_free(text, FALSE);
}

/* Sets texts of the montage: what the first picture's say of all of them, and the montage's own. */
static fv_status describe_montage(const job *j, const fv_montage_desc *d, fv_error *err) {
    static const char *const keys[] = {"fovea.objective", "fovea.reached"};
    fv_status st = FV_OK;
    for (size_t k = 0; k < G_N_ELEMENTS(keys) && !st; k++) {
        char *text = all_texts(j, keys[k]);
        st = fv_image_set_text(j->result, keys[k], text, err);
        g_free(text);
    }
    if (st) return st;
    char columns[16] = "near-square";
    if (d->columns) g_snprintf(columns, sizeof columns, "%d", d->columns);
    char *text = g_strdup_printf("tile-size=%d columns=%s title=%s", d->tile, columns,
                                 d->title ? d->title : "");
    st = fv_image_set_text(j->result, "fovea.montage", text, err);
    g_free(text);
    return st;
}

/* One picture stays bare unless something of a montage was asked for. */
static int wants_montage(const job *j) {
    const cli_args *a = j->args;
    return j->units.count > 1 || a->tile_size || a->columns || a->title;
}

static fv_status lay_out(job *j, fv_error *err) {
    const cli_args *a = j->args;
    if (!wants_montage(j)) {
        j->result = j->pictures[0];
        j->pictures[0] = NULL;
        return FV_OK;
    }
    const char *title = a->title ? a->title : j->units.title;
    const fv_montage_desc d = {
        .columns = a->columns,
        .tile = a->tile_size ? a->tile_size : MIN(j->desc.size, LARGEST_DEFAULT_TILE),
        .title = *title ? title : NULL,
    };
    fv_status st =
        fv_montage((const fv_image *const *)j->pictures, (const char *const *)j->units.label,
                   j->units.count, &d, &j->result, err);
    return st ? st : describe_montage(j, &d, err);
}

/* Says what was written, and what each unit reached. */
static void summarise(const job *j) {
    if (j->args->quiet) return;
    const char *reached = fv_image_text(j->result, "fovea.reached");
    char *path = cli_clean(j->args->output);
    cli_putf("%s: %dx%d, %d picture%s of %dx%d, %d step%s, %.1f s\n", path, j->result->width,
             j->result->height, j->units.count, j->units.count == 1 ? "" : "s", j->desc.size,
             j->desc.size, j->desc.steps, j->desc.steps == 1 ? "" : "s", j->seconds);
    g_free(path);
    char **values = g_strsplit(reached ? reached : "", " ", -1);
    for (int i = 0; i < j->units.count && values[i]; i++)
        cli_putf("  %s reached %.4g\n", j->units.text[i], g_ascii_strtod(values[i], NULL));
    g_strfreev(values);
}

static int save(job *j) {
    fv_error err = {0};
    char *command = cli_command_line(j->args), *valid = g_utf8_make_valid(command, -1);
    fv_status st = lay_out(j, &err);
    if (!st) st = fv_image_set_text(j->result, "fovea.command", valid, &err);
    if (!st) st = fv_image_save(j->result, j->args->output, &err);
    g_free(valid);
    g_free(command);
    if (st) return cli_fail_error(&err);
    summarise(j);
    return CLI_DONE;
}

static int run(const cli_args *args) {
    job j = {.args = args};
    fv_model *model = NULL;
    int code = cli_output_check(args, 1);
    if (!code) code = cli_model_load(args, 0, &model);
    if (code) return code;
    j.model = model;
    cli_model_note(args, model);
    code = cli_objectives_expand(args, model, args->operands + 1, args->n_operands - 1, &j.units);
    j.pictures = g_new0(fv_image *, (gsize)j.units.count + 1);
    if (!code) {
        j.desc = desc_of(args, model);
        code = render(&j);
    }
    if (!code) code = save(&j);
    for (int i = 0; i < j.units.count; i++) fv_image_free(j.pictures[i]);
    g_free(j.pictures);
    fv_image_free(j.result);
    cli_objectives_clear(&j.units);
    fv_model_free(model);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    CLI_OPTION_OUTPUT("OUT.png", "the picture to write: .png, .jpg, .jpeg, .webp, .tif or .tiff"),
    {"size",  's', CLI_INT,  offsetof(cli_args, size),  1, 8192, "N", "the model's own",
     "height and width of each picture while it is made"},
    {"steps", 0,   CLI_INT,  offsetof(cli_args, steps), 1, 1000000, "N", "256",
     "updates of each picture"},
    {"seed",  0,   CLI_SEED, offsetof(cli_args, seed),  0, 0, "N", "0",
     "of every random choice: the same command makes the same picture"},
    {"jitter", 0,  CLI_INT,  offsetof(cli_args, jitter), 0, 8192, "N", "8",
     "largest random shift before each update, in pixels"},
    {"batch", 'b', CLI_INT,  offsetof(cli_args, batch), 1, 1024, "N", "8",
     "pictures made at a time; changes the speed, never the pictures"},
    {"tile-size", 0, CLI_INT, offsetof(cli_args, tile_size), 1, 8192, "N", "--size, at most 224",
     "side of a tile of the montage, in pixels"},
    {"columns", 0, CLI_INT,  offsetof(cli_args, columns), 1, 4096, "N", "near-square",
     "tiles in a row of the montage"},
    {"title", 0,   CLI_TEXT, offsetof(cli_args, title), 0, 0, "TEXT", "Layer NAME Features",
     "above the montage; '' for none"},
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea visualize efficientnet-lite0 block_5/expand/conv:0-15 -o features.png",
     "What excites the first 16 channels of a layer"},
    {"fovea visualize efficientnet-lite0 logits:hen --steps 512 -o hen.png",
     "What looks like a hen to the network"},
    {"fovea visualize efficientnet-lite0 stem/conv:3,7,9 head/conv:0 --tile-size 128 --columns 4 "
     "--title 'First and last' -o both.png",
     "Channels of two layers beside each other"},
    {0},
};

const cli_command cli_command_visualize = {
    .name = "visualize",
    .operands = "MODEL OBJECTIVE...",
    .min_operands = 2,
    .max_operands = G_MAXINT,
    .summary = "Draw what excites units of a network",
    .details =
        "OBJECTIVE is `LAYER:C`, one channel; `LAYER:0-15`, `LAYER:3,7,9` or both mixed, one "
        "picture a channel; `LAYER:C@y,x`, one neuron; `LAYER`, the whole layer (the mean of "
        "its squares, as DeepDream); where a layer has one channel a class, `LAYER:NAME` is "
        "the class of that name. Several objectives are tiled into a montage with a title "
        "and labels; a single one is written bare, at its full size, unless --tile-size, "
        "--columns or --title is given.\n\n"
        "Each picture starts as noise at all scales; each step shifts it by a small random "
        "jitter and adds the gradient of its objective, scaled so that its largest "
        "coefficient is 1/8 (the recipe of Wolfram's example).\n\n"
        "The picture's metadata has the command (`fovea.command`), the options it resolved "
        "to, the seed, the SHA-256 of the model's file and the version, so that it can be "
        "made again. Progress is drawn where stderr is a terminal. When done, one line says "
        "what was written, and one for each objective what value it reached.",
    .options = options,
    .loads_model = 1,
    .examples = examples,
    .run = run,
};
