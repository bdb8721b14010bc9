# SPDX-License-Identifier: Apache-2.0
# Raw tensors in and out.
make npy 2,3,32,32 x.npy
make npy 5,4 v.npy
try fovea run tiny --input x.npy -o y.npy
make shape y.npy
try fovea run tiny --input x.npy --layer stem/conv -o y.npy
make shape y.npy
try fovea run tiny -i x.npy -l '#0' --output=z.npy
cmp y.npy z.npy && echo same
try fovea run "$DATA/vector.onnx" -i v.npy -o y.npy
make shape y.npy
try fovea gradient tiny --input x.npy --objective logits:8 -o g.npy | blur
make shape g.npy
try fovea gradient tiny --input x.npy --objective logits:HEN -o h.npy | blur
cmp g.npy h.npy && echo same
try fovea gradient tiny --input x.npy --objective stem/conv:3@2,1 -o g.npy | blur
make shape g.npy
try fovea gradient tiny --input x.npy --objective stem/conv -o g.npy | blur
make shape g.npy
# a sample's value and gradient do not depend on the batch
make npy 1,3,32,32 one.npy
fovea gradient tiny --input one.npy --objective stem/conv:1 -o g1.npy > one
fovea gradient tiny --input x.npy --objective stem/conv:1 -o g2.npy | head -n 1 | cmp - one && echo same
# and it is what PyTorch's numbers are: see tests/engine; here only how it is printed
awk '$0 + 0 != $0 || length($0) < 8 { print "not exact: " $0 }' one
