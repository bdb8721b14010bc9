/* SPDX-License-Identifier: Apache-2.0 */
/* group: which pictures are the same up to a shift.
 *
 * The distance of two pictures is 1 - r, r being the largest correlation of the mean-free pictures
 * over all circular shifts, all colours together. Correlations of all shifts at once are one
 * inverse Fourier transform: sum over x of a(x) b(x + s) = F^-1(conj(F a) F b)(s), summed over
 * channels beforehand. Groups are those of single linkage: two pictures are in one group if a chain
 * of distances below the threshold leads from one to the other (Erhan et al. 2009 found such chains
 * to end in few optima).
 *
 * Without shifts (for vectors, in which each index has its own meaning) only shift 0 counts.
 * Pictures larger than 128 a side (where shifts are tried), or of another size than the first, are
 * resized: coarse structure is enough to tell them apart. Alpha is ignored. What it does not do:
 * recognise mirrored or turned pictures.
 */
#include <glib.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "image/image.h"
#include "signal/fft.h"

#define SIDE_MAX          128
#define DEFAULT_THRESHOLD 0.5
#define FIXED_THRESHOLD   0.1 /* without shifts, which make unlike pictures more alike */
#define COLORS            3

/* All pictures as spectra. */
typedef struct spectra {
    int count, h, w;
    int shifts;
    int64_t half;   /* complex numbers of one channel's spectrum: h * (w / 2 + 1) */
    float *data;    /* [count][COLORS][half] of (re, im) */
    double *length; /* [count] L2 norms of the mean-free pictures */
    fvi_fft *fft;
    float *plane;   /* [h][w] */
    float *product; /* [half] of (re, im) */
} spectra;

static void spectra_clear(spectra *s) {
    free(s->data);
    free(s->length);
    free(s->plane);
    free(s->product);
    fvi_fft_free(s->fft);
}

static fv_status spectra_init(spectra *s, int count, int shifts, int h, int w, fv_error *err) {
    *s = (spectra){
        .count = count, .h = h, .w = w, .shifts = shifts, .half = (int64_t)h * (w / 2 + 1)};
    fv_status st = fvi_fft_new(h, w, 1, &s->fft, err);
    if (st) return st;
    size_t pair = 2 * sizeof(float);
    s->data = calloc((size_t)count * COLORS, (size_t)s->half * pair);
    s->length = calloc((size_t)count, sizeof *s->length);
    s->plane = malloc((size_t)h * (size_t)w * sizeof *s->plane);
    s->product = malloc((size_t)s->half * pair);
    if (!s->data || !s->length || !s->plane || !s->product)
        return fvi_fail(err, FV_NOMEM, "no memory to compare %d pictures", count);
    return FV_OK;
}

static float *spectrum_of(const spectra *s, int i, int c) {
    return s->data + ((int64_t)i * COLORS + c) * s->half * 2;
}

/* Transforms picture i, of the common size; grey counts as three equal colours. */
static void take_picture(spectra *s, int i, const fv_image *image) {
    int64_t n = (int64_t)s->h * s->w;
    double square = 0;
    for (int c = 0; c < COLORS; c++) {
        const float *from = image->data + (image->channels >= COLORS ? c : 0) * n;
        double sum = 0;
        int64_t known = 0;
        for (int64_t k = 0; k < n; k++)
            if (isfinite(from[k])) sum += from[k], known++;
        double mean = known ? sum / (double)known : 0;
        for (int64_t k = 0; k < n; k++) {
            s->plane[k] = isfinite(from[k]) ? (float)(from[k] - mean) : 0;
            square += (double)s->plane[k] * s->plane[k];
        }
        fvi_fft_forward(s->fft, 1, s->plane, spectrum_of(s, i, c));
    }
    s->length[i] = sqrt(square);
}

/* A picture without contrast is like another one, and unlike all else. */
static double distance(const spectra *s, int i, int j) {
    const double least = 1e-6 * sqrt((double)COLORS * s->h * s->w);
    int flat_i = !(s->length[i] > least), flat_j = !(s->length[j] > least);
    if (flat_i || flat_j) return flat_i && flat_j ? 0 : 1;
    memset(s->product, 0, (size_t)s->half * 2 * sizeof *s->product);
    for (int c = 0; c < COLORS; c++) {
        const float *a = spectrum_of(s, i, c), *b = spectrum_of(s, j, c);
        for (int64_t k = 0; k < 2 * s->half; k += 2) { /* conj(a) * b */
            s->product[k] += a[k] * b[k] + a[k + 1] * b[k + 1];
            s->product[k + 1] += a[k] * b[k + 1] - a[k + 1] * b[k];
        }
    }
    fvi_fft_inverse(s->fft, 1, s->product, s->plane);
    float top = s->plane[0];
    for (int64_t k = 1; s->shifts && k < (int64_t)s->h * s->w; k++) top = fmaxf(top, s->plane[k]);
    return fmin(fmax(1 - top / (s->length[i] * s->length[j]), 0), 2);
}

/* Gives every picture the group of a nearer one before it: groups are joined as links are found. */
static void join(int *groups, int count, int i, int j) {
    int from = MAX(groups[i], groups[j]), to = MIN(groups[i], groups[j]);
    for (int k = 0; k < count; k++)
        if (groups[k] == from) groups[k] = to;
}

/* Numbers the groups 0, 1, ... in order of appearance; `name` [count] is room. */
static int renumber(int *groups, int count, int *name) {
    int distinct = 0;
    for (int i = 0; i < count; i++) name[i] = -1;
    for (int i = 0; i < count; i++) {
        if (name[groups[i]] < 0) name[groups[i]] = distinct++;
        groups[i] = name[groups[i]];
    }
    return distinct;
}

static fv_status check(const fv_image *const *images, int count, double threshold, fv_error *err) {
    if (count < 1) return fvi_fail(err, FV_ARG, "%d pictures cannot be grouped; at least 1", count);
    if (!(threshold >= 0 && threshold <= 2))
        return fvi_fail(err, FV_ARG, "the threshold of groups is %g; allowed: 0..2", threshold);
    fv_status st = FV_OK;
    for (int i = 0; i < count && !st; i++) {
        char what[48];
        snprintf(what, sizeof what, "picture %d of the group", i);
        st = fvi_image_check(images[i], what, err);
    }
    return st;
}

/* Transforms all pictures, those of another size after resizing. */
static fv_status take_pictures(spectra *s, const fv_image *const *images, fv_error *err) {
    for (int i = 0; i < s->count; i++) {
        fv_image *resized = NULL;
        if (images[i]->height != s->h || images[i]->width != s->w) {
            fv_status st = fvi_image_resize(images[i], s->h, s->w, FVI_BILINEAR, &resized, err);
            if (st) return st;
        }
        take_picture(s, i, resized ? resized : images[i]);
        fv_image_free(resized);
    }
    return FV_OK;
}

/* Distances of all pairs, and groups of those below the limit. */
static void link_pairs(const spectra *s, double limit, int *found, double *distances) {
    for (int i = 0; i < s->count; i++) {
        found[i] = i;
        if (distances) distances[(int64_t)i * s->count + i] = 0;
        for (int j = 0; j < i; j++) {
            double d = distance(s, i, j);
            if (distances)
                distances[(int64_t)i * s->count + j] = distances[(int64_t)j * s->count + i] = d;
            if (d < limit && found[i] != found[j]) join(found, i + 1, i, j);
        }
    }
}

fv_status fv_images_group(const fv_image *const *images, int count, const fv_group_desc *desc,
                          int *groups, double *distances, int *distinct, fv_error *err) {
    fv_group_desc d;
    fv_status st = FVI_NOT_NULL(err, images, groups, distinct);
    if (!st) st = FVI_DESC_READ(fv_group_desc, fixed, desc, &d, err);
    if (!st) st = check(images, count, (double)d.threshold, err);
    if (st) return st;
    const int shifts = !d.fixed, most = shifts ? SIDE_MAX : INT_MAX;
    const double usual = shifts ? DEFAULT_THRESHOLD : FIXED_THRESHOLD;
    const double limit = d.threshold > 0 ? (double)d.threshold : usual;
    spectra s;
    int *name = malloc(2 * (size_t)count * sizeof *name), *found = name ? name + count : NULL;
    st = spectra_init(&s, count, shifts, MIN(images[0]->height, most), MIN(images[0]->width, most),
                      err);
    if (!st && !name) st = fvi_fail(err, FV_NOMEM, "no memory to group %d pictures", count);
    if (!st) st = take_pictures(&s, images, err);
    if (!st) {
        link_pairs(&s, limit, found, distances);
        *distinct = renumber(found, count, name);
        memcpy(groups, found, (size_t)count * sizeof *groups);
    }
    spectra_clear(&s);
    free(name);
    return st;
}
