/* SPDX-License-Identifier: Apache-2.0 */
/* Filling what a source says of a network's input. */
#include "model/input/spec.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"

void fvi_input_spec_clear(fvi_input_spec *s) {
    for (int i = 0; i < FVI_PART_COUNT; i++) g_free(s->from[i]);
    g_free(s->input);
    g_free(s->remarks);
    g_free(s->mean.from);
    g_free(s->scale.from);
    fvi_labels_free(s->labels);
    *s = (fvi_input_spec){0};
}

static int is_set(const fvi_input_spec *s, fvi_input_part part) {
    switch (part) {
    case FVI_PART_INPUT: return s->input != NULL;
    case FVI_PART_SIZE: return s->height != 0;
    case FVI_PART_ORDER: return s->channel_order != 0;
    case FVI_PART_LAYOUT: return s->layout != 0;
    case FVI_PART_RANGE: return s->range != 0;
    case FVI_PART_MEAN: return s->mean.n != 0;
    case FVI_PART_SCALE: return s->scale.n != 0;
    case FVI_PART_FIT: return s->fit != 0;
    case FVI_PART_CROP: return s->crop_ratio != 0;
    case FVI_PART_PAD: return s->pad != 0;
    case FVI_PART_LABELS: return s->labels != NULL;
    case FVI_PART_COUNT: break;
    }
    return 0;
}

void fvi_input_spec_source(fvi_input_spec *s, const char *source) {
    for (int i = 0; i < FVI_PART_COUNT; i++)
        if (is_set(s, (fvi_input_part)i) && !s->from[i]) s->from[i] = g_strdup(source);
}

void fvi_input_spec_merge(fvi_input_spec *high, fvi_input_spec *low) {
#define TAKE(member, is_open)                                     \
    if (is_open) {                                                \
        memcpy(&high->member, &low->member, sizeof high->member); \
        memset(&low->member, 0, sizeof low->member);              \
    }
    for (int i = 0; i < FVI_PART_COUNT; i++) { TAKE(from[i], !is_set(high, (fvi_input_part)i)) }
    TAKE(size_is_hint, !high->height)
    TAKE(width, !high->height)
    TAKE(height, !high->height)
    TAKE(channel_order, !high->channel_order)
    TAKE(layout, !high->layout)
    TAKE(range, high->range == 0)
    TAKE(fit, !high->fit)
    TAKE(crop_ratio, high->crop_ratio == 0)
    TAKE(pad_color, !high->pad)
    TAKE(pad, !high->pad)
    TAKE(input, !high->input)
    TAKE(mean, !high->mean.n)
    TAKE(scale, !high->scale.n)
    TAKE(labels_are_found, !high->labels)
    TAKE(labels_are_characters, !high->labels)
    TAKE(labels, !high->labels)
    TAKE(stride, !high->stride)
#undef TAKE
    if (low->remarks) fvi_input_remark(high, "%s", low->remarks);
}

fv_status fvi_per_channel_set(fvi_per_channel *p, const double *v, int n, int invert,
                              const char *from, fv_error *err) {
    if (n < 1 || n > 4)
        return fvi_fail(err, FV_FORMAT, "%s has %d numbers; allowed: 1 to 4, one a channel", from,
                        n);
    fvi_per_channel r = {.n = n};
    for (int i = 0; i < n; i++) {
        r.v[i] = (float)(invert ? 1 / v[i] : v[i]);
        if (!isfinite(r.v[i]) || (invert && v[i] < 0))
            return fvi_fail(err, FV_FORMAT, "%s: %g is not a usable number; allowed: finite%s",
                            from, v[i], invert ? " and above 0" : "");
    }
    g_free(p->from);
    *p = r;
    p->from = g_strdup(from);
    return FV_OK;
}

int fvi_input_is_range(double range) { return range == 1 || range == 255; }

void fvi_input_remark(fvi_input_spec *s, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *clause = g_strdup_vprintf(format, args), *old = s->remarks;
    va_end(args);
    s->remarks = old ? g_strdup_printf("%s; %s", old, clause) : g_strdup(clause);
    g_free(clause);
    g_free(old);
}

void fvi_input_assume(GString *list, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (list->len) g_string_append(list, ", ");
    g_string_append_vprintf(list, format, args);
    va_end(args);
}

int fvi_input_numbers(const char *text, double *out, int max) {
    int n = 0;
    while (*text) {
        if (strchr(", \t\n[]()xX", *text)) {
            text++;
            continue;
        }
        char *end;
        if (n == max) return max + 1;
        out[n++] = g_ascii_strtod(text, &end);
        if (end == text) return -1;
        text = end;
    }
    return n;
}
