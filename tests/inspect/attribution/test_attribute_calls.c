/* SPDX-License-Identifier: Apache-2.0 */
/* Attribution's calls: what is refused and how, stopping, deletion and insertion curves. */
#include <glib.h>

#include "golden_net.h"
#include "support/interrupt.h"

/* ---- what is refused ------------------------------------------------------------------------ */

static void refused(const subject *s, const fv_tensor *input, const char *objective,
                    const fv_attribute_desc *d, fv_status status, const char *part) {
    fv_attribution *a = NULL;
    fv_error err = {0};
    assert_int_equal(attribute_text(s->model, s->session, input, objective, d, &a, &err), status);
    assert_null(a);
    if (!strstr(err.text, part)) fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

static void bad_requests_are_named(void **state) {
    (void)state;
    const int64_t two[] = {2, 3, 20, 24}, small[] = {1, 3, 20, 23};
    fv_tensor *pair = NULL, *other = NULL;
    assert_int_equal(fv_tensor_new(4, two, &pair, NULL), FV_OK);
    assert_int_equal(fv_tensor_new(4, small, &other, NULL), FV_OK);
    const struct {
        fv_attribute_desc d;
        fv_status status;
        const char *part;
    } cases[] = {
        {{.method = 10}, FV_ARG, "method is 10; allowed: 1 to 9"},
        {{.method = FV_METHOD_RISE, .keep = 1.5f}, FV_ARG, "keep is 1.5"},
        {{.method = FV_METHOD_RISE, .cells = 21}, FV_ARG, "cells is 21; allowed: 1 to 20"},
        {{.method = FV_METHOD_RISE, .masks = -1}, FV_ARG, "masks is -1"},
        {{.method = FV_METHOD_SMOOTHGRAD, .samples = -5}, FV_ARG, "samples is -5"},
        {{.method = FV_METHOD_SMOOTHGRAD, .sd = -1}, FV_ARG, "sd is -1"},
        {{.method = FV_METHOD_SMOOTHGRAD, .sd = NAN}, FV_ARG, "sd is nan"},
        {{.method = FV_METHOD_INTEGRATED, .steps = 10001}, FV_ARG, "steps is 10001"},
        {{.method = FV_METHOD_OCCLUSION, .window = 21}, FV_ARG, "window is 21; allowed: 1 to 20"},
        {{.method = FV_METHOD_OCCLUSION, .window = 4, .stride = 5}, FV_ARG, "stride is 5"},
        {{.method = FV_METHOD_INTEGRATED, .baseline = 8}, FV_ARG, "baseline is 8"},
        {{.method = FV_METHOD_INTEGRATED, .baseline = FV_BASELINE_PICTURE},
         FV_ARG,
         "none is given"},
        {{.method = FV_METHOD_INTEGRATED, .baseline = FV_BASELINE_PICTURE, .baseline_input = other},
         FV_SHAPE,
         "the baseline is 1x3x20x23; the input is 1x3x20x24"},
        {{.method = FV_METHOD_GRADCAM, .layer = "densely"}, FV_NOTFOUND, "densely"},
        {{.method = FV_METHOD_GRADCAM, .layer = "/dense/Gemm"},
         FV_SHAPE,
         "is 1x5, no maps over the picture"},
        {{.method = FV_METHOD_GRADCAM, .layer = "relu9"}, FV_NOTFOUND, "relu9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fv_attribute_desc d = cases[i].d;
        d.struct_size = sizeof d;
        refused(&net, x, "class:2", &d, cases[i].status, cases[i].part);
    }
    refused(&net, x, "class:5", NULL, FV_NOTFOUND, "5 classes");
    refused(&net, x, "relu9:3", NULL, FV_NOTFOUND, "relu9");
    refused(&net, x, "class:2 - 0.1*tv", NULL, FV_ARG, "tv");
    refused(&net, pair, "class:2", NULL, FV_SHAPE, "2x3x20x24; one sample is wanted");
    fv_tensor_free(pair);
    fv_tensor_free(other);
}

/* A dense network sees a picture, but has no layer with maps; a row of numbers has none. */
static void networks_without_maps(void **state) {
    (void)state;
    subject s = linear(0);
    fv_tensor *p = linear_input(0), *v = NULL;
    refused(&s, p, "class:0", FV_DESC(fv_attribute_desc, .method = FV_METHOD_GRADCAM), FV_SHAPE,
            "no layer before the objective has maps");
    p->data[7] = NAN;
    refused(&s, p, "class:0", NULL, FV_ARG, "number 7 of the input is not finite");
    fv_tensor_free(p);
    subject_free(&s);
    s = subject_load("tests/data/cli/vector.onnx");
    const int64_t four[] = {1, 4};
    assert_int_equal(fv_tensor_new(2, four, &v, NULL), FV_OK);
    refused(&s, v, "dense1:0", NULL, FV_SHAPE, "has maps over the input");
    fv_tensor_free(v);
    subject_free(&s);
}

/* Without an objective it is the first class; an inner layer has its own maps. */
static void what_is_taken_where_nothing_is_said(void **state) {
    (void)state;
    fv_prediction best;
    char want[32];
    assert_int_equal(fv_session_classify(net.session, x, 1, &best, NULL), FV_OK);
    snprintf(want, sizeof want, ":%d", best.index);
    fv_attribution *a = attribute(&net, x, NULL, NULL);
    assert_non_null(strstr(a->objective, want));
    assert_int_equal(a->method, FV_METHOD_DEFAULT);
    fv_attribution_free(a);
    /* the gradient of a channel's mean at that channel is one over its places: its own map is left
     */
    fv_tensor *y = NULL;
    a = attribute(&net, x, "relu2/Relu:4", FV_DESC(fv_attribute_desc, .method = FV_METHOD_GRADCAM));
    assert_string_equal(a->layer, "relu2");
    assert_int_equal(fv_session_run(net.session, x, "relu2/Relu", &y, NULL), FV_OK);
    for (int i = 0; i < 120; i++) y->data[480 + i] /= 120;
    assert_close(a->cells->data, y->data + 480, 120, 1e-4);
    fv_tensor_free(y);
    fv_attribution_free(a);
}

static void methods_are_listed(void **state) {
    (void)state;
    assert_int_equal(fv_method_count(), FV_METHOD_RISE);
    for (int i = 0; i < fv_method_count(); i++) assert_int_equal(fv_method_at(i)->method, i + 1);
    assert_null(fv_method_at(-1));
    assert_null(fv_method_at(fv_method_count()));
    assert_string_equal(fv_baseline_name(FV_BASELINE_NOISE), "noise");
    assert_null(fv_baseline_name(FV_BASELINE_PICTURE));
    assert_null(fv_baseline_name(0));
}

/* What a method says of itself holds for the map it makes. */
static void methods_are_what_they_say(void **state) {
    static const char *const fields =
        " layer baseline samples sd steps window stride masks cells keep seed ";
    (void)state;
    for (int i = 0; i < fv_method_count(); i++) {
        const fv_method_info *m = fv_method_at(i);
        fv_attribution *a = attribute(&net, x, "class:1",
                                      FV_DESC(fv_attribute_desc, .method = m->method, .samples = 3,
                                              .masks = 20, .steps = 20));
        assert_true(m->title && m->summary && *m->summary);
        char **words = g_strsplit(m->options, " ", -1);
        for (char **w = words; *w; w++) assert_non_null(strstr(fields, *w));
        assert_int_equal(a->layer != NULL, g_strv_contains((const char *const *)words, "layer"));
        assert_int_equal(m->baseline != 0, g_strv_contains((const char *const *)words, "baseline"));
        fv_attribution *other =
            attribute(&net, x, "class:1",
                      FV_DESC(fv_attribute_desc, .method = m->method, .samples = 3, .masks = 20,
                              .steps = 20, .seed = 9));
        assert_int_equal(memcmp(a->map->data, other->map->data,
                                (size_t)fv_tensor_count(a->map) * sizeof(float)) != 0,
                         g_strv_contains((const char *const *)words, "seed"));
        fv_attribution_free(other);
        g_strfreev(words);
        assert_int_equal(a->parts != NULL, m->has_parts);
        assert_int_equal(a->steps > 0, m->steps != NULL);
        assert_int_equal(a->gap != 0, m->is_complete);
        for (int64_t k = 0; m->is_rectified && k < fv_tensor_count(a->map); k++)
            assert_true(a->map->data[k] >= 0);
        fv_attribution_free(a);
    }
}

/* ---- stopping ------------------------------------------------------------------------------- */

typedef struct watch {
    int calls, last, stop_at, answer, falls;
} watch;

static int look(void *user, const fv_progress *now) {
    watch *w = user;
    w->calls++;
    if (now->done <= w->last || now->done > now->total) w->falls++;
    w->last = now->done;
    return now->done >= w->stop_at ? w->answer : 0;
}

static void stopping(void **state) {
    (void)state;
    const struct {
        fv_attribute_desc d;
        int partial; /* what a stopped call gives */
    } cases[] = {
        {{.method = FV_METHOD_SMOOTHGRAD, .samples = 100}, 1},
        {{.method = FV_METHOD_RISE, .masks = 100}, 1},
        {{.method = FV_METHOD_INTEGRATED, .steps = 100}, 0},
        {{.method = FV_METHOD_OCCLUSION, .window = 4}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int answer = 0; answer <= FV_MONITOR_CANCEL; answer++) {
            watch w = {.stop_at = 30, .answer = answer};
            fv_attribute_desc d = cases[i].d;
            d.struct_size = sizeof d;
            fv_attribution *a = NULL;
            fv_monitor *monitor = NULL;
            assert_int_equal(fv_monitor_new(look, NULL, &w, &monitor, NULL), FV_OK);
            fv_session_set_monitor(net.session, monitor, NULL);
            const int gives = !answer || (answer == FV_MONITOR_STOP && cases[i].partial);
            assert_int_equal(attribute_text(net.model, net.session, x, "class:1", &d, &a, NULL),
                             gives ? FV_OK : FV_CANCELLED);
            fv_session_set_monitor(net.session, NULL, NULL);
            fv_monitor_free(monitor);
            assert_int_equal(w.falls, 0);
            assert_true(w.calls > 1);
            if (gives) {
                assert_int_equal(a->unfinished, answer != 0);
                assert_true(answer ? a->steps > 0 && a->steps < 100 : w.last == a->evaluations);
            }
            fv_attribution_free(a);
        }
    }
}

/* ---- curves --------------------------------------------------------------------------------- */

static double area_of(const float *v, int count) {
    double sum = 0;
    for (int i = 0; i + 1 < count; i++) sum += (v[i] + v[i + 1]) / 2.0 / (count - 1);
    return sum;
}

static fv_scores *scores_of(const subject *s, const fv_tensor *p, const fv_tensor *map,
                            const fv_scores_desc *d) {
    fv_scores *c = NULL;
    fv_error err;
    if (scores_text(s->model, s->session, p, "class:0", map, d, &c, &err)) fail_msg("%s", err.text);
    return c;
}

/* Of a linear model every point of the curves can be said beforehand. */
static void curves_of_a_linear_model(void **state) {
    (void)state;
    subject s = linear(0);
    fv_tensor *p = linear_input(0), *map = NULL;
    float w[2 * COUNT];
    linear_weights(w);
    const int64_t dim[] = {SIDE, SIDE};
    assert_int_equal(fv_tensor_new(2, dim, &map, NULL), FV_OK);
    double share[PLANE], full = 0.75, empty = 0.75; /* white in the other's place */
    for (int i = 0; i < PLANE; i++) {
        share[i] = 0;
        for (int c = 0; c < 3; c++) {
            const fv_input *in = fv_model_input(s.model);
            const double white = (in->range - in->mean[c]) * in->scale[c];
            const double ww = (double)w[c * PLANE + i];
            share[i] += ww * ((double)p->data[c * PLANE + i] - white);
            full += ww * (double)p->data[c * PLANE + i];
            empty += ww * white;
        }
        map->data[i] = (float)-i; /* in reading order */
    }
    const fv_scores_desc d = {.struct_size = sizeof d,
                              .steps = 64,
                              .deletion = FV_BASELINE_WHITE,
                              .insertion = FV_BASELINE_WHITE};
    fv_scores *c = scores_of(&s, p, map, &d);
    assert_int_equal(c->count, 65);
    double gone = 0;
    for (int k = 0; k < c->count; k++) {
        assert_true(fabs((double)c->deletion[k] - (full - gone)) < 1e-4 * fabs(full));
        assert_true(fabs((double)c->insertion[k] - (empty + gone)) < 1e-4 * fabs(full));
        for (int i = 4 * k; i < 4 * k + 4 && i < PLANE; i++) gone += share[i];
    }
    assert_true(fabs(c->deletion_area - area_of(c->deletion, 65)) < 1e-6);
    assert_true(fabs(c->insertion_area - area_of(c->insertion, 65)) < 1e-6);
    fv_scores_free(c);
    /* the right order beats a random one, which beats the wrong one */
    double deletion[3], insertion[3];
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < PLANE; i++) map->data[i] = (float)(k ? -share[i] : share[i]);
        c = scores_of(&s, p, k == 1 ? NULL : map, &d);
        deletion[k] = c->deletion_area;
        insertion[k] = c->insertion_area;
        fv_scores_free(c);
    }
    assert_true(deletion[0] < deletion[1] && deletion[1] < deletion[2]);
    assert_true(insertion[0] > insertion[1] && insertion[1] > insertion[2]);
    fv_tensor_free(map);
    fv_tensor_free(p);
    subject_free(&s);
}

static void curves_are_refused(void **state) {
    (void)state;
    fv_tensor *map = NULL;
    fv_scores *c = NULL;
    fv_error err = {0};
    const int64_t dim[] = {24, 20};
    assert_int_equal(fv_tensor_new(2, dim, &map, NULL), FV_OK);
    assert_int_equal(scores_text(net.model, net.session, x, "class:0", map, NULL, &c, &err),
                     FV_SHAPE);
    assert_string_equal(err.text, "the map is 24x20; the picture is 20x24");
    assert_int_equal(scores_text(net.model, net.session, x, "class:0", NULL,
                                 FV_DESC(fv_scores_desc, .steps = -1), &c, &err),
                     FV_ARG);
    for (int wish = FV_MONITOR_STOP; wish <= FV_MONITOR_CANCEL; wish++) {
        interrupt w;
        interrupt_begin(&w, net.session, wish, 10);
        assert_int_equal(scores_text(net.model, net.session, x, "class:0", NULL, NULL, &c, &err),
                         FV_CANCELLED);
        assert_true(w.last >= 10 && w.last < w.total && !w.falls);
        interrupt_end(&w, net.session);
    }
    assert_null(c);
    fv_tensor_free(map);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_requests_are_named),
        cmocka_unit_test(networks_without_maps),
        cmocka_unit_test(what_is_taken_where_nothing_is_said),
        cmocka_unit_test(methods_are_listed),
        cmocka_unit_test(methods_are_what_they_say),
        cmocka_unit_test(stopping),
        cmocka_unit_test(curves_of_a_linear_model),
        cmocka_unit_test(curves_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
