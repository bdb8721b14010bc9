/* SPDX-License-Identifier: Apache-2.0 */
/* fovea models: the models in the cache. A file that cannot be loaded is listed too, with why. */
#include <glib.h>
#include <glib/gstdio.h>

#include "commands.h"
#include "json.h"
#include "models.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "table.h"

typedef struct models_args {
    cli_args common;
    int json;
} models_args;

/* One model of the cache. */
typedef struct entry {
    const char *name;
    char *path;
    int64_t bytes;
    fv_model *model; /* NULL: it cannot be loaded, see err */
    fv_error err;
} entry;

static void open_entry(const char *name, entry *e) {
    GStatBuf info = {0};
    *e = (entry){.name = name, .path = cli_models_path(name)};
    if (e->path && !g_stat(e->path, &info)) e->bytes = info.st_size;
    fv_model_load(e->path, NULL, &e->model, &e->err);
}

static const char *license_of(const entry *e) {
    return fv_model_metadata(e->model, "fovea.license");
}

static const char *source_of(const entry *e) { return fv_model_metadata(e->model, "fovea.source"); }

/* "3x224x224" of a picture, else the raw shape with '?' where it is free; caller frees. */
static char *input_text(const fv_input *in) {
    if (in->is_image) return g_strdup_printf("%dx%dx%d", in->channels, in->height, in->width);
    GString *text = g_string_new(NULL);
    for (int i = 0; i < in->ndim; i++) {
        if (i) g_string_append_c(text, 'x');
        if (in->dim[i] < 0)
            g_string_append_c(text, '?');
        else
            g_string_append_printf(text, "%" G_GINT64_FORMAT, (gint64)in->dim[i]);
    }
    return g_string_free(text, FALSE);
}

static void print_table(const entry *list, int n) {
    static const cli_column columns[] = {{"name", 0, 0},
                                         {"size", 1, 0},
                                         {"input", 0, 0},
                                         {"classes", 1, 0},
                                         {"license", 0, 0},
                                         {"path", 0, 0},
                                         {0}};
    cli_table *t = cli_table_new(columns);
    for (int i = 0; i < n; i++) {
        const entry *e = &list[i];
        char *input = e->model ? input_text(fv_model_input(e->model)) : g_strdup("?");
        cli_table_add(t, e->name);
        if (e->bytes < 1000000)
            cli_table_addf(t, "%.1f kB", (double)e->bytes / 1e3);
        else
            cli_table_addf(t, "%.1f MB", (double)e->bytes / 1e6);
        cli_table_add(t, input);
        if (e->model)
            cli_table_addf(t, "%d", fv_model_class_count(e->model));
        else
            cli_table_add(t, "?");
        cli_table_add(t, license_of(e) ? license_of(e) : "");
        cli_table_add(t, e->path);
        g_free(input);
    }
    cli_table_print(t);
    cli_table_free(t);
}

/* Where the networks come from, as far as their files say it. */
static void print_sources(const entry *list, int n) {
    for (int i = 0; i < n; i++) {
        if (!source_of(&list[i])) continue;
        char *source = cli_clean(source_of(&list[i]));
        printf("%s: %s\n", list[i].name, source);
        g_free(source);
    }
}

static void print_json(const entry *list, int n) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_array(b);
    for (int i = 0; i < n; i++) {
        const entry *e = &list[i];
        json_builder_begin_object(b);
        cli_json_text(b, "name", e->name);
        cli_json_int(b, "bytes", e->bytes);
        if (e->model) {
            const fv_input *in = fv_model_input(e->model);
            const int64_t picture[] = {in->channels, in->height, in->width};
            cli_json_sizes(b, "input", in->is_image ? 3 : in->ndim,
                           in->is_image ? picture : in->dim);
            cli_json_int(b, "classes", fv_model_class_count(e->model));
        } else {
            cli_json_text(b, "input", NULL);
            cli_json_text(b, "classes", NULL);
        }
        cli_json_text(b, "license", license_of(e));
        cli_json_text(b, "source", source_of(e));
        cli_json_text(b, "path", e->path);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    cli_json_print(b);
}

static int run(const cli_args *common) {
    const models_args *args = (const models_args *)common;
    char *folder = cli_models_folder(), **names = cli_models_list();
    int n = (int)g_strv_length(names), code = CLI_DONE;
    entry *list = g_new0(entry, n + 1);
    for (int i = 0; i < n; i++) open_entry(names[i], &list[i]);
    if (args->json)
        print_json(list, n);
    else if (n) {
        print_table(list, n);
        print_sources(list, n);
    } else
        cli_note(&args->common, "no models in %s; `./bootstrap models` gets the default network",
                 folder);
    for (int i = 0; i < n; i++) {
        if (!list[i].model) code = cli_fail_error(&list[i].err);
        fv_model_free(list[i].model);
        g_free(list[i].path);
    }
    g_free(list);
    g_strfreev(names);
    g_free(folder);
    return code;
}

static const cli_option options[] = {CLI_OPTION_JSON(models_args), {0}};

static const char *const examples[][2] = {
    {"fovea models", "What is in the cache"},
    {"fovea models --json", "The same for a program"},
    {0},
};

const cli_command cli_command_models = {
    .name = "models",
    .operands = "",
    .min_operands = 0,
    .max_operands = 0,
    .summary = "List the models in the cache",
    .details =
        "Lists the ONNX files in $XDG_CACHE_HOME/fovea/models (by default "
        "~/.cache/fovea/models), which other commands find by their bare names: name, size "
        "of the file, the input picture as channels x height x width (or the raw shape of "
        "another input, `?` where it is free), number of class names, license, path; below "
        "them, of files that say it, where the network comes from. `./bootstrap models` puts "
        "the default network there, and those that are named; any other file is put there "
        "by copying it. A file that cannot be loaded is listed with `?`, the reason is "
        "printed on stderr, and the exit code is 1.\n\n"
        "JSON: an array of `{\"name\", \"bytes\", \"input\", \"classes\", \"license\", "
        "\"source\", \"path\"}`; -1 in an input's shape is a free size.",
    .size = sizeof(models_args),
    .options = options,
    .examples = examples,
    .run = run,
};
