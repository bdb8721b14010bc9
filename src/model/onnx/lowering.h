/* SPDX-License-Identifier: Apache-2.0 */
/* What the files lower_*.c and fold*.c share: a graph under construction, and the "site": one ONNX
 * node being lowered.
 *
 * Failure is sticky: the first error of a site stays, every later call returns at once, and value
 * indices turn -1. So a handler composes emitters freely and returns s->status at its end.
 */
#ifndef FVI_MODEL_ONNX_LOWERING_H
#define FVI_MODEL_ONNX_LOWERING_H

#include <glib.h>
#include <inttypes.h>

#include "model/onnx/lower.h"

#define FVI_FOLD_MAX_ELEMENTS  ((int64_t)1 << 28)
#define FVI_SUBGRAPH_MAX_DEPTH 16
#define FVI_WINDOW_MAX         ((int64_t)1 << 24) /* kernel, stride, dilation, padding of an axis */

/* A value under construction. */
typedef struct fvi_draft {
    fvi_value v;
    fvi_dtype dtype; /* run-time: FVI_F32, or FVI_BOOL for 0/1 */
    int stable;      /* a constant that depends on the file alone */
} fvi_draft;

/* Names visible in one (sub)graph. */
typedef struct fvi_scope {
    const struct fvi_scope *outer;
    const Onnx__GraphProto *graph;
    GHashTable *values; /* name -> index + 1; 0 marks an output nobody can use */
    GHashTable *needed; /* names that somebody reads */
    GHashTable *inits;  /* name -> Onnx__TensorProto of a subgraph; NULL: the main graph */
} fvi_scope;

typedef struct fvi_lowering {
    const fvi_onnx *onnx;
    const fvi_limits *limits;
    fvi_constants *cache;
    fvi_pool *pool;
    GArray *values;                       /* fvi_draft */
    GArray *nodes;                        /* fvi_node */
    GHashTable *value_names, *node_names; /* name -> how far it was counted */
    int64_t opset;
    int64_t folded; /* elements of constants that were read and written */
    int depth;
    fv_error *err;
} fvi_lowering;

typedef struct fvi_site fvi_site;
typedef fv_status (*fvi_handler)(fvi_site *s);

/* A row of onnx_ops.def. */
typedef struct fvi_onnx_op {
    const char *name;
    int first, last; /* opsets */
    fvi_handler lower;
    int param; /* the handler's own: a fvi_unary, ... */
} fvi_onnx_op;

struct fvi_site {
    fvi_lowering *l;
    const fvi_scope *scope;
    const Onnx__NodeProto *proto;
    const fvi_onnx_op *op;
    const char *label; /* the node's name, else its first output's */
    int n_in, *in;     /* value indices; -1 absent */
    int n_out, *out;   /* value indices; -1 not made */
    int first_value, first_node;
    int stable; /* depends on the file alone */
    fv_status status;
};

#define FVI_ONNX_OP(NAME, first, last, handler, param) fv_status fvi_lower_##handler(fvi_site *s);
#include "model/onnx/operators.def"
#undef FVI_ONNX_OP

/* ---- lower.c ---- */

/* Value index of a name seen from a scope, -1 with s->status set. */
int fvi_scope_find(fvi_site *s, const fvi_scope *scope, const char *name);
/* Lowers the nodes of a subgraph that its outputs need; out [n_output] gets their values. */
fv_status fvi_lower_subgraph(fvi_site *s, const Onnx__GraphProto *g, int *out);

/* ---- constants.c ---- */

void fvi_constants_lock(fvi_constants *c);
void fvi_constants_unlock(fvi_constants *c);
/* The constant kept for a value of a (sub)graph, or NULL. *unfoldable: it was marked as such. */
const fvi_const *fvi_constants_find(fvi_constants *c, const void *graph, const char *name,
                                    int *unfoldable);
/* Keeps it (its bytes must live as long as c); k NULL marks the value as not foldable. */
void fvi_constants_keep(fvi_constants *c, const void *graph, const char *name, const fvi_const *k);
/* The one constant with those numbers, type and shape; copied when new. NULL: no memory. */
const fvi_const *fvi_constants_intern(fvi_constants *c, const fvi_const *k);
fvi_pool *fvi_constants_pool(fvi_constants *c);

/* ---- lower_site.c: reading a node ---- */

/* Sets and returns the status; the text is prefixed with the node. */
fv_status fvi_site_fail(fvi_site *s, fv_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
fv_status fvi_site_nomem(fvi_site *s);
/* Counts elements of constants that are read or written; fails beyond fvi_limits_folds: returns 0
 * then. To be called before the loop over them. */
int fvi_site_charge(fvi_site *s, int64_t elements);
/* Value of input i: -1 when absent; fvi_site_need fails then. */
int fvi_site_in(fvi_site *s, int i);
int fvi_site_need(fvi_site *s, int i);
/* Whether somebody reads output i. */
int fvi_site_wants(const fvi_site *s, int i);
fvi_shape fvi_site_shape(const fvi_site *s, int v);
fvi_dtype fvi_site_dtype(const fvi_site *s, int v);
/* The constant of value v, or NULL. */
const fvi_const *fvi_site_const(const fvi_site *s, int v);
/* The constant of input i; fails with UNSUPPORTED, naming `what`, when it is computed at run time.
 * NULL also when the input is absent (status unchanged). */
const fvi_const *fvi_site_fixed(fvi_site *s, int i, const char *what);
/* Integers of an attribute, else of constant input i (i < 0: attribute only), at most `max`.
 * Their number, -1 when absent or failed. */
int fvi_site_ints(fvi_site *s, const char *attr, int i, int64_t *out, int max);
/* One number of an attribute, else of constant input i. */
double fvi_site_real(fvi_site *s, const char *attr, int i, double otherwise);
/* Brings an axis into 0..ndim-1 (negative counts from the end) or fails: returns 0 then. */
int fvi_site_axis(fvi_site *s, int64_t axis, int ndim);
/* The "axes" attribute or input i as a bit set; 0 with *absent 1 when there are none. */
unsigned fvi_site_axes(fvi_site *s, int i, int ndim, int *absent);
/* Index of the attribute's text among the NULL-ended choices (0 is the default), or fails. */
int fvi_site_choice(fvi_site *s, const char *attr, const char *const *choices);
/* Reads the window of a convolution or pooling over x's axes 2.. into w.
 *   kernel  sizes from the weights, or NULL: the attribute says
 *   out     sizes of the sliding output axes, NULL for a transposed convolution */
void fvi_site_window(fvi_site *s, const fvi_shape *x, const int64_t *kernel, fvi_window *w,
                     int64_t *out);

/* ---- lower_emit.c: making values ---- */

/* Appends a node, or folds it when all its inputs are constants; returns its output value. */
int fvi_emit(fvi_site *s, fvi_kind kind, const fvi_node_attr *a, const fvi_shape *shape, int n_in,
             const int *in);
int fvi_emit_unary(fvi_site *s, fvi_unary f, float p, float q, int x);
int fvi_emit_binary(fvi_site *s, fvi_binary f, int a, int b);
int fvi_emit_where(fvi_site *s, int condition, int a, int b);
int fvi_emit_reshape(fvi_site *s, int x, const fvi_shape *shape);
int fvi_emit_expand(fvi_site *s, int x, const fvi_shape *shape);
int fvi_emit_transpose(fvi_site *s, int x, const int *perm);
int fvi_emit_reduce(fvi_site *s, fvi_reduce f, unsigned axes, int keepdims, int x);
/* Elements start .. start+count-1 of one axis. */
int fvi_emit_slice(fvi_site *s, int x, int axis, int64_t start, int64_t count);
int fvi_emit_concat(fvi_site *s, int axis, int n, const int *in);
/* numpy's matmul of at least 2-D operands; bias -1: none. */
int fvi_emit_matmul(fvi_site *s, int a, int b, int bias, const fvi_node_attr *attr);
/* A new constant; *data: its zeroed elements, to be filled. */
int fvi_emit_constant(fvi_site *s, fvi_dtype t, const fvi_shape *shape, void *data);
int fvi_emit_scalar(fvi_site *s, fvi_dtype t, double x);
/* The same constant under another name. */
int fvi_emit_alias(fvi_site *s, const fvi_const *c, fvi_dtype t, int stable);
/* Names v output i of the node (through an IDENTITY when it has a name already). */
fv_status fvi_site_out(fvi_site *s, int i, int v);
/* Names what has no name yet. */
void fvi_site_finish(fvi_site *s);

/* ---- fold.c ---- */

int fvi_dtype_is_int(fvi_dtype t);
const char *fvi_dtype_name(fvi_dtype t);
/* Element i of an integer constant, exactly (u64 as its bits); of a real one, clamped. */
int64_t fvi_const_int(const fvi_const *c, int64_t i);
/* Writes element i, converted to the type: integers wrap, reals are rounded or clamped. */
void fvi_put_int(fvi_dtype t, void *dst, int64_t i, int64_t x);
void fvi_put_real(fvi_dtype t, void *dst, int64_t i, double x);
/* Copies element j of c to element i of dst, converting. */
void fvi_put_from(fvi_dtype t, void *dst, int64_t i, const fvi_const *c, int64_t j);
/* Computes a node whose inputs are constants: dst [count of shape] of type t. Returns 1 when done,
 * 0 when this kind is not folded, or sets s->status. */
int fvi_constant_fold(fvi_site *s, fvi_kind kind, const fvi_node_attr *a,
                      const fvi_const *const *in, int n_in, const fvi_shape *shape, fvi_dtype t,
                      uint8_t *dst);
/* fold_move.c and fold_math.c: the same, for the kinds they know. */
int fvi_fold_move(fvi_site *s, fvi_kind kind, const fvi_node_attr *a, const fvi_const *const *in,
                  int n_in, const fvi_shape *shape, uint8_t *dst);
int fvi_fold_math(fvi_site *s, fvi_kind kind, const fvi_node_attr *a, const fvi_const *const *in,
                  int n_in, const fvi_shape *shape, fvi_dtype t, uint8_t *dst);
/* What fvi_constant_fold would count for fvi_site_charge. */
int64_t fvi_fold_work(fvi_kind kind, const fvi_node_attr *a, const fvi_const *const *in, int n_in,
                      const fvi_shape *shape);
/* Whether a node of constants is to be computed at once. */
int fvi_fold_knows(fvi_kind kind, const fvi_node_attr *a, const fvi_const *first,
                   const fvi_shape *shape);

/* ---- lower_taps.c ---- */

/* How a Resize maps one axis. */
typedef struct fvi_resize_rule {
    enum {
        FVI_HALF_PIXEL,
        FVI_HALF_PIXEL_SYMMETRIC,
        FVI_PYTORCH_HALF_PIXEL,
        FVI_ALIGN_CORNERS,
        FVI_ASYMMETRIC,
        FVI_TF_HALF_PIXEL_FOR_NN,
        FVI_TF_CROP_AND_RESIZE
    } coordinates;
    enum { FVI_RESIZE_NEAREST, FVI_RESIZE_LINEAR, FVI_RESIZE_CUBIC } mode;
    enum { FVI_ROUND_PREFER_FLOOR, FVI_ROUND_PREFER_CEIL, FVI_ROUND_FLOOR, FVI_ROUND_CEIL } nearest;
    double cubic_a;
    int exclude_outside, antialias;
} fvi_resize_rule;

/* Fills the taps of one axis of `in` elements becoming `out`.
 *   scale     out / in, as the file means it;  roi  start and end, TF_CROP_AND_RESIZE only
 *   An output that lies outside the picture (TF_CROP_AND_RESIZE) has index -1 in all its taps. */
void fvi_resize_kernel_fill(fvi_site *s, const fvi_resize_rule *r, int64_t in, int64_t out,
                            double scale, const double roi[2], fvi_resize_kernel *taps);

#endif
