/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the gradient of a unit at a grey picture, from and into memory of its own, and gives up
 * after a second:  gradient MODEL.onnx LAYER:CHANNEL OUT.npy
 * Build:  cc gradient.c $(pkg-config --cflags --libs fovea) -o gradient */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <fovea/fovea.h>

static fv_monitor *monitor;

static void too_long(int number) {
    (void)number;
    fv_monitor_cancel(monitor); /* may be called from a signal handler, or another thread */
}

static int progress(void *user, const fv_progress *p) {
    (void)user;
    fprintf(stderr, "%d of %d\n", p->done, p->total);
    return FV_MONITOR_GO;
}

int main(int argc, char **argv) {
    fv_error err = {0};
    fv_model *m = NULL;
    fv_session *s = NULL;
    fv_objective *o = NULL;
    fv_tensor *gradient = NULL;
    double value;
    if (argc != 4) return 2;
    if (fv_monitor_new(progress, NULL, NULL, &monitor, &err) ||
        fv_model_load(argv[1], NULL, &m, &err) || fv_session_new(m, NULL, &s, &err) ||
        fv_objective_new(m, argv[2], NULL, 0, &o, &err) ||
        fv_session_set_monitor(s, monitor, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    const fv_input *in = fv_model_input(m);
    fv_tensor input = {4, {1, in->channels, in->height, in->width}, NULL};
    input.data = calloc((size_t)fv_tensor_count(&input), sizeof *input.data);
    if (!input.data) return 1;
    signal(SIGALRM, too_long);
    alarm(1);
    int failed = fv_session_gradient(s, &input, o, &value, &gradient, &err) ||
                 fv_tensor_save(gradient, argv[3], &err);
    if (failed)
        fprintf(stderr, "%s\n", err.text);
    else
        printf("%g\n", value);
    fv_tensor_free(gradient);
    free(input.data);
    fv_session_free(s);
    fv_objective_free(o);
    fv_model_free(m);
    fv_monitor_free(monitor);
    return failed;
}
