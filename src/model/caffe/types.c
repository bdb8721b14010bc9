/* SPDX-License-Identifier: Apache-2.0 */
/* The table of Caffe's layers, and of the names they had before 2014. */
#include "model/caffe/types.h"

#include <string.h>

#include "model/caffe/operators.h"

const fvi_op_kind fvi_caffe_kinds[] = {
#define FVI_CAFFE_LAYER(type, old, lower, param) {type, fvi_caffe_lower_##lower, param},
#include "model/caffe/layers.def"
#undef FVI_CAFFE_LAYER
    {0}};

static const struct {
    const char *old, *type;
} names[] = {
#define FVI_CAFFE_LAYER(type, old, lower, param) {old, type},
#include "model/caffe/layers.def"
#undef FVI_CAFFE_LAYER
    {"DATA", "Data"},
    {"IMAGE_DATA", "ImageData"},
    {"MEMORY_DATA", "MemoryData"},
    {"ACCURACY", "Accuracy"},
    {"SILENCE", "Silence"},
    {"SOFTMAX_LOSS", "SoftmaxWithLoss"},
    {"EUCLIDEAN_LOSS", "EuclideanLoss"},
    {"HINGE_LOSS", "HingeLoss"},
    {"INFOGAIN_LOSS", "InfogainLoss"},
    {"CONTRASTIVE_LOSS", "ContrastiveLoss"},
    {"SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss"},
    {"MULTINOMIAL_LOGISTIC_LOSS", "MultinomialLogisticLoss"},
    {"HDF5_OUTPUT", "HDF5Output"},
};

const char *fvi_caffe_type(const char *type) {
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].old[0] && !strcmp(names[i].old, type)) return names[i].type;
    return type;
}
