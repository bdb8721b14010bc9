/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks: pictures under each other or side by side, at their own size, on white. */
#include <glib.h>

#include "base/error.h"
#include "image/image.h"

enum { SIDE_MAX = 1 << 20 };

typedef struct extent {
    int channels; /* 3 if any picture has colours */
    int64_t height, width;
} extent;

/* The size of the whole. */
static fv_status measure(const fv_image *const *images, int count, int across, int gap,
                         extent *whole, fv_error *err) {
    int64_t along = -(int64_t)gap, wide = 0;
    whole->channels = 1;
    for (int i = 0; i < count; i++) {
        const fv_image *p = images[i];
        char what[48];
        g_snprintf(what, sizeof what, "picture %d of a stack", i);
        fv_status st = fvi_image_check(p, what, err);
        if (st) return st;
        along += gap + (across ? p->width : p->height);
        wide = MAX(wide, across ? p->height : p->width);
        if (p->channels >= 3) whole->channels = 3;
    }
    if (along > SIDE_MAX)
        return fvi_fail(err, FV_NOMEM, "a stack of %lld pixels is too large; at most %d a side",
                        (long long)along, SIDE_MAX);
    whole->height = across ? wide : along;
    whole->width = across ? along : wide;
    return FV_OK;
}

/* Pastes one picture at position `at` along the stack. */
static fv_status put(fv_image *onto, const fv_image *p, int across, int at, fv_error *err) {
    fv_image *flat = NULL;
    fv_status st = p->channels % 2 == 0 ? fvi_image_flatten(p, 1, &flat, err) : FV_OK;
    if (!st) fvi_image_paste(onto, flat ? flat : p, across ? 0 : at, across ? at : 0);
    fv_image_free(flat);
    return st;
}

fv_status fv_stack(const fv_image *const *images, int count, int across, int gap, fv_image **out,
                   fv_error *err) {
    extent whole = {0};
    fv_status st = FVI_NOT_NULL(err, images, out);
    if (st) return st;
    if (count < 1) return fvi_fail(err, FV_ARG, "a stack of %d pictures; at least 1", count);
    if (gap < 0 || gap > SIDE_MAX)
        return fvi_fail(err, FV_ARG, "a stack's gap is %d; allowed: 0..%d", gap, SIDE_MAX);
    st = measure(images, count, across, gap, &whole, err);
    if (st) return st;
    fv_image *onto = NULL;
    st = fv_image_new(whole.channels, (int)whole.height, (int)whole.width, &onto, err);
    if (st) return st;
    for (int64_t i = 0; i < whole.channels * whole.height * whole.width; i++) onto->data[i] = 1;
    for (int i = 0, at = 0; !st && i < count; i++) {
        st = put(onto, images[i], across, at, err);
        at += gap + (across ? images[i]->width : images[i]->height);
    }
    if (!st) st = fvi_image_copy_texts(onto, images[0], err);
    if (st)
        fv_image_free(onto);
    else
        *out = onto;
    return st;
}
