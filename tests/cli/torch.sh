# SPDX-License-Identifier: Apache-2.0
# PyTorch's exported programs: names, sidecars, and what is refused.
cp "$DATA/../../formats/torch/block.pt2" "$DATA/../../formats/torch/upward.pt2" .

# edit FILE OLD NEW: other.pt2, where the text OLD of the program or its tables is NEW.
edit() {
    python3 - "$@" <<'PY'
import sys, zipfile
name, old, new = sys.argv[1:]
found = 0
with zipfile.ZipFile(name) as z, zipfile.ZipFile("other.pt2", "w") as out:
    for member in z.namelist():
        data = z.read(member)
        found += data.count(old.encode())
        out.writestr(zipfile.ZipInfo(member), data.replace(old.encode(), new.encode()))
assert found, old
PY
}

try fovea layers block.pt2
try fovea layer block.pt2 stem.0
try fovea layer block.pt2 conv2d_1
try fovea layer block.pt2 stem
try fovea layers upward.pt2 --size 40 | tail -n 3
try fovea weights block.pt2 stem.0 -o w.png

echo '{"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25], "size": 12,
       "labels": ["hen", "cat", "dog", "fox", "owl"]}' >block.fovea.json
try fovea classify block.pt2 "$DATA/../pictures/alpha.png" | blur
rm block.fovea.json

edit block.pt2 torch.ops.aten.hardswish.default torch.ops.mine.swish.default
try fovea layers other.pt2 | grep unknown
try fovea run other.pt2 -i "$DATA/../pictures/alpha.png" -o y.npy
try fovea visualize other.pt2 down:1 --steps 1 -q -o v.png
try fovea visualize other.pt2 head:1 --steps 1 -q -o v.png
edit block.pt2 '"name": "training", "arg": {"as_bool": false}' \
    '"name": "training", "arg": {"as_bool": true}'
try fovea visualize other.pt2 down:1 --steps 1 -q -o v.png
edit block.pt2 '"name": "negative_slope"' '"name": "slope"'
try fovea visualize other.pt2 mixed:1 --steps 1 -q -o v.png
edit block.pt2 '"as_tensor": {"name": "conv2d_1"}}, "kind": 1' \
    '"as_tensor": {"name": "conv2d_9"}}, "kind": 1'
try fovea layers other.pt2
edit block.pt2 '"as_int": 3}, {"as_int": 3}, {"as_int": 3}' \
    '"as_int": 3}, {"as_int": 300}, {"as_int": 3}'
try fovea layers other.pt2
edit block.pt2 '"major": 8' '"major": 9'
try fovea layers other.pt2
edit block.pt2 '{"config"' '{"other"'
try fovea layers other.pt2
edit block.pt2 '"graph_module"' '"graph"'
try fovea layers other.pt2
head -c 20000 block.pt2 >cut.pt2
try fovea layers cut.pt2
python3 - <<'PY'
import zipfile
with zipfile.ZipFile("block.pt2") as z, zipfile.ZipFile("old.pt2", "w") as out:
    for name, data in (("serialized_exported_program.json", z.read("block/models/model.json")),
                       ("serialized_state_dict.pt", b"PK")):
        out.writestr(zipfile.ZipInfo(name), data)
PY
try fovea layers old.pt2

# as_strided is its input, or refused
cp "$DATA/../../formats/torch/pooled-core.pt2" block.pt2
edit block.pt2 '"as_ints": [6, 1, 6, 6]' '"as_ints": [1, 2, 6, 6]'
try fovea visualize other.pt2 head:1 --steps 1 -q -o v.png

# A map over the steps of a sequence [N, steps, numbers], as of the same network in ONNX.
make npy 1,5,4 x.npy
try fovea attribute "$DATA/../../formats/torch/signal.pt2" x.npy -c 1 -m gradient --npy m.npy | blur
make shape m.npy
