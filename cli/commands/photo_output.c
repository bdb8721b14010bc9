/* SPDX-License-Identifier: Apache-2.0 */
/* The results of the photo commands: measured on the network's own input without transforms, drawn
 * next to the photo, and written as numbers (--npy, --json).
 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "photo.h"
#include "report.h"

#define TILE 224 /* tiles are at most so large unless --tile-size says otherwise */

/* ---- what came of it ------------------------------------------------------------------------ */

static int same_size(const fv_tensor *a, const fv_tensor *b) {
    return a->ndim == b->ndim && !memcmp(a->dim, b->dim, (size_t)a->ndim * sizeof *a->dim);
}

/* How far the result's activations are from the photo's; untouched at another size. */
static fv_status compare(const cli_photo_job *j, int i, double *error, double *cosine,
                         fv_error *err) {
    const char *const layer = j->word[i];
    const fv_tensor *const inputs[] = {j->made[i]->input, j->input};
    fv_activations *a[2] = {NULL, NULL};
    fv_status st = FV_OK;
    for (int k = 0; !st && k < 2; k++)
        st = fv_activations_run(j->session.session, inputs[k], &layer, 1, &a[k], err);
    if (!st) st = fv_activations_compare(a[0], a[1], error, cosine, err);
    fv_activations_free(a[0]);
    fv_activations_free(a[1]);
    return st;
}

/* The objective's value on the photo and on the result. */
static fv_status measure(const cli_photo_job *j, int i, double *before, double *after,
                         fv_error *err) {
    const fv_tensor *const inputs[] = {j->input, j->made[i]->input};
    double *const values[] = {before, after};
    fv_status st = FV_OK;
    for (int k = 0; !st && k < 2; k++) {
        fv_tensor *gradient = NULL;
        st = fv_session_gradient(j->session.session, inputs[k], j->wanted[i], values[k], &gradient,
                                 err);
        fv_tensor_free(gradient);
    }
    return st;
}

/* What is said of result i: two numbers, NaN where it has none. */
typedef struct found {
    double first, second; /* relative error, cosine; of an accentuation before, after */
    char *path;           /* of its numbers, or NULL */
} found;

static fv_status find(const cli_photo_job *j, int i, found *out, fv_error *err) {
    out->first = out->second = NAN;
    if (j->accentuates) return measure(j, i, &out->first, &out->second, err);
    if (!same_size(j->made[i]->input, j->input)) return FV_OK;
    return compare(j, i, &out->first, &out->second, err);
}

static fv_status find_all(cli_photo_job *j, found *out, fv_error *err) {
    fv_status st = FV_OK;
    j->label = g_new0(char *, (gsize)j->count + 2);
    j->label[0] = g_strdup("photo");
    for (int i = 0; !st && i < j->count; i++) {
        char *clean = cli_clean(j->word[i]);
        if (j->made[i]->dead)
            cli_note(&j->args->common, "%s is dead: %s; its picture says nothing", clean,
                     j->made[i]->why);
        else if (j->made[i]->why)
            cli_note(&j->args->common, "%s is unfinished: %s", clean, j->made[i]->why);
        st = find(j, i, &out[i], err);
        j->label[i + 1] =
            j->accentuates ? g_strdup_printf("%s: %.3g", clean, out[i].second) : g_strdup(clean);
        g_free(clean);
    }
    return st;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* All objectives in one line; caller frees. */
static char *join_objectives(const cli_photo_job *j) {
    GString *all = g_string_new(NULL);
    for (int i = 0; i < j->count; i++)
        g_string_append_printf(all, "%s%s", i ? "; " : "", fv_objective_text(j->objective[i]));
    return g_string_free(all, FALSE);
}

/* A montage of the photo and the results. */
static fv_status lay_out(const cli_photo_job *j, fv_image **out, fv_error *err) {
    const cli_photo_args *a = j->args;
    const fv_image **tile = g_new0(const fv_image *, (gsize)j->count + 1);
    int side = MAX(j->recipe.width, j->recipe.height);
    char *title = a->title ? cli_clean(a->title) : g_strdup("");
    tile[0] = j->seen;
    for (int i = 0; i < j->count; i++) tile[i + 1] = j->made[i]->image;
    const fv_montage_desc m = {.struct_size = sizeof m,
                               .columns = a->columns ? a->columns : MIN(j->count + 1, 5),
                               .tile = a->tile_size ? a->tile_size : MIN(side, TILE),
                               .title = *title ? title : NULL};
    fv_status st = fv_montage(tile, (const char *const *)j->label, j->count + 1, &m, out, err);
    if (!st) st = cli_copy_texts(j->made[0]->image, *out, err);
    if (!st) {
        char *all = join_objectives(j);
        st = fv_image_set_text(*out, "fovea.objective", all, err);
        g_free(all);
    }
    g_free(title);
    g_free(tile);
    return st;
}

static fv_status save_picture(const cli_photo_job *j, fv_error *err) {
    const cli_photo_args *a = j->args;
    fv_image *montage = NULL;
    fv_status st = a->alone ? FV_OK : lay_out(j, &montage, err);
    fv_image *picture = montage ? montage : j->made[0]->image;
    if (!st) st = cli_set_command(&a->common, picture, err);
    if (!st) st = fv_image_save(picture, a->output, err);
    if (!st && !a->common.quiet && !a->json) {
        char *clean = cli_clean(a->output);
        cli_putf("%s: %dx%d, %d steps, %.1f s\n", clean, picture->width, picture->height,
                 j->made[0]->steps, j->seconds);
        g_free(clean);
    }
    fv_image_free(montage);
    return st;
}

/* Writes the optimised inputs: all in one file, or a file each in a folder. */
static fv_status save_inputs(const cli_photo_job *j, found *f, fv_error *err) {
    const char *where = j->args->npy;
    fv_status st = FV_OK;
    if (cli_has_ending(where, "npy")) {
        const fv_tensor **all = g_new(const fv_tensor *, (gsize)j->count);
        for (int i = 0; i < j->count; i++) {
            all[i] = j->made[i]->input;
            f[i].path = g_strdup(where);
        }
        st = cli_save_together(all, j->count, where, err);
        g_free(all);
        return st;
    }
    GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; !st && i < j->count; i++) {
        char *stem = cli_stem(j->word[i]);
        f[i].path = cli_path_in(where, stem, "npy", taken);
        st = fv_tensor_save(j->made[i]->input, f[i].path, err);
        g_free(stem);
    }
    g_hash_table_unref(taken);
    return st;
}

/* ---- printing ------------------------------------------------------------------------------- */

/* "block_4/add: relative error 0.21, cosine 0.98" */
static void put_line(const cli_photo_job *j, int i, const found *f) {
    char *clean = cli_clean(j->word[i]);
    cli_putf("  %s", clean);
    if (j->accentuates)
        cli_putf(": %.4g on the photo, %.4g accentuated", f->first, f->second);
    else if (same_size(j->made[i]->input, j->input))
        cli_putf(": relative error %.3g, cosine %.3g", f->first, f->second);
    cli_put("\n");
    g_free(clean);
}

static void put_json(const cli_photo_job *j, const found *f) {
    const int accentuation = j->accentuates;
    JsonBuilder *b = json_builder_new();
    json_builder_begin_array(b);
    for (int i = 0; i < j->count; i++) {
        json_builder_begin_object(b);
        cli_json_text(b, accentuation ? "unit" : "layer", j->word[i]);
        if (accentuation) cli_json_text(b, "near", j->args->near);
        cli_json_text(b, "objective", fv_objective_text(j->objective[i]));
        cli_json_number(b, accentuation ? "before" : "relative_error", f[i].first);
        cli_json_number(b, accentuation ? "after" : "cosine", f[i].second);
        cli_json_int(b, "steps", j->made[i]->steps);
        cli_json_raw(b, "seed", fv_image_text(j->made[i]->image, "fovea.seed"));
        json_builder_set_member_name(b, "dead");
        json_builder_add_boolean_value(b, j->made[i]->dead);
        cli_json_text(b, "photo", j->args->common.operands[1]);
        cli_json_text(b, "file", j->args->output);
        cli_json_text(b, "npy", f[i].path);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    cli_json_print(b);
}

int cli_photo_save(cli_photo_job *j) {
    const cli_photo_args *a = j->args;
    fv_error err = {0};
    found *f = g_new0(found, (gsize)j->count);
    fv_status st = find_all(j, f, &err);
    if (!st && a->output) st = save_picture(j, &err);
    if (!st && a->npy) st = save_inputs(j, f, &err);
    if (!st && a->json)
        put_json(j, f);
    else if (!st && !a->common.quiet)
        for (int i = 0; i < j->count; i++) put_line(j, i, &f[i]);
    for (int i = 0; i < j->count; i++) g_free(f[i].path);
    g_free(f);
    return st ? cli_fail_error(&err) : CLI_DONE;
}
