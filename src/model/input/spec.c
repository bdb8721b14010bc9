/* SPDX-License-Identifier: Apache-2.0 */
/* Filling what a source says of a network's input. */
#include "model/input/spec.h"

#include <glib.h>
#include <math.h>

#include "base/error.h"

void fvi_input_spec_clear(fvi_input_spec *s) {
    g_free(s->input);
    g_free(s->mean.from);
    g_free(s->scale.from);
    fvi_labels_free(s->labels);
    *s = (fvi_input_spec){0};
}

fv_status fvi_per_channel_set(fvi_per_channel *p, const double *v, int n, int invert,
                              const char *from, fv_error *err) {
    if (n < 1 || n > 4)
        return fvi_fail(err, FV_FORMAT, "%s has %d numbers; 1 to 4, one a channel, are allowed",
                        from, n);
    fvi_per_channel r = {.n = n};
    for (int i = 0; i < n; i++) {
        r.v[i] = (float)(invert ? 1 / v[i] : v[i]);
        if (!isfinite(r.v[i]))
            return fvi_fail(err, FV_FORMAT, "%s: %g is not a usable number", from, v[i]);
    }
    g_free(p->from);
    *p = r;
    p->from = g_strdup(from);
    return FV_OK;
}
