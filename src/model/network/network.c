/* SPDX-License-Identifier: Apache-2.0 */
/* A network: its file, its input, its class names, and the graph at its own input size.
 *
 * Loading reads no weight that the lowering does not need, and computes no checksum.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/input/values.h"
#include "model/network/layers.h"
#include "model/network/lower.h"
#include "model/network/network.h"
#include "model/network/network_internal.h"
#include "model/readers.h"

/* ---- loading -------------------------------------------------------------------------------- */

/* "googlenet" of googlenet.onnx. */
static char *model_name(const fvi_model_file *f) {
    return g_strndup(f->base, fvi_model_file_stem(f, f->base));
}

static fv_status load_parts(fvi_network *net, const fvi_model_source *from,
                            const fv_model_desc *desc, const fvi_limits *limits, fv_error *err) {
    fvi_model_source source = *from;
    if (desc && desc->weights) source.weights = desc->weights;
    fv_status st = fvi_readers_open(&source, limits, &net->file, err);
    if (st) return st;
    net->name = model_name(net->file);
    st = fvi_input_resolve(net->file, desc, &net->input, err);
    if (!st) st = fvi_given_inputs_read(net->file, desc, net->input.in.name, &net->given, err);
    if (st) return st;
    st = fvi_network_lower_own(net, err);
    if (!st) st = fvi_layers_make(net->graph, &net->input.in, net->pool, &net->layers, err);
    if (desc) net->output_wanted = g_strdup(desc->output);
    if (st) fvi_error_prefix(err, "%s", net->file->base);
    return st ? st : fvi_input_complete(net->file, net->graph, &net->input, err);
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
        fvi_given_inputs_clear(&net->given);
        fvi_constant_cache_free(net->constants);
        fvi_model_file_close(net->file);
    }
    g_mutex_clear(&net->lock);
    g_free(net->sha256);
    g_free(net->name);
    g_free(net->output_wanted);
    g_free(net);
}

/* ---- networks that share a file ------------------------------------------------------------- */

fv_status fvi_network_new_sharing(const fvi_network *base, fvi_network **out, fv_error *err) {
    fvi_pool *pool = fvi_pool_new(0);
    if (!pool) return fvi_fail(err, FV_NOMEM, "no memory for a model");
    fvi_network *net = g_new0(fvi_network, 1);
    g_mutex_init(&net->lock);
    net->base = base;
    net->file = base->file;
    net->constants = base->constants;
    net->input = base->input;
    net->given = base->given;
    net->layers = base->layers;
    net->output_wanted = g_strdup(base->output_wanted);
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
const fvi_input_axes *fvi_network_input_axes(const fvi_network *net) { return &net->input.axes; }
int fvi_network_input_part_count(const fvi_network *net) { return (int)net->input.parts->len; }
const fv_input_part *fvi_network_input_part(const fvi_network *net, int index) {
    const int known = index >= 0 && index < fvi_network_input_part_count(net);
    return known ? g_ptr_array_index(net->input.parts, index) : NULL;
}
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

const char *fvi_network_metadata(const fvi_network *net, const char *key) {
    return fvi_model_file_metadata(net->file, key);
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

fvi_dtype fvi_network_input_type(const fvi_network *net, const char *input) {
    const fvi_model_input *in = fvi_model_file_input(net->file, input);
    return in && in->type ? (fvi_dtype)in->type : FVI_F32;
}

char *fvi_network_no_size(const fvi_network *net, const char *input) {
    const fvi_model_input *in = fvi_model_file_input(net->file, input);
    if (!in || !in->no_size) return NULL;
    return g_strdup_printf("input \"%s\" has size %" PRId64
                           " along axis %d in the file; any size is "
                           "taken there",
                           input, in->said, in->no_size - 1);
}

fv_status fvi_network_check_numbers(const fvi_network *net, const fv_tensor *input, fv_error *err) {
    const fvi_model_input *in = fvi_model_file_input(net->file, net->input.in.name);
    return in ? fvi_model_input_check(in, input, net->input.in.is_image, err) : FV_OK;
}

const char *fvi_network_usual(const fvi_network *net, const char *input) {
    const fvi_model_input *in = fvi_model_file_input(net->file, input);
    return in ? fvi_other_input_usual(&net->input.in, in) : "zeros";
}
