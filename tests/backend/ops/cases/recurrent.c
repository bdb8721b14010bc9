/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of recurrent layers: cells, directions, lengths, initial states, functions. */
#include "../harness.h"

#define RECURRENT  .kind = FVI_RECURRENT, .a.recurrent
#define RNN(...)   .cell = FVI_CELL_RNN, .function = {{__VA_ARGS__}}
#define GRU        .cell = FVI_CELL_GRU, .function = {{FVI_SIGMOID}, {FVI_TANH}}
#define LSTM       .cell = FVI_CELL_LSTM, .function = {{FVI_SIGMOID}, {FVI_TANH}, {FVI_TANH}}
#define HARD       {FVI_HARD_SIGMOID, 0.2f, 0.5f}

static const float lengths[] = {3, 0, 5, 1};

// clang-format off
static const fvi_case cases[] = {
    {.name = "rnn", RECURRENT = {RNN(FVI_TANH)},
     .in = {IN(5, 3, 4), CONST(4, 4), NONE, NONE, NONE, NONE, NONE}, .out = S(5, 3, 4)},
    {.name = "rnn: backward in time", RECURRENT = {RNN(FVI_TANH), .reverse = 1},
     .in = {IN(5, 3, 4), CONST(4, 4), NONE, IN(3, 4), NONE, NONE, NONE}, .out = S(5, 3, 4)},
    {.name = "rnn: one step", RECURRENT = {RNN(FVI_SOFTSIGN)},
     .in = {IN(1, 2, 3), CONST(3, 3), NONE, IN(2, 3), NONE, NONE, NONE}, .out = S(1, 2, 3)},
    {.name = "rnn: leaky", RECURRENT = {RNN(FVI_LEAKY_RELU, 0.1f), .clip = 0.8f},
     .in = {IN(4, 2, 3), CONST(3, 3), NONE, NONE, NONE, NONE, NONE}, .out = S(4, 2, 3)},
    {.name = "rnn: elu", RECURRENT = {RNN(FVI_ELU, 0.7f)},
     .in = {IN(4, 2, 3), CONST(3, 3), NONE, NONE, NONE, NONE, NONE}, .out = S(4, 2, 3)},
    {.name = "rnn: relu", RECURRENT = {RNN(FVI_RELU)},
     .in = {IN(4, 2, 3), CONST(3, 3), NONE, NONE, NONE, NONE, NONE}, .out = S(4, 2, 3)},
    {.name = "rnn: thresholded relu", RECURRENT = {RNN(FVI_THRESHOLDED_RELU, 0.2f)},
     .in = {IN(4, 2, 3), CONST(3, 3), NONE, NONE, NONE, NONE, NONE}, .out = S(4, 2, 3)},
    {.name = "rnn: affine", RECURRENT = {RNN(FVI_LINEAR, 0.7f, 0.1f)},
     .in = {IN(4, 2, 3), CONST(3, 3), NONE, NONE, NONE, NONE, NONE}, .out = S(4, 2, 3)},
    {.name = "rnn: softplus", RECURRENT = {RNN(FVI_SOFTPLUS)},
     .in = {IN(4, 2, 3), CONST(3, 3), NONE, NONE, NONE, NONE, NONE}, .out = S(4, 2, 3)},
    {.name = "gru", RECURRENT = {GRU},
     .in = {IN(5, 3, 12), CONST(12, 4), NONE, NONE, NONE, NONE, NONE}, .out = S(5, 3, 4)},
    {.name = "gru: reset after, backward in time",
     RECURRENT = {GRU, .linear_before_reset = 1, .reverse = 1},
     .in = {IN(5, 3, 12), CONST(12, 4), CONST(4), IN(3, 4), NONE, NONE, NONE},
     .out = S(5, 3, 4)},
    {.name = "gru: lengths, one initial state", RECURRENT = {GRU},
     .in = {IN(5, 4, 9), CONST(9, 3), NONE, IN(1, 3), NONE, NONE, CONST_VALUES(lengths, 4)},
     .out = S(5, 4, 3)},
    {.name = "gru: reset after, lengths", RECURRENT = {GRU, .linear_before_reset = 1},
     .in = {IN(5, 4, 9), CONST(9, 3), CONST(3), IN(4, 3), NONE, NONE, CONST_VALUES(lengths, 4)},
     .out = S(5, 4, 3)},
    {.name = "lstm", RECURRENT = {LSTM},
     .in = {IN(5, 3, 16), CONST(16, 4), NONE, NONE, NONE, NONE, NONE}, .out = S(5, 3, 4)},
    {.name = "lstm: cells, states, peepholes", RECURRENT = {LSTM, .cells = 1},
     .in = {IN(5, 3, 16), CONST(16, 4), NONE, IN(3, 4), IN(3, 4), CONST(12), NONE},
     .out = S(5, 3, 8)},
    {.name = "lstm: lengths, backward in time", RECURRENT = {LSTM, .cells = 1, .reverse = 1},
     .in = {IN(5, 4, 12), CONST(12, 3), NONE, IN(4, 3), IN(1, 3), CONST(9),
            CONST_VALUES(lengths, 4)},
     .out = S(5, 4, 6)},
    {.name = "lstm: input_forget, clip, hard sigmoid",
     RECURRENT = {.cell = FVI_CELL_LSTM, .function = {HARD, {FVI_TANH}, {FVI_TANH}},
                  .input_forget = 1, .clip = 1.1f},
     .in = {IN(5, 2, 12), CONST(12, 3), NONE, IN(2, 3), IN(2, 3), CONST(9), NONE},
     .out = S(5, 2, 3)},
    {.name = "lstm: many units, threads", RECURRENT = {LSTM},
     .in = {IN(3, 4, 1024), CONST_RANGE(-0.1f, 0.1f, 1024, 256), NONE, NONE, NONE, NONE, NONE},
     .out = S(3, 4, 256)},
    {.name = "lstm: no samples", RECURRENT = {LSTM},
     .in = {IN(3, 0, 8), CONST(8, 2), NONE, NONE, NONE, NONE, NONE}, .out = S(3, 0, 2)},
};
// clang-format on
FVI_CASE_TABLE(recurrent);
