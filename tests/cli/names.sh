# SPDX-License-Identifier: Apache-2.0
# Names from files are printed on one line, as UTF-8, and obey no escape sequence.
cp "$DATA/photo.jpg" "$(printf 'a\033[31mb\377.jpg')"
cp "$DATA/photo.jpg" 'Müller ☕.jpg'
fovea classify tiny --top 1 *.jpg | blur
fovea classify tiny --top 1 --json *.jpg | grep image
printf 'a\033[1mx\nb\ncaf\303\251\nd\ne\nf\ng\nh\ni\nstr\303\244u\337\n' > labels.txt
fovea classify tiny --top 10 --labels labels.txt Mü*.jpg | sort -k 2 | blur || echo "[$?]"
fovea layers "$(printf 'no\nsuch\033model.onnx')" || echo "[$?]"
