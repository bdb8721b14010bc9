/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up parts of an open ONNX file. */
#include "model/onnx/file.h"

#include <string.h>

const Onnx__ModelProto *fvi_onnx_proto(const fvi_onnx *o) { return o->proto; }

const Onnx__NodeProto *const *fvi_onnx_nodes(const fvi_onnx *o, int *count) {
    *count = o->n_nodes;
    return o->nodes;
}

int64_t fvi_onnx_opset(const fvi_onnx *o, const char *domain) {
    for (size_t i = 0; i < o->proto->n_opset_import; i++)
        if (!strcmp(o->proto->opset_import[i]->domain, domain))
            return o->proto->opset_import[i]->version;
    return 0;
}

const fvi_const *fvi_onnx_initializer(const fvi_onnx *o, const char *name) {
    const fvi_init *init = g_hash_table_lookup(o->init_by_name, name);
    return init && !init->problem ? &init->c : NULL;
}

const char *fvi_onnx_initializer_problem(const fvi_onnx *o, const char *name) {
    const fvi_init *init = g_hash_table_lookup(o->init_by_name, name);
    return init ? init->problem : NULL;
}

const char *fvi_onnx_metadata(const fvi_onnx *o, const char *key) {
    for (size_t i = 0; i < o->proto->n_metadata_props; i++)
        if (!strcmp(o->proto->metadata_props[i]->key, key))
            return o->proto->metadata_props[i]->value;
    return NULL;
}

fvi_model_input fvi_onnx_input(const Onnx__ValueInfoProto *v) {
    const Onnx__TypeProto__Tensor *t = v->type ? v->type->tensor_type : NULL;
    fvi_model_input in = {.name = v->name, .shape = {.ndim = -1}};
    if (!t) return in;
    in.type = t->elem_type;
    if (!t->shape || t->shape->n_dim > FVI_MAX_DIMS) return in;
    in.shape.ndim = (int)t->shape->n_dim;
    for (int i = 0; i < in.shape.ndim; i++) {
        const Onnx__TensorShapeProto__Dimension *d = t->shape->dim[i];
        in.shape.dim[i] = d->has_dim_value && d->dim_value > 0 ? d->dim_value : -1;
        if (in.no_size || !d->has_dim_value || d->dim_value > 0 || d->dim_value == -1) continue;
        in.no_size = i + 1;
        in.said = d->dim_value;
    }
    return in;
}

void fvi_onnx_add_reads(GHashTable *names, const Onnx__NodeProto *n) {
    for (size_t i = 0; i < n->n_input; i++) g_hash_table_add(names, n->input[i]);
    for (size_t a = 0; a < n->n_attribute; a++) {
        const Onnx__GraphProto *g = n->attribute[a]->g;
        if (!g) continue;
        for (size_t i = 0; i < g->n_node; i++) fvi_onnx_add_reads(names, g->node[i]);
        for (size_t i = 0; i < g->n_output; i++)
            if (g->output[i]->name) g_hash_table_add(names, g->output[i]->name);
    }
}
