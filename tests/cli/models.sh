# SPDX-License-Identifier: Apache-2.0
# What is in the cache; how a bare name is found; an empty cache; a broken file in it.
try fovea models
try fovea models --json
cp "$DATA/vector.onnx" "$XDG_CACHE_HOME/fovea/models/"
cp "$DATA/cyclic.onnx" "$XDG_CACHE_HOME/fovea/models/"
try fovea models
try fovea models --json
try fovea layers tinny
try fovea layers something-else
cp "$DATA/vector.onnx" here
fovea layers here --json | head -n 2
rm -r "$XDG_CACHE_HOME/fovea"
try fovea layers tiny
try fovea models
try fovea models --quiet
try fovea models --json
