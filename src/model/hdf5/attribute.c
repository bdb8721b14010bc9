/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes: small named arrays, each a message that holds its own datatype, dataspace and data.
 * All attributes of an object are walked for each that is asked for.
 * Source: HDF5 File Format Specification, section IV.A.2.m. */
#include <string.h>

#include "base/error.h"
#include "model/hdf5/array.h"
#include "model/hdf5/hdf5.h"
#include "model/hdf5/header.h"
#include "model/hdf5/items.h"

#define TYPE_SHARED  0x01
#define SPACE_SHARED 0x02

/* An attribute message's parts. */
typedef struct parts {
    int flags;
    const char *name; /* [name_size] without the NUL that ends it */
    size_t name_size;
    fvi_h5_cursor type, space, data;
} parts;

/* `size` bytes, and in version 1 those that fill them up to a multiple of 8. */
static fvi_h5_cursor part_take(fvi_h5_cursor *c, uint64_t size, int version) {
    const uint8_t *at = fvi_h5_skip(c, size);
    if (version == 1) fvi_h5_skip(c, -size & 7);
    return at ? (fvi_h5_cursor){at, at + size, 0} : (fvi_h5_cursor){.bad = 1};
}

static fv_status parts_read(fvi_h5_cursor c, parts *out, fv_error *err) {
    int version = (int)fvi_h5_take(&c, 1);
    parts p = {.flags = (int)fvi_h5_take(&c, 1)};
    if (!c.bad && (version < 1 || version > 3))
        return fvi_fail(err, FV_UNSUPPORTED,
                        "has an attribute message of version %d; 1 to 3 are read", version);
    if (version == 1) p.flags = 0;
    uint64_t name = fvi_h5_take(&c, 2), type = fvi_h5_take(&c, 2), space = fvi_h5_take(&c, 2);
    if (version == 3) fvi_h5_skip(&c, 1); /* character set */
    fvi_h5_cursor text = part_take(&c, name, version);
    p.type = part_take(&c, type, version);
    p.space = part_take(&c, space, version);
    p.data = c;
    if (c.bad || !name) return fvi_fail(err, FV_FORMAT, "one of its attributes is cut short");
    p.name = (const char *)text.at;
    p.name_size = strnlen(p.name, (size_t)name);
    *out = p;
    return FV_OK;
}

/* ---- one attribute ---- */

typedef struct wanted {
    const char *name;
    int found;
    parts parts;
} wanted;

static fv_status wanted_visit(void *user, fvi_h5_cursor body, int *stop, fv_error *err) {
    wanted *w = user;
    parts p;
    fv_status st = parts_read(body, &p, err);
    if (st) return st;
    if (p.name_size != strlen(w->name) || memcmp(p.name, w->name, p.name_size) != 0) return FV_OK;
    w->parts = p;
    w->found = *stop = 1;
    return FV_OK;
}

static fv_status array_read(const fvi_hdf5 *f, const parts *p, fvi_h5_array *out, fv_error *err) {
    fvi_h5_array a = {0};
    if (p->flags & (TYPE_SHARED | SPACE_SHARED))
        return fvi_fail(err, FV_UNSUPPORTED,
                        "has a committed datatype or a shared dataspace, "
                        "which is not read");
    fv_status st = fvi_h5_type_read(p->type, &a.type, err);
    if (!st) st = fvi_h5_space_read(f, p->space, &a.shape, &a.count, err);
    if (st) return st;
    uint64_t need = (uint64_t)a.count * a.type.size; /* < 2^31 * 2^32 */
    if (need > fvi_h5_left(&p->data))
        return fvi_fail(err, FV_FORMAT, "has %llu bytes of data, its shape and type need %llu",
                        (unsigned long long)fvi_h5_left(&p->data), (unsigned long long)need);
    a.bytes = p->data.at;
    *out = a;
    return FV_OK;
}

static fv_status attribute_find(const fvi_hdf5 *f, const fvi_hdf5_object *object, const char *name,
                                fvi_h5_array *out, fv_error *err) {
    wanted w = {.name = name};
    fv_status st = fvi_h5_items(f, object->header, FVI_H5_ATTRIBUTE, wanted_visit, &w, err);
    if (!st && !w.found) st = fvi_fail(err, FV_NOTFOUND, "there is no such attribute");
    return st ? st : array_read(f, &w.parts, out, err);
}

/* Puts the object and the attribute in front of an error. */
static fv_status named(fv_status st, const fvi_hdf5_object *object, const char *name,
                       fv_error *err) {
    if (st) fvi_error_prefix(err, "%s: attribute \"%.200s\"", object->path, name);
    return st;
}

int fvi_hdf5_has_attribute(const fvi_hdf5 *f, const fvi_hdf5_object *object, const char *name) {
    fvi_h5_call call;
    wanted w = {.name = name};
    return !fvi_h5_items(fvi_h5_begin(&call, f), object->header, FVI_H5_ATTRIBUTE, wanted_visit, &w,
                         NULL) &&
           w.found;
}

fv_status fvi_hdf5_attribute_info(const fvi_hdf5 *f, const fvi_hdf5_object *object,
                                  const char *name, fvi_hdf5_info *out, fv_error *err) {
    fvi_h5_call call;
    fvi_h5_array a;
    fv_status st = attribute_find(fvi_h5_begin(&call, f), object, name, &a, err);
    if (!st) *out = fvi_h5_array_info(&a);
    return named(st, object, name, err);
}

fv_status fvi_hdf5_attribute_texts(const fvi_hdf5 *f, const fvi_hdf5_object *object,
                                   const char *name, fvi_pool *pool, fvi_hdf5_texts *out,
                                   fv_error *err) {
    fvi_h5_call call;
    fvi_h5_array a;
    fv_status st = attribute_find(fvi_h5_begin(&call, f), object, name, &a, err);
    if (!st) st = fvi_h5_array_texts(&call.f, &a, pool, out, err);
    return named(st, object, name, err);
}

fv_status fvi_hdf5_attribute_numbers(const fvi_hdf5 *f, const fvi_hdf5_object *object,
                                     const char *name, fvi_pool *pool, fvi_const *out,
                                     fv_error *err) {
    fvi_h5_call call;
    fvi_h5_array a;
    fv_status st = attribute_find(fvi_h5_begin(&call, f), object, name, &a, err);
    if (!st) st = fvi_h5_array_numbers(&a, pool, out, err);
    return named(st, object, name, err);
}

/* ---- all names ---- */

typedef struct names {
    fvi_pool *pool;
    const char **text; /* NULL while they are counted */
    size_t count;
} names;

static fv_status name_visit(void *user, fvi_h5_cursor body, int *stop, fv_error *err) {
    names *n = user;
    parts p;
    (void)stop;
    fv_status st = parts_read(body, &p, err);
    if (st) return st;
    if (n->text) {
        char *copy = fvi_pool_alloc(n->pool, p.name_size + 1);
        if (!copy) return fvi_fail(err, FV_NOMEM, "no memory for its attributes' names");
        memcpy(copy, p.name, p.name_size);
        n->text[n->count] = copy;
    }
    n->count++;
    return FV_OK;
}

fv_status fvi_hdf5_attributes(const fvi_hdf5 *f, const fvi_hdf5_object *object, fvi_pool *pool,
                              fvi_hdf5_texts *out, fv_error *err) {
    fvi_h5_call call;
    names n = {.pool = pool};
    fv_status st =
        fvi_h5_items(fvi_h5_begin(&call, f), object->header, FVI_H5_ATTRIBUTE, name_visit, &n, err);
    if (!st) {
        n.text = fvi_pool_array(pool, n.count, sizeof *n.text);
        n.count = 0;
        st = n.text ? fvi_h5_items(&call.f, object->header, FVI_H5_ATTRIBUTE, name_visit, &n, err)
                    : fvi_fail(err, FV_NOMEM, "no memory for its attributes' names");
    }
    if (st)
        fvi_error_prefix(err, "%s", object->path);
    else
        *out = (fvi_hdf5_texts){(int64_t)n.count, n.text};
    return st;
}
