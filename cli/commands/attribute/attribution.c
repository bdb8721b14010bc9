/* SPDX-License-Identifier: Apache-2.0 */
/* The photo, the objective and the options of attribution, from the command line. */
#include "attribution.h"

#include <glib.h>
#include <string.h>

#include "inputs.h"
#include "models.h"
#include "objectives.h"
#include "options.h"
#include "output.h"
#include "report.h"

#define TILE_MIN 224
#define SLOW     100 /* calls that run fewer pictures tell nothing of their progress */

/* ---- options -------------------------------------------------------------------------------- */

/* The options that only some methods read: as typed, and as the library's field is called. */
static const struct {
    const char *option, *field;
} fields[] = {{"layer", "layer"},   {"baseline", "baseline"}, {"samples", "samples"},
              {"noise", "sd"},      {"steps", "steps"},       {"window", "window"},
              {"stride", "stride"}, {"masks", "masks"},       {"cells", "cells"},
              {"keep", "keep"},     {"seed", "seed"}};

static const char *method_name(int index) {
    if (index == fv_method_count()) return "all";
    const fv_method_info *m = fv_method_at(index);
    return m ? m->name : NULL;
}

const char *cli_method_name(int n) { return method_name(n - 1); }

const char *cli_baseline_name(int n) { return fv_baseline_name((fv_baseline)n); }

static int reads(const fv_method_info *m, const char *field) {
    char **list = g_strsplit(m->options, " ", -1);
    int found = g_strv_contains((const char *const *)list, field);
    g_strfreev(list);
    return found;
}

/* "what the objective loses when a window is covered (--window, --stride, --baseline)" */
static char *method_text(int index) {
    const fv_method_info *m = fv_method_at(index);
    if (!m) return g_strdup("every one of them, side by side");
    GString *text = g_string_new(m->summary);
    int n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (reads(m, fields[i].field))
            g_string_append_printf(text, "%s--%s", n++ ? ", " : " (", fields[i].option);
    if (n) g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

const cli_names cli_method_names = {"Methods (--method NAME), and the options they read",
                                    method_name, method_text};

int cli_methods_all(const cli_attribution_args *asked) {
    return asked->method == fv_method_count() + 1;
}

const fv_method_info **cli_methods(const cli_attribution_args *asked) {
    const int n = fv_method_count(), all = cli_methods_all(asked);
    const fv_method_info **out = g_new0(const fv_method_info *, (gsize)n + 1);
    for (int i = 0, k = 0; i < n; i++)
        if (all || i + 1 == (asked->method ? asked->method : FV_METHOD_DEFAULT))
            out[k++] = fv_method_at(i);
    return out;
}

void cli_subject_begin(cli_subject *s, int on_signal) {
    cli_progress_start(&s->session.progress, s->args, "pictures", on_signal);
    s->session.progress.least = SLOW;
}

fv_attribute_desc cli_subject_desc(const cli_subject *s, const fv_method_info *method) {
    const cli_attribution_args *a = s->asked;
    return *FV_DESC(fv_attribute_desc, .method = method->method, .baseline = s->kind,
                    .baseline_input = s->baseline, .layer = a->layer, .samples = a->samples,
                    .sd = (float)a->noise, .steps = a->path_steps, .window = a->window,
                    .stride = a->stride, .masks = a->masks, .cells = a->cells,
                    .keep = (float)a->keep, .seed = a->seed);
}

const fv_objective *cli_subject_probability(const cli_subject *s) {
    return s->probability ? s->probability : s->objective;
}

const fv_objective *cli_subject_objective(const cli_subject *s, const fv_method_info *method) {
    return method->of_probability ? cli_subject_probability(s) : s->objective;
}

/* Says which methods an option is for. */
static int refuse_option(const cli_args *args, const char *option, const char *field) {
    GString *names = g_string_new(NULL);
    const char *last = NULL;
    for (int i = 0; i < fv_method_count(); i++) {
        const fv_method_info *m = fv_method_at(i);
        if (!reads(m, field)) continue;
        if (last) g_string_append_printf(names, "%s%s", names->len ? ", " : "", last);
        last = m->name;
    }
    int code = cli_usage(args->command, "--%s is for %s%s%s", option, names->str,
                         names->len ? " and " : "", last ? last : "no method");
    g_string_free(names, TRUE);
    return code;
}

/* Whether options were given that the method does not read. */
static int check_words(const cli_args *args, const cli_attribution_args *a) {
    const int given[] = {a->layer != NULL, a->baseline != NULL, a->samples,          a->noise != 0,
                         a->path_steps,    a->window,           a->stride,           a->masks,
                         a->cells,         a->keep != 0,        a->seed && !a->draws};
    G_STATIC_ASSERT(G_N_ELEMENTS(given) == G_N_ELEMENTS(fields));
    const fv_method_info **methods = cli_methods(a);
    int code = CLI_DONE;
    if (a->class && !*a->class) code = cli_usage(args->command, "--class: '' is no class");
    for (size_t i = 0; !code && !cli_methods_all(a) && i < G_N_ELEMENTS(fields); i++)
        if (given[i] && !reads(methods[0], fields[i].field))
            code = refuse_option(args, fields[i].option, fields[i].field);
    g_free(methods);
    return code;
}

/* ---- objective ------------------------------------------------------------------------------ */

/* The class that --class names, or the one the network puts first. */
static int choose_class(cli_subject *s) {
    fv_prediction best = {0};
    fv_error err = {0};
    cli_objectives list = {0};
    char *word = NULL;
    if (s->asked->class)
        word = g_strdup_printf("class:%s", s->asked->class);
    else if (fv_model_output_length(s->model) == 1)
        word = g_strdup("class:0");
    else if (fv_session_classify(s->session.session, s->input, 1, &best, &err))
        return cli_fail_error(&err);
    else
        word = g_strdup_printf("class:%d", best.index);
    int code = cli_objectives_expand(s->args, s->model, &word, 1, NULL, &list);
    if (!code && list.count != 1)
        code = cli_usage(s->args->command, "--class '%s' is %d classes; one is wanted",
                         s->asked->class, list.count);
    if (!code) {
        const char *which = strchr(list.text[0], ':') + 1;
        s->text = g_strdup(list.text[0]);
        char *probability = g_strdup_printf("prob:%s", which);
        code = cli_objective_parse(s->model, probability, &s->probability);
        g_free(probability);
        s->label = g_strdup_printf("class %s", list.label[0]);
        s->class = list.class[0];
    }
    cli_objectives_clear(&list);
    g_free(word);
    return code;
}

static int choose_objective(cli_subject *s) {
    s->class = -1;
    if (s->asked->objective) {
        s->text = g_strdup(s->asked->objective);
        s->label = cli_clean(s->asked->objective);
    } else {
        int code = choose_class(s);
        if (code) return code;
    }
    return cli_objective_parse(s->model, s->text, &s->objective);
}

/* ---- pictures ------------------------------------------------------------------------------- */

/* A word, or a picture as the network would see it. */
static int load_baseline(cli_subject *s) {
    const char *word = s->asked->baseline;
    fv_image *picture = NULL;
    fv_error err = {0};
    if (!word) return CLI_DONE;
    GString *names = g_string_new(NULL);
    for (int i = 1; cli_baseline_name(i); i++) {
        if (!strcmp(word, cli_baseline_name(i))) s->kind = (fv_baseline)i;
        g_string_append_printf(names, "%s%s", i > 1 ? ", " : "", cli_baseline_name(i));
    }
    int code = CLI_DONE;
    if (!s->kind && !strchr(word, '.') && !strchr(word, '/'))
        code = cli_usage(s->args->command, "--baseline: '%s' is not %s or a picture file", word,
                         names->str);
    g_string_free(names, TRUE);
    if (code || s->kind) return code;
    s->kind = FV_BASELINE_PICTURE;
    if (cli_is_array(word))
        return cli_tensor_load(word, &s->baseline, &err) ? cli_fail_error(&err) : CLI_DONE;
    if (cli_photo_load(s->model, word, &picture, &err) ||
        fv_input_from_image(s->model, picture, &s->baseline, &err))
        code = cli_fail_error(&err);
    fv_image_free(picture);
    return code;
}

/* The part of the photo the network sees, enlarged or shrunk to a tile. */
static fv_status make_photo(cli_subject *s, const fv_image *image, int tile, fv_error *err) {
    fv_image *seen = NULL;
    fv_status st = fv_input_picture(s->model, image, &seen, err);
    if (st) return st;
    const int longer = MAX(seen->height, seen->width);
    if (s->asked->tile_size) tile = s->asked->tile_size;
    if (!tile) tile = MAX(longer, TILE_MIN);
    const double scale = (double)tile / longer;
    st = fv_image_resize(seen, MAX(1, (int)(seen->height * scale + 0.5)),
                         MAX(1, (int)(seen->width * scale + 0.5)), &s->photo, err);
    fv_image_free(seen);
    return st;
}

/* An array that is one sample of the raw input. */
static int load_numbers(cli_subject *s, const char *path) {
    fv_error err = {0};
    if (cli_array_load(s->args, s->model, path, &s->input, &err)) return cli_fail_error(&err);
    const int64_t samples = fv_input_samples(s->model, s->input);
    if (samples > 1)
        return cli_fail("%s: it has %" G_GINT64_FORMAT
                        " samples, by its first size; one is explained at a time "
                        "(fovea run takes them all, also where that size counts steps of time)",
                        path, samples);
    return CLI_DONE;
}

static int load_photo(cli_subject *s, int tile) {
    const char *path = s->args->operands[1];
    fv_image *image = NULL;
    fv_error err = {0};
    int code = CLI_DONE;
    if (cli_is_array(path)) return load_numbers(s, path);
    if (!fv_model_input(s->model)->is_image)
        return cli_fail(
            "%s: its input \"%s\" is no picture, and takes an array of numbers (X.npy); "
            "if its elements are one, --shape CxHxW says so",
            fv_model_name(s->model), fv_model_input(s->model)->name);
    if (cli_photo_load(s->model, path, &image, &err) ||
        fv_input_from_image(s->model, image, &s->input, &err) || make_photo(s, image, tile, &err))
        code = cli_fail_error(&err);
    fv_image_free(image);
    return code;
}

int cli_subject_load(cli_subject *s, const cli_args *args, const cli_model_args *how,
                     const cli_attribution_args *asked, int tile) {
    *s = (cli_subject){.args = args, .asked = asked};
    int code = check_words(args, asked);
    if (!code) code = cli_model_load(args, how, &s->model);
    if (code) return code;
    cli_model_note(args, s->model);
    code = cli_session_open(args, s->model, how, &s->session);
    if (!code) code = load_photo(s, tile);
    if (!code) code = load_baseline(s);
    return code ? code : choose_objective(s);
}

void cli_subject_clear(cli_subject *s) {
    g_free(s->text);
    fv_objective_free(s->objective);
    fv_objective_free(s->probability);
    g_free(s->label);
    fv_tensor_free(s->input);
    fv_tensor_free(s->baseline);
    fv_image_free(s->photo);
    cli_session_close(&s->session);
    fv_model_free(s->model);
}
