/* SPDX-License-Identifier: Apache-2.0 */
/* fovea devices: what can run networks on this machine. A plug-in that cannot be used is listed
 * too, with why. */
#include <glib.h>

#include "commands.h"
#include "devices.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "table.h"

typedef struct devices_args {
    cli_args common;
    int json;
} devices_args;

/* What --device takes for it: "cpu", "gpu:1", or the plug-in's path; caller frees. */
static char *name_of(const fv_devices *all, int index) {
    const fv_device_info *d = fv_devices_at(all, index);
    int n = 0;
    if (!d->plugin) return g_strdup("cpu");
    if (d->problem || !d->is_accelerator)
        return d->index ? g_strdup_printf("%s:%d", d->plugin, d->index) : g_strdup(d->plugin);
    for (int i = 0; i < index; i++) {
        const fv_device_info *before = fv_devices_at(all, i);
        n += !before->problem && before->is_accelerator;
    }
    return n ? g_strdup_printf("gpu:%d", n) : g_strdup("gpu");
}

static char *memory_text(size_t bytes) {
    return bytes ? g_strdup_printf("%.1f GB", (double)bytes / 1e9) : g_strdup("-");
}

static void print_table(const fv_devices *all) {
    static const cli_column columns[] = {{"device", 0, 0}, {"kind", 0, 12},    {"platform", 0, 0},
                                         {"memory", 1, 0}, {"version", 0, 12}, {0}};
    cli_table *table = cli_table_new(columns);
    for (int i = 0; i < fv_devices_count(all); i++) {
        const fv_device_info *d = fv_devices_at(all, i);
        char *name = name_of(all, i), *memory = memory_text(d->memory);
        cli_table_add(table, name);
        cli_table_add(table, d->problem ? "not usable" : d->kind);
        cli_table_add(table, d->problem ? "-" : d->platform);
        cli_table_add(table, memory);
        cli_table_add(table, d->problem ? "-" : d->version);
        g_free(name);
        g_free(memory);
    }
    cli_table_print(table);
    cli_table_free(table);
}

static void print_json(const fv_devices *all) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_array(b);
    for (int i = 0; i < fv_devices_count(all); i++) {
        const fv_device_info *d = fv_devices_at(all, i);
        char *name = name_of(all, i);
        json_builder_begin_object(b);
        cli_json_text(b, "device", name);
        cli_json_text(b, "kind", d->kind);
        cli_json_text(b, "platform", d->platform);
        cli_json_text(b, "version", d->version);
        cli_json_text(b, "plugin", d->plugin);
        cli_json_int(b, "index", d->index);
        cli_json_int(b, "memory", (int64_t)d->memory);
        cli_json_text(b, "problem", d->problem);
        json_builder_end_object(b);
        g_free(name);
    }
    json_builder_end_array(b);
    cli_json_print(b);
}

static int run(const cli_args *common) {
    const devices_args *args = (const devices_args *)common;
    fv_devices *all = cli_devices_find();
    int code = all ? CLI_DONE : CLI_FAILED;
    if (!all) return code;
    if (args->json)
        print_json(all);
    else
        print_table(all);
    for (int i = 0; i < fv_devices_count(all); i++)
        if (fv_devices_at(all, i)->problem) code = cli_fail("%s", fv_devices_at(all, i)->problem);
    fv_devices_free(all);
    return code;
}

static const cli_option options[] = {CLI_OPTION_JSON(devices_args), {0}};

static const char *const examples[][2] = {
    {"fovea devices", "What can run networks here"},
    {"fovea visualize efficientnet-lite0 block_5/expand/conv:0-3 --device auto -o features.png",
     "Draw with the first accelerator, if there is one"},
    {0},
};

const cli_command cli_command_devices = {
    .name = "devices",
    .operands = "",
    .min_operands = 0,
    .max_operands = 0,
    .summary = "List what can run networks: the processor, accelerators",
    .details =
        "Lists the processor, and the devices of PJRT plug-ins: what --device takes for each, its "
        "kind, platform, memory, and the version of what runs it. Plug-ins are looked for in "
        "$FOVEA_PJRT_PLUGIN (a path), and among the Python packages (jax_plugins) beside the "
        "python3 of $PATH, of an active virtual environment, of the user and of the system. Each "
        "is "
        "loaded and started for it. One that cannot be used is listed as such, the reason is "
        "printed on stderr, and the exit code is 1.\n\n"
        "JSON: an array of `{\"device\", \"kind\", \"platform\", \"version\", \"plugin\", "
        "\"index\", \"memory\", \"problem\"}`.",
    .size = sizeof(devices_args),
    .options = options,
    .examples = examples,
    .run = run,
};
