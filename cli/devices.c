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
    const char *own = g_getenv("FOVEA_PJRT_PLUGIN");
    if (own && *own && !g_file_test(own, G_FILE_TEST_EXISTS)) {
        cli_fail("FOVEA_PJRT_PLUGIN is '%s': there is no such file or folder", own);
        return NULL;
    }
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

/* The last ':' of a text, behind which indices stand; NULL if there is none: a file's path may have
 * some of its own. */
static char *colon_of(char *text) {
    char *colon = strrchr(text, ':');
    return colon && !strchr(colon, '/') && !g_str_has_suffix(colon, ".so") ? colon : NULL;
}

/* Reads "0" or "0,2,1" behind the colon of a text, which is cut off; "0" if there is none.
 *   index    [CLI_DEVICES]
 *   returns  how many; 0: they are no different numbers */
static int cut_indices(char *text, int *index) {
    char *colon = colon_of(text);
    char **words = g_strsplit(colon ? colon + 1 : "0", ",", CLI_DEVICES + 1);
    int n = 0, wrong = 0;
    if (colon) *colon = 0;
    for (; words[n] && !wrong; n++) {
        guint64 number = 0;
        wrong =
            n == CLI_DEVICES || !g_ascii_string_to_unsigned(words[n], 10, 0, 4095, &number, NULL);
        for (int i = 0; i < n && !wrong; i++) wrong = index[i] == (int)number;
        if (!wrong) index[n] = (int)number;
    }
    g_strfreev(words);
    return wrong ? 0 : n;
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

static void add(cli_device *out, const char *plugin, int index) {
    out->list[out->count].plugin = g_strdup(plugin);
    out->list[out->count++].index = index;
}

/* Accelerators of this machine; where one is missing, an error, or without `must` the processor. */
static int choose_found(const int *index, int n, int must, cli_device *out) {
    fv_devices *all = cli_devices_find();
    int code = all ? CLI_DONE : CLI_FAILED;
    for (int i = 0; i < n && !code; i++) {
        const char *problem = NULL;
        const fv_device_info *d = accelerator(all, index[i], &problem);
        if (d) {
            add(out, d->plugin, d->index);
        } else if (!must) {
            add(out, NULL, 0);
            out->problem = g_strdup(problem);
        } else if (problem)
            code = cli_fail("no accelerator %d: %s", index[i], problem);
        else
            code = cli_fail("no accelerator %d; a PJRT plug-in makes one usable: for NVIDIA, "
                            "`pip install jax-cuda13-pjrt` with its drivers, or "
                            "FOVEA_PJRT_PLUGIN=PLUGIN.so (`fovea devices` lists what there is)",
                            index[i]);
    }
    fv_devices_free(all);
    return code;
}

int cli_device_choose(const char *text, const char *usual, cli_device *out) {
    int index[CLI_DEVICES] = {0};
    const char *said = g_getenv("FOVEA_DEVICE"), *from = text ? "--device" : "$FOVEA_DEVICE";
    if (!text) text = said && *said ? said : usual;
    *out = (cli_device){.programs =
                            g_build_filename(g_get_user_cache_dir(), "fovea", "programs", NULL)};
    if (!strcmp(text, "cpu")) {
        add(out, NULL, 0);
        return CLI_DONE;
    }
    if (!strcmp(text, "auto")) {
        out->or_processor = 1;
        return choose_found(index, 1, 0, out);
    }
    char *name = g_strdup(text);
    const int n = cut_indices(name, index);
    int code = CLI_DONE;
    if (n && !strcmp(name, "gpu")) {
        code = choose_found(index, n, 1, out);
    } else if (n && (strchr(name, '/') || g_str_has_suffix(name, ".so"))) {
        for (int i = 0; i < n; i++) add(out, name, index[i]);
    } else {
        cli_fail("%s '%s'; allowed: auto, cpu, gpu, gpu:N, PLUGIN.so, PLUGIN.so:N, with several "
                 "different N as gpu:0,1",
                 from, text);
        code = CLI_USAGE;
    }
    g_free(name);
    return code;
}

void cli_device_note(const cli_args *args, const cli_device *d, const char *name) {
    if (d->or_processor && d->list[0].plugin)
        cli_note(args, "%s is used; --device cpu is the processor", name);
    else if (d->problem)
        cli_note(args, "the processor is used; %s", d->problem);
}

void cli_device_tell(const cli_device *d, int i, fv_session_desc *desc) {
    desc->plugin = d->list[i].plugin;
    desc->device = d->list[i].index;
    desc->or_processor = d->or_processor;
    desc->programs = d->programs;
}

void cli_device_clear(cli_device *d) {
    for (int i = 0; i < d->count; i++) g_free(d->list[i].plugin);
    d->count = 0;
    g_clear_pointer(&d->programs, g_free);
    g_clear_pointer(&d->problem, g_free);
}
