/* SPDX-License-Identifier: Apache-2.0 */
/* What was made, written: one picture or a montage, one file each, the inputs as numbers.
 *
 * Names of files are made of objectives and class names, which come from the model's file: letters,
 * digits, '.', '-' and '_' of them stay, the rest becomes '_', so none leaves its folder.
 */
#include <glib.h>
#include <string.h>

#include "options.h"
#include "output.h"
#include "report.h"
#include "visualize.h"

#define STEM_MAX 160 /* bytes of a file's name, without its ending */

static const char *const endings[] = {"png", "png", "jpg", "webp"}; /* of --format */

int cli_drawing_tile(const cli_drawing *d) {
    const fv_render_desc *r = &d->recipe.desc;
    if (d->args->tile_size) return d->args->tile_size;
    return d->plots ? 2 * CLI_TILE : MIN(MAX(r->width, r->height), CLI_TILE);
}

int cli_drawing_check_words(const cli_visualize_args *a) {
    const struct {
        int wrong;
        const char *text;
    } rules[] = {
        {a->each && !*a->each, "--each: '' is no folder's name"},
        {a->frames && !a->animate, "--frames is for --animate"},
        {a->format && !a->each, "--format is for --each"},
        {a->again && !a->each, "--again is for --each"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if (rules[i].wrong) return cli_usage(a->common.command, "%s", rules[i].text);
    int code = cli_drawing_check_example_words(a);
    if (!code && a->output)
        code = cli_path_check(&a->common, "output", a->output, CLI_PICTURES " npy");
    if (!code && a->animate)
        code = cli_path_check(&a->common, "animate", a->animate, CLI_ANIMATIONS);
    if (!code) code = cli_npy_check(&a->common, a->npy);
    return code;
}

int cli_drawing_check(const cli_drawing *d) {
    const cli_visualize_args *a = d->args;
    int code = CLI_DONE;
    if (d->plots && a->animate)
        return cli_usage(a->common.command,
                         "--animate needs pictures; the input of %s is none: --shape "
                         "CxHxW says how to look at it",
                         fv_model_name(d->model));
    if (a->each) code = cli_folder_make(a->each);
    if (!code) code = cli_npy_make_folder(a->npy);
    return code;
}

/* ---- names ---- */

static void append_safe(GString *out, const char *text, const char *end) {
    for (const char *p = text; p < end; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        int first = out->len == 0, plain = g_unichar_isalnum(c) || c == '-' || c == '_' || c == '.';
        if (out->len + 6 > STEM_MAX) return;
        if (plain && !(first && (c == '.' || c == '-')))
            g_string_append_unichar(out, c);
        else if (first || out->str[out->len - 1] != '_')
            g_string_append_c(out, '_');
    }
}

/* "block_5_conv_7", "class_8_hen", "conv1_3_start_2"; caller frees. */
static char *stem_of(const cli_drawing *d, int i) {
    const char *text = d->units.text[i / d->starts];
    int class = d->units.class[i / d->starts];
    const char *name = class >= 0 ? fv_model_class_name(d->model, class) : NULL;
    GString *stem = g_string_new(NULL);
    char *valid = g_utf8_make_valid(text, -1);
    append_safe(stem, valid, valid + strlen(valid));
    g_free(valid);
    if (name) {
        valid = g_utf8_make_valid(name, -1);
        g_string_append_c(stem, '_');
        append_safe(stem, valid, valid + strcspn(valid, ",")); /* "hen, biddy": the first */
        g_free(valid);
    }
    if (d->starts > 1) g_string_append_printf(stem, "_start_%d", i % d->starts);
    return g_string_free(stem, FALSE);
}

/* The path of one picture's file; names that fall together are numbered. Caller frees. */
static char *path_of(const cli_drawing *d, int i, const char *folder, const char *ending,
                     GHashTable *taken) {
    char *stem = stem_of(d, i), *path = cli_path_in(folder, stem, ending, taken);
    g_free(stem);
    return path;
}

/* ---- pictures ---- */

/* The texts of all pictures under one key, separated by blanks; caller frees. */
static char *all_texts(const cli_drawing *d, const char *key) {
    GString *text = g_string_new(NULL);
    for (int i = 0; i < d->count; i++) {
        const fv_image *p = d->made[i] ? d->made[i]->image : NULL;
        if (!p) continue;
        const char *one = fv_image_text(p, key);
        g_string_append_printf(text, "%s%s", text->len ? " " : "", one ? one : "?");
    }
    return g_string_free(text, FALSE);
}

/* What the montage says of how far the pictures came, if not all are finished; caller frees. */
static char *unfinished_text(const cli_drawing *d) {
    int finished = 0;
    for (int i = 0; i < d->count; i++) finished += d->made[i] && !d->made[i]->unfinished;
    if (finished == d->count) return NULL;
    return g_strdup_printf("%d of %d steps", d->done, d->total);
}

/* Sets texts of the montage: what holds for all pictures, what each says, and its own. */
static fv_status describe(const cli_drawing *d, fv_image *onto, const fv_montage_desc *m,
                          fv_error *err) {
    static const char *const own[] = {"fovea.objective", "fovea.reached"};
    fv_status st = FV_OK;
    const fv_image *first = NULL;
    for (int i = 0; i < d->count && !first; i++) first = d->made[i] ? d->made[i]->image : NULL;
    if (first) st = cli_copy_texts(first, onto, err);
    for (size_t k = 0; k < G_N_ELEMENTS(own) && !st; k++) {
        char *text = all_texts(d, own[k]);
        st = fv_image_set_text(onto, own[k], text, err);
        g_free(text);
    }
    char *unfinished = unfinished_text(d), columns[16] = "near-square";
    if (!st && unfinished) st = fv_image_set_text(onto, "fovea.unfinished", unfinished, err);
    g_free(unfinished);
    if (m->columns) g_snprintf(columns, sizeof columns, "%d", m->columns);
    char *text = g_strdup_printf("tile-size=%d columns=%s title=%s", m->tile, columns,
                                 m->title ? m->title : "");
    if (!st) st = fv_image_set_text(onto, "fovea.montage", text, err);
    g_free(text);
    return st;
}

fv_status cli_drawing_lay_out(const cli_drawing *d, fv_image *const *pictures, fv_image **out,
                              fv_error *err) {
    const cli_visualize_args *a = d->args;
    const char *title = a->title                               ? a->title
                        : d->starts > 1 && d->units.count == 1 ? d->units.text[0]
                                                               : d->units.title;
    char *clean = cli_clean(title);
    const int rows = d->starts > 1 && d->units.count > 1; /* one a unit */
    const fv_montage_desc m = {.columns = a->columns ? a->columns
                                          : rows     ? d->starts
                                                     : 0,
                               .tile = cli_drawing_tile(d),
                               .title = *clean ? clean : NULL};
    fv_image **flat = g_new0(fv_image *, d->count), *montage = NULL;
    const char **labels = g_new0(const char *, d->count);
    int n = 0;
    fv_status st = FV_OK;
    for (int i = 0; i < d->count && !st; i++) {
        if (!pictures[i]) continue;
        labels[n] = d->label[i];
        st = cli_image_flatten(pictures[i], &flat[n++], err);
    }
    if (!st) st = fv_montage((const fv_image *const *)flat, labels, n, &m, &montage, err);
    if (!st) st = describe(d, montage, &m, err);
    if (st)
        fv_image_free(montage);
    else
        *out = montage;
    for (int i = 0; i < d->count; i++) fv_image_free(flat[i]);
    g_free(flat);
    g_free(labels);
    g_free(clean);
    return st;
}

/* Writes a picture with the command that made it. */
static fv_status save_picture(const cli_drawing *d, fv_image *image, const char *path,
                              fv_error *err) {
    fv_status st = cli_set_command(&d->args->common, image, err);
    return st ? st : fv_image_save(image, path, err);
}

/* Pictures in the largest batch. */
static int most_together(const cli_drawing *d) {
    int most = 1;
    for (int i = 0; i < d->count; i++)
        if (d->made[i]) most = MAX(most, d->made[i]->batch);
    return most;
}

/* "a.png: 224x224, 4 pictures of 64x64, 3 steps at each of 2 sizes, 1.2 s" */
static void say_written(const cli_drawing *d, const char *path, const fv_image *written) {
    if (d->args->common.quiet) return;
    const fv_schedule_desc *s = &d->recipe.desc.schedule;
    int n = 0;
    const fv_rendering *any = NULL;
    for (int i = 0; i < d->count; i++)
        if (d->shown[i]) {
            any = d->made[i];
            n++;
        }
    char *clean = cli_clean(path);
    cli_putf("%s: ", clean);
    g_free(clean);
    if (written) cli_putf("%dx%d, ", written->width, written->height);
    if (d->plots)
        cli_putf("%d input%s of %d numbers", n, n == 1 ? "" : "s",
                 (int)fv_tensor_count(any->input));
    else
        cli_putf("%d picture%s of %dx%d", n, n == 1 ? "" : "s", any->image->width,
                 any->image->height);
    cli_putf(", %d step%s", s->steps, s->steps == 1 ? "" : "s");
    if (s->levels > 1) cli_putf(" at each of %d sizes", s->levels);
    if (d->args->common.verbose && d->count > 1) cli_putf(", in batches of %d", most_together(d));
    cli_putf(", %.1f s\n", d->seconds);
}

static int save_output(const cli_drawing *d) {
    fv_error err = {0};
    fv_image *montage = NULL, *picture = d->shown[0];
    fv_status st = FV_OK;
    if (d->examples) {
        st = cli_drawing_lay_beside(d, &montage, &err);
        picture = montage;
    } else if (cli_drawing_is_montage(d)) {
        st = cli_drawing_lay_out(d, d->shown, &montage, &err);
        picture = montage;
    }
    if (!st) st = save_picture(d, picture, d->args->output, &err);
    if (!st) say_written(d, d->args->output, picture);
    fv_image_free(montage);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* ---- one file a picture ---- */

/* Whether the file is one this very command has finished: it can be read, is not marked unfinished,
 * and says that it was made by the same words, model and version. The pictures that options name
 * may have changed since: where there are any, nothing counts as finished. */
static int is_finished(const cli_drawing *d, const char *path, const char *command) {
    const char *const texts[][2] = {{"fovea.command", command},
                                    {"fovea.model-sha256", fv_model_sha256(d->model)},
                                    {"fovea.version", fv_version()},
                                    {"fovea.unfinished", NULL}};
    fv_image *image = NULL;
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) || fv_image_load(path, &image, NULL)) return 0;
    int same = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        same = same && !g_strcmp0(fv_image_text(image, texts[i][0]), texts[i][1]);
    fv_image_free(image);
    return same;
}

void cli_drawing_find_finished(cli_drawing *d) {
    const cli_visualize_args *a = d->args;
    if (!a->each) return;
    GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char *line = cli_command_line(&a->common), *command = g_utf8_make_valid(line, -1);
    const int alone = !a->output && !a->animate && !a->npy && !a->examples && !a->again &&
                      !a->recipe.init && !a->recipe.mask && !a->recipe.spectrum && !d->plots;
    d->path = g_new0(char *, d->count + 1);
    d->saved = g_new0(char, d->count + 1);
    for (int u = 0; u < d->units.count; u++) {
        int there = alone;
        for (int i = u * d->starts; i < (u + 1) * d->starts; i++) {
            d->path[i] = path_of(d, i, a->each, endings[a->format], taken);
            there = there && is_finished(d, d->path[i], command);
        }
        d->there[u] = (char)there;
    }
    g_free(command);
    g_free(line);
    g_hash_table_unref(taken);
}

fv_status cli_drawing_save_one(cli_drawing *d, int picture, fv_image *image, fv_error *err) {
    fv_status st = save_picture(d, image, d->path[picture], err);
    d->saved[picture] = !st;
    return st;
}

/* Writes every live picture that is not written yet. */
static int save_each(cli_drawing *d) {
    fv_error err = {0};
    fv_status st = FV_OK;
    for (int i = 0; i < d->count && !st; i++)
        if (d->shown[i] && !d->made[i]->dead && !d->saved[i])
            st = cli_drawing_save_one(d, i, d->shown[i], &err);
    if (st) return cli_fail_error(&err);
    say_written(d, d->args->each, NULL);
    return CLI_DONE;
}

/* ---- numbers ---- */

/* All inputs that were begun, one after the other along dimension 0. */
static fv_status save_inputs_together(const cli_drawing *d, const char *path, fv_error *err) {
    const fv_tensor **begun = g_new(const fv_tensor *, (gsize)d->count);
    int n = 0;
    for (int i = 0; i < d->count; i++)
        if (d->shown[i]) begun[n++] = d->made[i]->input;
    fv_status st = n ? cli_save_together(begun, n, path, err) : FV_OK;
    g_free(begun);
    return st;
}

static int save_inputs(const cli_drawing *d, const char *where) {
    fv_error err = {0};
    fv_status st = FV_OK;
    if (cli_has_ending(where, "npy")) {
        st = save_inputs_together(d, where, &err);
    } else {
        GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (int i = 0; i < d->count && !st; i++) {
            if (!d->shown[i] || d->made[i]->dead) continue;
            char *path = path_of(d, i, where, "npy", taken);
            st = fv_tensor_save(d->made[i]->input, path, &err);
            g_free(path);
        }
        g_hash_table_unref(taken);
    }
    if (st) return cli_fail_error(&err);
    say_written(d, where, NULL);
    return CLI_DONE;
}

int cli_drawing_save(cli_drawing *d) {
    const cli_visualize_args *a = d->args;
    int code = CLI_DONE;
    if (a->output && cli_has_ending(a->output, "npy"))
        code = save_inputs(d, a->output);
    else if (a->output)
        code = save_output(d);
    if (!code && a->each) code = save_each(d);
    if (!code && a->npy) code = save_inputs(d, a->npy);
    return code;
}
