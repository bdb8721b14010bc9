/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of term as nodes of a graph, run by the processor's backend, against what the same
 * kind computes in C: values, and gradients at the network's input (or at the picture). Pictures of
 * one graph differ in all that alike terms may differ in, in every layout a value can have.
 *
 * Usage: test_objective_graph [PLUGIN.so EVERY]: the nodes on a plug-in, each EVERY-th comparison;
 * PLUGIN.so '': that of $FOVEA_TEST_PLUGIN, without which it is skipped.
 *
 * Errors are relative to the largest magnitude: 1e-5.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/backends.h"
#include "backend/executable.h"
#include "backend/stablehlo/programs.h"
#include "base/random.h"
#include "graph/build/emit.h"
#include "graph/build/pack.h"
#include "vis/objective/objective_graph.h"
#include "vis/objective/terms.h"

enum { PICTURES = 4, COPIES = 2, SAMPLES = PICTURES * COPIES, TERMS = 2 };
#define TOLERANCE 1e-5

static int group = 2; /* pictures that are made together */
static const char *plugin;
static int every = 1; /* which comparisons */

/* Whether the next comparison is one of them. */
static int is_next(void) {
    static int count;
    return count++ % every == 0;
}

static void must(fv_status st, const fv_error *err, const char *what) {
    if (st) fail_msg("%s: %s", what, err->text);
}

/* ---- small networks, one a layout ----------------------------------------------------------- */

typedef struct layout {
    const char *name;
    fvi_shape input;
    int64_t channels, h, w; /* of the value; a sequence has h positions on one axis */
    int (*value)(fvi_builder *b, int x, const struct layout *l);
} layout;

/* Numbers of [-1, 1) that are the same in every graph. */
static int weights(fvi_builder *b, const fvi_shape *s) {
    float *data;
    const int v = fvi_emit_constant(b, FVI_F32, s, &data);
    fvi_random r = fvi_random_stream(5, 7, 0, FVI_DRAW_START);
    for (int64_t i = 0; v >= 0 && i < fvi_shape_count(s); i++)
        data[i] = 2 * fvi_random_uniform(&r) - 1;
    return v;
}

static int product(fvi_builder *b, int x, int64_t channels) {
    const fvi_shape s = fvi_build_shape(b, x);
    const fvi_node_attr a = {.matmul = {0, 0, 1}};
    return fvi_emit_matmul(b, x, weights(b, &(fvi_shape){2, {s.dim[s.ndim - 1], channels}}), -1,
                           &a);
}

/* [n][c][h][w], as convolutions make it. */
static int channels_first(fvi_builder *b, int x, const layout *l) {
    const fvi_node_attr a = {
        .window = {.n = 2, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1}};
    const int w = weights(b, &(fvi_shape){4, {l->channels, l->input.dim[1], 1, 1}});
    const fvi_shape s = {4, {SAMPLES, l->channels, l->h, l->w}};
    return fvi_emit_unary(b, FVI_TANH, 0, 0, fvi_emit(b, FVI_CONV, &a, &s, 2, (int[]){x, w}));
}

/* [n][h][w][c], [n][c]. */
static int channels_last(fvi_builder *b, int x, const layout *l) {
    return product(b, x, l->channels);
}

/* [c][n][h][w]. */
static int samples_inside(fvi_builder *b, int x, const layout *l) {
    return fvi_emit_transpose(b, channels_first(b, x, l), (int[]){1, 0, 2, 3});
}

/* [h][n][c]. */
static int sequence_first(fvi_builder *b, int x, const layout *l) {
    return product(b, fvi_emit_transpose(b, x, (int[]){1, 0, 2}), l->channels);
}

/* [c][n][h][w] of the input's own numbers. */
static int moved(fvi_builder *b, int x, const layout *l) {
    (void)l;
    return fvi_emit_transpose(b, x, (int[]){1, 0, 2, 3});
}

/* [n][c]: a distribution in every other sample. */
static int some_distributions(fvi_builder *b, int x, const layout *l) {
    const fvi_node_attr a = {.softmax = {.axis = 1}};
    const fvi_shape s = {2, {SAMPLES, l->channels}};
    const int v = product(b, x, l->channels);
    float *data;
    const int by = fvi_emit_constant(b, FVI_F32, &(fvi_shape){2, {SAMPLES, 1}}, &data);
    for (int i = 0; by >= 0 && i < SAMPLES; i++) data[i] = i % 2 ? 1 : 1.5f;
    return fvi_emit_binary(b, FVI_MUL, fvi_emit(b, FVI_SOFTMAX, &a, &s, 1, &v), by);
}

static const layout layouts[] = {
    {"channels first", {4, {SAMPLES, 3, 4, 5}}, 6, 4, 5, channels_first},
    {"few positions", {4, {SAMPLES, 3, 1, 2}}, 6, 1, 2, channels_first},
    {"channels last", {4, {SAMPLES, 4, 5, 3}}, 6, 4, 5, channels_last},
    {"samples inside", {4, {SAMPLES, 3, 2, 3}}, 5, 2, 3, samples_inside},
    {"sequence first", {3, {SAMPLES, 6, 3}}, 5, 6, 1, sequence_first},
    {"vectors", {2, {SAMPLES, 3}}, 5, 1, 1, channels_last},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

/* ---- terms ---------------------------------------------------------------------------------- */

#define TERM(KIND, ...) \
    { .kind = &fvi_term_##KIND, __VA_ARGS__ }
#define ALL    .channel = -1
#define CENTRE .n_position = FVI_CENTRE

static const fvi_term cases[] = {
    TERM(channel, .channel = 1),
    TERM(channel, .channel = 2, CENTRE),
    TERM(layer, ALL),
    TERM(layer, .channel = 2),
    TERM(energy, ALL),
    TERM(energy, .channel = 1),
    TERM(energy, .channel = 1, .bare = 1),
    TERM(strong, ALL, .argument = {0.5f}),
    TERM(strong, .channel = 3, .argument = {-0.25f}),
    TERM(direction, ALL),
    TERM(direction, ALL, .argument = {2}),
    TERM(direction, ALL, .argument = {1}, CENTRE),
    TERM(probability, .channel = 1, .argument = {FVI_PROBABILITY_OF_LOGITS}),
    TERM(probability, .channel = 1, .argument = {FVI_PROBABILITY_OF_LOGIT}),
    TERM(probability, .channel = 1, .argument = {FVI_PROBABILITY_OF_SCORES}),
    TERM(probability, .channel = 1, .argument = {FVI_PROBABILITY_ITSELF}),
    TERM(match, ALL),
    TERM(match, .channel = 1),
    TERM(caricature, ALL, .argument = {0}),
    TERM(caricature, ALL, .argument = {1}),
    TERM(caricature, .channel = 2, .argument = {2}),
    TERM(interpolate, .channel = 1, .channel2 = 3),
    TERM(diversity, ALL),
    TERM(alignment, ALL, .argument = {2}),
};
enum { CASES = sizeof cases / sizeof *cases };

#define CHANNELS_MAX 8

/* Objectives of one term each and of what pictures may differ in; `objectives` ends the list. */
typedef struct batch {
    fvi_objective o[PICTURES];
    const fvi_objective *list[PICTURES];
    float vector[PICTURES][CHANNELS_MAX];
    fv_tensor tensor[PICTURES];
} batch;

/* Picture i's term is that of the group's first picture where pictures are made together. */
static fvi_term vary(batch *b, const fvi_term *from, int i, int64_t channels) {
    fvi_term t = *from;
    const int k = from->kind->scope == FVI_SCOPE_GROUP ? i / group : i;
    t.weight = 1.25f - 0.75f * (float)k;
    if (t.channel >= 0) t.channel = (t.channel + k) % channels;
    t.channel2 = (t.channel2 + 2 * k) % channels;
    if (t.argument[0] != 0 && t.kind != &fvi_term_probability) t.argument[0] += 0.25f * (float)k;
    fvi_random r = fvi_random_stream(17, (uint64_t)i, 0, FVI_DRAW_START);
    for (int64_t c = 0; c < channels; c++) b->vector[i][c] = fvi_random_normal(&r);
    b->tensor[i] = (fv_tensor){1, {channels}, b->vector[i]};
    if (t.kind == &fvi_term_direction) t.vector = &b->tensor[i];
    return t;
}

static void fill(batch *b, const fvi_term *const *terms, int n, int64_t channels) {
    for (int i = 0; i < PICTURES; i++) {
        b->o[i] =
            (fvi_objective){.n_values = 1, .values = {"layer"}, .layers = {"layer"}, .n_terms = n};
        for (int k = 0; k < n; k++) b->o[i].terms[k] = vary(b, terms[k], i, channels);
        b->list[i] = &b->o[i];
    }
}

/* ---- graphs --------------------------------------------------------------------------------- */

typedef struct made {
    fvi_builder *b;
    fvi_given_list given; /* the first is the input, whose numbers are x */
    fvi_operation op;
    int input;
    float *x;
    fv_error err;
} made;

/* An element of each sample that is not a number; -1: none. */
static int broken_element = -1;

static void begin(made *m, const fvi_shape *input) {
    static const fvi_build_limits limits = {(size_t)1 << 30, (int64_t)1 << 30, (int64_t)1 << 30,
                                            1 << 20};
    *m = (made){.op = {.source_op = "test", .label = "test", .is_own = 1}};
    must(fvi_build_new(&limits, NULL, &m->b, &m->err), &m->err, "builder");
    fvi_given_begin(&m->given);
    fvi_build_begin(m->b, &m->op);
    m->input = fvi_given_input(&m->given, m->b, input, FVI_GIVEN_EACH_UPDATE, &m->x);
    assert_int_equal(m->input, 0);
    fvi_random r = fvi_random_stream(11, 3, 0, FVI_DRAW_START);
    const int64_t count = fvi_shape_count(input), each = count / input->dim[0];
    for (int64_t i = 0; i < count; i++)
        m->x[i] = i % each == broken_element ? NAN : fvi_random_normal(&r);
}

typedef struct running {
    fvi_device *device;
    fvi_executable *e;
    float *out; /* [outputs] */
    int64_t n_out, n_in;
} running;

static const fvi_graph *graph_of(const running *r) { return fvi_executable_graph(r->e); }

/* The graph of `v`, compiled and run forward; `on` a plug-in, or NULL. */
static running run(made *m, int v, const char *on) {
    const fvi_device_desc desc = {.precision = FV_PRECISION_F32, .plugin = on};
    running r = {0};
    fvi_graph *g = NULL;
    if (m->b->status) fail_msg("%s", m->b->err->text);
    fvi_build_output(m->b, v);
    fvi_build_end(m->b);
    must(fvi_build_finish(m->b, &g), m->b->err, "graph");
    must(fvi_device_new(on ? fvi_backend_accelerator : fvi_backend_processor, &desc, &r.device,
                        &m->err),
         &m->err, "device");
    must(fvi_executable_new(r.device, g, FVI_EXEC_BACKWARD, &r.e, &m->err), &m->err, "plan");
    g = NULL;
    for (int i = 0; i < graph_of(&r)->n_inputs; i++) {
        const fvi_given *in = &g_array_index(m->given.list, fvi_given, i);
        must(fvi_executable_set_input(r.e, i, in->data, &m->err), &m->err, "input");
    }
    r.n_in = fvi_shape_count(&graph_of(&r)->values[graph_of(&r)->inputs[0]].shape);
    r.n_out = fvi_shape_count(&graph_of(&r)->values[graph_of(&r)->outputs[0]].shape);
    r.out = g_new(float, r.n_out);
    must(fvi_executable_forward(r.e, &m->err), &m->err, "forward");
    must(fvi_executable_read_target(r.e, 0, r.out, &m->err), &m->err, "target");
    return r;
}

static float *gradient(made *m, running *r, const float *seed) {
    float *dx = g_new(float, r->n_in);
    must(fvi_executable_write_seed(r->e, 0, seed, &m->err), &m->err, "seed");
    must(fvi_executable_backward(r->e, &m->err), &m->err, "backward");
    must(fvi_executable_read_gradient(r->e, 0, dx, &m->err), &m->err, "gradient");
    return dx;
}

static void end(made *m, running *r) {
    fvi_executable_free(r->e);
    fvi_device_free(r->device);
    g_free(r->out);
    fvi_given_end(&m->given);
    fvi_build_free(m->b);
}

/* ---- comparing ------------------------------------------------------------------------------ */

static void assert_close(const float *is, const double *want, int64_t n, const char *where,
                         const char *what) {
    double largest = 0;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(want[i]));
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(is[i] - want[i]) <= TOLERANCE * largest))
            fail_msg("%s, %s %" PRId64 ": %.9g, not %.9g", where, what, i, (double)is[i], want[i]);
}

/* The photos' numbers, of the pictures'; those of sample 1 are such that units see nothing. */
static void photos_of(const made *m, int64_t count, float *to) {
    const int64_t each = count / SAMPLES;
    for (int64_t i = 0; i < count; i++)
        to[i] = i / each == 1 ? 0 : m->x[(i * 7 + 3) % count] + 0.25f * m->x[i];
}

/* The network on the photos, for the terms that compare with them. */
static void remember(const layout *l, fvi_bound *const *bound) {
    made m;
    begin(&m, &l->input);
    const int64_t count = fvi_shape_count(&l->input);
    float *photos = g_new(float, count);
    photos_of(&m, count, photos);
    memcpy(m.x, photos, (size_t)count * sizeof *photos);
    running r = run(&m, l->value(m.b, m.input, l), NULL);
    const float *targets[] = {r.out};
    for (int i = 0; i < SAMPLES; i++)
        must(fvi_bound_remember(bound[i % PICTURES], i, targets, &m.err), &m.err, l->name);
    g_free(photos);
    end(&m, &r);
}

/* What the terms' own C makes of the value: values [SAMPLES], and the gradient at the input. */
static float *reference(const layout *l, const batch *of, double *values, made *m, running *r) {
    fvi_bound *bound[PICTURES];
    begin(m, &l->input);
    *r = run(m, l->value(m->b, m->input, l), NULL);
    float *seed = g_new0(float, r->n_out);
    const float *targets[] = {r->out};
    float *seeds[] = {seed};
    for (int i = 0; i < PICTURES; i++)
        must(fvi_objective_bind(of->list[i], graph_of(r), SAMPLES, NULL, &bound[i], &m->err),
             &m->err, l->name);
    remember(l, bound);
    for (int i = 0; i < SAMPLES; i++)
        values[i] = fvi_bound_evaluate(bound[i % PICTURES], i, targets, seeds);
    for (int i = 0; i < SAMPLES; i += group) {
        const int64_t sample[PICTURES] = {i, i + 1, i + 2, i + 3};
        const fvi_group_call call = {sample, group, targets, seeds, values + i};
        must(fvi_bound_evaluate_joint(bound[i % PICTURES], &call, &m->err), &m->err, l->name);
    }
    for (int i = 0; i < PICTURES; i++) fvi_bound_free(bound[i]);
    float *dx = gradient(m, r, seed);
    g_free(seed);
    return dx;
}

static int emit(made *m, const layout *l, const batch *of, const fvi_graph *network) {
    begin(m, &l->input);
    float *photos;
    const int photo = fvi_given_input(&m->given, m->b, &l->input, FVI_GIVEN_ONCE, &photos);
    photos_of(m, fvi_shape_count(&l->input), photos);
    const int v = l->value(m->b, m->input, l), of_photos = l->value(m->b, photo, l);
    const fvi_objective_site site = {m->b, &m->given, {of->list, PICTURES}, group, &of_photos};
    return fvi_objectives_emit(&site, network, SAMPLES, NULL, &v);
}

static void ones(float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) x[i] = 1;
}

/* The batch's objectives on a layout: both forms. */
static void compare(const layout *l, const batch *of) {
    if (!is_next()) return;
    double values[SAMPLES] = {0};
    made c, g;
    running rc, rg;
    float seed[SAMPLES];
    char where[200];
    snprintf(where, sizeof where, "%s of %s",
             of->o[0].terms[0].kind->usage ? of->o[0].terms[0].kind->usage : "prob", l->name);
    float *want = reference(l, of, values, &c, &rc);
    double *wide = g_new(double, rc.n_in);
    for (int64_t i = 0; i < rc.n_in; i++) wide[i] = want[i];
    rg = run(&g, emit(&g, l, of, graph_of(&rc)), plugin);
    assert_int_equal(rg.n_out, SAMPLES);
    ones(seed, SAMPLES);
    float *dx = gradient(&g, &rg, seed);
    assert_close(rg.out, values, SAMPLES, where, "value");
    assert_close(dx, wide, rc.n_in, where, "gradient");
    g_free(dx);
    g_free(wide);
    g_free(want);
    end(&c, &rc);
    end(&g, &rg);
}

static void both_forms_of_a_term_agree(void **state) {
    (void)state;
    for (int k = 0; k < CASES; k++)
        for (int i = 0; i < LAYOUTS; i++) {
            const fvi_term *term = &cases[k];
            batch b;
            fill(&b, &term, 1, layouts[i].channels);
            compare(&layouts[i], &b);
        }
}

/* A position that each picture has its own of. */
static void neurons_at_positions_agree(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        const fvi_term neuron = TERM(channel, .channel = 1, .n_position = 2);
        const fvi_term *term = &neuron;
        batch b;
        fill(&b, &term, 1, layouts[i].channels);
        for (int p = 0; p < PICTURES; p++) {
            b.o[p].terms[0].position[0] = p % layouts[i].h;
            b.o[p].terms[0].position[1] = (3 - p) % layouts[i].w;
        }
        compare(&layouts[i], &b);
    }
}

/* The channel, or the position, next to the chosen one is not finite. */
static void elements_that_are_not_chosen_have_no_influence(void **state) {
    (void)state;
    static const layout l = {"moved", {4, {SAMPLES, 3, 2, 2}}, 3, 2, 2, moved};
    static const fvi_term chosen[] = {
        TERM(channel, .channel = 1), TERM(strong, .channel = 1, .argument = {0.5f}),
        TERM(channel, .channel = 1, CENTRE), TERM(direction, ALL, .argument = {1}, CENTRE)};
    for (int k = 0; k < (int)(sizeof chosen / sizeof *chosen); k++) {
        const fvi_term *term = &chosen[k];
        const int position = term->n_position != 0;
        batch b;
        fill(&b, &term, 1, l.channels);
        broken_element = position ? 0 : 4;
        for (int i = 0; i < PICTURES; i++) {
            if (!position) b.o[i].terms[0].channel = i % 2 ? 2 : 0;
        }
        compare(&l, &b);
    }
    broken_element = -1;
}

/* Scores that are a distribution already, and some that are not. */
static void probabilities_of_a_distribution_agree(void **state) {
    (void)state;
    const layout l = {"softmax", {2, {SAMPLES, 3}}, 5, 1, 1, some_distributions};
    const fvi_term scores =
        TERM(probability, .channel = 1, .argument = {FVI_PROBABILITY_OF_SCORES});
    const fvi_term *term = &scores;
    batch b;
    fill(&b, &term, 1, l.channels);
    compare(&l, &b);
}

/* Each picture of a group is like itself alone: four of one group. */
static void terms_of_a_larger_group_agree(void **state) {
    (void)state;
    group = 4;
    for (int k = CASES - 3; k < CASES; k++)
        for (int i = 0; i < LAYOUTS; i++) {
            const fvi_term *term = &cases[k];
            batch b;
            fill(&b, &term, 1, layouts[i].channels);
            compare(&layouts[i], &b);
        }
    group = 1;
    for (int k = CASES - 3; k < CASES; k++) {
        const fvi_term *term = &cases[k];
        batch b;
        fill(&b, &term, 1, layouts[0].channels);
        compare(&layouts[0], &b);
    }
    group = 2;
}

static void terms_add_up(void **state) {
    (void)state;
    const fvi_term *terms[TERMS] = {&cases[0], &cases[2]};
    batch b;
    fill(&b, terms, TERMS, layouts[0].channels);
    compare(&layouts[0], &b);
}

/* ---- of the picture ------------------------------------------------------------------------- */

static const fvi_term picture_cases[] = {
    TERM(tv, ALL),
    TERM(tv_power, .argument = {2}),
    TERM(tv_power, .argument = {1.5f}),
    TERM(mean_tv, ALL),
    TERM(l1, .argument = {0.25f}),
    TERM(l2, .argument = {0.25f}),
    TERM(picture_squares, .argument = {0.5f}),
    TERM(distance, ALL),
    TERM(difference, ALL),
    TERM(lp, .argument = {6}),
    TERM(lp, .argument = {1}),
    TERM(lp, .argument = {INFINITY}),
    TERM(mean_norm, .argument = {1}),
    TERM(mean_norm, .argument = {2}),
    TERM(boundary, .argument = {1, 0.5f}),
    TERM(blur, ALL),
    TERM(alignment, ALL, .argument = {2}, .value = -1),
};
enum { PICTURE_CASES = sizeof picture_cases / sizeof *picture_cases };

/* Of pictures that differ, or are all of one number, which is where formulas have kinks. */
static void compare_pictures(const fvi_term *term, int vary_arguments, int h, int w, int flat) {
    if (!is_next()) return;
    const fvi_shape shape = {4, {PICTURES, 3, h, w}};
    const int64_t each = shape.dim[1] * h * w;
    batch b;
    made m;
    float *x, *start, seed[PICTURES];
    double values[PICTURES], together[PICTURES] = {0};
    fill(&b, &term, 1, 1);
    for (int i = 0; i < PICTURES; i++) {
        fvi_term *t = &b.o[i].terms[0];
        t->value = -1;
        if (!vary_arguments) t->argument[0] = term->argument[0];
        if (t->kind == &fvi_term_boundary) t->argument[0] = (float)(1 + i);
    }
    begin(&m, &shape);
    const int begun = fvi_given_input(&m.given, m.b, &shape, FVI_GIVEN_ONCE, &start);
    x = m.x;
    for (int64_t i = 0; i < PICTURES * each; i++) {
        start[i] = flat ? 0 : 0.9f * x[i] + 0.1f * x[i * 7 % (PICTURES * each)];
        if (flat) x[i] = 0;
    }
    const fvi_objective_site site = {m.b, &m.given, {b.list, PICTURES}, group, NULL};
    running r = run(&m, fvi_objectives_emit_pictures(&site, m.input, begun), plugin);
    ones(seed, PICTURES);
    float *dx = gradient(&m, &r, seed), *want = g_new0(float, PICTURES *each);
    double *wide = g_new(double, PICTURES *each);
    for (int i = 0; i < PICTURES; i++)
        values[i] = fvi_objective_picture(&b.o[i], x + i * each, start + i * each, 3, h, w,
                                          want + i * each);
    for (int i = 0; i < PICTURES; i += group) {
        const float *p[PICTURES];
        float *dp[PICTURES];
        for (int k = 0; k < group; k++) p[k] = x + (i + k) * each, dp[k] = want + (i + k) * each;
        fvi_objective_pictures(&b.o[i], p, group, each, dp, together + i);
    }
    for (int i = 0; i < PICTURES; i++) values[i] += together[i];
    for (int64_t i = 0; i < PICTURES * each; i++) wide[i] = want[i];
    char where[200];
    snprintf(where, sizeof where, "%s(%g) of %d x %d%s", term->kind->name,
             (double)term->argument[0], h, w, flat ? ", flat" : "");
    assert_close(r.out, values, PICTURES, where, "value");
    assert_close(dx, wide, PICTURES * each, where, "gradient");
    g_free(wide);
    g_free(want);
    g_free(dx);
    end(&m, &r);
}

static void both_forms_of_a_picture_term_agree(void **state) {
    (void)state;
    for (int k = 0; k < PICTURE_CASES; k++)
        for (int varied = 0; varied < 2; varied++)
            for (int flat = 0; flat < 2; flat++) {
                compare_pictures(&picture_cases[k], varied, 7, 9, flat);
                compare_pictures(&picture_cases[k], varied, 1, 9, flat);
                compare_pictures(&picture_cases[k], varied, 5, 1, flat);
            }
}

static int is_among(const fvi_term_kind *kind, const fvi_term *terms, int n) {
    for (int k = 0; k < n; k++)
        if (terms[k].kind == kind) return 1;
    return 0;
}

static void every_kind_with_both_forms_is_compared(void **state) {
    (void)state;
    const fvi_term_kind *kind;
    for (size_t i = 0; (kind = fvi_terms_at(i)); i++)
        if (kind->emit && !is_among(kind, cases, CASES) &&
            !is_among(kind, picture_cases, PICTURE_CASES))
            fail_msg("%s has no case", kind->name);
}

/* ---- compiled programs ---------------------------------------------------------------------- */

/* The text of both programs of a batch's terms; to be freed with g_free. */
static char *text_of(const layout *l, const batch *of, const fvi_graph *network,
                     fv_precision precision) {
    fvi_program_text forward = {0}, backward = {0};
    fvi_graph *graph = NULL;
    made m;
    const int v = emit(&m, l, of, network);
    if (m.b->status) fail_msg("%s", m.b->err->text);
    fvi_build_output(m.b, v);
    fvi_build_end(m.b);
    must(fvi_build_finish(m.b, &graph), m.b->err, "graph");
    must(fvi_program_forward(graph, NULL, 0, precision, &forward, &m.err), &m.err, "forward");
    must(fvi_program_backward(graph, 0, 0, precision, &backward, &m.err), &m.err, "backward");
    char *text = g_strconcat(forward.text->str, backward.text->str, NULL);
    fvi_program_text_clear(&forward);
    fvi_program_text_clear(&backward);
    fvi_graph_free(graph);
    fvi_given_end(&m.given);
    fvi_build_free(m.b);
    return text;
}

/* Other channels, weights and vectors: the same program, of which no product is less exact where
 * the network's are. */
static void all_batches_of_alike_terms_have_one_program(void **state) {
    (void)state;
    const layout *l = &layouts[0];
    made c;
    begin(&c, &l->input);
    running r = run(&c, l->value(c.b, c.input, l), NULL);
    for (int k = 0; k < CASES; k++) {
        const fvi_term *term = &cases[k];
        fvi_term other = cases[k];
        batch b;
        if (other.channel >= 0) other.channel += 2;
        fill(&b, &term, 1, l->channels);
        char *first = text_of(l, &b, graph_of(&r), FV_PRECISION_F32);
        char *coarse = text_of(l, &b, graph_of(&r), FV_PRECISION_BF16);
        term = &other;
        fill(&b, &term, 1, l->channels);
        for (int i = 0; i < PICTURES; i++) b.o[i].terms[0].weight *= -2, b.vector[i][0] = 9;
        char *second = text_of(l, &b, graph_of(&r), FV_PRECISION_F32);
        assert_string_equal(first, second);
        assert_string_equal(first, coarse);
        g_free(second);
        g_free(coarse);
        g_free(first);
    }
    end(&c, &r);
}

/* What is not alike, or has no form as nodes, is named. */
static void assert_refused(batch *b, const char *text) {
    static const layout *l = &layouts[0];
    made c, g;
    begin(&c, &l->input);
    running r = run(&c, l->value(c.b, c.input, l), NULL);
    assert_int_equal(emit(&g, l, b, graph_of(&r)), -1);
    assert_int_equal(g.b->status, FV_UNSUPPORTED);
    assert_string_equal(g.b->err->text, text);
    end(&c, &r);
    fvi_given_end(&g.given);
    fvi_build_free(g.b);
}

static void terms_that_are_not_alike_are_refused(void **state) {
    (void)state;
    fvi_term_kind formless = fvi_term_match;
    formless.emit = NULL;
    const fvi_term match = {.kind = &formless, .file = "photo.jpg", ALL};
    const fvi_term *term = &match, *channel[TERMS] = {&cases[0], &cases[0]};
    batch b;
    fill(&b, &term, 1, 6);
    assert_refused(&b, "term \"match(layer, photo.jpg)\": it has no form as nodes of a graph");
    fill(&b, channel, 1, 6);
    b.o[2].terms[0].n_position = FVI_CENTRE;
    assert_refused(&b, "term \"mean(layer:1)\": picture 2 of the batch has another term in its "
                       "place; allowed: the same kind on the same layer");
    fill(&b, channel, TERMS, 6);
    b.o[1].n_terms = 1;
    assert_refused(&b, "objective \"values\": picture 1 of the batch has 1 terms; allowed: 2, as "
                       "the first");
    fill(&b, channel, 1, 6);
    b.o[0].terms[0].channel = 6;
    made c, g;
    begin(&c, &layouts[0].input);
    running r = run(&c, layouts[0].value(c.b, c.input, &layouts[0]), NULL);
    assert_int_equal(emit(&g, &layouts[0], &b, graph_of(&r)), -1);
    assert_int_equal(g.b->status, FV_NOTFOUND);
    end(&c, &r);
    fvi_given_end(&g.given);
    fvi_build_free(g.b);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_a_term_agree),
        cmocka_unit_test(neurons_at_positions_agree),
        cmocka_unit_test(elements_that_are_not_chosen_have_no_influence),
        cmocka_unit_test(probabilities_of_a_distribution_agree),
        cmocka_unit_test(terms_of_a_larger_group_agree),
        cmocka_unit_test(terms_add_up),
        cmocka_unit_test(both_forms_of_a_picture_term_agree),
        cmocka_unit_test(every_kind_with_both_forms_is_compared),
        cmocka_unit_test(all_batches_of_alike_terms_have_one_program),
        cmocka_unit_test(terms_that_are_not_alike_are_refused),
    };
    if (argc > 1) {
        plugin = argv[1][0] ? argv[1] : getenv("FOVEA_TEST_PLUGIN");
        every = argc > 2 ? atoi(argv[2]) : 1;
        if (!plugin || !*plugin || every < 1) {
            fprintf(stderr, "skipped: no plug-in in $FOVEA_TEST_PLUGIN\n");
            return 77;
        }
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
