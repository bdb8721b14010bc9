/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the folders of the ONNX backend suite (layout: onnx/backend/test/loader of ONNX).
 *
 * The suite's oldest models are of opsets 1 and 6, below what fovea reads. Their ops mean the same
 * in opset 7 except arithmetic with an `axis`, so a copy that says 7 is opened instead. Old files
 * of bf16 numbers say uint16: the graph's own type is believed. Sequences and optionals are not
 * TensorProto; their tests are out of scope before data are read.
 */
#include "node_case.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/tensors/tensor.h"

Onnx__ModelProto *node_proto_read(const char *path) {
    char *bytes = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &bytes, &size, NULL)) return NULL;
    Onnx__ModelProto *m = onnx__model_proto__unpack(NULL, size, (const uint8_t *)bytes);
    g_free(bytes);
    return m;
}

int node_each_op(const Onnx__GraphProto *g, int (*each)(const char *op, void *user), void *user) {
    for (size_t i = 0; i < g->n_node; i++) {
        const Onnx__NodeProto *n = g->node[i];
        char *op = n->domain && n->domain[0] && strcmp(n->domain, "ai.onnx")
                       ? g_strdup_printf("%s.%s", n->domain, n->op_type)
                       : g_strdup(n->op_type);
        int ok = each(op, user);
        g_free(op);
        for (size_t a = 0; ok && a < n->n_attribute; a++)
            if (n->attribute[a]->g) ok = node_each_op(n->attribute[a]->g, each, user);
        if (!ok) return 0;
    }
    return 1;
}

static int has_axis_arithmetic(const Onnx__GraphProto *g) {
    static const char *const ops[] = {"Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Equal"};
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < G_N_ELEMENTS(ops); k++)
            if (!strcmp(g->node[i]->op_type, ops[k]) && fvi_onnx_attr(g->node[i], "axis")) return 1;
    return 0;
}

/* Writes a copy of the model that says opset 7; the path, to be unlinked and freed, or NULL. */
static char *copy_as_opset7(Onnx__ModelProto *m) {
    size_t size = onnx__model_proto__get_packed_size(m);
    uint8_t *bytes = g_malloc(size);
    onnx__model_proto__pack(m, bytes);
    char *path = NULL;
    int fd = g_file_open_tmp("fovea-node-XXXXXX.onnx", &path, NULL);
    if (fd >= 0) {
        g_close(fd, NULL);
        if (!g_file_set_contents(path, (const char *)bytes, (gssize)size, NULL)) {
            g_unlink(path);
            g_clear_pointer(&path, g_free);
        }
    }
    g_free(bytes);
    return path;
}

static char *path_to_open(Onnx__ModelProto *m, const char *original, int *temporary) {
    *temporary = 0;
    for (size_t i = 0; i < m->n_opset_import; i++) {
        Onnx__OperatorSetIdProto *o = m->opset_import[i];
        int main_domain = !o->domain || !o->domain[0];
        if (!main_domain || o->version >= 7 || has_axis_arithmetic(m->graph)) continue;
        o->version = 7;
        char *copy = copy_as_opset7(m);
        *temporary = copy != NULL;
        if (copy) return copy;
    }
    return g_strdup(original);
}

fv_status node_case_open(const char *folder, node_case *out, fv_error *err) {
    node_case c = {.folder = g_strdup(folder)};
    char *path = g_build_filename(folder, "model.onnx", NULL), *opened = NULL;
    int temporary = 0;
    fv_status st = FV_OK;
    c.proto = node_proto_read(path);
    if (!c.proto || !c.proto->graph) st = fvi_fail(err, FV_FORMAT, "%s: no model", path);
    if (!st) {
        opened = path_to_open(c.proto, path, &temporary);
        st = onnx_open(opened, &c.onnx, err);
        if (temporary) g_unlink(opened);
    }
    if (!st && !(c.pool = fvi_pool_new(0))) st = fvi_fail(err, FV_NOMEM, "no memory");
    for (int more = !st; more;) {
        char *set = g_strdup_printf("%s/test_data_set_%d", folder, c.data_sets);
        more = g_file_test(set, G_FILE_TEST_IS_DIR);
        c.data_sets += more;
        g_free(set);
    }
    g_free(opened);
    g_free(path);
    if (st)
        node_case_close(&c);
    else
        *out = c;
    return st;
}

void node_case_close(node_case *c) {
    if (c->proto) onnx__model_proto__free_unpacked(c->proto, NULL);
    onnx_close(c->onnx);
    fvi_pool_free(c->pool);
    g_free(c->folder);
    memset(c, 0, sizeof *c);
}

fv_status node_tensor_read(const fvi_onnx *o, fvi_pool *pool, const char *path,
                           const fvi_const **out, fv_error *err) {
    char *bytes = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &bytes, &size, NULL))
        return fvi_fail(err, FV_IO, "%s: cannot be read", path);
    Onnx__TensorProto *t = onnx__tensor_proto__unpack(NULL, size, (const uint8_t *)bytes);
    g_free(bytes);
    if (!t) return fvi_fail(err, FV_FORMAT, "%s: no TensorProto", path);
    fv_status st = fvi_onnx_tensor(o, t, pool, out, err);
    if (!st) { /* its bytes may lie in the proto, which we free */
        fvi_const *own = fvi_pool_alloc(pool, sizeof *own);
        size_t n = (size_t)fvi_shape_count(&(*out)->shape) * fvi_dtype_size((*out)->dtype);
        uint8_t *copy = fvi_pool_alloc(pool, n + 1);
        memcpy(copy, (*out)->bytes, n);
        *own = **out;
        own->bytes = copy;
        *out = own;
    }
    onnx__tensor_proto__free_unpacked(t, NULL);
    return st;
}

static void believe_graph(fvi_pool *pool, const Onnx__ValueInfoProto *info, const fvi_const **c) {
    const Onnx__TypeProto__Tensor *t = info->type ? info->type->tensor_type : NULL;
    if (!t || t->elem_type != FVI_BF16 || (*c)->dtype != FVI_U16) return;
    fvi_const *own = fvi_pool_alloc(pool, sizeof *own);
    *own = **c;
    own->dtype = FVI_BF16;
    *c = own;
}

static fv_status values_read(node_case *c, int set, const char *what, Onnx__ValueInfoProto **infos,
                             size_t n_infos, node_values *out, fv_error *err) {
    fv_status st = FV_OK;
    out->count = 0;
    for (size_t k = 0; !st && k < n_infos && k < NODE_MAX_VALUES; k++) {
        char *path = g_strdup_printf("%s/test_data_set_%d/%s_%zu.pb", c->folder, set, what, k);
        if (g_file_test(path, G_FILE_TEST_EXISTS)) {
            out->name[out->count] = infos[k]->name;
            st = node_tensor_read(c->onnx, c->pool, path, &out->value[out->count], err);
            if (!st) believe_graph(c->pool, infos[k], &out->value[out->count]);
            out->count += !st;
        }
        g_free(path);
    }
    return st;
}

fv_status node_case_data(node_case *c, int set, node_data *out, fv_error *err) {
    const Onnx__GraphProto *g = c->proto->graph;
    fv_status st = values_read(c, set, "input", g->input, g->n_input, &out->inputs, err);
    if (!st) st = values_read(c, set, "output", g->output, g->n_output, &out->outputs, err);
    if (!st) st = values_read(c, set, "seed", g->output, g->n_output, &out->seeds, err);
    if (!st) st = values_read(c, set, "gradient", g->input, g->n_input, &out->gradients, err);
    return st;
}
