/* SPDX-License-Identifier: Apache-2.0 */
/* The format "toy": a first line `toy 1`, then an operation a line, words between blanks:
 *     input NAME N C H W                  ? for a free size
 *     conv NAME FROM OC KH KW NUMBERS...  [oc][c][kh][kw], stride 1, no padding, no bias
 *     relu NAME FROM
 *     dense NAME FROM OUT NUMBERS...      [elements of FROM][out]
 *     meta KEY VALUE
 * The last operation is the output. */
#include "toy.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/build/emit.h"
#include "graph/build/window.h"

typedef struct toy {
    fvi_model_file file;
    GPtrArray *lines; /* char **, NULL-ended */
    fvi_model_input input;
} toy;

static const char *const endings[] = {".toy", NULL};

static const toy *toy_of(const fvi_model_file *f) { return (const toy *)(const void *)f; }

static fvi_probe probe(const uint8_t *bytes, size_t size, const char *name) {
    (void)name;
    return size >= 4 && !memcmp(bytes, "toy ", 4) ? FVI_PROBE_YES : FVI_PROBE_NO;
}

static int64_t number(const char *word) {
    return word && strcmp(word, "?") != 0 ? strtoll(word, NULL, 10) : -1;
}

static fv_status open_toy(fvi_model_file *f, fv_error *err) {
    toy *t = (toy *)(void *)f;
    char *text = g_strndup((const char *)f->bytes.bytes, f->bytes.size);
    char **lines = g_strsplit(text, "\n", -1);
    t->lines = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    for (char **l = lines + 1; lines[0] && *l; l++)
        if (**l) g_ptr_array_add(t->lines, g_strsplit(*l, " ", -1));
    g_strfreev(lines);
    g_free(text);
    for (guint k = 0; k < t->lines->len; k++) {
        char **words = t->lines->pdata[k];
        if (strcmp(words[0], "input") != 0 || g_strv_length(words) != 6) continue;
        t->input = (fvi_model_input){.name = words[1], .shape = {.ndim = 4}, .type = FVI_F32};
        t->input.layout = FVI_NCHW;
        for (int i = 0; i < 4; i++) t->input.shape.dim[i] = number(words[2 + i]);
        return FV_OK;
    }
    return fvi_fail(err, FV_FORMAT, "there is no input of 4 sizes");
}

static void close_toy(fvi_model_file *f) {
    toy *t = (toy *)(void *)f;
    if (t->lines) g_ptr_array_unref(t->lines);
}

static const fvi_model_input *inputs(const fvi_model_file *f, int *count) {
    *count = 1;
    return &toy_of(f)->input;
}

/* The words of operation i; NULL for lines that make no value. */
static char **operation(const fvi_model_file *f, guint i) {
    char **words = toy_of(f)->lines->pdata[i];
    return strcmp(words[0], "input") && strcmp(words[0], "meta") ? words : NULL;
}

static const char *output(const fvi_model_file *f) {
    for (guint i = toy_of(f)->lines->len; i-- > 0;)
        if (operation(f, i)) return operation(f, i)[1];
    return NULL;
}

static void values(const fvi_model_file *f, GPtrArray *names) {
    for (guint i = 0; i < toy_of(f)->lines->len; i++)
        if (operation(f, i)) g_ptr_array_add(names, operation(f, i)[1]);
}

static const char *metadata(const fvi_model_file *f, const char *key) {
    for (guint i = 0; i < toy_of(f)->lines->len; i++) {
        char **words = toy_of(f)->lines->pdata[i];
        if (!strcmp(words[0], "meta") && !strcmp(words[1], key)) return words[2];
    }
    return NULL;
}

/* The numbers at the end of a line as a constant. */
static int constant(fvi_builder *b, char **words, const fvi_shape *shape) {
    float *data;
    if ((int64_t)g_strv_length(words) != fvi_shape_count(shape))
        fvi_build_fail(b, FV_FORMAT, "%u numbers; %" PRId64 " are needed", g_strv_length(words),
                       fvi_shape_count(shape));
    int v = fvi_emit_constant(b, FVI_F32, shape, &data);
    for (int i = 0; v >= 0 && words[i]; i++) data[i] = (float)g_ascii_strtod(words[i], NULL);
    return v;
}

static int conv(fvi_builder *b, char **words, int x) {
    fvi_shape in = fvi_build_shape(b, x), out = in;
    fvi_shape weights = {4, {number(words[3]), in.dim[1], number(words[4]), number(words[5])}};
    fvi_node_attr a = {.window = {.n = 2, .groups = 1, .stride = {1, 1}, .dilation = {1, 1}}};
    int w = constant(b, words + 6, &weights);
    for (int i = 0; i < 2; i++) {
        a.window.kernel[i] = weights.dim[2 + i];
        out.dim[2 + i] = fvi_window_positions(b, in.dim[2 + i], &a.window, i, 0);
    }
    out.dim[1] = weights.dim[0];
    return fvi_emit(b, FVI_CONV, &a, &out, 2, (int[]){x, w});
}

static int dense(fvi_builder *b, char **words, int x) {
    const fvi_shape in = fvi_build_shape(b, x);
    const int64_t count = fvi_shape_product(&in, 1, in.ndim);
    const fvi_shape flat = {2, {in.dim[0], count}}, weights = {2, {count, number(words[3])}};
    const fvi_node_attr a = {.matmul = {0, 0, 1}};
    int w = constant(b, words + 4, &weights);
    return fvi_emit_matmul(b, fvi_emit_reshape(b, x, &flat), w, -1, &a);
}

static int find(const fvi_builder *b, const char *name) {
    for (guint i = 0; i < b->values->len; i++) {
        const char *own = fvi_build_value(b, (int)i)->v.name;
        if (own && !strcmp(own, name)) return (int)i;
    }
    return -1;
}

static void lower_operation(fvi_builder *b, char **words) {
    int out = -1;
    fvi_operation op = {.source_op = words[0], .name = words[1], .label = words[1]};
    op.n_out = 1;
    op.out = &out;
    fvi_build_begin(b, &op);
    int x = words[2] ? find(b, words[2]) : -1, v = -1;
    if (x < 0)
        fvi_build_fail(b, FV_FORMAT, "there is no value \"%s\"", words[2]);
    else if (!strcmp(words[0], "conv"))
        v = conv(b, words, x);
    else if (!strcmp(words[0], "relu"))
        v = fvi_emit_unary(b, FVI_RELU, 0, 0, x);
    else if (!strcmp(words[0], "dense"))
        v = dense(b, words, x);
    else
        fvi_build_fail(b, FV_UNSUPPORTED, "there is no such operation");
    out = fvi_emit_named(b, v, words[1]);
    fvi_build_end(b);
}

static fv_status lower(const fvi_model_file *f, fvi_builder *b, const fvi_graph_request *request) {
    const toy *t = toy_of(f);
    const fvi_binding *bound =
        fvi_binding_find(request->bindings, request->n_bindings, t->input.name);
    const char *last = output(f);
    fvi_operation whole = {.source_op = "graph", .label = "toy"};
    fvi_build_begin(b, &whole);
    fvi_build_input(b, t->input.name, bound ? &bound->shape : &t->input.shape);
    for (guint i = 0; i < t->lines->len && !b->status; i++)
        if (operation(f, i)) lower_operation(b, operation(f, i));
    const int n = request->n_wanted;
    for (int i = 0; i < (n ? n : 1) && !b->status; i++) {
        const char *name = n ? request->wanted[i] : last;
        int v = name ? find(b, name) : -1;
        if (v < 0)
            fvi_build_fail(b, FV_NOTFOUND, "there is no value \"%s\"", name ? name : "");
        else
            fvi_build_output(b, v);
    }
    fvi_build_end(b);
    return b->status;
}

const fvi_reader toy_reader = {
    .format = "toy",
    .endings = endings,
    .file_size = sizeof(toy),
    .probe = probe,
    .open = open_toy,
    .close = close_toy,
    .inputs = inputs,
    .output = output,
    .values = values,
    .metadata = metadata,
    .lower = lower,
};
