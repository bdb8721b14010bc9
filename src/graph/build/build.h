/* SPDX-License-Identifier: Apache-2.0 */
/* A graph under construction, whatever the file's format.
 *
 * A format's reader goes through its file's operations. For each it begins an fvi_operation, makes
 * values with the functions of graph/build/emit.h, and ends it; finally it marks the outputs, and
 * fvi_build_finish packs what they need into a graph. Every value is either a constant of any type
 * or a run-time f32 (or 0/1) tensor of known shape.
 *
 * Failure is sticky: the first error stays in `status`, later calls return at once with value index
 * -1. So a reader composes emitters freely and checks `status` at the end.
 */
#ifndef FVI_GRAPH_BUILD_BUILD_H
#define FVI_GRAPH_BUILD_BUILD_H

#include <glib.h>
#include <inttypes.h>

#include "graph/build/constant_cache.h"
#include "graph/graph.h"

/* What an input of the file is bound to in one lowering: a shape, or a constant (integer or boolean
 * inputs that carry shapes, indices or conditions). */
typedef struct fvi_binding {
    const char *name;
    fvi_shape shape;
    const fvi_const *constant; /* NULL: a run-time input of that shape */
    int filled;                /* nobody gave these numbers: the graph names the input if it
                                  depends on it */
    fvi_shape seen;            /* the shape in which the file's operations read it, if it is another
                                  than the one it is given in; ndim 0: the same */
} fvi_binding;

/* The binding of that name, or NULL. */
const fvi_binding *fvi_binding_find(const fvi_binding *b, int n, const char *name);

/* Limits of what building may use. */
typedef struct fvi_build_limits {
    size_t constant_bytes; /* of the graph and the constants made for it */
    int64_t folds;         /* elements of constants read and written */
    int64_t elements;      /* of one value */
    int64_t nodes;
} fvi_build_limits;

/* What the file states of a value. */
typedef struct fvi_stated {
    fvi_shape shape; /* ndim -1: nothing, or not all of it */
    fvi_dtype type;
} fvi_stated;

/* A value under construction. */
typedef struct fvi_pending_value {
    fvi_value v;
    fvi_dtype dtype;   /* run-time: FVI_F32; FVI_BOOL for 0/1; an integer type for whole numbers,
                          which f32 holds exactly up to 2^24 */
    int file_constant; /* a constant that depends only on the file, not on bindings */
} fvi_pending_value;

/* One operation of the file while it is lowered. They nest: the branch of a conditional is lowered
 * inside it. */
typedef struct fvi_operation {
    const char *source_op;   /* the format's name of the operator: "Gemm" */
    const char *name;        /* the operation's; NULL or "": none */
    const char *source_name; /* in the file, where `name` is another; NULL or "": none */
    const char *label;       /* for messages: its name, else its first output's */
    int is_layer;            /* what has its weights is called as it is, and not the activation
                                that it ends in */
    int file_constant;       /* its constants depend only on the file */
    int is_own;              /* the library's, not a file's: its nodes have no source_op */
    int n_out, *out;         /* its outputs' values; -1: not made yet */
    int first_value, first_node;
    struct fvi_operation *outer; /* the one it is nested in, or NULL */
} fvi_operation;

/* Runs a part of the graph under construction on the numbers of its run-time inputs, where an
 * operator's result cannot be described without the numbers of its inputs (the branch that is
 * taken, the boxes that are kept).
 *   g     borrowed; its one output's values are written to `out`
 *   user  of the runner */
typedef struct fvi_part_runner {
    fv_status (*run)(void *user, fvi_graph *g, float *out, fv_error *err);
    void *user;
} fvi_part_runner;

typedef struct fvi_builder {
    fvi_build_limits limits;
    const fvi_part_runner *runner;        /* NULL: nothing is run while the graph is built */
    fvi_constant_cache *cache;            /* or NULL */
    fvi_pool *pool;                       /* becomes the graph's */
    GArray *values;                       /* fvi_pending_value */
    GArray *nodes;                        /* fvi_node */
    GArray *inputs, *outputs;             /* int: indices of values */
    GPtrArray *filled;                    /* names of inputs: fvi_graph.filled */
    GHashTable *value_names, *node_names; /* name -> the last number that was appended to it */
    GHashTable *evaluated;                /* value -> constant of its numbers, by index */
    const char *frozen;                   /* fvi_graph.frozen, or NULL */
    int64_t folded;                       /* elements counted for limits.folds */
    fvi_operation *op;                    /* the current one; not NULL while values are made */
    fv_status status;
    fv_error *err;    /* where `status` is explained: `spare` */
    fv_error *caller; /* gets that text when the builder is freed; or NULL */
    fv_error spare;
} fvi_builder;

/* An empty builder.
 *   cache   of constants; locked until fvi_build_free. NULL: constants live as long as the graph
 *   errors  NOMEM */
fv_status fvi_build_new(const fvi_build_limits *limits, fvi_constant_cache *cache,
                        fvi_builder **out, fv_error *err);
void fvi_build_free(fvi_builder *b);

/* Reserves a name of the file, so that no generated name equals it. Borrowed: it must live as long
 * as the graph. */
void fvi_build_reserve(fvi_builder *b, const char *name);
/* A name that no other value has: `name` itself, else "name/2", ...; NULL: no memory. */
const char *fvi_build_unique(fvi_builder *b, const char *name);

/* Makes `op` the current operation. The caller sets source_op, name, label, file_constant and
 * outputs; the rest is filled here. */
void fvi_build_begin(fvi_builder *b, fvi_operation *op);
/* Names the operation's nodes and values that have no name yet, and makes the outer operation
 * current again. */
void fvi_build_end(fvi_builder *b);

/* Drops what the current operation has made, its outputs too. */
void fvi_build_undo(fvi_builder *b);
/* Makes an OPAQUE node of a failure, UNSUPPORTED or SHAPE, which is cleared: what could not be
 * computed matters only to what depends on it. Returns the node's output.
 *   kind   of the node, for the layer table; copied
 *   in     [n_in] values the operation reads, -1 for absent ones
 *   like   of its output: the shape, ndim -1 where not known, and the type */
int fvi_build_opaque(fvi_builder *b, const char *kind, fvi_opaque_gives gives, int n_in,
                     const int *in, const fvi_stated *like);

/* Fails for the reason that a value, whose shape is not known, could not be computed. */
fv_status fvi_build_blame(fvi_builder *b, int v);

/* Sets and returns the status; the text is prefixed with the operation. Only the first failure is
 * kept. */
fv_status fvi_build_fail(fvi_builder *b, fv_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Fails because constants need more memory than the limit. */
fv_status fvi_build_nomem(fvi_builder *b);
/* Counts elements of constants to be read or written. Returns 0 and fails beyond the limit. To be
 * called before the loop over them. */
int fvi_build_charge(fvi_builder *b, int64_t elements);

/* A value under construction; the pointer is valid until the next value is made. */
fvi_pending_value *fvi_build_value(const fvi_builder *b, int v);
/* The empty shape, f32 and NULL for v -1. */
fvi_shape fvi_build_shape(const fvi_builder *b, int v);
fvi_dtype fvi_build_dtype(const fvi_builder *b, int v);
const fvi_const *fvi_build_const(const fvi_builder *b, int v);
/* The axis in 0..ndim-1 (negative ones count from the end). Fails and returns 0 otherwise. */
int fvi_build_axis(fvi_builder *b, int64_t axis, int ndim);

/* The pool for constants of the current operation: the cache's if they depend only on the file. */
fvi_pool *fvi_build_constant_pool(const fvi_builder *b);
/* Appends a value without a name; producer: index of a node, -1 for none. */
int fvi_build_append_value(fvi_builder *b, const fvi_shape *shape, fvi_dtype t, const fvi_const *c,
                           int producer);
/* Appends a node and returns its output's value. `in` is copied. */
int fvi_build_append_node(fvi_builder *b, fvi_kind kind, const fvi_node_attr *a,
                          const fvi_shape *shape, fvi_dtype t, int n_in, const int *in);

/* Appends a run-time f32 input. */
int fvi_build_input(fvi_builder *b, const char *name, const fvi_shape *shape);
/* Appends v to the graph's outputs. */
void fvi_build_output(fvi_builder *b, int v);

#endif
