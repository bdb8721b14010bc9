/* SPDX-License-Identifier: Apache-2.0 */
/* Which module of the training program a node comes from.
 *
 * Three exporters leave traces:
 *   torch.onnx, dynamo       metadata of the node: `pkg.torch.onnx.name_scopes` is a Python list of
 *                            the modules around it, outermost first, then the operation; older
 *                            ones have only `namespace`, "path: class/path: class/.."
 *   torch.onnx, TorchScript  the node's name, "/layer1/layer1.0/conv1/Conv": attributes in turn, a
 *                            member of a Sequential or ModuleList with its list's name before it
 *   tf2onnx (Keras)          the node's name, "StatefulPartitionedCall/model/conv1/Conv2D"
 * PyTorch's weights carry their module's name too ("layer1.0.conv1.weight"). It is used where there
 * is no other trace; where it is further inside; and where the exporter folded a batch
 * normalization into the convolution, whose metadata then name the normalization.
 *
 * What it does not do: decide on names (model/onnx/names/names.c).
 */
#include "model/onnx/names/module.h"

#include <string.h>

#define PATH_MAX_LENGTH 1000 /* longer ones are no names that anybody types */

/* ---- torch.onnx, dynamo --------------------------------------------------------------------- */

static const char *property(const Onnx__NodeProto *n, const char *key) {
    for (size_t i = 0; i < n->n_metadata_props; i++) {
        const Onnx__StringStringEntryProto *p = n->metadata_props[i];
        if (p->key && p->value && !strcmp(p->key, key)) return p->value;
    }
    return NULL;
}

/* The last string but one of a Python list: ['', 'layer1', 'conv2d'] has "layer1". */
static char *last_scope(const char *list) {
    const char *start[2] = {NULL, NULL}; /* of the last two strings */
    size_t length[2] = {0, 0};
    for (const char *s = list; *s;) {
        const char quote = *s++;
        if (quote != '\'' && quote != '"') continue;
        const char *end = strchr(s, quote);
        if (!end) return NULL;
        start[0] = start[1];
        length[0] = length[1];
        start[1] = s;
        length[1] = (size_t)(end - s);
        s = end + 1;
    }
    return start[0] ? g_strndup(start[0], length[0]) : NULL;
}

/* Of ": ResNet/layer1: Sequential/relu_1: aten.relu.default" the last path but one, "layer1". */
static char *last_namespace(const char *text) {
    char **parts = g_strsplit(text, "/", 64), *path = NULL;
    const guint n = g_strv_length(parts);
    const char *end = n > 1 ? strstr(parts[n - 2], ": ") : NULL;
    if (end) path = g_strndup(parts[n - 2], (gsize)(end - parts[n - 2]));
    g_strfreev(parts);
    return path;
}

static char *path_of_metadata(const Onnx__NodeProto *n) {
    const char *scopes = property(n, "pkg.torch.onnx.name_scopes");
    const char *space = property(n, "namespace");
    if (scopes) return last_scope(scopes);
    return space ? last_namespace(space) : NULL;
}

/* ---- torch.onnx, TorchScript ---------------------------------------------------------------- */

/* "Conv", "Conv_1" */
static int is_operator(const char *word, const char *op_type) {
    const size_t n = strlen(op_type);
    if (strncmp(word, op_type, n) != 0) return 0;
    if (!word[n]) return 1;
    return word[n] == '_' && word[n + 1] &&
           strspn(word + n + 1, "0123456789") == strlen(word + n + 1);
}

/* "/layer1/layer1.0/conv1/Conv" -> "layer1.0.conv1" */
static char *path_of_scopes(const Onnx__NodeProto *n) {
    if (n->name[0] != '/' || strlen(n->name) > PATH_MAX_LENGTH) return NULL;
    const char *last = strrchr(n->name, '/') + 1;
    if (!is_operator(last, n->op_type)) return NULL;
    GString *path = g_string_new(NULL);
    char **words = g_strsplit(n->name + 1, "/", -1);
    size_t before = 0; /* where the word before begins in the path */
    for (char **w = words; w[0] && w[1]; w++) {
        const size_t own = path->len - before;
        const int member = own && !strncmp(*w, path->str + before, own) && (*w)[own] == '.';
        if (member) g_string_truncate(path, before);
        if (!member && path->len) g_string_append_c(path, '.');
        before = path->len;
        g_string_append(path, *w);
    }
    g_strfreev(words);
    return g_string_free(path, FALSE);
}

/* ---- PyTorch's weights ---------------------------------------------------------------------- */

/* "conv1" of an initialiser "conv1.weight", or NULL. */
static char *without_ending(const fvi_onnx *o, const char *name, const char *ending) {
    if (!g_str_has_suffix(name, ending) || !fvi_onnx_initializer(o, name)) return NULL;
    return g_strndup(name, strlen(name) - strlen(ending));
}

/* Of the weight of a node; a sum has a bias instead, on either side. */
static char *path_of_weight(const fvi_onnx *o, const Onnx__NodeProto *n) {
    if (n->n_input < 2) return NULL;
    if (strcmp(n->op_type, "Add") != 0) return without_ending(o, n->input[1], ".weight");
    char *path = without_ending(o, n->input[1], ".bias");
    return path ? path : without_ending(o, n->input[0], ".bias");
}

static int is_product(const char *op_type) {
    static const char *const products[] = {"Conv", "ConvTranspose", "Gemm", "MatMul", NULL};
    return g_strv_contains(products, op_type);
}

static int is_inside(const char *path, const char *outer) {
    const size_t n = strlen(outer);
    return !n || (!strncmp(path, outer, n) && path[n] == '.');
}

/* The truer of a path from metadata or the node's name, and the weight's; frees the other. */
static char *truer(const Onnx__NodeProto *n, char *path, char *weight) {
    const char *rules = property(n, "pkg.onnxscript.rewriter.rule_name");
    const int folded = rules && strstr(rules, "BatchNorm");
    const int by_weight =
        weight && (!path || (is_product(n->op_type) && (folded || is_inside(weight, path))));
    g_free(by_weight ? path : weight);
    return by_weight ? weight : path;
}

static char *torch_path(const fvi_onnx *o, const Onnx__NodeProto *n) {
    const char *producer = o->proto->producer_name;
    char *path = path_of_metadata(n);
    if (!path) path = path_of_scopes(n);
    const int torch = path || (producer && !strcmp(producer, "pytorch"));
    return truer(n, path, torch ? path_of_weight(o, n) : NULL);
}

/* ---- tf2onnx -------------------------------------------------------------------------------- */

/* Where the part of a name begins that follows the function's call. */
static const char *after_call(const char *name) {
    static const char call[] = "StatefulPartitionedCall";
    const char *slash = strchr(name, '/');
    while (slash && !strncmp(name, call, strlen(call))) {
        name = slash + 1;
        slash = strchr(name, '/');
    }
    return name;
}

/* "StatefulPartitionedCall/model/block1/conv/Conv2D" -> "model/block1/conv" and "Conv2D". Names
 * that tf2onnx made up itself hold "__". */
static fvi_onnx_module keras_module(const Onnx__NodeProto *n) {
    const char *name = after_call(n->name), *last = strrchr(name, '/');
    const char *first = strchr(name, '/');
    if (!last || first == last || !last[1] || strstr(last, "__")) return (fvi_onnx_module){0};
    return (fvi_onnx_module){g_strndup(first + 1, (gsize)(last - first - 1)), g_strdup(last + 1),
                             '/'};
}

/* ---- any ------------------------------------------------------------------------------------ */

fvi_onnx_module fvi_onnx_module_of(const fvi_onnx *o, const Onnx__NodeProto *n) {
    const char *producer = o->proto->producer_name;
    fvi_onnx_module m = {0};
    if (producer && !strcmp(producer, "tf2onnx"))
        m = keras_module(n);
    else
        m = (fvi_onnx_module){torch_path(o, n), NULL, '.'};
    if (m.path && strlen(m.path) > PATH_MAX_LENGTH) fvi_onnx_module_clear(&m);
    if (m.path && !m.part) m.part = g_ascii_strdown(n->op_type, -1);
    return m;
}

void fvi_onnx_module_clear(fvi_onnx_module *m) {
    g_free(m->path);
    g_free(m->part);
    *m = (fvi_onnx_module){0};
}
