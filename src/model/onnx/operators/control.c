/* SPDX-License-Identifier: Apache-2.0 */
/* If: the condition is known while lowering, so the branch it picks is put in place of the node.
 * Names in a branch see those of the graphs around it. Loop and Scan are not done.
 * Source: ONNX operator specification (If-1..21).
 */
#include "model/onnx/lowering.h"

fv_status fvi_lower_if(fvi_site *s) {
    const fvi_const *c = fvi_site_fixed(s, 0, "condition");
    if (!c || fvi_shape_count(&c->shape) != 1)
        return fvi_site_fail(s, FV_FORMAT, "its condition is not one number");
    const char *branch = fvi_const_int(c, 0) ? "then_branch" : "else_branch";
    const Onnx__AttributeProto *a = fvi_onnx_attr(s->proto, branch);
    if (!a || !a->g) return fvi_site_fail(s, FV_FORMAT, "%s is missing", branch);
    if (a->g->n_output != (size_t)s->n_out)
        return fvi_site_fail(s, FV_FORMAT, "%s has %zu outputs; the node has %d", branch,
                             a->g->n_output, s->n_out);
    int *made = g_try_new(int, (gsize)s->n_out + 1);
    if (!made) return fvi_site_nomem(s);
    if (!fvi_lower_subgraph(s, a->g, made))
        for (int i = 0; i < s->n_out; i++) fvi_site_out(s, i, made[i]);
    g_free(made);
    return s->status;
}
