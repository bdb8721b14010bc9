# SPDX-License-Identifier: Apache-2.0
"""Makes the references of this folder: what each peer's algorithm says in its first updates.

    python tests/golden/recipes/generate.py

needs numpy, torch and onnx (made with torch 2.13, CPU).  Written here are the networks (nets.py),
spectrum.npy, and for each case NAME.txt:

    recipe, model, objective   what is rendered
    spectrum                   magnitudes for the phase parametrisation, where there are any
    set NAME=VALUE             an option of the recipe that is given
    expect                     the objective of each update, before it is made: on the transformed
                               picture, the mean over copies, with the picture's own terms

The other modules: draws.py are our random numbers, written again; parts.py what the peers take from
their frameworks; peers.py the peers' algorithms.  test_recipes.c compares.
"""
import numpy as np
import torch

import nets
import parts
import peers

SEED = 7


def write(name, recipe, model, objective, options, values, spectrum=None):
    lines = [f"recipe {recipe}", f"model {model}", f"objective {objective}"]
    lines += [f"spectrum {spectrum}"] if spectrum else []
    lines += [f"set {key}={value}" for key, value in {**options, "seed": SEED}.items()]
    lines += ["expect " + " ".join(f"{v:.9g}" for v in values)]
    (nets.HERE / f"{name}.txt").write_text("\n".join(lines) + "\n")
    print(name, " ".join(f"{v:.5g}" for v in values))


def magnitudes(size):
    """1/f with a dent, other in each channel: no picture's, but alive."""
    f = np.maximum(parts.frequencies(size, size), 1 / size)
    slopes = np.array([1.0, 1.2, 0.9])[:, None, None]
    return (0.05 / f**slopes * (1 + 0.5 * np.cos(20 * f))).astype(np.float32)


def pictures(small, large):
    write("lucid", "lucid", "small.onnx", "conv3:5", {"size": "44x36", "steps": 12},
          peers.lucid(small, "conv3:5", 36, 44, 12, SEED))
    write("lucent", "lucent", "small.onnx", "conv3:8", {"size": 32, "steps": 14},
          peers.lucent(small, "conv3:8", 32, 14, SEED, nets.SIZE))
    spectrum = magnitudes(64)
    np.save(nets.HERE / "spectrum.npy", spectrum)
    write("maco", "maco", "small.onnx", "fc:4", {"size": 64, "steps": 8, "copies": 3},
          peers.maco(small, "fc:4", 64, 8, SEED, 3, nets.SIZE, torch.tensor(spectrum).double()),
          "spectrum.npy")
    write("wolfram", "wolfram", "small.onnx", "relu3:6", {"size": 40, "steps": 10},
          peers.wolfram(small, "relu3:6", 40, 10, SEED))
    write("matlab", "matlab", "small.onnx", "conv3:3", {"size": 40, "steps": 5, "levels": 3},
          peers.matlab(small, "conv3:3", 40, 5, SEED, 3))
    write("deepdream", "deepdream", "small.onnx", "relu2",
          {"size": 40, "steps": 4, "levels": 3, "start-sd": 0.35},
          peers.deepdream(small, "relu2", 40, 4, SEED, 3, 0.35))
    write("keras-vis", "keras-vis", "small255.onnx", "1000*fc:2", {"size": 40, "steps": 20},
          peers.keras_vis(large, "fc:2", 40, 20, SEED, 1000))
    write("tf-keras-vis", "tf-keras-vis", "small255.onnx", "100*fc:0", {"size": 40, "steps": 10},
          peers.tf_keras_vis(large, "fc:0", 40, 10, SEED, 100))
    write("darknet", "darknet", "small.onnx", "relu3", {"size": 40, "steps": 10},
          peers.darknet(small, "relu3", 40, 10, SEED))


if __name__ == "__main__":
    nets.save_all()
    pictures(nets.Small(), nets.Small(255))
    write("erhan", "erhan", "vector.onnx", "dense2:3", {"steps": 10},
          peers.erhan(nets.Vector(), "dense2:3", 24, 10, SEED))
