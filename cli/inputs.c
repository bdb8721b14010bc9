/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of a network that has several. A word NAME=X is cut at its first '='; a word that is
 * the name of a file as it stands has no name. */
#include "inputs.h"

#include <math.h>
#include <string.h>

#include "numbers.h"
#include "output.h"
#include "report.h"

/* Where the value begins in NAME=X; the word itself where it has no name. */
static const char *value_of(const char *word) {
    const char *equals = strchr(word, '=');
    if (!equals || equals == word || g_file_test(word, G_FILE_TEST_EXISTS)) return word;
    return equals + 1;
}

static char *name_of(const char *word) {
    return g_strndup(word, (gsize)(value_of(word) - word - 1));
}

static fv_status read_value(const char *text, fv_tensor **out, fv_error *err) {
    double number;
    if (cli_parse_real(text, &number)) return cli_tensor_load(text, out, err);
    if (number == floor(number) && (double)(float)number != number) {
        g_snprintf(err->text, sizeof err->text,
                   "%s would be rounded to f32; allowed: integers that it holds, all up to 2^24",
                   text);
        return err->status = FV_ARG;
    }
    const fv_status st = fv_tensor_new(0, NULL, out, err);
    if (!st) (*out)->data[0] = (float)number;
    return st;
}

static int add(cli_inputs *in, const char *word) {
    fv_error err = {0};
    fv_tensor *value = NULL;
    if (read_value(value_of(word), &value, &err)) return cli_fail_error(&err);
    const fv_named_tensor named = {name_of(word), value};
    g_array_append_val(in->values, named);
    return CLI_DONE;
}

static int load_sample(cli_inputs *in, const char *file) {
    fv_error err = {0};
    return cli_tensor_load(file, &in->sample, &err) ? cli_fail_error(&err) : CLI_DONE;
}

/* The word of --input that is the main input's; NULL: there is none. */
static const char *main_word(const cli_model_args *how) {
    for (char *const *w = how->inputs; w && *w; w++)
        if (value_of(*w) == *w) return *w;
    return how->inputs ? how->inputs[0] : NULL;
}

int cli_inputs_read(const cli_args *args, const cli_model_args *how, cli_inputs *out) {
    const char *main = main_word(how);
    int code = CLI_DONE;
    *out = (cli_inputs){.values = g_array_new(FALSE, FALSE, sizeof(fv_named_tensor))};
    if (how->wrt)
        out->main = g_strdup(how->wrt);
    else if (main && value_of(main) != main)
        out->main = name_of(main);
    for (char *const *w = how->set; w && *w && !code; w++)
        code = value_of(*w) == *w
                   ? cli_usage(args->command, "--set: '%s' is not NAME=NUMBER or NAME=FILE.npy", *w)
                   : add(out, *w);
    for (char *const *w = how->inputs; w && *w && !code; w++) {
        if (*w == main) continue;
        code = value_of(*w) == *w ? cli_usage(args->command,
                                              "--input: '%s' and '%s' have no name; NAME=FILE.npy "
                                              "tells them apart",
                                              main, *w)
                                  : add(out, *w);
    }
    return code || !main ? code : load_sample(out, value_of(main));
}

void cli_inputs_clear(cli_inputs *in) {
    for (guint i = 0; i < in->values->len; i++) {
        const fv_named_tensor *t = &g_array_index(in->values, fv_named_tensor, i);
        g_free((char *)(uintptr_t)t->name);
        fv_tensor_free((fv_tensor *)(uintptr_t)t->value);
    }
    g_array_unref(in->values);
    fv_tensor_free(in->sample);
    g_free(in->main);
}

const char *cli_inputs_main_file(const cli_model_args *how) { return value_of(main_word(how)); }

/* The file of an input that a text names in quotes, among words NAME=FILE; or NULL. */
static const char *named_file(char *const *words, const char *text) {
    const char *file = NULL;
    for (char *const *w = words; w && *w && !file; w++) {
        if (value_of(*w) == *w) continue;
        char *name = name_of(*w), *quoted = g_strdup_printf("\"%s\"", name);
        if (strstr(text, quoted)) file = value_of(*w);
        g_free(quoted);
        g_free(name);
    }
    return file;
}

int cli_inputs_fail(const cli_model_args *how, const fv_error *err) {
    int several = how->inputs[1] != NULL;
    double number;
    for (char *const *w = how->set; w && *w; w++) several |= cli_parse_real(value_of(*w), &number);
    const char *file = named_file(how->inputs, err->text);
    if (!file) file = named_file(how->set, err->text);
    if (!file && several && !g_str_has_prefix(err->text, "the input ")) return cli_fail_error(err);
    return cli_fail_input(file ? file : cli_inputs_main_file(how), err);
}

/* Whether an array of pictures has its channels where the network does not, and only there. */
static int is_other_way(const fv_input *in, const fv_tensor *t) {
    if (!in->is_image || in->ndim != 4 || t->ndim != 4 || in->channels < 1) return 0;
    const int from = in->channels_last ? 1 : 3, to = in->channels_last ? 3 : 1;
    if (t->dim[from] != in->channels || t->dim[to] == in->channels) return 0;
    for (int i = 0; i < 2; i++) { /* rows and columns, where the file fixes them */
        const int64_t wanted = in->dim[(in->channels_last ? 1 : 2) + i];
        if (wanted >= 0 && t->dim[(in->channels_last ? 2 : 1) + i] != wanted) return 0;
    }
    return 1;
}

/* Moves the channels of [N, C, H, W] behind the columns, or those of [N, H, W, C] before the rows.
 */
static fv_status turn(int to_last, fv_tensor **t, fv_error *err) {
    const int64_t *d = (*t)->dim;
    const int64_t c = to_last ? d[1] : d[3], area = to_last ? d[2] * d[3] : d[1] * d[2];
    const int64_t first[] = {d[0], d[3], d[1], d[2]}, last[] = {d[0], d[2], d[3], d[1]};
    fv_tensor *made = NULL;
    const fv_status st = fv_tensor_new(4, to_last ? last : first, &made, err);
    if (st) return st;
    for (int64_t n = 0; n < d[0]; n++)
        for (int64_t k = 0; k < c; k++)
            for (int64_t p = 0; p < area; p++) {
                const int64_t planes = (n * c + k) * area + p, mixed = (n * area + p) * c + k;
                made->data[to_last ? mixed : planes] = (*t)->data[to_last ? planes : mixed];
            }
    fv_tensor_free(*t);
    *t = made;
    return FV_OK;
}

int cli_is_array(const char *word) {
    static const char *const endings = "npy npz safetensors h5 hdf5";
    int is_array = cli_has_ending(word, endings);
    for (const char *colon = strchr(word, ':'); colon && !is_array;
         colon = strchr(colon + 1, ':')) {
        char *file = g_strndup(word, (gsize)(colon - word));
        is_array = cli_has_ending(file, endings);
        g_free(file);
    }
    return is_array;
}

fv_status cli_array_load(const cli_args *args, const fv_model *model, const char *path,
                         fv_tensor **out, fv_error *err) {
    fv_status st = cli_tensor_load(path, out, err);
    const fv_input *in = fv_model_input(model);
    if (st || !is_other_way(in, *out)) return st;
    char *had = cli_shape_text(4, (*out)->dim, 0);
    st = turn(in->channels_last, out, err);
    char *has = cli_shape_text(4, (*out)->dim, 0);
    if (!st)
        cli_note(args, "%s: %s is taken as %s: the network has the channels of pictures %s", path,
                 had, has, in->channels_last ? "last" : "first");
    g_free(had);
    g_free(has);
    return st;
}

fv_status cli_photo_load(const fv_model *model, const char *path, fv_image **out, fv_error *err) {
    return cli_image_load(path, fv_model_input(model)->channels == 4, out, err);
}
