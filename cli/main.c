/* SPDX-License-Identifier: Apache-2.0 */
/* The command `fovea`: finds the command meant, reads its command line, runs it. */
#include <glib.h>
#include <locale.h>
#include <string.h>

#include "command.h"
#include "files.h"
#include "help.h"
#include "options.h"
#include "report.h"

static int fail_unknown(const char *what, const char *word, const char *const *words) {
    const char *near = cli_nearest(word, words);
    if (near) return cli_usage(NULL, "no %s '%s'; did you mean %s?", what, word, near);
    return cli_usage(NULL, "no %s '%s'", what, word);
}

static int fail_unknown_command(const char *word) {
    const char *words[32] = {"help"};
    for (int i = 0; cli_commands[i] && i < 30; i++) words[i + 1] = cli_commands[i]->name;
    return fail_unknown("command", word, words);
}

/* fovea help [COMMAND]; fovea help --markdown prints docs/commands.md. */
static int run_help(int argc, char **argv) {
    if (argc > 3) return cli_usage(NULL, "help: '%s' is one argument too many", argv[3]);
    if (argc < 3 || !strcmp(argv[2], "help"))
        cli_help_program();
    else if (!strcmp(argv[2], "--markdown"))
        cli_help_markdown();
    else if (cli_command_find(argv[2]))
        cli_help_command(cli_command_find(argv[2]));
    else
        return fail_unknown_command(argv[2]);
    return CLI_DONE;
}

static int run_command(const cli_command *command, int argc, char **argv) {
    cli_args *args = NULL;
    int code = cli_args_parse(command, argc - 1, argv + 1, &args);
    args->command_argc = argc;
    args->command_argv = argv;
    if (code == CLI_DONE && args->help) {
        cli_help_command(command);
    } else if (code == CLI_DONE) {
        code = cli_files_check(args);
        if (code == CLI_DONE) code = command->run(args);
    }
    cli_args_free(args);
    return code;
}

static int run_program(int argc, char **argv) {
    static const char *const options[] = {"--help", "--version", "-h", "-V", NULL};
    if (argc < 2) { /* a person who looks, or a script that forgot: help, and not as a result */
        cli_help_short();
        return CLI_USAGE;
    }
    const char *word = argv[1];
    if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
        cli_help_program();
        return CLI_DONE;
    }
    if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
        cli_help_version();
        return CLI_DONE;
    }
    if (!strcmp(word, "help")) return run_help(argc, argv);
    const cli_command *command = cli_command_find(word);
    if (command) return run_command(command, argc, argv);
    for (int i = 2; word[0] == '-' && i < argc; i++)
        if (cli_command_find(argv[i]))
            return cli_usage(NULL, "the command comes first: fovea %s ... %s", argv[i], word);
    return word[0] == '-' ? fail_unknown("option", word, options) : fail_unknown_command(word);
}

int main(int argc, char **argv) {
    setlocale(LC_CTYPE, ""); /* and nothing else: numbers are written with '.' everywhere */
    return cli_finish(run_program(argc, argv));
}
