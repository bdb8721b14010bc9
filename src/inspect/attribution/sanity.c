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
#include "runtime/monitor.h"

#define STAGES 8

static void stage_free(fv_sanity_stage *stage) {
    if (!stage) return;
    fv_attribution_free(stage->attribution);
    free(stage);
}

void fv_sanity_free(fv_sanity *sanity) {
    if (!sanity) return;
    for (int i = 0; sanity->stages && i < sanity->count; i++) stage_free(sanity->stages[i]);
    free(sanity->stages);
    free(sanity);
}

/* The check under way. */
typedef struct check {
    fv_session *session; /* of the trained network */
    fv_monitor *outer;   /* the session's own monitor, or NULL */
    fv_monitor *inner;   /* what the sessions of all stages report to */
    int answer;          /* the most that the outer monitor said: FV_MONITOR_... */
    const fv_tensor *input;
    fvi_objective objective; /* the same at all stages: shuffled networks would put another class
                                first */
    fv_attribute_desc desc;
    int *layers;                 /* with weights, the last first */
    int n_layers, stages, stage; /* stage -1: the objective is still to be found */
} check;

/* The inner monitor: reports all stages as one call's work. */
static int tell(void *user, const fv_progress *now) {
    check *c = user;
    fv_progress all = *now;
    all.done = now->done + c->stage * now->total;
    all.total = now->total * (c->stages + 1);
    const int answer =
        c->stage < 0 ? fvi_monitor_request(c->outer) : fvi_monitor_report(c->outer, &all);
    if (answer > c->answer) c->answer = answer;
    return answer;
}

static void pass_note(void *user, const char *text) {
    fvi_monitor_note(((const check *)user)->outer, text);
}

static fv_status fail_weights(const fvi_network *net, const fvi_objective *o, fv_error *err) {
    char *text = fvi_objective_label(o);
    fv_status st = fvi_fail(err, FV_SHAPE, "%s: no layer before \"%s\" has weights to shuffle",
                            fvi_network_name(net), text);
    g_free(text);
    return st;
}

/* Lists the layers with weights that an objective needs, the last first. */
static fv_status list_layers(check *c, const fvi_network *net, const fvi_objective *o,
                             fv_error *err) {
    const fvi_graph *g = fvi_network_graph(net);
    fvi_region *regions = NULL;
    c->layers = calloc((size_t)g->n_nodes + 1, sizeof *c->layers);
    if (!c->layers) return fvi_fail(err, FV_NOMEM, "out of memory");
    fv_status st = fvi_objective_regions(g, o, &regions, err);
    for (int k = g->n_nodes - 1; !st && k >= 0; k--)
        if (regions[g->nodes[k].out].needed && fvi_node_has_weights(g, k))
            c->layers[c->n_layers++] = k;
    free(regions);
    if (!st && !c->n_layers) st = fail_weights(net, o, err);
    if (c->stages > c->n_layers) c->stages = c->n_layers;
    return st;
}

/* Finds what is to be shuffled, and the objective. */
static fv_status survey(check *c, const fv_objective *objective, fv_error *err) {
    fvi_perturbation *p = NULL;
    fv_status st = fvi_perturbation_new(c->session, c->input, objective, &p, err);
    if (!st) {
        fvi_objective_copy(&p->objective, &c->objective);
        st = list_layers(c, fvi_session_network(c->session), &p->objective, err);
    }
    fvi_perturbation_free(p);
    return st;
}

/* Layers to be shuffled at a stage: 1 at the first, all at the last. */
static int layers_at(const check *c, int stage) {
    if (stage < 1) return 0;
    if (c->stages == 1) return c->n_layers;
    return 1 + (int)lround((double)(c->n_layers - 1) * (stage - 1) / (c->stages - 1));
}

/* A session of the network with its last n layers shuffled, which reports to the inner monitor. */
static fv_status shuffle(const check *c, int n, fv_model **model, fv_session **session,
                         fv_error *err) {
    fv_status st =
        fv_model_shuffle(fvi_session_model(c->session), c->layers, n, c->desc.seed, model, err);
    if (!st) st = fvi_session_new_like(c->session, *model, session, err);
    return st ? st : fv_session_set_monitor(*session, c->inner, err);
}

static fv_status run_stage(const check *c, fv_sanity_stage *out, fv_error *err) {
    fv_model *model = NULL;
    fv_session *own = NULL;
    const int n = layers_at(c, c->stage);
    fv_status st = n ? shuffle(c, n, &model, &own, err) : FV_OK;
    if (!st)
        st = fvi_attribute(n ? own : c->session, c->input, &c->objective, &c->desc,
                           &out->attribution, err);
    out->layer = n ? c->layers[n - 1] : -1;
    out->shuffled = n;
    fv_session_free(own);
    fv_model_free(model);
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

/* Runs the next stage and adds it. One that a STOP cut short is left out. */
static fv_status add_stage(const check *c, fv_sanity *made, fv_error *err) {
    fv_sanity_stage *now = calloc(1, sizeof *now);
    if (!now) return fvi_fail(err, FV_NOMEM, "out of memory");
    fv_status st = run_stage(c, now, err);
    const int cut = st ? st == FV_CANCELLED : now->attribution->unfinished;
    if (cut && c->answer == FV_MONITOR_STOP) {
        stage_free(now);
        return FV_OK;
    }
    if (!st) st = compare(made->count ? made->stages[0] : now, now, err);
    if (st)
        stage_free(now);
    else
        made->stages[made->count++] = now;
    return st;
}

static fv_status run_stages(check *c, fv_sanity **out, fv_error *err) {
    fv_sanity *made = calloc(1, sizeof *made);
    if (made) made->stages = calloc((size_t)c->stages + 1, sizeof *made->stages);
    fv_status st = made && made->stages ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    for (c->stage = 0; !st && c->stage <= c->stages && !c->answer; c->stage++)
        st = add_stage(c, made, err);
    if (!st && !made->count)
        st = fvi_fail(err, FV_CANCELLED, "stopped before there was a map of the trained network");
    if (st) {
        fv_sanity_free(made);
        return st;
    }
    made->unfinished = made->count <= c->stages;
    *out = made;
    return FV_OK;
}

/* Has the inner monitor see the session, until run_with_monitor is done. */
static fv_status run_with_monitor(check *c, const fv_objective *objective, fv_sanity **out,
                                  fv_error *err) {
    fv_status st = c->outer ? fv_monitor_new(tell, pass_note, c, &c->inner, err) : FV_OK;
    if (st) return st;
    fv_session_set_monitor(c->session, c->inner, NULL);
    c->stage = -1;
    st = survey(c, objective, err);
    if (!st) st = run_stages(c, out, err);
    fv_session_set_monitor(c->session, c->outer, NULL);
    fv_monitor_free(c->inner);
    return st;
}

fv_status fv_attribute_sanity(fv_session *session, const fv_tensor *input,
                              const fv_objective *objective, const fv_sanity_desc *desc,
                              fv_sanity **out, fv_error *err) {
    FVI_USE_THREADS(session);
    fv_sanity_desc d;
    check c = {.session = session, .input = input};
    fv_status st = FVI_NOT_NULL(err, session, input, out);
    if (!st) st = FVI_DESC_READ(fv_sanity_desc, attribute, desc, &d, err);
    if (!st) st = FVI_DESC_READ(fv_attribute_desc, seed, d.attribute, &c.desc, err);
    if (st) return st;
    if (d.stages < 0 || d.stages > 1000)
        return fvi_fail(err, FV_ARG, "stages is %d; allowed: 0 to 1000", d.stages);
    c.stages = d.stages ? d.stages : STAGES;
    c.outer = fvi_session_monitor(session);
    st = run_with_monitor(&c, objective, out, err);
    free(c.layers);
    fvi_objective_clear(&c.objective);
    return st;
}
