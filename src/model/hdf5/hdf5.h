/* SPDX-License-Identifier: Apache-2.0 */
/* HDF5 files: groups, datasets and attributes, read from bytes that are in memory or mapped.
 *
 *     fvi_hdf5 *f = NULL;
 *     fvi_hdf5_object conv;
 *     fvi_hdf5_texts names;
 *     fvi_const kernel;
 *     if (fvi_hdf5_open(bytes, size, &f, err) ||
 *         fvi_hdf5_find(f, NULL, "model_weights/conv1", &conv, err) ||
 *         fvi_hdf5_attribute_texts(f, &conv, "weight_names", pool, &names, err) ||
 *         fvi_hdf5_find(f, &conv, names.text[0], &conv, err) ||
 *         fvi_hdf5_dataset_numbers(f, &conv, 1 << 20, pool, &kernel, err))
 *
 * An open file is immutable: its functions may be called from several threads at once, each with
 * a pool of its own. Everything in a file may be wrong or hostile: offsets and sizes are checked
 * before they are used, every walk through the file is bounded, and what is allocated comes from
 * the caller's pool, within its limit, but for an index of all links (up to 2^20 of 72 bytes, and
 * their groups) and a chunk or two while they are decoded. A part that is damaged is noticed when
 * it is asked for; the others can be read. To find an object takes steps that do not grow with the
 * file, to find an attribute as many as the object has attributes.
 *
 * Errors are one line that begins with the object's path; unless said otherwise their status is
 *   FORMAT       the file contradicts itself or ends too early
 *   UNSUPPORTED  HDF5 that is not read, by name (a filter, an external link, ...)
 *   NOTFOUND     no such object or attribute
 *   ARG          the object is of another kind: a group where a dataset is needed
 *   NOMEM        more elements than allowed, or the pool or the system has no memory left
 */
#ifndef FVI_MODEL_HDF5_HDF5_H
#define FVI_MODEL_HDF5_HDF5_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "graph/graph.h"

typedef struct fvi_hdf5 fvi_hdf5;

/* ---- open.c ---- */

/* Whether the bytes have HDF5's signature at their beginning or at 512, 1024, 2048, ... */
int fvi_hdf5_probe(const uint8_t *bytes, size_t size);
/* Whether the root group of the file has an attribute of that name, which costs much less than to
 * open it: no link is looked at. 0 too where the file is damaged. */
int fvi_hdf5_probe_attribute(const uint8_t *bytes, size_t size, const char *name);
/* Opens a file; `bytes` are borrowed and must stay until it is closed.
 *   out     to be closed with fvi_hdf5_close
 *   errors  NOMEM more than 2^20 links too */
fv_status fvi_hdf5_open(const uint8_t *bytes, size_t size, fvi_hdf5 **out, fv_error *err);
void fvi_hdf5_close(fvi_hdf5 *f);

/* Texts in a pool, each ended by NUL. */
typedef struct fvi_hdf5_texts {
    int64_t count;
    const char *const *text; /* [count]; never NULL */
} fvi_hdf5_texts;

typedef enum fvi_hdf5_kind {
    FVI_HDF5_GROUP,
    FVI_HDF5_DATASET,
    FVI_HDF5_OTHER /* a committed datatype */
} fvi_hdf5_kind;

#define FVI_HDF5_PATH 512
/* An object of an open file: a plain struct, to be copied and forgotten. */
typedef struct fvi_hdf5_object {
    fvi_hdf5_kind kind;
    uint64_t header;          /* where its object header is */
    char path[FVI_HDF5_PATH]; /* from the root, "/model_weights/conv1"; cut if it is longer */
} fvi_hdf5_object;

/* ---- find.c ---- */

/* Finds an object by its path ("model_weights/conv1/kernel:0") from another one or, with `from`
 * NULL or a path that begins with "/", from the root; "" and "/" are the place itself. Soft links
 * within the file are followed.
 *   errors  NOTFOUND names the path and the part that is not there; UNSUPPORTED an external link */
fv_status fvi_hdf5_find(const fvi_hdf5 *f, const fvi_hdf5_object *from, const char *path,
                        fvi_hdf5_object *out, fv_error *err);
/* The names of a group's members: in the order they were made where the file tracks it, else sorted
 * by bytes. Links that lead nowhere are among them. */
fv_status fvi_hdf5_members(const fvi_hdf5 *f, const fvi_hdf5_object *group, fvi_pool *pool,
                           fvi_hdf5_texts *out, fv_error *err);
/* Called with each object; a status other than FV_OK ends the walk and is its result. */
typedef fv_status (*fvi_hdf5_visit)(void *user, const fvi_hdf5_object *object, fv_error *err);
/* Visits every object below a group (NULL: the root), members before the members of members'
 * successors (depth first), in the order of fvi_hdf5_members. Soft and external links are left out,
 * and so is a group within itself.
 *   errors  NOMEM a path of 512 bytes or more, groups more than 64 deep, or more than 2^17 objects;
 *           the visitor's own */
fv_status fvi_hdf5_walk(const fvi_hdf5 *f, const fvi_hdf5_object *group, fvi_hdf5_visit visit,
                        void *user, fv_error *err);

/* What a dataset or an attribute holds. */
typedef struct fvi_hdf5_info {
    int is_text;      /* strings, of fixed or variable length */
    fvi_dtype dtype;  /* of numbers that can be read; else 0 */
    const char *type; /* for messages: "float32", "string", "compound"; static */
    fvi_shape shape;  /* ndim 0: a scalar; [0] where there is no data at all (null dataspace) */
    int64_t count;    /* of elements */
} fvi_hdf5_info;

/* ---- attribute.c ---- */

/* Whether an object has an attribute; 0 too where that cannot be read. */
int fvi_hdf5_has_attribute(const fvi_hdf5 *f, const fvi_hdf5_object *object, const char *name);
/* The names of an object's attributes, in the file's order. */
fv_status fvi_hdf5_attributes(const fvi_hdf5 *f, const fvi_hdf5_object *object, fvi_pool *pool,
                              fvi_hdf5_texts *out, fv_error *err);
/* What an attribute holds. */
fv_status fvi_hdf5_attribute_info(const fvi_hdf5 *f, const fvi_hdf5_object *object,
                                  const char *name, fvi_hdf5_info *out, fv_error *err);
/* The texts of an attribute of strings: one of a scalar, all of an array in row-major order.
 *   errors  UNSUPPORTED it does not hold strings */
fv_status fvi_hdf5_attribute_texts(const fvi_hdf5 *f, const fvi_hdf5_object *object,
                                   const char *name, fvi_pool *pool, fvi_hdf5_texts *out,
                                   fv_error *err);
/* The numbers of an attribute, as fvi_hdf5_dataset_numbers gives them.
 *   errors  UNSUPPORTED it does not hold numbers of a type that is read */
fv_status fvi_hdf5_attribute_numbers(const fvi_hdf5 *f, const fvi_hdf5_object *object,
                                     const char *name, fvi_pool *pool, fvi_const *out,
                                     fv_error *err);

/* ---- dataset.c ---- */

/* What a dataset holds. */
fv_status fvi_hdf5_dataset_info(const fvi_hdf5 *f, const fvi_hdf5_object *dataset,
                                fvi_hdf5_info *out, fv_error *err);
/* The numbers of a dataset, little-endian, in row-major order. `out->bytes` are the file's own
 * where they lie there in one piece and in that byte order, at any address: nothing is copied.
 * Otherwise they are in the pool. Where nothing was written they
 * are the dataset's fill value. Opaque elements of 2 bytes are FVI_BF16 if the dataset has an
 * attribute "dtype" that says "bfloat16", which is how Keras writes them.
 *   max_elements  how many elements the caller allows; checked before anything is allocated */
fv_status fvi_hdf5_dataset_numbers(const fvi_hdf5 *f, const fvi_hdf5_object *dataset,
                                   int64_t max_elements, fvi_pool *pool, fvi_const *out,
                                   fv_error *err);
/* The texts of a dataset of strings. */
fv_status fvi_hdf5_dataset_texts(const fvi_hdf5 *f, const fvi_hdf5_object *dataset,
                                 int64_t max_elements, fvi_pool *pool, fvi_hdf5_texts *out,
                                 fv_error *err);

#endif
