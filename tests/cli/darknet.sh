# SPDX-License-Identifier: Apache-2.0
# Darknet's two files: the network and its weights.
cp "$DATA/../../formats/darknet/classifier.cfg" "$DATA/../../formats/darknet/classifier.weights" .
try fovea layers classifier.cfg
try fovea weights classifier.cfg convolutional_5 -o w.png
cp classifier.cfg other.cfg
try fovea layers other.cfg
try fovea layers other.cfg --weights classifier.weights --json | head -3
head -c 1000 classifier.weights >other.weights
try fovea layers other.cfg
(cat classifier.weights; echo "more.") >other.weights
try fovea layers other.cfg
: >other.weights
try fovea layers other.cfg
try fovea layers classifier.weights
sed 's/size=3/size=many/' classifier.cfg >other.cfg
try fovea layers other.cfg --weights classifier.weights
sed 's/\[avgpool\]/[rnn]/' classifier.cfg >other.cfg
try fovea layers other.cfg --weights classifier.weights
try fovea classify other.cfg --weights classifier.weights "$DATA/../pictures/alpha.png"
sed 's/height=20/height=0/' classifier.cfg >other.cfg
try fovea layers other.cfg --weights classifier.weights
echo "filters" >>classifier.cfg
try fovea layers classifier.cfg
