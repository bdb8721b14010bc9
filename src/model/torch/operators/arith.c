/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic, comparison and selection, with PyTorch's promotion of types.
 * Source: native_functions.yaml of ATen. */
#include <string.h>

#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/torch/aten.h"

static unsigned scalars(const fvi_site *site, const char *a, const char *b) {
    return (fvi_torch_is_number(site, a) ? 1u : 0u) | (fvi_torch_is_number(site, b) ? 2u : 0u);
}

/* Operand `name`, which must be there. */
static int need(fvi_site *site, const char *name) {
    const int v = fvi_torch_operand(site, name);
    if (v < 0) fvi_build_fail(site->b, FV_FORMAT, "its operand \"%s\" is missing", name);
    return v;
}

/* Of truth values a sum is "or", a product "and". */
static fvi_binary of_truth(const fvi_site *site, fvi_binary f, int x, int y) {
    const int both = x >= 0 && y >= 0 && fvi_build_dtype(site->b, x) == FVI_BOOL &&
                     fvi_build_dtype(site->b, y) == FVI_BOOL;
    return !both ? f : f == FVI_ADD ? FVI_OR : f == FVI_MUL ? FVI_AND : f;
}

/* param: the fvi_binary. */
void fvi_aten_binary(fvi_site *site) {
    const int x = need(site, "self"), y = need(site, "other");
    const fvi_binary f = of_truth(site, (fvi_binary)site->kind->param, x, y);
    fvi_site_out(site, 0, fvi_torch_binary(site, f, x, y, scalars(site, "self", "other")));
}

/* v times a factor of the call, which is 1 by default. */
static int times(fvi_site *site, int v, const char *name) {
    const int k = fvi_torch_operand(site, name);
    if (k < 0 || fvi_torch_real(site, name, 1) == 1) return v;
    return fvi_torch_binary(site, FVI_MUL, v, k, 2);
}

/* param: FVI_ADD, FVI_SUB */
void fvi_aten_add(fvi_site *site) {
    const int x = need(site, "self"), y = times(site, need(site, "other"), "alpha");
    const fvi_binary f = of_truth(site, (fvi_binary)site->kind->param, x, y);
    fvi_site_out(site, 0, fvi_torch_binary(site, f, x, y, scalars(site, "self", "other")));
}

void fvi_aten_rsub(fvi_site *site) {
    const int x = times(site, need(site, "self"), "alpha"), y = need(site, "other");
    fvi_site_out(site, 0, fvi_torch_binary(site, FVI_SUB, y, x, scalars(site, "other", "self")));
}

/* v as real numbers. */
static int real(fvi_site *site, int v) {
    if (v < 0 || !fvi_dtype_is_int(fvi_build_dtype(site->b, v))) return v;
    return fvi_emit_cast(site->b, v, FVI_F32);
}

static int is_whole(const fvi_site *site, int v) {
    return v >= 0 && fvi_dtype_is_int(fvi_build_dtype(site->b, v));
}

/* param 1: rounded down. The quotient of integers is a real number unless it is rounded. */
void fvi_aten_div(fvi_site *site) {
    const char *mode = fvi_torch_text(site, "rounding_mode", site->kind->param ? "floor" : "none");
    const int x = need(site, "self"), y = need(site, "other");
    const int whole = is_whole(site, x) && is_whole(site, y);
    const fvi_dtype t = whole ? fvi_build_dtype(site->b, x) : FVI_F32;
    int v = fvi_torch_binary(site, FVI_DIV, real(site, x), real(site, y),
                             scalars(site, "self", "other"));
    if (!strcmp(mode, "floor"))
        v = fvi_emit_unary(site->b, FVI_FLOOR, 0, 0, v);
    else if (!strcmp(mode, "trunc"))
        v = fvi_emit_unary(site->b, FVI_TRUNC, 0, 0, v);
    else if (strcmp(mode, "none") != 0)
        fvi_torch_refuse(site, "rounding_mode", mode, "None, floor, trunc");
    if (whole && strcmp(mode, "none") != 0) v = fvi_emit_cast(site->b, v, t);
    fvi_site_out(site, 0, v);
}

void fvi_aten_pow(fvi_site *site) {
    const int x = need(site, "self"), y = need(site, "exponent");
    fvi_site_out(site, 0,
                 fvi_torch_binary(site, FVI_POWER, x, y, scalars(site, "self", "exponent")));
}

void fvi_aten_not_equal(fvi_site *site) {
    const int v = fvi_torch_binary(site, FVI_EQUAL, need(site, "self"), need(site, "other"),
                                   scalars(site, "self", "other"));
    fvi_site_out(site, 0, fvi_emit_unary(site->b, FVI_NOT, 0, 0, v));
}

/* param: the fvi_binary; of truth values only. */
void fvi_aten_bitwise(fvi_site *site) {
    const int x = need(site, "self"), y = need(site, "other");
    if (!site->b->status &&
        (fvi_build_dtype(site->b, x) != FVI_BOOL || fvi_build_dtype(site->b, y) != FVI_BOOL))
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its operands are %s and %s; allowed: bool",
                       fvi_dtype_name(fvi_build_dtype(site->b, x)),
                       fvi_dtype_name(fvi_build_dtype(site->b, y)));
    fvi_site_out(site, 0, fvi_emit_binary(site->b, (fvi_binary)site->kind->param, x, y));
}

/* ---- selection ------------------------------------------------------------------------------ */

/* Both in the type of the result. */
static int select_from(fvi_site *site, int condition, int x, int y, unsigned numbers) {
    if (x < 0 || y < 0 || condition < 0 || site->b->status) return -1;
    fvi_torch_promote(site, &x, &y, numbers);
    return fvi_emit_where(site->b, condition, x, y);
}

void fvi_aten_where(fvi_site *site) {
    const int condition = fvi_torch_need(site, "condition");
    const int x = need(site, "self"), y = need(site, "other");
    fvi_site_out(site, 0, select_from(site, condition, x, y, scalars(site, "self", "other")));
}

void fvi_aten_masked_fill(fvi_site *site) {
    const int x = need(site, "self"), mask = fvi_torch_need(site, "mask");
    int value = need(site, "value");
    if (x < 0 || value < 0 || site->b->status) return;
    value = fvi_emit_cast(site->b, value, fvi_build_dtype(site->b, x));
    fvi_site_out(site, 0, fvi_emit_where(site->b, mask, value, x));
}

/* self + value tensor1 (param) tensor2 */
void fvi_aten_addcmul(fvi_site *site) {
    const int v = fvi_torch_binary(site, (fvi_binary)site->kind->param, need(site, "tensor1"),
                                   need(site, "tensor2"), 0);
    fvi_site_out(site, 0,
                 fvi_torch_binary(site, FVI_ADD, need(site, "self"), times(site, v, "value"), 0));
}

/* self + weight (end - self) */
void fvi_aten_lerp(fvi_site *site) {
    const int x = need(site, "self");
    const int span = fvi_torch_binary(site, FVI_SUB, need(site, "end"), x, 0);
    const int v = fvi_torch_binary(site, FVI_MUL, span, need(site, "weight"),
                                   fvi_torch_is_number(site, "weight") ? 2 : 0);
    fvi_site_out(site, 0, fvi_torch_binary(site, FVI_ADD, x, v, 0));
}
