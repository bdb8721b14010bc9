/* SPDX-License-Identifier: Apache-2.0 */
/* A graph under construction, whatever the file's format.
 *
 * A reader of a format walks its file's operations. For each it begins an fvi_operation, makes
 * values with the functions of graph/build/emit.h, and ends it; at last it says which values are
 * the outputs and fvi_build_finish packs what they need into a graph. Every value is either a
 * constant of any type or a run-time f32 (or 0/1) tensor of known shape.
 *
 * Failure is sticky: the first error stays in `status`, every later call returns at once, and value
 * indices turn -1. So a reader composes emitters freely and looks at `status` at the end.
 */
#ifndef FVI_GRAPH_BUILD_BUILD_H
#define FVI_GRAPH_BUILD_BUILD_H

#include <glib.h>
#include <inttypes.h>

#include "graph/build/constant_cache.h"
#include "graph/graph.h"

/* What an input of the file is bound to for one lowering: a shape, or numbers known beforehand
 * (integer or boolean inputs that carry shapes, indices or conditions). */
typedef struct fvi_binding {
    const char *name;
    fvi_shape shape;
    const fvi_const *constant; /* NULL: a run-time f32 input of that shape */
} fvi_binding;

/* The binding of that name, or NULL. */
const fvi_binding *fvi_binding_find(const fvi_binding *b, int n, const char *name);

/* What building may take. */
typedef struct fvi_build_limits {
    size_t constant_bytes; /* of the graph with the constants made for it */
    int64_t folds;         /* elements of constants read and written */
    int64_t elements;      /* of one value */
    int64_t nodes;
} fvi_build_limits;

/* A value under construction. */
typedef struct fvi_pending_value {
    fvi_value v;
    fvi_dtype dtype;   /* run-time: FVI_F32, or FVI_BOOL for 0/1 */
    int file_constant; /* a constant that depends on the file alone, not on what inputs are bound to
                        */
} fvi_pending_value;

/* One operation of the file while it is lowered. They nest: a branch that is put in the place of a
 * conditional is lowered inside it. */
typedef struct fvi_operation {
    const char *source_op; /* the format's word for it: "Gemm" */
    const char *name;      /* its own; NULL or "": none */
    const char *label;     /* what messages call it: its name, else its first output's */
    int file_constant;     /* its constants depend on the file alone */
    int n_out, *out;       /* its outputs' values; -1 not made */
    int first_value, first_node;
    struct fvi_operation *outer; /* the one it is part of, or NULL */
} fvi_operation;

typedef struct fvi_builder {
    fvi_build_limits limits;
    fvi_constant_cache *cache;            /* or NULL */
    fvi_pool *pool;                       /* becomes the graph's */
    GArray *values;                       /* fvi_pending_value */
    GArray *nodes;                        /* fvi_node */
    GArray *inputs, *outputs;             /* int: indices of values */
    GHashTable *value_names, *node_names; /* name -> the last number that was appended to it */
    int64_t folded;                       /* elements, against limits.folds */
    fvi_operation *op;                    /* the current one; not NULL while values are made */
    fv_status status;
    fv_error *err;
} fvi_builder;

/* An empty builder.
 *   cache   of constants; locked until fvi_build_free. NULL: what is made lives with the graph
 *   errors  NOMEM */
fv_status fvi_build_new(const fvi_build_limits *limits, fvi_constant_cache *cache,
                        fvi_builder **out, fv_error *err);
void fvi_build_free(fvi_builder *b);

/* A name of the file, which no invented one may take. Borrowed: it lives as long as the graph. */
void fvi_build_reserve(fvi_builder *b, const char *name);
/* A name that no other value has: `name` itself, else "name/2", ...; NULL: no memory. */
const char *fvi_build_unique(fvi_builder *b, const char *name);

/* Makes `op` the current operation: source_op, name, label, file_constant and outputs are the
 * caller's, the rest is filled. */
void fvi_build_begin(fvi_builder *b, fvi_operation *op);
/* Names the nodes and values the operation made that have no name yet, and goes back to the one
 * around it. */
void fvi_build_end(fvi_builder *b);

/* Sets and returns the status; the text is prefixed with the operation. The first failure stays. */
fv_status fvi_build_fail(fvi_builder *b, fv_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for constants that need more memory than the limit. */
fv_status fvi_build_nomem(fvi_builder *b);
/* Counts elements of constants that are read or written; fails beyond the limit: returns 0 then. To
 * be called before the loop over them. */
int fvi_build_charge(fvi_builder *b, int64_t elements);

/* A value under construction; the pointer is valid until the next value is made. */
fvi_pending_value *fvi_build_value(const fvi_builder *b, int v);
/* The empty shape, f32 and NULL for v -1. */
fvi_shape fvi_build_shape(const fvi_builder *b, int v);
fvi_dtype fvi_build_dtype(const fvi_builder *b, int v);
const fvi_const *fvi_build_const(const fvi_builder *b, int v);
/* Brings an axis into 0..ndim-1 (negative counts from the end) or fails: returns 0 then. */
int fvi_build_axis(fvi_builder *b, int64_t axis, int ndim);

/* The pool for constants of the current operation: the cache's, if they depend on the file alone.
 */
fvi_pool *fvi_build_constant_pool(const fvi_builder *b);
/* Appends a value without a name; producer: index of a node, -1 for none. */
int fvi_build_append_value(fvi_builder *b, const fvi_shape *shape, fvi_dtype t, const fvi_const *c,
                           int producer);
/* Appends a node and returns its output's value. `in` is copied. */
int fvi_build_append_node(fvi_builder *b, fvi_kind kind, const fvi_node_attr *a,
                          const fvi_shape *shape, fvi_dtype t, int n_in, const int *in);

/* Appends a run-time f32 input. */
int fvi_build_input(fvi_builder *b, const char *name, const fvi_shape *shape);
/* Makes v the graph's next output. */
void fvi_build_output(fvi_builder *b, int v);

/* The graph of what the outputs need, with every input; yours to free with fvi_graph_free. The
 * builder can only be freed afterwards. Fails with the builder's status. */
fv_status fvi_build_finish(fvi_builder *b, fvi_graph **out);

#endif
