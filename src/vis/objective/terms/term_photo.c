/* SPDX-License-Identifier: Apache-2.0 */
/* term_photo: comparing a layer's activations with those of a photo: match(LAYER[:C], PHOTO) for
 * inversion, caricature(LAYER[:C], PHOTO[, power]).
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "image/image.h"
#include "runtime/preprocess.h"
#include "vis/objective/reader.h"
#include "vis/objective/subset.h"

/* The crop of a picture that the network gets: [channels][h][w]. */
static fv_status see_photo(const fvi_network *net, const fv_image *photo, fv_tensor **out,
                           fv_error *err) {
    fv_image *input = NULL;
    fv_status st = fvi_input_picture(net, photo, &input, err);
    if (!st) {
        const fv_tensor t = {3, {input->channels, input->height, input->width}, input->data};
        st = fvi_tensor_copy(&t, out, err);
    }
    fv_image_free(input);
    return st;
}

/* The same of an attachment or a file. */
static fv_status load_photo(const fvi_reader *r, const char *name, fv_tensor **out, fv_error *err) {
    const fv_attachment *a = fvi_reader_attachment(r, name);
    fv_image *photo = NULL;
    if (a && !a->image)
        return fvi_fail(err, FV_ARG, "attachment \"%.150s\" is a tensor; the term takes an image",
                        name);
    fv_status st = a ? FV_OK : fv_image_load(name, &photo, err);
    if (!st) st = see_photo(r->net, a ? a->image : photo, out, err);
    fv_image_free(photo);
    return st;
}

/* Gives a term its photo: that of an earlier term, or a new one. */
static fv_status take_photo(const fvi_reader *r, fvi_term *t, const char *name, fv_error *err) {
    fv_tensor *photo = NULL;
    for (const fvi_term *o = r->terms; o < t; o++) {
        if (!fvi_term_has_photo(o)) continue;
        if (strcmp(o->file, name) != 0)
            return fvi_fail(err, FV_ARG,
                            "an objective may look at one photo; \"%.150s\" and \"%.150s\" are two",
                            o->file, name);
        fvi_term_share(t, o);
        return FV_OK;
    }
    fv_status st = load_photo(r, name, &photo, err);
    if (!st) fvi_term_own(t, name, photo);
    return st;
}

static fv_status read_photo(const fvi_reader *r, fvi_term *t, const char *path, fv_error *err) {
    char *name = NULL;
    fv_status st = fvi_read_path(path, &name, err);
    if (!st) st = take_photo(r, t, name, err);
    g_free(name);
    return st;
}

static fv_status read(fvi_reader *r, const fvi_term_kind *kind, const fvi_call *c, fv_error *err) {
    fvi_unit u;
    fvi_term *t;
    float power = kind == &fvi_term_caricature ? 1 : 0;
    fv_status st = fvi_unit_read(r, c->arg[0], &u, err);
    if (!st && u.n_position) return fvi_call_wrong(kind, c, err);
    if (!st) st = fvi_read_parameter(c, 2, "power", 0, FVI_PARAMETER_MAX, &power, err);
    if (!st) st = fvi_reader_add(r, kind, &u, &t, err);
    if (st) return st;
    t->argument[0] = power;
    return read_photo(r, t, c->arg[1], err);
}

/* What evaluating needs: room for each sample's reference, which fvi_bound_remember fills. */
static fv_status bind(const fvi_bound *b, fvi_bound_term *t, fv_error *err) {
    t->reference = calloc((size_t)b->samples, sizeof(float *));
    return t->reference ? FV_OK : fvi_fail(err, FV_NOMEM, "no memory for an objective");
}

/* A photo that excites nothing has no measure of its own: it counts as of length 1. */
static double photo_square(const fvi_subset *p, const float *b) {
    double square = fvi_sum_squares(b, p->count);
    return square > 0 ? square : 1;
}

/* -|a - b|^2 / |b|^2. */
static double match(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                    float *seed) {
    const fvi_subset p = fvi_subset_of(l, n, t->term->channel);
    const float *b = t->reference[n];
    double sum = 0, square = photo_square(&p, b), slope = -2 * (double)t->term->weight / square;
    for (int64_t i = 0; i < p.count; i++) {
        int64_t at = fvi_subset_at(&p, i);
        double d = (double)x[at] - b[i];
        sum += d * d;
        seed[at] += (float)(slope * d);
    }
    return -sum / square;
}

/* <a, b> / |b|^2 cos(a, b)^power: 1 for the photo itself. */
static double caricature(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                         float *seed) {
    const fvi_subset p = fvi_subset_of(l, n, t->term->channel);
    const float *b = t->reference[n];
    const double square = photo_square(&p, b);
    return fvi_dot_cosine(&p, b, sqrt(square), t->term->argument[0], x, t->term->weight / square,
                          seed) /
           square;
}

/* ---- as nodes of a graph -------------------------------------------------------------------- */

enum { ELEMENTS = 1u << 1 }; /* the axis of [samples][n] */

/* The photo's elements, [samples][n], and *square, photo_square of them, [samples][1]. */
static int emit_photo(const fvi_term_graph *g, const fvi_bound_term *t, int *square) {
    assert(g->photo[t->term->value] >= 0 || g->b->status);
    const int b = fvi_emit_elements(g, t, g->photo);
    const int sum = fvi_emit_reduce(g->b, FVI_REDUCE_SUM_SQUARE, ELEMENTS, 1, b);
    *square = fvi_term_where(g, fvi_term_compare(g, FVI_GREATER, sum, 0), sum, 1);
    return b;
}

static int each_sample(const fvi_term_graph *g, int x) {
    return fvi_emit_reshape(g->b, x, &(fvi_shape){1, {g->samples}});
}

static int emit_match(const fvi_term_graph *g, const fvi_bound_term *t) {
    int square;
    const int photo = emit_photo(g, t, &square), x = fvi_emit_elements(g, t, g->layer);
    const int apart = fvi_emit_binary(g->b, FVI_SUB, x, photo);
    const int sum = fvi_emit_reduce(g->b, FVI_REDUCE_SUM_SQUARE, ELEMENTS, 1, apart);
    return fvi_term_scale(g, -1, 0, each_sample(g, fvi_emit_binary(g->b, FVI_DIV, sum, square)));
}

static int emit_caricature(const fvi_term_graph *g, const fvi_bound_term *t) {
    int square;
    const int photo = emit_photo(g, t, &square), x = fvi_emit_elements(g, t, g->layer);
    const int length = fvi_emit_unary(g->b, FVI_SQRT, 0, 0, square);
    const int dot = fvi_emit_reduce(g->b, FVI_REDUCE_SUM, ELEMENTS, 1,
                                    fvi_emit_binary(g->b, FVI_MUL, x, photo));
    const int along = fvi_emit_dot_cosine(g, t, length, dot,
                                          fvi_emit_reduce(g->b, FVI_REDUCE_L2, ELEMENTS, 1, x));
    return each_sample(g, fvi_emit_binary(g->b, FVI_DIV, along, square));
}

const fvi_term_kind fvi_term_match = {
    .name = "match",
    .usage = "match(LAYER[:C], PHOTO)",
    .min = 2,
    .max = 2,
    .scope = FVI_SCOPE_PHOTO,
    .read = read,
    .bind = bind,
    .value = match,
    .emit = emit_match,
};

const fvi_term_kind fvi_term_caricature = {
    .name = "caricature",
    .usage = "caricature(LAYER[:C], PHOTO[, POWER])",
    .min = 2,
    .max = 3,
    .scope = FVI_SCOPE_PHOTO,
    .usual = 1,
    .read = read,
    .bind = bind,
    .value = caricature,
    .emit = emit_caricature,
};
