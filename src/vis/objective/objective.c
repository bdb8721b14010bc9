/* SPDX-License-Identifier: Apache-2.0 */
/* objective: an expression as it was read, and its terms under a reduction.
 *
 * Text is read once (parse.c), into terms that say how each was written: `LAYER:C` stays a bare
 * unit, a channel of a softmax keeps its name and that of the logits before it. What a recipe
 * decides, the reduction of bare units and more terms, is applied to those terms afterwards,
 * without text and without files. So one objective serves every call, and calls of different
 * recipes.
 */
#include "vis/objective/objective.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "image/image.h"
#include "model/network/find.h"
#include "runtime/model_state.h"
#include "runtime/monitor.h"
#include "vis/objective/parse.h"
#include "vis/objective/spelling.h"

#define WEIGHT_MAX 1e30

static fvi_term copy_term(const fvi_term *from) {
    fvi_term t = *from;
    fvi_term_share(&t, from);
    return t;
}

/* ---- resolving ------------------------------------------------------------------------------ */

/* Index of a value among the objective's, appended if it is new. */
static fv_status find_value(const fvi_network *net, fvi_objective *o, const char *value, int *index,
                            fv_error *err) {
    for (int i = 0; i < o->n_values; i++)
        if (!strcmp(o->values[i], value)) {
            *index = i;
            return FV_OK;
        }
    if (o->n_values == FVI_MAX_VALUES)
        return fvi_fail(err, FV_ARG, "an objective of more than %d layers; \"%.80s\" is too many",
                        FVI_MAX_VALUES, value);
    *index = o->n_values;
    o->layers[o->n_values] = fvi_network_value_layer(net, value);
    o->values[o->n_values++] = value;
    return FV_OK;
}

static int is_mean(fvi_reduction r) {
    return r == FVI_REDUCTION_MEAN || r == FVI_REDUCTION_LITERAL;
}

/* Applies the reduction to a bare unit. A neuron and a class are single values and need none. */
static void reduce(fvi_term *t, fvi_reduction r) {
    if (t->spelling == FVI_SPELLED_MEAN) t->bare = is_mean(r);
    if (t->spelling != FVI_SPELLED_BARE) return;
    t->bare = t->n_position >= 0 && (!t->is_class || is_mean(r));
    if (t->n_position || t->is_class || is_mean(r)) return;
    t->kind = r == FVI_REDUCTION_ENERGY ? &fvi_term_energy : &fvi_term_strong;
    if (r == FVI_REDUCTION_STRONG) t->argument[0] = 1;
}

static fv_status add_term(const fvi_network *net, fvi_objective *o, const fvi_term *from,
                          fvi_reduction r, fv_error *err) {
    const int logits = r != FVI_REDUCTION_LITERAL;
    if (o->n_terms == FVI_MAX_TERMS)
        return fvi_fail(err, FV_ARG, "an objective of more than %d terms", FVI_MAX_TERMS);
    fvi_term *t = &o->terms[o->n_terms++];
    fv_status st = FV_OK;
    *t = copy_term(from);
    t->value = -1;
    reduce(t, r);
    if (t->layer)
        st = find_value(net, o, logits && t->logits ? t->logits : t->layer, &t->value, err);
    if (!st && t->layer2)
        st = find_value(net, o, logits && t->logits2 ? t->logits2 : t->layer2, &t->value2, err);
    return st;
}

static int same_numbers(const fv_tensor *a, const fv_tensor *b) {
    return a->ndim == b->ndim && !memcmp(a->dim, b->dim, (size_t)a->ndim * sizeof *a->dim) &&
           !memcmp(a->data, b->data, (size_t)fv_tensor_count(a) * sizeof *a->data);
}

/* Refuses terms of two photos: the values they compare with are computed for one photo only. */
static fv_status check_photos(const fvi_term *terms, int n, fv_error *err) {
    const fvi_term *first = NULL;
    for (int i = 0; i < n; i++) {
        const fvi_term *t = &terms[i];
        if (!fvi_term_has_photo(t)) continue;
        if (first && t->data != first->data && !same_numbers(t->vector, first->vector))
            return fvi_fail(err, FV_ARG,
                            "an objective may look at one photo; \"%.150s\" and \"%.150s\" are two",
                            first->file, t->file);
        first = t;
    }
    return FV_OK;
}

static fv_status check_network(const fv_objective *o, const fvi_network *net, fv_error *err) {
    if (fvi_network_origin(o->net) == fvi_network_origin(net)) return FV_OK;
    return fvi_fail(err, FV_ARG, "the objective \"%.150s\" was made for another model than this %s",
                    o->text, fvi_network_name(net));
}

fv_status fvi_objective_resolve(const fv_objective *o, const fv_objective *more,
                                const fvi_network *net, fvi_reduction reduction, fvi_objective *out,
                                fv_error *err) {
    fvi_objective made = {0};
    const fv_objective *const parts[] = {o, more};
    fv_status st = FV_OK;
    for (int k = 0; !st && k < 2 && parts[k]; k++) {
        st = check_network(parts[k], net, err);
        for (int i = 0; !st && i < parts[k]->n_terms; i++)
            st = add_term(net, &made, &parts[k]->terms[i], reduction, err);
    }
    if (!st) st = check_photos(made.terms, made.n_terms, err);
    if (st)
        fvi_objective_clear(&made);
    else
        *out = made;
    return st;
}

void fvi_objective_copy(const fvi_objective *from, fvi_objective *to) {
    *to = *from;
    for (int i = 0; i < to->n_terms; i++) to->terms[i] = copy_term(&from->terms[i]);
}

void fvi_objective_clear(fvi_objective *o) {
    for (int i = 0; i < o->n_terms; i++) fvi_term_clear(&o->terms[i]);
    *o = (fvi_objective){0};
}

/* ---- as text, and questions ----------------------------------------------------------------- */

char *fvi_objective_string(const fvi_objective *o) {
    GString *s = g_string_new(NULL);
    for (int i = 0; i < o->n_terms; i++) {
        const fvi_term *t = &o->terms[i];
        float w = t->weight;
        if (i) {
            g_string_append(s, w < 0 ? " - " : " + ");
            if (w < 0) w = -w;
        }
        if (w == -1)
            g_string_append_c(s, '-');
        else if (w != 1) {
            fvi_append_number(s, w);
            g_string_append_c(s, '*');
        }
        fvi_append_term(s, o, t, o->n_terms == 1 && w == 1);
    }
    return g_string_free(s, FALSE);
}

char *fvi_objective_label(const fvi_objective *o) {
    const fvi_objective shown = fvi_shown(o);
    return fvi_objective_string(&shown);
}

void fvi_objective_text(const fvi_objective *o, char *text, size_t size) {
    char *s = fvi_objective_string(o);
    g_strlcpy(text, s, size);
    g_free(s);
}

const fv_tensor *fvi_objective_photo(const fvi_objective *o) {
    for (int i = 0; i < o->n_terms; i++)
        if (fvi_term_has_photo(&o->terms[i])) return o->terms[i].vector;
    return NULL;
}

int fvi_objective_is_joint(const fvi_objective *o) {
    for (int i = 0; i < o->n_terms; i++)
        if (o->terms[i].kind->scope == FVI_SCOPE_GROUP) return 1;
    return 0;
}

fv_status fvi_objective_check_plain(const fvi_objective *o, const char *what, fv_error *err) {
    static const char *const scopes[] = {[FVI_SCOPE_PHOTO] = "a photo",
                                         [FVI_SCOPE_GROUP] = "several pictures made together",
                                         [FVI_SCOPE_PICTURE] = "the picture being made"};
    for (int i = 0; i < o->n_terms; i++) {
        const fvi_term *t = &o->terms[i];
        if (t->kind->scope == FVI_SCOPE_SAMPLE) continue;
        const fvi_objective shown = fvi_shown(o);
        GString *s = g_string_new(NULL);
        fvi_append_term(s, &shown, t, 0);
        fv_status st = fvi_fail(err, FV_ARG,
                                "%s: \"%.200s\" looks at %s; allowed: terms of one "
                                "input's layers",
                                what, s->str, scopes[t->kind->scope]);
        g_string_free(s, TRUE);
        return st;
    }
    return FV_OK;
}

/* ---- making --------------------------------------------------------------------------------- */

fv_status fvi_term_check(const fvi_objective *o, const fvi_term *t, const fvi_extent *extents,
                         fv_error *err) {
    if (t->value < 0) return FV_OK;
    fv_status st =
        fvi_extent_check_channel(&extents[t->value], o->layers[t->value], t->channel, err);
    return st || !t->kind->check ? st : t->kind->check(o, t, extents, err);
}

/* Channels do not depend on the size of the input: what does not exist is refused at once. */
static fv_status check_terms(const fvi_network *net, const fvi_objective *o, fv_error *err) {
    const fvi_graph *g = fvi_network_graph(net);
    fvi_extent layout[FVI_MAX_VALUES];
    int known[FVI_MAX_VALUES] = {0};
    for (int v = 0; v < o->n_values; v++) {
        int at = fvi_graph_find(g, o->values[v]);
        known[v] = at >= 0 && !fvi_extent_find(g, at, 1, o->values[v], &layout[v], NULL, NULL);
    }
    for (int i = 0; i < o->n_terms; i++) {
        const fvi_term *t = &o->terms[i];
        if (t->value < 0 || !known[t->value]) continue;
        if (t->layer2 && !known[t->value2]) continue;
        fv_status st = fvi_term_check(o, t, layout, err);
        if (st) return st;
    }
    return FV_OK;
}

/* Checks the terms, and writes them in one spelling. */
static fv_status finish(fv_objective *o, fv_error *err) {
    fvi_objective plain;
    fv_status st = fvi_objective_resolve(o, NULL, o->net, FVI_REDUCTION_MEAN, &plain, err);
    if (st) return st;
    st = check_terms(o->net, &plain, err);
    if (!st) o->text = fvi_objective_string(&plain);
    fvi_objective_clear(&plain);
    return st;
}

/* Hands a finished objective over, or frees it. */
static fv_status hand_over(fv_objective *o, fv_status st, fv_objective **out, fv_error *err) {
    if (!st) st = finish(o, err);
    if (st)
        fv_objective_free(o);
    else
        *out = o;
    return st;
}

void fvi_objective_tell(const fv_objective *o, const fv_monitor *monitor) {
    if (o->is_told) fvi_monitor_note(monitor, o->note);
}

fv_status fvi_objective_read(const fvi_network *net, const char *text,
                             const fv_attachment *attachments, int count, fv_objective **out,
                             fv_error *err) {
    fv_objective *o = g_new0(fv_objective, 1);
    o->net = net;
    fvi_reader r = {.net = net,
                    .weight = 1,
                    .attachments = attachments,
                    .n_attachments = count,
                    .n_terms = &o->n_terms,
                    .terms = o->terms,
                    .note = o->note,
                    .is_told = &o->is_told};
    return hand_over(o, fvi_parse(&r, text, err), out, err);
}

static fv_status check_attachment(const fv_attachment *all, int i, fv_error *err) {
    const fv_attachment *a = &all[i];
    if (!a->name || !*a->name) return fvi_fail(err, FV_ARG, "attachment %d has no name", i);
    if (!a->image == !a->tensor)
        return fvi_fail(err, FV_ARG,
                        "attachment \"%.150s\" has %s; one of image and tensor is "
                        "wanted",
                        a->name, a->image ? "both" : "neither");
    for (int k = 0; k < i; k++)
        if (!strcmp(all[k].name, a->name))
            return fvi_fail(err, FV_ARG, "two attachments have the name \"%.150s\"", a->name);
    return a->image ? fvi_image_check(a->image, "the attached image", err)
                    : fvi_tensor_check(a->tensor, "the attached tensor", err);
}

fv_status fv_objective_new(const fv_model *model, const char *text,
                           const fv_attachment *attachments, int count, fv_objective **out,
                           fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, text, out);
    if (!st && count > 0) st = FVI_NOT_NULL(err, attachments);
    if (!st && count < 0) st = fvi_fail(err, FV_ARG, "%d attachments; at least 0", count);
    for (int i = 0; !st && i < count; i++) st = check_attachment(attachments, i, err);
    return st ? st : fvi_objective_read(model->network, text, attachments, count, out, err);
}

/* Appends copies of the terms of another, their weights multiplied. */
static fv_status append(fv_objective *to, const fv_objective *from, double weight, fv_error *err) {
    for (int i = 0; i < from->n_terms; i++) {
        if (to->n_terms == FVI_MAX_TERMS)
            return fvi_fail(err, FV_ARG, "an objective of more than %d terms", FVI_MAX_TERMS);
        const float product = (float)(weight * from->terms[i].weight);
        if (!(fabsf(product) <= (float)WEIGHT_MAX))
            return fvi_fail(err, FV_ARG, "%g times \"%.200s\" has a weight of %g; allowed: -%g..%g",
                            weight, from->text, weight * from->terms[i].weight, WEIGHT_MAX,
                            WEIGHT_MAX);
        fvi_term *t = &to->terms[to->n_terms++];
        *t = copy_term(&from->terms[i]);
        t->weight = product;
    }
    if (!to->note[0]) memcpy(to->note, from->note, sizeof to->note);
    to->is_told |= from->is_told;
    return FV_OK;
}

fv_status fv_objective_add(const fv_objective *a, double weight, const fv_objective *b,
                           fv_objective **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, a, b, out);
    if (!st && !(fabs(weight) <= WEIGHT_MAX))
        st =
            fvi_fail(err, FV_ARG, "weight is %g; allowed: -%g..%g", weight, WEIGHT_MAX, WEIGHT_MAX);
    if (!st) st = check_network(b, a->net, err);
    if (st) return st;
    fv_objective *o = g_new0(fv_objective, 1);
    o->net = a->net;
    st = append(o, a, 1, err);
    if (!st) st = append(o, b, weight, err);
    return hand_over(o, st, out, err);
}

fv_status fvi_objective_clone(const fv_objective *from, const fvi_network *net, fv_objective **out,
                              fv_error *err) {
    fv_status st = check_network(from, net, err);
    if (st) return st;
    fv_objective *o = g_new0(fv_objective, 1);
    o->net = from->net;
    return hand_over(o, append(o, from, 1, err), out, err);
}

const char *fv_objective_text(const fv_objective *o) { return o ? o->text : ""; }
const char *fv_objective_note(const fv_objective *o) { return o ? o->note : ""; }

void fv_objective_free(fv_objective *o) {
    if (!o) return;
    for (int i = 0; i < o->n_terms; i++) fvi_term_clear(&o->terms[i]);
    g_free(o->text);
    g_free(o);
}

fv_status fvi_objectives_check(const fv_objective *const *objectives, int count, fv_error *err) {
    for (int i = 0; i < count; i++)
        if (!objectives[i]) return fvi_fail(err, FV_ARG, "objective %d is NULL", i);
    return FV_OK;
}
