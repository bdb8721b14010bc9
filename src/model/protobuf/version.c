/* SPDX-License-Identifier: Apache-2.0 */
/* The version of protobuf-c that this program runs with. */
#include "model/protobuf/version.h"

#include <glib.h>
#include <protobuf-c/protobuf-c.h>

const char *fvi_protobuf_version(void) {
    static gsize once;
    static char text[64];
    if (g_once_init_enter(&once)) {
        g_snprintf(text, sizeof text, "protobuf-c %s", protobuf_c_version());
        g_once_init_leave(&once, 1);
    }
    return text;
}
