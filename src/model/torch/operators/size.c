/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes, and Python's arithmetic on them: constants, since the input's shape is known when the
 * network is lowered. Source: sympy expressions as torch.export writes them, module operator. */
#include <math.h>

#include "graph/const.h"
#include "model/torch/aten.h"

static void give_whole(fvi_site *site, int64_t x) {
    uint8_t *data;
    const int v = fvi_emit_constant(site->b, FVI_I64, &(fvi_shape){0}, &data);
    if (v >= 0) fvi_put_int(FVI_I64, data, 0, x);
    fvi_site_out(site, 0, v);
}

void fvi_aten_sym_size(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), axis = fvi_torch_axis(site, "dim", 0, x);
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (site->b->status) return;
    if (axis >= s.ndim)
        fvi_build_fail(site->b, FV_SHAPE, "its input has no axis %d", axis);
    else
        give_whole(site, s.dim[axis]);
}

void fvi_aten_sym_numel(fvi_site *site) {
    const fvi_shape s = fvi_build_shape(site->b, fvi_torch_need(site, "self"));
    if (!site->b->status) give_whole(site, fvi_shape_count(&s));
}

/* Whether the argument is a whole number. */
static int is_whole(fvi_site *site, const char *name) {
    const int v = fvi_torch_tensor(site, name);
    const fvi_torch_arg *a = fvi_torch_argument(site, name);
    if (a && a->n == 1 && a->item[0].in >= 0)
        return fvi_dtype_is_int(fvi_build_dtype(site->b, fvi_site_in(site, a->item[0].in)));
    return v < 0 && (!a || a->type != FVI_TORCH_REAL);
}

static double compute(int f, double a, double b) {
    switch (f) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    case '/': return floor(a / b);
    case '%': return a - floor(a / b) * b;
    case ':': return a / b;
    case '^': return pow(a, b);
    case 'n': return -a;
    case 'f': return floor(a);
    case 'c': return ceil(a);
    case 't': return trunc(a);
    case '<': return fmin(a, b);
    case '>': return fmax(a, b);
    default: return a;
    }
}

/* Whether the result is a whole number. */
static int gives_whole(int f, int a_whole, int b_whole) {
    if (f == 'f' || f == 'c' || f == 't') return 1;
    return f != ':' && f != 'r' && a_whole && b_whole;
}

/* param: a sign, or a letter for functions of one number. */
void fvi_aten_size_arith(fvi_site *site) {
    const int f = site->kind->param;
    const char *first = fvi_torch_argument(site, "x") ? "x" : f == '?' ? "t" : "a";
    const char *second = f == '?' ? "f" : "b";
    const double a = fvi_torch_real(site, first, 0), b = fvi_torch_real(site, second, 0);
    const int chosen = f != '?' || fvi_torch_int(site, "b", 0) != 0;
    if (site->b->status) return;
    const double x = f == '?' ? (chosen ? a : b) : compute(f, a, b);
    const int whole = gives_whole(f, is_whole(site, first), is_whole(site, second));
    if (!isfinite(x) || (whole && fabs(x) > 9007199254740992.0))
        fvi_build_fail(site->b, FV_SHAPE, "it makes a size of %g and %g that is no number", a, b);
    else if (whole)
        give_whole(site, (int64_t)x);
    else
        fvi_site_out(site, 0, fvi_emit_scalar(site->b, FVI_F64, x));
}
