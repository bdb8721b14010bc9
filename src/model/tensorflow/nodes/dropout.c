/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout is x / keep floor(keep + u) or x / keep (u >= rate), u random in [0, 1).
 *
 * What it does not do: masks that really drop something, which are refused as random numbers.
 * Source: nn_ops.py (TensorFlow 1.0 to 2.21).
 */
#include "model/tensorflow/nodes/dropout.h"

#include <string.h>

#include "model/tensorflow/nodes/known.h"

#define STEPS_MAX 8

static int is(const fvi_tf_node *n, const char *op) { return n && !strcmp(n->op, op); }

static fvi_tf_node *input(const fvi_tf_graph *g, const fvi_tf_node *n, int i) {
    const fvi_tf_edge e = n ? fvi_tf_input(g, n, i) : (fvi_tf_edge){-1, 0};
    return e.node >= 0 ? fvi_tf_node_at(g, e.node) : NULL;
}

static int is_known(const fvi_tf_graph *g, const fvi_tf_node *n, int i, double x) {
    double found;
    return i < n->n_in && fvi_tf_known(g, n->in[i], &found) && found == x;
}

/* Whether a node gives random numbers in [0, 1): those themselves, times 1, plus 0. */
static int is_random(const fvi_tf_graph *g, const fvi_tf_node *n) {
    for (int i = 0; n && i < STEPS_MAX; i++) {
        if (is(n, "RandomUniform") || is(n, "StatelessRandomUniform") ||
            is(n, "StatelessRandomUniformV2"))
            return 1;
        const int times = is(n, "Mul") && is_known(g, n, 1, 1);
        const int plus = (is(n, "Add") || is(n, "AddV2")) && is_known(g, n, 1, 0);
        if (!times && !plus) return 0;
        n = input(g, n, 0);
    }
    return 0;
}

/* Whether input i of n is x, or a placeholder that is x outside of training, which it then gets:
 * the part that is kept, 1, or one less that, 0. */
static int is_off(const fvi_tf_graph *g, const fvi_tf_node *n, int i, double x) {
    if (is_known(g, n, i, x)) return 1;
    fvi_tf_node *from = input(g, n, i);
    if (x == 0 && is(from, "Sub") && is_known(g, from, 0, 1)) {
        from = input(g, from, 1);
        x = 1;
    }
    if (x != 1 || (!is(from, "Placeholder") && !is(from, "_One"))) return 0;
    from->op = "_One";
    return 1;
}

static int is_mask(const fvi_tf_graph *g, const fvi_tf_node *n) {
    if (is(n, "GreaterEqual")) return is_random(g, input(g, n, 0)) && is_off(g, n, 1, 0);
    const fvi_tf_node *sum = is(n, "Floor") ? input(g, n, 0) : NULL;
    if (!is(sum, "Add") && !is(sum, "AddV2")) return 0;
    for (int i = 0; i < 2; i++)
        if (is_random(g, input(g, sum, i)) && is_off(g, sum, 1 - i, 1)) return 1;
    return 0;
}

void fvi_tf_drop_dropout(fvi_tf_graph *g) {
    for (guint i = 0; i < g->nodes->len; i++) {
        fvi_tf_node *n = fvi_tf_node_at(g, (int)i);
        if (!is_mask(g, n)) continue;
        n->op = "_One";
        n->n_in = n->n_control = 0;
    }
}
