/* SPDX-License-Identifier: Apache-2.0 */
/* Weights as pictures: values to colours, one tile after the other.
 *
 * A tile's numbers are gathered into [planes][h][w] and painted from low to high; low and high are
 * found over all tiles, or for each by itself:
 *   low = -m, high = m, m the largest magnitude (1 where all are zero);
 *   with min_max the least and the greatest value.
 * Numbers that are not finite take no part in this.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "inspect/weights/weights_draw.h"

#define PLOT_WIDTH  320
#define PLOT_HEIGHT 160
#define LABEL       32

/* One tile under way. */
typedef struct tile {
    int output, input; /* indices into the plan's lists; input -1: all of them */
    int planes, height, width;
    float *values; /* [planes][height][width] */
} tile;

static int input_of(const fvi_weights_plan *p, int output, int i) {
    return p->inputs[p->ranked ? (int64_t)output * p->n_inputs + i : i];
}

/* Which tile is the i-th, and how large. */
static void find_tile(const fvi_weights_plan *p, int i, tile *t) {
    const fvi_weights_grid *g = p->grid;
    const int whole = p->rgb || (p->form == FV_WEIGHTS_BARS && g->kind == FVI_WEIGHTS_GRID_NUMBERS);
    if (p->form == FV_WEIGHTS_MATRIX) {
        t->output = t->input = -1;
        t->planes = 1;
        t->height = p->n_outputs;
        t->width = p->n_inputs * g->height * g->width;
    } else if (whole) {
        t->output = i, t->input = -1;
        t->planes = p->rgb ? 3 : 1;
        t->height = p->rgb ? g->height : 1;
        t->width = p->rgb ? g->width : p->n_inputs;
    } else {
        t->output = i / p->n_inputs, t->input = i % p->n_inputs;
        t->planes = 1;
        t->height = p->form == FV_WEIGHTS_BARS ? 1 : g->height;
        t->width = p->form == FV_WEIGHTS_BARS ? g->height * g->width : g->width;
    }
}

/* Copies a kernel's numbers, row by row. */
static float *copy_kernel(const fvi_weights_grid *g, int output, int input, float *to) {
    const float *k = fvi_weights_grid_at(g, output, input);
    for (int y = 0; y < g->height; y++)
        for (int x = 0; x < g->width; x++) *to++ = k[y * g->stride[2] + x * g->stride[3]];
    return to;
}

static void gather(const fvi_weights_plan *p, tile *t) {
    const fvi_weights_grid *g = p->grid;
    float *to = t->values;
    if (p->rgb) {
        for (int c = 0; c < 3; c++)
            to = copy_kernel(g, p->outputs[t->output], g->bgr ? 2 - c : c, to);
    } else if (t->output < 0) {
        for (int o = 0; o < p->n_outputs; o++)
            for (int i = 0; i < p->n_inputs; i++)
                to = copy_kernel(g, p->outputs[o], p->inputs[i], to);
    } else if (t->input < 0) {
        for (int i = 0; i < p->n_inputs; i++)
            to = copy_kernel(g, p->outputs[t->output], p->inputs[i], to);
    } else {
        copy_kernel(g, p->outputs[t->output], input_of(p, t->output, t->input), to);
    }
}

static int64_t count_of(const tile *t) { return (int64_t)t->planes * t->height * t->width; }

/* Widens [low, high] to hold a tile's finite numbers; *any: it holds some already. */
static void widen(const tile *t, float *low, float *high, int *any) {
    for (int64_t i = 0; i < count_of(t); i++) {
        const float v = t->values[i];
        if (!isfinite(v)) continue;
        *low = *any ? fminf(*low, v) : v;
        *high = *any ? fmaxf(*high, v) : v;
        *any = 1;
    }
}

/* The ends of a scale that holds the values low .. high. */
static void choose_ends(const fvi_weights_plan *p, float *low, float *high) {
    const float m = fmaxf(fabsf(*low), fabsf(*high));
    if (!p->min_max || p->palette == FV_PALETTE_DIVERGING) {
        *high = m > 0 ? m : 1;
        *low = -*high;
    } else if (!(*low < *high)) {
        *high = *low + (m > 0 ? m : 1);
    }
}

/* Three planes as one picture; what is not finite is mid grey. */
static fv_status paint_rgb(const tile *t, float low, float high, fv_image **out, fv_error *err) {
    fv_status st = fv_image_new(3, t->height, t->width, out, err);
    for (int64_t i = 0; !st && i < count_of(t); i++) {
        const double place = ((double)t->values[i] - low) / ((double)high - low);
        (*out)->data[i] = isfinite(place) ? (float)CLAMP(place, 0, 1) : 0.5f;
    }
    return st;
}

static fv_status paint(const fvi_weights_plan *p, const tile *t, fv_weights_tile *out,
                       fv_error *err) {
    if (p->rgb) return paint_rgb(t, out->low, out->high, &out->image, err);
    if (p->form == FV_WEIGHTS_BARS)
        return fv_plot_bars(t->values, t->width,
                            FV_DESC(fv_plot_desc, .width = PLOT_WIDTH, .height = PLOT_HEIGHT),
                            &out->image, err);
    const fv_paint_desc d = {
        .struct_size = sizeof d, .palette = p->palette, .low = out->low, .high = out->high};
    return fv_paint(t->values, t->height, t->width, &d, &out->image, err);
}

/* "3", "17 > 3", or nothing for a whole layer. */
static fv_status label(const fvi_weights_plan *p, fv_weights_tile *t, fv_error *err) {
    char text[LABEL] = "";
    if (t->output >= 0 && t->input >= 0 && p->grid->inputs > 1)
        g_snprintf(text, sizeof text, "%d > %d", t->input, t->output);
    else if (t->output >= 0 && (p->grid->outputs > 1 || p->grid->kind == FVI_WEIGHTS_GRID_KERNELS))
        g_snprintf(text, sizeof text, "%d", t->output);
    t->label = strdup(text);
    return t->label ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
}

/* Sets the texts with which the picture can be made again, and its scale. */
static fv_status set_texts(const fvi_weights_plan *p, fv_weights_tile *t, fv_error *err) {
    char low[G_ASCII_DTOSTR_BUF_SIZE], high[G_ASCII_DTOSTR_BUF_SIZE];
    char *about = g_strdup_printf("layer=%s form=%s scale=%s low=%s high=%s", p->grid->layer->name,
                                  fv_weights_form_name(p->form), p->each ? "tile" : "all",
                                  g_ascii_formatd(low, sizeof low, "%.6g", t->low),
                                  g_ascii_formatd(high, sizeof high, "%.6g", t->high));
    char *valid = g_utf8_make_valid(about, -1);
    const char *texts[][2] = {{"fovea.weights", valid},
                              {"fovea.model", fv_model_name(p->grid->model)},
                              {"fovea.model-sha256", fv_model_sha256(p->grid->model)},
                              {"fovea.version", fv_version()}};
    fv_status st = FV_OK;
    for (size_t i = 0; i < G_N_ELEMENTS(texts) && !st; i++)
        st = fv_image_set_text(t->image, texts[i][0], texts[i][1], err);
    g_free(valid);
    g_free(about);
    return st;
}

/* The scale that holds all tiles. */
static void common_scale(const fvi_weights_plan *p, tile *t, float *low, float *high) {
    int any = 0;
    *low = *high = 0;
    for (int i = 0; i < p->count; i++) {
        find_tile(p, i, t);
        gather(p, t);
        widen(t, low, high, &any);
    }
    choose_ends(p, low, high);
}

static fv_status draw_tile(const fvi_weights_plan *p, tile *t, int i, fv_weights_tile *out,
                           fv_error *err) {
    int any = 0;
    find_tile(p, i, t);
    gather(p, t);
    out->output = t->output < 0 ? -1 : p->outputs[t->output];
    out->input = t->input < 0 ? -1 : input_of(p, t->output, t->input);
    if (p->form == FV_WEIGHTS_BARS || p->each) {
        out->low = out->high = 0;
        widen(t, &out->low, &out->high, &any);
    }
    if (p->form != FV_WEIGHTS_BARS && p->each) choose_ends(p, &out->low, &out->high);
    fv_status st = paint(p, t, out, err);
    if (!st) st = label(p, out, err);
    return st ? st : set_texts(p, out, err);
}

fv_status fvi_weights_draw(const fvi_weights_plan *p, fv_weights_tile *out, fv_error *err) {
    tile t = {0};
    float low = 0, high = 0;
    find_tile(p, 0, &t); /* all tiles of a plan are of one size */
    t.values = malloc((size_t)count_of(&t) * sizeof *t.values);
    if (!t.values)
        return fvi_fail(err, FV_NOMEM, "no memory for a tile of %dx%d", t.width, t.height);
    if (!p->each && p->form != FV_WEIGHTS_BARS) common_scale(p, &t, &low, &high);
    fv_status st = FV_OK;
    for (int i = 0; i < p->count && !st; i++) {
        out[i].low = low;
        out[i].high = high;
        st = draw_tile(p, &t, i, &out[i], err);
    }
    free(t.values);
    return st;
}
