/* SPDX-License-Identifier: Apache-2.0 */
/* How a picture becomes the network's input: who says it, who wins, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "model/network/find.h"
#include "model/network/lower.h"
#include "model/network/network.h"
#include "support/input_net.h"

/* A channels-last network as tf2onnx writes it. */
static builder *net_last(const char *dims) {
    builder *b = builder_new(17);
    builder_input(b, "x", FVI_F32, dims);
    builder_f32(b, "w", "4,3,3,3", NULL);
    Onnx__NodeProto *n = builder_node(b, "Transpose", "t", "x", "u");
    builder_ints(b, n, "perm", "0,3,1,2");
    builder_node(b, "Conv", "conv1", "u,w", "y");
    builder_output(b, "y");
    return b;
}

static void expect_refused(builder *b, const fv_model_desc *desc, fv_status status,
                           const char *text) {
    fvi_network *n = NULL;
    fv_error err = {0};
    fv_status st = fvi_network_load(builder_save(b, "net.onnx"), desc, &n, &err);
    if (st != status || !strstr(err.text, text))
        fail_msg("status %d (wanted %d), text \"%s\" (wanted \"%s\")", st, status, err.text, text);
    assert_null(n);
    builder_free(b);
}

/* ---- what the shape says, and what is assumed ----------------------------------------------- */

static void assumes_imagenet(void **state) {
    (void)state;
    builder *b = net("N,3,64,80");
    fvi_network *n = load(b, NULL);
    const fv_input *in = fvi_network_input(n);
    assert_string_equal(in->name, "x");
    assert_int_equal(in->is_image, 1);
    assert_int_equal(in->channels, 3);
    assert_int_equal(in->height, 64);
    assert_int_equal(in->width, 80);
    assert_int_equal(in->channels_last, 0);
    assert_int_equal(in->channel_order, FV_RGB);
    assert_int_equal(in->ndim, 4);
    assert_int_equal(in->dim[0], -1);
    expect_near(in->range, 1);
    expect_near(in->mean[1], 0.456);
    expect_near(in->scale[2], 1 / 0.225);
    assert_non_null(strstr(in->assumed, "net.onnx"));
    assert_non_null(strstr(in->assumed, "ImageNet"));
    assert_null(strstr(in->assumed, "size"));
    assert_int_equal(fvi_network_class_count(n), 0);
    assert_null(fvi_network_class_name(n, 0));
    fvi_shape s = fvi_network_input_shape(n, 5, 0, 96);
    assert_true(s.dim[0] == 5 && s.dim[1] == 3 && s.dim[2] == 64 && s.dim[3] == 96);
    done(n, b);
}

static void assumes_size_and_channels(void **state) {
    (void)state;
    builder *b = net("N,C,H,W");
    fvi_network *n = load(b, NULL);
    assert_int_equal(fvi_network_input(n)->channels, 3); /* the convolution says it */
    assert_int_equal(fvi_network_input(n)->height, 224);
    assert_non_null(strstr(fvi_network_input(n)->assumed, "size 224x224"));
    done(n, b);
}

static void knows_channels_last(void **state) {
    (void)state;
    builder *b = net_last("N,32,48,3");
    fvi_network *n = load(b, NULL);
    const fv_input *in = fvi_network_input(n);
    assert_int_equal(in->channels_last, 1);
    assert_int_equal(in->height, 32);
    assert_int_equal(in->width, 48);
    expect_near(in->range, 255);
    expect_near(in->mean[0], 127.5);
    fvi_shape s = fvi_network_input_shape(n, 2, 0, 0);
    assert_true(s.dim[0] == 2 && s.dim[1] == 32 && s.dim[2] == 48 && s.dim[3] == 3);
    const fv_layer *l = fvi_network_layer(n, fvi_network_layer_count(n) - 1);
    assert_int_equal(l->receptive_field[0], 3);
    assert_int_equal(l->receptive_field[1], 3);
    done(n, b);
}

static void vectors_are_no_pictures(void **state) {
    (void)state;
    builder *b = builder_new(17);
    builder_input(b, "v", FVI_F32, "N,12");
    builder_node(b, "Relu", "r", "v", "y");
    builder_output(b, "y");
    fvi_network *n = load(b, NULL);
    const fv_input *in = fvi_network_input(n);
    assert_int_equal(in->is_image, 0);
    assert_int_equal(in->ndim, 2);
    assert_int_equal(in->dim[1], 12);
    assert_int_equal(in->channels, 0);
    assert_null(in->assumed);
    assert_int_equal(fvi_network_layer(n, 0)->receptive_field[0], 0);
    assert_int_equal(fvi_network_input_shape(n, 7, 0, 0).dim[0], 7);
    done(n, b);
}

/* Rows of numbers of which a Reshape makes pictures are these; others before a convolution are not
 * planes of one row or of unknown layout. */
static void rows_are_laid_out(void **state) {
    (void)state;
    static const struct {
        const char *dims, *sizes, *weights, *size; /* as the file has them; "" no picture */
        int last;
    } cases[] = {{"1,3072", "1,3,32,32", "4,3,3,3", "3x32x32", 0},
                 {"?,784", "-1,1,28,28", "4,1,3,3", "1x28x28", 0},
                 {"64,784", "64,1,28,28", "4,1,3,3", "1x28x28", 0},
                 {"?,3072", "-1,32,32,3", "4,3,3,3", "3x32x32", 1},
                 {"28,30", "1,1,28,30", "4,1,3,3", "1x28x30", 0},
                 {"?,600", "-1,12,1,50", "4,12,1,3", "", 0},
                 {"?,3072", "-1,3,32,0", "4,3,3,3", "", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        builder *b = builder_new(17);
        builder_input(b, "x", FVI_F32, cases[i].dims);
        builder_i64(b, "sizes", cases[i].sizes);
        builder_f32(b, "w", cases[i].weights, NULL);
        builder_node(b, "Reshape", "r", "x,sizes", "v");
        if (cases[i].last)
            builder_ints(b, builder_node(b, "Transpose", "t", "v", "u"), "perm", "0,3,1,2");
        builder_node(b, "Conv", "conv", cases[i].last ? "u,w" : "v,w", "y");
        builder_output(b, "y");
        fvi_network *n = load(b, NULL);
        assert_string_equal(part_of(n, "size", 0), cases[i].size);
        assert_int_equal(fvi_network_input(n)->channels_last, cases[i].last);
        done(n, b);
    }
}

/* ---- metadata ------------------------------------------------------------------------------- */

static void reads_metadata(void **state) {
    (void)state;
    builder *b = net("N,3,H,W");
    builder_metadata(b, "fovea.mean", "127,127.5, 128");
    builder_metadata(b, "fovea.std", "[128]");
    builder_metadata(b, "fovea.range", "255");
    builder_metadata(b, "fovea.channel_order", "bgr");
    builder_metadata(b, "fovea.size", "96x128");
    builder_metadata(b, "fovea.labels",
                     "tench, Tinca tinca\ngoldfish\nL'\xc3\xa9"
                     "cole\njay\n");
    fvi_network *n = load(b, NULL);
    const fv_input *in = fvi_network_input(n);
    expect_near(in->mean[0], 127);
    expect_near(in->mean[2], 128);
    for (int c = 0; c < 3; c++) expect_near(in->scale[c], 1 / 128.0);
    expect_near(in->range, 255);
    assert_int_equal(in->channel_order, FV_BGR);
    assert_int_equal(in->height, 96);
    assert_int_equal(in->width, 128);
    assert_null(in->assumed);
    assert_int_equal(fvi_network_class_count(n), 4);
    assert_string_equal(fvi_network_class_name(n, 1), "goldfish");
    done(n, b);
}

static void reads_metadata_of_others(void **state) {
    (void)state;
    builder *b = net("N,3,64,64");
    builder_metadata(b, "Image.BitmapPixelFormat", "Bgr8");
    builder_metadata(b, "Image.NominalPixelRange", "NominalRange_0_255");
    fvi_network *n = load(b, NULL);
    assert_int_equal(fvi_network_input(n)->channel_order, FV_BGR);
    expect_near(fvi_network_input(n)->range, 255);
    expect_near(fvi_network_input(n)->mean[0], 0);
    expect_near(fvi_network_input(n)->scale[0], 1);
    done(n, b);
    b = net("N,3,H,W");
    builder_metadata(b, "names", "{0: 'person', 1: \"dog's\", 2: 'a: b'}");
    builder_metadata(b, "imgsz", "[320, 416]");
    n = load(b, NULL);
    assert_int_equal(fvi_network_input(n)->height, 320);
    assert_int_equal(fvi_network_input(n)->width, 416);
    expect_near(fvi_network_input(n)->scale[0], 1);
    assert_string_equal(fvi_network_class_name(n, 1), "dog's");
    assert_string_equal(fvi_network_class_name(n, 2), "a: b");
    done(n, b);
}

static void guesses_range_from_means(void **state) {
    (void)state;
    builder *b = net("N,3,64,64");
    builder_metadata(b, "fovea.mean", "104,117,123");
    fvi_network *n = load(b, NULL);
    expect_near(fvi_network_input(n)->range, 255);
    expect_near(fvi_network_input(n)->scale[0], 1);
    assert_non_null(strstr(fvi_network_input(n)->assumed, "range 0..255"));
    done(n, b);
}

static void refuses_metadata(void **state) {
    (void)state;
    const struct {
        const char *key, *value, *text;
    } c[] = {
        {"fovea.mean", "1,2,3,4,5", "net.onnx: metadata fovea.mean is \"1,2,3,4,5\""},
        {"fovea.mean", "", "1 to 4 numbers"},
        {"fovea.mean", "red", "metadata fovea.mean is \"red\""},
        {"fovea.mean", "1,nan,2", "not a usable number"},
        {"fovea.mean", "1,2",
         "net.onnx: metadata fovea.mean has 2 numbers; input \"x\" has 3 channels"},
        {"fovea.std", "1,0,1", "metadata fovea.std: 0 is not a usable number"},
        {"fovea.scale", "inf", "not a usable number"},
        {"fovea.range", "-1", "metadata fovea.range is \"-1\""},
        {"fovea.range", "2", "metadata fovea.range is \"2\"; allowed: 1, 255"},
        {"fovea.size", "0", "metadata fovea.size is \"0\""},
        {"fovea.size", "99999999", "metadata fovea.size"},
        {"fovea.size", "12.5", "metadata fovea.size"},
        {"fovea.channel_order", "rbg", "allowed: rgb, bgr"},
        {"fovea.layout", "chwn", "allowed: nchw, nhwc"},
        {"fovea.labels", "[1,2]", "metadata fovea.labels: class name 0 is not a string"},
        {"fovea.labels", "[\"a\",", "metadata fovea.labels: not JSON"},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        builder *b = net("N,3,64,64");
        builder_metadata(b, c[i].key, c[i].value);
        expect_refused(b, NULL, FV_FORMAT, c[i].text);
    }
    builder *b = net("N,3,64,64");
    builder_metadata(b, "fovea.input", "picture");
    expect_refused(b, NULL, FV_NOTFOUND, "net.onnx: there is no input \"picture\"");
}

/* ---- sidecar and options -------------------------------------------------------------------- */

static void sidecar_beats_metadata(void **state) {
    (void)state;
    builder *b = net("N,3,H,W");
    builder_metadata(b, "fovea.mean", "1,2,3");
    builder_metadata(b, "fovea.scale", "4");
    builder_metadata(b, "fovea.labels", "from metadata");
    sidecar(b, "{\"input\": \"x\", \"size\": [40, 56], \"mean\": [0.5, 0.25, 0.125], \"range\": 1,"
               " \"channel_order\": \"BGR\", \"layout\": \"nchw\", \"labels\": [\"a\", \"b\\n\", "
               "\"c\", \"d\"]}");
    fvi_network *n = load(b, NULL);
    const fv_input *in = fvi_network_input(n);
    expect_near(in->mean[2], 0.125);
    expect_near(in->scale[1], 4); /* the sidecar does not speak of it */
    assert_int_equal(in->height, 40);
    assert_int_equal(in->width, 56);
    assert_int_equal(in->channel_order, FV_BGR);
    assert_int_equal(fvi_network_class_count(n), 4);
    assert_string_equal(fvi_network_class_name(n, 1), "b");
    assert_null(in->assumed);
    done(n, b);
}

static void options_beat_sidecar(void **state) {
    (void)state;
    builder *b = net("N,3,H,W");
    sidecar(b, "{\"size\": 40, \"mean\": 7, \"std\": 2, \"range\": 1, \"channel_order\": \"bgr\","
               " \"labels_file\": \"names.txt\"}");
    builder_write(b, "names.txt", "one\r\ntwo\r\n\r\n", 12);
    const char *labels = builder_write(b, "other.txt", "x\n\nz\n", 5);
    fvi_network *n = load(b, NULL);
    expect_near(fvi_network_input(n)->scale[0], 0.5);
    assert_int_equal(fvi_network_class_count(n), 2);
    assert_string_equal(fvi_network_class_name(n, 1), "two");
    fvi_network_free(n);
    const float mean[3] = {1, 2, 3}, scale[3] = {4, 5, 6};
    fv_model_desc d = {.struct_size = sizeof(fv_model_desc),
                       .size = 64,
                       .channel_order = FV_RGB,
                       .range = 255,
                       .mean = mean,
                       .scale = scale,
                       .labels = labels};
    n = load(b, &d);
    const fv_input *in = fvi_network_input(n);
    for (int c = 0; c < 3; c++) {
        expect_near(in->mean[c], mean[c]);
        expect_near(in->scale[c], scale[c]);
    }
    assert_int_equal(in->height, 64);
    assert_int_equal(in->channel_order, FV_RGB);
    expect_near(in->range, 255);
    assert_int_equal(fvi_network_class_count(n), 3);
    assert_string_equal(fvi_network_class_name(n, 1), "");
    assert_string_equal(fvi_network_class_name(n, 2), "z");
    done(n, b);
}

static void refuses_sidecars(void **state) {
    (void)state;
    const struct {
        const char *json, *text;
    } c[] = {
        {"", "net.fovea.json: not JSON: empty"},
        {"{\"mean\": [1,2}", "net.fovea.json: not JSON"},
        {"[1]", "net.fovea.json: not a JSON object"},
        {"{\"maen\": 1}", "net.fovea.json: unknown key \"maen\"; allowed: input, size"},
        {"{\"mean\": \"1,2,3\"}",
         "net.fovea.json: \"mean\" is \"1,2,3\"; allowed: a number, or an array"},
        {"{\"mean\": []}", "\"mean\" is []"},
        {"{\"mean\": [1,2,3,4,5]}", "\"mean\" is [1,2,3,4,5]"},
        {"{\"mean\": [1,true,3]}", "\"mean\" is [1,true,3]"},
        {"{\"mean\": [1,2]}", "net.fovea.json: \"mean\" has 2 numbers; input \"x\" has 3 channels"},
        {"{\"std\": 0}", "net.fovea.json: \"std\": 0 is not a usable number"},
        {"{\"scale\": 1e300}", "not a usable number"},
        {"{\"scale\": 1, \"std\": 1}", "exclude each other"},
        {"{\"labels\": [\"a\"], \"labels_file\": \"names.txt\"}", "exclude each other"},
        {"{\"size\": 0}", "\"size\" is 0; allowed: a size in pixels"},
        {"{\"size\": [1, 2, 3]}", "\"size\" is [1,2,3]"},
        {"{\"size\": 1.5}", "\"size\" is 1.5"},
        {"{\"size\": [32]}",
         "\"size\" is [32]; allowed: a size in pixels, or [height, width], 1 to"},
        {"{\"size\": 32769}", "\"size\" is 32769; allowed: a size in pixels"},
        {"{\"size\": 32, \"size\": 64}", "the key \"size\" stands twice; allowed: once"},
        {"{\"range\": 0}", "\"range\" is 0; allowed: 1, 255"},
        {"{\"range\": 2}", "\"range\" is 2; allowed: 1, 255"},
        {"{\"std\": -1}", "\"std\": -1 is not a usable number; allowed: finite and above 0"},
        {"{\"size\": 32,}", "not JSON: line 1:12"},
        {"[]", "not a JSON object; allowed: one"},
        {"{\"channel_order\": \"gbr\"}", "allowed: \"rgb\", \"bgr\""},
        {"{\"fit\": \"squash\"}", "allowed: \"crop\", \"stretch\", \"pad\""},
        {"{\"crop_ratio\": 0}", "\"crop_ratio\" is 0"},
        {"{\"layout\": 1}", "allowed: \"nchw\", \"nhwc\""},
        {"{\"labels\": \"cat\"}", "net.fovea.json: \"labels\": class names are not an array"},
        {"{\"labels\": [1]}", "class name 0 is not a string"},
        {"{\"labels_file\": \"../names.txt\"}",
         "\"labels_file\": \"../names.txt\" is not a path inside"},
        {"{\"labels_file\": \"/etc/passwd\"}", "is not a path inside the model's folder"},
        {"{\"labels_file\": \"link\"}", "outside the model's folder"},
        {"{\"labels_file\": \"gone.txt\"}", "the file \"gone.txt\" is not there"},
        {"{\"input\": 3}", "\"input\" is 3; allowed: the name of an input"},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        builder *b = net("N,3,64,64");
        sidecar(b, c[i].json);
        builder_write(b, "names.txt", "a\n", 2);
        assert_int_equal(symlink("/etc/passwd", builder_path(b, "link")), 0);
        expect_refused(b, NULL,
                       c[i].text[0] == 't' && strstr(c[i].text, "there") ? FV_IO : FV_FORMAT,
                       c[i].text);
    }
    builder *b = net("N,3,64,64");
    builder_write(b, "net.onnx.fovea.json", "{}", 2);
    sidecar(b, "{}");
    expect_refused(b, NULL, FV_FORMAT,
                   "net.fovea.json and net.onnx.fovea.json are sidecars of one model");
    b = net("N,3,64,64");
    char *deep = g_strnfill(100000, '[');
    sidecar(b, deep);
    g_free(deep);
    expect_refused(b, NULL, FV_FORMAT, "nested more than 32 deep");
}

static void refuses_options(void **state) {
    (void)state;
    const float bad[3] = {1, NAN, 1};
    const struct {
        fv_model_desc d;
        fv_status status;
        const char *text;
    } c[] = {
        {{.size = -1}, FV_ARG, "option size is -1"},
        {{.size = 1 << 20}, FV_ARG, "option size"},
        {{.channel_order = 3}, FV_ARG, "option channel_order is 3"},
        {{.range = -2}, FV_ARG, "option range is -2"},
        {{.mean = bad}, FV_ARG, "option mean: nan is not a usable number"},
        {{.fit = (fv_fit)7}, FV_ARG, "option fit is 7"},
        {{.crop_ratio = 2}, FV_ARG, "option crop_ratio is 2"},
        {{.class_names = (const char *const[]){"a"}}, FV_ARG, "class_count is 0"},
        {{.labels = "/nonexistent/labels.txt"}, FV_IO, "labels.txt"},
        {{.max_file_bytes = -1}, FV_ARG, "max_file_bytes"},
        {{.max_file_bytes = 10}, FV_NOMEM, "net.onnx"},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++)
        expect_refused(net("N,3,64,64"), &c[i].d, c[i].status, c[i].text);
}

/* ---- class names ---------------------------------------------------------------------------- */

static void finds_classes(void **state) {
    (void)state;
    builder *b = net("N,3,64,64");
    sidecar(b, "{\"labels\": [\"tench, Tinca tinca\", \"great white shark\", \"crane\", \"Crane\","
               " \"\xc3\x89t\xc3\xa9\"]}");
    fvi_network *n = load(b, NULL);
    const struct {
        const char *name;
        int index;
    } good[] = {
        {"great white shark", 1},  {"Great-White_SHARK", 1},
        {"tinca tinca", 0},        {"Tench", 0},
        {"tench, tinca tinca", 0}, {"2", 2},
        {"\xc3\xa9t\xc3\xa9", 4},  {"3", 3},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int index = -1;
        fv_error err;
        if (fvi_network_find_class(n, good[i].name, &index, &err)) fail_msg("%s", err.text);
        assert_int_equal(index, good[i].index);
    }
    int index = 42;
    fv_error err;
    assert_int_equal(fvi_network_find_class(n, "great white shrk", &index, &err), FV_NOTFOUND);
    assert_int_equal(index, 42);
    assert_non_null(strstr(err.text, "did you mean \"great white shark\"?"));
    assert_int_equal(fvi_network_find_class(n, "crane", &index, &err), FV_ARG);
    assert_non_null(
        strstr(err.text, "class 2, \"crane\", and of class 3, \"Crane\"; allowed: the"));
    const char *none[] = {"", "??", "5", "\xff\xfe", "zebra"};
    for (int i = 0; i < 5; i++)
        assert_int_equal(fvi_network_find_class(n, none[i], &index, &err), FV_NOTFOUND);
    done(n, b);
}

/* ---- what the graph does to its own input --------------------------------------------------- */

/* x, op after op by constants of one number or one a channel, before the convolution. */
static builder *net_with(const char *const *ops, const float (*by)[3], int n) {
    static const char *const names[] = {"x", "a", "b", "c"};
    builder *b = builder_new(17);
    builder_input(b, "x", FVI_F32, "N,3,16,16");
    builder_f32(b, "w", "4,3,3,3", NULL);
    for (int i = 0; i < n; i++) {
        char *k = fvi_pool_printf(builder_pool(b), "k%d", i);
        char *in = fvi_pool_printf(builder_pool(b), "%s,%s", names[i], k);
        builder_f32(b, k, "3,1,1", by[i]);
        builder_node(b, ops[i], fvi_pool_printf(builder_pool(b), "step%d", i), in, names[i + 1]);
    }
    builder_node(b, "Conv", "conv1", fvi_pool_printf(builder_pool(b), "%s,w", names[n]), "y");
    builder_output(b, "y");
    return b;
}

static void reads_the_graph(void **state) {
    (void)state;
    static const struct {
        const char *ops[2];
        float by[2][3];
        double range, mean, scale;
        int order;
        const char *source; /* of the range */
    } c[] = {
        {{"Mul"}, {{1 / 255.0f, 1 / 255.0f, 1 / 255.0f}}, 255, 0, 1, FV_RGB, "layer \"step0\""},
        {{"Div", "Sub"},
         {{127.5f, 127.5f, 127.5f}, {1, 1, 1}},
         255,
         0,
         1,
         FV_RGB,
         "layer \"step1\""},
        {{"Sub", "Div"},
         {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}},
         1,
         0,
         1,
         FV_RGB,
         "layer \"step1\""},
        {{"Sub", "Mul"},
         {{123.675f, 116.28f, 103.53f}, {0.0171f, 0.0175f, 0.0174f}},
         255,
         0,
         1,
         FV_RGB,
         "layer \"step1\""},
        {{"Sub"}, {{103.939f, 116.779f, 123.68f}}, 255, 0, 1, FV_BGR, "layer \"step0\""},
        {{"Add"}, {{-104, -117, -123}}, 255, 0, 1, FV_BGR, "layer \"step0\""},
        {{"Mul", "Sub"}, {{2, 2, 2}, {1, 1, 1}}, 1, 0, 1, FV_RGB, "layer \"step1\""},
        {{"Mul", "Add"},
         {{127.5f, 127.5f, 127.5f}, {127.5f, 127.5f, 127.5f}},
         255,
         127.5,
         1 / 127.5,
         FV_RGB,
         "layer \"step1\""},
        /* torchvision's GoogLeNet: normalised pictures come in */
        {{"Mul", "Add"},
         {{0.458f, 0.448f, 0.45f}, {-0.03f, -0.088f, -0.188f}},
         1,
         0.485,
         1 / 0.229,
         FV_RGB,
         "layer \"step1\""},
        /* nearly nothing, and a square: no word about pixels */
        {{"Mul"}, {{1.1f, 0.9f, 1.05f}}, 1, 0.485, 1 / 0.229, FV_RGB, "assumed"},
        {{"Pow"}, {{2, 2, 2}}, 1, 0.485, 1 / 0.229, FV_RGB, "assumed"},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        builder *b = net_with(c[i].ops, c[i].by, c[i].ops[1] ? 2 : 1);
        fvi_network *n = load(b, NULL);
        const fv_input *in = fvi_network_input(n);
        expect_near(in->range, c[i].range);
        expect_near(in->mean[0], c[i].mean);
        expect_near(in->scale[0], c[i].scale);
        assert_int_equal(in->channel_order, c[i].order);
        assert_string_equal(part_of(n, "range", 1), c[i].source);
        done(n, b);
    }
}

static void sources_beat_the_graph(void **state) {
    (void)state;
    builder *b =
        net_with((const char *[]){"Mul"}, (const float[][3]){{1 / 255.0f, 0.004f, 0.004f}}, 1);
    sidecar(b, "{\"range\": 1, \"channel_order\": \"bgr\"}");
    fvi_network *n = load(b, NULL);
    expect_near(fvi_network_input(n)->range, 1);
    assert_string_equal(part_of(n, "range", 1), "net.fovea.json");
    assert_string_equal(part_of(n, "range", 0), "0..1");
    assert_string_equal(part_of(n, "channel order", 0), "BGR");
    assert_string_equal(part_of(n, "size", 1), "the file's input");
    assert_non_null(strstr(fvi_network_input(n)->assumed, "fits pixels 0..255")); /* it is told */
    done(n, b);
}

/* A reversal of the channels, and a whole mean picture behind it, channels last. */
static void follows_channels(void **state) {
    (void)state;
    builder *b = builder_new(17);
    float mean[8 * 8 * 3];
    for (int i = 0; i < 64; i++)
        for (int c = 0; c < 3; c++)
            mean[i * 3 + c] = (c ? c == 1 ? 116.779f : 123.68f : 103.939f) + (i % 2 ? 5 : -5);
    builder_input(b, "x", FVI_F32, "N,8,8,3");
    builder_f32(b, "w", "4,3,3,3", NULL);
    builder_f32(b, "mean", "1,8,8,3", mean);
    builder_i64(b, "order", "2,1,0");
    builder_int(b, builder_node(b, "Gather", "reverse", "x,order", "bgr"), "axis", 3);
    builder_node(b, "Sub", "data_Sub", "bgr,mean", "centred");
    builder_ints(b, builder_node(b, "Transpose", "t", "centred", "u"), "perm", "0,3,1,2");
    builder_node(b, "Conv", "conv1", "u,w", "y");
    builder_output(b, "y");
    fvi_network *n = load(b, NULL);
    const fv_input *in = fvi_network_input(n);
    expect_near(in->range, 255);
    expect_near(in->mean[0], 0);
    assert_int_equal(in->channel_order, FV_RGB);
    assert_string_equal(part_of(n, "channel order", 1), "means in the graph");
    assert_null(strstr(in->assumed, "assumed"));
    done(n, b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assumes_imagenet),         cmocka_unit_test(assumes_size_and_channels),
        cmocka_unit_test(knows_channels_last),      cmocka_unit_test(vectors_are_no_pictures),
        cmocka_unit_test(rows_are_laid_out),        cmocka_unit_test(reads_metadata),
        cmocka_unit_test(reads_metadata_of_others), cmocka_unit_test(guesses_range_from_means),
        cmocka_unit_test(refuses_metadata),         cmocka_unit_test(sidecar_beats_metadata),
        cmocka_unit_test(options_beat_sidecar),     cmocka_unit_test(refuses_sidecars),
        cmocka_unit_test(refuses_options),          cmocka_unit_test(finds_classes),
        cmocka_unit_test(reads_the_graph),          cmocka_unit_test(sources_beat_the_graph),
        cmocka_unit_test(follows_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
