# SPDX-License-Identifier: Apache-2.0
# Where stdout goes wrong: a full disk is an error, a reader that has had enough is not worth a word.
fovea layers tiny --json > /dev/full; echo "[$?]"
fovea layers tiny > /dev/full; echo "[$?]"
make closed fovea layers tiny; echo "[$?]"
fovea layers tiny | head -n 1
