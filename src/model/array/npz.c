/* SPDX-License-Identifier: Apache-2.0 */
/* NPZ files of numpy.savez: a zip archive with an NPY file for each array, NAME.npy. Those that are
 * not packed are read where they lie. */
#include <stdlib.h>
#include <string.h>

#include "base/array/npy.h"
#include "model/array/array.h"
#include "model/zip/zip.h"

#define ENDING ".npy"

static GPtrArray *find_names(const fvi_zip *z) {
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (int64_t i = 0; i < fvi_zip_count(z); i++) {
        const char *name = fvi_zip_name(z, i);
        if (name && g_str_has_suffix(name, ENDING))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(ENDING)));
    }
    return names;
}

static int probe(const uint8_t *bytes, size_t size) {
    fvi_zip *z = NULL;
    if (size < 4 || memcmp(bytes, "PK\3\4", 4) || fvi_zip_open(bytes, size, &z, NULL)) return 0;
    GPtrArray *names = find_names(z);
    const int found = names->len > 0;
    g_ptr_array_unref(names);
    fvi_zip_close(z);
    return found;
}

static fv_status read_member(fvi_zip *z, const char *name, fv_tensor **out, fv_error *err) {
    const uint8_t *bytes = NULL;
    uint8_t *own = NULL;
    size_t size = 0;
    fv_status st = FV_OK;
    if (!fvi_zip_stored(z, name, &bytes, &size)) {
        st = fvi_zip_read(z, name, FVI_ARRAY_UNPACKED_MAX, &own, &size, err);
        bytes = own;
    }
    if (!st) st = fvi_npy_read(bytes, size, out, err);
    free(own);
    return st;
}

static fv_status read_named(const uint8_t *bytes, size_t size, const char *name, fv_tensor **out,
                            fv_error *err) {
    fvi_zip *z = NULL;
    fv_status st = fvi_zip_open(bytes, size, &z, err);
    if (st) return st;
    GPtrArray *names = find_names(z);
    st = fvi_array_choose(names, name, &name, err);
    if (!st) {
        char *member = g_strconcat(name, ENDING, NULL);
        st = read_member(z, member, out, err);
        g_free(member);
    }
    g_ptr_array_unref(names);
    fvi_zip_close(z);
    return st;
}

const fvi_array_format fvi_array_npz = {"NPZ", probe, read_named};
