/* SPDX-License-Identifier: Apache-2.0 */
/* request: from objectives to the tables that are measured. `LAYER` and `LAYER:C` of one layer
 * share a table of all its channels: one pass gives them all, and the stored index serves later
 * requests. Any other objective is a table of one unit.
 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "graph/receptive_field.h"
#include "inspect/dataset/dataset.h"
#include "model/network/find.h"
#include "model/network/lower.h"
#include "runtime/lowered.h"
#include "runtime/model_state.h"

#define KEY_VERSION "1 resized to size/0.875, bicubic, centre"

void fvi_layer_table_free(void *table) {
    fvi_layer_table *t = table;
    if (!t) return;
    fvi_objective_clear(&t->o);
    fvi_index_close(t->index);
    g_free(t->name);
    g_free(t->row);
    g_free(t);
}

/* Whether an objective is LAYER or LAYER:C and nothing more. */
static int is_unit(const fvi_objective *o) {
    const fvi_term *t = o->terms;
    return o->n_terms == 1 && t->bare && t->weight == 1 && !t->n_position &&
           (t->kind == &fvi_term_layer || (t->kind == &fvi_term_channel && t->channel >= 0));
}

/* Number of a value among those the plan gives. */
static int want(fv_examples *e, const char *value) {
    for (int i = 0; i < e->n_wanted; i++)
        if (!strcmp(e->wanted[i], value)) return i;
    e->wanted = g_renew(const char *, e->wanted, e->n_wanted + 1);
    e->wanted[e->n_wanted] = value;
    return e->n_wanted++;
}

void fvi_examples_collect_values(fv_examples *e) {
    e->n_wanted = 0;
    for (guint i = 0; i < e->tables->len; i++) {
        fvi_layer_table *t = e->tables->pdata[i];
        for (int v = 0; t->active && v < t->o.n_values; v++) t->target[v] = want(e, t->o.values[v]);
    }
}

/* A layer's number of units, the axes of their positions, and their receptive fields. */
static fv_status describe(const fv_examples *e, fvi_layer_table *t, fv_error *err) {
    const fvi_network *net = e->model->network;
    fvi_graph *g = NULL;
    fvi_extent extent;
    fvi_sample_axes sample;
    const fvi_shape own = fvi_network_input_shape(net, 1, 0, 0);
    fv_status st = fvi_model_lower(e->model, &own, t->o.values, 1, &g, err);
    if (st) return st;
    const int v = g->outputs[0];
    st = fvi_extent_find(g, v, 1, t->name, &extent, &sample, err);
    if (!st) st = fvi_graph_receptive_field(g, fvi_network_input(net), v, t->reach, err);
    if (!st) st = fvi_token_grid_find(g, fvi_network_input(net), v, sample.channel, &t->grid, err);
    fvi_graph_free(g);
    if (st) return st;
    t->n_axes = fvi_position_axes(&sample, t->axis);
    for (int i = 0; i < t->n_axes; i++) t->size[i] = sample.shape.dim[t->axis[i]];
    if (t->is_layer && extent.channels > FVI_UNITS_MAX)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "layer \"%s\" has %" PRId64 " units; at most %d are measured on photos",
                        t->name, extent.channels, FVI_UNITS_MAX);
    t->units = t->is_layer ? (int)extent.channels : 1;
    return FV_OK;
}

/* Finds or makes the table of an objective, which is moved into it.  returns  its index */
static fv_status table_of(fv_examples *e, fvi_objective *o, int is_layer, const char *text,
                          int *number, fv_error *err) {
    for (guint i = 0; i < e->tables->len; i++) {
        const fvi_layer_table *have = e->tables->pdata[i];
        *number = (int)i;
        if (have->is_layer != is_layer) continue;
        if (is_layer ? !strcmp(have->o.values[0], o->values[0]) : !strcmp(have->name, text)) {
            fvi_objective_clear(o);
            return FV_OK;
        }
    }
    fvi_layer_table *t = g_new0(fvi_layer_table, 1);
    *number = (int)e->tables->len;
    g_ptr_array_add(e->tables, t);
    t->o = *o;
    t->is_layer = is_layer;
    t->units = 1;
    t->reach[0].axis = t->reach[1].axis = -1;
    t->name = g_strdup(is_layer ? t->o.layers[0] : text);
    const int one_place = t->o.n_terms == 1 && t->o.terms[0].n_position;
    return is_layer || one_place ? describe(e, t, err) : FV_OK;
}

static void add_unit(fv_examples *e, int table, int channel, char *name) {
    fvi_unit_request unit = {table, channel, name};
    g_array_append_val(e->units, unit);
}

static fv_status add_objective(fv_examples *e, const fv_objective *objective, fv_error *err) {
    fvi_objective o;
    int table = 0;
    fv_status st =
        fvi_objective_resolve(objective, NULL, e->model->network, FVI_REDUCTION_LITERAL, &o, err);
    if (st) return st;
    st = fvi_objective_check_plain(&o, "a photo", err);
    if (st) {
        fvi_objective_clear(&o);
        return st;
    }
    const int unit = is_unit(&o);
    const int64_t channel = unit ? o.terms[0].channel : 0;
    char *text = fvi_objective_string(&o);
    st = table_of(e, &o, unit, text, &table, err);
    g_free(text);
    if (st) return st;
    const fvi_layer_table *t = e->tables->pdata[table];
    if (!unit)
        add_unit(e, table, 0, g_strdup(t->name));
    else if (channel >= 0)
        add_unit(e, table, (int)channel, g_strdup_printf("%s:%d", t->name, (int)channel));
    for (int c = 0; unit && channel < 0 && c < t->units; c++)
        add_unit(e, table, c, g_strdup_printf("%s:%d", t->name, c));
    if (unit && channel >= t->units)
        return fvi_fail(err, FV_NOTFOUND,
                        "layer \"%s\" has %d channels; %" PRId64 " does not exist", t->name,
                        t->units, channel);
    return FV_OK;
}

fv_status fvi_examples_request(fv_examples *e, const fv_objective *const *objectives, int count,
                               fv_error *err) {
    fv_status st = FV_OK;
    for (int i = 0; i < count && !st; i++) st = add_objective(e, objectives[i], err);
    return st;
}

/* ---- keys ----------------------------------------------------------------------------------- */

static void add_numbers(GString *key, const char *name, const float *v, int n) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf(key, "%s", name);
    for (int i = 0; i < n; i++)
        g_string_append_printf(key, " %s", g_ascii_dtostr(text, sizeof text, (double)v[i]));
    g_string_append_c(key, '\n');
}

/* A direction comes from a file, which may change: its numbers are part of the key. */
static void add_vectors(GString *key, const fvi_objective *o) {
    for (int i = 0; i < o->n_terms; i++) {
        const fv_tensor *v = o->terms[i].vector;
        if (!v) continue;
        char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)v->data,
                                                (gsize)fv_tensor_count(v) * sizeof *v->data);
        g_string_append_printf(key, "vector %s\n", sum);
        g_free(sum);
    }
}

char *fvi_layer_table_key(const fv_examples *e, const fvi_layer_table *t) {
    const fv_input *in = fv_model_input(e->model);
    GString *key = g_string_new("fovea examples " KEY_VERSION "\n");
    g_string_append_printf(key, "model %s\n", fv_model_sha256(e->model));
    g_string_append_printf(key, "input %s %d %dx%d order %d\n", in->name, in->channels, in->height,
                           in->width, in->channel_order);
    add_numbers(key, "range", &in->range, 1);
    if (in->fit != FV_FIT_CROP || in->crop_ratio != 0.875f) { /* older stores do not name it */
        const float fit[2] = {(float)in->fit, in->crop_ratio};
        add_numbers(key, "fit", fit, 2);
    }
    if (in->fit == FV_FIT_PAD) add_numbers(key, "padding", in->pad_color, 3);
    add_numbers(key, "mean", in->mean, 4);
    add_numbers(key, "scale", in->scale, 4);
    g_string_append_printf(key, "%s %s\nunits %d\n", t->is_layer ? "layer" : "objective",
                           t->is_layer ? t->o.values[0] : t->name, t->units);
    add_vectors(key, &t->o);
    return g_string_free(key, FALSE);
}
