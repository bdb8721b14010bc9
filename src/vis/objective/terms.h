/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of terms that are written as NAME(argument, ...): a table of rows. */
#ifndef FVI_VIS_OBJECTIVE_TERMS_H
#define FVI_VIS_OBJECTIVE_TERMS_H

#include "vis/objective/term.h"

/* The kind of that name that is computed from the network's values, or NULL. */
const fvi_term_kind *fvi_terms_find(const char *name);
/* The kind of that name that is computed from the picture alone: the one that takes so many
 * arguments (tv and tv(2) are two), else any of them; NULL where there is none. */
const fvi_term_kind *fvi_terms_find_picture(const char *name, int count);
/* Kind i of the table, from 0; NULL behind the last. That of prob:C, which is not written as a
 * call, is not among them. */
const fvi_term_kind *fvi_terms_at(size_t i);
/* "LAYER, LAYER:C, ..., neuron(), ...; of the picture tv, l1, ...": what a term may be; caller
 * frees with g_free. */
char *fvi_terms_names(void);

#endif
