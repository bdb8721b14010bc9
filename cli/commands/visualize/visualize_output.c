/* SPDX-License-Identifier: Apache-2.0 */
/* fovea visualize: the tiles, written: one picture or a montage, one file each, the inputs as
 * numbers.
 */
#include <glib.h>
#include <string.h>

#include "output.h"
#include "report.h"
#include "visualize.h"

/* ---- pictures ---- */

/* The texts of all pictures under one key, separated by blanks; caller frees. */
static char *all_texts(const cli_tiles *t, const char *key) {
    GString *text = g_string_new(NULL);
    for (int i = 0; i < t->plan->count; i++) {
        const fv_image *p = t->made->picture[i] ? t->made->picture[i]->image : NULL;
        if (!p) continue;
        const char *one = fv_image_text(p, key);
        g_string_append_printf(text, "%s%s", text->len ? " " : "", one ? one : "?");
    }
    return g_string_free(text, FALSE);
}

/* "120 of 512 steps", for the montage's metadata; NULL if all pictures are finished. Caller frees.
 */
static char *unfinished_text(const cli_tiles *t) {
    int finished = 0;
    for (int i = 0; i < t->plan->count; i++)
        finished += t->made->picture[i] && !t->made->picture[i]->unfinished;
    if (finished == t->plan->count) return NULL;
    return g_strdup_printf("%d of %d steps", t->made->done, t->made->total);
}

/* Sets texts of the montage: what holds for all pictures, what each says, and its own. */
static fv_status describe(const cli_tiles *t, fv_image *onto, const fv_montage_desc *m,
                          fv_error *err) {
    static const char *const own[] = {"fovea.objective", "fovea.reached"};
    fv_status st = FV_OK;
    const fv_image *first = NULL;
    for (int i = 0; i < t->plan->count && !first; i++)
        first = t->made->picture[i] ? t->made->picture[i]->image : NULL;
    if (first) st = cli_copy_texts(first, onto, err);
    for (size_t k = 0; k < G_N_ELEMENTS(own) && !st; k++) {
        char *text = all_texts(t, own[k]);
        st = fv_image_set_text(onto, own[k], text, err);
        g_free(text);
    }
    char *unfinished = unfinished_text(t), columns[16] = "near-square";
    if (!st && unfinished) st = fv_image_set_text(onto, "fovea.unfinished", unfinished, err);
    g_free(unfinished);
    if (m->columns) g_snprintf(columns, sizeof columns, "%d", m->columns);
    char *text = g_strdup_printf("tile-size=%d columns=%s title=%s", m->tile, columns,
                                 m->title ? m->title : "");
    if (!st) st = fv_image_set_text(onto, "fovea.montage", text, err);
    g_free(text);
    return st;
}

fv_status cli_tiles_lay_out(const cli_tiles *t, fv_image *const *pictures, fv_image **out,
                            fv_error *err) {
    const cli_visualize_args *a = t->plan->args;
    const char *title = a->title                                           ? a->title
                        : t->plan->starts > 1 && t->plan->units.count == 1 ? t->plan->units.text[0]
                                                                           : t->plan->units.title;
    char *clean = cli_clean(title);
    const int rows = t->plan->starts > 1 && t->plan->units.count > 1; /* one a unit */
    const fv_montage_desc m = {.struct_size = sizeof m,
                               .columns = a->columns ? a->columns
                                          : rows     ? t->plan->starts
                                                     : 0,
                               .tile = cli_plan_tile(t->plan),
                               .title = *clean ? clean : NULL};
    fv_image **flat = g_new0(fv_image *, t->plan->count), *montage = NULL;
    const char **labels = g_new0(const char *, t->plan->count);
    int n = 0;
    fv_status st = FV_OK;
    for (int i = 0; i < t->plan->count && !st; i++) {
        if (!pictures[i]) continue;
        labels[n] = t->label[i];
        st = cli_image_flatten(pictures[i], &flat[n++], err);
    }
    if (!st) st = fv_montage((const fv_image *const *)flat, labels, n, &m, &montage, err);
    if (!st) st = describe(t, montage, &m, err);
    if (st)
        fv_image_free(montage);
    else
        *out = montage;
    for (int i = 0; i < t->plan->count; i++) fv_image_free(flat[i]);
    g_free(flat);
    g_free(labels);
    g_free(clean);
    return st;
}

/* Writes a picture with the command that made it. */
static fv_status save_picture(const cli_tiles *t, fv_image *image, const char *path,
                              fv_error *err) {
    fv_status st = cli_set_command(&t->plan->args->common, image, err);
    return st ? st : fv_image_save(image, path, err);
}

/* Pictures in the largest batch. */
static int most_together(const cli_tiles *t) {
    int most = 1;
    for (int i = 0; i < t->plan->count; i++)
        if (t->made->picture[i]) most = MAX(most, t->made->picture[i]->batch);
    return most;
}

/* "a.png: 224x224, 4 pictures of 64x64, 3 steps at each of 2 sizes, 1.2 s" */
static void say_written(const cli_tiles *t, const char *path, const fv_image *written) {
    if (t->plan->args->common.quiet) return;
    const cli_recipe *s = &t->plan->recipe;
    int n = 0;
    const fv_rendering *any = NULL;
    for (int i = 0; i < t->plan->count; i++)
        if (t->image[i]) {
            any = t->made->picture[i];
            n++;
        }
    char *clean = cli_clean(path);
    cli_putf("%s: ", clean);
    g_free(clean);
    if (written) cli_putf("%dx%d, ", written->width, written->height);
    if (t->plan->plots)
        cli_putf("%d input%s of %d numbers", n, n == 1 ? "" : "s",
                 (int)fv_tensor_count(any->input));
    else
        cli_putf("%d picture%s of %dx%d", n, n == 1 ? "" : "s", any->image->width,
                 any->image->height);
    cli_putf(", %d step%s", s->steps, s->steps == 1 ? "" : "s");
    if (s->levels > 1) cli_putf(" at each of %d sizes", s->levels);
    if (t->plan->args->common.verbose && t->plan->count > 1)
        cli_putf(", in batches of %d", most_together(t));
    cli_putf(", %.1f s\n", t->made->seconds);
}

static int save_output(const cli_tiles *t) {
    fv_error err = {0};
    fv_image *montage = NULL, *picture = t->image[0];
    fv_status st = FV_OK;
    if (t->made->examples) {
        st = cli_tiles_lay_out_examples(t, &montage, &err);
        picture = montage;
    } else if (cli_plan_is_montage(t->plan)) {
        st = cli_tiles_lay_out(t, t->image, &montage, &err);
        picture = montage;
    }
    if (!st) st = save_picture(t, picture, t->plan->args->output, &err);
    if (!st) say_written(t, t->plan->args->output, picture);
    fv_image_free(montage);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* ---- one file a picture ---- */

/* Writes every live picture that is not written yet. */
static int save_each(const cli_tiles *t, cli_each *each) {
    fv_error err = {0};
    fv_status st = FV_OK;
    for (int i = 0; i < t->plan->count && !st; i++)
        if (t->image[i] && !t->made->picture[i]->dead && !each->saved[i])
            st = cli_each_save(t->plan, each, i, t->image[i], &err);
    if (st) return cli_fail_error(&err);
    say_written(t, t->plan->args->each, NULL);
    return CLI_DONE;
}

/* ---- numbers ---- */

/* All inputs that were begun, one after the other along dimension 0. */
static fv_status save_inputs_together(const cli_tiles *t, const char *path, fv_error *err) {
    const fv_tensor **begun = g_new(const fv_tensor *, (gsize)t->plan->count);
    int n = 0;
    for (int i = 0; i < t->plan->count; i++)
        if (t->image[i]) begun[n++] = t->made->picture[i]->input;
    fv_status st = n ? cli_save_together(begun, n, path, err) : FV_OK;
    g_free(begun);
    return st;
}

static int save_inputs(const cli_tiles *t, const char *where) {
    fv_error err = {0};
    fv_status st = FV_OK;
    if (cli_has_ending(where, "npy")) {
        st = save_inputs_together(t, where, &err);
    } else {
        GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (int i = 0; i < t->plan->count && !st; i++) {
            if (!t->image[i] || t->made->picture[i]->dead) continue;
            char *path = cli_plan_path(t->plan, i, where, "npy", taken);
            st = fv_tensor_save(t->made->picture[i]->input, path, &err);
            g_free(path);
        }
        g_hash_table_unref(taken);
    }
    if (st) return cli_fail_error(&err);
    say_written(t, where, NULL);
    return CLI_DONE;
}

int cli_tiles_save(const cli_tiles *t, cli_each *each) {
    const cli_visualize_args *a = t->plan->args;
    int code = CLI_DONE;
    if (a->output && cli_has_ending(a->output, "npy"))
        code = save_inputs(t, a->output);
    else if (a->output)
        code = save_output(t);
    if (!code && a->each) code = save_each(t, each);
    if (!code && a->npy) code = save_inputs(t, a->npy);
    return code;
}
