/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms that interpolate between pixels, bilinearly: scale, zoom, rotate, crop, resize,
 * octave.
 *
 * Pixel centres have integer coordinates, so a side of n pixels reaches from -0.5 to n - 0.5 and
 * its middle is (n - 1) / 2. Turning by a > 0 degrees is counter-clockwise: outputs read x_in = x
 * cos a - y sin a,  y_in = x sin a + y cos a   around the middle. All choices are computed in
 * double from the floats given, and maps stored as floats.
 *
 * `compat` (of scale and resize) selects the sampling grid: exact is PyTorch's interpolate with
 * align_corners=False and sizes rounded (halves up); lucid TensorFlow 1's resize_bilinear and sizes
 * cut off; lucent align_corners=True, and in scale sizes rounded up and padded back with zeros to
 * at least the size before (Lucent's random_scale, whose exchange of the two paddings of pictures
 * that are not square is not copied). rotate's lucid takes nearest pixels, 3.14 for pi, and brings
 * the gradient back by turning it back, all as Lucid has it through tf.contrib.image.rotate. Octave
 * resizes as Darknet: ends on ends, sizes cut off, and the gradient resized back.
 *
 * Sizes are products, which rounding errors may put just beside a whole number: a product within
 * 1e-4 of a whole number (or, when rounding, of a half) counts as that number.
 *
 * Where crop's window has more than 1.5 pixels for each output pixel, single samples would skip
 * some: each output pixel is then the mean of k x k samples, k being that ratio rounded up.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "graph/build/emit.h"
#include "signal/resize.h"
#include "vis/transform/transform_kind.h"

#define NEAR        1e-4
#define PI          3.14159265358979323846
#define COARSE      1.5 /* window pixels an output pixel from which crop takes means */
#define MAX_SAMPLES 16  /* a side */

/* Arguments of scale and zoom, rotate, crop, resize, octave. */
enum { LOW, HIGH, STEP, COMPAT };
enum { ZEROS = 2 };
enum { LOW_END = 2, HIGH_END, DEGREES, FLIP, SD, ALTERNATE };
enum { SIDE, RESIZE_COMPAT };
enum { COUNT, FACTOR };

static const fvi_resize_align align_of[] = {FVI_ALIGN_CENTRES, FVI_ALIGN_CORNER, FVI_ALIGN_ENDS};

static fv_status range_check(const fvi_transform *t, fv_error *err) {
    if (t->v[STEP] <= 0 || (t->v[HIGH] - t->v[LOW]) / t->v[STEP] <= 1e6f) return FV_OK;
    return fvi_fail(err, FV_ARG, "transforms: %s: step %g; allowed: at most 1000000 steps",
                    t->kind == FVI_TRANSFORM_SCALE ? "scale" : "zoom", t->v[STEP]);
}
/* Of low, high, step: how many steps; the largest value. */
static int steps_of(const fvi_transform *t) {
    return (int)floor(((double)t->v[HIGH] - t->v[LOW]) / t->v[STEP] + 0.5);
}
static double top_of(const fvi_transform *t) {
    return t->v[STEP] > 0 ? fmax(t->v[HIGH], t->v[LOW] + (double)steps_of(t) * t->v[STEP])
                          : t->v[HIGH];
}
static double draw_factor(const fvi_transform *t, fvi_random *r) {
    if (t->v[STEP] > 0) return t->v[LOW] + (double)fvi_random_int(r, 0, steps_of(t)) * t->v[STEP];
    return fvi_between(t->v[LOW], t->v[HIGH], fvi_random_uniform(r));
}

static void set_map(fvi_affine *map, double yy, double yx, double y, double xy, double xx,
                    double x) {
    *map = (fvi_affine){{(float)yy, (float)yx, (float)y, (float)xy, (float)xx, (float)x}};
}

/* ---- scale ---------------------------------------------------------------------------------- */

/* The size n is resized to. */
static int64_t scaled(int64_t n, double factor, int compat) {
    double size = (double)n * factor;
    if (compat == FVI_COMPAT_LUCID) return (int64_t)floor(size + NEAR);
    if (compat == FVI_COMPAT_LUCENT) return (int64_t)ceil(size - NEAR);
    return (int64_t)floor(size + 0.5 + NEAR);
}
/* What is added on each side (FVI_COMPAT_LUCENT). */
static int64_t padding(int64_t n, int64_t size) { return size < n ? (n - size + 1) / 2 : 0; }

static void scale_sizes(const fvi_transform *t, const fvi_chain_frame *frame, fvi_sizes *s) {
    int compat = (int)t->v[COMPAT];
    (void)frame;
    for (int i = 0; i < 2; i++) {
        int64_t n = s->low[i], most = s->high[i];
        s->low[i] = scaled(n, t->v[LOW], compat);
        s->high[i] = scaled(most, top_of(t), compat);
        if (compat ==
            FVI_COMPAT_LUCENT) { /* padded back to n, or n + 1 where the parities differ */
            if (s->low[i] < n && s->low[i] > 0) s->low[i] = n;
            if (t->v[LOW] < 1 && s->high[i] < most + 1) s->high[i] = most + 1;
        }
    }
}

static void scale_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)progress;
    int compat = (int)d->t.v[COMPAT];
    double factor = draw_factor(&d->t, r);
    int h = (int)scaled(d->h, factor, compat), w = (int)scaled(d->w, factor, compat);
    d->oh = h;
    d->ow = w;
    if (compat == FVI_COMPAT_LUCENT) {
        int py = (int)padding(d->h, h), px = (int)padding(d->w, w);
        double y = h > 1 ? (d->h - 1.0) / (h - 1) : d->h; /* one row: its neighbours are outside */
        double x = w > 1 ? (d->w - 1.0) / (w - 1) : d->w;
        set_map(&d->map, y, 0, -y * py, 0, x, -x * px);
        d->oh += 2 * py;
        d->ow += 2 * px;
    }
}

/* Whether scale pads: then it samples with zeros outside the picture. That is equivalent, since the
 * padding begins whole pixels of the smaller picture (more than one of the larger) outside. */
static int pads(const fvi_drawn *d) {
    return d->t.v[COMPAT] == FVI_COMPAT_LUCENT && (d->map.m[2] < 0 || d->map.m[5] < 0);
}
static fvi_planes input_of(const fvi_drawn *d, const float *in) {
    return fvi_planes_view(d->frame->channels, d->h, d->w, in);
}
static fvi_planes output_of(const fvi_drawn *d, const float *out) {
    return fvi_planes_view(d->frame->channels, d->oh, d->ow, out);
}

static void scale_apply(const fvi_drawn *d, const float *in, float *out) {
    const fvi_sampler s = {.map = d->map, .edge = FVI_EDGE_ZERO, .side = 1};
    if (pads(d))
        fvi_sample(input_of(d, in), &s, output_of(d, out));
    else
        fvi_resize(input_of(d, in), output_of(d, out), align_of[(int)d->t.v[COMPAT]]);
}
static void scale_adjoint(const fvi_drawn *d, const float *dout, float *din) {
    const fvi_sampler s = {.map = d->map, .edge = FVI_EDGE_ZERO, .side = 1};
    if (pads(d))
        fvi_sample_adjoint(output_of(d, dout), &s, input_of(d, din));
    else
        fvi_resize_adjoint(output_of(d, dout), input_of(d, din), align_of[(int)d->t.v[COMPAT]]);
}

/* ---- scale, resize, octave as nodes of a graph: each axis apart ------------------------------ */

/* Linear between the positions of rows and columns, which are looked up on the host. */
static int resize_emit(const fvi_drawn *d, const fvi_form_site *site, fvi_form *f, int x) {
    const int64_t h = f->out.high[0], w = f->out.high[1];
    const fvi_form_sampler how = {FVI_GRID_LINEAR, FVI_EDGE_ZERO, d->grey, h, w, -1};
    return fvi_form_sample(site, &how, x, fvi_form_choices(site, f, fvi_form_lines(h, w)));
}

/* The position of line i of n, which are m input lines, on a canvas. */
static float position(fvi_resize_align align, int i, int n, int m) {
    return i < n ? (float)fvi_resize_position(align, i, n, m) : FVI_FORM_OUTSIDE;
}

/* The rows and columns of a canvas, at a size, of which are read those of another. */
static void put_lines(fvi_resize_align align, const int64_t *canvas, const int *size,
                      const int *from, float *to) {
    for (int y = 0; y < canvas[0]; y++) {
        *to++ = 0;
        *to++ = position(align, y, size[0], from[0]);
    }
    for (int x = 0; x < canvas[1]; x++) {
        *to++ = position(align, x, size[1], from[1]);
        *to++ = 0;
    }
}

static void resize_lines(const fvi_drawn *d, const fvi_form *f, fvi_resize_align align, float *to) {
    put_lines(align, f->out.high, (int[]){d->oh, d->ow}, (int[]){d->h, d->w}, to);
}

static fvi_form_map form_map(const fvi_drawn *d, const fvi_form *f, int parts) {
    return (fvi_form_map){&d->map, f->out.high[0], f->out.high[1],         d->oh,
                          d->ow,   parts,          parts > 1 ? d->side : 1};
}

static void scale_fill(const fvi_drawn *d, const fvi_form *f, float *to) {
    const fvi_form_map padded = form_map(d, f, 1);
    if (pads(d))
        fvi_form_put_map(&padded, to);
    else
        resize_lines(d, f, align_of[(int)d->t.v[COMPAT]], to);
}

/* ---- zoom, rotate, crop: one sampling -------------------------------------------------------- */

static fvi_sampler sampler_of(const fvi_drawn *d) {
    return (fvi_sampler){d->map, d->t.edge, d->grey, d->side};
}
static void map_apply(const fvi_drawn *d, const float *in, float *out) {
    const fvi_sampler s = sampler_of(d);
    fvi_sample(input_of(d, in), &s, output_of(d, out));
}
static void map_adjoint(const fvi_drawn *d, const float *dout, float *din) {
    const fvi_sampler s = sampler_of(d);
    fvi_sample_adjoint(output_of(d, dout), &s, input_of(d, din));
}

/* Samples a side of an output pixel of crop, which reads so many pixels a side. */
static int samples_a_side(double ratio) {
    return ratio > COARSE ? (int)fmin(MAX_SAMPLES, ceil(ratio)) : 1;
}

/* How many grid points a side of each pixel the graph form has: the most that can be drawn. */
static int parts_of(const fvi_drawn *d, const fvi_form *f) {
    if (d->t.kind != FVI_TRANSFORM_CROP) return 1;
    const double window = fmax(d->t.v[HIGH], d->t.v[HIGH_END]);
    return samples_a_side(fmax(window * (double)f->in.high[0] / (double)f->out.high[0],
                               window * (double)f->in.high[1] / (double)f->out.high[1]));
}

/* Means of parts x parts points [samples][c][h parts][w parts] -> [samples][c][h][w]; the weights
 * of a row's or column's points are the choices from `first` on, since fewer points may be drawn.
 */
static int emit_means(const fvi_form_site *site, int parts, int x, int choices, int64_t first) {
    fvi_builder *b = site->builder;
    const fvi_shape in = fvi_build_shape(b, x), rows = {6, {site->samples, 1, 1, parts, 1, 1}};
    const fvi_shape columns = {6, {site->samples, 1, 1, 1, 1, parts}};
    const fvi_shape apart = {
        6, {in.dim[0], in.dim[1], in.dim[2] / parts, parts, in.dim[3] / parts, parts}};
    const int weights = fvi_emit_binary(b, FVI_MUL, fvi_form_part(site, choices, first, &rows),
                                        fvi_form_part(site, choices, first, &columns));
    const int y = fvi_emit_binary(b, FVI_MUL, fvi_emit_reshape(b, x, &apart), weights);
    return fvi_emit_reduce(b, FVI_REDUCE_SUM, 1u << 3 | 1u << 5, 0, y);
}

/* Zeros are what is outside a picture on a canvas anyway. */
static int knows_edge(const fvi_drawn *d, const fvi_form_site *site, const fvi_form *f) {
    return d->t.edge == FVI_EDGE_ZERO || fvi_form_needs_fixed(site, f, "an edge that is not zero");
}

static int map_emit(const fvi_drawn *d, const fvi_form_site *site, fvi_form *f, int x) {
    const int parts = parts_of(d, f);
    const int64_t h = f->out.high[0] * parts, w = f->out.high[1] * parts;
    const int64_t lines = fvi_form_lines(h, w);
    const fvi_form_sampler how = {FVI_GRID_LINEAR, d->t.edge, d->grey, h, w, -1};
    if (!knows_edge(d, site, f)) return -1;
    const int choices = fvi_form_choices(site, f, lines + (parts > 1 ? parts : 0));
    const int y = fvi_form_sample(site, &how, x, choices);
    return y < 0 || parts == 1 ? y : emit_means(site, parts, y, choices, lines);
}

static void map_fill(const fvi_drawn *d, const fvi_form *f, float *to) {
    const fvi_form_map map = form_map(d, f, parts_of(d, f));
    fvi_form_put_map(&map, to);
    to += fvi_form_lines(map.rows * map.parts, map.columns * map.parts);
    for (int k = 0; map.parts > 1 && k < map.parts; k++)
        *to++ = k < d->side ? 1 / (float)d->side : 0;
}

static void zoom_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)progress;
    double f = 1 / draw_factor(&d->t, r);
    double y = (d->h - 1) / 2.0, x = (d->w - 1) / 2.0;
    set_map(&d->map, f, 0, y - f * y, 0, f, x - f * x);
    d->side = 1;
}

static void turn(const fvi_drawn *d, double angle, fvi_affine *map) {
    double s = sin(angle), c = cos(angle), y = (d->h - 1) / 2.0, x = (d->w - 1) / 2.0;
    set_map(map, c, s, y - c * y - s * x, -s, c, x + s * y - c * x);
}

static fv_status rotate_check(const fvi_transform *t, fv_error *err) {
    if (t->v[ZEROS] <= 0 || (t->v[LOW] == floorf(t->v[LOW]) && t->v[HIGH] == floorf(t->v[HIGH])))
        return FV_OK;
    return fvi_fail(
        err, FV_ARG,
        "transforms: rotate(%g,%g,%g): with a third number the angles are whole degrees", t->v[LOW],
        t->v[HIGH], t->v[ZEROS]);
}
static void rotate_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)progress;
    const float *v = d->t.v;
    double degrees;
    if (v[ZEROS] > 0) {
        int span = (int)(v[HIGH] - v[LOW]), k = fvi_random_int(r, 0, span + (int)v[ZEROS]);
        degrees = k <= span ? v[LOW] + k : 0;
    } else
        degrees = fvi_between(v[LOW], v[HIGH], fvi_random_uniform(r));
    double angle = degrees * (v[COMPAT] > 0 ? 3.14 : PI) / 180;
    turn(d, angle, &d->map);
    turn(d, -angle, &d->back);
    d->side = 1;
}
static void rotate_apply(const fvi_drawn *d, const float *in, float *out) {
    const fvi_sampler s = sampler_of(d);
    if (d->t.v[COMPAT] > 0)
        fvi_sample_nearest(input_of(d, in), &s, output_of(d, out));
    else
        map_apply(d, in, out);
}
static void rotate_adjoint(const fvi_drawn *d, const float *dout, float *din) {
    const fvi_sampler back = {.map = d->back, .edge = FVI_EDGE_ZERO, .side = 1};
    if (d->t.v[COMPAT] > 0) /* as TensorFlow: the gradient is rotated back, zeros outside */
        fvi_sample_nearest(output_of(d, dout), &back, input_of(d, din));
    else
        map_adjoint(d, dout, din);
}

/* compat lucid: nearest pixels, and of the gradient those at the inverse map. */
static int rotate_emit(const fvi_drawn *d, const fvi_form_site *site, fvi_form *f, int x) {
    const int64_t h = f->out.high[0], w = f->out.high[1], lines = fvi_form_lines(h, w);
    if (d->t.v[COMPAT] <= 0) return map_emit(d, site, f, x);
    if (!knows_edge(d, site, f)) return -1;
    const int choices = fvi_form_choices(site, f, 2 * lines);
    const fvi_form_sampler how = {
        FVI_GRID_NEAREST_AWAY, d->t.edge, d->grey, h, w, fvi_form_grid(site, choices, lines, h, w)};
    return fvi_form_sample(site, &how, x, choices);
}

static void rotate_fill(const fvi_drawn *d, const fvi_form *f, float *to) {
    fvi_form_map map = form_map(d, f, 1);
    fvi_form_put_map(&map, to);
    if (d->t.v[COMPAT] <= 0) return;
    map.map = &d->back;
    fvi_form_put_map(&map, to + fvi_form_lines(map.rows, map.columns));
}

static void net_sizes(const fvi_transform *t, const fvi_chain_frame *frame, fvi_sizes *s) {
    int n = t->kind == FVI_TRANSFORM_RESIZE ? (int)t->v[SIDE] : 0;
    s->low[0] = s->high[0] = n ? n : frame->net_h;
    s->low[1] = s->high[1] = n ? n : frame->net_w;
}

/* The middle of the window along one side, in sides. */
static double crop_middle(double window, float sd, double choice) {
    if (!(sd > 0)) return fvi_between(window / 2, 1 - window / 2, choice);
    double low = fmin(window / 2, 1 - window / 2), high = fmax(window / 2, 1 - window / 2);
    return fmin(high, fmax(low, 0.5 + sd * choice));
}
static void crop_draw(fvi_drawn *d, fvi_random *r, float progress) {
    const float *v = d->t.v;
    if (v[ALTERNATE] > 0) progress = (float)(d->evaluation % 2); /* the ranges take turns */
    double low = fvi_between(v[LOW], v[LOW_END], progress),
           high = fvi_between(v[HIGH], v[HIGH_END], progress);
    double window = fvi_between(low, high, fvi_random_uniform(r));
    double angle = v[DEGREES] * fvi_between(-1, 1, fvi_random_uniform(r)) * PI / 180;
    int flip = fvi_random_uniform(r) < v[FLIP];
    float place[2];
    if (v[SD] > 0)
        fvi_random_normals(r, 2, place);
    else
        for (int i = 0; i < 2; i++) place[i] = fvi_random_uniform(r);
    d->oh = d->frame->net_h;
    d->ow = d->frame->net_w;
    /* Output pixel -> place in the window's own directions, from its middle; then turned. */
    double sy = window * d->h / d->oh, sx = window * d->w / d->ow * (flip ? -1 : 1);
    double ty = -sy * (d->oh - 1) / 2, tx = -sx * (d->ow - 1) / 2;
    double y = crop_middle(window, v[SD], place[0]) * d->h - 0.5;
    double x = crop_middle(window, v[SD], place[1]) * d->w - 0.5;
    double s = sin(angle), c = cos(angle);
    set_map(&d->map, c * sy, s * sx, y + c * ty + s * tx, -s * sy, c * sx, x - s * ty + c * tx);
    d->side = samples_a_side(fmax(sy, fabs(sx)));
}

/* ---- resize, octave ---------------------------------------------------------------------------
 */

static void resize_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)r;
    (void)progress;
    d->oh = d->t.v[SIDE] > 0 ? (int)d->t.v[SIDE] : d->frame->net_h;
    d->ow = d->t.v[SIDE] > 0 ? (int)d->t.v[SIDE] : d->frame->net_w;
}
static void resize_apply(const fvi_drawn *d, const float *in, float *out) {
    fvi_resize(input_of(d, in), output_of(d, out), align_of[(int)d->t.v[RESIZE_COMPAT]]);
}
static void resize_adjoint(const fvi_drawn *d, const float *dout, float *din) {
    fvi_resize_adjoint(output_of(d, dout), input_of(d, din), align_of[(int)d->t.v[RESIZE_COMPAT]]);
}

static void resize_fill(const fvi_drawn *d, const fvi_form *f, float *to) {
    resize_lines(d, f, align_of[(int)d->t.v[RESIZE_COMPAT]], to);
}

static int64_t octave_size(int64_t n, const fvi_transform *t, int k) {
    return (int64_t)floor((double)n / pow(t->v[FACTOR], k) + NEAR);
}
static void octave_sizes(const fvi_transform *t, const fvi_chain_frame *frame, fvi_sizes *s) {
    (void)frame;
    for (int i = 0; i < 2; i++) s->low[i] = octave_size(s->low[i], t, (int)t->v[COUNT] - 1);
}
static void octave_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)progress;
    int k = fvi_random_int(r, 0, (int)d->t.v[COUNT] - 1);
    d->oh = (int)octave_size(d->h, &d->t, k);
    d->ow = (int)octave_size(d->w, &d->t, k);
}
static void octave_apply(const fvi_drawn *d, const float *in, float *out) {
    fvi_resize(input_of(d, in), output_of(d, out), FVI_ALIGN_ENDS);
}
static void octave_back(const fvi_drawn *d, const float *dout, float *din) {
    fvi_resize(output_of(d, dout), input_of(d, din), FVI_ALIGN_ENDS);
}

static int octave_emit(const fvi_drawn *d, const fvi_form_site *site, fvi_form *f, int x) {
    const int64_t h = f->out.high[0], w = f->out.high[1], lines = fvi_form_lines(h, w);
    const int64_t back_h = f->in.high[0], back_w = f->in.high[1];
    const int choices = fvi_form_choices(site, f, lines + fvi_form_lines(back_h, back_w));
    const int back = fvi_form_grid(site, choices, lines, back_h, back_w);
    const fvi_form_sampler how = {FVI_GRID_LINEAR, FVI_EDGE_ZERO, d->grey, h, w, back};
    return back < 0 ? -1 : fvi_form_sample(site, &how, x, choices);
}

static void octave_fill(const fvi_drawn *d, const fvi_form *f, float *to) {
    resize_lines(d, f, FVI_ALIGN_ENDS, to);
    put_lines(FVI_ALIGN_ENDS, f->in.high, (int[]){d->h, d->w}, (int[]){d->oh, d->ow},
              to + fvi_form_lines(f->out.high[0], f->out.high[1]));
}

const fvi_transform_entry fvi_transform_scale = {
    .name = "scale",
    .least = 2,
    .most = 4,
    .argument = {{"low", 0.01f, 100, 0, NULL},
                 {"high", 0.01f, 100, 0, NULL},
                 {"step", 0, 100, 0, NULL},
                 {"compat", 0, 2, 1, FVI_COMPAT_WORDS}},
    .ordered = 1,
    .one_for_all = 1,
    .check = range_check,
    .resize = scale_sizes,
    .draw = scale_draw,
    .apply = scale_apply,
    .adjoint = scale_adjoint,
    .emit = resize_emit,
    .fill = scale_fill,
};
const fvi_transform_entry fvi_transform_zoom = {
    .name = "zoom",
    .least = 2,
    .most = 3,
    .argument = {{"low", 0.01f, 100, 0, NULL},
                 {"high", 0.01f, 100, 0, NULL},
                 {"step", 0, 100, 0, NULL}},
    .ordered = 1,
    .takes_edge = 1,
    .check = range_check,
    .draw = zoom_draw,
    .apply = map_apply,
    .adjoint = map_adjoint,
    .emit = map_emit,
    .fill = map_fill,
};
const fvi_transform_entry fvi_transform_rotate = {
    .name = "rotate",
    .least = 2,
    .most = 4,
    .argument = {{"low", -360, 360, 0, NULL},
                 {"high", -360, 360, 0, NULL},
                 {"zeros", 0, 1000000, 1, NULL},
                 {"compat", 0, 1, 1, "exact|lucid"}},
    .ordered = 1,
    .takes_edge = 1,
    .check = rotate_check,
    .draw = rotate_draw,
    .apply = rotate_apply,
    .adjoint = rotate_adjoint,
    .emit = rotate_emit,
    .fill = rotate_fill,
};
const fvi_transform_entry fvi_transform_crop = {
    .name = "crop",
    .least = 2,
    .most = 8,
    .argument = {{"low", 0.01f, 10, 0, NULL},
                 {"high", 0.01f, 10, 0, NULL},
                 {"low_end", 0.01f, 10, 0, NULL},
                 {"high_end", 0.01f, 10, 0, NULL},
                 {"degrees", 0, 360, 0, NULL},
                 {"flip", 0, 1, 0, NULL},
                 {"sd", 0, 10, 0, NULL},
                 {"alternate", 0, 1, 1, NULL}},
    .ordered = 1,
    .takes_edge = 1,
    .resize = net_sizes,
    .draw = crop_draw,
    .apply = map_apply,
    .adjoint = map_adjoint,
    .emit = map_emit,
    .fill = map_fill,
};
const fvi_transform_entry fvi_transform_resize = {
    .name = "resize",
    .least = 1,
    .most = 2,
    .argument = {{"side", 0, 65536, 1, NULL}, {"compat", 0, 2, 1, FVI_COMPAT_WORDS}},
    .resize = net_sizes,
    .draw = resize_draw,
    .apply = resize_apply,
    .adjoint = resize_adjoint,
    .emit = resize_emit,
    .fill = resize_fill,
};
const fvi_transform_entry fvi_transform_octave = {
    .name = "octave",
    .least = 2,
    .most = 2,
    .argument = {{"count", 1, 16, 1, NULL}, {"factor", 1, 10, 0, NULL}},
    .one_for_all = 1,
    .resize = octave_sizes,
    .draw = octave_draw,
    .apply = octave_apply,
    .adjoint = octave_back,
    .emit = octave_emit,
    .fill = octave_fill,
};
