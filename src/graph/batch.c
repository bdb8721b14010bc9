/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the batch size of a lowered graph whose file fixes it as a number.
 *
 * Every value either does not depend on the batch or has a batch axis: an axis of outer x batch x
 * inner elements, of which element (o, b, i) belongs to sample b. Each op has a rule that gives the
 * batch axis of its output from those of its inputs, or reports that it mixes samples. A reshape
 * can be ambiguous (a batch of 1 may be between any two axes: [197,1,768] -> [197,768] is
 * [197*N,768] or [197,N*768]); a choice after which a later op mixes samples is undone. Every rule
 * is correct, so every assignment found is; the choices only decide whether one is found. Then the
 * batch axes grow, and operands without a batch that are combined with a whole batch are repeated.
 */
#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "graph/batch.h"
#include "graph/const.h"

#define COMPARED_MAX ((int64_t)1 << 32)
#define RESHAPES_MAX 64 /* one after the other */

/* The batch axis of a value; axis -1: it does not depend on the batch. */
typedef struct batch_axis {
    int axis;
    int64_t outer;
} batch_axis;

typedef struct rebatch {
    fvi_graph *g;
    int64_t from, to;
    batch_axis *of;         /* [n_values] */
    int *choice;            /* [n_nodes] which candidate of a reshape is used */
    int *options;           /* [n_nodes] how many it has */
    GArray *values, *nodes; /* the new ones: fvi_value, fvi_node */
    int64_t compared;       /* bytes of constants, of COMPARED_MAX */
} rebatch;

static const fvi_shape *shape_of(const rebatch *l, int v) { return &l->g->values[v].shape; }

/* ---- the rules of kinds.def: *out is the batch axis of the output, x that of input 0. They return
 * 0 if samples are mixed. ---- */

#define UNUSED(...) ((void)(l), (void)(n), (void)(x), (void)(out))

/* Convolution, pooling, normalisation by channel. */
static int rule_first(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    UNUSED();
    return x->axis == 0;
}

static int rule_same(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    UNUSED();
    return 1;
}

static int rule_layer_norm(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    UNUSED();
    return x->axis < n->a.norm.axis;
}

static int rule_softmax(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    UNUSED();
    return x->axis != n->a.softmax.axis;
}

static int rule_pad(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    UNUSED();
    return n->a.pad.lo[x->axis] == 0 && n->a.pad.hi[x->axis] == 0;
}

static int rule_resize(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    UNUSED();
    return n->a.resize.axis[x->axis].entries == 0;
}

static int rule_reduce(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    UNUSED();
    for (int i = 0; i < x->axis; i++)
        if (n->a.reduce.axes >> i & 1 && !n->a.reduce.keepdims) out->axis--;
    return !(n->a.reduce.axes >> x->axis & 1);
}

static int rule_transpose(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    for (int i = 0; i < shape_of(l, n->out)->ndim; i++)
        if (n->a.transpose.perm[i] == x->axis) out->axis = i;
    return 1;
}

/* Priority of a candidate: larger ones are tried first. */
static int reshape_rank(const rebatch *l, const batch_axis *x, const batch_axis *to, int64_t size,
                        int64_t x_size) {
    if (size == l->from) return to->axis == x->axis ? 4 : 3;
    return (to->outer == 1) == (x_size == l->from) ? 2 : 1;
}

/* A reshape keeps the order of elements, so as many elements precede the batch as before. */
static int rule_reshape(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    const fvi_shape *from = shape_of(l, n->in[0]), *to = shape_of(l, n->out);
    int64_t before = fvi_shape_product(from, 0, x->axis) * x->outer;
    batch_axis found[FVI_MAX_DIMS];
    int rank[FVI_MAX_DIMS], count = 0, node = (int)(n - l->g->nodes);
    if (fvi_shape_count(to) == 0) return 0;
    for (int t = 0; t < to->ndim; t++) {
        int64_t skipped = fvi_shape_product(to, 0, t);
        if (before % skipped || to->dim[t] % (before / skipped * l->from)) continue;
        batch_axis s = {t, before / skipped};
        int r = reshape_rank(l, x, &s, to->dim[t], from->dim[x->axis]), at = count++;
        for (; at > 0 && rank[at - 1] < r; at--) {
            found[at] = found[at - 1];
            rank[at] = rank[at - 1];
        }
        found[at] = s;
        rank[at] = r;
    }
    l->options[node] = count;
    if (l->choice[node] >= count) return 0;
    *out = found[l->choice[node]];
    return 1;
}

/* The axis of operand k that is aligned with axis `axis` of the output; negative: it has none. */
static int operand_axis(const rebatch *l, const fvi_node *n, int k, int axis) {
    int ndim = shape_of(l, n->out)->ndim, own = shape_of(l, n->in[k])->ndim;
    if (n->kind == FVI_CONCAT) return axis;
    if (n->kind == FVI_MATMUL && (axis >= ndim - 2 || k == 2)) return -1;
    return axis - (ndim - own);
}

/* Whether all samples' parts of a constant are equal; the constant is [before][batch][..]. */
static int constant_repeats(rebatch *l, const fvi_const *c, int64_t before) {
    l->compared += fvi_shape_count(&c->shape) * (int64_t)fvi_dtype_size(c->dtype);
    if (l->compared > COMPARED_MAX) return 0;
    size_t run = (size_t)(fvi_shape_count(&c->shape) / (before * l->from));
    size_t bytes = run * fvi_dtype_size(c->dtype);
    for (int64_t o = 0; o < before; o++)
        for (int64_t b = 1; b < l->from; b++)
            if (memcmp(c->bytes + (size_t)(o * l->from) * bytes,
                       c->bytes + (size_t)(o * l->from + b) * bytes, bytes) != 0)
                return 0;
    return 1;
}

/* The same for any value without a batch: a constant, or the result of an expand along the batch.
 */
static int same_for_all(rebatch *l, int v, int64_t before) {
    if (l->from == 1) return 1;
    const fvi_node *n = NULL;
    for (int steps = 0;; steps++) { /* through reshapes */
        const fvi_value *value = &l->g->values[v];
        if (value->constant) return constant_repeats(l, value->constant, before);
        n = value->producer >= 0 ? &l->g->nodes[value->producer] : NULL;
        if (!n || n->kind != FVI_RESHAPE || steps == RESHAPES_MAX) break;
        v = n->in[0];
    }
    if (!n || n->kind != FVI_EXPAND) return 0;
    const fvi_shape *in = shape_of(l, n->in[0]), *out = shape_of(l, v);
    for (int t = 0; t < out->ndim; t++) {
        int own = t - (out->ndim - in->ndim);
        if (fvi_shape_product(out, 0, t) == before && out->dim[t] == l->from)
            return own < 0 || in->dim[own] == 1;
    }
    return 0;
}

/* Whether operand k, which has no batch, fits an output whose batch axis is `out`: it is broadcast
 * along it (size 1, or no such axis), or it can be repeated for every sample. */
static int operand_fits(rebatch *l, const fvi_node *n, int k, const batch_axis *out) {
    int axis = operand_axis(l, n, k, out->axis);
    const fvi_value *v = &l->g->values[n->in[k]];
    if (axis < 0 || (n->kind != FVI_CONCAT && v->shape.dim[axis] == 1)) return 1;
    return v->shape.dim[axis] % (out->outer * l->from) == 0 &&
           same_for_all(l, n->in[k], fvi_shape_product(&v->shape, 0, axis) * out->outer);
}

/* Operands that are aligned axis by axis: BINARY, WHERE, CONCAT, and the batch axes of MATMUL. */
static int rule_aligned(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    (void)x;
    const fvi_shape *shape = shape_of(l, n->out);
    int ndim = shape->ndim;
    out->axis = -1;
    for (int k = 0; k < n->n_in; k++) {
        if (n->in[k] < 0 || l->of[n->in[k]].axis < 0) continue;
        const fvi_shape *own = shape_of(l, n->in[k]);
        batch_axis s = l->of[n->in[k]];
        int64_t size = own->dim[s.axis];
        s.axis += ndim - own->ndim;
        if (out->axis >= 0 && (s.axis != out->axis || s.outer != out->outer)) return 0;
        if (size != shape->dim[s.axis]) return 0; /* broadcast along the batch */
        *out = s;
    }
    if (n->kind == FVI_CONCAT && out->axis == n->a.axis.axis) return 0;
    for (int k = 0; k < n->n_in; k++)
        if (n->in[k] >= 0 && l->of[n->in[k]].axis < 0 && !operand_fits(l, n, k, out)) return 0;
    return 1;
}

/* Rows of a or columns of b may be samples; the axis that is summed over may not. */
static int rule_matmul(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    const fvi_shape *shape = shape_of(l, n->out);
    int side = l->of[n->in[0]].axis >= 0 ? 0 : 1;
    batch_axis s = l->of[n->in[side]];
    int ndim = shape_of(l, n->in[side])->ndim;
    int kept = side == 0 ? (n->a.matmul.trans_a ? ndim - 1 : ndim - 2)
                         : (n->a.matmul.trans_b ? ndim - 2 : ndim - 1);
    if (n->n_in > 2 && n->in[2] >= 0 &&
        (l->of[n->in[2]].axis >= 0 || (side == 1 && s.axis == kept)))
        return 0;
    if (s.axis < ndim - 2) return rule_aligned(l, n, x, out);
    *out = (batch_axis){shape->ndim - 2 + side, s.outer};
    return s.axis == kept && l->of[n->in[1 - side]].axis < 0;
}

/* Indices into a whole sample that was flattened (from 1) are used within every sample. */
static int rule_gather(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    int rank = shape_of(l, n->in[1])->ndim;
    if (x->axis > n->a.axis.axis) out->axis += rank - 1;
    return x->axis != n->a.axis.axis || (l->from == 1 && x->outer == 1 && rank > 0);
}

static int rule_slice(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    UNUSED();
    return n->a.slice.start[x->axis] == 0 && n->a.slice.step[x->axis] == 1 &&
           shape_of(l, n->in[0])->dim[x->axis] == shape_of(l, n->out)->dim[x->axis];
}

static int rule_expand(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    const fvi_shape *from = shape_of(l, n->in[0]), *to = shape_of(l, n->out);
    *out = (batch_axis){x->axis + to->ndim - from->ndim, x->outer};
    return from->dim[x->axis] == to->dim[out->axis];
}

static int rule_grid_sample(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    return rule_aligned(l, n, x, out) && out->axis == 0 && out->outer == 1;
}

/* Samples are whole planes: the last three axes are a spectrum's. */
static int rule_planes(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    (void)out;
    return x->axis < shape_of(l, n->in[0])->ndim - 3;
}

/* Initial states of one sample each count for all; there can be no others. */
static int rule_recurrent(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    (void)out;
    for (int k = 3; k < 5; k++)
        if (n->in[k] >= 0 && shape_of(l, n->in[k])->dim[0] != 1) return 0;
    return x->axis == 1 && x->outer == 1 && n->in[6] < 0;
}

/* It is not run: any axis will do. */
static int rule_opaque(rebatch *l, const fvi_node *n, const batch_axis *x, batch_axis *out) {
    (void)x;
    const fvi_shape *shape = shape_of(l, n->out);
    if (shape->ndim > 0 && shape->dim[0] == l->from) *out = (batch_axis){0, 1};
    return 1;
}

static int (*const rules[FVI_KIND_COUNT])(rebatch *, const fvi_node *, const batch_axis *,
                                          batch_axis *) = {
#define FVI_KIND(NAME, file, traits, fold, channels, batch, ...) [FVI_##NAME] = rule_##batch,
#include "graph/kinds.def"
#undef FVI_KIND
};

static int apply(rebatch *l, const fvi_node *n) {
    batch_axis *out = &l->of[n->out];
    const batch_axis none = {-1, 1};
    const batch_axis *x = n->n_in > 0 && n->in[0] >= 0 ? &l->of[n->in[0]] : &none;
    int any = 0, first = x->axis >= 0;
    for (int k = 0; k < n->n_in; k++) any += n->in[k] >= 0 && l->of[n->in[k]].axis >= 0;
    *out = (batch_axis){-1, 1};
    if (!any) return 1;
    if (n->kind == FVI_GATHER && l->of[n->in[1]].axis >= 0) { /* words looked up in a table */
        *out = (batch_axis){n->a.axis.axis + l->of[n->in[1]].axis, l->of[n->in[1]].outer};
        return !first;
    }
    if (!fvi_kind_has(n->kind, FVI_SEVERAL)) {
        if (!first || any > 1) return 0;
        *out = *x;
    }
    return rules[n->kind](l, n, x, out);
}

/* ---- the search ---- */

static fv_status assign(rebatch *l, fv_error *err) {
    const fvi_graph *g = l->g;
    int64_t visits = 0, most = 1000 + 64 * (int64_t)g->n_nodes;
    int deepest = 0;
    for (int i = 0; i < g->n_nodes;) {
        if (i > deepest) deepest = i;
        if (apply(l, &g->nodes[i])) {
            if (++i < g->n_nodes) l->choice[i] = l->options[i] = 0;
            continue;
        }
        int back = i - 1;
        while (back >= 0 && l->choice[back] + 1 >= l->options[back]) back--;
        visits += i - back;
        if (back < 0 || visits > most)
            return fvi_fail(err, FV_UNSUPPORTED,
                            "its batch of %" PRId64
                            " is fixed in the file (%s \"%s\" mixes samples, or "
                            "they are steps of time); fovea run takes an X.npy of %" PRId64,
                            l->from, g->nodes[deepest].source_op, g->nodes[deepest].name, l->from);
        l->choice[back]++;
        i = back;
    }
    return FV_OK;
}

/* ---- the change ---- */

static const char *unique_name(const rebatch *l, const char *base) {
    return fvi_pool_printf(l->g->pool, "%s/batch%d", base, (int)l->values->len);
}

static int add_node(rebatch *l, const fvi_node *user, fvi_kind kind, int x, const fvi_shape *shape,
                    const fvi_node_attr *a) {
    const char *name = unique_name(l, user->name);
    int *in = fvi_pool_alloc(l->g->pool, sizeof *in);
    if (!name || !in) return -1;
    *in = x;
    fvi_value value = {.name = name, .shape = *shape};
    fvi_node node = {.kind = kind,
                     .name = name,
                     .source_op = user->source_op,
                     .n_in = 1,
                     .in = in,
                     .out = (int)l->values->len};
    if (a) node.a = *a;
    g_array_append_val(l->values, value);
    g_array_append_val(l->nodes, node);
    return node.out;
}

/* One sample's part of a batchless operand, `to` times:
 * [outer, from, inner] -> [outer, 1, inner] -> [outer, to, inner]. Returns the value, -1: NOMEM. */
static int repeat(rebatch *l, const fvi_node *user, int v, int axis, int64_t outer) {
    fvi_shape shape = g_array_index(l->values, fvi_value, v).shape, full = shape;
    int64_t before = fvi_shape_product(&shape, 0, axis) * outer;
    int64_t after = fvi_shape_product(&shape, axis, shape.ndim) / (outer * l->from);
    fvi_node_attr one = {.slice = {{0}, {1, 1, 1}}};
    full.dim[axis] = shape.dim[axis] / l->from * l->to;
    v = add_node(l, user, FVI_RESHAPE, v, &(fvi_shape){3, {before, l->from, after}}, NULL);
    if (v >= 0 && l->from > 1)
        v = add_node(l, user, FVI_SLICE, v, &(fvi_shape){3, {before, 1, after}}, &one);
    if (v >= 0) v = add_node(l, user, FVI_EXPAND, v, &(fvi_shape){3, {before, l->to, after}}, NULL);
    return v < 0 ? v : add_node(l, user, FVI_RESHAPE, v, &full, NULL);
}

/* Repeats the operands of n that have no batch but its full size. */
static int widen_operands(rebatch *l, const fvi_node *n) {
    const batch_axis *out = &l->of[n->out];
    const int several = fvi_kind_has(n->kind, FVI_SEVERAL) && n->kind != FVI_OPAQUE;
    for (int k = 0; several && out->axis >= 0 && k < n->n_in; k++) {
        if (n->in[k] < 0 || l->of[n->in[k]].axis >= 0) continue;
        int axis = operand_axis(l, n, k, out->axis);
        if (axis < 0) continue;
        if (n->kind != FVI_CONCAT && shape_of(l, n->in[k])->dim[axis] == 1) continue;
        int v = repeat(l, n, n->in[k], axis, out->outer);
        if (v < 0) return 0;
        n->in[k] = v;
    }
    return 1;
}

/* A gather inside samples: [before, size, after] -> [before, to, size, after], gathered along the
 * third axis by the flat indices; n becomes the reshape back. */
static int widen_gather(rebatch *l, fvi_node *n) {
    const batch_axis *x = &l->of[n->in[0]];
    int axis = n->a.axis.axis;
    if (n->kind != FVI_GATHER || x->axis != axis) return 1;
    const fvi_shape *in = shape_of(l, n->in[0]);
    fvi_shape cut = {4,
                     {fvi_shape_product(in, 0, axis), l->to, in->dim[axis],
                      fvi_shape_product(in, axis + 1, in->ndim)}};
    fvi_const *flat = fvi_pool_alloc(l->g->pool, sizeof *flat);
    int *operands = fvi_pool_array(l->g->pool, 2, sizeof *operands);
    int v = add_node(l, n, FVI_RESHAPE, n->in[0], &cut, NULL);
    if (!flat || !operands || v < 0) return 0;
    *flat = *l->g->values[n->in[1]].constant;
    flat->shape = (fvi_shape){1, {fvi_shape_count(&flat->shape)}};
    fvi_value indices = {
        .name = unique_name(l, n->name), .shape = flat->shape, .producer = -1, .constant = flat};
    operands[1] = (int)l->values->len;
    g_array_append_val(l->values, indices);
    cut.dim[2] = flat->shape.dim[0];
    operands[0] = v;
    v = add_node(l, n, FVI_GATHER, v, &cut, &(fvi_node_attr){.axis = {2}});
    if (v < 0 || !indices.name) return 0;
    fvi_node *gather = &g_array_index(l->nodes, fvi_node, l->nodes->len - 1);
    gather->in = operands;
    gather->n_in = 2;
    n->kind = FVI_RESHAPE;
    n->in[0] = v;
    n->n_in = 1;
    return 1;
}

static fv_status widen_shapes(rebatch *l, fv_error *err) {
    for (int v = 0; v < l->g->n_values; v++) {
        fvi_shape *s = &l->g->values[v].shape;
        int axis = l->of[v].axis;
        if (axis < 0) continue;
        int64_t wide = -1;
        if (fvi_mul(s->dim[axis] / l->from, l->to, &wide) == 0) s->dim[axis] = wide;
        if (s->dim[axis] != wide || fvi_shape_count(s) < 0)
            return fvi_fail(err, FV_SHAPE, "\"%s\" is too large at a batch of %" PRId64,
                            l->g->values[v].name, l->to);
    }
    return FV_OK;
}

/* Moves the new arrays into the graph. */
static int put_back(rebatch *l) {
    fvi_graph *g = l->g;
    fvi_value *values = fvi_pool_array(g->pool, l->values->len + 1, sizeof *values);
    fvi_node *nodes = fvi_pool_array(g->pool, l->nodes->len + 1, sizeof *nodes);
    if (!values || !nodes) return 0;
    for (guint v = 0; v < l->values->len; v++) values[v] = g_array_index(l->values, fvi_value, v);
    for (guint i = 0; i < l->nodes->len; i++) {
        nodes[i] = g_array_index(l->nodes, fvi_node, i);
        values[nodes[i].out].producer = (int)i;
    }
    g->values = values;
    g->nodes = nodes;
    g->n_values = (int)l->values->len;
    g->n_nodes = (int)l->nodes->len;
    return 1;
}

static fv_status change(rebatch *l, fv_error *err) {
    fvi_graph *g = l->g;
    g_array_append_vals(l->values, g->values, (guint)g->n_values);
    for (int i = 0; i < g->n_nodes; i++) {
        if (!widen_operands(l, &g->nodes[i]) || !widen_gather(l, &g->nodes[i])) goto nomem;
        g_array_append_val(l->nodes, g->nodes[i]);
    }
    fv_status st = widen_shapes(l, err);
    for (int v = 0; v < g->n_values && !st; v++)
        g_array_index(l->values, fvi_value, v).shape = g->values[v].shape;
    if (st || put_back(l)) return st;
nomem:
    return fvi_fail(err, FV_NOMEM, "no memory for the graph");
}

static fv_status check_inputs(const rebatch *l, fv_error *err) {
    const fvi_graph *g = l->g;
    for (int i = 0; i < g->n_inputs; i++) {
        const fvi_value *v = &g->values[g->inputs[i]];
        if (v->shape.ndim > 0 && v->shape.dim[0] == l->from) {
            l->of[g->inputs[i]] = (batch_axis){0, 1};
            continue;
        }
        if (!v->shape.ndim) continue; /* one number for all samples */
        char text[FVI_SHAPE_TEXT];
        return fvi_fail(err, FV_SHAPE, "input \"%s\" is %s; its batch was to be %" PRId64, v->name,
                        fvi_shape_text(&v->shape, text), l->from);
    }
    return FV_OK;
}

static void rebatch_free(rebatch *l) {
    g_free(l->of);
    g_free(l->choice);
    g_free(l->options);
    g_array_free(l->values, TRUE);
    g_array_free(l->nodes, TRUE);
}

/* Finds every value's batch axis. */
static fv_status rebatch_new(fvi_graph *g, int64_t from, int64_t to, rebatch *l, fv_error *err) {
    *l = (rebatch){.g = g, .from = from, .to = to};
    l->of = g_try_new(batch_axis, (gsize)g->n_values + 1);
    l->choice = g_try_new0(int, (gsize)g->n_nodes + 1);
    l->options = g_try_new0(int, (gsize)g->n_nodes + 1);
    l->values = g_array_new(FALSE, FALSE, sizeof(fvi_value));
    l->nodes = g_array_new(FALSE, FALSE, sizeof(fvi_node));
    if (!l->of || !l->choice || !l->options)
        return fvi_fail(err, FV_NOMEM, "no memory for the graph");
    for (int v = 0; v < g->n_values; v++) l->of[v] = (batch_axis){-1, 1};
    fv_status st = check_inputs(l, err);
    return st ? st : assign(l, err);
}

fv_status fvi_graph_set_batch(fvi_graph *g, int64_t from, int64_t to, fv_error *err) {
    rebatch l;
    if (from < 1 || to < 1 || to > FVI_MAX_ELEMENTS)
        return fvi_fail(err, FV_ARG, "a batch of %" PRId64 " cannot become %" PRId64, from, to);
    if (from == to) return FV_OK;
    fv_status st = rebatch_new(g, from, to, &l, err);
    if (!st) st = change(&l, err);
    rebatch_free(&l);
    return st;
}

fv_status fvi_graph_batch_axis(const fvi_graph *g, int64_t batch, int value, int *axis,
                               int64_t *outer, fv_error *err) {
    rebatch l;
    *axis = 0;
    *outer = 1;
    if (batch == 1) return FV_OK;
    fv_status st = rebatch_new((fvi_graph *)(uintptr_t)g, batch, batch, &l, err); /* only read */
    if (!st && l.of[value].axis < 0)
        st = fvi_fail(err, FV_UNSUPPORTED, "\"%s\" does not depend on the picture",
                      g->values[value].name);
    if (!st) {
        *axis = l.of[value].axis;
        *outer = l.of[value].outer;
    }
    rebatch_free(&l);
    return st;
}
