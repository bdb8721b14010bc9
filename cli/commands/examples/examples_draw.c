/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan found, as files: photos of units under each other or one file a unit, histograms of
 * the values with the photos shown marked in them, all values as numbers.
 */
#include <glib.h>
#include <string.h>

#include "examples.h"
#include "output.h"
#include "report.h"

#define GAP 8 /* between units */

static const char *const endings[] = {"png", "png", "jpg", "webp"}; /* of --format */

/* What was written, unless stdout is for JSON alone. */
static void say(const cli_shown *s, const char *path, const fv_image *image) {
    if (s->args->common.quiet || s->args->json) return;
    const int units = fv_examples_unit_count(s->examples);
    const int photos = fv_examples_photo_count(s->examples);
    char *clean = cli_clean(path);
    cli_putf("%s: ", clean);
    if (image) cli_putf("%dx%d, ", image->width, image->height);
    cli_putf("%d unit%s, %d photo%s\n", units, units == 1 ? "" : "s", photos,
             photos == 1 ? "" : "s");
    g_free(clean);
}

static fv_status save(const cli_shown *s, fv_image *image, const char *path, fv_error *err) {
    const char *const texts[][2] = {{"fovea.model", fv_model_name(s->model)},
                                    {"fovea.model-sha256", fv_model_sha256(s->model)},
                                    {"fovea.version", fv_version()}};
    fv_status st = cli_set_command(&s->args->common, image, err);
    if (!st) st = cli_set_device(s->session->session, image, err);
    for (size_t i = 0; i < G_N_ELEMENTS(texts) && !st; i++)
        st = fv_image_set_text(image, texts[i][0], texts[i][1], err);
    if (!st && fv_examples_unfinished(s->examples)) {
        char *text = g_strdup_printf("of the %d photos measured until then",
                                     fv_examples_photo_count(s->examples));
        st = fv_image_set_text(image, "fovea.unfinished", text, err);
        g_free(text);
    }
    return st ? st : fv_image_save(image, path, err);
}

static fv_status sheet(const cli_shown *s, int unit, fv_image **out, fv_error *err) {
    const fv_contact_sheet_desc d = {.struct_size = sizeof d,
                                     .by = s->by,
                                     .top = s->top,
                                     .bottom = s->bottom,
                                     .view = s->args->crop    ? FV_EXAMPLE_CROP
                                             : s->args->whole ? FV_EXAMPLE_PHOTO
                                                              : 0,
                                     .tile = s->args->tile_size,
                                     .columns = s->args->columns};
    return fv_examples_contact_sheet(s->examples, unit, &d, out, err);
}

/* The values of one unit, with the photos that are shown marked. */
static fv_status histogram(const cli_shown *s, int unit, fv_image **out, fv_error *err) {
    const int n = fv_examples_photo_count(s->examples);
    float *v = g_new(float, n), *marks = g_new(float, s->top + 1);
    fv_example *top = g_new0(fv_example, s->top + 1);
    int found = s->top;
    fv_status st = fv_examples_values(s->examples, unit, s->by, 0, v, err);
    if (!st && found) st = fv_examples_find(s->examples, unit, s->by, 0, top, &found, err);
    for (int i = 0; i < found; i++) marks[i] = top[i].value;
    char *title = g_strdup_printf("%s on %d photos; lines: the %d highest",
                                  fv_examples_unit(s->examples, unit), n, found);
    char *valid = cli_clean(title);
    const fv_plot_desc plot = {.struct_size = sizeof plot, .title = valid};
    if (!st) st = fv_plot_histogram(v, n, marks, found, &plot, out, err);
    g_free(valid);
    g_free(title);
    g_free(top);
    g_free(marks);
    g_free(v);
    return st;
}

/* Rows of `columns` pictures side by side, under each other. */
static fv_status grid(fv_image *const *sheets, int count, int columns, fv_image **out,
                      fv_error *err) {
    const int n = (count + columns - 1) / columns;
    fv_image **row = g_new0(fv_image *, n);
    fv_status st = FV_OK;
    for (int r = 0; r < n && !st; r++)
        st = fv_stack((const fv_image *const *)sheets + r * columns,
                      MIN(columns, count - r * columns), 1, GAP, &row[r], err);
    if (!st) st = fv_stack((const fv_image *const *)row, n, 0, GAP, out, err);
    for (int r = 0; r < n; r++) fv_image_free(row[r]);
    g_free(row);
    return st;
}

fv_status cli_sheets_join(fv_image *const *sheets, int count, int columns, const char *title,
                          fv_image **out, fv_error *err) {
    fv_image *all = NULL;
    fv_status st = grid(sheets, count, MAX(columns, 1), &all, err);
    if (st || !title || !*title) {
        *out = all;
        return st;
    }
    const fv_image *const one[1] = {all};
    char *clean = cli_clean(title);
    st = fv_montage(one, NULL, 1, FV_DESC(fv_montage_desc, .title = clean), out, err);
    g_free(clean);
    fv_image_free(all);
    return st;
}

/* All units' pictures under each other, with --title above. */
static fv_status stack(const cli_shown *s,
                       fv_status (*draw)(const cli_shown *, int, fv_image **, fv_error *),
                       fv_image **out, fv_error *err) {
    const int n = fv_examples_unit_count(s->examples);
    fv_image **parts = g_new0(fv_image *, n), *all = NULL;
    GString *units = g_string_new(NULL);
    fv_status st = FV_OK;
    for (int u = 0; u < n && !st; u++) {
        g_string_append_printf(units, "%s%s", u ? " " : "", fv_examples_unit(s->examples, u));
        st = draw(s, u, &parts[u], err);
    }
    if (!st) st = cli_sheets_join(parts, n, 1, s->args->title, &all, err);
    if (!st) st = fv_image_set_text(all, "fovea.objective", units->str, err);
    g_string_free(units, TRUE);
    for (int u = 0; u < n; u++) fv_image_free(parts[u]);
    g_free(parts);
    if (st)
        fv_image_free(all);
    else
        *out = all;
    return st;
}

static int save_stack(const cli_shown *s, const char *path,
                      fv_status (*draw)(const cli_shown *, int, fv_image **, fv_error *)) {
    fv_image *image = NULL;
    fv_error err = {0};
    fv_status st = stack(s, draw, &image, &err);
    if (!st) st = save(s, image, path, &err);
    if (!st) say(s, path, image);
    fv_image_free(image);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* "head_conv_3.png" in the folder. */
static int save_each(const cli_shown *s) {
    GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    fv_error err = {0};
    fv_status st = FV_OK;
    for (int u = 0; u < fv_examples_unit_count(s->examples) && !st; u++) {
        fv_image *image = NULL;
        char *stem = cli_stem(fv_examples_unit(s->examples, u));
        char *path = cli_path_in(s->args->each, stem, endings[s->args->format], taken);
        st = sheet(s, u, &image, &err);
        if (!st) st = save(s, image, path, &err);
        fv_image_free(image);
        g_free(path);
        g_free(stem);
    }
    g_hash_table_unref(taken);
    if (st) return cli_fail_error(&err);
    say(s, s->args->each, NULL);
    return CLI_DONE;
}

/* [photos][units] */
static int save_values(const cli_shown *s) {
    const int photos = fv_examples_photo_count(s->examples);
    const int units = fv_examples_unit_count(s->examples);
    const int64_t dim[2] = {photos, units};
    fv_tensor *all = NULL;
    fv_error err = {0};
    float *v = g_new(float, photos);
    fv_status st = fv_tensor_new(2, dim, &all, &err);
    for (int u = 0; u < units && !st; u++) {
        st = fv_examples_values(s->examples, u, s->by, 0, v, &err);
        for (int i = 0; i < photos && !st; i++) all->data[(int64_t)i * units + u] = v[i];
    }
    if (!st) st = fv_tensor_save(all, s->args->npy, &err);
    if (!st) say(s, s->args->npy, NULL);
    fv_tensor_free(all);
    g_free(v);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

int cli_examples_save(const cli_shown *s) {
    const cli_examples_args *a = s->args;
    int code = CLI_DONE;
    if (a->output) code = save_stack(s, a->output, sheet);
    if (!code && a->each) code = save_each(s);
    if (!code && a->histogram) code = save_stack(s, a->histogram, histogram);
    if (!code && a->npy) code = save_values(s);
    return code;
}
