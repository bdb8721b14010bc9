/* SPDX-License-Identifier: Apache-2.0 */
/* Class names as programs print them: str() of a Python dictionary or list, JSON, or plain lines.
 *
 * One grammar takes both notations, since what is written is often a mixture of them:
 *
 *   dictionary  { KEY : VALUE , ... }     list  [ VALUE , ... ] or ( VALUE , ... )
 *   text        'a', "a", with a prefix u, b or r; or a word without quotes up to the next , : or
 *               end; np.str_('a'), as NumPy prints its own
 *   backslash   \n \t \' \" \\ \/ \xe9 \u00e9 \U0001f600 \351, JSON's pairs \ud83d\ude00
 *
 * What it does not do: containers inside containers, arithmetic, \N{name}.
 */
#include "model/label_text.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"

#define FILE_MAX ((int64_t)64 << 20)

/* What a container holds. */
typedef struct pairs {
    GPtrArray *keys;   /* of texts, as many as values; NULL: a list, whose keys are 0, 1, ... */
    GPtrArray *values; /* of texts; "" where it is None or null */
} pairs;

typedef struct reader {
    const char *start, *at;
    fv_error *err;
} reader;

static fv_status expected(const reader *r, const char *what) {
    const int at = (int)(r->at - r->start);
    if (!*r->at) return fvi_fail(r->err, FV_FORMAT, "%s expected at its end", what);
    return fvi_fail(r->err, FV_FORMAT, "%s expected at byte %d, before \"%.16s\"", what, at, r->at);
}

static void blanks(reader *r) {
    while (g_ascii_isspace(*r->at)) r->at++;
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* Reads at most `most` digits of a base; *value is kept where there are fewer than `least`. */
static int digits(reader *r, int base, int least, int most, gunichar *value) {
    gunichar v = 0;
    int n = 0;
    for (; n < most; n++) {
        const int d = g_ascii_xdigit_value(r->at[n]);
        if (d < 0 || d >= base) break;
        v = v * (gunichar)base + (gunichar)d;
    }
    if (n < least) return 0;
    r->at += n;
    *value = v;
    return n;
}

static void append(GString *s, gunichar c) {
    if (!c) c = ' ';
    g_string_append_unichar(s, g_unichar_validate(c) ? c : 0xfffd);
}

/* The second half of a pair of JSON's \uD83D\uDE00, if it follows. */
static gunichar join_pair(reader *r, gunichar high) {
    gunichar low = 0;
    const char *back = r->at;
    if (high < 0xd800 || high > 0xdbff || r->at[0] != '\\' || r->at[1] != 'u') return high;
    r->at += 2;
    if (digits(r, 16, 4, 4, &low) && low >= 0xdc00 && low <= 0xdfff)
        return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    r->at = back;
    return high;
}

/* A backslash and what follows; `bytes`: \x is a byte, not a character. */
static void escape(reader *r, int bytes, GString *s) {
    static const char named[] = "n\nt\tr\rb\bf\fv\va\a''\"\"\\\\//";
    gunichar c = 0;
    const char *back = r->at++; /* the backslash */
    for (const char *p = named; *p && *r->at; p += 2)
        if (*r->at == *p) {
            g_string_append_c(s, p[1]);
            r->at++;
            return;
        }
    const char kind = *r->at;
    const int length = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    if (length) r->at++;
    if (length ? digits(r, 16, length, length, &c) : digits(r, 8, 1, 3, &c)) {
        if (bytes && kind != 'u' && kind != 'U')
            g_string_append_c(s, c ? (char)c : ' ');
        else
            append(s, join_pair(r, c));
        return;
    }
    r->at = back + 1; /* Python keeps the backslash of what it does not know */
    g_string_append_c(s, '\\');
}

/* Reads a text in quotes. */
static fv_status quoted(reader *r, int bytes, int raw, GString *s) {
    const char quote = *r->at++;
    while (*r->at && *r->at != quote) {
        if (*r->at == '\\' && !raw)
            escape(r, bytes, s);
        else
            g_string_append_c(s, *r->at++);
    }
    if (!*r->at) return expected(r, quote == '"' ? "a closing \"" : "a closing '");
    r->at++;
    return FV_OK;
}

static int is_quote(char c) { return c == '\'' || c == '"'; }

/* Where a text in quotes begins behind a prefix of letters, or inside a call as np.str_('a'); NULL
 * if none does. */
static const char *quote_behind(const char *at, int *calls) {
    const char *p = at + strspn(at, "uUbBrR");
    *calls = 0;
    if (is_quote(*p)) return p - at <= 2 ? p : NULL;
    while (g_ascii_isalnum(*p) || *p == '_' || *p == '.') p++;
    *calls = *p == '(' && p > at && is_quote(p[1]);
    return *calls ? p + 1 : NULL;
}

static int has_letter(const char *prefix, size_t n, char letter) {
    for (size_t i = 0; i < n; i++)
        if (g_ascii_tolower(prefix[i]) == letter) return 1;
    return 0;
}

/* Reads a key or a value, which ends before one of `ends`. */
static fv_status scalar(reader *r, const char *ends, const char *what, char **out) {
    int calls = 0;
    fv_status st = FV_OK;
    blanks(r);
    const char *begin = r->at, *quote = quote_behind(begin, &calls);
    if (*r->at == '{' || *r->at == '[' || *r->at == '(' || !*r->at) return expected(r, what);
    GString *s = g_string_new(NULL);
    if (quote) {
        const size_t prefix = calls ? 0 : (size_t)(quote - begin);
        r->at = quote;
        st = quoted(r, has_letter(begin, prefix, 'b'), has_letter(begin, prefix, 'r'), s);
        if (!st && calls && *r->at++ != ')') r->at--, st = expected(r, "\")\"");
    } else {
        r->at += strcspn(r->at, ends);
        g_string_append_len(s, begin, r->at - begin);
        g_strchomp(s->str);
        if (!strcmp(s->str, "None") || !strcmp(s->str, "null")) s->str[0] = 0;
        if (r->at == begin) st = expected(r, what);
    }
    blanks(r);
    if (st)
        g_string_free(s, TRUE);
    else
        *out = g_string_free(s, FALSE);
    return st;
}

/* ---- containers ----------------------------------------------------------------------------- */

static fv_status one_pair(reader *r, const char *ends, const pairs *p) {
    char *key = NULL, *value = NULL;
    fv_status st = p->keys ? scalar(r, ":,}", "a key", &key) : FV_OK;
    if (!st && p->keys && *r->at++ != ':') r->at--, st = expected(r, "\":\"");
    if (!st) st = scalar(r, ends, "a name", &value);
    if (st) {
        g_free(key);
        return st;
    }
    if (p->keys) g_ptr_array_add(p->keys, key);
    g_ptr_array_add(p->values, value);
    return FV_OK;
}

static fv_status parse(reader *r, const pairs *p) {
    const char close = *r->at == '{' ? '}' : *r->at == '[' ? ']' : ')';
    const char ends[] = {',', close, 0};
    fv_status st = FV_OK;
    r->at++;
    for (blanks(r); !st && *r->at != close; blanks(r)) {
        if (p->values->len == FVI_LABELS_MAX)
            return fvi_fail(r->err, FV_FORMAT, "more than %d class names", FVI_LABELS_MAX);
        st = one_pair(r, ends, p);
        if (st || *r->at == close) break;
        if (*r->at++ != ',') r->at--, st = expected(r, close == '}' ? "\",\" or \"}\"" : "\",\"");
    }
    if (st) return st;
    r->at++;
    blanks(r);
    return *r->at ? expected(r, "the end") : FV_OK;
}

static void pairs_clear(pairs *p) {
    if (p->keys) g_ptr_array_free(p->keys, TRUE);
    if (p->values) g_ptr_array_free(p->values, TRUE);
    *p = (pairs){0};
}

static fv_status pairs_parse(const char *text, pairs *out, fv_error *err) {
    reader r = {text, text, err};
    blanks(&r);
    if (!*r.at || !strchr("{[(", *r.at)) return expected(&r, "\"{\", \"[\" or \"(\"");
    pairs p = {*r.at == '{' ? g_ptr_array_new_with_free_func(g_free) : NULL,
               g_ptr_array_new_with_free_func(g_free)};
    fv_status st = parse(&r, &p);
    if (st)
        pairs_clear(&p);
    else
        *out = p;
    return st;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* A whole number from 0 to FVI_LABELS_MAX - 1, or -1. */
static int class_index(const char *text) {
    char *end;
    if (!g_ascii_isdigit(*text)) return -1;
    const guint64 v = g_ascii_strtoull(text, &end, 10);
    return *end || v >= FVI_LABELS_MAX ? -1 : (int)v;
}

static int first_that_is_no_index(const GPtrArray *texts) {
    for (guint i = 0; i < texts->len; i++)
        if (class_index(g_ptr_array_index(texts, i)) < 0) return (int)i;
    return -1;
}

static fv_status labels_from_pairs(const pairs *p, fvi_labels **out, fv_error *err) {
    const GPtrArray *index = p->keys, *names = p->values;
    if (!names->len) return fvi_fail(err, FV_FORMAT, "no class names");
    const int bad = index ? first_that_is_no_index(index) : -1;
    if (bad >= 0 && first_that_is_no_index(names) >= 0)
        return fvi_fail(err, FV_FORMAT, "key \"%.32s\" is no class's number, 0 to %d",
                        (const char *)g_ptr_array_index(index, bad), FVI_LABELS_MAX - 1);
    if (bad >= 0) index = p->values, names = p->keys; /* {'hen': 0} */
    int count = index ? 0 : (int)names->len;
    for (guint i = 0; index && i < index->len; i++)
        count = MAX(count, class_index(g_ptr_array_index(index, i)) + 1);
    char **list = g_new0(char *, count);
    for (int i = 0; i < (int)names->len; i++) {
        const int at = index ? class_index(g_ptr_array_index(index, i)) : i;
        g_free(list[at]);
        list[at] = g_strdup(g_ptr_array_index(names, i));
    }
    for (int i = 0; i < count; i++)
        if (!list[i]) list[i] = g_strdup("");
    *out = fvi_labels_take(list, count);
    return FV_OK;
}

/* One line: names with commas between. */
static fv_status from_row(const char *text, fvi_labels **out, fv_error *err) {
    char **part = g_strsplit(text, ",", FVI_LABELS_MAX);
    fv_status st =
        fvi_labels_from_array((const char *const *)part, (int)g_strv_length(part), out, err);
    g_strfreev(part);
    return st;
}

fv_status fvi_labels_from_notation(const char *text, fvi_labels **out, fv_error *err) {
    pairs p = {0};
    while (g_ascii_isspace(*text)) text++;
    if (!*text) return fvi_fail(err, FV_FORMAT, "no class names");
    const int lines = strchr(text, '\n') != NULL;
    if (!strchr("{[(", *text)) {
        if (!lines && strchr(text, ',')) return from_row(text, out, err);
        return fvi_labels_from_lines(text, strlen(text), out, err);
    }
    fv_status st = pairs_parse(text, &p, err);
    if (!st) st = labels_from_pairs(&p, out, err);
    pairs_clear(&p);
    const int is_word = *text != '{' && lines && strcspn(text, "\"',") > strcspn(text, "\n");
    return st && is_word ? fvi_labels_from_lines(text, strlen(text), out, err) : st; /* [CLS] */
}

fv_status fvi_labels_load(const char *path, fvi_labels **out, fv_error *err) {
    fvi_mapping m = {0};
    char *text = NULL;
    fv_status st = fvi_mapping_open(path, FILE_MAX, &m, err);
    if (st) return st;
    st = fvi_labels_decode((const char *)m.bytes, m.size, &text, err);
    if (!st) {
        const char *first = text + strspn(text, " \t\r\n");
        st = *first == '{' || *first == '[' ? fvi_labels_from_notation(first, out, err)
                                            : fvi_labels_from_lines(text, strlen(text), out, err);
    }
    g_free(text);
    if (st) fvi_error_prefix(err, "%s", path);
    fvi_mapping_close(&m);
    return st;
}

fv_status fvi_labels_describe(fvi_labels *l, const char *text, fv_error *err) {
    pairs p = {0};
    fv_status st = pairs_parse(text, &p, err);
    if (!st && !p.keys) st = fvi_fail(err, FV_FORMAT, "a list where a dictionary was expected");
    if (st) {
        pairs_clear(&p);
        return st;
    }
    GHashTable *by = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < p.keys->len; i++)
        g_hash_table_insert(by, p.keys->pdata[i], p.values->pdata[i]);
    char **names = g_new0(char *, l->count);
    for (int i = 0; i < l->count; i++) {
        const char *known = g_hash_table_lookup(by, l->name[i]);
        names[i] = g_strdup(known ? known : l->name[i]);
    }
    fvi_labels *described = fvi_labels_take(names, l->count), old = *l;
    *l = *described;
    *described = old;
    fvi_labels_free(described);
    g_hash_table_destroy(by);
    pairs_clear(&p);
    return FV_OK;
}
