/* SPDX-License-Identifier: Apache-2.0 */
/* Attribution methods: one struct each in its own file, and its name in FVI_METHODS. */
#ifndef FVI_INSPECT_ATTRIBUTION_ATTRIBUTE_H
#define FVI_INSPECT_ATTRIBUTION_ATTRIBUTE_H

#include "inspect/attribution/probe.h"

typedef struct fvi_method {
    fv_method_info info;
    /* Fills a->map, and what else the method knows. a->value is set by the method too.
     *   d  resolved: every field has its number */
    fv_status (*run)(fvi_perturbation *p, const fv_attribute_desc *d, fv_attribution *a,
                     fv_error *err);
} fvi_method;

/* All of them, in the order of fv_method: X(name) stands for fvi_method_name. */
#define FVI_METHODS(X) \
    X(gradient) X(input_gradient) X(smoothgrad) X(integrated) X(guided) X(gradcam) \
    X(gradcam_plus) X(occlusion) X(rise)

#define FVI_METHOD_EXTERN(name) extern const fvi_method fvi_method_##name;
FVI_METHODS(FVI_METHOD_EXTERN)
#undef FVI_METHOD_EXTERN

/* Fields of 0 get their defaults, of which those in pixels depend on the picture. `steps` stays 0:
 * the method chooses.  errors  ARG a field out of its range, named */
fv_status fvi_attribute_resolve(const fvi_perturbation *p, const fv_attribute_desc *desc,
                                fv_attribute_desc *out, fv_error *err);

/* fv_attribute with an objective that is resolved. */
fv_status fvi_attribute(fv_session *session, const fv_tensor *input, const fvi_objective *objective,
                        const fv_attribute_desc *desc, fv_attribution **out, fv_error *err);

/* ---- attribute_gradient.c ---- */

/* Nodes and weights of the Gauss-Legendre rule on 0..1. */
void fvi_gauss_legendre(int n, double *node, double *weight);

#endif
