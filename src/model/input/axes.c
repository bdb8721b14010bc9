/* SPDX-License-Identifier: Apache-2.0 */
/* axes: four axes are a picture, three a signal, five a volume, two a row of numbers, unless what
 * reads the input says something else: a convolution over two axes behind an Unsqueeze wants a
 * picture, whatever is missing (the samples: [3, H, W], [H, W, 3]; the channels: [N, H, W]), and
 * one over one axis a signal. A square whose rows are laid one after the other before a matrix
 * product ([N, 28, 28]) is taken for a grey picture: that is a guess, and is said.
 *
 * Of a sequence whose first axis counts time, as a recurrent operator reads it, the samples are the
 * second axis.
 *
 * What it does not do: tell a picture that is no square from a sequence of vectors where only a
 * matrix product reads it. There the caller says the shape.
 */
#include "model/input/axes.h"

#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/input/spec.h"

#define SQUARE_MIN 8 /* shorter sides are no picture by themselves */

enum { B = FVI_AXIS_BATCH, C = FVI_AXIS_CHANNEL, D, H, W, ALL, OTHER };

static fvi_input_axes axes(fv_input_kind kind, int ndim, const int *of) {
    fvi_input_axes a = {.kind = kind};
    for (int i = 0; i < ndim; i++) a.of[i] = (fvi_axis)of[i];
    return a;
}

#define AXES(kind, ...) \
    axes(kind, (int)(sizeof(int[]){__VA_ARGS__} / sizeof(int)), (int[]){__VA_ARGS__})

int fvi_is_pixel_type(int type) {
    return type == FVI_F32 || type == FVI_F16 || type == FVI_BF16 || type == FVI_F64 ||
           type == FVI_U8 || !type;
}

static fvi_input_axes time_first(fvi_input_axes a) {
    a.time_first = 1;
    return a;
}

static int few(int64_t n) { return n == 1 || n == 3 || n == 4; }

/* Whether that many axes between the samples and the channels are what a convolution slides over:
 * the samples are the first axis, the channels the second, or the last where the axes are permuted
 * before it. */
static fvi_input_axes sequence(const fvi_shape *s, const fvi_input_use *use) {
    const int last = use->channels_last || use->op == FVI_USE_PRODUCT ||
                     (use->op == FVI_USE_CONV && use->permuted);
    switch (s->ndim) {
    case 1: return AXES(FV_INPUT_SIGNAL, W);
    case 2: return AXES(FV_INPUT_SIGNAL, B, W);
    case 3: return last ? AXES(FV_INPUT_SIGNAL, B, W, C) : AXES(FV_INPUT_SIGNAL, B, C, W);
    default:
        return last ? AXES(FV_INPUT_VOLUME, B, D, H, W, C) : AXES(FV_INPUT_VOLUME, B, C, D, H, W);
    }
}

/* Three axes before a convolution over rows and columns: the samples or the channels are missing.
 */
static fvi_input_axes short_picture(const fvi_shape *s, int64_t channels) {
    const int64_t *d = s->dim;
    if (d[0] == channels || (d[0] < 0 && channels > 1 && d[2] != channels))
        return AXES(FV_INPUT_PICTURE, C, H, W);
    if (d[2] == channels && channels > 0 && d[1] != channels)
        return AXES(FV_INPUT_PICTURE, H, W, C);
    if (channels == 1) return AXES(FV_INPUT_PICTURE, B, H, W);
    return AXES(FV_INPUT_OTHER, OTHER, OTHER, OTHER);
}

/* Three axes that are laid one after the other before anything else, or of unknown use. */
static fvi_input_axes flattened(const fvi_shape *s) {
    const int64_t *d = s->dim;
    fvi_input_axes a = AXES(FV_INPUT_OTHER, OTHER, OTHER, OTHER);
    if ((d[0] == 3 || d[0] == 4) && d[1] == d[2] && d[1] >= SQUARE_MIN)
        a = AXES(FV_INPUT_PICTURE, C, H, W);
    else if (few(d[2]) && d[0] == d[1] && d[0] >= SQUARE_MIN)
        a = AXES(FV_INPUT_PICTURE, H, W, C);
    else if (d[1] == d[2] && d[1] >= SQUARE_MIN)
        a = AXES(FV_INPUT_PICTURE, B, H, W);
    else
        return sequence(s, &(fvi_input_use){0});
    a.guessed = 1;
    return a;
}

static fvi_input_axes three(const fvi_shape *s, const fvi_input_use *use) {
    if (use->time_first) return time_first(AXES(FV_INPUT_SIGNAL, W, B, C));
    if (use->op == FVI_USE_CONV && use->ndim == 4) return short_picture(s, use->channels);
    if (use->op == FVI_USE_FLAT) return flattened(s);
    if (use->op == FVI_USE_RECURRENT && !use->channels_last)
        return AXES(FV_INPUT_OTHER, OTHER, OTHER, OTHER);
    return sequence(s, use);
}

static fvi_input_axes four(const fvi_shape *s, const fvi_input_use *use) {
    if (use->op != FVI_USE_CONV || use->ndim != 5) return AXES(FV_INPUT_PICTURE, B, C, H, W);
    if (s->dim[0] == use->channels) return AXES(FV_INPUT_VOLUME, C, D, H, W);
    return AXES(FV_INPUT_VOLUME, B, D, H, W);
}

/* Of numbers that nothing is known of, but that the first axis counts samples. */
static fvi_input_axes plain_axes(int ndim) {
    fvi_input_axes a = {.kind = ndim == 2 ? FV_INPUT_ROW : FV_INPUT_OTHER};
    for (int i = 0; i < FVI_MAX_DIMS; i++) a.of[i] = FVI_AXIS_OTHER;
    if (ndim > 0) a.of[0] = FVI_AXIS_BATCH;
    if (ndim == 2) a.of[1] = FVI_AXIS_ALL;
    return a;
}

/* Two axes before a convolution over rows and columns: a picture without samples and channels; but
 * rows of numbers where a reshape makes pictures of them. */
static int is_plane(const fvi_shape *s, const fvi_input_use *use) {
    const int is_same = use->last[1] == s->dim[0] && use->last[2] == s->dim[1];
    return s->dim[0] != 1 && (is_same || !use->laid_out);
}

fvi_told_shape fvi_input_laid_out(const fvi_shape *s, const fvi_input_use *use) {
    const fvi_told_shape none = {0};
    int64_t count = 1;
    const int64_t *to = use->last;
    const int last = use->permuted; /* the channels */
    if (use->op != FVI_USE_CONV || use->ndim != 4 || s->ndim < 1 || s->ndim > 2) return none;
    for (int i = 0; i < 3; i++)
        if (to[i] < 1 || to[i] > FVI_INPUT_SIZE_MAX || fvi_mul(count, to[i], &count)) return none;
    if (s->dim[s->ndim - 1] != count || !few(to[last ? 2 : 0])) return none;
    return (fvi_told_shape){(int)to[last ? 2 : 0], (int)to[last ? 0 : 1], (int)to[last ? 1 : 2],
                            last};
}

fvi_input_axes fvi_input_axes_find(const fvi_shape *s, int type, const fvi_input_use *use) {
    const int conv = use->op == FVI_USE_CONV ? use->ndim : 0;
    fvi_input_axes none = plain_axes(s->ndim);
    const int plain = conv == 4 && s->ndim == 4; /* a picture, whatever holds its pixels */
    if (!fvi_is_pixel_type(type) && !(plain && fvi_dtype_is_int((fvi_dtype)type))) {
        none.kind = FV_INPUT_OTHER;
        return use->time_first && s->ndim == 2 ? time_first(AXES(FV_INPUT_OTHER, W, B)) : none;
    }
    switch (s->ndim) {
    case 1: return conv == 3 ? sequence(s, use) : none;
    case 2:
        if (conv == 4) return is_plane(s, use) ? AXES(FV_INPUT_PICTURE, H, W) : none;
        return conv == 3 ? sequence(s, use) : none;
    case 3: return three(s, use);
    case 4: return four(s, use);
    case 5: return sequence(s, use);
    default: return none;
    }
}

/* ---- told ----------------------------------------------------------------------------------- */

/* Whether axes from..ndim of the file are those of `told`, one by one or all in one. */
static int fits(const fvi_shape *s, int from, const fvi_told_shape *t, fvi_input_axes *out) {
    const int first[] = {C, H, W}, last[] = {H, W, C}, grey[] = {H, W};
    const int64_t size[] = {[C] = t->channels, [H] = t->height, [W] = t->width};
    const int n = s->ndim - from, *of = t->channels_last ? last : first;
    fvi_input_axes a = {.kind = FV_INPUT_PICTURE};
    if (from) a.of[0] = FVI_AXIS_BATCH;
    if (n == 1) {
        const int64_t all = size[C] * size[H] * size[W];
        a.of[from] = FVI_AXIS_ALL;
        *out = a;
        return s->dim[from] == all || s->dim[from] < 0;
    }
    if (n == 2 && t->channels == 1) of = grey;
    if (n != (of == grey ? 2 : 3)) return 0;
    for (int i = 0; i < n; i++) {
        if (s->dim[from + i] >= 0 && s->dim[from + i] != size[of[i]]) return 0;
        a.of[from + i] = (fvi_axis)of[i];
    }
    *out = a;
    return 1;
}

fv_status fvi_input_axes_told(const fvi_shape *s, const fvi_told_shape *t, const char *what,
                              fvi_input_axes *out, fv_error *err) {
    char text[FVI_SHAPE_TEXT];
    if ((s->ndim > 1 && fits(s, 1, t, out)) || (s->ndim > 0 && fits(s, 0, t, out))) return FV_OK;
    return fvi_fail(err, FV_ARG,
                    "option shape is %dx%dx%d (channels, height, width%s); input \"%s\" is %s, "
                    "which holds no such picture",
                    t->channels, t->height, t->width, t->channels_last ? "; channels last" : "",
                    what, fvi_shape_text(s, text));
}

int fvi_input_axis(const fvi_input_axes *a, int ndim, fvi_axis which) {
    for (int i = 0; i < ndim; i++)
        if (a->of[i] == which) return i;
    return -1;
}
