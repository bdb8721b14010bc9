/* SPDX-License-Identifier: Apache-2.0 */
/* fovea classify: what a network says photos show. Pictures are read one after the other and run in
 * batches. As a table, a picture that cannot be read is named and the others are still classified;
 * JSON is printed for all pictures or for none.
 */
#include <glib.h>
#include <string.h>

#include "commands.h"
#include "inputs.h"
#include "json.h"
#include "models.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "sessions.h"

#define BATCH       16
#define DEFAULT_TOP 5

typedef struct classify_args {
    cli_args common;
    cli_model_args model;
    int top, json;
} classify_args;

/* The work: a batch being filled, and where its predictions go. */
typedef struct job {
    const classify_args *args;
    const fv_model *model;
    cli_session session;
    int top;           /* predictions a picture; 0: not known yet */
    int named;         /* whether class names stand for the output's numbers */
    int is_number;     /* the output is one number that is no probability */
    JsonBuilder *json; /* NULL: print as a table */
    const char *name[BATCH];
    fv_tensor *input[BATCH]; /* [1][...] each */
    int n;
} job;

static int choose_top(job *j) {
    const int64_t classes = fv_model_output_length(j->model);
    const int names = fv_model_class_count(j->model);
    if (classes && j->args->top > classes)
        return cli_usage(j->args->common.command,
                         "--top: '%d' is not in 1..%" G_GINT64_FORMAT ", the classes of %s",
                         j->args->top, classes, fv_model_name(j->model));
    j->top = j->args->top ? j->args->top : (int)CLAMP(classes, 1, DEFAULT_TOP);
    if (classes && names && classes != names)
        cli_note(&j->args->common, "%s gives %" G_GINT64_FORMAT " number%s for %d class names: %s",
                 fv_model_name(j->model), classes, classes == 1 ? "" : "s", names,
                 classes == 1 ? "no name is shown" : "names may stand for the wrong numbers");
    j->named = classes != 1 || names == 1;
    return CLI_DONE;
}

/* The inputs as one, [n][...].  returns  NULL with one line printed */
static fv_tensor *join(const job *j) {
    int64_t dim[FV_MAX_DIMS], count = fv_tensor_count(j->input[0]);
    fv_tensor *out = NULL;
    fv_error err = {0};
    memcpy(dim, j->input[0]->dim, sizeof dim);
    dim[0] = j->n;
    if (fv_tensor_new(j->input[0]->ndim, dim, &out, &err)) {
        cli_fail_error(&err);
        return NULL;
    }
    for (int i = 0; i < j->n; i++)
        memcpy(out->data + i * count, j->input[i]->data, (size_t)count * sizeof(float));
    return out;
}

static const char *label_of(const job *j, int index) {
    return j->named ? fv_model_class_name(j->model, index) : NULL;
}

/* What stands beside a single number that has no name. */
static const char *meaning_of(const job *j) {
    return j->is_number                            ? "a number, no probability"
           : fv_model_output_length(j->model) == 1 ? "the network's own probability"
                                                   : "";
}

static void put_table(const job *j, const char *name, const fv_prediction *p) {
    char *clean = cli_clean(name);
    cli_putf("%s\n", clean);
    g_free(clean);
    for (int k = 0; k < j->top; k++) {
        const char *label = label_of(j, p[k].index);
        clean = cli_clean(label ? label : meaning_of(j));
        cli_putf(j->is_number ? "  %.6g %6d%s%s\n" : "  %.4f %6d%s%s\n", (double)p[k].probability,
                 p[k].index, *clean ? "  " : "", clean);
        g_free(clean);
    }
}

static void put_json(const job *j, const char *name, const fv_prediction *p) {
    JsonBuilder *b = j->json;
    json_builder_begin_object(b);
    cli_json_text(b, "image", name);
    json_builder_set_member_name(b, "top");
    json_builder_begin_array(b);
    for (int k = 0; k < j->top; k++) {
        json_builder_begin_object(b);
        cli_json_int(b, "index", p[k].index);
        cli_json_text(b, "label", label_of(j, p[k].index));
        cli_json_number(b, j->is_number ? "number" : "probability", (double)p[k].probability);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
}

static void clear_batch(job *j) {
    for (int i = 0; i < j->n; i++) fv_tensor_free(j->input[i]);
    j->n = 0;
}

/* The output of a network that ends in one number which is no probability, as it is. */
static fv_status run_number(const job *j, const fv_tensor *input, fv_prediction *p, fv_error *err) {
    fv_tensor *out = NULL;
    const char *output = fv_model_output(j->model, NULL);
    const fv_status st = fv_session_run(j->session.session, input, output, &out, err);
    for (int i = 0; !st && i < j->n; i++) p[i] = (fv_prediction){0, out->data[i]};
    fv_tensor_free(out);
    return st;
}

/* The likeliest classes of a batch, or its numbers. */
static fv_status predict(job *j, const fv_tensor *input, fv_prediction *p, fv_error *err) {
    if (!j->is_number) {
        const fv_status st = fv_session_classify(j->session.session, input, j->top, p, err);
        j->is_number = st == FV_SHAPE && fv_model_output_length(j->model) == 1;
        if (!j->is_number) return st;
        j->named = 0;
    }
    return run_number(j, input, p, err);
}

/* Classifies the pictures collected so far. */
static int run_batch(job *j) {
    if (!j->n) return CLI_DONE;
    int code = j->top ? CLI_DONE : choose_top(j);
    fv_tensor *input = code ? NULL : j->n > 1 ? join(j) : j->input[0];
    fv_prediction *p = g_new0(fv_prediction, (gsize)BATCH * (gsize)MAX(j->top, 1));
    fv_error err = {0};
    if (!code && !input) code = CLI_FAILED;
    const fv_status st = code ? FV_OK : predict(j, input, p, &err);
    if (st && !cli_progress_interrupted(st)) code = cli_fail_error(&err);
    for (int i = 0; !code && !st && i < j->n; i++) {
        if (j->json)
            put_json(j, j->name[i], p + (ptrdiff_t)i * j->top);
        else
            put_table(j, j->name[i], p + (ptrdiff_t)i * j->top);
    }
    g_free(p);
    if (j->n > 1) fv_tensor_free(input);
    clear_batch(j);
    return code;
}

/* Reads a picture, or an array of numbers that is one sample, into the batch. */
static int add_picture(job *j, const char *path) {
    fv_image *image = NULL;
    fv_tensor *input = NULL;
    fv_error err = {0};
    int code = CLI_DONE;
    if (cli_is_array(path)) {
        if (cli_array_load(&j->args->common, j->model, path, &input, &err))
            code = cli_fail_file(&j->args->common, path, &err);
        if (!code && fv_input_samples(j->model, input) > 1)
            code = cli_fail("%s: it has %" G_GINT64_FORMAT
                            " samples, by its first size; one is classified at a time "
                            "(fovea run takes them all, also where that size counts steps of time)",
                            path, fv_input_samples(j->model, input));
    } else if (cli_photo_load(j->model, path, &image, &err) ||
               fv_input_from_image(j->model, image, &input, &err)) {
        code = cli_fail_file(&j->args->common, path, &err);
    }
    fv_image_free(image);
    if (code) {
        fv_tensor_free(input);
        return code;
    }
    j->input[j->n] = input;
    j->name[j->n++] = path;
    return CLI_DONE;
}

/* The next picture, and its batch where that is full. One that cannot be read is named. */
static int run_picture(job *j, const char *path, int *bad) {
    const int numbers = cli_is_array(path);
    int code = numbers ? run_batch(j) : CLI_DONE; /* arrays of any size run alone */
    if (!code && add_picture(j, path)) *bad = 1;
    if (*bad && j->json) return CLI_FAILED;
    return !code && (j->n == BATCH || numbers) ? run_batch(j) : code;
}

/* Classifies all pictures, those before Ctrl-C. A bad one fails the whole, but only with --json at
 * once. */
static int run_all(job *j) {
    const cli_args *a = &j->args->common;
    const int first = 1, total = a->n_operands - first;
    int bad = 0, code = CLI_DONE;
    cli_progress_start(&j->session.progress, a, "pictures", FV_MONITOR_CANCEL);
    j->session.progress.least = j->json ? 0 : G_MAXINT; /* the table says it */
    for (int i = 0; i < total && !code; i++) {
        if (cli_progress_next(&j->session.progress, a->operands[first + i], i, total)) break;
        code = run_picture(j, a->operands[first + i], &bad);
    }
    cli_progress_stop(&j->session.progress);
    if (!code && !(j->json && cli_progress_signal())) code = run_batch(j);
    if (!code && cli_progress_signal())
        cli_progress_die(&j->session.progress,
                         j->json ? "nothing is printed" : "the others are not classified");
    return code ? code : bad ? CLI_FAILED : CLI_DONE;
}

/* Whether photos are given only to a network that takes them. */
static int check_inputs(const classify_args *args, const fv_model *model) {
    const fv_input *in = fv_model_input(model);
    int photos = 0;
    for (int i = 1; i < args->common.n_operands; i++)
        photos += !cli_is_array(args->common.operands[i]);
    if (in->is_image || !photos) return CLI_DONE;
    return cli_fail(
        "%s: its input \"%s\" is no picture, and takes arrays of numbers (X.npy); if its "
        "elements are one, --shape CxHxW says so",
        fv_model_name(model), in->name);
}

static int run_model(const classify_args *args, const fv_model *model) {
    job j = {.args = args, .model = model};
    int code = cli_session_open(&args->common, model, &args->model, &j.session);
    if (!code) code = check_inputs(args, model);
    if (args->json) {
        j.json = json_builder_new();
        json_builder_begin_array(j.json);
    }
    if (!code) code = run_all(&j);
    clear_batch(&j);
    if (j.json && !code) {
        json_builder_end_array(j.json);
        cli_json_print(j.json);
    } else if (j.json) {
        g_object_unref(j.json);
    }
    cli_session_close(&j.session);
    return code;
}

static int run(const cli_args *common) {
    const classify_args *args = (const classify_args *)common;
    fv_model *model = NULL;
    int code = cli_model_load(&args->common, &args->model, &model);
    if (code) return code;
    cli_model_note(&args->common, model);
    cli_model_output_note(&args->common, model);
    code = run_model(args, model);
    fv_model_free(model);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    {"top", 'k', CLI_INT, offsetof(classify_args, top), 1, 1000000, "K",
     "5, or all classes if they are fewer", "how many classes to print for each picture"},
    {"output", 0, CLI_TEXT, offsetof(classify_args, model.output), 0, 0, "NAME", "none", NULL},
    CLI_OPTION_JSON(classify_args),
    CLI_OPTION_SIZE(classify_args),
    CLI_OPTION_SHAPE(classify_args),
    CLI_OPTION_ON_NAN(classify_args),
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea classify efficientnet-lite0 photo.jpg", "The five likeliest classes of a photo"},
    {"fovea classify efficientnet-lite0 photo.jpg other.png --top 1 --json",
     "The likeliest class of each of several photos, for a program"},
    {0},
};

const cli_command cli_command_classify = {
    .name = "classify",
    .operands = "MODEL IMAGE...",
    .min_operands = 2,
    .max_operands = G_MAXINT,
    .summary = "Say what is on photos",
    .details =
        "Each picture is turned upright, its short side resized to size/0.875 (bicubic), "
        "its centre cut out, and mean, scale and channel order applied as the model says. "
        "It prints probability, index and name of the likeliest classes. Probabilities are the "
        "network's own where a softmax or a sigmoid makes them (also of one number); other rows "
        "are given a softmax, unless they are a distribution. Sorted or rounded scores (TopK, "
        "ArgMax, Cast) are read before that. Of several outputs the one as long as there are class "
        "names is "
        "read, else the last that is one row of numbers and from which no other is computed; "
        "--output-name chooses. One number that "
        "neither a softmax nor a sigmoid makes is printed as it is. Many pictures "
        "run in batches. IMAGE may also be an NPY file with the raw input of one sample, as "
        "`fovea run` takes it: signals, volumes and pictures of many bands are given so.\n\n"
        "A picture that cannot be read is named on stderr and the exit code is 1; the others "
        "are still classified, except with --json, which prints all or nothing.\n\n"
        "JSON: an array of `{\"image\", \"top\": [{\"index\", \"label\", \"probability\"}]}` "
        "in the order of the pictures; `label` is null where the model has no class names; of "
        "one number that is no probability `number` stands for `probability`.",
    .size = sizeof(classify_args),
    .options = options,
    .model = offsetof(classify_args, model),
    .examples = examples,
    .run = run,
};
