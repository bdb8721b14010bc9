/* SPDX-License-Identifier: Apache-2.0 */
/* fovea gradient: an objective's value, and its gradient with respect to a raw input. */
#include <float.h>
#include <glib.h>
#include <math.h>

#include "commands.h"
#include "inputs.h"
#include "models.h"
#include "objectives.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "sessions.h"

typedef struct gradient_args {
    cli_args common;
    cli_model_args model;
    char *objective, *output;
} gradient_args;

/* Prints a number with as many digits as bring it back exactly, and no more. */
static void put_exact(double value) {
    char text[64];
    for (int digits = 15; digits <= 17; digits++) {
        g_snprintf(text, sizeof text, "%.*g", digits, value);
        if (g_ascii_strtod(text, NULL) == value) break;
    }
    cli_putf("%s\n", text);
}

/* What the numbers do not say by themselves. */
static void say_of(const gradient_args *args, const fv_tensor *gradient) {
    const int64_t n = fv_tensor_count(gradient);
    double largest = 0, sum = 0;
    for (int64_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs((double)gradient->data[i]));
        sum += (double)gradient->data[i] * gradient->data[i];
    }
    if (n && largest < FLT_MIN)
        cli_note(&args->common, "the gradient %s",
                 largest > 0 ? "vanishes: no number of it is above 1.2e-38" : "is zero everywhere");
    if (sqrt(sum) > FV_GRADIENT_MOST)
        cli_note(&args->common, "the gradient explodes: its norm is %.2g, beyond %.2g", sqrt(sum),
                 FV_GRADIENT_MOST);
}

static int run_model(const gradient_args *args, const fv_model *model, const fv_tensor *input,
                     const fv_objective *objective) {
    cli_session s;
    fv_tensor *gradient = NULL;
    double *values = NULL;
    fv_error err = {0};
    const char *file = cli_inputs_main_file(&args->model);
    int code = cli_session_open(&args->common, model, &args->model, &s);
    const int64_t n = MAX(fv_input_samples(model, input), 1);
    values = g_try_new0(double, n);
    if (!code && !values)
        code = cli_fail("%s: no memory for %" G_GINT64_FORMAT " values", file, (gint64)n);
    else if (!code && (fv_session_gradient_at(s.session, input, objective, args->model.wrt, values,
                                              &gradient, &err) ||
                       fv_tensor_save(gradient, args->output, &err)))
        code = cli_inputs_fail(&args->model, &err);
    for (int64_t i = 0; !code && i < n; i++) put_exact(values[i]);
    if (!code) say_of(args, gradient);
    g_free(values);
    fv_tensor_free(gradient);
    cli_session_close(&s);
    return code;
}

static int run(const cli_args *common) {
    const gradient_args *args = (const gradient_args *)common;
    fv_model *model = NULL;
    fv_tensor *input = NULL;
    cli_objectives list = {0};
    char *const words[] = {args->objective};
    cli_model_args how = args->model;
    how.wrt = NULL; /* it may be any value here, and pictures still go to the main input */
    int code = cli_numbers_check(&args->common, "output", args->output);
    if (!code) code = cli_model_load_with_input(&args->common, &how, &model, &input);
    if (!code) code = cli_objectives_expand(&args->common, model, words, 1, NULL, &list);
    if (!code && list.count != 1)
        code = cli_usage(args->common.command, "--objective '%s' is %d objectives; one is wanted",
                         args->objective, list.count);
    if (!code) code = cli_objectives_read(model, &list);
    if (!code) code = run_model(args, model, input, list.list[0]);
    cli_objectives_clear(&list);
    fv_tensor_free(input);
    fv_model_free(model);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    CLI_OPTION_INPUT(gradient_args),
    {"objective", 0, CLI_TEXT, offsetof(gradient_args, objective), 0, 0, "OBJ", "",
     "LAYER:C, LAYER:C@y,x, LAYER, class:NAME, or an expression of such terms"},
    CLI_OPTION_OUTPUT(gradient_args, "G.npy",
                      "the NPY file to write, shaped like the input, or like what --wrt names: here "
                      "any layer, input or value of the graph"),
    CLI_OPTION_SIZE(gradient_args),
    CLI_OPTION_ON_NAN(gradient_args),
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea gradient efficientnet-lite0 --input x.npy --objective logits:8 -o gradient.npy",
     "Which way to change each input so that class 8 (hen) becomes likelier"},
    {"fovea gradient efficientnet-lite0 --input x.npy --objective block_5/expand/conv:3@7,7 "
     "-o gradient.npy",
     "The same for one neuron: channel 3, row 7, column 7"},
    {0},
};

const cli_command cli_command_gradient = {
    .name = "gradient",
    .operands = "MODEL",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Compute an objective's gradient at a raw input and save it",
    .details = "OBJ `LAYER:C` is the mean over all positions of channel C, `LAYER:C@y,x` one "
               "neuron, `LAYER` the mean of squares of the whole layer; where the layer has one "
               "channel a class, C may be a class name. `class:NAME` is a class before the "
               "softmax, `prob:NAME` its probability. Terms add with weights, as in "
               "`block_5/expand/conv:3 - 0.1*tv`; docs/objectives.md has them all. Each sample of "
               "the batch has its own: its "
               "value is printed on stdout, one a line, with as many digits as it has; its "
               "gradient with respect to the raw input (an NPY file, nothing is preprocessed) is "
               "written.",
    .size = sizeof(gradient_args),
    .options = options,
    .model = offsetof(gradient_args, model),
    .useless = "mean|scale|std|range|channel-order|fit|crop-ratio|pad-color",
    .examples = examples,
    .run = run,
};
