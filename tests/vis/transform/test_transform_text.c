/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms as text: one spelling, what errors say, text and structs that are not ours. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vis/transform/transform.h"
#include "vis/transform/transform_text.h"

static fvi_transforms parse(const char *text) {
    fvi_transforms t;
    fv_error err;
    if (fvi_transforms_parse(text, &t, &err)) fail_msg("%s: %s", text, err.text);
    return t;
}

static void text_comes_back_in_one_spelling(void **state) {
    (void)state;
    static const struct {
        const char *text, *same;
    } cases[] = {
        {"", "none"},
        {" none\n", "none"},
        {"pad(12;grey) jitter(8) scale(.9,1.1,.02) rotate(-10,10,5) jitter(4)",
         "pad(12;grey) jitter(8) scale(0.9,1.1,0.02) rotate(-10,10,5) jitter(4)"},
        {"pad ( 12 ; grey )jitter(8.0)", "pad(12;grey) jitter(8)"},
        {"crop(.5,1.1;reflect)", "crop(0.5,1.1;reflect)"},
        {"crop(.5,1.1,.5,1.1)", "crop(0.5,1.1)"},
        {"crop(.5,1.1,0,0,10)", "crop(0.5,1.1,0.5,1.1,10)"},
        {"crop(.5,1.1,.2,.3,10,.5,.15)", "crop(0.5,1.1,0.2,0.3,10,0.5,0.15)"},
        {"roll(4,0,1) roll(4,-1,0) translate(7,1,1;repeat)",
         "roll(4,0,1) roll(4,-1) translate(7,1,1;repeat)"},
        {"scale(.9,1.1,0,2) rotate(-1,1,0,1) zoom(1,2,0)",
         "scale(0.9,1.1,0,2) rotate(-1,1,0,1) zoom(1,2)"},
        {"flip(.5) noise(.05,0) noise(1e-3,.1) blur(0,1.5) color(.2,.04)",
         "flip(0.5) noise(0.05) noise(0.001,0.1) blur(0,1.5) color(0.2,0.04)"},
        {"resize(0) resize(224,2) fit fit() fit(;wrap) octave(4,1.33333333)",
         "resize(0) resize(224,2) fit() fit() fit(;wrap) octave(4,1.3333334)"},
        {"pad(1;zero)", "pad(1)"},
        {"pad(pixels=12,edge=grey) jitter( pixels = 8 )", "pad(12;grey) jitter(8)"},
        {"crop(0.5,1,flip=0.5)", "crop(0.5,1,0.5,1,0,0.5)"},
        {"crop(high=1.1,low=.5,edge=reflect)", "crop(0.5,1.1;reflect)"},
        {"crop(.5,1,low_end=.2,high_end=.3,degrees=10,sd=.15,alternate=1)",
         "crop(0.5,1,0.2,0.3,10,0,0.15,1)"},
        {"roll(4,extra=-1,overlap=1) translate(7,same_way=1)", "roll(4,-1,1) translate(7,0,1)"},
        {"scale(.9,1.1,compat=lucid) scale(.9,1.1,.02,lucent) scale(1,2,compat=2)",
         "scale(0.9,1.1,0,1) scale(0.9,1.1,0.02,2) scale(1,2,0,2)"},
        {"rotate(-1,1,zeros=3,compat=lucid) resize(0,compat=exact) resize(side=9,compat=lucent)",
         "rotate(-1,1,3,1) resize(0) resize(9,2)"},
        {"noise(sd=.1) noise(.1,range=.2) blur(0,high=1) color(contrast=.1,shift=.2)",
         "noise(0.1) noise(0.1,0.2) blur(0,1) color(0.1,0.2)"},
        {"flip(probability=.5) octave(count=4,factor=2) fit(edge=wrap) zoom(1,2,step=.5)",
         "flip(0.5) octave(4,2) fit(;wrap) zoom(1,2,0.5)"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        fvi_transforms t = parse(cases[k].text);
        char text[400], again[400];
        fvi_transforms_text(&t, text, sizeof text);
        assert_string_equal(text, cases[k].same);
        fvi_transforms back = parse(text);
        assert_memory_equal(&t, &back, sizeof t);
        fvi_transforms_text(&back, again, sizeof again);
        assert_string_equal(text, again);
    }
    char small[8] = "-------";
    fvi_transforms t = parse("jitter(8) jitter(4)");
    fvi_transforms_text(&t, small, sizeof small);
    assert_string_equal(small, "jitter(");
}

static void bad_text_is_named(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"blurr(1,2)",
         "\"blurr\" is none of pad, jitter, roll, translate, scale, zoom, rotate, flip, "
         "crop, noise, blur, color, resize, fit, octave"},
        {"PAD(1)", "\"PAD\" is none of"},
        {"(3)", "\"(\" is none of"},
        {"pad(1) none", "\"none\" is none of"},
        {"pad", "pad takes 1 number; 0 given"},
        {"pad()", "pad takes 1 number; 0 given"},
        {"pad(;grey)", "pad takes 1 number; 0 given"},
        {"pad(1,2)", "pad takes 1 number; more are given"},
        {"scale(1)", "scale takes 2 to 4 numbers; 1 given"},
        {"fit(3)", "fit takes 0 numbers; more are given"},
        {"pad(-1)", "number 1 of pad is -1; allowed: 0..4096"},
        {"pad(1.5)", "number 1 of pad is 1.5; it must be whole"},
        {"flip(2)", "number 1 of flip is 2; allowed: 0..1"},
        {"crop(.5,1,.5)", "number 4 of crop is 0; allowed: 0.01..10"},
        {"crop(1.1,.5)", "crop: 1.1 to 0.5: the first must not be above the second"},
        {"crop(.5,1.1,.9,.8)", "crop: 0.9 to 0.8"},
        {"rotate(-1.5,1,3)", "the angles are whole degrees"},
        {"roll(4,-9)", "roll(4,-9): shifts from -4 to -5"},
        {"scale(1,2,1e-7)", "at most 1000000 steps"},
        {"blur(0,101)", "number 2 of blur is 101; allowed: 0..100"},
        {"pad(nan)", "pad: a number expected at \"nan)\""},
        {"pad(inf)", "a number expected"},
        {"pad(1e999)", "\"1e999\" is no number"},
        {"pad(1e39)", "\"1e39\" is no number"},
        {"pad(0x10)", "')' expected at \"x10)\""},
        {"pad(1-2)", "\"1-2\" is no number"},
        {"pad(,)", "a number expected at \",)\""},
        {"pad(1,)", "more are given"},
        {"scale(1,)", "a number expected at \")\""},
        {"pad(12", "')' expected at \"\""},
        {"pad(12;", "edge \"\" is none of"},
        {"pad(12;mirror)", "edge \"mirror\" is none of zero, grey, reflect, wrap, repeat"},
        {"pad(12;grey;grey)", "')' expected at \";grey)\""},
        {"pad(12 13)", "')' expected at \"13)\""},
        {"jitter(8;grey)", "jitter has no edge"},
        {"pad((((1))))", "a number expected at \"(((1))))\""},
        {"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4(1)", "\xc3\xa4\" is none"},
        {"abcdefghijklmnopqrstuvw\xc3\xa4(1)", "opqrstuvw\" is none"},
        {"pad(1),jitter(1)", "\",\" is none of"},
        {"crop(0.5,1,flp=0.5)",
         "crop has no argument \"flp\"; it has low, high, low_end, high_end, "
         "degrees, flip, sd, alternate, edge"},
        {"fit(sd=1)", "fit has no argument \"sd\"; it has edge"},
        {"jitter(edge=grey)", "jitter has no argument \"edge\"; it has pixels"},
        {"pad(1,pixels=2)", "pad: pixels is given twice"},
        {"scale(low=1)", "scale: high is not given"},
        {"scale(low=1,2)", "NAME=VALUE expected at \"2)\""},
        {"scale(1,2,compat=keras)", "a number expected at \"keras)\""},
        {"rotate(1,2,compat=lucent)", "a number expected at \"lucent)\""},
        {"pad(pixels=)", "a number expected at \")\""},
        {"pad(pixels=-1)", "number 1 of pad is -1"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        fvi_transforms t = {.count = 77};
        fv_error err;
        if (fvi_transforms_parse(cases[k].text, &t, &err) != FV_ARG)
            fail_msg("%s: accepted", cases[k].text);
        if (!strstr(err.text, cases[k].part)) fail_msg("%s: %s", cases[k].text, err.text);
        assert_int_equal(t.count, 77);
    }
}

/* A million of anything is refused in a short sentence; 17 transforms are one too many. */
static void hostile_text_is_refused(void **state) {
    (void)state;
    enum { LONG = 1000000 };
    static const char *const heads[] = {"", "pad(", "pad(1", "pad(1;", "pad(1) "};
    static const char fills[] = {'a', '(', '1', ')', ';', ',', '\x80', '\x01', '-', ' '};
    char *text = malloc(LONG + 1);
    for (size_t k = 0; k < sizeof heads / sizeof *heads; k++)
        for (size_t i = 0; i < sizeof fills; i++) {
            fvi_transforms t;
            fv_error err = {0};
            memset(text, fills[i], LONG);
            memcpy(text, heads[k], strlen(heads[k]));
            text[LONG] = 0;
            int blank = fills[i] == ' ' && (k == 0 || k == 4);
            assert_int_equal(fvi_transforms_parse(text, &t, &err), blank ? FV_OK : FV_ARG);
            assert_true(strlen(err.text) < 250);
        }
    free(text);
    char many[FVI_MAX_TRANSFORMS * 7 + 8] = "";
    for (int i = 0; i < FVI_MAX_TRANSFORMS; i++) strcat(many, "pad(1) ");
    assert_int_equal(parse(many).count, FVI_MAX_TRANSFORMS);
    strcat(many, "pad(1)");
    fvi_transforms t;
    fv_error err;
    assert_int_equal(fvi_transforms_parse(many, &t, &err), FV_ARG);
    assert_non_null(strstr(err.text, "more than 16"));
}

/* Structs that no text can make. */
static void impossible_structs_are_refused(void **state) {
    (void)state;
    const fvi_chain_frame frame = {3, 21, 26, 14, 11, 0, 1};
    const fvi_transform bad[] = {{0, {0}, 0},
                                 {16, {0}, 0},
                                 {(fvi_transform_kind)-1, {0}, 0},
                                 {FVI_TRANSFORM_PAD, {NAN}, 0},
                                 {FVI_TRANSFORM_NOISE, {NAN}, 0},
                                 {FVI_TRANSFORM_PAD, {-1}, 0},
                                 {FVI_TRANSFORM_PAD, {INFINITY}, 0},
                                 {FVI_TRANSFORM_PAD, {1}, (fvi_edge)5},
                                 {FVI_TRANSFORM_PAD, {1}, (fvi_edge)-1},
                                 {FVI_TRANSFORM_SCALE, {0}, 0},
                                 {FVI_TRANSFORM_SCALE, {1, 100, 1e-6f}, 0},
                                 {FVI_TRANSFORM_CROP, {.5f, 1, .5f}, 0}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        fvi_transforms t = {1, {bad[k]}};
        fvi_chain *c = NULL;
        assert_int_equal(fvi_chain_new(&t, &frame, &c, NULL), FV_ARG);
    }
    fvi_transforms count = {FVI_MAX_TRANSFORMS + 1, {{0}}}, less = {-1, {{0}}};
    fvi_chain *c = NULL;
    assert_int_equal(fvi_chain_new(&count, &frame, &c, NULL), FV_ARG);
    assert_int_equal(fvi_chain_new(&less, &frame, &c, NULL), FV_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_comes_back_in_one_spelling),
        cmocka_unit_test(bad_text_is_named),
        cmocka_unit_test(hostile_text_is_refused),
        cmocka_unit_test(impossible_structs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
