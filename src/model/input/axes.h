/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of thing a network's input is, and what each of its axes counts: the one place that
 * decides it, whatever the number and the order of the axes. */
#ifndef FVI_MODEL_INPUT_AXES_H
#define FVI_MODEL_INPUT_AXES_H

#include "base/shape.h"
#include "model/input_use.h"

/* What an axis counts. */
typedef enum fvi_axis {
    FVI_AXIS_BATCH = 1,
    FVI_AXIS_CHANNEL,
    FVI_AXIS_DEPTH,
    FVI_AXIS_HEIGHT,
    FVI_AXIS_WIDTH, /* of a signal: its length */
    FVI_AXIS_ALL,   /* all elements of a sample, one after the other */
    FVI_AXIS_OTHER
} fvi_axis;

typedef struct fvi_input_axes {
    fv_input_kind kind;
    fvi_axis of[FVI_MAX_DIMS];
    int time_first; /* the first counts steps of time, the second samples: what runs is one
                       sequence, or several, in the order of the file */
    int guessed;    /* neither the number of axes nor what reads them says that it is a picture */
} fvi_input_axes;

/* A picture's shape as the caller says it; zeros: nothing was said. */
typedef struct fvi_told_shape {
    int channels, height, width, channels_last;
} fvi_told_shape;

/* Whether a picture's pixels may be elements of that type; 0: the file does not say. */
int fvi_is_pixel_type(int type);

/* Tells the kind by the number of axes and by what reads them.
 *   shape  of the file's input, -1 for free sizes; ndim 0 and more
 *   use    of that input */
fvi_input_axes fvi_input_axes_find(const fvi_shape *shape, int type, const fvi_input_use *use);

/* The shape of the picture that a Reshape makes of a row of numbers before a convolution over rows
 * and columns reads it; zeros: of none. */
fvi_told_shape fvi_input_laid_out(const fvi_shape *shape, const fvi_input_use *use);

/* The axes of an input that the caller says is a picture of that shape, whose elements the file
 * has in that order, with or without an axis of samples before them.
 *   what    names the input in the message
 *   errors  ARG they are not as many */
fv_status fvi_input_axes_told(const fvi_shape *shape, const fvi_told_shape *told, const char *what,
                              fvi_input_axes *out, fv_error *err);

/* The axis that counts that, or -1. */
int fvi_input_axis(const fvi_input_axes *a, int ndim, fvi_axis which);

#endif
