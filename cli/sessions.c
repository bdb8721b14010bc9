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

/* A session on each device; without --threads the processors are shared among them. */
static fv_status open_all(const fv_model *model, const cli_model_args *how,
                          const cli_device *devices, cli_session *out, fv_error *err) {
    const int n = devices->count, each = (int)g_get_num_processors() / n;
    fv_session_desc desc = {
        .struct_size = sizeof desc, .threads = how->threads, .on_nan = (fv_on_nan)how->on_nan};
    if (n > 1 && !desc.threads) desc.threads = MAX(each, 1);
    out->others = g_new0(fv_session *, (gsize)n);
    fv_status st = FV_OK;
    for (int i = 0; !st && i < n; i++) {
        cli_device_tell(devices, i, &desc);
        st = fv_session_new(model, &desc, i ? &out->others[i - 1] : &out->session, err);
        out->other_count += i && !st;
    }
    return st;
}

static int open_session(const cli_args *args, const fv_model *model, const cli_model_args *how,
                        const char *usual, cli_session *out) {
    cli_device devices;
    fv_error err = {0};
    *out = (cli_session){.args = args,
                         .noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    const int code = cli_device_choose(how->device, usual, &devices);
    fv_status st = code ? FV_OK : open_all(model, how, &devices, out, &err);
    if (!code && !st) st = fv_monitor_new(step, note, out, &out->monitor, &err);
    if (!code && !st) st = fv_session_set_monitor(out->session, out->monitor, &err);
    if (!code && !st) cli_device_note(args, &devices, fv_session_device(out->session));
    cli_device_clear(&devices);
    if (code || st) return code ? code : cli_fail_error(&err);
    cli_precision_note(args, how, fv_session_precision(out->session));
    return CLI_DONE;
}

int cli_session_open(const cli_args *args, const fv_model *model, const cli_model_args *how,
                     cli_session *out) {
    return open_session(args, model, how, "cpu", out);
}

int cli_session_open_for_pictures(const cli_args *args, const fv_model *model,
                                  const cli_model_args *how, cli_session *out) {
    return open_session(args, model, how, "auto", out);
}

void cli_session_close(cli_session *s) {
    for (int i = 0; i < s->other_count; i++) fv_session_free(s->others[i]);
    g_free(s->others);
    fv_session_free(s->session);
    fv_monitor_free(s->monitor);
    if (s->noted) g_hash_table_destroy(s->noted);
    *s = (cli_session){0};
}
