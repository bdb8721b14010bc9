/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over files and the files of folders, without libFuzzer: the ordinary tests.
 *
 *     replay_TARGET FILE|FOLDER...
 *
 * A crash is a failure; the file that caused it is the last one named on standard output.
 */
#include <glib.h>
#include <stdio.h>

#include "fuzz.h"

static int compare(gconstpointer a, gconstpointer b) {
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

/* All files, those of folders in order of their names. */
static void collect(const char *path, GPtrArray *files) {
    GDir *dir = g_dir_open(path, 0, NULL);
    if (!dir) {
        g_ptr_array_add(files, g_strdup(path));
        return;
    }
    GPtrArray *inside = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir));)
        g_ptr_array_add(inside, g_build_filename(path, name, NULL));
    g_ptr_array_sort(inside, compare);
    for (guint i = 0; i < inside->len; i++) collect(inside->pdata[i], files);
    g_ptr_array_free(inside, TRUE);
    g_dir_close(dir);
}

int main(int argc, char **argv) {
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    for (int i = 1; i < argc; i++) collect(argv[i], files);
    if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&argc, &argv);
    for (guint i = 0; i < files->len; i++) {
        char *bytes = NULL;
        gsize size = 0;
        printf("%s\n", (char *)files->pdata[i]);
        fflush(stdout);
        if (!g_file_get_contents(files->pdata[i], &bytes, &size, NULL)) {
            fprintf(stderr, "replay: cannot read %s\n", (char *)files->pdata[i]);
            return 1;
        }
        LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
        g_free(bytes);
    }
    printf("%u files\n", files->len);
    int none = files->len == 0;
    g_ptr_array_free(files, TRUE);
    return none;
}
