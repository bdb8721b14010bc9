/* SPDX-License-Identifier: Apache-2.0 */
/* fovea spectrum: the mean magnitudes of the spatial frequencies of photos, for --param phase. */
#include <glib.h>
#include <string.h>

#include "commands.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "report.h"

#define NAMED_MAX 5 /* unreadable files are named if there are no more */
#define ENDINGS   "jpg jpeg png webp tif tiff gif bmp heic heif avif jp2 jxl ppm"

typedef struct spectrum_args {
    cli_args common;
    char *output;
    int size, color, grey;
} spectrum_args;

static int compare_paths(gconstpointer a, gconstpointer b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the pictures of a folder, by their endings, sorted.  returns  an exit code */
static int add_folder(GPtrArray *paths, const char *folder) {
    GError *error = NULL;
    GDir *dir = g_dir_open(folder, 0, &error);
    if (!dir) {
        int code = cli_fail("%s: %s", folder, error->message);
        g_error_free(error);
        return code;
    }
    GPtrArray *found = g_ptr_array_new();
    for (const char *name; (name = g_dir_read_name(dir));)
        if (name[0] != '.' && cli_has_ending(name, ENDINGS))
            g_ptr_array_add(found, g_build_filename(folder, name, NULL));
    g_dir_close(dir);
    g_ptr_array_sort(found, compare_paths);
    int code = found->len ? CLI_DONE : cli_fail("%s: there are no pictures in it", folder);
    for (guint i = 0; i < found->len; i++) g_ptr_array_add(paths, found->pdata[i]);
    g_ptr_array_free(found, TRUE);
    return code;
}

/* Says what could not be read: how many files, and which, if they are few. */
static void report_skipped(const spectrum_args *args, const GPtrArray *paths, int skipped) {
    GString *names = g_string_new(NULL);
    int left = skipped <= NAMED_MAX ? skipped : 0;
    if (!skipped || args->common.quiet) left = 0;
    for (guint i = 0; i < paths->len && left; i++) {
        fv_image *image = NULL;
        if (fv_image_load(paths->pdata[i], &image, NULL)) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : ": ",
                                   (const char *)paths->pdata[i]);
            left--;
        }
        fv_image_free(image);
    }
    if (skipped)
        cli_note(&args->common, "%d of %u files could not be read and %s left out%s", skipped,
                 paths->len, skipped == 1 ? "is" : "are", names->str);
    g_string_free(names, TRUE);
}

static int measure(const spectrum_args *args, const GPtrArray *paths) {
    static const fv_color colors[] = {0, FV_COLOR_MACO, FV_COLOR_LUCID};
    cli_progress progress;
    fv_error err = {0};
    fv_monitor *monitor = NULL;
    fv_tensor *spectrum = NULL;
    int skipped = 0;
    if (fv_monitor_new(cli_progress_step, NULL, &progress, &monitor, &err))
        return cli_fail_error(&err);
    cli_progress_start(&progress, &args->common, "pictures", FV_MONITOR_CANCEL);
    fv_status st =
        fv_spectrum((const char *const *)paths->pdata, (int)paths->len,
                    FV_DESC(fv_spectrum_desc, .size = args->size, .color = colors[args->color],
                            .channels = args->grey ? 1 : 3, .monitor = monitor),
                    &spectrum, &skipped, &err);
    double seconds = cli_progress_stop(&progress);
    fv_monitor_free(monitor);
    if (st && cli_progress_signal()) {
        char *what = g_strdup_printf("%s is not written", args->output);
        cli_progress_die(&progress, what);
    }
    if (st) return cli_fail_error(&err);
    report_skipped(args, paths, skipped);
    if (fv_tensor_save(spectrum, args->output, &err)) {
        fv_tensor_free(spectrum);
        return cli_fail_error(&err);
    }
    char *shape = cli_shape_text(spectrum->ndim, spectrum->dim, 0), *path = cli_clean(args->output);
    if (!args->common.quiet)
        cli_putf("%s: %s, of %d pictures, %.1f s\n", path, shape, (int)paths->len - skipped,
                 seconds);
    g_free(path);
    g_free(shape);
    fv_tensor_free(spectrum);
    return CLI_DONE;
}

static int run(const cli_args *common) {
    const spectrum_args *args = (const spectrum_args *)common;
    int code = cli_path_check(&args->common, "output", args->output, "npy");
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < args->common.n_operands && !code; i++) {
        if (g_file_test(args->common.operands[i], G_FILE_TEST_IS_DIR))
            code = add_folder(paths, args->common.operands[i]);
        else
            g_ptr_array_add(paths, g_strdup(args->common.operands[i]));
    }
    if (!code) code = measure(args, paths);
    g_ptr_array_free(paths, TRUE);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    CLI_OPTION_OUTPUT(spectrum_args, "S.npy", "the NPY file to write: [channels][size][size/2+1]"),
    {"size",  's', CLI_INT,  offsetof(spectrum_args, size),  8, 8192, "N", "512",
     "side of the squares that the photos are brought to"},
    {"color", 0, CLI_CHOICE, offsetof(spectrum_args, color), 0, 0, "maco|lucid", "maco",
     "the kind of decorrelated colours"},
    {"grey",  0, CLI_FLAG, offsetof(spectrum_args, grey), 0, 0, NULL, NULL,
     "of the lightness alone, for networks of one channel", .without = "color"},
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea spectrum photos -o s.npy", "The spectrum of a folder of photos"},
    {"fovea visualize efficientnet-lite0 class:hen --recipe maco --size 128 --steps 20 "
     "--spectrum s.npy -o hen.png",
     "A picture with that spectrum"},
    {0},
};

const cli_command cli_command_spectrum = {
    .name = "spectrum",
    .operands = "DIR|FILE...",
    .min_operands = 1,
    .max_operands = G_MAXINT,
    .summary = "Measure the spatial frequencies of photos",
    .details =
        "The mean magnitude of every spatial frequency over all photos, in decorrelated colours: "
        "what `fovea visualize --param phase --spectrum S.npy` keeps fixed while it looks for "
        "phases. Of a folder, the files in it that have a picture's ending are taken. Files that "
        "cannot be read are left out, counted, and named if there are at most five.",
    .size = sizeof(spectrum_args),
    .options = options,
    .examples = examples,
    .run = run,
};
