# SPDX-License-Identifier: Apache-2.0
# TensorFlow's graphs and SavedModels: by the names of the graph's nodes and of the signature.
files=$DATA/../../formats/tensorflow
cp -r "$files/inception.pb" "$files/slim.pb" "$files/keras.saved" .
photo=$DATA/../pictures/alpha.png

# edit OLD NEW: other.pb, where the text OLD of inception.pb is NEW, equally long.
edit() {
    python3 - "$@" <<'PY'
import sys
old, new = (word.encode() for word in sys.argv[1:])
with open("inception.pb", "rb") as f:
    data = f.read()
assert len(old) == len(new) and old in data, old
with open("other.pb", "wb") as f:
    f.write(data.replace(old, new))
PY
}

try fovea layers inception.pb --size 64
try fovea layers slim.pb | tail -n 12
try fovea layers keras.saved | tail -n 4
fovea layers keras.saved >folder
fovea layers keras.saved/saved_model.pb | cmp - folder && echo same
try fovea layer inception.pb mixed3a_3x3_pre_relu
try fovea layer inception.pb mixed3a
try fovea weights inception.pb conv2d0_pre_relu -o w.png

make npy 2,20,20,3 x.npy
try fovea run inception.pb --input x.npy -l mixed3a -o y.npy
make shape y.npy
try fovea run inception.pb --input x.npy -o y.npy
make shape y.npy
try fovea gradient inception.pb --input x.npy --objective softmax2_pre_activation:2 -o g.npy | blur
make shape g.npy
try fovea visualize inception.pb mixed3a_3x3_pre_relu:2 --steps 2 --size 64 -q -o v.png
try fovea visualize inception.pb mixed3a:6-7 --steps 2 --size 64 -q -o v.png
try fovea visualize keras.saved c1_1/BiasAdd:1 --steps 2 -q -o v.png
try fovea visualize keras.saved output_0:1 --steps 2 -q -o v.png
try fovea attribute inception.pb "$photo" --class 2 -m gradient --size 20 -q -o a.png
try fovea attribute inception.pb "$photo" --class 2 -m gradcam -l mixed3a --size 20 -q -o a.png
try fovea activations inception.pb mixed3a "$photo" --size 64 -o b.png
try fovea classify slim.pb "$photo" | blur

# the switch for training is decided by its default
make npy 2,17,15,3 x.npy
try fovea run slim.pb --input x.npy --set is_training=1 -o y.npy

# what is refused
try fovea visualize inception.pb mixed3b:0 --steps 1 -q -o v.png
try fovea visualize inception.pb mixed3a:12 --steps 1 -q -o v.png
edit MaxPool MaxPoul
try fovea layers other.pb --size 64 | grep MaxPoul
try fovea visualize other.pb conv2d0:1 --steps 1 --size 64 -q -o v.png
try fovea visualize other.pb mixed3a:1 --steps 1 --size 64 -q -o v.png
head -c 4000 inception.pb >cut.pb
try fovea layers cut.pb
rm keras.saved/variables/*.index
try fovea visualize keras.saved output_0:1 --steps 1 -q -o v.png
