/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes reading HDF5 files: every object is visited and found again by its path, every attribute
 * and dataset is read, under small limits. */
#include <string.h>

#include "fuzz.h"
#include "graph/const.h"
#include "model/hdf5/hdf5.h"

#define MOST_OBJECTS  500
#define MOST_ELEMENTS (1 << 14)
#define POOL_BYTES    ((size_t)1 << 20)

typedef struct looking {
    const fvi_hdf5 *f;
    int objects;
    volatile uint64_t sum; /* of what was read, so that all of it is */
} looking;

static void look_at_numbers(looking *l, const fvi_const *c, fv_status st, const fv_error *err) {
    if (fuzz_check(st, err)) return;
    int64_t n = fvi_shape_count(&c->shape);
    size_t bytes = (size_t)n * fvi_dtype_size(c->dtype);
    FUZZ_ASSERT(n >= 0 && bytes <= 8u << 20 && c->bytes);
    for (size_t i = 0; i < bytes; i++) l->sum += c->bytes[i];
}

static void look_at_texts(looking *l, const fvi_hdf5_texts *t, fv_status st, const fv_error *err) {
    if (fuzz_check(st, err)) return;
    FUZZ_ASSERT(t->count >= 0);
    for (int64_t i = 0; i < t->count; i++) l->sum += strlen(t->text[i]);
}

static void look_at_attribute(looking *l, const fvi_hdf5_object *o, const char *name,
                              fvi_pool *pool) {
    fv_error err;
    fvi_hdf5_info info;
    fvi_hdf5_texts t;
    fvi_const c;
    if (fuzz_check(fvi_hdf5_attribute_info(l->f, o, name, &info, &err), &err)) return;
    FUZZ_ASSERT(info.type && info.count >= 0 && fvi_shape_count(&info.shape) == info.count);
    fv_status st = fvi_hdf5_attribute_texts(l->f, o, name, pool, &t, &err);
    look_at_texts(l, &t, st, &err);
    st = fvi_hdf5_attribute_numbers(l->f, o, name, pool, &c, &err);
    look_at_numbers(l, &c, st, &err);
}

static void look_at_dataset(looking *l, const fvi_hdf5_object *o, fvi_pool *pool) {
    fv_error err;
    fvi_hdf5_info info;
    fvi_hdf5_texts t;
    fvi_const c;
    if (fuzz_check(fvi_hdf5_dataset_info(l->f, o, &info, &err), &err)) return;
    FUZZ_ASSERT(info.type && info.count >= 0 && fvi_shape_count(&info.shape) == info.count);
    fv_status st = fvi_hdf5_dataset_texts(l->f, o, MOST_ELEMENTS, pool, &t, &err);
    look_at_texts(l, &t, st, &err);
    st = fvi_hdf5_dataset_numbers(l->f, o, MOST_ELEMENTS, pool, &c, &err);
    if (!st) FUZZ_ASSERT(fvi_shape_count(&c.shape) <= MOST_ELEMENTS);
    look_at_numbers(l, &c, st, &err);
}

static fv_status look(void *user, const fvi_hdf5_object *o, fv_error *err) {
    looking *l = user;
    fv_error own;
    fvi_hdf5_texts names = {0};
    fvi_hdf5_object again;
    fvi_pool *pool = fvi_pool_new(POOL_BYTES);
    FUZZ_ASSERT(pool && memchr(o->path, 0, sizeof o->path));
    if (fuzz_check(fvi_hdf5_attributes(l->f, o, pool, &names, &own), &own)) names.count = 0;
    for (int64_t i = 0; i < names.count && i < 20; i++)
        look_at_attribute(l, o, names.text[i], pool);
    if (o->kind == FVI_HDF5_DATASET) look_at_dataset(l, o, pool);
    if (o->kind == FVI_HDF5_GROUP) {
        fv_status st = fvi_hdf5_members(l->f, o, pool, &names, &own);
        look_at_texts(l, &names, st, &own);
        for (int64_t i = 0; !st && i < names.count && i < 20; i++)
            fuzz_check(fvi_hdf5_find(l->f, o, names.text[i], &again, &own), &own);
    }
    fuzz_check(fvi_hdf5_find(l->f, NULL, o->path, &again, &own), &own);
    fvi_pool_free(pool);
    (void)err;
    return ++l->objects < MOST_OBJECTS ? FV_OK : fvi_hdf5_find(l->f, NULL, "/no such", &again, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fvi_hdf5 *f = NULL;
    fv_error err;
    fvi_hdf5_object root;
    int probed = fvi_hdf5_probe(data, size);
    if (fuzz_check(fvi_hdf5_open(data, size, &f, &err), &err)) return 0;
    FUZZ_ASSERT(probed);
    looking l = {.f = f};
    FUZZ_ASSERT(!fuzz_check(fvi_hdf5_find(f, NULL, "/", &root, &err), &err));
    FUZZ_ASSERT(fvi_hdf5_probe_attribute(data, size, "model_config") ==
                fvi_hdf5_has_attribute(f, &root, "model_config"));
    look(&l, &root, &err);
    fuzz_check(fvi_hdf5_walk(f, NULL, look, &l, &err), &err);
    fvi_hdf5_close(f);
    return 0;
}
