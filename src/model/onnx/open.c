/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an ONNX file: map, skim, unpack, check, index the initialisers.
 *
 * protobuf-c unpacks into a pool with a limit, so that a small hostile file cannot make it take all
 * memory (a message of two bytes in the file takes a hundred unpacked), and so that freeing is one
 * call. Initialisers are read when the file is opened: a wrong size is found before anything runs.
 *
 * What it does not do: training information, sequences, quantisation notes.
 */
#include "model/onnx/open.h"

#include "base/error.h"
#include "model/onnx/inline.h"
#include "model/onnx/names/names.h"
#include "model/onnx/normalize.h"
#include "model/onnx/skim.h"
#include "model/onnx/sort.h"
#include "model/onnx/tensors/sparse.h"
#include "model/onnx/tensors/tensor.h"

#define TREE_MAX ((size_t)1 << 30) /* bytes of the unpacked message */

/* ---- unpacking ------------------------------------------------------------------------------ */

typedef struct unpacker {
    fvi_pool *pool;
    int exhausted;
} unpacker;

static void *unpack_alloc(void *user, size_t size) {
    unpacker *u = user;
    void *p = fvi_pool_alloc(u->pool, size ? size : 1);
    if (!p) u->exhausted = 1;
    return p;
}

static void unpack_free(void *user, void *memory) {
    (void)user; /* the pool frees all at once */
    (void)memory;
}

static fv_status unpack(fvi_onnx *o, const fvi_skim *skim, fv_error *err) {
    unpacker u = {o->pool, 0};
    ProtobufCAllocator allocator = {unpack_alloc, unpack_free, &u};
    o->proto = onnx__model_proto__unpack(&allocator, skim->size, skim->slim);
    if (!o->proto && u.exhausted)
        return fvi_fail(err, FV_NOMEM, "the model's description needs more than %zu MiB",
                        TREE_MAX >> 20);
    if (!o->proto) return fvi_fail(err, FV_FORMAT, "not an ONNX model, or damaged");
    if (!o->proto->graph) return fvi_fail(err, FV_FORMAT, "not an ONNX model: it holds no graph");
    return FV_OK;
}

/* ---- checks --------------------------------------------------------------------------------- */

/* Whether the file names operator sets, and ONNX's own is not among them: it has none of its
 * operators (those are refused by name). */
static int has_others_only(const Onnx__ModelProto *m) {
    for (size_t i = 0; i < m->n_opset_import; i++)
        if (!m->opset_import[i]->domain[0]) return 0;
    return m->n_opset_import > 0;
}

static fv_status check_opset(const fvi_onnx *o, fv_error *err) {
    int64_t v = fvi_onnx_opset(o, "");
    if (has_others_only(o->proto)) return FV_OK;
    if (v >= FVI_OPSET_MIN && v <= FVI_OPSET_MAX) return FV_OK;
    if (!o->proto->n_opset_import)
        return fvi_fail(err, FV_FORMAT, "the model names no operator set version");
    return fvi_fail(err, FV_UNSUPPORTED, "opset %" G_GINT64_FORMAT "; fovea reads %d to %d", v,
                    FVI_OPSET_MIN, FVI_OPSET_MAX);
}

static fv_status read_initializers(fvi_onnx *o, const fvi_skim *skim, fv_error *err) {
    const Onnx__GraphProto *g = o->proto->graph;
    if (skim->count != g->n_initializer) return fvi_fail(err, FV_FORMAT, "damaged initialisers");
    o->inits =
        fvi_pool_array(o->pool, g->n_initializer + g->n_sparse_initializer + 1, sizeof *o->inits);
    if (!o->inits)
        return fvi_fail(err, FV_NOMEM, "no memory for %zu initialisers", g->n_initializer);
    for (size_t i = 0; i < g->n_initializer; i++) {
        const Onnx__TensorProto *t = g->initializer[i];
        fvi_init *init = &o->inits[i];
        fv_status st =
            fvi_onnx_tensor_read(o, t, &skim->payloads[i], o->pool, &init->c, &init->problem, err);
        if (st) return st;
        g_hash_table_insert(o->init_by_name, t->name, init);
    }
    for (size_t i = 0; i < g->n_sparse_initializer; i++) {
        const Onnx__SparseTensorProto *s = g->sparse_initializer[i];
        fvi_init *init = &o->inits[g->n_initializer + i];
        const fv_status st = fvi_onnx_sparse_read(o, s, o->pool, &init->c, &init->problem, err);
        if (st) return st;
        g_hash_table_insert(o->init_by_name, (gpointer)fvi_onnx_sparse_name(s), init);
    }
    return FV_OK;
}

/* The inputs of the graph that the caller may bind: up to IR version 3 every initialiser was also
 * listed as an input. */
static fv_status describe_inputs(fvi_onnx *o, fv_error *err) {
    const Onnx__GraphProto *g = o->proto->graph;
    o->inputs = fvi_pool_array(o->pool, g->n_input + 1, sizeof *o->inputs);
    if (!o->inputs) return fvi_fail(err, FV_NOMEM, "no memory for %zu inputs", g->n_input);
    GHashTable *read = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < g->n_node; i++) fvi_onnx_add_reads(read, g->node[i]);
    for (size_t i = 0; i < g->n_output; i++) g_hash_table_add(read, g->output[i]->name);
    for (size_t i = 0; i < g->n_input; i++) {
        if (g_hash_table_contains(o->init_by_name, g->input[i]->name)) continue;
        fvi_model_input *in = &o->inputs[o->n_inputs++];
        *in = fvi_onnx_input(g->input[i]);
        in->unread = !g_hash_table_contains(read, in->name);
    }
    g_hash_table_unref(read);
    return FV_OK;
}

static fv_status open_all(fvi_onnx *o, fvi_skim *skim, fv_error *err) {
    const fvi_model_file *f = &o->file;
    fv_status st = fvi_onnx_skim(f->bytes.bytes, f->bytes.size, f->limits.nodes, skim, err);
    if (!st) st = unpack(o, skim, err);
    if (!st) st = fvi_onnx_normalize(o, err);
    if (!st) st = check_opset(o, err);
    if (!st) st = fvi_onnx_inline(o, err);
    if (!st) st = fvi_onnx_sort(o, err);
    if (!st) st = read_initializers(o, skim, err);
    if (!st) st = describe_inputs(o, err);
    if (!st) st = fvi_onnx_name_layers(o, err);
    return st;
}

fv_status fvi_onnx_open(fvi_model_file *f, fv_error *err) {
    fvi_onnx *o = (fvi_onnx *)(void *)f;
    fvi_skim skim = {0};
    o->init_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    o->pool = fvi_pool_new(TREE_MAX);
    const fv_status st =
        o->pool ? open_all(o, &skim, err) : fvi_fail(err, FV_NOMEM, "no memory to open it");
    fvi_skim_free(&skim);
    return st;
}

void fvi_onnx_close(fvi_model_file *f) {
    fvi_onnx *o = (fvi_onnx *)(void *)f;
    fvi_pool_free(o->pool);
    if (o->init_by_name) g_hash_table_unref(o->init_by_name);
    if (o->layer_names) g_hash_table_unref(o->layer_names);
}
