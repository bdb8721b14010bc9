/* SPDX-License-Identifier: Apache-2.0 */
/* The list of operations of a model. Each call of a layer is an operation, called as the layer; the
 * layers of a model that is a layer are called "inner/conv1". Calls are made in any order in which
 * each has its inputs: the file's is nearly always one.
 *
 * Every operation's output is the layer's, with its activation: in Keras that is one thing.
 * Source: functional.py, sequential.py of Keras 2.21 (tf_keras) and 3.15.
 */
#include "model/keras/network.h"

#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "model/keras/calls.h"
#include "model/keras/config.h"
#include "model/keras/layer_calls.h"

#define SHAPE_TEXT 100 /* characters of a shape in a message */
#define DEPTH_MAX  32  /* of lists and objects */
#define PASSES_MAX 256 /* over the layers of one model */

static char *tensor_key(const char *layer, int64_t node, int64_t tensor) {
    return g_strdup_printf("%s\n%" G_GINT64_FORMAT "\n%" G_GINT64_FORMAT, layer, node, tensor);
}

static void set_tensor(const fvi_keras_model *o, const char *layer, int64_t node, int64_t tensor,
                       int v) {
    g_hash_table_insert(o->tensors, tensor_key(layer, node, tensor), GINT_TO_POINTER(v + 1));
}

/* The tensor's value, or -1: it is not made yet. */
static int get_tensor(const fvi_keras_model *o, const fvi_keras_ref *r) {
    char *key = tensor_key(r->layer, r->node, r->tensor);
    const int v = GPOINTER_TO_INT(g_hash_table_lookup(o->tensors, key)) - 1;
    g_free(key);
    return v;
}

/* ---- inputs --------------------------------------------------------------------------------- */

/* The order of axes that the first layer with one is for, which is nearly always the one that reads
 * the input; NULL: none has one. */
static const char *first_data_format(JsonNode *node, int depth) {
    const char *found = NULL;
    if (depth > DEPTH_MAX) return NULL;
    if (fvi_keras_is_object(node)) {
        JsonObject *o = json_node_get_object(node);
        const char *own = fvi_keras_text(o, "data_format", NULL);
        if (own) return own;
        found = first_data_format(fvi_keras_member(o, "config"), depth + 1);
        return found ? found : first_data_format(fvi_keras_member(o, "layers"), depth + 1);
    }
    if (!fvi_keras_is_array(node)) return NULL;
    JsonArray *a = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(a) && !found; i++)
        found = first_data_format(json_array_get_element(a, i), depth + 1);
    return found;
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

/* The shape an input's configuration states, with its samples; 0: none, or it cannot be one. */
static int stated_shape(fvi_keras_maker *m, JsonObject *config, fvi_shape *shape) {
    static const char *const keys[] = {"batch_shape", "batch_input_shape"};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        JsonNode *stated = fvi_keras_member(config, keys[i]);
        if (fvi_keras_shape(stated, shape)) return 1;
        if (!fvi_keras_is_array(stated)) continue;
        char *text = json_to_string(stated, FALSE);
        if (strlen(text) > SHAPE_TEXT) text[SHAPE_TEXT] = 0;
        fvi_keras_make_fail(m, FV_FORMAT,
                            "its input's %s is %s; allowed: up to 8 sizes, each of them null or "
                            "at most 2147483648",
                            keys[i], text);
        g_free(text);
    }
    return 0;
}

/* An input of the file's model. */
static int add_input(fvi_keras_maker *m, const char *name, JsonObject *config,
                     const fvi_shape *shape) {
    const char *format = first_data_format(m->k->config, 0);
    const int layout = format && !strcmp(format, "channels_first") ? FVI_NCHW : FVI_NHWC;
    const int v = fvi_op_list_input(m->k->file.list, name, shape, type_of_input(config), layout);
    if (v < 0) fvi_keras_make_fail(m, FV_NOMEM, "no memory for the network%s%s", "", "");
    return v;
}

/* ---- functional models ---------------------------------------------------------------------- */

/* One layer of a functional model, and its calls. */
typedef struct member {
    fvi_keras_place place;
    char *path;
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
static void bind_input(fvi_keras_maker *m, const fvi_keras_model *o, member *x, GArray *inputs) {
    const char *name = fvi_keras_name_of(x->place.layer);
    fvi_shape shape;
    int v = -1;
    if (!o->given) {
        if (stated_shape(m, fvi_keras_config_of(x->place.layer), &shape))
            v = add_input(m, name, fvi_keras_config_of(x->place.layer), &shape);
        else
            fvi_keras_make_fail(m, FV_FORMAT, "its input \"%s\" has no shape%s", name, "");
    }
    for (guint i = 0; o->given && i < inputs->len && i < o->given->len; i++)
        if (!strcmp(g_array_index(inputs, fvi_keras_ref, i).layer, name))
            v = g_array_index(o->given, int, i);
    if (v < 0)
        fvi_keras_make_fail(m, FV_FORMAT, "the input \"%s\" of \"%s\" is not given", name,
                            o->prefix);
    else
        set_tensor(o, name, 0, 0, v);
    x->done = 1;
}

/* Makes the next call of a layer; returns 0: an input is not there yet. */
static int make_call(fvi_keras_maker *m, fvi_keras_model *o, member *x) {
    fvi_keras_call call;
    if (!fvi_keras_call_read(x->inbound, x->done, &call)) {
        fvi_keras_make_fail(m, FV_FORMAT, "layer \"%s\": a call of it cannot be read%s",
                            fvi_keras_name_of(x->place.layer), "");
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
    if (ready) fvi_keras_add_layer(m, o, &x->place, &call, in, out);
    for (guint i = 0; i < out->len && ready; i++)
        set_tensor(o, fvi_keras_name_of(x->place.layer), x->shift + x->done, i,
                   g_array_index(out, int, i));
    x->done += (guint)ready;
    g_array_unref(in);
    g_array_unref(out);
    g_array_unref(call.refs);
    return ready;
}

/* Notes what a tensor says of the layer that gives it: how many outputs it has, and that in Keras 2
 * a model counts its calls from 1 where it was called once while it was built. */
static void note_ref(GArray *members, GHashTable *by_name, const fvi_keras_ref *ref, int version) {
    const int at = GPOINTER_TO_INT(g_hash_table_lookup(by_name, ref->layer)) - 1;
    if (at < 0) return;
    member *x = &g_array_index(members, member, at);
    const int64_t calls = fvi_keras_length(x->inbound);
    if (version < 3 && fvi_keras_is_model(fvi_keras_class_of(x->place.layer)) && ref->node == calls)
        x->shift = 1;
    if (ref->tensor >= x->place.outputs && ref->tensor < INT_MAX)
        x->place.outputs = (int)ref->tensor + 1;
}

static void note_refs(GArray *members, GHashTable *by_name, GArray *refs, int version) {
    for (guint r = 0; r < refs->len; r++)
        note_ref(members, by_name, &g_array_index(refs, fvi_keras_ref, r), version);
    g_array_unref(refs);
}

static void note_calls(const fvi_keras_model *o, GArray *members, GHashTable *by_name,
                       int version) {
    for (guint i = 0; i < members->len; i++) {
        JsonArray *inbound = g_array_index(members, member, i).inbound;
        for (guint c = 0; c < fvi_keras_length(inbound); c++)
            note_refs(members, by_name, refs_of(json_array_get_element(inbound, c)), version);
    }
    note_refs(members, by_name, refs_of(fvi_keras_member(o->config, "output_layers")), version);
}

static GArray *read_members(const fvi_keras_maker *m, fvi_keras_model *o) {
    JsonArray *layers = fvi_keras_array(o->config, "layers");
    GArray *members = g_array_new(FALSE, TRUE, sizeof(member));
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_array_set_clear_func(members, free_member);
    for (guint i = 0; i < fvi_keras_length(layers); i++) {
        member x = {.place = {.layer = fvi_keras_element(layers, i)}};
        if (!x.place.layer) continue;
        x.inbound = fvi_keras_array(x.place.layer, "inbound_nodes");
        if (!fvi_keras_is_function(m, x.place.layer))
            x.path = fvi_keras_shelf_next(&o->shelf, fvi_keras_class_of(x.place.layer),
                                          fvi_keras_name_of(x.place.layer));
        x.place.path = x.path;
        g_array_append_val(members, x);
        g_hash_table_insert(by_name, (void *)fvi_keras_name_of(x.place.layer),
                            GINT_TO_POINTER(members->len));
    }
    note_calls(o, members, by_name, m->k->version);
    g_hash_table_unref(by_name);
    return members;
}

/* Makes all calls, in passes: a layer may be called with what a later one gives. */
static void make_calls(fvi_keras_maker *m, fvi_keras_model *o, GArray *members) {
    GArray *inputs = refs_of(fvi_keras_member(o->config, "input_layers"));
    guint left = 1;
    for (int pass = 0; pass < PASSES_MAX && left && !m->status; pass++) {
        guint before = left;
        left = 0;
        for (guint i = 0; i < members->len && !m->status; i++) {
            member *x = &g_array_index(members, member, i);
            if (!strcmp(fvi_keras_class_of(x->place.layer), "InputLayer")) {
                if (!x->done) bind_input(m, o, x, inputs);
                continue;
            }
            while (x->done < fvi_keras_length(x->inbound) && !m->status && make_call(m, o, x)) {}
            left += fvi_keras_length(x->inbound) - x->done;
        }
        if (pass && left == before) break;
    }
    if (left)
        fvi_keras_make_fail(m, FV_FORMAT, "layers of \"%s\" are called with what no layer gives%s",
                            o->prefix, "");
    g_array_unref(inputs);
}

/* The value of an output of the model. Keras 3 counts the calls of a functional model from 1 there,
 * and from 0 in the arguments of calls. */
static int find_output(const fvi_keras_maker *m, const fvi_keras_model *o, GArray *members,
                       const fvi_keras_ref *r) {
    fvi_keras_ref own = *r;
    for (guint i = 0; i < members->len && m->k->version >= 3 && r->node > 0; i++) {
        JsonObject *layer = g_array_index(members, member, i).place.layer;
        const char *class_name = fvi_keras_class_of(layer);
        if (!strcmp(fvi_keras_name_of(layer), r->layer) && fvi_keras_is_model(class_name) &&
            strcmp(class_name, "Sequential") != 0)
            own.node = r->node - 1;
    }
    return get_tensor(o, &own);
}

static void make_functional(fvi_keras_maker *m, fvi_keras_model *o, GArray *outputs) {
    GArray *members = read_members(m, o);
    GArray *last = refs_of(fvi_keras_member(o->config, "output_layers"));
    make_calls(m, o, members);
    for (guint i = 0; i < last->len && !m->status; i++) {
        const fvi_keras_ref *r = &g_array_index(last, fvi_keras_ref, i);
        const int v = find_output(m, o, members, r);
        if (v < 0)
            fvi_keras_make_fail(m, FV_FORMAT, "there is no layer \"%s%s\", which an output is from",
                                o->prefix, r->layer);
        g_array_append_val(outputs, v);
    }
    g_array_unref(members);
    g_array_unref(last);
}

/* ---- sequential models ---------------------------------------------------------------------- */

/* The value of a sequential model's input: what it is called with, or the file's. */
static int sequential_input(fvi_keras_maker *m, const fvi_keras_model *o, JsonArray *layers) {
    JsonObject *first = fvi_keras_element(layers, 0);
    fvi_shape shape;
    if (o->given) return o->given->len ? g_array_index(o->given, int, 0) : -1;
    JsonObject *config = first ? fvi_keras_config_of(first) : NULL;
    /* of a model within it, the first layer's */
    while (first && fvi_keras_is_model(fvi_keras_class_of(first)) &&
           !stated_shape(m, config, &shape)) {
        first = fvi_keras_element(fvi_keras_array(config, "layers"), 0);
        config = first ? fvi_keras_config_of(first) : NULL;
    }
    if (!config || !(stated_shape(m, config, &shape) ||
                     fvi_keras_shape(fvi_keras_member(o->config, "build_input_shape"), &shape))) {
        fvi_keras_make_fail(
            m, FV_UNSUPPORTED,
            "the model was saved before it was built: its input has no shape; call it once, or "
            "begin with keras.Input(shape), and save it again%s%s",
            "", "");
        return -1;
    }
    const int is_input = !strcmp(fvi_keras_class_of(first), "InputLayer");
    char *made = g_strconcat(fvi_keras_name_of(first), "_input", NULL);
    const int v = add_input(m, is_input ? fvi_keras_name_of(first) : made, config, &shape);
    g_free(made);
    return v;
}

static void make_sequential(fvi_keras_maker *m, fvi_keras_model *o, GArray *outputs) {
    JsonArray *layers = fvi_keras_array(o->config, "layers");
    GArray *flow = g_array_new(FALSE, FALSE, sizeof(int));
    int v = sequential_input(m, o, layers);
    for (guint i = 0; i < fvi_keras_length(layers) && !m->status && v >= 0; i++) {
        JsonObject *layer = fvi_keras_element(layers, i);
        if (!layer) continue;
        char *path =
            fvi_keras_shelf_next(&o->shelf, fvi_keras_class_of(layer), fvi_keras_name_of(layer));
        GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
        g_array_set_size(flow, 0);
        g_array_append_val(flow, v);
        fvi_keras_place place = {.layer = layer, .path = path};
        if (strcmp(fvi_keras_class_of(layer), "InputLayer") != 0)
            fvi_keras_add_layer(m, o, &place, NULL, flow, out);
        if (out->len) v = g_array_index(out, int, 0);
        g_array_unref(out);
        g_free(path);
    }
    g_array_append_val(outputs, v);
    g_array_unref(flow);
}

/* ---- models --------------------------------------------------------------------------------- */

static void make_model(fvi_keras_maker *m, fvi_keras_model *o, const char *class_name,
                       GArray *outputs) {
    o->tensors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!o->config)
        fvi_keras_make_fail(m, FV_FORMAT, "the model \"%s\" has no configuration%s", class_name,
                            "");
    else if (!strcmp(class_name, "Sequential"))
        make_sequential(m, o, outputs);
    else
        make_functional(m, o, outputs);
    g_hash_table_unref(o->tensors);
}

/* Keras 2.0 wrote a sequential model's layers where its configuration is now. */
static JsonObject *model_config(fvi_keras *k, JsonObject *root) {
    JsonArray *layers = fvi_keras_array(root, "config");
    if (!layers) return fvi_keras_config_of(root);
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
    const char *class_name = fvi_keras_class_of(root);
    if (!fvi_keras_is_model(class_name))
        return fvi_fail(err, FV_UNSUPPORTED,
                        "its model is of a class of its own, \"%s\", whose graph only its Python "
                        "code knows; allowed: Functional, Sequential; in Python: "
                        "m.export(\"model.onnx\", format=\"onnx\")",
                        class_name);
    fvi_keras_maker m = {.k = k, .err = err, .make_model = make_model};
    fvi_keras_model whole = {.config = model_config(k, root), .prefix = ""};
    GArray *outputs = g_array_new(FALSE, FALSE, sizeof(int));
    m.masked = g_array_new(FALSE, TRUE, 1);
    fvi_keras_shelf_open(k, NULL, NULL, NULL, &whole.shelf);
    make_model(&m, &whole, class_name, outputs);
    fvi_keras_shelf_close(&whole.shelf);
    for (guint i = 0; i < outputs->len && !m.status; i++)
        fvi_op_list_output(k->file.list, g_array_index(outputs, int, i));
    if (!m.status && !k->file.list->inputs->len)
        fvi_keras_make_fail(&m, FV_FORMAT, "the model has no input%s%s", "", "");
    g_array_unref(outputs);
    g_array_unref(m.masked);
    fvi_op_list_finish(k->file.list);
    return m.status;
}
