/* SPDX-License-Identifier: Apache-2.0 */
/* Where plug-ins of accelerators are looked for, and which device --device means.
 *
 * Python packages with plug-ins (jax_plugins/NAME) are looked for beside the python3 of $PATH, in
 * an active virtual or Conda environment, in the user's own packages and in the system's.
 */
#include "devices.h"

#include <glib.h>
#include <string.h>

#include "report.h"

/* ---- places ---------------------------------------------------------------------------------- */

/* Adds PREFIX/lib/python3.N/{site,dist}-packages, of every N. */
static void add_prefix(GPtrArray *places, const char *prefix) {
    char *lib = prefix ? g_build_filename(prefix, "lib", NULL) : NULL;
    GDir *dir = lib ? g_dir_open(lib, 0, NULL) : NULL;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        if (!g_str_has_prefix(name, "python3")) continue;
        g_ptr_array_add(places, g_build_filename(lib, name, "site-packages", NULL));
        g_ptr_array_add(places, g_build_filename(lib, name, "dist-packages", NULL));
    }
    if (dir) g_dir_close(dir);
    g_free(lib);
}

/* The folder above the one of a program of $PATH; caller frees; NULL: there is no such program. */
static char *prefix_of(const char *program) {
    char *path = g_find_program_in_path(program);
    char *folder = path ? g_path_get_dirname(path) : NULL;
    char *prefix = folder ? g_path_get_dirname(folder) : NULL;
    g_free(path);
    g_free(folder);
    return prefix;
}

static GPtrArray *places(void) {
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    const char *own = g_getenv("FOVEA_PJRT_PLUGIN");
    char *python = prefix_of("python3");
    char *local = g_build_filename(g_get_home_dir(), ".local", NULL);
    if (own && *own) g_ptr_array_add(all, g_strdup(own));
    add_prefix(all, g_getenv("VIRTUAL_ENV"));
    add_prefix(all, g_getenv("CONDA_PREFIX"));
    add_prefix(all, python);
    add_prefix(all, local);
    add_prefix(all, "/usr/local");
    add_prefix(all, "/usr");
    g_free(python);
    g_free(local);
    return all;
}

/* Leaves out places that occur before. */
static void drop_repeated(GPtrArray *all) {
    for (guint i = 0; i < all->len; i++)
        for (guint k = all->len - 1; k > i; k--)
            if (!strcmp(all->pdata[i], all->pdata[k])) g_ptr_array_remove_index(all, k);
}

fv_devices *cli_devices_find(void) {
    GPtrArray *all = places();
    fv_devices *devices = NULL;
    fv_error err = {0};
    drop_repeated(all);
    if (fv_devices_find((const char *const *)all->pdata, (int)all->len, &devices, &err))
        cli_fail_error(&err);
    g_ptr_array_unref(all);
    return devices;
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* The number behind the last ':', which is cut off; 0 if there is none; -1: it is no number. */
static int cut_index(char *text) {
    char *colon = strrchr(text, ':');
    guint64 index = 0;
    if (!colon) return 0;
    if (!g_ascii_string_to_unsigned(colon + 1, 10, 0, 4095, &index, NULL)) return -1;
    *colon = 0;
    return (int)index;
}

/* The n-th accelerator, or NULL; *problem: why a plug-in cannot be used. */
static const fv_device_info *accelerator(const fv_devices *all, int n, const char **problem) {
    for (int i = 0; i < fv_devices_count(all); i++) {
        const fv_device_info *d = fv_devices_at(all, i);
        if (d->problem && !*problem) *problem = d->problem;
        if (!d->problem && d->is_accelerator && !n--) return d;
    }
    return NULL;
}

/* Accelerator n of this machine; without one, the processor, or with `must` an error. */
static int choose_found(int n, int must, cli_device *out) {
    fv_devices *all = cli_devices_find();
    const char *problem = NULL;
    const fv_device_info *d = all ? accelerator(all, n, &problem) : NULL;
    int code = all ? CLI_DONE : CLI_FAILED;
    if (d) {
        out->plugin = g_strdup(d->plugin);
        out->index = d->index;
    } else if (all && must) {
        code = problem
                   ? cli_fail("no accelerator %d: %s", n, problem)
                   : cli_fail("no accelerator %d; a PJRT plug-in makes one usable: for NVIDIA, "
                              "`pip install jax-cuda13-pjrt` with its drivers, or "
                              "FOVEA_PJRT_PLUGIN=PLUGIN.so (`fovea devices` lists what there is)",
                              n);
    }
    fv_devices_free(all);
    return code;
}

int cli_device_choose(const char *text, cli_device *out) {
    *out = (cli_device){.programs =
                            g_build_filename(g_get_user_cache_dir(), "fovea", "programs", NULL)};
    if (!text || !strcmp(text, "cpu")) return CLI_DONE;
    if (!strcmp(text, "auto")) {
        out->or_processor = 1;
        return choose_found(0, 0, out);
    }
    char *name = g_strdup(text);
    const int index = cut_index(name);
    int code = CLI_DONE;
    if (index >= 0 && !strcmp(name, "gpu")) {
        code = choose_found(index, 1, out);
    } else if (index >= 0 && (strchr(name, '/') || g_str_has_suffix(name, ".so"))) {
        out->plugin = g_strdup(name);
        out->index = index;
    } else {
        cli_fail("--device '%s'; allowed: auto, cpu, gpu, gpu:N, PLUGIN.so, PLUGIN.so:N", text);
        code = CLI_USAGE;
    }
    g_free(name);
    return code;
}

void cli_device_tell(const cli_device *d, fv_session_desc *desc) {
    desc->plugin = d->plugin;
    desc->device = d->index;
    desc->or_processor = d->or_processor;
    desc->programs = d->programs;
}

void cli_device_clear(cli_device *d) {
    g_clear_pointer(&d->plugin, g_free);
    g_clear_pointer(&d->programs, g_free);
}
