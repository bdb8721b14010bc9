/* SPDX-License-Identifier: Apache-2.0 */
/* fovea layers: what a network is made of, one row a layer, and the totals. */
#include <glib.h>

#include "commands.h"
#include "json.h"
#include "models.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "table.h"

typedef struct layers_args {
    cli_args common;
    cli_model_args model;
    int json;
} layers_args;

/* What is known about the input, and where it was found. */
static void print_input(const fv_model *model) {
    static const cli_column columns[] = {{"input", 0, 0}, {"value", 0, 8}, {"source", 0, 8}, {0}};
    cli_table *t = cli_table_new(columns);
    const fv_input_part *part;
    for (int i = 0; (part = fv_model_input_part(model, i)); i++) {
        cli_table_add(t, part->part);
        cli_table_add(t, part->value);
        cli_table_add(t, part->source);
    }
    cli_putf("\n");
    cli_table_print(t);
    cli_table_free(t);
}

static void print_input_json(JsonBuilder *b, const fv_model *model) {
    const fv_input_part *part;
    json_builder_set_member_name(b, "input");
    json_builder_begin_array(b);
    for (int i = 0; (part = fv_model_input_part(model, i)); i++) {
        json_builder_begin_object(b);
        cli_json_text(b, "part", part->part);
        cli_json_text(b, "value", part->value);
        cli_json_text(b, "source", part->source);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void print_table(const fv_model *model, int64_t parameters, int64_t multiply_adds) {
    static const cli_column columns[] = {{"#", 1, 0},
                                         {"name", 0, 0},
                                         {"kind", 0, 6},
                                         {"description", 0, 12},
                                         {"output", 0, 0},
                                         {"parameters", 1, 0},
                                         {"receptive field", 0, 0},
                                         {0}};
    cli_table *t = cli_table_new(columns);
    const int n = fv_model_layer_count(model), is_picture = fv_model_input(model)->is_image;
    for (int i = 0; i < n; i++) {
        const fv_layer *l = fv_model_layer(model, i);
        const int samples = l->ndim > 1 && (is_picture || l->dim[0] == 1); /* axis 0; or time */
        char *shape = cli_shape_text(l->ndim, l->dim, samples);
        cli_table_addf(t, "%d", i);
        cli_table_add(t, l->name);
        cli_table_add(t, l->kind);
        cli_table_add(t, l->description);
        cli_table_add(t, shape);
        cli_table_addf(t, "%" G_GINT64_FORMAT, (gint64)l->parameters);
        if (l->receptive_field[0] > 0)
            cli_table_addf(t, "%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT,
                           (gint64)l->receptive_field[0], (gint64)l->receptive_field[1]);
        else
            cli_table_add(t, "");
        g_free(shape);
    }
    cli_table_print(t);
    cli_table_free(t);
    print_input(model);
    cli_putf("\n%d layer%s, %" G_GINT64_FORMAT " parameters, %" G_GINT64_FORMAT " multiply-adds\n",
             n, n == 1 ? "" : "s", (gint64)parameters, (gint64)multiply_adds);
}

static void print_json(const fv_model *model, int64_t parameters, int64_t multiply_adds) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_object(b);
    cli_json_text(b, "model", fv_model_name(model));
    json_builder_set_member_name(b, "layers");
    json_builder_begin_array(b);
    for (int i = 0; i < fv_model_layer_count(model); i++) {
        const fv_layer *l = fv_model_layer(model, i);
        json_builder_begin_object(b);
        cli_json_int(b, "index", i);
        cli_json_text(b, "name", l->name);
        cli_json_text(b, "kind", l->kind);
        cli_json_text(b, "description", l->description);
        cli_json_text(b, "source_op", l->source_op);
        cli_json_text(b, "output", l->output);
        cli_json_sizes(b, "output_shape", l->ndim, l->dim);
        cli_json_int(b, "parameters", l->parameters);
        cli_json_int(b, "multiply_adds", l->multiply_adds);
        cli_json_sizes(b, "receptive_field", l->receptive_field[0] > 0 ? 2 : 0, l->receptive_field);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    cli_json_int(b, "parameters", parameters);
    cli_json_int(b, "multiply_adds", multiply_adds);
    print_input_json(b, model);
    json_builder_end_object(b);
    cli_json_print(b);
}

static int run(const cli_args *common) {
    const layers_args *args = (const layers_args *)common;
    fv_model *model = NULL;
    int code = cli_model_load(&args->common, &args->model, &model);
    if (code) return code;
    int64_t parameters = 0, multiply_adds = 0;
    for (int i = 0; i < fv_model_layer_count(model); i++) {
        parameters += fv_model_layer(model, i)->parameters;
        multiply_adds += fv_model_layer(model, i)->multiply_adds;
    }
    if (args->json)
        print_json(model, parameters, multiply_adds);
    else
        print_table(model, parameters, multiply_adds);
    fv_model_free(model);
    return CLI_DONE;
}

static const cli_option options[] = {
    CLI_OPTION_JSON(layers_args), CLI_OPTION_SIZE(layers_args), {0}};

static const char *const examples[][2] = {
    {"fovea layers efficientnet-lite0", "The layers of the default network"},
    {"fovea layers efficientnet-lite0 --json > layers.json", "The same for a program"},
    {0},
};

const cli_command cli_command_layers = {
    .name = "layers",
    .operands = "MODEL",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "List a network's layers, with totals",
    .details =
        "One row a layer, in the order in which data flows: index, name, kind, description, "
        "shape of its output for one picture, number of trained parameters, and receptive "
        "field in pixels of the input. Then what is known about the input, and where it was "
        "found: an option, a file beside the model, its metadata, its own first layers, or nothing "
        "(assumed). The last line has the totals: layers, parameters, multiply-adds for one "
        "picture. On a narrow terminal descriptions and kinds are cut, names never, and where that "
        "is "
        "not enough the last columns are left out, which is said; in a file or a pipe nothing is. "
        "A terminal gets the first 200 layers.\n\n"
        "JSON: `{\"model\", \"layers\": [{\"index\", \"name\", \"kind\", \"description\", "
        "\"source_op\", \"output\", \"output_shape\", \"parameters\", \"multiply_adds\", "
        "\"receptive_field\"}], \"parameters\", \"multiply_adds\", \"input\": [{\"part\", "
        "\"value\", "
        "\"source\"}]}`; shapes there begin with "
        "the batch.",
    .size = sizeof(layers_args),
    .options = options,
    .model = offsetof(layers_args, model),
    .useless = "device|execution-environment",
    .examples = examples,
    .run = run,
};
