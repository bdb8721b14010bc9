# SPDX-License-Identifier: Apache-2.0
# On a narrow terminal long cells are cut, on a wide one and in a pipe none.
make pty 84 fovea layers tiny | awk 'length($0) > 84 && NR < 8 { print "too long: " $0 }'
make pty 100 fovea layers tiny | head -n 3
make pty 400 fovea layers tiny > wide
fovea layers tiny | cmp - wide && echo same
