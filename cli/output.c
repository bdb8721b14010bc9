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

static int picture_ending(const char *path) {
    static const char *const endings[] = {"png", "jpg", "jpeg", "webp", "tif", "tiff"};
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/')) return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
        if (!g_ascii_strcasecmp(dot + 1, endings[i])) return 1;
    return 0;
}

int cli_output_check(const cli_args *args, int picture) {
    const char *path = args->output;
    if (!*path) return cli_usage(args->command, "--output: '' is no file name");
    if (picture && !picture_ending(path))
        return cli_usage(args->command,
                         "--output: '%s' does not end in .png, .jpg, .jpeg, .webp, "
                         ".tif or .tiff",
                         path);
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) return cli_fail("%s: is a folder", path);
    char *folder = g_path_get_dirname(path);
    int code = CLI_DONE;
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
        code = cli_fail("%s: there is no folder '%s'", path, folder);
    else if (g_access(folder, W_OK | X_OK))
        code = cli_fail("%s: cannot write into '%s': %s", path, folder, g_strerror(errno));
    g_free(folder);
    return code;
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

char *cli_shape_text(int ndim, const int64_t *dim, int from) {
    if (from >= ndim) return g_strdup("scalar");
    GString *text = g_string_new(NULL);
    for (int i = from; i < ndim; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i > from ? "x" : "", (gint64)dim[i]);
    return g_string_free(text, FALSE);
}
