/* SPDX-License-Identifier: Apache-2.0 */
/* Making the value of a network's input, as the caller binds it: numbers or a shape. An input whose
 * operations read it in another shape than it is given in is reshaped at once. */
#include "graph/build/bind.h"

#include <string.h>

#include "graph/build/emit.h"
#include "graph/const.h"

int fvi_bind_constant(fvi_builder *b, const fvi_const *c) {
    uint8_t *data;
    int v = fvi_emit_constant(b, c->dtype, &c->shape, &data);
    if (v >= 0)
        memcpy(data, c->bytes, (size_t)fvi_shape_count(&c->shape) * fvi_dtype_size(c->dtype));
    return v;
}

static int run_time_input(fvi_builder *b, const char *name, int type, const fvi_shape *shape) {
    const int usable = shape->ndim >= 0 && fvi_shape_count(shape) >= 0;
    if (usable && type > 0 && type <= FVI_BF16 && fvi_dtype_size((fvi_dtype)type)) {
        const int v = fvi_build_input(b, name, shape);
        if (fvi_dtype_is_int((fvi_dtype)type)) fvi_build_value(b, v)->dtype = (fvi_dtype)type;
        return v;
    }
    int v = -1;
    fvi_operation op = {.source_op = "input", .name = name, .label = name, .n_out = 1, .out = &v};
    fvi_build_begin(b, &op);
    if (usable)
        fvi_build_fail(b, FV_UNSUPPORTED, "its type is no number (%d)", type);
    else
        fvi_build_fail(b, FV_SHAPE, "it has no usable shape");
    const fvi_stated like = {usable ? *shape : (fvi_shape){.ndim = -1}, FVI_F32};
    v = fvi_build_opaque(b, "input", FVI_OPAQUE_ANYTHING, 0, NULL, &like);
    if (v >= 0) fvi_build_value(b, v)->v.name = name;
    fvi_build_end(b);
    return v;
}

/* The input v as the file's operations read it. */
static int seen_input(fvi_builder *b, const char *name, int v, const fvi_binding *bound) {
    int out = -1;
    if (v >= 0) fvi_build_value(b, v)->v.name = name;
    if (v < 0 || !bound || !bound->seen.ndim) return v;
    fvi_operation op = {.source_op = "input", .name = name, .label = name, .n_out = 1, .out = &out};
    fvi_build_begin(b, &op);
    out = fvi_emit_reshape(b, v, &bound->seen);
    fvi_build_end(b);
    return out;
}

int fvi_bind_input(fvi_builder *b, const char *name, int type, const fvi_shape *shape,
                   const fvi_binding *bound) {
    fvi_shape own = bound ? bound->shape : *shape;
    for (int i = 0; i < own.ndim; i++)
        if (own.dim[i] < 0) own.dim[i] = 1;
    const int v = bound && bound->constant ? fvi_bind_constant(b, bound->constant)
                                           : run_time_input(b, name, type, &own);
    return seen_input(b, name, v, bound);
}
