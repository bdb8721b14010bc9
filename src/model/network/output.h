/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a network's outputs its classes are read from, and what its row of numbers is. */
#ifndef FVI_MODEL_NETWORK_OUTPUT_H
#define FVI_MODEL_NETWORK_OUTPUT_H

#include "graph/classes/row.h"
#include "model/network/network.h"

/* Whether a value of the network's graph is a row of numbers for each sample. */
int fvi_network_row(const fvi_network *net, int v, fvi_row *out);

/* The value the network's classes are read from: of the output that was asked for (option output);
 * else of several outputs the first row that is as long as there are class names, else the last
 * row, else the first output. It is that output, or the row that the output ranks, rounds or
 * scales. NULL: the network has no output. */
const char *fvi_network_output(const fvi_network *net);
/* What is chosen among several outputs, and what is read of it, in one sentence; NULL: there is
 * nothing to say. Caller frees with g_free. */
char *fvi_network_output_note(const fvi_network *net);
/* Checks the name that option output gives.  errors  NOTFOUND */
fv_status fvi_network_check_output(const fvi_network *net, fv_error *err);

/* The row that the network's classes are read from.
 *   errors  SHAPE it has none, with what was found and the options; UNSUPPORTED, SHAPE it cannot be
 *           computed */
fv_status fvi_network_class_row(const fvi_network *net, fvi_row *out, fv_error *err);
/* Whether the shape of the value that they are read from is known only when it is run. */
int fvi_network_row_is_open(const fvi_network *net);

#endif
