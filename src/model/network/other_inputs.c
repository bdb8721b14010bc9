/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs besides the main one become constants of every graph that is run: those that the caller
 * gave, else those that usually stand there. What is usual is told by the input's name, as the
 * exporters of the large libraries write them: attention_mask (Hugging Face), im_shape and
 * scale_factor (PaddleDetection), sr (a sampling rate), x_lens (Icefall). A call that depends on
 * such a guess says so (fvi_graph.filled).
 */
#include "model/network/other_inputs.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "graph/const.h"

/* Whether numbers can be given to an input of that name. */
static fv_status check_name(const fvi_model_file *f, const char *name, int i, const char *main,
                            fv_error *err) {
    if (!name || !name[0]) return fvi_fail(err, FV_ARG, "inputs[%d] has no name", i);
    if (!fvi_model_file_input(f, name)) return fvi_model_file_no_input(f, name, err);
    if (strcmp(name, main) != 0) return FV_OK;
    return fvi_fail(err, FV_ARG,
                    "input \"%s\" is the one that pictures and arrays are given to; only others "
                    "can be set",
                    main);
}

fv_status fvi_given_inputs_read(const fvi_model_file *f, const fv_model_desc *desc,
                                const char *main, fvi_given_inputs *out, fv_error *err) {
    const int n = desc ? desc->input_count : 0;
    if (n < 0 || (n && !desc->inputs))
        return fvi_fail(err, FV_ARG, "input_count is %d, and inputs %s", n,
                        desc->inputs ? "is given; allowed: 0 and more" : "is NULL");
    fvi_given_inputs g = {0, g_new0(char *, n + 1), g_new0(fv_tensor *, n + 1)};
    fv_status st = FV_OK;
    for (int i = 0; i < n && !st; i++) {
        const fv_named_tensor *in = &desc->inputs[i];
        st = check_name(f, in->name, i, main, err);
        if (!st) st = fvi_tensor_check(in->value, in->name, err);
        if (!st) st = fvi_tensor_copy(in->value, &g.values[g.count], err);
        if (!st) g.names[g.count++] = g_strdup(in->name);
    }
    if (st)
        fvi_given_inputs_clear(&g);
    else
        *out = g;
    return st;
}

void fvi_given_inputs_clear(fvi_given_inputs *g) {
    for (int i = 0; i < g->count; i++) fv_tensor_free(g->values[i]);
    g_strfreev(g->names);
    g_free(g->values);
    *g = (fvi_given_inputs){0};
}

static const fv_tensor *given(const fvi_given_inputs *g, const char *name) {
    for (int i = 0; i < g->count; i++)
        if (!strcmp(g->names[i], name)) return g->values[i];
    return NULL;
}

/* ---- what is usual -------------------------------------------------------------------------- */

static int has(const char *name, const char *part) {
    char *lower = g_ascii_strdown(name, -1);
    const int found = strstr(lower, part) != NULL;
    g_free(lower);
    return found;
}

typedef enum usual_kind { ZEROS, ONES, PICTURE_SIZE, LENGTH, POSITIONS } usual_kind;

/* What stands in an input of that name, whose last axis has `last` elements. */
static usual_kind usual_of(const fv_input *main, const char *name, int ndim, int64_t last) {
    if (has(name, "mask") || has(name, "scale")) return ONES;
    if (main->is_image && last == 2 && (has(name, "shape") || has(name, "size")))
        return PICTURE_SIZE;
    if (has(name, "len")) return LENGTH;
    return has(name, "position") && ndim == 2 ? POSITIONS : ZEROS;
}

static int64_t last_size(const fvi_shape *s) { return s->ndim > 0 ? s->dim[s->ndim - 1] : 1; }

/* Height or width of a picture in an input of that shape; as the file says where it is but a row.
 */
static double picture_size(const fv_input *main, const fvi_shape *of, int is_width) {
    const int y = main->channels_last ? 1 : of->ndim - 2;
    if (of->ndim < 3) return is_width ? main->width : main->height;
    return (double)of->dim[y + is_width];
}

/* Number i of an input that nobody gave.
 *   last  elements of its last axis    of  shape of the main input */
static double usual(usual_kind kind, const fv_input *main, int64_t last, const fvi_shape *of,
                    int64_t i) {
    switch (kind) {
    case ONES: return 1;
    case PICTURE_SIZE: return picture_size(main, of, (int)(i % 2));
    case LENGTH: return of->ndim > 1 ? (double)of->dim[1] : 0;
    case POSITIONS: return (double)(i % last);
    default: return 0;
    }
}

const char *fvi_other_input_usual(const fv_input *main, const fvi_model_input *in) {
    static const char *const words[] = {"zeros", "ones", "the picture's height and width",
                                        "the input's length", "numbers from 0 on"};
    const fvi_shape *s = &in->shape;
    return words[usual_of(main, in->name, s->ndim, last_size(s))];
}

/* ---- numbers -------------------------------------------------------------------------------- */

static fv_status does_not_fit(const fvi_model_input *in, const fv_tensor *t, const fvi_shape *shape,
                              fv_error *err) {
    const fvi_shape have = fvi_tensor_shape(t);
    char a[FVI_SHAPE_TEXT], b[FVI_SHAPE_TEXT];
    return fvi_fail(err, FV_SHAPE, "input \"%s\" was given %s; the file wants %s, or one number",
                    in->name, fvi_shape_text(&have, a), fvi_shape_text(shape, b));
}

/* The shape of given numbers in the input: one number is any shape; else sizes agree but where the
 * file leaves them open, and a batch of 1 may be repeated. */
static fv_status given_shape(const fvi_model_input *in, const fv_tensor *t, fvi_shape *shape,
                             fv_error *err) {
    const int64_t count = fv_tensor_count(t);
    if (count == 1) return FV_OK;
    if (in->shape.ndim >= 0 && t->ndim != shape->ndim) return does_not_fit(in, t, shape, err);
    fvi_shape own = fvi_tensor_shape(t);
    for (int i = 0; i < own.ndim && in->shape.ndim >= 0; i++) {
        if (own.dim[i] == shape->dim[i]) continue;
        if (i == 0 && own.dim[0] == 1)
            own.dim[0] = shape->dim[0];
        else if (in->shape.dim[i] >= 0)
            return does_not_fit(in, t, shape, err);
    }
    *shape = own;
    return FV_OK;
}

/* Fails where an array for pixels that are whole numbers has fractions, all from -1 to 1: they were
 * scaled for a network of real numbers. */
static fv_status check_scaled(const fvi_model_input *in, const fv_tensor *own, fv_error *err) {
    int fractions = 0;
    for (int64_t i = 0; i < fv_tensor_count(own); i++) {
        const double x = own->data[i];
        if (fabs(x) > 1) return FV_OK;
        fractions |= x != floor(x);
    }
    if (!fractions || in->type == FVI_BOOL) return FV_OK;
    return fvi_fail(err, FV_ARG,
                    "input \"%s\" holds integers (%s), and all numbers of what is given are "
                    "fractions from -1 to 1; allowed: pixels as the type has them, 0..255 of uint8",
                    in->name, fvi_dtype_name((fvi_dtype)in->type));
}

fv_status fvi_model_input_check(const fvi_model_input *in, const fv_tensor *own, int fractions,
                                fv_error *err) {
    const fvi_dtype t = in->type ? (fvi_dtype)in->type : FVI_F32;
    if (!fvi_dtype_is_int(t) || !fvi_dtype_size(t)) return FV_OK;
    const int bits = 8 * (int)fvi_dtype_size(t), is_unsigned = fvi_dtype_name(t)[0] == 'u';
    const double least = is_unsigned ? 0 : -ldexp(1, bits - 1);
    const double beyond = ldexp(1, is_unsigned ? bits : bits - 1);
    for (int64_t i = 0; i < fv_tensor_count(own); i++) {
        const double x = own->data[i];
        if ((fractions || x == floor(x)) && x >= least && x < beyond) continue;
        return fvi_fail(err, FV_ARG,
                        "input \"%s\" holds integers (%s), and number %" PRId64
                        " of what is given is %g; allowed: whole numbers from %s%d to 2^%d - 1 "
                        "(of pictures: --range, --mean and --std that give such)",
                        in->name, fvi_dtype_name(t), i, x, is_unsigned ? "" : "-2^",
                        is_unsigned ? 0 : bits - 1, is_unsigned ? bits : bits - 1);
    }
    if (fractions) return check_scaled(in, own, err);
    return FV_OK;
}

fv_status fvi_other_input_make(const fvi_other_inputs *o, const fvi_model_input *in,
                               fvi_shape shape, fvi_const *out, int *filled, fv_error *err) {
    const fvi_dtype t = in->type ? (fvi_dtype)in->type : FVI_F32;
    const fv_tensor *own = given(o->given, in->name);
    fv_status st = own ? fvi_model_input_check(in, own, 0, err) : FV_OK;
    if (!st && own) st = given_shape(in, own, &shape, err);
    if (st) return st;
    const int64_t count = fvi_shape_count(&shape), have = own ? fv_tensor_count(own) : 0;
    const size_t size = fvi_dtype_size(t);
    uint8_t *bytes = size && count >= 0 ? g_try_malloc0((gsize)count * size + 1) : NULL;
    if (!size) return fvi_fail(err, FV_UNSUPPORTED, "input \"%s\" holds no numbers", in->name);
    if (!bytes) return fvi_fail(err, FV_NOMEM, "no memory for the input \"%s\"", in->name);
    const int64_t last = last_size(&shape);
    const usual_kind kind = usual_of(o->main, in->name, shape.ndim, last);
    for (int64_t i = 0; i < count; i++)
        fvi_put_real(t, bytes, i,
                     own ? (double)own->data[have ? i % have : 0]
                         : usual(kind, o->main, last, &o->shape, i));
    *out = (fvi_const){t, shape, bytes, 0};
    *filled = !own;
    return FV_OK;
}
