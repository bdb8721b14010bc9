#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes inputs and looks into outputs, for the scripts of tests/cli. Python's own library only.

    npy SHAPE FILE [HOW]   a float32 NPY file of that shape ("2,3,32,32"): waves; HOW bad: cut
                           short; nan: the first number is none; nans: none is one; words:
                           0, 1, 2, 0, ...
    arrays FILE NAME=NPY...  an NPZ or safetensors file, by its ending, of float32 NPY files
    append FILE NAME       appends a zip archive with that file, as TensorFlow Lite's tools do
    shape FILE             prints the shape of an NPY file, and whether all numbers are finite
    text KEY FILE          prints a text of a PNG file (tEXt, zTXt or iTXt)
    size FILE              prints width x height of a PNG file
    pixels A B             says whether two PNG files have the same pixels
    json FILE              prints the skeleton of a JSON file: keys, types, lengths
    pty COLUMNS COMMAND... runs a command with a terminal of that width as stdout
    progress COLUMNS COMMAND... the same with the terminal as stderr
    signal COMMAND...      runs a command, interrupts it after its first line on stderr, prints
                           what it said and how it ended
    closed COMMAND...      runs a command whose stdout nobody reads, SIGPIPE ignored
    network NAME FILE      a small network: `mlp`, 12 numbers to 4; `dead`, some of whose units are;
                           `changed`, the same with other weights; `wide`, with two channels more;
                           `words`, words and a mask to 4; `digits`, `mlp` with 784 inputs;
                           `rows`, 8 rows of 8 numbers without channels to 4; `bands`, five bands
                           of 9x8, `signal`, two channels of 40, `volume`, 5x8x7, to 4;
                           `alike`, two layers of like names; `constant`, without an input;
                           `nan`, `inf`, `exp`, `late`, `log`, `div`, `root`, `faint` and
                           `explode`: see broken()
    frames FILE            prints the number of frames of a GIF or WebP file
    photos FOLDER N        N small PNG pictures of blocks and noise, every fourth in FOLDER/deep
"""
import array
import fcntl
import functools
import json
import math
import os
import re
import pty
import signal
import struct
import subprocess
import sys
import termios
import zipfile
import zlib


def npy(shape, path, how=""):
    dims = tuple(int(n) for n in shape.split(",") if n)
    numbers = array.array("f", (math.sin(0.7 * i) + 0.1 * (i % 5) for i in range(math.prod(dims))))
    if how in ("nan", "nans"):
        count = 1 if how == "nan" else len(numbers)
        numbers[:count] = array.array("f", [math.nan] * count)
    if how == "words":
        numbers = array.array("f", (float(i % 3) for i in range(len(numbers))))
    header = repr({"descr": "<f4", "fortran_order": False, "shape": dims})
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    data = numbers.tobytes()
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(data[:len(data) // 2] if how == "bad" else data)


def arrays(path, *members):
    """The members of an NPZ file are packed."""
    files = {name: open(file, "rb").read() for name, file in (m.split("=") for m in members)}
    if path.endswith(".npz"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name + ".npy", data)
        return
    header, numbers = {"__metadata__": {"format": "pt"}}, b""
    for name, data in files.items():
        start = 10 + struct.unpack("<H", data[8:10])[0]
        dims = [int(n) for n in re.findall(r"\d+", data[10:start].decode().split("shape")[1])]
        header[name] = {"dtype": "F32", "shape": dims,
                        "data_offsets": [len(numbers), len(numbers) + len(data) - start]}
        numbers += data[start:]
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + numbers)


def append(path, name):
    with zipfile.ZipFile(path, "a") as archive:
        archive.write(name)


def shape(path):
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    (length,) = struct.unpack("<H", data[8:10])
    header = eval(data[10:10 + length].decode(), {"__builtins__": {}})  # a literal of our own
    numbers = array.array("f", data[10 + length:])
    assert header["descr"] == "<f4" and len(numbers) == math.prod(header["shape"]), header
    moving = len(set(numbers)) > 1
    print(header["shape"], "finite" if all(map(math.isfinite, numbers)) else "NOT FINITE",
          "varied" if moving else "constant")


def chunks(path):
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is no PNG"
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at:at + 4])
        yield data[at + 4:at + 8], data[at + 8:at + 8 + length]
        at += 12 + length


def text(key, path):
    for kind, body in chunks(path):
        name, _, rest = body.partition(b"\0")
        if kind not in (b"tEXt", b"zTXt", b"iTXt") or name.decode("latin-1") != key:
            continue
        if kind == b"zTXt":
            rest = zlib.decompress(rest[1:])
        elif kind == b"iTXt":
            packed, rest = rest[0], rest[2:].split(b"\0", 2)[2]
            rest = zlib.decompress(rest) if packed else rest
        print(rest.decode("utf-8", "backslashreplace"))
        return
    print(f"no text {key}")


def pixels(a, b):
    data = [zlib.decompress(b"".join(body for kind, body in chunks(path) if kind == b"IDAT"))
            for path in (a, b)]
    print("same pixels" if data[0] == data[1] else "OTHER PIXELS")


def size(path):
    _, body = next(chunks(path))
    print("%dx%d" % struct.unpack(">II", body[:8]))


def skeleton(value):
    if isinstance(value, dict):
        return {k: skeleton(v) for k, v in value.items()}
    if isinstance(value, list):
        return [len(value), skeleton(value[0])] if value else []
    return "null" if value is None else "number" if isinstance(value, (int, float)) else "text"


def show_json(path):
    def refuse(word):
        raise ValueError(f"{word} is no JSON")
    with open(path, encoding="utf-8") as file:
        print(json.dumps(skeleton(json.load(file, parse_constant=refuse))))


def run_in_pty(columns, *command, of="stdout"):
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
    process = subprocess.Popen(command, **{of: inner})
    os.close(inner)
    said = b""
    while True:
        try:
            part = os.read(outer, 65536)
        except OSError:  # Linux says EIO when the other side is closed
            break
        if not part:
            break
        said += part
    sys.stdout.write(said.decode().replace("\r\n", "\n"))
    return process.wait()


def progress_in_pty(columns, *command):
    return run_in_pty(columns, *command, of="stderr")


def interrupt(*command, after=r""):
    """Sends SIGINT after the first line on stderr that matches."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    while not re.search(after, process.stderr.readline() or "0/0 1/1 "):
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    print("stdout:", repr(out))
    print("stderr, last line:", err.strip().split("\n")[-1])
    print("ended by signal" if process.returncode < 0 else "exit", abs(process.returncode))


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number, value):
    """One field of a protobuf message: a whole number, a text, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def node(op, name, inputs, **attributes):
    """A node of an ONNX graph whose output is called as it is; attributes are whole numbers."""
    out = b"".join(field(1, i) for i in inputs) + field(2, name) + field(3, name) + field(4, op)
    return out + b"".join(field(5, field(1, k) + field(3, v) + field(20, 2))
                          for k, v in attributes.items())


def constant(name, dims, numbers):
    data = array.array("f", numbers).tobytes()
    return b"".join(field(1, d) for d in dims) + field(2, 1) + field(8, name) + field(9, data)


def value(name, dims, kind=1):
    """A value's name, shape and type (1 float, 7 int64); texts are sizes that are free."""
    shape = b"".join(field(1, field(1 if isinstance(d, int) else 2, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def waves(n):
    return [math.sin(1.3 * i + 0.5) for i in range(n)]


def mlp(inputs=12):
    """x [batch][12] - dense1 - relu1 - dense2 [batch][4]"""
    nodes = [node("Gemm", "dense1", ["x", "w1", "b1"], transB=1), node("Relu", "relu1", ["dense1"]),
             node("Gemm", "dense2", ["relu1", "w2", "b2"], transB=1)]
    constants = [constant("w1", [8, inputs], waves(8 * inputs)), constant("b1", [8], [0.1] * 8),
                 constant("w2", [4, 8], waves(32)), constant("b2", [4], [0.0] * 4)]
    return nodes, constants, value("x", ["batch", inputs]), value("dense2", ["batch", 4]), {}


def rows():
    """x [batch][8][8] - flatten - dense [batch][4]"""
    nodes = [node("Flatten", "flatten", ["x"], axis=1),
             node("Gemm", "dense", ["flatten", "w"], transB=1)]
    return nodes, [constant("w", [4, 64], waves(256))], value("x", ["batch", 8, 8]), value(
        "dense", ["batch", 4]), {}


def grid(*shape):
    """x [batch][channels][...] - conv1, of 3 - relu1 - pool - flatten - dense [batch][4]"""
    n = 6 * shape[0] * 3 ** (len(shape) - 1)
    nodes = [node("Conv", "conv1", ["x", "w"]), node("Relu", "relu1", ["conv1"]),
             node("GlobalAveragePool", "pool", ["relu1"]),
             node("Flatten", "flatten", ["pool"], axis=1),
             node("Gemm", "dense", ["flatten", "w2"], transB=1)]
    constants = [constant("w", [6, shape[0]] + [3] * (len(shape) - 1), waves(n)),
                 constant("w2", [4, 6], waves(24))]
    return nodes, constants, value("x", ["batch", *shape]), value("dense", ["batch", 4]), {}


def squeezed():
    """x [1][12] - dense1 - relu1 - dense2 - negative - row [4]: classes without an axis of samples,
    of which another than the first is the largest"""
    nodes, constants = mlp()[:2]
    axis = field(1, 1) + field(2, 7) + field(8, "first") + field(9, struct.pack("<q", 0))
    nodes += [node("Neg", "negative", ["dense2"]), node("Squeeze", "row", ["negative", "first"])]
    return nodes, constants + [axis], value("x", [1, 12]), value("row", [4]), {}


def dead(changed=False, more=0):
    """image [batch][3][16][16] - conv1 - relu1 [batch][4][14][14]. Channel 0 lives; 1 has weights
    0; 2 is far below zero whatever comes; 3 is below zero until its input has grown. `changed`: 0
    has other weights and 3 twice its own; `more` channels are like 3."""
    weights = waves(27) + [0.0] * 27 + waves(27) + [1.0] * 27
    if changed:
        weights = waves(54)[27:] + weights[27:81] + [2.0] * 27
    weights += [1.0] * 27 * more
    nodes = [node("Conv", "conv1", ["image", "w", "b"]), node("Relu", "relu1", ["conv1"])]
    constants = [constant("w", [4 + more, 3, 3, 3], weights),
                 constant("b", [4 + more], [5, 0, -10000, -2] + [-2] * more)]
    about = {"size": "16", "range": "1", "mean": "0.5", "scale": "2", "channel_order": "rgb"}
    return (nodes, constants, value("image", ["batch", 3, 16, 16]),
            value("relu1", ["batch", 4 + more, 14, 14]), about)


def alike():
    """x [batch][6] - a/b - a:b [batch][6]"""
    nodes = [node("Neg", "a/b", ["x"]), node("Neg", "a:b", ["a/b"])]
    return nodes, [], value("x", ["batch", 6]), value("a:b", ["batch", 6]), {}


def words(fixed=False):
    """ids, mask [batch][length] - embedding - masked - sum [batch][4]; or, where the length that it
    was exported with is fixed inside, masked - row [1][12]"""
    nodes = [node("Gather", "embedding", ["table", "ids"]), node("Cast", "m", ["mask"], to=1),
             node("Unsqueeze", "column", ["m", "last"]),
             node("Mul", "masked", ["embedding", "column"]),
             node("ReduceSum", "sum", ["masked", "middle"], keepdims=0)]
    numbers = [field(1, 1) + field(2, 7) + field(8, name) + field(9, struct.pack("<q", axis))
               for name, axis in (("last", 2), ("middle", 1))]
    inputs = [value(name, ["batch", "length"], 7) for name in ("ids", "mask")]
    if fixed:
        nodes[-1] = node("Reshape", "row", ["masked", "shape"])
        numbers[-1] = (field(1, 2) + field(2, 7) + field(8, "shape")
                       + field(9, struct.pack("<2q", 1, 12)))
        return (nodes, [constant("table", [5, 4], waves(20))] + numbers, inputs,
                value("row", ["batch", 12]), {})
    return (nodes, [constant("table", [5, 4], waves(20))] + numbers, inputs,
            value("sum", ["batch", 4]), {})


def pair():
    """image [batch][3][16][16], low and high [1] - less - more [batch][3][16][16]"""
    nodes = [node("Sub", "less", ["image", "low"]), node("Mul", "more", ["less", "high"])]
    about = {"size": "16", "range": "1", "mean": "0.5", "scale": "2", "channel_order": "rgb"}
    shape = ["batch", 3, 16, 16]
    return (nodes, [], [value("image", shape), value("low", [1]), value("high", [1])],
            value("more", shape), about)


BROKEN = ("nan", "inf", "exp", "late", "log", "div", "root", "faint", "explode")


def broken(kind):
    """image [batch][3][16][16] - conv1 - ... [batch][2][14][14], whose numbers go wrong. Both
    channels of conv1 are sums of what they see; channel 1 is far below zero.
        nan, inf   one weight of channel 0 is none, or infinite
        exp        exp1 overflows at once;  late  once the picture has become bright
        log        log1 of relu1, which is zero in channel 1
        div        div1 by sub1, conv1 less itself
        root       sqrt1 of sub1: finite, and its slope is not
        faint      sigmoid1 is at its end: its slope is below the smallest normal number
        explode    mul1 and the weights make a slope beyond 1e19, of numbers that are finite"""
    weights = [{"exp": 99.0, "late": 6.0, "explode": 1e12}.get(kind, 1.0)] * 54
    if kind in ("nan", "inf"):
        weights[5] = float(kind)
    bias = [-95.0, -95.0] if kind == "faint" else [1.0, -1e4]
    small = [0.01] * 54
    nodes = [node("Conv", "conv1", ["image", "w", "b"])]
    nodes += {"exp": [node("Exp", "exp1", ["conv1"])], "late": [node("Exp", "exp1", ["conv1"])],
              "log": [node("Relu", "relu1", ["conv1"]), node("Log", "log1", ["relu1"])],
              "div": [node("Sub", "sub1", ["conv1", "conv1"]),
                      node("Div", "div1", ["conv1", "sub1"])],
              "root": [node("Sub", "sub1", ["conv1", "conv1"]), node("Sqrt", "sqrt1", ["sub1"])],
              "faint": [node("Sigmoid", "sigmoid1", ["conv1"])],
              "explode": [node("Mul", "mul1", ["conv1", "much"])]}.get(
                  kind, [node("Relu", "relu1", ["conv1"])])
    constants = [constant("w", [2, 3, 3, 3], small if kind == "faint" else weights),
                 constant("b", [2], bias)]
    if kind == "explode":
        constants.append(constant("much", [1], [1e12]))
    last = {"exp": "exp1", "late": "exp1", "log": "log1", "div": "div1",
            "root": "sqrt1", "faint": "sigmoid1",
            "explode": "mul1"}.get(kind, "relu1")
    about = {"size": "16", "range": "1", "mean": "0.5", "scale": "2", "channel_order": "rgb"}
    return (nodes, constants, value("image", ["batch", 3, 16, 16]),
            value(last, ["batch", 2, 14, 14]), about)


def network(name, path):
    nodes, constants, source, result, about = {
        "mlp": mlp, "dead": dead, "changed": lambda: dead(changed=True),
        "wide": lambda: dead(more=2), "digits": lambda: mlp(784), "long": lambda: mlp(40000),
        "rows": rows,
        "bands": lambda: grid(5, 9, 8), "signal": lambda: grid(2, 40),
        "volume": lambda: grid(1, 5, 8, 7), "alike": alike, "words": words,
        "constant": lambda: ([node("Relu", "relu", ["table"])],
                             [constant("table", [5, 4], waves(20))], [], value("relu", [5, 4]), {}),
        "pair": pair, "squeezed": squeezed, "fixed": lambda: words(fixed=True),
        **{kind: lambda kind=kind: broken(kind) for kind in BROKEN}}[name]()
    graph = b"".join(field(1, n) for n in nodes) + field(2, name)
    graph += b"".join(field(5, c) for c in constants) + field(12, result)
    graph += b"".join(field(11, s) for s in ([source] if isinstance(source, bytes) else source))
    data = field(1, 8) + field(7, graph) + field(8, field(2, 17))
    data += b"".join(field(14, field(1, "fovea." + k) + field(2, v)) for k, v in about.items())
    with open(path, "wb") as file:
        file.write(data)


def frames(path):
    with open(path, "rb") as file:
        data = file.read()
    print(data.count(b"ANMF") if data[:4] == b"RIFF" else data.count(b"\x21\xf9\x04"), "frames")


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def photo(path, width, height, seed):
    state, numbers = 7919 * seed + 1, []
    for _ in range(192 + 3 * width * height):
        state = (state * 1664525 + 1013904223) % 2 ** 32
        numbers.append(state >> 24)
    colors, noise = numbers[:192], iter(numbers[192:])
    rows = b"".join(
        b"\0" + bytes(colors[(y * 8 // height * 8 + x * 8 // width) * 3 + c] * 3 // 4
                      + next(noise) // 4 for x in range(width) for c in range(3))
        for y in range(height))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n"
                   + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                   + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b""))


def photos(folder, count):
    for i in range(int(count)):
        name = f"{i:02}.png" if i % 4 else f"deep/{i:02}.png"
        photo(os.path.join(folder, name), 37 + 9 * (i % 3), 37 + 12 * (i % 2), i)


def run_closed(*command):
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(command, stdout=writer, restore_signals=False)
    os.close(writer)
    return process.wait()


def main():
    commands = {"npy": npy, "shape": shape, "text": text, "pixels": pixels, "size": size,
                "json": show_json, "pty": run_in_pty,
                "progress": progress_in_pty, "signal": interrupt,
                "later-signal": functools.partial(interrupt, after=r"\b[1-9][0-9]*/"),
                "closed": run_closed, "arrays": arrays, "append": append,
                "network": network, "frames": frames, "photos": photos}
    return commands[sys.argv[1]](*sys.argv[2:]) or 0


if __name__ == "__main__":
    sys.exit(main())
