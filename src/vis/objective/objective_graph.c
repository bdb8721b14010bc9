/* SPDX-License-Identifier: Apache-2.0 */
/* objective_graph: the terms of several pictures' objectives, each made once for all of them, times
 * the pictures' weights. What a term computes is its kind's (terms/).
 */
#include "vis/objective/objective_graph.h"

#include <string.h>

#include "graph/build/emit.h"
#include "vis/objective/spelling.h"
#include "vis/objective/term_graph.h"

/* ---- one term ------------------------------------------------------------------------------- */

/* Whether two pictures' terms are computed by the same nodes. */
static int are_alike(const fvi_term *a, const fvi_term *b) {
    return a->kind == b->kind && a->bare == b->bare && a->value == b->value &&
           a->value2 == b->value2 && (a->channel < 0) == (b->channel < 0) &&
           (a->n_position == 0) == (b->n_position == 0);
}

int fvi_objectives_share_values(const fvi_objective *a, const fvi_objective *b) {
    if (a->n_values != b->n_values) return 0;
    for (int i = 0; i < a->n_values; i++)
        if (strcmp(a->values[i], b->values[i]) != 0) return 0;
    return 1;
}

int fvi_objectives_alike(const fvi_objective *a, const fvi_objective *b) {
    if (a->n_terms != b->n_terms || !fvi_objectives_share_values(a, b)) return 0;
    for (int i = 0; i < a->n_terms; i++)
        if (!are_alike(&a->terms[i], &b->terms[i])) return 0;
    return 1;
}

static void check_alike(const fvi_term_graph *g, const fvi_bound_term *t) {
    for (int64_t i = 1; i < g->pictures; i++)
        if (!are_alike(t[0].term, t[i].term))
            fvi_build_fail(g->b, FV_UNSUPPORTED,
                           "picture %d of the batch has another term in its place; allowed: the "
                           "same kind on the same layer",
                           (int)i);
}

static double weight_of(const fvi_bound_term *t) { return t->term->weight; }

/* Adds a term of all pictures, [pictures], to the sum, -1 being 0. */
static int add_term(const fvi_term_graph *g, const fvi_objective *o, const fvi_bound_term *t,
                    int sum) {
    const fvi_objective shown = fvi_shown(o);
    GString *name = g_string_new(NULL);
    fvi_append_term(name, &shown, t->term, 1);
    fvi_operation op = {.source_op = "term", .label = name->str, .is_own = 1};
    int v = -1;
    fvi_build_begin(g->b, &op);
    check_alike(g, t);
    if (!t->kind->emit)
        fvi_build_fail(g->b, FV_UNSUPPORTED, "it has no form as nodes of a graph");
    else if (!g->b->status)
        v = fvi_emit_binary(g->b, FVI_MUL, t->kind->emit(g, t),
                            fvi_term_numbers(g, t, weight_of, 0));
    if (sum >= 0) v = fvi_emit_binary(g->b, FVI_ADD, sum, v);
    fvi_build_end(g->b);
    g_string_free(name, TRUE);
    return v;
}

/* ---- all terms ------------------------------------------------------------------------------ */

/* The terms of the pictures that are emitted: those on values of the network, or on the picture. */
typedef struct emitted {
    int n;                                /* of each picture */
    fvi_bound_term *terms[FVI_MAX_TERMS]; /* [pictures] */
} emitted;

static void emitted_free(emitted *e) {
    for (int k = 0; k < FVI_MAX_TERMS; k++) g_free(e->terms[k]);
}

/* Appends a picture's next term; k: how many it has by now. */
static void append(emitted *e, const fvi_term_graph *g, int picture, int k,
                   const fvi_bound_term *t) {
    if (!e->terms[k]) e->terms[k] = g_new0(fvi_bound_term, (gsize)g->pictures);
    e->terms[k][picture] = *t;
}

static void check_count(emitted *e, const fvi_term_graph *g, int picture, int count) {
    if (picture == 0) e->n = count;
    if (count != e->n)
        fvi_build_fail(g->b, FV_UNSUPPORTED,
                       "picture %d of the batch has %d terms; allowed: %d, as the first", picture,
                       count, e->n);
}

static int emit_all(const fvi_term_graph *g, const fvi_objective *o, const emitted *e) {
    int sum = -1;
    for (int k = 0; k < e->n && !g->b->status; k++) sum = add_term(g, o, e->terms[k], sum);
    return e->n || g->b->status ? sum : fvi_term_constant(g, 0);
}

static fvi_term_graph term_graph_of(const fvi_objective_site *site, int64_t samples) {
    fvi_term_graph g = {.b = site->b,
                        .given = site->given,
                        .pictures = site->objectives.n,
                        .samples = samples,
                        .group = MAX(site->group, 1),
                        .pixels = -1,
                        .start = -1};
    for (int v = 0; v < FVI_MAX_VALUES; v++) g.photo[v] = -1;
    return g;
}

/* ---- on values of the network --------------------------------------------------------------- */

/* A value as [samples][outer][channels][inner]. */
static int canonical(fvi_builder *b, int v, const fvi_extent *l) {
    const int64_t count = fvi_extent_count(l);
    if (l->run != count) {
        const fvi_shape runs = {3, {count / l->run, l->samples, l->run}};
        v = fvi_emit_transpose(b, fvi_emit_reshape(b, v, &runs), (int[]){1, 0, 2});
    }
    return fvi_emit_reshape(b, v, &(fvi_shape){4, {l->samples, l->outer, l->channels, l->inner}});
}

int fvi_objectives_emit(const fvi_objective_site *site, const fvi_graph *g, int64_t samples,
                        const fvi_crop_axis (*crop)[2], const int *values) {
    fvi_operation op = {.source_op = "objective", .label = "values", .is_own = 1};
    fvi_term_graph t = term_graph_of(site, samples);
    const fvi_objective *first = site->objectives.list[0];
    emitted e = {0};
    int sum = -1;
    fvi_build_begin(site->b, &op);
    for (int i = 0; i < site->objectives.n && !site->b->status; i++) {
        fvi_bound *bound = NULL;
        site->b->status =
            fvi_objective_locate(site->objectives.list[i], g, samples, crop, &bound, site->b->err);
        if (site->b->status) break;
        for (int k = 0; k < bound->n_terms; k++) append(&e, &t, i, k, &bound->terms[k]);
        for (int v = 0; i == 0 && v < first->n_values; v++) {
            t.layer[v] = canonical(site->b, values[v], &bound->layout[v]);
            if (site->photo)
                t.photo[v] = canonical(site->b, fvi_emit_stop_gradient(site->b, site->photo[v]),
                                       &bound->layout[v]);
        }
        check_count(&e, &t, i, bound->n_terms);
        fvi_bound_free(bound);
    }
    if (!site->b->status) sum = emit_all(&t, first, &e);
    fvi_build_end(site->b);
    emitted_free(&e);
    return sum;
}

/* ---- on the picture ------------------------------------------------------------------------- */

static int is_of_picture(const fvi_term *t) {
    return t->value < 0 && (t->kind->picture || t->kind->pictures);
}

int fvi_objectives_emit_pictures(const fvi_objective_site *site, int pixels, int start) {
    fvi_operation op = {.source_op = "objective", .label = "picture", .is_own = 1};
    fvi_term_graph t = term_graph_of(site, site->objectives.n);
    emitted e = {0};
    t.pixels = pixels;
    t.start = start;
    fvi_build_begin(site->b, &op);
    for (int i = 0; i < site->objectives.n; i++) {
        const fvi_objective *o = site->objectives.list[i];
        int count = 0;
        for (int k = 0; k < o->n_terms; k++)
            if (is_of_picture(&o->terms[k]))
                append(&e, &t, i, count++,
                       &(fvi_bound_term){
                           .term = &o->terms[k], .kind = o->terms[k].kind, .position = -1});
        check_count(&e, &t, i, count);
    }
    const int sum = site->b->status ? -1 : emit_all(&t, site->objectives.list[0], &e);
    fvi_build_end(site->b);
    emitted_free(&e);
    return sum;
}
