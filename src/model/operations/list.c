/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of operations: values, operations, inputs and outputs are appended, nothing is removed. */
#include "model/operations/list.h"

#include <string.h>

fvi_op_list *fvi_op_list_new(size_t max_bytes) {
    fvi_pool *pool = fvi_pool_new(max_bytes);
    fvi_op_list *l = pool ? fvi_pool_alloc(pool, sizeof *l) : NULL;
    if (!l) {
        fvi_pool_free(pool);
        return NULL;
    }
    l->pool = pool;
    l->ops = g_array_new(FALSE, FALSE, sizeof(fvi_op));
    l->names = g_ptr_array_new();
    l->stated = g_array_new(FALSE, FALSE, sizeof(fvi_shape));
    l->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    l->inputs = g_array_new(FALSE, FALSE, sizeof(fvi_model_input));
    l->input_values = g_array_new(FALSE, FALSE, sizeof(int));
    l->outputs = g_array_new(FALSE, FALSE, sizeof(int));
    return l;
}

void fvi_op_list_free(fvi_op_list *l) {
    if (!l) return;
    g_array_unref(l->ops);
    g_ptr_array_unref(l->names);
    g_array_unref(l->stated);
    g_hash_table_unref(l->by_name);
    g_array_unref(l->inputs);
    g_array_unref(l->input_values);
    g_array_unref(l->outputs);
    fvi_pool_free(l->pool); /* the list too */
}

int fvi_op_list_value(fvi_op_list *l, const char *name) {
    const fvi_shape unknown = {.ndim = -1};
    const int v = (int)l->names->len;
    char *own = fvi_pool_strdup(l->pool, name);
    for (unsigned k = 2; own && g_hash_table_contains(l->by_name, own); k++)
        own = fvi_pool_printf(l->pool, "%s/%u", name, k);
    if (!own) return -1;
    g_ptr_array_add(l->names, own);
    g_array_append_val(l->stated, unknown);
    g_hash_table_insert(l->by_name, own, GINT_TO_POINTER(v + 1));
    return v;
}

int fvi_op_list_find(const fvi_op_list *l, const char *name) {
    return GPOINTER_TO_INT(g_hash_table_lookup(l->by_name, name)) - 1;
}

const char *fvi_op_list_name(const fvi_op_list *l, int value) { return l->names->pdata[value]; }

static int *copy(fvi_pool *pool, const int *from, int n) {
    int *to = fvi_pool_array(pool, (size_t)n + 1, sizeof *to);
    if (to && n) memcpy(to, from, (size_t)n * sizeof *to);
    return to;
}

int fvi_op_list_add(fvi_op_list *l, const fvi_op *op) {
    fvi_op own = *op;
    own.in = copy(l->pool, op->in, op->n_in);
    own.out = copy(l->pool, op->out, op->n_out);
    if (!own.in || !own.out) return 0;
    g_array_append_val(l->ops, own);
    return 1;
}

int fvi_op_list_input(fvi_op_list *l, const char *name, const fvi_shape *shape, int type,
                      int layout) {
    const int v = fvi_op_list_value(l, name);
    if (v < 0) return -1;
    const fvi_model_input in = {.name = fvi_op_list_name(l, v),
                                .shape = *shape,
                                .type = type,
                                .layout = layout,
                                .unread = 1};
    g_array_append_val(l->inputs, in);
    g_array_append_val(l->input_values, v);
    g_array_index(l->stated, fvi_shape, v) = *shape;
    return v;
}

void fvi_op_list_output(fvi_op_list *l, int value) { g_array_append_val(l->outputs, value); }

static int reads(const fvi_op *op, int v) {
    for (int i = 0; i < op->n_in; i++)
        if (op->in[i] == v) return 1;
    return 0;
}

void fvi_op_list_finish(fvi_op_list *l) {
    for (guint i = 0; i < l->inputs->len; i++) {
        fvi_model_input *in = &g_array_index(l->inputs, fvi_model_input, i);
        for (guint k = 0; k < l->ops->len && in->unread; k++)
            in->unread =
                !reads(&g_array_index(l->ops, fvi_op, k), g_array_index(l->input_values, int, i));
    }
}

const fvi_model_input *fvi_op_list_inputs(const fvi_model_file *f, int *count) {
    *count = (int)f->list->inputs->len;
    return (const fvi_model_input *)(const void *)f->list->inputs->data;
}

const char *fvi_op_list_output_name(const fvi_model_file *f) {
    const GArray *outputs = f->list->outputs;
    return outputs->len ? fvi_op_list_name(f->list, g_array_index(outputs, int, 0)) : NULL;
}

void fvi_op_list_values(const fvi_model_file *f, GPtrArray *names) {
    const GArray *ops = f->list->ops;
    for (guint k = 0; k < ops->len; k++) {
        const fvi_op *op = &g_array_index(ops, fvi_op, k);
        for (int i = 0; i < op->n_out; i++)
            g_ptr_array_add(names, (void *)fvi_op_list_name(f->list, op->out[i]));
    }
}
