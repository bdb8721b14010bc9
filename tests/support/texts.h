/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that take objectives, with the objectives' texts: each is read, used and freed. A text that
 * cannot be read ends the call as an objective that the call itself refuses would. */
#ifndef TESTS_SUPPORT_TEXTS_H
#define TESTS_SUPPORT_TEXTS_H

#include <stdlib.h>

#include "fovea/fovea.h"

typedef const fv_objective *const *objective_list;

static inline void free_objectives(fv_objective **list, int count) {
    for (int i = 0; list && i < count; i++) fv_objective_free(list[i]);
    free(list);
}

/* out  [count]; to be freed with free_objectives, also after a failure */
static inline fv_status read_objectives(const fv_model *model, const char *const *texts, int count,
                                        fv_objective ***out, fv_error *err) {
    fv_status st = FV_OK;
    *out = calloc((size_t)(count > 0 ? count : 1), sizeof **out);
    if (!*out) abort();
    for (int i = 0; !st && i < count; i++)
        st = fv_objective_new(model, texts[i], NULL, 0, &(*out)[i], err);
    return st;
}

/* How a call runs that is the only one of its session. */
typedef struct render_how {
    int threads;
    fv_on_nan on_nan;
    fv_progress_fn progress;
    int batch;
    fv_finished_fn finished;
    void *user; /* of progress and finished */
    fv_note_fn note;
    const char *plugin; /* NULL: the processor */
} render_how;

typedef struct own_session {
    fv_session *session;
    fv_monitor *monitor;
} own_session;

/* how: or NULL. To be closed, also after a failure. */
static inline fv_status open_own(const fv_model *model, const render_how *how, own_session *s,
                                 fv_error *err) {
    const render_how h = how ? *how : (render_how){0};
    *s = (own_session){0};
    fv_status st = fv_session_new(
        model,
        FV_DESC(fv_session_desc, .threads = h.threads, .on_nan = h.on_nan, .plugin = h.plugin),
        &s->session, err);
    if (!st) st = fv_monitor_new(h.progress, h.note, h.user, &s->monitor, err);
    if (!st) st = fv_session_set_monitor(s->session, s->monitor, err);
    return st;
}

static inline void close_own(own_session *s) {
    fv_session_free(s->session);
    fv_monitor_free(s->monitor);
}

/* how: or NULL */
static inline fv_status render_texts(const fv_model *model, const char *const *texts, int count,
                                     const fv_recipe *recipe, const render_how *how,
                                     fv_rendering **out, fv_error *err) {
    const render_how h = how ? *how : (render_how){0};
    own_session s = {0};
    fv_objective **list;
    fv_status st = read_objectives(model, texts, count, &list, err);
    if (!st) st = open_own(model, how, &s, err);
    if (!st)
        st = fv_render_many(
            s.session, (objective_list)list, count, recipe,
            FV_DESC(fv_render_desc, .batch = h.batch, .finished = h.finished, .user = h.user), out,
            err);
    close_own(&s);
    free_objectives(list, count);
    return st;
}

/* fv_render in a session of its own. */
static inline fv_status render_text(const fv_model *model, const char *text,
                                    const fv_recipe *recipe, fv_image **out, fv_error *err) {
    own_session s;
    fv_status st = open_own(model, NULL, &s, err);
    if (!st) st = fv_render(s.session, text, recipe, out, err);
    close_own(&s);
    return st;
}

static inline fv_status recipe_texts(const fv_model *model, const char *name,
                                     const char *const *texts, int count, fv_recipe **out,
                                     fv_error *err) {
    fv_objective **list;
    fv_status st = read_objectives(model, texts, count, &list, err);
    if (!st) st = fv_recipe_new(model, name, (objective_list)list, count, out, err);
    free_objectives(list, count);
    return st;
}

/* model: the session's */
static inline fv_status scan_texts(const fv_model *model, fv_session *session,
                                   const char *const *texts, int count, const char *folder,
                                   const fv_examples_desc *desc, fv_examples **out, fv_error *err) {
    fv_objective **list;
    fv_status st = read_objectives(model, texts, count, &list, err);
    if (!st) st = fv_examples_scan(session, (objective_list)list, count, folder, desc, out, err);
    free_objectives(list, count);
    return st;
}

static inline fv_status count_texts(const fv_model *model, const char *const *texts, int count,
                                    int *units, fv_error *err) {
    fv_objective **list;
    fv_status st = read_objectives(model, texts, count, &list, err);
    if (!st) st = fv_examples_count_units(model, (objective_list)list, count, units, err);
    free_objectives(list, count);
    return st;
}

/* model: the session's */
static inline fv_status gradient_text(const fv_model *model, fv_session *session,
                                      const fv_tensor *input, const char *text, double *values,
                                      fv_tensor **out, fv_error *err) {
    fv_objective *o = NULL;
    fv_status st = fv_objective_new(model, text, NULL, 0, &o, err);
    if (!st) st = fv_session_gradient(session, input, o, values, out, err);
    fv_objective_free(o);
    return st;
}

/* text: or NULL */
static inline fv_status attribute_text(const fv_model *model, fv_session *session,
                                       const fv_tensor *input, const char *text,
                                       const fv_attribute_desc *desc, fv_attribution **out,
                                       fv_error *err) {
    fv_objective *o = NULL;
    fv_status st = text ? fv_objective_new(model, text, NULL, 0, &o, err) : FV_OK;
    if (!st) st = fv_attribute(session, input, o, desc, out, err);
    fv_objective_free(o);
    return st;
}

static inline fv_status scores_text(const fv_model *model, fv_session *session,
                                    const fv_tensor *input, const char *text, const fv_tensor *map,
                                    const fv_scores_desc *desc, fv_scores **out, fv_error *err) {
    fv_objective *o = NULL;
    fv_status st = text ? fv_objective_new(model, text, NULL, 0, &o, err) : FV_OK;
    if (!st) st = fv_attribute_scores(session, input, o, map, desc, out, err);
    fv_objective_free(o);
    return st;
}

static inline fv_status sanity_text(const fv_model *model, fv_session *session,
                                    const fv_tensor *input, const char *text,
                                    const fv_sanity_desc *desc, fv_sanity **out, fv_error *err) {
    fv_objective *o = NULL;
    fv_status st = text ? fv_objective_new(model, text, NULL, 0, &o, err) : FV_OK;
    if (!st) st = fv_attribute_sanity(session, input, o, desc, out, err);
    fv_objective_free(o);
    return st;
}

/* model: the session's */
static inline fv_status dream_text(const fv_model *model, fv_session *session, fv_image *image,
                                   const char *text, const fv_dream_desc *desc, fv_error *err) {
    fv_objective *o = NULL;
    fv_status st = fv_objective_new(model, text, NULL, 0, &o, err);
    if (!st) st = fv_dream(session, image, o, desc, err);
    fv_objective_free(o);
    return st;
}

#endif
