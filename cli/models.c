/* SPDX-License-Identifier: Apache-2.0 */
/* From what the user calls a model to a loaded model. A word with a '/' or the ending of a
 * model's file is a path; any other is the name of a model in the cache, or, failing that, a file
 * of that name.
 */
#include "models.h"

#include <glib.h>
#include <string.h>

#include "inputs.h"
#include "lists.h"
#include "numbers.h"
#include "output.h"
#include "report.h"

/* clang-format off */
const cli_option cli_model_options[] = {
    {"mean",  0, CLI_NUMBERS, offsetof(cli_model_args, mean),  0, 0, "A,B,C", "as the model's file says",
     "value subtracted from each channel, in units of --range"},
    {"scale", 0, CLI_NUMBERS, offsetof(cli_model_args, scale), 0, 0, "A,B,C", "as the model's file says",
     "factor of each channel after --mean is subtracted"},
    {"std",   0, CLI_NUMBERS, offsetof(cli_model_args, std),   1, 0, "A,B,C", "as the model's file says",
     "divisor of each channel: the reciprocal of --scale"},
    {"range", 0, CLI_CHOICE,  offsetof(cli_model_args, range), 0, 0, "1|255", "as the model's file says",
     "value of white before --mean is subtracted"},
    {"channel-order", 0, CLI_CHOICE, offsetof(cli_model_args, channel_order), 0, 0, "rgb|bgr",
     "as the model's file says", "order of the colours in the network's input"},
    {"fit", 0, CLI_CHOICE, offsetof(cli_model_args, fit), 0, 0, "crop|stretch|pad",
     "as the model's file says, else crop",
     "how a photo of another shape becomes the network's picture: its centre, all of it stretched, or "
     "all of it with --pad-color around it"},
    {"crop-ratio", 0, CLI_REAL, offsetof(cli_model_args, crop_ratio), 0.01, 1, "R",
     "as the model's file says, else 0.875",
     "share of the photo's short side that --fit crop keeps"},
    {"pad-color", 0, CLI_TEXT, offsetof(cli_model_args, pad_color), 0, 0, "COLOR",
     "as the model's file says, else 114",
     "colour that --fit pad puts around the photo: a name, #rrggbb, a grey of 0 to 255, or R,G,B"},
    {"labels",  0, CLI_TEXT, offsetof(cli_model_args, labels), 0, 0, "FILE", "as the model's file says",
     "text file with the class names, one a line"},
    {"weights", 0, CLI_TEXT, offsetof(cli_model_args, weights), 0, 0, "FILE",
     "the file beside it that is called as it is",
     "file of the weights, of formats that keep them apart from the network (Darknet's .cfg, Caffe's .prototxt)"},
    {"output-name", 0, CLI_TEXT, offsetof(cli_model_args, output), 0, 0, "NAME",
     "the output as long as there are class names, else the last that is one row of numbers and "
     "from which no other is computed",
     "output, other value or layer of the network that classes are read from"},
    {"threads", 0, CLI_INT,  offsetof(cli_model_args, threads), 1, 1024, "N", "all processors",
     "threads to compute with"},
    {"device", 0, CLI_TEXT, offsetof(cli_model_args, device), 0, 0, "auto|cpu|gpu|gpu:N|PLUGIN.so",
     "$FOVEA_DEVICE, else auto where pictures are made and cpu elsewhere",
     "what runs the network: the processor, an accelerator as `fovea devices` lists them, or with auto an "
     "accelerator where there is one, and the processor for what that cannot do, with a note; several "
     "share pictures that are independent of each other, as gpu:0,1; what is one picture the first makes"},
    {"execution-environment", 0, CLI_TEXT, offsetof(cli_model_args, device), 0, 0, "auto|cpu|gpu",
     "$FOVEA_DEVICE, else auto where pictures are made and cpu elsewhere",
     "MATLAB's name of --device"},
    {"memory", 0, CLI_TEXT, offsetof(cli_model_args, memory), 0, 0, "N", "no bound but --limit memory",
     "memory the program may use in total, in bytes or with the suffix K, M, G or T: batches and tiles "
     "are made small enough; a request that needs more is refused"},
    {"precision", 0, CLI_CHOICE, offsetof(cli_model_args, precision), 0, 0, "f32|bf16|auto|tf32", "f32",
     "number format of convolutions and matrix products: bf16, or auto, is faster on accelerators, and "
     "where the processor has instructions for it (AMX, AVX512-BF16), and is f32 elsewhere; tf32 is for "
     "accelerators only"},
    {"set", 0, CLI_LIST, offsetof(cli_model_args, set), 0, 0, "NAME=X",
     "ones for a mask, the picture's size for a size, else zeros",
     "numbers for an input besides the main one: a number for all of it, or an NPY file; may be given "
     "several times"},
    {"wrt", 0, CLI_TEXT, offsetof(cli_model_args, wrt), 0, 0, "NAME",
     "the first that is a picture, else the first of numbers",
     "the main input of a network that has several: pictures and arrays are given to it, and gradients "
     "are taken at it"},
    {"limit", 0, CLI_LIST, offsetof(cli_model_args, limits), 0, 0, "NAME=N", "as docs/limits.md says",
     "limits on what a model's file can make the program use: NAME is memory, work, file, elements or "
     "nodes; N may have the suffix "
     "K, M, G or T, as in memory=8G; may be given several times"},
    {0},
};
/* clang-format on */

char *cli_models_folder(void) {
    return g_build_filename(g_get_user_cache_dir(), "fovea", "models", NULL);
}

/* Length of a file's name without the ending of a model's file; 0: it has none. */
static size_t stem(const char *file) {
    const char *ending;
    for (int i = 0; (ending = fv_model_ending(i)); i++)
        if (g_str_has_suffix(file, ending)) return strlen(file) - strlen(ending);
    return 0;
}

char *cli_models_path(const char *name) {
    char *folder = cli_models_folder(), *path = NULL;
    const char *ending;
    for (int i = 0; !path && (ending = fv_model_ending(i)); i++) {
        path = g_strconcat(folder, "/", name, ending, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS)) g_clear_pointer(&path, g_free);
    }
    g_free(folder);
    return path;
}

static int compare_names(gconstpointer a, gconstpointer b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **cli_models_list(void) {
    GPtrArray *names = g_ptr_array_new();
    char *folder = cli_models_folder();
    GDir *dir = g_dir_open(folder, 0, NULL);
    for (const char *file; dir && (file = g_dir_read_name(dir));)
        if (file[0] != '.' && stem(file)) g_ptr_array_add(names, g_strndup(file, stem(file)));
    if (dir) g_dir_close(dir);
    g_free(folder);
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

/* Says that there is no such model, and which there are. */
static int fail_missing(const char *name) {
    char *folder = cli_models_folder(), **list = cli_models_list();
    char *all = g_strjoinv(", ", list);
    const char *near = cli_nearest(name, (const char *const *)list);
    if (near)
        cli_fail("no model '%s' in %s; did you mean %s?", name, folder, near);
    else if (*list)
        cli_fail("no model '%s': no such file, and %s has only %s", name, folder, all);
    else
        cli_fail("no model '%s': no such file, and %s is empty; `./bootstrap models` gets the "
                 "default network",
                 name, folder);
    g_free(all);
    g_strfreev(list);
    g_free(folder);
    return CLI_FAILED;
}

/* The file that `name` means; caller frees; NULL with one line printed. */
static char *find_model(const char *name) {
    if (strchr(name, '/') || stem(name)) return g_strdup(name);
    char *path = cli_models_path(name);
    if (path) return path;
    if (g_file_test(name, G_FILE_TEST_EXISTS)) return g_strdup(name);
    fail_missing(name);
    return NULL;
}

/* Repeats a single number for all channels. */
static const float *spread(cli_numbers *list) {
    if (list->count == 1)
        for (int c = 1; c < CLI_MAX_CHANNELS; c++) list->value[c] = list->value[0];
    return list->count ? list->value : NULL;
}

/* Whether a list has one number, or one a channel of this model. */
static int check_channels(const cli_args *args, const char *option, const cli_numbers *list,
                          const fv_model *model) {
    const fv_input *in = fv_model_input(model);
    if (list->count <= 1 || !in->is_image || list->count == in->channels) return CLI_DONE;
    return cli_usage(args->command, "--%s has %d numbers; the input of %s has %d channels", option,
                     list->count, fv_model_name(model), in->channels);
}

/* Reads the value of --memory into the desc. */
static int read_memory(const cli_args *args, const char *memory, fv_model_desc *desc) {
    if (!memory || !cli_parse_amount(memory, &desc->memory)) return CLI_DONE;
    return cli_usage(args->command,
                     "--memory: '%s' is not a number of bytes above 0, perhaps with K, M, G or T "
                     "behind it",
                     memory);
}

/* Reads the values of --limit into the desc. */
static int read_limits(const cli_args *args, char *const *limits, fv_model_desc *desc) {
    const struct {
        const char *name;
        int64_t *to;
    } known[] = {{"memory=", &desc->max_memory},
                 {"work=", &desc->max_work},
                 {"file=", &desc->max_file_bytes},
                 {"elements=", &desc->max_elements},
                 {"nodes=", &desc->max_nodes}};
    for (char *const *l = limits; l && *l; l++) {
        size_t i = 0;
        while (i < G_N_ELEMENTS(known) && !g_str_has_prefix(*l, known[i].name)) i++;
        if (i == G_N_ELEMENTS(known) || cli_parse_amount(*l + strlen(known[i].name), known[i].to))
            return cli_usage(args->command,
                             "--limit: '%s' is not memory=N, work=N, file=N, elements=N or nodes=N",
                             *l);
    }
    return CLI_DONE;
}

/* Reads the value of --shape into the desc. */
static int read_shape(const cli_args *args, const char *shape, fv_model_desc *desc) {
    if (!shape || !cli_shape_parse(shape, desc->shape, &desc->shape_channels_last)) return CLI_DONE;
    return cli_usage(args->command, "--shape: '%s' is not CxHxW, HxW or HxWxC, each 1..%d", shape,
                     CLI_SIDE_MAX);
}

/* The first array among the words after the command, whose sizes count where the file leaves them
 * open; NULL: there is none, or it cannot be read, which is said where it is used. */
static fv_tensor *array_operand(const cli_args *args) {
    fv_tensor *t = NULL;
    for (int i = 1; i < args->n_operands && !t; i++)
        if (cli_is_array(args->operands[i]) &&
            (cli_tensor_load(args->operands[i], &t, NULL) || fv_tensor_count(t) < 1))
            break;
    return t;
}

/* Loads a file with a desc that lacks the inputs.
 *   input  NULL, or becomes the array that is given to the main input; NULL there: none is */
static int load_file(const cli_args *args, const cli_model_args *how, const char *path,
                     fv_model_desc *desc, fv_model **out, fv_tensor **input) {
    cli_inputs inputs;
    fv_error err = {0};
    int code = cli_inputs_read(args, how, &inputs);
    desc->input = inputs.main;
    desc->input_count = (int)inputs.values->len;
    desc->inputs = (const fv_named_tensor *)(const void *)inputs.values->data;
    if (!code && !inputs.sample && !input) inputs.sample = array_operand(args);
    desc->sample = inputs.sample;
    if (!code && fv_model_load(path, desc, out, &err)) code = cli_fail_error(&err);
    if (!code && input) *input = g_steal_pointer(&inputs.sample);
    cli_inputs_clear(&inputs);
    return code;
}

/* Whether what is said of the input suits this model's. */
static int check_input(const cli_args *args, const cli_model_args *how, const fv_model *model) {
    const fv_input *in = fv_model_input(model);
    int code = check_channels(args, "mean", &how->mean, model);
    if (!code) code = check_channels(args, "scale", &how->scale, model);
    if (!code) code = check_channels(args, "std", &how->std, model);
    if (!code && how->crop_ratio > 0 && in->is_image && in->fit != FV_FIT_CROP)
        code = cli_usage(args->command, "--crop-ratio is for --fit crop; photos for %s are %s",
                         fv_model_name(model), in->fit == FV_FIT_PAD ? "padded" : "stretched");
    if (!code && how->pad_color && in->is_image && in->fit != FV_FIT_PAD)
        code = cli_usage(args->command, "--pad-color is for --fit pad; photos for %s are %s",
                         fv_model_name(model), in->fit == FV_FIT_CROP ? "cropped" : "stretched");
    return code;
}

static int load_named(const cli_args *args, const cli_model_args *how, const char *name,
                      fv_model **out, fv_tensor **input) {
    cli_numbers mean = how->mean, scale = how->scale;
    const cli_numbers *std = &how->std;
    if (scale.count && std->count)
        return cli_usage(args->command, "--scale and --std say the same; give one of them");
    if (std->count) {
        scale.count = std->count;
        for (int c = 0; c < std->count; c++) scale.value[c] = 1.0f / std->value[c];
    }
    const float ranges[] = {0, 1, 255};
    fv_model_desc desc = {
        .struct_size = sizeof(fv_model_desc),
        .size = how->size,
        .channel_order = how->channel_order,
        .range = ranges[how->range],
        .mean = spread(&mean),
        .scale = spread(&scale),
        .labels = how->labels,
        .weights = how->weights,
        .output = how->output,
        .fit = (fv_fit)how->fit,
        .crop_ratio = (float)how->crop_ratio,
        .pad_color = how->pad_color,
        .precision = (fv_precision)how->precision,
    };
    if (read_limits(args, how->limits, &desc) || read_memory(args, how->memory, &desc) ||
        read_shape(args, how->shape, &desc))
        return CLI_USAGE;
    char *path = find_model(name);
    if (!path) return CLI_FAILED;
    fv_model *model = NULL;
    int code = load_file(args, how, path, &desc, &model, input);
    g_free(path);
    if (code) return code;
    code = check_input(args, how, model);
    if (code) {
        fv_model_free(model);
        return code;
    }
    *out = model;
    return CLI_DONE;
}

/* Whether the words after the command are in order: a model that stands second is named. */
static int check_order(const cli_args *args) {
    char *const *word = args->operands;
    if (args->n_operands < 2 || !cli_has_ending(word[1], "onnx") ||
        !g_file_test(word[1], G_FILE_TEST_EXISTS) || g_file_test(word[0], G_FILE_TEST_EXISTS))
        return CLI_DONE;
    char *path = strchr(word[0], '/') ? NULL : cli_models_path(word[0]);
    const int is_kept = path != NULL;
    g_free(path);
    if (is_kept) return CLI_DONE;
    return cli_usage(args->command,
                     "'%s' is no file, and '%s' is one: the model comes first: %s %s", word[0],
                     word[1], args->command->name, args->command->operands);
}

int cli_model_load(const cli_args *args, const cli_model_args *how, fv_model **out) {
    const int code = check_order(args);
    if (code) return code;
    return load_named(args, how, args->operands[0], out, NULL);
}

int cli_model_load_named(const cli_args *args, const cli_model_args *how, const char *name,
                         fv_model **out) {
    return load_named(args, how, name, out, NULL);
}

int cli_model_load_with_input(const cli_args *args, const cli_model_args *how, fv_model **out,
                              fv_tensor **input) {
    return load_named(args, how, args->operands[0], out, input);
}

const char *cli_precision_name(fv_precision precision) {
    static const char *const names[] = {"f32", "f32", "bf16", "auto", "tf32"};
    return names[precision];
}

void cli_precision_note(const cli_args *args, const cli_model_args *how, fv_precision used) {
    if (how->precision == FV_PRECISION_BF16 && used != FV_PRECISION_BF16)
        cli_note(args, "oneDNN multiplies nothing in bf16 on this processor (AMX or AVX512-BF16 "
                       "would do): computed in f32");
}

void cli_model_output_note(const cli_args *args, const fv_model *model) {
    const char *note = NULL;
    fv_model_output(model, &note);
    if (note) cli_note(args, "%s", note);
}

void cli_model_note(const cli_args *args, const fv_model *model) {
    const char *assumed = fv_model_input(model)->assumed;
    if (assumed) cli_note(args, "%s", assumed);
}
