/* SPDX-License-Identifier: Apache-2.0 */
/* Eight numbers at a time, as many vectors as the processor's are short: for loops in functions
 * marked FVI_WIDE that compilers do not turn into vectors, or not well. Tensors that lie in blocks
 * of eight channels have eight of a pixel one after the other.
 */
#ifndef FVI_BASE_SIMD_H
#define FVI_BASE_SIMD_H

#include "base/parallel.h"

typedef float fvi_f32x8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t fvi_i32x8 __attribute__((vector_size(32), aligned(4), may_alias));

/* is ? yes : no, of vectors; `is` has all bits set or none, as comparisons give it. */
#define FVI_SELECT(is, yes, no) \
    ((fvi_f32x8)(((fvi_i32x8)(yes) & (is)) | ((fvi_i32x8)(no) & ~(is))))
/* A vector of one number. */
#define FVI_EIGHT(x) ((fvi_f32x8){0} + (float)(x))

/* to[y][x] = from[x][y] for 8 x 8 numbers; rows are `at` and `apart` numbers apart. */
FVI_INLINE void fvi_eight_transpose(const float *from, int64_t at, float *to, int64_t apart) {
    fvi_f32x8 a[8], b[8], c[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) a[i] = *(const fvi_f32x8 *)(from + i * at);
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) { /* rows i and i + 1 woven: columns 0 1 4 5, then 2 3 6 7 */
        b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += i % 4 ? 3 : 1) { /* four rows: columns 0 and 4; 1 and 5; ... */
        const int k = i / 4 * 4 + i % 4 * 2;
        c[k] = __builtin_shufflevector(b[i], b[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        c[k + 1] = __builtin_shufflevector(b[i], b[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const fvi_f32x8 x = c[i], y = c[i + 4];
        *(fvi_f32x8 *)(to + i * apart) =
            __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11);
        *(fvi_f32x8 *)(to + (i + 4) * apart) =
            __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/* Four numbers. */
typedef float fvi_f32x4 __attribute__((vector_size(16), aligned(4), may_alias));

/* v[y][x] = v[x][y] of four by four numbers. */
FVI_INLINE void fvi_f32x4_transpose(fvi_f32x4 v[4]) {
    const fvi_f32x4 a = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5);
    const fvi_f32x4 b = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7);
    const fvi_f32x4 c = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
    const fvi_f32x4 d = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
    v[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    v[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    v[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    v[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

#endif
