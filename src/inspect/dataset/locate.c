/* SPDX-License-Identifier: Apache-2.0 */
/* locate: from a position of a map to pixels of the photo.
 *
 * Along one direction, position p sees pixels p*jump + first .. p*jump + last of the network's
 * picture (graph/receptive_field.c), cut off at its borders. Of a transformer's tokens p is the row
 * or column of the patch (graph/positions/token_grid.h). That picture is a piece of the resized
 * photo, so pixel i is at (i + piece's corner) * photo's side / resized side there. Rectangles are
 * rounded outwards to whole pixels. The center of a position is as wide as the distance to the next
 * one.
 */
#include <math.h>

#include "graph/receptive_field.h"
#include "inspect/dataset/dataset.h"
#include "runtime/model_state.h"
#include "runtime/preprocess.h"

/* A stretch of pixels, from low to (excluding) high. */
typedef struct stretch {
    double low, high;
} stretch;

/* Coordinate of a position along an axis of the sample; -1 if the axis counts no positions. */
static int64_t along(const fvi_layer_table *t, int64_t position, int axis) {
    for (int i = t->n_axes - 1; i >= 0; i--) {
        if (t->axis[i] == axis) return position % t->size[i];
        position /= t->size[i];
    }
    return -1;
}

/* A position as a cell of the map over the picture; without one, the coordinate along the last
 * axis, and along all those before it. Returns 0 where the map has no such cell: a class token. */
static int coordinates(const fvi_layer_table *t, int64_t position, int64_t cell[2]) {
    if (t->grid.kind == FVI_GRID_MAP)
        return fvi_token_grid_cell(&t->grid, position, &cell[0], &cell[1]);
    const int64_t columns = t->size[t->n_axes - 1];
    cell[0] = position / columns;
    cell[1] = position % columns;
    return 1;
}

/* What the position sees along direction d, and its center, in pixels of the network's picture. */
static void see(const fvi_layer_table *t, int64_t position, int d, int side, stretch *field,
                stretch *center) {
    const fvi_receptive_field *r = &t->reach[d];
    const int64_t cells = d ? t->grid.columns : t->grid.rows;
    int64_t cell[2], p = -1;
    *field = *center = (stretch){0, side};
    if (position < 0) return;
    if (t->grid.kind == FVI_GRID_MAP && coordinates(t, position, cell)) p = cell[d];
    if (p >= 0 && r->axis < 0 && t->grid.of_picture)
        *center =
            (stretch){(double)(p * side) / (double)cells, (double)((p + 1) * side) / (double)cells};
    if (r->axis < 0) return;
    if (p < 0) p = along(t, position, r->axis);
    if (p < 0) return;
    const double at = (double)p * r->jump, middle = at + (r->first + r->last + 1) / 2;
    *field = (stretch){fmax(0, at + r->first), fmin(side, at + r->last + 1)};
    *center = (stretch){fmax(0, middle - r->jump / 2), fmin(side, middle + r->jump / 2)};
    /* a map larger than the picture has positions that see nothing but the border */
    if (field->high - field->low < 1) *field = (stretch){0, side};
    if (center->high - center->low < 1) *center = *field;
}

/* Pixels of the photo: first and count. */
static void to_photo(const stretch *s, int64_t corner, int64_t resized, int side, int *first,
                     int *count) {
    const double scale = (double)side / (double)resized;
    const int low = (int)floor((s->low + (double)corner) * scale + 1e-6);
    const int high = (int)ceil((s->high + (double)corner) * scale - 1e-6);
    *first = CLAMP(low, 0, side - 1);
    *count = CLAMP(high, *first + 1, side) - *first;
}

void fvi_example_locate(const fv_examples *e, const fvi_layer_table *t, uint32_t position,
                        fv_example *out) {
    const fv_input *in = fv_model_input(e->model);
    const fvi_photo_entry *photo = &g_array_index(e->photos, fvi_photo_entry, out->photo);
    const fvi_crop c = fvi_input_crop(in, photo->height, photo->width);
    int64_t places = 1, at = position, cell[2];
    stretch field[2], center[2];
    for (int i = 0; i < t->n_axes; i++) places *= t->size[i];
    if (position == FVI_NOWHERE || !t->n_axes || at >= places) at = -1; /* files may say anything */
    out->y = out->x = -1;
    if (at >= 0 && !coordinates(t, at, cell)) at = -1;
    if (at >= 0) {
        out->y = (int)cell[0];
        out->x = (int)cell[1];
    }
    see(t, at, 0, in->height, &field[0], &center[0]);
    see(t, at, 1, in->width, &field[1], &center[1]);
    out->whole = field[0].low <= 0 && field[0].high >= in->height && field[1].low <= 0 &&
                 field[1].high >= in->width;
    to_photo(&field[0], c.y, c.height, photo->height, &out->top, &out->height);
    to_photo(&field[1], c.x, c.width, photo->width, &out->left, &out->width);
    to_photo(&center[0], c.y, c.height, photo->height, &out->center_top, &out->center_height);
    to_photo(&center[1], c.x, c.width, photo->width, &out->center_left, &out->center_width);
}
