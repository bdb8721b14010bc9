# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: the system's packages (the same names on Debian 12, 13, Ubuntu 24.04).

packages=(
    gcc g++ libc6-dev meson ninja-build pkgconf python3 python3-venv ca-certificates
    libglib2.0-dev libdnnl-dev libvips-dev libprotobuf-c-dev protobuf-c-compiler
    libjson-glib-dev libssl-dev liblbfgs-dev zlib1g-dev libzip-dev libcmocka-dev fonts-dejavu-core
)
# Good to have: taken where the distribution has it.
optional_packages=(libonnx-testdata)

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

is_offered() {
    local candidate
    candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
    [ -n "$candidate" ] && [ "$candidate" != '(none)' ]
}

# as_root COMMAND...: as root, with sudo where that is needed.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

apt_install() {
    as_root apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
}

apt_update() {
    say "apt-get update (the package lists are missing or old)"
    quietly "$cache/apt-update.log" as_root apt-get update
}

# Sets `missing` to the packages that are wanted and not installed.
find_missing() {
    local p
    missing=()
    for p in "${packages[@]}"; do
        is_installed "$p" || missing+=("$p")
    done
}

# install_packages [MORE...]: what building and testing needs, and what a word needs besides.
install_packages() {
    local missing=() p updated=
    packages+=("$@")
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        say "no apt here; what is needed, in Debian's names: ${packages[*]}"
        return
    fi
    find_missing
    for p in "${missing[@]}"; do
        is_offered "$p" && continue
        need_root "${missing[@]}"
        apt_update
        updated=1
        break
    done
    for p in "${optional_packages[@]}"; do
        if ! is_installed "$p" && is_offered "$p"; then missing+=("$p"); fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    need_root "${missing[@]}"
    say "installing these packages with apt (log: $cache/apt-install.log): ${missing[*]}"
    if [ -z "$updated" ] && ! apt_install "${missing[@]}" >"$cache/apt-install.log" 2>&1 </dev/null
    then
        apt_update
        updated=1
    fi
    [ -z "$updated" ] || quietly "$cache/apt-install.log" apt_install "${missing[@]}"
}

need_root() {
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
        fail "these packages are missing, and there is neither root nor sudo here: $*"
}
