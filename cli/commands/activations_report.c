/* SPDX-License-Identifier: Apache-2.0 */
/* Activations in numbers: a line and a table, or JSON. Places are given in the map, (row, column)
 * from 0, and in the pixels of the photo as it was given: the middle of the map's cell, which for a
 * network of even strides is the middle of what its neuron sees.
 */
#include "activations.h"

#include <math.h>

#include "report.h"
#include "table.h"

/* Where the largest value lies in the photo. */
static void in_photo(const cli_activation *a, const fv_channel *c, double *y, double *x) {
    const fv_activations *m = a->maps;
    const double down = m->over[0] + (c->y + 0.5) / m->height * (m->over[2] - m->over[0]);
    const double right = m->over[1] + (c->x + 0.5) / m->width * (m->over[3] - m->over[1]);
    *y = a->window.y + down * a->window.height;
    *x = a->window.x + right * a->window.width;
}

static int has_places(const cli_activation *a) {
    return a->maps->kind == FV_ACTIVATION_MAPS || a->maps->kind == FV_ACTIVATION_TOKENS;
}

/* "32 channels of 112x112", "1000 channels, a number each"; caller frees. */
static char *shape_text(const fv_activations *m) {
    const char *s = m->channels == 1 ? "" : "s";
    switch (m->kind) {
    case FV_ACTIVATION_VECTOR:
        return g_strdup_printf("%d channel%s, a number each", m->channels, s);
    case FV_ACTIVATION_SIGNALS:
        return g_strdup_printf("%d channel%s of %d numbers", m->channels, s, m->width);
    case FV_ACTIVATION_TOKENS:
        return g_strdup_printf("%d channel%s of %dx%d, from %d tokens, %d of them left out",
                               m->channels, s, m->height, m->width,
                               m->height * m->width + m->skipped, m->skipped);
    case FV_ACTIVATION_VOLUMES:
        return g_strdup_printf("%d channel%s of %dx%dx%d", m->channels, s, m->depth, m->height,
                               m->width);
    default: return g_strdup_printf("%d channel%s of %dx%d", m->channels, s, m->height, m->width);
    }
}

/* What the colours mean. */
static void print_scale(const fv_paint_desc *s) {
    static const char *const ends[][2] = {[FV_PALETTE_GREY] = {"black", "white"},
                                          [FV_PALETTE_DIVERGING] = {"blue", "red"},
                                          [FV_PALETTE_SEQUENTIAL] = {"dark blue", "light yellow"}};
    if (!s->palette) return;
    if (s->low < s->high)
        cli_putf(", %s is %.4g, %s %.4g", ends[s->palette][0], (double)s->low, ends[s->palette][1],
                 (double)s->high);
    else
        cli_putf(", %s to %s are each tile's own ends", ends[s->palette][0], ends[s->palette][1]);
}

/* "-" where there is no number. */
static void add_number(cli_table *t, float value) {
    if (isnan(value))
        cli_table_add(t, "-");
    else
        cli_table_addf(t, "%.4g", (double)value);
}

static void print_table(const cli_activation *a) {
    static const cli_column columns[] = {{"channel", 1, 0},
                                         {"max", 1, 0},
                                         {"mean", 1, 0},
                                         {"min", 1, 0},
                                         {"at (y,x)", 1, 0},
                                         {"in the photo", 1, 0},
                                         {0}};
    static const cli_column no_photo[] = {{"channel", 1, 0}, {"max", 1, 0},      {"mean", 1, 0},
                                          {"min", 1, 0},     {"at (y,x)", 1, 0}, {0}};
    static const cli_column volume[] = {{"channel", 1, 0}, {"max", 1, 0},        {"mean", 1, 0},
                                        {"min", 1, 0},     {"at (z,y,x)", 1, 0}, {0}};
    static const cli_column vector[] = {{"channel", 1, 0}, {"value", 1, 0}, {0}};
    const int photo = has_places(a) && a->window.height > 0;
    const int number = a->maps->kind == FV_ACTIVATION_VECTOR;
    const int deep = a->maps->kind == FV_ACTIVATION_VOLUMES;
    cli_table *t = cli_table_new(number ? vector : deep ? volume : photo ? columns : no_photo);
    for (int i = 0; i < a->count; i++) {
        const fv_channel *c = &a->channel[i];
        double y = 0, x = 0;
        cli_table_addf(t, "%d", c->channel);
        add_number(t, c->max);
        if (number) continue;
        add_number(t, c->mean);
        add_number(t, c->min);
        if (deep)
            cli_table_addf(t, "%d,%d,%d", c->z, c->y, c->x);
        else
            cli_table_addf(t, "%d,%d", c->y, c->x);
        in_photo(a, c, &y, &x);
        if (photo) cli_table_addf(t, "%.0f,%.0f", y, x);
    }
    cli_table_print(t);
    cli_table_free(t);
}

void cli_activation_print(const cli_activation *a, int table) {
    char *image = cli_clean(a->image), *layer = cli_clean(a->maps->layer);
    char *shape = shape_text(a->maps);
    cli_putf("%s", image);
    if (a->samples > 1) cli_putf(" #%d", a->sample);
    cli_putf(": %s, %s", layer, shape);
    print_scale(&a->scale);
    cli_put("\n");
    if (table) print_table(a);
    g_free(shape);
    g_free(layer);
    g_free(image);
}

static void json_pair(JsonBuilder *b, const char *name, double y, double x) {
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    json_builder_add_double_value(b, y);
    json_builder_add_double_value(b, x);
    json_builder_end_array(b);
}

static void json_scale(JsonBuilder *b, const fv_paint_desc *s) {
    const int one = s->low < s->high;
    json_builder_set_member_name(b, "scale");
    if (!s->palette) {
        json_builder_add_null_value(b);
        return;
    }
    json_builder_begin_object(b);
    cli_json_text(b, "palette", fv_palette_name(s->palette));
    cli_json_number(b, "low", one ? (double)s->low : (double)NAN);
    cli_json_number(b, "high", one ? (double)s->high : (double)NAN);
    json_builder_end_object(b);
}

void cli_activation_json(const cli_activation *a, JsonBuilder *b) {
    static const char *const kinds[] = {[FV_ACTIVATION_MAPS] = "maps",
                                        [FV_ACTIVATION_TOKENS] = "tokens",
                                        [FV_ACTIVATION_SIGNALS] = "signals",
                                        [FV_ACTIVATION_VECTOR] = "vector",
                                        [FV_ACTIVATION_VOLUMES] = "volumes"};
    const fv_activations *m = a->maps;
    const int deep = m->kind == FV_ACTIVATION_VOLUMES;
    const int64_t flat[] = {m->channels, m->height, m->width};
    const int64_t volume[] = {m->channels, m->depth, m->height, m->width};
    json_builder_begin_object(b);
    cli_json_text(b, "image", a->image);
    cli_json_int(b, "sample", a->sample);
    cli_json_text(b, "layer", a->maps->layer);
    cli_json_text(b, "kind", kinds[a->maps->kind]);
    cli_json_sizes(b, "shape", deep ? 4 : 3, deep ? volume : flat);
    json_scale(b, &a->scale);
    json_builder_set_member_name(b, "channels");
    json_builder_begin_array(b);
    for (int i = 0; i < a->count; i++) {
        const fv_channel *c = &a->channel[i];
        const int64_t at[] = {c->z, c->y, c->x};
        double y, x;
        json_builder_begin_object(b);
        cli_json_int(b, "channel", c->channel);
        cli_json_number(b, "max", (double)c->max);
        cli_json_number(b, "mean", (double)c->mean);
        cli_json_number(b, "min", (double)c->min);
        cli_json_sizes(b, "at", deep ? 3 : 2, at + !deep);
        cli_json_int(b, "not_finite", c->not_finite);
        in_photo(a, c, &y, &x);
        if (has_places(a) && a->window.height > 0) json_pair(b, "photo", y, x);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
}
