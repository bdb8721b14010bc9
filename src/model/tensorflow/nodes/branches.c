/* SPDX-License-Identifier: Apache-2.0 */
/* TensorFlow 1's conditionals: Switch sends its input to one of two outputs, and what depends on
 * the other one is dead; Merge passes on the input that is not. A branch may be bound to its Switch
 * by being run after it only.
 *
 * What it does not do: loops; conditions that depend on an input, which are refused where they
 * matter.
 * Source: control_flow_ops.cc.
 */
#include "model/tensorflow/nodes/branches.h"

#include <string.h>

#include "model/tensorflow/nodes/known.h"
#include "model/tensorflow/nodes/order.h"

#define OUTPUT_MAX 31 /* outputs whose deadness is told apart */

/* ---- dead branches -------------------------------------------------------------------------- */

static unsigned bit(int out) { return 1u << MIN(out, OUTPUT_MAX); }

/*   dead  [nodes] a bit an output */
static int is_dead(const unsigned *dead, fvi_tf_edge e) {
    return e.node >= 0 && (dead[e.node] & bit(e.out));
}

static int reads_dead(const fvi_tf_node *n, const unsigned *dead) {
    for (int i = 0; i < n->n_in; i++)
        if (is_dead(dead, n->in[i])) return 1;
    for (int i = n->n_in; i < n->n_in + n->n_control; i++)
        if (n->in[i].node >= 0 && dead[n->in[i].node] == ~0u) return 1;
    return 0;
}

static int set_forward(const fvi_tf_graph *g, fvi_tf_node *n, int count, fvi_tf_edge to) {
    n->forward = fvi_pool_array(g->pool, (size_t)count, sizeof *n->forward);
    if (!n->forward) return 0;
    n->n_forward = count;
    for (int i = 0; i < count; i++) n->forward[i] = to;
    return 1;
}

/* The one input of a Merge that is not dead; none: -1, several: -2. */
static int live_input(const fvi_tf_node *n, const unsigned *dead) {
    int live = -1;
    for (int i = 0; i < n->n_in; i++)
        if (!is_dead(dead, n->in[i])) live = live == -1 ? i : -2;
    return live;
}

/* What of a node is dead, after all that it depends on is known. */
static unsigned look_at(const fvi_tf_graph *g, fvi_tf_node *n, const unsigned *dead) {
    double condition;
    if (n->forward) {
        unsigned all = 0;
        for (int i = 0; i < n->n_forward; i++)
            if (is_dead(dead, n->forward[i])) all |= bit(i);
        return all;
    }
    if (!strcmp(n->op, "Merge")) {
        const int live = live_input(n, dead);
        if (live >= 0) set_forward(g, n, 1, n->in[live]);
        return live == -1 ? ~0u : 0;
    }
    if (reads_dead(n, dead)) return ~0u;
    if (strcmp(n->op, "Switch") != 0 || n->n_in != 2 || !fvi_tf_known(g, n->in[1], &condition))
        return 0;
    return set_forward(g, n, 2, n->in[0]) ? bit(condition == 0) : 0;
}

fv_status fvi_tf_take_branches(fvi_tf_graph *g, fv_error *err) {
    const int n = (int)g->nodes->len;
    int any = 0;
    for (int i = 0; i < n && !any; i++) any = !strcmp(fvi_tf_node_at(g, i)->op, "Switch");
    if (!any) return FV_OK;
    GArray *order = g_array_new(FALSE, FALSE, sizeof(int));
    int *all = g_new(int, n);
    unsigned *dead = g_new0(unsigned, n);
    for (int i = 0; i < n; i++) all[i] = i;
    const fv_status st = fvi_tf_order(g, all, n, 0, order, err);
    for (guint i = 0; i < order->len && !st; i++) {
        const int at = g_array_index(order, int, i);
        fvi_tf_node *node = fvi_tf_node_at(g, at);
        dead[at] = look_at(g, node, dead);
        node->dead = dead[at] == ~0u;
    }
    g_free(dead);
    g_free(all);
    g_array_unref(order);
    return st;
}
