/* SPDX-License-Identifier: Apache-2.0 */
/* The class vector of a network: its logits, before a softmax or a sigmoid where it
 * ends in one. */
#ifndef FVI_VIS_OBJECTIVE_CLASS_LOGITS_H
#define FVI_VIS_OBJECTIVE_CLASS_LOGITS_H

#include "graph/classes/row.h"
#include "model/network/network.h"

typedef struct fvi_logits {
    const char *value;    /* borrowed from the network */
    const char *layer;    /* its name for people */
    const char *end;      /* name of the softmax or sigmoid, or NULL */
    const char *function; /* "softmax", "sigmoid"; or NULL */
    const char *output;   /* the probabilities' value, or NULL */
    const char *computed; /* the probabilities' layer that the numbers are computed from, or NULL */
    int64_t classes;      /* 0 for a map */
    fvi_row_made made;    /* what the numbers of `value` are where there is no end */
} fvi_logits;
/* The logits of the network's classes; where they have none of their own, the row itself.
 *   errors  SHAPE the network's output is no row of classes; UNSUPPORTED it cannot be computed */
fv_status fvi_logits_find(const fvi_network *net, fvi_logits *out, fv_error *err);
/* The same of any value; 0 if it is neither a softmax over one row of classes nor a sigmoid at the
 * network's end. */
int fvi_logits_before(const fvi_network *net, const char *value, fvi_logits *out);
/* The name of the layer that makes a value, by its index. */
const char *fvi_logits_layer(const fvi_network *net, int v);
/* A class by index or name.  errors  NOTFOUND */
fv_status fvi_class_find(const fvi_network *net, const fvi_logits *l, const char *name,
                         int64_t *index, fv_error *err);

#endif
