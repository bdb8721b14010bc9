/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that regroup and move axes, for the tests of graphs. */
#ifndef FVI_TESTS_SUPPORT_STEPS_H
#define FVI_TESTS_SUPPORT_STEPS_H

#include <string.h>

#include "builder.h"

/* y = x as `target`, "1,6,-1". */
static inline void reshape(builder *b, const char *x, const char *y, const char *target) {
    char name[32] = "to_", inputs[64];
    strcat(name, y);
    builder_i64(b, name, target);
    strcpy(inputs, x);
    strcat(inputs, ",");
    strcat(inputs, name);
    builder_node(b, "Reshape", "", inputs, y);
}

static inline void transpose(builder *b, const char *x, const char *y, const char *perm) {
    builder_ints(b, builder_node(b, "Transpose", "", x, y), "perm", perm);
}

#endif
