/* SPDX-License-Identifier: Apache-2.0 */
/* arena: offsets for buffers with known lifetimes, largest first, each at the lowest offset where
 * it overlaps no buffer that is alive at the same time ("greedy by size" of Pisarchyk and Lee 2020,
 * "Efficient Memory Management for Deep Neural Net Inference", arXiv:2001.03288).
 *
 * Quadratic in the number of buffers (milliseconds for thousands). Not optimal, but within a few
 * percent of the lower bound on convolutional networks.
 */
#include "backend/onednn/schedule/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define ALIGN 64 /* bytes: a cache line, and the widest vector */

static size_t padded(size_t bytes) { return (bytes + ALIGN - 1) / ALIGN * ALIGN; }

static int owns_memory(const fvi_buffer *p) {
    return !p->alias_of && !p->external && p->first <= p->last && p->bytes > 0;
}

static int larger_first(const void *a, const void *b) {
    const fvi_buffer *x = *(fvi_buffer *const *)a, *y = *(fvi_buffer *const *)b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return x->first - y->first;
}

static int lower_first(const void *a, const void *b) {
    const fvi_buffer *x = *(fvi_buffer *const *)a, *y = *(fvi_buffer *const *)b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The lowest offset at which p overlaps none of the placed buffers [0, n) that are alive at the
 * same time; they are sorted by offset. */
static size_t lowest_gap(fvi_buffer *const *placed, int n, const fvi_buffer *p) {
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        const fvi_buffer *q = placed[i];
        if (q->last < p->first || p->last < q->first) continue;
        if (q->offset >= at + padded(p->bytes)) break;
        if (q->offset + padded(q->bytes) > at) at = q->offset + padded(q->bytes);
    }
    return at;
}

/* Inserts p into the list sorted by offset. */
static void insert(fvi_buffer **placed, int n, fvi_buffer *p) {
    int i = n;
    while (i > 0 && lower_first(&placed[i - 1], &p) > 0) {
        placed[i] = placed[i - 1];
        i--;
    }
    placed[i] = p;
}

fv_status fvi_arena_lay_out(fvi_buffer **buffers, int count, size_t guard, size_t *bytes,
                            fv_error *err) {
    size_t room = (size_t)(count > 0 ? count : 1) * sizeof(fvi_buffer *);
    fvi_buffer **own = malloc(room), **placed = malloc(room);
    fv_status st = FV_OK;
    if (!own || !placed) {
        st = fvi_fail(err, FV_NOMEM, "out of memory while planning");
        goto done;
    }
    int n = 0;
    for (int i = 0; i < count; i++)
        if (owns_memory(buffers[i])) own[n++] = buffers[i];
    qsort(own, (size_t)n, sizeof *own, larger_first);
    size_t end = 0;
    for (int i = 0; i < n; i++) {
        own[i]->offset = guard ? end : lowest_gap(placed, i, own[i]);
        insert(placed, i, own[i]);
        size_t stop = own[i]->offset + padded(own[i]->bytes + guard);
        if (stop < own[i]->offset || stop > (size_t)INT64_MAX) {
            st = fvi_fail(err, FV_NOMEM, "this needs more memory than can be addressed");
            goto done;
        }
        if (stop > end) end = stop;
    }
    *bytes = end;
done:
    free(own);
    free(placed);
    return st;
}

void fvi_arena_bind(fvi_buffer **buffers, int count, void *arena) {
    for (int i = 0; i < count; i++)
        if (owns_memory(buffers[i])) buffers[i]->data = (char *)arena + buffers[i]->offset;
    for (int i = 0; i < count; i++) {
        fvi_buffer *p = buffers[i];
        if (!p->alias_of) continue;
        size_t offset = p->offset;
        const fvi_buffer *r = p->alias_of;
        while (r->alias_of) {
            offset += r->offset;
            r = r->alias_of;
        }
        p->data = r->data ? (char *)r->data + offset : NULL;
    }
}
