#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the references that attribution is held against: a small random network as ONNX, an input,
and for each method the map that captum or pytorch-grad-cam makes of it.

    generate.py [FOLDER]

Needs torch, onnx, captum and grad-cam; made with torch 2.13, captum 0.9.0, grad-cam 1.5.7. The
files it makes are committed: the tests need none of these.

    net.onnx        3x20x24 -> conv, ReLU, max pooling -> conv, batch norm, ReLU -> conv, ReLU ->
                    global mean -> 5 classes; the last ReLU is relu3, 12 channels of 10x12
    x.npy           one input, [1][3][20][24], numbers as a normalised photograph's
    gradient.npy    captum Saliency(abs=False), class 2                            [1][3][20][24]
    input_gradient  captum InputXGradient                                          [1][3][20][24]
    guided          captum GuidedBackprop                                          [1][3][20][24]
    integrated      captum IntegratedGradients, zeros, 50 points, gausslegendre    [1][3][20][24]
    occlusion       captum Occlusion, window 3x6x6, stride 4, baseline 0.25        [1][3][20][24]
    gradcam_cells   captum LayerGradCam(relu_attributions=True) at relu3           [10][12]
    gradcam         pytorch-grad-cam GradCAM at relu3, enlarged and scaled to 0..1      [20][24]
    gradcam_plus    pytorch-grad-cam GradCAMPlusPlus, the same                     [20][24]
"""
import os
import sys

import numpy as np
import torch
from captum.attr import (GuidedBackprop, InputXGradient, IntegratedGradients, LayerGradCam,
                         Occlusion, Saliency)
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

CLASS = 2


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.relu1 = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2, self.norm2 = nn.Conv2d(8, 10, 3, padding=1), nn.BatchNorm2d(10)
        self.relu2 = nn.ReLU()
        self.conv3, self.relu3 = nn.Conv2d(10, 12, 3, padding=1), nn.ReLU()
        self.dense = nn.Linear(12, 5)

    def forward(self, x):
        x = self.pool1(self.relu1(self.conv1(x)))
        x = self.relu2(self.norm2(self.conv2(x)))
        x = self.relu3(self.conv3(x))
        return self.dense(x.mean((2, 3)))


def network():
    """Random weights, the last ones large: with gradients of 0.01 and more, the 1e-6 that
    pytorch-grad-cam adds under Grad-CAM++'s fraction does not show."""
    torch.manual_seed(7)
    net = Net().eval()
    with torch.no_grad():
        for name, p in net.named_parameters():
            p.mul_(2)
        net.dense.weight.mul_(3000)
        net.norm2.running_mean.normal_(0, 0.3)
        net.norm2.running_var.uniform_(0.5, 2)
        net.norm2.weight.uniform_(0.5, 2)
        net.norm2.bias.normal_(0, 0.3)
    return net


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))

    def save(name, array):
        if isinstance(array, torch.Tensor):
            array = array.detach().numpy()
        np.save(os.path.join(folder, name + ".npy"), np.ascontiguousarray(array, np.float32))

    net = network()
    torch.manual_seed(8)
    small = torch.randn(1, 3, 5, 6)
    x = nn.functional.interpolate(small, (20, 24), mode="bicubic") + 0.3 * torch.randn(1, 3, 20, 24)
    torch.onnx.export(net, (x,), os.path.join(folder, "net.onnx"), input_names=["x"],
                      output_names=["y"], dynamo=False, opset_version=17)
    save("x", x)
    save("gradient", Saliency(net).attribute(x.clone(), target=CLASS, abs=False))
    save("input_gradient", InputXGradient(net).attribute(x.clone(), target=CLASS))
    save("guided", GuidedBackprop(net).attribute(x.clone(), target=CLASS))
    save("integrated", IntegratedGradients(net).attribute(x, baselines=0, target=CLASS, n_steps=50,
                                                          method="gausslegendre"))
    save("occlusion", Occlusion(net).attribute(x, (3, 6, 6), strides=(3, 4, 4), baselines=0.25,
                                               target=CLASS))
    save("gradcam_cells", LayerGradCam(net, net.relu3).attribute(
        x.clone(), target=CLASS, relu_attributions=True)[0, 0])
    targets = [ClassifierOutputTarget(CLASS)]
    for name, method in (("gradcam", GradCAM), ("gradcam_plus", GradCAMPlusPlus)):
        with method(model=net, target_layers=[net.relu3]) as cam:
            save(name, cam(input_tensor=x.clone(), targets=targets)[0])


if __name__ == "__main__":
    main()
