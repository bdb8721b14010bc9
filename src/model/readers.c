/* SPDX-License-Identifier: Apache-2.0 */
/* The table of formats, and the choice of one: every reader says how likely the bytes are of its
 * format. The surest one opens them, and reports the errors.
 */
#include "model/readers.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/foreign/foreign.h"

#define FVI_READER(name) extern const fvi_reader fvi_##name##_reader;
#include "model/readers.def"
#undef FVI_READER

const fvi_reader *const *fvi_readers(void) {
    static const fvi_reader *const readers[] = {
#define FVI_READER(name) &fvi_##name##_reader,
#include "model/readers.def"
#undef FVI_READER
        NULL};
    return readers;
}

const char *fvi_readers_ending(int index) {
    for (const fvi_reader *const *r = fvi_readers(); index >= 0 && *r; r++)
        for (const char *const *e = (*r)->endings; *e; e++)
            if (index-- == 0) return *e;
    return NULL;
}

/* The reader to which a file belongs most likely, and how likely; NULL: to none. */
static const fvi_reader *choose(const fvi_reader *const *readers, const fvi_mapping *m,
                                const char *name, fvi_probe *likely) {
    const fvi_reader *best = NULL;
    const uint8_t *bytes = m->size ? m->bytes : (const uint8_t *)""; /* of an empty file NULL */
    *likely = FVI_PROBE_NO;
    for (; *readers; readers++) {
        const fvi_probe p = (*readers)->probe(bytes, m->size, name);
        if (p <= *likely) continue;
        *likely = p;
        best = *readers;
    }
    return best;
}

const char *fvi_readers_kind(const char *path) {
    fvi_limits limits;
    fvi_mapping m = {0};
    fvi_probe likely;
    if (fvi_limits_resolve(NULL, &limits, NULL)) return NULL;
    if (fvi_mapping_open(path, limits.file_bytes, &m, NULL) || !m.size) return NULL;
    const char *name = fvi_path_base(path);
    const fvi_reader *reader = choose(fvi_readers(), &m, name, &likely);
    const char *kind = likely == FVI_PROBE_SURE ? NULL : fvi_foreign_kind_of(m.bytes, m.size, name);
    if (!kind && likely >= FVI_PROBE_YES) kind = reader->kind;
    fvi_mapping_close(&m);
    return kind;
}

/* The source's bytes: of its file, or a copy of memory, or the memory itself. */
static fv_status map(const fvi_model_source *from, const fvi_limits *limits, fvi_mapping *out,
                     fv_error *err) {
    if (from->path) return fvi_limits_map(limits, from->path, out, err);
    if ((uint64_t)from->size > (uint64_t)limits->file_bytes)
        return fvi_fail(err, FV_NOMEM,
                        "%s: has %zu bytes; at most %lld are read (limit max_file_bytes)",
                        fvi_model_source_name(from), from->size, (long long)limits->file_bytes);
    *out = (fvi_mapping){.bytes = from->bytes, .size = from->size};
    if (from->borrow || !from->size) return FV_OK;
    out->copy = malloc(from->size);
    if (!out->copy)
        return fvi_fail(err, FV_NOMEM, "%s: no memory for a copy of its %zu bytes",
                        fvi_model_source_name(from), from->size);
    memcpy(out->copy, from->bytes, from->size);
    out->bytes = out->copy;
    return FV_OK;
}

static fv_status refuse(const fvi_reader *const *readers, const char *name, fv_error *err) {
    GString *formats = g_string_new(NULL);
    for (; *readers; readers++)
        g_string_append_printf(formats, "%s%s", formats->len ? ", " : "", (*readers)->format);
    const fv_status st =
        fvi_fail(err, FV_FORMAT, "%s: not of a format that is read here: %s", name, formats->str);
    g_string_free(formats, TRUE);
    return st;
}

/* Says of a file that no reader opens, and none knows surely by its bytes, what it is, if that is
 * known; else the error stays. */
static fv_status explain(const fvi_model_source *from, const fvi_limits *limits, fv_status st,
                         fv_error *err) {
    fvi_mapping m = {0};
    if (st != FV_FORMAT || from->readers || map(from, limits, &m, NULL)) return st;
    const char *name = fvi_model_source_name(from);
    char *text = m.size ? fvi_foreign_text(m.bytes, m.size, name) : NULL;
    if (text) st = fvi_fail(err, FV_FORMAT, "%s: %s", name, text);
    g_free(text);
    fvi_mapping_close(&m);
    return st;
}

/* The same of a folder. */
static fv_status explain_folder(const fvi_model_source *from, fv_status st, fv_error *err) {
    char *text = from->path ? fvi_foreign_folder_text(from->path) : NULL;
    if (text) st = fvi_fail(err, st, "%s: is a folder, not a file; %s", from->path, text);
    g_free(text);
    return st;
}

/* The file that stands for a folder in which it is; NULL: there is none. */
static char *file_of_folder(const char *path) {
    char *file = path ? g_build_filename(path, "saved_model.pb", NULL) : NULL;
    if (file && g_file_test(path, G_FILE_TEST_IS_DIR) && g_file_test(file, G_FILE_TEST_EXISTS))
        return file;
    g_free(file);
    return NULL;
}

static fv_status open_source(const fvi_model_source *from, const fvi_limits *limits,
                             fvi_model_file **out, fv_error *err) {
    const fvi_reader *const *readers = from->readers ? from->readers : fvi_readers();
    const char *name = from->path ? fvi_path_base(from->path) : from->name ? from->name : "model";
    fvi_limits own;
    fvi_mapping m = {0};
    fv_status st = limits ? FV_OK : fvi_limits_resolve(NULL, &own, err);
    if (!limits) limits = &own;
    if (!st) st = map(from, limits, &m, err);
    if (st) return explain_folder(from, st, err);
    fvi_probe likely;
    const fvi_reader *reader = choose(readers, &m, name, &likely);
    if (!reader) {
        fvi_mapping_close(&m);
        return explain(from, limits, refuse(readers, name, err), err);
    }
    st = fvi_model_file_open(reader, from, limits, &m, out, err);
    return st && likely < FVI_PROBE_SURE ? explain(from, limits, st, err) : st;
}

fv_status fvi_readers_open(const fvi_model_source *from, const fvi_limits *limits,
                           fvi_model_file **out, fv_error *err) {
    fvi_model_source own = *from;
    char *file = file_of_folder(from->path);
    if (file) own.path = file;
    const fv_status st = open_source(&own, limits, out, err);
    g_free(file);
    return st;
}
