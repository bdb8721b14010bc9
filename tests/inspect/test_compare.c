/* SPDX-License-Identifier: Apache-2.0 */
/* Two checkpoints: the measure of each kind of change against its formula, and the pictures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "model/network/lower.h"
#include "fovea/fovea.h"
#include "runtime/session.h"
#include "support/interrupt.h"
#include "support/net.h"

#define CHANNELS 6
#define SAMPLES  5

static builder *ba, *bb;
static fv_model *a, *b;
static fv_session *sa, *sb; /* of them, made by begin */

/* x [N][4] -> fc [N][6] -> relu. B differs from A by channel: 0 the same; 1 negated; 2 twice; 3
 * with another bias; 4 all zero; 5 other weights. */
static void make(builder *to, int changed) {
    float w[CHANNELS][4], c[CHANNELS];
    for (int o = 0; o < CHANNELS; o++) {
        for (int i = 0; i < 4; i++) w[o][i] = sinf((float)(7 * o + 3 * i + 1));
        c[o] = 0.25f;
    }
    for (int i = 0; i < 4 && changed; i++) {
        w[1][i] *= -1;
        w[2][i] *= 2;
        w[4][i] = 0;
        w[5][i] = cosf((float)(5 * i));
    }
    if (changed) c[3] += 3;
    builder_input(to, "x", FVI_F32, "N,4");
    builder_f32(to, "w", "6,4", &w[0][0]);
    builder_f32(to, "c", "6", c);
    builder_int(to, builder_node(to, "Gemm", "fc", "x,w,c", "f"), "transB", 1);
    builder_node(to, "Tanh", "act", "f", "y");
}

static int setup(void **state) {
    (void)state;
    ba = builder_new(17);
    bb = builder_new(17);
    a = b = NULL;
    sa = sb = NULL;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fv_session_free(sa);
    fv_session_free(sb);
    fv_model_free(a);
    fv_model_free(b);
    builder_free(ba);
    builder_free(bb);
    return 0;
}

static void load_both(void) {
    make(ba, 0);
    make(bb, 1);
    a = net_load(ba, NULL);
    b = net_load(bb, NULL);
}

static fv_tensor *inputs(void) {
    fv_tensor *t = NULL;
    assert_int_equal(fv_tensor_new(2, (int64_t[]){SAMPLES, 4}, &t, NULL), FV_OK);
    for (int i = 0; i < SAMPLES * 4; i++) t->data[i] = sinf(1.7f * (float)(i * i % 23));
    return t;
}

/* Sessions of both that keep what is not finite. */
static void open_both(void) {
    const fv_session_desc keep = {.struct_size = sizeof keep, .on_nan = FV_ON_NAN_KEEP};
    if (!sa) assert_int_equal(fv_session_new(a, &keep, &sa, NULL), FV_OK);
    if (!sb) assert_int_equal(fv_session_new(b, &keep, &sb, NULL), FV_OK);
}

static fv_comparison *begin(const char *layer) {
    fv_comparison *c = NULL;
    fv_error err = {0};
    open_both();
    if (fv_comparison_new(sa, sb, layer, &c, &err)) fail_msg("%s", err.text);
    return c;
}

static fv_changes *rank(fv_comparison *c) {
    fv_changes *r = NULL;
    fv_error err = {0};
    if (fv_comparison_rank(c, &r, &err)) fail_msg("%s", err.text);
    return r;
}

static const fv_channel_change *channel(const fv_changes *r, int which) {
    for (int i = 0; i < r->count; i++)
        if (r->change[i].channel == which) return &r->change[i];
    fail_msg("channel %d is missing", which);
    return NULL;
}

static void near(double value, double wanted) {
    if (!(fabs(value - wanted) < 1e-5)) fail_msg("%g, not %g", value, wanted);
}

/* What the header says, straight from two columns of numbers. */
static void expect_change(const fv_tensor *fa, const fv_tensor *fb, const fv_channel_change *c) {
    double mean[2] = {0}, var[2] = {0}, cov = 0, apart = 0, most = -1;
    const fv_tensor *f[2] = {fa, fb};
    int sample = 0;
    for (int m = 0; m < 2; m++)
        for (int s = 0; s < SAMPLES; s++)
            mean[m] += f[m]->data[s * CHANNELS + c->channel] / (double)SAMPLES;
    for (int s = 0; s < SAMPLES; s++) {
        const double x = fa->data[s * CHANNELS + c->channel],
                     y = fb->data[s * CHANNELS + c->channel];
        var[0] += (x - mean[0]) * (x - mean[0]) / SAMPLES;
        var[1] += (y - mean[1]) * (y - mean[1]) / SAMPLES;
        cov += (x - mean[0]) * (y - mean[1]) / SAMPLES;
        apart += (x - y) * (x - y) / SAMPLES;
        if ((x - y) * (x - y) > most) sample = s;
        most = fmax(most, (x - y) * (x - y));
    }
    near(c->mean[0], mean[0]);
    near(c->mean[1], mean[1]);
    near(c->stddev[0], sqrt(var[0]));
    near(c->change, apart / (var[0] + var[1] + (mean[0] - mean[1]) * (mean[0] - mean[1])));
    if (c->channel != 4) near(c->pattern, 1 - cov / sqrt(var[0] * var[1]));
    if (c->channel != 0) assert_int_equal(c->sample, sample);
}

static void test_every_kind_of_change(void **state) {
    (void)state;
    load_both();
    fv_tensor *x = inputs(), *f[2] = {NULL, NULL};
    for (int m = 0; m < 2; m++) {
        fv_session *s = NULL;
        assert_int_equal(fv_session_new(m ? b : a, NULL, &s, NULL), FV_OK);
        assert_int_equal(fv_session_run(s, x, "f", &f[m], NULL), FV_OK);
        fv_session_free(s);
    }
    fv_comparison *c = begin("fc");
    assert_int_equal(fv_comparison_add_input(c, x, NULL), FV_OK);
    fv_changes *r = rank(c);
    assert_int_equal(r->count, CHANNELS);
    assert_int_equal(r->samples, SAMPLES);
    assert_string_equal(r->weights, "fc");
    for (int k = 0; k < CHANNELS; k++) expect_change(f[0], f[1], channel(r, k));
    for (int i = 1; i < CHANNELS; i++) assert_true(r->change[i - 1].change >= r->change[i].change);
    assert_true(channel(r, 0)->change == 0 && r->change[CHANNELS - 1].channel == 0);
    near(channel(r, 4)->change, 1); /* dead in B: nothing in common */
    assert_true(isnan(channel(r, 4)->pattern));
    near(channel(r, 3)->pattern, 0); /* shifted: the pattern is the same, the channel is not */
    assert_true(channel(r, 3)->change > 0.5);
    const double weights[CHANNELS] = {0, 2, 0.2, 0, 1, NAN};
    for (int k = 0; k < 5; k++) near(channel(r, k)->weights, weights[k]);
    fv_changes_free(r);
    fv_comparison_free(c);
    for (int m = 0; m < 2; m++) fv_tensor_free(f[m]);
    fv_tensor_free(x);
}

/* One by one or all at once: the moments are the same. */
static void test_samples_in_parts(void **state) {
    (void)state;
    load_both();
    fv_tensor *x = inputs();
    fv_comparison *whole = begin("act"), *parts = begin("act");
    assert_int_equal(fv_comparison_add_input(whole, x, NULL), FV_OK);
    for (int s = 0; s < SAMPLES; s++) {
        fv_tensor row = {2, {1, 4}, x->data + 4 * s};
        assert_int_equal(fv_comparison_add_input(parts, &row, NULL), FV_OK);
    }
    fv_changes *r = rank(whole), *q = rank(parts);
    assert_string_equal(r->weights, "fc"); /* what feeds the function */
    for (int i = 0; i < CHANNELS; i++) {
        assert_int_equal(r->change[i].channel, q->change[i].channel);
        assert_int_equal(r->change[i].sample, q->change[i].sample);
        assert_true(fabs(r->change[i].change - q->change[i].change) < 1e-6);
    }
    fv_changes_free(r);
    fv_changes_free(q);
    fv_comparison_free(whole);
    fv_comparison_free(parts);
    fv_tensor_free(x);
}

/* A channel without any finite number has no change, and comes last; its sample can be drawn. */
static void test_what_is_not_finite(void **state) {
    (void)state;
    load_both();
    fv_tensor *x = inputs();
    fv_image *out[3];
    fv_error err = {0};
    x->data[1] = NAN;
    fv_comparison *c = begin("fc");
    fv_tensor row = {2, {1, 4}, x->data};
    assert_int_equal(fv_comparison_add_input(c, &row, NULL), FV_OK);
    fv_changes *r = rank(c);
    assert_int_equal(r->not_finite, CHANNELS);
    for (int i = 0; i < CHANNELS; i++) {
        assert_int_equal(r->change[i].channel, i);
        assert_true(isnan(r->change[i].change) && isnan(r->change[i].mean[0]));
    }
    fv_changes_free(r);
    if (fv_comparison_draw(c, NULL, &row, 0, NULL, out, &err)) fail_msg("%s", err.text);
    for (int i = 0; i < 3; i++) fv_image_free(out[i]);
    fv_comparison_free(c);
    fv_tensor_free(x);
}

/* Channel 0 is NaN in both, channel 1 changed: 1 is first. */
static void test_unknown_comes_last(void **state) {
    (void)state;
    float bias[2][2] = {{NAN, 1}, {NAN, 2}}, w[8] = {1, 2, 3, 4, 4, 3, 2, 1};
    builder *const to[] = {ba, bb};
    for (int m = 0; m < 2; m++) {
        builder_input(to[m], "x", FVI_F32, "N,4");
        builder_f32(to[m], "w", "2,4", w);
        builder_f32(to[m], "c", "2", bias[m]);
        builder_int(to[m], builder_node(to[m], "Gemm", "fc", "x,w,c", "y"), "transB", 1);
    }
    a = net_load(ba, NULL);
    b = net_load(bb, NULL);
    fv_tensor *x = inputs();
    fv_comparison *c = begin("fc");
    assert_int_equal(fv_comparison_add_input(c, x, NULL), FV_OK);
    fv_changes *r = rank(c);
    assert_true(r->change[0].channel == 1 && r->change[0].change > 0);
    assert_true(r->change[1].channel == 0 && isnan(r->change[1].change));
    fv_changes_free(r);
    fv_comparison_free(c);
    fv_tensor_free(x);
}

/* ---- maps ----------------------------------------------------------------------------------- */

static void make_maps(builder *to, float factor, const char *dims) {
    float w[2 * 3] = {1, 1, 1, -1, -1, -1};
    for (int i = 0; i < 6; i++) w[i] *= factor;
    builder_input(to, "x", FVI_F32, "1,3,8,8");
    builder_metadata(to, "fovea.mean", "0,0,0");
    builder_metadata(to, "fovea.scale", "1,1,1");
    builder_metadata(to, "fovea.channel_order", "bgr");
    builder_f32(to, "w", dims, dims[0] == '2' ? w : NULL);
    builder_node(to, "Conv", "conv", "x,w", "c");
    builder_node(to, "Relu", "relu", "c", "y");
}

static fv_image *photo(void) {
    fv_image *p = NULL;
    assert_int_equal(fv_image_new(3, 16, 16, &p, NULL), FV_OK);
    for (int i = 0; i < 256; i++) { /* red only */
        p->data[i] = (float)(i % 16) / 16;
        p->data[256 + i] = p->data[512 + i] = 0;
    }
    return p;
}

static void test_maps_are_on_one_scale(void **state) {
    (void)state;
    make_maps(ba, 1, "2,3,1,1");
    make_maps(bb, 0.5f, "2,3,1,1");
    a = net_load(ba, NULL);
    b = net_load(bb, NULL);
    fv_image *p = photo(), *out[3];
    fv_comparison *c = begin("relu");
    fv_error err = {0};
    if (fv_comparison_add(c, p, &err)) fail_msg("%s", err.text);
    fv_changes *r = rank(c);
    assert_int_equal(r->change[0].channel, 0);
    assert_int_equal(r->change[1].channel, 1); /* 0 everywhere in both */
    assert_true(r->change[1].change == 0 && isnan(r->change[1].pattern));
    near(r->change[0].pattern, 0);
    near(r->change[0].weights, 0.2);
    float peaks[2];
    if (fv_comparison_draw(c, p, NULL, 0, peaks, out, &err)) fail_msg("%s", err.text);
    assert_true(fabsf(peaks[1] - peaks[0] / 2) < 1e-5f);
    assert_int_equal(out[0]->channels, 3);
    for (int i = 0; i < 64; i++) {
        assert_true(out[0]->data[i] >= out[0]->data[128 + i]); /* red is red though it is BGR */
        assert_true(fabsf(out[2]->data[i] - out[1]->data[i] / 2) < 0.8f / 255);
    }
    float most = 0;
    for (int i = 0; i < 64; i++) most = fmaxf(most, out[1]->data[i]);
    assert_true(fabsf(most - 1) < 1e-6f);
    for (int i = 0; i < 3; i++) fv_image_free(out[i]);
    assert_int_equal(fv_comparison_draw(c, p, NULL, 2, NULL, out, &err), FV_ARG);
    assert_string_equal(err.text, "net: layer \"relu\" has 2 channels; 2 does not exist (0..1)");
    assert_int_equal(fv_comparison_draw(c, NULL, NULL, 0, NULL, out, NULL), FV_ARG);
    fv_changes_free(r);
    fv_comparison_free(c);
    c = begin("conv"); /* with values below zero: blue and red */
    if (fv_comparison_draw(c, p, NULL, 1, peaks, out, &err)) fail_msg("%s", err.text);
    assert_int_equal(out[1]->channels, 3);
    assert_true(peaks[0] < 0);
    for (int i = 0; i < 3; i++) fv_image_free(out[i]);
    fv_comparison_free(c);
    fv_image_free(p);
}

static void test_refused(void **state) {
    (void)state;
    make_maps(ba, 1, "2,3,1,1");
    make_maps(bb, 1, "5,3,1,1");
    a = net_load(ba, NULL);
    b = net_load(bb, NULL);
    fv_comparison *c = NULL;
    fv_error err = {0};
    open_both();
    assert_int_equal(fv_comparison_new(sa, sb, "relu", &c, &err), FV_SHAPE);
    assert_string_equal(err.text, "layer \"relu\" is 1x2x8x8 in A (net) and 1x5x8x8 in B (net); "
                                  "only layers of one shape can be compared");
    assert_int_equal(fv_comparison_new(sa, sb, "nowhere", &c, &err), FV_NOTFOUND);
    assert_int_equal(fv_comparison_new(sa, NULL, "relu", &c, &err), FV_ARG);
    assert_null(c);
    assert_int_equal(fv_comparison_new(sa, sa, "relu", &c, &err), FV_OK);
    fv_changes *r = NULL;
    assert_int_equal(fv_comparison_rank(c, &r, &err), FV_ARG);
    assert_string_equal(err.text, "nothing was added to compare the networks on");
    fv_tensor *x = NULL;
    assert_int_equal(fv_tensor_new(2, (int64_t[]){1, 4}, &x, NULL), FV_OK);
    assert_int_equal(fv_comparison_add_input(c, x, &err), FV_SHAPE);
    fv_tensor_free(x);
    assert_null(r);
    fv_comparison_free(c);
}

static void test_other_kernels_are_refused(void **state) {
    (void)state;
    make_maps(ba, 1, "2,3,1,1");
    builder_input(bb, "x", FVI_F32, "1,3,8,8");
    builder_f32(bb, "w", "2,3,3,3", NULL);
    builder_ints(bb, builder_node(bb, "Conv", "conv", "x,w", "c"), "pads", "1,1,1,1");
    builder_node(bb, "Relu", "relu", "c", "y");
    a = net_load(ba, NULL);
    b = net_load(bb, NULL);
    fv_comparison *c = NULL;
    fv_error err = {0};
    open_both();
    assert_int_equal(fv_comparison_new(sa, sb, "relu", &c, &err), FV_SHAPE);
    assert_string_equal(err.text, "the weights of layer \"conv\" are 2x3x1x1 in A (net) and "
                                  "2x3x3x3 in B (net); only layers of one shape can be compared");
}

/* ---- sessions ------------------------------------------------------------------------------- */

/* Another thread ends an addition through the monitor of either session; the comparison is as it
 * was before. */
static void test_interrupted(void **state) {
    (void)state;
    load_both();
    fv_tensor *x = inputs();
    fv_image *out[3] = {NULL, NULL, NULL};
    fv_comparison *c = begin("fc");
    fv_tensor row = {2, {1, 4}, x->data};
    assert_int_equal(fv_comparison_add_input(c, x, NULL), FV_OK);
    fv_changes *before = rank(c);
    for (int k = 0; k < 4; k++) {
        fv_session *watched = k / 2 ? sb : sa;
        const int wish = k % 2 ? FV_MONITOR_STOP : FV_MONITOR_CANCEL;
        fv_error err = {0};
        interrupt w;
        interrupt_begin(&w, watched, wish, 0);
        assert_int_equal(fv_comparison_add_input(c, x, &err), FV_CANCELLED);
        assert_true(w.calls == 1 && w.total == SAMPLES);
        assert_int_equal(fv_comparison_add_input(c, x, &err), FV_CANCELLED); /* before A runs */
        assert_int_equal(w.calls, 1);
        assert_int_equal(fv_comparison_draw(c, NULL, &row, 0, NULL, out, &err), FV_CANCELLED);
        interrupt_end(&w, watched);
        fv_changes *after = rank(c);
        assert_int_equal(after->samples, before->samples);
        assert_memory_equal(after->change, before->change, CHANNELS * sizeof *before->change);
        fv_changes_free(after);
    }
    fv_changes_free(before);
    fv_comparison_free(c);
    fv_tensor_free(x);
}

/* The second comparison of two sessions makes no plan and lowers nothing; the sessions' threads are
 * used, and one that does not keep NaN refuses it. */
static void test_one_session(void **state) {
    (void)state;
    load_both();
    fv_tensor *x = inputs();
    fv_error err = {0};
    interrupt w;
    assert_int_equal(fv_session_new(a, FV_DESC(fv_session_desc, .threads = 3), &sa, NULL), FV_OK);
    fv_comparison *c = begin("fc");
    assert_int_equal(fv_comparison_add_input(c, x, NULL), FV_OK);
    fv_comparison_free(c);
    const int plans = fvi_session_plans_made(sa);
    const int lowerings = fvi_network_lowerings(fvi_session_network(sa));
    assert_int_equal(plans, 1);
    interrupt_begin(&w, sa, FV_MONITOR_GO, 0);
    c = begin("fc");
    assert_int_equal(fv_comparison_add_input(c, x, NULL), FV_OK);
    assert_true(w.threads == 3 && w.last == SAMPLES);
    interrupt_end(&w, sa);
    assert_int_equal(fvi_session_plans_made(sa), plans);
    assert_int_equal(fvi_network_lowerings(fvi_session_network(sa)), lowerings);
    x->data[1] = NAN;
    assert_int_equal(fv_comparison_add_input(c, x, &err), FV_NONFINITE);
    fv_changes *r = rank(c);
    assert_int_equal(r->samples, SAMPLES);
    fv_changes_free(r);
    fv_comparison_free(c);
    fv_tensor_free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_kind_of_change, setup, teardown),
        cmocka_unit_test_setup_teardown(test_samples_in_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_finite, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_comes_last, setup, teardown),
        cmocka_unit_test_setup_teardown(test_interrupted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_session, setup, teardown),
        cmocka_unit_test_setup_teardown(test_maps_are_on_one_scale, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_kernels_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
