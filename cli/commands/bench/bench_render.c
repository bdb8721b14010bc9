/* SPDX-License-Identifier: Apache-2.0 */
/* fovea bench --recipe: what the parts of a picture's updates cost. */
#include "bench.h"
#include "json.h"
#include "report.h"
#include "table.h"

static void add_row(cli_table *t, const char *name, double ms, double mean, double network,
                    double whole) {
    cli_table_add(t, name);
    cli_table_addf(t, "%.3f", ms);
    cli_table_addf(t, "%.3f", mean);
    cli_table_addf(t, "%.1f", whole > 0 ? 100 * mean / whole : 0);
    cli_table_addf(t, "%.1f", network > 0 ? 100 * ms / network : 0);
}

void cli_bench_render_table(const fv_render_bench *r) {
    static const cli_column columns[] = {{"part", 0, 0},         {"ms (median)", 1, 0},
                                         {"ms (mean)", 1, 0},    {"% of the mean", 1, 0},
                                         {"% of network", 1, 0}, {0}};
    cli_table *t = cli_table_new(columns);
    const double network = r->stage_ms[FV_STAGE_NETWORK];
    for (int k = 0; k < FV_STAGE_COUNT; k++)
        add_row(t, fv_stage_name((fv_stage)k), r->stage_ms[k], r->stage_mean_ms[k], network,
                r->mean_ms);
    add_row(t, "an update", r->step_ms, r->mean_ms, network, r->mean_ms);
    cli_table_print(t);
    cli_table_free(t);
    cli_putf("\n%d updates of %d picture%s, peak memory %.4g MB\n", r->updates, r->batch,
             r->batch == 1 ? "" : "s", r->peak_rss_mb);
    cli_putf("%.4g ms until the first update was done\n", r->first_ms);
    if (r->to_device > 0 || r->from_device > 0)
        cli_putf("%.0f bytes copied to the device an update, %.0f from it\n", r->to_device,
                 r->from_device);
}

void cli_bench_render_json(const fv_render_bench *r) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_object(b);
    cli_json_number(b, "step_ms", r->step_ms);
    cli_json_number(b, "mean_ms", r->mean_ms);
    cli_json_number(b, "first_ms", r->first_ms);
    cli_json_number(b, "to_device", r->to_device);
    cli_json_number(b, "from_device", r->from_device);
    cli_json_int(b, "updates", r->updates);
    cli_json_int(b, "batch", r->batch);
    cli_json_number(b, "peak_rss_mb", r->peak_rss_mb);
    json_builder_set_member_name(b, "parts");
    json_builder_begin_array(b);
    for (int k = 0; k < FV_STAGE_COUNT; k++) {
        json_builder_begin_object(b);
        cli_json_text(b, "part", fv_stage_name((fv_stage)k));
        cli_json_number(b, "ms", r->stage_ms[k]);
        cli_json_number(b, "mean_ms", r->stage_mean_ms[k]);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    cli_json_print(b);
}
