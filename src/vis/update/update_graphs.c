/* SPDX-License-Identifier: Apache-2.0 */
/* update_graphs: puts the graph forms of parametrisation, transforms, network, objectives, gradient
 * normalisation and optimiser together.
 *
 *   step   parameters -> in-place transforms -> pixels -> copies -> transforms -> network -> terms
 *          -> values [pictures]
 *   between  gradient at the parametrisation's pixels -> normalised
 *   rule   gradient -> optimiser -> constraints -> next parameters; and for the host each picture's
 *          value and the size of its gradient
 *
 * Samples are ordered [copy][picture], as in evaluate.c. Photos that terms compare with go the same
 * way as the pictures, with the same random choices, through nodes of their own.
 */
#include "vis/update/update_graphs.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "graph/build/append.h"
#include "graph/build/compose.h"
#include "graph/build/pack.h"
#include "graph/build/resize_kernel.h"
#include "model/network/network.h"
#include "runtime/preprocess.h"
#include "vis/objective/objective_graph.h"
#include "vis/optimize/gradient_scale.h"
#include "vis/update/evaluate.h"

/* Outputs of the step: values, what transforms see, pixels, pixels before the mask, and the
 * parameters that they are made of. */
enum { OUT_VALUES, OUT_SEEN, OUT_PIXELS, OUT_MADE, OUT_PARAMS };

/* ---- graphs whose inputs have sources -------------------------------------------------------- */

typedef struct making {
    fvi_builder *b;
    fvi_given_list *given;
    GArray *sources; /* of fvi_update_source, of the inputs that are not given, in order */
    GArray *inputs;  /* of int: their values */
    fvi_operation op;
} making;

static fv_status begin(making *m, fvi_given_list *given, const fvi_network *net, const char *name,
                       fv_error *err) {
    const fvi_limits *l = fvi_network_limits(net);
    const fvi_build_limits limits = {fvi_limits_constants(l), l->folds, l->elements, l->nodes};
    *m = (making){.given = given,
                  .op = {.source_op = "update", .name = name, .label = name, .is_own = 1}};
    m->sources = g_array_new(FALSE, FALSE, sizeof(fvi_update_source));
    m->inputs = g_array_new(FALSE, FALSE, sizeof(int));
    fvi_given_begin(given);
    const fv_status st = fvi_build_new(&limits, NULL, &m->b, err);
    if (!st) fvi_build_begin(m->b, &m->op);
    return st;
}

static void end(making *m) {
    fvi_build_free(m->b);
    g_array_unref(m->sources);
    g_array_unref(m->inputs);
}

/* An input that comes from elsewhere. */
static int take(making *m, fvi_update_from from, int index, const fvi_shape *shape) {
    const fvi_update_source source = {from, index};
    const int v = fvi_build_input(m->b, fvi_build_unique(m->b, "from"), shape);
    g_array_append_val(m->sources, source);
    g_array_append_val(m->inputs, v);
    return v;
}

/* The source of an input of the builder.  first  index of the list's first given input */
static fvi_update_source source_of(const making *m, int v, int first) {
    for (guint i = 0; i < m->inputs->len; i++)
        if (g_array_index(m->inputs, int, i) == v)
            return g_array_index(m->sources, fvi_update_source, i);
    int i = 0;
    while (g_array_index(m->given->list, fvi_given, i).value != v) i++;
    return (fvi_update_source){FVI_FROM_GIVEN, first + i};
}

/* The finished graph and the sources of its inputs. */
static fv_status finish(making *m, int first, fvi_graph **out, fvi_update_source **sources) {
    fvi_build_end(m->b);
    const guint n = m->b->inputs->len;
    *sources = g_new0(fvi_update_source, MAX(n, 1));
    for (guint i = 0; i < n && !m->b->status; i++)
        (*sources)[i] = source_of(m, g_array_index(m->b->inputs, int, i), first);
    return fvi_build_finish(m->b, out);
}

/* ---- step ------------------------------------------------------------------------------------ */

static int times(fvi_builder *b, int x, int y) { return fvi_emit_binary(b, FVI_MUL, x, y); }
static int plus(fvi_builder *b, int x, int y) { return fvi_emit_binary(b, FVI_ADD, x, y); }
static int scaled(fvi_builder *b, double factor, int x) {
    return fvi_emit_unary(b, FVI_LINEAR, (float)factor, 0, x);
}
static int same(fvi_builder *b, int x) {
    const fvi_shape shape = fvi_build_shape(b, x);
    return fvi_emit(b, FVI_IDENTITY, NULL, &shape, 1, &x);
}

static int equals(fvi_builder *b, int x, double number) {
    return fvi_emit_binary(b, FVI_EQUAL, x, fvi_emit_scalar(b, FVI_F32, number));
}

/* The parameters z [n][count] after the in-place transforms, but of pictures that have stopped. */
static int emit_in_place(making *m, const fvi_update_site *s, fvi_update_graphs *out, int z) {
    const fvi_picture *p = s->pictures;
    const fvi_shape flat = {2, {s->n, p->n_params}};
    const fvi_shape planes = {4, {s->n, p->channels, p->h, p->w}};
    const fvi_form_site site = {m->b, m->given, s->n};
    if (!p->in_place) return z;
    const int moves = fvi_given_input(m->given, m->b, &(fvi_shape){2, {s->n, 1}},
                                      FVI_GIVEN_EACH_UPDATE, &out->moves);
    const int from = fvi_emit_reshape(m->b, z, &planes);
    const int to = fvi_chain_emit(p->in_place, &site, from, out->in_place);
    return fvi_emit_where(m->b, equals(m->b, moves, 1), fvi_emit_reshape(m->b, to, &flat), z);
}

/* What each picture began with, [n][c][h][w]. */
static int emit_begun(making *m, const fvi_update_site *s) {
    const fvi_picture *p = s->pictures;
    float *to = NULL;
    const int v = fvi_given_input(m->given, m->b, &(fvi_shape){4, {s->n, p->channels, p->h, p->w}},
                                  FVI_GIVEN_ONCE, &to);
    for (int i = 0; v >= 0 && i < s->n; i++)
        memcpy(to + i * p->count, fvi_update_picture(s, i)->begun, (size_t)p->count * sizeof *to);
    return v;
}

/* Where the mask is 0 the picture stays as it began. */
static int emit_mask(making *m, const fvi_update_site *s, int pixels, int begun) {
    const fvi_picture *p = s->pictures;
    float *to = NULL;
    const int mask =
        fvi_given_input(m->given, m->b, &(fvi_shape){2, {p->h, p->w}}, FVI_GIVEN_ONCE, &to);
    if (mask >= 0) memcpy(to, p->mask, (size_t)p->h * (size_t)p->w * sizeof *to);
    const int change = fvi_emit_binary(m->b, FVI_SUB, pixels, begun);
    return plus(m->b, begun, times(m->b, mask, change));
}

/* x [samples][c][h][w] at another size, as fvi_resize with FVI_ALIGN_CENTRES. */
static int emit_resized(fvi_builder *b, int x, int h, int w) {
    const fvi_resize_rule rule = {.coordinates = FVI_HALF_PIXEL, .mode = FVI_RESIZE_LINEAR};
    fvi_shape shape = fvi_build_shape(b, x);
    const int64_t to[] = {h, w};
    fvi_node_attr a = {.resize = {.extrapolation = 0}};
    if (x < 0) return -1;
    for (int i = 0; i < 2; i++) {
        const int64_t from = shape.dim[2 + i];
        shape.dim[2 + i] = to[i];
        if (from != to[i])
            fvi_resize_kernel_fill(b, &rule, from, to[i], (double)to[i] / (double)from, NULL,
                                   &a.resize.axis[2 + i]);
    }
    return fvi_emit(b, FVI_RESIZE, &a, &shape, 1, &x);
}

/* Transformed pictures -> the network's input. */
static int emit_network_input(making *m, const fvi_update_site *s, int x, int *h, int *w) {
    const fv_input *in = fvi_pass_input(s->pass);
    const fvi_shape shape = fvi_build_shape(m->b, x);
    fvi_route r;
    if (x < 0) return -1;
    *h = (int)shape.dim[2];
    *w = (int)shape.dim[3];
    if (!in->is_image) {
        const fvi_shape raw = fvi_pass_shape(s->pass, shape.dim[0], (int)shape.dim[1], *h, *w);
        return fvi_emit_reshape(m->b, x, &raw);
    }
    const fv_status st = fvi_route_find(s->desc, s->pass, (int)shape.dim[0], *h, *w, &r, m->b->err);
    if (st) m->b->status = st;
    if (!st && !r.resample && (r.eh < *h || r.ew < *w))
        fvi_build_fail(m->b, FV_UNSUPPORTED, "pictures in tiles have no form as a graph");
    if (m->b->status) return -1;
    *h = r.eh;
    *w = r.ew;
    if (r.resample) x = emit_resized(m->b, x, r.eh, r.ew);
    return fvi_encode_emit(in, m->b, x, s->desc->param.low, s->desc->param.high);
}

/* The network's values that the objectives are about. */
typedef struct network_values {
    fvi_graph *graph; /* shared; to be freed when the graph that has its nodes is */
    int of_pictures[FVI_MAX_VALUES], of_photos[FVI_MAX_VALUES];
    int has_photos;
} network_values;

/* Those of the pictures, of which the network's input x is made. */
static fv_status append_network(making *m, const fvi_update_site *s, int x, int h, int w,
                                network_values *v) {
    const fvi_objective *o = s->pictures[0].objective;
    const int64_t samples = fvi_build_shape(m->b, x).dim[0];
    const fvi_shape shape = fvi_pass_shape(s->pass, samples, s->pictures[0].channels, h, w);
    const fvi_plan_key key = {shape, o->values, o->n_values, FVI_EXEC_BACKWARD};
    int64_t at_once = 0;
    fv_status st = fvi_session_graph(s->session, &shape, o->values, o->n_values, &v->graph,
                                     &at_once, m->b->err);
    if (!st && at_once != samples)
        st =
            fvi_fail(m->b->err, FV_UNSUPPORTED, "the network's batch is fixed at %d", (int)at_once);
    if (!st) st = fvi_session_check_graph(s->session, &key, v->graph, m->b->err);
    if (st) return m->b->status = st;
    if (v->graph->n_inputs != 1)
        return fvi_build_fail(m->b, FV_UNSUPPORTED, "the objective does not depend on the picture");
    return fvi_build_append_graph(m->b, v->graph, &x, v->of_pictures);
}

/* Values of the samples [copies pictures] -> their mean over the copies, [pictures]. */
static int emit_mean_of_copies(fvi_builder *b, int x, int copies, int n) {
    if (copies == 1) return x;
    const fvi_shape rows = {2, {copies, n}};
    return fvi_emit_reduce(b, FVI_REDUCE_MEAN, 1, 0, fvi_emit_reshape(b, x, &rows));
}

static int emit_copies(fvi_builder *b, int x, int copies) {
    int *list = g_new(int, (gsize)copies);
    for (int i = 0; i < copies; i++) list[i] = x;
    const int all = copies > 1 ? fvi_emit_concat(b, 0, copies, list) : x;
    g_free(list);
    return all;
}

/* What terms compare with, [n][c][h][w]; pictures without a photo have zeros. */
static int emit_photos(making *m, const fvi_update_site *s) {
    const fvi_picture *p = s->pictures;
    float *to = NULL;
    const int v = fvi_given_input(m->given, m->b, &(fvi_shape){4, {s->n, p->channels, p->h, p->w}},
                                  FVI_GIVEN_ONCE, &to);
    for (int i = 0; v >= 0 && i < s->n; i++) {
        const float *photo = fvi_update_picture(s, i)->photo;
        if (photo) memcpy(to + i * p->count, photo, (size_t)p->count * sizeof *to);
    }
    return v;
}

/* The network's values of the photos, where there are any, through the transforms in *chain. */
static void append_photos(making *m, const fvi_update_site *s, fvi_chain_form *chain,
                          network_values *v) {
    const int copies = s->desc->schedule.copies;
    const fvi_form_site site = {m->b, m->given, copies * s->n};
    int h, w;
    for (int i = 0; i < s->there; i++) v->has_photos |= s->pictures[i].photo != NULL;
    if (!v->has_photos) return;
    const int photos = emit_copies(m->b, emit_photos(m, s), copies);
    const int seen = fvi_chain_emit_again(s->pictures[0].chain[0], &site, photos, chain);
    const int x = emit_network_input(m, s, seen, &h, &w);
    if (!m->b->status) fvi_build_append_graph(m->b, v->graph, &x, v->of_photos);
}

/* The objectives' terms on the network's values, which are averaged over copies, and on pictures:
 * [pictures]. */
static int emit_terms(making *m, const fvi_update_site *s, const network_values *v, int pixels,
                      int begun) {
    const int copies = s->desc->schedule.copies;
    const fvi_objective **objectives = g_new(const fvi_objective *, (gsize)s->n);
    for (int i = 0; i < s->n; i++) objectives[i] = fvi_update_picture(s, i)->objective;
    const fvi_objective_site site = {
        m->b, m->given, {objectives, s->n}, s->group, v->has_photos ? v->of_photos : NULL};
    const int each =
        fvi_objectives_emit(&site, v->graph, (int64_t)copies * s->n, NULL, v->of_pictures);
    const int all = emit_mean_of_copies(m->b, each, copies, s->n);
    const int own = fvi_objectives_emit_pictures(&site, pixels, begun);
    g_free(objectives);
    return plus(m->b, all, own);
}

static fv_status make_step(const fvi_update_site *s, fvi_update_graphs *out, fvi_graph **network,
                           fv_error *err) {
    const fvi_picture *p = s->pictures;
    const int copies = s->desc->schedule.copies;
    network_values values = {0};
    int h = 0, w = 0;
    making m;
    fv_status st = begin(&m, &out->given[0], fvi_session_network(s->session), "objective", err);
    if (st) goto done;
    out->samples = (int64_t)copies * s->n;
    const int state =
        take(&m, FVI_FROM_STATE, FVI_STATE_PARAMS, &(fvi_shape){2, {s->n, p->n_params}});
    const int z = same(m.b, emit_in_place(&m, s, out, state));
    const int begun = emit_begun(&m, s);
    const int made = same(m.b, fvi_param_emit(p->param, m.given, m.b, s->n, z));
    const int pixels = same(m.b, p->mask ? emit_mask(&m, s, made, begun) : made);
    const int seen = same(m.b, pixels);
    const fvi_form_site site = {m.b, m.given, (int)out->samples};
    int x = fvi_chain_emit(p->chain[0], &site, emit_copies(m.b, seen, copies), out->chain);
    x = emit_network_input(&m, s, x, &h, &w);
    if (m.b->status || append_network(&m, s, x, h, w, &values)) goto finish;
    append_photos(&m, s, out->chain, &values);
    fvi_build_output(m.b, emit_terms(&m, s, &values, pixels, begun));
    fvi_build_output(m.b, seen);
    fvi_build_output(m.b, pixels);
    fvi_build_output(m.b, made);
    fvi_build_output(m.b, z);
finish:
    *network = values.graph;
    st = finish(&m, 0, &out->step, &out->step_inputs);
done:
    end(&m);
    return st;
}

/* ---- between -------------------------------------------------------------------------------- */

static fv_status make_between(const fvi_update_site *s, fvi_update_graphs *out, fv_error *err) {
    const fvi_gradient_settings *d = &s->desc->gradient;
    const fvi_picture *p = s->pictures;
    fvi_update_source *sources = NULL; /* of which it has one */
    fvi_given_list none;
    making m;
    if (d->kind == FVI_GRADIENT_SCALE_NONE && d->clip <= 0) return FV_OK;
    fv_status st = begin(&m, &none, fvi_session_network(s->session), "gradient", err);
    if (st) goto done;
    const int g = take(&m, FVI_FROM_OUTPUT_GRADIENT, OUT_MADE,
                       &(fvi_shape){4, {s->n, p->channels, p->h, p->w}});
    fvi_build_output(m.b, fvi_normalise_emit(d, m.b, g));
    out->between_at = OUT_MADE;
    st = finish(&m, 0, &out->between, &sources);
done:
    end(&m);
    fvi_given_end(&none);
    g_free(sources);
    return st;
}

/* ---- rule ------------------------------------------------------------------------------------ */

/* What the rule's inputs stand for, and what becomes of the states; the parameters are those after
 * in-place transforms. */
typedef struct ruling {
    making m;
    const fvi_update_site *s;
    fvi_update_graphs *out;
    int state[FVI_STATE_COUNT], next[FVI_STATE_COUNT]; /* values; -1: it is not there */
    int moves, returns;                                /* [n][1] truth values: the modes */
} ruling;

static void take_state(ruling *r, fvi_update_state which, int is_there, const fvi_shape *shape) {
    const int is_params = which == FVI_STATE_PARAMS;
    r->state[which] = r->next[which] = -1;
    r->out->state[which] = is_there ? r->out->states++ : -1;
    if (is_there)
        r->state[which] = take(&r->m, is_params ? FVI_FROM_OUTPUT : FVI_FROM_STATE,
                               is_params ? OUT_PARAMS : r->out->state[which], shape);
}

static void take_states(ruling *r) {
    const fvi_settings *d = r->s->desc;
    const fvi_picture *p = r->s->pictures;
    const fvi_shape params = {2, {r->s->n, p->n_params}}, one = {1, {r->s->n}};
    const fvi_shape pixels = {2, {r->s->n, p->count}};
    const int keeps_best = d->schedule.keep == FVI_KEEP_BEST;
    int moments[FVI_OPTIMIZER_MOMENTS];
    fvi_optimizer_moments(d->optimizer.kind, moments);
    take_state(r, FVI_STATE_PARAMS, 1, &params);
    take_state(r, FVI_STATE_FIRST, moments[0], &params);
    take_state(r, FVI_STATE_SECOND, moments[1], &params);
    take_state(r, FVI_STATE_GOOD, p->good != NULL, &params);
    take_state(r, FVI_STATE_BEST, keeps_best, &params);
    take_state(r, FVI_STATE_BEST_VALUE, keeps_best, &one);
    take_state(r, FVI_STATE_ALPHA, p->alpha != NULL, &pixels);
}

static void take_modes(ruling *r) {
    fvi_builder *b = r->m.b;
    const int mode = fvi_given_input(r->m.given, b, &(fvi_shape){2, {r->s->n, 1}},
                                     FVI_GIVEN_EACH_UPDATE, &r->out->mode);
    r->moves = equals(b, mode, FVI_UPDATE_MOVES);
    r->returns = equals(b, mode, FVI_UPDATE_GOES_BACK);
}

/* Parameters after the optimiser's step and what follows it. */
static int emit_step(ruling *r) {
    const fvi_settings *d = r->s->desc;
    const fvi_shape params = fvi_build_shape(r->m.b, r->state[FVI_STATE_PARAMS]);
    fvi_builder *b = r->m.b;
    int moments[] = {r->state[FVI_STATE_FIRST], r->state[FVI_STATE_SECOND]};
    const int g = take(&r->m, FVI_FROM_OUTPUT_GRADIENT, OUT_PARAMS, &params);
    const int numbers = fvi_given_input(r->m.given, b, &(fvi_shape){1, {FVI_OPTIMIZER_NUMBERS}},
                                        FVI_GIVEN_EACH_UPDATE, &r->out->numbers);
    int z = fvi_optimizer_emit(&d->optimizer, b, r->state[FVI_STATE_PARAMS], g, numbers, moments);
    r->next[FVI_STATE_FIRST] = moments[0];
    r->next[FVI_STATE_SECOND] = moments[1];
    if (d->regularizer.blur > 0)
        fvi_build_fail(b, FV_UNSUPPORTED, "blurring the picture has no form as a graph");
    if (d->regularizer.decay > 0)
        z = times(b, z,
                  fvi_given_input(r->m.given, b, &(fvi_shape){1, {1}}, FVI_GIVEN_EACH_UPDATE,
                                  &r->out->keep));
    if (d->regularizer.norm > 0)
        z = fvi_emit_binary(b, FVI_DIV, scaled(b, d->regularizer.norm, z),
                            fvi_emit_reduce(b, FVI_REDUCE_L2, 2, 1, z));
    return fvi_param_emit_constrain(r->s->pictures[0].param, b, z);
}

/* What the states become. */
static void emit_next(ruling *r, int value) {
    fvi_builder *b = r->m.b;
    const fvi_picture *p = r->s->pictures;
    const int z = r->state[FVI_STATE_PARAMS], good = r->state[FVI_STATE_GOOD];
    int next = fvi_emit_where(b, r->moves, emit_step(r), z);
    if (good >= 0) {
        next = fvi_emit_where(b, r->returns, good, next);
        r->next[FVI_STATE_GOOD] = fvi_emit_where(b, r->moves, z, good);
    }
    r->next[FVI_STATE_PARAMS] = next;
    if (r->state[FVI_STATE_BEST] >= 0) {
        const int best = r->state[FVI_STATE_BEST_VALUE];
        const int better = fvi_emit_binary(b, FVI_GREATER, value, best);
        const int row = fvi_emit_reshape(b, better, &(fvi_shape){2, {r->s->n, 1}});
        r->next[FVI_STATE_BEST] = fvi_emit_where(b, row, z, r->state[FVI_STATE_BEST]);
        r->next[FVI_STATE_BEST_VALUE] = fvi_emit_where(b, better, value, best);
    }
    if (r->state[FVI_STATE_ALPHA] >= 0) {
        const int d = take(&r->m, FVI_FROM_OUTPUT_GRADIENT, OUT_PIXELS,
                           &(fvi_shape){4, {r->s->n, p->channels, p->h, p->w}});
        const int size = fvi_emit_unary(
            b, FVI_ABS, 0, 0, fvi_emit_reshape(b, d, &(fvi_shape){2, {r->s->n, p->count}}));
        const int sum = plus(b, r->state[FVI_STATE_ALPHA], size);
        r->next[FVI_STATE_ALPHA] = fvi_emit_where(b, r->moves, sum, r->state[FVI_STATE_ALPHA]);
    }
}

/* Values, and the largest magnitude and the norm of the network's gradient at the pixels. */
static int emit_results(ruling *r, int value) {
    fvi_builder *b = r->m.b;
    const fvi_picture *p = r->s->pictures;
    const int d = take(&r->m, FVI_FROM_OUTPUT_GRADIENT, OUT_SEEN,
                       &(fvi_shape){4, {r->s->n, p->channels, p->h, p->w}});
    const int rows = fvi_emit_reshape(b, d, &(fvi_shape){2, {r->s->n, p->count}});
    const int results[FVI_RESULTS] = {
        [FVI_RESULT_VALUE] = value,
        [FVI_RESULT_LARGEST] =
            fvi_emit_reduce(b, FVI_REDUCE_MAX, 2, 0, fvi_emit_unary(b, FVI_ABS, 0, 0, rows)),
        [FVI_RESULT_NORM] = fvi_emit_reduce(b, FVI_REDUCE_L2, 2, 0, rows)};
    return fvi_emit_concat(b, 0, FVI_RESULTS, results);
}

static fv_status make_rule(const fvi_update_site *s, fvi_update_graphs *out, fv_error *err) {
    ruling r = {.s = s, .out = out};
    const int first = (int)out->given[0].list->len;
    fv_status st = begin(&r.m, &out->given[1], fvi_session_network(s->session), "optimiser", err);
    if (st) goto done;
    take_states(&r);
    take_modes(&r);
    const int value = take(&r.m, FVI_FROM_OUTPUT, OUT_VALUES, &(fvi_shape){1, {s->n}});
    emit_next(&r, value);
    const int results = emit_results(&r, value);
    for (int i = 0; i < FVI_STATE_COUNT; i++)
        if (out->state[i] >= 0 && !r.m.b->status) fvi_build_output(r.m.b, r.next[i]);
    fvi_build_output(r.m.b, results);
    st = finish(&r.m, first, &out->rule, &out->rule_inputs);
done:
    end(&r.m);
    return st;
}

/* ---- all ------------------------------------------------------------------------------------- */

fv_status fvi_update_graphs_make(const fvi_update_site *site, fvi_update_graphs *out,
                                 fv_error *err) {
    fvi_graph *network = NULL;
    *out = (fvi_update_graphs){.chain = g_new0(fvi_chain_form, 1),
                               .in_place = g_new0(fvi_chain_form, 1)};
    fv_status st = make_step(site, out, &network, err);
    if (!st) {
        out->step->origin = network; /* whose constants it has */
        network = NULL;
        st = make_between(site, out, err);
    }
    if (!st) st = make_rule(site, out, err);
    if (network) fvi_graph_free(network);
    return st;
}

void fvi_update_graphs_clear(fvi_update_graphs *g) {
    fvi_graph_free(g->step);
    fvi_graph_free(g->rule);
    fvi_graph_free(g->between);
    g_free(g->step_inputs);
    g_free(g->rule_inputs);
    for (int i = 0; i < 2; i++) fvi_given_end(&g->given[i]);
    g_free(g->chain);
    g_free(g->in_place);
    *g = (fvi_update_graphs){0};
}
