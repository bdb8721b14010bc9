/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256. */
#ifndef FVI_MODEL_SHA256_H
#define FVI_MODEL_SHA256_H

#include "base/file.h"

/* Returns the SHA-256 of a file, and of another one behind it unless that is empty, as 64 hex
 * digits; g_free it. NULL: libcrypto has no memory. The memory of a mapping is released piece by
 * piece. */
char *fvi_sha256(const fvi_mapping *m, const fvi_mapping *other);

#endif
