/* SPDX-License-Identifier: Apache-2.0 */
/* random: the numbers of base/random.c, bit by bit: Philox4x32-10 on all blocks of four numbers at
 * once, each of the four a value [samples][blocks]. Normals are made of pairs of them by the same
 * formula, whose logarithm, sine and cosine are the device's.
 */
#include "base/random.h"
#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"

#define ROUNDS 10
#define WORDS  4 /* of a block */

static int and_bits(fvi_hlo *h, const char *op, int x, double y) {
    return fvi_hlo_binary(h, op, x, fvi_hlo_like(h, x, y));
}

static int xor_of(fvi_hlo *h, int a, int b) { return fvi_hlo_binary(h, "xor", a, b); }

/* Both halves of the 64 bits of x times m. */
static int product(fvi_hlo *h, int x, double m, int *low) {
    const int wide = fvi_hlo_mul_number(h, fvi_hlo_convert(h, FVI_HLO_U64, x), m);
    *low = fvi_hlo_convert(h, FVI_HLO_U32, wide);
    return fvi_hlo_convert(h, FVI_HLO_U32, and_bits(h, "shift_right_logical", wide, 32));
}

/* Replaces counters c[4] by their numbers; key of two words, each broadcast to the counters. */
static void philox(fvi_hlo *h, int *key, int *c) {
    for (int round = 0; round < ROUNDS; round++) {
        int low0, low1;
        const int high0 = product(h, c[0], 0xD2511F53u, &low0);
        const int high1 = product(h, c[2], 0xCD9E8D57u, &low1);
        c[0] = xor_of(h, xor_of(h, high1, c[1]), key[0]);
        c[2] = xor_of(h, xor_of(h, high0, c[3]), key[1]);
        c[1] = low1;
        c[3] = low0;
        key[0] = fvi_hlo_add_number(h, key[0], 0x9E3779B9u);
        key[1] = fvi_hlo_add_number(h, key[1], 0xBB67AE85u);
    }
}

/* Word i of the streams, [n][1], of their halves [n][10]. */
static int word_of(fvi_hlo *h, int halves, int i) {
    const int low = fvi_hlo_part(h, halves, 1, 2 * i, 2 * i + 1);
    const int high = fvi_hlo_part(h, halves, 1, 2 * i + 1, 2 * i + 2);
    return fvi_hlo_add(h, low, and_bits(h, "shift_left", high, 16));
}

/* The numbers of blocks first, first + 1, ... of all streams, four values [n][blocks]. */
static void numbers_of(fvi_hlo *h, int halves, int64_t first, int64_t blocks, int *c) {
    const fvi_shape shape = {2, {fvi_hlo_shape(h, halves).dim[0], blocks}};
    halves = fvi_hlo_convert(h, FVI_HLO_U32, halves);
    int key[] = {word_of(h, halves, 0), word_of(h, halves, 1)};
    for (int i = 0; i < 2; i++) key[i] = fvi_hlo_broadcast(h, key[i], &shape);
    c[0] = fvi_hlo_convert(h, FVI_HLO_U32, fvi_hlo_iota(h, &shape, 1));
    c[0] = fvi_hlo_add_number(h, c[0], (double)(uint32_t)first);
    for (int i = 1; i < WORDS; i++) c[i] = fvi_hlo_broadcast(h, word_of(h, halves, i + 1), &shape);
    philox(h, key, c);
}

static int uniform(fvi_hlo *h, int x) {
    x = fvi_hlo_convert(h, FVI_HLO_F32, and_bits(h, "shift_right_logical", x, 8));
    return fvi_hlo_mul_number(h, x, 0x1p-24);
}

/* Replaces two numbers by two normals. */
static void box_muller(fvi_hlo *h, int *a, int *b) {
    const int upper = fvi_hlo_convert(h, FVI_HLO_F32, and_bits(h, "shift_right_logical", *a, 1));
    const int turn = fvi_hlo_convert(h, FVI_HLO_F32, and_bits(h, "shift_right_logical", *b, 1));
    const int u = fvi_hlo_mul_number(h, fvi_hlo_add_number(h, upper, 0.5), 0x1p-31);
    const int t = fvi_hlo_mul_number(h, turn, (double)(6.28318530718f * 0x1p-31f));
    const int square = fvi_hlo_mul_number(h, fvi_hlo_unary(h, "log", u), -2);
    const int length = fvi_hlo_unary(h, "sqrt", square);
    *a = fvi_hlo_mul(h, length, fvi_hlo_unary(h, "cosine", t));
    *b = fvi_hlo_mul(h, length, fvi_hlo_unary(h, "sine", t));
}

static int forward(fvi_emitter *e, const fvi_node *n) {
    fvi_hlo *h = e->h;
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    const int64_t first = n->a.random.first, streams = out.dim[0];
    const int64_t each = fvi_shape_product(&out, 1, out.ndim), skipped = first % WORDS;
    const int64_t blocks = (skipped + each + WORDS - 1) / WORDS;
    const fvi_shape apart = {3, {streams, blocks, 1}}, rows = {2, {streams, blocks * WORDS}};
    int c[WORDS];
    if (!streams || !each) return fvi_hlo_number(h, &out, 0);
    numbers_of(h, fvi_emitter_in(e, n, 0), first / WORDS, blocks, c);
    for (int i = 0; i < WORDS; i++)
        if (n->a.random.f == FVI_RANDOM_UNIFORM)
            c[i] = uniform(h, c[i]);
        else if (i % 2 == 0)
            box_muller(h, &c[i], &c[i + 1]);
    for (int i = 0; i < WORDS; i++) c[i] = fvi_hlo_reshape(h, c[i], &apart);
    const int all = fvi_hlo_reshape(h, fvi_hlo_concat(h, c, WORDS, 2), &rows);
    return fvi_hlo_reshape(h, fvi_hlo_part(h, all, 1, skipped, skipped + each), &out);
}

/* None. */
static void backward(fvi_emitter *e, const fvi_node *n, int g) { (void)e, (void)n, (void)g; }

const fvi_emitter_rule fvi_emitter_rule_random = {forward, backward};
