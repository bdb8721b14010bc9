# SPDX-License-Identifier: Apache-2.0
"""Imports torchvision's model definitions beside a PyTorch without its compiled operators.

torchvision registers the shapes of its detection operators while it is imported, which fails where
its compiled half is missing or was built for another PyTorch. None of the classifiers we compare
uses them, so we declare them, empty, beforehand. Use `from vision import models`.
"""
import torch

_BOXES = "Tensor input, Tensor rois, float spatial_scale"
_BACK = "Tensor grad, Tensor rois"
_SIZE = "SymInt pooled_height, SymInt pooled_width"
_NCHW = "SymInt batch_size, SymInt channels, SymInt height, SymInt width"
_DEFORM = ("SymInt stride_h, SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h, "
           "SymInt dilation_w, SymInt groups, SymInt offset_groups, bool use_mask")
_OPERATORS = [
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    f"qroi_align({_BOXES}, {_SIZE}, int sampling_ratio, bool aligned) -> Tensor",
    f"roi_align({_BOXES}, {_SIZE}, int sampling_ratio, bool aligned) -> Tensor",
    f"_roi_align_backward({_BACK}, float spatial_scale, {_SIZE}, {_NCHW}, int sampling_ratio, "
    "bool aligned) -> Tensor",
    f"roi_pool({_BOXES}, {_SIZE}) -> (Tensor, Tensor)",
    f"_roi_pool_backward({_BACK}, Tensor argmax, float spatial_scale, {_SIZE}, {_NCHW}) -> Tensor",
    f"ps_roi_align({_BOXES}, {_SIZE}, int sampling_ratio) -> (Tensor, Tensor)",
    f"_ps_roi_align_backward({_BACK}, Tensor channel_mapping, float spatial_scale, {_SIZE}, "
    f"int sampling_ratio, {_NCHW}) -> Tensor",
    f"ps_roi_pool({_BOXES}, {_SIZE}) -> (Tensor, Tensor)",
    f"_ps_roi_pool_backward({_BACK}, Tensor channel_mapping, float spatial_scale, {_SIZE}, "
    f"{_NCHW}) -> Tensor",
    f"deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, "
    f"{_DEFORM}) -> Tensor",
    f"_deform_conv2d_backward(Tensor grad, Tensor input, Tensor weight, Tensor offset, "
    f"Tensor mask, Tensor bias, {_DEFORM}) -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
]

_library = torch.library.Library("torchvision", "DEF")
for _declaration in _OPERATORS:
    _library.define(_declaration)

from torchvision import models  # noqa: E402,F401  (after the declarations)
