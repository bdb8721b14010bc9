/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: what a caller asks, over what the recipe has, over what the model is: the one place
 * where defaults are filled in.
 */
#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "engine/model.h"
#include "vis/objective.h"
#include "vis/options.h"
#include "vis/recipe.h"

#define MAX_BATCH 1024

/* A field that is not given is the recipe's. */
#define OR(field) \
    if (!d.field) d.field = r.field
#define OR_PART(part) \
    if (!d.part.kind) d.part = r.part

/* Merges a desc over a recipe. */
static fv_render_desc merge(fv_render_desc d, fv_render_desc r) {
    g_strlcpy(d.recipe, r.recipe, sizeof d.recipe);
    OR(width);
    OR(height);
    OR(starts);
    OR(reading);
    OR_PART(param);
    OR_PART(start);
    OR_PART(transforms);
    OR_PART(walk);
    OR_PART(regularizer);
    OR_PART(gradient);
    OR_PART(optimizer);
    OR(schedule.steps);
    OR(schedule.copies);
    OR(schedule.levels);
    OR(schedule.level_scale);
    OR(schedule.grow);
    OR(schedule.carry);
    OR(schedule.tile);
    OR(schedule.patience);
    OR(schedule.keep_best);
    OR_PART(display);
    OR(redirect);
    if (!d.regularizer.every) d.regularizer.every = 1;
    if (!d.optimizer.rate_end) d.optimizer.rate_end = 1;
    return d;
}

/* Whether a value has one number a channel: classes, vectors. */
static int is_vector(const fvi_network *net, const char *value) {
    for (int i = 0; i < fvi_network_layer_count(net); i++) {
        const fv_layer *l = fvi_network_layer(net, i);
        int64_t elements = 1, most = 1;
        if (strcmp(l->output, value) != 0) continue;
        for (int k = 0; k < l->ndim; k++) {
            elements *= l->dim[k];
            most = MAX(most, l->dim[k]);
        }
        return elements == most;
    }
    return 0;
}

const char *fv_recipe_default(const fv_model *model, const char *objective) {
    fvi_objective o = {0};
    if (!model || !fvi_network_input(model->network)->is_image) return model ? "erhan" : "fovea";
    if (!objective) return "fovea";
    int vector = 1;
    if (!fvi_objective_parse(model->network, objective, NULL, FV_READING_MEAN, &o, NULL))
        for (int i = 0; i < o.n_values; i++)
            vector = vector && is_vector(model->network, o.values[i]);
    fvi_objective_clear(&o);
    return vector ? "fovea" : "fovea-layer";
}

/* A picture's sizes are the model's where neither caller nor recipe has one. */
static void fill_picture(const fv_input *in, fv_render_desc *d) {
    if (!d->width) d->width = in->width;
    if (!d->height) d->height = in->height;
    d->channels = in->channels;
}

/* Other inputs: their elements, seen as [channels][height][width]. */
static fv_status fill_other(const fv_input *in, fv_render_desc *d, fv_error *err) {
    int64_t elements = 1;
    for (int i = 1; i < in->ndim; i++) elements *= in->dim[i] > 0 ? in->dim[i] : 1;
    if (elements > G_MAXINT)
        return fvi_fail(err, FV_UNSUPPORTED, "the input has %" G_GINT64_FORMAT " elements",
                        elements);
    if (d->channels < 0 || d->height < 0 || d->width < 0)
        return fvi_fail(err, FV_ARG, "the shape is %dx%dx%d; sizes are at least 1", d->channels,
                        d->height, d->width);
    if (!d->channels) d->channels = 1;
    if (!d->height) d->height = 1;
    if (!d->width) d->width = (int)(elements / d->channels / d->height);
    if ((int64_t)d->channels * d->height * d->width == elements) return FV_OK;
    return fvi_fail(err, FV_SHAPE,
                    "%dx%dx%d are not the %" G_GINT64_FORMAT " elements of the input", d->channels,
                    d->height, d->width, elements);
}

static fv_status check_on_nan(fv_render_desc *d, fv_error *err) {
    if (!d->on_nan) d->on_nan = FV_ON_NAN_STOP;
    if ((int)d->on_nan > 0 && d->on_nan <= FV_ON_NAN_KEEP) return FV_OK;
    return fvi_fail(err, FV_ARG, "on_nan is %d; allowed are 0 to %d", (int)d->on_nan,
                    FV_ON_NAN_KEEP);
}

fv_status fv_render_desc_resolve(const fv_model *model, const fv_render_desc *desc,
                                 fv_render_desc *out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, out);
    if (st) return st;
    const fv_input *in = fvi_network_input(model->network);
    fv_render_desc d = desc ? *desc : (fv_render_desc){0}, base;
    d.recipe[sizeof d.recipe - 1] = d.regularizer.terms[sizeof d.regularizer.terms - 1] = '\0';
    const char *name = *d.recipe ? d.recipe : fv_recipe_default(model, NULL);
    st = fvi_recipe_find(name, &base, err);
    if (st) return st;
    d = merge(d, base);
    if (in->is_image)
        fill_picture(in, &d);
    else
        st = fill_other(in, &d, err);
    if (!st && (d.batch < 0 || d.batch > MAX_BATCH))
        st = fvi_fail(err, FV_ARG, "batch is %d; allowed are 0 (chosen) to %d", d.batch, MAX_BATCH);
    if (!st) st = check_on_nan(&d, err);
    if (!st) st = fvi_options_check(&d, err);
    if (!st) *out = d;
    return st;
}
