/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan found, as tables and as JSON. */
#include <glib.h>

#include "examples.h"
#include "json.h"
#include "report.h"
#include "table.h"

static const cli_column example_columns[] = {{"unit", 0, 12},           {"value", 1, 0},
                                             {"photo", 0, 20},          {"position", 1, 0},
                                             {"receptive field", 1, 0}, {0}};
static const cli_column score_columns[] = {{"unit", 0, 12},
                                           {"picture", 1, 0},
                                           {"highest photo", 1, 0},
                                           {"99.9 %", 1, 0},
                                           {"median", 1, 0},
                                           {"photos above", 1, 0},
                                           {0}};

/* "logits:8 hen"; caller frees. */
static char *unit_name(const cli_shown *s, int unit) {
    const int class = fv_examples_unit_class(s->examples, unit);
    const char *name = class >= 0 ? fv_model_class_name(s->model, class) : NULL;
    return g_strdup_printf("%s%s%s", fv_examples_unit(s->examples, unit), name ? " " : "",
                           name ? name : "");
}

/* ---- tables ---- */

static void add_rows(cli_table *t, const cli_shown *s, const char *name, const fv_example *list,
                     int count) {
    for (int i = 0; i < count; i++) {
        const fv_example *ex = &list[i];
        cli_table_add(t, name);
        cli_table_addf(t, "%.4g", (double)ex->value);
        cli_table_add(t, fv_examples_photo(s->examples, ex->photo));
        if (ex->y >= 0)
            cli_table_addf(t, "%d,%d", ex->y, ex->x);
        else
            cli_table_add(t, "");
        cli_table_addf(t, "%dx%d+%d+%d", ex->width, ex->height, ex->left, ex->top);
    }
}

/* Finds the highest or lowest of a unit; list to be freed. */
static fv_status find(const cli_shown *s, int unit, int lowest, fv_example **list, int *found,
                      fv_error *err) {
    *found = lowest ? s->bottom : s->top;
    *list = g_new0(fv_example, MAX(*found, 1));
    if (!*found) return FV_OK;
    return fv_examples_find(s->examples, unit, s->by, lowest, *list, found, err);
}

int cli_examples_table(const cli_shown *s) {
    cli_table *t = cli_table_new(example_columns);
    fv_error err = {0};
    fv_status st = FV_OK;
    for (int u = 0; u < fv_examples_unit_count(s->examples) && !st; u++) {
        char *name = unit_name(s, u);
        for (int lowest = 0; lowest < 2 && !st; lowest++) {
            fv_example *list = NULL;
            int found = 0;
            st = find(s, u, lowest, &list, &found, &err);
            if (!st) add_rows(t, s, name, list, found);
            g_free(list);
        }
        g_free(name);
    }
    if (!st) cli_table_print(t);
    cli_table_free(t);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* How many photos are above a picture's value. */
static fv_status count_above(const cli_shown *s, int unit, double score, int *above,
                             fv_error *err) {
    const int n = fv_examples_photo_count(s->examples);
    float *v = g_new(float, n);
    fv_status st = fv_examples_values(s->examples, unit, s->by, 0, v, err);
    *above = 0;
    for (int i = 0; i < n && !st; i++) *above += (double)v[i] > score;
    g_free(v);
    return st;
}

int cli_examples_score_table(const cli_shown *s) {
    cli_table *t = cli_table_new(score_columns);
    fv_error err = {0};
    fv_status st = FV_OK;
    for (int u = 0; u < fv_examples_unit_count(s->examples) && !st; u++) {
        fv_distribution spread;
        int above = 0;
        st = fv_examples_distribution(s->examples, u, s->by, 0, &spread, &err);
        if (!st) st = count_above(s, u, s->score[u], &above, &err);
        if (st) break;
        char *name = unit_name(s, u);
        cli_table_add(t, name);
        cli_table_addf(t, "%.4g", s->score[u]);
        cli_table_addf(t, "%.4g", spread.maximum);
        cli_table_addf(t, "%.4g", spread.percentile_99_9);
        cli_table_addf(t, "%.4g", spread.median);
        cli_table_addf(t, "%d of %d", above, spread.count);
        g_free(name);
    }
    if (!st) cli_table_print(t);
    cli_table_free(t);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* ---- JSON ---- */

static void put_box(JsonBuilder *b, const char *name, int top, int left, int height, int width) {
    const int64_t box[4] = {top, left, height, width};
    cli_json_sizes(b, name, 4, box);
}

static void put_examples(JsonBuilder *b, const cli_shown *s, const char *name,
                         const fv_example *list, int count) {
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    for (int i = 0; i < count; i++) {
        const fv_example *ex = &list[i];
        json_builder_begin_object(b);
        cli_json_text(b, "photo", fv_examples_photo(s->examples, ex->photo));
        cli_json_number(b, "value", (double)ex->value);
        const int64_t at[2] = {ex->y, ex->x};
        cli_json_sizes(b, "position", ex->y >= 0 ? 2 : 0, at);
        put_box(b, "receptive_field", ex->top, ex->left, ex->height, ex->width);
        put_box(b, "center", ex->center_top, ex->center_left, ex->center_height, ex->center_width);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static fv_status put_unit(JsonBuilder *b, const cli_shown *s, int u, fv_error *err) {
    fv_example *top = NULL, *bottom = NULL;
    int n_top = 0, n_bottom = 0, above = 0;
    fv_distribution spread = {0};
    fv_status st = find(s, u, 0, &top, &n_top, err);
    if (!st) st = find(s, u, 1, &bottom, &n_bottom, err);
    if (!st) st = fv_examples_distribution(s->examples, u, s->by, 0, &spread, err);
    if (!st && s->score) st = count_above(s, u, s->score[u], &above, err);
    if (!st) {
        const int class = fv_examples_unit_class(s->examples, u);
        json_builder_begin_object(b);
        cli_json_text(b, "unit", fv_examples_unit(s->examples, u));
        cli_json_text(b, "label", class >= 0 ? fv_model_class_name(s->model, class) : NULL);
        cli_json_number(b, "minimum", spread.minimum);
        cli_json_number(b, "median", spread.median);
        cli_json_number(b, "mean", spread.mean);
        cli_json_number(b, "percentile_99_9", spread.percentile_99_9);
        cli_json_number(b, "maximum", spread.maximum);
        if (s->score) cli_json_number(b, "picture", s->score[u]);
        if (s->score) cli_json_int(b, "photos_above", above);
        put_examples(b, s, "top", top, n_top);
        put_examples(b, s, "bottom", bottom, n_bottom);
        json_builder_end_object(b);
    }
    g_free(top);
    g_free(bottom);
    return st;
}

static void put_texts(JsonBuilder *b, const cli_shown *s, const char *name, int count,
                      const char *(*text)(const fv_examples *, int)) {
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    for (int i = 0; i < count; i++) {
        char *valid = g_utf8_make_valid(text(s->examples, i), -1);
        json_builder_add_string_value(b, valid);
        g_free(valid);
    }
    json_builder_end_array(b);
}

int cli_examples_json(const cli_shown *s) {
    JsonBuilder *b = json_builder_new();
    fv_error err = {0};
    fv_status st = FV_OK;
    json_builder_begin_object(b);
    cli_json_text(b, "model", fv_model_name(s->model));
    cli_json_text(b, "sha256", fv_model_sha256(s->model));
    cli_json_text(b, "by", s->by == FV_SCORE_MEAN ? "mean" : "max");
    put_texts(b, s, "photos", fv_examples_photo_count(s->examples), fv_examples_photo);
    put_texts(b, s, "unreadable", fv_examples_skipped_count(s->examples), fv_examples_skipped);
    json_builder_set_member_name(b, "units");
    json_builder_begin_array(b);
    for (int u = 0; u < fv_examples_unit_count(s->examples) && !st; u++)
        st = put_unit(b, s, u, &err);
    if (st) {
        g_object_unref(b);
        return cli_fail_error(&err);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    cli_json_print(b);
    return CLI_DONE;
}
