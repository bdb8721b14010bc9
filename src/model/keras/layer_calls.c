/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of layers as operations. A layer that is a model is all the operations of it; one that
 * holds another layer is taken apart:
 *   TimeDistributed        steps become samples; the layer or model, called "outer/inner"; back
 *   Bidirectional          the forward layer, the backward one, and what joins them
 *   SpectralNormalization  its layer: weights are normalised when they are trained
 * Source: keras/src/layers of Keras 2.21 (tf_keras) and 3.15.
 */
#include "model/keras/layer_calls.h"

#include <string.h>

#include "model/keras/classes.h"

#define DEPTH_MAX   16   /* of models within models */
#define OUTPUTS_MAX 1024 /* of one operation */

static void nomem(fvi_keras_maker *m) {
    fvi_keras_make_fail(m, FV_NOMEM, "no memory for the network%s%s", "", "");
}

/* ---- what a layer's configuration says ------------------------------------------------------ */

/* What the operation is called in tables and messages. */
static const char *type_of(fvi_keras_maker *m, JsonObject *layer) {
    const char *class_name = fvi_keras_class_of(layer);
    const char *function = fvi_keras_text(fvi_keras_config_of(layer), "function", NULL);
    if (fvi_keras_is_function(m, layer))
        return fvi_pool_printf(m->k->file.list->pool, "ops.%s", class_name);
    if (function && g_str_has_suffix(class_name, "OpLambda")) {
        if (g_str_has_prefix(function, "compat.v1.")) function += strlen("compat.v1.");
        return fvi_pool_printf(m->k->file.list->pool, "tf.%s", function);
    }
    return class_name;
}

static int is_recurrent(const char *class_name) {
    return strstr(class_name, "LSTM") || strstr(class_name, "GRU") || strstr(class_name, "RNN");
}

/* How many states a recurrent layer gives besides its output. */
static int count_states(JsonObject *layer) {
    const char *class_name = fvi_keras_class_of(layer);
    JsonObject *config = fvi_keras_config_of(layer);
    if (!is_recurrent(class_name) || !fvi_keras_bool(config, "return_state", 0)) return 0;
    if (!strcmp(class_name, "RNN"))
        class_name = fvi_keras_class_of(fvi_keras_object(config, "cell"));
    return strstr(class_name, "LSTM") ? 2 : 1;
}

/* How many tensors a layer gives. */
static int count_outputs(const fvi_keras_place *p) {
    JsonObject *config = fvi_keras_config_of(p->layer);
    int n = 1 + count_states(p->layer);
    if (!strcmp(fvi_keras_class_of(p->layer), "Bidirectional")) {
        const int both = config && json_object_has_member(config, "merge_mode") &&
                         !fvi_keras_member(config, "merge_mode");
        n = 1 + both + 2 * count_states(fvi_keras_object(config, "layer"));
    }
    return CLAMP(p->outputs, n, OUTPUTS_MAX);
}

/* ---- masks ---------------------------------------------------------------------------------- */

static int is_masked(const fvi_keras_maker *m, const GArray *in) {
    for (guint i = 0; i < in->len; i++) {
        const guint v = (guint)g_array_index(in, int, i);
        if (v < m->masked->len && g_array_index(m->masked, uint8_t, v)) return 1;
    }
    return 0;
}

/* Whether a mask goes through: convolutions and pooling, which take none, end it. */
static int passes_mask(const char *type) {
    return !strstr(type, "Conv") && !strstr(type, "Pooling") && strcmp(type, "Flatten") != 0;
}

static int makes_mask(const fvi_keras_layer *l) {
    return !strcmp(l->class_name, "Masking") ||
           (!strcmp(l->class_name, "Embedding") && fvi_keras_bool(l->config, "mask_zero", 0));
}

static void mark_masked(const fvi_keras_maker *m, int v) {
    if ((guint)v >= m->masked->len) g_array_set_size(m->masked, (guint)v + 1);
    g_array_index(m->masked, uint8_t, v) = 1;
}

/* ---- operations ----------------------------------------------------------------------------- */

/* The places where a call's tensors are written, in the operation's order. */
static const JsonArray *const *places_of(fvi_keras_maker *m, const fvi_keras_call *call) {
    const guint n = call && call->refs ? call->refs->len : 0;
    const JsonArray **at = fvi_pool_array(m->k->file.list->pool, n + 1, sizeof *at);
    for (guint i = 0; i < n && at; i++) at[i] = g_array_index(call->refs, fvi_keras_ref, i).at;
    return at;
}

/* An operation: appends its outputs to `out`.
 *   name  of its first output */
static void add_op(fvi_keras_maker *m, const char *type, const char *name, const fvi_keras_layer *l,
                   int n_out, const GArray *in, GArray *out) {
    fvi_op_list *list = m->k->file.list;
    fvi_keras_layer *own = fvi_pool_alloc(list->pool, sizeof *own);
    int *values = g_new(int, n_out);
    if (own) {
        *own = *l;
        own->masked = is_masked(m, in);
    }
    for (int i = 0; i < n_out; i++) {
        char *output = i ? g_strdup_printf("%s/output%d", name, i) : g_strdup(name);
        values[i] = fvi_op_list_value(list, output);
        g_array_append_val(out, values[i]);
        g_free(output);
    }
    const fvi_op op = {.type = type,
                       .n_in = (int)in->len,
                       .in = (int *)(void *)in->data,
                       .n_out = n_out,
                       .out = values,
                       .detail = own};
    if (!own || !op.type || values[n_out - 1] < 0 || !fvi_op_list_add(list, &op)) nomem(m);
    for (int i = 0; i < n_out && !m->status; i++)
        if (makes_mask(own) || (own->masked && passes_mask(type))) mark_masked(m, values[i]);
    if (++m->calls > m->k->file.limits.nodes)
        fvi_keras_make_fail(
            m, FV_NOMEM, "the network has more layers than are read (limit max_nodes)%s%s", "", "");
    g_free(values);
}

/* Quantised layers compute with integers, and scales that are not read. */
static const char *quantised(JsonObject *config) {
    JsonObject *dtype = fvi_keras_object(config, "dtype");
    const char *class_name = fvi_keras_text(dtype, "class_name", "");
    return g_str_has_prefix(class_name, "Quantized")
               ? "they are quantised; save the model before quantize()"
               : NULL;
}

/* A layer that is read once for all its calls. */
static const fvi_keras_layer *read_layer(fvi_keras_maker *m, const fvi_keras_shelf *shelf,
                                         JsonObject *layer, const char *path) {
    fvi_keras_layer *l = fvi_pool_alloc(m->k->file.list->pool, sizeof *l);
    if (!l) return nomem(m), NULL;
    l->class_name = fvi_keras_class_of(layer);
    l->version = m->k->version;
    l->config = fvi_keras_config_of(layer);
    if (fvi_keras_is_function(m, layer)) return l;
    if (quantised(l->config)) {
        l->problem = quantised(l->config);
        return l;
    }
    m->status = fvi_keras_read_weights(m->k, shelf, path, fvi_keras_name_of(layer), l, m->err);
    return m->status ? NULL : l;
}

/* ---- layers that hold others ---------------------------------------------------------------- */

/* A call of a layer that is a model. */
static void add_model(fvi_keras_maker *m, const fvi_keras_model *o, const fvi_keras_place *p,
                      GArray *in, GArray *out) {
    const char *name = fvi_keras_name_of(p->layer);
    char *prefix = g_strconcat(o->prefix, name, "/", NULL);
    fvi_keras_model inner = {
        .config = fvi_keras_config_of(p->layer), .prefix = prefix, .depth = o->depth + 1};
    inner.given = in;
    if (inner.depth > DEPTH_MAX) {
        fvi_keras_make_fail(m, FV_UNSUPPORTED, "\"%s\": models are nested deeper than 16%s", name,
                            "");
    } else {
        fvi_keras_shelf_open(m->k, &o->shelf, p->path, name, &inner.shelf);
        m->make_model(m, &inner, fvi_keras_class_of(p->layer), out);
        fvi_keras_shelf_close(&inner.shelf);
    }
    g_free(prefix);
}

/* The model that a layer is for the layers it holds: their names begin with its own. */
static void open_holder(fvi_keras_maker *m, const fvi_keras_model *o, const fvi_keras_place *p,
                        fvi_keras_model *inner) {
    const char *name = fvi_keras_name_of(p->layer);
    *inner = (fvi_keras_model){.prefix =
                                   fvi_pool_printf(m->k->file.list->pool, "%s%s/", o->prefix, name),
                               .depth = o->depth + 1,
                               .given = o->given};
    fvi_keras_shelf_hold(&o->shelf, name, &inner->shelf);
    if (!inner->prefix) nomem(m);
    if (inner->depth > DEPTH_MAX)
        fvi_keras_make_fail(m, FV_UNSUPPORTED, "\"%s\": layers are nested deeper than 16%s", name,
                            "");
}

/* The path of the weights of a layer that another one holds as `part`; NULL: not of Keras 3. */
static char *path_of_part(const fvi_keras_place *p, const char *part) {
    return p->path ? g_strdup_printf("%s/%s", p->path, part) : NULL;
}

static void add_time_distributed(fvi_keras_maker *m, const fvi_keras_model *o,
                                 const fvi_keras_place *p, GArray *in, GArray *out) {
    const fvi_keras_layer own = {.class_name = "TimeDistributed",
                                 .version = m->k->version,
                                 .config = fvi_keras_config_of(p->layer)};
    fvi_keras_model inner;
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(int)),
           *made = g_array_new(FALSE, FALSE, sizeof(int));
    char *path = path_of_part(p, "layer");
    char *name = g_strconcat(o->prefix, fvi_keras_name_of(p->layer), NULL);
    char *first = g_strconcat(name, "/each", NULL);
    fvi_keras_place each = {.layer = fvi_keras_object(own.config, "layer"), .path = path};
    open_holder(m, o, p, &inner);
    if (in->len < 1 || !each.layer)
        fvi_keras_make_fail(m, FV_FORMAT, "\"%s\" has no layer or no input%s", name, "");
    if (!m->status) {
        g_array_set_size(in, 1);
        add_op(m, "TimeDistributed/each", first, &own, 1, in, steps);
        fvi_keras_add_layer(m, &inner, &each, NULL, steps, made);
    }
    if (!m->status && made->len) {
        g_array_set_size(made, 1);
        g_array_append_val(made, g_array_index(in, int, 0));
        add_op(m, "TimeDistributed", name, &own, 1, made, out);
    }
    fvi_keras_shelf_close(&inner.shelf);
    g_array_unref(steps);
    g_array_unref(made);
    g_free(path);
    g_free(name);
    g_free(first);
}

/* One direction of a Bidirectional layer. */
static void add_direction(fvi_keras_maker *m, const fvi_keras_model *inner,
                          const fvi_keras_place *p, JsonObject *layer, int backward, GArray *in,
                          GArray *out) {
    char *path = path_of_part(p, backward ? "backward_layer" : "forward_layer");
    const char *own = fvi_keras_name_of(layer);
    const char *way = backward ? "backward_" : "forward_";
    /* the name has its way before it: in the configuration too, of Keras 3 */
    const char *plain = g_str_has_prefix(own, "forward_") ? own + strlen("forward_") : own;
    const char *full = g_str_has_prefix(plain, way)
                           ? plain
                           : fvi_pool_printf(m->k->file.list->pool, "%s%s", way, plain);
    fvi_keras_layer *l = fvi_pool_alloc(m->k->file.list->pool, sizeof *l);
    if (!full || !l) {
        nomem(m);
    } else {
        l->class_name = fvi_keras_class_of(layer);
        l->version = m->k->version;
        l->config = fvi_keras_config_of(layer);
        l->backwards =
            backward && !fvi_keras_object(fvi_keras_config_of(p->layer), "backward_layer");
        m->status = fvi_keras_read_weights(m->k, &inner->shelf, path, full, l, m->err);
        char *name = g_strconcat(inner->prefix, full, NULL);
        if (!m->status) add_op(m, l->class_name, name, l, 1 + count_states(layer), in, out);
        g_free(name);
    }
    g_free(path);
}

static void add_bidirectional(fvi_keras_maker *m, const fvi_keras_model *o,
                              const fvi_keras_place *p, GArray *in, GArray *out) {
    const fvi_keras_layer own = {.class_name = "Bidirectional",
                                 .version = m->k->version,
                                 .config = fvi_keras_config_of(p->layer)};
    JsonObject *forward = fvi_keras_object(own.config, "layer");
    JsonObject *backward = fvi_keras_object(own.config, "backward_layer");
    fvi_keras_model inner;
    GArray *both = g_array_new(FALSE, FALSE, sizeof(int));
    char *name = g_strconcat(o->prefix, fvi_keras_name_of(p->layer), NULL);
    open_holder(m, o, p, &inner);
    if (!forward || in->len != 1)
        fvi_keras_make_fail(m, FV_UNSUPPORTED,
                            "\"%s\" has no layer, or begins with states that are given%s", name,
                            "");
    if (!m->status) add_direction(m, &inner, p, forward, 0, in, both);
    if (!m->status) add_direction(m, &inner, p, backward ? backward : forward, 1, in, both);
    if (!m->status) add_op(m, "Bidirectional", name, &own, count_outputs(p), both, out);
    fvi_keras_shelf_close(&inner.shelf);
    g_array_unref(both);
    g_free(name);
}

/* A layer that does nothing of its own when the network is used: the one it holds, by its name. */
static void add_held(fvi_keras_maker *m, const fvi_keras_model *o, const fvi_keras_place *p,
                     const fvi_keras_call *call, GArray *in, GArray *out) {
    JsonObject *layer = fvi_keras_object(fvi_keras_config_of(p->layer), "layer");
    char *path = path_of_part(p, "layer");
    fvi_keras_shelf shelf;
    fvi_keras_shelf_hold(&o->shelf, fvi_keras_name_of(p->layer), &shelf);
    char *name = g_strconcat(o->prefix, fvi_keras_name_of(p->layer), NULL);
    const fvi_keras_layer *l = layer ? read_layer(m, &shelf, layer, path) : NULL;
    fvi_keras_layer own = l ? *l : (fvi_keras_layer){0};
    if (call) own.call = *call;
    own.call.refs = NULL;
    own.tensors = places_of(m, call);
    if (l)
        add_op(m, fvi_keras_class_of(layer), name, &own, 1, in, out);
    else
        fvi_keras_make_fail(m, FV_FORMAT, "\"%s\" has no layer%s", name, "");
    fvi_keras_shelf_close(&shelf);
    g_free(name);
    g_free(path);
}

void fvi_keras_add_layer(fvi_keras_maker *m, const fvi_keras_model *o, fvi_keras_place *p,
                         const fvi_keras_call *call, GArray *in, GArray *out) {
    const char *class_name = fvi_keras_class_of(p->layer);
    if (fvi_keras_is_model(class_name)) return add_model(m, o, p, in, out);
    if (!strcmp(class_name, "TimeDistributed")) return add_time_distributed(m, o, p, in, out);
    if (!strcmp(class_name, "Bidirectional")) return add_bidirectional(m, o, p, in, out);
    if (!strcmp(class_name, "SpectralNormalization")) return add_held(m, o, p, call, in, out);
    if (!p->read) p->read = read_layer(m, &o->shelf, p->layer, p->path);
    if (!p->read) return;
    fvi_keras_layer own = *p->read;
    char *name = g_strconcat(o->prefix, fvi_keras_name_of(p->layer), NULL);
    if (call) own.call = *call;
    own.call.refs = NULL;
    own.tensors = places_of(m, call);
    if (!own.tensors) nomem(m);
    if (!m->status) add_op(m, type_of(m, p->layer), name, &own, count_outputs(p), in, out);
    g_free(name);
}
