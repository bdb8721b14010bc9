/* SPDX-License-Identifier: Apache-2.0 */
/* recurrent: one direction of an RNN, GRU or LSTM layer; what the input adds to the gates has been
 * multiplied before. With a = x[t] + R h, by gates, and the functions f, g, k of ONNX:
 *   RNN   h = f(a)
 *   GRU   z = f(a_z), r = f(a_r), m = g(x_m + R_m (r h)) or g(x_m + r (R_m h + b)),
 *         h = (1 - z) m + z h
 *   LSTM  i = f(a_i + p_i c), f = f(a_f + p_f c) or 1 - i, m = g(a_c), c = f c + i m,
 *         o = f(a_o + p_o c), h = o k(c)
 * Past the end of a sequence the state stays what it is. Backward goes back through the steps with
 * the functions' slopes, which forward has kept. Nothing is allocated while it runs.
 * Source: ONNX operator specification (RNN-22, GRU-22, LSTM-22).
 * What it does not do: gradients of the weights.
 */
#include <string.h>

#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/kernels/recurrent_cell.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

enum { X, R, B, H0, C0, P, LENGTHS, INPUTS };

typedef struct recurrent_state {
    const fvi_recurrent *a;
    int64_t t, n, h, gates; /* steps, samples, units, numbers of all gates */
    int backward;
    int64_t kept; /* steps whose numbers are kept: all for backward, else one */
    int64_t out;  /* numbers of a sample and step in dst */
    fvi_buffer *src[INPUTS], *work, *ddst, *work2;
} recurrent_state;

/* Numbers of one step in `work`: [n][gates] or [n][h] each. */
typedef struct slot {
    float *gate, *slope;
    float *other, *other_slope; /* LSTM: k(c) and its slope; GRU: r h, or R_m h + b */
    float *c_before, *c;        /* LSTM */
    const float *h_before;      /* h_step apart */
    int64_t h_step, t;
} slot;

static int64_t numbers(const recurrent_state *s) {
    const int64_t states = s->backward ? s->kept + 1 : 1;
    return s->n * (s->kept * 2 * (s->gates + s->h) + (states + 1) * s->h);
}

/* Step number k in the order they are done. */
static slot slot_at(const recurrent_state *s, float *dst, int64_t k) {
    const int64_t i = s->backward ? k : 0, gates = s->n * s->gates, h = s->n * s->h;
    float *at = s->work->data, *initial = at + s->kept * 2 * (gates + h);
    slot r = {.gate = at + i * gates, .slope = at + (s->kept + i) * gates};
    at += s->kept * 2 * gates;
    r.other = at + i * h;
    r.other_slope = at + (s->kept + i) * h;
    r.c_before = initial + h + i * h;
    r.c = r.c_before + (s->backward ? h : 0);
    r.t = s->a->reverse ? s->t - 1 - k : k;
    r.h_before = k ? dst + (s->a->reverse ? r.t + 1 : r.t - 1) * s->n * s->out : initial;
    r.h_step = k ? s->out : s->h;
    return r;
}

static int ended(const recurrent_state *s, int64_t sample, int64_t t) {
    return s->src[LENGTHS] && (float)t >= ((const float *)s->src[LENGTHS]->data)[sample];
}

static fv_status plan(fvi_step *step, fv_error *err) {
    recurrent_state *s = step->state = fvi_step_alloc(step, 1, sizeof *s);
    if (!s) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *x = fvi_step_shape(step, X), *out = fvi_step_out_shape(step);
    s->a = &step->node->a.recurrent;
    s->t = x->dim[0];
    s->n = x->dim[1];
    s->gates = x->dim[2];
    s->h = fvi_step_shape(step, R)->dim[1];
    s->out = out->dim[2];
    s->backward = step->backward;
    s->kept = step->backward && s->t > 1 ? s->t : 1;
    fv_status st = FV_OK;
    for (int i = 0; i < INPUTS && !st; i++)
        if (step->node->in[i] >= 0) st = fvi_step_source(step, i, NULL, &s->src[i], err);
    const size_t bytes = (size_t)numbers(s) * sizeof(float);
    if (!st)
        st = step->backward ? fvi_step_saved_bytes(step, bytes, &s->work, err)
                            : fvi_step_temp_bytes(step, bytes, &s->work, err);
    return st ? st : fvi_step_make_dst(step, NULL, err);
}

/* ---- forward -------------------------------------------------------------------------------- */

static void initial_states(const recurrent_state *s, const fvi_buffer *from, float *to) {
    for (int64_t k = 0; k < s->n; k++) {
        const int64_t row = from && from->shape.dim[0] > 1 ? k : 0;
        if (from)
            memcpy(to + k * s->h, (const float *)from->data + row * s->h,
                   (size_t)s->h * sizeof(float));
        else
            memset(to + k * s->h, 0, (size_t)s->h * sizeof(float));
    }
}

/* to [n][h] at `to_step` += the weights of gates first.. (`count` of them) times `from`. */
static void multiply(const recurrent_state *s, int first, int count, const float *from,
                     int64_t from_step, float *to, int64_t to_step) {
    const float *r = s->src[R]->data;
    fvi_cell_multiply(&(fvi_cell_product){r + first * s->h * s->h, count * s->h, s->h, s->n, from,
                                          to, from_step, to_step});
}

static void lstm_sample(const recurrent_state *s, const slot *w, int64_t k, float *hidden) {
    const int64_t h = s->h;
    const float *p = s->src[P] ? s->src[P]->data : NULL;
    float *i = w->gate + k * s->gates, *o = i + h, *f = o + h, *m = f + h;
    float *slope = w->slope + k * s->gates, *other = w->other + k * h;
    const float *before = w->c_before + k * h;
    float *c = w->c + k * h;
    for (int64_t j = 0; p && j < h; j++) {
        i[j] += p[j] * before[j];
        f[j] += p[2 * h + j] * before[j];
    }
    fvi_cell_function(s->a, 0, i, i, slope, h);
    fvi_cell_function(s->a, 0, f, f, slope + 2 * h, h);
    fvi_cell_function(s->a, 1, m, m, slope + 3 * h, h);
    for (int64_t j = 0; s->a->input_forget && j < h; j++) f[j] = 1 - i[j];
    for (int64_t j = 0; j < h; j++) c[j] = f[j] * before[j] + i[j] * m[j];
    for (int64_t j = 0; p && j < h; j++) o[j] += p[h + j] * c[j];
    fvi_cell_function(s->a, 0, o, o, slope + h, h);
    fvi_cell_function(s->a, 2, c, other, w->other_slope + k * h, h);
    for (int64_t j = 0; j < h; j++) hidden[j] = o[j] * other[j];
}

static void gru_gates(const recurrent_state *s, const slot *w) {
    const int64_t h = s->h;
    const float *b = s->src[B] ? s->src[B]->data : NULL;
    multiply(s, 0, 2, w->h_before, w->h_step, w->gate, s->gates);
    for (int64_t k = 0; k < s->n; k++) {
        float *r = w->gate + k * s->gates + h, *other = w->other + k * h;
        fvi_cell_function(s->a, 0, r - h, r - h, w->slope + k * s->gates, 2 * h);
        for (int64_t j = 0; j < h; j++)
            other[j] =
                s->a->linear_before_reset ? (b ? b[j] : 0) : r[j] * w->h_before[k * w->h_step + j];
    }
    if (!s->a->linear_before_reset)
        multiply(s, 2, 1, w->other, h, w->gate + 2 * h, s->gates);
    else
        multiply(s, 2, 1, w->h_before, w->h_step, w->other, h);
}

static void gru_sample(const recurrent_state *s, const slot *w, int64_t k, float *hidden) {
    const int64_t h = s->h;
    const float *before = w->h_before + k * w->h_step, *other = w->other + k * h;
    float *z = w->gate + k * s->gates, *r = z + h, *m = r + h;
    for (int64_t j = 0; s->a->linear_before_reset && j < h; j++) m[j] += r[j] * other[j];
    fvi_cell_function(s->a, 1, m, m, w->slope + k * s->gates + 2 * h, h);
    for (int64_t j = 0; j < h; j++) hidden[j] = (1 - z[j]) * m[j] + z[j] * before[j];
}

static void sample(const recurrent_state *s, const slot *w, int64_t k, float *out) {
    const size_t bytes = (size_t)s->h * sizeof(float);
    float *gate = w->gate + k * s->gates;
    if (ended(s, k, w->t)) {
        memcpy(out, w->h_before + k * w->h_step, bytes);
        if (w->c != w->c_before) memcpy(w->c + k * s->h, w->c_before + k * s->h, bytes);
    } else if (s->a->cell == FVI_CELL_LSTM) {
        lstm_sample(s, w, k, out);
    } else if (s->a->cell == FVI_CELL_GRU) {
        gru_sample(s, w, k, out);
    } else {
        fvi_cell_function(s->a, 0, gate, gate, w->slope + k * s->gates, s->h);
        memcpy(out, gate, bytes);
    }
    if (s->a->cells) memcpy(out + s->h, w->c + k * s->h, bytes);
}

static fv_status forward(const fvi_step *step) {
    const recurrent_state *s = step->state;
    const float *x = s->src[X]->data;
    float *dst = step->dst->data;
    if (!s->n || !s->h) return FV_OK; /* nothing to compute, and no memory for it */
    const slot first = slot_at(s, dst, 0);
    initial_states(s, s->src[H0], (float *)first.h_before);
    initial_states(s, s->src[C0], first.c_before);
    for (int64_t k = 0; k < s->t; k++) {
        const slot w = slot_at(s, dst, k);
        memcpy(w.gate, x + w.t * s->n * s->gates, (size_t)(s->n * s->gates) * sizeof(float));
        if (s->a->cell == FVI_CELL_GRU)
            gru_gates(s, &w);
        else
            multiply(s, 0, (int)(s->gates / s->h), w.h_before, w.h_step, w.gate, s->gates);
        for (int64_t i = 0; i < s->n; i++) sample(s, &w, i, dst + (w.t * s->n + i) * s->out);
    }
    return FV_OK;
}

/* ---- backward ------------------------------------------------------------------------------- */

/* Gradients between two steps, [n][h] each but the last. */
typedef struct carried {
    float *h, *h_before, *c, *other;
    float *gate; /* [n][gates] of what goes into the gates' functions */
} carried;

static fv_status plan_backward(fvi_step *step, fv_error *err) {
    recurrent_state *s = step->state;
    fv_status st = FV_OK;
    for (int i = 0; i < INPUTS && !st; i++)
        if (i != X && step->node->in[i] >= 0) st = fvi_step_source(step, i, NULL, &s->src[i], err);
    if (!st) st = fvi_step_convert(step, step->ddst, NULL, &s->ddst, err);
    if (!st)
        st = fvi_step_temp_bytes(step, (size_t)(s->n * (4 * s->h + s->gates)) * sizeof(float),
                                 &s->work2, err);
    fvi_step_touch(step, s->work, FVI_READ);
    fvi_step_touch(step, step->dst, FVI_READ);
    for (int i = 0; i < INPUTS && !st; i++)
        if (step->wanted[i]) st = fvi_step_make_dsrc(step, i, NULL, err);
    return st;
}

/* Adds the transposed weights of gates first.. times `from`. */
static void multiply_back(const recurrent_state *s, int first, int count, const float *from,
                          int64_t from_step, float *to) {
    const float *r = s->src[R]->data;
    fvi_cell_multiply_transposed(&(fvi_cell_product){r + first * s->h * s->h, count * s->h, s->h,
                                                     s->n, from, to, from_step, s->h});
}

static void lstm_sample_back(const recurrent_state *s, const slot *w, const carried *d, int64_t k) {
    const int64_t h = s->h;
    const float *p = s->src[P] ? s->src[P]->data : NULL;
    const float *i = w->gate + k * s->gates, *o = i + h, *f = o + h, *m = f + h;
    const float *slope = w->slope + k * s->gates, *other = w->other + k * h;
    const float *other_slope = w->other_slope + k * h, *before = w->c_before + k * h;
    const float *dh = d->h + k * h;
    float *g = d->gate + k * s->gates, *dc = d->c + k * h;
    for (int64_t j = 0; j < h; j++) {
        g[h + j] = dh[j] * other[j] * slope[h + j];
        const float c = dc[j] + dh[j] * o[j] * other_slope[j] + (p ? g[h + j] * p[h + j] : 0);
        const float lost = s->a->input_forget ? before[j] : 0;
        g[j] = c * (m[j] - lost) * slope[j];
        g[2 * h + j] = s->a->input_forget ? 0 : c * before[j] * slope[2 * h + j];
        g[3 * h + j] = c * i[j] * slope[3 * h + j];
        dc[j] = c * f[j] + (p ? g[j] * p[j] + g[2 * h + j] * p[2 * h + j] : 0);
    }
}

/* All but what goes through the recurrent weights of z and r. */
static void gru_sample_back(const recurrent_state *s, const slot *w, const carried *d, int64_t k) {
    const int64_t h = s->h;
    const float *z = w->gate + k * s->gates, *r = z + h, *m = r + h;
    const float *slope = w->slope + k * s->gates, *before = w->h_before + k * w->h_step;
    const float *dh = d->h + k * h, *other = w->other + k * h;
    float *g = d->gate + k * s->gates, *dh_before = d->h_before + k * h,
          *product = d->other + k * h;
    for (int64_t j = 0; j < h; j++) {
        g[j] = dh[j] * (before[j] - m[j]) * slope[j];
        g[2 * h + j] = dh[j] * (1 - z[j]) * slope[2 * h + j];
        dh_before[j] = dh[j] * z[j];
        if (!s->a->linear_before_reset) continue;
        g[h + j] = g[2 * h + j] * other[j] * slope[h + j];
        product[j] = g[2 * h + j] * r[j];
    }
}

static void gru_back(const recurrent_state *s, const slot *w, const carried *d) {
    const int64_t h = s->h;
    if (s->a->linear_before_reset) {
        multiply_back(s, 2, 1, d->other, h, d->h_before);
    } else {
        multiply_back(s, 2, 1, d->gate + 2 * h, s->gates, d->other);
        for (int64_t k = 0; k < s->n; k++)
            for (int64_t j = 0; j < h; j++) {
                const float product = d->other[k * h + j], r = w->gate[k * s->gates + h + j];
                const float before = w->h_before[k * w->h_step + j];
                d->gate[k * s->gates + h + j] = product * before * w->slope[k * s->gates + h + j];
                d->h_before[k * h + j] += product * r;
            }
    }
    multiply_back(s, 0, 2, d->gate, s->gates, d->h_before);
}

/* d->gate, d->h_before and d->c from d->h and d->c. */
static void step_back(const recurrent_state *s, const slot *w, const carried *d) {
    const size_t bytes = (size_t)(s->n * s->h) * sizeof(float);
    memset(d->h_before, 0, bytes);
    memset(d->other, 0, bytes);
    memset(d->gate, 0, (size_t)(s->n * s->gates) * sizeof(float));
    for (int64_t k = 0; k < s->n; k++) {
        if (ended(s, k, w->t)) continue;
        if (s->a->cell == FVI_CELL_LSTM) lstm_sample_back(s, w, d, k);
        if (s->a->cell == FVI_CELL_GRU) gru_sample_back(s, w, d, k);
        for (int64_t j = 0; s->a->cell == FVI_CELL_RNN && j < s->h; j++)
            d->gate[k * s->h + j] = d->h[k * s->h + j] * w->slope[k * s->h + j];
    }
    if (s->a->cell == FVI_CELL_GRU)
        gru_back(s, w, d);
    else
        multiply_back(s, 0, (int)(s->gates / s->h), d->gate, s->gates, d->h_before);
    for (int64_t k = 0; k < s->n; k++)
        if (ended(s, k, w->t))
            memcpy(d->h_before + k * s->h, d->h + k * s->h, (size_t)s->h * sizeof(float));
}

/* The gradient of initial states; of those that are one for all samples, the sum. */
static void initial_back(const recurrent_state *s, const float *from, fvi_buffer *to) {
    float *dst = to->data;
    const int64_t rows = to->shape.dim[0];
    memset(dst, 0, (size_t)(rows * s->h) * sizeof(float));
    for (int64_t k = 0; k < s->n; k++)
        for (int64_t j = 0; j < s->h; j++) dst[(rows > 1 ? k : 0) * s->h + j] += from[k * s->h + j];
}

static fv_status backward(const fvi_step *step) {
    const recurrent_state *s = step->state;
    const int64_t h = s->n * s->h;
    const float *ddst = s->ddst->data;
    float *at = s->work2->data, *dx = step->wanted[X] ? step->dsrc[X]->data : NULL;
    if (!h) return FV_OK; /* all gradients are empty */
    carried d = {at, at + h, at + 2 * h, at + 3 * h, at + 4 * h};
    memset(at, 0, (size_t)(4 * h) * sizeof(float));
    for (int64_t k = s->t - 1; k >= 0; k--) {
        const slot w = slot_at(s, step->dst->data, k);
        for (int64_t i = 0; i < h; i++) {
            const float *from = ddst + (w.t * s->n + i / s->h) * s->out + i % s->h;
            d.h[i] += from[0];
            if (s->a->cells) d.c[i] += from[s->h];
        }
        if (dx) d.gate = dx + w.t * s->n * s->gates;
        step_back(s, &w, &d);
        float *swap = d.h;
        d.h = d.h_before;
        d.h_before = swap;
    }
    if (step->wanted[H0]) initial_back(s, d.h, step->dsrc[H0]);
    if (step->wanted[C0]) initial_back(s, d.c, step->dsrc[C0]);
    return FV_OK;
}

const fvi_op fvi_op_recurrent = {"Recurrent", NULL, plan, plan_backward, forward, backward, NULL};
