/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata of a TensorFlow Lite file: a FlatBuffer of its own in one of the model's buffers, called
 * "TFLITE_METADATA", and a zip archive behind the file with the lists that it names.
 *
 * Read are the mean and the divisors of the first input that is normalised, if it takes real
 * numbers (whole ones are given as they are), and the names of an output's classes. Where the
 * metadata name no list, it is a text in the archive whose name speaks of labels, else the only
 * text there. What it does not do: score calibration, thresholds, tokenizers, other languages.
 * Source: schema.fbs of TensorFlow Lite, metadata_schema.fbs of TensorFlow Lite Support.
 */
#include "model/tflite/metadata.h"

#include <stdlib.h>
#include <string.h>

#include "model/zip/zip.h"

#define LABELS_MAX   ((int64_t)64 << 20) /* bytes of class names */
#define CHANNELS_MAX 5                   /* one more than a picture has: too many are noticed */

enum { MODEL_BUFFERS = 4, MODEL_METADATA = 6 };
enum { ENTRY_NAME, ENTRY_BUFFER };
enum { BUFFER_DATA };
enum { ABOUT_SUBGRAPHS = 3 };
enum { SUBGRAPH_INPUTS = 2, SUBGRAPH_OUTPUTS = 3 };
enum { TENSOR_UNITS = 4, TENSOR_FILES = 6 };
enum { UNIT_TYPE, UNIT_OPTIONS };
enum { NORMALIZATION_MEAN, NORMALIZATION_STD };
enum { FILE_NAME, FILE_TYPE = 2 };
enum { OPTIONS_ARE_NORMALIZATION = 1 };
enum { FILE_IS_AXIS_LABELS = 2, FILE_IS_VALUE_LABELS = 3 };
enum { GRAPH_INPUTS = 1 };

static int is_text(const char *text, size_t n, const char *wanted) {
    return text && n == strlen(wanted) && !memcmp(text, wanted, n);
}

/* The table of the first subgraph's metadata, and in *inner where it lies; 0: there is none. */
static uint32_t about_graph(const fvi_flat *f, fvi_flat *inner) {
    const uint32_t model = fvi_flat_root(f);
    const fvi_flat_vector entries = fvi_flat_list(f, model, MODEL_METADATA, 4);
    const fvi_flat_vector buffers = fvi_flat_list(f, model, MODEL_BUFFERS, 4);
    for (uint32_t i = 0; i < entries.count; i++) {
        const uint32_t entry = fvi_flat_table_element(f, &entries, i);
        size_t n = 0;
        const char *name = fvi_flat_text(f, entry, ENTRY_NAME, &n);
        const int64_t k = fvi_flat_int(f, entry, ENTRY_BUFFER, 4, 0);
        if (!is_text(name, n, "TFLITE_METADATA") || k < 0 || k >= buffers.count) continue;
        const uint32_t buffer = fvi_flat_table_element(f, &buffers, (uint32_t)k);
        const fvi_flat_vector bytes = fvi_flat_list(f, buffer, BUFFER_DATA, 1);
        *inner = (fvi_flat){f->bytes + bytes.at, bytes.count};
        const fvi_flat_vector graphs =
            fvi_flat_list(inner, fvi_flat_root(inner), ABOUT_SUBGRAPHS, 4);
        return fvi_flat_table_element(inner, &graphs, 0);
    }
    return 0;
}

/* Numbers as "127.5,127.5,127.5"; NULL: there are none. */
static char *join(const fvi_flat *f, const fvi_flat_vector *numbers) {
    GString *text = g_string_new(NULL);
    char one[G_ASCII_DTOSTR_BUF_SIZE];
    for (uint32_t i = 0; i < MIN(numbers->count, CHANNELS_MAX); i++)
        g_string_append_printf(
            text, "%s%s", i ? "," : "",
            g_ascii_formatd(one, sizeof one, "%.9g", fvi_flat_real_element(f, numbers, i)));
    return g_string_free(text, !text->len);
}

/* The table of an input's NormalizationOptions; 0: it has none. */
static uint32_t normalization(const fvi_flat *f, uint32_t tensor) {
    const fvi_flat_vector units = fvi_flat_list(f, tensor, TENSOR_UNITS, 4);
    for (uint32_t i = 0; i < units.count; i++) {
        const uint32_t unit = fvi_flat_table_element(f, &units, i);
        if (fvi_flat_int(f, unit, UNIT_TYPE, 1, 0) == OPTIONS_ARE_NORMALIZATION)
            return fvi_flat_table(f, unit, UNIT_OPTIONS);
    }
    return 0;
}

static int is_real(const fvi_tflite *t, const fvi_flat_vector *inputs, uint32_t i) {
    const int64_t k = i < inputs->count ? fvi_flat_element(&t->flat, inputs, i, 4) : -1;
    return k >= 0 && k < t->n_tensors && t->tensors[k].type == FVI_F32;
}

static void read_normalization(fvi_tflite *t, uint32_t graph, const fvi_flat *f, uint32_t about) {
    const fvi_flat_vector inputs = fvi_flat_list(&t->flat, graph, GRAPH_INPUTS, 4);
    const fvi_flat_vector tensors = fvi_flat_list(f, about, SUBGRAPH_INPUTS, 4);
    for (uint32_t i = 0; i < tensors.count; i++) {
        const uint32_t options = normalization(f, fvi_flat_table_element(f, &tensors, i));
        if (!options || !is_real(t, &inputs, i)) continue;
        const fvi_flat_vector mean = fvi_flat_list(f, options, NORMALIZATION_MEAN, 4);
        const fvi_flat_vector std = fvi_flat_list(f, options, NORMALIZATION_STD, 4);
        t->mean = join(f, &mean);
        t->std = join(f, &std);
        return;
    }
}

/* The name of the first list of labels that an output has, to be freed with g_free; or NULL. */
static char *name_of_labels(const fvi_flat *f, uint32_t about) {
    const fvi_flat_vector tensors = fvi_flat_list(f, about, SUBGRAPH_OUTPUTS, 4);
    for (uint32_t i = 0; i < tensors.count; i++) {
        const uint32_t tensor = fvi_flat_table_element(f, &tensors, i);
        const fvi_flat_vector files = fvi_flat_list(f, tensor, TENSOR_FILES, 4);
        for (uint32_t k = 0; k < files.count; k++) {
            const uint32_t file = fvi_flat_table_element(f, &files, k);
            const int64_t type = fvi_flat_int(f, file, FILE_TYPE, 1, 0);
            size_t n = 0;
            const char *name = fvi_flat_text(f, file, FILE_NAME, &n);
            if (name && (type == FILE_IS_AXIS_LABELS || type == FILE_IS_VALUE_LABELS))
                return g_strndup(name, n);
        }
    }
    return NULL;
}

/* A text of the archive that is a list of labels by its name, or the only text; or NULL. */
static const char *likely_labels(const fvi_zip *zip) {
    const char *found = NULL;
    int texts = 0;
    for (int64_t i = fvi_zip_count(zip) - 1; i >= 0; i--) {
        const char *name = fvi_zip_name(zip, i);
        if (!name || !g_str_has_suffix(name, ".txt")) continue;
        texts++;
        if (!found || strstr(name, "label")) found = name;
    }
    return found && (texts == 1 || strstr(found, "label")) ? found : NULL;
}

/* The list of that name, else the likely one. */
static char *read_labels(const fvi_mapping *m, const char *stated) {
    fvi_zip *zip = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    char *text = NULL;
    if (fvi_zip_open(m->bytes, m->size, &zip, NULL)) return NULL;
    const char *name = stated ? fvi_zip_find(zip, stated) : NULL;
    if (!name) name = likely_labels(zip);
    if (name && !fvi_zip_read(zip, name, LABELS_MAX, &bytes, &size, NULL) &&
        !memchr(bytes, 0, size))
        text = g_strndup((const char *)bytes, size);
    free(bytes);
    fvi_zip_close(zip);
    return text;
}

void fvi_tflite_read_metadata(fvi_tflite *t, uint32_t graph) {
    fvi_flat inner = {0};
    const uint32_t about = about_graph(&t->flat, &inner);
    if (about) read_normalization(t, graph, &inner, about);
    char *stated = about ? name_of_labels(&inner, about) : NULL;
    t->labels = read_labels(&t->file.bytes, stated);
    g_free(stated);
}

void fvi_tflite_free_metadata(fvi_tflite *t) {
    g_free(t->labels);
    g_free(t->mean);
    g_free(t->std);
}
