/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks for the tests of pictures of networks: a builder, and the model it makes. */
#ifndef FVI_TESTS_VIEW_NET_H
#define FVI_TESTS_VIEW_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "builder.h"

/* Saves the builder's message, whose output is "y", and loads it; the caller frees. */
static inline fv_model *net_load(builder *b, const fv_model_desc *desc) {
    fv_model *m = NULL;
    fv_error err = {0};
    builder_output(b, "y");
    if (fv_model_load(builder_save(b, "net.onnx"), desc, &m, &err)) fail_msg("%s", err.text);
    return m;
}

/* Index of a layer. */
static inline int net_layer(const fv_model *m, const char *name) {
    int i = -1;
    fv_error err = {0};
    if (fv_model_find_layer(m, name, &i, &err)) fail_msg("%s", err.text);
    return i;
}

#endif
