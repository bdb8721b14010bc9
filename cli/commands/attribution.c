/* SPDX-License-Identifier: Apache-2.0 */
/* The photo, the objective and the options of attribution, from the command line. */
#include "attribution.h"

#include <glib.h>
#include <string.h>

#include "models.h"
#include "objectives.h"
#include "options.h"
#include "output.h"
#include "report.h"

#define TILE_MIN 224
#define SLOW     100 /* calls that run fewer pictures tell nothing of their progress */

/* ---- options -------------------------------------------------------------------------------- */

static const char *const baselines[] = {"black", "white", "grey", "mean", "blur", "noise"};

void cli_methods(const cli_attribution_args *asked, const fv_method_info **out, int *count) {
    const int method = asked->method ? asked->method : CLI_METHOD_DEFAULT;
    *count = 0;
    for (int i = 0; i < fv_method_count(); i++)
        if (method == CLI_METHOD_ALL || (int)fv_method_at(i)->method == method)
            out[(*count)++] = fv_method_at(i);
}

void cli_subject_begin(cli_subject *s) {
    cli_progress_start(&s->progress, s->args, "pictures", FV_MONITOR_CANCEL);
    s->progress.least = SLOW;
}

fv_attribute_desc cli_subject_desc(cli_subject *s, const fv_method_info *method) {
    const cli_attribution_args *a = s->asked;
    return (fv_attribute_desc){
        .method = method->method,
        .baseline = s->kind,
        .baseline_input = s->baseline,
        .layer = a->layer,
        .samples = a->samples,
        .sd = (float)a->noise,
        .steps = a->path_steps,
        .window = a->window,
        .stride = a->stride,
        .masks = a->masks,
        .cells = a->cells,
        .keep = (float)a->keep,
        .seed = a->seed,
        .progress = cli_progress_step,
        .user = &s->progress,
    };
}

const char *cli_subject_objective(const cli_subject *s, const fv_method_info *method) {
    return method->method == FV_METHOD_RISE ? s->probability : s->objective;
}

#define BIT(method) (1u << (method))

/* Whether options were given that the method has no use for. */
static int check_words(const cli_args *args, const cli_attribution_args *a) {
    const int m = a->method ? a->method : CLI_METHOD_DEFAULT;
    const struct {
        int given;
        unsigned methods;
        const char *text;
    } rules[] = {
        {a->layer != NULL, BIT(FV_METHOD_GRADCAM) | BIT(FV_METHOD_GRADCAM_PLUS),
         "--layer is for gradcam and gradcam++"},
        {a->baseline != NULL,
         BIT(FV_METHOD_INTEGRATED) | BIT(FV_METHOD_OCCLUSION) | BIT(FV_METHOD_RISE),
         "--baseline is for integrated, occlusion and rise"},
        {a->samples || a->noise != 0, BIT(FV_METHOD_SMOOTHGRAD),
         "--samples and --noise are for smoothgrad"},
        {a->path_steps, BIT(FV_METHOD_INTEGRATED), "--steps is for integrated"},
        {a->window || a->stride, BIT(FV_METHOD_OCCLUSION),
         "--window and --stride are for occlusion"},
        {a->masks || a->cells || a->keep != 0, BIT(FV_METHOD_RISE),
         "--masks, --cells and --keep are for rise"},
    };
    if (a->class && a->objective)
        return cli_usage(args->command, "--class and --objective say the same; give one of them");
    if (a->class && !*a->class) return cli_usage(args->command, "--class: '' is no class");
    for (size_t i = 0; m != CLI_METHOD_ALL && i < G_N_ELEMENTS(rules); i++)
        if (rules[i].given && !(rules[i].methods & BIT(m)))
            return cli_usage(args->command, "%s", rules[i].text);
    return CLI_DONE;
}

/* ---- objective ------------------------------------------------------------------------------ */

/* The class that --class names, or the one the network puts first. */
static int choose_class(cli_subject *s) {
    fv_prediction best = {0};
    fv_error err = {0};
    cli_objectives list = {0};
    char *word = NULL;
    if (s->asked->class)
        word = g_strdup_printf("class:%s", s->asked->class);
    else if (fv_session_classify(s->session, s->input, 1, &best, &err))
        return cli_fail_error(&err);
    else
        word = g_strdup_printf("class:%d", best.index);
    int code = cli_objectives_expand(s->args, s->model, &word, 1, NULL, &list);
    if (!code && list.count != 1)
        code = cli_usage(s->args->command, "--class '%s' is %d classes; one is wanted",
                         s->asked->class, list.count);
    if (!code) {
        const char *which = strchr(list.text[0], ':') + 1;
        s->objective = g_strdup(list.text[0]);
        s->probability = g_strdup_printf("prob:%s", which);
        s->label = g_strdup_printf("class %s", list.label[0]);
        s->class = list.class[0];
    }
    cli_objectives_clear(&list);
    g_free(word);
    return code;
}

static int choose_objective(cli_subject *s) {
    char text[4096], note[256];
    fv_error err = {0};
    s->class = -1;
    if (s->asked->objective) {
        s->objective = g_strdup(s->asked->objective);
        s->probability = g_strdup(s->asked->objective);
        s->label = cli_clean(s->asked->objective);
    } else {
        int code = choose_class(s);
        if (code) return code;
    }
    if (fv_objective_describe(s->model, s->objective, text, sizeof text, note, &err))
        return cli_fail_error(&err);
    return CLI_DONE;
}

/* ---- pictures ------------------------------------------------------------------------------- */

/* A word, or a picture as the network would see it. */
static int load_baseline(cli_subject *s) {
    const char *word = s->asked->baseline;
    fv_image *picture = NULL;
    fv_error err = {0};
    if (!word) return CLI_DONE;
    for (size_t i = 0; i < G_N_ELEMENTS(baselines); i++)
        if (!strcmp(word, baselines[i])) {
            s->kind = (fv_baseline)(FV_BASELINE_BLACK + i);
            return CLI_DONE;
        }
    if (!strchr(word, '.') && !strchr(word, '/'))
        return cli_usage(s->args->command,
                         "--baseline: '%s' is not black, white, grey, mean, blur, noise or a "
                         "picture file",
                         word);
    s->kind = FV_BASELINE_PICTURE;
    int code = CLI_DONE;
    if (fv_image_load(word, &picture, &err) ||
        fv_input_from_image(s->model, picture, &s->baseline, &err))
        code = cli_fail_error(&err);
    fv_image_free(picture);
    return code;
}

/* The part of the photo the network sees, enlarged or shrunk to a tile. */
static fv_status make_photo(cli_subject *s, const fv_image *image, int tile, fv_error *err) {
    fv_image *seen = NULL;
    fv_status st = fv_input_picture(s->model, image, &seen, err);
    if (st) return st;
    const int longer = MAX(seen->height, seen->width);
    if (s->asked->tile_size) tile = s->asked->tile_size;
    if (!tile) tile = MAX(longer, TILE_MIN);
    const double scale = (double)tile / longer;
    st = fv_image_resize(seen, MAX(1, (int)(seen->height * scale + 0.5)),
                         MAX(1, (int)(seen->width * scale + 0.5)), &s->photo, err);
    fv_image_free(seen);
    return st;
}

static int load_photo(cli_subject *s, int tile) {
    const char *path = s->args->operands[1];
    fv_image *image = NULL;
    fv_error err = {0};
    int code = CLI_DONE;
    if (!fv_model_input(s->model)->is_image)
        return cli_fail("%s: its input \"%s\" is no picture; no part of a photo can be shown",
                        fv_model_name(s->model), fv_model_input(s->model)->name);
    if (fv_image_load(path, &image, &err) ||
        fv_input_from_image(s->model, image, &s->input, &err) || make_photo(s, image, tile, &err))
        code = cli_fail_error(&err);
    fv_image_free(image);
    return code;
}

int cli_subject_load(cli_subject *s, const cli_args *args, const cli_model_args *how,
                     const cli_attribution_args *asked, int tile) {
    fv_error err = {0};
    const fv_session_desc desc = {.threads = how->threads, .on_nan = (fv_on_nan)how->on_nan};
    *s = (cli_subject){.args = args, .asked = asked};
    int code = check_words(args, asked);
    if (!code) code = cli_model_load(args, how, &s->model);
    if (code) return code;
    cli_model_note(args, s->model);
    code = load_photo(s, tile);
    if (!code) code = load_baseline(s);
    if (!code && fv_session_new(s->model, &desc, &s->session, &err)) code = cli_fail_error(&err);
    return code ? code : choose_objective(s);
}

void cli_subject_clear(cli_subject *s) {
    g_free(s->objective);
    g_free(s->probability);
    g_free(s->label);
    fv_tensor_free(s->input);
    fv_tensor_free(s->baseline);
    fv_image_free(s->photo);
    fv_session_free(s->session);
    fv_model_free(s->model);
}
