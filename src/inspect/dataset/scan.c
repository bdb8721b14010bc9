/* SPDX-License-Identifier: Apache-2.0 */
/* scan: photos through the network, 16 at a time (or 8, 4, ... where the model's memory is
 * limited), into the indices.
 *
 * A batch is always full: the last one is filled up with copies of its first photo. So one plan is
 * enough, and no response depends on how many photos there are or where a pass was interrupted. The
 * index remembers files that are no readable photos; those that the system does not let us read
 * (permissions, a file that is gone) are tried again next time.
 */
#include <stdlib.h>
#include <string.h>

#include "model/network/lower.h"
#include "base/error.h"
#include "base/tensor.h"
#include "image/image.h"
#include "inspect/dataset/dataset.h"
#include "runtime/monitor.h"

#define BATCH 16
#define AHEAD 32 /* photos decoded before they are needed */

typedef struct pass {
    fv_examples *e;
    const GPtrArray *todo;
    GPtrArray *failed;
    int stopped; /* the session's monitor said STOP */
    fvi_executable *plan;
    int64_t samples; /* the plan takes at a time */
    fvi_pool_stats *pool;
    fvi_response *responses; /* of one photo and one table */
    fv_tensor *input;        /* [batch][...] */
    int batch;               /* at most BATCH */
    int n;                   /* photos in it */
    fvi_photo photo[BATCH];
} pass;

static fv_status prepare(pass *p, fv_error *err) {
    fv_examples *e = p->e;
    fv_session *session = e->session;
    int most = 1;
    fvi_shape shape = fvi_network_input_shape(fvi_session_network(session), BATCH, 0, 0);
    fvi_examples_collect_values(e);
    const size_t each = (size_t)fvi_shape_count(&shape) / BATCH * sizeof(float);
    fv_status st = fvi_session_fit(session, &(fvi_plan_key){shape, e->wanted, e->n_wanted, 0},
                                   BATCH, 2 * each, &p->batch, err);
    if (st) return st;
    shape.dim[0] = p->batch;
    st = fvi_session_plan(session, &(fvi_plan_key){shape, e->wanted, e->n_wanted, 0}, &p->plan,
                          &p->samples, err);
    if (!st) st = fvi_pool_stats_new(e, p->plan, p->samples, &p->pool, err);
    if (!st) st = fvi_tensor_new(&shape, &p->input, err);
    for (guint i = 0; i < e->tables->len; i++)
        most = MAX(most, ((const fvi_layer_table *)e->tables->pdata[i])->units);
    if (!st) p->responses = malloc((size_t)most * sizeof *p->responses);
    if (!st && !p->responses) st = fvi_fail(err, FV_NOMEM, "no memory for %d units", most);
    return st;
}

/* Adds the responses to photo i of the batch, sample n of the plan, to the indices that lack it. */
static fv_status file_photo(pass *p, int i, int64_t n, fv_error *err) {
    const fvi_photo *photo = &p->photo[i];
    fv_status st = FV_OK;
    for (guint k = 0; k < p->e->tables->len && !st; k++) {
        const fvi_layer_table *t = p->e->tables->pdata[k];
        if (!t->active || fvi_index_find(t->index, photo->path, photo->size, photo->mtime))
            continue;
        st = fvi_pool_stats_read(p->pool, p->plan, (int)k, n, p->responses, err);
        if (!st) st = fvi_index_add(t->index, photo, p->responses, err);
    }
    return st;
}

/* Prefixes an error with the names of the photos in the run. */
static void name_photos(const pass *p, int64_t from, fv_error *err) {
    const int more = (int)MIN(p->n - from, p->samples) - 1;
    if (more > 0)
        fvi_error_prefix(err, "%.100s, or one of the %d photos after it", p->photo[from].path,
                         more);
    else
        fvi_error_prefix(err, "%.100s", p->photo[from].path);
}

/* Runs the batch. If it is not full, copies of its first photo fill it, so that values that are not
 * finite always come from a photo. */
static fv_status run_batch(pass *p, fv_error *err) {
    const int64_t each = fv_tensor_count(p->input) / p->batch;
    float *x = p->input->data;
    fv_status st = FV_OK;
    for (int i = p->n; i < p->batch; i++) memcpy(x + i * each, x, (size_t)each * sizeof *x);
    for (int64_t from = 0; from < p->n && !st; from += p->samples) {
        st = fvi_session_forward(p->e->session, p->plan, x + from * each, err);
        if (st == FV_NONFINITE) name_photos(p, from, err);
        for (int64_t i = from; i < MIN(p->n, from + p->samples) && !st; i++)
            st = file_photo(p, (int)i, i - from, err);
    }
    if (!st) p->e->measured += p->n;
    p->n = 0;
    return st;
}

/* A photo that cannot be read: remembered where that is its own fault, else told. */
static fv_status file_unreadable(pass *p, fvi_photo *photo, const fv_error *why, fv_error *err) {
    char *path = g_build_filename(p->e->folder, photo->path, NULL), *text;
    const size_t length = strlen(path);
    fv_status st = FV_OK;
    const int named = !strncmp(why->text, path, length) && why->text[length] == ':';
    const int ours = why->status == FV_NOMEM && !fvi_image_is_too_large(path);
    g_free(path);
    if (ours) return fvi_fail(err, FV_NOMEM, "%s", why->text); /* and no fault of the photo's */
    text = g_strdup(named ? why->text + length + 2 : why->text);
    photo->why = text;
    if (why->status == FV_FORMAT || why->status == FV_UNSUPPORTED) {
        for (guint k = 0; k < p->e->tables->len && !st; k++) {
            const fvi_layer_table *t = p->e->tables->pdata[k];
            if (t->active && !fvi_index_find(t->index, photo->path, photo->size, photo->mtime))
                st = fvi_index_add(t->index, photo, NULL, err);
        }
    } else {
        g_ptr_array_add(p->failed, g_strdup_printf("%s: %s", photo->path, text));
    }
    g_free(text);
    p->e->measured++;
    return st;
}

static fv_status take(pass *p, guint i, fvi_decoded *got, fv_error *err) {
    const fvi_file_entry *w = p->todo->pdata[i];
    fvi_photo photo = {.path = w->path, .size = w->size, .mtime = w->mtime};
    if (!got->input) return file_unreadable(p, &photo, &got->err, err);
    const int64_t each = fv_tensor_count(got->input);
    photo.height = got->height;
    photo.width = got->width;
    memcpy(p->input->data + p->n * each, got->input->data, (size_t)each * sizeof(float));
    p->photo[p->n++] = photo;
    fv_tensor_free(got->input);
    return p->n == p->batch ? run_batch(p, err) : FV_OK;
}

/* Does what a monitor's answer after `done` photos asks for.
 *   errors  CANCELLED. STOP: FV_OK, and p->stopped */
static fv_status obey(pass *p, int answer, guint done, fv_error *err) {
    if (answer == FV_MONITOR_CANCEL)
        return fvi_monitor_cancelled(done, p->todo->len, "photos", err);
    if (answer == FV_MONITOR_STOP) p->stopped = 1;
    return FV_OK;
}

/* Reports to the monitor that `done` photos are measured. */
static fv_status tell(pass *p, guint done, fv_error *err) {
    const fv_progress now = {
        .done = (int)done, .total = (int)p->todo->len, .what = "", .iteration = (int)done};
    return obey(p, fvi_monitor_report(fvi_session_monitor(p->e->session), &now), done, err);
}

/* Takes all photos. After a STOP those that are decoded but not yet run are dropped. */
static fv_status run_all(pass *p, fvi_decoder *decoder, fv_error *err) {
    const fv_monitor *monitor = fvi_session_monitor(p->e->session);
    fv_status st = tell(p, 0, err);
    for (guint i = 0; i < p->todo->len && !st && !p->stopped; i++) {
        fvi_decoded got;
        fvi_decoder_next(decoder, &got);
        st = take(p, i, &got, err);
        if (!st) st = p->n ? obey(p, fvi_monitor_request(monitor), i, err) : tell(p, i + 1, err);
    }
    if (st || p->stopped) return st;
    if (p->n) st = run_batch(p, err);
    return st ? st : tell(p, p->todo->len, err);
}

/* Writes what is measured, also after a failure. */
static fv_status flush(const fv_examples *e, fv_status st, fv_error *err) {
    for (guint i = 0; i < e->tables->len; i++) {
        const fvi_layer_table *t = e->tables->pdata[i];
        if (!t->active) continue;
        fv_status flushed = fvi_index_flush(t->index, st ? NULL : err);
        if (!st) st = flushed;
    }
    return st;
}

fv_status fvi_examples_scan_photos(fv_examples *e, const GPtrArray *todo, int decoders,
                                   GPtrArray *failed, fv_error *err) {
    pass p = {.e = e, .todo = todo, .failed = failed};
    fvi_decoder *decoder = NULL;
    fv_status st = prepare(&p, err);
    if (!decoders) decoders = MIN(fvi_session_threads(e->session), FVI_DECODERS_MAX);
    if (!st)
        st = fvi_decoder_new(e->model, e->folder, todo, decoders, AHEAD + decoders, &decoder, err);
    if (!st) {
        st = run_all(&p, decoder, err);
        st = flush(e, st, err);
    }
    e->unfinished = e->measured < (int)todo->len;
    fvi_decoder_free(decoder);
    fvi_pool_stats_free(p.pool);
    fv_tensor_free(p.input);
    free(p.responses);
    return st;
}
