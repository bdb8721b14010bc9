# SPDX-License-Identifier: Apache-2.0
# Files that are no sound model: one line that names the file, exit code 1, nothing written.
echo old > out.png; echo old > out.npy
make npy 1,3,32,32 x.npy
: > empty.onnx
head -c 5000 "$DATA/tiny.onnx" > cut.onnx
head -c 40 "$DATA/tiny.onnx" > stub.onnx
head -c 20000 /dev/zero > zeros.onnx
cp "$DATA/photo.jpg" photo.onnx
echo '{"json": true}' > json.onnx
mkdir folder.onnx
for name in missing unknown cyclic huge expand wrongtype outside; do cp "$DATA/$name.onnx" "$name.onnx"; done
for name in nowhere empty cut stub zeros photo json folder missing unknown cyclic huge expand wrongtype outside; do
    try fovea layers "$name.onnx"
    fovea visualize "$name.onnx" y:0 -o out.png > /dev/null 2>&1; [ $? = 1 ] || echo "visualize: $?"
    fovea run "$name.onnx" --input x.npy -o out.npy > /dev/null 2>&1; [ $? = 1 ] || echo "run: $?"
done
cat out.png out.npy
ls
