/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of a session that several files use. */
#include "runtime/session_state.h"

void fvi_last_forward_clear(fvi_last_forward *last) {
    fv_tensor_free(last->input);
    g_free(last->values);
    *last = (fvi_last_forward){0};
}
