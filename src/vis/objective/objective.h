/* SPDX-License-Identifier: Apache-2.0 */
/* Objectives: what to look for. An objective is a weighted sum of terms, each a number to raise; a
 * penalty is a term with a negative weight. Terms look at values of the network, at the picture,
 * or at several pictures made together.
 *
 *   expression  = [-] [NUMBER *] term { (+|-) [NUMBER *] term }     + and - stand between blanks
 *   term        = LAYER | LAYER:C | LAYER:C@y,x | class:C | prob:C | NAME | NAME(argument, ...)
 *
 * A LAYER is a name as fv_model_find_layer takes it, in '...' or "..." where it has blanks, commas
 * or parentheses. docs/objectives.md lists the terms.
 */
#ifndef FVI_VIS_OBJECTIVE_OBJECTIVE_H
#define FVI_VIS_OBJECTIVE_OBJECTIVE_H

#include "vis/objective/term.h"

/* What a bare LAYER or LAYER:C stands for. */
typedef enum fvi_reduction {
    FVI_REDUCTION_MEAN = 1, /* mean over positions; a layer: mean of squares (Lucid) */
    FVI_REDUCTION_ENERGY,   /* sum of squares (Wolfram) */
    FVI_REDUCTION_STRONG,   /* half the sum of squares of what exceeds mean + sd (Darknet) */
    FVI_REDUCTION_LITERAL /* the mean; and a channel of a softmax is that channel, where the others
                             take the logit before it */
} fvi_reduction;

/* An expression as it was read: nothing in it depends on a recipe. */
struct fv_objective {
    const fvi_network *net;
    int n_terms;
    fvi_term terms[FVI_MAX_TERMS];
    char *text;     /* under FVI_REDUCTION_MEAN */
    char note[256]; /* "": nothing worth saying */
    int is_told;    /* the note is one that no command may leave out */
};

/* Tells the note of an objective that is not what its name promises: a probability in the place of
 * a logit. */
void fvi_objective_tell(const fv_objective *o, const fv_monitor *monitor);

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

/* The objective in one spelling, for labels and random keys; at most `size` bytes. */
void fvi_objective_text(const fvi_objective *o, char *text, size_t size);
/* The same of any length; to be freed with g_free. */
char *fvi_objective_string(const fvi_objective *o);
/* The same with layers as people know them, for messages; to be freed with g_free. */
char *fvi_objective_label(const fvi_objective *o);
/* The photo with which terms compare (fvi_term.vector), or NULL; there is at most one. */
const fv_tensor *fvi_objective_photo(const fvi_objective *o);
/* Whether it has terms that tie the pictures of one objective together. */
int fvi_objective_is_joint(const fvi_objective *o);
/* That every term is of one sample's values: none of the picture, none of several pictures.
 *   errors  ARG, naming the first that is not, after `what` */
fv_status fvi_objective_check_plain(const fvi_objective *o, const char *what, fv_error *err);

/* That a term fits its values.  extents  [n_values]    errors  NOTFOUND; SHAPE */
fv_status fvi_term_check(const fvi_objective *o, const fvi_term *t, const fvi_extent *extents,
                         fv_error *err);

#endif
