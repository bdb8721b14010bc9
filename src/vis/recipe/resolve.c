/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: what a caller asks, over what the recipe has, over what the model is, and what the units
 * need: the one place where defaults are filled in.
 *
 * Units of early layers see a few pixels. A picture of three times that, both ways, shows the same
 * texture as a larger one and costs a fraction of it (fv_render_desc_settle).
 */
#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/model.h"
#include "vis/objective/objective.h"
#include "vis/recipe/options.h"
#include "vis/recipe/recipe.h"

#define MAX_BATCH 1024

#define SEEN_TIMES 3   /* sides of a picture, in receptive fields */
#define SEEN_LEAST 96  /* pixels: smaller pictures are hard to look at */
#define SEEN_STEP  32  /* sides are multiples of it: what networks reduce pictures by */
#define SEEN_WORTH 0.8 /* share of the model's own picture above which that is taken */

/* A field that is not given is the recipe's. */
#define OR(field) \
    if (!d.field) d.field = r.field
#define OR_PART(part) \
    if (!d.part.kind) d.part = r.part

/* Merges a desc over a recipe. */
static fv_render_desc merge(fv_render_desc d, fv_render_desc r) {
    g_strlcpy(d.recipe, r.recipe, sizeof d.recipe);
    if (r.width != FV_SIZE_RECEPTIVE || (!d.width && !d.height)) { /* not for one side alone */
        OR(width);
        OR(height);
    }
    OR(restarts);
    OR(reduction);
    OR(view);
    OR_PART(param);
    OR_PART(start);
    OR_PART(transforms);
    OR_PART(in_place_transforms);
    OR_PART(regularizer);
    OR_PART(gradient);
    OR_PART(optimizer);
    OR(schedule.steps);
    OR(schedule.copies);
    OR(schedule.levels);
    OR(schedule.level_scale);
    OR(schedule.octave_order);
    OR(schedule.octave_carry);
    OR(schedule.tile);
    OR(schedule.patience);
    OR(schedule.keep_best);
    OR_PART(display);
    OR(relu_redirect_steps);
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
    if (!fvi_objective_parse(model->network, objective, NULL, FV_REDUCTION_MEAN, &o, NULL))
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
    if (d->width == FV_SIZE_RECEPTIVE) d->width = 0;
    if (d->height == FV_SIZE_RECEPTIVE) d->height = 0;
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

/* ---- what depends on the units -------------------------------------------------------------- */

/* What the units of a call see of the picture. */
typedef struct sight {
    GPtrArray *values;     /* names of the network's values they look at, each once; borrowed */
    int64_t height, width; /* the largest of their receptive fields */
    int whole;             /* whether some need the model's own picture */
} sight;

static void see_value(const fvi_network *net, const char *value, sight *s) {
    int made = 0;
    if (g_ptr_array_find_with_equal_func(s->values, value, g_str_equal, NULL)) return;
    g_ptr_array_add(s->values, (gpointer)value);
    for (int i = 0; i < fvi_network_layer_count(net); i++) {
        const fv_layer *l = fvi_network_layer(net, i);
        if (strcmp(l->output, value) != 0) continue;
        s->height = MAX(s->height, l->receptive_field[0]);
        s->width = MAX(s->width, l->receptive_field[1]);
        made = 1;
    }
    if (!made) s->whole = 1; /* by no layer: how much it sees is not known */
}

static fv_status see(const fvi_network *net, const char *text, fv_reduction reading, sight *s,
                     fv_error *err) {
    fvi_objective o = {0};
    fv_status st = fvi_objective_parse(net, text, NULL, reading, &o, err);
    if (!st && fvi_objective_photo(&o)) s->whole = 1;
    for (int i = 0; i < o.n_terms; i++)
        if (o.terms[i].value >= 0 && o.terms[i].n_position > 0) s->whole = 1;
    for (int v = 0; !st && v < o.n_values; v++) see_value(net, o.values[v], s);
    fvi_objective_clear(&o);
    return st;
}

/* The side of a picture for units that see `field` pixels of it. */
static int side_for(int64_t field, int own) {
    const int64_t side = (SEEN_TIMES * field + SEEN_STEP - 1) / SEEN_STEP * SEEN_STEP;
    return (int)CLAMP(side, MIN(SEEN_LEAST, own), own);
}

/* Sets size and view for what is seen. */
static fv_status settle(const fv_model *model, const sight *s, fv_render_desc *desc,
                        fv_error *err) {
    const fvi_network *net = model->network;
    const fv_input *in = fvi_network_input(net);
    const int h = side_for(s->height, in->height), w = side_for(s->width, in->width);
    const fvi_shape shape = fvi_network_input_shape(net, 1, h, w);
    int small = s->values->len && !s->whole && (double)h * w < SEEN_WORTH * in->height * in->width;
    fv_status st = FV_OK;
    if (small)
        st = fvi_model_takes(model, &shape, (const char *const *)s->values->pdata,
                               (int)s->values->len, &small, err);
    if (st) return st;
    desc->height = small ? h : in->height;
    desc->width = small ? w : in->width;
    if (small) desc->view = FV_VIEW_PICTURE;
    return FV_OK;
}

fv_status fv_render_desc_settle(const fv_model *model, const char *const *objectives, int count,
                                fv_render_desc *desc, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, objectives, desc);
    if (st) return st;
    if (count < 1) return fvi_fail(err, FV_ARG, "%d objectives to settle; at least 1", count);
    if (desc->width != FV_SIZE_RECEPTIVE) return FV_OK;
    sight s = {.values = g_ptr_array_new(), .whole = desc->start.kind == FV_START_IMAGE};
    for (int i = 0; !st && i < count; i++)
        st = see(model->network, objectives[i], desc->reduction, &s, err);
    if (!st) st = settle(model, &s, desc, err);
    g_ptr_array_free(s.values, TRUE);
    return st;
}
