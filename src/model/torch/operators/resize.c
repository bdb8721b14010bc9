/* SPDX-License-Identifier: Apache-2.0 */
/* Interpolation, and sampling at points of a grid. Where the call has scale factors, coordinates
 * are divided by these, else by the ratio of the sizes.
 * Source: torch.nn.functional.interpolate, grid_sample; UpSample.h of ATen. */
#include <math.h>

#include "model/torch/aten.h"

static int input_of(fvi_site *site) {
    return fvi_torch_argument(site, "self") ? fvi_torch_need(site, "self")
                                            : fvi_torch_need(site, "input");
}

/* The scale factors of n axes, 0 where the call has none. */
static void read_scales(fvi_site *site, int n, double *scale) {
    static const char *const names[3][3] = {
        {"scales"}, {"scales_h", "scales_w"}, {"scales_d", "scales_h", "scales_w"}};
    const fvi_torch_arg *list = fvi_torch_argument(site, "scale_factors");
    for (int i = 0; i < n; i++)
        scale[i] = list ? (i < list->n && list->item[i].in < 0 ? list->item[i].x : NAN)
                        : fvi_torch_real(site, names[n - 1][i], 0);
}

/* The new sizes of the axes behind the channels, and their scales. */
static int read_targets(fvi_site *site, int x, int n, int64_t *size, double *scale) {
    const fvi_shape in = fvi_build_shape(site->b, x);
    if (x >= 0 && in.ndim != n + 2)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; %d are needed", in.ndim, n + 2);
    read_scales(site, n, scale);
    const int sized = fvi_torch_sizes(site, "output_size", n, size, 0);
    for (int i = 0; i < n && !site->b->status; i++) {
        const double own = (double)in.dim[2 + i];
        if (!sized && !(scale[i] > 0 && own * scale[i] < (double)FVI_MAX_ELEMENTS))
            fvi_build_fail(site->b, FV_SHAPE, "its scale of axis %d is %g", i, scale[i]);
        else if (!sized)
            size[i] = (int64_t)floor(own * scale[i]);
        if (!site->b->status && (size[i] < 1 || size[i] > FVI_MAX_ELEMENTS || in.dim[2 + i] < 1))
            fvi_build_fail(site->b, FV_SHAPE, "axis %d of %" PRId64 " is resized to %" PRId64, i,
                           in.dim[2 + i], size[i]);
        if (!(scale[i] > 0)) scale[i] = (double)size[i] / own;
    }
    return !site->b->status;
}

static void resize(fvi_site *site, const fvi_resize_rule *rule) {
    static const double whole[2] = {0, 1};
    const int n = site->kind->param, x = input_of(site);
    const fvi_shape in = fvi_build_shape(site->b, x);
    fvi_shape out = in;
    fvi_node_attr a = {0};
    int64_t size[FVI_MAX_DIMS];
    double scale[FVI_MAX_DIMS];
    int any = 0;
    if (!read_targets(site, x, n, size, scale)) return;
    for (int i = 0; i < n && !site->b->status; i++) {
        const double ratio = (double)size[i] / (double)in.dim[2 + i];
        const double own = rule->coordinates == FVI_ALIGN_CORNERS ? ratio : scale[i];
        out.dim[2 + i] = size[i];
        if (size[i] == in.dim[2 + i] && own == 1) continue;
        any = 1;
        fvi_resize_kernel_fill(site->b, rule, in.dim[2 + i], size[i], own, whole,
                               &a.resize.axis[2 + i]);
    }
    if (site->b->status) return;
    fvi_site_out(site, 0, any ? fvi_emit(site->b, FVI_RESIZE, &a, &out, 1, &x) : x);
}

void fvi_aten_upsample_nearest(fvi_site *site) {
    resize(site, &(fvi_resize_rule){.coordinates = FVI_ASYMMETRIC,
                                    .mode = FVI_RESIZE_NEAREST,
                                    .nearest = FVI_ROUND_FLOOR});
}

void fvi_aten_upsample_exact(fvi_site *site) {
    resize(site, &(fvi_resize_rule){.coordinates = FVI_TF_HALF_PIXEL_FOR_NN,
                                    .mode = FVI_RESIZE_NEAREST,
                                    .nearest = FVI_ROUND_FLOOR});
}

static void interpolate(fvi_site *site, int cubic, int antialias) {
    fvi_resize_rule r = {.coordinates = FVI_HALF_PIXEL,
                         .mode = cubic ? FVI_RESIZE_CUBIC : FVI_RESIZE_LINEAR,
                         .cubic_a = antialias ? -0.5 : -0.75,
                         .exclude_outside = antialias,
                         .antialias = antialias};
    if (fvi_torch_int(site, "align_corners", 0)) r.coordinates = FVI_ALIGN_CORNERS;
    resize(site, &r);
}

void fvi_aten_upsample_linear(fvi_site *site) { interpolate(site, 0, 0); }
void fvi_aten_upsample_cubic(fvi_site *site) { interpolate(site, 1, 0); }
void fvi_aten_upsample_linear_aa(fvi_site *site) { interpolate(site, 0, 1); }
void fvi_aten_upsample_cubic_aa(fvi_site *site) { interpolate(site, 1, 1); }

/* ---- grids ---------------------------------------------------------------------------------- */

void fvi_aten_grid_sampler(fvi_site *site) {
    static const fvi_grid_mode modes[] = {FVI_GRID_LINEAR, FVI_GRID_NEAREST, FVI_GRID_CUBIC};
    static const fvi_grid_padding paddings[] = {FVI_GRID_ZEROS, FVI_GRID_BORDER,
                                                FVI_GRID_REFLECTION};
    const int x = fvi_torch_need(site, "input"), grid = fvi_torch_need(site, "grid");
    const fvi_shape sx = fvi_build_shape(site->b, x), sg = fvi_build_shape(site->b, grid);
    const int64_t mode = fvi_torch_int(site, "interpolation_mode", 0);
    const int64_t padding = fvi_torch_int(site, "padding_mode", 0);
    const int axes = sx.ndim - 2;
    char tx[FVI_SHAPE_TEXT], tg[FVI_SHAPE_TEXT];
    if (mode < 0 || mode > 2 || padding < 0 || padding > 2)
        fvi_build_fail(site->b, FV_FORMAT,
                       "its modes are %" PRId64 " and %" PRId64 "; allowed: 0..2", mode, padding);
    if (site->b->status) return;
    if (axes < 1 || axes > FVI_MAX_SPATIAL || sg.ndim != sx.ndim || sg.dim[sx.ndim - 1] != axes ||
        sg.dim[0] != sx.dim[0] || !fvi_shape_product(&sx, 2, sx.ndim)) {
        fvi_build_fail(site->b, FV_SHAPE, "a grid of %s does not fit an input of %s",
                       fvi_shape_text(&sg, tg), fvi_shape_text(&sx, tx));
        return;
    }
    const fvi_grid_sample how = {.mode = modes[mode],
                                 .padding = paddings[padding],
                                 .unit = fvi_torch_int(site, "align_corners", 0) ? FVI_GRID_CORNERS
                                                                                 : FVI_GRID_EDGES};
    fvi_site_out(site, 0, fvi_emit_grid_sample(site->b, x, grid, -1, &how));
}

/* Place i of n between -1 and 1: of the first and last element themselves, or of their edges. */
static double place(int64_t i, int64_t n, int align) {
    if (n == 1) return 0;
    return align ? 2.0 * (double)i / (double)(n - 1) - 1 : (2.0 * (double)i + 1) / (double)n - 1;
}

/* The places of a picture or volume of that size, [count][x, y, (z,) 1]. */
static int places(fvi_site *site, const int64_t *size, int axes, int align) {
    int64_t n = 1;
    float *data;
    for (int k = 0; k < axes; k++) n *= size[k];
    const int v = fvi_emit_constant(site->b, FVI_F32, &(fvi_shape){2, {n, axes + 1}}, &data);
    for (int64_t i = 0; v >= 0 && i < n; i++) {
        int64_t rest = i;
        for (int k = axes; k-- > 0; rest /= size[k])
            data[i * (axes + 1) + axes - 1 - k] = (float)place(rest % size[k], size[k], align);
        data[i * (axes + 1) + axes] = 1;
    }
    return v;
}

/* The grid that a matrix of each sample, [axes][axes + 1], makes of a picture's places. */
void fvi_aten_affine_grid(fvi_site *site) {
    const int theta = fvi_torch_need(site, "theta");
    const int align = fvi_torch_int(site, "align_corners", 0) != 0;
    const fvi_shape s = fvi_build_shape(site->b, theta);
    fvi_shape size = {0}, out = {0};
    size.ndim = MAX(fvi_torch_ints(site, "size", size.dim, FVI_MAX_DIMS), 0);
    const int axes = size.ndim - 2;
    if (site->b->status) return;
    const int64_t count = fvi_shape_count(&size);
    if (axes < 2 || axes > 3 || s.ndim != 3 || s.dim[0] != size.dim[0] || s.dim[1] != axes ||
        s.dim[2] != axes + 1 || count < 1 || count > FVI_CONSTANT_MAX_ELEMENTS / 4) {
        char tt[FVI_SHAPE_TEXT], ts[FVI_SHAPE_TEXT];
        fvi_build_fail(site->b, FV_SHAPE, "matrices of %s make no grid for an input of %s",
                       fvi_shape_text(&s, tt), fvi_shape_text(&size, ts));
        return;
    }
    out.ndim = axes + 2;
    out.dim[0] = size.dim[0];
    memcpy(out.dim + 1, size.dim + 2, (size_t)axes * sizeof *out.dim);
    out.dim[axes + 1] = axes;
    const int grid = fvi_site_matmul(site, places(site, size.dim + 2, axes, align), theta, 0, 1, 1);
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, grid, &out));
}
