/* SPDX-License-Identifier: Apache-2.0 */
/* fovea visualize: pictures that excite units of a network. Here the command line becomes a
 * plan; visualize_render.c makes its pictures, visualize_tiles.c prepares them, visualize_output.c
 * writes them.
 */
#include <glib.h>
#include <string.h>

#include "commands.h"
#include "models.h"
#include "options.h"
#include "report.h"
#include "visualize.h"

/* A note without its numbers: what it says of classes 1, 2 and 3 it says once. Caller frees. */
static char *kind_of(const char *note) {
    GString *kind = g_string_new(NULL);
    for (; *note; note++)
        if (!g_ascii_isdigit(*note)) g_string_append_c(kind, *note);
    return g_string_free(kind, FALSE);
}

/* Says, once each, what is worth saying about the objectives. */
static void describe(const cli_plan *p) {
    GHashTable *said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < p->units.count; i++) {
        const char *note = fv_objective_note(p->units.list[i]);
        if (*note && g_hash_table_add(said, kind_of(note))) cli_note(&p->args->common, "%s", note);
    }
    g_hash_table_unref(said);
}

/* Where the results go, in words: the first that was asked for. */
static const char *where(const cli_visualize_args *a) {
    return a->output ? a->output : a->each ? a->each : a->animate ? a->animate : a->npy;
}

/* After Ctrl-C: says what became of the results, and ends the program. */
static _Noreturn void die(const cli_plan *p, const cli_rendered *r, int written) {
    const cli_progress progress = {.unit = "steps", .done = r->done, .total = r->total};
    char *what =
        g_strdup_printf("%s is %s", where(p->args), written ? "unfinished" : "not written");
    cli_progress_die(&progress, what);
}

/* Nothing is alive: the reason, or the first of several. */
static int fail_dead(const cli_plan *p, const cli_rendered *r) {
    int zero = 1;
    const char *why = NULL, *path = where(p->args);
    for (int i = 0; i < p->count; i++) {
        const char *one = r->picture[i] ? r->picture[i]->why : NULL;
        if (!why) why = one;
        zero = zero && one && !strcmp(one, "its gradient is zero");
    }
    const char *unit = r->begun == 1 ? p->units.text[0] : "every unit";
    if (zero)
        return cli_fail("nothing is alive: the gradient of %s is zero; %s is not written", unit,
                        path);
    return cli_fail("nothing is alive; %s: %s; %s is not written", p->units.text[0], why, path);
}

/* Writes the files, if any unit is alive, and prints a summary. */
static int save(const cli_plan *p, cli_each *each, const cli_rendered *r) {
    cli_tiles t;
    int code = cli_tiles_make(p, r, &t);
    if (!code && r->alive) code = cli_tiles_save(&t, each);
    if (!code && r->alive && r->film) code = cli_tiles_save_film(&t);
    if (!code) cli_tiles_summarise(&t, each);
    cli_tiles_clear(&t);
    return code;
}

/* Makes the pictures that are not there yet, and writes them. */
static int draw(const cli_plan *p, cli_each *each) {
    cli_rendered r;
    int there = 0;
    for (int u = 0; u < p->units.count; u++) there += each->there[u];
    if (there)
        cli_note(
            &p->args->common,
            "%d of %d pictures were finished by an earlier run of this command; --again makes them "
            "again",
            there * p->starts, p->count);
    if (there == p->units.count) return CLI_DONE;
    int code = cli_render(p, each, &r);
    if (!code) {
        if (cli_progress_signal() && !r.begun) die(p, &r, 0);
        code = save(p, each, &r);
        if (!code && cli_progress_signal()) die(p, &r, r.alive);
        if (!code && !r.alive) code = fail_dead(p, &r);
    }
    cli_rendered_clear(p, &r);
    return code;
}

/* Whether there is something to draw and somewhere to put it. */
static int check_words(const cli_visualize_args *args) {
    if (args->recipe.show) return CLI_DONE;
    if (args->common.n_operands < 2 && !args->expressions)
        return cli_usage(args->common.command, "visualize needs %s",
                         args->common.command->operands);
    if (!args->output && !args->each && !args->animate && !args->npy)
        return cli_usage(args->common.command,
                         "visualize needs --output OUT.png, --each DIR, --animate OUT.webp or "
                         "--npy OUT.npy");
    return CLI_DONE;
}

/* Counts the pictures, describes them, and checks what the model decides. */
static int complete(cli_plan *p) {
    p->starts = p->recipe.restarts;
    p->count = p->units.count * p->starts;
    describe(p);
    return cli_plan_check(p);
}

/* Says how pictures are drawn that are neither grey nor of colours. */
static void note_bands(const cli_args *args, const fv_model *model) {
    const fv_input *in = fv_model_input(model);
    if (!in->is_image || in->channels == 1 || in->channels == 3) return;
    cli_note(args, "%s takes pictures of %d channels; they are drawn as %d grey pictures, in order",
             fv_model_name(model), in->channels, in->channels);
}

static int run(const cli_args *common) {
    const cli_visualize_args *args = (const cli_visualize_args *)common;
    cli_plan p = {.args = args};
    cli_each each = {0};
    cli_session session = {0};
    fv_model *model = NULL;
    int code = check_words(args);
    if (!code) code = cli_visualize_check(args);
    if (!code) code = cli_model_load(common, &args->model, &model);
    if (code) return code;
    p.model = model;
    p.session = &session;
    p.plots = !fv_model_input(model)->is_image && !args->recipe.shape;
    code = cli_objectives_expand(common, model, common->operands + 1, common->n_operands - 1,
                                 args->expressions, &p.units);
    if (!code && (int64_t)p.units.count * cli_recipe_restarts(&args->recipe) > CLI_MAX_OBJECTIVES)
        code =
            cli_usage(common->command, "more than %d pictures are asked for", CLI_MAX_OBJECTIVES);
    if (!code) code = cli_objectives_read(model, &p.units);
    if (!code)
        code =
            cli_recipe_make(common, &args->recipe, model, p.units.list, p.units.count, &p.recipe);
    if (!code && args->recipe.show) {
        code = cli_recipe_show(&args->recipe, p.recipe.recipe, &p.units);
    } else if (!code) {
        cli_model_note(common, model);
        note_bands(common, model);
        code = complete(&p);
        if (!code)
            code = cli_session_open_for_pictures(&args->common, model, &args->model, &session);
        if (!code) {
            cli_each_find(&p, &each);
            code = draw(&p, &each);
        }
    }
    cli_each_clear(&each);
    cli_recipe_clear(&p.recipe);
    cli_objectives_clear(&p.units);
    cli_session_close(&session);
    fv_model_free(model);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    {"output", 'o', CLI_OUTPUT, offsetof(cli_visualize_args, output), 0, 0, "OUT.png", "none",
     "the picture to write: .png, .jpg, .jpeg, .webp, .tif or .tiff; .npy for inputs that are no pictures"},
    {"each",   0, CLI_OUTPUT, offsetof(cli_visualize_args, each), 0, 0, "DIR", "none",
     "write every picture by itself into this folder, as LAYER_7.png, class_8_hen.png"},
    {"format", 0, CLI_CHOICE, offsetof(cli_visualize_args, format), 0, 0, "png|jpg|webp", "png",
     "what --each writes", .with = "each"},
    {"again", 0, CLI_FLAG, offsetof(cli_visualize_args, again), 0, 0, NULL, NULL,
     "also make the pictures that an earlier run of this command finished", .with = "each"},
    {"npy",    0, CLI_OUTPUT, offsetof(cli_visualize_args, npy), 0, 0, "FILE.npy|DIR", "none",
     "write the optimised inputs of the network: all in one file, or one file each in a folder"},
    {"animate", 0, CLI_OUTPUT, offsetof(cli_visualize_args, animate), 0, 0, "OUT.webp", "none",
     "write the course of the optimisation as an animation: .webp or .gif"},
    {"frames", 0, CLI_INT, offsetof(cli_visualize_args, frames), 2, 10000, "N", "50",
     "approximate number of frames of --animate", .with = "animate"},
    {"expression", 'e', CLI_LIST, offsetof(cli_visualize_args, expressions), 0, 0, "EXPR", "none",
     "one more objective, not expanded; may be given several times"},
    {"examples", 0, CLI_TEXT, offsetof(cli_visualize_args, examples), 0, 0, "DIR", "none",
     "put photos of this folder between a picture that lowers the unit and the one that raises it"},
    {"index", 0, CLI_TEXT, offsetof(cli_visualize_args, index.folder), 0, 0, "DIR", "examples in fovea's cache",
     "folder in which measurements on photos are kept, see `fovea examples`",
     .with = "examples", .without = "no-index"},
    {"no-index", 0, CLI_FLAG, offsetof(cli_visualize_args, index.none), 0, 0, NULL, NULL,
     "neither keep measurements nor use those that were kept", .with = "examples"},
    {"recipe", 0, CLI_TEXT, offsetof(cli_visualize_args, recipe.name), 0, 0, "NAME",
     "fovea, fovea-layer or erhan, by the kind of each objective",
     "set of options to start from, see below"},
    {"show-recipe", 0, CLI_FLAG, offsetof(cli_visualize_args, recipe.show), 0, 0, NULL, NULL,
     "print the value of every option, and stop"},
    {"init",   0, CLI_TEXT, offsetof(cli_visualize_args, recipe.init), 0, 0, "IMAGE", "none",
     "the image to start from, resized to --size; --start-sd adds noise"},
    {"initial-image", 0, CLI_TEXT, offsetof(cli_visualize_args, recipe.init), 0, 0, "IMAGE", "none",
     "MATLAB's name of --init"},
    {"mask",   0, CLI_TEXT, offsetof(cli_visualize_args, recipe.mask), 0, 0, "IMAGE", "none",
     "where the picture may change: white yes, black no"},
    {"spectrum", 0, CLI_TEXT, offsetof(cli_visualize_args, recipe.spectrum), 0, 0, "S.npy", "built in",
     "magnitudes for --param phase and bounded, as `fovea spectrum` makes them"},
    {"shape",  0, CLI_TEXT, offsetof(cli_visualize_args, recipe.shape), 0, 0, "CxHxW", "none",
     "shape in which an input that is not a picture is drawn: channels, height, width; or HxW"},
    {"batch", 'b', CLI_INT,  offsetof(cli_visualize_args, recipe.batch), 1, 1024, "N", "chosen by a short trial",
     "pictures made at a time, at most; changes the speed, never the pictures"},
    {"tile-size", 0, CLI_INT, offsetof(cli_visualize_args, tile_size), 1, 8192, "N", "--size, at most 224",
     "side of a tile of the montage, in pixels", .with = "output|animate"},
    {"columns", 0, CLI_INT,  offsetof(cli_visualize_args, columns), 1, 4096, "N",
     "near-square; with --restarts a row a unit, with --examples 1",
     "tiles in a row of the montage; with --examples units side by side, each with its photos",
     .with = "output|animate"},
    {"title", 0,   CLI_TEXT, offsetof(cli_visualize_args, title), 0, 0, "TEXT", "Layer NAME Features; with --examples none",
     "above the montage; '' for none", .with = "output|animate"},
    CLI_OPTION_ON_NAN(cli_visualize_args),
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea visualize efficientnet-lite0 block_5/expand/conv:0-15 -o features.png",
     "What excites the first 16 channels of a layer"},
    {"fovea visualize efficientnet-lite0 class:hen --steps 128 -o hen.png",
     "What looks like a hen to the network"},
    {"fovea visualize efficientnet-lite0 stem/conv:3,7,9 head/conv:0 --recipe wolfram "
     "--tile-size 128 --columns 4 --title 'First and last' -o both.png",
     "Channels of two layers side by side, made as in Wolfram's example"},
    {"fovea visualize efficientnet-lite0 -e 'head/conv:3 - 0.1*tv' --init photo.jpg --size 64x48 "
     "--animate ascent.webp",
     "From a photo, smoothly, as an animation"},
    {"fovea visualize efficientnet-lite0 class:8 --restarts 4 --recipe lucid -o four.png",
     "Four different starts side by side: do they end alike?"},
    {"fovea visualize efficientnet-lite0 class:hen class:ostrich --recipe matlab "
     "--pyramid-levels 2 --each birds --format jpg",
     "One file a class, as MATLAB's deepDreamImage makes them"},
    {"fovea visualize efficientnet-lite0 block_5/expand/conv:3 --examples photos -o row.png",
     "The picture, its opposite, and the photos that come nearest to both"},
    {"fovea visualize efficientnet-lite0 --recipe maco --show-recipe",
     "The values of a recipe's options"},
    {0},
};

const cli_command cli_command_visualize = {
    .name = "visualize",
    .operands = "MODEL OBJECTIVE...",
    .min_operands = 1,
    .max_operands = G_MAXINT,
    .summary = "Draw what excites units of a network",
    .details =
        "OBJECTIVE is `LAYER:C`, one channel; `LAYER:0-15`, `LAYER:3,7,9` or both mixed, one "
        "picture a channel; `LAYER:all`, every channel; `LAYER:C@y,x`, one neuron; `LAYER`, the "
        "whole layer; `class:NAME` or "
        "`class:8`, a class before the softmax; `prob:NAME`, its probability; where a layer has "
        "one channel a class, `LAYER:NAME` is the class of that name. Or an expression: terms "
        "with weights, as in `block_5/expand/conv:3 - 0.1*tv`; docs/objectives.md lists the terms. "
        "A word counts as an expression if it has a + or - between blanks, a product or a call; "
        "after -e every word does.\n\n"
        "Several objectives are tiled into a montage with a title and labels; a single one is "
        "written bare, at its full size, unless --tile-size, --columns or --title is given. "
        "Inputs that are no pictures are drawn as bars, unless --shape gives their picture shape, "
        "and written as numbers where OUT ends in .npy. One of -o, --each, --npy and --animate "
        "must be given.\n\n"
        "A recipe decides how a picture is made; every part of it is an option. --show-recipe "
        "prints their values, for each set of units that have the same: units of early layers have "
        "others in fovea-layer. Where the receptive field is small the picture is made smaller "
        "than the model's own (`--size receptive`, the default of fovea-layer): the texture is the "
        "same and takes a fraction of the time. With --restarts the pictures of one unit are "
        "compared: "
        "those that are the same up to a shift share a letter, and the summary says how many "
        "distinct ones there are and how far apart: 1 - the largest correlation over all "
        "shifts.\n\n"
        "With --examples every unit gets a row: the picture that lowers it, the photos of DIR with "
        "its lowest and its highest values, and the picture that raises it; --columns 2 puts two "
        "units side by side. `fovea examples` says how photos are chosen and cut.\n\n"
        "With --each every file is written as soon as its picture is done. Run again, the same "
        "command continues where it stopped: files whose metadata has the same "
        "command line, model and version are kept, unless --again is given, another output is "
        "asked for "
        "as well, or a picture is named (--init, --mask, --spectrum).\n\n"
        "A unit whose gradient stays zero from its start begins anew with other random numbers, "
        "and with a grey, a bright and a dark picture; what it begins with then is said, and in "
        "its metadata. A unit without a gradient from all of them is dead and drawn as a grey "
        "tile. It is an error if all are dead.\n\n"
        "The picture's metadata has the command (`fovea.command`), the options it resolved "
        "to, the seed, the SHA-256 of the model's file and the version, so that it can be "
        "made again. Progress is drawn where stderr is a terminal, and printed in a few lines "
        "elsewhere; --verbose prints a table of all updates instead. When done, one line says "
        "what was written, and one for each objective what value it reached.",
    .size = sizeof(cli_visualize_args),
    .options = options,
    .model = offsetof(cli_visualize_args, model),
    .recipe = offsetof(cli_visualize_args, recipe),
    .examples = examples,
    .run = run,
};
