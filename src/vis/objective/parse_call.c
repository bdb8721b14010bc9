/* SPDX-License-Identifier: Apache-2.0 */
/* parse_call: terms written as NAME(argument, ...), and those of the picture.
 *
 * Arguments are separated by commas; coordinates after '@' belong to the unit before them. Which
 * names there are, and what they take, is one table.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "runtime/preprocess.h"
#include "vis/objective/parse.h"

#define MAX_ARGUMENTS 8
#define MAX_PARAMETER 1000.0 /* of power, threshold, decay */

typedef struct call {
    const char *text; /* the whole term */
    char *name;
    int n;
    char *arg[MAX_ARGUMENTS];
} call;

typedef struct call_rule call_rule;
struct call_rule {
    const char *name;
    fvi_term_kind kind;
    int min, max; /* arguments */
    fv_status (*read)(fvi_reader *r, const call_rule *rule, const call *c, fv_error *err);
    const char *usage;
};

/* ---- arguments ------------------------------------------------------------------------------ */

int fvi_read_number(const char *text, double *out) {
    char *end;
    const char *digits = text + (*text == '-' || *text == '+');
    if (!g_ascii_isdigit(*digits) && *digits != '.') return 0;
    if (text[strspn(text, "+-.0123456789eE")]) return 0;
    double v = g_ascii_strtod(text, &end);
    if (*end || !isfinite(v) || fabs(v) > 1e30) return 0;
    *out = v;
    return 1;
}

/* Whether the argument before goes on after the comma: "conv@3" and "4". */
static int is_coordinate(const char *before, const char *next) {
    const char *at = strrchr(before, '@');
    return at && g_ascii_isdigit(at[1]) && !at[1 + strspn(at + 1, "0123456789,")] && *next &&
           !next[strspn(next, "0123456789")];
}

static void call_clear(call *c) {
    g_free(c->name);
    for (int i = 0; i < c->n; i++) g_free(c->arg[i]);
}

/* Takes one argument, blanks cut off; 0: there are too many. */
static int take(call *c, const char *from, const char *to) {
    char *s = g_strstrip(g_strndup(from, (gsize)(to - from)));
    if (c->n && is_coordinate(c->arg[c->n - 1], s)) {
        char *joined = g_strconcat(c->arg[c->n - 1], ",", s, NULL);
        g_free(c->arg[c->n - 1]);
        g_free(s);
        c->arg[c->n - 1] = joined;
        return 1;
    }
    if (c->n == MAX_ARGUMENTS) {
        g_free(s);
        return 0;
    }
    c->arg[c->n++] = s;
    return 1;
}

/* Splits NAME(a, b, ...); 0 if the text is not that. "NAME" and "NAME()" have no arguments. */
static int call_split(const char *text, call *c) {
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_"), all = strlen(text);
    *c = (call){.text = text, .name = g_strndup(text, length)};
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

/* Reads the argument of that index as a number low..high; left as it is if it is not given. */
static fv_status read_parameter(const call *c, int i, const char *what, double low, double high,
                                float *out, fv_error *err) {
    double v;
    if (i >= c->n) return FV_OK;
    if (!fvi_read_number(c->arg[i], &v) || v < low || v > high)
        return fvi_fail(err, FV_ARG, "\"%.150s\": the %s \"%.40s\" is no number of %g..%g", c->text,
                        what, c->arg[i], low, high);
    *out = (float)v;
    return FV_OK;
}

static fv_status wrong(const call_rule *rule, const call *c, fv_error *err) {
    return fvi_fail(err, FV_ARG, "\"%.150s\" cannot be read; allowed is %s", c->text, rule->usage);
}

/* ---- terms of the network ------------------------------------------------------------------- */

/* mean(LAYER:C), neuron(LAYER:C[@y,x]). */
static fv_status read_channel(fvi_reader *r, const call_rule *rule, const call *c, fv_error *err) {
    fvi_unit u;
    fvi_term *t;
    int neuron = !strcmp(rule->name, "neuron");
    fv_status st = fvi_unit_read(r, c->arg[0], &u, err);
    if (st) return st;
    if (u.channel < 0 || (u.n_position && !neuron)) return wrong(rule, c, err);
    fvi_unit_find_logits(r, c->arg[0], &u);
    if (neuron && !u.n_position) u.n_position = FVI_CENTRE;
    st = fvi_reader_add(r, FVI_TERM_CHANNEL, &u, &t, err);
    if (!st && !neuron) t->spelling = FVI_SPELLED_MEAN;
    return st;
}

/* squares(LAYER[:C]), energy(LAYER[:C]), strong(LAYER[:C][, t]), diversity(LAYER). */
static fv_status read_squares(fvi_reader *r, const call_rule *rule, const call *c, fv_error *err) {
    fvi_unit u;
    fvi_term *t;
    float threshold = 1;
    int whole = rule->kind == FVI_TERM_DIVERSITY;
    fv_status st = fvi_unit_read(r, c->arg[0], &u, err);
    if (!st && (u.n_position || (whole && u.channel >= 0))) return wrong(rule, c, err);
    if (!st) st = read_parameter(c, 1, "threshold", -MAX_PARAMETER, MAX_PARAMETER, &threshold, err);
    if (!st) st = fvi_reader_add(r, rule->kind, &u, &t, err);
    if (st) return st;
    if (rule->kind == FVI_TERM_STRONG) t->argument[0] = threshold;
    if (rule->kind == FVI_TERM_LAYER && u.channel < 0) t->spelling = FVI_SPELLED_MEAN;
    return FV_OK;
}

/* alignment(LAYER|input[, decay]). */
static fv_status read_alignment(fvi_reader *r, const call_rule *rule, const call *c,
                                fv_error *err) {
    fvi_unit u = {.channel = -1};
    fvi_term *t;
    float decay = 2;
    int picture = !strcmp(c->arg[0], "input");
    fv_status st = picture ? FV_OK : fvi_unit_read(r, c->arg[0], &u, err);
    if (!st && (u.n_position || u.channel >= 0)) return wrong(rule, c, err);
    if (!st) st = read_parameter(c, 1, "decay", 1e-3, MAX_PARAMETER, &decay, err);
    if (!st) st = fvi_reader_add(r, rule->kind, picture ? NULL : &u, &t, err);
    if (!st) t->argument[0] = decay;
    return st;
}

/* interpolate(LAYER:A, LAYER:B). */
static fv_status read_interpolate(fvi_reader *r, const call_rule *rule, const call *c,
                                  fv_error *err) {
    fvi_unit near, far;
    fvi_term *t;
    fv_status st = fvi_unit_read(r, c->arg[0], &near, err);
    if (!st) st = fvi_unit_read(r, c->arg[1], &far, err);
    if (st) return st;
    if (near.channel < 0 || far.channel < 0 || near.n_position || far.n_position)
        return wrong(rule, c, err);
    fvi_unit_find_logits(r, c->arg[0], &near);
    fvi_unit_find_logits(r, c->arg[1], &far);
    st = fvi_reader_add(r, rule->kind, &near, &t, err);
    if (st) return st;
    t->layer2 = far.value;
    t->logits2 = far.logits;
    t->channel2 = far.channel;
    return FV_OK;
}

/* A path as typed, without its quotes; *out to be freed also on failure.
 *   errors  ARG it has both kinds of quotes: it could not be written as it is read */
static fv_status read_path(const char *path, char **out, fv_error *err) {
    size_t length = strlen(path);
    int quoted = length > 1 && fvi_is_quote(path, path) && path[length - 1] == *path;
    *out = quoted ? g_strndup(path + 1, length - 2) : g_strdup(path);
    if (!strchr(*out, '"') || !strchr(*out, '\'')) return FV_OK;
    return fvi_fail(err, FV_ARG, "%.200s: a name with both kinds of quotes cannot be written",
                    *out);
}

static int is_direction(const fv_tensor *v) {
    int somewhere = 0;
    for (int64_t i = 0; i < fv_tensor_count(v); i++) {
        if (!isfinite(v->data[i])) return 0;
        somewhere |= v->data[i] != 0;
    }
    return somewhere;
}

/* What the caller has attached under that name, or NULL. */
static const fv_attachment *find_attachment(const fvi_reader *r, const char *name) {
    for (int i = 0; i < r->n_attachments; i++)
        if (!strcmp(r->attachments[i].name, name)) return &r->attachments[i];
    return NULL;
}

static fv_status copy_tensor(const fv_tensor *from, fv_tensor **out, fv_error *err) {
    fvi_shape shape = fvi_tensor_shape(from);
    fv_status st = fvi_tensor_new(&shape, out, err);
    if (!st) memcpy((*out)->data, from->data, (size_t)fv_tensor_count(from) * sizeof *from->data);
    return st;
}

/* The numbers of an attachment or a file. */
static fv_status load_direction(const fvi_reader *r, const char *name, fv_tensor **out,
                                fv_error *err) {
    const fv_attachment *a = find_attachment(r, name);
    if (!a) return fv_tensor_load(name, out, err);
    if (!a->tensor)
        return fvi_fail(err, FV_ARG, "attachment \"%.150s\" is an image; the term takes a tensor",
                        name);
    return copy_tensor(a->tensor, out, err);
}

/* direction(LAYER[@y,x], FILE.npy[, power]). */
static fv_status read_direction(fvi_reader *r, const call_rule *rule, const call *c,
                                fv_error *err) {
    fvi_unit u;
    fvi_term *t;
    float power = 0;
    fv_status st = fvi_unit_read(r, c->arg[0], &u, err);
    if (!st && u.channel >= 0) return wrong(rule, c, err);
    if (!st) st = read_parameter(c, 2, "power", 0, MAX_PARAMETER, &power, err);
    if (!st) st = fvi_reader_add(r, rule->kind, &u, &t, err);
    if (st) return st;
    t->argument[0] = power;
    char *name = NULL;
    fv_tensor *v = NULL;
    st = read_path(c->arg[1], &name, err);
    if (!st) st = load_direction(r, name, &v, err);
    if (!st && !is_direction(v))
        st = fvi_fail(err, FV_ARG, "%.200s: a direction needs finite numbers that are not all 0",
                      name);
    if (!st)
        fvi_term_own(t, name, v);
    else
        fv_tensor_free(v);
    g_free(name);
    return st;
}

/* What the network sees of a picture: [channels][h][w]. */
static fv_status see_photo(const fvi_network *net, const fv_image *photo, fv_tensor **out,
                           fv_error *err) {
    fv_image *seen = NULL;
    fv_status st = fvi_input_picture(net, photo, &seen, err);
    if (!st) {
        const fv_tensor t = {3, {seen->channels, seen->height, seen->width}, seen->data};
        st = copy_tensor(&t, out, err);
    }
    fv_image_free(seen);
    return st;
}

/* The same of an attachment or a file. */
static fv_status load_photo(const fvi_reader *r, const char *name, fv_tensor **out, fv_error *err) {
    const fv_attachment *a = find_attachment(r, name);
    fv_image *photo = NULL;
    if (a && !a->image)
        return fvi_fail(err, FV_ARG, "attachment \"%.150s\" is a tensor; the term takes an image",
                        name);
    fv_status st = a ? FV_OK : fv_image_load(name, &photo, err);
    if (!st) st = see_photo(r->net, a ? a->image : photo, out, err);
    fv_image_free(photo);
    return st;
}

/* Gives a term its photo: that of an earlier term, or a new one. */
static fv_status take_photo(const fvi_reader *r, fvi_term *t, const char *name, fv_error *err) {
    fv_tensor *photo = NULL;
    for (const fvi_term *o = r->o->terms; o < t; o++) {
        if (!fvi_term_has_photo(o)) continue;
        if (strcmp(o->file, name) != 0)
            return fvi_fail(err, FV_ARG,
                            "an objective may look at one photo; \"%.150s\" and \"%.150s\" are two",
                            o->file, name);
        fvi_term_share(t, o);
        return FV_OK;
    }
    fv_status st = load_photo(r, name, &photo, err);
    if (!st) fvi_term_own(t, name, photo);
    return st;
}

static fv_status read_photo(const fvi_reader *r, fvi_term *t, const char *path, fv_error *err) {
    char *name = NULL;
    fv_status st = read_path(path, &name, err);
    if (!st) st = take_photo(r, t, name, err);
    g_free(name);
    return st;
}

/* match(LAYER[:C], PHOTO), caricature(LAYER[:C], PHOTO[, power]). */
static fv_status read_match(fvi_reader *r, const call_rule *rule, const call *c, fv_error *err) {
    fvi_unit u;
    fvi_term *t;
    float power = rule->kind == FVI_TERM_CARICATURE ? 1 : 0;
    fv_status st = fvi_unit_read(r, c->arg[0], &u, err);
    if (!st && u.n_position) return wrong(rule, c, err);
    if (!st) st = read_parameter(c, 2, "power", 0, MAX_PARAMETER, &power, err);
    if (!st) st = fvi_reader_add(r, rule->kind, &u, &t, err);
    if (st) return st;
    t->argument[0] = power;
    return read_photo(r, t, c->arg[1], err);
}

static const call_rule rules[] = {
    {"neuron", FVI_TERM_CHANNEL, 1, 1, read_channel, "neuron(LAYER:C) or neuron(LAYER:C@y,x)"},
    {"mean", FVI_TERM_CHANNEL, 1, 1, read_channel, "mean(LAYER:C)"},
    {"squares", FVI_TERM_LAYER, 1, 1, read_squares, "squares(LAYER) or squares(LAYER:C)"},
    {"energy", FVI_TERM_ENERGY, 1, 1, read_squares, "energy(LAYER) or energy(LAYER:C)"},
    {"strong", FVI_TERM_STRONG, 1, 2, read_squares, "strong(LAYER[:C][, DEVIATIONS])"},
    {"direction", FVI_TERM_DIRECTION, 2, 3, read_direction,
     "direction(LAYER[@y,x], FILE.npy[, POWER])"},
    {"diversity", FVI_TERM_DIVERSITY, 1, 1, read_squares, "diversity(LAYER)"},
    {"alignment", FVI_TERM_ALIGNMENT, 1, 2, read_alignment, "alignment(LAYER|input[, DECAY])"},
    {"interpolate", FVI_TERM_INTERPOLATE, 2, 2, read_interpolate, "interpolate(LAYER:A, LAYER:B)"},
    {"match", FVI_TERM_MATCH, 2, 2, read_match, "match(LAYER[:C], PHOTO)"},
    {"caricature", FVI_TERM_CARICATURE, 2, 3, read_match, "caricature(LAYER[:C], PHOTO[, POWER])"},
};

const char *fvi_call_names(void) {
    return "LAYER, LAYER:C, LAYER:C@y,x, class:C, prob:C, neuron(), mean(), squares(), energy(), "
           "strong(), direction(), diversity(), alignment(), interpolate(), match(), caricature(); "
           "of the picture tv, l1, "
           "l2, lp, squares, mean_tv, mean_norm, difference, distance, blur, boundary";
}

/* ---- terms of the picture ------------------------------------------------------------------- */

int fvi_picture_term_is(const char *name) {
    fvi_picture_kind kind = FVI_PICTURE_NONE;
    float argument[2];
    return fvi_picture_term_find(name, NULL, 0, &kind, argument, NULL) || kind != FVI_PICTURE_NONE;
}

/* A number, or "inf": lp(inf) is a norm. */
static int read_argument(const char *text, double *out) {
    *out = INFINITY;
    return !strcmp(text, "inf") || fvi_read_number(text, out);
}

static fv_status read_picture(fvi_reader *r, const call *c, int *known, fv_error *err) {
    double given[MAX_ARGUMENTS];
    float argument[2] = {0};
    fvi_picture_kind kind = FVI_PICTURE_NONE;
    fvi_term *t;
    *known = fvi_picture_term_is(c->name);
    if (!*known) return FV_OK;
    for (int i = 0; i < c->n; i++)
        if (!read_argument(c->arg[i], &given[i]))
            return fvi_fail(err, FV_ARG, "\"%.150s\": \"%.80s\" is no number", c->text, c->arg[i]);
    fv_status st = fvi_picture_term_find(c->name, given, c->n, &kind, argument, err);
    if (!st) st = fvi_reader_add(r, FVI_TERM_PICTURE, NULL, &t, err);
    if (st) return st;
    t->picture = kind;
    memcpy(t->argument, argument, sizeof argument);
    return FV_OK;
}

/* squares(LAYER) is of the network, squares(0.5) of the picture. */
static fv_status read_call(fvi_reader *r, const call *c, int *known, fv_error *err) {
    double number;
    int picture = !c->n || read_argument(c->arg[0], &number);
    if (picture && fvi_picture_term_is(c->name)) return read_picture(r, c, known, err);
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        const call_rule *rule = &rules[i];
        if (strcmp(c->name, rule->name) != 0 || !strchr(c->text, '(')) continue;
        *known = 1;
        if (c->n < rule->min || c->n > rule->max) return wrong(rule, c, err);
        return rule->read(r, rule, c, err);
    }
    return read_picture(r, c, known, err);
}

fv_status fvi_call_read(fvi_reader *r, const char *text, int *known, fv_error *err) {
    call c;
    *known = 0;
    fv_status st = call_split(text, &c) ? read_call(r, &c, known, err) : FV_OK;
    call_clear(&c);
    return st;
}
