/* SPDX-License-Identifier: Apache-2.0 */
/* Files a model names: external weights, a list of labels.
 *
 * A model may come from anywhere, so it must not choose which files of this machine are read. The
 * location must be a relative path without "..", and the file it leads to, with all symbolic links
 * followed, must be in the model's folder.
 */
#include "model/sibling_file.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static int location_allowed(const char *location) {
    if (!location[0] || g_path_is_absolute(location) || strchr(location, '\\')) return 0;
    char **parts = g_strsplit(location, "/", -1);
    int allowed = 1;
    for (char **p = parts; *p; p++) allowed &= strcmp(*p, "..") != 0;
    g_strfreev(parts);
    return allowed;
}

/* Whether `real` is under `folder`; both are real paths. */
static int lies_in(const char *real, const char *folder) {
    size_t n = strlen(folder);
    while (n && folder[n - 1] == '/') n--; /* of the root folder */
    return !strncmp(real, folder, n) && real[n] == '/';
}

fv_status fvi_sibling_path(const char *path, const char *location, char **real, fv_error *err) {
    if (!location_allowed(location))
        return fvi_fail(err, FV_FORMAT,
                        "\"%s\" is not a path inside the model's folder; allowed: a file there, "
                        "without \"..\"",
                        location);
    fv_status st = FV_OK;
    char *folder = g_path_get_dirname(path);
    char *joined = g_build_filename(folder, location, NULL);
    char *real_folder = realpath(folder, NULL), *found = realpath(joined, NULL);
    if (!real_folder || !found)
        st = fvi_fail(err, FV_IO, "the file \"%s\" is not there", location);
    else if (!lies_in(found, real_folder))
        st = fvi_fail(err, FV_FORMAT, "the file \"%s\" lies outside the model's folder", location);
    else
        *real = g_strdup(found);
    free(found);
    free(real_folder);
    g_free(joined);
    g_free(folder);
    return st;
}
