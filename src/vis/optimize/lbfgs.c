/* SPDX-License-Identifier: Apache-2.0 */
/* lbfgs: limited-memory BFGS through libLBFGS (Nocedal 1980; Liu and Nocedal 1989), the only file
 * that names it. libLBFGS works in double and minimises: floats and signs are converted here.
 *
 * Its stopping tests are off, since objectives have any scale. The search ends after so many
 * iterations, when the evaluator says so, or when a line search finds no better point, which is no
 * error: the best point evaluated is kept. A line search has no way to be stopped. To end it, the
 * evaluator returns a value better than all others with a gradient of zero.
 */
#include <lbfgs.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "vis/optimize/lbfgs.h"

#define END_OF_SEARCH (-1e300) /* a value that every line search accepts */

typedef struct search {
    fvi_evaluate_fn evaluate;
    void *user;
    int64_t count;
    float *z, *g; /* [count] the parameters now, and the gradient there */
    float *best;  /* [count] the caller's parameters */
    double best_value;
    int evaluated; /* a value was finite */
    int stop;
} search;

static int all_finite(const float *x, int64_t n) {
    float sum = 0;
    for (int64_t i = 0; i < n; i++) sum += 0 * x[i];
    return sum == 0;
}

static lbfgsfloatval_t evaluate(void *instance, const lbfgsfloatval_t *x, lbfgsfloatval_t *g,
                                const int n, const lbfgsfloatval_t step) {
    search *c = instance;
    (void)n, (void)step;
    double value = NAN;
    if (!c->stop) {
        for (int64_t i = 0; i < c->count; i++) c->z[i] = (float)x[i];
        value = c->evaluate(c->user, c->z, c->g, &c->stop);
        if (!isfinite(value) || !all_finite(c->g, c->count)) c->stop = 1, value = NAN;
    }
    if (isfinite(value) && (!c->evaluated || value > c->best_value)) {
        c->best_value = value;
        c->evaluated = 1;
        memcpy(c->best, c->z, (size_t)c->count * sizeof *c->z);
    }
    if (c->stop) {
        memset(g, 0, (size_t)c->count * sizeof *g);
        return END_OF_SEARCH;
    }
    for (int64_t i = 0; i < c->count; i++) g[i] = -(double)c->g[i];
    return -value;
}

/* Whether libLBFGS ended with an error, and not because it found no better point. */
static int is_failure(int code) {
    switch (code) {
    case LBFGSERR_ROUNDING_ERROR:
    case LBFGSERR_MINIMUMSTEP:
    case LBFGSERR_MAXIMUMSTEP:
    case LBFGSERR_MAXIMUMLINESEARCH:
    case LBFGSERR_MAXIMUMITERATION:
    case LBFGSERR_WIDTHTOOSMALL:
    case LBFGSERR_OUTOFINTERVAL:
    case LBFGSERR_INCORRECT_TMINMAX:
    case LBFGSERR_INCREASEGRADIENT: return 0;
    default: return code < 0;
    }
}

fv_status fvi_lbfgs(int64_t count, int steps, fvi_evaluate_fn evaluate_fn, void *user, float *z,
                    fv_error *err) {
    if (count < 1 || count > INT_MAX - 15)
        return fvi_fail(err, FV_ARG, "L-BFGS over %lld parameters; allowed: 1..%d",
                        (long long)count, INT_MAX - 15);
    if (steps < 1) return FV_OK;
    search c = {.evaluate = evaluate_fn, .user = user, .count = count, .best = z};
    c.z = malloc((size_t)count * sizeof *c.z);
    c.g = malloc((size_t)count * sizeof *c.g);
    lbfgsfloatval_t *x = lbfgs_malloc((int)count);
    int code = LBFGSERR_OUTOFMEMORY;
    if (c.z && c.g && x) {
        lbfgs_parameter_t how;
        lbfgs_parameter_init(&how);
        how.max_iterations = steps;
        how.epsilon = 0;
        for (int64_t i = 0; i < count; i++) x[i] = z[i];
        code = lbfgs((int)count, x, NULL, evaluate, NULL, &c, &how);
    }
    lbfgs_free(x);
    free(c.z);
    free(c.g);
    if (!is_failure(code)) return FV_OK;
    if (code == LBFGSERR_OUTOFMEMORY)
        return fvi_fail(err, FV_NOMEM, "no memory for L-BFGS over %lld parameters",
                        (long long)count);
    return fvi_fail(err, FV_BACKEND, "libLBFGS gave up with its error %d", code);
}
