/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operators, and reading their arguments. An argument that a row does not name, and
 * that is none of those which never change the numbers, is refused. */
#include "model/torch/aten.h"

#include <string.h>

#include "graph/const.h"
#include "model/torch/weights.h"

static void lower(fvi_site *site);

const fvi_op_kind fvi_torch_kinds[] = {{FVI_TORCH_TENSOR_TYPE, lower, 0},
#define FVI_ATEN(type, handler, param, args)      {type, lower, param},
#define FVI_ATEN_VIEW(type, handler, param, args) {type, lower, param},
#include "model/torch/operators.def"
#undef FVI_ATEN
#undef FVI_ATEN_VIEW
                                       {0}};

typedef struct row {
    void (*lower)(fvi_site *site);
    const char *args;
    int is_view;
} row;

static void held_tensor(fvi_site *site);

static const row rows[] = {
    {held_tensor, "", 0},
#define FVI_ATEN(type, handler, param, args)      {fvi_aten_##handler, args, 0},
#define FVI_ATEN_VIEW(type, handler, param, args) {fvi_aten_##handler, args, 1},
#include "model/torch/operators.def"
#undef FVI_ATEN
#undef FVI_ATEN_VIEW
};

static const row *find_row(const char *type) {
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (!strcmp(fvi_torch_kinds[i].type, type)) return &rows[i];
    return NULL;
}

int fvi_torch_is_view(const char *type) {
    const row *r = find_row(type);
    return r && r->is_view;
}

const char *fvi_torch_scatter_of(const char *type) {
    if (!strcmp(type, "aten.slice.Tensor")) return "aten.slice_scatter.default";
    if (!strcmp(type, "aten.select.int")) return "aten.select_scatter.default";
    const row *r = find_row(type);
    return r && (r->lower == fvi_aten_same || r->lower == fvi_aten_dropout) ? "" : NULL;
}

/* ---- arguments ------------------------------------------------------------------------------ */

static const fvi_torch_call *call_of(const fvi_site *site) { return site->op->detail; }

const fvi_torch_arg *fvi_torch_argument(const fvi_site *site, const char *name) {
    const fvi_torch_call *call = call_of(site);
    for (int i = 0; i < call->n_args; i++)
        if (call->arg[i].type != FVI_TORCH_NONE && !strcmp(call->arg[i].name, name))
            return &call->arg[i];
    return NULL;
}

/* The argument, if it has that type; fails where it has another one. */
static const fvi_torch_arg *typed(fvi_site *site, const char *name, int type, const char *what) {
    const fvi_torch_arg *a = fvi_torch_argument(site, name);
    if (!a || (1 << a->type & type)) return a;
    fvi_build_fail(site->b, FV_FORMAT, "its argument \"%s\" is no %s", name, what);
    return NULL;
}

#define NUMBERS (1 << FVI_TORCH_INT | 1 << FVI_TORCH_REAL | 1 << FVI_TORCH_BOOL)

int fvi_torch_tensor(const fvi_site *site, const char *name) {
    const fvi_torch_arg *a = fvi_torch_argument(site, name);
    return a && a->type == FVI_TORCH_TENSOR && a->n == 1 ? fvi_site_in(site, a->item[0].in) : -1;
}

int fvi_torch_need(fvi_site *site, const char *name) {
    const int v = fvi_torch_tensor(site, name);
    if (v < 0) fvi_build_fail(site->b, FV_FORMAT, "its tensor \"%s\" is missing", name);
    return v;
}

int fvi_torch_is_number(const fvi_site *site, const char *name) {
    const fvi_torch_arg *a = fvi_torch_argument(site, name);
    return a && a->type != FVI_TORCH_TENSOR;
}

int fvi_torch_operand(fvi_site *site, const char *name) {
    const fvi_torch_arg *a = fvi_torch_argument(site, name);
    if (!a || a->n != 1) return -1;
    if (a->item[0].in >= 0) return fvi_site_in(site, a->item[0].in);
    if (a->type == FVI_TORCH_INT) return fvi_emit_scalar(site->b, FVI_I64, (double)a->item[0].i);
    if (a->type == FVI_TORCH_BOOL) return fvi_emit_scalar(site->b, FVI_BOOL, a->item[0].x != 0);
    return fvi_emit_scalar(site->b, FVI_F32, a->item[0].x);
}

int *fvi_torch_tensors(fvi_site *site, const char *name, int *n) {
    const fvi_torch_arg *a = typed(site, name, 1 << FVI_TORCH_TENSOR, "list of tensors");
    *n = a ? a->n : 0;
    int *v = g_new(int, *n + 1);
    for (int i = 0; i < *n; i++) v[i] = fvi_site_in(site, a->item[i].in);
    return v;
}

const fvi_const *fvi_torch_fixed(fvi_site *site, const char *name) {
    const int v = fvi_torch_tensor(site, name);
    const fvi_const *c = fvi_build_const(site->b, v);
    if (v >= 0 && !c)
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its \"%s\" depends on the network's input; a constant is needed", name);
    return c;
}

/* The number of an item; a value must be a constant. */
static void number(fvi_site *site, const char *name, const fvi_torch_item *item, int64_t *i,
                   double *x) {
    *i = item->i;
    *x = item->x;
    if (item->in < 0) return;
    const fvi_const *c = fvi_build_const(site->b, fvi_site_in(site, item->in));
    if (c && fvi_shape_count(&c->shape) == 1) {
        *i = fvi_const_int(c, 0);
        *x = fvi_const_at(c, 0);
    } else {
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its \"%s\" depends on the numbers of the network's input; a constant is "
                       "needed",
                       name);
    }
}

int64_t fvi_torch_int(fvi_site *site, const char *name, int64_t otherwise) {
    const fvi_torch_arg *a = typed(site, name, NUMBERS, "number");
    int64_t i = otherwise;
    double x;
    if (a && a->n == 1) number(site, name, a->item, &i, &x);
    return i;
}

double fvi_torch_real(fvi_site *site, const char *name, double otherwise) {
    const fvi_torch_arg *a = typed(site, name, NUMBERS | 1 << FVI_TORCH_TENSOR, "number");
    int64_t i;
    double x = otherwise;
    if (a && a->n == 1) number(site, name, a->item, &i, &x);
    return x;
}

const char *fvi_torch_text(const fvi_site *site, const char *name, const char *otherwise) {
    const fvi_torch_arg *a = fvi_torch_argument(site, name);
    return a && a->type == FVI_TORCH_TEXT ? a->text : otherwise;
}

int fvi_torch_ints(fvi_site *site, const char *name, int64_t *out, int max) {
    const fvi_torch_arg *a = typed(site, name, NUMBERS, "list of numbers");
    double x;
    if (!a) return -1;
    if (a->n > max) {
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its \"%s\" has %d numbers; at most %d are allowed",
                       name, a->n, max);
        return -1;
    }
    for (int i = 0; i < a->n; i++) number(site, name, &a->item[i], &out[i], &x);
    return a->n;
}

int fvi_torch_sizes(fvi_site *site, const char *name, int n, int64_t *out, int64_t otherwise) {
    int64_t given[FVI_MAX_DIMS];
    const int count = fvi_torch_ints(site, name, given, FVI_MAX_DIMS);
    if (count > 1 && count != n)
        fvi_build_fail(site->b, FV_FORMAT, "its \"%s\" has %d numbers; %d are needed", name, count,
                       n);
    for (int i = 0; i < n; i++)
        out[i] = count < 1 || site->b->status ? otherwise : given[count == 1 ? 0 : i];
    return count > 0;
}

fvi_dtype fvi_torch_dtype(fvi_site *site, const char *name) {
    const fvi_torch_arg *a = typed(site, name, 1 << FVI_TORCH_DTYPE | 1 << FVI_TORCH_INT, "type");
    if (!a) return (fvi_dtype)0;
    const fvi_dtype t = a->n == 1 ? fvi_torch_scalar_type(a->item[0].i) : (fvi_dtype)0;
    if (!t)
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its \"%s\" is type %" PRId64 " of PyTorch's; allowed: real numbers, "
                       "integers and bool",
                       name, a->n == 1 ? a->item[0].i : 0);
    return t;
}

int fvi_torch_axis(fvi_site *site, const char *name, int64_t otherwise, int x) {
    const int ndim = fvi_build_shape(site->b, x).ndim;
    return fvi_build_axis(site->b, fvi_torch_int(site, name, otherwise), MAX(ndim, 1));
}

unsigned fvi_torch_axes(fvi_site *site, const char *name, int x) {
    const int ndim = fvi_build_shape(site->b, x).ndim;
    int64_t axis[FVI_MAX_DIMS];
    const int n = fvi_torch_ints(site, name, axis, FVI_MAX_DIMS);
    unsigned axes = n > 0 ? 0 : (1u << MAX(ndim, 0)) - 1;
    for (int i = 0; i < n && ndim > 0; i++) axes |= 1u << fvi_build_axis(site->b, axis[i], ndim);
    return axes;
}

void fvi_torch_refuse(fvi_site *site, const char *name, const char *value, const char *allowed) {
    fvi_build_fail(site->b, FV_UNSUPPORTED, "its \"%s\" is %.60s; allowed: %s", name, value,
                   allowed);
}

/* ---- lowering ------------------------------------------------------------------------------- */

static void held_tensor(fvi_site *site) {
    fvi_site_out(site, 0, fvi_site_constant(site, call_of(site)->numbers));
}

/* Whether `name` is one of the words. */
static int has_word(const char *words, const char *name) {
    for (const char *at = words; *at; at += strspn(at, " ")) {
        const size_t n = strcspn(at, " ");
        if (n == strlen(name) && !memcmp(at, name, n)) return 1;
        at += n;
    }
    return 0;
}

/* Where tensors are, and how they lie in memory, changes no number. */
static void check_arguments(fvi_site *site, const char *args) {
    static const char neutral[] = "device layout pin_memory memory_format non_blocking copy "
                                  "generator cudnn_enabled cudnn_enable momentum requires_grad";
    const fvi_torch_call *call = call_of(site);
    for (int i = 0; i < call->n_args; i++) {
        const fvi_torch_arg *a = &call->arg[i];
        if (a->type == FVI_TORCH_NONE || has_word(neutral, a->name)) continue;
        if (!has_word(args, a->name) || a->type == FVI_TORCH_OTHER)
            fvi_build_fail(site->b, FV_UNSUPPORTED,
                           "its argument \"%.60s\" is not supported; allowed: %s", a->name, args);
    }
}

static void lower(fvi_site *site) {
    const row *r = &rows[site->kind - fvi_torch_kinds];
    if (call_of(site)->problem)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "%s", call_of(site)->problem);
    check_arguments(site, r->args);
    if (!site->b->status) r->lower(site);
}

/* ---- types ---------------------------------------------------------------------------------- */

/* bool < integers < real numbers. */
static int category(fvi_dtype t) { return t == FVI_BOOL ? 0 : fvi_dtype_is_int(t) ? 1 : 2; }

/* The type of a result of both. */
static fvi_dtype promoted(fvi_dtype a, fvi_dtype b, unsigned scalars) {
    const int ca = category(a), cb = category(b);
    if (a == b) return a;
    if (ca != cb) {
        const fvi_dtype wide = ca > cb ? a : b;
        const int by_number = scalars & (ca > cb ? 1u : 2u);
        return by_number ? (MAX(ca, cb) == 2 ? FVI_F32 : FVI_I64) : wide;
    }
    if (scalars == 1 || scalars == 2) return scalars == 1 ? b : a;
    if (ca == 2) return a == FVI_F64 || b == FVI_F64 ? FVI_F64 : FVI_F32;
    return fvi_dtype_size(a) >= fvi_dtype_size(b) ? a : b;
}

void fvi_torch_promote(fvi_site *site, int *x, int *y, unsigned scalars) {
    const fvi_builder *b = site->b;
    const fvi_dtype t = promoted(fvi_build_dtype(b, *x), fvi_build_dtype(b, *y), scalars);
    *x = fvi_emit_cast(site->b, *x, t);
    *y = fvi_emit_cast(site->b, *y, t);
}

int fvi_torch_binary(fvi_site *site, fvi_binary f, int x, int y, unsigned scalars) {
    if (x < 0 || y < 0 || site->b->status) return -1;
    fvi_torch_promote(site, &x, &y, scalars);
    return fvi_emit_arith(site->b, f, x, y);
}
