/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for large arrays. */
#ifndef FVI_BASE_LARGE_ALLOC_H
#define FVI_BASE_LARGE_ALLOC_H

#include <stddef.h>

/* Allocates at least `bytes` bytes (0: one cache line), 64-byte aligned; large blocks in huge pages
 * where the system has them. Free with free(); NULL: out of memory. */
void *fvi_large_alloc(size_t bytes);

#endif
