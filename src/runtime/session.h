/* SPDX-License-Identifier: Apache-2.0 */
/* A session for the rest of the library: cached plans. */
#ifndef FVI_RUNTIME_SESSION_H
#define FVI_RUNTIME_SESSION_H

#include "backend/executable.h"
#include "model/network/network.h"

/* Identifies a plan. */
typedef struct fvi_plan_key {
    fvi_shape input;           /* of the picture input; dim[0] is the batch */
    const char *const *wanted; /* [n_wanted] names of values of the graph */
    int n_wanted;
    int flags; /* FVI_EXEC_ */
} fvi_plan_key;

/* Returns the session's plan (an executable). It is made at the first call and kept while the
 * session's plans fit in a gigabyte (the least recently used are freed first); valid until the next
 * call.
 *   samples  how many samples the plan takes: key->input.dim[0]; or the batch size that the file
 *            fixes, where it cannot be changed (graph/batch.c): run it several times
 *   errors   as fvi_executable_new; NOMEM beyond the model's memory; NONFINITE weights that are not
 *            finite, unless the session keeps such numbers
 */
fv_status fvi_session_plan(fv_session *s, const fvi_plan_key *key, fvi_executable **plan,
                           int64_t *samples, fv_error *err);

/* Before a lowered graph is compiled: checks its weights and its cost, and has the monitor note
 * what is worth saying of it. */
fv_status fvi_session_check_graph(fv_session *s, const fvi_plan_key *key, fvi_graph *lowered,
                                  fv_error *err);

/* Makes an executable of a copy of a lowered graph, if the limits allow it. */
fv_status fvi_session_compile(fv_session *s, const fvi_plan_key *key, fvi_graph *lowered,
                              fvi_executable **plan, fv_error *err);

/* Refuses a graph that costs more than the model's limit. The limit is for the model's own input
 * size; for a larger input, or a batch, it grows in proportion.  errors  NOMEM */
fv_status fvi_session_check_cost(const fv_session *s, const fvi_shape *input, double cost,
                                 fv_error *err);

/* The graph such a plan is made of, lowered once for the model (runtime/lowered.h).
 *   samples  as in fvi_session_plan
 *   graph    shared, not to be changed; yours to free with fvi_graph_free */
fv_status fvi_session_graph(const fv_session *s, const fvi_shape *input, const char *const *wanted,
                            int n_wanted, fvi_graph **graph, int64_t *samples, fv_error *err);

/* Whether the network runs on such an input.
 *   takes   untouched on failure
 *   errors  NOMEM */
fv_status fvi_session_takes(const fv_session *s, const fvi_shape *input, const char *const *wanted,
                            int n_wanted, int *takes, fv_error *err);

/* Counts the memory that making the plan would allocate; 0 if the session already has it.
 *   errors   as fvi_session_plan */
fv_status fvi_session_count(fv_session *s, const fvi_plan_key *key, size_t *bytes, fv_error *err);

/* Whether so many more bytes fit the model's memory budget. If they do, the session's plans other
 * than that of the key are freed as far as they are in the way, the least recently used first; so
 * what fits does not depend on the calls before.
 *   bytes  fvi_session_count's and more; where they do not fit, what the other plans hold is
 *          subtracted, for fvi_budget_refuse */
int fvi_session_make_room(fv_session *s, const fvi_plan_key *key, size_t *bytes);

/* While on, a device whose memory is too small fails, though the processor might do it: a smaller
 * batch may fit. */
void fvi_session_insist(fv_session *s, int on);
/* Frees all plans, and what they hold of a device's memory. */
void fvi_session_drop_plans(fv_session *s);

/* The largest batch, `most` or it halved several times, whose plan fits the model's memory; 1 where
 * none does: fvi_session_plan will then refuse it.
 *   key    key->input.dim[0] is ignored
 *   each   bytes a sample that the caller needs in addition
 *   errors as fvi_session_plan, but for what does not fit */
fv_status fvi_session_fit(fv_session *s, const fvi_plan_key *key, int most, size_t each,
                          int *samples, fv_error *err);

/* Runs a plan of the session forward on the input x, and checks that its targets are finite.
 *   errors  as fvi_executable_forward; NONFINITE, explained, unless the session keeps such numbers
 */
fv_status fvi_session_forward(fv_session *s, fvi_executable *plan, const float *x, fv_error *err);

/* Finds the origin of numbers that are not finite in a run of one of the session's plans.
 *   x, seeds, why  as fvi_explain (runtime/numbers/nonfinite.h) */
void fvi_session_explain(fv_session *s, const fvi_executable *plan, const float *x,
                         const float *const *seeds, fv_error *why);

/* After a run of one of the session's plans on x whose gradient is zero: notes the quantised layer
 * that is the reason, if one is. Looks once a session. */
void fvi_session_note_zero(fv_session *s, const fvi_executable *plan, const float *x);

/* After a run of one of the session's plans on x: notes once that whole numbers inside were too
 * large to be exact, if they were. */
void fvi_session_note_whole(fv_session *s, const fvi_executable *plan, const float *x);

/* Applies the session's on_nan to numbers that are not finite for the reason `why`.
 *   returns  NONFINITE with `why` in err; or FV_OK, and the monitor notes `why` */
fv_status fvi_session_nonfinite(fv_session *s, const fv_error *why, fv_error *err);

/* Makes a session of another model with the settings of `like` and without a monitor.
 *   model  borrowed    out  yours to free with fv_session_free */
fv_status fvi_session_new_like(const fv_session *like, const fv_model *model, fv_session **out,
                               fv_error *err);

/* How many plans the session has made so far, those it has dropped included. For tests. */
int fvi_session_plans_made(const fv_session *s);

const fv_model *fvi_session_model(const fv_session *s);
const fvi_network *fvi_session_network(const fv_session *s);
/* The model's device, which runs the session's plans. */
fvi_device *fvi_session_device(const fv_session *s);
/* Whether the processor does what the device cannot. */
int fvi_session_or_processor(const fv_session *s);
int fvi_session_threads(const fv_session *s);
fv_on_nan fvi_session_on_nan(const fv_session *s); /* never 0 */

/* From here to the end of the block the calling thread's parallel regions have the session's number
 * of threads; then the caller's number is set again. The first line of each public function that
 * computes. */
#define FVI_USE_THREADS(session)                                                   \
    __attribute__((cleanup(fvi_threads_restore), unused)) int fvi_threads_before = \
        fvi_threads_use(session)
/* Sets the session's number of threads (NULL: no change) and returns the previous one; restores it.
 */
int fvi_threads_use(const fv_session *s);
void fvi_threads_restore(const int *before);
fv_monitor *fvi_session_monitor(const fv_session *s); /* or NULL */

/* Reports to the session's monitor how many samples of a call are done.
 *   errors  CANCELLED, also if the monitor says STOP, since there is no partial result */
fv_status fvi_session_piece(const fv_session *s, int64_t done, int64_t total, fv_error *err);
/* Reports that all are done. */
void fvi_session_done(const fv_session *s, int64_t total);

/* ---- session_run.c -------------------------------------------------------------------------- */

/* Whether a raw input fits the network's main input.
 *   view    the same numbers in the shape that plans take: a picture's is [n][c][h][w] or
 *           [n][h][w][c], though the file may have other axes; dim[0] are the samples. Borrowed
 *   errors  SHAPE, with both shapes; ARG numbers that the input's type has not */
fv_status fvi_check_input(const fvi_network *net, const fv_tensor *input, fv_tensor *view,
                          fv_error *err);

/* Has the session's monitor note that a picture has another size than the file fixes.
 *   view  fvi_check_input's */
void fvi_session_note_size(const fv_session *s, const fv_tensor *view);

/* The same as fvi_check_input, and that note; applies the session's on_nan to NaN in it.
 *   errors  ARG, SHAPE, NONFINITE */
fv_status fvi_session_check_input(fv_session *s, const fv_tensor *input, fv_tensor *view,
                                  fv_error *err);

/* fv_session_run of a value that has been found, and an input that has been checked.
 *   name  as fvi_network_find_value gives it */
fv_status fvi_session_run_value(fv_session *s, const fv_tensor *input, const char *name,
                                fv_tensor **out, fv_error *err);

#endif
