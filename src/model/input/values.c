/* SPDX-License-Identifier: Apache-2.0 */
/* Which numbers a network wants of a picture.
 *
 * What a source says counts. Else what the graph does to its input says whether it takes 0..255,
 * 0..1 or -1..1 (own_steps.h), and nothing is added. Else the picture is normalised with ImageNet's
 * mean and deviation as PyTorch's models want it, to -1..1 where the input is channels-last as
 * TensorFlow's mostly are. What was read off the graph and what was assumed is put into one
 * sentence, and every property into a list with its source.
 *
 * What it does not do: guess from the weights what the network was trained on.
 */
#include "model/input/values.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "graph/const.h"
#include "model/input/own_steps.h"

static const float imagenet_mean[3] = {0.485f, 0.456f, 0.406f}; /* RGB, as torchvision's models */
static const float imagenet_std[3] = {0.229f, 0.224f, 0.225f};

#define PAD_GREY   (114.0f / 255) /* as detectors of the YOLO family are fed */
#define CROP_RATIO 0.875f         /* 224 of 256: the usual ImageNet evaluation */

static const char assumed[] = "assumed";

typedef struct values {
    const char *base; /* of the model's file, for messages */
    fvi_input_info *i;
    char *found;        /* what the graph says, a clause; or NULL */
    char *range_source; /* of the numbers, where no source has them */
    const char *order_source;
    fv_error *err;
} values;

/* ---- numbers -------------------------------------------------------------------------------- */

static fv_status per_channel(values *v, fvi_per_channel *p, fvi_input_part part, float otherwise,
                             float *out) {
    const fv_input *in = &v->i->in;
    int n = in->channels < 4 ? in->channels : 4;
    if (p->n > 1 && p->n != in->channels && p->is_hint) {
        fvi_input_remark(&v->i->spec, "%s has %d numbers, which do not fit %d channel%s", p->from,
                         p->n, in->channels, in->channels == 1 ? "" : "s");
        p->n = 0;
        g_clear_pointer(&v->i->spec.from[part], g_free);
    }
    if (p->n > 1 && p->n != in->channels)
        return fvi_fail(v->err, FV_FORMAT,
                        "%s has %d numbers; input \"%s\" has %d channel%s; allowed: 1, or one a "
                        "channel",
                        p->from, p->n, in->name, in->channels, in->channels == 1 ? "" : "s");
    for (int i = 0; i < n; i++) out[i] = !p->n ? otherwise : p->n == 1 ? p->v[0] : p->v[i];
    return FV_OK;
}

static void set_signed(fv_input *in) {
    in->range = 255;
    for (int i = 0; i < 4 && i < in->channels; i++) in->mean[i] = 127.5f, in->scale[i] = 1 / 127.5f;
}

static void set_imagenet(fv_input *in) {
    in->range = 1;
    for (int i = 0; i < 3; i++) {
        int c = in->channel_order == FV_BGR ? 2 - i : i;
        in->mean[i] = imagenet_mean[c];
        in->scale[i] = 1 / imagenet_std[c];
    }
}

/* Whether the input's elements are whole numbers, which no normalised pixel is. */
static int is_whole(const values *v) {
    return v->i->type && fvi_dtype_is_int((fvi_dtype)v->i->type);
}

/* The pixels that an integer can hold: bytes, of int8 less 128, of bool black and white. */
static void set_whole(values *v) {
    fv_input *in = &v->i->in;
    const int type = v->i->type;
    in->range = type == FVI_BOOL ? 1 : 255;
    for (int c = 0; type == FVI_I8 && c < 4 && c < in->channels; c++) in->mean[c] = 128;
    g_free(v->range_source);
    v->range_source = g_strdup_printf("the file's input: %s", fvi_dtype_name((fvi_dtype)type));
    if (type != FVI_U8)
        fvi_input_assume(v->i->notes, "%s (its elements are %s)",
                         type == FVI_BOOL ? "pixels 0 and 1"
                         : type == FVI_I8 ? "pixels 0..255 less 128"
                                          : "pixels 0..255",
                         fvi_dtype_name((fvi_dtype)type));
}

/* Assumes a normalisation where neither a source nor the graph has one. */
static void assume_normalisation(values *v) {
    fv_input *in = &v->i->in;
    in->range = 1;
    v->range_source = g_strdup(assumed);
    if (is_whole(v)) {
        set_whole(v);
    } else if (in->channels == 3 && in->channels_last) {
        set_signed(in);
        fvi_input_assume(v->i->notes, "values -1..1");
    } else if (in->channels == 3) {
        set_imagenet(in);
        fvi_input_assume(v->i->notes,
                         "values 0..1 normalised as for ImageNet (mean 0.485 0.456 0.406, "
                         "std 0.229 0.224 0.225)");
    } else {
        fvi_input_assume(v->i->notes, "values 0..1");
    }
}

/* What the channels are, where photos can be given to them and nothing says it. */
static void assume_channels(values *v) {
    if (v->i->in.channels == 4)
        fvi_input_assume(v->i->notes, "4 channels are red, green, blue and alpha");
}

static const char *const wanted_text[] = {"", "0..255", "0..1", "-1..1",
                                          "normalised as for ImageNet"};

static void use_wanted(values *v, fvi_wanted wanted, const char *node) {
    fv_input *in = &v->i->in;
    if (wanted == FVI_WANTED_SIGNED) set_signed(in);
    if (wanted == FVI_WANTED_IMAGENET) set_imagenet(in);
    if (wanted == FVI_WANTED_BYTES) in->range = 255;
    if (wanted == FVI_WANTED_UNIT) in->range = 1;
    v->range_source = g_strdup_printf("layer \"%s\"", node);
}

/* "x * 0.00392157 - 1", with the numbers of the first channel; of quantised pixels they are not
 * exactly 1 and 0. */
static char *steps_text(const fvi_own_steps *s) {
    const int scaled = fabs(s->factor[0] - 1) > 1e-6, shifted = fabs(s->offset[0]) > 1e-6;
    const int clipped = isfinite(s->low) && isfinite(s->high), bracket = scaled || shifted;
    GString *t = g_string_new("x");
    if (clipped)
        g_string_printf(t, bracket ? "(x clipped to %.4g..%.4g)" : "x clipped to %.4g..%.4g",
                        s->low, s->high);
    if (scaled) g_string_append_printf(t, " * %g", s->factor[0]);
    if (shifted)
        g_string_append_printf(t, " %c %g", s->offset[0] < 0 ? '-' : '+', fabs(s->offset[0]));
    return g_string_free(t, FALSE);
}

static int is_reversed(const fvi_own_steps *s) {
    return s->n == 3 && s->source[0] == 2 && s->source[1] == 1 && s->source[2] == 0;
}

/* ---- resolving ------------------------------------------------------------------------------ */

static void resolve_order(values *v, const fvi_own_steps *own, int order) {
    fv_input *in = &v->i->in;
    const fvi_input_spec *s = &v->i->spec;
    in->channel_order = s->channel_order ? s->channel_order : order ? order : FV_RGB;
    v->order_source = s->channel_order ? s->from[FVI_PART_ORDER]
                      : order          ? "means in the graph"
                                       : assumed;
    if (!s->channel_order && !order && in->channels == 3)
        fvi_input_assume(v->i->notes, "channel order RGB%s",
                         is_reversed(own) ? " (the graph reverses it)" : "");
}

/* Whether pixels that a source describes are about those that fit the graph. */
static int agrees(const fv_input *in, fvi_wanted wanted) {
    const double low = (0 - in->mean[0]) * in->scale[0],
                 high = (in->range - in->mean[0]) * in->scale[0];
    const int bytes = high - low > 64;
    if (wanted == FVI_WANTED_BYTES) return bytes;
    return !bytes && (wanted == FVI_WANTED_UNIT ? low >= -0.01 : low < 0);
}

/* A source has some of the numbers: a mean of 104 can only be meant for 0..255. */
static void resolve_range(values *v) {
    const fvi_input_spec *s = &v->i->spec;
    v->i->in.range = s->range;
    if (s->range != 0) return;
    int bytes = 0;
    for (int i = 0; i < s->mean.n; i++) bytes |= fabsf(s->mean.v[i]) > 2;
    v->i->in.range = bytes ? 255 : 1;
    v->range_source = g_strdup(assumed);
    fvi_input_assume(v->i->notes, "range 0..%g", v->i->in.range);
}

static fv_status resolve_numbers(values *v, const fvi_own_steps *own, fvi_wanted wanted) {
    fvi_input_spec *s = &v->i->spec;
    fv_input *in = &v->i->in;
    const int said = s->range != 0 || s->mean.n || s->scale.n;
    if (is_whole(v)) wanted = FVI_WANTED_OPEN; /* the type says it */
    fv_status st = per_channel(v, &s->mean, FVI_PART_MEAN, 0, in->mean);
    if (!st) st = per_channel(v, &s->scale, FVI_PART_SCALE, 1, in->scale);
    if (st) return st;
    if (said)
        resolve_range(v);
    else if (wanted)
        use_wanted(v, wanted, own->node);
    else
        assume_normalisation(v);
    if (!wanted || (said && agrees(in, wanted))) return FV_OK;
    char *steps = steps_text(own);
    v->found = g_strdup_printf("its layers up to \"%s\" compute %s, which fits pixels %s",
                               own->node, steps, wanted_text[wanted]);
    g_free(steps);
    return FV_OK;
}

/* The colour around a photo that is padded. */
static void resolve_padding(const fvi_input_spec *s, fv_input *in) {
    for (int c = 0; c < 3; c++) {
        const int k = in->channels != 3 ? 0 : in->channel_order == FV_BGR ? 2 - c : c;
        in->pad_color[c] = s->pad == FVI_PAD_COLOR ? s->pad_color[c] : PAD_GREY;
        if (s->pad == FVI_PAD_ZERO) in->pad_color[c] = CLAMP(in->mean[k] / in->range, 0, 1);
    }
}

/* ---- the list of parts ---------------------------------------------------------------------- */

static void part_free(gpointer p) {
    fv_input_part *part = p;
    g_free((char *)part->part);
    g_free((char *)part->value);
    g_free((char *)part->source);
    g_free(part);
}

/* Takes `value`, which is g_malloc'ed. */
static void part_add(values *v, const char *part, char *value, const char *source) {
    fv_input_part *p = g_new0(fv_input_part, 1);
    *p = (fv_input_part){g_strdup(part), value, g_strdup(source ? source : "the file's input")};
    g_ptr_array_add(v->i->parts, p);
}

static char *numbers_text(const fv_input *in, const float *x, int invert) {
    GString *t = g_string_new(NULL);
    int n = in->channels < 4 ? in->channels : 4, same = 1;
    for (int i = 1; i < n; i++) same = same && x[i] == x[0];
    for (int i = 0; i < (same ? 1 : n); i++)
        g_string_append_printf(t, "%s%.6g", i ? " " : "", (double)(invert ? 1 / x[i] : x[i]));
    return g_string_free(t, FALSE);
}

static char *fit_text(const fv_input *in) {
    if (in->fit == FV_FIT_STRETCH) return g_strdup("stretch");
    if (in->fit == FV_FIT_PAD) return g_strdup("pad");
    return g_strdup_printf("crop %g", (double)in->crop_ratio);
}

static char *pad_text(const fv_input *in) {
    int rgb[3];
    for (int c = 0; c < 3; c++) rgb[c] = (int)lrintf(255 * in->pad_color[c]);
    if (rgb[0] == rgb[1] && rgb[1] == rgb[2]) return g_strdup_printf("grey %d", rgb[0]);
    return g_strdup_printf("#%02x%02x%02x", (unsigned)rgb[0], (unsigned)rgb[1], (unsigned)rgb[2]);
}

static const char *fit_source(char *const *from) {
    if (from[FVI_PART_FIT]) return from[FVI_PART_FIT];
    return from[FVI_PART_CROP] ? from[FVI_PART_CROP] : "default";
}

static void list_picture(values *v) {
    const fv_input *in = &v->i->in;
    char *const *from = v->i->spec.from;
    const char *numbers = v->range_source ? v->range_source : NULL;
    part_add(v, "size", g_strdup_printf("%dx%dx%d", in->channels, in->height, in->width),
             v->i->size_assumed ? assumed : from[FVI_PART_SIZE]);
    part_add(v, "fit", fit_text(in), fit_source(from));
    if (in->fit == FV_FIT_PAD)
        part_add(v, "padding", pad_text(in), from[FVI_PART_PAD] ? from[FVI_PART_PAD] : "default");
    part_add(v, "layout", g_strdup(in->channels_last ? "channels last" : "channels first"),
             from[FVI_PART_LAYOUT]);
    if (in->channels == 3)
        part_add(v, "channel order", g_strdup(in->channel_order == FV_BGR ? "BGR" : "RGB"),
                 v->order_source);
    part_add(v, "range", g_strdup_printf("0..%g", (double)in->range),
             from[FVI_PART_RANGE] ? from[FVI_PART_RANGE] : numbers);
    part_add(v, "mean", numbers_text(in, in->mean, 0),
             from[FVI_PART_MEAN] ? from[FVI_PART_MEAN]
             : numbers           ? numbers
                                 : "none given");
    part_add(v, "std", numbers_text(in, in->scale, 1),
             from[FVI_PART_SCALE] ? from[FVI_PART_SCALE]
             : numbers            ? numbers
                                  : "none given");
}

static void list_parts(values *v) {
    char *const *from = v->i->spec.from;
    part_add(v, "input", g_strdup(v->i->in.name), from[FVI_PART_INPUT]);
    if (v->i->in.is_image) list_picture(v);
    const int guessed = v->i->notes->len > 0;
    if (v->i->axes.time_first)
        part_add(v, "first axis", g_strdup(guessed ? "time, 1 step" : "time"),
                 guessed ? assumed : "its recurrent layer");
    if (v->i->labels)
        part_add(v, "classes", g_strdup_printf("%d names", v->i->labels->count),
                 from[FVI_PART_LABELS]);
}

static char *sentence(const values *v) {
    const GString *notes = v->i->notes;
    const char *remarks = v->i->spec.remarks;
    static const char *const of_picture[] = {"nothing says how ", " wants its pictures"};
    static const char *const of_sequence[] = {"", " leaves sizes of its input open"};
    const char *const *nothing = v->i->in.is_image ? of_picture : of_sequence;
    GString *t = g_string_new(NULL);
    if (remarks || v->found) g_string_append_printf(t, "%s: ", v->base);
    if (remarks) g_string_append(t, remarks);
    if (remarks && v->found) g_string_append(t, "; ");
    if (v->found) g_string_append(t, v->found);
    if (!v->found && notes->len)
        g_string_append_printf(t, "%s%s%s%s", remarks ? "; " : "", nothing[0],
                               remarks ? "it" : v->base, nothing[1]);
    if (notes->len) g_string_append_printf(t, "; assumed: %s", notes->str);
    return g_string_free(t, t->len == 0);
}

/* ---- class names ---------------------------------------------------------------------------- */

/* Whether axis k counts `count` classes, where there are three axes or more perhaps with a
 * detector's 4 or 5 numbers of a box. A length of 1 counts where the classes are: right behind the
 * samples, or last of a map. */
static int counts_classes(const fvi_shape *s, int k, int count) {
    const int boxes = s->ndim > 2 && (s->dim[k] == count + 4 || s->dim[k] == count + 5);
    if (count > 1 || boxes) return boxes || s->dim[k] == count;
    return s->dim[k] == 1 && (k <= 1 || (k == s->ndim - 1 && s->dim[k - 1] != 1));
}

/* The value that v chooses or sorts numbers of (ArgMax, TopK), rounds, or moves whose shape is
 * known when it runs only; -1: it does not. */
static int chosen_from(const fvi_graph *g, int v) {
    const int producer = g->values[v].producer;
    if (producer < 0 || !g->nodes[producer].n_in) return -1;
    const fvi_node *n = &g->nodes[producer];
    const int is_open = n->kind == FVI_OPAQUE && n->a.opaque.gives != FVI_OPAQUE_ANYTHING;
    const int is_cast = n->n_in == 1 && g->values[n->in[0]].is_integer;
    return is_open || is_cast || g->values[v].is_integer ? n->in[0] : -1;
}

/* Whether an axis of a value has that many classes. */
static int has_classes(const fvi_graph *g, int v, int count) {
    const fvi_shape *s = &g->values[v].shape;
    if (s->ndim < 0) return chosen_from(g, v) < 0; /* not known, nor what it depends on */
    for (int k = s->ndim > 1; k < s->ndim; k++)    /* the first counts samples */
        if (counts_classes(s, k, count)) return 1;
    return 0;
}

/* Whether an output of the graph has that many classes, or what it chooses the best of. */
static int fits_an_output(const fvi_graph *g, int count) {
    for (int i = 0; i < g->n_outputs; i++)
        for (int v = g->outputs[i]; v >= 0; v = chosen_from(g, v))
            if (has_classes(g, v, count)) return 1;
    return 0;
}

/* Whether the last axis of an output is that long. */
static int ends_an_output(const fvi_graph *g, int count) {
    for (int i = 0; i < g->n_outputs; i++) {
        const fvi_shape *s = &g->values[g->outputs[i]].shape;
        if (s->ndim > 1 && s->dim[s->ndim - 1] == count) return 1;
    }
    return 0;
}

/* Names whose dictionary begins at 1, of a network that counts its classes from 0. */
static void shift_labels(values *v, const fvi_graph *g) {
    fvi_labels *l = v->i->labels;
    if (l->count < 2 || l->name[0][0] || fits_an_output(g, l->count)) return;
    if (!fits_an_output(g, l->count - 1)) return;
    g_free(l->name[0]);
    l->count--;
    memmove(l->name, l->name + 1, (size_t)l->count * sizeof *l->name);
    fvi_input_remark(&v->i->spec, "%s begins at 1; class 0 is taken as its first, \"%.40s\"",
                     v->i->spec.from[FVI_PART_LABELS], l->name[0]);
}

/* A reader of text has a blank before its characters, and perhaps a space behind them. */
static void add_blank(values *v, const fvi_graph *g) {
    fvi_labels *old = v->i->labels;
    const int n = old->count;
    if (!v->i->spec.labels_are_characters || fits_an_output(g, n)) return;
    const int space = ends_an_output(g, n + 2);
    if (!space && !ends_an_output(g, n + 1)) return;
    char **names = g_new0(char *, n + 2);
    names[0] = g_strdup("blank");
    for (int i = 0; i < n; i++) names[i + 1] = g_strdup(old->name[i]);
    if (space) names[n + 1] = g_strdup("space");
    v->i->labels = fvi_labels_take(names, n + 1 + space);
    fvi_labels_free(old);
    fvi_input_remark(&v->i->spec, "class 0 is taken as the blank before the %d characters of %s%s",
                     n, v->i->spec.from[FVI_PART_LABELS], space ? ", the last as the space" : "");
}

/* Takes another reading of the lines, where the names fit an output in that one only. */
static void read_otherwise(values *v, const fvi_graph *g) {
    const char *what;
    if (fits_an_output(g, v->i->labels->count)) return;
    for (int i = 0;; i++) {
        fvi_labels *other = NULL;
        if (!(what = fvi_labels_reading(v->i->labels, i, &other))) return;
        if (other && other->count && fits_an_output(g, other->count)) {
            fvi_labels_free(v->i->labels);
            v->i->labels = other;
            fvi_input_remark(&v->i->spec, "%s: %s, since %d names fit an output",
                             v->i->spec.from[FVI_PART_LABELS], what, other->count);
            return;
        }
        fvi_labels_free(other);
    }
}

/* Makes the names those of an output. A list that lies there by chance is not used where it fits
 * none; one that was told is, with a remark. */
static void check_labels(values *v, const fvi_graph *g) {
    char **from = &v->i->spec.from[FVI_PART_LABELS];
    if (!v->i->labels || !*from) return;
    if (v->i->labels->remark) fvi_input_remark(&v->i->spec, "%s: %s", *from, v->i->labels->remark);
    shift_labels(v, g);
    add_blank(v, g);
    read_otherwise(v, g);
    if (fits_an_output(g, v->i->labels->count)) return;
    if (!v->i->spec.labels_are_found) {
        fvi_input_remark(&v->i->spec, "%s has %d class name%s, which fit no output", *from,
                         v->i->labels->count, v->i->labels->count == 1 ? "" : "s");
        return;
    }
    fvi_input_assume(v->i->notes, "no class names (%s has %d, which fits no output)", *from,
                     v->i->labels->count);
    fvi_labels_free(v->i->labels);
    v->i->labels = NULL;
    g_clear_pointer(from, g_free);
}

fv_status fvi_input_complete(const fvi_model_file *f, const fvi_graph *g, fvi_input_info *i,
                             fv_error *err) {
    values v = {.base = f->base, .i = i, .err = err};
    fvi_own_steps own = {0};
    fv_status st = FV_OK;
    if (i->in.is_image) {
        int order = 0;
        i->in.fit = i->spec.fit ? (fv_fit)i->spec.fit : FV_FIT_CROP;
        i->in.crop_ratio = i->spec.crop_ratio != 0 ? i->spec.crop_ratio : CROP_RATIO;
        fvi_own_steps_find(g, &i->in, &own);
        const fvi_wanted wanted = fvi_own_steps_judge(&own, i->in.channels, &order);
        resolve_order(&v, &own, order);
        assume_channels(&v);
        st = resolve_numbers(&v, &own, wanted);
        resolve_padding(&i->spec, &i->in);
    }
    if (!st) {
        check_labels(&v, g);
        i->parts = g_ptr_array_new_with_free_func(part_free);
        list_parts(&v);
        i->assumed = sentence(&v);
        i->in.assumed = i->assumed;
    }
    g_free(v.found);
    g_free(v.range_source);
    return st;
}
