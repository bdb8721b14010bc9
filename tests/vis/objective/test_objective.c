/* SPDX-License-Identifier: Apache-2.0 */
/* Reading objectives: every spelling, what it is taken for, and what is refused with which words.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <glib.h>

#include "runtime/model_state.h"
#include "support/builder.h"
#include "support/resolve.h"
#include "vis/objective/bind.h"

/* ---- networks ------------------------------------------------------------------------------- */

static builder *b;
static fvi_network *net; /* ends in a softmax */

/* x [N,3,8,8] -> stem/conv -> stem/relu -> odd ones -> pool -> flat -> fc8 -> prob [N,4]. */
static void body(builder *to) {
    builder_input(to, "x", FVI_F32, "N,3,8,8");
    builder_f32(to, "w", "6,3,3,3", NULL);
    builder_f32(to, "v", "4,6", NULL);
    builder_f32(to, "c", "4", NULL);
    Onnx__NodeProto *n = builder_node(to, "Conv", "stem/conv", "x,w", "stem/conv:0");
    builder_ints(to, n, "pads", "1,1,1,1");
    builder_node(to, "Relu", "stem/relu-1", "stem/conv:0", "stem_relu");
    builder_node(to, "Sigmoid", "a - b", "stem_relu", "ab");
    builder_node(to, "Tanh", "tv", "ab", "tv_out");
    builder_node(to, "Sigmoid", "odd(name)", "tv_out", "odd");
    builder_node(to, "Tanh", "3*x", "odd", "three");
    builder_node(to, "GlobalAveragePool", "pool", "three", "pooled");
    builder_node(to, "Flatten", "flat", "pooled", "flattened");
    n = builder_node(to, "Gemm", "fc8", "flattened,v,c", "fc8_1");
    builder_int(to, n, "transB", 1);
}

static fvi_network *load(builder *from, const char *file) {
    fvi_network *n = NULL;
    fv_error err = {0};
    if (fvi_network_load(builder_save(from, file), NULL, &n, &err)) fail_msg("%s", err.text);
    return n;
}

static int setup(void **state) {
    (void)state;
    b = builder_new(17);
    body(b);
    builder_int(b, builder_node(b, "Softmax", "prob", "fc8_1", "prob_1"), "axis", 1);
    builder_output(b, "prob_1");
    builder_metadata(b, "fovea.labels", "[\"tench, Tinca tinca\", \"cock\", \"hen\", \"7\"]");
    net = load(b, "net.onnx");
    float v[6] = {1, 2, 3, 4, 5, 6};
    fv_tensor vector = {1, {6}, v};
    return fv_tensor_save(&vector, builder_path(b, "v.npy"), NULL);
}

static int teardown(void **state) {
    (void)state;
    fvi_network_free(net);
    builder_free(b);
    return 0;
}

/* ---- what is read --------------------------------------------------------------------------- */

static void assert_reads(fvi_reduction reduction, const char *text, const char *more,
                         const char *expected, const char *note) {
    fvi_objective o;
    fv_objective *handle = NULL;
    fv_error err = {0};
    char out[512], again[512];
    if (fvi_objective_read(net, text, NULL, 0, &handle, &err)) fail_msg("%s: %s", text, err.text);
    assert_string_equal(handle->note, note);
    fv_objective_free(handle);
    if (resolve_text(net, text, more, reduction, &o, &err)) fail_msg("%s: %s", text, err.text);
    fvi_objective_text(&o, out, sizeof out);
    assert_string_equal(out, expected);
    fvi_objective_clear(&o);
    if (resolve_text(net, out, NULL, reduction, &o, &err)) fail_msg("%s: %s", out, err.text);
    fvi_objective_text(&o, again, sizeof again);
    assert_string_equal(again, out);
    fvi_objective_clear(&o);
}

#define CLASS_NOTE(C)                                                                          \
    "class:" C " is optimised on \"fc8\", the logits before the softmax \"prob\"; ask prob:" C \
    " for the probability"

static void every_spelling_is_read(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected, *note;
    } cases[] = {
        {"stem/conv", "'stem/conv:0'", ""},
        {"conv", "'stem/conv:0'", ""},
        {"#0", "'stem/conv:0'", ""},
        {"stem/conv:0", "stem/conv:0:0", ""},
        {"stem/conv:0:0", "stem/conv:0:0", ""},
        {"'stem/conv:0'", "'stem/conv:0'", ""},
        {"stem/conv:5", "stem/conv:0:5", ""},
        {"stem/relu-1:2@0,7", "stem_relu:2@0,7", ""},
        {"neuron(stem/relu-1:2)", "neuron(stem_relu:2)", ""},
        {"neuron(stem/relu-1:2@3,4)", "stem_relu:2@3,4", ""},
        {"stem/relu-1:2@centre", "neuron(stem_relu:2)", ""},
        {"mean(stem_relu:2)", "stem_relu:2", ""},
        {"squares(stem_relu)", "stem_relu", ""},
        {"squares(stem_relu:1)", "squares(stem_relu:1)", ""},
        {"energy( stem_relu )", "energy(stem_relu)", ""},
        {"energy(stem_relu:4)", "energy(stem_relu:4)", ""},
        {"strong(stem_relu)", "strong(stem_relu)", ""},
        {"strong(stem_relu:1, 2.5)", "strong(stem_relu:1, 2.5)", ""},
        {"diversity(stem_relu)", "diversity(stem_relu)", ""},
        {"alignment(stem_relu)", "alignment(stem_relu)", ""},
        {"alignment(input,3)", "alignment(input, 3)", ""},
        {"interpolate(stem_relu:1, class:hen)", "interpolate(stem_relu:1, fc8_1:2)",
         CLASS_NOTE("hen")},
        {"class:2", "fc8_1:2", CLASS_NOTE("2")},
        {"class:hen", "fc8_1:2", CLASS_NOTE("hen")},
        {"class:tinca TINCA", "fc8_1:0", CLASS_NOTE("tinca TINCA")},
        {"prob:hen", "prob:2", ""},
        {"prob:7", "prob:3", ""},
        {"'prob':2", "fc8_1:2",
         "'prob':2 is optimised on \"fc8\", the logits before the softmax \"prob\"; ask prob:2 for "
         "the probability"},
        {"prob_1:2", "fc8_1:2",
         "prob_1:2 is optimised on \"fc8\", the logits before the softmax \"prob\"; ask prob:2 for "
         "the probability"},
        {"prob_1", "prob_1", ""},
        {"fc8:3", "fc8_1:3", ""},
        {"-stem_relu:1", "-stem_relu:1", ""},
        {"- stem_relu:1", "-stem_relu:1", ""},
        {"+stem_relu:1", "stem_relu:1", ""},
        {"0.5*stem_relu:1", "0.5*stem_relu:1", ""},
        {"-.5 * stem_relu:1 - -2e1*fc8:1", "-0.5*stem_relu:1 + 20*fc8_1:1", ""},
        {"stem/relu-1:3 - 0.1*tv", "stem_relu:3 - 0.1*tv", ""},
        {"  stem/relu-1:3   +   fc8:1 ", "stem_relu:3 + fc8_1:1", ""},
        {"a - b", "ab", ""},
        {"a - b:3", "ab:3", ""},
        {"'a - b':3 - \"a - b\":2", "ab:3 - ab:2", ""},
        {"tv", "tv_out", ""},
        {"odd(name)", "odd", ""},
        {"3*x:1", "three:1", ""},
        {"2*'3*x':1", "2*three:1", ""},
        {"fc8:1 - lp(6)", "fc8_1:1 - lp(6)", ""},
        {"fc8:1 - lp(inf)", "fc8_1:1 - lp(inf)", ""},
        {"fc8:1 - squares(0.5) + squares(fc8)", "fc8_1:1 - squares(0.5) + fc8_1", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_reads(FVI_REDUCTION_MEAN, cases[i].text, NULL, cases[i].expected, cases[i].note);
}

/* What bare units mean is the reduction's; what says what it is, keeps it. */
static void reductions_are_kept(void **state) {
    (void)state;
    static const struct {
        fvi_reduction reduction;
        const char *text, *expected;
        const fvi_term_kind *kind;
    } cases[] = {
        {FVI_REDUCTION_MEAN, "stem_relu:1", "stem_relu:1", &fvi_term_channel},
        {FVI_REDUCTION_MEAN, "stem_relu", "stem_relu", &fvi_term_layer},
        {FVI_REDUCTION_ENERGY, "stem_relu:1", "stem_relu:1", &fvi_term_energy},
        {FVI_REDUCTION_ENERGY, "stem_relu", "stem_relu", &fvi_term_energy},
        {FVI_REDUCTION_STRONG, "stem_relu:1", "stem_relu:1", &fvi_term_strong},
        {FVI_REDUCTION_STRONG, "stem_relu", "stem_relu", &fvi_term_strong},
        {FVI_REDUCTION_ENERGY, "stem_relu:1@2,3", "stem_relu:1@2,3", &fvi_term_channel},
        {FVI_REDUCTION_ENERGY, "mean(stem_relu:1)", "mean(stem_relu:1)", &fvi_term_channel},
        {FVI_REDUCTION_ENERGY, "squares(stem_relu)", "squares(stem_relu)", &fvi_term_layer},
        {FVI_REDUCTION_ENERGY, "class:hen", "mean(fc8_1:2)", &fvi_term_channel},
        {FVI_REDUCTION_STRONG, "neuron(stem_relu:1)", "neuron(stem_relu:1)", &fvi_term_channel},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fvi_objective o;
        char text[128];
        fv_status st = resolve_text(net, cases[i].text, NULL, cases[i].reduction, &o, NULL);
        assert_int_equal(st, FV_OK);
        assert_ptr_equal(o.terms[0].kind, cases[i].kind);
        fvi_objective_text(&o, text, sizeof text);
        assert_string_equal(text, cases[i].expected);
        fvi_objective_clear(&o);
    }
}

static void regularisers_are_added(void **state) {
    (void)state;
    assert_reads(FVI_REDUCTION_LITERAL, "fc8:1", "-10*tv(2) - 10*lp(6)",
                 "fc8_1:1 - 10*tv(2) - 10*lp(6)", "");
    assert_reads(FVI_REDUCTION_LITERAL, "fc8:1", NULL, "fc8_1:1", "");
    assert_reads(FVI_REDUCTION_LITERAL, "tv", "- tv", "tv_out - tv", "");
}

/* Of one objective: a channel of a softmax itself, or the logit before it. */
static void a_softmax_stays_where_it_is_wanted(void **state) {
    (void)state;
    fv_objective *o = NULL;
    assert_int_equal(fvi_objective_read(net, "prob_1:2 + class:1", NULL, 0, &o, NULL), FV_OK);
    static const struct {
        fvi_reduction reduction;
        const char *expected;
    } cases[] = {
        {FVI_REDUCTION_LITERAL, "prob_1:2 + fc8_1:1"},
        {FVI_REDUCTION_MEAN, "fc8_1:2 + fc8_1:1"},
        {FVI_REDUCTION_ENERGY, "fc8_1:2 + mean(fc8_1:1)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fvi_objective r;
        char text[64];
        fv_status st = fvi_objective_resolve(o, NULL, net, cases[i].reduction, &r, NULL);
        assert_int_equal(st, FV_OK);
        assert_int_equal(r.n_values, i ? 1 : 2);
        fvi_objective_text(&r, text, sizeof text);
        assert_string_equal(text, cases[i].expected);
        fvi_objective_clear(&r);
    }
    fv_objective_free(o);
}

static void directions_are_loaded(void **state) {
    (void)state;
    fvi_objective o;
    char text[512], written[600];
    const char *path = builder_path(b, "v.npy");
    fv_error err = {0};
    snprintf(text, sizeof text, "fc8:0 + 2*direction(stem_relu@1,2, %s, 4)", path);
    if (resolve_text(net, text, NULL, FVI_REDUCTION_LITERAL, &o, &err)) fail_msg("%s", err.text);
    const fvi_term *t = &o.terms[1];
    assert_ptr_equal(t->kind, &fvi_term_direction);
    assert_true(t->n_position == 2 && t->position[0] == 1 && t->position[1] == 2);
    assert_true(t->argument[0] == 4 && t->weight == 2 && t->vector->data[5] == 6);
    fvi_objective_text(&o, written, sizeof written);
    snprintf(text, sizeof text, "fc8_1:0 + 2*direction(stem_relu@1,2, %s, 4)", path);
    assert_string_equal(written, text);
    char *label = fvi_objective_label(&o);
    snprintf(text, sizeof text, "fc8:0 + 2*direction(stem/relu-1@1,2, %s, 4)", path);
    assert_string_equal(label, text); /* layers as `fovea layers` names them */
    g_free(label);
    fvi_objective_clear(&o);
    snprintf(text, sizeof text, "direction(fc8, '%s')", path);
    assert_int_equal(resolve_text(net, text, NULL, FVI_REDUCTION_LITERAL, &o, &err), FV_SHAPE);
    assert_non_null(strstr(err.text, "v.npy: 6 numbers; a direction in \"fc8\" has 4, one for each "
                                     "channel"));
    fvi_objective_clear(&o);
    float zeros[6] = {0}, wild[6] = {1, NAN, 0, 0, 0, 0};
    fv_tensor bad[2] = {{1, {6}, zeros}, {1, {6}, wild}};
    for (int i = 0; i < 2; i++) {
        const char *other = builder_path(b, "bad.npy");
        assert_int_equal(fv_tensor_save(&bad[i], other, NULL), FV_OK);
        snprintf(text, sizeof text, "direction(stem_relu, %s)", other);
        assert_int_equal(resolve_text(net, text, NULL, FVI_REDUCTION_LITERAL, &o, &err), FV_ARG);
        assert_non_null(strstr(err.text, "a direction needs finite numbers that are not all 0"));
        fvi_objective_clear(&o);
        remove(other);
    }
    snprintf(text, sizeof text, "direction(stem_relu@centre, '%s')", path);
    if (resolve_text(net, text, NULL, FVI_REDUCTION_LITERAL, &o, &err)) fail_msg("%s", err.text);
    fvi_objective_text(&o, written, sizeof written);
    snprintf(text, sizeof text, "direction(stem_relu@centre, %s)", path);
    assert_string_equal(written, text);
    fvi_objective_clear(&o);
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void refusals_say_why(void **state) {
    (void)state;
    static const struct {
        const char *text;
        fv_status status;
        const char *expected; /* the beginning */
    } cases[] = {
        {"", FV_ARG, "an empty objective; allowed: LAYER, LAYER:C, LAYER:C@y,x"},
        {" ", FV_ARG, "an empty objective"},
        {"stem/conv:", FV_ARG,
         "objective \"stem/conv:\": after the layer's name, \":\" is neither a channel (:C) nor a "
         "neuron (:C@y,x)"},
        {"stem/conv:1@", FV_ARG, "objective \"stem/conv:1@\": after the layer's name, \":1@\""},
        {"stem/relu-1:hen", FV_ARG, "objective \"stem/relu-1:hen\": after the layer's name"},
        {"stem_relu:99999999999999999999", FV_ARG, "objective \"stem_relu:9999"},
        {"stem_relu:1@1,2,3,4", FV_ARG, "objective \"stem_relu:1@1,2,3,4\": after"},
        {"stem_relu@1,2", FV_ARG, "\"stem_relu@1,2\": a position without a channel"},
        {"stem_relu:6", FV_NOTFOUND,
         "layer \"stem/relu-1\" has 6 channels; 6 does not exist (0..5)"},
        {"stem_rel:1", FV_NOTFOUND,
         "net: there is no layer \"stem_rel\"; did you mean \"stem_relu\""},
        {"fc8:1 - stem_rel:1", FV_NOTFOUND, "net: there is no layer \"stem_rel\"; did you mean"},
        {"fc8:1 -", FV_ARG, "objective: a term is missing at its end"},
        {"fc8:1 - - fc8:2", FV_ARG, "objective: a term is missing before \"- fc8:2\""},
        {"2*", FV_ARG, "objective: a term is missing after \"2*\""},
        {"1e999*fc8:1", FV_ARG, "objective: the weight \"1e999\" is no number of -1e30..1e30"},
        {"1-1*fc8:1", FV_ARG, "objective: the weight \"1-1\" is no number"},
        {"nan*fc8:1", FV_ARG, "objective \"nan*fc8:1\": \"nan\" is no weight"},
        {"0x1p3*fc8:1", FV_ARG, "objective \"0x1p3*fc8:1\": \"0x1p3\" is no weight"},
        {"fc8:1*2", FV_ARG, "objective \"fc8:1*2\": after the layer's name"},
        {"fc8:1- fc8:2", FV_NOTFOUND, "net: there is no layer \"fc8:1- fc8\""},
        {"fc8:1 -fc8:2", FV_NOTFOUND, "net: there is no layer \"fc8:1 -fc8\""},
        {"sharpness(fc8)", FV_ARG,
         "objective: there is no term \"sharpness\"; allowed: LAYER, LAYER:C,"},
        {"energy(fc8", FV_ARG, "objective \"energy(fc8\": ( is not closed"},
        {"fc8:1 + 'fc8", FV_ARG, "objective \"fc8:1 + 'fc8\": ' is not closed"},
        {"energy()", FV_ARG, "\"energy()\" cannot be read; allowed: energy(LAYER)"},
        {"energy(fc8, fc8)", FV_ARG, "\"energy(fc8, fc8)\" cannot be read"},
        {"energy(fc8,,,,,,,,,,,)", FV_ARG, "objective: there is no term \"energy(fc8,"},
        {"neuron(fc8)", FV_ARG, "\"neuron(fc8)\" cannot be read; allowed: neuron(LAYER:C)"},
        {"strong(fc8, nan)", FV_ARG, "\"strong(fc8, nan)\": the threshold \"nan\" is no number"},
        {"alignment(fc8, 0)", FV_ARG, "\"alignment(fc8, 0)\": the decay \"0\" is no number"},
        {"interpolate(fc8:1, fc8)", FV_ARG, "\"interpolate(fc8:1, fc8)\" cannot be read"},
        {"direction(fc8, /nowhere/v.npy)", FV_IO, ""},
        {"tv(nan) - fc8:1", FV_ARG, "\"tv(nan)\": \"nan\" is no number"},
        {"class:5", FV_NOTFOUND, "net has 4 classes; 5 does not exist (0..3)"},
        {"class:heron", FV_NOTFOUND, "net: there is no class \"heron\"; did you mean \"hen\""},
        {"prob:", FV_NOTFOUND, "net: there is no class \"\""},
        {"fc8:0 + fc8:1 + fc8:2 + fc8:0 + fc8:1 + fc8:2 + fc8:0 + fc8:1 + fc8:2 + fc8:0 + fc8:1 + "
         "fc8:2 + fc8:0 + fc8:1 + fc8:2 + fc8:0 + fc8:1",
         FV_ARG, "an objective of more than 16 terms"},
        {"#0:0 + #1:0 + #2:0 + #3:0 + #4:0 + #5:0 + #6:0 + #7:0 + #8:0", FV_ARG,
         "an objective of more than 8 layers; "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fvi_objective o;
        fv_error err = {0};
        fv_status st = resolve_text(net, cases[i].text, NULL, FVI_REDUCTION_LITERAL, &o, &err);
        fvi_objective_clear(&o);
        if (st != cases[i].status ||
            strncmp(err.text, cases[i].expected, strlen(cases[i].expected)))
            fail_msg("%s: status %d, %s", cases[i].text, st, err.text);
    }
}

/* Long and deep texts are refused, or read, without harm. */
static void hostile_texts_do_no_harm(void **state) {
    (void)state;
    char text[FVI_MAX_OBJECTIVE + 2], out[64];
    static const char *const pieces[] = {"(",  "energy(", "-",        "- ", " - ",     "'",
                                         "a",  ",",       ":",        "@1", "9",       "*",
                                         "2*", "+ tv ",   "\x80\xff", "\n", "lp(1) + "};
    for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++)
        for (size_t longer = 0; longer < 2; longer++) {
            size_t n = strlen(pieces[k]), all = FVI_MAX_OBJECTIVE + longer;
            for (size_t i = 0; i < all; i++) text[i] = pieces[k][i % n];
            text[all] = '\0';
            fvi_objective o;
            fv_error err = {0};
            assert_true(resolve_text(net, text, NULL, FVI_REDUCTION_LITERAL, &o, &err) != FV_OK);
            if (longer) assert_string_equal(err.text, "an objective of more than 4096 characters");
            fvi_objective_clear(&o);
        }
    fvi_objective o;
    assert_int_equal(resolve_text(net, "fc8:1", text, FVI_REDUCTION_LITERAL, &o, NULL), FV_ARG);
    fvi_objective_clear(&o);
    assert_int_equal(
        resolve_text(net, "fc8:1 - 0.1*tv + fc8:2", NULL, FVI_REDUCTION_LITERAL, &o, NULL), FV_OK);
    fvi_objective_text(&o, out, 8);
    assert_string_equal(out, "fc8_1:1");
    fvi_objective_clear(&o);
}

/* ---- classes of other networks -------------------------------------------------------------- */

static void assert_class(builder *from, const char *text, const char *expected, const char *note) {
    fvi_network *n = load(from, "other.onnx");
    fv_objective *o = NULL;
    fv_error err = {0};
    fv_status st = fvi_objective_read(n, text, NULL, 0, &o, &err);
    if (st) {
        assert_string_equal(err.text, expected);
    } else {
        assert_string_equal(fv_objective_text(o), expected);
        assert_string_equal(fv_objective_note(o), note);
    }
    fv_objective_free(o);
    fvi_network_free(n);
    builder_free(from);
}

static void classes_are_found_where_they_are(void **state) {
    (void)state;
    builder *n = builder_new(17); /* logits at the end */
    body(n);
    builder_output(n, "fc8_1");
    assert_class(n, "class:3", "fc8_1:3", "");
    n = builder_new(17);
    body(n);
    builder_output(n, "fc8_1");
    assert_class(n, "prob:3", "prob:3", "");
    n = builder_new(11); /* a reshape on either side of a log softmax */
    body(n);
    builder_i64(n, "to", "-1,4,1,1");
    builder_i64(n, "back", "-1,4");
    builder_node(n, "Reshape", "r1", "fc8_1,to", "y1");
    builder_int(n, builder_node(n, "LogSoftmax", "last", "y1", "y2"), "axis", 1);
    builder_node(n, "Reshape", "r2", "y2,back", "y3");
    builder_node(n, "Identity", "id", "y3", "y4");
    builder_output(n, "y4");
    assert_class(
        n, "class:1", "fc8_1:1",
        "class:1 is optimised on \"fc8\", the logits before the softmax \"last\"; ask prob:1 "
        "for the probability");
    n = builder_new(17); /* of two softmaxes the last counts, so that prob: is the output */
    body(n);
    builder_int(n, builder_node(n, "Softmax", "s1", "fc8_1", "y1"), "axis", 1);
    builder_int(n, builder_node(n, "Softmax", "s2", "y1", "y2"), "axis", 1);
    builder_output(n, "y2");
    assert_class(n, "class:1", "y1:1",
                 "class:1 is optimised on \"s1\", the logits before the softmax \"s2\"; ask prob:1 "
                 "for the probability");
    n = builder_new(17); /* no classes at all */
    body(n);
    builder_output(n, "stem_relu");
    assert_class(n, "class:1",
                 "other: its output \"stem_relu\" is 1x6x8x8, no row of classes for each picture; "
                 "\"stem/relu-1:C\" names a channel of it, --output-name another layer's row",
                 "");
    n = builder_new(17); /* a softmax over channels of a map is no class vector */
    body(n);
    builder_int(n, builder_node(n, "Softmax", "s", "stem_relu", "sy"), "axis", 1);
    builder_output(n, "sy");
    assert_class(n, "sy:1", "sy:1", "");
}

/* ---- the rest ------------------------------------------------------------------------------- */

static void joint_and_picture_terms_are_known(void **state) {
    (void)state;
    static const struct {
        const char *text, *plain;
        int joint;
    } cases[] = {
        {"fc8:1 + energy(stem_relu)", NULL, 0},
        {"fc8:1 - 0.1*lp(6)",
         "here: \"lp(6)\" looks at the picture being made; allowed: "
         "terms of one input's layers",
         0},
        {"fc8:1 + diversity(stem_relu)",
         "here: \"diversity(stem/relu-1)\" looks at several pictures "
         "made together; allowed: terms of one input's layers",
         1},
        {"alignment(input)",
         "here: \"alignment(input)\" looks at several pictures made together; "
         "allowed: terms of one input's layers",
         1},
        {"interpolate(fc8:1, fc8:2)",
         "here: \"interpolate(fc8:1, fc8:2)\" looks at several "
         "pictures made together; allowed: terms of one input's "
         "layers",
         1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fvi_objective o;
        fv_error err = {0};
        assert_int_equal(resolve_text(net, cases[i].text, NULL, FVI_REDUCTION_LITERAL, &o, &err),
                         FV_OK);
        assert_int_equal(fvi_objective_is_joint(&o), cases[i].joint);
        fv_status st = fvi_objective_check_plain(&o, "here", &err);
        assert_int_equal(st, cases[i].plain ? FV_ARG : FV_OK);
        if (st) assert_string_equal(err.text, cases[i].plain);
        fvi_objective_clear(&o);
    }
}

static void picture_terms_are_summed(void **state) {
    (void)state;
    fvi_objective o;
    float p[4] = {1, 2, 3, 4}, start[4] = {0}, dp[4] = {0};
    assert_int_equal(resolve_text(net, "fc8:1 - 2*squares(1) + 0.5*squares(0)", NULL,
                                  FVI_REDUCTION_LITERAL, &o, NULL),
                     FV_OK);
    assert_float_equal(fvi_objective_picture(&o, p, start, 1, 2, 2, dp), -2 * 14 + 0.5 * 30, 1e-6);
    for (int i = 0; i < 4; i++) assert_float_equal(dp[i], -4 * (p[i] - 1) + p[i], 1e-6);
    fvi_objective_clear(&o);
}

/* ---- the public face ------------------------------------------------------------------------ */

static fv_model *load_model(void) {
    fv_model *m = NULL;
    fv_error err = {0};
    if (fv_model_load(builder_path(b, "net.onnx"), NULL, &m, &err)) fail_msg("%s", err.text);
    return m;
}

static fv_objective *new_objective(const fv_model *m, const char *text) {
    fv_objective *o = NULL;
    fv_error err = {0};
    if (fv_objective_new(m, text, NULL, 0, &o, &err)) fail_msg("%s: %s", text, err.text);
    return o;
}

static void objectives_have_a_text_and_a_note(void **state) {
    (void)state;
    fv_model *m = load_model();
    fv_objective *o = new_objective(m, "class:hen");
    assert_string_equal(fv_objective_text(o), "fc8_1:2");
    assert_string_equal(fv_objective_note(o), CLASS_NOTE("hen"));
    fv_objective_free(o);
    fv_objective *untouched = NULL;
    assert_int_equal(fv_objective_new(m, "class:owl", NULL, 0, &untouched, NULL), FV_NOTFOUND);
    assert_null(untouched);
    fv_model_free(m);
}

/* A text of any length is written whole. */
static void long_objectives_are_written(void **state) {
    (void)state;
    fv_model *m = load_model();
    GString *text = g_string_new("fc8_1:0");
    for (int i = 1; i < 16; i++)
        g_string_append_printf(text, " + %d.123456*mean_norm(%d)", i, i + 1);
    fv_objective *o = new_objective(m, text->str);
    fv_objective *again = new_objective(m, fv_objective_text(o));
    assert_string_equal(fv_objective_text(o), fv_objective_text(again));
    assert_non_null(strstr(fv_objective_text(o), "15.123456*mean_norm(16)"));
    fv_objective_free(o);
    fv_objective_free(again);
    g_string_free(text, TRUE);
    fv_model_free(m);
}

/* Every weight and argument is written so that it reads back as the same float. */
static void numbers_read_back(void **state) {
    (void)state;
    static const char *const texts[] = {"0.33333334*fc8_1:0 + 16777217*tv - 1.17549435e-38*l1",
                                        "1e30*fc8_1:0",
                                        "strong(stem_relu, 0.33333334) + 3.0000002*lp(1.0000001)"};
    fv_model *m = load_model();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        fv_objective *o = new_objective(m, texts[i]);
        fv_objective *again = new_objective(m, fv_objective_text(o));
        for (int k = 0; k < o->n_terms; k++)
            if (o->terms[k].weight != again->terms[k].weight ||
                o->terms[k].argument[0] != again->terms[k].argument[0])
                fail_msg("\"%s\" is written \"%s\"", texts[i], fv_objective_text(o));
        fv_objective_free(o);
        fv_objective_free(again);
    }
    fv_model_free(m);
}

/* A sum whose weights no text could say is refused; the largest one is not. */
static void weights_do_not_overflow(void **state) {
    (void)state;
    fv_model *m = load_model();
    fv_objective *a = new_objective(m, "1e30*fc8_1:0"), *c = new_objective(m, "1e20*tv");
    fv_objective *sum = NULL;
    fv_error err = {0};
    assert_int_equal(fv_objective_add(a, 1e30, c, &sum, &err), FV_ARG);
    assert_string_equal(err.text, "1e+30 times \"1e+20*tv\" has a weight of 1e+50; allowed: "
                                  "-1e+30..1e+30");
    assert_int_equal(fv_objective_add(c, -2, a, &sum, &err), FV_ARG);
    assert_null(sum);
    assert_int_equal(fv_objective_add(c, -1, a, &sum, &err), FV_OK);
    assert_string_equal(fv_objective_text(sum), "1e+20*tv - 1e+30*fc8_1:0");
    fv_objective_free(sum);
    fv_objective_free(a);
    fv_objective_free(c);
    fv_model_free(m);
}

static void objectives_are_added(void **state) {
    (void)state;
    fv_model *m = load_model();
    fv_objective *a = new_objective(m, "class:hen - 2*energy(stem_relu)");
    fv_objective *c = new_objective(m, "0.5*tv + fc8:1"), *sum = NULL, *more = NULL;
    fv_error err = {0};
    assert_int_equal(fv_objective_add(a, -3, c, &sum, &err), FV_OK);
    assert_string_equal(fv_objective_text(sum),
                        "fc8_1:2 - 2*energy(stem_relu) - 1.5*tv - 3*fc8_1:1");
    assert_string_equal(fv_objective_note(sum), CLASS_NOTE("hen"));
    for (int i = 0; i < 3; i++) { /* 4, 8, 16 terms */
        fv_objective *before = sum;
        if (fv_objective_add(before, 1, before, &sum, &err)) break;
        fv_objective_free(before);
    }
    assert_int_equal(fv_objective_add(sum, 1, c, &more, &err), FV_ARG);
    assert_string_equal(err.text, "an objective of more than 16 terms");
    assert_null(more);
    fv_objective_free(sum);
    fv_objective_free(a);
    fv_objective_free(c);
    fv_model_free(m);
}

/* A direction from memory is that of the file, and does not need it afterwards. */
static void directions_come_from_memory(void **state) {
    (void)state;
    fv_model *m = load_model();
    float v[6] = {1, 2, 3, 4, 5, 6};
    const fv_tensor vector = {1, {6}, v}, wrong = {1, {5}, v};
    fv_attachment a = {.name = "it's, mine", .tensor = &vector};
    fv_objective *o = NULL, *copy = NULL;
    fv_error err = {0};
    const char *text = "fc8_1:0 + direction(stem_relu, \"it's, mine\")";
    assert_int_equal(fv_objective_new(m, text, &a, 1, &o, &err), FV_OK);
    assert_string_equal(fv_objective_text(o), text);
    v[5] = 0; /* it was copied */
    assert_true(o->terms[1].vector->data[5] == 6);
    assert_int_equal(fv_objective_add(o, 1, o, &copy, &err), FV_OK);
    fv_objective_free(o);
    assert_true(copy->terms[1].vector->data[5] == 6 && copy->terms[3].vector->data[4] == 5);
    fv_objective_free(copy);
    a.tensor = &wrong;
    o = NULL;
    assert_int_equal(fv_objective_new(m, text, &a, 1, &o, &err), FV_SHAPE);
    assert_null(o);
    fv_model_free(m);
}

/* Objectives of a model fit the same model with shuffled weights, and no other. */
static void objectives_belong_to_their_model(void **state) {
    (void)state;
    static const int first[] = {0};
    fv_model *m = load_model(), *other = load_model(), *shuffled = NULL;
    fv_objective *o = new_objective(m, "fc8:1");
    fvi_objective r;
    fv_error err = {0};
    assert_int_equal(fv_model_shuffle(m, first, 1, 0, &shuffled, &err), FV_OK);
    assert_int_equal(
        fvi_objective_resolve(o, NULL, shuffled->network, FVI_REDUCTION_MEAN, &r, &err), FV_OK);
    fvi_objective_clear(&r);
    assert_int_equal(fvi_objective_resolve(o, NULL, other->network, FVI_REDUCTION_MEAN, &r, &err),
                     FV_ARG);
    assert_string_equal(err.text,
                        "the objective \"fc8_1:1\" was made for another model than this net");
    fv_objective_free(o);
    fv_model_free(shuffled);
    fv_model_free(other);
    fv_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_is_read),
        cmocka_unit_test(reductions_are_kept),
        cmocka_unit_test(regularisers_are_added),
        cmocka_unit_test(a_softmax_stays_where_it_is_wanted),
        cmocka_unit_test(directions_are_loaded),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(hostile_texts_do_no_harm),
        cmocka_unit_test(classes_are_found_where_they_are),
        cmocka_unit_test(joint_and_picture_terms_are_known),
        cmocka_unit_test(picture_terms_are_summed),
        cmocka_unit_test(objectives_have_a_text_and_a_note),
        cmocka_unit_test(long_objectives_are_written),
        cmocka_unit_test(numbers_read_back),
        cmocka_unit_test(weights_do_not_overflow),
        cmocka_unit_test(objectives_are_added),
        cmocka_unit_test(directions_come_from_memory),
        cmocka_unit_test(objectives_belong_to_their_model),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
