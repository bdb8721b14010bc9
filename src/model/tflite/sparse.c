/* SPDX-License-Identifier: Apache-2.0 */
/* Sparse constants. A tensor of n axes, of which some are cut into blocks, is a tree: a level an
 * axis, in an order of the file's ("traversal order"), those within a block last. A level has
 * either all positions of its axis (dense), or for each position of the level above it a segment of
 * a list of positions (compressed sparse rows). The numbers are the leaves, in the tree's order;
 * what has no leaf is 0. What it does not do: blocks within blocks; blocks whose own axes are
 * compressed, which no converter writes. Source: schema.fbs of TensorFlow Lite (SparsityParameters,
 * DimensionMetadata), and tensorflow/lite/kernels/internal/utils/sparsity_format_converter.cc. */
#include "model/tflite/sparse.h"

#include <string.h>

enum { SPARSITY_ORDER, SPARSITY_BLOCKS, SPARSITY_LEVELS };
enum {
    LEVEL_FORMAT,
    LEVEL_SIZE,
    LEVEL_SEGMENTS_TYPE,
    LEVEL_SEGMENTS,
    LEVEL_PLACES_TYPE,
    LEVEL_PLACES
};

#define LEVELS_MAX (2 * FVI_MAX_DIMS)

/* Whole numbers without a sign, of 1, 2 or 4 bytes. */
typedef struct numbers {
    fvi_flat_vector list;
    int bytes;
} numbers;

typedef struct level {
    int sparse;
    int64_t size;             /* positions along its axis */
    int64_t step;             /* elements of the tensor from one position to the next */
    numbers segments, places; /* of a sparse one */
} level;

typedef struct tree {
    const fvi_flat *f;
    int n;
    level levels[LEVELS_MAX];
    size_t each;
    const uint8_t *from, *end; /* leaves that are left */
    uint8_t *to;
} tree;

static int64_t number(const tree *s, const numbers *v, int64_t i) {
    const uint64_t mask = v->bytes == 4 ? UINT32_MAX : ((uint64_t)1 << (8 * v->bytes)) - 1;
    return (int64_t)((uint64_t)fvi_flat_element(s->f, &v->list, (uint32_t)i, v->bytes) & mask);
}

/* A vector of the union SparseIndexVector: of int, ushort or ubyte. */
static numbers read_numbers(const fvi_flat *f, uint32_t table, int type) {
    static const int bytes[] = {0, 4, 2, 1};
    const int64_t which = fvi_flat_int(f, table, type, 1, 0);
    if (which < 1 || which > 3) return (numbers){.bytes = 1};
    const uint32_t vector = fvi_flat_table(f, table, type + 1);
    return (numbers){fvi_flat_list(f, vector, 0, (uint32_t)bytes[which]), bytes[which]};
}

/* Whether the entries of v are the numbers 0..v.count - 1 in any order. */
static int is_order(const fvi_flat *f, const fvi_flat_vector *v) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < v->count; i++) {
        const int64_t k = fvi_flat_element(f, v, i, 4);
        if (k < 0 || k >= v->count || (found >> k & 1)) return 0;
        found |= (uint32_t)1 << k;
    }
    return 1;
}

/* The size of the blocks that an axis is cut into, 1: it is not; 0: it cannot be. */
static int64_t block_of(const tree *s, const fvi_shape *shape, const fvi_flat_vector *order,
                        const fvi_flat_vector *blocks, int axis) {
    int64_t size = 1;
    for (int i = shape->ndim; i < s->n; i++) {
        const int64_t k = fvi_flat_element(s->f, order, (uint32_t)i, 4) - shape->ndim;
        if (fvi_flat_element(s->f, blocks, (uint32_t)k, 4) != axis) continue;
        if (size != 1 || s->levels[i].sparse || s->levels[i].size < 1) return 0;
        size = s->levels[i].size;
    }
    return shape->dim[axis] % size ? 0 : size;
}

/* Sizes and steps of all levels, of which the file gives those of blocks and of dense ones. */
static int measure(tree *s, const fvi_shape *shape, const fvi_flat_vector *order,
                   const fvi_flat_vector *blocks) {
    for (int i = 0; i < s->n; i++) {
        level *l = &s->levels[i];
        const int64_t place = fvi_flat_element(s->f, order, (uint32_t)i, 4);
        const int inner = place >= shape->ndim;
        if (inner != (i >= shape->ndim)) return 0;
        const int64_t axis =
            inner ? fvi_flat_element(s->f, blocks, (uint32_t)(place - shape->ndim), 4) : place;
        if (axis < 0 || axis >= shape->ndim) return 0;
        const int64_t block = block_of(s, shape, order, blocks, (int)axis);
        if (!block) return 0;
        const int64_t size = inner ? block : shape->dim[axis] / block;
        if (!l->sparse && l->size != size) return 0;
        l->size = size;
        l->step = fvi_shape_product(shape, (int)axis + 1, shape->ndim) * (inner ? 1 : block);
    }
    return 1;
}

static int read_tree(tree *s, uint32_t sparsity, const fvi_shape *shape) {
    const fvi_flat_vector order = fvi_flat_list(s->f, sparsity, SPARSITY_ORDER, 4);
    const fvi_flat_vector blocks = fvi_flat_list(s->f, sparsity, SPARSITY_BLOCKS, 4);
    const fvi_flat_vector levels = fvi_flat_list(s->f, sparsity, SPARSITY_LEVELS, 4);
    if (shape->ndim < 1 || blocks.count > (uint32_t)shape->ndim ||
        order.count != (uint32_t)shape->ndim + blocks.count || levels.count != order.count)
        return 0;
    s->n = (int)order.count;
    for (int i = 0; i < s->n; i++) {
        const uint32_t table = fvi_flat_table_element(s->f, &levels, (uint32_t)i);
        s->levels[i] = (level){.sparse = fvi_flat_int(s->f, table, LEVEL_FORMAT, 1, 0) != 0,
                               .size = fvi_flat_int(s->f, table, LEVEL_SIZE, 4, 0),
                               .segments = read_numbers(s->f, table, LEVEL_SEGMENTS_TYPE),
                               .places = read_numbers(s->f, table, LEVEL_PLACES_TYPE)};
    }
    return is_order(s->f, &order) && measure(s, shape, &order, &blocks);
}

/* Fills in what is below one position of the level above, whose number is `above`; 0: the tree is
 * damaged. Positions ascend, so that it takes as many steps as the tensor has elements. */
static int fill(tree *s, int depth, int64_t above, int64_t at) {
    const level *l = &s->levels[depth];
    if (depth == s->n) {
        if ((size_t)(s->end - s->from) < s->each) return 0;
        memcpy(s->to + (size_t)at * s->each, s->from, s->each);
        s->from += s->each;
        return 1;
    }
    int64_t from = 0, to = l->size;
    if (l->sparse) {
        if (above + 1 >= l->segments.list.count) return 0;
        from = number(s, &l->segments, above);
        to = number(s, &l->segments, above + 1);
        if (to > l->places.list.count) return 0;
    }
    for (int64_t i = from, before = -1; i < to; i++) {
        const int64_t place = l->sparse ? number(s, &l->places, i) : i;
        if (place <= before || place >= l->size) return 0;
        if (!fill(s, depth + 1, l->sparse ? i : above * l->size + i, at + place * l->step))
            return 0;
        before = place;
    }
    return 1;
}

const uint8_t *fvi_tflite_dense(fvi_tflite *t, uint32_t sparsity, const fvi_shape *shape,
                                size_t each, fvi_flat_vector values, const char **problem) {
    tree s = {.f = &t->flat, .each = each};
    s.from = t->flat.bytes + values.at;
    s.end = s.from + values.count;
    *problem = "it is sparse, and its sparsity does not fit its shape";
    if (!read_tree(&s, sparsity, shape)) return NULL;
    s.to = fvi_pool_array(t->file.list->pool, (size_t)fvi_shape_count(shape), each);
    if (!s.to) {
        *problem = "no memory for all of its numbers, which are sparse in the file";
        return NULL;
    }
    if (!fill(&s, 0, 0, 0) || s.from != s.end) return NULL;
    *problem = NULL;
    return s.to;
}
