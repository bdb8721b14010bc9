# SPDX-License-Identifier: Apache-2.0
# On a narrow terminal long cells are cut, on a wide one and in a pipe none.
make pty 84 fovea layers tiny | awk 'length($0) > 84 && NR < 8 { print "too long: " $0 }'
make pty 100 fovea layers tiny | head -n 3
make pty 400 fovea layers tiny > wide
fovea layers tiny | cmp - wide && echo same
# names are there to be copied: they are never cut
make pty 60 fovea layers tiny | grep -o 'block_5/expand/conv' | head -n 1
# the progress line keeps to the terminal it is drawn on, and names what is drawn as far as it fits
for columns in 30 80; do
    make progress $columns fovea visualize tiny stem/conv:0 --size 32 --steps 400 -o a.png > said < /dev/null
    tr '\r' '\n' < said | sed 's/.\[K//; s/…/~/' | grep ' % ' | awk -v n=$columns 'length($0) >= n { print "too long: " $0 }'
    grep -c steps said | sed 's/^[1-9].*/drawn/'
done
# a terminal that cannot draw over a line gets plain lines, as a pipe does
TERM=dumb make progress 80 fovea visualize tiny stem/conv:0 --size 32 --steps 20 -o a.png > said < /dev/null
tr '\r' '@' < said | grep -c '@*fovea: stem/conv:0 .* steps' | sed 's/^1[01]$/plain lines/'
grep -c "$(printf '\033')" said
# a long list ends on a terminal, and says where the rest of it is; a pipe gets all
seq 300 | sed 's/^/name /' > many.txt
fovea classes tiny --labels many.txt | wc -l
make pty 80 fovea classes tiny --labels many.txt > said
wc -l < said; tail -n 1 said
# where cutting is not enough the last columns are left out, and named; help keeps to the terminal
for columns in 40 60; do
    make pty $columns fovea layers tiny | sed 's/…/~/g' > said
    grep -o 'block_5/expand/conv' said; grep 'left out' said | head -n 1
    awk -v n=$columns 'length($0) > n && !/left out|layers, / { print "too long: " $0 }' said
    make pty $columns fovea help layers | sed '/^Examples/,/^$/d' | awk -v n=$columns 'length($0) > n && !/^Usage/ { print "too long: " $0 }'
done
