/* SPDX-License-Identifier: Apache-2.0 */
/* receptive_crop: which rectangle of a picture neurons depend on.
 *
 * A neuron at position p of a map depends on the pixels p*jump + first .. p*jump + last
 * (graph/receptive_field.c). Take a rectangle that contains them all, begins at a multiple of the
 * network's total stride and is shorter than the picture by multiples of it. It goes through the
 * same windows at every layer, and the padding at its cut sides affects none of the neurons. So
 * their values are the same, their positions are moved by y / jump, and outside the rectangle the
 * gradient is zero.
 *
 * What it does not do: crops for channels, layers and other objectives of whole maps; crops for
 * networks with position embeddings or other constants of each position.
 */
#include "vis/update/receptive_crop.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/planes.h"
#include "graph/receptive_field.h"
#include "runtime/session.h"

/* A crop larger than this share of the picture saves too little for another plan. */
#define WORTH 0.8

/* The extent of the crop along one axis of the picture. */
typedef struct span {
    int64_t size, stride; /* of the picture; see fvi_graph_total_stride */
    double first, last;   /* pixels in receptive fields */
} span;

/* Whether all terms of the network are of single neurons. */
static int of_neurons(const fvi_objective *o) {
    int any = 0;
    for (int i = 0; i < o->n_terms; i++) {
        if (o->terms[i].value < 0) continue;
        if (!o->terms[i].n_position) return 0;
        any = 1;
    }
    return any;
}

/* The axes of a value that correspond to height and width, and their lengths.
 * returns 0 if the value depends on the whole picture along one of them */
static int find_axes(const fvi_graph *g, int v, const fvi_receptive_field *field,
                     fvi_crop_axis *axis) {
    for (int d = 0; d < 2; d++) {
        if (field[d].axis < 0) return 0;
        axis[d] = (fvi_crop_axis){field[d].axis, g->values[v].shape.dim[field[d].axis], 0};
    }
    return axis[0].axis != axis[1].axis;
}

/* NOMEM is reported; after any other failure there is no crop. */
static fv_status only_nomem(fv_status st, const fv_error *why, fv_error *err) {
    return st == FV_NOMEM ? fvi_fail(err, st, "%s", why->text) : FV_OK;
}

/* A value for one picture: a sample of it, and which of its axes are positions. */
typedef struct map {
    fvi_sample_axes sample;
    int axis[FVI_MAX_DIMS], n;
} map;

/* Finds the map of a graph's value; none (n 0) if the axis of its samples is unknown. */
static fv_status find_map(const fvi_graph *g, int v, int64_t samples, const char *name, map *m,
                          fv_error *err) {
    fvi_extent extent;
    fv_error why = {0};
    const fv_status st = fvi_extent_find(g, v, samples, name, &extent, &m->sample, &why);
    m->n = st ? 0 : fvi_position_axes(&m->sample, m->axis);
    return only_nomem(st, &why, err);
}

/* Extends the spans by the receptive field of a term; 0 if its position is not in this map. */
static int extend(const fvi_term *t, const map *m, const fvi_crop_axis *axis,
                  const fvi_receptive_field *field, span *s) {
    if (m->n != 2 || (t->n_position != FVI_CENTRE && t->n_position < 2)) return 0;
    for (int i = 0; i < 2; i++) {
        const int d = m->axis[i] == axis[1].axis;
        const int64_t at = fvi_term_coordinate(t, i, m->sample.shape.dim[m->axis[i]]);
        if (m->axis[i] != axis[d].axis || at < 0) return 0;
        s[d].first = fmin(s[d].first, (double)at * field[d].jump + field[d].first);
        s[d].last = fmax(s[d].last, (double)at * field[d].jump + field[d].last);
    }
    return 1;
}

/* What a crop is searched in: the graph of the whole picture, and the objectives on its outputs. */
typedef struct search {
    const fv_session *session;
    const fvi_objective_list *objectives;
    const fvi_shape *whole; /* the network's input */
    const fvi_graph *graph;
    int64_t samples; /* the graph is made for */
} search;

/* The spans of all objectives.  found  0 if no crop contains what they depend on */
static fv_status extend_all(const search *a, fvi_receptive_crop *crop,
                            fvi_receptive_field (*field)[2], span *s, int *found, fv_error *err) {
    const fv_input *in = fvi_network_input(fvi_session_network(a->session));
    const fvi_objective *const *objectives = a->objectives->list;
    const fvi_graph *g = a->graph;
    *found = 1;
    for (int v = 0; *found && v < objectives[0]->n_values; v++) {
        map m;
        fv_status st = fvi_graph_receptive_field(g, in, g->outputs[v], field[v], err);
        if (!st) st = find_map(g, g->outputs[v], a->samples, objectives[0]->layers[v], &m, err);
        if (st) return st;
        *found = find_axes(g, g->outputs[v], field[v], crop->value[v]);
        for (int k = 0; *found && k < a->objectives->n; k++)
            for (int i = 0; *found && i < objectives[k]->n_terms; i++)
                if (objectives[k]->terms[i].value == v)
                    *found = extend(&objectives[k]->terms[i], &m, crop->value[v], field[v], s);
    }
    return FV_OK;
}

/* From the first pixel to after the last, at multiples of the total stride from both ends. */
static void cut(const span *s, int *from, int *length) {
    const double last = fmin(s->last, (double)s->size - 1), first = fmax(s->first, 0);
    const int64_t before = (int64_t)floor(first / (double)s->stride) * s->stride;
    const int64_t behind =
        (int64_t)floor(((double)s->size - 1 - last) / (double)s->stride) * s->stride;
    *from = (int)before;
    *length = (int)(s->size - before - behind);
}

/* The crop for a graph of the whole picture; `out` stays the whole where there is none. */
static fv_status find_in(const search *a, fvi_receptive_crop *out, fv_error *err) {
    const fv_input *in = fvi_network_input(fvi_session_network(a->session));
    const fvi_objective *first = a->objectives->list[0];
    const int axis = in->channels_last ? 1 : 2;
    span s[2] = {{.size = out->h, .first = INFINITY, .last = -INFINITY},
                 {.size = out->w, .first = INFINITY, .last = -INFINITY}};
    fvi_receptive_field field[FVI_MAX_VALUES][2];
    fvi_receptive_crop p = {.n_values = first->n_values};
    fvi_shape shape = *a->whole;
    fv_status st = fvi_graph_total_stride(a->graph, in, &s[0].stride, err);
    int found = 0, takes = 0;
    s[1].stride = s[0].stride;
    if (!st && s[0].stride) st = extend_all(a, &p, field, s, &found, err);
    if (st || !found) return st;
    cut(&s[0], &p.y, &p.h);
    cut(&s[1], &p.x, &p.w);
    if (p.h < 1 || p.w < 1 || (double)p.h * p.w > WORTH * out->h * out->w) return FV_OK;
    for (int v = 0; v < p.n_values; v++)
        for (int d = 0; d < 2; d++)
            p.value[v][d].before = (int64_t)((d ? p.x : p.y) / field[v][d].jump);
    shape.dim[axis] = p.h;
    shape.dim[axis + 1] = p.w;
    st = fvi_session_takes(a->session, &shape, first->values, p.n_values, &takes, err);
    if (!st && takes) *out = p;
    return st;
}

fv_status fvi_receptive_crop_find(const fv_session *session, const fvi_objective_list *objectives,
                                  const fvi_shape *whole, int h, int w, fvi_receptive_crop *out,
                                  fv_error *err) {
    *out = (fvi_receptive_crop){.h = h, .w = w};
    const fv_input *in = fvi_network_input(fvi_session_network(session));
    if (!in->is_image || whole->ndim != 4) return FV_OK;
    for (int k = 0; k < objectives->n; k++)
        if (!of_neurons(objectives->list[k])) return FV_OK;
    fvi_graph *g = NULL;
    int64_t samples;
    fv_error why = {0};
    const fvi_objective *first = objectives->list[0];
    fv_status st =
        fvi_session_graph(session, whole, first->values, first->n_values, &g, &samples, &why);
    if (st)
        return only_nomem(st, &why, err); /* other errors are reported when the whole is planned */
    st = find_in(&(search){session, objectives, whole, g, samples}, out, err);
    fvi_graph_free(g);
    return st;
}

void fvi_receptive_crop_cut(const fvi_receptive_crop *p, const float *whole, int channels, int h,
                            int w, float *crop) {
    fvi_planes_crop(fvi_planes_view(channels, h, w, whole), p->y, p->x,
                    fvi_planes_of(channels, p->h, p->w, crop));
}

void fvi_receptive_crop_paste(const fvi_receptive_crop *p, const float *crop, int channels, int h,
                              int w, float *whole) {
    const fvi_planes to = fvi_planes_of(channels, h, w, whole);
    memset(whole, 0, (size_t)fvi_planes_count(to) * sizeof *whole);
    fvi_planes_paste(fvi_planes_view(channels, p->h, p->w, crop), to, p->y, p->x);
}
