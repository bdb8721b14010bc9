/* SPDX-License-Identifier: Apache-2.0 */
/* What hostile attributes and shapes of com.microsoft's operators are refused with: the operator,
 * the value found, what is allowed. Their values and gradients are compared in tests/onnx. */
#include "support/lower_help.h"

#include <stdlib.h>

typedef struct refusal {
    const char *op;
    const char *inputs; /* "f DIMS": numbers at run time; "c DIMS": constant ones; "s NUMBER": a
                         * scale; "i LIST": constant integers; "-": absent */
    const char *attrs;  /* "name:integer", "name=integers", "name~number" or "name!text" */
    fv_status status;
    const char *text;
} refusal;

/* clang-format off */
static const refusal refusals[] = {
    {"Attention", "f 1,3,4;f 4,12", "", FV_FORMAT, "num_heads is 0; 1 or more"},
    {"Attention", "f 1,3,4;f 4,12", "num_heads:-2", FV_FORMAT, "num_heads is -2; 1 or more"},
    {"Attention", "f 1,3,4", "num_heads:2", FV_FORMAT, "input 1 is missing"},
    {"Attention", "f 3,4;f 4,12", "num_heads:2", FV_SHAPE, "have 2 and 2 axes; 3 and 2"},
    {"Attention", "f 1,3,4;f 4,12", "num_heads:3", FV_SHAPE, "a multiple of the 3 heads"},
    {"Attention", "f 1,3,4;f 4,13", "num_heads:2", FV_SHAPE, "1 columns of the weights are not"},
    {"Attention", "f 1,3,4;f 5,12", "num_heads:2", FV_SHAPE, "cannot be multiplied"},
    {"Attention", "f 1,3,4;f 4,12", "num_heads:2;qkv_hidden_sizes=4,4", FV_FORMAT, "has 2 numbers"},
    {"Attention", "f 1,3,4;f 4,12", "num_heads:2;qkv_hidden_sizes=4,2,6",
     FV_SHAPE, "Q, K and V are 1x2x3x2, 1x2x3x1 and 1x2x3x3"},
    {"Attention", "f 1,3,4;f 4,12", "num_heads:2;qkv_hidden_sizes=4,4,9223372036854775806",
     FV_SHAPE, "have 9223372036854775806 of 12 columns"},
    {"Attention", "f 1,3,4;f 4,12;-;i 1,2,3,4,5", "num_heads:2",
     FV_UNSUPPORTED, "its mask is 5; allowed: 1 or 2 lengths, 1x3 or 1x3x3 numbers"},
    {"Attention", "f 1,3,4;f 4,12;-;-;f 1,2,3", "num_heads:2", FV_SHAPE, "its past has 3 axes"},
    {"Attention", "f 1,3,4;f 4,12;-;-;-;f 2,2,3,3", "num_heads:2",
     FV_SHAPE, "its attention_bias is larger than its scores"},
    {"Attention", "f 1,3,4;f 4,12", "num_heads:2;do_rotary:1",
     FV_UNSUPPORTED, "do_rotary is 1; only 0 is supported"},
    {"MultiHeadAttention", "f 1,3,4", "num_heads:2", FV_FORMAT, "input 1 is missing"},
    {"MultiHeadAttention", "f 1,3,4;f 1,3,4;f 1,3,4", "num_heads:3",
     FV_SHAPE, "its input 0 is 1x3x4; batch x length x a multiple of 3 heads is needed"},
    {"MultiHeadAttention", "f 1,3,4;f 1,5,4;f 1,6,4", "num_heads:2", FV_SHAPE, "do not fit"},
    {"MultiHeadAttention", "f 1,3,2,4,2", "num_heads:2", FV_SHAPE, "1x3x2x4x2"},
    {"MultiHeadAttention", "f 1,3,4;f 1,3,4;f 1,3,4;f 13", "num_heads:2",
     FV_SHAPE, "its bias has not the 12 numbers"},
    {"MultiHeadAttention", "f 1,3,4;f 1,3,4;f 1,3,4;-;-;-;-;-;i 3", "num_heads:2",
     FV_UNSUPPORTED, "its input past_sequence_length is not supported"},
    {"MultiHeadAttention", "f 1,3,4;f 1,3,4;f 1,3,4;-;i 1,2,3,4", "num_heads:2",
     FV_UNSUPPORTED, "its mask is 4"},
    {"RotaryEmbedding", "f 1,3,8;i 0,1,2;f 5,2;f 5,3", "", FV_SHAPE, "5x2 and 5x3"},
    {"RotaryEmbedding", "f 1,3,8;i 0,1,5;f 5,2;f 5,2", "",
     FV_SHAPE, "position 5 of a table of cosines or sines; allowed: 0..4"},
    {"RotaryEmbedding", "f 1,3,8;i -1;f 5,2;f 5,2", "", FV_SHAPE, "position -1"},
    {"RotaryEmbedding", "f 1,3,8;i 9223372036854775807;f 5,2;f 5,2", "", FV_SHAPE, "position -1"},
    {"RotaryEmbedding", "f 1,3,8;i 0,1;f 5,2;f 5,2", "",
     FV_SHAPE, "its position_ids are 2; allowed: 1 or 1x3"},
    {"RotaryEmbedding", "f 1,3,8;i 0;f 5,3;f 5,3", "", FV_SHAPE, "not heads of 6"},
    {"RotaryEmbedding", "f 1,3,8;i 0;f 5,1;f 5,1", "rotary_embedding_dim:2",
     FV_FORMAT, "num_heads is missing"},
    {"RotaryEmbedding", "f 1,3,8;i 0;f 5,4;f 5,4", "num_heads:2", FV_SHAPE, "for heads of 4"},
    {"GroupQueryAttention", "f 1,3,8;f 1,3,4;f 1,3,4;-;-;i 2;i 3", "num_heads:4",
     FV_SHAPE, "num_heads is 4 and kv_num_heads 0"},
    {"GroupQueryAttention", "f 1,3,8;f 1,3,4;f 1,3,4;-;-;i 2;i 3", "num_heads:4;kv_num_heads:3",
     FV_SHAPE, "num_heads is 4 and kv_num_heads 3"},
    {"GroupQueryAttention", "f 1,3,8;f 1,3,4;f 1,3,4;-;-;i 7;i 3", "num_heads:4;kv_num_heads:2",
     FV_SHAPE, "seqlens_k of sample 0 is 7; 0..2 is supported"},
    {"GroupQueryAttention", "f 1,3,8;f 1,2,4;f 1,3,4;-;-;i 2;i 3", "num_heads:4;kv_num_heads:2",
     FV_SHAPE, "its input 1 is 1x2x4; 1 x 3 x a multiple of 2"},
    {"GroupQueryAttention", "f 1,1,8;f 1,1,4;f 1,1,4;f 1,2,5,2;f 1,2,5,2;i 3;i 4",
     "num_heads:4;kv_num_heads:2",
     FV_UNSUPPORTED, "seqlens_k of sample 0 is 3; 5 is supported with 5 keys before and 1 new"},
    {"GroupQueryAttention", "f 1,3,8;f 1,3,4;f 1,3,4;-;-;i 2;i 3",
     "num_heads:4;kv_num_heads:2;do_rotary:1", FV_FORMAT, "input 7 is missing"},
    {"SkipGroupNorm", "f 1,2,2,4;c 4;c 4;f 1,2,2,5", "groups:2", FV_SHAPE, "SkipGroupNorm"},
    {"GroupNorm", "f 1,2,2,4;c 4;c 4", "groups:3", FV_SHAPE, "4 channels in 3 groups"},
    {"GroupNorm", "f 1,2,2,4;c 4;c 5", "groups:2", FV_SHAPE, "its beta is 5; 4 numbers are needed"},
    {"GroupNorm", "f 1,2,4;c 4;c 4", "groups:2", FV_SHAPE, "its input has 3 axes; 4 are needed"},
    {"GroupNorm", "f 1,2,2,4;c 4;c 4", "groups:2;activation:2", FV_FORMAT, "activation is 2; 0 or 1"},
    {"BiasSplitGelu", "f 1,3;f 3", "", FV_SHAPE, "its input is 1x3; an even last axis"},
    {"EmbedLayerNormalization", "i 1,2;-;f 5,4;f 5,4;-;f 4;f 4", "", FV_SHAPE, "have 1 axes"},
    {"QLinearSoftmax", "f 1,3;s 0;-;s 1;-", "opset:13", FV_UNSUPPORTED, "scale 0 is 0; allowed: positive"},
    {"QLinearSoftmax", "f 1,3;s 1;-;s 1;-", "opset:13;axis:2", FV_SHAPE, "axis 2"},
    {"QLinearGlobalAveragePool", "f 1,3;s 1;-;s 1;-", "", FV_SHAPE, "it cannot pool 1x3"},
    {"QLinearReduceMean", "f 1,3;s 1;-;s 1;-", "axes=4", FV_SHAPE, "axis 4"},
    {"QLinearConcat", "s 1;-", "axis:0", FV_FORMAT, "it has no parts"},
    {"NhwcMaxPool", "f 1,4,4,2", "kernel_shape=5,5", FV_SHAPE, "a window of 5 does not fit into 4"},
    {"NhwcMaxPool", "f 4,2", "kernel_shape=2", FV_SHAPE, "its input is 4x2"},
    {"QGemm", "f 2,3;s 1;-;f 4,5;s 1;-;-;-;-", "", FV_SHAPE, "cannot be multiplied"},
    {"QGemm", "f 2,3;s 1", "", FV_FORMAT, "input 3 is missing"},
    {"DynamicQuantizeMatMul", "f 2,3;f 4,5;s 1", "", FV_SHAPE, "cannot be multiplied"},
    {"DynamicQuantizeLSTM", "f 3,2,4;c 1,4,20;c 1,5,20;-;-;-;-;-;c 3;-;c 1;-", "",
     FV_SHAPE, "its weights 1x4x20 have scales 3"},
    {"DynamicQuantizeLSTM", "f 3,2,4;c 1,3,20;c 1,5,20;-;-;-;-;-;c 1;-;c 1;-", "",
     FV_SHAPE, "its weights W are 1x20x3; 1x20x4 is needed"},
    {"QAttention", "f 1,3,4;f 4,12;-;s 1", "num_heads:2", FV_FORMAT, "input 4 is missing"},
};
/* clang-format on */

/* Adds input number i as its text says; its name, "" for an absent one. */
static const char *add_input(builder *b, int i, const char *text) {
    char *name = fvi_pool_printf(builder_pool(b), "x%d", i);
    if (*text == '-') return "";
    if (*text == 'f') builder_input(b, name, FVI_F32, text + 2);
    if (*text == 'i') builder_i64(b, name, text + 2);
    if (*text == 'c') builder_f32(b, name, text + 2, NULL);
    if (*text == 's') builder_f32(b, name, "", &(float){(float)atof(text + 2)});
    return name;
}

static void add_attributes(builder *b, Onnx__NodeProto *n, const char *attrs) {
    char *text = fvi_pool_strdup(builder_pool(b), attrs), *rest = NULL;
    for (char *a = strtok_r(text, ";", &rest); a; a = strtok_r(NULL, ";", &rest)) {
        char *sign = strpbrk(a, "=:~!"), kind = *sign;
        *sign = 0;
        if (kind == '=') builder_ints(b, n, a, sign + 1);
        if (kind == ':') builder_int(b, n, a, atoll(sign + 1));
        if (kind == '~') builder_float(b, n, a, (float)atof(sign + 1));
        if (kind == '!') builder_string(b, n, a, sign + 1);
    }
}

static trial one_op(const refusal *r) {
    trial t = trial_new(17);
    char *text = fvi_pool_strdup(builder_pool(t.b), r->inputs), *rest = NULL;
    char *names = fvi_pool_strdup(builder_pool(t.b), "");
    int i = 0;
    builder_opset(t.b, "com.microsoft", 1);
    for (char *a = strtok_r(text, ";", &rest); a; a = strtok_r(NULL, ";", &rest), i++)
        names =
            fvi_pool_printf(builder_pool(t.b), "%s%s%s", names, i ? "," : "", add_input(t.b, i, a));
    Onnx__NodeProto *n = builder_node(t.b, r->op, "node", names, "y");
    n->domain = fvi_pool_strdup(builder_pool(t.b), "com.microsoft");
    add_attributes(t.b, n, r->attrs);
    builder_output(t.b, "y");
    return t;
}

static void hostile_forms_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const refusal *r = &refusals[i];
        trial t = one_op(r);
        fv_status st = trial_lower(&t, NULL, NULL);
        if (st != r->status || !strstr(t.err.text, r->text))
            fail_msg("%s %s %s: status %d \"%s\"", r->op, r->inputs, r->attrs, st, t.err.text);
        assert_null(t.graph);
        trial_free(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_forms_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
