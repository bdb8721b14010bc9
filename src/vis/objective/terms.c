/* SPDX-License-Identifier: Apache-2.0 */
/* terms: the table of the kinds of terms. A new kind is a file with its row, the row's declaration
 * in term.h, and a line here.
 */
#include "vis/objective/terms.h"

#include <string.h>

static const fvi_term_kind *const kinds[] = {
    &fvi_term_neuron,      &fvi_term_channel,   &fvi_term_layer,      &fvi_term_energy,
    &fvi_term_strong,      &fvi_term_direction, &fvi_term_diversity,  &fvi_term_alignment,
    &fvi_term_interpolate, &fvi_term_match,     &fvi_term_caricature,
};

const fvi_term_kind *fvi_terms_find(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (!strcmp(kinds[i]->name, name)) return kinds[i];
    return NULL;
}

char *fvi_terms_names(void) {
    GString *s = g_string_new("LAYER, LAYER:C, LAYER:C@y,x, class:C, prob:C");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        g_string_append_printf(s, ", %s()", kinds[i]->name);
    g_string_append(s, "; of the picture ");
    fvi_picture_term_names(s);
    return g_string_free(s, FALSE);
}
