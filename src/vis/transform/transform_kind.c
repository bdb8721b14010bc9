/* SPDX-License-Identifier: Apache-2.0 */
/* transform_kind: the registry of transforms, and what their arguments may be. */
#include "vis/transform/transform_kind.h"

#include <math.h>

#include "base/error.h"

static const fvi_transform_entry *const kinds[] = {
    [FVI_TRANSFORM_PAD] = &fvi_transform_pad,
    [FVI_TRANSFORM_JITTER] = &fvi_transform_jitter,
    [FVI_TRANSFORM_ROLL] = &fvi_transform_roll,
    [FVI_TRANSFORM_TRANSLATE] = &fvi_transform_translate,
    [FVI_TRANSFORM_SCALE] = &fvi_transform_scale,
    [FVI_TRANSFORM_ZOOM] = &fvi_transform_zoom,
    [FVI_TRANSFORM_ROTATE] = &fvi_transform_rotate,
    [FVI_TRANSFORM_FLIP] = &fvi_transform_flip,
    [FVI_TRANSFORM_CROP] = &fvi_transform_crop,
    [FVI_TRANSFORM_NOISE] = &fvi_transform_noise,
    [FVI_TRANSFORM_BLUR] = &fvi_transform_blur,
    [FVI_TRANSFORM_COLOR] = &fvi_transform_color,
    [FVI_TRANSFORM_RESIZE] = &fvi_transform_resize,
    [FVI_TRANSFORM_FIT] = &fvi_transform_fit,
    [FVI_TRANSFORM_OCTAVE] = &fvi_transform_octave,
};

const fvi_transform_entry *fvi_transform_find(int kind) {
    return kind >= 1 && kind < (int)(sizeof kinds / sizeof *kinds) ? kinds[kind] : NULL;
}

static fv_status check_number(const char *name, int i, float v, const fvi_argument *range,
                              fv_error *err) {
    if (!(v >= range->low && v <= range->high))
        return fvi_fail(err, FV_ARG, "transforms: number %d of %s is %g; allowed: %g..%g", i + 1,
                        name, (double)v, (double)range->low, (double)range->high);
    if (range->whole && v != floorf(v))
        return fvi_fail(err, FV_ARG, "transforms: number %d of %s is %g; it must be whole", i + 1,
                        name, (double)v);
    return FV_OK;
}

/* Pairs low, high from number `i` on. */
static fv_status check_order(const fvi_transform *t, const char *name, int i, fv_error *err) {
    if (t->v[i] <= t->v[i + 1]) return FV_OK;
    return fvi_fail(err, FV_ARG, "transforms: %s: %g to %g: the first must not be above the second",
                    name, (double)t->v[i], (double)t->v[i + 1]);
}

/* t without what its kind does not have, with what was left out filled in. */
static fvi_transform filled(const fvi_transform *t, const fvi_transform_entry *entry) {
    fvi_transform full = {.kind = t->kind, .edge = entry->takes_edge ? t->edge : FVI_EDGE_ZERO};
    for (int i = 0; i < entry->most; i++) full.v[i] = t->v[i];
    if (t->kind == FVI_TRANSFORM_CROP && full.v[2] == 0 && full.v[3] == 0) {
        full.v[2] = full.v[0];
        full.v[3] = full.v[1];
    }
    return full;
}

fv_status fvi_transform_check(const fvi_transform *t, fvi_transform *out, fv_error *err) {
    const fvi_transform_entry *entry = fvi_transform_find(t->kind);
    if (!entry) return fvi_fail(err, FV_ARG, "transforms: there is no kind %d", (int)t->kind);
    if ((int)t->edge < 0 || t->edge > FVI_EDGE_REPEAT)
        return fvi_fail(err, FV_ARG, "transforms: %s: there is no edge %d", entry->name,
                        (int)t->edge);
    fvi_transform full = filled(t, entry);
    fv_status st = FV_OK;
    for (int i = 0; st == FV_OK && i < entry->most; i++)
        st = check_number(entry->name, i, full.v[i], &entry->argument[i], err);
    if (st == FV_OK && entry->ordered) st = check_order(&full, entry->name, 0, err);
    if (st == FV_OK && t->kind == FVI_TRANSFORM_CROP) st = check_order(&full, entry->name, 2, err);
    if (st == FV_OK && entry->check) st = entry->check(&full, err);
    if (st == FV_OK) *out = full;
    return st;
}
