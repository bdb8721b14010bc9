/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of a network's input that one source gives; it may leave some open. */
#ifndef FVI_MODEL_INPUT_SPEC_H
#define FVI_MODEL_INPUT_SPEC_H

#include <glib.h>

#include "model/labels.h"

#define FVI_INPUT_SIZE_MAX 32768

/* Numbers for the channels: 0 none said, 1 for all, else one a channel. */
typedef struct fvi_per_channel {
    int n;
    float v[4];
    char *from;  /* the source: `net.fovea.json: "mean"` */
    int is_hint; /* not written for us: passed over where it does not fit */
} fvi_per_channel;

/* The properties, to say which source gave each. */
typedef enum fvi_input_part {
    FVI_PART_INPUT,
    FVI_PART_SIZE,
    FVI_PART_ORDER,
    FVI_PART_LAYOUT,
    FVI_PART_RANGE,
    FVI_PART_MEAN,
    FVI_PART_SCALE,
    FVI_PART_FIT,
    FVI_PART_CROP,
    FVI_PART_PAD,
    FVI_PART_LABELS,
    FVI_PART_COUNT
} fvi_input_part;

/* What is around a photo that is padded. */
typedef enum fvi_pad_kind {
    FVI_PAD_COLOR = 1, /* a colour */
    FVI_PAD_ZERO       /* what the network sees as 0: its mean */
} fvi_pad_kind;

typedef struct fvi_input_spec {
    char *from[FVI_PART_COUNT]; /* the source of each that is set */
    char *input;                /* name of the picture input, or NULL */
    int height, width;
    int size_is_hint; /* it counts only where the file leaves the size open */
    int channel_order;
    int layout;
    float range;
    int fit;          /* an fv_fit */
    float crop_ratio; /* 0.01 to 1 */
    int pad;          /* an fvi_pad_kind */
    float pad_color[3];
    fvi_per_channel mean, scale;
    fvi_labels *labels;
    int labels_are_found;      /* in a file that nobody named: they count only where they fit */
    int labels_are_characters; /* of a text that is read with blanks between (CTC) */
    int stride;                /* sizes are multiples of it; 0: not said */
    char *remarks;             /* what is there and is passed over, clauses; or NULL */
} fvi_input_spec;

void fvi_input_spec_clear(fvi_input_spec *s);
/* Appends to a list of what no source says and is assumed. */
void fvi_input_assume(GString *list, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Appends a clause to the spec's remarks. */
void fvi_input_remark(fvi_input_spec *s, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Gives `source` as the one of all that is set and has none yet. */
void fvi_input_spec_source(fvi_input_spec *s, const char *source);
/* Moves into `high` what it leaves open and `low` has, and the remarks of both. */
void fvi_input_spec_merge(fvi_input_spec *high, fvi_input_spec *low);

/* Takes a list of 1..4 finite numbers; `invert`: they are divisors, not 0.
 *   from  names file and key in the message and in spec->from */
fv_status fvi_per_channel_set(fvi_per_channel *p, const double *v, int n, int invert,
                              const char *from, fv_error *err);

/* What white may be before mean and scale, in what is written for us. */
#define FVI_INPUT_RANGES "1, 255; other values of white follow from mean and scale"
int fvi_input_is_range(double range);

/* Reads numbers with commas, spaces, 'x', brackets or parentheses between; their count, -1 on
 * anything else, max + 1 when there are more. */
int fvi_input_numbers(const char *text, double *out, int max);

#endif
