/* SPDX-License-Identifier: Apache-2.0 */
/* fovea visualize: the pictures as tiles: grey ones for dead units, plots for inputs that are no
 * pictures, labels, and which of a unit's pictures are alike.
 */
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "terminal.h"
#include "visualize.h"

#define PLOT_WIDTH  640
#define PLOT_HEIGHT 320

/* "class:8 hen" */
static char *name_of(const cli_tiles *t, int unit) {
    int class = t->plan->units.class[unit];
    const char *name = class >= 0 ? fv_model_class_name(t->plan->model, class) : NULL;
    char *text = name ? g_strdup_printf("%s %s", t->plan->units.text[unit], name)
                      : g_strdup(t->plan->units.text[unit]);
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

/* "3", "8 hen", "3 (dead)"; of several starts "start 0 (a)", or, of several units, "#0 (a) 8 hen".
 */
static char *label_of(const cli_tiles *t, int i) {
    const char *unit = t->plan->units.label[i / t->plan->starts];
    const int one = t->plan->units.count == 1;
    GString *text = g_string_new(NULL);
    if (t->plan->starts > 1)
        g_string_printf(text, one ? "start %d" : "#%d", i % t->plan->starts);
    else
        g_string_assign(text, unit);
    if (t->made->picture[i] && t->made->picture[i]->dead) {
        g_string_append(text, " (dead)");
    } else if (t->group[i] >= 0) {
        char *letter = letter_of(t->group[i]);
        g_string_append_printf(text, " (%s)", letter);
        g_free(letter);
    }
    if (t->plan->starts > 1 && !one) g_string_append_printf(text, " %s", unit);
    return g_string_free(text, FALSE);
}

/* Makes the grey tile that is shown for a dead unit. */
static fv_status grey_tile(const fv_image *like, fv_image **out, fv_error *err) {
    fv_status st = fv_image_new(1, like->height, like->width, out, err);
    for (int64_t k = 0; !st && k < (int64_t)like->height * like->width; k++) (*out)->data[k] = 0.5f;
    return st;
}

static fv_status draw(cli_tiles *t, int i, fv_error *err) {
    fv_rendering *r = t->made->picture[i];
    if (!r || !r->image) return FV_OK;
    const fv_image plot_sized = {.height = PLOT_HEIGHT, .width = PLOT_WIDTH};
    if (r->dead) return grey_tile(t->plan->plots ? &plot_sized : r->image, &t->image[i], err);
    if (!t->plan->plots) {
        t->image[i] = r->image;
        return FV_OK;
    }
    const fv_plot_desc plot = {.struct_size = sizeof plot,
                               .width = PLOT_WIDTH,
                               .height = PLOT_HEIGHT,
                               .title = cli_plan_is_montage(t->plan) ? NULL : t->unit[i].name,
                               .like = r->image};
    int64_t count = fv_tensor_count(r->input);
    return fv_plot_bars(r->input->data, (int)MIN(count, G_MAXINT), &plot, &t->image[i], err);
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
static fv_status compare(cli_tiles *t, int unit, fv_error *err) {
    const int n = t->plan->starts;
    const fv_image **images = g_new(const fv_image *, n);
    int *places = g_new(int, n), *groups = g_new(int, n), count = 0;
    double *distances = g_new(double, (gsize)n *(gsize)n);
    fv_status st = FV_OK;
    for (int i = unit * n; i < (unit + 1) * n; i++)
        if (t->made->picture[i] && t->made->picture[i]->image && !t->made->picture[i]->dead) {
            places[count] = i;
            images[count++] = t->made->picture[i]->image;
        }
    if (count > 1)
        st = fv_images_group(
            images, count,
            FV_DESC(fv_group_desc, .fixed = !fv_model_input(t->plan->model)->is_image), groups,
            distances, &t->unit[unit].distinct, err);
    if (!st && count > 1) {
        for (int k = 0; k < count; k++) t->group[places[k]] = groups[k];
        measure(&t->unit[unit], groups, distances, count);
    }
    g_free(distances);
    g_free(groups);
    g_free(places);
    g_free(images);
    return st;
}

int cli_tiles_make(const cli_plan *p, const cli_rendered *r, cli_tiles *t) {
    fv_error err = {0};
    *t = (cli_tiles){.plan = p, .made = r};
    t->unit = g_new0(cli_unit, p->units.count);
    t->image = g_new0(fv_image *, p->count);
    t->label = g_new0(char *, p->count);
    t->group = g_new(int, p->count);
    for (int u = 0; u < p->units.count; u++) t->unit[u].name = name_of(t, u);
    for (int i = 0; i < p->count; i++) {
        const fv_rendering *one = r->picture[i];
        cli_unit *u = &t->unit[i / p->starts];
        t->group[i] = -1;
        if (one && one->image) *(one->dead ? &u->dead : &u->drawn) += 1;
    }
    for (int u = 0; p->starts > 1 && u < p->units.count; u++)
        if (compare(t, u, &err)) return cli_fail_error(&err);
    for (int i = 0; i < p->count; i++) {
        t->label[i] = label_of(t, i);
        if (draw(t, i, &err)) return cli_fail_error(&err);
    }
    return CLI_DONE;
}

void cli_tiles_clear(cli_tiles *t) {
    for (int i = 0; i < t->plan->count; i++) {
        const fv_rendering *r = t->made->picture[i];
        if (t->image && !(r && t->image[i] == r->image)) fv_image_free(t->image[i]);
        if (t->label) g_free(t->label[i]);
    }
    for (int u = 0; t->unit && u < t->plan->units.count; u++) g_free(t->unit[u].name);
    g_free(t->image);
    g_free(t->label);
    g_free(t->group);
    g_free(t->unit);
}

/* "; its gradient was zero at first, ReLUs were redirected": what made a unit alive. g_free */
static char *cure_of(const fv_rendering *r) {
    const char *other = fv_image_text(r->image, "fovea.other-start");
    GString *text = g_string_new(NULL);
    if (other)
        g_string_append_printf(text, "; its gradient was zero, it begins with %s instead", other);
    if (r->redirected)
        g_string_append(text, "; its gradient was zero at first, ReLUs were redirected");
    return g_string_free(text, FALSE);
}

/* One line of a unit, and one for each start where there are several. */
static void put_unit(const cli_tiles *t, int unit) {
    const cli_unit *u = &t->unit[unit];
    for (int s = 0; s < t->plan->starts; s++) {
        const fv_rendering *r = t->made->picture[unit * t->plan->starts + s];
        if (!r || !r->image) continue;
        char *why = cli_clean(r->why ? r->why : ""), *cure = cure_of(r);
        cli_putf("  %s", u->name);
        if (t->plan->starts > 1) cli_putf(" start %d", s);
        if (r->dead)
            cli_putf(" is dead: %s; not drawn\n", why);
        else
            cli_putf(" reached %.4g%s%s%s%s\n", r->reached, cure,
                     r->unfinished ? "; unfinished" : "", *why ? ": " : "", why);
        g_free(why);
        g_free(cure);
    }
    if (u->distinct > 1)
        cli_putf("  %s: %d pictures, %d distinct; distances between them %.2f..%.2f, mean %.2f\n",
                 u->name, u->drawn, u->distinct, u->least, u->most, u->mean);
    else if (u->distinct == 1)
        cli_putf("  %s: %d pictures, all alike; distances between them %.2f..%.2f, mean %.2f\n",
                 u->name, u->drawn, u->least, u->most, u->mean);
}

void cli_tiles_summarise(const cli_tiles *t, const cli_each *each) {
    if (t->plan->args->common.quiet) return;
    const int units = t->plan->units.count, shown = cli_rows(STDOUT_FILENO, units);
    for (int u = 0; u < shown; u++) {
        if (each->there[u])
            cli_putf("  %s is there already\n", t->unit[u].name);
        else if (t->unit[u].drawn || t->unit[u].dead)
            put_unit(t, u);
        else
            cli_putf("  %s was not begun; left out\n", t->unit[u].name);
    }
    cli_rows_left(units - shown, "units");
}
