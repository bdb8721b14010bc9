/* SPDX-License-Identifier: Apache-2.0 */
/* classify: the network's output as the most probable classes.
 *
 * Probabilities are the network's own where its output's rows are distributions, or made by a
 * sigmoid (several classes may be true at once; one number is the probability of one class). Rows
 * of other numbers are logits, and a softmax is applied here. One number that no sigmoid made is no
 * probability.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/tensor.h"
#include "model/network/output.h"
#include "runtime/model_state.h"
#include "runtime/session.h"

/* Whether a row is a distribution: non-negative and summing to 1. */
static int is_distribution(const float *row, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!(row[i] >= 0)) return 0;
        sum += row[i];
    }
    return fabs(sum - 1) < 1e-3;
}

static void softmax(float *row, int64_t n) {
    float top = row[0];
    double sum = 0;
    for (int64_t i = 1; i < n; i++) top = row[i] > top ? row[i] : top;
    for (int64_t i = 0; i < n; i++) sum += exp((double)row[i] - top);
    for (int64_t i = 0; i < n; i++) row[i] = (float)(exp((double)row[i] - top) / sum);
}

/* Whether a probability ranks before another. NaN ranks last. */
static int ranks_before(float a, float b) { return a > b || (isnan(b) && !isnan(a)); }

/* The `top` largest of a row, in falling order; ties in order of index. */
static void best_of(const float *row, int64_t n, int top, fv_prediction *out) {
    int have = 0;
    for (int64_t i = 0; i < n; i++) {
        const float p = isnan(row[i]) ? NAN : row[i]; /* without a sign */
        int at = have;
        while (at > 0 && ranks_before(p, out[at - 1].probability)) at--;
        if (at >= top) continue;
        if (have < top) have++;
        for (int k = have - 1; k > at; k--) out[k] = out[k - 1];
        out[at] = (fv_prediction){(int)i, p};
    }
}

/* Whether the network makes its output by a sigmoid, each number by itself. */
static int ends_in_sigmoid(const fvi_network *net) {
    const fvi_graph *g = fvi_network_graph(net);
    const int v = fvi_graph_find(g, fvi_network_output(net));
    const fvi_node *maker = v >= 0 ? fvi_graph_maker(g, v) : NULL;
    return maker && fvi_node_is_sigmoid(maker);
}

/* Checks that there is one row of classes for each of n samples. */
static fv_status check_rows(const fvi_network *net, const fv_tensor *scores, int64_t n,
                            fv_error *err) {
    const fvi_graph *g = fvi_network_graph(net);
    const int v = fvi_graph_find(g, fvi_network_output(net));
    int64_t length = 0;
    int long_axes = 0, one;
    for (int i = 1; i < scores->ndim; i++) long_axes += scores->dim[i] != 1;
    one = n > 0 && fv_tensor_count(scores) == n;
    if (v >= 0 && g->values[v].shape.ndim >= 0 && !fvi_graph_is_row(g, v, &length))
        return fvi_network_class_row(net, &(int){0}, &length, err);
    const int64_t rows = scores->ndim == 1 && length ? n * length : n; /* no axis of samples */
    if (!scores->ndim || n < 1 || scores->dim[0] != rows || long_axes > 1 ||
        !fv_tensor_count(scores)) {
        char text[FVI_SHAPE_TEXT];
        fvi_shape shape = fvi_tensor_shape(scores);
        return fvi_fail(err, FV_SHAPE,
                        "the network's output is %s; classifying needs one row of "
                        "classes for each picture",
                        fvi_shape_text(&shape, text));
    }
    if (one && !ends_in_sigmoid(net))
        return fvi_fail(err, FV_SHAPE,
                        "the network's output \"%.200s\" is one number that is no probability (no "
                        "sigmoid makes it); `fovea run` prints it, LAYER:0 explains it",
                        fvi_network_output(net));
    return FV_OK;
}

fv_status fv_session_classify(fv_session *session, const fv_tensor *input, int top,
                              fv_prediction *out, fv_error *err) {
    FVI_USE_THREADS(session);
    fv_tensor *scores = NULL;
    fv_status st = FVI_NOT_NULL(err, session, input, out);
    if (st) return st;
    const fvi_network *net = fvi_session_network(session);
    if (!fvi_network_output(net))
        return fvi_fail(err, FV_SHAPE, "%s has no output, so no classes", fvi_network_name(net));
    fv_tensor view;
    st = fvi_session_check_input(session, input, &view, err);
    if (!st) st = fvi_session_run_value(session, &view, fvi_network_output(net), &scores, err);
    if (st) return st;
    const int64_t n = view.ndim ? view.dim[0] : 0;
    const int64_t classes = n > 0 ? fv_tensor_count(scores) / n : 0;
    const int own = ends_in_sigmoid(net);
    st = check_rows(net, scores, n, err);
    if (!st && (top < 1 || top > classes))
        st = fvi_fail(err, FV_ARG, "top is %d; the network has classes 1..%lld", top,
                      (long long)classes);
    for (int64_t i = 0; !st && i < n; i++) {
        float *row = scores->data + i * classes;
        if (!own && !is_distribution(row, classes)) softmax(row, classes);
        best_of(row, classes, top, out + i * top);
    }
    fv_tensor_free(scores);
    return st;
}
