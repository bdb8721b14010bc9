/* SPDX-License-Identifier: Apache-2.0 */
/* receptive_size: how large a picture has to be for the units it is made for.
 *
 * Units of early layers have receptive fields of a few pixels. A picture of three times that, in
 * both directions, shows the same texture as a larger one and costs a fraction of it.
 */
#include "model/network/lower.h"
#include "vis/recipe/receptive_size.h"

#include <glib.h>
#include <string.h>

#include "runtime/lowered.h"

#define FIELDS_PER_SIDE 3   /* sides of a picture, in receptive fields */
#define SMALLEST_SIDE   96  /* pixels: details of smaller pictures are hard to see */
#define SIDE_STEP       32  /* sides are multiples of it: what networks reduce pictures by */
#define WORTHWHILE      0.8 /* share of the model's own picture above which that is used */

static void add_value(const fvi_network *net, const char *value, fvi_units_extent *e) {
    int made = 0;
    if (g_ptr_array_find_with_equal_func(e->values, value, g_str_equal, NULL)) return;
    g_ptr_array_add(e->values, g_strdup(value));
    for (int i = 0; i < fvi_network_layer_count(net); i++) {
        const fv_layer *l = fvi_network_layer(net, i);
        if (strcmp(l->output, value) != 0) continue;
        e->height = MAX(e->height, l->receptive_field[0]);
        e->width = MAX(e->width, l->receptive_field[1]);
        made = 1;
    }
    if (!made) e->whole = 1; /* by no layer: its receptive field is not known */
}

static fv_status add_objective(const fvi_network *net, const fv_objective *objective,
                               fvi_units_extent *e, fv_error *err) {
    fvi_objective o = {0};
    fv_status st = fvi_objective_resolve(objective, NULL, net, FVI_REDUCTION_MEAN, &o, err);
    if (!st && fvi_objective_photo(&o)) e->whole = 1;
    for (int i = 0; i < o.n_terms; i++)
        if (o.terms[i].value >= 0 && o.terms[i].n_position > 0) e->whole = 1;
    for (int v = 0; !st && v < o.n_values; v++) add_value(net, o.values[v], e);
    fvi_objective_clear(&o);
    return st;
}

fv_status fvi_units_extent_find(const fvi_network *net, const fv_objective *const *objectives,
                                int count, fvi_units_extent *out, fv_error *err) {
    fvi_units_extent e = {.values = g_ptr_array_new_with_free_func(g_free)};
    fv_status st = fvi_objectives_check(objectives, count, err);
    for (int i = 0; !st && i < count; i++) st = add_objective(net, objectives[i], &e, err);
    if (st)
        g_ptr_array_unref(e.values);
    else
        *out = e;
    return st;
}

/* The side of a picture for units that see `field` pixels of it. */
static int side_for(int64_t field, int own) {
    const int64_t side = (FIELDS_PER_SIDE * field + SIDE_STEP - 1) / SIDE_STEP * SIDE_STEP;
    return (int)CLAMP(side, MIN(SMALLEST_SIDE, own), own);
}

fv_status fvi_receptive_size_find(const fv_model *model, const fvi_units_extent *extent,
                                  fvi_receptive_size *out, fv_error *err) {
    const fvi_network *net = model->network;
    const fv_input *in = fvi_network_input(net);
    const int h = side_for(extent->height, in->height), w = side_for(extent->width, in->width);
    const fvi_shape shape = fvi_network_input_shape(net, 1, h, w);
    int small = extent->values->len && !extent->whole &&
                (double)h * w < WORTHWHILE * in->height * in->width;
    fv_status st = FV_OK;
    if (small)
        st = fvi_model_takes(model, &shape, (const char *const *)extent->values->pdata,
                             (int)extent->values->len, &small, err);
    if (!st) *out = (fvi_receptive_size){1, small, h, w};
    return st;
}
