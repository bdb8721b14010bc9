/* SPDX-License-Identifier: Apache-2.0 */
/* If: the condition is known while lowering, so the branch it picks is put in place of the node.
 * Names in a branch see those of the graphs around it. Loop and Scan are not done.
 * Source: ONNX operator specification (If-1..21).
 */
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/lower.h"
#include "model/onnx/operators.h"

fv_status fvi_lower_if(fvi_onnx_node *node) {
    const fvi_const *c = fvi_onnx_fixed(node, 0, "condition");
    if (!c || fvi_shape_count(&c->shape) != 1)
        return fvi_build_fail(node->b, FV_FORMAT, "its condition is not one number");
    const char *branch = fvi_const_int(c, 0) ? "then_branch" : "else_branch";
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, branch);
    if (!a || !a->g) return fvi_build_fail(node->b, FV_FORMAT, "%s is missing", branch);
    if (a->g->n_output != (size_t)node->n_out)
        return fvi_build_fail(node->b, FV_FORMAT, "%s has %zu outputs; the node has %d", branch,
                              a->g->n_output, node->n_out);
    int *made = g_try_new(int, (gsize)node->n_out + 1);
    if (!made) return fvi_build_nomem(node->b);
    if (!fvi_lower_subgraph(node, a->g, made))
        for (int i = 0; i < node->n_out; i++) fvi_onnx_out(node, i, made[i]);
    g_free(made);
    return node->b->status;
}
