/* SPDX-License-Identifier: Apache-2.0 */
/* What the program says: errors and notes on stderr, each one line; results on stdout.
 *
 * "Did you mean" takes the word with the smallest edit distance (insert, delete, replace, swap two
 * neighbours each cost 1: optimal string alignment, Damerau 1964) if that is at most a third of
 * the word's length, and at least 1. Layers and classes are suggested by the library, not here.
 */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fovea-private/file_kind.h"

#define NOTES_MAX 8 /* of one kind */
#define FILES_MAX 8 /* that cannot be read */

char *cli_clean(const char *text) {
    char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_sized_new(strlen(valid));
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        GUnicodeType type = g_unichar_type(c);
        int ends_line = type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
        g_string_append_unichar(out, g_unichar_iscntrl(c) || ends_line ? '?' : c);
    }
    g_free(valid);
    return g_string_free(out, FALSE);
}

static void say_text(const char *prefix, const char *text, const char *suffix) {
    char *clean = cli_clean(text);
    fflush(stdout);
    fprintf(stderr, "fovea: %s%s%s\n", prefix, clean, suffix);
    g_free(clean);
}

static void say(const char *prefix, const char *format, va_list list, const char *suffix) {
    char *text = g_strdup_vprintf(format, list);
    say_text(prefix, text, suffix);
    g_free(text);
}

int(cli_fail)(const char *format, ...) {
    va_list list;
    va_start(list, format);
    say("", format, list, "");
    va_end(list);
    return CLI_FAILED;
}

int(cli_fail_error)(const fv_error *err) { return cli_fail("%s", err->text); }

int(cli_fail_input)(const char *path, const fv_error *err) {
    if (err->status != FV_SHAPE) return cli_fail_error(err);
    return cli_fail("%s: %s", path, err->text);
}

static int bad_files, unnamed_files;

int cli_fail_file(const cli_args *args, const char *path, const fv_error *err) {
    if (++bad_files <= FILES_MAX || args->verbose) return cli_fail_input(path, err);
    unnamed_files++;
    return CLI_FAILED;
}

/* Says how many files were not named. */
static void finish_files(void) {
    if (unnamed_files) cli_fail("and %d more; --verbose names them", unnamed_files);
    bad_files = unnamed_files = 0;
}

/* Appends what the file is to an error about its format; err may be NULL. */
static fv_status add_kind(const char *path, fv_status st, fv_error *err) {
    const char *kind = err && st == FV_FORMAT ? fv_file_kind(path) : NULL;
    const size_t n = kind ? strlen(err->text) : 0;
    if (kind && (strstr(err->text, ": is not a picture") || strstr(err->text, "not an NPY, ")))
        g_snprintf(err->text + n, sizeof err->text - n, ", but %s", kind);
    return st;
}

fv_status cli_image_load(const char *path, int alpha, fv_image **out, fv_error *err) {
    const fv_status st =
        alpha ? fv_image_load_alpha(path, out, err) : fv_image_load(path, out, err);
    return add_kind(path, st, err);
}

fv_status cli_tensor_load(const char *path, fv_tensor **out, fv_error *err) {
    return add_kind(path, fv_tensor_load(path, out, err), err);
}

int(cli_usage)(const cli_command *command, const char *format, ...) {
    char *see = command ? g_strdup_printf("; see fovea %s --help", command->name)
                        : g_strdup("; see fovea --help");
    va_list list;
    va_start(list, format);
    say("", format, list, see);
    va_end(list);
    g_free(see);
    return CLI_USAGE;
}

/* ---- notes ---------------------------------------------------------------------------------- */

/* Notes of one kind: of one format, or of one text but for its numbers. */
typedef struct note_kind {
    char *first; /* text */
    int count;
} note_kind;

static GHashTable *note_kinds; /* of note_kind; the program has one thread */
static GPtrArray *many_notes;  /* those of which some were not printed, in order; borrowed */

static void free_kind(gpointer data) {
    note_kind *k = data;
    g_free(k->first);
    g_free(k);
}

/* Counts a note; the kind it is of. */
static note_kind *count_note(const char *format, const char *text) {
    GString *key = g_string_new(NULL);
    for (const char *p = strcmp(format, "%s") ? format : text; *p; p++)
        if (!g_ascii_isdigit(*p)) g_string_append_c(key, *p);
    if (!note_kinds) {
        note_kinds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_kind);
        many_notes = g_ptr_array_new();
    }
    note_kind *k = g_hash_table_lookup(note_kinds, key->str);
    if (!k) {
        k = g_new0(note_kind, 1);
        k->first = g_strdup(text);
        g_hash_table_insert(note_kinds, g_strdup(key->str), k);
    }
    g_string_free(key, TRUE);
    k->count++;
    return k;
}

void cli_note(const cli_args *args, const char *format, ...) {
    if (args->quiet) return;
    va_list list;
    va_start(list, format);
    char *text = g_strdup_vprintf(format, list);
    va_end(list);
    note_kind *k = count_note(format, text);
    if (args->verbose || k->count <= NOTES_MAX)
        say_text("note: ", text, "");
    else if (k->count == NOTES_MAX + 1)
        g_ptr_array_add(many_notes, k);
    g_free(text);
}

/* Says how many notes were not printed. */
static void finish_notes(void) {
    for (guint i = 0; many_notes && i < many_notes->len; i++) {
        const note_kind *k = many_notes->pdata[i];
        char *text = g_strdup_printf("%d more notes as \"%.60s\"; --verbose prints them",
                                     k->count - NOTES_MAX, k->first);
        say_text("note: ", text, "");
        g_free(text);
    }
    if (many_notes) g_ptr_array_free(many_notes, TRUE);
    if (note_kinds) g_hash_table_destroy(note_kinds);
    many_notes = NULL;
    note_kinds = NULL;
}

/* ---- results -------------------------------------------------------------------------------- */

void cli_put(const char *text) { fputs(text, stdout); }

void cli_putf(const char *format, ...) {
    va_list list;
    va_start(list, format);
    vfprintf(stdout, format, list);
    va_end(list);
}

int cli_finish(int code) {
    finish_files();
    finish_notes();
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    if (errno == EPIPE) return CLI_FAILED; /* the reader has had enough and knows it */
    return cli_fail("standard output: %s", errno ? g_strerror(errno) : "write failed");
}

/* Edit distance, with rows as long as b (both short words). */
static int distance(const char *a, const char *b) {
    size_t n = strlen(b);
    int *row = g_new(int, 3 * (n + 1)); /* [3][n+1]: this row, the last, the one before */
    int *now = row, *last = row + n + 1, *before = row + 2 * (n + 1);
    for (size_t j = 0; j <= n; j++) last[j] = (int)j;
    for (size_t i = 1; a[i - 1]; i++) {
        now[0] = (int)i;
        for (size_t j = 1; j <= n; j++) {
            int best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = MIN(best, MIN(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = MIN(best, before[j - 2] + 1);
            now[j] = best;
        }
        int *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    int result = last[n];
    g_free(row);
    return result;
}

const char *cli_nearest(const char *text, const char *const *words) {
    const char *nearest = NULL;
    int best = 0;
    for (; *words; words++) {
        int limit = (int)MAX(strlen(*words) / 3, 1), d = distance(text, *words);
        if (d <= limit && (!nearest || d < best)) {
            nearest = *words;
            best = d;
        }
    }
    return nearest;
}
