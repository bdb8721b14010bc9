/* SPDX-License-Identifier: Apache-2.0 */
/* The table of Darknet's sections, and measuring all layers of a file. */
#include "model/darknet/layers.h"

#include <string.h>

#include "base/error.h"
#include "model/darknet/measure.h"
#include "model/darknet/operators.h"

/* How a kind of section is read. */
typedef struct fvi_darknet_kind {
    const char *name;
    void (*measure)(fvi_darknet *d, int index); /* sets .out, or .unknown, and the weights */
    const char *refused; /* options that are not supported unless they are 0 */
} fvi_darknet_kind;

static const fvi_darknet_kind kinds[] = {
#define FVI_DARKNET_LAYER(name, measure, lower, refused) \
    {name, fvi_darknet_measure_##measure, refused},
#include "model/darknet/layers.def"
#undef FVI_DARKNET_LAYER
};

const fvi_op_kind fvi_darknet_kinds[] = {
#define FVI_DARKNET_LAYER(name, measure, lower, refused) {name, fvi_darknet_lower_##lower, 0},
#include "model/darknet/layers.def"
#undef FVI_DARKNET_LAYER
    {0}};

static const fvi_darknet_kind *kind_of(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (!strcmp(kinds[i].name, name)) return &kinds[i];
    return NULL;
}

/* Length of the head of the weights; 0: they are too short. */
static size_t head_size(const fvi_mapping *m) {
    int32_t version[2];
    if (m->size < 16) return 0;
    memcpy(version, m->bytes, sizeof version);
    const int64_t number = (int64_t)version[0] * 10 + version[1];
    const int is_new = number >= 2 && version[0] < 1000 && version[1] < 1000;
    return is_new && m->size >= 20 ? 20 : 16;
}

/* ---- the network ---------------------------------------------------------------------------- */

/* Why a layer cannot be computed, from its section alone; NULL: it can. */
static char *refusal(const fvi_darknet_layer *l, const fvi_darknet_kind *kind) {
    char **keys = g_strsplit(kind->refused, " ", -1), *why = NULL;
    for (char **k = keys; *k && !why; k++) {
        const char *value = **k ? fvi_cfg_text(l->section, *k, "0") : "0";
        if (strcmp(value, "0") != 0 && strcmp(value, "none") != 0)
            why = g_strdup_printf("its %s=%.40s is not supported", *k, value);
    }
    g_strfreev(keys);
    return why;
}

static void measure_layer(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = &d->layers[index];
    const fvi_darknet_kind *kind = kind_of(l->section->name);
    char *why = kind ? refusal(l, kind) : g_strdup_printf("[%.40s] is not known", l->section->name);
    if (why)
        fvi_darknet_give_up(d, index, why);
    else if (!l->in.c && strcmp(l->section->name, "route") != 0)
        fvi_darknet_give_up(d, index, g_strdup("the size of its input is not known"));
    else
        kind->measure(d, index);
    if (l->bad) /* whatever came of it */
        fvi_darknet_give_up(d, index,
                            g_strdup_printf("its %s is \"%.40s\", which is no number", l->bad,
                                            fvi_cfg_text(l->section, l->bad, "")));
    if (l->unknown && !d->lost)
        d->lost = fvi_darknet_text(
            d, g_strdup_printf("weights stand one behind the other, and those of [%s] "
                               "in line %d are not known: %s",
                               l->section->name, l->section->line, l->unknown));
}

fv_status fvi_darknet_measure(fvi_darknet *d, fv_error *err) {
    const fvi_mapping *m = &d->file.weights;
    d->at = d->needed = head_size(m);
    if (!d->at)
        return fvi_fail(err, FV_FORMAT, "its weights have %zu bytes, which is less than their head",
                        m->size);
    for (int i = 0; i < d->n_layers; i++) {
        if (i) d->layers[i].in = d->layers[i - 1].out;
        measure_layer(d, i);
    }
    if (d->needed > m->size)
        return fvi_fail(err, FV_FORMAT,
                        "its weights have %zu bytes; its layers need %" PRIu64 ": they are of "
                        "another network, or cut short",
                        m->size, d->needed);
    if (!d->lost && d->at != m->size)
        return fvi_fail(err, FV_FORMAT,
                        "its weights have %zu bytes; its layers need %zu: they are of another "
                        "network",
                        m->size, d->at);
    return FV_OK;
}
