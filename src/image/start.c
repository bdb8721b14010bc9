/* SPDX-License-Identifier: Apache-2.0 */
/* Starting libvips, and converting its errors.
 *
 * libvips has state for the whole process. If it was not started yet, it is started with one worker
 * a pipeline (our callers have their own threads), without a cache of operations (every picture is
 * read once), and without printing warnings (the library never prints). A program that has started
 * libvips itself keeps its own settings.
 */
#include "image/image.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "image/private.h"

static void log_nothing(const gchar *domain, GLogLevelFlags level, const gchar *text,
                        gpointer user) {
    (void)domain, (void)level, (void)text, (void)user;
}

/* Returns non-NULL when libvips runs. */
static gpointer start_vips(gpointer unused) {
    (void)unused;
    int started_by_others = g_type_from_name("VipsObject") != 0;
    if (!started_by_others) /* before starting: that may warn of extensions it cannot load */
        g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG,
                          log_nothing, NULL);
    if (VIPS_INIT("fovea")) return NULL;
    if (!started_by_others) {
        vips_concurrency_set(1);
        vips_cache_set_max(0);
    }
    return (gpointer) "libvips";
}

fv_status fvi_image_start(fv_error *err) {
    static GOnce once = G_ONCE_INIT;
    if (g_once(&once, start_vips, NULL)) return FV_OK;
    return fvi_vips_fail(err, FV_BACKEND, "libvips", "cannot be started");
}

static gpointer version_text(gpointer unused) {
    static char text[40];
    (void)unused;
    snprintf(text, sizeof text, "libvips %d.%d.%d", vips_version(0), vips_version(1),
             vips_version(2));
    return text;
}

const char *fvi_image_version(void) {
    static GOnce once = G_ONCE_INIT;
    return g_once(&once, version_text, NULL);
}

fv_status fvi_vips_fail(fv_error *err, fv_status status, const char *subject, const char *what) {
    char *reason = vips_error_buffer_copy(), *saved = NULL;
    char *line = reason ? strtok_r(reason, "\n", &saved) : NULL; /* the first is the cause */
    fvi_fail(err, status, "%s%s%s%s%s", subject, what ? ": " : "", what ? what : "",
             line ? ": " : "", line ? line : "");
    g_free(reason);
    return status;
}

int fvi_vips_step(VipsImage **at, int failed, VipsImage **next) {
    if (failed) return -1;
    g_object_unref(*at);
    *at = *next;
    return 0;
}
