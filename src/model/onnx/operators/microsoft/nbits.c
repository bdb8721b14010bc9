/* SPDX-License-Identifier: Apache-2.0 */
/* MatMulNBits: a product with a constant matrix [n][k], whose rows are packed in blocks along k.
 * The matrix is unpacked to f32 once:
 *
 *   w = (q - zero) * scale     with one scale and zero point a block; zero 2^(bits-1) if none
 *
 * A byte holds 8 / bits numbers, the lower bits first; packed zero points of a row begin a byte.
 * What it does not do: widths other than 4 and 8 bits.
 * Source: docs/ContribOperators.md of ONNX Runtime.
 */
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"
#include "model/onnx/operators/conv.h"

enum { A, B, SCALES, ZERO_POINTS, G_IDX, BIAS };

/* Where the packed numbers are. */
typedef struct packed {
    int64_t n, k, bits, block; /* rows, columns, width, columns of a block */
    int64_t blocks;            /* of a row */
    const fvi_const *q, *scales, *zeros;
    int packs_zeros; /* the zero points are packed as the numbers are */
} packed;

/* Number i of a row of `bytes` bytes. */
static int64_t unpack(const packed *p, const fvi_const *c, int64_t row, int64_t bytes, int64_t i) {
    const int64_t each = 8 / p->bits, byte = fvi_const_int(c, row * bytes + i / each);
    return byte >> (i % each * p->bits) & ((1 << p->bits) - 1);
}

static double zero_of(const packed *p, int64_t row, int64_t block) {
    if (!p->zeros) return (double)((int64_t)1 << (p->bits - 1));
    if (!p->packs_zeros) return fvi_const_at(p->zeros, row * p->blocks + block);
    return (double)unpack(p, p->zeros, row, (p->blocks * p->bits + 7) / 8, block);
}

/* Checks an attribute's number. */
static int64_t size_of(fvi_onnx_node *node, const char *attr) {
    const int64_t n = fvi_onnx_attr_int(node->proto, attr, 0);
    if (n < 1 || n > FVI_MAX_ELEMENTS)
        fvi_build_fail(node->b, FV_FORMAT, "%s is %" PRId64 "; allowed: 1 to %" PRId64, attr, n,
                       FVI_MAX_ELEMENTS);
    return n;
}

/* Fails unless constant c has `count` numbers. */
static void check_count(fvi_onnx_node *node, const fvi_const *c, const char *what, int64_t count) {
    if (c && fvi_shape_count(&c->shape) != count)
        fvi_build_fail(node->b, FV_SHAPE, "its %s has %" PRId64 " numbers; allowed: %" PRId64, what,
                       fvi_shape_count(&c->shape), count);
}

/* Reads what there is of the matrix; 0 when failed. */
static int read_packed(fvi_onnx_node *node, packed *p) {
    *p = (packed){.n = size_of(node, "N"),
                  .k = size_of(node, "K"),
                  .block = size_of(node, "block_size"),
                  .bits = fvi_onnx_attr_int(node->proto, "bits", 4),
                  .q = fvi_onnx_fixed(node, B, "B"),
                  .scales = fvi_onnx_fixed(node, SCALES, "scales"),
                  .zeros = fvi_onnx_fixed(node, ZERO_POINTS, "zero_points")};
    int64_t scales, bytes;
    fvi_onnx_need(node, B);
    fvi_onnx_need(node, SCALES);
    if (node->b->status) return 0;
    if (p->bits != 4 && p->bits != 8) {
        fvi_build_fail(node->b, FV_UNSUPPORTED, "bits is %" PRId64 "; allowed: 4, 8", p->bits);
        return 0;
    }
    if (p->block < 16 || p->block & (p->block - 1)) {
        fvi_build_fail(node->b, FV_FORMAT,
                       "block_size is %" PRId64 "; allowed: powers of two from 16 on", p->block);
        return 0;
    }
    p->blocks = (p->k - 1) / p->block + 1;
    p->packs_zeros = p->zeros && p->zeros->dtype == FVI_U8;
    if (fvi_mul(p->n, p->blocks, &scales) < 0 || fvi_mul(scales, p->block, &bytes) < 0 ||
        bytes > FVI_MAX_ELEMENTS) {
        fvi_build_fail(node->b, FV_SHAPE, "its matrix would be too large");
        return 0;
    }
    check_count(node, p->q, "B", bytes * p->bits / 8);
    check_count(node, p->scales, "scales", scales);
    check_count(node, p->zeros, "zero_points",
                p->packs_zeros ? p->n * ((p->blocks * p->bits + 7) / 8) : scales);
    if (!node->b->status && p->q->dtype != FVI_U8)
        fvi_build_fail(node->b, FV_FORMAT, "B is of type %s; allowed: uint8",
                       fvi_dtype_name(p->q->dtype));
    return node->b->status == FV_OK;
}

/* [n][k] */
static int unpacked(fvi_onnx_node *node, const packed *p) {
    uint8_t *data;
    const int v = fvi_emit_constant(node->b, FVI_F32, &(fvi_shape){2, {p->n, p->k}}, &data);
    if (v < 0 || !fvi_build_charge(node->b, 2 * p->n * p->k)) return -1;
    const int64_t bytes = p->blocks * p->block * p->bits / 8;
    for (int64_t row = 0; row < p->n; row++)
        for (int64_t block = 0; block < p->blocks; block++) {
            const double scale = fvi_const_at(p->scales, row * p->blocks + block);
            const double zero = zero_of(p, row, block);
            const int64_t last = MIN((block + 1) * p->block, p->k);
            for (int64_t i = block * p->block; i < last; i++)
                fvi_put_real(FVI_F32, data, row * p->k + i,
                             ((double)unpack(p, p->q, row, bytes, i) - zero) * scale);
        }
    fvi_emit_quantised(node->b, v);
    return v;
}

fv_status fvi_lower_matmul_nbits(fvi_onnx_node *node) {
    packed p;
    const int a = fvi_onnx_need(node, A);
    if (!read_packed(node, &p)) return node->b->status;
    if (fvi_onnx_in(node, G_IDX) >= 0)
        return fvi_build_fail(node->b, FV_UNSUPPORTED,
                              "it has g_idx, an order of its columns; allowed: none");
    const int bias = fvi_onnx_in(node, BIAS);
    const fvi_node_attr transposed = {.matmul = {0, 1, 1}};
    const int v = fvi_onnx_multiply(node, a, unpacked(node, &p), &transposed);
    return fvi_onnx_out(node, 0, bias < 0 ? v : fvi_emit_binary(node->b, FVI_ADD, v, bias));
}
