/* SPDX-License-Identifier: Apache-2.0 */
/* What a picture's loop allocates once it is under way: nothing. Every allocation of the process is
 * counted over 100 updates, by who asked for it: this program and the library in it, or a library
 * we call. The C library's own functions are replaced for that (so not under a sanitizer, and only
 * with the GNU C library). oneDNN's dnnl_primitive_execute makes a table of its arguments and frees
 * it again; its allocations (and the C++ library's for it) are said, and are not ours to mend.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "support/recipes.h"
#include "support/texts.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTED 1
#else
#define COUNTED 0
#endif

#define NETWORK "tests/golden/residual.new18-free.onnx"
#define LAYER   "#5"
enum { SIZE = 24, WARM = 200, WATCHED = 100, UNITS = 2 };

static atomic_int counting;
static atomic_long ours, dnnl;
static char whose[256]; /* the object that made an allocation that is not oneDNN's */

#if COUNTED
/* Whether the object that holds `address` is oneDNN, or the C++ library it allocates through. */
static int is_dnnl(const void *address) {
    Dl_info info;
    if (!dladdr(address, &info) || !info.dli_fname) return 0;
    const char *slash = strrchr(info.dli_fname, '/'), *name = slash ? slash + 1 : info.dli_fname;
    if (!strncmp(name, "libdnnl", 7) || !strncmp(name, "libstdc++", 9)) return 1;
    snprintf(whose, sizeof whose, "%s (%s)", name, info.dli_sname ? info.dli_sname : "?");
    return 0;
}

static void note(const void *caller) {
    if (!counting) return;
    atomic_fetch_add(is_dnnl(caller) ? &dnnl : &ours, 1);
}

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

#pragma GCC visibility push(default) /* the build hides what is not marked */
void *malloc(size_t n) {
    note(__builtin_return_address(0));
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
    note(__builtin_return_address(0));
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n) {
    note(__builtin_return_address(0));
    return __libc_realloc(p, n);
}

void *aligned_alloc(size_t alignment, size_t n) {
    note(__builtin_return_address(0));
    return __libc_memalign(alignment, n);
}

int posix_memalign(void **p, size_t alignment, size_t n) {
    note(__builtin_return_address(0));
    *p = __libc_memalign(alignment, n);
    return *p ? 0 : ENOMEM;
}
#pragma GCC visibility pop
#endif

/* Counts between the first update after WARM and the last of WATCHED more. */
static int watch(void *user, const fv_progress *p) {
    (void)user;
    if (p->iteration == WARM) counting = 1;
    if (p->iteration == WARM + WATCHED) counting = 0;
    return 0;
}

static void run(const char *recipe, int batch) {
    static const char *const units[UNITS] = {LAYER ":0", LAYER ":3@2,4"};
    fv_rendering *out[UNITS] = {0};
    fv_error err = {0};
    fv_model *m = NULL;
    char options[64];
    snprintf(options, sizeof options, "seed=3; size=%d; steps=%d; levels=1", SIZE,
             WARM + WATCHED + 1);
    if (fv_model_load(NETWORK, NULL, &m, &err)) fail_msg("%s", err.text);
    fv_recipe *r = recipe_of(m, recipe, units[0], options);
    fv_model_sha256(m); /* waits for the thread that makes the checksum */
    ours = dnnl = 0;
    whose[0] = 0;
    if (render_texts(m, units, UNITS, r, &(render_how){.batch = batch, .progress = watch},
                     out, &err))
        fail_msg("%s: %s", recipe, err.text);
    print_message("%s: %ld allocations in %d updates, %ld of oneDNN\n", recipe, (long)ours, WATCHED,
                  (long)dnnl);
    if (ours)
        fail_msg("%s: the loop allocates: %ld times; the last by %s", recipe, (long)ours, whose);
    for (int i = 0; i < UNITS; i++) fv_rendering_free(out[i]);
    fv_recipe_free(r);
    fv_model_free(m);
}

static void test_recipes(void **state) {
    (void)state;
    if (!COUNTED) skip();
    for (int i = 0; i < fv_recipe_count(); i++) {
        run(fv_recipe_name(i), 0);
        run(fv_recipe_name(i), 1);
    }
}

/* The counter itself: what the library allocates is seen. */
static void test_counts(void **state) {
    (void)state;
    if (!COUNTED) skip();
    fv_tensor *t = NULL;
    const int64_t one = 1;
    ours = 0;
    counting = 1;
    assert_int_equal(fv_tensor_new(1, &one, &t, NULL), FV_OK);
    counting = 0;
    fv_tensor_free(t);
    assert_in_range(ours, 1, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts),
                                       cmocka_unit_test(test_recipes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
