/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of a .caffemodel, which is a NetParameter in protobuf's wire format: of each layer
 * its name and blobs. Numbers stay where they are in the file; of doubles too.
 * Source: caffe.proto of Caffe 1.0: NetParameter.layers 2 (V1LayerParameter: name 4, blobs 6),
 * .layer 100 (LayerParameter: name 1, blobs 7); BlobProto: num 1, channels 2, height 3, width 4,
 * data 5, shape 7 (dim 1), double_data 8.
 */
#include "model/caffe/blobs.h"

#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/protobuf/wire.h"

enum { NET_V1_LAYERS = 2, NET_LAYER = 100 };
enum { BLOB_DATA = 5, BLOB_SHAPE = 7, BLOB_DOUBLES = 8 };

static fvi_wire inside(const fvi_wire_field *f) { return (fvi_wire){f->bytes, f->bytes + f->size}; }

/* The sizes of a BlobShape: numbers one by one, or packed. */
static int read_shape(fvi_wire w, fvi_shape *shape) {
    fvi_wire_field f, number;
    int more;
    *shape = (fvi_shape){0};
    while ((more = fvi_wire_next(&w, &f)) > 0) {
        if (f.number != 1) continue;
        uint8_t tagged[11] = {1 << 3}; /* a packed number is read as a field of its own */
        fvi_wire packed = inside(&f);
        if (f.type == FVI_WIRE_VARINT) {
            if (shape->ndim == FVI_MAX_DIMS) return 0;
            shape->dim[shape->ndim++] = (int64_t)f.value;
        }
        while (f.type == FVI_WIRE_BYTES && packed.at < packed.end) {
            const size_t n = MIN((size_t)(packed.end - packed.at), sizeof tagged - 1);
            memcpy(tagged + 1, packed.at, n);
            fvi_wire one = {tagged, tagged + 1 + n};
            if (shape->ndim == FVI_MAX_DIMS || fvi_wire_next(&one, &number) < 1) return 0;
            shape->dim[shape->ndim++] = (int64_t)number.value;
            packed.at += number.whole - 1;
        }
    }
    return more == 0;
}

/* What a BlobProto says: the sizes, old or new, and where its numbers are. */
typedef struct blob {
    int64_t old[4];
    fvi_shape shape; /* ndim -1: only old sizes */
    fvi_dtype dtype;
    const uint8_t *bytes;
    size_t size;
} blob;

static int read_fields(fvi_wire w, blob *b) {
    fvi_wire_field f;
    int more;
    while ((more = fvi_wire_next(&w, &f)) > 0) {
        if (f.type == FVI_WIRE_VARINT && f.number >= 1 && f.number <= 4)
            b->old[f.number - 1] = (int64_t)f.value;
        if (f.type != FVI_WIRE_BYTES) continue;
        if (f.number == BLOB_SHAPE && !read_shape(inside(&f), &b->shape)) return 0;
        if (f.number != BLOB_DATA && f.number != BLOB_DOUBLES) continue;
        b->dtype = f.number == BLOB_DATA ? FVI_F32 : FVI_F64;
        b->bytes = f.bytes;
        b->size = f.size;
    }
    return more == 0 && b->bytes;
}

/* One BlobProto. NULL: it is damaged, or there is no memory. */
static fvi_const *read_blob(fvi_caffe *c, fvi_wire w) {
    blob b = {.old = {1, 1, 1, 1}, .shape = {.ndim = -1}};
    if (!read_fields(w, &b)) return NULL;
    if (b.shape.ndim < 0) b.shape = (fvi_shape){4, {b.old[0], b.old[1], b.old[2], b.old[3]}};
    const int64_t count = fvi_shape_count(&b.shape);
    if (count < 1 || count > c->file.limits.elements ||
        (uint64_t)count * fvi_dtype_size(b.dtype) != b.size)
        return NULL;
    fvi_const *made = fvi_pool_alloc(c->file.list->pool, sizeof *made);
    if (made) *made = (fvi_const){.dtype = b.dtype, .shape = b.shape, .bytes = b.bytes};
    return made;
}

/* One layer: its name and blobs go into c->blobs. */
static fv_status read_layer(fvi_caffe *c, fvi_wire w, uint32_t name_field, uint32_t blobs_field,
                            fv_error *err) {
    GPtrArray *blobs = g_ptr_array_new();
    char *name = NULL;
    fvi_wire_field f;
    fv_status st = FV_OK;
    int more;
    while (!st && (more = fvi_wire_next(&w, &f)) > 0) {
        if (f.type != FVI_WIRE_BYTES) continue;
        if (f.number == name_field) {
            g_free(name);
            name = g_strndup((const char *)f.bytes, f.size);
        } else if (f.number == blobs_field) {
            fvi_const *made = read_blob(c, inside(&f));
            if (!made || blobs->len == FVI_BLOBS_MAX)
                st = fvi_fail(err, FV_FORMAT, "its weights: blob %u of layer \"%.80s\" is damaged",
                              blobs->len, name ? name : "");
            else
                g_ptr_array_add(blobs, made);
        }
    }
    if (!st && more < 0) st = fvi_fail(err, FV_FORMAT, "its weights are damaged");
    if (st || !name || g_hash_table_contains(c->blobs, name)) {
        g_ptr_array_unref(blobs);
        g_free(name);
    } else {
        g_hash_table_insert(c->blobs, name, blobs);
    }
    return st;
}

fv_status fvi_caffe_read_blobs(fvi_caffe *c, fv_error *err) {
    const fvi_mapping *m = &c->file.weights;
    fvi_wire w = {m->bytes, m->bytes + m->size};
    fvi_wire_field f;
    fv_status st = FV_OK;
    int64_t layers = 0;
    int more = 1;
    while (!st && (more = fvi_wire_next(&w, &f)) > 0) {
        if (f.type != FVI_WIRE_BYTES || (f.number != NET_V1_LAYERS && f.number != NET_LAYER))
            continue;
        if (++layers > c->file.limits.nodes)
            return fvi_fail(err, FV_NOMEM,
                            "its weights are of more than %lld layers (limit max_nodes)",
                            (long long)c->file.limits.nodes);
        const int is_new = f.number == NET_LAYER;
        st = read_layer(c, inside(&f), is_new ? 1 : 4, is_new ? 7 : 6, err);
    }
    if (!st && (more < 0 || !layers))
        st = fvi_fail(err, FV_FORMAT, "its weights are no .caffemodel, or damaged");
    return st;
}

const fvi_const *fvi_caffe_read_blob(fvi_caffe *c, const uint8_t *bytes, size_t size) {
    return read_blob(c, (fvi_wire){bytes, bytes + size});
}
