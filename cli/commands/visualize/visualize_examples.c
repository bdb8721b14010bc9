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

int cli_examples_check_words(const cli_visualize_args *a) {
    if (a->examples && (!a->output || cli_has_ending(a->output, "npy")))
        return cli_usage(a->common.command, "--examples needs --output OUT.png");
    return CLI_DONE;
}

/* Refuses objectives that are not single units, and networks without photos as inputs. */
int cli_examples_check_plan(const cli_plan *p) {
    const cli_command *c = p->args->common.command;
    if (p->plots || !fv_model_input(p->model)->is_image)
        return cli_usage(c, "--examples needs photos; the input of %s is no picture",
                         fv_model_name(p->model));
    if (p->starts > 1) return cli_usage(c, "--examples shows one start; give no --restarts");
    if (p->units.count > CLI_SHEETS_MAX)
        return cli_usage(c, "--examples draws up to %d units; %d are asked for", CLI_SHEETS_MAX,
                         p->units.count);
    for (int i = 0; i < p->units.count; i++) {
        const char *text = p->units.text[i];
        int layer = -1;
        if (!fv_model_find_layer(p->model, text, &layer, NULL))
            return cli_usage(c, "--examples takes single units; '%s' is a whole layer: %s:0 is one",
                             text, text);
        if (strstr(text, " + ") || strstr(text, " - "))
            return cli_usage(c, "--examples takes single units; '%s' is a sum", text);
    }
    return CLI_DONE;
}

/* A picture without alpha, or NULL where there is none to show. */
static fv_status flat(const fv_rendering *r, fv_image **out, fv_error *err) {
    if (!r || !r->image || r->dead) return FV_OK;
    return cli_image_flatten(r->image, out, err);
}

static fv_status row(const cli_tiles *t, int i, fv_image **out, fv_error *err) {
    fv_image *low = NULL, *high = NULL;
    const fv_contact_sheet_desc desc = {.struct_size = sizeof desc,
                                        .tile = t->plan->args->tile_size};
    fv_status st = flat(t->made->opposite ? t->made->opposite[i] : NULL, &low, err);
    if (!st) st = flat(t->made->picture[i], &high, err);
    if (!st) st = fv_examples_strip(t->made->examples, i, low, high, &desc, out, err);
    fv_image_free(low);
    fv_image_free(high);
    return st;
}

fv_status cli_tiles_lay_out_examples(const cli_tiles *t, fv_image **out, fv_error *err) {
    const cli_visualize_args *a = t->plan->args;
    fv_image **rows = g_new0(fv_image *, t->plan->count);
    GString *units = g_string_new(NULL);
    fv_status st = FV_OK;
    for (int i = 0; i < t->plan->count && !st; i++) {
        st = row(t, i, &rows[i], err);
        g_string_append_printf(units, "%s%s", i ? " " : "", fv_examples_unit(t->made->examples, i));
    }
    if (!st) st = cli_sheets_join(rows, t->plan->count, a->columns, a->title, out, err);
    if (!st) st = fv_image_set_text(*out, "fovea.objective", units->str, err);
    if (!st) st = fv_image_set_text(*out, "fovea.model", fv_model_name(t->plan->model), err);
    if (!st)
        st = fv_image_set_text(*out, "fovea.model-sha256", fv_model_sha256(t->plan->model), err);
    if (!st) st = fv_image_set_text(*out, "fovea.version", fv_version(), err);
    for (int i = 0; i < t->plan->count; i++) fv_image_free(rows[i]);
    g_free(rows);
    g_string_free(units, TRUE);
    return st;
}
