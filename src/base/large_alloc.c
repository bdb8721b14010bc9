/* SPDX-License-Identifier: Apache-2.0 */
/* large_alloc: an allocation of several huge pages (2 MB) is aligned to one, and the system is
 * asked to use them, which saves most of its page faults. Whether the system does depends on its
 * setting for transparent huge pages (always, on request, never).
 */
#include "base/large_alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LINE  ((size_t)64)
#define LARGE ((size_t)2 << 20)

void *fvi_large_alloc(size_t bytes) {
    const size_t align = bytes >= 4 * LARGE ? LARGE : LINE;
    if (bytes > SIZE_MAX - LARGE) return NULL;
    if (bytes < LINE) bytes = LINE;
    bytes = (bytes + LINE - 1) / LINE * LINE;
    void *memory = NULL;
    if (posix_memalign(&memory, align, bytes)) return NULL;
#ifdef MADV_HUGEPAGE
    if (align == LARGE) (void)!madvise(memory, bytes / LARGE * LARGE, MADV_HUGEPAGE);
#endif
    return memory;
}
