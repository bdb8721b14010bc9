/* SPDX-License-Identifier: Apache-2.0 */
/* How many processor seconds a session uses while nothing is asked of it:
 *
 *     idle MODEL.onnx OBJECTIVE SECONDS
 *
 * computes a gradient, waits, and prints the processor seconds of the process while it waited.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <fovea/fovea.h>

static double processor_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A step of the session, so that its threads exist. */
static fv_status step(const fv_model *model, fv_session *session, const char *objective,
                      fv_error *err) {
    const fv_input *in = fv_model_input(model);
    const int64_t dim[] = {1, in->channels, in->height, in->width};
    fv_tensor *input = NULL, *gradient = NULL;
    fv_objective *o = NULL;
    fv_status st = fv_objective_new(model, objective, NULL, 0, &o, err);
    if (!st) st = fv_tensor_new(4, dim, &input, err);
    for (int64_t i = 0; !st && i < fv_tensor_count(input); i++)
        input->data[i] = (float)sin((double)i);
    if (!st) st = fv_session_gradient(session, input, o, NULL, &gradient, err);
    fv_objective_free(o);
    fv_tensor_free(gradient);
    fv_tensor_free(input);
    return st;
}

static double used_while_waiting(double seconds) {
    struct timespec rest = {.tv_sec = (time_t)seconds,
                            .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};
    double before = processor_seconds();
    nanosleep(&rest, NULL);
    return processor_seconds() - before;
}

int main(int argc, char **argv) {
    fv_error err;
    fv_model *model = NULL;
    fv_session *session = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: idle MODEL.onnx OBJECTIVE SECONDS\n");
        return 2;
    }
    int failed = fv_model_load(argv[1], NULL, &model, &err) ||
                 fv_session_new(model, NULL, &session, &err) || step(model, session, argv[2], &err);
    if (failed)
        fprintf(stderr, "idle: %s\n", err.text);
    else
        printf("%.6f\n", used_while_waiting(atof(argv[3])));
    fv_session_free(session);
    fv_model_free(model);
    return failed;
}
