/* SPDX-License-Identifier: Apache-2.0 */
/* The rules, one for each kind of node, named after its `file` in kinds.def. */
#ifndef FVI_BACKEND_STABLEHLO_OPS_RULES_H
#define FVI_BACKEND_STABLEHLO_OPS_RULES_H

#include "backend/stablehlo/ops/emitter.h"

#define FVI_KIND(NAME, FILE, ...) extern const fvi_emitter_rule fvi_emitter_rule_##FILE;
#include "graph/kinds.def"
#undef FVI_KIND

#endif
