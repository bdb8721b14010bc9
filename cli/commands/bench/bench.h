/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways of `fovea bench` print. */
#ifndef FOVEA_CLI_BENCH_H
#define FOVEA_CLI_BENCH_H

#include "command.h"
#include "fovea-private/bench.h"

/* The options of `fovea bench`. */
typedef struct cli_bench_args {
    cli_args common;
    cli_model_args model;
    int size, batch, repeats, ops, machine, json;
    char *recipe; /* its name */
} cli_bench_args;

/* ---- bench_render.c ---- */

/* --recipe: a table, or JSON. */
void cli_bench_render_table(const fv_render_bench *times);
void cli_bench_render_json(const fv_render_bench *times);

/* ---- bench_ops.c ---- */

/* --ops: two tables, or JSON. */
void cli_bench_ops_table(const fv_op_times *times);
void cli_bench_ops_json(const fv_op_times *times);

/* ---- bench_machine.c ---- */

/* --machine: measures for 1, 2, 4, ... threads, up to --threads, and prints.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_bench_machine(const cli_bench_args *args);

#endif
