/* SPDX-License-Identifier: Apache-2.0 */
/* A data layer's transformation: x = (pixel - mean) scale, pixels from 0 to 255.
 *
 * The mean is a number for each channel (mean_value), or a picture in a file (mean_file), of which
 * the mean of each channel is taken, as most programs that run such networks do. Of the file's
 * path, which is one of the machine the network was trained on, only the name counts: it is looked
 * for beside the network. crop_size is the size of the input (network.c). What it does not do:
 * mirror, which is random, and for training.
 * Source: data_transformer.cpp of Caffe.
 */
#include "model/caffe/transform.h"

#include <string.h>

#include "graph/const.h"
#include "model/caffe/blobs.h"

const fvi_message *fvi_caffe_transform_of(const fvi_message *layer) {
    static const char *const fields[] = {"transform_param", "data_param", "image_data_param",
                                         "window_data_param"};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        const fvi_message *m = fvi_message_in(layer, fields[i], 0);
        if (fvi_message_count(m, "scale") || fvi_message_count(m, "mean_value") ||
            fvi_message_count(m, "mean_file") || fvi_message_count(m, "crop_size"))
            return m;
    }
    return NULL;
}

/* Number i of a blob. */
static double number_of(const fvi_const *b, int64_t i) {
    const size_t size = fvi_dtype_size(b->dtype), at = (size_t)i * size;
    double real;
    float single;
    if (b->dtype == FVI_F64) return memcpy(&real, (const uint8_t *)b->bytes + at, size), real;
    return memcpy(&single, (const uint8_t *)b->bytes + at, size), single;
}

/* The mean of each channel of a picture [1][channels][height][width], as a list of numbers; NULL:
 * it is none. */
static char *channel_means(const fvi_const *b) {
    const int n = b->shape.ndim;
    const int64_t channels = n >= 3 ? b->shape.dim[n - 3] : 0;
    const int64_t count = fvi_shape_count(&b->shape);
    if (channels < 1 || channels > 4 ||
        count != channels * b->shape.dim[n - 2] * b->shape.dim[n - 1])
        return NULL;
    GString *text = g_string_new(NULL);
    for (int64_t c = 0; c < channels; c++) {
        char one[G_ASCII_DTOSTR_BUF_SIZE];
        double sum = 0;
        for (int64_t i = 0; i < count / channels; i++)
            sum += number_of(b, c * (count / channels) + i);
        g_ascii_formatd(one, sizeof one, "%.9g", sum / (double)(count / channels));
        g_string_append_printf(text, "%s%s", c ? "," : "", one);
    }
    return g_string_free(text, FALSE);
}

/* Reads mean_file. */
static void read_mean_file(fvi_caffe *c, const char *path) {
    fvi_caffe_transform *t = &c->transform;
    const fvi_mapping *m = NULL;
    t->mean_file = g_path_get_basename(path);
    if (fvi_model_file_sibling(&c->file, t->mean_file, &m, NULL)) {
        t->problem = "is not beside the network";
        return;
    }
    const fvi_const *b = fvi_caffe_read_blob(c, m->bytes, m->size);
    t->file_mean = b ? channel_means(b) : NULL;
    if (!t->file_mean) t->problem = "holds no picture of 1 to 4 channels, or is damaged";
}

void fvi_caffe_read_transform(fvi_caffe *c, const fvi_message *transform) {
    fvi_caffe_transform *t = &c->transform;
    if (!transform || t->is_read) return;
    GString *all = g_string_new(NULL);
    for (int i = 0; i < fvi_message_count(transform, "mean_value"); i++)
        g_string_append_printf(all, "%s%s", all->len ? "," : "",
                               fvi_message_text(transform, "mean_value", i, "0"));
    t->is_read = 1;
    t->mean = g_string_free(all, !all->len);
    t->scale = g_strdup(fvi_message_text(transform, "scale", 0, NULL));
    const char *file = fvi_message_text(transform, "mean_file", 0, NULL);
    if (file && file[0]) read_mean_file(c, file);
}

void fvi_caffe_free_transform(fvi_caffe_transform *t) {
    g_free(t->mean);
    g_free(t->scale);
    g_free(t->mean_file);
    g_free(t->file_mean);
}
