# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: the photos that the tutorials and tests use.

chelsea=$cache/photos/chelsea.png
chelsea_sha256=596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb
photo_package=tuxpaint-stamps-default
stamps=/usr/share/tuxpaint/stamps

# has_sha256 FILE SUM
has_sha256() {
    [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]
}

# fetch_chelsea: a photo of a cat, out of the wheel of one platform whatever machine this is.
fetch_chelsea() {
    has_sha256 "$chelsea" "$chelsea_sha256" && return
    make_venv
    locked unpack_chelsea
}

unpack_chelsea() {
    local folder
    folder=$(new_download_folder)
    say "fetching chelsea.png, a photo of a cat (CC0), out of a package of 14 MB"
    download tools/requirements-photo.txt "$folder" \
        --platform manylinux_2_28_x86_64 --implementation cp --python-version 3.11
    "$venv_python" -m zipfile -e "$folder"/*.whl "$folder/wheel"
    has_sha256 "$folder/wheel/skimage/data/chelsea.png" "$chelsea_sha256" ||
        fail "the package's chelsea.png is not the one that is known ($folder)"
    mkdir -p "$cache/photos"
    mv "$folder/wheel/skimage/data/chelsea.png" "$chelsea"
    rm -rf "$folder"
}

# link_stamps: a folder of links to the photographs among Tux Paint's stamps, without the drawings.
link_stamps() {
    if ! [ -d "$stamps" ]; then
        say "there is no $stamps; with Debian's package $photo_package there is"
        return
    fi
    rm -rf "$cache/photos/stamps"
    mkdir -p "$cache/photos/stamps"
    find "$stamps"/{animals,food,plants,vehicles} -name '*.png' -not -path '*/cartoon/*' -print0 |
        sort -z | xargs -0 ln -sft "$cache/photos/stamps"
}
