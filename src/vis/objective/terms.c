/* SPDX-License-Identifier: Apache-2.0 */
/* terms: the table of the kinds of terms. A new kind is a file in terms/ with its row, the row's
 * declaration in term.h, and a line here.
 */
#include "vis/objective/terms.h"

#include <string.h>

/* In the order in which messages name them. Rows with the same name must be neighbours. */
static const fvi_term_kind *const kinds[] = {
    &fvi_term_neuron,
    &fvi_term_channel,
    &fvi_term_layer,
    &fvi_term_energy,
    &fvi_term_strong,
    &fvi_term_direction,
    &fvi_term_diversity,
    &fvi_term_alignment,
    &fvi_term_interpolate,
    &fvi_term_match,
    &fvi_term_caricature,
    /* of the picture */
    &fvi_term_tv,
    &fvi_term_tv_power,
    &fvi_term_l1,
    &fvi_term_l2,
    &fvi_term_lp,
    &fvi_term_picture_squares,
    &fvi_term_mean_tv,
    &fvi_term_mean_norm,
    &fvi_term_difference,
    &fvi_term_distance,
    &fvi_term_blur,
    &fvi_term_boundary,
};

static int is_picture(const fvi_term_kind *kind) { return kind->scope == FVI_SCOPE_PICTURE; }

const fvi_term_kind *fvi_terms_at(size_t i) { return i < G_N_ELEMENTS(kinds) ? kinds[i] : NULL; }

const fvi_term_kind *fvi_terms_find(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (!is_picture(kinds[i]) && !strcmp(kinds[i]->name, name)) return kinds[i];
    return NULL;
}

const fvi_term_kind *fvi_terms_find_picture(const char *name, int count) {
    const fvi_term_kind *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!is_picture(kinds[i]) || strcmp(kinds[i]->name, name) != 0) continue;
        found = kinds[i];
        if (count >= found->min && count <= found->max) break;
    }
    return found;
}

char *fvi_terms_names(void) {
    GString *s = g_string_new("LAYER, LAYER:C, LAYER:C@y,x, class:C, prob:C");
    const char *last = "";
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const fvi_term_kind *k = kinds[i];
        if (!is_picture(k))
            g_string_append_printf(s, ", %s()", k->name);
        else if (strcmp(k->name, last) != 0)
            g_string_append_printf(s, "%s%s", *last ? ", " : "; of the picture ", k->name);
        if (is_picture(k)) last = k->name;
    }
    return g_string_free(s, FALSE);
}
