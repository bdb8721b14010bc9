/* SPDX-License-Identifier: Apache-2.0 */
/* sheet: many examples laid out: rows with titles for one unit; and photos between the
 * optimised pictures, as in Olah, Mordvintsev, Schubert, "Feature Visualization", Distill 2017,
 * doi:10.23915/distill.00007.
 */
#include <math.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "image/image.h"
#include "inspect/dataset/dataset.h"
#include "runtime/model_state.h"

#define TILE       160
#define BESIDE_MIN 192
#define BESIDE_MAX 256
#define TOP        9
#define BESIDE_TOP 4
#define TOP_MAX    4096
#define GAP        4 /* between the photos of a square */
#define MARGIN     6 /* around them */

/* The highest or lowest examples of a unit. */
typedef struct row {
    int count;
    fv_example *examples; /* [count] */
    fv_image **tiles;     /* [count] */
    char **labels;        /* [count] */
} row;

static void row_clear(row *r) {
    for (int i = 0; i < r->count && r->tiles; i++) fv_image_free(r->tiles[i]);
    for (int i = 0; i < r->count && r->labels; i++) g_free(r->labels[i]);
    g_free(r->examples);
    g_free(r->tiles);
    g_free(r->labels);
}

/* "12.3 008_hen": the value, and the file's name without folders and ending; g_free. */
static char *label_of(const fv_examples *e, const fv_example *ex) {
    const char *path = fv_examples_photo(e, ex->photo), *slash = strrchr(path, '/');
    char *name = g_utf8_make_valid(slash ? slash + 1 : path, -1), value[32];
    char *dot = strrchr(name, '.');
    if (dot && dot > name) *dot = 0;
    for (char *c = name; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127) *c = '?';
    g_ascii_formatd(value, sizeof value, "%.3g", (double)ex->value);
    char *label = g_strdup_printf("%s %s", value, name);
    g_free(name);
    return label;
}

/* Fills a row that has only the `count` that is wanted; afterwards it is the one found. */
static fv_status row_fill(fv_examples *e, int unit, const fv_contact_sheet_desc *d, int lowest,
                          int side, row *r, fv_error *err) {
    r->examples = g_new0(fv_example, r->count);
    fv_status st = fv_examples_find(e, unit, d->by, lowest, r->examples, &r->count, err);
    if (st) return st;
    if (!r->count)
        return fvi_fail(err, FV_FORMAT, "\"%s\" is a number on none of the photos",
                        fv_examples_unit(e, unit));
    r->tiles = g_new0(fv_image *, r->count);
    r->labels = g_new0(char *, r->count);
    for (int i = 0; i < r->count && !st; i++) {
        r->labels[i] = label_of(e, &r->examples[i]);
        st = fv_examples_tile(e, &r->examples[i], d->view, side, &r->tiles[i], err);
    }
    return st;
}

static fv_status check(const fv_contact_sheet_desc *d, fv_error *err) {
    if (d->by < 0 || d->by > FV_SCORE_MEAN)
        return fvi_fail(err, FV_ARG, "by is %d; allowed: 0..%d", (int)d->by, FV_SCORE_MEAN);
    if (d->view < 0 || d->view > FV_EXAMPLE_PHOTO)
        return fvi_fail(err, FV_ARG, "view is %d; allowed: 0..%d", (int)d->view, FV_EXAMPLE_PHOTO);
    if (d->top < 0 || d->bottom < 0 || d->top > TOP_MAX || d->bottom > TOP_MAX || d->columns < 0)
        return fvi_fail(err, FV_ARG,
                        "a sheet of %d highest and %d lowest photos in %d columns; photos may be "
                        "0..%d each",
                        d->top, d->bottom, d->columns, TOP_MAX);
    return FV_OK;
}

char *fvi_examples_title(const fv_examples *e, int unit) {
    const int class = fv_examples_unit_class(e, unit);
    const char *name = class >= 0 ? fv_model_class_name(e->model, class) : NULL;
    char *text =
        g_strdup_printf("%s%s%s", fv_examples_unit(e, unit), name ? " " : "", name ? name : "");
    char *valid = g_utf8_make_valid(text, -1);
    g_free(text);
    return valid;
}

fv_status fvi_examples_describe(const fv_examples *e, int unit, const fv_contact_sheet_desc *d,
                                fv_image *onto, fv_error *err) {
    static const char *const views[] = {"default", "crop", "whole"};
    char *options = g_strdup_printf("by=%s; top=%d; bottom=%d; view=%s; photos=%d",
                                    d->by == FV_SCORE_MEAN ? "mean" : "max", d->top, d->bottom,
                                    views[d->view], fv_examples_photo_count(e));
    const char *texts[][2] = {{"fovea.objective", fv_examples_unit(e, unit)},
                              {"fovea.options", options},
                              {"fovea.model", fv_model_name(e->model)},
                              {"fovea.model-sha256", fv_model_sha256(e->model)},
                              {"fovea.version", fv_version()}};
    fv_status st = FV_OK;
    for (size_t i = 0; i < G_N_ELEMENTS(texts) && !st; i++)
        st = fv_image_set_text(onto, texts[i][0], texts[i][1], err);
    g_free(options);
    return st;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* "head/conv:3: highest maxima of 500 photos"; g_free. */
static char *row_title(const fv_examples *e, int unit, const fv_contact_sheet_desc *d, int lowest,
                       const row *r) {
    char *name = fvi_examples_title(e, unit);
    const int map = r->examples[0].y >= 0;
    const char *what = !map                     ? ""
                       : d->by == FV_SCORE_MEAN ? " means"
                       : lowest                 ? " minima"
                                                : " maxima";
    char *title = g_strdup_printf("%s: %s%s of %d photos", name, lowest ? "lowest" : "highest",
                                  what, fv_examples_photo_count(e));
    g_free(name);
    return title;
}

/* One block of tiles with its title; nothing where none are asked for. */
static fv_status block(fv_examples *e, int unit, const fv_contact_sheet_desc *d, int lowest,
                       fv_image **out, fv_error *err) {
    const int side = d->tile ? d->tile : TILE;
    row r = {.count = lowest ? d->bottom : d->top};
    if (!r.count) return FV_OK;
    fv_status st = row_fill(e, unit, d, lowest, side, &r, err);
    if (!st) {
        char *title = row_title(e, unit, d, lowest, &r);
        const fv_montage_desc m = {.struct_size = sizeof m,
                                   .columns = d->columns ? d->columns : r.count,
                                   .tile = side,
                                   .title = title};
        st = fv_montage((const fv_image *const *)r.tiles, (const char *const *)r.labels, r.count,
                        &m, out, err);
        g_free(title);
    }
    row_clear(&r);
    return st;
}

fv_status fv_examples_contact_sheet(fv_examples *e, int unit, const fv_contact_sheet_desc *desc,
                                    fv_image **out, fv_error *err) {
    fv_contact_sheet_desc d;
    fv_image *blocks[2] = {NULL, NULL}, *sheet = NULL;
    fv_status st = FVI_DESC_READ(fv_contact_sheet_desc, columns, desc, &d, err);
    if (!st) st = FVI_NOT_NULL_AS(err, "examples, out", e, out);
    if (!st) st = check(&d, err);
    if (!st && !d.top && !d.bottom) d.top = TOP;
    if (!st) st = block(e, unit, &d, 0, &blocks[0], err);
    if (!st) st = block(e, unit, &d, 1, &blocks[1], err);
    if (!st) {
        const fv_image *const there[2] = {blocks[0] ? blocks[0] : blocks[1], blocks[1]};
        st = fv_stack(there, blocks[0] && blocks[1] ? 2 : 1, 0, 0, &sheet, err);
    }
    if (!st) st = fvi_examples_describe(e, unit, &d, sheet, err);
    fv_image_free(blocks[0]);
    fv_image_free(blocks[1]);
    if (st)
        fv_image_free(sheet);
    else
        *out = sheet;
    return st;
}

/* ---- beside optimised pictures -------------------------------------------------------------- */

/* Enlarges a small picture by a whole factor, as a montage does, or shrinks a large one. */
static fv_status fit_cell(const fv_image *p, int side, fv_image **out, fv_error *err) {
    const int factor = side / MAX(p->height, p->width);
    if (factor >= 1)
        return fvi_image_resize(p, p->height * factor, p->width * factor, FVI_NEAREST, out, err);
    const double scale = (double)side / MAX(p->height, p->width);
    return fvi_image_resize(p, MAX(1, (int)lround(p->height * scale)),
                            MAX(1, (int)lround(p->width * scale)), FVI_BICUBIC, out, err);
}

/* The highest or lowest photos in a square of `side` pixels. */
static fv_status square(fv_examples *e, int unit, const fv_contact_sheet_desc *d, int lowest,
                        int side, fv_image **out, fv_error *err) {
    const int columns = MAX(1, (int)ceil(sqrt((double)d->top)));
    const int cell = MAX(8, (side - 2 * MARGIN - GAP * (columns - 1)) / columns);
    row r = {.count = d->top};
    fv_image *whole = NULL;
    fv_status st = row_fill(e, unit, d, lowest, cell, &r, err);
    if (!st) st = fv_image_new(3, side, side, &whole, err);
    for (int64_t i = 0; !st && i < (int64_t)3 * side * side; i++) whole->data[i] = 1;
    for (int i = 0; i < r.count && !st; i++) {
        fv_image *fitted = NULL;
        st = fit_cell(r.tiles[i], cell, &fitted, err);
        if (st) break;
        const int y = MARGIN + i / columns * (cell + GAP);
        const int x = MARGIN + i % columns * (cell + GAP);
        fvi_image_paste(whole, fitted, y + (cell - fitted->height) / 2,
                        x + (cell - fitted->width) / 2);
        fv_image_free(fitted);
    }
    row_clear(&r);
    if (st)
        fv_image_free(whole);
    else
        *out = whole;
    return st;
}

/* The parts side by side, each under its name; low and high may be NULL. */
static fv_status join(const fv_examples *e, int unit, const fv_image *const four[4], int side,
                      fv_image **out, fv_error *err) {
    static const char *const names[4] = {"lowered, optimised", "lowest photos", "highest photos",
                                         "raised, optimised"};
    const fv_image *parts[4];
    const char *labels[4];
    int n = 0;
    for (int i = 0; i < 4; i++) {
        if (!four[i]) continue;
        parts[n] = four[i];
        labels[n++] = names[i];
    }
    char *title = fvi_examples_title(e, unit);
    const fv_montage_desc m = {.struct_size = sizeof m, .columns = n, .tile = side, .title = title};
    fv_status st = fv_montage(parts, labels, n, &m, out, err);
    g_free(title);
    return st;
}

/* Fills in a desc's defaults for photos next to optimised pictures of the size of `like` (or NULL).
 */
static void beside_defaults(fv_contact_sheet_desc *d, const fv_image *like) {
    const int largest = like ? MAX(like->height, like->width) : BESIDE_MAX;
    if (!d->top) d->top = BESIDE_TOP;
    if (!d->view) d->view = FV_EXAMPLE_CROP;
    if (!d->tile) d->tile = CLAMP(largest, BESIDE_MIN, BESIDE_MAX);
    d->bottom = d->top;
}

static fv_status check_beside(const fv_contact_sheet_desc *d, const fv_image *low,
                              const fv_image *high, fv_error *err) {
    fv_status st = check(d, err);
    if (!st && low) st = fvi_image_check(low, "the low picture", err);
    if (!st && high) st = fvi_image_check(high, "the high picture", err);
    if (!st && (d->tile < 32 || d->tile > SHRT_MAX / 2))
        st =
            fvi_fail(err, FV_ARG, "a side of %d pixels; 32..%d can be made", d->tile, SHRT_MAX / 2);
    return st;
}

fv_status fv_examples_strip(fv_examples *e, int unit, const fv_image *low, const fv_image *high,
                            const fv_contact_sheet_desc *desc, fv_image **out, fv_error *err) {
    fv_contact_sheet_desc d;
    fv_image *lowest = NULL, *highest = NULL, *sheet = NULL;
    fv_status st = FVI_DESC_READ(fv_contact_sheet_desc, columns, desc, &d, err);
    if (!st) st = FVI_NOT_NULL_AS(err, "examples, out", e, out);
    if (st) return st;
    beside_defaults(&d, high ? high : low);
    const int side = d.tile;
    st = check_beside(&d, low, high, err);
    if (!st) st = square(e, unit, &d, 1, side, &lowest, err);
    if (!st) st = square(e, unit, &d, 0, side, &highest, err);
    const fv_image *const four[4] = {low, lowest, highest, high};
    if (!st) st = join(e, unit, four, side, &sheet, err);
    if (!st)
        st = high ? fvi_image_copy_texts(sheet, high, err)
                  : fvi_examples_describe(e, unit, &d, sheet, err);
    fv_image_free(lowest);
    fv_image_free(highest);
    if (st)
        fv_image_free(sheet);
    else
        *out = sheet;
    return st;
}
