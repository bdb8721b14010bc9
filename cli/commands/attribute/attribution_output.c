/* SPDX-License-Identifier: Apache-2.0 */
/* Maps over the photo as tiles.
 *
 * Maps with a number for each pixel (gradients) have a few very large numbers. On a scale up to
 * these all others would be invisible, so the scale ends at the 99th percentile of the magnitudes,
 * as in Smilkov et al. 2017, arXiv:1706.03825; larger ones have the colour of its end. The scale
 * below the map shows that number. Maps of areas are painted on their whole range.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attribution.h"
#include "output.h"

#define GAP     4    /* pixels between a map and its scale */
#define SHOWN   0.99 /* of a fine map's pixels, in magnitude */
#define BAR_MIN 64

static int ascending(const void *p, const void *q) {
    const float a = *(const float *)p, b = *(const float *)q;
    return (a > b) - (a < b);
}

/* The quantile of the magnitudes of the map's finite numbers; 0 if it has none. */
static float quantile(const fv_tensor *map, double share) {
    const int64_t n = fv_tensor_count(map);
    float *x = g_new(float, n);
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(map->data[i])) x[count++] = fabsf(map->data[i]);
    qsort(x, (size_t)count, sizeof *x, ascending);
    const float q = count ? x[MIN(count - 1, (int64_t)(share * (double)count))] : 0;
    g_free(x);
    return q;
}

/* The scale a map is painted on. */
static fv_status scale_of(const fv_attribution *a, fv_paint_desc *d, fv_error *err) {
    const fv_method_info *m = fv_method_at((int)a->method - 1);
    *d = *FV_DESC(fv_paint_desc,
                  .palette = m->is_signed ? FV_PALETTE_DIVERGING : FV_PALETTE_SEQUENTIAL);
    if (m->is_fine) {
        d->high = quantile(a->map, SHOWN);
        d->low = m->is_signed ? -d->high : 0;
    } else if (m->is_rectified) {
        d->high = quantile(a->map, 1); /* from zero, also where no number is */
    }
    return fv_paint_scale(a->map->data, fv_tensor_count(a->map), d, err);
}

/* A picture with another beneath it; both are freed. */
static fv_status under(fv_image *above, fv_image *below, fv_image **out, fv_error *err) {
    const fv_image *const both[] = {above, below};
    fv_status st = fv_stack(both, 2, 0, GAP, out, err);
    fv_image_free(above);
    fv_image_free(below);
    return st;
}

fv_status cli_map_tile(const cli_subject *s, const fv_attribution *a, fv_image **out,
                       fv_error *err) {
    fv_paint_desc d;
    fv_image *overlay = NULL, *bar = NULL;
    const fv_tensor *map = a->map;
    fv_status st = scale_of(a, &d, err);
    if (!st && cli_is_line(s)) return cli_plain_map(s, map->data, map, &d, out, err);
    if (!st && !s->photo)
        st = cli_plain_map(s, map->data, map, &d, &overlay, err);
    else if (!st)
        st = fv_overlay(s->photo, map->data, (int)map->dim[0], (int)map->dim[1], &d, &overlay, err);
    if (!st) st = fv_paint_bar(&d, MAX(overlay->width, BAR_MIN), &bar, err);
    if (!st) return under(overlay, bar, out, err);
    fv_image_free(overlay);
    return st;
}

fv_status cli_photo_tile(const cli_subject *s, const fv_tensor *map, fv_image **out,
                         fv_error *err) {
    if (!s->photo) return cli_plain_input(s, map, out, err);
    const fv_paint_desc any = {
        .struct_size = sizeof any, .palette = FV_PALETTE_SEQUENTIAL, .low = 0, .high = 1};
    const fv_image *p = s->photo;
    fv_image *photo = NULL, *blank = NULL;
    fv_status st = fv_image_crop(p, 0, 0, p->height, p->width, &photo, err);
    if (!st) st = fv_paint_bar(&any, MAX(p->width, BAR_MIN), &blank, err);
    if (st) {
        fv_image_free(photo);
        return st;
    }
    for (int64_t i = 0; i < (int64_t)blank->channels * blank->height * blank->width; i++)
        blank->data[i] = 1; /* white where the others have their scale */
    return under(photo, blank, out, err);
}

fv_status cli_subject_describe(const cli_subject *s, fv_image *onto, fv_error *err) {
    char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)s->asked->seed);
    const char *const texts[][2] = {{"fovea.objective", s->text},
                                    {"fovea.seed", seed},
                                    {"fovea.model", fv_model_name(s->model)},
                                    {"fovea.model-sha256", fv_model_sha256(s->model)},
                                    {"fovea.version", fv_version()}};
    fv_status st = cli_set_command(s->args, onto, err);
    if (!st) st = cli_set_device(s->session.session, onto, err);
    for (size_t i = 0; i < G_N_ELEMENTS(texts) && !st; i++) {
        char *valid = g_utf8_make_valid(texts[i][1], -1);
        st = fv_image_set_text(onto, texts[i][0], valid, err);
        g_free(valid);
    }
    g_free(seed);
    return st;
}
