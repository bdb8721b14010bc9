/* SPDX-License-Identifier: Apache-2.0 */
/* Where a map's cells are among a value's positions: networks built by hand, one of each kind,
 * whose maps are known from how they are built. */
#include <math.h>
#include <stdio.h>

#include "graph/channel_axis.h"
#include "graph/positions/token_grid.h"
#include "support/lower_help.h"
#include "support/steps.h"

static void concat(builder *b, const char *inputs, const char *y, int axis) {
    builder_int(b, builder_node(b, "Concat", "", inputs, y), "axis", axis);
}

static void slice(builder *b, const char *x, const char *y, const char *from, const char *to,
                  const char *axis, const char *step) {
    static const char *const part[] = {"from", "to", "axis", "step"};
    const char *const list[] = {from, to, axis, step};
    char inputs[160] = "", name[4][32];
    strcat(inputs, x);
    for (int i = 0; i < 4; i++) {
        strcpy(name[i], part[i]);
        strcat(name[i], y);
        builder_i64(b, name[i], list[i]);
        strcat(inputs, ",");
        strcat(inputs, name[i]);
    }
    builder_node(b, "Slice", "", inputs, y);
}

/* What is read off value `name` of a network whose picture is "x". */
static fvi_token_grid grid(trial *t, const char *name, int height, int width) {
    const fv_input in = {
        .name = "x", .is_image = 1, .channels = 3, .height = height, .width = width};
    fvi_token_grid got;
    if (!t->graph && trial_lower(t, NULL, NULL)) fail_msg("%s", t->err.text);
    const int v = fvi_graph_find(t->graph, name);
    if (v < 0) fail_msg("no value %s", name);
    const fv_status st =
        fvi_token_grid_find(t->graph, &in, v, fvi_graph_channel_axis(t->graph, v), &got, &t->err);
    if (st) fail_msg("%s", t->err.text);
    return got;
}

/* That it is a map, in which position(row, column) is `first` + row * down + column * right. */
static void assert_map(const fvi_token_grid *got, int64_t rows, int64_t columns, int64_t first,
                       int64_t down, int64_t right) {
    char why[FVI_GRID_TEXT];
    if (got->kind != FVI_GRID_MAP) fail_msg("%s", fvi_token_grid_text(got, why));
    assert_int_equal(got->rows, rows);
    assert_int_equal(got->columns, columns);
    for (int64_t y = 0; y < rows; y++)
        for (int64_t x = 0; x < columns; x++) {
            int64_t back[2] = {-1, -1};
            const int64_t at = fvi_token_grid_position(got, y, x);
            assert_int_equal(at, first + y * down + x * right);
            assert_true(fvi_token_grid_cell(got, at, &back[0], &back[1]));
            assert_int_equal(back[0], y);
            assert_int_equal(back[1], x);
        }
}

/* 3x32x80 in patches of 8, a class token and `registers` before the 4x10 tokens of 12 numbers;
 * attention with two heads; the class token alone goes on to the classes. */
static trial vision_transformer(int registers) {
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,3,32,80");
    builder_f32(b, "w", "12,3,8,8", NULL);
    builder_ints(b, builder_node(b, "Conv", "", "x,w", "patches"), "strides", "8,8");
    reshape(b, "patches", "flat", "1,12,40");
    transpose(b, "flat", "tokens", "0,2,1");
    builder_f32(b, "class", "1,1,12", NULL);
    builder_f32(b, "registers", "1,4,12", NULL);
    concat(b, registers ? "class,registers,tokens" : "class,tokens", "all", 1);
    builder_f32(b, "place", registers ? "1,45,12" : "1,41,12", NULL);
    builder_node(b, "Add", "", "all,place", "placed");
    builder_f32(b, "one", "12", NULL);
    builder_node(b, "LayerNormalization", "", "placed,one,one", "norm");
    builder_f32(b, "w3", "12,36", NULL);
    builder_node(b, "MatMul", "", "norm,w3", "qkv");
    reshape(b, "qkv", "five", registers ? "1,45,3,2,6" : "1,41,3,2,6");
    transpose(b, "five", "turned", "2,0,3,1,4");
    builder_int(b, builder_node(b, "Split", "", "turned", "q1,k1,v1"), "axis", 0);
    for (int i = 0; i < 3; i++)
        reshape(b,
                i == 0   ? "q1"
                : i == 1 ? "k1"
                         : "v1",
                i == 0   ? "q"
                : i == 1 ? "k"
                         : "v",
                registers ? "1,2,45,6" : "1,2,41,6");
    transpose(b, "k", "kt", "0,1,3,2");
    builder_node(b, "MatMul", "", "q,kt", "scores");
    builder_int(b, builder_node(b, "Softmax", "", "scores", "weights"), "axis", -1);
    builder_node(b, "MatMul", "", "weights,v", "mixed");
    transpose(b, "mixed", "back", "0,2,1,3");
    reshape(b, "back", "joined", registers ? "1,45,12" : "1,41,12");
    builder_node(b, "Add", "", "placed,joined", "sum");
    slice(b, "sum", "first", "0", "1", "1", "1");
    reshape(b, "first", "row", "1,12");
    builder_f32(b, "fc", "12,5", NULL);
    builder_node(b, "MatMul", "", "row,fc", "y");
    builder_output(b, "y");
    builder_output(b, "weights");
    return t;
}

static void tokens_are_rows_and_columns(void **state) {
    (void)state;
    for (int registers = 0; registers < 2; registers++) {
        static const char *const maps[] = {"all", "placed", "norm", "qkv", "joined", "sum"};
        trial t = vision_transformer(registers);
        fvi_token_grid g = grid(&t, "patches", 32, 80);
        assert_map(&g, 4, 10, 0, 10, 1);
        assert_false(g.is_sequence);
        for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
            g = grid(&t, maps[i], 32, 80);
            assert_map(&g, 4, 10, registers ? 5 : 1, 10, 1);
            assert_int_equal(g.channel, 2);
            assert_int_equal(g.before, registers ? 5 : 1);
            assert_true(g.is_sequence && g.of_picture);
        }
        trial_free(&t);
    }
}

/* That a map lies over `low`..`high` of the picture's height, and sees `from`..`to` of it. */
static void assert_stretch(trial *t, const char *name, double low, double high, double from,
                           double to) {
    const fvi_token_grid g = grid(t, name, 32, 32);
    char why[FVI_GRID_TEXT];
    if (g.kind != FVI_GRID_MAP) fail_msg("%s: %s", name, fvi_token_grid_text(&g, why));
    if (fabs(g.over[0].low - low / 32) > 1e-9 || fabs(g.over[0].high - high / 32) > 1e-9)
        fail_msg("%s lies over rows %g..%g", name, g.over[0].low * 32, g.over[0].high * 32);
    if (fabs(g.seen[0].low - from / 32) > 1e-9 || fabs(g.seen[0].high - to / 32) > 1e-9)
        fail_msg("%s sees rows %g..%g", name, g.seen[0].low * 32, g.seen[0].high * 32);
}

/* Rows of a picture of 32x32, by slices, negative padding, padding and windows. */
static void maps_lie_over_what_is_left(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,3,32,32");
    builder_f32(b, "w1", "2,3,1,1", NULL);
    builder_f32(b, "w3", "2,3,3,3", NULL);
    builder_f32(b, "v5", "2,2,5,5", NULL);
    slice(b, "x", "cut", "8", "24", "2", "1");
    builder_node(b, "Conv", "", "cut,w1", "of_cut");
    builder_ints(b, builder_node(b, "Conv", "", "cut,w3", "strided"), "strides", "2,2");
    slice(b, "strided", "twice", "2", "6", "2", "1");
    builder_i64(b, "less", "0,0,-4,0,0,0,-12,0");
    builder_node(b, "Pad", "", "x,less", "cropped");
    builder_node(b, "Conv", "", "cropped,w1", "of_cropped");
    builder_i64(b, "more", "0,0,1,1,0,0,1,1");
    builder_node(b, "Pad", "", "x,more", "padded");
    builder_ints(b, builder_node(b, "Conv", "", "padded,w3", "same"), "strides", "2,2");
    builder_node(b, "Conv", "", "of_cut,v5", "narrow");
    builder_i64(b, "wide", "0,0,16,0,0,0,16,0");
    builder_node(b, "Pad", "", "x,wide", "framed");
    builder_ints(b, builder_node(b, "Conv", "", "framed,w3", "beyond"), "strides", "4,4");
    const char *const outputs[] = {"twice", "of_cropped", "same", "narrow", "beyond"};
    for (int i = 0; i < 5; i++) builder_output(b, outputs[i]);
    assert_stretch(&t, "of_cut", 8, 24, 8, 24);
    assert_stretch(&t, "strided", 8, 24, 8, 24);
    assert_stretch(&t, "twice", 8 + 2 * 16. / 7, 8 + 6 * 16. / 7, 8 + 2 * 16. / 7, 8 + 6 * 16. / 7);
    assert_stretch(&t, "of_cropped", 4, 20, 4, 20);
    assert_stretch(&t, "same", 0, 32, 0, 32);
    assert_stretch(&t, "narrow", 10, 22, 8, 24);
    assert_stretch(&t, "beyond", -16.5, 47.5, 0, 32);
    trial_free(&t);
}

static void attention_is_no_map(void **state) {
    static const char *const split[] = {"five", "turned", "q", "kt", "mixed", "back"};
    char why[FVI_GRID_TEXT];
    (void)state;
    trial t = vision_transformer(0);
    for (size_t i = 0; i < sizeof split / sizeof *split; i++) {
        const fvi_token_grid g = grid(&t, split[i], 32, 80);
        if (g.kind != FVI_GRID_SPLIT) fail_msg("%s: %s", split[i], fvi_token_grid_text(&g, why));
    }
    fvi_token_grid g = grid(&t, "mixed", 32, 80);
    assert_string_equal(fvi_token_grid_text(&g, why),
                        "besides channels it has 2 numbers a position, as attention's heads");
    g = grid(&t, "weights", 32, 80);
    assert_int_equal(g.kind, FVI_GRID_PAIRS);
    g = grid(&t, "row", 32, 80);
    assert_int_equal(g.kind, FVI_GRID_NONE);
    g = grid(&t, "first", 32, 80);
    assert_int_equal(g.kind, FVI_GRID_NONE);
    trial_free(&t);
}

/* Patches of 8 by reshaping, of [n][c][h][w] and of [n][h][w][c], then a product. */
static void patches_may_be_reshaped(void **state) {
    (void)state;
    for (int last = 0; last < 2; last++) {
        trial t = trial_new(17);
        builder *b = t.b;
        builder_input(b, "x", FVI_F32, "1,3,32,80");
        if (last) transpose(b, "x", "nhwc", "0,2,3,1");
        reshape(b, last ? "nhwc" : "x", "cut", last ? "1,4,8,10,8,3" : "1,3,4,8,10,8");
        transpose(b, "cut", "turned", last ? "0,1,3,2,4,5" : "0,2,4,3,5,1");
        reshape(b, "turned", "patches", "1,40,192");
        builder_f32(b, "w", "192,12", NULL);
        builder_node(b, "MatMul", "", "patches,w", "tokens");
        reshape(b, "tokens", "grid", "1,4,10,12");
        builder_output(b, "grid");
        fvi_token_grid g = grid(&t, "tokens", 32, 80);
        assert_map(&g, 4, 10, 0, 10, 1);
        g = grid(&t, "grid", 32, 80);
        assert_map(&g, 4, 10, 0, 10, 1);
        trial_free(&t);
    }
}

/* Patches that are taken by index, row a + 8 b and column c + 8 d for [a][b] and [c][d], and
 * sixteen numbers of each patch, which are no cells; windows that overlap are not followed. */
static void patches_may_be_indexed(void **state) {
    (void)state;
    for (int overlap = 0; overlap < 2; overlap++) {
        trial t = trial_new(17);
        builder *b = t.b;
        char rows[512] = "", columns[512] = "", cell[16];
        for (int a = 0; a < 8; a++) {
            for (int k = 0; k < 4; k++) {
                snprintf(cell, sizeof cell, "%s%d", *rows ? "," : "", a + (overlap ? 6 : 8) * k);
                strcat(rows, cell);
            }
            for (int k = 0; k < 10; k++) {
                snprintf(cell, sizeof cell, "%s%d", *columns ? "," : "", a + 8 * k);
                strcat(columns, cell);
            }
        }
        builder_input(b, "x", FVI_F32, "1,3,32,80");
        builder_i64(b, "row_list", rows);
        builder_i64(b, "column_list", columns);
        reshape(b, "row_list", "rows", "8,4");
        reshape(b, "column_list", "columns", "8,10");
        builder_int(b, builder_node(b, "Gather", "", "x,rows", "by_row"), "axis", 2);
        builder_int(b, builder_node(b, "Gather", "", "by_row,columns", "cut"), "axis", 4);
        transpose(b, "cut", "turned", "0,3,5,1,2,4");
        reshape(b, "turned", "patches", "1,40,192");
        builder_f32(b, "w", "192,12", NULL);
        builder_node(b, "MatMul", "", "patches,w", "tokens");
        builder_output(b, "tokens");
        const fvi_token_grid g = grid(&t, "tokens", 32, 80);
        if (overlap)
            assert_int_not_equal(g.kind, FVI_GRID_MAP);
        else
            assert_map(&g, 4, 10, 0, 10, 1);
        trial_free(&t);
    }
}

/* Tokens of a map of 16x16, unrolled so that what is pooled is side by side: windows in windows in
 * windows, of which the outermost digits are the finest, and a maximum over those. */
static void unrolled_tokens_are_pooled(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,3,32,32");
    builder_f32(b, "w", "6,3,2,2", NULL);
    builder_ints(b, builder_node(b, "Conv", "", "x,w", "map"), "strides", "2,2");
    transpose(b, "map", "rows", "0,2,3,1");
    reshape(b, "rows", "a", "1,8,2,8,2,6");
    transpose(b, "a", "b", "0,2,4,1,3,5");
    reshape(b, "b", "c", "4,4,2,4,2,6");
    transpose(b, "c", "d", "0,2,4,1,3,5");
    reshape(b, "d", "e", "16,2,2,2,2,6");
    transpose(b, "e", "f", "0,2,4,1,3,5");
    reshape(b, "f", "tokens", "1,256,6");
    reshape(b, "tokens", "groups", "1,4,64,6");
    builder_ints(b, builder_node(b, "ReduceMax", "", "groups", "most"), "axes", "1");
    Onnx__NodeProto *n;
    reshape(b, "most", "pooled", "1,64,6");
    builder_f32(b, "v", "6,6", NULL);
    builder_node(b, "MatMul", "", "pooled,v", "projected");
    builder_output(b, "projected");
    builder_ints(b, n = builder_node(b, "ReduceMax", "", "groups", "least"), "axes", "1");
    builder_int(b, n, "keepdims", 0);
    builder_output(b, "least");
    /* attention within the 2x2 outermost windows, of a maximum of the tokens to all of them */
    reshape(b, "tokens", "cut", "1,64,4,6");
    transpose(b, "cut", "keys", "0,2,3,1");
    transpose(b, "cut", "values", "0,2,1,3");
    reshape(b, "most", "cut_most", "1,16,4,6");
    transpose(b, "cut_most", "queries", "0,2,1,3");
    builder_node(b, "MatMul", "", "queries,keys", "scores");
    builder_int(b, builder_node(b, "Softmax", "", "scores", "weights"), "axis", -1);
    builder_node(b, "MatMul", "", "weights,values", "seen");
    transpose(b, "seen", "back", "0,2,1,3");
    reshape(b, "back", "answers", "1,64,6");
    builder_output(b, "answers");
    fvi_token_grid g = grid(&t, "tokens", 32, 32);
    assert_int_equal(g.kind, FVI_GRID_MAP);
    assert_int_equal(g.rows, 16);
    assert_int_equal(fvi_token_grid_position(&g, 1, 0), 128); /* the first digit */
    assert_int_equal(fvi_token_grid_position(&g, 8, 1), 66);
    const char *const pooled[] = {"projected", "least", "answers"};
    for (int i = 0; i < 3; i++) {
        g = grid(&t, pooled[i], 32, 32);
        assert_int_equal(g.kind, FVI_GRID_MAP);
        assert_int_equal(g.columns, 8);
        assert_int_equal(fvi_token_grid_position(&g, 1, 0), 32);
    }
    trial_free(&t);
}

/* A map of 8x12 in windows of 4x4, shifted by 2 and back again, as in Swin; padded to 8x12 from
 * 7x10 before. */
static void windows_are_put_together(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,3,28,40");
    builder_f32(b, "w", "16,3,4,4", NULL);
    builder_ints(b, builder_node(b, "Conv", "", "x,w", "patches"), "strides", "4,4");
    transpose(b, "patches", "map", "0,2,3,1");
    builder_i64(b, "pads", "0,0,0,0,0,1,2,0");
    builder_node(b, "Pad", "", "map,pads", "padded");
    slice(b, "padded", "below", "2", "8", "1", "1");
    slice(b, "padded", "above", "0", "2", "1", "1");
    concat(b, "below,above", "rolled_y", 1);
    slice(b, "rolled_y", "right", "2", "12", "2", "1");
    slice(b, "rolled_y", "left", "0", "2", "2", "1");
    concat(b, "right,left", "rolled", 2);
    reshape(b, "rolled", "six", "1,2,4,3,4,16");
    transpose(b, "six", "turned", "0,1,3,2,4,5");
    reshape(b, "turned", "windows", "6,16,16");
    builder_f32(b, "w1", "16,16", NULL);
    builder_node(b, "MatMul", "", "windows,w1", "mixed");
    reshape(b, "mixed", "six2", "1,2,3,4,4,16");
    transpose(b, "six2", "turned2", "0,1,3,2,4,5");
    reshape(b, "turned2", "whole", "1,8,12,16");
    slice(b, "whole", "down", "6", "8", "1", "1");
    slice(b, "whole", "rest", "0", "6", "1", "1");
    concat(b, "down,rest", "back_y", 1);
    slice(b, "back_y", "end", "10", "12", "2", "1");
    slice(b, "back_y", "start", "0", "10", "2", "1");
    concat(b, "end,start", "back", 2);
    slice(b, "back", "cut", "0,0", "7,10", "1,2", "1,1");
    builder_node(b, "Add", "", "map,cut", "sum");
    builder_output(b, "sum");
    const char *const plain[] = {"map", "cut", "sum"};
    for (int i = 0; i < 3; i++) {
        const fvi_token_grid g = grid(&t, plain[i], 28, 40);
        assert_map(&g, 7, 10, 0, 10, 1);
    }
    const char *const padded[] = {"padded", "back"};
    for (int i = 0; i < 2; i++) {
        const fvi_token_grid g = grid(&t, padded[i], 28, 40);
        assert_map(&g, 7, 10, 0, 12, 1);
    }
    const fvi_token_grid g = grid(&t, "mixed", 28, 40);
    assert_int_equal(g.kind, FVI_GRID_MAP);
    assert_int_equal(g.rows, 7);
    assert_int_equal(g.columns, 10);
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 10; x++) {
            const int r = (y + 6) % 8, c = (x + 10) % 12;
            assert_int_equal(fvi_token_grid_position(&g, y, x),
                             ((r / 4 * 3 + c / 4) * 4 + r % 4) * 4 + c % 4);
        }
    trial_free(&t);
}

/* Patch merging: every second row and column, and the three maps beside that one, as channels. */
static void merged_patches_are_half_the_map(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,3,16,24");
    builder_f32(b, "w", "8,3,3,3", NULL);
    builder_ints(b, builder_node(b, "Conv", "", "x,w", "c"), "pads", "1,1,1,1");
    transpose(b, "c", "map", "0,2,3,1");
    slice(b, "map", "a", "0,0", "16,24", "1,2", "2,2");
    slice(b, "map", "d", "1,1", "16,24", "1,2", "2,2");
    concat(b, "a,d", "merged", 3);
    reshape(b, "map", "six", "1,8,2,12,2,8");
    transpose(b, "six", "turned", "0,1,3,2,4,5");
    reshape(b, "turned", "deep", "1,8,12,32");
    builder_f32(b, "w1", "32,16", NULL);
    builder_node(b, "MatMul", "", "deep,w1", "less");
    builder_node(b, "Add", "", "less,merged", "sum");
    builder_output(b, "sum");
    const char *const names[] = {"merged", "less", "deep", "sum"};
    for (int i = 0; i < 4; i++) {
        const fvi_token_grid g = grid(&t, names[i], 16, 24);
        assert_map(&g, 8, 12, 0, 12, 1);
    }
    trial_free(&t);
}

/* Attention that shrinks: queries of every second row and column, keys and values of all. With an
 * odd number of rows every second one of 7 are 4. */
static void queries_of_fewer_positions(void **state) {
    (void)state;
    for (int odd = 0; odd < 2; odd++) {
        trial t = trial_new(17);
        builder *b = t.b;
        builder_input(b, "x", FVI_F32, odd ? "1,3,7,12" : "1,3,8,12");
        builder_f32(b, "w", "6,3,1,1", NULL);
        builder_node(b, "Conv", "", "x,w", "c");
        reshape(b, "c", "flat", odd ? "1,6,84" : "1,6,96");
        transpose(b, "flat", "all", "0,2,1");
        reshape(b, "all", "grid", odd ? "1,7,12,6" : "1,8,12,6");
        slice(b, "grid", "some", "0,0", "8,12", "1,2", "2,2");
        reshape(b, "some", "few", "1,24,6");
        builder_node(b, "MatMul", "", "few,flat", "scores");
        builder_int(b, builder_node(b, "Softmax", "", "scores", "weights"), "axis", -1);
        builder_node(b, "MatMul", "", "weights,all", "mixed");
        builder_node(b, "Relu", "", "mixed", "y");
        builder_output(b, "y");
        const char *const names[] = {"few", "mixed", "y"};
        for (int i = 0; i < 3; i++) {
            const fvi_token_grid g = grid(&t, names[i], odd ? 7 : 8, 12);
            assert_map(&g, 4, 6, 0, 6, 1);
        }
        const fvi_token_grid g = grid(&t, "weights", odd ? 7 : 8, 12);
        assert_map(&g, 4, 6, 0, 6, 1); /* a channel a key */
        trial_free(&t);
    }
}

/* Two scales of a detector in one axis; an encoder's code, and a map decoded from it; pixel
 * shuffle. */
static void maps_of_their_own(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,3,16,16");
    builder_f32(b, "w", "8,3,4,4", NULL);
    builder_ints(b, builder_node(b, "Conv", "", "x,w", "fine"), "strides", "4,4");
    builder_f32(b, "w2", "8,8,2,2", NULL);
    builder_ints(b, builder_node(b, "Conv", "", "fine,w2", "coarse"), "strides", "2,2");
    reshape(b, "fine", "f", "1,8,16");
    reshape(b, "coarse", "c", "1,8,4");
    concat(b, "f,c", "scales", 2);
    builder_node(b, "Flatten", "", "coarse", "flat");
    builder_f32(b, "fc", "32,48", NULL);
    builder_node(b, "MatMul", "", "flat,fc", "code");
    reshape(b, "code", "small", "1,12,2,2");
    builder_f32(b, "up", "12,4,2,2", NULL);
    builder_ints(b, builder_node(b, "ConvTranspose", "", "small,up", "decoded"), "strides", "2,2");
    builder_int(b, builder_node(b, "DepthToSpace", "", "fine", "shuffled"), "blocksize", 2);
    builder_output(b, "scales");
    builder_output(b, "decoded");
    builder_output(b, "shuffled");
    fvi_token_grid g = grid(&t, "scales", 16, 16);
    assert_int_equal(g.kind, FVI_GRID_NONE);
    g = grid(&t, "code", 16, 16);
    assert_int_equal(g.kind, FVI_GRID_NONE);
    g = grid(&t, "small", 16, 16); /* windows slide over it */
    assert_map(&g, 2, 2, 0, 2, 1);
    assert_false(g.of_picture);
    g = grid(&t, "decoded", 16, 16);
    assert_map(&g, 4, 4, 0, 4, 1);
    assert_false(g.of_picture);
    g = grid(&t, "shuffled", 16, 16);
    assert_map(&g, 8, 8, 0, 8, 1);
    assert_true(g.of_picture);
    trial_free(&t);
}

/* What mixes positions has none, until it is added to what has them. */
static void residual_branches(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,3,16,24");
    builder_f32(b, "w", "8,3,4,4", NULL);
    builder_ints(b, builder_node(b, "Conv", "", "x,w", "patches"), "strides", "4,4");
    reshape(b, "patches", "flat", "1,8,24");
    transpose(b, "flat", "tokens", "0,2,1");
    builder_f32(b, "mix", "24,24", NULL);
    builder_node(b, "MatMul", "", "flat,mix", "mixed");
    transpose(b, "mixed", "branch", "0,2,1");
    builder_node(b, "Add", "", "tokens,branch", "sum");
    builder_node(b, "GlobalAveragePool", "", "patches", "mean");
    builder_node(b, "Mul", "", "patches,mean", "gated");
    builder_output(b, "sum");
    builder_output(b, "gated");
    fvi_token_grid g = grid(&t, "branch", 16, 24);
    assert_int_equal(g.kind, FVI_GRID_NONE);
    g = grid(&t, "sum", 16, 24);
    assert_map(&g, 4, 6, 0, 6, 1);
    g = grid(&t, "gated", 16, 24);
    assert_map(&g, 4, 6, 0, 6, 1);
    trial_free(&t);
}

/* A batch of three: positions are those of one sample, though windows are part of the batch. */
static void samples_are_no_positions(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "3,3,16,24");
    builder_f32(b, "w", "8,3,4,4", NULL);
    builder_ints(b, builder_node(b, "Conv", "", "x,w", "patches"), "strides", "4,4");
    transpose(b, "patches", "map", "0,2,3,1");
    reshape(b, "map", "six", "3,2,2,3,2,8");
    transpose(b, "six", "turned", "0,1,3,2,4,5");
    reshape(b, "turned", "windows", "18,4,8");
    builder_output(b, "windows");
    fvi_token_grid g = grid(&t, "map", 16, 24);
    assert_map(&g, 4, 6, 0, 6, 1);
    g = grid(&t, "windows", 16, 24);
    assert_int_equal(g.kind, FVI_GRID_MAP);
    assert_int_equal(fvi_token_grid_position(&g, 3, 5), 23);
    assert_int_equal(fvi_token_grid_position(&g, 1, 2), (0 * 3 + 1) * 4 + 2);
    trial_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_rows_and_columns),
        cmocka_unit_test(attention_is_no_map),
        cmocka_unit_test(maps_lie_over_what_is_left),
        cmocka_unit_test(patches_may_be_reshaped),
        cmocka_unit_test(patches_may_be_indexed),
        cmocka_unit_test(unrolled_tokens_are_pooled),
        cmocka_unit_test(windows_are_put_together),
        cmocka_unit_test(merged_patches_are_half_the_map),
        cmocka_unit_test(queries_of_fewer_positions),
        cmocka_unit_test(maps_of_their_own),
        cmocka_unit_test(residual_branches),
        cmocka_unit_test(samples_are_no_positions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
