/* SPDX-License-Identifier: Apache-2.0 */
/* plugins: looks for plug-ins and asks each for its devices. */
#include "backend/stablehlo/plugins.h"

#include <glib.h>
#include <string.h>

#include "backend/stablehlo/pjrt/plugin.h"

/* ---- places ---------------------------------------------------------------------------------- */

static int compare_names(gconstpointer a, gconstpointer b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Paths of the entries of a folder, sorted; none if it cannot be read. */
static GPtrArray *entries(const char *folder) {
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    if (dir) g_dir_close(dir);
    g_ptr_array_sort(paths, compare_names);
    return paths;
}

/* Adds the plug-ins of Python packages in a folder: jax_plugins/NAME/ *.so. */
static void add_packages(const char *folder, GPtrArray *plugins) {
    char *all = g_build_filename(folder, "jax_plugins", NULL);
    GPtrArray *packages = entries(all);
    for (guint i = 0; i < packages->len; i++) {
        GPtrArray *files = entries(packages->pdata[i]);
        for (guint k = 0; k < files->len; k++)
            if (g_str_has_suffix(files->pdata[k], ".so"))
                g_ptr_array_add(plugins, g_strdup(files->pdata[k]));
        g_ptr_array_unref(files);
    }
    g_ptr_array_unref(packages);
    g_free(all);
}

/* ---- devices --------------------------------------------------------------------------------- */

static void add_device(const fvi_pjrt *plugin, int index, fvi_add_device *add, void *user) {
    fv_device_info d = {.plugin = fvi_pjrt_path(plugin),
                        .kind = fvi_pjrt_device_kind(plugin, index),
                        .platform = fvi_pjrt_platform(plugin),
                        .version = fvi_pjrt_version(plugin),
                        .index = index,
                        .is_accelerator = fvi_pjrt_is_accelerator(plugin)};
    fvi_pjrt_device_memory(plugin, index, &d.memory_in_use, &d.memory);
    add(user, &d);
}

static void add_plugin(const char *path, fvi_add_device *add, void *user) {
    fvi_pjrt *plugin = NULL;
    fv_error err = {0};
    if (fvi_pjrt_acquire(path, &plugin, &err)) {
        add(user, &(fv_device_info){.plugin = path, .problem = err.text});
        return;
    }
    for (int i = 0; i < fvi_pjrt_device_count(plugin); i++) add_device(plugin, i, add, user);
    fvi_pjrt_release(plugin);
}

void fvi_plugins_list(const char *const *places, int count, fvi_add_device *add, void *user) {
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < count; i++) {
        if (g_file_test(places[i], G_FILE_TEST_IS_DIR))
            add_packages(places[i], paths);
        else if (g_str_has_suffix(places[i], ".so") || g_file_test(places[i], G_FILE_TEST_EXISTS))
            g_ptr_array_add(paths, g_strdup(places[i]));
    }
    for (guint i = 0; i < paths->len; i++) add_plugin(paths->pdata[i], add, user);
    g_ptr_array_unref(paths);
}
