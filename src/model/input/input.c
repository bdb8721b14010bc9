/* SPDX-License-Identifier: Apache-2.0 */
/* Which input takes the picture, and how it is computed from pixels.
 *
 *   x[c] = (pixel[c] * range - mean[c]) * scale[c]        pixel in 0..1
 *
 * Every source (options, sidecar, metadata) fills a spec. Of each field the source of the highest
 * priority counts. What no source says follows from the shape of the file's input, or is assumed:
 * the picture is normalised with ImageNet's mean and deviation as PyTorch's models want it, to
 * -1..1 where the input is channels-last as TensorFlow's mostly are. What was assumed is put into
 * one sentence.
 *
 * What it does not do: guess from the weights what the network was trained on.
 */
#include "model/input/input.h"

#include <math.h>
#include <string.h>

#include <glib.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/input/metadata.h"
#include "model/input/sidecar.h"

#define SIZE_ASSUMED 224

static const float imagenet_mean[3] = {0.485f, 0.456f, 0.406f}; /* RGB, as torchvision's models */
static const float imagenet_std[3] = {0.229f, 0.224f, 0.225f};

/* ---- the file's inputs ---------------------------------------------------------------------- */

static int is_pixel_type(int type) {
    return type == FVI_F32 || type == FVI_F16 || type == FVI_BF16 || type == FVI_F64 ||
           type == FVI_U8 || !type;
}

static int64_t conv_channels(const fvi_model_file *f, const char *input, int *ndim) {
    return f->reader->input_channels ? f->reader->input_channels(f, input, ndim) : 0;
}

/* How likely an input is the one that the network looks at. */
static int likelihood(const fvi_model_input *in) {
    if (in->unread) return 0;
    if (in->shape.ndim == 4 && is_pixel_type(in->type)) return 4;
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

/* Fills with `low` what `high` leaves open. */
static void spec_merge(fvi_input_spec *high, fvi_input_spec *low) {
#define TAKE(member, is_open)                        \
    if (is_open) {                                   \
        high->member = low->member;                  \
        memset(&low->member, 0, sizeof low->member); \
    }
    TAKE(width, !high->height)
    TAKE(height, !high->height)
    TAKE(channel_order, !high->channel_order)
    TAKE(layout, !high->layout)
    TAKE(range, high->range == 0)
    TAKE(input, !high->input)
    TAKE(mean, !high->mean.n)
    TAKE(scale, !high->scale.n)
    TAKE(labels, !high->labels)
#undef TAKE
}

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

/* Reads the options. `channels` is the length of the lists. */
static fv_status from_options(const fv_model_desc *d, int channels, fvi_input_spec *s,
                              fv_error *err) {
    if (d->size < 0 || d->size > FVI_INPUT_SIZE_MAX)
        return fvi_fail(err, FV_ARG, "option size is %d; 1 to %d are allowed", d->size,
                        FVI_INPUT_SIZE_MAX);
    if (d->channel_order < 0 || d->channel_order > FV_BGR)
        return fvi_fail(err, FV_ARG, "option channel_order is %d; FV_RGB and FV_BGR are allowed",
                        d->channel_order);
    if (!(d->range >= 0) || isinf(d->range))
        return fvi_fail(err, FV_ARG, "option range is %g; a number above 0 is allowed", d->range);
    s->input = g_strdup(d->input);
    s->height = s->width = d->size;
    s->channel_order = d->channel_order;
    s->range = d->range;
    fv_status st = option_per_channel(d->mean, channels, "option mean", &s->mean, err);
    if (!st) st = option_per_channel(d->scale, channels, "option scale", &s->scale, err);
    if (!st && d->class_count)
        return fvi_labels_from_array(d->class_names, d->class_count, &s->labels, err);
    if (!st && d->labels) st = fvi_labels_load(d->labels, &s->labels, err);
    return st;
}

/* ---- resolving ------------------------------------------------------------------------------ */

typedef struct resolver {
    const fvi_model_file *file;
    const char *base; /* of the model's file, for messages */
    fvi_input_spec spec;
    fv_input in;
    int size_assumed;
    GString *assumed;
    fv_error *err;
} resolver;

static void assume(resolver *r, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void assume(resolver *r, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (r->assumed->len) g_string_append(r->assumed, ", ");
    g_string_append_vprintf(r->assumed, format, args);
    va_end(args);
}

static int few_channels(int64_t n) { return n == 1 || n == 3 || n == 4; }

/* The order of a picture's axes, and how many channels it has. `channels`: as the convolution that
 * reads it wants them, 0 where none does. */
static fv_status resolve_channels(resolver *r, int64_t channels) {
    const int64_t *dim = r->in.dim;
    int last = few_channels(dim[3]) && !few_channels(dim[1]) && !channels;
    r->in.channels_last = r->spec.layout ? r->spec.layout == FVI_NHWC : last;
    int64_t said = dim[r->in.channels_last ? 3 : 1];
    if (said < 0 && !channels) assume(r, "3 channels");
    said = said > 0 ? said : channels ? channels : 3;
    if (said > INT32_MAX)
        return fvi_fail(r->err, FV_FORMAT, "%s: input \"%s\" has %" G_GINT64_FORMAT " channels",
                        r->base, r->in.name, said);
    r->in.channels = (int)said;
    return FV_OK;
}

/* The input's shape, whether it is a picture, and the order of its axes. */
static fv_status resolve_shape(resolver *r, int *type) {
    const fvi_model_input *v = choose_input(r->file, r->spec.input);
    if (!v && r->spec.input)
        return fvi_fail(r->err, FV_NOTFOUND, "%s: there is no input \"%s\"", r->base,
                        r->spec.input);
    r->in.name = "";
    if (!v) return FV_OK; /* a graph of constants */
    fvi_shape s = v->shape;
    int conv_ndim = 0;
    *type = v->type;
    if (!r->spec.layout) r->spec.layout = v->layout;
    int64_t channels = conv_channels(r->file, v->name, &conv_ndim);
    if (s.ndim < 0) { /* the file says nothing: as many axes as the convolution wants */
        s = (fvi_shape){.ndim = conv_ndim};
        for (int i = 0; i < s.ndim; i++) s.dim[i] = -1;
    }
    r->in.name = v->name;
    r->in.ndim = s.ndim;
    memcpy(r->in.dim, s.dim, sizeof s.dim);
    r->in.is_image = s.ndim == 4 && is_pixel_type(*type);
    return r->in.is_image ? resolve_channels(r, channels) : FV_OK;
}

static fv_status resolve_size(resolver *r) {
    int64_t h = r->in.dim[r->in.channels_last ? 1 : 2], w = r->in.dim[r->in.channels_last ? 2 : 3];
    if (h > FVI_INPUT_SIZE_MAX || w > FVI_INPUT_SIZE_MAX)
        return fvi_fail(r->err, FV_FORMAT,
                        "%s: input \"%s\" is %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
                        " pixels; at most %d on a side",
                        r->base, r->in.name, h, w, FVI_INPUT_SIZE_MAX);
    if (!r->spec.height && (h < 0 || w < 0)) {
        if (h < 0) h = w > 0 ? w : SIZE_ASSUMED;
        if (w < 0) w = h;
        r->size_assumed = 1;
        assume(r, "size %dx%d", (int)h, (int)w);
    }
    r->in.height = r->spec.height ? r->spec.height : (int)h;
    r->in.width = r->spec.height ? r->spec.width : (int)w;
    return FV_OK;
}

static fv_status per_channel(resolver *r, const fvi_per_channel *p, float otherwise, float *out) {
    int n = r->in.channels < 4 ? r->in.channels : 4;
    if (p->n > 1 && p->n != r->in.channels)
        return fvi_fail(r->err, FV_FORMAT, "%s has %d numbers; input \"%s\" has %d channel%s",
                        p->from, p->n, r->in.name, r->in.channels, r->in.channels == 1 ? "" : "s");
    for (int i = 0; i < n; i++) out[i] = !p->n ? otherwise : p->n == 1 ? p->v[0] : p->v[i];
    return FV_OK;
}

/* Assumes a normalisation where no source has one. */
static void assume_normalisation(resolver *r, int type) {
    fv_input *in = &r->in;
    in->range = 1;
    if (type == FVI_U8) { /* bytes can only be pixels */
        in->range = 255;
    } else if (in->channels == 3 && in->channels_last) {
        in->range = 255;
        for (int i = 0; i < 3; i++) in->mean[i] = 127.5f, in->scale[i] = 1 / 127.5f;
        assume(r, "values -1..1");
    } else if (in->channels == 3) {
        for (int i = 0; i < 3; i++) {
            int c = in->channel_order == FV_BGR ? 2 - i : i;
            in->mean[i] = imagenet_mean[c];
            in->scale[i] = 1 / imagenet_std[c];
        }
        assume(r, "values 0..1 normalised as for ImageNet (mean 0.485 0.456 0.406, "
                  "std 0.229 0.224 0.225)");
    } else {
        assume(r, "values 0..1");
    }
}

static fv_status resolve_values(resolver *r, int type) {
    const fvi_input_spec *s = &r->spec;
    r->in.channel_order = s->channel_order ? s->channel_order : FV_RGB;
    if (!s->channel_order && r->in.channels == 3) assume(r, "channel order RGB");
    fv_status st = per_channel(r, &s->mean, 0, r->in.mean);
    if (!st) st = per_channel(r, &s->scale, 1, r->in.scale);
    if (st) return st;
    if (s->range == 0 && !s->mean.n && !s->scale.n) {
        assume_normalisation(r, type);
        return FV_OK;
    }
    r->in.range = s->range;
    if (s->range == 0) { /* a mean of 104 can only be meant for 0..255 */
        int bytes = 0;
        for (int i = 0; i < s->mean.n; i++) bytes |= fabsf(s->mean.v[i]) > 2;
        r->in.range = bytes ? 255 : 1;
        assume(r, "range 0..%g", r->in.range);
    }
    return FV_OK;
}

static fv_status resolve(resolver *r) {
    int type = 0;
    fv_status st = resolve_shape(r, &type);
    if (st || !r->in.is_image) return st;
    st = resolve_size(r);
    if (!st) st = resolve_values(r, type);
    return st;
}

static fv_status gather_spec(resolver *r, const fv_model_desc *desc) {
    fvi_input_spec side = {0}, file = {0};
    fv_status st = fvi_input_from_sidecar(r->file, &side, r->err);
    if (!st) st = fvi_input_from_metadata(r->file, &file, r->err);
    if (!st) spec_merge(&side, &file);
    fvi_input_spec_clear(&file);
    r->spec = side;
    if (st || !desc) return st;
    if (desc->input) {
        g_free(r->spec.input);
        r->spec.input = g_strdup(desc->input);
    }
    /* The length of the options' lists is known once the input is. */
    resolver shape = *r;
    shape.assumed = g_string_new(NULL);
    int type;
    st = resolve_shape(&shape, &type);
    g_string_free(shape.assumed, TRUE);
    fvi_input_spec options = {0};
    if (!st) st = from_options(desc, shape.in.channels, &options, r->err);
    if (!st) {
        spec_merge(&options, &r->spec);
        fvi_input_spec old = r->spec;
        r->spec = options;
        options = old;
    }
    fvi_input_spec_clear(&options);
    return st;
}

fv_status fvi_input_resolve(const fvi_model_file *f, const fv_model_desc *desc, fvi_input_info *out,
                            fv_error *err) {
    resolver r = {.file = f, .base = f->base, .err = err};
    r.assumed = g_string_new(NULL);
    fv_status st = gather_spec(&r, desc);
    if (!st) st = resolve(&r);
    if (!st) {
        fvi_input_info i = {.in = r.in, .labels = r.spec.labels, .size_assumed = r.size_assumed};
        r.spec.labels = NULL;
        if (r.assumed->len)
            i.assumed = g_strdup_printf("nothing says how %s wants its pictures; assumed: %s",
                                        r.base, r.assumed->str);
        i.in.assumed = i.assumed;
        *out = i;
    }
    fvi_input_spec_clear(&r.spec);
    g_string_free(r.assumed, TRUE);
    return st;
}

void fvi_input_info_clear(fvi_input_info *i) {
    g_free(i->assumed);
    fvi_labels_free(i->labels);
    *i = (fvi_input_info){0};
}
