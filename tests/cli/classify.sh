# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2086
# Photos to classes: table, JSON, batches; bad pictures; models without class names or metadata.
cp "$DATA/photo.jpg" a.jpg
try fovea classify tiny a.jpg | blur
try fovea classify tiny a.jpg "$DATA/photo.jpg" --top 1 | blur
try fovea classify tiny a.jpg --top 2 --json | blur
try fovea classify tiny a.jpg --top 11 | blur
# 40 pictures are three batches; every one must come out as alone
i=0; list=; all=; while [ $i -lt 40 ]; do list="$list a.jpg"; i=$((i + 1)); done
fovea classify tiny $list --top 5 > many
grep -c a.jpg many
fovea classify tiny a.jpg --top 5 > alone
sort -u many > many.set; sort -u alone | cmp - many.set && echo 'all alike'
# bad ones: named; the others are classified; JSON is all or nothing
echo 'not a picture' > bad.jpg
head -c 300 a.jpg > cut.jpg
: > empty.png
try fovea classify tiny a.jpg bad.jpg --top 1 | blur
try fovea classify tiny nowhere.jpg cut.jpg empty.png | sed 's/cut short: .*/cut short/'
try fovea classify tiny bad.jpg a.jpg --json | blur
try fovea classify tiny . --json | blur
# what was not said is assumed, and that is said; unless --quiet
try fovea classify "$DATA/bare.onnx" a.jpg --top 1 | blur
try fovea classify "$DATA/bare.onnx" a.jpg --top 1 --quiet | blur
try fovea classify "$DATA/bare.onnx" a.jpg --top 1 --quiet --range 255 --mean 127 --std 128 | blur
try fovea classify "$DATA/bare.onnx" a.jpg --top 1 --quiet --json --range 1 | blur
try fovea classify "$DATA/vector.onnx" a.jpg | blur
seq 1 9 > nine.txt; echo 'cafés & ☕' >> nine.txt
try fovea classify "$DATA/bare.onnx" a.jpg --top 1 --quiet --labels nine.txt | blur
try fovea classify "$DATA/bare.onnx" a.jpg --top 1 --quiet --labels nowhere.txt | blur
# many files that cannot be read: the first are named, the others counted; the rest is done
i=0; while [ $i -lt 14 ]; do echo 'not a picture' > "bad$i.jpg"; i=$((i + 1)); done
try fovea classify tiny bad?.jpg bad1?.jpg a.jpg --top 1 -q | blur
fovea classify tiny bad?.jpg bad1?.jpg --verbose 2>&1 | grep -c '^fovea: bad'
try fovea compare tiny tiny stem/conv bad?.jpg bad1?.jpg -q
try fovea activations tiny stem/conv bad?.jpg a.jpg bad1?.jpg --top 1 -q | tail -n 4
try fovea activations tiny stem/conv bad0.jpg a.jpg --top 1 -q --json
