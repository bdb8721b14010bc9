/* SPDX-License-Identifier: Apache-2.0 */
/* The scope of the ONNX backend suite: every test whose ops are all in our table, save those that
 * out_of_scope.txt names with a reason. */
#include "node_scope.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "model/onnx/open.h"
#include "node_case.h"

typedef struct row {
    char *suite, *test, *reason; /* suite and test may be patterns with '*' */
    int used;
} row;

struct node_scope {
    GPtrArray *rows; /* row */
};

static void row_free(void *p) {
    row *r = p;
    g_free(r->suite);
    g_free(r->test);
    g_free(r->reason);
    g_free(r);
}

static int add_line(node_scope *s, const char *line) {
    char **part = g_strsplit(line, " ", 3);
    int ok = g_strv_length(part) == 3 && part[2][0];
    for (guint i = 0; ok && i < s->rows->len; i++) {
        const row *r = s->rows->pdata[i];
        if (!strcmp(r->suite, part[0]) && !strcmp(r->test, part[1])) ok = 0;
    }
    if (ok) {
        row *r = g_new0(row, 1);
        r->suite = g_strdup(part[0]);
        r->test = g_strdup(part[1]);
        r->reason = g_strdup(part[2]);
        g_ptr_array_add(s->rows, r);
    } else {
        fprintf(stderr, "out of scope: not SUITE TEST REASON, or twice: %s\n", line);
    }
    g_strfreev(part);
    return ok;
}

node_scope *node_scope_load(const char *path) {
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return NULL;
    }
    node_scope *s = g_new0(node_scope, 1);
    s->rows = g_ptr_array_new_with_free_func(row_free);
    char **lines = g_strsplit(text, "\n", -1);
    int ok = 1;
    for (int i = 0; lines[i]; i++)
        if (lines[i][0] && lines[i][0] != '#') ok &= add_line(s, lines[i]);
    g_strfreev(lines);
    g_free(text);
    if (ok) return s;
    node_scope_free(s);
    return NULL;
}

void node_scope_free(node_scope *s) {
    if (!s) return;
    g_ptr_array_free(s->rows, TRUE);
    g_free(s);
}

const char *node_scope_reason(node_scope *s, const char *suite, const char *test) {
    for (guint i = 0; i < s->rows->len; i++) {
        row *r = s->rows->pdata[i];
        if (!g_pattern_match_simple(r->suite, suite) || !g_pattern_match_simple(r->test, test))
            continue;
        r->used = 1;
        return r->reason;
    }
    return NULL;
}

int node_scope_unused(const node_scope *s) {
    int n = 0;
    for (guint i = 0; i < s->rows->len; i++) {
        const row *r = s->rows->pdata[i];
        if (r->used) continue;
        printf("out of scope, but there is no such test: %s %s\n", r->suite, r->test);
        n++;
    }
    return n;
}

static int is_known(const char *op, void *user) {
    static const char *const known[] = {
#define FVI_ONNX_OP(name, first, last, handler, param) name,
#include "model/onnx/operators.def"
#undef FVI_ONNX_OP
    };
    (void)user;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (!strcmp(op, known[i])) return 1;
    return 0;
}

static int is_too_new(const Onnx__ModelProto *m) {
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *o = m->opset_import[i];
        if ((!o->domain || !o->domain[0]) && o->version > FVI_OPSET_MAX) return 1;
    }
    return 0;
}

int node_scope_knows(const char *model_path) {
    Onnx__ModelProto *m = node_proto_read(model_path);
    int ok = m && m->graph && m->graph->n_node && !is_too_new(m) &&
             node_each_op(m->graph, is_known, NULL);
    if (m) onnx__model_proto__free_unpacked(m, NULL);
    return ok;
}
