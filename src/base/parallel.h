/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over large arrays: wide vectors, and sharing work among threads.
 *
 * FVI_WIDE marks a function whose loops gain from wide vectors: it is compiled for several
 * generations of processors, and the matching version is chosen when the library is loaded. What it
 * calls gains only if it is inlined. The body of an OpenMP region is compiled separately, for the
 * oldest processor: so such a loop must be a function of its own, called in the region with the
 * thread's share. Off under sanitizers, which do not support it. */
#ifndef FVI_BASE_PARALLEL_H
#define FVI_BASE_PARALLEL_H

#include <omp.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FVI_WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FVI_WIDE
#endif
#define FVI_INLINE static inline __attribute__((always_inline))

/* Calls body(user, i) for all i < n, on several threads if n > 1. For n = 1 no parallel region is
 * opened, not even one of a single thread: regions inside it would be nested, and libgomp creates
 * new threads for every nested region instead of using its pool. */
static inline void fvi_side_by_side(int64_t n, void (*body)(void *user, int64_t i), void *user) {
    if (n == 1) {
        body(user, 0);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) body(user, i);
}

/* Elements below which a loop is not worth waking other threads for. */
#define FVI_PARALLEL_MIN 8192

/* Sets [*from, *to) to this thread's consecutive share of n items, in a parallel region. */
static inline void fvi_thread_share(int64_t n, int64_t *from, int64_t *to) {
    int64_t threads = omp_get_num_threads(), me = omp_get_thread_num();
    int64_t each = n / threads, more = n % threads;
    *from = me * each + (me < more ? me : more);
    *to = *from + each + (me < more);
}

#endif
