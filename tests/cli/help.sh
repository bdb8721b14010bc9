# SPDX-License-Identifier: Apache-2.0
# Help goes to stdout, exit code 0, nothing on stderr; both spellings say the same.
try fovea --help
for command in layers layer classify run gradient visualize dream spectrum bench models; do
    fovea $command --help > a && fovea help $command > b && cmp a b && fovea $command -h | cmp a -
    head -n 1 a
    grep -c '^  fovea ' a
    grep -q '^  -h, --help' a || echo "$command: --help is not explained"
    grep -q 'Exit codes: 0 done, 1 failed, 2' a || echo "$command: exit codes are missing"
done
fovea help > a && fovea --help | cmp a - && fovea -h | cmp a -
fovea --version > a && fovea -V | cmp a -
fovea visualize --help
