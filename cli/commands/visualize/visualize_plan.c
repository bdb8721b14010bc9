/* SPDX-License-Identifier: Apache-2.0 */
/* fovea visualize: what can be said of the files before any picture is made. */
#include <glib.h>

#include "output.h"
#include "report.h"
#include "visualize.h"

int cli_plan_is_montage(const cli_plan *p) {
    const cli_visualize_args *a = p->args;
    return p->count > 1 || a->tile_size || a->columns || a->title;
}

int cli_plan_tile(const cli_plan *p) {
    const cli_recipe *r = &p->recipe;
    if (p->args->tile_size) return p->args->tile_size;
    return p->plots ? 2 * CLI_TILE : MIN(MAX(r->width, r->height), CLI_TILE);
}

int cli_visualize_check(const cli_visualize_args *a) {
    const int numbers = a->output && cli_has_ending(a->output, "npy");
    if (a->each && !*a->each) return cli_usage(a->common.command, "--each: '' is no folder's name");
    if (numbers && !a->animate && (a->tile_size || a->columns || a->title))
        return cli_usage(a->common.command, "--%s is for pictures; --output '%s' is none",
                         a->tile_size ? "tile-size"
                         : a->columns ? "columns"
                                      : "title",
                         a->output);
    int code = cli_examples_check_words(a);
    if (!code) code = cli_path_check(&a->common, "output", a->output, CLI_PICTURES " npy");
    if (!code) code = cli_path_check(&a->common, "animate", a->animate, CLI_ANIMATIONS);
    if (!code) code = cli_npy_check(&a->common, a->npy);
    return code;
}

int cli_plan_check(const cli_plan *p) {
    const cli_visualize_args *a = p->args;
    int code = CLI_DONE;
    if (p->plots && a->animate)
        return cli_usage(a->common.command,
                         "--animate needs pictures; the input of %s is none: --shape "
                         "CxHxW says how to look at it",
                         fv_model_name(p->model));
    if (a->each) code = cli_folder_make(a->each);
    if (!code) code = cli_npy_make_folder(a->npy);
    return code;
}
