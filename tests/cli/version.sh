# SPDX-License-Identifier: Apache-2.0
# The program's version, and those of the libraries underneath.
fovea --version | sed -E 's/[0-9]+(\.[0-9]+)+/N/g'
