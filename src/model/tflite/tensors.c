/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors: constants have a buffer. Whole numbers with a scale are made real, once, when the file
 * is opened; all other constants stay where they are. Names that the converter joined of several
 * ("c1/Relu;c1/Conv2D") are cut to the first, which is the last operation of them.
 * What it does not do: buffers outside the FlatBuffer, complex numbers, texts.
 * Source: schema.fbs of TensorFlow Lite (tables Model, SubGraph, Tensor, Buffer,
 * QuantizationParameters, in the order of their fields).
 */
#include "model/tflite/tensors.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/tflite/sparse.h"

enum { MODEL_BUFFERS = 4 };
enum { SUBGRAPH_TENSORS = 0 };
enum {
    TENSOR_SHAPE,
    TENSOR_TYPE,
    TENSOR_BUFFER,
    TENSOR_NAME,
    TENSOR_QUANTUM,
    TENSOR_SPARSITY = 6,
    TENSOR_SIGNATURE = 7
};
enum { QUANTUM_SCALE = 2, QUANTUM_ZERO = 3, QUANTUM_AXIS = 6 };

/* By TensorType; 0: not read. */
static const fvi_dtype types[] = {FVI_F32, FVI_F16, FVI_I32, FVI_U8,  FVI_I64, 0,       FVI_BOOL,
                                  FVI_I16, 0,       FVI_I8,  FVI_F64, 0,       FVI_U64, 0,
                                  0,       FVI_U32, FVI_U16, 0,       FVI_BF16};

static fvi_shape read_shape(const fvi_flat *f, uint32_t tensor) {
    fvi_flat_vector sizes = fvi_flat_list(f, tensor, TENSOR_SHAPE, 4);
    const fvi_flat_vector open = fvi_flat_list(f, tensor, TENSOR_SIGNATURE, 4);
    fvi_shape s = {.ndim = sizes.count <= FVI_MAX_DIMS ? (int)sizes.count : -1};
    if (open.count == sizes.count) sizes = open;
    for (int i = 0; i < s.ndim; i++) {
        s.dim[i] = fvi_flat_element(f, &sizes, (uint32_t)i, 4);
        if (s.dim[i] < -1) return (fvi_shape){.ndim = -1};
    }
    return s;
}

/* The numbers that a type has, as fvi_quantum.least and most need them; 0: it is not quantised. */
static int limits_of(fvi_dtype t, double *least, double *most) {
    static const struct {
        fvi_dtype type;
        double least, most;
    } all[] = {{FVI_I8, -128, 127},
               {FVI_U8, 0, 255},
               {FVI_I16, -32768, 32767},
               {FVI_I32, -2147483648.0, 2147483647.0}};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i].type == t) {
            *least = all[i].least;
            *most = all[i].most;
            return 1;
        }
    return 0;
}

/* The scale of a tensor that has one for all of it. */
static fvi_quantum read_quantum(const fvi_flat *f, uint32_t table, fvi_dtype type) {
    const fvi_flat_vector scale = fvi_flat_list(f, table, QUANTUM_SCALE, 4);
    const fvi_flat_vector zero = fvi_flat_list(f, table, QUANTUM_ZERO, 8);
    fvi_quantum q = {.scale = fvi_flat_real_element(f, &scale, 0),
                     .zero = (double)fvi_flat_element(f, &zero, 0, 8)};
    double least, most;
    if (!scale.count || !(q.scale > 0) || !isfinite(q.scale) || !limits_of(type, &least, &most))
        return (fvi_quantum){0};
    q.is_set = 1;
    q.least = q.scale * (least - q.zero);
    q.most = q.scale * (most - q.zero);
    return q;
}

/* Real numbers of quantised ones, by one scale or one an element of an axis. */
static const fvi_const *make_real(fvi_tflite *t, uint32_t table, const fvi_const *c) {
    const fvi_flat *f = &t->flat;
    const fvi_flat_vector scale = fvi_flat_list(f, table, QUANTUM_SCALE, 4);
    const fvi_flat_vector zero = fvi_flat_list(f, table, QUANTUM_ZERO, 8);
    const int64_t axis = fvi_flat_int(f, table, QUANTUM_AXIS, 4, 0), n = fvi_shape_count(&c->shape);
    const int several = scale.count > 1;
    if (several && (axis < 0 || axis >= c->shape.ndim || scale.count != c->shape.dim[axis]))
        return NULL;
    const int64_t inner = several ? fvi_shape_product(&c->shape, (int)axis + 1, c->shape.ndim) : 1;
    fvi_const *real = fvi_pool_alloc(t->file.list->pool, sizeof *real);
    float *data = fvi_pool_array(t->file.list->pool, (size_t)n, sizeof *data);
    if (!real || !data) return NULL;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t k = several ? (uint32_t)(i / inner % scale.count) : 0;
        const double z = (double)fvi_flat_element(f, &zero, zero.count > 1 ? k : 0, 8);
        data[i] = (float)(fvi_flat_real_element(f, &scale, k) * (fvi_const_at(c, i) - z));
    }
    *real = (fvi_const){FVI_F32, c->shape, (const uint8_t *)data, 1};
    return real;
}

/* The constant of a tensor that has a buffer. */
static void read_constant(fvi_tflite *t, uint32_t tensor, fvi_flat_vector data,
                          fvi_tflite_tensor *out) {
    const int64_t count = fvi_shape_count(&out->shape);
    const uint32_t quantum = fvi_flat_table(&t->flat, tensor, TENSOR_QUANTUM);
    const uint32_t sparsity = fvi_flat_table(&t->flat, tensor, TENSOR_SPARSITY);
    fvi_const raw = {
        .dtype = out->type, .shape = out->shape, .bytes = t->flat.bytes + data.at, .quantised = 0};
    if (!out->type)
        out->problem = "it holds no numbers that are read";
    else if (count < 0 || count > t->file.limits.elements ||
             (!sparsity && (uint64_t)count * fvi_dtype_size(out->type) != data.count))
        out->problem = "its buffer does not fit its shape";
    else if (sparsity)
        raw.bytes = fvi_tflite_dense(t, sparsity, &out->shape, fvi_dtype_size(out->type), data,
                                     &out->problem);
    if (out->problem) return;
    if (fvi_flat_list(&t->flat, quantum, QUANTUM_SCALE, 4).count && out->type != FVI_F32) {
        out->constant = make_real(t, quantum, &raw);
        if (!out->constant) out->problem = "its scales do not fit its shape";
        return;
    }
    fvi_const *own = fvi_pool_alloc(t->file.list->pool, sizeof *own);
    if (own) *own = raw;
    if (!own) out->problem = "no memory";
    out->constant = own;
}

static char *read_name(fvi_tflite *t, uint32_t tensor, uint32_t i) {
    size_t n;
    const char *text = fvi_flat_text(&t->flat, tensor, TENSOR_NAME, &n);
    const char *end = text ? memchr(text, ';', n) : NULL;
    if (!text || !n) return fvi_pool_printf(t->file.list->pool, "tensor%u", i);
    if (end && end > text) n = (size_t)(end - text);
    return fvi_pool_printf(t->file.list->pool, "%.*s", (int)MIN(n, 4096), text);
}

static int read_tensor(fvi_tflite *t, uint32_t tensor, uint32_t i, const fvi_flat_vector *buffers) {
    fvi_tflite_tensor *out = &t->tensors[i];
    const int64_t type = fvi_flat_int(&t->flat, tensor, TENSOR_TYPE, 1, 0);
    const int64_t buffer = fvi_flat_int(&t->flat, tensor, TENSOR_BUFFER, 4, 0);
    out->name = read_name(t, tensor, i);
    out->shape = read_shape(&t->flat, tensor);
    out->type = type >= 0 && type < (int64_t)G_N_ELEMENTS(types) ? types[type] : 0;
    out->quantum =
        read_quantum(&t->flat, fvi_flat_table(&t->flat, tensor, TENSOR_QUANTUM), out->type);
    out->value = -1;
    if (!out->name) return 0;
    const uint32_t table = buffer > 0 && buffer < buffers->count
                               ? fvi_flat_table_element(&t->flat, buffers, (uint32_t)buffer)
                               : 0;
    const fvi_flat_vector data = fvi_flat_list(&t->flat, table, 0, 1);
    if (data.count) read_constant(t, tensor, data, out);
    return 1;
}

fv_status fvi_tflite_read_tensors(fvi_tflite *t, uint32_t subgraph, fv_error *err) {
    const fvi_flat_vector all = fvi_flat_list(&t->flat, subgraph, SUBGRAPH_TENSORS, 4);
    const fvi_flat_vector buffers =
        fvi_flat_list(&t->flat, fvi_flat_root(&t->flat), MODEL_BUFFERS, 4);
    if (!all.count) return fvi_fail(err, FV_FORMAT, "its graph has no tensors, or is damaged");
    if (all.count > t->file.limits.nodes)
        return fvi_fail(err, FV_NOMEM, "it has %u tensors; at most %lld are read (limit max_nodes)",
                        all.count, (long long)t->file.limits.nodes);
    t->n_tensors = all.count;
    t->tensors = fvi_pool_array(t->file.list->pool, all.count, sizeof *t->tensors);
    int ok = t->tensors != NULL;
    for (uint32_t i = 0; i < all.count && ok; i++)
        ok = read_tensor(t, fvi_flat_table_element(&t->flat, &all, i), i, &buffers);
    return ok ? FV_OK : fvi_fail(err, FV_NOMEM, "no memory for its tensors");
}
