/* SPDX-License-Identifier: Apache-2.0 */
/* fovea bench: how long a step, forward to a layer and backward to the input, takes here. */
#include <glib.h>

#include "bench.h"
#include "commands.h"
#include "devices.h"
#include "json.h"
#include "models.h"
#include "options.h"
#include "report.h"
#include "table.h"

/* Whether an accelerator's compiler says what memory its programs take. */
static int says_memory(const fv_bench_result *r) {
    return r->code_mb > 0 || r->argument_mb > 0 || r->result_mb > 0 || r->temporary_mb > 0;
}

static void print_table(const fv_bench_result *r) {
    static const cli_column columns[] = {{"measure", 0, 0}, {"value", 1, 0}, {"unit", 0, 0}, {0}};
    cli_table *t = cli_table_new(columns);
    const int primitives = r->primitive_ms > 0, programs = says_memory(r);
    const struct {
        const char *name, *unit;
        double value;
        int is_known;
    } rows[] = {
        {"step, forward + backward", "ms (median)", r->step_ms, 1},
        {"until the first was done", "ms", r->first_ms, 1},
        {"work of a step", "GFLOP", r->gflop, 1},
        {"speed", "GFLOP/s", r->gflops, 1},
        {"inside oneDNN primitives", "ms", r->primitive_ms, primitives},
        {"share of the step", "%", 100 * r->primitive_ms / r->step_ms, primitives},
        {"peak memory", "MB", r->peak_rss_mb, 1},
        {"programs: code", "MB", r->code_mb, programs},
        {"larger program: arguments, weights", "MB", r->argument_mb, programs},
        {"larger program: results", "MB", r->result_mb, programs},
        {"larger program: temporary", "MB", r->temporary_mb, programs},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!rows[i].is_known) continue;
        cli_table_add(t, rows[i].name);
        cli_table_addf(t, "%.4g", rows[i].value);
        cli_table_add(t, rows[i].unit);
    }
    cli_table_print(t);
    cli_table_free(t);
    cli_putf("\nbatch %d, %d thread%s, %s\n", r->batch, r->threads, r->threads == 1 ? "" : "s",
             cli_precision_name(r->precision));
}

static void print_json(const fv_bench_result *r) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_object(b);
    cli_json_number(b, "step_ms", r->step_ms);
    cli_json_number(b, "first_ms", r->first_ms);
    cli_json_number(b, "gflop", r->gflop);
    cli_json_number(b, "gflops", r->gflops);
    cli_json_number(b, "primitive_ms", r->primitive_ms);
    cli_json_number(b, "peak_rss_mb", r->peak_rss_mb);
    cli_json_int(b, "batch", r->batch);
    cli_json_int(b, "threads", r->threads);
    cli_json_text(b, "precision", cli_precision_name(r->precision));
    if (says_memory(r)) {
        cli_json_number(b, "code_mb", r->code_mb);
        cli_json_number(b, "argument_mb", r->argument_mb);
        cli_json_number(b, "result_mb", r->result_mb);
        cli_json_number(b, "temporary_mb", r->temporary_mb);
    }
    json_builder_end_object(b);
    cli_json_print(b);
}

static int run_step(const cli_bench_args *args, const fv_model *model, const fv_bench_desc *desc) {
    fv_bench_result result = {0};
    fv_error err = {0};
    if (fv_bench(model, args->common.operands[1], desc, &result, &err)) return cli_fail_error(&err);
    cli_precision_note(&args->common, &args->model, result.precision);
    if (args->json)
        print_json(&result);
    else
        print_table(&result);
    return CLI_DONE;
}

static int run_ops(const cli_bench_args *args, const fv_model *model, const fv_bench_desc *desc) {
    fv_op_times *times = NULL;
    fv_error err = {0};
    if (fv_bench_ops(model, args->common.operands[1], desc, &times, &err))
        return cli_fail_error(&err);
    cli_precision_note(&args->common, &args->model, times->precision);
    if (args->json)
        cli_bench_ops_json(times);
    else
        cli_bench_ops_table(times);
    fv_op_times_free(times);
    return CLI_DONE;
}

static void note(void *user, const char *text) { cli_note(user, "%s", text); }

static int run_render(const cli_bench_args *args, const fv_model *model,
                      const fv_bench_desc *desc) {
    fv_objective *objective = NULL;
    const fv_objective *const *list = (const fv_objective *const *)&objective;
    char size[16], restarts[16];
    fv_recipe *recipe = NULL;
    fv_monitor *monitor = NULL;
    fv_render_bench times = {0};
    fv_error err = {0};
    g_snprintf(size, sizeof size, "%d", args->size);
    g_snprintf(restarts, sizeof restarts, "%d", args->batch);
    fv_status st = fv_objective_new(model, args->common.operands[1], NULL, 0, &objective, &err);
    if (!st) st = fv_recipe_new(model, args->recipe, list, 1, &recipe, &err);
    if (!st && args->size) st = fv_recipe_set(recipe, "size", size, &err);
    if (!st && args->batch) st = fv_recipe_set(recipe, "restarts", restarts, &err);
    if (!st) st = fv_monitor_new(NULL, note, (void *)&args->common, &monitor, &err);
    if (!st) st = fv_bench_render(model, objective, recipe, desc, monitor, &times, &err);
    fv_monitor_free(monitor);
    fv_recipe_free(recipe);
    fv_objective_free(objective);
    if (st) return cli_fail_error(&err);
    if (args->json)
        cli_bench_render_json(&times);
    else
        cli_bench_render_table(&times);
    return CLI_DONE;
}

static int run(const cli_args *common) {
    const cli_bench_args *args = (const cli_bench_args *)common;
    fv_model *model = NULL;
    if (args->common.n_operands != (args->machine ? 0 : 2))
        return cli_usage(args->common.command, args->machine
                                                   ? "--machine takes no MODEL and no LAYER"
                                                   : "bench needs MODEL LAYER");
    if (args->machine) return cli_bench_machine(args);
    if (args->model.device && args->ops)
        return cli_usage(args->common.command, "--device is not for --ops");
    cli_device device;
    int code = cli_device_choose(args->ops ? "cpu" : args->model.device, "cpu", &device);
    if (!code) code = cli_model_load(&args->common, &args->model, &model);
    fv_session_desc how = {0};
    if (!code) cli_device_tell(&device, 0, &how);
    if (!code) cli_device_note(common, &device, how.plugin);
    const fv_bench_desc desc = {.size = args->size,
                                .batch = args->batch,
                                .threads = args->model.threads,
                                .repeats = args->repeats,
                                .plugin = how.plugin,
                                .device = how.device,
                                .programs = how.programs};
    if (!code)
        code = args->ops      ? run_ops(args, model, &desc)
               : args->recipe ? run_render(args, model, &desc)
                              : run_step(args, model, &desc);
    cli_device_clear(&device);
    fv_model_free(model);
    return code;
}

/* clang-format off */
static const cli_option options[] = {
    {"size",    0,   CLI_INT, offsetof(cli_bench_args, size),    1, 8192, "N", "the model's own",
     "height and width of the input picture"},
    {"batch",   'b', CLI_INT, offsetof(cli_bench_args, batch),   1, 4096, "N", "1", "pictures in a step"},
    {"repeats", 0,   CLI_INT, offsetof(cli_bench_args, repeats), 1, 100000, "N", "20",
     "steps whose median is taken"},
    {"ops", 0, CLI_FLAG, offsetof(cli_bench_args, ops), 0, 0, NULL, NULL,
     "time everything in a step by itself", .without = "recipe"},
    {"recipe", 0, CLI_TEXT, offsetof(cli_bench_args, recipe), 0, 0, "NAME", "none",
     "time the updates of a picture made by this recipe, part by part; LAYER is then an objective"},
    {"machine", 0, CLI_FLAG, offsetof(cli_bench_args, machine), 0, 0, NULL, NULL,
     "measure what this machine can do at most, with 1, 2, 4, ... threads",
     .without = "size|batch|repeats|ops|recipe|mean|scale|std|range|channel-order|fit|crop-ratio|"
                "labels|output-name|memory|precision|set|wrt|limit"},
    CLI_OPTION_JSON(cli_bench_args),
    {0},
};
/* clang-format on */

static const char *const examples[][2] = {
    {"fovea bench efficientnet-lite0 block_5/expand/conv",
     "One step to a layer in the middle and back"},
    {"fovea bench efficientnet-lite0 logits --batch 8 --json",
     "Eight pictures through the whole network, for a program"},
    {"fovea bench efficientnet-lite0 logits --ops", "Where the time goes"},
    {"fovea bench efficientnet-lite0 logits:8 --recipe lucid --size 128",
     "What the loop around the network costs"},
    {"fovea bench --machine --threads 1", "What the machine can do at most"},
    {0},
};

const cli_command cli_command_bench = {
    .name = "bench",
    .operands = "MODEL LAYER | --machine",
    .min_operands = 0,
    .max_operands = 2,
    .summary = "Measure one step: forward to a layer, backward to the input",
    .details =
        "Prints milliseconds of a step (median), how long it took until the first was done, its "
        "work in GFLOP (2 for a multiply-add, "
        "of convolutions and matrix products, forward and backward to the input), the "
        "speed, the time spent inside oneDNN's primitives and its share of the step, and "
        "the peak memory of the process.\n\n"
        "With `--ops` everything in the step is timed by itself, and listed longest first: "
        "the layer, what is done, in which pass, the shape of what is written, the median "
        "in milliseconds, its share of the step, GFLOP/s of convolutions and matrix "
        "products, GB/s of the tensors read and written (each counted once), and the "
        "implementation: oneDNN's name for what it chose, or `own loop`, or one of our own "
        "convolutions, `depthwise:rows` and `winograd:f4x4`. The last one's GFLOP/s may exceed "
        "the machine's, as they count the arithmetic it saves. Work between layers is listed under "
        "the name of the next layer. Loops that take almost no "
        "time are left out. The sums over implementations follow.\n\n"
        "With `--recipe` a picture is made (`--batch` of them side by side) and the parts of "
        "its updates are timed, the first three left out: median and mean, the share of the "
        "mean, and the median relative to that of the network. Planning is the preparation of the "
        "network for an input size that has not been used before; "
        "its share shrinks in long runs. On an accelerator all of an update is one program, which "
        "is timed as `network`, and the bytes are said that are copied an update.\n\n"
        "With `--machine` no network is run: products of large matrices by oneDNN say how "
        "many GFLOP/s there are, and `a = b + 3 c` over arrays that no cache holds says how "
        "many GB/s; the best of five runs each.\n\n"
        "JSON: `{\"step_ms\", \"first_ms\", \"gflop\", \"gflops\", \"primitive_ms\", "
        "\"peak_rss_mb\", "
        "\"batch\", \"threads\", \"precision\"}`, on an accelerator that says it also the memory "
        "of "
        "its programs, `\"code_mb\", \"argument_mb\", \"result_mb\", \"temporary_mb\"`; "
        "with `--ops`: `{\"step_ms\", \"gflop\", "
        "\"batch\", \"threads\", \"precision\", \"ops\": [{\"layer\", \"kind\", \"pass\", "
        "\"shape\", \"implementation\", \"ms\", \"gflop\", \"gbyte\"}], "
        "\"implementations\": [{\"calls\", \"implementation\", \"ms\", \"gflop\", "
        "\"gbyte\"}]}`; with `--recipe`: `{\"step_ms\", \"mean_ms\", \"first_ms\", "
        "\"to_device\", \"from_device\", \"updates\", \"batch\", \"peak_rss_mb\", \"parts\": "
        "[{\"part\", \"ms\", \"mean_ms\"}]}`; with "
        "`--machine`: "
        "`{\"speeds\": [{\"threads\", \"gflops\", \"gbytes\"}]}`.",
    .size = sizeof(cli_bench_args),
    .options = options,
    .model = offsetof(cli_bench_args, model),
    .examples = examples,
    .run = run,
};
