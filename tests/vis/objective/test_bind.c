/* SPDX-License-Identifier: Apache-2.0 */
/* Terms against references in double precision, value and gradient (central differences of the
 * reference), in every layout a value can have: channels first, channels last, samples not
 * outermost, samples in runs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "vis/objective/bind.h"

/* ---- values of every layout ----------------------------------------------------------------- */

#define UNTOUCHED (-77.0f)

/* A value for n samples of c channels at h x w positions; element (n, c, p) of it lies at
 * n * by_n + c * by_c + p * by_p. */
typedef struct value {
    const char *name;
    int64_t n, c, h, w, by_n, by_c, by_p;
    fvi_graph *g;
} value;

static fvi_graph *graph_new(const fvi_shape *input) {
    fvi_pool *pool = fvi_pool_new(0);
    fvi_graph *g = fvi_pool_alloc(pool, sizeof *g);
    *g = (fvi_graph){.pool = pool, .n_values = 1, .n_inputs = 1, .n_outputs = 1};
    g->values = fvi_pool_array(pool, 8, sizeof *g->values);
    g->nodes = fvi_pool_array(pool, 8, sizeof *g->nodes);
    g->inputs = fvi_pool_array(pool, 1, sizeof(int));
    g->outputs = fvi_pool_array(pool, 2, sizeof(int));
    g->inputs[0] = 0;
    g->values[0] = (fvi_value){"x", *input, -1, NULL, 0, 0};
    return g;
}

/* Appends a node that reads the last value, and a constant if `constant` has axes. */
static void node_new(fvi_graph *g, fvi_kind kind, fvi_node_attr a, fvi_shape out,
                     fvi_shape constant) {
    int in = g->n_values - 1, n_in = 1;
    int *ins = fvi_pool_array(g->pool, 2, sizeof(int));
    ins[0] = in;
    if (constant.ndim) {
        fvi_const *c = fvi_pool_alloc(g->pool, sizeof *c);
        *c = (fvi_const){FVI_F32, constant, NULL, 0};
        ins[n_in++] = g->n_values;
        g->values[g->n_values] =
            (fvi_value){fvi_pool_printf(g->pool, "c%d", g->n_values), constant, -1, c, 0, 0};
        g->n_values++;
    }
    g->values[g->n_values] =
        (fvi_value){fvi_pool_printf(g->pool, "v%d", g->n_values), out, g->n_nodes, NULL, 0, 0};
    g->nodes[g->n_nodes] = (fvi_node){
        kind, fvi_pool_printf(g->pool, "n%d", g->n_nodes), "Test", n_in, ins, g->n_values, a, NULL};
    g->n_nodes++;
    g->outputs[0] = g->outputs[1] = g->n_values++;
}

static const fvi_shape none = {0};

/* [n][c][h][w], as convolutions make it. */
static value channels_first(int64_t n, int64_t c, int64_t h, int64_t w) {
    fvi_shape s = {4, {n, c, h, w}};
    value v = {"channels first", n, c, h, w, c * h * w, h * w, 1, graph_new(&s)};
    node_new(v.g, FVI_UNARY, (fvi_node_attr){.unary = {FVI_RELU, 0, 0}}, s, none);
    return v;
}

/* [n][h][w][c], as matrix products make it. */
static value channels_last(int64_t n, int64_t c, int64_t h, int64_t w) {
    fvi_shape s = {4, {n, h, w, 3}}, out = {4, {n, h, w, c}};
    value v = {"channels last", n, c, h, w, c * h * w, 1, c, graph_new(&s)};
    node_new(v.g, FVI_MATMUL, (fvi_node_attr){.matmul = {0, 0, 1}}, out, (fvi_shape){2, {3, c}});
    return v;
}

/* [c][n][h][w]. */
static value samples_inside(int64_t n, int64_t c, int64_t h, int64_t w) {
    fvi_shape s = {4, {n, c, h, w}}, out = {4, {c, n, h, w}};
    value v = {"samples inside", n, c, h, w, h * w, n * h * w, 1, graph_new(&s)};
    node_new(v.g, FVI_TRANSPOSE, (fvi_node_attr){.transpose = {{1, 0, 2, 3}}}, out, none);
    return v;
}

/* [h][n][c]: a sequence first, as attention has it; positions on one axis. */
static value sequence_first(int64_t n, int64_t c, int64_t h) {
    fvi_shape s = {3, {n, h, 3}}, turned = {3, {h, n, 3}}, out = {3, {h, n, c}};
    value v = {"sequence first", n, c, h, 1, c, 1, n * c, graph_new(&s)};
    node_new(v.g, FVI_TRANSPOSE, (fvi_node_attr){.transpose = {{1, 0, 2}}}, turned, none);
    node_new(v.g, FVI_MATMUL, (fvi_node_attr){.matmul = {0, 0, 1}}, out, (fvi_shape){2, {3, c}});
    return v;
}

/* [n][c]. */
static value vectors(int64_t n, int64_t c) {
    fvi_shape s = {2, {n, 3}}, out = {2, {n, c}};
    value v = {"vectors", n, c, 1, 1, c, 1, 0, graph_new(&s)};
    node_new(v.g, FVI_MATMUL, (fvi_node_attr){.matmul = {0, 0, 1}}, out, (fvi_shape){2, {3, c}});
    return v;
}

static int64_t place(const value *v, int64_t n, int64_t c, int64_t p) {
    return n * v->by_n + c * v->by_c + p * v->by_p;
}

static int64_t total(const value *v) { return v->n * v->c * v->h * v->w; }

/* ---- references ----------------------------------------------------------------------------- */

typedef double (*reference)(const value *v, const fvi_term *t, const double *x,
                            const int64_t *sample, int count, int k);

static double at(const value *v, const double *x, int64_t n, int64_t c, int64_t p) {
    return x[place(v, n, c, p)];
}

static int64_t position_of(const value *v, const fvi_term *t) {
    if (t->n_position == FVI_CENTRE) return v->h / 2 * v->w + v->w / 2;
    return v->w > 1 || t->n_position > 1 ? t->position[0] * v->w + t->position[1] : t->position[0];
}

static double mean_of(const value *v, const double *x, int64_t n, int64_t c) {
    double sum = 0;
    for (int64_t p = 0; p < v->h * v->w; p++) sum += at(v, x, n, c, p);
    return sum / (double)(v->h * v->w);
}

static double ref_channel(const value *v, const fvi_term *t, const double *x, const int64_t *sample,
                          int count, int k) {
    (void)count;
    if (t->n_position) return at(v, x, sample[k], t->channel, position_of(v, t));
    return mean_of(v, x, sample[k], t->channel);
}

/* All elements of a channel, or of the layer; returns their number. */
static int64_t elements(const value *v, const fvi_term *t, const double *x, int64_t n,
                        double *out) {
    int64_t m = 0;
    for (int64_t c = 0; c < v->c; c++)
        for (int64_t p = 0; p < v->h * v->w && (t->channel < 0 || t->channel == c); p++)
            out[m++] = at(v, x, n, c, p);
    return m;
}

static double ref_squares(const value *v, const fvi_term *t, const double *x, const int64_t *sample,
                          int count, int k) {
    double e[512], sum = 0, mean = 0, var = 0;
    int64_t m = elements(v, t, x, sample[k], e);
    (void)count;
    for (int64_t i = 0; i < m; i++) mean += e[i] / (double)m;
    for (int64_t i = 0; i < m; i++) var += (e[i] - mean) * (e[i] - mean) / (double)m;
    double above = t->kind == &fvi_term_strong ? mean + t->argument[0] * sqrt(var) : -INFINITY;
    for (int64_t i = 0; i < m; i++) sum += e[i] > above ? e[i] * e[i] : 0;
    return t->kind == &fvi_term_layer    ? sum / (double)m
           : t->kind == &fvi_term_strong ? sum / 2
                                         : sum;
}

static double ref_probability(const value *v, const fvi_term *t, const double *x,
                              const int64_t *sample, int count, int k) {
    double mean = 0;
    (void)count;
    for (int64_t p = 0; p < v->h * v->w; p++) {
        double sum = 0;
        for (int64_t c = 0; c < v->c; c++) sum += exp(at(v, x, sample[k], c, p));
        mean += exp(at(v, x, sample[k], t->channel, p)) / sum / (double)(v->h * v->w);
    }
    return mean;
}

/* Lucid's _dot_cossim, line by line. */
static double dot_cossim(const value *v, const fvi_term *t, const double *x, int64_t n, int64_t p) {
    double dot = 0, xx = 0, yy = 0, eps = 1e-4;
    for (int64_t c = 0; c < v->c; c++) {
        double a = at(v, x, n, c, p), b = t->vector->data[c];
        dot += a * b;
        xx += a * a;
        yy += b * b;
    }
    if (t->argument[0] == 0) return dot;
    double cossim = dot / (eps + sqrt(xx)) / (eps + sqrt(yy));
    return dot * pow(fmax(0.1, cossim), t->argument[0]);
}

static double ref_direction(const value *v, const fvi_term *t, const double *x,
                            const int64_t *sample, int count, int k) {
    double sum = 0;
    (void)count;
    if (t->n_position) return dot_cossim(v, t, x, sample[k], position_of(v, t));
    for (int64_t p = 0; p < v->h * v->w; p++) sum += dot_cossim(v, t, x, sample[k], p);
    return sum / (double)(v->h * v->w);
}

static double gram_product(const value *v, const double *x, int64_t a, int64_t b) {
    double sum = 0;
    for (int64_t c = 0; c < v->c; c++)
        for (int64_t d = 0; d < v->c; d++) {
            double ga = 0, gb = 0;
            for (int64_t p = 0; p < v->h * v->w; p++) {
                ga += at(v, x, a, c, p) * at(v, x, a, d, p);
                gb += at(v, x, b, c, p) * at(v, x, b, d, p);
            }
            sum += ga * gb;
        }
    return sum;
}

static double ref_diversity(const value *v, const fvi_term *t, const double *x,
                            const int64_t *sample, int count, int k) {
    double sum = 0, own = sqrt(fmax(gram_product(v, x, sample[k], sample[k]), 1e-10));
    (void)t;
    if (count < 2) return 1;
    for (int j = 0; j < count; j++)
        if (j != k)
            sum += gram_product(v, x, sample[k], sample[j]) / own /
                   sqrt(fmax(gram_product(v, x, sample[j], sample[j]), 1e-10));
    return 1 - sum / (count - 1);
}

static double ref_alignment(const value *v, const fvi_term *t, const double *x,
                            const int64_t *sample, int count, int k) {
    double sum = 0;
    for (int j = 0; j < count; j++) {
        int d = abs(j - k);
        if (!d || d > 4) continue;
        for (int64_t c = 0; c < v->c; c++)
            for (int64_t p = 0; p < v->h * v->w; p++)
                sum -= pow(at(v, x, sample[k], c, p) - at(v, x, sample[j], c, p), 2) /
                       pow(t->argument[0], d) / (double)(v->c * v->h * v->w) / 2;
    }
    return sum;
}

static double ref_interpolate(const value *v, const fvi_term *t, const double *x,
                              const int64_t *sample, int count, int k) {
    double far = count > 1 ? k / (count - 1.0) : 0;
    return (1 - far) * mean_of(v, x, sample[k], t->channel) +
           far * mean_of(v, x, sample[k], t->channel2);
}

/* What the photo makes of the layer, laid out as the value. */
static double photo[4096];

/* -|a - b|^2 / |b|^2. */
static double ref_match(const value *v, const fvi_term *t, const double *x, const int64_t *sample,
                        int count, int k) {
    double a[512], b[512], apart = 0, square = 0;
    int64_t m = elements(v, t, x, sample[k], a);
    (void)count;
    elements(v, t, photo, sample[k], b);
    for (int64_t i = 0; i < m; i++) {
        apart += (a[i] - b[i]) * (a[i] - b[i]);
        square += b[i] * b[i];
    }
    return -apart / square;
}

/* <a, b> / |b|^2 max(0.1, cos)^k. */
static double ref_caricature(const value *v, const fvi_term *t, const double *x,
                             const int64_t *sample, int count, int k) {
    double a[512], b[512], ab = 0, aa = 0, bb = 0, eps = 1e-4;
    int64_t m = elements(v, t, x, sample[k], a);
    (void)count;
    elements(v, t, photo, sample[k], b);
    for (int64_t i = 0; i < m; i++) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    double cosine = ab / (eps + sqrt(aa)) / (eps + sqrt(bb));
    return ab / bb * pow(fmax(0.1, cosine), t->argument[0]);
}

/* ---- comparing ------------------------------------------------------------------------------ */

/* How far the photo is from what is compared with it, in deviations. */
static float like_photo = 1;

static double sum_of(reference f, const value *v, const fvi_objective *o, const double *x,
                     const int64_t *sample, int count, double *shares) {
    double sum = 0;
    for (int k = 0; k < count; k++) {
        double share = o->terms[0].weight * f(v, &o->terms[0], x, sample, count, k);
        if (shares) shares[k] = share;
        sum += share;
    }
    return sum;
}

static void assert_near(double is, double want, double scale, const char *what, const value *v) {
    if (!(fabs(is - want) <= 2e-5 * (scale + 1e-3)))
        fail_msg("%s, %s: %.9g, not %.9g", v->name, what, is, want);
}

/* The term over these samples: shares, and seeds against central differences of their sum; what
 * belongs to other samples stays as it was. */
static void compare(value v, fvi_term t, reference f, int joint, const int64_t *sample, int count) {
    fvi_objective o = {.n_values = 1, .values = {"layer"}, .layers = {"layer"}, .n_terms = 1};
    fvi_bound *b = NULL;
    fv_error err = {0};
    int64_t all = total(&v);
    float x[4096], y[4096], seed[4096];
    double d[4096], shares[8], values[8] = {0}, largest = 0, slope[4096];
    o.terms[0] = t;
    o.terms[0].weight = -1.5f;
    fvi_random r = fvi_random_stream(11, 3, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < all; i++) {
        d[i] = x[i] = fvi_random_normal(&r);
        seed[i] = UNTOUCHED;
    }
    if (fvi_objective_bind(&o, v.g, v.n, NULL, &b, &err)) fail_msg("%s: %s", v.name, err.text);
    const float *targets[1] = {x}, *photos[1] = {y};
    float *seeds[1] = {seed};
    for (int64_t i = 0; i < all; i++) photo[i] = y[i] = x[i] + like_photo * fvi_random_normal(&r);
    for (int k = 0; k < count; k++)
        assert_int_equal(fvi_bound_remember(b, sample[k], photos, NULL), FV_OK);
    for (int k = 0; k < count; k++) values[k] = fvi_bound_evaluate(b, sample[k], targets, seeds);
    const fvi_group_call call = {sample, count, targets, seeds, values};
    if (joint) assert_int_equal(fvi_bound_evaluate_joint(b, &call, NULL), FV_OK);
    sum_of(f, &v, &o, d, sample, count, shares);
    for (int k = 0; k < count; k++) assert_near(values[k], shares[k], fabs(shares[k]), "value", &v);
    for (int64_t i = 0; i < all; i++) {
        double keep = d[i], e = 1e-5;
        d[i] = keep + e;
        slope[i] = sum_of(f, &v, &o, d, sample, count, NULL);
        d[i] = keep - e;
        slope[i] = (slope[i] - sum_of(f, &v, &o, d, sample, count, NULL)) / (2 * e);
        d[i] = keep;
        largest = fmax(largest, fabs(slope[i]));
    }
    assert_true(largest > 1e-6);
    for (int64_t n = 0; n < v.n; n++) {
        int mine = 0;
        for (int k = 0; k < count; k++) mine |= sample[k] == n;
        for (int64_t c = 0; c < v.c; c++)
            for (int64_t p = 0; p < v.h * v.w; p++) {
                int64_t i = place(&v, n, c, p);
                if (mine)
                    assert_near(seed[i], slope[i], largest, "gradient", &v);
                else
                    assert_true(seed[i] == UNTOUCHED);
            }
    }
    fvi_bound_free(b);
    fvi_graph_free(v.g);
}

/* One term over every layout. */
static void compare_all(fvi_term t, reference f, int joint) {
    static const int64_t one[] = {1}, three[] = {2, 0, 1};
    const int64_t *sample = joint ? three : one;
    int count = joint ? 3 : 1;
    compare(channels_first(4, 3, 4, 5), t, f, joint, sample, count);
    compare(channels_first(3, 6, 1, 2), t, f, joint, sample, count);
    compare(channels_last(3, 5, 2, 3), t, f, joint, sample, count);
    compare(samples_inside(4, 3, 2, 3), t, f, joint, sample, count);
    if (t.n_position <= 0) compare(sequence_first(4, 3, 6), t, f, joint, sample, count);
    if (t.n_position <= 0) compare(vectors(3, 5), t, f, joint, sample, count);
}

#define TERM(KIND, CHANNEL, ...) \
    (fvi_term) { .kind = &fvi_term_##KIND, .channel = CHANNEL, __VA_ARGS__ }

static void channels_and_neurons(void **state) {
    (void)state;
    compare_all(TERM(channel, 2), ref_channel, 0);
    compare_all(TERM(channel, 1, .n_position = FVI_CENTRE), ref_channel, 0);
    compare_all(TERM(channel, 0, .n_position = 2, .position = {0, 1}), ref_channel, 0);
    compare(sequence_first(4, 3, 6), TERM(channel, 1, .n_position = 1, .position = {4}),
            ref_channel, 0, (int64_t[]){3}, 1);
}

static void sums_of_squares(void **state) {
    (void)state;
    for (int64_t c = -1; c < 3; c += 2) {
        compare_all(TERM(layer, c), ref_squares, 0);
        compare_all(TERM(energy, c), ref_squares, 0);
        compare(channels_first(3, 4, 5, 5), TERM(strong, c, .argument = {1}), ref_squares, 0,
                (int64_t[]){1}, 1);
        compare(channels_last(3, 4, 5, 5), TERM(strong, c, .argument = {-0.5f}), ref_squares, 0,
                (int64_t[]){2}, 1);
    }
}

static void probabilities(void **state) {
    (void)state;
    compare_all(TERM(probability, 2), ref_probability, 0);
}

/* Numbers a plain softmax would overflow on. */
static void probabilities_of_large_logits(void **state) {
    (void)state;
    value v = vectors(1, 3);
    fvi_objective o = {.n_values = 1, .values = {"layer"}, .layers = {"layer"}, .n_terms = 1};
    o.terms[0] = TERM(probability, 1, .weight = 1);
    float x[3] = {1000, 1000, -1000}, seed[3];
    fvi_bound *b = NULL;
    assert_int_equal(fvi_objective_bind(&o, v.g, 1, NULL, &b, NULL), FV_OK);
    assert_true(fvi_bound_evaluate(b, 0, (const float *[]){x}, (float *[]){seed}) == 0.5);
    assert_true(seed[0] == -0.25f && seed[1] == 0.25f && seed[2] == 0);
    fvi_bound_free(b);
    fvi_graph_free(v.g);
}

static void directions(void **state) {
    (void)state;
    float d[6] = {0.5f, -1, 0.25f, 2, -0.75f, 0.1f};
    for (int64_t c = 3; c <= 6; c++) {
        fv_tensor vector = {1, {c}, d};
        for (int power = 0; power <= 4; power += 2)
            for (int n_position = FVI_CENTRE; n_position <= 0; n_position++) {
                fvi_term t = TERM(direction, -1, .vector = &vector, .n_position = n_position,
                                  .argument = {(float)power});
                static const int64_t one[] = {1};
                compare(channels_first(2, c, 3, 4), t, ref_direction, 0, one, 1);
                compare(channels_last(2, c, 3, 4), t, ref_direction, 0, one, 1);
                compare(samples_inside(2, c, 2, 2), t, ref_direction, 0, one, 1);
                compare(sequence_first(3, c, 4), t, ref_direction, 0, one, 1);
            }
    }
}

/* Of whole layers and of one channel; near the photo, so that cosines are above the floor, and far
 * from it, where some are below. */
static void photos_are_compared_with(void **state) {
    (void)state;
    for (int far = 0; far < 2; far++) {
        like_photo = far ? 4 : 0.5f;
        for (int64_t c = -1; c < 3; c += 2) {
            compare_all(TERM(match, c), ref_match, 0);
            for (int power = 0; power <= 4; power += 2)
                compare_all(TERM(caricature, c, .argument = {(float)power}), ref_caricature, 0);
        }
    }
    like_photo = 1;
}

/* A photo that excites nothing, and a picture that is the photo. */
static void photos_at_their_limits(void **state) {
    (void)state;
    value v = vectors(2, 3);
    float x[6] = {9, 9, 9, 1, 2, 3}, zero[6] = {0}, seed[6];
    const float *targets[1] = {x}, *zeros[1] = {zero};
    float *seeds[1] = {seed};
    fvi_objective o = {.n_values = 1, .values = {"layer"}, .layers = {"layer"}, .n_terms = 2};
    o.terms[0] = TERM(match, -1, .weight = 1);
    o.terms[1] = TERM(caricature, -1, .weight = 1, .argument = {1});
    fvi_bound *b = NULL;
    assert_int_equal(fvi_objective_bind(&o, v.g, 2, NULL, &b, NULL), FV_OK);
    assert_int_equal(fvi_bound_remember(b, 1, targets, NULL), FV_OK);
    assert_float_equal(fvi_bound_evaluate(b, 1, targets, seeds), 1, 1e-3);
    for (int i = 3; i < 6; i++) assert_float_equal(seed[i], x[i] / 14, 1e-3);
    assert_int_equal(fvi_bound_remember(b, 1, zeros, NULL), FV_OK);
    assert_true(fvi_bound_evaluate(b, 1, targets, seeds) == -14);
    for (int i = 3; i < 6; i++) assert_true(seed[i] == -2 * x[i]);
    fvi_bound_free(b);
    fvi_graph_free(v.g);
}

static void a_direction_of_no_activation_is_finite(void **state) {
    (void)state;
    value v = vectors(1, 3);
    float x[3] = {0}, d[3] = {1, 2, 3}, seed[3];
    fv_tensor vector = {1, {3}, d};
    fvi_objective o = {.n_values = 1, .values = {"layer"}, .layers = {"layer"}, .n_terms = 1};
    o.terms[0] = TERM(direction, -1, .vector = &vector, .weight = 1, .argument = {2});
    fvi_bound *b = NULL;
    assert_int_equal(fvi_objective_bind(&o, v.g, 1, NULL, &b, NULL), FV_OK);
    assert_true(fvi_bound_evaluate(b, 0, (const float *[]){x}, (float *[]){seed}) == 0);
    for (int i = 0; i < 3; i++) assert_float_equal(seed[i], 0.01f * d[i], 1e-7);
    fvi_bound_free(b);
    fvi_graph_free(v.g);
}

static void terms_of_several_pictures(void **state) {
    (void)state;
    static const int64_t six[] = {5, 0, 3, 1, 2, 4};
    compare_all(TERM(diversity, -1), ref_diversity, 1);
    compare_all(TERM(alignment, -1, .argument = {2}), ref_alignment, 1);
    compare(channels_first(7, 2, 2, 2), TERM(alignment, -1, .argument = {3}), ref_alignment, 1, six,
            6);
    compare(channels_last(7, 2, 2, 2), TERM(diversity, -1), ref_diversity, 1, six, 6);
    compare_all(TERM(interpolate, 1, .channel2 = 2), ref_interpolate, 1);
    compare(vectors(3, 4), TERM(interpolate, 1, .channel2 = 2), ref_interpolate, 1, (int64_t[]){2},
            1);
}

/* alignment(input): the same formula over pictures. */
static void pictures_are_aligned(void **state) {
    (void)state;
    enum { COUNT = 3, SIZE = 2 * 3 * 4 };
    value v = channels_first(COUNT, 2, 3, 4);
    float p[COUNT * SIZE], dp[COUNT * SIZE];
    double d[COUNT * SIZE], values[COUNT] = {0};
    fvi_random r = fvi_random_stream(5, 3, 0, FVI_DRAW_START);
    for (int i = 0; i < COUNT * SIZE; i++) {
        d[i] = p[i] = fvi_random_normal(&r);
        dp[i] = 1;
    }
    fvi_objective o = {.n_terms = 2};
    o.terms[0] = TERM(alignment, -1, .value = -1, .argument = {2}, .weight = 3);
    o.terms[1] = TERM(channel, 0, .weight = 1); /* not of the picture */
    const float *pictures[COUNT] = {p, p + SIZE, p + 2 * SIZE};
    float *gradients[COUNT] = {dp, dp + SIZE, dp + 2 * SIZE};
    fvi_objective_pictures(&o, pictures, COUNT, SIZE, gradients, values);
    static const int64_t sample[] = {0, 1, 2};
    for (int k = 0; k < COUNT; k++)
        assert_float_equal(values[k], 3 * ref_alignment(&v, &o.terms[0], d, sample, COUNT, k),
                           1e-5);
    for (int i = 0; i < COUNT * SIZE; i++) {
        double keep = d[i], e = 1e-5, up;
        d[i] = keep + e;
        up = sum_of(ref_alignment, &v, &o, d, sample, COUNT, NULL);
        d[i] = keep - e;
        double slope = (up - sum_of(ref_alignment, &v, &o, d, sample, COUNT, NULL)) / (2 * e);
        d[i] = keep;
        assert_float_equal(dp[i] - 1, slope, 1e-5);
    }
    fvi_graph_free(v.g);
}

/* Terms add up; a bare energy of one number is that number. */
static void terms_add_up(void **state) {
    (void)state;
    value v = vectors(2, 3);
    float x[6] = {9, 9, 9, 1, 2, 3}, seed[6];
    fvi_objective o = {.n_values = 1, .values = {"layer"}, .layers = {"layer"}, .n_terms = 3};
    o.terms[0] = TERM(channel, 1, .weight = 2);
    o.terms[1] = TERM(energy, 2, .weight = -1, .bare = 1);
    o.terms[2] = TERM(energy, 2, .weight = 1);
    fvi_bound *b = NULL;
    assert_int_equal(fvi_objective_bind(&o, v.g, 2, NULL, &b, NULL), FV_OK);
    assert_true(fvi_bound_evaluate(b, 1, (const float *[]){x}, (float *[]){seed}) == 4 - 3 + 9);
    assert_true(seed[3] == 0 && seed[4] == 2 && seed[5] == 5);
    fvi_bound_free(b);
    fvi_graph_free(v.g);
}

static void assert_refused(value v, fvi_term t, fv_status status, const char *expected) {
    fvi_objective o = {.n_values = 1, .values = {"layer"}, .layers = {"layer"}, .n_terms = 1};
    fvi_bound *b = NULL;
    fv_error err = {0};
    t.bare = 1;
    o.terms[0] = t;
    assert_int_equal(fvi_objective_bind(&o, v.g, v.n, NULL, &b, &err), status);
    assert_string_equal(err.text, expected);
    assert_null(b);
    fvi_graph_free(v.g);
}

static void units_that_are_not_there_are_refused(void **state) {
    (void)state;
    float d[2] = {1, 2};
    fv_tensor vector = {1, {2}, d};
    assert_refused(channels_first(2, 3, 4, 5), TERM(channel, 3), FV_NOTFOUND,
                   "layer \"layer\" has 3 channels; 3 does not exist (0..2)");
    assert_refused(channels_first(2, 3, 4, 5), TERM(interpolate, 2, .channel2 = 9), FV_NOTFOUND,
                   "layer \"layer\" has 3 channels; 9 does not exist (0..2)");
    assert_refused(channels_first(2, 3, 4, 5), TERM(channel, 2, .n_position = 1), FV_ARG,
                   "\"layer\" has 2 coordinates a position; 1 were given");
    assert_refused(channels_first(2, 3, 4, 5),
                   TERM(channel, 2, .n_position = 2, .position = {3, 5}), FV_NOTFOUND,
                   "\"layer:2@3,5\" does not exist; positions are 0..3, 0..4");
    assert_refused(channels_first(2, 3, 4, 5),
                   TERM(direction, -1, .vector = &vector, .file = (char[]){"v.npy"}), FV_SHAPE,
                   "v.npy: 2 numbers; a direction in \"layer\" has 3, one for each channel");
    assert_refused(
        channels_first(2, 40000, 201, 200), TERM(diversity, -1), FV_NOMEM,
        "diversity of \"layer\", 40000 channels, takes more than 2 GiB for 2 pictures; a "
        "layer with fewer channels or positions is needed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_and_neurons),
        cmocka_unit_test(sums_of_squares),
        cmocka_unit_test(probabilities),
        cmocka_unit_test(probabilities_of_large_logits),
        cmocka_unit_test(directions),
        cmocka_unit_test(photos_are_compared_with),
        cmocka_unit_test(photos_at_their_limits),
        cmocka_unit_test(a_direction_of_no_activation_is_finite),
        cmocka_unit_test(terms_of_several_pictures),
        cmocka_unit_test(pictures_are_aligned),
        cmocka_unit_test(terms_add_up),
        cmocka_unit_test(units_that_are_not_there_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
