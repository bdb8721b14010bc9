/* SPDX-License-Identifier: Apache-2.0 */
/* The layer that a class activation map is made of where none is named: the last one with maps that
 * all paths from the picture to the objective go through. Networks built by hand, whose paths are
 * known. */
#include <stdio.h>
#include <string.h>

#include "support/net.h"

/* Means of two convolutions' maps, added, and a dense layer. Of one trunk, or each of the picture;
 * "late" goes on from there, the other is read at once. */
static fv_model *two_paths(builder *b, int has_trunk) {
    builder_input(b, "x", FVI_F32, "N,3,8,8");
    builder_f32(b, "w", "4,3,1,1", NULL);
    builder_f32(b, "w2", has_trunk ? "4,4,1,1" : "4,3,1,1", NULL);
    builder_f32(b, "v", "4,5", NULL);
    builder_node(b, "Conv", "conv", "x,w", "c");
    builder_node(b, "Relu", "trunk", "c", "r");
    builder_node(b, "Conv", "late", has_trunk ? "r,w2" : "x,w2", "l");
    builder_node(b, "GlobalAveragePool", "mean1", "r", "m1");
    builder_node(b, "GlobalAveragePool", "mean2", "l", "m2");
    builder_node(b, "Add", "add", "m1,m2", "m");
    builder_node(b, "Flatten", "flat", "m", "f");
    builder_node(b, "MatMul", "dense", "f,v", "y");
    return net_load(b, NULL);
}

/* A gate: a map times what its own mean says of each channel. */
static fv_model *gated(builder *b) {
    builder_input(b, "x", FVI_F32, "N,3,8,8");
    builder_f32(b, "w", "4,3,1,1", NULL);
    builder_f32(b, "v", "4,5", NULL);
    builder_node(b, "Conv", "conv", "x,w", "c");
    builder_node(b, "GlobalAveragePool", "squeeze", "c", "s");
    builder_node(b, "Sigmoid", "gate", "s", "g");
    builder_node(b, "Mul", "scaled", "c,g", "d");
    builder_node(b, "GlobalAveragePool", "mean", "d", "m");
    builder_node(b, "Flatten", "flat", "m", "f");
    builder_node(b, "MatMul", "dense", "f,v", "y");
    return net_load(b, NULL);
}

/* A picture rescaled, padded and normalised by channel, then a dense layer. */
static fv_model *no_features(builder *b) {
    builder_input(b, "x", FVI_F32, "N,3,8,8");
    builder_f32(b, "by", "1", NULL);
    builder_f32(b, "c", "3", NULL);
    builder_f32(b, "v", "300,5", NULL);
    builder_i64(b, "pads", "0,0,1,1,0,0,1,1");
    builder_node(b, "Div", "rescale", "x,by", "r");
    builder_node(b, "Pad", "pad", "r,pads", "p");
    builder_node(b, "BatchNormalization", "norm", "p,c,c,c,c", "n");
    builder_node(b, "Flatten", "flat", "n", "f");
    builder_node(b, "MatMul", "dense", "f,v", "y");
    return net_load(b, NULL);
}

static void keep_note(void *user, const char *text) {
    if (strstr(text, "Grad-CAM")) snprintf(user, 512, "%s", text);
}

/* Frees the model. */
static void assert_layer(fv_model *m, const char *objective, const char *wanted, const char *note) {
    const int64_t dim[] = {1, 3, 8, 8};
    char said[512] = "";
    fv_session *s = NULL;
    fv_monitor *monitor = NULL;
    fv_tensor *x = NULL;
    fv_objective *o = NULL;
    fv_attribution *a = NULL;
    fv_error err = {0};
    assert_int_equal(fv_session_new(m, NULL, &s, &err), FV_OK);
    assert_int_equal(fv_monitor_new(NULL, keep_note, said, &monitor, &err), FV_OK);
    assert_int_equal(fv_session_set_monitor(s, monitor, &err), FV_OK);
    assert_int_equal(fv_tensor_new(4, dim, &x, &err), FV_OK);
    for (int64_t i = 0; i < fv_tensor_count(x); i++) x->data[i] = (float)(i % 7);
    assert_int_equal(fv_objective_new(m, objective, NULL, 0, &o, &err), FV_OK);
    if (fv_attribute(s, x, o, NULL, &a, &err)) fail_msg("%s", err.text);
    assert_string_equal(a->layer, wanted);
    if (note)
        assert_non_null(strstr(said, note));
    else
        assert_string_equal(said, "");
    fv_attribution_free(a);
    fv_objective_free(o);
    fv_tensor_free(x);
    fv_session_free(s);
    fv_monitor_free(monitor);
    fv_model_free(m);
}

static void test_all_paths(void **state) {
    (void)state;
    builder *b = builder_new(17);
    assert_layer(two_paths(b, 1), "dense:2", "trunk", NULL);
    builder_free(b);
    b = builder_new(17);
    assert_layer(two_paths(b, 1), "late:2", "late", NULL); /* there is one path to it */
    builder_free(b);
    b = builder_new(17);
    assert_layer(gated(b), "dense:2", "scaled", NULL);
    builder_free(b);
}

static void test_no_layer_is_on_all(void **state) {
    (void)state;
    builder *b = builder_new(17);
    assert_layer(two_paths(b, 0), "dense:2", "late", "go past every layer with maps; \"late\"");
    builder_free(b);
}

/* The picture is no feature map, whatever its own preprocessing makes of it. */
static void test_preprocessing_is_no_layer(void **state) {
    (void)state;
    const int64_t dim[] = {1, 3, 8, 8};
    builder *b = builder_new(17);
    fv_model *m = no_features(b);
    fv_session *s = NULL;
    fv_tensor *x = NULL;
    fv_objective *o = NULL;
    fv_attribution *a = NULL;
    fv_error err = {0};
    assert_int_equal(fv_session_new(m, NULL, &s, &err), FV_OK);
    assert_int_equal(fv_tensor_new(4, dim, &x, &err), FV_OK);
    assert_int_equal(fv_objective_new(m, "dense:2", NULL, 0, &o, &err), FV_OK);
    assert_int_equal(fv_attribute(s, x, o, NULL, &a, &err), FV_SHAPE);
    assert_non_null(strstr(err.text, "no layer before the objective has maps"));
    fv_objective_free(o);
    fv_tensor_free(x);
    fv_session_free(s);
    fv_model_free(m);
    builder_free(b);
}

/* A 1x1 convolution of ones of the picture's rows and columns 2..5: what is cropped off has no
 * part in the map, and the bright pixel is where it is in the picture. */
static void test_crop_is_placed(void **state) {
    (void)state;
    const int64_t dim[] = {1, 3, 8, 8};
    builder *b = builder_new(17);
    builder_input(b, "x", FVI_F32, "N,3,8,8");
    builder_f32(b, "w", "1,3,1,1", (const float[]){1, 1, 1});
    builder_i64(b, "less", "0,0,-2,-2,0,0,-2,-2");
    builder_node(b, "Pad", "crop", "x,less", "p");
    builder_node(b, "Conv", "conv", "p,w", "c");
    builder_node(b, "GlobalAveragePool", "mean", "c", "m");
    builder_node(b, "Flatten", "flat", "m", "y");
    fv_model *m = net_load(b, NULL);
    fv_session *s = NULL;
    fv_tensor *x = NULL;
    fv_objective *o = NULL;
    fv_attribution *a = NULL;
    fv_error err = {0};
    assert_int_equal(fv_session_new(m, NULL, &s, &err), FV_OK);
    assert_int_equal(fv_tensor_new(4, dim, &x, &err), FV_OK);
    x->data[3 * 8 + 4] = 1;
    assert_int_equal(fv_objective_new(m, "flat:0", NULL, 0, &o, &err), FV_OK);
    if (fv_attribute(s, x, o, NULL, &a, &err)) fail_msg("%s", err.text);
    for (int i = 0; i < 64; i++)
        if ((a->map->data[i] > 0) != (i == 3 * 8 + 4)) fail_msg("pixel %d", i);
    fv_attribution_free(a);
    fv_objective_free(o);
    fv_tensor_free(x);
    fv_session_free(s);
    fv_model_free(m);
    builder_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_paths),
        cmocka_unit_test(test_no_layer_is_on_all),
        cmocka_unit_test(test_preprocessing_is_no_layer),
        cmocka_unit_test(test_crop_is_placed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
