/* SPDX-License-Identifier: Apache-2.0 */
/* reference: the table of reference forwards, and those that only move numbers about. */
#include <stdlib.h>

#include "reference.h"

fvi_reference fvi_reference_of(fvi_kind k) {
    static const fvi_reference table[] = {
#define FVI_KIND(NAME, file, ...) [FVI_##NAME] = fvi_ref_##file,
#include "graph/kinds.def"
#undef FVI_KIND
    };
    return table[k];
}

int64_t fvi_ref_count(const fvi_shape *s) {
    int64_t n = 1;
    for (int i = 0; i < s->ndim; i++) n *= s->dim[i];
    return n;
}

void fvi_ref_unravel(const fvi_shape *s, int64_t i, int64_t pos[FVI_MAX_DIMS]) {
    for (int d = s->ndim - 1; d >= 0; d--) {
        pos[d] = i % s->dim[d];
        i /= s->dim[d];
    }
}

int64_t fvi_ref_ravel(const fvi_shape *s, const int64_t pos[FVI_MAX_DIMS]) {
    int64_t i = 0;
    for (int d = 0; d < s->ndim; d++) i = i * s->dim[d] + pos[d];
    return i;
}

double fvi_ref_broadcast(const fvi_ref *t, const int64_t *pos, int ndim) {
    int64_t own[FVI_MAX_DIMS];
    for (int d = 0; d < t->shape.ndim; d++)
        own[d] = t->shape.dim[d] == 1 ? 0 : pos[d + ndim - t->shape.ndim];
    return t->data[fvi_ref_ravel(&t->shape, own)];
}

/* It is never run. */
void fvi_ref_opaque(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    (void)n, (void)in, (void)out;
    abort();
}

void fvi_ref_identity(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    (void)n;
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) out->data[i] = in[0].data[i];
}

void fvi_ref_reshape(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    fvi_ref_identity(n, in, out);
}

void fvi_ref_expand(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    (void)n;
    int64_t pos[FVI_MAX_DIMS] = {0};
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        out->data[i] = fvi_ref_broadcast(&in[0], pos, out->shape.ndim);
    }
}

void fvi_ref_where(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    (void)n;
    int64_t pos[FVI_MAX_DIMS] = {0};
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        double c = fvi_ref_broadcast(&in[0], pos, out->shape.ndim);
        out->data[i] = fvi_ref_broadcast(&in[c != 0 ? 1 : 2], pos, out->shape.ndim);
    }
}

void fvi_ref_concat(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int axis = n->a.axis.axis;
    int64_t pos[FVI_MAX_DIMS], from = 0;
    for (int k = 0; k < n->n_in; k++) {
        for (int64_t i = 0; i < fvi_ref_count(&in[k].shape); i++) {
            fvi_ref_unravel(&in[k].shape, i, pos);
            pos[axis] += from;
            out->data[fvi_ref_ravel(&out->shape, pos)] = in[k].data[i];
        }
        from += in[k].shape.dim[axis];
    }
}

void fvi_ref_slice(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int64_t pos[FVI_MAX_DIMS] = {0};
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        for (int d = 0; d < out->shape.ndim; d++)
            pos[d] = n->a.slice.start[d] + pos[d] * n->a.slice.step[d];
        out->data[i] = in[0].data[fvi_ref_ravel(&in[0].shape, pos)];
    }
}

/* Walks one step at a time from the border into the axis 0..n-1, the way the mode says. */
static int64_t pad_position(fvi_pad_mode mode, int64_t i, int64_t n) {
    while (i < 0 || i >= n) {
        if (mode == FVI_PAD_WRAP)
            i += i < 0 ? n : -n;
        else if (mode == FVI_PAD_EDGE || n == 1)
            i = i < 0 ? 0 : n - 1;
        else
            i = i < 0 ? -i : 2 * (n - 1) - i;
    }
    return i;
}

void fvi_ref_pad(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int64_t pos[FVI_MAX_DIMS] = {0};
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        int outside = 0;
        fvi_ref_unravel(&out->shape, i, pos);
        for (int d = 0; d < out->shape.ndim; d++) {
            int64_t size = in[0].shape.dim[d];
            pos[d] -= n->a.pad.lo[d];
            if (n->a.pad.mode == FVI_PAD_CONSTANT)
                outside |= pos[d] < 0 || pos[d] >= size;
            else
                pos[d] = pad_position(n->a.pad.mode, pos[d], size);
        }
        out->data[i] = outside ? n->a.pad.value : in[0].data[fvi_ref_ravel(&in[0].shape, pos)];
    }
}

void fvi_ref_transpose(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int64_t pos[FVI_MAX_DIMS] = {0}, from[FVI_MAX_DIMS] = {0};
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        for (int d = 0; d < out->shape.ndim; d++) from[n->a.transpose.perm[d]] = pos[d];
        out->data[i] = in[0].data[fvi_ref_ravel(&in[0].shape, from)];
    }
}

void fvi_ref_gather(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int axis = n->a.axis.axis, k = in[1].shape.ndim;
    int64_t pos[FVI_MAX_DIMS] = {0}, from[FVI_MAX_DIMS] = {0};
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        int64_t index = (int64_t)in[1].data[fvi_ref_ravel(&in[1].shape, pos + axis)];
        for (int d = 0; d < axis; d++) from[d] = pos[d];
        for (int d = axis + 1; d < in[0].shape.ndim; d++) from[d] = pos[d + k - 1];
        from[axis] = index < 0 ? index + in[0].shape.dim[axis] : index;
        out->data[i] = in[0].data[fvi_ref_ravel(&in[0].shape, from)];
    }
}

/* The sum over all taps of axes d.., recursively; outside 1: an axis before was beyond the edge. */
static double resized(const fvi_node *n, const fvi_ref *in, const int64_t *pos, int64_t *from,
                      int d, int outside) {
    if (d == in->shape.ndim)
        return outside ? n->a.resize.extrapolation : in->data[fvi_ref_ravel(&in->shape, from)];
    const fvi_resize_kernel *t = &n->a.resize.axis[d];
    if (t->entries == 0) {
        from[d] = pos[d];
        return resized(n, in, pos, from, d + 1, outside);
    }
    double sum = 0;
    for (int64_t e = pos[d] * t->entries; e < (pos[d] + 1) * t->entries; e++) {
        from[d] = t->index[e] < 0 ? 0 : t->index[e];
        sum += t->weight[e] * resized(n, in, pos, from, d + 1, outside || t->index[e] < 0);
    }
    return sum;
}

void fvi_ref_resize(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int64_t pos[FVI_MAX_DIMS] = {0}, from[FVI_MAX_DIMS] = {0};
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        out->data[i] = resized(n, &in[0], pos, from, 0, 0);
    }
}
