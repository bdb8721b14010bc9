/* SPDX-License-Identifier: Apache-2.0 */
/* render: the loop. Start, shift, evaluate, shift back, climb; many units of one layer at a time,
 * each sample of the batch with its own unit and its own random numbers.
 *
 * The recipe is Wolfram's Deep Dream example (version 12): a start random at all scales, small
 * random jitter, gradient scaled so that its largest coefficient is 1/8, 256 updates. Pictures live
 * in [0,1] and are kept there.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "engine/model.h"
#include "engine/preprocess.h"
#include "vis/gradient.h"
#include "vis/optimizer.h"
#include "vis/start.h"
#include "vis/transform.h"

#define STEP       0.125f /* largest coefficient of an update, in units of the pixel range */
#define START_SD   0.1f
#define MAX_SIZE   8192
#define MAX_STEPS  1000000
#define BATCH      8
#define NAME_BYTES 512

/* Everything one batch of pictures needs while it is being made. */
typedef struct batch {
    const fv_input *in;
    int n, size, channels;          /* samples, side, channels of a picture */
    const fvi_objective *objective; /* [n] */
    uint64_t *key;                  /* [n] of each unit's random numbers */
    fvi_unit *unit;                 /* [n] */
    double *value;                  /* [n] objectives at the last evaluation */
    float *pixels;                  /* [n][channels][size][size] */
    float *shifted;                 /* the same, jittered; then the gradient at it */
    float *x, *dx;                  /* network input and gradient, [n][...] */
} batch;

fv_render_desc fv_render_desc_resolve(const fv_model *model, const fv_render_desc *desc) {
    fv_render_desc d = desc ? *desc : (fv_render_desc){0};
    if (!d.size) d.size = fvi_network_input(model->network)->height;
    if (!d.steps) d.steps = 256;
    if (!d.jitter) d.jitter = 8;
    if (!d.batch) d.batch = BATCH;
    return d;
}

static fv_status check_desc(const fv_model *model, const fv_render_desc *d, fv_error *err) {
    const fv_input *in = fvi_network_input(model->network);
    if (!in->is_image || (in->channels != 1 && in->channels != 3))
        return fvi_fail(err, FV_SHAPE, "%s: the input \"%s\" is no picture of 1 or 3 channels",
                        fvi_network_name(model->network), in->name);
    if (d->size < 1 || d->size > MAX_SIZE)
        return fvi_fail(err, FV_ARG, "size is %d; allowed are 1..%d", d->size, MAX_SIZE);
    if (d->steps < 1 || d->steps > MAX_STEPS)
        return fvi_fail(err, FV_ARG, "steps is %d; allowed are 1..%d", d->steps, MAX_STEPS);
    if (d->jitter < -1 || d->jitter > MAX_SIZE)
        return fvi_fail(err, FV_ARG, "jitter is %d; allowed are -1 (none)..%d", d->jitter,
                        MAX_SIZE);
    if (d->batch < 1 || d->batch > 1024)
        return fvi_fail(err, FV_ARG, "batch is %d; allowed are 1..1024", d->batch);
    return FV_OK;
}

/* A unit's key: FNV-1a (Fowler, Noll, Vo) of its one spelling, so that its picture does not depend
 * on what else is made beside it. */
static uint64_t unit_key(const fvi_objective *o) {
    char text[NAME_BYTES];
    uint64_t h = 14695981039346656037u;
    fvi_objective_text(o, text, sizeof text);
    for (const char *c = text; *c; c++) h = (h ^ (unsigned char)*c) * 1099511628211u;
    return h;
}

static int64_t picture_count(const batch *b) { return (int64_t)b->channels * b->size * b->size; }

static void batch_free(batch *b) {
    free(b->key);
    free(b->unit);
    free(b->value);
    free(b->pixels);
    free(b->shifted);
    free(b->x);
    free(b->dx);
}

static fv_status batch_new(const fv_input *in, const fvi_objective *o, int n, int size,
                           fvi_plan *plan, batch *b, fv_error *err) {
    *b = (batch){.in = in, .n = n, .size = size, .channels = in->channels, .objective = o};
    size_t samples = (size_t)n, elements = samples * (size_t)picture_count(b);
    b->key = calloc(samples, sizeof *b->key);
    b->unit = calloc(samples, sizeof *b->unit);
    b->value = calloc(samples, sizeof *b->value);
    b->pixels = calloc(elements, sizeof(float));
    b->shifted = calloc(elements, sizeof(float));
    b->x = calloc(elements, sizeof(float));
    b->dx = calloc(elements, sizeof(float));
    if (!b->key || !b->unit || !b->value || !b->pixels || !b->shifted || !b->x || !b->dx)
        return fvi_fail(err, FV_NOMEM, "out of memory for %d pictures of %dx%d", n, size, size);
    const fvi_graph *g = fvi_plan_graph(plan);
    for (int i = 0; i < n; i++) {
        fv_status st = fvi_objective_bind(&o[i], g, g->outputs[0], n, &b->unit[i], err);
        if (st) return st;
        b->key[i] = unit_key(&o[i]);
    }
    return FV_OK;
}

/* This step's shift of sample i. */
static void draw_jitter(const batch *b, const fv_render_desc *d, int i, int step, int *dy,
                        int *dx) {
    fvi_random r = fvi_random_stream(d->seed, b->key[i], (uint32_t)step, FVI_DRAW_JITTER);
    int most = d->jitter > 0 ? d->jitter : 0;
    *dy = fvi_random_int(&r, -most, most);
    *dx = fvi_random_int(&r, -most, most);
}

static void shift_and_encode(batch *b, const fv_render_desc *d, int step) {
    int64_t count = picture_count(b);
#pragma omp parallel for schedule(static)
    for (int i = 0; i < b->n; i++) {
        int dy, dx;
        draw_jitter(b, d, i, step, &dy, &dx);
        fvi_roll(b->pixels + i * count, b->channels, b->size, b->size, dy, dx,
                 b->shifted + i * count);
        fvi_encode(b->in, b->shifted + i * count, b->size, b->size, b->x + i * count);
    }
}

/* From the gradient at the network's input to the pixels; x serves as the room between. */
static void unshift_and_climb(batch *b, const fv_render_desc *d, int step) {
    int64_t count = picture_count(b);
#pragma omp parallel for schedule(static)
    for (int i = 0; i < b->n; i++) {
        int dy, dx;
        float *p = b->pixels + i * count, *g = b->x + i * count;
        draw_jitter(b, d, i, step, &dy, &dx);
        fvi_encode_adjoint(b->in, b->dx + i * count, b->size, b->size, b->shifted + i * count);
        fvi_roll(b->shifted + i * count, b->channels, b->size, b->size, -dy, -dx, g);
        fvi_ascend(p, g, count, STEP);
        for (int64_t k = 0; k < count; k++) p[k] = fminf(fmaxf(p[k], 0), 1);
    }
}

/* Where the whole call stands. */
typedef struct standing {
    const fv_render_desc *desc;
    int done, total;
} standing;

/* What a batch is busy with: "conv1:3", or "conv1:3 and 7 more". */
static void batch_text(const batch *b, char *text, size_t size) {
    char first[NAME_BYTES];
    fvi_objective_text(&b->objective[0], first, sizeof first);
    if (b->n == 1)
        g_strlcpy(text, first, size);
    else
        g_snprintf(text, (gulong)size, "%s and %d more", first, b->n - 1);
}

static fv_status report(standing *s, const batch *b, fv_error *err) {
    s->done++;
    if (!s->desc->progress) return FV_OK;
    char what[NAME_BYTES + 32];
    double mean = 0;
    for (int i = 0; i < b->n; i++) mean += b->value[i] / b->n;
    batch_text(b, what, sizeof what);
    fv_progress p = {.done = s->done, .total = s->total, .objective = mean, .what = what};
    return s->desc->progress(s->desc->user, &p)
               ? fvi_fail(err, FV_CANCELLED, "cancelled after %d of %d updates", s->done, s->total)
               : FV_OK;
}

static fv_status climb(fvi_plan *plan, batch *b, standing *s, fv_error *err) {
    const fv_render_desc *d = s->desc;
    int64_t count = picture_count(b);
    for (int i = 0; i < b->n; i++) {
        fvi_random r = fvi_random_stream(d->seed, b->key[i], 0, FVI_DRAW_START);
        fvi_start_all_scales(&r, b->channels, b->size, b->size, START_SD, b->pixels + i * count);
    }
    for (int step = 0; step < d->steps; step++) {
        shift_and_encode(b, d, step);
        fv_status st = fvi_gradient(plan, b->unit, b->n, b->x, b->value, b->dx, err);
        if (st) return st;
        unshift_and_climb(b, d, step);
        st = report(s, b, err);
        if (st) return st;
    }
    return FV_OK;
}

static fv_status set_texts(const fv_model *model, const fv_render_desc *d, const batch *b, int i,
                           fv_image *image, fv_error *err) {
    char name[NAME_BYTES];
    fvi_objective_text(&b->objective[i], name, sizeof name);
    char *options =
        g_strdup_printf("recipe=wolfram size=%d steps=%d jitter=%d step=1/8 start=noise", d->size,
                        d->steps, d->jitter);
    char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, d->seed);
    char reached[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_dtostr(reached, sizeof reached, b->value[i]);
    const char *texts[][2] = {{"fovea.objective", name},
                              {"fovea.options", options},
                              {"fovea.seed", seed},
                              {"fovea.reached", reached},
                              {"fovea.model", fv_model_name(model)},
                              {"fovea.model-sha256", fv_model_sha256(model)},
                              {"fovea.version", fv_version()}};
    fv_status st = FV_OK;
    for (size_t k = 0; !st && k < sizeof texts / sizeof *texts; k++)
        st = fv_image_set_text(image, texts[k][0], texts[k][1], err);
    g_free(options);
    g_free(seed);
    return st;
}

static fv_status picture_of(const fv_model *model, const fv_render_desc *d, const batch *b, int i,
                            fv_image **out, fv_error *err) {
    fv_image *image = NULL;
    fv_status st = fv_image_new(b->channels, b->size, b->size, &image, err);
    if (st) return st;
    memcpy(image->data, b->pixels + i * picture_count(b), (size_t)picture_count(b) * sizeof(float));
    st = set_texts(model, d, b, i, image, err);
    if (st)
        fv_image_free(image);
    else
        *out = image;
    return st;
}

/* Makes the pictures of n objectives on one value. */
static fv_status render_batch(const fv_model *model, fv_session *session, standing *s,
                              const fvi_objective *o, int n, fv_image **out, fv_error *err) {
    const fv_input *in = fvi_network_input(model->network);
    fvi_shape shape = fvi_network_input_shape(model->network, n, s->desc->size, s->desc->size);
    fvi_plan *plan = NULL;
    batch b = {0};
    int64_t samples = 0;
    fv_status st =
        fvi_session_plan(session, &shape, &o->value, 1, FVI_PLAN_BACKWARD, &plan, &samples, err);
    if (st) return st;
    if (samples != n) { /* the file's batch is fixed: in pieces of that size */
        for (int i = 0; !st && i < n; i += (int)samples)
            st = render_batch(model, session, s, o + i, (int)samples, out + i, err);
        return st;
    }
    st = batch_new(in, o, n, s->desc->size, plan, &b, err);
    if (!st) st = climb(plan, &b, s, err);
    for (int i = 0; !st && i < n; i++) st = picture_of(model, s->desc, &b, i, &out[i], err);
    batch_free(&b);
    return st;
}

/* How many objectives from `from` on can share a batch: those of one value, `most` at the most. */
static int run_length(const fvi_objective *o, int from, int count, int most) {
    int n = 1;
    while (n < most && from + n < count && strcmp(o[from + n].value, o[from].value) == 0) n++;
    return n;
}

static fv_status render_all(const fv_model *model, const fvi_objective *o, int count,
                            const fv_render_desc *d, fv_image **out, fv_error *err) {
    fv_session *session = NULL;
    fv_status st = fv_session_new(model, &(fv_session_desc){.threads = d->threads}, &session, err);
    standing s = {.desc = d};
    for (int i = 0; i < count; i += run_length(o, i, count, d->batch)) s.total += d->steps;
    for (int i = 0; !st && i < count;) {
        int n = run_length(o, i, count, d->batch);
        st = render_batch(model, session, &s, o + i, n, out + i, err);
        i += n;
    }
    fv_session_free(session);
    return st;
}

fv_status fv_render_many(const fv_model *model, const char *const *objectives, int count,
                         const fv_render_desc *desc, fv_image **out, fv_error *err) {
    if (!model || !objectives || !out || count < 1)
        return fvi_fail(err, FV_ARG,
                        "fv_render_many: model, objectives and out must not be NULL, "
                        "and count is %d (at least 1)",
                        count);
    fv_render_desc d = fv_render_desc_resolve(model, desc);
    fv_status st = check_desc(model, &d, err);
    if (st) return st;
    fvi_objective *o = calloc((size_t)count, sizeof *o);
    fv_image **made = calloc((size_t)count, sizeof(fv_image *));
    if (!o || !made) st = fvi_fail(err, FV_NOMEM, "out of memory for %d objectives", count);
    for (int i = 0; !st && i < count; i++)
        st = fvi_objective_parse(model->network, objectives[i], &o[i], err);
    if (!st) st = render_all(model, o, count, &d, made, err);
    for (int i = 0; made && i < count; i++) {
        if (st)
            fv_image_free(made[i]);
        else
            out[i] = made[i];
    }
    free(made);
    free(o);
    return st;
}

fv_status fv_render(const fv_model *model, const char *objective, const fv_render_desc *desc,
                    fv_image **out, fv_error *err) {
    return fv_render_many(model, &objective, 1, desc, out, err);
}
