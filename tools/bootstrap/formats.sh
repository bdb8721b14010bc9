# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: comparing what is read of each format with the program it comes from.

formats_all=(keras tensorflow torch caffe darknet pages)
formats_cache=$cache/formats

# formats_venv NAME [PIP-OPTION...]: the environment of tools/formats/requirements-NAME.txt.
formats_venv() {
    local name=$1
    shift
    locked fill_venv "$formats_cache/venv-$name" "tools/formats/requirements-$name.txt" "$@"
}

# compare_format SCRIPT NAME [WORD...]: runs tools/formats/SCRIPT.py in the environment NAME; its
# table is shown and kept, with what the programs said beside it.
compare_format() {
    local script=$1 python=$formats_cache/venv-$2/bin/python table=$formats_cache/$1.md
    shift 2
    say "tools/formats/$script.py (its table: $table)"
    OMP_WAIT_POLICY=passive "$python" "tools/formats/$script.py" "$root/build/fovea" "$@" \
        2>"$table.log" | tee "$table" && return
    tail -n 5 "$table.log" >&2
    return 1
}

compare_tensorflow() {
    formats_venv tensorflow --no-deps --require-hashes --only-binary=:all:
    compare_format "$1" tensorflow "${@:2}"
}

compare_torch() {
    formats_venv torch
    compare_format torch torch "$@"
}

compare_caffe() {
    formats_venv opencv --no-deps --require-hashes --only-binary=:all:
    compare_format caffe opencv "$@"
}

# Darknet itself, where the distribution's package is installed.
compare_darknet() {
    if ! [ -e /usr/lib/darknet/libdarknet.so ]; then
        say "darknet is left out: there is no /usr/lib/darknet/libdarknet.so (Debian's darknet)"
        return
    fi
    formats_venv opencv --no-deps --require-hashes --only-binary=:all:
    compare_format darknet opencv "$@"
}

# The commands of docs/getting-a-model.md, each in the environment that has its program.
compare_pages() {
    formats_venv tensorflow --no-deps --require-hashes --only-binary=:all:
    formats_venv torch
    formats_venv jax
    compare_format pages torch "$formats_cache" "$@"
}

# run_formats [FORMAT [NETWORK...]]: all of them, or one with some networks.
run_formats() {
    local format formats=("${formats_all[@]}") failed=()
    mkdir -p "$formats_cache"
    [ $# -eq 0 ] || formats=("$1")
    for format in "${formats[@]}"; do
        case $format in
        keras | tensorflow) compare_tensorflow "$format" "${@:2}" ;;
        torch) compare_torch "${@:2}" ;;
        caffe) compare_caffe "${@:2}" ;;
        darknet) compare_darknet "${@:2}" ;;
        pages) compare_pages "${@:2}" ;;
        *) fail "there is no format \"$format\"; allowed: ${formats_all[*]}" ;;
        esac || failed+=("$format")
    done
    [ ${#failed[@]} -eq 0 ] || fail "not everything agreed: ${failed[*]}"
}
