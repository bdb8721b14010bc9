/* SPDX-License-Identifier: Apache-2.0 */
/* What other programs write into a file's metadata, and what is said of what cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <math.h>
#include <string.h>

#include "model/network/network.h"
#include "support/builder.h"

/* A file of one convolution to `classes` channels, with keys and values of metadata, opened. */
static fvi_network *load(int classes, const char *dims, const char *const *metadata, builder **out,
                         const fv_model_desc *desc) {
    builder *b = builder_new(17);
    char *weights = g_strdup_printf("%d,3,3,3", classes);
    builder_input(b, "x", FVI_F32, dims);
    builder_f32(b, "w", weights, NULL);
    builder_node(b, "Conv", "conv1", "x,w", "y");
    builder_node(b, "GlobalAveragePool", "gap", "y", "z");
    builder_output(b, "z");
    for (int i = 0; metadata[i]; i += 2) builder_metadata(b, metadata[i], metadata[i + 1]);
    fvi_network *n = NULL;
    fv_error err = {0};
    if (fvi_network_load(builder_save(b, "net.onnx"), desc, &n, &err)) fail_msg("%s", err.text);
    g_free(weights);
    *out = b;
    return n;
}

static void done(fvi_network *n, builder *b) {
    fvi_network_free(n);
    builder_free(b);
}

static char *names_of(const fvi_network *n) {
    GString *s = g_string_new(NULL);
    for (int i = 0; i < fvi_network_class_count(n); i++)
        g_string_append_printf(s, "%s%s", i ? "|" : "", fvi_network_class_name(n, i));
    return g_string_free(s, FALSE);
}

static const char *source_of(const fvi_network *n, const char *part) {
    for (int i = 0; i < fvi_network_input_part_count(n); i++)
        if (!strcmp(fvi_network_input_part(n, i)->part, part))
            return fvi_network_input_part(n, i)->source;
    fail_msg("no part %s", part);
    return "";
}

typedef struct expected {
    const char *metadata[12];
    int height, width, order, fit;
    double range, mean, scale, crop;
    const char *names, *source; /* of the classes */
} expected;

static const expected exporters[] = {
    /* Ultralytics 8, exporter.py: metadata = {"names": ..., "task": ...}, str() of each */
    {{"names", "{0: 'a', 1: 'b', 2: 'c'}", "imgsz", "[320, 416]", "stride", "32", "task", "detect",
      NULL},
     320,
     416,
     FV_RGB,
     FV_FIT_PAD,
     1,
     0,
     1,
     0.875,
     "a|b|c",
     "metadata names"},
    {{"names", "{0: 'a', 1: 'b', 2: 'c'}", "imgsz", "224", "task", "classify", NULL},
     224,
     224,
     FV_RGB,
     FV_FIT_CROP,
     1,
     0,
     1,
     1,
     "a|b|c",
     "metadata names"},
    /* YOLOv5, export.py: stride and names alone */
    {{"names", "['a', 'b', 'c']", "stride", "96", NULL},
     288,
     288,
     FV_RGB,
     FV_FIT_PAD,
     1,
     0,
     1,
     0.875,
     "a|b|c",
     "metadata names"},
    /* QGIS Deepness: json.dumps of each */
    {{"model_type", "\"Segmentor\"", "class_names", "{\"0\": \"a\", \"1\": \"b\", \"2\": \"c\"}",
      "tile_size", "512", "standardization_mean", "[0.5, 0.4, 0.3]", "standardization_std",
      "[0.25, 0.25, 0.25]", NULL},
     512,
     512,
     FV_RGB,
     FV_FIT_CROP,
     1,
     0.5,
     4,
     0.875,
     "a|b|c",
     "metadata class_names"},
    /* Azure Custom Vision */
    {{"CustomVision.Preprocess.CropMethod", "FullImageShorterSide",
      "CustomVision.Preprocess.TargetHeight", "240", "CustomVision.Preprocess.TargetWidth", "200",
      "Image.BitmapPixelFormat", "Bgr8", "Image.NominalPixelRange", "NominalRange_0_255", NULL},
     240,
     200,
     FV_BGR,
     FV_FIT_CROP,
     255,
     0,
     1,
     1,
     "",
     NULL},
    {{"CustomVision.Preprocess.CropMethod", "NoCrop", "CustomVision.Preprocess.NormalizeMean",
      "[123.0, 117.0, 104.0]", "CustomVision.Preprocess.NormalizeStd", "[50.0, 50.0, 50.0]",
      "Image.BitmapPixelFormat", "Rgb8", "Image.NominalPixelRange", "Normalized_0_1", NULL},
     224,
     224,
     FV_RGB,
     FV_FIT_STRETCH,
     255,
     123,
     0.02,
     0.875,
     "",
     NULL},
    {{"CustomVision.Preprocess.CropMethod", "OneCropCenter", "CustomVision.Preprocess.TargetHeight",
      "256", "CustomVision.Preprocess.CropHeight", "192", "CustomVision.Preprocess.CropWidth",
      "192", "Image.NominalPixelRange", "Normalized_1_1", NULL},
     192,
     192,
     FV_RGB,
     FV_FIT_CROP,
     1,
     0.5,
     2,
     0.75,
     "",
     NULL},
    /* PaddleX: classes; a dictionary's notation in a line is a name */
    {{"character", "text\n{0: title}\nfigure", "Image.NominalPixelRange", "Normalized_0_1", NULL},
     224,
     224,
     FV_RGB,
     FV_FIT_CROP,
     1,
     0,
     1,
     0.875,
     "text|{0: title}|figure",
     "metadata character"},
    {{"label_names", "[\"n1\", \"n2\", \"n3\"]", "label_descriptions",
      "{\"n1\": \"hen\", \"n2\": \"jay, bird\", \"n3\": \"owl\"}", "Image.NominalPixelRange",
      "Normalized_0_1", NULL},
     224,
     224,
     FV_RGB,
     FV_FIT_CROP,
     1,
     0,
     1,
     0.875,
     "hen|jay, bird|owl",
     "metadata label_descriptions"},
};

static void reads_exporters(void **state) {
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(exporters); i++) {
        builder *b;
        fvi_network *n = load(3, "N,3,H,W", exporters[i].metadata, &b, NULL);
        const fv_input *in = fvi_network_input(n);
        char *names = names_of(n);
        if (in->assumed && strstr(in->assumed, "cannot be read"))
            fail_msg("case %zu: %s", i, in->assumed);
        assert_int_equal(in->height, exporters[i].height);
        assert_int_equal(in->width, exporters[i].width);
        assert_int_equal(in->channel_order, exporters[i].order);
        assert_int_equal(in->fit, exporters[i].fit);
        assert_float_equal(in->range, exporters[i].range, 1e-6);
        assert_float_equal(in->mean[0], exporters[i].mean, 1e-6);
        assert_float_equal(in->scale[0], exporters[i].scale, 1e-6);
        assert_float_equal(in->crop_ratio, exporters[i].crop, 1e-6);
        assert_string_equal(names, exporters[i].names);
        if (exporters[i].source) assert_string_equal(source_of(n, "classes"), exporters[i].source);
        g_free(names);
        done(n, b);
    }
}

/* Names that do not count as the network does. */
static void fits_names(void **state) {
    (void)state;
    static const struct {
        int classes;
        const char *key, *value, *names, *note;
    } c[] = {
        {2, "names", "{1: 'a', 2: 'b'}", "a|b",
         "metadata names begins at 1; class 0 is taken as its first, \"a\""},
        {3, "names", "{1: 'a', 2: 'b'}", "|a|b", NULL},
        {4, "character", "x\ny\nz", "x|y|z", NULL}, /* no row of characters: [1,4,1,1] */
        {3, "labels", "a,b", "", "no class names (metadata labels has 2, which fits no output)"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(c); i++) {
        const char *const metadata[] = {c[i].key, c[i].value, NULL};
        builder *b;
        fvi_network *n = load(c[i].classes, "N,3,16,16", metadata, &b, NULL);
        const char *assumed = fvi_network_input(n)->assumed;
        char *names = names_of(n);
        assert_string_equal(names, c[i].names);
        if (c[i].note && !strstr(assumed, c[i].note)) fail_msg("\"%s\"", assumed);
        g_free(names);
        done(n, b);
    }
}

/* PaddleOCR's readers of text: [N, T, characters], the blank first and perhaps the space last. */
static void reads_characters(void **state) {
    (void)state;
    static const char *const names[] = {"x|y|z", "blank|x|y|z", "blank|x|y|z|space"};
    for (int more = 0; more < 3; more++) {
        builder *b = builder_new(17);
        char *dims = g_strdup_printf("1,5,%d", 3 + more);
        builder_input(b, "x", FVI_F32, dims);
        builder_node(b, "Relu", "r", "x", "y");
        builder_output(b, "y");
        builder_metadata(b, "character", "x\ny\nz\n");
        fvi_network *n = NULL;
        assert_int_equal(fvi_network_load(builder_save(b, "net.onnx"), NULL, &n, NULL), FV_OK);
        char *found = names_of(n);
        assert_string_equal(found, names[more]);
        const char *note = fvi_network_input(n)->assumed;
        if (more) assert_non_null(strstr(note, "class 0 is taken as the blank before the 3"));
        g_free(found);
        g_free(dims);
        done(n, b);
    }
}

static void remarks_what_it_cannot_read(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *text;
    } c[] = {
        {"names", "{0: ['a']}",
         "net.onnx: metadata names cannot be read and is passed over: \"{0: ['a']}\": a name"
         " expected at byte 4"},
        {"class_names", "{\"a\": \"b\"}", "key \"a\" is no class's number"},
        {"character", "", "metadata character cannot be read and is passed over: \"\": no class"},
        {"imgsz", "[a]",
         "metadata imgsz cannot be read and is passed over: \"[a]\": allowed: 1 to"
         " 2 numbers"},
        {"imgsz", "[1e30, 640]", "allowed: whole sizes of 1 to 32768"},
        {"stride", "0", "metadata stride cannot be read and is passed over: \"0\""},
        {"stride", "nan", "metadata stride"},
        {"task", "dance", "allowed: detect, segment, classify, pose, obb"},
        {"Image.BitmapPixelFormat", "Yuv", "allowed: Gray8, Rgb8, Bgr8"},
        {"Image.NominalPixelRange", "NominalRange_16_235", "allowed: NominalRange_0_255"},
        {"CustomVision.Preprocess.CropMethod", "Round", "allowed: FullImageShorterSide"},
        {"CustomVision.Preprocess.NormalizeStd", "[0, 1, 1]", "0 is not a usable number"},
        {"CustomVision.Preprocess.TargetHeight", "many", "allowed: 1 to 1 numbers"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(c); i++) {
        const char *const with_names[] = {c[i].key, c[i].value, "names", "['a', 'b', 'c']", NULL};
        const int alone = strstr(c[i].key, "names") || !strcmp(c[i].key, "character");
        const char *const by_itself[] = {c[i].key, c[i].value, NULL};
        builder *b;
        fvi_network *n = load(3, "N,3,64,64", alone ? by_itself : with_names, &b, NULL);
        const char *note = fvi_network_input(n)->assumed;
        if (!note || !strstr(note, c[i].text))
            fail_msg("%s=%s: \"%s\" (wanted \"%s\")", c[i].key, c[i].value, note, c[i].text);
        done(n, b);
    }
}

static void says_that_a_size_does_not_fit_the_stride(void **state) {
    (void)state;
    static const char *const metadata[] = {"names", "['a', 'b', 'c']", "stride", "32", NULL};
    for (int size = 96; size <= 100; size += 4) {
        const fv_model_desc d = {.struct_size = sizeof d, .size = size};
        builder *b;
        fvi_network *n = load(3, "N,3,H,W", metadata, &b, &d);
        const char *note = fvi_network_input(n)->assumed;
        const int told = note && strstr(note, "size 100x100 is no multiple of 32");
        assert_int_equal(told, size == 100);
        done(n, b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_exporters),
        cmocka_unit_test(fits_names),
        cmocka_unit_test(reads_characters),
        cmocka_unit_test(remarks_what_it_cannot_read),
        cmocka_unit_test(says_that_a_size_does_not_fit_the_stride),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
