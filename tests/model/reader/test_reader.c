/* SPDX-License-Identifier: Apache-2.0 */
/* The door for formats: a network of a second format (toy.c), which the library does not know, is
 * recognised by its bytes, described, lowered and run; and both formats come from memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "backend/backends.h"
#include "backend/executable.h"
#include "model/network/find.h"
#include "model/network/lower.h"
#include "model/network/network.h"
#include "model/readers.h"
#include "support/builder.h"
#include "toy.h"

/* x [n,1,3,3] -> 2 maps of 2x2 -> 2 numbers. */
static const char net_text[] = "toy 1\n"
                               "meta fovea.range 255\n"
                               "input x ? 1 3 3\n"
                               "conv c x 2 2 2 1 0 0 1 0 -1 -1 0\n"
                               "relu r c\n"
                               "dense d r 2 1 0 1 0 1 0 1 1 1 0 1 0 1 0 1 2\n";

static fv_status open_text(const char *text, const char *name, fvi_network **out, fv_error *err) {
    const fvi_reader *readers[] = {fvi_readers()[0], &toy_reader, NULL};
    const fvi_model_source from = {
        .name = name, .bytes = text, .size = strlen(text), .readers = readers};
    return fvi_network_open(&from, NULL, out, err);
}

static void is_described(void **state) {
    (void)state;
    fvi_network *net = NULL;
    fv_error err;
    if (open_text(net_text, "small.toy", &net, &err)) fail_msg("%s", err.text);
    const fv_input *in = fvi_network_input(net);
    assert_string_equal(fvi_network_name(net), "small");
    assert_string_equal(in->name, "x");
    assert_true(in->is_image);
    assert_int_equal(in->height, 3);
    assert_true(in->range == 255);
    assert_string_equal(fvi_network_layer(net, 0)->name, "c");
    assert_string_equal(fvi_network_layer(net, 0)->source_op, "conv");
    assert_string_equal(fvi_network_layer(net, 1)->name, "r");
    const char *value = NULL;
    assert_int_equal(fvi_network_find_value(net, NULL, &value, &err), FV_OK);
    assert_string_equal(value, "d");
    assert_int_equal(strlen(fvi_network_sha256(net)), 64);
    fvi_network_free(net);
}

static void run(const fvi_network *net, int64_t batch, const float *x, float *y) {
    fv_error err;
    fvi_device *device = NULL;
    fvi_executable *e = NULL;
    fvi_graph *g = NULL;
    const fvi_binding b = {.name = "x", .shape = {4, {batch, 1, 3, 3}}};
    const fvi_device_desc desc = {.precision = FV_PRECISION_F32};
    if (fvi_network_lower(net, &b, 1, NULL, 0, &g, &err) ||
        fvi_device_new(fvi_backend_processor, &desc, &device, &err) ||
        fvi_executable_new(device, g, 0, &e, &err) || fvi_executable_set_input(e, 0, x, &err) ||
        fvi_executable_forward(e, &err) || fvi_executable_read_target(e, 0, y, &err))
        fail_msg("%s", err.text);
    fvi_executable_free(e);
    fvi_device_free(device);
}

/* Map 0 is x[y][x] + x[y+1][x+1], map 1 is the negative sum of the other two, cut off at 0; output
 * 0 sums all, output 1 is the last of map 0 and twice the last of map 1. */
static void runs(void **state) {
    (void)state;
    fvi_network *net = NULL;
    fv_error err;
    if (open_text(net_text, NULL, &net, &err)) fail_msg("%s", err.text);
    assert_string_equal(fvi_network_name(net), "model");
    const float x[18] = {1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -3, -4, -5, -6, -7, -8, -9};
    float y[4];
    run(net, 2, x, y);
    assert_true(y[0] == 6 + 8 + 12 + 14 && y[1] == 14);
    assert_true(y[2] == 6 + 8 + 12 + 14 && y[3] == 2 * 14);
    fvi_network_free(net);
}

static void errors_name_the_file(void **state) {
    (void)state;
    static const struct {
        const char *text, *error;
        fv_status status;
    } cases[] = {
        {"toy 1\nrelu s x\n", "a.toy: there is no input of 4 sizes", FV_FORMAT},
        {"toy 1\ninput x 1 1 3 3\nspin s x\n", "a.toy: spin \"s\": there is no such operation",
         FV_UNSUPPORTED},
        {"toy 1\ninput x 1 1 3 3\nrelu s y\n", "a.toy: relu \"s\": there is no value \"y\"",
         FV_FORMAT},
        {"toy 1\ninput x 1 1 3 3\nconv c x 1 2 2 1 2 3\n", "a.toy: conv \"c\": 3 numbers; 4",
         FV_FORMAT},
        {"toy 1\ninput x 1 1 3 3\nconv c x 1 4 1 1 2 3 4\n", "a window of 4 does not fit into 3",
         FV_SHAPE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        fvi_network *net = NULL;
        fv_error err;
        assert_int_equal(open_text(cases[i].text, "a.toy", &net, &err), cases[i].status);
        if (!strstr(err.text, cases[i].error)) fail_msg("%s", err.text);
        assert_null(net);
    }
}

static void what_no_reader_takes(void **state) {
    (void)state;
    const fvi_reader *readers[] = {&toy_reader, NULL};
    const fvi_model_source from = {.bytes = "what", .size = 4, .readers = readers};
    fvi_network *net = NULL;
    fv_error err;
    assert_int_equal(fvi_network_open(&from, NULL, &net, &err), FV_FORMAT);
    assert_string_equal(err.text, "model: not of a format that is read here: toy");
}

static void onnx_from_memory(void **state) {
    (void)state;
    builder *b = builder_new(17);
    size_t size;
    builder_input(b, "x", FVI_F32, "1,3,4,4");
    builder_node(b, "Relu", "r", "x", "y");
    builder_output(b, "y");
    uint8_t *bytes = builder_pack(b, &size);
    fvi_network *net = NULL;
    fv_error err;
    if (fvi_network_load_memory(bytes, size, "net.onnx", NULL, &net, &err))
        fail_msg("%s", err.text);
    memset(bytes, 0, size); /* they were copied */
    size_t copied, mapped;
    fvi_network_file_bytes(net, &copied, &mapped);
    assert_int_equal(copied, size);
    assert_int_equal(mapped, 0);
    assert_string_equal(fvi_network_name(net), "net");
    assert_string_equal(fvi_network_layer(net, 0)->source_op, "Relu");
    fvi_network_free(net);
    assert_int_equal(fvi_network_load_memory(bytes, size, NULL, NULL, &net, &err), FV_FORMAT);
    assert_non_null(strstr(err.text, "model: not an ONNX model"));
    builder_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_described),         cmocka_unit_test(runs),
        cmocka_unit_test(errors_name_the_file), cmocka_unit_test(what_no_reader_takes),
        cmocka_unit_test(onnx_from_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
