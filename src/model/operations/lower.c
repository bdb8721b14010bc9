/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering a list of operations: those that the requested values depend on, in the list's order.
 * What cannot be computed becomes an OPAQUE node, and so does what needs its result, so that the
 * graph can always be listed.
 */
#include "model/operations/lower.h"

#include <string.h>

#include "base/error.h"
#include "graph/build/bind.h"
#include "model/operations/channels.h"

/* ---- one operation -------------------------------------------------------------------------- */

static const fvi_op_kind *find_kind(const fvi_op_kind *kinds, const char *type) {
    for (; kinds->type; kinds++)
        if (!strcmp(kinds->type, type)) return kinds;
    return NULL;
}

/* Fails if an input's shape is not known, because what makes it could not be computed. */
static void check_inputs(fvi_site *site) {
    for (int i = 0; i < site->n_in && !site->b->status; i++)
        if (fvi_build_shape(site->b, site->in[i]).ndim < 0)
            fvi_build_fail(site->b, FV_UNSUPPORTED, "its input \"%s\" cannot be computed",
                           fvi_op_list_name(site->l->list, site->op->in[i]));
}

/* Makes an OPAQUE node for output i, for the reason that the builder failed. */
static void give_up_output(fvi_site *site, int i) {
    fvi_builder *b = site->b;
    char *kind = g_strdup_printf("%s: %s", site->kind ? "not computed" : "unknown", site->op->type);
    int *in = g_new(int, site->n_in + 1);
    for (int k = 0; k < site->n_in; k++)
        in[k] = site->op->in[k] < 0 ? -1 : site->l->values[site->op->in[k]];
    const fvi_shape *stated = &g_array_index(site->l->list->stated, fvi_shape, site->op->out[i]);
    fvi_stated like = {{.ndim = -1}, FVI_F32};
    const int64_t count = fvi_shape_count(stated);
    if (count > 0 && count <= b->limits.elements) like.shape = *stated;
    const int v = fvi_build_opaque(b, kind, FVI_OPAQUE_ANYTHING, site->n_in, in, &like);
    site->out[i] = v;
    if (v >= 0) fvi_build_value(b, v)->v.name = fvi_op_list_name(site->l->list, site->op->out[i]);
    g_free(in);
    g_free(kind);
}

/* Makes OPAQUE nodes of an operation that failed, unless the failure is that of the whole file. */
static void give_up(fvi_site *site) {
    fvi_builder *b = site->b;
    const fv_status st = b->status;
    if (st != FV_UNSUPPORTED && st != FV_SHAPE) return;
    fvi_build_undo(b);
    fvi_channels_forget(site);
    for (int i = 0; i < site->n_out && (!i || !b->status); i++) {
        b->status = st; /* of each output; the text is still there */
        give_up_output(site, i);
    }
    if (!site->n_out) b->status = FV_OK;
}

/* The same of outputs that are wanted and that the handler did not make. */
static void give_up_unmade(fvi_site *site) {
    for (int i = 0; i < site->n_out && !site->b->status; i++) {
        if (site->out[i] >= 0 || !fvi_site_wants(site, i)) continue;
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its output \"%s\" is not computed here",
                       fvi_op_list_name(site->l->list, site->op->out[i]));
        give_up_output(site, i);
    }
}

/* The inputs are constants of the file. */
static int reads_constants(const fvi_site *site) {
    for (int i = 0; i < site->n_in; i++)
        if (site->in[i] >= 0 && !fvi_build_value(site->b, site->in[i])->file_constant) return 0;
    return site->n_in > 0;
}

/* Output i as the operations after it read it: the operation's, or what the caller gives instead.
 */
static int output_value(fvi_site *site, int i) {
    const fvi_graph_request *r = site->l->request;
    const char *name = fvi_op_list_name(site->l->list, site->op->out[i]);
    const fvi_binding *bound = fvi_binding_find(r->bindings, r->n_bindings, name);
    if (!bound || site->b->status) return site->out[i];
    const int v = bound->constant ? fvi_bind_constant(site->b, bound->constant)
                                  : fvi_build_input(site->b, bound->name, &bound->shape);
    if (v < 0) return -1;
    if (site->out[i] >= 0) fvi_build_value(site->b, site->out[i])->v.name = NULL;
    fvi_build_value(site->b, v)->v.name = bound->name;
    return fvi_channels_like(site, v, site->out[i]);
}

static void lower_op(fvi_op_lowering *l, const fvi_op *op) {
    const char *name = op->name ? op->name : op->n_out ? fvi_op_list_name(l->list, op->out[0]) : "";
    int *slots = g_new(int, op->n_in + op->n_out + 1);
    fvi_site site = {.b = l->b,
                     .l = l,
                     .op = op,
                     .kind = find_kind(l->kinds, op->type),
                     .n_in = op->n_in,
                     .in = slots,
                     .n_out = op->n_out,
                     .out = slots + op->n_in,
                     .channels_last = l->channels_last};
    for (int i = 0; i < op->n_in; i++) site.in[i] = op->in[i] < 0 ? -1 : l->values[op->in[i]];
    for (int i = 0; i < op->n_out; i++) site.out[i] = -1;
    site.operation = (fvi_operation){.source_op = op->type,
                                     .name = name,
                                     .source_name = op->source_name,
                                     .label = name,
                                     .is_layer = 1,
                                     .n_out = op->n_out,
                                     .out = site.out};
    site.operation.file_constant = reads_constants(&site);
    fvi_build_begin(l->b, &site.operation);
    if (!site.kind)
        l->b->status =
            fvi_fail(l->b->err, FV_UNSUPPORTED, "%s \"%s\" is not supported%s%s", op->type, name,
                     l->unknown_help ? "; " : "", l->unknown_help ? l->unknown_help : "");
    check_inputs(&site);
    if (!l->b->status) site.kind->lower(&site);
    give_up_unmade(&site);
    give_up(&site);
    for (int i = 0; i < op->n_out; i++) l->values[op->out[i]] = output_value(&site, i);
    fvi_build_end(l->b);
    g_free(slots);
}

/* ---- the list ------------------------------------------------------------------------------- */

static const fvi_op *op_at(const fvi_op_list *list, guint i) {
    return &g_array_index(list->ops, fvi_op, i);
}

static int is_needed(const fvi_op_lowering *l, const fvi_op *op) {
    for (int i = 0; i < op->n_out; i++)
        if (l->needed[op->out[i]]) return 1;
    return 0;
}

/* Marks the requested values and all that they depend on. A name that the list does not have may be
 * one that lowering generates: then the outputs' too. */
static void mark_needed(fvi_op_lowering *l) {
    int outputs = !l->request->n_wanted;
    for (int i = 0; i < l->request->n_wanted; i++) {
        const int v = fvi_op_list_find(l->list, l->request->wanted[i]);
        if (v < 0)
            outputs = 1;
        else
            l->needed[v] = 1;
    }
    for (guint i = 0; i < l->list->outputs->len && outputs; i++)
        l->needed[g_array_index(l->list->outputs, int, i)] = 1;
    for (guint k = l->list->ops->len; k-- > 0;) {
        const fvi_op *op = op_at(l->list, k);
        if (!is_needed(l, op)) continue;
        for (int i = 0; i < op->n_in; i++)
            if (op->in[i] >= 0) l->needed[op->in[i]] = 1;
    }
}

static void bind_inputs(fvi_op_lowering *l) {
    const fvi_graph_request *r = l->request;
    for (guint i = 0; i < l->list->inputs->len && !l->b->status; i++) {
        const fvi_model_input *in = &g_array_index(l->list->inputs, fvi_model_input, i);
        const int value = g_array_index(l->list->input_values, int, i);
        const fvi_binding *bound = fvi_binding_find(r->bindings, r->n_bindings, in->name);
        if (!bound && !l->needed[value] && in->shape.ndim < 0) continue;
        if (bound && bound->constant && bound->filled && l->needed[value])
            g_ptr_array_add(l->b->filled, (void *)in->name);
        l->values[value] =
            fvi_bind_input(l->b, in->name, in->type ? in->type : FVI_F32, &in->shape, bound);
    }
}

static int find_value(fvi_op_lowering *l, const char *name) {
    const int v = fvi_op_list_find(l->list, name);
    if (v >= 0 && l->values[v] >= 0) return l->values[v];
    for (guint i = 0; i < l->b->values->len; i++) {
        const char *own = fvi_build_value(l->b, (int)i)->v.name;
        if (own && !strcmp(own, name)) return (int)i;
    }
    l->b->status = fvi_fail(l->b->err, FV_NOTFOUND, "there is no value \"%s\"", name);
    return -1;
}

static void give_outputs(fvi_op_lowering *l) {
    const fvi_graph_request *r = l->request;
    const guint n = r->n_wanted ? (guint)r->n_wanted : l->list->outputs->len;
    for (guint i = 0; i < n && !l->b->status; i++) {
        const char *name = r->n_wanted
                               ? r->wanted[i]
                               : fvi_op_list_name(l->list, g_array_index(l->list->outputs, int, i));
        const int v = find_value(l, name);
        if (v >= 0) fvi_build_output(l->b, v);
    }
}

static void lower_list(fvi_op_lowering *l) {
    fvi_operation whole = {.source_op = "graph", .label = l->file->base};
    fvi_build_begin(l->b, &whole);
    mark_needed(l);
    bind_inputs(l);
    for (guint k = 0; k < l->list->ops->len && !l->b->status; k++)
        if (is_needed(l, op_at(l->list, k))) lower_op(l, op_at(l->list, k));
    give_outputs(l);
    fvi_build_end(l->b);
}

fv_status fvi_op_list_lower(const fvi_model_file *file, const fvi_op_format *format, fvi_builder *b,
                            const fvi_graph_request *request) {
    const fvi_op_list *list = file->list;
    const gsize n = list->names->len + 1;
    fvi_op_lowering l = {.b = b,
                         .file = file,
                         .list = list,
                         .kinds = format->kinds,
                         .channels_last = format->channels_last,
                         .unknown_help = format->unknown_help,
                         .request = request};
    l.values = g_new(int, n);
    l.needed = g_new0(uint8_t, n);
    l.channels = g_array_new(FALSE, TRUE, 1);
    l.moved = g_hash_table_new(NULL, NULL);
    for (gsize i = 0; i < n; i++) l.values[i] = -1;
    for (guint i = 0; i < list->names->len; i++) fvi_build_reserve(b, list->names->pdata[i]);
    lower_list(&l);
    g_free(l.values);
    g_free(l.needed);
    g_array_unref(l.channels);
    g_hash_table_unref(l.moved);
    return b->status;
}
