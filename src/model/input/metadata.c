/* SPDX-License-Identifier: Apache-2.0 */
/* What a file's metadata say about its input: our own keys,
 *   fovea.mean, .scale, .std, .range, .channel_order, .size, .layout, .labels, .input, .fit,
 *   .crop_ratio, .pad_color,
 * each an array in text, "127,127,127"; then those of other programs (exporters.h), as far as ours
 * leave something open.
 */
#include "model/input/metadata.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "base/error.h"
#include "model/input/color.h"
#include "model/input/exporters.h"
#include "model/labels.h"

typedef struct meta {
    const fvi_model_file *file;
    const char *base;
    fvi_input_spec *out;
    fv_error *err;
} meta;

static fv_status bad(const meta *m, const char *key, const char *value, const char *allowed) {
    return fvi_fail(m->err, FV_FORMAT, "%s: metadata %s is \"%.64s\"; allowed: %s", m->base, key,
                    value, allowed);
}

static fv_status per_channel(const meta *m, const char *key, fvi_per_channel *p, int invert) {
    const char *text = fvi_model_file_metadata(m->file, key);
    if (!text) return FV_OK;
    double v[5];
    int n = fvi_input_numbers(text, v, 4);
    if (n < 1 || n > 4) return bad(m, key, text, "1 to 4 numbers, one a channel");
    if (p->n)
        return fvi_fail(m->err, FV_FORMAT,
                        "%s: metadata fovea.scale and fovea.std exclude each other; allowed: one",
                        m->base);
    char *from = g_strdup_printf("%s: metadata %s", m->base, key);
    fv_status st = fvi_per_channel_set(p, v, n, invert, from, m->err);
    g_free(from);
    return st;
}

static fv_status size_read(const meta *m, const char *key, const char *text) {
    double v[3];
    int n = fvi_input_numbers(text, v, 2);
    int sound = n == 1 || n == 2;
    for (int i = 0; sound && i < n; i++)
        sound = v[i] >= 1 && v[i] <= FVI_INPUT_SIZE_MAX && v[i] == floor(v[i]);
    if (!sound) return bad(m, key, text, "\"224\" or \"HEIGHTxWIDTH\", 1 to 32768");
    m->out->height = (int)v[0];
    m->out->width = (int)v[n - 1];
    return FV_OK;
}

static fv_status choice(const meta *m, const char *key, const char *one, const char *two,
                        int *out) {
    const char *text = fvi_model_file_metadata(m->file, key);
    if (!text) return FV_OK;
    int is_two = !g_ascii_strcasecmp(text, two);
    if (!is_two && g_ascii_strcasecmp(text, one) != 0) {
        char allowed[64];
        g_snprintf(allowed, sizeof allowed, "%s, %s", one, two);
        return bad(m, key, text, allowed);
    }
    *out = is_two ? 2 : 1; /* FV_RGB, FV_BGR; FVI_NCHW, FVI_NHWC */
    return FV_OK;
}

static fv_status range_read(const meta *m, const char *text) {
    double v[2];
    if (fvi_input_numbers(text, v, 1) != 1 || !fvi_input_is_range(v[0]))
        return bad(m, "fovea.range", text, FVI_INPUT_RANGES);
    m->out->range = (float)v[0];
    return FV_OK;
}

static fv_status labels_read(const meta *m, const char *text) {
    fv_status st = fvi_labels_from_text(text, &m->out->labels, m->err);
    if (st) fvi_error_prefix(m->err, "%s: metadata fovea.labels", m->base);
    return st;
}

/* fovea.fit, fovea.crop_ratio, fovea.pad_color: as in the sidecar. */
static fv_status fit_read(const meta *m) {
    static const char *const names[] = {"crop", "stretch", "pad"}; /* as in fv_fit, from 1 */
    const char *text = fvi_model_file_metadata(m->file, "fovea.fit");
    double v[2];
    for (int i = 0; text && i < 3; i++)
        if (!strcmp(text, names[i])) m->out->fit = i + 1;
    if (text && !m->out->fit) return bad(m, "fovea.fit", text, "crop, stretch, pad");
    text = fvi_model_file_metadata(m->file, "fovea.crop_ratio");
    if (text && (fvi_input_numbers(text, v, 1) != 1 || !(v[0] >= 0.01) || v[0] > 1))
        return bad(m, "fovea.crop_ratio", text, "a number from 0.01 to 1, as 0.875");
    if (text) m->out->crop_ratio = (float)v[0];
    text = fvi_model_file_metadata(m->file, "fovea.pad_color");
    if (!text) return FV_OK;
    m->out->pad = FVI_PAD_COLOR;
    const fv_status st = fvi_color_parse(text, m->out->pad_color, m->err);
    if (st) fvi_error_prefix(m->err, "%s: metadata fovea.pad_color", m->base);
    return st;
}

static fv_status ours(const meta *m) {
    fvi_input_spec *s = m->out;
    fv_status st = per_channel(m, "fovea.mean", &s->mean, 0);
    if (!st) st = per_channel(m, "fovea.std", &s->scale, 1);
    if (!st) st = per_channel(m, "fovea.scale", &s->scale, 0);
    if (!st) st = choice(m, "fovea.channel_order", "rgb", "bgr", &s->channel_order);
    if (!st) st = choice(m, "fovea.layout", "nchw", "nhwc", &s->layout);
    const char *text = fvi_model_file_metadata(m->file, "fovea.size");
    if (!st && text) st = size_read(m, "fovea.size", text);
    if (!st && (text = fvi_model_file_metadata(m->file, "fovea.range"))) st = range_read(m, text);
    if (!st) st = fit_read(m);
    if (!st && (text = fvi_model_file_metadata(m->file, "fovea.input"))) s->input = g_strdup(text);
    if (!st && (text = fvi_model_file_metadata(m->file, "fovea.labels"))) st = labels_read(m, text);
    return st;
}

static const char *find(const void *file, const char *key) {
    return fvi_model_file_metadata(file, key);
}

fv_status fvi_input_from_metadata(const fvi_model_file *f, fvi_input_spec *out, fv_error *err) {
    meta m = {f, f->base, out, err};
    fv_status st = ours(&m);
    if (st) return st;
    fvi_input_spec others = {0};
    fvi_input_from_exporters(&(fvi_texts){find, f, "metadata"}, &others);
    fvi_input_spec_source(out, "metadata");
    fvi_input_spec_merge(out, &others);
    fvi_input_spec_clear(&others);
    return FV_OK;
}
