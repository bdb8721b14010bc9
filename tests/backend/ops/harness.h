/* SPDX-License-Identifier: Apache-2.0 */
/* The op tests: tables of cases, each run through a real plan and held against a naive reference.
 *
 * How to add cases for an op `foo`:
 *   1. write cases/foo.c:
 *
 *        #include "../harness.h"
 *        static const fvi_case cases[] = {
 *            {.name = "3x3 stride 2",
 *             .kind = FVI_CONV,
 *             .a.window = {.n = 2, .kernel = {3, 3}, .stride = {2, 2}, .dilation = {1, 1},
 *                          .pad_lo = {1, 1}, .pad_hi = {1, 1}, .groups = 1},
 *             .in = {IN(2, 3, 7, 7), CONST(4, 3, 3, 3), CONST(4)},
 *             .out = S(2, 4, 4, 4),
 *             .batch = FVI_BATCH_NEAR},
 *        };
 *        FVI_CASE_TABLE(foo);
 *
 *   2. add `FVI_CASES(foo)` to cases.def and 'cases/foo.c' to meson.build.
 *   3. the reference forward is fvi_reference_of(kind) in reference.c.
 *
 * What one case checks (test_ops.c makes one cmocka test of each):
 *   - forward against the double-precision reference;
 *   - the gradient at every run-time input (IN, not CONST) against central differences of that
 *     reference (step 1e-6, so kinks matter only where data lie exactly on them: `away`), with a
 *     random seed at the output; from tensors of more than 400 elements 60 to 400 are taken;
 *   - all this of the very first run of a new plan; the second gives the same bits (nothing may be
 *     left over, or be there only from the first run on);
 *   - the same with a plan whose tensors share memory, and forward with a plan that has no
 * backward;
 *   - the same once more behind convolutions: every picture [n][c][..] of the inputs (of more than
 *     one channel) first goes through a convolution that leaves its numbers as they are and brings
 *     them into the convolution's layout, blocks of channels filled up with zeros;
 *   - with .batch: every sample alone gives what it gave in the batch (of n, the first dim of the
 *     first IN: every IN whose first dim is n is cut into samples, the output's first dim is
 * divided by n); EXACT also demands the same bits with 1 and with 3 threads;
 *   - with .then: the same chain with every value in between a target too (nothing may be fused);
 *   - no guard byte behind any place of the plan is overwritten, and nothing unwritten (NaN) is
 * read. Errors are relative to the largest magnitude of the reference tensor. A test fails when a
 * kind of kinds.def has no case at all.
 */
#ifndef FVI_TESTS_OPS_HARNESS_H
#define FVI_TESTS_OPS_HARNESS_H

#include "backend/device.h"
#include "graph/graph.h"

/* Shapes: S(2, 3, 8, 8), or SCALAR. */
#define S(...)                                                                             \
    {                                                                                      \
        .ndim = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), .dim = { __VA_ARGS__ } \
    }
#define SCALAR \
    { .ndim = 0 }

typedef enum fvi_in {
    FVI_IN_END = 0, /* no more inputs */
    FVI_IN_RUN,     /* given at run time: its gradient is checked */
    FVI_IN_CONST,   /* a constant of the graph */
    FVI_IN_NONE     /* an optional input that is absent */
} fvi_in;

#define FVI_CASE_AWAY     0.02f
#define FVI_CASE_MAX_AWAY 4

typedef struct fvi_case_input {
    fvi_in how;
    fvi_shape shape;
    float lo, hi; /* uniform random data in [lo, hi); both 0: [-1, 1) */
    int n_away;   /* data keep FVI_CASE_AWAY off these values (kinks) */
    float away[FVI_CASE_MAX_AWAY];
    const float *values;    /* or these very data, [count] */
    const int64_t *indices; /* or these integers: an i64 constant (how = FVI_IN_CONST) */
    const float *gradient;  /* [count] the gradient demanded when the seed is all ones (for ties
                               and other corners); replaces the central differences */
    int no_gradient;        /* gradient not checked (a run-time condition, say) */
} fvi_case_input;

/* clang-format off */
#define IN(...)                {.how = FVI_IN_RUN, .shape = S(__VA_ARGS__)}
#define CONST(...)             {.how = FVI_IN_CONST, .shape = S(__VA_ARGS__)}
#define NONE                   {.how = FVI_IN_NONE}
#define IN_RANGE(LO, HI, ...)  {.how = FVI_IN_RUN, .shape = S(__VA_ARGS__), .lo = (LO), .hi = (HI)}
#define CONST_RANGE(LO, HI, ...) \
    {.how = FVI_IN_CONST, .shape = S(__VA_ARGS__), .lo = (LO), .hi = (HI)}
#define IN_AWAY(KINK, ...) \
    {.how = FVI_IN_RUN, .shape = S(__VA_ARGS__), .n_away = 1, .away = {KINK}}
#define IN_VALUES(V, ...)      {.how = FVI_IN_RUN, .shape = S(__VA_ARGS__), .values = (V)}
#define CONST_VALUES(V, ...)   {.how = FVI_IN_CONST, .shape = S(__VA_ARGS__), .values = (V)}
#define INDICES(I, ...)        {.how = FVI_IN_CONST, .shape = S(__VA_ARGS__), .indices = (I)}
/* clang-format on */

#define FVI_CASE_INPUTS 7
#define FVI_CASE_THEN   3

typedef enum fvi_case_batch {
    FVI_BATCH_NO = 0, /* dim 0 is not a batch */
    FVI_BATCH_NEAR,   /* samples agree within the forward tolerance */
    FVI_BATCH_EXACT   /* samples agree bit for bit, whatever the number of threads */
} fvi_case_batch;

/* One more node that takes the output of the one before, for what may be fused. */
typedef struct fvi_case_node {
    fvi_kind kind;
    int other; /* 0: it has one input. k > 0: its second input is in[k] of the case */
    fvi_node_attr a;
} fvi_case_node;

typedef struct fvi_case {
    const char *name;
    fvi_kind kind;
    fvi_node_attr a;
    fvi_case_input in[FVI_CASE_INPUTS];
    int n_in;      /* of the first node; 0: all up to FVI_IN_END */
    fvi_shape out; /* of every node of the chain */
    fvi_case_batch batch;
    int n_then;
    fvi_case_node then[FVI_CASE_THEN];
    int winograd;        /* plan it by Winograd's algorithm, and see that this was done */
    int depthwise;       /* the same of its backward pass by depthwise.c */
    double tol_forward;  /* 0: 1e-5 */
    double tol_gradient; /* 0: 1e-4 */
} fvi_case;

typedef struct fvi_case_table {
    const char *name;
    const fvi_case *cases;
    int count;
} fvi_case_table;

#define FVI_CASE_TABLE(NAME) \
    const fvi_case_table fvi_cases_##NAME = {#NAME, cases, sizeof cases / sizeof cases[0]}

#define FVI_CASES(NAME) extern const fvi_case_table fvi_cases_##NAME;
#include "cases.def"
#undef FVI_CASES

/* The case tables, and how many. */
const fvi_case_table *const *fvi_case_tables(int *count);

/* Whether an input is one that is put behind a convolution. */
int fvi_case_is_picture(const fvi_case_input *in);

/* The first two of these checks, on a device of any backend.
 *   off      how far the output and the gradients are off, of the largest number of each
 *   text     a sentence on the first failure
 *   returns  0 when both held */
int fvi_case_run_on(const fvi_case *c, fvi_device *d, double off[2], char *text, size_t size);

/* Runs all checks of one case.
 *   text     a sentence on the first failure
 *   returns  0 when everything held */
int fvi_case_run(const fvi_case *c, char *text, size_t size);

#endif
