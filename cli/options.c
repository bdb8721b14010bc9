/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of one command: GLib's option parser finds the options, the rows of cli_option
 * say what each may be. Numbers are read strictly: the whole word, no overflow, inside the range.
 *
 * Words are taken as bytes (a path need not be UTF-8). Nothing here depends on the locale.
 */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <string.h>

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

const cli_option cli_model_options[] = {
    {"mean",  0, CLI_NUMBERS, offsetof(cli_args, mean),  0, 0, "A,B,C", "as the model's file says",
     "what is subtracted from each channel, in units of --range"},
    {"scale", 0, CLI_NUMBERS, offsetof(cli_args, scale), 0, 0, "A,B,C", "as the model's file says",
     "what each channel is then multiplied by"},
    {"std",   0, CLI_NUMBERS, offsetof(cli_args, std),   1, 0, "A,B,C", "as the model's file says",
     "what each channel is divided by: another way to say --scale"},
    {"range", 0, CLI_CHOICE,  offsetof(cli_args, range), 0, 0, "1|255", "as the model's file says",
     "what white is before --mean is subtracted"},
    {"channel-order", 0, CLI_CHOICE, offsetof(cli_args, channel_order), 0, 0, "rgb|bgr",
     "as the model's file says", "order of the colours in the network's input"},
    {"labels",  0, CLI_TEXT, offsetof(cli_args, labels), 0, 0, "FILE", "as the model's file says",
     "text file with the class names, one a line"},
    {"threads", 0, CLI_INT,  offsetof(cli_args, threads), 1, 1024, "N", "all processors",
     "threads to compute with"},
    {"memory", 0, CLI_TEXT, offsetof(cli_args, memory), 0, 0, "N", "no bound but --limit memory",
     "what the program may take in all, in bytes or with K, M, G or T behind: batches and tiles are "
     "made small enough, and what needs more is refused"},
    {"precision", 0, CLI_CHOICE, offsetof(cli_args, precision), 0, 0, "f32|bf16|auto", "f32",
     "what convolutions and matrix products multiply in: bf16, or auto, is faster where the processor "
     "has instructions for it (AMX, AVX512-BF16), and f32 elsewhere"},
    {"limit", 0, CLI_LIST, offsetof(cli_args, limits), 0, 0, "NAME=N", "as docs/limits.md says",
     "what the model's file may make the program spend: NAME is memory, work, file, elements or "
     "nodes; N may end in K, M, G or T, as in memory=8G; several times for several"},
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
                     void (*each)(const cli_option *option, void *user), void *user) {
    const cli_option *plain[] = {command->options, command->loads_model ? cli_model_options : NULL,
                                 cli_common_options};
    const cli_option *recipes[G_N_ELEMENTS(plain)] = {command->renders ? cli_recipe_options()
                                                                       : NULL};
    const cli_option **tables = of_recipes ? recipes : plain;
    for (size_t t = 0; t < G_N_ELEMENTS(plain); t++)
        for (const cli_option *o = tables[t]; o && o->name; o++)
            if (!t || !has_row(tables[0], o->name)) each(o, user);
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

int cli_parse_int(const char *text, int64_t min, int64_t max, int64_t *out) {
    char *end = NULL;
    if (!g_ascii_isdigit(text[*text == '-'])) return -1; /* no blanks, no '+' */
    errno = 0;
    gint64 v = g_ascii_strtoll(text, &end, 10);
    if (errno || *end || v < min || v > max) return -1;
    *out = v;
    return 0;
}

static int parse_seed(const char *text, uint64_t *out) {
    char *end = NULL;
    if (!g_ascii_isdigit(text[0])) return -1;
    errno = 0;
    guint64 v = g_ascii_strtoull(text, &end, 10);
    if (errno || *end) return -1;
    *out = v;
    return 0;
}

/* A finite decimal number at the start of `text`.  returns  its end, or NULL */
static const char *parse_real(const char *text, double *out) {
    const char *digit = text + (*text == '-');
    char *end = NULL;
    if (!g_ascii_isdigit(*digit) && !(*digit == '.' && g_ascii_isdigit(digit[1]))) return NULL;
    if (digit[0] == '0' && (digit[1] | 32) == 'x') return NULL;
    *out = g_ascii_strtod(text, &end);
    return isfinite(*out) ? end : NULL;
}

static int parse_numbers(const char *text, int above_zero, cli_numbers *out) {
    cli_numbers list = {0};
    for (const char *p = text;; p++) {
        double number = 0;
        if (list.count == CLI_MAX_CHANNELS) return -1;
        const char *end = parse_real(p, &number);
        float v = (float)number;
        if (!end || !isfinite(v) || (above_zero && !(v > 0)) || (*end && *end != ',')) return -1;
        list.value[list.count++] = v;
        if (!*end) break;
        p = end;
    }
    *out = list;
    return 0;
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
static int store(const cli_option *o, const char *text, cli_args *args, fv_error *err) {
    void *to = (char *)args + o->offset;
    int64_t number = 0;
    double real = 0;
    const char *end = NULL;
    switch (o->kind) {
    case CLI_FLAG: *(int *)to = 1; return 0;
    case CLI_INT:
        if (cli_parse_int(text, o->min, o->max, &number)) return -1;
        *(int *)to = (int)number;
        return 0;
    case CLI_SEED: return parse_seed(text, to);
    case CLI_NUMBERS: return parse_numbers(text, o->min > 0, to);
    case CLI_CHOICE: return parse_choice(text, o->value, to);
    case CLI_REAL:
        end = parse_real(text, &real);
        if (!end || *end || !(real > o->min) || real > o->max) return -1;
        *(double *)to = real;
        return 0;
    case CLI_BETWEEN:
        end = parse_real(text, &real);
        if (!end || *end || !(real >= o->min) || real > o->max) return -1;
        *(double *)to = real;
        return 0;
    case CLI_LIST: append(to, text, NULL); return 0;
    case CLI_SETTING:
        if (cli_setting_check(o->name, text, err)) return -1;
        append(&args->settings, o->name, text);
        return 0;
    case CLI_TEXT:
        g_free(*(char **)to);
        *(char **)to = g_strdup(text);
        return 0;
    }
    return -1;
}

/* What one parse needs: the rows, and where their values go. */
typedef struct parse {
    GPtrArray *rows;  /* of const cli_option */
    GArray *entries;  /* of GOptionEntry */
    GPtrArray *words; /* "--size", ...: for suggestions */
    GOptionArgFunc take;
    cli_args *args;
} parse;

static gboolean take_option(const char *name, const char *value, gpointer data, GError **error) {
    parse *p = data;
    for (guint i = 0; i < p->rows->len; i++) {
        const cli_option *o = p->rows->pdata[i];
        if (strcmp(name + strspn(name, "-"), o->name) != 0 && !(name[1] == o->letter && !name[2]))
            continue;
        fv_error err = {0};
        if (!store(o, value, p->args, &err)) return TRUE;
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

static void add_entry(const cli_option *o, void *user) {
    parse *p = user;
    GOptionEntry e = {0};
    e.long_name = o->name;
    e.short_name = o->letter;
    e.flags = o->kind == CLI_FLAG ? G_OPTION_FLAG_NO_ARG : G_OPTION_FLAG_FILENAME;
    e.arg = G_OPTION_ARG_CALLBACK;
    e.arg_data = (gpointer)p->take;
    g_array_append_val(p->entries, e);
    g_ptr_array_add(p->rows, (gpointer)o);
    g_ptr_array_add(p->words, g_strdup_printf("--%s", o->name));
}

/* The row of `--name`, `--name=value`, `-n` or `-nvalue`, or NULL. */
static const cli_option *row_of(const parse *p, const char *word) {
    if (word[0] != '-') return NULL;
    for (guint i = 0; i < p->rows->len; i++) {
        const cli_option *o = p->rows->pdata[i];
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
        const cli_option *o = p->rows->pdata[i];
        if (o->kind == CLI_TEXT && o->fallback[0] == '\0' &&
            !*(char *const *)((const char *)a + o->offset))
            return cli_usage(c, "%s needs --%s %s", c->name, o->name, o->value);
    }
    return CLI_DONE;
}

int cli_args_parse(const cli_command *command, int argc, char **argv, cli_args *out) {
    *out = (cli_args){.command = command, .jitter = -1, .power = -1, .strength = -1};
    parse p = {g_ptr_array_new(), g_array_new(TRUE, TRUE, sizeof(GOptionEntry)),
               g_ptr_array_new_with_free_func(g_free), take_option, out};
    cli_each_option(command, 0, add_entry, &p);
    cli_each_option(command, 1, add_entry, &p);
    g_ptr_array_add(p.words, NULL);
    GOptionEntry rest = {G_OPTION_REMAINING, 0,    0,   G_OPTION_ARG_FILENAME_ARRAY,
                         &out->operands,     NULL, NULL};
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
        out->n_operands = out->operands ? (int)g_strv_length(out->operands) : 0;
        code = check_complete(&p);
    }
    g_strv_builder_unref(builder);
    g_strfreev(words);
    g_option_context_free(context);
    g_array_free(p.entries, TRUE);
    g_ptr_array_free(p.rows, TRUE);
    g_ptr_array_free(p.words, TRUE);
    return code;
}

static void clear_option(const cli_option *o, void *user) {
    void *at = (char *)user + o->offset;
    if (o->kind == CLI_TEXT) g_clear_pointer((char **)at, g_free);
    if (o->kind == CLI_LIST) g_clear_pointer((char ***)at, g_strfreev);
}

void cli_args_clear(cli_args *args) {
    cli_each_option(args->command, 0, clear_option, args);
    g_strfreev(args->operands);
    g_strfreev(args->settings);
    *args = (cli_args){0};
}
