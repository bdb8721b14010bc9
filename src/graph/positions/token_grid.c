/* SPDX-License-Identifier: Apache-2.0 */
/* Reads maps off the layouts of values (layout.c).
 *
 * Without the axis of its channels, a value is a map if every digit of its other axes counts rows,
 * columns or samples, and the digits of rows (and of columns) are those of one number: then each
 * cell is at one position. Anything else is told apart, so that it can be refused by name.
 */
#include "graph/positions/token_grid.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int fvi_token_grid_is_map(const fvi_token_grid *t) {
    return t->kind == FVI_GRID_MAP && t->rows > 1 && t->columns > 1;
}

/* ---- digits --------------------------------------------------------------------------------- */

/* Elements of one sample along an axis. */
static int64_t sample_size(const fvi_axis_layout *a) {
    int64_t size = 1;
    for (int k = 0; k < a->n; k++)
        if (a->piece[k].direction != FVI_SAMPLES) size *= a->piece[k].size;
    return a->before + size + a->after;
}

/* Collects the digits of all axes but the channels', from the last to the first. */
static void collect(const fvi_layout *l, int ndim, fvi_token_grid *t) {
    int64_t weight = 1;
    t->several = 1;
    for (int i = ndim - 1; i >= 0; i--) {
        const fvi_axis_layout *a = &l->axis[i];
        if (i == t->channel) continue;
        int64_t digit_weight = weight;
        for (int k = a->n - 1; k >= 0; k--) {
            const fvi_layout_piece *p = &a->piece[k];
            if (p->direction == FVI_SAMPLES) continue;
            if (p->direction == FVI_NO_DIRECTION)
                t->several *= p->size;
            else
                t->digit[t->n++] = (fvi_grid_digit){p->direction, p->size, p->step, digit_weight};
            digit_weight *= p->size;
        }
        t->base += a->before * weight;
        if (fvi_axis_has(a, FVI_ROWS) || fvi_axis_has(a, FVI_COLUMNS)) {
            t->before += a->before;
            t->after += a->after;
            t->is_sequence |= fvi_axis_has(a, FVI_ROWS) && fvi_axis_has(a, FVI_COLUMNS);
        } else {
            t->several *= a->before + a->after ? a->before + a->after + 1 : 1;
        }
        weight *= sample_size(a);
    }
}

static int by_step(const void *a, const void *b) {
    const fvi_grid_digit *x = a, *y = b;
    if (x->direction != y->direction) return x->direction < y->direction ? -1 : 1;
    return (x->step > y->step) - (x->step < y->step);
}

/* Whether the digits along d are those of one number; then *size is how many cells it counts, and
 * steps are in cells. *unit: rows a cell; 0: there is no digit. */
static int one_number(fvi_token_grid *t, fvi_direction d, int64_t *size, int64_t *unit) {
    *size = 1;
    *unit = 0;
    for (int i = 0; i < t->n; i++) {
        fvi_grid_digit *p = &t->digit[i];
        if (p->direction != d) continue;
        if (!*unit) *unit = p->step;
        if (p->step != *unit * *size) return 0;
        p->step = *size;
        *size *= p->size;
    }
    return 1;
}

/* Whether the channels count positions too, whole cells further: they are keys of attention. */
static int has_pairs(const fvi_axis_layout *channels, fvi_direction d, int64_t unit) {
    for (int k = 0; k < channels->n; k++)
        if (channels->piece[k].direction == d && channels->piece[k].step >= unit) return 1;
    return 0;
}

/* Rows (columns) of the map, and where they begin. */
static void measure(const fvi_layout_frame *f, int64_t size, int64_t unit, int64_t *cells,
                    int64_t *shift) {
    const int whole = unit && size * unit == f->extent && f->cells % unit == 0;
    *cells = whole ? f->cells / unit : size;
    *shift = whole ? (f->pad / unit - f->start / unit + size) % size : 0;
}

/* What the rows (columns) of the map lie over. */
static fvi_stretch stretch_of(const fvi_layout_frame *f, int64_t size, int64_t unit) {
    if (!unit || size * unit == f->extent) return f->over;
    return fvi_frame_stretch(f, (double)f->start, (double)(f->start + size * unit));
}

static fvi_grid_kind read_map(const fvi_layout *l, fvi_token_grid *t) {
    int64_t cells[2], unit[2];
    qsort(t->digit, (size_t)t->n, sizeof *t->digit, by_step);
    for (int d = FVI_ROWS; d <= FVI_COLUMNS; d++) {
        if (!one_number(t, (fvi_direction)d, &t->wrap[d], &unit[d])) return FVI_GRID_PAIRS;
        if (!unit[d] && l->frame[d].cells != 1) return FVI_GRID_NONE;
        if (unit[d] && has_pairs(&l->axis[t->channel], (fvi_direction)d, unit[d]))
            return FVI_GRID_PAIRS;
        measure(&l->frame[d], t->wrap[d], unit[d], &cells[d], &t->shift[d]);
        t->over[d] = stretch_of(&l->frame[d], t->wrap[d], unit[d]);
        t->seen[d] = l->frame[d].seen;
    }
    if (t->several > 1) return FVI_GRID_SPLIT;
    t->rows = cells[FVI_ROWS];
    t->columns = cells[FVI_COLUMNS];
    return FVI_GRID_MAP;
}

/* Whether any axis counts positions. */
static int has_positions(const fvi_layout *l, int ndim) {
    for (int i = 0; i < ndim; i++)
        if (fvi_axis_has(&l->axis[i], FVI_ROWS) || fvi_axis_has(&l->axis[i], FVI_COLUMNS)) return 1;
    return 0;
}

void fvi_token_grid_of(const fvi_graph *g, const fvi_layout *layouts, int value, int channel,
                       fvi_token_grid *out) {
    const fvi_layout *l = &layouts[value];
    const int ndim = g->values[value].shape.ndim;
    *out = (fvi_token_grid){.channel = channel, .over = {{0, 1}, {0, 1}}, .seen = {{0, 1}, {0, 1}}};
    if (!l->known || ndim < 1) return;
    out->of_picture = l->picture;
    collect(l, ndim, out);
    out->kind = read_map(l, out);
    if (out->kind == FVI_GRID_NONE && has_positions(l, ndim)) {
        out->kind = FVI_GRID_SPLIT;
        out->several = 0;
        out->is_lost = channel < 0 || (!fvi_axis_has(&l->axis[channel], FVI_ROWS) &&
                                       !fvi_axis_has(&l->axis[channel], FVI_COLUMNS));
    }
}

fv_status fvi_token_grid_find(const fvi_graph *g, const fv_input *in, int value, int channel,
                              fvi_token_grid *out, fv_error *err) {
    fvi_layout *layouts = NULL;
    fv_status st = fvi_graph_layouts(g, in, &layouts, err);
    if (st) return st;
    fvi_token_grid_of(g, layouts, value, channel, out);
    free(layouts);
    return FV_OK;
}

/* ---- cells ---------------------------------------------------------------------------------- */

int64_t fvi_token_grid_position(const fvi_token_grid *t, int64_t row, int64_t column) {
    const int64_t at[2] = {(row + t->shift[0]) % t->wrap[0], (column + t->shift[1]) % t->wrap[1]};
    int64_t position = t->base;
    for (int i = 0; i < t->n; i++) {
        const fvi_grid_digit *p = &t->digit[i];
        position += at[p->direction] / p->step % p->size * p->weight;
    }
    return position;
}

int fvi_token_grid_cell(const fvi_token_grid *t, int64_t position, int64_t *row, int64_t *column) {
    for (int64_t r = 0; r < t->rows; r++)
        for (int64_t c = 0; c < t->columns; c++) {
            if (fvi_token_grid_position(t, r, c) != position) continue;
            *row = r;
            *column = c;
            return 1;
        }
    return 0;
}

const char *fvi_token_grid_text(const fvi_token_grid *t, char text[FVI_GRID_TEXT]) {
    if (t->kind == FVI_GRID_PAIRS)
        snprintf(text, FVI_GRID_TEXT, "it has a number for every pair of positions, as attention");
    else if (t->kind == FVI_GRID_SPLIT && t->several > 1)
        snprintf(text, FVI_GRID_TEXT,
                 "besides channels it has %" PRId64 " numbers a position, as attention's heads",
                 t->several);
    else if (t->kind == FVI_GRID_SPLIT && t->is_lost)
        snprintf(
            text, FVI_GRID_TEXT,
            "its rows or columns are the picture's flipped, rolled, averaged or taken by index, "
            "which are not followed");
    else if (t->kind == FVI_GRID_SPLIT)
        snprintf(text, FVI_GRID_TEXT, "its channels are no axis of their own");
    else if (t->kind == FVI_GRID_MAP)
        snprintf(text, FVI_GRID_TEXT, "its map is %" PRId64 "x%" PRId64, t->rows, t->columns);
    else
        snprintf(text, FVI_GRID_TEXT, "it has no rows and columns of the picture");
    return text;
}
