/* SPDX-License-Identifier: Apache-2.0 */
/* classify: the network's output as the most probable classes. If the output's rows are logits
 * rather than distributions, a softmax is applied here.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/tensor.h"
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

fv_status fv_session_classify(fv_session *session, const fv_tensor *input, int top,
                              fv_prediction *out, fv_error *err) {
    FVI_USE_THREADS(session);
    fv_tensor *scores = NULL;
    fv_status st = FVI_NOT_NULL(err, session, input, out);
    if (!st) st = fv_session_run(session, input, NULL, &scores, err);
    if (st) return st;
    int64_t n = input->ndim ? input->dim[0] : 0;
    int64_t classes = n > 0 ? fv_tensor_count(scores) / n : 0;
    if (!scores->ndim || scores->dim[0] != n || classes < 2) {
        char text[FVI_SHAPE_TEXT];
        fvi_shape shape = fvi_tensor_shape(scores);
        st = fvi_fail(err, FV_SHAPE,
                      "the network's output is %s; classifying needs one row of "
                      "classes for each picture",
                      fvi_shape_text(&shape, text));
    } else if (top < 1 || top > classes) {
        st = fvi_fail(err, FV_ARG, "top is %d; the network has classes 1..%lld", top,
                      (long long)classes);
    } else {
        for (int64_t i = 0; i < n; i++) {
            float *row = scores->data + i * classes;
            if (!is_distribution(row, classes)) softmax(row, classes);
            best_of(row, classes, top, out + i * top);
        }
    }
    fv_tensor_free(scores);
    return st;
}
