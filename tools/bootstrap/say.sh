# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: how it speaks.

say() { printf '==> %s\n' "$*"; }

fail() {
    printf 'bootstrap: %s\n' "$*" >&2
    exit 1
}

# quietly LOG COMMAND...: runs it with its output in a file, which is shown if the command fails.
quietly() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null && return
    tail -n 40 "$log" >&2
    fail "this failed: $* (whole output: $log)"
}

# locked COMMAND...: runs it while no other bootstrap of this user works on the cache folder.
locked() {
    if command -v flock >/dev/null; then
        exec 9>"$cache/lock"
        flock 9
    fi
    "$@"
    exec 9>&-
}
