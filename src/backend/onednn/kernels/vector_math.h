/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of <math.h> for loops over many numbers. Where the C library has vector versions (glibc
 * 2.35's libmvec on x86-64, at most 4 ulp off), the compiler uses them; callers only include this
 * header. Vectors are widest inside FVI_WIDE. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_VECTOR_MATH_H
#define FVI_BACKEND_ONEDNN_KERNELS_VECTOR_MATH_H

#include <math.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 35)
#define FVI_VECTOR __attribute__((simd("notinbranch")))
FVI_VECTOR float expf(float);
FVI_VECTOR float expm1f(float);
FVI_VECTOR float logf(float);
FVI_VECTOR float log1pf(float);
FVI_VECTOR float powf(float, float);
FVI_VECTOR float tanhf(float);
FVI_VECTOR float erff(float);
FVI_VECTOR float erfcf(float);
FVI_VECTOR float sinf(float);
FVI_VECTOR float cosf(float);
#undef FVI_VECTOR
#endif
#endif

#endif
