/* SPDX-License-Identifier: Apache-2.0 */
/* Constants that outlive one lowering.
 *
 * A backend caches weights by the address of their bytes. So a constant made while lowering must
 * have the same address in every graph of its network, and no other numbers may be at that address
 * while the network lives. There are two tables: constants that depend only on the file are kept by
 * (graph, value name) and not computed again; other constants used by nodes are interned by their
 * contents. They are freed with the network; the total size is limited.
 */
#include "graph/build/constant_cache.h"

#include <glib.h>
#include <string.h>

#include "graph/const.h"

struct fvi_constant_cache {
    GMutex mutex;
    fvi_pool *pool;
    GHashTable *by_name;    /* "graph|name" -> fvi_const, or &unfoldable */
    GHashTable *by_content; /* fvi_const -> itself */
};

static const fvi_const unfoldable_mark;

static size_t const_bytes(const fvi_const *k) {
    return (size_t)fvi_shape_count(&k->shape) * fvi_dtype_size(k->dtype);
}

/* FNV-1a over type, shape and bytes. */
static guint content_hash(gconstpointer p) {
    const fvi_const *k = p;
    uint64_t h = 1469598103934665603u;
    size_t n = const_bytes(k);
    for (size_t i = 0; i < n; i++) h = (h ^ k->bytes[i]) * 1099511628211u;
    for (int i = 0; i < k->shape.ndim; i++) h = (h ^ (uint64_t)k->shape.dim[i]) * 1099511628211u;
    h = (h ^ (uint64_t)k->dtype) * 1099511628211u;
    return (guint)(h ^ (h >> 32));
}

static gboolean content_equal(gconstpointer p, gconstpointer q) {
    const fvi_const *a = p, *b = q;
    return a->dtype == b->dtype && fvi_shape_equal(&a->shape, &b->shape) &&
           (const_bytes(a) == 0 || memcmp(a->bytes, b->bytes, const_bytes(a)) == 0);
}

/* Empty; NULL when out of memory. */
fvi_constant_cache *fvi_constant_cache_new(size_t max_bytes) {
    fvi_constant_cache *c = g_try_new0(fvi_constant_cache, 1);
    fvi_pool *pool = fvi_pool_new(max_bytes);
    if (!c || !pool) {
        g_free(c);
        fvi_pool_free(pool);
        return NULL;
    }
    c->pool = pool;
    g_mutex_init(&c->mutex);
    c->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    c->by_content = g_hash_table_new(content_hash, content_equal);
    return c;
}

/* NULL allowed. */
void fvi_constant_cache_free(fvi_constant_cache *c) {
    if (!c) return;
    g_hash_table_destroy(c->by_name);
    g_hash_table_destroy(c->by_content);
    fvi_pool_free(c->pool);
    g_mutex_clear(&c->mutex);
    g_free(c);
}

/* The lock is held during a whole lowering. NULL allowed. */
void fvi_constant_cache_lock(fvi_constant_cache *c) {
    if (c) g_mutex_lock(&c->mutex);
}

void fvi_constant_cache_unlock(fvi_constant_cache *c) {
    if (c) g_mutex_unlock(&c->mutex);
}

const fvi_const *fvi_constant_cache_find(fvi_constant_cache *c, const void *graph, const char *name,
                                         int *unfoldable) {
    *unfoldable = 0;
    if (!c) return NULL;
    char *key = g_strdup_printf("%p|%s", graph, name);
    const fvi_const *k = g_hash_table_lookup(c->by_name, key);
    g_free(key);
    *unfoldable = k == &unfoldable_mark;
    return *unfoldable ? NULL : k;
}

void fvi_constant_cache_keep(fvi_constant_cache *c, const void *graph, const char *name,
                             const fvi_const *k) {
    if (!c) return;
    fvi_const *copy = k ? fvi_pool_alloc(c->pool, sizeof *copy) : NULL;
    if (copy) *copy = *k;
    if (k && !copy) return;
    g_hash_table_insert(c->by_name, g_strdup_printf("%p|%s", graph, name),
                        (void *)(k ? copy : &unfoldable_mark));
}

const fvi_const *fvi_constant_cache_intern(fvi_constant_cache *c, const fvi_const *k) {
    fvi_const *found = g_hash_table_lookup(c->by_content, k);
    if (found) return found;
    size_t n = const_bytes(k);
    fvi_const *copy = fvi_pool_alloc(c->pool, sizeof *copy);
    uint8_t *bytes = fvi_pool_alloc(c->pool, n ? n : 1);
    if (!copy || !bytes) return NULL;
    if (n) memcpy(bytes, k->bytes, n);
    *copy = (fvi_const){k->dtype, k->shape, bytes, k->quantised};
    g_hash_table_add(c->by_content, copy);
    return copy;
}

/* The pool for the bytes of constants that are kept. */
fvi_pool *fvi_constant_cache_pool(fvi_constant_cache *c) { return c->pool; }
