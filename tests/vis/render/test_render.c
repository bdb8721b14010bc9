/* SPDX-License-Identifier: Apache-2.0 */
/* fv_render through the public API on a small trained-free residual net (tests/golden): one picture
 * whatever the batch and the company, the same again, another seed another, climbing, cancelling.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "support/recipes.h"
#include "support/texts.h"

#define FREE_BATCH  "tests/golden/residual.new18-free.onnx"
#define FIXED_BATCH "tests/golden/residual.old9.onnx"
#define LAYER       "#5" /* a convolution of 8 channels */
enum { SIZE = 24, STEPS = 12, UNITS = 5 };

static fv_model *load(const char *path) {
    fv_error err = {0};
    fv_model *m = NULL;
    if (fv_model_load(path, NULL, &m, &err)) fail_msg("%s", err.text);
    return m;
}

/* What is rendered with. */
typedef struct how {
    const char *recipe;    /* NULL: "wolfram", which climbs steadily */
    const char *options;   /* NULL: none besides its size and steps */
    const fv_image *start; /* or NULL */
    const fv_image *mask;  /* or NULL */
    render_how call;
} how;

static fv_recipe *recipe_for(const fv_model *m, const char *unit, const how *d) {
    fv_error err = {0};
    fv_recipe *r = recipe_of(m, d->recipe ? d->recipe : "wolfram", unit, "size=24; steps=12");
    recipe_set(r, d->options ? d->options : "");
    if (d->start && fv_recipe_set_image(r, "start", d->start, &err)) fail_msg("%s", err.text);
    if (d->mask && fv_recipe_set_image(r, "mask", d->mask, &err)) fail_msg("%s", err.text);
    return r;
}

/* One picture a unit. */
static void render(const fv_model *m, const char *const *units, int n, how d, fv_rendering **out) {
    fv_error err = {0};
    fv_recipe *r = recipe_for(m, units[0], &d);
    if (render_texts(m, units, n, r, &d.call, out, &err)) fail_msg("%s", err.text);
    fv_recipe_free(r);
}

static const char *const units[UNITS] = {LAYER ":0", LAYER ":1", LAYER ":7", LAYER, LAYER ":3@2,4"};

static size_t bytes_of(const fv_image *i) {
    return (size_t)(i->channels * i->height * i->width) * sizeof(float);
}

/* Whether a gradient comes out the same, to the bit, alone and in a batch of 5. oneDNN may choose
 * its summation order by the batch; then pictures can only be nearly the same. */
static int gradients_are_batch_invariant(const fv_model *m) {
    fv_session *s = NULL;
    fv_tensor *x = NULL, *one = NULL, *all = NULL, *alone = NULL;
    int64_t dims[4] = {UNITS, 3, SIZE, SIZE};
    assert_int_equal(fv_session_new(m, NULL, &s, NULL), FV_OK);
    assert_int_equal(fv_tensor_new(4, dims, &x, NULL), FV_OK);
    for (int64_t i = 0; i < fv_tensor_count(x); i++) x->data[i] = sinf((float)i);
    dims[0] = 1;
    assert_int_equal(fv_tensor_new(4, dims, &one, NULL), FV_OK);
    size_t bytes = (size_t)fv_tensor_count(one) * sizeof(float);
    memcpy(one->data, x->data, bytes);
    assert_int_equal(gradient_text(m, s, x, LAYER ":0", NULL, &all, NULL), FV_OK);
    assert_int_equal(gradient_text(m, s, one, LAYER ":0", NULL, &alone, NULL), FV_OK);
    int same = memcmp(all->data, alone->data, bytes) == 0;
    for (int64_t i = 0; i < fv_tensor_count(one); i++)
        assert_true(fabsf(all->data[i] - alone->data[i]) < 1e-5f);
    fv_tensor_free(x);
    fv_tensor_free(one);
    fv_tensor_free(all);
    fv_tensor_free(alone);
    fv_session_free(s);
    return same;
}

static void assert_same_picture(const fv_rendering *r, const fv_rendering *q, int exact) {
    const fv_image *a = r->image, *b = q->image;
    assert_int_equal(bytes_of(a), bytes_of(b));
    if (exact) assert_memory_equal(a->data, b->data, bytes_of(a));
    for (size_t i = 0; i < bytes_of(a) / sizeof(float); i++)
        assert_true(fabsf(a->data[i] - b->data[i]) < 0.02f);
}

static void free_all(fv_rendering **r, int n) {
    for (int i = 0; i < n; i++) fv_rendering_free(r[i]);
}

static void one_picture_whatever_the_batch(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    int exact = gradients_are_batch_invariant(m);
    const char *recipes[] = {"wolfram", "lucid", "fovea", "matlab"};
    for (int k = 0; k < 4; k++) {
        fv_rendering *alone[UNITS], *batched[UNITS], *pairs[UNITS];
        how d = {.recipe = recipes[k]};
        for (int i = 0; i < UNITS; i++) render(m, &units[i], 1, d, &alone[i]);
        render(m, units, UNITS, d, batched);
        d.call.batch = 2;
        render(m, units, UNITS, d, pairs);
        for (int i = 0; i < UNITS; i++) {
            assert_same_picture(alone[i], batched[i], exact);
            assert_same_picture(alone[i], pairs[i], exact);
        }
        free_all(alone, UNITS);
        free_all(batched, UNITS);
        free_all(pairs, UNITS);
    }
    fv_model_free(m);
}

static void copies_share_a_batch_or_not(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    int exact = gradients_are_batch_invariant(m);
    fv_rendering *together, *apart;
    how d = {.options = "copies=4"};
    render(m, units, 1, d, &together);
    d.call.batch = 1;
    render(m, units, 1, d, &apart);
    assert_same_picture(together, apart, exact);
    fv_rendering_free(together);
    fv_rendering_free(apart);
    fv_model_free(m);
}

static void a_file_with_a_fixed_batch_renders_too(void **state) {
    (void)state;
    fv_model *m = load(FIXED_BATCH);
    fv_rendering *alone, *batched[UNITS];
    render(m, units, UNITS, (how){0}, batched);
    render(m, units + 2, 1, (how){0}, &alone);
    assert_same_picture(alone, batched[2], gradients_are_batch_invariant(m));
    fv_rendering_free(alone);
    free_all(batched, UNITS);
    fv_model_free(m);
}

static void the_seed_decides(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_rendering *a, *again, *other;
    render(m, units, 1, (how){.options = "seed=5"}, &a);
    render(m, units, 1, (how){.options = "seed=5"}, &again);
    render(m, units, 1, (how){.options = "seed=6"}, &other);
    assert_memory_equal(a->image->data, again->image->data, bytes_of(a->image));
    assert_memory_not_equal(a->image->data, other->image->data, bytes_of(a->image));
    assert_string_equal(fv_image_text(a->image, "fovea.seed"), "5");
    assert_string_equal(fv_image_text(a->image, "fovea.version"), fv_version());
    assert_int_equal(strlen(fv_image_text(a->image, "fovea.model-sha256")), 64);
    assert_non_null(strstr(fv_image_text(a->image, "fovea.options"), "steps=12"));
    assert_non_null(strstr(fv_image_text(a->image, "fovea.options"), "recipe=wolfram"));
    fv_rendering_free(a);
    fv_rendering_free(again);
    fv_rendering_free(other);
    fv_model_free(m);
}

static void starts_differ_and_the_first_is_the_only_one(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_rendering *many[6], *one;
    render(m, units, 2, (how){.options = "restarts=3"}, many);
    render(m, units + 1, 1, (how){0}, &one);
    int exact = gradients_are_batch_invariant(m);
    assert_same_picture(one, many[3], exact);
    assert_int_equal(many[4]->start, 1);
    assert_string_equal(many[4]->objective, many[3]->objective);
    assert_memory_not_equal(many[3]->image->data, many[4]->image->data, bytes_of(many[3]->image));
    free_all(many, 6);
    fv_rendering_free(one);
    fv_model_free(m);
}

typedef struct watch {
    int calls, stop_at, total, wish;
    double first, last;
    double early, late; /* means over the first and the last quarter of STEPS updates */
} watch;

static int note(void *user, const fv_progress *p) {
    watch *w = user;
    if (!w->calls++) w->first = p->objective;
    w->last = p->objective;
    if (w->calls <= STEPS / 4) w->early += p->objective / (STEPS / 4);
    if (p->done > p->total - STEPS / 4) w->late += p->objective / (STEPS / 4);
    assert_int_equal(p->done, w->calls);
    if (w->total) assert_int_equal(p->total, w->total);
    return w->calls == w->stop_at ? w->wish : 0;
}

static void objectives_climb(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    for (int i = 0; i < UNITS; i++) {
        watch w = {.total = STEPS};
        fv_rendering *r;
        how d = {.options = "transforms=none", .call = {.progress = note, .user = &w}};
        render(m, &units[i], 1, d, &r); /* no shifts: a neuron stays under its pixels */
        assert_int_equal(w.calls, STEPS);
        if (!(w.last > w.first)) fail_msg("%s: %g, then %g", units[i], w.first, w.last);
        assert_true(r->first == w.first && r->reached == w.last);
        assert_int_equal(r->steps, STEPS);
        assert_false(r->dead || r->unfinished);
        for (size_t k = 0; k < bytes_of(r->image) / sizeof(float); k++)
            assert_true(r->image->data[k] >= 0 && r->image->data[k] <= 1);
        fv_rendering_free(r);
    }
    fv_model_free(m);
}

static void every_recipe_climbs(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    for (int k = 0; k < fv_recipe_count(); k++) {
        watch w = {0};
        fv_rendering *r;
        how d = {.recipe = fv_recipe_name(k), .call = {.progress = note, .user = &w}};
        render(m, units, 1, d, &r);
        if (!(w.late > w.early)) fail_msg("%s: %g, then %g", d.recipe, w.early, w.late);
        assert_non_null(r->input);
        fv_rendering_free(r);
    }
    fv_model_free(m);
}

/* The value at the input that came out is the objective's own, without transforms. */
static void the_input_reached_is_returned(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_session *s = NULL;
    fv_rendering *r;
    fv_tensor *dx = NULL;
    double value = 0;
    render(m, units, 1, (how){.options = "transforms=none"}, &r);
    assert_int_equal(fv_session_new(m, NULL, &s, NULL), FV_OK);
    assert_int_equal(gradient_text(m, s, r->input, "energy(" LAYER ":0)", &value, &dx, NULL),
                     FV_OK);
    assert_true(value > r->first);
    fv_tensor_free(dx);
    fv_session_free(s);
    fv_rendering_free(r);
    fv_model_free(m);
}

static void levels_grow_or_end_at_the_size(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_rendering *above, *below;
    how d = {.options = "levels=3; level-scale=1.5; octave-order=from-size"};
    render(m, units, 1, d, &above);
    d.options = "levels=3; level-scale=1.5; octave-order=to-size; octave-carry=detail";
    render(m, units, 1, d, &below);
    assert_int_equal(above->image->width, 54); /* 24, 36, 54 */
    assert_int_equal(below->image->width, SIZE);
    assert_int_equal(below->steps, 3 * STEPS);
    fv_rendering_free(above);
    fv_rendering_free(below);
    fv_model_free(m);
}

static void tiles_cover_what_is_larger(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    watch w = {0};
    fv_rendering *r, *both[2];
    how d = {.options = "tile=16", .call = {.progress = note, .user = &w}};
    render(m, units, 2, d, both);
    free_all(both, 2);
    assert_true(w.last > w.first);
    render(m, units, 1, (how){.options = "tile=16"}, &r);
    int touched = 0, plane = SIZE * SIZE;
    for (int i = 0; i < plane; i++) touched += r->image->data[i] != 0.5f;
    assert_true(touched == plane);
    fv_rendering_free(r);
    fv_model_free(m);
}

static void a_plateau_stops_a_picture(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_rendering *r;
    render(m, units, 1, (how){.options = "patience=2; optimizer=ascent; rate=1e-30"}, &r);
    assert_true(r->steps < STEPS);
    assert_false(r->unfinished);
    fv_rendering_free(r);
    fv_model_free(m);
}

/* Where the mask is black the picture stays the start. */
static void a_mask_keeps_the_start(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_image *init, *mask;
    fv_rendering *r;
    assert_int_equal(fv_image_new(3, SIZE, SIZE, &init, NULL), FV_OK);
    assert_int_equal(fv_image_new(1, SIZE, SIZE, &mask, NULL), FV_OK);
    for (int i = 0; i < 3 * SIZE * SIZE; i++) init->data[i] = 0.25f;
    for (int i = 0; i < SIZE * SIZE; i++) mask->data[i] = i % SIZE < SIZE / 2;
    render(m, units, 1, (how){.start = init, .mask = mask}, &r);
    int changed = 0;
    for (int i = 0; i < SIZE * SIZE; i++) {
        if (i % SIZE >= SIZE / 2) assert_true(r->image->data[i] == 0.25f);
        changed += r->image->data[i] != 0.25f;
    }
    assert_true(changed > SIZE * SIZE / 4);
    fv_rendering_free(r);
    fv_image_free(init);
    fv_image_free(mask);
    fv_model_free(m);
}

static void lbfgs_climbs(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_rendering *r;
    render(m, units, 1, (how){.options = "optimizer=lbfgs; rate=1"}, &r);
    assert_true(r->reached > r->first);
    fv_rendering_free(r);
    fv_model_free(m);
}

static void pictures_of_one_objective_can_differ(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    const char *joint = LAYER ":0 + 5*diversity(" LAYER ")";
    fv_rendering *r[3];
    render(m, &joint, 1, (how){.options = "restarts=3", .call.batch = 1}, r);
    for (int i = 0; i < 3; i++) assert_true(r[i]->reached > r[i]->first);
    free_all(r, 3);
    fv_model_free(m);
}

static void cancelling_leaves_nothing(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_error err = {0};
    watch w = {.stop_at = 3, .wish = FV_MONITOR_CANCEL, .total = STEPS};
    fv_rendering *out[2] = {(fv_rendering *)1, (fv_rendering *)1};
    fv_recipe *recipe = recipe_for(m, units[0], &(how){0});
    assert_int_equal(render_texts(m, units, 2, recipe,
                                  &(render_how){.progress = note, .user = &w}, out, &err),
                     FV_CANCELLED);
    fv_recipe_free(recipe);
    assert_int_equal(w.calls, 3);
    assert_ptr_equal(out[0], (fv_rendering *)1);
    assert_non_null(strstr(err.text, "3 of 12"));
    fv_model_free(m);
}

static void stopping_gives_what_is_there(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    watch w = {.stop_at = 3, .wish = FV_MONITOR_STOP};
    fv_rendering *out[2];
    render(m, units, 2, (how){.call = {.batch = 1, .progress = note, .user = &w}}, out);
    assert_int_equal(out[0]->steps, 3);
    assert_true(out[0]->unfinished);
    assert_non_null(fv_image_text(out[0]->image, "fovea.unfinished"));
    assert_null(out[1]);
    free_all(out, 2);
    fv_model_free(m);
}

static void bad_requests(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    const struct {
        const char *objective, *recipe, *options;
        render_how call;
        fv_status status;
        const char *text;
    } cases[] = {
        {LAYER ":8", NULL, "", {0}, FV_NOTFOUND, "(0..7)"},
        {LAYER ":1@99,0", NULL, "", {0}, FV_NOTFOUND, "positions are"},
        {LAYER ":1@1", NULL, "", {0}, FV_ARG, "2 coordinates"},
        {LAYER ":1x", NULL, "", {0}, FV_ARG, "1x"},
        {"relu_9:1", NULL, "", {0}, FV_NOTFOUND, "relu_"},
        {"", NULL, "", {0}, FV_ARG, "empty"},
        {"- tv", NULL, "", {0}, FV_ARG, "asks nothing"},
        {LAYER ":1", NULL, "", {.batch = -1}, FV_ARG, "batch is -1"},
        {LAYER ":1", NULL, "", {.threads = -1}, FV_ARG, "threads is -1"},
        {LAYER ":1", NULL, "start=image", {0}, FV_ARG, "no image"},
        {LAYER ":1", "lucid", "in-place-transforms=roll(4)", {0}, FV_ARG, "pixels"},
        {LAYER ":1", NULL, "transforms=jitter(4000)", {0}, FV_ARG, "jitter"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fv_error err = {0};
        fv_rendering *out = NULL;
        fv_recipe *r = recipe_of(m, cases[i].recipe, LAYER ":1", "steps=1");
        recipe_set(r, cases[i].options);
        fv_status st = render_texts(m, &cases[i].objective, 1, r, &cases[i].call, &out, &err);
        if (st != cases[i].status || !strstr(err.text, cases[i].text))
            fail_msg("%d %s: status %d, \"%s\"", (int)i, cases[i].objective, st, err.text);
        assert_null(out);
        fv_recipe_free(r);
    }
    fv_model_free(m);
}

/* Takes every second picture. */
static fv_status take(void *user, int picture, fv_rendering *r, int *taken, fv_error *err) {
    fv_rendering **mine = user;
    (void)err;
    *taken = picture % 2;
    if (*taken) mine[picture] = r;
    return FV_OK;
}

static void pictures_can_be_taken(void **state) {
    (void)state;
    fv_model *m = load(FREE_BATCH);
    fv_rendering *all[UNITS], *rest[UNITS], *taken[UNITS] = {NULL};
    render(m, units, UNITS, (how){0}, all);
    render(m, units, UNITS, (how){.call = {.finished = take, .user = taken}}, rest);
    for (int i = 0; i < UNITS; i++) {
        assert_true((taken[i] != NULL) == (i % 2 == 1) && (rest[i] == NULL) == (i % 2 == 1));
        assert_same_picture(all[i], taken[i] ? taken[i] : rest[i], 1);
    }
    free_all(all, UNITS);
    free_all(rest, UNITS);
    free_all(taken, UNITS);
    fv_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_picture_whatever_the_batch),
        cmocka_unit_test(copies_share_a_batch_or_not),
        cmocka_unit_test(a_file_with_a_fixed_batch_renders_too),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(starts_differ_and_the_first_is_the_only_one),
        cmocka_unit_test(objectives_climb),
        cmocka_unit_test(every_recipe_climbs),
        cmocka_unit_test(the_input_reached_is_returned),
        cmocka_unit_test(levels_grow_or_end_at_the_size),
        cmocka_unit_test(tiles_cover_what_is_larger),
        cmocka_unit_test(a_plateau_stops_a_picture),
        cmocka_unit_test(a_mask_keeps_the_start),
        cmocka_unit_test(lbfgs_climbs),
        cmocka_unit_test(pictures_of_one_objective_can_differ),
        cmocka_unit_test(cancelling_leaves_nothing),
        cmocka_unit_test(stopping_gives_what_is_there),
        cmocka_unit_test(bad_requests),
        cmocka_unit_test(pictures_can_be_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
