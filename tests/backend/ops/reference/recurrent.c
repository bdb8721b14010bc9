/* SPDX-License-Identifier: Apache-2.0 */
/* reference: recurrent layers, number by number as the ONNX documents write them. */
#include <math.h>
#include <stdlib.h>

#include "../reference.h"

typedef struct cell {
    const fvi_node *n;
    const fvi_ref *in;
    int64_t samples, h;
} cell;

static double function(const cell *c, int which, double x) {
    const double bound = c->n->a.recurrent.clip, p = c->n->a.recurrent.function[which].p;
    const double q = c->n->a.recurrent.function[which].q;
    if (bound > 0 && which < 2) x = fmin(fmax(x, -bound), bound);
    switch (c->n->a.recurrent.function[which].f) {
    case FVI_SIGMOID: return 1 / (1 + exp(-x));
    case FVI_TANH: return tanh(x);
    case FVI_RELU: return fmax(x, 0);
    case FVI_LEAKY_RELU: return x >= 0 ? x : p * x;
    case FVI_THRESHOLDED_RELU: return x > p ? x : 0;
    case FVI_HARD_SIGMOID: return fmin(fmax(p * x + q, 0), 1);
    case FVI_LINEAR: return p * x + q;
    case FVI_ELU: return x >= 0 ? x : p * (exp(x) - 1);
    case FVI_SOFTSIGN: return x / (1 + fabs(x));
    case FVI_SOFTPLUS: return log(exp(x) + 1);
    default: abort();
    }
}

/* What goes into unit j of a gate: its share of the input and of the state times `scale` [h]. */
static double gate(const cell *c, const double *x, int which, int64_t j, const double *h,
                   const double *scale) {
    const double *r = c->in[1].data + (which * c->h + j) * c->h;
    double sum = x ? x[which * c->h + j] : 0;
    for (int64_t k = 0; k < c->h; k++) sum += r[k] * h[k] * (scale ? scale[k] : 1);
    return sum;
}

static void gru(const cell *c, const double *x, const double *h, double *to) {
    double *r = malloc((size_t)c->h * sizeof *r);
    for (int64_t j = 0; j < c->h; j++) r[j] = function(c, 0, gate(c, x, 1, j, h, NULL));
    for (int64_t j = 0; j < c->h; j++) {
        const double z = function(c, 0, gate(c, x, 0, j, h, NULL));
        const double b = c->in[2].data ? c->in[2].data[j] : 0;
        const double a = c->n->a.recurrent.linear_before_reset
                             ? x[2 * c->h + j] + r[j] * (gate(c, NULL, 2, j, h, NULL) + b)
                             : gate(c, x, 2, j, h, r);
        to[j] = (1 - z) * function(c, 1, a) + z * h[j];
    }
    free(r);
}

static void lstm(const cell *c, const double *x, const double *h, double *to, double *state) {
    const double *p = c->in[5].data;
    for (int64_t j = 0; j < c->h; j++) {
        const double i = function(c, 0, gate(c, x, 0, j, h, NULL) + (p ? p[j] * state[j] : 0));
        double f = function(c, 0, gate(c, x, 2, j, h, NULL) + (p ? p[2 * c->h + j] * state[j] : 0));
        if (c->n->a.recurrent.input_forget) f = 1 - i;
        state[j] = f * state[j] + i * function(c, 1, gate(c, x, 3, j, h, NULL));
        const double o =
            function(c, 0, gate(c, x, 1, j, h, NULL) + (p ? p[c->h + j] * state[j] : 0));
        to[j] = o * function(c, 2, state[j]);
    }
}

static void step(const cell *c, const double *x, double *h, double *state) {
    double *to = calloc((size_t)c->h, sizeof *to);
    if (c->n->a.recurrent.cell == FVI_CELL_LSTM) lstm(c, x, h, to, state);
    if (c->n->a.recurrent.cell == FVI_CELL_GRU) gru(c, x, h, to);
    for (int64_t j = 0; c->n->a.recurrent.cell == FVI_CELL_RNN && j < c->h; j++)
        to[j] = function(c, 0, gate(c, x, 0, j, h, NULL));
    for (int64_t j = 0; j < c->h; j++) h[j] = to[j];
    free(to);
}

void fvi_ref_recurrent(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    const int64_t t = in[0].shape.dim[0], samples = in[0].shape.dim[1], g = in[0].shape.dim[2];
    const cell c = {n, in, samples, in[1].shape.dim[1]};
    double *h = calloc((size_t)(2 * c.h), sizeof *h), *state = h + c.h;
    for (int64_t s = 0; s < samples; s++) {
        for (int64_t j = 0; j < c.h; j++) {
            h[j] = in[3].data ? in[3].data[in[3].shape.dim[0] > 1 ? s * c.h + j : j] : 0;
            state[j] = in[4].data ? in[4].data[in[4].shape.dim[0] > 1 ? s * c.h + j : j] : 0;
        }
        for (int64_t k = 0; k < t; k++) {
            const int64_t at = n->a.recurrent.reverse ? t - 1 - k : k;
            double *to = out->data + (at * samples + s) * out->shape.dim[2];
            if (!in[6].data || (double)at < in[6].data[s])
                step(&c, in[0].data + (at * samples + s) * g, h, state);
            for (int64_t j = 0; j < out->shape.dim[2]; j++) to[j] = h[j]; /* `state` behind h */
        }
    }
    free(h);
}
