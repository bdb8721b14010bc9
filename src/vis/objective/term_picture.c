/* SPDX-License-Identifier: Apache-2.0 */
/* term_picture: terms of the picture alone (terms_image.c) as terms of an objective.
 */
#include "vis/objective/term.h"

static void text(const fvi_objective *o, const fvi_term *t, int alone, GString *s) {
    (void)alone;
    char written[80];
    (void)o;
    fvi_picture_term_text(t->picture, t->argument, written, sizeof written);
    g_string_append(s, written);
}

const fvi_term_kind fvi_term_picture = {
    .scope = FVI_SCOPE_PICTURE,
    .text = text,
};
