/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures whose updates a device makes, next to those that the processor makes, from the same
 * start with the same random choices: every picture's value after each of the first updates to 1e-3
 * of the largest, and the pictures at the end.
 *
 *   test_device_update PLUGIN.so [CASE...]
 *
 * PLUGIN.so '': that of $FOVEA_TEST_PLUGIN; without one it is skipped. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "support/builder.h"
#include "support/recipes.h"
#include "support/texts.h"

#define MODEL "tests/golden/residual.new18-free.onnx"
enum { UPDATES = 64, PICTURES = 4 };

static const char *plugin;
static builder *gates, *steep; /* networks of a few nodes */

/* Every value of every picture, as the monitor was told, and the notes. */
typedef struct trace {
    int count[PICTURES];
    double values[PICTURES][UPDATES];
    char notes[2048];
} trace;

static int progress(void *user, const fv_progress *p) {
    trace *t = user;
    for (int i = 0; i < p->count; i++) {
        const int k = p->pictures[i];
        if (t->count[k] < UPDATES) t->values[k][t->count[k]++] = p->objectives[i];
    }
    return FV_MONITOR_GO;
}

static void note(void *user, const char *text) {
    trace *t = user;
    strncat(t->notes, text, sizeof t->notes - strlen(t->notes) - 2);
    strcat(t->notes, "\n");
}

typedef struct kase {
    const char *name, *recipe, *options;
    const char *units[PICTURES];
    builder **net;    /* NULL: MODEL */
    const char *note; /* what must be said; NULL: nothing of the processor */
    int batch;        /* 0: chosen */
} kase;

/* A 1x1 convolution of the colours to two channels, and a function of them. */
static builder *make_net(const float *weights, const float *bias, const char *op,
                         const char *name) {
    builder *b = builder_new(17);
    builder_input(b, "x", FVI_F32, "n,3,h,w");
    builder_metadata(b, "fovea.range", "1");
    builder_f32(b, "w", "2,3,1,1", weights);
    builder_f32(b, "b", "2", bias);
    builder_node(b, "Conv", "conv", "x,w,b", "conv");
    builder_node(b, op, name, "conv", name);
    builder_output(b, name);
    return b;
}

/* ReLUs of the sum of a pixel's colours: above 1.6 and above 1, which begin dead. */
static builder *make_gates(void) {
    static const float weights[] = {1, 1, 1, 1, 1, 1}, bias[] = {-1.6f, -1};
    return make_net(weights, bias, "Relu", "relu");
}

/* sqrt(0.8 - red), no number where the picture has become redder, and sqrt(1 + red). */
static builder *make_steep(void) {
    static const float weights[] = {-1, 0, 0, 1, 0, 0}, bias[] = {0.8f, 1};
    return make_net(weights, bias, "Sqrt", "root");
}

static fv_status run(const kase *k, const char *where, fv_on_nan on_nan, trace *t,
                     fv_rendering **out, fv_error *err) {
    fv_model *m = NULL;
    int n = 0;
    while (n < PICTURES && k->units[n]) n++;
    if (fv_model_load(k->net ? builder_save(*k->net, "net.onnx") : MODEL, NULL, &m, err))
        fail_msg("%s", err->text);
    fv_recipe *r = recipe_of(m, k->recipe, k->units[0], k->options);
    const render_how how = {.progress = progress,
                            .note = note,
                            .user = t,
                            .plugin = where,
                            .on_nan = on_nan,
                            .batch = k->batch};
    const fv_status st = render_texts(m, k->units, n, r, &how, out, err);
    fv_recipe_free(r);
    fv_model_free(m);
    return st;
}

static double largest(const trace *t, int picture) {
    double most = 0;
    for (int i = 0; i < t->count[picture]; i++) most = fmax(most, fabs(t->values[picture][i]));
    return most > 0 ? most : 1;
}

static void compare(const kase *k, int picture, const trace *here, const trace *there) {
    const double bound = 1e-3 * largest(here, picture);
    double worst = 0;
    int at = 0;
    assert_int_equal(here->count[picture], there->count[picture]);
    for (int i = 0; i < here->count[picture]; i++) {
        const double off = fabs(here->values[picture][i] - there->values[picture][i]);
        if (!(off <= worst)) worst = off, at = i;
    }
    if (!(worst <= bound))
        fail_msg("%s, %s, update %d: %g on the processor, %g on the device", k->name,
                 k->units[picture], at + 1, here->values[picture][at], there->values[picture][at]);
    print_message("%s, %s: %d updates, values within %.2g of the largest\n", k->name,
                  k->units[picture], here->count[picture], worst / largest(here, picture));
}

/* The root mean square by which two pictures differ. */
static double difference(const fv_image *a, const fv_image *b) {
    const int64_t n = (int64_t)a->channels * a->height * a->width;
    double sum = 0;
    assert_int_equal(n, (int64_t)b->channels * b->height * b->width);
    for (int64_t i = 0; i < n; i++) sum += pow(a->data[i] - b->data[i], 2);
    return sqrt(sum / (double)n);
}

static void check(void **state) {
    const kase *k = *state;
    trace here = {0}, there = {0};
    fv_rendering *a[PICTURES] = {0}, *b[PICTURES] = {0};
    fv_error err = {0};
    if (run(k, NULL, FV_ON_NAN_KEEP, &here, a, &err)) fail_msg("%s: %s", k->name, err.text);
    if (run(k, plugin, FV_ON_NAN_KEEP, &there, b, &err)) fail_msg("%s: %s", k->name, err.text);
    if (k->note ? !strstr(there.notes, k->note) : strstr(there.notes, "processor") != NULL)
        fail_msg("%s: it notes \"%s\"", k->name, there.notes);
    for (int i = 0; i < PICTURES && k->units[i]; i++) {
        compare(k, i, &here, &there);
        assert_int_equal(a[i]->steps, b[i]->steps);
        assert_int_equal(a[i]->dead, b[i]->dead);
        assert_int_equal(a[i]->unfinished, b[i]->unfinished);
        assert_int_equal(a[i]->redirected, b[i]->redirected);
        assert_int_equal(a[i]->why != NULL, b[i]->why != NULL);
        if (a[i]->why) assert_string_equal(a[i]->why, b[i]->why);
        const double off = difference(a[i]->image, b[i]->image);
        if (off > 0.02) fail_msg("%s, %s: the pictures differ by %g", k->name, k->units[i], off);
        fv_rendering_free(a[i]);
        fv_rendering_free(b[i]);
    }
}

/* Where numbers that are not finite end the call, the device says the same as the processor. */
static void no_numbers_are_explained(void **state) {
    (void)state;
    static const kase k = {"steep",
                           "wolfram",
                           "size=8; steps=12; transforms=none; start-sd=0.05; rate=0.05",
                           {"-1*mean(root:0)", NULL},
                           &steep,
                           NULL,
                           0};
    trace here = {0}, there = {0};
    fv_rendering *none[PICTURES] = {0};
    fv_error one = {0}, other = {0};
    assert_int_equal(run(&k, NULL, FV_ON_NAN_STOP, &here, none, &one), FV_NONFINITE);
    assert_int_equal(run(&k, plugin, FV_ON_NAN_STOP, &there, none, &other), FV_NONFINITE);
    assert_string_equal(one.text, other.text);
    assert_null(none[0]);
}

#define UNIT  "#5"
#define PHOTO "tests/data/cli/photo.jpg"
#define MAPS \
    { UNIT ":0", UNIT ":1", UNIT ":7", NULL }
#define DARKNET "translate(7,1,1;repeat) octave(4,1.33) flip(0.5)"
#define LUCID   "pad(4;grey) jitter(4) scale(0.9,1.1,0.02,lucid) rotate(-10,10,5,lucid) jitter(2)"

static const kase cases[] = {
    {"wolfram", "wolfram", "size=24; steps=12", MAPS, NULL, NULL, 0},
    {"fovea", "fovea", "size=24; steps=12", MAPS, NULL, NULL, 0},
    {"fovea-layer", "fovea-layer", "size=24; steps=12", MAPS, NULL, NULL, 0},
    {"maco", "maco", "size=48; steps=6", MAPS, NULL, NULL, 0},
    {"lucid", "lucid", "size=24; steps=12; transforms=" LUCID " resize(22)", MAPS, NULL, NULL, 0},
    {"lucid as it is", "lucid", "size=24; steps=1", {UNIT ":0", NULL}, NULL, NULL, 0},
    {"lucent", "lucent",
     "size=24; steps=12; transforms=pad(4;grey) translate(0,7) resize(0,lucent)", MAPS, NULL, NULL,
     0},
    {"a neuron", "wolfram", "size=24; steps=8", {UNIT ":3@2,4", NULL}, NULL, NULL, 0},
    {"a batch that is not full", "fovea", "size=24; steps=5", MAPS, NULL, NULL, 2},
    {"unlike terms",
     "wolfram",
     "size=24; steps=3",
     {UNIT ":0", UNIT, UNIT ":3@2,4", UNIT ":1"},
     NULL,
     NULL,
     0},
    {"a layer", "wolfram", "size=24; steps=8", {UNIT, NULL}, NULL, NULL, 0},
    {"keras-vis", "keras-vis", "size=24; steps=12", MAPS, NULL, NULL, 0},
    {"octaves", "deepdream", "size=32; steps=4; levels=2", MAPS, NULL, NULL, 0},
    {"momentum, decay, norm", "wolfram",
     "size=24; steps=8; optimizer=momentum; weight-decay=0.01; decay=0.01; norm=20", MAPS, NULL,
     NULL, 0},
    {"patience", "keras-vis", "size=24; steps=30; patience=3; rate=30", MAPS, NULL, NULL, 0},
    {"in-place transforms", "tf-keras-vis", "size=24; steps=12", MAPS, NULL, NULL, 0},
    {"in-place transforms, patience", "tf-keras-vis",
     "size=24; steps=30; patience=2; rate=5; in-place-transforms=roll(4) noise(0.1)", MAPS, NULL,
     NULL, 0},
    {"invert",
     "invert",
     "size=24; steps=12",
     {"match(" UNIT "," PHOTO ")", "2*match(" UNIT "," PHOTO ")", NULL, 0},
     NULL,
     NULL,
     0},
    {"photos of a batch, of another size, in copies",
     "caricature",
     "size=30; steps=8; copies=2; transforms=jitter(2) crop(0.5,1) noise(0.05)",
     {"caricature(" UNIT "," PHOTO ") + 0.1*" UNIT, "2*caricature(" UNIT "," PHOTO ",2) + " UNIT,
      NULL, 0},
     NULL,
     NULL,
     0},
    {"caricature",
     "caricature",
     "size=24; steps=8",
     {"caricature(" UNIT ":3," PHOTO ")", "caricature(" UNIT ":4," PHOTO ",0)", NULL, 0},
     NULL,
     NULL,
     0},
    {"dead ReLUs",
     "wolfram",
     "size=16; steps=6; start-mean=0.2",
     {"relu:0", "relu:1", NULL, 0},
     &gates,
     NULL,
     0},
    {"no numbers",
     "wolfram",
     "size=8; steps=12; transforms=none; start-sd=0.05; rate=0.05",
     {"-1*mean(root:0)", "-1*mean(root:1)", NULL, 0},
     &steep,
     NULL,
     0},
    {"in-place transforms, no numbers",
     "wolfram",
     "size=8; steps=12; in-place-transforms=roll(2); transforms=none; start-sd=0.05; rate=0.05",
     {"-1*mean(root:0)", "-1*mean(root:1)", NULL, 0},
     &steep,
     NULL,
     0},
    {"a gradient's Laplacian pyramid", "matlab", "size=24; steps=6; levels=2", MAPS, NULL, NULL, 0},
    {"a Laplacian parametrisation", "lucid",
     "size=24; steps=8; param=laplacian; param-levels=3; transforms=pad(4;grey) jitter(4)", MAPS,
     NULL, NULL, 0},
    {"a normalised gradient at frequencies", "lucid",
     "size=24; steps=8; transforms=pad(4;grey) jitter(4); gradient=max", MAPS, NULL, NULL, 0},
    {"blurs", "wolfram", "size=24; steps=8; transforms=blur(0.5,1.5)", MAPS, NULL, NULL, 0},
    /* strong's threshold, and ties of max pooling at repeated edges: rounding grows */
    {"darknet", "darknet", "size=24; steps=3; transforms=" DARKNET " resize(20)", MAPS, NULL, NULL,
     0},
    {"darknet's transforms", "darknet",
     "size=24; steps=4; reduction=mean; transforms=" DARKNET " resize(20)", MAPS, NULL, NULL, 0},
    {"frequencies that are clipped", "lucid",
     "size=24; steps=3; transforms=jitter(4); output-activation=clip", MAPS, NULL, "clipping", 0},
};
enum { CASES = sizeof cases / sizeof *cases };

static int chosen(const char *name, int argc, char **argv) {
    for (int i = 2; i < argc; i++)
        if (!strcmp(argv[i], name)) return 1;
    return argc < 3;
}

int main(int argc, char **argv) {
    struct CMUnitTest tests[CASES + 1] = {{0}};
    size_t n = 0;
    plugin = argc > 1 && argv[1][0] ? argv[1] : getenv("FOVEA_TEST_PLUGIN");
    if (!plugin || !*plugin) {
        fprintf(stderr, "skipped: no plug-in in $FOVEA_TEST_PLUGIN\n");
        return 77;
    }
    gates = make_gates();
    steep = make_steep();
    for (size_t i = 0; i < CASES; i++)
        if (chosen(cases[i].name, argc, argv))
            tests[n++] = (struct CMUnitTest){cases[i].name, check, NULL, NULL, (void *)&cases[i]};
    if (argc < 3) tests[n++] = (struct CMUnitTest)cmocka_unit_test(no_numbers_are_explained);
    const int failed = _cmocka_run_group_tests("device_update", tests, n, NULL, NULL);
    builder_free(gates);
    builder_free(steep);
    return failed;
}
