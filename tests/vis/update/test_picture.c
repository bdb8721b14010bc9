/* SPDX-License-Identifier: Apache-2.0 */
/* What a picture holds at a level, against what fvi_picture_bytes counted beforehand. The linker
 * puts the functions below before the C library's (see meson.build): they add up what is held. */
#include "vis/update/picture.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/model_state.h"
#include "support/recipes.h"
#include "support/resolve.h"
#include "vis/recipe/recipe.h"

#define NETWORK "tests/golden/residual.new18-free.onnx"
#define PLAIN   "param=pixels; keep=last; "
#define UNIT    "#2:0"
#define PHOTO   "tests/data/cli/photo.jpg"
enum { H = 200, W = 168, SPARE = 16384 }; /* SPARE: the allocator's rounding, tables of a line */

static int64_t held;

static void *note(void *p) {
    held += (int64_t)malloc_usable_size(p);
    return p;
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n) { return note(__real_malloc(n)); }

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size) { return note(__real_calloc(n, size)); }

int __real_posix_memalign(void **out, size_t align, size_t n);
int __wrap_posix_memalign(void **out, size_t align, size_t n);
int __wrap_posix_memalign(void **out, size_t align, size_t n) {
    const int failed = __real_posix_memalign(out, align, n);
    if (!failed) note(*out);
    return failed;
}

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p) {
    held -= (int64_t)malloc_usable_size(p);
    __real_free(p);
}

/* The settings of a recipe with such options, at W x H. */
static void set(const fv_model *m, const char *recipe, const char *options, fvi_settings *d) {
    fv_recipe *r = recipe_of(m, recipe, NULL, "size=168x200");
    recipe_set(r, options);
    *d = r->settings;
    fv_recipe_free(r);
}

/* Bytes. */
typedef struct sizes {
    int64_t taken, counted;
} sizes;

/* A picture holds no more than was counted, and that is not twice as much. */
static sizes check(const fv_model *m, const char *objective, const fvi_settings *d,
                   const char *options) {
    fv_error err = {0};
    fvi_objective o = {0};
    fvi_picture p;
    fvi_chain *chain = NULL, *in_place = NULL;
    if (resolve_text(m->network, objective, NULL, FVI_REDUCTION_LITERAL, &o, &err))
        fail_msg("%s", err.text);
    const fvi_chain_frame frame = fvi_picture_frame(d, fvi_network_input(m->network), H, W);
    assert_int_equal(fvi_chain_new(&d->transforms, &frame, &chain, &err), FV_OK);
    if (d->in_place_transforms.count)
        assert_int_equal(fvi_chain_new(&d->in_place_transforms, &frame, &in_place, &err), FV_OK);
    const int64_t counted = (int64_t)fvi_picture_bytes(d, &o, &frame, chain, in_place);
    fvi_chain_free(chain);
    fvi_chain_free(in_place);
    const int64_t before = held;
    fvi_picture_init(&p, d, &o, objective, 0, 0);
    if (fvi_picture_level(&p, &frame, frame.h, frame.w, &err))
        fail_msg("%s %s: %s", d->recipe, options, err.text);
    const int64_t taken = held - before;
    if (taken > counted || taken < counted / 2)
        fail_msg("%s %s, %s: %lld bytes; %lld were counted", d->recipe, options, objective,
                 (long long)taken, (long long)counted);
    fvi_picture_clear(&p);
    assert_true(held == before);
    fvi_objective_clear(&o);
    return (sizes){taken, counted};
}

static fv_model *load(void) {
    fv_model *m = NULL;
    fv_error err = {0};
    if (fv_model_load(NETWORK, NULL, &m, &err)) fail_msg("%s", err.text);
    return m;
}

static void test_recipes(void **state) {
    (void)state;
    static const char *const params[] = {"param=pixels",
                                         "param=fourier",
                                         "param=laplacian; param-levels=6",
                                         "param=phase",
                                         "param=phase; output-activation=clip",
                                         "param=bounded; output-activation=clip",
                                         "param=fourier; output-activation=clip",
                                         "param=bounded"};
    const int count = sizeof params / sizeof *params;
    fv_model *m = load();
    fvi_settings d;
    for (int i = 0; i < fv_recipe_count() + count; i++) {
        const int own = i < fv_recipe_count();
        const char *options = own ? "" : params[i - fv_recipe_count()];
        set(m, own ? fv_recipe_name(i) : "fovea", options, &d);
        check(m, UNIT, &d, options);
    }
    fv_model_free(m);
}

/* What makes a picture take more is counted by itself: there is room to spare in the sum. */
static void grows(sizes plain, sizes more, const char *by) {
    const int64_t taken = more.taken - plain.taken, counted = more.counted - plain.counted;
    if (taken < SPARE || counted < taken - SPARE)
        fail_msg("%s takes %lld bytes; %lld were counted", by, (long long)taken,
                 (long long)counted);
}

static void test_extras(void **state) {
    (void)state;
    static const char *const options[] = {PLAIN "gradient=laplacian; gradient-levels=4",
                                          PLAIN "in-place-transforms=roll(8) roll(4) roll(3)",
                                          PLAIN "keep=best", PLAIN "copies=5"};
    fv_model *m = load();
    fv_image *mask = NULL;
    fvi_settings d;
    assert_int_equal(fv_image_new(1, H, W, &mask, NULL), FV_OK);
    set(m, "fovea", PLAIN, &d);
    const sizes plain = check(m, UNIT, &d, "");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        set(m, "fovea", options[i], &d);
        grows(plain, check(m, UNIT, &d, options[i]), options[i]);
    }
    set(m, "fovea", PLAIN, &d);
    grows(plain, check(m, "match(#2,\"" PHOTO "\")", &d, ""), "a photo");
    d.start.mask = mask;
    grows(plain, check(m, UNIT, &d, ""), "a mask");
    d.start.mask = NULL;
    d.display.alpha = 1;
    grows(plain, check(m, UNIT, &d, ""), "alpha");
    d.display.alpha = 0;
    d.on_nan = FV_ON_NAN_KEEP;
    grows(plain, check(m, UNIT, &d, ""), "the last sound numbers");
    fv_image_free(mask);
    fv_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_recipes),
                                       cmocka_unit_test(test_extras)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
