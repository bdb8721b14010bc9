# SPDX-License-Identifier: Apache-2.0
# Options in any place and spelling; of repeated ones the last counts; `--` ends them.
cp "$DATA/photo.jpg" ./-p.jpg
fovea classify tiny -- -p.jpg > a
fovea classify --top 5 tiny -- -p.jpg | cmp - a
fovea classify tiny --top 1 --top=5 -- -p.jpg | cmp - a
fovea classify -k 5 tiny -- -p.jpg | cmp - a
fovea classify -k5 tiny -- -p.jpg | cmp - a
fovea classify tiny ./-p.jpg -q | tail -n +2 > b; tail -n +2 a | cmp - b
fovea layers --json tiny | cmp - a 2> /dev/null || echo 'differs, as it should'
make npy 1,3,32,32 x.npy
fovea run --output y.npy tiny -i x.npy && fovea run -o z.npy --input=x.npy tiny && cmp y.npy z.npy
# no comma appears in a number, whatever the locale
for l in de_DE.UTF-8 de_DE fr_FR.UTF-8; do LC_ALL=$l fovea classify tiny -- -p.jpg | cmp - a; done
head -n 2 a | blur
