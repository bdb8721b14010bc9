/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of HDF5 files: the datasets of numbers, by their paths. */
#include "model/hdf5/hdf5.h"

#include <string.h>

#include "base/error.h"
#include "model/array/array.h"

typedef struct looking {
    const fvi_hdf5 *file;
    GPtrArray *names;
} looking;

static fv_status look(void *user, const fvi_hdf5_object *object, fv_error *err) {
    const looking *l = user;
    fvi_hdf5_info info;
    (void)err; /* one that is damaged is not listed */
    if (object->kind == FVI_HDF5_DATASET && !fvi_hdf5_dataset_info(l->file, object, &info, NULL) &&
        info.dtype)
        g_ptr_array_add(l->names, g_strdup(object->path + 1)); /* without the root's "/" */
    return FV_OK;
}

static fvi_elements elements_of(fvi_dtype type) {
    static const fvi_elements table[] = {
        [FVI_F32] = {'f', 4, 0},  [FVI_F64] = {'f', 8, 0}, [FVI_F16] = {'f', 2, 0},
        [FVI_BF16] = {'B', 2, 0}, [FVI_I8] = {'i', 1, 0},  [FVI_I16] = {'i', 2, 0},
        [FVI_I32] = {'i', 4, 0},  [FVI_I64] = {'i', 8, 0}, [FVI_U8] = {'u', 1, 0},
        [FVI_U16] = {'u', 2, 0},  [FVI_U32] = {'u', 4, 0}, [FVI_U64] = {'u', 8, 0},
        [FVI_BOOL] = {'b', 1, 0}};
    return table[type];
}

static fv_status read_dataset(const fvi_hdf5 *f, const char *path, fv_tensor **out, fv_error *err) {
    fvi_hdf5_object object;
    fvi_const numbers;
    fvi_pool *pool = fvi_pool_new((size_t)FVI_ARRAY_UNPACKED_MAX);
    fv_status st = pool ? FV_OK : fvi_fail(err, FV_NOMEM, "no memory to read it");
    if (!st) st = fvi_hdf5_find(f, NULL, path, &object, err);
    if (!st) st = fvi_hdf5_dataset_numbers(f, &object, FVI_MAX_ELEMENTS, pool, &numbers, err);
    if (!st) {
        const fvi_elements type = elements_of(numbers.dtype);
        st = fvi_array_make(&type, &numbers.shape, numbers.bytes, out, err);
    }
    fvi_pool_free(pool);
    return st;
}

/* The path of the array that is asked for: of a dataset, however it is written, or the only one. */
static fv_status choose(looking *l, const char *name, const char **out, fv_error *err) {
    fvi_hdf5_object object;
    if (name && !fvi_hdf5_find(l->file, NULL, name, &object, NULL) &&
        object.kind == FVI_HDF5_DATASET) {
        *out = name;
        return FV_OK;
    }
    const fv_status st = fvi_hdf5_walk(l->file, NULL, look, l, err);
    return st ? st : fvi_array_choose(l->names, name, out, err);
}

static fv_status read_named(const uint8_t *bytes, size_t size, const char *name, fv_tensor **out,
                            fv_error *err) {
    fvi_hdf5 *f = NULL;
    fv_status st = fvi_hdf5_open(bytes, size, &f, err);
    if (st) return st;
    looking l = {f, g_ptr_array_new_with_free_func(g_free)};
    st = choose(&l, name, &name, err);
    if (!st) st = read_dataset(f, name, out, err);
    g_ptr_array_unref(l.names);
    fvi_hdf5_close(f);
    return st;
}

const fvi_array_format fvi_array_hdf5 = {"HDF5", fvi_hdf5_probe, read_named};
