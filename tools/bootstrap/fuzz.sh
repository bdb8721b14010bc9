# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: the fuzz targets of tests/fuzz, driven by libFuzzer.

fuzz_packages=(clang llvm libclang-rt-dev libomp-dev)
fuzz_targets=(load formats run maps foreign npy hdf5 image sidecar objective cli)
fuzz_folder=$cache/fuzz

build_fuzzers() {
    packages+=("${fuzz_packages[@]}")
    install_packages
    CC=clang build_folder build-fuzz "${fuzz_targets[*]/#/tests/fuzz/fuzz_}" \
        -Dbuildtype=debugoptimized -Db_lundef=false -Db_sanitize=address,undefined -Dfuzz=true \
        -Dc_args=-fsanitize=fuzzer-no-link
}

# run_fuzzers MINUTES [TARGET...]: so many minutes in all, shared by the targets. The corpora grow
# in the cache folder; an input that crashes goes into tests/fuzz/crashers/TARGET, to be replayed by
# the ordinary tests from then on.
run_fuzzers() {
    local minutes=$1 target seconds found=0
    shift
    [ $# -gt 0 ] || set -- "${fuzz_targets[@]}"
    seconds=$((minutes * 60 / $#))
    python3 "$root/tests/fuzz/seeds.py" "$fuzz_folder/seeds"
    # Files are written and read all the time: in memory, where there is such a folder.
    [ -d /dev/shm ] && export TMPDIR=/dev/shm
    export OMP_NUM_THREADS=1 ASAN_OPTIONS=allocator_may_return_null=1 \
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        LSAN_OPTIONS=suppressions=$root/tools/lsan.supp:print_suppressions=0
    for target; do
        mkdir -p "$fuzz_folder/corpus/$target" "$root/tests/fuzz/crashers/$target"
        say "fuzzing $target for $seconds seconds (log: $fuzz_folder/$target.log)"
        build-fuzz/tests/fuzz/fuzz_"$target" -max_total_time="$seconds" -rss_limit_mb=3000 \
            -timeout=60 -report_slow_units=60 -max_len=262144 \
            -artifact_prefix="$root/tests/fuzz/crashers/$target/" \
            "$fuzz_folder/corpus/$target" "$fuzz_folder/seeds/$target" \
            >"$fuzz_folder/$target.log" 2>&1 </dev/null || found=1
        tail -n 1 "$fuzz_folder/$target.log"
    done
    rmdir --ignore-fail-on-non-empty "$root"/tests/fuzz/crashers/*
    [ "$found" = 0 ] || fail "something was found: see the logs, and tests/fuzz/crashers"
}

# measure_coverage: lines of model/, graph/ and backend/ that the targets' inputs reach: the
# seeds, what fuzzing added to them on this machine, and the committed corpus.
measure_coverage() {
    local folder=build-coverage target targets binaries=()
    targets=("${fuzz_targets[@]/#/tests/fuzz/replay_}")
    CC=clang build_folder $folder "${targets[*]}" -Dbuildtype=debugoptimized -Db_lundef=false \
        -Dc_args="-fprofile-instr-generate -fcoverage-mapping" \
        -Dc_link_args=-fprofile-instr-generate
    python3 "$root/tests/fuzz/seeds.py" "$fuzz_folder/seeds"
    mkdir -p "$fuzz_folder/profiles"
    for target in "${fuzz_targets[@]}"; do
        mkdir -p "$fuzz_folder/corpus/$target"
        LLVM_PROFILE_FILE=$fuzz_folder/profiles/$target.profraw OMP_NUM_THREADS=1 \
            $folder/tests/fuzz/replay_"$target" "$root/tests/fuzz/corpus/$target" \
            "$fuzz_folder/seeds/$target" "$fuzz_folder/corpus/$target" \
            >"$fuzz_folder/$target.coverage.log" 2>&1 ||
            fail "$target fails: see $fuzz_folder/$target.coverage.log"
        binaries+=(-object "$folder/tests/fuzz/replay_$target")
    done
    llvm-profdata merge -o "$fuzz_folder/coverage.profdata" "$fuzz_folder"/profiles/*.profraw
    llvm-cov report "${binaries[@]:1:1}" "${binaries[@]:2}" -show-branch-summary=false \
        -show-region-summary=false -instr-profile="$fuzz_folder/coverage.profdata" |
        awk 'NF > 3 { lines = $(NF - 2); missed = $(NF - 1); n = split($1, path, "/src/") }
            NF > 3 && n == 2 && path[2] ~ /^(model|graph|backend)\// &&
                path[2] !~ /pb-c/ && lines > 0 {
                split(path[2], part, "/")
                all[part[1]] += lines
                reached[part[1]] += lines - missed
                printf "%-32s %5d lines %6.1f %%\n", path[2], lines, 100 * (1 - missed / lines)
            }
            END {
                for (f in all)
                    printf "src/%-28s %5d lines %6.1f %%\n", f, all[f], 100 * reached[f] / all[f]
            }'
}

# run_mutations N: of the project's networks, the node tests, the light models, the default network;
# and N of the small networks of other formats.
run_mutations() {
    python3 "$root/tests/fuzz/seeds.py" "$fuzz_folder/seeds"
    OMP_WAIT_POLICY=passive python3 "$root/tests/fuzz/mutate.py" build/fovea --count "$1" \
        --keep "$fuzz_folder/mutants" --jobs "$jobs" "$fuzz_folder/seeds/load" \
        "$venv"/lib/*/site-packages/onnx/backend/test/data/light "$root/tests/golden" \
        "$root/tests/data/cli" "$cache/models"
    OMP_WAIT_POLICY=passive python3 "$root/tests/fuzz/mutate_formats.py" build/fovea --count "$1" \
        --keep "$fuzz_folder/mutants-of-formats" --jobs "$jobs"
}
