/* SPDX-License-Identifier: Apache-2.0 */
/* The golden network of the attribution tests, and its input: loaded once for all tests of a
 * program.
 */
#ifndef FVI_TESTS_INSPECT_GOLDEN_NET_H
#define FVI_TESTS_INSPECT_GOLDEN_NET_H

#include "attribute_help.h"
#include "base/tensor.h"

static subject net;
static fv_tensor *x;

static inline int setup(void **state) {
    (void)state;
    net = subject_load(GOLDEN "net.onnx");
    x = load_npy("x");
    return 0;
}

static inline int teardown(void **state) {
    (void)state;
    fv_tensor_free(x);
    subject_free(&net);
    return 0;
}

#endif
