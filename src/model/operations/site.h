/* SPDX-License-Identifier: Apache-2.0 */
/* One operation of a list while it is lowered: what a format's handlers take and make.
 *
 * A handler takes the values of the operation's inputs, makes others by graph/build/emit.h and
 * layers.h, and gives them by fvi_site_out (channels.h); failure is the builder's. */
#ifndef FVI_MODEL_OPERATIONS_SITE_H
#define FVI_MODEL_OPERATIONS_SITE_H

#include "graph/build/emit.h"
#include "graph/build/window.h"
#include "model/operations/list.h"

typedef struct fvi_site fvi_site;

/* An operator that is lowered. */
typedef struct fvi_op_kind {
    const char *type;
    void (*lower)(fvi_site *site);
    int param; /* the handler's own: a fvi_unary, ... */
} fvi_op_kind;

typedef struct fvi_op_lowering {
    fvi_builder *b;
    const fvi_model_file *file;
    const fvi_op_list *list;
    const fvi_op_kind *kinds;
    int channels_last;
    const char *unknown_help; /* or NULL */
    const fvi_graph_request *request;
    int *values;       /* by the list's values: the builder's, or -1 */
    uint8_t *needed;   /* by the list's values: something reads it */
    GArray *channels;  /* uint8_t by the builder's values: channels.h */
    GHashTable *moved; /* a builder's value -> the same with channels elsewhere, + 1 */
} fvi_op_lowering;

/* One operation while it is lowered. */
struct fvi_site {
    fvi_builder *b;
    fvi_op_lowering *l;
    const fvi_op *op;
    const fvi_op_kind *kind;
    fvi_operation operation;
    int n_in, *in;     /* the builder's values; -1 absent */
    int n_out, *out;   /* the builder's values; -1 not made */
    int channels_last; /* the format's, unless this operation says otherwise: its handler sets it */
};

/* Value of input i: -1 when absent; fvi_site_need fails then. */
int fvi_site_in(const fvi_site *site, int i);
int fvi_site_need(fvi_site *site, int i);
/* Whether something reads output i. */
int fvi_site_wants(const fvi_site *site, int i);
/* A constant of the file as a value. */
int fvi_site_constant(fvi_site *site, const fvi_const *c);
/* Constant v with its axes in another order; made once a network. */
int fvi_site_permuted(fvi_site *site, int v, const int *perm);

#endif
