/* SPDX-License-Identifier: Apache-2.0 */
/* Einstein sums, two operands after the other, each as one batched matrix product:
 *   a [batch.., m.., k..] x b [batch.., k.., n..] -> [batch.., m.., n..], then a transposition.
 * Labels that one operand has alone and the result has not are summed first; of a label that an
 * operand has twice the diagonal is taken. The axes of an ellipsis are labels of their own, the
 * digits, the last axis of all operands the last; one element of them goes with any number.
 * Source: ONNX operator specification (Einsum-12), numpy.einsum.
 */
#include "graph/build/einsum.h"

#include <string.h>

#define OPERANDS_MAX 16

typedef struct term {
    char label[FVI_MAX_DIMS + 1];
    int n;
    int ellipsis; /* where it stands among the labels; -1: there is none */
} term;

static const term no_labels = {{0}, 0, -1};

/* 0 when c is no letter, or is one too many, or twice where that is `once`. */
static int add_label(term *t, char c, int once) {
    int fits = g_ascii_isalpha(c) && t->n < FVI_MAX_DIMS && !(once && strchr(t->label, c));
    if (fits) t->label[t->n++] = c;
    return fits;
}

/* An equation without its blanks; to be freed with g_free. */
static char *without_blanks(const char *text, size_t length) {
    GString *s = g_string_new(NULL);
    for (size_t i = 0; i < length; i++)
        if (text[i] != ' ') g_string_append_c(s, text[i]);
    return g_string_free(s, FALSE);
}

/* What is to be computed. */
typedef struct task {
    const char *equation;
    size_t length;
    int n; /* operands */
    const int *in;
} task;

/* One term, up to a comma, an arrow or the end. Returns where it ended; NULL: failed. */
static const char *parse_term(fvi_builder *builder, const char *at, int once, term *t) {
    *t = no_labels;
    for (; *at && *at != ',' && strncmp(at, "->", 2) != 0; at++) {
        if (t->ellipsis < 0 && !strncmp(at, "...", 3)) {
            t->ellipsis = t->n;
            at += 2;
        } else if (!add_label(t, *at, once)) {
            fvi_build_fail(builder, FV_FORMAT,
                           "its equation has '%c' where a letter, or one axis less, is allowed",
                           g_ascii_isprint(*at) ? *at : '?');
            return NULL;
        }
    }
    return at;
}

/* Splits "ab,bc->ac" into terms. Returns whether the result is spelled out. */
static int parse(fvi_builder *builder, const task *job, term *terms, term *result) {
    char *equation = without_blanks(job->equation, job->length);
    const int n_terms = job->n;
    const char *at = equation;
    int n = 0, arrow = 0;
    while (at && n < n_terms) {
        at = parse_term(builder, at, 0, &terms[n++]);
        if (!at || *at != ',') break;
        at++;
        if (n == n_terms) n++; /* one too many */
    }
    if (at && (arrow = !strncmp(at, "->", 2))) at = parse_term(builder, at + 2, 1, result);
    if (!builder->status && (n != n_terms || *at))
        fvi_build_fail(builder, FV_FORMAT, "its equation \"%.80s\" is not that of %d operands",
                       equation, n_terms);
    g_free(equation);
    return arrow;
}

static int has(const term *t, char c) { return c && strchr(t->label, c) != NULL; }

/* Sums away the axes of v whose labels neither `keep` nor `other` has. */
static int sum_lonely(fvi_builder *builder, int v, term *t, const term *keep, const term *other) {
    unsigned axes = 0;
    term rest = no_labels;
    for (int i = 0; i < t->n; i++)
        if (has(keep, t->label[i]) || (other && has(other, t->label[i])))
            rest.label[rest.n++] = t->label[i];
        else
            axes |= 1u << i;
    *t = rest;
    return axes ? fvi_emit_reduce(builder, FVI_REDUCE_SUM, axes, 0, v) : v;
}

/* Transposes v so that its labels come in the order of `to`, a permutation of t. */
static int arrange(fvi_builder *builder, int v, const term *t, const term *to) {
    int perm[FVI_MAX_DIMS];
    for (int i = 0; i < to->n; i++) perm[i] = (int)(strchr(t->label, to->label[i]) - t->label);
    return fvi_emit_transpose(builder, v, perm);
}

/* Appends the labels of t that are (in1) in x and (in2) in y. */
static void append(term *to, const term *t, const term *x, int in1, const term *y, int in2) {
    for (int i = 0; i < t->n; i++)
        if (has(x, t->label[i]) == in1 && has(y, t->label[i]) == in2)
            to->label[to->n++] = t->label[i];
}

static int64_t extent(const fvi_shape *shape, int from, int n) {
    return fvi_shape_product(shape, from, from + n);
}

static int product(fvi_builder *builder, int a, term ta, int b, term tb, const term *result) {
    term la = no_labels, lb = no_labels, lout = no_labels;
    append(&la, &ta, &tb, 1, result, 1); /* batch */
    int n_batch = la.n;
    lb = la;
    append(&la, &ta, &tb, 0, result, 1); /* m */
    int n_m = la.n - n_batch;
    lout = la;
    append(&la, &ta, &tb, 1, result, 0); /* k */
    append(&lb, &ta, &tb, 1, result, 0);
    int n_k = lb.n - n_batch;
    append(&lb, &tb, &ta, 0, result, 1); /* n */
    int n_n = lb.n - n_batch - n_k;
    if (lout.n + n_n > FVI_MAX_DIMS)
        return fvi_build_fail(builder, FV_UNSUPPORTED, "too many labels"), -1;
    append(&lout, &tb, &ta, 0, result, 1);
    a = arrange(builder, a, &ta, &la);
    b = arrange(builder, b, &tb, &lb);
    fvi_shape sa = fvi_build_shape(builder, a), sb = fvi_build_shape(builder, b),
              full = {.ndim = lout.n};
    if (builder->status) return -1;
    for (int i = 0; i < n_batch + n_k; i++) {
        int64_t own = sa.dim[i < n_batch ? i : i + n_m];
        if (own == sb.dim[i]) continue;
        fvi_build_fail(builder, FV_SHAPE, "label '%c' has %" PRId64 " and %" PRId64 " elements",
                       lb.label[i], own, sb.dim[i]);
        return -1;
    }
    for (int i = 0; i < lout.n; i++)
        full.dim[i] = i < n_batch + n_m ? sa.dim[i] : sb.dim[i - n_m + n_k];
    int64_t batch = extent(&sa, 0, n_batch), k = extent(&sb, n_batch, n_k);
    a = fvi_emit_reshape(builder, a, &(fvi_shape){3, {batch, extent(&sa, n_batch, n_m), k}});
    b = fvi_emit_reshape(builder, b, &(fvi_shape){3, {batch, k, extent(&sb, n_batch + n_k, n_n)}});
    int v = fvi_emit_matmul(builder, a, b, -1, &(fvi_node_attr){.matmul = {0, 0, 1}});
    return arrange(builder, fvi_emit_reshape(builder, v, &full), &lout, result);
}

/* ---- ellipses, diagonals and the result's labels ---- */

/* Puts the labels of `axes` axes, the last of `all`, where the ellipsis of a term stands. */
static void spell_out(term *t, int axes, int all) {
    const int at = t->ellipsis;
    memmove(t->label + at + axes, t->label + at, (size_t)(t->n - at));
    for (int i = 0; i < axes; i++) t->label[at + i] = (char)('0' + all - axes + i);
    t->n += axes;
    t->ellipsis = -1;
}

/* Gives the axes of ellipses labels; fails where an operand has other axes than its term.
 * Returns how many there are. */
static int spell_out_all(fvi_builder *builder, int n, term *terms, const int *v) {
    int all = 0;
    for (int i = 0; i < n; i++) {
        const int more = fvi_build_shape(builder, v[i]).ndim - terms[i].n;
        if (more == 0 || (more > 0 && terms[i].ellipsis >= 0)) {
            if (terms[i].ellipsis >= 0) all = MAX(all, more);
            continue;
        }
        fvi_build_fail(builder, FV_SHAPE, "operand %d has %d dimensions, its labels are \"%s\"%s",
                       i, terms[i].n + more, terms[i].label,
                       terms[i].ellipsis >= 0 ? " and an ellipsis" : "");
        return 0;
    }
    for (int i = 0; i < n; i++)
        if (terms[i].ellipsis >= 0)
            spell_out(&terms[i], fvi_build_shape(builder, v[i]).ndim - terms[i].n, all);
    return all;
}

/* The labels of a result that is not spelled out: an ellipsis, then what there is once. */
static void implied_result(const term *terms, int n_terms, term *result) {
    *result = no_labels;
    result->ellipsis = 0;
    for (int c = 'A'; c <= 'z'; c++) {
        int count = 0;
        for (int i = 0; i < n_terms; i++)
            for (int k = 0; k < terms[i].n; k++) count += terms[i].label[k] == c;
        if (count == 1 && result->n < FVI_MAX_DIMS) result->label[result->n++] = (char)c;
    }
}

/* Moves axis `from` of v, and its label, behind all others. */
static int move_last(fvi_builder *builder, int v, term *t, int from) {
    int perm[FVI_MAX_DIMS];
    for (int i = 0; i < t->n; i++) perm[i] = i < from ? i : i + 1 < t->n ? i + 1 : from;
    const char c = t->label[from];
    memmove(t->label + from, t->label + from + 1, (size_t)(t->n - from - 1));
    t->label[t->n - 1] = c;
    return fvi_emit_transpose(builder, v, perm);
}

/* The diagonal of axes i and k > i, which becomes the last axis: every n + 1st of n x n. */
static int diagonal(fvi_builder *builder, int v, term *t, int i, int k) {
    v = move_last(builder, move_last(builder, v, t, k), t, i);
    fvi_shape s = fvi_build_shape(builder, v);
    if (builder->status) return -1;
    const int last = s.ndim - 1;
    const int64_t n = s.dim[last];
    if (n != s.dim[last - 1]) {
        fvi_build_fail(builder, FV_SHAPE, "label '%c' has %" PRId64 " and %" PRId64 " elements",
                       t->label[last], s.dim[last - 1], n);
        return -1;
    }
    t->label[--t->n] = 0;
    if (!n) return fvi_emit_slice(builder, v, last - 1, 0, 0);
    s.ndim--;
    s.dim[last - 1] = n * n;
    v = fvi_emit_reshape(builder, v, &s);
    fvi_node_attr a = {0};
    for (int d = 0; d < s.ndim; d++) a.slice.step[d] = 1;
    a.slice.step[last - 1] = n + 1;
    s.dim[last - 1] = n;
    return fvi_emit(builder, FVI_SLICE, &a, &s, 1, &v);
}

static int diagonals(fvi_builder *builder, int v, term *t) {
    for (int i = 0; i < t->n && !builder->status; i++) {
        const char *again = strchr(t->label + i + 1, t->label[i]);
        if (!again) continue;
        v = diagonal(builder, v, t, i, (int)(again - t->label));
        i = -1; /* the labels moved */
    }
    return v;
}

/* Drops axes of an ellipsis of one element whose label another operand has with more. */
static int drop_single(fvi_builder *builder, int v, term *t, const term *other,
                       const fvi_shape *with) {
    fvi_shape s = fvi_build_shape(builder, v), kept = {0};
    term rest = no_labels;
    for (int i = 0; i < t->n && !builder->status; i++) {
        const char *at = g_ascii_isdigit(t->label[i]) ? strchr(other->label, t->label[i]) : NULL;
        if (at && s.dim[i] == 1 && with->dim[at - other->label] != 1) continue;
        rest.label[rest.n++] = t->label[i];
        kept.dim[kept.ndim++] = s.dim[i];
    }
    if (rest.n == t->n) return v;
    *t = rest;
    return fvi_emit_reshape(builder, v, &kept);
}

/* The labels of a and b that the result or a later operand has; 0: too many. */
static int labels_kept(const term *a, const term *b, const term *result, const term *later, int n,
                       term *kept) {
    *kept = no_labels;
    for (int i = 0; i < a->n + b->n; i++) {
        const char c = i < a->n ? a->label[i] : b->label[i - a->n];
        int wanted = has(result, c);
        for (int k = 0; k < n; k++) wanted |= has(&later[k], c);
        if (!wanted || has(kept, c)) continue;
        if (kept->n == FVI_MAX_DIMS) return 0;
        kept->label[kept->n++] = c;
    }
    return 1;
}

/* The product of a and b, with the labels that are wanted afterwards, in *ta then. */
static int pair(fvi_builder *builder, int a, term *ta, int b, term tb, const term *kept) {
    const fvi_shape sb = fvi_build_shape(builder, b);
    a = drop_single(builder, a, ta, &tb, &sb);
    const fvi_shape sa = fvi_build_shape(builder, a);
    b = drop_single(builder, b, &tb, ta, &sa);
    a = sum_lonely(builder, a, ta, kept, &tb);
    b = sum_lonely(builder, b, &tb, kept, ta);
    if (builder->status) return -1;
    const int v = product(builder, a, *ta, b, tb, kept);
    *ta = *kept;
    return v;
}

/* Reads the operands and their terms, spelled out, without labels that are there twice. */
static void read_operands(fvi_builder *builder, const task *job, term *terms, term *result,
                          int *v) {
    const int arrow = parse(builder, job, terms, result);
    for (int i = 0; i < job->n; i++) v[i] = job->in[i];
    if (builder->status) return;
    if (!arrow) implied_result(terms, job->n, result);
    const int all = spell_out_all(builder, job->n, terms, v);
    if (result->n + all > FVI_MAX_DIMS && result->ellipsis >= 0)
        fvi_build_fail(builder, FV_UNSUPPORTED, "its result has %d axes; allowed: %d",
                       result->n + all, FVI_MAX_DIMS);
    if (builder->status) return;
    if (result->ellipsis >= 0) spell_out(result, all, all);
    for (int i = 0; i < job->n; i++) v[i] = diagonals(builder, v[i], &terms[i]);
    for (int k = 0; k < result->n && !builder->status; k++) {
        int known = 0;
        for (int i = 0; i < job->n; i++) known |= has(&terms[i], result->label[k]);
        if (!known)
            fvi_build_fail(builder, FV_FORMAT, "no operand has label '%c'", result->label[k]);
    }
}

/* The operands one after the other; -1: failed. */
static int multiply(fvi_builder *builder, int n, term *terms, const int *v, const term *result) {
    int out = n == 1 ? sum_lonely(builder, v[0], &terms[0], result, NULL) : v[0];
    for (int i = 1; i < n && !builder->status; i++) {
        term kept;
        if (labels_kept(&terms[0], &terms[i], result, terms + i + 1, n - i - 1, &kept))
            out = pair(builder, out, &terms[0], v[i], terms[i], &kept);
        else
            fvi_build_fail(builder, FV_UNSUPPORTED,
                           "a product of two operands has more than %d axes", FVI_MAX_DIMS);
    }
    return builder->status ? -1 : arrange(builder, out, &terms[0], result);
}

int fvi_emit_einsum(fvi_builder *builder, const char *equation, size_t length, int n,
                    const int *in) {
    const task job = {equation, length, n, in};
    term terms[OPERANDS_MAX], result = no_labels;
    int v[OPERANDS_MAX];
    if (builder->status) return -1;
    if (n < 1 || n > OPERANDS_MAX) {
        fvi_build_fail(builder, FV_UNSUPPORTED, "it has %d operands; allowed: 1 to %d", n,
                       OPERANDS_MAX);
        return -1;
    }
    read_operands(builder, &job, terms, &result, v);
    return builder->status ? -1 : multiply(builder, n, terms, v, &result);
}
