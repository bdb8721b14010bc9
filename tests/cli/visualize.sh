# SPDX-License-Identifier: Apache-2.0
# Pictures of units: montage and bare, the same whatever the batch, and what their metadata says.
montage() { blur | sed -E 's/ [0-9]+x[0-9]+,/ WxH,/'; } # its size depends on the fonts there are
fov() { fovea visualize tiny "$@"; }
fov block_5/expand/conv:0-3 --size 24 --steps 3 -o a.png | montage
make text fovea.command a.png
make text fovea.objective a.png
make text fovea.options a.png
make text fovea.montage a.png
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
# one objective is bare unless something of a montage is asked for
fov stem/conv:0 --size 24 --steps 1 --tile-size 40 -o c.png | montage
make text fovea.montage c.png
fov stem/conv:0 --size 24 --steps 1 -q -o c.jpg && fov stem/conv:0 --size 24 --steps 1 -q -o c.webp && ls c.jpg c.webp
# lists, classes, neurons, whole layers, several layers
fov stem/conv:1,3-4 logits:hen 'logits:great white shark' stem/conv:2@3,3 stem/conv --size 24 --steps 1 --columns 2 --title 'Ünits' -o e.png | montage
make text fovea.objective e.png
make text fovea.command e.png
fov logits:hne --steps 1 -o f.png || echo "[$?]"
fov stem/conv:10 --steps 1 -o f.png || echo "[$?]"
fov stem/cnov:0 --steps 1 -o f.png || echo "[$?]"
fov stem/conv: --steps 1 -o f.png || echo "[$?]"
fov stem/conv:0@99,0 --steps 1 -o f.png || echo "[$?]"
fovea visualize "$DATA/vector.onnx" dense1:0 -o f.png || echo "[$?]"
fov stem/conv:0 --size 24 --steps 20 --verbose -o g.png 2> log | blur
wc -l < log
[ ! -e f.png ] && echo 'not touched'
