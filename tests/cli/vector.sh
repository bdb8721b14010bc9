# SPDX-License-Identifier: Apache-2.0
# Inputs that are no pictures: bars, numbers, or as --shape says.
make network mlp mlp.onnx
fov() { fovea visualize mlp.onnx --steps 20 "$@" 2> log || { code=$?; cat log; return $code; }; }
fov dense2:0 -o a.png | blur
make size a.png
make text fovea.objective a.png
fov dense2:0-3 -o b.png --npy b.npy | blur | sed -E 's/ [0-9]+x[0-9]+,/ WxH,/'
make shape b.npy
fov dense2:0 -o c.npy | blur
make shape c.npy
fov dense2:0-1 --each d -q && ls d
fov dense2:0 --shape 3x4 -o e.png | blur
make size e.png
fov dense2:0 --shape 3x2x2 -o e.png -q && make size e.png
fov dense2:0-1 --shape 3x4 --animate f.gif | blur | sed -E 's/ [0-9]+x[0-9]+,/ WxH,/'
fov dense2:0 --shape 5x5 -o g.png || echo "[$?]"
fov dense2:0 --shape 3 -o g.png || echo "[$?]"
fov dense2:0 --shape 3x0 -o g.png || echo "[$?]"
fov dense2:0 --shape 1x3x4x1 -o g.png || echo "[$?]"
fov dense2:0 --shape 3,4 -o g.png || echo "[$?]"
fov dense2:0 --animate g.gif || echo "[$?]"
fov dense2:9 -o g.png || echo "[$?]"
try fovea dream mlp.onnx "$DATA/photo.jpg" -o g.png
[ ! -e g.png ] && echo 'not touched'

# A long row is drawn at the length it has.
make network long long.onnx
try fovea visualize long.onnx dense2:1 --steps 1 -o l.png --npy l.npy -q
make shape l.npy
try fovea visualize long.onnx dense2:1 --steps 1 --levels 2 -o l.png

# A row of classes without an axis of samples is one row, and the class put first is explained.
make network squeezed squeezed.onnx
make npy 1,12 q.npy
try fovea classify squeezed.onnx q.npy --top 4
try fovea attribute squeezed.onnx q.npy -m gradient --npy first.npy -q
for c in 0 1 2 3; do
    fovea attribute squeezed.onnx q.npy -m gradient -c $c --npy q$c.npy -q
    cmp -s first.npy q$c.npy && echo "class $c is explained"
done
try fovea attribute squeezed.onnx q.npy -m gradient -c 4 -o q.png
