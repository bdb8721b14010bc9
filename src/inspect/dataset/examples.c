/* SPDX-License-Identifier: Apache-2.0 */
/* examples: photos that excite units. A scan lists the photos of a folder, asks the index of each
 * layer which of them it knows, measures the others, and ties the photos to their rows.
 *
 * What it does not do: keep the photos, or more of the responses than one unit's at a time.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/desc.h"
#include "base/error.h"
#include "inspect/dataset/dataset.h"
#include "runtime/model_state.h"
#include "runtime/preprocess.h"
#include "vis/objective/class_logits.h"

#define STEM_MAX   60 /* of an index's name, for people */
#define TABLES_MAX 1024

void fv_examples_free(fv_examples *e) {
    if (!e) return;
    for (guint i = 0; i < e->units->len; i++)
        g_free(g_array_index(e->units, fvi_unit_request, i).name);
    if (e->files) g_ptr_array_free(e->files, TRUE);
    g_ptr_array_free(e->tables, TRUE);
    g_array_free(e->units, TRUE);
    g_array_free(e->photos, TRUE);
    g_ptr_array_free(e->skipped, TRUE);
    g_free(e->wanted);
    g_free(e->responses);
    g_free(e->folder);
    g_free(e);
}

/* ---- indices -------------------------------------------------------------------------------- */

/* "net-head_conv-0123456789abcdef.photos" in the folder of indices; g_free. */
static char *index_path(const fv_examples *e, const fvi_layer_table *t, const char *folder,
                        const char *key) {
    char *real = realpath(e->folder, NULL);
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)key, -1);
    g_checksum_update(sum, (const guchar *)(real ? real : e->folder), -1);
    char *stem = g_strdup_printf("%s-%s", fv_model_name(e->model), t->name);
    for (char *c = stem; *c; c++)
        if (!g_ascii_isalnum(*c) && *c != '-' && *c != '_') *c = '_';
    char *name = g_strdup_printf("%.*s-%.16s.photos", STEM_MAX, stem, g_checksum_get_string(sum));
    char *path = g_build_filename(folder, name, NULL);
    g_free(name);
    g_free(stem);
    g_checksum_free(sum);
    free(real);
    return path;
}

/* Every index is an open file; half of those a process may have are left for other things. */
static fv_status check_tables(const fv_examples *e, fv_error *err) {
    struct rlimit files;
    const int few = !getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur < (rlim_t)2 * TABLES_MAX;
    const int most = few ? (int)files.rlim_cur / 2 : TABLES_MAX;
    if (e->tables->len <= (guint)most) return FV_OK;
    return fvi_fail(err, FV_UNSUPPORTED,
                    "%u layers and expressions are to be measured, each into a file that is kept "
                    "open; at most %d can be at a time%s",
                    e->tables->len, most, few ? ", half of what this process may have open" : "");
}

static fv_status open_indices(fv_examples *e, const char *folder, fv_error *err) {
    fv_status st = FV_OK;
    if (folder && g_mkdir_with_parents(folder, 0777))
        return fvi_fail(err, FV_IO, "%s: cannot make the folder of indices", folder);
    for (guint i = 0; i < e->tables->len && !st; i++) {
        fvi_layer_table *t = e->tables->pdata[i];
        char *key = fvi_layer_table_key(e, t);
        char *path = folder ? index_path(e, t, folder, key) : NULL;
        st = fvi_index_open(path, key, t->units, &t->index, err);
        g_free(path);
        g_free(key);
    }
    return st;
}

/* Photos that some index lacks; those indices become active. */
static GPtrArray *list_todo(const fv_examples *e) {
    GPtrArray *todo = g_ptr_array_new();
    for (guint i = 0; i < e->files->len; i++) {
        fvi_file_entry *w = e->files->pdata[i];
        int lacking = 0;
        for (guint k = 0; k < e->tables->len; k++) {
            fvi_layer_table *t = e->tables->pdata[k];
            if (fvi_index_find(t->index, w->path, w->size, w->mtime)) continue;
            lacking = t->active = 1;
        }
        if (lacking) g_ptr_array_add(todo, w);
    }
    return todo;
}

static fv_status check_writable(const fv_examples *e, fv_error *err) {
    fv_status st = FV_OK;
    for (guint i = 0; i < e->tables->len && !st; i++) {
        const fvi_layer_table *t = e->tables->pdata[i];
        if (t->active) st = fvi_index_writable(t->index, err);
    }
    return st;
}

/* ---- photos --------------------------------------------------------------------------------- */

/* Finds a photo in the indices of all tables. NULL if one of them lacks it; if it could not be
 * read, an entry that says why. */
static const fvi_photo *find_photo(const fv_examples *e, const fvi_file_entry *w) {
    const fvi_photo *photo = NULL;
    for (guint k = 0; k < e->tables->len; k++) {
        const fvi_layer_table *t = e->tables->pdata[k];
        photo = fvi_index_find(t->index, w->path, w->size, w->mtime);
        if (!photo || photo->why) return photo;
    }
    return photo;
}

/* Ties the photos that can be read to their rows; lists the others. */
static void gather(fv_examples *e, const GPtrArray *failed) {
    for (guint i = 0; i < e->files->len; i++) {
        const fvi_file_entry *w = e->files->pdata[i];
        const fvi_photo *p = find_photo(e, w);
        if (p && p->why) g_ptr_array_add(e->skipped, g_strdup_printf("%s: %s", w->path, p->why));
        if (!p || p->why) continue;
        fvi_photo_entry photo = {w, p->height, p->width};
        g_array_append_val(e->photos, photo);
    }
    for (guint i = 0; i < failed->len; i++) g_ptr_array_add(e->skipped, g_strdup(failed->pdata[i]));
}

static void tie_rows(const fv_examples *e) {
    for (guint k = 0; k < e->tables->len; k++) {
        fvi_layer_table *t = e->tables->pdata[k];
        t->row = g_new(int, e->photos->len);
        for (guint i = 0; i < e->photos->len; i++) {
            const fvi_file_entry *w = g_array_index(e->photos, fvi_photo_entry, i).file;
            const fvi_photo *p = fvi_index_find(t->index, w->path, w->size, w->mtime);
            t->row[i] = (int)fvi_index_row(t->index, p);
        }
    }
}

static fv_status check_photos(const fv_examples *e, fv_error *err) {
    if (e->photos->len) return FV_OK;
    if (e->unfinished)
        return fvi_fail(err, FV_CANCELLED, "%s: stopped before a photo was measured", e->folder);
    return fvi_fail(err, FV_FORMAT, "%s: none of its %u pictures can be measured; the first: %s",
                    e->folder, e->files->len,
                    e->skipped->len ? (const char *)e->skipped->pdata[0] : "?");
}

/* ---- scanning ------------------------------------------------------------------------------- */

static fv_status check_asked(const fv_model *model, const fv_objective *const *objectives,
                             int count, fv_error *err) {
    if (count < 1) return fvi_fail(err, FV_ARG, "%d objectives to measure; at least 1", count);
    fv_status st = fvi_objectives_check(objectives, count, err);
    if (st) return st;
    const fv_input *in = fv_model_input(model);
    if (!fvi_is_photo(in))
        return fvi_fail(err, FV_SHAPE,
                        "%s: the input \"%s\" is no picture of 1, 3 or 4 channels; photos "
                        "cannot be measured",
                        fv_model_name(model), in->name);
    return FV_OK;
}

static fv_status check_where(const char *folder, const fv_examples_desc *desc, fv_error *err) {
    if (!*folder) return fvi_fail(err, FV_ARG, "no folder of photos was named");
    if (desc->index && !*desc->index)
        return fvi_fail(err, FV_ARG, "the folder of indices has an empty name");
    if (desc->decoders < 0 || desc->decoders > FVI_DECODERS_MAX)
        return fvi_fail(err, FV_ARG, "decoders is %d; allowed: 0 (as threads) to %d",
                        desc->decoders, FVI_DECODERS_MAX);
    return FV_OK;
}

/* A scan that has asked nothing yet. */
static fv_examples *new_examples(const fv_model *model) {
    fv_examples *e = g_new0(fv_examples, 1);
    e->model = model;
    e->tables = g_ptr_array_new_with_free_func(fvi_layer_table_free);
    e->units = g_array_new(FALSE, FALSE, sizeof(fvi_unit_request));
    e->photos = g_array_new(FALSE, FALSE, sizeof(fvi_photo_entry));
    e->skipped = g_ptr_array_new_with_free_func(g_free);
    e->loaded = -1;
    return e;
}

static fv_status scan(fv_examples *e, const fv_objective *const *objectives, int count,
                      const fv_examples_desc *desc, fv_error *err) {
    fv_status st = fvi_examples_request(e, objectives, count, err);
    if (!st) st = check_tables(e, err);
    if (!st) st = fvi_list_files(e->folder, &e->files, err);
    if (!st) st = open_indices(e, desc->index, err);
    if (st) return st;
    GPtrArray *todo = list_todo(e), *failed = g_ptr_array_new_with_free_func(g_free);
    if (todo->len) st = check_writable(e, err);
    if (!st && todo->len) st = fvi_examples_scan_photos(e, todo, desc->decoders, failed, err);
    if (!st) gather(e, failed);
    if (!st) tie_rows(e);
    for (guint i = 0; i < e->tables->len; i++)
        fvi_index_finish(((const fvi_layer_table *)e->tables->pdata[i])->index);
    g_ptr_array_free(todo, TRUE);
    g_ptr_array_free(failed, TRUE);
    return st ? st : check_photos(e, err);
}

fv_status fv_examples_scan(fv_session *session, const fv_objective *const *objectives, int count,
                           const char *folder, const fv_examples_desc *desc, fv_examples **out,
                           fv_error *err) {
    FVI_USE_THREADS(session);
    fv_examples_desc d;
    fv_status st = FVI_NOT_NULL(err, session, objectives, folder, out);
    if (!st) st = FVI_DESC_READ(fv_examples_desc, index, desc, &d, err);
    if (!st) st = check_asked(fvi_session_model(session), objectives, count, err);
    if (!st) st = check_where(folder, &d, err);
    if (st) return st;
    fv_examples *e = new_examples(fvi_session_model(session));
    e->session = session;
    e->folder = g_strdup(folder);
    st = scan(e, objectives, count, &d, err);
    if (st)
        fv_examples_free(e);
    else
        *out = e;
    return st;
}

fv_status fv_examples_count_units(const fv_model *model, const fv_objective *const *objectives,
                                  int count, int *units, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, objectives, units);
    if (!st) st = check_asked(model, objectives, count, err);
    if (st) return st;
    fv_examples *e = new_examples(model);
    st = fvi_examples_request(e, objectives, count, err);
    if (!st) *units = (int)e->units->len;
    fv_examples_free(e);
    return st;
}

/* ---- looking -------------------------------------------------------------------------------- */

int fv_examples_photo_count(const fv_examples *e) { return e ? (int)e->photos->len : 0; }
int fv_examples_unit_count(const fv_examples *e) { return e ? (int)e->units->len : 0; }
int fv_examples_skipped_count(const fv_examples *e) { return e ? (int)e->skipped->len : 0; }
int fv_examples_measured(const fv_examples *e) { return e ? e->measured : 0; }
int fv_examples_unfinished(const fv_examples *e) { return e ? e->unfinished : 0; }

const char *fv_examples_photo(const fv_examples *e, int photo) {
    if (!e || photo < 0 || photo >= (int)e->photos->len) return NULL;
    return g_array_index(e->photos, fvi_photo_entry, photo).file->path;
}

const char *fv_examples_unit(const fv_examples *e, int unit) {
    if (!e || unit < 0 || unit >= (int)e->units->len) return NULL;
    return g_array_index(e->units, fvi_unit_request, unit).name;
}

int fv_examples_unit_class(const fv_examples *e, int unit) {
    fvi_logits logits;
    if (!e || unit < 0 || unit >= (int)e->units->len) return -1;
    const fvi_unit_request *asked = &g_array_index(e->units, fvi_unit_request, unit);
    const fvi_layer_table *t = e->tables->pdata[asked->table];
    if (!t->is_layer || fvi_logits_find(e->model->network, &logits, NULL)) return -1;
    const char *value = t->o.values[0];
    const int is_one = !strcmp(value, logits.value) || (logits.end && !strcmp(value, logits.end));
    return is_one && asked->channel < fv_model_class_count(e->model) ? asked->channel : -1;
}

const char *fv_examples_skipped(const fv_examples *e, int index) {
    if (!e || index < 0 || index >= (int)e->skipped->len) return NULL;
    return e->skipped->pdata[index];
}
