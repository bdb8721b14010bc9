# SPDX-License-Identifier: Apache-2.0
# Class names where the programs of each format put them, and what `layers` says of them.
formats="$DATA/../../formats"
show() { echo "$1"; fovea layers "$1" | sed -n '/^classes/p'; }
names() { i=0; while [ $i -lt "$1" ]; do echo "${2-}kind $i"; i=$((i + 1)); done; }
# Darknet: NET.names beside NET.cfg
cp "$formats/darknet/classifier.cfg" "$formats/darknet/classifier.weights" .
names 7 > classifier.names
show classifier.cfg
fovea classify classifier.cfg "$DATA/photo.jpg" --top 1 | blur | sed "s,$DATA/,,"
rm classifier.names
# Caffe: synset_words.txt, whose ids are no part of the names
cp "$formats/caffe/alexnet.prototxt" "$formats/caffe/alexnet.caffemodel" .
names 10 "n00000001 " > synset_words.txt
show alexnet.prototxt
fovea classify alexnet.prototxt "$DATA/photo.jpg" --top 1 2> log | blur | sed "s,$DATA/,,"
show classifier.cfg
rm synset_words.txt
# TensorFlow Lite: an archive behind the file
cp "$formats/tflite/picture-f32.tflite" net.tflite
names 5 > labels.txt
make append net.tflite labels.txt
cp "$formats/keras/block-keras3.keras" net.keras
show net.keras
names 4 > labels.txt
cp "$formats/tensorflow/slim.pb" net.pb
show net.pb
rm labels.txt
show net.tflite
fovea classify net.tflite "$DATA/photo.jpg" --top 1 2> log | blur | sed "s,$DATA/,,"
names 6 > net.labels.txt
show net.tflite
