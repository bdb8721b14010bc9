/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a call's arguments, and turning them into values. Tensors in a call are known by the
 * place where they are written: the operation's inputs are in the order of these places. Lists that
 * hold tensors and numbers together are read where they are sizes; otherwise they are refused. */
#include "model/keras/arguments.h"

#include <string.h>

#include "graph/const.h"

#define DEPTH_MAX   8 /* of lists of numbers: an array has no more axes */
#define NUMBERS_MAX 65536

/* ---- finding -------------------------------------------------------------------------------- */

/* Position of a name in a signature, "x shape:newshape axis", and its name in the file; -1: it is
 * not there. */
static int find_in_signature(const char *signature, const char *name, char *own, size_t size) {
    char **words = g_strsplit(signature, " ", -1);
    int at = -1;
    for (int i = 0; words[i] && at < 0; i++) {
        char *colon = strchr(words[i], ':');
        if (colon) *colon = '\0';
        if (strcmp(words[i], name) != 0) continue;
        g_strlcpy(own, colon ? colon + 1 : words[i], size);
        at = i;
    }
    g_strfreev(words);
    return at;
}

/* Whether it is given: JSON's null is Python's None. */
static JsonNode *given(JsonNode *node) { return node && !JSON_NODE_HOLDS_NULL(node) ? node : NULL; }

JsonNode *fvi_keras_layer_argument(const fvi_site *site, int position, const char *name) {
    const fvi_keras_layer *l = fvi_keras_of(site);
    JsonNode *node = fvi_keras_member(l->call.kwargs, name);
    if (node) return node;
    if (position == 0 && l->call.first) return l->call.first;
    return position >= 0 && (guint)position < fvi_keras_length(l->call.args)
               ? given(json_array_get_element(l->call.args, (guint)position))
               : NULL;
}

JsonNode *fvi_keras_argument(const fvi_site *site, const char *name) {
    char own[64];
    const int position =
        find_in_signature(fvi_keras_signature(site->op->type), name, own, sizeof own);
    if (position < 0) return NULL;
    JsonNode *node = fvi_keras_layer_argument(site, position, own);
    return node ? node : fvi_keras_member(fvi_keras_of(site)->config, own);
}

/* ---- values --------------------------------------------------------------------------------- */

/* Which of the operation's inputs is written there, or -1. */
static int input_at(const fvi_site *site, const JsonArray *at) {
    const fvi_keras_layer *l = fvi_keras_of(site);
    for (int i = 0; l->tensors && i < site->n_in; i++)
        if (l->tensors[i] == at) return i;
    return -1;
}

static JsonArray *history(JsonNode *node) {
    JsonObject *o = fvi_keras_is_object(node) ? json_node_get_object(node) : NULL;
    if (!o || strcmp(fvi_keras_text(o, "class_name", ""), "__keras_tensor__") != 0) return NULL;
    return fvi_keras_array(fvi_keras_object(o, "config"), "keras_history");
}

/* The value of a tensor, or -1: it is none. */
static int tensor(const fvi_site *site, JsonNode *node) {
    JsonArray *a = history(node);
    if (!a && fvi_keras_is_array(node)) a = json_node_get_array(node);
    const int i = a ? input_at(site, a) : -1;
    return i >= 0 ? site->in[i] : -1;
}

/* The numbers of nested lists; s: their shape, found on the way. Returns 0: they are none, or are
 * not of one shape. */
static int read_numbers(JsonNode *node, int depth, fvi_shape *s, GArray *out, int *whole) {
    if (fvi_keras_is_number(node)) {
        const GType t = json_node_get_value_type(node);
        const double x =
            t == G_TYPE_BOOLEAN ? json_node_get_boolean(node) : json_node_get_double(node);
        *whole = *whole && t == G_TYPE_INT64;
        g_array_append_val(out, x);
        return s->ndim == depth && out->len <= NUMBERS_MAX;
    }
    if (!fvi_keras_is_array(node) || depth >= DEPTH_MAX || depth >= FVI_MAX_DIMS) return 0;
    JsonArray *a = json_node_get_array(node);
    const guint n = json_array_get_length(a);
    if (!out->len && s->ndim == depth) s->dim[s->ndim++] = n;
    if (s->ndim <= depth || s->dim[depth] != n) return 0;
    for (guint i = 0; i < n; i++)
        if (!read_numbers(json_array_get_element(a, i), depth + 1, s, out, whole)) return 0;
    return 1;
}

/* What stands for a number or an array: itself, what Keras 2 puts in a tensor's place, or Keras 3's
 * object of an array. */
static JsonNode *plain_numbers(JsonNode *node) {
    if (fvi_keras_is_object(node)) {
        JsonObject *config = fvi_keras_object(json_node_get_object(node), "config");
        return fvi_keras_member(config, "value");
    }
    if (!fvi_keras_is_array(node)) return node;
    JsonArray *a = json_node_get_array(node);
    const int stands = json_array_get_length(a) >= 3 &&
                       fvi_keras_is_text(json_array_get_element(a, 0)) &&
                       !strcmp(json_array_get_string_element(a, 0), "_CONSTANT_VALUE");
    return stands ? json_array_get_element(a, 2) : node;
}

static int constant(fvi_site *site, JsonNode *node) {
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(double));
    fvi_shape s = {0};
    int whole = 1, v = -1;
    uint8_t *data;
    if (node && read_numbers(node, 0, &s, numbers, &whole)) {
        v = fvi_emit_constant(site->b, whole ? FVI_I64 : FVI_F32, &s, &data);
        for (guint i = 0; i < numbers->len && v >= 0; i++)
            fvi_put_real(whole ? FVI_I64 : FVI_F32, data, i, g_array_index(numbers, double, i));
    }
    g_array_unref(numbers);
    return v;
}

/* The value of a node; -1: it is none. */
static int value_of(fvi_site *site, JsonNode *node) {
    int v = tensor(site, node);
    if (v >= 0 || !node) return v;
    if (fvi_keras_is_array(node) && json_array_get_length(json_node_get_array(node)) == 1) {
        /* a layer's one input in Keras 2 is a list of one tensor */
        v = tensor(site, json_array_get_element(json_node_get_array(node), 0));
        if (v >= 0) return v;
    }
    return constant(site, plain_numbers(node));
}

static int operand(fvi_site *site, JsonNode *node, const char *name, int needed) {
    const int v = value_of(site, node);
    if (v >= 0 || site->b->status || (!needed && !node)) return v;
    fvi_build_fail(site->b, FV_UNSUPPORTED,
                   node ? "its argument \"%s\" is no tensor and no numbers"
                        : "its argument \"%s\" is missing",
                   name);
    return -1;
}

int fvi_keras_operand(fvi_site *site, const char *name, int needed) {
    return operand(site, fvi_keras_argument(site, name), name, needed);
}

int fvi_keras_layer_operand(fvi_site *site, int position, const char *name, int needed) {
    const fvi_keras_call *c = &fvi_keras_of(site)->call;
    if (position == 0 && !c->args && !c->first) return fvi_site_need(site, 0); /* sequential */
    return operand(site, fvi_keras_layer_argument(site, position, name), name, needed);
}

GArray *fvi_keras_operands(fvi_site *site, const char *name) {
    GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
    JsonNode *node = fvi_keras_argument(site, name);
    JsonArray *a = fvi_keras_is_array(node) ? json_node_get_array(node) : NULL;
    if (a && tensor(site, node) >= 0) a = NULL; /* one tensor of Keras 2 */
    const guint n = a ? json_array_get_length(a) : 1;
    for (guint i = 0; i < n && !site->b->status; i++) {
        const int v = operand(site, a ? json_array_get_element(a, i) : node, name, 1);
        g_array_append_val(out, v);
    }
    if (!out->len) fvi_build_fail(site->b, FV_FORMAT, "its argument \"%s\" is an empty list", name);
    return out;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static JsonNode *number_of(const fvi_site *site, const char *name) {
    JsonNode *node = fvi_keras_argument(site, name);
    node = node ? plain_numbers(node) : NULL;
    return fvi_keras_is_number(node) ? node : NULL;
}

double fvi_keras_argument_real(const fvi_site *site, const char *name, double otherwise) {
    JsonNode *node = number_of(site, name);
    if (!node) return otherwise;
    return json_node_get_value_type(node) == G_TYPE_BOOLEAN ? json_node_get_boolean(node)
                                                            : json_node_get_double(node);
}

int64_t fvi_keras_argument_int(const fvi_site *site, const char *name, int64_t otherwise) {
    int64_t x;
    JsonNode *node = number_of(site, name);
    return node && fvi_keras_ints(node, &x, 1) == 1 ? x : otherwise;
}

int fvi_keras_argument_bool(const fvi_site *site, const char *name, int otherwise) {
    return fvi_keras_argument_int(site, name, otherwise) != 0;
}

const char *fvi_keras_argument_text(const fvi_site *site, const char *name, const char *otherwise) {
    JsonNode *node = fvi_keras_argument(site, name);
    return fvi_keras_is_text(node) ? json_node_get_string(node) : otherwise;
}

/* Appends the whole numbers of a node that is no list of the file: a number, or a constant. */
static int add_scalar(fvi_site *site, JsonNode *node, int v, int64_t *out, int max, int *n) {
    const fvi_const *c = fvi_build_const(site->b, v);
    const int64_t count = c ? fvi_shape_count(&c->shape) : 0;
    if (v < 0 && JSON_NODE_HOLDS_NULL(node) && *n < max) {
        out[(*n)++] = -1; /* a size that is free */
        return 1;
    }
    if (v < 0)
        return fvi_keras_is_number(node) && *n < max && fvi_keras_ints(node, &out[(*n)++], 1) == 1;
    if (!c || count > max - *n) return 0;
    for (int64_t i = 0; i < count; i++) out[(*n)++] = fvi_const_int(c, i);
    return 1;
}

/* The same of a list of such nodes, or one. Returns 0: it is neither. */
static int add_ints(fvi_site *site, JsonNode *node, int64_t *out, int max, int *n) {
    const int v = tensor(site, node);
    if (v < 0) node = plain_numbers(node);
    if (!node || v >= 0 || !fvi_keras_is_array(node))
        return node && add_scalar(site, node, v, out, max, n);
    JsonArray *a = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(a); i++) {
        JsonNode *e = json_array_get_element(a, i);
        if (!add_scalar(site, e, tensor(site, e), out, max, n)) return 0;
    }
    return 1;
}

int fvi_keras_argument_ints(fvi_site *site, const char *name, int64_t *out, int max) {
    JsonNode *node = fvi_keras_argument(site, name);
    int n = 0;
    if (!node || site->b->status) return -1;
    if (add_ints(site, node, out, max, &n)) return n;
    fvi_build_fail(site->b, FV_UNSUPPORTED,
                   "its argument \"%s\" is not known before it runs: allowed: at most %d numbers",
                   name, max);
    return -1;
}

unsigned fvi_keras_argument_axes(fvi_site *site, const char *name, int ndim) {
    int64_t axes[FVI_MAX_DIMS];
    unsigned bits = 0;
    const int n = fvi_keras_argument_ints(site, name, axes, FVI_MAX_DIMS);
    for (int i = 0; i < n; i++) bits |= 1u << fvi_build_axis(site->b, axes[i], ndim);
    return n < 0 ? (1u << ndim) - 1 : bits;
}
