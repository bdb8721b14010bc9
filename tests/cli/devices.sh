# SPDX-License-Identifier: Apache-2.0
# What can run networks; --device, right and wrong; a plug-in that is none, in the list and told.
export VIRTUAL_ENV= CONDA_PREFIX= PATH=$(dirname "$(command -v fovea)"):/bin FOVEA_PJRT_PLUGIN=
unset FOVEA_DEVICE
fovea devices --json | grep -A 3 -B 1 '"kind" : "processor"' | grep -v version
cp "$DATA/tiny.onnx" plugin.so
FOVEA_PJRT_PLUGIN=nowhere try fovea devices
FOVEA_PJRT_PLUGIN=$PWD/plugin.so fovea devices > list 2> why || echo "exit code $?"
grep -c 'not usable' list
grep -o 'not a plug-in' why
try fovea classify tiny "$DATA/photo.jpg" --device tpu
try fovea classify tiny "$DATA/photo.jpg" --device gpu:x
try fovea classify tiny "$DATA/photo.jpg" --device gpu:0,0
try fovea classify tiny "$DATA/photo.jpg" --device nowhere.so:0,1,
try fovea classify tiny "$DATA/photo.jpg" --device nowhere.so
try fovea classify tiny "$DATA/photo.jpg" --device nowhere.so:0,1
fovea classify tiny "$DATA/photo.jpg" --device plugin.so 2>&1 | grep -o 'not a plug-in'
# Files that the loader would wait for, or crash on; names with a colon; a plug-in that was found.
mkfifo pipe.so && try fovea classify tiny "$DATA/photo.jpg" --device pipe.so
head -c 5000 "$(command -v fovea)" > short.so
try fovea classify tiny "$DATA/photo.jpg" --device short.so
try fovea classify tiny "$DATA/photo.jpg" --device a:1.so
try fovea classify tiny "$DATA/photo.jpg" --device a:b/c:2
FOVEA_PJRT_PLUGIN=$PWD/short.so fovea classify tiny "$DATA/photo.jpg" --device auto 2>&1 > /dev/null | sed 's|[^ ]*/short|short|'
try fovea layers tiny --device cpu
fovea classify tiny "$DATA/photo.jpg" --device cpu > cpu && fovea classify tiny "$DATA/photo.jpg" > default
cmp cpu default && echo "the same"
fovea classify tiny "$DATA/photo.jpg" --device auto --quiet | cmp - cpu && echo "the same"
FOVEA_DEVICE=tpu try fovea classify tiny "$DATA/photo.jpg"
FOVEA_DEVICE=tpu try fovea compare tiny tiny logits "$DATA/photo.jpg"
FOVEA_DEVICE=tpu try fovea bench tiny logits
FOVEA_DEVICE= fovea classify tiny "$DATA/photo.jpg" | cmp - cpu && echo "the same"
unit() { fovea visualize tiny class:0 --size 8 --steps 1 --quiet -o unit.png; }
FOVEA_DEVICE=cpu unit && mv unit.png own.png && unit && cmp unit.png own.png && echo "the same"
# MATLAB's name of it; a precision of accelerators.
fovea classify tiny "$DATA/photo.jpg" --execution-environment cpu | cmp - cpu && echo "the same"
try fovea classify tiny "$DATA/photo.jpg" --execution-environment tpu
try fovea layers tiny --execution-environment cpu
try fovea classify tiny "$DATA/photo.jpg" --precision tf32
