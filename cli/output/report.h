/* SPDX-License-Identifier: Apache-2.0 */
/* What the program says: errors and notes on stderr, results on stdout. */
#ifndef FOVEA_CLI_REPORT_H
#define FOVEA_CLI_REPORT_H

#include <glib.h>

#include "command.h"

/* Prints "fovea: TEXT" on stderr, on one line.  returns  CLI_FAILED */
int cli_fail(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Prints the text of a library error the same way.  returns  CLI_FAILED */
int cli_fail_error(const fv_error *err);

/* The same for an error met while working on a file of the user's: where the text is about a shape
 * (the library sees numbers, not where they came from), the file is named before it. */
int cli_fail_input(const char *path, const fv_error *err);

/* The same of one of many files that are read one after the other: the first are named, all with
 * --verbose; cli_finish says how many more there were.  returns  CLI_FAILED */
int cli_fail_file(const cli_args *args, const char *path, const fv_error *err);

/* fv_image_load and fv_tensor_load; of a file that is neither picture nor array the error says what
 * it is. */
fv_status cli_image_load(const char *path, int alpha, fv_image **out, fv_error *err);
fv_status cli_tensor_load(const char *path, fv_tensor **out, fv_error *err);

/* Prints "fovea: TEXT; see fovea COMMAND --help" (`command` may be NULL).  returns  CLI_USAGE */
int cli_usage(const cli_command *command, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Prints "fovea: note: TEXT" on stderr, unless --quiet. Of many notes of one kind, whose format or,
 * but for its numbers, whose text is the same, the first are printed, all with --verbose;
 * cli_finish says how many more there were. */
void cli_note(const cli_args *args, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Writes text to stdout; cli_finish reports what went wrong. */
void cli_put(const char *text);
void cli_putf(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Says how many files and notes were not named, and flushes stdout.  returns  `code`, or CLI_FAILED
 * if the results did not all get out */
int cli_finish(int code);

/* `text` as one line of valid UTF-8 without control characters: names come from files, and a
 * terminal obeys escape sequences. Caller frees. */
char *cli_clean(const char *text);

/* The nearest of `words` (ends with NULL) to `text` if it is near enough to be meant, or NULL. */
const char *cli_nearest(const char *text, const char *const *words);

#ifdef FVI_ANALYZE /* tools/analyze.py: tells what a file's analysis cannot see */
#define cli_fail(...)             (cli_fail(__VA_ARGS__), CLI_FAILED)
#define cli_fail_error(err)       (cli_fail_error(err), CLI_FAILED)
#define cli_fail_input(path, err) (cli_fail_input(path, err), CLI_FAILED)
#define cli_usage(command, ...)   (cli_usage(command, __VA_ARGS__), CLI_USAGE)
#endif

#endif
