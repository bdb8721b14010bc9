/* SPDX-License-Identifier: Apache-2.0 */
/* Regions: what a part of a result depends on, in networks where that can be counted by hand. */
#include "graph/region.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/lower_help.h"
#include "support/steps.h"

/* The regions of all values for one element (all axes from, to) of value `of`. */
static fvi_region *regions_of(trial *t, const char *of, const int64_t *lo, const int64_t *hi) {
    if (!t->graph && trial_lower(t, NULL, NULL)) fail_msg("%s", t->err.text);
    const int v = fvi_graph_find(t->graph, of);
    if (v < 0) fail_msg("no value %s", of);
    fvi_region *r = calloc((size_t)t->graph->n_values + 1, sizeof *r);
    r[v] = fvi_region_whole(&t->graph->values[v].shape);
    for (int i = 0; i < t->graph->values[v].shape.ndim; i++) r[v].lo[i] = lo[i], r[v].hi[i] = hi[i];
    fvi_graph_regions(t->graph, r);
    return r;
}

/* That value `name` is needed as "0..1 3..5", or "" for not at all. */
static void assert_region(const trial *t, const fvi_region *r, const char *name,
                          const char *expected) {
    char text[256] = "";
    const int v = fvi_graph_find(t->graph, name);
    if (v < 0) fail_msg("no value %s", name);
    for (int i = 0; r[v].needed && i < t->graph->values[v].shape.ndim; i++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%d..%d", i ? " " : "", (int)r[v].lo[i],
                 (int)r[v].hi[i] - 1);
    }
    if (strcmp(text, expected) != 0) fail_msg("%s: %s, not %s", name, text, expected);
}

/* Two scales of a detector, as in YOLO: [n][numbers][boxes]. A box is of one of them, and sees a
 * part of the picture. */
static void a_box_is_of_one_scale(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,3,32,32");
    builder_f32(b, "w", "4,3,4,4", NULL);
    builder_ints(b, builder_node(b, "Conv", "", "x,w", "fine"), "strides", "4,4");
    builder_f32(b, "w2", "6,4,3,3", NULL);
    Onnx__NodeProto *n = builder_node(b, "Conv", "", "fine,w2", "coarse");
    builder_ints(b, n, "strides", "2,2");
    builder_ints(b, n, "pads", "1,1,1,1");
    builder_f32(b, "wf", "7,4,1,1", NULL);
    builder_node(b, "Conv", "", "fine,wf", "f");
    builder_f32(b, "wc", "7,6,1,1", NULL);
    builder_node(b, "Conv", "", "coarse,wc", "c");
    reshape(b, "f", "ff", "1,7,64");
    reshape(b, "c", "cc", "1,7,16");
    builder_int(b, builder_node(b, "Concat", "", "ff,cc", "y"), "axis", 2);
    builder_output(b, "y");
    fvi_region *r = regions_of(&t, "y", (int64_t[]){0, 5, 19}, (int64_t[]){1, 6, 20});
    assert_region(&t, r, "ff", "0..0 5..5 19..19");
    assert_region(&t, r, "cc", "");
    assert_region(&t, r, "coarse", "");
    assert_region(&t, r, "f", "0..0 5..5 2..2 3..3"); /* 19 = 2 * 8 + 3 */
    assert_region(&t, r, "fine", "0..0 0..3 2..2 3..3");
    assert_region(&t, r, "x", "0..0 0..2 8..11 12..15");
    free(r);
    r = regions_of(&t, "y", (int64_t[]){0, 5, 64}, (int64_t[]){1, 6, 65});
    assert_region(&t, r, "ff", "");
    assert_region(&t, r, "c", "0..0 5..5 0..0 0..0");
    assert_region(&t, r, "fine", "0..0 0..3 0..1 0..1"); /* a window half in the padding */
    free(r);
    trial_free(&t);
}

/* A class token's row: of the last attention one query, and all keys and values. */
static void attention_needs_all_keys(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "1,6,8");
    builder_f32(b, "w", "8,8", NULL);
    builder_f32(b, "one", "8", NULL);
    builder_node(b, "LayerNormalization", "", "x,one,one", "norm");
    builder_node(b, "MatMul", "", "norm,w", "q");
    builder_node(b, "MatMul", "", "norm,w", "k");
    builder_node(b, "MatMul", "", "norm,w", "v");
    builder_ints(b, builder_node(b, "Transpose", "", "k", "kt"), "perm", "0,2,1");
    builder_node(b, "MatMul", "", "q,kt", "scores");
    builder_int(b, builder_node(b, "Softmax", "", "scores", "p"), "axis", -1);
    builder_node(b, "MatMul", "", "p,v", "mixed");
    builder_node(b, "Add", "", "x,mixed", "sum");
    builder_init(b, "zero", FVI_I64, "", (int64_t[]){0});
    builder_int(b, builder_node(b, "Gather", "", "sum,zero", "class"), "axis", 1);
    builder_output(b, "class");
    fvi_region *r = regions_of(&t, "class", (int64_t[]){0, 0}, (int64_t[]){1, 8});
    assert_region(&t, r, "sum", "0..0 0..0 0..7");
    assert_region(&t, r, "mixed", "0..0 0..0 0..7");
    assert_region(&t, r, "p", "0..0 0..0 0..5");
    assert_region(&t, r, "q", "0..0 0..0 0..7");
    assert_region(&t, r, "kt", "0..0 0..7 0..5");
    assert_region(&t, r, "k", "0..0 0..5 0..7");
    assert_region(&t, r, "norm", "0..0 0..5 0..7");
    free(r);
    trial_free(&t);
}

/* Slices, padding, reductions, and an operand that is broadcast. */
static void what_moves_elements_moves_regions(void **state) {
    (void)state;
    trial t = trial_new(17);
    builder *b = t.b;
    builder_input(b, "x", FVI_F32, "2,5,12");
    builder_i64(b, "from", "11");
    builder_i64(b, "to", "0");
    builder_i64(b, "axis", "2");
    builder_i64(b, "step", "-3");
    builder_node(b, "Slice", "", "x,from,to,axis,step", "s"); /* 11, 8, 5, 2 */
    builder_i64(b, "pads", "0,1,0,0,1,0");
    builder_node(b, "Pad", "", "s,pads", "p");
    Onnx__NodeProto *n = builder_node(b, "ReduceMean", "", "x", "m");
    builder_ints(b, n, "axes", "2");
    builder_int(b, n, "keepdims", 1);
    reshape(b, "p", "r", "2,7,2,2");
    reshape(b, "m", "e", "2,5,1,1");
    builder_i64(b, "pads4", "0,1,0,0,0,1,0,0");
    builder_node(b, "Pad", "", "e,pads4", "e7");
    builder_node(b, "Mul", "", "r,e7", "y");
    builder_output(b, "y");
    fvi_region *r = regions_of(&t, "y", (int64_t[]){1, 2, 1, 0}, (int64_t[]){2, 4, 2, 2});
    assert_region(&t, r, "p", "1..1 2..3 2..3");
    assert_region(&t, r, "s", "1..1 1..2 2..3");
    assert_region(&t, r, "e", "1..1 1..2 0..0 0..0");
    assert_region(&t, r, "m", "1..1 1..2 0..0");
    assert_region(&t, r, "x", "1..1 1..2 0..11");
    free(r);
    r = regions_of(&t, "s", (int64_t[]){0, 0, 2}, (int64_t[]){1, 1, 4});
    assert_region(&t, r, "x", "0..0 0..0 2..5");
    free(r);
    r = regions_of(&t, "p", (int64_t[]){0, 0, 0}, (int64_t[]){1, 1, 4});
    assert_region(&t, r, "s", ""); /* padding alone */
    free(r);
    trial_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_is_of_one_scale),
        cmocka_unit_test(attention_needs_all_keys),
        cmocka_unit_test(what_moves_elements_moves_regions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
