/* SPDX-License-Identifier: Apache-2.0 */
/* depthwise_rows: backward through a depthwise convolution, for one tile of a picture: eight
 * channels, some rows, some columns.
 *
 * Rows of the gradient are copied, masked and padded with zeros, into a ring of eight rows that
 * stays in the first-level cache; each is copied once and read for every output row it contributes
 * to. Seven neighbours of an output row are summed at once: seven sums and a row of weights fill
 * AVX2's registers, and pictures of 224 have maps of 7, 14, 28, 56 and 112. Then the row is masked
 * while it is in the cache. Every sum is added in one order, from the first row read to the last,
 * so the result does not depend on how the work is divided. Padding zeros are multiplied like other
 * numbers, so weights that are not finite make the edges NaN.
 */
#include "backend/onednn/convolution/depthwise_rows.h"

#define LANES      FVI_DEPTHWISE_LANES
#define KERNEL     FVI_DEPTHWISE_KERNEL
#define SUMS       7
#define RING       8   /* rows: a power of 2, KERNEL at least */
#define STRIP      112 /* positions of a phase that are written of a row: whole SUMS */
#define COLUMNS    (STRIP + KERNEL + 1)
#define ROWS       28 /* rows of a tile */
#define STREAMS    3
#define CACHE_LINE 16 /* floats */

/* ---- tiles ----------------------------------------------------------------------------------- */

typedef struct tiling {
    int64_t blocks, strips, chunks; /* of channels, columns and rows */
    int64_t width;                  /* positions of each phase in a strip */
} tiling;

static int64_t divide_up(int64_t n, int64_t most) { return (n + most - 1) / most; }

static tiling tiling_of(const fvi_depthwise *d) {
    const int64_t positions = divide_up(d->x.src, d->x.stride);
    tiling c = {.blocks = divide_up(d->channels, LANES),
                .strips = divide_up(positions, STRIP),
                .chunks = divide_up(d->y.src, ROWS)};
    c.width = divide_up(divide_up(positions, c.strips), SUMS) * SUMS;
    return c;
}

int64_t fvi_depthwise_tiles(const fvi_depthwise *d) {
    const tiling c = tiling_of(d);
    return d->batch * c.blocks * c.strips * c.chunks;
}

/* A mask of one block of channels of a picture. */
typedef struct block_mask {
    fvi_slopes slopes;
    const float *value; /* NULL: no mask */
} block_mask;

static block_mask mask_of(const fvi_depthwise_mask *m, int on, int64_t offset) {
    block_mask x = {.slopes = m->slopes};
    if (on && m->value) x.value = (const float *)m->value->data + offset;
    return x;
}

typedef struct tile {
    int64_t block;               /* of channels, counted over all pictures */
    int64_t top, bottom;         /* rows written */
    int64_t first, n;            /* positions of every phase */
    int64_t left, columns;       /* read from each row */
    int fetch;                   /* prefetch */
    const float *ddst, *weights; /* of the block */
    float *dsrc;
    block_mask dst, src;
} tile;

static tile tile_of(const tiling *c, const fvi_depthwise *d, int64_t i) {
    tile p = {.n = c->width};
    p.top = i % c->chunks * ROWS;
    p.bottom = p.top + ROWS < d->y.src ? p.top + ROWS : d->y.src;
    p.first = i / c->chunks % c->strips * c->width;
    p.block = i / c->chunks / c->strips;
    const fvi_depthwise_phase *h = d->x.phase;
    int64_t left = INT64_MAX, end = INT64_MIN;
    for (int k = 0; k < d->x.stride; k++) {
        if (!h[k].taps) continue; /* a kernel of 1 and a stride of 2 */
        if (h[k].first < left) left = h[k].first;
        if (h[k].first + h[k].taps > end) end = h[k].first + h[k].taps;
    }
    p.left = p.first + left;
    p.columns = p.n - 1 + end - left;
    return p;
}

/* ---- rows in --------------------------------------------------------------------------------- */

/* n columns of a row from `left` on, zeros beyond its edges.  ddst, value: the row; no value: no
 * mask */
FVI_INLINE void copy_row(const fvi_slopes *mask, const float *ddst, const float *value,
                         int64_t size, int64_t left, int64_t n, float *to) {
    const fvi_slopes slopes = *mask; /* a local copy stays in registers */
    const fvi_f32x8 zero = {0};
    int64_t i = 0, end = size - left < n ? size - left : n;
    for (; i < n && left + i < 0; i++) *(fvi_f32x8 *)(to + i * LANES) = zero;
    if (value)
        for (; i < end; i++)
            fvi_relu_pass(
                &slopes, fvi_relu_sides(&slopes, (const fvi_f32x8 *)(value + (left + i) * LANES)),
                (const fvi_f32x8 *)(ddst + (left + i) * LANES), (fvi_f32x8 *)(to + i * LANES));
    else
        for (; i < end; i++)
            *(fvi_f32x8 *)(to + i * LANES) = *(const fvi_f32x8 *)(ddst + (left + i) * LANES);
    for (; i < n; i++) *(fvi_f32x8 *)(to + i * LANES) = zero;
}

/* ---- a row out ------------------------------------------------------------------------------- */

/* The inputs of one output row. */
typedef struct row {
    const float *from[KERNEL];    /* rows of the ring */
    const float *weights[KERNEL]; /* the kernel row for each */
    int n;                        /* such rows */
} row;

/* The inputs and output of one of its phases. */
typedef struct line {
    const row *row;
    int64_t column, weight, turn; /* floats to the first column and weight; from that to the next */
    float *to;
    int64_t apart; /* floats between neighbours written */
} line;

/* Neighbours j to j + 6, of which n are written. */
FVI_INLINE void sum_neighbours(const line *l, int taps, int64_t j, int64_t n) {
    const row *r = l->row;
    fvi_f32x8 sum[SUMS] = {{0}};
    for (int t = 0; t < r->n; t++) {
        const float *from = r->from[t] + l->column + j * LANES;
        const float *weights = r->weights[t] + l->weight;
#pragma GCC unroll 7
        for (int i = 0; i < taps; i++) {
            const fvi_f32x8 w = *(const fvi_f32x8 *)(weights + i * l->turn);
#pragma GCC unroll 7
            for (int k = 0; k < SUMS; k++)
                sum[k] += w * *(const fvi_f32x8 *)(from + (k + i) * LANES);
        }
    }
    float *to = l->to + j * l->apart;
#pragma GCC unroll 7
    for (int k = 0; k < SUMS; k++) {
        if (k == n) return;
        *(fvi_f32x8 *)(to + k * l->apart) = sum[k];
    }
}

/* Memory that will be read soon, to be prefetched. */
typedef struct prefetch {
    const float *at[STREAMS];
    int64_t each[STREAMS]; /* floats to fetch for every seven neighbours written; 0: no more */
} prefetch;

FVI_INLINE void fetch(const prefetch *a, int64_t block) {
    for (int i = 0; i < STREAMS; i++)
        for (int64_t k = 0; k < a->each[i]; k += CACHE_LINE)
            __builtin_prefetch(a->at[i] + block * a->each[i] + k);
}

FVI_INLINE void sum_all(const line *l, const prefetch *a, int taps, int64_t n) {
    for (int64_t j = 0; j < n; j += SUMS) {
        if (a) fetch(a, j / SUMS);
        sum_neighbours(l, taps, j, n - j);
    }
}

/* The first n positions of a phase. */
FVI_INLINE void sum_line(const line *l, const prefetch *a, int taps, int64_t n) {
    switch (taps) {
    case 0: sum_all(l, a, 0, n); break;
    case 1: sum_all(l, a, 1, n); break;
    case 2: sum_all(l, a, 2, n); break;
    case 3: sum_all(l, a, 3, n); break;
    case 4: sum_all(l, a, 4, n); break;
    case 5: sum_all(l, a, 5, n); break;
    case 6: sum_all(l, a, 6, n); break;
    case 7: sum_all(l, a, 7, n); break;
    default: break;
    }
}

/* n neighbours of a row. */
FVI_INLINE void mask_row(const fvi_slopes *mask, const float *value, float *x, int64_t n) {
    const fvi_slopes slopes = *mask;
    for (int64_t i = 0; i < n * LANES; i += LANES)
        fvi_relu_pass(&slopes, fvi_relu_sides(&slopes, (const fvi_f32x8 *)(value + i)),
                      (const fvi_f32x8 *)(x + i), (fvi_f32x8 *)(x + i));
}

/* ---- one tile -------------------------------------------------------------------------------- */

/* The rows of the ring that contribute to row `at`, and their rows of the kernel. */
FVI_INLINE void read_rows(const fvi_depthwise *d, const tile *p, int64_t at,
                          float ring[RING][COLUMNS * LANES], int64_t *loaded, row *r) {
    const fvi_depthwise_phase *v = &d->y.phase[at % d->y.stride];
    const int64_t first = at / d->y.stride + v->first, size = d->x.dst * LANES;
    r->n = 0;
    for (int t = 0; t < v->taps; t++) {
        const int64_t from = first + t;
        if (from < 0 || from >= d->y.dst) continue;
        if (from >= *loaded) {
            copy_row(&p->dst.slopes, p->ddst + from * size,
                     p->dst.value ? p->dst.value + from * size : NULL, d->x.dst, p->left,
                     p->columns, ring[from % RING]);
            *loaded = from + 1;
        }
        r->from[r->n] = ring[from % RING];
        r->weights[r->n++] = p->weights + (v->last - d->y.stride * t) * d->x.kernel * LANES;
    }
}

/* Prefetches the next row of the ring, and the mask of the row that begins `to` floats from dsrc.
 */
FVI_INLINE void prefetch_next(const fvi_depthwise *d, const tile *p, int64_t to, int64_t loaded,
                              prefetch *a) {
    const int64_t next = (loaded * d->x.dst + p->left) * LANES, each = SUMS * LANES;
    *a = (prefetch){.at = {p->ddst + next}, .each = {each}};
    if (p->dst.value) a->at[1] = p->dst.value + next, a->each[1] = each;
    if (p->src.value) a->at[2] = p->src.value + to, a->each[2] = each * d->x.stride;
}

FVI_WIDE static void run_tile(const fvi_depthwise *d, const tile *p) {
    const int stride = d->x.stride;
    const int64_t left = d->x.src - p->first * stride, all = p->n * stride;
    float ring[RING][COLUMNS * LANES];
    int64_t loaded = 0; /* rows before it are in the ring, if they are still needed */
    prefetch a;
    for (int64_t at = p->top; at < p->bottom; at++) {
        const int64_t to = (at * d->x.src + p->first * stride) * LANES;
        row r;
        line l = {.row = &r, .turn = -stride * LANES, .apart = stride * LANES};
        read_rows(d, p, at, ring, &loaded, &r);
        if (p->fetch) prefetch_next(d, p, to, loaded, &a);
        for (int i = 0; i < stride; i++) {
            const fvi_depthwise_phase *h = &d->x.phase[i];
            const int64_t n = divide_up(left - i, stride);
            l.column = (p->first + h->first - p->left) * LANES;
            l.weight = h->last * LANES;
            l.to = p->dsrc + to + i * LANES;
            sum_line(&l, p->fetch ? &a : NULL, h->taps, n < p->n ? n : p->n);
        }
        if (p->src.value)
            mask_row(&p->src.slopes, p->src.value + to, p->dsrc + to, left < all ? left : all);
    }
}

/* Larger tensors do not fit in the nearer caches. */
#define FETCH_MIN ((size_t)1 << 20)

void fvi_depthwise_tile(const fvi_depthwise *d, int masks, int64_t i) {
    const tiling c = tiling_of(d);
    tile p = tile_of(&c, d, i);
    const int64_t read = p.block * d->y.dst * d->x.dst * LANES;
    const int64_t written = p.block * d->y.src * d->x.src * LANES;
    const fvi_buffer *ddst = masks || !d->masked ? d->ddst : d->masked;
    p.ddst = (const float *)ddst->data + read;
    p.weights =
        (const float *)d->weights->data + p.block % c.blocks * d->y.kernel * d->x.kernel * LANES;
    p.dsrc = (float *)d->dsrc->data + written;
    p.dst = mask_of(&d->dst, masks, read);
    p.src = mask_of(&d->src, masks, written);
    p.fetch = d->dsrc->bytes > FETCH_MIN;
    run_tile(d, &p);
}
