/* SPDX-License-Identifier: Apache-2.0 */
/* objective_describe: what an expression was taken for, in public. */
#include "base/error.h"
#include "runtime/model.h"
#include "vis/objective/objective.h"

#include <string.h>

fv_status fv_objective_describe(const fv_model *model, const char *objective, char *text,
                                size_t size, char note[256], fv_error *err) {
    fvi_objective o;
    fv_status st = FVI_NOT_NULL(err, model, objective, text, note);
    if (st) return st;
    if (!size) return fvi_fail(err, FV_ARG, "fv_objective_describe: size is 0; at least 1");
    st = fvi_objective_parse(model->network, objective, NULL, FV_REDUCTION_MEAN, &o, err);
    if (!st) {
        fvi_objective_text(&o, text, size);
        memcpy(note, o.note, sizeof o.note);
    }
    fvi_objective_clear(&o);
    return st;
}
