# SPDX-License-Identifier: Apache-2.0
# Dreams on a small photo: sizes, the layer that is chosen, films, what is refused.
cp "$DATA/photo.jpg" photo.jpg
fov() { fovea dream tiny photo.jpg --steps 2 "$@" 2> log || { code=$?; cat log; return $code; }; }
fov -o a.png | blur
head -n 1 log
make size a.png
make text fovea.objective a.png
make text fovea.command a.png
fov -o b.png -q && cmp -s a.png b.png || make pixels a.png b.png
fov -o b.png -q --seed 1 --tile 16 && make pixels a.png b.png
fov -o b.png -q --octaves 2 --octave-scale 1.2 --rate 0.01 --jitter 0 --tile 32 --original-colors -l stem/conv && make text fovea.options b.png
fov -o b.png -l class:hen --guide photo.jpg || echo "[$?]"
fov -o b.png -l class:hen | blur
grep note log
fov -o b.jpg -e 'stem/conv:1 + stem/conv:2' | blur
fov -o b.png --guide a.png -l stem/relu6 -q && make size b.png
# films
fov -o c.png --animate c.gif --frames 4 | blur
fov --zoom 3 -o d.webp --frames-dir d | blur
ls d; make size d/frame_0003.png; make frames d.webp
make pixels d/frame_0001.png d/frame_0002.png
make pixels d/frame_0001.png a.png
fov --zoom 2 --frames-dir e --zoom-scale 0.5 -q && ls e
fov --zoom 2 -o d.gif --film-size 32 | blur
# the verbose table
fov -o a.png --octaves 2 --verbose > /dev/null && sed -E 's/ +[0-9.e-]+ \|( +[12] \|)$/ VALUE |\1/' log
# refused
try fovea dream tiny photo.jpg
try fovea dream tiny -o x.png
try fovea dream tiny nowhere.jpg -o x.png
try fovea dream tiny photo.jpg -o x.gif
try fovea dream tiny photo.jpg -o x.png --zoom 3
try fovea dream tiny photo.jpg --zoom 3
try fovea dream tiny photo.jpg -o x.png --frames-dir d
try fovea dream tiny photo.jpg -o x.png --zoom-scale 0.1
try fovea dream tiny photo.jpg -o x.webp --zoom 3 --animate y.webp
try fovea dream tiny photo.jpg -o x.png --frames 9
try fovea dream tiny photo.jpg -o x.png --octave-scale 1
try fovea dream tiny photo.jpg -o x.png --rate 0
try fovea dream tiny photo.jpg -o x.png --rate x
try fovea dream tiny photo.jpg -o x.png --layer stem/conv:0-3
try fovea dream tiny photo.jpg -o x.png --layer stem/cnov
try fovea dream tiny photo.jpg -o x.png --layer stem/conv -e stem/conv
try fovea dream tiny photo.jpg -o x.png --guide nowhere.png
try fovea dream tiny photo.jpg -o nowhere/x.png
ls x.* 2> /dev/null || echo 'not touched'
