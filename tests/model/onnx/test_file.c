/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX files: what is read from good ones, and what bad ones are refused with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/const.h"
#include "support/builder.h"
#include "model/onnx/open.h"
#include "model/onnx/attribute.h"
#include "model/onnx/tensors/tensor.h"
#include "model/protobuf/wire.h"
#include "support/onnx_file.h"

/* A small sound network: conv, relu, gemm. */
static builder *small_net(void) {
    builder *b = builder_new(17);
    builder_input(b, "x", FVI_F32, "N,3,8,8");
    builder_f32(b, "w", "4,3,3,3", NULL);
    builder_f32(b, "b", "4", NULL);
    builder_f32(b, "v", "5,256", NULL);
    Onnx__NodeProto *n = builder_node(b, "Conv", "conv1", "x,w,b", "y");
    builder_ints(b, n, "pads", "1,1,1,1");
    builder_node(b, "Relu", "relu1", "y", "z");
    builder_node(b, "Flatten", "flat", "z", "f");
    n = builder_node(b, "Gemm", "fc", "f,v", "out");
    builder_int(b, n, "transB", 1);
    builder_output(b, "out");
    return b;
}

static void expect_refused(const char *path, fv_status status, const char *text) {
    fvi_onnx *o = NULL;
    fv_error err = {0};
    fv_status st = onnx_open(path, &o, &err);
    if (st != status || !strstr(err.text, text))
        fail_msg("status %d (wanted %d), text \"%s\" (wanted \"%s\")", st, status, err.text, text);
    assert_int_equal(err.status, status);
    assert_null(o);
}

static void expect_saved_refused(builder *b, fv_status status, const char *text) {
    expect_refused(builder_save(b, "net.onnx"), status, text);
    builder_free(b);
}

static fvi_onnx *open_good(const char *path) {
    fvi_onnx *o = NULL;
    fv_error err = {0};
    if (onnx_open(path, &o, &err)) fail_msg("%s", err.text);
    return o;
}

/* ---- good files ----------------------------------------------------------------------------- */

static void reads_small_net(void **state) {
    (void)state;
    builder *b = small_net();
    builder_metadata(b, "key", "value");
    fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
    int n = 0;
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(o, &n);
    assert_int_equal(n, 4);
    assert_string_equal(nodes[0]->name, "conv1");
    assert_string_equal(nodes[0]->domain, "");
    assert_int_equal(fvi_onnx_opset(o, ""), 17);
    assert_int_equal(fvi_onnx_opset(o, "com.microsoft"), 0);
    assert_string_equal(fvi_onnx_metadata(o, "key"), "value");
    assert_null(fvi_onnx_metadata(o, "none"));
    const fvi_const *w = fvi_onnx_initializer(o, "w");
    assert_non_null(w);
    assert_int_equal(w->shape.ndim, 4);
    assert_int_equal(w->shape.dim[0], 4);
    const uint8_t *file = o->file.bytes.bytes;
    assert_true(w->bytes > file && w->bytes < file + o->file.bytes.size); /* not copied */
    assert_int_equal(fvi_onnx_proto(o)->graph->initializer[0]->raw_data.len, 0);
    assert_true(fabs(fvi_const_at(w, 0) - (17.0 / 2003 - 0.5)) < 1e-6);
    assert_null(fvi_onnx_initializer(o, "nothing"));
    const int64_t *pads = NULL;
    assert_int_equal(fvi_onnx_attr_ints(nodes[0], "pads", &pads), 4);
    assert_int_equal(pads[3], 1);
    assert_int_equal(fvi_onnx_attr_ints(nodes[0], "strides", &pads), -1);
    assert_int_equal(fvi_onnx_attr_int(nodes[3], "transB", 0), 1);
    assert_int_equal(fvi_onnx_attr_int(nodes[3], "transA", 7), 7);
    assert_true(fvi_onnx_attr_float(nodes[3], "alpha", 2.5f) == 2.5f);
    assert_true(fvi_onnx_attr_is(nodes[0], "auto_pad", "NOTSET", "NOTSET"));
    onnx_close(o);
    builder_free(b);
}

static void keeps_packed_floats_mapped(void **state) {
    (void)state;
    builder *b = small_net();
    Onnx__TensorProto *t = builder_f32(b, "p", "4", NULL);
    float v[4] = {1, -2, 3.5f, 4};
    t->has_raw_data = 0;
    t->n_float_data = 4;
    t->float_data = v;
    fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
    const fvi_const *p = fvi_onnx_initializer(o, "p");
    const uint8_t *file = o->file.bytes.bytes;
    assert_true(p->bytes > file && p->bytes < file + o->file.bytes.size);
    for (int i = 0; i < 4; i++) assert_true(fvi_const_at(p, i) == v[i]);
    onnx_close(o);
    builder_free(b);
}

/* Every type, raw and in its typed field, holds 0, 1 and 100 (bool: 0, 1, 1). */
typedef struct type_case {
    fvi_dtype type;
    const void *raw;
    size_t bytes;
} type_case;

static void typed_set(Onnx__TensorProto *t, fvi_dtype type, builder *b) {
    static const double one[3] = {0, 1, 100};
    static const int32_t bits_f16[3] = {0, 0x3c00, 0x5640}, bits_bf16[3] = {0, 0x3f80, 0x42c8};
    int32_t *i32 = fvi_pool_array(builder_pool(b), 3, 4);
    float *f32 = fvi_pool_array(builder_pool(b), 3, 4);
    double *f64 = fvi_pool_array(builder_pool(b), 3, 8);
    int64_t *i64 = fvi_pool_array(builder_pool(b), 3, 8);
    uint64_t *u64 = fvi_pool_array(builder_pool(b), 3, 8);
    for (int i = 0; i < 3; i++) {
        f32[i] = (float)(f64[i] = one[i]);
        i64[i] = i32[i] = (int32_t)one[i];
        u64[i] = (uint64_t)one[i];
        if (type == FVI_F16) i32[i] = bits_f16[i];
        if (type == FVI_BF16) i32[i] = bits_bf16[i];
    }
    t->has_raw_data = 0;
    if (type == FVI_F32)
        t->n_float_data = 3, t->float_data = f32;
    else if (type == FVI_F64)
        t->n_double_data = 3, t->double_data = f64;
    else if (type == FVI_I64)
        t->n_int64_data = 3, t->int64_data = i64;
    else if (type == FVI_U64 || type == FVI_U32)
        t->n_uint64_data = 3, t->uint64_data = u64;
    else
        t->n_int32_data = 3, t->int32_data = i32;
}

static void reads_every_type(void **state) {
    (void)state;
#define RAW(T) (const T[]){0, 1, 100}, 3 * sizeof(T)
    const type_case cases[] = {
        {FVI_F32, RAW(float)},
        {FVI_F64, RAW(double)},
        {FVI_U8, RAW(uint8_t)},
        {FVI_I8, RAW(int8_t)},
        {FVI_U16, RAW(uint16_t)},
        {FVI_I16, RAW(int16_t)},
        {FVI_I32, RAW(int32_t)},
        {FVI_U32, RAW(uint32_t)},
        {FVI_I64, RAW(int64_t)},
        {FVI_U64, RAW(uint64_t)},
        {FVI_BOOL, RAW(uint8_t)},
        {FVI_F16, (uint16_t[]){0, 0x3c00, 0x5640}, 6},
        {FVI_BF16, (uint16_t[]){0, 0x3f80, 0x42c8}, 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        builder *b = small_net();
        assert_int_equal(fvi_dtype_size(cases[i].type) * 3, cases[i].bytes);
        builder_init(b, "raw", cases[i].type, "3", cases[i].raw);
        typed_set(builder_init(b, "typed", cases[i].type, "3", NULL), cases[i].type, b);
        fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
        const char *names[] = {"raw", "typed"};
        for (int k = 0; k < 2; k++) {
            const fvi_const *c = fvi_onnx_initializer(o, names[k]);
            float f[3];
            fvi_const_to_f32(c, f);
            float last = cases[i].type == FVI_BOOL ? 1 : 100;
            if (f[0] != 0 || f[1] != 1 || f[2] != last || fvi_const_at(c, 2) != last)
                fail_msg("type %d %s: %g %g %g", cases[i].type, names[k], f[0], f[1], f[2]);
        }
        onnx_close(o);
        builder_free(b);
    }
    assert_int_equal(fvi_dtype_size((fvi_dtype)8), 0);
}

static void converts_halves(void **state) {
    (void)state;
    const uint16_t h[] = {0x8000, 0xbc00, 0x0001, 0x03ff, 0x0400,
                          0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8001};
    const double want[] = {-0.0,     -1,        0x1p-24, 1023 * 0x1p-24, 0x1p-14, 65504,
                           INFINITY, -INFINITY, NAN,     -0x1p-24};
    fvi_const c = {FVI_F16, {1, {10}}, (const uint8_t *)h, 0};
    for (int i = 0; i < 10; i++) {
        double v = fvi_const_at(&c, i);
        if (isnan(want[i]) ? !isnan(v) : v != want[i]) fail_msg("%04x: %g", h[i], v);
    }
    assert_true(signbit(fvi_const_at(&c, 0)));
}

static void sorts_nodes(void **state) {
    (void)state;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "1");
    builder_node(b, "Relu", "third", "b", "c");
    builder_node(b, "Relu", "second", "a", "b");
    builder_node(b, "Relu", "first", "x", "a");
    builder_output(b, "c");
    fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
    int n;
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(o, &n);
    assert_int_equal(n, 3);
    assert_string_equal(nodes[0]->name, "first");
    assert_string_equal(nodes[1]->name, "second");
    assert_string_equal(nodes[2]->name, "third");
    onnx_close(o);
    builder_free(b);
}

/* A branch of an If takes a value from outside: its maker must come before the If. */
static void sorts_by_uses_inside_branches(void **state) {
    (void)state;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "1");
    builder_init(b, "c", FVI_BOOL, "1", NULL);
    Onnx__NodeProto *cond = builder_node(b, "If", "if", "c", "out");
    for (int i = 0; i < 2; i++) {
        Onnx__GraphProto *g = builder_graph_new(b);
        builder_node_append(b, g, builder_node_new(b, "Relu", "in", "a", "r"));
        builder_graph_output(b, g, "r");
        builder_graph_attr(b, cond, i ? "then_branch" : "else_branch", g);
    }
    builder_node(b, "Relu", "maker", "x", "a");
    builder_output(b, "out");
    fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
    int n;
    assert_string_equal(fvi_onnx_nodes(o, &n)[0]->name, "maker");
    onnx_close(o);
    builder_free(b);
}

static void initializer_may_be_an_input_too(void **state) {
    (void)state;
    builder *b = small_net();
    builder_input(b, "w", FVI_F32, "4,3,3,3");
    fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
    assert_non_null(fvi_onnx_initializer(o, "w"));
    onnx_close(o);
    builder_free(b);
}

static void unread_types_wait_until_used(void **state) {
    (void)state;
    builder *b = small_net();
    builder_init(b, "s", 8, "0", NULL);
    builder_f32(b, "deep", "1,1,1,1,1,1,1,1,1", NULL);
    fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
    assert_null(fvi_onnx_initializer(o, "s"));
    assert_non_null(strstr(fvi_onnx_initializer_problem(o, "s"), "string"));
    assert_non_null(strstr(fvi_onnx_initializer_problem(o, "deep"), "more than 8 dimensions"));
    assert_null(fvi_onnx_initializer_problem(o, "w"));
    fvi_pool *pool = fvi_pool_new(0);
    const fvi_const *c = NULL;
    fv_error err;
    assert_int_equal(fvi_onnx_tensor(o, builder_tensor(b, "q", 23, "1", NULL), pool, &c, &err),
                     FV_UNSUPPORTED);
    assert_null(c);
    fvi_pool_free(pool);
    onnx_close(o);
    builder_free(b);
}

/* ---- functions ------------------------------------------------------------------------------ */

/* Twice(x) = Inner(Inner(x)), Inner(x) = LeakyRelu(x) + x with its slope from the caller. */
static void add_functions(builder *b, int opset) {
    fvi_pool *pool = builder_pool(b);
    Onnx__FunctionProto *f = fvi_pool_array(pool, 2, sizeof *f);
    Onnx__OperatorSetIdProto *set = fvi_pool_alloc(pool, sizeof *set);
    onnx__operator_set_id_proto__init(set);
    set->has_version = 1;
    set->version = opset;
    const char *names[2] = {"Twice", "Inner"};
    builder_model(b)->functions = fvi_pool_array(pool, 2, sizeof(void *));
    builder_model(b)->n_functions = 2;
    for (int i = 0; i < 2; i++) {
        onnx__function_proto__init(&f[i]);
        builder_model(b)->functions[i] = &f[i];
        f[i].name = (char *)names[i];
        f[i].domain = (char *)"pkg.own";
        f[i].n_input = f[i].n_output = f[i].n_opset_import = 1;
        f[i].input = fvi_pool_array(pool, 1, sizeof(void *));
        f[i].output = fvi_pool_array(pool, 1, sizeof(void *));
        f[i].opset_import = fvi_pool_array(pool, 1, sizeof(void *));
        f[i].input[0] = (char *)"in";
        f[i].output[0] = (char *)"out";
        f[i].opset_import[0] = set;
        f[i].n_node = 2;
        f[i].node = fvi_pool_array(pool, 2, sizeof(void *));
    }
    f[0].node[0] = builder_node_new(b, "Inner", "one", "in", "t");
    f[0].node[1] = builder_node_new(b, "Inner", "two", "t", "out");
    for (int i = 0; i < 2; i++) {
        f[0].node[i]->domain = (char *)"pkg.own";
        builder_attr(b, f[0].node[i], "slope", FVI_ATTR_FLOAT)->ref_attr_name = (char *)"s";
    }
    f[1].node[0] = builder_node_new(b, "LeakyRelu", "leaky", "in", "l");
    builder_attr(b, f[1].node[0], "alpha", FVI_ATTR_FLOAT)->ref_attr_name = (char *)"slope";
    f[1].node[1] = builder_node_new(b, "Add", "sum", "l,in", "out");
}

static builder *net_with_functions(int opset) {
    builder *b = builder_new(17);
    builder_input(b, "x", FVI_F32, "1,4");
    Onnx__NodeProto *n = builder_node(b, "Twice", "call", "x", "y");
    n->domain = (char *)"pkg.own";
    builder_float(b, n, "s", 0.25f);
    builder_output(b, "y");
    add_functions(b, opset);
    return b;
}

static void inlines_functions(void **state) {
    (void)state;
    builder *b = net_with_functions(17);
    fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
    int n;
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(o, &n);
    assert_int_equal(n, 4);
    const char *ops[] = {"LeakyRelu", "Add", "LeakyRelu", "Add"};
    for (int i = 0; i < 4; i++) {
        assert_string_equal(nodes[i]->op_type, ops[i]);
        assert_string_equal(nodes[i]->domain, "");
        for (int k = 0; k < i; k++) assert_string_not_equal(nodes[i]->name, nodes[k]->name);
    }
    assert_string_equal(nodes[0]->input[0], "x");
    assert_string_equal(nodes[2]->input[0], nodes[1]->output[0]);
    assert_string_equal(nodes[3]->output[0], "y");
    assert_true(fvi_onnx_attr_float(nodes[2], "alpha", 0) == 0.25f);
    onnx_close(o);
    builder_free(b);
}

static void refuses_bad_functions(void **state) {
    (void)state;
    builder *b = net_with_functions(17);
    builder_model(b)->functions[1]->node[1]->op_type = (char *)"Inner";
    builder_model(b)->functions[1]->node[1]->domain = (char *)"pkg.own";
    builder_model(b)->functions[1]->node[1]->n_input = 1;
    expect_saved_refused(b, FV_FORMAT, "uses functions more than 32 deep");
    b = net_with_functions(17);
    builder_model(b)->functions[0]->n_input = 0;
    expect_saved_refused(b, FV_FORMAT, "node \"call\" has 1 inputs and 1 outputs");
    b = net_with_functions(16); /* another opset: stays, for the lowering to refuse */
    fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
    int n;
    assert_string_equal(fvi_onnx_nodes(o, &n)[0]->op_type, "Twice");
    onnx_close(o);
    builder_free(b);
}

/* ---- files that contradict themselves ------------------------------------------------------- */

static void refuses_opsets(void **state) {
    (void)state;
    const int bad[] = {FVI_OPSET_MIN - 1, FVI_OPSET_MAX + 1, -1};
    for (int i = 0; i < 3; i++) {
        builder *b = small_net();
        builder_model(b)->opset_import[0]->version = bad[i];
        char text[32];
        g_snprintf(text, sizeof text, "net.onnx: opset %d;", bad[i]);
        expect_saved_refused(b, FV_UNSUPPORTED, text);
    }
    builder *b = small_net();
    builder_model(b)->n_opset_import = 0;
    expect_saved_refused(b, FV_FORMAT, "no operator set");
}

static void refuses_cycle(void **state) {
    (void)state;
    builder *b = builder_new(13);
    builder_input(b, "x", FVI_F32, "1");
    builder_node(b, "Relu", "before", "x", "a");
    builder_node(b, "Add", "one", "a,c", "b");
    builder_node(b, "Relu", "two", "b", "c");
    builder_node(b, "Relu", "after", "c", "d");
    builder_output(b, "d");
    fvi_onnx *o = NULL;
    fv_error err;
    assert_int_equal(onnx_open(builder_save(b, "net.onnx"), &o, &err), FV_FORMAT);
    assert_non_null(strstr(err.text, "cycle"));
    assert_true(strstr(err.text, "\"one\"") || strstr(err.text, "\"two\""));
    builder_free(b);
    b = builder_new(13);
    builder_node(b, "Relu", "self", "a", "a");
    expect_saved_refused(b, FV_FORMAT, "node \"self\" (Relu) depends on itself");
}

static void refuses_names_that_do_not_fit(void **state) {
    (void)state;
    builder *b = small_net();
    builder_node(b, "Relu", "again", "y", "z");
    expect_saved_refused(b, FV_FORMAT,
                         "value \"z\" is made twice, the second time by node \"again\"");
    b = small_net();
    builder_node(b, "Relu", "again", "y", "w");
    expect_saved_refused(b, FV_FORMAT, "value \"w\" is made twice");
    b = small_net();
    builder_f32(b, "w", "1", NULL);
    expect_saved_refused(b, FV_FORMAT, "value \"w\" is made twice");
    b = small_net();
    builder_node(b, "Relu", "lost", "ghost", "q");
    expect_saved_refused(b, FV_FORMAT,
                         "node \"lost\" uses the value \"ghost\", which nothing makes");
    b = small_net();
    builder_output(b, "ghost");
    expect_saved_refused(b, FV_FORMAT, "nothing makes the output \"ghost\"");
    b = small_net();
    builder_node(b, "", "nameless", "z", "q");
    expect_saved_refused(b, FV_FORMAT, "\"nameless\" names no operator");
}

static void refuses_attribute_without_graph(void **state) {
    (void)state;
    builder *b = small_net();
    Onnx__NodeProto *n = builder_node(b, "If", "if", "z", "q");
    builder_attr(b, n, "then_branch", FVI_ATTR_GRAPH);
    expect_saved_refused(b, FV_FORMAT, "has no graph");
}

/* Files of IR version 1 name no types: what an attribute carries says it. */
static void infers_attribute_types(void **state) {
    (void)state;
    builder *b = small_net();
    Onnx__NodeProto *n = builder_node(b, "LRN", "lrn", "z", "q");
    builder_int(b, n, "size", 3);
    builder_float(b, n, "alpha", 0.5f);
    builder_string(b, n, "mode", "linear");
    builder_ints(b, n, "list", "7,8");
    for (size_t i = 0; i < n->n_attribute; i++) n->attribute[i]->has_type = 0;
    fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
    int count;
    const Onnx__NodeProto *lrn = fvi_onnx_nodes(o, &count)[4];
    const int64_t *list = NULL;
    assert_int_equal(fvi_onnx_attr_int(lrn, "size", 0), 3);
    assert_true(fvi_onnx_attr_float(lrn, "alpha", 0) == 0.5f);
    assert_true(fvi_onnx_attr_is(lrn, "mode", "linear", "nearest"));
    assert_false(fvi_onnx_attr_is(lrn, "mode", "line", "nearest"));
    assert_int_equal(fvi_onnx_attr_ints(lrn, "list", &list), 2);
    assert_int_equal(list[1], 8);
    onnx_close(o);
    builder_free(b);
}

static void refuses_sizes_that_do_not_fit(void **state) {
    (void)state;
    builder *b = small_net();
    builder_f32(b, "t", "4", NULL)->raw_data.len = 15;
    expect_saved_refused(b, FV_FORMAT,
                         "tensor \"t\": 15 bytes of data, its shape and type float32 need 16");
    b = small_net();
    builder_f32(b, "t", "4", NULL)->has_raw_data = 0;
    expect_saved_refused(b, FV_FORMAT, "tensor \"t\": 0 elements in float_data, its shape needs 4");
    b = small_net();
    Onnx__TensorProto *t = builder_f32(b, "t", "1,1", NULL);
    t->dims[0] = t->dims[1] = INT64_C(1) << 33;
    expect_saved_refused(b, FV_FORMAT, "tensor \"t\": shape 8589934592x8589934592");
    b = small_net();
    builder_f32(b, "t", "1", NULL)->dims[0] = -1;
    expect_saved_refused(b, FV_FORMAT, "tensor \"t\": shape -1");
}

/* ---- external data -------------------------------------------------------------------------- */

static void external_set(builder *b, Onnx__TensorProto *t, const char *location, const char *offset,
                         const char *length) {
    const char *kv[3][2] = {{"location", location}, {"offset", offset}, {"length", length}};
    t->has_raw_data = 0;
    t->has_data_location = 1;
    t->data_location = 1;
    t->external_data = fvi_pool_array(builder_pool(b), 3, sizeof *t->external_data);
    for (int i = 0; i < 3; i++) {
        if (!kv[i][1]) continue;
        Onnx__StringStringEntryProto *e = fvi_pool_alloc(builder_pool(b), sizeof *e);
        onnx__string_string_entry_proto__init(e);
        e->key = (char *)kv[i][0];
        e->value = (char *)kv[i][1];
        t->external_data[t->n_external_data++] = e;
    }
}

static void reads_external_data(void **state) {
    (void)state;
    builder *b = small_net();
    const float v[6] = {0, 1, 2, 3, 4, 5};
    builder_write(b, "net.data", v, sizeof v);
    external_set(b, builder_f32(b, "e", "2,2", NULL), "net.data", "8", "16");
    external_set(b, builder_f32(b, "g", "2", NULL), "./net.data", NULL, NULL);
    fvi_onnx *o = open_good(builder_save(b, "net.onnx"));
    assert_true(fvi_const_at(fvi_onnx_initializer(o, "e"), 3) == 5);
    assert_true(fvi_const_at(fvi_onnx_initializer(o, "g"), 1) == 1);
    /* one mapping for both */
    assert_ptr_equal(fvi_onnx_initializer(o, "e")->bytes, fvi_onnx_initializer(o, "g")->bytes + 8);
    onnx_close(o);
    builder_free(b);
}

static void refuses_external_data(void **state) {
    (void)state;
    const struct {
        const char *location, *offset, *length;
        fv_status status;
        const char *text;
    } c[] = {
        {"../secret", NULL, NULL, FV_FORMAT, "not a path inside the model's folder"},
        {"a/../../secret", NULL, NULL, FV_FORMAT, "not a path inside the model's folder"},
        {"/etc/passwd", NULL, NULL, FV_FORMAT, "not a path inside the model's folder"},
        {"", NULL, NULL, FV_FORMAT, "not a path inside"},
        {NULL, NULL, NULL, FV_FORMAT, "tensor \"e\": no location"},
        {"link", NULL, NULL, FV_FORMAT, "outside the model's folder"},
        {"missing", NULL, NULL, FV_IO, "tensor \"e\": the file \"missing\" is not there"},
        {".", NULL, NULL, FV_FORMAT, "outside"},
        {"net.data", "-1", NULL, FV_FORMAT, "offset is \"-1\""},
        {"net.data", "99999999999999999999", NULL, FV_FORMAT, "not a size"},
        {"net.data", "12", NULL, FV_FORMAT, "16 bytes at 12 of \"net.data\", which has 16"},
        {"net.data", "9223372036854775807", NULL, FV_FORMAT, "which has 16"},
        {"net.data", "0", "15", FV_FORMAT, "external length is 15 bytes, its shape needs 16"},
    };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        builder *b = small_net();
        builder_write(b, "net.data", "0123456789abcdef", 16);
        assert_int_equal(symlink("/etc/passwd", builder_path(b, "link")), 0);
        external_set(b, builder_f32(b, "e", "4", NULL), c[i].location, c[i].offset, c[i].length);
        expect_saved_refused(b, c[i].status, c[i].text);
    }
}

/* ---- bytes that are no model ---------------------------------------------------------------- */

static void refuses_what_is_no_model(void **state) {
    (void)state;
    builder *b = small_net();
    expect_refused(builder_path(b, "missing.onnx"), FV_IO, "missing.onnx");
    expect_refused(builder_write(b, "empty.onnx", "", 0), FV_FORMAT, "empty.onnx");
    expect_refused(builder_write(b, "text.onnx", "hello world\n", 12), FV_FORMAT,
                   "text.onnx: not a model that can be read, but a text file");
    expect_refused(builder_write(b, "ir.onnx", "\x08\x08", 2), FV_FORMAT, "holds no graph");
    /* a graph whose length is 2^63, an overlong varint, a varint where the graph should be */
    expect_refused(builder_write(b, "a.onnx", "\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10),
                   FV_FORMAT, "at byte 0");
    expect_refused(
        builder_write(b, "b.onnx", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12),
        FV_FORMAT, "damaged");
    expect_refused(builder_write(b, "c.onnx", "\x38\x01", 2), FV_FORMAT, "the graph at byte 0");
    expect_refused(builder_write(b, "d.onnx", "\x08\x08\x3a\x02\x28\x01", 6), FV_FORMAT,
                   "an initialiser at byte 4");
    expect_refused(builder_write(b, "e.onnx", "\x3b\x3c", 2), FV_FORMAT, "damaged");
    expect_refused(builder_write(b, "f.onnx", "\x3a\x00\x3a\x00", 4), FV_FORMAT, "");
    builder_free(b);
}

/* A model whose nodes hold graphs within graphs. */
static void refuses_deep_nesting(void **state) {
    (void)state;
    const int depth[] = {60, 64, 5000};
    for (int i = 0; i < 3; i++) {
        builder *b = small_net();
        Onnx__GraphProto *inner = builder_graph_new(b);
        for (int k = 0; k < depth[i]; k++) {
            Onnx__GraphProto *outer =
                k == depth[i] - 1 ? builder_model(b)->graph : builder_graph_new(b);
            Onnx__NodeProto *n = builder_node_new(b, "If", "if", "", "");
            builder_graph_attr(b, n, "then_branch", inner);
            builder_node_append(b, outer, n);
            inner = outer;
        }
        if (depth[i] > 60) {
            expect_saved_refused(b, FV_FORMAT, "graphs nested more than 64 deep");
            continue;
        }
        onnx_close(open_good(builder_save(b, "net.onnx")));
        builder_free(b);
    }
}

/* Opens bytes that may be anything: it must not crash, and a failure must say something. */
static void try_bytes(builder *b, const uint8_t *bytes, size_t size) {
    fvi_onnx *o = NULL;
    fv_error err = {0};
    fv_status st = onnx_open(builder_write(b, "try.onnx", bytes, size), &o, &err);
    if (st) {
        assert_null(o);
        assert_int_equal(err.status, st);
        if (!strstr(err.text, "try.onnx")) fail_msg("does not name the file: %s", err.text);
    } else {
        onnx_close(o);
    }
}

static void survives_truncation(void **state) {
    (void)state;
    builder *b = small_net();
    size_t size;
    uint8_t *bytes = builder_pack(b, &size);
    for (size_t n = 0; n < size; n += n < 200 || n + 400 > size ? 1 : 97) try_bytes(b, bytes, n);
    builder_free(b);
}

static void survives_flipped_bits(void **state) {
    (void)state;
    builder *b = small_net();
    size_t size;
    uint8_t *bytes = builder_pack(b, &size);
    uint32_t r = 1;
    for (int i = 0; i < 3000; i++) {
        r = r * 1664525 + 1013904223;
        size_t at = i < 1600 ? (size_t)i / 8 % size : (r >> 8) % size;
        if (i >= 2000) at = size - 1 - at % 400;
        uint8_t bit = (uint8_t)(1 << (i & 7));
        bytes[at] ^= bit;
        try_bytes(b, bytes, size);
        bytes[at] ^= bit;
    }
    builder_free(b);
}

static void reads_wire_format(void **state) {
    (void)state;
    const uint64_t values[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint8_t bytes[16] = {0x08};
        size_t n = 1 + fvi_wire_varint(values[i], bytes + 1);
        fvi_wire w = {bytes, bytes + n};
        fvi_wire_field f;
        assert_int_equal(fvi_wire_next(&w, &f), 1);
        assert_int_equal(f.number, 1);
        assert_true(f.value == values[i]);
        assert_int_equal(f.whole, n);
        assert_int_equal(fvi_wire_next(&w, &f), 0);
        w = (fvi_wire){bytes, bytes + n - 1};
        assert_int_equal(fvi_wire_next(&w, &f), -1);
        assert_ptr_equal(w.at, bytes);
    }
    /* ten bytes hold 64 bits: the last may carry one */
    uint8_t wide[11] = {0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
    for (int i = 0; i < 2; i++) {
        fvi_wire w = {wide, wide + sizeof wide};
        fvi_wire_field f;
        wide[10] = (uint8_t)(i + 1);
        assert_int_equal(fvi_wire_next(&w, &f), i ? -1 : 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_small_net),
        cmocka_unit_test(keeps_packed_floats_mapped),
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(converts_halves),
        cmocka_unit_test(sorts_nodes),
        cmocka_unit_test(sorts_by_uses_inside_branches),
        cmocka_unit_test(initializer_may_be_an_input_too),
        cmocka_unit_test(unread_types_wait_until_used),
        cmocka_unit_test(inlines_functions),
        cmocka_unit_test(refuses_bad_functions),
        cmocka_unit_test(refuses_opsets),
        cmocka_unit_test(refuses_cycle),
        cmocka_unit_test(refuses_names_that_do_not_fit),
        cmocka_unit_test(refuses_attribute_without_graph),
        cmocka_unit_test(infers_attribute_types),
        cmocka_unit_test(refuses_sizes_that_do_not_fit),
        cmocka_unit_test(reads_external_data),
        cmocka_unit_test(refuses_external_data),
        cmocka_unit_test(refuses_what_is_no_model),
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(survives_truncation),
        cmocka_unit_test(survives_flipped_bits),
        cmocka_unit_test(reads_wire_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
