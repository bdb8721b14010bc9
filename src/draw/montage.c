/* SPDX-License-Identifier: Apache-2.0 */
/* Montages: pictures in a grid on white, a label under each, a title above all.
 *
 * Every picture is fitted into the tile with its aspect ratio: enlarged by the largest whole factor
 * that fits (nearest, so that pixels stay sharp) or shrunk bicubically, and centred in its cell.
 * Labels and title are written whole: they have as many lines as they need, and cells become wider
 * than their tiles where a label would be higher than half its width. Pictures with alpha are
 * composited over white first. What it does not do: colour bars, frames.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "draw/caption.h"
#include "image/image.h"

enum {
    LABEL_MIN = 14, /* heights of text, in pixels */
    LABEL_MAX = 18,
    TITLE_MIN = 16,
    TITLE_MAX = 24,
    LABEL_SPACE = 4,  /* between the labels of two cells, in addition to the gap */
    TITLE_ROOM = 480, /* a narrower picture grows up to this for its title */
    EMPTY_COST = 4,   /* of a grid with as many empty cells as pictures; the cost of a grid twice
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
    fv_image **label; /* [count] drawn; an entry NULL: none */
    int label_h;      /* of the highest; 0: there is none */
    fv_image *title;  /* or NULL */
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

/* Measures the labels; *width: what the widest of them needs, at least `least`. */
static fv_status measure_labels(const montage *m, int least, fvi_caption **captions, int *width,
                                fv_error *err) {
    const int pixels = CLAMP(m->tile_w / 14, LABEL_MIN, LABEL_MAX);
    fv_status st = FV_OK;
    *width = least;
    for (int i = 0; i < m->count && !st; i++) {
        if (!m->labels[i] || !m->labels[i][0]) continue;
        st = fvi_caption_new(m->labels[i], pixels, &captions[i], err);
        if (!st) *width = MAX(*width, fvi_caption_width(captions[i], least));
    }
    return st;
}

/* Draws the labels, and makes cells wide enough for them. */
static fv_status plan_labels(montage *m, fv_error *err) {
    m->cell_w = m->tile_w;
    if (!m->labels) return FV_OK;
    fvi_caption **captions = g_new0(fvi_caption *, (gsize)m->count);
    int width;
    m->label = g_new0(fv_image *, (gsize)m->count);
    fv_status st = measure_labels(m, MAX(1, m->tile_w - LABEL_SPACE), captions, &width, err);
    for (int i = 0; i < m->count; i++) {
        if (!st && captions[i]) st = fvi_caption_draw(captions[i], width, &m->label[i], err);
        fvi_caption_free(captions[i]);
        if (!m->label[i]) continue;
        m->cell_w = MAX(m->cell_w, m->label[i]->width + LABEL_SPACE);
        m->label_h = MAX(m->label_h, m->label[i]->height);
    }
    g_free(captions);
    return st;
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

/* Draws the title in the largest size at which it fits in one line, or in several of the smallest;
 * a narrow montage grows for it up to a limit. */
static fv_status plan_title(montage *m, const char *title, int grid_w, fv_error *err) {
    const int room = MAX(grid_w, TITLE_ROOM);
    int pixels = CLAMP(grid_w / 24, TITLE_MIN, TITLE_MAX);
    for (;; pixels = MAX(TITLE_MIN, pixels - 2)) {
        fvi_caption *caption = NULL;
        fv_status st = fvi_caption_new(title, pixels, &caption, err);
        if (st) return st;
        const int fits = fvi_caption_lines(caption, grid_w) == 1;
        if (fits || pixels == TITLE_MIN) st = fvi_caption_draw(caption, room, &m->title, err);
        fvi_caption_free(caption);
        if (st || m->title) return st;
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
        if (st) return st;
        if (m->label && m->label[i])
            fvi_image_paste(onto, m->label[i], y + m->tile_h + 2,
                            x + (m->cell_w - m->label[i]->width) / 2);
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
    for (int i = 0; m.label && i < count; i++) fv_image_free(m.label[i]);
    g_free(m.label);
    fv_image_free(m.title);
    fv_image_free(picture);
    return st;
}
