# SPDX-License-Identifier: Apache-2.0
# What layers make of photos: tiles, overlays, plots, numbers; what is refused.
cp "$DATA/photo.jpg" photo.jpg
cp photo.jpg other.png
digits() { sed -E 's/-?[0-9]+\.[0-9]+(e-?[0-9]+)?/N/g; s/ +/ /g'; }
fov() { fovea activations tiny "$@" 2> log || { code=$?; cat log; return $code; }; }
fov stem/relu6 photo.jpg -o a.png | digits
make size a.png
make text fovea.command a.png
make text fovea.layers a.png
make text fovea.model a.png
fov stem/conv photo.jpg -o b.png --scale tile | digits
make size b.png
fov stem/conv photo.jpg -o b.png --palette sequential --tile-size 32 --columns 5 --title '' | digits
# its former word, for one release
fov stem/conv photo.jpg -o b2.png --palette heat --tile-size 32 --columns 5 --title '' >/dev/null
make pixels b.png b2.png
make size b.png
fov head/conv photo.jpg --top 3 --overlay -o b.png | digits | cut -d ' ' -f 1-12 | sed -n 1,2p
make size b.png
# the strongest are the strongest of all
fov head/conv photo.jpg --json > all.json; fov head/conv photo.jpg --top 2 --by mean --json > top.json
make json top.json
python3 - <<'P'
import json
a, t = json.load(open("all.json"))[0], json.load(open("top.json"))[0]
best = sorted(a["channels"], key=lambda c: -c["mean"])[:2]
print([c["channel"] for c in best] == [c["channel"] for c in t["channels"]], a["shape"], a["scale"])
c = best[0]
y, x = c["at"]
size, short = 32, 48                    # of the network, of the photo; 32 of 37 pixels are seen
seen = short / 37 * size
print(abs(c["photo"][0] - (48 / 2 - seen / 2 + (y + .5) / 16 * seen)) < 1,
      abs(c["photo"][1] - (64 / 2 - seen / 2 + (x + .5) / 16 * seen)) < 1)
P
# numbers: those that run gives
fov stem/conv photo.jpg other.png --npy n.npy --channels 0-1,7 | digits | sed -n 1,2p
make shape n.npy
fov stem/conv,logits photo.jpg --npy folder -q > /dev/null && ls folder && make shape folder/logits.npy
make npy 2,3,32,32 x.npy
fovea run tiny --input x.npy --layer head/conv -o run.npy 2> log
fov head/conv x.npy --npy head.npy -q > /dev/null && cmp run.npy head.npy && echo 'as run has it'
# layers whose names come to the same
make network alike alike.onnx
make npy 2,6 six.npy
fovea activations alike.onnx a/b,a:b six.npy --npy both -q > /dev/null 2> log && ls both
cmp -s both/a_b.npy both/a_b_2.npy || echo 'each its own'
# numbers that are none
make npy 1,3,32,32 nan.npy nan
fovea activations tiny stem/conv nan.npy --channels 0-1 -o nan.png 2>&1 | digits
fovea activations tiny stem/conv nan.npy --on-nan keep --channels 0-1 -o nan.png 2>&1 | digits
make npy 2,6 nan6.npy nan
fovea activations alike.onnx a:b nan6.npy --on-nan keep --top 6 -o nan.png 2>&1 | digits
make size nan.png
fovea activations alike.onnx a:b nan6.npy --on-nan keep --top 6 --json > nan.json 2> log
python3 - <<'P'
import json
c = json.load(open("nan.json"))[0]["channels"]
print(c[-1], [d["not_finite"] for d in c])
P
# several layers and photos; vectors and signals
fov stem/relu6,logits photo.jpg other.png --top 2 -o c.png | digits | grep -v '^ *[0-9]'
fov logits photo.jpg | digits | head -n 3
fov '#0' photo.jpg --channels 3 | digits
make network mlp mlp.onnx
make npy 6,12 v.npy
fovea activations mlp.onnx dense1 v.npy -o d.png 2> log | digits | sed -n 1,3p
# refused
for words in 'nowhere photo.jpg' 'stem/conv nowhere.jpg' 'stem/conv,nowhere photo.jpg' 'stem/conv' \
    'stem/conv photo.jpg --channels 10' 'stem/conv photo.jpg --channels 3-1' \
    'stem/conv photo.jpg --channels x' 'stem/conv photo.jpg --top 11' 'stem/conv photo.jpg --top 0' \
    'stem/conv photo.jpg -o x.bmp' 'logits photo.jpg --overlay -o x.png' \
    'stem/conv x.npy --overlay -o x.png' 'stem/conv photo.jpg --overlay --palette grey -o x.png' \
    'stem/conv photo.jpg --scale 2' 'stem/conv v.npy' 'stem/conv,logits photo.jpg --npy x.npy' \
    'stem/conv log'; do
    try fovea activations tiny $words
done
try fovea activations mlp.onnx dense1 photo.jpg
[ ! -e x.png ] && [ ! -e x.npy.part ] && echo 'not touched'
