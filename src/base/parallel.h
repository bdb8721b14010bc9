/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over many numbers: wide vectors, and a share for each thread.
 *
 * FVI_WIDE before a function whose loops gain from wide vectors: it is compiled for several
 * generations of processors, and the one at hand is chosen when the library is loaded. What it
 * calls gains only if it is inlined; and what stands in an OpenMP region is compiled apart, for the
 * oldest of them: such a loop is a function of its own, called in the region with a thread's share.
 * Sanitizers cannot follow that choice. */
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

/* body(user, i) for all i < n: on threads of their own if there are several. For a single one no
 * region is opened, not even of one thread (`if (n > 1)` would): what lies inside a region is
 * nested, and libgomp makes new threads for every region in there instead of taking its own. */
static inline void fvi_side_by_side(int64_t n, void (*body)(void *user, int64_t i), void *user) {
    if (n == 1) {
        body(user, 0);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) body(user, i);
}

/* Numbers below which a loop is not worth waking the other threads for. */
#define FVI_PARALLEL_MIN 8192

/* [*from, *to): this thread's consecutive share of n things in the enclosing parallel region. */
static inline void fvi_thread_share(int64_t n, int64_t *from, int64_t *to) {
    int64_t threads = omp_get_num_threads(), me = omp_get_thread_num();
    int64_t each = n / threads, more = n % threads;
    *from = me * each + (me < more ? me : more);
    *to = *from + each + (me < more);
}

#endif
