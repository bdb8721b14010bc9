/* SPDX-License-Identifier: Apache-2.0 */
/* Darknet keeps beside a network what it was trained with: a .data file of lines "key = value", of
 * which "names" (for classifiers also "labels") is the path of a list, a class a line.
 *
 * The file is called as the network is, or the only one in its folder. The list is looked for below
 * that folder by its path, else there by its name: the path is one of the machine the network was
 * trained on. What it does not do: training sets, and whatever else stands there.
 * Source: option_list.c and detector.c of Darknet.
 */
#include "model/darknet/data.h"

#include <string.h>

#include "model/label_text.h"
#include "model/sibling_file.h"

#define DATA_MAX ((int64_t)1 << 20) /* bytes of a .data file */

/* The path of the .data file; NULL: there is none, or there are several of other names. */
static char *find_data(const fvi_model_file *f) {
    char *own = g_strdup_printf("%.*s.data", (int)fvi_model_file_stem(f, f->path), f->path);
    if (g_file_test(own, G_FILE_TEST_IS_REGULAR)) return own;
    g_free(own);
    char *folder = g_path_get_dirname(f->path), *found = NULL;
    GDir *dir = g_dir_open(folder, 0, NULL);
    int count = 0;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        if (!g_str_has_suffix(name, ".data") || count++) continue;
        found = g_build_filename(folder, name, NULL);
    }
    if (dir) g_dir_close(dir);
    g_free(folder);
    if (count != 1) g_clear_pointer(&found, g_free);
    return found;
}

/* The value of the first of the keys that a .data file has, to be freed with g_free; or NULL. */
static char *read_value(const char *path) {
    fvi_mapping m = {0};
    char *value = NULL;
    if (fvi_mapping_open(path, DATA_MAX, &m, NULL) || !m.size) return NULL;
    char *text = g_strndup((const char *)m.bytes, m.size);
    char **lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && !value; line++) {
        char *equals = strchr(*line, '=');
        if (!equals) continue;
        *equals = 0;
        const char *key = g_strstrip(*line);
        if (!strcmp(key, "names") || !strcmp(key, "labels")) value = g_strdup(equals + 1);
    }
    g_strfreev(lines);
    g_free(text);
    fvi_mapping_close(&m);
    return value ? g_strstrip(value) : NULL;
}

/* The list's real path: where it is stated, else by its name beside the network. */
static char *find_list(const fvi_model_file *f, const char *stated) {
    char *base = g_path_get_basename(stated), *real = NULL;
    if (fvi_sibling_path(f->path, stated, &real, NULL))
        fvi_sibling_path(f->path, base, &real, NULL);
    g_free(base);
    return real;
}

fvi_labels *fvi_darknet_class_names(const fvi_model_file *f, char **from) {
    char *data = f->path ? find_data(f) : NULL;
    char *stated = data ? read_value(data) : NULL;
    char *list = stated ? find_list(f, stated) : NULL;
    fvi_labels *labels = NULL;
    if (list && !fvi_labels_load(list, &labels, NULL))
        *from = g_strdup_printf("%s: %s", fvi_path_base(data), fvi_path_base(list));
    g_free(list);
    g_free(stated);
    g_free(data);
    return labels;
}
