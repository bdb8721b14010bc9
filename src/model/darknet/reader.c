/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of Darknet's networks: a .cfg file, and the weights beside it.
 *
 * Layers are called as their section and number, "convolutional_0", numbered as Darknet prints
 * them. Class names are those of its .data file (data.c). Pictures are RGB from 0 to 1; photos are
 * padded for detectors, and else cut, which is what Darknet's own commands do. What it does not do:
 * training, recurrent layers, networks whose weights are of another order than the layers. Source:
 * parser.c of Darknet.
 */
#include <string.h>

#include "base/error.h"
#include "model/darknet/data.h"
#include "model/darknet/layers.h"
#include "model/operations/lower.h"

#define LIST_MAX ((size_t)1 << 30) /* bytes of what is made of the file */

static const char *const endings[] = {".cfg", NULL};

static const fvi_darknet *darknet_of(const fvi_model_file *f) {
    return (const fvi_darknet *)(const void *)f;
}

/* The first section decides. */
static fvi_probe probe(const uint8_t *bytes, size_t size, const char *name) {
    size_t at = 0;
    (void)name;
    while (at < size && bytes[at] != '[') {
        if (!strchr(" \t\r\n#;", bytes[at])) return FVI_PROBE_NO;
        if (bytes[at] == '#' || bytes[at] == ';')
            while (at < size && bytes[at] != '\n') at++;
        else
            at++;
    }
    const int is_net = size - at >= 5 && !memcmp(bytes + at, "[net]", 5);
    return is_net || (size - at >= 9 && !memcmp(bytes + at, "[network]", 9)) ? FVI_PROBE_SURE
                                                                             : FVI_PROBE_NO;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* The network's input, by its first section. */
static fv_status read_input(fvi_darknet *d, fvi_darknet_size *size, fv_error *err) {
    const fvi_cfg_section *net = d->sections->pdata[0];
    const char *bad = NULL;
    *size =
        (fvi_darknet_size){fvi_cfg_int(net, "channels", 0, &bad),
                           fvi_cfg_int(net, "height", 0, &bad), fvi_cfg_int(net, "width", 0, &bad)};
    if (!bad && fvi_cfg_int(net, "inputs", 0, &bad) && !size->c)
        *size = (fvi_darknet_size){fvi_cfg_int(net, "inputs", 0, &bad), 1, 1};
    const fvi_shape s = {3, {size->c, size->h, size->w}};
    if (bad)
        return fvi_fail(err, FV_FORMAT, "[net]: its %s is \"%.40s\", which is no number", bad,
                        fvi_cfg_text(net, bad, ""));
    if (size->c < 1 || size->h < 1 || size->w < 1 || fvi_shape_count(&s) < 1)
        return fvi_fail(err, FV_FORMAT,
                        "[net]: its input is %" PRId64 "x%" PRId64 "x%" PRId64
                        " (channels, height, width); allowed: 1 or more of each, %" PRId64
                        " in all",
                        size->c, size->h, size->w, FVI_MAX_ELEMENTS);
    return FV_OK;
}

/* Appends the layer's inputs. Of [route] those it names; else the layer before, and `from`. */
static int add_inputs(const fvi_darknet *d, int index, const int *values, int *in) {
    const fvi_darknet_layer *l = &d->layers[index];
    int64_t numbers[FVI_ROUTE_MAX];
    const char *bad = NULL;
    int n = 0;
    if (!strcmp(l->section->name, "route")) {
        const int count = fvi_cfg_ints(l->section, "layers", numbers, FVI_ROUTE_MAX, &bad);
        for (int i = 0; i < count; i++) {
            const int from = fvi_darknet_from(index, numbers[i]);
            if (from >= 0) in[n++] = values[from + 1];
        }
        return n;
    }
    in[n++] = values[index];
    const char *text = fvi_cfg_text(l->section, "from", NULL);
    const int from = text ? fvi_darknet_from(index, fvi_cfg_int(l->section, "from", 0, &bad)) : -1;
    if (from >= 0) in[n++] = values[from + 1];
    return n;
}

static int is_detector(const fvi_cfg_section *s) {
    return !strcmp(s->name, "yolo") || !strcmp(s->name, "region") || !strcmp(s->name, "detection");
}

/* Makes the list: an operation a layer. `values` has the input's, then each layer's. */
static fv_status make_list(fvi_darknet *d, int *values, fv_error *err) {
    int in[FVI_ROUTE_MAX], last = 0;
    for (int i = 0; i < d->n_layers; i++) {
        const fvi_darknet_layer *l = &d->layers[i];
        char *name = g_strdup_printf("%s_%d", l->section->name, i);
        values[i + 1] = fvi_op_list_value(d->file.list, name);
        g_free(name);
        const fvi_op op = {.type = l->section->name,
                           .n_in = add_inputs(d, i, values, in),
                           .in = in,
                           .n_out = 1,
                           .out = &values[i + 1],
                           .detail = l};
        if (values[i + 1] < 0 || !fvi_op_list_add(d->file.list, &op))
            return fvi_fail(err, FV_NOMEM, "no memory for its layers");
        if (is_detector(l->section)) {
            fvi_op_list_output(d->file.list, values[i + 1]);
            d->detects = 1;
        }
        if (strcmp(l->section->name, "cost") != 0) last = i + 1;
    }
    if (!d->detects) fvi_op_list_output(d->file.list, values[last]);
    fvi_op_list_finish(d->file.list);
    return FV_OK;
}

static fv_status open_layers(fvi_darknet *d, fv_error *err) {
    fvi_darknet_size size;
    const guint n = d->sections->len;
    if (n < 2) return fvi_fail(err, FV_FORMAT, "it has no layers");
    if (n > d->file.limits.nodes)
        return fvi_fail(err, FV_NOMEM, "it has %u layers; at most %lld are read (limit max_nodes)",
                        n, (long long)d->file.limits.nodes);
    fv_status st = read_input(d, &size, err);
    if (st) return st;
    d->n_layers = (int)n - 1;
    d->layers = fvi_pool_array(d->file.list->pool, n, sizeof *d->layers);
    int *values = fvi_pool_array(d->file.list->pool, n, sizeof *values);
    const fvi_shape shape = {4, {-1, size.c, size.h, size.w}};
    if (!d->layers || !values) return fvi_fail(err, FV_NOMEM, "no memory for its layers");
    values[0] = fvi_op_list_input(d->file.list, "data", &shape, FVI_F32, FVI_NCHW);
    if (values[0] < 0) return fvi_fail(err, FV_NOMEM, "no memory for its layers");
    for (int i = 0; i < d->n_layers; i++) d->layers[i].section = d->sections->pdata[i + 1];
    d->layers[0].in = size;
    st = fvi_model_file_map_weights(&d->file, ".weights", err);
    if (!st) st = fvi_darknet_measure(d, err);
    return st ? st : make_list(d, values, err);
}

static fv_status open_darknet(fvi_model_file *f, fv_error *err) {
    fvi_darknet *d = (fvi_darknet *)(void *)f;
    d->file.list = fvi_op_list_new(LIST_MAX);
    if (!d->file.list) return fvi_fail(err, FV_NOMEM, "no memory to open it");
    const fv_status st =
        fvi_cfg_read((const char *)f->bytes.bytes, f->bytes.size, &d->sections, err);
    return st ? st : open_layers(d, err);
}

static void close_darknet(fvi_model_file *f) {
    fvi_darknet *d = (fvi_darknet *)(void *)f;
    fvi_op_list_free(d->file.list);
    if (d->sections) g_ptr_array_unref(d->sections);
}

/* ---- what it holds -------------------------------------------------------------------------- */

static const char *metadata(const fvi_model_file *f, const char *key) {
    static const struct {
        const char *key, *cut, *padded;
    } texts[] = {
        {"fovea.range", "1", "1"},        {"fovea.mean", "0", "0"},
        {"fovea.std", "1", "1"},          {"fovea.channel_order", "rgb", "rgb"},
        {"fovea.fit", "crop", "pad"},     {"fovea.crop_ratio", "1", NULL},
        {"fovea.pad_color", NULL, "127"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (!strcmp(texts[i].key, key))
            return darknet_of(f)->detects ? texts[i].padded : texts[i].cut;
    return NULL;
}

static fvi_labels *class_names(const fvi_model_file *f, int *are_texts, char **from) {
    *are_texts = 1;
    return fvi_darknet_class_names(f, from);
}

static fv_status lower(const fvi_model_file *f, fvi_builder *b, const fvi_graph_request *request) {
    static const fvi_op_format format = {.kinds = fvi_darknet_kinds};
    return fvi_op_list_lower(f, &format, b, request);
}

extern const fvi_reader fvi_darknet_reader;
const fvi_reader fvi_darknet_reader = {
    .format = "Darknet",
    .kind = "a Darknet network (.cfg)",
    .endings = endings,
    .file_size = sizeof(fvi_darknet),
    .probe = probe,
    .open = open_darknet,
    .close = close_darknet,
    .inputs = fvi_op_list_inputs,
    .output = fvi_op_list_output_name,
    .values = fvi_op_list_values,
    .metadata = metadata,
    .class_names = class_names,
    .lower = lower,
};
