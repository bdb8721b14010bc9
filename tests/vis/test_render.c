/* SPDX-License-Identifier: Apache-2.0 */
/* fv_render through the public API on a small trained-free residual net (tests/golden): one picture
 * whatever the batch and the company, the same again, another seed another, climbing, cancelling.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"

#define FREE_BATCH  SOURCE_ROOT "/tests/golden/residual.new18-free.onnx"
#define FIXED_BATCH SOURCE_ROOT "/tests/golden/residual.old9.onnx"
#define LAYER       "#5" /* a convolution of 8 channels */
enum { SIZE = 24, STEPS = 12, UNITS = 5 };

static fv_model *load(const char *path) {
    fv_error err = {0};
    fv_model *m = NULL;
    if (fv_model_load(path, NULL, &m, &err)) fail_msg("%s", err.text);
    return m;
}

static void render(const fv_model *m, const char *const *units, int n, fv_render_desc d,
                   fv_image **out) {
    fv_error err = {0};
    d.size = SIZE;
    d.steps = STEPS;
    if (fv_render_many(m, units, n, &d, out, &err)) fail_msg("%s", err.text);
}

static const char *const units[UNITS] = {LAYER ":0", LAYER ":1", LAYER ":7", LAYER, LAYER ":3@2,4"};

static size_t bytes_of(const fv_image *i) {
    return (size_t)(i->channels * i->height * i->width) * sizeof(float);
}

/* Whether a gradient comes out the same, to the bit, alone and in a batch of 5. oneDNN may choose
 * its summation order by the batch; then pictures can only be nearly the same. */
static int gradients_are_batch_invariant(const fv_model *m) {
    fv_session *s = NULL;
    fv_tensor *x = NULL, *one = NULL, *all = NULL, *alone = NULL;
    int64_t dims[4] = {UNITS, 3, SIZE, SIZE};
    assert_int_equal(fv_session_new(m, NULL, &s, NULL), FV_OK);
    assert_int_equal(fv_tensor_new(4, dims, &x, NULL), FV_OK);
    for (int64_t i = 0; i < fv_tensor_count(x); i++) x->data[i] = sinf((float)i);
    dims[0] = 1;
    assert_int_equal(fv_tensor_new(4, dims, &one, NULL), FV_OK);
    size_t bytes = (size_t)fv_tensor_count(one) * sizeof(float);
    memcpy(one->data, x->data, bytes);
    assert_int_equal(fv_session_gradient(s, x, LAYER ":0", NULL, &all, NULL), FV_OK);
    assert_int_equal(fv_session_gradient(s, one, LAYER ":0", NULL, &alone, NULL), FV_OK);
    int same = memcmp(all->data, alone->data, bytes) == 0;
    for (int64_t i = 0; i < fv_tensor_count(one); i++)
        assert_true(fabsf(all->data[i] - alone->data[i]) < 1e-5f);
    fv_tensor_free(x);
    fv_tensor_free(one);
    fv_tensor_free(all);
    fv_tensor_free(alone);
    fv_session_free(s);
    return same;
}

static void assert_same_picture(const fv_image *a, const fv_image *b, int exact) {
    assert_int_equal(bytes_of(a), bytes_of(b));
    if (exact) assert_memory_equal(a->data, b->data, bytes_of(a));
    for (size_t i = 0; i < bytes_of(a) / sizeof(float); i++)
        assert_true(fabsf(a->data[i] - b->data[i]) < 0.02f);
}

static void one_picture_whatever_the_batch(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    int exact = gradients_are_batch_invariant(m);
    fv_image *alone[UNITS], *batched[UNITS], *pairs[UNITS];
    for (int i = 0; i < UNITS; i++) render(m, &units[i], 1, (fv_render_desc){0}, &alone[i]);
    render(m, units, UNITS, (fv_render_desc){0}, batched);
    render(m, units, UNITS, (fv_render_desc){.batch = 2}, pairs);
    for (int i = 0; i < UNITS; i++) {
        assert_same_picture(alone[i], batched[i], exact);
        assert_same_picture(alone[i], pairs[i], exact);
        fv_image_free(alone[i]);
        fv_image_free(batched[i]);
        fv_image_free(pairs[i]);
    }
    fv_model_free(m);
}

static void a_file_with_a_fixed_batch_renders_too(void **state) {
    (void)state;
    fv_model *m = load(FIXED_BATCH);
    fv_image *alone, *batched[UNITS];
    render(m, units, UNITS, (fv_render_desc){0}, batched);
    render(m, units + 2, 1, (fv_render_desc){0}, &alone);
    assert_same_picture(alone, batched[2], gradients_are_batch_invariant(m));
    fv_image_free(alone);
    for (int i = 0; i < UNITS; i++) fv_image_free(batched[i]);
    fv_model_free(m);
}

static void the_seed_decides(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_image *a, *again, *other;
    render(m, units, 1, (fv_render_desc){.seed = 5}, &a);
    render(m, units, 1, (fv_render_desc){.seed = 5}, &again);
    render(m, units, 1, (fv_render_desc){.seed = 6}, &other);
    assert_memory_equal(a->data, again->data, bytes_of(a));
    assert_memory_not_equal(a->data, other->data, bytes_of(a));
    assert_string_equal(fv_image_text(a, "fovea.seed"), "5");
    assert_string_equal(fv_image_text(a, "fovea.version"), fv_version());
    assert_int_equal(strlen(fv_image_text(a, "fovea.model-sha256")), 64);
    assert_non_null(strstr(fv_image_text(a, "fovea.options"), "steps=12"));
    fv_image_free(a);
    fv_image_free(again);
    fv_image_free(other);
    fv_model_free(m);
}

typedef struct watch {
    int calls, stop_at;
    double first, last;
} watch;

static int note(void *user, const fv_progress *p) {
    watch *w = user;
    if (!w->calls++) w->first = p->objective;
    w->last = p->objective;
    assert_int_equal(p->done, w->calls);
    assert_int_equal(p->total, STEPS);
    return w->calls == w->stop_at;
}

static void objectives_climb(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    for (int i = 0; i < UNITS; i++) {
        watch w = {0};
        fv_image *pic;
        render(m, &units[i], 1, (fv_render_desc){.jitter = -1, .progress = note, .user = &w},
               &pic); /* no shifts: a neuron stays under its pixels */
        assert_int_equal(w.calls, STEPS);
        if (!(w.last > w.first)) fail_msg("%s: %g, then %g", units[i], w.first, w.last);
        for (size_t k = 0; k < bytes_of(pic) / sizeof(float); k++)
            assert_true(pic->data[k] >= 0 && pic->data[k] <= 1);
        fv_image_free(pic);
    }
    fv_model_free(m);
}

static void cancelling_leaves_nothing(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_error err = {0};
    watch w = {.stop_at = 3};
    fv_image *out[2] = {(fv_image *)1, (fv_image *)1};
    fv_render_desc d = {.size = SIZE, .steps = STEPS, .progress = note, .user = &w};
    assert_int_equal(fv_render_many(m, units, 2, &d, out, &err), FV_CANCELLED);
    assert_int_equal(w.calls, 3);
    assert_ptr_equal(out[0], (fv_image *)1);
    assert_non_null(strstr(err.text, "3 of 12"));
    fv_model_free(m);
}

static void bad_requests(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    struct {
        const char *objective;
        fv_render_desc desc;
        fv_status status;
        const char *text;
    } cases[] = {
        {LAYER ":8", {0}, FV_NOTFOUND, "(0..7)"},
        {LAYER ":1@99,0", {0}, FV_NOTFOUND, "positions are"},
        {LAYER ":1@1", {0}, FV_ARG, "2 coordinates"},
        {LAYER ":1@1,2,3,4", {0}, FV_ARG, "neither"},
        {LAYER ":1x", {0}, FV_ARG, "neither"},
        {LAYER ":99999999999999999999", {0}, FV_ARG, "neither"},
        {"relu_9:1", {0}, FV_NOTFOUND, "relu_"},
        {"", {0}, FV_ARG, "empty"},
        {LAYER ":1", {.size = -1}, FV_ARG, "size is -1"},
        {LAYER ":1", {.size = 100000}, FV_ARG, "1..8192"},
        {LAYER ":1", {.steps = -3}, FV_ARG, "steps is -3"},
        {LAYER ":1", {.batch = -1}, FV_ARG, "batch is -1"},
        {LAYER ":1", {.threads = -1}, FV_ARG, "threads is -1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fv_error err = {0};
        fv_image *out = NULL;
        cases[i].desc.steps = cases[i].desc.steps ? cases[i].desc.steps : 1;
        fv_status st = fv_render(m, cases[i].objective, &cases[i].desc, &out, &err);
        if (st != cases[i].status || !strstr(err.text, cases[i].text))
            fail_msg("%s: status %d, \"%s\"", cases[i].objective, st, err.text);
        assert_null(out);
    }
    fv_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_picture_whatever_the_batch),
        cmocka_unit_test(a_file_with_a_fixed_batch_renders_too),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(objectives_climb),
        cmocka_unit_test(cancelling_leaves_nothing),
        cmocka_unit_test(bad_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
