/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes against independent references: recipes/generate.py ran each peer's algorithm in PyTorch
 * from the same start and the same random draws, recipes/NAME.txt says with what options, and which
 * objective every update had. Here the same is rendered; the objectives must agree within 1e-3 of
 * each value (of a hundredth of the largest, where a value is smaller than that).
 *
 * Usage: test_recipes [PLUGIN.so]: rendered on the first device of a plug-in. There transforms that
 * draw sizes are followed by one more, which the peers have not: these run, and are not compared.
 */
#include <glib.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "support/texts.h"

#define FOLDER      "tests/golden/recipes/"
#define TOLERANCE   1e-3
#define SMALLEST    0.01 /* of the largest value */
#define MAX_UPDATES 64

/* One NAME.txt. */
typedef struct reference {
    const char *recipe, *model, *objective, *spectrum;
    GPtrArray *options; /* "name=value" */
    double expected[MAX_UPDATES];
    int n;
} reference;

/* What the progress callback has seen. */
typedef struct seen {
    double value[MAX_UPDATES];
    int n, shown; /* how many came; and whether `what` has been compared */
    int resized;  /* the device has added a transform */
    const char *objective;
} seen;

static const char *plugin; /* NULL: the processor */

static int record(void *user, const fv_progress *p) {
    seen *s = user;
    if (s->n == 0) s->shown = strcmp(p->what, s->objective) == 0;
    if (s->n < MAX_UPDATES) s->value[s->n] = p->objective;
    s->n++;
    return 0;
}

static void note(void *user, const char *text) {
    if (strstr(text, "end in resize(")) ((seen *)user)->resized = 1;
}

static void read_values(char *text, reference *r) {
    char **words = g_strsplit(text, " ", -1);
    for (int i = 0; words[i] && r->n < MAX_UPDATES; i++)
        r->expected[r->n++] = g_ascii_strtod(words[i], NULL);
    g_strfreev(words);
}

/* Fills r from the file's lines; its strings point into `text`. */
static void read_reference(char *text, reference *r) {
    *r = (reference){.options = g_ptr_array_new()};
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *rest = strchr(line, ' ');
        if (!rest) fail_msg("\"%s\" is no line of a reference", line);
        *rest++ = '\0';
        if (strcmp(line, "recipe") == 0)
            r->recipe = rest;
        else if (strcmp(line, "model") == 0)
            r->model = rest;
        else if (strcmp(line, "objective") == 0)
            r->objective = rest;
        else if (strcmp(line, "spectrum") == 0)
            r->spectrum = rest;
        else if (strcmp(line, "set") == 0)
            g_ptr_array_add(r->options, rest);
        else if (strcmp(line, "expect") == 0)
            read_values(rest, r);
        else
            fail_msg("\"%s\" is unknown", line);
    }
}

static void apply_options(const reference *r, fv_recipe *d) {
    fv_error err;
    for (guint i = 0; i < r->options->len; i++) {
        char **pair = g_strsplit(g_ptr_array_index(r->options, i), "=", 2);
        if (fv_recipe_set(d, pair[0], pair[1], &err)) fail_msg("%s", err.text);
        g_strfreev(pair);
    }
}

static int compare(const char *name, const reference *r, const seen *s) {
    double top = 0, worst = 0;
    int at = 0;
    for (int i = 0; i < r->n; i++) top = fmax(top, fabs(r->expected[i]));
    for (int i = 0; i < r->n && i < s->n; i++) {
        double off =
            fabs(s->value[i] - r->expected[i]) / fmax(fabs(r->expected[i]), SMALLEST * top);
        if (off <= worst || isnan(worst)) continue;
        worst = off; /* a NaN stays */
        at = i;
    }
    printf("%s: %d updates of %d; off by at most %.1e, at update %d: %.9g, %.9g expected\n", name,
           s->n, r->n, worst, at + 1, s->value[at], r->expected[at]);
    if (!s->shown) printf("%s: the objective is not called %s\n", name, r->objective);
    if (s->resized) printf("%s: not compared: on a device its pictures have one size\n", name);
    return s->n == r->n && s->shown && (s->resized || worst <= TOLERANCE);
}

/* Renders what NAME.txt says. */
static int check_recipe(const char *name) {
    char *path = g_strconcat(FOLDER, name, NULL), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) fail_msg("cannot read %s", path);
    reference r;
    read_reference(text, &r);
    char *model_path = g_strconcat(FOLDER, r.model, NULL);
    char *spectrum_path = g_strconcat(FOLDER, r.spectrum ? r.spectrum : "", NULL);
    fv_error err;
    fv_model *model = NULL;
    fv_tensor *spectrum = NULL;
    fv_rendering *made = NULL;
    fv_recipe *d = NULL;
    seen s = {.objective = r.objective};
    if (fv_model_load(model_path, NULL, &model, &err) ||
        recipe_texts(model, r.recipe, &r.objective, 1, &d, &err) ||
        (r.spectrum && fv_tensor_load(spectrum_path, &spectrum, &err)))
        fail_msg("%s: %s", name, err.text);
    apply_options(&r, d);
    if (spectrum && fv_recipe_set_tensor(d, "spectrum", spectrum, &err)) fail_msg("%s", err.text);
    int broken =
        render_texts(model, &r.objective, 1, d,
                     &(render_how){.progress = record, .note = note, .user = &s, .plugin = plugin},
                     &made, &err) != FV_OK;
    fv_recipe_free(d);
    if (broken) printf("%s: %s\n", name, err.text);
    int ok = compare(name, &r, &s) && !broken;
    fv_rendering_free(made);
    fv_tensor_free(spectrum);
    fv_model_free(model);
    g_ptr_array_free(r.options, TRUE);
    g_free(spectrum_path);
    g_free(model_path);
    g_free(text);
    g_free(path);
    return ok;
}

static void recipes_agree_with_their_peers(void **state) {
    (void)state;
    int cases = 0, failed = 0;
    GDir *folder = g_dir_open(FOLDER, 0, NULL);
    assert_non_null(folder);
    for (const char *name; (name = g_dir_read_name(folder)) != NULL;) {
        if (!g_str_has_suffix(name, ".txt")) continue;
        cases++;
        if (!check_recipe(name)) failed++;
    }
    g_dir_close(folder);
    printf("%d references, %d not met\n", cases, failed);
    assert_int_equal(failed, 0);
    assert_true(cases >= fv_recipe_count() - 5); /* all but our own five */
}

int main(int argc, char **argv) {
    plugin = argc > 1 ? argv[1] : NULL;
    const struct CMUnitTest tests[] = {cmocka_unit_test(recipes_agree_with_their_peers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
