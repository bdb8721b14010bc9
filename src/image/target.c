/* SPDX-License-Identifier: Apache-2.0 */
/* target: growing memory into which encoders write a file, with an error when it cannot grow.
 * libvips' own memory target is a GLib string, which aborts the process then, and an encoded
 * picture may be large. What it does not do: reading and seeking, which the TIFF encoder needs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/private.h"

#define LEAST 65536

/* The handler of "write": all bytes or, without memory, an error. */
static gint64 append(VipsTargetCustom *target, const void *bytes, gint64 length, void *user) {
    fvi_encoded *e = user;
    (void)target;
    size_t n = (size_t)length;
    if (n > e->room - e->size) {
        size_t room = e->size + n < LEAST ? LEAST : 2 * (e->size + n);
        void *more = n > SIZE_MAX / 4 - e->size ? NULL : realloc(e->bytes, room);
        if (!more) {
            e->failed = 1;
            return -1;
        }
        e->bytes = more;
        e->room = room;
    }
    memcpy((char *)e->bytes + e->size, bytes, n);
    e->size += n;
    return length;
}

VipsTarget *fvi_encoded_target(fvi_encoded *e) {
    VipsTargetCustom *target = vips_target_custom_new();
    g_signal_connect(target, "write", G_CALLBACK(append), e);
    return VIPS_TARGET(target);
}

fv_status fvi_encoded_fail(const fvi_encoded *e, const char *path, fv_error *err) {
    if (!e->failed) return fvi_vips_fail(err, FV_IO, path, "cannot be encoded");
    vips_error_clear();
    return fvi_fail(err, FV_NOMEM, "%s: no memory for the encoded picture", path);
}
