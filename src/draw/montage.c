/* SPDX-License-Identifier: Apache-2.0 */
/* Montages: pictures in a grid on white, a label under each, a title above all.
 *
 * Every picture is fitted into the tile with its aspect ratio: enlarged by the largest whole factor
 * that fits (nearest, so that pixels stay sharp) or shrunk bicubically, and centred in its cell.
 * The size of labels does not depend on the tile: they are shortened to the cell, cells of narrow
 * tiles become somewhat wider for short labels, and a label that would be shortened too much is not
 * drawn. Pictures with alpha are composited over white first. What it does not do: colour bars,
 * frames, several lines of text.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "image/image.h"

enum {
    LABEL_MIN = 14, /* heights of text, in pixels */
    LABEL_MAX = 18,
    TITLE_MIN = 16,
    TITLE_MAX = 24,
    LABEL_SPACE = 4,    /* between the labels of two cells, in addition to the gap */
    LABEL_ROOM = 44,    /* narrower cells grow up to this for their labels */
    SHORTENED_MIN = 36, /* a label shortened to less than this is not drawn */
    TITLE_ROOM = 480,   /* a narrower picture grows up to this for its title */
    EMPTY_COST = 4,     /* of a grid with as many empty cells as pictures; the cost of a grid twice
                         * as wide as high is log 2 */
    SIDE_MAX = 1 << 20
};

/* The layout, in pixels. */
typedef struct montage {
    const fv_image *const *images;
    const char *const *labels; /* NULL: no label anywhere */
    int count, channels;
    int tile_h, tile_w; /* the largest a fitted picture becomes */
    int cell_w;         /* tile_w, or wider for labels */
    int columns, rows;
    int gap, margin;
    int label_h;     /* 0: none */
    fv_image *title; /* or NULL */
    int height, width;
} montage;

/* Size of a picture fitted into box_h x box_w: enlarged by a whole factor, or shrunk. */
static void fit(const fv_image *p, int box_h, int box_w, int *h, int *w) {
    int factor = MIN(box_h / p->height, box_w / p->width);
    if (factor >= 1) {
        *h = p->height * factor;
        *w = p->width * factor;
        return;
    }
    double scale = fmin((double)box_h / p->height, (double)box_w / p->width);
    *h = MAX(1, (int)lround(p->height * scale));
    *w = MAX(1, (int)lround(p->width * scale));
}

static fv_status check(const fv_image *const *images, int count, const fv_montage_desc *desc,
                       fv_error *err) {
    if (count < 1) return fvi_fail(err, FV_ARG, "a montage of %d pictures cannot be made", count);
    if (desc->columns < 0 || desc->tile < 0)
        return fvi_fail(err, FV_ARG,
                        "a montage of %d columns with tiles of %d: neither may be "
                        "negative",
                        desc->columns, desc->tile);
    if (desc->tile > SIDE_MAX)
        return fvi_fail(err, FV_ARG, "a montage's tile of %d: at most %d", desc->tile, SIDE_MAX);
    fv_status st = FV_OK;
    for (int i = 0; i < count && !st; i++) {
        char what[48];
        g_snprintf(what, sizeof what, "picture %d of a montage", i);
        st = fvi_image_check(images[i], what, err);
    }
    return st;
}

/* The tile: as large as the largest fitted picture, so that wide pictures do not get square tiles.
 */
static void plan_tile(montage *m, int tile) {
    int box_h = tile ? tile : m->images[0]->height, box_w = tile ? tile : m->images[0]->width;
    for (int i = 0; i < m->count; i++) {
        int h, w;
        fit(m->images[i], box_h, box_w, &h, &w);
        m->tile_h = MAX(m->tile_h, h);
        m->tile_w = MAX(m->tile_w, w);
        m->channels = MAX(m->channels, m->images[i]->channels >= 3 ? 3 : 1);
    }
    int side = MAX(m->tile_h, m->tile_w);
    m->gap = side < 32 ? 2 : MAX(4, side / 32);
    m->margin = MAX(8, m->gap);
}

/* The height of the labels, and cells that are wide enough for short ones. */
static fv_status plan_labels(montage *m, fv_error *err) {
    int any = 0;
    for (int i = 0; m->labels && i < m->count; i++) any |= m->labels[i] && m->labels[i][0];
    m->cell_w = m->tile_w;
    if (!any) return FV_OK;
    m->label_h = MIN(MAX(m->tile_w / 14, LABEL_MIN), LABEL_MAX);
    for (int i = 0; i < m->count && m->cell_w < LABEL_ROOM; i++) {
        if (!m->labels[i] || !m->labels[i][0]) continue;
        fv_image *line = NULL;
        fv_status st = fvi_image_from_text(m->labels[i], m->label_h, SIDE_MAX, &line, err);
        if (st) return st;
        m->cell_w = MAX(m->cell_w, MIN(line->width + LABEL_SPACE, LABEL_ROOM));
        fv_image_free(line);
    }
    return FV_OK;
}

static int cell_height(const montage *m) {
    return m->tile_h + (m->label_h ? m->label_h + 4 : 0); /* 2 above and below the label */
}

/* The number of columns for which the whole is nearest to a square, with a cost for empty cells. */
static int near_square(const montage *m) {
    double best = HUGE_VAL;
    int columns = 1;
    for (int c = 1; c <= m->count; c++) {
        int rows = (m->count + c - 1) / c;
        double w = (double)c * (m->cell_w + m->gap), h = (double)rows * (cell_height(m) + m->gap);
        double wide =
            log(w / h); /* too high is somewhat worse than too wide, since screens are wide */
        double empty = (double)((int64_t)rows * c - m->count) / m->count;
        double cost = (wide < 0 ? -1.2 * wide : wide) + EMPTY_COST * empty;
        if (cost < best) {
            best = cost;
            columns = c;
        }
    }
    return columns;
}

/* Renders the title in the largest size that fits; a narrow montage grows for it up to a limit. */
static fv_status plan_title(montage *m, const char *title, int grid_w, fv_error *err) {
    int room = MAX(grid_w, TITLE_ROOM);
    int pixels = MIN(MAX(grid_w / 24, TITLE_MIN), TITLE_MAX);
    for (;; pixels = MAX(TITLE_MIN, pixels - 2)) {
        fv_status st = fvi_image_from_text(title, pixels, pixels > TITLE_MIN ? SIDE_MAX : room,
                                           &m->title, err);
        if (st || m->title->width <= grid_w || pixels == TITLE_MIN) return st;
        fv_image_free(m->title);
        m->title = NULL;
    }
}

static fv_status plan(montage *m, const fv_montage_desc *desc, fv_error *err) {
    plan_tile(m, desc->tile);
    fv_status st = plan_labels(m, err);
    if (st) return st;
    m->columns = desc->columns ? MIN(desc->columns, m->count) : near_square(m);
    m->rows = (m->count + m->columns - 1) / m->columns;
    int64_t w = (int64_t)m->columns * (m->cell_w + m->gap) - m->gap;
    int64_t h = (int64_t)m->rows * (cell_height(m) + m->gap) - m->gap;
    if (w > SIDE_MAX || h > SIDE_MAX)
        return fvi_fail(err, FV_NOMEM,
                        "a montage of %lldx%lld pixels is too large; at most %d a "
                        "side",
                        (long long)w, (long long)h, SIDE_MAX);
    if (desc->title && desc->title[0]) {
        st = plan_title(m, desc->title, (int)w, err);
        if (st) return st;
        w = MAX(w, m->title->width);
        h += m->title->height + m->margin;
    }
    m->width = (int)w + 2 * m->margin;
    m->height = (int)h + 2 * m->margin;
    return FV_OK;
}

/* Pastes one picture into the middle of the tile whose corner is (y, x). */
static fv_status draw_picture(const montage *m, fv_image *onto, const fv_image *p, int y, int x,
                              fv_error *err) {
    int h, w;
    fit(p, m->tile_h, m->tile_w, &h, &w);
    fv_image *flat = NULL, *fitted = NULL;
    fv_status st = p->channels % 2 == 0 ? fvi_image_flatten(p, 1, &flat, err) : FV_OK;
    if (flat) p = flat;
    if (!st && (h != p->height || w != p->width))
        st = fvi_image_resize(p, h, w, h > p->height ? FVI_NEAREST : FVI_BICUBIC, &fitted, err);
    if (!st)
        fvi_image_paste(onto, fitted ? fitted : p, y + (m->tile_h - h) / 2,
                        x + (m->cell_w - w) / 2);
    fv_image_free(fitted);
    fv_image_free(flat);
    return st;
}

/* Draws a label under its tile, if enough of it fits. */
static fv_status draw_label(const montage *m, fv_image *onto, const char *label, int y, int x,
                            fv_error *err) {
    fv_image *line = NULL;
    int shorten = m->cell_w >= SHORTENED_MIN;
    fv_status st = fvi_image_from_text(label, m->label_h,
                                       shorten ? m->cell_w - LABEL_SPACE : SIDE_MAX, &line, err);
    if (st) return st;
    if (line->width <= m->cell_w)
        fvi_image_paste(onto, line, y + m->tile_h + 2, x + (m->cell_w - line->width) / 2);
    fv_image_free(line);
    return FV_OK;
}

static fv_status draw(const montage *m, fv_image *onto, fv_error *err) {
    int64_t n = (int64_t)onto->channels * onto->height * onto->width;
    for (int64_t i = 0; i < n; i++) onto->data[i] = 1;
    int top = m->margin;
    if (m->title) {
        fvi_image_paste(onto, m->title, top, (m->width - m->title->width) / 2);
        top += m->title->height + m->margin;
    }
    int left = (m->width - (m->columns * (m->cell_w + m->gap) - m->gap)) / 2;
    for (int i = 0; i < m->count; i++) {
        int y = top + i / m->columns * (cell_height(m) + m->gap);
        int x = left + i % m->columns * (m->cell_w + m->gap);
        fv_status st = draw_picture(m, onto, m->images[i], y, x, err);
        if (!st && m->label_h && m->labels[i] && m->labels[i][0])
            st = draw_label(m, onto, m->labels[i], y, x, err);
        if (st) return st;
    }
    return FV_OK;
}

fv_status fv_montage(const fv_image *const *images, const char *const *labels, int count,
                     const fv_montage_desc *desc, fv_image **out, fv_error *err) {
    fv_montage_desc d;
    fv_status st = FVI_NOT_NULL(err, images, out);
    if (!st) st = FVI_DESC_READ(fv_montage_desc, title, desc, &d, err);
    if (st) return st;
    montage m = {.images = images, .labels = labels, .count = count};
    fv_image *picture = NULL;
    st = check(images, count, &d, err);
    if (!st) st = plan(&m, &d, err);
    if (!st) st = fv_image_new(m.channels, m.height, m.width, &picture, err);
    if (!st) st = draw(&m, picture, err);
    if (!st) st = fvi_image_copy_texts(picture, images[0], err);
    if (st) goto done;
    *out = picture;
    picture = NULL;
done:
    fv_image_free(m.title);
    fv_image_free(picture);
    return st;
}
