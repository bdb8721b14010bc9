# SPDX-License-Identifier: Apache-2.0
# Numbers that go wrong: NaN, infinity, gradients that vanish or explode. Each is named, with the
# layer, and is not drawn; --on-nan keep takes what there is.
make npy 1,3,16,16 x.npy
make npy 1,3,16,16 n.npy nan
mkdir photos; cp "$DATA/photo.jpg" photos
digits() { sed -E 's/(magnitude|norm is|beyond) [0-9.e+]+/\1 N/g; s/-?[0-9]+\.[0-9]+(e[-+]?[0-9]+)?/N/g; s/[0-9]+x[0-9]+, /WxH, /'; }
for kind in nan inf exp late log div root faint explode; do make network $kind $kind.onnx; done
look() { # NETWORK OBJECTIVE WORD...
    net=$1 unit=$2; shift 2
    fovea visualize $net.onnx $unit -o v.png --size 16 --steps 12 --recipe lucid "$@" 2> log || { code=$?; tail -1 log; echo "[$code]"; }
}
value() { case $1 in nan | inf) echo relu1 ;; exp | late) echo exp1 ;; log) echo log1 ;; div) echo div1 ;; root) echo sqrt1 ;; faint) echo sigmoid1 ;; explode) echo mul1 ;; esac; }
for kind in nan inf exp late log div root faint explode; do
    unit=$(value $kind):0
    echo "== $kind"
    try fovea run $kind.onnx -i x.npy -o y-$kind.npy | digits
    try fovea gradient $kind.onnx -i x.npy --objective $unit -o g-$kind.npy | digits
    rm -f v.png; look $kind $unit | digits
    [ ! -e v.png ] || echo 'drawn'
    try fovea dream $kind.onnx "$DATA/photo.jpg" --layer $unit --octaves 1 -o d.png -q | digits
    try fovea attribute $kind.onnx "$DATA/photo.jpg" --objective $unit --method gradient -o m.png -q | digits
    try fovea activations $kind.onnx ${unit%:0} "$DATA/photo.jpg" --channels 0 -o a.png -q 2>&1 | digits
    try fovea examples $kind.onnx $unit photos --no-index -k 1 -q 2>&1 | digits | sed -E 's/  .*//'
done
[ ! -e d-exp.png ] && [ ! -e y-exp.npy ] && [ ! -e g-log.npy ] && echo 'nothing written'
echo '== the input'
try fovea run late.onnx -i n.npy -o y.npy
try fovea gradient late.onnx -i n.npy --objective exp1:0 -o g.npy
# A ReLU makes zeros of NaN: what follows it is finite all the same.
make network mlp mlp.onnx
make npy 1,12 v.npy nan
try fovea run mlp.onnx -i v.npy -o y-mlp.npy
try fovea gradient mlp.onnx -i v.npy --objective dense2:0 -o g-mlp.npy
try fovea run mlp.onnx -i v.npy -o y.npy --on-nan keep; make shape y.npy
echo '== kept'
try fovea run exp.onnx -i x.npy -o y.npy --on-nan keep | digits; make shape y.npy
try fovea gradient exp.onnx -i x.npy --objective exp1:0 -o g.npy --on-nan keep | digits; make shape g.npy
look late exp1:0 --on-nan keep --steps 40 | digits
make text fovea.unfinished v.png | digits | sed -E 's/^[0-9]+/N/'
look nan relu1:1 --on-nan keep | digits
fovea visualize late.onnx exp1:0 -o grey.png --size 16 --steps 1 --recipe lucid -q
try fovea dream late.onnx grey.png --layer exp1:0 --rate 0.05 --steps 40 --octaves 1 -o d.png -q --on-nan keep
make text fovea.unfinished d.png | digits | sed -E 's/^[0-9]+/N/'
try fovea classify exp.onnx "$DATA/photo.jpg" --on-nan keep -q -k 2
try fovea classify "$DATA/tiny.onnx" "$DATA/photo.jpg" --on-nan keep | digits | head -2
try fovea examples exp.onnx exp1:0 photos --no-index -k 1 --on-nan keep 2>&1 | grep note | digits | grep -v measured
try fovea activations exp.onnx exp1 "$DATA/photo.jpg" --channels 0 --on-nan keep 2>&1 | grep note | digits
