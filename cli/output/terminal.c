/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals: how many columns there are and how many a text takes, and how much of a long list.
 * Nothing is kept between calls, so a window that changes its size needs no signal handler: the
 * next line has the new width. */
#include "terminal.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "report.h"

int cli_terminal_width(int fd) {
    struct winsize size;
    if (!isatty(fd)) return 0;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const char *said = getenv("COLUMNS");
    const int columns = said ? atoi(said) : 0;
    return columns > 0 && columns < 10000 ? columns : 80;
}

int cli_terminal_redraws(int fd) {
    const char *kind = getenv("TERM");
    return isatty(fd) && !(kind && !strcmp(kind, "dumb"));
}

int cli_rows(int fd, int rows) { return isatty(fd) ? MIN(rows, CLI_ROWS_MAX) : rows; }

void cli_rows_left(int rows, const char *what) {
    if (rows > 0)
        cli_putf("... and %d more %s; a file or a pipe, as to less, gets them all\n", rows, what);
}

static int columns_of(gunichar c) {
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

int cli_text_width(const char *text) {
    int width = 0;
    for (; *text; text = g_utf8_next_char(text)) width += columns_of(g_utf8_get_char(text));
    return width;
}

char *cli_text_cut(const char *text, int width) {
    if (cli_text_width(text) <= width) return g_strdup(text);
    GString *s = g_string_new(NULL);
    int used = 1; /* by the ellipsis */
    for (; *text; text = g_utf8_next_char(text)) {
        const gunichar c = g_utf8_get_char(text);
        if (used + columns_of(c) > width) break;
        used += columns_of(c);
        g_string_append_unichar(s, c);
    }
    if (width > 0) g_string_append(s, g_get_charset(NULL) ? "\u2026" : "~");
    return g_string_free(s, FALSE);
}
