/* SPDX-License-Identifier: Apache-2.0 */
/* What was made, looked at: what stands in place of dead units and of inputs that are no pictures,
 * labels, and which of a unit's pictures are alike.
 */
#include <glib.h>
#include <string.h>

#include "report.h"
#include "visualize.h"

#define PLOT_WIDTH  640
#define PLOT_HEIGHT 320

int cli_drawing_is_montage(const cli_drawing *d) {
    const cli_visualize_args *a = d->args;
    return d->count > 1 || a->tile_size || a->columns || a->title;
}

/* "class:8 hen" */
static char *name_of(const cli_drawing *d, int unit) {
    int class = d->units.class[unit];
    const char *name = class >= 0 ? fv_model_class_name(d->model, class) : NULL;
    char *text =
        name ? g_strdup_printf("%s %s", d->units.text[unit], name) : g_strdup(d->units.text[unit]);
    char *clean = cli_clean(text);
    g_free(text);
    return clean;
}

/* "a" ... "z", "aa", ...: the letter of a group; caller frees. */
static char *letter_of(int group) {
    GString *text = g_string_new(NULL);
    for (int n = group + 1; n > 0; n = (n - 1) / 26)
        g_string_prepend_c(text, (char)('a' + (n - 1) % 26));
    return g_string_free(text, FALSE);
}

/* "3", "8 hen", "3 (dead)"; of several starts "start 0 (a)", or, of several units, "#0 (a) 8 hen":
 * what is too long loses its end. */
static char *label_of(const cli_drawing *d, int i) {
    const char *unit = d->units.label[i / d->starts];
    const int one = d->units.count == 1;
    GString *text = g_string_new(NULL);
    if (d->starts > 1)
        g_string_printf(text, one ? "start %d" : "#%d", i % d->starts);
    else
        g_string_assign(text, unit);
    if (d->made[i] && d->made[i]->dead) {
        g_string_append(text, " (dead)");
    } else if (d->group[i] >= 0) {
        char *letter = letter_of(d->group[i]);
        g_string_append_printf(text, " (%s)", letter);
        g_free(letter);
    }
    if (d->starts > 1 && !one) g_string_append_printf(text, " %s", unit);
    return g_string_free(text, FALSE);
}

/* What is looked at in place of a dead unit: nothing. */
static fv_status grey_tile(const fv_image *like, fv_image **out, fv_error *err) {
    fv_status st = fv_image_new(1, like->height, like->width, out, err);
    for (int64_t k = 0; !st && k < (int64_t)like->height * like->width; k++) (*out)->data[k] = 0.5f;
    return st;
}

static fv_status show(cli_drawing *d, int i, fv_error *err) {
    fv_rendering *r = d->made[i];
    if (!r || !r->image) return FV_OK;
    const fv_image plot_sized = {.height = PLOT_HEIGHT, .width = PLOT_WIDTH};
    if (r->dead) return grey_tile(d->plots ? &plot_sized : r->image, &d->shown[i], err);
    if (!d->plots) {
        d->shown[i] = r->image;
        return FV_OK;
    }
    const fv_plot_desc plot = {.width = PLOT_WIDTH,
                               .height = PLOT_HEIGHT,
                               .title = cli_drawing_is_montage(d) ? NULL : d->unit[i].name,
                               .like = r->image};
    int64_t count = fv_tensor_count(r->input);
    return fv_plot_bars(r->input->data, (int)MIN(count, G_MAXINT), &plot, &d->shown[i], err);
}

/* Distances of the pairs whose groups differ; if none do, of all pairs. */
static void measure(cli_unit *u, const int *groups, const double *distances, int n) {
    int pairs = 0;
    double sum = 0;
    for (int a = 0; a < n; a++)
        for (int b = a + 1; b < n; b++) {
            double far = distances[a * n + b];
            if (u->distinct > 1 && groups[a] == groups[b]) continue;
            u->least = pairs ? MIN(u->least, far) : far;
            u->most = pairs ? MAX(u->most, far) : far;
            sum += far;
            pairs++;
        }
    u->mean = pairs ? sum / pairs : 0;
}

/* Groups the live pictures of one unit. */
static fv_status compare(cli_drawing *d, int unit, fv_error *err) {
    const int n = d->starts;
    const fv_image **images = g_new(const fv_image *, n);
    int *places = g_new(int, n), *groups = g_new(int, n), count = 0;
    double *distances = g_new(double, (gsize)n *(gsize)n);
    fv_status st = FV_OK;
    for (int i = unit * n; i < (unit + 1) * n; i++)
        if (d->made[i] && d->made[i]->image && !d->made[i]->dead) {
            places[count] = i;
            images[count++] = d->made[i]->image;
        }
    if (count > 1)
        st = fv_images_group(images, count, fv_model_input(d->model)->is_image, 0, groups,
                             distances, &d->unit[unit].distinct, err);
    if (!st && count > 1) {
        for (int k = 0; k < count; k++) d->group[places[k]] = groups[k];
        measure(&d->unit[unit], groups, distances, count);
    }
    g_free(distances);
    g_free(groups);
    g_free(places);
    g_free(images);
    return st;
}

int cli_drawing_look(cli_drawing *d) {
    fv_error err = {0};
    d->unit = g_new0(cli_unit, d->units.count);
    d->shown = g_new0(fv_image *, d->count);
    d->label = g_new0(char *, d->count);
    d->group = g_new(int, d->count);
    for (int u = 0; u < d->units.count; u++) d->unit[u].name = name_of(d, u);
    for (int i = 0; i < d->count; i++) {
        const fv_rendering *r = d->made[i];
        cli_unit *u = &d->unit[i / d->starts];
        d->group[i] = -1;
        if (r && r->image) *(r->dead ? &u->dead : &u->drawn) += 1;
    }
    for (int u = 0; d->starts > 1 && u < d->units.count; u++)
        if (compare(d, u, &err)) return cli_fail_error(&err);
    for (int i = 0; i < d->count; i++) {
        d->label[i] = label_of(d, i);
        if (show(d, i, &err)) return cli_fail_error(&err);
    }
    return CLI_DONE;
}

/* One line of a unit, and one for each start where there are several. */
static void put_unit(const cli_drawing *d, int unit) {
    const cli_unit *u = &d->unit[unit];
    for (int s = 0; s < d->starts; s++) {
        const fv_rendering *r = d->made[unit * d->starts + s];
        if (!r || !r->image) continue;
        char *why = cli_clean(r->why ? r->why : "");
        cli_putf("  %s", u->name);
        if (d->starts > 1) cli_putf(" start %d", s);
        if (r->dead)
            cli_putf(" is dead: %s; not drawn\n", why);
        else
            cli_putf(" reached %.4g%s%s%s%s\n", r->reached,
                     r->redirected ? "; its gradient was zero at first, ReLUs were redirected" : "",
                     r->unfinished ? "; unfinished" : "", *why ? ": " : "", why);
        g_free(why);
    }
    if (u->distinct > 1)
        cli_putf("  %s: %d pictures, %d distinct; distances between them %.2f..%.2f, mean %.2f\n",
                 u->name, u->drawn, u->distinct, u->least, u->most, u->mean);
    else if (u->distinct == 1)
        cli_putf("  %s: %d pictures, all alike; distances between them %.2f..%.2f, mean %.2f\n",
                 u->name, u->drawn, u->least, u->most, u->mean);
}

void cli_drawing_summarise(const cli_drawing *d) {
    if (d->args->common.quiet) return;
    for (int u = 0; u < d->units.count; u++) {
        if (d->there[u])
            cli_putf("  %s is there already\n", d->unit[u].name);
        else if (d->unit[u].drawn || d->unit[u].dead)
            put_unit(d, u);
        else
            cli_putf("  %s was not begun; left out\n", d->unit[u].name);
    }
}
