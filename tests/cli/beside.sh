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
# TensorFlow Lite: metadata in the file name the list, and say what is taken off pictures
fovea layers "$formats/tflite/described.tflite" | sed -n '/^range/,/^classes/p'
# Darknet: a .data file, called as the network or alone in its folder, names the list
names 7 "object of " > objects.txt
printf 'classes = 7\ntrain = /srv/train.txt\n names= data/objects.txt\n' > some.data
show classifier.cfg
cp some.data other.data
show classifier.cfg
mv other.data classifier.data
show classifier.cfg
rm objects.txt
printf 'names = /etc/passwd\n' > classifier.data
show classifier.cfg
rm classifier.data some.data
rm net.labels.txt
# Caffe: a data layer's transform_param, whose mean is numbers or a picture in a file
for line in 'scale: 0.017 mean_value: 104 mean_value: 117 mean_value: 123' \
    'scale: 0.00390625' 'mean_file: "/srv/data/mean.binaryproto" crop_size: 19' \
    'mean_file: "gone.binaryproto"' 'mean_file: "damaged.binaryproto"' 'scale: 0' \
    'mean_value: many'; do
    echo "transform_param { $line }"
    sed -e '/^input/d' -e "1a layer { name: \"data\" type: \"Data\" top: \"data\" top: \"label\"\\
        transform_param { crop_size: 19 mirror: false $line } }" alexnet.prototxt > net.prototxt
    cp alexnet.caffemodel net.caffemodel
    # a BlobProto of 3 channels, 1 row, 2 columns: 103 and 105; 117; 123
    printf '\010\001\020\003\030\001\040\002\052\030' > mean.binaryproto
    printf '\000\000\316\102\000\000\322\102' >> mean.binaryproto
    printf '\000\000\352\102\000\000\352\102\000\000\366\102\000\000\366\102' >> mean.binaryproto
    head -c 20 mean.binaryproto > damaged.binaryproto
    fovea classify net.prototxt "$DATA/photo.jpg" --top 1 2>&1 | grep -o 'note: .*'
    fovea layers net.prototxt 2>&1 | sed -n -e '/^size/p' -e '/^mean /p' \
        -e '/^std /p' -e '/^scale /p' -e '/^range/p'
done
