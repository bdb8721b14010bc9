/* SPDX-License-Identifier: Apache-2.0 */
/* Help, and docs/commands.md, made from the declarations of the commands: what can be typed is
 * written once. `fovea help --markdown` prints docs/commands.md; a test holds the file to it.
 */
#include "help.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "recipe.h"
#include "report.h"
#include "terminal.h"

#define COLUMNS      96 /* width of help; a terminal may have fewer */
#define NAME_COLUMNS 26 /* of the part with the options' names */
#define NARROW       64 /* below that the names stand above what is said of them, */
#define INDENT       10 /* which is indented by that */

static const char program_summary[] =
    "fovea opens a trained network's file and shows what the network has learned.";

static const char model_text[] =
    "MODEL is the path of a network's file (ONNX, Keras, PyTorch's .pt2, TensorFlow, TensorFlow "
    "Lite, "
    "Caffe or Darknet), or the bare name of a model in the cache "
    "($XDG_CACHE_HOME/fovea/models, by default ~/.cache/fovea/models; `fovea models` lists it). "
    "How a picture becomes the "
    "network's input is read from the options, then from a file MODEL.fovea.json in the model's "
    "folder, then from the model's file. Where none of them says it, a default is assumed and a "
    "note "
    "names it.";

static const char layer_text[] =
    "LAYER is a layer's name as `fovea layers` prints it, `#` and its index, or an ending of its "
    "name that fits only one layer. Layers, channels and classes count from 0 (MATLAB's count "
    "from 1).";

static const char exit_text[] =
    "Exit codes: 0 done, 1 failed, 2 the command line is wrong. Errors are one line on stderr that "
    "starts with `fovea: `; a file that could not be "
    "written completely is left unchanged. Interrupted with "
    "Ctrl-C, the program stops between two steps, "
    "reports it, and ends by that signal (130 in a "
    "shell); visualize, dream, attribute, examples, activations and compare first write what there "
    "is so "
    "far, marked unfinished in its metadata. A second Ctrl-C ends it at once.";

static int columns(void) {
    const int width = cli_terminal_width(STDOUT_FILENO);
    return width ? CLAMP(width, 2 * INDENT, COLUMNS) : COLUMNS;
}

/* Prints text broken at blanks, every line after the first indented; `at`: where the first
 * begins. */
static void put_wrapped(const char *text, int indent, int at) {
    char **words = g_strsplit(text, " ", -1);
    const int most = columns();
    int first = 1;
    for (char **w = words; *w; w++) {
        int width = (int)g_utf8_strlen(*w, -1);
        if (!first && at + 1 + width > most) {
            cli_putf("\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            cli_put(" ");
            at++;
        }
        cli_put(*w);
        at += width;
        first = 0;
    }
    cli_put("\n");
    g_strfreev(words);
}

/* Prints paragraphs, each followed by an empty line. */
static void put_paragraphs(const char *text) {
    char **list = g_strsplit(text, "\n\n", -1);
    for (char **p = list; *p; p++) {
        put_wrapped(*p, 0, 0);
        cli_put("\n");
    }
    g_strfreev(list);
}

static void add_bound(GString *text, const char *form, const char *value) {
    if (text->len) g_string_append(text, "; ");
    g_string_append_printf(text, form, value);
}

/* "with --output; 1..1000; default: 5": what it goes with, what is allowed, and what holds when it
 * is not given; caller frees. */
static char *bounds_of(const cli_option *o) {
    GString *text = g_string_new(NULL);
    char *with = o->with ? cli_option_names(o->with, " or ") : NULL;
    char *without = o->without ? cli_option_names(o->without, " or ") : NULL;
    if (with) add_bound(text, "with %s", with);
    if (without) add_bound(text, "not with %s", without);
    if (o->kind == CLI_SETTING) {
        char *presets = cli_recipe_presets(o->name);
        if (*presets) add_bound(text, "default: %s", presets);
        g_free(presets);
    } else if (o->kind != CLI_FLAG) {
        /* names that are listed below are not listed twice */
        char *range = o->choice && o->value ? g_strdup("") : cli_option_range(o);
        if (*range) add_bound(text, "%s", range);
        add_bound(text, o->fallback[0] ? "default: %s" : "required%s", o->fallback);
        g_free(range);
    }
    g_free(without);
    g_free(with);
    return g_string_free(text, FALSE);
}

/* What stands for its value: "N", "all|tile", "black|white|FILE", ""; caller frees. */
static char *value_of(const cli_option *o) {
    if (!o->choice || (o->value && o->kind == CLI_CHOICE))
        return g_strdup(o->value ? o->value : "");
    char **list = cli_option_choices(o), *words = g_strjoinv("|", list);
    char *text = o->value ? g_strdup_printf("%s|%s", words, o->value) : g_strdup(words);
    g_free(words);
    g_strfreev(list);
    return text;
}

/* Prints a name and, beside or below it, what is said of it. */
static void put_named(const char *name, const char *text) {
    const int indent = columns() < NARROW ? INDENT : NAME_COLUMNS;
    if (cli_text_width(name) + 1 >= indent)
        cli_putf("%s\n%*s", name, indent, "");
    else
        cli_putf("%-*s", indent, name);
    put_wrapped(text, indent, indent);
}

static void put_option(const cli_option *o, size_t base, void *user) {
    (void)base;
    (void)user;
    if (!o->help) return; /* a former name */
    char letter[] = {'-', o->letter, ',', ' ', 0};
    char *value = value_of(o);
    char *name = g_strdup_printf("  %s--%s%s%s", o->letter ? letter : "    ", o->name,
                                 *value ? " " : "", value);
    char *bounds = bounds_of(o);
    char *text = *bounds ? g_strdup_printf("%s (%s)", o->help, bounds) : g_strdup(o->help);
    put_named(name, text);
    g_free(text);
    g_free(bounds);
    g_free(name);
    g_free(value);
}

static char *recipe_text(int index) { return g_strdup(fv_recipe_summary(index)); }

static const cli_names recipes = {"Recipes (--recipe NAME)", fv_recipe_name, recipe_text};
static const char settings_title[] =
    "Recipe options (default: the value in fovea, and in each recipe that no other value names)";

static void put_names(const cli_names *n) {
    cli_putf("\n%s:\n", n->title);
    for (int i = 0; n->name(i); i++) {
        char *text = n->text(i), *name = g_strdup_printf("  %s", n->name(i));
        put_named(name, text);
        g_free(name);
        g_free(text);
    }
}

void cli_help_command(const cli_command *c) {
    cli_putf("Usage: fovea %s%s%s [OPTION...]\n\n", c->name, *c->operands ? " " : "", c->operands);
    put_paragraphs(c->summary);
    put_paragraphs(c->details);
    cli_put("Options:\n");
    cli_each_option(c, 0, put_option, NULL);
    if (c->names) put_names(c->names);
    if (c->recipe) {
        put_names(&recipes);
        cli_putf("\n%s:\n", settings_title);
        cli_each_option(c, 1, put_option, NULL);
    }
    cli_put("\nExamples:\n");
    for (int i = 0; c->examples[i][0]; i++)
        cli_putf("  %s\n      %s\n", c->examples[i][0], c->examples[i][1]);
    cli_put("\n");
    if (c->model) {
        put_paragraphs(model_text);
        put_paragraphs(layer_text);
    }
    put_wrapped(exit_text, 0, 0);
}

void cli_help_short(void) {
    fprintf(stderr, "%s\n\nUsage: fovea COMMAND [ARGUMENT...] [OPTION...]\n\n", program_summary);
    for (const cli_command *const *c = cli_commands; *c; c++)
        fprintf(stderr, "  %-11s %s\n", (*c)->name, (*c)->summary);
    fputs("\nFirst: `fovea layers MODEL`, then "
          "`fovea visualize MODEL LAYER:0-15 -o features.png`.\n"
          "`fovea help` says more, `fovea COMMAND --help` all of a command.\n",
          stderr);
}

void cli_help_program(void) {
    cli_put("Usage: fovea COMMAND [ARGUMENT...] [OPTION...]\n\n");
    put_paragraphs(program_summary);
    cli_put("Commands:\n");
    for (const cli_command *const *c = cli_commands; *c; c++)
        cli_putf("  %-11s %s\n", (*c)->name, (*c)->summary);
    cli_put("\n"
            "`fovea COMMAND --help` and `fovea help COMMAND` explain a command; `fovea --version`\n"
            "prints the versions of the program and of the libraries underneath.\n\n"
            "Examples:\n"
            "  fovea layers efficientnet-lite0\n"
            "      what the network is made of\n"
            "  fovea visualize efficientnet-lite0 block_5/expand/conv:0-15 -o features.png\n"
            "      what excites the first 16 channels of a layer in its middle\n\n");
    put_paragraphs(model_text);
    put_paragraphs(layer_text);
    put_wrapped(exit_text, 0, 0);
}

/* A cell of a markdown table must not hold a bar. */
static char *escape_bars(const char *text) {
    char **parts = g_strsplit(text, "|", -1);
    char *out = g_strjoinv("\\|", parts);
    g_strfreev(parts);
    return out;
}

static void markdown_option(const cli_option *o, size_t base, void *user) {
    (void)base;
    (void)user;
    if (!o->help) return;
    char *bounds = bounds_of(o), *plain = value_of(o), *value = escape_bars(plain);
    cli_put("| `");
    if (o->letter) cli_putf("-%c`, `", o->letter);
    cli_putf("--%s%s%s` | %s | %s |\n", o->name, *value ? " " : "", value, o->help, bounds);
    g_free(value);
    g_free(plain);
    g_free(bounds);
}

static void markdown_names(const cli_names *n) {
    cli_putf("\n%s:\n\n| name | what it is |\n|---|---|\n", n->title);
    for (int i = 0; n->name(i); i++) {
        char *text = n->text(i);
        cli_putf("| `%s` | %s |\n", n->name(i), text);
        g_free(text);
    }
}

static void markdown_command(const cli_command *c) {
    cli_putf("## fovea %s\n\n    fovea %s%s%s [OPTION...]\n\n", c->name, c->name,
             *c->operands ? " " : "", c->operands);
    cli_putf("%s.\n\n%s\n\n| option | meaning | allowed; default |\n|---|---|---|\n", c->summary,
             c->details);
    cli_each_option(c, 0, markdown_option, NULL);
    if (c->names) markdown_names(c->names);
    if (c->recipe) {
        markdown_names(&recipes);
        cli_putf("\n%s:\n\n| option | meaning | allowed; default |\n|---|---|---|\n",
                 settings_title);
        cli_each_option(c, 1, markdown_option, NULL);
    }
    for (int i = 0; c->examples[i][0]; i++)
        cli_putf("\n%s:\n\n```sh\n%s\n```\n", c->examples[i][1], c->examples[i][0]);
    cli_put("\n");
}

void cli_help_markdown(void) {
    cli_put("<!-- Made by `fovea help --markdown`; a test holds this file to it. -->\n"
            "# The commands\n\n");
    cli_putf("%s\n\n%s\n\n%s\n\n%s\n\n", program_summary, model_text, layer_text, exit_text);
    cli_put("| command | what it does |\n|---|---|\n");
    for (const cli_command *const *c = cli_commands; *c; c++)
        cli_putf("| [`%s`](#fovea-%s) | %s |\n", (*c)->name, (*c)->name, (*c)->summary);
    cli_put("\n");
    for (const cli_command *const *c = cli_commands; *c; c++) markdown_command(*c);
}

void cli_help_version(void) { cli_putf("fovea %s\n%s\n", fv_version(), fv_version_libraries()); }
