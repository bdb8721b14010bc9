/* SPDX-License-Identifier: Apache-2.0 */
/* Files of other programs beside a model's file.
 *
 *   preprocessor_config.json  Hugging Face: x = (255 pixel rescale_factor - image_mean) /
 * image_std, size, crop_size, do_center_crop, crop_pct config.json               Hugging Face:
 * id2label; timm: mean, std, input_size, crop_pct, crop_mode, label_names, in pretrained_cfg or
 * (older) at the top MODEL.labels.txt, labels.txt, classes.txt   one class name a line
 *
 * What it does not do: resampling filters; pictures are resized bicubically.
 */
#include "model/input/configs.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "model/json.h"
#include "model/reader.h"

#define CONFIG_MAX ((int64_t)64 << 20)

/* ---- JSON ----------------------------------------------------------------------------------- */

static JsonNode *member(JsonObject *o, const char *key) {
    JsonNode *n = json_object_get_member(o, key);
    return n && !JSON_NODE_HOLDS_NULL(n) ? n : NULL;
}

static JsonObject *object_of(JsonObject *o, const char *key) {
    JsonNode *n = member(o, key);
    return n && JSON_NODE_HOLDS_OBJECT(n) ? json_node_get_object(n) : NULL;
}

static int is_number(JsonNode *n) {
    if (!n || !JSON_NODE_HOLDS_VALUE(n)) return 0;
    const GType t = json_node_get_value_type(n);
    return t == G_TYPE_INT64 || t == G_TYPE_DOUBLE;
}

static double number(JsonObject *o, const char *key, double otherwise) {
    JsonNode *n = member(o, key);
    return is_number(n) ? json_node_get_double(n) : otherwise;
}

static int truth(JsonObject *o, const char *key, int otherwise) {
    JsonNode *n = member(o, key);
    if (!n || !JSON_NODE_HOLDS_VALUE(n) || json_node_get_value_type(n) != G_TYPE_BOOLEAN)
        return otherwise;
    return json_node_get_boolean(n);
}

/* A number, or an array of at most `max`; their count, 0 for anything else. */
static int numbers(JsonObject *o, const char *key, double *out, int max) {
    JsonNode *n = member(o, key);
    if (is_number(n)) {
        out[0] = json_node_get_double(n);
        return 1;
    }
    if (!n || !JSON_NODE_HOLDS_ARRAY(n)) return 0;
    JsonArray *a = json_node_get_array(n);
    const int count = (int)MIN(json_array_get_length(a), 64u);
    for (int i = 0; i < count; i++) {
        if (count > max || !is_number(json_array_get_element(a, i))) return 0;
        out[i] = json_array_get_double_element(a, i);
    }
    return count;
}

/* ---- parts of the description --------------------------------------------------------------- */

static void set_values(fvi_input_spec *s, double range, const double *mean, int n_mean,
                       const double *std, int n_std, const char *from) {
    if (!(range > 0) || !isfinite((float)range)) return;
    s->range = (float)range;
    s->channel_order = FV_RGB;
    (void)fvi_per_channel_set(&s->mean, mean, n_mean, 0, from, NULL);
    (void)fvi_per_channel_set(&s->scale, std, n_std, 1, from, NULL);
}

static void set_size(fvi_input_spec *s, double height, double width) {
    if (!(height >= 1 && height <= FVI_INPUT_SIZE_MAX && width >= 1)) return;
    if (width > FVI_INPUT_SIZE_MAX) return;
    s->height = (int)height;
    s->width = (int)width;
    s->size_is_hint = 1;
}

static void set_crop(fvi_input_spec *s, double ratio) {
    s->fit = FV_FIT_CROP;
    if (ratio >= 0.01 && ratio <= 1) s->crop_ratio = (float)ratio;
}

/* ---- Hugging Face --------------------------------------------------------------------------- */

typedef struct extent {
    double height, width; /* 0: not given */
    int is_edge;          /* the shortest edge's */
} extent;

static extent extent_of(JsonObject *o, const char *key) {
    extent e = {0};
    JsonObject *size = object_of(o, key);
    double v[2];
    if (!size) {
        const int n = numbers(o, key, v, 2);
        if (n) e = (extent){v[0], v[n - 1], 0};
        return e;
    }
    e.height = number(size, "height", 0);
    e.width = number(size, "width", e.height);
    if (e.height == 0) e.height = e.width = number(size, "shortest_edge", 0), e.is_edge = 1;
    return e;
}

static void hf_geometry(JsonObject *o, fvi_input_spec *s) {
    extent size = extent_of(o, "size"), crop = extent_of(o, "crop_size");
    const double share = number(o, "crop_pct", 0);
    if (truth(o, "do_center_crop", 0) && crop.height > 0) {
        set_size(s, crop.height, crop.width);
        set_crop(s, truth(o, "do_resize", 1) && size.height > 0 ? crop.height / size.height : 1);
        return;
    }
    if (!(size.height > 0)) return;
    set_size(s, size.height, size.width);
    if (share > 0 && size.height < 384)
        set_crop(s, share);
    else if (size.is_edge && !(share > 0))
        set_crop(s, 1);
    else
        s->fit = FV_FIT_STRETCH;
}

static void hf_preprocessor(JsonObject *o, fvi_input_spec *s, const char *from) {
    double mean[4] = {0}, std[4] = {1};
    int n_mean = numbers(o, "image_mean", mean, 4), n_std = numbers(o, "image_std", std, 4);
    if (!n_mean && !member(o, "rescale_factor") && !member(o, "do_rescale")) return;
    if (!truth(o, "do_normalize", n_mean > 0) || !n_mean || !n_std) {
        n_mean = n_std = 1;
        mean[0] = 0;
        std[0] = 1;
    }
    const int rescales = truth(o, "do_rescale", 1);
    for (int i = 0; rescales && truth(o, "rescale_offset", 0) && i < n_mean; i++) mean[i] += 1;
    double range = rescales ? 255 * number(o, "rescale_factor", 1.0 / 255) : 255;
    if (fabs(range - 1) < 1e-6) range = 1;
    set_values(s, range, mean, n_mean, std, n_std, from);
    if (truth(o, "do_flip_channel_order", 0)) s->channel_order = FV_BGR;
    hf_geometry(o, s);
}

/* {"0": "tench", ...}; the placeholders LABEL_0, ... are no names. */
static fvi_labels *labels_of_object(JsonObject *o) {
    const guint n = json_object_get_size(o);
    if (!n || n > FVI_LABELS_MAX) return NULL;
    char **names = g_new0(char *, n);
    guint at = 0;
    for (; at < n; at++) {
        char key[16];
        g_snprintf(key, sizeof key, "%u", at);
        JsonNode *e = member(o, key);
        if (!e || !JSON_NODE_HOLDS_VALUE(e) || json_node_get_value_type(e) != G_TYPE_STRING) break;
        if (g_str_has_prefix(json_node_get_string(e), "LABEL_")) break;
        names[at] = g_strdup(json_node_get_string(e));
    }
    if (at == n) return fvi_labels_take(names, (int)n);
    while (at-- > 0) g_free(names[at]);
    g_free(names);
    return NULL;
}

/* ---- timm ----------------------------------------------------------------------------------- */

static void timm(JsonObject *top, fvi_input_spec *s, const char *from) {
    JsonObject *o = object_of(top, "pretrained_cfg");
    if (!o) o = top;
    double mean[4], std[4], size[3];
    const int n_mean = numbers(o, "mean", mean, 4), n_std = numbers(o, "std", std, 4);
    if (!n_mean || !n_std || numbers(o, "input_size", size, 3) != 3) return;
    set_values(s, 1, mean, n_mean, std, n_std, from);
    set_size(s, size[1], size[2]);
    JsonNode *mode = member(o, "crop_mode");
    const char *word = mode && JSON_NODE_HOLDS_VALUE(mode) ? json_node_get_string(mode) : NULL;
    if (word && !strcmp(word, "squash"))
        s->fit = FV_FIT_STRETCH;
    else if (word && !strcmp(word, "border"))
        s->fit = FV_FIT_PAD;
    else
        set_crop(s, number(o, "crop_pct", 0.875));
}

static void config(JsonObject *o, fvi_input_spec *s, const char *from) {
    timm(o, s, from);
    JsonObject *labels = object_of(o, "id2label");
    JsonNode *list = member(o, "label_names");
    if (labels) s->labels = labels_of_object(labels);
    if (!s->labels && list) (void)fvi_labels_from_json(list, &s->labels, NULL);
}

/* ---- files ---------------------------------------------------------------------------------- */

static void read_json(const char *folder, const char *name,
                      void (*read)(JsonObject *, fvi_input_spec *, const char *),
                      fvi_input_spec *out) {
    char *path = g_build_filename(folder, name, NULL);
    fvi_mapping m = {0};
    JsonNode *root = NULL;
    fvi_input_spec s = {0};
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
        !fvi_mapping_open(path, CONFIG_MAX, &m, NULL) &&
        !fvi_json_parse((const char *)m.bytes, m.size, &root, NULL) && JSON_NODE_HOLDS_OBJECT(root))
        read(json_node_get_object(root), &s, name);
    fvi_input_spec_source(&s, name);
    fvi_input_spec_merge(out, &s);
    fvi_input_spec_clear(&s);
    if (root) json_node_unref(root);
    fvi_mapping_close(&m);
    g_free(path);
}

static void read_labels(const char *path, fvi_input_spec *out) {
    if (out->labels || !g_file_test(path, G_FILE_TEST_IS_REGULAR)) return;
    if (fvi_labels_load(path, &out->labels, NULL)) return;
    fvi_input_spec_source(out, fvi_path_base(path));
}

void fvi_input_from_configs(const fvi_model_file *f, fvi_input_spec *out) {
    static const char *const lists[] = {"labels.txt", "classes.txt"};
    if (!f->path) return; /* a model from memory has none */
    char *folder = g_path_get_dirname(f->path);
    char *base = g_path_get_basename(folder), *above = g_path_get_dirname(folder);
    char *own = g_strdup_printf("%.*s.labels.txt", (int)fvi_model_file_stem(f, f->path), f->path);
    read_labels(own, out);
    const char *const folders[] = {folder, !strcmp(base, "onnx") ? above : NULL};
    for (int i = 0; i < 2 && folders[i]; i++) {
        read_json(folders[i], "preprocessor_config.json", hf_preprocessor, out);
        read_json(folders[i], "config.json", config, out);
        for (size_t k = 0; k < G_N_ELEMENTS(lists); k++) {
            char *path = g_build_filename(folders[i], lists[k], NULL);
            read_labels(path, out);
            g_free(path);
        }
    }
    g_free(own);
    g_free(above);
    g_free(base);
    g_free(folder);
}
