/* SPDX-License-Identifier: Apache-2.0 */
/* The sidecar: `net.fovea.json` next to `net.onnx` (or `net.onnx.fovea.json`), one JSON object that
 * says what the model's file does not. docs/models.md describes its keys; an unknown one is an
 * error, so that a misspelt one is not ignored in silence. */
#include "model/input/sidecar.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "model/input/color.h"
#include "model/json.h"
#include "model/label_text.h"
#include "model/reader.h"
#include "model/sibling_file.h"

#define SIDECAR_MAX ((int64_t)64 << 20)

typedef struct sidecar {
    const char *path, *base;
    fvi_input_spec *out;
    fv_error *err;
} sidecar;

static fv_status bad(const sidecar *s, const char *key, JsonNode *value, const char *allowed) {
    char *text = json_to_string(value, FALSE);
    fv_status st = fvi_fail(s->err, FV_FORMAT, "%s: \"%s\" is %.64s; allowed: %s", s->base, key,
                            text, allowed);
    g_free(text);
    return st;
}

static int is_number(JsonNode *n) {
    if (!JSON_NODE_HOLDS_VALUE(n)) return 0;
    GType t = json_node_get_value_type(n);
    return t == G_TYPE_INT64 || t == G_TYPE_DOUBLE;
}

static const char *string_of(JsonNode *n) {
    if (!JSON_NODE_HOLDS_VALUE(n) || json_node_get_value_type(n) != G_TYPE_STRING) return NULL;
    return json_node_get_string(n);
}

/* A number, or an array of at most `max`; their count, or -1. */
static int numbers(JsonNode *n, double *out, int max) {
    if (is_number(n)) {
        out[0] = json_node_get_double(n);
        return 1;
    }
    if (!JSON_NODE_HOLDS_ARRAY(n)) return -1;
    JsonArray *a = json_node_get_array(n);
    guint count = json_array_get_length(a);
    if (count < 1 || count > (guint)max) return -1;
    for (guint i = 0; i < count; i++) {
        if (!is_number(json_array_get_element(a, i))) return -1;
        out[i] = json_array_get_double_element(a, i);
    }
    return (int)count;
}

static fv_status read_per_channel(const sidecar *s, const char *key, JsonNode *n,
                                  fvi_per_channel *p, int invert) {
    double v[4];
    int count = numbers(n, v, 4);
    if (count < 1) return bad(s, key, n, "a number, or an array of 1 to 4, one a channel");
    if (p->n)
        return fvi_fail(s->err, FV_FORMAT,
                        "%s: \"scale\" and \"std\" exclude each other; allowed: one of them",
                        s->base);
    char *from = g_strdup_printf("%s: \"%s\"", s->base, key);
    fv_status st = fvi_per_channel_set(p, v, count, invert, from, s->err);
    g_free(from);
    return st;
}

static fv_status read_mean(const sidecar *s, const char *key, JsonNode *n) {
    return read_per_channel(s, key, n, &s->out->mean, 0);
}
static fv_status read_scale(const sidecar *s, const char *key, JsonNode *n) {
    return read_per_channel(s, key, n, &s->out->scale, 0);
}
static fv_status read_std(const sidecar *s, const char *key, JsonNode *n) {
    return read_per_channel(s, key, n, &s->out->scale, 1);
}

static fv_status read_size(const sidecar *s, const char *key, JsonNode *n) {
    double v[2];
    int count = numbers(n, v, 2), sound = count == (is_number(n) ? 1 : 2);
    for (int i = 0; i < count; i++)
        sound = sound && v[i] >= 1 && v[i] <= FVI_INPUT_SIZE_MAX && v[i] == floor(v[i]);
    if (!sound)
        return bad(s, key, n,
                   "a size in pixels, or [height, width], 1 to " G_STRINGIFY(FVI_INPUT_SIZE_MAX));
    s->out->height = (int)v[0];
    s->out->width = (int)v[count - 1];
    return FV_OK;
}

static fv_status read_range(const sidecar *s, const char *key, JsonNode *n) {
    double v = is_number(n) ? json_node_get_double(n) : 0;
    if (!fvi_input_is_range(v)) return bad(s, key, n, FVI_INPUT_RANGES);
    s->out->range = (float)v;
    return FV_OK;
}

static fv_status read_choice(const sidecar *s, const char *key, JsonNode *n, const char *one,
                             const char *two, int *out) {
    const char *text = string_of(n);
    char allowed[64];
    g_snprintf(allowed, sizeof allowed, "\"%s\", \"%s\"", one, two);
    if (!text || (g_ascii_strcasecmp(text, one) && g_ascii_strcasecmp(text, two)))
        return bad(s, key, n, allowed);
    *out = g_ascii_strcasecmp(text, two) ? 1 : 2; /* FV_RGB, FV_BGR; FVI_NCHW, FVI_NHWC */
    return FV_OK;
}

static fv_status read_order(const sidecar *s, const char *key, JsonNode *n) {
    return read_choice(s, key, n, "rgb", "bgr", &s->out->channel_order);
}
static fv_status read_layout(const sidecar *s, const char *key, JsonNode *n) {
    return read_choice(s, key, n, "nchw", "nhwc", &s->out->layout);
}

static fv_status read_fit(const sidecar *s, const char *key, JsonNode *n) {
    static const char *const names[] = {"crop", "stretch", "pad"}; /* as in fv_fit, from 1 */
    for (int i = 0; string_of(n) && i < 3; i++)
        if (!strcmp(string_of(n), names[i])) {
            s->out->fit = i + 1;
            return FV_OK;
        }
    return bad(s, key, n, "\"crop\", \"stretch\", \"pad\"");
}
static fv_status read_crop_ratio(const sidecar *s, const char *key, JsonNode *n) {
    double v = is_number(n) ? json_node_get_double(n) : 0;
    if (!(v >= 0.01) || v > 1) return bad(s, key, n, "a number from 0.01 to 1, as 0.875");
    s->out->crop_ratio = (float)v;
    return FV_OK;
}

/* A text as fvi_color_parse reads it, a grey, or [R, G, B]. */
static fv_status read_pad_color(const sidecar *s, const char *key, JsonNode *n) {
    double v[3];
    const int count = numbers(n, v, 3);
    char *text = string_of(n) ? g_strdup(string_of(n))
                 : count == 1 ? g_strdup_printf("%.9g", v[0])
                 : count == 3 ? g_strdup_printf("%.9g,%.9g,%.9g", v[0], v[1], v[2])
                              : json_to_string(n, FALSE);
    fv_status st = fvi_color_parse(text, s->out->pad_color, s->err);
    if (st) {
        fvi_error_prefix(s->err, "%s: \"%s\"", s->base, key);
        if (s->err) s->err->status = FV_FORMAT;
    }
    s->out->pad = FVI_PAD_COLOR;
    g_free(text);
    return st ? FV_FORMAT : FV_OK;
}

static fv_status read_input(const sidecar *s, const char *key, JsonNode *n) {
    if (!string_of(n)) return bad(s, key, n, "the name of an input");
    s->out->input = g_strdup(string_of(n));
    return FV_OK;
}

static fv_status labels_once(const sidecar *s, fv_status st, const char *key, fvi_labels *l) {
    if (st) {
        fvi_error_prefix(s->err, "%s: \"%s\"", s->base, key);
    } else if (s->out->labels) {
        fvi_labels_free(l);
        return fvi_fail(
            s->err, FV_FORMAT,
            "%s: \"labels\" and \"labels_file\" exclude each other; allowed: one of them", s->base);
    } else {
        s->out->labels = l;
    }
    return st;
}

static fv_status read_labels(const sidecar *s, const char *key, JsonNode *n) {
    fvi_labels *l = NULL;
    fv_status st = fvi_labels_from_json(n, &l, s->err);
    return labels_once(s, st, key, l);
}

static fv_status read_labels_file(const sidecar *s, const char *key, JsonNode *n) {
    if (!string_of(n)) return bad(s, key, n, "a file's name");
    fvi_labels *l = NULL;
    char *real = NULL;
    fv_status st = fvi_sibling_path(s->path, string_of(n), &real, s->err);
    if (!st) st = fvi_labels_load(real, &l, s->err);
    g_free(real);
    return labels_once(s, st, key, l);
}

static const struct {
    const char *key;
    fv_status (*read)(const sidecar *, const char *, JsonNode *);
} keys[] = {
    {"input", read_input},         {"size", read_size},     {"mean", read_mean},
    {"scale", read_scale},         {"std", read_std},       {"range", read_range},
    {"layout", read_layout},       {"labels", read_labels}, {"labels_file", read_labels_file},
    {"channel_order", read_order}, {"fit", read_fit},       {"crop_ratio", read_crop_ratio},
    {"pad_color", read_pad_color},
};

static fv_status read_key(const sidecar *s, const char *key, JsonNode *value) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strcmp(keys[i].key, key)) return keys[i].read(s, key, value);
    return fvi_fail(s->err, FV_FORMAT,
                    "%s: unknown key \"%.64s\"; allowed: input, size, mean, scale, std, range, "
                    "channel_order, layout, fit, crop_ratio, pad_color, labels, labels_file",
                    s->base, key);
}

static fv_status read_file(const sidecar *s) {
    fvi_mapping m = {0};
    JsonNode *root = NULL;
    fv_status st = fvi_mapping_open(s->path, SIDECAR_MAX, &m, s->err);
    if (st) return st;
    st = fvi_json_parse((const char *)m.bytes, m.size, &root, s->err);
    if (!st && !JSON_NODE_HOLDS_OBJECT(root))
        st = fvi_fail(s->err, FV_FORMAT, "not a JSON object; allowed: one, as {\"size\": 224}");
    if (st) fvi_error_prefix(s->err, "%s", s->base);
    if (!st) {
        JsonObjectIter at;
        const char *key;
        JsonNode *value;
        json_object_iter_init(&at, json_node_get_object(root));
        while (!st && json_object_iter_next(&at, &key, &value)) st = read_key(s, key, value);
    }
    if (root) json_node_unref(root);
    fvi_mapping_close(&m);
    return st;
}

fv_status fvi_input_from_sidecar(const fvi_model_file *f, fvi_input_spec *out, fv_error *err) {
    const char *path = f->path;
    if (!path) return FV_OK; /* a model from memory has none */
    char *tries[2] = {g_strdup_printf("%.*s.fovea.json", (int)fvi_model_file_stem(f, path), path),
                      g_strdup_printf("%s.fovea.json", path)};
    fv_status st = FV_OK;
    int found = 0;
    for (int i = 0; i < 2 && !st; i++) {
        if (!g_file_test(tries[i], G_FILE_TEST_EXISTS)) continue;
        sidecar s = {tries[i], fvi_path_base(tries[i]), out, err};
        st = found++ ? fvi_fail(err, FV_FORMAT, "%s and %s are sidecars of one model; allowed: one",
                                fvi_path_base(tries[0]), s.base)
                     : read_file(&s);
        fvi_input_spec_source(out, s.base);
    }
    g_free(tries[0]);
    g_free(tries[1]);
    return st;
}
