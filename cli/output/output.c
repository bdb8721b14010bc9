/* SPDX-License-Identifier: Apache-2.0 */
/* Where results go: a mistyped folder or ending is found before minutes of work, not after them.
 * Writing itself is the library's, which makes files appear whole or not at all.
 */
#include "output.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

#define STEM_MAX 160 /* bytes */

int cli_has_ending(const char *path, const char *endings) {
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/')) return 0;
    char **list = g_strsplit(endings, " ", -1);
    int found = 0;
    for (char **e = list; *e && !found; e++) found = !g_ascii_strcasecmp(dot + 1, *e);
    g_strfreev(list);
    return found;
}

/* Says that an ending is none of the list: "... does not end in .webp or .gif". */
static int refuse_ending(const cli_args *args, const char *option, const char *path,
                         const char *endings) {
    char **list = g_strsplit(endings, " ", -1);
    GString *all = g_string_new(NULL);
    for (char **e = list; *e; e++)
        g_string_append_printf(all, "%s.%s", e == list ? "" : e[1] ? ", " : " or ", *e);
    int code = cli_usage(args->command, "--%s: '%s' does not end in %s", option, path, all->str);
    g_string_free(all, TRUE);
    g_strfreev(list);
    return code;
}

/* Whether files can be made in a folder; `path` is what is to be made. */
static int check_folder(const char *path, const char *folder) {
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
        return cli_fail("%s: there is no folder '%s'", path, folder);
    if (g_access(folder, W_OK | X_OK))
        return cli_fail("%s: cannot write into '%s': %s", path, folder, g_strerror(errno));
    return CLI_DONE;
}

int cli_path_check(const cli_args *args, const char *option, const char *path,
                   const char *endings) {
    if (!path) return CLI_DONE;
    if (!*path) return cli_usage(args->command, "--%s: '' is no file name", option);
    if (endings && !cli_has_ending(path, endings))
        return refuse_ending(args, option, path, endings);
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return cli_fail("%s: is a folder; allowed: the name of a file, in it or elsewhere", path);
    char *folder = g_path_get_dirname(path);
    int code = check_folder(path, folder);
    g_free(folder);
    return code;
}

int cli_numbers_check(const cli_args *args, const char *option, const char *path) {
    char *base = path ? g_path_get_basename(path) : NULL;
    const int named = base && base[0] != '.' && strchr(base, '.');
    g_free(base);
    return cli_path_check(args, option, path, named ? "npy" : NULL);
}

int cli_folder_make(const char *path) {
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_DIR))
        return cli_fail("%s: is a file; allowed: a folder, which is made where there is none",
                        path);
    if (g_mkdir_with_parents(path, 0777))
        return cli_fail("%s: cannot make the folder: %s", path, g_strerror(errno));
    return check_folder(path, path);
}

char *cli_stem(const char *text) {
    char *stem = g_strndup(text, STEM_MAX);
    for (char *c = stem; *c; c++)
        if (!g_ascii_isalnum(*c) && *c != '-' && (*c != '.' || c == stem)) *c = '_';
    return stem;
}

char *cli_path_in(const char *folder, const char *stem, const char *ending, GHashTable *taken) {
    char *file = g_strdup_printf("%s.%s", stem, ending);
    for (int n = 2; g_hash_table_contains(taken, file); n++) {
        g_free(file);
        file = g_strdup_printf("%s_%d.%s", stem, n, ending);
    }
    char *path = g_build_filename(folder, file, NULL);
    g_hash_table_add(taken, file);
    return path;
}

int cli_npy_check(const cli_args *args, const char *where) {
    if (!where) return CLI_DONE;
    if (!*where) return cli_usage(args->command, "--npy: '' is no file's name");
    return cli_has_ending(where, "npy") ? cli_path_check(args, "npy", where, NULL) : CLI_DONE;
}

int cli_npy_make_folder(const char *where) {
    return where && !cli_has_ending(where, "npy") ? cli_folder_make(where) : CLI_DONE;
}

fv_status cli_save_together(const fv_tensor *const *tensors, int count, const char *path,
                            fv_error *err) {
    const int64_t each = fv_tensor_count(tensors[0]);
    int64_t dim[FV_MAX_DIMS];
    fv_tensor *all = NULL;
    memcpy(dim, tensors[0]->dim, sizeof dim);
    dim[0] *= count;
    fv_status st = fv_tensor_new(tensors[0]->ndim, dim, &all, err);
    for (int i = 0; !st && i < count; i++)
        memcpy(all->data + i * each, tensors[i]->data, (size_t)each * sizeof(float));
    if (!st) st = fv_tensor_save(all, path, err);
    fv_tensor_free(all);
    return st;
}

char *cli_command_line(const cli_args *args) {
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-./:,@#%+=^";
    GString *line = g_string_new("fovea");
    for (int i = 1; i < args->command_argc; i++) {
        const char *word = args->command_argv[i];
        int plain = *word && *word != '#' && word[strspn(word, safe)] == '\0';
        char *quoted = plain ? g_strdup(word) : g_shell_quote(word);
        g_string_append_printf(line, " %s", quoted);
        g_free(quoted);
    }
    return g_string_free(line, FALSE);
}

fv_status cli_set_command(const cli_args *args, fv_image *image, fv_error *err) {
    char *command = cli_command_line(args), *valid = g_utf8_make_valid(command, -1);
    fv_status st = fv_image_set_text(image, "fovea.command", valid, err);
    g_free(valid);
    g_free(command);
    return st;
}

fv_status cli_set_device(const fv_session *session, fv_image *image, fv_error *err) {
    const char *name = fv_session_accelerator(session);
    return name ? fv_image_set_text(image, "fovea.device", name, err) : FV_OK;
}

fv_status cli_copy_texts(const fv_image *from, fv_image *to, fv_error *err) {
    static const char *const keys[] = {
        "fovea.command", "fovea.objective",    "fovea.options", "fovea.seed",   "fovea.reached",
        "fovea.model",   "fovea.model-sha256", "fovea.version", "fovea.device", "fovea.unfinished"};
    fv_status st = FV_OK;
    for (size_t i = 0; i < G_N_ELEMENTS(keys) && !st; i++) {
        const char *text = fv_image_text(from, keys[i]);
        if (text) st = fv_image_set_text(to, keys[i], text, err);
    }
    return st;
}

char *cli_shape_text(int ndim, const int64_t *dim, int from) {
    if (ndim < 0) return g_strdup("unknown");
    if (from >= ndim) return g_strdup("scalar");
    GString *text = g_string_new(NULL);
    for (int i = from; i < ndim; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i > from ? "x" : "", (gint64)dim[i]);
    return g_string_free(text, FALSE);
}
