/* SPDX-License-Identifier: Apache-2.0 */
/* loaded_programs: the last MOST programs, found by the hash of their text. Two threads that want
 * the same new program at once both compile it. */
#include "backend/stablehlo/loaded_programs.h"

#include <glib.h>
#include <string.h>

#define MOST 8

typedef struct entry {
    char *key;
    fvi_pjrt_program *program;
} entry;

struct fvi_loaded_programs {
    GMutex lock;
    GPtrArray *list; /* of entry, in order of last use */
};

static void free_entry(gpointer data) {
    entry *e = data;
    fvi_pjrt_program_free(e->program);
    g_free(e->key);
    g_free(e);
}

fvi_loaded_programs *fvi_loaded_programs_new(void) {
    fvi_loaded_programs *l = g_new0(fvi_loaded_programs, 1);
    g_mutex_init(&l->lock);
    l->list = g_ptr_array_new_with_free_func(free_entry);
    return l;
}

void fvi_loaded_programs_free(fvi_loaded_programs *l) {
    if (!l) return;
    g_ptr_array_unref(l->list);
    g_mutex_clear(&l->lock);
    g_free(l);
}

/* The entry of a key, which becomes the last used; or NULL. */
static entry *find(fvi_loaded_programs *l, const char *key) {
    for (guint i = 0; i < l->list->len; i++) {
        entry *e = l->list->pdata[i];
        if (strcmp(e->key, key) != 0) continue;
        g_ptr_array_steal_index(l->list, i);
        g_ptr_array_add(l->list, e);
        return e;
    }
    return NULL;
}

static fvi_pjrt_program *look_up(fvi_loaded_programs *l, const char *key) {
    g_mutex_lock(&l->lock);
    const entry *e = find(l, key);
    fvi_pjrt_program *program = e ? fvi_pjrt_program_ref(e->program) : NULL;
    g_mutex_unlock(&l->lock);
    return program;
}

static void add(fvi_loaded_programs *l, const char *key, fvi_pjrt_program *program) {
    g_mutex_lock(&l->lock);
    if (!find(l, key)) {
        entry *e = g_new(entry, 1);
        *e = (entry){g_strdup(key), fvi_pjrt_program_ref(program)};
        g_ptr_array_add(l->list, e);
        if (l->list->len > MOST) g_ptr_array_remove_index(l->list, 0);
    }
    g_mutex_unlock(&l->lock);
}

fv_status fvi_loaded_compile(fvi_loaded_programs *l, const fvi_kept_programs *k,
                             const fvi_pjrt_source *from, fvi_pjrt_program **out, fv_error *err) {
    char *key =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)from->text, from->length);
    fv_status st = FV_OK;
    fvi_pjrt_program *program = look_up(l, key);
    if (!program) {
        st = fvi_kept_compile(k, from, &program, err);
        if (!st) add(l, key, program);
    }
    if (!st) *out = program;
    g_free(key);
    return st;
}
