/* SPDX-License-Identifier: Apache-2.0 */
/* fovea visualize: the call of the library that makes the pictures, with progress, frames for the
 * film, and files that are written as soon as their picture is done.
 */
#include <glib.h>
#include <string.h>

#include "examples.h"
#include "report.h"
#include "visualize.h"

/* What the callbacks of one call need. */
typedef struct call {
    const cli_plan *plan;
    cli_each *each;
    cli_film *film;
    int every; /* updates from frame to frame */
} call;

/* The unit that is the n-th of those to be made. */
static int nth_unit(const cli_each *each, int n) {
    int u = 0;
    while (each->there[u] || n-- > 0) u++;
    return u;
}

/* The picture's number among all, of its number among those to be made. */
static int number_of(const cli_plan *p, const cli_each *each, int picture) {
    return nth_unit(each, picture / p->starts) * p->starts + picture % p->starts;
}

static void snapshot(void *user, int picture, int at, const fv_image *image) {
    const call *c = user;
    if (at == c->every) cli_film_restart(c->film, picture); /* from another start */
    cli_film_add(c->film, picture, image);
}

/* --each: a picture is written as soon as it is done, so that little is lost if the program is
 * killed. */
static fv_status finished(void *user, int picture, fv_rendering *r, int *taken, fv_error *err) {
    (void)taken;
    const call *c = user;
    if (r->dead) return FV_OK;
    return cli_each_save(c->plan, c->each, number_of(c->plan, c->each, picture), r->image, err);
}

/* Makes the pictures of all units that are not there yet. */
static fv_status make(const cli_plan *p, const cli_each *each, const fv_render_desc *desc,
                      fv_rendering **out, fv_error *err) {
    const fv_objective **todo = g_new0(const fv_objective *, p->units.count);
    fv_rendering **made = g_new0(fv_rendering *, p->count);
    int n = 0;
    for (int u = 0; u < p->units.count; u++)
        if (!each->there[u]) todo[n++] = p->units.list[u];
    fv_status st = FV_OK;
    if (n) st = fv_render_many(p->session->session, todo, n, p->recipe.recipe, desc, made, err);
    for (int i = 0; !st && i < n * p->starts; i++) out[number_of(p, each, i)] = made[i];
    g_free(made);
    g_free(todo);
    return st;
}

/* The pictures that raise the units. */
static int render_units(const cli_plan *p, cli_each *each, cli_rendered *out) {
    call c = {.plan = p, .each = each};
    cli_progress *progress = &p->session->progress;
    fv_error err = {0};
    int every = 0, code = cli_film_start(p, &out->film, &every);
    if (code) return code;
    c.film = out->film;
    c.every = every;
    const fv_render_desc desc = {.struct_size = sizeof desc,
                                 .batch = p->args->recipe.batch,
                                 .snapshot_every = every,
                                 .snapshot = every ? snapshot : NULL,
                                 .finished = each->path && !p->plots ? finished : NULL,
                                 .user = &c,
                                 .others = p->session->others,
                                 .other_count = p->session->other_count};
    cli_progress_start(progress, &p->args->common, "steps", FV_MONITOR_STOP);
    out->picture = g_new0(fv_rendering *, p->count);
    fv_status st = make(p, each, &desc, out->picture, &err);
    out->seconds = cli_progress_stop(progress);
    out->done = progress->done;
    out->total = progress->total;
    for (int i = 0; i < p->count; i++) {
        const fv_rendering *r = out->picture[i];
        if (!r || !r->image) continue;
        out->begun++;
        out->alive += !r->dead;
    }
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* --examples: the pictures that lower the units. */
static int render_opposites(const cli_plan *p, cli_rendered *out) {
    char **names = g_new0(char *, p->count + 1);
    fv_objective **units = NULL;
    cli_progress *progress = &p->session->progress;
    fv_error err = {0};
    for (int i = 0; i < p->count; i++) names[i] = g_strdup_printf("-1*%s", p->units.text[i]);
    int code = cli_objectives_parse(p->model, names, p->count, &units);
    g_strfreev(names);
    if (code) {
        cli_objectives_free(units, p->count);
        return code;
    }
    cli_progress_start(progress, &p->args->common, "steps", FV_MONITOR_STOP);
    out->opposite = g_new0(fv_rendering *, p->count);
    fv_status st = fv_render_many(
        p->session->session, (const fv_objective *const *)units, p->count, p->recipe.recipe,
        FV_DESC(fv_render_desc, .batch = p->args->recipe.batch, .others = p->session->others,
                .other_count = p->session->other_count),
        out->opposite, &err);
    out->seconds += cli_progress_stop(progress);
    cli_objectives_free(units, p->count);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* --examples: measures the units on the photos, before anything is drawn: a folder without pictures
 * is found before minutes of work. */
static int find_examples(const cli_plan *p, cli_rendered *out) {
    const cli_visualize_args *a = p->args;
    double seconds = 0;
    int code = cli_examples_check_plan(p);
    if (code) return code;
    code = cli_examples_scan(&a->common, &a->index, p->session, &p->units, a->examples,
                             &out->examples, &seconds);
    if (!code && cli_progress_signal())
        cli_examples_die(&a->index, &p->session->progress, "nothing is drawn");
    return code;
}

int cli_render(const cli_plan *p, cli_each *each, cli_rendered *out) {
    *out = (cli_rendered){0};
    int code = p->args->examples ? find_examples(p, out) : CLI_DONE;
    if (!code) code = render_units(p, each, out);
    if (!code && out->examples && !cli_progress_signal()) code = render_opposites(p, out);
    return code;
}

void cli_rendered_clear(const cli_plan *p, cli_rendered *r) {
    for (int i = 0; i < p->count; i++) {
        if (r->picture) fv_rendering_free(r->picture[i]);
        if (r->opposite) fv_rendering_free(r->opposite[i]);
    }
    g_free(r->picture);
    g_free(r->opposite);
    fv_examples_free(r->examples);
    cli_film_free(r->film);
}
