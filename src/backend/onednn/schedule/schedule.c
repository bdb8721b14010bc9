/* SPDX-License-Identifier: Apache-2.0 */
/* schedule: collects entries (one direction of a step, a conversion, an addition) and the buffers
 * they touch, then gives every buffer its address in one arena (arena.c) and runs the entries.
 *
 * Entries run in the order in which they were appended, each after everything it reads. plan.c
 * decides what is computed, the op files how.
 */
#include "backend/onednn/schedule/schedule.h"

#include <assert.h>
#include <glib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/onednn/dnnl/dnnl_build.h"
#include "backend/onednn/schedule/arena.h"
#include "backend/onednn/schedule/schedule_internal.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#define BUFFERS_MAX (1 << 16) /* laying them out is quadratic */

static fv_status out_of_memory(fv_error *err) {
    return fvi_fail(err, FV_NOMEM, "out of memory while planning");
}

fv_status fvi_schedule_new(fvi_dnnl_engine *b, fvi_weight_cache *w, int guards, fvi_schedule **out,
                           fv_error *err) {
    fvi_schedule *p = calloc(1, sizeof *p);
    if (!p) return out_of_memory(err);
    p->engine = b;
    p->weights = w;
    p->guards = guards;
    p->pool = fvi_pool_new(0);
    p->entries = g_array_new(FALSE, TRUE, sizeof(fvi_entry));
    p->buffers = g_ptr_array_new();
    p->steps = g_ptr_array_new();
    p->concats = g_array_new(FALSE, TRUE, sizeof(fvi_concat_request));
    p->inplaces = g_array_new(FALSE, TRUE, sizeof(fvi_inplace_request));
    if (!p->pool) {
        fvi_schedule_free(p);
        return out_of_memory(err);
    }
    *out = p;
    return FV_OK;
}

static void step_drop(fvi_step *s) {
    if (s->op->drop) s->op->drop(s);
    fvi_direction_clear(&s->direction[FVI_FORWARD]);
    fvi_direction_clear(&s->direction[FVI_BACKWARD]);
}

void fvi_schedule_free(fvi_schedule *p) {
    if (!p) return;
    for (guint i = 0; i < p->steps->len; i++) step_drop(p->steps->pdata[i]);
    for (guint i = 0; i < p->entries->len; i++)
        fvi_prim_free(g_array_index(p->entries, fvi_entry, i).prim);
    for (guint i = 0; i < p->buffers->len; i++)
        fvi_layout_free(((fvi_buffer *)p->buffers->pdata[i])->layout);
    g_array_free(p->entries, TRUE);
    g_array_free(p->concats, TRUE);
    g_array_free(p->inplaces, TRUE);
    g_ptr_array_free(p->buffers, TRUE);
    g_ptr_array_free(p->steps, TRUE);
    free(p->arena);
    free(p->redirect);
    fvi_pool_free(p->pool);
    free(p);
}

fv_status fvi_schedule_buffer(fvi_schedule *p, const fvi_shape *shape, const fvi_layout *layout,
                              fvi_buffer **out, fv_error *err) {
    if (fvi_shape_count(shape) < 0) {
        char text[FVI_SHAPE_TEXT];
        return fvi_fail(err, FV_SHAPE, "a tensor of %s is beyond the limit of 2^31 elements",
                        fvi_shape_text(shape, text));
    }
    if (p->buffers->len >= BUFFERS_MAX)
        return fvi_fail(err, FV_NOMEM, "a plan of more than %d tensors", BUFFERS_MAX);
    fvi_buffer *buffer = fvi_pool_array(p->pool, 1, sizeof *buffer);
    if (!buffer) return out_of_memory(err);
    buffer->shape = *shape;
    buffer->layout = fvi_layout_copy(layout);
    if (layout && !buffer->layout) return out_of_memory(err);
    buffer->bytes = fvi_layout_bytes(layout, shape);
    buffer->first = INT_MAX;
    buffer->last = INT_MIN;
    g_ptr_array_add(p->buffers, buffer);
    *out = buffer;
    return FV_OK;
}

fv_status fvi_schedule_step(fvi_schedule *p, const fvi_graph *g, const fvi_node *n, int backward,
                            fvi_step **out, fv_error *err) {
    fvi_step *s = fvi_pool_array(p->pool, 1, sizeof *s);
    size_t count = (size_t)(n->n_in > 0 ? n->n_in : 1);
    if (!s || !(s->src = fvi_pool_array(p->pool, count, sizeof *s->src)) ||
        !(s->dsrc = fvi_pool_array(p->pool, count, sizeof *s->dsrc)) ||
        !(s->wanted = fvi_pool_array(p->pool, count, 1)))
        return out_of_memory(err);
    s->op = fvi_op_of(n->kind);
    s->graph = g;
    s->node = n;
    s->schedule = p;
    s->backward = backward;
    s->n_in = n->n_in;
    g_ptr_array_add(p->steps, s);
    *out = s;
    return FV_OK;
}

fv_status fvi_schedule_append(fvi_schedule *p, fvi_step *s, int direction, fv_error *err) {
    s->planning = direction;
    fv_status st = direction == FVI_BACKWARD ? s->op->plan_backward(s, err) : s->op->plan(s, err);
    if (!st && s->no_memory) st = out_of_memory(err);
    if (st) return st;
    g_array_append_val(p->entries, ((fvi_entry){.step = s, .direction = direction}));
    return FV_OK;
}

/* Appends a primitive that belongs to no step; the schedule owns it then, also on failure. */
static fv_status append_prim(fvi_schedule *p, fvi_prim *prim, fv_error *err) {
    fvi_buffer *scratch = NULL;
    fv_status st = fvi_schedule_scratch(p, prim, &scratch, err);
    g_array_append_val(p->entries, ((fvi_entry){.prim = prim, .scratch = scratch}));
    return st;
}

fv_status fvi_schedule_scratch(fvi_schedule *p, fvi_prim *prim, fvi_buffer **out, fv_error *err) {
    size_t bytes = fvi_prim_scratch(prim);
    *out = NULL;
    if (!bytes) return FV_OK;
    fv_status st = fvi_schedule_bytes_buffer(p, bytes, out, err);
    if (!st) fvi_prim_set_scratch(prim, *out);
    return st;
}

fv_status fvi_schedule_bytes_buffer(fvi_schedule *p, size_t bytes, fvi_buffer **out,
                                    fv_error *err) {
    fvi_shape shape = {1, {(int64_t)((bytes + 3) / 4)}};
    return fvi_schedule_buffer(p, &shape, NULL, out, err);
}

fv_status fvi_schedule_convert(fvi_schedule *p, fvi_buffer *buffer, const fvi_layout *want,
                               fvi_buffer **out, fv_error *err) {
    for (fvi_buffer *c = buffer; c; c = c == buffer ? buffer->copies : c->next_copy)
        if (fvi_layout_equal(c->layout, want, &buffer->shape)) {
            *out = c;
            return FV_OK;
        }
    assert(!buffer->external);
    fvi_buffer *copy = NULL;
    fvi_prim *prim = NULL;
    fv_status st = fvi_schedule_buffer(p, &buffer->shape, want, &copy, err);
    if (!st) st = fvi_prim_reorder(p->engine, buffer, copy, &prim, err);
    if (!st) st = append_prim(p, prim, err);
    if (st) return st;
    copy->next_copy = buffer->copies;
    buffer->copies = copy;
    *out = copy;
    return FV_OK;
}

fv_status fvi_schedule_add(fvi_schedule *p, fvi_buffer *x, fvi_buffer *y, fvi_buffer **out,
                           fv_error *err) {
    fvi_buffer *same = NULL, *sum = NULL;
    fvi_prim *prim = NULL;
    fv_status st = fvi_schedule_convert(p, y, x->layout, &same, err);
    if (!st) st = fvi_schedule_buffer(p, &x->shape, x->layout, &sum, err);
    if (!st) st = fvi_prim_add(p->engine, x, same, sum, &prim, err);
    if (!st) st = append_prim(p, prim, err);
    if (st) return st;
    fvi_schedule_allow_inplace(p, sum, x);
    *out = sum;
    return FV_OK;
}

void fvi_schedule_allow_inplace(fvi_schedule *p, fvi_buffer *buffer, fvi_buffer *of) {
    g_array_append_val(p->inplaces, ((fvi_inplace_request){buffer, of}));
}

void fvi_schedule_persist(fvi_buffer *buffer, int first, int last) {
    if (first < buffer->first) buffer->first = first;
    if (last > buffer->last) buffer->last = last;
    buffer->persistent = 1;
}

void fvi_schedule_every_method(fvi_schedule *p) { p->every_method = 1; }
void fvi_schedule_guide(fvi_schedule *p) { p->guided = 1; }
fvi_weight_cache *fvi_schedule_weights(const fvi_schedule *p) { return p->weights; }
int fvi_schedule_length(const fvi_schedule *p) { return (int)p->entries->len; }
size_t fvi_schedule_bytes(const fvi_schedule *p) { return p->arena_bytes; }

/* Extends the lifetime of a buffer, and of the one whose memory it shares, to entry t. */
static void live_at(fvi_buffer *buffer, int t) {
    if (!buffer) return;
    while (buffer->alias_of) buffer = buffer->alias_of;
    if (buffer->external) return; /* weights: shared by schedules, and outlive them */
    if (t < buffer->first) buffer->first = t;
    if (t > buffer->last) buffer->last = t;
}

static void live_prim(const fvi_prim *prim, int t) {
    fvi_access access;
    for (int i = 0; i < fvi_prim_operand_count(prim); i++)
        live_at(fvi_prim_operand(prim, i, &access), t);
}

/* Decides which inputs of a concat are written directly into its output (fvi_step_write_inside):
 * those that have their own memory and are not part of another buffer yet. */
static void plan_concat_in_place(fvi_schedule *p) {
    for (guint i = 0; i < p->concats->len; i++) {
        fvi_concat_request *w = &g_array_index(p->concats, fvi_concat_request, i);
        if (w->part->alias_of || w->part->external || w->part->persistent) continue;
        w->part->alias_of = w->whole;
        w->part->offset = w->offset;
        g_hash_table_add(p->skipped, w->prim);
    }
}

static fv_status declare_hooks(fvi_schedule *p, fv_error *err) {
    fv_status st = FV_OK;
    for (guint i = 0; !st && i < p->steps->len; i++) {
        fvi_step *s = p->steps->pdata[i];
        if (s->hook && s->hook->declare) st = s->hook->declare(s, err);
    }
    return st;
}

static void compute_lifetimes(fvi_schedule *p) {
    for (guint i = 0; i < p->buffers->len; i++) { /* persistent buffers that share memory */
        fvi_buffer *buffer = p->buffers->pdata[i];
        if (!buffer->alias_of || buffer->first > buffer->last) continue;
        live_at(buffer->alias_of, buffer->first);
        live_at(buffer->alias_of, buffer->last);
    }
    for (guint t = 0; t < p->entries->len; t++) {
        fvi_entry *a = &g_array_index(p->entries, fvi_entry, t);
        live_at(a->scratch, (int)t);
        if (a->prim) live_prim(a->prim, (int)t);
        if (!a->step) continue;
        fvi_direction *ph = &a->step->direction[a->direction];
        for (int i = 0; i < ph->n_prims; i++) live_prim(ph->prims[i], (int)t);
        for (int i = 0; i < ph->n_touched; i++) live_at(ph->touched[i], (int)t);
    }
}

/* The buffer whose whole memory this one shares (or itself), or NULL. */
static fvi_buffer *owner(fvi_buffer *buffer) {
    const size_t bytes = buffer->bytes;
    for (; buffer->alias_of; buffer = buffer->alias_of)
        if (buffer->offset) return NULL;
    return buffer->bytes == bytes ? buffer : NULL;
}

/* Decides which buffers are computed in place (fvi_schedule_allow_inplace): those whose first entry
 * is the last one of the buffer they are computed from. */
static void plan_inplace(fvi_schedule *p) {
    for (guint i = 0; i < p->inplaces->len && !p->guards; i++) {
        fvi_buffer *buffer = g_array_index(p->inplaces, fvi_inplace_request, i).buffer;
        fvi_buffer *of = owner(g_array_index(p->inplaces, fvi_inplace_request, i).of);
        if (!of || of->external || of->persistent || of->donated) continue;
        if (buffer->alias_of || buffer->persistent) continue;
        if (of == buffer || of->bytes != buffer->bytes || of->last != buffer->first) continue;
        of->donated = buffer->last == of->last; /* to no other buffer in this entry */
        of->last = buffer->last;
        buffer->alias_of = of;
        buffer->offset = 0;
    }
}

/* Removes the skipped primitives from their steps. */
static void drop_skipped(fvi_schedule *p) {
    for (guint i = 0; i < p->steps->len; i++) {
        fvi_direction *ph = &((fvi_step *)p->steps->pdata[i])->direction[FVI_FORWARD];
        int kept = 0;
        for (int k = 0; k < ph->n_prims; k++) {
            if (g_hash_table_contains(p->skipped, ph->prims[k]))
                fvi_prim_free(ph->prims[k]);
            else
                ph->prims[kept++] = ph->prims[k];
        }
        ph->n_prims = kept;
    }
}

static fv_status bind_all(fvi_schedule *p, fv_error *err) {
    fv_status st = FV_OK;
    for (guint t = 0; !st && t < p->entries->len; t++) {
        fvi_entry *a = &g_array_index(p->entries, fvi_entry, t);
        if (a->prim) st = fvi_prim_bind(a->prim, err);
        if (!a->step) continue;
        fvi_direction *ph = &a->step->direction[a->direction];
        for (int i = 0; !st && i < ph->n_prims; i++) st = fvi_prim_bind(ph->prims[i], err);
        if (st) fvi_error_prefix(err, "layer \"%s\"", a->step->node->name);
    }
    return st;
}

static size_t sum(size_t a, size_t b) { return a > SIZE_MAX - b ? SIZE_MAX : a + b; }

/* A plan may not allocate more than the model's limit leaves, nor more than the machine has: with
 * overcommitted memory the allocation would succeed and the process be killed while running. */
static fv_status arena_new(const fvi_schedule *p, size_t bytes, size_t results, void **out,
                           fv_error *err) {
    char needed[FVI_MEMORY_TEXT_BYTES], there[FVI_MEMORY_TEXT_BYTES], all[FVI_MEMORY_TEXT_BYTES];
    size_t limit, left = fvi_weight_cache_left(p->weights, &limit);
    if (bytes > left || results > left - bytes)
        return fvi_fail(err, FV_NOMEM,
                        "this needs %s of memory; %s of %s are left " FVI_LIMIT("memory"),
                        fvi_memory_text(sum(bytes, results), needed), fvi_memory_text(left, there),
                        fvi_memory_text(limit, all));
    fvi_memory_text(bytes, needed);
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
    size_t most = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;
    if (bytes > most)
        return fvi_fail(err, FV_NOMEM, "this needs %s of memory; the machine has %s", needed,
                        fvi_memory_text(most, all));
    *out = aligned_alloc(64, bytes);
    return *out
               ? FV_OK
               : fvi_fail(err, FV_NOMEM, "this needs %s of memory, which could not be had", needed);
}

fv_status fvi_schedule_finish(fvi_schedule *p, size_t results, fv_error *err) {
    fv_status st = declare_hooks(p, err);
    if (st) return st;
    p->skipped = g_hash_table_new(NULL, NULL);
    plan_concat_in_place(p);
    compute_lifetimes(p);
    plan_inplace(p);
    drop_skipped(p);
    g_hash_table_destroy(p->skipped);
    p->skipped = NULL;
    st = fvi_arena_lay_out((fvi_buffer **)p->buffers->pdata, (int)p->buffers->len,
                           p->guards ? FVI_GUARD_BYTES : 0, &p->arena_bytes, err);
    if (st) return st;
    if (fvi_weight_cache_counts(p->weights)) return FV_OK;
    size_t bytes = p->arena_bytes ? p->arena_bytes : 64;
    st = arena_new(p, bytes, results, &p->arena, err);
    if (st) return st;
    if (p->guards) memset(p->arena, 0xff, bytes); /* NaN, so that reading unwritten memory shows */
    fvi_arena_bind((fvi_buffer **)p->buffers->pdata, (int)p->buffers->len, p->arena);
    return bind_all(p, err);
}

static fv_status run_step(const fvi_step *s, int direction) {
    const fvi_step_hook *hook = s->hook;
    if (direction == FVI_BACKWARD) {
        if (hook && hook->before_backward) hook->before_backward(s);
        return s->op->backward ? s->op->backward(s) : fvi_direction_run(&s->direction[direction]);
    }
    fv_status st = s->op->forward ? s->op->forward(s) : fvi_direction_run(&s->direction[direction]);
    if (!st && hook && hook->after_forward) hook->after_forward(s);
    return st;
}

fv_status fvi_schedule_run(fvi_schedule *p, int from, int to, fv_error *err) {
    for (int t = from; t < to; t++) {
        fvi_entry *a = &g_array_index(p->entries, fvi_entry, t);
        double start = p->clock ? fvi_clock() : 0;
        fv_status st = a->prim ? fvi_prim_run(a->prim) : run_step(a->step, a->direction);
        if (p->clock) p->clock[t] += fvi_clock() - start;
        if (st)
            return fvi_fail(err, st, "layer \"%s\": oneDNN failed while running",
                            a->step ? a->step->node->name : "(conversion)");
    }
    return FV_OK;
}

static int any(const unsigned char *samples, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (samples[i]) return 1;
    return 0;
}

void fvi_schedule_redirect(fvi_schedule *p, const unsigned char *samples, int64_t n) {
    free(p->redirect);
    p->redirect = NULL;
    if (!samples || n < 1 || !any(samples, n)) return;
    p->redirect = malloc((size_t)n);
    if (!p->redirect) return;
    memcpy(p->redirect, samples, (size_t)n);
    for (guint i = 0; p->redirect_samples != n && i < p->steps->len; i++) {
        const fvi_step *s = p->steps->pdata[i];
        if (s->hook && s->hook->set_samples) s->hook->set_samples(s, n);
    }
    p->redirect_samples = n;
}

int fvi_schedule_check_guards(const fvi_schedule *p) {
    int bad = 0;
    for (guint i = 0; p->guards && i < p->buffers->len; i++) {
        const fvi_buffer *buffer = p->buffers->pdata[i];
        if (buffer->alias_of || buffer->external || !buffer->data) continue;
        const uint8_t *guard = (const uint8_t *)buffer->data + buffer->bytes;
        for (int k = 0; k < FVI_GUARD_BYTES; k++)
            if (guard[k] != 0xff) {
                bad++;
                break;
            }
    }
    return bad;
}
