/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes what describes a network beside its graph. The first byte chooses: '0' a sidecar in JSON,
 * '1' a list of class names, '2' the metadata of the model's file, a KEY=VALUE a line, '3' an index
 * of photos; a letter a file of another program beside the model's (configs). A photo is made into
 * the network's input as they say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "inspect/dataset/store.h"

/* Says nothing of its input, whose height and width are free. */
#define SILENT_NETWORK "tests/golden/squeeze.old13-free.onnx"

static const char *const configs[] = {"preprocessor_config.json",
                                      "processor_config.json",
                                      "config.json",
                                      "metadata_properties.json",
                                      "silent.labels.txt",
                                      "labels.txt",
                                      "classes.txt",
                                      "labels.json",
                                      "class_names.json"};
#define N_CONFIGS ((int)(sizeof configs / sizeof *configs))

typedef struct file_bytes {
    char *bytes;
    size_t size;
} file_bytes;

static file_bytes network, silent;
static fv_image *photo;

static file_bytes read_network(const char *path) {
    FILE *f = fopen(path, "rb");
    file_bytes b = {malloc(1 << 20), 0};
    FUZZ_ASSERT(f && b.bytes);
    b.size = fread(b.bytes, 1, 1 << 20, f);
    fclose(f);
    return b;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    fv_error err;
    network = read_network(FUZZ_NETWORK);
    silent = read_network(SILENT_NETWORK);
    FUZZ_ASSERT(!fv_image_new(3, 20, 30, &photo, &err));
    return 0;
}

static void load(const char *path, const fv_model_desc *desc) {
    fv_model *m = NULL;
    fv_error err;
    int index;
    if (!fuzz_check(fv_model_load(path, desc, &m, &err), &err)) {
        FUZZ_ASSERT(fv_model_input(m)->name);
        for (int i = 0; i < fv_model_class_count(m); i++) FUZZ_ASSERT(fv_model_class_name(m, i));
        fuzz_check(fv_model_find_class(m, "tabby", &index, &err), &err);
        fv_tensor *x = NULL;
        if (!fuzz_check(fv_input_from_image(m, photo, &x, &err), &err)) fuzz_read(x);
        fv_tensor_free(x);
    }
    fv_model_free(m);
}

/* A field of bytes: tag, length (below 2^21), the bytes. */
static size_t put_field(uint8_t *to, int number, const void *bytes, size_t n) {
    size_t at = 0;
    to[at++] = (uint8_t)(number << 3 | 2);
    to[at++] = (uint8_t)(n | 0x80);
    to[at++] = (uint8_t)(n >> 7 | 0x80);
    to[at++] = (uint8_t)(n >> 14 & 0x7f);
    if (n) memcpy(to + at, bytes, n);
    return at + n;
}

/* The network with metadata_props (field 14) behind it. */
static void load_with_metadata(const uint8_t *data, size_t size) {
    uint8_t *file = malloc(network.size + 16 * size + 64), *entry = malloc(size + 16);
    FUZZ_ASSERT(file && entry);
    memcpy(file, network.bytes, network.size);
    size_t n = network.size;
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t length = (end ? (size_t)(end - data) : size) - at;
        const uint8_t *equals = memchr(data + at, '=', length);
        size_t key = equals ? (size_t)(equals - data) - at : length, skip = equals ? 1 : 0;
        size_t m = put_field(entry, 1, data + at, key);
        m += put_field(entry + m, 2, data + at + key + skip, length - key - skip);
        n += put_field(file + n, 14, entry, m);
        at += length + 1;
    }
    load(fuzz_file("meta.onnx", file, n), &fuzz_small);
    free(entry);
    free(file);
}

/* The silent network with one file beside it. */
static void load_with_config(const char *name, const uint8_t *data, size_t size) {
    char model[512];
    snprintf(model, sizeof model, "%s", fuzz_file("silent.onnx", silent.bytes, silent.size));
    fuzz_file(name, data, size);
    load(model, &fuzz_small);
    remove(fuzz_path(name));
}

static void read_index(const uint8_t *data, size_t size) {
    fvi_index *ix = NULL;
    fv_error err;
    fuzz_file("photos.index", data, size);
    if (fuzz_check(fvi_index_open(fuzz_path("photos.index"), "key", 3, &ix, &err), &err)) return;
    fvi_response *responses = calloc((size_t)fvi_index_rows(ix) + 1, sizeof *responses);
    FUZZ_ASSERT(responses);
    for (int unit = 0; unit < 3; unit++)
        fuzz_check(fvi_index_read(ix, unit, responses, &err), &err);
    const fvi_photo *p = fvi_index_find(ix, "a.jpg", 1, 1);
    if (p && !p->why) FUZZ_ASSERT(fvi_index_row(ix, p) < fvi_index_rows(ix));
    free(responses);
    fvi_index_close(ix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size || size > 1 << 16) return 0;
    fv_model_desc desc = fuzz_small;
    char model[512];
    switch (data[0]) {
    case '0':
        snprintf(model, sizeof model, "%s", fuzz_file("net.onnx", network.bytes, network.size));
        fuzz_file("labels.txt", "hen\ncat, tabby\n", 15);
        fuzz_file("net.fovea.json", data + 1, size - 1);
        load(model, &desc);
        remove(fuzz_path("net.fovea.json"));
        remove(fuzz_path("labels.txt"));
        break;
    case '1':
        snprintf(model, sizeof model, "%s", fuzz_file("bare.onnx", network.bytes, network.size));
        desc.labels = fuzz_file("names.txt", data + 1, size - 1);
        load(model, &desc);
        break;
    case '2': load_with_metadata(data + 1, size - 1); break;
    case '3': read_index(data + 1, size - 1); break;
    default:
        if (data[0] >= 'a' && data[0] < 'a' + N_CONFIGS)
            load_with_config(configs[data[0] - 'a'], data + 1, size - 1);
        break;
    }
    return 0;
}
