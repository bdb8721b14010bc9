/* SPDX-License-Identifier: Apache-2.0 */
/* The session a command computes with: made of its options, watched by its progress. */
#include "sessions.h"

#include <glib.h>

#include "report.h"

static int step(void *user, const fv_progress *now) {
    return cli_progress_step(&((cli_session *)user)->progress, now);
}

static void keep_note(void *user, const char *text) {
    cli_session *s = user;
    if (!*s->note) g_strlcpy(s->note, text, sizeof s->note);
}

int cli_session_open(const fv_model *model, const cli_model_args *how, cli_session *out) {
    const fv_session_desc desc = {
        .struct_size = sizeof desc, .threads = how->threads, .on_nan = (fv_on_nan)how->on_nan};
    fv_error err = {0};
    *out = (cli_session){0};
    fv_status st = fv_session_new(model, &desc, &out->session, &err);
    if (!st) st = fv_monitor_new(step, keep_note, out, &out->monitor, &err);
    if (!st) st = fv_session_set_monitor(out->session, out->monitor, &err);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

void cli_session_close(cli_session *s) {
    fv_session_free(s->session);
    fv_monitor_free(s->monitor);
    *s = (cli_session){0};
}

void cli_session_note(const cli_args *args, const cli_session *s) {
    if (*s->note) cli_note(args, "%s", s->note);
}
