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
fovea compare before.onnx after.onnx relu1 "$DATA/photo.jpg" --json >a.json
make json a.json
fovea compare before.onnx before.onnx conv1 "$DATA/photo.jpg" | awk 'NR < 6 { print $1, $2 }'
make npy 5,12 x.npy
fovea compare mlp.onnx mlp.onnx relu1 x.npy --top 1 -o vector.png | tail -3
make size vector.png

# Numbers that are none: a sample with one, and nothing else.
make npy 5,12 nan.npy nan
try fovea compare mlp.onnx mlp.onnx relu1 nan.npy --top 1 -o nan.png | tail -3
make size nan.png
make npy 1,12 nans.npy nans
try fovea compare mlp.onnx mlp.onnx dense1 nans.npy --top 1 -o nans.png
fovea compare mlp.onnx mlp.onnx dense1 nans.npy --json 2>log >nans.json
make json nans.json

# The table as numbers, in the order of the channels.
fovea compare before.onnx after.onnx conv1 "$DATA/photo.jpg" --npy c.npy --json >c.json
make shape c.npy
python3 - <<'P'
import array, json, math
x = array.array("f", open("c.npy", "rb").read()[-4 * 7 * 4:])
for c in json.load(open("c.json"))["channels"]:
    (a, b), (s, t) = c["mean"], c["stddev"]
    wanted = [c["change"], c["pattern"], a, s, b, t, c["weights"]]
    print(c["channel"], all(math.isnan(v) if w is None else abs(v - w) <= 1e-5 * abs(w)
                            for v, w in zip(x[7 * c["channel"]:], wanted)))
P

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
try fovea compare before.onnx after.onnx conv1 "$DATA/photo.jpg" --npy no.txt
ls no.* 2>/dev/null || true
