# SPDX-License-Identifier: Apache-2.0
# A wrong command line: exit code 2, one line that names option, value and what is allowed.
try fovea
try fovea lyers
try fovea lyers tiny
try fovea help lyers
try fovea help layers bench
try fovea frobnicate
try fovea --verson
try fovea --json layers tiny
try fovea layers
try fovea layers tiny vector
try fovea layers tiny --jsn
try fovea layers tiny --frobnicate
try fovea layers tiny --json=3
try fovea layers tiny --top 3
try fovea layers tiny -z
try fovea layers tiny --size
try fovea layers tiny --size 0
try fovea layers tiny --size -3
try fovea layers tiny --size 9000
try fovea layers tiny --size 32x
try fovea layers tiny --size ' 32'
try fovea layers tiny --size +32
try fovea layers tiny --size 1e2
try fovea layers tiny --size ''
try fovea layers tiny --size 99999999999999999999
try fovea layers tiny --threads 0
try fovea layers tiny --mean 1,2,x
try fovea layers tiny --mean 1,,2
try fovea layers tiny --mean 1,2,3,4,5
try fovea layers tiny --mean nan
try fovea layers tiny --mean inf
try fovea layers tiny --mean 1e99
try fovea layers tiny --mean 1,2
try fovea layers tiny --std 1,0,1
try fovea layers tiny --std=-1
try fovea layers tiny --scale 1 --std 1
try fovea layers tiny --range 254
try fovea layers tiny --channel-order rbg
try fovea layer tiny
try fovea classify tiny
try fovea classify tiny photo.jpg --top 0
try fovea run tiny --input x.npy
try fovea run tiny -o y.npy
try fovea gradient tiny --input x.npy -o y.npy
try fovea visualize tiny -o a.png
try fovea visualize tiny stem/conv:0
try fovea visualize tiny stem/conv:0 -o a.gif
try fovea visualize tiny stem/conv:0 -o png
try fovea visualize tiny stem/conv:0 -o ''
try fovea visualize tiny stem/conv:0 -o a.png --seed -1
try fovea visualize tiny stem/conv:0 -o a.png --seed 18446744073709551616
try fovea visualize tiny stem/conv:0 -o a.png --seed 1.5
try fovea visualize tiny stem/conv:0 -o a.png --steps 0
try fovea visualize tiny stem/conv:7-3 -o a.png
try fovea visualize tiny stem/conv:0-99999999999 -o a.png
try fovea visualize tiny stem/conv:0-5000 -o a.png
make npy 1,3,32,32 x.npy >log
try fovea gradient tiny --input x.npy --objective stem/conv:0,1 -o y.npy
try fovea bench tiny stem/conv --batch 0
try fovea models tiny
ls
# options that have no effect where they stand are refused, or said
make npy 1,3,32,32 x.npy
try fovea run tiny -i x.npy -o y.npy --mean 1
try fovea dream tiny "$DATA/photo.jpg" -o d.png --fit=pad
try fovea classify tiny "$DATA/photo.jpg" --pad-color red
make network mlp mlp.onnx
make npy 1,12 v.npy
try fovea activations mlp.onnx dense1 v.npy -o a.png --columns 2 --palette grey -q
fovea activations mlp.onnx dense1 v.npy -o a.png --columns 2 --palette grey --top 1 2>&1 | grep note
fovea weights tiny logits --as bars --grey --scale tile -o w.png 2>&1 | grep note
fovea weights tiny logits --as matrix --columns 3 -o w.png 2>&1 | grep note
# words in another order, values that are options, folders and files instead of each other
cp "$DATA/tiny.onnx" "$DATA/photo.jpg" .
try fovea visualize stem/conv:0 tiny.onnx -o a.png
try fovea activations tiny photo.jpg stem/conv -o a.png
try fovea attribute tiny photo.jpg -c -o a.png
try fovea attribute tiny photo.jpg --class --output a.png
try fovea -o a.png attribute tiny photo.jpg
try fovea run tiny -i x.npy -o y.txt
try fovea visualize tiny stem/conv:0 --each photo.jpg
try fovea visualize tiny stem/conv:0 --npy photo.jpg
mkdir d.png
try fovea visualize tiny stem/conv:0 -o d.png
