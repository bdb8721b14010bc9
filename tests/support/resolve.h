/* SPDX-License-Identifier: Apache-2.0 */
/* An objective of the library's inside, from its text. */
#ifndef TESTS_SUPPORT_RESOLVE_H
#define TESTS_SUPPORT_RESOLVE_H

#include "vis/objective/objective.h"

/* more  terms that are added, or NULL    out  to be freed with fvi_objective_clear,
 * also on failure */
static inline fv_status resolve_text(const fvi_network *net, const char *text, const char *more,
                                     fvi_reduction reduction, fvi_objective *out, fv_error *err) {
    fv_objective *o = NULL, *added = NULL;
    *out = (fvi_objective){0};
    fv_status st = fvi_objective_read(net, text, NULL, 0, &o, err);
    if (!st && more) st = fvi_objective_read(net, more, NULL, 0, &added, err);
    if (!st) st = fvi_objective_resolve(o, added, net, reduction, out, err);
    fv_objective_free(o);
    fv_objective_free(added);
    return st;
}

#endif
