# SPDX-License-Identifier: Apache-2.0
# needs shared
# needs network
# The default network, on real photos.
cp "$NETWORK" "$XDG_CACHE_HOME/fovea/models/"
photos="$SHARED/images/imagenet"
fovea classify efficientnet-lite0 "$photos/008_hen.jpg" "$photos/022_bald_eagle.jpg" --top 1 | blur
fovea layers efficientnet-lite0 | tail -n 1
fovea visualize efficientnet-lite0 block_5/expand/conv:0-1 --size 64 --steps 2 -q -o a.png
[ -s a.png ] && echo written
# the layers that the examples of docs/commands.md name
for layer in stem/conv block_5/expand/conv head/conv logits; do fovea layer efficientnet-lite0 $layer | sed -n 3p; done
