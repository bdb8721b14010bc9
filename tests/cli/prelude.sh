# SPDX-License-Identifier: Apache-2.0
# What every script of tests/cli starts with.

# try COMMAND...: prints the command, all it says, and its exit code unless that is 0.
try() {
    echo "\$ $*"
    code=0
    "$@" 2>&1 || code=$?
    [ "$code" = 0 ] || echo "[$code]"
}

# make WORD...: makes an input, or looks into an output.
make() { python3 "$MAKE" "$@"; }

# blur: numbers with a point become N (their digits differ from machine to machine), aligned or not.
blur() { sed -E 's/-?[0-9]+\.[0-9]+(e-?[0-9]+)?/N/g'; }
