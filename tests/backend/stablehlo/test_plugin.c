/* SPDX-License-Identifier: Apache-2.0 */
/* Plug-ins that are none, are of other versions, or fail: each ends in one line, nothing is left
 * over, and the next call works.
 *
 * Usage: test_plugin FOLDER: with the fake plug-ins (fake_plugin.c).
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "backend/backends.h"
#include "backend/executable.h"
#include "backend/stablehlo/pjrt/abi.h"
#include "fake_plugin.h"
#include "model/network/find.h"
#include "model/network/lower.h"
#include "model/network/network.h"

static const char *folder;
static char path[512];

static const char *fake(const char *name) {
    snprintf(path, sizeof path, "%s/%s.so", folder, name);
    return path;
}

static const char *programs; /* folder for compiled programs, or NULL */

static fv_status open_device(const char *plugin, int index, fvi_device **out, fv_error *err) {
    const fvi_device_desc desc = {.plugin = plugin, .index = index, .programs = programs};
    return fvi_device_new(fvi_backend_accelerator, &desc, out, err);
}

static void refused(const char *plugin, int index, fv_status status, const char *text) {
    fvi_device *d = NULL;
    fv_error err = {0};
    assert_int_equal(open_device(plugin, index, &d, &err), status);
    if (!strstr(err.text, text)) fail_msg("\"%s\" does not say \"%s\"", err.text, text);
    assert_null(strchr(err.text, '\n'));
    assert_null(d);
}

static void test_no_plugin(void **state) {
    (void)state;
    refused("/nowhere/plugin.so", 0, FV_IO, "there is no such file");
    refused("tests/data/cli/tiny.onnx", 0, FV_FORMAT, "not a plug-in");
    refused(fake("fake_none"), 0, FV_FORMAT, "no function GetPjrtApi");
    refused(fake("fake_silent"), 0, FV_FORMAT, "gives nothing");
    refused(fake("fake_old"), 0, FV_FORMAT, "PJRT 0.32");
    refused(fake("fake_major"), 0, FV_FORMAT, "PJRT 1.33");
    refused(fake("fake_short"), 0, FV_FORMAT, "allowed: 0.33");
    refused(fake("fake_empty"), 0, FV_BACKEND, "0 devices");
    refused(fake("fake"), 2, FV_ARG, "allowed: 0 to 1");
}

/* A name without a folder is a file of the working directory, not of the loader's search path. */
static void test_relative(void **state) {
    fvi_device *d = NULL;
    fv_error err = {0};
    char *here = g_get_current_dir();
    (void)state;
    assert_int_equal(g_chdir(folder), 0);
    const fv_status st = open_device("fake_first.so", 0, &d, &err);
    assert_int_equal(g_chdir(here), 0);
    if (st) fail_msg("%s", err.text);
    fvi_device_free(d);
    g_free(here);
}

/* What a test says to the plug-in. */
static fake_fail_at_fn *fail_at;
static fake_alive_fn *alive;
static fake_loads_fn *loads;
static fake_compiles_fn *compiles;

static void find_controls(void) {
    void *library = dlopen(fake("fake"), RTLD_NOW | RTLD_LOCAL);
    if (!library) fail_msg("%s", dlerror());
    *(void **)&fail_at = dlsym(library, "fake_fail_at");
    *(void **)&alive = dlsym(library, "fake_alive");
    *(void **)&loads = dlsym(library, "fake_loads");
    *(void **)&compiles = dlsym(library, "fake_compiles");
    assert_true(fail_at && alive && loads && compiles);
}

static fvi_graph *lowered(const fvi_network *net, int samples) {
    const fvi_binding binding = {.name = fvi_network_input(net)->name,
                                 .shape = {4, {samples, 3, 16, 16}}};
    const char *wanted = NULL;
    fvi_graph *g = NULL;
    assert_int_equal(fvi_network_find_value(net, NULL, &wanted, NULL), FV_OK);
    assert_int_equal(fvi_network_lower(net, &binding, 1, &wanted, 1, &g, NULL), FV_OK);
    return g;
}

/* Everything once. */
static fv_status run_all(const fvi_network *net, fv_error *err) {
    static const unsigned char first = 1;
    fvi_device *d = NULL;
    fvi_executable *e = NULL;
    const float x[3 * 16 * 16] = {0}, *seen = NULL;
    float *seed = NULL;
    fv_status st = open_device(fake("fake"), 1, &d, err);
    if (!st) st = fvi_executable_new(d, lowered(net, 1), FVI_EXEC_BACKWARD, &e, err);
    if (!st) st = fvi_executable_set_input(e, 0, x, err);
    if (!st) st = fvi_executable_forward(e, err);
    if (!st) st = fvi_executable_view_target(e, 0, &seen, err);
    if (!st) st = fvi_executable_edit_seed(e, 0, &seed, err);
    if (!st) seed[0] = 1;
    if (!st) fvi_executable_redirect(e, &first, 1);
    if (!st) st = fvi_executable_backward(e, err);
    if (!st) st = fvi_executable_view_gradient(e, 0, &seen, err);
    fvi_executable_free(e);
    fvi_device_free(d);
    return st;
}

static fvi_network *open_network(void) {
    fvi_network *net = NULL;
    assert_int_equal(fvi_network_load("tests/data/cli/tiny.onnx", NULL, &net, NULL), FV_OK);
    find_controls();
    return net;
}

/* Whatever call fails, its status and text come out, and nothing is left over. Questions about a
 * device may go unanswered. */
static void test_failures(void **state) {
    (void)state;
    fvi_network *net = open_network();
    fv_error err;
    fail_at(-1, 0);
    if (run_all(net, &err)) fail_msg("%s", err.text);
    const int calls = fail_at(-1, 0);
    assert_true(calls > 20);
    int failed = 0;
    for (int code = 0; code < 2; code++)
        for (int n = 0; n < calls; n++) {
            fail_at(n, code ? PJRT_RESOURCE_EXHAUSTED : 13);
            const fv_status st = run_all(net, &err);
            if (st) {
                assert_int_equal(st, code ? FV_NOMEM : FV_BACKEND);
                assert_non_null(strstr(err.text, "as asked"));
                assert_null(strchr(err.text, '\n'));
                failed++;
            }
            fail_at(-1, 0);
            assert_int_equal(alive(), 0);
        }
    assert_true(failed > calls); /* of twice as many */
    if (run_all(net, &err)) fail_msg("%s", err.text);
    fvi_network_free(net);
}

/* Programs that one graph of some samples compiles anew. */
static int compiled_for(fvi_device *d, const fvi_network *net, int samples, fvi_executable **out) {
    const int before = compiles();
    fv_error err;
    if (fvi_executable_new(d, lowered(net, samples), 0, out, &err)) fail_msg("%s", err.text);
    return compiles() - before;
}

/* A device has the last eight programs for others of the same text, whoever else has them. */
static void test_shared_programs(void **state) {
    (void)state;
    enum { MOST = 8 };
    fvi_network *net = open_network();
    fvi_device *d = NULL;
    fvi_executable *e[MOST + 3] = {NULL};
    fail_at(-1, 0);
    assert_int_equal(open_device(fake("fake"), 0, &d, NULL), FV_OK);
    for (int i = 0; i < MOST; i++) assert_int_equal(compiled_for(d, net, 1 + i, &e[i]), 1);
    assert_int_equal(compiled_for(d, net, 1, &e[MOST]), 0);
    fvi_executable_free(e[0]);
    e[0] = NULL;
    assert_int_equal(fvi_executable_forward(e[MOST], NULL), FV_OK);
    assert_int_equal(compiled_for(d, net, MOST + 1, &e[MOST + 1]), 1); /* 2 goes */
    assert_int_equal(compiled_for(d, net, 1, &e[0]), 0);
    assert_int_equal(compiled_for(d, net, 2, &e[MOST + 2]), 1);
    for (int i = 0; i < MOST + 3; i++) fvi_executable_free(e[i]);
    fvi_device_free(d);
    assert_int_equal(alive(), 0);
    fvi_network_free(net);
}

/* What a device does not compile is known before anything runs: both directions are compiled when
 * an executable is made. */
static void test_compiled_first(void **state) {
    (void)state;
    fvi_network *net = open_network();
    fvi_device *d = NULL;
    fvi_executable *e = NULL;
    fv_error err;
    fail_at(-1, 0);
    assert_int_equal(open_device(fake("fake"), 0, &d, NULL), FV_OK);
    const int before = compiles();
    if (fvi_executable_new(d, lowered(net, 1), FVI_EXEC_BACKWARD, &e, &err))
        fail_msg("%s", err.text);
    assert_int_equal(compiles(), before + 2);
    assert_int_equal(fvi_executable_forward(e, NULL), FV_OK);
    assert_int_equal(fvi_executable_backward(e, NULL), FV_OK);
    assert_int_equal(compiles(), before + 2);
    fvi_executable_free(e);
    fvi_device_free(d);
    assert_int_equal(alive(), 0);
    fvi_network_free(net);
}

/* What the plug-in says of a program's memory; an older one does not. */
static void test_program_memory(void **state) {
    (void)state;
    fvi_network *net = open_network();
    fvi_device *d = NULL;
    fvi_executable *e = NULL;
    fail_at(-1, 0);
    assert_int_equal(open_device(fake("fake"), 0, &d, NULL), FV_OK);
    assert_int_equal(fvi_executable_new(d, lowered(net, 1), 0, &e, NULL), FV_OK);
    fvi_program_memory m = fvi_executable_program_memory(e);
    assert_int_equal(m.code, 1000);
    assert_int_equal(m.arguments, 2000);
    assert_int_equal(m.results, 10 * sizeof(float)); /* probabilities */
    assert_int_equal(m.temporary, 3000);
    fail_at(1, 13);
    m = fvi_executable_program_memory(e);
    fail_at(-1, 0);
    assert_int_equal(m.code + m.arguments + m.results + m.temporary, 0);
    fvi_executable_free(e);
    fvi_device_free(d);
    assert_int_equal(alive(), 0);
    assert_int_equal(open_device(fake("fake_first"), 0, &d, NULL), FV_OK);
    assert_int_equal(fvi_executable_new(d, lowered(net, 1), 0, &e, NULL), FV_OK);
    m = fvi_executable_program_memory(e);
    assert_int_equal(m.code + m.arguments + m.results + m.temporary, 0);
    fvi_executable_free(e);
    fvi_device_free(d);
    fvi_network_free(net);
}

/* Damages every program that is kept. */
static int damage(const char *kept) {
    GDir *dir = g_dir_open(kept, 0, NULL);
    int n = 0;
    for (const char *name; (name = g_dir_read_name(dir)); n++) {
        char *file = g_build_filename(kept, name, NULL), *bytes;
        gsize size;
        assert_true(g_file_get_contents(file, &bytes, &size, NULL));
        bytes[size - 1] ^= 1;
        assert_true(g_file_set_contents(file, bytes, (gssize)size, NULL));
        g_free(bytes);
        g_free(file);
    }
    g_dir_close(dir);
    return n;
}

/* Gives all that are kept the contents of one of them. */
static void make_alike(const char *kept) {
    GDir *dir = g_dir_open(kept, 0, NULL);
    char *bytes = NULL;
    gsize size = 0;
    for (const char *name; (name = g_dir_read_name(dir));) {
        char *file = g_build_filename(kept, name, NULL);
        if (bytes)
            assert_true(g_file_set_contents(file, bytes, (gssize)size, NULL));
        else
            assert_true(g_file_get_contents(file, &bytes, &size, NULL));
        g_free(file);
    }
    g_free(bytes);
    g_dir_close(dir);
}

/* A program is compiled once, and loaded then; a damaged file is no program, nor one that the
 * plug-in does not take; what cannot be kept is compiled. */
static void test_kept_programs(void **state) {
    (void)state;
    fvi_network *net = open_network();
    fv_error err;
    char *top = g_dir_make_tmp("fovea-XXXXXX", NULL),
         *kept = g_build_filename(top, "programs", NULL);
    programs = kept;
    fail_at(-1, 0);
    const int before = loads();
    if (run_all(net, &err)) fail_msg("%s", err.text);
    assert_int_equal(loads(), before);
    const int calls = fail_at(-1, 0);
    if (run_all(net, &err)) fail_msg("%s", err.text);
    assert_int_equal(loads(), before + 3); /* forward, backward, backward with redirected ReLUs */
    assert_int_equal(damage(kept), 3);
    if (run_all(net, &err)) fail_msg("%s", err.text);
    assert_int_equal(loads(), before + 3);
    if (run_all(net, &err)) fail_msg("%s", err.text);
    assert_int_equal(loads(), before + 6);
    make_alike(kept); /* two are not what their names say */
    if (run_all(net, &err)) fail_msg("%s", err.text);
    assert_int_equal(loads(), before + 7);
    for (int n = 0; n < calls;
         n++) { /* whatever fails, nothing is left over, and what is kept works */
        fail_at(n, 13);
        (void)run_all(net, &err);
        fail_at(-1, 0);
        assert_int_equal(alive(), 0);
        if (run_all(net, &err)) fail_msg("%s", err.text);
    }
    programs = "/dev/null/programs";
    if (run_all(net, &err)) fail_msg("%s", err.text);
    programs = NULL;
    char rm[] = "rm", all[] = "-r", *remove[] = {rm, all, top, NULL};
    assert_true(
        g_spawn_sync(NULL, remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    g_free(kept);
    g_free(top);
    fvi_network_free(net);
}

static void test_list(void **state) {
    (void)state;
    char *own = strdup(fake("fake")), *old = strdup(fake("fake_old"));
    const char *const places[] = {own, old, "/nowhere", "tests"};
    fv_devices *all = NULL;
    assert_int_equal(fv_devices_find(places, 4, &all, NULL), FV_OK);
    assert_int_equal(fv_devices_count(all), 4);
    assert_null(fv_devices_at(all, 0)->plugin);
    assert_false(fv_devices_at(all, 0)->is_accelerator);
    for (int i = 0; i < 2; i++) {
        const fv_device_info *d = fv_devices_at(all, 1 + i);
        assert_string_equal(d->plugin, own);
        assert_string_equal(d->kind, "fake");
        assert_int_equal(d->index, i);
        assert_true(d->is_accelerator);
        assert_int_equal(d->memory, 4000000000);
        assert_null(d->problem);
    }
    assert_non_null(strstr(fv_devices_at(all, 3)->problem, "PJRT 0.32"));
    assert_null(fv_devices_at(all, 4));
    fv_devices_free(all);
    free(own);
    free(old);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_plugin),      cmocka_unit_test(test_relative),
        cmocka_unit_test(test_failures),       cmocka_unit_test(test_shared_programs),
        cmocka_unit_test(test_compiled_first), cmocka_unit_test(test_program_memory),
        cmocka_unit_test(test_kept_programs),  cmocka_unit_test(test_list),
    };
    if (argc < 2) return 2;
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
