# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: what looks for faults longer than a test run may take.

# libclang-rt-dev, the sanitizers and libFuzzer, is only recommended by clang.
hardening_packages=(clang clang-tidy libclang-rt-dev libomp-dev valgrind)

# ---- ThreadSanitizer --------------------------------------------------------------

# Where clang keeps its OpenMP runtime, and beside it Archer, which tells the sanitizer what OpenMP
# synchronises; without it every parallel loop would be a report.
find_omp() {
    local major
    major=$(clang --version | sed -n 's/.*version \([0-9]*\).*/\1/p' | head -n 1)
    omp=/usr/lib/llvm-$major/lib
    [ -e "$omp/libarcher.so" ] || fail "$omp/libarcher.so is missing (package libomp-$major-dev)"
}

# The build, against clang's OpenMP runtime; the system's oneDNN asks for libgomp.so.1, whose entry
# points that runtime has too, so that there is one pool of threads and the sanitizer knows it.
run_tsan() {
    local folder=build-tsan omp
    find_omp
    CC=clang build_folder $folder tests/test_threads -Dbuildtype=debugoptimized \
        -Db_lundef=false -Db_sanitize=thread
    mkdir -p $folder/omp
    ln -sf "$omp/libomp.so.5" $folder/omp/libgomp.so.1
    ln -sf "$omp/libarcher.so" $folder/omp/libarcher.so
    say "two sessions on one model, decoders of photos, attribution: under ThreadSanitizer"
    # Libraries that are not built with the sanitizer synchronise in ways it cannot see: what they
    # do among themselves is not looked at. GLib's locks are told of (tests/threads/tsan_glib.c).
    LD_LIBRARY_PATH=$root/$folder/omp OMP_WAIT_POLICY=passive ARCHER_OPTIONS=verbose=1 \
        TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=0 exitcode=1" \
        $folder/tests/test_threads 2>&1 | tee $folder/tsan.log
    grep -q '^Archer detected' $folder/tsan.log || fail "Archer was not loaded: nothing is proven"
    ! grep -q 'WARNING: ThreadSanitizer' $folder/tsan.log || fail "races were found"
    say "no data race"
}

# ---- Valgrind --------------------------------------------------------------

# The command-line tests that run within minutes under it and together reach every command's ways:
# loading, refusing, running, gradients, drawing, photos. Networks of real size are left to ASan.
valgrind_tests=(version usage names recipes layers layer options bad_model bad_input run_gradient
    vector output dead starts weights classify compare)

run_valgrind() {
    local folder=build-valgrind name failed=0 root_log=$root/build-valgrind/logs
    build_folder $folder fovea -Dbuildtype=debugoptimized -Dtests=false
    rm -rf "$root_log"
    mkdir -p "$root_log"
    write_valgrind_wrapper $folder/valgrind-fovea "$root_log"
    # oneDNN makes code at run time: up to SSE 4.1 Valgrind knows all of its instructions.
    export ONEDNN_MAX_CPU_ISA=SSE41 OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive
    export FOVEA_TEST_SECONDS=3600 # of each command
    for name in "$@"; do
        say "memcheck: $name"
        "$(system_python)" tests/cli/run.py $folder/valgrind-fovea "tests/cli/$name.sh" ||
            failed=1
    done
    if grep -l 'ERROR SUMMARY: [1-9]' "$root_log"/* >/dev/null 2>&1; then
        grep -h -A 30 '== \(Invalid\|Conditional\|Use of\|Syscall\|Mismatched\|Source and\)' \
            "$root_log"/* | head -n 100
        failed=1
    fi
    say "memcheck: $(find "$root_log" -type f | wc -l) runs of the command in $# tests," \
        "$(grep -l "ERROR SUMMARY: 0 errors" "$root_log"/* | wc -l) without an error"
    [ $failed = 0 ] || fail "memcheck found errors, or a test failed"
}

# A command that runs fovea under memcheck, each run with a log of its own.
write_valgrind_wrapper() {
    cat >"$1" <<WRAPPER
#!/bin/sh
exec valgrind --quiet --tool=memcheck --leak-check=no --error-exitcode=0 \\
    --log-file="$2/%p" -s \\
    "$root/build-valgrind/fovea" "\$@"
WRAPPER
    chmod +x "$1"
}

# ---- static analysis --------------------------------------------------------------

run_analyze() {
    local folder=build-analyze
    build_folder $folder all -Dbuildtype=debugoptimized
    "$(system_python)" tools/analyze.py $folder "$@"
}

# ---- soak --------------------------------------------------------------

run_soak() {
    local networks=(tests/golden/*.onnx) n
    build_folder build tests/soak/soak
    for n in ../shared/models/digits-mlp.onnx ../shared/models/tiny-darknet.onnx; do
        if [ -s "$n" ]; then networks+=("$n"); else say "left out, since it is not there: $n"; fi
    done
    ONEDNN_PRIMITIVE_CACHE_CAPACITY=0 OMP_WAIT_POLICY=passive \
        build/tests/soak/soak "${1:-30}" "${networks[@]}"
}
