/* SPDX-License-Identifier: Apache-2.0 */
/* version: which libraries this one stands on, as found at run time. */
#include <glib.h>

#include "backend/backends.h"
#include "fovea/fovea.h"
#include "image/image.h"
#include "model/protobuf/version.h"

const char *fv_version_libraries(void) {
    static gsize once;
    static char text[256];
    if (g_once_init_enter(&once)) {
        g_snprintf(text, sizeof text, "%s, %s, %s, GLib %u.%u.%u", fvi_backends_at(0)->version(),
                   fvi_image_version(), fvi_protobuf_version(), glib_major_version,
                   glib_minor_version, glib_micro_version);
        g_once_init_leave(&once, 1);
    }
    return text;
}
