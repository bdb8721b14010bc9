/* SPDX-License-Identifier: Apache-2.0 */
/* fovea sanity: whether a method's maps depend on what the network has learned (Adebayo et al.
 * 2018, arXiv:1810.03292).
 */
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

#define TILE  150
#define ALIKE 0.5 /* maps of this rank correlation or a higher one count as alike */

typedef struct sanity_args {
    cli_args common;
    cli_model_args model;
    cli_attribution_args asked;
    char *output, *npy, *title;
    int stages, json;
} sanity_args;

/* The check of one method. */
typedef struct checked {
    const fv_method_info *method;
    fv_sanity *sanity;
} checked;

typedef struct job {
    const sanity_args *args;
    cli_subject s;
    checked *made; /* [n] */
    int n;
} job;

static int run_method(job *j, const fv_method_info *m) {
    const sanity_args *a = j->args;
    fv_attribute_desc d = cli_subject_desc(&j->s, m);
    checked *c = &j->made[j->n];
    fv_error err = {0};
    cli_subject_begin(&j->s, FV_MONITOR_CANCEL);
    fv_status st = fv_attribute_sanity(
        j->s.session.session, j->s.input, cli_subject_objective(&j->s, m),
        FV_DESC(fv_sanity_desc, .stages = a->stages, .attribute = &d), &c->sanity, &err);
    cli_progress_stop(&j->s.session.progress);
    if (st == FV_SHAPE && cli_methods_all(&a->asked)) {
        cli_note(&a->common, "%s is left out: %s", m->title, err.text);
        return CLI_DONE;
    }
    if (st) return cli_fail_error(&err);
    c->method = m;
    j->n++;
    return CLI_DONE;
}

static int run_all(job *j) {
    const fv_method_info **list = cli_methods(&j->args->asked);
    int code = CLI_DONE;
    j->made = g_new0(checked, fv_method_count());
    for (int i = 0; !code && list[i]; i++) code = run_method(j, list[i]);
    g_free(list);
    return code;
}

/* ---- what came out -------------------------------------------------------------------------- */

/* How many layers were shuffled while the map's magnitudes stayed alike; 0: the first stage changed
 * it. */
static int alike_until(const checked *c) {
    int layers = 0;
    for (int k = 1; k < c->sanity->count && c->sanity->stages[k]->correlation_magnitude >= ALIKE;
         k++)
        layers = c->sanity->stages[k]->shuffled;
    return layers;
}

/* "passes", "fails", or NULL: the trained network's map is the same everywhere. */
static const char *verdict_of(const checked *c) {
    if (isnan(c->sanity->stages[0]->correlation_magnitude)) return NULL;
    return alike_until(c) ? "fails" : "passes";
}

static void put_verdict(const checked *c) {
    const int layers = alike_until(c), all = c->sanity->stages[c->sanity->count - 1]->shuffled;
    if (!verdict_of(c))
        cli_putf("%s says nothing: its map of the trained network is the same everywhere\n",
                 c->method->name);
    else if (!layers)
        cli_putf("%s passes: its map changes with the last layer\n", c->method->name);
    else
        cli_putf("%s fails: its map stays alike with %d of %d layers shuffled\n", c->method->name,
                 layers, all);
}

static const char *layer_name(const job *j, const fv_sanity_stage *s) {
    return s->layer < 0 ? "(trained)" : fv_model_layer(j->s.model, s->layer)->name;
}

/* "0.12", or "-" where there is no number. */
static void add_number(cli_table *t, double value) {
    if (isnan(value))
        cli_table_add(t, "-");
    else
        cli_table_addf(t, "%.3f", value);
}

static void put_table(const job *j) {
    static const cli_column columns[] = {
        {"method", 0, 0},      {"shuffled down to", 0, 16}, {"layers", 1, 0}, {"objective", 1, 0},
        {"correlation", 1, 0}, {"of magnitudes", 1, 0},     {NULL, 0, 0}};
    cli_table *t = cli_table_new(columns);
    for (int i = 0; i < j->n; i++)
        for (int k = 0; k < j->made[i].sanity->count; k++) {
            const fv_sanity_stage *s = j->made[i].sanity->stages[k];
            cli_table_add(t, j->made[i].method->name);
            cli_table_add(t, layer_name(j, s));
            cli_table_addf(t, "%d", s->shuffled);
            cli_table_addf(t, "%.4g", s->attribution->value);
            add_number(t, s->correlation);
            add_number(t, s->correlation_magnitude);
        }
    cli_table_print(t);
    cli_table_free(t);
    for (int i = 0; i < j->n; i++) put_verdict(&j->made[i]);
}

static void put_json(const job *j) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_array(b);
    for (int i = 0; i < j->n; i++) {
        const checked *c = &j->made[i];
        json_builder_begin_object(b);
        cli_json_text(b, "method", c->method->name);
        cli_json_text(b, "objective", c->sanity->stages[0]->attribution->objective);
        cli_json_text(b, "verdict", verdict_of(c));
        cli_json_int(b, "alike_until", alike_until(c));
        json_builder_set_member_name(b, "stages");
        json_builder_begin_array(b);
        for (int k = 0; k < c->sanity->count; k++) {
            const fv_sanity_stage *s = c->sanity->stages[k];
            json_builder_begin_object(b);
            cli_json_text(b, "layer", s->layer < 0 ? NULL : layer_name(j, s));
            cli_json_int(b, "shuffled", s->shuffled);
            cli_json_number(b, "value", s->attribution->value);
            cli_json_number(b, "correlation", s->correlation);
            cli_json_number(b, "correlation_magnitude", s->correlation_magnitude);
            json_builder_end_object(b);
        }
        json_builder_end_array(b);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    cli_json_print(b);
}

/* ---- the picture ---------------------------------------------------------------------------- */

/* "gradcam" for the trained network, "12: 0.31" for the others; caller frees. */
static char *label_of(const checked *c, int k) {
    const fv_sanity_stage *s = c->sanity->stages[k];
    if (!k) return g_strdup(c->method->name);
    if (isnan(s->correlation_magnitude)) return g_strdup_printf("%d: no map", s->shuffled);
    return g_strdup_printf("%d: %.2f", s->shuffled, s->correlation_magnitude);
}

/* A row a method: the trained network's map, then those of the stages. */
static fv_status draw(const job *j, fv_image **out, fv_error *err) {
    const int columns = j->made[0].sanity->count, n = j->n * columns;
    fv_image **tile = g_new0(fv_image *, n);
    char **label = g_new0(char *, n);
    char *title = j->args->title
                      ? g_strdup(j->args->title)
                      : g_strdup_printf("%s  (layers shuffled: correlation)", j->s.label);
    fv_status st = FV_OK;
    for (int i = 0; !st && i < n; i++) {
        const checked *c = &j->made[i / columns];
        st = cli_map_tile(&j->s, c->sanity->stages[i % columns]->attribution, &tile[i], err);
        label[i] = label_of(c, i % columns);
    }
    const fv_montage_desc d = {.struct_size = sizeof d, .columns = columns, .title = title};
    if (!st)
        st = fv_montage((const fv_image *const *)tile, (const char *const *)label, n, &d, out, err);
    if (!st) st = cli_subject_describe(&j->s, *out, err);
    for (int i = 0; i < n; i++) {
        fv_image_free(tile[i]);
        g_free(label[i]);
    }
    g_free(tile);
    g_free(label);
    g_free(title);
    return st;
}

/* The maps of all stages, the trained network's first: [stages + 1][h][w]; of --method all
 * [methods][stages + 1][h][w]. */
static fv_status save_maps(const job *j, fv_error *err) {
    const fv_tensor *first = j->made[0].sanity->stages[0]->attribution->map;
    const int64_t stages = j->made[0].sanity->count, each = fv_tensor_count(first);
    const int64_t dim[] = {j->n, stages, first->dim[0], first->dim[1]};
    const int one = !cli_methods_all(&j->args->asked);
    fv_tensor *all = NULL;
    fv_status st = fv_tensor_new(one ? 3 : 4, dim + one, &all, err);
    for (int64_t i = 0; !st && i < j->n * stages; i++) {
        const fv_tensor *map = j->made[i / stages].sanity->stages[i % stages]->attribution->map;
        memcpy(all->data + i * each, map->data, (size_t)each * sizeof(float));
    }
    if (!st) st = fv_tensor_save(all, j->args->npy, err);
    fv_tensor_free(all);
    return st;
}

static int save(const job *j) {
    const sanity_args *a = j->args;
    fv_image *picture = NULL;
    fv_error err = {0};
    fv_status st = a->output ? draw(j, &picture, &err) : FV_OK;
    if (!st && picture) st = fv_image_save(picture, a->output, &err);
    if (!st && a->npy) st = save_maps(j, &err);
    if (!st && a->json)
        put_json(j);
    else if (!st && !a->common.quiet)
        put_table(j);
    fv_image_free(picture);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int run(const cli_args *common) {
    const sanity_args *args = (const sanity_args *)common;
    job j = {.args = args};
    int code = cli_path_check(&args->common, "output", args->output, CLI_PICTURES);
    if (!code) code = cli_path_check(&args->common, "npy", args->npy, "npy");
    if (code) return code;
    code = cli_subject_load(&j.s, &args->common, &args->model, &args->asked, TILE);
    if (!code) code = run_all(&j);
    if (code && cli_progress_signal())
        cli_progress_die(&j.s.session.progress, "nothing is written");
    if (!code && !j.n)
        code = cli_fail("%s: no method has anything to show", fv_model_name(j.s.model));
    if (!code) code = save(&j);
    for (int i = 0; i < j.n; i++) fv_sanity_free(j.made[i].sanity);
    g_free(j.made);
    cli_subject_clear(&j.s);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    {"output", 'o', CLI_OUTPUT, offsetof(sanity_args, output), 0, 0, "OUT.png", "none",
     "the picture to write: a row of maps for each method"},
    CLI_ATTRIBUTION_OPTIONS(sanity_args),
    {"stages", 0, CLI_INT, offsetof(sanity_args, stages), 1, 1000, "N", "8",
     "in how many stages the network is shuffled, at most one a layer with weights"},
    {"title", 0, CLI_TEXT, offsetof(sanity_args, title), 0, 0, "TEXT", "the class",
     "title above the tiles", .with = "output"},
    {"npy", 0, CLI_OUTPUT, offsetof(sanity_args, npy), 0, 0, "MAPS.npy", "none",
     "write all maps, the trained network's first: [stages + 1][h][w], of --method all [methods] "
     "before it"},
    CLI_OPTION_JSON(sanity_args),
    CLI_OPTION_SIZE(sanity_args),
    CLI_OPTION_SHAPE(sanity_args),
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea sanity efficientnet-lite0 photo.jpg --method guided -o sanity.png",
     "Does guided backpropagation show what the network has learned?"},
    {"fovea sanity efficientnet-lite0 photo.jpg --method gradcam --stages 3 --json",
     "The same of Grad-CAM, in three stages, as numbers"},
    {0},
};

/* its order of weights is random */
static const sanity_args initial = {.asked.draws = 1};

const cli_command cli_command_sanity = {
    .name = "sanity",
    .operands = "MODEL IMAGE",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "Check whether an attribution method depends on what a network has learned",
    .details =
        "The weights of the last layer are shuffled among themselves, then also those of the "
        "layers before, down to the first, in --stages stages; at each the method explains the "
        "same class again. Correlations are Spearman's, of the ranks of the map's numbers with "
        "those of the trained network's map: as they are, and of their magnitudes.\n\n"
        "A method passes if its map changes (the correlation of magnitudes falls below 0.5) as "
        "soon as "
        "the last layer is shuffled, since that layer's weights define the classes. It fails if "
        "the map "
        "stays similar: the map then shows edges of the photo or the network's architecture. One "
        "photo "
        "and one order of weights are an example, not a proof: --seed gives another order.",
    .size = sizeof(sanity_args),
    .initial = &initial,
    .names = &cli_method_names,
    .options = options,
    .model = offsetof(sanity_args, model),
    .examples = examples,
    .run = run,
};
