# SPDX-License-Identifier: Apache-2.0
# Units without a gradient: cured and said so, or drawn as nothing and said so.
make network dead dead.onnx
fov() { fovea visualize dead.onnx --recipe lucid --size 16 --steps 30 "$@" 2> log || { code=$?; grep -v steps log; return $code; }; }
fov relu1:0-3 -o a.png | blur | sed -E 's/ [0-9]+x[0-9]+,/ WxH,/'
fov relu1:0-3 -q --each b && ls b
fov relu1:0-3 -q --npy c.npy && make shape c.npy
fov relu1:0-3 -q --animate d.gif && make frames d.gif
fov relu1:0-1 --restarts 2 -o a.png | blur | sed -E 's/ [0-9]+x[0-9]+,/ WxH,/' | grep -v distances
# without redirected ReLUs: another start, which is said; frames are of the picture that is kept
fov relu1:0,3 --relu-redirect-steps never -o g.png --animate g.gif --frames 5 | blur | sed -E 's/ [0-9]+x[0-9]+,/ WxH,/'
fov relu1:3 --relu-redirect-steps never -q -o g.png && make text fovea.other-start g.png && make text fovea.options g.png | tr ';' '\n' | grep -E ' (bias|start|start-mean|start-sd)='
fov relu1:3 --relu-redirect-steps never -q -o h.png --bias 2 && make pixels g.png h.png && make text fovea.other-start h.png
fov relu1:3 --relu-redirect-steps never -q -o i.png --start-sd 0.01 || echo "[$?]"
# what the others of a batch reach does not depend on it
for n in 1 2; do fov relu1:0-1 --batch $n -o j.png | grep 'relu1:0 reached' > value$n; done
cmp value1 value2 && echo 'the same value'
# all are dead: nothing is written
fov relu1:1-2 -o e.png || echo "[$?]"
fov relu1:1 -q -o e.png --each f || echo "[$?]"
[ ! -e e.png ] && echo 'not touched'
