/* SPDX-License-Identifier: Apache-2.0 */
/* A depth-first walk with a stack of its own, since graphs are deep. */
#include "model/tensorflow/nodes/order.h"

#include <string.h>

#include "base/error.h"

enum { NEW, OPEN, DONE };

typedef struct place {
    int node, next; /* the edge to be looked at next */
} place;

/* Edge i of a node; node -2: there are no more, -1: there is none here. */
static int depends_on(const fvi_tf_graph *g, const fvi_tf_node *n, int i, int resolved) {
    if (!strcmp(n->op, "NextIteration")) return -2;
    if (resolved) return i < n->n_in ? fvi_tf_input(g, n, i).node : -2;
    const int own = n->n_in + n->n_control;
    if (i < own) return n->in[i].node;
    return i - own < n->n_forward ? n->forward[i - own].node : -2;
}

static fv_status walk(const fvi_tf_graph *g, int root, int resolved, uint8_t *state, GArray *stack,
                      GArray *order, fv_error *err) {
    place first = {root, 0};
    g_array_append_val(stack, first);
    state[root] = OPEN;
    while (stack->len) {
        place *p = &g_array_index(stack, place, stack->len - 1);
        const int to = depends_on(g, fvi_tf_node_at(g, p->node), p->next++, resolved);
        if (to == -2) {
            const int node = p->node;
            state[node] = DONE;
            g_array_append_val(order, node);
            g_array_set_size(stack, stack->len - 1);
        } else if (to >= 0 && state[to] == OPEN) {
            return fvi_fail(err, FV_FORMAT, "node \"%.100s\" depends on itself",
                            fvi_tf_node_at(g, to)->name);
        } else if (to >= 0 && state[to] == NEW) {
            const place next = {to, 0};
            state[to] = OPEN;
            g_array_append_val(stack, next);
        }
    }
    return FV_OK;
}

fv_status fvi_tf_order(const fvi_tf_graph *g, const int *roots, int n_roots, int resolved,
                       GArray *order, fv_error *err) {
    uint8_t *state = g_new0(uint8_t, g->nodes->len + 1);
    GArray *stack = g_array_new(FALSE, FALSE, sizeof(place));
    fv_status st = FV_OK;
    for (int i = 0; i < n_roots && !st; i++)
        if (state[roots[i]] == NEW) st = walk(g, roots[i], resolved, state, stack, order, err);
    g_array_unref(stack);
    g_free(state);
    return st;
}
