/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a graph's nodes into a program: what the rules of the op kinds use.
 *
 * Forward, a rule makes the node's value of those of its inputs. Backward, it gets the gradient at
 * the node's value and adds gradients to those inputs that want one; values it reads there (and
 * only those) are kept from the forward program.
 */
#ifndef FVI_BACKEND_STABLEHLO_OPS_EMITTER_H
#define FVI_BACKEND_STABLEHLO_OPS_EMITTER_H

#include "backend/stablehlo/text/hlo.h"
#include "graph/graph.h"

/* What an argument of a program is. */
typedef enum fvi_emitter_source {
    FVI_EMITTER_VALUE,    /* a value of the graph: an input, or kept from the forward program */
    FVI_EMITTER_WEIGHT,   /* a constant of the graph */
    FVI_EMITTER_SEED,     /* the gradient given at a target */
    FVI_EMITTER_REDIRECT, /* [samples] 1: ReLUs of the sample are redirected, else 0 */
    FVI_EMITTER_STATE,    /* of an update (backend/update.h) */
    FVI_EMITTER_GIVEN,
} fvi_emitter_source;

typedef struct fvi_emitter_argument {
    fvi_emitter_source source;
    int index;                 /* of the value, the target, the state or the given input */
    const fvi_const *constant; /* of a weight */
    fvi_shape shape;
} fvi_emitter_argument;

/* A program being made of a graph. */
typedef struct fvi_emitter {
    fvi_hlo *h;
    const fvi_graph *g;
    int *value;         /* [values of the graph] in the program; -1: not there */
    int *gradient;      /* [values of the graph] -1: none yet */
    const char *wanted; /* [values of the graph] whether its gradient is asked for */
    GArray *arguments;  /* of fvi_emitter_argument, as in the program */
    int guided;
    int redirect; /* the argument, or -1 */
    int64_t samples;
    fv_precision precision; /* of products in nodes that a model's file has; never AUTO */
} fvi_emitter;

/* Whether input i of a node is there; its shape; its constant, or NULL. */
int fvi_emitter_has(const fvi_emitter *e, const fvi_node *n, int i);
fvi_shape fvi_emitter_shape(const fvi_emitter *e, const fvi_node *n, int i);
const fvi_const *fvi_emitter_constant(const fvi_emitter *e, const fvi_node *n, int i);
fvi_shape fvi_emitter_out_shape(const fvi_emitter *e, const fvi_node *n);

/* The value of input i, and of the node, in the program: small constants are written into it,
 * others become arguments. */
int fvi_emitter_in(fvi_emitter *e, const fvi_node *n, int i);
int fvi_emitter_out(fvi_emitter *e, const fvi_node *n);
/* The same of a value of the graph. */
int fvi_emitter_value(fvi_emitter *e, int value);

/* Whether the gradient at input i is asked for; and adds to it. */
int fvi_emitter_wants(const fvi_emitter *e, const fvi_node *n, int i);
void fvi_emitter_give(fvi_emitter *e, const fvi_node *n, int i, int gradient);

/* An argument of a source; the same one if it is there already. */
int fvi_emitter_argue(fvi_emitter *e, fvi_emitter_source source, int index, const fvi_shape *shape);

/* The rule of a kind. */
typedef struct fvi_emitter_rule {
    int (*forward)(fvi_emitter *e, const fvi_node *n); /* returns the node's value */
    void (*backward)(fvi_emitter *e, const fvi_node *n, int gradient);
} fvi_emitter_rule;

/* NULL for OPAQUE, which is never run. */
const fvi_emitter_rule *fvi_emitter_rule_of(fvi_kind kind);

#endif
