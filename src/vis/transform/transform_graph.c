/* SPDX-License-Identifier: Apache-2.0 */
/* A chain as nodes of a graph: the transforms' graph forms in order, moves done in one as on the
 * processor. A graph has one size for every value. Between a transform that draws a size and one
 * that brings it to one size again, pictures lie on canvases of the largest size; what must know
 * the drawn size gets it with its random choices.
 */
#include "vis/transform/transform_graph.h"

#include "vis/transform/transform_chain.h"

/* The first transform after which more than one size is possible, to the end; -1: none. */
static int draws_size(const fvi_chain *c, fvi_sizes s) {
    int first = -1;
    for (int i = 0; i < c->count; i++) {
        const fvi_transform_entry *entry = fvi_transform_find(c->list[i].t.kind);
        if (entry->resize) entry->resize(&c->list[i].t, &c->frame, &s);
        if (fvi_sizes_fixed(&s))
            first = -1;
        else if (first < 0)
            first = i;
    }
    return first;
}

/* Transform i, between sizes that are known. */
static int emit_transform(const fvi_chain *c, int i, int undecided, const fvi_form_site *site,
                          fvi_form *f, int x) {
    const fvi_transform_entry *entry = fvi_transform_find(c->list[i].t.kind);
    fvi_operation op = {
        .source_op = "transform", .name = entry->name, .label = entry->name, .is_own = 1};
    fvi_build_begin(site->builder, &op);
    if (i == undecided)
        fvi_build_fail(site->builder, FV_UNSUPPORTED,
                       "it draws the size, and nothing behind it makes it one size; "
                       "resize(SIDE) does");
    const int y = site->builder->status ? -1 : entry->emit(&c->list[i], site, f, x);
    fvi_build_end(site->builder);
    return y;
}

int fvi_chain_emit(const fvi_chain *c, const fvi_form_site *site, int x, fvi_chain_form *out) {
    *out = (fvi_chain_form){0};
    return fvi_chain_emit_again(c, site, x, out);
}

int fvi_chain_emit_again(const fvi_chain *c, const fvi_form_site *site, int x,
                         fvi_chain_form *out) {
    fvi_sizes s = {{c->frame.h, c->frame.w}, {c->frame.h, c->frame.w}}, in = s;
    const int undecided = draws_size(c, s);
    for (int i = 0; i < c->count; i++) {
        const fvi_transform_entry *entry = fvi_transform_find(c->list[i].t.kind);
        if (entry->resize) entry->resize(&c->list[i].t, &c->frame, &s);
        if (fvi_chain_joins(c, i)) continue;
        out->list[i].in = in;
        out->list[i].out = s;
        x = emit_transform(c, i, undecided, site, &out->list[i], x);
        in = s;
    }
    return x;
}

void fvi_chain_fill(const fvi_chain_form *f, const fvi_chain *drawn, int sample) {
    for (int i = 0; i < drawn->count; i++) {
        const fvi_form *form = &f->list[i];
        if (form->choices)
            fvi_transform_find(drawn->list[i].t.kind)
                ->fill(&drawn->list[i], form, form->choices + sample * form->numbers);
    }
}
