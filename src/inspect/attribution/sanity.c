/* SPDX-License-Identifier: Apache-2.0 */
/* sanity: whether a method's map depends on what the network has learned (Adebayo et al. 2018,
 * "Sanity Checks for Saliency Maps", arXiv:1810.03292).
 *
 * The weights are shuffled (model/shuffle.c) from the output downwards, more layers at each stage,
 * and the map of the same objective is made again. Spearman's correlation with the first map is
 * near 0 for a method that shows what was learned; where it stays high, the map shows the picture
 * (its edges) or the architecture. A map of few cells (Grad-CAM: 7 x 7) agrees or disagrees by
 * chance by +-0.15 and more; so does a network whose shuffled weights happen to mean something.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>

#include "base/desc.h"
#include "base/error.h"
#include "base/tensor.h"
#include "inspect/attribution/attribute.h"
#include "inspect/attribution/rank.h"

#define STAGES 8

void fv_sanity_free(fv_sanity_stage *stages, int count) {
    for (int i = 0; stages && i < count; i++) fv_attribution_free(stages[i].attribution);
    free(stages);
}

/* The check under way. */
typedef struct check {
    const fv_model *model;
    const fv_tensor *input;
    fvi_objective objective; /* the same at all stages: shuffled networks would put another class
                                first */
    fv_attribute_desc desc;
    int *layers; /* with weights, the last first */
    int n_layers, stages, stage;
    fv_progress_fn progress;
    void *user;
} check;

/* Counts all stages as one job; half a check is none. */
static int tell(void *user, const fv_progress *now) {
    const check *c = user;
    fv_progress all = *now;
    if (!c->progress) return 0;
    all.done = now->done + c->stage * now->total;
    all.total = now->total * (c->stages + 1);
    return c->progress(c->user, &all) ? FV_MONITOR_CANCEL : 0;
}

static fv_status fail_weights(const fvi_network *net, const fvi_objective *o, fv_error *err) {
    char *text = fvi_objective_string(o);
    fv_status st = fvi_fail(err, FV_SHAPE, "%s: no layer before \"%s\" has weights to shuffle",
                            fvi_network_name(net), text);
    g_free(text);
    return st;
}

/* Lists the layers with weights that an objective needs, the last first. */
static fv_status list_layers(check *c, const fvi_network *net, const fvi_objective *o,
                             fv_error *err) {
    const fvi_graph *g = fvi_network_graph(net);
    char *needed = NULL;
    c->layers = calloc((size_t)g->n_nodes + 1, sizeof *c->layers);
    if (!c->layers) return fvi_fail(err, FV_NOMEM, "out of memory");
    fv_status st = fvi_objective_needs(g, o, &needed, err);
    for (int k = g->n_nodes - 1; !st && k >= 0; k--)
        if (needed[g->nodes[k].out] && fvi_node_has_weights(g, k)) c->layers[c->n_layers++] = k;
    free(needed);
    if (!st && !c->n_layers) st = fail_weights(net, o, err);
    if (c->stages > c->n_layers) c->stages = c->n_layers;
    return st;
}

/* Finds what is to be shuffled, and the objective. */
static fv_status survey(check *c, const fv_session_desc *how, const fv_objective *objective,
                        fv_error *err) {
    fvi_perturbation *p = NULL;
    fv_session *session = NULL;
    fv_status st = fv_session_new(c->model, how, &session, err);
    if (!st) st = fvi_perturbation_new(session, c->input, objective, &p, err);
    if (!st) {
        fvi_objective_copy(&p->objective, &c->objective);
        st = list_layers(c, fvi_session_network(session), &p->objective, err);
    }
    fvi_perturbation_free(p);
    fv_session_free(session);
    return st;
}

/* Layers to be shuffled at a stage: 1 at the first, all at the last. */
static int layers_at(const check *c, int stage) {
    if (stage < 1) return 0;
    if (c->stages == 1) return c->n_layers;
    return 1 + (int)lround((double)(c->n_layers - 1) * (stage - 1) / (c->stages - 1));
}

static fv_status run_stage(check *c, const fv_session_desc *how, fv_sanity_stage *out,
                           fv_error *err) {
    fv_model *shuffled = NULL;
    fv_session *session = NULL;
    const int n = layers_at(c, c->stage);
    fv_status st =
        n ? fv_model_shuffle(c->model, c->layers, n, c->desc.seed, &shuffled, err) : FV_OK;
    if (!st) st = fv_session_new(n ? shuffled : c->model, how, &session, err);
    if (!st) st = fvi_attribute(session, c->input, &c->objective, &c->desc, &out->attribution, err);
    out->layer = n ? c->layers[n - 1] : -1;
    out->shuffled = n;
    fv_session_free(session);
    fv_model_free(shuffled);
    return st;
}

static fv_status compare(const fv_sanity_stage *first, fv_sanity_stage *now, fv_error *err) {
    const fv_tensor *a = first->attribution->map, *b = now->attribution->map;
    const int64_t n = fv_tensor_count(a);
    fv_status st = fvi_rank_correlation(a->data, b->data, n, &now->correlation, err);
    float *magnitudes = st ? NULL : malloc(2 * (size_t)n * sizeof *magnitudes);
    if (!st && !magnitudes) st = fvi_fail(err, FV_NOMEM, "out of memory");
    for (int64_t i = 0; !st && i < n; i++) {
        magnitudes[i] = fabsf(a->data[i]);
        magnitudes[n + i] = fabsf(b->data[i]);
    }
    if (!st)
        st = fvi_rank_correlation(magnitudes, magnitudes + n, n, &now->correlation_magnitude, err);
    free(magnitudes);
    return st;
}

/* All stages, [c->stages + 1]. */
static fv_status run_stages(check *c, const fv_session_desc *how, fv_sanity_stage *made,
                            fv_error *err) {
    fv_status st = FV_OK;
    for (c->stage = 0; !st && c->stage <= c->stages; c->stage++) {
        st = run_stage(c, how, &made[c->stage], err);
        if (!st) st = compare(&made[0], &made[c->stage], err);
    }
    return st;
}

fv_status fv_attribute_sanity(const fv_model *model, const fv_session_desc *how,
                              const fv_tensor *input, const fv_objective *objective,
                              const fv_attribute_desc *desc, int stages, fv_sanity_stage **out,
                              int *count, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, input, out, count);
    if (st) return st;
    if (stages < 0 || stages > 1000)
        return fvi_fail(err, FV_ARG, "stages is %d; allowed are 0 to 1000", stages);
    check c = {.model = model, .input = input, .stages = stages ? stages : STAGES};
    fv_sanity_stage *made = NULL;
    st = FVI_DESC_READ(fv_attribute_desc, seed, desc, &c.desc, err);
    if (st) return st;
    c.progress = c.desc.progress;
    c.user = c.desc.user;
    c.desc.progress = tell;
    c.desc.user = &c;
    st = survey(&c, how, objective, err);
    if (!st && !(made = calloc((size_t)c.stages + 1, sizeof *made)))
        st = fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) st = run_stages(&c, how, made, err);
    free(c.layers);
    fvi_objective_clear(&c.objective);
    if (st) {
        fv_sanity_free(made, c.stages + 1);
        return st;
    }
    *out = made;
    *count = c.stages + 1;
    return FV_OK;
}
