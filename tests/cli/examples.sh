# SPDX-License-Identifier: Apache-2.0
# Photos that excite units: tables, pictures, numbers; the index; bad files, folders and words.
mkdir -p photos/deep
make photos photos 24
ls photos | head -3
# columns differ with digits, too; how many photos lie above a picture of few updates is rounding
blur() { sed -E 's/-?[0-9]+\.[0-9]+(e-?[0-9]+)?/N/g; s/ [0-9]+ of 24/ N of 24/' | tr -s ' '; }
quiet() { sed -E 's/measured in [0-9.]+ s/measured in N s/; s/: [0-9]+x[0-9]+, /: WxH, /'; }
fov() { code=0; fovea examples tiny "$@" 2> log || code=$?; grep -v ' photos  ' log | quiet >&2; return $code; }
try fov head/conv:3 photos -k 3 | blur
try fov head/conv:3 photos -k 3 | blur
try fov class:hen 'prob:2' stem/conv:1@3,4 photos -k 2 --bottom 1 -q | blur
# pictures
fov head/conv:0-2 photos -q -k 4 --bottom 3 -o a.png
fov head/conv:0-2 photos -k 4 --whole --title 'Ünits' -o b.png --histogram h.png | quiet
make text fovea.objective a.png
make text fovea.command b.png
make text fovea.version h.png
make text fovea.model-sha256 h.png; sha256sum "$DATA/tiny.onnx" | cut -d ' ' -f 1
fov head/conv:5 photos -q --by mean -k 4 --bottom 2 --crop -o c.png; make text fovea.options c.png
fov head/conv 'stem/conv:1 - 2*stem/conv:2' photos -k 2 --each units --format jpg | quiet; ls units
# numbers: [photos][units], in the order of the paths
fov head/conv photos --npy v.npy; make shape v.npy
fov head/conv:1 photos --json -k 2 --bottom 1 > a.json; make json a.json
# the JSON is alone on stdout, whatever else is written
fov head/conv:1 photos --json -o j.png --histogram k.png --npy j.npy --each jsons 2> log > j.json
make json j.json; make size k.png; make shape j.npy; ls j.png jsons
# units of networks that keep their channels on the last axis
golden=$DATA/../../golden
fovea examples "$golden/swin.old17.onnx" v85 photos --no-index -q -k 1 --tile-size 16 -o s.png; make text fovea.objective s.png
try fovea examples -q "$golden/convnext.new20.onnx" val_5 val_5 val_5 photos --no-index -o e.png
# without an index the same comes out; a stopped pass goes on to the same
fov head/conv:1 photos --json -k 2 --bottom 1 --no-index | cmp - a.json && echo same
mkdir many; i=0; while [ $i -lt 40 ]; do cp -r photos many/$i; i=$((i + 1)); done
make later-signal fovea examples tiny stem/conv:1 many --index kept -o half.png | sed -E 's/after [0-9]+ of/after N of/; s/: [0-9]+x[0-9]+, 1 unit, [0-9]+ /: WxH, 1 unit, N /'
make text fovea.unfinished half.png | sed -E 's/[0-9]+ photos/N photos/'
fov stem/conv:1 many --index kept --json > again.json
fov stem/conv:1 many --no-index --json | cmp - again.json && echo same
fov stem/conv:1 many --index kept -k 1 | blur
rm -r many
fov stem/conv:1 photos --index kept > /dev/null 2>&1
ls kept | sed 's/-[0-9a-f]*[.]/-HASH./'
# new, changed, removed and bad files
cp photos/01.png photos/new.png
echo 'not a picture' > photos/bad.jpg; head -c 300 "$DATA/photo.jpg" > photos/deep/cut.jpg
ln -s .. photos/deep/loop
try fov head/conv:1 photos -k 2 | blur | sed 's/cut short: .*/cut short/'
try fov head/conv:1 photos -k 2 | blur | sed 's/cut short: .*/cut short/'
fov head/conv:1 photos --json 2> /dev/null > b.json; make json b.json
rm photos/new.png photos/bad.jpg photos/deep/cut.jpg photos/deep/loop
# scores: of a picture, and of one that is made
fov head/conv:1 photos -q --scores --picture photos/01.png | blur
fov head/conv:1 photos --scores --picture photos/01.png --json > c.json; make json c.json
fov class:hen photos --scores 2> /dev/null | blur
# beside the optimised pictures
fovea visualize tiny head/conv:1 class:hen --size 24 --steps 2 --examples photos -o d.png 2> log | quiet | blur
make text fovea.objective d.png
# two units side by side are twice as wide, and less high
side() { fovea visualize tiny head/conv:1-3 --size 24 --steps 1 --tile-size 40 --examples photos -q "$@" -o d.png 2> log; make size d.png; }
side; side --columns 2; side --columns 3; side --columns 7; side --columns 2 --title 'Ünits'
try fovea visualize tiny head/conv --steps 2 --examples photos -o e.png
try fovea visualize tiny 'head/conv:1 - head/conv:2' --steps 2 --examples photos -o e.png
try fovea visualize tiny head/conv:1 --steps 2 --examples nowhere -o e.png
try fovea visualize tiny head/conv:1 --steps 2 --examples photos --each e
try fovea visualize tiny head/conv:1 --steps 2 --index kept -o e.png
try fovea visualize tiny head/conv:1 --restarts 2 --steps 2 --examples photos -o e.png
# refused, and nothing is written
mkdir empty
try fov head/conv:1 empty -o e.png
try fov head/conv:1 nowhere -o e.png
try fov head/conv:12 photos -o e.png
try fov class:hne photos -o e.png
try fov head/cnov photos -o e.png
try fov tv photos -o e.png
try fov head/conv:1 photos -o e.bmp
try fov head/conv:1 photos -o nowhere/e.png
try fov head/conv:1 photos --crop --whole
try fov head/conv:1 photos --picture a.png
try fov head/conv:1 photos --scores --picture nowhere.png
try fov head/conv:1 photos --index a --no-index
try fov head/conv:1
try fov block_5/expand/conv head/conv:0-11 head/conv stem/conv stem/bn block_5/expand/relu6 photos -o e.png
try fovea examples "$DATA/vector.onnx" dense1 photos -o e.png
echo 'my notes' > kept/tiny.txt; : > photos/x.png; mkdir only; cp photos/x.png only
try fov head/conv:1 only -o e.png
for f in kept/*.photos; do echo 'my notes' > "$f"; done
rm photos/x.png
try fov stem/conv:1 photos --index kept -o e.png | sed 's/-[0-9a-f]*[.]photos/-HASH.photos/'
cat kept/*.photos
[ ! -e e.png ] && echo 'not touched'
# of many notes of one kind the first, and how many more
mkdir broken; for i in $(seq 11); do echo none > broken/$i.jpg; done; cp "$DATA/photo.jpg" broken
fovea examples tiny stem/conv:0 broken --no-index --json 2>&1 > json | grep note | grep -v measured | sed 's/[0-9]*\.jpg/N.jpg/'
fovea examples tiny stem/conv:0 broken --no-index --json --verbose 2>&1 > json | grep -c 'left out: '
