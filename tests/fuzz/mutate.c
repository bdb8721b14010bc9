/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer's mutator for files of all formats but ONNX: finds out what the bytes are and changes
 * something inside, once to four times. What it does not do: know a format's fields by name; what
 * is right in one place comes from another place of the file, or from the readers' own tables. */
#include "mutate.h"

#include <string.h>

#define CONTENT_MAX ((size_t)4 << 20)

static const char *const words[] = {
#define FVI_DARKNET_LAYER(name, measure, lower, refused) name,
#include "model/darknet/layers.def"
#undef FVI_DARKNET_LAYER
#define FVI_CAFFE_LAYER(name, old, handler, parameter) name,
#include "model/caffe/layers.def"
#undef FVI_CAFFE_LAYER
#define FVI_KERAS_LAYER(name, handler, parameter, weights, parts) name,
#include "model/keras/classes.def"
#undef FVI_KERAS_LAYER
#define FVI_KERAS_FUNCTION(name, handler, parameter, signature) name,
#include "model/keras/functions.def"
#undef FVI_KERAS_FUNCTION
#define FVI_TF_OP(name, handler, parameter) name,
#include "model/tensorflow/kinds.def"
#undef FVI_TF_OP
#define FVI_ATEN(name, handler, parameter, arguments) name,
#define FVI_ATEN_VIEW                                 FVI_ATEN
#include "model/torch/operators.def"
#undef FVI_ATEN_VIEW
#undef FVI_ATEN
    "same",
    "valid",
    "causal",
    "reflect",
    "channels_first",
    "channels_last",
    "NHWC",
    "NCHW",
    "Sequential",
    "Functional",
    "Model",
    "InputLayer",
    "float16",
    "bfloat16",
    "int64",
    "string",
    "bool",
    "none",
    "max",
    "sum",
    "avg",
    "swish",
    "mish",
    "leaky",
    "x\ny",
    "%s%n",
    "../x",
    "/dev/zero",
    ""};

static const int64_t numbers[] = {0,
                                  1,
                                  -1,
                                  2,
                                  3,
                                  4,
                                  7,
                                  8,
                                  16,
                                  100,
                                  127,
                                  128,
                                  255,
                                  256,
                                  1000,
                                  32767,
                                  32768,
                                  65535,
                                  65536,
                                  1 << 20,
                                  1 << 24,
                                  INT32_MAX,
                                  INT32_MIN,
                                  (int64_t)1 << 32,
                                  (int64_t)1 << 40,
                                  (int64_t)1 << 62,
                                  INT64_MAX,
                                  INT64_MIN,
                                  -2,
                                  -3,
                                  -999};

unsigned mutate_below(GRand *random, size_t n) {
    return n ? (unsigned)(g_rand_int(random) % n) : 0;
}

int64_t mutate_number(GRand *random, int64_t old) {
    switch (mutate_below(random, 6)) {
    case 0: return (int64_t)((uint64_t)old + 1);
    case 1: return (int64_t)((uint64_t)old - 1);
    case 2: return (int64_t)((uint64_t)old * (mutate_below(random, 8) + 2));
    case 3: return (int64_t)mutate_below(random, 9);
    default: return numbers[mutate_below(random, G_N_ELEMENTS(numbers))];
    }
}

const char *mutate_word(GRand *random) { return words[mutate_below(random, G_N_ELEMENTS(words))]; }

static void append(GByteArray *to, const void *from, size_t n) {
    if (n) g_byte_array_append(to, from, (guint)n);
}

void mutate_replace(GByteArray *bytes, size_t at, size_t count, const void *by, size_t n) {
    GByteArray *made = g_byte_array_new();
    const size_t behind = at + count;
    append(made, bytes->data, at);
    append(made, by, n);
    if (behind < bytes->len) append(made, bytes->data + behind, bytes->len - behind);
    g_byte_array_set_size(bytes, made->len);
    if (made->len) memcpy(bytes->data, made->data, made->len);
    g_byte_array_free(made, TRUE);
}

void mutate_plain(GByteArray *bytes) {
    const guint size = bytes->len;
    g_byte_array_set_size(bytes, size + 64);
    g_byte_array_set_size(bytes, (guint)LLVMFuzzerMutate(bytes->data, size, size + 64));
}

void mutate_words(GRand *random, GByteArray *bytes) {
    const size_t width = (size_t)1 << mutate_below(random, 4);
    if (bytes->len < width || !mutate_below(random, 4)) {
        mutate_plain(bytes);
        return;
    }
    size_t at = mutate_below(random, bytes->len - width + 1);
    if (mutate_below(random, 4)) at -= at % width;
    int64_t value = 0;
    memcpy(&value, bytes->data + at, width);
    switch (mutate_below(random, 4)) {
    case 0: value = mutate_below(random, bytes->len + 9); break;
    case 1:
        memcpy(&value, bytes->data + mutate_below(random, bytes->len - width + 1), width);
        break;
    default: value = mutate_number(random, value);
    }
    memcpy(bytes->data + at, &value, width);
}

static int is_text(const GByteArray *bytes) {
    for (guint i = 0; i < MIN(bytes->len, 64); i++)
        if (bytes->data[i] >= 127 || (bytes->data[i] < 32 && !g_ascii_isspace(bytes->data[i])))
            return 0;
    return bytes->len > 0;
}

static int begins(const GByteArray *bytes, size_t at, const char *text) {
    return bytes->len >= at + strlen(text) && !memcmp(bytes->data + at, text, strlen(text));
}

void mutate_content(GRand *random, GByteArray *bytes) {
    if (bytes->len > CONTENT_MAX)
        g_byte_array_set_size(bytes, CONTENT_MAX);
    else if (begins(bytes, 0, "PK\3\4") && mutate_zip(random, bytes))
        return;
    else if (begins(bytes, 0, "\x89HDF"))
        mutate_hdf5(random, bytes);
    else if (begins(bytes, 4, "TFL3"))
        mutate_flatbuffer(random, bytes);
    else if (is_text(bytes))
        mutate_text(random, bytes);
    else if (!mutate_protobuf(random, bytes))
        mutate_words(random, bytes);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    GRand *random = g_rand_new_with_seed(seed);
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, data, (guint)size);
    for (unsigned left = 1 + mutate_below(random, 4); left; left--) mutate_content(random, bytes);
    const size_t made = bytes->len;
    if (made && made <= max_size) memcpy(data, bytes->data, made);
    g_byte_array_free(bytes, TRUE);
    g_rand_free(random);
    return made && made <= max_size ? made : LLVMFuzzerMutate(data, size, max_size);
}
