/* SPDX-License-Identifier: Apache-2.0 */
/* fovea layer: all about one layer: its configuration, shapes, and what its weights look like. */
#include <glib.h>

#include "commands.h"
#include "json.h"
#include "models.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "table.h"

typedef struct layer_args {
    cli_args common;
    cli_model_args model;
    int json;
} layer_args;

static const cli_column columns[] = {{"property", 0, 0}, {"value", 0, 20}, {0}};

static void add_text(cli_table *t, const char *key, const char *value) {
    cli_table_add(t, key);
    cli_table_add(t, value);
}

static void add_shape(cli_table *t, const char *key, int ndim, const int64_t *dim) {
    char *shape = cli_shape_text(ndim, dim, 0);
    add_text(t, key, shape);
    g_free(shape);
}

static void add_stats(cli_table *t, const fv_weight_stats *s) {
    if (s->count > 0) {
        add_shape(t, "weights", s->ndim, s->dim);
        cli_table_add(t, "weights min, max");
        cli_table_addf(t, "%.6g, %.6g", s->min, s->max);
        cli_table_add(t, "weights mean, stddev");
        cli_table_addf(t, "%.6g, %.6g", s->mean, s->stddev);
        cli_table_add(t, "weights zero");
        cli_table_addf(t, "%.2f %%", 100 * s->zero_fraction);
    }
    if (s->bias_count > 0) {
        cli_table_add(t, "bias");
        cli_table_addf(t, "%" G_GINT64_FORMAT, (gint64)s->bias_count);
        cli_table_add(t, "bias min, max");
        cli_table_addf(t, "%.6g, %.6g", s->bias_min, s->bias_max);
        cli_table_add(t, "bias mean, stddev");
        cli_table_addf(t, "%.6g, %.6g", s->bias_mean, s->bias_stddev);
    }
}

static void print_table(const fv_layer *l, int index, const fv_weight_stats *stats) {
    cli_table *t = cli_table_new(columns);
    cli_table_add(t, "index");
    cli_table_addf(t, "%d", index);
    add_text(t, "name", l->name);
    add_text(t, "kind", l->kind);
    add_text(t, "description", l->description);
    add_text(t, "source_op", l->source_op);
    add_text(t, "output", l->output);
    for (int i = 0; i < l->attr_count; i++) add_text(t, l->attrs[i].key, l->attrs[i].json);
    add_shape(t, "output_shape", l->ndim, l->dim);
    cli_table_add(t, "parameters");
    cli_table_addf(t, "%" G_GINT64_FORMAT, (gint64)l->parameters);
    cli_table_add(t, "multiply_adds");
    cli_table_addf(t, "%" G_GINT64_FORMAT, (gint64)l->multiply_adds);
    if (l->receptive_field[0] > 0) add_shape(t, "receptive_field", 2, l->receptive_field);
    add_stats(t, stats);
    cli_table_print(t);
    cli_table_free(t);
}

static void json_weights(JsonBuilder *b, const fv_weight_stats *s) {
    json_builder_set_member_name(b, "weights");
    if (s->count <= 0) {
        json_builder_add_null_value(b);
    } else {
        json_builder_begin_object(b);
        cli_json_sizes(b, "shape", s->ndim, s->dim);
        cli_json_int(b, "count", s->count);
        cli_json_number(b, "min", s->min);
        cli_json_number(b, "max", s->max);
        cli_json_number(b, "mean", s->mean);
        cli_json_number(b, "stddev", s->stddev);
        cli_json_number(b, "zero_fraction", s->zero_fraction);
        json_builder_end_object(b);
    }
    json_builder_set_member_name(b, "bias");
    if (s->bias_count <= 0) {
        json_builder_add_null_value(b);
        return;
    }
    json_builder_begin_object(b);
    cli_json_int(b, "count", s->bias_count);
    cli_json_number(b, "min", s->bias_min);
    cli_json_number(b, "max", s->bias_max);
    cli_json_number(b, "mean", s->bias_mean);
    cli_json_number(b, "stddev", s->bias_stddev);
    json_builder_end_object(b);
}

static void print_json(const fv_layer *l, int index, const fv_weight_stats *stats) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_object(b);
    cli_json_int(b, "index", index);
    cli_json_text(b, "name", l->name);
    cli_json_text(b, "kind", l->kind);
    cli_json_text(b, "description", l->description);
    cli_json_text(b, "source_op", l->source_op);
    cli_json_text(b, "output", l->output);
    json_builder_set_member_name(b, "config");
    json_builder_begin_object(b);
    for (int i = 0; i < l->attr_count; i++) cli_json_raw(b, l->attrs[i].key, l->attrs[i].json);
    json_builder_end_object(b);
    cli_json_sizes(b, "output_shape", l->ndim, l->dim);
    cli_json_int(b, "parameters", l->parameters);
    cli_json_int(b, "multiply_adds", l->multiply_adds);
    cli_json_sizes(b, "receptive_field", l->receptive_field[0] > 0 ? 2 : 0, l->receptive_field);
    json_weights(b, stats);
    json_builder_end_object(b);
    cli_json_print(b);
}

static int run(const cli_args *common) {
    const layer_args *args = (const layer_args *)common;
    fv_model *model = NULL;
    fv_weight_stats stats = {0};
    fv_error err = {0};
    int index = -1, code = cli_model_load(&args->common, &args->model, &model);
    if (code) return code;
    if (fv_model_find_layer(model, args->common.operands[1], &index, &err) ||
        fv_model_weight_stats(model, index, &stats, &err)) {
        code = cli_fail_error(&err);
    } else if (args->json) {
        print_json(fv_model_layer(model, index), index, &stats);
    } else {
        print_table(fv_model_layer(model, index), index, &stats);
    }
    fv_model_free(model);
    return code;
}

static const cli_option options[] = {CLI_OPTION_JSON(layer_args), CLI_OPTION_SIZE(layer_args), {0}};

static const char *const examples[][2] = {
    {"fovea layer efficientnet-lite0 stem/conv", "The first convolution, by its name"},
    {"fovea layer efficientnet-lite0 '#0' --json", "The same by its index, for a program"},
    {0},
};

const cli_command cli_command_layer = {
    .name = "layer",
    .operands = "MODEL LAYER",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "Show one layer: configuration, shapes, weight statistics",
    .details = "The whole configuration of a layer, under the names Keras gives them where it has "
               "them (filters, kernel_size, strides, padding, dilation, groups, activation, "
               "use_bias), the shapes of its input and output, and the smallest, largest, mean and "
               "standard deviation of its weights.\n\n"
               "JSON: `{\"index\", \"name\", \"kind\", \"description\", \"source_op\", \"output\", "
               "\"config\": {...}, \"output_shape\", \"parameters\", \"multiply_adds\", "
               "\"receptive_field\", \"weights\": {...} or null, \"bias\": {...} or null}`.",
    .size = sizeof(layer_args),
    .options = options,
    .model = offsetof(layer_args, model),
    .useless = "device|execution-environment",
    .examples = examples,
    .run = run,
};
