# SPDX-License-Identifier: Apache-2.0
# TensorFlow Lite's quantised files: how pictures become their inputs, which may be signed bytes.
cp "$DATA/../../formats/tflite/picture-bytes.tflite" "$DATA/../../formats/tflite/picture-int8.tflite" .

# of signed bytes a pixel is 128 less; what a real input is cut to says the range it was trained with
try fovea layers picture-bytes.tflite | sed -n '/^input /,$p'
try fovea layers picture-int8.tflite | grep -E "^(range|mean|std) "
try fovea classify picture-bytes.tflite "$DATA/photo.jpg" --top 1 | blur | sed "s,$DATA/,,"
try fovea visualize picture-bytes.tflite functional_1/c1_1/Relu:2 --steps 2 -q -o v.png
try fovea attribute picture-bytes.tflite "$DATA/photo.jpg" -m gradient -c 1 -q -o a.png
