#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the HDF5 files of tests/model/hdf5 with h5py (3.16.0, HDF5 2.0.0):  generate.py FOLDER

What they hold is said again in test_hdf5.c, as numbers and texts. FORM.h5 is written with
libver FORM: "earliest" has groups of the old form, "latest" those of the new."""
import json
import sys
from pathlib import Path

import h5py
import numpy as np

TEXT = h5py.string_dtype()
CONFIG = '{"class_name": "Sequential", "config": {"name": "net"}}'


def ramp(*shape, dtype="f4"):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


def keras(f):
    """Groups and attributes as Keras 2 writes them."""
    f.attrs["keras_version"] = "2.13.1"
    f.attrs["model_config"] = CONFIG
    weights = f.create_group("model_weights")
    weights.attrs["layer_names"] = [b"conv1", b"dense"]
    weights.attrs["backend"] = np.bytes_("tensorflow")
    conv = weights.create_group("conv1")
    conv.attrs["weight_names"] = [b"conv1/kernel:0", b"conv1/bias:0"]
    conv["conv1/kernel:0"] = ramp(2, 3, 1, 4)
    conv["conv1/bias:0"] = ramp(4) / 2
    dense = weights.create_group("dense")
    dense.attrs["weight_names"] = np.zeros(0, "S1")


def types(f):
    """Every element type that is read, and some that are not."""
    g = f.create_group("types")
    for name in ("i1", "u1", "<i2", ">i2", "<u2", "<i4", ">i4", "<u4", "<i8", ">i8", "<u8", "<f2",
                 ">f2", "<f4", ">f4", "<f8", ">f8"):
        g[name.replace("<", "le_").replace(">", "be_")] = np.array([1, 2, 100], name)
    g["bool"] = np.array([True, False, True])
    g["enum"] = np.array([2, 5], h5py.enum_dtype({"A": 2, "B": 5}, "i2"))
    bfloat = h5py.h5t.IEEE_F32LE.copy()
    bfloat.set_fields(15, 7, 8, 0, 7)
    bfloat.set_size(2)
    bfloat.set_ebias(127)
    d = h5py.h5d.create(g.id, b"bfloat16", bfloat, h5py.h5s.create_simple((2,)))
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([0x3f80, 0xc000], "<u2"), mtype=bfloat)
    g["opaque"] = np.array([b"\x80\x3f", b"\x00\xc0"], "V2")
    g["opaque"].attrs["dtype"] = "bfloat16"
    g["opaque_4"] = np.array([b"\x80\x3f\0\0"], "V4")
    g["compound"] = np.zeros(2, [("a", "f4"), ("b", "i4")])
    g["complex"] = np.zeros(2, "c8")
    g["sequence"] = np.array([np.arange(2), np.arange(3)], dtype=object).astype(
        h5py.vlen_dtype("i4"))
    g.create_dataset("array", (2,), "(3,)f4")
    g["reference"] = np.array([g.ref], h5py.ref_dtype)
    g["committed"] = np.dtype("f4")
    g.create_dataset("of_committed", data=ramp(3), dtype=g["committed"])


def texts(f):
    g = f.create_group("texts")
    g.create_dataset("variable", data=["conv", "", "caf\u00e9", "x" * 300], dtype=TEXT)
    g["fixed"] = np.array([b"conv", b"", b"kernel:0"], "S8")
    for name, padding in (("ended", h5py.h5t.STR_NULLTERM), ("spaces", h5py.h5t.STR_SPACEPAD)):
        t = h5py.h5t.C_S1.copy()
        t.set_size(6)
        t.set_strpad(padding)
        d = h5py.h5d.create(g.id, name.encode(), t, h5py.h5s.create_simple((2,)))
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([b"ab", b"abcde"], "S6")
                if name == "ended" else np.array([b"ab    ", b"a c   "], "S6"), mtype=t)
    g["one"] = "text"
    g.attrs["many"] = ["layer_%d" % i for i in range(40)]
    g.attrs["square"] = np.array([[b"a", b"b"], [b"c", b"d"]])
    g.attrs["empty"] = h5py.Empty("S1")
    g.attrs["number"] = 3.5
    g.attrs["numbers"] = np.array([1, 2, 3], ">i4")
    g.attrs["flag"] = True


def layouts(f):
    """Where data lie, and behind which filters."""
    g = f.create_group("layouts")
    a = ramp(7, 10)
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    d = h5py.h5d.create(g.id, b"compact", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((7, 10)),
                        dcpl=compact)
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, a)
    g["contiguous"] = a
    g.create_dataset("chunks", data=a, chunks=(3, 4))
    g.create_dataset("gzip", data=a, chunks=(3, 4), compression="gzip")
    g.create_dataset("all_filters", data=a, chunks=(3, 4), compression="gzip", shuffle=True,
                     fletcher32=True)
    g.create_dataset("one_chunk", data=a, chunks=(7, 10))
    g.create_dataset("one_gzip", data=a, chunks=(7, 10), compression="gzip", shuffle=True)
    g.create_dataset("big_endian", data=a.astype(">f8"), chunks=(3, 4), shuffle=True)
    g.create_dataset("growing", data=a, chunks=(3, 4), maxshape=(None, 10))
    g.create_dataset("growing_both", data=a, chunks=(3, 4), maxshape=(None, None))
    g.create_dataset("larger", data=a, chunks=(3, 4), maxshape=(20, 30))
    holes = g.create_dataset("holes", (7, 10), "f4", chunks=(3, 4), fillvalue=-1.5)
    holes[0, 0] = 2
    holes[6, 9] = 3
    g.create_dataset("unwritten", (3,), "i2", fillvalue=7)
    g.create_dataset("unwritten_chunks", (3,), "f4", chunks=(2,))
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_chunk((3, 4))
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    d = h5py.h5d.create(g.id, b"early", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((7, 10)),
                        dcpl=early)
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, a)
    g["no_rows"] = np.zeros((0, 3), "f4")
    g["nothing"] = h5py.Empty("f4")
    g["scalar"] = np.float64(2.5)
    g.create_dataset("lzf", data=a, chunks=(3, 4), compression="lzf")
    g.create_dataset("scaled", data=a.astype("i4"), chunks=(3, 4), scaleoffset=0)
    if f.libver[0] == "earliest":
        g.create_dataset("many_chunks", data=ramp(12, 12, dtype="u1"), chunks=(1, 1))
    else:
        paged = g.create_dataset("paged", (3000,), "u1", chunks=(1,), fillvalue=9)
        paged[:2] = 1, 2
        paged[2048] = 3


def links(f):
    g = f.create_group("links")
    g["inner/deep/x"] = ramp(3)
    g["soft"] = h5py.SoftLink("inner/deep/x")
    g["absolute"] = h5py.SoftLink("/links/inner")
    g["over_soft"] = h5py.SoftLink("absolute/deep/x")
    g["nowhere"] = h5py.SoftLink("/links/missing")
    g["myself"] = h5py.SoftLink("myself")
    g["away"] = h5py.ExternalLink("other.h5", "/x")
    g["inner/up"] = g
    g["inner/hard"] = g["inner/deep/x"]
    virtual = h5py.VirtualLayout((3,), "f4")
    virtual[:] = h5py.VirtualSource("other.h5", "x", (3,))
    g.create_virtual_dataset("virtual", virtual)
    g.create_dataset("outside", (3,), "f4", external=[("other.bin", 0, 12)])


def keras_away(f):
    """A network of one Dense, "d_0"; and groups for others, whose weights are not there."""
    weights = f.create_group("model_weights")
    layers = [("InputLayer", {"batch_input_shape": [None, 3], "name": "input"}),
              ("Dense", {"name": "d_0", "units": 4})]
    f.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {
        "name": "net", "layers": [{"class_name": c, "config": k} for c, k in layers]}})
    weights.attrs["layer_names"] = [b"d_%d" % i for i in range(8)]
    for i in range(6):
        group = weights.create_group(f"d_{i}")
        group.attrs["weight_names"] = [b"kernel:0", b"bias:0"]
        group["bias:0"] = ramp(4)
    weights["d_0/kernel:0"] = ramp(3, 4)
    weights["d_1/kernel:0"] = h5py.ExternalLink("other.h5", "/x")
    weights["d_2/kernel:0"] = h5py.SoftLink("kernel:0")
    virtual = h5py.VirtualLayout((3, 4), "f4")
    virtual[:] = h5py.VirtualSource("/etc/passwd", "x", (3, 4))
    weights["d_3"].create_virtual_dataset("kernel:0", virtual)
    weights["d_4"].create_dataset("kernel:0", (3, 4), "f4", external=[("/etc/passwd", 0, 48)])
    weights["d_5"].create_dataset("kernel:0", data=ramp(3, 4), chunks=(3, 4), compression="lzf")
    weights["d_6"] = h5py.ExternalLink("/etc/passwd", "/x")
    weights["d_7"] = h5py.SoftLink("/model_weights/d_7")


def many(f):
    g = f.create_group("many")
    one = g.create_group("member_000")
    for i in range(1, 150):
        g["member_%03d" % ((i * 7) % 150)] = one
    tracked = f.create_group("tracked", track_order=True)
    for name in ("zebra", "apple", "mango"):
        tracked[name] = one
    tracked_many = f.create_group("tracked_many", track_order=True)
    for i in range(20):
        tracked_many["m%02d" % (19 - i)] = one
    a = f.create_group("attributes")
    for i in range(60):
        a.attrs["attribute_%02d" % i] = i * 10
    large = f.create_group("large")
    if f.libver[0] != "earliest":
        for i in range(10):
            large.attrs["n%d" % i] = i
        large.attrs["large"] = np.arange(3000, dtype="i4")


def paths(f):
    """30 groups, and a path to the last one for each of 2^29 choices."""
    group = f.create_group("g0")
    for i in range(1, 30):
        below = f.create_group("g%d" % i)
        group["a"] = group["b"] = below
        group = below


def write(path, libver, fill, **options):
    with h5py.File(path, "w", libver=libver, **options) as f:
        fill(f)


def main():
    folder = Path(sys.argv[1])
    for libver in ("earliest", "latest"):
        for fill in (keras, types, texts, layouts, links, many):
            write(folder / f"{fill.__name__}_{libver}.h5", libver, fill)
    write(folder / "paths.h5", "latest", paths)
    write(folder / "user_block.h5", "earliest", keras, userblock_size=512)
    write(folder / "user_block_latest.h5", "latest", keras, userblock_size=1024)
    write(folder / "keras_away.h5", "latest", keras_away)
    write(folder / "tracked_keras.h5", "earliest", keras, track_order=True)


if __name__ == "__main__":
    main()
