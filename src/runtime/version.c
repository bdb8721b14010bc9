/* SPDX-License-Identifier: Apache-2.0 */
/* version: the library's, from the public header, and those of the libraries it uses, as found at
 * run time. */
#include <glib.h>

#include "backend/backends.h"
#include "fovea/fovea.h"
#include "image/image.h"
#include "model/protobuf/version.h"

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

const char *fv_version(void) {
    return TEXT(FV_VERSION_MAJOR) "." TEXT(FV_VERSION_MINOR) "." TEXT(FV_VERSION_PATCH);
}

const char *fv_version_libraries(void) {
    static gsize once;
    static char text[256];
    if (g_once_init_enter(&once)) {
        g_snprintf(text, sizeof text, "%s, %s, %s, GLib %u.%u.%u", fvi_backend_processor->version(),
                   fvi_image_version(), fvi_protobuf_version(), glib_major_version,
                   glib_minor_version, glib_micro_version);
        g_once_init_leave(&once, 1);
    }
    return text;
}
