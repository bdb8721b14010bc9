/* SPDX-License-Identifier: Apache-2.0 */
/* fovea classes: the names of a network's classes with their numbers, or of those that hold a
 * word. */
#include <glib.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "models.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "table.h"

typedef struct classes_args {
    cli_args common;
    cli_model_args model;
    int json;
} classes_args;

/* Whether a name holds a word, letters without case; NULL: every name does. */
static int holds(const char *name, const char *word) {
    if (!word) return 1;
    char *one = g_utf8_make_valid(name, -1), *other = g_utf8_make_valid(word, -1);
    char *hay = g_utf8_casefold(one, -1), *needle = g_utf8_casefold(other, -1);
    const int found = strstr(hay, needle) != NULL;
    g_free(one);
    g_free(other);
    g_free(hay);
    g_free(needle);
    return found;
}

static void print_table(const fv_model *model, const char *word) {
    static const cli_column columns[] = {{"#", 1, 0}, {"class", 0, 0}, {0}};
    cli_table *t = cli_table_new(columns);
    for (int i = 0; i < fv_model_class_count(model); i++) {
        if (!holds(fv_model_class_name(model, i), word)) continue;
        cli_table_addf(t, "%d", i);
        cli_table_add(t, fv_model_class_name(model, i));
    }
    cli_table_print(t);
    cli_table_free(t);
}

static void print_json(const fv_model *model, const char *word) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_array(b);
    for (int i = 0; i < fv_model_class_count(model); i++) {
        if (!holds(fv_model_class_name(model, i), word)) continue;
        json_builder_begin_object(b);
        cli_json_int(b, "index", i);
        cli_json_text(b, "class", fv_model_class_name(model, i));
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    cli_json_print(b);
}

/* Fails where there is nothing to list, with the reason. */
static int check(const fv_model *model, const char *word) {
    const int n = fv_model_class_count(model);
    int fits = 0;
    for (int i = 0; i < n && !fits; i++) fits = holds(fv_model_class_name(model, i), word);
    if (fits) return CLI_DONE;
    if (!n)
        return cli_fail("%s carries no class names; --labels FILE gives them, one a line",
                        fv_model_name(model));
    return cli_fail("%s: none of its %d classes holds '%s'", fv_model_name(model), n, word);
}

static int run(const cli_args *common) {
    const classes_args *args = (const classes_args *)common;
    const char *word = args->common.n_operands > 1 ? args->common.operands[1] : NULL;
    fv_model *model = NULL;
    int code = cli_model_load(&args->common, &args->model, &model);
    if (code) return code;
    cli_model_note(&args->common, model); /* files that were found and passed over, too */
    code = check(model, word);
    if (!code && args->json)
        print_json(model, word);
    else if (!code)
        print_table(model, word);
    fv_model_free(model);
    return code;
}

static const cli_option options[] = {CLI_OPTION_JSON(classes_args), {0}};

static const char *const examples[][2] = {
    {"fovea classes efficientnet-lite0 shark", "Which numbers the sharks have"},
    {"fovea classes efficientnet-lite0 --json > classes.json", "All, for a program"},
    {0},
};

const cli_command cli_command_classes = {
    .name = "classes",
    .operands = "MODEL [WORD]",
    .min_operands = 1,
    .max_operands = 2,
    .summary = "List a network's classes, or those that hold a word",
    .details = "One row a class: its number, from 0, and its name, as `class:NUMBER` and "
               "`class:NAME` mean it. WORD may be any part of a name; capital and small letters "
               "count as the same. The exit code is 1 where no class fits.\n\n"
               "JSON: an array of `{\"index\", \"class\"}`.",
    .size = sizeof(classes_args),
    .options = options,
    .model = offsetof(classes_args, model),
    .useless = "device|execution-environment",
    .examples = examples,
    .run = run,
};
