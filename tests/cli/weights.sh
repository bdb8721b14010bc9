# SPDX-License-Identifier: Apache-2.0
# A layer's weights as pictures and as numbers, and what is refused.
make network dead dead.onnx
make network mlp mlp.onnx
try fovea weights dead.onnx conv1 -o rgb.png | blur
make text fovea.weights rgb.png
make text fovea.command rgb.png
make text fovea.model-sha256 rgb.png | wc -c
make text fovea.version rgb.png
make size rgb.png
try fovea weights dead.onnx conv1 --channels 3,0-1 --inputs 2,0 --columns 2 --tile-size 30 \
    --title '' -o pairs.png | blur
make size pairs.png
fovea weights -q dead.onnx conv1 --channels 0 --top 1 -o strongest.png
fovea weights -q dead.onnx conv1 --channels 0 --top 1 --grey -o grey.png
make pixels strongest.png grey.png
try fovea weights dead.onnx conv1 --scale tile -o tile.png | blur
try fovea weights dead.onnx conv1 --min-max -o minmax.png | blur
make pixels rgb.png minmax.png

# Several layers in one picture; deeper convolutions, 1x1 convolutions, vectors, dense layers.
fovea weights tiny stem/conv head/conv expand/conv stem/bn logits --channels 0 --top 1 --grey \
    -o five.png | grep five.png
try fovea weights tiny stem/conv head/conv --channels 0 --inputs 0 --columns 2 -o two.png |
    grep -E 'note|two.png'
try fovea weights tiny stem/conv --channels 0 --inputs 0 --columns 2 -o two.png |
    grep -E 'note|two.png'
fovea weights tiny head/conv --channels 0-3 --top 2 -o head.png | grep -E 'colours|tiles'
fovea weights tiny expand/conv --as matrix -o matrix.png | grep -E 'colours|tile'
fovea weights tiny stem/bn -o vector.png | grep -E 'filters|colours|tile'
fovea weights tiny logits -o bars.png | grep -E 'colours|tile'
fovea weights mlp.onnx dense1 --shape 3x2x2 -o chw.png | grep -E 'rows|tiles'
fovea weights mlp.onnx dense1 --shape 2x2x3 -o hwc.png | grep -E 'rows|tiles'
make pixels chw.png hwc.png
fovea weights mlp.onnx dense1 --shape 3x4 -o hw.png | grep -E 'rows|tiles'
cp mlp.onnx weights.onnx
fovea weights weights.onnx dense1 --shape 1x3x4 -o again.png >again.txt
make pixels hw.png again.png

# Numbers.
try fovea weights dead.onnx conv1 --histogram histogram.png --npy w.npy | blur
make size histogram.png
make text fovea.model histogram.png
make shape w.npy
fovea weights mlp.onnx dense1 --npy rows.npy -q
make shape rows.npy
fovea weights dead.onnx conv1 --json >a.json
make json a.json
fovea weights tiny logits stem/bn --json -o json.png >b.json
make json b.json

# What is refused touches no file.
rm -f no.png
try fovea weights mlp.onnx dense1 --shape 1x3x5 -o no.png
try fovea weights mlp.onnx dense1 --shape 4294967296x4294967296 -o no.png
try fovea weights mlp.onnx dense1 --shape 12 -o no.png
try fovea weights mlp.onnx dense1 dense2 --shape 3x4 -o no.png
try fovea weights tiny stem/conv --shape 3x3 -o no.png
try fovea weights tiny stem/relu6 -o no.png
try fovea weights tiny stem/cnov -o no.png
try fovea weights tiny stem/conv --channels 99 -o no.png
try fovea weights tiny stem/conv --channels 3-1 -o no.png
try fovea weights tiny stem/conv --channels 0-2000000000 -o no.png
try fovea weights tiny stem/conv --channels 1,x -o no.png
try fovea weights tiny stem/conv --channels '' -o no.png
try fovea weights tiny stem/conv --inputs 3 -o no.png
try fovea weights tiny head/conv --min-max -o no.png
try fovea weights tiny head/conv --top 2 --as bars -o no.png
try fovea weights tiny stem/conv head/conv --npy no.npy
try fovea weights tiny stem/conv --npy no.txt
try fovea weights tiny stem/conv --scale 2 -o no.png
try fovea weights tiny stem/conv -o no.txt
try fovea weights tiny
ls no.* 2>/dev/null || true
