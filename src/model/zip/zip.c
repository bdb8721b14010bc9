/* SPDX-License-Identifier: Apache-2.0 */
/* Zip archives by libzip, out of memory. Nothing is written to disk, so that names of members
 * ("../x") do no harm; a member's size is checked before it is unpacked (a small archive may claim,
 * or hold, terabytes). What no program that saves networks writes is refused all the same when the
 * first member is read: such names, and members that share bytes. What it does not do: passwords.
 *
 * Where a member lies libzip does not tell: the archive's directory is read here, once, in
 * libzip's order. Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16, 4.5.3. */
#include "model/zip/zip.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/error.h"

/* What the members of an archive may unpack to in all: weights, which are noise, shrink by a few
 * percent, and text by 10 to 20 times. */
#define UNPACKED_TIMES 64
#define UNPACKED_MORE  (64 << 20)

struct fvi_zip {
    zip_t *archive;
    const uint8_t *bytes;
    size_t size;
    uint64_t *offsets; /* [count] of the members' headers; NULL: not read yet, or not readable */
    int directory_read;
    int checked;       /* nothing speaks against its names and where its members lie */
    uint64_t unpacked; /* bytes so far */
};

static fv_status fail(zip_error_t *e, const char *what, fv_error *err) {
    const fv_status st = zip_error_code_zip(e) == ZIP_ER_MEMORY ? FV_NOMEM : FV_FORMAT;
    return fvi_fail(err, st, "%s: %s", what, zip_error_strerror(e));
}

fv_status fvi_zip_open(const uint8_t *bytes, size_t size, fvi_zip **out, fv_error *err) {
    zip_error_t e;
    fv_status st = FV_OK;
    fvi_zip *z = calloc(1, sizeof *z);
    if (!z) return fvi_fail(err, FV_NOMEM, "no memory to open it");
    z->bytes = bytes;
    z->size = size;
    zip_error_init(&e);
    zip_source_t *source = zip_source_buffer_create(bytes, size, 0, &e);
    if (source) z->archive = zip_open_from_source(source, ZIP_RDONLY, &e);
    if (!z->archive) {
        st = fail(&e, "a damaged zip archive", err);
        if (source) zip_source_free(source);
        free(z);
    } else {
        *out = z;
    }
    zip_error_fini(&e);
    return st;
}

void fvi_zip_close(fvi_zip *z) {
    if (!z) return;
    zip_discard(z->archive);
    free(z->offsets);
    free(z);
}

int fvi_zip_probe(const uint8_t *bytes, size_t size, const char *name) {
    fvi_zip *z = NULL;
    if (size < 4 || memcmp(bytes, "PK\3\4", 4) || fvi_zip_open(bytes, size, &z, NULL)) return 0;
    const int found = zip_name_locate(z->archive, name, 0) >= 0;
    fvi_zip_close(z);
    return found;
}

int64_t fvi_zip_count(const fvi_zip *z) { return zip_get_num_entries(z->archive, 0); }

const char *fvi_zip_name(const fvi_zip *z, int64_t i) {
    return zip_get_name(z->archive, (zip_uint64_t)i, 0);
}

const char *fvi_zip_find(const fvi_zip *z, const char *name) {
    const size_t n = strlen(name);
    for (int64_t i = 0; i < fvi_zip_count(z); i++) {
        const char *own = fvi_zip_name(z, i);
        const size_t k = own ? strlen(own) : 0;
        if (k == n && !strcmp(own, name)) return own;
        if (k > n && own[k - n - 1] == '/' && !strcmp(own + k - n, name)) return own;
    }
    return NULL;
}

/* ---- the directory -------------------------------------------------------------------------- */

#define END_BYTES     22 /* of the record at the end, without its comment */
#define COMMENT_MAX   65535
#define LOCATOR_BYTES 20
#define END64_BYTES   56
#define ENTRY_BYTES   46 /* of the directory, without name, extra and comment */
#define HEADER_BYTES  30 /* before a member's name */

static uint64_t little(const uint8_t *p, int bytes) {
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--) v = v << 8 | p[i];
    return v;
}

/* `bytes` at an offset that begin with that signature; NULL: there are none. */
static const uint8_t *record(const fvi_zip *z, uint64_t at, size_t bytes, const char *signature) {
    if (at > z->size || z->size - at < bytes) return NULL;
    return memcmp(z->bytes + at, signature, 4) ? NULL : z->bytes + at;
}

/* Where the directory begins; 0: it is not found. */
static int find_directory(const fvi_zip *z, uint64_t *start) {
    const uint8_t *end = NULL;
    for (size_t back = END_BYTES; !end && back <= END_BYTES + COMMENT_MAX && back <= z->size;
         back++)
        end = record(z, z->size - back, END_BYTES, "PK\5\6");
    if (!end) return 0;
    *start = little(end + 16, 4);
    if (*start != 0xffffffffu) return 1;
    const uint64_t at = (uint64_t)(end - z->bytes);
    const uint8_t *locator =
        at < LOCATOR_BYTES ? NULL : record(z, at - LOCATOR_BYTES, LOCATOR_BYTES, "PK\6\7");
    const uint8_t *end64 =
        locator ? record(z, little(locator + 8, 8), END64_BYTES, "PK\6\6") : NULL;
    if (end64) *start = little(end64 + 48, 8);
    return end64 != NULL;
}

/* The offset of a member's header, out of its entry: in the extra field where 32 bits are too few.
 * There the two sizes come first, if they are too large too. */
static uint64_t header_offset(const uint8_t *entry, const uint8_t *extra, size_t n) {
    const uint64_t offset = little(entry + 42, 4);
    if (offset != 0xffffffffu) return offset;
    const size_t before = 8 * ((little(entry + 24, 4) == 0xffffffffu) +
                               (size_t)(little(entry + 20, 4) == 0xffffffffu));
    for (size_t at = 0; at + 4 <= n;) {
        const size_t own = (size_t)little(extra + at + 2, 2);
        if (own > n - at - 4) break;
        if (little(extra + at, 2) == 1 && own >= before + 8)
            return little(extra + at + 4 + before, 8);
        at += 4 + own;
    }
    return UINT64_MAX;
}

static void read_directory(fvi_zip *z) {
    const int64_t count = fvi_zip_count(z);
    uint64_t at;
    if (z->directory_read) return;
    z->directory_read = 1;
    if (count < 1 || !find_directory(z, &at)) return;
    uint64_t *offsets = calloc((size_t)count, sizeof *offsets);
    for (int64_t i = 0; offsets && i < count; i++) {
        const uint8_t *entry = record(z, at, ENTRY_BYTES, "PK\1\2");
        const uint64_t name = entry ? little(entry + 28, 2) : 0;
        const uint64_t extra = entry ? little(entry + 30, 2) : 0;
        if (!entry || z->size - at - ENTRY_BYTES < name + extra) {
            free(offsets);
            return;
        }
        offsets[i] = header_offset(entry, entry + ENTRY_BYTES + name, (size_t)extra);
        at += ENTRY_BYTES + name + extra + little(entry + 32, 2);
    }
    z->offsets = offsets;
}

/* ---- what is refused ------------------------------------------------------------------------ */

typedef struct span {
    uint64_t from, to; /* of a member's header and bytes; at least so many */
    const char *name;
} span;

static int compare_spans(const void *a, const void *b) {
    const span *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

/* Whether a name leads out of the folder that an archive is unpacked into. */
static int leads_outside(const char *name) {
    const char *const ends = "/\\";
    if (name[0] && strchr(ends, name[0])) return 1;
    for (const char *part = name; part; part = strpbrk(part, ends)) {
        part += part != name; /* behind what ended the last one */
        if (!strncmp(part, "..", 2) && (!part[2] || strchr(ends, part[2]))) return 1;
    }
    return 0;
}

/* Fails where two members share bytes: a small archive unpacks to any size then. */
static fv_status check_spans(span *spans, int64_t count, fv_error *err) {
    qsort(spans, (size_t)count, sizeof *spans, compare_spans);
    for (int64_t i = 1; i < count; i++)
        if (spans[i].from < spans[i - 1].to)
            return fvi_fail(err, FV_FORMAT,
                            "a damaged zip archive: its members \"%s\" and \"%s\" share bytes",
                            spans[i - 1].name, spans[i].name);
    return FV_OK;
}

/* Fails for an archive that is no model's, whatever is read of it. */
static fv_status check(fvi_zip *z, fv_error *err) {
    const int64_t count = fvi_zip_count(z);
    if (z->checked || count < 1) return FV_OK;
    span *spans = calloc((size_t)count, sizeof *spans);
    if (!spans) return fvi_fail(err, FV_NOMEM, "no memory to look at its members");
    fv_status st = FV_OK;
    read_directory(z);
    for (int64_t i = 0; i < count && !st; i++) {
        zip_stat_t s;
        const char *name = fvi_zip_name(z, i);
        if (!name || leads_outside(name))
            st = fvi_fail(err, FV_FORMAT,
                          "its member \"%s\" has a name that leads outside of the archive",
                          name ? name : "");
        else if (z->offsets && !zip_stat_index(z->archive, (zip_uint64_t)i, 0, &s))
            spans[i] = (span){z->offsets[i], z->offsets[i] + HEADER_BYTES + strlen(name), name};
        if (spans[i].name && s.comp_size < UINT64_MAX - spans[i].to) spans[i].to += s.comp_size;
    }
    if (!st && z->offsets) st = check_spans(spans, count, err);
    free(spans);
    z->checked = !st;
    return st;
}

/* ---- members -------------------------------------------------------------------------------- */

/* Bytes that may still be unpacked. */
static uint64_t room_left(const fvi_zip *z) {
    const uint64_t most = (uint64_t)z->size * UNPACKED_TIMES + UNPACKED_MORE;
    return most > z->unpacked ? most - z->unpacked : 0;
}

/* Reads exactly `size` bytes. */
static fv_status unpack(zip_file_t *f, const char *name, uint8_t *to, size_t size, fv_error *err) {
    size_t done = 0;
    while (done < size) {
        const zip_int64_t n = zip_fread(f, to + done, size - done);
        if (n <= 0)
            return fvi_fail(err, FV_FORMAT, "its member \"%s\" is damaged: %zu of %zu bytes", name,
                            done, size);
        done += (size_t)n;
    }
    if (zip_fread(f, &(uint8_t){0}, 1) != 0) /* the checksum is compared at the end */
        return fvi_fail(err, FV_FORMAT, "its member \"%s\" is damaged: %s", name,
                        zip_error_strerror(zip_file_get_error(f)));
    return FV_OK;
}

fv_status fvi_zip_read(fvi_zip *z, const char *name, int64_t max_bytes, uint8_t **out, size_t *size,
                       fv_error *err) {
    zip_stat_t s;
    fv_status st = check(z, err);
    if (st) return st;
    if (zip_stat(z->archive, name, 0, &s) || !(s.valid & ZIP_STAT_SIZE))
        return fvi_fail(err, FV_NOTFOUND, "it has no member \"%s\"", name);
    if (s.size > (zip_uint64_t)max_bytes)
        return fvi_fail(err, FV_NOMEM, "its member \"%s\" has %llu bytes; at most %lld are read",
                        name, (unsigned long long)s.size, (long long)max_bytes);
    if (s.size > room_left(z))
        return fvi_fail(err, FV_NOMEM,
                        "its member \"%s\" unpacks to %llu bytes; allowed: %llu, which is %d times "
                        "the archive's size and %d MiB, less what was unpacked before",
                        name, (unsigned long long)s.size, (unsigned long long)room_left(z),
                        UNPACKED_TIMES, UNPACKED_MORE >> 20);
    zip_file_t *f = zip_fopen(z->archive, name, 0);
    if (!f) {
        const int e = zip_error_code_zip(zip_get_error(z->archive));
        return fvi_fail(err, e == ZIP_ER_MEMORY ? FV_NOMEM : FV_UNSUPPORTED,
                        "its member \"%s\" cannot be read: %s", name, zip_strerror(z->archive));
    }
    uint8_t *bytes = malloc((size_t)s.size + 1);
    st = bytes ? unpack(f, name, bytes, (size_t)s.size, err)
               : fvi_fail(err, FV_NOMEM, "no memory for its member \"%s\"", name);
    zip_fclose(f);
    if (st) {
        free(bytes);
        return st;
    }
    z->unpacked += s.size;
    *out = bytes;
    *size = (size_t)s.size;
    return FV_OK;
}

int fvi_zip_stored(fvi_zip *z, const char *name, const uint8_t **out, size_t *size) {
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    const zip_int64_t i = zip_name_locate(z->archive, name, 0);
    zip_stat_t s;
    if (i < 0 || zip_stat_index(z->archive, (zip_uint64_t)i, 0, &s)) return 0;
    if ((s.valid & needed) != needed || s.comp_method != ZIP_CM_STORE ||
        s.encryption_method != ZIP_EM_NONE)
        return 0;
    read_directory(z);
    const uint8_t *header = z->offsets ? record(z, z->offsets[i], HEADER_BYTES, "PK\3\4") : NULL;
    if (!header) return 0;
    const uint64_t length = strlen(name), room = z->size - z->offsets[i] - HEADER_BYTES;
    const uint64_t before = little(header + 26, 2) + little(header + 28, 2);
    if (little(header + 26, 2) != length || before > room || s.size > room - before) return 0;
    if (memcmp(header + HEADER_BYTES, name, length) != 0) return 0;
    *out = header + HEADER_BYTES + before;
    *size = (size_t)s.size;
    return 1;
}
