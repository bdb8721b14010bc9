/* SPDX-License-Identifier: Apache-2.0 */
/* Files of other programs beside a model's file. They were not written for us: what they say is a
 * hint, and what in them cannot be read is remarked and passed over.
 *
 *   preprocessor_config.json, processor_config.json (Hugging Face)
 *       x = (255 pixel rescale_factor - offset - image_mean) / image_std; size, crop_size, pad_size
 *   config.json (Hugging Face)  id2label
 *   config.json (timm)          mean, std, input_size, crop_pct, crop_mode, label_names; in
 *                               pretrained_cfg or, older, at the top
 *   metadata_properties.json (Azure Custom Vision)  as in the file's metadata (exporters.h)
 *   MODEL.labels.txt, MODEL.names (Darknet), labels.txt, classes.txt, labels.json,
 *   class_names.json, synset_words.txt (Caffe)  class names
 *
 * What it does not do: resampling filters, since pictures are resized bicubically; splitting and
 * cropping by content. It is remarked where a file wants that.
 */
#include "model/input/configs.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "model/input/exporters.h"
#include "model/json.h"
#include "model/label_text.h"
#include "model/reader.h"

#define CONFIG_MAX ((int64_t)64 << 20)

/* An object of a file that is read into a spec. */
typedef struct config {
    JsonObject *o;
    const char *file;
    fvi_input_spec *out;
} config;

/* ---- members -------------------------------------------------------------------------------- */

static JsonNode *member(const config *c, const char *key) {
    JsonNode *n = json_object_get_member(c->o, key);
    return n && !JSON_NODE_HOLDS_NULL(n) ? n : NULL;
}

static void remark(const config *c, const char *key, const char *allowed) {
    char *text = json_to_string(json_object_get_member(c->o, key), FALSE);
    fvi_input_remark(c->out, "%s: %s is %.40s and is passed over; allowed: %s", c->file, key, text,
                     allowed);
    g_free(text);
}

/* An object inside, of the same file; its .o is NULL where there is none. */
static config inside(const config *c, const char *key) {
    JsonNode *n = member(c, key);
    return (config){n && JSON_NODE_HOLDS_OBJECT(n) ? json_node_get_object(n) : NULL, c->file,
                    c->out};
}

static int is_number(JsonNode *n) {
    if (!n || !JSON_NODE_HOLDS_VALUE(n)) return 0;
    const GType t = json_node_get_value_type(n);
    return t == G_TYPE_INT64 || t == G_TYPE_DOUBLE;
}

/* A number from low to high. */
static double number(const config *c, const char *key, double low, double high, double otherwise) {
    JsonNode *n = member(c, key);
    if (!n) return otherwise;
    const double v = is_number(n) ? json_node_get_double(n) : NAN;
    if (v >= low && v <= high) return v;
    char *allowed = g_strdup_printf("%.4g to %.4g", low, high);
    remark(c, key, allowed);
    g_free(allowed);
    return otherwise;
}

static int truth(const config *c, const char *key, int otherwise) {
    JsonNode *n = member(c, key);
    if (!n) return otherwise;
    if (is_number(n)) return json_node_get_double(n) != 0;
    if (JSON_NODE_HOLDS_VALUE(n) && json_node_get_value_type(n) == G_TYPE_BOOLEAN)
        return json_node_get_boolean(n);
    remark(c, key, "true, false");
    return otherwise;
}

static const char *word(const config *c, const char *key) {
    JsonNode *n = member(c, key);
    if (!n || !JSON_NODE_HOLDS_VALUE(n) || json_node_get_value_type(n) != G_TYPE_STRING) return "";
    return json_node_get_string(n);
}

/* A number, or an array of 1 to `max` numbers; their count, 0 for anything else. */
static int numbers(const config *c, const char *key, double *out, int max) {
    JsonNode *n = member(c, key);
    if (!n) return 0;
    if (is_number(n)) {
        out[0] = json_node_get_double(n);
        return 1;
    }
    JsonArray *a = JSON_NODE_HOLDS_ARRAY(n) ? json_node_get_array(n) : NULL;
    const guint count = a ? json_array_get_length(a) : 0;
    guint sound = 0;
    while (count <= (guint)max && sound < count && is_number(json_array_get_element(a, sound))) {
        out[sound] = json_array_get_double_element(a, sound);
        sound++;
    }
    if (sound && sound == count) return (int)count;
    char *allowed = g_strdup_printf("a number, or a list of 1 to %d", max);
    remark(c, key, allowed);
    g_free(allowed);
    return 0;
}

/* ---- parts of the description --------------------------------------------------------------- */

/* Numbers of a key, one a channel. */
static void set_channels(const config *c, const char *key, const double *v, int n, int is_std) {
    fv_error err = {0};
    fvi_per_channel *to = is_std ? &c->out->scale : &c->out->mean;
    char *from = g_strdup_printf("%s %s", c->file, key);
    if (fvi_per_channel_set(to, v, n, is_std, from, &err))
        fvi_input_remark(c->out, "%s, and is passed over", err.text);
    to->is_hint = 1;
    g_free(from);
}

static int is_size(double v) { return v >= 1 && v <= FVI_INPUT_SIZE_MAX; }

static void set_size(const config *c, double height, double width) {
    c->out->height = (int)height;
    c->out->width = (int)width;
    c->out->size_is_hint = 1;
}

static void set_crop(fvi_input_spec *s, double ratio) {
    s->fit = FV_FIT_CROP;
    s->crop_ratio = (float)CLAMP(ratio, 0.01, 1);
}

/* Hugging Face and timm resize photos to whole pixels, rounded down, of which `share` is kept. */
static double resized_to(double size, double share) { return floor(size / share + 1e-9); }

static void remark_filter(const config *c, const char *name) {
    if (name && strcmp(name, "bicubic") != 0)
        fvi_input_remark(c->out, "%s resizes photos with the filter %.20s; here it is bicubic",
                         c->file, name);
}

/* Hugging Face and timm pad what is normalised already, with 0, or with the mean. */
static void set_padding(fvi_input_spec *s) {
    s->fit = FV_FIT_PAD;
    s->pad = FVI_PAD_ZERO;
}

/* ---- Hugging Face --------------------------------------------------------------------------- */

typedef enum extent_kind {
    EXTENT_OPEN,     /* a number or a list: the processor knows which of the next two */
    EXTENT_EXACT,    /* photos are stretched to it */
    EXTENT_SHORTEST, /* their shortest edge becomes that long */
    EXTENT_WITHIN    /* they become as large as fits */
} extent_kind;

typedef struct extent {
    double height, width; /* 0: not given */
    extent_kind kind;
} extent;

static extent extent_of(const config *c, const char *key) {
    const double most = FVI_INPUT_SIZE_MAX;
    const config size = inside(c, key);
    double v[2];
    if (!size.o) {
        const int n = numbers(c, key, v, 2);
        if (n && is_size(v[0]) && is_size(v[n - 1]))
            return (extent){v[0], v[n - 1], n == 2 ? EXTENT_EXACT : EXTENT_OPEN};
        if (n) remark(c, key, "1 to 32768");
        return (extent){0};
    }
    const double shortest = number(&size, "shortest_edge", 1, most, 0),
                 longest = number(&size, "longest_edge", 1, most, 0),
                 edge = shortest > 0 ? shortest : longest;
    const extent exact = {number(&size, "height", 1, most, 0), number(&size, "width", 1, most, 0),
                          EXTENT_EXACT},
                 within = {number(&size, "max_height", 1, most, 0),
                           number(&size, "max_width", 1, most, 0), EXTENT_WITHIN};
    if (exact.height > 0 && exact.width > 0) return exact;
    if (edge > 0) return (extent){edge, edge, longest > 0 ? EXTENT_WITHIN : EXTENT_SHORTEST};
    if (within.height > 0 && within.width > 0) return within;
    if (json_object_get_size(size.o))
        remark(c, key,
               "{height, width}, {shortest_edge}, {longest_edge}, {max_height, max_width}, each 1 "
               "to 32768");
    return (extent){0};
}

/* Pads, as transformers does at the right and below, where the photo's shape is kept. */
static void hf_padding(const config *c, extent size, extent pad) {
    if (pad.height > 0) size = pad;
    set_size(c, size.height, size.width);
    set_padding(c->out);
    fvi_input_remark(c->out, "%s keeps the shape of photos; they are padded to the input, around",
                     c->file);
}

static int is_processor(const config *c, const char *name) {
    return g_str_has_prefix(word(c, "image_processor_type"), name) ||
           g_str_has_prefix(word(c, "feature_extractor_type"), name);
}

/* The share of a resized photo that is kept; 0: nothing says it. */
static double hf_share(const config *c) {
    return is_processor(c, "Levit") ? 224.0 / 256 : number(c, "crop_pct", 0.01, 1, 0);
}

/* Resizes what is not cropped to a window of its own. */
static void hf_resize(const config *c, extent size) {
    const double share = hf_share(c);
    set_size(c, size.height, size.width);
    if (share > 0 && size.height < 384) {
        set_crop(c->out, size.height / resized_to(size.height, share));
    } else if (size.kind == EXTENT_SHORTEST && !(share > 0)) {
        set_crop(c->out, 1);
        fvi_input_remark(c->out, "%s keeps the shape of photos; their middle is the input",
                         c->file);
    } else {
        c->out->fit = FV_FIT_STRETCH;
    }
}

/* Crops the middle of what was resized; size.height 0: of the photo as it is. */
static void hf_crop(const config *c, extent size, extent window) {
    const double share = hf_share(c), whole = resized_to(size.height, share > 0 ? share : 1);
    set_size(c, window.height, window.width);
    set_crop(c->out, whole > 0 ? window.height / whole : 1);
    if (size.kind == EXTENT_EXACT && !(share > 0))
        fvi_input_remark(c->out,
                         "%s stretches photos to %.0fx%.0f before it crops; here they keep their "
                         "shape",
                         c->file, size.height, size.width);
    if (whole > 0 && window.height > whole)
        fvi_input_remark(c->out, "%s crops %.0f of %.0f pixels, which is all of a photo here",
                         c->file, window.height, whole);
}

static void hf_geometry(const config *c) {
    extent size = extent_of(c, "size");
    const extent crop = extent_of(c, "crop_size"), pad = extent_of(c, "pad_size");
    const int resizes = truth(c, "do_resize", 1), crops = truth(c, "do_center_crop", 0);
    if (size.kind == EXTENT_OPEN && number(c, "max_size", 1, FVI_INPUT_SIZE_MAX, 0) > 0)
        size.kind = EXTENT_WITHIN;
    if (!resizes)
        fvi_input_remark(c->out,
                         "%s does not resize photos (do_resize); they are resized to the input",
                         c->file);
    if (crops && (crop.height > 0 || size.height > 0))
        hf_crop(c, resizes ? size : (extent){0}, crop.height > 0 ? crop : size);
    else if (!resizes || !(size.height > 0))
        return;
    else if (pad.height > 0 || size.kind == EXTENT_WITHIN)
        hf_padding(c, size, pad);
    else
        hf_resize(c, size);
}

/* What is not done here. */
static void hf_remarks(const config *c) {
    static const char *const filters[] = {"nearest", "lanczos", "bilinear",
                                          "bicubic", "box",     "hamming"}; /* as PIL counts them */
    static const char *const keys[] = {
        "do_affine_transform", "do_align_long_axis", "do_color_quantize", "do_crop_margin",
        "do_grayscale",        "do_image_splitting", "do_pan_and_scan",   "do_split_image",
        "do_thumbnail",        "crop_to_patches",    "keep_aspect_ratio",
    };
    const double filter = number(c, "resample", 0, G_N_ELEMENTS(filters) - 1, 3);
    if (truth(c, "do_resize", 1)) remark_filter(c, filters[(int)filter]);
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (truth(c, keys[i], 0))
            fvi_input_remark(c->out, "%s: %s is not done here", c->file, keys[i]);
}

/* EfficientNet's processor divides by image_std at the end, whether it has normalised or not. */
static void hf_divide_again(const config *c, double *std, int *n) {
    double more[4];
    if (!truth(c, "include_top", is_processor(c, "EfficientNet"))) return;
    const int n_more = numbers(c, "image_std", more, 4);
    for (int i = n_more - 1; i >= 0; i--) std[i] = more[i] * std[*n == 1 ? 0 : i];
    *n = MAX(*n, n_more); /* it was that many, or 1 */
}

/* x = (255 pixel factor - offset - mean) / std */
static void hf_values(const config *c) {
    double mean[4] = {0}, std[4] = {1};
    int n_mean = numbers(c, "image_mean", mean, 4), n_std = numbers(c, "image_std", std, 4);
    const int normalizes = truth(c, "do_normalize", member(c, "image_mean") != NULL),
              rescales = truth(c, "do_rescale", 1);
    if (normalizes && (!n_mean || !n_std)) {
        fvi_input_remark(c->out, "%s normalises, but has no %s", c->file,
                         n_mean ? "image_std" : "image_mean");
        return;
    }
    if (!normalizes) n_mean = n_std = 1, mean[0] = 0, std[0] = 1;
    if (!normalizes && !member(c, "do_normalize"))
        fvi_input_remark(c->out, "%s has no do_normalize, which is taken as false", c->file);
    const int offset = truth(c, "rescale_offset", truth(c, "offset", is_processor(c, "Vivit")));
    for (int i = 0; rescales && offset && i < n_mean; i++) mean[i] += 1;
    hf_divide_again(c, std, &n_std);
    double range = rescales ? 255 * number(c, "rescale_factor", 1e-6, 1, 1.0 / 255) : 255;
    if (fabs(range - 1) < 1e-6) range = 1;
    c->out->range = (float)range;
    c->out->channel_order = truth(c, "do_flip_channel_order", 0) ? FV_BGR : FV_RGB;
    set_channels(c, "image_mean", mean, n_mean, 0);
    set_channels(c, "image_std", std, n_std, 1);
}

static void hf_preprocessor(const config *c) {
    static const char *const pictures[] = {"image_mean", "image_std",           "rescale_factor",
                                           "do_rescale", "do_normalize",        "do_center_crop",
                                           "crop_size",  "image_processor_type"};
    const config nested = inside(c, "image_processor");
    if (nested.o) c = &nested;
    size_t i = 0;
    while (i < G_N_ELEMENTS(pictures) && !member(c, pictures[i])) i++;
    if (i == G_N_ELEMENTS(pictures)) return; /* for texts or sounds */
    /* those for sounds may have do_normalize */
    if (!strcmp(word(c, "feature_extractor_type"), "Wav2Vec2FeatureExtractor")) return;
    hf_values(c);
    hf_geometry(c);
    hf_remarks(c);
}

/* ---- class names ---------------------------------------------------------------------------- */

static void take_labels(const char *file, const char *key, const char *text, fvi_input_spec *out) {
    fv_error err = {0};
    if (out->labels || !fvi_labels_from_notation(text, &out->labels, &err)) return;
    fvi_input_remark(out, "%s%s%s cannot be read and is passed over: %s", file, key[0] ? " " : "",
                     key, err.text);
}

static char *text_of(const config *c, const char *key) {
    JsonNode *n = member(c, key);
    return n ? json_to_string(n, FALSE) : NULL;
}

/* The placeholders LABEL_0, ... are no names. */
static void drop_placeholders(fvi_input_spec *s) {
    const fvi_labels *l = s->labels;
    for (int i = 0; l && i < l->count; i++)
        if (!g_str_has_prefix(l->name[i], "LABEL_")) return;
    fvi_labels_free(s->labels);
    s->labels = NULL;
}

static void config_labels(const config *c) {
    static const char *const keys[] = {"id2label", "label_names", "class_names", "label2id"};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        char *text = text_of(c, keys[i]);
        if (text) take_labels(c->file, keys[i], text, c->out);
        g_free(text);
    }
    drop_placeholders(c->out);
    char *text = text_of(c, "label_descriptions");
    fv_error err = {0};
    if (text && c->out->labels && fvi_labels_describe(c->out->labels, text, &err))
        fvi_input_remark(c->out, "%s label_descriptions cannot be read and is passed over: %s",
                         c->file, err.text);
    g_free(text);
}

/* ---- timm ----------------------------------------------------------------------------------- */

/* timm keeps the middle of photos, `crop_pct` of what they are resized to. */
static void timm_fit(const config *c, double height) {
    const char *mode = word(c, "crop_mode"), *filter = word(c, "interpolation");
    const double share = number(c, "crop_pct", 0.01, 1, 0.875);
    const int squashes = !strcmp(mode, "squash"), borders = !strcmp(mode, "border");
    if (filter[0]) remark_filter(c, filter);
    if (squashes)
        c->out->fit = FV_FIT_STRETCH;
    else if (borders)
        set_padding(c->out);
    else
        set_crop(c->out, height > 0 ? height / resized_to(height, share) : share);
    if ((squashes || borders) && share < 1)
        fvi_input_remark(c->out, "%s keeps %g of photos (crop_pct); here they are %s whole",
                         c->file, share, squashes ? "stretched" : "padded");
    if (!squashes && !borders && mode[0] && strcmp(mode, "center") != 0)
        remark(c, "crop_mode", "center, squash, border");
}

static void timm(const config *c) {
    double mean[4], std[4], size[3];
    const int n_mean = numbers(c, "mean", mean, 4), n_std = numbers(c, "std", std, 4),
              n_size = numbers(c, "input_size", size, 3);
    if (!n_mean && !n_std && !n_size) return;
    if (n_mean && n_std) {
        c->out->range = 1;
        c->out->channel_order = FV_RGB;
        set_channels(c, "mean", mean, n_mean, 0);
        set_channels(c, "std", std, n_std, 1);
    } else if (n_mean || n_std) {
        fvi_input_remark(c->out, "%s: %s is passed over, since there is no %s", c->file,
                         n_mean ? "mean" : "std", n_mean ? "std" : "mean");
    }
    if (n_size == 3 && is_size(size[1]) && is_size(size[2]))
        set_size(c, size[1], size[2]);
    else if (n_size)
        remark(c, "input_size", "[channels, height, width], 1 to 32768");
    timm_fit(c, c->out->height);
}

static void model_config(const config *c) {
    const config nested = inside(c, "pretrained_cfg");
    timm(nested.o ? &nested : c);
    config_labels(c);
    if (nested.o && !c->out->labels) config_labels(&nested);
}

/* ---- Azure Custom Vision -------------------------------------------------------------------- */

static const char *find_text(const void *object, const char *key) {
    const config c = {(JsonObject *)(uintptr_t)object, NULL, NULL};
    const char *text = word(&c, key);
    return text[0] ? text : NULL;
}

static void custom_vision(const config *c) {
    fvi_input_from_exporters(&(fvi_texts){find_text, c->o, c->file}, c->out);
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Maps a file; 0: there is none, or it cannot be read, which is remarked. */
static int open_file(const char *path, fvi_mapping *m, fvi_input_spec *out) {
    fv_error err = {0};
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) return 0;
    if (!fvi_mapping_open(path, CONFIG_MAX, m, &err)) return 1;
    fvi_input_remark(out, "%s is passed over: %s", fvi_path_base(path), err.text);
    return 0;
}

static void read_json(const char *folder, const char *name, void (*read)(const config *),
                      fvi_input_spec *out) {
    char *path = g_build_filename(folder, name, NULL);
    fvi_mapping m = {0};
    JsonNode *root = NULL;
    fvi_input_spec s = {0};
    fv_error err = {0};
    if (open_file(path, &m, &s)) {
        if (fvi_json_parse((const char *)m.bytes, m.size, &root, &err))
            fvi_input_remark(&s, "%s is passed over: %s", name, err.text);
        else if (!JSON_NODE_HOLDS_OBJECT(root))
            fvi_input_remark(&s, "%s is passed over: not a JSON object", name);
        else
            read(&(config){json_node_get_object(root), name, &s});
        fvi_mapping_close(&m);
    }
    fvi_input_spec_source(&s, name);
    fvi_input_spec_merge(out, &s);
    fvi_input_spec_clear(&s);
    if (root) json_node_unref(root);
    g_free(path);
}

static void read_labels(const char *path, fvi_input_spec *out) {
    fvi_mapping m = {0};
    if (out->labels || !open_file(path, &m, out)) return;
    char *text = NULL;
    fv_error err = {0};
    if (fvi_labels_decode((const char *)m.bytes, m.size, &text, &err))
        fvi_input_remark(out, "%s cannot be read and is passed over: %s", fvi_path_base(path),
                         err.text);
    else
        take_labels(fvi_path_base(path), "", text, out);
    fvi_input_spec_source(out, fvi_path_base(path));
    g_free(text);
    fvi_mapping_close(&m);
}

static void read_folder(const char *folder, fvi_input_spec *out) {
    static const struct {
        const char *name;
        void (*read)(const config *);
    } jsons[] = {{"preprocessor_config.json", hf_preprocessor},
                 {"processor_config.json", hf_preprocessor},
                 {"config.json", model_config},
                 {"metadata_properties.json", custom_vision}};
    static const char *const lists[] = {"labels.txt", "classes.txt", "labels.json",
                                        "class_names.json", "synset_words.txt"};
    for (size_t i = 0; i < G_N_ELEMENTS(jsons); i++)
        read_json(folder, jsons[i].name, jsons[i].read, out);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        char *path = g_build_filename(folder, lists[i], NULL);
        read_labels(path, out);
        g_free(path);
    }
}

void fvi_input_from_configs(const fvi_model_file *f, fvi_input_spec *out) {
    if (!f->path) return; /* a model from memory has none */
    char *folder = g_path_get_dirname(f->path);
    char *base = g_path_get_basename(folder), *above = g_path_get_dirname(folder);
    static const char *const endings[] = {"labels.txt", "names"}; /* Darknet's: net.names */
    const int stem = (int)fvi_model_file_stem(f, f->path);
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        char *own = g_strdup_printf("%.*s.%s", stem, f->path, endings[i]);
        read_labels(own, out);
        g_free(own);
    }
    read_folder(folder, out);
    if (!strcmp(base, "onnx")) read_folder(above, out);
    g_free(above);
    g_free(base);
    g_free(folder);
}
