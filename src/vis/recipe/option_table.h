/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options. */
#ifndef FVI_VIS_RECIPE_OPTION_TABLE_H
#define FVI_VIS_RECIPE_OPTION_TABLE_H

#include <stddef.h>

#include "fovea/fovea.h"

#define FVI_OPTION_ANY 1e9 /* as low or high: far beyond what is of use */

typedef enum fvi_option_kind {
    FVI_OPTION_INT,       /* int in low..high */
    FVI_OPTION_COUNT,     /* int in 1..high, or "never": FVI_NEVER */
    FVI_OPTION_SEED,      /* uint64_t */
    FVI_OPTION_FLOAT,     /* float in low..high */
    FVI_OPTION_PAIR,      /* two floats, the first below the second */
    FVI_OPTION_CHOICE,    /* enum: 1, 2, ... for the words of `value` */
    FVI_OPTION_FLAG,      /* int: "on" 1, "off" 0 */
    FVI_OPTION_SIZE,      /* width and height: "N", "WxH" or "receptive" */
    FVI_OPTION_TEXT,      /* char [256] */
    FVI_OPTION_TRANSFORMS /* fvi_transforms */
} fvi_option_kind;

typedef struct fvi_option {
    fv_recipe_option shown; /* its `former` name is also accepted */
    fvi_option_kind kind;
    size_t offset; /* in fvi_settings */
    double low, high;
    const char *former_value; /* other words for those of `value`, or NULL */
} fvi_option;

/* Option `index`, counted from 0, or NULL. */
const fvi_option *fvi_option_at(int index);

/* The option of that name, or of that former name.  errors  NOTFOUND (returns NULL) */
const fvi_option *fvi_option_find(const char *name, fv_error *err);

/* The index of an option that there is, below 64. */
int fvi_option_index(const char *name);

#endif
