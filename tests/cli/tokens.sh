# SPDX-License-Identifier: Apache-2.0
# A vision transformer: its tokens lie over the picture, as the graph says; attention does not.
cp "$DATA/photo.jpg" photo.jpg
cp "$DATA/../../golden/attribute/vit.onnx" vit.onnx
look() { fovea "$@" -q --json | tr -d ' \n' | grep -oE '"(layer|kind)":"[^"]*"|"(cells|shape)":\[[0-9,]*\]'; }
# the default layer: what the keys of the last attention are computed from
look attribute vit.onnx photo.jpg -c 1
look attribute vit.onnx photo.jpg -c 1 --layer patch
look attribute vit.onnx photo.jpg -c 1 --layer blocks.0.add_1 -m gradcam++
look activations vit.onnx blocks.0.norm1 photo.jpg
look activations vit.onnx patch photo.jpg
try fovea activations vit.onnx blocks.0.norm1 photo.jpg -q --top 2 -o maps.png
make size maps.png
try fovea attribute vit.onnx photo.jpg -q --layer blocks.1.softmax -o x.png
try fovea attribute vit.onnx photo.jpg -q --layer blocks.1.transpose_2 -o x.png
try fovea activations vit.onnx blocks.0.matmul photo.jpg -q -o x.png
try fovea activations vit.onnx blocks.0.squeeze photo.jpg -q -o x.png
# behind the last attention the classes depend on the class token alone
try fovea attribute vit.onnx photo.jpg -q -c 1 --layer norm -o x.png
ls x.png 2> /dev/null || echo 'not touched'
# where in the photo a token is: what its patch sees; behind attention, which sees everything, its cell
mkdir -p photos/deep && make photos photos 3
for u in patch:3 blocks.0.norm1:3 blocks.1.norm1:3; do
    fovea examples vit.onnx $u photos --top 1 --json -q | tr -d ' \n' | grep -oE '"photo":"[^"]*"|"(position|receptive_field|center)":\[[0-9,]*\]'
done
