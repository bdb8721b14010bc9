# SPDX-License-Identifier: Apache-2.0
# The classes of a network, all or those that hold a word; what has none says what helps.
try fovea classes tiny
try fovea classes tiny SHARK
fovea classes tiny ray --json > a.json
make json a.json
cat a.json
try fovea classes tiny whale
try fovea classes "$DATA/bare.onnx"
try fovea classes tiny a b
# every channel of a layer, every class
fovea visualize tiny stem/conv:all --size 16 --steps 1 --npy a.npy -q && make shape a.npy
fovea visualize tiny class:all --size 16 --steps 1 --npy a.npy -q && make shape a.npy
try fovea visualize "$DATA/bare.onnx" class:all -o a.png
fovea weights tiny stem/conv --channels all -o a.png > one; fovea weights tiny stem/conv -o a.png | cmp - one && echo same
# a file that was found and passed over is told of; a name of two classes is none
cp "$DATA/bare.onnx" bare.onnx; printf 'a\nb\n' > labels.txt
try fovea classes bare.onnx
seq 30 | sed 's/.*/thing/' > things
try fovea attribute tiny "$DATA/photo.jpg" -c thing -q --labels things -o a.png
