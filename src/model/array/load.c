/* SPDX-License-Identifier: Apache-2.0 */
/* fv_tensor_load: an array from a file of its own (NPY), or from one that holds several,
 * FILE:NAME. Names may have colons ("kernel:0"), and so may folders: the file is the shortest
 * beginning of the path that is one, and a path that is a file as it stands has no name. The format
 * is told by the file's bytes. */
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/array/npy.h"
#include "base/tensor.h"
#include "model/array/array.h"

/* Room for the largest tensor in the widest type, and a header; files of many are not read whole.
 */
#define FILE_MAX_BYTES (FVI_MAX_ELEMENTS * 8 + ((int64_t)1 << 20))

static fv_status read_npy(const uint8_t *bytes, size_t size, const char *name, fv_tensor **out,
                          fv_error *err) {
    if (!name) return fvi_npy_read(bytes, size, out, err);
    return fvi_fail(err, FV_NOTFOUND, "holds one array, without a name; it has no \"%.80s\"", name);
}

static const fvi_array_format npy = {"NPY", fvi_npy_probe, read_npy};
static const fvi_array_format *const formats[] = {&npy, &fvi_array_safetensors, &fvi_array_npz,
                                                  &fvi_array_hdf5};

static fv_status read_file(const fvi_mapping *file, const char *name, fv_tensor **out,
                           fv_error *err) {
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        if (formats[i]->probe(file->bytes, file->size))
            return formats[i]->read(file->bytes, file->size, name, out, err);
    return fvi_fail(err, FV_FORMAT, "is not an NPY, NPZ, safetensors or HDF5 file");
}

/* Where the name in FILE:NAME begins; NULL: it has none. */
static const char *find_name(const char *path) {
    if (g_file_test(path, G_FILE_TEST_EXISTS)) return NULL;
    for (const char *colon = strchr(path, ':'); colon; colon = strchr(colon + 1, ':')) {
        char *file = g_strndup(path, (gsize)(colon - path));
        const int is_file = g_file_test(file, G_FILE_TEST_IS_REGULAR);
        g_free(file);
        if (is_file) return colon + 1;
    }
    return NULL;
}

fv_status fv_tensor_load(const char *path, fv_tensor **out, fv_error *err) {
    fvi_mapping file = {0};
    fv_status st = FVI_NOT_NULL(err, path, out);
    if (st) return st;
    const char *name = find_name(path);
    char *own = name ? g_strndup(path, (gsize)(name - 1 - path)) : g_strdup(path);
    st = fvi_mapping_open(own, FILE_MAX_BYTES, &file, err);
    if (!st) {
        st = read_file(&file, name, out, err);
        fvi_mapping_close(&file);
        if (st) fvi_error_prefix(err, "%s", own);
    }
    g_free(own);
    return st;
}
