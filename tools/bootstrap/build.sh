# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: building, testing, and adding the results up.

jobs=$(nproc 2>/dev/null || echo 2)

# build_folder FOLDER TARGETS [MESON-OPTION...]: configures it once, then builds what changed.
build_folder() {
    local folder=$1 targets=$2
    shift 2
    if [ ! -f "$folder/build.ninja" ]; then
        say "configuring $folder"
        quietly "$cache/meson.log" meson setup "$folder" "$@"
    fi
    say "building $folder"
    # shellcheck disable=SC2086  # several targets
    ninja -C "$folder" -j "$jobs" --quiet $targets
}

# test_folder FOLDER [MESON-TEST-OPTION...]: runs its tests; the results are added up at the end.
test_folder() {
    local folder=$1
    shift
    say "testing $folder"
    rm -f "$folder/meson-logs/testlog.json"
    meson test -C "$folder" --no-rebuild --print-errorlogs "$@" </dev/null || true
    logs+=("$folder/meson-logs/testlog.json")
}

run_all_tests() {
    logs=()
    # Tests run side by side: threads that wait must not spin.
    export OMP_WAIT_POLICY=passive FOVEA_PYTHON=$venv_python
    fetch_pjrt_plugin
    export FOVEA_TEST_PLUGIN=$pjrt_plugin

    build_folder build all
    test_folder build

    fetch_onednn3
    if [ -n "$onednn3" ]; then
        build_folder build-onednn3 all "-Ddnnl_prefix=$onednn3"
        test_folder build-onednn3 --no-suite checks
    fi

    build_folder build-asan all -Dbuildtype=debugoptimized -Db_lundef=false \
        -Db_sanitize=address,undefined
    ASAN_OPTIONS=allocator_may_return_null=1:detect_stack_use_after_return=1 \
    LSAN_OPTIONS="suppressions='$root/tools/lsan.supp':print_suppressions=0" \
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        test_folder build-asan --no-suite checks --no-suite slow --timeout-multiplier 4

    "$(system_python)" tools/count_tests.py "${logs[@]}"
}
