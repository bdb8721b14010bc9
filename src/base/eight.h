/* SPDX-License-Identifier: Apache-2.0 */
/* Eight numbers at a time, as many vectors as the processor's are short: for loops in functions
 * marked FVI_WIDE that compilers do not turn into vectors, or not well. Tensors that lie in blocks
 * of eight channels have eight of a pixel one after the other.
 */
#ifndef FVI_BASE_EIGHT_H
#define FVI_BASE_EIGHT_H

#include "base/parallel.h"

typedef float fvi_eight __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t fvi_eight_ints __attribute__((vector_size(32), aligned(4), may_alias));

/* is ? yes : no, of vectors; `is` has all bits set or none, as comparisons give it. */
#define FVI_CHOOSE(is, yes, no) \
    ((fvi_eight)(((fvi_eight_ints)(yes) & (is)) | ((fvi_eight_ints)(no) & ~(is))))
/* A vector of one number. */
#define FVI_EIGHT(x) ((fvi_eight){0} + (float)(x))

#endif
