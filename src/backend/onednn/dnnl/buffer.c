/* SPDX-License-Identifier: Apache-2.0 */
/* buffer: values in and out. */
#include "backend/onednn/dnnl/buffer.h"

#include <string.h>

void fvi_buffer_write(fvi_buffer *b, const float *data) {
    if (b->bytes) memcpy(b->data, data, b->bytes);
}

void fvi_buffer_read(const fvi_buffer *b, float *data) {
    if (b->bytes) memcpy(data, b->data, b->bytes);
}
