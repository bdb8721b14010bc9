/* SPDX-License-Identifier: Apache-2.0 */
/* Known by names of nodes that only these graphs have: of the Inception graph of 2015, and of
 * TF-Slim's networks, whose nodes all begin with the network's name. A graph that subtracts or
 * divides before its first convolution does it itself, which is read off the graph.
 * Sources: the graph's own example (pixels less 117); slim/preprocessing, and slim's list of
 * trained networks, by which those of ResNet V2 were given what Inception is. */
#include "model/tensorflow/family.h"

#include "model/tensorflow/use.h"

static const struct {
    const char *begins; /* how a value's name begins */
    const char *has;    /* the name of another value, or NULL */
    const char *how, *family;
} networks[] = {
    {"conv2d0_pre_relu", "localresponsenorm0", "nodes of the Inception graph of 2015",
     "inception 2015"},
    {"MobilenetV1/", NULL, "nodes of TF-Slim's MobilenetV1", "inception"},
    {"MobilenetV2/", NULL, "nodes of TF-Slim's MobilenetV2", "inception"},
    {"MobilenetV3/", NULL, "nodes of TF-Slim's MobilenetV3", "inception"},
    {"InceptionV1/", NULL, "nodes of TF-Slim's InceptionV1", "inception"},
    {"InceptionV2/", NULL, "nodes of TF-Slim's InceptionV2", "inception"},
    {"InceptionV3/", NULL, "nodes of TF-Slim's InceptionV3", "inception"},
    {"InceptionV4/", NULL, "nodes of TF-Slim's InceptionV4", "inception"},
    {"InceptionResnetV2/", NULL, "nodes of TF-Slim's InceptionResnetV2", "inception"},
    {"resnet_v2_", NULL, "nodes of TF-Slim's ResNet V2", "inception"},
    {"resnet_v1_", NULL, "nodes of TF-Slim's ResNet V1", "slim vgg"},
    {"vgg_", NULL, "nodes of TF-Slim's VGG", "slim vgg"},
};

static int has_prefix(const fvi_op_list *l, const char *prefix) {
    for (guint i = 0; i < l->ops->len; i++) {
        const fvi_op *op = &g_array_index(l->ops, fvi_op, i);
        if (op->n_out && g_str_has_prefix(fvi_op_list_name(l, op->out[0]), prefix)) return 1;
    }
    return 0;
}

static int has_own_steps(const fvi_tf *t) {
    const GArray *inputs = t->file.list->inputs;
    for (guint i = 0; i < inputs->len; i++)
        if (fvi_tf_input_is_scaled(t, g_array_index(inputs, fvi_model_input, i).name)) return 1;
    return 0;
}

const char *fvi_tf_family(const fvi_tf *t, const char **how) {
    if (has_own_steps(t)) return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(networks); i++) {
        const char *has = networks[i].has;
        if (has && fvi_op_list_find(t->file.list, has) < 0) continue;
        if (!has_prefix(t->file.list, networks[i].begins)) continue;
        *how = networks[i].how;
        return networks[i].family;
    }
    return NULL;
}
