/* SPDX-License-Identifier: Apache-2.0 */
/* fovea bench --machine: the most this machine can do, with 1, 2, 4, ... threads. */
#include <glib.h>

#include "bench.h"
#include "json.h"
#include "report.h"
#include "table.h"

static void print_table(const GArray *speeds) {
    static const cli_column columns[] = {{"threads", 1, 0}, {"GFLOP/s", 1, 0}, {"GB/s", 1, 0}, {0}};
    cli_table *t = cli_table_new(columns);
    for (guint i = 0; i < speeds->len; i++) {
        const fv_machine_speed *s = &g_array_index(speeds, fv_machine_speed, i);
        cli_table_addf(t, "%d", s->threads);
        cli_table_addf(t, "%.4g", s->gflops);
        cli_table_addf(t, "%.4g", s->gbytes);
    }
    cli_table_print(t);
    cli_table_free(t);
}

static void print_json(const GArray *speeds) {
    JsonBuilder *b = json_builder_new();
    json_builder_begin_object(b);
    json_builder_set_member_name(b, "speeds");
    json_builder_begin_array(b);
    for (guint i = 0; i < speeds->len; i++) {
        const fv_machine_speed *s = &g_array_index(speeds, fv_machine_speed, i);
        json_builder_begin_object(b);
        cli_json_int(b, "threads", s->threads);
        cli_json_number(b, "gflops", s->gflops);
        cli_json_number(b, "gbytes", s->gbytes);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    cli_json_print(b);
}

int cli_bench_machine(const cli_bench_args *args) {
    const int most = args->model.threads ? args->model.threads : (int)g_get_num_processors();
    GArray *speeds = g_array_new(FALSE, FALSE, sizeof(fv_machine_speed));
    int code = CLI_DONE;
    for (int n = 1; !code; n = 2 * n < most ? 2 * n : most) {
        fv_machine_speed speed = {0};
        fv_error err = {0};
        if (fv_bench_machine(n, &speed, &err))
            code = cli_fail_error(&err);
        else
            g_array_append_val(speeds, speed);
        if (n == most) break;
    }
    if (!code && args->json)
        print_json(speeds);
    else if (!code)
        print_table(speeds);
    g_array_free(speeds, TRUE);
    return code;
}
