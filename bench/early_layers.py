#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far pictures of early layers get, beside the recipe lucid in as many updates.

    python3 bench/early_layers.py build/fovea
    python3 bench/early_layers.py build/fovea MODEL LAYER:LAST:STEPS... -- --margin 0.2

For channels 0 to LAST of each layer the picture of the default recipe (with the options after
--) and lucid's are made; the value of each is what `fovea gradient` computes of the finished
picture: the mean of the channel's map. Printed are, layer by layer, the median of ours divided by
lucid's over the channels that lucid excites, and how many of those reach 90 %. Needs numpy.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

LAYERS = ['stem/conv:31:256', 'block_2/expand/conv:31:256', 'block_5/expand/conv:31:256']
ALIVE = 1e-3  # lucid's value above which a channel counts as excited


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f'{" ".join(map(str, command))}: {done.stderr.strip()}')
    return done.stdout


def values(fovea, model, layer, last, steps, folder, options):
    """The value of each channel on its own finished picture."""
    inputs, out = f'{folder}/x.npy', []
    run(fovea, 'visualize', model, f'{layer}:0-{last}', '--steps', steps, '--npy', inputs, '-q',
        *options)
    pictures = np.load(inputs)
    for unit in range(last + 1):
        np.save(f'{folder}/one.npy', pictures[unit:unit + 1])
        size = ['--size', pictures.shape[-1]]
        text = run(fovea, 'gradient', model, '--input', f'{folder}/one.npy', '--objective',
                   f'{layer}:{unit}', '-o', f'{folder}/g.npy', *size)
        out.append(float(text.split()[-1]))
    return np.array(out)


def main():
    arguments, options = sys.argv[1:], []
    if '--' in arguments:
        at = arguments.index('--')
        arguments, options = arguments[:at], arguments[at + 1:]
    if not arguments:
        sys.exit(__doc__)
    fovea = os.path.abspath(arguments[0])
    model = arguments[1] if len(arguments) > 1 else 'efficientnet-lite0'
    print('| layer | updates | channels | median of lucid\'s | at 90 % or more |')
    print('| --- | ---: | ---: | ---: | ---: |')
    for text in arguments[2:] or LAYERS:
        layer, last, steps = text.rsplit(':', 2)
        with tempfile.TemporaryDirectory() as folder:
            lucid = values(fovea, model, layer, int(last), steps, folder, ['--recipe', 'lucid'])
            ours = values(fovea, model, layer, int(last), steps, folder, options)
        alive = lucid > ALIVE
        ratio = ours[alive] / lucid[alive]
        print(f'| `{layer}` | {steps} | {alive.sum()} | {100 * np.median(ratio):.0f} % '
              f'| {(ratio >= 0.9).sum()} |', flush=True)


if __name__ == '__main__':
    main()
