# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: Python with numpy and onnx, in an environment of our own.

venv=$cache/venv
venv_python=$venv/bin/python

# The system's Python, whose venv module the packages bring; else whatever `python3` is.
system_python() {
    if [ -x /usr/bin/python3 ]; then
        echo /usr/bin/python3
    else
        command -v python3 || fail "there is no python3 here"
    fi
}

# fill_venv FOLDER REQUIREMENTS [PIP-OPTION...]: makes the environment, unless it is there already
# with the same requirements.
fill_venv() {
    local folder=$1 requirements=$2 stamp
    shift 2
    stamp=$(sha256sum <"$requirements")
    if [ "$(cat "$folder/filled" 2>/dev/null)" = "$stamp" ] && "$folder/bin/python" -c ''; then
        return
    fi
    say "making a Python environment in $folder: $(sed -n 's/^\([a-z0-9_-]*==[^ ;]*\).*/\1/p' \
        "$requirements" | tr '\n' ' ')"
    rm -rf "$folder"
    quietly "$cache/venv.log" "$(system_python)" -m venv "$folder"
    quietly "$cache/pip.log" "$folder/bin/python" -m pip install --disable-pip-version-check \
        "$@" -r "$requirements"
    echo "$stamp" >"$folder/filled"
}

make_venv() {
    locked fill_venv "$venv" tools/requirements.txt --require-hashes --only-binary=:all:
}

# An empty folder; what a broken run left is removed (called while the cache folder is locked).
new_download_folder() {
    rm -rf "$cache"/download.*
    mktemp -d "$cache/download.XXXXXX"
}

# download REQUIREMENTS FOLDER [PIP-OPTION...]: fetches the wheels named there, by hash, whatever
# index is set up.
download() {
    local requirements=$1 folder=$2
    shift 2
    quietly "$cache/download.log" "$venv_python" -m pip download --disable-pip-version-check \
        --no-deps --require-hashes --only-binary=:all: "$@" -r "$requirements" -d "$folder"
}
