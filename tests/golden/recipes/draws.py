# SPDX-License-Identifier: Apache-2.0
"""The library's random numbers, written a second time: Philox4x32-10 streams keyed by seed, unit,
step and use (src/base/random.h says what is meant).  Salmon, Moraes, Dror, Shaw, SC 2011."""
import numpy as np

START, TRANSFORM, WALK = 1, 16, 48
MASK = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """counter [n][4], key [2] -> [n][4], ten rounds."""
    c = [counter[:, i].astype(np.uint64) for i in range(4)]
    k = [np.uint64(key[0]), np.uint64(key[1])]
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ k[0], p1 & MASK,
             (p0 >> np.uint64(32)) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + np.uint64(0x9E3779B9)) & MASK, (k[1] + np.uint64(0xBB67AE85)) & MASK]
    return np.stack(c, 1)


def unit_key(text):
    """FNV-1a, 64 bits."""
    h = 14695981039346656037
    for byte in text.encode():
        h = (h ^ byte) * 1099511628211 % 2**64
    return h


class Stream:
    def __init__(self, seed, unit, step, use):
        who = np.array([[unit & 0xFFFFFFFF, unit >> 32, use, 0]], np.uint64)
        mixed = philox(who, (seed & 0xFFFFFFFF, seed >> 32))[0]
        self.key, self.upper, self.step = mixed[:2], mixed[2:], step
        self.block, self.left = 0, np.empty(0, np.uint64)

    def u32(self, n):
        """The next n numbers."""
        missing = n - len(self.left)
        if missing > 0:
            blocks = -(-missing // 4)
            counter = np.zeros((blocks, 4), np.uint64)
            counter[:, 0] = np.arange(self.block, self.block + blocks)
            counter[:, 1] = self.step
            counter[:, 2:] = self.upper
            self.block += blocks
            self.left = np.concatenate([self.left, philox(counter, self.key).ravel()])
        out, self.left = self.left[:n], self.left[n:]
        return out

    def uniforms(self, n):
        return (self.u32(n) >> np.uint64(8)).astype(np.float64) * 2.0**-24

    def uniform(self):
        return float(self.uniforms(1)[0])

    def normals(self, n):
        """Two from each pair; the roundings that single precision makes of the pair are kept."""
        pair = self.u32(2 * (-(-n // 2))).reshape(-1, 2).astype(np.float32)
        u = np.minimum((pair[:, 0] + np.float32(1)) * np.float32(2.0**-32), np.float32(1))
        t = pair[:, 1] * (np.float32(2 * np.pi) * np.float32(2.0**-32))
        length = np.sqrt(-2 * np.log(u.astype(np.float64)))
        t = t.astype(np.float64)
        return np.stack([length * np.cos(t), length * np.sin(t)], 1).ravel()[:n]

    def normal_double(self):
        """One from a pair, in double precision."""
        a, b = (float(x) for x in self.u32(2))
        return np.sqrt(-2 * np.log((a + 1) * 2.0**-32)) * np.cos(2 * np.pi * b * 2.0**-32)

    def integer(self, low, high):
        count = high - low + 1
        whole = 2**32 // count * count
        while True:
            x = int(self.u32(1)[0])
            if x < whole:
                return low + x % count


class Draws:
    """The streams of one picture of one unit."""

    def __init__(self, seed, text, start=0):
        self.seed, self.unit = seed, unit_key(text if start == 0 else f"{text}#{start}")

    def start(self):
        return Stream(self.seed, self.unit, 0, START)

    def transform(self, place, evaluation, shared=False):
        """shared: draws that decide a size are the same for all units."""
        return Stream(self.seed, 0 if shared else self.unit, evaluation, TRANSFORM + place)

    def walk(self, place, update):
        return Stream(self.seed, self.unit, update, WALK + place)
