/* SPDX-License-Identifier: Apache-2.0 */
/* One scan of a folder for the commands: where the index is, progress, Ctrl-C, and the names of the
 * files that cannot be read.
 */
#include "examples.h"

#include <glib.h>

#include "report.h"

/* Where what was measured is kept, or NULL; caller frees. */
static char *index_folder(const cli_index_args *index) {
    if (index->none) return NULL;
    if (index->folder) return g_strdup(index->folder);
    return g_build_filename(g_get_user_cache_dir(), "fovea", "examples", NULL);
}

static void name_skipped(const cli_args *args, const fv_examples *e) {
    const int skipped = fv_examples_skipped_count(e);
    for (int i = 0; i < skipped; i++) cli_note(args, "left out: %s", fv_examples_skipped(e, i));
    if (skipped)
        cli_note(args, "%d of %d photos %s left out", skipped, skipped + fv_examples_photo_count(e),
                 skipped == 1 ? "is" : "are");
}

_Noreturn void cli_examples_die(const cli_index_args *index, const cli_progress *progress,
                                const char *what) {
    char *text = g_strconcat(what,
                             index->none ? "; nothing is kept for later"
                                         : "; what was measured is kept: the same command goes on "
                                           "from there",
                             NULL);
    cli_progress_die(progress, text);
}

int cli_examples_scan(const cli_args *args, const cli_index_args *kept, cli_session *session,
                      const cli_objectives *units, const char *folder, fv_examples **out,
                      double *seconds) {
    char *index = index_folder(kept);
    cli_progress *progress = &session->progress;
    fv_error err = {0};
    cli_progress_start(progress, args, "photos", FV_MONITOR_STOP);
    fv_status st =
        fv_examples_scan(session->session, (const fv_objective *const *)units->list, units->count,
                         folder, FV_DESC(fv_examples_desc, .index = index), out, &err);
    *seconds = cli_progress_stop(progress);
    g_free(index);
    if (cli_progress_interrupted(st)) cli_examples_die(kept, progress, "nothing is shown");
    if (st) return cli_fail_error(&err);
    name_skipped(args, *out);
    return CLI_DONE;
}
