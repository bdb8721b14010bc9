/* SPDX-License-Identifier: Apache-2.0 */
/* What a session does for the folders above: plans, cached by what they are for. */
#ifndef FVI_RUNTIME_SESSION_H
#define FVI_RUNTIME_SESSION_H

#include "backend/executable.h"
#include "model/network/network.h"

/* Returns the session's plan (an executable) for an input shape and a set of values; made at the
 * first call, kept while the session's plans fit in a gigabyte (the least recently used go first):
 * good until the next call.
 *   input    the picture input's shape, dim[0] the batch
 *   wanted   names of values of the graph
 *   flags    FVI_EXEC_BACKWARD or 0
 *   samples  how many samples the plan takes: input->dim[0]; or the file's own batch where the
 *            file fixes it in a way that cannot be lifted (graph/batch.c): run it several times
 *   errors   as fvi_executable_new; NOMEM beyond the model's memory; NONFINITE weights that are not
 *            finite, unless the session keeps such
 */
fv_status fvi_session_plan(fv_session *s, const fvi_shape *input, const char *const *wanted,
                           int n_wanted, int flags, fvi_executable **plan, int64_t *samples,
                           fv_error *err);

/* The graph such a plan is made of, lowered once for the model (runtime/lowered.h).
 *   samples  as in fvi_session_plan
 *   graph    shared, not to be changed; yours to free with fvi_graph_free */
fv_status fvi_session_graph(const fv_session *s, const fvi_shape *input, const char *const *wanted,
                            int n_wanted, fvi_graph **graph, int64_t *samples, fv_error *err);

/* Whether the network runs on such an input.
 *   takes   untouched on failure
 *   errors  NOMEM it could not be found out */
fv_status fvi_session_takes(const fv_session *s, const fvi_shape *input, const char *const *wanted,
                            int n_wanted, int *takes, fv_error *err);

/* Counts the memory such a plan would take besides what is held; 0 for one that is there.
 *   errors   as fvi_session_plan */
fv_status fvi_session_count(fv_session *s, const fvi_shape *input, const char *const *wanted,
                            int n_wanted, int flags, size_t *bytes, fv_error *err);

/* The largest number of samples, `most` or so many halves of it, whose plan fits the model's
 * memory; 1 where none does: the plan will be refused.
 *   input  the shape; dim[0] is not looked at
 *   each   bytes the caller needs for every sample besides
 *   errors as fvi_session_plan, but for what does not fit */
fv_status fvi_session_fit(fv_session *s, const fvi_shape *input, const char *const *wanted,
                          int n_wanted, int flags, int most, size_t each, int *samples,
                          fv_error *err);

/* Runs a plan of the session forward on the input x, and looks whether its targets are finite.
 *   errors  as fvi_executable_forward; NONFINITE, explained, unless the session keeps such numbers
 */
fv_status fvi_session_forward(fv_session *s, fvi_executable *plan, const float *x, fv_error *err);

/* Says where numbers that are not finite came from in a run of one of the session's plans.
 *   x, seeds, why  as fvi_explain (runtime/nonfinite.h) */
void fvi_session_explain(fv_session *s, const fvi_executable *plan, const float *x,
                         const float *const *seeds, fv_error *why);

/* What the session does with numbers that are not finite for the reason `why`.
 *   returns  NONFINITE with `why` in err; or FV_OK, and the first `why` becomes fv_session_note */
fv_status fvi_session_nonfinite(fv_session *s, const fv_error *why, fv_error *err);

const fvi_network *fvi_session_network(const fv_session *s);
/* The model's, which runs the session's plans. */
fvi_device *fvi_session_device(const fv_session *s);
int fvi_session_threads(const fv_session *s);

/* From here to the end of the block the calling thread's parallel regions have the session's number
 * of threads; then the caller's number is set again. The first line of each public function that
 * computes. */
#define FVI_USE_THREADS(session)                                                              \
    __attribute__((cleanup(fvi_threads_restore), unused)) int fvi_threads_before =            \
        fvi_threads_use(session)
/* For that: sets the session's number (NULL: none), returns the one before; sets it again. */
int fvi_threads_use(const fv_session *s);
void fvi_threads_restore(const int *before);
fv_monitor *fvi_session_monitor(const fv_session *s); /* or NULL */

/* ---- session_run.c -------------------------------------------------------------------------- */

/* Whether a raw input fits the network's picture input.  errors  SHAPE, with both shapes */
fv_status fvi_check_input(const fvi_network *net, const fv_tensor *input, fv_error *err);

/* Shows the session's monitor how many samples of a call are done.  errors  CANCELLED, also where
 * it says STOP: half a result is none */
fv_status fvi_session_piece(const fv_session *s, int64_t done, int64_t total, fv_error *err);
/* Shows it that all of them are. */
void fvi_session_done(const fv_session *s, int64_t total);

#endif
