/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes on the command line. The library knows its options' names, values and help; here they
 * become rows of the option parser, so that nothing is said twice. Besides, some options have the
 * names under which users of MATLAB's deepDreamImage know them.
 *
 * What cannot be written as a word is loaded here: an image to start from, a mask, a spectrum.
 */
#include "recipe.h"

#include <glib.h>
#include <string.h>

#include "lists.h"
#include "models.h"
#include "report.h"

#define MAX_ROWS  96
#define MAX_VALUE 4096

/* Another name for an option of the library's. */
typedef struct alias {
    const char *name, *of;
    const char *help;        /* NULL: the library's */
    const char *value;       /* NULL: the library's */
    const char *values[2];   /* words it has instead of ... */
    const char *meanings[2]; /* ... these of the library's */
} alias;

static const alias aliases[] = {
    /* --range is the model's already: what white is in the network's input */
    {"number-range", "range", NULL, NULL, {NULL}, {NULL}},
    {"pyramid-levels", "levels", "MATLAB's name of --levels", NULL, {NULL}, {NULL}},
    {"pyramid-scale", "level-scale", "MATLAB's name of --level-scale", NULL, {NULL}, {NULL}},
    {"num-iterations", "steps", "MATLAB's name of --steps", NULL, {NULL}, {NULL}},
    {"output-scaling",
     "display",
     "MATLAB's name of --display linear and --display clip",
     "linear|none",
     {"linear", "none"},
     {"linear", "clip"}},
};

static const alias *find_alias(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (!strcmp(aliases[i].name, name)) return &aliases[i];
    return NULL;
}

static const fv_render_option *find_option(const char *name) {
    for (int i = 0; i < fv_render_option_count(); i++)
        if (!strcmp(fv_render_option_at(i)->name, name)) return fv_render_option_at(i);
    return NULL;
}

/* Whether options of models have that name already: those are older. */
static int is_taken(const char *name) {
    for (const cli_option *o = cli_model_options; o->name; o++)
        if (!strcmp(o->name, name)) return 1;
    return 0;
}

static cli_option row_of(const char *name, const char *value, const char *help) {
    return (cli_option){.name = name,
                        .letter = strcmp(name, "size") ? '\0' : 's',
                        .kind = CLI_SETTING,
                        .offset = offsetof(cli_recipe_args, settings),
                        .value = value,
                        .fallback = "the recipe's",
                        .help = help};
}

const cli_option *cli_recipe_options(void) {
    static cli_option rows[MAX_ROWS + 1]; /* made once; the program has one thread */
    int n = 0;
    if (rows[0].name) return rows;
    for (int i = 0; i < fv_render_option_count() && n < MAX_ROWS; i++) {
        const fv_render_option *o = fv_render_option_at(i);
        if (!is_taken(o->name)) rows[n++] = row_of(o->name, o->value, o->help);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(aliases) && n < MAX_ROWS; i++) {
        const alias *a = &aliases[i];
        const fv_render_option *o = find_option(a->of);
        if (o)
            rows[n++] =
                row_of(a->name, a->value ? a->value : o->value, a->help ? a->help : o->help);
    }
    return rows;
}

/* Sets an option under any of its names.  errors  ARG a value it does not allow */
static fv_status set(fv_render_desc *desc, const char *option, const char *value, fv_error *err) {
    const alias *a = find_alias(option);
    for (int i = 0; a && i < 2 && a->values[i]; i++)
        if (!strcmp(value, a->values[i]))
            return fv_render_desc_set(desc, a->of, a->meanings[i], err);
    if (a && a->values[0]) {
        err->status = FV_ARG;
        g_snprintf(err->text, sizeof err->text, "%s is \"%.64s\"; allowed: %s", option, value,
                   a->value);
        return FV_ARG;
    }
    return fv_render_desc_set(desc, a ? a->of : option, value, err);
}

int cli_setting_check(const char *option, const char *value, fv_error *err) {
    fv_render_desc scratch = {0};
    fv_error found = {0};
    if (!set(&scratch, option, value, &found)) return 0;
    const alias *a = find_alias(option);
    const char *named = a ? a->of : option, *text = found.text;
    if (g_str_has_prefix(text, option)) named = option;
    size_t length = g_str_has_prefix(text, named) ? strlen(named) : 0;
    err->status = found.status;
    if (text[length] == ' ' || text[length] == ':') /* the text begins with the library's name */
        g_snprintf(err->text, sizeof err->text, "%s%s", option, text + length);
    else
        g_snprintf(err->text, sizeof err->text, "%s: %s", option, text);
    return -1;
}

/* Whether --recipe names one. */
static int check_name(const cli_args *args, const char *name) {
    if (!name) return CLI_DONE;
    char **names = g_new0(char *, (gsize)fv_recipe_count() + 1);
    int found = 0;
    for (int i = 0; i < fv_recipe_count(); i++) {
        names[i] = g_strdup(fv_recipe_name(i));
        if (!strcmp(name, names[i])) found = 1;
    }
    char *all = g_strjoinv(", ", names);
    int code = found ? CLI_DONE
                     : cli_usage(args->command, "--recipe: there is no recipe '%s'; there are %s",
                                 name, all);
    g_free(all);
    g_strfreev(names);
    return code;
}

static int read_shape(const cli_args *args, const char *shape, const fv_model *model,
                      fv_render_desc *desc) {
    int64_t size[3];
    if (!shape) return CLI_DONE;
    if (fv_model_input(model)->is_image)
        return cli_usage(args->command,
                         "--shape is for inputs that are no pictures; the input of %s is one",
                         fv_model_name(model));
    if (cli_sizes_parse(shape, size))
        return cli_usage(args->command, "--shape: '%s' is not CxHxW or HxW, each 1..%d", shape,
                         CLI_SIDE_MAX);
    desc->channels = (int)size[0];
    desc->height = (int)size[1];
    desc->width = (int)size[2];
    return CLI_DONE;
}

/* The last value given to an option, or NULL. */
static const char *setting(const cli_recipe_args *said, const char *name) {
    const char *value = NULL;
    for (char **s = said->settings; s && s[0]; s += 2)
        if (!strcmp(s[0], name)) value = s[1];
    return value;
}

/* Whether the files that are named are of use. */
static int check_files(const cli_args *args, const cli_recipe_args *said,
                       const fv_render_desc *desc) {
    const char *start = setting(said, "start");
    if (said->init && desc->start.kind != FV_START_IMAGE)
        return cli_usage(args->command, "--init starts from an image; --start %s does not", start);
    if (!said->init && desc->start.kind == FV_START_IMAGE)
        return cli_usage(args->command, "--start image needs --init IMAGE");
    if (said->spectrum && desc->param.kind != FV_PARAM_PHASE &&
        desc->param.kind != FV_PARAM_BOUNDED)
        return cli_usage(args->command, "--spectrum is for --param phase and bounded");
    return CLI_DONE;
}

static int load_files(const cli_recipe_args *said, cli_recipe *r) {
    fv_error err = {0};
    if ((said->init && fv_image_load(said->init, &r->init, &err)) ||
        (said->mask && fv_image_load(said->mask, &r->mask, &err)) ||
        (said->spectrum && fv_tensor_load(said->spectrum, &r->spectrum, &err)))
        return cli_fail_error(&err);
    r->desc.start.image = r->init;
    r->desc.start.mask = r->mask;
    r->desc.param.spectrum = r->spectrum;
    return CLI_DONE;
}

/* The settings, over the recipe, and then what depends on the units. */
static int set_all(const cli_args *args, const cli_recipe_args *said, const fv_model *model,
                   char *const *objectives, int count, fv_render_desc *desc) {
    fv_error err = {0};
    if (said->init) desc->start = (fv_start_desc){.kind = FV_START_IMAGE};
    for (char **s = said->settings; s && s[0]; s += 2)
        if (set(desc, s[0], s[1], &err)) return cli_usage(args->command, "--%s", err.text);
    const char *const *units = (const char *const *)objectives;
    if (count && fv_render_desc_settle(model, units, count, desc, &err))
        return cli_fail_error(&err);
    return CLI_DONE;
}

int cli_recipe_resolve(const cli_args *args, const cli_recipe_args *said, const fv_model *model,
                       char *const *objectives, int count, cli_recipe *out) {
    const char *first = count ? objectives[0] : NULL;
    fv_render_desc asked = {.batch = said->batch};
    fv_error err = {0};
    *out = (cli_recipe){0};
    int code = check_name(args, said->name);
    if (!code) code = read_shape(args, said->shape, model, &asked);
    if (code) return code;
    g_strlcpy(asked.recipe, said->name ? said->name : fv_recipe_default(model, first),
              sizeof asked.recipe);
    if (fv_render_desc_resolve(model, &asked, &out->desc, &err))
        return said->shape ? cli_usage(args->command, "--shape %s: %s", said->shape, err.text)
                           : cli_fail_error(&err);
    code = set_all(args, said, model, objectives, count, &out->desc);
    if (!code) code = check_files(args, said, &out->desc);
    return code ? code : load_files(said, out);
}

void cli_recipe_clear(cli_recipe *recipe) {
    fv_image_free(recipe->init);
    fv_image_free(recipe->mask);
    fv_tensor_free(recipe->spectrum);
    *recipe = (cli_recipe){0};
}

void cli_recipe_show(const fv_render_desc *desc) {
    char text[MAX_VALUE];
    cli_putf("recipe = %s\n", desc->recipe);
    if (desc->batch) cli_putf("batch = %d\n", desc->batch);
    for (int i = 0; i < fv_render_option_count(); i++) {
        const char *name = fv_render_option_at(i)->name;
        if (!fv_render_desc_get(desc, name, text, sizeof text, NULL))
            cli_putf("%s = %s\n", name, text);
    }
}
