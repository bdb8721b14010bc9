# SPDX-License-Identifier: Apache-2.0
# Options that are without effect beside others, or without others, are refused before any work.
t() { command=$1; shift; try fovea "$command" tiny "$@" | tail -n 2; }
v='visualize stem/conv:0'
t $v --each d --frames 3; t $v -o a.png --format jpg; t $v -o a.png --again
t $v --each d --tile-size 8; t $v --npy a.npy --columns 2; t $v --each d --title T
t $v -o a.npy --columns 2; t $v -o a.png --index i; t $v -o a.png --no-index
t $v -o a.png --examples d --index i --no-index; t $v -o a.png -q -v
e='examples stem/conv:0 photos'
t $e --crop; t $e --json --whole; t $e -o a.png --crop --whole; t $e -o a.png --format jpg
t $e --picture p.png; t $e --seed 3; t $e --scores --picture p.png --seed 3
t $e --index i --no-index; t $e --histogram h.png --tile-size 8; t $e --npy a.npy --columns 2
t $e --npy a.npy --title T; t $e --npy a.npy --top 3; t $e --scores --bottom 3
d='dream photo.jpg -o a.png'
t $d --layer stem/conv -e stem/conv:0; t $d --frames 3; t $d --zoom-scale 0.1; t $d --frames-dir d
t $d --animate a.webp --zoom 3; t $d --film-size 32; t $d --octaves 1 --octave-scale 2
a='activations stem/conv photo.jpg'
t $a --overlay; t $a --scale tile; t $a --palette grey; t $a --tile-size 8; t $a --columns 2
t $a --npy a.npy --title T; t $a --by mean
for c in invert caricature accentuate; do
    t $c photo.jpg stem/conv --json --alone; t $c photo.jpg stem/conv --npy a.npy --tile-size 8
    t $c photo.jpg stem/conv -o a.png --alone --columns 2
done
t spectrum -o a.npy --grey --color lucid
w='weights stem/conv'
for o in '--channels 0' '--inputs 0' '--top 1' '--scale tile' --min-max --grey '--as bars' \
    '--shape 1x1' '--tile-size 8' '--columns 2' '--title T'; do t $w $o; done
c='compare tiny stem/conv photo.jpg'
t $c --tile-size 8; t $c --title T; t $c --json --top 3
for c in attribute sanity; do
    t $c photo.jpg --json --class 1 --objective stem/conv:0; t $c photo.jpg --json --tile-size 32
    t $c photo.jpg --json --title T
done
t attribute photo.jpg --npy a.npy --columns 2; t attribute photo.jpg --json -m gradient --seed 3
t bench stem/conv --ops --recipe lucid
try fovea bench --machine --batch 2; try fovea bench --machine --mean 1
t classify photo.jpg --fit pad --crop-ratio 0.5; t layers --scale 1 --std 1
# of two names of one option either will do; what goes together is none of this
t classify photo.jpg -q --crop-ratio 1 > /dev/null && echo fine
ls
