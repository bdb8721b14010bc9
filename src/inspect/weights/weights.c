/* SPDX-License-Identifier: Apache-2.0 */
/* Weights as pictures: what is shown, and in which form.
 *
 * Zero is the middle of every scale unless the caller asks for the least and the greatest value: a
 * weight of zero then has one colour in every picture, mid grey (white between blue and red), and
 * what is lighter excites, what is darker inhibits. docs/weights.md compares the two.
 * What it does not do: lay the tiles out (fv_montage), or draw the scale (fv_paint_bar).
 */
#include "inspect/weights/weights_draw.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

#include "base/desc.h"
#include "base/error.h"

enum {
    TILES_MAX = 4096,
    PLOTS_MAX = 256,
    MATRIX_MAX = 1 << 24, /* numbers */
    BARS_ROWS = 16,       /* outputs of single numbers that are drawn as bars by default */
    BARS_PLOTS = 64,      /* lines that are */
    ROW_TILES = 32        /* inputs that get one row of a montage for each output */
};

static fv_status check_list(const fvi_weights_grid *g, const int *list, int count, int n,
                            const char *what, fv_error *err) {
    if (list && count < 1) return fvi_fail(err, FV_ARG, "a list of %d %ss to show", count, what);
    for (int i = 0; list && i < count; i++)
        if (list[i] < 0 || list[i] >= n)
            return fvi_fail(err, FV_ARG, "%s: layer \"%s\" has %d %s%s; %d does not exist (0..%d)",
                            fv_model_name(g->model), g->layer->name, n, what, n == 1 ? "" : "s",
                            list[i], n - 1);
    return FV_OK;
}

/* The form that suits a layer. */
static fv_weights_form choose_form(const fvi_weights_grid *g, const fv_weights_desc *d,
                                   const fvi_weights_plan *p) {
    const int64_t plots = (int64_t)p->n_outputs * p->n_inputs;
    if (d->form) return d->form;
    if (d->top || g->kind == FVI_WEIGHTS_GRID_KERNELS) return FV_WEIGHTS_TILES;
    if (g->kind == FVI_WEIGHTS_GRID_LINES)
        return plots <= BARS_PLOTS ? FV_WEIGHTS_BARS : FV_WEIGHTS_MATRIX;
    return p->n_outputs <= BARS_ROWS ? FV_WEIGHTS_BARS : FV_WEIGHTS_MATRIX;
}

/* Counts the tiles of the form. */
static fv_status count_tiles(fvi_weights_plan *p, fv_error *err) {
    const fvi_weights_grid *g = p->grid;
    const int64_t pairs = (int64_t)p->n_outputs * p->n_inputs;
    int64_t count = 1, most = TILES_MAX;
    const char *what = "tiles";
    if (p->form == FV_WEIGHTS_TILES) {
        count = p->rgb ? p->n_outputs : pairs;
    } else if (p->form == FV_WEIGHTS_BARS) {
        count = g->kind == FVI_WEIGHTS_GRID_NUMBERS ? p->n_outputs : pairs;
        most = PLOTS_MAX;
        what = "plots";
    } else if (pairs * g->height * g->width > MATRIX_MAX) { /* pairs < 2^31 */
        return fvi_fail(err, FV_ARG,
                        "%s: layer \"%s\" as a matrix has %lld numbers; at most %d: choose "
                        "channels or inputs",
                        fv_model_name(g->model), g->layer->name,
                        (long long)(pairs * g->height * g->width), MATRIX_MAX);
    }
    if (count > most)
        return fvi_fail(err, FV_ARG,
                        "%s: layer \"%s\" makes %dx%d = %lld %s; at most %lld: choose channels, "
                        "inputs or only the strongest inputs",
                        fv_model_name(g->model), g->layer->name, p->n_outputs,
                        p->rgb ? 1 : p->n_inputs, (long long)count, what, (long long)most);
    p->count = (int)count;
    return FV_OK;
}

/* L2 norm of one kernel. */
static double norm_of(const fvi_weights_grid *g, int output, int input) {
    const float *k = fvi_weights_grid_at(g, output, input);
    double sum = 0;
    for (int y = 0; y < g->height; y++)
        for (int x = 0; x < g->width; x++) {
            double v = k[y * g->stride[2] + x * g->stride[3]];
            sum += v * v;
        }
    return sqrt(sum);
}

typedef struct strength {
    double norm;
    int input;
} strength;

/* Strongest first; of equal ones the lower index. What is not a number comes last. */
static int compare_strength(const void *a, const void *b) {
    const strength *x = a, *y = b;
    const double nx = isnan(x->norm) ? -1 : x->norm, ny = isnan(y->norm) ? -1 : y->norm;
    return nx > ny ? -1 : nx < ny ? 1 : (x->input > y->input) - (x->input < y->input);
}

/* Replaces the list of inputs by the strongest `top` of it for each output. */
static fv_status rank_inputs(fvi_weights_plan *p, int top, fv_error *err) {
    const int n = p->n_inputs, kept = MIN(top, n);
    strength *s = g_try_new(strength, n);
    int *ranked = g_try_new(int, (gsize)p->n_outputs *(gsize)kept);
    if (!s || !ranked) {
        g_free(s);
        g_free(ranked);
        return fvi_fail(err, FV_NOMEM, "no memory to rank %d inputs", n);
    }
    for (int o = 0; o < p->n_outputs; o++) {
        for (int i = 0; i < n; i++)
            s[i] = (strength){norm_of(p->grid, p->outputs[o], p->inputs[i]), p->inputs[i]};
        qsort(s, (size_t)n, sizeof *s, compare_strength);
        for (int i = 0; i < kept; i++) ranked[(int64_t)o * kept + i] = s[i].input;
    }
    g_free(s);
    g_free(p->inputs);
    p->inputs = ranked;
    p->n_inputs = kept;
    p->ranked = 1;
    return FV_OK;
}

/* A list of indices: the caller's, or all there are. */
static int *copy_list(const int *list, int count) {
    int *out = g_try_new(int, count);
    for (int i = 0; out && i < count; i++) out[i] = list ? list[i] : i;
    return out;
}

const char *fv_weights_form_name(fv_weights_form form) {
    static const char *const names[] = {
        [FV_WEIGHTS_TILES] = "tiles", [FV_WEIGHTS_BARS] = "bars", [FV_WEIGHTS_MATRIX] = "matrix"};
    const size_t i = (size_t)form;
    return i < sizeof names / sizeof *names ? names[i] : NULL;
}

static fv_status check(const fvi_weights_grid *g, const fv_weights_desc *d, fv_error *err) {
    fv_status st = check_list(g, d->channels, d->n_channels, g->outputs, "channel", err);
    if (!st) st = check_list(g, d->inputs, d->n_inputs, g->inputs, "input", err);
    if (st) return st;
    if (d->top < 0) return fvi_fail(err, FV_ARG, "the strongest %d inputs: at least 0", d->top);
    if (d->form && !fv_weights_form_name(d->form))
        return fvi_fail(err, FV_ARG, "there is no form %d of weights; allowed: 0..%d", (int)d->form,
                        FV_WEIGHTS_MATRIX);
    if (d->top && d->form && d->form != FV_WEIGHTS_TILES)
        return fvi_fail(err, FV_ARG, "inputs are ranked in tiles only");
    return FV_OK;
}

/* The form, and what its colours are. */
static fv_status choose_colours(const fvi_weights_grid *g, const fv_weights_desc *d,
                                fvi_weights_plan *p, fv_error *err) {
    p->form = choose_form(g, d, p);
    p->rgb = p->form == FV_WEIGHTS_TILES && g->picture == 3 && !d->grey && !d->top && !d->inputs;
    p->palette = p->rgb || d->grey || g->picture == 1 ? FV_PALETTE_GREY : FV_PALETTE_DIVERGING;
    if (d->min_max && p->palette == FV_PALETTE_DIVERGING)
        return fvi_fail(err, FV_ARG,
                        "%s: layer \"%s\" is drawn in red and blue, whose middle is zero; a scale "
                        "from the least to the greatest value is for grey and for colours",
                        fv_model_name(g->model), g->layer->name);
    return FV_OK;
}

static void clear_plan(fvi_weights_plan *p) {
    g_free(p->outputs);
    g_free(p->inputs);
}

static fv_status make_plan(const fvi_weights_grid *g, const fv_weights_desc *d, fvi_weights_plan *p,
                           fv_error *err) {
    *p = (fvi_weights_plan){.grid = g, .each = d->each, .min_max = d->min_max};
    fv_status st = check(g, d, err);
    if (st) return st;
    p->n_outputs = d->channels ? d->n_channels : g->outputs;
    p->n_inputs = d->inputs ? d->n_inputs : g->inputs;
    p->outputs = copy_list(d->channels, p->n_outputs);
    p->inputs = copy_list(d->inputs, p->n_inputs);
    if (!p->outputs || !p->inputs) return fvi_fail(err, FV_NOMEM, "out of memory");
    st = choose_colours(g, d, p, err);
    if (st) return st;
    if (d->top) st = rank_inputs(p, d->top, err);
    return st ? st : count_tiles(p, err);
}

void fv_weights_free(fv_weights *w) {
    if (!w) return;
    for (int i = 0; w->tiles && i < w->count; i++) {
        fv_image_free(w->tiles[i].image);
        free(w->tiles[i].label);
    }
    free(w->tiles);
    free(w);
}

/* Tiles in a row: one for each input, if an output has several tiles and they fit; 0: any. */
static int columns_of(const fvi_weights_plan *p) {
    const int pairs = p->form != FV_WEIGHTS_MATRIX && p->count > p->n_outputs;
    return pairs && p->n_outputs > 1 && p->n_inputs <= ROW_TILES ? p->n_inputs : 0;
}

fv_status fv_weights_render(const fv_model *model, int layer, const fv_weights_desc *desc,
                            fv_weights **out, fv_error *err) {
    fv_weights_desc d;
    fv_status st = FVI_NOT_NULL(err, model, out);
    if (!st) st = FVI_DESC_READ(fv_weights_desc, channels_last, desc, &d, err);
    if (st) return st;
    fvi_weights_grid g = {0};
    fvi_weights_plan p = {0};
    fv_weights *w = NULL;
    st = fvi_weights_grid_read(model, layer, &d, &g, err);
    if (st) return st;
    st = make_plan(&g, &d, &p, err);
    if (st) goto done;
    w = calloc(1, sizeof *w);
    if (w) w->tiles = calloc((size_t)p.count, sizeof *w->tiles);
    if (!w || !w->tiles) {
        st = fvi_fail(err, FV_NOMEM, "no memory for %d tiles", p.count);
        goto done;
    }
    w->count = p.count;
    w->form = p.form;
    w->palette = p.palette;
    w->rgb = p.rgb;
    w->outputs = g.outputs, w->inputs = g.inputs;
    w->height = g.height, w->width = g.width;
    w->channels_last = g.channels_last, w->found = g.found;
    w->columns = columns_of(&p);
    st = fvi_weights_draw(&p, w->tiles, err);
    if (st) goto done;
    *out = w;
    w = NULL;
done:
    fv_weights_free(w);
    clear_plan(&p);
    fvi_weights_grid_clear(&g);
    return st;
}
