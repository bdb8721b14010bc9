/* SPDX-License-Identifier: Apache-2.0 */
/* classify: the network's output as the most probable classes.
 *
 * Probabilities are the network's own where a softmax or a sigmoid makes them (graph/classes/row.h;
 * of a sigmoid several classes may be true at once, and one number is the probability of one
 * class), or where its rows are distributions. Rows of other numbers are logits, and a softmax is
 * applied here. One number that neither made is no probability.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/tensor.h"
#include "graph/classes/distribution.h"
#include "model/network/output.h"
#include "runtime/model_state.h"
#include "runtime/monitor.h"
#include "runtime/session.h"

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

/* Whether an array [1][...] is one row of numbers for each of n samples; with `one_axis` also the
 * row of one sample, without an axis of samples. */
static int has_rows(const fv_tensor *scores, int64_t n, int one_axis) {
    int long_axes = 0;
    const int64_t count = fv_tensor_count(scores);
    for (int i = 1; i < scores->ndim; i++) long_axes += scores->dim[i] != 1;
    if (!scores->ndim || n < 1 || !count || long_axes > 1) return 0;
    return scores->dim[0] == n || (one_axis && scores->ndim == 1 && scores->dim[0] == count);
}

/* Checks that there is one row of classes for each of n samples. */
static fv_status check_rows(const fvi_network *net, const fvi_row *row, const fv_tensor *scores,
                            int64_t n, fv_error *err) {
    char text[FVI_SHAPE_TEXT];
    const fvi_shape shape = fvi_tensor_shape(scores);
    if (!has_rows(scores, n, row->length > 1))
        return fvi_fail(err, FV_SHAPE,
                        "the network's output is %s; classifying needs one row of "
                        "classes for each picture",
                        fvi_shape_text(&shape, text));
    if (fv_tensor_count(scores) == n && row->made == FVI_ROW_OF_SCORES)
        return fvi_fail(err, FV_SHAPE,
                        "the network's output \"%.200s\" is one number that is no probability (no "
                        "sigmoid makes it); `fovea run` prints it, LAYER:0 explains it",
                        fvi_network_output(net));
    return FV_OK;
}

/* Says that the network's output may be no scores: `which` of its numbers, and what of them. */
static void note_row(fv_session *s, const char *which, const char *what) {
    char *text = g_strdup_printf("%s \"%.80s\" %s: they are taken as scores, and a softmax makes "
                                 "probabilities of them; `fovea run` gives them as they are",
                                 which, fvi_network_output(fvi_session_network(s)), what);
    fvi_monitor_note(fvi_session_monitor(s), text);
    g_free(text);
}

/* Makes probabilities of a row of scores, unless they are a distribution already. */
static void to_probabilities(fv_session *s, float *row, int64_t n) {
    if (fvi_is_distribution(row, n, 1)) return;
    if (fvi_has_unit_length(row, n))
        note_row(s, "the squares of", "add up to 1, as those of an embedding");
    else if (fvi_is_within_unit(row, n))
        note_row(s, "all numbers of", "are within 0..1, but their sum is not 1");
    else if (fvi_has_no_negative(row, n) && fv_model_class_count(fvi_session_model(s)) != n)
        note_row(s, "all numbers of", "are at least 0, as features behind a ReLU");
    fvi_softmax_row(row, n);
}

/* The row of classes; of a value whose shape is known only when it is run, scores. */
static fv_status find_row(const fvi_network *net, fvi_row *row, fv_error *err) {
    *row = (fvi_row){.made = FVI_ROW_OF_SCORES};
    return fvi_network_row_is_open(net) ? FV_OK : fvi_network_class_row(net, row, err);
}

fv_status fv_session_classify(fv_session *session, const fv_tensor *input, int top,
                              fv_prediction *out, fv_error *err) {
    FVI_USE_THREADS(session);
    fv_tensor *scores = NULL;
    fv_status st = FVI_NOT_NULL(err, session, input, out);
    if (st) return st;
    const fvi_network *net = fvi_session_network(session);
    fv_tensor view;
    fvi_row own;
    st = find_row(net, &own, err);
    if (!st) st = fvi_session_check_input(session, input, &view, err);
    if (!st) st = fvi_session_run_value(session, &view, fvi_network_output(net), &scores, err);
    if (st) return st;
    const int64_t n = view.ndim ? view.dim[0] : 0;
    const int64_t classes = n > 0 ? fv_tensor_count(scores) / n : 0;
    st = check_rows(net, &own, scores, n, err);
    if (!st && (top < 1 || top > classes))
        st = fvi_fail(err, FV_ARG, "top is %d; the network has classes 1..%lld", top,
                      (long long)classes);
    for (int64_t i = 0; !st && i < n; i++) {
        float *row = scores->data + i * classes;
        if (own.made == FVI_ROW_OF_SCORES) to_probabilities(session, row, classes);
        best_of(row, classes, top, out + i * top);
    }
    fv_tensor_free(scores);
    return st;
}
