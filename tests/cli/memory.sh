# SPDX-License-Identifier: Apache-2.0
# --memory: what cannot be done with so much is refused with the number that is needed; with that
# number it is done, in smaller batches and tiles, and the pictures are the same.
needed() { sed -nE 's/.*needs ([0-9]+) MB of memory; allowed.*/\1/p' log; }
hide() { sed -E 's/[0-9]+ ([KM]B|bytes)/N MB/g'; }
# refused WORD...: a command that is given too little: what it says, and that nothing is written
refused() { "$@" > out 2> log && echo 'not refused' || echo "[$?]"; grep -v note log | hide; ls | grep '^x' || true; }
batches() { grep -oE 'in batches of [0-9]+'; }
# by a recipe that resamples to the network's size: without, the least is smaller tiles
draw() { fovea visualize tiny 'block_5/expand/conv:0-5' --recipe fovea --size 160 --steps 3 --threads 1 "$@" 2> log; }

draw -o all.png --verbose | batches
refused fovea visualize tiny block_5/expand/conv:0-5 --recipe fovea --size 160 --steps 3 --threads 1 -o x.png --memory 1M
least=$(needed)
draw -o least.png --verbose --memory "${least}M" | batches
make pixels all.png least.png
refused fovea visualize tiny block_5/expand/conv:0-5 --recipe fovea --size 160 --steps 3 --threads 1 -o x.png --memory "$((least - 1))M"
# with more, more at a time; --batch is the most there may be
n=$(draw -o more.png --verbose --memory "$((least + 14))M" | batches | grep -oE '[0-9]+')
[ "$n" -gt 1 ] && [ "$n" -lt 6 ] && echo 'some at a time' || echo "batches of $n"
make pixels all.png more.png
draw -o more.png --verbose --memory 4G | batches
draw -o more.png --verbose --memory 4G --batch 3 | batches
# bytes, K, M, G and T
draw -o more.png --verbose --memory "$((least * 1024))K" | batches
draw -o more.png --verbose --memory "$((least * 1048576))" | batches
for bad in 0 -1 M 1.5G 12Q 9999999T; do try fovea layers tiny --memory "$bad"; done
# a long call tries what is fastest, and makes the same pictures
fovea visualize tiny stem/conv:0-3 --size 24 --steps 120 --threads 1 --npy tried.npy -q
fovea visualize tiny stem/conv:0-3 --size 24 --steps 120 --threads 1 --npy one.npy -q --batch 1
cmp tried.npy one.npy && echo 'whatever is tried'
fovea visualize tiny stem/conv --show-recipe --batch 5 | grep batch
# tiles: of a large picture without a size of its own, and of a dream
tile() { tr ';' '\n' | grep -E '^ *tile'; }
wide() { fovea visualize tiny stem/conv:0 --transforms none --size 512x320 --steps 2 --threads 1 "$@" 2> log; }
wide -o wide.png -q && make text fovea.options wide.png | tile
refused wide -o x.png -q --memory 1M
wide -o tiled.png -q --memory "$(needed)M" && make text fovea.options tiled.png | tile | sed -E 's/[0-9]+/N/'
refused fovea dream tiny wide.png -o x.png -q --steps 1 --octaves 1 --threads 1 --memory 1M
fovea dream tiny wide.png -o dream.png -q --steps 1 --octaves 1 --threads 1 --memory "$(needed)M"
[ "$(make text fovea.options dream.png | tile | grep -oE '[0-9]+')" -lt 512 ] && echo 'smaller tiles'
fovea dream tiny wide.png -o dream.png -q --steps 1 --octaves 1 --threads 1 --memory 4G
make text fovea.options dream.png | tile
# other commands
cp "$DATA/photo.jpg" photo.jpg
mkdir -p photos/deep && make photos photos 5
refused fovea attribute tiny photo.jpg --class hen -m rise --masks 20 --npy x.npy -q --threads 1 --memory 1M
fovea attribute tiny photo.jpg --class hen -m rise --masks 20 --npy a.npy -q --threads 1
fovea attribute tiny photo.jpg --class hen -m rise --masks 20 --npy b.npy -q --threads 1 --memory 4G
cmp a.npy b.npy && echo 'the same map'
refused fovea examples tiny head/conv:3 photos -k 2 -q --no-index --threads 1 --memory 1M
fovea examples tiny head/conv:3 photos -k 2 -q --no-index --threads 1 --memory 4G | wc -l
make npy 2,3,32,32 in.npy
refused fovea gradient tiny --objective stem/conv --input in.npy -o x.npy --memory 1M
