/* SPDX-License-Identifier: Apache-2.0 */
/* The session a command computes with: made of its options, watched by its progress. */
#include "sessions.h"

#include "report.h"

int cli_session_open(const fv_model *model, const cli_model_args *how, cli_session *out) {
    const fv_session_desc desc = {
        .struct_size = sizeof desc, .threads = how->threads, .on_nan = (fv_on_nan)how->on_nan};
    fv_error err = {0};
    *out = (cli_session){0};
    fv_status st = fv_session_new(model, &desc, &out->session, &err);
    if (!st) st = fv_monitor_new(cli_progress_step, NULL, &out->progress, &out->monitor, &err);
    if (!st) st = fv_session_set_monitor(out->session, out->monitor, &err);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

void cli_session_close(cli_session *s) {
    fv_session_free(s->session);
    fv_monitor_free(s->monitor);
    *s = (cli_session){0};
}
