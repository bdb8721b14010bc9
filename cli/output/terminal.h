/* SPDX-License-Identifier: Apache-2.0 */
/* How wide a terminal is, what it can do, and how much of it a text takes. */
#ifndef FOVEA_CLI_TERMINAL_H
#define FOVEA_CLI_TERMINAL_H

/* Columns of the terminal that a file descriptor is, asked anew at each call; what COLUMNS says, or
 * 80, where the terminal does not know. 0: no terminal, no limit. */
int cli_terminal_width(int fd);

/* Whether a file descriptor is a terminal on which a line can be drawn over: not with TERM=dumb. */
int cli_terminal_redraws(int fd);

/* How many rows of a list are printed on a file descriptor: CLI_ROWS_MAX on a terminal, all of them
 * elsewhere. cli_rows_left says on stdout how many there are besides, if any. */
#define CLI_ROWS_MAX 200
int cli_rows(int fd, int rows);
void cli_rows_left(int rows, const char *what);

/* Columns that a text takes: East Asian wide characters take two, combining marks none. */
int cli_text_width(const char *text);
/* The text, or its beginning and an ellipsis, in at most `width` columns. Caller frees. */
char *cli_text_cut(const char *text, int width);

#endif
