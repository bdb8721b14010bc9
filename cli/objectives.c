/* SPDX-License-Identifier: Apache-2.0 */
/* From the objectives as typed to single ones the library reads.
 *
 * A simple word is LAYER, or LAYER:CHANNELS, split at its last ':'; `class` and `prob` stand in a
 * layer's place. CHANNELS is a list of numbers and ranges with commas between, then perhaps @y,x;
 * `all`; or a class name. A word with an operator between blanks, a product or a call is an
 * expression and stays as it is. Whether the layer, the channel or the neuron exists is the
 * library's to say; here a channel is only counted, so that a range cannot ask for millions of
 * pictures.
 */
#include "objectives.h"

#include <glib.h>
#include <string.h>

#include "models.h"
#include "numbers.h"
#include "report.h"

/* The expansion under way. */
typedef struct expansion {
    const cli_args *args;
    const fv_model *model;
    GPtrArray *text, *label;
    GArray *class;    /* of int */
    int layer;        /* index of the layer of all words so far, or CLASS, PROB, NONE, SEVERAL */
    int uses_classes; /* whether a word is class:C or prob:C */
    int failed;       /* an exit code */
} expansion;

enum { NONE = -1, SEVERAL = -2, CLASS = -3, PROB = -4 };

/* Number of numbers at the start of "3,7-9", all whole; its end in *end. -1 if it does not parse.
 */
static int is_channel_list(const char *text, size_t length) {
    size_t i = 0;
    for (;;) {
        size_t digits = strspn(text + i, "0123456789");
        if (digits == 0) return 0;
        i += digits;
        if (text[i] == '-') {
            digits = strspn(text + i + 1, "0123456789");
            if (digits == 0) return 0;
            i += 1 + digits;
        }
        if (i == length) return 1;
        if (i > length || text[i] != ',') return 0;
        i++;
    }
}

/* Which class one channel of a layer (an index, CLASS, PROB or NONE) is, or -1. */
static int class_of(const expansion *e, int layer, int64_t channel) {
    const fv_layer *l = layer >= 0 ? fv_model_layer(e->model, layer) : NULL;
    int classes = fv_model_class_count(e->model);
    if (channel >= classes) return -1;
    return layer <= CLASS || (l && l->ndim == 2 && l->dim[1] == classes) ? (int)channel : -1;
}

/* "8 hen": what stands under the tile of one channel. */
static char *label_of(const expansion *e, const char *channel, int class) {
    const char *name = class >= 0 ? fv_model_class_name(e->model, class) : NULL;
    char *text = name ? g_strdup_printf("%s %s", channel, name) : g_strdup(channel);
    char *clean = cli_clean(text);
    g_free(text);
    return clean;
}

static void see_layer(expansion *e, int layer) {
    e->uses_classes |= layer <= CLASS;
    if (e->layer == NONE)
        e->layer = layer == NONE ? SEVERAL : layer;
    else if (e->layer != layer)
        e->layer = SEVERAL;
}

/* Adds one objective, which then owns `text` and `label`. */
static void add(expansion *e, char *text, char *label, int class) {
    g_ptr_array_add(e->text, text);
    g_ptr_array_add(e->label, label);
    g_array_append_val(e->class, class);
    if (e->text->len > CLI_MAX_OBJECTIVES && !e->failed)
        e->failed =
            cli_usage(e->args->command, "more than %d pictures are asked for", CLI_MAX_OBJECTIVES);
}

static void add_channel(expansion *e, const char *layer_text, int layer, int channel,
                        const char *neuron) {
    int class = class_of(e, layer, channel);
    char *number = g_strdup_printf("%d%s", channel, neuron);
    add(e, g_strdup_printf("%s:%s", layer_text, number), label_of(e, number, class), class);
    g_free(number);
}

/* Adds the channels of "3,7-9". `layer_text` as typed; `neuron` is "" or "@y,x". */
static void add_channels(expansion *e, const char *word, const char *layer_text, int layer,
                         const char *list, const char *neuron) {
    char **items = g_strsplit(list, ",", -1);
    for (char **item = items; *item && !e->failed; item++) {
        char **ends = g_strsplit(*item, "-", 2);
        int64_t first = 0, last = 0;
        if (cli_parse_int(ends[0], 0, G_MAXINT32, &first) ||
            cli_parse_int(ends[1] ? ends[1] : ends[0], 0, G_MAXINT32, &last))
            e->failed = cli_usage(e->args->command, "%s: no channel is numbered '%s'", word, *item);
        else if (last < first)
            e->failed = cli_usage(e->args->command, "%s: the range %s runs backwards", word, *item);
        for (int64_t c = first; c <= last && !e->failed; c++)
            add_channel(e, layer_text, layer, (int)c, neuron);
        g_strfreev(ends);
    }
    g_strfreev(items);
}

static void add_whole(expansion *e, const char *word, int layer) {
    see_layer(e, layer);
    add(e, g_strdup(word), cli_clean(word), -1);
}

/* Whether LAYER (found at `layer`) gives one number a class. */
static int is_class_layer(const expansion *e, int layer) {
    if (layer <= CLASS) return 1;
    if (layer < 0) return 0;
    const fv_layer *l = fv_model_layer(e->model, layer);
    return l->ndim == 2 && l->dim[1] > 0 && l->dim[1] == fv_model_class_count(e->model);
}

/* Whether a word has an operator between blanks, a product, or a call. */
static int is_expression(const char *word) {
    if (strstr(word, " + ") || strstr(word, " - ") || strchr(word, '*')) return 1;
    const char *bracket = strchr(word, '(');
    return bracket && bracket > word && g_ascii_isalnum(bracket[-1]);
}

/* Index of the layer that a word names before its ':', CLASS, PROB, or NONE. */
static int find_layer(const expansion *e, const char *name, int colon) {
    int layer = NONE;
    if (colon && !strcmp(name, "class")) return CLASS;
    if (colon && !strcmp(name, "prob")) return PROB;
    return fv_model_find_layer(e->model, name, &layer, NULL) ? NONE : layer;
}

/* Adds every channel of a layer, for CLASS and PROB every class. */
static void add_all(expansion *e, const char *word, const char *layer_text, int layer,
                    const char *neuron) {
    const int64_t n = layer >= 0 ? fv_model_layer(e->model, layer)->channels
                                 : (int64_t)fv_model_class_count(e->model);
    if (n < 1)
        e->failed = cli_usage(e->args->command,
                              "%s: the network has no class names, which say how many classes "
                              "there are; give a range, %s:0-9, or --labels FILE",
                              word, layer_text);
    else if (n > CLI_MAX_OBJECTIVES)
        e->failed =
            cli_usage(e->args->command,
                      "%s: has %" G_GINT64_FORMAT " channels; at most %d pictures can be "
                      "asked for at a time: give a range, %s:0-%d",
                      word, (gint64)n, CLI_MAX_OBJECTIVES, layer_text, CLI_MAX_OBJECTIVES - 1);
    for (int64_t c = 0; c < n && !e->failed; c++) add_channel(e, layer_text, layer, (int)c, neuron);
}

/* The class that a name after ':' means. */
static void add_class(expansion *e, const char *layer_text, int layer, const char *name) {
    int class = -1;
    fv_error err = {0};
    see_layer(e, layer);
    if (fv_model_find_class(e->model, name, &class, &err))
        e->failed = cli_fail_error(&err);
    else
        add_channel(e, layer_text, layer, class, "");
}

/* LAYER:LIST, with the layer found. Returns 0 where the list is none of channels or classes. */
static int expand_list(expansion *e, const char *word, const char *layer_text, int layer,
                       const char *list) {
    const char *at = strchr(list, '@'), *neuron = at ? at : "";
    const size_t length = at ? (size_t)(at - list) : strlen(list);
    if (length == 3 && g_str_has_prefix(list, "all") && layer != NONE) {
        see_layer(e, layer);
        add_all(e, word, layer_text, layer, neuron);
    } else if (is_channel_list(list, length)) {
        char *channels = g_strndup(list, length);
        see_layer(e, layer);
        add_channels(e, word, layer_text, layer, channels, neuron);
        g_free(channels);
    } else if (is_class_layer(e, layer) && !is_expression(list)) {
        add_class(e, layer_text, layer, list);
    } else {
        return 0;
    }
    return 1;
}

static void expand_word(expansion *e, const char *word) {
    const char *colon = strrchr(word, ':');
    char *layer_text = colon ? g_strndup(word, (size_t)(colon - word)) : g_strdup(word);
    int layer = find_layer(e, layer_text, colon != NULL);
    if (layer == NONE && is_expression(word))
        add_whole(e, word, NONE);
    else if (!colon || !expand_list(e, word, layer_text, layer, colon + 1))
        add_whole(e, word, is_expression(word) ? NONE : layer);
    g_free(layer_text);
}

/* "Layer conv1 Features" if there is one layer; then labels need not name it. */
static char *title_of(const expansion *e) {
    const char *name = fv_model_name(e->model);
    char *text = e->layer >= 0       ? g_strdup_printf("Layer %s Features",
                                                       fv_model_layer(e->model, e->layer)->name)
                 : e->layer == CLASS ? g_strdup_printf("Classes of %s", name)
                 : e->layer == PROB  ? g_strdup_printf("Class probabilities of %s", name)
                                     : g_strdup_printf("Features of %s", name);
    char *clean = cli_clean(text);
    g_free(text);
    return clean;
}

/* Labels that say which layer, where there are several. */
static void name_layers(expansion *e) {
    for (guint i = 0; i < e->text->len; i++) {
        g_free(e->label->pdata[i]);
        e->label->pdata[i] = label_of(e, e->text->pdata[i], g_array_index(e->class, int, i));
    }
}

int cli_objectives_expand(const cli_args *args, const fv_model *model, char *const *words,
                          int n_words, char *const *whole, cli_objectives *out) {
    expansion e = {.args = args,
                   .model = model,
                   .text = g_ptr_array_new_with_free_func(g_free),
                   .label = g_ptr_array_new_with_free_func(g_free),
                   .class = g_array_new(FALSE, FALSE, sizeof(int)),
                   .layer = NONE};
    for (int i = 0; i < n_words && !e.failed; i++) expand_word(&e, words[i]);
    for (int i = 0; whole && whole[i] && !e.failed; i++) add_whole(&e, whole[i], NONE);
    if (e.failed) {
        g_ptr_array_free(e.text, TRUE);
        g_ptr_array_free(e.label, TRUE);
        g_array_free(e.class, TRUE);
        return e.failed;
    }
    if (e.uses_classes) cli_model_output_note(args, model);
    out->count = (int)e.text->len;
    out->title = title_of(&e);
    if (e.layer == SEVERAL) name_layers(&e);
    g_ptr_array_add(e.text, NULL);
    g_ptr_array_add(e.label, NULL);
    out->text = (char **)g_ptr_array_free(e.text, FALSE);
    out->label = (char **)g_ptr_array_free(e.label, FALSE);
    out->class = (int *)(void *)g_array_free(e.class, FALSE);
    return CLI_DONE;
}

int cli_objective_parse(const fv_model *model, const char *text, fv_objective **out) {
    fv_error err = {0};
    return fv_objective_new(model, text, NULL, 0, out, &err) ? cli_fail_error(&err) : CLI_DONE;
}

int cli_objectives_parse(const fv_model *model, char *const *text, int count, fv_objective ***out) {
    int code = CLI_DONE;
    *out = g_new0(fv_objective *, (gsize)count + 1);
    for (int i = 0; !code && i < count; i++) code = cli_objective_parse(model, text[i], &(*out)[i]);
    return code;
}

void cli_objectives_free(fv_objective **list, int count) {
    for (int i = 0; list && i < count; i++) fv_objective_free(list[i]);
    g_free(list);
}

int cli_objectives_read(const fv_model *model, cli_objectives *o) {
    return cli_objectives_parse(model, o->text, o->count, &o->list);
}

void cli_objectives_clear(cli_objectives *o) {
    g_strfreev(o->text);
    g_strfreev(o->label);
    g_free(o->class);
    g_free(o->title);
    cli_objectives_free(o->list, o->count);
    *o = (cli_objectives){0};
}
