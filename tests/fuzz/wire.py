# SPDX-License-Identifier: Apache-2.0
"""ONNX messages as trees, from Python's standard library alone: what the mutations change.

A message is a list of fields [number, type, value]: type "int" (varint), "f32", "f64" (four or
eight bytes), "bytes", "ints" (packed varints) or the name of a message below, whose value is a list
again. What is not in the tables is carried along as bytes.
"""

# Fields that hold messages; the others are told by their wire type, except PACKED.
MESSAGES = {
    "model": {7: "graph", 8: "opset", 14: "entry", 25: "function"},
    "graph": {1: "node", 5: "tensor", 11: "value", 12: "value", 13: "value"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph"},
    "tensor": {13: "entry"},
    "value": {2: "type"},
    "type": {1: "tensortype"},
    "tensortype": {2: "shape"},
    "shape": {1: "dim"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
    "dim": {}, "entry": {}, "opset": {},
}
PACKED = {("tensor", 1), ("attribute", 8), ("tensor", 5), ("tensor", 7), ("tensor", 11)}
# Fields of bytes that are texts.
TEXTS = {("node", 1), ("node", 2), ("node", 3), ("node", 4), ("node", 7), ("attribute", 1),
         ("attribute", 4), ("attribute", 21), ("value", 1), ("tensor", 8), ("graph", 2),
         ("dim", 2), ("entry", 1), ("entry", 2), ("opset", 1), ("function", 1), ("function", 4),
         ("function", 5), ("function", 6), ("function", 10), ("model", 2), ("model", 4)}


# What parse raises where the bytes are no message.
BROKEN = (ValueError, IndexError, RecursionError)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("varint")


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def parse(data, message="model"):
    """The tree of a message.  raises  one of BROKEN"""
    fields, at = [], 0
    while at < len(data):
        tag, at = read_varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = read_varint(data, at)
            packed = (message, number) in PACKED
            fields.append([number, "ints", [value]] if packed else [number, "int", value])
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            fields.append([number, "f64" if kind == 1 else "f32", data[at:at + size]])
            at += size
        elif kind == 2:
            size, at = read_varint(data, at)
            if at + size > len(data):
                raise ValueError("length")
            fields.append(bytes_field(message, number, data[at:at + size]))
            at += size
        else:
            raise ValueError("wire type")
    return fields


def bytes_field(message, number, value):
    inner = MESSAGES[message].get(number)
    if inner:
        return [number, inner, parse(value, inner)]
    if (message, number) in PACKED:
        ints, at = [], 0
        while at < len(value):
            v, at = read_varint(value, at)
            ints.append(v)
        return [number, "ints", ints]
    return [number, "bytes", bytes(value)]


def serialize(fields):
    out = bytearray()
    for number, kind, value in fields:
        if kind == "int":
            out += varint(number << 3) + varint(value)
        elif kind in ("f32", "f64"):
            out += varint(number << 3 | (5 if kind == "f32" else 1)) + value
        else:
            if kind == "ints":
                value = b"".join(map(varint, value))
            elif kind != "bytes":
                value = serialize(value)
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return bytes(out)


def copy(fields):
    return [[n, k, copy(v) if isinstance(v, list) and k in MESSAGES else
             list(v) if isinstance(v, list) else v] for n, k, v in fields]


def walk(fields, message="model"):
    """Every (message, list, index) of a tree."""
    stack = [(message, fields)]
    while stack:
        message, fields = stack.pop()
        for i, (_, kind, value) in enumerate(fields):
            yield message, fields, i
            if kind in MESSAGES:
                stack.append((kind, value))


def first(fields, number):
    """The value of the first field of that number, or None."""
    return next((v for n, _, v in fields if n == number), None)
