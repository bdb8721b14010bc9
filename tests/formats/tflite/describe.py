#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes described.tflite, a file with metadata as TensorFlow Lite's writer packs them:
describe.py FOLDER

Needs tensorflow-cpu 2.21.0 and, of tflite-support 0.4.4, tensorflow_lite_support/metadata in the
path of Python. The network is a sum over a picture; its input is normalised with other numbers for
each channel, and the list of its classes is called so that only the metadata name it."""
import io
import sys
import zipfile
from pathlib import Path

import flatbuffers
import tensorflow
from tensorflow_lite_support.metadata import metadata_schema_py_generated as about
from tensorflow_lite_support.metadata import schema_py_generated as schema


def network():
    """A TensorFlow Lite model of three classes."""
    class Module(tensorflow.Module):
        """One product."""
        @tensorflow.function(input_signature=[tensorflow.TensorSpec((1, 4, 4, 3))])
        def serve(self, image):
            """The mean of each colour."""
            return tensorflow.reduce_mean(image, (1, 2))

    module = Module()
    function = module.serve.get_concrete_function()
    return tensorflow.lite.TFLiteConverter.from_concrete_functions([function], module).convert()


def packed(root, identifier):
    builder = flatbuffers.Builder(0)
    builder.Finish(root.Pack(builder), identifier)
    return bytes(builder.Output())


def description():
    """The metadata, in their own FlatBuffer."""
    options = about.NormalizationOptionsT()
    options.mean, options.std = [103.5, 116.25, 123.75], [57.5, 57.25, 58.5]
    unit = about.ProcessUnitT()
    unit.optionsType, unit.options = about.ProcessUnitOptions.NormalizationOptions, options
    image = about.TensorMetadataT()
    image.name, image.processUnits = "image", [unit]
    names = about.AssociatedFileT()
    names.name, names.type = "kinds.txt", about.AssociatedFileType.TENSOR_AXIS_LABELS
    scores = about.TensorMetadataT()
    scores.name, scores.associatedFiles = "scores", [names]
    graph = about.SubGraphMetadataT()
    graph.inputTensorMetadata, graph.outputTensorMetadata = [image], [scores]
    whole = about.ModelMetadataT()
    whole.name, whole.subgraphMetadata = "described", [graph]
    return packed(whole, b"M001")


def main():
    """The network with its description and its lists."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(network(), 0))
    buffer = schema.BufferT()
    buffer.data = list(description())
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = (model.metadata or []) + [entry]
    archive = io.BytesIO(packed(model, b"TFL3"))
    with zipfile.ZipFile(archive, "a") as lists:
        lists.writestr(zipfile.ZipInfo("kinds.txt"), "red\ngreen\nblue\n")
        lists.writestr(zipfile.ZipInfo("words.txt"), "one\ntwo\n")
    (Path(sys.argv[1]) / "described.tflite").write_bytes(archive.getvalue())


if __name__ == "__main__":
    main()
