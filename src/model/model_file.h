/* SPDX-License-Identifier: Apache-2.0 */
/* An open model file of any format: its bytes, its limits, the files it refers to. */
#ifndef FVI_MODEL_MODEL_FILE_H
#define FVI_MODEL_MODEL_FILE_H

#include <glib.h>

#include "base/file.h"
#include "graph/build/build.h"
#include "model/limits.h"

typedef struct fvi_reader fvi_reader;           /* reader.h */
typedef struct fvi_model_input fvi_model_input; /* reader.h */
typedef struct fvi_op_list fvi_op_list;         /* operations/list.h */

/* Where a model comes from: a path, or bytes in memory. */
typedef struct fvi_model_source {
    const char *path; /* NULL: memory */
    const char *name; /* of bytes in memory; its ending may tell the format. NULL, "": "model" */
    const void *bytes;
    size_t size;
    int borrow;                       /* 1: bytes outlive the model and are not copied */
    const char *weights;              /* path of the file of its weights; NULL: it is found */
    const fvi_reader *const *readers; /* NULL-ended; NULL: those the library has */
} fvi_model_source;

/* Which part of a network's graph is to be made, and of what inputs.
 *   bindings  shapes or numbers of inputs; an input not named takes the file's shape, free sizes 1
 *   wanted    names of values of the file, or names that an earlier lowering generated; n_wanted 0:
 *             the file's outputs */
typedef struct fvi_graph_request {
    const fvi_binding *bindings;
    int n_bindings;
    const char *const *wanted;
    int n_wanted;
    int partial; /* 1: the graph may hold OPAQUE nodes; 0: it is refused then, with the first */
    const fvi_part_runner *runner; /* the graph is for one run, whose inputs it has; or NULL */
} fvi_graph_request;

typedef struct fvi_model_file {
    const fvi_reader *reader;
    char *path; /* NULL: from memory */
    char *base; /* what messages call it: the file's name without folders */
    fvi_mapping bytes;
    fvi_limits limits;
    char *weights_path;   /* as the caller named it, or as it was found; NULL: neither */
    fvi_mapping weights;  /* of the format's second file, where its reader asked for it */
    fvi_op_list *list;    /* of formats that make one, whose `close` frees it; else NULL */
    GHashTable *siblings; /* real path -> fvi_mapping *, of the files it refers to */
    GMutex lock;          /* of `siblings`: lowering may run in several threads */
} fvi_model_file;

/* What messages call a source: its name without folders. */
const char *fvi_model_source_name(const fvi_model_source *from);

/* Opens a source with a reader.
 *   bytes   of the source; the file's from then on, also on failure
 *   errors  the reader's, with the file's name; NOMEM */
fv_status fvi_model_file_open(const fvi_reader *reader, const fvi_model_source *from,
                              const fvi_limits *limits, fvi_mapping *bytes, fvi_model_file **out,
                              fv_error *err);
void fvi_model_file_close(fvi_model_file *f);

/* Maps, once, a file that the model's file refers to, in its own folder.
 *   errors  FORMAT not allowed; IO not there */
fv_status fvi_model_file_sibling(const fvi_model_file *f, const char *location,
                                 const fvi_mapping **out, fv_error *err);

/* Maps, for f->weights, the file of the weights: the one the caller named, else the one beside the
 * file that is called as it is, with that ending (".weights"). To be called in `open`.
 *   errors  NOTFOUND it is not there, with those of that ending that are; IO, NOMEM */
fv_status fvi_model_file_map_weights(fvi_model_file *f, const char *ending, fv_error *err);

/* The graph of what is requested; see fvi_reader.lower.
 *   cache   of constants of this network; NULL: made constants live and die with the graph
 *   out     yours to free with fvi_graph_free; constants of the file point into the file */
fv_status fvi_model_file_lower(const fvi_model_file *f, fvi_constant_cache *cache,
                               const fvi_graph_request *request, fvi_graph **out, fv_error *err);

/* The input of that name that a caller may bind, or NULL. */
const fvi_model_input *fvi_model_file_input(const fvi_model_file *f, const char *name);

/* Length of a name or path without the ending of the file's format. */
size_t fvi_model_file_stem(const fvi_model_file *f, const char *name);
/* The text the file keeps under a key, or NULL. */
/* Fails, since there is no input of that name, with those there are.  returns  NOTFOUND */
fv_status fvi_model_file_no_input(const fvi_model_file *f, const char *name, fv_error *err);
const char *fvi_model_file_metadata(const fvi_model_file *f, const char *key);
/* Bytes of it and the files it refers to that were read whole, and of what is mapped. */
void fvi_model_file_bytes(const fvi_model_file *f, size_t *copied, size_t *mapped);
/* The SHA-256 of the file, and of that of its weights behind it where that is another; 64 hex
 * digits, to be freed with g_free. */
char *fvi_model_file_sha256(const fvi_model_file *f);
/* Gives back the memory of a mapped file's pages, where the bytes are of one; they can still be
 * read. */
void fvi_model_file_release(const fvi_model_file *f, const void *bytes, size_t size);

#endif
