# SPDX-License-Identifier: Apache-2.0
# Networks with several inputs, of words, or with a switch.
make network words words.onnx
try fovea layers words.onnx
make npy 2,3 ids.npy words
make npy 1,3 mask.npy words
try fovea run words.onnx --input ids.npy -o y.npy
make shape y.npy
try fovea run words.onnx --input ids=ids.npy --input mask=mask.npy -o z.npy
try fovea run words.onnx --input ids.npy --set mask=mask.npy -o w.npy
cmp z.npy w.npy && echo same
try fovea run words.onnx --input ids.npy --set mask=0 -o y.npy
try fovea gradient words.onnx --input ids.npy --set mask=1 --objective sum:1 -o g.npy
try fovea gradient words.onnx --input ids.npy --set mask=1 --objective sum:1 --wrt embedding -o g.npy | blur
make shape g.npy
try fovea gradient words.onnx --input ids.npy --objective sum:1 --wrt mask -o g.npy
try fovea run words.onnx -o y.npy
try fovea run words.onnx --input ids.npy --input mask.npy -o y.npy
try fovea run words.onnx --input ids.npy --set msk=1 -o y.npy
try fovea run words.onnx --input ids.npy --set mask -o y.npy
try fovea run words.onnx --input ids.npy --set mask=none.npy -o y.npy
try fovea run words.onnx --input ids.npy --set ids=1 -o y.npy
try fovea run words.onnx --input ids.npy --wrt nowhere -o y.npy

# Each input that nobody gave is named, by what draws too, and before anything is drawn.
make network pair pair.onnx
try fovea visualize pair.onnx more:0 --steps 1 --set high=2 -o p.png 2>&1 | grep note
try fovea visualize pair.onnx more:0 --steps 1 -o p.png 2>&1 | grep note

# The length that the file leaves open is the array's, for objectives too.
make network fixed fixed.onnx
make npy 1,3 three.npy words
try fovea gradient fixed.onnx --input three.npy --set mask=1 --objective class:5 --wrt embedding -o g.npy | blur
make shape g.npy
try fovea run fixed.onnx --input ids.npy --set mask=1 -o y.npy
try fovea visualize fixed.onnx class:5 -o p.png

# Integers that the input's type has, nothing else.
try fovea run words.onnx --input ids.npy --set mask=0.5 -o y.npy
try fovea run words.onnx --input ids.npy --set mask=1e30 -o y.npy
