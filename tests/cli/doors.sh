# SPDX-License-Identifier: Apache-2.0
# The file system says no, without anything interposed: a full disk, a file that may not grow, a
# folder that is not there or may not be written, a closed pipe, a closed stdin, a file cut short.
say() { echo "[$?] $(ls -A out 2> /dev/null | tr '\n' ' ')"; }
mkdir out; echo old > out/a.png
pic() { fovea visualize tiny stem/conv:0 -q --size 16 --steps 1 "$@"; }
# a disk that is full: what cannot be replaced is written straight
ln -s /dev/full full.png; pic -o full.png 2>&1; say
# files that may not grow beyond 512 bytes (SIGXFSZ ignored): nothing half in the place of the old
(ulimit -f 1; trap '' XFSZ; pic -o out/a.png --size 64) 2>&1; say; cat out/a.png
(ulimit -f 1; trap '' XFSZ; pic --each out --format webp --size 64) 2>&1; say
# folders
pic -o nowhere/a.png 2>&1; say
pic -o out 2>&1; say
mkdir out/b.png; pic -o out/b.png 2>&1; say; rmdir out/b.png
: > file; pic --each file 2>&1; say
pic -o file/a.png 2>&1; say
code=1 # root may write anywhere
if [ "$(id -u)" != 0 ]; then mkdir -m 555 locked; pic -o locked/a.png > text 2>&1; code=$?; fi
echo "[$code]"
# pipes
fovea layers tiny --json | head -n 1
make closed fovea classify tiny "$DATA/photo.jpg"; echo "[$?]"
fovea layers tiny --json <&- > closed.json; echo "[$?]"; make json closed.json > text; head -c 20 text; echo
# files cut short
head -c 400 "$DATA/photo.jpg" > cut.jpg; fovea classify tiny cut.jpg 2>&1; echo "[$?]"
make npy 1,3,32,32 cut.npy bad; fovea run tiny -i cut.npy -o out/y.npy 2>&1; say
head -c 3000 "$DATA/tiny.onnx" > cut.onnx; fovea layers cut.onnx 2>&1; echo "[$?]"
# temporaries of a process that is no more are removed, those of one that runs are not
host=$(python3 -c "
import socket
h = 5381
for c in socket.gethostname().encode(): h = (h * 33 + (c if c < 128 else c - 256)) & 0xffffffff
print('%08x' % h)")
: > out/.fovea-$host-4194304-0.tmp; : > out/.fovea-$host-1-0.tmp; : > out/.fovea-no-1.tmp
pic -o out/c.png; say | sed s/$host/HOST/
# --each goes on where it stopped, and --again begins anew
each() { fovea visualize tiny stem/conv:0-2 --each each --size 16 --steps 2 "$@" 2>&1 | grep -v 'steps  ' | sed -E 's/[0-9.]+ s$/N s/; s/reached .*/reached N/'; }
each; rm each/stem_conv_1.png; each; each; each --again
each --seed 1; fovea visualize tiny stem/conv:0 -o a.png --again; echo "[$?]"
