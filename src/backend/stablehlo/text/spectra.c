/* SPDX-License-Identifier: Apache-2.0 */
/* spectra: complex numbers, and transforms over the last two axes. */
#include "backend/stablehlo/text/spectra.h"

#include "backend/stablehlo/text/write.h"

int fvi_hlo_complex(fvi_hlo *h, int re, int im) {
    return fvi_hlo_write(h, &(fvi_hlo_op){.name = "complex",
                                          .operands = {re, im},
                                          .n = 2,
                                          .type = FVI_HLO_COMPLEX,
                                          .shape = fvi_hlo_shape(h, re)});
}

static int part_of(fvi_hlo *h, const char *name, int x) {
    return fvi_hlo_write(h, &(fvi_hlo_op){.name = name,
                                          .operands = {x},
                                          .n = 1,
                                          .type = FVI_HLO_F32,
                                          .shape = fvi_hlo_shape(h, x)});
}

int fvi_hlo_real(fvi_hlo *h, int x) { return part_of(h, "real", x); }
int fvi_hlo_imaginary(fvi_hlo *h, int x) { return part_of(h, "imag", x); }

/* lengths [2]: of the pictures. */
static int transform(fvi_hlo *h, const char *kind, const fvi_hlo_op *op, const int64_t *lengths) {
    const int y = fvi_hlo_open(h, op);
    g_string_append_printf(h->body, " {fft_type = #stablehlo<fft_type %s>, fft_length = ", kind);
    fvi_hlo_write_array(h, lengths, 2);
    g_string_append_c(h->body, '}');
    return fvi_hlo_close(h, op, y);
}

int fvi_hlo_fft(fvi_hlo *h, int x) {
    fvi_hlo_op op = {.name = "fft",
                     .operands = {x},
                     .n = 1,
                     .type = FVI_HLO_COMPLEX,
                     .shape = fvi_hlo_shape(h, x)};
    int64_t *last = op.shape.dim + op.shape.ndim - 2;
    const int64_t lengths[] = {last[0], last[1]};
    last[1] = last[1] / 2 + 1;
    return transform(h, "RFFT", &op, lengths);
}

int fvi_hlo_inverse_fft(fvi_hlo *h, int x, int64_t w) {
    fvi_hlo_op op = {
        .name = "fft", .operands = {x}, .n = 1, .type = FVI_HLO_F32, .shape = fvi_hlo_shape(h, x)};
    int64_t *last = op.shape.dim + op.shape.ndim - 2;
    last[1] = w;
    const int64_t lengths[] = {last[0], w};
    return transform(h, "IRFFT", &op, lengths);
}
