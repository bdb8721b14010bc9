# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: a plug-in for processors, which stands for accelerators in tests.

# Sets `pjrt_plugin` to its path, or to nothing where it is not to be had.
fetch_pjrt_plugin() {
    pjrt_plugin=
    if [ "$(uname -m)" != x86_64 ]; then
        say "the plug-in for processors is packaged for x86_64 only: not fetched"
        return
    fi
    pjrt_plugin=$cache/pjrt-cpu-0.11.2/pjrt_c_api_cpu_plugin.so
    [ -e "$pjrt_plugin" ] && return
    make_venv
    locked unpack_pjrt_plugin
}

unpack_pjrt_plugin() {
    local folder
    say "fetching a PJRT plug-in for processors (63 MB, Apache-2.0) into $(dirname "$pjrt_plugin")"
    folder=$(new_download_folder)
    download tools/requirements-accelerator.txt "$folder"
    "$venv_python" -m zipfile -e "$folder"/*.whl "$folder/wheel"
    rm -rf "$(dirname "$pjrt_plugin")"
    mv "$folder/wheel/lammps_jax_pjrt_cpu" "$(dirname "$pjrt_plugin")"
    rm -rf "$folder"
}

# run_accelerator: all cases of all operators, and the networks of the tests, on that plug-in.
run_accelerator() {
    fetch_pjrt_plugin
    [ -n "$pjrt_plugin" ] || fail "there is no plug-in for this machine"
    export XLA_FLAGS=$pjrt_flags
    say "every case of every operator (each is two programs to compile; some 20 minutes)"
    build/tests/backend/ops/test_ops_on "$pjrt_plugin" 1 "$@"
    say "whole networks"
    build/tests/backend/test_executable "$pjrt_plugin" 1
}

# Tests compile many small programs, which run once: fast to compile is better than fast to run.
pjrt_flags="--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
