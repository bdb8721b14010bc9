/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads with a session each on one model: both get what one alone gets, to the bit. The same
 * program is run under ThreadSanitizer (./bootstrap tsan), which sees what they share: the model's
 * weights in their layouts, its checksum, the constants of lowering, libvips, the decoders of
 * `examples`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fovea/fovea.h"
#include "support/texts.h"

enum { THREADS = 2, PHOTOS = 6, SIDE = 36, TEXT = 256 };
#define NETWORK "tests/data/cli/tiny.onnx"
#define UNIT    "head/conv:3"

static char folder[] = "/tmp/fovea-threads-XXXXXX";
static char photo_path[PHOTOS][sizeof folder + 16];

/* One thread's work: what it is given, and what it made of it. */
typedef struct work {
    const fv_model *model;
    fv_status (*run)(struct work *w, fv_session *session, const fv_tensor *input, fv_error *err);
    pthread_barrier_t *together;
    fv_status status;
    fv_error err;
    int64_t count; /* of the numbers below */
    float *numbers;
} work;

static void keep(work *w, const float *numbers, int64_t count) {
    w->numbers = realloc(w->numbers, (size_t)(w->count + count) * sizeof *numbers);
    if (!w->numbers) abort();
    memcpy(w->numbers + w->count, numbers, (size_t)count * sizeof *numbers);
    w->count += count;
}

static void *work_thread(void *data) {
    work *w = data;
    const fv_session_desc desc = {.struct_size = sizeof(fv_session_desc), .threads = THREADS};
    fv_session *session = NULL;
    fv_image *photo = NULL;
    fv_tensor *input = NULL;
    pthread_barrier_wait(w->together);
    w->status = fv_session_new(w->model, &desc, &session, &w->err);
    if (!w->status) w->status = fv_image_load(photo_path[0], &photo, &w->err);
    if (!w->status) w->status = fv_input_from_image(w->model, photo, &input, &w->err);
    if (!w->status) w->status = w->run(w, session, input, &w->err);
    fv_tensor_free(input);
    fv_image_free(photo);
    fv_session_free(session);
    return NULL;
}

/* Runs `run` in two threads on a model nobody has used yet, then in one. */
static void compare(fv_status (*run)(work *, fv_session *, const fv_tensor *, fv_error *)) {
    fv_error err;
    fv_model *model = NULL;
    pthread_t threads[THREADS];
    pthread_barrier_t together, alone;
    work w[THREADS + 1] = {{0}};
    if (fv_model_load(NETWORK, NULL, &model, &err)) fail_msg("%s", err.text);
    pthread_barrier_init(&together, NULL, THREADS);
    pthread_barrier_init(&alone, NULL, 1);
    for (int i = 0; i <= THREADS; i++)
        w[i] = (work){.model = model, .run = run, .together = i < THREADS ? &together : &alone};
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work_thread, &w[i]), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    work_thread(&w[THREADS]);
    for (int i = 0; i <= THREADS; i++) {
        if (w[i].status) fail_msg("thread %d: %s", i, w[i].err.text);
        assert_true(w[i].count > 0 && w[i].count == w[THREADS].count);
        assert_memory_equal(w[i].numbers, w[THREADS].numbers, (size_t)w[i].count * sizeof(float));
    }
    for (int i = 0; i <= THREADS; i++) free(w[i].numbers);
    pthread_barrier_destroy(&alone);
    pthread_barrier_destroy(&together);
    fv_model_free(model);
}

/* ---- what they do --------------------------------------------------------------------------- */

static fv_status run_gradient(work *w, fv_session *session, const fv_tensor *input, fv_error *err) {
    fv_tensor *y = NULL, *dx = NULL;
    fv_weight_stats stats;
    float first = (float)fv_model_sha256(w->model)[0];
    keep(w, &first, 1);
    fv_status st = fv_session_run(session, input, NULL, &y, err);
    if (!st) st = gradient_text(w->model, session, input, UNIT, NULL, &dx, err);
    if (!st) st = fv_model_weight_stats(w->model, 0, &stats, err);
    if (!st) {
        keep(w, y->data, fv_tensor_count(y));
        keep(w, dx->data, fv_tensor_count(dx));
        first = (float)stats.mean;
        keep(w, &first, 1);
    }
    fv_tensor_free(y);
    fv_tensor_free(dx);
    return st;
}

static fv_status run_render(work *w, fv_session *session, const fv_tensor *input, fv_error *err) {
    static const char *const recipes[] = {"fovea-layer", "lucid", "maco", "darknet"};
    fv_status st = FV_OK;
    (void)session, (void)input;
    for (size_t i = 0; !st && i < sizeof recipes / sizeof *recipes; i++) {
        const char *unit = UNIT;
        fv_recipe *recipe = NULL;
        fv_rendering *r = NULL;
        st = recipe_texts(w->model, recipes[i], &unit, 1, &recipe, err);
        if (!st) st = fv_recipe_set(recipe, "seed", "5", err);
        if (!st) st = fv_recipe_set(recipe, "steps", "2", err);
        if (!st) st = fv_recipe_set(recipe, "levels", "1", err);
        if (!st) st = fv_recipe_set(recipe, "copies", "2", err);
        if (!st)
            st = render_texts(w->model, &unit, 1, recipe,
                              &(render_how){.threads = THREADS}, &r, err);
        const fv_image *p = st ? NULL : r->image;
        if (!st) keep(w, p->data, (int64_t)p->channels * p->height * p->width);
        fv_rendering_free(r);
        fv_recipe_free(recipe);
    }
    return st;
}

static fv_status run_attribute(work *w, fv_session *session, const fv_tensor *input,
                               fv_error *err) {
    fv_status st = FV_OK;
    for (int i = 0; !st && i < fv_method_count(); i++) {
        const fv_attribute_desc d = {.struct_size = sizeof d,
                                     .method = fv_method_at(i)->method,
                                     .samples = 2,
                                     .steps = 2,
                                     .masks = 4,
                                     .window = 16,
                                     .stride = 16,
                                     .cells = 4};
        fv_attribution *a = NULL;
        st = attribute_text(w->model, session, input, UNIT, &d, &a, err);
        if (!st) keep(w, a->map->data, fv_tensor_count(a->map));
        fv_attribution_free(a);
    }
    return st;
}

static fv_status run_examples(work *w, fv_session *session, const fv_tensor *input, fv_error *err) {
    static const char *const units[] = {"head/conv", "logits:2"};
    const fv_examples_desc d = {.struct_size = sizeof d, .decoders = 3};
    fv_examples *e = NULL;
    float values[PHOTOS];
    (void)input;
    fv_status st = scan_texts(w->model, session, units, 2, folder, &d, &e, err);
    for (int u = 0; !st && u < fv_examples_unit_count(e); u++) {
        st = fv_examples_values(e, u, FV_SCORE_MAX, 0, values, err);
        if (!st) keep(w, values, PHOTOS);
    }
    fv_examples_free(e);
    return st;
}

static fv_status run_images(work *w, fv_session *session, const fv_tensor *input, fv_error *err) {
    char path[sizeof folder + 64];
    fv_status st = FV_OK;
    (void)session, (void)input;
    for (int i = 0; !st && i < PHOTOS; i++) {
        fv_image *p = NULL, *small = NULL;
        const char *label = "a label";
        fv_image *sheet = NULL;
        st = fv_image_load(photo_path[i], &p, err);
        if (!st) st = fv_image_resize(p, 17, 19, &small, err);
        if (!st) st = fv_montage((const fv_image *const *)&small, &label, 1, NULL, &sheet, err);
        snprintf(path, sizeof path, "%s/%p.webp", folder, (void *)w);
        if (!st) st = fv_image_save(sheet, path, err);
        if (!st) keep(w, sheet->data, (int64_t)sheet->height * sheet->width);
        unlink(path);
        fv_image_free(sheet);
        fv_image_free(small);
        fv_image_free(p);
    }
    return st;
}

static void test_gradient(void **state) { (void)state, compare(run_gradient); }
static void test_render(void **state) { (void)state, compare(run_render); }
static void test_attribute(void **state) { (void)state, compare(run_attribute); }
static void test_examples(void **state) { (void)state, compare(run_examples); }
static void test_images(void **state) { (void)state, compare(run_images); }

/* ---- photos --------------------------------------------------------------------------------- */

static int setup(void **state) {
    (void)state;
    if (!mkdtemp(folder)) return -1;
    for (int k = 0; k < PHOTOS; k++) {
        fv_image *p = NULL;
        if (fv_image_new(3, SIDE, SIDE + 4, &p, NULL)) return -1;
        for (int i = 0; i < 3 * SIDE * (SIDE + 4); i++)
            p->data[i] = (float)((i * 31 + k * 97) % 256) / 255;
        snprintf(photo_path[k], sizeof photo_path[k], "%s/%d.%s", folder, k, k % 2 ? "jpg" : "png");
        const fv_status st = fv_image_save(p, photo_path[k], NULL);
        fv_image_free(p);
        if (st) return -1;
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    for (int k = 0; k < PHOTOS; k++) unlink(photo_path[k]);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient),  cmocka_unit_test(test_render),
        cmocka_unit_test(test_attribute), cmocka_unit_test(test_examples),
        cmocka_unit_test(test_images),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
