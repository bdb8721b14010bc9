/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that are known, so that they are listed with what they are, and not computed: they
 * stand in the way of what depends on them only.
 */
#include "model/onnx/operators.h"

fv_status fvi_lower_not_computed(fvi_onnx_node *node) {
    static const char *const reasons[] = {
        [FVI_OF_TEXTS] = "works on texts, which are not computed here and have no gradient",
        [FVI_OF_FILES] =
            "reads a picture's file, which is not done inside a network here; give the "
            "network the picture behind it",
        [FVI_OF_STEPS] = "chooses among stored numbers, which is not computed here and has no "
                         "gradient",
        [FVI_OF_NEITHER] = "is known, but not computed here, nor is its gradient",
    };
    return fvi_build_fail(node->b, FV_UNSUPPORTED, "%s", reasons[node->op->param]);
}
