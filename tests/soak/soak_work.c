/* SPDX-License-Identifier: Apache-2.0 */
/* One network through everything, and all of it freed again. Sizes and steps are as small as they
 * can be: what is looked for grows with the number of calls, not with their size. A network that
 * cannot do a thing (one whose input is no picture has no attribution) refuses it, in every round
 * alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fovea-private/bench.h"
#include "soak.h"
#include "support/texts.h"

enum { PHOTOS = 3, SIDE = 40, TEXT = 512 };

fv_status soak_note(soak *s, const char *what, fv_status status, const fv_error *err) {
    soak_log *log = s->log;
    if (log->round == 0) {
        if (log->count == log->room) {
            log->room = log->room ? 2 * log->room : 4096;
            log->status = realloc(log->status, (size_t)log->room * sizeof *log->status);
            if (!log->status) abort();
        }
        log->status[log->count++] = status;
    }
    if (log->at >= log->count || log->status[log->at] != (int)status) {
        if (!log->changed++)
            snprintf(log->first_changed, sizeof log->first_changed, "%.60s: %.40s: %.500s", s->path,
                     what, status ? err->text : "done");
    }
    log->at++;
    log->done++;
    log->refused += status != FV_OK;
    return status;
}

#define NOTE(call) soak_note(s, #call, (call), &err)

/* ---- photos --------------------------------------------------------------------------------- */

static fv_image *make_photo(unsigned seed) {
    fv_image *p = NULL;
    if (fv_image_new(3, SIDE, SIDE + 8, &p, NULL)) return NULL;
    for (int i = 0; i < 3 * p->height * p->width; i++)
        p->data[i] = (float)((unsigned)(i * 2654435761u + seed * 40503u) >> 16 & 255) / 255;
    return p;
}

int soak_make_photos(const char *folder) {
    char path[TEXT];
    int failed = 0;
    snprintf(path, sizeof path, "%s/photos", folder);
    failed |= mkdir(path, 0777);
    for (unsigned i = 0; i < PHOTOS && !failed; i++) {
        fv_image *p = make_photo(i);
        snprintf(path, sizeof path, "%s/photos/%u.%s", folder, i, i % 2 ? "jpg" : "png");
        failed |= !p || fv_image_save(p, path, NULL);
        fv_image_free(p);
    }
    return failed ? -1 : 0;
}

/* ---- the parts ------------------------------------------------------------------------------ */

static void look(soak *s) {
    fv_error err;
    int index = 0;
    fv_objective *objective = NULL;
    fv_model_sha256(s->model);
    NOTE(fv_model_find_layer(s->model, s->layer->name, &index, &err));
    NOTE(fv_objective_new(s->model, s->layer->name, NULL, 0, &objective, &err));
    fv_objective_free(objective);
    for (int i = 0; i < fv_model_layer_count(s->model); i++) {
        fv_weight_stats stats;
        fv_tensor *weights = NULL, *bias = NULL;
        fv_filter_stats *filters = NULL;
        NOTE(fv_model_weight_stats(s->model, i, &stats, &err));
        NOTE(fv_model_weights(s->model, i, &weights, &bias, &err));
        NOTE(fv_filters_measure(s->model, i, &filters, &err));
        fv_tensor_free(weights);
        fv_tensor_free(bias);
        fv_filter_stats_free(filters);
    }
    fv_weights *drawn = NULL;
    const int first[] = {0};
    fv_weights_desc d = {.struct_size = sizeof d,
                         .channels = first,
                         .n_channels = 1,
                         .inputs = first,
                         .n_inputs = 1};
    NOTE(fv_weights_render(s->model, s->layer_index, &d, &drawn, &err));
    fv_weights_free(drawn);
}

static void run(soak *s) {
    fv_error err;
    fv_tensor *y = NULL, *dx = NULL;
    fv_prediction best;
    fv_bench_result bench;
    fv_bench_desc twice = {.repeats = 2, .threads = 1};
    char path[TEXT];
    NOTE(fv_session_run(s->session, s->input, NULL, &y, &err));
    NOTE(gradient_text(s->model, s->session, s->input, s->layer->name, NULL, &dx, &err));
    NOTE(fv_session_classify(s->session, s->input, 1, &best, &err));
    NOTE(fv_bench(s->model, s->layer->name, &twice, &bench, &err));
    snprintf(path, sizeof path, "%s/y.npy", s->folder);
    fv_tensor *again = NULL;
    if (y && !NOTE(fv_tensor_save(y, path, &err))) NOTE(fv_tensor_load(path, &again, &err));
    fv_tensor_free(again);
    fv_tensor_free(y);
    fv_tensor_free(dx);
}

static void activations(soak *s) {
    fv_error err;
    fv_activations *a = NULL;
    fv_image *drawn = NULL;
    double error, cosine;
    const fv_activations_desc d = {.struct_size = sizeof d, .top = 1, .tile = 32};
    if (NOTE(fv_activations_run(s->session, s->input, &s->layer->name, 1, &a, &err))) return;
    NOTE(fv_activations_compare(a, a, &error, &cosine, &err));
    NOTE(fv_activations_draw(a, &d, NULL, &drawn, &err));
    fv_image_free(drawn);
    fv_activations_free(a);
}

static void at_most_two(fv_recipe *r, const char *option) {
    char text[32];
    fv_error err;
    if (!fv_recipe_get(r, option, text, sizeof text, &err) && atoi(text) > 2)
        fv_recipe_set(r, option, "2", &err);
}

static void render(soak *s) {
    fv_error err;
    char text[TEXT];
    snprintf(text, sizeof text, "\"%.400s\":0", s->layer->name);
    for (int i = 0; i < fv_recipe_count(); i++) {
        fv_recipe *r = NULL;
        fv_rendering *made = NULL;
        const char *objective = text;
        char number[32];
        if (NOTE(recipe_texts(s->model, fv_recipe_name(i), &objective, 1, &r, &err))) continue;
        snprintf(number, sizeof number, "%d", i);
        NOTE(fv_recipe_set(r, "seed", number, &err));
        snprintf(number, sizeof number, "%d", SIDE);
        if (fv_model_input(s->model)->is_image) NOTE(fv_recipe_set(r, "size", number, &err));
        NOTE(fv_recipe_set(r, "steps", "2", &err));
        at_most_two(r, "levels");
        at_most_two(r, "copies");
        const render_how how = {.threads = 1};
        fv_status st = NOTE(render_texts(s->model, &objective, 1, r, &how, &made, &err));
        fv_recipe_free(r);
        if (st) continue;
        char path[TEXT];
        snprintf(path, sizeof path, "%s/unit.%s", s->folder, i % 2 ? "png" : "jpg");
        if (made->image) NOTE(fv_image_save(made->image, path, &err));
        fv_rendering_free(made);
    }
    const fv_dream_desc dream = {.struct_size = sizeof dream, .steps = 1, .octaves = 2, .tile = 32};
    own_session own;
    fv_image *p = make_photo(7);
    if (!NOTE(open_own(s->model, &(render_how){.threads = 1}, &own, &err)) && p)
        NOTE(dream_text(s->model, own.session, p, s->layer->name, &dream, &err));
    close_own(&own);
    fv_image_free(p);
}

static void attribute(soak *s) {
    fv_error err;
    char text[TEXT];
    fv_scores *scores = NULL;
    fv_sanity *sanity = NULL;
    const int side = fv_model_input(s->model)->height, window = side > 4 ? side / 4 : 1;
    snprintf(text, sizeof text, "\"%.400s\":0", s->layer->name);
    for (int i = 0; i < fv_method_count(); i++) {
        fv_attribution *a = NULL;
        fv_image *over = NULL;
        fv_attribute_desc d = {.struct_size = sizeof d,
                               .method = fv_method_at(i)->method,
                               .samples = 2,
                               .steps = 2,
                               .masks = 4,
                               .window = window,
                               .stride = window,
                               .cells = 2};
        if (NOTE(attribute_text(s->model, s->session, s->input, text, &d, &a, &err))) continue;
        const fv_paint_desc paint = {.struct_size = sizeof paint, .palette = FV_PALETTE_SEQUENTIAL};
        NOTE(fv_overlay(s->photo, a->map->data, (int)a->map->dim[0], (int)a->map->dim[1], &paint,
                        &over, &err));
        fv_image_free(over);
        fv_attribution_free(a);
    }
    const fv_scores_desc sd = {.struct_size = sizeof sd, .steps = 4};
    NOTE(scores_text(s->model, s->session, s->input, text, NULL, &sd, &scores, &err));
    fv_scores_free(scores);
    NOTE(sanity_text(s->model, s->session, s->input, text, FV_DESC(fv_sanity_desc, .stages = 1),
                     &sanity, &err));
    fv_sanity_free(sanity);
}

static void examples(soak *s) {
    fv_error err;
    char folder[TEXT], index[TEXT], text[TEXT];
    const char *objective = text;
    fv_examples *e = NULL;
    fv_image *sheet = NULL;
    fv_distribution spread;
    snprintf(text, sizeof text, "\"%.400s\":0", s->layer->name);
    snprintf(folder, sizeof folder, "%s/photos", s->folder);
    snprintf(index, sizeof index, "%s/index", s->folder);
    /* every other round reads what the one before it measured */
    const fv_examples_desc d = {
        .struct_size = sizeof d, .decoders = 2, .index = s->log->round % 2 ? index : NULL};
    if (NOTE(scan_texts(s->model, s->session, &objective, 1, folder, &d, &e, &err))) return;
    NOTE(fv_examples_distribution(e, 0, FV_SCORE_MAX, 0, &spread, &err));
    const fv_contact_sheet_desc sheet_desc = {
        .struct_size = sizeof sheet_desc, .top = 2, .bottom = 1, .tile = 32};
    NOTE(fv_examples_contact_sheet(e, 0, &sheet_desc, &sheet, &err));
    fv_image_free(sheet);
    fv_examples_free(e);
}

static void compare(soak *s) {
    fv_error err;
    fv_model *other = NULL;
    fv_comparison *c = NULL;
    fv_changes *changes = NULL;
    fv_session *second = NULL;
    const fv_session_desc one = {.struct_size = sizeof(fv_session_desc), .threads = 1};
    if (NOTE(fv_model_shuffle(s->model, &s->layer_index, 1, 3, &other, &err))) return;
    NOTE(fv_session_new(other, &one, &second, &err));
    if (second && !NOTE(fv_comparison_new(s->session, second, s->layer->name, &c, &err))) {
        NOTE(fv_comparison_add_input(c, s->input, &err));
        NOTE(fv_comparison_rank(c, &changes, &err));
        fv_image *three[3] = {NULL, NULL, NULL};
        NOTE(fv_comparison_draw(c, NULL, s->input, 0, NULL, three, &err));
        for (int i = 0; i < 3; i++) fv_image_free(three[i]);
    }
    fv_changes_free(changes);
    fv_comparison_free(c);
    fv_session_free(second);
    fv_model_free(other);
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* One sample: a photo where the network takes one, else numbers. */
static fv_tensor *make_input(soak *s) {
    fv_error err;
    const fv_input *in = fv_model_input(s->model);
    fv_tensor *x = NULL;
    int64_t dim[FV_MAX_DIMS] = {1};
    if (!NOTE(fv_input_from_image(s->model, s->photo, &x, &err))) return x;
    for (int i = 1; i < in->ndim; i++) dim[i] = in->dim[i] > 0 ? in->dim[i] : 8;
    if (NOTE(fv_tensor_new(in->ndim, dim, &x, &err))) return NULL;
    for (int64_t i = 0; i < fv_tensor_count(x); i++) x->data[i] = (float)(i % 17) / 17;
    return x;
}

void soak_run(soak *s) {
    fv_error err;
    const fv_session_desc two = {.struct_size = sizeof(fv_session_desc),
                                 .threads = 1 + s->log->round % 2};
    if (NOTE(fv_model_load(s->path, NULL, &s->model, &err))) return;
    s->layer_index = fv_model_layer_count(s->model) / 2;
    s->layer = fv_model_layer(s->model, s->layer_index);
    s->photo = make_photo(1);
    s->input = s->photo ? make_input(s) : NULL;
    if (s->input && !NOTE(fv_session_new(s->model, &two, &s->session, &err))) {
        look(s);
        run(s);
        activations(s);
        render(s);
        attribute(s);
        examples(s);
        compare(s);
    }
    fv_session_free(s->session);
    fv_tensor_free(s->input);
    fv_image_free(s->photo);
    fv_model_free(s->model);
    s->session = NULL;
    s->model = NULL;
}
