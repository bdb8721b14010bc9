/* SPDX-License-Identifier: Apache-2.0 */
/* Zip archives by libzip, out of memory. Nothing is written to disk, so that names of members
 * ("../x") do no harm; a member's size is checked before it is unpacked (a small archive may claim,
 * or hold, terabytes). What it does not do: passwords. */
#include "model/zip/zip.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/error.h"

struct fvi_zip {
    zip_t *archive;
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
    if (zip_stat(z->archive, name, 0, &s) || !(s.valid & ZIP_STAT_SIZE))
        return fvi_fail(err, FV_NOTFOUND, "it has no member \"%s\"", name);
    if (s.size > (zip_uint64_t)max_bytes)
        return fvi_fail(err, FV_NOMEM, "its member \"%s\" has %llu bytes; at most %lld are read",
                        name, (unsigned long long)s.size, (long long)max_bytes);
    zip_file_t *f = zip_fopen(z->archive, name, 0);
    if (!f) {
        const int e = zip_error_code_zip(zip_get_error(z->archive));
        return fvi_fail(err, e == ZIP_ER_MEMORY ? FV_NOMEM : FV_UNSUPPORTED,
                        "its member \"%s\" cannot be read: %s", name, zip_strerror(z->archive));
    }
    uint8_t *bytes = malloc((size_t)s.size + 1);
    fv_status st = bytes ? unpack(f, name, bytes, (size_t)s.size, err)
                         : fvi_fail(err, FV_NOMEM, "no memory for its member \"%s\"", name);
    zip_fclose(f);
    if (st) {
        free(bytes);
        return st;
    }
    *out = bytes;
    *size = (size_t)s.size;
    return FV_OK;
}
