/* SPDX-License-Identifier: Apache-2.0 */
/* photo_objective: objectives between a unit and a photo: inversion, caricature, accentuation. What
 * they mean is term_photo.c's; how they are maximised is the loop's.
 *
 * Accentuation. f(x) - W |a(x) - a(photo)|^2 / |a(photo)|^2, a being a layer. At the photo itself
 * the second term has no gradient; so the two are weighed on the photo with noise of deviation
 * 0.02, as the transforms will add: W = strength * mean |df/dx| / mean |dmatch/dx|. The authors'
 * program does so in the loop and in its numbers, with the mean over positions of the distance
 * between vectors of channels instead of the relative squared distance.
 *
 * Source: Hamblin, Fel, Saha, Konkle and Alvarez, "Feature Accentuation: Revealing 'What' Features
 * Respond to in Natural Images", 2024, arXiv:2402.10039.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "image/image.h"
#include "runtime/model_state.h"
#include "vis/objective/spelling.h"
#include "vis/update/pass.h"

#define NOISE      0.02f
#define SMALLEST   8 /* a default layer's map has at least 1/8 of the input's side */
#define PHOTO_NAME "photo"
#define POWER_MAX  1000
#define NOISE_UNIT 0x6e6f697365u /* of the random stream */

/* Puts a name into quotes.  errors  ARG it has both kinds of them */
static fv_status append_quoted(GString *s, const char *name, fv_error *err) {
    char quote = strchr(name, '"') ? '\'' : '"';
    if (strchr(name, quote))
        return fvi_fail(err, FV_ARG, "%.200s: a name with both kinds of quotes cannot be written",
                        name);
    g_string_append_printf(s, "%c%s%c", quote, name, quote);
    return FV_OK;
}

static fv_status append_term(GString *s, const char *term, const char *layer, const char *photo,
                             fv_error *err) {
    g_string_append_printf(s, "%s(", term);
    fv_status st = append_quoted(s, layer, err);
    g_string_append(s, ", ");
    if (!st) st = append_quoted(s, photo, err);
    return st;
}

fv_status fv_photo_objective(const fv_model *model, const char *term, const char *layer,
                             const fv_attachment *photo, double power, fv_objective **out,
                             fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, term, layer, photo, out);
    if (!st) st = fvi_image_check(photo->image, "the photo", err);
    if (st) return st;
    int caricature = !strcmp(term, "caricature");
    if (!caricature && strcmp(term, "match") != 0)
        return fvi_fail(err, FV_ARG,
                        "there is no term \"%.80s\" of a photo; allowed: match and "
                        "caricature",
                        term);
    fv_attachment named = *photo;
    if (!named.name) named.name = PHOTO_NAME;
    if (!*named.name)
        return fvi_fail(err, FV_ARG, "the photo's name is empty; allowed: any other, or NULL");
    if (!(power <= POWER_MAX))
        return fvi_fail(err, FV_ARG, "power is %g; allowed: 0..%d, or below 0 for 1", power,
                        POWER_MAX);
    GString *s = g_string_new(NULL);
    st = append_term(s, term, layer, named.name, err);
    if (caricature && power >= 0) {
        g_string_append(s, ", ");
        fvi_append_number(s, (float)power);
    }
    g_string_append_c(s, ')');
    if (!st) st = fv_objective_new(model, s->str, &named, 1, out, err);
    g_string_free(s, TRUE);
    return st;
}

/* Rounds to 3 digits. Measured numbers may differ in their last digits between machines, and the
 * random numbers depend on the text of the objective. */
static double rounded(double v) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    return g_ascii_strtod(g_ascii_formatd(text, sizeof text, "%.3g", v), NULL);
}

/* ---- accentuation --------------------------------------------------------------------------- */

/* Mean magnitude of an objective's gradient at the picture x; `photo` is what it compares with. */
static fv_status mean_gradient(fv_session *session, const fvi_objective *o, const fv_tensor *photo,
                               const float *x, double *out, fv_error *err) {
    const fvi_objective_list one = {&o, 1};
    const int64_t count = fv_tensor_count(photo);
    fvi_pass *pass = NULL;
    double value = 0, sum = 0;
    float *t = malloc((size_t)count * sizeof *t);
    fv_status st = t ? fvi_pass_new(session, &one, 1, 0, 1, &pass, err)
                     : fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) st = fvi_pass_reserve(pass, 1, count, err);
    if (!st) {
        memcpy(t, x, (size_t)count * sizeof *t);
        const fvi_pass_samples picture = {.samples = 1,
                                          .channels = (int)photo->dim[0],
                                          .h = (int)photo->dim[1],
                                          .w = (int)photo->dim[2],
                                          .t = t,
                                          .photo = photo->data,
                                          .values = &value};
        st = fvi_pass_run(pass, &picture, err);
    }
    for (int64_t i = 0; !st && i < count; i++) sum += fabs((double)t[i]);
    if (!st) *out = sum / (double)count;
    fvi_pass_free(pass);
    free(t);
    return st;
}

/* The weight of the match term with which both gradients have the same mean magnitude. */
static fv_status balance(fv_session *session, const fvi_objective *objective,
                         const fvi_objective *match, double *out, fv_error *err) {
    const fv_tensor *photo = fvi_objective_photo(match);
    const int64_t count = fv_tensor_count(photo);
    double ours = 0, theirs = 0;
    float *x = malloc((size_t)count * sizeof *x);
    fv_status st = x ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) {
        fvi_random r = fvi_random_stream(0, NOISE_UNIT, 0, FVI_DRAW_START);
        fvi_random_normals(&r, count, x);
        for (int64_t i = 0; i < count; i++) x[i] = photo->data[i] + NOISE * x[i];
        st = mean_gradient(session, objective, photo, x, &ours, err);
    }
    if (!st) st = mean_gradient(session, match, photo, x, &theirs, err);
    if (!st && !(isfinite(theirs) && isfinite(ours)))
        st = fvi_fail(
            err, FV_NONFINITE,
            "the gradient of %.150s is not finite near the photo, so the objective and the "
            "layer that holds it there cannot be weighed",
            isfinite(theirs) ? "the objective" : match->layers[0]);
    if (!st && !(theirs > 0))
        st = fvi_fail(
            err, FV_NOTFOUND,
            "\"%.150s\" cannot be what the picture stays near: its gradient is zero at the "
            "photo",
            match->layers[0]);
    if (!st) *out = ours / theirs;
    free(x);
    return st;
}

/* The last layer whose maps have at least 1/8 of the input's side. */
static fv_status default_near(const fvi_network *net, const char **layer, fv_error *err) {
    const fv_input *in = fvi_network_input(net);
    for (int i = fvi_network_layer_count(net) - 1; i >= 0; i--) {
        const fv_layer *l = fvi_network_layer(net, i);
        if (l->ndim != 4 || l->dim[1] < 2 || l->dim[2] * SMALLEST < in->height ||
            l->dim[3] * SMALLEST < in->width)
            continue;
        *layer = l->name;
        return FV_OK;
    }
    return fvi_fail(err, FV_NOTFOUND,
                    "%s has no layer whose maps are at least 1/%d of its input's side; a layer to "
                    "stay near has to be named",
                    fvi_network_name(net), SMALLEST);
}

/* Finds the weight of `near`, rounded. */
static fv_status find_weight(fv_session *session, const fv_objective *objective,
                             const fv_objective *near, double strength, double *out,
                             fv_error *err) {
    const fvi_network *net = fvi_session_network(session);
    fvi_objective wanted = {0}, match = {0};
    double weight = 0;
    fv_status st = fvi_objective_resolve(objective, NULL, net, FVI_REDUCTION_MEAN, &wanted, err);
    if (!st) st = fvi_objective_check_plain(&wanted, "accentuation", err);
    if (!st) st = fvi_objective_resolve(near, NULL, net, FVI_REDUCTION_MEAN, &match, err);
    if (!st) st = balance(session, &wanted, &match, &weight, err);
    if (!st) *out = rounded(strength * weight);
    fvi_objective_clear(&wanted);
    fvi_objective_clear(&match);
    return st;
}

fv_status fv_accentuation_objective(fv_session *session, const fv_objective *objective,
                                    const fv_attachment *photo, const char *near, double strength,
                                    fv_objective **out, fv_error *err) {
    FVI_USE_THREADS(session);
    fv_status st = FVI_NOT_NULL(err, session, objective, photo, out);
    if (!st) st = fvi_image_check(photo->image, "the photo", err);
    if (st) return st;
    if (!(strength >= 0) || !isfinite(strength))
        return fvi_fail(err, FV_ARG, "strength is %g; allowed: a number >= 0", strength);
    const fv_model *model = fvi_session_model(session);
    fv_objective *match = NULL;
    double weight = 0;
    st = near ? FV_OK : default_near(model->network, &near, err);
    if (!st && strength == 0) return fvi_objective_clone(objective, model->network, out, err);
    if (!st) st = fv_photo_objective(model, "match", near, photo, -1, &match, err);
    if (!st) st = find_weight(session, objective, match, strength, &weight, err);
    if (!st) st = fv_objective_add(objective, weight, match, out, err);
    fv_objective_free(match);
    return st;
}
