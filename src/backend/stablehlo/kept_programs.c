/* SPDX-License-Identifier: Apache-2.0 */
/* kept_programs: a file for each program, named after the hash of all that decides it.
 *
 * A file is a line with the hash of its name and of the rest, and what the plug-in serialised: one
 * that was damaged, or renamed, is not taken. It is written as a
 * whole and renamed (base/file.h), so that two processes may compile the same program at once. When
 * all together are larger than KEPT_BYTES, those not used for longest go. */
#include "backend/stablehlo/kept_programs.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

#include "base/file.h"

#define KEPT_BYTES  (2000LL << 20)
#define ENDING      ".program"
#define HEAD_LENGTH 65 /* 64 digits and a newline */

/* Hash of what decides a program: caller frees. What is compiled for a processor is for this
 * machine's: a folder may be seen by several. */
static char *key_of(const fvi_kept_programs *k, const fvi_pjrt_source *from) {
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    const char *platform = fvi_pjrt_platform(k->plugin);
    char *who = g_strdup_printf("%s\n%s\n%s\n%s\n%d\n", platform,
                                fvi_pjrt_is_accelerator(k->plugin) ? "" : g_get_host_name(),
                                fvi_pjrt_version(k->plugin),
                                fvi_pjrt_device_kind(k->plugin, k->device), k->device);
    g_checksum_update(sum, (const guchar *)who, -1);
    g_checksum_update(sum, (const guchar *)from->text, (gssize)from->length);
    char *key = g_strdup(g_checksum_get_string(sum));
    g_checksum_free(sum);
    g_free(who);
    return key;
}

/* Of a file's first line: caller frees. */
static char *hash_of(const char *key, const void *bytes, size_t size) {
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)key, -1);
    g_checksum_update(sum, bytes, (gssize)size);
    char *hash = g_strdup(g_checksum_get_string(sum));
    g_checksum_free(sum);
    return hash;
}

/* Whether a file is whole, and that program. */
static int is_whole(const char *key, const fvi_mapping *file) {
    if (file->size <= HEAD_LENGTH || file->bytes[HEAD_LENGTH - 1] != '\n') return 0;
    char *hash = hash_of(key, file->bytes + HEAD_LENGTH, file->size - HEAD_LENGTH);
    const int whole = !memcmp(hash, file->bytes, HEAD_LENGTH - 1);
    g_free(hash);
    return whole;
}

/* The program of a file, or NULL; then there is no such file any more. */
static fvi_pjrt_program *load(const fvi_kept_programs *k, const fvi_pjrt_source *from,
                              const char *key, const char *path) {
    fvi_mapping file;
    fvi_pjrt_program *program = NULL;
    if (fvi_mapping_open(path, KEPT_BYTES, &file, NULL)) return NULL;
    if (is_whole(key, &file))
        (void)fvi_pjrt_load(k->plugin, from, file.bytes + HEAD_LENGTH, file.size - HEAD_LENGTH,
                            &program);
    fvi_mapping_close(&file);
    if (program)
        (void)g_utime(path, NULL); /* used now */
    else
        (void)g_unlink(path);
    return program;
}

/* ---- a folder that does not grow without bound ------------------------------------------------
 */

typedef struct kept {
    char *path;
    gint64 size, used;
} kept;

static void free_kept(gpointer data) {
    g_free(((kept *)data)->path);
    g_free(data);
}

static int compare_used(gconstpointer a, gconstpointer b) {
    const kept *x = *(kept *const *)a, *y = *(kept *const *)b;
    return (x->used > y->used) - (x->used < y->used);
}

static GPtrArray *list_files(const char *folder) {
    GPtrArray *files = g_ptr_array_new_with_free_func(free_kept);
    GDir *dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        GStatBuf info;
        char *path = g_build_filename(folder, name, NULL);
        if (g_str_has_suffix(name, ENDING) && !g_stat(path, &info)) {
            kept *f = g_new(kept, 1);
            *f = (kept){path, info.st_size, info.st_mtime};
            g_ptr_array_add(files, f);
        } else {
            g_free(path);
        }
    }
    if (dir) g_dir_close(dir);
    return files;
}

static void make_room(const char *folder) {
    GPtrArray *files = list_files(folder);
    gint64 bytes = 0;
    g_ptr_array_sort(files, compare_used);
    for (guint i = 0; i < files->len; i++) bytes += ((const kept *)files->pdata[i])->size;
    for (guint i = 0; i < files->len && bytes > KEPT_BYTES; i++) {
        const kept *f = files->pdata[i];
        bytes -= f->size;
        (void)g_unlink(f->path);
    }
    g_ptr_array_unref(files);
}

static void keep(const fvi_kept_programs *k, const fvi_pjrt_program *program, const char *key,
                 const char *path) {
    GBytes *bytes = fvi_pjrt_serialize(program);
    if (!bytes) return;
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    char *hash = hash_of(key, data, size), *head = g_strdup_printf("%s\n", hash);
    const fvi_bytes_range parts[] = {{head, HEAD_LENGTH}, {data, size}};
    if (!g_mkdir_with_parents(k->folder, 0700) && !fvi_file_write(path, parts, 2, NULL))
        make_room(k->folder);
    g_free(hash);
    g_free(head);
    g_bytes_unref(bytes);
}

fv_status fvi_kept_compile(const fvi_kept_programs *k, const fvi_pjrt_source *from,
                           fvi_pjrt_program **out, fv_error *err) {
    if (!k->folder) return fvi_pjrt_compile(k->plugin, k->device, from, out, err);
    char *key = key_of(k, from), *file = g_strconcat(key, ENDING, NULL);
    char *path = g_build_filename(k->folder, file, NULL);
    fv_status st = FV_OK;
    fvi_pjrt_program *program = load(k, from, key, path);
    if (!program) {
        st = fvi_pjrt_compile(k->plugin, k->device, from, &program, err);
        if (!st) keep(k, program, key, path);
    }
    if (!st) *out = program;
    g_free(key);
    g_free(file);
    g_free(path);
    return st;
}
