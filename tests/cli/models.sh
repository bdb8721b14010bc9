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
cp "$DATA/tiny.onnx" "$XDG_CACHE_HOME/fovea/models/said.onnx"
printf '\162\030\012\015fovea.license\022\007CC0-1.0' >> "$XDG_CACHE_HOME/fovea/models/said.onnx"
printf '\162\026\012\014fovea.source\022\006a test' >> "$XDG_CACHE_HOME/fovea/models/said.onnx"
try fovea models
fovea models --json | grep -A 9 said
rm -r "$XDG_CACHE_HOME/fovea"
try fovea layers tiny
try fovea models
try fovea models --quiet
try fovea models --json
