# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: oneDNN v3 beside a system that has v2, so that both C APIs are built.

# The system's major version, "2" or "3".
system_onednn() {
    sed -n 's/^#define DNNL_VERSION_MAJOR *\([0-9]*\).*/\1/p' \
        /usr/include/oneapi/dnnl/dnnl_version.h 2>/dev/null
}

# Sets `onednn3` to a folder with include/ and lib/, or to nothing where none is needed or there is.
fetch_onednn3() {
    onednn3=
    if [ "$(system_onednn)" = 3 ]; then
        say "the system's oneDNN is v3 already: no second one"
    elif [ "$(uname -m)" != x86_64 ]; then
        say "oneDNN v3 is packaged for x86_64 only: not fetched"
    else
        onednn3=$cache/onednn-3.2
        [ -e "$onednn3/lib/libdnnl.so" ] && return
        make_venv
        locked unpack_onednn3
    fi
}

unpack_onednn3() {
    local folder
    say "fetching oneDNN 3.2 (39 MB, Apache-2.0) into $onednn3"
    folder=$(new_download_folder)
    download tools/requirements-onednn3.txt "$folder"
    "$venv_python" - "$folder" <<'PYTHON'
import sys, zipfile
from pathlib import Path
folder = Path(sys.argv[1])
for wheel in folder.glob("*.whl"):
    with zipfile.ZipFile(wheel) as z:
        for name in z.namelist():
            inside = name.partition(".data/data/")[2]
            if inside.startswith("include/") or inside.endswith("libdnnl.so.3"):
                target = folder / "prefix" / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(z.read(name))
(folder / "prefix/lib/libdnnl.so").symlink_to("libdnnl.so.3")
PYTHON
    rm -rf "$onednn3"
    mv "$folder/prefix" "$onednn3"
    rm -rf "$folder"
}
