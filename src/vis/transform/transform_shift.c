/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms that move whole pixels: pad, jitter, roll, translate, flip, fit.
 *
 * Each is out[y][x] = in[row(y)][column(x)], or the border's constant where there is no such pixel.
 * The two tables are filled for each call; the adjoint adds along the same tables. So padding with
 * a mirror, say, gives its border's gradient to the pixels mirrored.
 *
 * Sources: keras-vis shifts by scipy.ndimage.shift(mode='wrap'), which takes the first and the last
 * row for one, so that its period is one short: roll's third number. Darknet (examples/nightmare.c)
 * brings the gradient back by shifting it back, edges repeated: translate's third number.
 */
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "graph/build/compose.h"
#include "vis/transform/transform_kind.h"

/* Arguments: of pad and jitter the first, of roll, of translate; of flip. */
enum { PIXELS, EXTRA, OVERLAP };
enum { SAME_WAY = 2 };
enum { PROBABILITY };

/* ---- both directions ------------------------------------------------------------------------ */

/* scipy's 'wrap': a period of n - 1; 0..n-2 above the end, 1..n-1 below 0. */
static int lap_index(int64_t i, int n) {
    if (i >= 0 && i < n) return (int)i;
    if (n == 1) return 0;
    return (int)(i < 0 ? i + (n - 1) * (-i / (n - 1) + 1) : i - (n - 1) * (i / (n - 1)));
}

/* The input pixel, of n in a line, that a shift moves to position i; -1: the border. */
static int source(const fvi_drawn *d, int64_t i, int shift, int n) {
    if (d->t.kind == FVI_TRANSFORM_ROLL && d->t.v[OVERLAP] > 0) return lap_index(i - shift, n);
    return fvi_edge_index(i - shift, n,
                          d->t.kind == FVI_TRANSFORM_ROLL ? FVI_EDGE_WRAP : d->t.edge);
}

/* Tables: where in the input each output row and column is, through all moves done in one. */
static void fill_tables(const fvi_drawn *d) {
    int *column = d->index + d->oh;
    for (int y = 0; y < d->oh; y++) {
        int i = y;
        for (const fvi_drawn *k = d; k && i >= 0; k = k->before) i = source(k, i, k->dy, k->h);
        d->index[y] = i;
    }
    for (int x = 0; x < d->ow; x++) {
        int i = x;
        for (const fvi_drawn *k = d; k && i >= 0; k = k->before)
            i = k->flip ? k->ow - 1 - i : source(k, i, k->dx, k->w);
        column[x] = i;
    }
}

/* The first of the moves done in one: its input is theirs, and its border, for the others have
 * none.
 */
static const fvi_drawn *first_of(const fvi_drawn *d) {
    while (d->before) d = d->before;
    return d;
}

/* The longest piece [*a, *b) of an output row that is a piece of the input's row too. */
static void find_run(const int *column, int n, int *a, int *b) {
    *a = *b = 0;
    for (int x = 0, from = 0; x < n; x++) {
        if (x > 0 && (column[x] <= 0 || column[x] != column[x - 1] + 1)) from = x;
        if (column[x] < 0 || x - from < *b - *a) continue;
        *a = from;
        *b = x + 1;
    }
}

/* One row of a channel: from its row of the input, NULL where that is the border; a..b - 1 go to
 * one piece. */
static void move_row(const float *from, const int *column, int n, int a, int b, float border,
                     float *to) {
    if (!from) {
        for (int x = 0; x < n; x++) to[x] = border;
        return;
    }
    for (int x = 0; x < a; x++) to[x] = column[x] < 0 ? border : from[column[x]];
    if (a < b) memcpy(to + a, from + column[a], (size_t)(b - a) * sizeof *to);
    for (int x = b; x < n; x++) to[x] = column[x] < 0 ? border : from[column[x]];
}

/* A thread has the same rows of every channel, here and in all transforms. */
static void move(const fvi_drawn *d, const float *in, float *out) {
    const int *row = d->index, *column = d->index + d->oh, channels = d->frame->channels;
    const fvi_drawn *f = first_of(d);
    const int64_t plane = (int64_t)f->h * f->w, oplane = (int64_t)d->oh * d->ow;
    const float border = f->t.edge == FVI_EDGE_GREY ? f->grey : 0;
    int a, b;
    fill_tables(d);
    find_run(column, d->ow, &a, &b);
#pragma omp parallel for schedule(static) if (channels * oplane > FVI_PARALLEL_MIN)
    for (int y = 0; y < d->oh; y++)
        for (int c = 0; c < channels; c++)
            move_row(row[y] < 0 ? NULL : in + c * plane + (int64_t)row[y] * f->w, column, d->ow, a,
                     b, border, out + c * oplane + (int64_t)y * d->ow);
}

/* to[column[x]] += from[x], x = 0..n-1, of which a..b-1 go to one piece. */
FVI_WIDE static void add_row(const float *from, const int *column, int n, int a, int b, float *to) {
    float *run = to + (a < b ? column[a] : 0);
    for (int x = 0; x < a; x++)
        if (column[x] >= 0) to[column[x]] += from[x];
#pragma omp simd
    for (int x = a; x < b; x++) run[x - a] += from[x];
    for (int x = b; x < n; x++)
        if (column[x] >= 0) to[column[x]] += from[x];
}

/* Each thread adds up its own rows of din, so that sums have one order however many there are. */
static void move_adjoint(const fvi_drawn *d, const float *dout, float *din) {
    const int *row = d->index, *column = d->index + d->oh, channels = d->frame->channels;
    const int h = first_of(d)->h, w = first_of(d)->w;
    const int64_t plane = (int64_t)h * w, oplane = (int64_t)d->oh * d->ow;
    int a, b;
    fill_tables(d);
    find_run(column, d->ow, &a, &b);
#pragma omp parallel if (channels * plane > FVI_PARALLEL_MIN)
    {
        int64_t first, end;
        fvi_thread_share(h, &first, &end);
        for (int c = 0; c < channels; c++) {
            float *to = din + c * plane;
            memset(to + first * w, 0, (size_t)((end - first) * w) * sizeof *to);
            for (int y = 0; y < d->oh; y++)
                if (row[y] >= first && row[y] < end)
                    add_row(dout + c * oplane + (int64_t)y * d->ow, column, d->ow, a, b,
                            to + (int64_t)row[y] * w);
        }
    }
}

/* Whether the gradient is moved as the picture would be moved back: TRANSLATE's last number. */
static int goes_same_way(const fvi_drawn *d) {
    return d->t.kind == FVI_TRANSFORM_TRANSLATE && d->t.v[SAME_WAY] > 0;
}

/* That move. */
static fvi_drawn same_way_back(const fvi_drawn *d) {
    fvi_drawn back = *d;
    back.dy = -d->dy;
    back.dx = -d->dx;
    back.grey = 0;
    return back;
}

/* ---- as nodes of a graph --------------------------------------------------------------------- */

/* Nearest pixels at the rows and columns of the tables. Only the border's constant is an edge of
 * the sampling; the others are in the tables. */
static int move_emit(const fvi_drawn *d, const fvi_form_site *site, fvi_form *f, int x) {
    const int64_t h = f->out.high[0], w = f->out.high[1];
    const int64_t lines = fvi_form_lines(h, w);
    const int grey = first_of(d)->t.edge == FVI_EDGE_GREY;
    fvi_form_sampler how = {
        FVI_GRID_NEAREST, grey ? FVI_EDGE_GREY : FVI_EDGE_ZERO, d->grey, h, w, -1};
    /* Outside the drawn size a canvas is 0. */
    if (grey && !fvi_sizes_fixed(&f->out) && !fvi_form_needs_fixed(site, f, "its grey edge"))
        return -1;
    const int choices = fvi_form_choices(site, f, goes_same_way(d) ? 2 * lines : lines);
    if (goes_same_way(d)) how.back = fvi_form_grid(site, choices, lines, h, w);
    return fvi_form_sample(site, &how, x, choices);
}

/* The position of line i of n on a canvas. */
static float position(const int *index, int64_t i, int n) {
    return i < n && index[i] >= 0 ? (float)index[i] : FVI_FORM_OUTSIDE;
}

static void put_tables(const fvi_drawn *d, const fvi_form *f, float *to) {
    fill_tables(d);
    for (int64_t y = 0; y < f->out.high[0]; y++) {
        *to++ = 0;
        *to++ = position(d->index, y, d->oh);
    }
    for (int64_t x = 0; x < f->out.high[1]; x++) {
        *to++ = position(d->index + d->oh, x, d->ow);
        *to++ = 0;
    }
}

static void move_fill(const fvi_drawn *d, const fvi_form *f, float *to) {
    const fvi_drawn back = same_way_back(d);
    put_tables(d, f, to);
    if (goes_same_way(d)) put_tables(&back, f, to + fvi_form_lines(f->out.high[0], f->out.high[1]));
}

/* ---- pad and fit: nothing random ------------------------------------------------------------ */

static void pad_sizes(const fvi_transform *t, const fvi_chain_frame *frame, fvi_sizes *s) {
    (void)frame;
    for (int i = 0; i < 2; i++) {
        s->low[i] += 2 * (int64_t)t->v[PIXELS];
        s->high[i] += 2 * (int64_t)t->v[PIXELS];
    }
}
static void pad_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)r;
    (void)progress;
    d->dy = d->dx = (int)d->t.v[PIXELS];
    d->oh = d->h + 2 * d->dy;
    d->ow = d->w + 2 * d->dx;
}

/* A pad node, where it can make that edge; it needs no random choices. */
static int pad_emit(const fvi_drawn *d, const fvi_form_site *site, fvi_form *f, int x) {
    const int64_t n = (int64_t)d->t.v[PIXELS], around[4] = {0, 0, n, n};
    const fvi_edge edge = d->t.edge;
    if (edge == FVI_EDGE_REFLECT || edge == FVI_EDGE_WRAP || !fvi_sizes_fixed(&f->in))
        return move_emit(d, site, f, x);
    return fvi_emit_pad(site->builder, x, around, around,
                        edge == FVI_EDGE_REPEAT ? FVI_PAD_EDGE : FVI_PAD_CONSTANT,
                        edge == FVI_EDGE_GREY ? d->grey : 0);
}

static void fit_sizes(const fvi_transform *t, const fvi_chain_frame *frame, fvi_sizes *s) {
    (void)t;
    s->low[0] = s->high[0] = frame->net_h;
    s->low[1] = s->high[1] = frame->net_w;
}
/* Where the spare pixels are odd the smaller half goes above and left (tf.image's way). */
static int fit_shift(int n, int m) { return m > n ? (m - n) / 2 : -((n - m) / 2); }
static void fit_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)r;
    (void)progress;
    d->oh = d->frame->net_h;
    d->ow = d->frame->net_w;
    d->dy = fit_shift(d->h, d->oh);
    d->dx = fit_shift(d->w, d->ow);
}

/* ---- jitter, roll, translate, flip ---------------------------------------------------------- */

static void jitter_sizes(const fvi_transform *t, const fvi_chain_frame *frame, fvi_sizes *s) {
    (void)frame;
    for (int i = 0; i < 2; i++) {
        s->low[i] -= (int64_t)t->v[PIXELS];
        s->high[i] -= (int64_t)t->v[PIXELS];
    }
}
static void jitter_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)progress;
    int n = (int)d->t.v[PIXELS];
    d->dy = -fvi_random_int(r, 0, n);
    d->dx = -fvi_random_int(r, 0, n);
    d->oh = d->h - n;
    d->ow = d->w - n;
}

static fv_status shift_check(const fvi_transform *t, fv_error *err) {
    if (2 * t->v[PIXELS] + t->v[EXTRA] >= 0) return FV_OK;
    return fvi_fail(err, FV_ARG, "transforms: %s(%g,%g): shifts from %g to %g: there are none",
                    t->kind == FVI_TRANSFORM_ROLL ? "roll" : "translate", t->v[PIXELS], t->v[EXTRA],
                    -t->v[PIXELS], t->v[PIXELS] + t->v[EXTRA]);
}
static void shift_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)progress;
    int n = (int)d->t.v[PIXELS], more = (int)d->t.v[EXTRA];
    d->dy = fvi_random_int(r, -n, n + more);
    d->dx = fvi_random_int(r, -n, n + more);
}

static void translate_adjoint(const fvi_drawn *d, const float *dout, float *din) {
    const fvi_drawn back = same_way_back(d);
    if (goes_same_way(d))
        move(&back, dout, din);
    else
        move_adjoint(d, dout, din);
}

static void flip_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)progress;
    d->flip = fvi_random_uniform(r) < d->t.v[PROBABILITY];
}

const fvi_transform_entry fvi_transform_pad = {
    .name = "pad",
    .moves = 1,
    .least = 1,
    .most = 1,
    .argument = {{"pixels", 0, 4096, 1, NULL}},
    .takes_edge = 1,
    .resize = pad_sizes,
    .draw = pad_draw,
    .apply = move,
    .adjoint = move_adjoint,
    .emit = pad_emit,
    .fill = move_fill,
};
const fvi_transform_entry fvi_transform_jitter = {
    .name = "jitter",
    .moves = 1,
    .never_out = 1,
    .least = 1,
    .most = 1,
    .argument = {{"pixels", 0, 4096, 1, NULL}},
    .resize = jitter_sizes,
    .draw = jitter_draw,
    .apply = move,
    .adjoint = move_adjoint,
    .emit = move_emit,
    .fill = move_fill,
};
const fvi_transform_entry fvi_transform_roll = {
    .name = "roll",
    .moves = 1,
    .never_out = 1,
    .least = 1,
    .most = 3,
    .argument = {{"pixels", 0, 65536, 1, NULL},
                 {"extra", -65536, 65536, 1, NULL},
                 {"overlap", 0, 1, 1, NULL}},
    .check = shift_check,
    .draw = shift_draw,
    .apply = move,
    .adjoint = move_adjoint,
    .emit = move_emit,
    .fill = move_fill,
};
const fvi_transform_entry fvi_transform_translate = {
    .name = "translate",
    .moves = 1,
    .least = 1,
    .most = 3,
    .argument = {{"pixels", 0, 65536, 1, NULL},
                 {"extra", -65536, 65536, 1, NULL},
                 {"same_way", 0, 1, 1, NULL}},
    .takes_edge = 1,
    .check = shift_check,
    .draw = shift_draw,
    .apply = move,
    .adjoint = translate_adjoint,
    .emit = move_emit,
    .fill = move_fill,
};
const fvi_transform_entry fvi_transform_flip = {
    .name = "flip",
    .moves = 1,
    .never_out = 1,
    .least = 1,
    .most = 1,
    .argument = {{"probability", 0, 1, 0, NULL}},
    .draw = flip_draw,
    .apply = move,
    .adjoint = move_adjoint,
    .emit = move_emit,
    .fill = move_fill,
};
const fvi_transform_entry fvi_transform_fit = {
    .name = "fit",
    .moves = 1,
    .takes_edge = 1,
    .resize = fit_sizes,
    .draw = fit_draw,
    .apply = move,
    .adjoint = move_adjoint,
    .emit = move_emit,
    .fill = move_fill,
};
