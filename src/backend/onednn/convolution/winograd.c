/* SPDX-License-Identifier: Apache-2.0 */
/* winograd: convolutions of 3x3 with fewer multiplications, on processors whose best instructions
 * are AVX2's.
 *
 * Winograd's algorithm F(4x4, 3x3) makes 4x4 outputs of a channel from 6x6 inputs of each channel
 * with 36 multiplications instead of 144, by
 *
 *   Y = A^T [ sum over channels of (G g G^T) * (B^T d B) ] A        (* is element by element)
 *
 * with g a kernel, d a tile of inputs, Y one of outputs. So a convolution becomes, for each of the
 * 36 positions ("points") in a transformed tile, a matrix product:
 *
 *   V [point][tile][c]    = B^T d B      read: from the source, in its layout
 *   U [point][c][k]       = G g G^T      once a model, kept with its weights (weight_cache.h)
 *   M [point][tile][k]    = V U          multiply
 *   dst                   = A^T M A      write: with bias and activation
 *
 * The gradient of the source is the same convolution of the destination's gradient, with kernels
 * rotated by 180 degrees, k and c exchanged, and 2 - pad for pad. It has the same U
 * (winograd_transform.c). Tiles go through V and M in chunks, so that these stay in the caches;
 * threads share the tiles of a chunk, then its products, then its tiles again. The result does not
 * depend on how they share them.
 *
 * What it does not do: other kernels, strides, dilations or groups, weights made at run time. A
 * number that is not finite spreads over its tile. It is used with AVX2, for which oneDNN 2.6
 * and 3.2 have only direct kernels. For AVX-512 nothing was measured, and oneDNN's kernels are
 * used.
 *
 * Source: Lavin and Gray 2016, Fast algorithms for convolutional neural networks,
 * arXiv:1509.09308; Winograd 1980.
 */
#include "backend/onednn/convolution/winograd.h"

#include <math.h>
#include <stdlib.h>

#include "backend/onednn/convolution/winograd_product.h"
#include "backend/onednn/convolution/winograd_transform.h"
#include "backend/onednn/kernels/fused.h"
#include "base/error.h"
#include "graph/const.h"

#define POINTS FVI_WINOGRAD_POINTS
#define TILE   FVI_WINOGRAD_TILE
#define BLOCK  FVI_WINOGRAD_BLOCK
#define GROUP  FVI_WINOGRAD_GROUP

enum { VARIANT_U = 200 };

/* ---- when ------------------------------------------------------------------------------------ */

/* Measured against oneDNN's direct kernels (docs/performance.md): faster from 32 channels on, not
 * below. With few tiles there is little work for each read of U, which is four times as large as
 * the weights. The tiles of one picture are counted, not those of the batch, so that a picture's
 * result does not depend on the batch.
 */
#define LEAST_CHANNELS 32
#define LEAST_TILES    12 /* of one picture */
#define LIMIT_SHARE    32 /* of the model's limit of memory, one U takes at most a 32nd */

static int64_t blocks_of(int64_t channels) { return (channels + BLOCK - 1) / BLOCK; }

static int64_t tiles_of(int64_t outputs) { return (outputs + TILE - 1) / TILE; }

static fvi_shape shape_of_u(const fvi_convolution *c) {
    int64_t rows = fvi_winograd_rows(c->desc.src.dim[1]), blocks = blocks_of(c->desc.dst.dim[1]);
    return (fvi_shape){.ndim = 4, .dim = {POINTS, blocks, rows, BLOCK}};
}

/* Whether the algorithm can compute it. */
static int is_possible(const fvi_step *s, const fvi_convolution *c) {
    const fvi_window *w = c->desc.window;
    if (c->desc.transposed || w->n != 2 || w->groups != 1 || c->desc.plain_weights) return 0;
    for (int i = 0; i < 2; i++)
        if (w->kernel[i] != 3 || w->stride[i] != 1 || w->dilation[i] != 1) return 0;
    return fvi_step_constant(s, 1) != NULL;
}

/* Whether it is likely to be faster. Decided by shapes and instructions, never by timing, so that
 * two runs give the same bits. */
static int is_worth_it(const fvi_step *s, const fvi_convolution *c) {
    const int64_t *src = c->desc.src.dim, *dst = c->desc.dst.dim;
    fvi_shape u = shape_of_u(c);
    size_t limit;
    fvi_weight_cache_left(fvi_step_weights(s), &limit);
    return fvi_dnnl_is_avx2() && src[1] >= LEAST_CHANNELS && dst[1] >= LEAST_CHANNELS &&
           tiles_of(dst[2]) * tiles_of(dst[3]) >= LEAST_TILES &&
           fvi_layout_bytes(NULL, &u) <= limit / LIMIT_SHARE;
}

int fvi_winograd_suits(const fvi_step *s, const fvi_convolution *c) {
    return is_possible(s, c) && (fvi_step_every_method(s) || is_worth_it(s, c));
}

/* ---- U --------------------------------------------------------------------------------------- */

typedef struct kernels {
    const fvi_const *weights, *scale; /* [oc][ic][3][3]; [oc] or NULL */
} kernels;

/* 16 kernels over channel c, from kernel k on: g [9][16]; zeros where there are none. */
static void gather(const kernels *x, const float *weights, int64_t c, int64_t k, double *g) {
    const int64_t *dim = x->weights->shape.dim;
    for (int64_t i = 0; i < BLOCK; i++, k++) {
        int is = c < dim[1] && k < dim[0];
        double scale = is && x->scale ? fvi_const_at(x->scale, k) : 1;
        for (int j = 0; j < 9; j++)
            g[j * BLOCK + i] = is ? scale * weights[(k * dim[1] + c) * 9 + j] : 0;
    }
}

static fv_status fill_u(void *user, float *u, fv_error *err) {
    const kernels *x = user;
    const int64_t *dim = x->weights->shape.dim;
    int64_t rows = fvi_winograd_rows(dim[1]), blocks = blocks_of(dim[0]);
    float *weights = malloc((size_t)(dim[0] * dim[1] * 9) * sizeof *weights);
    if (!weights) return fvi_fail(err, FV_NOMEM, "no memory for weights");
    fvi_const_to_f32(x->weights, weights);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < blocks * rows; i++) {
        double g[9 * BLOCK];
        gather(x, weights, i % rows, i / rows * BLOCK, g);
        fvi_winograd_kernels(g, u + i * BLOCK, blocks * rows * BLOCK);
    }
    free(weights);
    return FV_OK;
}

static fv_status get_u(fvi_step *s, const fvi_convolution *c, fvi_buffer **out, fv_error *err) {
    kernels x = {.weights = fvi_step_constant(s, 1)};
    if (c->norm) x.scale = fvi_node_constant(s->graph, c->norm, 1);
    fvi_weight_cache_key key = {.parts = {x.weights->bytes, x.scale ? x.scale->bytes : NULL},
                                .variant = VARIANT_U};
    fvi_shape shape = shape_of_u(c);
    const fvi_weight_cache_item item = {
        .key = key,
        .shape = shape,
        .fill = fill_u,
        .user = &x,
    };
    return fvi_weight_cache_get(fvi_step_weights(s), fvi_step_engine(s), &item, out, err);
}

/* ---- planning -------------------------------------------------------------------------------- */

#define CHUNK_BYTES ((int64_t)4 << 20) /* of V and M */
#define CHUNK_LEAST 48                 /* tiles for which U is read once */

/* Tiles of a chunk: chunks have about the same size, a multiple of six as the products want it. */
static int64_t chunk_of(const fvi_winograd *w) {
    int64_t all = w->batch * w->tiles[0] * w->tiles[1];
    int64_t bytes = POINTS * (fvi_winograd_tile_step(w->c) + fvi_winograd_tile_step(w->k)) * 4;
    int64_t most = CHUNK_BYTES / bytes > CHUNK_LEAST ? CHUNK_BYTES / bytes : CHUNK_LEAST;
    int64_t chunks = (all + most - 1) / most;
    int64_t chunk = ((all + chunks - 1) / chunks + 5) / 6 * 6;
    return chunk < all ? chunk : all;
}

static fvi_winograd *describe(fvi_step *s, const fvi_convolution *c, int backward) {
    const fvi_shape *from = backward ? &c->desc.dst : &c->desc.src;
    const fvi_shape *to = backward ? &c->desc.src : &c->desc.dst;
    fvi_winograd *w = fvi_step_alloc(s, 1, sizeof *w);
    if (!w) return NULL;
    *w = (fvi_winograd){.backward = backward,
                        .batch = from->dim[0],
                        .c = from->dim[1],
                        .k = to->dim[1],
                        .slope = 1,
                        .low = -INFINITY,
                        .high = INFINITY};
    for (int i = 0; i < 2; i++) {
        int64_t pad = c->desc.window->pad_lo[i];
        w->in[i] = from->dim[i + 2];
        w->out[i] = to->dim[i + 2];
        w->pad[i] = backward ? 2 - pad : pad;
        w->tiles[i] = tiles_of(w->out[i]);
    }
    w->chunk = chunk_of(w);
    return w;
}

static fv_status make_scratch(fvi_step *s, fvi_winograd *w, fv_error *err) {
    size_t point = POINTS * sizeof(float);
    fv_status st =
        fvi_step_temp_bytes(s, point * (size_t)fvi_winograd_point_step(w->c, w->chunk), &w->v, err);
    if (st) return st;
    return fvi_step_temp_bytes(s, point * (size_t)fvi_winograd_point_step(w->k, w->chunk), &w->m,
                               err);
}

/* Fuses the activation into writing if it is a ReLU or a clip; else it is applied in place
 * afterwards. */
static fv_status plan_activation(fvi_step *s, const fvi_act *act, fvi_winograd *w, fv_error *err) {
    fvi_prim *p = NULL;
    switch (act->f) {
    case FVI_RELU: w->low = 0; return FV_OK;
    case FVI_LEAKY_RELU: w->slope = act->p; return FV_OK;
    case FVI_CLIP:
        w->low = act->p;
        w->high = act->q;
        return FV_OK;
    default: break;
    }
    fv_status st = fvi_prim_eltwise(fvi_step_engine(s), act, FVI_AHEAD, &s->dst->shape,
                                    s->dst->layout, &p, err);
    if (st) return st;
    fvi_prim_set(p, FVI_SRC, s->dst);
    fvi_prim_set(p, FVI_DST, s->dst);
    return fvi_step_add(s, p, err);
}

static fv_status plan_forward(fvi_step *s, const fvi_convolution *c, const fvi_layout *src,
                              const fvi_layout *dst, fvi_winograd *w, fv_error *err) {
    fv_status st = fvi_fused_bias(s, 2, c->norm, w->k, &w->bias, err);
    if (!st) st = fvi_step_source(s, 0, src, &w->src, err);
    if (!st) st = fvi_step_make_dst(s, dst, err);
    w->dst = s->dst;
    return st || !c->desc.act ? st : plan_activation(s, c->desc.act, w, err);
}

static fv_status plan_backward(fvi_step *s, const fvi_layout *src, const fvi_layout *dst,
                               fvi_winograd *w, fv_error *err) {
    fv_status st = fvi_fused_ddst(s, dst, &w->src, err);
    if (!st) st = fvi_step_make_dsrc(s, 0, src, err);
    w->dst = s->dsrc[0];
    return st;
}

fv_status fvi_winograd_plan(fvi_step *s, const fvi_convolution *c, int direction,
                            fvi_winograd **out, fv_error *err) {
    fvi_layout *src = NULL, *dst = NULL;
    fvi_winograd *w = describe(s, c, direction);
    if (!w) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    fv_status st = fvi_layout_blocked(&c->desc.src, FVI_WINOGRAD_LANES, &src, err);
    if (!st) st = fvi_layout_blocked(&c->desc.dst, FVI_WINOGRAD_LANES, &dst, err);
    if (!st) st = get_u(s, c, &w->u, err);
    if (!st)
        st = direction == FVI_BACKWARD ? plan_backward(s, src, dst, w, err)
                                       : plan_forward(s, c, src, dst, w, err);
    if (!st) st = make_scratch(s, w, err);
    fvi_layout_free(src);
    fvi_layout_free(dst);
    if (st) return st;
    s->direction[direction].method = "winograd:f4x4";
    s->direction[direction].method_bytes =
        (double)w->src->bytes + (double)w->u->bytes + (double)w->dst->bytes;
    *out = w;
    return FV_OK;
}

/* ---- running --------------------------------------------------------------------------------- */

void fvi_winograd_run(const fvi_winograd *w) {
    int64_t all = w->batch * w->tiles[0] * w->tiles[1], blocks = fvi_winograd_blocks(w);
#pragma omp parallel
    for (int64_t from = 0; from < all; from += w->chunk) {
        int64_t n = all - from < w->chunk ? all - from : w->chunk;
#pragma omp for schedule(static)
        for (int64_t i = 0; i < n; i += GROUP)
            fvi_winograd_read(w, from + i, i, n - i < GROUP ? n - i : GROUP);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < POINTS * blocks; i++)
            fvi_winograd_multiply(w, i / blocks, i % blocks, n);
            /* nowait: V may be overwritten now; M is not until all threads have read it */
#pragma omp for schedule(static) nowait
        for (int64_t i = 0; i < n; i += GROUP)
            fvi_winograd_write(w, from + i, i, n - i < GROUP ? n - i : GROUP);
    }
}
