/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX -> graph: the part of a file that some values need, for concrete input shapes.
 *
 * Lowering is abstract interpretation: every ONNX value is either a known constant of any type, or
 * a run-time f32 value of known shape. What depends on constants only is computed at once (fold.c);
 * the rest becomes nodes of the small op set.
 */
#ifndef FVI_MODEL_ONNX_LOWER_H
#define FVI_MODEL_ONNX_LOWER_H

#include "model/network.h"
#include "model/onnx/file.h"

/* The constants made while lowering one network: kept so that lowering it again, at any shape,
 * names equal numbers by equal addresses. Thread-safe; lowerings that share one take turns. */
typedef struct fvi_constants fvi_constants;
fvi_constants *fvi_constants_new(size_t max_bytes);
void fvi_constants_free(fvi_constants *c);

/* Lowers what `wanted` needs.
 *   cache     of this network, NULL: none (then made constants live and die with the graph)
 *   bindings  shapes or numbers of inputs; an input not named takes the file's shape, free sizes 1
 *   wanted    names of values of the file, or of an earlier lowering's invented ones; nw 0: the
 *             file's outputs
 *   out       as fvi_network_lower
 *   errors    NOTFOUND; SHAPE; FORMAT; UNSUPPORTED; NOMEM, naming operator and node
 */
fv_status fvi_lower(const fvi_onnx *o, fvi_constants *cache, const fvi_binding *b, int nb,
                    const char *const *wanted, int nw, fvi_graph **out, fv_error *err);

#endif
