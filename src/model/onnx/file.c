/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an ONNX file: map, skim, unpack, check, index the initialisers.
 *
 * protobuf-c unpacks into a pool with a limit, so that a small hostile file cannot make it take all
 * memory (a message of two bytes in the file takes a hundred unpacked), and so that freeing is one
 * call. Initialisers are read when the file is opened: a wrong size is found before anything runs.
 *
 * What it does not do: training information, sparse initialisers, sequences, quantisation notes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/sha256.h"
#include "model/onnx/file_internal.h"

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

static fv_status check_opset(const fvi_onnx *o, fv_error *err) {
    int64_t v = fvi_onnx_opset(o, "");
    if (v >= FVI_OPSET_MIN && v <= FVI_OPSET_MAX) return FV_OK;
    if (!o->proto->n_opset_import)
        return fvi_fail(err, FV_FORMAT, "the model names no operator set version");
    return fvi_fail(err, FV_UNSUPPORTED, "opset %" G_GINT64_FORMAT "; fovea reads %d to %d", v,
                    FVI_OPSET_MIN, FVI_OPSET_MAX);
}

static fv_status read_initializers(fvi_onnx *o, const fvi_skim *skim, fv_error *err) {
    const Onnx__GraphProto *g = o->proto->graph;
    if (skim->count != g->n_initializer) return fvi_fail(err, FV_FORMAT, "damaged initialisers");
    o->inits = fvi_pool_array(o->pool, g->n_initializer + 1, sizeof *o->inits);
    if (!o->inits)
        return fvi_fail(err, FV_NOMEM, "no memory for %zu initialisers", g->n_initializer);
    for (size_t i = 0; i < g->n_initializer; i++) {
        const Onnx__TensorProto *t = g->initializer[i];
        fvi_init *init = &o->inits[i];
        fv_status st =
            fvi_tensor_read(o, t, &skim->payloads[i], o->pool, &init->c, &init->problem, err);
        if (st) return st;
        g_hash_table_insert(o->init_by_name, t->name, init);
    }
    return FV_OK;
}

/* Of the file and of its external data. */
static int64_t all_bytes(const fvi_onnx *o) {
    GHashTableIter at;
    gpointer mapping;
    int64_t sum = (int64_t)o->file.size;
    g_hash_table_iter_init(&at, o->external);
    while (g_hash_table_iter_next(&at, NULL, &mapping))
        sum += (int64_t)((const fvi_mapping *)mapping)->size;
    return sum;
}

static fv_status open_all(fvi_onnx *o, fvi_skim *skim, fv_error *err) {
    fv_status st = fvi_skim_make(o->file.bytes, o->file.size, o->limits.nodes, skim, err);
    if (!st) st = unpack(o, skim, err);
    if (!st) st = fvi_onnx_normalize(o, err);
    if (!st) st = check_opset(o, err);
    if (!st) st = fvi_onnx_inline(o, err);
    if (!st) st = fvi_onnx_sort(o, err);
    if (!st) st = read_initializers(o, skim, err);
    if (st) fvi_error_prefix(err, "%s", o->base);
    fvi_limits_add_bytes(&o->limits, all_bytes(o));
    return st;
}

fv_status fvi_onnx_open(const char *path, const fvi_limits *limits, fvi_onnx **out, fv_error *err) {
    fvi_limits own;
    if (!path) return fvi_fail(err, FV_ARG, "no path given");
    fv_status st = limits ? FV_OK : fvi_limits_resolve(NULL, &own, err);
    if (st) return st;
    fvi_onnx *o = g_new0(fvi_onnx, 1);
    fvi_skim skim = {0};
    o->limits = limits ? *limits : own;
    o->path = g_strdup(path);
    g_mutex_init(&o->lock);
    o->base = fvi_path_base(o->path);
    o->init_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    o->external = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, fvi_external_free);
    o->pool = fvi_pool_new(TREE_MAX);
    if (!o->pool) st = fvi_fail(err, FV_NOMEM, "no memory to open %s", o->base);
    if (!st) st = fvi_mapping_open(path, o->limits.file_bytes, &o->file, err);
    if (!st) st = open_all(o, &skim, err);
    fvi_skim_free(&skim);
    if (st)
        fvi_onnx_close(o);
    else
        *out = o;
    return st;
}

void fvi_onnx_close(fvi_onnx *o) {
    if (!o) return;
    fvi_pool_free(o->pool);
    fvi_mapping_close(&o->file);
    g_hash_table_unref(o->external);
    g_hash_table_unref(o->init_by_name);
    g_mutex_clear(&o->lock);
    g_free(o->path);
    g_free(o);
}

/* ---- looking things up ---------------------------------------------------------------------- */

const fvi_limits *fvi_onnx_limits(const fvi_onnx *o) { return &o->limits; }
const Onnx__ModelProto *fvi_onnx_proto(const fvi_onnx *o) { return o->proto; }

const uint8_t *fvi_onnx_bytes(const fvi_onnx *o, size_t *size) {
    *size = o->file.size;
    return o->file.bytes;
}

void fvi_onnx_file_bytes(const fvi_onnx *o, size_t *copied, size_t *mapped) {
    GHashTableIter at;
    gpointer next;
    const fvi_mapping *m = &o->file;
    GMutex *lock = &((fvi_onnx *)o)->lock; /* of the table of external files */
    *copied = *mapped = 0;
    g_mutex_lock(lock);
    g_hash_table_iter_init(&at, o->external);
    do {
        *(m->copy ? copied : mapped) += m->size;
    } while (g_hash_table_iter_next(&at, NULL, &next) && (m = next));
    g_mutex_unlock(lock);
}

char *fvi_onnx_sha256(const fvi_onnx *o) { return fvi_sha256(&o->file); }

void fvi_onnx_release(const fvi_onnx *o, const void *bytes, size_t size) {
    GHashTableIter at;
    gpointer mapping;
    GMutex *lock = &((fvi_onnx *)o)->lock; /* of the table of external files */
    fvi_mapping_release(&o->file, bytes, size);
    g_mutex_lock(lock);
    g_hash_table_iter_init(&at, o->external);
    while (g_hash_table_iter_next(&at, NULL, &mapping)) fvi_mapping_release(mapping, bytes, size);
    g_mutex_unlock(lock);
}

const Onnx__NodeProto *const *fvi_onnx_nodes(const fvi_onnx *o, int *count) {
    *count = o->n_nodes;
    return o->nodes;
}

int64_t fvi_onnx_opset(const fvi_onnx *o, const char *domain) {
    for (size_t i = 0; i < o->proto->n_opset_import; i++)
        if (!strcmp(o->proto->opset_import[i]->domain, domain))
            return o->proto->opset_import[i]->version;
    return 0;
}

const fvi_const *fvi_onnx_initializer(const fvi_onnx *o, const char *name) {
    const fvi_init *init = g_hash_table_lookup(o->init_by_name, name);
    return init && !init->problem ? &init->c : NULL;
}

const char *fvi_onnx_initializer_problem(const fvi_onnx *o, const char *name) {
    const fvi_init *init = g_hash_table_lookup(o->init_by_name, name);
    return init ? init->problem : NULL;
}

const char *fvi_onnx_metadata(const fvi_onnx *o, const char *key) {
    for (size_t i = 0; i < o->proto->n_metadata_props; i++)
        if (!strcmp(o->proto->metadata_props[i]->key, key))
            return o->proto->metadata_props[i]->value;
    return NULL;
}
