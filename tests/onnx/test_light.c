/* SPDX-License-Identifier: Apache-2.0 */
/* The nine `light` models of the ONNX backend suite: AlexNet, DenseNet-121, Inception v1 and v2,
 * ResNet-50, ShuffleNet, SqueezeNet, VGG-19 and ZFNet in full size, their weights made by the file
 * itself (ConstantOfShape). The suite's input is element i of n = i / n, as f32; its outputs stand
 * beside the models (onnx/backend/test/runner of ONNX). Run through the public API.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "graph/const.h"
#include "node_case.h"
#include "node_run.h"

static const char *const models[] = {"bvlc_alexnet", "densenet121", "inception_v1",
                                     "inception_v2", "resnet50",    "shufflenet",
                                     "squeezenet",   "vgg19",       "zfnet512"};

static fv_status make_input(const fv_input *in, fv_tensor **out, fv_error *err) {
    int64_t dim[FV_MAX_DIMS];
    for (int i = 0; i < in->ndim; i++) dim[i] = in->dim[i] > 0 ? in->dim[i] : 1;
    fv_status st = fv_tensor_new(in->ndim, dim, out, err);
    int64_t n = st ? 0 : fv_tensor_count(*out);
    for (int64_t i = 0; i < n; i++) (*out)->data[i] = (float)((double)i / (double)n);
    return st;
}

static fv_status run_model(const char *path, fv_tensor **out, fv_error *err) {
    fv_model *m = NULL;
    fv_session *s = NULL;
    fv_tensor *x = NULL;
    fv_status st = fv_model_load(path, NULL, &m, err);
    if (!st) st = fv_session_new(m, NULL, &s, err);
    if (!st) st = make_input(fv_model_input(m), &x, err);
    if (!st) st = fv_session_run(s, x, NULL, out, err);
    fv_tensor_free(x);
    fv_session_free(s);
    fv_model_free(m);
    return st;
}

static int compare(const fv_tensor *y, const fvi_const *wanted, char *text) {
    int64_t n = fvi_shape_count(&wanted->shape);
    if (fv_tensor_count(y) != n || y->ndim != wanted->shape.ndim) {
        g_strlcpy(text, "its output has another shape", 600);
        return 0;
    }
    double *a = g_new(double, n), *b = g_new(double, n);
    for (int64_t i = 0; i < n; i++) a[i] = y->data[i], b[i] = fvi_const_at(wanted, i);
    int ok = node_close(a, b, n, text);
    g_free(a);
    g_free(b);
    return ok;
}

static int check_model(const char *folder, const char *name) {
    char *path = g_strdup_printf("%s/light_%s.onnx", folder, name);
    char *reference = g_strdup_printf("%s/light_%s_output_0.pb", folder, name);
    fv_tensor *y = NULL;
    fvi_onnx *onnx = NULL;
    fvi_pool *pool = fvi_pool_new(0);
    const fvi_const *wanted = NULL;
    char text[600] = "";
    fv_error err;
    fv_status st = run_model(path, &y, &err);
    if (!st) st = onnx_open(path, &onnx, &err);
    if (!st) st = node_tensor_read(onnx, pool, reference, &wanted, &err);
    if (st) g_strlcpy(text, err.text, sizeof text);
    int ok = !st && compare(y, wanted, text);
    printf("%s light_%s%s%s\n", ok ? "passed" : "FAILED", name, ok ? "" : ": ", text);
    fvi_pool_free(pool);
    onnx_close(onnx);
    fv_tensor_free(y);
    g_free(path);
    g_free(reference);
    return ok;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: test_light FOLDER\n");
        return 2;
    }
    int passed = 0, n = (int)G_N_ELEMENTS(models);
    for (int i = 0; i < n; i++) passed += check_model(argv[1], models[i]);
    printf("%d passed, %d failed\n", passed, n - passed);
    return passed == n ? 0 : 1;
}
