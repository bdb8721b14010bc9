/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks of every family, as PyTorch's two exporters write them, against what PyTorch says
 * about them: generate.py made the files and the numbers, cases.txt lists them.
 *
 * Each file is loaded through the public API and asked for its output, a middle value, and the
 * input gradient of one channel of each, for one sample and for three, also where the file's batch
 * is written in as 1. Tolerances relative to the largest magnitude: 1e-4 forward, 1e-3 gradient.
 */
#include <glib.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "support/texts.h"

#define FOLDER  "tests/golden/"
#define SAMPLES 3

/* One line of cases.txt. */
typedef struct golden_case {
    char *file, *net, *input, *middle;
    int channel, output_channel;
} golden_case;

static fv_tensor *load(const char *format, const char *net) {
    char *name = g_strdup_printf(format, net), *path = g_strconcat(FOLDER, name, NULL);
    fv_tensor *t = NULL;
    fv_error err;
    if (fv_tensor_load(path, &t, &err)) fail_msg("%s", err.text);
    g_free(name);
    g_free(path);
    return t;
}

/* The first n samples of a tensor, as a view. */
static fv_tensor first(const fv_tensor *t, int64_t n) {
    fv_tensor v = *t;
    v.dim[0] = n;
    return v;
}

static int compare(const golden_case *c, const char *what, const fv_tensor *got,
                   const fv_tensor *all, int64_t n, double tolerance) {
    fv_tensor want = first(all, n);
    int64_t count = fv_tensor_count(&want);
    if (got->ndim != want.ndim || memcmp(got->dim, want.dim, sizeof(int64_t) * want.ndim) != 0) {
        printf("%s batch %d: %s has another shape\n", c->file, (int)n, what);
        return 0;
    }
    double top = 0, off = 0;
    for (int64_t i = 0; i < count; i++) {
        double d = fabs((double)got->data[i] - want.data[i]);
        off = d <= off ? off : d; /* a NaN stays */
        top = fmax(top, fabs(want.data[i]));
    }
    if (off <= tolerance * top) return 1;
    printf("%s batch %d: %s is off by %.2e of its largest magnitude, allowed %.0e\n", c->file,
           (int)n, what, off / top, tolerance);
    return 0;
}

static int check_value(const golden_case *c, fv_session *s, const fv_tensor *x, const char *value,
                       const char *suffix) {
    fv_tensor *want = load(suffix, c->net), *got = NULL;
    fv_error err;
    int ok = fv_session_run(s, x, value, &got, &err) == FV_OK;
    if (ok)
        ok = compare(c, value ? value : "the output", got, want, x->dim[0], 1e-4);
    else
        printf("%s batch %d: %s\n", c->file, (int)x->dim[0], err.text);
    fv_tensor_free(got);
    fv_tensor_free(want);
    return ok;
}

static int check_gradient(const golden_case *c, const fv_model *m, fv_session *s,
                          const fv_tensor *x, const char *value, int channel, const char *suffix) {
    char *objective = g_strdup_printf("%s:%d", value, channel);
    fv_tensor *want = load(suffix, c->net), *got = NULL;
    fv_error err;
    int ok = gradient_text(m, s, x, objective, NULL, &got, &err) == FV_OK;
    if (ok)
        ok = compare(c, objective, got, want, x->dim[0], 1e-3);
    else
        printf("%s batch %d: gradient of %s: %s\n", c->file, (int)x->dim[0], objective, err.text);
    fv_tensor_free(got);
    fv_tensor_free(want);
    g_free(objective);
    return ok;
}

static int check_file(const golden_case *c) {
    char *path = g_strconcat(FOLDER, c->file, NULL);
    fv_model *m = NULL;
    fv_session *s = NULL;
    fv_error err;
    int ok =
        fv_model_load(path, NULL, &m, &err) == FV_OK && fv_session_new(m, NULL, &s, &err) == FV_OK;
    if (!ok) printf("%s\n", err.text);
    fv_tensor *x = load("%s", c->input);
    for (int64_t n = 1; ok && n <= SAMPLES; n += SAMPLES - 1) {
        fv_tensor v = first(x, n);
        ok &= check_value(c, s, &v, NULL, "%s.y.npy");
        ok &= check_value(c, s, &v, c->middle, "%s.a.npy");
        ok &= check_gradient(c, m, s, &v, "output", c->output_channel, "%s.gy.npy");
        ok &= check_gradient(c, m, s, &v, c->middle, c->channel, "%s.ga.npy");
    }
    fv_tensor_free(x);
    fv_session_free(s);
    fv_model_free(m);
    g_free(path);
    return ok;
}

static int check_line(const char *line) {
    char **f = g_strsplit(line, " ", -1);
    assert_int_equal(g_strv_length(f), 7);
    golden_case c = {f[0], f[1], f[2], f[4], atoi(f[5]), atoi(f[6])};
    int ok = check_file(&c);
    g_strfreev(f);
    return ok;
}

static void test_files(void **state) {
    (void)state;
    char *text = NULL;
    assert_true(g_file_get_contents(FOLDER "cases.txt", &text, NULL, NULL));
    char **lines = g_strsplit(text, "\n", -1);
    int files = 0, good = 0;
    for (int i = 0; lines[i]; i++) {
        if (!lines[i][0] || lines[i][0] == '#') continue;
        files++;
        good += check_line(lines[i]);
    }
    g_strfreev(lines);
    g_free(text);
    printf("%d of %d files agree\n", good, files);
    assert_true(files >= 30);
    assert_int_equal(good, files);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
