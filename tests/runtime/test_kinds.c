/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that are pictures without being [N][channels][height][width] in the file: values and
 * gradients of a convolution over the whole picture, y[k] = sum of w[k][c][y][x] x[c][y][x],
 * against sums done here, for a picture, for an array of the file's shape and for one of four axes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/session.h"
#include "support/net.h"

enum { OUT = 3, MOST = 4 * 8 * 8 };

typedef struct form {
    const char *shape; /* of the file's input */
    const char *steps; /* T: permuted to channels first; U<axes>: unsqueezed; R: flattened */
    int channels, height, width, channels_last, has_batch;
    int told; /* the caller says the shape */
} form;

static const form forms[] = {
    {"3,8,6", "U0", 3, 8, 6, 0, 0, 0},  {"3,h,w", "U0", 3, 8, 6, 0, 0, 0},
    {"8,6,3", "TU0", 3, 8, 6, 1, 0, 0}, {"1,8,6", "U0", 1, 8, 6, 0, 0, 0},
    {"N,8,6", "U1", 1, 8, 6, 0, 1, 0},  {"8,6", "U0,1", 1, 8, 6, 0, 0, 0},
    {"N,8,8", "R", 1, 8, 8, 0, 1, 0},   {"3,8,8", "R", 3, 8, 8, 0, 0, 0},
    {"8,8,1", "R", 1, 8, 8, 1, 0, 0},   {"N,4,8,6", "", 4, 8, 6, 0, 1, 0},
    {"N,2,8,6", "", 2, 8, 6, 0, 1, 0},  {"N,48", "R", 1, 8, 6, 0, 1, 1},
    {"N,144", "R", 3, 8, 6, 0, 1, 1},   {"N,8,6", "R", 1, 8, 6, 0, 1, 1},
};

static float weight[OUT * MOST];

static int count_of(const form *f) { return f->channels * f->height * f->width; }

/* Element (c, y, x) of the picture, in the order of the file's elements. */
static int at(const form *f, int c, int y, int x) {
    return f->channels_last ? (y * f->width + x) * f->channels + c
                            : (c * f->height + y) * f->width + x;
}

/* The weight that the file's element i is multiplied by. */
static float weight_at(const form *f, int k, int i) {
    const int plane = f->height * f->width;
    if (f->channels_last && !strchr(f->steps, 'R')) i = i % f->channels * plane + i / f->channels;
    return weight[k * count_of(f) + i];
}

static fv_model *open_form(const form *f, builder *b) {
    char dims[64];
    const char *name = "x", *unsqueezed = strchr(f->steps, 'U');
    for (int i = 0; i < OUT * MOST; i++) weight[i] = sinf(0.37f * (float)i + 1);
    builder_input(b, "x", FVI_F32, f->shape);
    if (f->steps[0] == 'T') {
        builder_ints(b, builder_node(b, "Transpose", "turn", name, "t"), "perm", "2,0,1");
        name = "t";
    }
    if (unsqueezed) {
        builder_i64(b, "axes", unsqueezed + 1);
        builder_node(b, "Unsqueeze", "unsqueeze", name[0] == 't' ? "t,axes" : "x,axes", "u");
        name = "u";
    }
    if (strchr(f->steps, 'R')) {
        snprintf(dims, sizeof dims, "%d,%d", OUT, count_of(f));
        builder_f32(b, "w", dims, weight);
        snprintf(dims, sizeof dims, "-1,%d", count_of(f));
        builder_i64(b, "flat", dims);
        builder_node(b, "Reshape", "flatten", "x,flat", "r");
        builder_int(b, builder_node(b, "Gemm", "dense", "r,w", "y"), "transB", 1);
    } else {
        snprintf(dims, sizeof dims, "%d,%d,%d,%d", OUT, f->channels, f->height, f->width);
        builder_f32(b, "w", dims, weight);
        builder_node(b, "Conv", "conv", name[0] == 'u' ? "u,w" : "x,w", "c");
        builder_node(b, "Flatten", "rows", "c", "y");
    }
    const fv_model_desc desc = {
        .struct_size = sizeof desc,
        .size = strchr(f->shape, 'h') ? 8 : 0,
        .crop_ratio = 1,
        .shape = {f->told ? f->channels : 0, f->told ? f->height : 0, f->told ? f->width : 0}};
    return net_load(b, &desc);
}

/* One sample in the file's shape, or in that of four axes. */
static fv_tensor sample(const form *f, const fv_input *in, int as_file, float *x) {
    fv_tensor t = {.ndim = 4, .dim = {1, f->channels, f->height, f->width}, .data = x};
    if (f->channels_last)
        t = (fv_tensor){.ndim = 4, .dim = {1, f->height, f->width, f->channels}, .data = x};
    if (!as_file) return t;
    t.ndim = in->ndim;
    int sides = 0;
    for (int i = 0; i < in->ndim; i++) {
        t.dim[i] = in->dim[i] > 0 ? in->dim[i] : 1;
        if (in->dim[i] < 0 && !(f->has_batch && !i)) t.dim[i] = sides++ ? f->width : f->height;
    }
    return t;
}

static void check_numbers(const form *f, fv_session *s, const fv_tensor *x) {
    fv_error err = {0};
    fv_tensor *y = NULL, *g = NULL;
    fv_objective *o = NULL;
    double value[1];
    if (fv_session_run(s, x, "y", &y, &err)) fail_msg("%s: %s", f->shape, err.text);
    assert_int_equal(fv_tensor_count(y), OUT);
    for (int k = 0; k < OUT; k++) {
        double sum = 0;
        for (int i = 0; i < count_of(f); i++) sum += (double)weight_at(f, k, i) * x->data[i];
        if (!(fabs(sum - y->data[k]) < 1e-4))
            fail_msg("%s: output %d is %g, not %g", f->shape, k, (double)y->data[k], sum);
    }
    assert_int_equal(fv_objective_new(fvi_session_model(s), "y:1", NULL, 0, &o, &err), FV_OK);
    if (fv_session_gradient(s, x, o, value, &g, &err)) fail_msg("%s: %s", f->shape, err.text);
    assert_int_equal(g->ndim, x->ndim);
    assert_memory_equal(g->dim, x->dim, sizeof *x->dim * (size_t)x->ndim);
    for (int i = 0; i < count_of(f); i++)
        assert_true(fabsf(g->data[i] - weight_at(f, 1, i)) < 1e-6f);
    fv_objective_free(o);
    fv_tensor_free(y);
    fv_tensor_free(g);
}

/* A picture's pixels reach the elements they belong to. */
static void check_picture(const form *f, fv_session *s) {
    fv_error err = {0};
    fv_image *image = NULL;
    fv_tensor *x = NULL;
    const fv_input *in = fv_model_input(fvi_session_model(s));
    const int channels = f->channels == 1 ? 1 : f->channels == 4 ? 4 : 3;
    assert_int_equal(fv_image_new(channels, f->height, f->width, &image, &err), FV_OK);
    for (int i = 0; i < channels * f->height * f->width; i++) image->data[i] = (float)(i % 17) / 16;
    const fv_status st = fv_input_from_image(fvi_session_model(s), image, &x, &err);
    if (f->channels == 2) { /* no photo has two */
        assert_int_equal(st, FV_SHAPE);
        assert_non_null(strstr(err.text, "has 2 bands"));
        fv_image_free(image);
        return;
    }
    if (st) fail_msg("%s: %s", f->shape, err.text);
    for (int c = 0; c < f->channels; c++)
        for (int y = 0; y < f->height; y++)
            for (int k = 0; k < f->width; k++) {
                const float p = image->data[(c * f->height + y) * f->width + k];
                const float want = (p * in->range - in->mean[c]) * in->scale[c];
                if (!(fabsf(x->data[at(f, c, y, k)] - want) < 1e-5f))
                    fail_msg("%s: (%d, %d) of channel %d is %g, not %g", f->shape, y, k, c,
                             (double)x->data[at(f, c, y, k)], (double)want);
            }
    check_numbers(f, s, x);
    fv_image_free(image);
    fv_tensor_free(x);
}

static void test_forms(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const form *f = &forms[i];
        fv_error err = {0};
        fv_session *s = NULL;
        float x[MOST];
        builder *b = builder_new(13);
        fv_model *m = open_form(f, b);
        const fv_input *in = fv_model_input(m);
        if (!in->is_image || in->kind != FV_INPUT_PICTURE || in->channels != f->channels ||
            in->height != 8 || in->channels_last != f->channels_last)
            fail_msg("%s: %d %dx%dx%d", f->shape, in->is_image, in->channels, in->height,
                     in->width);
        for (int k = 0; k < MOST; k++) x[k] = cosf(0.7f * (float)k);
        assert_int_equal(fv_session_new(m, NULL, &s, &err), FV_OK);
        if (in->width == f->width) check_picture(f, s); /* an open size is square where unsaid */
        for (int as_file = 0; as_file < 2; as_file++) {
            const fv_tensor t = sample(f, in, as_file, x);
            assert_int_equal(fv_input_samples(m, &t), 1);
            check_numbers(f, s, &t);
        }
        fv_session_free(s);
        fv_model_free(m);
        builder_free(b);
    }
}

/* Several samples of a network that knows one run one after the other, or together. */
static void test_batches(void **state) {
    (void)state;
    const form *all[] = {&forms[0], &forms[2], &forms[6]};
    for (int i = 0; i < 3; i++) {
        const form *f = all[i];
        fv_error err = {0};
        fv_session *s = NULL;
        fv_tensor *y = NULL;
        float x[2 * MOST];
        builder *b = builder_new(13);
        fv_model *m = open_form(f, b);
        for (int k = 0; k < 2 * MOST; k++) x[k] = cosf(0.7f * (float)k);
        fv_tensor two = sample(f, fv_model_input(m), 0, x);
        two.dim[0] = 2;
        assert_int_equal(fv_input_samples(m, &two), 2);
        assert_int_equal(fv_session_new(m, NULL, &s, &err), FV_OK);
        if (fv_session_run(s, &two, "y", &y, &err)) fail_msg("%s: %s", f->shape, err.text);
        assert_int_equal(fv_tensor_count(y), 2 * OUT);
        for (int n = 0; n < 2 * OUT; n++) {
            double sum = 0;
            for (int k = 0; k < count_of(f); k++)
                sum += (double)weight_at(f, n % OUT, k) * x[n / OUT * count_of(f) + k];
            assert_true(fabs(sum - y->data[n]) < 1e-4);
        }
        fv_tensor_free(y);
        fv_session_free(s);
        fv_model_free(m);
        builder_free(b);
    }
}

/* What is no picture is one of the other kinds, or what the caller says; a shape that does not fit
 * is refused. */
static void test_kinds(void **state) {
    (void)state;
    const struct {
        const char *shape, *weights;
        fv_input_kind kind;
    } all[] = {{"N,2,50", "3,2,5", FV_INPUT_SIGNAL},
               {"N,1,4,8,6", "3,1,2,3,3", FV_INPUT_VOLUME},
               {"N,2,8,6", "3,2,3,3", FV_INPUT_PICTURE}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        builder *b = builder_new(13);
        builder_input(b, "x", FVI_F32, all[i].shape);
        builder_f32(b, "w", all[i].weights, NULL);
        builder_node(b, "Conv", "conv", "x,w", "y");
        fv_model *m = net_load(b, NULL);
        assert_int_equal(fv_model_input(m)->kind, all[i].kind);
        fv_model_free(m);
        const fv_model_desc wrong = {.struct_size = sizeof wrong, .shape = {3, 7, 7}};
        fv_error err = {0};
        assert_int_equal(fv_model_load(builder_save(b, "net.onnx"), &wrong, &m, &err), FV_ARG);
        assert_non_null(strstr(err.text, "holds no such picture"));
        builder_free(b);
    }
}

/* What a recurrent operator reads is a signal where the file tells samples from time. Where the
 * time is the first axis, it is one sample, whose steps are the map's positions. */
static void test_sequences(void **state) {
    (void)state;
    const struct {
        const char *perm;
        int layout;
        fv_input_kind kind;
    } all[] = {{"1,0,2", 0, FV_INPUT_SIGNAL},
               {NULL, 1, FV_INPUT_SIGNAL},
               {NULL, 0, FV_INPUT_SIGNAL}, /* the time is the first axis */
               {"1,0,2", 1, FV_INPUT_SIGNAL},
               {"2,0,1", 0, FV_INPUT_OTHER}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        builder *b = builder_new(14);
        builder_input(b, "x", FVI_F32, "N,6,6");
        builder_f32(b, "w", "1,16,6", NULL);
        builder_f32(b, "r", "1,16,4", NULL);
        if (all[i].perm)
            builder_ints(b, builder_node(b, "Transpose", "turn", "x", "t"), "perm", all[i].perm);
        Onnx__NodeProto *n = builder_node(b, "LSTM", "lstm", all[i].perm ? "t,w,r" : "x,w,r", "y");
        builder_int(b, n, "hidden_size", 4);
        builder_int(b, n, "layout", all[i].layout);
        fv_model *m = net_load(b, NULL);
        assert_int_equal(fv_model_input(m)->kind, all[i].kind);
        assert_int_equal(fv_model_input(m)->channels_last, all[i].kind == FV_INPUT_SIGNAL);
        fv_model_free(m);
        builder_free(b);
    }
}

/* A recurrent network whose first axis counts time, directly, behind a matrix product, and of
 * words: 6 numbers a step. */
static builder *time_first_net(const char *before, const char *dims) {
    builder *b = builder_new(14);
    const int words = !strcmp(before, "Gather");
    builder_input(b, "x", words ? FVI_I64 : FVI_F32, dims);
    builder_f32(b, "w", "1,16,6", NULL);
    builder_f32(b, "r", "1,16,4", NULL);
    builder_f32(b, "m", words ? "9,6" : "6,6", NULL);
    builder_i64(b, "first", "1");
    builder_i64(b, "end", "0");
    if (before[0]) builder_node(b, before, "before", words ? "m,x" : "x,m", "u");
    builder_int(b, builder_node(b, "LSTM", "lstm", before[0] ? "u,w,r" : "x,w,r", "y,h"),
                "hidden_size", 4);
    builder_node(b, "Squeeze", "last", "h,end", "z");
    builder_output(b, "z");
    return b;
}

static void test_time_first(void **state) {
    (void)state;
    static const struct {
        const char *before, *dims;
    } all[] = {{"", "T,N,6"}, {"", "5,1,6"}, {"MatMul", "T,1,6"}, {"Gather", "T,N"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        builder *b = time_first_net(all[i].before, all[i].dims);
        fv_model *m = net_load(b, NULL);
        fv_session *s = NULL;
        fv_error err = {0};
        fv_tensor *x = NULL, *y = NULL;
        const int64_t dims[] = {5, 1, 6};
        const int words = all[i].before[0] == 'G', is_open = all[i].dims[0] == 'T';
        assert_int_equal(fv_tensor_new(words ? 2 : 3, dims, &x, &err), FV_OK);
        for (int64_t k = 0; k < fv_tensor_count(x); k++) x->data[k] = (float)(k % 4);
        assert_int_equal(fv_input_samples(m, x), 1);
        assert_int_equal(fv_session_new(m, NULL, &s, &err), FV_OK);
        if (fv_session_run(s, x, NULL, &y, &err)) fail_msg("%s", err.text);
        assert_true(y->ndim == 2 && y->dim[0] == 1 && y->dim[1] == 4);
        fv_tensor_free(y);
        const char *assumed = fv_model_input(m)->assumed;
        assert_true(!is_open == !assumed);
        if (is_open) assert_non_null(strstr(assumed, "1 step of time"));
        fv_tensor_free(x);
        fv_session_free(s);
        fv_model_free(m);
        builder_free(b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms), cmocka_unit_test(test_batches), cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_sequences), cmocka_unit_test(test_time_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
