/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a fuzz process, the checks that every target makes, and inputs for networks. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/texts.h"

#define INPUT_MAX (1 << 16) /* numbers */

static char folder[256];
static char path[512];

const fv_model_desc fuzz_small = {
    .struct_size = sizeof(fv_model_desc),
    .max_memory = (int64_t)64 << 20,
    .max_work = (int64_t)1 << 32,
    .max_elements = 1 << 20,
    .max_nodes = 1 << 12,
};

void fuzz_fail(const char *file, int line, const char *condition) {
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

/* Files lie flat in the folder. */
static void remove_folder(void) {
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command)) fprintf(stderr, "%s is left over\n", folder);
}

const char *fuzz_path(const char *name) {
    if (!folder[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/fovea-fuzz-XXXXXX", base && base[0] ? base : "/tmp");
        FUZZ_ASSERT(mkdtemp(folder));
        atexit(remove_folder);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

const char *fuzz_file(const char *name, const void *data, size_t size) {
    const char *to = fuzz_path(name);
    FILE *f = fopen(to, "wb");
    FUZZ_ASSERT(f);
    FUZZ_ASSERT(!size || fwrite(data, 1, size, f) == size);
    FUZZ_ASSERT(!fclose(f));
    return to;
}

fv_status fuzz_check(fv_status st, const fv_error *err) {
    FUZZ_ASSERT(st >= FV_OK && st <= FV_NONFINITE);
    if (!st) return st;
    FUZZ_ASSERT(err->status == st);
    FUZZ_ASSERT(err->text[0] && memchr(err->text, 0, sizeof err->text));
    FUZZ_ASSERT(!strchr(err->text, '\n'));
    return st;
}

fv_tensor *fuzz_input(const fv_model *m, const uint8_t *data, size_t size) {
    const fv_input *in = fv_model_input(m);
    int64_t dim[FV_MAX_DIMS], count = 1;
    for (int i = 0; i < in->ndim; i++) {
        dim[i] = in->dim[i];
        if (in->is_image && dim[i] < 0) dim[i] = i == 0 ? 1 : 8;
        if (dim[i] < 0) dim[i] = 1 + (size ? data[(size_t)i % size] % 7 : 0);
        if (__builtin_mul_overflow(count, dim[i], &count) || count > INPUT_MAX) return NULL;
    }
    fv_tensor *t = NULL;
    if (fv_tensor_new(in->ndim, dim, &t, NULL)) return NULL;
    uint32_t state = 12345;
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        t->data[i] = (float)(int32_t)state / 2147483648.0f;
    }
    return t;
}

void fuzz_read(const fv_tensor *t) {
    static volatile float sink;
    float sum = 0;
    for (int64_t i = 0; i < fv_tensor_count(t); i++) sum += t->data[i];
    sink = sum;
    (void)sink;
}

void fuzz_look(const fv_model *m) {
    fv_error err;
    int n = fv_model_layer_count(m), index;
    const fv_input *in = fv_model_input(m);
    FUZZ_ASSERT(n >= 0 && in->name && in->ndim <= FV_MAX_DIMS);
    for (int i = 0; i < n; i++) {
        const fv_layer *l = fv_model_layer(m, i);
        FUZZ_ASSERT(l->name && l->output && l->kind && l->description && l->source_op);
        FUZZ_ASSERT(l->ndim >= -1 && l->ndim <= FV_MAX_DIMS && l->parameters >= 0);
        if (i > 20) continue;
        FUZZ_ASSERT(!fuzz_check(fv_model_find_layer(m, l->name, &index, &err), &err));
        fv_weight_stats stats;
        fuzz_check(fv_model_weight_stats(m, i, &stats, &err), &err);
        fv_tensor *weights = NULL, *bias = NULL;
        if (!fuzz_check(fv_model_weights(m, i, &weights, &bias, &err), &err))
            FUZZ_ASSERT(weights && fv_tensor_count(weights) >= 0);
        fv_tensor_free(weights);
        fv_tensor_free(bias);
    }
    fuzz_check(fv_model_find_layer(m, "conv", &index, &err), &err);
    fuzz_check(fv_model_find_class(m, "hen", &index, &err), &err);
    for (int i = 0; i < fv_model_class_count(m); i++) FUZZ_ASSERT(fv_model_class_name(m, i));
}

/* A value and its gradient, in a session of its own. */
static void run(const fv_model *m, const fv_tensor *x, const char *value) {
    fv_session *s = NULL;
    fv_tensor *y = NULL, *g = NULL;
    fv_error err;
    if (fuzz_check(fv_session_new(m, FV_DESC(fv_session_desc, .threads = 1), &s, &err), &err))
        return; /* nothing of it can be computed */
    if (!fuzz_check(fv_session_run(s, x, value, &y, &err), &err)) fuzz_read(y);
    double *values = calloc((size_t)(x->ndim ? x->dim[0] : 1) + 1, sizeof *values);
    FUZZ_ASSERT(values);
    if (!fuzz_check(gradient_text(m, s, x, value, values, &g, &err), &err)) {
        FUZZ_ASSERT(fv_tensor_count(g) == fv_tensor_count(x));
        fuzz_read(g);
    }
    free(values);
    fv_tensor_free(y);
    fv_tensor_free(g);
    fv_session_free(s);
}

void fuzz_use(const fv_model *m, const uint8_t *data, size_t size) {
    fv_tensor *x = fuzz_input(m, data, size);
    const int n = fv_model_layer_count(m);
    if (x && n) run(m, x, fv_model_layer(m, n - 1)->output);
    if (x && n > 1) run(m, x, fv_model_layer(m, data[size / 2] % n)->output);
    fv_tensor_free(x);
}
