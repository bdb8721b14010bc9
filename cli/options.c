/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of one command: GLib's option parser finds the options, the rows of cli_option
 * say what each may be, and where in the command's struct of options it goes.
 *
 * Words are taken as bytes (a path need not be UTF-8). Nothing here depends on the locale.
 */
#include "options.h"

#include <string.h>

#include "models.h"
#include "numbers.h"
#include "recipe.h"
#include "report.h"

/* clang-format off */
const cli_option cli_common_options[] = {
    {"quiet",   'q', CLI_FLAG, offsetof(cli_args, quiet),   0, 0, NULL, NULL,
     "no notes, no progress, no summary; only results and errors"},
    {"verbose", 'v', CLI_FLAG, offsetof(cli_args, verbose), 0, 0, NULL, NULL,
     "a table of all updates instead of progress"},
    {"help",    'h', CLI_FLAG, offsetof(cli_args, help),    0, 0, NULL, NULL, "print this help"},
    {0},
};

/* clang-format on */

/* Whether a table has an option of that name: a command's own stands before what all have. */
static int has_row(const cli_option *table, const char *name) {
    for (; table && table->name; table++)
        if (!strcmp(table->name, name)) return 1;
    return 0;
}

void cli_each_option(const cli_command *command, int of_recipes,
                     void (*each)(const cli_option *option, size_t base, void *user), void *user) {
    const struct {
        const cli_option *rows;
        size_t base;
    } plain[] = {{command->options, 0},
                 {command->model ? cli_model_options : NULL, command->model},
                 {cli_common_options, 0}},
      recipes[] = {{command->recipe ? cli_recipe_options() : NULL, command->recipe}},
      *tables = of_recipes ? recipes : plain;
    const size_t n = of_recipes ? G_N_ELEMENTS(recipes) : G_N_ELEMENTS(plain);
    for (size_t t = 0; t < n; t++)
        for (const cli_option *o = tables[t].rows; o && o->name; o++)
            if (!t || !has_row(tables[0].rows, o->name)) each(o, tables[t].base, user);
}

char *cli_option_range(const cli_option *option) {
    if (option->kind == CLI_INT) return g_strdup_printf("%d..%d", option->min, option->max);
    if (option->kind == CLI_REAL)
        return g_strdup_printf("a number above %d, at most %d", option->min, option->max);
    if (option->kind == CLI_BETWEEN)
        return g_strdup_printf("a number from %d to %d", option->min, option->max);
    if (option->kind == CLI_SEED) return g_strdup_printf("0..%" G_GUINT64_FORMAT, G_MAXUINT64);
    if (option->kind == CLI_CHOICE) {
        char **words = g_strsplit(option->value, "|", -1);
        char *text = g_strjoinv(" or ", words);
        g_strfreev(words);
        return text;
    }
    if (option->kind == CLI_NUMBERS)
        return g_strdup_printf("1 to %d numbers%s, separated by commas", CLI_MAX_CHANNELS,
                               option->min > 0 ? " above 0" : "");
    return g_strdup("");
}

static int parse_choice(const char *text, const char *words, int *out) {
    char **list = g_strsplit(words, "|", -1);
    int found = 0;
    for (int i = 0; list[i] && !found; i++)
        if (!g_ascii_strcasecmp(text, list[i])) found = i + 1;
    g_strfreev(list);
    if (!found) return -1;
    *out = found;
    return 0;
}

/* Adds words to a list that ends with NULL. */
static void append(char ***list, const char *first, const char *second) {
    guint n = *list ? g_strv_length(*list) : 0;
    *list = g_renew(char *, *list, n + 3);
    (*list)[n] = g_strdup(first);
    (*list)[n + 1] = g_strdup(second); /* NULL stays NULL */
    (*list)[n + 2] = NULL;
}

/* Stores one value.
 *   returns  0, or -1 if it is not allowed; then `err` says why, where the library does */
static int store(const cli_option *o, const char *text, void *to, fv_error *err) {
    int64_t number = 0;
    double real = 0;
    switch (o->kind) {
    case CLI_FLAG: *(int *)to = 1; return 0;
    case CLI_INT:
        if (cli_parse_int(text, o->min, o->max, &number)) return -1;
        *(int *)to = (int)number;
        return 0;
    case CLI_SEED: return cli_parse_seed(text, to);
    case CLI_NUMBERS: return cli_parse_numbers(text, o->min > 0, to);
    case CLI_CHOICE: return parse_choice(text, o->value, to);
    case CLI_REAL:
    case CLI_BETWEEN:
        if (cli_parse_real(text, &real) || real > o->max) return -1;
        if (o->kind == CLI_REAL ? !(real > o->min) : !(real >= o->min)) return -1;
        *(double *)to = real;
        return 0;
    case CLI_LIST: append(to, text, NULL); return 0;
    case CLI_SETTING:
        if (cli_setting_check(o->name, text, err)) return -1;
        append(to, o->name, text);
        return 0;
    case CLI_TEXT:
        g_free(*(char **)to);
        *(char **)to = g_strdup(text);
        return 0;
    }
    return -1;
}

/* A row, and where its value goes. */
typedef struct target {
    const cli_option *option;
    void *to;
} target;

/* What one parse needs. */
typedef struct parse {
    GArray *rows;     /* of target */
    GArray *entries;  /* of GOptionEntry */
    GPtrArray *words; /* "--size", ...: for suggestions */
    GOptionArgFunc take;
    cli_args *args;
} parse;

static const target *row_at(const parse *p, guint i) { return &g_array_index(p->rows, target, i); }

static gboolean take_option(const char *name, const char *value, gpointer data, GError **error) {
    parse *p = data;
    for (guint i = 0; i < p->rows->len; i++) {
        const cli_option *o = row_at(p, i)->option;
        if (strcmp(name + strspn(name, "-"), o->name) != 0 && !(name[1] == o->letter && !name[2]))
            continue;
        fv_error err = {0};
        if (!store(o, value, row_at(p, i)->to, &err)) return TRUE;
        if (err.status) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s", err.text);
            return FALSE;
        }
        char *range = cli_option_range(o);
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s: '%s' is not %s%s",
                    o->name, value, o->kind == CLI_INT || o->kind == CLI_SEED ? "in " : "", range);
        g_free(range);
        return FALSE;
    }
    return FALSE;
}

static void add_entry(const cli_option *o, size_t base, void *user) {
    parse *p = user;
    const target row = {o, (char *)p->args + base + o->offset};
    GOptionEntry e = {0};
    e.long_name = o->name;
    e.short_name = o->letter;
    e.flags = o->kind == CLI_FLAG ? G_OPTION_FLAG_NO_ARG : G_OPTION_FLAG_FILENAME;
    e.arg = G_OPTION_ARG_CALLBACK;
    e.arg_data = (gpointer)p->take;
    g_array_append_val(p->entries, e);
    g_array_append_val(p->rows, row);
    if (o->help) g_ptr_array_add(p->words, g_strdup_printf("--%s", o->name));
}

/* The row of `--name`, `--name=value`, `-n` or `-nvalue`, or NULL. */
static const cli_option *row_of(const parse *p, const char *word) {
    if (word[0] != '-') return NULL;
    for (guint i = 0; i < p->rows->len; i++) {
        const cli_option *o = row_at(p, i)->option;
        size_t length = strlen(o->name);
        if (word[1] == '-' && !strncmp(word + 2, o->name, length) &&
            (word[2 + length] == '\0' || word[2 + length] == '='))
            return o;
        if (o->letter && word[1] == o->letter) return o;
    }
    return NULL;
}

/* Whether a word is one letter with more behind it, as `-oFILE`. */
static int is_joined(const char *word) { return word[1] != '-' && word[2]; }

/* Copies one word that is an option; `-oFILE` becomes `-o FILE`, which is all GLib understands.
 *   value    set to whether the next word is its value
 *   returns  -1 for `--json=3`, which GLib takes for `--json` */
static int copy_option(const cli_option *o, const char *word, GStrvBuilder *out, int *value) {
    int equals = strchr(word, '=') != NULL, joined = is_joined(word);
    if (o->kind == CLI_FLAG && equals && !joined) return -1;
    *value = o->kind != CLI_FLAG && !equals && !joined;
    if (joined && o->kind != CLI_FLAG) {
        const char letter[] = {'-', o->letter, 0};
        g_strv_builder_add(out, letter);
        word += 2;
    }
    g_strv_builder_add(out, word);
    return 0;
}

/* Copies the words in a spelling that GLib reads as one expects.
 *   returns  an exit code, if not CLI_DONE with one line printed */
static int copy_words(const parse *p, int argc, char **argv, GStrvBuilder *out) {
    int value = 0, end = 0; /* the next word is a value; the options have ended */
    for (int i = 0; i < argc; i++) {
        const cli_option *o = i && !value && !end ? row_of(p, argv[i]) : NULL;
        if (o) {
            if (copy_option(o, argv[i], out, &value))
                return cli_usage(p->args->command, "--%s takes no value", o->name);
            continue;
        }
        if (!value && !strcmp(argv[i], "--")) end = 1;
        value = 0;
        g_strv_builder_add(out, argv[i]);
    }
    return CLI_DONE;
}

/* Puts GLib's words for what went wrong into ours. */
static int explain(const parse *p, const GError *error) {
    const cli_command *c = p->args->command;
    const char *last = strrchr(error->message, ' ');
    if (error->code == G_OPTION_ERROR_UNKNOWN_OPTION && last) {
        char *name = g_strndup(last + 1, strcspn(last + 1, "="));
        const char *near = cli_nearest(name, (const char *const *)p->words->pdata);
        int code = near ? cli_usage(c, "no option %s; did you mean %s?", name, near)
                        : cli_usage(c, "no option %s", name);
        g_free(name);
        return code;
    }
    if (error->code == G_OPTION_ERROR_BAD_VALUE && g_str_has_prefix(error->message, "Missing"))
        return cli_usage(c, "%s needs a value", last ? last + 1 : error->message);
    return cli_usage(c, "%s", error->message);
}

/* Whether every option that must be given is, and the operands are as many as they should be. */
static int check_complete(const parse *p) {
    const cli_args *a = p->args;
    const cli_command *c = a->command;
    if (a->help) return CLI_DONE;
    if (a->n_operands < c->min_operands) return cli_usage(c, "%s needs %s", c->name, c->operands);
    if (a->n_operands > c->max_operands)
        return cli_usage(c, "%s: '%s' is one argument too many", c->name,
                         a->operands[c->max_operands]);
    for (guint i = 0; i < p->rows->len; i++) {
        const cli_option *o = row_at(p, i)->option;
        if (o->kind == CLI_TEXT && o->fallback[0] == '\0' && !*(char *const *)row_at(p, i)->to)
            return cli_usage(c, "%s needs --%s %s", c->name, o->name, o->value);
    }
    return CLI_DONE;
}

/* The command's struct of options before anything is read. */
static cli_args *new_args(const cli_command *command) {
    void *made = g_malloc0(command->size);
    if (command->initial) memcpy(made, command->initial, command->size);
    cli_args *args = made;
    args->command = command;
    return args;
}

int cli_args_parse(const cli_command *command, int argc, char **argv, cli_args **out) {
    cli_args *args = *out = new_args(command);
    parse p = {g_array_new(FALSE, FALSE, sizeof(target)),
               g_array_new(TRUE, TRUE, sizeof(GOptionEntry)),
               g_ptr_array_new_with_free_func(g_free), take_option, args};
    cli_each_option(command, 0, add_entry, &p);
    cli_each_option(command, 1, add_entry, &p);
    g_ptr_array_add(p.words, NULL);
    GOptionEntry rest = {G_OPTION_REMAINING, 0,    0,   G_OPTION_ARG_FILENAME_ARRAY,
                         &args->operands,    NULL, NULL};
    g_array_append_val(p.entries, rest);

    GOptionContext *context = g_option_context_new(NULL);
    GOptionGroup *group = g_option_group_new("fovea", "", "", &p, NULL);
    g_option_group_add_entries(group, (const GOptionEntry *)(void *)p.entries->data);
    g_option_context_set_main_group(context, group); /* the context frees it */
    g_option_context_set_help_enabled(context, FALSE);

    GStrvBuilder *builder = g_strv_builder_new();
    GError *error = NULL;
    int code = copy_words(&p, argc, argv, builder);
    char **words = g_strv_builder_end(builder);
    if (!code && !g_option_context_parse_strv(context, &words, &error)) {
        code = explain(&p, error);
        g_error_free(error);
    } else if (!code) {
        args->n_operands = args->operands ? (int)g_strv_length(args->operands) : 0;
        code = check_complete(&p);
    }
    g_strv_builder_unref(builder);
    g_strfreev(words);
    g_option_context_free(context);
    g_array_free(p.entries, TRUE);
    g_array_free(p.rows, TRUE);
    g_ptr_array_free(p.words, TRUE);
    return code;
}

static void clear_option(const cli_option *o, size_t base, void *user) {
    void *at = (char *)user + base + o->offset;
    if (o->kind == CLI_TEXT) g_clear_pointer((char **)at, g_free);
    if (o->kind == CLI_LIST || o->kind == CLI_SETTING) g_clear_pointer((char ***)at, g_strfreev);
}

void cli_args_free(cli_args *args) {
    if (!args) return;
    cli_each_option(args->command, 0, clear_option, args);
    cli_each_option(args->command, 1, clear_option, args);
    g_strfreev(args->operands);
    g_free(args);
}
