/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping track of which values have their last axis moved to the second place, and moving. */
#include "model/operations/channels.h"

#include "graph/build/compose.h"

static fvi_op_lowering *state(const fvi_site *site) { return site->l; }

int fvi_channels_moved(const fvi_site *site, int v) {
    const GArray *marks = state(site)->channels;
    return v >= 0 && (guint)v < marks->len && g_array_index(marks, uint8_t, v);
}

int fvi_channels_mark(const fvi_site *site, int v) {
    GArray *marks = state(site)->channels;
    if (v < 0) return v;
    if ((guint)v >= marks->len) g_array_set_size(marks, (guint)v + 1);
    g_array_index(marks, uint8_t, v) = 1;
    return v;
}

int fvi_channels_like(const fvi_site *site, int out, int in) {
    return fvi_channels_moved(site, in) ? fvi_channels_mark(site, out) : out;
}

static gboolean is_undone(gpointer v, gpointer moved, gpointer first) {
    return GPOINTER_TO_INT(v) >= GPOINTER_TO_INT(first) ||
           GPOINTER_TO_INT(moved) - 1 >= GPOINTER_TO_INT(first);
}

void fvi_channels_forget(const fvi_site *site) {
    fvi_op_lowering *l = state(site);
    const guint first = (guint)site->operation.first_value;
    if (l->channels->len > first) g_array_set_size(l->channels, first);
    g_hash_table_foreach_remove(l->moved, is_undone, GUINT_TO_POINTER(first));
}

void fvi_site_out(fvi_site *site, int i, int v) {
    if (v < 0 || site->b->status || i >= site->n_out) return;
    const char *name = fvi_op_list_name(site->l->list, site->op->out[i]);
    site->out[i] = fvi_channels_like(site, fvi_emit_named(site->b, v, name), v);
}

/* ---- moving --------------------------------------------------------------------------------- */

/* v with its axes in that order; where only axes of one element change their place, no numbers
 * do. */
static int reorder(fvi_site *site, int v, const int *perm) {
    const fvi_shape from = fvi_build_shape(site->b, v);
    fvi_shape to = {.ndim = from.ndim};
    int last = -1, in_place = 1;
    for (int i = 0; i < from.ndim; i++) {
        to.dim[i] = from.dim[perm[i]];
        if (to.dim[i] == 1) continue;
        in_place = in_place && perm[i] > last;
        last = perm[i];
    }
    if (in_place) return fvi_emit_reshape(site->b, v, &to);
    const fvi_pending_value *p = fvi_build_value(site->b, v);
    return p->v.constant && p->file_constant ? fvi_site_permuted(site, v, perm)
                                             : fvi_emit_transpose(site->b, v, perm);
}

/* The other form of v, made once. */
static int other_form(fvi_site *site, int v, int to_second) {
    fvi_op_lowering *l = state(site);
    const int ndim = fvi_build_shape(site->b, v).ndim;
    gpointer found = g_hash_table_lookup(l->moved, GINT_TO_POINTER(v));
    int perm[FVI_MAX_DIMS] = {0};
    if (found) return GPOINTER_TO_INT(found) - 1;
    for (int i = 1; i < ndim; i++)
        perm[i] = to_second ? (i == 1 ? ndim - 1 : i - 1) : (i == ndim - 1 ? 1 : i + 1);
    const int made = reorder(site, v, perm);
    if (made < 0) return -1;
    g_hash_table_insert(l->moved, GINT_TO_POINTER(v), GINT_TO_POINTER(made + 1));
    g_hash_table_insert(l->moved, GINT_TO_POINTER(made), GINT_TO_POINTER(v + 1));
    return made;
}

int fvi_channels_move(fvi_site *site, int v) {
    if (v < 0 || site->b->status) return -1;
    if (fvi_channels_moved(site, v) || fvi_build_shape(site->b, v).ndim < 3) return v;
    return fvi_channels_mark(site, other_form(site, v, 1));
}

int fvi_channels_restore(fvi_site *site, int v) {
    if (v < 0 || site->b->status) return -1;
    return fvi_channels_moved(site, v) ? other_form(site, v, 0) : v;
}

/* ---- shapes and axes ------------------------------------------------------------------------ */

int fvi_channels_axis(const fvi_site *site, int v, int axis) {
    const int ndim = fvi_build_shape(site->b, v).ndim;
    if (!fvi_channels_moved(site, v) || axis == 0) return axis;
    return axis == ndim - 1 ? 1 : axis + 1;
}

fvi_shape fvi_channels_shape(const fvi_site *site, int v) {
    const fvi_shape own = fvi_build_shape(site->b, v);
    fvi_shape s = own;
    for (int i = 0; i < own.ndim; i++) s.dim[i] = own.dim[fvi_channels_axis(site, v, i)];
    return s;
}

/* ---- element-wise --------------------------------------------------------------------------- */

int fvi_channels_unary(fvi_site *site, fvi_unary f, float p, float q, int x) {
    return fvi_channels_like(site, fvi_emit_unary(site->b, f, p, q, x), x);
}

/* v, in the file's order, with leading axes of one element. */
static int widen(fvi_site *site, int v, int ndim) {
    const fvi_shape s = fvi_build_shape(site->b, v);
    fvi_shape wide = {.ndim = ndim};
    for (int i = 0; i < ndim; i++) wide.dim[i] = i < ndim - s.ndim ? 1 : s.dim[i - ndim + s.ndim];
    return fvi_emit_reshape(site->b, v, &wide);
}

void fvi_channels_align(fvi_site *site, int n, int *v, int broadcast) {
    int any = 0, ndim = 0;
    for (int i = 0; i < n; i++) {
        any = any || fvi_channels_moved(site, v[i]);
        ndim = MAX(ndim, fvi_build_shape(site->b, v[i]).ndim);
    }
    for (int i = 0; i < n && any && !site->b->status; i++) {
        const fvi_shape s = fvi_build_shape(site->b, v[i]);
        if (broadcast && s.ndim > 0 && s.ndim < ndim)
            v[i] = widen(site, fvi_channels_restore(site, v[i]), ndim);
        v[i] = fvi_channels_move(site, v[i]);
    }
}

int fvi_channels_binary(fvi_site *site, fvi_binary f, int a, int b) {
    int v[] = {a, b};
    if (a < 0 || b < 0 || site->b->status) return -1;
    fvi_channels_align(site, 2, v, 1);
    const int out = fvi_emit_arith(site->b, f, v[0], v[1]);
    return fvi_channels_moved(site, v[0]) || fvi_channels_moved(site, v[1])
               ? fvi_channels_mark(site, out)
               : out;
}
