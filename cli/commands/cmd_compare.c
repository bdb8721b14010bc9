/* SPDX-License-Identifier: Apache-2.0 */
/* fovea compare: which channels of a layer changed between two checkpoints. Photos are read one
 * after the other; those that the picture shows are read again.
 */
#include <glib.h>
#include <math.h>

#include "commands.h"
#include "devices.h"
#include "inputs.h"
#include "json.h"
#include "models.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "report.h"
#include "table.h"

#define DEFAULT_TOP  8
#define DEFAULT_TILE 224
#define NUMBERS      7 /* of a channel in --npy */

typedef struct compare_args {
    cli_args common;
    cli_model_args model;
    char *output, *npy, *title;
    int top, json, tile_size;
} compare_args;

/* One run of the command. */
typedef struct job {
    const compare_args *args;
    fv_model *model[2];
    fv_session *session[2];
    fv_comparison *comparison;
    fv_changes *changes;
    GPtrArray *path; /* of each sample, borrowed */
    GArray *row;     /* of each sample: which row of its NPY file, of int64_t */
    int top;
    cli_device device;
    fv_monitor *monitor;
    cli_progress progress; /* over the files */
} job;

/* ---- reading ---- */

static fv_status add_rows(job *j, const char *path, fv_error *err) {
    fv_tensor *input = NULL;
    fv_status st = cli_tensor_load(path, &input, err);
    if (!st) st = fv_comparison_add_input(j->comparison, input, err);
    for (int64_t row = 0; !st && row < input->dim[0]; row++) {
        g_ptr_array_add(j->path, (gpointer)path);
        g_array_append_val(j->row, row);
    }
    fv_tensor_free(input);
    return st;
}

static fv_status add_photo(job *j, const char *path, fv_error *err) {
    fv_image *photo = NULL;
    const int64_t none = 0;
    fv_status st = cli_image_load(path, 0, &photo, err);
    if (!st) st = fv_comparison_add(j->comparison, photo, err);
    if (!st) {
        g_ptr_array_add(j->path, (gpointer)path);
        g_array_append_val(j->row, none);
    }
    fv_image_free(photo);
    return st;
}

/* Adds all files, those before Ctrl-C. One that cannot be read is named, and fails the whole only
 * with --json. */
static int add_all(job *j, int *bad) {
    const compare_args *a = j->args;
    const int first = 3, total = a->common.n_operands - first;
    cli_progress_start(&j->progress, &a->common, "files", FV_MONITOR_CANCEL);
    for (int i = 0; i < total && !(*bad && a->json); i++) {
        fv_error err = {0};
        const char *path = a->common.operands[first + i];
        if (cli_progress_next(&j->progress, path, i, total)) break;
        const int rows = cli_is_array(path);
        const fv_status st = rows ? add_rows(j, path, &err) : add_photo(j, path, &err);
        if (!st || cli_progress_interrupted(st)) continue;
        cli_progress_clear(&j->progress);
        cli_fail_file(&a->common, path, &err);
        *bad = 1;
    }
    cli_progress_stop(&j->progress);
    if (cli_progress_signal() && !j->path->len) cli_progress_die(&j->progress, "nothing is shown");
    return j->path->len && !(*bad && a->json) ? CLI_DONE : CLI_FAILED;
}

/* ---- numbers ---- */

static void add_number(cli_table *t, double value) {
    if (value != value)
        cli_table_add(t, "-");
    else
        cli_table_addf(t, "%.4g", value);
}

static void add_part(cli_table *t, double value) {
    if (value != value)
        cli_table_add(t, "-");
    else
        cli_table_addf(t, "%.4f", value);
}

/* The name of a sample's file, and its row where that has several. Caller frees. */
static char *sample_name(const job *j, int sample) {
    const char *path = j->path->pdata[sample];
    char *base = g_path_get_basename(path);
    char *text = cli_is_array(path)
                     ? g_strdup_printf("%s:%" G_GINT64_FORMAT, base,
                                       (gint64)g_array_index(j->row, int64_t, sample))
                     : g_strdup(base);
    char *clean = cli_clean(text);
    g_free(text);
    g_free(base);
    return clean;
}

static void put_table(const job *j) {
    static const cli_column columns[] = {{"channel", 1, 0},  {"change", 1, 0},
                                         {"pattern", 1, 0},  {"weights", 1, 0},
                                         {"mean A", 1, 0},   {"mean B", 1, 0},
                                         {"stddev A", 1, 0}, {"stddev B", 1, 0},
                                         {"most on", 0, 12}, {0}};
    const fv_changes *r = j->changes;
    cli_table *t = cli_table_new(columns);
    for (int i = 0; i < j->top; i++) {
        const fv_channel_change *c = &r->change[i];
        char *name = sample_name(j, c->sample);
        cli_table_addf(t, "%d", c->channel);
        add_part(t, c->change);
        add_part(t, c->pattern);
        add_number(t, c->weights);
        add_number(t, c->mean[0]);
        add_number(t, c->mean[1]);
        add_number(t, c->stddev[0]);
        add_number(t, c->stddev[1]);
        cli_table_add(t, isnan(c->change) ? "-" : name);
        g_free(name);
    }
    cli_table_print(t);
    cli_table_free(t);
    char *weights = r->weights ? cli_clean(r->weights) : NULL;
    int known = r->count; /* those that are not come last */
    while (known && isnan(r->change[known - 1].change)) known--;
    cli_putf("\n%d of %d channels, most changed first, over %d sample%s", j->top, r->count,
             r->samples, r->samples == 1 ? "" : "s");
    if (known) cli_putf("; the middle one changed by %.4f", r->change[known / 2].change);
    cli_put("\n");
    if (weights && r->weights) cli_putf("weights are those of %s\n", weights);
    g_free(weights);
}

static void json_pair(JsonBuilder *b, const char *name, const double v[2]) {
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    cli_json_element(b, v[0]);
    cli_json_element(b, v[1]);
    json_builder_end_array(b);
}

static void put_json(const job *j) {
    const fv_changes *r = j->changes;
    JsonBuilder *b = json_builder_new();
    json_builder_begin_object(b);
    cli_json_text(b, "layer", j->args->common.operands[2]);
    cli_json_text(b, "weights_of", r->weights);
    cli_json_text(b, "sha256_a", fv_model_sha256(j->model[0]));
    cli_json_text(b, "sha256_b", fv_model_sha256(j->model[1]));
    cli_json_int(b, "samples", r->samples);
    cli_json_int(b, "not_finite", r->not_finite);
    json_builder_set_member_name(b, "channels");
    json_builder_begin_array(b);
    for (int i = 0; i < r->count; i++) {
        const fv_channel_change *c = &r->change[i];
        char *name = sample_name(j, c->sample);
        json_builder_begin_object(b);
        cli_json_int(b, "channel", c->channel);
        cli_json_number(b, "change", c->change);
        cli_json_number(b, "pattern", c->pattern);
        cli_json_number(b, "weights", c->weights);
        json_pair(b, "mean", c->mean);
        json_pair(b, "stddev", c->stddev);
        cli_json_text(b, "most_on", isnan(c->change) ? NULL : name);
        json_builder_end_object(b);
        g_free(name);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    cli_json_print(b);
}

/* [channels][change, pattern, mean A, sd A, mean B, sd B, weights], in the channels' order. */
static int save_numbers(const job *j) {
    const fv_changes *r = j->changes;
    const int64_t dim[] = {r->count, NUMBERS};
    fv_tensor *all = NULL;
    fv_error err = {0};
    fv_status st = fv_tensor_new(2, dim, &all, &err);
    for (int i = 0; !st && i < r->count; i++) {
        const fv_channel_change *c = &r->change[i];
        const double row[NUMBERS] = {c->change,  c->pattern,   c->mean[0], c->stddev[0],
                                     c->mean[1], c->stddev[1], c->weights};
        for (int k = 0; k < NUMBERS; k++)
            all->data[(int64_t)c->channel * NUMBERS + k] = (float)row[k];
    }
    if (!st) st = fv_tensor_save(all, j->args->npy, &err);
    fv_tensor_free(all);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* ---- the picture ---- */

/* One row of a tensor as a batch of one. */
static fv_status take_row(const fv_tensor *all, int64_t row, fv_tensor **out, fv_error *err) {
    int64_t dim[FV_MAX_DIMS];
    for (int i = 0; i < all->ndim; i++) dim[i] = i ? all->dim[i] : 1;
    fv_status st = fv_tensor_new(all->ndim, dim, out, err);
    const int64_t n = st ? 0 : fv_tensor_count(*out);
    for (int64_t i = 0; i < n; i++) (*out)->data[i] = all->data[row * n + i];
    return st;
}

/* Three pictures of a channel, with their labels. */
static fv_status draw_row(const job *j, const fv_channel_change *c, fv_image *out[3],
                          char *labels[3], fv_error *err) {
    const char *path = j->path->pdata[c->sample];
    fv_image *photo = NULL;
    fv_tensor *all = NULL, *input = NULL;
    float peaks[2] = {0, 0};
    fv_status st;
    if (cli_is_array(path)) {
        st = cli_tensor_load(path, &all, err);
        if (!st) st = take_row(all, g_array_index(j->row, int64_t, c->sample), &input, err);
    } else {
        st = cli_image_load(path, 0, &photo, err);
    }
    if (!st) st = fv_comparison_draw(j->comparison, photo, input, c->channel, peaks, out, err);
    char *name = sample_name(j, c->sample);
    labels[0] = g_strdup_printf("%d: %s", c->channel, name);
    for (int m = 0; m < 2; m++)
        labels[1 + m] = g_strdup_printf("%c, peak %.3g", 'A' + m, (double)peaks[m]);
    g_free(name);
    fv_tensor_free(input);
    fv_tensor_free(all);
    fv_image_free(photo);
    return st;
}

static fv_status set_texts(const job *j, fv_image *picture, fv_error *err) {
    char *layer = g_utf8_make_valid(j->args->common.operands[2], -1);
    const char *texts[][2] = {{"fovea.layer", layer},
                              {"fovea.model", fv_model_name(j->model[0])},
                              {"fovea.model-sha256", fv_model_sha256(j->model[0])},
                              {"fovea.model-b", fv_model_name(j->model[1])},
                              {"fovea.model-b-sha256", fv_model_sha256(j->model[1])},
                              {"fovea.version", fv_version()}};
    fv_status st = cli_set_command(&j->args->common, picture, err);
    if (!st) st = cli_set_device(j->session[0], picture, err);
    for (size_t i = 0; i < G_N_ELEMENTS(texts) && !st; i++)
        st = fv_image_set_text(picture, texts[i][0], texts[i][1], err);
    if (!st && cli_progress_signal()) st = cli_progress_mark(&j->progress, picture, err);
    g_free(layer);
    return st;
}

static fv_status lay_out(const job *j, fv_image **images, char **labels, fv_image **out,
                         fv_error *err) {
    const compare_args *a = j->args;
    char *text = a->title ? g_strdup(a->title)
                          : g_strdup_printf("%s in %s (A) and %s (B)", a->common.operands[2],
                                            fv_model_name(j->model[0]), fv_model_name(j->model[1]));
    char *title = cli_clean(text);
    const fv_montage_desc m = {.struct_size = sizeof m,
                               .columns = 3,
                               .tile = a->tile_size ? a->tile_size : DEFAULT_TILE,
                               .title = *title ? title : NULL};
    fv_status st = fv_montage((const fv_image *const *)images, (const char *const *)labels,
                              3 * j->top, &m, out, err);
    g_free(title);
    g_free(text);
    return st;
}

static int save_picture(const job *j) {
    fv_image **images = g_new0(fv_image *, 3 * j->top), *picture = NULL;
    char **labels = g_new0(char *, 3 * j->top);
    fv_error err = {0};
    fv_status st = FV_OK;
    for (int i = 0; i < j->top && !st; i++)
        st = draw_row(j, &j->changes->change[i], images + (ptrdiff_t)3 * i,
                      labels + (ptrdiff_t)3 * i, &err);
    if (!st) st = lay_out(j, images, labels, &picture, &err);
    if (!st) st = set_texts(j, picture, &err);
    if (!st) st = fv_image_save(picture, j->args->output, &err);
    if (!st && !j->args->json && !j->args->common.quiet) {
        char *path = cli_clean(j->args->output);
        cli_putf("%s: %dx%d, %d channel%s\n", path, picture->width, picture->height, j->top,
                 j->top == 1 ? "" : "s");
        g_free(path);
    }
    for (int i = 0; i < 3 * j->top; i++) {
        fv_image_free(images[i]);
        g_free(labels[i]);
    }
    g_free(images);
    g_free(labels);
    fv_image_free(picture);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* ---- the command ---- */

/* Opens a session of each model, in which what is not finite is counted, not an error. */
static fv_status begin(job *j, fv_error *err) {
    const compare_args *a = j->args;
    fv_session_desc how = {
        .struct_size = sizeof how, .threads = a->model.threads, .on_nan = FV_ON_NAN_KEEP};
    cli_device_tell(&j->device, 0, &how);
    fv_status st = fv_monitor_new(cli_progress_step, NULL, &j->progress, &j->monitor, err);
    for (int m = 0; m < 2 && !st; m++) st = fv_session_new(j->model[m], &how, &j->session[m], err);
    for (int m = 0; m < 2 && !st; m++) st = fv_session_set_monitor(j->session[m], j->monitor, err);
    if (st) return st;
    return fv_comparison_new(j->session[0], j->session[1], a->common.operands[2], &j->comparison,
                             err);
}

/* Prints and writes what was asked for, once the channels are ranked. */
static int report(job *j) {
    const compare_args *a = j->args;
    int code = CLI_DONE;
    j->top = MIN(a->top ? a->top : DEFAULT_TOP, j->changes->count);
    if (j->changes->not_finite)
        cli_note(&a->common, "%" G_GINT64_FORMAT " activations are not finite and are left out",
                 (gint64)j->changes->not_finite);
    if (!a->json && !a->common.quiet) put_table(j);
    if (a->output) code = save_picture(j);
    if (!code && a->npy) code = save_numbers(j);
    if (!code && a->json) put_json(j);
    return code;
}

static int work(job *j) {
    fv_error err = {0};
    int bad = 0;
    int code = cli_device_choose(j->args->model.device, "cpu", &j->device);
    if (code) return code;
    if (begin(j, &err)) return cli_fail_error(&err);
    cli_device_note(&j->args->common, &j->device, fv_session_device(j->session[0]));
    cli_precision_note(&j->args->common, &j->args->model, fv_session_precision(j->session[0]));
    code = add_all(j, &bad);
    if (code) return code;
    if (fv_comparison_rank(j->comparison, &j->changes, &err)) return cli_fail_error(&err);
    code = report(j);
    if (!code && cli_progress_signal())
        cli_progress_die(&j->progress, "the numbers are those of these files; run again for all");
    return code ? code : bad ? CLI_FAILED : CLI_DONE;
}

static int run(const cli_args *common) {
    const compare_args *args = (const compare_args *)common;
    job j = {.args = args};
    int code = args->top && args->json && !args->output
                   ? cli_usage(common->command, "--top is for the table and --output; --json has "
                                                "all channels")
                   : cli_path_check(&args->common, "output", args->output, CLI_PICTURES);
    if (!code) code = cli_path_check(&args->common, "npy", args->npy, "npy");
    for (int m = 0; m < 2 && !code; m++)
        code = cli_model_load_named(&args->common, &args->model, args->common.operands[m],
                                    &j.model[m]);
    j.path = g_ptr_array_new();
    j.row = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!code) cli_model_note(&args->common, j.model[0]);
    if (!code) code = work(&j);
    fv_changes_free(j.changes);
    fv_comparison_free(j.comparison);
    for (int m = 0; m < 2; m++) fv_session_free(j.session[m]);
    cli_device_clear(&j.device);
    fv_monitor_free(j.monitor);
    for (int m = 0; m < 2; m++) fv_model_free(j.model[m]);
    g_ptr_array_free(j.path, TRUE);
    g_array_free(j.row, TRUE);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    {"output", 'o', CLI_OUTPUT, offsetof(compare_args, output), 0, 0, "OUT.png", "none",
     "the picture to write: .png, .jpg, .jpeg, .webp, .tif or .tiff"},
    {"top", 'k', CLI_INT, offsetof(compare_args, top), 1, 1024, "N", "8",
     "how many channels to print and to draw"},
    {"npy", 0, CLI_OUTPUT, offsetof(compare_args, npy), 0, 0, "FILE.npy", "none",
     "write the numbers of all channels, see above"},
    CLI_OPTION_JSON(compare_args),
    CLI_OPTION_SIZE(compare_args),
    {"tile-size", 0, CLI_INT, offsetof(compare_args, tile_size), 1, 8192, "N", "224",
     "side of a tile of the picture, in pixels", .with = "output"},
    {"title", 0, CLI_TEXT, offsetof(compare_args, title), 0, 0, "TEXT", "LAYER in A and B",
     "above the picture; '' for none", .with = "output"},
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea compare before.onnx after.onnx relu1 photos/*.jpg -o changed.png",
     "The eight channels that fine-tuning changed most"},
    {"fovea compare digits.onnx digits.onnx dense1 digits.npy --json",
     "All channels of a network of vectors, for a program"},
    {0},
};

const cli_command cli_command_compare = {
    .name = "compare",
    .operands = "MODEL_A MODEL_B LAYER IMAGE...",
    .min_operands = 4,
    .max_operands = G_MAXINT,
    .summary = "Show which channels changed between two checkpoints",
    .details =
        "Both networks are run on the pictures, and the channels of a layer that both have are "
        "ranked by how much their activations changed, over all positions of all pictures. "
        "`change` is 1 - Lin's concordance: E(a-b)^2 / (var a + var b + (mean a - mean b)^2). It "
        "is "
        "0 if nothing changed, 1 if the two are uncorrelated or one is constant, 2 if they are "
        "opposite. `pattern` is 1 - their correlation, which ignores scaling and shifts of a "
        "channel; `-` where one is constant. `weights` is |a-b|^2 / "
        "(|a|^2 + |b|^2) of the channel's weights, in the same measure: those of the layer, or of "
        "the convolution or matrix product that feeds it.\n\n"
        "The picture has a row a channel: the input picture on which the two differ most, and the "
        "activations in A and in B, both on "
        "one scale that ends at the larger of the two peaks printed below: grey from 0, or blue "
        "and red where a value is below 0.\n\n"
        "A file that ends in .npy is raw input, a sample a row. A file that cannot be read is "
        "named and the exit code is 1; the others still count, except with --json. Layers whose "
        "shapes differ are refused.\n\n"
        "--npy writes [channels][change, pattern, mean A, stddev A, mean B, stddev B, weights] in "
        "the order of the channels, NaN where there is no value.\n\n"
        "JSON: `{\"layer\", \"weights_of\", \"sha256_a\", \"sha256_b\", \"samples\", "
        "\"not_finite\", \"channels\": [{\"channel\", \"change\", \"pattern\", \"weights\", "
        "\"mean\": [A, B], \"stddev\": [A, B], \"most_on\"}]}`, most changed first; what has no "
        "value is null.",
    .size = sizeof(compare_args),
    .options = options,
    .model = offsetof(compare_args, model),
    .examples = examples,
    .run = run,
};
