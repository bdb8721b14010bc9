/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes on the command line. The library knows its options' names, values and help; here they
 * become rows of the option parser, so that nothing is declared twice. Some options also have the
 * name of the same option of MATLAB's deepDreamImage.
 *
 * Options that are files are loaded here: an image to start from, a mask, a spectrum.
 */
#include "recipe.h"

#include <glib.h>
#include <string.h>

#include "lists.h"
#include "models.h"
#include "numbers.h"
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

static const fv_recipe_option *find_option(const char *name) {
    for (int i = 0; i < fv_recipe_option_count(); i++)
        if (!strcmp(fv_recipe_option_at(i)->name, name)) return fv_recipe_option_at(i);
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
    for (int i = 0; i < fv_recipe_option_count() && n < MAX_ROWS; i++) {
        const fv_recipe_option *o = fv_recipe_option_at(i);
        if (!is_taken(o->name)) rows[n++] = row_of(o->name, o->value, o->help);
        if (o->former && n < MAX_ROWS) rows[n++] = row_of(o->former, o->value, NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(aliases) && n < MAX_ROWS; i++) {
        const alias *a = &aliases[i];
        const fv_recipe_option *o = find_option(a->of);
        if (o)
            rows[n++] =
                row_of(a->name, a->value ? a->value : o->value, a->help ? a->help : o->help);
    }
    return rows;
}

/* One of a recipe's values, in quotes where it has blanks or semicolons; g_free it. */
static char *preset(const char *recipe, const char *option) {
    char text[2048];
    if (fv_recipe_preset(recipe, option, text, sizeof text, NULL) || !text[0])
        return g_strdup("the model's");
    return g_strdup_printf(strpbrk(text, " ;") ? "\"%s\"" : "%s", text);
}

/* Appends the value of recipe `first`, with the recipes that have it, unless it has been written.
 */
static void add_preset(GString *all, char *const *values, int count, int first) {
    GString *names = g_string_new(NULL);
    int n = 0;
    for (int i = 0; i < first; i++)
        if (!strcmp(values[i], values[first])) n = count;
    for (int i = first; n < count && i < count; i++) {
        if (strcmp(values[i], values[first]) != 0) continue;
        g_string_append_printf(names, n++ ? ", %s" : "%s", fv_recipe_name(i));
    }
    if (n < count)
        g_string_append_printf(all, "; %s: %s", values[first],
                               n == count - 1 ? "all others" : names->str);
    g_string_free(names, TRUE);
}

char *cli_recipe_presets(const char *option) {
    const alias *a = find_alias(option);
    const int n = fv_recipe_count();
    if (a && a->help) return g_strdup("");
    char **values = g_new0(char *, n + 1);
    for (int i = 0; i < n; i++) values[i] = preset(fv_recipe_name(i), a ? a->of : option);
    GString *all = g_string_new(values[0]);
    for (int i = 1; i < n; i++) add_preset(all, values, n, i);
    g_strfreev(values);
    return g_string_free(all, FALSE);
}

/* Sets an option under any of its names; recipe NULL: only sees whether that could be.
 *   errors  ARG a value it does not allow */
static fv_status set(fv_recipe *recipe, const char *option, const char *value, fv_error *err) {
    const alias *a = find_alias(option);
    const char *name = a ? a->of : option;
    int translated = 0;
    for (int i = 0; a && i < 2 && a->values[i] && !translated; i++)
        if (!strcmp(value, a->values[i])) {
            value = a->meanings[i];
            translated = 1;
        }
    if (a && a->values[0] && !translated) {
        err->status = FV_ARG;
        g_snprintf(err->text, sizeof err->text, "%s is \"%.64s\"; allowed: %s", option, value,
                   a->value);
        return FV_ARG;
    }
    return recipe ? fv_recipe_set(recipe, name, value, err)
                  : fv_recipe_option_check(name, value, err);
}

/* The name an option has in the library now. */
static const char *present_name(const char *option) {
    const alias *a = find_alias(option);
    if (a) return a->of;
    for (int i = 0; i < fv_recipe_option_count(); i++) {
        const fv_recipe_option *o = fv_recipe_option_at(i);
        if (o->former && !strcmp(o->former, option)) return o->name;
    }
    return option;
}

int cli_setting_check(const char *option, const char *value, fv_error *err) {
    fv_error found = {0};
    if (!set(NULL, option, value, &found)) return 0;
    const char *named = present_name(option), *text = found.text;
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

static int set_shape(const cli_args *args, const char *shape, const fv_model *model,
                     cli_recipe *r) {
    int64_t size[3];
    fv_error err = {0};
    if (!shape) return CLI_DONE;
    if (cli_sizes_parse(shape, size))
        return cli_usage(args->command, "--shape: '%s' is not CxHxW or HxW, each 1..%d", shape,
                         CLI_SIDE_MAX);
    const fv_input *in = fv_model_input(model);
    if (in->is_image && size[0] == in->channels && size[1] == in->height && size[2] == in->width)
        return CLI_DONE;
    if (in->is_image)
        return cli_usage(args->command,
                         "--shape is for inputs that are no pictures; the input of %s is one of "
                         "%dx%dx%d (--size sets height and width)",
                         fv_model_name(model), in->channels, in->height, in->width);
    if (fv_recipe_set_shape(r->recipe, (int)size[0], (int)size[1], (int)size[2], &err))
        return cli_usage(args->command, "--shape %s: %s", shape, err.text);
    r->channels = (int)size[0];
    return CLI_DONE;
}

/* The last value given to an option, or NULL. */
static const char *setting(const cli_recipe_args *said, const char *name) {
    const char *value = NULL;
    for (char **s = said->settings; s && s[0]; s += 2)
        if (!strcmp(s[0], name)) value = s[1];
    return value;
}

int cli_recipe_restarts(const cli_recipe_args *said) {
    int64_t n = 1; /* the value in every recipe */
    for (char **s = said->settings; s && s[0]; s += 2)
        if (!strcmp(present_name(s[0]), "restarts")) cli_parse_int(s[1], 1, G_MAXINT, &n);
    return (int)n;
}

/* Whether an option of the recipe has one of these values. */
static int is_one_of(const fv_recipe *recipe, const char *option, const char *a, const char *b) {
    char text[64];
    if (fv_recipe_get(recipe, option, text, sizeof text, NULL)) return 0;
    return !strcmp(text, a) || !strcmp(text, b);
}

/* Whether the files that are named are of use. */
static int check_files(const cli_args *args, const cli_recipe_args *said, const fv_recipe *recipe) {
    const int from_image = is_one_of(recipe, "start", "image", "image");
    if (said->init && !from_image)
        return cli_usage(args->command, "--init starts from an image; --start %s does not",
                         setting(said, "start"));
    if (!said->init && from_image)
        return cli_usage(args->command, "--start image needs --init IMAGE");
    return CLI_DONE;
}

/* Loads the spectrum. With one, units of early layers have a parametrisation that uses it. */
static int load_spectrum(const cli_args *args, const cli_recipe_args *said, fv_recipe *recipe) {
    fv_tensor *spectrum = NULL;
    fv_error err = {0};
    if (!said->spectrum) return CLI_DONE;
    fv_status st = cli_tensor_load(said->spectrum, &spectrum, &err);
    if (!st) st = fv_recipe_set_tensor(recipe, "spectrum", spectrum, &err);
    fv_tensor_free(spectrum);
    if (!is_one_of(recipe, "param", "phase", "bounded"))
        return cli_usage(args->command, "--spectrum is for --param phase and bounded");
    return st ? cli_fail_error(&err) : CLI_DONE;
}

fv_status cli_recipe_start_from(fv_recipe *recipe, const fv_image *image, fv_error *err) {
    char mean[64], sd[64];
    fv_status st = fv_recipe_get(recipe, "start-mean", mean, sizeof mean, err);
    if (!st) st = fv_recipe_get(recipe, "start-sd", sd, sizeof sd, err);
    if (!st) st = fv_recipe_set_image(recipe, "start", image, err);
    if (!st) st = fv_recipe_set(recipe, "start-mean", mean, err);
    return st ? st : fv_recipe_set(recipe, "start-sd", sd, err);
}

static int load_files(const cli_recipe_args *said, fv_recipe *recipe) {
    fv_image *init = NULL, *mask = NULL;
    fv_error err = {0};
    fv_status st = said->init ? cli_image_load(said->init, 0, &init, &err) : FV_OK;
    if (!st && init) st = cli_recipe_start_from(recipe, init, &err);
    if (!st && said->mask) st = cli_image_load(said->mask, 0, &mask, &err);
    if (!st && mask) st = fv_recipe_set_image(recipe, "mask", mask, &err);
    fv_image_free(init);
    fv_image_free(mask);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

/* The settings, over the recipe. */
static int set_all(const cli_args *args, const cli_recipe_args *said, fv_recipe *recipe) {
    fv_error err = {0};
    if (said->init && (fv_recipe_set(recipe, "start", "image", &err) ||
                       fv_recipe_set(recipe, "start-mean", "0", &err) ||
                       fv_recipe_set(recipe, "start-sd", "0", &err)))
        return cli_fail_error(&err);
    for (char **s = said->settings; s && s[0]; s += 2)
        if (set(recipe, s[0], s[1], &err)) return cli_usage(args->command, "--%s", err.text);
    return CLI_DONE;
}

static int number_of(const fv_recipe *recipe, const char *option) {
    char text[64] = "";
    int64_t number = 0;
    fv_recipe_get(recipe, option, text, sizeof text, NULL);
    cli_parse_int(text, 0, G_MAXINT, &number);
    return (int)number;
}

/* Reads those numbers of the recipe that the command uses. */
static void read_numbers(const fv_model *model, cli_recipe *r) {
    char text[64] = "";
    const fv_input *in = fv_model_input(model);
    fv_recipe_get(r->recipe, "size", text, sizeof text, NULL);
    char **side = g_strsplit(text, "x", 2);
    if (side[0] && side[1]) {
        r->width = (int)g_ascii_strtoll(side[0], NULL, 10);
        r->height = (int)g_ascii_strtoll(side[1], NULL, 10);
    } else { /* it depends on units that are not known yet */
        r->width = in->width;
        r->height = in->height;
    }
    g_strfreev(side);
    if (!r->channels) r->channels = in->is_image ? in->channels : 1;
    r->restarts = number_of(r->recipe, "restarts");
    r->steps = number_of(r->recipe, "steps");
    r->levels = number_of(r->recipe, "levels");
}

int cli_recipe_make(const cli_args *args, const cli_recipe_args *said, const fv_model *model,
                    fv_objective *const *objectives, int count, cli_recipe *out) {
    const fv_objective *const *units = (const fv_objective *const *)objectives;
    fv_error err = {0};
    *out = (cli_recipe){0};
    int code = check_name(args, said->name);
    if (code) return code;
    if (fv_recipe_new(model, said->name, count ? units : NULL, count, &out->recipe, &err))
        return cli_fail_error(&err);
    code = set_shape(args, said->shape, model, out);
    if (!code) code = set_all(args, said, out->recipe);
    if (!code) code = check_files(args, said, out->recipe);
    if (!code) code = load_files(said, out->recipe);
    if (!code) code = load_spectrum(args, said, out->recipe);
    if (!code) read_numbers(model, out);
    return code;
}

void cli_recipe_clear(cli_recipe *recipe) {
    fv_recipe_free(recipe->recipe);
    *recipe = (cli_recipe){0};
}

/* The lines of cli_recipe_show for a recipe as it is read. g_free */
static char *options_text(const cli_recipe_args *said, const fv_recipe *recipe) {
    GString *all = g_string_new(NULL);
    char text[MAX_VALUE];
    if (!fv_recipe_get(recipe, "recipe", text, sizeof text, NULL))
        g_string_append_printf(all, "recipe = %s\n", text);
    if (said->batch) g_string_append_printf(all, "batch = %d\n", said->batch);
    for (int i = 0; i < fv_recipe_option_count(); i++) {
        const char *name = fv_recipe_option_at(i)->name;
        if (!fv_recipe_get(recipe, name, text, sizeof text, NULL))
            g_string_append_printf(all, "%s = %s\n", name, text);
    }
    return g_string_free(all, FALSE);
}

/* The options of unit i.  text  g_free      returns  an exit code */
static int unit_options(const cli_recipe_args *said, const fv_recipe *recipe,
                        const cli_objectives *units, int i, char **text) {
    fv_recipe *own = NULL;
    fv_error err = {0};
    if (fv_recipe_for(recipe, units->list[i], &own, &err)) return cli_fail_error(&err);
    *text = options_text(said, own);
    fv_recipe_free(own);
    return CLI_DONE;
}

int cli_recipe_show(const cli_recipe_args *said, const fv_recipe *recipe,
                    const cli_objectives *units) {
    GPtrArray *lists = g_ptr_array_new_with_free_func(g_free); /* each once */
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free); /* of its units */
    const int n = units ? units->count : 0;
    int code = CLI_DONE;
    for (int i = 0; i < n && !code; i++) {
        char *text = NULL;
        guint at;
        code = unit_options(said, recipe, units, i, &text);
        if (code) break;
        if (g_ptr_array_find_with_equal_func(lists, text, g_str_equal, &at)) {
            char *more = g_strjoin(", ", names->pdata[at], units->text[i], NULL);
            g_free(names->pdata[at]);
            names->pdata[at] = more;
            g_free(text);
        } else {
            g_ptr_array_add(lists, text);
            g_ptr_array_add(names, g_strdup(units->text[i]));
        }
    }
    if (!n) g_ptr_array_add(lists, options_text(said, recipe));
    for (guint i = 0; i < lists->len && !code; i++) {
        if (lists->len > 1)
            cli_putf("%sunits = %s\n", i ? "\n" : "", (const char *)names->pdata[i]);
        cli_put(lists->pdata[i]);
    }
    g_ptr_array_unref(lists);
    g_ptr_array_unref(names);
    return code;
}
