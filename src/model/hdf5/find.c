/* SPDX-License-Identifier: Apache-2.0 */
/* Objects by their paths, and the members of groups.
 *
 * Nothing is kept: each part of a path is looked for among all links of its group. Soft links
 * within the file are followed, at most MOST_SOFT_LINKS deep and MOST_PARTS parts of paths in all,
 * so that links which name each other come to an end. A walk enters no group that it is in already;
 * hard links may make a graph of groups that has many more paths than groups, hence the limit on
 * objects.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/hdf5/hdf5.h"
#include "model/hdf5/header.h"
#include "model/hdf5/link_index.h"
#include "model/hdf5/links.h"

#define MOST_SOFT_LINKS 16
#define MOST_PARTS      256
#define MOST_DEPTH      64
#define MOST_OBJECTS    (1 << 17)
#define MOST_NAME_BYTES ((size_t)64 << 20) /* of a group's members, in a walk */

/* Appends "/part" to a path; a path that gets too long loses its beginning. Returns whether it did.
 */
static int path_append(char path[FVI_HDF5_PATH], const char *part, size_t size) {
    size_t n = strlen(path);
    if (n && path[n - 1] == '/') n--; /* the root is "/" */
    size_t room = FVI_HDF5_PATH - 1 - n;
    if (size + 1 <= room) {
        path[n] = '/';
        memcpy(path + n + 1, part, size);
        path[n + 1 + size] = 0;
        return 0;
    }
    const size_t most = FVI_HDF5_PATH / 2; /* what is kept of either */
    const size_t keep = size < most ? size : most;
    size_t old = n < most - 8 ? n : most - 8;
    memmove(path + 3, path + n - old, old);
    memcpy(path, "...", 3);
    path[3 + old] = '/';
    memcpy(path + 4 + old, part, keep);
    path[4 + old + keep] = 0;
    return 1;
}

/* Cuts the next part off a path; 0: there is none. "." and empty parts are passed over. */
static int part_next(const char **path, size_t *left, const char **part, size_t *size) {
    while (*left) {
        const char *end = memchr(*path, '/', *left);
        *part = *path;
        *size = end ? (size_t)(end - *path) : *left;
        *path += *size + (end ? 1 : 0);
        *left -= *size + (end ? 1 : 0);
        if (*size && !(*size == 1 && **part == '.')) return 1;
    }
    return 0;
}

/* ---- a path ---- */

typedef struct search {
    const fvi_hdf5 *f;
    int parts; /* looked for so far */
} search;

static fv_status resolve(search *s, uint64_t *header, const char *path, size_t size, int depth,
                         fv_error *err);

/* Goes from the group at *header to where a link in it leads. */
static fv_status link_follow(search *s, uint64_t *header, const fvi_h5_link *link, int depth,
                             fv_error *err) {
    const int name = link->name_size < 200 ? (int)link->name_size : 200;
    switch (link->type) {
    case FVI_H5_HARD: *header = link->header; return FV_OK;
    case FVI_H5_SOFT:
        if (depth >= MOST_SOFT_LINKS)
            return fvi_fail(err, FV_UNSUPPORTED, "soft link \"%.*s\": more than %d of them in turn",
                            name, link->name, MOST_SOFT_LINKS);
        if (link->target_size && link->target[0] == '/') *header = s->f->root;
        return resolve(s, header, link->target, link->target_size, depth + 1, err);
    case FVI_H5_EXTERNAL:
        return fvi_fail(err, FV_UNSUPPORTED,
                        "\"%.*s\" is an external link, to another file; those are not followed",
                        name, link->name);
    default:
        return fvi_fail(err, FV_UNSUPPORTED, "\"%.*s\" is a link of type %d, which is not followed",
                        name, link->name, link->type);
    }
}

/* Goes along a path from the object at *header. */
static fv_status resolve(search *s, uint64_t *header, const char *path, size_t size, int depth,
                         fv_error *err) {
    const char *name;
    size_t name_size;
    while (part_next(&path, &size, &name, &name_size)) {
        const fvi_h5_link *link = NULL;
        if (s->parts++ >= MOST_PARTS)
            return fvi_fail(err, FV_UNSUPPORTED,
                            "more than %d parts of a path, with those of links", MOST_PARTS);
        fv_status st = fvi_h5_link_index_find(s->f, *header, name, name_size, &link, err);
        if (!st && !link)
            st = fvi_fail(err, FV_NOTFOUND, "not found: there is no \"%.*s\"",
                          name_size < 200 ? (int)name_size : 200, name);
        if (!st) st = link_follow(s, header, link, depth, err);
        if (st) return st;
    }
    return FV_OK;
}

fv_status fvi_hdf5_find(const fvi_hdf5 *f, const fvi_hdf5_object *from, const char *path,
                        fvi_hdf5_object *out, fv_error *err) {
    fvi_h5_call call;
    search s = {fvi_h5_begin(&call, f), 0};
    fvi_hdf5_object o = {.header = f->root, .path = "/"};
    if (from && path[0] != '/') o = *from;
    const char *rest = path, *part;
    size_t left = strlen(path), size;
    while (part_next(&rest, &left, &part, &size)) path_append(o.path, part, size);
    fv_status st = resolve(&s, &o.header, path, strlen(path), 0, err);
    if (!st) st = fvi_h5_kind(s.f, o.header, &o.kind, err);
    if (st)
        fvi_error_prefix(err, "%s", o.path);
    else
        *out = o;
    return st;
}

/* ---- all links of a group ---- */

typedef struct list {
    const fvi_hdf5 *f;
    fvi_h5_link *link; /* NULL while they are counted */
    size_t count;
} list;

static fv_status list_visit(void *user, const fvi_h5_link *link, int *stop, fv_error *err) {
    list *l = user;
    (void)stop;
    if (l->link) l->link[l->count] = *link;
    l->count++;
    return fvi_h5_spend(l->f, link->name_size, "names", err);
}

static int link_compare(const void *a, const void *b) {
    const fvi_h5_link *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    size_t n = x->name_size < y->name_size ? x->name_size : y->name_size;
    int c = n ? memcmp(x->name, y->name, n) : 0;
    return c ? c : (x->name_size > y->name_size) - (x->name_size < y->name_size);
}

/* Lists a group's links, in the order of fvi_hdf5_members, in the pool. */
static fv_status links_list(const fvi_hdf5 *f, const fvi_hdf5_object *group, fvi_pool *pool,
                            list *out, fv_error *err) {
    list l = {.f = f};
    if (group->kind != FVI_HDF5_GROUP) return fvi_fail(err, FV_ARG, "is not a group");
    fv_status st = fvi_h5_links(f, group->header, list_visit, &l, err);
    if (st) return st;
    l.link = fvi_pool_array(pool, l.count, sizeof *l.link);
    if (!l.link) return fvi_fail(err, FV_NOMEM, "no memory for its %zu members", l.count);
    l.count = 0;
    st = fvi_h5_links(f, group->header, list_visit, &l, err);
    if (st) return st;
    if (l.count) qsort(l.link, l.count, sizeof *l.link, link_compare);
    *out = l;
    return FV_OK;
}

/* A text in the pool of bytes that are not ended. */
static char *text_copy(fvi_pool *pool, const char *text, size_t size) {
    char *copy = fvi_pool_alloc(pool, size + 1);
    if (copy && size) memcpy(copy, text, size);
    return copy;
}

fv_status fvi_hdf5_members(const fvi_hdf5 *f, const fvi_hdf5_object *group, fvi_pool *pool,
                           fvi_hdf5_texts *out, fv_error *err) {
    fvi_h5_call call;
    list l;
    fv_status st = links_list(fvi_h5_begin(&call, f), group, pool, &l, err);
    const char **text = st ? NULL : fvi_pool_array(pool, l.count, sizeof *text);
    for (size_t i = 0; text && i < l.count; i++) {
        text[i] = text_copy(pool, l.link[i].name, l.link[i].name_size);
        if (!text[i]) text = NULL;
    }
    if (!st && !text) st = fvi_fail(err, FV_NOMEM, "no memory for its members' names");
    if (st)
        fvi_error_prefix(err, "%s", group->path);
    else
        *out = (fvi_hdf5_texts){(int64_t)l.count, text};
    return st;
}

/* ---- everything below a group ---- */

typedef struct walk {
    const fvi_hdf5 *f;
    fvi_hdf5_visit visit;
    void *user;
    int64_t objects;
    int depth;
    uint64_t groups[MOST_DEPTH]; /* the object headers of those the walk is in */
} walk;

static fv_status group_walk(walk *w, const fvi_hdf5_object *group, fv_error *err);

static int is_in(const walk *w, uint64_t header) {
    for (int i = 0; i < w->depth; i++)
        if (w->groups[i] == header) return 1;
    return 0;
}

static fv_status member_walk(walk *w, const fvi_hdf5_object *group, const fvi_h5_link *link,
                             fv_error *err) {
    fvi_hdf5_object o = {.header = link->header};
    if (link->type != FVI_H5_HARD || is_in(w, link->header)) return FV_OK;
    memcpy(o.path, group->path, sizeof o.path);
    int cut = path_append(o.path, link->name, link->name_size);
    fv_status st = FV_OK;
    if (cut) st = fvi_fail(err, FV_NOMEM, "its path has %d bytes or more", FVI_HDF5_PATH);
    if (!st && ++w->objects > MOST_OBJECTS)
        st = fvi_fail(err, FV_NOMEM, "there are more than %d objects", MOST_OBJECTS);
    if (!st) st = fvi_h5_kind(w->f, o.header, &o.kind, err);
    if (st) {
        fvi_error_prefix(err, "%s", o.path);
        return st;
    }
    st = w->visit(w->user, &o, err);
    return st || o.kind != FVI_HDF5_GROUP ? st : group_walk(w, &o, err);
}

static fv_status group_walk(walk *w, const fvi_hdf5_object *group, fv_error *err) {
    list l = {0};
    fvi_pool *pool = fvi_pool_new(MOST_NAME_BYTES);
    fv_status st = FV_OK;
    if (!pool) st = fvi_fail(err, FV_NOMEM, "no memory for its members");
    if (!st && w->depth == MOST_DEPTH)
        st = fvi_fail(err, FV_NOMEM, "groups are more than %d deep", MOST_DEPTH);
    if (!st) st = links_list(w->f, group, pool, &l, err);
    if (st) fvi_error_prefix(err, "%s", group->path);
    if (!st) w->groups[w->depth++] = group->header;
    for (size_t i = 0; i < l.count && !st; i++) st = member_walk(w, group, &l.link[i], err);
    if (l.link) w->depth--;
    fvi_pool_free(pool);
    return st;
}

fv_status fvi_hdf5_walk(const fvi_hdf5 *f, const fvi_hdf5_object *group, fvi_hdf5_visit visit,
                        void *user, fv_error *err) {
    fvi_h5_call call;
    walk w = {.f = fvi_h5_begin(&call, f), .visit = visit, .user = user};
    fvi_hdf5_object root = {.kind = FVI_HDF5_GROUP, .header = f->root, .path = "/"};
    return group_walk(&w, group ? group : &root, err);
}
