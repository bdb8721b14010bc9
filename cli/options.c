/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of one command. The rows of cli_option say what an option may be, and where in
 * the command's struct of options it goes.
 *
 * The words are split here: getopt_long takes any beginning of a name for it and keeps its place in
 * globals, GOption reads -oFILE as four letters, and either needs more code around it than this.
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
     "no notes, no progress, no summary; only results and errors", .without = "verbose"},
    {"verbose", 'v', CLI_FLAG, offsetof(cli_args, verbose), 0, 0, NULL, NULL,
     "a table of all updates instead of progress"},
    {"help",    'h', CLI_FLAG, offsetof(cli_args, help),    0, 0, NULL, NULL, "print this help"},
    {0},
};

/* clang-format on */

/* Whether a table has an option of that name: a command's own hides a common one. */
static int has_row(const cli_option *table, const char *name) {
    for (; table && table->name; table++)
        if (!strcmp(table->name, name)) return 1;
    return 0;
}

/* Whether the command has no use for an option of models. */
static int is_useless(const cli_command *command, const char *name) {
    char **list = g_strsplit(command->useless ? command->useless : "", "|", -1);
    const int found = g_strv_contains((const char *const *)list, name);
    g_strfreev(list);
    return found;
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
            if (!t || !(has_row(tables[0].rows, o->name) || is_useless(command, o->name)))
                each(o, tables[t].base, user);
}

char *cli_option_range(const cli_option *option) {
    if (option->kind == CLI_INT) return g_strdup_printf("%d..%d", option->min, option->max);
    if (option->kind == CLI_REAL)
        return g_strdup_printf("a number above %d, at most %d", option->min, option->max);
    if (option->kind == CLI_BETWEEN)
        return g_strdup_printf("a number from %d to %d", option->min, option->max);
    if (option->kind == CLI_SEED) return g_strdup_printf("0..%" G_GUINT64_FORMAT, G_MAXUINT64);
    if (option->kind == CLI_CHOICE) {
        char **words = cli_option_choices(option);
        char *text = g_strjoinv(" or ", words);
        g_strfreev(words);
        return text;
    }
    if (option->kind == CLI_NUMBERS)
        return g_strdup_printf("1 to %d numbers%s, separated by commas", CLI_MAX_CHANNELS,
                               option->min > 0 ? " above 0" : "");
    return g_strdup("");
}

char **cli_option_choices(const cli_option *option) {
    if (!option->choice) return g_strsplit(option->value, "|", -1);
    GStrvBuilder *builder = g_strv_builder_new();
    for (int i = 1; option->choice(i); i++) g_strv_builder_add(builder, option->choice(i));
    char **list = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    return list;
}

/* The new word for a former one; other words as they are. Caller frees. */
static char *present_word(const char *word, const char *former) {
    char **pairs = g_strsplit(former ? former : "", "|", -1);
    const size_t n = strlen(word);
    char *found = NULL;
    for (char **p = pairs; *p && !found; p++)
        if (!g_ascii_strncasecmp(*p, word, n) && (*p)[n] == '=') found = g_strdup(*p + n + 1);
    g_strfreev(pairs);
    return found ? found : g_strdup(word);
}

static int parse_choice(const char *text, const cli_option *o, int *out) {
    char *word = present_word(text, o->former);
    char **list = cli_option_choices(o);
    int found = 0;
    for (int i = 0; list[i] && !found; i++)
        if (!g_ascii_strcasecmp(word, list[i])) found = i + 1;
    g_strfreev(list);
    g_free(word);
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
    case CLI_CHOICE: return parse_choice(text, o, to);
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
    case CLI_OUTPUT:
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
    int given;
} target;

/* What one parse needs. */
typedef struct parse {
    cli_args *args;
    GArray *rows;        /* of target */
    GPtrArray *words;    /* "--size", ...: for suggestions; ends with NULL */
    GPtrArray *operands; /* ends with NULL */
} parse;

static target *row_at(const parse *p, guint i) { return &g_array_index(p->rows, target, i); }

static void add_row(const cli_option *o, size_t base, void *user) {
    parse *p = user;
    const target row = {o, (char *)p->args + base + o->offset, 0};
    g_array_append_val(p->rows, row);
    if (o->help) g_ptr_array_add(p->words, g_strdup_printf("--%s", o->name));
}

/* The row of a name of that length, or NULL. */
static target *named(const parse *p, const char *name, size_t length) {
    for (guint i = 0; i < p->rows->len; i++) {
        const char *own = row_at(p, i)->option->name;
        if (strlen(own) == length && !strncmp(own, name, length)) return row_at(p, i);
    }
    return NULL;
}

/* The row of a letter, or NULL. */
static target *lettered(const parse *p, char letter) {
    for (guint i = 0; i < p->rows->len; i++)
        if (row_at(p, i)->option->letter == letter) return row_at(p, i);
    return NULL;
}

static int take(const parse *p, target *row, const char *value) {
    const cli_option *o = row->option;
    fv_error err = {0};
    row->given = 1;
    if (!store(o, value, row->to, &err)) return CLI_DONE;
    if (err.status) return cli_usage(p->args->command, "--%s", err.text);
    char *range = cli_option_range(o);
    int code = cli_usage(p->args->command, "--%s: '%s' is not %s%s", o->name, value,
                         o->kind == CLI_INT || o->kind == CLI_SEED ? "in " : "", range);
    g_free(range);
    return code;
}

static int fail_unknown(const parse *p, const char *word) {
    char *name = g_strndup(word, strcspn(word, "="));
    if (g_str_has_prefix(name, "--") && is_useless(p->args->command, name + 2)) {
        int useless = cli_usage(p->args->command, "%s has no effect in fovea %s; leave it out",
                                name, p->args->command->name);
        g_free(name);
        return useless;
    }
    const char *near = cli_nearest(name, (const char *const *)p->words->pdata);
    int code = near ? cli_usage(p->args->command, "no option %s; did you mean %s?", name, near)
                    : cli_usage(p->args->command, "no option %s", name);
    g_free(name);
    return code;
}

/* Whether a word can be the value of the option before it: there is one, and it is no option. */
static int check_value(const parse *p, const char *option, const char *word) {
    if (!word) return cli_usage(p->args->command, "%s needs a value", option);
    const size_t length = strlen(word);
    const int is_option = g_str_has_prefix(word, "--")
                              ? named(p, word + 2, length - 2) != NULL
                              : word[0] == '-' && length == 2 && lettered(p, word[1]) != NULL;
    if (!is_option) return CLI_DONE;
    return cli_usage(p->args->command, "%s needs a value; '%s' after it is an option", option,
                     word);
}

/* `--name`, `--name value` or `--name=value`. *next: the word after, taken if it is the value. */
static int take_long(const parse *p, const char *word, char ***next) {
    const char *equals = strchr(word, '=');
    const size_t length = equals ? (size_t)(equals - word) : strlen(word);
    target *row = named(p, word + 2, length - 2);
    if (!row) return fail_unknown(p, word);
    if (row->option->kind == CLI_FLAG && equals)
        return cli_usage(p->args->command, "--%s takes no value", row->option->name);
    if (row->option->kind == CLI_FLAG || equals) return take(p, row, equals ? equals + 1 : NULL);
    int code = check_value(p, word, **next);
    return code ? code : take(p, row, *(*next)++);
}

/* `-q`, `-qv`, `-o value`, `-ovalue`. */
static int take_letters(const parse *p, const char *word, char ***next) {
    for (const char *letter = word + 1; *letter; letter++) {
        target *row = lettered(p, *letter);
        int code = CLI_DONE;
        if (!row) return fail_unknown(p, word);
        if (row->option->kind == CLI_FLAG) code = take(p, row, NULL);
        if (code) return code;
        if (row->option->kind == CLI_FLAG) continue;
        if (letter[1]) return take(p, row, letter + 1);
        char option[] = {'-', *letter, 0};
        code = check_value(p, option, **next);
        return code ? code : take(p, row, *(*next)++);
    }
    return CLI_DONE;
}

/* Reads all words; `--` ends the options, `-` is an operand. */
static int take_words(const parse *p, char **word) {
    int code = CLI_DONE, options = 1;
    while (*word && !code) {
        const char *w = *word++;
        if (options && !strcmp(w, "--"))
            options = 0;
        else if (options && g_str_has_prefix(w, "--"))
            code = take_long(p, w, &word);
        else if (options && w[0] == '-' && w[1])
            code = take_letters(p, w, &word);
        else
            g_ptr_array_add(p->operands, g_strdup(w));
    }
    return code;
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
        const int pointer = o->kind == CLI_TEXT || o->kind == CLI_OUTPUT || o->kind == CLI_LIST;
        if (pointer && o->fallback[0] == '\0' && !*(void *const *)row_at(p, i)->to)
            return cli_usage(c, "%s needs --%s %s", c->name, o->name, o->value);
    }
    return CLI_DONE;
}

/* Whether an option is given, under this or another name. */
static int is_given(const parse *p, const char *name) {
    const target *row = named(p, name, strlen(name));
    for (guint i = 0; row && i < p->rows->len; i++)
        if (row_at(p, i)->given && row_at(p, i)->to == row->to) return 1;
    return 0;
}

/* The first of the names "one|other" that is given, or NULL; caller frees. */
static char *first_given(const parse *p, const char *names) {
    char **list = g_strsplit(names ? names : "", "|", -1), *found = NULL;
    for (char **name = list; *name && !found; name++)
        if (is_given(p, *name)) found = g_strdup(*name);
    g_strfreev(list);
    return found;
}

char *cli_option_names(const char *names, const char *last) {
    char **list = g_strsplit(names, "|", -1);
    const guint n = g_strv_length(list);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < n; i++)
        g_string_append_printf(text, "%s--%s", !i ? "" : i + 1 < n ? ", " : last, list[i]);
    g_strfreev(list);
    return g_string_free(text, FALSE);
}

/* Whether no option is given that others leave without effect. */
static int check_together(const parse *p) {
    const cli_command *c = p->args->command;
    int code = CLI_DONE;
    for (guint i = 0; !code && !p->args->help && i < p->rows->len; i++) {
        const cli_option *o = row_at(p, i)->option;
        if (!row_at(p, i)->given) continue;
        char *with = first_given(p, o->with), *without = first_given(p, o->without);
        if (without)
            code = cli_usage(c, "--%s and --%s do not go together; give one of them", o->name,
                             without);
        else if (o->with && !with) {
            char *names = cli_option_names(o->with, " and ");
            code = cli_usage(c, "--%s is for %s", o->name, names);
            g_free(names);
        }
        g_free(without);
        g_free(with);
    }
    return code;
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
    parse p = {args, g_array_new(FALSE, FALSE, sizeof(target)),
               g_ptr_array_new_with_free_func(g_free), g_ptr_array_new()};
    cli_each_option(command, 0, add_row, &p);
    cli_each_option(command, 1, add_row, &p);
    g_ptr_array_add(p.words, NULL);
    int code = argc > 1 ? take_words(&p, argv + 1) : CLI_DONE;
    args->n_operands = (int)p.operands->len;
    g_ptr_array_add(p.operands, NULL);
    args->operands = (char **)g_ptr_array_free(p.operands, FALSE);
    if (!code) code = check_complete(&p);
    if (!code) code = check_together(&p);
    g_array_free(p.rows, TRUE);
    g_ptr_array_free(p.words, TRUE);
    return code;
}

static void clear_option(const cli_option *o, size_t base, void *user) {
    void *at = (char *)user + base + o->offset;
    if (o->kind == CLI_TEXT || o->kind == CLI_OUTPUT) g_clear_pointer((char **)at, g_free);
    if (o->kind == CLI_LIST || o->kind == CLI_SETTING) g_clear_pointer((char ***)at, g_strfreev);
}

void cli_args_free(cli_args *args) {
    if (!args) return;
    cli_each_option(args->command, 0, clear_option, args);
    cli_each_option(args->command, 1, clear_option, args);
    g_strfreev(args->operands);
    g_free(args);
}
