# SPDX-License-Identifier: Apache-2.0
# Whether a method's maps depend on the weights: table, JSON, picture, refusals.
cp "$DATA/photo.jpg" photo.jpg
try fovea sanity tiny photo.jpg -m gradient --stages 2 | blur | sed -E 's/ +/ /g; s/^gradient (passes|fails).*/A VERDICT/'
fovea sanity tiny photo.jpg -m gradcam --json 2> /dev/null > s.json && make json s.json
try fovea sanity tiny photo.jpg -m all --stages 2 --masks 20 --samples 3 --window 8 -q -o s.png
make size s.png; make text fovea.objective s.png; make text fovea.command s.png
# as many stages as layers with weights, at most
fovea sanity tiny photo.jpg -m guided --stages 50 2> /dev/null | grep -c '^guided  '
# the same seed shuffles the same way
fovea sanity tiny photo.jpg -m gradient --seed 4 --json > a.json 2> /dev/null
fovea sanity tiny photo.jpg -m gradient --seed 4 --json > b.json 2> /dev/null
fovea sanity tiny photo.jpg -m gradient --seed 5 --json > c.json 2> /dev/null
cmp a.json b.json && echo same; cmp a.json c.json > /dev/null || echo 'another order'
# the maps
try fovea sanity tiny photo.jpg -m gradient --stages 2 -q --npy maps.npy
make shape maps.npy
try fovea sanity tiny photo.jpg -m all --stages 2 --masks 20 --samples 3 --window 8 -q --npy all.npy
make shape all.npy
fovea attribute tiny photo.jpg -m gradient -q --npy map.npy 2> /dev/null
python3 - <<'P'
read = lambda path, n: open(path, "rb").read()[-4 * 32 * 32 * n:]
print(read("maps.npy", 3)[:4096] == read("map.npy", 1))
P
try fovea sanity tiny photo.jpg --npy maps.txt
try fovea sanity tiny photo.jpg -m gradient --stages 0
try fovea sanity tiny photo.jpg -m gradient -o s.txt
try fovea sanity tiny photo.jpg --class 10 -q
try fovea sanity tiny
