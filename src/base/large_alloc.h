/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for large arrays. */
#ifndef FVI_BASE_LARGE_ALLOC_H
#define FVI_BASE_LARGE_ALLOC_H

#include <stddef.h>

/* At least `bytes` bytes (0: one cache line), 64-byte aligned; what is large is asked for in large
 * pages, where the system has them. To be freed with free(); NULL: out of memory. */
void *fvi_large_alloc(size_t bytes);

#endif
