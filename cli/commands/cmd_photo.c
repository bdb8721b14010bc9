/* SPDX-License-Identifier: Apache-2.0 */
/* fovea invert, caricature, accentuate: pictures made from a photo and a network's activations for
 * it. Each command is feature visualisation (fv_render_many) with an objective that compares with
 * the photo; they differ in the objective, the recipe, and the report (photo_output.c).
 */
#include <glib.h>
#include <string.h>

#include "commands.h"
#include "models.h"
#include "objectives.h"
#include "options.h"
#include "output.h"
#include "photo.h"
#include "report.h"

typedef cli_photo_job job;

/* ---- objectives ----------------------------------------------------------------------------- */

/* Fills j->word: the layers as typed, or for accentuate the objectives that its operands expand to.
 */
static int read_words(job *j) {
    const cli_photo_args *a = j->args;
    cli_objectives list = {0};
    if (!j->accentuates) {
        j->word = g_strdupv(a->common.operands + 2);
        j->count = a->common.n_operands - 2;
        return CLI_DONE;
    }
    int code = cli_objectives_expand(&a->common, j->model, a->common.operands + 2,
                                     a->common.n_operands - 2, NULL, &list);
    if (!code) {
        j->word = g_strdupv(list.text);
        j->count = list.count;
    }
    cli_objectives_clear(&list);
    return code;
}

static fv_status make_objective(job *j, int i, fv_error *err) {
    const cli_photo_args *a = j->args;
    const fv_attachment photo = {.name = a->common.operands[1], .image = j->photo};
    const char *term = strcmp(j->name, "invert") ? "caricature" : "match";
    if (!j->accentuates)
        return fv_photo_objective(j->model, term, j->word[i], &photo, a->power, &j->objective[i],
                                  err);
    fv_status st = fv_objective_new(j->model, j->word[i], NULL, 0, &j->wanted[i], err);
    if (st) return st;
    return fv_accentuation_objective(j->session.session, j->wanted[i], &photo, a->near,
                                     a->strength < 0 ? 1 : a->strength, &j->objective[i], err);
}

static int make_objectives(job *j) {
    fv_error err = {0};
    fv_status st = FV_OK;
    j->wanted = g_new0(fv_objective *, (gsize)j->count + 1);
    j->objective = g_new0(fv_objective *, (gsize)j->count + 1);
    for (int i = 0; !st && i < j->count; i++) {
        st = make_objective(j, i, &err);
        if (!st && *fv_objective_note(j->objective[i]))
            cli_note(&j->args->common, "%s", fv_objective_note(j->objective[i]));
    }
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* ---- making --------------------------------------------------------------------------------- */

static int load_photo(job *j) {
    fv_error err = {0};
    fv_status st = cli_image_load(j->args->common.operands[1], 0, &j->photo, &err);
    if (!st) st = fv_input_picture(j->model, j->photo, &j->seen, &err);
    if (!st) st = fv_input_from_image(j->model, j->photo, &j->input, &err);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

static int render(job *j) {
    cli_progress *progress = &j->session.progress;
    fv_error err = {0};
    const fv_objective *const *units = (const fv_objective *const *)j->objective;
    fv_recipe *recipe = j->recipe.recipe;
    if (j->accentuates && cli_recipe_start_from(recipe, j->seen, &err)) return cli_fail_error(&err);
    cli_progress_start(progress, &j->args->common, "steps", FV_MONITOR_CANCEL);
    j->made = g_new0(fv_rendering *, (gsize)j->count);
    fv_status st =
        fv_render_many(j->session.session, units, j->count, recipe,
                       FV_DESC(fv_render_desc, .batch = j->args->recipe.batch,
                               .others = j->session.others, .other_count = j->session.other_count),
                       j->made, &err);
    j->seconds = cli_progress_stop(progress);
    if (cli_progress_signal()) {
        const char *where = j->args->output ? j->args->output : j->args->npy;
        char *what = where ? g_strdup_printf("%s is not written", where) : g_strdup("stopped");
        cli_progress_die(progress, what);
    }
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* ---- the commands --------------------------------------------------------------------------- */

static int run_model(job *j) {
    const cli_photo_args *a = j->args;
    cli_recipe_args with_default = a->recipe; /* the command's own recipe where none is named */
    char *recipe = g_strdup(a->recipe.name ? a->recipe.name : j->name);
    with_default.name = recipe;
    int code = cli_recipe_make(&a->common, &with_default, j->model, NULL, 0, &j->recipe);
    g_free(recipe);
    if (!code && a->recipe.show) return cli_recipe_show(&a->recipe, j->recipe.recipe, NULL);
    cli_model_note(&a->common, j->model);
    if (!code) code = load_photo(j);
    if (!code) code = read_words(j);
    if (!code && a->alone && j->count != 1)
        code =
            cli_usage(a->common.command, "--alone: there are %d results; one is wanted", j->count);
    if (!code) code = cli_session_open_for_pictures(&a->common, j->model, &a->model, &j->session);
    if (!code) code = make_objectives(j);
    if (!code) code = cli_npy_make_folder(a->npy);
    if (!code) code = render(j);
    return code ? code : cli_photo_save(j);
}

static int run(const cli_args *common, const char *recipe) {
    const cli_photo_args *args = (const cli_photo_args *)common;
    fv_model *model = NULL;
    job j = {.args = args, .name = recipe, .accentuates = !strcmp(recipe, "accentuate")};
    int code = CLI_DONE;
    if (!args->output && !args->npy && !args->json && !args->recipe.show)
        code = cli_usage(args->common.command,
                         "%s needs --output OUT.png, --npy FILE.npy or --json", recipe);
    if (!code) code = cli_path_check(&args->common, "output", args->output, CLI_PICTURES);
    if (!code) code = cli_npy_check(&args->common, args->npy);
    if (!code && args->common.n_operands < 3 && !args->recipe.show)
        code =
            cli_usage(args->common.command, "%s needs %s", recipe, args->common.command->operands);
    if (!code) code = cli_model_load(&args->common, &args->model, &model);
    if (code) return code;
    j.model = model;
    code = run_model(&j);
    for (int i = 0; j.made && i < j.count; i++) fv_rendering_free(j.made[i]);
    g_free(j.made);
    g_strfreev(j.word);
    cli_objectives_free(j.wanted, j.count);
    cli_objectives_free(j.objective, j.count);
    g_strfreev(j.label);
    cli_recipe_clear(&j.recipe);
    cli_session_close(&j.session);
    fv_tensor_free(j.input);
    fv_image_free(j.seen);
    fv_image_free(j.photo);
    fv_model_free(model);
    return code;
}

static int run_invert(const cli_args *args) { return run(args, "invert"); }
static int run_caricature(const cli_args *args) { return run(args, "caricature"); }
static int run_accentuate(const cli_args *args) { return run(args, "accentuate"); }

/* clang-format off */
#define PICTURE_OPTIONS(RECIPE) \
    {"output", 'o', CLI_OUTPUT, offsetof(cli_photo_args, output), 0, 0, "OUT.png", "none", \
     "the picture to write: .png, .jpg, .jpeg, .webp, .tif or .tiff"}, \
    {"alone", 0, CLI_FLAG, offsetof(cli_photo_args, alone), 0, 0, NULL, NULL, \
     "write the single result at its full size, without the photo", .with = "output", \
     .without = "tile-size|columns|title"}, \
    {"npy", 0, CLI_OUTPUT, offsetof(cli_photo_args, npy), 0, 0, "FILE.npy|DIR", "none", \
     "write the optimised inputs of the network, [1][c][h][w]: one after the other in a file, " \
     "or a file each in a folder"}, \
    CLI_OPTION_JSON(cli_photo_args), \
    {"recipe", 0, CLI_TEXT, offsetof(cli_photo_args, recipe.name), 0, 0, "NAME", RECIPE, \
     "set of options to start from, see below"}, \
    {"show-recipe", 0, CLI_FLAG, offsetof(cli_photo_args, recipe.show), 0, 0, NULL, NULL, \
     "print the value of every option, and stop"}, \
    {"mask", 0, CLI_TEXT, offsetof(cli_photo_args, recipe.mask), 0, 0, "IMAGE", "none", \
     "where the picture may change: white yes, black no"}, \
    {"tile-size", 0, CLI_INT, offsetof(cli_photo_args, tile_size), 1, 8192, "N", "--size, at most 224", \
     "side of a tile, in pixels", .with = "output"}, \
    {"columns", 0, CLI_INT, offsetof(cli_photo_args, columns), 1, 4096, "N", "up to 5", \
     "tiles in a row", .with = "output"}, \
    {"title", 0, CLI_TEXT, offsetof(cli_photo_args, title), 0, 0, "TEXT", "none", "above the tiles", \
     .with = "output"}, \
    {"batch", 'b', CLI_INT, offsetof(cli_photo_args, recipe.batch), 1, 1024, "N", "chosen by a short trial", \
     "pictures made at a time, at most; changes the speed, never the pictures"}

static const cli_photo_args initial = {.power = -1, .strength = -1};

static const cli_option invert_options[] = {PICTURE_OPTIONS("invert"), {0}};
static const cli_option caricature_options[] = {
    PICTURE_OPTIONS("caricature"),
    {"power", 0, CLI_BETWEEN, offsetof(cli_photo_args, power), 0, 1000, "K", "1",
     "how much the direction counts: 0 exaggerates freely, 4 stays close to the photo"},
    {0},
};
static const cli_option accentuate_options[] = {
    PICTURE_OPTIONS("accentuate"),
    {"near", 0, CLI_TEXT, offsetof(cli_photo_args, near), 0, 0, "LAYER",
     "the last whose maps have 1/8 of the input's side",
     "the layer in which the picture stays near the photo"},
    {"strength", 0, CLI_BETWEEN, offsetof(cli_photo_args, strength), 0, 1000, "S", "1",
     "weight of staying near the photo; 0: none"},
    {0},
};
/* clang-format on */

static const char *const invert_examples[][2] = {
    {"fovea invert efficientnet-lite0 photo.jpg stem/conv block_5/expand/conv head/conv "
     "-o inverted.png",
     "What three layers have kept of a photo"},
    {"fovea invert efficientnet-lite0 photo.jpg block_5/expand/conv --alone --steps 512 "
     "-o inverted.png",
     "One of them by itself, more carefully"},
    {0},
};

static const char *const caricature_examples[][2] = {
    {"fovea caricature efficientnet-lite0 photo.jpg stem/conv block_5/expand/conv head/conv "
     "-o caricatures.png",
     "The features of a photo that three layers respond to most"},
    {"fovea caricature efficientnet-lite0 photo.jpg head/conv --power 4 --alone -o caricature.png",
     "One that stays closer to the photo"},
    {0},
};

static const char *const accentuate_examples[][2] = {
    {"fovea accentuate efficientnet-lite0 photo.jpg class:hen --npy accent.npy --json",
     "The numbers, and the optimised input of the network"},
    {"fovea accentuate efficientnet-lite0 photo.jpg class:hen class:cock -o accents.png",
     "What would make the photo more of a hen, or of a cock"},
    {"fovea accentuate efficientnet-lite0 photo.jpg head/conv:3 --near block_5/expand/conv "
     "--strength 0.3 -o accent.png",
     "What one channel responds to in the photo, staying less near it"},
    {0},
};

#define ABOUT_THE_PICTURE                                                                          \
    "The picture shows the photo, cropped to the network's input (as for `classify`), and the "    \
    "results next to it. A recipe decides how they are made; every part of it is an option, and "  \
    "--show-recipe prints their values. The picture's metadata has the command, the "              \
    "objectives, the options, the seed, the SHA-256 of the model's file and the version, so that " \
    "it can be made again.\n\n"

#define ABOUT_THE_DISTANCE                                                                       \
    "JSON: an array of `{\"layer\", \"objective\", \"relative_error\", \"cosine\", \"steps\", "  \
    "\"seed\", \"dead\", \"photo\", \"file\", \"npy\"}`. Files that were not written are null, " \
    "and so are the two numbers if the result has another size than the photo."
#define ABOUT_THE_VALUE                                                                          \
    "JSON: an array of `{\"unit\", \"near\", \"objective\", \"before\", \"after\", \"steps\", "  \
    "\"seed\", \"dead\", \"photo\", \"file\", \"npy\"}`: `before` on the photo, `after` on the " \
    "result; `near` is --near; what was not written or given is null."

const cli_command cli_command_invert = {
    .name = "invert",
    .operands = "MODEL IMAGE LAYER...",
    .min_operands = 1,
    .max_operands = G_MAXINT,
    .summary = "Draw what a layer has kept of a photo",
    .details =
        "From noise, a picture is made whose activations at LAYER are those of the photo: the "
        "objective `match(LAYER, IMAGE)`, minus the squared distance relative to the photo's own "
        "squares. What the layer has discarded is filled in by the noise and the regularisation. "
        "The command prints the relative distance of the activations, and their "
        "cosine.\n\n" ABOUT_THE_PICTURE ABOUT_THE_DISTANCE,
    .size = sizeof(cli_photo_args),
    .initial = &initial,
    .options = invert_options,
    .model = offsetof(cli_photo_args, model),
    .recipe = offsetof(cli_photo_args, recipe),
    .examples = invert_examples,
    .run = run_invert,
};

const cli_command cli_command_caricature = {
    .name = "caricature",
    .operands = "MODEL IMAGE LAYER...",
    .min_operands = 1,
    .max_operands = G_MAXINT,
    .summary = "Exaggerate the features of a photo that a layer responds to",
    .details =
        "From noise, a picture is made whose activations at LAYER point where the photo's do, as "
        "far as they can: the objective `caricature(LAYER, IMAGE, K)`, the dot product of both "
        "times their cosine to the power K (--power). The command prints the relative distance of "
        "the activations, which may be large, and their cosine.\n\n" ABOUT_THE_PICTURE
            ABOUT_THE_DISTANCE,
    .size = sizeof(cli_photo_args),
    .initial = &initial,
    .options = caricature_options,
    .model = offsetof(cli_photo_args, model),
    .recipe = offsetof(cli_photo_args, recipe),
    .examples = caricature_examples,
    .run = run_caricature,
};

const cli_command cli_command_accentuate = {
    .name = "accentuate",
    .operands = "MODEL IMAGE OBJECTIVE...",
    .min_operands = 1,
    .max_operands = G_MAXINT,
    .summary = "Bring out in a photo what a unit responds to",
    .details =
        "The photo itself is changed until it excites OBJECTIVE (as `visualize` takes it) more, "
        "while its activations at a layer (--near) stay near those of the photo: feature "
        "accentuation (Hamblin et al. 2024). Staying near the photo is weighted so that both "
        "gradients are equally large at the start, times --strength. The command prints the value "
        "of the objective on the photo and on the result.\n\n" ABOUT_THE_PICTURE ABOUT_THE_VALUE,
    .size = sizeof(cli_photo_args),
    .initial = &initial,
    .options = accentuate_options,
    .model = offsetof(cli_photo_args, model),
    .recipe = offsetof(cli_photo_args, recipe),
    .examples = accentuate_examples,
    .run = run_accentuate,
};
