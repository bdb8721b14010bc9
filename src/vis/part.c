/* SPDX-License-Identifier: Apache-2.0 */
/* part: which rectangle of a picture neurons see.
 *
 * A neuron at place p of a map sees the pixels p*jump + first .. p*jump + last (model/receptive.c).
 * A rectangle that holds them all, begins at a multiple of the network's longest jump and is
 * shorter than the picture by multiples of it goes through the same windows at every layer: what is
 * padded at its cut sides reaches none of the neurons. So their values are the same, their places
 * are moved by y / jump, and outside of the rectangle the gradient is zero.
 *
 * What it does not do: parts for channels, layers and other objectives of whole maps; parts of
 * networks that add numbers of their own to each place.
 */
#include "vis/part.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "vis/term.h"

#define WORTH 0.8 /* a part larger than this share of the picture is not worth a size of its own \
                   */

/* What is found out along one direction of the picture. */
typedef struct span {
    int64_t size, period; /* of the picture; see fvi_graph_period */
    double first, last;   /* pixels seen */
} span;

/* Whether all that is asked of the network is asked of neurons. */
static int of_neurons(const fvi_objective *o) {
    int any = 0;
    for (int i = 0; i < o->n_terms; i++) {
        if (o->terms[i].value < 0) continue;
        if (!o->terms[i].n_position) return 0;
        any = 1;
    }
    return any;
}

/* Where the axes of a value lie that run along the picture, how long they are.
 * returns 0 if it sees the whole picture along one of them */
static int find_axes(const fvi_graph *g, int v, const fvi_reach *reach, fvi_part_axis *axis) {
    for (int d = 0; d < 2; d++) {
        if (reach[d].axis < 0) return 0;
        axis[d] = (fvi_part_axis){reach[d].axis, g->values[v].shape.dim[reach[d].axis], 0};
    }
    return axis[0].axis != axis[1].axis;
}

/* Widens the spans by what a term sees; 0 if its position is none of this map. */
static int look(const fvi_term *t, const fvi_shape *sample, int channel_axis, int batch_axis,
                const fvi_part_axis *axis, const fvi_reach *reach, span *s) {
    int found = 0;
    for (int i = 0, n = 0; i < sample->ndim; i++) {
        if (i == channel_axis || (i == batch_axis && sample->dim[i] == 1)) continue;
        const int d = i == axis[1].axis;
        if (i != axis[d].axis || (t->n_position != FVI_CENTRE && n >= t->n_position)) return 0;
        int64_t at = t->n_position == FVI_CENTRE ? sample->dim[i] / 2 : t->position[n];
        if (at >= sample->dim[i]) return 0;
        s[d].first = fmin(s[d].first, (double)at * reach[d].jump + reach[d].first);
        s[d].last = fmax(s[d].last, (double)at * reach[d].jump + reach[d].last);
        found++;
        n++;
    }
    return found == 2;
}

/* All spans of all objectives; 0 if there is more to be seen than the part. */
static int look_all(const fvi_graph *g, const fv_input *in, const fvi_objective *const *objectives,
                    int n, fvi_part *part, fvi_reach (*reach)[2], span *s) {
    for (int v = 0; v < objectives[0]->n_values; v++) {
        fvi_extent extent;
        fvi_shape sample;
        int channel_axis, batch_axis;
        const int value = g->outputs[v];
        if (fvi_graph_reach(g, in, value, reach[v], NULL) ||
            !find_axes(g, value, reach[v], part->value[v]) ||
            fvi_extent_find(g, value, 1, objectives[0]->values[v], &extent, &channel_axis,
                            &batch_axis, &sample, NULL))
            return 0;
        for (int k = 0; k < n; k++)
            for (int i = 0; i < objectives[k]->n_terms; i++)
                if (objectives[k]->terms[i].value == v &&
                    !look(&objectives[k]->terms[i], &sample, channel_axis, batch_axis,
                          part->value[v], reach[v], s))
                    return 0;
    }
    return 1;
}

/* From the first pixel to behind the last, at multiples of the period from both ends. */
static void cut(const span *s, int *from, int *length) {
    const double last = fmin(s->last, (double)s->size - 1), first = fmax(s->first, 0);
    const int64_t before = (int64_t)floor(first / (double)s->period) * s->period;
    const int64_t behind =
        (int64_t)floor(((double)s->size - 1 - last) / (double)s->period) * s->period;
    *from = (int)before;
    *length = (int)(s->size - before - behind);
}

/* Whether the network can be asked for pictures of that size. */
static int is_taken(const fvi_network *net, const fvi_objective *o, const fvi_shape *shape) {
    const fvi_binding binding = {.name = fvi_network_input(net)->name, .shape = *shape};
    fvi_graph *g = NULL;
    if (fvi_network_lower(net, &binding, 1, o->values, o->n_values, &g, NULL)) return 0;
    fvi_graph_free(g);
    return 1;
}

/* The part in a graph of the whole picture; it stays the whole where there is none. */
static fv_status find_in(const fvi_graph *g, const fvi_network *net,
                         const fvi_objective *const *objectives, int n, const fvi_shape *whole,
                         fvi_part *out, fv_error *err) {
    const fv_input *in = fvi_network_input(net);
    const int axis = in->channels_last ? 1 : 2;
    span s[2] = {{.size = out->h, .first = INFINITY, .last = -INFINITY},
                 {.size = out->w, .first = INFINITY, .last = -INFINITY}};
    fvi_reach reach[FVI_MAX_VALUES][2];
    fvi_part p = {.n_values = objectives[0]->n_values};
    fvi_shape shape = *whole;
    fv_status st = fvi_graph_period(g, in, &s[0].period, err);
    s[1].period = s[0].period;
    if (st || !s[0].period || !look_all(g, in, objectives, n, &p, reach, s)) return st;
    cut(&s[0], &p.y, &p.h);
    cut(&s[1], &p.x, &p.w);
    if (p.h < 1 || p.w < 1 || (double)p.h * p.w > WORTH * out->h * out->w) return FV_OK;
    for (int v = 0; v < p.n_values; v++)
        for (int d = 0; d < 2; d++)
            p.value[v][d].before = (int64_t)((d ? p.x : p.y) / reach[v][d].jump);
    shape.dim[axis] = p.h;
    shape.dim[axis + 1] = p.w;
    if (is_taken(net, objectives[0], &shape)) *out = p;
    return FV_OK;
}

fv_status fvi_part_find(const fvi_network *net, const fvi_objective *const *objectives, int n,
                        const fvi_shape *whole, int h, int w, fvi_part *out, fv_error *err) {
    *out = (fvi_part){.h = h, .w = w};
    const fv_input *in = fvi_network_input(net);
    if (!in->is_image || whole->ndim != 4) return FV_OK;
    for (int k = 0; k < n; k++)
        if (!of_neurons(objectives[k])) return FV_OK;
    const fvi_binding binding = {.name = in->name, .shape = *whole};
    fvi_graph *g = NULL;
    /* What cannot be lowered is said where the whole is planned. */
    if (fvi_network_lower(net, &binding, 1, objectives[0]->values, objectives[0]->n_values, &g,
                          NULL))
        return FV_OK;
    fv_status st = find_in(g, net, objectives, n, whole, out, err);
    fvi_graph_free(g);
    return st;
}

void fvi_part_cut(const fvi_part *p, const float *whole, int channels, int h, int w, float *part) {
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < p->h; y++)
            memcpy(part + ((int64_t)c * p->h + y) * p->w,
                   whole + ((int64_t)c * h + p->y + y) * w + p->x, (size_t)p->w * sizeof *part);
}

void fvi_part_paste(const fvi_part *p, const float *part, int channels, int h, int w,
                    float *whole) {
    memset(whole, 0, (size_t)channels * (size_t)h * (size_t)w * sizeof *whole);
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < p->h; y++)
            memcpy(whole + ((int64_t)c * h + p->y + y) * w + p->x,
                   part + ((int64_t)c * p->h + y) * p->w, (size_t)p->w * sizeof *whole);
}
