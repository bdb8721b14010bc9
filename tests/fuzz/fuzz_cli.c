/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the command line: the words of an input, one a line, are read as those of a command. What
 * the parser says to the user goes to /dev/null, where it is still formatted and cleaned. */
#include <stdio.h>
#include <string.h>

#include "../../cli/command.h"
#include "../../cli/lists.h"
#include "../../cli/options.h"
#include "../../cli/output/report.h"
#include "fuzz.h"

#define WORDS_MAX 64
#define TEXT_MAX  4096

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    FILE *nowhere = fopen("/dev/null", "w");
    FUZZ_ASSERT(nowhere);
    stderr = nowhere; /* sanitizers write to the descriptor */
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[TEXT_MAX + 1], *words[WORDS_MAX + 1];
    int n = 0;
    if (size > TEXT_MAX) size = TEXT_MAX;
    if (size) memcpy(text, data, size);
    text[size] = 0;
    for (char *at = text; at && n < WORDS_MAX;) {
        char *end = memchr(at, '\n', size - (size_t)(at - text));
        if (end) *end = 0;
        words[n++] = at;
        at = end ? end + 1 : NULL;
    }
    words[n] = NULL;
    const cli_command *command = cli_command_find(words[0]);
    if (!command) {
        command = cli_commands[(unsigned char)words[0][0] % 19];
        if (!command) return 0;
    }
    cli_args *args = NULL;
    int code = cli_args_parse(command, n, words, &args);
    FUZZ_ASSERT(code == CLI_DONE || code == CLI_USAGE);
    if (code == CLI_DONE && !args->help) {
        FUZZ_ASSERT(args->n_operands >= command->min_operands);
        FUZZ_ASSERT(args->n_operands <= command->max_operands);
    }
    cli_args_free(args);
    return 0;
}
