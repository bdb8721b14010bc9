/* SPDX-License-Identifier: Apache-2.0 */
/* fovea dream: what a layer sees in a photo, brought out in it; and the film of diving into it.
 *
 * The film is that of Google's notebook: each frame is the last dream, enlarged a little about its
 * centre, and dreamt again.
 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "commands.h"
#include "film.h"
#include "models.h"
#include "objectives.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "sessions.h"

#define FRAMES     50  /* of --animate */
#define FILM_SIZE  640 /* longer side of a film's frames */
#define ZOOM_SCALE 0.05
#define SMALLEST   16 /* a default layer's map has at least 1/16 of the input's side */
#define MOST_BYTES ((int64_t)2 << 30)

typedef struct dream_args {
    cli_args common;
    cli_model_args model;
    char *output, *layer, *objective, *guide, *animate, *frames_dir;
    int octaves, steps, tile, original_colors;
    int jitter; /* -1: not given */
    double octave_scale, rate;
    uint64_t seed;
    int frames, zoom, film_size;
    double zoom_scale;
} dream_args;

typedef struct job {
    const dream_args *args;
    const fv_model *model;
    cli_session session;
    char *what; /* the objective as it was given */
    fv_objective *objective;
    fv_image *image, *guide;
    cli_film *film; /* NULL: none */
    int frame;      /* of the zoom film, from 0 */
    double seconds;
} job;

/* ---- objectives ---- */

static int follows(const fv_layer *l, const fv_layer *after) {
    return l->ndim == after->ndim &&
           !memcmp(l->dim, after->dim, (size_t)l->ndim * sizeof *l->dim) &&
           (strstr(after->kind, "relu") || !strcmp(after->kind, "batch normalization"));
}

/* The last convolution with most channels among those whose maps have at least 1/16 of the input's
 * side; then what normalises and rectifies it.  returns  its index, or -1 */
static int middle_layer(const fv_model *model) {
    const fv_input *in = fv_model_input(model);
    const int n = fv_model_layer_count(model);
    int best = -1;
    int64_t most = 0;
    for (int i = 0; i < n; i++) {
        const fv_layer *l = fv_model_layer(model, i);
        int large =
            l->ndim == 4 && l->dim[2] >= in->height / SMALLEST && l->dim[3] >= in->width / SMALLEST;
        if (strcmp(l->kind, "convolution") != 0 || !large || l->dim[1] < most) continue;
        most = l->dim[1];
        best = i;
    }
    while (best >= 0 && best + 1 < n &&
           follows(fv_model_layer(model, best), fv_model_layer(model, best + 1)))
        best++;
    return best;
}

static int choose_objective(job *j) {
    const dream_args *a = j->args;
    if (a->objective) {
        j->what = g_strdup(a->objective);
    } else if (a->layer) {
        cli_objectives list = {0};
        int code = cli_objectives_expand(&a->common, j->model, &a->layer, 1, NULL, &list);
        if (!code && list.count != 1)
            code = cli_usage(a->common.command, "--layer '%s' is %d objectives; one is wanted",
                             a->layer, list.count);
        if (!code) j->what = g_strdup(list.text[0]);
        cli_objectives_clear(&list);
        if (code) return code;
    } else {
        int layer = middle_layer(j->model);
        if (layer < 0)
            return cli_usage(a->common.command,
                             "%s has no convolution to choose by itself; --layer says which layer",
                             fv_model_name(j->model));
        j->what = g_strdup(fv_model_layer(j->model, layer)->name);
        cli_note(&a->common, "dreaming of layer %s; --layer chooses another", j->what);
    }
    int code = cli_objective_parse(j->model, j->what, &j->objective);
    if (!code && *fv_objective_note(j->objective))
        cli_note(&a->common, "%s", fv_objective_note(j->objective));
    return code;
}

/* ---- dreaming ---- */

static void snapshot(void *user, int picture, int at, const fv_image *image) {
    (void)at;
    cli_film_add(((job *)user)->film, picture, image);
}

static fv_dream_desc desc_of(job *j) {
    const dream_args *a = j->args;
    fv_dream_desc d = {
        .struct_size = sizeof d,
        .steps = a->steps,
        .octaves = a->octaves,
        .octave_scale = (float)a->octave_scale,
        .rate = (float)a->rate,
        .jitter = a->jitter < 0    ? 0
                  : a->jitter == 0 ? -1
                                   : a->jitter,
        .tile = a->tile,
        .original_colors = a->original_colors,
        .reference = j->guide,
        .seed = a->seed + (uint64_t)j->frame,
        .user = j,
    };
    if (a->animate) {
        const int total = (a->steps ? a->steps : 10) * (a->octaves ? a->octaves : 4);
        d.snapshot = snapshot;
        d.snapshot_every = MAX(1, total / (a->frames ? a->frames : FRAMES));
    }
    return d;
}

static fv_status dream(job *j, fv_error *err) {
    const fv_dream_desc d = desc_of(j);
    fv_status st = fv_dream(j->session.session, j->image, j->objective, &d, err);
    if (st) return st;
    return cli_set_command(&j->args->common, j->image, err);
}

/* The middle of the picture, enlarged to the whole. */
static fv_status zoom(job *j, fv_error *err) {
    const double s = j->args->zoom_scale != 0 ? j->args->zoom_scale : ZOOM_SCALE;
    const int h = j->image->height, w = j->image->width;
    const int dy = (int)lround(h * s / 2), dx = (int)lround(w * s / 2);
    const int top = CLAMP(dy, 0, (h - 1) / 2), left = CLAMP(dx, 0, (w - 1) / 2);
    fv_image *middle = NULL, *large = NULL;
    fv_status st = fv_image_crop(j->image, top, left, h - 2 * top, w - 2 * left, &middle, err);
    if (!st) st = fv_image_resize(middle, h, w, &large, err);
    fv_image_free(middle);
    if (st) return st;
    fv_image_free(j->image);
    j->image = large;
    return FV_OK;
}

static fv_status keep_frame(job *j, fv_error *err) {
    if (j->film) cli_film_add(j->film, 0, j->image);
    if (!j->args->frames_dir) return FV_OK;
    char *name = g_strdup_printf("frame_%04d.png", j->frame + 1);
    char *path = g_build_filename(j->args->frames_dir, name, NULL);
    fv_status st = fv_image_save(j->image, path, err);
    g_free(path);
    g_free(name);
    return st;
}

/* All frames, or the one dream. A frame that Ctrl-C cut short is kept only if it is the first. */
static fv_status dream_all(job *j, fv_error *err) {
    fv_status st = FV_OK;
    const int frames = MAX(j->args->zoom, 1);
    for (j->frame = 0; !st && j->frame < frames; j->frame++) {
        j->session.progress.frame = j->frame;
        if (j->frame) st = zoom(j, err);
        if (!st) st = dream(j, err);
        if (st || (cli_progress_signal() && j->frame)) break;
        if (j->args->zoom) st = keep_frame(j, err);
        if (cli_progress_signal()) {
            j->frame++;
            break;
        }
    }
    return st;
}

/* ---- writing ---- */

static void say(const job *j, const char *path, int height, int width, int frames) {
    if (j->args->common.quiet) return;
    char *clean = cli_clean(path), *objective = cli_clean(j->what);
    cli_putf("%s: %dx%d", clean, width, height);
    if (frames) cli_putf(", %d frame%s", frames, frames == 1 ? "" : "s");
    cli_putf(", a dream of %s, %.1f s\n", objective, j->seconds);
    g_free(objective);
    g_free(clean);
}

static int save_film(job *j, const char *path) {
    const int n = cli_film_length(j->film);
    fv_image **frames = g_new0(fv_image *, MAX(n, 1));
    fv_error err = {0};
    fv_status st = FV_OK;
    for (int k = 0; k < n && !st; k++) st = cli_film_frame(j->film, 0, k, &frames[k], &err);
    if (!st && n) st = cli_copy_texts(j->image, frames[0], &err);
    int code = st ? cli_fail_error(&err) : cli_film_check(j->film, path);
    if (!code && n) code = cli_film_save(frames, n, path);
    if (!code && n) say(j, path, frames[0]->height, frames[0]->width, n);
    for (int k = 0; k < n; k++) fv_image_free(frames[k]);
    g_free(frames);
    return code;
}

static int save(job *j) {
    const dream_args *a = j->args;
    fv_error err = {0};
    if (a->zoom) {
        int code = a->output ? save_film(j, a->output) : CLI_DONE;
        if (!code && a->frames_dir)
            say(j, a->frames_dir, j->image->height, j->image->width, j->frame);
        return code;
    }
    if (fv_image_save(j->image, a->output, &err)) return cli_fail_error(&err);
    say(j, a->output, j->image->height, j->image->width, 0);
    if (!a->animate) return CLI_DONE;
    cli_film_add(j->film, 0, j->image);
    return save_film(j, a->animate);
}

/* Makes room for the film that was asked for. */
static int start_film(job *j) {
    const dream_args *a = j->args;
    if (!a->animate && !(a->zoom && a->output)) return CLI_DONE;
    int h = j->image->height, w = j->image->width;
    const int frames = a->zoom ? a->zoom : a->frames ? a->frames : FRAMES;
    cli_fit(a->film_size ? a->film_size : FILM_SIZE, &h, &w);
    const int64_t bytes = (int64_t)frames * h * w * 3 * (int64_t)sizeof(float);
    if (bytes > MOST_BYTES)
        return cli_usage(a->common.command,
                         "%d frames of %dx%d need %.1f GB; fewer frames, a smaller --film-size or, "
                         "with --zoom, --frames-dir would do",
                         frames, w, h, (double)bytes / 1e9);
    j->film = cli_film_new(1, h, w);
    return CLI_DONE;
}

static int draw(job *j) {
    fv_error err = {0};
    cli_progress *progress = &j->session.progress;
    int code = start_film(j);
    if (!code)
        code =
            cli_session_open_for_pictures(&j->args->common, j->model, &j->args->model, &j->session);
    if (code) return code;
    const char *where = j->args->output ? j->args->output : j->args->frames_dir;
    cli_progress_start(progress, &j->args->common, "steps", FV_MONITOR_STOP);
    progress->frames = j->args->zoom;
    fv_status st = dream_all(j, &err);
    j->seconds = cli_progress_stop(progress);
    code = st ? cli_fail_error(&err) : save(j);
    if (!code && cli_progress_signal()) {
        char *what = g_strdup_printf("%s is unfinished", where);
        cli_progress_die(progress, what);
    }
    return code;
}

/* ---- the command ---- */

/* Whether the words go together. */
static int check_together(const dream_args *a) {
    const struct {
        int wrong;
        const char *text;
    } rules[] = {
        {!a->output && !a->zoom, "dream needs --output OUT.png"},
        {!a->output && !a->frames_dir, "dream --zoom needs --output FILM.webp or --frames-dir DIR"},
        {a->octave_scale != 0 && a->octaves == 1, "--octave-scale is for --octaves above 1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if (rules[i].wrong) return cli_usage(a->common.command, "%s", rules[i].text);
    return CLI_DONE;
}

static int check_words(const dream_args *a) {
    int code = check_together(a);
    if (!code)
        code = cli_path_check(&a->common, "output", a->output,
                              a->zoom ? CLI_ANIMATIONS : CLI_PICTURES);
    if (!code) code = cli_path_check(&a->common, "animate", a->animate, CLI_ANIMATIONS);
    return code;
}

static int run(const cli_args *common) {
    const dream_args *args = (const dream_args *)common;
    job j = {.args = args};
    fv_model *model = NULL;
    fv_error err = {0};
    int code = check_words(args);
    if (!code) code = cli_model_load(&args->common, &args->model, &model);
    if (code) return code;
    j.model = model;
    cli_model_note(&args->common, model);
    if (!fv_model_input(model)->is_image)
        code = cli_fail("%s: its input is no picture; it has nothing to dream of",
                        fv_model_name(model));
    else if (cli_image_load(args->common.operands[1], 0, &j.image, &err) ||
             (args->guide && cli_image_load(args->guide, 0, &j.guide, &err)))
        code = cli_fail_error(&err);
    if (!code) code = choose_objective(&j);
    if (!code && args->frames_dir) code = cli_folder_make(args->frames_dir);
    if (!code) code = draw(&j);
    cli_film_free(j.film);
    fv_image_free(j.image);
    fv_image_free(j.guide);
    g_free(j.what);
    fv_objective_free(j.objective);
    cli_session_close(&j.session);
    fv_model_free(model);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    {"output", 'o', CLI_OUTPUT, offsetof(dream_args, output), 0, 0, "OUT.png", "none",
     "the picture to write: .png, .jpg, .jpeg, .webp, .tif or .tiff; with --zoom a film: .webp or .gif"},
    {"layer",  'l', CLI_TEXT, offsetof(dream_args, layer), 0, 0, "LAYER", "chosen, see above",
     "what to bring out: a layer, or LAYER:C, class:NAME"},
    {"expression", 'e', CLI_TEXT, offsetof(dream_args, objective), 0, 0, "EXPR", "none",
     "what to bring out, as an expression", .without = "layer"},
    {"octaves", 0, CLI_INT, offsetof(dream_args, octaves), 1, 32, "N", "4",
     "sizes the photo is dreamt at, the last one its own"},
    {"octave-scale", 0, CLI_REAL, offsetof(dream_args, octave_scale), 1, 8, "X", "1.4",
     "from one size to the next"},
    {"steps",  0, CLI_INT, offsetof(dream_args, steps), 1, 100000, "N", "10", "updates at each size"},
    {"rate",   0, CLI_REAL, offsetof(dream_args, rate), 0, 1, "X", "1.5/255",
     "mean change of a pixel in an update; white is 1"},
    {"jitter", 0, CLI_INT, offsetof(dream_args, jitter), 0, 8192, "N", "as --tile",
     "tiles begin at a random corner, up to N pixels away; 0: always at the same"},
    {"tile",   0, CLI_INT, offsetof(dream_args, tile), 16, 8192, "N", "512",
     "side of the pieces that the network is given"},
    {"original-colors", 0, CLI_FLAG, offsetof(dream_args, original_colors), 0, 0, NULL, NULL,
     "only the lightness changes"},
    {"guide",  0, CLI_TEXT, offsetof(dream_args, guide), 0, 0, "IMAGE", "none",
     "bring out what this picture has of the layer"},
    {"seed",   0, CLI_SEED, offsetof(dream_args, seed),  0, 0, "N", "0",
     "of every random choice: the same command makes the same picture"},
    {"animate", 0, CLI_OUTPUT, offsetof(dream_args, animate), 0, 0, "FILM.webp", "none",
     "write how the dream came about, as an animation: .webp or .gif", .without = "zoom"},
    {"frames", 0, CLI_INT, offsetof(dream_args, frames), 2, 10000, "N", "50",
     "about how many frames --animate has", .with = "animate"},
    {"zoom",   0, CLI_INT, offsetof(dream_args, zoom), 1, 9999, "N", "none",
     "write a film of N frames, each the dream of the last one enlarged"},
    {"zoom-scale", 0, CLI_REAL, offsetof(dream_args, zoom_scale), 0, 1, "X", "0.05",
     "share of the sides that is lost from frame to frame", .with = "zoom"},
    {"frames-dir", 0, CLI_OUTPUT, offsetof(dream_args, frames_dir), 0, 0, "DIR", "none",
     "write the frames of --zoom into this folder, as frame_0001.png, at the photo's size",
     .with = "zoom"},
    {"film-size", 0, CLI_INT, offsetof(dream_args, film_size), 16, 8192, "N", "640",
     "longer side of a film's frames, if the photo's is not shorter", .with = "animate|zoom"},
    CLI_OPTION_ON_NAN(dream_args),
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea dream efficientnet-lite0 photo.jpg -o dream.jpg",
     "Features of a layer in the middle of the network, amplified in a photo"},
    {"fovea dream efficientnet-lite0 photo.jpg --layer head/conv --octaves 6 --original-colors "
     "-o dream.png",
     "Another layer, more sizes, in the photo's own colours"},
    {"fovea dream efficientnet-lite0 photo.jpg --layer block_5/expand/conv --guide other.png "
     "-o guided.png",
     "What one picture has, brought out in another"},
    {"fovea dream efficientnet-lite0 photo.jpg --zoom 5 --steps 4 -o dive.webp --frames-dir dive",
     "A film of diving into the dream, and its frames"},
    {0},
};

const cli_command cli_command_dream = {
    .name = "dream",
    .operands = "MODEL IMAGE",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "Amplify in a photo the features that a layer detects (DeepDream)",
    .details =
        "DeepDream: at several sizes, from small to large, gradient ascent on the mean square of "
        "the "
        "layer's activations changes the photo, tile by tile, so that photos of any size need "
        "little "
        "memory. The result has the photo's size.\n\n"
        "Where neither --layer nor -e is given, the layer is chosen: the last convolution with "
        "most channels among those whose maps have at least a sixteenth of the input's side, and "
        "the normalisation and ReLU right after it. A note says which it is.\n\n"
        "Ctrl-C: the dream so far is written; of a film, the frames that are done.",
    .size = sizeof(dream_args),
    .initial = &(const dream_args){.jitter = -1},
    .options = options,
    .model = offsetof(dream_args, model),
    .useless = "fit|crop-ratio|pad-color",
    .examples = examples,
    .run = run,
};
