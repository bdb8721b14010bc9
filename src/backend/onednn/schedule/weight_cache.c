/* SPDX-License-Identifier: Apache-2.0 */
/* weight_cache: a model's constants, in each layout that was requested.
 *
 * A list of entries under one lock; an entry's buffer never moves or changes, so it is used without
 * the lock as long as the cache lives. Numbers that are f32 in the file's mapping are used in place
 * (or reordered directly from there); others are converted into temporary memory and reordered, and
 * the temporary is freed. Pages of a mapped file are released as its numbers are copied, so large
 * weights are never held twice. Entries are not evicted, because the next plan will request them
 * again, but those of constants that were made for one run.
 */
#include "backend/onednn/schedule/weight_cache.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "backend/onednn/dnnl/dnnl_build.h"
#include "base/error.h"
#include "base/large_alloc.h"
#include "base/parallel.h"
#include "base/text.h"
#include "graph/const.h"

#define VARIANT_SAME (-1)      /* of fvi_weight_cache_constant */
#define PIECE        (1 << 20) /* numbers copied at a time */

typedef struct entry {
    fvi_weight_cache_key key;
    fvi_buffer buffer;
    void *memory; /* NULL: the buffer's data belong to the file */
} entry;

struct fvi_weight_cache {
    GMutex lock;
    GPtrArray *entries;
    size_t bytes, limit;              /* of our own memory */
    size_t in_place;                  /* bytes used in the file's mapping */
    size_t largest;                   /* of a counter: the largest temporary copy */
    fvi_weight_cache *of;             /* the cache a counter counts for; NULL: this is no counter */
    fvi_weight_cache_release release; /* or NULL */
    const void *release_user;
};

static void entry_free(void *p) {
    entry *e = p;
    if (!e) return;
    fvi_layout_free(e->buffer.layout);
    free(e->memory);
    free(e);
}

fvi_weight_cache *fvi_weight_cache_new(void) {
    fvi_weight_cache *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    g_mutex_init(&w->lock);
    w->entries = g_ptr_array_new_with_free_func(entry_free);
    w->limit = SIZE_MAX;
    return w;
}

void fvi_weight_cache_set_limit(fvi_weight_cache *w, size_t bytes) { w->limit = bytes; }

void fvi_weight_cache_set_release(fvi_weight_cache *w, fvi_weight_cache_release release,
                                  const void *user) {
    w->release = release;
    w->release_user = user;
}

void fvi_weight_cache_bytes(fvi_weight_cache *w, size_t *own, size_t *in_place) {
    g_mutex_lock(&w->lock);
    *own = w->bytes;
    *in_place = w->in_place;
    g_mutex_unlock(&w->lock);
}

void fvi_weight_cache_forget(fvi_weight_cache *w, const void *bytes) {
    g_mutex_lock(&w->lock);
    for (guint i = 0; i < w->entries->len;) {
        const entry *e = w->entries->pdata[i];
        int uses = 0;
        for (size_t k = 0; k < G_N_ELEMENTS(e->key.parts); k++) uses |= e->key.parts[k] == bytes;
        if (!uses) {
            i++;
            continue;
        }
        *(e->memory ? &w->bytes : &w->in_place) -= e->buffer.bytes;
        g_ptr_array_remove_index_fast(w->entries, i);
    }
    g_mutex_unlock(&w->lock);
}

fvi_weight_cache *fvi_weight_cache_counter(fvi_weight_cache *of) {
    fvi_weight_cache *w = fvi_weight_cache_new();
    if (w) w->of = of;
    return w;
}

int fvi_weight_cache_counts(const fvi_weight_cache *w) { return w->of != NULL; }

void fvi_weight_cache_counted(const fvi_weight_cache *w, size_t *bytes, size_t *largest) {
    *bytes = w->bytes + w->in_place;
    *largest = w->largest;
}

static void release(const fvi_weight_cache *w, const void *bytes, size_t size) {
    if (w->release && bytes) w->release(w->release_user, bytes, size);
}

size_t fvi_weight_cache_left(fvi_weight_cache *w, size_t *limit) {
    g_mutex_lock(&w->lock);
    size_t left = w->limit - w->bytes;
    g_mutex_unlock(&w->lock);
    *limit = w->limit;
    return left;
}

void fvi_weight_cache_free(fvi_weight_cache *w) {
    if (!w) return;
    g_ptr_array_free(w->entries, TRUE);
    g_mutex_clear(&w->lock);
    free(w);
}

static fv_status no_memory(const fvi_weight_cache *w, size_t bytes, fv_error *err) {
    char needed[FVI_MEMORY_TEXT_BYTES], left[FVI_MEMORY_TEXT_BYTES], all[FVI_MEMORY_TEXT_BYTES];
    fvi_memory_text(bytes, needed);
    if (w && bytes > w->limit - w->bytes)
        return fvi_fail(err, FV_NOMEM,
                        "the weights need %s more; %s of %s are left " FVI_LIMIT("memory"), needed,
                        fvi_memory_text(w->limit - w->bytes, left), fvi_memory_text(w->limit, all));
    return fvi_fail(err, FV_NOMEM, "no memory for %s of weights", needed);
}

static int same_key(const fvi_weight_cache_key *a, const fvi_weight_cache_key *b) {
    return a->variant == b->variant && !memcmp(a->parts, b->parts, sizeof a->parts);
}

static entry *find(const fvi_weight_cache *w, const fvi_weight_cache_item *item) {
    for (guint i = 0; i < w->entries->len; i++) {
        entry *e = w->entries->pdata[i];
        if (same_key(&e->key, &item->key) && fvi_shape_equal(&e->buffer.shape, &item->shape) &&
            fvi_layout_equal(e->buffer.layout, item->layout, &item->shape))
            return e;
    }
    return NULL;
}

/* An entry without data. */
static fv_status entry_new(const fvi_weight_cache_item *item, entry **out, fv_error *err) {
    entry *e = calloc(1, sizeof *e);
    if (!e) return no_memory(NULL, sizeof *e, err);
    e->key = item->key;
    e->buffer.shape = item->shape;
    e->buffer.external = 1;
    e->buffer.layout = fvi_layout_copy(item->layout);
    if (item->layout && !e->buffer.layout) {
        free(e);
        return no_memory(NULL, sizeof *e, err);
    }
    e->buffer.bytes = fvi_layout_bytes(item->layout, &item->shape);
    *out = e;
    return FV_OK;
}

/* The constant's bytes if they are f32 and aligned, or NULL. */
static void *in_place(const fvi_const *c) {
    if (G_BYTE_ORDER != G_LITTLE_ENDIAN || c->dtype != FVI_F32 || !c->bytes) return NULL;
    if ((uintptr_t)c->bytes % sizeof(float)) return NULL;
    return (void *)(uintptr_t)c->bytes; /* only ever read */
}

/* Copies a constant's numbers, and releases the file's pages. */
static void copy_const(const fvi_weight_cache *w, const fvi_const *c, float *dst) {
    const int64_t n = fvi_shape_count(&c->shape);
    const size_t size = fvi_dtype_size(c->dtype);
#pragma omp parallel for schedule(static) if (n > PIECE)
    for (int64_t i = 0; i < n; i += PIECE) {
        const int64_t count = n - i < PIECE ? n - i : PIECE;
        const fvi_const piece = {c->dtype, {1, {count}}, c->bytes + (size_t)i * size, 0};
        fvi_const_to_f32(&piece, dst + i);
        release(w, piece.bytes, (size_t)count * size);
    }
}

/* Runs a reorder once, with its own scratch memory. */
static fv_status reorder_now(fvi_dnnl_engine *b, fvi_buffer *from, fvi_buffer *to, fv_error *err) {
    fvi_prim *p = NULL;
    fvi_buffer scratch = {.shape = {.ndim = 1}};
    fv_status st = fvi_prim_reorder(b, from, to, &p, err);
    if (st) return st;
    scratch.bytes = fvi_prim_scratch(p);
    if (scratch.bytes) {
        scratch.data = fvi_large_alloc(scratch.bytes);
        if (!scratch.data) st = no_memory(NULL, scratch.bytes, err);
        fvi_prim_set_scratch(p, &scratch);
    }
    if (!st) st = fvi_prim_bind(p, err);
    if (!st && (st = fvi_prim_run(p))) st = fvi_fail(err, st, "reordering weights failed");
    fvi_prim_free(p);
    free(scratch.data);
    return st;
}

/* Memory for the numbers of an entry; NULL beyond the limit. */
static void *entry_alloc(const fvi_weight_cache *w, size_t bytes) {
    return bytes <= w->limit - w->bytes ? fvi_large_alloc(bytes) : NULL;
}

/* Fills an entry's numbers. */
static fv_status entry_fill(const fvi_weight_cache *w, entry *e, fvi_dnnl_engine *b,
                            const fvi_weight_cache_item *item, void *ready, fv_error *err) {
    fvi_buffer plain = {.shape = e->buffer.shape, .data = ready};
    plain.bytes = fvi_layout_bytes(NULL, &plain.shape);
    int is_plain = fvi_layout_equal(e->buffer.layout, NULL, &plain.shape);
    void *temp = NULL;
    fv_status st = FV_OK;
    if (ready && is_plain) {
        e->buffer.data = ready;
        return FV_OK;
    }
    if (!ready) {
        plain.data = temp = entry_alloc(w, plain.bytes);
        if (!temp) return no_memory(w, plain.bytes, err);
        if (item->fill)
            st = item->fill(item->user, temp, err);
        else
            copy_const(w, item->user, temp);
        if (!st && is_plain) {
            e->buffer.data = e->memory = temp;
            return FV_OK;
        }
    }
    if (!st) {
        e->buffer.data = e->memory = entry_alloc(w, e->buffer.bytes);
        st = e->memory ? reorder_now(b, &plain, &e->buffer, err)
                       : no_memory(w, e->buffer.bytes, err);
    }
    free(temp);
    return st;
}

/* Counts what entry_fill would allocate. */
static void entry_count(fvi_weight_cache *w, const entry *e, int in_place) {
    const size_t plain = fvi_layout_bytes(NULL, &e->buffer.shape);
    const int is_plain = fvi_layout_equal(e->buffer.layout, NULL, &e->buffer.shape);
    if (in_place && is_plain)
        w->in_place += e->buffer.bytes;
    else
        w->bytes += e->buffer.bytes;
    if (!in_place && !is_plain && plain > w->largest) w->largest = plain;
}

/* The entry in the cache that a counter counts for, or NULL. */
static entry *find_in_other(const fvi_weight_cache *w, const fvi_weight_cache_item *item) {
    if (!w->of) return NULL;
    g_mutex_lock(&w->of->lock);
    entry *e = find(w->of, item);
    g_mutex_unlock(&w->of->lock);
    return e;
}

static fv_status get_locked(fvi_weight_cache *w, fvi_dnnl_engine *b,
                            const fvi_weight_cache_item *item, void *ready, fvi_buffer **out,
                            fv_error *err) {
    entry *e = find_in_other(w, item);
    if (!e) e = find(w, item);
    if (!e) {
        fv_status st = entry_new(item, &e, err);
        if (st) return st;
        if (w->of)
            entry_count(w, e, ready != NULL);
        else
            st = entry_fill(w, e, b, item, ready, err);
        if (st) {
            entry_free(e);
            return st;
        }
        g_ptr_array_add(w->entries, e);
        if (e->memory) {
            w->bytes += e->buffer.bytes;
            for (size_t i = 0; i < G_N_ELEMENTS(item->key.parts); i++)
                release(w, item->key.parts[i],
                        (size_t)fvi_shape_count(&item->shape) * sizeof(float));
        } else if (!w->of) {
            w->in_place += e->buffer.bytes;
        }
    }
    *out = &e->buffer;
    return FV_OK;
}

fv_status fvi_weight_cache_get(fvi_weight_cache *w, fvi_dnnl_engine *b,
                               const fvi_weight_cache_item *item, fvi_buffer **out, fv_error *err) {
    void *ready = item->fill ? NULL : in_place(item->user);
    g_mutex_lock(&w->lock);
    fv_status st = get_locked(w, b, item, ready, out, err);
    g_mutex_unlock(&w->lock);
    return st;
}

fv_status fvi_weight_cache_constant(fvi_weight_cache *w, fvi_dnnl_engine *b, const fvi_const *c,
                                    const fvi_layout *layout, fvi_buffer **out, fv_error *err) {
    fvi_weight_cache_key key = {.parts = {c->bytes}, .variant = VARIANT_SAME};
    const fvi_weight_cache_item item = {
        .key = key,
        .shape = c->shape,
        .layout = layout,
        .user = (void *)(uintptr_t)c,
    };
    return fvi_weight_cache_get(w, b, &item, out, err);
}

fv_status fvi_weight_cache_plain(fvi_weight_cache *w, const fvi_const *c, fvi_buffer **out,
                                 fv_error *err) {
    return fvi_weight_cache_constant(w, NULL, c, NULL, out, err);
}
