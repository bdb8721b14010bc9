/* SPDX-License-Identifier: Apache-2.0 */
/* picture: reads and writes the terms that are computed from the picture alone. What each of them
 * computes is in picture_variation.c, picture_elements.c, picture_norms.c and picture_blurs.c.
 */
#include "vis/objective/terms/picture.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "graph/build/emit.h"
#include "vis/objective/spelling.h"

static fv_status fail_count(const fvi_term_kind *kind, int given, fv_error *err) {
    if (kind->max == 0)
        return fvi_fail(err, FV_ARG, "%s takes no arguments; %d were given", kind->name, given);
    return fvi_fail(err, FV_ARG, "%s takes at most %d argument%s; %d were given", kind->name,
                    kind->max, kind->max == 1 ? "" : "s", given);
}

/* Reads argument i of the call into *out. */
static fv_status read_argument(const fvi_term_kind *kind, const fvi_call *c, int i, float *out,
                               fv_error *err) {
    const fvi_picture_argument *a = &kind->picture_arguments[i];
    double x;
    if (!fvi_read_argument(c->arg[i], &x))
        return fvi_fail(err, FV_ARG, "\"%.150s\": \"%.80s\" is no number", c->text, c->arg[i]);
    if (!(x >= a->low && x <= a->high) || (a->whole && x != floor(x)))
        return fvi_fail(err, FV_ARG, "%s: argument %d is %g; allowed: %s%g..%g", kind->name, i + 1,
                        x, a->whole ? "whole numbers " : "", a->low, a->high);
    *out = (float)x;
    return FV_OK;
}

fv_status fvi_picture_read(fvi_reader *r, const fvi_term_kind *kind, const fvi_call *c,
                           fv_error *err) {
    float argument[FVI_PICTURE_ARGUMENTS];
    fvi_term *t;
    fv_status st = FV_OK;
    if (c->n < kind->min || c->n > kind->max) return fail_count(kind, c->n, err);
    for (int i = 0; i < FVI_PICTURE_ARGUMENTS; i++) argument[i] = kind->picture_arguments[i].usual;
    for (int i = 0; !st && i < c->n; i++) st = read_argument(kind, c, i, &argument[i], err);
    if (!st) st = fvi_reader_add(r, kind, NULL, &t, err);
    if (!st) memcpy(t->argument, argument, sizeof argument);
    return st;
}

void fvi_picture_text(const fvi_objective *o, const fvi_term *t, int alone, GString *s) {
    (void)o;
    (void)alone;
    g_string_append(s, t->kind->name);
    for (int i = 0; i < t->kind->max; i++) {
        g_string_append_c(s, i ? ',' : '(');
        fvi_append_number(s, t->argument[i]);
    }
    if (t->kind->max) g_string_append_c(s, ')');
}

int fvi_picture_reduce(const fvi_term_graph *g, fvi_reduce f, int x) {
    return fvi_emit_reduce(g->b, f, 0xeu, 0, x);
}

int64_t fvi_picture_count(const fvi_term_graph *g) {
    const fvi_shape s = fvi_build_shape(g->b, g->pixels);
    return fvi_shape_product(&s, 1, s.ndim);
}
