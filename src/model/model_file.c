/* SPDX-License-Identifier: Apache-2.0 */
/* A model's file, whatever its format: it and the files it refers to are mapped once, until it is
 * closed. Their contents are left to the reader of the format.
 */
#include "model/model_file.h"

#include <string.h>

#include "base/error.h"
#include "graph/build/pack.h"
#include "model/reader.h"
#include "model/sha256.h"
#include "model/sibling_file.h"

#define LISTED_MAX 5 /* files that may be meant */

static void mapping_free(gpointer mapping) {
    fvi_mapping_close(mapping);
    g_free(mapping);
}

static void sum_bytes(const fvi_mapping *m, size_t *copied, size_t *mapped) {
    if (m->copy) *copied += m->size;
    if (m->handle) *mapped += m->size;
}

const char *fvi_model_source_name(const fvi_model_source *from) {
    if (from->path) return fvi_path_base(from->path);
    return from->name && *from->name ? fvi_path_base(from->name) : "model";
}

fv_status fvi_model_file_open(const fvi_reader *reader, const fvi_model_source *from,
                              const fvi_limits *limits, fvi_mapping *bytes, fvi_model_file **out,
                              fv_error *err) {
    fvi_model_file *f = g_malloc0(reader->file_size);
    f->reader = reader;
    f->path = g_strdup(from->path);
    f->weights_path = g_strdup(from->weights);
    f->base = g_strdup(fvi_model_source_name(from));
    f->bytes = *bytes;
    f->limits = *limits;
    f->siblings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, mapping_free);
    g_mutex_init(&f->lock);
    *bytes = (fvi_mapping){0};
    fv_status st = reader->open(f, err);
    if (!st && from->weights && !f->weights.bytes)
        st = fvi_fail(err, FV_ARG,
                      "the weights \"%s\" are given, but files of %s have theirs inside; leave the "
                      "option weights out",
                      from->weights, reader->format);
    if (st) {
        fvi_error_prefix(err, "%s", f->base);
        fvi_model_file_close(f);
        return st;
    }
    GHashTableIter at;
    gpointer mapping;
    int64_t sum = (int64_t)f->bytes.size + (int64_t)f->weights.size;
    g_hash_table_iter_init(&at, f->siblings);
    while (g_hash_table_iter_next(&at, NULL, &mapping))
        sum += (int64_t)((const fvi_mapping *)mapping)->size;
    fvi_limits_add_bytes(&f->limits, sum);
    *out = f;
    return FV_OK;
}

/* NULL allowed. */
void fvi_model_file_close(fvi_model_file *f) {
    if (!f) return;
    f->reader->close(f);
    fvi_mapping_close(&f->bytes);
    fvi_mapping_close(&f->weights);
    g_hash_table_unref(f->siblings);
    g_mutex_clear(&f->lock);
    g_free(f->path);
    g_free(f->weights_path);
    g_free(f->base);
    g_free(f);
}

static fv_status map_once(fvi_model_file *f, const char *real, const fvi_mapping **out,
                          fv_error *err) {
    fv_status st = FV_OK;
    g_mutex_lock(&f->lock);
    fvi_mapping *m = g_hash_table_lookup(f->siblings, real);
    if (!m) {
        m = g_new0(fvi_mapping, 1);
        st = fvi_limits_map(&f->limits, real, m, err);
        if (st)
            g_free(m);
        else
            g_hash_table_insert(f->siblings, g_strdup(real), m);
    }
    g_mutex_unlock(&f->lock);
    if (!st) *out = m;
    return st;
}

fv_status fvi_model_file_sibling(const fvi_model_file *f, const char *location,
                                 const fvi_mapping **out, fv_error *err) {
    if (!f->path)
        return fvi_fail(err, FV_IO, "the file \"%s\" cannot be found from a model in memory",
                        location);
    char *real = NULL;
    fv_status st = fvi_sibling_path(f->path, location, &real, err);
    if (!st) st = map_once((fvi_model_file *)f, real, out, err); /* only the table grows */
    g_free(real);
    return st;
}

/* The files of a folder that have an ending, as "a.weights, b.weights"; NULL: none. */
static char *list_files(const char *folder, const char *ending) {
    GDir *dir = g_dir_open(folder, 0, NULL);
    GString *all = g_string_new(NULL);
    int n = 0;
    for (const char *name; dir && n < LISTED_MAX && (name = g_dir_read_name(dir));) {
        if (!g_str_has_suffix(name, ending)) continue;
        g_string_append_printf(all, "%s%.80s", n++ ? ", " : "", name);
    }
    if (dir) g_dir_close(dir);
    char *text = g_string_free(all, !n);
    return n ? text : NULL;
}

static fv_status no_weights(const fvi_model_file *f, const char *path, const char *ending,
                            fv_error *err) {
    char *folder = g_path_get_dirname(f->path), *others = list_files(folder, ending);
    const fv_status st = fvi_fail(
        err, FV_NOTFOUND,
        "its weights, \"%s\", are not beside it%s%s; name their file with the option weights",
        fvi_path_base(path), others ? "; there are: " : "", others ? others : "");
    g_free(others);
    g_free(folder);
    return st;
}

fv_status fvi_model_file_map_weights(fvi_model_file *f, const char *ending, fv_error *err) {
    if (!f->weights_path && !f->path)
        return fvi_fail(err, FV_NOTFOUND,
                        "its weights are in a file of their own; name it with the option weights");
    if (!f->weights_path) {
        f->weights_path =
            g_strdup_printf("%.*s%s", (int)fvi_model_file_stem(f, f->path), f->path, ending);
        if (!g_file_test(f->weights_path, G_FILE_TEST_EXISTS))
            return no_weights(f, f->weights_path, ending, err);
    }
    const fv_status st = fvi_limits_map(&f->limits, f->weights_path, &f->weights, err);
    if (!st && !f->weights.size)
        return fvi_fail(err, FV_FORMAT, "its weights, \"%s\", are empty",
                        fvi_path_base(f->weights_path));
    return st;
}

/* The layer nearest before a node, up to which the graph can be computed; or NULL. */
static const char *layer_before(const fvi_graph *g, const fvi_node *n) {
    int last = -1;
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] >= 0) last = MAX(last, g->values[n->in[i]].producer);
    return last >= 0 ? g->nodes[last].name : NULL;
}

/* Refuses a graph that holds a node that cannot be computed. */
static fv_status refuse_opaque(const fvi_graph *g, fv_error *err) {
    const int at = fvi_graph_opaque(g);
    if (at < 0) return FV_OK;
    const fvi_opaque *o = &g->nodes[at].a.opaque;
    const char *before = layer_before(g, &g->nodes[at]);
    if (!before) return fvi_fail(err, o->status, "%s", o->why);
    return fvi_fail(err, o->status, "%s; the last layer before it is \"%s\"", o->why, before);
}

fv_status fvi_model_file_lower(const fvi_model_file *f, fvi_constant_cache *cache,
                               const fvi_graph_request *request, fvi_graph **out, fv_error *err) {
    const fvi_limits *l = &f->limits;
    const fvi_build_limits limits = {fvi_limits_constants(l), l->folds, l->elements, l->nodes};
    fvi_builder *b = NULL;
    fv_status st = fvi_build_new(&limits, cache, &b, err);
    if (!st) b->runner = request->runner;
    if (!st) st = f->reader->lower(f, b, request);
    fvi_graph *g = NULL;
    if (!st) st = fvi_build_finish(b, &g);
    fvi_build_free(b);
    if (!st && !request->partial) st = refuse_opaque(g, err);
    if (st)
        fvi_graph_free(g);
    else
        *out = g;
    return st;
}

const fvi_model_input *fvi_model_file_input(const fvi_model_file *f, const char *name) {
    int n;
    const fvi_model_input *in = f->reader->inputs(f, &n);
    for (int i = 0; i < n; i++)
        if (!strcmp(in[i].name, name)) return &in[i];
    return NULL;
}

fv_status fvi_model_file_no_input(const fvi_model_file *f, const char *name, fv_error *err) {
    int n;
    const fvi_model_input *in = f->reader->inputs(f, &n);
    GString *all = g_string_new(NULL);
    for (int i = 0; i < n && i < 16; i++)
        g_string_append_printf(all, "%s\"%.60s\"", i ? ", " : "", in[i].name);
    if (n > 16) g_string_append(all, ", ...");
    const fv_status st = fvi_fail(err, FV_NOTFOUND, "%s: there is no input \"%.100s\"; there %s %s",
                                  f->base, name, n > 1 ? "are" : "is", n ? all->str : "none");
    g_string_free(all, TRUE);
    return st;
}

size_t fvi_model_file_stem(const fvi_model_file *f, const char *name) {
    const size_t n = strlen(name);
    for (const char *const *e = f->reader->endings; *e; e++) {
        const size_t k = strlen(*e);
        if (n > k && !strcmp(name + n - k, *e)) return n - k;
    }
    return n;
}

const char *fvi_model_file_metadata(const fvi_model_file *f, const char *key) {
    return f->reader->metadata ? f->reader->metadata(f, key) : NULL;
}

void fvi_model_file_bytes(const fvi_model_file *f, size_t *copied, size_t *mapped) {
    GHashTableIter at;
    gpointer mapping;
    GMutex *lock = &((fvi_model_file *)f)->lock;
    *copied = *mapped = 0;
    sum_bytes(&f->bytes, copied, mapped);
    sum_bytes(&f->weights, copied, mapped);
    g_mutex_lock(lock);
    g_hash_table_iter_init(&at, f->siblings);
    while (g_hash_table_iter_next(&at, NULL, &mapping)) sum_bytes(mapping, copied, mapped);
    g_mutex_unlock(lock);
}

char *fvi_model_file_sha256(const fvi_model_file *f) { return fvi_sha256(&f->bytes, &f->weights); }

void fvi_model_file_release(const fvi_model_file *f, const void *bytes, size_t size) {
    GHashTableIter at;
    gpointer mapping;
    GMutex *lock = &((fvi_model_file *)f)->lock;
    fvi_mapping_release(&f->bytes, bytes, size);
    fvi_mapping_release(&f->weights, bytes, size);
    g_mutex_lock(lock);
    g_hash_table_iter_init(&at, f->siblings);
    while (g_hash_table_iter_next(&at, NULL, &mapping)) fvi_mapping_release(mapping, bytes, size);
    g_mutex_unlock(lock);
}
