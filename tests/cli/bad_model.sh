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
# bytes that are surely of a format: what its reader says; else what the bytes are, whatever the name
keras="$DATA/../../formats/keras"
head -c 3000 "$keras/block-keras2.h5" > cut.h5
sed 's/model_config/model_confog/' "$keras/block-keras2.h5" > weights.h5
python3 - "$keras/block-keras3.keras" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as old, zipfile.ZipFile("text.keras", "w") as new:
    for name in old.namelist():
        new.writestr(name, '{"module": ' if name == "config.json" else old.read(name))
END
printf '\200\002\212\nl\374\234F\371 j\250P\031.....' > state.onnx
for name in cut.h5 weights.h5 text.keras state.onnx; do try fovea layers "$name"; done
cat out.png out.npy
ls

# archives of other kinds are told by what is in them, though Keras' files are archives too
python3 - <<'PY'
import zipfile
for name, members in (("script.pt", ("net/code/__torch__.py", "net/constants.pkl")),
                      ("weights.pth", ("archive/data.pkl", "archive/version")),
                      ("other.zip", ("readme.txt", "picture.png"))):
    with zipfile.ZipFile(name, "w") as out:
        for member in members:
            out.writestr(zipfile.ZipInfo(member), "")
PY
try fovea layers script.pt
try fovea layers weights.pth
try fovea layers other.zip
