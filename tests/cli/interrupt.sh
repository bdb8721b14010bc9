# SPDX-License-Identifier: Apache-2.0
# Ctrl-C: a line, the signal's own end, and the old file as it was.
echo old > a.png
make signal fovea visualize tiny stem/conv:0-9 --steps 1000000 --size 8 --batch 1 --verbose -o a.png | sed -E 's/after [0-9]+ of/after N of/'
cat a.png
ls
