/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of several lines: names of layers and classes under small pictures.
 *
 * A text is cut into pieces at blanks and after the signs with which names are put together, as in
 * block_5/expand/conv:17; a number stays with what is before it. Each piece is measured once, and
 * every line takes as many as fit. A piece of more than PIECE_MAX characters (wide ones, as Chinese
 * ones, count twice) is cut into several, so that no name is wider than that. What it does not do:
 * hyphens, justification.
 */
#include "draw/caption.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "image/image.h"

enum { PIECE_MAX = 24, WIDTH_MAX = 1 << 20 };
#define JOINTS   "/_.:,-=>"
#define BEARINGS 2 /* white that a piece has to its left and right, in pixels, and loses alone */

/* What a line is not broken within. */
typedef struct piece {
    char *text;
    int width;
    int blank; /* whether a blank is before it */
} piece;

struct fvi_caption {
    int pixels;
    GArray *pieces; /* of piece; at least one */
};

static const piece *piece_at(const fvi_caption *c, int i) {
    return &g_array_index(c->pieces, piece, i);
}

/* Whether a line may be broken between two characters that are no blanks. */
static int may_break(gunichar before, gunichar after, int length) {
    const GUnicodeType type = g_unichar_type(after);
    if (type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_SPACING_MARK ||
        type == G_UNICODE_ENCLOSING_MARK)
        return 0;
    if (length >= PIECE_MAX) return 1;
    return before < 0x80 && strchr(JOINTS, (int)before) && !g_unichar_isdigit(after) &&
           !(after < 0x80 && strchr(JOINTS, (int)after));
}

static void add(fvi_caption *c, const char *from, const char *to, int blank) {
    const piece p = {g_strndup(from, (gsize)(to - from)), 0, blank};
    g_array_append_val(c->pieces, p);
}

/* Cuts a line into pieces. */
static void cut(fvi_caption *c, const char *text) {
    const char *from = text;
    int length = 0, blank = 0;
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        const char *next = g_utf8_next_char(at);
        length += g_unichar_iswide(g_utf8_get_char(at)) ? 2 : 1;
        if (*at == ' ') {
            if (at > from) add(c, from, at, blank);
            blank = 1;
            from = next;
            length = 0;
        } else if (*next && *next != ' ' &&
                   may_break(g_utf8_get_char(at), g_utf8_get_char(next), length)) {
            add(c, from, next, blank);
            blank = 0;
            from = next;
            length = 0;
        }
    }
    add(c, from, from + strlen(from), blank);
}

static fv_status measure(fvi_caption *c, fv_error *err) {
    for (guint i = 0; i < c->pieces->len; i++) {
        piece *p = &g_array_index(c->pieces, piece, i);
        fv_image *drawn = NULL;
        fv_status st = fvi_image_from_text(p->text, c->pixels, WIDTH_MAX, &drawn, err);
        if (st) return st;
        p->width = drawn->width;
        fv_image_free(drawn);
    }
    return FV_OK;
}

fv_status fvi_caption_new(const char *utf8, int pixels, fvi_caption **out, fv_error *err) {
    fvi_caption *c = g_new0(fvi_caption, 1);
    char *line = fvi_text_line(utf8);
    c->pixels = pixels;
    c->pieces = g_array_new(FALSE, FALSE, sizeof(piece));
    cut(c, line);
    g_free(line);
    fv_status st = measure(c, err);
    if (st)
        fvi_caption_free(c);
    else
        *out = c;
    return st;
}

void fvi_caption_free(fvi_caption *c) {
    if (!c) return;
    for (guint i = 0; i < c->pieces->len; i++) g_free(piece_at(c, (int)i)->text);
    g_array_free(c->pieces, TRUE);
    g_free(c);
}

/* The piece after those that a line takes from `first` on. *used: the line's width. */
static int line_end(const fvi_caption *c, int first, int width, int *used) {
    int end = first + 1;
    *used = piece_at(c, first)->width;
    for (; end < (int)c->pieces->len; end++) {
        const piece *p = piece_at(c, end);
        const int more = p->width + BEARINGS + (p->blank ? c->pixels / 3 + 1 : 0);
        if (*used + more > width) break;
        *used += more;
    }
    return end;
}

/* The number of lines at a width. *widest: of the lines. */
static int count_lines(const fvi_caption *c, int width, int *widest) {
    int lines = 0;
    *widest = 0;
    for (int first = 0; first < (int)c->pieces->len; lines++) {
        int used;
        first = line_end(c, first, width, &used);
        *widest = MAX(*widest, used);
    }
    return lines;
}

int fvi_caption_lines(const fvi_caption *c, int width) {
    int widest;
    return count_lines(c, width, &widest);
}

int fvi_caption_width(const fvi_caption *c, int least) {
    int low, high;
    count_lines(c, 1, &low); /* the widest piece */
    count_lines(c, WIDTH_MAX, &high);
    low = MAX(low, least);
    while (low < high) { /* by halving: a wider text is not higher */
        int widest;
        const int width = low + (high - low) / 2, lines = count_lines(c, width, &widest);
        if (lines == 1 || 2 * lines * c->pixels <= width)
            high = width;
        else
            low = width + 1;
    }
    return low;
}

/* The pieces first..end - 1 as a picture. */
static fv_status draw_line(const fvi_caption *c, int first, int end, fv_image **out,
                           fv_error *err) {
    GString *text = g_string_new(NULL);
    for (int i = first; i < end; i++) {
        if (i > first && piece_at(c, i)->blank) g_string_append_c(text, ' ');
        g_string_append(text, piece_at(c, i)->text);
    }
    fv_status st = fvi_image_from_text(text->str, c->pixels, WIDTH_MAX, out, err);
    g_string_free(text, TRUE);
    return st;
}

fv_status fvi_caption_draw(const fvi_caption *c, int width, fv_image **out, fv_error *err) {
    int used;
    const int most = count_lines(c, width, &used);
    fv_image **line = g_new0(fv_image *, (gsize)most), *whole = NULL;
    fv_status st = FV_OK;
    int n = 0, widest = 1;
    for (int first = 0; n < most && !st; n++) {
        const int end = line_end(c, first, width, &used);
        st = draw_line(c, first, end, &line[n], err);
        if (!st) widest = MAX(widest, line[n]->width);
        first = end;
    }
    if (!st) st = fv_image_new(1, most * c->pixels, widest, &whole, err);
    for (int64_t i = 0; !st && i < (int64_t)whole->height * widest; i++) whole->data[i] = 1;
    for (int i = 0; i < n; i++) {
        if (!st) fvi_image_paste(whole, line[i], i * c->pixels, (widest - line[i]->width) / 2);
        fv_image_free(line[i]);
    }
    g_free(line);
    if (!st) *out = whole;
    return st;
}
