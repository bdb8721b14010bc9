/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that must fail, each with an error and without keeping anything: files cut short and
 * damaged, names that do not exist, shapes that do not fit, numbers that are none, work that is
 * cancelled, files that cannot be written.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soak.h"
#include "support/texts.h"

enum { TEXT = 512, CUTS = 8 };

#define NOTE(call) soak_note(s, #call, (call), &err)

static int cancel(void *user, const fv_progress *now) {
    (void)user, (void)now;
    return FV_MONITOR_CANCEL;
}

/* Copies the first `share` of the network's file, with one byte in the middle of it turned round.
 * Returns 0, or -1. */
static int damage(const soak *s, const char *to, double share) {
    FILE *in = fopen(s->path, "rb"), *out = fopen(to, "wb");
    long size = in && !fseek(in, 0, SEEK_END) ? ftell(in) : 0;
    if (in) rewind(in);
    const long keep = (long)((double)size * share), turned = keep / 2;
    for (long i = 0, c; in && out && i < keep && (c = fgetc(in)) != EOF; i++)
        fputc(i == turned ? (int)c ^ 0x55 : (int)c, out);
    if (in) fclose(in);
    return out && !fclose(out) && in ? 0 : -1;
}

static void files(soak *s) {
    fv_error err;
    char path[TEXT];
    fv_model *m = NULL;
    fv_image *p = NULL;
    fv_tensor *t = NULL;
    snprintf(path, sizeof path, "%s/damaged.onnx", s->folder);
    for (int i = 0; i < CUTS; i++) {
        if (damage(s, path, (double)(i + 1) / CUTS)) abort();
        if (!NOTE(fv_model_load(path, NULL, &m, &err))) fv_model_free(m);
    }
    m = NULL;
    NOTE(fv_model_load(s->folder, NULL, &m, &err));
    NOTE(fv_model_load("/nowhere/net.onnx", NULL, &m, &err));
    NOTE(fv_image_load(path, &p, &err));
    NOTE(fv_tensor_load(path, &t, &err));
    const fv_model_desc small = {.struct_size = sizeof(fv_model_desc), .max_file_bytes = 16};
    NOTE(fv_model_load(s->path, &small, &m, &err));
}

static void calls(soak *s, fv_model *m, fv_session *session) {
    static const char *const objectives[] = {"nothing:0", ":",  "class:none",
                                             "1*",        "\"", "#99999:0"};
    fv_error err;
    fv_image *p = NULL;
    fv_tensor *x = NULL, *y = NULL;
    fv_examples *e = NULL;
    const char *first = fv_model_layer(m, 0)->name;
    for (size_t i = 0; i < sizeof objectives / sizeof *objectives; i++) {
        fv_recipe *r = NULL;
        NOTE(recipe_texts(m, NULL, &objectives[i], 1, &r, &err));
        fv_recipe_free(r);
        NOTE(fv_render(session, objectives[i], NULL, &p, &err));
    }
    fv_rendering *made = NULL;
    fv_recipe *once = NULL;
    if (!NOTE(recipe_texts(m, NULL, &first, 1, &once, &err)) &&
        !NOTE(fv_recipe_set(once, "steps", "1", &err)))
        NOTE(render_texts(m, &first, 1, once,
                          &(render_how){.threads = 1, .progress = cancel}, &made, &err));
    fv_recipe_free(once);
    fv_rendering_free(made);
    fv_image_free(p);
    const int64_t wrong[] = {1, 1, 1, 1, 1};
    if (!NOTE(fv_tensor_new(5, wrong, &x, &err))) {
        NOTE(fv_session_run(session, x, NULL, &y, &err));
        NOTE(gradient_text(m, session, x, first, NULL, &y, &err));
        NOTE(fv_tensor_save(x, "/nowhere/x.npy", &err));
    }
    fv_tensor_free(x);
    NOTE(scan_texts(m, session, &first, 1, "/nowhere", NULL, &e, &err));
    NOTE(scan_texts(m, session, &objectives[0], 1, s->folder, NULL, &e, &err));
}

void soak_fail(soak *s) {
    fv_error err;
    fv_model *m = NULL;
    fv_session *session = NULL;
    files(s);
    if (NOTE(fv_model_load(s->path, NULL, &m, &err))) return;
    if (!NOTE(fv_session_new(m, NULL, &session, &err))) calls(s, m, session);
    fv_session_free(session);
    fv_model_free(m);
}
