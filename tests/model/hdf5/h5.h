/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of HDF5 share: a file of tests/data/hdf5, opened, and what is expected of it. */
#ifndef FOVEA_TESTS_MODEL_HDF5_H5_H
#define FOVEA_TESTS_MODEL_HDF5_H5_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "graph/const.h"
#include "model/hdf5/hdf5.h"

typedef struct h5 {
    fvi_mapping map;
    fvi_hdf5 *f;
    fvi_pool *pool;
    fv_error err;
} h5;

static inline h5 h5_open(const char *name) {
    h5 h = {0};
    char path[256];
    snprintf(path, sizeof path, "tests/data/hdf5/%s.h5", name);
    if (fvi_mapping_open(path, 1 << 20, &h.map, &h.err) ||
        fvi_hdf5_open(h.map.bytes, h.map.size, &h.f, &h.err))
        fail_msg("%s: %s", name, h.err.text);
    h.pool = fvi_pool_new(1 << 20);
    assert_non_null(h.pool);
    return h;
}

static inline void h5_close(h5 *h) {
    fvi_pool_free(h->pool);
    fvi_hdf5_close(h->f);
    fvi_mapping_close(&h->map);
}

static inline void h5_ok(h5 *h, fv_status st) {
    if (st) fail_msg("%s", h->err.text);
}

/* Fails with a status and a text that has `part`. */
static inline void h5_fails(h5 *h, fv_status st, fv_status wanted, const char *part) {
    if (st != wanted || !strstr(h->err.text, part))
        fail_msg("status %d, not %d; \"%s\" has not \"%s\"", st, wanted, h->err.text, part);
}

static inline fvi_hdf5_object h5_find(h5 *h, const char *path) {
    fvi_hdf5_object o;
    h5_ok(h, fvi_hdf5_find(h->f, NULL, path, &o, &h->err));
    return o;
}

/* The numbers of the dataset at a path. */
static inline fvi_const h5_numbers(h5 *h, const char *path) {
    fvi_hdf5_object o = h5_find(h, path);
    fvi_const c = {0};
    h5_ok(h, fvi_hdf5_dataset_numbers(h->f, &o, 1 << 16, h->pool, &c, &h->err));
    return c;
}

/* A texts with | between. */
static inline const char *h5_joined(h5 *h, const fvi_hdf5_texts *t) {
    const char *all = "";
    for (int64_t i = 0; i < t->count; i++)
        all = fvi_pool_printf(h->pool, "%s%s%s", all, i ? "|" : "", t->text[i]);
    return all;
}

static inline const char *h5_attribute(h5 *h, const char *path, const char *name) {
    fvi_hdf5_object o = h5_find(h, path);
    fvi_hdf5_texts t = {0};
    h5_ok(h, fvi_hdf5_attribute_texts(h->f, &o, name, h->pool, &t, &h->err));
    return h5_joined(h, &t);
}

static inline const char *h5_members(h5 *h, const char *path) {
    fvi_hdf5_object o = h5_find(h, path);
    fvi_hdf5_texts t = {0};
    h5_ok(h, fvi_hdf5_members(h->f, &o, h->pool, &t, &h->err));
    return h5_joined(h, &t);
}

/* Whether bytes lie in the file's own. */
static inline int h5_borrowed(const h5 *h, const void *bytes) {
    const uint8_t *b = bytes;
    return b >= h->map.bytes && b < h->map.bytes + h->map.size;
}

#endif
