/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of a SavedModel. Which name a variable is kept under the graph says: a node RestoreV2
 * reads a list of names, and each of its outputs is assigned to a variable. Where none is, it is
 * the variable's own name.
 *
 * What it does not do: variables in slices, strings, checksums.
 * Source: tensor_bundle.proto, tensor_bundle.cc; save_restore_v2_ops.cc.
 */
#include "model/tensorflow/saved/variables.h"

#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/tensorflow/nodes/attr.h"
#include "model/tensorflow/nodes/tensor.h"
#include "model/tensorflow/saved/table.h"

#define INDEX_FILE "variables/variables.index"
#define STEPS_MAX  16

enum { HEADER_SHARDS = 1, HEADER_ENDIANNESS = 2 };
enum {
    ENTRY_TYPE = 1,
    ENTRY_SHAPE = 2,
    ENTRY_SHARD = 3,
    ENTRY_OFFSET = 4,
    ENTRY_SIZE = 5,
    ENTRY_SLICES = 7
};

struct fvi_tf_variables {
    GHashTable *entries; /* name -> fvi_tf_bytes, a BundleEntryProto */
    GHashTable *names;   /* a node -> the name its variable is kept under */
    int64_t shards;
};

/* ---- which variable is which ---------------------------------------------------------------- */

static const fvi_tf_node *node_of(const fvi_tf *t, fvi_tf_edge e) {
    return e.node >= 0 ? fvi_tf_node_at(&t->graph, e.node) : NULL;
}

/* Through nodes that pass their input on. */
static fvi_tf_edge origin(const fvi_tf *t, fvi_tf_edge e) {
    for (int i = 0; i < STEPS_MAX; i++) {
        const fvi_tf_node *n = node_of(t, e);
        if (!n || (strcmp(n->op, "Identity") != 0 && strcmp(n->op, "Cast") != 0)) return e;
        e = fvi_tf_input(&t->graph, n, 0);
    }
    return (fvi_tf_edge){-1, 0};
}

/* Name i of a constant list of texts; NULL: there is none. */
static const char *text_of(const fvi_tf *t, const fvi_tf_node *list, int i) {
    if (!list || strcmp(list->op, "Const") != 0) return NULL;
    fvi_wire w = fvi_tf_wire(fvi_tf_part(fvi_tf_attr(list->def, "value"), 8));
    fvi_wire_field f;
    while (fvi_wire_next(&w, &f) > 0)
        if (f.number == 8 && f.type == FVI_WIRE_BYTES && i-- == 0)
            return fvi_tf_text(t->file.list->pool, (fvi_tf_bytes){f.bytes, f.size});
    return NULL;
}

/* Notes the name under which a node's first input is restored, if the node assigns to it. */
static void note_assignment(const fvi_tf *t, const fvi_tf_node *n, GHashTable *names) {
    if (strcmp(n->op, "AssignVariableOp") != 0 && strcmp(n->op, "Assign") != 0) return;
    const fvi_tf_edge variable = origin(t, fvi_tf_input(&t->graph, n, 0));
    const fvi_tf_edge value = origin(t, fvi_tf_input(&t->graph, n, 1));
    const fvi_tf_node *restore = node_of(t, value);
    if (variable.node < 0 || !restore || strcmp(restore->op, "RestoreV2") != 0) return;
    const char *name =
        text_of(t, node_of(t, origin(t, fvi_tf_input(&t->graph, restore, 1))), value.out);
    if (name) g_hash_table_insert(names, GINT_TO_POINTER(variable.node + 1), (void *)name);
}

/* ---- opening -------------------------------------------------------------------------------- */

static fv_status read_header(fvi_tf_variables *v, fv_error *err) {
    const fvi_tf_bytes *header = g_hash_table_lookup(v->entries, "");
    if (!header) return fvi_fail(err, FV_FORMAT, INDEX_FILE " has no header");
    v->shards = fvi_tf_number(*header, HEADER_SHARDS, 0);
    if (v->shards < 1 || v->shards > 99999)
        return fvi_fail(err, FV_FORMAT, INDEX_FILE " says that there are %lld files; allowed: 1..",
                        (long long)v->shards);
    if (fvi_tf_number(*header, HEADER_ENDIANNESS, 0))
        return fvi_fail(err, FV_UNSUPPORTED,
                        "its variables are big-endian; allowed: little-endian");
    return FV_OK;
}

fv_status fvi_tf_variables_open(fvi_tf *t, fv_error *err) {
    const fvi_mapping *m = NULL;
    fvi_tf_variables *v = g_new0(fvi_tf_variables, 1);
    t->variables = v;
    v->entries = g_hash_table_new(g_str_hash, g_str_equal);
    v->names = g_hash_table_new(NULL, NULL);
    /* a folder without variables has no index; where one is missing, the variables say so */
    if (fvi_model_file_sibling(&t->file, INDEX_FILE, &m, NULL)) return FV_OK;
    fv_status st = fvi_tf_table_read((fvi_tf_bytes){m->bytes, m->size}, t->file.list->pool,
                                     4 * t->file.limits.nodes, v->entries, err);
    if (!st) st = read_header(v, err);
    for (guint i = 0; i < t->graph.nodes->len && !st; i++)
        note_assignment(t, fvi_tf_node_at(&t->graph, (int)i), v->names);
    return st;
}

void fvi_tf_variables_close(fvi_tf_variables *v) {
    if (!v) return;
    g_hash_table_unref(v->entries);
    g_hash_table_unref(v->names);
    g_free(v);
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* The entry of a node's variable, and its name; NULL: there is none. */
static const fvi_tf_bytes *entry_of(const fvi_tf *t, int node, const char **name) {
    const fvi_tf_variables *v = t->variables;
    const fvi_tf_node *n = fvi_tf_node_at(&t->graph, node);
    const char *shared = fvi_tf_text(t->file.list->pool, fvi_tf_attr_text(n->def, "shared_name"));
    *name = g_hash_table_lookup(v->names, GINT_TO_POINTER(node + 1));
    if (!*name) *name = shared && *shared ? shared : n->name;
    return g_hash_table_lookup(v->entries, *name);
}

/* Type and shape of an entry's numbers; 0: they are none that are read. */
static int describe(fvi_tf_bytes e, fvi_const *c) {
    const int64_t type = fvi_tf_number(e, ENTRY_TYPE, 0);
    const fvi_tf_bytes shape = fvi_tf_part(e, ENTRY_SHAPE);
    c->dtype = (fvi_dtype)fvi_tf_dtype(type >= 0 && type < 1 << 16 ? (int)type : 0);
    if (shape.bytes) fvi_tf_shape(shape, &c->shape);
    return c->dtype && fvi_shape_count(&c->shape) >= 0 && !fvi_tf_part(e, ENTRY_SLICES).bytes;
}

/* The entry's bytes, in the file that it names. */
static fv_status find_bytes(const fvi_tf *t, fvi_tf_bytes e, int64_t needed, const uint8_t **out,
                            fv_error *err) {
    const int64_t shards = t->variables->shards, shard = fvi_tf_number(e, ENTRY_SHARD, 0);
    const int64_t offset = fvi_tf_number(e, ENTRY_OFFSET, 0),
                  size = fvi_tf_number(e, ENTRY_SIZE, 0);
    const fvi_mapping *m = NULL;
    if (shard < 0 || shard >= shards || offset < 0 || size != needed)
        return fvi_fail(err, FV_FORMAT, "it has %lld bytes; its shape needs %lld", (long long)size,
                        (long long)needed);
    char *file = g_strdup_printf("variables/variables.data-%05d-of-%05d", (int)shard, (int)shards);
    fv_status st = fvi_model_file_sibling(&t->file, file, &m, err);
    if (!st && ((uint64_t)size > m->size || (uint64_t)offset > m->size - (uint64_t)size))
        st = fvi_fail(err, FV_FORMAT, "it lies beyond the end of %s", file);
    if (!st) *out = m->bytes + offset;
    g_free(file);
    return st;
}

fv_status fvi_tf_variable(const fvi_tf *t, int node, fvi_const *out, const char **problem,
                          fv_error *err) {
    const char *name;
    const fvi_tf_bytes *e = entry_of(t, node, &name);
    fvi_pool *pool = t->file.list->pool;
    fvi_const c = {0};
    *problem = NULL;
    if (!e)
        *problem = fvi_pool_printf(
            pool, "its numbers, \"%.100s\", are not in the folder's " INDEX_FILE, name);
    else if (!describe(*e, &c))
        *problem =
            fvi_pool_printf(pool, "its numbers, \"%.100s\", are in slices or no numbers", name);
    if (*problem) return FV_OK;
    const int64_t needed = fvi_shape_count(&c.shape) * (int64_t)fvi_dtype_size(c.dtype);
    const fv_status st = find_bytes(t, *e, needed, &c.bytes, err);
    if (!st) *out = c;
    return st;
}
