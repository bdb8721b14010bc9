/* SPDX-License-Identifier: Apache-2.0 */
/* Finding layers, values and classes by name. */
#ifndef FVI_MODEL_NETWORK_FIND_H
#define FVI_MODEL_NETWORK_FIND_H

#include "model/network/network.h"

/* Index of a class by name: letters and digits compared without case, all else ignored; each of the
 * names of "tench, Tinca tinca" finds it; else a plain number within the count is an index.
 *   errors  NOTFOUND, with the nearest names */
fv_status fvi_network_find_class(const fvi_network *net, const char *name, int *index,
                                 fv_error *err);
/* Finds a layer: exact name, exact name of its output, `#index`, or a unique ending of either after
 * a '/' or '.'.  errors  NOTFOUND, with the nearest names, or with those an ending fits */
fv_status fvi_network_find_layer(const fvi_network *net, const char *name, int *index,
                                 fv_error *err);
/* Finds any value: those of the file, those of the graph, layers (their output), `#index`, unique
 * endings; NULL: the output that the caller of the loading chose, else the first.
 *   value   the name fvi_network_lower knows it by; lives as long as the network */
fv_status fvi_network_find_value(const fvi_network *net, const char *name, const char **value,
                                 fv_error *err);
/* The name of the layer that computes a value, as people know it; else the value's. Lives as long
 * as the network and `value`. */
const char *fvi_network_value_layer(const fvi_network *net, const char *value);

#endif
