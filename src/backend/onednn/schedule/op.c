/* SPDX-License-Identifier: Apache-2.0 */
/* op: the table of all ops, one row of graph/kinds.def each. */
#include "backend/onednn/schedule/op.h"

static const fvi_op *const table[FVI_KIND_COUNT] = {
#define FVI_KIND(NAME, file, ...) [FVI_##NAME] = &fvi_op_##file,
#include "graph/kinds.def"
#undef FVI_KIND
};

const fvi_op *fvi_op_of(fvi_kind k) { return (unsigned)k < FVI_KIND_COUNT ? table[k] : NULL; }
