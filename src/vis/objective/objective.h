/* SPDX-License-Identifier: Apache-2.0 */
/* Objectives: what to look for. An objective is a weighted sum of terms, each a number to raise; a
 * penalty is a term with a negative weight. Terms look at values of the network, at the picture
 * (terms_image.h), or at several pictures made together.
 *
 *   expression  = [-] [NUMBER *] term { (+|-) [NUMBER *] term }     + and - stand between blanks
 *   term        = LAYER | LAYER:C | LAYER:C@y,x | class:C | prob:C | NAME | NAME(argument, ...)
 *
 * A LAYER is a name as fv_model_find_layer takes it, in '...' or "..." where it has blanks, commas
 * or parentheses. docs/objectives.md lists the terms.
 */
#ifndef FVI_VIS_OBJECTIVE_OBJECTIVE_H
#define FVI_VIS_OBJECTIVE_OBJECTIVE_H

#include "model/network/network.h"
#include "vis/objective/terms_image.h"

#define FVI_MAX_POSITION  3
#define FVI_MAX_TERMS     16
#define FVI_MAX_VALUES    8
#define FVI_MAX_OBJECTIVE 4096 /* characters of an expression */
#define FVI_CENTRE        (-1) /* n_position: the middle; of an even size the later one */

typedef enum fvi_term_kind {
    FVI_TERM_CHANNEL = 1, /* LAYER:C, mean(LAYER:C): mean over positions; LAYER:C@y,x: there */
    FVI_TERM_LAYER,       /* LAYER, squares(LAYER[:C]): mean of squares */
    FVI_TERM_ENERGY,      /* energy(LAYER[:C]): sum of squares */
    FVI_TERM_STRONG,      /* strong(LAYER[:C][,t]): half the sum of squares above mean + t sd */
    FVI_TERM_PROBABILITY, /* prob:C: softmax of the logits */
    FVI_TERM_DIRECTION,   /* direction(LAYER[@y,x], v.npy[, power]): <a, v> cos(a, v)^power, mean */
    FVI_TERM_DIVERSITY,   /* diversity(LAYER): 1 - mean cosine of Gram matrices over pairs */
    FVI_TERM_ALIGNMENT,   /* alignment(LAYER|input[, decay]): minus mean squared differences of
                             pairs of pictures up to 4 apart, each by decay^-distance */
    FVI_TERM_INTERPOLATE, /* interpolate(LAYER:A, LAYER:B): picture k of n weighs them 1-t and t,
                             t = k/(n-1) */
    FVI_TERM_MATCH,       /* match(LAYER[:C], photo): minus |a - b|^2 / |b|^2, b of the photo */
    FVI_TERM_CARICATURE,  /* caricature(LAYER[:C], photo[, power]): <a, b> / |b|^2 cos^power */
    FVI_TERM_GUIDE,       /* a guided dream's (guide.h); it has no text */
    FVI_TERM_PICTURE      /* tv, l1, l2, ...: terms_image.h */
} fvi_term_kind;

/* How a term was written. */
typedef enum fvi_spelling {
    FVI_SPELLED_OUT,  /* strong(LAYER:C), neuron(LAYER:C), ...: the same under every reduction */
    FVI_SPELLED_BARE, /* LAYER, LAYER:C, class:C: what the reduction says */
    FVI_SPELLED_MEAN  /* mean(LAYER:C), squares(LAYER): what a bare one is under the mean */
} fvi_spelling;

/* What a bare LAYER or LAYER:C stands for. */
typedef enum fvi_reduction {
    FVI_REDUCTION_MEAN = FV_REDUCTION_MEAN,
    FVI_REDUCTION_ENERGY = FV_REDUCTION_ENERGY,
    FVI_REDUCTION_STRONG = FV_REDUCTION_STRONG,
    FVI_REDUCTION_LITERAL /* the mean; and a channel of a softmax is that channel, where the others
                             take the logit before it */
} fvi_reduction;

/* A vector that belongs to a term; shared by its copies. */
typedef struct fvi_term_data {
    char *name; /* its path, or the attachment's name */
    fv_tensor *vector;
} fvi_term_data;

typedef struct fvi_term {
    fvi_term_kind kind;
    float weight;
    int64_t channel; /* -1: all */
    int n_position;  /* 0: all positions; FVI_CENTRE */
    int64_t position[FVI_MAX_POSITION];
    int64_t channel2;  /* INTERPOLATE: of the other end */
    float argument[2]; /* power, threshold, decay, ...; PICTURE: its arguments */
    fvi_picture_kind picture;
    fvi_term_data *data;     /* owner of the next two, counted; NULL: none */
    const fv_tensor *vector; /* DIRECTION: the direction; MATCH, CARICATURE: what the network sees
                                of the photo, [channels][h][w] in 0..1 */
    const char *file;        /* its name */
    /* as it is written */
    fvi_spelling spelling;
    int is_class;                 /* class:C */
    const char *layer, *layer2;   /* values of the network, borrowed; NULL: the picture */
    const char *logits, *logits2; /* what goes into the softmax that the value is; or NULL */
    /* as it is computed: set by fvi_objective_resolve */
    int bare;          /* the text has no word around the unit: where a channel is one number, it
                          stands for that number */
    int value, value2; /* index into values; -1: the picture */
} fvi_term;

/* An expression as it was read: nothing in it depends on a recipe. */
struct fv_objective {
    const fvi_network *net;
    int n_terms;
    fvi_term terms[FVI_MAX_TERMS];
    char *text;     /* under FVI_REDUCTION_MEAN */
    char note[256]; /* "": nothing worth saying */
};

/* An objective under a reduction, tied to values of the network. */
typedef struct fvi_objective {
    int n_values;
    const char *values[FVI_MAX_VALUES]; /* names of values; borrowed from the network */
    int n_terms;
    fvi_term terms[FVI_MAX_TERMS];
} fvi_objective;

/* Reads an expression.
 *   attachments  [count] what terms take from memory instead of a file
 *   out          to be freed with fv_objective_free
 *   errors       as fv_objective_new */
fv_status fvi_objective_read(const fvi_network *net, const char *text,
                             const fv_attachment *attachments, int count, fv_objective **out,
                             fv_error *err);

/* Resolves an objective for a network: its own, or one with the same layers and shuffled weights.
 *   more    terms to be added (a recipe's regularisers), or NULL
 *   out     to be freed with fvi_objective_clear; untouched on failure
 *   errors  ARG another network's; more than FVI_MAX_TERMS terms, FVI_MAX_VALUES values or one
 *           photo */
fv_status fvi_objective_resolve(const fv_objective *o, const fv_objective *more,
                                const fvi_network *net, fvi_reduction reduction, fvi_objective *out,
                                fv_error *err);
/* A copy, to be cleared as the original is. */
void fvi_objective_copy(const fvi_objective *from, fvi_objective *to);
void fvi_objective_clear(fvi_objective *o);
/* Makes another handle of the same objective.  errors  ARG it is not of this network */
fv_status fvi_objective_clone(const fv_objective *o, const fvi_network *net, fv_objective **out,
                              fv_error *err);
/* That none of [count] objectives is NULL.  errors  ARG */
fv_status fvi_objectives_check(const fv_objective *const *objectives, int count, fv_error *err);

/* Gives a term its vector, which is taken over, with a name. */
void fvi_term_own(fvi_term *t, const char *name, fv_tensor *vector);
/* Gives a term the vector of another. */
void fvi_term_share(fvi_term *t, const fvi_term *with);

/* The objective in one spelling, for labels and random keys; at most `size` bytes. */
void fvi_objective_text(const fvi_objective *o, char *text, size_t size);
/* The same of any length; to be freed with g_free. */
char *fvi_objective_string(const fvi_objective *o);
/* The photo that terms of it look at, as fvi_term.vector has it, or NULL; there is at most one. */
const fv_tensor *fvi_objective_photo(const fvi_objective *o);
/* Whether it has terms that tie the pictures of one objective together. */
int fvi_objective_is_joint(const fvi_objective *o);
/* That every term is of one sample's values: none of the picture, none of several pictures.
 *   errors  ARG, naming the first that is not, after `what` */
fv_status fvi_objective_check_plain(const fvi_objective *o, const char *what, fv_error *err);

/* An objective tied to the values of a batch. */
typedef struct fvi_bound fvi_bound;
struct fvi_receptive_crop; /* part.h */

/* Ties an objective to a graph whose outputs are, in order, o->values, run for `samples` samples.
 *   o       borrowed: must outlive the bound
 *   errors  NOTFOUND no such channel or position; UNSUPPORTED the graph mixes samples; SHAPE;
 *           NOMEM */
fv_status fvi_objective_bind(const fvi_objective *o, const fvi_graph *g, int64_t samples,
                             fvi_bound **out, fv_error *err);
/* The same where the graph is run on a part of the picture: positions are those of the whole. */
fv_status fvi_objective_bind_part(const fvi_objective *o, const fvi_graph *g, int64_t samples,
                                  const struct fvi_receptive_crop *part, fvi_bound **out,
                                  fv_error *err);
void fvi_bound_free(fvi_bound *b);

/* Keeps what sample n of the last forward run makes of the terms' layers: from now on terms that
 * look at a photo compare sample n with that. They may not be evaluated before.  errors  NOMEM */
fv_status fvi_bound_remember(fvi_bound *b, int64_t n, const float *const *targets, fv_error *err);

/* Sum of the network terms of sample n, but for the joint ones; its gradient at the values:
 *   targets  [n_values] whole values      seeds  [n_values] of sample n every element is written
 * Allocates nothing; calls for different samples may run at the same time. */
double fvi_bound_evaluate(const fvi_bound *b, int64_t n, const float *const *targets,
                          float *const *seeds);
/* Joint terms over the samples sample[0..count), pictures 0..count-1 of one objective: adds to
 * values [count] each one's share, and to seeds the gradient of the sum of all shares. Allocates
 * nothing; calls for groups without a common sample may run at the same time. */
void fvi_bound_evaluate_joint(const fvi_bound *b, const int64_t *sample, int count,
                              const float *const *targets, float *const *seeds, double *values);
/* Sum of the picture terms; adds their gradient to dp.
 *   start  the picture before the first update */
double fvi_objective_picture(const fvi_objective *o, const float *p, const float *start,
                             int channels, int h, int w, float *dp);
/* alignment(input): over the pictures p[0..count), each [channels][h][w]; adds to dp and values. */
void fvi_objective_pictures(const fvi_objective *o, const float *const *p, int count, int channels,
                            int h, int w, float *const *dp, double *values);

#endif
