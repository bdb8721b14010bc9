/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of inverse Fourier transforms: even and odd sizes, sizes of one, several planes. The data
 * are any numbers, so columns that hold their own conjugates are not Hermitian. */
#include "../harness.h"

// clang-format off
static const fvi_case cases[] = {
    {.name = "fft: even", .kind = FVI_INVERSE_FFT,
     .in = {IN(6, 5, 2)}, .out = S(6, 8)},
    {.name = "fft: odd", .kind = FVI_INVERSE_FFT,
     .in = {IN(5, 4, 2)}, .out = S(5, 7)},
    {.name = "fft: planes, even height, odd width", .kind = FVI_INVERSE_FFT,
     .in = {IN(2, 3, 4, 3, 2)}, .out = S(2, 3, 4, 5), .batch = FVI_BATCH_EXACT},
    {.name = "fft: planes, odd height, even width", .kind = FVI_INVERSE_FFT,
     .in = {IN(2, 3, 9, 4, 2)}, .out = S(2, 3, 9, 6), .batch = FVI_BATCH_EXACT},
    {.name = "fft: many planes", .kind = FVI_INVERSE_FFT,
     .in = {IN(7, 3, 4, 3, 2)}, .out = S(7, 3, 4, 4), .batch = FVI_BATCH_EXACT},
    {.name = "fft: one column", .kind = FVI_INVERSE_FFT,
     .in = {IN(2, 5, 1, 2)}, .out = S(2, 5, 1), .batch = FVI_BATCH_EXACT},
    {.name = "fft: two columns", .kind = FVI_INVERSE_FFT,
     .in = {IN(2, 5, 2, 2)}, .out = S(2, 5, 2), .batch = FVI_BATCH_EXACT},
    {.name = "fft: one row", .kind = FVI_INVERSE_FFT,
     .in = {IN(2, 1, 4, 2)}, .out = S(2, 1, 6), .batch = FVI_BATCH_EXACT},
    {.name = "fft: two rows", .kind = FVI_INVERSE_FFT,
     .in = {IN(2, 2, 3, 2)}, .out = S(2, 2, 5), .batch = FVI_BATCH_EXACT},
    {.name = "fft: one pixel", .kind = FVI_INVERSE_FFT,
     .in = {IN(2, 1, 1, 2)}, .out = S(2, 1, 1), .batch = FVI_BATCH_EXACT},
    {.name = "fft: a picture", .kind = FVI_INVERSE_FFT,
     .in = {IN(1, 2, 37, 26, 2)}, .out = S(1, 2, 37, 50)},
    {.name = "fft: no planes", .kind = FVI_INVERSE_FFT,
     .in = {IN(0, 4, 3, 2)}, .out = S(0, 4, 4)},
};
// clang-format on
FVI_CASE_TABLE(spectrum);
