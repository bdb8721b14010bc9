/* SPDX-License-Identifier: Apache-2.0 */
/* list_files: which files of a folder are photos: those with a picture's ending, hidden ones
 * left out. Links are followed; a folder that was seen is not entered again, so that links in
 * circles end. A folder below that cannot be opened is passed over, as is what goes too deep.
 */
#include "inspect/dataset/list_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

#define DEPTH_MAX  64
#define PHOTOS_MAX 10000000
#define PATH_BYTES 4096 /* longer paths cannot be opened */

static const char *const endings[] = {"jpg", "jpeg", "png",  "webp", "tif", "tiff", "gif",
                                      "bmp", "heic", "heif", "avif", "jp2", "jxl",  "ppm"};

typedef struct listing {
    const char *folder;
    GPtrArray *found;
    GHashTable *seen; /* "device:inode" of folders */
} listing;

static void entry_free(void *data) {
    fvi_file_entry *w = data;
    g_free(w->path);
    g_free(w);
}

static int is_picture(const char *name) {
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < G_N_ELEMENTS(endings); i++)
        if (!g_ascii_strcasecmp(dot + 1, endings[i])) return 1;
    return 0;
}

/* Whether a folder is met for the first time. */
static int first_time(listing *w, const struct stat *s) {
    return g_hash_table_add(w->seen, g_strdup_printf("%llu:%llu", (unsigned long long)s->st_dev,
                                                     (unsigned long long)s->st_ino));
}

static int compare_names(gconstpointer a, gconstpointer b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_paths(gconstpointer a, gconstpointer b) {
    return strcmp((*(fvi_file_entry *const *)a)->path, (*(fvi_file_entry *const *)b)->path);
}

/* The names in a folder, sorted, so that which of two links to one folder counts is settled. */
static GPtrArray *names_in(const char *path, GError **error) {
    GDir *dir = g_dir_open(path, 0, error);
    if (!dir) return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir));)
        if (name[0] != '.') g_ptr_array_add(names, g_strdup(name));
    g_dir_close(dir);
    g_ptr_array_sort(names, compare_names);
    return names;
}

static void add_photo(listing *w, const char *inside, const struct stat *s) {
    fvi_file_entry *photo = g_new0(fvi_file_entry, 1);
    photo->path = g_strdup(inside);
    photo->size = (int64_t)s->st_size;
    photo->mtime = (int64_t)s->st_mtim.tv_sec * 1000000000 + s->st_mtim.tv_nsec;
    g_ptr_array_add(w->found, photo);
}

/* Lists the folder `inside` of w->folder ("": itself), recursively. */
static void list_folder(listing *w, const char *inside, GPtrArray *names, int depth) {
    for (guint i = 0; i < names->len && w->found->len <= PHOTOS_MAX; i++) {
        const char *name = names->pdata[i];
        char *below = *inside ? g_strdup_printf("%s/%s", inside, name) : g_strdup(name);
        char *path = g_build_filename(w->folder, below, NULL);
        struct stat s;
        if (strlen(path) >= PATH_BYTES || stat(path, &s)) {
            /* passed over */
        } else if (S_ISREG(s.st_mode) && is_picture(name)) {
            add_photo(w, below, &s);
        } else if (S_ISDIR(s.st_mode) && depth < DEPTH_MAX && first_time(w, &s)) {
            GPtrArray *deeper = names_in(path, NULL);
            if (deeper) list_folder(w, below, deeper, depth + 1);
            if (deeper) g_ptr_array_free(deeper, TRUE);
        }
        g_free(path);
        g_free(below);
    }
}

fv_status fvi_list_files(const char *folder, GPtrArray **out, fv_error *err) {
    struct stat s;
    GError *error = NULL;
    if (stat(folder, &s))
        return fvi_fail(err, FV_IO, "%s: cannot be read: %s", folder, g_strerror(errno));
    if (!S_ISDIR(s.st_mode)) return fvi_fail(err, FV_IO, "%s: is no folder", folder);
    GPtrArray *names = names_in(folder, &error);
    if (!names) {
        fv_status st = fvi_fail(err, FV_IO, "%s: %s", folder, error->message);
        g_error_free(error);
        return st;
    }
    listing w = {folder, g_ptr_array_new_with_free_func(entry_free),
                 g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    first_time(&w, &s);
    list_folder(&w, "", names, 0);
    g_ptr_array_free(names, TRUE);
    g_hash_table_destroy(w.seen);
    fv_status st = FV_OK;
    if (!w.found->len)
        st = fvi_fail(err, FV_NOTFOUND,
                      "%s: there is no picture in this folder, nor in those in it (.jpg, .jpeg, "
                      ".png, .webp, .tif, .tiff, .gif, .bmp and rarer ones)",
                      folder);
    else if (w.found->len > PHOTOS_MAX)
        st = fvi_fail(err, FV_NOMEM, "%s: has more than %d pictures", folder, PHOTOS_MAX);
    if (st) {
        g_ptr_array_free(w.found, TRUE);
        return st;
    }
    g_ptr_array_sort(w.found, compare_paths);
    *out = w.found;
    return FV_OK;
}
