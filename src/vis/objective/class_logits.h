/* SPDX-License-Identifier: Apache-2.0 */
/* The class vector of a network: its logits, before a softmax where it ends in one. */
#ifndef FVI_VIS_OBJECTIVE_CLASS_LOGITS_H
#define FVI_VIS_OBJECTIVE_CLASS_LOGITS_H

#include "model/network/network.h"

typedef struct fvi_logits {
    const char *value;   /* borrowed from the network */
    const char *layer;   /* its name for people */
    const char *softmax; /* or NULL */
    int64_t classes;
} fvi_logits;
/* errors  SHAPE the first output is no class vector */
fv_status fvi_logits_find(const fvi_network *net, fvi_logits *out, fv_error *err);
/* The same of any value; 0 if it is no softmax over one vector of classes. */
int fvi_logits_before(const fvi_network *net, const char *value, fvi_logits *out);
/* A class by index or name.  errors  NOTFOUND */
fv_status fvi_class_find(const fvi_network *net, const fvi_logits *l, const char *name,
                         int64_t *index, fv_error *err);

#endif
