/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a command line names. What is written is the values of CLI_OUTPUT; what is read is
 * every operand that is a file, and the values of options that take one.
 *
 * A file is told by device and inode where it exists, else by its folder's and its name. What is
 * neither file nor folder, as /dev/null, is nobody's loss.
 *
 * What it does not do: the names that files get in a folder are known only when they are written.
 */
#include "files.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "options.h"
#include "output.h"
#include "report.h"

/* One file of the line. */
typedef struct named_file {
    char *path;
    char *place;   /* "--output", "argument 2 (IMAGE)" */
    int in_folder; /* an output that may be a folder */
} named_file;

typedef struct line_files {
    const cli_args *args;
    GArray *read, *written; /* of named_file */
} line_files;

static void clear_file(void *file) {
    named_file *f = file;
    g_free(f->path);
    g_free(f->place);
}

static void add(GArray *to, const char *path, char *place, int in_folder) {
    const named_file file = {g_strdup(path), place, in_folder};
    g_array_append_val(to, file);
}

/* The path in "FILE" or "NAME=FILE"; the word itself where it is a file as it stands. */
static const char *path_of(const char *word) {
    const char *equals = strchr(word, '=');
    return !equals || g_file_test(word, G_FILE_TEST_EXISTS) ? word : equals + 1;
}

/* Whether an option's value is a file that is read: so its name in help says. */
static int reads_file(const cli_option *o) {
    static const char *const words[] = {"FILE", "IMAGE", "DIR", ".npy", "NAME=X"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (o->value && strstr(o->value, words[i])) return 1;
    return 0;
}

static void take_option(const cli_option *o, size_t base, void *user) {
    const line_files *l = user;
    const void *at = (const char *)l->args + base + o->offset;
    if (!o->help) return; /* a former name: another row has its value */
    const char *text = o->kind == CLI_TEXT || o->kind == CLI_OUTPUT ? *(char *const *)at : NULL;
    if (o->kind == CLI_OUTPUT && text)
        add(l->written, text, g_strdup_printf("--%s", o->name), strstr(o->value, "DIR") != NULL);
    if (o->kind == CLI_OUTPUT || !reads_file(o)) return;
    if (text) add(l->read, text, g_strdup_printf("--%s", o->name), 0);
    char *const *list = o->kind == CLI_LIST ? *(char *const *const *)at : NULL;
    for (; list && *list; list++) add(l->read, path_of(*list), g_strdup_printf("--%s", o->name), 0);
}

static int is_same(const GStatBuf *a, const GStatBuf *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether two paths lead to one place: one file, or one name in one folder. */
static int leads_to(const char *path, const char *other) {
    GStatBuf a, b;
    const int has_a = !g_stat(path, &a), has_b = !g_stat(other, &b);
    if (has_a != has_b) return 0;
    if (has_a) return (S_ISREG(a.st_mode) || S_ISDIR(a.st_mode)) && is_same(&a, &b);
    char *in_a = g_path_get_dirname(path), *in_b = g_path_get_dirname(other);
    char *name_a = g_path_get_basename(path), *name_b = g_path_get_basename(other);
    const int same =
        !strcmp(name_a, name_b) && !g_stat(in_a, &a) && !g_stat(in_b, &b) && is_same(&a, &b);
    g_free(in_a);
    g_free(in_b);
    g_free(name_a);
    g_free(name_b);
    return same;
}

/* Whether a file is one of the photos of a folder or of one below: no picture of fovea's own, which
 * is no photo to it. */
static int is_photo_of(const char *path, const char *folder) {
    GStatBuf top, at;
    fv_image *image = NULL;
    fv_error err = {0};
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) || !cli_has_ending(path, CLI_PICTURES) ||
        g_stat(folder, &top) || !S_ISDIR(top.st_mode))
        return 0;
    char *real = g_canonicalize_filename(path, NULL);
    int below = 0;
    for (char *slash = strrchr(real, '/'); slash && slash > real && !below;
         slash = strrchr(real, '/')) {
        *slash = 0;
        below = !g_stat(real, &at) && is_same(&top, &at);
    }
    g_free(real);
    if (!below || fv_image_load(path, &image, &err)) return below;
    const int own = fv_image_text(image, "fovea.version") != NULL;
    fv_image_free(image);
    return !own;
}

static int check_read(const line_files *l, const named_file *out) {
    for (guint i = 0; i < l->read->len; i++) {
        const named_file *in = &g_array_index(l->read, named_file, i);
        if (leads_to(out->path, in->path))
            return cli_usage(l->args->command,
                             "%s: '%s' is what %s reads, which would be lost; allowed: another %s",
                             out->place, out->path, in->place,
                             g_file_test(in->path, G_FILE_TEST_IS_DIR) ? "folder" : "file");
        if (is_photo_of(out->path, in->path))
            return cli_usage(l->args->command,
                             "%s: '%s' is a photo of the folder that %s reads, and would be lost; "
                             "allowed: another file",
                             out->place, out->path, in->place);
    }
    return CLI_DONE;
}

static int check_written(const line_files *l, guint at) {
    const named_file *out = &g_array_index(l->written, named_file, at);
    for (guint i = 0; i < at; i++) {
        const named_file *other = &g_array_index(l->written, named_file, i);
        if ((!out->in_folder || !other->in_folder) && leads_to(out->path, other->path))
            return cli_usage(l->args->command,
                             "%s and %s both write '%s', and one would be lost; allowed: two files",
                             other->place, out->place, out->path);
    }
    return CLI_DONE;
}

int cli_files_check(const cli_args *args) {
    line_files l = {args, g_array_new(FALSE, FALSE, sizeof(named_file)),
                    g_array_new(FALSE, FALSE, sizeof(named_file))};
    g_array_set_clear_func(l.read, clear_file);
    g_array_set_clear_func(l.written, clear_file);
    for (int i = 0; i < args->n_operands; i++)
        add(l.read, args->operands[i], g_strdup_printf("argument %d", i + 1), 0);
    cli_each_option(args->command, 0, take_option, &l);
    cli_each_option(args->command, 1, take_option, &l);
    int code = CLI_DONE;
    for (guint i = 0; i < l.written->len && !code; i++) {
        code = check_read(&l, &g_array_index(l.written, named_file, i));
        if (!code) code = check_written(&l, i);
    }
    g_array_free(l.read, TRUE);
    g_array_free(l.written, TRUE);
    return code;
}
