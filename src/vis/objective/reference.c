/* SPDX-License-Identifier: Apache-2.0 */
/* reference: brings out in a dream the features of another picture (the guided dreams of the
 * DeepDream notebook, 2015). At every position p, with activations a_p and the reference's feature
 * vectors y_k: sum over p of max_k <a_p, y_k>; its gradient at a_p is the y_k that fits best.
 */
#include "vis/objective/reference.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "vis/objective/reader.h"

#define MAX_VECTORS 16384

static double value(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                    float *seed) {
    const fv_tensor *y = t->term->vector; /* [vectors][channels] */
    int64_t positions = fvi_extent_positions(l), channels = l->channels;
    double sum = 0;
    for (int64_t p = 0; p < positions; p++) {
        double best = 0;
        int64_t at = -1;
        for (int64_t k = 0; k < y->dim[0]; k++) {
            const float *v = y->data + k * channels;
            float dot = 0;
            for (int64_t c = 0; c < channels; c++) dot += x[fvi_extent_at(l, n, c, p)] * v[c];
            if (at < 0 || dot > best) {
                best = dot;
                at = k;
            }
        }
        sum += best;
        for (int64_t c = 0; c < channels; c++)
            seed[fvi_extent_at(l, n, c, p)] += t->term->weight * y->data[at * channels + c];
    }
    return sum;
}

const fvi_term_kind fvi_term_reference = {
    .scope = FVI_SCOPE_SAMPLE,
    .value = value,
};

/* The reference's activations as vectors: [positions][channels]. */
static fv_status reference_vectors(fv_session *session, fvi_executable *plan,
                                   const fvi_objective *o, const fv_tensor *input, fv_tensor **out,
                                   fv_error *err) {
    const fvi_graph *g = fvi_executable_graph(plan);
    fvi_extent l;
    fv_status st = fvi_extent_find(g, g->outputs[0], 1, o->layers[0], &l, NULL, err);
    if (st) return st;
    int64_t positions = fvi_extent_positions(&l);
    if (positions > MAX_VECTORS)
        return fvi_fail(err, FV_SHAPE, "\"%s\" has %d positions; a reference may have %d",
                        o->layers[0], (int)positions, MAX_VECTORS);
    fvi_shape shape = {.ndim = 2, .dim = {positions, l.channels}};
    st = fvi_tensor_new(&shape, out, err);
    if (st) return st;
    const float *x = NULL;
    st = fvi_session_forward(session, plan, input->data, err);
    if (!st) st = fvi_executable_view_target(plan, 0, &x, err);
    for (int64_t p = 0; !st && p < positions; p++)
        for (int64_t c = 0; c < l.channels; c++)
            (*out)->data[p * l.channels + c] = x[fvi_extent_at(&l, 0, c, p)];
    return st;
}

static fv_status fail_layer(const fvi_objective *o, fv_error *err) {
    char *text = fvi_objective_label(o);
    fv_status st =
        fvi_fail(err, FV_ARG, "objective \"%.300s\": a guided dream wants one plain layer", text);
    g_free(text);
    return st;
}

fv_status fvi_reference_resolve(fv_session *session, const fv_model *model,
                                const fv_image *reference, fvi_objective *o, fv_error *err) {
    if (o->n_terms != 1 || o->terms[0].kind != &fvi_term_layer || o->terms[0].channel >= 0)
        return fail_layer(o, err);
    fv_tensor *input = NULL, *vectors = NULL;
    fvi_executable *plan = NULL;
    int64_t samples = 0;
    fv_status st = fv_input_from_image(model, reference, &input, err);
    if (st) return st;
    fvi_shape shape = fvi_tensor_shape(input);
    st = fvi_session_plan(session, &(fvi_plan_key){shape, o->values, 1, 0}, &plan, &samples, err);
    if (!st) st = reference_vectors(session, plan, o, input, &vectors, err);
    if (!st) {
        fvi_term_own(&o->terms[0], NULL, vectors);
        o->terms[0].kind = &fvi_term_reference;
    } else {
        fv_tensor_free(vectors);
    }
    fv_tensor_free(input);
    return st;
}
