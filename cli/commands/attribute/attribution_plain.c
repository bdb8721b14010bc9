/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of inputs that are no photo, as tiles: of signals and rows of numbers lines, of volumes
 * their slices, of pictures of many bands the map alone. Beside them the input itself: a signal's
 * channels as lines, else the mean of its channels.
 */
#include <glib.h>
#include <math.h>

#include "attribution.h"

#define LINES_MAX   8
#define PLOT_WIDTH  480
#define PLOT_HEIGHT 200
#define ACROSS      900 /* width of a volume's slices, side by side */
#define SLICE_MIN   16
#define SLICE_MAX   224

int cli_is_line(const cli_subject *s) {
    const fv_input_kind kind = fv_model_input(s->model)->kind;
    return kind == FV_INPUT_SIGNAL || kind == FV_INPUT_ROW;
}

/* Lines of finite numbers; others are drawn as zero. */
static fv_status draw_lines(const float *x, int series, int64_t count, fv_image **out,
                            fv_error *err) {
    float *finite = g_try_new(float, (gsize)(series * count) + 2);
    const float *line[LINES_MAX];
    if (!finite) {
        err->status = FV_NOMEM;
        g_strlcpy(err->text, "no memory for a plot", sizeof err->text);
        return FV_NOMEM;
    }
    for (int64_t i = 0; i < series * count; i++) finite[i] = isfinite(x[i]) ? x[i] : 0;
    if (count == 1) finite[1] = finite[0]; /* a line needs two ends */
    for (int i = 0; i < series; i++) line[i] = finite + i * count;
    const fv_status st =
        fv_plot_lines(line, NULL, series, (int)MAX(count, 2),
                      FV_DESC(fv_plot_desc, .width = PLOT_WIDTH, .height = PLOT_HEIGHT), out, err);
    g_free(finite);
    return st;
}

fv_status cli_plain_map(const cli_subject *s, const float *x, const fv_tensor *map,
                        const fv_paint_desc *d, fv_image **out, fv_error *err) {
    const int64_t count = fv_tensor_count(map);
    if (cli_is_line(s)) return draw_lines(x, 1, count, out, err);
    const int h = (int)map->dim[map->ndim - 2], w = (int)map->dim[map->ndim - 1];
    const int n = map->ndim > 2 ? (int)map->dim[0] : 1, columns = (int)ceil(sqrt((double)n));
    fv_image **slice = g_new0(fv_image *, (gsize)n);
    fv_status st = FV_OK;
    for (int i = 0; i < n && !st; i++)
        st = fv_paint(x + (int64_t)i * h * w, h, w, d, &slice[i], err);
    if (!st)
        st = fv_montage((const fv_image *const *)slice, NULL, n,
                        FV_DESC(fv_montage_desc, .columns = columns,
                                .tile = CLAMP(ACROSS / columns, SLICE_MIN, SLICE_MAX)),
                        out, err);
    for (int i = 0; i < n; i++) fv_image_free(slice[i]);
    g_free(slice);
    return st;
}

/* The input with its channels first, [channels][plane]; of several as one, their mean. */
static float *channels_of(const cli_subject *s, int64_t plane, int channels, int as_one) {
    const int last = fv_model_input(s->model)->channels_last;
    const float *in = s->input->data;
    float *x = g_try_new0(float, (gsize)(as_one ? plane : plane * channels) + 1);
    for (int c = 0; x && c < channels; c++)
        for (int64_t i = 0; i < plane; i++) {
            const float v = in[last ? i * channels + c : c * plane + i];
            if (as_one)
                x[i] += v / (float)channels;
            else
                x[c * plane + i] = v;
        }
    return x;
}

fv_status cli_plain_input(const cli_subject *s, const fv_tensor *map, fv_image **out,
                          fv_error *err) {
    const int64_t plane = fv_tensor_count(map);
    const int channels = (int)(fv_tensor_count(s->input) / plane), lines = cli_is_line(s);
    float *x = channels_of(s, plane, channels, !lines);
    fv_paint_desc d = *FV_DESC(fv_paint_desc, .palette = FV_PALETTE_GREY);
    if (!x) {
        err->status = FV_NOMEM;
        g_strlcpy(err->text, "no memory for a picture of the input", sizeof err->text);
        return FV_NOMEM;
    }
    fv_status st = lines ? draw_lines(x, MIN(channels, LINES_MAX), plane, out, err)
                         : fv_paint_scale(x, plane, &d, err);
    if (!st && !lines) st = cli_plain_map(s, x, map, &d, out, err);
    g_free(x);
    return st;
}
