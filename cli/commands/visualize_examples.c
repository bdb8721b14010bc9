/* SPDX-License-Identifier: Apache-2.0 */
/* fovea visualize --examples: photos between the picture that lowers a unit and the one that raises
 * it. The photos are measured first: a folder without pictures is found before minutes of work.
 */
#include <glib.h>
#include <string.h>

#include "examples.h"
#include "output.h"
#include "report.h"
#include "visualize.h"

#define GAP 8 /* between rows */

int cli_drawing_check_example_words(const cli_visualize_args *a) {
    if (a->examples && (!a->output || cli_has_ending(a->output, "npy")))
        return cli_usage(a->common.command, "--examples needs --output OUT.png");
    if ((a->index.folder || a->index.none) && !a->examples)
        return cli_usage(a->common.command, "--index and --no-index are for --examples");
    return CLI_DONE;
}

/* What cannot be turned round by one factor, or is no single unit, is refused. */
static int check(const cli_drawing *d) {
    const cli_command *c = d->args->common.command;
    if (d->plots || !fv_model_input(d->model)->is_image)
        return cli_usage(c, "--examples needs photos; the input of %s is no picture",
                         fv_model_name(d->model));
    if (d->starts > 1) return cli_usage(c, "--examples shows one start; give no --starts");
    if (d->units.count > CLI_SHEETS_MAX)
        return cli_usage(c, "--examples draws up to %d units; %d are asked for", CLI_SHEETS_MAX,
                         d->units.count);
    for (int i = 0; i < d->units.count; i++) {
        const char *text = d->units.text[i];
        int layer = -1;
        if (!fv_model_find_layer(d->model, text, &layer, NULL))
            return cli_usage(c, "--examples takes single units; '%s' is a whole layer: %s:0 is one",
                             text, text);
        if (strstr(text, " + ") || strstr(text, " - "))
            return cli_usage(c, "--examples takes single units; '%s' is a sum", text);
    }
    return CLI_DONE;
}

int cli_drawing_find_examples(cli_drawing *d) {
    double seconds = 0;
    int code = check(d);
    if (code) return code;
    return cli_examples_scan(&d->args->common, &d->args->model, &d->args->index, d->model,
                             d->units.text, d->units.count, d->args->examples, &d->examples,
                             &seconds);
}

int cli_drawing_make_low(cli_drawing *d) {
    char **names = g_new0(char *, d->count + 1);
    cli_progress progress;
    fv_error err = {0};
    fv_render_desc desc = d->recipe.desc;
    for (int i = 0; i < d->count; i++) names[i] = g_strdup_printf("-1*%s", d->units.text[i]);
    cli_progress_start(&progress, &d->args->common, "steps", FV_PROGRESS_STOP);
    desc.progress = cli_progress_step;
    desc.user = &progress;
    d->low = g_new0(fv_rendering *, d->count);
    fv_status st =
        fv_render_many(d->model, (const char *const *)names, d->count, &desc, d->low, &err);
    d->seconds += cli_progress_stop(&progress);
    g_strfreev(names);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* A picture without alpha, or NULL where there is none to show. */
static fv_status flat(const fv_rendering *r, fv_image **out, fv_error *err) {
    if (!r || !r->image || r->dead) return FV_OK;
    return cli_image_flatten(r->image, out, err);
}

static fv_status row(const cli_drawing *d, int i, fv_image **out, fv_error *err) {
    fv_image *low = NULL, *high = NULL;
    const fv_contact_sheet_desc desc = {.tile = d->args->tile_size};
    fv_status st = flat(d->low ? d->low[i] : NULL, &low, err);
    if (!st) st = flat(d->made[i], &high, err);
    if (!st) st = fv_examples_strip(d->examples, i, low, high, &desc, out, err);
    fv_image_free(low);
    fv_image_free(high);
    return st;
}

fv_status cli_drawing_lay_beside(const cli_drawing *d, fv_image **out, fv_error *err) {
    fv_image **rows = g_new0(fv_image *, d->count);
    GString *units = g_string_new(NULL);
    fv_status st = FV_OK;
    for (int i = 0; i < d->count && !st; i++) {
        st = row(d, i, &rows[i], err);
        g_string_append_printf(units, "%s%s", i ? " " : "", fv_examples_unit(d->examples, i));
    }
    if (!st) st = fv_stack((const fv_image *const *)rows, d->count, 0, GAP, out, err);
    if (!st) st = fv_image_set_text(*out, "fovea.objective", units->str, err);
    if (!st) st = fv_image_set_text(*out, "fovea.model", fv_model_name(d->model), err);
    if (!st) st = fv_image_set_text(*out, "fovea.model-sha256", fv_model_sha256(d->model), err);
    if (!st) st = fv_image_set_text(*out, "fovea.version", fv_version(), err);
    for (int i = 0; i < d->count; i++) fv_image_free(rows[i]);
    g_free(rows);
    g_string_free(units, TRUE);
    return st;
}
