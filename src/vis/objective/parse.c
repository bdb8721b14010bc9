/* SPDX-License-Identifier: Apache-2.0 */
/* parse: reads an expression, a sum of weighted terms.
 *
 * Names of layers contain '-', '/', '.', ':' and sometimes parentheses or blanks. Three rules keep
 * them apart from operators: a text that as a whole names a unit is that unit; '+' and '-' are
 * operators only between blanks or at the beginning; a name in quotes is only a name.
 */
#include "vis/objective/parse.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "vis/objective/class_logits.h"
#include "vis/objective/spelling.h"
#include "vis/objective/terms.h"

static int is_blank(char c) { return c == ' ' || c == '\t'; }

static const char *skip_blanks(const char *s) {
    while (is_blank(*s)) s++;
    return s;
}

/* ---- NAME(argument, ...) -------------------------------------------------------------------- */

/* Arguments are separated by commas; coordinates after '@' belong to the unit before them. */

/* Whether the argument before goes on after the comma: "conv@3" and "4". */
static int is_coordinate(const char *before, const char *next) {
    const char *at = strrchr(before, '@');
    return at && g_ascii_isdigit(at[1]) && !at[1 + strspn(at + 1, "0123456789,")] && *next &&
           !next[strspn(next, "0123456789")];
}

static void call_clear(fvi_call *c) {
    g_free(c->name);
    for (int i = 0; i < c->n; i++) g_free(c->arg[i]);
}

/* Takes one argument, blanks cut off; 0: there are too many. */
static int take(fvi_call *c, const char *from, const char *to) {
    char *s = g_strstrip(g_strndup(from, (gsize)(to - from)));
    if (c->n && is_coordinate(c->arg[c->n - 1], s)) {
        char *joined = g_strconcat(c->arg[c->n - 1], ",", s, NULL);
        g_free(c->arg[c->n - 1]);
        g_free(s);
        c->arg[c->n - 1] = joined;
        return 1;
    }
    if (c->n == FVI_MAX_ARGUMENTS) {
        g_free(s);
        return 0;
    }
    c->arg[c->n++] = s;
    return 1;
}

/* Splits NAME(a, b, ...); 0 if the text is not that. "NAME" and "NAME()" have no arguments. */
static int call_split(const char *text, fvi_call *c) {
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_"), all = strlen(text);
    *c = (fvi_call){.text = text, .name = g_strndup(text, length)};
    if (!text[length]) return 1;
    if (text[length] != '(' || text[all - 1] != ')') return 0;
    const char *from = text + length + 1, *end = text + all - 1;
    char quote = 0;
    if (!from[strspn(from, " \t)")]) return 1;
    for (const char *p = from; p <= end; p++) {
        if (quote)
            quote = *p == quote ? 0 : quote;
        else if (fvi_is_quote(text, p))
            quote = *p;
        else if (p == end || *p == ',') {
            if (!take(c, from, p)) return 0;
            from = p + 1;
        }
    }
    return !quote;
}

/* The kind a call is of, or NULL. squares(LAYER) is of the network, squares(0.5) of the picture. */
static const fvi_term_kind *kind_of(const fvi_call *c) {
    double number;
    const fvi_term_kind *network = strchr(c->text, '(') ? fvi_terms_find(c->name) : NULL;
    const fvi_term_kind *picture = fvi_terms_find_picture(c->name, c->n);
    const int is_number = !c->n || fvi_read_argument(c->arg[0], &number);
    return network && picture ? (is_number ? picture : network) : network ? network : picture;
}

/* Reads NAME(argument, ...), or the NAME of a picture term alone, and appends its term.
 *   known  0 if the NAME is none of the terms; nothing is done then */
static fv_status read_call(fvi_reader *r, const char *text, int *known, fv_error *err) {
    fvi_call c;
    fv_status st = FV_OK;
    const fvi_term_kind *kind = call_split(text, &c) ? kind_of(&c) : NULL;
    *known = kind != NULL;
    if (kind && kind->scope != FVI_SCOPE_PICTURE && (c.n < kind->min || c.n > kind->max))
        st = fvi_call_wrong(kind, &c, err);
    else if (kind)
        st = kind->read(r, kind, &c, err);
    call_clear(&c);
    return st;
}

/* ---- terms ---------------------------------------------------------------------------------- */

/* Adds the term of a unit written alone; the reduction decides what it computes. */
static fv_status bare_unit(fvi_reader *r, const char *text, fvi_unit *u, fv_error *err) {
    fvi_term *t;
    if (u->n_position && u->channel < 0)
        return fvi_fail(err, FV_ARG,
                        "\"%.150s\": a position without a channel; allowed: LAYER:C@y,x", text);
    fvi_unit_find_logits(r, text, u);
    fv_status st =
        fvi_reader_add(r, u->channel < 0 ? &fvi_term_layer : &fvi_term_channel, u, &t, err);
    if (!st) t->spelling = FVI_SPELLED_BARE;
    return st;
}

static fvi_probability_of probability_of(const fvi_logits *l) {
    if (l->made != FVI_ROW_OF_SCORES) return FVI_PROBABILITY_ITSELF;
    if (l->classes == 1 || (l->function && !strcmp(l->function, "sigmoid")))
        return FVI_PROBABILITY_OF_LOGIT;
    return l->function ? FVI_PROBABILITY_OF_LOGITS : FVI_PROBABILITY_OF_SCORES;
}

static fv_status probability(fvi_reader *r, const char *name, fv_error *err) {
    fvi_logits l;
    fvi_unit u = {.channel = -1};
    fvi_term *t;
    fv_status st = fvi_logits_find(r->net, &l, err);
    if (!st) st = fvi_class_find(r->net, &l, name, &u.channel, err);
    if (st) return st;
    u.value = l.value;
    const fvi_graph *g = fvi_network_graph(r->net);
    const fvi_node *maker = fvi_graph_maker(g, fvi_graph_find(g, l.value));
    if (l.classes == 1 && !l.function && maker && maker->kind == FVI_UNARY &&
        maker->a.unary.f == FVI_TANH)
        return fvi_fail(err, FV_SHAPE,
                        "prob:%.40s: \"%.80s\" is one number of -1..1 that is no probability (no "
                        "sigmoid makes it); class:0 explains it",
                        name, l.layer);
    st = fvi_reader_add(r, &fvi_term_probability, &u, &t, err);
    if (st) return st;
    t->argument[0] = (float)probability_of(&l);
    if (l.classes == 1 && !l.function && l.made == FVI_ROW_OF_SCORES && !r->note[0])
        g_snprintf(r->note, FVI_NOTE_BYTES,
                   "prob:%.40s is the sigmoid of the network's one number, \"%.80s\"", name,
                   l.layer);
    return FV_OK;
}

/* `text`: NAME, or NAME(...) */
static fv_status fail_name(const char *text, fv_error *err) {
    char *names = fvi_terms_names();
    char *call = g_strdup_printf("%.*s()", (int)strcspn(text, "("), text);
    const int is_known = strstr(names, call) != NULL; /* its arguments are wrong */
    const int n = is_known ? 80 : (int)MIN(strcspn(text, "("), 80);
    g_free(call);
    fv_status st =
        fvi_fail(err, FV_ARG, "objective: there is no term \"%.*s\"; allowed: %s", n, text, names);
    g_free(names);
    return st;
}

/* Whether a text has the form of a call, NAME(...). */
static int is_call(const char *text) {
    const size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_"), all = strlen(text);
    return name && text[name] == '(' && text[all - 1] == ')';
}

/* Reads the text as a unit, after everything else failed; an error says what is allowed. */
static fv_status unit_or_fail(fvi_reader *r, const char *text, fv_error *err) {
    fvi_unit u;
    fv_status st = fvi_unit_read(r, text, &u, err);
    const char *open = strchr(text, '('), *star = strchr(text, '*');
    if (!st) return bare_unit(r, text, &u, err);
    if (is_call(text)) return fail_name(text, err);
    if (fvi_is_quote(text, text) || st != FV_NOTFOUND || g_str_has_prefix(text, "class:"))
        return st;
    if (open && open > text && text[strlen(text) - 1] == ')') return fail_name(text, err);
    if (star && star > text)
        return fvi_fail(err, FV_ARG,
                        "objective \"%.150s\": \"%.*s\" is no weight; a number of -1e30..1e30 is",
                        text, (int)MIN(star - text, 80), text);
    return st;
}

static fv_status read_term(fvi_reader *r, const char *text, fv_error *err) {
    int known = 0;
    if (g_str_has_prefix(text, "prob:")) return probability(r, text + strlen("prob:"), err);
    fv_status st = read_call(r, text, &known, err);
    return st || known ? st : unit_or_fail(r, text, err);
}

/* ---- sums ----------------------------------------------------------------------------------- */

/* Whether '+' or '-' stands at p between blanks, the ends of the text s counted as such. */
static int is_operator(const char *s, const char *p) {
    return (*p == '+' || *p == '-') && (p == s || is_blank(p[-1])) && (is_blank(p[1]) || !p[1]);
}

/* The end of the term that begins at s: an operator, or the end of the text. *open: a quote or
 * parenthesis that is not closed, or 0. */
static const char *term_end(const char *s, char *open) {
    int depth = 0;
    char quote = 0;
    const char *p = s;
    for (; *p; p++) {
        if (quote)
            quote = *p == quote ? 0 : quote;
        else if (fvi_is_quote(s, p))
            quote = *p;
        else if (*p == '(')
            depth++;
        else if (*p == ')')
            depth -= depth > 0;
        else if (!depth && is_operator(s, p))
            break;
    }
    *open = quote ? quote : depth ? '(' : 0;
    return p;
}

/* Reads "NUMBER *" at the beginning of a term; returns what follows.
 *   errors  ARG a number that is none */
static fv_status read_weight(const char *text, const char **rest, double *weight, fv_error *err) {
    const char *digits = text + (*text == '-' || *text == '+');
    size_t length = strspn(text, "+-.0123456789eE");
    const char *star = skip_blanks(text + length);
    *rest = text;
    if ((!g_ascii_isdigit(*digits) && *digits != '.') || *star != '*') return FV_OK;
    char *number = g_strndup(text, length);
    fv_status st = FV_OK;
    double v = 0;
    if (!fvi_read_number(number, &v))
        st = fvi_fail(err, FV_ARG, "objective: the weight \"%.80s\" is no number of -1e30..1e30",
                      number);
    g_free(number);
    *weight *= v;
    *rest = skip_blanks(star + 1);
    return st;
}

/* One term, from its weight on. */
static fv_status read_weighted(fvi_reader *r, const char *from, const char *to, double sign,
                               fv_error *err) {
    char *text = g_strstrip(g_strndup(from, (gsize)(to - from)));
    const char *rest = text;
    fv_status st = read_weight(text, &rest, &sign, err);
    r->weight = (float)sign;
    if (!st && !*rest)
        st = fvi_fail(err, FV_ARG, "objective: a term is missing %s%s%.80s%s",
                      *text ? "after"
                      : *to ? "before"
                            : "at its end",
                      *text || *to ? " \"" : "", *text ? text : to, *text || *to ? "\"" : "");
    if (!st) st = read_term(r, rest, err);
    g_free(text);
    return st;
}

static fv_status read_sum(fvi_reader *r, const char *text, fv_error *err) {
    const char *s = skip_blanks(text);
    double sign = 1;
    if (*s == '-' || *s == '+') sign = *s++ == '-' ? -1 : 1;
    for (;;) {
        char open;
        const char *end = term_end(s, &open);
        if (open)
            return fvi_fail(err, FV_ARG, "objective \"%.150s\": %c is not closed", text, open);
        fv_status st = read_weighted(r, s, end, sign, err);
        if (st || !*end) return st;
        sign = *end == '-' ? -1 : 1;
        s = end + 1;
    }
}

/* ---- whole objectives ----------------------------------------------------------------------- */

/* Whether the whole text names a unit; its term is added then. */
static int read_whole(fvi_reader *r, const char *text, fv_status *st, fv_error *err) {
    fvi_unit u;
    if (g_str_has_prefix(text, "class:") || g_str_has_prefix(text, "prob:")) return 0;
    if (fvi_is_quote(text, text) || fvi_unit_read(r, text, &u, NULL)) return 0;
    if (u.channel < 0 && u.n_position) return 0;
    *st = bare_unit(r, text, &u, err);
    return 1;
}

fv_status fvi_parse(fvi_reader *r, const char *text, fv_error *err) {
    fv_status st = FV_OK;
    if (!*skip_blanks(text))
        return fvi_fail(err, FV_ARG, "an empty objective; allowed: LAYER, LAYER:C, LAYER:C@y,x");
    if (strlen(text) > FVI_MAX_OBJECTIVE)
        return fvi_fail(err, FV_ARG, "an objective of more than %d characters", FVI_MAX_OBJECTIVE);
    if (!read_whole(r, text, &st, err)) st = read_sum(r, text, err);
    return st;
}
