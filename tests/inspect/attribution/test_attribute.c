/* SPDX-License-Identifier: Apache-2.0 */
/* Attribution held against PyTorch's captum and pytorch-grad-cam (tests/golden/attribute), and
 * against its own mathematics on a linear model and the golden network. */
#include "golden_net.h"

#define OBJECTIVE "class:2"

/* ---- references ----------------------------------------------------------------------------- */

static void parts_are(fv_method method, const fv_attribute_desc *d, const char *file,
                      double share) {
    fv_attribute_desc desc = d ? *d : (fv_attribute_desc){.struct_size = sizeof(fv_attribute_desc)};
    desc.method = method;
    fv_attribution *a = attribute(&net, x, OBJECTIVE, &desc);
    fv_tensor *want = load_npy(file);
    assert_int_equal(fv_tensor_count(a->parts), fv_tensor_count(want));
    assert_close(a->parts->data, want->data, fv_tensor_count(want), share);
    fv_tensor_free(want);
    fv_attribution_free(a);
}

static void gradients_are_captums(void **state) {
    (void)state;
    parts_are(FV_METHOD_GRADIENT, NULL, "gradient", 1e-5);
    parts_are(FV_METHOD_INPUT_GRADIENT, NULL, "input_gradient", 1e-5);
    parts_are(FV_METHOD_GUIDED, NULL, "guided", 1e-5);
}

/* The golden network was given a baseline of zeros in the network's numbers. */
static void integrated_gradients_are_captums(void **state) {
    (void)state;
    fv_tensor *zeros = NULL;
    assert_int_equal(fv_tensor_new(x->ndim, x->dim, &zeros, NULL), FV_OK);
    const fv_attribute_desc d = {.struct_size = sizeof d,
                                 .baseline = FV_BASELINE_PICTURE,
                                 .baseline_input = zeros,
                                 .steps = 50};
    parts_are(FV_METHOD_INTEGRATED, &d, "integrated", 1e-4);
    fv_tensor_free(zeros);
}

static void occlusion_is_captums(void **state) {
    (void)state;
    fv_tensor *fill = NULL, *want = load_npy("occlusion");
    assert_int_equal(fv_tensor_new(x->ndim, x->dim, &fill, NULL), FV_OK);
    for (int64_t i = 0; i < fv_tensor_count(fill); i++) fill->data[i] = 0.25f;
    fv_attribution *a = attribute(&net, x, OBJECTIVE,
                                  FV_DESC(fv_attribute_desc, .method = FV_METHOD_OCCLUSION,
                                          .baseline = FV_BASELINE_PICTURE, .baseline_input = fill,
                                          .window = 6, .stride = 4));
    assert_close(a->map->data, want->data, fv_tensor_count(a->map), 1e-5); /* each channel alike */
    assert_int_equal(a->evaluations, 1 + 5 * 6);
    fv_attribution_free(a);
    fv_tensor_free(want);
    fv_tensor_free(fill);
}

/* pytorch-grad-cam's maps are scaled to 0..1 after they are enlarged. */
static void cam_is(fv_method method, const char *layer, const char *file) {
    fv_tensor *want = load_npy(file);
    fv_attribution *a =
        attribute(&net, x, OBJECTIVE, FV_DESC(fv_attribute_desc, .method = method, .layer = layer));
    float low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < fv_tensor_count(a->map); i++) {
        low = fminf(low, a->map->data[i]);
        high = fmaxf(high, a->map->data[i]);
    }
    for (int64_t i = 0; i < fv_tensor_count(a->map); i++)
        a->map->data[i] = (a->map->data[i] - low) / (high - low);
    assert_close(a->map->data, want->data, fv_tensor_count(want), 1e-3);
    fv_attribution_free(a);
    fv_tensor_free(want);
}

static void class_activation_maps_are_pytorchs(void **state) {
    (void)state;
    fv_tensor *want = load_npy("gradcam_cells");
    fv_attribution *a =
        attribute(&net, x, OBJECTIVE, FV_DESC(fv_attribute_desc, .method = FV_METHOD_GRADCAM));
    assert_string_equal(a->layer, "relu3"); /* found */
    assert_close(a->cells->data, want->data, fv_tensor_count(want), 1e-4);
    fv_attribution_free(a);
    fv_tensor_free(want);
    cam_is(FV_METHOD_GRADCAM, NULL, "gradcam");
    cam_is(FV_METHOD_GRADCAM_PLUS, "relu3/Relu", "gradcam_plus");
}

/* tests/golden/attribute/vit.py: the layer is found, although behind the last attention the class
 * token alone goes on; three tokens are no cells. */
static void tokens_are_pytorchs_with_reshape_transform(void **state) {
    (void)state;
    static const char *const layer[] = {NULL, "blocks.1.norm1"};
    subject vit = subject_load(GOLDEN "vit.onnx");
    fv_tensor *input = load_npy("vit_x"), *want = load_npy("vit_cells");
    for (int i = 0; i < 2; i++) {
        fv_attribution *a = attribute(
            &vit, input, "class:1",
            FV_DESC(fv_attribute_desc, .method = FV_METHOD_GRADCAM, .layer = layer[i]));
        assert_string_equal(a->layer, "blocks.1.norm1");
        assert_int_equal(a->cells->dim[0], 3);
        assert_int_equal(a->cells->dim[1], 5);
        assert_close(a->cells->data, want->data, fv_tensor_count(want), 1e-4);
        fv_attribution_free(a);
    }
    fv_tensor_free(input);
    fv_tensor_free(want);
    subject_free(&vit);
}

/* ---- their own mathematics ------------------------------------------------------------------ */

static double sum_of(const fv_tensor *t) {
    double sum = 0;
    for (int64_t i = 0; i < fv_tensor_count(t); i++) sum += (double)t->data[i];
    return sum;
}

/* The sum is held against runs of the network that are not integrated gradients' own. */
static void integrated_gradients_add_up(void **state) {
    (void)state;
    static const fv_baseline kinds[] = {FV_BASELINE_BLACK, FV_BASELINE_WHITE, FV_BASELINE_GREY,
                                        FV_BASELINE_MEAN,  FV_BASELINE_BLUR,  FV_BASELINE_NOISE};
    fv_tensor *y = NULL, *y0 = NULL, *black = NULL;
    const fv_input *in = fv_model_input(net.model);
    assert_int_equal(fv_tensor_new(x->ndim, x->dim, &black, NULL), FV_OK);
    for (int64_t i = 0, n = fv_tensor_count(black); i < n; i++) {
        const int64_t c = i / (n / 3);
        black->data[i] = -in->mean[c] * in->scale[c];
    }
    assert_int_equal(fv_session_run(net.session, x, NULL, &y, NULL), FV_OK);
    assert_int_equal(fv_session_run(net.session, black, NULL, &y0, NULL), FV_OK);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        fv_attribution *a = attribute(
            &net, x, OBJECTIVE,
            FV_DESC(fv_attribute_desc, .method = FV_METHOD_INTEGRATED, .baseline = kinds[i]));
        assert_true(fabs(a->value - (double)y->data[2]) < 1e-4 * fabs(a->value));
        if (!i) assert_true(fabs(a->baseline - (double)y0->data[2]) < 1e-4 * fabs(a->baseline));
        const double difference = a->value - a->baseline;
        assert_true(fabs(sum_of(a->map) - difference) < 0.01 * fabs(difference));
        assert_true(a->gap < 0.01);
        fv_attribution_free(a);
    }
    fv_tensor_free(black);
    fv_tensor_free(y);
    fv_tensor_free(y0);
}

static void smoothgrad_without_noise_is_the_gradient(void **state) {
    (void)state;
    fv_attribution *g =
        attribute(&net, x, OBJECTIVE, FV_DESC(fv_attribute_desc, .method = FV_METHOD_GRADIENT));
    const fv_attribute_desc d = {
        .struct_size = sizeof d, .method = FV_METHOD_SMOOTHGRAD, .sd = 1e-6f, .samples = 19};
    fv_attribution *a = attribute(&net, x, OBJECTIVE, &d);
    assert_close(a->parts->data, g->parts->data, fv_tensor_count(g->parts), 1e-3);
    assert_close(a->map->data, g->map->data, fv_tensor_count(g->map), 1e-3);
    assert_int_equal(a->steps, 19);
    fv_attribution_free(a);
    fv_attribution_free(g);
}

/* Of f = w x + b the gradient is w wherever: noise changes nothing. Of the mean of squares of both
 * outputs it is (1.25 w x + b) w: so the gradients of single copies have the deviation of w x. */
static void smoothgrad_draws_the_noise_it_says(void **state) {
    (void)state;
    subject s = linear(0);
    fv_tensor *p = linear_input(0);
    float w[2 * COUNT];
    linear_weights(w);
    const fv_attribute_desc d = {
        .struct_size = sizeof d, .method = FV_METHOD_SMOOTHGRAD, .sd = 0.3f, .samples = 5};
    fv_attribution *a = attribute(&s, p, "class:0", &d);
    assert_close(a->parts->data, w, COUNT, 1e-5);
    fv_attribution_free(a);
    enum { COPIES = 200, AT = 5 * SIDE + 10 };
    const fv_attribute_desc one = {
        .struct_size = sizeof one, .method = FV_METHOD_SMOOTHGRAD, .sd = 0.3f, .samples = 1};
    double sum = 0, squares = 0, ww = 0;
    for (int i = 0; i < COPIES; i++) {
        fv_attribute_desc each = one;
        each.seed = (uint64_t)i;
        a = attribute(&s, p, "dense", &each);
        const double v = (double)a->parts->data[AT];
        sum += v;
        squares += v * v;
        fv_attribution_free(a);
    }
    const double deviation = sqrt(squares / COPIES - sum / COPIES * sum / COPIES);
    float low = INFINITY, high = -INFINITY;
    for (int i = 0; i < COUNT; i++) {
        low = fminf(low, p->data[i]);
        high = fmaxf(high, p->data[i]);
    }
    for (int i = 0; i < COUNT; i++) ww += (double)w[i] * (double)w[i];
    const double expected = 0.3 * (double)(high - low) * sqrt(ww) * 1.25 * (double)w[AT];
    assert_true(fabs(deviation - expected) < 0.2 * expected);
    fv_tensor_free(p);
    subject_free(&s);
}

/* One window a pixel: what a linear model loses is the pixel's own share. */
static void occlusion_of_a_linear_model(void **state) {
    (void)state;
    float w[2 * COUNT], want[PLANE], first[PLANE];
    linear_weights(w);
    for (int last = 0; last < 2; last++) {
        subject s = linear(last);
        fv_tensor *p = linear_input(last);
        for (int i = 0; i < PLANE; i++) {
            want[i] = 0;
            for (int c = 0; c < 3; c++) {
                double mean = 0;
                for (int k = 0; k < PLANE; k++) mean += p->data[last ? k * 3 + c : c * PLANE + k];
                want[i] += w[c * PLANE + i] *
                           (p->data[last ? i * 3 + c : c * PLANE + i] - (float)(mean / PLANE));
            }
        }
        fv_attribution *a = attribute(
            &s, p, "class:0",
            FV_DESC(fv_attribute_desc, .method = FV_METHOD_OCCLUSION, .window = 1, .stride = 1));
        assert_close(a->map->data, want, PLANE, 1e-4);
        if (!last)
            memcpy(first, a->map->data, sizeof first);
        else
            assert_close(a->map->data, first, PLANE, 1e-5);
        fv_attribution_free(a);
        fv_tensor_free(p);
        subject_free(&s);
    }
}

/* Share of cell k in place i of a line of n cells enlarged to size, bilinear. */
static double share_of(int i, int n, int size, int k) {
    double at = (i + 0.5) * n / size - 0.5;
    at = at < 0 ? 0 : at > n - 1 ? n - 1 : at;
    return fmax(0, 1 - fabs(at - k));
}

/* What RISE converges to for f = sum_j a_j m_j + b: with B a mask's cells enlarged, the objective
 * to be expected where pixel i is shown is b + keep sum a + (1 - keep) sum_k B_ik (B' a)_k / 1, the
 * mean over all shifts. */
static void rise_expected(const double *a, double b, int cells, double keep, float *out) {
    const int cell = (SIDE + cells - 1) / cells, size = (cells + 1) * cell;
    double total = 0;
    for (int j = 0; j < PLANE; j++) total += a[j];
    for (int i = 0; i < PLANE; i++) out[i] = (float)(b + keep * total);
    for (int dy = 0; dy < cell; dy++)
        for (int dx = 0; dx < cell; dx++)
            for (int k = 0; k < cells * cells; k++) {
                double share[PLANE], t = 0;
                for (int j = 0; j < PLANE; j++) {
                    share[j] = share_of(j / SIDE + dy, cells, size, k / cells) *
                               share_of(j % SIDE + dx, cells, size, k % cells);
                    t += share[j] * a[j];
                }
                for (int i = 0; i < PLANE; i++)
                    out[i] += (float)((1 - keep) * share[i] * t / (cell * cell));
            }
}

static void rise_of_a_linear_model(void **state) {
    (void)state;
    float w[2 * COUNT], want[PLANE];
    double a[PLANE], b = 0.75;
    subject s = linear(0);
    fv_tensor *p = linear_input(0);
    linear_weights(w);
    for (int i = 0; i < PLANE; i++) {
        a[i] = 0;
        for (int c = 0; c < 3; c++) { /* covered by grey: 0.5, encoded */
            const fv_input *in = fv_model_input(s.model);
            const double grey = (0.5 * in->range - in->mean[c]) * in->scale[c];
            a[i] += (double)w[c * PLANE + i] * ((double)p->data[c * PLANE + i] - grey);
            b += (double)w[c * PLANE + i] * grey;
        }
    }
    for (int k = 0; k < 2; k++) {
        const float keep = k ? 0.3f : 0.5f;
        const int cells = k ? 4 : 5;
        rise_expected(a, b, cells, (double)keep, want);
        fv_attribution *r = attribute(&s, p, "class:0",
                                      FV_DESC(fv_attribute_desc, .method = FV_METHOD_RISE,
                                              .baseline = FV_BASELINE_GREY, .masks = 6000,
                                              .cells = cells, .keep = keep));
        float middle = 0;
        for (int i = 0; i < PLANE; i++) middle += want[i] / PLANE;
        for (int i = 0; i < PLANE; i++) { /* what differs from pixel to pixel */
            want[i] -= middle;
            r->map->data[i] -= middle;
        }
        assert_close(r->map->data, want, PLANE, 0.1);
        fv_attribution_free(r);
    }
    /* every mask shows all: the objective itself */
    fv_attribution *r = attribute(
        &s, p, "class:0",
        FV_DESC(fv_attribute_desc, .method = FV_METHOD_RISE, .masks = 3, .keep = 1, .cells = 3));
    for (int i = 0; i < PLANE; i++)
        assert_true(fabs((double)r->map->data[i] - r->value) < 1e-4 * fabs(r->value));
    fv_attribution_free(r);
    fv_tensor_free(p);
    subject_free(&s);
}

static void the_seed_makes_the_map(void **state) {
    (void)state;
    const fv_attribute_desc kinds[] = {
        {.struct_size = sizeof *kinds, .method = FV_METHOD_SMOOTHGRAD, .samples = 5},
        {.struct_size = sizeof *kinds, .method = FV_METHOD_RISE, .masks = 21}};
    for (int k = 0; k < 2; k++) {
        fv_attribute_desc d = kinds[k];
        fv_attribution *a = attribute(&net, x, OBJECTIVE, &d);
        fv_attribution *b = attribute(&net, x, OBJECTIVE, &d);
        d.seed = 1;
        fv_attribution *c = attribute(&net, x, OBJECTIVE, &d);
        const size_t bytes = (size_t)fv_tensor_count(a->map) * sizeof(float);
        assert_memory_equal(a->map->data, b->map->data, bytes);
        assert_memory_not_equal(a->map->data, c->map->data, bytes);
        fv_attribution_free(a);
        fv_attribution_free(b);
        fv_attribution_free(c);
    }
}

static void gauss_and_legendre(void **state) {
    (void)state;
    double node[50], weight[50];
    for (int n = 1; n <= 50; n += 7) {
        fvi_gauss_legendre(n, node, weight);
        for (int power = 0; power < 2 * n; power++) { /* exact up to degree 2n - 1 */
            double sum = 0;
            for (int i = 0; i < n; i++) sum += weight[i] * pow(node[i], power);
            assert_true(fabs(sum - 1.0 / (power + 1)) < 1e-12);
        }
    }
}

static void ranks_correlate(void **state) {
    (void)state;
    const float a[] = {1, 2, 2, 3, 0, 7}, b[] = {1, 3, 2, 4, 4, -1}, flat[6] = {0};
    const float bad[] = {1, 2, NAN, 3, 4, 5};
    double r = 0;
    assert_int_equal(fvi_rank_correlation(a, b, 6, &r, NULL), FV_OK);
    assert_true(fabs(r + 0.35294117647058826) < 1e-12); /* scipy 1.17.1, stats.spearmanr */
    assert_int_equal(fvi_rank_correlation(a, a, 6, &r, NULL), FV_OK);
    assert_true(fabs(r - 1) < 1e-12);
    assert_int_equal(fvi_rank_correlation(a, flat, 6, &r, NULL), FV_OK);
    assert_true(isnan(r));
    assert_int_equal(fvi_rank_correlation(a, bad, 6, &r, NULL), FV_OK);
    assert_true(isnan(r));
    int64_t *order = NULL;
    const int64_t want[] = {1, 3, 0, 5, 4, 2};
    const float list[] = {2, 9, NAN, 9, -1, 2};
    assert_int_equal(fvi_order_pixels(list, 6, &order, NULL), FV_OK);
    assert_memory_equal(order, want, sizeof want);
    free(order);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_captums),
        cmocka_unit_test(integrated_gradients_are_captums),
        cmocka_unit_test(occlusion_is_captums),
        cmocka_unit_test(class_activation_maps_are_pytorchs),
        cmocka_unit_test(tokens_are_pytorchs_with_reshape_transform),
        cmocka_unit_test(integrated_gradients_add_up),
        cmocka_unit_test(smoothgrad_without_noise_is_the_gradient),
        cmocka_unit_test(smoothgrad_draws_the_noise_it_says),
        cmocka_unit_test(occlusion_of_a_linear_model),
        cmocka_unit_test(rise_of_a_linear_model),
        cmocka_unit_test(the_seed_makes_the_map),
        cmocka_unit_test(gauss_and_legendre),
        cmocka_unit_test(ranks_correlate),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
