/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that other programs write into a file's metadata. They are hints: what cannot be read is
 * remarked and passed over.
 *
 *   Ultralytics    names, imgsz, stride, task: pixels 0..1, RGB; detectors take the whole photo
 *   QGIS Deepness  class_names, standardization_mean, standardization_std, tile_size: of 0..1, RGB
 *   Custom Vision  CustomVision.Preprocess.*: means and sizes; ONNX's Image.*: order and range
 *   PaddleX, PaddleOCR  character: a class, or a character of a text, each line
 *   TensorFlow Lite     NormalizationOptions of its metadata: mean and divisors of 0..255
 *   Caffe          transform_param of a data layer: mean_value, mean_file, scale, of 0..255
 *   network family  of a well-known network, which the readers of Keras' and TensorFlow's files
 *                  tell by names: the fixed values that keras.applications.FAMILY.preprocess_input
 * gives, or TF-Slim, or the example of the Inception graph of 2015 timm, others   lists of class
 * names, under the keys of name_keys[]
 *
 * What it does not do: thresholds and other keys of what follows the network.
 */
#include "model/input/exporters.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/label_text.h"

static const char *find(const fvi_texts *t, const char *key) { return t->find(t->from, key); }

static void remark(const fvi_texts *t, const char *key, const char *value, const char *why,
                   fvi_input_spec *out) {
    fvi_input_remark(out, "%s %s cannot be read and is passed over: \"%.40s\"%s%s", t->source, key,
                     value, why[0] ? ": " : "", why);
}

/* Numbers of a key: their count; 0 where there is none, and with a remark where it is not min to
 * max numbers. */
static int numbers(const fvi_texts *t, const char *key, double *v, int min, int max,
                   fvi_input_spec *out) {
    const char *text = find(t, key);
    if (!text) return 0;
    const int n = fvi_input_numbers(text, v, max);
    if (n >= min && n <= max) return n;
    char *allowed = g_strdup_printf("allowed: %d to %d numbers", min, max);
    remark(t, key, text, allowed, out);
    g_free(allowed);
    return 0;
}

static void set_source(const fvi_texts *t, const char *key, fvi_input_part part,
                       fvi_input_spec *out) {
    g_free(out->from[part]);
    out->from[part] = g_strdup_printf("%s %s", t->source, key);
}

static void set_size(const fvi_texts *t, const char *key, double h, double w, fvi_input_spec *out) {
    const int most = FVI_INPUT_SIZE_MAX;
    if (!(h >= 1 && h <= most && w >= 1 && w <= most) || h != floor(h) || w != floor(w)) {
        char *allowed = g_strdup_printf("allowed: whole sizes of 1 to %d", most);
        remark(t, key, find(t, key), allowed, out);
        g_free(allowed);
        return;
    }
    if (out->height) return;
    out->height = (int)h;
    out->width = (int)w;
    out->size_is_hint = 1;
    set_source(t, key, FVI_PART_SIZE, out);
}

/* Numbers for the channels. */
static void set_channels(const fvi_texts *t, const char *key, fvi_input_part part, const double *v,
                         int n, fvi_input_spec *out) {
    fv_error err = {0};
    const int is_std = part == FVI_PART_SCALE;
    char *from = g_strdup_printf("%s %s", t->source, key);
    if (fvi_per_channel_set(is_std ? &out->scale : &out->mean, v, n, is_std, from, &err))
        remark(t, key, find(t, key), err.text, out);
    else
        set_source(t, key, part, out);
    (is_std ? &out->scale : &out->mean)->is_hint = 1;
    g_free(from);
}

/* x = (pixel range - mean) / std, as far as it is open. */
static void set_values(const fvi_texts *t, const char *key, float range, double mean, double std,
                       fvi_input_spec *out) {
    if (out->range == 0) {
        out->range = range;
        set_source(t, key, FVI_PART_RANGE, out);
    }
    if (!out->mean.n) set_channels(t, key, FVI_PART_MEAN, &mean, 1, out);
    if (!out->scale.n) set_channels(t, key, FVI_PART_SCALE, &std, 1, out);
}

static void set_order(const fvi_texts *t, const char *key, int order, fvi_input_spec *out) {
    if (out->channel_order) return;
    out->channel_order = order;
    set_source(t, key, FVI_PART_ORDER, out);
}

static void set_fit(const fvi_texts *t, const char *key, fv_fit fit, double ratio,
                    fvi_input_spec *out) {
    out->fit = (int)fit;
    set_source(t, key, FVI_PART_FIT, out);
    if (ratio >= 0.01 && ratio <= 1) out->crop_ratio = (float)ratio;
}

/* Numbers of two keys, one a channel, for the mean and the divisors. */
static void set_normalisation(const fvi_texts *t, const char *mean, const char *std,
                              fvi_input_spec *out) {
    double v[4];
    int n = numbers(t, mean, v, 1, 4, out);
    if (n) set_channels(t, mean, FVI_PART_MEAN, v, n, out);
    n = numbers(t, std, v, 1, 4, out);
    if (n) set_channels(t, std, FVI_PART_SCALE, v, n, out);
}

/* ---- class names ---------------------------------------------------------------------------- */

/* In falling priority. Where the key says little, names count only if they fit an output. */
static const struct {
    const char *key;
    int says_little;
} name_keys[] = {{"names", 0},      {"class_names", 0},  {"label_names", 0},
                 {"id2label", 0},   {"classes", 1},      {"labels", 1},
                 {"categories", 1}, {"class_labels", 1}, {"class_to_idx", 1}};

static void take_names(const fvi_texts *t, const char *key, int says_little, fvi_input_spec *out) {
    fv_error err = {0};
    const char *text = find(t, key);
    if (!text || out->labels) return;
    if (fvi_labels_from_notation(text, &out->labels, &err)) {
        remark(t, key, text, err.text, out);
        return;
    }
    out->labels_are_found = says_little;
    set_source(t, key, FVI_PART_LABELS, out);
}

/* timm: what the names of label_names stand for, {"n01440764": "tench"}. */
static void describe_names(const fvi_texts *t, fvi_input_spec *out) {
    const char *key = "label_descriptions", *text = find(t, key);
    fv_error err = {0};
    if (!text || !out->labels) return;
    if (fvi_labels_describe(out->labels, text, &err))
        remark(t, key, text, err.text, out);
    else
        set_source(t, key, FVI_PART_LABELS, out);
}

/* PaddleX and PaddleOCR: one a line, whatever it looks like. */
static void take_characters(const fvi_texts *t, fvi_input_spec *out) {
    const char *key = "character", *text = find(t, key);
    fv_error err = {0};
    if (!text || out->labels) return;
    if (fvi_labels_from_lines(text, strlen(text), &out->labels, &err)) {
        remark(t, key, text, err.text, out);
        return;
    }
    out->labels_are_characters = 1;
    set_source(t, key, FVI_PART_LABELS, out);
}

/* ---- programs ------------------------------------------------------------------------------- */

/* Other values of these keys are remarked, since they may matter. ONNX's MetadataProps.md, "Image
 * Category Definition". */
static void image_category(const fvi_texts *t, fvi_input_spec *out) {
    static const struct {
        const char *value;
        float range;
        double mean, std;
    } ranges[] = {{"NominalRange_0_255", 255, 0, 1},
                  {"Normalized_0_1", 1, 0, 1},
                  {"Normalized_1_1", 1, 0.5, 0.5}};
    const char *key = "Image.BitmapPixelFormat", *text = find(t, key);
    if (text && (g_str_has_prefix(text, "Bgr") || g_str_has_prefix(text, "Rgb")))
        set_order(t, key, text[0] == 'B' ? FV_BGR : FV_RGB, out);
    else if (text && !g_str_has_prefix(text, "Gray"))
        remark(t, key, text, "allowed: Gray8, Rgb8, Bgr8, Rgba8, Bgra8", out);
    text = find(t, key = "Image.NominalPixelRange");
    if (!text) return;
    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++)
        if (!strcmp(text, ranges[i].value)) {
            set_values(t, key, ranges[i].range, ranges[i].mean, ranges[i].std, out);
            return;
        }
    remark(t, key, text, "allowed: NominalRange_0_255, Normalized_0_1, Normalized_1_1", out);
}

/* Custom Vision's means are of 0..255 or of 0..1, whatever its pixel range says. */
static void custom_vision_values(const fvi_texts *t, fvi_input_spec *out) {
    const char *mean = "CustomVision.Preprocess.NormalizeMean";
    int bytes = 0;
    set_normalisation(t, mean, "CustomVision.Preprocess.NormalizeStd", out);
    for (int i = 0; i < out->mean.n; i++) bytes |= fabsf(out->mean.v[i]) > 2;
    if (!bytes) return;
    out->range = 255;
    set_source(t, mean, FVI_PART_RANGE, out);
}

static void custom_vision_crop(const fvi_texts *t, fvi_input_spec *out) {
    const char *key = "CustomVision.Preprocess.CropMethod", *method = find(t, key),
               *size_key = "CustomVision.Preprocess.TargetHeight";
    double h = 0, w = 0, crop_h = 0, crop_w = 0;
    numbers(t, size_key, &h, 1, 1, out);
    numbers(t, "CustomVision.Preprocess.TargetWidth", &w, 1, 1, out);
    numbers(t, "CustomVision.Preprocess.CropHeight", &crop_h, 1, 1, out);
    numbers(t, "CustomVision.Preprocess.CropWidth", &crop_w, 1, 1, out);
    const int crops = method && !strcmp(method, "OneCropCenter") && crop_h > 0 && crop_w > 0;
    if (crops) {
        set_size(t, "CustomVision.Preprocess.CropHeight", crop_h, crop_w, out);
        set_fit(t, key, FV_FIT_CROP, h > 0 ? crop_h / h : 1, out);
        return;
    }
    if (h != 0 || w != 0) set_size(t, size_key, h, w, out);
    if (!method) return;
    if (!strcmp(method, "FullImageShorterSide"))
        set_fit(t, key, FV_FIT_CROP, 1, out);
    else if (!strcmp(method, "NoCrop"))
        set_fit(t, key, FV_FIT_STRETCH, 0, out);
    else
        remark(t, key, method, "allowed: FullImageShorterSide, OneCropCenter, NoCrop", out);
}

/* Classifiers take a centre crop of the short side, all others the whole photo. */
static void ultralytics_fit(const fvi_texts *t, const char *task, fvi_input_spec *out) {
    static const char *const tasks[] = {"detect", "segment", "classify", "pose", "obb", NULL};
    const char *key = task ? "task" : "stride"; /* YOLOv5 writes no task */
    if (task && !g_strv_contains(tasks, task))
        remark(t, key, task, "allowed: detect, segment, classify, pose, obb", out);
    else if (task && !strcmp(task, "classify"))
        set_fit(t, key, FV_FIT_CROP, 1, out);
    else if (task || find(t, key)) {
        set_fit(t, key, FV_FIT_PAD, 0, out);
        fvi_input_remark(out, "a photo is given whole, padded, as %s %s says (--fit chooses)",
                         t->source, key);
    }
}

static void ultralytics_stride(const fvi_texts *t, fvi_input_spec *out) {
    double v;
    if (!numbers(t, "stride", &v, 1, 1, out)) return;
    if (v >= 1 && v <= FVI_INPUT_SIZE_MAX && v == floor(v))
        out->stride = (int)v;
    else
        remark(t, "stride", find(t, "stride"), "allowed: a whole number from 1", out);
}

static void ultralytics(const fvi_texts *t, fvi_input_spec *out) {
    const char *task = find(t, "task"), *key = find(t, "imgsz") ? "imgsz"
                                               : task           ? "task"
                                                                : "stride";
    double v[2];
    if (!find(t, "names") || !find(t, key)) return;
    const int n = numbers(t, "imgsz", v, 1, 2, out);
    if (n) set_size(t, "imgsz", v[0], v[n - 1], out);
    ultralytics_stride(t, out);
    ultralytics_fit(t, task, out);
    set_values(t, key, 1, 0, 1, out);
    set_order(t, key, FV_RGB, out);
}

/* Divides pixels by 255 before it standardises them. */
static void deepness(const fvi_texts *t, fvi_input_spec *out) {
    static const char mean[] = "standardization_mean", std[] = "standardization_std";
    const char *key = find(t, "model_type") ? "model_type" : mean;
    double v;
    if (!find(t, key) || !(find(t, "class_names") || find(t, mean) || find(t, "resolution")))
        return;
    set_normalisation(t, mean, std, out);
    set_values(t, key, 1, 0, 1, out);
    set_order(t, key, FV_RGB, out);
    for (int i = 0; i < 2; i++) {
        const char *size = i ? "tiles_size" : "tile_size";
        if (numbers(t, size, &v, 1, 1, out)) set_size(t, size, v, v, out);
    }
}

/* TensorFlow Lite: x = (pixel - mean) / std, of pixels from 0 to 255. */
static void tflite_normalization(const fvi_texts *t, fvi_input_spec *out) {
    static const char mean[] = "NormalizationOptions.mean", std[] = "NormalizationOptions.std";
    if (!find(t, mean) || !find(t, std)) return;
    set_normalisation(t, mean, std, out);
    set_values(t, mean, 255, 0, 1, out);
}

/* Caffe: x = (pixel - mean) scale; the reader says the range. */
static void caffe_transform(const fvi_texts *t, fvi_input_spec *out) {
    static const char mean[] = "transform_param.mean_value", scale[] = "transform_param.scale",
                      file[] = "transform_param.mean_file";
    const char *name = find(t, file), *text = find(t, "mean_file.mean"),
               *problem = find(t, "mean_file.problem");
    double v[4];
    int n = numbers(t, mean, v, 1, 4, out);
    if (n) set_channels(t, mean, FVI_PART_MEAN, v, n, out);
    n = name && text ? fvi_input_numbers(text, v, 4) : 0;
    if (n > 0 && n <= 4 && !out->mean.n) {
        set_channels(t, file, FVI_PART_MEAN, v, n, out);
        fvi_input_remark(out, "of the mean picture %.80s the mean of each channel is taken off",
                         name);
    } else if (name && problem && !out->mean.n) {
        fvi_input_remark(out, "%s %.80s %s: its mean is not taken off (option mean gives one)",
                         file, name, problem);
    }
    if (!numbers(t, scale, v, 1, 1, out)) return;
    const double divisor = 1 / v[0];
    if (isfinite(divisor) && divisor != 0)
        set_channels(t, scale, FVI_PART_SCALE, &divisor, 1, out);
    else
        remark(t, scale, find(t, scale), "allowed: a number other than 0", out);
}

/* What is made of 0..255 for a family of networks, where the network itself does not. */
static const struct {
    const char *family;
    float range;
    int order;
    double mean[3], std[3];
} families[] = {
    {"vgg", 255, FV_BGR, {103.939, 116.779, 123.68}, {1, 1, 1}},
    {"resnet", 255, FV_BGR, {103.939, 116.779, 123.68}, {1, 1, 1}},
    {"inception", 255, FV_RGB, {127.5, 127.5, 127.5}, {127.5, 127.5, 127.5}},
    {"slim vgg", 255, FV_RGB, {123.68, 116.779, 103.939}, {1, 1, 1}},
    {"inception 2015", 255, FV_RGB, {117, 117, 117}, {1, 1, 1}},
    {"densenet", 1, FV_RGB, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
};

static void network_family(const fvi_texts *t, fvi_input_spec *out) {
    static const char key[] = "network family";
    const char *family = find(t, key), *how = find(t, "network family.how");
    for (size_t i = 0; family && how && i < G_N_ELEMENTS(families); i++) {
        if (strcmp(families[i].family, family) != 0) continue;
        if (out->range == 0) out->range = families[i].range;
        set_channels(t, key, FVI_PART_MEAN, families[i].mean, 3, out);
        set_channels(t, key, FVI_PART_SCALE, families[i].std, 3, out);
        set_order(t, key, families[i].order, out);
        const fvi_input_part parts[] = {FVI_PART_MEAN, FVI_PART_SCALE, FVI_PART_ORDER,
                                        FVI_PART_RANGE};
        for (size_t k = 0; k < G_N_ELEMENTS(parts); k++) {
            g_free(out->from[parts[k]]);
            out->from[parts[k]] = g_strdup(how);
        }
    }
}

void fvi_input_from_exporters(const fvi_texts *t, fvi_input_spec *out) {
    custom_vision_values(t, out);
    custom_vision_crop(t, out);
    image_category(t, out);
    ultralytics(t, out);
    deepness(t, out);
    tflite_normalization(t, out);
    caffe_transform(t, out);
    network_family(t, out);
    for (size_t i = 0; i < G_N_ELEMENTS(name_keys); i++)
        take_names(t, name_keys[i].key, name_keys[i].says_little, out);
    take_characters(t, out);
    describe_names(t, out);
}
