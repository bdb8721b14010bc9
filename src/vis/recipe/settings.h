/* SPDX-License-Identifier: Apache-2.0 */
/* Everything a picture is rendered with: what a recipe holds behind its options (options.h), and
 * what a call adds. */
#ifndef FVI_VIS_RECIPE_SETTINGS_H
#define FVI_VIS_RECIPE_SETTINGS_H

#include "fovea/fovea.h"
#include "vis/objective/objective.h"
#include "vis/optimize/gradient_scale.h"
#include "vis/optimize/optimizer.h"
#include "vis/param/param.h"
#include "vis/transform/transform.h"

#define FVI_NEVER 0 /* of numbers of updates or pixels that can be "never" */

/* Regularisation. */
typedef struct fvi_regularizer_settings {
    char terms[256]; /* added to every objective: "-10*tv(2) - 10*lp(6)"; "" for none */
    const struct fv_objective *objective; /* the same as it was read; NULL for none */
    float decay;                          /* after every `every` updates: parameters *= 1 - decay */
    float blur; /* after every `every` updates: pixels blurred with this sigma */
    float norm; /* after every update: parameters scaled to this L2 norm; 0: never */
    int every;  /* updates, at least 1 */
} fvi_regularizer_settings;

/* What the next octave starts from. */
typedef enum fvi_octave_carry {
    FVI_OCTAVE_CARRY_PICTURE = 1, /* the picture, resized */
    FVI_OCTAVE_CARRY_DETAIL       /* the start at that size, plus what was added so far, resized
                                     (DeepDream) */
} fvi_octave_carry;

/* Which octave has the size that is asked for. */
typedef enum fvi_octave_order {
    FVI_OCTAVES_FROM_SIZE = 1, /* the first: the picture grows from there (MATLAB) */
    FVI_OCTAVES_TO_SIZE        /* the last: the picture begins smaller */
} fvi_octave_order;

/* Which update's picture is the result. */
typedef enum fvi_keep { FVI_KEEP_BEST = 1, FVI_KEEP_LAST } fvi_keep;

typedef struct fvi_schedule_settings {
    int steps;         /* updates at each octave */
    int copies;        /* differently transformed copies of a picture in each update */
    int levels;        /* octaves: sizes the picture goes through */
    float level_scale; /* from one size to the next, > 1 */
    fvi_octave_order octave_order;
    fvi_octave_carry octave_carry;
    int tile;     /* larger pictures are evaluated in tiles of this side; or FVI_NEVER */
    int patience; /* stops a picture whose best value is that many updates old; or FVI_NEVER */
    fvi_keep keep;
} fvi_schedule_settings;

/* How picture values low..high become those of a picture file. */
typedef enum fvi_display_kind {
    FVI_DISPLAY_CLIP = 1,  /* low..high, cut off */
    FVI_DISPLAY_LINEAR,    /* min..max */
    FVI_DISPLAY_STANDARD,  /* mean 0.5, standard deviation 0.1, cut off (keras-vis) */
    FVI_DISPLAY_PERCENTILE /* percentiles 1..99 of all values (Horama) */
} fvi_display_kind;

typedef struct fvi_display_settings {
    fvi_display_kind kind;
    int alpha;    /* 1: transparent where little gradient arrived (MACO): 4 channels */
    float margin; /* the picture is made larger by this share of its sides, all round, and cropped
                     at the end: pixels at the border are in fewer crops, and come out worse */
} fvi_display_settings;

/* The size that transforms which resample for the network (crop, fit, resize(0)) bring to. */
typedef enum fvi_view {
    FVI_VIEW_MODEL = 1, /* the network's own input size */
    FVI_VIEW_PICTURE    /* the picture's, so that its pixels are the network's */
} fvi_view;

/* As width and height: what the units' receptive fields need (receptive_size.h). */
#define FVI_SIZE_RECEPTIVE (-1)

struct fvi_stage_times;

typedef struct fvi_settings {
    const char *recipe; /* its name, static */
    int width, height;  /* at the asked size; both FVI_SIZE_RECEPTIVE until that is known */
    int channels;       /* of the picture; of inputs that are no pictures: their elements are taken
                           as [channels][height][width] */
    uint64_t seed;      /* of every random choice */
    int restarts;       /* pictures of each objective, from different starts */
    fvi_reduction reduction;
    fvi_view view;
    fvi_param_settings param;
    fvi_start_settings start;
    fvi_transforms transforms;          /* inside the differentiated graph */
    fvi_transforms in_place_transforms; /* on the pixels before each update, never undone */
    fvi_regularizer_settings regularizer;
    fvi_gradient_settings gradient;
    fvi_optimizer_settings optimizer;
    fvi_schedule_settings schedule;
    fvi_display_settings display;
    int relu_redirect_steps; /* updates in which ReLUs without any gradient let it through, for
                                units that have none at the start; or FVI_NEVER */

    /* Of a call, not of a recipe. */
    int start_is_set;        /* the caller has set what the picture begins with */
    const char *other_start; /* what it begins with instead, in words, static; or NULL */
    int batch; /* pictures side by side, at most */
    fv_on_nan on_nan;
    struct fvi_stage_times *times; /* where the time went is added here; NULL: it is not measured */
} fvi_settings;

#endif
