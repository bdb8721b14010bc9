# SPDX-License-Identifier: Apache-2.0
# The table of layers, with totals; the same as JSON.
try fovea layers "$DATA/tiny.onnx"
try fovea layers "$DATA/vector.onnx"
fovea layers "$DATA/tiny.onnx" --json > a.json
make json a.json
fovea layers --size 64 tiny | tail -n 1
fovea layers --json "$DATA/tiny.onnx" | cmp - a.json
