/* SPDX-License-Identifier: Apache-2.0 */
/* Which input takes the picture, and how it is computed from pixels.
 *
 *   x[c] = (pixel[c] * range - mean[c]) * scale[c]        pixel in 0..1
 *
 * Every source (options, sidecar, metadata) fills a spec. Of each field the source of the highest
 * priority counts. What no source says follows from the shape of the file's input, or is assumed.
 * Here are the shape's part; values.c has the numbers'.
 */
#include "model/input/input.h"

#include <math.h>
#include <string.h>

#include <glib.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/input/color.h"
#include "model/input/configs.h"
#include "model/input/metadata.h"
#include "model/input/sidecar.h"
#include "model/label_text.h"
#include "model/reader.h"

#define SIZE_ASSUMED 224

/* ---- the file's inputs ---------------------------------------------------------------------- */

static fvi_input_use use_of(const fvi_model_file *f, const char *input) {
    return f->reader->input_use ? f->reader->input_use(f, input) : (fvi_input_use){0};
}

/* How likely an input is the one that the network looks at. */
static int likelihood(const fvi_model_input *in) {
    if (in->unread) return 0;
    if (in->shape.ndim == 4 && fvi_is_pixel_type(in->type)) return 4;
    if (in->shape.ndim == 0) return 1;
    if (in->type && fvi_dtype_is_int((fvi_dtype)in->type))
        return g_strstr_len(in->name, -1, "mask") ? 1 : 2; /* the words of a text */
    return 3;
}

/* The input of that name; or the most likely one, of several the first. */
static const fvi_model_input *choose_input(const fvi_model_file *f, const char *wanted) {
    int n;
    const fvi_model_input *in = f->reader->inputs(f, &n), *best = n && !wanted ? in : NULL;
    for (int i = 0; i < n; i++) {
        if (wanted && !strcmp(in[i].name, wanted)) return &in[i];
        if (!wanted && likelihood(&in[i]) > likelihood(best)) best = &in[i];
    }
    return best;
}

/* ---- laying the sources over each other ----------------------------------------------------- */

static fv_status option_per_channel(const float *v, int channels, const char *what,
                                    fvi_per_channel *out, fv_error *err) {
    double d[4];
    int n = channels < 4 ? channels : 4;
    for (int i = 0; v && i < n; i++) d[i] = v[i];
    if (!v || n < 1) return FV_OK;
    fv_status st = fvi_per_channel_set(out, d, n, 0, what, err);
    if (st == FV_FORMAT && err) err->status = FV_ARG; /* no file says it, but the caller */
    return st == FV_FORMAT ? FV_ARG : st;
}

static fv_status fit_options(const fv_model_desc *d, fvi_input_spec *s, fv_error *err) {
    if ((int)d->fit < 0 || (int)d->fit > FV_FIT_PAD)
        return fvi_fail(err, FV_ARG,
                        "option fit is %d; allowed: FV_FIT_CROP, FV_FIT_STRETCH, FV_FIT_PAD",
                        (int)d->fit);
    if (d->crop_ratio != 0 && !(d->crop_ratio >= 0.01f && d->crop_ratio <= 1))
        return fvi_fail(err, FV_ARG, "option crop_ratio is %g; allowed: 0.01 to 1",
                        (double)d->crop_ratio);
    s->fit = (int)d->fit;
    s->crop_ratio = d->crop_ratio;
    if (!d->pad_color) return FV_OK;
    s->pad = FVI_PAD_COLOR;
    fv_status st = fvi_color_parse(d->pad_color, s->pad_color, err);
    if (st) fvi_error_prefix(err, "option pad_color");
    return st;
}

/* Reads the options. `channels` is the length of the lists. */
static fv_status from_options(const fv_model_desc *d, int channels, fvi_input_spec *s,
                              fv_error *err) {
    if (d->size < 0 || d->size > FVI_INPUT_SIZE_MAX)
        return fvi_fail(err, FV_ARG, "option size is %d; allowed: 1 to %d", d->size,
                        FVI_INPUT_SIZE_MAX);
    if (d->channel_order < 0 || d->channel_order > FV_BGR)
        return fvi_fail(err, FV_ARG, "option channel_order is %d; allowed: FV_RGB, FV_BGR",
                        d->channel_order);
    if (!(d->range >= 0) || isinf(d->range))
        return fvi_fail(err, FV_ARG, "option range is %g; allowed: a number above 0", d->range);
    s->input = g_strdup(d->input);
    s->height = s->width = d->size;
    s->channel_order = d->channel_order;
    s->range = d->range;
    fv_status st = fit_options(d, s, err);
    if (!st) st = option_per_channel(d->mean, channels, "option mean", &s->mean, err);
    if (!st) st = option_per_channel(d->scale, channels, "option scale", &s->scale, err);
    if (!st && (d->class_count || d->class_names))
        return fvi_labels_from_array(d->class_names, d->class_count, &s->labels, err);
    if (!st && d->labels) st = fvi_labels_load(d->labels, &s->labels, err);
    return st;
}

/* ---- resolving ------------------------------------------------------------------------------ */

typedef struct resolver {
    const fvi_model_file *file;
    const char *base; /* of the model's file, for messages */
    fvi_input_spec spec;
    fvi_told_shape told;
    fv_input in;
    fvi_input_axes axes;
    int type;
    int size_assumed;
    fvi_shape sample;
    GString *assumed;
    fv_error *err;
} resolver;

static int few_channels(int64_t n) { return n == 1 || n == 3 || n == 4; }

/* Whether the channels of a picture of four axes are the last of them. */
static int channels_are_last(const int64_t *dim, const fvi_input_use *use) {
    const int conv = use->op == FVI_USE_CONV && !use->reshaped;
    if (conv && use->permuted && (dim[3] < 0 || dim[3] == use->channels)) return 1;
    if (conv && !use->permuted && use->channels) return 0;
    return few_channels(dim[3]) && !few_channels(dim[1]);
}

/* The axis of the file's input that counts that, -1: none. */
static int axis_of(const resolver *r, fvi_axis which) {
    return fvi_input_axis(&r->axes, r->in.ndim, which);
}

/* The order of a picture's axes, and how many channels it has. */
static fv_status resolve_channels(resolver *r, const fvi_input_use *use) {
    const int64_t *dim = r->in.dim, wanted = use->reshaped ? 0 : use->channels;
    if (r->told.channels) {
        r->in.channels_last = r->told.channels_last;
        r->in.channels = r->told.channels;
        return FV_OK;
    }
    if (r->in.ndim == 4) {
        const int last = r->spec.layout ? r->spec.layout == FVI_NHWC : channels_are_last(dim, use);
        for (int i = 1; last && i < 4; i++)
            r->axes.of[i] = i == 3 ? FVI_AXIS_CHANNEL : (fvi_axis)(FVI_AXIS_HEIGHT + i - 1);
    }
    const int c = axis_of(r, FVI_AXIS_CHANNEL);
    r->in.channels_last = c > axis_of(r, FVI_AXIS_HEIGHT);
    int64_t said = c < 0 ? 1 : dim[c];
    if (said < 0 && !wanted) fvi_input_assume(r->assumed, "3 channels");
    said = said > 0 ? said : wanted ? wanted : 3;
    if (said > INT32_MAX)
        return fvi_fail(r->err, FV_FORMAT, "%s: input \"%s\" has %" G_GINT64_FORMAT " channels",
                        r->base, r->in.name, said);
    r->in.channels = (int)said;
    return FV_OK;
}

/* A row of numbers is the picture that a Reshape makes of it; another that the caller says counts,
 * with a remark. */
static void take_layout(resolver *r, const fvi_shape *s, const fvi_input_use *use) {
    const fvi_told_shape l = fvi_input_laid_out(s, use);
    if (!l.channels || !fvi_is_pixel_type(r->type)) return;
    char *text = g_strdup_printf("%dx%dx%d", l.channels_last ? l.height : l.channels,
                                 l.channels_last ? l.width : l.height,
                                 l.channels_last ? l.channels : l.width);
    if (!r->told.channels) {
        r->told = l;
        fvi_input_assume(r->assumed, "input \"%s\" is a picture of %s, as a Reshape lays it out",
                         r->in.name, text);
    } else if (memcmp(&l, &r->told, sizeof l) != 0) {
        fvi_input_remark(&r->spec, "option shape differs from %s, as a Reshape lays it out", text);
    }
    g_free(text);
}

/* What kind of thing the input is, and what its axes count. */
static fv_status resolve_axes(resolver *r, const fvi_shape *s, const fvi_input_use *use) {
    r->axes = fvi_input_axes_find(s, r->type, use);
    fv_status st = FV_OK;
    take_layout(r, s, use);
    if (r->told.channels) st = fvi_input_axes_told(s, &r->told, r->in.name, &r->axes, r->err);
    r->in.kind = r->axes.kind;
    r->in.is_image = r->axes.kind == FV_INPUT_PICTURE;
    r->in.channels_last = axis_of(r, FVI_AXIS_CHANNEL) > axis_of(r, FVI_AXIS_WIDTH);
    if (r->axes.time_first && s->dim[0] < 0 && r->sample.ndim != s->ndim)
        fvi_input_assume(r->assumed, "1 step of time, which the first axis of \"%s\" counts",
                         r->in.name);
    return st;
}

/* The input's shape, whether it is a picture, and the order of its axes. */
static fv_status resolve_shape(resolver *r) {
    const fvi_model_input *v = choose_input(r->file, r->spec.input);
    if (!v && r->spec.input) return fvi_model_file_no_input(r->file, r->spec.input, r->err);
    r->in.name = "";
    r->in.kind = FV_INPUT_OTHER;
    if (!v) return FV_OK; /* a graph of constants */
    fvi_shape s = v->shape;
    r->type = v->type;
    if (!r->spec.layout) r->spec.layout = v->layout;
    fvi_input_use use = use_of(r->file, v->name);
    use.channels_last |= r->spec.layout == FVI_NHWC;
    if (s.ndim < 0) { /* the file says nothing: as many axes as the convolution wants */
        s = (fvi_shape){.ndim = use.reshaped ? 0 : use.ndim};
        for (int i = 0; i < s.ndim; i++) s.dim[i] = -1;
    }
    r->in.name = v->name;
    r->in.ndim = s.ndim;
    memcpy(r->in.dim, s.dim, sizeof s.dim);
    const fv_status st = resolve_axes(r, &s, &use);
    return !st && r->in.is_image ? resolve_channels(r, &use) : st;
}

/* A size that counts only where the file leaves it open is forgotten. */
static void drop_hint(resolver *r) {
    if (!r->spec.size_is_hint) return;
    r->spec.height = r->spec.width = 0;
    g_clear_pointer(&r->spec.from[FVI_PART_SIZE], g_free);
}

/* The size of the array that will be given. */
static void take_sample(const resolver *r, int64_t *h, int64_t *w) {
    const int as_file = r->sample.ndim == r->in.ndim, last = r->in.channels_last;
    const int y = as_file ? axis_of(r, FVI_AXIS_HEIGHT) : last ? 1 : 2;
    const int x = as_file ? axis_of(r, FVI_AXIS_WIDTH) : y + 1;
    if ((!as_file && r->sample.ndim != 4) || y < 0 || x < 0) return;
    if (*h < 0 && r->sample.dim[y] <= FVI_INPUT_SIZE_MAX) *h = r->sample.dim[y];
    if (*w < 0 && r->sample.dim[x] <= FVI_INPUT_SIZE_MAX) *w = r->sample.dim[x];
}

/* Where the file leaves the size open and nobody says it. */
static void assume_size(resolver *r, int64_t *h, int64_t *w) {
    const int stride = MAX(r->spec.stride, 1);
    if (*h < 0) *h = *w > 0 ? *w : (SIZE_ASSUMED + stride - 1) / stride * stride;
    if (*w < 0) *w = *h;
    r->size_assumed = 1;
    fvi_input_assume(r->assumed, "size %dx%d", (int)*h, (int)*w);
}

static void check_stride(resolver *r) {
    const int stride = MAX(r->spec.stride, 1);
    if (r->in.height % stride == 0 && r->in.width % stride == 0) return;
    fvi_input_remark(&r->spec, "size %dx%d is no multiple of %d, the stride that its metadata give",
                     r->in.height, r->in.width, stride);
}

static void assume_picture(resolver *r) {
    const char *colours = r->in.channels == 1 ? "grey " : "";
    if (!r->axes.guessed || r->told.channels) return;
    fvi_input_assume(r->assumed, "input \"%s\" is a %spicture of %dx%d", r->in.name, colours,
                     r->in.height, r->in.width);
}

static fv_status resolve_size(resolver *r) {
    const int y = axis_of(r, FVI_AXIS_HEIGHT), x = axis_of(r, FVI_AXIS_WIDTH);
    int64_t h = r->told.channels ? r->told.height : r->in.dim[y];
    int64_t w = r->told.channels ? r->told.width : r->in.dim[x];
    const int is_free = h < 0 || w < 0;
    if (h > FVI_INPUT_SIZE_MAX || w > FVI_INPUT_SIZE_MAX)
        return fvi_fail(r->err, FV_FORMAT,
                        "%s: input \"%s\" is %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
                        " pixels; at most %d on a side",
                        r->base, r->in.name, h, w, FVI_INPUT_SIZE_MAX);
    if (!is_free) drop_hint(r);
    if (!r->spec.height) take_sample(r, &h, &w);
    if (!r->spec.height && (h < 0 || w < 0)) assume_size(r, &h, &w);
    r->in.height = r->spec.height ? r->spec.height : (int)h;
    r->in.width = r->spec.height ? r->spec.width : (int)w;
    if (is_free) check_stride(r);
    assume_picture(r);
    return FV_OK;
}

/* Reads the shape that the caller says the input has as a picture. */
static fv_status read_told(const fv_model_desc *d, fvi_told_shape *out, fv_error *err) {
    const int *s = d ? d->shape : NULL;
    if (!d || (!s[0] && !s[1] && !s[2] && !d->shape_channels_last)) return FV_OK;
    for (int i = 0; i < 3; i++)
        if (s[i] < 1 || s[i] > FVI_INPUT_SIZE_MAX)
            return fvi_fail(err, FV_ARG,
                            "option shape is %dx%dx%d; three sizes of 1 to %d are allowed", s[0],
                            s[1], s[2], FVI_INPUT_SIZE_MAX);
    if (d->shape_channels_last < 0 || d->shape_channels_last > 1)
        return fvi_fail(err, FV_ARG, "option shape_channels_last is %d; 0 and 1 are allowed",
                        d->shape_channels_last);
    if (d->size && (d->size != s[1] || d->size != s[2]))
        return fvi_fail(err, FV_ARG, "option size is %d, and shape %dx%dx%d; one is allowed",
                        d->size, s[0], s[1], s[2]);
    *out = (fvi_told_shape){s[0], s[1], s[2], d->shape_channels_last != 0};
    return FV_OK;
}

/* Lays under the spec what files beside the model's say, and the class names that its own operators
 * hold: texts count before a list that lies beside it, integers after. */
static void gather_near(resolver *r, fvi_input_spec *spec) {
    int are_texts = 0;
    fvi_input_spec near = {0}, own = {0};
    const fvi_reader *reader = r->file->reader;
    fvi_input_from_configs(r->file, &near);
    near.labels_are_found = near.labels != NULL;
    if (reader->class_names)
        own.labels = reader->class_names(r->file, &are_texts, &own.from[FVI_PART_LABELS]);
    own.labels_are_found = own.labels != NULL;
    fvi_input_spec_merge(spec, are_texts ? &own : &near);
    fvi_input_spec_merge(spec, are_texts ? &near : &own);
    fvi_input_spec_clear(&near);
    fvi_input_spec_clear(&own);
}

static fv_status gather_spec(resolver *r, const fv_model_desc *desc) {
    fvi_input_spec side = {0}, file = {0};
    fv_status st = fvi_input_from_sidecar(r->file, &side, r->err);
    if (!st) st = fvi_input_from_metadata(r->file, &file, r->err);
    fvi_input_spec_source(&file, "metadata");
    if (!st) fvi_input_spec_merge(&side, &file);
    fvi_input_spec_clear(&file);
    if (!st) gather_near(r, &side);
    r->spec = side;
    if (st || !desc) return st;
    if (desc->input) {
        g_free(r->spec.input);
        r->spec.input = g_strdup(desc->input);
    }
    /* The length of the options' lists is known once the input is. */
    resolver shape = *r;
    shape.assumed = g_string_new(NULL);
    st = resolve_shape(&shape);
    g_string_free(shape.assumed, TRUE);
    fvi_input_spec options = {0};
    if (!st) st = from_options(desc, shape.in.channels, &options, r->err);
    fvi_input_spec_source(&options, "option");
    if (!st) {
        fvi_input_spec_merge(&options, &r->spec);
        fvi_input_spec old = r->spec;
        r->spec = options;
        options = old;
    }
    fvi_input_spec_clear(&options);
    return st;
}

/* The shape of an array without empty axes; else ndim -1. */
static fvi_shape sample_shape(const fv_tensor *t) {
    fvi_shape s = {.ndim = t->ndim};
    for (int i = 0; i < s.ndim; i++) {
        s.dim[i] = t->dim[i];
        if (s.dim[i] < 1) return (fvi_shape){.ndim = -1};
    }
    return s;
}

fv_status fvi_input_resolve(const fvi_model_file *f, const fv_model_desc *desc, fvi_input_info *out,
                            fv_error *err) {
    resolver r = {.file = f, .base = f->base, .err = err, .sample = {.ndim = -1}};
    if (desc && desc->sample) r.sample = sample_shape(desc->sample);
    r.assumed = g_string_new(NULL);
    fv_status st = read_told(desc, &r.told, err);
    if (!st) st = gather_spec(&r, desc);
    if (!st) st = resolve_shape(&r);
    if (!st && r.in.is_image) st = resolve_size(&r);
    if (st) {
        fvi_input_spec_clear(&r.spec);
        g_string_free(r.assumed, TRUE);
        return st;
    }
    *out = (fvi_input_info){.in = r.in,
                            .axes = r.axes,
                            .labels = r.spec.labels,
                            .size_assumed = r.size_assumed,
                            .sample = r.sample,
                            .spec = r.spec,
                            .type = r.type,
                            .notes = r.assumed};
    out->spec.labels = NULL;
    return FV_OK;
}

void fvi_input_info_clear(fvi_input_info *i) {
    g_free(i->assumed);
    fvi_labels_free(i->labels);
    fvi_input_spec_clear(&i->spec);
    if (i->parts) g_ptr_array_free(i->parts, TRUE);
    if (i->notes) g_string_free(i->notes, TRUE);
    *i = (fvi_input_info){0};
}
