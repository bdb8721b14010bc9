/* SPDX-License-Identifier: Apache-2.0 */
/* An open Darknet network: its sections as layers, with their sizes and weights. */
#ifndef FVI_MODEL_DARKNET_FILE_H
#define FVI_MODEL_DARKNET_FILE_H

#include "model/darknet/cfg.h"
#include "model/operations/list.h"

#define FVI_ROUTE_MAX 64 /* layers that one joins */

/* Sizes of one sample. */
typedef struct fvi_darknet_size {
    int64_t c, h, w;
} fvi_darknet_size;

/* A layer: a section behind [net], and the detail of its operation. */
typedef struct fvi_darknet_layer {
    const fvi_cfg_section *section;
    const char *bad;          /* key of the first option that is no number, or NULL */
    fvi_darknet_size in, out; /* out.c 0: not known, for the reason `unknown` */
    const char *unknown;
    const char *problem; /* why its weights could not be found, or NULL */
    fvi_const *weights, *biases, *scales, *mean, *variance; /* NULL: none */
} fvi_darknet_layer;

typedef struct fvi_darknet {
    fvi_model_file file;
    GPtrArray *sections; /* fvi_cfg_section * */
    int n_layers;
    fvi_darknet_layer *layers; /* in the list's pool */
    int detects;               /* it has a detector's layer: photos are padded, not cut */
    size_t at;                 /* in the weights, while they are taken */
    uint64_t needed;           /* bytes of them */
    const char *lost;          /* why no further weights can be found, or NULL */
} fvi_darknet;

/* The layer that a number means from layer `index`: one of its own, or so many before. -1: there is
 * none before it. */
int fvi_darknet_from(int index, int64_t number);
/* Notes why a layer cannot be computed; `why` is freed. */
void fvi_darknet_give_up(fvi_darknet *d, int index, char *why);
/* A text in the list's pool; `text` is freed. */
const char *fvi_darknet_text(fvi_darknet *d, char *text);

#endif
