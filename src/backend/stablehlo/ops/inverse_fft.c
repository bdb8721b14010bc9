/* SPDX-License-Identifier: Apache-2.0 */
/* inverse_fft: half spectra [..][h][w/2+1][2] become pictures [..][h][w].
 *
 * Of the columns that hold their own conjugates only the Hermitian part counts: they become it
 * before the transform, since devices differ in what they make of the rest. The adjoint is the
 * forward transform over h * w, with the other columns, which stand for two, times 2.
 */
#include "backend/stablehlo/ops/rules.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/spectra.h"

/* A spectrum's planes, without the axis of the two parts: [planes][h][columns]. */
typedef struct spectrum {
    int64_t planes, h, w, columns;
    fvi_shape shape;
} spectrum;

static spectrum spectrum_of(const fvi_emitter *e, const fvi_node *n) {
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    spectrum s = {.planes = fvi_shape_product(&out, 0, out.ndim - 2),
                  .h = out.dim[out.ndim - 2],
                  .w = out.dim[out.ndim - 1]};
    s.columns = s.w / 2 + 1;
    s.shape = (fvi_shape){3, {s.planes, s.h, s.columns}};
    return s;
}

/* Whether a column holds its own conjugates; a truth value, [planes][h][columns]. */
static int is_own_conjugate(fvi_hlo *h, const spectrum *s) {
    const int column = fvi_hlo_iota(h, &s->shape, 2);
    const int first = fvi_hlo_compare_number(h, "EQ", column, 0);
    if (s->w % 2) return first;
    return fvi_hlo_binary(h, "or", first,
                          fvi_hlo_compare_number(h, "EQ", column, (double)(s->w / 2)));
}

/* Row -y (modulo h) in place of row y. */
static int rows_negated(fvi_hlo *h, const spectrum *s, int x) {
    if (s->h < 3) return x;
    const int rest = fvi_hlo_reverse(h, fvi_hlo_part(h, x, 1, 1, s->h), 1u << 1);
    return fvi_hlo_concat(h, (int[]){fvi_hlo_part(h, x, 1, 0, 1), rest}, 2, 1);
}

/* Part 0 or 1 of the numbers, [planes][h][columns], Hermitian where a column is `own`. */
static int hermitian_part(fvi_hlo *h, const spectrum *s, int x, int part, int own) {
    x = fvi_hlo_reshape(h, fvi_hlo_part(h, x, 3, part, part + 1), &s->shape);
    const int other = rows_negated(h, s, x);
    const int twice = part ? fvi_hlo_sub(h, x, other) : fvi_hlo_add(h, x, other);
    return fvi_hlo_select(h, own, fvi_hlo_mul_number(h, twice, 0.5), x);
}

static int forward(fvi_emitter *e, const fvi_node *n) {
    fvi_hlo *h = e->h;
    const fvi_shape out = fvi_emitter_out_shape(e, n);
    const spectrum s = spectrum_of(e, n);
    const fvi_shape pairs = {4, {s.planes, s.h, s.columns, 2}};
    if (!s.planes || !s.h) return fvi_hlo_number(h, &out, 0);
    const int x = fvi_hlo_reshape(h, fvi_emitter_in(e, n, 0), &pairs);
    const int own = is_own_conjugate(h, &s);
    const int re = hermitian_part(h, &s, x, 0, own), im = hermitian_part(h, &s, x, 1, own);
    return fvi_hlo_reshape(h, fvi_hlo_inverse_fft(h, fvi_hlo_complex(h, re, im), s.w), &out);
}

static void backward(fvi_emitter *e, const fvi_node *n, int g) {
    fvi_hlo *h = e->h;
    const fvi_shape in = fvi_emitter_shape(e, n, 0);
    const spectrum s = spectrum_of(e, n);
    const fvi_shape pictures = {3, {s.planes, s.h, s.w}};
    const fvi_shape column = {4, {s.planes, s.h, s.columns, 1}};
    if (!fvi_emitter_wants(e, n, 0) || !s.planes || !s.h) return;
    const int x = fvi_hlo_fft(h, fvi_hlo_reshape(h, g, &pictures));
    const double once = 1 / ((double)s.h * (double)s.w);
    const int weight = fvi_hlo_select(h, is_own_conjugate(h, &s), fvi_hlo_number(h, &s.shape, once),
                                      fvi_hlo_number(h, &s.shape, 2 * once));
    int part[] = {fvi_hlo_real(h, x), fvi_hlo_imaginary(h, x)};
    for (int i = 0; i < 2; i++)
        part[i] = fvi_hlo_reshape(h, fvi_hlo_mul(h, part[i], weight), &column);
    fvi_emitter_give(e, n, 0, fvi_hlo_reshape(h, fvi_hlo_concat(h, part, 2, 3), &in));
}

const fvi_emitter_rule fvi_emitter_rule_inverse_fft = {forward, backward};
