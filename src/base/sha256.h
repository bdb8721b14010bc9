/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256. */
#ifndef FVI_BASE_SHA256_H
#define FVI_BASE_SHA256_H

#include "base/file.h"

/* The SHA-256 of a file as 64 hex digits; to be freed with g_free. The memory of a mapping is given
 * back piece by piece. */
char *fvi_sha256(const fvi_mapping *m);

#endif
