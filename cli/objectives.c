/* SPDX-License-Identifier: Apache-2.0 */
/* From the objectives as typed to single ones the library reads.
 *
 * A word is LAYER, or LAYER:CHANNELS, split at its last ':'. CHANNELS is a list of numbers and
 * ranges with commas between, then perhaps @y,x; or a class name. Whether the layer, the channel
 * or the neuron exists is the library's to say; here a channel is only counted, so that a range
 * cannot ask for millions of pictures.
 */
#include "objectives.h"

#include <glib.h>
#include <string.h>

#include "options.h"
#include "report.h"

/* The expansion under way. */
typedef struct expansion {
    const cli_args *args;
    const fv_model *model;
    GPtrArray *text, *label;
    int layer;  /* index of the layer of all words so far; -1: none yet; -2: several */
    int failed; /* an exit code */
} expansion;

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

/* What stands under the tile of one channel of a layer (index, or -1 where it is not known). */
static char *label_of(const expansion *e, int layer, int64_t channel, const char *neuron) {
    const fv_layer *l = layer >= 0 ? fv_model_layer(e->model, layer) : NULL;
    int classes = fv_model_class_count(e->model);
    const char *name = NULL;
    if (l && l->ndim == 2 && l->dim[1] == classes && channel < classes)
        name = fv_model_class_name(e->model, (int)channel);
    char *text = name ? g_strdup_printf("%d %s%s", (int)channel, name, neuron)
                      : g_strdup_printf("%d%s", (int)channel, neuron);
    char *clean = cli_clean(text);
    g_free(text);
    return clean;
}

static void see_layer(expansion *e, int layer) {
    if (e->layer == -1)
        e->layer = layer >= 0 ? layer : -2;
    else if (e->layer != layer)
        e->layer = -2;
}

/* Adds one objective; `label` is taken. */
static void add(expansion *e, char *text, char *label) {
    g_ptr_array_add(e->text, text);
    g_ptr_array_add(e->label, label);
    if (e->text->len > CLI_MAX_OBJECTIVES && !e->failed)
        e->failed =
            cli_usage(e->args->command, "more than %d pictures are asked for", CLI_MAX_OBJECTIVES);
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
            add(e, g_strdup_printf("%s:%d%s", layer_text, (int)c, neuron),
                label_of(e, layer, c, neuron));
        g_strfreev(ends);
    }
    g_strfreev(items);
}

/* Whether LAYER (found at `layer`) gives one number a class. */
static int is_class_layer(const expansion *e, int layer) {
    if (layer < 0) return 0;
    const fv_layer *l = fv_model_layer(e->model, layer);
    return l->ndim == 2 && l->dim[1] > 0 && l->dim[1] == fv_model_class_count(e->model);
}

static void expand_word(expansion *e, const char *word) {
    const char *colon = strrchr(word, ':');
    char *layer_text = colon ? g_strndup(word, (size_t)(colon - word)) : g_strdup(word);
    int layer = -1;
    int found = fv_model_find_layer(e->model, layer_text, &layer, NULL) == FV_OK;
    if (!found) layer = -1;
    const char *list = colon ? colon + 1 : "", *at = strchr(list, '@');
    size_t length = at ? (size_t)(at - list) : strlen(list);
    if (colon && is_channel_list(list, length)) {
        char *channels = g_strndup(list, length);
        see_layer(e, layer);
        add_channels(e, word, layer_text, layer, channels, at ? at : "");
        g_free(channels);
    } else if (colon && is_class_layer(e, layer)) {
        int class = -1;
        fv_error err = {0};
        see_layer(e, layer);
        if (fv_model_find_class(e->model, list, &class, &err))
            e->failed = cli_fail_error(&err);
        else
            add(e, g_strdup_printf("%s:%d", layer_text, class), label_of(e, layer, class, ""));
    } else {
        see_layer(e, layer);
        add(e, g_strdup(word), cli_clean(word));
    }
    g_free(layer_text);
}

/* "Layer conv1 Features" if there is one layer; then labels need not name it. */
static char *title_of(const expansion *e) {
    char *text = e->layer >= 0 ? g_strdup_printf("Layer %s Features",
                                                 fv_model_layer(e->model, e->layer)->name)
                               : g_strdup_printf("Features of %s", fv_model_name(e->model));
    char *clean = cli_clean(text);
    g_free(text);
    return clean;
}

int cli_objectives_expand(const cli_args *args, const fv_model *model, char *const *words,
                          int n_words, cli_objectives *out) {
    expansion e = {args,
                   model,
                   g_ptr_array_new_with_free_func(g_free),
                   g_ptr_array_new_with_free_func(g_free),
                   -1,
                   CLI_DONE};
    for (int i = 0; i < n_words && !e.failed; i++) expand_word(&e, words[i]);
    if (e.failed) {
        g_ptr_array_free(e.text, TRUE);
        g_ptr_array_free(e.label, TRUE);
        return e.failed;
    }
    out->count = (int)e.text->len;
    out->title = title_of(&e);
    for (int i = 0; e.layer < 0 && i < out->count; i++) { /* several layers: say which */
        g_free(e.label->pdata[i]);
        e.label->pdata[i] = cli_clean(e.text->pdata[i]);
    }
    g_ptr_array_add(e.text, NULL);
    g_ptr_array_add(e.label, NULL);
    out->text = (char **)g_ptr_array_free(e.text, FALSE);
    out->label = (char **)g_ptr_array_free(e.label, FALSE);
    return CLI_DONE;
}

void cli_objectives_clear(cli_objectives *o) {
    g_strfreev(o->text);
    g_strfreev(o->label);
    g_free(o->title);
    *o = (cli_objectives){0};
}
