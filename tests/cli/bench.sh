# SPDX-License-Identifier: Apache-2.0
# Measured numbers become N, those without a point too: a peak of 69.00 MB is printed as 69.
measured() {
    sed -E '/batch|updates/!s/\b[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?\b/N/g' |
        sed -E 's/^[0-9.]+ ms/N ms/; s/memory [0-9.]+ MB/memory N MB/; s/  */ /g'
}
# One step measured.
fovea bench tiny head/conv --repeats 2 --json > a.json
make json a.json
fovea bench tiny head/conv --repeats 2 --batch 3 --threads 1 --size 48 | measured
try fovea bench tiny nowhere
# Everything in a step: which layers do what in which pass, whatever oneDNN chose for it.
fovea bench tiny head/conv --repeats 2 --ops --json > b.json
make json b.json | sed -E 's/: \[[0-9]+, [{]/: [N, {/g' # how many depends on oneDNN
python3 - <<'PYTHON'
import json
r = json.load(open("b.json"))
times = [op["ms"] for op in r["ops"]]
print("longest first:", times == sorted(times, reverse=True))
for way in ("forward", "backward"):
    print(way, sorted({op["layer"] for op in r["ops"]
                       if op["pass"] == way and op["kind"] == "convolution"}))
products = sum(op["gflop"] for op in r["ops"])
print("their work is the step's:", abs(products - r["gflop"]) < 1e-9 * r["gflop"])
print("bytes:", all(op["gbyte"] > 0 for op in r["ops"] if op["implementation"] != "own loop"))
print("sums:", all(abs(sum(op[k] for op in r["ops"]) - sum(i[k] for i in r["implementations"]))
                   < 1e-9 for k in ("ms", "gflop")),
      sum(i["calls"] for i in r["implementations"]) == len(r["ops"]))
PYTHON
fovea bench tiny head/conv --repeats 2 --ops --threads 1 > c.txt
head -1 c.txt | sed 's/  */ /g'
grep -c convolution c.txt
tail -1 c.txt | measured
# The loop around the network, part by part: everything belongs to one of them.
fovea bench tiny head/conv:3 --recipe lucid --size 40 --repeats 5 --batch 2 --json > d.json
make json d.json
python3 - <<'PYTHON'
import json
r = json.load(open("d.json"))
print(r["updates"], r["batch"], [p["part"] for p in r["parts"]])
print("sum:", abs(sum(p["mean_ms"] for p in r["parts"]) - r["mean_ms"]) < 1e-6)
print("worked:", [p["part"] for p in r["parts"] if p["mean_ms"] <= 0])
PYTHON
fovea bench tiny head/conv:3 --recipe deepdream --repeats 1 --threads 1 | measured
fovea bench --machine --threads 1 --json > e.json
make json e.json
try fovea bench tiny
try fovea bench tiny --machine
try fovea bench tiny head/conv:3 --recipe nothing
try fovea bench tiny head/conv:3 --recipe lucid --ops
