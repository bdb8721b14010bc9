# SPDX-License-Identifier: Apache-2.0
# Arrays out of files that hold several, wherever an NPY file is taken.
make npy 1,3,32,32 x.npy
make npy 10 v.npy
make arrays x.npz x=x.npy v=v.npy
make arrays x.safetensors x=x.npy v=v.npy
make arrays one.safetensors x=x.npy
fovea run tiny --input x.npy -o right.npy -q
for x in x.npz:x x.safetensors:x one.safetensors one.safetensors:x; do
    try fovea run tiny --input $x -o y.npy -q
    cmp right.npy y.npy && rm y.npy
done
fovea activations tiny stem/conv x.npz:x | blur | head -n 3
fovea classify tiny x.npz:x --top 1 | blur
fovea gradient tiny --input x.npy --objective 'direction(stem/conv, v.npy)' -o right.npy -q | blur
for v in x.npz:v x.safetensors:v '"x.safetensors:v"'; do
    try fovea gradient tiny --input x.npy --objective "direction(stem/conv, $v)" -o y.npy -q | blur
    cmp right.npy y.npy && rm y.npy
done
try fovea attribute tiny x.npz:x --class 1 --method integrated --baseline x.safetensors:x --npy m.npy -q
# refused
for x in x.npz x.npz:y x.safetensors:y x.npy:y one.safetensors:y nowhere.npz:x x.npz:v; do
    try fovea run tiny --input $x -o y.npy
done
try fovea gradient tiny --input x.npy --objective 'direction(stem/conv, x.npz)' -o y.npy
[ ! -e y.npy ] && echo 'not touched'
# no models
for file in x.npz x.safetensors; do try fovea layers $file; done
