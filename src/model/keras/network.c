/* SPDX-License-Identifier: Apache-2.0 */
/* The list of operations of a model. Each call of a layer is an operation, called as the layer; the
 * layers of a model that is a layer are called "inner/conv1". Calls are made in any order in which
 * each has its inputs: the file's is nearly always one.
 *
 * Every operation's output is the layer's, with its activation: in Keras that is one thing.
 * Source: functional.py, sequential.py of Keras 2.21 (tf_keras) and 3.15.
 */
#include "model/keras/network.h"

#include <string.h>

#include "base/error.h"
#include "model/keras/calls.h"
#include "model/keras/config.h"
#include "model/keras/weights.h"

#define DEPTH_MAX  16  /* of models within models */
#define PASSES_MAX 256 /* over the layers of one model */

typedef struct maker {
    fvi_keras *k;
    fv_error *err;
    fv_status status;
    int64_t calls; /* made so far, against limits.nodes */
} maker;

/* One model: the file's, or a layer of another. */
typedef struct model {
    JsonObject *config;
    const char *prefix; /* of its layers' names: "inner/", "" */
    int depth;
    const GArray *given; /* int: values of its inputs; NULL: it is the file's, and has its own */
    GHashTable *tensors; /* "layer\nnode\ntensor" -> value + 1 */
    fvi_keras_shelf shelf;
} model;

static void make_model(maker *m, model *own, const char *class_name, GArray *outputs);

static void fail(maker *m, fv_status st, const char *format, const char *a, const char *b) {
    if (!m->status) m->status = fvi_fail(m->err, st, format, a, b);
}

static void nomem(maker *m) { fail(m, FV_NOMEM, "no memory for the network%s%s", "", ""); }

static char *tensor_key(const char *layer, int64_t node, int64_t tensor) {
    return g_strdup_printf("%s\n%" G_GINT64_FORMAT "\n%" G_GINT64_FORMAT, layer, node, tensor);
}

static void set_tensor(const model *o, const char *layer, int64_t node, int64_t tensor, int v) {
    g_hash_table_insert(o->tensors, tensor_key(layer, node, tensor), GINT_TO_POINTER(v + 1));
}

/* The tensor's value, or -1: it is not made yet. */
static int get_tensor(const model *o, const fvi_keras_ref *r) {
    char *key = tensor_key(r->layer, r->node, r->tensor);
    const int v = GPOINTER_TO_INT(g_hash_table_lookup(o->tensors, key)) - 1;
    g_free(key);
    return v;
}

/* ---- layers --------------------------------------------------------------------------------- */

static const char *class_of(JsonObject *layer) { return fvi_keras_text(layer, "class_name", ""); }

static JsonObject *config_of(JsonObject *layer) { return fvi_keras_object(layer, "config"); }

static const char *name_of(JsonObject *layer) {
    return fvi_keras_text(config_of(layer), "name", fvi_keras_text(layer, "name", "layer"));
}

static int is_model(const char *class_name) {
    return !strcmp(class_name, "Functional") || !strcmp(class_name, "Model") ||
           !strcmp(class_name, "Sequential");
}

/* An operation of keras.ops, which is no layer: it cannot be trained. */
static int is_function(const maker *m, JsonObject *layer) {
    const char *module = fvi_keras_text(layer, "module", NULL);
    if (module) return strstr(module, ".ops.") || g_str_has_suffix(module, ".ops");
    return m->k->version >= 3 && !fvi_keras_member(config_of(layer), "trainable") &&
           strcmp(class_of(layer), "InputLayer") != 0;
}

/* What the operation is called in tables and messages. */
static const char *type_of(maker *m, JsonObject *layer) {
    const char *function = fvi_keras_text(config_of(layer), "function", NULL);
    if (is_function(m, layer)) return fvi_pool_printf(m->k->list->pool, "ops.%s", class_of(layer));
    if (!strcmp(class_of(layer), "TFOpLambda") && function)
        return fvi_pool_printf(m->k->list->pool, "tf.%s", function);
    return class_of(layer);
}

/* How many tensors a layer gives. */
static int count_outputs(JsonObject *layer) {
    JsonObject *config = config_of(layer);
    const int two_ways = !strcmp(class_of(layer), "Bidirectional");
    if (two_ways) config = config_of(fvi_keras_object(config, "layer"));
    if (!fvi_keras_bool(config, "return_state", 0)) return 1;
    const char *class_name =
        two_ways ? class_of(fvi_keras_object(config_of(layer), "layer")) : class_of(layer);
    const int states = strstr(class_name, "LSTM") ? 2 : 1;
    return 1 + states * (two_ways ? 2 : 1);
}

/* A layer that is read once for all its calls. */
static const fvi_keras_layer *read_layer(maker *m, model *o, JsonObject *layer, const char *path) {
    fvi_keras_layer *l = fvi_pool_alloc(m->k->list->pool, sizeof *l);
    if (!l) return nomem(m), NULL;
    l->class_name = class_of(layer);
    l->version = m->k->version;
    l->config = config_of(layer);
    if (is_function(m, layer)) return l;
    m->status = fvi_keras_read_weights(m->k, &o->shelf, path, name_of(layer), l, m->err);
    return m->status ? NULL : l;
}

/* One call of a layer that is no model. */
static void add_call(maker *m, const model *o, JsonObject *layer, const fvi_keras_layer *l,
                     const fvi_keras_call *call, GArray *in, GArray *out) {
    fvi_op_list *list = m->k->list;
    fvi_keras_layer *own = fvi_pool_alloc(list->pool, sizeof *own);
    char *name = g_strconcat(o->prefix, name_of(layer), NULL);
    const int n_out = count_outputs(layer);
    int values[8];
    if (own) *own = *l;
    if (own && call) own->args = call->args;
    if (own && call) own->kwargs = call->kwargs;
    for (int i = 0; i < n_out; i++) {
        char *output = i ? g_strdup_printf("%s/output%d", name, i) : g_strdup(name);
        values[i] = fvi_op_list_value(list, output);
        g_array_append_val(out, values[i]);
        g_free(output);
    }
    const fvi_op op = {.type = type_of(m, layer),
                       .n_in = (int)in->len,
                       .in = (int *)(void *)in->data,
                       .n_out = n_out,
                       .out = values,
                       .detail = own};
    if (!own || !op.type || values[n_out - 1] < 0 || !fvi_op_list_add(list, &op)) nomem(m);
    if (++m->calls > m->k->file.limits.nodes)
        fail(m, FV_NOMEM, "the network has more layers than are read (limit max_nodes)%s%s", "",
             "");
    g_free(name);
}

/* A call of a layer that is a model. */
static void add_model(maker *m, const model *o, JsonObject *layer, const char *path, GArray *in,
                      GArray *out) {
    char *prefix = g_strconcat(o->prefix, name_of(layer), "/", NULL);
    model inner = {.config = config_of(layer), .prefix = prefix, .depth = o->depth + 1};
    inner.given = in;
    if (inner.depth > DEPTH_MAX) {
        fail(m, FV_UNSUPPORTED, "\"%s\": models are nested deeper than 16%s", name_of(layer), "");
    } else {
        fvi_keras_shelf_open(m->k, &o->shelf, path, name_of(layer), &inner.shelf);
        make_model(m, &inner, class_of(layer), out);
        fvi_keras_shelf_close(&inner.shelf);
    }
    g_free(prefix);
}

/* ---- inputs --------------------------------------------------------------------------------- */

static int has_channels_first(JsonNode *node, int depth) {
    if (depth > 2 * DEPTH_MAX) return 0;
    if (fvi_keras_is_object(node)) {
        JsonObject *o = json_node_get_object(node);
        if (!strcmp(fvi_keras_text(o, "data_format", ""), "channels_first")) return 1;
        return has_channels_first(fvi_keras_member(o, "config"), depth + 1) ||
               has_channels_first(fvi_keras_member(o, "layers"), depth + 1);
    }
    if (!fvi_keras_is_array(node)) return 0;
    JsonArray *a = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(a); i++)
        if (has_channels_first(json_array_get_element(a, i), depth + 1)) return 1;
    return 0;
}

static int type_of_input(JsonObject *config) {
    static const struct {
        const char *name;
        fvi_dtype type;
    } types[] = {{"float32", FVI_F32}, {"float16", FVI_F16}, {"bfloat16", FVI_BF16},
                 {"float64", FVI_F64}, {"int32", FVI_I32},   {"int64", FVI_I64},
                 {"int16", FVI_I16},   {"int8", FVI_I8},     {"uint8", FVI_U8},
                 {"bool", FVI_BOOL}};
    const char *name = fvi_keras_text(config, "dtype", "float32");
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (!strcmp(types[i].name, name)) return types[i].type;
    return FVI_F32;
}

/* The shape an input's configuration states, with its samples. */
static int stated_shape(JsonObject *config, fvi_shape *shape) {
    return fvi_keras_shape(fvi_keras_member(config, "batch_shape"), shape) ||
           fvi_keras_shape(fvi_keras_member(config, "batch_input_shape"), shape);
}

/* An input of the file's model. */
static int add_input(maker *m, const char *name, JsonObject *config, const fvi_shape *shape) {
    const int is_picture = shape->ndim == 4;
    const int layout = !is_picture ? 0 : has_channels_first(m->k->config, 0) ? FVI_NCHW : FVI_NHWC;
    const int v = fvi_op_list_input(m->k->list, name, shape, type_of_input(config), layout);
    if (v < 0) nomem(m);
    return v;
}

/* ---- functional models ---------------------------------------------------------------------- */

/* One layer of a functional model, and its calls. */
typedef struct member {
    JsonObject *layer;
    char *path; /* of its weights; NULL: not of Keras 3 */
    const fvi_keras_layer *read;
    JsonArray *inbound;
    guint done;    /* calls that are made */
    int64_t shift; /* what tensors of its first call have as their node */
} member;

static void free_member(gpointer p) { g_free(((member *)p)->path); }

static GArray *refs_of(JsonNode *node) {
    GArray *refs = g_array_new(FALSE, FALSE, sizeof(fvi_keras_ref));
    if (node) fvi_keras_refs(node, refs);
    return refs;
}

/* Binds an input layer: the file's, or to what the model is called with. */
static void bind_input(maker *m, const model *o, member *x, GArray *inputs) {
    const char *name = name_of(x->layer);
    fvi_shape shape;
    int v = -1;
    if (!o->given) {
        if (stated_shape(config_of(x->layer), &shape))
            v = add_input(m, name, config_of(x->layer), &shape);
        else
            fail(m, FV_FORMAT, "its input \"%s\" has no shape%s", name, "");
    }
    for (guint i = 0; o->given && i < inputs->len && i < o->given->len; i++)
        if (!strcmp(g_array_index(inputs, fvi_keras_ref, i).layer, name))
            v = g_array_index(o->given, int, i);
    if (v < 0)
        fail(m, FV_FORMAT, "the input \"%s\" of \"%s\" is not given", name, o->prefix);
    else
        set_tensor(o, name, 0, 0, v);
    x->done = 1;
}

/* Makes the next call of a layer; returns 0: an input is not there yet. */
static int make_call(maker *m, model *o, member *x) {
    fvi_keras_call call;
    if (!fvi_keras_call_read(x->inbound, x->done, &call)) {
        fail(m, FV_FORMAT, "layer \"%s\": a call of it cannot be read%s", name_of(x->layer), "");
        return 0;
    }
    GArray *in = g_array_new(FALSE, FALSE, sizeof(int)),
           *out = g_array_new(FALSE, FALSE, sizeof(int));
    int ready = 1;
    for (guint i = 0; i < call.refs->len && ready; i++) {
        const int v = get_tensor(o, &g_array_index(call.refs, fvi_keras_ref, i));
        ready = v >= 0;
        g_array_append_val(in, v);
    }
    if (ready && is_model(class_of(x->layer)))
        add_model(m, o, x->layer, x->path, in, out);
    else if (ready && !x->read)
        x->read = read_layer(m, o, x->layer, x->path);
    if (ready && x->read) add_call(m, o, x->layer, x->read, &call, in, out);
    for (guint i = 0; i < out->len && ready; i++)
        set_tensor(o, name_of(x->layer), x->shift + x->done, i, g_array_index(out, int, i));
    x->done += (guint)ready;
    g_array_unref(in);
    g_array_unref(out);
    g_array_unref(call.refs);
    return ready;
}

/* A model counts its calls from 1 where it was called once while it was built. */
static void find_shifts(GArray *members, GHashTable *by_name) {
    for (guint i = 0; i < members->len; i++) {
        JsonArray *inbound = g_array_index(members, member, i).inbound;
        for (guint c = 0; c < fvi_keras_length(inbound); c++) {
            GArray *refs = refs_of(json_array_get_element(inbound, c));
            for (guint r = 0; r < refs->len; r++) {
                const fvi_keras_ref *ref = &g_array_index(refs, fvi_keras_ref, r);
                const int at = GPOINTER_TO_INT(g_hash_table_lookup(by_name, ref->layer)) - 1;
                member *x = at >= 0 ? &g_array_index(members, member, at) : NULL;
                const int64_t calls = x ? fvi_keras_length(x->inbound) : 0;
                if (x && is_model(class_of(x->layer)) && ref->node == calls) x->shift = 1;
            }
            g_array_unref(refs);
        }
    }
}

static GArray *read_members(const maker *m, model *o) {
    JsonArray *layers = fvi_keras_array(o->config, "layers");
    GArray *members = g_array_new(FALSE, TRUE, sizeof(member));
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_array_set_clear_func(members, free_member);
    for (guint i = 0; i < fvi_keras_length(layers); i++) {
        member x = {.layer = fvi_keras_element(layers, i)};
        if (!x.layer) continue;
        x.inbound = fvi_keras_array(x.layer, "inbound_nodes");
        if (!is_function(m, x.layer))
            x.path = fvi_keras_shelf_next(&o->shelf, class_of(x.layer), name_of(x.layer));
        g_array_append_val(members, x);
        g_hash_table_insert(by_name, (void *)name_of(x.layer), GINT_TO_POINTER(members->len));
    }
    find_shifts(members, by_name);
    g_hash_table_unref(by_name);
    return members;
}

/* Makes all calls, in passes: a layer may be called with what a later one gives. */
static void make_calls(maker *m, model *o, GArray *members) {
    GArray *inputs = refs_of(fvi_keras_member(o->config, "input_layers"));
    guint left = 1;
    for (int pass = 0; pass < PASSES_MAX && left && !m->status; pass++) {
        guint before = left;
        left = 0;
        for (guint i = 0; i < members->len && !m->status; i++) {
            member *x = &g_array_index(members, member, i);
            if (!strcmp(class_of(x->layer), "InputLayer")) {
                if (!x->done) bind_input(m, o, x, inputs);
                continue;
            }
            while (x->done < fvi_keras_length(x->inbound) && !m->status && make_call(m, o, x)) {}
            left += fvi_keras_length(x->inbound) - x->done;
        }
        if (pass && left == before) break;
    }
    if (left)
        fail(m, FV_FORMAT, "layers of \"%s\" are called with what no layer gives%s", o->prefix, "");
    g_array_unref(inputs);
}

static void make_functional(maker *m, model *o, GArray *outputs) {
    GArray *members = read_members(m, o);
    GArray *last = refs_of(fvi_keras_member(o->config, "output_layers"));
    make_calls(m, o, members);
    for (guint i = 0; i < last->len && !m->status; i++) {
        const fvi_keras_ref *r = &g_array_index(last, fvi_keras_ref, i);
        const int v = get_tensor(o, r);
        if (v < 0)
            fail(m, FV_FORMAT, "there is no layer \"%s%s\", which an output is from", o->prefix,
                 r->layer);
        g_array_append_val(outputs, v);
    }
    g_array_unref(members);
    g_array_unref(last);
}

/* ---- sequential models ---------------------------------------------------------------------- */

/* The value of a sequential model's input: what it is called with, or the file's. */
static int sequential_input(maker *m, const model *o, JsonArray *layers) {
    JsonObject *first = fvi_keras_element(layers, 0);
    fvi_shape shape;
    if (o->given) return o->given->len ? g_array_index(o->given, int, 0) : -1;
    JsonObject *config = first ? config_of(first) : NULL;
    /* of a model within it, the first layer's */
    while (first && is_model(class_of(first)) && !stated_shape(config, &shape)) {
        first = fvi_keras_element(fvi_keras_array(config, "layers"), 0);
        config = first ? config_of(first) : NULL;
    }
    if (!config || !(stated_shape(config, &shape) ||
                     fvi_keras_shape(fvi_keras_member(o->config, "build_input_shape"), &shape))) {
        fail(m, FV_UNSUPPORTED,
             "the model was saved before it was built: its input has no shape; call it once, or "
             "begin with keras.Input(shape), and save it again%s%s",
             "", "");
        return -1;
    }
    const int is_input = !strcmp(class_of(first), "InputLayer");
    char *made = g_strconcat(name_of(first), "_input", NULL);
    const int v = add_input(m, is_input ? name_of(first) : made, config, &shape);
    g_free(made);
    return v;
}

static void make_sequential(maker *m, model *o, GArray *outputs) {
    JsonArray *layers = fvi_keras_array(o->config, "layers");
    GArray *flow = g_array_new(FALSE, FALSE, sizeof(int));
    int v = sequential_input(m, o, layers);
    for (guint i = 0; i < fvi_keras_length(layers) && !m->status && v >= 0; i++) {
        JsonObject *layer = fvi_keras_element(layers, i);
        if (!layer) continue;
        char *path = fvi_keras_shelf_next(&o->shelf, class_of(layer), name_of(layer));
        GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
        g_array_set_size(flow, 0);
        g_array_append_val(flow, v);
        if (is_model(class_of(layer))) {
            add_model(m, o, layer, path, flow, out);
        } else if (strcmp(class_of(layer), "InputLayer") != 0) {
            const fvi_keras_layer *l = read_layer(m, o, layer, path);
            if (l) add_call(m, o, layer, l, NULL, flow, out);
        }
        if (out->len) v = g_array_index(out, int, 0);
        g_array_unref(out);
        g_free(path);
    }
    g_array_append_val(outputs, v);
    g_array_unref(flow);
}

/* ---- models --------------------------------------------------------------------------------- */

static void make_model(maker *m, model *o, const char *class_name, GArray *outputs) {
    o->tensors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!o->config)
        fail(m, FV_FORMAT, "the model \"%s\" has no configuration%s", class_name, "");
    else if (!strcmp(class_name, "Sequential"))
        make_sequential(m, o, outputs);
    else
        make_functional(m, o, outputs);
    g_hash_table_unref(o->tensors);
}

/* Keras 2.0 wrote a sequential model's layers where its configuration is now. */
static JsonObject *model_config(fvi_keras *k, JsonObject *root) {
    JsonArray *layers = fvi_keras_array(root, "config");
    if (!layers) return config_of(root);
    JsonObject *made = json_object_new();
    json_object_set_array_member(made, "layers", json_array_ref(layers));
    JsonNode *node = json_node_init_object(json_node_alloc(), made);
    json_object_unref(made);
    k->made = node;
    return json_node_get_object(node);
}

fv_status fvi_keras_make_list(fvi_keras *k, fv_error *err) {
    if (!fvi_keras_is_object(k->config))
        return fvi_fail(err, FV_FORMAT, "its configuration is no model's");
    JsonObject *root = json_node_get_object(k->config);
    const char *class_name = class_of(root);
    if (!is_model(class_name))
        return fvi_fail(err, FV_UNSUPPORTED,
                        "its model is of a class of its own, \"%s\", whose graph only its Python "
                        "code knows; allowed: Functional, Sequential; in Python: "
                        "m.export(\"model.onnx\", format=\"onnx\")",
                        class_name);
    maker m = {.k = k, .err = err};
    model whole = {.config = model_config(k, root), .prefix = ""};
    GArray *outputs = g_array_new(FALSE, FALSE, sizeof(int));
    fvi_keras_shelf_open(k, NULL, NULL, NULL, &whole.shelf);
    make_model(&m, &whole, class_name, outputs);
    fvi_keras_shelf_close(&whole.shelf);
    for (guint i = 0; i < outputs->len && !m.status; i++)
        fvi_op_list_output(k->list, g_array_index(outputs, int, i));
    if (!m.status && !k->list->inputs->len)
        fail(&m, FV_FORMAT, "the model has no input%s%s", "", "");
    g_array_unref(outputs);
    fvi_op_list_finish(k->list);
    return m.status;
}
