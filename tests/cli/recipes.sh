# SPDX-License-Identifier: Apache-2.0
# Recipes and their options: what they come to, other names, what is refused.
fov() { fovea visualize tiny --size 24 --steps 2 "$@" 2> log || { code=$?; cat log; return $code; }; }
fovea visualize tiny --show-recipe | head -n 3
fovea visualize tiny --recipe wolfram --show-recipe | grep -E '^(recipe|size|param|start|transforms|gradient|optimizer|rate|steps|tile) '
for recipe in $(fovea visualize --help | sed -n '/^Recipes/,/^$/p' | awk '/^  [a-z]/ { print $1 }'); do
    fov stem/conv:0 --recipe $recipe -q -o $recipe.png && fovea visualize tiny --recipe $recipe --show-recipe | head -n 1
done
# units that have other values than others, and what is set for all
fovea visualize tiny stem/conv:0 class:hen stem/conv:2 --size 24 --show-recipe | grep -E '^(units|recipe|size|param|margin|steps) |^$'
fovea visualize tiny stem/conv:0 class:hen --size 24 --margin 0.1 --param pixels --recipe fovea-layer --show-recipe | grep -E '^(units|recipe|param|margin) '
fovea spectrum "$DATA" -o s.npy --size 16 -q && fov stem/conv:0 --spectrum s.npy -q -o i.png && make text fovea.options i.png | tr ';' '\n' | grep ' param='
# what --show-recipe prints can be given back
fovea visualize tiny --recipe maco --show-recipe > a
sed -e 1d -e 's/^range /number-range /' a | while read -r name equals value; do printf -- '--%s\n%s\n' "$name" "$value"; done > words
old=$IFS; IFS='
'; fovea visualize tiny $(cat words) --show-recipe | sed 1d > b; IFS=$old
sed 1d a | diff - b && echo 'the same'
# MATLAB's names
fovea visualize tiny --recipe matlab --pyramid-levels 2 --pyramid-scale 1.5 --num-iterations 7 --output-scaling none --initial-image "$DATA/photo.jpg" --show-recipe | grep -E '^(levels|level-scale|steps|display|start|recipe) '
fovea visualize tiny --output-scaling linear --show-recipe | grep display
fovea visualize tiny --num-iterations 7 --steps 8 --show-recipe | grep '^steps'
# files
fov stem/conv:0 --init "$DATA/photo.jpg" --rate 0 --optimizer ascent --param pixels --color rgb --output-activation clip --transforms none -q -o i.png && make size i.png
fov stem/conv:0 --init "$DATA/photo.jpg" --mask "$DATA/photo.jpg" -q -o i.png && make size i.png
try fovea visualize tiny stem/conv:0 --init nowhere.png -o x.png
try fovea visualize tiny stem/conv:0 --mask nowhere.png -o x.png
try fovea visualize tiny stem/conv:0 --recipe maco --spectrum nowhere.npy -o x.png
# refused
try fovea visualize tiny stem/conv:0 -o x.png --recipe lucdi
try fovea visualize tiny stem/conv:0 -o x.png --start image
try fovea visualize tiny stem/conv:0 -o x.png --start grey --init "$DATA/photo.jpg"
try fovea visualize tiny stem/conv:0 -o x.png --spectrum s.npy --recipe lucid
try fovea visualize tiny stem/conv:0 -o x.png --optimizer sgd
try fovea visualize tiny stem/conv:0 -o x.png --rate -1
try fovea visualize tiny stem/conv:0 -o x.png --size 0
try fovea visualize tiny stem/conv:0 -o x.png --size 3x
try fovea visualize tiny stem/conv:0 -o x.png --number-range 1,0
try fovea visualize tiny stem/conv:0 -o x.png --transforms 'spin(3)'
try fovea visualize tiny stem/conv:0 -o x.png --pyramid-levels 0
try fovea visualize tiny stem/conv:0 -o x.png --output-scaling some
try fovea visualize tiny stem/conv:0 -o x.png --patience 0
try fovea visualize tiny stem/conv:0 -o x.png --jitter 8
try fovea visualize tiny stem/conv:0 -o x.png --steps
try fovea visualize tiny stem/conv:0 -o x.png --shape 3x4
[ ! -e x.png ] && echo 'not touched'
# names that options had before, and words of theirs, for one release
fov --show-recipe --squash none --starts 2 --levels-are below --size seen --redirect never | grep -E '^(output-activation|restarts|octave-order|size|relu-redirect-steps) ='
try fovea visualize tiny stem/conv:0 -o x.png --squash some
fovea visualize --help | grep -E -- '--(squash|starts|levels-are|redirect)' || echo 'not in the help'
# an option without an effect is said, and has none; the recipe's own value is no word worth
same() { # RECIPE-OPTIONS WITHOUT-EFFECT
    fovea visualize tiny stem/conv:0 --steps 3 --size 16 $1 -q -o without.png
    fovea visualize tiny stem/conv:0 --steps 3 --size 16 $1 $2 -o with.png 2>&1 | grep note
    make pixels without.png with.png
}
same '--recipe wolfram' '--beta1 0.5 --beta2 0.9 --epsilon 0.1 --epsilon-under-root on --gain 2 --decay 2'
same '--recipe wolfram' '--beta1 0 --gain 1'
same '--optimizer lbfgs' '--rate 1 --rate-end 0.5 --weight-decay 0.5 --parameter-decay 0.5 --blur 2 --regularize-every 2 --gradient max --gradient-clip 0.001 --patience 1 --keep best'
same '--param pixels --output-activation clip --start grey' '--bias 2 --param-levels 3 --phase-std 2 --start-sd 3'
same '--optimizer rmsprop --param fourier' '--beta1 0.5 --gradient-levels 2 --level-scale 2 --octave-order to-size --octave-carry detail --regularize-every 3'
