/* SPDX-License-Identifier: Apache-2.0 */
/* What `fovea weights` says: a layer's numbers, its dead and duplicate filters, and which colour
 * stands for which value.
 */
#include "weights.h"

#include <glib.h>

#include "output.h"
#include "report.h"

#define NAMED_MAX 16 /* dead filters, and pairs, that are named in a text; JSON has all */

static void put_name(const cli_weights *w) {
    char *name = cli_clean(w->layer->name), *kind = cli_clean(w->layer->kind);
    char *shape = cli_shape_text(w->stats.ndim, w->stats.dim, 0);
    cli_putf("%s: %s, weights %s\n", name, kind, shape);
    g_free(shape);
    g_free(kind);
    g_free(name);
}

/* "3, 17, ... (40 in all)", or "none" */
static void put_filters(const int *filters, int n) {
    for (int i = 0; i < n && i < NAMED_MAX; i++) cli_putf("%s%d", i ? ", " : "", filters[i]);
    if (n > NAMED_MAX) cli_putf(", ... (%d in all)", n);
    cli_put(n ? "\n" : "none\n");
}

static void put_dead(const fv_filter_stats *f) {
    cli_putf("  dead filters (norm at most %.3g): ", f->dead_norm);
    put_filters(f->dead, f->n_dead);
    if (!f->n_not_finite) return;
    cli_put("  filters with numbers that are not finite: ");
    put_filters(f->not_finite, f->n_not_finite);
}

static void put_pairs(const fv_filter_stats *f) {
    cli_putf("  duplicates (cosine at least %.3f): ", f->pair_cosine);
    for (int i = 0; i < f->n_pairs && i < NAMED_MAX; i++)
        cli_putf("%s%d like %d (%.5f)", i ? ", " : "", f->pairs[i].filter, f->pairs[i].like,
                 f->pairs[i].cosine);
    if (f->n_pairs > NAMED_MAX) cli_putf(", ... (%d in all)", f->n_pairs);
    cli_put(f->n_pairs ? "\n" : "none\n");
}

/* Prints the picture shape in which rows of a matrix product are drawn, if they have one. */
static void put_shape(const cli_weights *w) {
    const fv_weights *d = w->drawn;
    if (w->stats.ndim != 2 || d->height * d->width == 1 || w->stats.dim[1] == 1) return;
    if ((int64_t)d->inputs * d->height * d->width != w->stats.dim[1]) return;
    if (d->channels_last)
        cli_putf("  rows as %dx%dx%d (height, width, channels)%s\n", d->height, d->width, d->inputs,
                 d->found ? ", the map the layer sees" : "");
    else
        cli_putf("  rows as %dx%dx%d (channels, height, width)%s\n", d->inputs, d->height, d->width,
                 d->found ? ", the map the layer sees" : "");
}

static void put_colours(const fv_weights_desc *desc, const fv_weights *d) {
    const int symmetric = !desc->min_max;
    const char *ends = d->palette == FV_PALETTE_DIVERGING ? "blue .. red" : "0 .. 1";
    const char *zero = d->palette == FV_PALETTE_DIVERGING ? ", zero is white"
                       : symmetric                        ? ", zero is mid grey"
                                                          : "";
    if (d->form == FV_WEIGHTS_BARS) return;
    if (desc->each) {
        float least = d->tiles[0].high, most = least;
        for (int i = 1; i < d->count; i++) {
            least = MIN(least, d->tiles[i].high);
            most = MAX(most, d->tiles[i].high);
        }
        cli_putf("  colours: every tile %s -> %s%s; m is %.4g .. %.4g\n",
                 symmetric ? "-m .. m" : "its least .. its greatest value, m", ends, zero,
                 (double)least, (double)most);
    } else {
        cli_putf("  colours: %.4g .. %.4g -> %s%s\n", (double)d->tiles[0].low,
                 (double)d->tiles[0].high, ends, zero);
    }
}

void cli_weights_print(const fv_weights_desc *desc, const cli_weights *w) {
    const fv_weight_stats *s = &w->stats;
    put_name(w);
    cli_putf("  values %.4g .. %.4g, mean %.4g, stddev %.4g, %.2f %% are zero\n", s->min, s->max,
             s->mean, s->stddev, 100 * s->zero_fraction);
    if (w->filters) {
        const fv_filter_stats *f = w->filters;
        cli_putf("  norms of %d filters %.4g .. %.4g, median %.4g\n", f->count, f->norm_min,
                 f->norm_max, f->norm_median);
        put_dead(f);
        put_pairs(f);
    }
    if (w->drawn) {
        put_shape(w);
        put_colours(desc, w->drawn);
    }
}

static void json_filters_of(JsonBuilder *b, const char *name, const int *filters, int n) {
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    for (int i = 0; i < n; i++) json_builder_add_int_value(b, filters[i]);
    json_builder_end_array(b);
}

static void json_filters(JsonBuilder *b, const fv_filter_stats *f) {
    json_builder_set_member_name(b, "filters");
    if (!f) {
        json_builder_add_null_value(b);
        return;
    }
    json_builder_begin_object(b);
    cli_json_int(b, "count", f->count);
    json_builder_set_member_name(b, "norms");
    json_builder_begin_array(b);
    for (int i = 0; i < f->count; i++) cli_json_element(b, f->norm[i]);
    json_builder_end_array(b);
    cli_json_number(b, "norm_median", f->norm_median);
    cli_json_number(b, "dead_norm", f->dead_norm);
    json_filters_of(b, "dead", f->dead, f->n_dead);
    json_filters_of(b, "not_finite", f->not_finite, f->n_not_finite);
    cli_json_number(b, "duplicate_cosine", f->pair_cosine);
    json_builder_set_member_name(b, "duplicates");
    json_builder_begin_array(b);
    for (int i = 0; i < f->n_pairs; i++) {
        json_builder_begin_object(b);
        cli_json_int(b, "filter", f->pairs[i].filter);
        cli_json_int(b, "like", f->pairs[i].like);
        cli_json_number(b, "cosine", f->pairs[i].cosine);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
}

static void json_drawn(JsonBuilder *b, const fv_weights *d) {
    json_builder_set_member_name(b, "picture");
    if (!d) {
        json_builder_add_null_value(b);
        return;
    }
    json_builder_begin_object(b);
    cli_json_text(b, "form", fv_weights_form_name(d->form));
    cli_json_text(b, "colours", d->rgb ? "rgb" : fv_palette_name(d->palette));
    cli_json_sizes(b, "kernel", 2, (int64_t[]){d->height, d->width});
    json_builder_set_member_name(b, "tiles");
    json_builder_begin_array(b);
    for (int i = 0; i < d->count; i++) {
        const fv_weights_tile *t = &d->tiles[i];
        json_builder_begin_object(b);
        json_builder_set_member_name(b, "output");
        if (t->output < 0)
            json_builder_add_null_value(b);
        else
            json_builder_add_int_value(b, t->output);
        json_builder_set_member_name(b, "input");
        if (t->input < 0)
            json_builder_add_null_value(b);
        else
            json_builder_add_int_value(b, t->input);
        cli_json_number(b, "low", (double)t->low);
        cli_json_number(b, "high", (double)t->high);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
}

void cli_weights_json(JsonBuilder *b, const cli_weights *w) {
    const fv_weight_stats *s = &w->stats;
    json_builder_begin_object(b);
    cli_json_text(b, "layer", w->layer->name);
    cli_json_text(b, "kind", w->layer->kind);
    cli_json_sizes(b, "shape", s->ndim, s->dim);
    cli_json_number(b, "min", s->min);
    cli_json_number(b, "max", s->max);
    cli_json_number(b, "mean", s->mean);
    cli_json_number(b, "stddev", s->stddev);
    cli_json_number(b, "zero_fraction", s->zero_fraction);
    json_filters(b, w->filters);
    json_drawn(b, w->drawn);
    json_builder_end_object(b);
}
