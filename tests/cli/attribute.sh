# SPDX-License-Identifier: Apache-2.0
# Which part of a photo: every method, its picture, numbers and refusals.
cp "$DATA/photo.jpg" photo.jpg
try fovea attribute tiny photo.jpg -o cam.png 2>&1 | blur
make size cam.png
make text fovea.command cam.png; make text fovea.objective cam.png; make text fovea.model cam.png
for m in gradient input-gradient smoothgrad integrated guided gradcam gradcam++ occlusion rise; do
    case $m in rise) more='--masks 40';; smoothgrad) more='--samples 9';; *) more=;; esac
    fovea attribute tiny photo.jpg --class hen -m $m $more --npy $m.npy -q && make shape $m.npy
done
cmp gradcam.npy gradcam++.npy > /dev/null || echo 'two kinds of CAM'
# the same seed makes the same map; what the class is called does not matter
fovea attribute tiny photo.jpg -c 8 -m rise --masks 40 --npy again.npy -q && cmp rise.npy again.npy && echo same
fovea attribute tiny photo.jpg -c 8 -m rise --masks 40 --seed 3 --npy again.npy -q
cmp rise.npy again.npy > /dev/null || echo 'another seed'
fovea attribute tiny photo.jpg -m smoothgrad --samples 3 --parts parts.npy -q && make shape parts.npy
# baselines, by word and by picture
for b in black white grey mean blur noise photo.jpg; do
    fovea attribute tiny photo.jpg -m occlusion --baseline $b --window 8 --npy b.npy -q && make shape b.npy
done
# all methods, with curves
try fovea attribute tiny photo.jpg -m all --masks 30 --samples 5 --window 8 --scores -o all.png --npy all.npy -q
make size all.png; make shape all.npy
fovea attribute tiny photo.jpg -m all --masks 30 --samples 5 --window 8 --scores -o all.png 2> /dev/null | blur | sed -E 's/ +/ /g'
fovea attribute tiny photo.jpg -m gradcam --scores --json > scores.json 2> /dev/null && make json scores.json
fovea attribute tiny photo.jpg -m integrated --json > path.json 2> /dev/null && make json path.json
try fovea attribute tiny photo.jpg --objective 'head/conv:3' -m gradcam --layer stem/bn -q -o inner.png
make text fovea.objective inner.png
# a network without class names; one whose picture is not seen by maps
try fovea attribute "$DATA/bare.onnx" photo.jpg -q -c 3 -o bare.png
# what is wrong is named, and nothing is written
try fovea attribute tiny photo.jpg
try fovea attribute tiny photo.jpg -o x.png -m lime
try fovea attribute tiny photo.jpg -o x.png --class 10
try fovea attribute tiny photo.jpg -o x.png --class heron
try fovea attribute tiny photo.jpg -o x.png --class 1-3
try fovea attribute tiny photo.jpg -o x.png --class hen -e logits:8
try fovea attribute tiny photo.jpg -o x.png -e 'head/conv:99'
try fovea attribute tiny photo.jpg -o x.png -e 'head/conv:9 - tv'
try fovea attribute tiny photo.jpg -o x.png --layer logits
try fovea attribute tiny photo.jpg -o x.png --layer nowhere
try fovea attribute tiny photo.jpg -o x.png -m guided --layer stem/bn
try fovea attribute tiny photo.jpg -o x.png -m occlusion --window 33
try fovea attribute tiny photo.jpg -o x.png -m occlusion --window 4 --stride 5
try fovea attribute tiny photo.jpg -o x.png -m rise --keep 0
try fovea attribute tiny photo.jpg -o x.png -m rise --cells 40
try fovea attribute tiny photo.jpg -o x.png -m integrated --baseline plaid
try fovea attribute tiny photo.jpg -o x.png -m integrated --baseline none.png
try fovea attribute tiny photo.jpg -o x.png --masks 3
try fovea attribute tiny photo.jpg -o x.png --parts x.npy
try fovea attribute tiny photo.jpg -o x.txt
try fovea attribute tiny photo.jpg -o nowhere/x.png
echo no > no.jpg
try fovea attribute tiny no.jpg -o x.png
try fovea attribute tiny nowhere.jpg -o x.png
try fovea attribute "$DATA/vector.onnx" photo.jpg -o x.png
ls x.png x.npy x.txt 2> /dev/null || echo 'not touched'
