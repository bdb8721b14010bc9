/* SPDX-License-Identifier: Apache-2.0 */
/* fovea attribute: which part of a photo speaks for a class, by one method or by all. */
#include <float.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#include "attribution.h"
#include "commands.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "table.h"

#define GAP      0.01
#define PLOT_MIN 130 /* sides of a plot under a tile */

typedef struct attribute_args {
    cli_args common;
    cli_model_args model;
    cli_attribution_args asked;
    char *output, *npy, *parts, *title;
    int columns, json;
} attribute_args;

/* One method's map. */
typedef struct made {
    const fv_method_info *method;
    fv_attribution *map;
    fv_scores *scores; /* NULL: not asked for */
    double seconds;
} made;

typedef struct job {
    const attribute_args *args;
    cli_subject s;
    made *made; /* [n] */
    int n;
    fv_scores *random; /* of pixels in a random order */
} job;

/* ---- the work ------------------------------------------------------------------------------- */

/* The deletion and insertion curves of a map, NULL: of a random order; none after Ctrl-C. */
static int measure(job *j, const fv_tensor *map, fv_scores **out) {
    const fv_scores_desc d = {.struct_size = sizeof d, .seed = j->args->asked.seed};
    fv_error err = {0};
    if (!j->args->asked.draws || cli_progress_signal()) return CLI_DONE;
    cli_subject_begin(&j->s, FV_MONITOR_STOP);
    fv_status st = fv_attribute_scores(j->s.session.session, j->s.input,
                                       cli_subject_probability(&j->s), map, &d, out, &err);
    cli_progress_stop(&j->s.session.progress);
    return st && !cli_progress_interrupted(st) ? cli_fail_error(&err) : CLI_DONE;
}

/* A gradient's map of zeros, or beyond all measure, is not drawn as if it meant something: an error
 * where it is the only one. A rectified map of zeros is an answer, which is said. */
static int check_map(const job *j, const fv_method_info *m, const fv_tensor *map) {
    const int64_t n = fv_tensor_count(map);
    double largest = 0, sum = 0;
    if (!m->is_gradient && !m->is_rectified) return CLI_DONE; /* zero may be the answer */
    for (int64_t i = 0; i < n; i++) {
        if (isnan(map->data[i])) return CLI_DONE; /* asked for, and told */
        largest = fmax(largest, fabs((double)map->data[i]));
        sum += (double)map->data[i] * map->data[i];
    }
    if (m->is_rectified) {
        if (largest < FLT_MIN)
            cli_note(&j->args->common, "%s: nothing speaks for %s; the map is zero everywhere",
                     m->title, j->s.label);
        return CLI_DONE;
    }
    const char *what = largest < FLT_MIN              ? "is zero everywhere"
                       : sqrt(sum) > FV_GRADIENT_MOST ? "explodes: its norm is beyond 1.8e19"
                                                      : NULL;
    if (!what) return CLI_DONE;
    if (!cli_methods_all(&j->args->asked))
        return cli_fail("%s of %s: the map %s; nothing is written", m->title, j->s.label, what);
    cli_note(&j->args->common, "%s: the map %s and says nothing", m->title, what);
    return CLI_DONE;
}

/* One method. Among all, one that this network has nothing for is left out; so is one that Ctrl-C
 * ended before it had a map. */
static int run_method(job *j, const fv_method_info *m) {
    fv_attribute_desc d = cli_subject_desc(&j->s, m);
    fv_attribution *a = NULL;
    fv_error err = {0};
    cli_subject_begin(&j->s, FV_MONITOR_STOP);
    fv_status st = fv_attribute(j->s.session.session, j->s.input, cli_subject_objective(&j->s, m),
                                &d, &a, &err);
    const double seconds = cli_progress_stop(&j->s.session.progress);
    if (st == FV_SHAPE && cli_methods_all(&j->args->asked)) {
        cli_note(&j->args->common, "%s is left out: %s", m->title, err.text);
        return CLI_DONE;
    }
    if (cli_progress_interrupted(st)) return CLI_DONE;
    if (st) return cli_fail_error(&err);
    if (a->gap > GAP)
        cli_note(&j->args->common, "%s: the map misses the objective's change by %.1f %%", m->title,
                 100 * a->gap);
    made *out = &j->made[j->n++];
    *out = (made){.method = m, .map = a, .seconds = seconds};
    int code = check_map(j, m, a->map);
    return code ? code : measure(j, a->map, &out->scores);
}

static int run_all(job *j) {
    const fv_method_info **list = cli_methods(&j->args->asked);
    int code = CLI_DONE;
    j->made = g_new0(made, fv_method_count());
    for (int i = 0; !code && list[i] && !cli_progress_signal(); i++) code = run_method(j, list[i]);
    g_free(list);
    if (!code) code = measure(j, NULL, &j->random);
    return code;
}

/* ---- the picture ---------------------------------------------------------------------------- */

/* Appends the curves under a tile, which it takes over. */
static fv_status add_plot(const fv_scores *scores, fv_image **tile, fv_error *err) {
    const float *const lines[] = {scores->deletion, scores->insertion};
    fv_image *plot = NULL, *both = NULL;
    char title[64];
    g_snprintf(title, sizeof title, "%.3f, %.3f", scores->deletion_area, scores->insertion_area);
    const fv_plot_desc d = {.struct_size = sizeof d,
                            .width = MAX((*tile)->width, PLOT_MIN),
                            .height = MAX((*tile)->width / 2, PLOT_MIN),
                            .title = title,
                            .low = "0",
                            .high = "all pixels"};
    fv_status st = fv_plot_lines(lines, NULL, 2, scores->count, &d, &plot, err);
    const fv_image *const list[] = {*tile, plot};
    if (!st) st = fv_stack(list, 2, 0, 4, &both, err);
    fv_image_free(plot);
    if (st) return st;
    fv_image_free(*tile);
    *tile = both;
    return FV_OK;
}

/* "class 8 hen", with what the curves' colours are; caller frees. */
static char *title_of(const job *j) {
    if (j->args->title) return g_strdup(j->args->title);
    return g_strdup_printf("%s%s", j->s.label,
                           j->args->asked.draws ? "  (blue: deletion, orange: insertion)" : "");
}

static fv_status draw(const job *j, fv_image **out, fv_error *err) {
    fv_image **tile = g_new0(fv_image *, (gsize)j->n + 1);
    char **label = g_new0(char *, (gsize)j->n + 1), *title = title_of(j);
    const char *what = j->s.photo ? "photo" : "input";
    fv_status st = cli_photo_tile(&j->s, j->made[0].map->map, &tile[0], err);
    label[0] = j->random ? g_strdup_printf("%s, random order", what) : g_strdup(what);
    if (!st && j->random) st = add_plot(j->random, &tile[0], err);
    for (int i = 0; !st && i < j->n; i++) {
        st = cli_map_tile(&j->s, j->made[i].map, &tile[i + 1], err);
        if (!st && j->made[i].scores) st = add_plot(j->made[i].scores, &tile[i + 1], err);
        label[i + 1] = g_strdup(j->made[i].method->title);
    }
    const fv_montage_desc d = {.struct_size = sizeof d,
                               .columns = j->args->columns     ? j->args->columns
                                          : cli_is_line(&j->s) ? 1
                                          : j->n > 3           ? 5
                                                               : j->n + 1,
                               .title = title};
    if (!st)
        st = fv_montage((const fv_image *const *)tile, (const char *const *)label, j->n + 1, &d,
                        out, err);
    if (!st) st = cli_subject_describe(&j->s, *out, err);
    for (int i = 0; i <= j->n; i++) {
        fv_image_free(tile[i]);
        g_free(label[i]);
    }
    g_free(tile);
    g_free(label);
    g_free(title);
    return st;
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* All maps: [h][w] or a signal's, a volume's axes; of several methods [methods] before. */
static fv_status save_maps(const job *j, const char *path, fv_error *err) {
    const fv_tensor *first = j->made[0].map->map;
    if (j->n == 1 && !cli_methods_all(&j->args->asked)) return fv_tensor_save(first, path, err);
    fv_tensor *all = NULL;
    const int64_t count = fv_tensor_count(first);
    int64_t dim[FV_MAX_DIMS] = {j->n};
    memcpy(dim + 1, first->dim, (size_t)first->ndim * sizeof *dim);
    fv_status st = fv_tensor_new(first->ndim + 1, dim, &all, err);
    for (int i = 0; !st && i < j->n; i++)
        memcpy(all->data + i * count, j->made[i].map->map->data, (size_t)count * sizeof(float));
    if (!st) st = fv_tensor_save(all, path, err);
    fv_tensor_free(all);
    return st;
}

static void range_of(const fv_tensor *map, double *low, double *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t i = 0; i < fv_tensor_count(map); i++) {
        if (!isfinite(map->data[i])) continue;
        *low = fmin(*low, (double)map->data[i]);
        *high = fmax(*high, (double)map->data[i]);
    }
}

static void put_about(cli_table *t, const made *m) {
    const fv_attribution *a = m->map;
    const char *steps = m->method->steps ? m->method->steps : "steps";
    if (a->layer)
        cli_table_addf(t, "layer %s", a->layer);
    else if (m->method->is_complete)
        cli_table_addf(t, "%d %s, gap %.2f %%, baseline %.4g", a->steps, steps, 100 * a->gap,
                       a->baseline);
    else if (a->steps)
        cli_table_addf(t, "%d %s", a->steps, steps);
    else
        cli_table_add(t, "");
}

static void put_areas(cli_table *t, const fv_scores *s) {
    cli_table_addf(t, "%.4f", s->deletion_area);
    cli_table_addf(t, "%.4f", s->insertion_area);
}

static void put_table(const job *j) {
    static const cli_column plain[] = {{"method", 0, 0},  {"objective", 1, 0}, {"least", 1, 0},
                                       {"largest", 1, 0}, {"pictures", 1, 0},  {"seconds", 1, 0},
                                       {"about", 0, 0},   {NULL, 0, 0}};
    static const cli_column scored[] = {{"method", 0, 0},   {"objective", 1, 0}, {"least", 1, 0},
                                        {"largest", 1, 0},  {"pictures", 1, 0},  {"seconds", 1, 0},
                                        {"deletion", 1, 0}, {"insertion", 1, 0}, {"about", 0, 0},
                                        {NULL, 0, 0}};
    cli_table *t = cli_table_new(j->random ? scored : plain);
    for (int i = 0; i < j->n; i++) {
        const fv_attribution *a = j->made[i].map;
        double low, high;
        range_of(a->map, &low, &high);
        cli_table_add(t, j->made[i].method->name);
        cli_table_addf(t, "%.4f", a->value);
        cli_table_addf(t, "%.4g", low);
        cli_table_addf(t, "%.4g", high);
        cli_table_addf(t, "%d", a->evaluations);
        cli_table_addf(t, "%.1f", j->made[i].seconds);
        if (j->random) put_areas(t, j->made[i].scores);
        put_about(t, &j->made[i]);
    }
    if (j->random) {
        cli_table_add(t, "(random order)");
        for (int i = 0; i < 5; i++) cli_table_add(t, "");
        put_areas(t, j->random);
        cli_table_add(t, "");
    }
    cli_table_print(t);
    cli_table_free(t);
}

static void put_curve(JsonBuilder *b, const char *name, const float *values, int count) {
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    for (int i = 0; i < count; i++) json_builder_add_double_value(b, (double)values[i]);
    json_builder_end_array(b);
}

static void put_scores(JsonBuilder *b, const char *name, const fv_scores *s) {
    json_builder_set_member_name(b, name);
    json_builder_begin_object(b);
    cli_json_number(b, "deletion_area", s->deletion_area);
    cli_json_number(b, "insertion_area", s->insertion_area);
    put_curve(b, "deletion", s->deletion, s->count);
    put_curve(b, "insertion", s->insertion, s->count);
    json_builder_end_object(b);
}

static void put_map(JsonBuilder *b, const job *j, int i) {
    const fv_attribution *a = j->made[i].map;
    double low, high;
    range_of(a->map, &low, &high);
    json_builder_begin_object(b);
    cli_json_text(b, "method", j->made[i].method->name);
    cli_json_text(b, "objective", a->objective);
    cli_json_number(b, "value", a->value);
    cli_json_sizes(b, "shape", a->map->ndim, a->map->dim);
    cli_json_number(b, "least", low);
    cli_json_number(b, "largest", high);
    cli_json_int(b, "pictures", a->evaluations);
    cli_json_number(b, "seconds", j->made[i].seconds);
    if (a->layer) cli_json_text(b, "layer", a->layer);
    if (a->cells) cli_json_sizes(b, "cells", a->cells->ndim, a->cells->dim);
    if (a->steps) cli_json_int(b, "steps", a->steps);
    if (j->made[i].method->is_complete) {
        cli_json_number(b, "baseline", a->baseline);
        cli_json_number(b, "gap", a->gap);
    }
    if (a->unfinished) cli_json_int(b, "unfinished", 1);
    if (j->made[i].scores) put_scores(b, "scores", j->made[i].scores);
    json_builder_end_object(b);
}

static void put_json(const job *j) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_object(b);
    cli_json_text(b, "image", j->args->common.operands[1]);
    cli_json_text(b, "model", fv_model_name(j->s.model));
    cli_json_text(b, "objective", j->s.text);
    if (j->s.class >= 0) cli_json_int(b, "class", j->s.class);
    if (j->s.class >= 0) cli_json_text(b, "label", fv_model_class_name(j->s.model, j->s.class));
    json_builder_set_member_name(b, "maps");
    json_builder_begin_array(b);
    for (int i = 0; i < j->n; i++) put_map(b, j, i);
    json_builder_end_array(b);
    if (j->random) put_scores(b, "random", j->random);
    json_builder_end_object(b);
    cli_json_print(b);
}

/* ---- the command ---------------------------------------------------------------------------- */

/* After Ctrl-C, "1 of 3 maps, the last of 120 of 2001 pictures"; caller frees. */
static char *unfinished_text(const job *j) {
    const cli_progress *p = &j->s.session.progress;
    const fv_method_info **list = cli_methods(&j->args->asked);
    int asked = 0;
    while (list[asked]) asked++;
    g_free(list);
    return j->made[j->n - 1].map->unfinished
               ? g_strdup_printf("%d of %d maps, the last of %d of %d pictures", j->n, asked,
                                 p->done, p->total)
               : g_strdup_printf("%d of %d maps", j->n, asked);
}

/* After Ctrl-C: says what was kept and what would finish it, and ends the program. */
static _Noreturn void die(const job *j) {
    const attribute_args *a = j->args;
    const char *path = a->output ? a->output : a->npy ? a->npy : a->parts ? a->parts : "the JSON";
    char *text = j->n ? unfinished_text(j) : NULL;
    char *what = text ? g_strdup_printf("%s has what was done so far: %s; run again for all of it",
                                        path, text)
                      : g_strdup_printf("nothing is written: there is no map yet; run again, "
                                        "perhaps with fewer pictures");
    cli_progress_die(&j->s.session.progress, what);
}

static fv_status save_files(const job *j, fv_image **picture, fv_error *err) {
    const attribute_args *a = j->args;
    fv_status st = a->npy ? save_maps(j, a->npy, err) : FV_OK;
    if (!st && a->parts) st = fv_tensor_save(j->made[0].map->parts, a->parts, err);
    if (!st && a->output) st = draw(j, picture, err);
    if (!st && *picture && cli_progress_signal()) {
        char *text = unfinished_text(j);
        st = fv_image_set_text(*picture, "fovea.unfinished", text, err);
        g_free(text);
    }
    if (!st && *picture) st = fv_image_save(*picture, a->output, err);
    return st;
}

/* "why.png: 484x324, class 8 hen" */
static void say_written(const job *j, const fv_image *picture) {
    char *clean = cli_clean(j->args->output), *label = cli_clean(j->s.label);
    cli_putf("%s: %dx%d, %s\n", clean, picture->width, picture->height, label);
    g_free(clean);
    g_free(label);
}

static int save(const job *j) {
    const attribute_args *a = j->args;
    fv_image *picture = NULL;
    fv_error err = {0};
    int code = save_files(j, &picture, &err) ? cli_fail_error(&err) : CLI_DONE;
    if (!code && a->json) {
        put_json(j);
    } else if (!code && !a->common.quiet) {
        put_table(j);
        if (picture) say_written(j, picture);
    }
    fv_image_free(picture);
    return code;
}

/* Whether --parts is for the method, and which it is for. */
static int check_parts(const attribute_args *a) {
    const fv_method_info **asked = cli_methods(&a->asked);
    const int has = !cli_methods_all(&a->asked) && asked[0]->has_parts;
    GString *names = g_string_new(NULL);
    for (int i = 0; i < fv_method_count(); i++)
        if (fv_method_at(i)->has_parts)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", fv_method_at(i)->name);
    int code = has ? CLI_DONE : cli_usage(a->common.command, "--parts is for %s", names->str);
    g_string_free(names, TRUE);
    g_free(asked);
    return code;
}

static int check(const attribute_args *a) {
    int code = CLI_DONE;
    if (!a->output && !a->npy && !a->parts && !a->json)
        return cli_usage(a->common.command,
                         "attribute needs --output OUT.png, --npy MAP.npy or --json");
    if (a->parts) code = check_parts(a);
    if (!code) code = cli_path_check(&a->common, "output", a->output, CLI_PICTURES);
    if (!code) code = cli_path_check(&a->common, "npy", a->npy, "npy");
    if (!code) code = cli_path_check(&a->common, "parts", a->parts, "npy");
    return code;
}

static int run(const cli_args *common) {
    const attribute_args *args = (const attribute_args *)common;
    job j = {.args = args};
    int code = check(args);
    if (code) return code;
    code = cli_subject_load(&j.s, &args->common, &args->model, &args->asked, 0);
    if (!code) code = run_all(&j);
    if (cli_progress_signal() && (code || !j.n)) die(&j);
    if (!code && !j.n)
        code = cli_fail("%s: no method has anything to show", fv_model_name(j.s.model));
    if (!code) code = save(&j);
    if (!code && cli_progress_signal()) die(&j);
    for (int i = 0; i < j.n; i++) {
        fv_attribution_free(j.made[i].map);
        fv_scores_free(j.made[i].scores);
    }
    g_free(j.made);
    fv_scores_free(j.random);
    cli_subject_clear(&j.s);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    {"output", 'o', CLI_OUTPUT, offsetof(attribute_args, output), 0, 0, "OUT.png", "none",
     "the picture to write: .png, .jpg, .jpeg, .webp, .tif or .tiff"},
    CLI_ATTRIBUTION_OPTIONS(attribute_args),
    {"scores", 0, CLI_FLAG, offsetof(attribute_args, asked.draws), 0, 0, NULL, NULL,
     "measure each map by its deletion and insertion curves"},
    {"columns", 0, CLI_INT, offsetof(attribute_args, columns), 1, 1000, "N", "5", "tiles in a row",
     .with = "output"},
    {"title", 0, CLI_TEXT, offsetof(attribute_args, title), 0, 0, "TEXT", "the class",
     "title above the tiles", .with = "output"},
    {"npy", 0, CLI_OUTPUT, offsetof(attribute_args, npy), 0, 0, "MAP.npy", "none",
     "write the map, [height][width], of a signal [length], of a volume [depth][height][width]; of "
     "all methods [methods] before"},
    {"parts", 0, CLI_OUTPUT, offsetof(attribute_args, parts), 0, 0, "PARTS.npy", "none",
     "write what a map of gradients is made of, signed, [channels][height][width]"},
    CLI_OPTION_JSON(attribute_args),
    CLI_OPTION_SIZE(attribute_args),
    CLI_OPTION_SHAPE(attribute_args),
    CLI_OPTION_ON_NAN(attribute_args),
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea attribute efficientnet-lite0 photo.jpg -o why.png",
     "What in the photo speaks for the class the network puts first (Grad-CAM)"},
    {"fovea attribute efficientnet-lite0 photo.jpg --class hen --method integrated -o hen.png "
     "--npy hen.npy",
     "The pixels that speak for a hen, and those against, also as numbers"},
    {"fovea attribute efficientnet-lite0 photo.jpg --method all --masks 200 --scores -o all.png",
     "All methods side by side, and how well each names the pixels that matter"},
    {0},
};

const cli_command cli_command_attribute = {
    .name = "attribute",
    .operands = "MODEL IMAGE",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "Show which part of a photo speaks for a class",
    .details =
        "The photo is cropped as `fovea classify` crops it, and a map is drawn over that crop: "
        "from dark "
        "blue through red to yellow for maps without a sign; red (for) and blue (against) for maps "
        "with "
        "one. The scale is shown below. In maps with one number a pixel, the 1 % with the largest "
        "magnitudes is drawn in the scale's end colour.\n\n"
        "A class is explained by its logit; rise, and the curves of --scores, use its probability. "
        "Tiles are as large as the network's input, at least 224 pixels.\n\n"
        "--scores: pixels are deleted, most important first (replaced by the picture's mean "
        "colour), "
        "and inserted into the blurred picture; the areas under the class's probability are "
        "printed. A small area of deletion and a large one of insertion are good; compare with a "
        "random order.\n\n"
        "IMAGE may also be an NPY file with the raw input of one sample, as `fovea run` takes it: "
        "a signal or a row of numbers, whose maps are drawn as lines; a volume, slice by slice; a "
        "picture of many bands.\n\n"
        "docs/attribution.md describes what each method computes, and its limits. `fovea sanity` "
        "checks "
        "whether a method's map depends on what the network has learned.",
    .size = sizeof(attribute_args),
    .names = &cli_method_names,
    .options = options,
    .model = offsetof(attribute_args, model),
    .examples = examples,
    .run = run,
};
