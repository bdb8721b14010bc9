/* SPDX-License-Identifier: Apache-2.0 */
/* What each test of weights begins with: an empty builder, and the model that is made of it. */
#ifndef FVI_TESTS_INSPECT_WEIGHTS_NET_H
#define FVI_TESTS_INSPECT_WEIGHTS_NET_H

#include "support/net.h"

static builder *b;
static fv_model *model;

static inline int setup(void **state) {
    (void)state;
    b = builder_new(17);
    model = NULL;
    return 0;
}

static inline int teardown(void **state) {
    (void)state;
    fv_model_free(model);
    builder_free(b);
    return 0;
}

#endif
