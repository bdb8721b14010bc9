/* SPDX-License-Identifier: Apache-2.0 */
/* fovea visualize --each: the names of the files, and which of them are there already.
 *
 * Names are made of objectives and class names, which come from the model's file: letters, digits,
 * '.', '-' and '_' of them stay, the rest becomes '_', so none leaves its folder.
 */
#include <glib.h>
#include <string.h>

#include "output.h"
#include "visualize.h"

#define STEM_MAX 160 /* bytes of a file's name, without its ending */

static const char *const endings[] = {"png", "png", "jpg", "webp"}; /* of --format */

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
static char *stem_of(const cli_plan *p, int i) {
    const char *text = p->units.text[i / p->starts];
    int class = p->units.class[i / p->starts];
    const char *name = class >= 0 ? fv_model_class_name(p->model, class) : NULL;
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
    if (p->starts > 1) g_string_append_printf(stem, "_start_%d", i % p->starts);
    return g_string_free(stem, FALSE);
}

char *cli_plan_path(const cli_plan *p, int picture, const char *folder, const char *ending,
                    GHashTable *taken) {
    char *stem = stem_of(p, picture), *path = cli_path_in(folder, stem, ending, taken);
    g_free(stem);
    return path;
}

/* Whether the file is one this very command has finished: it can be read, is not marked unfinished,
 * and says that it was made by the same words, model and version. The pictures that options name
 * may have changed since: where there are any, nothing counts as finished. */
static int is_finished(const cli_plan *p, const char *path, const char *command) {
    const char *const texts[][2] = {{"fovea.command", command},
                                    {"fovea.model-sha256", fv_model_sha256(p->model)},
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

void cli_each_find(const cli_plan *p, cli_each *out) {
    const cli_visualize_args *a = p->args;
    out->there = g_new0(char, p->units.count + 1);
    if (!a->each) return;
    GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char *line = cli_command_line(&a->common), *command = g_utf8_make_valid(line, -1);
    const int alone = !a->output && !a->animate && !a->npy && !a->examples && !a->again &&
                      !a->recipe.init && !a->recipe.mask && !a->recipe.spectrum && !p->plots;
    out->path = g_new0(char *, p->count + 1);
    out->saved = g_new0(char, p->count + 1);
    for (int u = 0; u < p->units.count; u++) {
        int there = alone;
        for (int i = u * p->starts; i < (u + 1) * p->starts; i++) {
            out->path[i] = cli_plan_path(p, i, a->each, endings[a->format], taken);
            there = there && is_finished(p, out->path[i], command);
        }
        out->there[u] = (char)there;
    }
    g_free(command);
    g_free(line);
    g_hash_table_unref(taken);
}

void cli_each_clear(cli_each *e) {
    g_strfreev(e->path);
    g_free(e->saved);
    g_free(e->there);
}

fv_status cli_each_save(const cli_plan *p, cli_each *e, int picture, fv_image *image,
                        fv_error *err) {
    fv_status st = cli_set_command(&p->args->common, image, err);
    if (!st) st = fv_image_save(image, e->path[picture], err);
    e->saved[picture] = !st;
    return st;
}
