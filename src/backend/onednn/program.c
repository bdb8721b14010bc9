/* SPDX-License-Identifier: Apache-2.0 */
/* program: collects actions (one direction of a step, a conversion, an addition) and the places
 * they touch, then gives every place its address in one arena (arena.c) and runs.
 *
 * Order is the only schedule: an action is appended after everything it reads. It does not decide
 * what is computed (backend/onednn/plan.c) nor how (the op files).
 */
#include "backend/onednn/program.h"

#include <assert.h>
#include <glib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/onednn/arena.h"
#include "backend/onednn/kernels/relu_backward.h"
#include "backend/onednn/program_internal.h"
#include "base/clock.h"
#include "base/error.h"

#define PLACES_MAX (1 << 16) /* laying them out is quadratic */

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
    p->actions = g_array_new(FALSE, TRUE, sizeof(fvi_entry));
    p->places = g_ptr_array_new();
    p->steps = g_ptr_array_new();
    p->moves = g_array_new(FALSE, TRUE, sizeof(fvi_move));
    p->reuses = g_array_new(FALSE, TRUE, sizeof(fvi_reuse));
    if (!p->pool) {
        fvi_schedule_free(p);
        return out_of_memory(err);
    }
    *out = p;
    return FV_OK;
}

static void step_drop(fvi_step *s) {
    if (s->op->drop) s->op->drop(s);
    for (int ph = 0; ph < 2; ph++) {
        for (int i = 0; i < s->phase[ph].n_prims; i++) fvi_prim_free(s->phase[ph].prims[i]);
        g_free(s->phase[ph].prims);
        g_free(s->phase[ph].touched);
        g_free(s->phase[ph].access);
    }
}

void fvi_schedule_free(fvi_schedule *p) {
    if (!p) return;
    for (guint i = 0; i < p->steps->len; i++) step_drop(p->steps->pdata[i]);
    for (guint i = 0; i < p->actions->len; i++)
        fvi_prim_free(g_array_index(p->actions, fvi_entry, i).prim);
    for (guint i = 0; i < p->places->len; i++)
        fvi_layout_free(((fvi_buffer *)p->places->pdata[i])->layout);
    g_array_free(p->actions, TRUE);
    g_array_free(p->moves, TRUE);
    g_array_free(p->reuses, TRUE);
    g_ptr_array_free(p->places, TRUE);
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
    if (p->places->len >= PLACES_MAX)
        return fvi_fail(err, FV_NOMEM, "a plan of more than %d tensors", PLACES_MAX);
    fvi_buffer *place = fvi_pool_array(p->pool, 1, sizeof *place);
    if (!place) return out_of_memory(err);
    place->shape = *shape;
    place->layout = fvi_layout_copy(layout);
    if (layout && !place->layout) return out_of_memory(err);
    place->bytes = fvi_layout_bytes(layout, shape);
    place->first = INT_MAX;
    place->last = INT_MIN;
    g_ptr_array_add(p->places, place);
    *out = place;
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
    s->program = p;
    s->backward = backward;
    s->n_in = n->n_in;
    g_ptr_array_add(p->steps, s);
    *out = s;
    return FV_OK;
}

fv_status fvi_schedule_append(fvi_schedule *p, fvi_step *s, int phase, fv_error *err) {
    s->now = phase;
    fv_status st = phase ? s->op->plan_backward(s, err) : s->op->plan(s, err);
    if (!st && s->no_memory) st = out_of_memory(err);
    if (st) return st;
    g_array_append_val(p->actions, ((fvi_entry){.step = s, .phase = phase}));
    return FV_OK;
}

/* Appends a primitive that belongs to no step; owned by the program from here, also on failure. */
static fv_status append_prim(fvi_schedule *p, fvi_prim *prim, fv_error *err) {
    fvi_buffer *scratch = NULL;
    fv_status st = fvi_schedule_scratch(p, prim, &scratch, err);
    g_array_append_val(p->actions, ((fvi_entry){.prim = prim, .scratch = scratch}));
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

fv_status fvi_schedule_convert(fvi_schedule *p, fvi_buffer *place, const fvi_layout *want,
                               fvi_buffer **out, fv_error *err) {
    for (fvi_buffer *c = place; c; c = c == place ? place->copies : c->next_copy)
        if (fvi_layout_equal(c->layout, want, &place->shape)) {
            *out = c;
            return FV_OK;
        }
    assert(!place->fixed);
    fvi_buffer *copy = NULL;
    fvi_prim *prim = NULL;
    fv_status st = fvi_schedule_buffer(p, &place->shape, want, &copy, err);
    if (!st) st = fvi_prim_reorder(p->engine, place, copy, &prim, err);
    if (!st) st = append_prim(p, prim, err);
    if (st) return st;
    copy->next_copy = place->copies;
    place->copies = copy;
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
    fvi_schedule_reuse(p, sum, x);
    *out = sum;
    return FV_OK;
}

void fvi_schedule_reuse(fvi_schedule *p, fvi_buffer *place, fvi_buffer *of) {
    g_array_append_val(p->reuses, ((fvi_reuse){place, of}));
}

void fvi_schedule_pin(fvi_buffer *place, int first, int last) {
    if (first < place->first) place->first = first;
    if (last > place->last) place->last = last;
    place->pinned = 1;
}

void fvi_schedule_every_method(fvi_schedule *p) { p->every_method = 1; }
void fvi_schedule_guide(fvi_schedule *p) { p->guided = 1; }
fvi_weight_cache *fvi_schedule_weights(const fvi_schedule *p) { return p->weights; }
int fvi_schedule_length(const fvi_schedule *p) { return (int)p->actions->len; }
size_t fvi_schedule_bytes(const fvi_schedule *p) { return p->arena_bytes; }

/* Widens the life of a place, and of the one whose memory it shares, to action t. */
static void live_at(fvi_buffer *place, int t) {
    if (!place) return;
    while (place->root) place = place->root;
    if (place->fixed) return; /* weights: shared with other programs, alive longer than all */
    if (t < place->first) place->first = t;
    if (t > place->last) place->last = t;
}

static void live_prim(const fvi_prim *prim, int t) {
    fvi_access access;
    for (int i = 0; i < fvi_prim_operand_count(prim); i++)
        live_at(fvi_prim_operand(prim, i, &access), t);
}

/* Decides which parts can be written straight into the whole they end up in (see
 * fvi_step_write_inside): those that are nobody else's part and whose memory is their own. */
static void settle_moves(fvi_schedule *p) {
    for (guint i = 0; i < p->moves->len; i++) {
        fvi_move *m = &g_array_index(p->moves, fvi_move, i);
        if (m->part->root || m->part->fixed || m->part->pinned) continue;
        m->part->root = m->whole;
        m->part->offset = m->offset;
        g_hash_table_add(p->skipped, m->prim);
    }
}

static fv_status settle_relus(fvi_schedule *p, fv_error *err) {
    fv_status st = FV_OK;
    for (guint i = 0; !st && i < p->steps->len; i++)
        if (((fvi_step *)p->steps->pdata[i])->relu) st = fvi_relu_settle(p->steps->pdata[i], err);
    return st;
}

static void settle_lives(fvi_schedule *p) {
    for (guint i = 0; i < p->places->len; i++) { /* pins of places that share memory */
        fvi_buffer *place = p->places->pdata[i];
        if (!place->root || place->first > place->last) continue;
        live_at(place->root, place->first);
        live_at(place->root, place->last);
    }
    for (guint t = 0; t < p->actions->len; t++) {
        fvi_entry *a = &g_array_index(p->actions, fvi_entry, t);
        live_at(a->scratch, (int)t);
        if (a->prim) live_prim(a->prim, (int)t);
        if (!a->step) continue;
        fvi_direction *ph = &a->step->phase[a->phase];
        for (int i = 0; i < ph->n_prims; i++) live_prim(ph->prims[i], (int)t);
        for (int i = 0; i < ph->n_touched; i++) live_at(ph->touched[i], (int)t);
    }
}

/* The place whose memory this is all of, or NULL. */
static fvi_buffer *owner(fvi_buffer *place) {
    const size_t bytes = place->bytes;
    for (; place->root; place = place->root)
        if (place->offset) return NULL;
    return place->bytes == bytes ? place : NULL;
}

/* Decides which places take the memory of one they are made of (see fvi_schedule_reuse): those that
 * begin with the action that is the other's last. */
static void settle_reuses(fvi_schedule *p) {
    for (guint i = 0; i < p->reuses->len && !p->guards; i++) {
        fvi_buffer *place = g_array_index(p->reuses, fvi_reuse, i).place;
        fvi_buffer *of = owner(g_array_index(p->reuses, fvi_reuse, i).of);
        if (!of || of->fixed || of->pinned || of->taken || place->root || place->pinned) continue;
        if (of == place || of->bytes != place->bytes || of->last != place->first) continue;
        of->taken = place->last == of->last; /* nobody else in this action */
        of->last = place->last;
        place->root = of;
        place->offset = 0;
    }
}

/* Takes the skipped primitives out of their steps. */
static void drop_skipped(fvi_schedule *p) {
    for (guint i = 0; i < p->steps->len; i++) {
        fvi_direction *ph = &((fvi_step *)p->steps->pdata[i])->phase[0];
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
    for (guint t = 0; !st && t < p->actions->len; t++) {
        fvi_entry *a = &g_array_index(p->actions, fvi_entry, t);
        if (a->prim) st = fvi_prim_bind(a->prim, err);
        if (!a->step) continue;
        fvi_direction *ph = &a->step->phase[a->phase];
        for (int i = 0; !st && i < ph->n_prims; i++) st = fvi_prim_bind(ph->prims[i], err);
        if (st) fvi_error_prefix(err, "layer \"%s\"", a->step->node->name);
    }
    return st;
}

/* A plan may not ask for more memory than the model's limit leaves, nor than the machine has: where
 * memory is overcommitted, the request would succeed and the process be killed while running. */
static fv_status arena_new(const fvi_schedule *p, size_t bytes, size_t results, void **out,
                           fv_error *err) {
    size_t limit, left = fvi_weight_cache_left(p->weights, &limit);
    if (bytes > left || results > left - bytes)
        return fvi_fail(err, FV_NOMEM,
                        "this needs %zu MB of memory; %zu of %zu MB are left (limit max_memory)",
                        ((bytes >> 20) + (results >> 20)) + 1, left >> 20, limit >> 20);
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
    size_t most = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;
    if (bytes > most)
        return fvi_fail(err, FV_NOMEM, "this needs %zu MB of memory; the machine has %zu MB",
                        bytes >> 20, most >> 20);
    *out = aligned_alloc(64, bytes);
    return *out ? FV_OK
                : fvi_fail(err, FV_NOMEM, "this needs %zu MB of memory, which could not be had",
                           bytes >> 20);
}

fv_status fvi_schedule_finish(fvi_schedule *p, size_t results, fv_error *err) {
    fv_status st = settle_relus(p, err);
    if (st) return st;
    p->skipped = g_hash_table_new(NULL, NULL);
    settle_moves(p);
    settle_lives(p);
    settle_reuses(p);
    drop_skipped(p);
    g_hash_table_destroy(p->skipped);
    p->skipped = NULL;
    st = fvi_arena_lay_out((fvi_buffer **)p->places->pdata, (int)p->places->len,
                           p->guards ? FVI_GUARD_BYTES : 0, &p->arena_bytes, err);
    if (st) return st;
    if (fvi_weight_cache_counts(p->weights)) return FV_OK;
    size_t bytes = p->arena_bytes ? p->arena_bytes : 64;
    st = arena_new(p, bytes, results, &p->arena, err);
    if (st) return st;
    if (p->guards) memset(p->arena, 0xff, bytes); /* NaN: what is read unwritten shows */
    fvi_arena_bind((fvi_buffer **)p->places->pdata, (int)p->places->len, p->arena);
    return bind_all(p, err);
}

fv_status fvi_schedule_run(fvi_schedule *p, int from, int to, fv_error *err) {
    for (int t = from; t < to; t++) {
        fvi_entry *a = &g_array_index(p->actions, fvi_entry, t);
        fv_status st;
        double start = p->clock ? fvi_clock() : 0;
        if (a->prim) {
            st = fvi_prim_run(a->prim);
        } else {
            fv_status (*run)(const fvi_step *) =
                a->phase ? a->step->op->backward : a->step->op->forward;
            if (a->phase && a->step->relu) fvi_relu_run(a->step);
            st = run ? run(a->step) : fvi_step_run(a->step, a->phase);
            if (!st && !a->phase && a->step->relu) fvi_relu_keep(a->step);
        }
        if (p->clock) p->clock[t] += fvi_clock() - start;
        if (st)
            return fvi_fail(err, st, "layer \"%s\": oneDNN failed while running",
                            a->step ? a->step->node->name : "(conversion)");
    }
    return FV_OK;
}

void fvi_buffer_write(fvi_buffer *place, const float *data) {
    if (place->bytes) memcpy(place->data, data, place->bytes);
}

void fvi_buffer_read(const fvi_buffer *place, float *data) {
    if (place->bytes) memcpy(data, place->data, place->bytes);
}

int fvi_schedule_check_guards(const fvi_schedule *p) {
    int bad = 0;
    for (guint i = 0; p->guards && i < p->places->len; i++) {
        const fvi_buffer *place = p->places->pdata[i];
        if (place->root || place->fixed || !place->data) continue;
        const uint8_t *guard = (const uint8_t *)place->data + place->bytes;
        for (int k = 0; k < FVI_GUARD_BYTES; k++)
            if (guard[k] != 0xff) {
                bad++;
                break;
            }
    }
    return bad;
}
