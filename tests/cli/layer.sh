# SPDX-License-Identifier: Apache-2.0
# One layer, by name, #index, unique ending; its configuration and what its weights look like.
try fovea layer "$DATA/tiny.onnx" stem/conv
try fovea layer "$DATA/tiny.onnx" logits --json | blur
fovea layer tiny stem/conv --json > a.json
make json a.json
fovea layer tiny '#0' --json | cmp - a.json
fovea layer tiny expand/conv | grep ^name
fovea layer tiny probabilities --json > b.json
make json b.json
try fovea layer tiny relu6
try fovea layer tiny conv
try fovea layer tiny stem/cnov
try fovea layer tiny nothing-like-it
try fovea layer tiny '#99'
try fovea layer tiny '#'
try fovea layer tiny ''
