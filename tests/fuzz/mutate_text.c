/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of text that is made of words, quoted texts, numbers and brackets: JSON, protobuf's text,
 * Darknet's sections. It is cut into spans: words, and what stands between a bracket and the one
 * that closes it; a span goes, comes twice, or is replaced by an odd one or by another one of the
 * text. What it does not do: escapes inside of quotes. */
#include <string.h>

#include "mutate.h"

#define NESTED_MAX 300

typedef struct span {
    size_t at, n;
} span;

static const char *const odd[] = {"0",
                                  "-1",
                                  "0.5",
                                  "1e-45",
                                  "1e30",
                                  "1e308",
                                  "1e999",
                                  "-1e18",
                                  "1e18",
                                  "nan",
                                  "null",
                                  "true",
                                  "false",
                                  "[]",
                                  "{}",
                                  "\"\"",
                                  "[[]]",
                                  "\"1\"",
                                  "1 ",
                                  "-0",
                                  "2147483648",
                                  "4611686018427387904",
                                  "9223372036854775807",
                                  "18446744073709551616",
                                  "99999999999999999999999999",
                                  "[null, null, null, 3]",
                                  "[1, 1000000000, 1000000000, 3]"};

static int is_word(char c) { return g_ascii_isalnum(c) || strchr("_-+./", c); }

/* Length of the word, quoted text or sign at `at`. */
static size_t token(const char *text, size_t size, size_t at) {
    size_t to = at + 1;
    if (text[at] == '"' || text[at] == '\'') {
        while (to < size && text[to] != text[at]) to++;
        return MIN(to + 1, size) - at;
    }
    if (!text[at] || !is_word(text[at])) return 1;
    while (to < size && text[to] && is_word(text[to])) to++;
    return to - at;
}

/* The spans of a text, and of each bracket that is closed the span it begins. */
static GArray *cut(const char *text, size_t size) {
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(span));
    GArray *open = g_array_new(FALSE, FALSE, sizeof(size_t));
    for (size_t at = 0, n; at < size; at += n) {
        n = token(text, size, at);
        const span s = {at, n};
        if (text[at] && strchr("[{(", text[at])) {
            g_array_append_val(open, at);
        } else if (text[at] && strchr("]})", text[at]) && open->len) {
            const size_t from = g_array_index(open, size_t, open->len - 1);
            const span whole = {from, at + 1 - from};
            g_array_append_val(spans, whole);
            g_array_set_size(open, open->len - 1);
        } else if (n > 1 || g_ascii_isalnum(text[at])) {
            g_array_append_val(spans, s);
        }
    }
    g_array_free(open, TRUE);
    return spans;
}

static void put(GByteArray *text, span s, const char *by) {
    mutate_replace(text, s.at, s.n, by, strlen(by));
}

/* A number in the place of one, else a word, in quotes where the old one has some. */
static void change(GRand *random, GByteArray *text, span s, const char *old) {
    char *end = NULL, *made = NULL;
    const gint64 number = g_ascii_strtoll(old, &end, 10);
    if (!mutate_below(random, 3)) {
        made = g_strdup(odd[mutate_below(random, G_N_ELEMENTS(odd))]);
    } else if (end != old) {
        made = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)mutate_number(random, number));
    } else {
        const char *quote = old[0] == '"' ? "\"" : "";
        made = g_strdup_printf("%s%s%s", quote, mutate_word(random), quote);
    }
    put(text, s, made);
    g_free(made);
}

/* Puts a span into itself, some times. */
static void nest(GRand *random, GByteArray *text, span s, const char *old) {
    const unsigned depth = 1 + mutate_below(random, mutate_below(random, 8) ? 3 : NESTED_MAX);
    const char *const pairs[][2] = {{"[", "]"}, {"{", "}"}, {"{\"config\":", "}"}, {"a {", "}"}};
    const char *const *pair = pairs[mutate_below(random, G_N_ELEMENTS(pairs))];
    GString *made = g_string_new(NULL);
    for (unsigned i = 0; i < depth; i++) g_string_append(made, pair[0]);
    g_string_append(made, old);
    for (unsigned i = 0; i < depth; i++) g_string_append(made, pair[1]);
    put(text, s, made->str);
    g_string_free(made, TRUE);
}

/* The line around a span, with its end. */
static span line_of(const GByteArray *text, span s) {
    size_t from = s.at, to = s.at + s.n;
    while (from && text->data[from - 1] != '\n') from--;
    while (to < text->len && text->data[to - 1] != '\n') to++;
    return (span){from, to - from};
}

static void copy(GByteArray *text, span from, size_t at, size_t count, const char *between) {
    char *made = g_strdup_printf("%.*s%s", (int)from.n, (char *)text->data + from.at, between);
    mutate_replace(text, at, count, made, strlen(made));
    g_free(made);
}

/* Removes a span with the comma behind or before it. */
static void drop(GByteArray *text, span s) {
    size_t to = s.at + s.n;
    while (to < text->len && g_ascii_isspace(text->data[to])) to++;
    if (to < text->len && text->data[to] == ',') {
        s.n = to + 1 - s.at;
    } else {
        size_t from = s.at;
        while (from && g_ascii_isspace(text->data[from - 1])) from--;
        if (from && text->data[from - 1] == ',') s = (span){from - 1, s.at + s.n - from + 1};
    }
    mutate_replace(text, s.at, s.n, NULL, 0);
}

void mutate_text(GRand *random, GByteArray *text) {
    GArray *spans = cut((char *)text->data, text->len);
    if (!spans->len || !mutate_below(random, 16)) {
        mutate_plain(text);
    } else {
        span s = g_array_index(spans, span, mutate_below(random, spans->len));
        const span other = g_array_index(spans, span, mutate_below(random, spans->len));
        char *old = g_strndup((char *)text->data + s.at, s.n);
        const int lines = !mutate_below(random, 4);
        if (lines) s = line_of(text, s);
        switch (mutate_below(random, 10)) {
        case 0: drop(text, s); break;
        case 1: copy(text, s, s.at, 0, lines ? "" : ","); break;
        case 2:
        case 3: copy(text, lines ? line_of(text, other) : other, s.at, s.n, ""); break;
        case 4: nest(random, text, s, old); break;
        default:
            if (!lines) change(random, text, s, old);
        }
        g_free(old);
    }
    g_array_free(spans, TRUE);
}
