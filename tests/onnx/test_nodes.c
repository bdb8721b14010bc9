/* SPDX-License-Identifier: Apache-2.0 */
/* The ONNX backend suite's node tests, and its small PyTorch models, through our own calls.
 *
 * Data come from two releases of ONNX: Debian's package libonnx-testdata (1.12, opset 17) and the
 * PyPI package onnx (1.23, opset 28); those of com.microsoft and ai.onnx.ml are in
 * microsoft_tests.zip and ml_tests.zip, and gradients in gradient_tests.zip. Folders are named on
 * the command line as SUITE=FOLDER, where FOLDER may be a pattern; a suite that is not there is
 * skipped, and says so. With `-v` every test is printed; with `-r FILE` what a new out_of_scope.txt
 * would list is written.
 *
 * A test fails when it is in scope and does not pass, or out of scope and passes; so does a line of
 * the table that fits no test when all seven suites are there.
 */
#include <glib.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node_run.h"
#include "node_scope.h"

#define ALL_SUITES 7 /* run_suite.py names them */

typedef struct tally {
    int passed, failed, out_of_scope, other, bound[NODE_BINDINGS];
} tally;

typedef struct options {
    int verbose;
    const char *only; /* a part of the test's name, or NULL */
    FILE *refused;    /* where tests that do not pass are listed, or NULL */
} options;

static void judge(const char *suite, const char *folder, node_scope *scope, fvi_dnnl_engine *b,
                  const options *o, tally *t) {
    const char *name = strrchr(folder, '/') + 1;
    char *model = g_build_filename(folder, "model.onnx", NULL);
    int known = node_scope_knows(model);
    g_free(model);
    if (!known) {
        t->other++;
        return;
    }
    const char *reason = node_scope_reason(scope, suite, name);
    node_result r;
    if (o->verbose) {
        printf("%s %s\n", suite, name);
        fflush(stdout);
    }
    node_run(folder, b, &r);
    if (reason && r.verdict != NODE_PASSED) {
        t->out_of_scope++;
        if (o->verbose) printf("  out of scope (%s): %s\n", reason, r.text);
    } else if (!reason && r.verdict == NODE_PASSED) {
        t->passed++;
        t->bound[r.binding]++;
        if (o->verbose && r.binding) printf("  passed by binding %d\n", (int)r.binding);
    } else {
        t->failed++;
        if (reason)
            printf("FAILED %s %s: passes, but is listed out of scope\n", suite, name);
        else
            printf("FAILED %s %s (binding %d): %s\n", suite, name, (int)r.binding, r.text);
    }
    if (o->refused && r.verdict != NODE_PASSED)
        fprintf(o->refused, "%s %s %s\n", suite, name, r.text);
}

static int run_suite(const char *suite, const char *pattern, node_scope *scope, fvi_dnnl_engine *b,
                     const options *o, tally *sum) {
    tally t = {0};
    glob_t g = {0};
    char *tests = g_strdup_printf("%s/test_*", pattern);
    int found = glob(tests, 0, NULL, &g) == 0;
    g_free(tests);
    if (!found) {
        printf("%s: skipped, there is no %s\n", suite, pattern);
        globfree(&g);
        return 0;
    }
    for (size_t i = 0; i < g.gl_pathc; i++)
        if (!o->only || strstr(g.gl_pathv[i], o->only))
            judge(suite, g.gl_pathv[i], scope, b, o, &t);
    globfree(&g);
    printf("%s: %d passed, %d failed, %d out of scope (inputs at run time %d, parameters constant "
           "%d, folded %d; %d tests of ops or opsets we do not read)\n",
           suite, t.passed, t.failed, t.out_of_scope, t.bound[NODE_RUNTIME],
           t.bound[NODE_PARAMETERS], t.bound[NODE_CONSTANT], t.other);
    sum->passed += t.passed;
    sum->failed += t.failed;
    sum->out_of_scope += t.out_of_scope;
    return 1;
}

/* What main works with. */
typedef struct session {
    options o;
    node_scope *scope;
    fvi_dnnl_engine *backend;
    int suites;
    tally sum;
} session;

/* Reads the options before the table: the index of the first argument that is none, or -1. */
static int read_options(int argc, char **argv, options *o) {
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "-v")) {
            o->verbose = 1;
        } else if (!strcmp(argv[i], "-k") && i + 1 < argc) {
            o->only = argv[++i];
        } else if (!strcmp(argv[i], "-r") && i + 1 < argc) {
            if (!(o->refused = fopen(argv[++i], "w"))) return -1;
        } else {
            return -1;
        }
    }
    return i < argc ? i : -1;
}

static void run_suites(session *s, int n, char **suites) {
    for (int i = 0; i < n; i++) {
        char **part = g_strsplit(suites[i], "=", 2);
        if (g_strv_length(part) == 2)
            s->suites += run_suite(part[0], part[1], s->scope, s->backend, &s->o, &s->sum);
        g_strfreev(part);
    }
    if (s->suites >= ALL_SUITES && !s->o.only) s->sum.failed += node_scope_unused(s->scope);
}

int main(int argc, char **argv) {
    session s = {0};
    fv_error err;
    int first = read_options(argc, argv, &s.o);
    if (first < 0) {
        fprintf(stderr, "usage: test_nodes [-v] [-k PART] [-r FILE] TABLE SUITE=FOLDER...\n");
        return 2;
    }
    if (!(s.scope = node_scope_load(argv[first]))) return 1;
    fv_status st = fvi_dnnl_engine_new(&s.backend, &err);
    if (st)
        fprintf(stderr, "%s\n", err.text);
    else
        run_suites(&s, argc - first - 1, argv + first + 1);
    fvi_dnnl_engine_free(s.backend);
    node_scope_free(s.scope);
    if (s.o.refused) fclose(s.o.refused);
    if (st) return 1;
    if (!s.suites) {
        printf("skipped: no ONNX test data (libonnx-testdata, or onnx in the venv)\n");
        return 77;
    }
    printf("%d passed, %d failed, %d out of scope\n", s.sum.passed, s.sum.failed,
           s.sum.out_of_scope);
    return s.sum.failed ? 1 : 0;
}
