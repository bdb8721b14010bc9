/* SPDX-License-Identifier: Apache-2.0 */
/* dream: DeepDream on a photograph of any size (Mordvintsev, Olah and Tyka 2015).
 *
 * Octaves from small to large: at each, the photograph shrunk to that size plus what was dreamt so
 * far, enlarged. Each update moves along the gradient, divided by its mean magnitude.
 *
 * It needs less memory than render.c: the photograph is kept as bytes, the current octave as floats
 * that are changed in place; the gradient of each tile is added before the next one is computed.
 * Tiles cover the picture evenly from a random corner, around the edges, so that seams never stay.
 * Since the whole gradient is never in memory, the mean magnitude is that of the previous update
 * (in an octave's first one, of the tiles so far).
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "base/random.h"
#include "image/image.h"
#include "runtime/memory_budget.h"
#include "runtime/model_state.h"
#include "runtime/monitor.h"
#include "signal/resize.h"
#include "vis/objective/reference.h"
#include "vis/optimize/gradient_health.h"
#include "vis/render/memory_fit.h"
#include "vis/update/pass.h"

#define STEPS      10
#define OCTAVES    4
#define SCALE      1.4f
#define RATE       (1.5f / 255)
#define TILE       512
#define MIN_SIDE   16 /* of an octave */
#define JITTER_MAX 32768
#define TEXT_BYTES 512

typedef struct dream {
    fv_session *session;
    const fv_model *model;
    fv_dream_desc desc; /* resolved */
    const fv_input *in;
    fvi_pass *pass;
    char *label;          /* the objective's, for messages; owned */
    unsigned char *photo; /* [3][height][width] as it came */
    int height, width;
    float *now; /* [3][h][w] the octave in hand */
    int h, w, tile_h, tile_w;
    float *tile; /* [3][tile_h][tile_w] */
    double mean; /* mean |gradient| of the last update; 0: none yet */
    double value;
    int done, total, octave, stopped;
    int64_t held;             /* bytes noted as held */
    int alive;                /* some tile had a gradient */
    fvi_gradient_health last; /* of the last tile that had none */
    char why[512];            /* it stopped by itself; "" */
} dream;

/* The caller's desc, with the defaults filled in. */
static fv_status resolve(const fv_dream_desc *desc, fv_dream_desc *d, fv_error *err) {
    fv_status st = FVI_DESC_READ(fv_dream_desc, user, desc, d, err);
    if (st) return st;
    if (!d->steps) d->steps = STEPS;
    if (!d->octaves) d->octaves = OCTAVES;
    if (!(d->octave_scale != 0)) d->octave_scale = SCALE;
    if (!(d->rate != 0)) d->rate = RATE;
    if (!d->tile) d->tile = TILE;
    if (!d->jitter) d->jitter = d->tile;
    return FV_OK;
}

static fv_status check_desc(const fv_dream_desc *d, fv_error *err) {
    if (d->steps < 1 || d->steps > 100000)
        return fvi_fail(err, FV_ARG, "steps is %d; allowed: 1..100000", d->steps);
    if (d->octaves < 1 || d->octaves > 32)
        return fvi_fail(err, FV_ARG, "octaves is %d; allowed: 1..32", d->octaves);
    if (!(d->octave_scale > 1) || d->octave_scale > 8)
        return fvi_fail(err, FV_ARG, "octave scale is %g; allowed: numbers above 1, up to 8",
                        d->octave_scale);
    if (!(d->rate > 0) || d->rate > 1)
        return fvi_fail(err, FV_ARG, "rate is %g; allowed: numbers above 0, up to 1", d->rate);
    if (d->tile < MIN_SIDE || d->tile > 8192)
        return fvi_fail(err, FV_ARG, "tile is %d; allowed: %d..8192", d->tile, MIN_SIDE);
    if (d->jitter < -1 || d->jitter > JITTER_MAX)
        return fvi_fail(err, FV_ARG, "jitter is %d; allowed: -1 (none) to %d", d->jitter,
                        JITTER_MAX);
    if (d->snapshot_every < 0)
        return fvi_fail(err, FV_ARG, "snapshot_every is %d; allowed: 0 (none) and more",
                        d->snapshot_every);
    return d->reference ? fvi_image_check(d->reference, "the reference", err) : FV_OK;
}

static fv_status check(const fv_model *model, const fv_image *image, const fv_dream_desc *d,
                       fv_error *err) {
    const fv_input *in = fvi_network_input(model->network);
    if (!in->is_image || (in->channels != 3 && in->channels != 1))
        return fvi_fail(err, FV_SHAPE, "%s: its input is no picture of 1 or 3 channels",
                        fv_model_name(model));
    if (image->channels != 3)
        return fvi_fail(err, FV_ARG, "the picture has %d channels; dreams want 3", image->channels);
    return check_desc(d, err);
}

/* Row y of a channel of the photograph shrunk to h x w, the rows of all channels counted: row [w] =
 * mean of what each pixel covers. `sum` [width] is room. */
static void shrink_row(const dream *d, int y, int h, int w, float *sum, float *row) {
    const int height = d->height, width = d->width;
    const unsigned char *plane = d->photo + (int64_t)(y / h) * height * width;
    y %= h;
    double top = (double)y * height / h, bottom = (double)(y + 1) * height / h;
    memset(sum, 0, (size_t)width * sizeof *sum);
    for (int k = (int)top; k < height && k < bottom; k++) {
        float share = (float)(fmin(k + 1, bottom) - fmax(k, top));
        const unsigned char *in = plane + (int64_t)k * width;
        for (int x = 0; x < width; x++) sum[x] += share * in[x];
    }
    for (int x = 0; x < w; x++) {
        double left = (double)x * width / w, right = (double)(x + 1) * width / w;
        float all = 0;
        for (int k = (int)left; k < width && k < right; k++)
            all += (float)(fmin(k + 1, right) - fmax(k, left)) * sum[k];
        row[x] = all / (float)(255 * (bottom - top) * (right - left));
    }
}

/* now += sign * the photograph shrunk to now's size. */
static fv_status add_photo(dream *d, float *now, int h, int w, float sign, fv_error *err) {
    float *sum = malloc((size_t)d->width * sizeof *sum), *row = malloc((size_t)w * sizeof *row);
    fv_status st = sum && row ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    for (int i = 0; !st && i < 3 * h; i++) {
        shrink_row(d, i, h, w, sum, row);
        for (int x = 0; x < w; x++) now[(int64_t)i * w + x] += sign * row[x];
    }
    free(row);
    free(sum);
    return st;
}

/* Goes on to an octave of h x w: the photograph at that size and the detail dreamt so far. The last
 * octave is made in `last`, the caller's picture. */
static fv_status enter_octave(dream *d, int h, int w, float *last, fv_error *err) {
    int64_t count = (int64_t)3 * h * w;
    float *next = last ? last : malloc((size_t)count * sizeof *next);
    if (!next) return fvi_fail(err, FV_NOMEM, "out of memory for an octave of %dx%d", w, h);
    fv_status st = FV_OK;
    if (d->now) {
        st = add_photo(d, d->now, d->h, d->w, -1, err); /* leaves the detail */
        if (!st)
            fvi_resize(fvi_planes_of(3, d->h, d->w, d->now), fvi_planes_of(3, h, w, next),
                       FVI_ALIGN_CENTRES);
    } else {
        memset(next, 0, (size_t)count * sizeof *next);
    }
    if (!st) st = add_photo(d, next, h, w, 1, err);
    free(d->now); /* never the caller's: that is the last one */
    d->now = next;
    d->h = h;
    d->w = w;
    d->mean = 0;
    return st;
}

/* Reduces the tile until it fits the model's memory together with the other buffers: the photograph
 * as floats (the caller's, in which the last octave is made) and as bytes (kept, and twice while
 * its file is written), and the octave before the last. */
static fv_status fit_tile(dream *d, const fvi_objective *o, const fv_image *image, fv_error *err) {
    const int64_t values = (int64_t)3 * image->height * image->width;
    const int side = MAX(image->height, image->width);
    const int own = MAX(d->in->height, d->in->width), asked = d->desc.tile;
    const double before = d->desc.octaves > 1 ? 1 / pow((double)d->desc.octave_scale, 2) : 0;
    d->held = (int64_t)((double)values * (3 + (1 + before) * sizeof(float)));
    fvi_budget_hold(d->model, d->held);
    int tile = MIN(asked, side);
    fv_status st =
        fvi_fit_tile(d->session, d->pass, o, MIN(own, tile), &tile, 9 * sizeof(float), err);
    if (!st && tile < MIN(asked, side)) {
        if (d->desc.jitter == asked) d->desc.jitter = tile;
        d->desc.tile = tile;
    }
    return st;
}

/* Chooses the size of the tiles at this octave. */
static fv_status choose_tile(dream *d, fv_error *err) {
    int th = MIN(d->h, d->desc.tile), tw = MIN(d->w, d->desc.tile);
    int takes = 1;
    fv_status st = fvi_pass_takes_size(d->pass, 1, th, tw, &takes, err);
    if (st) return st;
    if (!takes) { /* a fixed size: smaller octaves are enlarged */
        th = d->in->height;
        tw = d->in->width;
    }
    d->tile_h = th;
    d->tile_w = tw;
    free(d->tile);
    d->tile = malloc((size_t)(3 * th) * (size_t)tw * sizeof *d->tile);
    if (!d->tile) return fvi_fail(err, FV_NOMEM, "out of memory for a tile of %dx%d", tw, th);
    return fvi_pass_reserve(d->pass, 1, (int64_t)3 * th * tw, err);
}

/* Where tile i of n begins on an axis turned by `shift`. */
static int tile_begin(int i, int n, int size, int tile, int shift) {
    return (fvi_tile_begin(i, n, size, tile) + shift) % size;
}

/* Copies a window that runs around the edges into the tile, or adds factor * tile to it. Where the
 * octave is smaller than the tile, its rows and columns are repeated. */
static void window(dream *d, int y, int x, int channels, float factor) {
    int64_t plane = (int64_t)d->h * d->w;
    int th = factor != 0 ? MIN(d->tile_h, d->h) : d->tile_h;
    int tw = factor != 0 ? MIN(d->tile_w, d->w) : d->tile_w;
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < th; i++) {
            float *row = d->now + c * plane + (int64_t)((y + i) % d->h) * d->w;
            float *t = d->tile + ((int64_t)c * d->tile_h + i) * d->tile_w;
            for (int k = 0; k < tw; k++) {
                float *p = row + (x + k) % d->w;
                if (factor == 0)
                    t[k] = *p;
                else
                    *p = fminf(fmaxf(*p + factor * t[k], 0), 1);
            }
        }
}

/* For networks of one channel: the tile becomes its luma, the gradient goes to all three. */
static void to_grey(dream *d) {
    int64_t plane = (int64_t)d->tile_h * d->tile_w;
    for (int64_t i = 0; i < plane; i++)
        d->tile[i] = fvi_luma(d->tile[i], d->tile[plane + i], d->tile[2 * plane + i]);
}

static void from_grey(dream *d) {
    int64_t plane = (int64_t)d->tile_h * d->tile_w;
    for (int64_t i = 0; i < 2 * plane; i++) d->tile[plane + i] = d->tile[i % plane];
}

/* Ends the dream because of an unusable gradient. The picture so far is kept if the session asks
 * for that (FV_ON_NAN_KEEP), else this is an error. */
static fv_status give_up(dream *d, const fvi_gradient_health *v, fv_error *err) {
    const char *why = fvi_pass_why(d->pass, 0);
    if (v->kind == FVI_GRADIENT_EXPLODED || !why)
        fvi_gradient_health_text(v, d->why, sizeof d->why);
    else
        g_strlcpy(d->why, why, sizeof d->why);
    d->stopped = 1;
    if (fvi_session_on_nan(d->session) == FV_ON_NAN_KEEP && d->alive) return FV_OK;
    if (v->kind == FVI_GRADIENT_EXPLODED)
        return fvi_fail(err, FV_NOTFOUND, "\"%.200s\" is dead: %s", d->label, d->why);
    return why ? fvi_fail(err, FV_NONFINITE, "%s", why)
               : fvi_fail(err, FV_NONFINITE, "\"%.200s\", update %d: %s", d->label, d->done + 1,
                          d->why);
}

/* Another thread has told the monitor to stop or cancel. There is nothing to keep of a dream that
 * has not begun. */
static fv_status interrupted(dream *d, fv_error *err) {
    d->stopped =
        fvi_monitor_request(fvi_session_monitor(d->session)) == FV_MONITOR_STOP && d->alive;
    return d->stopped ? FV_OK : fvi_monitor_cancelled(d->done, d->total, "updates", err);
}

/* One tile: gradient, and the picture moves. Returns the sum of |gradient| in *sum. */
static fv_status step_tile(dream *d, int y, int x, double mean_so_far, double *value, double *sum,
                           fv_error *err) {
    int64_t count = (int64_t)3 * d->tile_h * d->tile_w;
    window(d, y, x, 3, 0);
    if (d->in->channels == 1) to_grey(d);
    const fvi_pass_samples tile = {.samples = 1,
                                   .channels = d->in->channels,
                                   .h = d->tile_h,
                                   .w = d->tile_w,
                                   .t = d->tile,
                                   .values = value};
    fv_status st = fvi_pass_run(d->pass, &tile, err);
    if (st == FV_CANCELLED) return interrupted(d, err);
    if (st) return st;
    if (d->in->channels == 1) from_grey(d);
    const fvi_gradient_health v = fvi_gradient_health_of(*value, d->tile, count);
    if (v.kind >= FVI_GRADIENT_EXPLODED) return give_up(d, &v, err);
    if (v.kind == FVI_GRADIENT_SOUND)
        d->alive = 1;
    else
        d->last = v;
    for (int64_t i = 0; i < count; i++) *sum += fabsf(d->tile[i]);
    double own = *sum / (double)count;
    double mean = d->mean > 0 ? d->mean : mean_so_far > 0 ? (mean_so_far + own) / 2 : own;
    if (mean > 0) window(d, y, x, 3, (float)(d->desc.rate / mean));
    return FV_OK;
}

/* One update of the whole picture, tile by tile. */
static fv_status update(dream *d, int step, fv_error *err) {
    int ny = fvi_tile_count(d->h, d->tile_h), nx = fvi_tile_count(d->w, d->tile_w);
    int most = d->desc.jitter > 0 ? d->desc.jitter : 0;
    fvi_random r =
        fvi_random_stream(d->desc.seed, (uint64_t)d->octave, (uint32_t)step, FVI_DRAW_TILE);
    int down = fvi_random_int(&r, 0, most) % d->h, right = fvi_random_int(&r, 0, most) % d->w;
    double sum = 0, value = 0;
    for (int k = 0; k < ny * nx && !d->stopped; k++) {
        int y = tile_begin(k / nx, ny, d->h, d->tile_h, down);
        int x = tile_begin(k % nx, nx, d->w, d->tile_w, right);
        double own = 0, one = 0;
        fv_status st = step_tile(d, y, x, k ? sum / k : 0, &one, &own, err);
        if (st || d->stopped) return st;
        sum += own / (3.0 * d->tile_h * d->tile_w);
        value += one;
    }
    d->mean = sum / (ny * nx);
    d->value = value / (ny * nx);
    return FV_OK;
}

static fv_status report(dream *d, int step, fv_error *err) {
    d->done++;
    const int index = 0;
    fv_progress p = {.done = d->done,
                     .total = d->total,
                     .objective = d->value,
                     .what = "dream",
                     .iteration = step + 1,
                     .level = d->octave + 1,
                     .count = 1,
                     .objectives = &d->value,
                     .pictures = &index};
    const int answer = fvi_monitor_report(fvi_session_monitor(d->session), &p);
    if (answer == FV_MONITOR_STOP) d->stopped = 1;
    return answer == FV_MONITOR_CANCEL ? fvi_monitor_cancelled(d->done, d->total, "updates", err)
                                       : FV_OK;
}

static fv_status snapshot(dream *d, fv_error *err) {
    if (!d->desc.snapshot || d->desc.snapshot_every < 1 || d->done % d->desc.snapshot_every)
        return FV_OK;
    fv_image *image = NULL;
    fv_status st = fv_image_new(3, d->height, d->width, &image, err);
    if (st) return st;
    fvi_resize(fvi_planes_of(3, d->h, d->w, d->now),
               fvi_planes_of(3, d->height, d->width, image->data), FVI_ALIGN_CENTRES);
    d->desc.snapshot(d->desc.user, 0, d->done, image);
    fv_image_free(image);
    return FV_OK;
}

/* Size of octave i: the last is the picture's own, each before smaller by the scale. */
static int octave_side(const dream *d, int side, int i) {
    for (int k = d->desc.octaves - 1; k > i; k--)
        side = (int)floor(side / (double)d->desc.octave_scale + 0.5);
    return MAX(side, MIN_SIDE);
}

static fv_status run_octaves(dream *d, float *last, fv_error *err) {
    fv_status st = FV_OK;
    for (d->octave = 0; !st && d->octave < d->desc.octaves; d->octave++) {
        int final = d->octave == d->desc.octaves - 1;
        int h = final ? d->height : MIN(octave_side(d, d->height, d->octave), d->height);
        int w = final ? d->width : MIN(octave_side(d, d->width, d->octave), d->width);
        st = enter_octave(d, h, w, final ? last : NULL, err);
        if (!st) st = choose_tile(d, err);
        for (int step = 0; !st && step < d->desc.steps && !d->stopped; step++) {
            st = update(d, step, err);
            if (d->stopped) break;
            if (!st) st = report(d, step, err);
            if (!st) st = snapshot(d, err);
        }
    }
    return st;
}

/* Keeps the dream's lightness and takes the colours of the photograph. */
static void restore_colors(dream *d, float *now) {
    int64_t plane = (int64_t)d->height * d->width;
    for (int64_t i = 0; i < plane; i++) {
        float *p = now + i, was[3];
        for (int c = 0; c < 3; c++) was[c] = (float)d->photo[c * plane + i] / 255;
        float change = fvi_luma(p[0], p[plane], p[2 * plane]) - fvi_luma(was[0], was[1], was[2]);
        for (int c = 0; c < 3; c++) p[c * plane] = fminf(fmaxf(was[c] + change, 0), 1);
    }
}

static fv_status set_texts(const dream *d, const char *name, fv_image *image, fv_error *err) {
    char options[TEXT_BYTES], seed[32], rate[32], scale[32], steps[TEXT_BYTES + 64];
    g_ascii_formatd(rate, sizeof rate, "%.7g", d->desc.rate);
    g_ascii_formatd(scale, sizeof scale, "%.7g", d->desc.octave_scale);
    g_snprintf(options, sizeof options,
               "steps=%d; octaves=%d; octave-scale=%s; rate=%s; jitter=%d; tile=%d; "
               "original-colors=%s; guide=%s",
               d->desc.steps, d->desc.octaves, scale, rate, d->desc.jitter, d->desc.tile,
               d->desc.original_colors ? "on" : "off", d->desc.reference ? "on" : "off");
    g_snprintf(seed, sizeof seed, "%" G_GUINT64_FORMAT, d->desc.seed);
    g_snprintf(steps, sizeof steps, "%d of %d steps%s%s", d->done, d->total, *d->why ? ": " : "",
               d->why);
    const char *texts[][2] = {{"fovea.objective", name},
                              {"fovea.options", options},
                              {"fovea.seed", seed},
                              {"fovea.model", fv_model_name(d->model)},
                              {"fovea.model-sha256", fv_model_sha256(d->model)},
                              {"fovea.version", fv_version()},
                              {"fovea.device", fv_session_accelerator(d->session)},
                              {"fovea.unfinished", d->stopped ? steps : NULL}};
    fv_status st = FV_OK;
    for (size_t k = 0; !st && k < G_N_ELEMENTS(texts); k++)
        if (texts[k][1]) st = fv_image_set_text(image, texts[k][0], texts[k][1], err);
    return st;
}

static fv_status keep_photo(dream *d, const fv_image *image, fv_error *err) {
    int64_t count = (int64_t)3 * image->height * image->width;
    d->height = image->height;
    d->width = image->width;
    d->photo = malloc((size_t)count);
    if (!d->photo)
        return fvi_fail(err, FV_NOMEM, "out of memory for a picture of %dx%d", d->width, d->height);
    for (int64_t i = 0; i < count; i++)
        d->photo[i] = (unsigned char)lrintf(255 * fminf(fmaxf(image->data[i], 0), 1));
    return FV_OK;
}

/* After a failure the picture is what it was, to the byte it was kept in. */
static void restore_photo(const dream *d, float *pixels) {
    int64_t count = (int64_t)3 * d->height * d->width;
    for (int64_t i = 0; i < count; i++) pixels[i] = (float)d->photo[i] / 255;
}

/* Resolves the objective, with the reference's features in it where there is one. */
static fv_status read_objective(dream *d, const fv_objective *objective, fvi_objective *o,
                                char *name, size_t size, fv_error *err) {
    fv_status st =
        fvi_objective_resolve(objective, NULL, d->model->network, FVI_REDUCTION_MEAN, o, err);
    if (!st) st = fvi_objective_check_plain(o, "a dream", err);
    if (!st) fvi_objective_text(o, name, size);
    if (!st) d->label = fvi_objective_label(o);
    if (!st && d->desc.reference)
        st = fvi_reference_resolve(d->session, d->model, d->desc.reference, o, err);
    return st;
}

static fv_status run(dream *d, fv_image *image, const char *name, fv_error *err) {
    fv_status st = keep_photo(d, image, err);
    d->total = d->desc.octaves * d->desc.steps;
    if (!st) st = run_octaves(d, image->data, err);
    if (!st && !d->alive && !d->stopped) {
        char text[128];
        fvi_gradient_health_text(&d->last, text, sizeof text);
        st = fvi_fail(err, FV_NOTFOUND, "\"%.200s\" is dead: %s; there is nothing to dream of",
                      d->label, text);
    }
    if (!st && d->now != image->data) /* stopped at a smaller octave */
        fvi_resize(fvi_planes_of(3, d->h, d->w, d->now),
                   fvi_planes_of(3, d->height, d->width, image->data), FVI_ALIGN_CENTRES);
    if (st && d->now == image->data) restore_photo(d, image->data);
    if (!st && d->desc.original_colors) restore_colors(d, image->data);
    return st ? st : set_texts(d, name, image, err);
}

fv_status fv_dream(fv_session *session, fv_image *image, const fv_objective *objective,
                   const fv_dream_desc *desc, fv_error *err) {
    FVI_USE_THREADS(session);
    fv_status st = FVI_NOT_NULL(err, session, image, objective);
    if (!st) st = fvi_image_check(image, "the picture", err);
    if (!st) st = fvi_image_check_numbers(image, "the picture", err);
    if (st) return st;
    const fv_model *model = fvi_session_model(session);
    dream d = {.session = session, .model = model, .in = fvi_network_input(model->network)};
    fvi_objective o = {0};
    const fvi_objective *only = &o;
    char name[TEXT_BYTES];
    st = resolve(desc, &d.desc, err);
    if (!st) st = check(model, image, &d.desc, err);
    if (!st) st = read_objective(&d, objective, &o, name, sizeof name, err);
    if (!st) st = fvi_pass_new(session, &(fvi_objective_list){&only, 1}, 1, 0, 1, &d.pass, err);
    if (!st) st = fit_tile(&d, &o, image, err);
    if (!st) st = run(&d, image, name, err);
    fvi_budget_hold(model, -d.held);
    if (d.now != image->data) free(d.now);
    free(d.tile);
    free(d.photo);
    g_free(d.label);
    fvi_pass_free(d.pass);
    fvi_objective_clear(&o);
    return st;
}
