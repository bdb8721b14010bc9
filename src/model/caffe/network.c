/* SPDX-License-Identifier: Apache-2.0 */
/* The list of operations of a .prototxt: its layers in the test phase, called as the layers. A
 * layer that works in place (its top is its bottom) makes a value of its own, which later layers
 * read. Layers that feed the network are inputs, with a free number of samples; those that only
 * measure it (losses, Accuracy, Silence) are left out.
 * Source: net.cpp (FilterNet, StateMeetsRule), upgrade_proto.cpp of Caffe 1.0.
 */
#include "model/caffe/network.h"

#include <string.h>

#include "base/error.h"
#include "model/caffe/transform.h"
#include "model/caffe/types.h"

typedef struct maker {
    fvi_caffe *c;
    GHashTable *values; /* blob's name -> value + 1 */
    GHashTable *read;   /* values that some layer reads, + 1 */
    fv_error *err;
    fv_status status;
} maker;

static void fail(maker *m, fv_status st, const char *text, const char *name) {
    if (!m->status) m->status = fvi_fail(m->err, st, text, name);
}

static const char *name_of(const fvi_message *layer) {
    return fvi_message_text(layer, "name", 0, "layer");
}

/* ---- which layers --------------------------------------------------------------------------- */

static int is_train(const fvi_message *rule) {
    const char *phase = fvi_message_text(rule, "phase", 0, "");
    return !strcmp(phase, "TRAIN") || !strcmp(phase, "0");
}

static int is_test(const fvi_message *rule) {
    const char *phase = fvi_message_text(rule, "phase", 0, "");
    return !strcmp(phase, "TEST") || !strcmp(phase, "1");
}

/* Whether a layer is there when the network is tested. */
static int is_there(const fvi_message *layer) {
    const int includes = fvi_message_count(layer, "include");
    int there = !includes;
    for (int i = 0; i < includes; i++) there |= !is_train(fvi_message_in(layer, "include", i));
    for (int i = 0; i < fvi_message_count(layer, "exclude"); i++)
        there &= !is_test(fvi_message_in(layer, "exclude", i));
    return there;
}

static int measures(const char *type) {
    return g_str_has_suffix(type, "Loss") || !strcmp(type, "Accuracy") ||
           !strcmp(type, "Silence") || !strcmp(type, "HDF5Output");
}

/* ---- inputs --------------------------------------------------------------------------------- */

static void add_input(maker *m, const char *name, const fvi_shape *shape) {
    fvi_shape own = *shape;
    if (own.ndim > 0) own.dim[0] = -1;
    for (int i = 1; i < own.ndim; i++)
        if (own.dim[i] < 1 || own.dim[i] > FVI_MAX_ELEMENTS) own.dim[i] = -1;
    const int v =
        fvi_op_list_input(m->c->file.list, name, &own, FVI_F32, own.ndim == 4 ? FVI_NCHW : 0);
    if (v < 0) return fail(m, FV_NOMEM, "no memory for its input \"%s\"", name);
    g_hash_table_insert(m->values, (void *)fvi_op_list_name(m->c->file.list, v),
                        GINT_TO_POINTER(v + 1));
}

/* A BlobShape. */
static fvi_shape read_shape(const fvi_message *shape) {
    fvi_shape s = {.ndim = MIN(fvi_message_count(shape, "dim"), FVI_MAX_DIMS)};
    for (int i = 0; i < s.ndim; i++) s.dim[i] = fvi_message_int(shape, "dim", i, -1);
    return s;
}

/* Inputs that the network names at its top. */
static void add_net_inputs(maker *m) {
    const fvi_message *net = m->c->net;
    for (int i = 0; i < fvi_message_count(net, "input") && !m->status; i++) {
        fvi_shape s = {4, {-1, -1, -1, -1}};
        if (fvi_message_in(net, "input_shape", i))
            s = read_shape(fvi_message_in(net, "input_shape", i));
        else
            for (int k = 0; k < 4; k++) s.dim[k] = fvi_message_int(net, "input_dim", 4 * i + k, -1);
        add_input(m, fvi_message_text(net, "input", i, "data"), &s);
    }
}

/* A layer that feeds the network: pictures of three colours, and what they are called. */
static void add_feeder(maker *m, const fvi_message *layer) {
    const fvi_message *transform = fvi_caffe_transform_of(layer);
    const fvi_message *input = fvi_message_in(layer, "input_param", 0);
    const int64_t crop = fvi_message_int(transform, "crop_size", 0, -1);
    fvi_caffe_read_transform(m->c, transform);
    for (int i = 0; i < fvi_message_count(layer, "top") && !m->status; i++) {
        const fvi_shape picture = {4, {-1, -1, crop, crop}}, kind = {1, {-1}};
        const int shapes = fvi_message_count(input, "shape");
        const fvi_shape stated = read_shape(fvi_message_in(input, "shape", MIN(i, shapes - 1)));
        add_input(m, fvi_message_text(layer, "top", i, "data"),
                  shapes ? &stated
                  : i    ? &kind
                         : &picture);
    }
}

/* ---- layers --------------------------------------------------------------------------------- */

/* The weights of a layer, by its name. */
static void find_blobs(const maker *m, fvi_caffe_layer *l) {
    const GPtrArray *blobs = g_hash_table_lookup(m->c->blobs, name_of(l->message));
    l->n_blobs = blobs ? (int)blobs->len : -1;
    for (int i = 0; i < l->n_blobs; i++) l->blobs[i] = blobs->pdata[i];
}

static void add_layer(maker *m, const fvi_message *layer, const char *type) {
    fvi_op_list *list = m->c->file.list;
    fvi_caffe_layer *l = fvi_pool_alloc(list->pool, sizeof *l);
    const int n_in = fvi_message_count(layer, "bottom"), n_out = fvi_message_count(layer, "top");
    int *in = g_new(int, n_in + 1), *out = g_new(int, n_out + 1);
    if (!l) fail(m, FV_NOMEM, "no memory for its layer \"%s\"", name_of(layer));
    for (int i = 0; i < n_in && !m->status; i++) {
        const char *bottom = fvi_message_text(layer, "bottom", i, "");
        in[i] = GPOINTER_TO_INT(g_hash_table_lookup(m->values, bottom)) - 1;
        if (in[i] < 0)
            fail(m, FV_FORMAT, "its layer \"%s\" reads what no layer before it makes",
                 name_of(layer));
        g_hash_table_add(m->read, GINT_TO_POINTER(in[i] + 1));
    }
    for (int i = 0; i < n_out && !m->status; i++) {
        const char *top = fvi_message_text(layer, "top", i, "");
        char *name =
            n_out > 1 ? g_strdup_printf("%s/%s", name_of(layer), top) : g_strdup(name_of(layer));
        out[i] = fvi_op_list_value(list, name);
        g_free(name);
        if (out[i] < 0) fail(m, FV_NOMEM, "no memory for its layer \"%s\"", name_of(layer));
        g_hash_table_insert(m->values, (void *)top, GINT_TO_POINTER(out[i] + 1));
    }
    if (!m->status) {
        *l = (fvi_caffe_layer){.message = layer, .type = type};
        find_blobs(m, l);
        const fvi_op op = {.type = type,
                           .name = name_of(layer),
                           .n_in = n_in,
                           .in = in,
                           .n_out = n_out,
                           .out = out,
                           .detail = l};
        if (!fvi_op_list_add(list, &op))
            fail(m, FV_NOMEM, "no memory for its layer \"%s\"", name_of(layer));
    }
    g_free(in);
    g_free(out);
}

static void add_layers(maker *m, const char *field) {
    for (guint i = 0; i < m->c->net->fields->len && !m->status; i++) {
        const fvi_text_field *f = &g_array_index(m->c->net->fields, fvi_text_field, i);
        if (strcmp(f->name, field) != 0 || !f->message || !is_there(f->message)) continue;
        const char *type = fvi_caffe_type(fvi_message_text(f->message, "type", 0, ""));
        if (measures(type)) continue;
        if (!fvi_message_count(f->message, "bottom"))
            add_feeder(m, f->message);
        else
            add_layer(m, f->message, type);
    }
}

/* Outputs are what no layer reads. */
static void add_outputs(maker *m) {
    fvi_op_list *list = m->c->file.list;
    for (guint k = 0; k < list->ops->len; k++) {
        const fvi_op *op = &g_array_index(list->ops, fvi_op, k);
        for (int i = 0; i < op->n_out; i++)
            if (!g_hash_table_contains(m->read, GINT_TO_POINTER(op->out[i] + 1)))
                fvi_op_list_output(list, op->out[i]);
    }
}

fv_status fvi_caffe_make_list(fvi_caffe *c, fv_error *err) {
    maker m = {.c = c, .err = err};
    m.values = g_hash_table_new(g_str_hash, g_str_equal);
    m.read = g_hash_table_new(NULL, NULL);
    add_net_inputs(&m);
    add_layers(&m, "layer");
    add_layers(&m, "layers");
    if (!c->file.list->ops->len) fail(&m, FV_FORMAT, "it has no layers%s", "");
    if (!c->file.list->inputs->len) fail(&m, FV_FORMAT, "it has no input%s", "");
    add_outputs(&m);
    fvi_op_list_finish(c->file.list);
    g_hash_table_unref(m.values);
    g_hash_table_unref(m.read);
    return m.status;
}
