# SPDX-License-Identifier: Apache-2.0
# One step measured.
fovea bench tiny head/conv --repeats 2 --json > a.json
make json a.json
fovea bench tiny head/conv --repeats 2 --batch 3 --threads 1 --size 48 | blur | sed 's/  */ /g'
try fovea bench tiny nowhere
