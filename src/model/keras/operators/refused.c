/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that Keras has and that are not computed here: each is refused by name, with what helps.
 * What does not need their outputs works. */
#include <string.h>

#include "model/keras/classes.h"

static const struct {
    const char *class_name, *reason;
} reasons[] = {
    {"Lambda", "it is Python code that only Python can run; write it as a layer of Keras or with "
               "keras.ops, or export the model: m.export(\"model.onnx\", format=\"onnx\")"},
    {"TensorFlowOpLayer", "it is an operation of TensorFlow before 2.4, which is not read; load "
                          "and save the model with a newer Keras, or export it to ONNX"},
    {"StringLookup", "it looks texts up, and there are only numbers here; begin behind it"},
    {"IntegerLookup", "it looks numbers up in a vocabulary, which is not done; begin behind it"},
    {"Hashing", "it hashes texts or numbers, which is not done; begin behind it"},
    {"TextVectorization", "it splits texts, and there are only numbers here; begin behind it"},
    {"Discretization", "it sorts numbers into bins, which has no gradient; begin behind it"},
    {"CategoryEncoding", "it counts categories, which has no gradient; begin behind it"},
};

void fvi_keras_refused(fvi_site *site) {
    const char *why = "it is not supported; m.export(\"model.onnx\", format=\"onnx\") makes a "
                      "file of smaller operators of it";
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (!strcmp(reasons[i].class_name, site->op->type)) why = reasons[i].reason;
    fvi_build_fail(site->b, FV_UNSUPPORTED, "%s", why);
}
