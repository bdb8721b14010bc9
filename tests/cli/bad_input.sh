# SPDX-License-Identifier: Apache-2.0
# Sound model, bad input: one line that names the file, exit code 1, the output not touched.
echo old > y.npy
make npy 1,3,32,32 x.npy
make npy 1,4,32,32 channels.npy
make npy 3,32,32 rank.npy
make npy 1,3,0,32 none.npy
make npy 1,3,32,32 cut.npy bad
: > empty.npy
cp "$DATA/photo.jpg" photo.npy
for name in nowhere channels rank none cut empty photo; do
    try fovea run tiny --input $name.npy -o y.npy
    try fovea gradient tiny --input $name.npy --objective stem/conv:0 -o y.npy
done
try fovea run "$DATA/bare.onnx" --input rank.npy -o y.npy
try fovea run tiny --input x.npy --layer stem/cnov -o y.npy
try fovea run tiny --input x.npy --layer nothing-like-it -o y.npy
try fovea gradient tiny --input x.npy --objective stem/conv:99 -o y.npy
try fovea gradient tiny --input x.npy --objective stem/conv:x -o y.npy
try fovea gradient tiny --input x.npy --objective stem/conv:0@1 -o y.npy
try fovea gradient tiny --input x.npy --objective stem/conv:0@16,0 -o y.npy
try fovea gradient tiny --input x.npy --objective logits:goldfihs -o y.npy
try fovea gradient tiny --input x.npy --objective '' -o y.npy
# what is meant, in the place of something else
printf '\211HDF\r\n\032\n0123456789' > net.h5
printf '\034\0\0\0TFL3' > net.tflite
cp "$DATA/tiny.onnx" net.jpg
for file in "$DATA/tiny.onnx" net.jpg net.h5 net.tflite x.npy; do try fovea classify tiny "$file" | sed "s,$DATA/,,"; done
try fovea run tiny --input "$DATA/tiny.onnx" -o y.npy | sed "s,$DATA/,,"
try fovea classify tiny "$DATA/photo.jpg" --labels "$DATA/photo.jpg" | sed "s,$DATA/,,g"
# names
for unit in 'foo(stem/conv:3)' conv1:3 ':3' 'class:h*' class: 'class:zz' 'stem/*:1'; do
    try fovea gradient tiny --input x.npy --objective "$unit" -o y.npy
done
try fovea gradient tiny --input x.npy --objective class:1 --wrt nowhere -o y.npy
try fovea run tiny --input nowhere=x.npy -o y.npy
try fovea classify tiny "$DATA/photo.jpg" --output-name nope | sed "s,$DATA/,,"
try fovea run tiny --input x.npy -o nowhere/y.npy
try fovea run tiny --input x.npy -o .
cat y.npy
ls
