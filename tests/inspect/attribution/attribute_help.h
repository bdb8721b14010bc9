/* SPDX-License-Identifier: Apache-2.0 */
/* What the attribution tests share: the golden network and small linear ones. */
#ifndef FVI_TESTS_VIEW_ATTRIBUTE_HELP_H
#define FVI_TESTS_VIEW_ATTRIBUTE_HELP_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "inspect/attribution/attribute.h"
#include "inspect/attribution/rank.h"
#include "support/builder.h"
#include "support/texts.h"

#define GOLDEN "tests/golden/attribute/"

/* A network that is ready to run. */
typedef struct subject {
    fv_model *model;
    fv_session *session;
} subject;

static inline subject subject_load(const char *path) {
    subject s = {0};
    fv_error err;
    if (fv_model_load(path, NULL, &s.model, &err) ||
        fv_session_new(s.model, NULL, &s.session, &err))
        fail_msg("%s", err.text);
    return s;
}

static inline void subject_free(subject *s) {
    fv_session_free(s->session);
    fv_model_free(s->model);
}

static inline fv_tensor *load_npy(const char *name) {
    char path[512];
    fv_tensor *t = NULL;
    fv_error err;
    snprintf(path, sizeof path, GOLDEN "%s.npy", name);
    if (fv_tensor_load(path, &t, &err)) fail_msg("%s", err.text);
    return t;
}

static inline fv_attribution *attribute(const subject *s, const fv_tensor *x, const char *objective,
                                        const fv_attribute_desc *d) {
    fv_attribution *a = NULL;
    fv_error err;
    if (attribute_text(s->model, s->session, x, objective, d, &a, &err)) fail_msg("%s", err.text);
    return a;
}

static inline double largest(const float *x, int64_t n) {
    double m = 0;
    for (int64_t i = 0; i < n; i++) m = fmax(m, fabs((double)x[i]));
    return m;
}

/* That two lists of numbers agree within `share` of the second one's largest magnitude. */
static inline void assert_close(const float *got, const float *want, int64_t n, double share) {
    const double top = largest(want, n);
    assert_true(top > 0);
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - (double)want[i]) <= share * top))
            fail_msg("number %d is %g, not %g (largest %g)", (int)i, (double)got[i],
                     (double)want[i], top);
}

#define SIDE  16
#define PLANE (SIDE * SIDE)
#define COUNT (3 * PLANE)

/* w [2][3][SIDE][SIDE]: class 0 is the interesting one. */
static inline void linear_weights(float *w) {
    for (int i = 0; i < 2 * COUNT; i++) {
        const int y = i % PLANE / SIDE, x = i % SIDE;
        const float blob = y >= 3 && y < 8 && x >= 8 && x < 14 ? 1 : 0;
        w[i] = (i < COUNT ? 1 : -0.5f) * (blob + 0.05f * (float)((i * 7) % 11 - 5));
    }
}

/* y = w x + 0.75, of pictures as [c][h][w], or of the same numbers with channels last. */
static inline subject linear(int channels_last) {
    builder *b = builder_new(17);
    static float w[2 * COUNT];
    float bias[2] = {0.75f, 0};
    linear_weights(w);
    builder_input(b, "x", FVI_F32, channels_last ? "N,16,16,3" : "N,3,16,16");
    builder_f32(b, "w", "2,768", w);
    builder_f32(b, "b", "2", bias);
    if (channels_last)
        builder_ints(b, builder_node(b, "Transpose", "turn", "x", "t"), "perm", "0,3,1,2");
    builder_node(b, "Flatten", "flat", channels_last ? "t" : "x", "f");
    builder_int(b, builder_node(b, "Gemm", "dense", "f,w,b", "y"), "transB", 1);
    builder_output(b, "y");
    subject s = subject_load(builder_save(b, "linear.onnx"));
    builder_free(b);
    return s;
}

/* A picture for it. */
static inline fv_tensor *linear_input(int channels_last) {
    fv_tensor *x = NULL;
    const int64_t first[] = {1, 3, SIDE, SIDE}, last[] = {1, SIDE, SIDE, 3};
    assert_int_equal(fv_tensor_new(4, channels_last ? last : first, &x, NULL), FV_OK);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < PLANE; i++)
            x->data[channels_last ? i * 3 + c : c * PLANE + i] =
                0.5f + 0.4f * sinf((float)(i % SIDE) * 0.9f + (float)(i / SIDE) * 0.4f + (float)c);
    return x;
}

#endif
