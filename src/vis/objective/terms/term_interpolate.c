/* SPDX-License-Identifier: Apache-2.0 */
/* term_interpolate: between two channels, interpolate(LAYER:A, LAYER:B): picture k of n raises
 * (1 - t) of one and t of the other, t = k / (n - 1).
 */
#include <inttypes.h>

#include "graph/build/emit.h"
#include "vis/objective/reader.h"
#include "vis/objective/spelling.h"
#include "vis/objective/subset.h"

static fv_status read(fvi_reader *r, const fvi_term_kind *kind, const fvi_call *c, fv_error *err) {
    fvi_unit near, far;
    fvi_term *t;
    fv_status st = fvi_unit_read(r, c->arg[0], &near, err);
    if (!st) st = fvi_unit_read(r, c->arg[1], &far, err);
    if (st) return st;
    if (near.channel < 0 || far.channel < 0 || near.n_position || far.n_position)
        return fvi_call_wrong(kind, c, err);
    fvi_unit_find_logits(r, c->arg[0], &near);
    fvi_unit_find_logits(r, c->arg[1], &far);
    st = fvi_reader_add(r, kind, &near, &t, err);
    if (st) return st;
    t->layer2 = far.value;
    t->logits2 = far.logits;
    t->channel2 = far.channel;
    return FV_OK;
}

static void text(const fvi_objective *o, const fvi_term *t, int alone, GString *s) {
    (void)alone;
    g_string_append(s, "interpolate(");
    fvi_append_unit(s, o, t, 0);
    g_string_append(s, ", ");
    fvi_append_name(s, o->values[t->value2], 0, 1);
    g_string_append_printf(s, ":%" PRId64 ")", t->channel2);
}

static fv_status check(const fvi_objective *o, const fvi_term *t, const fvi_extent *extents,
                       fv_error *err) {
    return fvi_extent_check_channel(&extents[t->value2], o->layers[t->value2], t->channel2, err);
}

static fv_status group(const fvi_bound *b, const fvi_bound_term *bound, const fvi_group_call *c,
                       fv_error *err) {
    const fvi_term *t = bound->term;
    (void)err;
    for (int k = 0; k < c->count; k++) {
        double far = c->count > 1 ? (double)k / (c->count - 1) : 0;
        double near_weight = t->weight * (1 - far), far_weight = t->weight * far;
        c->values[k] +=
            near_weight * fvi_channel_value(&b->layout[t->value], c->sample[k], t->channel, -1,
                                            c->targets[t->value], near_weight, c->seeds[t->value]);
        c->values[k] +=
            far_weight * fvi_channel_value(&b->layout[t->value2], c->sample[k], t->channel2, -1,
                                           c->targets[t->value2], far_weight, c->seeds[t->value2]);
    }
    return FV_OK;
}

static double near_channel(const fvi_bound_term *t) { return (double)t->term->channel; }

static double far_channel(const fvi_bound_term *t) { return (double)t->term->channel2; }

/* How far each sample is on the way, or how far it is from the end. */
static int emit_share(const fvi_term_graph *g, int far) {
    float *data;
    const int v = fvi_term_given(g, &(fvi_shape){0}, &data);
    for (int64_t i = 0; v >= 0 && i < g->samples; i++) {
        const double way = g->group > 1 ? (double)(i % g->group) / (double)(g->group - 1) : 0;
        data[i] = (float)(far ? way : 1 - way);
    }
    return v;
}

/* The share of one of the two channels. */
static int emit_end(const fvi_term_graph *g, const fvi_bound_term *t, int value, int far) {
    const int elements = fvi_emit_channel(g, t, far ? far_channel : near_channel, g->layer[value]);
    const int mean = fvi_emit_reduce(g->b, FVI_REDUCE_MEAN, 1u << 1, 0, elements);
    return fvi_emit_binary(g->b, FVI_MUL, mean, emit_share(g, far));
}

static int emit(const fvi_term_graph *g, const fvi_bound_term *t) {
    return fvi_emit_binary(g->b, FVI_ADD, emit_end(g, t, t->term->value, 0),
                           emit_end(g, t, t->term->value2, 1));
}

const fvi_term_kind fvi_term_interpolate = {
    .name = "interpolate",
    .usage = "interpolate(LAYER:A, LAYER:B)",
    .min = 2,
    .max = 2,
    .scope = FVI_SCOPE_GROUP,
    .read = read,
    .text = text,
    .check = check,
    .group = group,
    .emit = emit,
};
