#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files of Keras, PyTorch, TensorFlow, TensorFlow Lite, Caffe and Darknet that ask for too much,
for what is not theirs, or for what leads in a circle.

    hostile_formats.py FOVEA [WORD]

Each is a small sound network of tests/formats in which one thing was changed. It goes through
`fovea layers` and, if that opens it, `run` under the rules of mutate.py; besides, the words that
stand beside it must be in the line on stderr of the first command that refuses it, or, for "",
every command must succeed. With a WORD: the cases alone whose names have it, and what is said.
"""
import copy
import io
import json
import os
import shutil
import struct
import sys
import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import mutate
from wire import varint

FORMATS = Path(__file__).resolve().parent.parent / "formats"
GIB = 1 << 30
LARGE = 1 << 62
CONFIG, WEIGHTS = "config.json", "model.weights.h5"


def read(name):
    return (FORMATS / name).read_bytes()


# ---- zip archives ----

def members(name):
    with zipfile.ZipFile(FORMATS / name) as archive:
        return {i.filename: archive.read(i) for i in archive.infolist()}


def pack(files, method=zipfile.ZIP_STORED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return made.getvalue()


def entry(data, name):
    """Where an archive's table has the row of a member."""
    at = data.index(b"PK\1\2")
    while data[at + 46:at + 46 + len(name)] != name.encode():
        at = data.index(b"PK\1\2", at + 4)
    return at


def patch(data, *changes):
    """changes: (place, how it is packed, number)"""
    out = bytearray(data)
    for at, form, number in changes:
        struct.pack_into("<" + form, out, at, number)
    return bytes(out)


def zips():
    for base, keys in (("keras/shapes-keras3.keras", (CONFIG, WEIGHTS)),
                       ("torch/block.pt2", ("block/models/model.json",
                                            "block/data/weights/weight_0"))):
        files, suffix = members(base), Path(base).suffix
        first, other = keys
        good = pack(files)
        table = entry(good, first)
        local = struct.unpack_from("<I", good, table + 42)[0]
        row = lambda what, data, words: (f"{suffix}: {what}", {"net" + suffix: data}, words)
        for name in ("../x", "a/../../x", "/etc/passwd", "..\\x"):
            yield row(f"member {name}", pack(files | {name: b"x"}),
                      f'"{name}" has a name that leads')
        for size in (1 << 31, 0xfffffffe):
            yield row(f"declares {size} bytes", patch(good, (table + 24, "I", size),
                                                      (local + 22, "I", size)), f"{size} bytes")
        yield row("a bomb", pack(files | {first: files[first] + b" " * (200 << 20)},
                                 zipfile.ZIP_DEFLATED), " bytes; a")
        yield row("shared bytes", patch(good, (entry(good, other) + 42, "I", local)),
                  "share bytes")
        yield row("beyond the end", patch(good, (table + 42, "I", len(good) + 100)),
                  "cannot be read")
        yield row("encrypted", patch(good, (table + 8, "H", 1), (local + 6, "H", 1)),
                  f'"{first}" cannot be read')
        yield row("packed by an unknown method", patch(good, (table + 10, "H", 99),
                                                       (local + 8, "H", 99)), "damaged")
        yield row("a wrong checksum", patch(good, (table + 16, "I", 1), (local + 14, "I", 1)),
                  "is damaged")
        yield row("zip64 sizes of 2^62", zip64_of(good, table, LARGE), "a damaged zip archive")
    files = members("keras/shapes-keras3.keras")
    yield ".keras: a bomb of weights", {"net.keras": pack(
        files | {WEIGHTS: files[WEIGHTS] + bytes(200 << 20)}, zipfile.ZIP_DEFLATED)}, "allowed: "


def zip64_of(data, table, size):
    """The archive with a member whose sizes stand in an extra field of its row."""
    name = struct.unpack_from("<H", data, table + 28)[0]
    out = bytearray(data)
    struct.pack_into("<II", out, table + 20, 0xffffffff, 0xffffffff)
    struct.pack_into("<H", out, table + 30, 20)
    at = table + 46 + name
    out[at:at] = struct.pack("<HHQQ", 1, 16, size, size)
    end = out.rindex(b"PK\5\6")
    struct.pack_into("<I", out, end + 12, struct.unpack_from("<I", out, end + 12)[0] + 20)
    return bytes(out)


# ---- configurations of Keras ----

def keras(change, base="keras/shapes-keras3.keras"):
    files = members(base)
    config = json.loads(files[CONFIG])
    config = change(config) or config
    return {"net.keras": pack(files | {CONFIG: json.dumps(config).encode()})}


def layer_with(config, key):
    return next(layer["config"] for layer in config["config"]["layers"] if key in layer["config"])


def set_in(key, value):
    def change(config):
        layer_with(config, key)[key] = value
    return change


def deep(value, depth, around=lambda inner: [inner]):
    for _ in range(depth):
        value = around(value)
    return value


def models_in_models(depth):
    def change(config):
        inner = copy.deepcopy(config)
        for i in range(depth):
            inner = {"module": "keras", "class_name": "Sequential", "registered_name": None,
                     "config": {"name": f"m{i}", "layers": [inner]}}
        return inner
    return change


def own_output(config):
    """Every layer with an input has its own output for it."""
    for layer in config["config"]["layers"]:
        text = json.dumps(layer.get("inbound_nodes", []))
        for other in config["config"]["layers"]:
            text = text.replace(f'"{other["config"]["name"]}"', f'"{layer["config"]["name"]}"')
        layer["inbound_nodes"] = json.loads(text)


def itself(config):
    """A model that is one of its own layers."""
    inner = copy.deepcopy(config)
    inner["config"]["layers"].append(copy.deepcopy(inner))
    inner["inbound_nodes"] = copy.deepcopy(config["config"]["layers"][-1]["inbound_nodes"])
    config["config"]["layers"].append(inner)


def configurations():
    row = lambda what, change, words, **more: (f"keras: {what}", keras(change, **more), words)
    functional = {"base": "keras/block-keras3.keras"}
    for size in (10**18, LARGE, -5, 0, 1e300):
        yield row(f"input of {size}", set_in("batch_shape", [None, size, size, 3]),
                  "batch_shape is" if size else "net wants")
        yield row(f"filters {size}", set_in("filters", size), "filters is")
        yield row(f"padding {size}", set_in("padding", [[size, size], [0, 0]]),
                  "padding is" if size else "")
        yield row(f"kernel of {size}", set_in("kernel_size", [size, size]), "kernel_size is")
    for units in (-1, LARGE):
        yield row(f"units {units}, functional", set_in("units", units), "units is", **functional)
    yield row("lists 900 deep", set_in("filters", deep(3, 900)), "deep")
    text = members("keras/shapes-keras3.keras")
    text[CONFIG] = b'{"config":' * 100000
    yield "keras: objects 100000 deep", {"net.keras": pack(text)}, "deep"
    yield row("models 40 deep", models_in_models(40), "deep")
    yield row("layers that are given what they make, functional", own_output, "no layer gives",
              **functional)
    yield row("a model that holds itself, functional", itself, None, **functional)
    yield row("no layers", lambda c: c["config"].update(layers=[]), "before it was built")
    yield row("a class that is a list", lambda c: c.update(class_name=[]), "net.keras")


# ---- HDF5: of a file of Keras 2, by its bytes ----

def hdf5():
    data = read("keras/each-keras2.h5")
    row = lambda what, data, words: (f"HDF5: {what}", {"net.h5": data}, words)
    root = struct.unpack_from("<Q", data, 64)[0]
    nodes = [i for i in range(len(data) - 4) if data[i:i + 4] == b"SNOD"]
    entries = [n + 8 + 40 * k for n in nodes
               for k in range(struct.unpack_from("<H", data, n + 6)[0])]
    every = lambda place, form, value: [(e + place, form, value) for e in entries]
    yield row("every link leads to the root", patch(data, *every(8, "Q", root)), "net.h5")
    yield row("links lead beyond the file", patch(data, *every(8, "Q", LARGE)),
              "is not within the file")
    yield row("links become soft ones", patch(data, *every(16, "I", 2)), "local heap")
    trees = [i for i in range(len(data) - 4) if data[i:i + 4] == b"TREE"]
    yield row("trees that hold themselves", patch(
        data, *[(t + 5, "B", 1) for t in trees], *[(t + 32, "Q", t) for t in trees]), "B-tree")
    yield row("a file that is longer than it is", patch(data, (40, "Q", LARGE)), "net.h5")
    yield row("cut in the middle", data[:len(data) // 2], "net.h5")
    data = (FORMATS.parent / "data/hdf5/keras_away.h5").read_bytes()
    for i, words in enumerate(("", "an external link", "soft link", "a virtual dataset",
                               "data in other files", "filter 32000", "an external link",
                               "soft link")):
        yield row(f"weights of dense layer {i}", data.replace(b'"d_0"', b'"d_%d"' % i), words)


# ---- TensorFlow Lite ----

class Flat:
    """A flatbuffer, followed by the numbers of fields."""

    def __init__(self, data):
        self.data = data

    def number(self, at, form="I"):
        return struct.unpack_from("<" + form, self.data, at)[0]

    def to(self, at):
        return at + self.number(at)

    def root(self):
        return self.to(0)

    def field(self, table, k):
        vtable = table - self.number(table, "i")
        offset = self.number(vtable + 4 + 2 * k, "H")
        assert offset, "the field is not there"
        return table + offset

    def has(self, table, k):
        vtable = table - self.number(table, "i")
        inside = self.number(vtable, "H") > 4 + 2 * k
        return inside and self.number(vtable + 4 + 2 * k, "H") > 0

    def item(self, table, k, i=0):
        return self.to(self.field(table, k)) + 4 + 4 * i

    def table(self, table, k, i=0):
        return self.to(self.item(table, k, i))


def tflite():
    data = read("tflite/picture-f32.tflite")
    f = Flat(data)
    root, graph = f.root(), f.table(f.root(), 2)
    operator, tensor = f.table(graph, 3), f.table(graph, 0)
    row = lambda what, *changes, words="net.tflite": (
        f"tflite: {what}", {"net.tflite": patch(data, *changes)}, words)
    for to in (len(data), len(data) + 100, 0x7fffffff, 0xffffffff, 3):
        yield row(f"root at {to}", (0, "I", to))
        yield row(f"operators at {to}", (f.field(graph, 3), "I", to))
        yield row(f"a vtable at {to}", (graph, "I", to))
    yield row("a table that is its own vtable", (graph, "i", 0))
    yield row("a subgraph that is the model", (f.item(root, 2), "i", root - f.item(root, 2)))
    for what, table, k in (("operators", graph, 3), ("tensors", graph, 0), ("buffers", root, 4),
                           ("sizes", tensor, 0), ("inputs", operator, 1)):
        for count in (0xffffffff, 0x7fffffff, 1 << 24):
            yield row(f"{count} {what}", (f.to(f.field(table, k)), "I", count),
                      words="net wants" if what == "sizes" else "net.tflite")
    for index in (-2, 0x7fffffff, 1 << 20):
        yield row(f"operand {index}", (f.item(operator, 1), "i", index))
        yield row(f"result {index}", (f.item(operator, 2), "i", index))
        yield row(f"input {index}", (f.item(graph, 1), "i", index))
    yield row("an operator that is given its result",
              (f.item(operator, 1), "i", f.number(f.item(operator, 2), "i")), words="net.tflite")
    for i in range(f.number(f.to(f.field(graph, 0)))):
        sizes = f.item(f.table(graph, 0, i), 0)
        if f.number(sizes - 4):
            yield row(f"tensor {i} of 2^31 - 1", *[(sizes + 4 * k, "I", 0x7fffffff)
                                                   for k in range(f.number(sizes - 4))], words=None)
            break


def sparse():
    """The tensor of a sparse network whose rows are cut into blocks of four."""
    data = read("tflite/thin-sparse.tflite")
    f = Flat(data)
    graph = f.table(f.root(), 2)
    tensors = [f.table(graph, 0, i) for i in range(f.number(f.to(f.field(graph, 0))))]
    tables = [f.to(f.field(t, 6)) for t in tensors if f.has(t, 6)]
    table = next(t for t in tables if f.has(t, 1) and f.number(f.item(t, 1) - 4))
    rows, blocks, inner = (f.table(table, 2, i) for i in range(3))
    segments, places = f.to(f.field(blocks, 3)), f.to(f.field(blocks, 5))
    first = f.item(segments, 0)
    row = lambda what, *changes: (f"tflite, sparse: {what}",
                                  {"net.tflite": patch(data, *changes)}, "is sparse, and its")
    for size in (0, -1, 3, 0x7fffffff):
        yield row(f"{size} rows", (f.field(rows, 1), "i", size))
        yield row(f"blocks of {size}", (f.field(inner, 1), "i", size))
        yield row(f"levels in the order {size or 1}, ..", (f.item(table, 0), "i", size or 1))
        yield row(f"blocks of axis {size}", (f.item(table, 1), "i", size))
    for count in (0, 1, 0xffffffff):
        for what, at in (("levels", f.item(table, 2)), ("segments", first),
                         ("places", f.item(places, 0))):
            yield row(f"{count} {what}", (at - 4, "I", count))
    yield row("a segment that ends before it begins", (first, "B", 255))
    yield row("a place outside", (f.item(places, 0), "B", 255))
    yield row("numbers of no type", (f.field(blocks, 2), "B", 9))


# ---- protobuf: Caffe's weights, TensorFlow's graphs ----

def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensorflow():
    row = lambda what, data, words: (f"graph: {what}", {"net.pb": data}, words)
    good = read("tensorflow/slim.pb")

    def node(name, op, *inputs, place=1, **attributes):
        made = field(1, name.encode()) + field(2, op.encode())
        made += b"".join(field(3, i.encode()) for i in inputs)
        made += b"".join(field(5, field(1, k.encode()) + field(2, v))
                         for k, v in attributes.items())
        return field(place, made)

    number = lambda k, value: varint(k << 3) + varint(value)
    shape = lambda *dims: b"".join(field(2, number(1, d)) for d in dims)
    real = number(6, 1)
    start = node("x", "Placeholder", dtype=real, shape=field(7, shape(1, 8, 8, 3)))
    yield row("deep messages", good + deep(b"", 3000, lambda inner: field(1, inner)), "net.pb")
    yield row("a circle", start + node("a", "Relu", "b", T=real) + node("b", "Relu", "a", T=real),
              "net.pb")
    yield row("a node of itself", start + node("a", "Relu", "a", T=real), "net.pb")
    for size in (LARGE, 1 << 40, 1 << 31):
        constant = number(1, 1) + field(2, shape(size, size)) + field(4, bytes(16))
        yield row(f"a constant of {size}", start + node(
            "c", "Const", dtype=real, value=field(8, constant)) + node("y", "MatMul", "x", "c"),
            'Const "c"')
        yield row(f"an input of {size}", node(
            "x", "Placeholder", dtype=real, shape=field(7, shape(1, size, size, 3))) + node(
                "y", "Relu", "x", T=real), "net.pb")
    argument = lambda name: field(1, name) + number(3, 1)
    own = field(1, b"F") + field(2, argument(b"a")) + field(3, argument(b"b"))
    function = field(1, own) + node("n", "F", "a", place=3) + field(
        4, field(1, b"b") + field(2, b"n:b:0"))
    yield row("a function that calls itself", start + node("y", "F", "x") + field(
        2, field(1, function)), "net.pb")
    yield row("a circle of inputs", start + node("y", "Add", "x", "y:0", T=real), "net.pb")


def caffe():
    text, weights = read("caffe/residual.prototxt").decode(), read("caffe/residual.caffemodel")
    row = lambda what, words, text=text, weights=weights: (
        f"caffe: {what}", {"net.prototxt": text.encode(), "net.caffemodel": weights}, words)
    yield row("messages 100000 deep", "deep", text=text + "layer {" * 100000)
    yield row("lists 100000 deep", "net.prototxt", text=text + "input_dim: " + "[" * 100000)
    yield row("weights with fields of no meaning, nested deep", "",
              weights=weights + deep(b"", 3000, lambda inner: field(100, inner)))
    for number in ("1000000000000000000", "99999999999999999999", "-1", "0", "1e30", "nan"):
        for key in ("num_output: 6", "kernel_size: 3", "pad: 2", "dilation: 2", "input_dim: 12"):
            changed = text.replace(key, f"{key.split()[0]} {number}")
            yield row(f"{key} -> {number}", None, text=changed)
    yield row("a layer of itself", "net.prototxt",
              text=text.replace('bottom: "data" top: "conv1"', 'bottom: "conv1" top: "conv1"'))
    sizes = field(7, b"".join(varint(1 << 3) + varint(LARGE) for _ in range(8)))
    yield row("blobs of 2^62", None, weights=field(100, field(1, b"conv1") + field(
        7, field(7, field(1, varint(LARGE) * 4)))) + weights + sizes)


def darknet():
    text, weights = read("darknet/detector.cfg").decode(), read("darknet/detector.weights")
    row = lambda what, words, text=text, weights=weights: (
        f"darknet: {what}", {"net.cfg": text.encode(), "net.weights": weights}, words)
    for number in ("-999", "999", "1000000000000", "1e18", "nan", "99999999999999999999"):
        yield row(f"route of {number}", "route_4",
                  text=text.replace("layers=2", "layers=" + number))
        yield row(f"shortcut from {number}", "its from is",
                  text=text.replace("from=-2", "from=" + number))
    for number in ("-1", "0", "1000000000", "1e18"):
        for key in ("filters=8", "size=3", "height=16", "stride=2", "groups=2"):
            name = key.partition("=")[0]
            yield row(f"{name}={number}", number, text=text.replace(key, f"{name}={number}"))
    yield row("routes of many layers", "layers", text=text.replace(
        "layers=2", "layers=" + ",".join(["0"] * 100000)))
    yield row("weights cut short", "cut short", weights=weights[:100])
    yield row("no weights at all", "net.weights", weights=b"")


# ---- programs of PyTorch ----

def torch():
    files = members("torch/block.pt2")
    name = "block/models/model.json"
    table = "block/data/weights/model_weights_config.json"

    def program(change, member=name):
        content = json.loads(files[member])
        change(content)
        return {"net.pt2": pack(files | {member: json.dumps(content).encode()})}

    def every(key, value, of="tensor_values"):
        def change(content):
            for tensor in content["graph_module"]["graph"][of].values():
                tensor[key] = [value] * len(tensor[key]) if isinstance(tensor[key], list) else value
        return change

    def weights(key, value):
        def change(content):
            for w in content["config"].values():
                m = w["tensor_meta"]
                m[key] = [value] * len(m[key]) if isinstance(m[key], list) else value
        return change

    def rename(content):
        """Every operation is given what it makes itself."""
        for node in content["graph_module"]["graph"]["nodes"]:
            own = node["outputs"][0].get("as_tensor")
            for argument in node["inputs"]:
                if own and "as_tensor" in argument["arg"]:
                    argument["arg"]["as_tensor"] = own

    row = lambda what, files, words: (f"torch: {what}", files, words)
    for size in (LARGE, -LARGE, 10**18, 1 << 31):
        yield row(f"values of {size}", program(every("sizes", {"as_int": size})),
                  'input "x" has')
        for key in ("sizes", "strides", "storage_offset"):
            yield row(f"weights' {key} of {size}", program(weights(key, {"as_int": size}), table),
                      "weight")
    for text in ("s0", "9" * 400, "((((s7", "Mod(s0, 0)", "s0**s0**s0"):
        yield row(f"symbol {text[:12]}", program(every(
            "sizes", {"as_expr": {"expr_str": text, "hint": None}})), None)
    yield row("operations that are given what they make", program(rename), "net.pt2")
    yield row("lists 100000 deep", {"net.pt2": pack(files | {name: b"[" * 100000})}, "deep")
    yield row("arguments 500 deep", program(lambda c: c["graph_module"]["graph"]["nodes"][0][
        "inputs"][0].update(arg=deep({"as_int": 1}, 500, lambda x: {"as_list": [x]}))), "deep")
    yield row("members elsewhere", program(lambda c: [w.update(path_name="../../../etc/passwd")
                                                      for w in c["config"].values()], table),
              "passwd")


# ---- what lies beside a model ----

BESIDE = ("labels.txt", "classes.txt", "labels.json", "net.fovea.json", "config.json",
          "preprocessor_config.json", "net.data")


def beside():
    for base in ("keras/shapes-keras3.keras", "keras/each-keras2.h5", "torch/block.pt2",
                 "tensorflow/slim.pb", "tflite/picture-f32.tflite", "darknet/dense.cfg",
                 "caffe/residual.prototxt"):
        suffix = Path(base).suffix
        files = {"net" + suffix: read(base)}
        for one, other in ((".cfg", ".weights"), (".prototxt", ".caffemodel")):
            if suffix == one:
                files["net" + other] = read(base.replace(one, other))
        for name in BESIDE:
            for to in ("/dev/zero", None, name):
                kind = "a pipe" if not to else f"a link to {to}"
                yield f"{suffix} beside {name}, {kind}", files | {name: (to,)}, None
        for own in files:
            for to in ("/dev/zero", None, own):
                yield f"{suffix}: {own} is {to or 'a pipe'}", files | {own: (to,)}, own


def cases():
    """(name, files by their names, words of the refusal); the first file is opened. A file is its
    bytes, or (where a link leads,), (None,) for a pipe. Words "": all is well; None: either."""
    for part in (zips, configurations, hdf5, tflite, sparse, tensorflow, caffe, darknet, torch,
                 beside):
        yield from part()


def shape_of(name):
    """Of the input of the network that a case was made of."""
    for word, shape in (("dense", (1, 3)), ("HDF5", (2, 5, 6)), ("torch", (2, 3, 12, 12)),
                        ("graph", (1, 8, 8, 3)), ("sparse", (1, 6, 6, 8)),
                        ("tflite", (1, 12, 12, 3)), ("darknet", (2, 3, 16, 16)),
                        ("caffe", (2, 3, 12, 12)), ("functional", (2, 12, 12, 3))):
        if word in name:
            return shape
    return 2, 9, 7, 2


def write(folder, files):
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    for name, content in files.items():
        path = os.path.join(folder, name)
        if isinstance(content, bytes):
            Path(path).write_bytes(content)
        elif content[0]:
            os.symlink(content[0], path)
        else:
            os.mkfifo(path)


def try_case(trial, folder, name, files, words):
    """What went wrong, or None."""
    write(folder, files)
    model = next(iter(files))
    mutate.write_npy(os.path.join(folder, "x.npy"), shape_of(name), SimpleNamespace(
        uniform=lambda a, b: 0.5))
    said = ""
    for command in (["layers", model],
                    ["run", model, "-i", "x.npy", "-o", "y.npy", "--threads", "1"]):
        result = mutate.run([trial.options.fovea, *command], folder, trial.env, 0)
        problem = mutate.wrong(result, 2 * GIB)
        if problem:
            return "\n  ".join([f"{command[0]}: {problem}", *result.lines[:30]])
        if result.code:
            said = said or [r for r in result.lines if not r.startswith("fovea: note")][0]
            if command[0] == "layers":
                break
    if len(sys.argv) > 2:
        print(f"{name}: {said or 'nothing'}")
    if words is None or (bool(words) == bool(said) and words in said):
        return None
    return f"it said: {said or 'nothing'}\n  expected: {words or 'nothing'}"


def main():
    trial = mutate.Trial(SimpleNamespace(fovea=os.path.abspath(sys.argv[1])), [])
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    sys.setrecursionlimit(20000)
    failed = count = 0
    folder = tempfile.mkdtemp(prefix="fovea-hostile-")
    try:
        for name, files, words in cases():
            if only not in name:
                continue
            problem = try_case(trial, folder, name, files, words)
            count += 1
            if problem:
                failed += 1
                print(f"{name}: {problem}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{count} hostile files, {failed} failed")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
