/* SPDX-License-Identifier: Apache-2.0 */
/* Single numbers that depend only on constants, placeholders' defaults, and that nobody trains:
 * conditions of branches, rates of dropout. */
#include "model/tensorflow/nodes/known.h"

#include <string.h>

#include "graph/const.h"
#include "model/tensorflow/nodes/attr.h"
#include "model/tensorflow/nodes/tensor.h"

#define DEPTH_MAX 16
#define DT_BOOL   10 /* types.proto */

static int known(const fvi_tf_graph *g, fvi_tf_edge e, double *out, int depth);

static int one_of(const char *op, const char *const *list) {
    for (; *list; list++)
        if (!strcmp(op, *list)) return 1;
    return 0;
}

static int constant(const fvi_tf_graph *g, const fvi_tf_node *n, double *out) {
    fvi_const c;
    const char *problem;
    const fvi_tf_bytes tensor = fvi_tf_part(fvi_tf_attr(n->def, "value"), 8);
    if (fvi_tf_tensor(tensor, g->pool, 1, &c, &problem, NULL) || problem) return 0;
    if (fvi_shape_count(&c.shape) != 1) return 0;
    *out = fvi_const_at(&c, 0);
    return 1;
}

/* Functions of two numbers. */
static int combine(const char *op, double a, double b, double *out) {
    if (!strcmp(op, "LogicalAnd"))
        *out = a != 0 && b != 0;
    else if (!strcmp(op, "LogicalOr"))
        *out = a != 0 || b != 0;
    else if (!strcmp(op, "Sub"))
        *out = a - b;
    else
        return 0;
    return 1;
}

/* A placeholder that says whether the network is being trained, which it is not. */
static int is_training_switch(const fvi_tf_node *n) {
    static const char *const words[] = {"training", "learning_phase", "train_phase", "phase_train"};
    if (strcmp(n->op, "Placeholder") != 0 || fvi_tf_attr_type(n->def, "dtype", 0) != DT_BOOL)
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(n->name, words[i])) return 1;
    return 0;
}

static int known(const fvi_tf_graph *g, fvi_tf_edge e, double *out, int depth) {
    static const char *const passing[] = {"Identity",     "PlaceholderWithDefault",
                                          "StopGradient", "Cast",
                                          "Snapshot",     "Squeeze",
                                          "Reshape",      NULL};
    double a, b;
    e = fvi_tf_follow(g, e);
    if (e.node < 0 || depth > DEPTH_MAX) return 0;
    const fvi_tf_node *n = fvi_tf_node_at(g, e.node);
    if (!strcmp(n->op, "Const")) return constant(g, n, out);
    if (is_training_switch(n)) {
        *out = 0;
        return 1;
    }
    if (!n->n_in || !known(g, n->in[0], &a, depth + 1)) return 0;
    if (one_of(n->op, passing) || !strcmp(n->op, "LogicalNot")) {
        *out = strcmp(n->op, "LogicalNot") ? a : a == 0;
        return 1;
    }
    return n->n_in == 2 && known(g, n->in[1], &b, depth + 1) && combine(n->op, a, b, out);
}

int fvi_tf_known(const fvi_tf_graph *g, fvi_tf_edge e, double *out) { return known(g, e, out, 0); }
