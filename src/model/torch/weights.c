/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the tables of weights and constants. Each tensor is a member of the archive with the bytes
 * of its storage, or a part of them by offset and strides. They are used where they lie in the file
 * if they are row-major, else they are copied into that order; members that are packed, which
 * PyTorch never writes, are unpacked. Pickled tensors (subclasses, torch 2.8) are not read.
 * Source: torch/export/pt2_archive/_package_weights.py, torch/_export/serde/schema.py of 2.13. */
#include "model/torch/weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/json.h"

#define TABLE_MAX ((int64_t)64 << 20) /* bytes of a table */

typedef struct shelf {
    fvi_torch *t;
    const char *folder; /* of the members, with the archive's own: "resnet/data/weights/" */
    GHashTable *members, *tensors;
    fv_error *err;
} shelf;

fvi_dtype fvi_torch_scalar_type(int64_t type) {
    static const fvi_dtype types[] = {
        [1] = FVI_U8,   [2] = FVI_I8,   [3] = FVI_I16, [4] = FVI_I32,   [5] = FVI_I64,
        [6] = FVI_F16,  [7] = FVI_F32,  [8] = FVI_F64, [12] = FVI_BOOL, [13] = FVI_BF16,
        [28] = FVI_U16, [34] = FVI_U32, [35] = FVI_U64};
    return type < 0 || type >= (int64_t)G_N_ELEMENTS(types) ? (fvi_dtype)0 : types[type];
}

int fvi_torch_shape(JsonArray *sizes, fvi_shape *out) {
    const guint n = sizes ? json_array_get_length(sizes) : FVI_MAX_DIMS + 1;
    if (n > FVI_MAX_DIMS) return 0;
    out->ndim = (int)n;
    for (guint i = 0; i < n; i++) {
        JsonObject *o = fvi_json_as_object(json_array_get_element(sizes, i));
        out->dim[i] = fvi_json_int(o, "as_int", -1);
        if (!o || out->dim[i] < -1) return 0;
    }
    return 1;
}

/* The bytes of a member, unpacked once if need be. */
static fv_status member_bytes(shelf *s, const char *path, const uint8_t **out, size_t *size) {
    fvi_torch *t = s->t;
    uint8_t *own = NULL;
    char *name = g_strconcat(s->folder, path, NULL);
    fv_status st = FV_OK;
    const uint8_t *known = g_hash_table_lookup(s->members, name);
    if (!fvi_zip_stored(t->zip, name, out, size)) {
        if (known)
            st = fvi_fail(s->err, FV_UNSUPPORTED, "its packed member \"%s\" is used twice", name);
        else
            st = fvi_zip_read(t->zip, name, t->file.limits.file_bytes, &own, size, s->err);
        *out = own;
    }
    if (own) {
        g_ptr_array_add(t->members, own);
        g_hash_table_insert(s->members, g_strdup(name), own);
    }
    g_free(name);
    return st;
}

/* What a table says about a tensor. */
typedef struct meta {
    fvi_dtype type;
    fvi_shape shape;
    int64_t stride[FVI_MAX_DIMS], offset;
} meta;

static int read_meta(JsonObject *o, meta *m) {
    fvi_shape strides = {0};
    m->type = fvi_torch_scalar_type(fvi_json_int(o, "dtype", 0));
    m->offset = fvi_json_int(fvi_json_object(o, "storage_offset"), "as_int", 0);
    if (!m->type || fvi_json_int(o, "layout", 7) != 7) return 0;
    if (!fvi_torch_shape(fvi_json_array(o, "sizes"), &m->shape) || m->offset < 0) return 0;
    if (!fvi_torch_shape(fvi_json_array(o, "strides"), &strides)) return 0;
    memcpy(m->stride, strides.dim, sizeof m->stride);
    for (int i = 0; i < m->shape.ndim; i++)
        if (strides.ndim != m->shape.ndim || m->stride[i] < 0) return 0;
    return fvi_shape_count(&m->shape) >= 0;
}

/* The element behind the last one, from the tensor's first; -1: beyond all sizes. */
static int64_t extent(const meta *m) {
    int64_t last = 0, step;
    for (int i = 0; i < m->shape.ndim; i++) {
        if (!m->shape.dim[i]) return 0;
        if (fvi_mul(m->shape.dim[i] - 1, m->stride[i], &step) < 0 || fvi_add(last, step, &last) < 0)
            return -1;
    }
    return last < INT64_MAX ? last + 1 : -1;
}

static int is_row_major(const meta *m) {
    int64_t stride[FVI_MAX_DIMS];
    fvi_shape_strides(&m->shape, stride);
    for (int i = 0; i < m->shape.ndim; i++)
        if (m->shape.dim[i] != 1 && m->stride[i] != stride[i]) return 0;
    return 1;
}

/* The elements in row-major order; NULL: no memory. */
static uint8_t *reorder(fvi_pool *pool, const meta *m, const uint8_t *from) {
    const size_t size = fvi_dtype_size(m->type);
    const int64_t n = fvi_shape_count(&m->shape);
    int64_t at[FVI_MAX_DIMS] = {0}, source = 0;
    uint8_t *to = fvi_pool_array(pool, (size_t)n + 1, size);
    for (int64_t i = 0; to && i < n; i++) {
        memcpy(to + (size_t)i * size, from + (size_t)source * size, size);
        for (int k = m->shape.ndim - 1; k >= 0; k--) {
            source += m->stride[k];
            if (++at[k] < m->shape.dim[k]) break;
            source -= at[k] * m->stride[k];
            at[k] = 0;
        }
    }
    return to;
}

static fv_status read_tensor(shelf *s, const char *name, JsonObject *entry,
                             fvi_torch_weight *tensor) {
    fvi_pool *pool = s->t->file.list->pool;
    const uint8_t *bytes;
    const char *path = fvi_json_text(entry, "path_name", "");
    size_t size;
    int64_t start = 0, end = 0;
    meta m;
    if (fvi_json_int(entry, "use_pickle", 0)) {
        tensor->problem = "it is pickled";
        return FV_OK;
    }
    if (!read_meta(fvi_json_object(entry, "tensor_meta"), &m)) {
        tensor->problem = "its type or layout is not read";
        return FV_OK;
    }
    const int64_t each = (int64_t)fvi_dtype_size(m.type), last = extent(&m);
    fv_status st = member_bytes(s, path, &bytes, &size);
    if (st) return st;
    if (last < 0 || fvi_add(m.offset, last, &end) < 0 || fvi_mul(end, each, &end) < 0 ||
        fvi_mul(m.offset, each, &start) < 0 || (uint64_t)end > size)
        return fvi_fail(s->err, FV_FORMAT,
                        "\"%.100s\" does not fit into its member \"%.100s\" of %zu bytes", name,
                        path, size);
    fvi_const *c = fvi_pool_alloc(pool, sizeof *c);
    bytes = is_row_major(&m) ? bytes + start : c ? reorder(pool, &m, bytes + start) : NULL;
    if (!c || !bytes) return fvi_fail(s->err, FV_NOMEM, "no memory for \"%.100s\"", name);
    *c = (fvi_const){.dtype = m.type, .shape = m.shape, .bytes = bytes};
    tensor->numbers = c;
    return FV_OK;
}

static fv_status read_table(shelf *s, JsonObject *table) {
    JsonObjectIter at;
    const char *name;
    JsonNode *node;
    fv_status st = FV_OK;
    json_object_iter_init(&at, table);
    while (!st && json_object_iter_next(&at, &name, &node)) {
        fvi_torch_weight *tensor = fvi_pool_alloc(s->t->file.list->pool, sizeof *tensor);
        char *key = fvi_pool_strdup(s->t->file.list->pool, name);
        if (!tensor || !key) return fvi_fail(s->err, FV_NOMEM, "no memory for \"%.100s\"", name);
        st = read_tensor(s, name, fvi_json_as_object(node), tensor);
        if (!st) g_hash_table_insert(s->tensors, key, tensor);
    }
    return st;
}

/* The table in a member whose name ends in `ending`; *found: there is one. */
static fv_status read_folder(shelf *s, const char *ending, int *found) {
    const char *name = fvi_zip_find(s->t->zip, ending);
    uint8_t *text = NULL;
    size_t size;
    JsonNode *node = NULL;
    *found = name != NULL;
    if (!name) return FV_OK;
    char *folder = g_strndup(name, (gsize)(strrchr(name, '/') + 1 - name));
    fv_status st = fvi_zip_read(s->t->zip, name, TABLE_MAX, &text, &size, s->err);
    if (!st) st = fvi_json_parse((const char *)text, size, &node, s->err);
    JsonObject *table = fvi_json_object(fvi_json_as_object(node), "config");
    if (!st && !table) st = fvi_fail(s->err, FV_FORMAT, "its member \"%s\" is no table", name);
    s->folder = folder;
    if (!st) st = read_table(s, table);
    g_clear_pointer(&node, json_node_unref);
    g_free(folder);
    free(text);
    return st;
}

fv_status fvi_torch_read_weights(fvi_torch *t, GHashTable **out, fv_error *err) {
    int weights = 0, constants = 0;
    shelf s = {.t = t, .err = err};
    s.members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    s.tensors = g_hash_table_new(g_str_hash, g_str_equal);
    fv_status st = read_folder(&s, "data/weights/model_weights_config.json", &weights);
    if (!st) st = read_folder(&s, "data/constants/model_constants_config.json", &constants);
    if (!st && !weights && !constants)
        st = fvi_fail(err, FV_UNSUPPORTED,
                      "a PyTorch exported program of torch before 2.9, whose weights are pickled; "
                      "with a newer torch: torch.export.save(torch.export.load(\"%s\"), "
                      "\"new.pt2\")",
                      t->file.base);
    g_hash_table_unref(s.members);
    if (st)
        g_hash_table_unref(s.tensors);
    else
        *out = s.tensors;
    return st;
}
