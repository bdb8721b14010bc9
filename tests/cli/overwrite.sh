# SPDX-License-Identifier: Apache-2.0
# No command writes over a file that it reads, nor writes one file twice, however they are spelled.
mkdir -p photos/deep
make photos photos 3
first=photos/$(ls photos | grep png | head -1)
cp "$first" keep.png
cp keep.png before.png
cp "$DATA/tiny.onnx" net.png
mkdir deep
ln -s ../keep.png deep/link.png
try fovea attribute tiny keep.png -q -o ./keep.png
try fovea activations tiny stem/conv keep.png -q -o deep/link.png
try fovea compare tiny net.png stem/conv keep.png -q -o deep/../keep.png
try fovea visualize tiny stem/conv:0 -q --init keep.png -o keep.png
try fovea weights net.png stem/conv -q -o net.png
try fovea gradient tiny -i image=x.npy --objective class:0 -o x.npy
touch x.npy
try fovea run tiny -i x.npy -o deep/../x.npy
try fovea gradient tiny -i image=x.npy --objective class:0 -o x.npy
try fovea examples tiny head/conv:0 photos -q -o "$first"
try fovea examples tiny head/conv:0 photos -q --each ./photos
# one file twice
try fovea weights tiny stem/conv -q -o w.png --histogram deep/../w.png
try fovea attribute tiny keep.png -q -m gradient --npy m.npy --parts ./m.npy
try fovea visualize tiny stem/conv:0 -q --steps 2 -o v.webp --animate v.webp
cmp keep.png before.png && cmp net.png "$DATA/tiny.onnx"; ls
# its own montage, among the photos: written again, and no photo
try fovea examples tiny head/conv:0 photos -q -o photos/montage.png
try fovea examples tiny head/conv:0 photos -o photos/montage.png 2>&1 | grep -E 'left out|\['
# folders may take several kinds, and what is no file is nobody's loss
try fovea visualize tiny stem/conv:0-1 -q --steps 2 --each made --npy made
ls made
