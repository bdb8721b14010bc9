/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures on a device whose memory runs out, whatever call it is that fails; and on two devices.
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
    int finished;    /* pictures handed out */
    int wrong;       /* progress that fell, or pictures out of order */
    int stop_at;     /* answers STOP then; 0: never */
    int refuse;      /* the picture that the caller does not want; -1: none */
    double mean[PICTURES];
    int batch[PICTURES];
    int there, unfinished; /* pictures in the end */
} watched;

/* How a call is made. */
typedef struct how {
    int batch, or_processor;
    int devices; /* 1 or 2 */
    int stop_at, refuse;
} how;

static int on_progress(void *user, const fv_progress *p) {
    watched *w = user;
    w->wrong += p->done < w->done || p->done > p->total;
    w->done = p->done;
    w->total = p->total;
    return w->stop_at && w->done >= w->stop_at ? FV_MONITOR_STOP : FV_MONITOR_GO;
}

static void on_note(void *user, const char *text) {
    watched *w = user;
    if (strstr(text, "memory")) snprintf(w->note, sizeof w->note, "%s", text);
}

static fv_status on_finished(void *user, int index, fv_rendering *r, int *taken, fv_error *err) {
    watched *w = user;
    (void)taken;
    w->wrong += index != w->finished++;
    if (index == w->refuse) {
        snprintf(err->text, sizeof err->text, "picture %d is not wanted", index);
        return FV_IO;
    }
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        w->mean[index] += (double)r->image->data[i] * (1 + i % 7);
    w->batch[index] = r->batch;
    return FV_OK;
}

static void make_units(const fv_model *m, fv_objective **units, fv_recipe **recipe) {
    static const char *const options[][2] = {
        {"steps", "2"}, {"size", "16"}, {"transforms", "none"}};
    fv_error err;
    for (int i = 0; i < PICTURES; i++) {
        char text[32];
        snprintf(text, sizeof text, "head/conv:%d", i);
        must(fv_objective_new(m, text, NULL, 0, &units[i], &err), &err);
    }
    must(fv_recipe_new(m, "fovea", NULL, 0, recipe, &err), &err);
    for (int i = 0; i < 3; i++)
        must(fv_recipe_set(*recipe, options[i][0], options[i][1], &err), &err);
}

static fv_status open_sessions(const fv_model *m, const how *h, fv_session **s, fv_error *err) {
    fv_status st = FV_OK;
    for (int i = 0; !st && i < h->devices; i++)
        st = fv_session_new(m,
                            FV_DESC(fv_session_desc, .plugin = plugin, .device = i,
                                    .or_processor = h->or_processor),
                            &s[i], err);
    return st;
}

static fv_status render(const fv_model *m, const how *h, watched *w, fv_error *err) {
    fv_objective *units[PICTURES] = {NULL};
    fv_rendering *made[PICTURES] = {NULL};
    fv_session *s[2] = {NULL};
    fv_recipe *r = NULL;
    fv_monitor *monitor = NULL;
    fv_error other;
    *w = (watched){.stop_at = h->stop_at, .refuse = h->refuse};
    make_units(m, units, &r);
    must(fv_monitor_new(on_progress, on_note, w, &monitor, &other), &other);
    fv_status st = open_sessions(m, h, s, err);
    if (!st) st = fv_session_set_monitor(s[0], monitor, err);
    if (!st)
        st = fv_render_many(s[0], (const fv_objective *const *)units, PICTURES, r,
                            FV_DESC(fv_render_desc, .batch = h->batch, .finished = on_finished,
                                    .user = w, .others = s + 1, .other_count = h->devices - 1),
                            made, err);
    for (int i = 0; i < PICTURES; i++) {
        w->there += made[i] != NULL;
        w->unfinished += made[i] && made[i]->unfinished;
        fv_rendering_free(made[i]);
        fv_objective_free(units[i]);
    }
    for (int i = 0; i < 2; i++) fv_session_free(s[i]);
    fv_monitor_free(monitor);
    fv_recipe_free(r);
    assert_int_equal(w->wrong, 0);
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
    must(render(m, &(how){PICTURES, 0, 1, 0, -1}, &all, &err), &err);
    assert_int_equal(all.batch[0], PICTURES);
    assert_string_equal(all.note, "");
    for (int or_processor = 0; or_processor < 2; or_processor++) {
        largest(2 * LAYER);
        must(render(m, &(how){PICTURES, or_processor, 1, 0, -1}, &less, &err), &err);
        same_pictures(&all, &less);
        for (int i = 0; i < PICTURES; i++) assert_int_equal(less.batch[i], 2);
        if (!strstr(less.note, "8 pictures at once are too many for the device's memory: 2 from"))
            fail_msg("%s", less.note);
    }
    largest(LAYER - 1); /* not for one */
    assert_int_equal(render(m, &(how){PICTURES, 0, 1, 0, -1}, &less, &err), FV_NOMEM);
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
    must(render(m, &(how){PICTURES / 2, 0, 1, 0, -1}, &all, &err), &err);
    const int calls = fail_at(-1, 0);
    for (int n = 0; n < calls; n += 1 + calls / 100) {
        fail_at(n, PJRT_RESOURCE_EXHAUSTED);
        const fv_status st = render(m, &(how){PICTURES / 2, 0, 1, 0, -1}, &less, &err);
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

/* Two devices make what one makes, in that order. */
static void test_two_devices(void **state) {
    (void)state;
    fv_model *m = load();
    watched one, two;
    fv_error err;
    for (int batch = 0; batch <= 3; batch++) {
        must(render(m, &(how){batch, 0, 1, 0, -1}, &one, &err), &err);
        must(render(m, &(how){batch, 0, 2, 0, -1}, &two, &err), &err);
        same_pictures(&one, &two);
        assert_int_equal(two.there, PICTURES);
        if (batch) assert_int_equal(two.total, one.total);
        if (!batch) assert_int_equal(two.batch[0], PICTURES / 2); /* none is idle */
    }
    largest(LAYER);
    must(render(m, &(how){3, 0, 2, 0, -1}, &two, &err), &err);
    same_pictures(&one, &two);
    assert_non_null(strstr(two.note, "1 from here on"));
    largest(LAYER - 1);
    assert_int_equal(render(m, &(how){1, 0, 2, 0, -1}, &two, &err), FV_NOMEM);
    assert_non_null(strstr(err.text, "as asked"));
    largest(0);
    fv_model_free(m);
}

/* The caller stops it, or refuses a picture: both devices end, and what is begun is there. */
static void test_two_devices_end(void **state) {
    (void)state;
    fv_model *m = load();
    watched w;
    fv_error err;
    must(render(m, &(how){2, 0, 2, 3, -1}, &w, &err), &err);
    assert_in_range(w.there, 2, 6);
    assert_true(w.unfinished > 0);
    assert_int_equal(render(m, &(how){2, 0, 2, 0, 4}, &w, &err), FV_IO);
    assert_string_equal(err.text, "picture 4 is not wanted");
    assert_int_equal(w.finished, 5);
    assert_int_equal(w.there, 0);
    fail_at(150, 13);
    const fv_status st = render(m, &(how){2, 0, 2, 0, -1}, &w, &err);
    fail_at(-1, 0);
    assert_int_equal(st, FV_BACKEND);
    fv_model_free(m);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_for_two),
        cmocka_unit_test(test_any_call),
        cmocka_unit_test(test_two_devices),
        cmocka_unit_test(test_two_devices_end),
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
