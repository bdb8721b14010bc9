/* SPDX-License-Identifier: Apache-2.0 */
/* What the graph forms of transforms are made of: an input for the random choices, and sampling at
 * a grid that is the sum of its rows and columns.
 *
 * Edges: zeros outside are the sampler's own; grey is subtracted before and added after; REPEAT
 * holds positions inside, which is what repeating each corner amounts to; REFLECT mirrors positions
 * at the edges (-0.5 and n - 0.5) and then holds them inside, which is what mirroring each corner
 * amounts to, since a corner's mirror image has the weight of the corner. For WRAP the first row
 * and column are appended, and positions are taken modulo the size.
 */
#include "vis/transform/transform_form.h"

#include "graph/build/compose.h"

int fvi_sizes_fixed(const fvi_sizes *s) {
    return s->low[0] == s->high[0] && s->low[1] == s->high[1];
}

int fvi_form_choices(const fvi_form_site *site, fvi_form *f, int64_t numbers) {
    const fvi_shape shape = {2, {site->samples, numbers}};
    if (f->choices) return f->input;
    if (fvi_shape_count(&shape) < 0) {
        fvi_build_fail(site->builder, FV_NOMEM, "has %" PRId64 " random choices of %d pictures",
                       numbers, site->samples);
        return -1;
    }
    f->numbers = numbers;
    f->input =
        fvi_given_input(site->given, site->builder, &shape, FVI_GIVEN_EACH_UPDATE, &f->choices);
    return f->input;
}

int fvi_form_part(const fvi_form_site *site, int choices, int64_t first, const fvi_shape *shape) {
    const int64_t count = fvi_shape_product(shape, 1, shape->ndim);
    if (choices < 0) return -1;
    return fvi_emit_reshape(site->builder, fvi_emit_slice(site->builder, choices, 1, first, count),
                            shape);
}

int fvi_form_needs_fixed(const fvi_form_site *site, const fvi_form *f, const char *what) {
    if (fvi_sizes_fixed(&f->in) && fvi_sizes_fixed(&f->out)) return 1;
    fvi_build_fail(site->builder, FV_UNSUPPORTED,
                   "%s has no graph form where a transform before it draws the size", what);
    return 0;
}

/* ---- rows and columns ----------------------------------------------------------------------- */

int64_t fvi_form_lines(int64_t h, int64_t w) { return 2 * (h + w); }

/* Where along a side of the output grid point i is; *used: whether it is read. */
static double place(const fvi_form_map *m, int64_t i, int n, int *used) {
    const int64_t pixel = i / m->parts, part = i % m->parts;
    *used = pixel < n;
    return (double)pixel + (part < m->side ? ((double)part + 0.5) / m->side - 0.5 : 0);
}

void fvi_form_put_map(const fvi_form_map *m, float *to) {
    const float *k = m->map->m;
    int used;
    for (int64_t i = 0; i < m->rows * m->parts; i++, to += 2) {
        const double y = place(m, i, m->h, &used);
        to[0] = used ? (float)(k[3] * y + k[5]) : FVI_FORM_OUTSIDE;
        to[1] = used ? (float)(k[0] * y + k[2]) : FVI_FORM_OUTSIDE;
    }
    for (int64_t i = 0; i < m->columns * m->parts; i++, to += 2) {
        const double x = place(m, i, m->w, &used);
        to[0] = used ? (float)(k[4] * x) : FVI_FORM_OUTSIDE;
        to[1] = used ? (float)(k[1] * x) : FVI_FORM_OUTSIDE;
    }
}

/* ---- sampling ------------------------------------------------------------------------------- */

int fvi_form_grid(const fvi_form_site *site, int choices, int64_t first, int64_t h, int64_t w) {
    const fvi_shape rows = {4, {site->samples, h, 1, 2}}, columns = {4, {site->samples, 1, w, 2}};
    return fvi_emit_binary(site->builder, FVI_ADD, fvi_form_part(site, choices, first, &rows),
                           fvi_form_part(site, choices, first + 2 * h, &columns));
}

/* Appends the first row and column of *x, and takes the grid's positions modulo the size. */
static int wrapped(fvi_builder *b, int *x, int grid) {
    static const int64_t lo[4] = {0, 0, 0, 0}, hi[4] = {0, 0, 1, 1};
    const fvi_shape in = fvi_build_shape(b, *x);
    float *size;
    const int sizes = fvi_emit_constant(b, FVI_F32, &(fvi_shape){1, {2}}, &size);
    if (sizes < 0) return -1;
    size[0] = (float)in.dim[3];
    size[1] = (float)in.dim[2];
    *x = fvi_emit_pad(b, *x, lo, hi, FVI_PAD_WRAP, 0);
    return fvi_emit_binary(b, FVI_MOD, grid, sizes);
}

static fvi_grid_padding padding_of(fvi_edge edge) {
    if (edge == FVI_EDGE_REFLECT) return FVI_GRID_REFLECTION;
    return edge == FVI_EDGE_REPEAT ? FVI_GRID_BORDER : FVI_GRID_ZEROS;
}

int fvi_form_sample(const fvi_form_site *site, const fvi_form_sampler *how, int x, int choices) {
    fvi_builder *b = site->builder;
    const float grey = how->edge == FVI_EDGE_GREY ? how->grey : 0;
    const fvi_grid_sample a = {how->mode, padding_of(how->edge), FVI_GRID_INDEX};
    int grid = fvi_form_grid(site, choices, 0, how->h, how->w);
    if (x < 0 || grid < 0) return -1;
    if (how->edge == FVI_EDGE_WRAP && how->back >= 0) { /* x has another size then */
        fvi_build_fail(b, FV_UNSUPPORTED, "edge wrap has no graph form with compat lucid");
        return -1;
    }
    if (grey != 0) x = fvi_emit_unary(b, FVI_LINEAR, 1, -grey, x);
    if (how->edge == FVI_EDGE_WRAP) grid = wrapped(b, &x, grid);
    const int y = fvi_emit_grid_sample(b, x, grid, how->back, &a);
    return grey != 0 ? fvi_emit_unary(b, FVI_LINEAR, 1, grey, y) : y;
}
