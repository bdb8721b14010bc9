# SPDX-License-Identifier: Apache-2.0
# Caffe's two files: the network and its weights.
cp "$DATA/../../formats/caffe/residual.prototxt" "$DATA/../../formats/caffe/residual.caffemodel" .
try fovea layers residual.prototxt
try fovea weights residual.prototxt conv1 -o w.png
cp residual.prototxt other.prototxt
try fovea layers other.prototxt
try fovea layers residual.caffemodel
try fovea layers "$DATA/tiny.onnx" --weights residual.caffemodel
head -c 1000 residual.caffemodel >other.caffemodel
try fovea layers other.prototxt
echo "not weights" >other.caffemodel
try fovea layers other.prototxt
sed 's/"TanH"/"Python"/' residual.prototxt >other.prototxt
try fovea layers other.prototxt --weights residual.caffemodel
try fovea classify other.prototxt --weights residual.caffemodel "$DATA/../pictures/alpha.png"
sed 's/pool: AVE/pool: STOCHASTIC/' residual.prototxt >other.prototxt
try fovea classify other.prototxt --weights residual.caffemodel "$DATA/../pictures/alpha.png"
sed 's/bottom: "bn1"/bottom: "bn2"/' residual.prototxt >other.prototxt
try fovea layers other.prototxt --weights residual.caffemodel
echo "layer {" >>residual.prototxt
try fovea layers residual.prototxt
