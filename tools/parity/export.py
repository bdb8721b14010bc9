# SPDX-License-Identifier: Apache-2.0
"""Builds one network, exports it, and computes what PyTorch says about it in double precision.

    python export.py NET FOLDER
    python export.py MODEL.onnx FOLDER

Writes into FOLDER: NET.EXPORT.onnx for each of the net's exports, NET.npz (input x, output y,
middle activations a0.., gradients g0.. of the middle channels' means, gy of an output channel's)
and, last of all, NET.json, which says which value of each file is which array and how far
PyTorch's own single precision is from its double. A NET.json made by the same scripts is kept.
The second form takes a trained network as it is, read into PyTorch by interpret.py.

Middle values: every module's output is compared with every value of the exported file as
onnxruntime computes it; among those found in every export, the ones a third and two thirds down
the network are taken. Channels are on axis 1, and on the last axis of what a Linear makes; in nets
that have both layouts only modules that leave no doubt are taken.
"""
import hashlib
import json
import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import torch  # noqa: E402

import zoo  # noqa: E402

HERE = Path(__file__).parent
SEED = 20240
SIDE = 224  # of a trained network's picture where its file leaves it free


def fingerprint():
    """Of the scripts and versions an export depends on."""
    h = hashlib.sha256()
    for name in ("zoo.py", "export.py", "vision.py", "interpret.py"):
        h.update((HERE / name).read_bytes())
    h.update(f"{torch.__version__} {onnx.__version__}".encode())
    return h.hexdigest()[:16]


def relative(a, b):
    """Largest difference relative to the largest magnitude of b."""
    return float(np.abs(a.astype(np.float64) - b).max() / max(np.abs(b).max(), 1e-30))


def export_file(model, net, e, x, path):
    names = dict(input_names=["input"], output_names=["output"], opset_version=e.opset)
    if e.exporter == "old":
        axes = {"input": {0: "n"}, "output": {0: "n"}} if e.dynamic else None
        torch.onnx.export(model, (x,), str(path), dynamo=False, dynamic_axes=axes, **names)
        return
    sample, shapes = x, None
    if e.dynamic:
        sample = torch.cat([x, x])
        shapes = ({0: torch.export.Dim("n")},)
    torch.onnx.export(model, (sample,), str(path), dynamo=True, dynamic_shapes=shapes,
                      external_data=e.external, verbose=False, **names)


def run_all_values(path, x):
    """Every value of the file for input x, by name, in the file's order."""
    m = onnx.load(str(path))
    have = {o.name for o in m.graph.output}
    names = [o for n in m.graph.node if n.op_type != "Constant" for o in n.output if o]
    m.graph.output.extend(onnx.ValueInfoProto(name=o) for o in names if o not in have)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    probe = path.with_suffix(".probe.onnx")
    try:
        onnx.save(m, str(probe), save_as_external_data=True, location=probe.name + ".data")
        session = onnxruntime.InferenceSession(str(probe), options)
        values = session.run(names, {m.graph.input[0].name: x})
    finally:
        probe.unlink(missing_ok=True)
        Path(str(probe) + ".data").unlink(missing_ok=True)
    return dict(zip(names, values)), len(m.graph.node)


def module_outputs(model, x):
    """Name and output of every module that gives one tensor, in the order of running."""
    found, hooks = {}, []
    for name, m in model.named_modules():
        def keep(m, args, y, name=name):
            if isinstance(y, torch.Tensor) and name:
                found[name] = y.detach().clone()
        hooks.append(m.register_forward_hook(keep))
    with torch.no_grad():
        y = model(x)
    for h in hooks:
        h.remove()
    return found, y


def candidates(net, model, a, b):
    """Outputs, for input a, of the modules that depend on the input and have plain channels."""
    first, _ = module_outputs(model, a)
    second, _ = module_outputs(model, b)
    return {k: v for k, v in first.items()
            if v.ndim >= 2 and not torch.equal(v, second[k])
            and channel_axis(net, model.get_submodule(k), v) is not None}


def match(modules, values):
    """Maps module names to the first value of the file that equals their output."""
    by_shape = {}
    for name, v in values.items():
        if isinstance(v, np.ndarray) and v.dtype == np.float32 and v.ndim >= 2:
            by_shape.setdefault(v.shape, []).append((name, v))
    out = {}
    for name, t in modules.items():
        a = t.numpy()
        for value, v in by_shape.get(a.shape, []):
            if np.abs(a - v).max() <= 1e-4 * max(np.abs(a).max(), 1e-6):
                out[name] = value
                break
    return out


def channel_axis(net, module, t):
    """Where a module's output has its channels; None: not plain to see."""
    if isinstance(module, torch.nn.Linear):
        return t.ndim - 1
    plain = (torch.nn.modules.conv._ConvNd, torch.nn.modules.batchnorm._BatchNorm)
    return None if net.tokens and not isinstance(module, plain) else 1


def gradient(model, x, module, channel, axis):
    """Activation of `module` (None: the output) and the input gradient of its channel's mean."""
    kept = {}
    handle = None
    if module:
        def keep(m, args, y):
            kept["y"] = y
            return y.clone()
        handle = dict(model.named_modules())[module].register_forward_hook(keep)
    x = x.clone().requires_grad_(True)
    y = model(x)
    if handle:
        handle.remove()
        y = kept["y"]
    objective = y.select(axis, channel).reshape(len(x), -1).mean(1)
    (g,) = torch.autograd.grad(objective.sum(), x)
    return y.detach().numpy(), g.numpy(), objective.detach().numpy()


def choose(order, matched):
    """Two modules, near a third and two thirds of the way, that every export has."""
    common = [m for m in order if all(m in f for f in matched.values())]
    if len(common) < 2:
        raise SystemExit(f"only {len(common)} modules are found in every export")
    return [common[len(common) // 3], common[2 * len(common) // 3]]


def reference(net, model, x, modules, keep=2):
    """PyTorch's answers in double precision, and how far its single precision is from them, for the
    `keep` samples of x on whose gradients the two agree best."""
    single, double, channels = {"x": x.numpy()}, {"x": x.numpy()}, {}
    found, y = module_outputs(model, x)
    for key, module in list(enumerate(modules)) + [("y", None)]:
        t = found[module] if module else y
        axis = channel_axis(net, model.get_submodule(module), t) if module else 1
        spread = t.transpose(0, axis).flatten(1).std(1)
        channels[key] = channel = int(spread.argmax())  # the liveliest: a dead one says nothing
        names = "y" if key == "y" else f"a{key}", f"g{key}", f"v{key}"
        single.update(zip(names, gradient(model, x, module, channel, axis)))
        double.update(zip(names, gradient(model.double(), x.double(), module, channel, axis)))
        model.float()

    def disagreement(i):
        return max(relative(single[k][i], v[i]) for k, v in double.items() if k[0] == "g")

    best = sorted(sorted(range(len(x)), key=disagreement)[:keep])
    errors = {k: relative(single[k][best], v[best]) for k, v in double.items() if k[0] in "ayg"}
    return {k: v[best].astype(np.float32) for k, v in double.items()}, errors, channels


def build(net, seed):
    torch.manual_seed(seed)
    torch.backends.mha.set_fastpath_enabled(False)
    model = net.build().eval()
    g = torch.Generator().manual_seed(seed + 1)
    x = torch.randn((net.samples,) + net.input, generator=g)
    zoo.liven(model, torch.randn((4,) + net.input, generator=g), seed + 2, x)
    return model, x


def describe(files, matched, chosen, reference_result, folder, name, mark, start):
    """Writes NET.npz, then NET.json."""
    arrays, errors, channels = reference_result
    for key, found in matched.items():
        files[key]["values"] = [found[m] for m in chosen] + [files[key].pop("output", "output")]
    np.savez(folder / f"{name}.npz", **arrays)
    (folder / f"{name}.json").write_text(json.dumps({
        "fingerprint": mark, "modules": chosen, "files": files, "torch_error": errors,
        "channels": [channels[0], channels[1], channels["y"]],
        "seconds": round(time.time() - start, 1)}, indent=1) + "\n")


def export_net(name, folder, mark):
    start, net = time.time(), zoo.find(name)
    model, x = build(net, SEED)
    modules = candidates(net, model, x[:1], x[1:2])
    files, matched = {}, {}
    for e in net.exports:
        path = folder / f"{name}.{e.key}.onnx"
        try:
            export_file(model, net, e, x[:1], path)
        except Exception as error:  # the exporter's own failures are part of the table
            files[e.key] = {"failed": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
            continue
        values, nodes = run_all_values(path, x[:1].numpy())
        matched[e.key] = match(modules, values)
        files[e.key] = {"file": path.name, "nodes": nodes, "opset": e.opset,
                        "exporter": e.exporter, "batch": "free" if e.dynamic else "1"}
    chosen = choose(list(modules), matched)
    describe(files, matched, chosen, reference(net, model, x, chosen), folder, name, mark, start)


def read_trained(path, folder, mark):
    from interpret import Interpreter
    start, name = time.time(), path.stem
    proto = onnx.load(str(path), load_external_data=False)
    model = Interpreter(path).eval()
    g = torch.Generator().manual_seed(SEED)
    shape = proto.graph.input[0].type.tensor_type.shape.dim
    dims = [d.dim_value or SIDE for d in shape]  # free height and width
    x = torch.rand([8] + dims[1:], generator=g)
    net = zoo.Net(name, None, tuple(dims[1:]))
    modules = candidates(net, model, x[:1], x[1:2])
    values, nodes = run_all_values(path, x[:1].numpy())
    matched = {"trained": match(modules, values)}
    files = {"trained": {"file": str(path.resolve()), "nodes": nodes,
                         "opset": proto.opset_import[0].version, "exporter": "trained",
                         "batch": "free", "output": model.output}}
    if model.steps[model.output] not in matched["trained"]:
        raise SystemExit(f"{name}: onnxruntime and interpret.py do not agree on the output")
    chosen = choose(list(modules), matched)
    describe(files, matched, chosen, reference(net, model, x, chosen), folder, name, mark, start)


def main(name, folder):
    torch.set_num_threads(2)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    trained = Path(name) if name.endswith(".onnx") else None
    mark = fingerprint()
    if trained:
        mark += hashlib.sha256(trained.read_bytes()).hexdigest()[:16]
    record = folder / f"{trained.stem if trained else name}.json"
    if record.exists() and json.loads(record.read_text()).get("fingerprint") == mark:
        return
    if trained:
        read_trained(trained, folder, mark)
    else:
        export_net(name, folder, mark)


if __name__ == "__main__":
    main(*sys.argv[1:])
