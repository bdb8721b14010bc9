# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: plug-ins for processors, which stand for accelerators in tests, and what
# is done with them (tools/accelerator/).

# fetch_plugin REQUIREMENTS FILE: prints the path of a package's plug-in, fetched where it is not
# there; nothing where it is not to be had.
fetch_plugin() {
    local package version folder
    package=$(sed -n 's/^\([a-z-]*\)==.*/\1/p' "$1")
    version=$(sed -n 's/^[a-z-]*==\([0-9.]*\).*/\1/p' "$1")
    folder=$cache/pjrt-cpu-$version
    if [ "$(uname -m)" != x86_64 ]; then
        say "$package is packaged for x86_64 only: not fetched" >&2
        return
    fi
    if [ ! -e "$folder/$2" ]; then
        make_venv >&2
        locked unpack_plugin "$1" "$package" "$folder" >&2
    fi
    echo "$folder/$2"
}

# unpack_plugin REQUIREMENTS PACKAGE FOLDER
unpack_plugin() {
    local folder
    say "fetching $2, a PJRT plug-in for processors (63 MB, Apache-2.0), into $3"
    folder=$(new_download_folder)
    download "$1" "$folder"
    "$venv_python" -m zipfile -e "$folder"/*.whl "$folder/wheel"
    rm -rf "$3"
    mv "$folder/wheel/${2//-/_}" "$3"
    rm -rf "$folder"
}

# Sets `pjrt_plugin` to the path of the one that tests run on, or to nothing.
fetch_pjrt_plugin() {
    pjrt_plugin=$(fetch_plugin tools/requirements-accelerator.txt pjrt_c_api_cpu_plugin.so)
}

# run_accelerator [--again] [PART...]
run_accelerator() {
    local second
    fetch_pjrt_plugin
    second=$(fetch_plugin tools/requirements-accelerator-second.txt libpjrt_cpu.so)
    [ -n "$pjrt_plugin" ] || fail "there is no plug-in for this machine ($(uname -m)): nothing runs"
    say "on $pjrt_plugin, and a few parts on $second"
    "$venv_python" tools/accelerator/check.py --build "$root/build" --cache "$cache" \
        --plugin "$pjrt_plugin" --second "$second" "$@"
}

# run_gpu [--quick] [--minutes M] [--again] [PLUGIN.so]: on a machine with an accelerator. Where
# build/fovea and the plug-in are there it needs nothing from the network.
run_gpu() {
    local python
    python=$(system_python)
    [ ! -x "$venv_python" ] || python=$venv_python
    "$python" tools/accelerator/gpu.py --build "$root/build" --cache "$cache" \
        --torch "${FOVEA_GPU_PYTHON:-$python}" "$@"
}
