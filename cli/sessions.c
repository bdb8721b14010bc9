/* SPDX-License-Identifier: Apache-2.0 */
/* The session a command computes with: made of its options, watched by its progress. */
#include "sessions.h"

#include <glib.h>

#include "devices.h"
#include "models.h"
#include "report.h"

static int step(void *user, const fv_progress *now) {
    return cli_progress_step(&((cli_session *)user)->progress, now);
}

/* Prints each note once, before what comes of it. */
static void note(void *user, const char *text) {
    cli_session *s = user;
    if (!g_hash_table_add(s->noted, g_strdup(text))) return;
    cli_progress_clear(&s->progress);
    cli_note(s->args, "%s", text);
}

int cli_session_open(const cli_args *args, const fv_model *model, const cli_model_args *how,
                     cli_session *out) {
    cli_device device;
    fv_error err = {0};
    *out = (cli_session){.args = args,
                         .noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    fv_session_desc desc = {
        .struct_size = sizeof desc, .threads = how->threads, .on_nan = (fv_on_nan)how->on_nan};
    const int code = cli_device_choose(how->device, &device);
    cli_device_tell(&device, &desc);
    fv_status st = code ? FV_OK : fv_session_new(model, &desc, &out->session, &err);
    cli_device_clear(&device);
    if (code) return code;
    if (!st) st = fv_monitor_new(step, note, out, &out->monitor, &err);
    if (!st) st = fv_session_set_monitor(out->session, out->monitor, &err);
    if (st) return cli_fail_error(&err);
    cli_precision_note(args, how, fv_session_precision(out->session));
    return CLI_DONE;
}

void cli_session_close(cli_session *s) {
    fv_session_free(s->session);
    fv_monitor_free(s->monitor);
    if (s->noted) g_hash_table_destroy(s->noted);
    *s = (cli_session){0};
}
