#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes small graphs of TensorFlow with their values and gradients:  make.py FOLDER

Needs tensorflow-cpu 2.21.0 and keras 3.15.1 (./bootstrap formats). Weights are random constants, as
in a frozen graph; .pb files are GraphDefs, folders (.saved) SavedModels."""
import os
import shutil
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import keras  # noqa: E402
import numpy  # noqa: E402
import tensorflow  # noqa: E402
from tensorflow.core.protobuf import saved_model_pb2  # noqa: E402

v1 = tensorflow.compat.v1
v1.disable_control_flow_v2()  # conditions as Switch and Merge, as files of TensorFlow 1 have them
RANDOM = numpy.random.default_rng(11)


def weights(*shape, low=-0.5):
    """A constant of random numbers in [low, low + 1)."""
    return tensorflow.constant(RANDOM.uniform(low, low + 1, shape).astype("float32"))


def conv(x, kernel, out, name, stride=1, padding="SAME", relu=True):
    """As in the Inception graph of 2015: NAME_pre_relu/conv, NAME_pre_relu, NAME."""
    w = weights(kernel, kernel, int(x.shape[-1]), out)
    y = tensorflow.nn.conv2d(x, w, stride, padding, name=name + "_pre_relu/conv")
    y = tensorflow.nn.bias_add(y, weights(out), name=name + "_pre_relu")
    return tensorflow.nn.relu(y, name=name) if relu else y


def inception():
    """Convolutions with biases, LRN, branches that are joined; the input says no shape."""
    image = v1.placeholder("float32", (2, 20, 20, 3), name="input")
    x = conv(image, 5, 8, "conv2d0", 2)
    x = tensorflow.nn.max_pool2d(x, 3, 2, "SAME", name="maxpool0")
    x = tensorflow.nn.local_response_normalization(x, 2, 1.0, 2e-2, 0.75, name="localresponsenorm0")
    a = conv(x, 1, 4, "mixed3a_1x1")
    b = conv(conv(x, 1, 3, "mixed3a_3x3_bottleneck"), 3, 6, "mixed3a_3x3")
    c = conv(tensorflow.nn.max_pool2d(x, 3, 1, "SAME", name="mixed3a_pool"), 1, 2,
             "mixed3a_pool_reduce")
    x = tensorflow.concat([a, b, c], 3, name="mixed3a")
    x = tensorflow.nn.avg_pool2d(x, 5, 1, "VALID", name="avgpool0")
    x = tensorflow.reshape(x, [-1, 12], name="avgpool0/reshape")
    y = tensorflow.nn.bias_add(tensorflow.matmul(x, weights(12, 6), name="softmax2_pre/matmul"),
                               weights(6), name="softmax2_pre_activation")
    tensorflow.nn.softmax(y, name="softmax2")
    return ["conv2d0_pre_relu/conv", "conv2d0_pre_relu", "localresponsenorm0", "mixed3a",
            "avgpool0", "softmax2"], "softmax2_pre_activation:2"


def norm(x, name, training=None):
    """Batch normalisation as TF-Slim writes it: fused, or by a condition."""
    c = int(x.shape[-1])
    scale, shift, mean, variance = weights(c, low=0.5), weights(c), weights(c), weights(c, low=0.4)

    def inference():
        return v1.nn.fused_batch_norm(x, scale, shift, mean, variance, 1e-3, is_training=False)[0]

    def train():
        return v1.nn.fused_batch_norm(x, scale, shift, epsilon=1e-3, is_training=True)[0]

    if training is None:
        return tensorflow.identity(inference(), name=name)
    return tensorflow.identity(v1.cond(training, train, inference), name=name)


def slim():
    """Depthwise and dilated convolutions, branches for training, dropout, a mean and a squeeze."""
    image = v1.placeholder("float32", (2, 17, 15, 3), name="image")
    training = v1.placeholder_with_default(False, (), name="is_training")
    keep = v1.placeholder_with_default(1.0, (), name="keep_prob")
    x = tensorflow.nn.conv2d(image, weights(3, 3, 3, 6), 2, "SAME", name="c0/Conv2D")
    x = tensorflow.nn.relu6(norm(x, "c0/norm", training), name="c0/Relu6")
    x = tensorflow.nn.depthwise_conv2d(x, weights(3, 3, 6, 2), [1, 1, 1, 1], "SAME", name="dw")
    x = tensorflow.nn.relu(norm(x, "dw/norm"), name="dw/Relu")
    y = tensorflow.space_to_batch_nd(x, [2, 2], tensorflow.constant([[2, 3], [2, 2]]), name="s2b")
    y = tensorflow.nn.conv2d(y, weights(3, 3, 12, 5), 1, "VALID", name="atrous/Conv2D")
    y = tensorflow.batch_to_space(y, [2, 2], [[0, 1], [0, 0]], name="atrous")
    y = tensorflow.nn.bias_add(y, weights(5), name="atrous/BiasAdd")
    m = weights(5, low=0.5)
    y = y * tensorflow.reshape(m, [1, 1, 1, 5]) + weights(5)
    y = tensorflow.nn.elu(y, name="elu")
    y = tensorflow.reduce_mean(y, [1, 2], keepdims=True, name="pool")
    drop = v1.random_uniform(tensorflow.shape(y), seed=3) + keep
    y = y / keep * tensorflow.floor(drop)
    y = tensorflow.nn.conv2d(y, weights(1, 1, 5, 4), 1, "SAME", name="logits/Conv2D")
    y = tensorflow.squeeze(y, [1, 2], name="logits")
    with tensorflow.control_dependencies([v1.debugging.assert_positive(keep)]):
        tensorflow.nn.softmax(y, name="classes")
    return ["c0/norm", "c0/Relu6", "dw", "atrous", "atrous/BiasAdd", "elu", "pool", "classes"], \
        "logits:1"


def shapes():
    """Arithmetic of shapes, resizing, padding, parts, selection."""
    image = v1.placeholder("float32", (2, 6, 7, 4), name="image")
    size = tensorflow.shape(image)
    resize = v1.image
    raw = tensorflow.raw_ops
    parts = [
        resize.resize_bilinear(image, size[1:3] * 2, name="bilinear"),
        resize.resize_bilinear(image, [12, 14], align_corners=True, name="bilinear_corners"),
        resize.resize_bilinear(image, [12, 14], half_pixel_centers=True, name="bilinear_half"),
        resize.resize_nearest_neighbor(image, [12, 14], name="nearest"),
        resize.resize_nearest_neighbor(image, [12, 14], align_corners=True,
                                       name="nearest_corners"),
        resize.resize_nearest_neighbor(image, [12, 14], half_pixel_centers=True,
                                       name="nearest_half"),
    ]
    x = tensorflow.concat(parts, -1, name="resized")
    x = tensorflow.pad(x, [[0, 0], [1, 0], [0, 2], [0, 0]], constant_values=0.5, name="pad")
    x = tensorflow.pad(x, [[0, 0], [2, 1], [0, 1], [0, 0]], "REFLECT", name="reflect")
    x = tensorflow.pad(x, [[0, 0], [1, 2], [3, 0], [0, 0]], "SYMMETRIC", name="symmetric")
    a, b, c = tensorflow.split(x, [4, 8, 12], 3, name="split")
    d, e = tensorflow.split(c, 2, -1, name="half")
    x = tensorflow.concat([tensorflow.nn.leaky_relu(a), b * 2 - 1], 3)
    f = tensorflow.where(tensorflow.greater(d, e), d * e, tensorflow.maximum(d, -e), name="where")
    x = tensorflow.concat([x, f[:, ::1, ..., 1:5:2], f[:, :, :, 0, tensorflow.newaxis]], 3,
                          name="parts")
    x = raw.SpaceToDepth(input=x[:, :16, 2:18], block_size=2, name="deep")
    x = raw.DepthToSpace(input=tensorflow.nn.softplus(x), block_size=2, name="wide")
    x = tensorflow.nn.conv2d_transpose(x, weights(3, 3, 5, 15), [2, 32, 31, 5], 2, "SAME",
                                       name="up")
    x = tensorflow.nn.conv2d_transpose(x, weights(3, 2, 2, 5), [2, 34, 32, 2], 1, "VALID",
                                       name="valid")
    x = tensorflow.tile(x, [1, 1, 1, 2], name="tile")
    x = tensorflow.gather(x, [3, 0, 2], axis=2, name="gather")
    n = tensorflow.shape(x)
    flat = tensorflow.reshape(x, tensorflow.stack([n[0], tensorflow.reduce_prod(n[1:])]),
                              name="flat")
    hot = tensorflow.one_hot([1, 3, 0], 4, 2.0, -1.0)
    scale = tensorflow.matmul(hot, weights(4, 3), transpose_a=False)
    y = tensorflow.matmul(flat, weights(int(flat.shape[1]), 3), name="product")
    y = tensorflow.matmul(y, scale, transpose_b=True, name="scaled")
    y = y + tensorflow.linalg.band_part(y, 1, 0) + tensorflow.linalg.band_part(y, -1, 1)
    y = tensorflow.cast(tensorflow.cast(y, "float32"), "float32")
    tensorflow.math.squared_difference(y, 0.25, name="squared")
    return ["bilinear", "bilinear_corners", "bilinear_half", "nearest", "nearest_corners",
            "nearest_half", "valid", "gather", "flat", "squared"], "scaled:1"


def volume():
    """Three axes, and attention over what is left of them."""
    x = v1.placeholder("float32", (2, 6, 8, 7, 2), name="volume")
    x = tensorflow.nn.conv3d(x, weights(3, 3, 2, 2, 6), [1, 1, 2, 1, 1], "SAME", name="c3")
    x = tensorflow.nn.bias_add(x, weights(6), name="c3/BiasAdd")
    x = tensorflow.nn.selu(x, name="c3/Selu")
    x = tensorflow.nn.max_pool3d(x, 2, 2, "SAME", name="pool3")
    t = tensorflow.reshape(x, [2, -1, 6], name="tokens")
    def product(equation, a, b, name):
        return tensorflow.raw_ops.Einsum(inputs=[a, b], equation=equation, name=name)

    q = product("btc,chd->bthd", t, weights(6, 2, 3), "query")
    k = product("btc,chd->bthd", t, weights(6, 2, 3), "key")
    s = product("bthd,bshd->bhts", q, k, "scores")
    s = tensorflow.nn.softmax(s * 0.5, name="attention")
    y = product("bhts,bshd->bthd", s, q, "mixed")
    y = tensorflow.reshape(y, [2, -1, 6])
    mean = tensorflow.reduce_mean(y, -1, keepdims=True)
    y = (y - mean) * tensorflow.math.rsqrt(
        tensorflow.reduce_mean(tensorflow.square(y - mean), -1, keepdims=True) + 1e-3)
    y = tensorflow.identity(y, name="norm")
    y = tensorflow.nn.gelu(tensorflow.matmul(y, weights(6, 5)))
    y = tensorflow.identity(y, name="activated")
    tensorflow.reduce_max(y, 1, name="largest")
    return ["c3/BiasAdd", "c3/Selu", "pool3", "query", "attention", "mixed", "norm", "activated",
            "largest"], "largest:1"


def training():
    """A switch and a rate that only training needs, without defaults; bicubic resizing."""
    image = v1.placeholder("float32", (2, 9, 8, 3), name="image")
    switch = v1.placeholder("bool", (), name="is_training")
    keep = v1.placeholder("float32", (), name="keep_prob")
    sizes = [{}, {"align_corners": True}, {"half_pixel_centers": True}]
    parts = [v1.image.resize_bicubic(image, [13, 16], name=f"bicubic{i}", **s)
             for i, s in enumerate(sizes)]
    x = tensorflow.nn.conv2d(tensorflow.concat(parts, 3), weights(3, 3, 9, 4), 2, "SAME", name="c0")
    x = tensorflow.nn.relu(norm(x, "norm", switch), name="relu")
    x = tensorflow.reduce_mean(x, [1, 2])
    x = v1.nn.dropout(x, keep_prob=keep)
    x = tensorflow.nn.bias_add(tensorflow.matmul(x, weights(4, 3)), weights(3), name="logits")
    tensorflow.nn.softmax(x, name="classes")
    return ["bicubic0", "bicubic1", "bicubic2", "norm", "classes"], "logits:1"


def first(order="NCHW"):
    """Channels on the second axis, which TensorFlow itself computes on graphics cards only."""
    def shaped(*numbers):
        """Numbers of an axis each, n c h w."""
        return list(numbers) if order == "NCHW" else [numbers[0], *numbers[2:], numbers[1]]

    x = v1.placeholder("float32", (2, 12, 13, 3), name="image")
    x = tensorflow.transpose(x, [0, 3, 1, 2]) if order == "NCHW" else x
    x = tensorflow.nn.conv2d(x, weights(3, 3, 3, 6), shaped(1, 1, 2, 2), "SAME", order, name="c0")
    x = tensorflow.nn.bias_add(x, weights(6), order, name="c0/BiasAdd")
    scale, shift, mean, variance = weights(6, low=0.5), weights(6), weights(6), weights(6, low=0.4)
    x = v1.nn.fused_batch_norm(x, scale, shift, mean, variance, 1e-3, is_training=False,
                               data_format=order)[0]
    x = tensorflow.nn.max_pool2d(x, 3, 2, "SAME", data_format=order, name="pool")
    x = tensorflow.nn.depthwise_conv2d(x, weights(3, 3, 6, 2), [1, 1, 1, 1], "SAME", order,
                                       name="dw")
    x = tensorflow.concat([x, x * 0.5], 1 if order == "NCHW" else 3)
    x = tensorflow.pad(x, shaped([0, 0], [0, 0], [1, 0], [1, 1]))
    x = tensorflow.nn.avg_pool2d(x, 2, 1, "VALID", order, name="mean")
    x = tensorflow.nn.conv2d(x, weights(3, 3, 24, 5), 1, shaped([0, 0], [0, 0], [1, 0], [0, 1]),
                             order, name="c1")
    x = tensorflow.reduce_mean(x, [2, 3] if order == "NCHW" else [1, 2], name="all")
    tensorflow.nn.bias_add(tensorflow.matmul(x, weights(5, 4)), weights(4), name="logits")
    return ["pool", "dw", "mean", "c1", "logits"], "logits:1"


def held():
    """A gate through which no gradient goes back."""
    x = v1.placeholder("float32", (2, 9, 8, 3), name="image")
    x = tensorflow.nn.tanh(tensorflow.nn.conv2d(x, weights(3, 3, 3, 6), 2, "SAME", name="c0"))
    x = x * tensorflow.reduce_max(tensorflow.stop_gradient(x, name="held"), [1, 2], keepdims=True)
    x = tensorflow.reduce_mean(x, [1, 2], name="mean")
    tensorflow.nn.bias_add(tensorflow.matmul(x, weights(6, 4)), weights(4), name="logits")
    return ["held", "mean", "logits"], "logits:1"


# What makes each, and whether its input says no shape.
GRAPHS = {"inception": (inception, 1), "slim": (slim, 0), "shapes": (shapes, 0),
          "volume": (volume, 0), "training": (training, 0), "first": (first, 0),
          "held": (held, 0)}


def strip_shapes(graph, keep_axes):
    """What placeholders say of their shape, as files of old have it: nothing, or free samples."""
    for node in graph.node:
        if node.op == "Placeholder" and node.attr["shape"].shape.dim:
            if keep_axes:
                node.attr["shape"].shape.dim[0].size = -1
            else:
                node.attr["shape"].shape.ClearField("dim")
                node.attr["shape"].shape.unknown_rank = True


def compute(graph, layers, objective):
    """Input, values, gradient."""
    with graph.as_default(), v1.Session(graph=graph) as session:
        image = next(o for o in graph.get_operations() if o.type == "Placeholder").outputs[0]
        x = RANDOM.uniform(-1, 1, image.shape).astype("float32")
        wanted = {"value:" + n: graph.get_tensor_by_name(n + ":0") for n in layers}
        layer, channel = objective.split(":")
        total = graph.get_tensor_by_name(layer + ":0")[..., int(channel)]
        wanted["gradient:" + objective] = v1.gradients(tensorflow.reduce_sum(total), image)[0]
        names = [o.name for o in graph.get_operations()]
        off = {"is_training": False, "keep_prob": 1.0}  # placeholders of training
        feed = {n + ":0": v for n, v in off.items() if n in names}
        return {"input": x, **session.run(wanted, {image: x, **feed})}


def graph_reference(make):
    """GraphDef; input, values, gradient."""
    state = RANDOM.bit_generator.state
    graph = tensorflow.Graph()
    with graph.as_default():
        layers, objective = make()
    frozen = graph.as_graph_def()
    if make is first:
        RANDOM.bit_generator.state = state
        graph = tensorflow.Graph()
        with graph.as_default():
            make("NHWC")
    return frozen, compute(graph, layers, objective)


class Nested(tensorflow.Module):
    """Functions that call each other, with variables, one of them read by its indices."""

    def __init__(self):
        super().__init__()
        self.kernel = tensorflow.Variable(weights(3, 3, 2, 4), name="kernel")
        self.bias = tensorflow.Variable(weights(4), name="bias")
        self.table = tensorflow.Variable(weights(5, 4), name="table")

    @tensorflow.function
    def inner(self, x):
        """A convolution, and a row of the table."""
        y = tensorflow.nn.conv2d(x, self.kernel, 2, "SAME", name="conv") + self.bias
        row = tensorflow.gather(self.table, 3)
        return tensorflow.nn.relu(y, name="relu"), row

    @tensorflow.function(input_signature=[
        tensorflow.TensorSpec((None, 7, 6, 2), "float32", name="picture")])
    def serve(self, picture):
        """Two outputs."""
        y, row = self.inner(picture)
        scores = tensorflow.reduce_mean(y, [1, 2]) * row
        return {"features": y, "scores": scores}


def nested(folder):
    """A SavedModel of TensorFlow 2."""
    module = Nested()
    x = RANDOM.uniform(-1, 1, (2, 7, 6, 2)).astype("float32")
    tensorflow.saved_model.save(module, folder / "nested.saved",
                                signatures={"serving_default": module.serve})
    watched = tensorflow.Variable(x)
    with tensorflow.GradientTape() as tape:
        out = module.serve(watched)
        total = tensorflow.reduce_sum(out["scores"][:, 1])
    return {"input": x, "value:features": out["features"].numpy(),
            "value:scores": out["scores"].numpy(), "value:StatefulPartitionedCall/relu":
            out["features"].numpy(), "gradient:scores:1": tape.gradient(total, watched).numpy()}


def keras_export(folder):
    """A SavedModel that Keras 3 exports."""
    layers = keras.layers
    image = keras.Input((9, 8, 3), name="image")
    x = layers.Conv2D(5, 3, strides=2, padding="same", name="c1")(image)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.Activation("gelu", name="act")(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Flatten()(x)
    model = keras.Model(image, layers.Dense(4, activation="softmax", name="classes")(x))
    for weight in model.weights:
        low = 0.5 if "variance" in weight.path or "gamma" in weight.path else -0.5
        weight.assign(RANDOM.uniform(low, low + 1, weight.shape))
    x = RANDOM.uniform(-1, 1, (2, 9, 8, 3)).astype("float32")
    model.export(folder / "keras.saved", verbose=False)
    watched = tensorflow.Variable(x)
    with tensorflow.GradientTape() as tape:
        y = model(watched, training=False)
        total = tensorflow.reduce_sum(y[:, 2])
    return {"input": x, "value:output_0": y.numpy(),
            "gradient:output_0:2": tape.gradient(total, watched).numpy()}


def old_variables(folder):
    """A SavedModel of TensorFlow 1, with variables that are no resources."""
    graph = tensorflow.Graph()
    with graph.as_default(), v1.Session(graph=graph) as session:
        x = v1.placeholder("float32", (None, 6), name="row")
        w = v1.get_variable("dense/kernel", (6, 3), use_resource=False)
        b = v1.get_variable("dense/bias", (3,), use_resource=True)
        y = tensorflow.nn.tanh(tensorflow.matmul(x, w) + b, name="scores")
        gradient = v1.gradients(tensorflow.reduce_sum(y[:, 1]), x)[0]
        session.run([w.assign(RANDOM.uniform(-1, 1, (6, 3))), b.assign([0.5, -0.2, 0.1])])
        numbers = RANDOM.uniform(-1, 1, (2, 6)).astype("float32")
        got = session.run([y, gradient], {x: numbers})
        v1.saved_model.simple_save(session, str(folder / "old.saved"), {"row": x}, {"out": y})
    return {"input": numbers, "value:out": got[0], "value:scores": got[0],
            "gradient:out:1": got[1]}


SAVED = {"nested": nested, "keras": keras_export, "old": old_variables}


def save_all(folder):
    """Every SavedModel, without what only training needs."""
    for name, make in SAVED.items():
        shutil.rmtree(folder / f"{name}.saved", ignore_errors=True)
        numpy.savez_compressed(folder / f"{name}.npz", **make(folder))
        for path in (folder / f"{name}.saved").rglob("*"):
            if path.name == "fingerprint.pb" or (path.is_dir() and not any(path.iterdir())):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        path = folder / f"{name}.saved" / "saved_model.pb"
        model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
        for meta in model.meta_graphs:
            meta.ClearField("object_graph_def")
            meta.meta_info_def.ClearField("stripped_op_list")
            for function in meta.graph_def.library.function:
                for node in function.node_def:
                    node.ClearField("experimental_debug_info")
        path.write_bytes(model.SerializeToString(deterministic=True))


def main():
    """Every graph."""
    folder = Path(sys.argv[1])
    save_all(folder)
    for name, (make, no_shape) in GRAPHS.items():
        frozen, arrays = graph_reference(make)
        strip_shapes(frozen, not no_shape)
        (folder / f"{name}.pb").write_bytes(frozen.SerializeToString(deterministic=True))
        numpy.savez_compressed(folder / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main()
