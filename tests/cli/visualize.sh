# SPDX-License-Identifier: Apache-2.0
# Pictures of units: montage and bare, the same whatever the batch, and what their metadata says.
montage() { blur | sed -E 's/ [0-9]+x[0-9]+,/ WxH,/'; } # its size depends on the fonts there are
fov() { fovea visualize tiny "$@" 2> log || { code=$?; cat log; return $code; }; }
fov block_5/expand/conv:0-3 --size 24 --steps 3 -o a.png | montage
make text fovea.command a.png
make text fovea.objective a.png
make text fovea.options a.png | tr ';' '\n' | grep -E '^ ?(recipe|size|steps)='
make text fovea.montage a.png
make text fovea.unfinished a.png
make text fovea.seed a.png
make text fovea.version a.png
make text fovea.model-sha256 a.png
sha256sum "$DATA/tiny.onnx" | cut -d ' ' -f 1
# the same again, and in other batches: the files differ by the command in their metadata only
for batch in 1 2 3 4; do
    fov block_5/expand/conv:0-3 --size 24 --steps 3 -q -o b.png --batch $batch
    make pixels a.png b.png
done
fov stem/conv:0 --size 24 --steps 3 -q -o c.png && cp c.png d.png
fov stem/conv:0 --size 24 --steps 3 -q -o c.png && cmp c.png d.png && echo 'same again'
make size c.png
fov stem/conv:0 --size 24 --steps 3 --seed 1 -q -o c.png && cmp -s c.png d.png || echo 'another seed, another picture'
fov stem/conv:0 -s 24x16 --steps 3 -q -o c.png && make size c.png
# one objective is bare unless something of a montage is asked for
fov stem/conv:0 --size 24 --steps 1 --tile-size 40 -o c.png | montage
make text fovea.montage c.png
fov stem/conv:0 --size 24 --steps 1 -q -o c.jpg && fov stem/conv:0 --size 24 --steps 1 -q -o c.webp && ls c.jpg c.webp
# lists, classes, neurons, whole layers, several layers, expressions
fov class:hen,1 --size 24 --steps 1 -o e.png || echo "[$?]"
fov stem/conv:1,3-4 logits:hen 'logits:great white shark' stem/conv:2@3,3 stem/conv class:1,7-8 class:hen prob:8 --size 24 --steps 1 --columns 2 --title 'Ünits' -o e.png | montage
make text fovea.objective e.png
make text fovea.command e.png
fov class:hen class:cock --size 24 --steps 1 -o e.png -q && make text fovea.montage e.png
fov 'stem/conv:1 - 0.1*tv' 'class:hen + 2*stem/conv:1' -e '-1*stem/conv:1' -e 'neuron(stem/conv:2)' --size 24 --steps 1 -o e.png | montage
make text fovea.objective e.png
make text fovea.montage e.png
fov -e class:hen --size 24 --steps 1 -o f.png | blur
# a note is printed once
fovea visualize tiny class:0-3 class:hen --size 24 --steps 1 -o f.png > /dev/null 2> log; grep note log
fovea visualize tiny class:0-3 --size 24 --steps 1 -q -o f.png
rm f.png
fov logits:hne --steps 1 -o f.png || echo "[$?]"
fov class:hne --steps 1 -o f.png || echo "[$?]"
fov class:10 --steps 1 -o f.png || echo "[$?]"
fov stem/conv:10 --steps 1 -o f.png || echo "[$?]"
fov stem/cnov:0 --steps 1 -o f.png || echo "[$?]"
fov stem/conv: --steps 1 -o f.png || echo "[$?]"
fov stem/conv:0@99,0 --steps 1 -o f.png || echo "[$?]"
fov -e 'stem/conv:0 - 3*nothing(1)' --steps 1 -o f.png || echo "[$?]"
fov -e tv --steps 1 -o f.png || echo "[$?]"
[ ! -e f.png ] && echo 'not touched'
# progress: a line a tenth, or a table
fovea visualize tiny stem/conv:0 --size 24 --steps 20 -o g.png 2> log | blur
grep -c 'stem/conv:0  [0-9]*/20 steps  [0-9]* %  .*/s  0:0. left  objective ' log
fovea visualize tiny stem/conv:0-1 --size 24 --steps 3 --levels 2 --verbose -o g.png 2>&1 > /dev/null | sed -E 's/ +[0-9.e-]+ \|( +[12] \|)$/ VALUE |\1/'
