# SPDX-License-Identifier: Apache-2.0
# The spectrum of photos: folders and files, what cannot be read, what it is for.
mkdir photos empty
cp "$DATA/photo.jpg" photos/a.jpg; cp "$DATA/photo.jpg" photos/B.JPG; echo none > photos/README
fovea spectrum photos --size 32 -o s.npy 2> log | blur
sed -E 's/%.*/%/' log
make shape s.npy
fovea spectrum "$DATA/photo.jpg" --size 32 -o t.npy -q && cmp s.npy t.npy && echo 'the mean of equals'
fovea spectrum photos --size 16 --color lucid -o l.npy -q && make shape l.npy
fovea spectrum photos --size 16 --grey -o g.npy -q && make shape g.npy
echo no > no.jpg
fovea spectrum photos no.jpg photos/README --size 32 -o u.npy 2> log | blur
grep note log; cmp s.npy u.npy && echo 'the same without them'
for i in 1 2 3 4 5 6; do cp no.jpg no$i.jpg; done
fovea spectrum photos no*.jpg --size 32 -o u.npy 2>&1 | grep note
fovea visualize tiny class:hen --recipe maco --size 32 --steps 2 --spectrum s.npy -q -o a.png && make size a.png
fovea visualize tiny class:hen --recipe maco --size 32 --steps 2 -q -o b.png && make pixels a.png b.png
try fovea spectrum no.jpg no1.jpg -q -o x.npy
try fovea spectrum empty -o x.npy
try fovea spectrum nowhere -q -o x.npy
try fovea spectrum photos -o x.png
try fovea spectrum photos
try fovea spectrum -o x.npy
try fovea spectrum photos -o x.npy --size 4
try fovea spectrum photos -o x.npy --color rgb
try fovea spectrum photos -o x.npy --color maco --grey
ls x.npy 2> /dev/null || echo 'not touched'
