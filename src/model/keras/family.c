/* SPDX-License-Identifier: Apache-2.0 */
/* Known by the model's name, "vgg16", or by layers that only these networks have, where the head
 * was replaced. Networks that are given 0..255 and begin with their own layers for that
 * (EfficientNet, ConvNeXt, MobileNetV3) need no row.
 * Source: keras/src/applications of Keras 3.15. */
#include "model/keras/family.h"

#include <string.h>

#include "model/keras/config.h"

static const struct {
    const char *name;   /* of the model, or how it begins */
    const char *layers; /* two of its layers' names */
    const char *family;
} networks[] = {
    {"vgg16", "block1_conv1 block5_pool", "vgg"},
    {"vgg19", "block1_conv1 block5_conv4", "vgg"},
    {"resnet50v2", "conv1_conv post_relu", "inception"},
    {"resnet101v2", "", "inception"},
    {"resnet152v2", "", "inception"},
    {"resnet50", "conv1_conv conv5_block3_out", "resnet"},
    {"resnet101", "", "resnet"},
    {"resnet152", "", "resnet"},
    {"xception", "block1_conv1 block14_sepconv2_act", "inception"},
    {"inception_v3", "mixed0 mixed10", "inception"},
    {"inception_resnet_v2", "mixed_5b conv_7b_ac", "inception"},
    {"mobilenet_", "conv_pw_1 conv_pw_13_relu", "inception"},
    {"mobilenetv2_", "expanded_conv_depthwise block_16_project", "inception"},
    {"nasnet", "stem_conv1 normal_conv_1_0", "inception"},
    {"densenet", "conv1_conv conv5_block16_concat", "densenet"},
};

static int has_layers(const fvi_keras *k, const char *names) {
    char **words = g_strsplit(names, " ", -1);
    int all = words[0] != NULL;
    for (char **w = words; *w && all; w++) all = fvi_op_list_find(k->file.list, *w) >= 0;
    g_strfreev(words);
    return all;
}

/* What reads the first input, behind layers that only training has; NULL: nothing does. */
static const fvi_op *first_reader(const fvi_keras *k) {
    const fvi_op_list *l = k->file.list;
    int v = l->input_values->len ? g_array_index(l->input_values, int, 0) : -1;
    for (guint i = 0; i < l->ops->len && v >= 0; i++) {
        const fvi_op *op = &g_array_index(l->ops, fvi_op, i);
        if (op->n_in < 1 || op->n_out < 1 || op->in[0] != v) continue;
        if (!g_str_has_prefix(op->type, "Random")) return op;
        v = op->out[0];
    }
    return NULL;
}

/* Whether something of the model changes the range itself. */
static int has_own_steps(const fvi_keras *k) {
    for (guint i = 0; i < k->file.list->ops->len; i++) {
        const char *type = g_array_index(k->file.list->ops, fvi_op, i).type;
        if (!strcmp(type, "Rescaling") || !strcmp(type, "Normalization")) return 1;
    }
    const fvi_op *reader = first_reader(k); /* preprocess_input, called inside */
    return reader &&
           (g_str_has_prefix(reader->type, "ops.") || g_str_has_prefix(reader->type, "tf."));
}

/* The network that a model is by its name; "": none. */
static const char *family_of_name(const char *name, char **how) {
    for (size_t i = 0; i < G_N_ELEMENTS(networks); i++)
        if (!g_ascii_strncasecmp(name, networks[i].name, strlen(networks[i].name))) {
            *how = g_strdup_printf("name \"%.40s\" of keras.applications", name);
            return networks[i].family;
        }
    return NULL;
}

/* The network that a model within this one is by its name, where the input goes right into it. */
static const char *family_of_inner(const fvi_keras *k, char **how) {
    const fvi_op *reader = first_reader(k);
    const char *name = reader ? fvi_op_list_name(k->file.list, reader->out[0]) : "";
    const char *slash = strchr(name, '/');
    char *inner = g_strndup(name, slash ? (gsize)(slash - name) : 0);
    const char *family = family_of_name(inner, how);
    g_free(inner);
    return family;
}

const char *fvi_keras_family(const fvi_keras *k, char **how) {
    JsonObject *root = fvi_keras_is_object(k->config) ? json_node_get_object(k->config) : NULL;
    const char *name = fvi_keras_text(fvi_keras_object(root, "config"), "name", "");
    *how = NULL;
    if (has_own_steps(k)) return NULL;
    const char *family = family_of_name(name, how);
    if (!family) family = family_of_inner(k, how);
    if (family) return family;
    for (size_t i = 0; i < G_N_ELEMENTS(networks); i++)
        if (has_layers(k, networks[i].layers)) {
            *how = g_strdup_printf("layers of keras.applications' %s", networks[i].name);
            return networks[i].family;
        }
    return NULL;
}
