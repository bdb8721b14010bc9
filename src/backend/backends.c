/* SPDX-License-Identifier: Apache-2.0 */
/* backends: the list of all backends, one line each. */
#include "backend/backends.h"

#include "backend/onednn/onednn.h"

static const fvi_backend *const list[] = {
    &fvi_backend_onednn,
};

const fvi_backend *fvi_backends_at(int i) {
    return i >= 0 && i < (int)(sizeof list / sizeof *list) ? list[i] : NULL;
}
