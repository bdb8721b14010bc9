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
try fovea run tiny --input x.npy -o nowhere/y.npy
try fovea run tiny --input x.npy -o .
cat y.npy
ls
