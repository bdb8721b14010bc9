/* SPDX-License-Identifier: Apache-2.0 */
/* emitter: values and gradients of a program being made of a graph, and the table of rules. */
#include "backend/stablehlo/ops/emitter.h"

#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "graph/const.h"

#define WRITTEN_MOST 64 /* numbers of a constant that is written into the program */

int fvi_emitter_has(const fvi_emitter *e, const fvi_node *n, int i) {
    (void)e;
    return i < n->n_in && n->in[i] >= 0;
}

fvi_shape fvi_emitter_shape(const fvi_emitter *e, const fvi_node *n, int i) {
    return e->g->values[n->in[i]].shape;
}

fvi_shape fvi_emitter_out_shape(const fvi_emitter *e, const fvi_node *n) {
    return e->g->values[n->out].shape;
}

const fvi_const *fvi_emitter_constant(const fvi_emitter *e, const fvi_node *n, int i) {
    return fvi_emitter_has(e, n, i) ? e->g->values[n->in[i]].constant : NULL;
}

int fvi_emitter_argue(fvi_emitter *e, fvi_emitter_source source, int index,
                      const fvi_shape *shape) {
    const fvi_const *c = source == FVI_EMITTER_WEIGHT ? e->g->values[index].constant : NULL;
    for (guint i = 0; i < e->arguments->len; i++) {
        const fvi_emitter_argument *a = &g_array_index(e->arguments, fvi_emitter_argument, i);
        if (a->source == source && (c ? a->constant == c : a->index == index))
            return g_array_index(e->h->arguments, int, i);
    }
    const fvi_emitter_argument a = {source, index, c, *shape};
    g_array_append_val(e->arguments, a);
    return fvi_hlo_argument(e->h, shape);
}

static int constant(fvi_emitter *e, int v) {
    const fvi_const *c = e->g->values[v].constant;
    const int64_t n = fvi_shape_count(&c->shape);
    float small[WRITTEN_MOST];
    if (n > WRITTEN_MOST) return fvi_emitter_argue(e, FVI_EMITTER_WEIGHT, v, &c->shape);
    fvi_const_to_f32(c, small);
    return fvi_hlo_floats(e->h, &c->shape, small);
}

int fvi_emitter_value(fvi_emitter *e, int v) {
    const fvi_value *x = &e->g->values[v];
    if (e->value[v] >= 0) return e->value[v];
    e->value[v] =
        x->constant ? constant(e, v) : fvi_emitter_argue(e, FVI_EMITTER_VALUE, v, &x->shape);
    return e->value[v];
}

int fvi_emitter_in(fvi_emitter *e, const fvi_node *n, int i) {
    return fvi_emitter_value(e, n->in[i]);
}

int fvi_emitter_out(fvi_emitter *e, const fvi_node *n) { return fvi_emitter_value(e, n->out); }

int fvi_emitter_wants(const fvi_emitter *e, const fvi_node *n, int i) {
    return fvi_emitter_has(e, n, i) && e->wanted[n->in[i]];
}

void fvi_emitter_give(fvi_emitter *e, const fvi_node *n, int i, int gradient) {
    int *sum = &e->gradient[n->in[i]];
    *sum = *sum < 0 ? gradient : fvi_hlo_add(e->h, *sum, gradient);
}

const fvi_emitter_rule *fvi_emitter_rule_of(fvi_kind kind) {
    static const fvi_emitter_rule *const rules[FVI_KIND_COUNT] = {
#define FVI_KIND(NAME, FILE, ...) [FVI_##NAME] = &fvi_emitter_rule_##FILE,
#include "graph/kinds.def"
#undef FVI_KIND
    };
    const fvi_emitter_rule *rule = rules[kind];
    return rule->forward ? rule : NULL;
}
