/* SPDX-License-Identifier: Apache-2.0 */
/* What the first operator that reads an input says of its axes, whatever the format. */
#include "model/input_use.h"

int fvi_use_permuted(int holds, int n, const int64_t *perm) {
    int swaps = n >= 2 && perm[0] == 1 && perm[1] == 0;
    for (int i = 2; i < n; i++) swaps = swaps && perm[i] == i;
    return swaps && !(holds & FVI_HOLDS_PERMUTED)
               ? holds | FVI_HOLDS_PERMUTED | FVI_HOLDS_SWAPPED
               : (holds | FVI_HOLDS_PERMUTED) & ~FVI_HOLDS_SWAPPED;
}

/* The axes of an input that reaches a recurrent operator so. */
static void add_recurrent(fvi_input_use *use, int holds, int samples_first) {
    if (!use->op && !(holds & FVI_HOLDS_ACTED_ON)) use->op = FVI_USE_RECURRENT;
    use->reshaped |= (holds & FVI_HOLDS_RESHAPED) != 0;
    if (holds & FVI_HOLDS_RESHAPED) return;
    if (!(holds & FVI_HOLDS_PERMUTED))
        *(samples_first ? &use->channels_last : &use->time_first) = 1;
    else if (holds & FVI_HOLDS_SWAPPED)
        *(samples_first ? &use->time_first : &use->channels_last) = 1;
}

int fvi_use_add(fvi_input_use *use, fvi_use_op op, int holds, int samples_first) {
    if (op == FVI_USE_RECURRENT) {
        add_recurrent(use, holds, samples_first);
        return 0;
    }
    if (use->op || holds & FVI_HOLDS_ACTED_ON) return 1;
    use->op = op;
    use->reshaped = (holds & FVI_HOLDS_RESHAPED) != 0;
    use->permuted = (holds & FVI_HOLDS_PERMUTED) != 0;
    if (op == FVI_USE_PRODUCT && use->reshaped) use->op = FVI_USE_FLAT;
    return use->op == FVI_USE_PRODUCT;
}
