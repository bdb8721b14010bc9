/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the messages of ONNX: of the main graph's initialisers `raw_data`, and `float_data` or
 * `double_data` where they are packed in one piece (then they are little-endian elements too), stay
 * in the file. Graphs nest by way of nodes and their attributes; functions hold nodes.
 *
 * What it does not do: leave out the payloads of tensors in attributes (they are small).
 * Field numbers: onnx.proto.
 */
#include "model/onnx/skim.h"

#include "base/error.h"

#define MODEL_MAX (((size_t)1 << 31) - 1) /* protobuf's own limit of a message */

enum { MODEL, GRAPH, TENSOR, NODE, ATTRIBUTE, FUNCTION };

static const fvi_skim_message messages[] = {
    [MODEL] = {"the model", 0, NULL, NULL},        [GRAPH] = {"a graph", 0, NULL, "graphs"},
    [TENSOR] = {"an initialiser", 1, NULL, NULL},  [NODE] = {"a node", 0, "nodes", NULL},
    [ATTRIBUTE] = {"an attribute", 0, NULL, NULL}, [FUNCTION] = {"a function", 0, NULL, NULL},
};

/* clang-format off */
static const fvi_skim_field fields[] = {
    {MODEL, 1, 5, FVI_SKIM_KEEP, 0, NULL, NULL},           /* ir_version .. model_version */
    {MODEL, 7, 7, FVI_SKIM_DESCEND, GRAPH, "the graph", "the file holds two graphs"},
    {MODEL, 8, 8, FVI_SKIM_KEEP, 0, NULL, NULL},           /* opset_import */
    {MODEL, 14, 14, FVI_SKIM_KEEP, 0, NULL, NULL},         /* metadata_props */
    {MODEL, 25, 25, FVI_SKIM_CHECK, FUNCTION, "a function", NULL},
    {GRAPH, 1, 1, FVI_SKIM_CHECK, NODE, NULL, NULL},
    {GRAPH, 2, 2, FVI_SKIM_KEEP, 0, NULL, NULL},           /* name */
    {GRAPH, 5, 5, FVI_SKIM_DESCEND, TENSOR, "an initialiser", NULL},
    {GRAPH, 11, 13, FVI_SKIM_KEEP, 0, NULL, NULL},         /* input, output, value_info */
    {GRAPH, 15, 15, FVI_SKIM_KEEP, 0, NULL, NULL},         /* sparse_initializer */
    {TENSOR, 9, 9, FVI_SKIM_PAYLOAD, 0, NULL, NULL},       /* raw_data */
    {TENSOR, 4, 4, FVI_SKIM_PAYLOAD_SOLE, 0, NULL, NULL},  /* float_data */
    {TENSOR, 10, 10, FVI_SKIM_PAYLOAD_SOLE, 0, NULL, NULL}, /* double_data */
    {NODE, 5, 5, FVI_SKIM_CHECK, ATTRIBUTE, NULL, NULL},
    {ATTRIBUTE, 6, 6, FVI_SKIM_CHECK, GRAPH, NULL, NULL},
    {FUNCTION, 7, 7, FVI_SKIM_CHECK, NODE, NULL, NULL},
    {FUNCTION, 11, 11, FVI_SKIM_CHECK, ATTRIBUTE, NULL, NULL},
};
/* clang-format on */

static const fvi_skim_format format = {"an ONNX model", "initialisers", messages, fields,
                                       sizeof fields / sizeof *fields};

fv_status fvi_onnx_skim(const uint8_t *bytes, size_t size, int64_t max_nodes, fvi_skim *out,
                        fv_error *err) {
    if (!size) return fvi_fail(err, FV_FORMAT, "the file is empty");
    if (size > MODEL_MAX)
        return fvi_fail(err, FV_FORMAT,
                        "%zu bytes, but an ONNX file ends at 2 GiB; larger models keep their "
                        "weights in external data files",
                        size);
    fv_status st = fvi_skim_make(&format, bytes, size, max_nodes, out, err);
    if (st || out->slim) return st;
    fvi_skim_free(out);
    return fvi_fail(err, FV_FORMAT, "not an ONNX model: it holds no graph");
}
