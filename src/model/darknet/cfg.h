/* SPDX-License-Identifier: Apache-2.0 */
/* Darknet's .cfg files: sections of options. */
#ifndef FVI_MODEL_DARKNET_CFG_H
#define FVI_MODEL_DARKNET_CFG_H

#include <glib.h>

#include "fovea/fovea.h"

typedef struct fvi_cfg_section {
    char *name;          /* "convolutional", without brackets */
    int line;            /* in the file, from 1 */
    GHashTable *options; /* char * -> char *; of one that is given twice the first, as Darknet */
} fvi_cfg_section;

/* Reads a file: [section] lines, and `key=value` lines, in which blanks do not count; lines that
 * begin with # or ; are remarks.
 *   out     fvi_cfg_section *; to be unref'ed
 *   errors  FORMAT, with the line */
fv_status fvi_cfg_read(const char *text, size_t size, GPtrArray **out, fv_error *err);

/* A number of a section; `otherwise` where it is not given. *bad is set to the key of the first
 * value that is no number within +-2^30 (unless it is set already). */
int64_t fvi_cfg_int(const fvi_cfg_section *s, const char *key, int64_t otherwise, const char **bad);
double fvi_cfg_real(const fvi_cfg_section *s, const char *key, double otherwise, const char **bad);
const char *fvi_cfg_text(const fvi_cfg_section *s, const char *key, const char *otherwise);
/* Whole numbers separated by commas, at most `max`. Returns how many. */
int fvi_cfg_ints(const fvi_cfg_section *s, const char *key, int64_t *out, int max,
                 const char **bad);

#endif
