/* SPDX-License-Identifier: Apache-2.0 */
/* The session a command computes with, and who watches it. */
#ifndef FOVEA_CLI_SESSIONS_H
#define FOVEA_CLI_SESSIONS_H

#include <glib.h>

#include "command.h"
#include "progress.h"

/* One a command. */
typedef struct cli_session {
    fv_session *session;
    fv_session **others; /* [other_count] on the other devices of --device, for fv_render_many */
    int other_count;
    fv_monitor *monitor;
    cli_progress progress; /* shown between cli_progress_start and cli_progress_stop */
    const cli_args *args;
    GHashTable *noted; /* texts of the notes that were printed */
} cli_session;

/* Opens a session as the command line says it: --device, --threads, --on-nan. Its calls report to
 * out->progress; what they note (inputs that nobody gave, values that are not finite and were kept)
 * is printed when they note it, each text once.
 *   out      must stay where it is; to be closed with cli_session_close, also on failure
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_session_open(const cli_args *args, const fv_model *model, const cli_model_args *how,
                     cli_session *out);
/* The same; without --device and $FOVEA_DEVICE as with --device auto, which pays where one program
 * is run for hundreds of updates. */
int cli_session_open_for_pictures(const cli_args *args, const fv_model *model,
                                  const cli_model_args *how, cli_session *out);
void cli_session_close(cli_session *s);

#endif
