/* SPDX-License-Identifier: Apache-2.0 */
/* fovea run: a raw tensor in, the value of a layer out. */
#include "commands.h"
#include "inputs.h"
#include "models.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "sessions.h"

typedef struct run_args {
    cli_args common;
    cli_model_args model;
    char *layer, *output;
} run_args;

static int run_model(const run_args *args, const fv_model *model, const fv_tensor *input) {
    cli_session s;
    fv_tensor *output = NULL;
    fv_error err = {0};
    int code = cli_session_open(&args->common, model, &args->model, &s);
    if (!code && (fv_session_run(s.session, input, args->layer, &output, &err) ||
                  fv_tensor_save(output, args->output, &err)))
        code = cli_inputs_fail(&args->model, &err);
    fv_tensor_free(output);
    cli_session_close(&s);
    return code;
}

static int run(const cli_args *common) {
    const run_args *args = (const run_args *)common;
    fv_model *model = NULL;
    fv_tensor *input = NULL;
    int code = cli_numbers_check(&args->common, "output", args->output);
    if (!code) code = cli_model_load_with_input(&args->common, &args->model, &model, &input);
    if (!code) code = run_model(args, model, input);
    fv_tensor_free(input);
    fv_model_free(model);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    CLI_OPTION_INPUT(run_args),
    {"layer", 'l', CLI_TEXT, offsetof(run_args, layer), 0, 0, "NAME", "the network's first output",
     "a layer, or the name of any value of the graph"},
    CLI_OPTION_OUTPUT(run_args, "Y.npy", "the NPY file to write"),
    CLI_OPTION_SIZE(run_args),
    CLI_OPTION_ON_NAN(run_args),
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea run efficientnet-lite0 --input x.npy -o probabilities.npy",
     "What the network says of a batch of inputs"},
    {"fovea run efficientnet-lite0 --input x.npy --layer block_5/expand/conv -o activation.npy",
     "What one of its layers says"},
    {0},
};

const cli_command cli_command_run = {
    .name = "run",
    .operands = "MODEL",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Run a network on a raw tensor and save a layer's output",
    .details = "Reads an NPY file in the shape the network's input has (dimension 0 is the batch; "
               "any real type), applies no mean, no scale and no channel order, and writes the "
               "value asked for as an NPY file of 32-bit floats.",
    .size = sizeof(run_args),
    .options = options,
    .model = offsetof(run_args, model),
    .useless = "mean|scale|std|range|channel-order|fit|crop-ratio|pad-color|labels",
    .examples = examples,
    .run = run,
};
