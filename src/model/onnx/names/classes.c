/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of classes at the end of a network, as scikit-learn's converters, Custom Vision and ML.NET
 * write them:
 *
 *   ZipMap, LinearClassifier, SVMClassifier, TreeEnsembleClassifier  one label a class, of texts or
 *       integers
 *   LabelEncoder  texts by index: keys that are 0.. in any order, or `classes_strings`
 *   ArrayFeatureExtractor, Gather  of a constant of texts
 *
 * The last node that has a table counts; whether it fits an output is for others to say. What it
 * does not do: tables of integers behind an ArrayFeatureExtractor, which may be features.
 */
#include "model/onnx/names/classes.h"

#include <glib.h>
#include <string.h>

#include "model/onnx/attribute.h"

#define ELEMENTS_ARE_TEXTS 8 /* TensorProto.STRING */

/* A table found: texts, or integers. */
typedef struct table {
    const ProtobufCBinaryData *texts;
    const int64_t *ints;
    const int64_t *index; /* of each text; NULL: as they stand */
    size_t n;
} table;

static const Onnx__AttributeProto *list(const Onnx__NodeProto *n, const char *name) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(n, name);
    return a && (a->n_strings || a->n_ints) ? a : NULL;
}

/* One label a class: the first of the attributes that is there. */
static table class_labels(const Onnx__NodeProto *n) {
    static const char *const names[] = {"classlabels_strings", "classlabels_int64s",
                                        "classlabels_ints"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const Onnx__AttributeProto *a = list(n, names[i]);
        if (a && a->n_strings) return (table){.texts = a->strings, .n = a->n_strings};
        if (a) return (table){.ints = a->ints, .n = a->n_ints};
    }
    return (table){0};
}

/* Whether the node's output is one of the file's, and texts. */
static int gives_texts(const fvi_onnx *o, const Onnx__NodeProto *n) {
    const Onnx__GraphProto *g = fvi_onnx_proto(o)->graph;
    for (size_t i = 0; n->n_output && i < g->n_output; i++) {
        const Onnx__TypeProto *t = g->output[i]->type;
        if (!strcmp(g->output[i]->name, n->output[0]))
            return t && t->tensor_type && t->tensor_type->elem_type == ELEMENTS_ARE_TEXTS;
    }
    return 0;
}

/* `classes_strings` is read in both directions: from indices only where texts come out. */
static table encoder(const fvi_onnx *o, const Onnx__NodeProto *n) {
    const Onnx__AttributeProto *classes = gives_texts(o, n) ? list(n, "classes_strings") : NULL;
    const Onnx__AttributeProto *keys = list(n, "keys_int64s"), *values = list(n, "values_strings");
    if (classes) return (table){.texts = classes->strings, .n = classes->n_strings};
    if (!keys || !values || keys->n_ints != values->n_strings) return (table){0};
    return (table){.texts = values->strings, .index = keys->ints, .n = keys->n_ints};
}

/* The texts of a constant. */
static table selected(const fvi_onnx *o, const Onnx__NodeProto *n) {
    const Onnx__GraphProto *g = fvi_onnx_proto(o)->graph;
    const char *name = n->n_input ? n->input[0] : "";
    for (size_t i = 0; i < g->n_initializer; i++) {
        const Onnx__TensorProto *t = g->initializer[i];
        if (t->n_string_data && !strcmp(t->name, name))
            return (table){.texts = t->string_data, .n = t->n_string_data};
    }
    return (table){0};
}

static table table_of(const fvi_onnx *o, const Onnx__NodeProto *n) {
    const int ml = !strcmp(n->domain, "ai.onnx.ml");
    if (!n->domain[0] && !strcmp(n->op_type, "Gather")) return selected(o, n);
    if (!ml) return (table){0};
    if (!strcmp(n->op_type, "ArrayFeatureExtractor")) return selected(o, n);
    return strcmp(n->op_type, "LabelEncoder") != 0 ? class_labels(n) : encoder(o, n);
}

/* The names of a table, [n], to be freed; NULL where its keys are no indices. */
static char **names_of(const table *t) {
    char **names = g_new0(char *, t->n + 1);
    for (size_t i = 0; i < t->n; i++) {
        const int64_t at = t->index ? t->index[i] : (int64_t)i;
        if (at < 0 || at >= (int64_t)t->n || names[at]) {
            for (size_t k = 0; k < t->n; k++) g_free(names[k]);
            g_free(names);
            return NULL;
        }
        names[at] = t->texts ? g_strndup((const char *)t->texts[i].data, t->texts[i].len)
                             : g_strdup_printf("%" PRId64, t->ints[i]);
    }
    return names;
}

fvi_labels *fvi_onnx_class_names(const fvi_onnx *o, int *are_texts, char **from) {
    int n;
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(o, &n);
    for (int i = n - 1; i >= 0; i--) {
        const table t = table_of(o, nodes[i]);
        char **names = t.n && t.n <= FVI_LABELS_MAX ? names_of(&t) : NULL;
        if (!names) continue;
        const char *name = nodes[i]->name[0]    ? nodes[i]->name
                           : nodes[i]->n_output ? nodes[i]->output[0]
                                                : "";
        *are_texts = t.texts != NULL;
        *from = g_strdup_printf("%s \"%s\"", nodes[i]->op_type, name);
        return fvi_labels_take(names, (int)t.n);
    }
    return NULL;
}
