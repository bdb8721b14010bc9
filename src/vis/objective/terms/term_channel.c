/* SPDX-License-Identifier: Apache-2.0 */
/* term_channel: the mean of a channel over its positions, or one neuron: LAYER:C, mean(LAYER:C),
 * LAYER:C@y,x, neuron(LAYER:C[@y,x]).
 */
#include "vis/objective/reader.h"
#include "vis/objective/spelling.h"
#include "vis/objective/subset.h"

static fv_status read(fvi_reader *r, const fvi_term_kind *kind, const fvi_call *c, fv_error *err) {
    fvi_unit u;
    fvi_term *t;
    const int neuron = kind == &fvi_term_neuron;
    fv_status st = fvi_unit_read(r, c->arg[0], &u, err);
    if (st) return st;
    if (u.channel < 0 || (u.n_position && !neuron)) return fvi_call_wrong(kind, c, err);
    fvi_unit_find_logits(r, c->arg[0], &u);
    if (neuron && !u.n_position) u.n_position = FVI_CENTRE;
    st = fvi_reader_add(r, &fvi_term_channel, &u, &t, err);
    if (!st && !neuron) t->spelling = FVI_SPELLED_MEAN;
    return st;
}

static void text(const fvi_objective *o, const fvi_term *t, int alone, GString *s) {
    if (t->bare || t->n_position > 0)
        fvi_append_unit(s, o, t, alone);
    else
        fvi_append_call(s, t->n_position == FVI_CENTRE ? "neuron" : "mean", o, t);
}

static double value(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                    float *seed) {
    const fvi_term *term = t->term;
    return fvi_channel_value(l, n, term->channel, t->position, x, term->weight, seed);
}

static int emit(const fvi_term_graph *g, const fvi_bound_term *t) {
    return fvi_emit_channel_value(g, t, g->layer[t->term->value]);
}

const fvi_term_kind fvi_term_channel = {
    .name = "mean",
    .usage = "mean(LAYER:C)",
    .min = 1,
    .max = 1,
    .scope = FVI_SCOPE_SAMPLE,
    .read = read,
    .text = text,
    .value = value,
    .emit = emit,
};

/* Read as a channel at a position. */
const fvi_term_kind fvi_term_neuron = {
    .name = "neuron",
    .usage = "neuron(LAYER:C) or neuron(LAYER:C@y,x)",
    .min = 1,
    .max = 1,
    .scope = FVI_SCOPE_SAMPLE,
    .read = read,
};
