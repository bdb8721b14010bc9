/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the list of operations of an exported program: the tensors the file holds, then the nodes
 * of its graph in their order. Sizes that depend on the input's are values too, computed by nodes
 * (sym_size, mul); the expressions in which the file states them are not needed.
 *
 * A program as it was exported changes tensors in place ("relu_"). Each such node becomes the
 * operator without the underscore (alias.h).
 * Source: torch/_export/serde/schema.py and serialize.py of PyTorch 2.13. */
#include "model/torch/program.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/json.h"
#include "model/operations/modules.h"
#include "model/torch/alias.h"
#include "model/torch/aten.h"
#include "model/torch/strided.h"
#include "model/torch/weights.h"

#define PROGRAM_MAX ((int64_t)256 << 20) /* bytes of the graph */
#define ARGS_MAX    64                   /* of a node */

typedef struct maker {
    fvi_torch *t;
    fvi_pool *pool;
    fv_error *err;
    fv_status status;
    GHashTable *by_name; /* the graph's names, borrowed from the program -> value + 1 */
    fvi_torch_aliases *aliases;
    GArray *modules;     /* fvi_module_op of every operation, in the list's order */
    JsonObject *tensors; /* what the graph says about its values */
} maker;

static void nomem(maker *m) {
    if (!m->status) m->status = fvi_fail(m->err, FV_NOMEM, "no memory for the network");
}

static void fail(maker *m, const char *format, const char *a, const char *b) {
    if (!m->status) m->status = fvi_fail(m->err, FV_FORMAT, format, a, b);
}

/* ---- values --------------------------------------------------------------------------------- */

/* The value that the graph's name stands for now; -1: the file does not hold it. */
static int find_value(const maker *m, const char *name) {
    const int v = GPOINTER_TO_INT(g_hash_table_lookup(m->by_name, name)) - 1;
    return v < 0 ? -1 : fvi_torch_alias_now(m->aliases, v);
}

/* A new value of the graph's name, called `shown` in tables. */
static int new_value(maker *m, const char *name, const char *shown) {
    const int v = fvi_op_list_value(m->t->file.list, shown);
    fvi_shape stated;
    JsonObject *meta = fvi_json_object(m->tensors, name);
    if (v < 0) return nomem(m), -1;
    if (meta && fvi_torch_shape(fvi_json_array(meta, "sizes"), &stated))
        g_array_index(m->t->file.list->stated, fvi_shape, v) = stated;
    g_hash_table_insert(m->by_name, (gpointer)name, GINT_TO_POINTER(v + 1));
    return v;
}

/* ---- arguments ------------------------------------------------------------------------------ */

/* A call while it is read. */
typedef struct reading {
    maker *m;
    const char *node;  /* for messages */
    GArray *in;        /* int: values */
    const char *stale; /* a value that is read and not known any more; or NULL */
} reading;

/* Input number of the value of that name. */
static int refer(reading *r, const char *name) {
    const int v = find_value(r->m, name);
    if (v < 0) {
        fail(r->m, "node \"%.100s\" reads \"%.100s\", which no node before it makes", r->node,
             name);
        return -1;
    }
    if (fvi_torch_alias_is_stale(r->m->aliases, v))
        r->stale = fvi_op_list_name(r->m->t->file.list, v);
    g_array_append_val(r->in, v);
    return (int)r->in->len - 1;
}

/* Python's JSON has no infinity: serialize.py writes a text. */
static int special_number(const char *text, double *x) {
    if (!strcmp(text, "Infinity"))
        *x = INFINITY;
    else if (!strcmp(text, "-Infinity"))
        *x = -INFINITY;
    else if (!strcmp(text, "NaN"))
        *x = NAN;
    else
        return 0;
    return 1;
}

static int read_number(JsonNode *node, fvi_torch_item *item) {
    const char *text = fvi_json_as_text(node);
    if (text && special_number(text, &item->x)) return 1;
    return fvi_json_as_number(node, &item->i, &item->x);
}

/* One element: a number, {"name": ..}, {"as_name": ..}, {"as_int": ..}, {"as_tensor": {..}}, or
 * {"as_none": ..}. Returns 0 for anything else. */
static int read_item(reading *r, JsonNode *node, fvi_torch_item *item) {
    static const char *const numbers[] = {"as_int", "as_float", "as_bool"};
    JsonObject *o = fvi_json_as_object(node), *tensor = fvi_json_object(o, "as_tensor");
    *item = (fvi_torch_item){.in = -1};
    if (!o) return read_number(node, item);
    const char *name =
        fvi_json_text(tensor ? tensor : o, "name", fvi_json_text(o, "as_name", NULL));
    if (name) {
        item->in = refer(r, name);
        return 1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (read_number(fvi_json_member(o, numbers[i]), item)) return 1;
    return fvi_json_member(o, "as_none") != NULL;
}

/* The kinds of arguments that hold elements. */
static const struct {
    const char *key;
    fvi_torch_type type;
    int is_list;
} arg_kinds[] = {{"as_tensor", FVI_TORCH_TENSOR, 0},
                 {"as_tensors", FVI_TORCH_TENSOR, 1},
                 {"as_optional_tensor", FVI_TORCH_TENSOR, 0},
                 {"as_optional_tensors", FVI_TORCH_TENSOR, 1},
                 {"as_int", FVI_TORCH_INT, 0},
                 {"as_ints", FVI_TORCH_INT, 1},
                 {"as_sym_int", FVI_TORCH_INT, 0},
                 {"as_sym_ints", FVI_TORCH_INT, 1},
                 {"as_float", FVI_TORCH_REAL, 0},
                 {"as_floats", FVI_TORCH_REAL, 1},
                 {"as_sym_float", FVI_TORCH_REAL, 0},
                 {"as_sym_floats", FVI_TORCH_REAL, 1},
                 {"as_bool", FVI_TORCH_BOOL, 0},
                 {"as_bools", FVI_TORCH_BOOL, 1},
                 {"as_sym_bool", FVI_TORCH_BOOL, 0},
                 {"as_sym_bools", FVI_TORCH_BOOL, 1},
                 {"as_scalar_type", FVI_TORCH_DTYPE, 0}};

static void read_items(reading *r, JsonNode *value, int is_list, fvi_torch_arg *arg) {
    JsonArray *a = fvi_json_as_array(value);
    const guint n = !is_list ? 1 : a ? json_array_get_length(a) : 0;
    fvi_torch_item *item = fvi_pool_array(r->m->pool, (size_t)n + 1, sizeof *item);
    if (!item) {
        nomem(r->m);
        return;
    }
    for (guint i = 0; i < n && !r->m->status; i++)
        if (!read_item(r, is_list ? json_array_get_element(a, i) : value, &item[i]))
            arg->type = FVI_TORCH_OTHER;
    arg->n = (int)n;
    arg->item = item;
}

/* An argument is an object with one member, whose key says what it is. */
static void read_arg(reading *r, JsonObject *named, fvi_torch_arg *arg) {
    JsonObject *o = fvi_json_object(named, "arg");
    const char *text = fvi_json_text(o, "as_string", NULL);
    arg->name = fvi_pool_strdup(r->m->pool, fvi_json_text(named, "name", ""));
    if (!arg->name) nomem(r->m);
    arg->type = fvi_json_member(o, "as_none") ? FVI_TORCH_NONE : FVI_TORCH_OTHER;
    for (size_t i = 0; i < G_N_ELEMENTS(arg_kinds) && !r->m->status; i++) {
        JsonNode *value = fvi_json_member(o, arg_kinds[i].key);
        if (!value) continue;
        arg->type = arg_kinds[i].type;
        read_items(r, value, arg_kinds[i].is_list, arg);
        break;
    }
    if (arg->type == FVI_TORCH_TENSOR && arg->n == 1 && arg->item[0].in < 0)
        arg->type = FVI_TORCH_NONE;
    if (!text) return;
    arg->type = FVI_TORCH_TEXT;
    arg->text = fvi_pool_strdup(r->m->pool, text);
    if (!arg->text) nomem(r->m);
}

static fvi_torch_call *read_call(reading *r, JsonArray *inputs) {
    const guint n = inputs ? json_array_get_length(inputs) : 0;
    fvi_torch_call *call = fvi_pool_alloc(r->m->pool, sizeof *call);
    fvi_torch_arg *args = fvi_pool_array(r->m->pool, (size_t)n + 1, sizeof *args);
    if (!call || !args) {
        nomem(r->m);
        return NULL;
    }
    if (n > ARGS_MAX) fail(r->m, "node \"%.100s\" has more arguments than are read%s", r->node, "");
    for (guint i = 0; i < n && !r->m->status; i++)
        read_arg(r, fvi_json_as_object(json_array_get_element(inputs, i)), &args[i]);
    call->n_args = (int)n;
    call->arg = args;
    if (r->stale)
        call->problem = fvi_pool_printf(
            r->m->pool, "it reads \"%.100s\", a view of a tensor that was changed in place since",
            r->stale);
    return call;
}

/* ---- operations ----------------------------------------------------------------------------- */

/* "torch.ops.aten.relu_.default" -> "aten.relu.default", *in_place 1; NULL: no memory. */
static const char *type_of(maker *m, const char *target, int *in_place) {
    static const char prefix[] = "torch.ops.";
    if (g_str_has_prefix(target, prefix)) target += strlen(prefix);
    char *type = fvi_pool_strdup(m->pool, target);
    char *dot = type ? strrchr(type, '.') : NULL;
    *in_place = g_str_has_prefix(target, "aten.") && dot && dot - type > 5 && dot[-1] == '_';
    if (*in_place) memmove(dot - 1, dot, strlen(dot) + 1);
    if (!type) nomem(m);
    return type;
}

/* "relu" of "aten.relu.default". */
static const char *part_of(maker *m, const char *type) {
    char **words = g_strsplit(type, ".", 3);
    const guint n = g_strv_length(words);
    const char *part = fvi_pool_strdup(m->pool, n > 1 ? words[1] : type);
    g_strfreev(words);
    if (!part) nomem(m);
    return part;
}

/* The module a node is from: the last of "key,path,class;key,path,class". The path of a module that
 * was called before ends in "@1"; before torch 2.3 it began with "L['self']". NULL: none. */
static char *module_of(JsonObject *node) {
    const char *stack = fvi_json_text(fvi_json_object(node, "metadata"), "nn_module_stack", NULL);
    if (!stack || !*stack) return NULL;
    const char *last = strrchr(stack, ';');
    char **words = g_strsplit(last ? last + 1 : stack, ",", 3);
    char *path = NULL;
    if (g_strv_length(words) == 3 && !g_str_has_prefix(words[1], "_empty_nn_module_stack")) {
        const char *own = words[1];
        if (g_str_has_prefix(own, "L['self']")) own += strlen("L['self']");
        path = g_strndup(*own == '.' ? own + 1 : own, strcspn(own, "@"));
    }
    g_strfreev(words);
    return path;
}

/* Appends an operation and what is known of its module; frees `path`. */
static void add_op(maker *m, const fvi_op *op, char *path) {
    const fvi_module_op module = {
        .path = path && strlen(path) < FVI_MODULE_PATH_MAX ? fvi_pool_strdup(m->pool, path) : NULL,
        .part = part_of(m, op->type),
        .separator = '.',
        .counts_only = g_str_has_prefix(op->type, "aten.sym_") || *op->type == '_'};
    g_free(path);
    if (!fvi_op_list_add(m->t->file.list, op)) nomem(m);
    g_array_append_val(m->modules, module);
    if ((int64_t)m->t->file.list->ops->len > m->t->file.limits.nodes && !m->status)
        m->status =
            fvi_fail(m->err, FV_NOMEM,
                     "the network has more nodes than %" G_GINT64_FORMAT " " FVI_LIMIT("nodes"),
                     m->t->file.limits.nodes);
}

/* Appends the values of an output: a tensor, a list of them, a size. */
static void add_outputs(maker *m, const char *node, JsonObject *output, GArray *out) {
    static const char *const lists[] = {"as_tensors", "as_optional_tensors", "as_sym_ints"};
    static const char *const ones[] = {"as_tensor", "as_sym_int", "as_sym_float", "as_sym_bool"};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        JsonArray *a = fvi_json_array(output, lists[i]);
        for (guint k = 0; a && k < json_array_get_length(a) && !m->status; k++) {
            JsonObject *o = fvi_json_as_object(json_array_get_element(a, k));
            JsonObject *tensor = fvi_json_object(o, "as_tensor");
            o = tensor ? tensor : o;
            const char *name = fvi_json_text(o, "name", fvi_json_text(o, "as_name", node));
            const int v = new_value(m, name, name);
            g_array_append_val(out, v);
        }
        if (a) return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ones); i++) {
        JsonObject *o = fvi_json_object(output, ones[i]);
        const char *name = fvi_json_text(o, "name", fvi_json_text(o, "as_name", NULL));
        if (!name) continue;
        const int v = new_value(m, name, name);
        g_array_append_val(out, v);
        return;
    }
    char *name = g_strconcat(node, "/none", NULL); /* keeps the numbers of those behind it */
    const int v = fvi_op_list_value(m->t->file.list, name);
    if (v < 0) nomem(m);
    g_array_append_val(out, v);
    g_free(name);
}

/* The operation that gives a view's change back to the tensor that it is a view of. */
static int scatter(void *user, const fvi_torch_view *view, int base, int part) {
    maker *m = user;
    const fvi_torch_call *of = view->call;
    fvi_torch_call *call = fvi_pool_alloc(m->pool, sizeof *call);
    fvi_torch_arg *args = fvi_pool_array(m->pool, (size_t)of->n_args + 2, sizeof *args);
    fvi_torch_item *items = fvi_pool_array(m->pool, 2, sizeof *items);
    char *name = g_strconcat(fvi_op_list_name(m->t->file.list, part), "/base", NULL);
    int out = fvi_op_list_value(m->t->file.list, name);
    int *in = g_new(int, view->n_in + 2);
    g_free(name);
    if (!call || !args || !items || out < 0) {
        nomem(m);
        g_free(in);
        return -1;
    }
    in[0] = base;
    for (int i = 1; i < view->n_in; i++) in[i] = view->in[i];
    in[view->n_in] = part;
    items[0] = (fvi_torch_item){.in = view->n_in};
    for (int i = 0; i < of->n_args; i++) args[i] = of->arg[i];
    args[of->n_args] =
        (fvi_torch_arg){.name = "src", .type = FVI_TORCH_TENSOR, .n = 1, .item = items};
    call->n_args = of->n_args + 1;
    call->arg = args;
    const fvi_op op = {.type = view->scatter,
                       .n_in = view->n_in + 1,
                       .in = in,
                       .n_out = 1,
                       .out = &out,
                       .detail = call};
    add_op(m, &op, NULL);
    g_free(in);
    return out;
}

/* Of as_strided, whether it is its input, by what the file says of that. */
static void check_layout(const maker *m, JsonObject *node, const char *type, fvi_torch_call *call) {
    JsonArray *in = fvi_json_array(node, "inputs");
    if (!type || !call || strcmp(type, "aten.as_strided.default") != 0 || call->problem) return;
    JsonObject *self =
        in && json_array_get_length(in) ? fvi_json_as_object(json_array_get_element(in, 0)) : NULL;
    JsonObject *tensor = fvi_json_object(fvi_json_object(self, "arg"), "as_tensor");
    const char *name = fvi_json_text(tensor, "name", NULL);
    call->problem =
        fvi_torch_strided_problem(call, name ? fvi_json_object(m->tensors, name) : NULL);
}

static void read_node(maker *m, JsonObject *node) {
    const char *target = fvi_json_text(node, "target", "");
    JsonArray *outputs = fvi_json_array(node, "outputs");
    JsonObject *first = outputs && json_array_get_length(outputs)
                            ? fvi_json_as_object(json_array_get_element(outputs, 0))
                            : NULL;
    const char *name = fvi_json_text(node, "name", NULL);
    int in_place;
    if (!first) return; /* an assertion */
    if (!name) name = fvi_json_text(fvi_json_object(first, "as_tensor"), "name", target);
    reading r = {.m = m, .node = name, .in = g_array_new(FALSE, FALSE, sizeof(int))};
    GArray *out = g_array_new(FALSE, FALSE, sizeof(int));
    const char *type = type_of(m, target, &in_place);
    fvi_torch_call *call = read_call(&r, fvi_json_array(node, "inputs"));
    check_layout(m, node, type, call);
    for (guint i = 0; i < json_array_get_length(outputs) && !m->status; i++)
        add_outputs(m, name, fvi_json_as_object(json_array_get_element(outputs, i)), out);
    const fvi_op op = {.type = type,
                       .source_name = fvi_pool_strdup(m->pool, name),
                       .n_in = (int)r.in->len,
                       .in = (int *)(void *)r.in->data,
                       .n_out = (int)out->len,
                       .out = (int *)(void *)out->data,
                       .detail = call};
    if (!m->status && type && call && out->len) {
        add_op(m, &op, module_of(node));
        const fvi_torch_view view = {.call = call, .n_in = op.n_in, .in = op.in};
        m->status = m->status ? m->status
                              : fvi_torch_alias_note(m->aliases, type, in_place, &view, op.n_out,
                                                     op.out, m->err);
    }
    g_array_unref(r.in);
    g_array_unref(out);
}

/* ---- inputs and outputs --------------------------------------------------------------------- */

/* A tensor that the file holds, as an operation without inputs. */
static void add_tensor(maker *m, GHashTable *tensors, const char *name, const char *full_name) {
    const fvi_torch_weight *found = g_hash_table_lookup(tensors, full_name);
    fvi_torch_call *call = fvi_pool_alloc(m->pool, sizeof *call);
    int out = m->status ? -1 : new_value(m, name, full_name);
    if (!call || out < 0) {
        nomem(m);
        return;
    }
    if (found) call->numbers = found->numbers;
    if (!call->numbers) call->problem = found ? found->problem : "the file does not hold it";
    const fvi_op op = {.type = FVI_TORCH_TENSOR_TYPE, .n_out = 1, .out = &out, .detail = call};
    add_op(m, &op, NULL);
}

static void add_input(maker *m, JsonObject *spec) {
    JsonObject *arg = fvi_json_object(spec, "arg"), *tensor = fvi_json_object(arg, "as_tensor");
    JsonObject *size = fvi_json_object(arg, "as_sym_int");
    const char *name = fvi_json_text(tensor ? tensor : size, tensor ? "name" : "as_name", NULL);
    JsonObject *meta = name ? fvi_json_object(m->tensors, name) : NULL;
    fvi_shape shape = {0};
    int type = FVI_I64;
    if (!name) return; /* a Python number, or None: it is a constant of the program */
    if (tensor) type = fvi_torch_scalar_type(fvi_json_int(meta, "dtype", 0));
    JsonArray *sizes = fvi_json_array(meta, "sizes");
    if (tensor && !fvi_torch_shape(sizes, &shape)) {
        if (sizes) fail(m, "its input \"%.200s\" has sizes that no tensor has%s", name, "");
        shape.ndim = -1;
    }
    const int v = fvi_op_list_input(m->t->file.list, name, &shape, type ? type : -1, 0);
    if (v < 0) nomem(m);
    g_hash_table_insert(m->by_name, (gpointer)name, GINT_TO_POINTER(v + 1));
}

static void read_inputs(maker *m, JsonArray *specs, GHashTable *tensors) {
    static const struct {
        const char *key, *name;
    } held[] = {{"parameter", "parameter_name"},
                {"buffer", "buffer_name"},
                {"tensor_constant", "tensor_constant_name"}};
    for (guint i = 0; specs && i < json_array_get_length(specs) && !m->status; i++) {
        JsonObject *spec = fvi_json_as_object(json_array_get_element(specs, i));
        JsonObject *user = fvi_json_object(spec, "user_input");
        if (user) add_input(m, user);
        for (size_t k = 0; k < G_N_ELEMENTS(held); k++) {
            JsonObject *o = fvi_json_object(spec, held[k].key);
            const char *name = fvi_json_text(fvi_json_object(o, "arg"), "name", NULL);
            if (name) add_tensor(m, tensors, name, fvi_json_text(o, held[k].name, name));
        }
    }
}

static void read_outputs(maker *m, JsonArray *specs) {
    for (guint i = 0; specs && i < json_array_get_length(specs) && !m->status; i++) {
        JsonObject *spec = fvi_json_as_object(json_array_get_element(specs, i));
        JsonObject *arg = fvi_json_object(fvi_json_object(spec, "user_output"), "arg");
        const char *name = fvi_json_text(fvi_json_object(arg, "as_tensor"), "name", NULL);
        const int v = name ? find_value(m, name) : -1;
        if (name && v < 0) fail(m, "no node makes the output \"%.100s\"%s", name, "");
        if (v >= 0) fvi_op_list_output(m->t->file.list, v);
    }
    if (!m->t->file.list->outputs->len) fail(m, "the program has no output%s%s", "", "");
}

/* ---- the program ---------------------------------------------------------------------------- */

/* Reads the member with the graph; its schema must be one that is known. */
static fv_status read_json(fvi_torch *t, fv_error *err) {
    const char *name = fvi_zip_find(t->zip, FVI_TORCH_MODEL);
    uint8_t *text = NULL;
    size_t size;
    if (!name) name = fvi_zip_find(t->zip, FVI_TORCH_OLD_MODEL);
    fv_status st = name ? fvi_zip_read(t->zip, name, PROGRAM_MAX, &text, &size, err)
                        : fvi_fail(err, FV_FORMAT, "it has no member \"" FVI_TORCH_MODEL "\"");
    if (!st) st = fvi_json_parse((const char *)text, size, &t->program, err);
    free(text);
    if (st) return st;
    JsonObject *root = fvi_json_as_object(t->program);
    const int64_t schema = fvi_json_int(fvi_json_object(root, "schema_version"), "major", 0);
    if (schema < 5 || schema > 8)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "its graph has version %" G_GINT64_FORMAT " of PyTorch's schema (torch "
                        "%.40s); allowed: 5..8",
                        schema, fvi_json_text(root, "torch_version", "unknown"));
    return FV_OK;
}

static void read_graph(maker *m, JsonObject *module, GHashTable *tensors) {
    JsonObject *graph = fvi_json_object(module, "graph");
    JsonObject *signature = fvi_json_object(module, "signature");
    JsonArray *nodes = fvi_json_array(graph, "nodes");
    m->tensors = fvi_json_object(graph, "tensor_values");
    if (!nodes || !signature) fail(m, "its program has no graph%s%s", "", "");
    read_inputs(m, fvi_json_array(signature, "input_specs"), tensors);
    for (guint i = 0; nodes && i < json_array_get_length(nodes) && !m->status; i++)
        read_node(m, fvi_json_as_object(json_array_get_element(nodes, i)));
    read_outputs(m, fvi_json_array(signature, "output_specs"));
    if (!m->status && !m->t->file.list->inputs->len)
        fail(m, "the program has no input%s%s", "", "");
}

/* Names the operations after their modules. */
static void name_layers(maker *m) {
    fvi_op_list *l = m->t->file.list;
    fvi_module_op *ops = (fvi_module_op *)(void *)m->modules->data;
    for (guint i = 0; i < l->ops->len; i++) {
        const fvi_op *op = &g_array_index(l->ops, fvi_op, i);
        ops[i].own = fvi_op_list_name(l, op->out[0]);
        ops[i].n_in = op->n_in;
        ops[i].in = op->in;
        ops[i].n_out = op->n_out;
        ops[i].out = op->out;
    }
    m->status = fvi_modules_name(m->pool, ops, (int)l->ops->len, (int)l->names->len,
                                 (const int *)(const void *)l->input_values->data,
                                 (int)l->input_values->len, m->err);
    for (guint i = 0; i < l->ops->len; i++) g_array_index(l->ops, fvi_op, i).name = ops[i].name;
}

fv_status fvi_torch_read_program(fvi_torch *t, fv_error *err) {
    GHashTable *tensors = NULL;
    fv_status st = read_json(t, err);
    if (!st) st = fvi_torch_read_weights(t, &tensors, err);
    if (st) return st;
    maker m = {.t = t, .pool = t->file.list->pool, .err = err};
    m.by_name = g_hash_table_new(g_str_hash, g_str_equal);
    m.modules = g_array_new(FALSE, FALSE, sizeof(fvi_module_op));
    m.aliases = fvi_torch_aliases_new(scatter, &m);
    read_graph(&m, fvi_json_object(fvi_json_as_object(t->program), "graph_module"), tensors);
    if (!m.status) name_layers(&m);
    fvi_op_list_finish(t->file.list);
    fvi_torch_aliases_free(m.aliases);
    g_hash_table_unref(m.by_name);
    g_array_unref(m.modules);
    g_hash_table_unref(tensors);
    return m.status;
}
