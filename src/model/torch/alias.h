/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors that share their numbers, and what becomes of them when one is changed in place.
 *
 * After b = relu_(a) all that read a read b. If a is a view of c, c becomes c with that part
 * replaced (slice_scatter), and so on up to the tensor that is no view. Other views of the same
 * tensor are stale from then on: what they would hold is not computed here, and nodes that read
 * them are refused. */
#ifndef FVI_MODEL_TORCH_ALIAS_H
#define FVI_MODEL_TORCH_ALIAS_H

#include "model/torch/file.h"

/* A call that may give a view of its first input. */
typedef struct fvi_torch_view {
    const fvi_torch_call *call;
    int n_in;
    const int *in;       /* values; [0] is what it is a view of */
    const char *scatter; /* the operator that gives a change back; "": it has all the elements in
                            their order; NULL: there is none */
} fvi_torch_view;

/* Appends the operation that replaces the view's part of `base`, and returns its output. */
typedef int fvi_torch_scatter(void *user, const fvi_torch_view *view, int base, int part);

typedef struct fvi_torch_aliases fvi_torch_aliases;
fvi_torch_aliases *fvi_torch_aliases_new(fvi_torch_scatter *scatter, void *user);
/* NULL allowed. */
void fvi_torch_aliases_free(fvi_torch_aliases *a);

/* The value that stands for v after all changes so far. */
int fvi_torch_alias_now(const fvi_torch_aliases *a, int v);
int fvi_torch_alias_is_stale(const fvi_torch_aliases *a, int v);

/* Notes a call of the operator `type`, whose outputs may be views of its first input, or which
 * changes that in place.
 *   errors  UNSUPPORTED too many changes; NOMEM */
fv_status fvi_torch_alias_note(fvi_torch_aliases *a, const char *type, int in_place,
                               const fvi_torch_view *call, int n_out, const int *out,
                               fv_error *err);

#endif
