/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: objectives, what to look for in a network. Include fovea/fovea.h. */
#ifndef FOVEA_OBJECTIVE_H
#define FOVEA_OBJECTIVE_H

#include "fovea/core.h"

struct fv_session; /* session.h */

#ifdef __cplusplus
extern "C" {
#endif

/* An objective is a weighted sum of terms, each a number to raise: "mixed4a:3 - 0.1*tv". It is read
 * once and serves any number of calls. It is immutable: threads may share one. */

typedef struct fv_objective fv_objective;

/* Something in memory that terms of an objective take where they would take a file. */
typedef struct fv_attachment {
    const char *name;        /* what stands for the file in the text; any text but "" */
    const fv_image *image;   /* of match() and caricature(): a photo, or NULL */
    const fv_tensor *tensor; /* of direction(): a number for each channel, or NULL */
} fv_attachment;

/* Reads an objective.
 *   model        borrowed: must outlive *out
 *   text         `LAYER:C` mean over the positions of channel C; `LAYER:C@y,x` one neuron; `LAYER`
 *                mean of squares of the whole layer; `class:NAME`; sums of these with weights, and
 *                more: docs/objectives.md. Which reduction `LAYER` and `LAYER:C` stand for is a
 *                recipe's; where there is none it is the mean. Channels are on axis 1 of what
 *                convolutions make, on the last axis of what matrix products and layer norms make;
 *                what moves or maps elements keeps them. `@` takes a coordinate for each other axis
 *                of one sample, outermost first
 *   attachments  [count] what has one of these names is not looked for in a file; with one of image
 *                and tensor each. Copied; NULL where count is 0
 *   out          yours to free with fv_objective_free
 *   errors       ARG the text cannot be read, is too long, or looks at two photos; an attachment
 *                of another sort than its term takes; NOTFOUND no such layer, channel or class;
 *                SHAPE a vector that does not fit, no classes, or a photo where the input is no
 *                picture; IO, FORMAT a vector's or a photo's file
 */
FV_API fv_status fv_objective_new(const fv_model *model, const char *text,
                                  const fv_attachment *attachments, int count, fv_objective **out,
                                  fv_error *err);
/* Frees an objective. */
FV_API void fv_objective_free(fv_objective *objective);

/* Makes a + weight * b, of two objectives of one model.
 *   weight  -1e30..1e30
 *   out     yours to free with fv_objective_free
 *   errors  ARG another model's; a term's weight beyond -1e30..1e30; too many terms (16), layers
 *           (8) or photos (1) together
 */
FV_API fv_status fv_objective_add(const fv_objective *a, double weight, const fv_objective *b,
                                  fv_objective **out, fv_error *err);

/* Returns the objective in one spelling, with bare units read as means: "class:hen" is "logits:8".
 * It reads back as the same objective, numbers to the last bit, given the same files and
 * attachments. Borrowed; of NULL: "". */
FV_API const char *fv_objective_text(const fv_objective *objective);

/* Returns a sentence on how the text was understood ("optimised before the softmax"), or "".
 * Borrowed; of NULL: "". */
FV_API const char *fv_objective_note(const fv_objective *objective);

/* Makes an objective that compares with a photo: match(LAYER, PHOTO) (feature inversion) or
 * caricature(LAYER, PHOTO, POWER); docs/objectives.md. Recipes of these names go with them.
 *   term    "match" or "caricature"
 *   photo   .image of any size: what the network sees of it is copied; .name what it is called in
 *           the objective's text, say its file's path, and not ""; NULL: "photo"
 *   power   of a caricature's cosine, 0..1000; < 0: 1
 *   out     yours to free with fv_objective_free
 *   errors  ARG a layer or name with both kinds of quotes, no such term; as fv_objective_new */
FV_API fv_status fv_photo_objective(const fv_model *model, const char *term, const char *layer,
                                    const fv_attachment *photo, double power, fv_objective **out,
                                    fv_error *err);

/* Makes the objective of feature accentuation (Hamblin et al. 2024): OBJECTIVE + W*match(NEAR,
 * PHOTO), for the recipe "accentuate" with the photo as its start (fv_recipe_set_image "start", of
 * fv_input_picture). W is `strength` times what gives both terms' gradients the same mean magnitude
 * on the photo with some noise: the network is run for that, and the call blocks as long.
 *   session    what the network is run with
 *   objective  what to bring out: terms of the network
 *   photo      as fv_photo_objective
 *   near       the layer in which the picture stays near the photo; NULL: the last whose maps have
 *              at least 1/8 of the input's side
 *   strength   at least 0. The larger, the nearer the picture stays to the photo; 0: it need not
 *   out        yours to free with fv_objective_free
 *   errors     ARG as fv_photo_objective, a strength that is no number >= 0, or an objective that
 *              looks at the picture; NOTFOUND no layer to stay near, or its gradient is zero;
 *              NONFINITE; CANCELLED */
FV_API fv_status fv_accentuation_objective(struct fv_session *session,
                                           const fv_objective *objective,
                                           const fv_attachment *photo, const char *near,
                                           double strength, fv_objective **out, fv_error *err);

#ifdef __cplusplus
}
#endif
#endif
