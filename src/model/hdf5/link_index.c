/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a file's links: an array sorted by group and name, and the set of groups that it
 * has.
 *
 * Why: a group of n members is a walk of n steps, so looking for all of them is n^2, and a hostile
 * file can make many groups of the same members. Each group is read once here, all within the work
 * of one call. Names stay where they are in the file.
 */
#include "model/hdf5/link_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/hdf5/header.h"
#include "model/hdf5/links.h"

#define MOST_LINKS ((size_t)1 << 20)
#define STEP_WORK  8

typedef struct entry {
    uint64_t group;
    fvi_h5_link link;
} entry;

/* A group, or (address NOWHERE) a free slot. */
typedef struct slot {
    uint64_t address;
    int is_left_out;
} slot;

struct fvi_h5_link_index {
    entry *entry; /* [count], room for `room` */
    size_t count, room;
    slot *slot; /* [slots], a power of two, at most half of them used */
    size_t slots, used;
};

/* ---- the set of groups ---- */

/* The slot of an address, or the free one where it belongs; `steps` grows by the slots seen. */
static slot *slot_find(const fvi_h5_link_index *x, uint64_t address, uint64_t *steps) {
    size_t i = (size_t)(address * 0x9e3779b97f4a7c15u >> 20) & (x->slots - 1);
    while (x->slot[i].address != address && x->slot[i].address != FVI_HDF5_NOWHERE)
        i = (i + 1) & (x->slots - 1), ++*steps;
    return &x->slot[i];
}

static int slots_grow(fvi_h5_link_index *x, uint64_t *steps) {
    fvi_h5_link_index larger = {.slots = x->slots ? 2 * x->slots : 64};
    larger.slot = malloc(larger.slots * sizeof *larger.slot);
    if (!larger.slot) return -1;
    for (size_t i = 0; i < larger.slots; i++) larger.slot[i] = (slot){FVI_HDF5_NOWHERE, 0};
    for (size_t i = 0; i < x->slots; i++)
        if (x->slot[i].address != FVI_HDF5_NOWHERE)
            *slot_find(&larger, x->slot[i].address, steps) = x->slot[i];
    free(x->slot);
    x->slot = larger.slot;
    x->slots = larger.slots;
    return 0;
}

/* Adds a group. Addresses may have been chosen to collide, so steps cost work.
 *   added  0: it was there */
static fv_status group_add(const fvi_hdf5 *f, fvi_h5_link_index *x, uint64_t address, int *added,
                           fv_error *err) {
    uint64_t steps = 1;
    if (2 * (x->used + 1) > x->slots && slots_grow(x, &steps))
        return fvi_fail(err, FV_NOMEM, "no memory for an index of %zu groups", x->used);
    slot *s = slot_find(x, address, &steps);
    *added = s->address == FVI_HDF5_NOWHERE;
    if (*added) x->used++;
    s->address = address;
    return fvi_h5_spend(f, STEP_WORK * steps, "groups", err);
}

/* ---- reading the groups ---- */

typedef struct building {
    const fvi_hdf5 *f;
    fvi_h5_link_index *x;
    uint64_t group;
} building;

static fv_status link_visit(void *user, const fvi_h5_link *link, int *stop, fv_error *err) {
    building *b = user;
    fvi_h5_link_index *x = b->x;
    (void)stop;
    if (x->count == MOST_LINKS)
        return fvi_fail(err, FV_NOMEM, "there are more than %zu links", MOST_LINKS);
    if (x->count == x->room) {
        size_t room = x->room ? 2 * x->room : 64;
        entry *e = realloc(x->entry, room * sizeof *e);
        if (!e) return fvi_fail(err, FV_NOMEM, "no memory for an index of %zu links", room);
        x->entry = e;
        x->room = room;
    }
    x->entry[x->count++] = (entry){b->group, *link};
    return FV_OK;
}

/* Reads a group's links; one that cannot be read is left out. */
static fv_status group_read(building *b, uint64_t group, fv_error *err) {
    const size_t before = b->x->count;
    b->group = group;
    fv_status st = fvi_h5_links(b->f, group, link_visit, b, err);
    if (!st || st == FV_NOMEM || fvi_h5_is_spent(b->f)) return st;
    b->x->count = before;
    uint64_t steps = 0;
    slot_find(b->x, group, &steps)->is_left_out = 1;
    return FV_OK;
}

/* Reads the group that a link leads to, if it does and that was not read yet. */
static fv_status link_enter(building *b, const fvi_h5_link *link, fv_error *err) {
    fvi_hdf5_kind kind;
    int added = 0;
    if (link->type != FVI_H5_HARD) return FV_OK;
    const uint64_t header = link->header;
    fv_status st = fvi_h5_kind(b->f, header, &kind, err);
    if (st) return fvi_h5_is_spent(b->f) ? st : FV_OK; /* whoever looks for it is told */
    if (kind != FVI_HDF5_GROUP) return FV_OK;
    st = group_add(b->f, b->x, header, &added, err);
    return st || !added ? st : group_read(b, header, err);
}

static int name_compare(const char *a, size_t a_size, const char *b, size_t b_size) {
    const size_t n = a_size < b_size ? a_size : b_size;
    const int c = n ? memcmp(a, b, n) : 0;
    return c ? c : (a_size > b_size) - (a_size < b_size);
}

static int entry_compare(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return name_compare(x->link.name, x->link.name_size, y->link.name, y->link.name_size);
}

fv_status fvi_h5_link_index_new(const fvi_hdf5 *f, fvi_h5_link_index **out, fv_error *err) {
    fvi_h5_link_index *x = calloc(1, sizeof *x);
    building b = {.f = f, .x = x};
    int added;
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for an index");
    fv_status st = group_add(f, x, f->root, &added, err);
    if (!st) st = group_read(&b, f->root, err);
    for (size_t i = 0; i < x->count && !st; i++) { /* entries are added meanwhile */
        const fvi_h5_link link = x->entry[i].link;
        st = link_enter(&b, &link, err);
    }
    if (st) {
        fvi_h5_link_index_free(x);
        return st;
    }
    if (x->count) qsort(x->entry, x->count, sizeof *x->entry, entry_compare);
    *out = x;
    return FV_OK;
}

void fvi_h5_link_index_free(fvi_h5_link_index *index) {
    if (!index) return;
    free(index->entry);
    free(index->slot);
    free(index);
}

/* ---- looking for a link ---- */

static fv_status any_visit(void *user, const fvi_h5_link *link, int *stop, fv_error *err) {
    (void)user, (void)link, (void)stop, (void)err;
    return FV_OK;
}

fv_status fvi_h5_link_index_find(const fvi_hdf5 *f, uint64_t group, const char *name, size_t size,
                                 const fvi_h5_link **out, fv_error *err) {
    const fvi_h5_link_index *x = f->index;
    uint64_t steps = 0;
    const slot *s = slot_find(x, group, &steps);
    size_t first = 0, end = x->count;
    *out = NULL;
    if (s->address == FVI_HDF5_NOWHERE) return FV_OK;                        /* no group */
    if (s->is_left_out) return fvi_h5_links(f, group, any_visit, NULL, err); /* says why */
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        const entry *e = &x->entry[middle];
        int c = e->group != group ? (e->group < group ? -1 : 1)
                                  : name_compare(e->link.name, e->link.name_size, name, size);
        if (!c) {
            *out = &e->link;
            return FV_OK;
        }
        if (c < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return FV_OK;
}
