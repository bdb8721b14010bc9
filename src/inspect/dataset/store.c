/* SPDX-License-Identifier: Apache-2.0 */
/* store: the index file of responses that were measured on photos. "sum" is a checksum.
 *
 *   file   = "fovea-examples-1", order mark, length of the key, key, sum, blocks  (numbers: u32)
 *   block  = head { mark, photos, rows, bytes of the table, sum of the table, sum of the head }
 *            table: for each photo { size, mtime (i64), height, width (i32), lengths of path and of
 *            why (u16), path, why }
 *            responses: for each unit { max[rows], min[rows], mean[rows], at_max[rows],
 * at_min[rows], sum }
 *
 * Rows are the photos that could be read. Responses are stored unit by unit: reading one unit of
 * 100,000 photos takes 1600 reads of 1.3 kB, one a block. Checksums are FNV-1a, which differs after
 * a change of any one byte. A table's is checked when the file is opened, a unit's when it is read.
 *
 * A process that adds photos holds a lock on the file. Numbers are in the machine's byte order; a
 * file of the other order is refused, which the order mark shows. Not done: rows of photos that
 * were changed or removed are not deleted, but no longer used; a damaged file is not replaced.
 */
#include "inspect/dataset/store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/shape.h"

#define MAGIC       "fovea-examples-1" /* 16 bytes */
#define ORDER       0x01020304u
#define BLOCK_MARK  0x4b434c42u
#define ROWS        64 /* of a full block; with many units fewer, but at least ROWS_LEAST */
#define ROWS_LEAST  16
#define RESPONSES   (1 << 19) /* rows * units of a full block, at most, beyond ROWS_LEAST rows */
#define PHOTOS_MAX  1024      /* of a block, unreadable ones included */
#define KEY_MAX     65536
#define TABLE_MAX   ((int64_t)1 << 28)
#define ENTRY_BYTES 28 /* of a photo in the table, without its texts */
#define FIELDS      5  /* numbers of a response */

typedef struct head {
    uint32_t mark, photos, rows, table, table_sum, sum;
} head;

/* Where the responses of a block are. */
typedef struct block {
    int64_t at; /* offset of the first unit's */
    int32_t rows;
    int64_t first; /* rows of the blocks before */
} block;

struct fvi_index {
    char *path; /* for messages */
    int fd, locked;
    int write_errno; /* if it is not locked: why it cannot be written */
    int units;
    int64_t end; /* of the start and the complete blocks */
    int64_t rows;
    GArray *blocks;    /* block */
    GPtrArray *photos; /* fvi_photo, in the order of the file */
    GHashTable *by_path;
    /* the block being filled */
    guint n_written;         /* photos of the blocks before */
    int n_pending;           /* its rows so far */
    fvi_response *responses; /* [room][units] */
    int room;
};

static void photo_free(void *data) {
    fvi_photo *p = data;
    g_free(p->path);
    g_free(p->why);
    g_free(p);
}

static uint32_t checksum(const void *bytes, size_t n) {
    const uint8_t *p = bytes;
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < n; i++) sum = (sum ^ p[i]) * 16777619u;
    return sum;
}

static fv_status damaged(const fvi_index *ix, int64_t at, fv_error *err) {
    return fvi_fail(err, FV_FORMAT,
                    "%s: this index of photos is damaged at byte %lld; delete it to measure again",
                    ix->path, (long long)at);
}

static fv_status io_failed(const fvi_index *ix, const char *what, fv_error *err) {
    return fvi_fail(err, FV_IO, "%s: cannot be %s: %s", ix->path, what,
                    errno ? g_strerror(errno) : "it is cut short");
}

/* Reads exactly n bytes. Returns 0, or -1 with errno set: to 0 if the file ends too early. */
static int read_at(int fd, void *to, size_t n, int64_t at) {
    char *p = to;
    while (n) {
        ssize_t got = pread(fd, p, n, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) errno = 0;
        if (got <= 0) return -1;
        p += got;
        at += got;
        n -= (size_t)got;
    }
    return 0;
}

static int write_at(int fd, const void *from, size_t n, int64_t at) {
    const char *p = from;
    while (n) {
        ssize_t put = pwrite(fd, p, n, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return -1;
        p += put;
        at += put;
        n -= (size_t)put;
    }
    return 0;
}

static int64_t unit_bytes(int64_t rows) { return rows ? (int64_t)4 * FIELDS * rows + 4 : 0; }

/* ---- reading -------------------------------------------------------------------------------- */

static void remember(fvi_index *ix, fvi_photo *p) {
    g_ptr_array_add(ix->photos, p);
    g_hash_table_replace(ix->by_path, p->path, p);
}

/* Reads one photo of a table. Returns its size there in bytes, or 0 if it is invalid. */
static size_t read_photo(fvi_index *ix, const uint8_t *from, size_t left, int32_t number,
                         int32_t *rows) {
    uint16_t length[2];
    if (left < ENTRY_BYTES) return 0;
    fvi_photo *p = g_new0(fvi_photo, 1);
    memcpy(&p->size, from, 8);
    memcpy(&p->mtime, from + 8, 8);
    memcpy(&p->height, from + 16, 4);
    memcpy(&p->width, from + 20, 4);
    memcpy(length, from + 24, 4);
    size_t bytes = (size_t)ENTRY_BYTES + length[0] + length[1];
    if (!length[0] || bytes > left || memchr(from + ENTRY_BYTES, 0, bytes - ENTRY_BYTES) ||
        (!length[1] && (p->height < 1 || p->width < 1))) {
        photo_free(p);
        return 0;
    }
    p->path = g_strndup((const char *)from + ENTRY_BYTES, length[0]);
    if (length[1]) p->why = g_strndup((const char *)from + ENTRY_BYTES + length[0], length[1]);
    p->block = number;
    p->column = p->why ? -1 : (*rows)++;
    remember(ix, p);
    return bytes;
}

static fv_status read_table(fvi_index *ix, const head *h, int64_t at, fv_error *err) {
    uint8_t *table = malloc((size_t)h->table + 1);
    if (!table) return fvi_fail(err, FV_NOMEM, "%s: no memory for %u bytes", ix->path, h->table);
    fv_status st = FV_OK;
    int32_t rows = 0;
    size_t used = 0;
    if (read_at(ix->fd, table, h->table, at))
        st = io_failed(ix, "read", err);
    else if (checksum(table, h->table) != h->table_sum)
        st = damaged(ix, at, err);
    for (uint32_t i = 0; i < h->photos && !st; i++) {
        size_t n = read_photo(ix, table + used, h->table - used, (int32_t)ix->blocks->len, &rows);
        used += n;
        if (!n) st = damaged(ix, at + (int64_t)used, err);
    }
    if (!st && (used != h->table || rows != (int32_t)h->rows)) st = damaged(ix, at, err);
    free(table);
    return st;
}

/* Whether the file's bytes from `at` on are all zero, and at most one block. A power failure can
 * leave this while a block is written: the file has its new size, but not its new contents. */
static int is_zero_end(const fvi_index *ix, int64_t at, int64_t size) {
    static const uint8_t zeros[4096];
    uint8_t found[sizeof zeros];
    if (size - at > (int64_t)sizeof(head) + TABLE_MAX + ix->units * unit_bytes(ROWS)) return 0;
    while (at < size) {
        size_t n = (size_t)MIN(size - at, (int64_t)sizeof found);
        if (read_at(ix->fd, found, n, at) || memcmp(found, zeros, n) != 0) return 0;
        at += (int64_t)n;
    }
    return 1;
}

/* Reads the block at ix->end and moves past it; *whole 0: there is none, or it is incomplete. */
static fv_status read_block(fvi_index *ix, int64_t size, int *whole, fv_error *err) {
    head h;
    const int64_t at = ix->end, left = size - at;
    *whole = 0;
    if (left < (int64_t)sizeof h) return FV_OK;
    if (read_at(ix->fd, &h, sizeof h, at)) return io_failed(ix, "read", err);
    if (h.mark != BLOCK_MARK || h.sum != checksum(&h, offsetof(head, sum)) || h.photos < 1 ||
        h.photos > PHOTOS_MAX || h.rows > h.photos || h.table > TABLE_MAX)
        return is_zero_end(ix, at, size) ? FV_OK : damaged(ix, at, err);
    int64_t bytes = (int64_t)sizeof h + h.table + ix->units * unit_bytes(h.rows);
    if (bytes > left) return FV_OK; /* was being written when the process ended */
    fv_status st = read_table(ix, &h, at + (int64_t)sizeof h, err);
    if (st) return st;
    block b = {at + (int64_t)sizeof h + h.table, (int32_t)h.rows, ix->rows};
    g_array_append_val(ix->blocks, b);
    ix->rows += h.rows;
    ix->end = at + bytes;
    *whole = 1;
    return FV_OK;
}

/* The file's first bytes for a key; free with g_free. */
static uint8_t *make_start(const char *key, size_t *size) {
    uint32_t number[2] = {ORDER, (uint32_t)strlen(key)};
    *size = 16 + 8 + strlen(key) + 4;
    uint8_t *start = g_malloc(*size);
    memcpy(start, MAGIC, 16);
    memcpy(start + 16, number, 8);
    memcpy(start + 24, key, number[1]);
    uint32_t sum = checksum(start, *size - 4);
    memcpy(start + *size - 4, &sum, 4);
    return start;
}

/* Checks that a file starts as an index of this key, or has no complete start yet (it is empty, cut
 * short, or all zeros). */
static fv_status check_start(fvi_index *ix, const char *key, int64_t size, fv_error *err) {
    size_t wanted, have;
    if (is_zero_end(ix, 0, size)) return FV_OK;
    uint8_t *start = make_start(key, &wanted), *found = g_malloc(wanted);
    have = (size_t)MIN(size, (int64_t)wanted);
    fv_status st = FV_OK;
    if (have && read_at(ix->fd, found, have, 0)) st = io_failed(ix, "read", err);
    if (!st && memcmp(start, found, have) != 0) {
        int ours = have >= 16 && !memcmp(found, MAGIC, 16);
        st = fvi_fail(err, FV_FORMAT,
                      ours ? "%s: is an index of another model, layer or input"
                           : "%s: is no index of photos; it is left as it is",
                      ix->path);
    }
    if (have == wanted) ix->end = (int64_t)wanted;
    g_free(start);
    g_free(found);
    return st;
}

static fv_status read_all(fvi_index *ix, const char *key, fv_error *err) {
    struct stat s;
    if (fstat(ix->fd, &s)) return io_failed(ix, "read", err);
    if (!S_ISREG(s.st_mode)) return fvi_fail(err, FV_IO, "%s: is not a file", ix->path);
    fv_status st = check_start(ix, key, (int64_t)s.st_size, err);
    for (int more = ix->end > 0; !st && more;) st = read_block(ix, (int64_t)s.st_size, &more, err);
    ix->n_written = ix->photos->len;
    return st;
}

/* Writes the start if the file has none, and cuts off an incomplete block. */
static fv_status begin(fvi_index *ix, const char *key, fv_error *err) {
    size_t size;
    if (!ix->locked) return FV_OK;
    if (!ix->end) {
        uint8_t *start = make_start(key, &size);
        int failed = write_at(ix->fd, start, size, 0);
        g_free(start);
        if (failed) return io_failed(ix, "written", err);
        ix->end = (int64_t)size;
    }
    if (ftruncate(ix->fd, (off_t)ix->end)) return io_failed(ix, "written", err);
    return FV_OK;
}

/* ---- opening -------------------------------------------------------------------------------- */

static fv_status open_file(fvi_index *ix, const char *path, fv_error *err) {
    if (!path) {
        FILE *file = tmpfile();
        ix->fd = file ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;
        int why = errno;
        if (file) fclose(file);
        errno = why;
        ix->locked = 1;
        return ix->fd < 0 ? io_failed(ix, "made", err) : FV_OK;
    }
    ix->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (ix->fd < 0) {
        ix->write_errno = errno;
        ix->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (ix->fd < 0) errno = ix->write_errno;
        return ix->fd < 0 ? io_failed(ix, "opened", err) : FV_OK;
    }
    ix->locked = !flock(ix->fd, LOCK_EX | LOCK_NB);
    if (!ix->locked) ix->write_errno = errno;
    return FV_OK;
}

fv_status fvi_index_open(const char *path, const char *key, int units, fvi_index **out,
                         fv_error *err) {
    if (units < 1 || units > FVI_UNITS_MAX || strlen(key) > KEY_MAX)
        return fvi_fail(err, FV_ARG, "an index of %d units; 1..%d can be measured", units,
                        FVI_UNITS_MAX);
    fvi_index *ix = g_new0(fvi_index, 1);
    ix->path = g_strdup(path ? path : "a temporary file");
    ix->fd = -1;
    ix->units = units;
    ix->blocks = g_array_new(FALSE, FALSE, sizeof(block));
    ix->photos = g_ptr_array_new_with_free_func(photo_free);
    ix->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    fv_status st = open_file(ix, path, err);
    if (!st) st = read_all(ix, key, err);
    if (!st) st = begin(ix, key, err);
    if (st)
        fvi_index_close(ix);
    else
        *out = ix;
    return st;
}

void fvi_index_finish(fvi_index *ix) {
    if (ix->locked && ix->fd >= 0) flock(ix->fd, LOCK_UN);
    ix->locked = 0;
    free(ix->responses);
    ix->responses = NULL;
    ix->room = 0;
}

void fvi_index_close(fvi_index *ix) {
    if (!ix) return;
    fvi_index_finish(ix);
    if (ix->fd >= 0) close(ix->fd);
    g_hash_table_destroy(ix->by_path);
    g_ptr_array_free(ix->photos, TRUE);
    g_array_free(ix->blocks, TRUE);
    g_free(ix->path);
    g_free(ix);
}

fv_status fvi_index_writable(const fvi_index *ix, fv_error *err) {
    if (ix->locked) return FV_OK;
    if (ix->write_errno == EWOULDBLOCK)
        return fvi_fail(
            err, FV_IO,
            "%s: another process is measuring photos into it; allowed: one at a time. Run "
            "it again when that has ended, or with another index or none",
            ix->path);
    errno = ix->write_errno;
    return io_failed(ix, "written", err);
}

const fvi_photo *fvi_index_find(const fvi_index *ix, const char *path, int64_t size,
                                int64_t mtime) {
    const fvi_photo *p = g_hash_table_lookup(ix->by_path, path);
    return p && p->size == size && p->mtime == mtime ? p : NULL;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Makes room for one more row. */
static fv_status grow(fvi_index *ix, fv_error *err) {
    if (ix->n_pending < ix->room) return FV_OK;
    int room = ix->room ? 2 * ix->room : 16;
    fvi_response *more =
        realloc(ix->responses, (size_t)room * (size_t)ix->units * sizeof *ix->responses);
    if (!more)
        return fvi_fail(err, FV_NOMEM, "no memory for %d photos of %d units", room, ix->units);
    ix->responses = more;
    ix->room = room;
    return FV_OK;
}

fv_status fvi_index_add(fvi_index *ix, const fvi_photo *photo, const fvi_response *responses,
                        fv_error *err) {
    fv_status st = FV_OK;
    if (responses) st = grow(ix, err);
    if (st) return st;
    fvi_photo *p = g_new0(fvi_photo, 1);
    *p = *photo;
    p->path = g_strdup(photo->path);
    p->why = responses ? NULL : g_strndup(photo->why, 1000);
    p->block = (int32_t)ix->blocks->len;
    p->column = responses ? ix->n_pending : -1;
    remember(ix, p);
    if (responses)
        memcpy(ix->responses + (int64_t)ix->n_pending++ * ix->units, responses,
               (size_t)ix->units * sizeof *responses);
    const int most = CLAMP(RESPONSES / ix->units, ROWS_LEAST, ROWS);
    const int full = ix->n_pending >= most || ix->photos->len - ix->n_written >= PHOTOS_MAX;
    return full ? fvi_index_flush(ix, err) : FV_OK;
}

static void put(GByteArray *to, const void *bytes, size_t n) {
    g_byte_array_append(to, bytes, (guint)n);
}

static void put_photo(GByteArray *to, const fvi_photo *p) {
    uint16_t length[2] = {(uint16_t)strlen(p->path), (uint16_t)(p->why ? strlen(p->why) : 0)};
    put(to, &p->size, 8);
    put(to, &p->mtime, 8);
    put(to, &p->height, 4);
    put(to, &p->width, 4);
    put(to, length, 4);
    put(to, p->path, length[0]);
    if (length[1]) put(to, p->why, length[1]);
}

/* Writes the pending responses of one unit in the file's layout. */
static void put_unit(const fvi_index *ix, int unit, uint8_t *to) {
    const int64_t rows = ix->n_pending;
    for (int64_t i = 0; i < rows; i++) {
        const fvi_response *a = ix->responses + i * ix->units + unit;
        memcpy(to + 4 * i, &a->max, 4);
        memcpy(to + 4 * (rows + i), &a->min, 4);
        memcpy(to + 4 * (2 * rows + i), &a->mean, 4);
        memcpy(to + 4 * (3 * rows + i), &a->at_max, 4);
        memcpy(to + 4 * (4 * rows + i), &a->at_min, 4);
    }
    uint32_t sum = checksum(to, (size_t)4 * FIELDS * (size_t)rows);
    memcpy(to + (int64_t)4 * FIELDS * rows, &sum, 4);
}

fv_status fvi_index_flush(fvi_index *ix, fv_error *err) {
    if (ix->photos->len == ix->n_written) return FV_OK;
    GByteArray *out = g_byte_array_new();
    head h = {.mark = BLOCK_MARK,
              .photos = ix->photos->len - ix->n_written,
              .rows = (uint32_t)ix->n_pending};
    put(out, &h, sizeof h);
    for (guint i = ix->n_written; i < ix->photos->len; i++) put_photo(out, ix->photos->pdata[i]);
    h.table = out->len - (uint32_t)sizeof h;
    h.table_sum = checksum(out->data + sizeof h, h.table);
    h.sum = checksum(&h, offsetof(head, sum));
    memcpy(out->data, &h, sizeof h);
    block b = {ix->end + out->len, (int32_t)h.rows, ix->rows};
    int64_t bytes = unit_bytes(h.rows), total = (int64_t)ix->units * bytes, end = b.at + total;
    fv_status st = FV_OK;
    uint8_t *responses = bytes ? malloc((size_t)total) : NULL;
    if (bytes && !responses) st = fvi_fail(err, FV_NOMEM, "no memory for an index's block");
    for (int u = 0; u < ix->units && responses; u++) put_unit(ix, u, responses + u * bytes);
    if (!st && (write_at(ix->fd, out->data, out->len, ix->end) ||
                write_at(ix->fd, responses, (size_t)total, b.at) || fdatasync(ix->fd)))
        st = io_failed(ix, "written", err);
    free(responses);
    g_byte_array_free(out, TRUE);
    if (st) return st;
    g_array_append_val(ix->blocks, b);
    ix->rows += h.rows;
    ix->end = end;
    ix->n_written = ix->photos->len;
    ix->n_pending = 0;
    return FV_OK;
}

/* ---- responses --------------------------------------------------------------------------------
 */

int64_t fvi_index_rows(const fvi_index *ix) { return ix->rows; }

int64_t fvi_index_row(const fvi_index *ix, const fvi_photo *photo) {
    return g_array_index(ix->blocks, block, photo->block).first + photo->column;
}

static void get_unit(const uint8_t *from, int64_t rows, fvi_response *out) {
    for (int64_t i = 0; i < rows; i++) {
        fvi_response *a = out + i;
        memcpy(&a->max, from + 4 * i, 4);
        memcpy(&a->min, from + 4 * (rows + i), 4);
        memcpy(&a->mean, from + 4 * (2 * rows + i), 4);
        memcpy(&a->at_max, from + 4 * (3 * rows + i), 4);
        memcpy(&a->at_min, from + 4 * (4 * rows + i), 4);
    }
}

fv_status fvi_index_read(fvi_index *ix, int unit, fvi_response *out, fv_error *err) {
    uint8_t room[4 * FIELDS * PHOTOS_MAX + 4];
    for (guint i = 0; i < ix->blocks->len; i++) {
        const block *b = &g_array_index(ix->blocks, block, i);
        const int64_t bytes = unit_bytes(b->rows), at = b->at + unit * bytes;
        uint32_t sum;
        if (!bytes) continue;
        if (read_at(ix->fd, room, (size_t)bytes, at)) return io_failed(ix, "read", err);
        memcpy(&sum, room + bytes - 4, 4);
        if (sum != checksum(room, (size_t)bytes - 4)) return damaged(ix, at, err);
        get_unit(room, b->rows, out + b->first);
    }
    return FV_OK;
}
