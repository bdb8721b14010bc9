/* SPDX-License-Identifier: Apache-2.0 */
/* NPY files: the array format of numpy, versions 1.0, 2.0 and 3.0.
 *
 *   "\x93NUMPY" major minor  header length (2 bytes, from version 2 on 4)  header  elements
 *
 * The header is a Python dictionary written out: {'descr': '<f4', 'fortran_order': False,
 * 'shape': (3, 4), }. It is read by a small parser for exactly these three keys, and not trusted:
 * the elements must be in the file before memory is allocated, so a file causes an allocation of at
 * most four times its size. Bytes after the last element are ignored, as numpy does. Integers that
 * f32 does not hold are refused: they are ids, not measurements. What it does
 * not read: complex numbers, long doubles, strings, dates, structures, objects. Source:
 * numpy.lib.format's documentation.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/array/elements.h"
#include "base/error.h"
#include "base/file.h"
#include "base/array/npy.h"
#include "base/tensor.h"

_Static_assert(G_BYTE_ORDER == G_LITTLE_ENDIAN,
               "tensors are written with the bytes they have in memory");

static const uint8_t npy_magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

enum { NPY_DESCR_MAX = 16 };

typedef struct npy_header {
    fvi_elements type;
    int fortran; /* 1: the first index runs fastest */
    fvi_shape shape;
    size_t data; /* offset of the first element */
} npy_header;

/* ---- the header's text ---- */

typedef struct npy_text {
    const char *at, *end;
} npy_text;

/* Skips white space, then `c` if it follows: returns 1, else 0. */
static int text_take(npy_text *t, char c) {
    while (t->at < t->end && g_ascii_isspace(*t->at)) t->at++;
    if (t->at >= t->end || *t->at != c) return 0;
    t->at++;
    return 1;
}

/* Reads a string in either kind of quotes into `to`; 0, or -1 if there is none or it is too long.
 */
static int text_string(npy_text *t, char *to, size_t room) {
    char quote = text_take(t, '\'') ? '\'' : text_take(t, '"') ? '"' : 0;
    if (!quote) return -1;
    size_t n = 0;
    while (t->at < t->end && *t->at != quote) {
        if (*t->at == '\\' || n + 1 >= room) return -1;
        to[n++] = *t->at++;
    }
    to[n] = 0;
    return text_take(t, quote) ? 0 : -1;
}

/* Reads a non-negative integer (Python 2 wrote an L after it); 0, or -1. */
static int text_integer(npy_text *t, int64_t *out) {
    int64_t v = 0;
    int digits = 0;
    while (t->at < t->end && g_ascii_isspace(*t->at)) t->at++;
    while (t->at < t->end && g_ascii_isdigit(*t->at)) {
        if (fvi_mul(v, 10, &v) || fvi_add(v, *t->at - '0', &v)) return -1;
        t->at++;
        digits = 1;
    }
    if (!digits) return -1;
    if (t->at < t->end && *t->at == 'L') t->at++;
    *out = v;
    return 0;
}

/* Reads `True` or `False`; 0, or -1. */
static int text_boolean(npy_text *t, int *out) {
    while (t->at < t->end && g_ascii_isspace(*t->at)) t->at++;
    size_t left = (size_t)(t->end - t->at);
    *out = left >= 4 && !memcmp(t->at, "True", 4);
    if (!*out && !(left >= 5 && !memcmp(t->at, "False", 5))) return -1;
    t->at += *out ? 4 : 5;
    return 0;
}

/* Reads `()`, `(3,)` or `(3, 4)`. */
static fv_status text_shape(npy_text *t, fvi_shape *s, fv_error *err) {
    if (!text_take(t, '(')) return fvi_fail(err, FV_FORMAT, "'shape' in its header is no tuple");
    s->ndim = 0;
    while (!text_take(t, ')')) {
        int64_t d;
        if (s->ndim == FVI_MAX_DIMS)
            return fvi_fail(err, FV_FORMAT, "has more than %d dimensions", FVI_MAX_DIMS);
        if (text_integer(t, &d))
            return fvi_fail(err, FV_FORMAT, "dimension %d of 'shape' in its header is no size",
                            s->ndim);
        s->dim[s->ndim++] = d;
        if (!text_take(t, ',') && !(t->at < t->end && *t->at == ')'))
            return fvi_fail(err, FV_FORMAT, "'shape' in its header is not closed");
    }
    return FV_OK;
}

/* Reads "<f4", "|u1", ... into the header's kind, size and byte order. */
static fv_status header_descr(npy_header *h, const char *descr, fv_error *err) {
    static const char *const known[] = {"f2", "f4", "f8", "i1", "i2", "i4",
                                        "i8", "u1", "u2", "u4", "u8", "b1"};
    const char *type = descr[0] && strchr("<>|=", descr[0]) ? descr + 1 : descr;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (strcmp(type, known[i]) != 0) continue;
        h->type = (fvi_elements){type[0], type[1] - '0', descr[0] == '>'};
        return FV_OK;
    }
    return fvi_fail(err, FV_FORMAT,
                    "has elements of dtype '%s'; read are f2 f4 f8 i1..i8 u1..u8 b1", descr);
}

/* Reads one `'key': value` of the dictionary; `seen` has a bit a key. */
static fv_status header_entry(npy_header *h, npy_text *t, unsigned *seen, fv_error *err) {
    char key[32], descr[NPY_DESCR_MAX];
    if (text_string(t, key, sizeof key) || !text_take(t, ':'))
        return fvi_fail(err, FV_FORMAT, "its header is not a dictionary of numpy's");
    if (!strcmp(key, "descr")) {
        *seen |= 1;
        if (text_string(t, descr, sizeof descr))
            return fvi_fail(err, FV_FORMAT,
                            "has structured elements; read are f2 f4 f8 i1..i8 u1..u8 b1");
        return header_descr(h, descr, err);
    }
    if (!strcmp(key, "fortran_order")) {
        *seen |= 2;
        if (text_boolean(t, &h->fortran))
            return fvi_fail(err, FV_FORMAT,
                            "'fortran_order' in its header is neither True nor False");
        return FV_OK;
    }
    if (!strcmp(key, "shape")) {
        *seen |= 4;
        return text_shape(t, &h->shape, err);
    }
    return fvi_fail(err, FV_FORMAT, "its header has an unknown key '%s'", key);
}

static fv_status header_dictionary(npy_header *h, npy_text *t, fv_error *err) {
    unsigned seen = 0;
    if (!text_take(t, '{'))
        return fvi_fail(err, FV_FORMAT, "its header is not a dictionary of numpy's");
    while (!text_take(t, '}')) {
        fv_status st = header_entry(h, t, &seen, err);
        if (st) return st;
        if (!text_take(t, ',') && !(t->at < t->end && *t->at == '}'))
            return fvi_fail(err, FV_FORMAT, "its header is not closed");
    }
    if (seen != 7)
        return fvi_fail(err, FV_FORMAT, "its header lacks '%s'",
                        !(seen & 1)   ? "descr"
                        : !(seen & 2) ? "fortran_order"
                                      : "shape");
    return FV_OK;
}

int fvi_npy_probe(const uint8_t *bytes, size_t size) {
    return size >= 10 && !memcmp(bytes, npy_magic, sizeof npy_magic);
}

/* Reads everything before the elements and checks that the elements are there. */
static fv_status header_read(const uint8_t *b, size_t size, npy_header *h, fv_error *err) {
    if (!fvi_npy_probe(b, size)) return fvi_fail(err, FV_FORMAT, "is not an NPY file");
    if (b[6] < 1 || b[6] > 3 || b[7] != 0)
        return fvi_fail(err, FV_FORMAT, "is of NPY version %d.%d; read are 1.0, 2.0 and 3.0", b[6],
                        b[7]);
    size_t start = b[6] == 1 ? 10 : 12, n = b[8] | (size_t)b[9] << 8;
    if (start == 12 && size >= 12) n |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (size < start || size - start < n)
        return fvi_fail(err, FV_FORMAT, "is cut short inside its header");
    npy_text t = {.at = (const char *)b + start, .end = (const char *)b + start + n};
    fv_status st = header_dictionary(h, &t, err);
    if (st) return st;
    h->data = start + n;

    char text[FVI_SHAPE_TEXT];
    int64_t count = fvi_shape_count(&h->shape);
    if (count < 0)
        return fvi_fail(err, FV_FORMAT, "its header says %s; at most %lld elements are read",
                        fvi_shape_text(&h->shape, text), (long long)FVI_MAX_ELEMENTS);
    int64_t need = count * h->type.size, have = (int64_t)(size - h->data);
    if (need > have)
        return fvi_fail(
            err, FV_FORMAT, "is cut short: %s elements of %d bytes need %lld bytes, it has %lld",
            fvi_shape_text(&h->shape, text), h->type.size, (long long)need, (long long)have);
    return FV_OK;
}

/* ---- the elements ---- */

/* Converts all elements into row-major order; returns how many integers were rounded. */
static int64_t convert_all(const npy_header *h, const uint8_t *src, float *dst) {
    const fvi_shape *s = &h->shape;
    int64_t n = fvi_shape_count(s);
    if (!h->fortran || s->ndim < 2 || n == 0)
        return fvi_elements_read(&h->type, src, h->type.size, n, dst);
    int64_t stride[FVI_MAX_DIMS], index[FVI_MAX_DIMS] = {0}, offset = 0; /* bytes in the file */
    int64_t rounded = 0;
    for (int i = 0; i < s->ndim; i++)
        stride[i] = i ? stride[i - 1] * s->dim[i - 1] : (int64_t)h->type.size;
    int last = s->ndim - 1;
    for (int64_t done = 0; done < n; done += s->dim[last]) {
        rounded +=
            fvi_elements_read(&h->type, src + offset, stride[last], s->dim[last], dst + done);
        for (int i = last - 1; i >= 0; i--) {
            offset += stride[i];
            if (++index[i] < s->dim[i]) break;
            offset -= stride[i] * s->dim[i];
            index[i] = 0;
        }
    }
    return rounded;
}

fv_status fvi_npy_read(const uint8_t *bytes, size_t size, fv_tensor **out, fv_error *err) {
    npy_header h = {0};
    fv_tensor *t = NULL;
    fv_status st = header_read(bytes, size, &h, err);
    if (!st) st = fvi_tensor_new(&h.shape, &t, err);
    if (!st) st = fvi_elements_exact(convert_all(&h, bytes + h.data, t->data), err);
    if (st) {
        fv_tensor_free(t);
        return st;
    }
    *out = t;
    return FV_OK;
}

fv_status fv_tensor_save(const fv_tensor *tensor, const char *path, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, tensor, path);
    if (!st) st = fvi_tensor_check(tensor, "the tensor to save", err);
    if (st) return st;
    fvi_shape s = fvi_tensor_shape(tensor);
    int64_t count = fvi_shape_count(&s);
    uint8_t head[320] = {0}; /* 10 + 56 + 8 * 21 + padding to a multiple of 64 */
    char *text = (char *)head + 10;
    size_t room = sizeof head - 10;
    int n = snprintf(text, room, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int i = 0; i < s.ndim; i++)
        n += snprintf(text + n, room - (size_t)n,
                      s.ndim == 1 ? "%lld,"
                      : i         ? ", %lld"
                                  : "%lld",
                      (long long)s.dim[i]);
    n += snprintf(text + n, room - (size_t)n, "), }");
    size_t size = ((size_t)n + 1 + 10 + 63) / 64 * 64;
    memset(text + n, ' ', size - 10 - (size_t)n);
    head[size - 1] = '\n';
    memcpy(head, npy_magic, sizeof npy_magic);
    head[6] = 1;
    head[8] = (uint8_t)(size - 10);
    head[9] = (uint8_t)((size - 10) >> 8);
    fvi_bytes_range parts[2] = {{head, size}, {tensor->data, (size_t)count * sizeof(float)}};
    return fvi_file_write(path, parts, 2, err);
}
