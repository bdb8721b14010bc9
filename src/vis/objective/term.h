/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of objectives: how one is stored, and how each kind works. A kind of term has one row
 * (struct fvi_term_kind), in a file of terms/: its name, how it is read and written, and what it
 * computes. terms.c lists the rows.
 */
#ifndef FVI_VIS_OBJECTIVE_TERM_H
#define FVI_VIS_OBJECTIVE_TERM_H

#include <glib.h>

#include "model/network/network.h"
#include "vis/objective/extent.h"

#define FVI_MAX_POSITION  3
#define FVI_MAX_TERMS     16
#define FVI_MAX_VALUES    8
#define FVI_MAX_OBJECTIVE 4096 /* characters of an expression */
#define FVI_CENTRE        (-1) /* a value of n_position: the centre, size / 2 on each axis */

typedef struct fvi_term_kind fvi_term_kind;

/* How a term was written. */
typedef enum fvi_spelling {
    FVI_SPELLED_OUT,  /* strong(LAYER:C), neuron(LAYER:C), ...: the same under every reduction */
    FVI_SPELLED_BARE, /* LAYER, LAYER:C, class:C: the reduction decides what is computed */
    FVI_SPELLED_MEAN  /* mean(LAYER:C), squares(LAYER): as the bare unit under the mean reduction */
} fvi_spelling;

/* A vector that belongs to a term; shared by its copies. */
typedef struct fvi_term_data {
    char *name; /* its path, or the attachment's name */
    fv_tensor *vector;
} fvi_term_data;

typedef struct fvi_term {
    const fvi_term_kind *kind;
    float weight;
    int64_t channel; /* -1: all */
    int n_position;  /* coordinates in `position`; 0: all positions; or FVI_CENTRE */
    int64_t position[FVI_MAX_POSITION];
    int64_t channel2;        /* INTERPOLATE: the channel of layer2 */
    float argument[2];       /* power, threshold, decay, ...; PICTURE: its arguments */
    fvi_term_data *data;     /* owns `vector` and `file`, reference-counted; NULL: neither is set */
    const fv_tensor *vector; /* DIRECTION: the direction; MATCH, CARICATURE: what the network sees
                                of the photo, [channels][h][w] in 0..1 */
    const char *file;        /* data->name */
    /* as written in the expression */
    fvi_spelling spelling;
    int is_class;                 /* class:C */
    const char *layer, *layer2;   /* values of the network, borrowed; NULL: the picture */
    const char *logits, *logits2; /* if layer (layer2) is a softmax over classes: its input */
    /* set by fvi_objective_resolve */
    int bare;          /* it is written as the unit alone, without NAME(...). If the channel has one
                          position, its value there is the term's value, whatever the kind */
    int value, value2; /* index into values; -1: the picture */
} fvi_term;

/* What prob:C makes a probability of: a term's argument[0]. */
typedef enum fvi_probability_of {
    FVI_PROBABILITY_OF_LOGITS,
    FVI_PROBABILITY_OF_LOGIT,
    FVI_PROBABILITY_OF_SCORES, /* logits, unless they are a distribution */
    FVI_PROBABILITY_ITSELF
} fvi_probability_of;

/* An objective with its reduction applied and its layers resolved to values of the network. */
typedef struct fvi_objective {
    int n_values;
    const char *values[FVI_MAX_VALUES]; /* names of values; borrowed from the network */
    const char *layers[FVI_MAX_VALUES]; /* what they are called where people read it */
    int n_terms;
    fvi_term terms[FVI_MAX_TERMS];
} fvi_objective;

/* A term on values of the network, bound to a graph that computes them for a batch. */
typedef struct fvi_bound_term {
    const fvi_term *term;
    const fvi_term_kind *kind; /* computes it: term->kind, or fvi_term_channel (see term->bare) */
    int64_t position;          /* -1: all */
    float **reference; /* PHOTO: [samples] the photo's activations of the layer or the channel, to
                          compare with, in order; owned. Else NULL */
    struct fvi_emitted *emitted; /* its nodes, compiled (terms/emitted.h), or NULL; owned */
} fvi_bound_term;

/* An objective bound to the values of a batch. */
typedef struct fvi_bound {
    const fvi_objective *objective;
    int64_t samples;
    fvi_extent layout[FVI_MAX_VALUES];
    int n_terms; /* terms on the network's values; terms of the picture are not bound */
    fvi_bound_term terms[FVI_MAX_TERMS];
} fvi_bound;

/* The evaluation of a joint term over the samples of one group. */
typedef struct fvi_group_call {
    const int64_t *sample; /* [count] pictures 0..count-1 of one objective */
    int count;
    const float *const *targets; /* [n_values] whole values */
    float *const *seeds;         /* the gradients at them, which are added to */
    double *values;              /* [count], which are added to */
} fvi_group_call;

/* A picture on which picture terms are evaluated, and its gradient. */
typedef struct fvi_picture_view {
    const float *p, *start; /* [channels][h][w]; start: the picture before the first update */
    int channels, h, w;
    int64_t n; /* channels * h * w */
    float *dp; /* [channels][h][w]: gradients are added */
} fvi_picture_view;

struct fvi_reader;
struct fvi_call;
struct fvi_term_graph;

/* What a term depends on. */
typedef enum fvi_term_scope {
    FVI_SCOPE_SAMPLE, /* one sample's values of the network */
    FVI_SCOPE_PHOTO,  /* the same, and these values for a photo */
    FVI_SCOPE_GROUP,  /* several pictures made together */
    FVI_SCOPE_PICTURE /* the picture itself */
} fvi_term_scope;

#define FVI_PICTURE_ARGUMENTS 2

/* One argument of a picture term. */
typedef struct fvi_picture_argument {
    float usual; /* its default */
    double low, high;
    int whole; /* 1: whole numbers only */
} fvi_picture_argument;

/* One kind of term. A function that a kind does not need is NULL. */
struct fvi_term_kind {
    const char *name;  /* NAME, in NAME(argument, ...); NULL: not written as a call */
    const char *usage; /* "strong(LAYER[:C][, DEVIATIONS])" */
    int min, max;      /* number of arguments */
    fvi_term_scope scope;
    float usual;                                                   /* default of argument[0] */
    fvi_picture_argument picture_arguments[FVI_PICTURE_ARGUMENTS]; /* PICTURE */

    /* Reads a call and appends its term; the number of arguments has been checked. */
    fv_status (*read)(struct fvi_reader *r, const fvi_term_kind *kind, const struct fvi_call *c,
                      fv_error *err);
    /* Writes the term to s, without its weight; NULL: written as the unit, or as NAME(unit, ...).
     *   alone  the text has no other terms */
    void (*text)(const fvi_objective *o, const fvi_term *t, int alone, GString *s);
    /* Checks the term against the shapes of its values.  extents  [n_values] */
    fv_status (*check)(const fvi_objective *o, const fvi_term *t, const fvi_extent *extents,
                       fv_error *err);
    /* Checks what evaluating needs, and allocates it. */
    fv_status (*bind)(const fvi_bound *b, fvi_bound_term *t, fv_error *err);
    /* Frees t->emitted. */
    void (*drop)(fvi_bound_term *t);
    /* Its value for sample n, without its weight; adds weight * gradient to the value's seed. */
    double (*value)(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                    float *seed);
    /* GROUP: adds each sample's share to c->values, and the gradient of their sum to c->seeds. */
    fv_status (*group)(const fvi_bound *b, const fvi_bound_term *t, const fvi_group_call *c,
                       fv_error *err);
    /* GROUP: the same, for terms on the pictures themselves, of `size` elements each. */
    void (*pictures)(const fvi_term *t, const float *const *p, int count, int64_t size,
                     float *const *dp, double *values);
    /* PICTURE: its value, without its weight; adds weight * gradient to v->dp. Allocates nothing.
     */
    double (*picture)(const fvi_term *t, const fvi_picture_view *v);
    /* The same value as nodes of a graph, whose gradient is the graph's (term_graph.h). NULL: it
     * has no such form; then whatever depends on it runs on the processor. */
    int (*emit)(const struct fvi_term_graph *g, const fvi_bound_term *t);
};

/* The rows; terms.c has them in the order of their names in messages. */
extern const fvi_term_kind fvi_term_channel, fvi_term_neuron, fvi_term_layer, fvi_term_energy,
    fvi_term_strong, fvi_term_probability, fvi_term_direction, fvi_term_diversity,
    fvi_term_alignment, fvi_term_interpolate, fvi_term_match, fvi_term_caricature,
    fvi_term_reference, fvi_term_tv, fvi_term_tv_power, fvi_term_mean_tv, fvi_term_l1, fvi_term_l2,
    fvi_term_picture_squares, fvi_term_distance, fvi_term_difference, fvi_term_lp,
    fvi_term_mean_norm, fvi_term_boundary, fvi_term_blur;

/* Coordinate i of a term's position on an axis of that size; -1 if it is outside. */
static inline int64_t fvi_term_coordinate(const fvi_term *t, int i, int64_t size) {
    const int64_t at = t->n_position == FVI_CENTRE ? size / 2 : t->position[i];
    return at < size ? at : -1;
}

/* Whether a term compares with a photo. */
static inline int fvi_term_has_photo(const fvi_term *t) {
    return t->kind->scope == FVI_SCOPE_PHOTO;
}

#endif
