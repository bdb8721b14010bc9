/* SPDX-License-Identifier: Apache-2.0 */
/* Small ONNX files for tests; see builder.h. Everything is in one pool; lists grow by being copied,
 * which is quick enough for the few entries a test has. */
#include "builder.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"

struct builder {
    fvi_pool *pool;
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    char *folder;
};

static void *take(builder *b, size_t bytes) {
    void *p = fvi_pool_alloc(b->pool, bytes ? bytes : 1);
    g_assert(p);
    return p;
}

#define NEW(b, var, TYPE, INIT)       \
    TYPE *var = take(b, sizeof *var); \
    INIT(var)

/* Appends `item` to the list of pointers at *list with *count entries. */
#define APPEND(b, list, count, item)                             \
    do {                                                         \
        void **grown = take(b, ((count) + 1) * sizeof *grown);   \
        if (count) memcpy(grown, list, (count) * sizeof *grown); \
        grown[(count)++] = item;                                 \
        list = (void *)grown;                                    \
    } while (0)

static char *copy(builder *b, const char *text) { return fvi_pool_strdup(b->pool, text); }

static int64_t *list_of_ints(builder *b, const char *list, size_t *n) {
    char **parts = g_strsplit(list, ",", -1);
    *n = g_strv_length(parts);
    int64_t *v = take(b, (*n + 1) * sizeof *v);
    for (size_t i = 0; i < *n; i++) v[i] = strtoll(parts[i], NULL, 10);
    g_strfreev(parts);
    return v;
}

builder *builder_new(int opset) {
    builder *b = g_new0(builder, 1);
    b->pool = fvi_pool_new(0);
    onnx__model_proto__init(&b->model);
    onnx__graph_proto__init(&b->graph);
    b->model.graph = &b->graph;
    b->model.has_ir_version = 1;
    b->model.ir_version = 8;
    builder_opset(b, "", opset);
    return b;
}

void builder_opset(builder *b, const char *domain, int version) {
    NEW(b, o, Onnx__OperatorSetIdProto, onnx__operator_set_id_proto__init);
    o->domain = copy(b, domain);
    o->has_version = 1;
    o->version = version;
    APPEND(b, b->model.opset_import, b->model.n_opset_import, o);
}

void builder_free(builder *b) {
    if (b->folder) {
        GDir *d = g_dir_open(b->folder, 0, NULL);
        const char *name;
        while (d && (name = g_dir_read_name(d))) {
            char *path = g_build_filename(b->folder, name, NULL);
            g_remove(path);
            g_free(path);
        }
        if (d) g_dir_close(d);
        g_rmdir(b->folder);
        g_free(b->folder);
    }
    fvi_pool_free(b->pool);
    g_free(b);
}

Onnx__ModelProto *builder_model(builder *b) { return &b->model; }
fvi_pool *builder_pool(builder *b) { return b->pool; }

Onnx__NodeProto *builder_node_new(builder *b, const char *op, const char *name, const char *inputs,
                                  const char *outputs) {
    NEW(b, n, Onnx__NodeProto, onnx__node_proto__init);
    n->op_type = copy(b, op);
    n->name = name ? copy(b, name) : NULL;
    char **in = g_strsplit(inputs, ",", -1), **out = g_strsplit(outputs, ",", -1);
    for (char **p = in; *p; p++) APPEND(b, n->input, n->n_input, copy(b, *p));
    for (char **p = out; *p; p++) APPEND(b, n->output, n->n_output, copy(b, *p));
    g_strfreev(in);
    g_strfreev(out);
    return n;
}

void builder_node_append(builder *b, Onnx__GraphProto *g, Onnx__NodeProto *n) {
    APPEND(b, g->node, g->n_node, n);
}

Onnx__NodeProto *builder_node(builder *b, const char *op, const char *name, const char *inputs,
                              const char *outputs) {
    Onnx__NodeProto *n = builder_node_new(b, op, name, inputs, outputs);
    builder_node_append(b, &b->graph, n);
    return n;
}

Onnx__GraphProto *builder_graph_new(builder *b) {
    NEW(b, g, Onnx__GraphProto, onnx__graph_proto__init);
    return g;
}

void builder_graph_output(builder *b, Onnx__GraphProto *g, const char *name) {
    NEW(b, v, Onnx__ValueInfoProto, onnx__value_info_proto__init);
    v->name = copy(b, name);
    APPEND(b, g->output, g->n_output, v);
}

void builder_graph_input(builder *b, Onnx__GraphProto *g, const char *name, int dtype) {
    NEW(b, v, Onnx__ValueInfoProto, onnx__value_info_proto__init);
    NEW(b, type, Onnx__TypeProto, onnx__type_proto__init);
    NEW(b, tensor, Onnx__TypeProto__Tensor, onnx__type_proto__tensor__init);
    tensor->has_elem_type = 1;
    tensor->elem_type = dtype;
    type->tensor_type = tensor;
    v->type = type;
    v->name = copy(b, name);
    APPEND(b, g->input, g->n_input, v);
}

Onnx__AttributeProto *builder_attr(builder *b, Onnx__NodeProto *n, const char *name, int type) {
    NEW(b, a, Onnx__AttributeProto, onnx__attribute_proto__init);
    a->name = copy(b, name);
    a->has_type = 1;
    a->type = type;
    APPEND(b, n->attribute, n->n_attribute, a);
    return a;
}

void builder_int(builder *b, Onnx__NodeProto *n, const char *name, int64_t v) {
    Onnx__AttributeProto *a = builder_attr(b, n, name, FVI_ATTR_INT);
    a->has_i = 1;
    a->i = v;
}

void builder_float(builder *b, Onnx__NodeProto *n, const char *name, float v) {
    Onnx__AttributeProto *a = builder_attr(b, n, name, FVI_ATTR_FLOAT);
    a->has_f = 1;
    a->f = v;
}

void builder_string(builder *b, Onnx__NodeProto *n, const char *name, const char *v) {
    Onnx__AttributeProto *a = builder_attr(b, n, name, FVI_ATTR_STRING);
    a->has_s = 1;
    a->s.data = (uint8_t *)copy(b, v);
    a->s.len = strlen(v);
}

void builder_ints(builder *b, Onnx__NodeProto *n, const char *name, const char *list) {
    Onnx__AttributeProto *a = builder_attr(b, n, name, FVI_ATTR_INTS);
    a->ints = list_of_ints(b, list, &a->n_ints);
}

void builder_tensor_attr(builder *b, Onnx__NodeProto *n, const char *name, Onnx__TensorProto *t) {
    builder_attr(b, n, name, FVI_ATTR_TENSOR)->t = t;
}

void builder_graph_attr(builder *b, Onnx__NodeProto *n, const char *name, Onnx__GraphProto *g) {
    builder_attr(b, n, name, FVI_ATTR_GRAPH)->g = g;
}

Onnx__TensorProto *builder_tensor(builder *b, const char *name, int dtype, const char *dims,
                                  const void *bytes) {
    NEW(b, t, Onnx__TensorProto, onnx__tensor_proto__init);
    t->name = copy(b, name);
    t->has_data_type = 1;
    t->data_type = dtype;
    size_t count = fvi_dtype_size((fvi_dtype)dtype);
    t->dims = list_of_ints(b, dims, &t->n_dims);
    for (size_t i = 0; i < t->n_dims; i++) count *= (size_t)t->dims[i];
    t->has_raw_data = 1;
    t->raw_data.len = count;
    t->raw_data.data = take(b, count);
    if (bytes) memcpy(t->raw_data.data, bytes, count);
    return t;
}

Onnx__TensorProto *builder_init(builder *b, const char *name, int dtype, const char *dims,
                                const void *bytes) {
    Onnx__TensorProto *t = builder_tensor(b, name, dtype, dims, bytes);
    APPEND(b, b->graph.initializer, b->graph.n_initializer, t);
    return t;
}

Onnx__TensorProto *builder_f32(builder *b, const char *name, const char *dims, const float *data) {
    Onnx__TensorProto *t = builder_init(b, name, FVI_F32, dims, data);
    float *w = (float *)(void *)t->raw_data.data; /* aligned: the pool's */
    for (size_t i = 0; !data && i < t->raw_data.len / 4; i++)
        w[i] = (float)((i * 7919 + 17) % 2003) / 2003 - 0.5f;
    return t;
}

Onnx__TensorProto *builder_i64(builder *b, const char *name, const char *list) {
    size_t n;
    int64_t *v = list_of_ints(b, list, &n);
    return builder_init(b, name, FVI_I64, fvi_pool_printf(b->pool, "%zu", n), v);
}

static Onnx__TypeProto *tensor_type(builder *b, int dtype, const char *dims) {
    NEW(b, type, Onnx__TypeProto, onnx__type_proto__init);
    NEW(b, tensor, Onnx__TypeProto__Tensor, onnx__type_proto__tensor__init);
    NEW(b, shape, Onnx__TensorShapeProto, onnx__tensor_shape_proto__init);
    type->tensor_type = tensor;
    tensor->shape = shape;
    tensor->has_elem_type = 1;
    tensor->elem_type = dtype;
    char **parts = g_strsplit(dims, ",", -1);
    for (char **p = parts; *p; p++) {
        NEW(b, d, Onnx__TensorShapeProto__Dimension, onnx__tensor_shape_proto__dimension__init);
        char *end;
        d->dim_value = strtoll(*p, &end, 10);
        d->has_dim_value = !*end && end != *p;
        if (!d->has_dim_value) d->dim_param = copy(b, *p);
        APPEND(b, shape->dim, shape->n_dim, d);
    }
    g_strfreev(parts);
    return type;
}

void builder_input(builder *b, const char *name, int dtype, const char *dims) {
    NEW(b, v, Onnx__ValueInfoProto, onnx__value_info_proto__init);
    v->name = copy(b, name);
    v->type = tensor_type(b, dtype, dims);
    APPEND(b, b->graph.input, b->graph.n_input, v);
}

void builder_output(builder *b, const char *name) { builder_graph_output(b, &b->graph, name); }

void builder_shaped_output(builder *b, const char *name, const char *dims) {
    builder_output(b, name);
    b->graph.output[b->graph.n_output - 1]->type = tensor_type(b, FVI_F32, dims);
}

void builder_metadata(builder *b, const char *key, const char *value) {
    NEW(b, e, Onnx__StringStringEntryProto, onnx__string_string_entry_proto__init);
    e->key = copy(b, key);
    e->value = copy(b, value);
    APPEND(b, b->model.metadata_props, b->model.n_metadata_props, e);
}

uint8_t *builder_pack(builder *b, size_t *size) {
    *size = onnx__model_proto__get_packed_size(&b->model);
    uint8_t *bytes = take(b, *size);
    onnx__model_proto__pack(&b->model, bytes);
    return bytes;
}

char *builder_path(builder *b, const char *file) {
    if (!b->folder) b->folder = g_dir_make_tmp("fovea-test-XXXXXX", NULL);
    g_assert(b->folder);
    return fvi_pool_printf(b->pool, "%s/%s", b->folder, file);
}

char *builder_write(builder *b, const char *file, const void *bytes, size_t size) {
    char *path = builder_path(b, file);
    FILE *f = fopen(path, "wb"); /* g_file_set_contents waits for the disk */
    g_assert(f);
    size_t written = fwrite(bytes, 1, size, f);
    g_assert(!fclose(f) && written == size);
    return path;
}

char *builder_save(builder *b, const char *file) {
    size_t size;
    uint8_t *bytes = builder_pack(b, &size);
    return builder_write(b, file, bytes, size);
}
