/* SPDX-License-Identifier: Apache-2.0 */
/* A network: its file, its input, its class names, and the graph at its own input size.
 *
 * Loading reads no weight that the lowering does not need, and computes no checksum.
 * Lowering for another batch: a file whose inputs leave the batch open is lowered with it directly;
 * where a number is written in, the file is lowered at that number and the graph changed to the
 * wanted one (shapes inside such a file may hold the batch as a number too, so that lowering it
 * directly could succeed and be wrong).
 * The graph that is listed may hold nodes that cannot be computed; a graph that is run may not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/batch.h"
#include "model/network/layers.h"
#include "model/network/network_internal.h"
#include "model/readers.h"

#define INPUTS_MAX 256 /* that the file leaves to the caller */

/* ---- bindings of inputs --------------------------------------------------------------------- */

typedef struct binder {
    const fvi_network *net;
    fvi_binding *list; /* one for every free input of the file */
    int n;
    int64_t batch;   /* wanted */
    int64_t written; /* the batch the file has as a number, when it is another one; else 0 */
    int partial;     /* the graph may hold OPAQUE nodes */
} binder;

/* Batch of an input as the file has it: -1 when open; 0 when the input is a scalar. */
static int64_t file_batch(const fvi_model_input *in) {
    return in->shape.ndim > 0 ? in->shape.dim[0] : in->shape.ndim < 0 ? -1 : 0;
}

/* The shape of an input that no binding names. */
static fvi_shape default_shape(const fvi_network *net, const fvi_model_input *in, int64_t batch) {
    if (!strcmp(in->name, net->input.in.name) && net->input.in.is_image)
        return fvi_network_input_shape(net, batch, 0, 0);
    fvi_shape s = in->shape;
    if (s.ndim < 0) s.ndim = 0;
    for (int i = 0; i < s.ndim; i++)
        if (s.dim[i] < 0) s.dim[i] = i ? 1 : batch;
    return s;
}

/* Which batch is wanted, and which one is written into the file: told by the first bound input that
 * has one. */
static void find_batch(binder *k, const fvi_model_input *in, int n_in, const fvi_binding *b,
                       int nb) {
    k->batch = 1;
    for (int i = 0; i < n_in; i++) {
        const fvi_binding *bound = fvi_binding_find(b, nb, in[i].name);
        if (!bound || bound->constant || bound->shape.ndim < 1) continue;
        int64_t file = file_batch(&in[i]);
        k->batch = bound->shape.dim[0];
        k->written = file > 0 && file != k->batch ? file : 0;
        return;
    }
}

static fv_status bind_all(binder *k, const fvi_binding *b, int nb, fv_error *err) {
    int n;
    const fvi_model_file *f = k->net->file;
    const fvi_model_input *in = f->reader->inputs(f, &n);
    k->list = g_new0(fvi_binding, n + nb + 1);
    find_batch(k, in, n, b, nb);
    int64_t batch = k->written ? k->written : k->batch;
    for (int i = 0; i < n; i++) {
        if (k->n == INPUTS_MAX) return fvi_fail(err, FV_NOMEM, "more than %d inputs", INPUTS_MAX);
        const fvi_binding *bound = fvi_binding_find(b, nb, in[i].name);
        fvi_binding *to = &k->list[k->n++];
        *to =
            bound ? *bound : (fvi_binding){in[i].name, default_shape(k->net, &in[i], batch), NULL};
        if (k->written && !to->constant && to->shape.ndim && to->shape.dim[0] == k->batch)
            to->shape.dim[0] = k->written;
    }
    for (int i = 0; i < nb; i++)
        if (!fvi_binding_find(k->list, k->n, b[i].name))
            return fvi_fail(err, FV_NOTFOUND, "the network has no input \"%s\"", b[i].name);
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

static fv_status lower_and_rebatch(binder *k, int64_t from, const char *const *wanted, int n_wanted,
                                   fvi_graph **out, fv_error *err) {
    fvi_graph *g = NULL;
    const fvi_graph_request request = {k->list, k->n, wanted, n_wanted, k->partial};
    fv_status st = fvi_model_file_lower(k->net->file, k->net->constants, &request, &g, err);
    if (!st && from != k->batch) {
        st = fvi_graph_set_batch(g, from, k->batch, err);
        if (st == FV_UNSUPPORTED && k->partial) st = FV_OK; /* listed at the file's batch */
    }
    if (!st) substitute_all(k->net, g);
    if (st)
        fvi_graph_free(g);
    else
        *out = g;
    return st;
}

/* Says that the size that does not fit was a guess. */
static fv_status blame_size(const fvi_network *net, fv_status st, fv_error *err) {
    const fv_input *in = &net->input.in;
    if (st != FV_SHAPE || !net->input.size_assumed || !err) return st;
    return fvi_fail(err, st,
                    "%s (the file leaves the input's size open, and %dx%d was assumed; option "
                    "size, --size N, sets another)",
                    err->text, in->height, in->width);
}

static fv_status lower(binder *k, const fvi_graph_request *r, fvi_graph **out, fv_error *err) {
    g_atomic_int_inc(&((fvi_network *)k->net)->lowerings); /* a count, of no influence */
    fv_status st = bind_all(k, r->bindings, r->n_bindings, err);
    if (!st) {
        int64_t from = k->written ? k->written : k->batch;
        st = lower_and_rebatch(k, from, r->wanted, r->n_wanted, out, err);
    }
    /* A file may leave the batch open at its inputs and still have it as a number inside. */
    if (st == FV_SHAPE && !k->written && k->batch > 1) {
        fv_error second;
        for (int i = 0; i < k->n; i++)
            if (!k->list[i].constant && k->list[i].shape.ndim &&
                k->list[i].shape.dim[0] == k->batch)
                k->list[i].shape.dim[0] = 1;
        if (!lower_and_rebatch(k, 1, r->wanted, r->n_wanted, out, &second)) st = FV_OK;
    }
    g_free(k->list);
    return blame_size(k->net, st, err);
}

fv_status fvi_network_lower(const fvi_network *net, const fvi_binding *bindings, int n_bindings,
                            const char *const *wanted, int n_wanted, fvi_graph **out,
                            fv_error *err) {
    const fvi_graph_request r = {bindings, n_bindings, wanted, wanted ? n_wanted : 0, 0};
    return lower(&(binder){.net = net}, &r, out, err);
}

int fvi_network_lowerings(const fvi_network *net) {
    return g_atomic_int_get(&((fvi_network *)net)->lowerings);
}

fvi_shape fvi_network_input_shape(const fvi_network *net, int64_t batch, int64_t height,
                                  int64_t width) {
    const fv_input *in = &net->input.in;
    fvi_shape s = {.ndim = in->ndim};
    for (int i = 0; i < s.ndim; i++) s.dim[i] = in->dim[i] > 0 ? in->dim[i] : 1;
    if (s.ndim) s.dim[0] = batch;
    if (!in->is_image) return s;
    int c = in->channels_last ? 3 : 1, y = in->channels_last ? 1 : 2;
    s.dim[c] = in->channels;
    s.dim[y] = height ? height : in->height;
    s.dim[y + 1] = width ? width : in->width;
    return s;
}

/* ---- loading -------------------------------------------------------------------------------- */

/* "googlenet" of googlenet.onnx. */
static char *model_name(const fvi_model_file *f) {
    return g_strndup(f->base, fvi_model_file_stem(f, f->base));
}

static fv_status load_parts(fvi_network *net, const fvi_model_source *from,
                            const fv_model_desc *desc, const fvi_limits *limits, fv_error *err) {
    fv_status st = fvi_readers_open(from, limits, &net->file, err);
    if (st) return st;
    net->name = model_name(net->file);
    st = fvi_input_resolve(net->file, desc, &net->input, err);
    if (st) return st;
    st = fvi_network_lower_own(net, err);
    if (!st) st = fvi_layers_make(net->graph, &net->input.in, net->pool, &net->layers, err);
    if (st) fvi_error_prefix(err, "%s", net->file->base);
    return st;
}

fv_status fvi_network_open(const fvi_model_source *from, const fv_model_desc *desc,
                           fvi_network **out, fv_error *err) {
    fvi_limits limits;
    fv_status st = fvi_limits_resolve(desc, &limits, err);
    if (st) return st;
    fvi_network *net = g_new0(fvi_network, 1);
    g_mutex_init(&net->lock);
    net->pool = fvi_pool_new(0);
    net->constants = fvi_constant_cache_new(fvi_limits_constants(&limits));
    st = net->pool && net->constants ? load_parts(net, from, desc, &limits, err)
                                     : fvi_fail(err, FV_NOMEM, "no memory for a model");
    if (st)
        fvi_network_free(net);
    else
        *out = net;
    return st;
}

fv_status fvi_network_load(const char *path, const fv_model_desc *desc, fvi_network **out,
                           fv_error *err) {
    if (!path || !path[0]) return fvi_fail(err, FV_ARG, "no path of a model given");
    return fvi_network_open(&(fvi_model_source){.path = path}, desc, out, err);
}

fv_status fvi_network_load_memory(const void *bytes, size_t size, const char *name,
                                  const fv_model_desc *desc, fvi_network **out, fv_error *err) {
    if (!bytes && size) return fvi_fail(err, FV_ARG, "no bytes of a model given");
    const fvi_model_source from = {.name = name, .bytes = bytes, .size = size};
    return fvi_network_open(&from, desc, out, err);
}

const fvi_network *fvi_network_origin(const fvi_network *net) {
    return net->base ? net->base : net;
}

void fvi_network_free(fvi_network *net) {
    if (!net) return;
    if (net->hasher) g_thread_join(net->hasher);
    fvi_graph_free(net->graph);
    fvi_pool_free(net->pool);
    if (net->substitutes) g_hash_table_destroy(net->substitutes);
    if (!net->base) {
        fvi_input_info_clear(&net->input);
        fvi_constant_cache_free(net->constants);
        fvi_model_file_close(net->file);
    }
    g_mutex_clear(&net->lock);
    g_free(net->sha256);
    g_free(net->name);
    g_free(net);
}

/* ---- networks that share a file ------------------------------------------------------------- */

fv_status fvi_network_lower_own(fvi_network *net, fv_error *err) {
    const fvi_binding own = {net->input.in.name, fvi_network_input_shape(net, 1, 0, 0), NULL};
    const fvi_graph_request r = {&own, own.name[0] ? 1 : 0, NULL, 0, 1};
    return lower(&(binder){.net = net, .partial = 1}, &r, &net->graph, err);
}

fv_status fvi_network_new_sharing(const fvi_network *base, fvi_network **out, fv_error *err) {
    fvi_pool *pool = fvi_pool_new(0);
    if (!pool) return fvi_fail(err, FV_NOMEM, "no memory for a model");
    fvi_network *net = g_new0(fvi_network, 1);
    g_mutex_init(&net->lock);
    net->base = base;
    net->file = base->file;
    net->constants = base->constants;
    net->input = base->input;
    net->layers = base->layers;
    net->name = g_strdup(base->name);
    net->pool = pool;
    net->substitutes = g_hash_table_new(NULL, NULL);
    *out = net;
    return FV_OK;
}

int fvi_network_has_substitute(const fvi_network *net, const fvi_const *c) {
    return g_hash_table_contains(net->substitutes, c->bytes);
}

void fvi_network_substitute(fvi_network *net, const fvi_const *c, const fvi_const *by) {
    g_hash_table_insert(net->substitutes, (void *)(uintptr_t)c->bytes, (void *)(uintptr_t)by);
}

/* ---- what it says of itself ----------------------------------------------------------------- */

const fvi_limits *fvi_network_limits(const fvi_network *net) { return &net->file->limits; }
const char *fvi_network_name(const fvi_network *net) { return net->name; }
const fv_input *fvi_network_input(const fvi_network *net) { return &net->input.in; }
const fvi_graph *fvi_network_graph(const fvi_network *net) { return net->graph; }
int fvi_network_layer_count(const fvi_network *net) { return net->graph->n_nodes; }

const fv_layer *fvi_network_layer(const fvi_network *net, int index) {
    return index >= 0 && index < net->graph->n_nodes ? &net->layers[index] : NULL;
}

int fvi_network_class_count(const fvi_network *net) {
    return net->input.labels ? net->input.labels->count : 0;
}

const char *fvi_network_class_name(const fvi_network *net, int index) {
    return index >= 0 && index < fvi_network_class_count(net) ? net->input.labels->name[index]
                                                              : NULL;
}

const char *fvi_network_sha256(const fvi_network *net) {
    fvi_network *own = (fvi_network *)net; /* only the lazily made text changes, under its lock */
    g_mutex_lock(&own->lock);
    if (!own->sha256) own->sha256 = fvi_model_file_sha256(net->file);
    g_mutex_unlock(&own->lock);
    return net->sha256;
}

void fvi_network_file_bytes(const fvi_network *net, size_t *copied, size_t *mapped) {
    fvi_model_file_bytes(net->file, copied, mapped);
}

static gpointer hash(gpointer net) {
    fvi_network_sha256(net);
    return NULL;
}

void fvi_network_hash_early(const fvi_network *net) {
    fvi_network *own = (fvi_network *)net;    /* as above */
    if (!g_mutex_trylock(&own->lock)) return; /* another thread computes it now */
    if (!own->sha256 && !own->hasher) own->hasher = g_thread_try_new("hash", hash, own, NULL);
    g_mutex_unlock(&own->lock);
}

void fvi_network_release(const fvi_network *net, const void *bytes, size_t size) {
    fvi_model_file_release(net->file, bytes, size);
}
