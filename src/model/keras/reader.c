/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of Keras' files: .keras (Keras 3) and whole models in HDF5 (.h5 and .hdf5 of Keras 1
 * to 3). */
#include <string.h>

#include "base/error.h"
#include "model/json.h"
#include "model/keras/classes.h"
#include "model/keras/family.h"
#include "model/keras/maker.h"
#include "model/keras/network.h"
#include "model/keras/old.h"
#include "model/operations/lower.h"
#include "model/zip/zip.h"

#define CONFIG_MAX ((int64_t)64 << 20) /* bytes of a configuration */
#define LIST_MAX   ((size_t)1 << 30)   /* bytes of what is made of the file, besides its own */

static const char weights_name[] = "model.weights.h5";
static const char *const endings[] = {".keras", ".h5", ".hdf5", NULL};

static const fvi_keras *keras_of(const fvi_model_file *f) {
    return (const fvi_keras *)(const void *)f;
}

static fvi_probe probe(const uint8_t *bytes, size_t size, const char *name) {
    (void)name;
    if (fvi_zip_probe(bytes, size, weights_name)) return FVI_PROBE_SURE;
    if (size >= 4 && !memcmp(bytes, "PK\3\4", 4)) return FVI_PROBE_MAYBE; /* or it is damaged */
    if (!fvi_hdf5_probe(bytes, size)) return FVI_PROBE_NO;
    return fvi_hdf5_probe_attribute(bytes, size, "model_config") ? FVI_PROBE_SURE : FVI_PROBE_MAYBE;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* "3.15.1" as 3; without a text 2, since files of Keras 3 always say it. */
static int major(const char *version) {
    const int64_t v = version ? g_ascii_strtoll(version, NULL, 10) : 0;
    return v >= 1 && v <= 3 ? (int)v : 2;
}

/* The version that the archive's metadata states. */
static int archive_version(fvi_zip *zip) {
    uint8_t *text = NULL;
    size_t n = 0;
    JsonNode *node = NULL;
    int version = 3;
    if (!fvi_zip_read(zip, "metadata.json", CONFIG_MAX, &text, &n, NULL) &&
        !fvi_json_parse((const char *)text, n, &node, NULL) && fvi_keras_is_object(node))
        version = major(fvi_keras_text(json_node_get_object(node), "keras_version", "3"));
    g_clear_pointer(&node, json_node_unref);
    free(text);
    return version;
}

static fv_status open_archive(fvi_keras *k, fv_error *err) {
    fvi_zip *zip = NULL;
    uint8_t *text = NULL;
    size_t size = 0, n = 0;
    const fvi_mapping *b = &k->file.bytes;
    fv_status st = fvi_zip_open(b->bytes, b->size, &zip, err);
    if (!st) st = fvi_zip_read(zip, "config.json", CONFIG_MAX, &text, &n, err);
    if (st == FV_NOTFOUND) /* an archive of another kind */
        st = fvi_fail(err, FV_FORMAT, "no Keras model: it has no member \"config.json\"");
    if (!st) st = fvi_json_parse((const char *)text, n, &k->config, err);
    const uint8_t *weights = NULL;
    if (!st && !fvi_zip_stored(zip, weights_name, &weights, &size)) {
        st = fvi_zip_read(zip, weights_name, k->file.limits.file_bytes, &k->unpacked, &size, err);
        weights = k->unpacked;
    }
    if (!st) st = fvi_hdf5_open(weights, size, &k->weights, err);
    k->is_archive = 1;
    if (!st) k->version = archive_version(zip);
    if (!st) fvi_keras_rename_own(k);
    free(text);
    fvi_zip_close(zip);
    return st;
}

static fv_status open_hdf5(fvi_keras *k, fv_error *err) {
    fvi_hdf5_object root;
    fvi_hdf5_texts text;
    const fvi_mapping *b = &k->file.bytes;
    fv_status st = fvi_hdf5_open(b->bytes, b->size, &k->weights, err);
    if (!st) st = fvi_hdf5_find(k->weights, NULL, "", &root, err);
    if (!st && !fvi_hdf5_has_attribute(k->weights, &root, "model_config"))
        st = fvi_fail(err, FV_FORMAT, "holds no network: it has no attribute \"model_config\"");
    if (!st)
        st = fvi_hdf5_attribute_texts(k->weights, &root, "model_config", k->file.list->pool, &text,
                                      err);
    if (!st && text.count != 1) st = fvi_fail(err, FV_FORMAT, "its model_config is no text");
    if (!st) st = fvi_json_parse(text.text[0], strlen(text.text[0]), &k->config, err);
    const int said = !st && !fvi_hdf5_attribute_texts(k->weights, &root, "keras_version",
                                                      k->file.list->pool, &text, NULL);
    k->version = major(said && text.count == 1 ? text.text[0] : NULL);
    if (!st &&
        !fvi_hdf5_attribute_texts(k->weights, &root, "backend", k->file.list->pool, &text, NULL))
        k->is_turned = text.count == 1 && !strcmp(text.text[0], "theano");
    if (!st) fvi_keras_rename_old(k);
    return st;
}

static fv_status open_keras(fvi_model_file *f, fv_error *err) {
    fvi_keras *k = (fvi_keras *)(void *)f;
    k->file.list = fvi_op_list_new(LIST_MAX);
    if (!k->file.list) return fvi_fail(err, FV_NOMEM, "no memory to open it");
    const int is_hdf5 = fvi_hdf5_probe(f->bytes.bytes, f->bytes.size);
    fv_status st = is_hdf5 ? open_hdf5(k, err) : open_archive(k, err);
    if (!st) st = fvi_keras_make_list(k, err);
    if (!st) k->family = fvi_keras_family(k, &k->family_how);
    return st;
}

static void close_keras(fvi_model_file *f) {
    fvi_keras *k = (fvi_keras *)(void *)f;
    fvi_op_list_free(k->file.list);
    fvi_hdf5_close(k->weights);
    free(k->unpacked);
    g_free(k->family_how);
    g_clear_pointer(&k->made, json_node_unref);
    g_clear_pointer(&k->config, json_node_unref);
}

/* ---- what it holds -------------------------------------------------------------------------- */

/* Keras' files have none but what their names tell. */
static const char *metadata(const fvi_model_file *f, const char *key) {
    const fvi_keras *k = keras_of(f);
    if (!strcmp(key, "network family")) return k->family;
    return strcmp(key, "network family.how") ? NULL : k->family_how;
}

static fv_status lower(const fvi_model_file *f, fvi_builder *b, const fvi_graph_request *request) {
    static const fvi_op_format format = {
        .kinds = fvi_keras_kinds,
        .channels_last = 1,
        .unknown_help = "what a class of one's own computes only its Python code knows: in Python, "
                        "m.export(\"model.onnx\", format=\"onnx\")"};
    return fvi_op_list_lower(f, &format, b, request);
}

extern const fvi_reader fvi_keras_reader;
const fvi_reader fvi_keras_reader = {
    .format = "Keras",
    .kind = "a Keras model",
    .endings = endings,
    .file_size = sizeof(fvi_keras),
    .probe = probe,
    .open = open_keras,
    .close = close_keras,
    .inputs = fvi_op_list_inputs,
    .output = fvi_op_list_output_name,
    .values = fvi_op_list_values,
    .metadata = metadata,
    .lower = lower,
};
