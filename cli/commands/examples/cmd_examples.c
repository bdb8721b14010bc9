/* SPDX-License-Identifier: Apache-2.0 */
/* fovea examples: the photos of a folder that excite units most and least. Here the command line
 * becomes a scan; examples_draw.c and examples_report.c show what it found.
 */
#include <glib.h>
#include <string.h>

#include "commands.h"
#include "examples.h"
#include "models.h"
#include "objectives.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "sessions.h"

/* ---- scores --------------------------------------------------------------------------------- */

/* The network input of --picture.  returns  an exit code */
static int load_picture(const cli_shown *s, fv_tensor **out) {
    fv_image *image = NULL;
    fv_error err = {0};
    fv_status st = cli_image_load(s->args->picture, 0, &image, &err);
    if (!st) st = fv_input_from_image(s->model, image, out, &err);
    fv_image_free(image);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

static int measure(const cli_shown *s, int unit, const fv_tensor *input) {
    fv_error err = {0};
    if (fv_examples_measure(s->examples, unit, s->by, 0, input, &s->score[unit], &err))
        return cli_fail_error(&err);
    return CLI_DONE;
}

/* Makes the picture of every unit by the default recipe, and measures it. */
static int score_rendered(const cli_shown *s) {
    const int n = fv_examples_unit_count(s->examples);
    char **names = g_new0(char *, n + 1);
    fv_objective **list = NULL;
    fv_rendering **made = g_new0(fv_rendering *, n);
    fv_error err = {0};
    for (int u = 0; u < n; u++) names[u] = g_strdup(fv_examples_unit(s->examples, u));
    int code = cli_objectives_parse(s->model, names, n, &list);
    const fv_objective *const *units = (const fv_objective *const *)list;
    g_strfreev(names);
    if (code) goto done;
    cli_progress_start(&s->session->progress, &s->args->common, "steps", FV_MONITOR_CANCEL);
    char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, s->args->seed);
    fv_recipe *recipe = NULL;
    fv_status st = fv_recipe_new(s->model, NULL, units, n, &recipe, &err);
    if (!st) st = fv_recipe_set(recipe, "seed", seed, &err);
    const fv_render_desc desc = {.struct_size = sizeof desc,
                                 .others = s->session->others,
                                 .other_count = s->session->other_count};
    if (!st) st = fv_render_many(s->session->session, units, n, recipe, &desc, made, &err);
    fv_recipe_free(recipe);
    g_free(seed);
    cli_progress_stop(&s->session->progress);
    if (st && cli_progress_signal()) cli_progress_die(&s->session->progress, "there are no scores");
    code = st ? cli_fail_error(&err) : CLI_DONE;
    for (int u = 0; u < n && !code; u++) code = measure(s, u, made[u]->input);
    for (int u = 0; u < n; u++) fv_rendering_free(made[u]);
done:
    g_free(made);
    cli_objectives_free(list, n);
    return code;
}

static int score(cli_shown *s) {
    const int n = fv_examples_unit_count(s->examples);
    s->score = g_new0(double, n);
    if (!s->args->picture) return score_rendered(s);
    fv_tensor *input = NULL;
    int code = load_picture(s, &input);
    for (int u = 0; u < n && !code; u++) code = measure(s, u, input);
    fv_tensor_free(input);
    return code;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int check_words(const cli_examples_args *a) {
    const int shown = a->output || a->each || a->histogram || a->json || !(a->npy || a->scores);
    if (a->index.folder && !*a->index.folder)
        return cli_usage(a->common.command, "--index: '' is no folder's name");
    if (a->each && !*a->each) return cli_usage(a->common.command, "--each: '' is no folder's name");
    if (!shown && (a->top || a->bottom))
        return cli_usage(a->common.command,
                         "--%s says how many photos are shown, and --%s alone shows none",
                         a->top ? "top" : "bottom", a->npy ? "npy" : "scores");
    return CLI_DONE;
}

static int check_files(const cli_examples_args *a) {
    int code = cli_path_check(&a->common, "output", a->output, CLI_PICTURES);
    if (!code) code = cli_path_check(&a->common, "histogram", a->histogram, CLI_PICTURES);
    if (!code) code = cli_path_check(&a->common, "npy", a->npy, "npy");
    if (!code && a->each) code = cli_folder_make(a->each);
    return code;
}

/* Limits the number of units for output that has a picture of each; LAYER counts as all its units.
 */
static int check_units(const cli_examples_args *a, const fv_model *model, const cli_objectives *o) {
    const int in_one = a->output || a->histogram;
    int units = 0;
    fv_error err = {0};
    if (!in_one && (!a->scores || a->picture)) return CLI_DONE;
    if (fv_examples_count_units(model, (const fv_objective *const *)o->list, o->count, &units,
                                &err))
        return cli_fail_error(&err);
    if (units <= CLI_SHEETS_MAX) return CLI_DONE;
    if (in_one)
        return cli_usage(a->common.command,
                         "%d units do not fit into one picture, which has room for %d; --each DIR "
                         "writes a file for each, --json and --npy all numbers",
                         units, CLI_SHEETS_MAX);
    return cli_usage(a->common.command,
                     "--scores makes a picture of every unit, here %d; that is done for up to %d, "
                     "or give a --picture",
                     units, CLI_SHEETS_MAX);
}

static int show(cli_shown *s) {
    const cli_examples_args *a = s->args;
    int code = s->scores ? score(s) : CLI_DONE;
    if (!code) code = cli_examples_save(s);
    if (!code && a->json) return cli_examples_json(s);
    if (!code && s->scores) return cli_examples_score_table(s);
    if (!code && !a->output && !a->each && !a->histogram && !a->npy) return cli_examples_table(s);
    return code;
}

static int run_model(const cli_examples_args *a, const fv_model *model) {
    cli_objectives units = {0};
    cli_session session = {0};
    const char *folder = a->common.operands[a->common.n_operands - 1];
    cli_shown s = {.args = a,
                   .model = model,
                   .session = &session,
                   .by = a->by ? (fv_score)a->by : FV_SCORE_MAX,
                   .top = a->top ? a->top : CLI_TOP,
                   .bottom = a->bottom};
    int code = cli_objectives_expand(&a->common, model, a->common.operands + 1,
                                     a->common.n_operands - 2, NULL, &units);
    if (!code) code = cli_objectives_read(model, &units);
    if (!code) code = check_units(a, model, &units);
    if (!code) code = cli_session_open(&a->common, model, &a->model, &session);
    if (!code)
        code = cli_examples_scan(&a->common, &a->index, &session, &units, folder, &s.examples,
                                 &s.seconds);
    if (!code && !a->common.quiet && !a->json) {
        const int measured = fv_examples_measured(s.examples);
        cli_note(
            &a->common, "%d photos measured in %.1f s, %d known from before", measured, s.seconds,
            fv_examples_photo_count(s.examples) + fv_examples_skipped_count(s.examples) - measured);
    }
    const int interrupted = !code && cli_progress_signal() != 0;
    s.scores = a->scores && !interrupted;
    if (!code) code = show(&s);
    if (!code && interrupted)
        cli_examples_die(&a->index, &session.progress, "only the photos measured so far are shown");
    fv_examples_free(s.examples);
    cli_session_close(&session);
    g_free(s.score);
    cli_objectives_clear(&units);
    return code;
}

static int run(const cli_args *common) {
    const cli_examples_args *args = (const cli_examples_args *)common;
    fv_model *model = NULL;
    int code = check_words(args);
    if (!code) code = check_files(args);
    if (!code) code = cli_model_load(&args->common, &args->model, &model);
    if (code) return code;
    cli_model_note(&args->common, model);
    code = run_model(args, model);
    fv_model_free(model);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    {"output", 'o', CLI_OUTPUT, offsetof(cli_examples_args, output), 0, 0, "OUT.png", "none",
     "the picture to write: a row of photos for each unit; at most 64 units"},
    {"top", 'k', CLI_INT, offsetof(cli_examples_args, top), 1, 4096, "K", "9",
     "photos with the highest values"},
    {"bottom", 0, CLI_INT, offsetof(cli_examples_args, bottom), 1, 4096, "K", "none",
     "photos with the lowest values"},
    {"by", 0, CLI_CHOICE, offsetof(cli_examples_args, by), 0, 0, "max|mean", "max",
     "how a map becomes one value: by its strongest position or by the mean of all"},
    {"crop", 0, CLI_FLAG, offsetof(cli_examples_args, crop), 0, 0, NULL, NULL,
     "show only the receptive field of the strongest position (the default where it is smaller than the photo)",
     .with = "output|each", .without = "whole"},
    {"whole", 0, CLI_FLAG, offsetof(cli_examples_args, whole), 0, 0, NULL, NULL,
     "show the whole photo with a frame around the receptive field", .with = "output|each"},
    {"each", 0, CLI_OUTPUT, offsetof(cli_examples_args, each), 0, 0, "DIR", "none",
     "write a picture for every unit into this folder, as head_conv_7.png"},
    {"format", 0, CLI_CHOICE, offsetof(cli_examples_args, format), 0, 0, "png|jpg|webp", "png",
     "what --each writes", .with = "each"},
    {"histogram", 0, CLI_OUTPUT, offsetof(cli_examples_args, histogram), 0, 0, "OUT.png", "none",
     "draw a histogram of the values of all photos, with the highest marked"},
    {"npy", 0, CLI_OUTPUT, offsetof(cli_examples_args, npy), 0, 0, "FILE.npy", "none",
     "write all values: [photos][units]; --json has the photos' names in that order"},
    {"scores", 0, CLI_FLAG, offsetof(cli_examples_args, scores), 0, 0, NULL, NULL,
     "compare the value of an optimised picture with the photos' highest value and 99.9th percentile"},
    {"picture", 0, CLI_TEXT, offsetof(cli_examples_args, picture), 0, 0, "IMAGE", "made by the default recipe",
     "the picture that --scores measures", .with = "scores"},
    {"index", 0, CLI_TEXT, offsetof(cli_examples_args, index.folder), 0, 0, "DIR", "examples in fovea's cache",
     "folder in which measurements are kept for later calls", .without = "no-index"},
    {"no-index", 0, CLI_FLAG, offsetof(cli_examples_args, index.none), 0, 0, NULL, NULL,
     "neither keep measurements nor use those that were kept"},
    CLI_OPTION_JSON(cli_examples_args),
    CLI_OPTION_SIZE(cli_examples_args),
    CLI_OPTION_ON_NAN(cli_examples_args),
    {"seed", 0, CLI_SEED, offsetof(cli_examples_args, seed), 0, 0, "N", "0",
     "seed of the pictures that --scores makes", .with = "scores", .without = "picture"},
    {"tile-size", 0, CLI_INT, offsetof(cli_examples_args, tile_size), 8, 8192, "N", "160",
     "side of a photo in the picture, in pixels", .with = "output|each"},
    {"columns", 0, CLI_INT, offsetof(cli_examples_args, columns), 1, 4096, "N", "as many as there are photos",
     "photos in a row", .with = "output|each"},
    {"title", 0, CLI_TEXT, offsetof(cli_examples_args, title), 0, 0, "TEXT", "none", "above all",
     .with = "output|histogram"},
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea examples efficientnet-lite0 block_5/expand/conv:3 photos -o three.png",
     "The nine photos that excite a channel most, cropped to its receptive field"},
    {"fovea examples efficientnet-lite0 block_5/expand/conv:0-3 photos --top 5 --bottom 5 --whole "
     "-o four.png --histogram values.png",
     "The highest and lowest photos of four channels, whole, and a histogram of all values"},
    {"fovea examples efficientnet-lite0 head/conv photos --json > head.json",
     "All channels of a layer in one pass, for a program"},
    {"fovea examples efficientnet-lite0 class:hen photos --scores",
     "Does the picture made for a class exceed every photo?"},
    {0},
};

const cli_command cli_command_examples = {
    .name = "examples",
    .operands = "MODEL OBJECTIVE... DIR",
    .min_operands = 3,
    .max_operands = G_MAXINT,
    .summary = "Find the photos that excite units of a network",
    .details =
        "OBJECTIVE is what `fovea visualize` takes: `LAYER:C`, `LAYER:0-15`, `LAYER:all`, "
        "`LAYER:C@y,x`, "
        "`class:NAME`, `prob:NAME`, or an expression; but `LAYER` stands for all its units, each "
        "by "
        "itself. All are measured in one pass over the pictures in DIR and the folders in it, "
        "which "
        "are preprocessed as `fovea classify` does. Hidden files are left out; links are followed, "
        "each folder is entered once.\n\n"
        "A unit with a map is ranked by its strongest position: a thing counts once, wherever it "
        "is "
        "and however small, and that position says where to look. The lowest photos are then those "
        "with the weakest position. With --by mean the whole map counts, as in `fovea visualize`. "
        "Ties go to the first path.\n\n"
        "A photo is cropped to the part of that position's receptive field that lies in the input; "
        "if "
        "that is all of it, the whole photo is shown, with a frame around the centre of the "
        "receptive "
        "field. The value and the file name are printed below.\n\n"
        "Measurements are kept in an index, one file for each layer or expression: later calls "
        "read "
        "it and measure only new and changed photos, and an interrupted pass continues where it "
        "stopped. The index takes 20 bytes for each photo and unit. "
        "Files that cannot be read, and pictures that fovea made, are named on stderr, counted and "
        "left out; the exit code stays "
        "0.\n\n"
        "With none of -o, --each, --histogram, --npy and --json a table is printed: value, photo, "
        "position (y,x) in the map, and its receptive field in the photo as "
        "WIDTHxHEIGHT+LEFT+TOP.\n\n"
        "JSON: `{\"model\", \"sha256\", \"by\", \"photos\": [...], \"unreadable\": [...], "
        "\"units\": [{\"unit\", \"label\", \"minimum\", \"median\", \"mean\", "
        "\"percentile_99_9\", \"maximum\", \"top\": [{\"photo\", \"value\", \"position\": [y, x], "
        "\"receptive_field\": [top, left, height, width], \"center\": [...]}], \"bottom\": "
        "[...]}]}`; with "
        "--scores also `\"picture\"` and `\"photos_above\"`.",
    .size = sizeof(cli_examples_args),
    .options = options,
    .model = offsetof(cli_examples_args, model),
    .examples = examples,
    .run = run,
};
