/* SPDX-License-Identifier: Apache-2.0 */
/* Rendering and dreaming on a session of the caller's: plans and graphs are made once for all its
 * calls, no call depends on those before it, its threads and on_nan hold, and its monitor can end a
 * call from another thread. The linker hands the test each plan that is made, each run, and each
 * gradient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/executable.h"
#include "model/network/lower.h"
#include "runtime/model_state.h"
#include "support/recipes.h"
#include "support/texts.h"
#include "vis/update/gradient.h"

#define MODEL "tests/golden/residual.new18-free.onnx"
#define PHOTO "tests/data/cli/photo.jpg"
#define LAYER "#5" /* a convolution of 8 channels */
enum { UNITS = 3 };

static int plans;        /* made so far */
static int runs, end_at; /* forward runs so far; at which of them `end` is called; 0: never */
static fv_monitor *monitor;
static void (*end)(fv_monitor *);
static int gradients, sound; /* made so far; after so many they are NaN; 0: never */

#pragma GCC visibility push(default)
fv_status __real_fvi_executable_new(fvi_device *d, fvi_graph *graph, int flags,
                                    fvi_executable **out, fv_error *err);
fv_status __wrap_fvi_executable_new(fvi_device *d, fvi_graph *graph, int flags,
                                    fvi_executable **out, fv_error *err);
fv_status __wrap_fvi_executable_new(fvi_device *d, fvi_graph *graph, int flags,
                                    fvi_executable **out, fv_error *err) {
    plans++;
    return __real_fvi_executable_new(d, graph, flags, out, err);
}

fv_status __real_fvi_executable_forward(fvi_executable *e, fv_error *err);
fv_status __wrap_fvi_executable_forward(fvi_executable *e, fv_error *err);
fv_status __wrap_fvi_executable_forward(fvi_executable *e, fv_error *err) {
    if (++runs == end_at) end(monitor);
    return __real_fvi_executable_forward(e, err);
}

fv_status __real_fvi_gradient(const fvi_gradient_run *r, fv_error *err);
fv_status __wrap_fvi_gradient(const fvi_gradient_run *r, fv_error *err);
fv_status __wrap_fvi_gradient(const fvi_gradient_run *r, fv_error *err) {
    fv_status st = __real_fvi_gradient(r, err);
    if (sound && ++gradients > sound) r->dx[0] = NAN;
    return st;
}
#pragma GCC visibility pop

/* ---- what the calls are made with ----------------------------------------------------------- */

static const char *const texts[UNITS] = {LAYER ":0", LAYER ":3@2,4", LAYER ":7"};
static fv_model *model;
static fv_objective **units;
static fv_objective *layer;

static int setup(void **state) {
    (void)state;
    return fv_model_load(MODEL, NULL, &model, NULL) ||
           read_objectives(model, texts, UNITS, &units, NULL) ||
           fv_objective_new(model, LAYER, NULL, 0, &layer, NULL);
}

static int teardown(void **state) {
    (void)state;
    fv_objective_free(layer);
    free_objectives(units, UNITS);
    fv_model_free(model);
    return 0;
}

static fv_session *session_of(int threads, fv_on_nan on_nan) {
    fv_session *s = NULL;
    fv_error err;
    if (fv_session_new(model, FV_DESC(fv_session_desc, .threads = threads, .on_nan = on_nan), &s,
                       &err))
        fail_msg("%s", err.text);
    return s;
}

/* The three units' pictures, side by side in one.  returns  to be freed with free_made */
static fv_rendering **render(fv_session *s, const fv_recipe *recipe) {
    fv_rendering **made = calloc(UNITS, sizeof(fv_rendering *));
    fv_error err;
    if (fv_render_many(s, (objective_list)units, UNITS, recipe, FV_DESC(fv_render_desc, .batch = 2),
                       made, &err))
        fail_msg("%s", err.text);
    return made;
}

static void free_made(fv_rendering **made) {
    for (int i = 0; i < UNITS; i++) fv_rendering_free(made[i]);
    free(made);
}

static fv_image *photo_of(int side) {
    fv_image *photo = NULL, *out = NULL;
    assert_int_equal(fv_image_load(PHOTO, &photo, NULL), FV_OK);
    assert_int_equal(fv_image_resize(photo, side, side, &out, NULL), FV_OK);
    fv_image_free(photo);
    return out;
}

static fv_image *dream(fv_session *s) {
    fv_image *photo = photo_of(48);
    fv_error err;
    if (fv_dream(s, photo, layer, FV_DESC(fv_dream_desc, .steps = 2, .octaves = 2, .tile = 32),
                 &err))
        fail_msg("%s", err.text);
    return photo;
}

static void assert_same(const fv_image *a, const fv_image *b) {
    assert_true(a->channels == b->channels && a->height == b->height && a->width == b->width);
    assert_memory_equal(a->data, b->data,
                        (size_t)(a->channels * a->height * a->width) * sizeof(float));
}

/* ---- calls one after the other -------------------------------------------------------------- */

/* What a session makes: several pictures, one of them, a dream. */
typedef struct results {
    fv_rendering **made;
    fv_image *one, *dreamt;
} results;

static results make_all(fv_session *s, const fv_recipe *recipe) {
    results r = {.made = render(s, recipe), .dreamt = dream(s)};
    fv_error err;
    if (fv_render(s, texts[0], recipe, &r.one, &err)) fail_msg("%s", err.text);
    return r;
}

static void free_results(results *r) {
    free_made(r->made);
    fv_image_free(r->one);
    fv_image_free(r->dreamt);
}

static void assert_same_results(const results *a, const results *b) {
    for (int i = 0; i < UNITS; i++) assert_same(a->made[i]->image, b->made[i]->image);
    assert_same(a->one, b->one);
    assert_same(a->dreamt, b->dreamt);
}

/* The same calls again, of recipes whose transforms come by several sizes. */
static void second_calls_make_no_plan(void **state) {
    (void)state;
    const char *const recipes[] = {"fovea", "lucid", "darknet", "maco"};
    for (size_t k = 0; k < sizeof recipes / sizeof *recipes; k++) {
        fv_recipe *r = recipe_of(model, recipes[k], texts[0], "size=24; steps=6");
        fv_session *s = session_of(2, 0), *fresh = session_of(2, 0);
        plans = 0;
        results first = make_all(s, r);
        const int made = plans, lowerings = fvi_network_lowerings(model->network);
        assert_true(made > 1);
        results second = make_all(s, r);
        assert_int_equal(plans, made);
        assert_int_equal(fvi_network_lowerings(model->network), lowerings);
        results apart = make_all(fresh, r);
        assert_int_equal(plans, 2 * made);
        assert_same_results(&first, &second);
        assert_same_results(&first, &apart);
        assert_same(first.one, first.made[0]->image);
        free_results(&first);
        free_results(&second);
        free_results(&apart);
        fv_session_free(s);
        fv_session_free(fresh);
        fv_recipe_free(r);
    }
}

/* Bytes of memory that a rendering needs, as its refusal says. */
static int64_t needed(const char *text, const char *options) {
    fv_model *m = NULL;
    fv_image *image = NULL;
    fv_error err = {0};
    long long amount = 0;
    char unit[8] = "";
    if (fv_model_load(MODEL, FV_DESC(fv_model_desc, .memory = 1), &m, &err))
        fail_msg("%s", err.text);
    fv_recipe *r = recipe_of(m, "lucid", text, options);
    assert_int_equal(render_text(m, text, r, &image, &err), FV_NOMEM);
    const char *number = strstr(err.text, "needs ");
    assert_true(number && sscanf(number, "needs %lld %7[A-Z]", &amount, unit) == 2);
    assert_true(!strcmp(unit, "MB") || !strcmp(unit, "KB"));
    fv_recipe_free(r);
    fv_model_free(m);
    return (int64_t)amount << (unit[0] == 'M' ? 20 : 10);
}

/* Where memory is short, the plans of calls before make way: tiles are not smaller than those of a
 * fresh session. */
enum { SPARE = 8 << 20 }; /* makes room for tiles larger than the smallest */
static void old_plans_make_way(void **state) {
    (void)state;
    const char *const options = "size=400; steps=1; transforms=none";
    const char *const both[] = {"#5:0", "#9:0", "#5:0"};
    const int64_t a = needed(both[0], options), b = needed(both[1], options);
    fv_model *m = NULL;
    fv_session *s = NULL;
    fv_image *alone = NULL, *made[3];
    fv_error err = {0};
    if (fv_model_load(MODEL, FV_DESC(fv_model_desc, .memory = (a > b ? a : b) + SPARE), &m, &err) ||
        fv_session_new(m, NULL, &s, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < 3; i++) {
        fv_recipe *r = recipe_of(m, "lucid", both[i], options);
        if (fv_render(s, both[i], r, &made[i], &err)) fail_msg("%d: %s", i, err.text);
        fv_recipe_free(r);
    }
    fv_recipe *r = recipe_of(m, "lucid", both[1], options);
    fv_session_free(s);
    if (render_text(m, both[1], r, &alone, &err)) fail_msg("%s", err.text);
    assert_same(made[1], alone);
    assert_same(made[0], made[2]);
    assert_string_equal(fv_image_text(made[1], "fovea.options"),
                        fv_image_text(alone, "fovea.options"));
    for (int i = 0; i < 3; i++) fv_image_free(made[i]);
    fv_image_free(alone);
    fv_recipe_free(r);
    fv_model_free(m);
}

static int stop_at_once(void *user, const fv_progress *p) {
    (void)user, (void)p;
    return FV_MONITOR_STOP;
}

/* Redirected ReLUs are of one run: a gradient on the same plan knows nothing of them, even after a
 * rendering that was stopped while they were. */
static void redirected_relus_do_not_stay(void **state) {
    (void)state;
    fv_recipe *r = recipe_of(model, "lucid", NULL, "size=12; steps=2; transforms=none");
    int redirected = 0;
    fv_monitor *m = NULL;
    assert_int_equal(fv_monitor_new(stop_at_once, NULL, NULL, &m, NULL), FV_OK);
    for (int c = 0; c < 12; c++) {
        char text[32];
        fv_objective *o = NULL;
        fv_rendering *made = NULL;
        fv_tensor *one = NULL, *other = NULL;
        fv_session *s = session_of(1, 0), *fresh = session_of(1, 0);
        snprintf(text, sizeof text, "#9:%d@1,1", c); /* a ReLU that depends on all pixels */
        assert_int_equal(fv_objective_new(model, text, NULL, 0, &o, NULL), FV_OK);
        assert_int_equal(fv_session_set_monitor(s, m, NULL), FV_OK);
        assert_int_equal(fv_render_many(s, (objective_list)&o, 1, r, NULL, &made, NULL), FV_OK);
        assert_int_equal(fv_session_set_monitor(s, NULL, NULL), FV_OK);
        redirected += made->redirected;
        assert_int_equal(fv_session_gradient(s, made->input, o, NULL, &one, NULL), FV_OK);
        assert_int_equal(fv_session_gradient(fresh, made->input, o, NULL, &other, NULL), FV_OK);
        assert_memory_equal(one->data, other->data, (size_t)fv_tensor_count(one) * sizeof(float));
        fv_tensor_free(one);
        fv_tensor_free(other);
        fv_rendering_free(made);
        fv_objective_free(o);
        fv_session_free(s);
        fv_session_free(fresh);
    }
    assert_true(redirected > 0);
    fv_monitor_free(m);
    fv_recipe_free(r);
}

/* ---- ending a call -------------------------------------------------------------------------- */

static atomic_int begun; /* updates were made */

static int count_update(void *user, const fv_progress *p) {
    (void)user, (void)p;
    atomic_fetch_add(&begun, 1);
    return FV_MONITOR_GO;
}

static void *end_from_another_thread(void *user) {
    (void)user;
    while (atomic_load(&begun) < 2) continue;
    end(monitor);
    return NULL;
}

static fv_session *watched(void (*how)(fv_monitor *)) {
    fv_session *s = session_of(1, 0);
    end = how;
    begun = runs = end_at = 0;
    assert_int_equal(fv_monitor_new(count_update, NULL, NULL, &monitor, NULL), FV_OK);
    assert_int_equal(fv_session_set_monitor(s, monitor, NULL), FV_OK);
    return s;
}

static void close_watched(fv_session *s) {
    end_at = 0;
    fv_session_free(s);
    fv_monitor_free(monitor);
}

static void another_thread_ends_a_rendering(void **state) {
    (void)state;
    void (*const ends[])(fv_monitor *) = {fv_monitor_stop, fv_monitor_cancel};
    fv_recipe *r = recipe_of(model, "lucid", texts[0], "size=24; steps=1000000");
    for (int k = 0; k < 2; k++) {
        fv_session *s = watched(ends[k]);
        fv_rendering *made[UNITS] = {NULL};
        fv_error err = {0};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, end_from_another_thread, NULL), 0);
        const fv_status st = fv_render_many(s, (objective_list)units, UNITS, r,
                                            FV_DESC(fv_render_desc, .batch = 2), made, &err);
        pthread_join(thread, NULL);
        if (k) {
            assert_int_equal(st, FV_CANCELLED);
            assert_null(made[0]);
        } else {
            assert_int_equal(st, FV_OK);
            assert_true(made[0]->unfinished && made[1]->unfinished && !made[0]->dead);
            assert_true(made[0]->steps >= 2 && made[0]->steps < 1000000);
            assert_non_null(fv_image_text(made[0]->image, "fovea.unfinished"));
        }
        assert_null(made[2]); /* of another batch, which was not begun */
        for (int i = 0; i < UNITS; i++) fv_rendering_free(made[i]);
        close_watched(s);
    }
    fv_recipe_free(r);
}

static void another_thread_ends_a_dream(void **state) {
    (void)state;
    void (*const ends[])(fv_monitor *) = {fv_monitor_stop, fv_monitor_cancel};
    for (int k = 0; k < 2; k++) {
        fv_session *s = watched(ends[k]);
        fv_image *photo = photo_of(48), *before = photo_of(48);
        fv_error err = {0};
        pthread_t thread;
        for (int i = 0; i < 3 * 48 * 48; i++) /* as files of 8 bits have it */
            photo->data[i] = before->data[i] = roundf(255 * before->data[i]) / 255;
        assert_int_equal(pthread_create(&thread, NULL, end_from_another_thread, NULL), 0);
        const fv_status st =
            fv_dream(s, photo, layer,
                     FV_DESC(fv_dream_desc, .steps = 100000, .octaves = 1, .tile = 32), &err);
        pthread_join(thread, NULL);
        const size_t bytes = (size_t)(3 * 48 * 48) * sizeof(float);
        if (k) {
            assert_int_equal(st, FV_CANCELLED);
            assert_same(photo, before);
        } else {
            assert_int_equal(st, FV_OK);
            assert_true(memcmp(photo->data, before->data, bytes) != 0);
            assert_non_null(fv_image_text(photo, "fovea.unfinished"));
        }
        fv_image_free(photo);
        fv_image_free(before);
        close_watched(s);
    }
}

/* Within an update, between two of its tiles: no further one is run. What the update before reached
 * is what there is; in the first update that is nothing. */
static void an_update_is_broken_off(void **state) {
    (void)state;
    for (int lbfgs = 0; lbfgs < 2; lbfgs++) {
        fv_recipe *r =
            recipe_of(model, "lucid", texts[0], "size=48; tile=16; steps=3; transforms=none");
        if (lbfgs) recipe_set(r, "optimizer=lbfgs");
        for (int at = 1; at <= 13; at += 6) { /* an update has 9 tiles */
            fv_session *s = watched(fv_monitor_stop);
            fv_rendering *made = NULL;
            fv_error err = {0};
            end_at = at;
            const fv_status st = fv_render_many(s, (objective_list)units, 1, r, NULL, &made, &err);
            assert_int_equal(runs, at);
            assert_int_equal(st, at < 9 ? FV_CANCELLED : FV_OK);
            assert_int_equal(begun, at < 9 ? 0 : 1);
            if (!st) {
                assert_int_equal(made->steps, 1);
                assert_true(made->unfinished && made->reached == made->first && !made->dead);
                fv_rendering_free(made);
            } else {
                assert_null(made);
            }
            close_watched(s);
        }
        fv_recipe_free(r);
    }
}

/* A dream moves tile by tile: one tile is something. */
static void a_dream_is_broken_off(void **state) {
    (void)state;
    for (int at = 1; at <= 3; at++) {
        fv_session *s = watched(fv_monitor_stop);
        fv_image *photo = photo_of(48);
        fv_error err = {0};
        end_at = at;
        assert_int_equal(fv_dream(s, photo, layer,
                                  FV_DESC(fv_dream_desc, .steps = 3, .octaves = 1, .tile = 16),
                                  &err),
                         FV_OK);
        assert_int_equal(runs, at);
        assert_string_equal(fv_image_text(photo, "fovea.unfinished"), "0 of 3 steps");
        fv_image_free(photo);
        close_watched(s);
    }
}

/* Under a monitor that says STOP already there is nothing to be had, until it is reset. */
static void a_stop_holds_until_it_is_reset(void **state) {
    (void)state;
    fv_session *s = watched(fv_monitor_stop);
    fv_recipe *r = recipe_of(model, "lucid", texts[0], "size=24; steps=1");
    fv_image *photo = photo_of(48), *before = photo_of(48), *made = NULL;
    fv_error err = {0};
    fv_monitor_stop(monitor);
    assert_int_equal(fv_render(s, texts[0], r, &made, &err), FV_CANCELLED);
    assert_int_equal(fv_dream(s, photo, layer, NULL, &err), FV_CANCELLED);
    assert_null(made);
    assert_same(photo, before);
    fv_monitor_reset(monitor);
    assert_int_equal(fv_render(s, texts[0], r, &made, &err), FV_OK);
    fv_image_free(made);
    fv_image_free(photo);
    fv_image_free(before);
    fv_recipe_free(r);
    close_watched(s);
}

/* ---- what the session says ------------------------------------------------------------------ */

static int threads_inside;

static int count_threads(void *user, const fv_progress *p) {
    (void)user, (void)p;
    threads_inside = omp_get_max_threads();
    return FV_MONITOR_GO;
}

static void calls_run_on_the_sessions_threads(void **state) {
    (void)state;
    fv_recipe *r = recipe_of(model, "lucid", texts[0], "size=24; steps=1");
    fv_session *s = session_of(2, 0);
    fv_monitor *m = NULL;
    assert_int_equal(fv_monitor_new(count_threads, NULL, NULL, &m, NULL), FV_OK);
    assert_int_equal(fv_session_set_monitor(s, m, NULL), FV_OK);
    const int before = omp_get_max_threads();
    omp_set_num_threads(3);
    for (int k = 0; k < 2; k++) {
        threads_inside = 0;
        if (k)
            fv_image_free(dream(s));
        else
            free_made(render(s, r));
        assert_int_equal(threads_inside, 2);
        assert_int_equal(omp_get_max_threads(), 3);
    }
    omp_set_num_threads(before);
    fv_session_free(s);
    fv_monitor_free(m);
    fv_recipe_free(r);
}

/* The second gradient is NaN: the call fails, or keeps the picture it had. */
static void on_nan_is_the_sessions(void **state) {
    (void)state;
    fv_recipe *r = recipe_of(model, "lucid", texts[0], "size=24; steps=2; transforms=none");
    fv_error err = {0};
    sound = 1;
    for (int keep = 0; keep < 2; keep++) {
        fv_session *s = session_of(1, keep ? FV_ON_NAN_KEEP : FV_ON_NAN_STOP);
        fv_rendering *made = NULL;
        gradients = 0;
        assert_int_equal(fv_render_many(s, (objective_list)units, 1, r, NULL, &made, &err),
                         keep ? FV_OK : FV_NONFINITE);
        assert_true((made != NULL) == keep);
        if (made) assert_true(made->unfinished && !made->dead && made->why);
        fv_rendering_free(made);
        fv_session_free(s);
    }
    sound = 0;
    fv_recipe_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second_calls_make_no_plan),
        cmocka_unit_test(old_plans_make_way),
        cmocka_unit_test(redirected_relus_do_not_stay),
        cmocka_unit_test(another_thread_ends_a_rendering),
        cmocka_unit_test(another_thread_ends_a_dream),
        cmocka_unit_test(an_update_is_broken_off),
        cmocka_unit_test(a_dream_is_broken_off),
        cmocka_unit_test(a_stop_holds_until_it_is_reset),
        cmocka_unit_test(calls_run_on_the_sessions_threads),
        cmocka_unit_test(on_nan_is_the_sessions),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
