/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: sessions, which run a model and its gradient at the input. Include fovea/fovea.h. */
#ifndef FOVEA_SESSION_H
#define FOVEA_SESSION_H

#include "fovea/core.h"
#include "fovea/monitor.h"
#include "fovea/objective.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Runs a model. It keeps what it prepared for earlier calls (a plan for each shape of the input and
 * set of values), so later ones of that shape begin at once. One thread at a time may use it;
 * threads that want to work at the same time take a session each. Calls block until they are done,
 * and compute with OpenMP: the caller's omp_set_num_threads is as before after each. After a fork
 * the child must not use a session of the parent, because OpenMP's threads are not copied. */
typedef struct fv_session fv_session;

/* What is done where a result (the values or the gradient asked for) is NaN or infinite. */
typedef enum fv_on_nan {
    FV_ON_NAN_STOP = 1, /* the call fails: FV_NONFINITE, with the layer. The default */
    FV_ON_NAN_KEEP      /* the numbers are given as they are; rendering keeps its last good picture,
                           marked unfinished */
} fv_on_nan;

/* How a session works. */
typedef struct fv_session_desc {
    size_t struct_size;   /* FV_DESC */
    int threads;          /* 1..1024; 0: all processors */
    fv_on_nan on_nan;     /* 0: FV_ON_NAN_STOP */
    const char *plugin;   /* path of the plug-in of an accelerator (devices.h); NULL: the processor
                             runs it. Copied */
    int device;           /* which of the plug-in's devices, from 0 */
    int or_processor;     /* 1: what the device cannot run, the processor does, and a note says so;
                             0: the call fails */
    const char *programs; /* folder in which programs compiled for an accelerator are kept, 2 GB at
                             most, for later sessions and other processes; it is made if it is not
                             there. NULL: they are not kept. Copied */
} fv_session_desc;

/* Makes a session. Nothing is computed yet.
 *   model   borrowed: must outlive the session
 *   desc    NULL: all defaults
 *   out     yours to free with fv_session_free
 *   errors  ARG a field of desc out of its range; UNSUPPORTED the network has no input, or the
 *           processor lacks the model's precision; NOMEM; of a device: IO there is no such plug-in,
 *           FORMAT it is none, BACKEND it does not start
 */
FV_API fv_status fv_session_new(const fv_model *model, const fv_session_desc *desc,
                                fv_session **out, fv_error *err);
/* What runs it: "oneDNN 2.6.3", or the plug-in's platform and version with the kind of the device.
 * NULL: session is NULL. */
FV_API const char *fv_session_device(const fv_session *session);
/* The same where an accelerator runs it; NULL where the processor does, or session is NULL. */
FV_API const char *fv_session_accelerator(const fv_session *session);
/* What it multiplies in: what the model was loaded with (fv_model_desc.precision), or
 * FV_PRECISION_F32 where the device has no such type; never AUTO. */
FV_API fv_precision fv_session_precision(const fv_session *session);
/* Frees a session and the plans it kept. */
FV_API void fv_session_free(fv_session *session);

/* Sets the monitor that all later calls that compute with the session report to. It is asked
 * between pieces of work, not inside a run of the network. With FV_ON_NAN_KEEP its note callback is
 * given a line on where values came from that are not finite; the same line not twice in a row.
 *   monitor  borrowed until another one is set or the session is freed; NULL: none
 *   errors   ARG session is NULL
 */
FV_API fv_status fv_session_set_monitor(fv_session *session, fv_monitor *monitor, fv_error *err);

/* Runs the network on a raw input and returns one value of its graph.
 *   input   of the shape of fv_input.dim, dim[0] the batch; nothing is preprocessed
 *   value   name of a layer or of any value of the graph; NULL: the first output
 *   out     of the value's own shape; yours to free with fv_tensor_free
 *   errors  NOTFOUND no such value; SHAPE the input does not fit; NONFINITE; CANCELLED; NOMEM;
 *           BACKEND
 */
FV_API fv_status fv_session_run(fv_session *session, const fv_tensor *input, const char *value,
                                fv_tensor **out, fv_error *err);

/* Computes an objective and its gradient with respect to the raw input.
 *   objective  of the session's model, of terms of the network alone: those of the picture (tv,
 *              ...) or of several pictures (diversity, ...), and those that compare with a photo
 *              (match, caricature), are refused with ARG. It is computed for each sample of the
 *              batch. A channel of a softmax is that channel, though rendering takes the logit
 *              before it
 *   values     [input->dim[0]] objective of each sample; caller's array, or NULL
 *   gradient   shaped like the input; yours to free. Samples do not influence each other
 *   errors     as fv_session_run; ARG another model's objective; NOTFOUND no such position
 */
FV_API fv_status fv_session_gradient(fv_session *session, const fv_tensor *input,
                                     const fv_objective *objective, double *values,
                                     fv_tensor **gradient, fv_error *err);

/* The same with respect to another value than the network's input.
 *   wrt       name of a layer, of another input, or of any value of the graph that the objective
 *             depends on: the embedding of a text network, say, whose input are integers. NULL: the
 *             network's input
 *   gradient  shaped like that value; yours to free
 *   errors    as fv_session_gradient; NOTFOUND no such value; UNSUPPORTED wrt holds integers */
FV_API fv_status fv_session_gradient_at(fv_session *session, const fv_tensor *input,
                                        const fv_objective *objective, const char *wrt,
                                        double *values, fv_tensor **gradient, fv_error *err);

/* Runs the network on a raw input, keeps what fv_session_backward needs, and returns several values
 * of its graph.
 *   input   as in fv_session_run
 *   values  [count] names as in fv_session_run, 1..64 of them; the same may be there twice
 *   outs    [count] caller's array; each is yours to free
 *   memory  of a run and its gradient; the input is copied
 *   errors  as fv_session_run; ARG count
 */
FV_API fv_status fv_session_forward(fv_session *session, const fv_tensor *input,
                                    const char *const *values, int count, fv_tensor **outs,
                                    fv_error *err);

/* Computes a vector-Jacobian product: the gradient, at the input of the session's last
 * fv_session_forward, of the sum over all values and all their elements of seed * value. With it an
 * objective may be anything that the caller can differentiate with respect to the values. May be
 * called several times after one forward; other calls may come in between, and cost another run.
 *   seeds     [count of that call] each of its value's shape, or NULL: zero
 *   gradient  shaped like the input; yours to free
 *   errors    ARG no fv_session_forward before it; SHAPE a seed that is not of its value's shape;
 *             NONFINITE; NOMEM; BACKEND
 */
FV_API fv_status fv_session_backward(fv_session *session, const fv_tensor *const *seeds,
                                     fv_tensor **gradient, fv_error *err);

/* A class and how probable it is. */
typedef struct fv_prediction {
    int index;         /* of the class, from 0 */
    float probability; /* 0..1; NaN, ranked last, where FV_ON_NAN_KEEP let it be */
} fv_prediction;

/* Classifies a batch of inputs.
 *   input   [n][...] as fv_input_from_image makes them, joined
 *   top     how many per sample, 1..classes
 *   out     [n][top], most probable first; caller's array
 *   errors  SHAPE the network's output is not [n][classes]; as fv_session_run
 * Where the network makes no probabilities of its scores (by a softmax or a sigmoid), and they are
 * no distribution, they get a softmax here.
 */
FV_API fv_status fv_session_classify(fv_session *session, const fv_tensor *input, int top,
                                     fv_prediction *out, fv_error *err);

#ifdef __cplusplus
}
#endif
#endif
