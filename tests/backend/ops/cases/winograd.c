/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of convolutions by Winograd's algorithm, which plans use only where it is worth it: here
 * wherever it can be done. Every tile is summed in one order, so samples and threads change no bit.
 */
#include "../harness.h"

// clang-format off
#define W(TOP, LEFT, BOTTOM, RIGHT) \
    .kind = FVI_CONV, .winograd = 1, .batch = FVI_BATCH_EXACT, \
    .a.window = {.n = 2, .kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}, \
                 .pad_lo = {TOP, LEFT}, .pad_hi = {BOTTOM, RIGHT}, .groups = 1}
#define UNARY(F, P, Q) {.kind = FVI_UNARY, .a.unary = {F, P, Q}}
#define LRN {.kind = FVI_LRN, .a.lrn = {5, 0.3f, 0.75f, 1}}
#define POOL {.kind = FVI_MAX_POOL, \
              .a.window = {.n = 2, .kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}, \
                           .pad_lo = {1, 1}, .pad_hi = {1, 1}, .groups = 1}}

static const fvi_case cases[] = {
    {.name = "one pixel, one channel", W(1, 1, 1, 1),
     .in = {IN(1, 1, 1, 1), CONST(1, 1, 3, 3), CONST(1)}, .out = S(1, 1, 1, 1)},
    {.name = "one output", W(0, 0, 0, 0),
     .in = {IN(2, 8, 3, 3), CONST(8, 8, 3, 3)}, .out = S(2, 8, 1, 1)},
    {.name = "one tile, no bias", W(1, 1, 1, 1),
     .in = {IN(3, 8, 4, 4), CONST(16, 8, 3, 3)}, .out = S(3, 16, 4, 4)},
    {.name = "17 x 23", W(1, 1, 1, 1),
     .in = {IN(1, 3, 17, 23), CONST(5, 3, 3, 3), CONST(5)}, .out = S(1, 5, 17, 23)},
    {.name = "no padding, more than two blocks", W(0, 0, 0, 0),
     .in = {IN(2, 9, 5, 6), CONST(40, 9, 3, 3), CONST(40)}, .out = S(2, 40, 3, 4)},
    {.name = "40 channels to 1", W(1, 1, 1, 1),
     .in = {IN(1, 40, 5, 9), CONST(1, 40, 3, 3), CONST(1)}, .out = S(1, 1, 5, 9)},
    {.name = "padding 2", W(2, 2, 2, 2),
     .in = {IN(3, 13, 7, 5), CONST(17, 13, 3, 3), CONST(17)}, .out = S(3, 17, 9, 7)},
    {.name = "uneven padding", W(0, 2, 1, 0),
     .in = {IN(2, 7, 9, 10), CONST(12, 7, 3, 3), CONST(12)}, .out = S(2, 12, 8, 10)},
    {.name = "padding wider than the kernel", W(4, 3, 5, 0),
     .in = {IN(1, 4, 3, 5), CONST(9, 4, 3, 3), CONST(9)}, .out = S(1, 9, 10, 6)},
    {.name = "several chunks of tiles", W(1, 1, 1, 1),
     .in = {IN(1, 1, 125, 126), CONST(2, 1, 3, 3), CONST(2)}, .out = S(1, 2, 125, 126)},
    {.name = "then relu", W(1, 1, 1, 1),
     .in = {IN(2, 3, 6, 6), CONST(13, 3, 3, 3), CONST(13)}, .out = S(2, 13, 6, 6),
     .n_then = 1, .then = {UNARY(FVI_RELU, 0, 0)}},
    {.name = "then leaky relu", W(1, 1, 1, 1),
     .in = {IN(2, 8, 6, 7), CONST(8, 8, 3, 3), CONST(8)}, .out = S(2, 8, 6, 7),
     .n_then = 1, .then = {UNARY(FVI_LEAKY_RELU, 0.1f, 0)}},
    {.name = "then clip", W(1, 1, 1, 1),
     .in = {IN(2, 8, 6, 6), CONST(8, 8, 3, 3), CONST(8)}, .out = S(2, 8, 6, 6),
     .n_then = 1, .then = {UNARY(FVI_CLIP, -0.5f, 1.5f)}},
    {.name = "then clip above 0 and LRN in filled blocks", W(1, 1, 1, 1),
     .in = {IN(2, 8, 6, 6), CONST(11, 8, 3, 3), CONST(11)}, .out = S(2, 11, 6, 6),
     .n_then = 2, .then = {UNARY(FVI_CLIP, 0.5f, 1.5f), LRN}},
    {.name = "then sigmoid in filled blocks", W(1, 1, 1, 1),
     .in = {IN(2, 3, 6, 6), CONST(5, 3, 3, 3), CONST(5)}, .out = S(2, 5, 6, 6),
     .n_then = 1, .then = {UNARY(FVI_SIGMOID, 0, 0)}},
    {.name = "then swish and tanh", W(1, 1, 1, 1),
     .in = {IN(2, 8, 6, 6), CONST(12, 8, 3, 3), CONST(12)}, .out = S(2, 12, 6, 6),
     .n_then = 2, .then = {UNARY(FVI_SWISH, 1, 0), UNARY(FVI_TANH, 0, 0)}},
    {.name = "then max pool in filled blocks", W(1, 1, 1, 1),
     .in = {IN(2, 8, 6, 6), CONST(13, 8, 3, 3), CONST(13)}, .out = S(2, 13, 6, 6),
     .n_then = 2, .then = {UNARY(FVI_RELU, 0, 0), POOL}},
};
// clang-format on
FVI_CASE_TABLE(winograd);
