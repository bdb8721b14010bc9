#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compares build/fovea with PyTorch: makes a Python environment of its own in the cache folder
# (once), then runs compare.py, or packages.py after the word `packages`, with the options given. A
# second run reuses the environment and all exports.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/fovea
venv=$cache/parity-venv
stamp=$(sha256sum "$here/requirements.txt" | cut -d ' ' -f 1)
if [ "$(cat "$venv/filled" 2>/dev/null)" != "$stamp" ]; then
    echo "making a Python environment with PyTorch in $venv (about 1 GB)" >&2
    mkdir -p "$cache"
    rm -rf "$venv"
    python=/usr/bin/python3
    [ -x "$python" ] || python=python3
    "$python" -m venv "$venv"
    install=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
    "${install[@]}" -r "$here/requirements.txt"
    "${install[@]}" --no-deps torchvision==0.28.0
    echo "$stamp" >"$venv/filled"
fi
export OMP_WAIT_POLICY=passive
if [ "${1-}" = packages ]; then
    exec "$venv/bin/python" "$here/packages.py" "${@:2}"
fi
"$venv/bin/python" "$here/compare.py" "$@"
if [ $# -eq 0 ]; then
    "$venv/bin/python" "$here/imagenet.py"
fi
