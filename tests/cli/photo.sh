# SPDX-License-Identifier: Apache-2.0
# Between a photo and a network: inversion, caricature, accentuation.
cp "$DATA/photo.jpg" photo.jpg
digits() { sed -E 's/-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)? *s$/N s/; s/-?[0-9]+\.[0-9]+(e-?[0-9]+)?/N/g'; }
fov() { fovea "$@" 2> log || { code=$?; cat log; return $code; }; }
fov invert tiny photo.jpg stem/conv head/conv --steps 3 -o a.png | digits
make size a.png
make text fovea.objective a.png
make text fovea.command a.png
make text fovea.seed a.png
fov invert tiny photo.jpg stem/conv --steps 3 --alone -o b.png -q && make size b.png
fov invert tiny photo.jpg stem/conv --steps 3 --alone -o c.png -q
make pixels b.png c.png
fov invert tiny photo.jpg stem/conv --steps 2 --size 48 -o d.png | digits
fov caricature tiny photo.jpg head/conv --steps 3 --power 0 -o e.png | digits
make text fovea.objective e.png
fov caricature tiny photo.jpg head/conv --steps 3 -o e.png -q && make text fovea.objective e.png
fov accentuate tiny photo.jpg class:hen head/conv:0-1 --steps 3 -o f.png | digits
make size f.png
fov accentuate tiny photo.jpg class:hen --steps 3 --strength 0 -o f.png -q && make text fovea.objective f.png
fov accentuate tiny photo.jpg class:hen --steps 3 --near stem/conv --strength 0.5 --alone -o f.png -q
make text fovea.objective f.png | sed -E 's/ [0-9.e+-]+\*/ W*/'
make size f.png
for recipe in invert caricature accentuate; do
    fov $recipe tiny --show-recipe | grep -E '^(recipe|param|transforms|steps|copies) '
done
# a path that needs quotes
mkdir "a (b)"; cp photo.jpg "a (b)/it's, +.jpg"
fov invert tiny "a (b)/it's, +.jpg" stem/conv --steps 1 -o g.png -q && make text fovea.objective g.png
cp photo.jpg 'a "b.jpg'
try fovea invert tiny 'a "b.jpg' stem/conv --steps 1 -o g.png -q && make text fovea.objective g.png
cp photo.jpg "a 'b\".jpg"
try fovea invert tiny "a 'b\".jpg" stem/conv --steps 1 -o x.png
try fovea visualize tiny -e "match(stem/conv, a 'b\".jpg)" --steps 1 -o x.png
# the numbers: what is printed, and the networks' inputs
fov invert tiny photo.jpg stem/conv head/conv --steps 3 --json -o j.png --npy inputs >a.json
make json a.json
make shape inputs/stem_conv.npy
fov caricature tiny photo.jpg head/conv --steps 3 --seed 5 --size 48 --json >a.json && make json a.json
fov accentuate tiny photo.jpg class:hen head/conv:1 --steps 3 --json --npy all.npy >a.json
make json a.json
make shape all.npy
python3 - <<'P'
import json
for r in json.load(open("a.json")):
    print(r["objective"].split(" ")[0], r["after"] > r["before"], r["steps"], r["seed"], r["npy"])
P
# what was saved, run: the very value that was printed
fov accentuate tiny photo.jpg class:hen --steps 3 --json --npy one.npy >a.json
fovea run tiny --input one.npy --layer logits -o logits.npy 2> log
python3 - <<'P'
import array, json
numbers = array.array("f", open("logits.npy", "rb").read()[-40:])
print(any(abs(json.load(open("a.json"))[0]["after"] - v) < 1e-4 for v in numbers))
P
# by hand, with any other recipe
fov visualize tiny -e 'class:hen + 2*match(stem/conv, photo.jpg)' --steps 2 -o h.png | digits
# refused
try fovea invert tiny photo.jpg stem/conv
try fovea invert tiny photo.jpg -o x.png
try fovea invert tiny photo.jpg stem/conv --npy nowhere/x.npy
try fovea invert tiny nowhere.jpg stem/conv -o x.png
try fovea invert tiny photo.jpg nowhere -o x.png
try fovea invert tiny photo.jpg stem/conv head/conv --alone -o x.png
try fovea caricature tiny photo.jpg stem/conv --power -2 -o x.png
try fovea caricature tiny photo.jpg stem/conv --power=-0.5 -o x.png
try fovea caricature tiny photo.jpg stem/conv --power 1000.5 -o x.png
try fovea accentuate tiny photo.jpg class:hen --strength=-1 -o x.png
fovea caricature --help | grep -A 1 -e '--power K'
try fovea accentuate tiny photo.jpg class:unicorn -o x.png
try fovea accentuate tiny photo.jpg class:hen --near nowhere -o x.png
try fovea accentuate tiny photo.jpg -e tv -o x.png
try fovea accentuate tiny photo.jpg 'stem/conv:1 - 1*tv' -o x.png
try fovea accentuate tiny photo.jpg 'stem/conv:1' --start normal --init photo.jpg -o x.png
make npy 2,3,32,32 x.npy
try fovea gradient tiny --input x.npy --objective 'match(stem/conv, photo.jpg)' -o g.npy
try fovea dream tiny photo.jpg -e 'match(stem/conv, photo.jpg)' -o x.png
make network mlp mlp.onnx
try fovea invert mlp.onnx photo.jpg dense1 -o x.png
[ ! -e x.png ] && echo 'not touched'
