/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures on a device whose memory runs out, whatever call it is that fails.
 *
 * Usage: test_rendering FOLDER: with the fake plug-in (fake_plugin.c), on which every gradient is
 * 0.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/stablehlo/pjrt/abi.h"
#include "fake_plugin.h"
#include "fovea/fovea.h"

#define PICTURES 8
#define SIDE     16
#define LAYER    (16 * 10 * 10 * sizeof(float)) /* of one picture, with margins; none is larger */

static const char *folder;
static char plugin[512];
static fake_fail_at_fn *fail_at;
static fake_largest_fn *largest;

static void must(fv_status st, const fv_error *err) {
    if (st) fail_msg("%s", err->text);
}

/* What a call is told and what it gave. */
typedef struct watched {
    char note[1024]; /* the last about memory, or "" */
    int done, total; /* the last progress */
    int finished;    /* pictures handed out, in order */
    double mean[PICTURES];
    int batch[PICTURES];
} watched;

static int on_progress(void *user, const fv_progress *p) {
    watched *w = user;
    assert_in_range(p->done, 0, p->total);
    w->done = p->done;
    w->total = p->total;
    return FV_MONITOR_GO;
}

static void on_note(void *user, const char *text) {
    watched *w = user;
    if (strstr(text, "memory")) snprintf(w->note, sizeof w->note, "%s", text);
}

static fv_status on_finished(void *user, int index, fv_rendering *r, int *taken, fv_error *err) {
    watched *w = user;
    (void)err;
    (void)taken;
    assert_int_equal(index, w->finished++);
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        w->mean[index] += (double)r->image->data[i] * (1 + i % 7);
    w->batch[index] = r->batch;
    return FV_OK;
}

static fv_status render(const fv_model *m, int batch, int or_processor, watched *w, fv_error *err) {
    fv_objective *units[PICTURES] = {NULL};
    fv_rendering *made[PICTURES] = {NULL};
    fv_session *s = NULL;
    fv_recipe *r = NULL;
    fv_monitor *monitor = NULL;
    fv_error other;
    *w = (watched){.done = 0};
    for (int i = 0; i < PICTURES; i++) {
        char text[32];
        snprintf(text, sizeof text, "head/conv:%d", i);
        must(fv_objective_new(m, text, NULL, 0, &units[i], &other), &other);
    }
    must(fv_recipe_new(m, "fovea", NULL, 0, &r, &other), &other);
    must(fv_recipe_set(r, "steps", "2", &other), &other);
    must(fv_recipe_set(r, "size", "16", &other), &other);
    must(fv_recipe_set(r, "transforms", "none", &other), &other);
    must(fv_monitor_new(on_progress, on_note, w, &monitor, &other), &other);
    fv_status st = fv_session_new(
        m, FV_DESC(fv_session_desc, .plugin = plugin, .or_processor = or_processor), &s, err);
    if (!st) st = fv_session_set_monitor(s, monitor, err);
    if (!st)
        st = fv_render_many(
            s, (const fv_objective *const *)units, PICTURES, r,
            FV_DESC(fv_render_desc, .batch = batch, .finished = on_finished, .user = w), made, err);
    for (int i = 0; i < PICTURES; i++) {
        fv_rendering_free(made[i]);
        fv_objective_free(units[i]);
    }
    fv_session_free(s);
    fv_monitor_free(monitor);
    fv_recipe_free(r);
    return st;
}

static void same_pictures(const watched *a, const watched *b) {
    assert_int_equal(b->finished, PICTURES);
    for (int i = 0; i < PICTURES; i++) assert_true(a->mean[i] == b->mean[i]);
    assert_int_equal(b->done, b->total);
}

static fv_model *load(void) {
    fv_model *m = NULL;
    fv_error err;
    must(fv_model_load("tests/data/cli/tiny.onnx", NULL, &m, &err), &err);
    fail_at(-1, 0);
    largest(0);
    return m;
}

/* Eight pictures where two at once fit: what does not fit is halved until it does, once. */
static void test_memory_for_two(void **state) {
    (void)state;
    fv_model *m = load();
    watched all, less;
    fv_error err;
    must(render(m, PICTURES, 0, &all, &err), &err);
    assert_int_equal(all.batch[0], PICTURES);
    assert_string_equal(all.note, "");
    for (int or_processor = 0; or_processor < 2; or_processor++) {
        largest(2 * LAYER);
        must(render(m, PICTURES, or_processor, &less, &err), &err);
        same_pictures(&all, &less);
        for (int i = 0; i < PICTURES; i++) assert_int_equal(less.batch[i], 2);
        if (!strstr(less.note, "8 pictures at once are too many for the device's memory: 2 from"))
            fail_msg("%s", less.note);
    }
    largest(LAYER - 1); /* not for one */
    assert_int_equal(render(m, PICTURES, 0, &less, &err), FV_NOMEM);
    assert_non_null(strstr(err.text, "as asked"));
    assert_string_equal(less.note, "");
    largest(0);
    fv_model_free(m);
}

/* Whichever call fails, the pictures are the same, or the call fails with what the device says. */
static void test_any_call(void **state) {
    (void)state;
    fv_model *m = load();
    watched all, less;
    fv_error err;
    int halved = 0;
    must(render(m, PICTURES / 2, 0, &all, &err), &err);
    const int calls = fail_at(-1, 0);
    for (int n = 0; n < calls; n += 1 + calls / 100) {
        fail_at(n, PJRT_RESOURCE_EXHAUSTED);
        const fv_status st = render(m, PICTURES / 2, 0, &less, &err);
        fail_at(-1, 0);
        if (st) {
            assert_int_equal(st, FV_NOMEM);
            continue;
        }
        same_pictures(&all, &less);
        halved += *less.note != 0;
    }
    assert_true(halved > 5);
    fv_model_free(m);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_for_two),
        cmocka_unit_test(test_any_call),
    };
    if (argc < 2) return 2;
    folder = argv[1];
    snprintf(plugin, sizeof plugin, "%s/fake.so", folder);
    void *library = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
    if (!library) return 2;
    *(void **)&fail_at = dlsym(library, "fake_fail_at");
    *(void **)&largest = dlsym(library, "fake_largest");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
