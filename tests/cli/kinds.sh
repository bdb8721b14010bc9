# SPDX-License-Identifier: Apache-2.0
# Inputs that are not [N, 3, H, W]: rows of a picture without channels, a row of numbers, bands.
make network rows rows.onnx
make npy 1,8,8 rows.npy
try fovea classify rows.onnx "$DATA/photo.jpg" rows.npy
try fovea attribute rows.onnx "$DATA/photo.jpg" -c 1 -m gradient -o a.png --npy a.npy -q
make shape a.npy
try fovea activations rows.onnx dense "$DATA/photo.jpg" -q
try fovea gradient rows.onnx --input rows.npy --objective dense:1 -o g.npy | blur
make shape g.npy
try fovea visualize rows.onnx dense:1 --steps 2 -o v.png --npy v.npy -q
make size v.png
make shape v.npy
try fovea visualize rows.onnx dense:1 --steps 2 --shape 8x8 -o v.png -q
try fovea visualize rows.onnx dense:1 --steps 2 --shape 4x16 -o v.png -q
make network digits digits.onnx
try fovea classify digits.onnx "$DATA/photo.jpg"
try fovea classify digits.onnx "$DATA/photo.jpg" --shape 28x28
try fovea attribute digits.onnx "$DATA/photo.jpg" --shape 28x28 -m occlusion -c 1 -o d.png --npy d.npy -q
make shape d.npy
try fovea classify digits.onnx "$DATA/photo.jpg" --shape 27x28
try fovea classify digits.onnx "$DATA/photo.jpg" --shape 28
make network bands bands.onnx
make npy 1,5,9,8 bands.npy
try fovea classify bands.onnx "$DATA/photo.jpg"
try fovea classify bands.onnx bands.npy
try fovea activations bands.onnx conv1 bands.npy -q
try fovea visualize bands.onnx dense:1 --steps 2 -o v.png 2>&1 | grep note
make size v.png
# Keras has channels last: the map is over the time
make npy 1,40,2 wave.npy
try fovea attribute "$DATA/../../formats/keras/signal-keras3.keras" wave.npy -m gradient -c 1 -o k.png --npy k.npy -q
make shape k.npy
# token ids have no gradient, and no part that can be shown
make network words words.onnx
make npy 1,3 ids.npy words
try fovea visualize words.onnx sum:1 --steps 1 -o v.png
try fovea attribute words.onnx ids.npy -o v.png
# a network whose results are constants
make network constant constant.onnx
try fovea run constant.onnx --input ids.npy -o y.npy
try fovea classify constant.onnx "$DATA/photo.jpg"
