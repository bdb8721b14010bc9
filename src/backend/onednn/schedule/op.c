/* SPDX-License-Identifier: Apache-2.0 */
/* op: the table of all ops, one row of graph/kinds.def each, and the op of nodes that cannot be
 * computed: graphs that hold one are refused before they come to a backend, with what stands in
 * the way; it is for those that were not. */
#include "backend/onednn/schedule/op.h"

#include "base/error.h"

static fv_status plan_opaque(fvi_step *s, fv_error *err) {
    return fvi_fail(err, s->node->a.opaque.status, "%s", s->node->a.opaque.why);
}

const fvi_op fvi_op_opaque = {"Opaque", NULL, plan_opaque, NULL, NULL, NULL, NULL};

static const fvi_op *const table[FVI_KIND_COUNT] = {
#define FVI_KIND(NAME, file, ...) [FVI_##NAME] = &fvi_op_##file,
#include "graph/kinds.def"
#undef FVI_KIND
};

const fvi_op *fvi_op_of(fvi_kind k) { return (unsigned)k < FVI_KIND_COUNT ? table[k] : NULL; }
