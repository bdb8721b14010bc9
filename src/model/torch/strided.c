/* SPDX-License-Identifier: Apache-2.0 */
/* run_decompositions() writes as_strided where a pooled map keeps the order in memory that its
 * input had. What a graph means does not depend on that order; a call that reads other elements
 * than its input's, or in another order, is refused.
 */
#include "model/torch/strided.h"

#include <string.h>

#include "model/json.h"
#include "model/torch/weights.h"

/* Axes that are not of size 1. */
typedef struct layout {
    int n;
    int64_t size[FVI_MAX_DIMS], stride[FVI_MAX_DIMS];
} layout;

static int add_axis(layout *l, int64_t size, int64_t stride) {
    if (size == 1) return 1;
    if (l->n == FVI_MAX_DIMS) return 0;
    l->size[l->n] = size;
    l->stride[l->n++] = stride;
    return 1;
}

static const fvi_torch_arg *find(const fvi_torch_call *call, const char *name) {
    for (int i = 0; i < call->n_args; i++)
        if (!strcmp(call->arg[i].name, name)) return &call->arg[i];
    return NULL;
}

/* The layout of the result; 0: its numbers are not all known. */
static int result(const fvi_torch_call *call, layout *l) {
    const fvi_torch_arg *size = find(call, "size"), *stride = find(call, "stride");
    if (!size || !stride || size->n != stride->n) return 0;
    for (int i = 0; i < size->n; i++)
        if (size->item[i].in >= 0 || stride->item[i].in >= 0 ||
            !add_axis(l, size->item[i].i, stride->item[i].i))
            return 0;
    return 1;
}

static int lies_in_memory(JsonObject *input, layout *l) {
    fvi_shape size, stride;
    if (!input || !fvi_torch_shape(fvi_json_array(input, "sizes"), &size) ||
        !fvi_torch_shape(fvi_json_array(input, "strides"), &stride) || size.ndim != stride.ndim)
        return 0;
    for (int i = 0; i < size.ndim; i++) add_axis(l, size.dim[i], stride.dim[i]);
    return 1;
}

const char *fvi_torch_strided_problem(const fvi_torch_call *call, JsonObject *input) {
    layout to = {0}, from = {0};
    const fvi_torch_arg *offset = find(call, "storage_offset");
    const int begins = !offset || offset->type == FVI_TORCH_NONE ||
                       (offset->n == 1 && offset->item[0].in < 0 && offset->item[0].i == 0);
    if (!result(call, &to) || !lies_in_memory(input, &from))
        return "its sizes and strides are not all known";
    const size_t bytes = (size_t)to.n * sizeof to.size[0];
    if (!begins || to.n != from.n || memcmp(to.size, from.size, bytes) != 0 ||
        memcmp(to.stride, from.stride, bytes) != 0)
        return "it reads its input in another order than it lies in memory";
    return NULL;
}
