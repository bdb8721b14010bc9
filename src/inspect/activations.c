/* SPDX-License-Identifier: Apache-2.0 */
/* activations: what layers make of an input, as maps [channels][height][width], and which channels
 * are strongest.
 *
 * vis/objective/extent.h finds the axes of channels and of samples in the graph: layers of
 * transformers and ConvNeXt have channels last. A sample's other axes are positions, none of a
 * vector. If the input is a picture, the graph says where rows and columns are among them
 * (layer_maps.h), also of a transformer's sequence; one axis of other positions is a signal, more
 * are refused. If it is none, three axes are a volume, two a map, and one is a signal.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "base/tensor.h"
#include "inspect/activations.h"
#include "inspect/layer_maps.h"
#include "model/network/find.h"
#include "runtime/session.h"

#define LAYERS_MAX 256

/* The values to be taken out of one run. */
typedef struct taking {
    fv_session *session;
    const fvi_network *net;
    int count, n_values;
    const char **layer; /* [count] its name */
    int *value;         /* [count] index among the values */
    const char **name;  /* [n_values] without repetition: values of the graph */
} taking;

/* What a layer gives in the plan that is run. */
typedef struct layer_kind {
    fvi_layer_maps maps;
    int over_picture;    /* whether the cells are where maps.grid says */
    fv_activations like; /* without data */
} layer_kind;

void fv_activations_free(fv_activations *a) {
    if (!a) return;
    free(a->data);
    free(a);
}

int64_t fvi_activations_plane(const fv_activations *a) {
    return (int64_t)MAX(a->depth, 1) * a->height * a->width;
}

/* ---- what is asked for ---------------------------------------------------------------------- */

static fv_status find_values(taking *t, const char *const *layers, fv_error *err) {
    for (int i = 0; i < t->count; i++) {
        int index, v = 0;
        if (!layers[i]) return fvi_fail(err, FV_ARG, "fv_activations_run: layer %d is NULL", i);
        fv_status st = fvi_network_find_value(t->net, layers[i], &t->name[t->n_values], err);
        if (st) return st;
        t->layer[i] = fvi_network_find_layer(t->net, layers[i], &index, NULL)
                          ? t->name[t->n_values]
                          : fvi_network_layer(t->net, index)->name;
        while (strcmp(t->name[v], t->name[t->n_values]) != 0) v++;
        t->value[i] = v;
        if (v == t->n_values) t->n_values++;
    }
    return FV_OK;
}

/* ---- from a value to maps ------------------------------------------------------------------- */

/* Sizes of a sample's axes that are positions; of more than two, those of one position go. */
static int position_sizes(const fvi_sample_axes *sample, int64_t size[FVI_MAX_DIMS]) {
    const fvi_shape *s = &sample->shape;
    int axis[FVI_MAX_DIMS], large = 0;
    const int n = fvi_position_axes(sample, axis);
    for (int i = 0; i < n; i++)
        if (n <= 2 || s->dim[axis[i]] > 1) size[large++] = s->dim[axis[i]];
    return large;
}

/* Fails because a layer has neither maps nor signals. */
static fv_status refuse(const taking *t, const fvi_layer_maps *m, int axes, const fv_activations *a,
                        fv_error *err) {
    char text[FVI_SHAPE_TEXT];
    if (fvi_network_input(t->net)->is_image) return fvi_layer_maps_refuse(t->net, a->layer, m, err);
    return fvi_fail(err, FV_SHAPE,
                    "layer \"%s\" gives %s: besides its channels it has %d axes; maps have two, "
                    "volumes three",
                    a->layer, fvi_shape_text(&m->sample.shape, text), axes);
}

/* Sets depth, height and width of the maps or signals of `axes` axes of positions. Returns 0 where
 * there are none.
 *   over_picture  whether the cells are where m->grid says */
static int find_size(const taking *t, const fvi_layer_maps *m, const int64_t *axis, int axes,
                     int *over_picture, int64_t size[3]) {
    const fvi_token_grid *grid = &m->grid;
    const int is_image = fvi_network_input(t->net)->is_image;
    size[0] = size[1] = size[2] = 1;
    *over_picture = axes > 0 && grid->kind == FVI_GRID_MAP;
    if (*over_picture) {
        size[1] = grid->rows;
        size[2] = grid->columns;
        return 1;
    }
    if (axes == 1 && grid->kind == FVI_GRID_PAIRS) return 0;
    if (axes > 3) return 0;
    for (int i = 0; i < axes; i++) size[3 - axes + i] = axis[i];
    return axes < 2 || !is_image || size[0] * size[1] * size[2] == 1;
}

/* Says what kind of thing the positions are, and how large its maps. */
static fv_status find_kind(const taking *t, const fvi_layer_maps *m, fv_activations *a,
                           int *over_picture, fv_error *err) {
    int64_t axis[FVI_MAX_DIMS], size[3];
    const int axes = position_sizes(&m->sample, axis);
    if (!find_size(t, m, axis, axes, over_picture, size)) return refuse(t, m, axes, a, err);
    if (size[0] * size[1] * size[2] == 1)
        a->kind = FV_ACTIVATION_VECTOR;
    else if (!*over_picture && axes == 1)
        a->kind = FV_ACTIVATION_SIGNALS;
    else if (*over_picture && m->grid.is_sequence)
        a->kind = FV_ACTIVATION_TOKENS;
    else
        a->kind = axes == 3 ? FV_ACTIVATION_VOLUMES : FV_ACTIVATION_MAPS;
    if (MAX(m->extent.channels, MAX(size[0], MAX(size[1], size[2]))) > G_MAXINT)
        return fvi_fail(err, FV_NOMEM, "layer \"%s\" is too large to be seen as maps", a->layer);
    if (a->kind == FV_ACTIVATION_TOKENS)
        a->skipped = (int)MIN(m->grid.before + m->grid.after, G_MAXINT);
    a->channels = (int)m->extent.channels;
    a->depth = (int)size[0];
    a->height = (int)size[1];
    a->width = (int)size[2];
    for (int d = 0; d < 2; d++) {
        a->over[d] = m->grid.over[d].low;
        a->over[2 + d] = m->grid.over[d].high;
        a->seen[d] = m->grid.seen[d].low;
        a->seen[2 + d] = m->grid.seen[d].high;
    }
    return FV_OK;
}

/* Finds what each layer gives.  kinds  [t->count] */
static fv_status find_kinds(const taking *t, const fvi_graph *g, int64_t samples, layer_kind *kinds,
                            fv_error *err) {
    fv_status st = FV_OK;
    for (int i = 0; !st && i < t->count; i++) {
        layer_kind *k = &kinds[i];
        const int v = g->outputs[t->value[i]];
        k->like.layer = t->layer[i];
        st = fvi_layer_maps_find(t->net, g, v, samples, t->layer[i], &k->maps, err);
        if (!st) st = find_kind(t, &k->maps, &k->like, &k->over_picture, err);
    }
    return st;
}

/* Copies the activations of sample n, channels first.
 *   x    the layer's values for all samples
 *   out  yours to free with fv_activations_free */
static fv_status take(const layer_kind *k, const float *x, int64_t n, fv_activations **out,
                      fv_error *err) {
    const int64_t plane = fvi_activations_plane(&k->like);
    fv_activations *a = calloc(1, sizeof *a);
    if (a) *a = k->like;
    if (a) a->data = malloc((size_t)(a->channels * plane) * sizeof(float));
    if (!a || !a->data) {
        fv_activations_free(a);
        return fvi_fail(err, FV_NOMEM, "no memory for the activations of \"%s\"", k->like.layer);
    }
    fvi_layer_maps_copy(&k->maps, k->over_picture, n, plane, x, a->data);
    *out = a;
    return FV_OK;
}

/* A scalar is one sample. */
static int64_t samples_of(const fv_tensor *input) { return input->ndim ? input->dim[0] : 1; }

/* Runs the plan over the input, `samples` at a time.
 *   made  [samples_of(input) * count] */
static fv_status run_pieces(const taking *t, fvi_executable *plan, const fv_tensor *input,
                            int64_t samples, const layer_kind *kinds, fv_activations **made,
                            fv_error *err) {
    const int64_t total = samples_of(input), pieces = samples ? total / samples : 0;
    const int64_t step = fv_tensor_count(input) / MAX(pieces, 1);
    fv_status st = FV_OK;
    for (int64_t k = 0; !st && k < pieces; k++) {
        st = fvi_session_piece(t->session, k * samples, total, err);
        if (!st) st = fvi_session_forward(t->session, plan, input->data + k * step, err);
        for (int i = 0; !st && i < t->count; i++) {
            const float *x = NULL;
            st = fvi_executable_view_target(plan, t->value[i], &x, err);
            for (int64_t n = 0; !st && n < samples; n++)
                st = take(&kinds[i], x, n, &made[(k * samples + n) * t->count + i], err);
        }
    }
    return st;
}

static fv_status run(const taking *t, const fv_tensor *input, fv_activations **out, fv_error *err) {
    fvi_shape shape = fvi_tensor_shape(input);
    fvi_executable *plan = NULL;
    int64_t samples = 0, total = samples_of(input) * t->count;
    fv_status st = fvi_session_plan(t->session, &(fvi_plan_key){shape, t->name, t->n_values, 0},
                                    &plan, &samples, err);
    if (st) return st;
    fv_activations **made = calloc((size_t)total + 1, sizeof(fv_activations *));
    layer_kind *kinds = calloc((size_t)t->count, sizeof *kinds);
    if (!made || !kinds) st = fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) st = find_kinds(t, fvi_executable_graph(plan), samples, kinds, err);
    if (!st) st = run_pieces(t, plan, input, samples, kinds, made, err);
    for (int64_t i = 0; made && i < total; i++) {
        if (st)
            fv_activations_free(made[i]);
        else
            out[i] = made[i];
    }
    free(kinds);
    free(made);
    return st;
}

fv_status fv_activations_run(fv_session *session, const fv_tensor *input, const char *const *layers,
                             int count, fv_activations **out, fv_error *err) {
    FVI_USE_THREADS(session);
    fv_status st = FVI_NOT_NULL(err, session, input, layers, out);
    if (st) return st;
    if (count < 1 || count > LAYERS_MAX)
        return fvi_fail(err, FV_ARG, "%d layers are asked for; allowed: 1..%d", count, LAYERS_MAX);
    taking t = {.session = session, .net = fvi_session_network(session), .count = count};
    fv_tensor view;
    st = fvi_session_check_input(session, input, &view, err);
    if (st) return st;
    t.layer = g_new0(const char *, (gsize)count);
    t.name = g_new0(const char *, (gsize)count);
    t.value = g_new0(int, (gsize)count);
    st = find_values(&t, layers, err);
    if (!st) st = run(&t, &view, out, err);
    g_free(t.layer);
    g_free(t.name);
    g_free(t.value);
    return st;
}

/* Fails where a caller's struct holds no activations.  errors  ARG */
static fv_status check_activations(const fv_activations *a, fv_error *err) {
    if (a->data && a->layer && a->channels >= 1 && a->height >= 1 && a->width >= 1) return FV_OK;
    return fvi_fail(err, FV_ARG,
                    "activations of %dx%dx%d are none: sizes are at least 1, and data and layer "
                    "not NULL",
                    a->channels, a->height, a->width);
}

fv_status fv_activations_compare(const fv_activations *a, const fv_activations *b, double *error,
                                 double *cosine, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, a, b, error, cosine);
    if (!st) st = check_activations(a, err);
    if (!st) st = check_activations(b, err);
    if (st) return st;
    if (a->channels != b->channels || a->height != b->height || a->width != b->width ||
        MAX(a->depth, 1) != MAX(b->depth, 1))
        return fvi_fail(err, FV_SHAPE, "activations of %dx%dx%d cannot be compared with %dx%dx%d",
                        a->channels, a->height, a->width, b->channels, b->height, b->width);
    const int64_t n = a->channels * fvi_activations_plane(a);
    double aa = 0, bb = 0, ab = 0, apart = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = a->data[i], y = b->data[i];
        aa += x * x;
        bb += y * y;
        ab += x * y;
        apart += (x - y) * (x - y);
    }
    *error = apart > 0 ? sqrt(apart / bb) : 0;
    *cosine = aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
    return FV_OK;
}

/* ---- which channels ------------------------------------------------------------------------- */

/* Numbers that are none count for nothing: a channel of nothing else has no value, at (0, 0). */
static fv_channel measure(const fv_activations *a, int channel) {
    const int64_t plane = fvi_activations_plane(a);
    const float *x = a->data + channel * plane;
    fv_channel out = {.channel = channel, .mean = NAN, .min = NAN, .max = NAN};
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < plane; i++) {
        if (!isfinite(x[i])) continue;
        if (!n || x[i] < out.min) out.min = x[i];
        if (!n || x[i] > out.max) {
            out.max = x[i];
            out.z = (int)(i / a->width / a->height);
            out.y = (int)(i / a->width % a->height);
            out.x = (int)(i % a->width);
        }
        sum += x[i];
        n++;
    }
    if (n) out.mean = (float)(sum / (double)n);
    out.not_finite = plane - n;
    return out;
}

/* Channels without a value come last. */
static int compare(const fv_channel *a, const fv_channel *b, float x, float y, float x2, float y2) {
    if (isnan(x) || isnan(y))
        return isnan(x) == isnan(y) ? a->channel - b->channel : isnan(x) ? 1 : -1;
    if (x != y) return x < y ? 1 : -1;
    return x2 != y2 ? (x2 < y2 ? 1 : -1) : a->channel - b->channel;
}

/* Of equal ones (a clipped ReLU has many) the one that is stronger the other way. */
static int by_max(const void *a, const void *b) {
    const fv_channel *p = a, *q = b;
    return compare(p, q, p->max, q->max, p->mean, q->mean);
}

static int by_mean(const void *a, const void *b) {
    const fv_channel *p = a, *q = b;
    return compare(p, q, p->mean, q->mean, p->max, q->max);
}

static fv_status check_choice(const fv_activations *a, const fv_activations_desc *d, int n,
                              fv_error *err) {
    if (n < 1 || n > a->channels)
        return fvi_fail(err, FV_ARG, "%d channels of \"%s\" are asked for; it has %d", n, a->layer,
                        a->channels);
    if (d->by < 0 || d->by > FV_SCORE_MEAN)
        return fvi_fail(err, FV_ARG, "by is %d; allowed: 0..%d", (int)d->by, FV_SCORE_MEAN);
    if (d->top < 0 || d->top > n)
        return fvi_fail(
            err, FV_ARG,
            "the %d strongest channels of \"%s\" are asked for; there are %d to choose from",
            d->top, a->layer, n);
    for (int i = 0; d->channels && i < n; i++)
        if (d->channels[i] < 0 || d->channels[i] >= a->channels)
            return fvi_fail(err, FV_ARG, "layer \"%s\" has %d channels; %d does not exist (0..%d)",
                            a->layer, a->channels, d->channels[i], a->channels - 1);
    return FV_OK;
}

fv_status fv_activations_choose(const fv_activations *a, const fv_activations_desc *desc,
                                fv_channel *out, int *count, fv_error *err) {
    fv_activations_desc d;
    fv_status st = FVI_NOT_NULL(err, a, out, count);
    if (!st) st = FVI_DESC_READ(fv_activations_desc, title, desc, &d, err);
    if (!st) st = check_activations(a, err);
    if (st) return st;
    const int n = d.channels ? d.n_channels : a->channels;
    st = check_choice(a, &d, n, err);
    if (st) return st;
    for (int i = 0; i < n; i++) out[i] = measure(a, d.channels ? d.channels[i] : i);
    if (d.top) qsort(out, (size_t)n, sizeof *out, d.by == FV_SCORE_MEAN ? by_mean : by_max);
    *count = d.top ? d.top : n;
    return FV_OK;
}
