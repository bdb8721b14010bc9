/* SPDX-License-Identifier: Apache-2.0 */
/* element: follows one number of a value back through nodes that move, choose or join elements,
 * and through a product with a matrix whose column for it is 1 at one place and 0 elsewhere.
 */
#include "graph/classes/element.h"

#include "graph/classes/row.h"
#include "graph/const.h"

/* The indices of place `at` in a shape. */
static void unravel(const fvi_shape *s, int64_t at, int64_t index[FVI_MAX_DIMS]) {
    for (int i = s->ndim - 1; i >= 0; i--) {
        index[i] = at % s->dim[i];
        at /= s->dim[i];
    }
}

/* The place of indices, -1 where one is outside. */
static int64_t ravel(const fvi_shape *s, const int64_t index[FVI_MAX_DIMS]) {
    int64_t at = 0;
    for (int i = 0; i < s->ndim; i++) {
        if (index[i] < 0 || index[i] >= s->dim[i]) return -1;
        at = at * s->dim[i] + index[i];
    }
    return at;
}

/* The input of a concatenation that has the element; index[] becomes that in it. */
static int joined_from(const fvi_graph *g, const fvi_node *n, int64_t index[FVI_MAX_DIMS]) {
    const int axis = n->a.axis.axis;
    int k = 0;
    for (; k + 1 < n->n_in; k++) {
        const int64_t size = g->values[n->in[k]].shape.dim[axis];
        if (index[axis] < size) break;
        index[axis] -= size;
    }
    return n->in[k];
}

/* Index[] of a gather by constants becomes that in what it reads. */
static int chosen_from(const fvi_graph *g, const fvi_node *n, int64_t index[FVI_MAX_DIMS]) {
    const fvi_const *which = g->values[n->in[1]].constant;
    const fvi_shape *in = &g->values[n->in[0]].shape;
    const int axis = n->a.axis.axis;
    int64_t from[FVI_MAX_DIMS] = {0};
    if (!which) return -1;
    const int more = which->shape.ndim;
    const int64_t at = ravel(&which->shape, index + axis);
    if (at < 0) return -1;
    for (int i = 0; i < in->ndim; i++) from[i] = index[i < axis ? i : i + more - 1];
    from[axis] = fvi_const_int(which, at);
    if (from[axis] < 0) from[axis] += in->dim[axis];
    for (int i = 0; i < in->ndim; i++) index[i] = from[i];
    return n->in[0];
}

/* The same of a product with a constant matrix that puts one number at the element. */
static int permuted_from(const fvi_graph *g, const fvi_node *n, int64_t index[FVI_MAX_DIMS]) {
    const fvi_const *m = g->values[n->in[1]].constant;
    const int last = g->values[n->out].shape.ndim - 1, turned = n->a.matmul.trans_b;
    if (!m || m->shape.ndim != 2 || n->a.matmul.trans_a || last < 1 ||
        g->values[n->in[0]].shape.ndim != last + 1)
        return -1;
    const int64_t rows = m->shape.dim[turned], columns = m->shape.dim[!turned], c = index[last];
    int64_t found = -1;
    for (int64_t r = 0; r < rows; r++) {
        const double x = fvi_const_at(m, turned ? c * rows + r : r * columns + c);
        if (x == 0) continue;
        if (x != 1 || found >= 0) return -1;
        found = r;
    }
    index[last] = found;
    return n->in[0];
}

/* The value that has the element before a node, and its indices there; -1: there is none. */
static int before(const fvi_graph *g, const fvi_node *n, int64_t index[FVI_MAX_DIMS]) {
    const int dims = g->values[n->out].shape.ndim;
    int64_t moved[FVI_MAX_DIMS] = {0};
    switch (n->kind) {
    case FVI_CONCAT: return joined_from(g, n, index);
    case FVI_GATHER: return chosen_from(g, n, index);
    case FVI_MATMUL: return permuted_from(g, n, index);
    case FVI_SLICE:
        for (int i = 0; i < dims; i++)
            index[i] = n->a.slice.start[i] + index[i] * n->a.slice.step[i];
        return n->in[0];
    case FVI_PAD:
        for (int i = 0; i < dims; i++) index[i] -= n->a.pad.lo[i];
        return n->in[0];
    case FVI_TRANSPOSE:
        for (int i = 0; i < dims; i++) moved[n->a.transpose.perm[i]] = index[i];
        for (int i = 0; i < dims; i++) index[i] = moved[i];
        return n->in[0];
    default: return -1;
    }
}

/* The x of 1 - x; -1. */
static int rest_of(const fvi_graph *g, const fvi_node *n) {
    if (n->kind == FVI_UNARY)
        return n->a.unary.f == FVI_LINEAR && n->a.unary.p == -1 && n->a.unary.q == 1 ? n->in[0]
                                                                                     : -1;
    if (n->kind != FVI_BINARY || n->a.binary.f != FVI_SUB) return -1;
    const fvi_const *one = g->values[n->in[0]].constant;
    const int same =
        fvi_shape_count(&g->values[n->out].shape) == fvi_shape_count(&g->values[n->in[1]].shape);
    return one && same && fvi_shape_count(&one->shape) == 1 && fvi_const_at(one, 0) == 1 ? n->in[1]
                                                                                         : -1;
}

/* Whether a node keeps every element at its place: as it is, or within bounds. */
static int keeps_places(const fvi_node *n) {
    return n->kind == FVI_RESHAPE || n->kind == FVI_IDENTITY ||
           (n->kind == FVI_UNARY && n->a.unary.f == FVI_CLIP);
}

/* The element that a node's element is, before it. Returns 0 where there is none. */
static int step_back(const fvi_graph *g, const fvi_node *n, fvi_element *e) {
    int64_t index[FVI_MAX_DIMS];
    const int rest = rest_of(g, n);
    if (rest >= 0 || keeps_places(n)) {
        e->is_rest ^= rest >= 0;
        e->value = rest >= 0 ? rest : n->in[0];
        return 1;
    }
    unravel(&g->values[n->out].shape, e->at, index);
    e->value = before(g, n, index);
    if (e->value < 0) return 0;
    e->at = ravel(&g->values[e->value].shape, index);
    return e->at >= 0;
}

int fvi_element_logit(const fvi_graph *g, fvi_element *e, int *end) {
    int is_exp = 0;
    e->is_rest = 0;
    for (int producer; (producer = g->values[e->value].producer) >= 0;) {
        const fvi_node *n = &g->nodes[producer];
        if (n->kind == FVI_SOFTMAX || fvi_node_is_sigmoid(n)) {
            const int is_log = n->kind == FVI_SOFTMAX && n->a.softmax.log;
            *end = n->out;
            e->value = n->in[0];
            return is_log == is_exp && !(e->is_rest && n->kind == FVI_SOFTMAX);
        }
        if (n->kind == FVI_UNARY && n->a.unary.f == FVI_EXP && !is_exp) {
            is_exp = 1;
            e->value = n->in[0];
        } else if ((is_exp && rest_of(g, n) >= 0) || !step_back(g, n, e)) {
            return 0;
        }
    }
    return 0;
}
