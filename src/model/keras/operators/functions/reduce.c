/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions, and products that sum. Source: keras/src/ops/numpy.py, nn.py;
 * tensorflow/python/ops/math_ops.py, nn_impl.py. */
#include <math.h>
#include <string.h>

#include "graph/build/einsum.h"
#include "model/keras/arguments.h"

/* param: the fvi_reduce. */
void fvi_keras_reduce_call(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const unsigned axes = fvi_keras_argument_axes(site, "axis", fvi_build_shape(site->b, x).ndim);
    if (fvi_keras_argument(site, "initial")) fvi_keras_refuse(site, "initial", "a number");
    fvi_site_out(site, 0,
                 fvi_site_reduce(site, (fvi_reduce)site->kind->param, axes,
                                 fvi_keras_argument_bool(site, "keepdims", 0), x));
}

/* param: whether its root. */
void fvi_keras_variance(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const unsigned axes = fvi_keras_argument_axes(site, "axis", fvi_build_shape(site->b, x).ndim);
    const int mean = fvi_site_reduce(site, FVI_REDUCE_MEAN, axes, 1, x);
    const int away = fvi_channels_binary(site, FVI_SUB, x, mean);
    const int v =
        fvi_site_reduce(site, FVI_REDUCE_MEAN, axes, fvi_keras_argument_bool(site, "keepdims", 0),
                        fvi_channels_binary(site, FVI_MUL, away, away));
    fvi_site_out(site, 0, site->kind->param ? fvi_channels_unary(site, FVI_SQRT, 0, 0, v) : v);
}

/* x / sqrt(max(sum of squares, epsilon)), in Keras 3 / max(length, epsilon). */
void fvi_keras_normalize(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1);
    const int is_3 = g_str_has_prefix(site->op->type, "ops.");
    const double epsilon = fvi_keras_argument_real(site, "epsilon", 1e-12);
    const int64_t axis = fvi_keras_argument_int(site, "axis", -1);
    if (fvi_keras_argument_int(site, "order", 2) != 2)
        fvi_keras_refuse(site, "order", "other than 2");
    const int ndim = fvi_build_shape(site->b, x).ndim;
    fvi_site_out(site, 0,
                 fvi_keras_unit(site, x, 1u << fvi_build_axis(site->b, axis, ndim),
                                is_3 ? epsilon * epsilon : epsilon));
}

void fvi_keras_matmul(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), y = fvi_keras_operand(site, "y", 1);
    if (fvi_keras_argument_bool(site, "adjoint_a", 0) ||
        fvi_keras_argument_bool(site, "adjoint_b", 0))
        fvi_keras_refuse(site, "adjoint", "true");
    fvi_site_out(site, 0,
                 fvi_site_matmul(site, x, y, fvi_keras_argument_bool(site, "transpose_x", 0),
                                 fvi_keras_argument_bool(site, "transpose_y", 0), 1));
}

void fvi_keras_einsum(fvi_site *site) {
    int v[2] = {-1, -1};
    const char *equation = fvi_keras_text(fvi_keras_of(site)->config, "subscripts", NULL);
    if (!equation) fvi_build_fail(site->b, FV_FORMAT, "it has no equation");
    if (site->n_in > 2)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it has %d operands; 1 or 2 are supported",
                       site->n_in);
    for (int i = 0; i < site->n_in && i < 2; i++) v[i] = fvi_channels_restore(site, site->in[i]);
    if (!site->b->status)
        fvi_site_out(site, 0, fvi_emit_einsum(site->b, equation, strlen(equation), site->n_in, v));
}
