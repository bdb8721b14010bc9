# SPDX-License-Identifier: Apache-2.0
# One file a unit, inputs as numbers, animations; what names become; what is refused.
fov() { fovea visualize tiny --size 24 --steps 4 "$@" 2> log || { code=$?; cat log; return $code; }; }
montage() { blur | sed -E 's/ [0-9]+x[0-9]+,/ WxH,/'; }
fov stem/conv:7 class:hen 'logits:great white shark' stem/conv:2@3,3 --each a/b | blur
ls a/b
make text fovea.objective a/b/class_8_hen.png
make text fovea.command a/b/class_8_hen.png
make size a/b/stem_conv_7.png
fov stem/conv:7 -q -o one.png && make pixels one.png a/b/stem_conv_7.png
for format in jpg webp; do fov stem/conv:7 class:8 -q --each $format --format $format && ls $format; done
# names that fall together, names that point elsewhere
fov -e 'stem/conv:1 + 2*stem/conv:3' -e 'stem/conv:1 - 2*stem/conv:3' stem/conv:0 stem/conv:0 -q --each c && ls c
printf '../../up\n/etc/x\n..\n.hidden\na b\tc\nd\ne\nf\ng\n-o\303\244\n' > labels.txt
fov class:0-4,9 --labels labels.txt -q --each d && ls -A d
long=$(printf 'x%.0s' $(seq 300)); printf '%s\nb\nc\nd\ne\nf\ng\nh\ni\nj\n' $long > labels.txt
fov class:0 --labels labels.txt -q --each e && ls e | awk '{ print length($0) }'
# the inputs that were reached
fov stem/conv:0-2 -o g.png --npy g.npy | montage
make shape g.npy
fov stem/conv:0-2 -q --npy h && ls h && make shape h/stem_conv_1.npy
fov stem/conv:0-2 -q -o i.npy && cmp g.npy i.npy && echo same
# animations: the final picture at the end, held
fov stem/conv:0-2 -o j.png --animate j.webp | montage
fov stem/conv:0 --animate j.gif | blur
fov stem/conv:0 --steps 100 --levels 2 --animate k.gif --frames 10 | blur
make frames j.webp; make frames k.gif
# refused before the work
fov stem/conv:0 --animate j.png || echo "[$?]"
fov stem/conv:0-2 --steps 1000 --frames 10000 --tile-size 4000 --size 4000 --animate j.gif || echo "[$?]"
fov stem/conv:0 -o a.png --frames 5 || echo "[$?]"
fov stem/conv:0 -o a.png --format jpg || echo "[$?]"
fov stem/conv:0 --each '' || echo "[$?]"
fov stem/conv:0 --each one.png || echo "[$?]"
fov stem/conv:0 --each one.png/x || echo "[$?]"
fov stem/conv:0 --npy nowhere/a.npy || echo "[$?]"
fov stem/conv:0 --format png --each l -o nowhere/a.png || echo "[$?]"
ls -d l 2> /dev/null || echo 'no folder made'
