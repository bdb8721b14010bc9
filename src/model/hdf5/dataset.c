/* SPDX-License-Identifier: Apache-2.0 */
/* Datasets: arrays with a header of their own. What a dataset is, is in five messages: datatype,
 * dataspace, layout, filters and fill value. Its data are in the layout message (compact), in one
 * piece elsewhere in the file (contiguous), or in chunks (chunk.c).
 * Source: HDF5 File Format Specification, sections IV.A.2.e to IV.A.2.i. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/hdf5/array.h"
#include "model/hdf5/data/chunk.h"
#include "model/hdf5/data/layout.h"
#include "model/hdf5/hdf5.h"
#include "model/hdf5/header.h"

#define DTYPE_TEXT_BYTES 256 /* what an attribute that names a type may take */

/* The message of a type that a dataset must have. */
static fv_status message_need(const fvi_hdf5 *f, uint64_t header, int type, const char *name,
                              fvi_h5_message *out, fv_error *err) {
    fv_status st = fvi_h5_message_find(f, header, type, out, err);
    if (!st && out->type < 0) st = fvi_fail(err, FV_FORMAT, "has no %s", name);
    return st;
}

/* Whether the dataset's attribute "dtype" says so. */
static int is_bfloat16(const fvi_hdf5 *f, const fvi_hdf5_object *dataset) {
    fvi_pool *pool = fvi_pool_new(DTYPE_TEXT_BYTES);
    fvi_hdf5_texts t = {0};
    int is = pool && !fvi_hdf5_attribute_texts(f, dataset, "dtype", pool, &t, NULL) &&
             t.count == 1 && !strcmp(t.text[0], "bfloat16");
    fvi_pool_free(pool);
    return is;
}

/* Type and shape of a dataset; its bytes are NULL. */
static fv_status array_begin(const fvi_hdf5 *f, const fvi_hdf5_object *dataset, fvi_h5_array *out,
                             fv_error *err) {
    fvi_h5_array a = {0};
    fvi_h5_message type, space;
    if (dataset->kind != FVI_HDF5_DATASET) return fvi_fail(err, FV_ARG, "is not a dataset");
    fv_status st = message_need(f, dataset->header, FVI_H5_DATATYPE, "datatype", &type, err);
    if (!st) st = message_need(f, dataset->header, FVI_H5_DATASPACE, "dataspace", &space, err);
    if (!st) st = fvi_h5_type_read(type.body, &a.type, err);
    if (!st) st = fvi_h5_space_read(f, space.body, &a.shape, &a.count, err);
    if (!st && a.type.class == FVI_H5_OPAQUE && a.type.size == 2 && is_bfloat16(f, dataset)) {
        a.type.class = FVI_H5_NUMBER;
        a.type.dtype = FVI_BF16;
        a.type.name = "bfloat16";
    }
    if (!st) *out = a;
    return st;
}

/* The bytes of an element nobody wrote; NULL: zeros. */
static fv_status fill_read(const fvi_hdf5 *f, uint64_t header, uint32_t size, const uint8_t **out,
                           fv_error *err) {
    fvi_h5_message m;
    fv_status st = fvi_h5_message_find(f, header, FVI_H5_FILL, &m, err);
    int defined = 0;
    *out = NULL;
    if (st) return st;
    if (m.type < 0) {
        st = fvi_h5_message_find(f, header, FVI_H5_OLD_FILL, &m, err);
        if (st || m.type < 0) return st;
        defined = 1;
    } else {
        int version = (int)fvi_h5_take(&m.body, 1), flags = (int)fvi_h5_take(&m.body, 1);
        if (version == 3) {
            defined = !!(flags & 0x20);
        } else {
            fvi_h5_skip(&m.body, 1);
            defined = (int)fvi_h5_take(&m.body, 1) || version == 1;
        }
    }
    uint64_t found = defined ? fvi_h5_take(&m.body, 4) : 0;
    const uint8_t *at = found ? fvi_h5_skip(&m.body, found) : NULL;
    if (m.body.bad) return fvi_fail(err, FV_FORMAT, "its fill value is cut short");
    if (found && found != size)
        return fvi_fail(err, FV_FORMAT, "its fill value has %" PRIu64 " bytes, an element %u",
                        found, size);
    *out = at;
    return FV_OK;
}

/* Makes an array of the fill value. */
static fv_status filled(const fvi_h5_array *a, const uint8_t *fill, fvi_pool *pool, uint8_t **out,
                        fv_error *err) {
    const size_t size = a->type.size;
    uint8_t *bytes = fvi_pool_array(pool, (size_t)a->count, size);
    if (!bytes)
        return fvi_fail(err, FV_NOMEM, "no memory for its %" PRId64 " elements of %zu bytes",
                        a->count, size);
    for (int64_t i = 0; fill && i < a->count; i++) memcpy(bytes + (size_t)i * size, fill, size);
    *out = bytes;
    return FV_OK;
}

/* Data that lie in one piece, in the layout message or elsewhere. */
static fv_status piece_fetch(const fvi_hdf5 *f, const fvi_h5_layout *layout, fvi_h5_array *a,
                             fv_error *err) {
    const uint64_t need = (uint64_t)a->count * a->type.size; /* < 2^31 * 2^32 */
    fvi_h5_cursor c = layout->data;
    fv_status st = FV_OK;
    if (need > layout->size)
        return fvi_fail(err, FV_FORMAT,
                        "has %" PRIu64 " bytes of data, its shape and type need %" PRIu64,
                        layout->size, need);
    if (layout->class == FVI_H5_CONTIGUOUS)
        st = fvi_h5_range(f, layout->address, need, "data", &c, err);
    if (!st) a->bytes = c.at;
    return st;
}

/* The filters of a dataset; none where it has no such message. */
static fv_status filters_read(const fvi_hdf5 *f, uint64_t header, fvi_h5_pipeline *out,
                              fv_error *err) {
    fvi_h5_message m;
    *out = (fvi_h5_pipeline){0};
    fv_status st = fvi_h5_message_find(f, header, FVI_H5_FILTERS, &m, err);
    return st || m.type < 0 ? st : fvi_h5_pipeline_read(m.body, out, err);
}

/* Data in chunks, or that nobody wrote: the fill value, and over it what there is. */
static fv_status pieces_fetch(const fvi_hdf5 *f, uint64_t header, const fvi_h5_layout *layout,
                              fvi_pool *pool, fvi_h5_array *a, fv_error *err) {
    const int chunked = layout->class == FVI_H5_CHUNKED && layout->address != FVI_HDF5_NOWHERE;
    fvi_h5_pipeline pipeline;
    fvi_h5_message space;
    fvi_h5_chunked c = {layout, &pipeline, a->shape, a->shape, a->count, a->type.size};
    const uint8_t *fill;
    uint8_t *bytes = NULL;
    fv_status st = fill_read(f, header, a->type.size, &fill, err);
    if (!st) st = filters_read(f, header, &pipeline, err);
    if (!st) st = message_need(f, header, FVI_H5_DATASPACE, "dataspace", &space, err);
    if (!st) c.largest = fvi_h5_space_largest(f, space.body, &a->shape);
    if (!st && chunked) st = fvi_h5_chunked_check(&c, err);
    if (!st) st = filled(a, fill, pool, &bytes, err);
    if (!st && chunked) st = fvi_h5_chunked_read(f, &c, bytes, err);
    if (!st) a->bytes = bytes;
    return st;
}

/* Points a->bytes at the dataset's elements, in the file or in the pool. */
static fv_status array_fetch(const fvi_hdf5 *f, uint64_t header, fvi_pool *pool, fvi_h5_array *a,
                             fv_error *err) {
    fvi_h5_message external, message;
    fvi_h5_layout layout;
    fv_status st = fvi_h5_message_find(f, header, FVI_H5_EXTERNAL_DATA, &external, err);
    if (!st && external.type >= 0)
        st = fvi_fail(err, FV_UNSUPPORTED, "has its data in other files, which are not read");
    if (!st) st = message_need(f, header, FVI_H5_LAYOUT, "layout", &message, err);
    if (!st) st = fvi_h5_layout_read(f, message.body, &layout, err);
    if (st || !a->count) return st;
    if (layout.class == FVI_H5_COMPACT ||
        (layout.class == FVI_H5_CONTIGUOUS && layout.address != FVI_HDF5_NOWHERE))
        return piece_fetch(f, &layout, a, err);
    return pieces_fetch(f, header, &layout, pool, a, err);
}

static fv_status count_check(const fvi_h5_array *a, int64_t most, fv_error *err) {
    if (a->count <= most) return FV_OK;
    return fvi_fail(err, FV_NOMEM, "has %" PRId64 " elements; at most %" PRId64 " are allowed",
                    a->count, most);
}

fv_status fvi_hdf5_dataset_info(const fvi_hdf5 *f, const fvi_hdf5_object *dataset,
                                fvi_hdf5_info *out, fv_error *err) {
    fvi_h5_call call;
    fvi_h5_array a;
    fv_status st = array_begin(fvi_h5_begin(&call, f), dataset, &a, err);
    if (st)
        fvi_error_prefix(err, "%s", dataset->path);
    else
        *out = fvi_h5_array_info(&a);
    return st;
}

fv_status fvi_hdf5_dataset_numbers(const fvi_hdf5 *f, const fvi_hdf5_object *dataset,
                                   int64_t max_elements, fvi_pool *pool, fvi_const *out,
                                   fv_error *err) {
    fvi_h5_call call;
    fvi_h5_array a;
    fv_status st = array_begin(fvi_h5_begin(&call, f), dataset, &a, err);
    if (!st && a.type.class != FVI_H5_NUMBER) st = fvi_h5_not_numbers(&a.type, err);
    if (!st) st = count_check(&a, max_elements, err);
    if (!st) st = array_fetch(&call.f, dataset->header, pool, &a, err);
    if (!st) st = fvi_h5_array_numbers(&a, pool, out, err);
    if (st) fvi_error_prefix(err, "%s", dataset->path);
    return st;
}

fv_status fvi_hdf5_dataset_texts(const fvi_hdf5 *f, const fvi_hdf5_object *dataset,
                                 int64_t max_elements, fvi_pool *pool, fvi_hdf5_texts *out,
                                 fv_error *err) {
    fvi_h5_call call;
    fvi_h5_array a;
    fv_status st = array_begin(fvi_h5_begin(&call, f), dataset, &a, err);
    if (!st && a.type.class != FVI_H5_FIXED_TEXT && a.type.class != FVI_H5_VARIABLE_TEXT)
        st = fvi_h5_not_texts(&a.type, err);
    if (!st) st = count_check(&a, max_elements, err);
    if (!st) st = array_fetch(&call.f, dataset->header, pool, &a, err);
    if (!st) st = fvi_h5_array_texts(&call.f, &a, pool, out, err);
    if (st) fvi_error_prefix(err, "%s", dataset->path);
    return st;
}
