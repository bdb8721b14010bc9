# SPDX-License-Identifier: Apache-2.0
# What a model's file may make the program spend: --limit, each one crossed once, and its own mistakes.
make npy 1,3,32,32 x.npy
run() { try fovea run tiny --input x.npy -o y.npy --threads 1 "$@"; }
run --limit memory=32K | blur
run --limit memory=1K | blur
run --limit work=1000 | blur
run --limit file=100
run --limit elements=100
run --limit nodes=2
run --limit memory=1G --limit work=1T --limit elements=1M --limit nodes=1K --limit file=1M
for bad in memory memory= memory=0 memory=-1 memory=1Q memory=G speed=3 memory=9999999999T nodes=1G elements=3G; do
    run --limit $bad
done
ls
