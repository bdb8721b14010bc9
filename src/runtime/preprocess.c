/* SPDX-License-Identifier: Apache-2.0 */
/* preprocess: x[c] = (pixel[c] * range - mean[c]) * scale[c], in the network's channel order and
 * layout; and the resize and crop with which classification networks are evaluated.
 */
#include "runtime/preprocess.h"
#include "model/network/lower.h"

#include <glib.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/tensor.h"
#include "graph/const.h"
#include "image/image.h"
#include "runtime/model_state.h"
#include "runtime/session.h"

#define MOST_LONG 16 /* times the window: what is longer is shortened first */

/* The picture's channel for the network's channel c. */
static int source_channel(const fv_input *in, int c) {
    return in->channels >= 3 && c < 3 && in->channels <= 4 && in->channel_order == FV_BGR ? 2 - c
                                                                                          : c;
}

int fvi_is_photo(const fv_input *in) {
    return in->is_image && (in->channels == 1 || in->channels == 3 || in->channels == 4);
}

/* Mean and scale are given for up to four channels; further channels use the last. */
static int parameter(int c) { return c < 4 ? c : 3; }

/* The transformation of one channel. */
typedef struct coding {
    float low, per; /* pixels are mapped to (pixel - low) * per, 0..1, */
    float range;    /* and then ((0..1) * range - mean) * scale */
    float mean, scale;
    int64_t stride; /* between its numbers in the network's input */
} coding;

FVI_WIDE static void encode_piece(coding k, int64_t n, const float *p, float *restrict x) {
    if (k.stride == 1)
#pragma omp simd
        for (int64_t i = 0; i < n; i++)
            x[i] = ((p[i] - k.low) * k.per * k.range - k.mean) * k.scale;
    else
        for (int64_t i = 0; i < n; i++)
            x[i * k.stride] = ((p[i] - k.low) * k.per * k.range - k.mean) * k.scale;
}

FVI_WIDE static void decode_piece(coding k, int64_t n, const float *dx, float *restrict d) {
    const float factor = k.range * k.scale;
    if (k.stride == 1)
#pragma omp simd
        for (int64_t i = 0; i < n; i++) d[i] = dx[i] * factor * k.per;
    else
        for (int64_t i = 0; i < n; i++) d[i] = dx[i * k.stride] * factor * k.per;
}

static coding coding_of(const fv_input *in, int c, float low, float high) {
    return (coding){low,
                    1 / (high - low),
                    in->range,
                    in->mean[parameter(c)],
                    in->scale[parameter(c)],
                    in->channels_last ? in->channels : 1};
}

void fvi_encode_range(const fv_input *in, const float *pixels, float low, float high, int h, int w,
                      float *x) {
    const int64_t plane = (int64_t)h * w;
#pragma omp parallel if (in->channels * plane > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        fvi_thread_share(plane, &from, &to);
        for (int c = 0; c < in->channels; c++) {
            const coding k = coding_of(in, c, low, high);
            const int64_t at = in->channels_last ? c : c * plane; /* of pixel 0 */
            encode_piece(k, to - from, pixels + source_channel(in, c) * plane + from,
                         x + at + from * k.stride);
        }
    }
}

void fvi_encode_range_adjoint(const fv_input *in, const float *dx, float low, float high, int h,
                              int w, float *dpixels) {
    const int64_t plane = (int64_t)h * w;
#pragma omp parallel if (in->channels * plane > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        fvi_thread_share(plane, &from, &to);
        for (int c = 0; c < in->channels; c++) {
            const coding k = coding_of(in, c, low, high);
            const int64_t at = in->channels_last ? c : c * plane;
            decode_piece(k, to - from, dx + at + from * k.stride,
                         dpixels + source_channel(in, c) * plane + from);
        }
    }
}

/* The channels of x in the network's order. */
static int emit_channels(const fv_input *in, fvi_builder *b, int x) {
    const fvi_shape list = {1, {in->channels}};
    int64_t *index = NULL;
    int same = 1;
    for (int c = 0; c < in->channels; c++) same &= source_channel(in, c) == c;
    if (same) return x;
    const int indices = fvi_emit_constant(b, FVI_I64, &list, &index);
    for (int c = 0; indices >= 0 && c < in->channels; c++) index[c] = source_channel(in, c);
    return fvi_emit_gather(b, x, indices, 1);
}

int fvi_encode_emit(const fv_input *in, fvi_builder *b, int pixels, float low, float high) {
    static const int last[] = {0, 2, 3, 1};
    const fvi_shape list = {1, {in->channels}}, shape = fvi_build_shape(b, pixels);
    float *scale = NULL, *shift = NULL;
    const int x = emit_channels(in, b, pixels);
    const int scales = fvi_emit_constant(b, FVI_F32, &list, &scale);
    const int shifts = fvi_emit_constant(b, FVI_F32, &list, &shift);
    for (int c = 0; shifts >= 0 && c < in->channels; c++) {
        const coding k = coding_of(in, c, low, high);
        scale[c] = k.per * k.range * k.scale;
        shift[c] = (-k.low * k.per * k.range - k.mean) * k.scale;
    }
    const int y = fvi_emit(b, FVI_BATCH_NORM, NULL, &shape, 3, (const int[]){x, scales, shifts});
    return in->channels_last ? fvi_emit_transpose(b, y, last) : y;
}

void fvi_encode(const fv_input *in, const float *pixels, int h, int w, float *x) {
    fvi_encode_range(in, pixels, 0, 1, h, w, x);
}

void fvi_encode_adjoint(const fv_input *in, const float *dx, int h, int w, float *dpixels) {
    fvi_encode_range_adjoint(in, dx, 0, 1, h, w, dpixels);
}

/* Rec. 601 luma, as PIL's "L". */
static fv_status to_grey(const fv_image *rgb, fv_image **out, fv_error *err) {
    fv_status st = fv_image_new(1, rgb->height, rgb->width, out, err);
    if (st) return st;
    int64_t plane = (int64_t)rgb->height * rgb->width;
    for (int64_t i = 0; i < plane; i++)
        (*out)->data[i] = fvi_luma(rgb->data[i], rgb->data[plane + i], rgb->data[2 * plane + i]);
    return FV_OK;
}

/* The whole photograph, as large as fits into the input. */
static fvi_crop padded(int h, int w, int height, int width) {
    const double scale = fmin(h / (double)height, w / (double)width);
    const int64_t fh = (int64_t)fmax(1, rint(height * scale));
    const int64_t fw = (int64_t)fmax(1, rint(width * scale));
    return (fvi_crop){fh, fw, -((h - fh) / 2), -((w - fw) / 2)};
}

/* A centre crop of the input's size keeps crop_ratio of the photograph's short side. */
fvi_crop fvi_input_crop(const fv_input *in, int height, int width) {
    const int h = in->height, w = in->width;
    if (in->fit == FV_FIT_STRETCH) return (fvi_crop){h, w, 0, 0};
    if (in->fit == FV_FIT_PAD) return padded(h, w, height, width);
    double sy = lrint(h / (double)in->crop_ratio) / (double)height;
    double sx = lrint(w / (double)in->crop_ratio) / (double)width;
    double scale = sy > sx ? sy : sx;
    /* for a strip this may exceed an int; resize_and_crop shortens it first */
    const int64_t fh = (int64_t)fmax(h, rint(height * scale));
    const int64_t fw = (int64_t)fmax(w, rint(width * scale));
    return (fvi_crop){fh, fw, (fh - h) / 2, (fw - w) / 2};
}

/* The middle of a picture whose aspect ratio is MOST_LONG times the window's or more: resizing such
 * a narrow strip as a whole would need gigabytes, almost all outside the window. Both ends are
 * cropped equally, so that the window stays in place. *out NULL: no crop is needed. */
static fv_status shorten(const fv_image *image, int h, int w, fv_image **out, fv_error *err) {
    int high = image->height, wide = image->width;
    const int64_t most_high = MOST_LONG * (1 + (int64_t)wide * h / w);
    const int64_t most_wide = MOST_LONG * (1 + (int64_t)high * w / h);
    if (high > most_high) high = (int)(most_high + (high - most_high) % 2);
    if (wide > most_wide) wide = (int)(most_wide + (wide - most_wide) % 2);
    if (high == image->height && wide == image->width) return FV_OK;
    return fvi_image_crop(image, (image->height - high) / 2, (image->width - wide) / 2, high, wide,
                          out, err);
}

/* The padding's value in a channel of a photograph of `channels`. */
static float pad_value(const fv_input *in, int channels, int c) {
    const float *p = in->pad_color;
    if (c == 3) return 1; /* opaque */
    return channels >= 3 ? p[c] : fvi_luma(p[0], p[1], p[2]);
}

/* The whole photograph, resized, on a colour where it does not reach. */
static fv_status resize_whole(const fv_input *in, const fv_image *image, fv_image **out,
                              fv_error *err) {
    fv_image *small = NULL, *canvas = NULL;
    const fvi_crop c = fvi_input_crop(in, image->height, image->width);
    fv_status st = fvi_image_resize(image, (int)c.height, (int)c.width, FVI_BICUBIC, &small, err);
    if (!st) st = fv_image_new(image->channels, in->height, in->width, &canvas, err);
    if (!st) {
        const int64_t plane = (int64_t)canvas->height * canvas->width;
        for (int k = 0; k < canvas->channels; k++)
            for (int64_t i = 0; i < plane; i++)
                canvas->data[k * plane + i] = pad_value(in, canvas->channels, k);
        fvi_image_paste(canvas, small, (int)-c.y, (int)-c.x);
        *out = canvas;
    }
    fv_image_free(small);
    return st;
}

static fv_status resize_and_crop(const fv_input *in, const fv_image *image, fv_image **out,
                                 fv_error *err) {
    fv_image *middle = NULL, *large = NULL;
    if (in->fit != FV_FIT_CROP) return resize_whole(in, image, out, err);
    fv_status st = shorten(image, in->height, in->width, &middle, err);
    if (st) return st;
    if (middle) image = middle;
    const fvi_crop c = fvi_input_crop(in, image->height, image->width);
    st = fvi_image_resize(image, (int)c.height, (int)c.width, FVI_BICUBIC, &large, err);
    if (!st) st = fvi_image_crop(large, (int)c.y, (int)c.x, in->height, in->width, out, err);
    fv_image_free(large);
    fv_image_free(middle);
    return st;
}

/* Colours with alpha; what has none is opaque. */
static fv_status fit_alpha(const fv_input *in, const fv_image *image, fv_image **out,
                           fv_error *err) {
    fv_image *whole = NULL;
    if (image->channels == 4) return resize_and_crop(in, image, out, err);
    if (image->channels != 3)
        return fvi_fail(err, FV_ARG, "a grey picture was given to a network of colours");
    fv_status st = fv_image_new(4, image->height, image->width, &whole, err);
    if (st) return st;
    const int64_t plane = (int64_t)image->height * image->width;
    memcpy(whole->data, image->data, (size_t)(3 * plane) * sizeof *whole->data);
    for (int64_t i = 0; i < plane; i++) whole->data[3 * plane + i] = 1;
    st = resize_and_crop(in, whole, out, err);
    fv_image_free(whole);
    return st;
}

/* The picture at the network's size and in its number of channels. */
static fv_status fit(const fv_input *in, const fv_image *image, fv_image **out, fv_error *err) {
    fv_image *crop = NULL;
    if (in->channels == 4) return fit_alpha(in, image, out, err);
    if (image->channels % 2 == 0) { /* alpha is laid over mid grey, as loading does */
        fv_image *flat = NULL;
        fv_status laid = fvi_image_flatten(image, 128.0f / 255, &flat, err);
        if (!laid) laid = fit(in, flat, out, err);
        fv_image_free(flat);
        return laid;
    }
    if (in->channels == 3 && image->channels == 1)
        return fvi_fail(err, FV_ARG, "a grey picture was given to a network of colours");
    fv_status st = resize_and_crop(in, image, &crop, err);
    if (st) return st;
    if (in->channels == crop->channels) {
        *out = crop;
        return FV_OK;
    }
    st = to_grey(crop, out, err);
    fv_image_free(crop);
    return st;
}

static fv_status check_picture_input(const fvi_network *net, fv_error *err) {
    const fv_input *in = fvi_network_input(net);
    if (in->is_image && fvi_is_photo(in)) return FV_OK;
    if (!in->is_image)
        return fvi_fail(err, FV_SHAPE,
                        "%s: the input \"%s\" is no picture of 1, 3 or 4 channels; arrays of "
                        "numbers are given to it (X.npy)",
                        fvi_network_name(net), in->name);
    return fvi_fail(err, FV_SHAPE,
                    "%s: the input \"%s\" has %d bands; a photo has 1, 3 or, with alpha, 4; give "
                    "an array of numbers instead (X.npy)",
                    fvi_network_name(net), in->name, in->channels);
}

fv_status fvi_input_picture(const fvi_network *net, const fv_image *image, fv_image **out,
                            fv_error *err) {
    fv_status st = check_picture_input(net, err);
    if (!st) st = fvi_image_check_numbers(image, "the photo", err);
    return st ? st : fit(fvi_network_input(net), image, out, err);
}

fv_status fv_input_picture(const fv_model *model, const fv_image *image, fv_image **out,
                           fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, image, out);
    if (!st) st = fvi_image_check(image, "the photo", err);
    return st ? st : fvi_input_picture(model->network, image, out, err);
}

fv_status fv_input_rect(const fv_model *model, int height, int width, fv_rect *out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, out);
    if (st) return st;
    if (height < 1 || width < 1)
        return fvi_fail(err, FV_ARG, "a photo of height %d and width %d; sizes are at least 1",
                        height, width);
    st = check_picture_input(model->network, err);
    if (st) return st;
    const fv_input *in = fvi_network_input(model->network);
    const fvi_crop c = fvi_input_crop(in, height, width);
    double sy = (double)height / (double)c.height, sx = (double)width / (double)c.width;
    *out = (fv_rect){(double)c.y * sy, (double)c.x * sx, in->height * sy, in->width * sx};
    return FV_OK;
}

int64_t fv_input_samples(const fv_model *model, const fv_tensor *input) {
    fv_tensor view;
    if (!model || !input || fvi_check_input(model->network, input, &view, NULL)) return 0;
    return view.ndim ? view.dim[0] : 1;
}

/* An input of integers holds no fractions, which resizing makes. */
static void round_all(const fv_tensor *t) {
    for (int64_t i = 0; i < fv_tensor_count(t); i++) t->data[i] = rintf(t->data[i]);
}

fv_status fv_input_from_image(const fv_model *model, const fv_image *image, fv_tensor **out,
                              fv_error *err) {
    fv_image *picture = NULL;
    fv_tensor *input = NULL;
    fv_status st = FVI_NOT_NULL(err, model, image, out);
    if (!st) st = fv_input_picture(model, image, &picture, err);
    if (st) return st;
    const fv_input *in = fvi_network_input(model->network);
    fvi_shape shape = fvi_network_input_shape(model->network, 1, 0, 0);
    st = fvi_tensor_new(&shape, &input, err);
    if (!st) {
        fvi_encode(in, picture->data, in->height, in->width, input->data);
        if (fvi_dtype_is_int(fvi_network_input_type(model->network, in->name))) round_all(input);
        *out = input;
    }
    fv_image_free(picture);
    return st;
}
