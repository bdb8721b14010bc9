/* SPDX-License-Identifier: Apache-2.0 */
/* fovea bench --ops: what everything in a step costs, longest first, and the sums over
 * implementations. Measuring and adding up is the library's. */
#include "bench.h"

#include "json.h"
#include "models.h"
#include "output.h"
#include "report.h"
#include "table.h"

/* A rate per second, or nothing where there is none. */
static void add_rate(cli_table *t, double amount, double ms) {
    if (amount > 0 && ms > 0)
        cli_table_addf(t, "%.4g", 1e3 * amount / ms);
    else
        cli_table_add(t, "");
}

static void add_costs(cli_table *t, const fv_op_time *op, double step_ms) {
    cli_table_addf(t, "%.3f", op->ms);
    cli_table_addf(t, "%.1f", step_ms > 0 ? 100 * op->ms / step_ms : 0);
    add_rate(t, op->gflop, op->ms);
    add_rate(t, op->gbyte, op->ms);
}

static void print_ops(const fv_op_times *r) {
    static const cli_column columns[] = {
        {"layer", 0, 0}, {"does", 0, 0},    {"pass", 0, 0}, {"writes", 0, 0}, {"ms", 1, 0},
        {"%", 1, 0},     {"GFLOP/s", 1, 0}, {"GB/s", 1, 0}, {"by", 0, 6},     {0},
    };
    cli_table *t = cli_table_new(columns);
    for (int i = 0; i < r->op_count; i++) {
        const fv_op_time *op = &r->ops[i];
        char *shape = cli_shape_text(op->ndim, op->dim, 0);
        cli_table_add(t, op->layer);
        cli_table_add(t, op->kind);
        cli_table_add(t, op->backward ? "backward" : "forward");
        cli_table_add(t, shape);
        add_costs(t, op, r->step_ms);
        cli_table_add(t, op->implementation);
        g_free(shape);
    }
    cli_table_print(t);
    cli_table_free(t);
}

static void print_sums(const fv_op_times *r) {
    static const cli_column columns[] = {{"by", 0, 6}, {"calls", 1, 0},   {"ms", 1, 0},
                                         {"%", 1, 0},  {"GFLOP/s", 1, 0}, {"GB/s", 1, 0},
                                         {0}};
    cli_table *t = cli_table_new(columns);
    for (int i = 0; i < r->sum_count; i++) {
        cli_table_add(t, r->sums[i].implementation);
        cli_table_addf(t, "%d", r->sums[i].count);
        add_costs(t, &r->sums[i], r->step_ms);
    }
    cli_table_print(t);
    cli_table_free(t);
}

void cli_bench_ops_table(const fv_op_times *r) {
    print_ops(r);
    cli_put("\n");
    print_sums(r);
    cli_putf("\n%.4g ms a step (median), batch %d, %d thread%s, %s\n", r->step_ms, r->batch,
             r->threads, r->threads == 1 ? "" : "s", cli_precision_name(r->precision));
}

static void json_costs(JsonBuilder *b, const fv_op_time *op) {
    cli_json_text(b, "implementation", op->implementation);
    cli_json_number(b, "ms", op->ms);
    cli_json_number(b, "gflop", op->gflop);
    cli_json_number(b, "gbyte", op->gbyte);
}

void cli_bench_ops_json(const fv_op_times *r) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_object(b);
    cli_json_number(b, "step_ms", r->step_ms);
    cli_json_number(b, "gflop", r->gflop);
    cli_json_int(b, "batch", r->batch);
    cli_json_int(b, "threads", r->threads);
    cli_json_text(b, "precision", cli_precision_name(r->precision));
    json_builder_set_member_name(b, "ops");
    json_builder_begin_array(b);
    for (int i = 0; i < r->op_count; i++) {
        json_builder_begin_object(b);
        cli_json_text(b, "layer", r->ops[i].layer);
        cli_json_text(b, "kind", r->ops[i].kind);
        cli_json_text(b, "pass", r->ops[i].backward ? "backward" : "forward");
        cli_json_sizes(b, "shape", r->ops[i].ndim, r->ops[i].dim);
        json_costs(b, &r->ops[i]);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_set_member_name(b, "implementations");
    json_builder_begin_array(b);
    for (int i = 0; i < r->sum_count; i++) {
        json_builder_begin_object(b);
        cli_json_int(b, "calls", r->sums[i].count);
        json_costs(b, &r->sums[i]);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    cli_json_print(b);
}
