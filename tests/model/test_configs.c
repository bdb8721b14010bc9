/* SPDX-License-Identifier: Apache-2.0 */
/* What files of other programs beside a model say of its input: read, outranked, or remarked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "support/input_net.h"

static void reads_hugging_face(void **state) {
    (void)state;
    static const struct {
        const char *json;
        int height, width, fit;
        double crop, range, mean, scale;
    } c[] = {
        {"{\"size\": {\"height\": 32, \"width\": 48}, \"do_rescale\": true,"
         " \"rescale_factor\": 0.00392156862745098, \"do_normalize\": true,"
         " \"image_mean\": [0.5, 0.5, 0.5], \"image_std\": [0.25, 0.5, 0.5]}",
         32, 48, FV_FIT_STRETCH, 0.875, 1, 0.5, 4},
        {"{\"size\": {\"shortest_edge\": 40}, \"do_center_crop\": true, \"crop_size\": 32,"
         " \"image_mean\": [0.5, 0.5, 0.5], \"image_std\": [0.25, 0.5, 0.5]}",
         32, 32, FV_FIT_CROP, 0.8, 1, 0.5, 4},
        {"{\"size\": {\"shortest_edge\": 32}, \"crop_pct\": 0.9, \"image_mean\": [0.5, 0.5, 0.5],"
         " \"image_std\": [0.25, 0.5, 0.5]}",
         32, 32, FV_FIT_CROP, 32 / 35.0, 1, 0.5, 4},
        {"{\"image_processor\": {\"size\": {\"height\": 32, \"width\": 32.0}, \"image_mean\": 0.5,"
         " \"image_std\": 0.25, \"do_resize\": 1}}",
         32, 32, FV_FIT_STRETCH, 0.875, 1, 0.5, 4},
        {"{\"size\": 32, \"do_normalize\": false, \"do_rescale\": true}", 32, 32, FV_FIT_STRETCH,
         0.875, 1, 0, 1},
        {"{\"size\": 32, \"do_normalize\": false, \"do_rescale\": false}", 32, 32, FV_FIT_STRETCH,
         0.875, 255, 0, 1},
        /* the processors of Vivit, EfficientNet, LeViT and PoolFormer, as transformers 4.57 has
           them */
        {"{\"size\": 32, \"rescale_factor\": 0.00784313725490196, \"offset\": true,"
         " \"image_mean\": 0.5, \"image_std\": 0.5}",
         32, 32, FV_FIT_STRETCH, 0.875, 2, 1.5, 2},
        {"{\"size\": 32, \"image_processor_type\": \"EfficientNetImageProcessor\","
         " \"image_mean\": [0.5, 0.4, 0.4], \"image_std\": [0.5, 0.25, 0.25]}",
         32, 32, FV_FIT_STRETCH, 0.875, 1, 0.5, 4},
        {"{\"size\": 32, \"include_top\": true, \"do_normalize\": false, \"image_mean\": 0.4,"
         " \"image_std\": [0.5, 0.25, 0.25]}",
         32, 32, FV_FIT_STRETCH, 0.875, 1, 0, 2},
        {"{\"size\": {\"shortest_edge\": 56}, \"crop_size\": {\"height\": 56, \"width\": 48},"
         " \"do_center_crop\": true, \"feature_extractor_type\": \"LevitFeatureExtractor\","
         " \"image_mean\": 0.5, \"image_std\": 0.5}",
         56, 48, FV_FIT_CROP, 56 / 64.0, 1, 0.5, 2},
        {"{\"size\": {\"height\": 32, \"width\": 32}, \"crop_size\": 32, \"crop_pct\": 0.9,"
         " \"do_center_crop\": true, \"image_mean\": 0.5, \"image_std\": 0.5, \"resample\": 3}",
         32, 32, FV_FIT_CROP, 32 / 35.0, 1, 0.5, 2},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        builder *b = net("N,3,H,W");
        write_text(b, "preprocessor_config.json", c[i].json);
        write_text(b, "config.json",
                   "{\"id2label\": {\"1\": \"hen\", \"0\": \"tench\","
                   " \"2\": \"jay\", \"3\": \"owl\"}}");
        fvi_network *n = load(b, NULL);
        const fv_input *in = fvi_network_input(n);
        assert_int_equal(in->height, c[i].height);
        assert_int_equal(in->width, c[i].width);
        assert_int_equal(in->fit, c[i].fit);
        expect_near(in->crop_ratio, c[i].crop);
        expect_near(in->range, c[i].range);
        expect_near(in->mean[0], c[i].mean);
        expect_near(in->scale[0], c[i].scale);
        assert_null(in->assumed);
        assert_string_equal(part_of(n, "mean", 1), "preprocessor_config.json");
        assert_string_equal(part_of(n, "classes", 1), "config.json");
        assert_int_equal(fvi_network_class_count(n), 4);
        assert_string_equal(fvi_network_class_name(n, 1), "hen");
        done(n, b);
    }
}

static void reads_timm(void **state) {
    (void)state;
    static const char *const forms[] = {
        "{\"architecture\": \"vit\", \"label_names\": [\"a\", \"b\", \"c\", \"d\"], "
        "\"pretrained_cfg\": {\"mean\": [0.5, 0.25, 0.5], \"std\": [0.5, 0.5, 0.5], "
        "\"input_size\": [3, 96, 64], \"crop_pct\": 0.95, \"crop_mode\": \"center\"}}",
        "{\"label_names\": [\"a\", \"b\", \"c\", \"d\"], \"mean\": [0.5, 0.25, 0.5], "
        "\"std\": [0.5, 0.5, 0.5], \"input_size\": [3, 96, 64], \"crop_pct\": 0.95}",
    };
    for (int i = 0; i < 2; i++) {
        builder *b = net("N,3,H,W");
        write_text(b, "config.json", forms[i]);
        fvi_network *n = load(b, NULL);
        const fv_input *in = fvi_network_input(n);
        assert_int_equal(in->height, 96);
        assert_int_equal(in->width, 64);
        expect_near(in->mean[1], 0.25);
        expect_near(in->scale[0], 2);
        expect_near(in->crop_ratio, 96 / 101.0);
        assert_int_equal(in->fit, FV_FIT_CROP);
        assert_string_equal(fvi_network_class_name(n, 3), "d");
        done(n, b);
    }
}

/* The file's own size, our own sidecar and options count before what others wrote. */
static void others_come_last(void **state) {
    (void)state;
    builder *b = net("N,3,16,16");
    write_text(b, "preprocessor_config.json",
               "{\"size\": 224, \"image_mean\": [0.5, 0.5, 0.5],"
               " \"image_std\": [0.5, 0.5, 0.5]}");
    sidecar(b, "{\"mean\": 0.25, \"fit\": \"pad\"}");
    fv_model_desc d = {.struct_size = sizeof d, .crop_ratio = 1};
    fvi_network *n = load(b, &d);
    assert_int_equal(fvi_network_input(n)->height, 16);
    expect_near(fvi_network_input(n)->mean[0], 0.25);
    assert_int_equal(fvi_network_input(n)->fit, FV_FIT_PAD);
    expect_near(fvi_network_input(n)->crop_ratio, 1);
    done(n, b);
    b = net("N,3,16,16"); /* padding: our own sidecar, else an option */
    sidecar(b, "{\"fit\": \"pad\", \"pad_color\": [255, 128, 0]}");
    n = load(b, NULL);
    expect_near(fvi_network_input(n)->pad_color[0], 1);
    expect_near(fvi_network_input(n)->pad_color[1], 128 / 255.0);
    assert_string_equal(part_of(n, "padding", 0), "#ff8000");
    fvi_network_free(n);
    d = (fv_model_desc){.struct_size = sizeof d, .pad_color = "white"};
    n = load(b, &d);
    expect_near(fvi_network_input(n)->pad_color[2], 1);
    assert_string_equal(part_of(n, "padding", 1), "option");
    done(n, b);
}

/* Hugging Face and timm pad with what the network sees as 0. */
static void pads_with_zeros(void **state) {
    (void)state;
    static const char *const forms[][2] = {
        {"preprocessor_config.json",
         "{\"size\": {\"shortest_edge\": 24, \"longest_edge\": 32}, \"image_mean\": [0.25, 0.5, 1],"
         " \"image_std\": [0.5, 0.5, 0.5]}"},
        {"preprocessor_config.json",
         "{\"size\": {\"longest_edge\": 24}, \"pad_size\": {\"height\": 16, \"width\": 16},"
         " \"image_mean\": [0.25, 0.5, 1], \"image_std\": [0.5, 0.5, 0.5]}"},
        {"preprocessor_config.json",
         "{\"size\": {\"max_height\": 24, \"max_width\": 40}, \"image_mean\": [0.25, 0.5, 1],"
         " \"image_std\": [0.5, 0.5, 0.5]}"},
        {"config.json", "{\"mean\": [0.25, 0.5, 1], \"std\": [0.5, 0.5, 0.5], \"crop_mode\":"
                        " \"border\", \"input_size\": [3, 24, 24]}"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        builder *b = net("N,3,H,W");
        write_text(b, forms[i][0], forms[i][1]);
        fvi_network *n = load(b, NULL);
        const fv_input *in = fvi_network_input(n);
        assert_int_equal(in->fit, FV_FIT_PAD);
        assert_int_equal(in->height, i == 1 ? 16 : 24);
        expect_near(in->pad_color[0], 0.25);
        expect_near(in->pad_color[2], 1);
        if (i < 3) assert_non_null(strstr(in->assumed, "keeps the shape of photos"));
        done(n, b);
    }
}

/* What cannot be read in files of other programs is remarked. */
static void remarks_on_configs(void **state) {
    (void)state;
    static const struct {
        const char *file, *json, *text;
    } c[] = {
        {"config.json", "[1, 2", "net.onnx: config.json is passed over: not JSON"},
        {"config.json", "[1, 2]", "config.json is passed over: not a JSON object"},
        {"config.json", "", "config.json is passed over: not JSON: empty"},
        {"config.json", "{\"id2label\": {\"0\": [1]}}",
         "config.json id2label cannot be read and is passed over: a name expected"},
        {"config.json", "{\"mean\": [0.5, 0.5, 0.5]}",
         "mean is passed over, since there is no std"},
        {"config.json", "{\"pretrained_cfg\": {\"input_size\": [3, 8]}}",
         "input_size is [3,8] and is passed over; allowed: [channels, height, width], 1 to"},
        {"config.json", "{\"input_size\": [3, 1e300, 8]}",
         "allowed: [channels, height, width], 1 to"},
        {"config.json", "{\"crop_pct\": \"all\", \"input_size\": [3, 16, 16]}",
         "crop_pct is \"all\" and is passed over; allowed: 0.01 to 1"},
        {"config.json", "{\"mean\": [0.5, 0.5], \"std\": [0.5, 0.5]}",
         "config.json mean has 2 numbers, which do not fit 3 channels"},
        {"config.json", "{\"mean\": 0, \"std\": 0}", "config.json std: 0 is not a usable number"},
        {"preprocessor_config.json", "{\"image_mean\": NaN}", "preprocessor_config.json is passed"},
        {"preprocessor_config.json", "{\"image_mean\": \"red\", \"size\": 16}",
         "image_mean is \"red\" and is passed over; allowed: a number, or a list of 1 to 4"},
        {"preprocessor_config.json", "{\"do_normalize\": true}", "but has no image_mean"},
        {"preprocessor_config.json", "{\"do_normalize\": \"yes\"}",
         "do_normalize is \"yes\" and is passed over; allowed: true, false"},
        {"preprocessor_config.json", "{\"image_mean\": 0.5, \"image_std\": 1e-60}", "image_std"},
        {"preprocessor_config.json", "{\"do_rescale\": true, \"rescale_factor\": 1e300}",
         "rescale_factor is 1"},
        {"preprocessor_config.json", "{\"do_rescale\": true, \"size\": [-3, 1e300]}",
         "; allowed: 1 to 32768"},
        {"preprocessor_config.json", "{\"do_rescale\": true, \"do_resize\": false}",
         "does not resize photos (do_resize)"},
        {"processor_config.json",
         "{\"image_processor\": {\"do_rescale\": 3, \"size\": {},"
         " \"do_normalize\": false}}",
         NULL},
        {"preprocessor_config.json", "{\"do_rescale\": true}",
         "has no do_normalize, which is taken as false"},
        {"preprocessor_config.json", "{\"do_rescale\": true, \"resample\": 2}",
         "resizes photos with the filter bilinear; here it is bicubic"},
        {"preprocessor_config.json", "{\"do_rescale\": true, \"resample\": 9}",
         "resample is 9 and is passed over; allowed: 0 to 5"},
        {"preprocessor_config.json", "{\"do_rescale\": true, \"size\": {\"width\": 16}}",
         "allowed: {height, width}, {shortest_edge}"},
        {"preprocessor_config.json",
         "{\"do_rescale\": true, \"do_center_crop\": true, \"crop_size\": 16, \"size\":"
         " {\"height\": 20, \"width\": 20}}",
         "stretches photos to 20x20 before it crops"},
        {"preprocessor_config.json",
         "{\"do_center_crop\": true, \"crop_size\": 16, \"size\": {\"shortest_edge\": 8}}",
         "crops 16 of 8 pixels"},
        {"preprocessor_config.json", "{\"do_rescale\": true, \"size\": {\"shortest_edge\": 8}}",
         "keeps the shape of photos; their middle is the input"},
        {"preprocessor_config.json", "{\"do_rescale\": true, \"keep_aspect_ratio\": true}",
         "keep_aspect_ratio is not done here"},
        {"config.json", "{\"a\": 1, \"a\": 2}", "the key \"a\" stands twice"},
        {"config.json", "{\"input_size\": [3, 16, 16], \"interpolation\": \"bilinear\"}",
         "resizes photos with the filter bilinear"},
        {"config.json", "{\"input_size\": [3, 16, 16], \"crop_mode\": \"round\"}",
         "allowed: center, squash, border"},
        {"config.json", "{\"input_size\": [3, 16, 16], \"crop_mode\": \"squash\"}",
         "keeps 0.875 of photos (crop_pct); here they are stretched whole"},
        {"preprocessor_config.json", "{\"feature_size\": 80, \"sampling_rate\": 16000}", NULL},
        {"labels.txt", "", "labels.txt cannot be read and is passed over: no class names"},
        {"labels.json", "{\"0\": ", "labels.json cannot be read and is passed over: a name"},
        {"metadata_properties.json", "{\"CustomVision.Preprocess.CropMethod\": \"Round\"}",
         "metadata_properties.json CustomVision.Preprocess.CropMethod cannot be read"},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        builder *b = net("N,3,16,16");
        write_text(b, c[i].file, c[i].json);
        fvi_network *n = load(b, NULL);
        const char *note = fvi_network_input(n)->assumed;
        if (c[i].text ? !note || !strstr(note, c[i].text) : note && strstr(note, ".json"))
            fail_msg("%s: %s: \"%s\" (wanted \"%s\")", c[i].file, c[i].json, note, c[i].text);
        done(n, b);
    }
}

static void labels_must_fit(void **state) {
    (void)state;
    builder *b = net("N,3,16,16"); /* its output has 4 channels */
    write_text(b, "labels.txt", "a\nb\nc\n");
    fvi_network *n = load(b, NULL);
    assert_int_equal(fvi_network_class_count(n), 0);
    assert_non_null(
        strstr(fvi_network_input(n)->assumed, "labels.txt has 3, which fits no output"));
    fvi_network_free(n);
    write_text(b, "net.labels.txt", "a\nb\nc\nd\n");
    n = load(b, NULL);
    assert_int_equal(fvi_network_class_count(n), 4);
    assert_string_equal(part_of(n, "classes", 1), "net.labels.txt");
    fvi_network_free(n);
    sidecar(b, "{\"labels\": [\"a\", \"b\"]}"); /* told: it counts, with a word */
    n = load(b, NULL);
    assert_int_equal(fvi_network_class_count(n), 2);
    assert_non_null(strstr(fvi_network_input(n)->assumed,
                           "net.fovea.json has 2 class names, which fit no output"));
    fvi_network_free(n);
    sidecar(b, "{\"labels_file\": \"names.json\"}");
    static const char *const lists[] = {"[\"a\", \"b, B\", \"c\", \"d\"]",
                                        "\n{0: 'a', 1: 'b, B', 2: 'c', 3: 'd'}"};
    for (int i = 0; i < 2; i++) {
        write_text(b, "names.json", lists[i]);
        n = load(b, NULL);
        assert_int_equal(fvi_network_class_count(n), 4);
        assert_string_equal(fvi_network_class_name(n, 1), "b, B");
        fvi_network_free(n);
    }
    builder_free(b);
}

/* Lists that fit the four channels in one reading of theirs: the names, and what the note says. */
static void labels_are_read_as_they_fit(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *last, *note; /* last NULL: no names */
    } c[] = {
        {"a\n\nb\n\nc\nd", 0, "d", "labels.txt: its empty lines are left out, since 4 names fit"},
        {"# of a farm\na\nb\nc\nd\n", 0, "d", "labels.txt: its comments are left out"},
        {"# of a farm\n\na\nb\nc\nd\n", 0, "d", "its comments and empty lines are left out"},
        {"a,b,c,d\n", 0, "d", "its one line is split at commas"},
        {"a\tb\tc\td", 0, "d", "its one line is split at tabs"},
        {"a;b;c;d", 0, "d", "its one line is split at ;"},
        {"a|b|c|d\n", 0, "d", "its one line is split at |"},
        {"id,name\n0,a\n1,b\n2,c\n3,d\n", 0, "d", "labels.txt: its first line is left out"},
        {"names:\n  0: a\n  1: b\n  2: c\n  3: d\n", 0, "d", "its first line is left out"},
        {"names\na\nb\nc\nd\n", 0, NULL, "labels.txt has 5, which fits no output"},
        {"4 d\n2 b\n1 a\n3 c\n", 0, "d", "labels.txt: classes are ordered by the numbers"},
        {"a\n\nc\nd\n", 0, "d", NULL}, /* class 1 has no name */
        {"a;b;c\n", 0, NULL, "labels.txt has 1, which fits no output"},
        {"\xff\xfe"
         "a\0\n\0b\0\n\0c\0\n\0\xe9\0",
         16, "\xc3\xa9", NULL},
        {"\xfe\xff"
         "\0a\0\n\0b\0\n\0c\0\n\0d",
         16, "d", NULL},
        {"a\nb\0c", 5, NULL, "labels.txt cannot be read and is passed over: no text"},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        builder *b = net("N,3,16,16");
        builder_write(b, "labels.txt", c[i].bytes, c[i].size ? c[i].size : strlen(c[i].bytes));
        fvi_network *n = load(b, NULL);
        const char *note = fvi_network_input(n)->assumed;
        if (fvi_network_class_count(n) != (c[i].last ? 4 : 0))
            fail_msg("row %zu: %d names; %s", i, fvi_network_class_count(n), note);
        if (c[i].last) assert_string_equal(fvi_network_class_name(n, 3), c[i].last);
        if (c[i].note ? !note || !strstr(note, c[i].note) : note && strstr(note, "labels.txt:"))
            fail_msg("row %zu: \"%s\" (wanted \"%s\")", i, note, c[i].note);
        done(n, b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_hugging_face),
        cmocka_unit_test(reads_timm),
        cmocka_unit_test(others_come_last),
        cmocka_unit_test(pads_with_zeros),
        cmocka_unit_test(remarks_on_configs),
        cmocka_unit_test(labels_must_fit),
        cmocka_unit_test(labels_are_read_as_they_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
