# SPDX-License-Identifier: Apache-2.0
# Ctrl-C: a line, and the signal's own end. Pictures so far are written and marked; where there is
# nothing of use, the old file stays as it was.
n() { sed -E -e 's/after [0-9]+ of/after N of/' -e 's/[0-9]+x[0-9]+, 1 pic/WxH, 1 pic/' -e 's/, [0-9.]+ s\\n/, N s\\n/' -e 's/reached [0-9.e+-]+/reached N/'; }
echo old > a.png
make signal fovea visualize tiny stem/conv:0-2 --steps 1000000 --size 8 --batch 1 --verbose --columns 1 -o a.png | n
make text fovea.unfinished a.png | n | sed -E 's/^[0-9]+/N/'
make text fovea.objective a.png
make signal fovea visualize tiny stem/conv:0 --steps 1000000 --size 8 --each b | n
make text fovea.unfinished b/stem_conv_0.png | sed -E 's/^[0-9]+/N/'
make signal fovea dream tiny "$DATA/photo.jpg" --steps 100000 --octaves 1 --layer stem/conv -o d.png | n
make text fovea.unfinished d.png | sed -E 's/^[0-9]+/N/'
make signal fovea dream tiny "$DATA/photo.jpg" --steps 100000 --zoom 9 --layer stem/conv --frames-dir e | n
ls e
# a mean over random masks is a map of those so far, and all maps are those that were done
make signal fovea attribute tiny "$DATA/photo.jpg" -m rise --masks 1000000 -o f.png | n | sed 's/^stdout: .*/stdout: .../; s/last of [0-9]* of/last of N of/'
make text fovea.unfinished f.png | sed 's/last of [0-9]* of/last of N of/'
make signal fovea attribute tiny "$DATA/photo.jpg" -m occlusion --size 64 --window 2 --stride 1 -o g.png | n
for i in $(seq 300); do cp "$DATA/photo.jpg" $i.jpg; done
echo old > s.npy
make signal fovea spectrum *.jpg -o s.npy | n
cat s.npy
# of many files those before it are shown
make later-signal fovea activations tiny stem/conv *.jpg *.jpg -o h.png --top 1 | n | sed 's/^stdout: .*/stdout: .../'
make text fovea.unfinished h.png | n | sed -E 's/^[0-9]+/N/'
make later-signal fovea compare tiny tiny stem/conv *.jpg *.jpg -o i.png | n | sed 's/^stdout: .*/stdout: .../'
make text fovea.unfinished i.png | n | sed -E 's/^[0-9]+/N/'
make signal fovea classify tiny none.jpg *.jpg *.jpg | n | sed 's/^stdout: .*/stdout: .../'
make later-signal fovea classify tiny *.jpg *.jpg --json | n
