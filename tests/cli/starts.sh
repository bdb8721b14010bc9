# SPDX-License-Identifier: Apache-2.0
# Several starts of a unit, side by side, and compared. Which are alike is the machine's to say.
same() { blur | sed -E -e 's/ [0-9]+x[0-9]+,/ WxH,/' -e 's/(all alike|[0-9]+ distinct)/COMPARED/'; }
fov() { fovea visualize tiny --recipe lucid --size 24 --steps 4 "$@" 2> log || { code=$?; cat log; return $code; }; }
fov stem/conv:0 --restarts 3 -o a.png | same
make text fovea.objective a.png
make text fovea.montage a.png
fov stem/conv:0 class:hen --restarts 2 -o b.png --each c | same
make text fovea.montage b.png
ls c
make text fovea.start c/stem_conv_0_start_1.png
fov stem/conv:0 --restarts 2 -q --each d && make pixels d/stem_conv_0_start_1.png c/stem_conv_0_start_1.png
# starts that end alike, starts that do not
fov stem/conv:0 --restarts 3 --start grey --start-mean 0 --transforms none -o e.png | grep distances
fov stem/conv:0 --restarts 3 --start normal --start-sd 1 --rate 0.0001 -o e.png | sed -n 's/; .*//; /distinct/p'
fov stem/conv:0-999 --restarts 9 -o e.png || echo "[$?]"
