/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of a network's input share: a small network, and what lies beside its file. */
#ifndef FOVEA_TESTS_INPUT_NET_H
#define FOVEA_TESTS_INPUT_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "model/network/network.h"
#include "support/builder.h"

/* One convolution over x of those dims, and global pooling, so that every size runs. */
static inline builder *net(const char *dims) {
    builder *b = builder_new(17);
    builder_input(b, "x", FVI_F32, dims);
    builder_f32(b, "w", "4,3,3,3", NULL);
    builder_node(b, "Conv", "conv1", "x,w", "y");
    builder_node(b, "GlobalAveragePool", "gap", "y", "z");
    builder_output(b, "z");
    return b;
}

static inline fvi_network *load(builder *b, const fv_model_desc *desc) {
    fvi_network *n = NULL;
    fv_error err = {0};
    if (fvi_network_load(builder_save(b, "net.onnx"), desc, &n, &err)) fail_msg("%s", err.text);
    return n;
}

static inline void done(fvi_network *n, builder *b) {
    fvi_network_free(n);
    builder_free(b);
}

static inline void write_text(builder *b, const char *name, const char *text) {
    builder_write(b, name, text, strlen(text));
}

static inline void sidecar(builder *b, const char *json) { write_text(b, "net.fovea.json", json); }

static inline void expect_near(double a, double b) {
    if (!(fabs(a - b) <= 1e-6 * fmax(1, fabs(b)))) fail_msg("%.9g is not %.9g", a, b);
}

static inline const char *part_of(const fvi_network *n, const char *part, int source) {
    const fv_input_part *p;
    for (int i = 0; (p = fvi_network_input_part(n, i)); i++)
        if (!strcmp(p->part, part)) return source ? p->source : p->value;
    return "";
}

#endif
