/* SPDX-License-Identifier: Apache-2.0 */
/* profile: lists the operations of a schedule, and reads how long each took.
 *
 * A primitive times itself (dnnl_prim.c); the schedule times its entries (schedule.c). The time of
 * an entry beyond its primitives is that of the op's own loop, which is listed if the op has one.
 * Conversions and sums between steps are listed under the step they are for: the next one of the
 * same pass, or the last if none follows. Bytes count each tensor read or written once; repeated
 * reads and caches are not known here.
 */
#include "backend/onednn/profile.h"

#include <stdlib.h>

#include "backend/onednn/schedule/schedule_internal.h"
#include "base/error.h"
#include "graph/cost.h"

typedef struct source {
    int entry;
    fvi_prim *prim;         /* this primitive, or */
    const fvi_step *hooked; /* or this step's hook; neither: the loop of the entry's step */
} source;

struct fvi_profile {
    fvi_schedule *schedule;
    GArray *ops;     /* fvi_timed_op */
    GArray *sources; /* source, one an op */
};

static int is_product(const fvi_prim *prim) {
    const char *kind = fvi_prim_kind(prim);
    return g_str_has_suffix(kind, "convolution") || g_str_equal(kind, "product");
}

static void add(fvi_profile *p, const fvi_timed_op *op, int entry, fvi_prim *prim,
                const fvi_step *hooked) {
    g_array_append_val(p->ops, *op);
    g_array_append_val(p->sources, ((source){entry, prim, hooked}));
}

/* `graph` NULL: a primitive between steps, whose work is not counted. */
static void add_prim(fvi_profile *p, int entry, fvi_prim *prim, const fvi_graph *graph,
                     const fvi_node *node, int direction) {
    fvi_timed_op w = {.node = node,
                      .kind = fvi_prim_kind(prim),
                      .implementation = fvi_prim_info(prim),
                      .backward = direction};
    if (g_str_equal(w.kind, "empty")) return;
    for (int i = 0; i < fvi_prim_operand_count(prim); i++) {
        fvi_access access;
        const fvi_buffer *buffer = fvi_prim_operand(prim, i, &access);
        w.bytes += (double)buffer->bytes;
        if (access & FVI_WRITE) w.shape = buffer->shape;
    }
    if (graph && is_product(prim)) w.multiply_adds = (double)fvi_node_multiply_adds(graph, node);
    add(p, &w, entry, prim, NULL);
}

/* A step's hook: backward through its activation, or forward, storing what that needs. */
static void add_hook(fvi_profile *p, int entry, const fvi_step *s, int direction) {
    fvi_timed_op w = {.node = s->node,
                      .kind = "activation",
                      .backward = direction,
                      .shape = s->dst->shape,
                      .bytes = s->hook->bytes(s, direction)};
    add(p, &w, entry, NULL, s);
}

/* Bytes of the buffers a direction touches, each once. */
static double touched_bytes(const fvi_direction *ph) {
    double bytes = 0;
    for (int i = 0; i < ph->n_touched; i++) {
        int counted = 0;
        for (int k = 0; k < i && !counted; k++) counted = ph->touched[k] == ph->touched[i];
        if (!counted) bytes += (double)ph->touched[i]->bytes;
    }
    return bytes;
}

static void add_loop(fvi_profile *p, int entry, const fvi_step *s, int direction) {
    fvi_timed_op w = {.node = s->node,
                      .kind = s->node->source_op ? s->node->source_op : s->op->name,
                      .backward = direction};
    const fvi_buffer *to = direction ? NULL : s->dst;
    for (int i = 0; !to && i < s->n_in; i++) to = s->dsrc[i];
    if (to) w.shape = to->shape;
    w.is_side_loop = s->direction[direction].n_prims > 0 || (direction && s->hook);
    if (s->direction[direction].method) {
        w.kind = "convolution";
        w.implementation = s->direction[direction].method;
        w.multiply_adds = (double)fvi_node_multiply_adds(s->graph, s->node);
        w.bytes = s->direction[direction].method_bytes;
    } else if (!w.is_side_loop)
        w.bytes = touched_bytes(&s->direction[direction]);
    add(p, &w, entry, NULL, NULL);
}

/* The step that an entry between steps is for; NULL if there are no steps. */
static const fvi_step *step_near(const fvi_schedule *p, int entry, int from, int to) {
    for (int t = entry; t < to; t++)
        if (g_array_index(p->entries, fvi_entry, t).step)
            return g_array_index(p->entries, fvi_entry, t).step;
    for (int t = entry; t >= from; t--)
        if (g_array_index(p->entries, fvi_entry, t).step)
            return g_array_index(p->entries, fvi_entry, t).step;
    return NULL;
}

static void list_entry(fvi_profile *p, int t, int forward_end) {
    const fvi_entry *a = &g_array_index(p->schedule->entries, fvi_entry, t);
    const fvi_step *s = a->step;
    if (!s) {
        int back = t >= forward_end, length = (int)p->schedule->entries->len;
        s = step_near(p->schedule, t, back ? forward_end : 0, back ? length : forward_end);
        add_prim(p, t, a->prim, NULL, s ? s->node : NULL, back);
        return;
    }
    const fvi_direction *ph = &s->direction[a->direction];
    for (int i = 0; i < ph->n_prims; i++)
        add_prim(p, t, ph->prims[i], s->graph, s->node, a->direction);
    if (s->hook && s->hook->is_active(s, a->direction)) add_hook(p, t, s, a->direction);
    if (a->direction ? s->op->backward != NULL : s->op->forward != NULL)
        add_loop(p, t, s, a->direction);
}

fv_status fvi_profile_new(fvi_schedule *schedule, int forward_end, fvi_profile **out,
                          fv_error *err) {
    size_t n = schedule->entries->len;
    fvi_profile *p = calloc(1, sizeof *p);
    double *clock = calloc(n + 1, sizeof *clock);
    if (!p || !clock) {
        free(p);
        free(clock);
        return fvi_fail(err, FV_NOMEM, "out of memory for a profile");
    }
    p->schedule = schedule;
    p->ops = g_array_new(FALSE, TRUE, sizeof(fvi_timed_op));
    p->sources = g_array_new(FALSE, TRUE, sizeof(source));
    for (int t = 0; t < (int)n; t++) list_entry(p, t, forward_end);
    schedule->clock = clock;
    fvi_dnnl_engine_time(schedule->engine, 1);
    *out = p;
    return FV_OK;
}

void fvi_profile_free(fvi_profile *p) {
    if (!p) return;
    fvi_dnnl_engine_time(p->schedule->engine, 0);
    free(p->schedule->clock);
    p->schedule->clock = NULL;
    g_array_free(p->ops, TRUE);
    g_array_free(p->sources, TRUE);
    free(p);
}

int fvi_profile_count(const fvi_profile *p) { return (int)p->ops->len; }

const fvi_timed_op *fvi_profile_op(const fvi_profile *p, int i) {
    return &g_array_index(p->ops, fvi_timed_op, i);
}

void fvi_profile_take(fvi_profile *p, double *seconds) {
    double *clock = p->schedule->clock;
    for (guint i = 0; i < p->sources->len; i++) { /* a step's loop is the last of its entry */
        const source *s = &g_array_index(p->sources, source, i);
        seconds[i] =
            s->prim ? fvi_prim_take_seconds(s->prim)
            : s->hooked
                ? s->hooked->hook->take_seconds(s->hooked, fvi_profile_op(p, (int)i)->backward)
                : clock[s->entry];
        clock[s->entry] -= seconds[i];
    }
    for (guint t = 0; t < p->schedule->entries->len; t++) clock[t] = 0;
}
