/* SPDX-License-Identifier: Apache-2.0 */
/* What the files behind objective.h share: where a term's elements lie, and what it does with them.
 *
 * One sample of a value is outer x channels x inner numbers, its channels somewhere in the middle.
 * In the whole value they lie in runs: `run` numbers of sample 0, `run` of sample 1, ...
 */
#ifndef FVI_VIS_OBJECTIVE_BIND_H
#define FVI_VIS_OBJECTIVE_BIND_H

#include <glib.h>

#include "vis/objective/objective.h"

typedef struct fvi_extent {
    int64_t outer, channels, inner;
    int64_t samples, run;
} fvi_extent;

static inline int64_t fvi_extent_count(const fvi_extent *l) {
    return l->outer * l->channels * l->inner;
}

static inline int64_t fvi_extent_positions(const fvi_extent *l) { return l->outer * l->inner; }

/* Where element i of sample n lies in the value. */
static inline int64_t fvi_extent_offset(const fvi_extent *l, int64_t n, int64_t i) {
    int64_t count = fvi_extent_count(l);
    if (l->run == count) return n * count + i;
    return (i / l->run * l->samples + n) * l->run + i % l->run;
}

/* The same of channel c at position p of outer x inner. */
static inline int64_t fvi_extent_at(const fvi_extent *l, int64_t n, int64_t c, int64_t p) {
    if (l->outer == 1) return fvi_extent_offset(l, n, c * l->inner + p);
    return fvi_extent_offset(l, n, (p / l->inner * l->channels + c) * l->inner + p % l->inner);
}

/* A term of the network, bound. */
typedef struct fvi_bound_term {
    const fvi_term *term;
    fvi_term_kind kind; /* as it is computed: a bare energy of one number is that number */
    int64_t position;   /* -1: all */
    float **reference;  /* MATCH, CARICATURE: [samples] what is compared with, elements of the layer
                           or the channel in their order; owned. Else NULL */
} fvi_bound_term;

struct fvi_bound {
    const fvi_objective *objective;
    int64_t samples;
    fvi_extent layout[FVI_MAX_VALUES];
    int n_terms; /* those of the network */
    fvi_bound_term terms[FVI_MAX_TERMS];
    float *work[FVI_MAX_TERMS];     /* DIVERSITY: [samples][fvi_diversity_size] */
    double *product[FVI_MAX_TERMS]; /* DIVERSITY: [samples][samples] */
};

/* The layout of value v of a graph run for `samples` samples; `name` for messages.
 *   batch_axis, sample  where the samples lie, and the shape of one; or NULL
 *   errors              UNSUPPORTED the graph mixes samples; SHAPE no elements */
fv_status fvi_extent_find(const fvi_graph *g, int v, int64_t samples, const char *name,
                          fvi_extent *out, int *channel_axis, int *batch_axis, fvi_shape *sample,
                          fv_error *err);
/* The axes of one sample that are positions: not the channels', nor the batch's own.
 *   axis     outermost first
 *   returns  how many */
int fvi_position_axes(const fvi_shape *sample, int channel_axis, int batch_axis,
                      int axis[FVI_MAX_DIMS]);
/* Whether a term's channels and vector fit its values.  errors  NOTFOUND; SHAPE */
fv_status fvi_term_check(const fvi_objective *o, const fvi_term *t, const fvi_extent *layouts,
                         fv_error *err);

/* Mean of a channel over its positions, or at one (position >= 0); adds scale * its gradient. */
double fvi_channel_value(const fvi_extent *l, int64_t n, int64_t channel, int64_t position,
                         const float *x, double scale, float *seed);
/* A term of one sample, without its weight (0 for joint ones); adds weight * its gradient. */
double fvi_term_value(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                      float *seed);

/* How many elements of a layer, or of a channel of it, a term looks at; the place of element i. */
int64_t fvi_term_count(const fvi_extent *l, const fvi_term *t);
int64_t fvi_term_offset(const fvi_extent *l, int64_t n, const fvi_term *t, int64_t i);

/* A guided dream's term (guide.c), without its weight; adds scale * its gradient. */
double fvi_guide_value(const fvi_extent *l, int64_t n, const fvi_term *t, const float *x,
                       double scale, float *seed);

/* Floats of work diversity needs for a sample; -1: too many. */
int64_t fvi_diversity_size(const fvi_extent *l);
/* The joint terms of the network over one value: add shares to values, gradients to seeds. */
void fvi_diversity(const fvi_extent *l, float *work, double *product, const int64_t *sample,
                   int count, const float *x, double weight, float *seed, double *values);
void fvi_alignment(const fvi_extent *l, const int64_t *sample, int count, const float *x,
                   float decay, double weight, float *seed, double *values);

/* The class vector of a network: its logits, before a softmax where it ends in one.
 *   softmax  name of the softmax, or NULL      errors  SHAPE the first output is no class vector */
typedef struct fvi_logits {
    const char *value;   /* borrowed from the network */
    const char *layer;   /* its name for people */
    const char *softmax; /* or NULL */
    int64_t classes;
} fvi_logits;
fv_status fvi_logits_find(const fvi_network *net, fvi_logits *out, fv_error *err);
/* The same of any value; 0 if it is no softmax over one vector of classes. */
int fvi_logits_before(const fvi_network *net, const char *value, fvi_logits *out);
/* A class by index or name.  errors  NOTFOUND */
fv_status fvi_class_find(const fvi_network *net, const fvi_logits *l, const char *name,
                         int64_t *index, fv_error *err);

/* One term in its one spelling, without its weight. */
void fvi_term_text(const fvi_objective *o, const fvi_term *t, int alone, GString *s);

/* Coordinate i of a term's position on an axis of that size; -1 if it is outside. */
static inline int64_t fvi_term_coordinate(const fvi_term *t, int i, int64_t size) {
    const int64_t at = t->n_position == FVI_CENTRE ? size / 2 : t->position[i];
    return at < size ? at : -1;
}

/* Whether a term compares with a photo. */
static inline int fvi_term_has_photo(const fvi_term *t) {
    return t->kind == FVI_TERM_MATCH || t->kind == FVI_TERM_CARICATURE;
}

/* "tv", "lp" are names of picture terms. */
int fvi_picture_term_is(const char *name);
/* Reads a number that is the whole text: finite, decimal, at most 1e30 in size; 0 if it is none. */
int fvi_read_number(const char *text, double *out);

#endif
