/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as files of arrays have them, made f32. */
#ifndef FVI_BASE_ELEMENTS_H
#define FVI_BASE_ELEMENTS_H

#include <stdint.h>

#include "fovea/fovea.h"

/* How numbers lie in a file. */
typedef struct fvi_elements {
    char kind;   /* 'f' IEEE, 'B' bfloat16, 'i' signed, 'u' unsigned, 'b' truth value */
    int size;    /* bytes of one: 2, 4, 8 of 'f'; 2 of 'B'; 1, 2, 4, 8 of 'i' and 'u'; 1 of 'b' */
    int swapped; /* 1: big-endian */
} fvi_elements;

/* Converts n numbers that are `stride` bytes apart; returns how many integers were rounded. */
int64_t fvi_elements_read(const fvi_elements *type, const uint8_t *src, int64_t stride, int64_t n,
                          float *dst);
/* FORMAT where integers were rounded: they are ids, not measurements. */
fv_status fvi_elements_exact(int64_t rounded, fv_error *err);

#endif
