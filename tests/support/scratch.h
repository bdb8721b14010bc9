/* SPDX-License-Identifier: Apache-2.0 */
/* A folder, or a file, of one run of a test program: made by the setup of its group of tests,
 * removed by the teardown. */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <glib.h>
#include <glib/gstdio.h>

/* ---- a folder ---- */

static char *folder; /* its path */

static inline int folder_setup(void **state) {
    (void)state;
    folder = g_dir_make_tmp("fovea-test-XXXXXX", NULL);
    return folder ? 0 : -1;
}

/* Fails if a test left anything behind. */
static inline int folder_teardown(void **state) {
    (void)state;
    int left = g_rmdir(folder);
    g_free(folder);
    folder = NULL;
    return left;
}

/* The path of a name in the folder; g_free it. */
static inline char *in_folder(const char *name) { return g_build_filename(folder, name, NULL); }

/* ---- a file ---- */

static char *scratch; /* its path */

/* ending  of its name, ".npy" */
static inline int scratch_setup(const char *ending) {
    char *name = g_strconcat("fovea-test-XXXXXX", ending, NULL);
    int fd = g_file_open_tmp(name, &scratch, NULL);
    g_free(name);
    return g_close(fd, NULL) ? 0 : -1;
}

static inline int scratch_teardown(void **state) {
    (void)state;
    g_unlink(scratch);
    g_free(scratch);
    scratch = NULL;
    return 0;
}

#endif
