/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned tables of text on stdout. */
#ifndef FOVEA_CLI_TABLE_H
#define FOVEA_CLI_TABLE_H

typedef struct cli_table cli_table;

typedef struct cli_column {
    const char *title;
    int right; /* aligned to the right, as numbers are */
    int least; /* it may be cut down to this many places on a narrow terminal; 0: never cut */
} cli_column;

/* `columns` is borrowed and ends with a NULL title. */
cli_table *cli_table_new(const cli_column *columns);
/* Adds a cell; rows fill from left to right. Control characters become '?'. */
void cli_table_add(cli_table *table, const char *text);
void cli_table_addf(cli_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints a line of titles and all rows. Only where stdout is a terminal are cells cut to fit. */
void cli_table_print(const cli_table *table);
void cli_table_free(cli_table *table);

#endif
