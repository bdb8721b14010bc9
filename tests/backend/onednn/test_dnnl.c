/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts, reorders, sums, and the cache of weights, by themselves. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "backend/onednn/dnnl/dnnl_ops.h"
#include "backend/onednn/schedule/schedule.h"
#include "backend/onednn/schedule/weight_cache.h"

static void *need(size_t count, size_t size) {
    void *p = calloc(count, size);
    assert_non_null(p);
    return p;
}

static fvi_dnnl_engine *backend;

static int setup(void **state) {
    (void)state;
    return fvi_dnnl_engine_new(&backend, NULL) != FV_OK;
}

static int teardown(void **state) {
    (void)state;
    fvi_dnnl_engine_free(backend);
    return 0;
}

/* A layout that is not plain: what a 3x3 convolution to c channels makes of its result. Blocks of
 * channels, or channels last. */
static fvi_layout *some_layout(const fvi_shape *shape) {
    const fvi_window w = {.n = 2,
                          .kernel = {3, 3},
                          .stride = {1, 1},
                          .dilation = {1, 1},
                          .pad_lo = {1, 1},
                          .pad_hi = {1, 1},
                          .groups = 1};
    fvi_conv_desc d = {.src = *shape,
                       .dst = *shape,
                       .window = &w,
                       .weights = {4, {shape->dim[1], shape->dim[1], 3, 3}}};
    fvi_prim *p = NULL;
    assert_int_equal(fvi_prim_conv(backend, &d, &p, NULL), FV_OK);
    fvi_layout *l = fvi_layout_copy(fvi_prim_layout(p, FVI_DST));
    fvi_prim_free(p);
    assert_non_null(l);
    return l;
}

static fvi_buffer place_new(const fvi_shape *shape, fvi_layout *layout) {
    fvi_buffer p = {.shape = *shape, .layout = layout};
    p.bytes = fvi_layout_bytes(layout, shape);
    p.data = need(p.bytes + 4, 1);
    return p;
}

static void run(fvi_prim *p) {
    fvi_buffer scratch = {.bytes = fvi_prim_scratch(p)};
    scratch.data = need(scratch.bytes + 1, 1);
    fvi_prim_set_scratch(p, &scratch);
    assert_int_equal(fvi_prim_bind(p, NULL), FV_OK);
    assert_int_equal(fvi_prim_run(p), FV_OK);
    fvi_prim_free(p);
    free(scratch.data);
}

static void reorder(fvi_buffer *from, fvi_buffer *to) {
    fvi_prim *p = NULL;
    assert_int_equal(fvi_prim_reorder(backend, from, to, &p, NULL), FV_OK);
    run(p);
}

static void test_equal(void **state) {
    (void)state;
    fvi_shape shape = {4, {2, 16, 5, 6}}, point = {4, {2, 16, 1, 1}};
    fvi_layout *l = some_layout(&shape), *copy = fvi_layout_copy(l);
    fvi_layout *one = fvi_layout_like(l, &point);
    assert_false(fvi_layout_equal(l, NULL, &shape));
    assert_true(fvi_layout_equal(l, copy, &shape));
    assert_true(fvi_layout_equal(NULL, NULL, &shape));
    assert_true(fvi_layout_equal(one, NULL, &point)); /* only written differently */
    assert_null(fvi_layout_copy(NULL));
    fvi_layout_free(l);
    fvi_layout_free(copy);
    fvi_layout_free(one);
    fvi_layout_free(NULL);
}

static void test_bytes(void **state) {
    (void)state;
    fvi_shape scalar = {0, {0}}, none = {3, {2, 0, 4}}, many = {8, {1, 2, 1, 2, 1, 2, 1, 2}};
    fvi_shape shape = {4, {2, 16, 5, 6}};
    fvi_layout *l = some_layout(&shape);
    assert_int_equal(fvi_layout_bytes(NULL, &scalar), 4);
    assert_int_equal(fvi_layout_bytes(NULL, &none), 0);
    assert_int_equal(fvi_layout_bytes(NULL, &many), 64);
    assert_int_equal(fvi_layout_bytes(l, &shape), 4 * 2 * 16 * 5 * 6);
    fvi_layout_free(l);
}

static void test_part_offset(void **state) {
    (void)state;
    fvi_shape whole = {4, {1, 32, 5, 6}}, part = {4, {1, 16, 5, 6}};
    fvi_shape batch = {4, {2, 32, 5, 6}}, batch_part = {4, {2, 16, 5, 6}};
    assert_int_equal(fvi_layout_part_offset(NULL, &whole, NULL, &part, 1, 16), 16 * 30 * 4);
    assert_int_equal(fvi_layout_part_offset(NULL, &whole, NULL, &part, 1, 3), 3 * 30 * 4);
    assert_int_equal(fvi_layout_part_offset(NULL, &batch, NULL, &batch_part, 1, 0), -1);
    assert_int_equal(fvi_layout_part_offset(NULL, &batch, NULL, &whole, 0, 1), 32 * 30 * 4);
    fvi_layout *w = some_layout(&whole), *p = fvi_layout_like(w, &part);
    int64_t block, padded;
    assert_true(fvi_layout_channel_block(w, &whole, &block, &padded));
    int last = block == 32; /* channels last: no part is a run */
    assert_int_equal(fvi_layout_part_offset(w, &whole, p, &part, 1, 16), last ? -1 : 16 * 30 * 4);
    assert_int_equal(fvi_layout_part_offset(w, &whole, p, &part, 1, 4), -1);
    assert_int_equal(fvi_layout_part_offset(w, &whole, NULL, &part, 1, 16), -1);
    fvi_layout_free(w);
    fvi_layout_free(p);
}

static void test_reorder(void **state) {
    (void)state;
    fvi_shape shape = {4, {2, 13, 5, 6}};
    fvi_layout *l = some_layout(&shape);
    fvi_buffer a = place_new(&shape, NULL), b = place_new(&shape, l), c = place_new(&shape, NULL);
    for (int i = 0; i < 2 * 13 * 30; i++) ((float *)a.data)[i] = (float)i;
    reorder(&a, &b);
    reorder(&b, &c);
    assert_memory_equal(a.data, c.data, a.bytes);
    assert_memory_not_equal(a.data, b.data, a.bytes);
    free(a.data);
    free(b.data);
    free(c.data);
    fvi_layout_free(l);
}

static void test_odd_shapes(void **state) {
    (void)state;
    fvi_shape shapes[] = {{0, {0}}, {3, {2, 0, 4}}, {8, {1, 2, 1, 2, 1, 2, 1, 2}}};
    for (int k = 0; k < 3; k++) {
        fvi_buffer a = place_new(&shapes[k], NULL), b = place_new(&shapes[k], NULL);
        int64_t n = fvi_shape_count(&shapes[k]);
        for (int64_t i = 0; i < n; i++) ((float *)a.data)[i] = (float)(i + 1);
        reorder(&a, &b);
        assert_memory_equal(a.data, b.data, a.bytes);
        fvi_prim *p = NULL; /* b = a + b, in place */
        assert_int_equal(fvi_prim_add(backend, &a, &b, &b, &p, NULL), FV_OK);
        run(p);
        for (int64_t i = 0; i < n; i++)
            assert_true(((float *)b.data)[i] == 2 * ((float *)a.data)[i]);
        free(a.data);
        free(b.data);
    }
}

static void test_time(void **state) {
    (void)state;
    fvi_shape shape = {2, {300, 300}};
    fvi_buffer a = place_new(&shape, NULL), b = place_new(&shape, NULL);
    fvi_dnnl_engine_time(backend, 0);
    reorder(&a, &b);
    assert_true(fvi_dnnl_engine_time(backend, 1) == 0);
    reorder(&a, &b);
    assert_true(fvi_dnnl_engine_time(backend, 0) > 0);
    assert_true(fvi_dnnl_engine_time(backend, 0) == 0);
    assert_non_null(strstr(fvi_dnnl_version(), "oneDNN "));
    free(a.data);
    free(b.data);
}

/* ---- weights ---- */

#define ITEM(KEY, LAYOUT, FILL, USER) \
    (fvi_weight_cache_item) { KEY, shape, LAYOUT, FILL, USER }

static fv_status fill_counting(void *user, float *dst, fv_error *err) {
    (void)err;
    ++*(int *)user;
    for (int i = 0; i < 16 * 16 * 9; i++) dst[i] = (float)i;
    return FV_OK;
}

static fv_status fill_failing(void *user, float *dst, fv_error *err) {
    (void)user, (void)dst, (void)err;
    return FV_NOMEM;
}

static void test_weights_cached(void **state) {
    (void)state;
    fvi_weight_cache *w = fvi_weight_cache_new();
    static const char name[2];
    fvi_weight_cache_key key = {.parts = {name}}, other = {.parts = {name}, .variant = 1};
    fvi_shape shape = {4, {16, 16, 3, 3}};
    fvi_layout *l = some_layout(&shape);
    fvi_buffer *a = NULL, *b = NULL, *c = NULL, *d = NULL;
    int calls = 0;
    assert_int_equal(
        fvi_weight_cache_get(w, backend, &ITEM(key, NULL, fill_failing, NULL), &a, NULL), FV_NOMEM);
    assert_null(a);
    fvi_weight_cache_get(w, backend, &ITEM(key, NULL, fill_counting, &calls), &a, NULL);
    fvi_weight_cache_get(w, backend, &ITEM(key, NULL, fill_counting, &calls), &b, NULL);
    assert_ptr_equal(a, b);
    assert_int_equal(calls, 1);
    fvi_weight_cache_get(w, backend, &ITEM(key, l, fill_counting, &calls), &c, NULL);
    fvi_weight_cache_get(w, backend, &ITEM(other, l, fill_counting, &calls), &d, NULL);
    assert_ptr_not_equal(a, c);
    assert_ptr_not_equal(c, d);
    assert_int_equal(calls, 3);
    assert_true(((float *)a->data)[100] == 100 && a->external);
    assert_int_equal((uintptr_t)a->data % 64, 0);
    fvi_buffer back = place_new(&shape, NULL);
    reorder(c, &back);
    assert_memory_equal(back.data, a->data, a->bytes);
    free(back.data);
    fvi_layout_free(l);
    fvi_weight_cache_free(w);
    fvi_weight_cache_free(NULL);
}

static void test_weights_plain(void **state) {
    (void)state;
    fvi_weight_cache *w = fvi_weight_cache_new();
    float numbers[3] = {1.5f, -2, 3};
    uint8_t shifted[16];
    double wide[3] = {0.25, 7, -1};
    memcpy(shifted + 1, numbers, sizeof numbers);
    fvi_const ready = {FVI_F32, {1, {3}}, (const uint8_t *)numbers, 0};
    fvi_const odd = {FVI_F32, {1, {3}}, shifted + 1, 0},
              other = {FVI_F64, {1, {3}}, (uint8_t *)wide, 0};
    fvi_const none = {FVI_F32, {1, {0}}, NULL, 0};
    fvi_buffer *a, *b, *c, *d;
    assert_int_equal(fvi_weight_cache_plain(w, &ready, &a, NULL), FV_OK);
    assert_int_equal(fvi_weight_cache_plain(w, &odd, &b, NULL), FV_OK);
    assert_int_equal(fvi_weight_cache_plain(w, &other, &c, NULL), FV_OK);
    assert_int_equal(fvi_weight_cache_plain(w, &none, &d, NULL), FV_OK);
    assert_ptr_equal(a->data, numbers); /* used where it is */
    assert_memory_equal(b->data, numbers, sizeof numbers);
    assert_true(((float *)c->data)[0] == 0.25f && ((float *)c->data)[2] == -1);
    assert_int_equal(d->bytes, 0);
    fvi_weight_cache_free(w);
}

static void *ask(void *p) {
    static const char name[1];
    fvi_weight_cache_key key = {.parts = {name}, .variant = 7};
    fvi_shape shape = {4, {16, 16, 3, 3}};
    static int calls;
    fvi_buffer *out = NULL;
    fvi_weight_cache_get(p, NULL, &ITEM(key, NULL, fill_counting, &calls), &out, NULL);
    return calls == 1 ? out : NULL;
}

static void test_weights_threads(void **state) {
    (void)state;
    fvi_weight_cache *w = fvi_weight_cache_new();
    GThread *t[8];
    for (int i = 0; i < 8; i++) t[i] = g_thread_new("ask", ask, w);
    void *first = g_thread_join(t[0]);
    assert_non_null(first);
    for (int i = 1; i < 8; i++) assert_ptr_equal(g_thread_join(t[i]), first);
    fvi_weight_cache_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),           cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_part_offset),     cmocka_unit_test(test_reorder),
        cmocka_unit_test(test_odd_shapes),      cmocka_unit_test(test_time),
        cmocka_unit_test(test_weights_cached),  cmocka_unit_test(test_weights_plain),
        cmocka_unit_test(test_weights_threads),
    };
    return cmocka_run_group_tests_name("ops/dnnl", tests, setup, teardown) != 0;
}
