# SPDX-License-Identifier: Apache-2.0
# What changed between two checkpoints, and what cannot be compared.
make network dead before.onnx
make network changed after.onnx
make network wide wide.onnx
make network mlp mlp.onnx
try fovea compare before.onnx after.onnx conv1 "$DATA/photo.jpg" -o changed.png | blur | tr -s ' '
make text fovea.layer changed.png
make text fovea.model changed.png
make text fovea.model-b changed.png
make text fovea.command changed.png
fovea compare before.onnx after.onnx relu1 "$DATA/photo.jpg" --top 2 --json >a.json
make json a.json
fovea compare before.onnx before.onnx conv1 "$DATA/photo.jpg" | awk 'NR < 6 { print $1, $2 }'
make npy 5,12 x.npy
fovea compare mlp.onnx mlp.onnx relu1 x.npy --top 1 -o vector.png | tail -3
make size vector.png

# A bad file among good ones; only bad ones; with --json all or nothing.
echo nothing >bad.jpg
try fovea compare before.onnx after.onnx conv1 bad.jpg "$DATA/photo.jpg" --top 1 | blur | tr -s ' '
try fovea compare before.onnx after.onnx conv1 bad.jpg -o no.png
try fovea compare before.onnx after.onnx conv1 bad.jpg "$DATA/photo.jpg" --json
try fovea compare before.onnx wide.onnx conv1 "$DATA/photo.jpg" -o no.png
try fovea compare before.onnx mlp.onnx conv1 "$DATA/photo.jpg" -o no.png
try fovea compare mlp.onnx mlp.onnx relu1 "$DATA/photo.jpg" -o no.png
make npy 5,11 y.npy
try fovea compare mlp.onnx mlp.onnx relu1 y.npy -o no.png
try fovea compare before.onnx missing.onnx conv1 "$DATA/photo.jpg" -o no.png
try fovea compare before.onnx after.onnx conv1
try fovea compare before.onnx after.onnx conv1 "$DATA/photo.jpg" -o no.txt
ls no.* 2>/dev/null || true
