/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering a network: its inputs are bound, to shapes or numbers, and its reader makes the graph.
 *
 * For another batch: a file whose inputs leave the batch open is lowered with it directly; where a
 * number is written in, the file is lowered at that number and the graph changed to the wanted one
 * (shapes inside such a file may hold the batch as a number too, so that lowering it directly could
 * succeed and be wrong).
 * The graph that is listed may hold nodes that cannot be computed, and keeps all inputs; in a graph
 * that is run, the inputs besides the main one are constants.
 */
#include "model/network/lower.h"

#include <string.h>

#include "base/error.h"
#include "graph/batch.h"
#include "graph/const.h"
#include "model/network/network_internal.h"
#include "model/network/other_inputs.h"

#define INPUTS_MAX  256 /* that the file leaves to the caller */
#define SETTING_MAX 8   /* numbers of an input that is a size or a switch */

int fvi_network_has_batch(const fvi_network *net) {
    const fv_input *in = &net->input.in;
    if (!in->is_image) return !net->input.axes.time_first;
    return fvi_input_axis(&net->input.axes, in->ndim, FVI_AXIS_BATCH) >= 0;
}

int64_t fvi_network_file_batch(const fvi_network *net) {
    const fv_input *in = &net->input.in;
    if (!fvi_network_has_batch(net)) return 1;
    return in->ndim > 0 ? in->dim[0] : in->ndim < 0 ? -1 : 0;
}

/* ---- bindings of inputs --------------------------------------------------------------------- */

typedef struct binder {
    const fvi_network *net;
    fvi_binding *list; /* one for every free input of the file */
    int n;
    int64_t batch;   /* wanted */
    int64_t written; /* the batch the file has as a number, when it is another one; else 0 */
    int partial;     /* the graph may hold OPAQUE nodes */
    const fvi_part_runner *runner; /* of a graph for one run; or NULL */
    fvi_shape main;  /* of the main input, with the batch that the file is lowered at */
    fvi_const *made; /* [n_made] numbers of other inputs */
    int n_made;
    int n_bound; /* bindings of the caller's */
} binder;

/* Batch of an input as the file has it: -1 when open; 0 when the input is a scalar. */
static int64_t file_batch(const fvi_network *net, const fvi_model_input *in) {
    if (!strcmp(in->name, net->input.in.name)) return fvi_network_file_batch(net);
    return in->shape.ndim > 0 ? in->shape.dim[0] : in->shape.ndim < 0 ? -1 : 0;
}

/* The shape of an input that no binding names. An open size is that of the main input on the same
 * axis, where it is open there too (the length of a text), else 1. */
static fvi_shape default_shape(const binder *k, const fvi_model_input *in, int64_t batch) {
    const fvi_network *net = k->net;
    const fvi_shape main = fvi_network_file_shape(net, &k->main);
    if (!strcmp(in->name, net->input.in.name) &&
        (net->input.in.is_image || net->input.in.ndim == in->shape.ndim))
        return fvi_network_input_shape(net, batch, 0, 0);
    fvi_shape s = in->shape;
    if (s.ndim < 0) s.ndim = 0;
    for (int i = 0; i < s.ndim; i++) {
        if (s.dim[i] >= 0) continue;
        const int shared = i < net->input.in.ndim && net->input.in.dim[i] < 0 && i < main.ndim;
        s.dim[i] = !i ? batch : shared ? main.dim[i] : 1;
    }
    return s;
}

/* Whether an input's numbers may be needed to know shapes: a size, a rate, a switch; no sequence,
 * whose length is open. */
static int is_setting(const fvi_model_input *in, const fvi_shape *shape) {
    return in->type && fvi_dtype_is_int((fvi_dtype)in->type) &&
           (in->shape.ndim <= 1 || fvi_shape_count(&in->shape) >= 0) &&
           fvi_shape_count(shape) <= SETTING_MAX;
}

/* Binds an input that is not the main one. The graph that is listed keeps it as an input, unless
 * shapes may depend on its numbers. */
static fv_status bind_other(binder *k, const fvi_model_input *in, int64_t batch, fvi_binding *to,
                            fv_error *err) {
    const fvi_shape shape = default_shape(k, in, batch);
    *to = (fvi_binding){.name = in->name, .shape = shape};
    if (in->type && !fvi_dtype_size((fvi_dtype)in->type)) return FV_OK; /* no numbers */
    if (k->partial && !is_setting(in, &shape)) return FV_OK;
    const fvi_other_inputs others = {&k->net->given, &k->net->input.in, k->main};
    fvi_const c;
    fv_status st = fvi_other_input_make(&others, in, shape, &c, &to->filled, err);
    if (st) return st;
    k->made[k->n_made] = c;
    to->constant = &k->made[k->n_made++];
    to->shape = c.shape;
    return FV_OK;
}

/* Which batch is wanted, and which one is written into the file: told by the first bound input that
 * has one. */
static void find_batch(binder *k, const fvi_model_input *in, int n_in, const fvi_binding *b,
                       int nb) {
    k->batch = 1;
    for (int i = 0; i < n_in; i++) {
        const fvi_binding *bound = fvi_binding_find(b, nb, in[i].name);
        if (!bound || bound->constant || bound->shape.ndim < 1) continue;
        int64_t file = file_batch(k->net, &in[i]);
        k->batch = bound->shape.dim[0];
        k->written = file > 0 && file != k->batch ? file : 0;
        return;
    }
}

/* The shape of the main input, with the batch that the file is lowered at. */
static fvi_shape main_shape(const binder *k, const fvi_binding *bound, int64_t batch) {
    const char *name = k->net->input.in.name;
    const fvi_binding *main = fvi_binding_find(bound, k->n_bound, name);
    const fvi_model_input *in = fvi_model_file_input(k->net->file, name);
    if (main) return main->shape;
    return in ? default_shape(k, in, batch) : (fvi_shape){0};
}

/* The shape in which the file's operations read the main input; ndim 0: the same. */
static fvi_shape seen_shape(const fvi_network *net, const fvi_shape *given) {
    const fvi_shape s = fvi_network_file_shape(net, given);
    return fvi_shape_equal(&s, given) ? (fvi_shape){0} : s;
}

/* Binds one input of the file. */
static fv_status bind_input(binder *k, const fvi_model_input *in, const fvi_binding *bound,
                            int64_t batch, fv_error *err) {
    if (k->n == INPUTS_MAX) return fvi_fail(err, FV_NOMEM, "more than %d inputs", INPUTS_MAX);
    const fvi_binding *given = fvi_binding_find(bound, k->n_bound, in->name);
    fvi_binding *to = &k->list[k->n++];
    fv_status st = FV_OK;
    if (given)
        *to = *given;
    else if (!strcmp(in->name, k->net->input.in.name))
        *to = (fvi_binding){.name = in->name, .shape = k->main};
    else
        st = bind_other(k, in, batch, to, err);
    if (k->written && !to->constant && to->shape.ndim && to->shape.dim[0] == k->batch)
        to->shape.dim[0] = k->written;
    if (!strcmp(in->name, k->net->input.in.name)) to->seen = seen_shape(k->net, &to->shape);
    return st;
}

static fv_status bind_all(binder *k, const fvi_binding *b, int nb, fv_error *err) {
    int n;
    const fvi_model_file *f = k->net->file;
    const fvi_model_input *in = f->reader->inputs(f, &n);
    k->list = g_new0(fvi_binding, n + nb + 1);
    k->made = g_new0(fvi_const, n + 1);
    k->n_bound = nb;
    find_batch(k, in, n, b, nb);
    if (k->runner && k->written)
        return fvi_fail(
            err, FV_UNSUPPORTED,
            "%s: its batch of %lld is fixed in the file (samples are mixed inside, or they are "
            "steps of time); fovea run takes an X.npy of %lld",
            k->net->name, (long long)k->written, (long long)k->written);
    const int64_t batch = k->written ? k->written : k->batch;
    k->main = main_shape(k, b, batch);
    for (int i = 0; i < n; i++) {
        const fv_status st = bind_input(k, &in[i], b, batch, err);
        if (st) return st;
    }
    for (int i = 0; i < nb; i++) { /* values inside the network that are given */
        if (fvi_binding_find(k->list, k->n, b[i].name)) continue;
        if (!k->runner)
            return fvi_fail(err, FV_NOTFOUND, "the network has no input \"%s\"", b[i].name);
        k->list[k->n++] = b[i];
    }
    return FV_OK;
}

/* Puts the substitutes into a fresh graph. Since a constant has the same address in every graph of
 * a network, the table, made from the graph at the network's own size, holds for graphs of any
 * size. */
static void substitute_all(const fvi_network *net, fvi_graph *g) {
    for (int v = 0; net->substitutes && v < g->n_values; v++) {
        const fvi_const *c = g->values[v].constant;
        const fvi_const *other = c ? g_hash_table_lookup(net->substitutes, c->bytes) : NULL;
        if (other && fvi_shape_equal(&other->shape, &c->shape)) g->values[v].constant = other;
    }
}

/* Marks the axis that the channels of the main input are on, where its description says it. */
static void mark_channels(const fvi_network *net, fvi_graph *g) {
    const fv_input *in = &net->input.in;
    const int v = in->name[0] ? fvi_graph_find(g, in->name) : -1;
    if (v < 0 || g->values[v].producer >= 0 || g->values[v].constant) return;
    const int ndim = g->values[v].shape.ndim;
    int axis = 0;
    if (in->is_image && ndim == 4)
        axis = in->channels_last ? 3 : 1;
    else if (!in->is_image && ndim == in->ndim + net->input.axes.time_first)
        axis = fvi_input_axis(&net->input.axes, in->ndim, FVI_AXIS_CHANNEL) +
               net->input.axes.time_first;
    g->values[v].channels = MAX(axis, 0);
}

static fv_status lower_and_rebatch(binder *k, int64_t from, const char *const *wanted, int n_wanted,
                                   fvi_graph **out, fv_error *err) {
    fvi_graph *g = NULL;
    const fvi_graph_request request = {k->list, k->n, wanted, n_wanted, k->partial, k->runner};
    fv_status st = fvi_model_file_lower(k->net->file, k->net->constants, &request, &g, err);
    if (!st && from != k->batch) {
        st = fvi_graph_set_batch(g, from, k->batch, err);
        if (st == FV_UNSUPPORTED && k->partial) st = FV_OK; /* listed at the file's batch */
    }
    if (!st) substitute_all(k->net, g);
    if (!st) mark_channels(k->net, g);
    if (st)
        fvi_graph_free(g);
    else
        *out = g;
    return st;
}

/* Whether a size of the main input, but the samples, is open and nobody said one. */
static int has_open_size(const fvi_network *net) {
    const fv_input *in = &net->input.in;
    for (int i = fvi_network_has_batch(net); i < in->ndim; i++)
        if (in->dim[i] < 0 && net->input.sample.ndim != in->ndim) return 1;
    return 0;
}

/* Says that the size that does not fit was a guess, where it was that one. */
static fv_status blame_size(const binder *k, fv_status st, fv_error *err) {
    const fv_input *in = &k->net->input.in;
    const fvi_shape own = fvi_network_input_shape(k->net, k->main.ndim ? k->main.dim[0] : 1, 0, 0);
    if (st != FV_SHAPE || !err || !fvi_shape_equal(&own, &k->main)) return st;
    if (!in->is_image && has_open_size(k->net))
        return fvi_fail(
            err, st,
            "%s (the file leaves sizes of input \"%.80s\" open, and 1 was assumed for "
            "them; run, gradient and activations take those of the array, option sample)",
            err->text, in->name);
    if (!k->net->input.size_assumed) return st;
    return fvi_fail(err, st,
                    "%s (the file leaves the input's size open, and %dx%d was assumed; option "
                    "size, --size N, sets another)",
                    err->text, in->height, in->width);
}

static void binder_clear(binder *k) {
    for (int i = 0; i < k->n_made; i++) g_free((void *)(uintptr_t)k->made[i].bytes);
    g_free(k->made);
    g_free(k->list);
}

/* Lowers with a batch of 1 and changes the graph, which must be for any numbers. */
static fv_status lower_single(binder *k, const fvi_graph_request *r, fvi_graph **out) {
    fv_error unused;
    for (int i = 0; i < k->n; i++) {
        fvi_shape *s = &k->list[i].shape;
        if (!k->list[i].constant && s->ndim && s->dim[0] == k->batch) s->dim[0] = 1;
    }
    return lower_and_rebatch(k, 1, r->wanted, r->n_wanted, out, &unused);
}

static fv_status lower(binder *k, const fvi_graph_request *r, fvi_graph **out, fv_error *err) {
    g_atomic_int_inc(&((fvi_network *)k->net)->lowerings); /* a count, of no influence */
    fv_status st = bind_all(k, r->bindings, r->n_bindings, err);
    if (!st)
        st = lower_and_rebatch(k, k->written ? k->written : k->batch, r->wanted, r->n_wanted, out,
                               err);
    /* A file may leave the batch open at its inputs and still have it as a number inside. */
    const int any_numbers = !k->written && k->batch > 1 && !k->runner;
    if (st == FV_SHAPE && any_numbers && !lower_single(k, r, out)) st = FV_OK;
    binder_clear(k);
    return blame_size(k, st, err);
}

fv_status fvi_network_lower(const fvi_network *net, const fvi_binding *bindings, int n_bindings,
                            const char *const *wanted, int n_wanted, fvi_graph **out,
                            fv_error *err) {
    const fvi_graph_request r = {bindings, n_bindings, wanted, wanted ? n_wanted : 0, 0, NULL};
    return lower(&(binder){.net = net}, &r, out, err);
}

fv_status fvi_network_lower_once(const fvi_network *net, const fvi_graph_request *r,
                                 fvi_graph **out, fv_error *err) {
    return lower(&(binder){.net = net, .runner = r->runner}, r, out, err);
}

int fvi_network_lowerings(const fvi_network *net) {
    return g_atomic_int_get(&((fvi_network *)net)->lowerings);
}

fvi_shape fvi_network_input_shape(const fvi_network *net, int64_t batch, int64_t height,
                                  int64_t width) {
    const fv_input *in = &net->input.in;
    fvi_shape s = {.ndim = in->ndim};
    const fvi_shape *sample = &net->input.sample;
    const int before = net->input.axes.time_first; /* an axis of samples */
    for (int i = 0; i < in->ndim; i++)
        s.dim[before + i] = in->dim[i] > 0             ? in->dim[i]
                            : sample->ndim == in->ndim ? sample->dim[i]
                                                       : 1;
    s.ndim += before;
    if (s.ndim) s.dim[0] = batch;
    if (!in->is_image) return s;
    int c = in->channels_last ? 3 : 1, y = in->channels_last ? 1 : 2;
    s = (fvi_shape){.ndim = 4, .dim = {batch}};
    s.dim[c] = in->channels;
    s.dim[y] = height ? height : in->height;
    s.dim[y + 1] = width ? width : in->width;
    return s;
}

fvi_shape fvi_network_file_shape(const fvi_network *net, const fvi_shape *given) {
    const fv_input *in = &net->input.in;
    if (net->input.axes.time_first && given->ndim == in->ndim + 1) {
        fvi_shape own = {.ndim = in->ndim};
        memcpy(own.dim, given->dim + 1, (size_t)in->ndim * sizeof *own.dim);
        return own;
    }
    if (!in->is_image || given->ndim != 4) return *given;
    const int64_t *d = given->dim, y = in->channels_last ? 1 : 2;
    const int64_t size[] = {
        [FVI_AXIS_BATCH] = d[0],     [FVI_AXIS_CHANNEL] = d[in->channels_last ? 3 : 1],
        [FVI_AXIS_DEPTH] = 1,        [FVI_AXIS_HEIGHT] = d[y],
        [FVI_AXIS_WIDTH] = d[y + 1], [FVI_AXIS_ALL] = d[1] * d[2] * d[3],
        [FVI_AXIS_OTHER] = 1};
    fvi_shape s = {.ndim = in->ndim};
    for (int i = 0; i < s.ndim; i++) s.dim[i] = size[net->input.axes.of[i]];
    return s;
}

/* Whether an axis of the main input may have that size: the batch, axes without a fixed size, and
 * the height and width of a picture may have any. */
static int may_be(const fvi_network *net, int i, int64_t size) {
    const fv_input *in = &net->input.in;
    const fvi_axis axis = net->input.axes.of[i];
    const int side = axis == FVI_AXIS_HEIGHT || axis == FVI_AXIS_WIDTH;
    const int samples = net->input.axes.time_first; /* the axis that counts them */
    return i == samples || in->dim[i] < 0 || in->dim[i] == size || (in->is_image && side);
}

/* Whether a shape is one of the file's. */
static int fits_file(const fvi_network *net, const fvi_shape *s) {
    if (s->ndim != net->input.in.ndim) return 0;
    for (int i = 0; i < s->ndim; i++)
        if (!may_be(net, i, s->dim[i])) return 0;
    return 1;
}

int fvi_network_takes_shape(const fvi_network *net, const fvi_shape *have, fvi_shape *out) {
    const fv_input *in = &net->input.in;
    const int c = in->channels_last ? 3 : 1, y = in->channels_last ? 1 : 2;
    *out = *have;
    if (fvi_shape_count(have) < 1) return 0;
    if (net->input.axes.time_first) {
        const fvi_shape own = fvi_network_file_shape(net, have);
        if (have->ndim > own.ndim && have->dim[0] != 1) return 0;
        *out = (fvi_shape){.ndim = own.ndim + 1, .dim = {1}};
        memcpy(out->dim + 1, own.dim, (size_t)own.ndim * sizeof *own.dim);
        return fits_file(net, &own);
    }
    if (!in->is_image) return fits_file(net, have);
    if (have->ndim == 4) {
        const fvi_shape own = fvi_network_file_shape(net, have);
        return have->dim[c] == in->channels && fits_file(net, &own);
    }
    if (!fits_file(net, have)) return 0;
    *out = fvi_network_input_shape(net, 1, 0, 0);
    const int place[] = {[FVI_AXIS_BATCH] = 0,
                         [FVI_AXIS_CHANNEL] = c,
                         [FVI_AXIS_HEIGHT] = y,
                         [FVI_AXIS_WIDTH] = y + 1};
    for (int i = 0; i < in->ndim; i++)
        if (net->input.axes.of[i] != FVI_AXIS_ALL)
            out->dim[place[net->input.axes.of[i]]] = have->dim[i];
    return out->dim[c] == in->channels && fvi_shape_count(out) == fvi_shape_count(have);
}

fv_status fvi_network_lower_own(fvi_network *net, fv_error *err) {
    const fvi_binding own = {.name = net->input.in.name,
                             .shape = fvi_network_input_shape(net, 1, 0, 0)};
    const fvi_graph_request r = {&own, own.name[0] ? 1 : 0, NULL, 0, 1, NULL};
    return lower(&(binder){.net = net, .partial = 1}, &r, &net->graph, err);
}
