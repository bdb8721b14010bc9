# SPDX-License-Identifier: Apache-2.0
# Sourced by ./bootstrap: AVX-512, AMX and bf16 where the processor has none of them: in Bochs,
# which emulates a Sapphire Rapids. It is built from Debian's source with the mends of
# tools/emulate/bochs.patch; its guest is a Debian kernel with our programs, and the libraries they
# use, as initial file system. Nothing of that is installed.

emulate_suite=trixie # Debian's release whose Bochs has AMX; its kernel, too
emulate_cache=$cache/emulate
emulate_packages=(make patch busybox-static cpio isolinux syslinux-common xorriso bochsbios vgabios
    debian-archive-keyring)

# Of the tests, those that compute; each line of a job is a name and a command.
emulate_tests=(backend_onednn_plan backend_onednn_redirect runtime_preprocess
    backend_onednn_precision backend_onednn_dnnl backend_onednn_relu_backward
    backend_onednn_winograd golden recipes signal_color signal_fft vis_optimize_gradient_scale
    vis_optimize_optimizer vis_param_param vis_render_receptive_crop vis_render_picture
    signal_sample vis_param_spectrum vis_objective_bind vis_transform_transform vis_render_render
    inspect_attribution_attribute)
emulate_ops=(binary channel constant conv depthwise matmul move norm pad pool reduce resize unary
    where winograd)
emulate_networks=(efficientnet-lite0 tiny-darknet)
# Inner units, whose result does not hang on the rounding of f32 as a class does.
emulate_units=("block_3/expand/conv:5 block_5/expand/conv:20 block_8/expand/conv:1"
    "conv5:5 conv7:3 conv9:5")

# apt_of_suite PROGRAM ARGUMENT...: apt with lists of its own, those of the suite; what it fetches
# is verified by the keys of Debian's archive.
apt_of_suite() {
    "$1" -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$emulate_cache/sources" \
        -o "Dir::State::lists=$emulate_cache/lists" -o "Dir::Cache=$emulate_cache/archives" \
        -o Acquire::Languages=none -o "APT::Sandbox::User=$(id -un)" "${@:2}"
}

fetch_emulator() {
    local mirror kernel folder=$emulate_cache stamp
    stamp=$(echo "$emulate_suite" | cat - tools/emulate/bochs.patch | sha256sum)
    if [ "$(cat "$folder/made" 2>/dev/null)" = "$stamp" ]; then return; fi
    # shellcheck disable=SC2016  # apt's own words
    mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' | sed -n 's/^Debian //p' |
        head -n 1)
    [ -n "$mirror" ] || fail "apt knows no mirror of Debian here, whose $emulate_suite has Bochs 3"
    rm -rf "$folder"
    mkdir -p "$folder"/{sources,lists/partial,archives/archives/partial,kernel}
    printf '%s\n' 'Types: deb deb-src' "URIs: $mirror" "Suites: $emulate_suite" \
        'Components: main' 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' \
        >"$folder/sources/debian.sources"
    say "fetching the source of Bochs and a kernel (40 MB) from Debian $emulate_suite"
    quietly "$cache/emulate.log" apt_of_suite apt-get update
    kernel=$(apt_of_suite apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p')
    (
        cd "$folder"
        quietly "$cache/emulate.log" apt_of_suite apt-get source --download-only --tar-only bochs
        quietly "$cache/emulate.log" apt_of_suite apt-get download "$kernel"
        dpkg -x linux-image-*.deb kernel
        tar -xf bochs_*.orig.tar.xz
        mv bochs-*/ bochs
        quietly "$cache/emulate.log" patch -p1 -d bochs -i "$root/tools/emulate/bochs.patch"
        say "building Bochs (log: $cache/emulate.log)"
        cd bochs
        quietly "$cache/emulate.log" ./configure CXXFLAGS="-O3 -fomit-frame-pointer" --with-nogui \
            --enable-x86-64 --enable-avx --enable-evex --enable-amx --enable-cet --enable-vmx=2 \
            --enable-uintr --enable-protection-keys --enable-monitor-mwait --enable-memtype \
            --enable-long-phy-address --enable-all-optimizations --enable-handlers-chaining \
            --disable-docbook --disable-stats
        quietly "$cache/emulate.log" make -j "$jobs"
    )
    echo "$stamp" >"$folder/made"
}

# fill_guest FOLDER FILE...: programs and data where they lie here, and the programs' libraries.
fill_guest() {
    local files=$1/files f
    shift
    rm -rf "$files"
    mkdir -p "$files"/{bin,proc,sys,dev,tmp}
    install -m 755 tools/emulate/init "$files/init"
    install "$(command -v busybox)" "$files/bin/busybox"
    echo "$root" >"$files/folder"
    {
        printf '%s\n' "$@"
        # folders and data have none
        ldd "$@" 2>/dev/null | sed -n 's/^[^/]*\(\/.*\) (0x.*/\1/p' || true
    } | sort -u | while read -r f; do
        mkdir -p "$files$(dirname "$f")"
        cp -rLT "$f" "$files$f"
    done
}

# run_guest NAME LEFT-OUT: boots the guest of that folder with its job, and waits for it to end.
run_guest() {
    local folder=$emulate_cache/guests/$1
    mkdir -p "$folder/disc"
    rm -f "$folder"/*.lock "$folder/serial.txt"
    cp "$folder/job" "$folder/files/job"
    (cd "$folder/files" && find . | cpio --quiet -o -H newc) >"$folder/disc/initrd"
    cp "$emulate_cache"/kernel/boot/vmlinuz-* "$folder/disc/linux"
    cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$folder/disc"
    echo "default linux initrd=initrd console=ttyS0,115200 loglevel=3 mitigations=off nokaslr" \
        "no_timer_check tsc=reliable intel_idle.max_cstate=0" >"$folder/disc/isolinux.cfg"
    quietly "$folder/disc.log" xorriso -as mkisofs -quiet -o "$folder/disc.iso" -b isolinux.bin \
        -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "$folder/disc"
    rm -rf "$folder/files" "$folder/disc"
    cat >"$folder/bochsrc" <<BOCHSRC
config_interface: textconfig
display_library: nogui
memory: guest=1536, host=1536
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/vgabios/vgabios.bin
cpu: model=sapphire_rapids, ips=100000000, reset_on_triple_fault=0, exclude_features="$2"
clock: sync=none
ata0-master: type=cdrom, path=$folder/disc.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$folder/serial.txt
panic: action=fatal
error: action=ignore
log: $folder/bochs.log
BOCHSRC
    "$emulate_cache/bochs/bochs" -q -f "$folder/bochsrc" >"$folder/bochs.txt" 2>&1 </dev/null ||
        true # powering off ends it as an error
    rm -f "$folder/disc.iso"
}

# The lines of jobs: NAME COMMAND...
test_lines() {
    local t
    for t in "${emulate_tests[@]}"; do echo "$t $1/tests/test_$t"; done
    echo "graphs $1/tests/backend/ops/test_graphs"
}
ops_lines() {
    local t
    for t in "${emulate_ops[@]}"; do echo "ops-$t $1/tests/backend/ops/test_ops $t"; done
}
# The layer of the last unit.
layer_of() {
    local unit=${1##* }
    echo "${unit%:*}"
}

# picture_lines BUILD MODEL UNITS
picture_lines() {
    local p
    for p in f32 bf16; do
        echo "ops-$p $1/fovea bench $2 $(layer_of "$3") --ops --repeats 1 --size 64 --precision $p"
        echo "pictures-$p $1/fovea visualize $2 $3 --recipe lucid --size 64 --steps 48 -b 1" \
            "--precision $p --each /tmp/out/$p --npy /tmp/out/$p"
    done
}

# guest NAME LEFT-OUT FILE...: its job comes on standard input.
guest() {
    local folder=$emulate_cache/guests/$1
    [ ${#emulate_wanted[@]} = 0 ] || [[ " ${emulate_wanted[*]} " == *" $1 "* ]] || return 0
    mkdir -p "$folder"
    cat >"$folder/job"
    say "guest $1: $(wc -l <"$folder/job") commands"
    fill_guest "$folder" "${@:3}"
    while [ "$(jobs -r | wc -l)" -ge "$jobs" ]; do wait -n; done
    run_guest "$1" "$2" &
}

# run_emulated [GUEST...]: all, or those named. Without AMX the processor has AVX512-BF16 alone.
run_emulated() {
    local build=build i model tests all=la57 no_amx=la57,amx,amx_int8,amx_bf16
    emulate_wanted=("$@")
    locked fetch_emulator
    for build in build ${onednn3:+build-onednn3}; do
        tests=("${emulate_tests[@]/#/$root/$build/tests/test_}"
            "$root/$build/tests/backend/ops/test_graphs" "$root/tests/golden" "$root/tests/data")
        guest "$build-tests" "$no_amx" "${tests[@]}" < <(test_lines "$build")
        guest "$build-ops" "$no_amx" "$root/$build/tests/backend/ops/test_ops" \
            < <(ops_lines "$build")
        guest "$build-amx" "$all" "$root/$build/tests/test_backend_onednn_precision" \
            "$root/tests/golden" \
            <<<"precision $build/tests/test_backend_onednn_precision"
    done
    for i in "${!emulate_networks[@]}"; do
        model=$cache/models/${emulate_networks[i]}.onnx
        [ -s "$model" ] || model=$root/../shared/models/${emulate_networks[i]}.onnx
        if [ ! -s "$model" ]; then
            say "left out, since it is not there: $model"
            continue
        fi
        guest "${emulate_networks[i]}" "$all" "$root/$build/fovea" "$model" \
            < <(picture_lines "$build" "$model" "${emulate_units[i]}")
    done
    wait
    "$venv_python" tools/emulate/report.py "$emulate_cache/guests" build/fovea "$@"
}
