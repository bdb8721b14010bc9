/* SPDX-License-Identifier: Apache-2.0 */
/* A lowered graph: values and nodes of the small op set (kinds.def), with all shapes known.
 *
 * It is made for one set of input shapes (all shape arithmetic is folded), is immutable afterwards,
 * and knows neither file formats nor backends. Nodes are in topological order; each has one output.
 * Constants keep their file's mapping and type until they are converted to f32.
 */
#ifndef FVI_GRAPH_GRAPH_H
#define FVI_GRAPH_GRAPH_H

#include "base/pool.h"
#include "base/shape.h"
#include "fovea/fovea.h"
#include "graph/functions.h"
#include "graph/kind.h"

/* Element types, numbered as in ONNX's TensorProto.DataType. */
typedef enum fvi_dtype {
    FVI_F32 = 1, FVI_U8 = 2, FVI_I8 = 3, FVI_U16 = 4, FVI_I16 = 5, FVI_I32 = 6, FVI_I64 = 7,
    FVI_BOOL = 9, FVI_F16 = 10, FVI_F64 = 11, FVI_U32 = 12, FVI_U64 = 13, FVI_BF16 = 16
} fvi_dtype;

/* A constant tensor: little-endian elements, perhaps unaligned, in a mapped file or in a pool. The
 * address of `bytes` identifies the constant (weights are cached by it): equal addresses mean equal
 * numbers in all graphs of a network. */
typedef struct fvi_const {
    fvi_dtype dtype;
    fvi_shape shape;
    const uint8_t *bytes;
    int quantised; /* integers with a scale in the file, or made of such */
} fvi_const;

/* A named tensor that flows along the graph's edges. */
typedef struct fvi_value {
    const char *name;          /* as in the file; generated names are "NODE/part" */
    fvi_shape shape;
    int producer;              /* node index; -1 for inputs and constants */
    const fvi_const *constant; /* NULL unless a constant */
    int is_integer;            /* whole numbers or truth values, as the file has it */
    int channels;              /* of an input: the axis its channels are on; 0: nothing says it */
} fvi_value;

#define FVI_MAX_SPATIAL 3
/* A window that slides over the spatial axes: 1..3 of them, outermost first. */
typedef struct fvi_window {
    int n;
    int64_t kernel[FVI_MAX_SPATIAL], stride[FVI_MAX_SPATIAL], dilation[FVI_MAX_SPATIAL];
    /* Padding before and after each axis, as in the file. With ceil_mode the last windows may go
     * beyond it; cells there are neither input nor padding. */
    int64_t pad_lo[FVI_MAX_SPATIAL], pad_hi[FVI_MAX_SPATIAL];
    int64_t groups;            /* CONV, CONV_TRANSPOSE */
    int count_include_pad;     /* AVERAGE_POOL */
    int global;                /* POOL: the window is the whole picture */
} fvi_window;

typedef enum fvi_pad_mode {
    FVI_PAD_CONSTANT, FVI_PAD_REFLECT, FVI_PAD_EDGE, FVI_PAD_WRAP
} fvi_pad_mode;

/* One axis of a RESIZE as a sparse matrix: output i is the sum over k < entries of
 * weight[i][k] * input[index[i][k]]. Nearest, linear, cubic and antialiased resizing, with every
 * coordinate rule, have this form. entries 0: the axis does not change. */
typedef struct fvi_resize_kernel {
    int entries;           /* per output */
    const int32_t *index;  /* [out][entries] */
    const float *weight;   /* [out][entries] */
} fvi_resize_kernel;

/* Local response normalization: dst = src (bias + alpha/size * sum of squares)^-beta. */
typedef struct fvi_lrn {
    int64_t size; /* channels summed over */
    float alpha, beta, bias;
} fvi_lrn;

typedef enum fvi_grid_mode {
    FVI_GRID_NEAREST, /* halves to the even cell */
    FVI_GRID_LINEAR, FVI_GRID_CUBIC,
    FVI_GRID_NEAREST_AWAY, /* halves away from 0; what is outside is padded for after rounding */
    FVI_GRID_MODES
} fvi_grid_mode;
typedef enum fvi_grid_padding {
    FVI_GRID_ZEROS, FVI_GRID_BORDER, FVI_GRID_REFLECTION
} fvi_grid_padding;
/* What the numbers of a grid mean. */
typedef enum fvi_grid_unit {
    FVI_GRID_EDGES,   /* -1 and 1 are the outer edges of the corner cells */
    FVI_GRID_CORNERS, /* their centres: align_corners */
    FVI_GRID_INDEX    /* k is the centre of cell k, from 0 */
} fvi_grid_unit;
typedef struct fvi_grid_sample {
    fvi_grid_mode mode;
    fvi_grid_padding padding;
    fvi_grid_unit unit;
} fvi_grid_sample;

typedef enum fvi_random_function { FVI_RANDOM_UNIFORM, FVI_RANDOM_NORMAL } fvi_random_function;

typedef enum fvi_cell { FVI_CELL_RNN, FVI_CELL_GRU, FVI_CELL_LSTM, FVI_CELL_COUNT } fvi_cell;

/* One direction of a recurrent layer. The gates are as in ONNX: RNN h; GRU z r h; LSTM i o f c. */
typedef struct fvi_recurrent {
    fvi_cell cell;
    int reverse;              /* from the end of each sequence to its beginning */
    int cells;                /* LSTM: the output has the cells' states too */
    int linear_before_reset;  /* GRU: the reset gate multiplies what the state was multiplied to */
    int input_forget;         /* LSTM: the forget gate is 1 - the input gate */
    float clip;               /* what goes into the gates' functions is kept in +-clip; 0: not */
    struct { fvi_unary f; float p, q; } function[3]; /* ONNX's f, g, h */
} fvi_recurrent;

/* What an OPAQUE node gives, as far as that is known of its operator. */
typedef enum fvi_opaque_gives {
    FVI_OPAQUE_ANYTHING,
    FVI_OPAQUE_MOVED, /* the numbers of its first input, in the same order, or which they are */
    FVI_OPAQUE_RANKED /* the largest of them in order of size, or where they are */
} fvi_opaque_gives;

/* Why a node cannot be computed. */
typedef struct fvi_opaque {
    const char *kind; /* for the layer table: "unknown: com.example.Foo", "not computed: Conv" */
    const char *why;  /* one sentence, naming operator and node */
    fv_status status; /* UNSUPPORTED, SHAPE */
    fvi_opaque_gives gives;
} fvi_opaque;

/* Attributes of a node; kinds.def names the member of each kind. */
typedef union fvi_node_attr {
    fvi_window window;
    struct { int trans_a, trans_b; float alpha; } matmul; /* alpha a b + bias; numpy batching */
    fvi_lrn lrn;
    struct { int64_t groups; int axis; float epsilon; } norm; /* LAYER_NORM: axes axis..ndim-1 */
    struct { int axis; int log; } softmax;
    struct { fvi_unary f; float p, q; } unary;
    struct { fvi_binary f; } binary;
    struct { fvi_reduce f; unsigned axes; int keepdims; } reduce; /* bit i: axis i is reduced */
    struct { int axis; } axis;
    struct { int64_t start[FVI_MAX_DIMS], step[FVI_MAX_DIMS]; } slice; /* per axis; step != 0 */
    struct { int64_t lo[FVI_MAX_DIMS], hi[FVI_MAX_DIMS]; fvi_pad_mode mode; float value; } pad;
    struct { int perm[FVI_MAX_DIMS]; } transpose; /* out.dim[i] = in.dim[perm[i]] */
    struct { fvi_resize_kernel axis[FVI_MAX_DIMS]; float extrapolation; } resize;
    struct { float ratio; int dropout; fvi_dtype half; int stops; } identity; /* half: F16 or BF16,
                                to which the file rounds here; 0: neither. stops: no gradient goes
                                back through it */
    fvi_recurrent recurrent;
    fvi_grid_sample grid_sample;
    struct { fvi_random_function f; int64_t first; } random; /* first: 32-bit numbers of each stream
                                that are skipped; even for normals, which take two a pair */
    fvi_opaque opaque;
} fvi_node_attr;

typedef struct fvi_node {
    fvi_kind kind;
    const char *name;    /* unique in the graph */
    const char *source_op; /* the format's name of the operator, for messages: "Gemm";
                            NULL: the node is the library's own */
    int n_in;
    int *in;             /* value indices; -1 for an optional input that is absent */
    int out;
    fvi_node_attr a;
    const char *source_name; /* of the operation in the file; NULL or "": none */
} fvi_node;

typedef struct fvi_graph {
    fvi_pool *pool;      /* owns everything below, except file mappings and what `origin` owns */
    int shares;          /* owners beyond the first: fvi_graph_share */
    struct fvi_graph *origin; /* the graph this one is a copy of, kept alive by it; or NULL */
    int n_values, n_nodes, n_inputs, n_outputs;
    fvi_value *values;
    fvi_node *nodes;     /* in topological order */
    int *inputs;         /* value indices of the run-time f32 inputs, in the file's order */
    int *outputs;        /* value indices of the requested values */
    const char *frozen;  /* why its gradient would be wrong: what was computed and is a constant
                            here; NULL: it is right */
    int n_filled;        /* inputs that it depends on and that nobody gave numbers to */
    const char **filled; /* [n_filled] their names */
    int n_own;           /* of a graph for one run: constants that die with it, so that a device
                            must forget them before (fvi_device_forget); else 0 */
    const fvi_const **own; /* [n_own] */
} fvi_graph;

/* The first node that cannot be computed (OPAQUE), or -1. */
int fvi_graph_opaque(const fvi_graph *g);
/* Index of the value of that name, or -1. */
int fvi_graph_find(const fvi_graph *g, const char *value_name);
/* Whether no gradient goes back through a node, whatever it is computed from. */
static inline int fvi_node_stops_gradient(const fvi_node *n) {
    return n->kind == FVI_IDENTITY && n->a.identity.stops;
}
/* Whether a node is of a kind whose constants were trained, and has a constant input. */
int fvi_node_has_weights(const fvi_graph *g, int node);

/* The only input of a node that is not a constant; -1: it has none, or several. */
int fvi_node_running_input(const fvi_graph *g, const fvi_node *n);

/* Adds an owner to a graph, which must not be changed any more; each owner calls fvi_graph_free.
 * From any thread. */
fvi_graph *fvi_graph_share(fvi_graph *g);

/* A graph with nodes, values and index arrays of its own, which may be changed; names, constants
 * and resize kernels are those of `g`, which lives as long as the copy.
 *   out     yours to free with fvi_graph_free
 *   errors  NOMEM */
fv_status fvi_graph_copy(fvi_graph *g, fvi_graph **out, fv_error *err);

/* Removes an owner; the last one frees the graph. NULL allowed. */
void fvi_graph_free(fvi_graph *g);

#endif
