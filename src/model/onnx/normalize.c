/* SPDX-License-Identifier: Apache-2.0 */
/* Completing and checking the nodes: absent names become "", "ai.onnx" becomes "". Attributes that
 * the operators of a domain share by name must have the type these operators give them where a node
 * is lowered, so that its handler may simply ask for their values. Source: the operator schemas of
 * ONNX, opsets 1 to 28, and of ai.onnx.ml, 1 to 5.
 */
#include "model/onnx/normalize.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "model/onnx/attribute.h"

typedef struct attr_type {
    const char *name;
    int type;
} attr_type;

/* clang-format off */
/* Sorted by name. `value` (Constant, Pad) and `scales` differ by operator and stay out. */
static const attr_type attr_types[] = {
    {"allowzero", FVI_ATTR_INT},             {"alpha", FVI_ATTR_FLOAT},
    {"antialias", FVI_ATTR_INT},             {"approximate", FVI_ATTR_STRING},
    {"auto_pad", FVI_ATTR_STRING},           {"axes", FVI_ATTR_INTS},
    {"axis", FVI_ATTR_INT},                  {"batch_dims", FVI_ATTR_INT},
    {"beta", FVI_ATTR_FLOAT},                {"bias", FVI_ATTR_FLOAT},
    {"blocksize", FVI_ATTR_INT},             {"body", FVI_ATTR_GRAPH},
    {"ceil_mode", FVI_ATTR_INT},
    {"coordinate_transformation_mode", FVI_ATTR_STRING},
    {"count_include_pad", FVI_ATTR_INT},     {"cubic_coeff_a", FVI_ATTR_FLOAT},
    {"dilations", FVI_ATTR_INTS},            {"dtype", FVI_ATTR_INT},
    {"else_branch", FVI_ATTR_GRAPH},         {"ends", FVI_ATTR_INTS},
    {"epsilon", FVI_ATTR_FLOAT},             {"equation", FVI_ATTR_STRING},
    {"exclude_outside", FVI_ATTR_INT},       {"extrapolation_value", FVI_ATTR_FLOAT},
    {"fmod", FVI_ATTR_INT},                  {"gamma", FVI_ATTR_FLOAT},
    {"group", FVI_ATTR_INT},                 {"keep_aspect_ratio_policy", FVI_ATTR_STRING},
    {"keepdims", FVI_ATTR_INT},              {"kernel_shape", FVI_ATTR_INTS},
    {"lambd", FVI_ATTR_FLOAT},               {"largest", FVI_ATTR_INT},
    {"max", FVI_ATTR_FLOAT},                 {"min", FVI_ATTR_FLOAT},
    {"momentum", FVI_ATTR_FLOAT},            {"nearest_mode", FVI_ATTR_STRING},
    {"noop_with_empty_axes", FVI_ATTR_INT},  {"num_groups", FVI_ATTR_INT},
    {"num_outputs", FVI_ATTR_INT},           {"output_padding", FVI_ATTR_INTS},
    {"output_shape", FVI_ATTR_INTS},         {"p", FVI_ATTR_INT},
    {"paddings", FVI_ATTR_INTS},             {"pads", FVI_ATTR_INTS},
    {"perm", FVI_ATTR_INTS},                 {"ratio", FVI_ATTR_FLOAT},
    {"size", FVI_ATTR_INT},                  {"spatial", FVI_ATTR_INT},
    {"split", FVI_ATTR_INTS},                {"starts", FVI_ATTR_INTS},
    {"storage_order", FVI_ATTR_INT},         {"strides", FVI_ATTR_INTS},
    {"then_branch", FVI_ATTR_GRAPH},         {"to", FVI_ATTR_INT},
    {"transA", FVI_ATTR_INT},                {"transB", FVI_ATTR_INT},
    {"value_float", FVI_ATTR_FLOAT},         {"value_floats", FVI_ATTR_FLOATS},
    {"value_int", FVI_ATTR_INT},             {"value_ints", FVI_ATTR_INTS},
};

/* Of ai.onnx.ml, where some of these names mean other types; `post_transform` differs by operator. */
static const attr_type ml_attr_types[] = {
    {"base_values", FVI_ATTR_FLOATS},        {"cats_int64s", FVI_ATTR_INTS},
    {"cats_strings", FVI_ATTR_STRINGS},      {"class_ids", FVI_ATTR_INTS},
    {"class_nodeids", FVI_ATTR_INTS},        {"class_treeids", FVI_ATTR_INTS},
    {"class_weights", FVI_ATTR_FLOATS},      {"classes_strings", FVI_ATTR_STRINGS},
    {"classlabels_int64s", FVI_ATTR_INTS},   {"classlabels_ints", FVI_ATTR_INTS},
    {"classlabels_strings", FVI_ATTR_STRINGS},
    {"coefficients", FVI_ATTR_FLOATS},       {"imputed_value_floats", FVI_ATTR_FLOATS},
    {"imputed_value_int64s", FVI_ATTR_INTS}, {"inputdimensions", FVI_ATTR_INTS},
    {"intercepts", FVI_ATTR_FLOATS},         {"keys_int64s", FVI_ATTR_INTS},
    {"norm", FVI_ATTR_STRING},               {"offset", FVI_ATTR_FLOATS},
    {"replaced_value_float", FVI_ATTR_FLOAT},
    {"replaced_value_int64", FVI_ATTR_INT},  {"scale", FVI_ATTR_FLOATS},
    {"targets", FVI_ATTR_INT},               {"threshold", FVI_ATTR_FLOAT},
    {"values_strings", FVI_ATTR_STRINGS},
};
/* clang-format on */

/* The types of a domain's attributes by name. */
typedef struct domain_types {
    const char *domain;
    const attr_type *types;
    size_t n;
} domain_types;

static const domain_types domains[] = {
    {"", attr_types, G_N_ELEMENTS(attr_types)},
    {"com.microsoft", attr_types, G_N_ELEMENTS(attr_types)},
    {"ai.onnx.ml", ml_attr_types, G_N_ELEMENTS(ml_attr_types)},
};

static char none[] = "";

static const char *attr_type_name(int type) {
    static const char *const names[] = {"undefined", "float",  "int",  "string", "tensor",
                                        "graph",     "floats", "ints", "strings"};
    return type >= 0 && type <= FVI_ATTR_STRINGS ? names[type] : "unknown";
}

static int type_wanted(const char *domain, const char *name) {
    for (size_t d = 0; d < G_N_ELEMENTS(domains); d++) {
        if (strcmp(domains[d].domain, domain) != 0) continue;
        for (size_t i = 0; i < domains[d].n; i++)
            if (!strcmp(domains[d].types[i].name, name)) return domains[d].types[i].type;
    }
    return 0;
}

/* An empty list carries no field, so its type may be any list's when the file names none. */
static int type_fits(const Onnx__AttributeProto *a, int wanted) {
    int type = fvi_onnx_attr_type(a);
    if (type == wanted) return 1;
    return !a->has_type && !a->n_ints && type == FVI_ATTR_INTS && wanted >= FVI_ATTR_FLOATS;
}

void fvi_onnx_check_attributes(fvi_builder *b, const Onnx__NodeProto *n) {
    for (size_t i = 0; i < n->n_attribute && !b->status; i++) {
        const Onnx__AttributeProto *a = n->attribute[i];
        const int wanted = type_wanted(n->domain, a->name);
        if (wanted && !type_fits(a, wanted))
            fvi_build_fail(b, FV_UNSUPPORTED, "attribute \"%s\" is of type %s; allowed: %s",
                           a->name, attr_type_name(fvi_onnx_attr_type(a)), attr_type_name(wanted));
    }
}

static fv_status check_attribute(const Onnx__NodeProto *n, const Onnx__AttributeProto *a,
                                 fv_error *err) {
    const int given_by_caller = a->ref_attr_name && a->ref_attr_name[0]; /* of a function's body */
    if (fvi_onnx_attr_type(a) == FVI_ATTR_GRAPH && !a->g && !given_by_caller)
        return fvi_fail(err, FV_FORMAT, "node \"%s\" (%s): attribute \"%s\" has no graph", n->name,
                        n->op_type, a->name);
    return FV_OK;
}

static fv_status normalize_graph(Onnx__GraphProto *g, fv_error *err);

static fv_status normalize_node(Onnx__NodeProto *n, fv_error *err) {
    if (!n->name) n->name = none;
    if (!n->op_type) n->op_type = none;
    if (!n->domain || !strcmp(n->domain, "ai.onnx")) n->domain = none;
    if (!n->op_type[0]) return fvi_fail(err, FV_FORMAT, "node \"%s\" names no operator", n->name);
    for (size_t i = 0; i < n->n_attribute; i++) {
        Onnx__AttributeProto *a = n->attribute[i];
        if (!a->name) a->name = none;
        if (a->t && !a->t->name) a->t->name = none;
        fv_status st = check_attribute(n, a, err);
        if (!st && a->g) st = normalize_graph(a->g, err);
        if (st) return st;
    }
    return FV_OK;
}

static fv_status normalize_graph(Onnx__GraphProto *g, fv_error *err) {
    fv_status st = FV_OK;
    for (size_t i = 0; i < g->n_initializer; i++)
        if (!g->initializer[i]->name) g->initializer[i]->name = none;
    for (size_t i = 0; i < g->n_input; i++)
        if (!g->input[i]->name) g->input[i]->name = none;
    for (size_t i = 0; i < g->n_output; i++)
        if (!g->output[i]->name) g->output[i]->name = none;
    for (size_t i = 0; i < g->n_value_info; i++)
        if (!g->value_info[i]->name) g->value_info[i]->name = none;
    for (size_t i = 0; i < g->n_node && !st; i++) st = normalize_node(g->node[i], err);
    return st;
}

static fv_status normalize_function(Onnx__FunctionProto *f, fv_error *err) {
    fv_status st = FV_OK;
    if (!f->name) f->name = none;
    if (!f->domain || !strcmp(f->domain, "ai.onnx")) f->domain = none;
    for (size_t i = 0; i < f->n_attribute_proto; i++)
        if (!f->attribute_proto[i]->name) f->attribute_proto[i]->name = none;
    for (size_t i = 0; i < f->n_node && !st; i++) st = normalize_node(f->node[i], err);
    return st;
}

fv_status fvi_onnx_normalize(fvi_onnx *o, fv_error *err) {
    Onnx__ModelProto *m = o->proto;
    for (size_t i = 0; i < m->n_opset_import; i++) {
        Onnx__OperatorSetIdProto *s = m->opset_import[i];
        if (!s->domain || !strcmp(s->domain, "ai.onnx")) s->domain = none;
    }
    for (size_t i = 0; i < m->n_metadata_props; i++) {
        if (!m->metadata_props[i]->key) m->metadata_props[i]->key = none;
        if (!m->metadata_props[i]->value) m->metadata_props[i]->value = none;
    }
    fv_status st = normalize_graph(m->graph, err);
    for (size_t i = 0; i < m->n_functions && !st; i++)
        st = normalize_function(m->functions[i], err);
    return st;
}
