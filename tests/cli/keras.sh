# SPDX-License-Identifier: Apache-2.0
# Keras' archives: what their configuration says of classes and of the order of axes.
cp "$DATA/../../formats/keras/block-keras3.keras" .

# edit STATEMENTS: other.keras, whose configuration is changed by Python; layer(NAME) is one of it.
edit() {
    python3 - "$1" <<'PY'
import json, sys, zipfile
with zipfile.ZipFile("block-keras3.keras") as z, zipfile.ZipFile("other.keras", "w") as out:
    for member in z.namelist():
        data = z.read(member)
        if member == "config.json":
            config = json.loads(data)
            layer = lambda name: next(l for l in config["config"]["layers"]
                                      if l["config"]["name"] == name)
            exec(sys.argv[1])
            data = json.dumps(config).encode()
        out.writestr(zipfile.ZipInfo(member), data)
PY
}

try fovea layers block-keras3.keras | tail -n 11

# a class that is not Keras' is not taken for Keras' of the same name, registered or not
edit 'layer("classes").update(module=None, registered_name="mine>Dense")'
try fovea layers other.keras | grep classes
edit 'layer("classes").update(module="net.layers", registered_name="Dense")'
try fovea layers other.keras | grep classes
edit 'config.update(module=None, registered_name="Functional")'
try fovea layers other.keras

# the order of axes is what the first layer is for, whatever later ones say
edit 'layer("mean")["config"]["data_format"] = "channels_first"'
try fovea layers other.keras | grep -E "^(size|layout) "

# a network of keras.applications within a model is known by its name
try fovea layers "$DATA/../../formats/keras/within-keras3.keras" | grep -E "^(channel order|range|mean) "
