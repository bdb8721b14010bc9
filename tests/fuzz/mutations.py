# SPDX-License-Identifier: Apache-2.0
"""Mutations of a model's file: of its bytes, and of its fields with the protobuf kept valid.

Each takes (data or tree, choice: random.Random, others: files to splice from). BYTES are functions
of bytes, FIELDS change a tree in place. mutate() applies one or several.
"""
import struct

import wire

INTS = [0, 1, -1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 64, 100, 127, 128, 255, 256, 1000, 1024, 4096,
        32767, 32768, 32769, 65535, 65536, 100000, 1 << 20, 1 << 24, (1 << 24) + 1, (1 << 31) - 1,
        1 << 31, (1 << 31) + 1, 1 << 32, (1 << 32) + 1, 1 << 40, 1 << 48, 1 << 62, (1 << 63) - 1,
        -(1 << 63), -(1 << 31), -2, -3, -100]
REALS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-45, 1e-30, 1e30, 3.4e38, -3.4e38, float("inf"),
         float("-inf"), float("nan"), 1e-5, 1000.0, 1 / 3]
TEXTS = [b"", b"x", b"\n", b"a\nb", b"\x1b[31m", b"%s%n%n%n", b"\xff\xfe\x80", b"../..", b"/",
         b"A" * 600, b"\xf0\x9f\x98\x80" * 200, b"then_branch", b"0", b"-1", b"NaN", b"same_upper"]
OPS = ("Conv ConvTranspose Gemm MatMul Einsum MaxPool AveragePool GlobalMaxPool GlobalAveragePool "
       "LRN BatchNormalization InstanceNormalization GroupNormalization LayerNormalization "
       "LpNormalization MeanVarianceNormalization Softmax LogSoftmax Relu LeakyRelu Sigmoid Elu "
       "Softplus Erf Exp Log Sqrt Reciprocal Floor Sign IsNaN Not Gelu Clip PRelu Identity Dropout "
       "Cast CastLike Add Sub Mul Div Pow Mod Less Equal And Min Max Sum Mean Where ReduceMean "
       "ReduceSum ReduceMax ReduceProd ReduceL2 ReduceLogSumExp ArgMax CumSum Reshape Flatten "
       "Squeeze Unsqueeze Transpose Expand Tile DepthToSpace SpaceToDepth Concat Split Slice Pad "
       "Gather Trilu GatherElements GatherND ScatterND ScatterElements Resize Upsample Constant "
       "ConstantOfShape Shape Size Range NonZero EyeLike OneHot If Loop Scan LSTM "
       "QuantizeLinear TopK").split()
ATTRIBUTES = ("axis axes perm kernel_shape strides pads dilations group auto_pad ceil_mode alpha "
              "beta epsilon keepdims to value equation mode block_size transA transB output_shape "
              "output_padding split num_outputs sizes scales bias size fmod reduction batch_dims "
              "upper exclusive reverse allowzero count_include_pad storage_order cubic_coeff_a "
              "coordinate_transformation_mode nearest_mode num_groups stash_type").split()
LOCATIONS = [b"weights.bin", b"../weights.bin", b"/etc/passwd", b"/dev/zero", b"/dev/stdin", b"",
             b".", b"..", b"fifo", b"link", b"linkdir/passwd", b"mutant.onnx", b"a/../../x",
             b"weights.bin\x00x", b"A" * 5000]


# ---- bytes ----

def flip_bits(data, choice, others):
    out = bytearray(data)
    for _ in range(choice.choice([1, 1, 2, 4, 16, 64])):
        out[choice.randrange(len(out))] ^= 1 << choice.randrange(8)
    return bytes(out)


def set_bytes(data, choice, others):
    out = bytearray(data)
    for _ in range(choice.choice([1, 2, 8, 40])):
        out[choice.randrange(len(out))] = choice.choice([0, 1, 0x7F, 0x80, 0xFF,
                                                         choice.randrange(256)])
    return bytes(out)


def span(data, choice):
    a = choice.randrange(len(data))
    return a, min(len(data), a + choice.choice([1, 2, 4, 16, 100, 1000, 100000]))


def truncate(data, choice, others):
    return data[:choice.randrange(len(data))]


def drop_range(data, choice, others):
    a, b = span(data, choice)
    return data[:a] + data[b:]


def zero_range(data, choice, others):
    a, b = span(data, choice)
    return data[:a] + choice.choice([b"\0", b"\xff", b"\x0a", b"\x3a"]) * (b - a) + data[b:]


def repeat_range(data, choice, others):
    a, b = span(data, choice)
    times = min(choice.choice([1, 2, 10, 1000]), 1 + (1 << 21) // (b - a))
    return data[:b] + data[a:b] * times + data[b:]


def insert_noise(data, choice, others):
    a = choice.randrange(len(data) + 1)
    return data[:a] + choice.randbytes(choice.choice([1, 2, 8, 64, 1000])) + data[a:]


def splice(data, choice, others):
    other = choice.choice(others)
    cut = choice.choice(["join", "head", "middle"])
    a, b = span(data, choice)
    c, d = span(other, choice)
    if cut == "join":
        return data + other
    if cut == "head":
        return data[:a] + other[c:]
    return data[:a] + other[c:d] + data[b:]


BYTES = [flip_bits, flip_bits, set_bytes, truncate, drop_range, zero_range, repeat_range,
         insert_noise, splice]


# ---- finding places in a tree ----

def places(tree, want):
    return [(m, f, i) for m, f, i in wire.walk(tree) if want(m, f[i])]


def pick(tree, choice, want):
    found = places(tree, want)
    return choice.choice(found) if found else None


def graph_of(tree):
    return wire.first(tree, 7)


def texts_of(tree, choice):
    """Names that occur in the file."""
    found = [f[i][2] for m, f, i in wire.walk(tree)
             if f[i][1] == "bytes" and (m, f[i][0]) in wire.TEXTS and f[i][2]]
    return found or [b"x"]


def new_int(choice, old):
    old = old - (1 << 64) if old >= 1 << 63 else old
    return choice.choice([choice.choice(INTS), choice.choice(INTS), choice.randrange(0, 12),
                          old + 1, old - 1, old * 2, old // 2,
                          old * choice.choice([10, 100, 1000]), -old,
                          choice.getrandbits(choice.choice([8, 16, 32, 63]))])


# ---- one field ----

def change_int(tree, choice, others):
    at = pick(tree, choice, lambda m, f: f[1] == "int" or (f[1] == "ints" and f[2]))
    if not at:
        return
    field = at[1][at[2]]
    if field[1] == "int":
        field[2] = new_int(choice, field[2])
    else:
        i = choice.randrange(len(field[2]))
        field[2][i] = new_int(choice, field[2][i])


def change_dims(tree, choice, others):
    """Sizes of an input, an output or an initialiser, or of an attribute's list."""
    want = choice.choice(["dim", "tensor", "attribute"])
    at = pick(tree, choice, lambda m, f: m == want and f[1] in ("int", "ints"))
    if not at:
        return
    field = at[1][at[2]]
    if field[1] == "int":
        field[2] = new_int(choice, field[2])
        return
    act = choice.choice(["set", "all", "longer", "shorter", "swap", "two"])
    ints = field[2]
    if act == "longer":
        ints.insert(choice.randrange(len(ints) + 1), choice.choice(INTS))
    elif act == "shorter" and ints:
        ints.pop(choice.randrange(len(ints)))
    elif act == "swap":
        choice.shuffle(ints)
    elif ints:
        scale = choice.choice([2, 10, 100, 1000])
        for i in range(len(ints)) if act == "all" else choice.sample(
                range(len(ints)), min(len(ints), 2 if act == "two" else 1)):
            ints[i] = ints[i] * scale if act != "set" else new_int(choice, ints[i])


def change_input_shape(tree, choice, others):
    """All inputs' sizes beyond the channels made larger, smaller or free."""
    scale = choice.choice([0, 0.5, 2, 3, 7, 10, 30, 100, 200, 1000])
    dims = [f[i] for m, f, i in places(tree, lambda m, f: m == "shape" and f[1] == "dim")]
    for dim in choice.sample(dims, min(len(dims), choice.choice([1, 2, 4, len(dims)]))):
        for field in dim[2]:
            if field[1] == "int" and field[2] < 1 << 40:
                field[2] = int(field[2] * scale)
        if choice.random() < 0.1:
            dim[2][:] = [[2, "bytes", b"N"]] if choice.random() < 0.5 else []


def change_real(tree, choice, others):
    at = pick(tree, choice, lambda m, f: f[1] in ("f32", "f64"))
    if at:
        field = at[1][at[2]]
        value = choice.choice(REALS)
        field[2] = struct.pack("<f" if field[1] == "f32" else "<d", value)


def change_text(tree, choice, others):
    at = pick(tree, choice, lambda m, f: f[1] == "bytes" and (m, f[0]) in wire.TEXTS)
    if at:
        m, fields, i = at
        words = {("node", 4): [o.encode() for o in OPS],
                 ("attribute", 1): [a.encode() for a in ATTRIBUTES]}.get((m, fields[i][0]), TEXTS)
        fields[i][2] = choice.choice(words if choice.random() < 0.6 else texts_of(tree, choice))


def change_edge(tree, choice, others):
    """A node reads, or makes, another value."""
    at = pick(tree, choice, lambda m, f: m == "node" and f[0] in (1, 2) and f[1] == "bytes")
    names = [f[i][2] for _, f, i in places(
        tree, lambda m, f: f[1] == "bytes" and ((m == "node" and f[0] in (1, 2)) or
                                               (m, f[0]) in (("value", 1), ("tensor", 8))))]
    if at:
        at[1][at[2]][2] = choice.choice(names)


def change_op(tree, choice, others):
    at = pick(tree, choice, lambda m, f: m == "node" and f[0] == 4 and f[1] == "bytes")
    if at:
        at[1][at[2]][2] = choice.choice(OPS).encode()


def change_payload(tree, choice, others):
    """The numbers of an initialiser: their length, or what they are."""
    at = pick(tree, choice, lambda m, f: m == "tensor" and f[1] == "bytes" and f[0] in (4, 9, 10))
    if not at:
        return
    field = at[1][at[2]]
    data, act = field[2], choice.choice(["cut", "more", "noise", "nan", "none", "huge", "ints"])
    if act == "cut":
        field[2] = data[:choice.randrange(len(data) + 1)]
    elif act == "more":
        field[2] = data + choice.randbytes(choice.choice([1, 3, 4, 8, 400]))
    elif act == "noise" and data:
        a, b = span(data, choice)
        field[2] = data[:a] + choice.randbytes(b - a) + data[b:]
    elif act in ("nan", "huge"):
        one = struct.pack("<f", float("nan") if act == "nan" else 3e38)
        field[2] = (one * (len(data) // 4 + 1))[:len(data)]
    elif act == "ints" and len(data) % 8 == 0:
        field[2] = b"".join(struct.pack("<q", choice.choice(INTS)) for _ in range(len(data) // 8))
    elif act == "none":
        del at[1][at[2]]


# ---- whole messages ----

def remove_field(tree, choice, others):
    at = pick(tree, choice, lambda m, f: m != "model" or f[0] != 7)
    if at:
        del at[1][at[2]]


def repeat_field(tree, choice, others):
    at = pick(tree, choice, lambda m, f: m != "model" or choice.random() < 0.1)
    if not at:
        return
    size = len(wire.serialize([at[1][at[2]]]))
    times = min(choice.choice([1, 1, 2, 10, 300, 5000]), 1 + (1 << 20) // size)
    again = [wire.copy([at[1][at[2]]])[0] for _ in range(times)]
    where = at[2] if choice.random() < 0.5 else len(at[1])
    at[1][where:where] = again


def move_field(tree, choice, others):
    at = pick(tree, choice, lambda m, f: True)
    field = at[1].pop(at[2])
    at[1].insert(choice.randrange(len(at[1]) + 1), field)


def graft(tree, choice, others):
    """A message of another file in the place of, or beside, one of the same kind."""
    try:
        other = wire.parse(choice.choice(others))
    except wire.BROKEN:
        return
    kind = choice.choice(["node", "tensor", "attribute", "value", "type", "graph"])
    here = pick(tree, choice, lambda m, f: f[1] == kind)
    there = pick(other, choice, lambda m, f: f[1] == kind)
    if here and there:
        field = wire.copy([there[1][there[2]]])[0]
        if choice.random() < 0.5:
            here[1][here[2]] = [here[1][here[2]][0], field[1], field[2]]
        else:
            here[1].insert(here[2], [here[1][here[2]][0], field[1], field[2]])


def add_attribute(tree, choice, others):
    at = pick(tree, choice, lambda m, f: f[1] == "node")
    if not at:
        return
    name = choice.choice(ATTRIBUTES).encode()
    kind = choice.choice([1, 2, 3, 6, 7, 8, 4, 5])
    fields = [[1, "bytes", name], [20, "int", kind]]
    ints = [choice.choice(INTS[:22] if choice.random() < 0.7 else INTS)
            for _ in range(choice.choice([0, 1, 2, 4, 8, 9]))]
    fields.append({1: [2, "f32", struct.pack("<f", choice.choice(REALS))],
                   2: [3, "int", choice.choice(INTS)], 3: [4, "bytes", choice.choice(TEXTS)],
                   6: [7, "bytes", struct.pack("<2f", 1.5, choice.choice(REALS))],
                   7: [8, "ints", ints], 8: [9, "bytes", choice.choice(TEXTS)],
                   4: [5, "tensor", small_tensor(choice, b"")], 5: [6, "graph", []]}[kind])
    at[1][at[2]][2].append([5, "attribute", fields])


def small_tensor(choice, name):
    """A tensor of a few sizes, as those that are shapes, pads, axes or scales."""
    n = choice.choice([0, 1, 2, 3, 4, 8])
    if choice.random() < 0.6:
        data = struct.pack(f"<{n}q", *(choice.choice(INTS) for _ in range(n)))
        kind = 7
    else:
        data = struct.pack(f"<{n}f", *(choice.choice(REALS) for _ in range(n)))
        kind = 1
    return [[1, "ints", [n]], [2, "int", kind], [8, "bytes", name], [9, "bytes", data]]


def add_node(tree, choice, others):
    """A node of any operator between one that makes a value and those that read it."""
    graph = graph_of(tree)
    nodes = [i for i, f in enumerate(graph or []) if f[1] == "node" and wire.first(f[2], 2)]
    if not nodes:
        return
    at = choice.choice(nodes)
    outputs = [f for f in graph[at][2] if f[0] == 2]
    old = outputs[0][2]
    middle = b"mutant%d" % choice.randrange(10000)
    outputs[0][2] = middle
    fields = [[1, "bytes", middle]]
    for _ in range(choice.choice([0, 0, 1, 1, 2, 3])):
        name = b"const%d" % choice.randrange(100000)
        if choice.random() < 0.7:
            graph.append([5, "tensor", small_tensor(choice, name)])
        else:
            name = choice.choice(texts_of(tree, choice))
        fields.append([1, "bytes", name])
    fields += [[2, "bytes", old], [4, "bytes", choice.choice(OPS).encode()]]
    graph.insert(at + 1, [1, "node", fields])
    for _ in range(choice.choice([0, 1, 2])):
        add_attribute([[1, "node", fields]], choice, others)


def grow_graph(tree, choice, others):
    """A long chain, or a ladder whose values double in size, from one value on."""
    graph = graph_of(tree)
    names = [wire.first(f[2], 2) for f in graph or [] if f[1] == "node" and wire.first(f[2], 2)]
    if not names:
        return
    last = choice.choice(names)
    kind, length = choice.choice([("Add", 40), ("Concat", 40), ("Identity", 5000), ("Relu", 3000),
                                  ("Mul", 2000), ("Expand", 3), ("Concat", 8), ("Exp", 300)])
    chain = []
    for i in range(length):
        new = b"chain%d" % i
        fields = [[1, "bytes", last], [1, "bytes", last]] if kind in ("Add", "Concat", "Mul") else [
            [1, "bytes", last]]
        fields += [[2, "bytes", new], [4, "bytes", kind.encode()]]
        if kind == "Concat":
            fields.append([5, "attribute", [[1, "bytes", b"axis"], [20, "int", 2],
                                            [3, "int", choice.randrange(3)]]])
        if kind == "Expand":
            graph.append([5, "tensor", small_tensor(choice, b"wide%d" % i)])
            fields.insert(1, [1, "bytes", b"wide%d" % i])
        chain.append([1, "node", fields])
        last = new
    graph += chain
    outputs = [f for f in graph if f[0] == 12]
    if outputs:
        for field in outputs[0][2]:
            if field[0] == 1:
                field[2] = last


def nest(tree, choice, others):
    """An If whose branches hold an If, and so on."""
    graph = graph_of(tree)
    nodes = [i for i, f in enumerate(graph or []) if f[1] == "node"]
    if not nodes:
        return
    body = [[1, "node", [[1, "bytes", b"cond"], [2, "bytes", b"r"], [4, "bytes", b"Identity"]]],
            [12, "value", [[1, "bytes", b"r"]]]]
    for _ in range(choice.choice([1, 5, 15, 17, 63, 64, 65, 200])):
        branch = lambda name: [5, "attribute", [[1, "bytes", name], [20, "int", 5],
                                                [6, "graph", body]]]
        fields = [[1, "bytes", b"cond"], [2, "bytes", b"r"], [4, "bytes", b"If"],
                  branch(b"then_branch"), branch(b"else_branch") if choice.random() < 0.05 else
                  [3, "bytes", b"n"]]
        body = [[1, "node", fields], [12, "value", [[1, "bytes", b"r"]]]]
    graph.append([5, "tensor", [[1, "ints", []], [2, "int", 9], [8, "bytes", b"cond"],
                                [9, "bytes", b"\1"]]])
    graph.insert(choice.choice(nodes), body[0])


def make_function(tree, choice, others):
    """Nodes moved into a function; at times one that calls itself, or two each other."""
    graph = graph_of(tree)
    nodes = [f for f in graph or [] if f[1] == "node"]
    if not nodes:
        return
    node = choice.choice(nodes)
    inner = wire.copy([node])[0]
    names_in = [f for f in inner[2] if f[0] == 1]
    names_out = [f for f in inner[2] if f[0] == 2]
    body = [inner]
    if choice.random() < 0.4:
        body.append([1, "node", [[1, "bytes", b"q"], [2, "bytes", b"q2"], [4, "bytes", b"F"],
                                 [7, "bytes", b"own"]]])
    function = [[1, "bytes", b"F"], [10, "bytes", b"own"], [9, "opset", [[2, "int", 17]]]]
    function += [[4, "bytes", f[2]] for f in names_in] + [[5, "bytes", f[2]] for f in names_out]
    function += [[7, "node", f[2]] for f in body]
    node[2][:] = [f for f in node[2] if f[0] in (1, 2, 3)] + [[4, "bytes", b"F"],
                                                             [7, "bytes", b"own"]]
    tree += [[25, "function", function], [8, "opset", [[1, "bytes", b"own"], [2, "int", 1]]]]


def make_external(tree, choice, others):
    at = pick(tree, choice, lambda m, f: f[1] == "tensor")
    if not at:
        return
    tensor = at[1][at[2]][2]
    entries = [(b"location", choice.choice(LOCATIONS))]
    if choice.random() < 0.6:
        entries.append((b"offset", b"%d" % choice.choice(INTS)))
    if choice.random() < 0.6:
        entries.append((b"length", choice.choice([b"%d" % choice.choice(INTS), b"", b"x", b"1e9"])))
    tensor[:] = [f for f in tensor if f[0] not in (4, 9, 10) or choice.random() < 0.1]
    tensor += [[13, "entry", [[1, "bytes", k], [2, "bytes", v]]] for k, v in entries]
    tensor.append([14, "int", 1])


def change_opset(tree, choice, others):
    for field in tree:
        if field[1] == "opset":
            for inner in field[2]:
                if inner[0] == 2:
                    inner[2] = choice.choice([*range(5, 25), *range(7, 23), 0, -1, 1 << 31])


def metadata(tree, choice, others):
    """What describes the picture: size, mean, labels."""
    keys = [b"fovea.input", b"fovea.labels", b"fovea.mean", b"labels", b"classes", b"names",
            b"input_size", b"mean", b"std", b"size", b"channel_order", b"imgsz"]
    values = TEXTS + [b"[1,2", b"{}", b"[" * 3000, b'{"mean": [1e999, null]}', b"{0: 'a', 1: 'b'",
                      b"99999999999", b"[0.5, 0.5]", b'["a","b"]', b"1e400", b"0x10"]
    keys += [wire.first(f[2], 1) or b"" for f in tree if f[1] == "entry"]
    for _ in range(choice.choice([1, 2, 5])):
        tree.append([14, "entry", [[1, "bytes", choice.choice(keys)],
                                   [2, "bytes", choice.choice(values)]]])


FIELDS = [change_int, change_int, change_dims, change_dims, change_dims, change_input_shape,
          change_input_shape, change_real, change_text, change_edge, change_edge, change_op,
          change_op, change_payload, change_payload, remove_field, repeat_field, move_field, graft,
          graft, add_attribute, add_attribute, add_node, add_node, grow_graph, nest, make_function,
          make_external, change_opset, metadata]


def mutate(data, choice, others):
    """(what was done, the mutated file)"""
    if choice.random() < 0.3:
        how = choice.choice(BYTES)
        return how.__name__, how(data, choice, others) or b"\0"
    try:
        tree = wire.copy(wire.parse(data))
    except wire.BROKEN:
        return "flip_bits", flip_bits(data, choice, others)
    done = []
    for _ in range(choice.choice([1, 1, 1, 2, 3, 6])):
        how = choice.choice(FIELDS)
        how(tree, choice, others)
        done.append(how.__name__)
    return "+".join(done), wire.serialize(tree)
