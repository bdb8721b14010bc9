/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned tables of text on stdout: columns as wide as their widest cell, two blanks between them.
 *
 * On a terminal too narrow for that, columns that may be cut are, the widest first, and end in an
 * ellipsis; where that is not enough the last columns are left out, and of a long table the first
 * rows are printed. Both is said. Elsewhere (a file, a pipe) nothing is ever cut.
 */
#include "table.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "terminal.h"

struct cli_table {
    const cli_column *columns;
    guint n;          /* columns */
    GPtrArray *cells; /* of char *, row after row */
};

cli_table *cli_table_new(const cli_column *columns) {
    cli_table *t = g_new0(cli_table, 1);
    t->columns = columns;
    while (columns[t->n].title) t->n++;
    t->cells = g_ptr_array_new_with_free_func(g_free);
    return t;
}

void cli_table_add(cli_table *table, const char *text) {
    g_ptr_array_add(table->cells, cli_clean(text));
}

void cli_table_addf(cli_table *table, const char *format, ...) {
    va_list list;
    va_start(list, format);
    char *text = g_strdup_vprintf(format, list);
    va_end(list);
    cli_table_add(table, text);
    g_free(text);
}

/* Narrows the widest of the first n columns that may be narrowed, until they fit; whether they do.
 */
static int shrink(const cli_table *t, guint n, int *width, int limit) {
    int total = 2 * ((int)n - 1);
    for (guint c = 0; c < n; c++) total += width[c];
    while (total > limit) {
        int widest = -1;
        for (guint c = 0; c < n; c++)
            if (t->columns[c].least > 0 && width[c] > t->columns[c].least &&
                (widest < 0 || width[c] > width[widest]))
                widest = (int)c;
        if (widest < 0) return 0;
        width[widest]--;
        total--;
    }
    return 1;
}

/* How many columns a terminal has room for, at least the first two, each of at least its least
 * width; `width` becomes theirs. */
static guint fit(const cli_table *t, int *width, int limit) {
    int *full = g_memdup2(width, t->n * sizeof *width);
    guint n = t->n;
    while (limit && !shrink(t, n, width, limit) && n > 2) {
        memcpy(width, full, t->n * sizeof *width);
        n--;
    }
    g_free(full);
    return n;
}

/* Names the columns from `shown` on. */
static void say_left_out(const cli_table *t, guint shown) {
    GString *names = g_string_new(NULL);
    for (guint c = shown; c < t->n; c++)
        g_string_append_printf(names, "%s%s", c > shown ? ", " : "", t->columns[c].title);
    if (names->len)
        cli_putf("left out: %s; a wider terminal, a file or a pipe gets them\n", names->str);
    g_string_free(names, TRUE);
}

static void pad(GString *line, int count) {
    while (count-- > 0) g_string_append_c(line, ' ');
}

/* Appends a cell, cut to `width` terminal columns with an ellipsis if it is longer. */
static void append_cell(GString *line, const char *text, int width, int right) {
    char *cell = cli_text_cut(text, width);
    const int left = width - cli_text_width(cell);
    if (right) pad(line, left);
    g_string_append(line, cell);
    if (!right) pad(line, left);
    g_free(cell);
}

/* Prints the first n cells of a row. */
static void print_line(const cli_table *t, guint n, const char *const *cells, const int *width) {
    GString *line = g_string_new(NULL);
    for (guint c = 0; c < n; c++) {
        if (c) pad(line, 2);
        append_cell(line, cells[c], width[c], t->columns[c].right);
    }
    while (line->len && line->str[line->len - 1] == ' ') g_string_truncate(line, line->len - 1);
    g_string_append_c(line, '\n');
    cli_put(line->str);
    g_string_free(line, TRUE);
}

void cli_table_print(const cli_table *table) {
    guint n = table->n, rows = table->cells->len / n;
    const char *const *cells = (const char *const *)table->cells->pdata;
    const char **titles = g_new(const char *, n);
    int *width = g_new(int, n), limit = cli_terminal_width(STDOUT_FILENO);
    for (guint c = 0; c < n; c++) {
        titles[c] = table->columns[c].title;
        width[c] = cli_text_width(titles[c]);
        for (guint r = 0; r < rows; r++) width[c] = MAX(width[c], cli_text_width(cells[r * n + c]));
    }
    const guint fitting = fit(table, width, limit);
    print_line(table, fitting, titles, width);
    const guint shown = (guint)cli_rows(STDOUT_FILENO, (int)rows);
    for (guint r = 0; r < shown; r++) print_line(table, fitting, cells + (gsize)r * n, width);
    cli_rows_left((int)(rows - shown), "rows");
    say_left_out(table, fitting);
    g_free(titles);
    g_free(width);
}

void cli_table_free(cli_table *table) {
    if (!table) return;
    g_ptr_array_free(table->cells, TRUE);
    g_free(table);
}
